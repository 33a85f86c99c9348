"""Reverse mode against mpmath: gradients and second derivatives, errors that change nothing, graphs
of any depth.
"""

import copy
import gc
import math
import os
import pickle
import subprocess
import sys
import threading
import time
import tracemalloc
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import sympy
from expressions import REFERENCE, ROWS, evaluate, programs
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp

import autograd
from autograd import DomainError, Op, Value, exp, gaussian, grad, log, maximum, sigmoid, sin, sqrt
from autograd.record import topological_order
from autograd.recording import collector_paused

approx = pytest.approx


# random expressions


@given(programs())
def test_random_expressions(program):
    steps, point = program

    def derivative(*places):
        orders = [places.count(i) for i in range(len(point))]
        with mp.workdps(60):
            exactly = mp.diff(lambda *leaves: evaluate(steps, leaves, REFERENCE)[-1], point, orders)
        return approx(float(exactly), rel=1e-12, abs=1e-12)

    leaves = [Value(number) for number in point]
    root = evaluate(steps, leaves, ROWS)[-1]
    root.backward()
    gradients = grad(root, leaves)
    assert root.data == derivative()
    for i, leaf in enumerate(leaves):
        assert leaf.grad == derivative(i)
        assert gradients[i].data == derivative(i)
        assert [second.data for second in grad(gradients[i], leaves)] == [
            derivative(i, j) for j in range(len(point))
        ]


@given(programs(), st.data())
def test_an_error_anywhere_in_the_sweep_leaves_every_grad_as_it_was(program, data):
    steps, point = program
    results = evaluate(steps, [Value(number) for number in point], ROWS)
    results[-1].backward()
    broken = data.draw(st.sampled_from(results))
    broken = sqrt(broken - broken.data)  # its derivative does not exist
    root = data.draw(
        st.sampled_from([broken + results[-1], results[-1] * broken, sin(broken) - results[-1]])
    )
    everywhere = [v for group in topological_order(root) for v in group]
    before = [v.grad for v in everywhere]
    with pytest.raises(
        DomainError, match=r"the derivative of sqrt\(0\.0\) by x does not exist: it needs x > 0"
    ):
        root.backward()
    assert [v.grad for v in everywhere] == before


# backward


@pytest.mark.parametrize(
    ("f", "number"),
    [
        (lambda x: x * x, 3.0),
        (lambda x: x + x, 3.0),
        (lambda x: x - x, 3.0),
        (lambda x: x / x, 3.0),
        (lambda x: x**x, 3.0),
        (lambda x: (x * x) * (x * x) + x * x, -2.0),
        (lambda x: ((x + 1) ** 2 - x) ** 3 / (x + 1) ** 2, 0.5),
    ],
)
def test_shared_sub_expressions(f, number):
    x, symbol = Value(number), sympy.Symbol("x", real=True)
    f(x).backward()
    assert x.grad == approx(float(sympy.diff(f(symbol), symbol).subs(symbol, number)), rel=1e-14)


def test_one_node_that_is_used_twice():
    x = Value(3.0)
    y = x * x
    z = y * y + y
    z.backward()
    assert (z.grad, y.grad, x.grad) == (1.0, 19.0, 114.0)


def test_a_leaf_adds_up_and_a_node_between_is_set():
    x = Value(3.0)
    y = x * x
    z = 2 * y
    for turn in (1, 2, 3):
        z.backward()
        assert (z.grad, y.grad, x.grad) == (1.0, 2.0, 12.0 * turn)


def test_a_root_that_is_a_leaf():
    x = Value(3.0)
    x.backward()
    x.backward()
    assert x.grad == 2.0


def test_a_leaf_keeps_the_grad_that_it_was_given():
    x = Value(3.0)
    x.grad = -10
    (x * x).backward()
    assert x.grad == -4.0


def test_several_roots_over_shared_nodes():
    a, b = Value(2.0), Value(5.0)
    product = a * b
    first, second = product + a, product * product
    first.backward()
    assert (product.grad, a.grad, b.grad) == (1.0, 6.0, 2.0)
    second.backward()  # ∂second/∂product = 20 is set; the leaves add 100 and 40
    assert (product.grad, a.grad, b.grad) == (20.0, 106.0, 42.0)
    assert first.grad == 1.0


def test_constants_and_unreached_values_get_nothing():
    x, other = Value(3.0), Value(4.0)
    unused = x * other
    (2.0 * x + 1).backward()
    assert (x.grad, other.grad, unused.grad) == (2.0, 0.0, 0.0)


