"""Machine code: the same bits as generated Python for any graph, any number of rows, and any
function that it can translate.
"""

import math
import operator
import os
import random
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from expressions import ROWS, at, blend, eagerly, evaluate, random_program

from autograd import DomainError, Op, Program, Value, exp, log, maximum, ops, sigmoid, sin
from autograd.record import topological_order
from autograd.replay import blocks, compiling, machine, sharing, single, translation
from autograd.replay.kernel import text_of
from autograd.replay.loop import Loop
from autograd.replay.planning import Plan
from autograd.replay.schedule import SCALAR, Schedule, Sums
from nn import MLP, binary_cross_entropy, hinge

rng = random.Random(0)
ops_exp, ops_softplus = ops.exp, ops.softplus


def network(count=40):
    """A hinge loss of a small network, its inputs, and rows for them."""
    model = MLP(2, [3, 1], seed=1)
    x, t = [Value(0.0, "x1"), Value(0.0, "x2")], Value(1.0, "t")
    return (
        hinge(model(x), t),
        [*x, t],
        [[rng.uniform(-1, 1), rng.uniform(-1, 1), 1.0] for _ in range(count)],
    )


def run(output, inputs, rows, backend):
    """All that a program gives."""
    replay = Program(output, inputs, backend=backend)
    before = [p.data for p in replay.parameters]
    for k, p in enumerate(replay.parameters):
        p.grad = 0.3 * k
    results = replay.outputs(rows), replay.backward(rows), [p.grad for p in replay.parameters]
    losses = replay.descend(0.05, 3, rows), [p.data for p in replay.parameters]
    for p, number in zip(replay.parameters, before, strict=True):
        p.data = number
    return results, losses


# What the two engines do in common is held to the eager pass in test_program.py; here, what only
# machine code does.


@pytest.mark.parametrize("lanes", [(1,), (2,), (8,), (1, 8, 32)])
@pytest.mark.parametrize("count", [1, 2, 3, 5, 63, 64, 65])
def test_rows_fill_the_lanes_or_not(lanes, count, monkeypatch):
    monkeypatch.setattr(blocks, "LANES", lanes)
    loss, inputs, rows = network(count)
    assert run(loss, inputs, rows, "llvmlite") == run(loss, inputs, rows, "python")


def test_slots_are_clean_for_the_next_call():
    loss, inputs, rows = network(40)
    replay = Program(loss, inputs, backend="llvmlite")
    fresh = Program(loss, inputs, backend="llvmlite")
    expected = fresh.outputs(rows)
    for good in (0, 39):
        with pytest.raises(ArithmeticError):
            replay.backward([*rows[:good], [1.7e308] * 3])
        assert replay.outputs(rows) == expected
        assert replay.outputs(rows[:1]) == expected[:1]


@pytest.mark.parametrize(
    "compute",
    [
        lambda x, w: w,
        lambda x, w: w + x,
        lambda x, w: w + w + (w + x),
        lambda x, w: x - w - (w + w),
        lambda x, w: (w + x) + (w + x) * 1.0,
        lambda x, w: -0.0 * w + 0.0 * x,
        lambda x, w: maximum(x + w, w + 1) + (x + 1),
        lambda x, w: sum([x + k for k in range(50)]) + sum([w] * 50),
        lambda x, w: sigmoid(sum(sin(w * k + x) for k in range(40))),
    ],
)
def test_slopes_that_are_shared_and_slopes_that_are_added(compute):
    x, w = Value(0.5, "x"), Value(0.7, "w")
    y = compute(x, w)
    inputs = [v for v in (x,) if v in topological_order(y)[0]]
    rows = [[rng.uniform(-1, 1) for _ in inputs] for _ in range(40)]
    assert run(y, inputs, rows, "llvmlite") == run(y, inputs, rows, "python")


def test_constants_that_are_equal_and_not_the_same():
    x = Value(2.0, "x")
    y = (x * 0.0) * (x * -0.0) + 1 / (1e300 * x) + x * 1 + x * 1.0
    assert run(y, [x], [[1.0], [-1.0]], "llvmlite") == run(y, [x], [[1.0], [-1.0]], "python")


def test_a_row_of_three_arguments():
    x, w = Value(0.5, "x"), Value(0.7, "w")
    y = blend(x * w, blend(w, 2.0, x), w) ** 2
    rows = [[rng.uniform(-1, 1)] for _ in range(40)]
    assert run(y, [x], rows, "llvmlite") == run(y, [x], rows, "python")


