"""What is trained: the lecture's network, that of micrograd's demo, one that reads digits, one as
wide as MNIST's, a recurrent one, and attention.

A problem states its loss twice: of one row, on scalars of any kind, and of every row at once, on
matrices. Both ask a namespace `f` for the functions that have no operator.
"""

import csv
import gzip
import math
import operator
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

from .racing import LeftOut

Row = list[float]


@dataclass(frozen=True)
class Problem:
    """A network, its data, and how it is trained: each batch in turn, with `rounds` steps of
    gradient descent.
    """

    title: str
    unit: str
    steps_per_unit: int
    second: float  # in units of time
    parameters: list[
        Any
    ]  # nested lists: a matrix of weights, and after it, if there are any, its biases
    sizes: list[int]  # of an nn.MLP that does the same; empty if none does
    batches: list[list[Row]]
    rounds: int
    steps_of_scalars: int  # as many as an engine that builds a graph for each step has time for
    lr: float
    l2: float
    example: Callable[[Any, Row, Any], Any]  # parameters, row, f: the loss of the row
    losses: Callable[[Any, Any, Any], Any]  # parameters, rows, f: the vector of their losses


def mapped(function: Callable[[float], Any], nested: Any) -> Any:
    """Nested lists with `function` applied to each number."""
    return [mapped(function, x) for x in nested] if isinstance(nested, list) else function(nested)


def flat(nested: Any) -> Iterator[Any]:
    """The numbers in nested lists, in order."""
    if isinstance(nested, list):
        for x in nested:
            yield from flat(x)
    else:
        yield nested


def layers(parameters: Any) -> Iterator[tuple[Any, Any]]:
    return zip(parameters[::2], parameters[1::2], strict=True)


def mlp(parameters: Any, x: Any, f: Any) -> Any:
    """The outputs of a network, relu between its layers: an MLP, or its weights and biases."""
    if callable(parameters):
        return parameters(x)
    for W, b in layers(parameters):
        last = W is parameters[-2]
        nets = [sum(map(operator.mul, w, x)) + bias for w, bias in zip(W, b, strict=True)]
        x = nets if last else [f.relu(net) for net in nets]
    return x if len(x) > 1 else x[0]


def mlp_of_matrices(parameters: Any, X: Any, f: Any) -> Any:
    if callable(parameters):
        return parameters(X)
    for W, b in layers(parameters):
        X = f.linear(X if W is parameters[0] else f.relu(X), W, b)
    return X


# The lecture: i1, i2, the biases, which are not trained, and the targets; one row.
def lecture() -> Problem:
    return Problem(
        title="The lecture: a round of forward, backward and update of 8 weights; 10,000 of them",
        unit="µs a round",
        steps_per_unit=1,
        second=1e6,
        parameters=[[[0.15, 0.20], [0.25, 0.30]], [[0.40, 0.45], [0.50, 0.55]]],
        sizes=[],
        batches=[[[0.05, 0.10, 0.35, 0.60, 0.01, 0.99]]],
        rounds=10_000,
        steps_of_scalars=10_000,
        lr=0.5,
        l2=0.0,
        example=_lecture_example,
        losses=_lecture_losses,
    )


def _lecture_example(parameters: Any, row: Any, f: Any) -> Any:
    ((w1, w2), (w3, w4)), ((w5, w6), (w7, w8)) = parameters
    i1, i2, b1, b2, t1, t2 = row
    out_h1 = f.sigmoid(w1 * i1 + w2 * i2 + b1)
    out_h2 = f.sigmoid(w3 * i1 + w4 * i2 + b1)
    out_o1 = f.sigmoid(w5 * out_h1 + w6 * out_h2 + b2)
    out_o2 = f.sigmoid(w7 * out_h1 + w8 * out_h2 + b2)
    return (t1 - out_o1) ** 2 / 2 + (t2 - out_o2) ** 2 / 2


def _lecture_losses(parameters: Any, X: Any, f: Any) -> Any:
    W1, W2 = parameters
    hidden = f.sigmoid(X[:, :2] @ W1.T + X[:, 2:3])
    out = f.sigmoid(hidden @ W2.T + X[:, 3:4])
    return ((X[:, 4:] - out) ** 2).sum(1) / 2


