"""Formulas where units are off: held to plain Python on both sides of each kink."""

import random

import pytest
from boards import named

from autograd import (
    Value,
    chain_rule,
    check_derivation,
    log,
    maximum,
    minimum,
    relu,
    sigmoid,
)
from autograd.marking.board import Board


def dead():
    """y = v·relu(z), where z < 0."""
    h = named(relu(Value(-1.0, label="z")), "h")
    return named(Value(3.0, label="v") * h, "y")


def relu_of(z):
    return max(z, 0.0)


@pytest.mark.parametrize(
    "claim", ["7*h", "-h", "h*z*v", "h", "relu(z)", "0*z", "y/v", "2*y/v", "h*v"]
)
def test_a_formula_of_a_unit_that_is_off_is_decided_where_it_is_on(claim):
    rng = random.Random(1)
    numbers = [(rng.uniform(-2, 2), rng.uniform(0.5, 2)) for _ in range(50)]

    def gives(z, v):
        return eval(claim, {"z": z, "v": v, "h": relu_of(z), "y": v * relu_of(z), "relu": relu_of})

    is_plain_0 = all(gives(z, v) == 0 for z, v in numbers)
    right = is_plain_0 or all(abs(gives(z, v) - relu_of(z)) < 1e-12 for z, v in numbers)
    [line] = check_derivation(dead(), f"dy/dv = {claim}").lines
    assert line.right == right, line.because
    assert not line.open


@pytest.mark.parametrize(
    ("claim", "right", "told"),
    [
        ("dy/dz = v*0", True, "while z < 0"),
        ("dy/dz = v*dh/dz", True, ""),
        ("dy/dz = 7*v*dh/dz", False, ""),
        ("dy/dz = h*z", False, "while z < 0"),
        ("dh/dz = 0", True, "while z < 0"),
        ("dh/dz = 1", False, ""),
    ],
)
def test_what_holds_on_this_side_alone_is_told_so(claim, right, told):
    [line] = check_derivation(dead(), claim).lines
    assert line.right is right
    assert told in line.because
    assert told or not right or "while" not in line.because


def test_a_dead_term_beside_a_live_one():
    z1, z2, v1, v2 = (
        Value(x, label=n) for n, x in zip(("z1", "z2", "v1", "v2"), (-1, 2, 3, 0.5), strict=True)
    )
    h1, h2 = named(relu(z1), "h1"), named(relu(z2), "h2")
    out = named(relu(v1 * h1 + v2 * h2), "O")
    root = named((out - 7) ** 2 / 2, "E")
    claims = {
        "O = v1*h1 + v2*h2": True,
        "O = 7*h1 + v2*h2": False,
        "O = v2*h2": True,
        "dE/dO = O - 7": True,
        "dE/dv1 = (O - 7)*1*h1": True,
        "dE/dv1 = (O - 7)*7*h1": False,
        "dE/dv2 = (O - 7)*h2": True,
        "dE/dz2 = (O - 7)*1*v2*1": True,
        "dE/dz1 = (O - 7)*1*v1*0": True,
        "dE/dz1 = h1*v2": False,
    }
    lines = check_derivation(root, list(claims)).lines
    assert {line.claim: line.right for line in lines} == claims


def test_the_winner_of_a_maximum():
    a, b = Value(3.0, label="a"), Value(1.0, label="b")
    root = named((named(maximum(a, b), "O") - 7) ** 2 / 2, "E")
    right, wrong = check_derivation(root, "dE/da = (O - 7)*1\ndE/db = 7*dO/db").lines
    assert right.right
    assert "while a > b" in right.because
    assert wrong.wrong


@pytest.mark.parametrize(
    ("slope", "mark"), [("1/2", "open"), ("1", "open"), ("0", "right"), ("2", "WRONG")]
)
def test_at_a_kink_the_derivative_is_a_choice(slope, mark):
    root = named(relu(Value(0.0, label="z")), "r")
    [line] = check_derivation(root, f"dr/dz = {slope}").lines
    assert line.mark == mark
    assert (
        mark == "right"
        or "at the kink z = 0 the derivative is a choice: here it is 0" in line.because
    )


