"""The speed of handgrad beside micrograd's, measured in one run of about a minute: `python -m tests.benchmarks`.

A race is a dict from a contestant's name to a function that runs once, and returns the seconds of each thing it times
and the answer it came to. A new contestant is one more entry in each race that it can run.
"""

import gc
import math
import os
import platform
import random
import subprocess
import sys
from collections.abc import Callable
from time import perf_counter
from typing import Any

import autograd
import nn

try:
    import micrograd.engine
    import micrograd.nn
except ImportError:
    sys.exit("micrograd is missing: pip install 'handgrad[bench]'")

Run = Callable[[], tuple[list[float], float]]
Times = dict[str, float]  # by contestant

ROUNDS = 10_000  # of the lecture
STEPS = 3  # of the demo
SIZES = [10**3, 10**4, 10**5, 10**6]  # nodes in a graph


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """The seconds that `work()` takes, beginning with no garbage left by others, and what it returns."""
    gc.collect()
    start = perf_counter()
    result = work()
    return perf_counter() - start, result


def best(race: dict[str, Run], repetitions: int = 5) -> list[Times]:
    """Each contestant's best time for each thing timed. They take turns, so a slow minute is slow for all of them."""
    seconds: dict[str, list[list[float]]] = {name: [] for name in race}
    for _ in range(repetitions):
        answers = {}
        for name, run in race.items():
            times, answers[name] = run()
            seconds[name].append(times)
        first = next(iter(answers.values()))
        if not all(math.isclose(answer, first, rel_tol=1e-9) for answer in answers.values()):
            sys.exit(f"The contestants do not compute the same: {answers}")
    columns = {name: [min(times) for times in zip(*rows, strict=True)] for name, rows in seconds.items()}
    return [dict(zip(columns, times, strict=True)) for times in zip(*columns.values(), strict=True)]


def show(title: str, *columns: tuple[str, float, Times]) -> None:
    """Prints a row for each contestant: its time in each column's unit of seconds, and micrograd's time over it."""
    print(f"\n{title}\n{'':12}" + "".join(f"{heading:>17}" for heading, _, _ in columns))
    for name in dict.fromkeys(name for _, _, times in columns for name in times):
        cells = (
            f"{times[name] / unit:10.2f}{times['micrograd'] / times[name]:6.1f}×" if name in times else f"{'—':>17}"
            for _, unit, times in columns
        )
        print(f"{name:12}" + "".join(cells), flush=True)


# The lecture: its 2-2-2 network, its numbers, its update of eight weights.
def lecture(Value: Any, sigmoid: Callable[[Any], Any]) -> Run:
    def run() -> tuple[list[float], float]:
        i1, i2, b1, b2 = map(Value, (0.05, 0.10, 0.35, 0.60))
        weights = w1, w2, w3, w4, w5, w6, w7, w8 = [Value(w / 100) for w in (15, 20, 25, 30, 40, 45, 50, 55)]

        def train() -> Any:
            for _ in range(ROUNDS):
                out_h1 = sigmoid(w1 * i1 + w2 * i2 + b1)
                out_h2 = sigmoid(w3 * i1 + w4 * i2 + b1)
                out_o1 = sigmoid(w5 * out_h1 + w6 * out_h2 + b2)
                out_o2 = sigmoid(w7 * out_h1 + w8 * out_h2 + b2)
                E = (0.01 - out_o1) ** 2 / 2 + (0.99 - out_o2) ** 2 / 2
                for w in weights:
                    w.grad = 0.0
                E.backward()
                for w in weights:
                    w.data -= 0.5 * w.grad
            return E

        seconds, E = timed(train)
        return [seconds / ROUNDS], E.data

    return run


def composed_sigmoid(x: Any) -> Any:
    return 1 / (1 + (-x).exp())


# micrograd has neither exp nor sigmoid. Its author adds exp in his lecture, in this form; a user adds sigmoid likewise.
def micrograd_exp(self: Any) -> Any:
    out = micrograd.engine.Value(math.exp(self.data), (self,), "exp")

    def _backward() -> None:
        self.grad += out.data * out.grad

    out._backward = _backward
    return out