@pytest.mark.parametrize("inputs", [0, 1, 2])
def test_random_graphs_and_any_number_of_rows(inputs, campaign):
    """Every output, gradient, step and error is that of generated Python, to the last bit; and
    every output and gradient that of the eager pass.
    """
    rng = random.Random(inputs)
    for _ in range(campaign(40)):
        steps, point = random_program(rng)
        leaves = [Value(number, f"x{k}") for k, number in enumerate(point)]
        output = evaluate(steps, leaves, ROWS)[-1]
        if rng.random() < 0.3:
            output = output + 0.01 * sum(x * x for x in leaves)
        used = [v for v in topological_order(output)[0] if v in leaves]
        among = used[: min(inputs, len(used))]
        scale = rng.choice([1e-3, 0.1, 1.0])
        rows = [
            [v.data * (1 + scale * rng.uniform(-1, 1)) for v in among]
            for _ in range(rng.randint(1, 40))
        ]
        found = []
        for backend in ("llvmlite", "python"):
            numbers = [v.data for v in leaves]
            for v in leaves:
                v.grad = 0.0
            try:
                found.append(repr(run(output, among, rows, backend)))
            except DomainError as error:
                found.append(str(error))
            for v, number in zip(leaves, numbers, strict=True):
                v.data = number
        assert found[0] == found[1]
        parameters = Program(output, among).parameters
        for k, p in enumerate(parameters):
            p.grad = 0.3 * k
        try:
            outputs = [at(output, dict(zip(among, row, strict=True))).data for row in rows]
            eager = outputs, eagerly(output, among, rows), [p.grad for p in parameters]
        except DomainError:  # perhaps of the derivative by an input, which no replay asks for
            continue
        assert found[0][0] != "(" or found[0].startswith(f"({eager!r}, ")


def test_parameters_of_one_neuron_and_of_many():
    """Whole groups of parameters, parts of one, and some that are used again."""
    for size in (1, 7, 8, 9, 31, 33, 70):
        w = [Value(rng.uniform(-1, 1), f"w{k}") for k in range(size)]
        x = [Value(rng.uniform(-1, 1), f"x{k}") for k in range(size)]
        y = sum(a * b for a, b in zip(w, x, strict=True)).tanh() + w[0] * w[-1] - w[0] * x[0]
        y = y + 0.1 * sum(a * a for a in w)
        rows = [[rng.uniform(-1, 1) for _ in x] for _ in range(13)]
        assert run(y, x, rows, "llvmlite") == run(y, x, rows, "python")


@pytest.mark.parametrize("lanes", [(1,), (8,), (32,)])
@pytest.mark.parametrize("sizes", [[1], [5, 3], [9, 4, 2], [33, 8, 7]])
def test_the_units_of_layers_are_computed_at_once(sizes, lanes, monkeypatch):
    """Whole groups of units and parts of one, and terms that are the same in all rows."""
    monkeypatch.setattr(blocks, "LANES", lanes)
    draw = random.Random(len(sizes))
    x = [Value(draw.uniform(-1, 1), f"x{k}") for k in range(3)]
    weights, layer = [], x
    for size in sizes:
        units = []
        for _ in range(size):
            w = [Value(draw.uniform(-1, 1)) for _ in layer]
            units.append((sum(map(operator.mul, w, layer)) - 0.1 + layer[0] * layer[-1]).tanh())
            weights += w
        layer = units
    decay = sum(w * w for w in weights)
    loss = sum(layer) + 0.01 * decay + sigmoid(decay) - decay
    for count in (3, 70):
        rows = [[draw.uniform(-1, 1) for _ in x] for _ in range(count)]
        assert run(loss, x, rows, "llvmlite") == run(loss, x, rows, "python")


def test_sums_that_differ_in_scalars_alone_are_alike():
    x, y = Value(0.5, "x"), Value(0.25, "y")
    a, b, c = Value(1.0, "a"), Value(2.0, "b"), Value(3.0, "c")
    output = log(a * x + y) * log(b * x + y) * log(x * c + y) * log(x * c - y) * sigmoid(a + b)
    schedule = Schedule(Plan(Program(output, [x, y])._task, [a, b, c]))
    sums = [group for group in schedule.forward if isinstance(group, Sums)]
    assert [len(some.members) for some in sums[:2]] == [3, 1]
    assert sums[0].summands == ((True, SCALAR, 0), (True, 1, None))
    assert [scalars for _, scalars in sums[0].members] == [[~0], [~1], [~2]]
    assert len(schedule.once) == 2


