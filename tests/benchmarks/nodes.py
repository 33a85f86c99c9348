"""The cost of a node, from a thousand of them to a million: of a tree, for micrograd recurses as
deep as the graph.

While a graph grows, Python's garbage collector walks all of it again each time it has grown by a
quarter. What a node costs without that is told too.
"""

import gc
from collections.abc import Callable
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


def collector_off(size: int) -> Run:
    """Eager, in a process without the collector."""
    gc.disable()
    return eager(size)


def machine_code(size: int) -> Run:
    """Times forward and backward a node."""
    from autograd import Program, Value

    repetitions = 10**6 // size
    a, b = Value(0.5), Value(1.5)
    program = Program(tree(a, b, size), backend="llvmlite")
    program.backward()

    def forward_and_backward() -> float:
        a.grad = b.grad = 0.0
        for _ in range(repetitions):
            loss = program.backward()
        return loss

    def run() -> tuple[list[float], list[float]]:
        seconds, loss = timed(forward_and_backward)
        return [seconds / repetitions / size], [loss, a.grad / repetitions, b.grad / repetitions]

    return run


CONTESTANTS: Contestants = {
    "micrograd": ("micrograd.engine", micrograd),
    "eager": ("autograd", eager),
    "collector off": ("autograd", collector_off),
    "machine code": ("autograd llvmlite.binding", machine_code),
}

ROWS: list[tuple[str, str, Callable[[Result, int], float]]] = [
    ("micrograd", "building, ns a node",             lambda result, size: result.best[0] * 1e9),
    ("eager",     "building, ns a node",             lambda result, size: result.best[0] * 1e9),
    ("collector off", "building, ns a node",         lambda result, size: result.best[0] * 1e9),
    ("micrograd", "backward, ns a node",             lambda result, size: result.best[1] * 1e9),
    ("eager",     "backward, ns a node",             lambda result, size: result.best[1] * 1e9),
    ("collector off", "backward, ns a node",         lambda result, size: result.best[1] * 1e9),
    ("machine code",    "forward and backward, ns a node", lambda result, size: result.best[0] * 1e9),
    ("machine code", "recording and planning, ns a node", lambda result, size: result.preparing / size * 1e9),
    ("micrograd", "memory, MB",                      lambda result, size: result.memory / 1e6),
    ("eager",     "memory, MB",                      lambda result, size: result.memory / 1e6),
    ("machine code",    "memory, MB",                      lambda result, size: result.memory / 1e6),
]  # fmt: skip


def growing() -> None:
    """Print what a node costs in graphs of growing size."""
    print(
        "\nThe cost of a node, by the number of nodes",
        flush=True,
    )
    results = [(race(CONTESTANTS, size), size) for size in SIZES]
    print(f"\n{'':50}" + "".join(f"{size:>11,}" for size in SIZES) + f"{'10⁶ ÷ 10⁴':>12}")
    for name, what, measure in ROWS:
        if name in results[0][0]:
            numbers = [measure(result[name], size) for result, size in results]
            print(
                f"{name:14}{what:36}"
                + "".join(f"{written(x):>11}" for x in numbers)
                + f"{numbers[3] / numbers[1]:11.2f}×"
            )
