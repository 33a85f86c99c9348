"""handgrad beside other engines, in one run of about six minutes: `python -m tests.benchmarks`.

Names of races run only these: `python -m tests.benchmarks lecture demo`. What is not installed is
left out.
"""

import os
import platform
import sys
from collections.abc import Callable
from functools import partial

from . import cold, functions, nodes
from .contestants import OF_LARGE_GRAPHS, OF_MANY_ROWS, OF_NETWORKS, OF_THE_LECTURE
from .problems import Problem, attention, demo, digits, lecture, letters, many_rows, wide
from .racing import ENVIRONMENT, Contestants, LeftOut, Result, race, written

EXPLANATION = """\
Each contestant has a process of its own. They take turns, and the best time counts. Compile: what a first run needs and
later ones do not; of machine code nothing is kept on disk. Import:
of the modules it needs. Memory: the most that its process held. ≈: scaled from a part."""


def training(
    make: Callable[[], Problem], contestants: Contestants, *goals: tuple[str, float, str]
) -> None:
    """Trains, and prints a row for each contestant; then how the goals stand: who is how many times
    as fast as whom.
    """
    problem = make()
    print(f"\n{problem.title}", flush=True)
    results = race(contestants, problem)
    print(
        f"\n{'':24}{problem.unit:>14}{'× micrograd':>13}{'compile, s':>12}{'import, s':>11}{'memory, MB':>12}"
    )
    for name, result in results.items():
        scaled = "≈" if result.answers < problem.steps_per_unit else ""
        time = scaled + written(result.best[0] * problem.steps_per_unit * problem.second)
        compiling = result.preparing + result.compiling
        print(
            f"{name:24}{time:>14}{speed(results, name, 'micrograd'):>13}{compiling:12.2f}{result.importing:11.2f}"
            f"{result.memory / 1e6:12.0f}"
        )
    for name, times, other in goals:
        if {name, other} <= results.keys():
            print(
                f"{name}: {speed(results, name, other)} as fast as {other}; to reach: {written(times)}×"
            )


def speed(results: dict[str, Result], name: str, other: str) -> str:
    return (
        f"{written(results[other].best[0] / results[name].best[0])}×"
        if {name, other} <= results.keys()
        else "—"
    )


SCAN = "JAX, the loop in scan"
RACES: dict[str, Callable[[], None]] = {
    "lecture": partial(
        training,
        lecture,
        OF_THE_LECTURE,
        ("eager", 3.2, "micrograd"),
        ("generated Python", 50, "micrograd"),
        ("machine code", 1 / 1.1, "C, -O3"),
    ),
    "demo": partial(
        training,
        demo,
        OF_NETWORKS,
        ("eager", 9, "micrograd"),
        ("machine code", 20, "PyTorch, nn.Sequential"),
        ("machine code", 1 / 1.2, SCAN),
    ),
    "digits": partial(
        training,
        digits,
        OF_NETWORKS,
        ("machine code", 5, "PyTorch, nn.Sequential"),
        ("machine code", 1 / 1.2, SCAN),
    ),
    "wide": partial(
        training, wide, OF_LARGE_GRAPHS, ("machine code", 1 / 1.2, "PyTorch, matrices")
    ),
    "letters": partial(
        training, letters, OF_LARGE_GRAPHS, ("machine code", 1, "PyTorch, matrices")
    ),
    "attention": partial(
        training, attention, OF_LARGE_GRAPHS, ("machine code", 1, "PyTorch, matrices")
    ),
    "rows": partial(training, many_rows, OF_MANY_ROWS, ("two cores", 1.7, "one core")),
    "nodes": nodes.growing,
    "cold": cold.first,
    "functions": functions.check,  # last: it makes this process large, which its children would be charged for
}


def main() -> None:
    unknown = set(sys.argv[1:]) - set(RACES)
    if unknown:
        sys.exit(f"unknown race {', '.join(sorted(unknown))}: it must be one of {', '.join(RACES)}")
    print(
        f"Python {platform.python_version()}, {os.cpu_count()} cores; one thread but for `rows`, float64.\n{EXPLANATION}"
    )
    os.environ.update(ENVIRONMENT)
    for name in [name for name in RACES if not sys.argv[1:] or name in sys.argv[1:]]:
        try:
            RACES[name]()
        except LeftOut as reason:
            print(f"{name} is left out: {reason}")


if __name__ == "__main__":
    main()