def test_code_does_not_grow_with_how_often_a_product_is_used():
    """All slopes of a sum are the same, so that all uses of w are."""
    lines = []
    for count in (10, 1000):
        x, w = Value(0.5, "x"), Value(0.7, "w")
        y = sum(w * x for _ in range(count))
        rows = [[rng.uniform(-1, 1)] for _ in range(5)]
        assert run(y, [x], rows, "llvmlite") == run(y, [x], rows, "python")
        form = Loop(Plan(Program(y, [x])._task, [w]), 8)
        lines.append(len(text_of(form, False)[0].splitlines()))
    assert lines[0] == lines[1]


# functions of one's own


def _branches(x):
    """With a branch, a name and a chain of comparisons."""
    y = 2 * x
    if 0 < y < 1 or x > 3:
        return math.exp(y)
    y = y - 1
    return y * y if not x < -1 else max(y, -5, x)


def _root_unless_negative(x):
    """A negative number to the power ½ is complex, and nobody asks for it."""
    y = x**0.5
    return x * x if x < 0 else y


@pytest.mark.parametrize(
    ("function", "translates"),
    [
        (_branches, True),
        (_root_unless_negative, True),
        (lambda x: 1.0 if x < 1 <= 2 * x else 3.0, True),
        (lambda x: 1.0 if x < 0.5 <= 1 / x else 3.0, False),  # 1/x is not always asked for
        (lambda x: math.exp(-abs(x) * 1e308 * 10) + math.atan(x * 1e308 * 10), True),
        (lambda x: 1 / (x * 1e308 * 10) ** 2 if x > 0.3 else 1e300, True),
        (lambda x: math.sin(x * 1e308 * 10) if x > 1 else x, True),
        (lambda x: ops_exp(-1e308 * (x * 10 - 7) * (x * 10 - 7)) + 1, True),
        (lambda x: 1 / (1 + 1 / (x + 1)), True),
        (lambda x: math.log(x) if x > 0 else 0, True),
        (lambda x: x**0.5, True),
        (lambda x: math.exp(1000 * x) * 0.0, True),
        (lambda x: 1 / x if x else 7, True),
        (lambda x: abs(x) + math.pi * float(x), True),
        (lambda x: x * ops_softplus(-x) + (1 - x) / (x + 1) * ops_exp(700 * x), True),
        (lambda x: -(x if x > 0 else 0), False),  # an int has no −0
        (lambda x: x // 1, False),
        (lambda x: x + 2**60, False),
        (lambda x: (94906267 if x > 0 else 1) * (94906267 if x > 0 else 1), False),
        (lambda x: math.hypot(x, 1.0), False),
        (lambda x: sum([x]), False),
        (lambda x, scale=2.0: scale * x, False),
    ],
)
def test_which_functions_are_translated_and_that_they_raise_where_python_does(function, translates):
    row = Op("own", function, lambda x, z: z)
    assert translation.translates(row) is translates
    if not translates:
        return
    x, w = Value(0.7, "x"), Value(0.5, "w")
    y = row(x) * w
    for number in (-2.0, -1.0, -0.75, -0.0, 0.0, 0.25, 0.5, 0.9, 5.0):
        found = []
        for backend in ("llvmlite", "python"):
            replay = Program(y, [x], backend=backend)
            try:
                found.append(replay.outputs([[number], [0.7]]))
            except (TypeError, DomainError) as error:
                found.append(str(error))
        assert found[0] == found[1]


of_c = Op("of_c", math.pow, *ops.pow.partials)


def test_no_function_of_c_is_replaced_by_another():
    """pow(x, 2) is not x·x to LLVM, nor exp(0) a constant: C's own result is what Python has."""
    x = Value(0.3, "x")
    y = of_c(x, 2.0) + x**-1 + x**3 + ops.pow(2.0, x) + (x * 0.0).exp() + x**0.5
    rows = [[rng.uniform(0.1, 9)] for _ in range(500)]
    assert run(y, [x], rows, "llvmlite") == run(y, [x], rows, "python")


# rows


def test_rows_of_any_kind_of_array(tmp_path):
    loss, inputs, rows = network(40)
    replay = Program(loss, inputs, backend="llvmlite")
    expected = replay.outputs(rows)
    array = np.array(rows)
    fixed = array.copy()
    fixed.flags.writeable = False
    np.save(tmp_path / "rows.npy", array)
    mapped = np.load(tmp_path / "rows.npy", mmap_mode="r")
    for table in (rows, array, fixed, np.asfortranarray(array), mapped, array.astype(">f8")):
        assert replay.outputs(table) == expected
        assert replay.outputs(table[:1]) == expected[:1]
    assert replay.outputs(array[::-1]) == expected[::-1]
    x = Value(1.0, "x")
    large = Program(x * 0.5, [x], backend="llvmlite")
    assert large.outputs(np.full((100, 1), 1e308)) == [5e307] * 100  # whose sum is infinite
    Program(Value(1.0) * 2, backend="llvmlite").backward()
    every = Program(loss, replay.parameters, backend="llvmlite")
    every.backward([[0.0] * len(replay.parameters)] * 2)


def test_one_row_of_a_small_graph_needs_no_numpy():
    code = """if 1:
        import sys
        from autograd import Program, Value
        w, x = Value(2.0, "w"), Value(3.0, "x")
        program = Program((w * x).relu(), [x], backend="llvmlite")
        print(program.backward([[1.0]]), program([2]), program.descend(0.5, 2, [[1.0]]), w.data)
        assert "numpy" not in sys.modules
        print(program.backward([[1.0], [2.0]]))
    """
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["2.0", "4.0", "[2.0,", "1.5]", "1.0", "1.5"]


def test_machine_code_needs_no_numba():
    code = """if 1:
        import sys
        from autograd import Program, Value
        w, x = Value(2.0, "w"), Value(3.0, "x")
        program = Program((w * x).relu(), [x], backend="llvmlite")
        print(program.backward([[1.0]] * 16), w.grad, "numba" in sys.modules)
    """
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["2.0", "1.0", "False"]


# threads


def test_other_threads_go_on_while_machine_code_runs(monkeypatch):
    running, seen = threading.Event(), False
    compiled = single.Single.run

    def observed(*args):
        running.set()
        try:
            return compiled(*args)
        finally:
            running.clear()

    monkeypatch.setattr(machine, "PACE", 1e12)  # all in one call
    w = Value(1.0, "w")
    y = w
    for _ in range(100):
        y = y * 0.5 + w
    replay = Program(y, backend="llvmlite")
    replay.descend(1e-9, 1)
    monkeypatch.setattr(single.Single, "run", observed)
    thread = threading.Thread(target=replay.descend, args=(1e-9, 500_000))
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1000)  # no thread has to let go of the interpreter: only the call does
    try:
        thread.start()
        while thread.is_alive():
            seen |= running.is_set()
            time.sleep(0.001)
    finally:
        sys.setswitchinterval(interval)
    assert seen


