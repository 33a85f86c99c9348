"""The rules of truth, on random records: what is printed is right, and what is falsified is not."""

import math
import random
import re

import pytest

from autograd import (
    DomainError,
    Value,
    chain_rule,
    check_derivation,
    cos,
    erf,
    exp,
    log,
    relu,
    sigmoid,
    sin,
    softplus,
    sqrt,
    tanh,
)
from autograd.marking.board import Board

ONE = (
    sigmoid,
    tanh,
    sin,
    cos,
    exp,
    softplus,
    relu,
    erf,
    lambda x: log(x * x + 1),
    lambda x: sqrt(x * x + 0.5),
)
TWO = (
    lambda x, y: x + y,
    lambda x, y: x - y,
    lambda x, y: x * y,
    lambda x, y: x * y,
    lambda x, y: x / (y * y + 1),
    lambda x, y: (x - y) ** 2 / 2,
)


def record(rng):
    """A random record: two to four leaves, two to six named nodes, some of them with an unnamed one
    below.
    """
    values = [
        Value(round(rng.uniform(-2, 2), 2) or 0.5, label=name)
        for name in "abcd"[: rng.randint(2, 4)]
    ]
    for k in range(rng.randint(2, 6)):
        v = (
            rng.choice(TWO)(*rng.choices(values, k=2))
            if rng.random() < 0.6
            else rng.choice(ONE)(rng.choice(values))
        )
        if rng.random() < 0.3:
            v = rng.choice(ONE)(v) if rng.random() < 0.5 else rng.choice(TWO)(v, rng.choice(values))
        if isinstance(v, Value) and not v.label and abs(v.data) < 50:
            v.label = f"u{k + 1}"
            values.append(v)
    root = values[-1]
    return root if root.op is not None else record(rng)


def derivations(rng, count):
    """Random records, each with a leaf that its root depends on."""
    while count:
        try:
            root = record(rng)
        except DomainError:
            continue
        leaves = [v for v in Board(root).leaves if v.label]
        if leaves:
            count -= 1
            yield root, rng.choice(leaves)


def equations(text):
    """The lines of a derivation that make a claim, without those that say that something is held."""
    return [line.strip() for line in text.splitlines() if "=" in line]


@pytest.mark.slow
def test_what_is_printed_is_right(campaign):
    rng = random.Random(1)
    for root, leaf in derivations(rng, campaign(40)):
        digits, rounding = rng.randint(2, 9), rng.choice(["round", "cut"])
        derivation = chain_rule(
            root, leaf, digits=digits, rounding=rounding, detail=rng.choice(["names", "operations"])
        )
        for text in (str(derivation), derivation.latex()):
            wrong = [line for line in check_derivation(root, text).lines if not line.right]
            assert not wrong, (text, [f"{line.claim}: {line.because}" for line in wrong])


def mean(values):
    return sum(values[1:], values[0]) / len(values)


def normalized(rng):
    """A loss of a variance, or of a number made so small and so near 0 as its neighbours are."""
    offset, digits = rng.choice((0, 0, 1, 10)), rng.choice((1, 2, 16))
    xs = [
        Value(round(offset + rng.uniform(-2, 2), digits), label=f"x{k}")
        for k in range(rng.randint(2, 5))
    ]
    m = mean(xs)
    m.label = "m"
    variance = mean([(x - m) ** 2 for x in xs])
    variance.label = "v"
    y = (xs[0] - m) / sqrt(variance + 1e-5) if rng.random() < 0.5 else variance
    y.label = "y"
    root = (y - 0.3) ** 2 / 2
    root.label = "E"
    return root, (xs[0], m)


@pytest.mark.slow
def test_what_is_printed_of_sums_that_cancel_is_right(campaign):
    """The derivative of a variance by its mean is 0: the deviations add up to 0."""
    rng = random.Random(5)
    for _ in range(campaign(20)):
        root, leaves = normalized(rng)
        for leaf in leaves:
            digits, detail = rng.randint(2, 9), rng.choice(["names", "operations"])
            text = str(chain_rule(root, leaf, digits=digits, detail=detail))
            wrong = [line for line in check_derivation(root, text).lines if not line.right]
            assert not wrong, (text, [f"{line.claim}: {line.because}" for line in wrong])


