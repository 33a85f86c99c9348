"""Program: every replay against the eager pass, to the last bit; bad rows; guards; what an error
leaves as it was.
"""

import _thread
import gc
import math
import operator
import pickle
import random
import re
import signal
import subprocess
import sys
import threading
import weakref
from fractions import Fraction
from functools import partial, reduce
from itertools import product

import numpy as np
import pandas as pd
import pytest
from expressions import ROWS, at, blend, eagerly, evaluate, programs
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd import (
    DomainError,
    Op,
    Program,
    Value,
    exp,
    log,
    maximum,
    no_grad,
    ops,
    relu,
    sigmoid,
    sin,
    sqrt,
)
from autograd.record import topological_order
from autograd.recording import comparisons
from autograd.replay import blocks, compiled, generated, machine, program
from nn import MLP, SGD, Adam, hinge, mean_squared_error, softmax_cross_entropy
from nn.lecture import error, network

both = pytest.mark.parametrize("backend", ["python", "llvmlite"])
COUNTS = [1, 2, 31, 32, 33, 100]


def leaf(label, number=0.0, grad=0.0):
    v = Value(number, label)
    v.grad = grad
    return v


def line():
    """(w·x + b − t)² with its parameters and its inputs."""
    w, b, x, t = leaf("w", 0.5, 7.0), leaf("b", -0.25, 7.0), leaf("x", 1.0), leaf("t", 2.0)
    return (w * x + b - t) ** 2, [w, b], [x, t]


def drawn(count, width=2, seed=0):
    rng = random.Random(seed)
    return [[rng.uniform(-2, 2) for _ in range(width)] for _ in range(count)]


def agree(output, inputs, rows, backend, reduction="mean", compiled=None):
    """Outputs, loss and gradients are those of the eager pass, from a gradient that is there
    already.
    """
    replay = compiled or Program(output, inputs, backend=backend)

    def gradients(run):
        for k, p in enumerate(replay.parameters):
            p.grad = 0.1 * k - 0.3
        return run(), [p.grad for p in replay.parameters]

    assert replay.outputs(rows) == [
        at(output, dict(zip(inputs, row, strict=True))).data for row in rows
    ]
    assert gradients(lambda: replay.backward(rows, reduction)) == gradients(
        lambda: eagerly(output, inputs, rows, reduction)
    )


# equal to the last bit


@both
@pytest.mark.parametrize("row", ops.TABLE, ids=lambda row: row.name)
def test_every_row(row, backend):
    x, w = leaf("x", 0.75), leaf("w", 0.6)
    pairs = [(w, x), (x, w), (w, w), (w, 1.7), (1.7, w), (x * w, 0.25)]
    terms = [row(*pair[: row.arity]) for pair in (pairs if row.arity == 2 else [(w * x,), (w,)])]
    rng = random.Random(row.name)
    lowest = 0.01 if row.domain else -3.0
    agree(
        reduce(operator.add, terms) * w,
        [x],
        [[rng.uniform(lowest, 3.0)] for _ in range(100)],
        backend,
    )


def random_graph(example, data, backend):
    """At the recorded numbers, and at others."""
    steps, point = example
    leaves = [Value(number, label=f"x{k}") for k, number in enumerate(point)]
    output = evaluate(steps, leaves, ROWS)[-1]
    used = topological_order(output)[0]
    inputs = [v for v in leaves[: data.draw(st.integers(0, len(leaves)))] if v in used]
    parameters = [v for v in used if v not in inputs]
    replay = Program(output, inputs, backend=backend)
    agree(output, inputs, [[v.data for v in inputs]], backend, compiled=replay)
    numbers = st.floats(-4, 4).map(lambda number: round(number, 6))
    for p in parameters:
        p.data = data.draw(numbers)
    rows = data.draw(st.lists(st.tuples(*[numbers] * len(inputs)), min_size=1, max_size=3))
    try:
        with no_grad():
            [at(output, dict(zip(inputs, row, strict=True))) for row in rows]
    except DomainError:
        with pytest.raises(DomainError):
            replay.outputs(rows)
        return
    try:
        eagerly(output, inputs, rows)
    except DomainError:  # where an input has no derivative, that is no error of a replay
        return
    agree(output, inputs, rows, backend, data.draw(st.sampled_from(["mean", "sum"])), replay)


@given(programs(), st.data())
def test_random_graphs_in_python(example, data):
    random_graph(example, data, "python")


@settings(max_examples=60)
@given(programs(), st.data())
def test_random_graphs_in_machine_code(example, data):
    random_graph(example, data, "llvmlite")


@both
@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("count", COUNTS)
def test_any_number_of_rows(count, reduction, backend):
    w, x, t = leaf("w", 0.3), leaf("x"), leaf("t")
    a = sigmoid(w * x + w)
    loss = (a * w - t) ** 2 / 3 + w * w * a + sin(w)  # w is used seven times, a several
    agree(loss, [x, t], drawn(count), backend, reduction)


@both
def test_a_network_over_rows(backend):
    model = MLP(2, [3, 1], seed=1)
    x, t = [leaf("x1"), leaf("x2")], leaf("t", 1.0)
    loss = hinge(model(x), t) + 1e-4 * sum(p * p for p in model.parameters())
    agree(loss, [*x, t], [[*row, (-1.0) ** k] for k, row in enumerate(drawn(50))], backend)


@both
def test_calls_go_through_a_table_in_parts(monkeypatch, backend):
    rows, (loss, parameters, inputs) = drawn(100), line()
    whole = Program(loss, inputs, backend=backend)
    expected = (
        whole.outputs(rows),
        whole.backward(rows),
        [p.grad for p in parameters],
        whole.descend(0.1, 7, rows),
    )
    end = [p.data for p in parameters]
    for module, name in ((generated, "PACE"), (generated, "BLOCK"), (machine, "PACE")):
        monkeypatch.setattr(module, name, 1)
    for table in (rows, np.array(rows)):
        loss, parameters, inputs = line()
        parts = Program(loss, inputs, backend=backend)
        done = (
            parts.outputs(table),
            parts.backward(table),
            [p.grad for p in parameters],
            parts.descend(0.1, 7, table),
        )
        assert (done, [p.data for p in parameters]) == (expected, end)
        table = [list(row) for row in table]
        table[17][1] = 1e200
        with pytest.raises(DomainError, match=r"^row 17: pow\("):
            parts.backward(table)


@both
@pytest.mark.parametrize("n", [0, 1, 2])
def test_without_inputs_or_without_parameters(n, backend):
    w, x = leaf("w", 3.0), leaf("x", 2.0)
    replay = Program(w * x, [w, x][:n], backend=backend)
    assert replay.parameters == tuple([w, x][n:])
    assert replay() == 6.0
    assert replay.outputs() == [6.0]
    assert replay.backward() == 6.0
    assert [w.grad, x.grad] == ([2.0, 3.0] if n == 0 else [0.0, 3.0] if n == 1 else [0.0, 0.0])
    assert replay.descend(0.0, 2) == [6.0, 6.0]


@both
def test_an_output_that_is_a_leaf(backend):
    a = leaf("a", 3.0)
    assert Program(a, [a], backend=backend).outputs([1.0, 2.0]) == [1.0, 2.0]
    assert Program(a, [a], backend=backend).backward([1.0, 2.0]) == 1.5
    parameter = Program(a, backend=backend)
    assert (parameter(), parameter.backward(), parameter.backward(), a.grad) == (3.0, 3.0, 3.0, 2.0)
    assert parameter.descend(0.5, 3) == [3.0, 2.5, 2.0]


@both
def test_results_are_floats(backend):
    x, w = leaf("x", 1.0), leaf("w", 1.0)
    w.grad = 0  # as micrograd resets it
    replay = Program(maximum(x, 3.0) * 0.5 * w + maximum(w, 5.0), [x], backend=backend)
    assert replay.backward([[7.0], [8.0]]) == 8.75
    assert w.grad == 3.75
    results = [
        replay(1),
        *replay.outputs([1, 2]),
        Program(maximum(x, 3.0), [x], backend=backend)(1),
        w.grad,
    ]
    assert {type(number) for number in results} == {float}