def test_the_sweep_sees_the_data_of_today():
    x = Value(3.0)
    y = x * x
    x.data = 5.0
    y.backward()
    assert x.grad == 10.0


@pytest.mark.parametrize(
    ("compute", "numbers", "message"),
    [
        (
            lambda x: sqrt(x),
            [0.0],
            "the derivative of sqrt(x = 0.0) by x does not exist: it needs x > 0",
        ),
        (
            lambda x: x**0.5,
            [0.0],
            "the derivative of pow(x = 0.0, 0.5) by x does not exist: it needs",
        ),
        (
            lambda x, y: x**y,
            [-2.0, 2.0],
            "the derivative of pow(x = -2.0, y = 2.0) by y does not exist: it needs",
        ),
        (
            lambda x, y: x**y,
            [0.0, 2.0],
            "the derivative of pow(x = 0.0, y = 2.0) by y does not exist: it needs",
        ),
        (lambda x: log(x), [1e-310], "the gradient by x = 1e-310 is past the range"),
        (lambda x: (1e200 * x) * 1e200, [1e-300], "the gradient by x = 1e-300 is past the range"),
        (
            lambda x: 1e200 * ((1e200 * x) + 1),
            [1e-300],
            "the gradient by x = 1e-300 is past the range",
        ),
        (
            lambda x: 1e200 * (1e200 * (1e-300 * x)),
            [1.0],
            "the gradient by 1e-300 is past the range",
        ),
    ],
)
def test_a_derivative_that_does_not_exist(compute, numbers, message):
    leaves = [Value(number, label="xy"[i]) for i, number in enumerate(numbers)]
    for leaf in leaves:
        leaf.grad = 7.0
    root = compute(*leaves)
    with pytest.raises(DomainError) as error:
        root.backward()
    assert str(error.value).startswith(message)
    assert ([leaf.grad for leaf in leaves], root.grad) == ([7.0] * len(leaves), 0.0)


def test_a_derivative_past_the_range_of_a_float_is_not_said_to_be_missing():
    x = Value(1e-200, label="x")
    for differentiate in (Value.backward, lambda y: grad(y, x)):
        with pytest.raises(DomainError, match="past the range of a float"):
            differentiate(x**-1)


@pytest.mark.parametrize("enabled", [True, False])
@pytest.mark.parametrize("fails", [True, False])
def test_the_collector_is_as_it_was(enabled, fails):
    x = Value(0.0)
    root = sqrt(x) if fails else sin(x)
    try:
        (gc.enable if enabled else gc.disable)()
        if fails:
            with pytest.raises(DomainError):
                root.backward()
        else:
            root.backward()
        assert gc.isenabled() is enabled
    finally:
        gc.enable()


def test_an_error_in_a_user_row_changes_nothing():
    def interrupted(x, z):
        raise KeyboardInterrupt

    x = Value(2.0)
    x.grad = 1.0
    y = Op("slow", lambda x: x, interrupted)(x * 3)
    with pytest.raises(KeyboardInterrupt):
        (y * x).backward()
    assert (x.grad, y.grad, gc.isenabled()) == (1.0, 0.0, True)


@pytest.mark.parametrize(
    "slope", [np.sqrt(2), np.float32(0.5), 2, Fraction(1, 4), Decimal("0.5")], ids=repr
)
def test_a_partial_may_give_any_real_number(slope):
    row = Op("row", lambda x: x, lambda x, z: slope)
    w = Value(3.0, "w")
    between = w * 1
    node = row(between)
    (node * 2).backward()
    assert (w.grad, between.grad) == (float(2 * slope), float(2 * slope))
    assert {type(v.grad) for v in (w, between, node)} == {float}


@pytest.mark.parametrize("slope", [None, "1", 1j, [1.0], math.nan], ids=repr)
def test_a_partial_that_gives_no_number_is_named(slope):
    row = Op("row", lambda x: x, lambda x, z: slope)
    w = Value(3.0, "w")
    w.grad = 7.0
    for differentiate in (Value.backward, lambda y: grad(y, w)):
        with pytest.raises(
            (TypeError, DomainError), match=r"the derivative of row\(w = 3.0\) by x"
        ):
            differentiate(row(w) * 2)
    assert w.grad == 7.0


