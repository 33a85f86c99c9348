"""The cost of a node, from a thousand of them to a million: of a tree, for micrograd recurses as
deep as the graph.
"""

from collections.abc import Callable
from tempfile import TemporaryDirectory
from typing import Any

from .racing import Contestants, Result, Run, race, timed, written

SIZES = [10**3, 10**4, 10**5, 10**6]


def tree(a: Any, b: Any, size: int) -> Any:
    """Products, summed two by two."""
    level = [a * b for _ in range(size // 2)]
    while len(level) > 1:
        odd = level[len(level) & ~1 :]
        level = [x + y for x, y in zip(level[::2], level[1::2], strict=False)] + odd
    return level[0]


def anew(Value: Any, size: int) -> Run:
    """Builds the tree in every run."""

    def run() -> tuple[list[float], list[float]]:
        a, b = Value(0.5), Value(1.5)
        building, root = timed(lambda: tree(a, b, size))
        sweeping, _ = timed(root.backward)
        return [building / size, sweeping / size], [root.data, a.grad, b.grad]

    return run


def micrograd(size: int) -> Run:
    from micrograd.engine import Value

    return anew(Value, size)


def eager(size: int) -> Run:
    from autograd import Value

    return anew(Value, size)


def tape(size: int) -> Run:
    """Times forward and backward a node, and what numba took to compile, with nothing kept from
    another run.
    """
    import numba
    from numba.core import event

    from autograd import Program, Value

    compiling = event.TimingListener()
    event.register("numba:compile", compiling)
    repetitions = 10**6 // size
    a, b = Value(0.5), Value(1.5)
    program = Program(tree(a, b, size), backend="numba")
    with TemporaryDirectory() as empty:
        numba.config.CACHE_DIR = empty
        program.backward()

    def forward_and_backward() -> float:
        a.grad = b.grad = 0.0
        for _ in range(repetitions):
            loss = program.backward()
        return loss

    def run() -> tuple[list[float], list[float]]:
        seconds, loss = timed(forward_and_backward)
        return [seconds / repetitions / size, compiling.duration], [
            loss,
            a.grad / repetitions,
            b.grad / repetitions,
        ]

    return run


CONTESTANTS: Contestants = {
    "micrograd": ("micrograd.engine", micrograd),
    "eager": ("autograd", eager),
    "tape": ("autograd numba", tape),
}

ROWS: list[tuple[str, str, Callable[[Result, int], float]]] = [
    ("micrograd", "building, ns a node",             lambda result, size: result.best[0] * 1e9),
    ("eager",     "building, ns a node",             lambda result, size: result.best[0] * 1e9),
    ("micrograd", "backward, ns a node",             lambda result, size: result.best[1] * 1e9),
    ("eager",     "backward, ns a node",             lambda result, size: result.best[1] * 1e9),
    ("tape",      "forward and backward, ns a node", lambda result, size: result.best[0] * 1e9),
    ("tape",      "recording and taping, ns a node", lambda result, size: taping(result) / size * 1e9),
    ("tape",      "compiling, s",                    lambda result, size: result.best[1]),
    ("micrograd", "memory, MB",                      lambda result, size: result.memory / 1e6),
    ("eager",     "memory, MB",                      lambda result, size: result.memory / 1e6),
    ("tape",      "memory, MB",                      lambda result, size: result.memory / 1e6),
]  # fmt: skip


def taping(result: Result) -> float:
    """The seconds of all that comes before the first run, but for the compiler's."""
    return result.preparing - result.best[1]


def growing() -> None:
    """Print what a node costs in graphs of growing size."""
    print(
        "\nThe cost of a node, by the number of nodes; the tape's machine code is compiled anew for each",
        flush=True,
    )
    results = [(race(CONTESTANTS, size), size) for size in SIZES]
    print(f"\n{'':43}" + "".join(f"{size:>11,}" for size in SIZES) + f"{'10⁶ ÷ 10⁴':>12}")
    for name, what, measure in ROWS:
        if name in results[0][0]:
            numbers = [measure(result[name], size) for result, size in results]
            print(
                f"{name:11}{what:32}"
                + "".join(f"{written(x):>11}" for x in numbers)
                + f"{numbers[3] / numbers[1]:11.2f}×"
            )