# an integer in place of a float would be exact here, and the float is not
@both
@pytest.mark.parametrize(
    ("compute", "number"),
    [
        (lambda x: maximum(x, 94906267.0), 1.0),
        (lambda x: level(x), 1.0),
        (lambda x: x * 1.0, np.array([94906267])),
        (lambda x: x * 1.0, [94906267]),
        (lambda x: x * 1.0, np.array([94906267.0], np.float32)),
        (lambda x: x * 1.0, np.array([94906267.0], np.longdouble)),
    ],
)
def test_all_is_computed_in_floats(compute, number, backend):
    x = leaf("x", 1.0)
    y = compute(x)
    replay = Program(y * y - 9007199515875288.0, [x], backend=backend)
    given = float(number if isinstance(number, float) else number[0])
    assert replay.outputs(number if not isinstance(number, float) else [number]) == [
        at(replay.output, {x: given}).data
    ]


# parameters


@both
def test_parameters_are_the_values_themselves(backend):
    loss, (w, b), inputs = line()
    replay = Program(loss, inputs, backend=backend)
    assert replay.parameters == (w, b)
    for number in (0.5, -3.0, 1e10, -0.0):
        w.data = number
        for row in ([1.0, 2.0], [-0.5, 0.25]):
            assert replay(row) == (number * row[0] - 0.25 - row[1]) ** 2
    w.data, w.grad, b.grad = 0.5, 0.0, 1.0
    replay.backward([[1.0, 2.0]])
    assert (w.grad, b.grad) == (-3.5, -2.5)
    assert [v.grad for v in inputs] == [0.0, 0.0]


@both
@pytest.mark.parametrize(
    "optimizer", [lambda p: SGD(p, lr=0.1, momentum=0.9), lambda p: Adam(p, lr=0.1)]
)
def test_an_optimizer_works_with_it(optimizer, backend):
    rows = drawn(20)

    def trained(step):
        loss, parameters, inputs = line()
        descent = optimizer(parameters)
        backward = step(loss, inputs)
        history = []
        for _ in range(10):
            descent.zero_grad()
            history.append(backward())
            descent.step()
        return history, [p.data for p in parameters]

    def replayed(loss, inputs):
        replay = Program(loss, inputs, backend=backend)
        return lambda: replay.backward(rows)

    assert trained(replayed) == trained(lambda loss, inputs: lambda: eagerly(loss, inputs, rows))


# descent


def eager_descent(output, inputs, rows, rate, rounds, moving):
    losses = []
    for _ in range(rounds):
        for p in moving:
            p.grad = 0.0
        losses.append(eagerly(output, inputs, rows))
        for p in moving:
            p.data -= rate * p.grad
    return losses, [p.data for p in moving]


@both
def test_300_rounds_of_the_lecture(backend):
    one, other = network(), network()
    losses = Program(error(one), backend=backend).descend(0.5, 300, wrt=one.weights())
    expected = eager_descent(error(other), [], [[]], 0.5, 300, other.weights())
    assert (losses, [p.data for p in one.weights()]) == expected
    assert [b.data for b in one.biases()] == [0.35, 0.60]


@both
def test_10_000_rounds_of_the_lecture(backend):
    model = network()
    E = error(model)
    replay = Program(E, backend=backend)
    losses = replay.descend(0.5, 10_000, wrt=model.weights())
    assert losses[0] == pytest.approx(0.298371108760, rel=0, abs=5e-13)
    assert losses[1] == pytest.approx(0.291027773694, rel=0, abs=5e-13)
    assert losses[9_999] == pytest.approx(3.510854812e-5, rel=0, abs=5e-15)
    assert replay() == pytest.approx(3.510187783e-5, rel=0, abs=5e-15)
    out = {v.label: v for v in topological_order(E)[1]}
    o1, o2 = (Program(out[name], backend=backend)() for name in ("out_o1", "out_o2"))
    assert (o1, o2) == (
        pytest.approx(0.015913620444, rel=0, abs=5.001e-13),
        pytest.approx(0.984064273515, rel=0, abs=5.001e-13),
    )


@both
@pytest.mark.parametrize("count", [1, 2, 33])
@pytest.mark.parametrize(
    "which", [slice(2), slice(1), slice(1, 2), slice(0)], ids=["all", "w", "b", "none"]
)
def test_descent_over_rows(which, count, backend):
    rows, results = drawn(count), []
    for descend in (
        lambda loss, inputs, moving: Program(loss, inputs, backend=backend).descend(
            0.1, 20, rows, wrt=moving
        ),
        lambda loss, inputs, moving: eager_descent(loss, inputs, rows, 0.1, 20, moving)[0],
    ):
        loss, parameters, inputs = line()
        results.append((descend(loss, inputs, parameters[which]), [p.data for p in parameters]))
    assert results[0] == results[1]


@both
def test_descent_touches_no_grad_and_moves_all_unless_told(backend):
    loss, (w, b), inputs = line()
    replay = Program(loss, inputs, backend=backend)
    assert replay.descend(0.1, np.int64(0), [[1.0, 2.0]]) == []
    assert (w.data, b.data) == (0.5, -0.25)
    assert replay.descend(0.1, 1, [[1.0, 2.0]]) == [1.75**2]
    assert (w.data, b.data) == (0.5 + 0.1 * 3.5, -0.25 + 0.1 * 3.5)
    assert (w.grad, b.grad) == (7.0, 7.0)


@both
def test_a_rate_of_zero_is_a_step_too(backend):
    """−0 − 0·g is 0 where g is negative, and 0·∞ is no number."""
    w, b, x = leaf("w"), leaf("b"), leaf("x", 1.0)
    replay = Program(w * x - b * x, [x], backend=backend)
    of_gradients = Program(w * x * 6, [x], backend=backend)
    for rate, rounds, size in product([0.0, -0.0], [1, 2], [None, 1, 2]):
        w.data = b.data = -0.0
        replay.descend(rate, rounds, [1.0, 2.0, 3.0], batch_size=size)
        expected = [-0.0 - rate * 1.0, -0.0 - rate * -1.0]
        assert list(map(str, (w.data, b.data))) == list(map(str, expected))
        w.data = 1e-300
        with pytest.raises(DomainError, match=r"^round 0: .* is past the range"):
            of_gradients.descend(rate, rounds, [1e308] * 4)  # 1.5e308 in each row
        assert w.data == 1e-300


@both
def test_one_input_and_one_parameter_need_no_list(backend):
    x, w, b = leaf("x", 1.0), leaf("w", 2.0), leaf("b", 3.0)
    replay = Program(w * x + b, x, backend=backend)
    assert (replay.inputs, replay.parameters) == ((x,), (w, b))
    assert replay.descend(0.5, 2, [4.0], wrt=w) == [11.0, 3.0]
    assert (w.data, b.data) == (-2.0, 3.0)


@both
def test_a_program_in_a_pickle_has_its_comparisons(backend):
    x, w = leaf("x", 1.0), leaf("w", 0.5, 7.0)
    assert x < 2
    replay = Program(sin(w * x), [x], backend=backend)
    again = pickle.loads(pickle.dumps(replay))
    assert again.backend == backend
    assert again.outputs(drawn(5, 1)) == replay.outputs(drawn(5, 1))
    again.backward([1.0])
    assert (w.grad, again.parameters[0].grad) == (7.0, 7.0 + math.cos(0.5))
    with pytest.raises(ValueError, match=r"^row 0: x < 2 was True when this was recorded"):
        again(3.0)


@both
def test_a_parameter_that_is_named_twice_moves_once(backend):
    w = leaf("w", 2.0)
    assert Program(w * w, backend=backend).descend(0.25, 3, wrt=[w, w]) == [4.0, 1.0, 0.25]


