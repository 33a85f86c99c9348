"""A race: contestants with the same problem, each in a process of its own, who take turns on one
thread.
"""

import gc
import math
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from importlib import import_module
from multiprocessing import get_context
from multiprocessing.connection import Connection
from time import perf_counter
from typing import Any

try:
    import resource
except ImportError:  # Windows
    resource = None

Run = Callable[
    [], tuple[list[float], list[float]]
]  # the seconds of each thing it times, and what it computed
Contestants = dict[
    str, tuple[str, Callable[[Any], Run]]
]  # by name: the modules it needs, and what prepares it

TURNS = 3
ENVIRONMENT = {
    **dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"),
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "JAX_PLATFORMS": "cpu",
    "JAX_ENABLE_X64": "1",
}


class LeftOut(Exception):
    """Why a contestant cannot run here."""


@dataclass
class Result:
    """What was measured of a contestant, in seconds and bytes."""

    importing: float  # the modules it needs
    preparing: float  # before the first run
    compiling: float  # what the first run takes longer than the best one
    best: list[float]  # its best time for each thing it times
    memory: float  # the most that its process held, Python and modules included
    answers: int  # how many numbers it computed


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """The seconds that `work()` takes, beginning with no garbage left by others, and what it
    returns.
    """
    gc.collect()
    start = perf_counter()
    result = work()
    return perf_counter() - start, result


def peak_memory() -> float:
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit if resource else math.nan


def process(modules: str, contestant: Callable[[Any], Run], problem: Any, pipe: Connection) -> None:
    """What runs in the process of a contestant: it prepares, then has a turn for each message,
    until it is ended.
    """
    try:
        importing, _ = timed(lambda: [import_module(module) for module in modules.split()])
        preparing, run = timed(lambda: contestant(problem))
    except (ModuleNotFoundError, LeftOut) as reason:
        pipe.send(str(reason))
        return
    pipe.send((importing, preparing))
    while True:
        pipe.recv()
        pipe.send((*timed(run), peak_memory()))


def race(contestants: Contestants, problem: Any) -> dict[str, Result]:
    """The results, by name. Who cannot run is left out, with a line that says so.

    Ends the program where a contestant fails, or computes other numbers than who computed most of
    them; a shorter list is compared as far as it goes.
    """
    context = get_context("spawn")
    pipes: dict[str, Connection] = {}
    prepared: dict[str, tuple[float, float]] = {}
    runs: dict[str, list[tuple[float, list[float], float]]] = {}
    answers: dict[str, list[float]] = {}

    def answer(name: str) -> Any:
        try:
            return pipes[name].recv()
        except EOFError:
            sys.exit(f"{name} failed.")

    with ExitStack() as ending:
        for name, (modules, contestant) in contestants.items():
            pipes[name], theirs = context.Pipe()
            child = context.Process(
                target=process, args=(modules, contestant, problem, theirs), daemon=True
            )
            child.start()
            ending.callback(child.join)
            ending.callback(child.terminate)
            theirs.close()
            reply = answer(name)
            if isinstance(reply, str):
                print(f"{name} is left out: {reply}", flush=True)
            else:
                prepared[name] = reply
        for name in list(prepared) * TURNS:
            pipes[name].send(None)
            whole, (seconds, numbers), memory = answer(name)
            runs.setdefault(name, []).append((whole, seconds, memory))
            answers[name] = numbers
            most = max(answers, key=lambda name: len(answers[name]))
            for k, (number, other) in enumerate(zip(numbers, answers[most], strict=False), 1):
                if not close(number, other):
                    sys.exit(
                        f"{name} and {most} do not compute the same: number {k} is {number}, and {other}"
                    )
    return {
        name: Result(
            importing,
            preparing,
            compiling=runs[name][0][0] - min(whole for whole, _, _ in runs[name]),
            best=[
                min(times) for times in zip(*(seconds for _, seconds, _ in runs[name]), strict=True)
            ],
            memory=runs[name][-1][2],
            answers=len(answers[name]),
        )
        for name, (importing, preparing) in prepared.items()
    }


def written(x: float) -> str:
    """Three digits, or all before the point."""
    return f"{x:,.0f}" if x >= 1000 else f"{x:.3g}"


def close(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-15)