def test_a_partial_that_is_not_made_of_operations_is_named_where_it_would_have_to_be():
    row = Op("mysin", math.sin, lambda x, z: math.cos(x))
    x = Value(0.5, "x")
    y = row(x)
    y.backward()
    assert x.grad == math.cos(0.5)
    with pytest.raises(
        TypeError, match=r"^partial 1 of mysin is not made of operations: must be real number"
    ):
        grad(y, x)


@pytest.mark.parametrize(
    ("compute", "number", "slope"),
    [
        (lambda x: 1e-10 * log(x), 1e-310, 1e300),  # though 1/x is past the range
        (lambda x: 1e-10 / x * 1e-20, 2e-154, -1e-30 / 4e-308),
    ],
)
def test_a_factor_past_the_range_does_not_stop_a_gradient_that_is_finite(compute, number, slope):
    x = Value(number, label="x")
    y = compute(x)
    assert grad(y, x).data == approx(slope, rel=1e-4)
    y.backward()
    assert (y.grad, x.grad) == (1.0, approx(slope, rel=1e-4))


@pytest.mark.parametrize("partial", [lambda x, z: 1 / (1 + x * x), lambda x, z: 1 / (1 + x**2)])
@pytest.mark.parametrize("number", [1e300, -1e300, 3.0])
def test_what_overflows_inside_a_partial_does_not_stop_it(partial, number):
    arctan = Op("arctan", math.atan, partial)
    x = Value(number)
    y = arctan(x)
    y.backward()
    first = grad(y, x)
    with mp.workdps(60):
        exactly = [float(mp.diff(mp.atan, mp.mpf(number), n)) for n in (1, 2)]
    assert x.grad == first.data == approx(exactly[0], rel=1e-14, abs=1e-300)
    assert grad(first, x).data == approx(exactly[1], rel=1e-13, abs=1e-300)


def test_a_second_derivative_that_is_finite_though_a_factor_is_not():
    x = Value(-26.4, label="x")
    second = grad(grad(sin(log(gaussian(x))), x), x).data
    with mp.workdps(60):
        assert second == approx(
            float(mp.diff(lambda x: mp.sin(-x * x), mp.mpf(-26.4), 2)), rel=1e-9
        )


def test_a_factor_past_the_range_is_not_said_to_be_the_gradient():
    x = Value(1e-200, label="x")
    y = 1e-300 * x**-1  # ∂y/∂x is −1e100
    for differentiate in (Value.backward, lambda y: grad(y, x)):
        with pytest.raises(
            DomainError, match=r"^the derivative of pow\(x = 1e-200, -1.0\) by x is past the range"
        ):
            differentiate(y)


