"""Random expressions against mpmath at orders 0 to 3: in the tails of every row, at any size.

The oracle runs forward, where the framework runs backward, and knows no partial of the table: a
number is a polynomial in three infinitesimals whose squares are 0, and sympy derives what a row
does to it. It has 400 digits.
"""

import itertools
import math
import random
import re
import sys
from functools import cache

import pytest
import sympy
from expressions import ORACLE, ROWS, SYMBOLS, evaluate, random_program
from mpmath import mp

from autograd import DomainError, Value, grad
from autograd.record import Record

DIGITS = 400  # 1 + e^−708 is not 1
ORDERS = 3
PARTS = range(2**ORDERS)  # part k belongs to the product of the infinitesimals in the bits of k
SMALLEST = sys.float_info.min  # below it a float has fewer digits
EPSILON = sys.float_info.epsilon


def times(a, b):
    product = [mp.zero for _ in PARTS]
    for k, n in itertools.product(PARTS, PARTS):
        if not k & n:
            product[k | n] += a[k] * b[n]
    return product


@cache
def derivative(name, *orders):
    """The derivative of the row, so often by each of its arguments, for mpmath's numbers."""
    formula = ORACLE[name]
    for symbol, order in zip(SYMBOLS, orders, strict=False):
        formula = sympy.diff(formula, symbol, order)
    return sympy.lambdify(SYMBOLS[: len(orders)], formula, "mpmath")


def constant(number):
    return [mp.mpf(number)] + [mp.zero] * (len(PARTS) - 1)


def exactly(name):
    """The row on such polynomials: its Taylor series, which ends after the third order."""

    def apply(*args):
        numbers = [x[0] for x in args]
        powers = []  # of each argument's change, over the factorial
        for x in args:
            change = [mp.zero, *x[1:]]
            series = [constant(1)]
            for order in range(1, ORDERS + 1):
                series.append([part / order for part in times(series[-1], change)])
            powers.append(series)
        result = constant(0)
        for orders in itertools.product(range(ORDERS + 1), repeat=len(args)):
            term = powers[0][orders[0]]
            for series, order in zip(powers[1:], orders[1:], strict=True):
                term = times(term, series[order])
            if any(term):
                slope = derivative_at(name, orders, numbers)
                # a slope may be infinite, where the base of a power is 0
                result = [
                    total + slope * part if part else total
                    for total, part in zip(result, term, strict=True)
                ]
        return result

    return apply


def derivative_at(name, orders, numbers):
    if name != "pow" or orders[1]:
        return derivative(name, *orders)(*numbers)
    x, y = numbers  # x may be 0: what sympy divides by
    factor = mp.fprod(y - k for k in range(orders[0]))
    return factor * x ** (y - orders[0]) if factor else mp.zero


EXACT_ROWS = {name: exactly(name) for name in ROWS}


def truth(steps, results, point, places):
    """What each step is, and its derivatives by the leaves at `places`.

    It is taken at the numbers that the steps before it have in the record, so that their rounding
    is not in question where their derivatives are.
    """
    exact = [constant(number) for number in point]
    for bit, place in enumerate(places):
        exact[place][1 << bit] += mp.one
    for (name, operands), result in zip(steps, results[len(point) :], strict=True):
        args = [exact[x] if isinstance(x, int) else constant(x) for x in operands]
        number, *derivatives = EXACT_ROWS[name](*args)
        if name == "gaussian" and number:  # of a rounded x², and −2x times that is its slope
            derivatives = [part * result.data / number for part in derivatives]
        exact.append([mp.mpf(result.data), *derivatives])
        yield [number, *derivatives]


ROUNDINGS = 2  # a row of the table is right to two units in the last place
OF_A_PARTIAL = 20  # 1 − σ is, where σ is below 0.9