@pytest.fixture
def shared(monkeypatch):
    """Two threads share the rows, however few they are."""
    monkeypatch.setattr(blocks, "SHARED", 0)
    monkeypatch.setattr(blocks, "has_two_cores", lambda: True)
    yield
    assert threading.active_count() == 1


@pytest.mark.parametrize("poll", [1, sharing.A_POLL, 10**12], ids=["patient", "usual", "impatient"])
@pytest.mark.parametrize("lanes", [(1,), (8,), (32,)])
@pytest.mark.parametrize("count", [2, 33, 300, 1025])
def test_two_threads_share_the_rows(count, lanes, poll, shared, monkeypatch):
    """Whole lots and parts of one; also where thread 0 does not wait for the other at all."""
    monkeypatch.setattr(blocks, "LANES", lanes)
    monkeypatch.setattr(sharing, "A_POLL", poll)
    loss, inputs, rows = network(count)
    assert run(loss, inputs, rows, "llvmlite") == run(loss, inputs, rows, "python")


@pytest.mark.parametrize("size", [1, 7, 33, 64, 100])
def test_two_threads_share_each_batch(size, shared):
    found = []
    loss, inputs, rows = network(100)
    for backend in ("python", "llvmlite"):
        replay = Program(loss, inputs, backend=backend)
        for k, p in enumerate(replay.parameters):
            p.data = 0.1 * k - 1.0
        losses = replay.descend(0.1, 3, rows, batch_size=size)
        found.append((losses, [p.data for p in replay.parameters]))
    assert found[0] == found[1]