@both
@pytest.mark.parametrize(
    ("lr", "rounds", "wrt", "error", "message"),
    [
        ("0.1", 1, None, TypeError, "lr takes a real number, not str: '0.1'"),
        (None, 1, None, TypeError, "lr takes a real number, not NoneType: None"),
        (math.nan, 1, None, DomainError, "lr takes a finite number, not nan"),
        (0.1, 1.5, None, ValueError, "rounds must be a whole number of at least 0, not 1.5"),
        (0.1, "1", None, ValueError, "rounds must be a whole number of at least 0, not '1'"),
        (0.1, -1, None, ValueError, "rounds must be a whole number of at least 0, not -1"),
        (0.1, 1, ["w"], ValueError, "wrt takes parameters of the graph, and 'w' is none"),
        (
            0.1,
            1,
            [Value(1.0, "q")],
            ValueError,
            "wrt takes parameters of the graph, and 'q' is none",
        ),
        (0.1, 1, "inputs", ValueError, "wrt takes parameters of the graph, and 'x' is none"),
    ],
)
def test_what_descend_refuses(lr, rounds, wrt, error, message, backend):
    loss, parameters, inputs = line()
    replay = Program(loss, inputs, backend=backend)
    with pytest.raises(error, match=re.escape(message)):
        replay.descend(lr, rounds, [[1.0, 2.0]], wrt=inputs if wrt == "inputs" else wrt)
    assert [p.data for p in parameters] == [0.5, -0.25]


@both
@pytest.mark.parametrize(
    ("compute", "number", "rate", "rounds", "message"),
    [
        (
            lambda w: w * w,
            3.0,
            100.0,
            10**6,
            r"round 67: mul\(w = [-\d.e+]+, w = [-\d.e+]+\) is past the range",
        ),
        (
            lambda w: w * w,
            1e150,
            1e200,
            1,
            "round 0: the sum of the derivatives by w, or a step along it, is past",
        ),
        (
            lambda w: w * w,
            1e150,
            1e200,
            9,
            "round 0: the sum of the derivatives by w, or a step along it, is past",
        ),
        (lambda w: sigmoid(w), 0.0, 1.5e308, 3, r"round \d: "),
        (
            lambda w: log(w),
            1.0,
            2.0,
            3,
            r"round 1: log\(w = -1\.0\) is not defined: it needs x > 0",
        ),
        (
            lambda w: sqrt(w),
            0.25,
            0.25,
            3,
            r"round 1: the derivative of sqrt\(w = 0\.0\) by x does not exist",
        ),
    ],
)
def test_a_descent_that_fails(compute, number, rate, rounds, message, backend):
    w, b = leaf("w", number, 7.0), leaf("b", 1.0, 7.0)
    replay = Program(compute(w) + b, backend=backend)
    with pytest.raises(DomainError, match=f"^{message}"):
        replay.descend(rate, rounds)
    assert (w.data, b.data, w.grad, b.grad) == (number, 1.0, 7.0, 7.0)


# rows

FRAME = pd.DataFrame({"t": [3.0, 5.0], "note": ["a", "b"], "x": [1.0, 2.0]}, index=[9, 9])
ROWS_OF = {
    "lists": [[1.0, 3.0], [2.0, 5.0]],
    "tuples": ((1.0, 3.0), (2.0, 5.0)),
    "integers": [[1, 3], [2, 5]],
    "iterator": lambda: iter([[1, 3], (2, 5)]),
    "array": np.array([[1.0, 3.0], [2.0, 5.0]]),
    "float32": np.array([[1, 3], [2, 5]], np.float32),
    "int8": np.array([[1, 3], [2, 5]], np.int8),
    "masked nowhere": np.ma.masked_array([[1.0, 3.0], [2.0, 5.0]]),
    "object": np.array([[1, 3.0], [2, 5]], object),
    "not contiguous": np.array([[3.0, 0.0, 1.0], [5.0, 0.0, 2.0]])[:, ::-2],
    "Fortran": np.array([[1.0, 3.0], [2.0, 5.0]], order="F"),
    "list of arrays": [np.array([1.0, 3.0]), np.array([2, 5])],
    "frame": FRAME,
    "frame by place": pd.DataFrame([[1, 3], [2, 5]]),
}


@both
@pytest.mark.parametrize("rows", ROWS_OF.values(), ids=ROWS_OF)
def test_rows_of_any_kind(rows, backend):
    loss, _, inputs = line()
    replay = Program(loss, inputs, backend=backend)

    def table():
        return rows() if callable(rows) else rows

    expected = [(0.5 - 0.25 - 3.0) ** 2, (1.0 - 0.25 - 5.0) ** 2]
    assert replay.outputs(table()) == expected
    assert replay.backward(table()) == sum(expected) / 2
    assert replay.descend(0.0, 1, table()) == [sum(expected) / 2]


@both
@pytest.mark.parametrize("count", [2, 5000])
def test_rows_that_are_read_only_or_on_disk(tmp_path, count, backend):
    rows = np.array(drawn(count))
    loss, parameters, inputs = line()
    replay = Program(loss, inputs, backend=backend)
    results = []
    np.save(tmp_path / "rows.npy", rows)
    fixed = rows.copy()
    fixed.flags.writeable = False
    for table in (rows.tolist(), fixed, np.load(tmp_path / "rows.npy", mmap_mode="r")):
        for p in parameters:
            p.grad = 0.0
        results.append(
            (replay.outputs(table), replay.backward(table), [p.grad for p in parameters])
        )
    assert results[0] == results[1] == results[2]


@both
@pytest.mark.parametrize(
    "rows",
    [
        [2.0, 3.0],
        [[2.0], [3.0]],
        (2, 3),
        np.array([2.0, 3.0]),
        np.array([[2], [3]]),
        pd.Series([2, 3]),
    ],
    ids=repr,
)
def test_one_input_takes_a_number_for_a_row(rows, backend):
    x = leaf("x", 1.0)
    assert Program(x * x, [x], backend=backend).outputs(rows) == [4.0, 9.0]


@both
@pytest.mark.parametrize("row", [2.0, 2, [2.0], (2,), np.array([2.0]), np.float32(2)], ids=repr)
def test_a_call_takes_one_row(row, backend):
    x = leaf("x", 1.0)
    assert Program(x * x, [x], backend=backend)(row) == 4.0


def with_row_17(row):
    rows = drawn(40)
    rows[17] = row
    return rows


