"""The tape under numba: any number of lanes, one kernel that is compiled once, and a GIL that is
free.
"""

import json
import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from expressions import blend

import autograd
from autograd import Program, Value, maximum, ops, sigmoid, sin
from autograd.record import topological_order
from autograd.replay import tape
from nn import MLP, hinge

pytestmark = pytest.mark.slow  # numba compiles the kernel anew where the code has changed

rng = random.Random(0)


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
# the tape does.


@pytest.mark.parametrize("lanes", [1, 2, 3, 32, tape.WIDE])
@pytest.mark.parametrize("count", [1, 2, 3, 5, 63, 64, 65])
def test_rows_fill_the_lanes_or_not(lanes, count, monkeypatch):
    monkeypatch.setattr(tape, "WIDE", lanes)
    loss, inputs, rows = network(count)
    assert run(loss, inputs, rows, "numba") == run(loss, inputs, rows, "python")


def test_slots_are_clean_for_the_next_call():
    loss, inputs, rows = network(40)
    replay = Program(loss, inputs, backend="numba")
    fresh = Program(loss, inputs, backend="numba")
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
    assert run(y, inputs, rows, "numba") == run(y, inputs, rows, "python")


def test_constants_that_are_equal_and_not_the_same():
    x = Value(2.0, "x")
    y = (x * 0.0) * (x * -0.0) + 1 / (1e300 * x) + x * 1 + x * 1.0
    assert run(y, [x], [[1.0], [-1.0]], "numba") == run(y, [x], [[1.0], [-1.0]], "python")


def interpreted(rows, alone):
    """The kernel without numba: what is written there, Python can run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tape, "_compiled", lambda function, **options: function)
        return kernel(rows, alone)


kernel = tape._kernel.__wrapped__


def test_a_row_of_three_arguments_widens_the_tape(monkeypatch):
    x, w = Value(0.5, "x"), Value(0.7, "w")
    y = blend(x * w, blend(w, 2.0, x), w) ** 2
    rows = [[rng.uniform(-1, 1)] for _ in range(40)]
    monkeypatch.setattr(tape, "compiles", lambda row: True)
    monkeypatch.setattr(tape, "_kernel", interpreted)
    assert run(y, [x], rows, "numba") == run(y, [x], rows, "python")


# the kernel


def kernels(tmp_path, code):
    """How often numba found each kernel on disk, and how often it compiled one, in a process of its
    own.
    """
    environment = os.environ | {
        "NUMBA_CACHE_DIR": str(tmp_path),
        "PYTHONPATH": str(Path(autograd.__file__).parents[1]),
    }
    code = f"""if 1:
        import json
        from autograd import Program, Value, ops
        from autograd.replay import tape
        x, w = Value(0.5, "x"), Value(0.7, "w")
        {code}
        done = [tape._kernel(ops.TABLE, True)[name].stats for name in ("evaluate", "run")]
        print(json.dumps([[sum(s.cache_hits.values()), sum(s.cache_misses.values())] for s in done]))
    """
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    return json.loads(done.stdout)


def test_the_kernel_is_compiled_once_for_all_graphs_and_processes(tmp_path):
    assert kernels(tmp_path, "Program(w * x, [x]).backward([1.0])") == [[0, 0], [0, 1]]
    again = "Program((w * x).sin() / 3, [x]).backward([1.0]); Program(w**2).backward(); Program(w.exp()).descend(0.1, 3)"
    assert kernels(tmp_path, again) == [[0, 0], [1, 0]]


def test_no_kind_of_rows_makes_numba_compile_anew(tmp_path):
    loss, inputs, rows = network(40)
    replay = Program(loss, inputs, backend="numba")
    array = np.array(rows)
    fixed = array.copy()
    fixed.flags.writeable = False
    np.save(tmp_path / "rows.npy", array)
    for p in replay.parameters:
        p.grad = 0  # as micrograd resets it
    for table in (
        rows,
        array,
        fixed,
        array.astype("f4"),
        array[::-1],
        np.asfortranarray(array),
        array.astype(int),
    ):
        replay.outputs(table)
        replay.outputs(table[:1])
        replay.backward(table)
        replay.descend(1, 2, table)
    mapped = np.load(tmp_path / "rows.npy", mmap_mode="r")
    assert replay.outputs(mapped) == replay.outputs(rows)
    Program(Value(1.0) * 2, backend="numba").backward()
    Program(loss, replay.parameters, backend="numba").backward([[0.0] * len(replay.parameters)] * 2)
    for alone in (True, False):
        compiled = tape._kernel(ops.TABLE, alone)
        assert [len(compiled[name].signatures) for name in ("evaluate", "run")] == [1, 1]


# threads


def test_other_threads_go_on_while_the_kernel_runs(monkeypatch):
    compiled, running, seen = tape._kernel(ops.TABLE, True), threading.Event(), False

    def observed(*args):
        running.set()
        try:
            return compiled["run"](*args)
        finally:
            running.clear()

    monkeypatch.setattr(tape, "PACE", 1e12)  # all in one call
    w = Value(1.0, "w")
    y = w
    for _ in range(100):
        y = y * 0.5 + w
    replay = Program(y, backend="numba")
    replay.descend(1e-9, 1)
    monkeypatch.setattr(tape, "_kernel", lambda *which: {"run": observed})
    thread = threading.Thread(target=replay.descend, args=(1e-9, 500_000))
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1000)  # no thread has to let go of the interpreter: only the kernel does
    try:
        thread.start()
        while thread.is_alive():
            seen |= running.is_set()
            time.sleep(0.001)
    finally:
        sys.setswitchinterval(interval)
    assert seen