@pytest.mark.parametrize("poll", [sharing.A_POLL, 10**12])
@pytest.mark.parametrize("bad", [[0], [1024], [500], [255, 256], [0, 600, 1024], [700, 701]])
def test_two_threads_name_the_row_that_one_would(bad, poll, shared, monkeypatch):
    monkeypatch.setattr(sharing, "A_POLL", poll)
    x, w = Value(1.0, "x"), Value(2.0, "w")
    y = log(x * w) + sigmoid(x - w)
    rows = [[-1.0 - k if k in bad else 1.0 + k] for k in range(1025)]
    for method in ("outputs", "backward", "descend"):
        found = []
        for backend in ("python", "llvmlite"):
            arguments = (0.1, 2, rows) if method == "descend" else (rows,)
            with pytest.raises(DomainError) as caught:
                getattr(Program(y, [x], backend=backend), method)(*arguments)
            found.append(str(caught.value))
        assert found[0] == found[1]
        assert (w.data, w.grad) == (2.0, 0.0)


def test_two_threads_come_to_the_same_gradients_each_time(shared):
    loss, inputs, rows = network(5000)
    replay, found = Program(loss, inputs, backend="llvmlite"), set()
    for _ in range(100):
        for p in replay.parameters:
            p.grad = 0.0
        found.add((replay.backward(rows), *(p.grad for p in replay.parameters)))
    assert len(found) == 1


def test_an_interrupted_thread_leaves_none_behind(shared, monkeypatch):
    """Ctrl-C before thread 0 has begun: the other waits for it, and has to be told."""
    loss, inputs, rows = network(1000)
    replay = Program(loss, inputs, backend="llvmlite")
    expected = replay.backward(rows)
    with monkeypatch.context() as patch:
        patch.setattr(sharing.Thread, "start", interrupted(sharing.Thread.start))
        for method in ("backward", "outputs"):
            with pytest.raises(KeyboardInterrupt):
                getattr(replay, method)(rows)
    while threading.active_count() > 1:
        time.sleep(0.001)
    assert replay.backward(rows) == expected


def interrupted(function):
    def call(*args):
        function(*args)
        raise KeyboardInterrupt

    return call


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_forked_process_has_two_threads_of_its_own(shared):
    loss, inputs, rows = network(1000)
    replay = Program(loss, inputs, backend="llvmlite")
    expected = replay.backward(rows)
    child = os.fork()
    if child == 0:
        os._exit(replay.backward(rows) != expected)
    assert os.waitpid(child, 0)[1] == 0


def test_one_core_and_few_rows_need_no_thread(monkeypatch):
    loss, inputs, rows = network(40)
    asked = []
    monkeypatch.setattr(sharing, "Thread", asked.append)
    Program(loss, inputs, backend="llvmlite").backward(rows)
    monkeypatch.setattr(blocks, "SHARED", 0)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0}, raising=False)
    Program(loss, inputs, backend="llvmlite").backward(rows)
    assert asked == []


def test_losses_of_nn_are_machine_code():
    x, t = Value(0.3, "x"), Value(1.0, "t")
    loss = binary_cross_entropy(MLP(1, [2, 1], seed=0)([x]), t)
    rows = [[rng.uniform(-1, 1), rng.choice([0.0, 1.0])] for _ in range(20)]
    assert Program(loss, [x, t]).backend == "llvmlite"
    assert run(loss, [x, t], rows, "llvmlite") == run(loss, [x, t], rows, "python")


def test_of_a_small_program_what_runs_is_compiled_alone(monkeypatch):
    compiled = []
    engine = compiling._engine

    def noted(text, called, only):
        compiled.append(only)
        return engine(text, called, only)

    monkeypatch.setattr(compiling, "_engine", noted)
    compiling.compiled.cache_clear()
    x = Value(0.3)
    programs = [Program(exp(x) * x, backend="llvmlite") for _ in range(2)]
    assert [program.backward() for program in programs] == [math.exp(0.3) * 0.3] * 2
    assert compiled == ["run"]
    assert [program.outputs() for program in programs] == [[math.exp(0.3) * 0.3]] * 2
    assert compiled == ["run", "evaluate"]