def underflow_and_rounding(value):
    """How far a result may be off: each number is rounded, and counts by its gradient."""
    try:
        value.backward()
    except DomainError:  # the next derivative is past a float's range
        return math.inf, math.inf
    record = Record(value)
    underflow = sum(abs(v.grad) * SMALLEST for v in record.values)
    total = sum(abs(v.grad * v.data) for v in record.values)
    for v in record.nodes:
        if v.op.name == "pow" and isinstance(v.args[1], float):  # a y − 1 was rounded
            total += abs(v.grad * v.data) * steepness("pow", v.args[0].data, v.args[1])
    return EPSILON * underflow, EPSILON * total


def rounding_of_paths(steps, results, point, place):
    """How far a gradient may be off: each partial is rounded, and no path loses more."""
    sizes = [mp.zero] * len(point)  # the gradients by the leaf, without cancellation between paths
    sizes[place] = mp.one
    units = 0.0
    for name, operands in steps:
        numbers = [results[x].data if isinstance(x, int) else x for x in operands]
        exact = [mp.mpf(number) for number in numbers]
        size = mp.zero
        for k, x in enumerate(operands):
            if isinstance(x, int) and sizes[x]:
                orders = [int(k == n) for n in range(len(operands))]
                size += sizes[x] * abs(derivative_at(name, orders, exact))
        sizes.append(size)
        units += OF_A_PARTIAL + steepness(name, *numbers)
    return EPSILON * units * sizes[-1]


def steepness(name, x, y=0.0):
    """By how many units in the last place a row is off because a number inside it is rounded."""
    if name in ("gaussian", "erf"):  # e^−x²
        return x * x
    if name == "pow" and x:  # its slope has y − 1
        return abs(y * math.log(abs(x)))
    return 0.0


def gradients(steps, point, places):
    """The derivatives by one of the places, by two, and by three: of `backward`, and of `grad`.

    They end where a factor is past a float's range, and where the base of a power has underflowed
    to 0, at which its slope does not exist.
    """
    leaves = [Value(number) for number in point]
    derivative = evaluate(steps, leaves, ROWS)[-1]
    for place in places:
        for leaf in leaves:
            leaf.grad = 0.0
        try:
            derivative.backward()
            swept = leaves[place].grad
            derivative = grad(derivative, leaves[place])
        except DomainError as error:
            if re.search(r"is past the range of a float|pow\(-?0\.0,", str(error)):
                return
            raise
        yield swept, derivative


@pytest.mark.slow
def test_random_expressions(campaign):
    """Each step is right to its last digits, each derivative as far as its numbers are rounded.

    And no gradient loses more digits than its paths cost.
    """
    cases = campaign(500)
    checked = sharp = 0
    for case in range(cases):
        rng = random.Random(case)
        steps, point = random_program(rng)
        leaves = [Value(number) for number in point]
        results = evaluate(steps, leaves, ROWS)
        below = Record(results[-1]).leaves
        reached = [place for place, leaf in enumerate(leaves) if leaf in below]
        places = rng.choices(reached, k=ORDERS)
        with mp.workdps(DIGITS):
            exact = list(truth(steps, results, point, places))
            computed = zip(steps, results[len(point) :], exact, strict=True)
            for (name, operands), result, step in computed:
                units = ROUNDINGS
                if name == "gaussian":
                    units += steepness(name, results[operands[0]].data)
                allowed = units * EPSILON * max(abs(step[0]), SMALLEST)
                assert abs(step[0] - result.data) <= allowed, (case, name, operands)
            for order, (swept, derivative) in enumerate(gradients(steps, point, places), 1):
                expected = exact[-1][(1 << order) - 1]
                underflow, allowed = underflow_and_rounding(derivative)
                if order == 1:
                    of_paths = rounding_of_paths(steps, results, point, places[0])
                    allowed = min(allowed, of_paths)
                allowed = ROUNDINGS * (allowed + underflow)
                for found in (swept, derivative.data):
                    off = abs(expected - found)
                    assert off <= allowed, (case, order, found, float(expected), float(allowed))
                checked += 1
                sharp += allowed <= max(1e-6 * abs(expected), SMALLEST)
    assert checked > 0.99 * ORDERS * cases
    assert sharp > 0.75 * checked