def test_threads_share_a_leaf_and_lose_nothing():
    slow = Op("slow", lambda x: 2 * x, lambda x, z: (time.sleep(0.002), 2.0)[1])
    w, broken = Value(1.0), Value(0.0)

    def failing():
        with pytest.raises(DomainError):
            (slow(w) * sqrt(broken)).backward()

    jobs = [lambda: slow(w).backward(), failing] * 8
    threads = [threading.Thread(target=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (w.grad, broken.grad) == (16.0, 0.0)


@pytest.mark.parametrize(
    "x", [-700.0, -40.0, -3.0, -0.1, 0.0, 0.1, 1.0, 2.0, 3.0, 12.0, 40.0, 300.0, 700.0]
)
@pytest.mark.parametrize(
    ("f", "reference"),
    [
        (sigmoid, lambda x: 1 / (1 + mp.exp(-x))),
        (Value.tanh, mp.tanh),
        (Value.softplus, lambda x: mp.log1p(mp.exp(x))),
    ],
    ids=["sigmoid", "tanh", "softplus"],
)
def test_derivatives_keep_their_digits_in_the_tails(f, reference, x):
    leaf = Value(x)
    y = f(leaf)
    y.backward()
    first = grad(y, leaf)
    with mp.workdps(700):
        slope, curvature = (float(mp.diff(reference, mp.mpf(x), n)) for n in (1, 2))
    assert leaf.grad == first.data == approx(slope, rel=1e-14, abs=1e-300)
    assert grad(first, leaf).data == approx(curvature, rel=1e-13, abs=1e-16 * abs(slope))


# grad


def test_grad_of_a_list_of_an_interior_node_of_what_is_not_reached_and_of_the_root():
    a, b, stranger = Value(2.0), Value(3.0), Value(4.0)
    product = a * b
    y = product**2 + a
    assert [g.data for g in grad(y, [a, b, product, stranger, y, a])] == [
        37.0,
        24.0,
        12.0,
        0.0,
        1.0,
        37.0,
    ]
    assert [g.data for g in grad(y, (b,))] == [24.0]
    assert grad(y, []) == []
    assert type(grad(y, a)) is Value
    assert grad(a, a).data == 1.0
    assert grad(a, b).data == 0.0
    assert grad(grad(y, stranger), a).data == 0.0


@pytest.mark.parametrize(
    ("f", "reference"),
    [
        (lambda x: x**x, lambda x: x**x),
        (lambda x: sin(x * x) / x, lambda x: mp.sin(x * x) / x),
        (lambda x: sigmoid(exp(x) - x), lambda x: 1 / (1 + mp.exp(x - mp.exp(x)))),
        (lambda x: maximum(x**4, x) * log(x), lambda x: max(x**4, x) * mp.log(x)),
        (lambda x: x.tanh() ** 3 * x.gelu(), lambda x: mp.tanh(x) ** 3 * x * mp.ncdf(x)),
    ],
)
def test_grad_to_the_fourth_order(f, reference):
    x = Value(1.25)
    derivative = f(x)
    for order in range(1, 5):
        derivative = grad(derivative, x)
        with mp.workdps(60):
            assert derivative.data == approx(float(mp.diff(reference, 1.25, order)), rel=1e-12)


def test_a_gradient_is_differentiated_by_backward_too():
    x, y = Value(2.0), Value(3.0)
    grad(x**3 * y, x).backward()  # 3x²y
    assert (x.grad, y.grad) == (36.0, 12.0)


def test_grad_touches_no_grad():
    x = Value(2.0)
    y = x * x
    y.backward()
    z = y * sin(x)
    grad(grad(z, x), [x, y])
    assert (x.grad, y.grad, z.grad) == (4.0, 1.0, 0.0)


def test_a_gradient_is_a_new_value():
    x, y = Value(2.0, label="x"), Value(3.0, label="y")
    total, product = x + y, x * y
    gradients = [
        *grad(product, [x, y]),
        *grad(total, [x, y, total]),
        grad(x, x),
        *grad(product, [x, x]),
    ]
    assert len({x, y, total, product, *gradients}) == 4 + len(gradients)
    for g in gradients:
        assert g.label == ""
        g.label = "named"
    assert (x.label, y.label) == ("x", "y")


def test_a_gradient_has_no_factors_of_one_inside():
    x, y = Value(2.0), Value(3.0)
    gradient = grad(x * y + (x - y), x)  # y + 1, and a product that makes it a new value
    assert [v.op.name for v in topological_order(gradient)[1]] == ["add", "mul"]


@pytest.mark.parametrize("bad", [3.0, None, "x", [1.0], [None]], ids=repr)
def test_grad_takes_values_only(bad):
    x = Value(2.0)
    for call in (lambda: grad(x * x, bad), lambda: grad(bad, x)):
        with pytest.raises(TypeError, match="grad takes Values, not "):
            call()


def test_grad_explains_what_does_not_exist():
    x = Value(0.0, label="x")
    with pytest.raises(
        DomainError, match=r"the derivative of sqrt\(x = 0\.0\) by x does not exist: it needs x > 0"
    ):
        grad(3 * sqrt(x), x)
    assert grad(x**1.5, x).data == 0.0
    with pytest.raises(
        DomainError, match=r"the derivative of pow\(x = 0\.0, 0\.5\) by x does not exist"
    ):
        grad(grad(x**1.5, x), x)


def test_grad_names_what_was_written_where_its_derivative_cannot_be_recorded():
    """By a, 0^b is 0 at b = 0 and infinite beside it: no record in b is that."""
    a, b = Value(0.0, label="a"), Value(0.0, label="b")
    with pytest.raises(
        DomainError, match=r"^the derivative of pow\(a = 0\.0, b = 0\.0\) by x does not exist: it"
    ):
        grad(a**b, a)


def test_grad_takes_only_the_derivatives_that_are_asked_for():
    x, y = Value(-3.0), Value(2.0)
    assert grad(x**y, x).data == -6.0  # by y it would need log(−3)


def test_no_path_leads_through_what_is_held():
    a, b = Value(2.0), Value(3.0)
    product = a * b
    y = product * a + sin(product)
    assert grad(y, a).data == approx(2 * 2.0 * 3.0 + 3.0 * float(mp.cos(6)))
    assert [g.data for g in grad(y, [a, b], held={product})] == [6.0, 0.0]
    assert grad(y, product, held={product}).data == approx(2.0 + float(mp.cos(6)))
    assert grad(grad(y, a, held=[product]), b).data == 2.0  # the gradient itself is a·b


# order


ORDER = """
import hashlib, pickle
from autograd import Value, maximum, sin
from autograd.record import topological_order
x = [Value(0.1 * i, label=f"x{i}") for i in range(40)]
nodes = list(x)
for i in range(200):
    nodes.append((nodes[i * 7 % len(nodes)] * x[i % 40] + maximum(nodes[-1], x[i * 3 % 40])) / 3 + sin(nodes[-2]))
    nodes[-1].label = f"n{i}"
nodes[-1].backward()
record = [[v.label or v.op.name, v.grad] for group in topological_order(nodes[-1]) for v in group]
print(hashlib.sha256(repr(record).encode() + pickle.dumps(nodes[-1])).hexdigest())
"""


def test_the_order_is_the_same_in_every_process():
    def run(seed):
        environment = os.environ | {
            "PYTHONHASHSEED": seed,
            "PYTHONPATH": str(Path(autograd.__file__).parents[1]),
        }
        return subprocess.run(
            [sys.executable, "-c", ORDER], env=environment, capture_output=True, check=True
        ).stdout

    assert len({run(seed) for seed in ("0", "1", "4321")}) == 1


def test_the_order_is_that_of_the_expression():
    a, b, c = (Value(i, label=name) for i, name in enumerate("abc", 1))
    leaves, nodes = topological_order((b * c - sin(a)) / b)
    assert [v.label for v in leaves] == ["b", "c", "a"]
    assert [v.op.name for v in nodes] == ["mul", "sin", "sub", "div"]
    assert topological_order(a) == ([a], [])


# depth


def chain(length):
    """The root, and the leaf x that every second operation takes."""
    x = Value(1.0, label="x")
    y = x
    for _ in range(length // 2):
        y = y * 0.999999 + x
    return y, x


def slope(length):
    """The exact ∂root/∂x, a geometric sum."""
    with mp.workdps(40):
        q = mp.mpf(0.999999)
        return approx(float(q ** (length // 2) + (1 - q ** (length // 2)) / (1 - q)), rel=1e-10)


@pytest.mark.slow
def test_a_chain_of_a_million_operations():
    y, x = chain(1_000_000)
    assert repr(y).startswith(f"Value(data={y.data}")
    y.backward()
    assert x.grad == slope(1_000_000)
    for copied in (copy.deepcopy, lambda y: pickle.loads(pickle.dumps(y))):
        twin = copied(y)
        leaves, nodes = topological_order(twin)
        assert (len(leaves), len(nodes), leaves[0].grad) == (1, 1_000_000, x.grad)
        del twin, leaves, nodes


def test_the_gradient_of_a_chain():
    y, x = chain(100_000)
    assert grad(y, x).data == slope(100_000)
    y, x = Value(1.0001), Value(1.0001)
    for _ in range(1000):
        y = y * x
    assert grad(grad(y, x), x).data == approx(1000 * 999 * 1.0001**999, rel=1e-10)


def test_an_operation_takes_less_than_300_bytes():
    length = 100_000
    tracemalloc.start()
    try:
        y, _ = chain(length)
        recorded = tracemalloc.get_traced_memory()[0]
        y.backward()
        del y, _
        freed = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert recorded < 300 * length
    assert freed < 0.01 * recorded


def test_time_is_linear_in_the_length():
    def seconds(length):
        with collector_paused():  # or it walks all that the other tests have left
            begin = time.process_time()
            y, x = chain(length)
            y.backward()
            grad(y, x)
            pickle.loads(pickle.dumps(copy.deepcopy(y)))
            return time.process_time() - begin

    short, long = (min(seconds(length) for _ in range(3)) for length in (2_000, 20_000))
    assert long < 40 * short  # 10 times as long; 100 if it were quadratic


def test_a_gradient_past_the_range_is_named_alike_by_grad_and_by_backward():
    s = Value(1e-300, label="s")
    y = (s * 1e200) * 1e200
    said = []
    for attempt in (y.backward, lambda: grad(y, s)):
        with pytest.raises(DomainError) as caught:
            attempt()
        said.append(str(caught.value))
    assert said[0] == said[1]
    assert "the gradient by s = 1e-300 is past the range of a float" in said[0]