# micrograd's demo: two moons, hinge loss, L2; a row is a point and its label, −1 or 1.
def demo() -> Problem:
    draw = random.Random(1337)
    rows = []
    for k in range(100):
        angle, y = math.pi * (k // 2) / 49, 1 - k % 2 * 2
        x = (
            (math.cos(angle), math.sin(angle))
            if y == 1
            else (1 - math.cos(angle), 0.5 - math.sin(angle))
        )
        rows.append([*(draw.gauss(mean, 0.1) for mean in x), float(y)])
    return Problem(
        title="micrograd's demo: a step of MLP(2, [16, 16, 1]) on 100 points, hinge loss, L2",
        unit="ms a step",
        steps_per_unit=1,
        second=1e3,
        parameters=_drawn([2, 16, 16, 1]),
        sizes=[2, 16, 16, 1],
        batches=[rows],
        rounds=100,
        steps_of_scalars=2,
        lr=0.1,
        l2=1e-4,
        example=_demo_example,
        losses=_demo_losses,
    )


def many_rows() -> Problem:
    problem = demo()
    [rows] = problem.batches
    return replace(
        problem,
        title="A hundred thousand rows: a step of the demo on each point a thousand times",
        batches=[rows * 1000],
        rounds=20,
    )


def _demo_example(parameters: Any, row: Any, f: Any) -> Any:
    return f.relu(1 + -row[2] * mlp(parameters, row[:2], f))


def _demo_losses(parameters: Any, X: Any, f: Any) -> Any:
    return f.relu(1 - X[:, 2] * mlp_of_matrices(parameters, X[:, :2], f)[:, 0])


# scikit-learn's 1,797 digits, of 8×8 pixels; a row is the pixels and, of the ten digits, 1 for the
# right one.
def digits() -> Problem:
    package = find_spec("sklearn")
    if not (package and package.origin):
        raise LeftOut("its data come with scikit-learn, which is not installed")
    with gzip.open(Path(package.origin).parent / "datasets/data/digits.csv.gz", "rt") as file:
        table = [[float(cell) for cell in line] for line in csv.reader(file)]
    rows = [
        [pixel / 16 for pixel in pixels] + [float(digit == k) for k in range(10)]
        for *pixels, digit in table
    ]
    return Problem(
        title="Digits: an epoch of MLP(64, [32, 10]), 56 batches of 32 rows, softmax cross-entropy",
        unit="ms an epoch",
        steps_per_unit=56,
        second=1e3,
        parameters=_drawn([64, 32, 10]),
        sizes=[64, 32, 10],
        batches=[rows[k : k + 32] for k in range(0, 56 * 32, 32)] * 3,
        rounds=1,
        steps_of_scalars=2,
        lr=0.1,
        l2=0.0,
        example=_digits_example,
        losses=_digits_losses,
    )


def _digits_example(parameters: Any, row: Any, f: Any) -> Any:
    return _cross_entropy(mlp(parameters, row[:64], f), row[64:], f)


def _digits_losses(parameters: Any, X: Any, f: Any) -> Any:
    return f.cross_entropy(mlp_of_matrices(parameters, X[:, :64], f), X[:, 64:])


# A hundred rows as wide as MNIST's, drawn; a row is the pixels and 1 for the right one of ten.
def wide() -> Problem:
    draw = random.Random(1337)
    rows = [[*(draw.random() for _ in range(784)), *_one_of(10, draw)] for _ in range(100)]
    return Problem(
        title="784-100-10: a step of MLP(784, [100, 10]) on 100 rows, softmax cross-entropy",
        unit="ms a step",
        steps_per_unit=1,
        second=1e3,
        parameters=_drawn([784, 100, 10]),
        sizes=[784, 100, 10],
        batches=[rows],
        rounds=20,
        steps_of_scalars=1,
        lr=0.1,
        l2=0.0,
        example=_wide_example,
        losses=_wide_losses,
    )


def _wide_example(parameters: Any, row: Any, f: Any) -> Any:
    return _cross_entropy(mlp(parameters, row[:784], f), row[784:], f)


def _wide_losses(parameters: Any, X: Any, f: Any) -> Any:
    return f.cross_entropy(mlp_of_matrices(parameters, X[:, :784], f), X[:, 784:])


# A recurrent network that is to say which letter comes next: a row is 16 letters and those after
# each, 1 for the right one of 12.
STEPS, LETTERS, HIDDEN = 16, 12, 24


def letters() -> Problem:
    draw = random.Random(1337)
    rows = []
    for _ in range(32):
        text = [_one_of(LETTERS, draw) for _ in range(STEPS + 1)]
        rows.append([x for letter in text[:-1] + text[1:] for x in letter])
    return Problem(
        title="A char-RNN: a step of 16 letters of 12, 24 hidden units, on 32 rows",
        unit="ms a step",
        steps_per_unit=1,
        second=1e3,
        parameters=[
            _matrix(HIDDEN, LETTERS, draw), _matrix(HIDDEN, HIDDEN, draw), [0.0] * HIDDEN,
            _matrix(LETTERS, HIDDEN, draw), [0.0] * LETTERS,
        ],
        sizes=[],
        batches=[rows],
        rounds=20,
        steps_of_scalars=1,
        lr=0.1,
        l2=0.0,
        example=_letters_example,
        losses=_letters_losses,
    )  # fmt: skip


def _letters_example(parameters: Any, row: Any, f: Any) -> Any:
    W, U, b, V, c = parameters
    h: list[Any] = []
    losses = []
    for start in range(0, STEPS * LETTERS, LETTERS):
        nets = _affine(W, row[start : start + LETTERS], b)
        if h:
            nets = [net + _dot(u, h) for net, u in zip(nets, U, strict=True)]
        h = list(map(f.tanh, nets))
        target = row[start + STEPS * LETTERS :][:LETTERS]
        losses.append(_cross_entropy(_affine(V, h, c), target, f))
    return sum(losses) * (1 / STEPS)


def _letters_losses(parameters: Any, X: Any, f: Any) -> Any:
    W, U, b, V, c = parameters
    h, losses = None, []
    for start in range(0, STEPS * LETTERS, LETTERS):
        net = f.linear(X[:, start : start + LETTERS], W, b)
        h = f.tanh(net if h is None else net + h @ U.T)
        target = X[:, start + STEPS * LETTERS :][:, :LETTERS]
        losses.append(f.cross_entropy(f.linear(h, V, c), target))
    return sum(losses) / STEPS


# Self-attention over 8 words of 16 numbers, and what is to come out: the mean squared error.
WORDS, WIDTH = 8, 16


def attention() -> Problem:
    draw = random.Random(1337)
    rows = [[draw.gauss(0, 1) for _ in range(2 * WORDS * WIDTH)] for _ in range(32)]
    return Problem(
        title="An attention block: a step over 8 words of 16 numbers, on 32 rows",
        unit="ms a step",
        steps_per_unit=1,
        second=1e3,
        parameters=[_matrix(WIDTH, WIDTH, draw) for _ in range(4)],
        sizes=[],
        batches=[rows],
        rounds=20,
        steps_of_scalars=1,
        lr=0.1,
        l2=0.0,
        example=_attention_example,
        losses=_attention_losses,
    )


def _attention_example(parameters: Any, row: Any, f: Any) -> Any:
    half = WORDS * WIDTH
    words = [row[k : k + WIDTH] for k in range(0, half, WIDTH)]
    queries, keys, values = ([_product(W, x) for x in words] for W in parameters[:3])
    total: Any = 0.0
    for k, (query, word) in enumerate(zip(queries, words, strict=True)):
        scores = [f.exp(_dot(query, key) * (1 / math.sqrt(WIDTH))) for key in keys]
        norm = sum(scores)
        weights = [score / norm for score in scores]
        mixed = [_dot(weights, column) for column in zip(*values, strict=True)]
        out = map(operator.add, _product(parameters[3], mixed), word)
        target = row[half + k * WIDTH :][:WIDTH]
        total = total + sum((y - t) * (y - t) for y, t in zip(out, target, strict=True))
    return total * (1 / half)


def _attention_losses(parameters: Any, X: Any, f: Any) -> Any:
    X, target = (X[:, k : k + WORDS * WIDTH].reshape(-1, WORDS, WIDTH) for k in (0, WORDS * WIDTH))
    Q, K, V = (X @ W.T for W in parameters[:3])
    scores = f.softmax(Q @ K.swapaxes(1, 2) / math.sqrt(WIDTH))
    out = scores @ V @ parameters[3].T + X
    return ((out - target) ** 2).mean((1, 2))


def _dot(a: Any, b: Any) -> Any:
    return sum(map(operator.mul, a, b))


def _product(W: Any, x: Any) -> list[Any]:
    return [_dot(w, x) for w in W]


def _affine(W: Any, x: Any, b: Any) -> list[Any]:
    return list(map(operator.add, _product(W, x), b))


def _cross_entropy(scores: Any, target: Any, f: Any) -> Any:
    return f.log(sum(map(f.exp, scores))) - _dot(target, scores)


def _one_of(count: int, draw: random.Random) -> list[float]:
    chosen = draw.randrange(count)
    return [float(k == chosen) for k in range(count)]


def _matrix(height: int, width: int, draw: random.Random) -> list[list[float]]:
    return [[draw.gauss(0, 1 / math.sqrt(width)) for _ in range(width)] for _ in range(height)]


def _drawn(sizes: list[int]) -> list[Any]:
    """For each layer its weights, drawn with the variance 2/inputs of He et al. 2015, and biases of
    0.
    """
    draw = random.Random(1337)
    parameters: list[Any] = []
    for nin, nout in pairwise(sizes):
        parameters.append(
            [[draw.gauss(0, math.sqrt(2 / nin)) for _ in range(nin)] for _ in range(nout)]
        )
        parameters.append([0.0] * nout)
    return parameters