def micrograd_sigmoid(self: Any) -> Any:
    out = micrograd.engine.Value(1 / (1 + math.exp(-self.data)), (self,), "sigmoid")

    def _backward() -> None:
        self.grad += out.data * (1 - out.data) * out.grad

    out._backward = _backward
    return out


micrograd.engine.Value.exp = micrograd_exp


# micrograd's demo: two moons of 100 points, hinge loss, L2, every parameter updated.
def demo(Value: Any, MLP: Any) -> Run:
    draw = random.Random(1337)
    points, labels = [], []
    for k in range(100):
        angle, y = math.pi * (k // 2) / 49, 1 - k % 2 * 2
        x = (math.cos(angle), math.sin(angle)) if y == 1 else (1 - math.cos(angle), 0.5 - math.sin(angle))
        points.append([draw.gauss(mean, 0.1) for mean in x])
        labels.append(y)

    def run() -> tuple[list[float], float]:
        random.seed(1337)
        model = MLP(2, [16, 16, 1])

        def train() -> Any:
            for _ in range(STEPS):
                inputs = [list(map(Value, point)) for point in points]
                scores = list(map(model, inputs))
                losses = [(1 + -y * score).relu() for y, score in zip(labels, scores, strict=True)]
                data_loss = sum(losses) * (1.0 / len(losses))
                reg_loss = 1e-4 * sum(p * p for p in model.parameters())
                total_loss = data_loss + reg_loss
                model.zero_grad()
                total_loss.backward()
                for p in model.parameters():
                    p.data -= 0.5 * p.grad
            return total_loss

        seconds, loss = timed(train)
        return [seconds / STEPS], loss.data

    return run


# A tree, for micrograd recurses as deep as the graph: products, summed two by two.
def nodes(Value: Any, size: int) -> Run:
    def build() -> Any:
        a, b = Value(0.5), Value(1.5)
        level = [a * b for _ in range(size // 2)]
        while len(level) > 1:
            odd = level[len(level) & ~1 :]
            level = [x + y for x, y in zip(level[::2], level[1::2], strict=False)] + odd
        return level[0]

    def run() -> tuple[list[float], float]:
        building, root = timed(build)
        sweeping, _ = timed(root.backward)
        return [building / size, sweeping / size], root.data

    return run


def importing(*modules: str) -> Run:
    program = "from time import perf_counter as now; start = now(); import {}; print(now() - start)"

    def run() -> tuple[list[float], float]:
        outputs = [subprocess.check_output([sys.executable, "-c", program.format(module)]) for module in modules]
        return list(map(float, outputs)), 0.0

    return run


def main() -> None:
    m, h = micrograd.engine.Value, autograd.Value
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, best times; × is micrograd's time over it.")

    [row] = best({"micrograd": lecture(m, micrograd_sigmoid), "handgrad": lecture(h, autograd.sigmoid)})
    [composed] = best({"micrograd": lecture(m, composed_sigmoid), "handgrad": lecture(h, composed_sigmoid)})
    [step] = best({"micrograd": demo(m, micrograd.nn.MLP), "handgrad": demo(h, nn.MLP)})
    show(
        """\
Training: a round of the lecture (forward, backward, update of 8 weights),
a step of micrograd's demo (MLP(2, [16, 16, 1]), 100 points, hinge loss, L2)
  σ         one operation: a closure that micrograd's user adds; handgrad's row
  σ by exp  1/(1+exp(−x)): exp is the closure that micrograd's author adds in
            his lecture; handgrad's row""",
        ("σ, µs", 1e-6, row),
        ("σ by exp, µs", 1e-6, composed),
        ("demo, ms", 1e-3, step),
    )

    runs = {n: best({"micrograd": nodes(m, n), "handgrad": nodes(h, n)}, 5 if n < 10**6 else 1) for n in SIZES}
    show("Building a graph: µs a node, by nodes", *((f"{n:,}", 1e-6, times) for n, (times, _) in runs.items()))
    show("Backward: µs a node, by nodes", *((f"{n:,}", 1e-6, times) for n, (_, times) in runs.items()))

    values, networks = best(
        {"micrograd": importing("micrograd.engine", "micrograd.nn"), "handgrad": importing("autograd", "nn")}
    )
    show("Import: ms, in a new process", ("Value", 1e-3, values), ("MLP", 1e-3, networks))


if __name__ == "__main__":
    main()