BAD = [
    ([], ValueError, "there are no rows"),
    (np.zeros((0, 2)), ValueError, "there are no rows"),
    (FRAME[:0], ValueError, "there are no rows"),
    (np.zeros((2, 3)), ValueError, "row 0 has 3 number(s), and must have 2: x, t"),
    (np.zeros(2), ValueError, "row 0 has 1 number(s), and must have 2: x, t"),
    (pd.DataFrame([[1.0, 2.0, 3.0]]), ValueError, "row 0 has 3 number(s), and must have 2: x, t"),
    (with_row_17([1.0]), ValueError, "row 17 has 1 number(s), and must have 2: x, t"),
    (with_row_17([1.0, 2.0, 3.0]), ValueError, "row 17 has 3 number(s), and must have 2: x, t"),
    (with_row_17(3.0), ValueError, "row 17 has 1 number(s), and must have 2: x, t"),
    (with_row_17("ab"), ValueError, "row 17 has 1 number(s), and must have 2: x, t"),
    (with_row_17([1.0, "2"]), TypeError, "row 17: t takes a real number, not str: '2'"),
    (with_row_17([None, 2.0]), TypeError, "row 17: x takes a real number, not NoneType: None"),
    (with_row_17([1.0, 2j]), TypeError, "row 17: t takes a real number, not complex: 2j"),
    (
        with_row_17([1.0, Value(2.0)]),
        TypeError,
        "row 17: t takes a real number, not Value: Value(data=2.0, grad=0.0)",
    ),
    (with_row_17([[1.0], 2.0]), TypeError, "row 17: x takes a real number, not list: [1.0]"),
    (with_row_17([1.0, math.nan]), DomainError, "row 17: t takes a finite number, not nan"),
    (with_row_17([-math.inf, 1.0]), DomainError, "row 17: x takes a finite number, not -inf"),
    (with_row_17([10**400, 1.0]), DomainError, "row 17: x takes a number in the range of a float"),
    (
        np.array(with_row_17([1.0, math.nan])),
        DomainError,
        "row 17: t takes a finite number, not nan",
    ),
    (
        np.array(with_row_17([1.0, math.inf]), np.float32),
        DomainError,
        "row 17: t takes a finite number, not inf",
    ),
    (
        np.array([[1.0, 2.0], ["1e400", 1.0]], np.longdouble),
        DomainError,
        "row 1: x takes a finite number, not inf",
    ),
    (
        np.ma.masked_array([[1.0, 2.0], [3.0, 4.0]], [[0, 0], [0, 1]]),
        TypeError,
        "row 1: t takes a real number, not MaskedConstant: masked",
    ),
    (np.ma.masked_array([1.0], [1]), ValueError, "row 0 has 1 number(s), and must have 2: x, t"),
    ([np.array(1.0)], ValueError, "row 0 has 1 number(s), and must have 2: x, t"),
    (np.array([[1.0, 2j]]), TypeError, "row 0: x takes a real number, not complex128"),
    (np.array([["1", "2"]]), TypeError, "row 0: x takes a real number, not str_"),
    (np.zeros((2, 2, 2)), TypeError, "row 0: x takes a real number, not ndarray"),
    (FRAME.assign(x=[1.0, None]), DomainError, "row 1: x takes a finite number, not nan"),
    (
        FRAME.assign(t=pd.array([3, None], "Int64")),
        TypeError,
        "row 1: t takes a real number, not NAType",
    ),
    (pd.DataFrame({"z": [1.0], "t": [2.0]}), ValueError, "x"),
    (
        pd.DataFrame([[1.0, 2.0, 3.0]], columns=["x", "x", "t"]),
        ValueError,
        "row 0 has 3 number(s), and must have 2: x, t",
    ),
    (5, TypeError, "rows"),
    (np.array(5.0), TypeError, "rows"),
]


@both
@pytest.mark.parametrize(("rows", "kind", "message"), BAD)
def test_rows_that_are_refused(rows, kind, message, backend):
    loss, parameters, inputs = line()
    replay = Program(loss, inputs, backend=backend)
    for call in (replay.outputs, replay.backward, lambda rows: replay.descend(0.1, 3, rows)):
        with pytest.raises(kind) as refused:
            call(rows)
        assert message in str(refused.value)
        assert str(refused.value).startswith(message) or not message.startswith("row ")
    assert [(p.data, p.grad) for p in parameters] == [(0.5, 7.0), (-0.25, 7.0)]
    assert [v.data for v in inputs] == [1.0, 2.0]


@both
def test_inputs_without_a_label_are_named_by_their_place(backend):
    a, b = Value(1.0), Value(2.0)
    with pytest.raises(
        ValueError, match=r"^row 0 has 1 number\(s\), and the program has no inputs$"
    ):
        Program(a * b, backend=backend).outputs([1.0])
    with pytest.raises(TypeError, match=r"^row 0: input 2 takes a real number, not NoneType: None"):
        Program(a * b, [a, b], backend=backend).outputs([[1.0, None]])
    with pytest.raises(
        ValueError, match=r"^row 0 has 1 number\(s\), and must have 2: input 1, input 2"
    ):
        Program(a * b, [a, b], backend=backend)(3.0)


x, y, w = leaf("x", 1.0), leaf("y", 2.0), leaf("w", 3.0)


@both
@pytest.mark.parametrize(
    ("output", "inputs", "kind", "message"),
    [
        (3.0, [], TypeError, "Program takes Values, not float"),
        ([w * x], [], TypeError, "Program takes Values, not list"),
        (w * x, ["x"], TypeError, "Program takes Values, not str"),
        (w * x, "x", TypeError, "Program takes Values, not str"),
        (w * x, [x, 1.0], TypeError, "Program takes Values, not float"),
        (w * x, [y], ValueError, "y is not a leaf of the graph"),
        (w * x, [x, Value(1.0)], ValueError, "input 2 is not a leaf of the graph"),
        (w * x, [w * x], ValueError, "input 1 is not a leaf of the graph"),
        (w * x, [x, w, x], ValueError, "x stands twice among the inputs"),
        (w, [x], ValueError, "x is not a leaf of the graph, of which w is the output"),
    ],
)
def test_what_is_no_program(output, inputs, kind, message, backend):
    with pytest.raises(kind, match=f"^{message}"):
        Program(output, inputs, backend=backend)


def test_other_words_for_backend_and_reduce():
    with pytest.raises(ValueError, match="unknown backend 'C': it must be 'llvmlite' or 'python'"):
        Program(w * x, backend="C")
    with pytest.raises(ValueError, match="reduce must be 'mean' or 'sum', not 'max'"):
        Program(w * x).backward(reduce="max")


# domain errors


@both
@pytest.mark.parametrize(
    ("compute", "number", "message"),
    [
        (lambda x, w: w * log(x), -1.0, "log(x = -1.0) is not defined: it needs x > 0"),
        (lambda x, w: w / x, 0.0, "div(w = 2.0, x = 0.0) is not defined: it needs y ≠ 0"),
        (lambda x, w: exp(x) * w, 1000.0, "exp(x = 1000.0) is past the range of a float, ±1.8e308"),
        (
            lambda x, w: w / (x * 1e308 * 10),
            1.0,
            "mul(1e+308, 10.0) is past the range of a float, ±1.8e308",
        ),
        (
            lambda x, w: sigmoid(x * 1e308 + 1e308) * w,
            1.0,
            "add(1e+308, 1e+308) is past the range of a float",
        ),
        (
            lambda x, w: w * maximum(1.0, x * 1e307),
            -100.0,
            "mul(x = -100.0, 1e+307) is past the range of a float",
        ),
        (
            lambda x, w: (x * 1e308) ** (w * 0 - 1),
            10.0,
            "mul(x = 10.0, 1e+308) is past the range of a float",
        ),
        (
            lambda x, w: w + relu(x - 1.5e308),
            -1.5e308,
            "sub(x = -1.5e+308, 1.5e+308) is past the range of a float",
        ),
        (
            lambda x, w: sigmoid(w * 0.5 - x**2),
            1e200,
            "pow(x = 1e+200, 2.0) is past the range of a float, ±1.8e308",
        ),
        (
            lambda x, w: w * x**0.5,
            -1.0,
            "pow(x = -1.0, 0.5) is not defined: it needs x > 0, or x < 0 with a whole y",
        ),
        (
            lambda x, w: w * (x * 1e308) ** 0.0,
            10.0,
            "mul(x = 10.0, 1e+308) is past the range of a float",
        ),
    ],
)
def test_a_domain_error_names_the_row(compute, number, message, backend):
    x, w = leaf("x", 0.1), leaf("w", 2.0, 7.0)
    replay = Program(compute(x, w), [x], backend=backend)
    rows = [[0.1]] * 40
    assert replay.outputs(rows) == [replay.output.data] * 40
    rows[17] = [number]
    for call in (replay.outputs, replay.backward, lambda rows: replay.descend(0.1, 3, rows)):
        with pytest.raises(DomainError) as refused:
            call(rows)
        assert str(refused.value).removeprefix("round 0: ").startswith(f"row 17: {message}")
    with pytest.raises(DomainError, match=f"^row 0: {re.escape(message)}"):
        replay(number)
    assert (w.data, w.grad) == (2.0, 7.0)
    assert replay.outputs([[0.1]] * 2) == [replay.output.data] * 2