@pytest.mark.parametrize("seed", range(10))
def test_correct_numbers_of_two_examples_are_never_wrong(seed):
    """The terms that chain_rule prints, put into one line."""
    rng = random.Random(seed)
    w1, w2, b = (Value(rng.uniform(-0.5, 0.8), label=n) for n in ("w1", "w2", "b"))
    losses, terms, exact = [], [], 0.0
    for k in (1, 2):
        x1, x2 = rng.randint(1, 3), round(rng.uniform(-2, 2), 1)
        z = named(
            w1 * Value(float(x1), label=f"x{k}1") + w2 * Value(x2, label=f"x{k}2") + b, f"z{k}"
        )
        p = named(sigmoid(z), f"p{k}")
        losses.append(named(-log(p) if k == 1 else -log(1 - p), f"L{k}"))
        local = -1 / p.data if k == 1 else 1 / (1 - p.data)
        slope = p.data * (1 - p.data)
        exact += 0.5 * local * slope * x1
        terms.append(f"0.5*({local:.4g})*{slope:.4g}*{x1}")
    root = named((losses[0] + losses[1]) / 2, "L")
    [line] = check_derivation(root, f"dL/dw1 = {' + '.join(terms)}").lines
    assert abs(eval(line.side) - exact) < 0.002
    assert line.mark in ("right", "open"), line.because
    assert check_derivation(root, str(chain_rule(root, w1, digits=4)))


def beside_a_unit():
    """E = ½(O − 7)², O = v·relu(z) + w·b, where z < 0."""
    z, v, w, b = (Value(x, label=n) for n, x in zip("zvwb", (-1.0, 3.0, 2.0, 4.0), strict=True))
    out = named(v * named(relu(z), "h") + w * b, "O")
    return named((out - 7) ** 2 / 2, "E")


@pytest.mark.parametrize(
    ("claim", "right"),
    [
        ("(O - 7)*v*0", True),
        ("0*(O - 7)*v", True),
        ("dE/dO*dO/dh*0", True),
        ("0", True),
        ("(O - 7)*v*dh/dz = (8 - 7)*3*0", True),
        ("(O - 7)*w*0", False),
        ("(O - 7)*5*0", False),
        ("w*0", False),
        ("dE/dO*dO/dw*0", False),
        ("(O - 7)*v*dh/dz = (8 - 7)*2*0", False),
        ("1*5*0", False),
    ],
)
def test_what_stands_beside_the_0_of_a_unit_is_what_belongs_there(claim, right):
    *_, line = check_derivation(beside_a_unit(), f"dE/dz = {claim}").lines
    assert line.right is right, line.because


def kinked(rng):
    """A random record of two to four named nodes, most of which have a kink."""
    values = [
        Value(rng.choice((float(rng.randint(-3, 3)), round(rng.uniform(-2, 2), 2))), label=n)
        for n in "abc"
    ]
    made = (
        lambda x, y: maximum(x, y),
        lambda x, y: minimum(x, y),
        lambda x, y: maximum(x, y) * x,
        lambda x, y: maximum(abs(x), y),
        lambda x, y: abs(x - y) + x,
        lambda x, y: relu(x - y) * y,
        lambda x, y: relu(x) + y,
        lambda x, y: x * y,
    )
    for k in range(rng.randint(2, 4)):
        values.append(named(rng.choice(made)(*rng.sample(values, 2)), f"u{k}"))
    return values[-1]


@pytest.mark.slow
def test_what_is_printed_of_kinks_is_right(campaign):
    rng = random.Random(7)
    for _ in range(campaign(40)):
        root = kinked(rng)
        for leaf in Board(root).leaves:
            for detail in ("names", "operations"):
                text = str(chain_rule(root, leaf, detail=detail))
                wrong = [line for line in check_derivation(root, text).lines if not line.right]
                assert not wrong, (text, [f"{line.claim}: {line.because}" for line in wrong])
