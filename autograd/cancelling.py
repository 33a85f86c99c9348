"""Sums that cancel: what is left of them in floats is rounding, and no number to print."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from autograd import ops
from autograd.op import Op
from autograd.record import Record
from autograd.value import Value

if TYPE_CHECKING:
    from autograd.record import Node

_ROUNDING = 8 * sys.float_info.epsilon
_LONGEST = 400  # nodes that are computed in fractions
_LARGEST = 4000  # bits of a fraction
_RATIONAL = (ops.add, ops.sub, ops.mul, ops.div, ops.neg)


def cancels(value: Value, held: Collection[Value] = ()) -> bool:
    """Whether `value` is a sum that is 0 but for the rounding of its terms.

    The Values in `held` are what the terms are made of. Where all that it is computed from is
    rational, that is decided exactly; else a sum counts as 0 where it is smaller than the rounding
    of its terms.

    >>> x = [Value(0.1), Value(0.2), Value(-0.3)]
    >>> total = sum(x)
    >>> total.data, cancels(total), cancels(x[0])
    (5.551115123125783e-17, False, False)
    >>> m = (Value(1.0) + 2 + 4) / 3
    >>> y = (1 - m) + (2 - m) + (4 - m)
    >>> y.data != 0, cancels(y)
    (True, True)
    """
    if value.data == 0 or value.op is None:
        return False
    record = Record(value, held)
    size = record.evaluate({v: abs(v.data) for v in record.leaves}, _size)[value]
    if abs(value.data) > _ROUNDING * size:
        return False
    exact = _exactly(Record(value))
    return exact is None or exact == 0


def sum_cancels(total: float, terms: Sequence[float]) -> bool:
    """Whether a sum of numbers is 0 but for their rounding."""
    return len(terms) > 1 and abs(total) <= _ROUNDING * sum(map(abs, terms))


def _size(node: Node, args: list[Any]) -> float:
    """Return how large the terms are that a node is the sum of; of other nodes, its own size."""
    sizes = [abs(x) for x in args]
    if node.op in (ops.add, ops.sub):
        return float(sum(sizes))
    if node.op is ops.neg:
        return float(sizes[0])
    if node.op is ops.mul:
        return float(sizes[0] * sizes[1])
    if node.op is ops.div:
        below = node.args[1]
        return float(sizes[0] / abs(below.data if isinstance(below, Value) else below))
    return abs(node.data)


def _exactly(record: Record) -> Fraction | None:
    """Return the root in fractions; None where it is not rational, or too long."""
    if len(record.nodes) > _LONGEST:
        return None

    def applied(node: Node, args: list[Any]) -> Fraction:
        fractions = [Fraction(x) for x in args]
        result = _fraction(node.op, fractions)
        if result.denominator.bit_length() + result.numerator.bit_length() > _LARGEST:
            raise OverflowError
        return result

    try:
        numbers = {v: Fraction(v.data) for v in record.leaves}
        exact: Fraction = record.evaluate(numbers, applied)[record.root]
    except (ArithmeticError, TypeError):
        return None
    return exact


def _fraction(op: Op, args: list[Fraction]) -> Fraction:
    if op in _RATIONAL:
        result: Fraction = op.function(*args)  # type: ignore[assignment]
        return result
    if op is ops.pow and args[1].denominator == 1 and abs(args[1]) <= 16:
        return Fraction(args[0] ** int(args[1]))
    raise TypeError