@both
@pytest.mark.parametrize(
    ("compute", "number", "message"),
    [
        (
            lambda x, w: sqrt(w * x),
            0.0,
            "the derivative of sqrt(0.0) by x does not exist: it needs x > 0",
        ),
        (
            lambda x, w: (w * x) ** 0.5,
            0.0,
            "the derivative of pow(0.0, 0.5) by x does not exist: it needs x > 0",
        ),
        (lambda x, w: 1 / (w * x), 1e-200, "the gradient by "),
        (
            lambda x, w: (w * x) ** -1,
            1e-200,
            "the derivative of pow(2e-200, -1.0) by x is past the range of a float",
        ),
        (lambda x, w: 1e200 * (x * (w * 1e-250)), 1e200, "the gradient by "),
    ],
)
def test_a_derivative_that_does_not_exist_names_the_row(compute, number, message, backend):
    x, w = leaf("x", 0.1), leaf("w", 2.0, 7.0)
    replay = Program(compute(x, w) + w, [x], backend=backend)
    rows = [[0.1]] * 40
    rows[3] = rows[17] = [number]
    with pytest.raises(DomainError):
        eagerly(replay.output, [x], rows)
    for call in (replay.backward, lambda rows: replay.descend(0.1, 3, rows)):
        with pytest.raises(DomainError) as refused:
            call(rows)
        assert str(refused.value).removeprefix("round 0: ").startswith(f"row 17: {message}")
    assert (w.data, w.grad) == (2.0, 7.0)


@both
def test_an_error_of_an_output_is_none_of_a_derivative(backend):
    x, w = leaf("x", 1.0), leaf("w", 2.0, 7.0)
    replay = Program(sqrt(w * x) + log(x + 1), [x], backend=backend)
    rows = [[0.0]] * 2 + [[1.0]] * 7
    assert replay.outputs(rows)[:2] == [0.0, 0.0]
    rows[4] = [-1.0]
    for call in (replay.outputs, replay.backward):
        with pytest.raises(DomainError, match=r"^row 4: sqrt\(-2\.0\) is not defined"):
            call(rows)
    rows[4] = [1.0]
    with pytest.raises(DomainError, match=r"^row 1: the derivative of sqrt\(0\.0\) by x does not"):
        replay.backward(rows)


@both
def test_a_derivative_by_an_input_need_not_exist(backend):
    x, w = leaf("x", 1.0), leaf("w", 2.0, 7.0)
    replay = Program(sqrt(x) * w / (x - 3), [x], backend=backend)
    assert replay.backward([[0.0]]) == 0.0
    assert w.grad == 7.0
    with pytest.raises(DomainError, match=r"^row 1: div\("):
        replay.backward([[1.0], [3.0], [0.0]])


softsign = Op("softsign", lambda x: x / (1 + abs(x)), lambda x, z: 1 / (1 + ops.abs(x)) ** 2)
bell = Op("bell", lambda x: math.exp(-x * x), lambda x, z: -2 * x * exp(-x * x))
slow = Op("slow", lambda x: 1 / (1 + x * x), lambda x, z: -2 * x / (1 + x * x) / (1 + x * x))
crest = Op("crest", lambda x: x, lambda x, z: 1 / (2 + cube(x)))
pole = Op("pole", lambda x: x, lambda x, z: 1 / (1 + 1 / (x - 1e160)))


@both
@pytest.mark.parametrize(
    ("compute", "number", "is_defined"),
    [
        (lambda x, w: softsign(w + x), 1e200, True),
        (lambda x, w: slow(w + x), 1e170, True),
        (lambda x, w: bell(w + x), 1e160, False),
        (lambda x, w: pole(w + x), 1e160, False),
        (lambda x, w: crest(w + x), 1e150, False),
        (lambda x, w: 1e-200 * log(w * x), 1e-310, True),  # (1e-200·1)/w, and not 1e-200·(1/w)
    ],
)
def test_what_overflows_inside_a_derivative(compute, number, is_defined, backend):
    """It is an error, or a number, where it is one to the eager pass."""
    x, w = leaf("x", 0.5), leaf("w", 0.7)
    output, rows = compute(x, w) + w * w, [[0.5]] * 20
    replay = Program(output, [x], backend=backend)
    for bad in ([], [17], [19, 0]):
        for k in bad:
            rows[k] = [number]
        if is_defined or not bad:
            agree(output, [x], rows, backend, compiled=replay)
            for size in (20, 8, 1):
                batches = [rows[k : k + size] for k in range(0, 20, size)] * 2
                w.data = 0.7
                expected = [eager_descent(output, [x], some, 0.1, 1, [w])[0][0] for some in batches]
                end, w.data, w.grad = w.data, 0.7, 7.0
                assert replay.descend(0.1, 2, rows, batch_size=size) == expected
                assert (w.data, w.grad) == (end, 7.0)
                w.data = 0.7
        else:
            w.grad = 7.0
            for call in (replay.backward, lambda rows: replay.descend(0.1, 2, rows)):
                with pytest.raises(DomainError, match=f"row {bad[0]}: "):
                    call(rows)
            assert (w.data, w.grad) == (0.7, 7.0)


@both
def test_a_sum_over_the_rows_that_is_past_the_range(backend):
    x, v, w = leaf("x", 1.0), leaf("v", 1.0, 7.0), leaf("w", 1e-300, 7.0)
    of_gradients, of_outputs = (
        Program(v + product, [x], backend=backend) for product in (w * x, x - w)
    )
    rows = [[1e308]] * 3
    for replay in (of_gradients, of_outputs):
        w.grad = 0.0
        with pytest.raises(DomainError):
            eagerly(replay.output, [x], rows, "sum")
    w.grad = 7.0
    with pytest.raises(
        DomainError, match=r"^the sum of the derivatives by w, .* is past the range of a float"
    ):
        of_gradients.backward(rows, reduce="sum")
    with pytest.raises(
        DomainError, match=r"^round 0: the sum of the derivatives by w, .* is past the range"
    ):
        of_gradients.descend(10, 3, rows)
    for reduction in ("mean", "sum"):
        with pytest.raises(
            DomainError, match=r"^the sum of the outputs is past the range of a float"
        ):
            of_outputs.backward(rows, reduction)
    with pytest.raises(
        DomainError, match=r"^round 5: the sum of the outputs is past the range of a float"
    ):
        of_outputs.descend(-2e305, 9, [[5.8e307]] * 3)  # in round k the sum is 1.74e308 + k·1.2e306
    assert of_outputs.outputs(rows) == [1e308] * 3
    assert (v.data, v.grad, w.data, w.grad) == (1.0, 7.0, 1e-300, 7.0)


# guards

RELATIONS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
PAIRS = [(1.0, 2.0), (2.0, 1.0), (1.5, 1.5), (-0.0, 0.0)]


@both
@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("symbol", RELATIONS)
def test_a_comparison_is_held_to_what_came_out(symbol, pair, backend):
    relation = RELATIONS[symbol]
    mirrored = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}[symbol]
    for kind in ("value", "number", "mirrored", "stranger"):
        a, b, w = leaf("a", pair[0]), leaf("b", pair[1]), leaf("w", 3.0, 7.0)
        doubled = a + a
        doubled.label = "double"
        if kind == "mirrored":  # Python asks the Value on the right
            outcome = relation(2 * pair[0], doubled)
            text = f"double {mirrored} {2 * pair[0]:g}"
        else:
            other = {"value": b, "number": pair[1], "stranger": Value(pair[1])}[kind]
            outcome = relation(a, other)
            text = f"a {symbol} {'b' if kind == 'value' else f'{pair[1]:g}'}"
        replay = Program(doubled * b * w, [a, b], backend=backend)
        for row in PAIRS:
            right = row[1] if kind == "value" else pair[1]
            now = (
                relation(2 * pair[0], 2 * row[0]) if kind == "mirrored" else relation(row[0], right)
            )
            rows = [pair] * 40
            rows[17] = row
            if now is outcome:
                agree(replay.output, replay.inputs, rows, backend, compiled=replay)
                continue
            w.grad = 7.0
            for call in (
                replay.outputs,
                replay.backward,
                lambda rows, replay=replay: replay.descend(0.1, 3, rows),
            ):
                with pytest.raises(
                    ValueError, match=rf"row 17: {re.escape(text)} was {outcome} when"
                ):
                    call(rows)
            assert (w.data, w.grad) == (3.0, 7.0)