NUMBER = re.compile(r"(?<![\w.⁻])\d+\.\d+|(?<![\w.⁻])\d{2,}(?![\w.])")


def falsified(rng, line):
    """The line with one of its decimals changed by 2 to 12 units in its last place; "" if it has
    none.
    """
    numbers = list(NUMBER.finditer(line.partition("=")[2]))
    if not numbers:
        return ""
    place = rng.choice(numbers)
    unit = 10.0 ** -len(place[0].partition(".")[2])
    changed = float(place[0]) + rng.choice((-1, 1)) * rng.randint(2, 12) * unit
    if changed <= 0:
        return ""
    head = line.partition("=")[0] + "="
    claim = line.partition("=")[2]
    written = f"{changed:.{len(place[0].partition('.')[2])}f}"
    return head + claim[: place.start()] + written + claim[place.end() :]


def follows(line):
    """Whether the result is what the rounded numbers before it give, to the digits that it has."""
    *_, numbers, result = line.replace("−", "-").replace("·", "*").split("=")
    if not re.fullmatch(r"[-+*/(). 0-9]+", numbers) or not re.fullmatch(r"[-(). 0-9]+", result):
        return False
    places = len(result.strip(" ()").partition(".")[2])
    return abs(eval(numbers) - float(result.strip(" ()"))) < 10.0**-places


@pytest.mark.slow
def test_a_falsified_number_is_never_right(campaign):
    rng = random.Random(2)
    for root, leaf in derivations(rng, campaign(40)):
        text = str(chain_rule(root, leaf, digits=rng.randint(2, 9)))
        if "|" in text:
            continue
        lines = equations(text)
        for k, line in enumerate(lines):
            other = falsified(rng, line)
            if other:
                marks = check_derivation(root, [*lines[:k], other, *lines[k + 1 :]])
                assert not marks or follows(other), (line, other, str(marks))


@pytest.mark.slow
def test_a_name_swapped_for_another_is_never_right(campaign):
    rng = random.Random(3)
    for root, leaf in derivations(rng, campaign(40)):
        text = str(chain_rule(root, leaf))
        labels = [v.label for v in Board(root).names]
        for line in equations(text):
            left, _, claim = line.partition("=")
            names = list(re.finditer(r"(?<![\w∂])[abcdu]\d?(?![\w(])", claim))
            if "|" in line or not names:
                continue
            place = rng.choice(names)
            for other in labels:
                if other != place[0]:
                    changed = f"{left}={claim[: place.start()]}{other}{claim[place.end() :]}"
                    first = check_derivation(root, changed).lines[0]
                    if first.right:
                        assert same(root, line, changed), (line, changed, first.because)


def same(root, line, changed):
    """Whether the two formulas agree near by; wherever the leaves are, where one of them has a
    kink.
    """
    from autograd.marking.points import Point
    from autograd.marking.reader import Reader
    from autograd.marking.terms import Evaluator

    board = Board(root)
    reader, rng = Reader(board.names.values()), random.Random(4)
    kinked = re.search("step|sign|max|min|relu", line + changed)
    moved = (lambda x: rng.uniform(-2, 2)) if kinked else (lambda x: x * rng.uniform(0.97, 1.03))
    sides = [reader.equations([text])[0][1].term for text in (line, changed)]
    for _ in range(5):
        try:
            point = Point(board, {v: moved(v.data) for v in board.leaves if v.label})
            x, y = (Evaluator(None, ()).value(side, point) for side in sides)
        except (DomainError, OverflowError):
            continue
        if not math.isclose(x, y, rel_tol=1e-7, abs_tol=1e-12):
            return False
    return True