@both
def test_a_comparison_of_a_parameter_is_held_too(backend):
    w = leaf("w", 2.0, 7.0)
    assert w > 0
    replay = Program(w * w, backend=backend)
    with pytest.raises(
        ValueError, match=r"^round 1: w > 0 was True when this was recorded, and is False here"
    ):
        replay.descend(1.5, 9)  # 2, −4: the first round leads below 0
    assert (w.data, w.grad) == (2.0, 7.0)


@both
@pytest.mark.parametrize(
    ("choose", "right", "wrong"),
    [
        (lambda a, b, c: max(a, b, c), (1, 5, 2), (6, 5, 2)),
        (lambda a, b, c: min(a, b, c), (1, 5, 2), (6, 5, 2)),
        (lambda a, b, c: sorted([a, b, c])[0], (1, 5, 2), (6, 5, 2)),
        (lambda a, b, c: a * 2 if a > 0 else b * 3, (1, -5, -2), (-1, 5, 2)),
        (lambda a, b, c: a * b if a.data < b.data else c, (1, 5, 2), None),
    ],
)
def test_what_python_chose(choose, right, wrong, backend):
    a, b, c = (leaf(name, number) for name, number in zip("abc", (1.0, 3.0, 2.0), strict=True))
    replay = Program(choose(a, b, c) + a * b * c, [a, b, c], backend=backend)
    assert replay(right) == choose(*map(leaf, "abc", right)).data + math.prod(right)
    if wrong:
        with pytest.raises(
            ValueError, match=r"was .* when this was recorded, and is (True|False) here"
        ):
            replay(wrong)


@both
@pytest.mark.parametrize(
    "compare",
    [
        lambda a, b: a.data > b.data,
        lambda a, b: no_grad()(lambda: a > b)(),
        lambda a, b: a == b,
        lambda a, b: a * 2 > b * 2,  # of Values that are not in the graph
    ],
)
def test_what_is_no_guard(compare, backend):
    a, b = leaf("a", 1.0), leaf("b", 2.0)
    compare(a, b)
    assert Program(a * b, [a, b], backend=backend)([2.0, 1.0]) == 2.0


@both
def test_the_last_of_equal_comparisons_counts(backend):
    a = leaf("a", 1.0)
    assert a > 0
    a.data = -1.0
    assert not a > 0
    replay = Program(a * a, [a], backend=backend)
    assert replay(-3.0) == 9.0
    with pytest.raises(ValueError, match=r"^row 0: a > 0 was False"):
        replay(3.0)


def test_a_comparison_keeps_nothing_alive():
    w = leaf("w", 1.0)
    gc.collect()
    before = len(comparisons)
    for k in range(1000):
        loss = w * w + k + 1
        assert loss > w
        assert w < loss + 1
    last = weakref.ref(loss)
    del loss
    gc.collect()
    assert last() is None
    assert len(comparisons) - before <= 1
    assert len(comparisons[w]) < 100  # of Values that are gone nothing is left
    del w
    gc.collect()
    assert len(comparisons) == before


# rows of one's own

cube = Op("cube", lambda x: x * x * x, lambda x, z: 3 * x**2)
hypot = Op(
    "hypot", lambda x, y: math.sqrt(x * x + y * y), lambda x, y, z: x / z, lambda x, y, z: y / z
)
ramp = Op("ramp", lambda x: x if x > 0 else 0, lambda x, z: ops.step(x))
sine = Op("sine", math.sin, lambda x, z: ops.cos(x))
most = Op("most", max, lambda x, y, z: ops.step(x - y), lambda x, y, z: ops.step(y - x))
level = Op("level", lambda x: 94906267 if x > 0 else 0, lambda x, z: 0.0)
table = {False: 0.0, True: 1.0}
gate = Op("gate", lambda x: table[x > 0], lambda x, z: 0.0)  # a dict is Python's alone


@both
def test_rows_of_ones_own(backend):
    x, w = leaf("x", 0.5), leaf("w", 0.7)
    y = (
        cube(x * w)
        + hypot(x, w) * blend(x, w, x * w)
        + ramp(w) * ramp(x)
        + sine(w) * sin(x)
        + most(w, x) * sin(w)
    )
    agree(y * level(x) * level(x), [x], drawn(40, 1), backend)


@both
@pytest.mark.parametrize(
    "function",
    [lambda x: (2 - x) ** 0.5, lambda x: {True: 0.5}[x < 1e300], lambda x: [x][int(0 * x)]],
)
def test_functions_that_no_one_asked_for_infinity(function, backend):
    """One makes a complex number of it, others no number at all."""
    x, w = leaf("x", 0.5), leaf("w", 0.7)
    row = Op("row", function, lambda x, z: ops.cos(x))
    agree(sigmoid(row(x * w)) + w, [x], drawn(3, 1), None if backend == "llvmlite" else backend)


@pytest.mark.parametrize(
    "name",
    ["w", "rows", "run", "evaluate", "seed", "my row", "class", "d_w", "v1", "range", "math"],
)
def test_a_row_of_any_name(name):
    double = Op(name, lambda x: 2.0 * x, lambda x, z: 2.0)
    x, w = leaf("x", 0.5), leaf("w", 0.7)
    agree(double(sin(w) * x) ** 2 + double(w) ** 2, [x], drawn(3, 1), "python")


@both
@pytest.mark.parametrize(
    "partial",
    [
        lambda x, z: math.exp(x),
        lambda x, z: 1.0 if x > 0 else 0.0,
        lambda x, z: 2.0 if x == 0 else 1.0,
        lambda x, z: max(x, 0.0),
    ],
)
def test_a_partial_that_is_not_made_of_operations(partial, backend):
    w = leaf("w", 1.0, 7.0)
    bad = Op("bad", lambda x: x, partial)
    message = "^partial 1 of bad must be made of operations, .* asks for the number of an argument$"
    with pytest.raises(TypeError, match=message):
        Program(bad(w) * 2, backend=backend).backward()
    assert w.grad == 7.0


@pytest.mark.parametrize(
    ("function", "error", "message"),
    [
        (
            lambda x: 1 / (1 + math.exp(-x)),
            DomainError,
            r"row 17: odd\(x = -1000\.0\) is past the range of a float",
        ),
        (
            lambda x: 1 / (1 + 1 / (x + 1000)),
            DomainError,
            r"row 17: odd\(x = -1000\.0\) is not defined",
        ),
        (lambda x: math.log(x + 999.5), DomainError, r"row 17: odd\(x = -1000\.0\) is not defined"),
        (
            lambda x: abs(x) ** 200 - 3.0,
            DomainError,
            r"row 17: odd\(x = -1000\.0\) is past the range of a float",
        ),
        (lambda x: x**0.5, TypeError, r"the result of odd takes a real number, not complex"),
    ],
)
def test_an_error_inside_a_row_of_ones_own(function, error, message):
    x = leaf("x", 0.5)
    replay = Program(Op("odd", function, lambda x, z: z)(x), [x], backend="python")
    with pytest.raises(error, match=message):
        replay.outputs([[0.5]] * 17 + [[-1000.0]])


# backends


@pytest.mark.parametrize(
    ("row", "backend"),
    [
        (cube, "llvmlite"),
        (sine, "llvmlite"),
        (gate, "python"),
        (Op("bound", partial(operator.mul, 5.0), lambda x, z: 5.0), "python"),
        (Op("summed", lambda x: math.fsum([x]), lambda x, z: 1.0), "python"),
    ],
)
def test_which_backend_runs(row, backend):
    x, w = leaf("x", 0.5), leaf("w", 0.7)
    assert Program(row(x * w) + w, [x]).backend == backend
    assert Program(w * x, backend="python").backend == "python"
    assert Program(w * x, backend="llvmlite").backend == Program(w * x).backend == "llvmlite"


def test_a_row_that_is_left_to_python():
    x, w = leaf("x", 0.5), leaf("w", 0.7)
    agree(gate(x * w) + w, [x], drawn(5, 1), None)
    with pytest.raises((TypeError, ValueError), match="gate"):
        Program(gate(x * w), [x], backend="llvmlite")


def test_without_llvmlite(monkeypatch):
    monkeypatch.setattr(program, "find_spec", lambda name: None)
    monkeypatch.delitem(sys.modules, "autograd.replay.machine", raising=False)
    monkeypatch.setitem(sys.modules, "llvmlite", None)
    loss, _, inputs = line()
    assert Program(loss, inputs).backend == "python"
    with pytest.raises(ImportError, match=r"pip install 'handgrad\[fast\]'"):
        Program(loss, inputs, backend="llvmlite").outputs([[1.0, 2.0]])


def test_python_alone_needs_neither_numpy_nor_llvmlite():
    code = """if 1:
        import sys
        from autograd import Program, Value
        x, w = Value(1.0, "x"), Value(2.0, "w")
        program = Program(w * x, [x], backend="python")
        program.outputs([[1.0]]), program.backward([[1.0]]), program.descend(0.1, 3, [[1.0]]), program.source()
        print(*{"numpy", "pandas", "llvmlite"}.intersection(sys.modules))
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


# Ctrl-C and threads


@pytest.fixture
def listening():
    """A process that was started in the background ignores Ctrl-C, unless it is told to listen."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@both
@pytest.mark.usefixtures("listening")
def test_ctrl_c_ends_a_descent(backend):
    rounds = 10**8
    u, w = leaf("u", 0.0, 7.0), leaf("w", 0.0, 7.0)
    replay = Program(u + w, backend=backend)
    replay.descend(1.0, 2)
    threading.Timer(0.3, _thread.interrupt_main).start()
    with pytest.raises(KeyboardInterrupt):
        replay.descend(1.0, rounds)
    assert -rounds < u.data == w.data == int(u.data) <= -2  # each round takes 1 from both
    assert (u.grad, w.grad) == (7.0, 7.0)


def interrupted(function, calls):
    """The function, with a Ctrl-C in the middle of the call of that number."""
    left = iter(range(calls - 1))

    def wrapper(*args, **options):
        result = function(*args, **options)
        if next(left, None) is None:
            raise KeyboardInterrupt
        return result

    return wrapper


@both
def test_ctrl_c_keeps_what_whole_rounds_have_learned(monkeypatch, backend):
    u, w = leaf("u"), leaf("w")
    replay = Program(u + w, backend=backend)
    replay.outputs()
    for module in (generated, machine):
        monkeypatch.setattr(module, "PACE", 1)  # a round in each call
    engine = generated.Generated if backend == "python" else machine.Machine
    monkeypatch.setattr(engine, "run", interrupted(engine.run, 4))
    with pytest.raises(KeyboardInterrupt):
        replay.descend(1.0, 100)
    assert u.data == w.data == -3.0


@both
def test_ctrl_c_leaves_no_gradient_half_added(monkeypatch, backend):
    loss, parameters, inputs = line()
    engine = generated.Generated if backend == "python" else machine.Machine
    monkeypatch.setattr(engine, "run", interrupted(engine.run, 2))
    replay = Program(loss, inputs, backend=backend)
    replay.backward(drawn(10))
    before = [p.grad for p in parameters]
    with pytest.raises(KeyboardInterrupt):
        replay.backward(drawn(10))
    assert [p.grad for p in parameters] == before
    assert replay.outputs(drawn(10)) == Program(loss, inputs, backend=backend).outputs(drawn(10))


@pytest.mark.parametrize("method", ["outputs", "backward"])
def test_ctrl_c_between_two_calls_of_machine_code(monkeypatch, method):
    rows = drawn(1000)
    loss, parameters, inputs = line()
    monkeypatch.setattr(machine, "PACE", 1)  # a block of rows in each call
    for name in ("evaluate", "run"):
        monkeypatch.setattr(compiled.Code, name, interrupted(getattr(compiled.Code, name), 1))
    replay = Program(loss, inputs, backend="llvmlite")
    with pytest.raises(KeyboardInterrupt):
        getattr(replay, method)(rows)
    assert [p.grad for p in parameters] == [7.0, 7.0]
    monkeypatch.undo()
    assert replay.outputs(rows) == Program(loss, inputs, backend="python").outputs(rows)


@both
def test_threads_share_a_program(backend):
    loss, _, inputs = line()
    replay = Program(loss, inputs, backend=backend)
    tables = [drawn(count, seed=count) for count in (1, 3, 50, 200)] * 2
    expected = [
        [at(loss, dict(zip(inputs, row, strict=True))).data for row in rows] for rows in tables
    ]
    found = {}

    def work(k):
        found[k] = all(replay.outputs(tables[k]) == expected[k] for _ in range(50))

    threads = [threading.Thread(target=work, args=(k,)) for k in range(len(tables))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == dict.fromkeys(range(len(tables)), True)


@both
@pytest.mark.parametrize("row", [row for row in ops.TABLE if row.arity == 1], ids=lambda r: r.name)
def test_rows_of_what_has_no_name(row, backend):
    x, w = leaf("x", 0.5), leaf("w", 0.75)
    rows = [[0.25], [0.5], [1.75]]
    for output in (row(x * w), row(abs(row(x * w)) + 1) * row(x * 0.5), row(x * 0.75) + w):
        agree(output, [x], rows, backend)
        agree(output, [x], rows[:1], backend)
    assert Program(row(x * 0.75), [x], backend=backend).outputs(rows) == [
        row(0.75 * number) for [number] in rows
    ]


@both
def test_large_numbers_whose_sum_is_past_the_range(backend):
    x, w = leaf("x", 0.5), leaf("w", 0.75)
    terms = [sigmoid(w * 1.2e308), sigmoid(x * 1.2e308), 1 / (x * 1.7e308), ops.tanh(w * -1.7e308)]
    agree(sum(terms) * x, [x], [[1.0], [0.9], [-1.0]], backend)
    agree(sum(terms) * x, [x], [[1.0]], backend)


# C's pow is off in the last bit of the square of each, in glibc 2.36
SQUARED = [0.5544049551926724, 0.8042815876014766, -0.758167964574444]
squares = Op("squares", lambda x: x**2 + x**3, lambda x, z: 2 * x + 3 * x**2)
of_terms = Op("of_terms", lambda x: (x + 1) ** 2, lambda x, z: (((x + 1) ** 2) ** 2 + 2) ** 2)
beside = Op("beside", lambda x: exp(x) * 0 + x**2, lambda x, z: 2 * x)
of_two = Op("of_two", lambda x, y: x**y, lambda x, y, z: y * x ** (y - 1), lambda x, y, z: x**2)


@both
@pytest.mark.parametrize(
    "compute",
    [
        lambda x, w: (x**2, w * x),
        lambda x, w: ((w * x) ** 2 / 2, x - 0.0),
        lambda x, w: ((x + w * 0) ** 3, x**1),
        lambda x, w: (abs(x) ** (w + 1), (w * abs(x)) ** (w + 2)),
        lambda x, w: ((((x * w) ** 2) ** 2 + 1) ** 2, (x * w - 1) ** 4),
        lambda x, w: (squares(x * w), of_terms(x * w)),
        lambda x, w: (beside(x * w), beside(x) * w),
        lambda x, w: (of_two(abs(x), w + 1), of_two(abs(x * w), w + 2)),
    ],
)
def test_squares(compute, backend):
    x, w = leaf("x", 0.5), leaf("w", 1.0)
    for output in compute(x, w):
        agree(output, [x], [[number] for number in SQUARED], backend)
        agree(output + w, [x], [SQUARED[:1]], backend)


def test_squares_of_arrays():
    x, two = leaf("x", 0.5), leaf("two", 2.0)
    squares = [float(Fraction(number) ** 2) for number in SQUARED]
    f = Program(x**2, [x]).function(np)
    assert f([], [np.array(SQUARED)]).tolist() == squares
    assert [f([], [number]) for number in np.array(SQUARED)] == squares
    assert Program(x**two, [x]).function(np)([2.0], [np.array(SQUARED)]).tolist() == squares
    numbers = Program(x**two, [x]).function(np)([np.array([0.0, 1.0, 3.0])], [2.0])
    assert numbers.tolist() == [1.0, 2.0, 8.0]


# the forward pass over arrays


@pytest.mark.parametrize("row", ops.TABLE, ids=lambda row: row.name)
def test_the_function_of_every_row(row):
    x, w = leaf("x", 0.75), leaf("w", 0.6)
    pairs = [(w, x), (x, w), (x, 1.7), (1.7, x)]
    terms = [row(*pair[: row.arity]) for pair in (pairs if row.arity == 2 else [(w * x,), (x,)])]
    replay = Program(reduce(operator.add, terms), [x])
    rng = np.random.default_rng(0)
    numbers = rng.uniform(0.01 if row.domain else -3.0, 3.0, 50)
    f = replay.function(np)
    for factor in (0.6, 1.1):
        w.data = factor
        expected = replay.outputs(numbers)
        parameters = [p.data for p in replay.parameters]
        assert np.allclose(f(parameters, [numbers]), expected, rtol=1e-12, atol=1e-12)
        assert np.allclose(
            f(np.array(parameters), [numbers.reshape(5, 10)]).ravel(),
            expected,
            rtol=1e-12,
            atol=1e-12,
        )


@pytest.mark.parametrize("number", [-1000.0, -40.0, 0.0, 40.0, 1000.0])
@pytest.mark.parametrize("name", ["sigmoid", "softplus", "gaussian", "tanh"])
def test_the_function_is_exact_far_out(name, number):
    x = leaf("x", 0.5)
    result = Program(ROWS[name](x), [x]).function(np)([], [np.array([number])])
    assert result == pytest.approx(ROWS[name](number), rel=1e-12, abs=0)


def test_the_function_of_a_network():
    model = MLP(2, [3, 2], seed=1)
    x, t = [leaf("x1"), leaf("x2")], [leaf("t1"), leaf("t2")]
    replay = Program(mean_squared_error(model(x), t), [*x, *t])
    rows = np.array(drawn(30, 4))
    function = replay.function(np)
    parameters = [p.data for p in replay.parameters]
    assert np.allclose(function(parameters, rows.T), replay.outputs(rows), rtol=1e-12)
    with pytest.raises(ValueError, match="takes 17 parameters and 4 inputs, not 17 and 3"):
        function(parameters, rows.T[:3])


def test_a_comparison_is_no_function_of_arrays():
    x = leaf("x", 0.5)
    assert x < 1
    with pytest.raises(ValueError, match=r"the graph holds the comparison x < 1"):
        Program(x * x, [x]).function(np)


@both
def test_what_is_accumulated_is_in_floats(backend):
    """Also of an array that is too large to be a list: 1/0 is no infinity in Python."""
    x, w = leaf("x", 1.0), leaf("w", 2.0, 0.5)
    replay = Program(w / x, [x], backend=backend)
    rows = np.linspace(0.5, 2.0, 2000)
    found = [replay.accumulate(table, 2000, *replay.numbers()) for table in (rows, rows.tolist())]
    assert found[0][0] == found[1][0]
    assert {type(output) for output in found[0][0]} == {float}
    assert list(found[0][1]) == list(found[1][1])
    rows[7] = 0.0
    with pytest.raises(DomainError, match=r"^row 7: div\(w = 2\.0, x = 0\.0\) is not defined"):
        replay.accumulate(rows, 2000, *replay.numbers())


# several parts of a table in one round


@both
@pytest.mark.parametrize(
    ("graph", "rows", "lr", "message"),
    [
        (
            lambda w, x: w * w * x,
            [[1.0]] * 40,
            1e308,
            "round 0: the sum of the derivatives by w, or a step along it,",
        ),
        (lambda w, x: w * x, [[1e308]] * 40, 1e-9, "round 0: the sum of the outputs is past"),
        (
            lambda w, x: (w + x).log() * w,
            [[-5.0]] + [[1.0]] * 60,
            1.0,
            "round 0: row 0: log\\(-4.0\\) is not defined",
        ),
    ],
)
def test_a_descent_in_parts_fails_as_in_one(monkeypatch, backend, graph, rows, lr, message):
    """No part has moved a parameter when another fails, and numpy has nothing to warn of."""
    for module in (generated, machine):
        monkeypatch.setattr(module, "PACE", 100)
    monkeypatch.setattr(blocks, "LANES", (1, 8))
    w, x = leaf("w", 1.0), leaf("x", 1.0)
    with pytest.raises(DomainError, match=f"^{message}"):
        Program(graph(w, x), [x], backend=backend).descend(lr, 3, rows)
    assert (w.data, w.grad) == (1.0, 0.0)


# batches


@both
@pytest.mark.parametrize("size", [1, 4, 9, 40, np.int64(100)])
def test_a_descent_in_batches(size, backend):
    """A step after each batch, on its mean: as descents on the batches, one after the other."""
    rows = drawn(40)
    loss, parameters, inputs = line()
    one = Program(loss, inputs, backend=backend)
    losses = one.descend(0.1, 3, rows, batch_size=size)
    moved = [p.data for p in parameters]
    loss, parameters, inputs = line()
    other = Program(loss, inputs, backend=backend)
    expected = []
    for _ in range(3):
        for start in range(0, 40, size):
            expected += other.descend(0.1, 1, rows[start : start + size])
    assert (losses, moved) == (expected, [p.data for p in parameters])


@both
def test_an_error_in_a_batch_names_the_row_of_the_table(backend):
    x, w = leaf("x", 1.0), leaf("w", 2.0)
    replay = Program(log(x) * w, [x], backend=backend)
    rows = [[1.0]] * 10
    rows[7] = [-1.0]
    with pytest.raises(DomainError, match=r"^round 0: row 7: log\(x = -1\.0\) is not defined"):
        replay.descend(0.1, 2, rows, batch_size=3)
    assert w.data == 2.0
    for size in (0, 1.5, "3"):
        with pytest.raises(ValueError, match="batch_size must be a whole number of at least 1"):
            replay.descend(0.1, 2, rows, batch_size=size)


@both
@pytest.mark.parametrize("graph", [lambda w, x: (w * x) ** 2, lambda w, x: -exp(w * x)])
@pytest.mark.parametrize("size", [2, 3])
def test_an_error_is_the_same_however_many_batches_one_call_takes(
    graph, size, backend, monkeypatch
):
    """A step that makes a parameter infinite comes to light in a later batch, or at the end."""
    found = set()
    rows = [[1.0 + k] for k in range(8)]
    for pace in (1, 1e6):
        for module in (generated, machine):
            monkeypatch.setattr(module, "PACE", pace)
        for rounds in range(1, 12):
            w, x = leaf("w", 1.0), leaf("x", 1.0)
            try:
                Program(graph(w, x), [x], backend=backend).descend(
                    1e20, rounds, rows, batch_size=size
                )
            except DomainError as error:
                found.add((str(error), w.data))
    assert len(found) == 1


@both
@pytest.mark.parametrize("target", [0, 2, [0.25, 0.5, 0.25]])
def test_the_probabilities_of_classes(target, backend):
    w, z = leaf("w", 0.7), [leaf("z1", 0.5), leaf("z2", -1.0), leaf("z3", 2.0)]
    loss = softmax_cross_entropy([w * x + 0.1 for x in z], target)
    rows = [[k / 7, -k / 5, 2.0 - k / 3] for k in range(40)]
    agree(loss, z, rows, backend)
    assert Program(loss, z).backend == "llvmlite"
