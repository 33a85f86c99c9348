"""gradcheck: right gradients pass, wrong ones of the lecture's size never do, and a kink is never
passed in silence.
"""

import math
import random
import re
import time
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from expressions import ROWS, evaluate, programs, random_program
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd import (
    DomainError,
    Op,
    Value,
    chain_rule,
    cos,
    exp,
    grad,
    log,
    maximum,
    minimum,
    no_grad,
    ops,
    relu,
    sigmoid,
    sin,
    sqrt,
)
from autograd.gradcheck import gradcheck
from autograd.record import Record
from nn import MLP, half_squared_error, softmax_cross_entropy
from nn.lecture import error, network

approx = pytest.approx


def verdicts(report):
    return [row.verdict for row in report.rows]


@pytest.mark.parametrize("row", ops.TABLE, ids=lambda row: row.name)
@pytest.mark.parametrize("numbers", [(0.7, 1.9), (2.5, -0.3), (3.1, 3.0)], ids=str)
def test_every_row_of_the_table(row, numbers):
    arguments = [Value(number) for number in numbers[: row.arity]]
    gradcheck(row(*arguments)).require()
    assert len(gradcheck(row(*arguments), second=True).rows) == row.arity + row.arity**2
    gradcheck(row(*arguments), second=True).require()


# the six wrong gradients, at the size of the lecture's

W = range(8)


def lecture():
    model = network()
    E = error(model)
    E.backward()
    return model.weights(), E


def doubled(weights):
    return [2 * w.grad for w in weights]


def swapped(weights):
    return [weights[k ^ 1].grad for k in W]


def flipped(weights):
    return [-w.grad for w in weights]


def zero(weights):
    return [0.0 for _ in weights]


def without_a_path(weights):
    """The hidden weights without the path through out_o2, the output weights without that through
    out_h.
    """
    local = [
        0.241300708572 * 0.05,
        0.241300708572 * 0.10,
        0.240613417249 * 0.05,
        0.240613417249 * 0.10,
    ]
    return [
        g * d for g, d in zip([0.055399424651] * 2 + [0.062324352733] * 2, local, strict=True)
    ] + [0.0] * 4


def after_the_update(weights):
    """The hidden gradients from output weights that are updated already."""
    d1, d2 = 0.741365069552 * 0.186815601809, -0.217071534679 * 0.175510052817
    w5, w6, w7, w8 = 0.358916479718, 0.408666186076, 0.511301270239, 0.561370121108
    h1, h2 = (d1 * w5 + d2 * w7) * 0.241300708572, (d1 * w6 + d2 * w8) * 0.240613417249
    return [h1 * 0.05, h1 * 0.10, h2 * 0.05, h2 * 0.10] + [2 * w.grad for w in weights[4:]]


@pytest.mark.parametrize(
    "mistake", [zero, doubled, flipped, without_a_path, swapped, after_the_update]
)
@pytest.mark.parametrize("k", W)
def test_a_wrong_gradient_is_caught(mistake, k):
    weights, E = lecture()
    report = gradcheck(E, {weights[k]: mistake(weights)[k]})
    assert verdicts(report) == ["WRONG"]
    assert not report
    with pytest.raises(
        AssertionError,
        match=f"^WRONG: ∂E/∂w{k + 1} is given as [^\n]+, and finite differences give [^\n]+$",
    ):
        report.require()
    assert report.because == []  # the record is right


def test_the_right_gradients():
    weights, E = lecture()
    truth = [0.000438567734, 0.000877135469, 0.000497712735, 2 * 0.000497712735]
    truth += [0.082167040564, 0.082667627848, -0.022602540477, -0.022740242216]
    for report in (gradcheck(E, weights), gradcheck(E, {w: w.grad for w in weights})):
        assert report
        assert [row.difference for row in report.rows] == approx(truth, rel=2e-9)
        assert all(
            row.tolerance < 1e-6 * abs(row.given) and row.error < 1e-9 for row in report.rows
        )
    assert not gradcheck(E, {w: w.grad * (1 + 1e-6) for w in weights})
    assert gradcheck(E, second=True)


def test_by_a_value_between():
    out = Value(2.0, label="x") * 3
    assert gradcheck(out * out, {out: 12.0})
    assert not gradcheck(out * out, {out: 11.9})


# kinks, jumps, edges

x0 = {"label": "x"}


@pytest.mark.parametrize(
    ("f", "number", "slopes"),
    [
        (relu, 0.0, (0, 1)),
        (abs, 0.0, (-1, 1)),
        (lambda x: 3 - 2 * abs(x - 1), 1.0, (2, -2)),
        (lambda x: maximum(x, 2 - x), 1.0, (-1, 1)),
        (lambda x: minimum(x, 0), 0.0, (1, 0)),
        (lambda x: 5 + relu(x), 1e-20, (0, 1)),
        (lambda x: exp(relu(x - 1)) + x, 1 - 2**-53, (1, 2)),
        (lambda x: x.leaky_relu(), -0.0, (0.01, 1)),
    ],
)
def test_a_kink(f, number, slopes):
    x = Value(number, **x0)
    report = gradcheck(f(x))
    [row] = report.rows
    assert row.verdict == "KINK"
    assert row.slopes == approx(slopes, abs=1e-3)
    assert math.isnan(row.difference)
    assert not report
    assert "KINK [" in str(report)
    with pytest.raises(AssertionError, match=r"KINK: .* cannot be checked: the slopes are"):
        report.require()
    assert verdicts(gradcheck(f(x), {x: max(slopes) + 0.1})) == [
        "WRONG"
    ]  # no slope, nor one between


@pytest.mark.parametrize(
    ("f", "number"),
    [
        (lambda x: maximum(x, x), 0.0),
        (lambda x: relu(x) ** 2, 0.0),
        (lambda x: x * abs(x), 0.0),
        (lambda x: relu(x) + 5, 1e-5),
        (lambda x: relu(x) + 5, -1e-5),
        (lambda x: abs(sin(x)), 3.14),
        (lambda x: x**2, 0.0),
        (lambda x: (x - 1) ** 2, 1.0),
        (lambda x: sin(x) - x, 0.0),
        (lambda x: x - x, 0.0),
        (lambda x: 0.1 * x + 0.2 * x - 0.3 * x, 0.0),
        (lambda x: sin(x) ** 2 + cos(x) ** 2, 0.4),
    ],
)
def test_no_kink(f, number):
    gradcheck(f(Value(number, **x0))).require()


@pytest.mark.parametrize(
    ("f", "number"),
    [
        *((log, a) for a in (1e-300, 1e-20, 1e-5, 1e100, 1e300)),
        *((sqrt, a) for a in (1e-300, 1e-100, 1e-5, 1e100)),
        *((lambda x: 1 / x, a) for a in (1e-100, -1e-100, 1e-5, 1e100)),
        *((lambda x: (x + 1) ** 2, a) for a in (5e-324, 1e-300, 1e-20, 1e100)),
        *((lambda x: 1e-3 * x, a) for a in (0.0, 5e-324, 1e300, 1.7e308)),
        *((sin, a) for a in (0.0, 5e-324, 1e-100, 1e5)),
        (lambda x: sin(1e20 * x), 0.0),
        (lambda x: 1e8 + x, 0.0),
        (lambda x: 1e-200 * sin(x), 1.0),
        (lambda x: exp(100 * x) - exp(99 * x), 1.0),
        (lambda x: sqrt(1 - x), 1 - 1e-8),
        (lambda x: log(x - 0.4999999), 0.5),
    ],
)
def test_tiny_and_huge(f, number):
    x = Value(number, **x0)
    y = f(x)
    report = gradcheck(y)
    report.require()
    assert report.rows[0].error < 1e-5
    assert not gradcheck(y, {x: 2 * report.rows[0].given})


@pytest.mark.parametrize(
    ("f", "number", "why"),
    [
        (lambda x: x.step(), 0.0, "does not settle"),
        (lambda x: x.sign(), 0.0, "does not settle"),
        (lambda x: 1e17 + x, 1.0, "lost in the rounding"),
        (sin, 1e100, "lost in the rounding"),
        (lambda x: sigmoid(x + 30), 0.0, "lost in the rounding"),
        (lambda x: 5 + sqrt(x), 1e-100, "lost in the rounding"),
    ],
)
def test_what_no_difference_can_check(f, number, why):
    report = gradcheck(f(Value(number, **x0)))
    assert verdicts(report) == ["UNSURE"]
    assert not report
    with pytest.raises(AssertionError, match=f"UNSURE: .*{why}"):
        report.require()


def test_numbers_with_fewer_digits():
    """By the smallest steps erf is below 2.2e-308, where a float has fewer digits."""
    x, b = Value(-0.0, label="x"), Value(2.987904487672066e-10, label="b")
    gradcheck(b ** x.erf(), [x, b], second=True).require()


def test_at_the_edge_of_a_domain():
    x = Value(0.0, **x0)
    report = gradcheck(x**1.5)
    assert report
    assert report.rows[0].remark == "from the right alone: not defined to the left"
    with pytest.raises(
        DomainError, match=r"the derivative of sqrt\(x = 0.0\) by x does not exist: it needs x > 0"
    ):
        gradcheck(sqrt(x))


# no false alarms


@settings(max_examples=60)
@given(programs())
def test_random_expressions(program):
    steps, point = program
    leaves = [Value(number) for number in point]
    root = evaluate(steps, leaves, ROWS)[-1]
    assert "WRONG" not in verdicts(gradcheck(root, leaves))
    try:
        report = gradcheck(root, leaves, second=True)
    except DomainError:  # a second derivative need not exist
        return
    assert "WRONG" not in verdicts(report)


def test_random_expressions_of_any_size(campaign):
    """In the tails of every row, and near the ends of a float's range."""
    for case in range(campaign(60)):
        steps, point = random_program(random.Random(case))
        leaves = [Value(number) for number in point]
        root = evaluate(steps, leaves, ROWS)[-1]
        try:
            assert "WRONG" not in verdicts(gradcheck(root, leaves, second=True)), case
        except DomainError as error:
            if "is past the range of a float" not in str(error):
                raise


@settings(max_examples=60)
@given(programs(), st.sampled_from([-1.0, 0.0, 2.0, 1.001]))
def test_random_wrong_gradients(program, factor):
    steps, point = program
    leaves = [Value(number) for number in point]
    root = evaluate(steps, leaves, ROWS)[-1]
    right = gradcheck(root, leaves)
    wrong = gradcheck(
        root, {v: row.given * factor for v, row in zip(leaves, right.rows, strict=True)}
    )
    for before, after in zip(right.rows, wrong.rows, strict=True):
        if before.verdict == "OK" and before.tolerance < 1e-5 * abs(before.given):
            assert after.verdict == "WRONG"


@pytest.mark.parametrize(
    "activation",
    [
        "tanh",
        "sigmoid",
        "relu",
        "gelu",
        "softplus",
        "swish",
        "leaky_relu",
        "sin",
        "gaussian",
        "abs",
    ],
)
def test_random_networks(activation):
    rng = random.Random(0)
    for seed in range(3):
        model = MLP(3, [4, 3, 2], activation=activation, seed=seed)
        for b in model.biases():
            b.data = rng.uniform(-1, 1)  # at 0 a dead neuron puts the next one on its kink
        points = [[rng.gauss(0, 1) for _ in range(3)] for _ in range(2)]
        gradcheck(sum(half_squared_error(model(x), [0.3, -1.0]) for x in points)).require()
        gradcheck(softmax_cross_entropy(model(points[0]), 1), model.parameters()).require()


@pytest.mark.parametrize(
    ("function", "partial", "numbers"),
    [
        (
            lambda x: math.log(1 + math.exp(x)),
            lambda x, z: sigmoid(x),
            [-40, -30, -20, -10, 0, 10, 700],
        ),
        (lambda x: 1 / (1 + math.exp(-x)), lambda x, z: z * (1 - z), [-30, -10, 0, 10, 20, 30]),
        (
            lambda x: (math.exp(x) - math.exp(-x)) / (math.exp(x) + math.exp(-x)),
            lambda x, z: 1 - z * z,
            [-10, 0, 1, 10],
        ),
        (lambda x: x**0.5, lambda x, z: 1 / (2 * z), [1e-9, 1, 4]),  # complex below 0
    ],
)
def test_rows_that_lose_digits(function, partial, numbers):
    row = Op("row", function, partial)
    wrong = Op("wrong", lambda x: 2 * x, lambda x, z: 1.0)
    for number in numbers:
        assert "WRONG" not in verdicts(gradcheck(row(Value(number))))
        assert all("wrong(" in line for line in gradcheck(wrong(row(Value(number)))).because)


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "erf", "gelu", "gaussian"])
def test_saturated_networks(activation):
    """Most gradients are far too small to be seen in E, and agree with 0 as far as can be told."""
    for seed in range(11):
        rng = random.Random(seed)
        model = MLP(3, [4, 4, 2], activation=activation, seed=seed)
        E = half_squared_error(model([rng.gauss(0, 30) for _ in range(3)]), [0.3, -1.0])
        assert {"OK", "UNSURE"} >= set(verdicts(gradcheck(E)))


# the operation that is to blame


def test_a_wrong_row_is_named():
    wrong = Op("wrong", lambda x, y: x * y**3, lambda x, y, z: y**3, lambda x, y, z: 3 * x * y)
    x, y, b = Value(1.5, label="x"), Value(2.0, label="y"), Value(0.1, label="b")
    u = wrong(x, y)
    u.label = "u"
    E = sigmoid(u * 0.1 + b) * wrong(x, 0.5 * y)
    E.label = "E"
    report = gradcheck(E)
    assert {row.name: row.verdict for row in report.rows} == {
        "∂E/∂x": "OK",
        "∂E/∂y": "WRONG",
        "∂E/∂b": "OK",
    }
    [line] = report.because
    assert line.startswith(
        "the partial of u = wrong(x = 1.5, y = 2.0) by y is given as 9, and finite differences give 18 ±"
    )
    with pytest.raises(
        AssertionError, match=r"^WRONG: ∂E/∂y [^\n]+; the partial of u = wrong[^\n]+$"
    ):
        report.require()
    assert gradcheck(
        E, {y: report.rows[1].difference}
    )  # a right number is right, whatever the record says


@pytest.mark.parametrize(
    "partial",
    [lambda x, z: 0.0, lambda x, z: -cos(x), lambda x, z: 2 * cos(x), lambda x, z: cos(x) + 1e-6],
)
@pytest.mark.parametrize("number", [0.3, -2.0, 1e-8])
def test_wrong_partials(partial, number):
    row = Op("row", math.sin, partial)
    report = gradcheck(row(Value(number) * 2) * 1e-4)
    assert verdicts(report) == ["WRONG"]
    assert len(report.because) == 1
    assert report.because[0].startswith(f"the partial of row({2 * number})")


def test_second_derivatives_by_a_value_between():
    """As it is recorded: u = 3x is both an argument and on the way from x, and y = u²x is 9x³."""
    x = Value(2.0, label="x")
    u = x * 3
    report = gradcheck(u * u * x, [u, x], second=True)
    report.require()
    assert [row.given for row in report.rows] == [
        24,
        108,
        4,
        24,
        24,
        108,
    ]  # 2ux, 27x²; 2x, 2u + 6x, the same, 54x


def test_a_wrong_second_derivative():
    frozen = Op(
        "frozen", lambda x: x**3, lambda x, z: 3 * getattr(x, "data", x) ** 2
    )  # no Value, so no second order
    y = frozen(Value(2.0, label="x"))
    y.label = "y"
    assert gradcheck(y)
    report = gradcheck(y, second=True)
    assert [(row.name, row.verdict) for row in report.rows] == [
        ("∂y/∂x", "OK"),
        ("∂²y/∂x²", "WRONG"),
    ]
    assert report.rows[1].difference == approx(12)


def test_second_derivatives():
    x, y = Value(0.7, label="x"), Value(1.9, label="y")
    z = sin(x * y) + x**3
    report = gradcheck(z, [x, y], second=True)
    report.require()
    s, c = math.sin(0.7 * 1.9), math.cos(0.7 * 1.9)
    mixed = c - 0.7 * 1.9 * s
    assert [row.difference for row in report.rows[2:]] == approx(
        [-1.9 * 1.9 * s + 6 * 0.7, mixed, mixed, -0.7 * 0.7 * s], rel=1e-9
    )
    assert [row.name for row in report.rows[2:]] == [
        "∂²v1/∂x²",
        "∂²v1/∂x∂y",
        "∂²v1/∂y∂x",
        "∂²v1/∂y²",
    ]


# leaves that have moved, and derivatives that nobody asked for


def lecture_error(*weights):
    """The lecture's network, once more, for mpmath."""
    w1, w2, w3, w4, w5, w6, w7, w8 = weights
    h1 = 1 / (1 + mpmath.exp(-(w1 * 0.05 + w2 * 0.10 + 0.35)))
    h2 = 1 / (1 + mpmath.exp(-(w3 * 0.05 + w4 * 0.10 + 0.35)))
    o1 = 1 / (1 + mpmath.exp(-(w5 * h1 + w6 * h2 + 0.60)))
    o2 = 1 / (1 + mpmath.exp(-(w7 * h1 + w8 * h2 + 0.60)))
    return ((0.01 - o1) ** 2 + (0.99 - o2) ** 2) / 2


def test_leaves_that_have_moved():
    """All is checked at the numbers of now, on a copy, and the report says so."""
    weights, E = lecture()
    stale = {w: w.grad for w in weights}
    for w in weights[4:]:
        w.data -= 0.5 * w.grad
    before = [(v.data, v.grad) for v in (*weights, E)]
    report = gradcheck(E, weights)
    assert report
    with mpmath.workdps(30):
        numbers = [w.data for w in weights]
        truth = [mpmath.diff(lecture_error, numbers, tuple(int(k == n) for n in W)) for k in W]
    assert [row.given for row in report.rows] == approx(
        [float(slope) for slope in truth], rel=1e-12
    )
    [line] = report.because
    assert line.startswith("w5 has moved since E was computed: ")
    assert line.endswith("; all is checked at the numbers of now")
    assert [(v.data, v.grad) for v in (*weights, E)] == before

    report = gradcheck(E, stale)
    assert verdicts(report) == ["WRONG"] * 8
    with pytest.raises(
        AssertionError,
        match=r"^WRONG: ∂E/∂w1 is given as [^\n]+; w5 has moved since E was computed",
    ):
        report.require()


def test_leaves_that_have_moved_by_a_value_between():
    x = Value(2.0, label="x")
    u = x * 3
    y = u * u
    x.data = 5.0
    assert [row.given for row in gradcheck(y, [u, x]).rows] == [30.0, 90.0]  # 2u, 18x
    assert gradcheck(y, {u: 30.0})
    assert not gradcheck(y, {u: 12.0})
    assert [row.given for row in gradcheck(y, [u, x], second=True).rows[2:]] == [
        2.0,
        6.0,
        6.0,
        18.0,
    ]
    assert (x.data, u.data, y.data) == (5.0, 6.0, 36.0)


@pytest.mark.parametrize(
    ("f", "number", "why"),
    [
        (log, -1.0, "log(x = -1.0) is not defined"),
        (
            lambda x: 2 * x if x > 0 else -x,
            -1.0,
            "x > 0 is False now; a branch may depend on it",
        ),
    ],
)
def test_leaves_that_have_moved_to_another_computation(f, number, why):
    x = Value(1.0, **x0)
    y = f(x)
    y.label = "y"
    x.data = number
    with pytest.raises(
        ValueError, match=f"^x has moved since y was computed: .*; compute y anew: {re.escape(why)}"
    ):
        gradcheck(y)


@pytest.mark.parametrize(
    ("f", "number", "slope"),
    [
        (lambda a, b: 2 * a + sqrt(b), 0.0, 2),
        (lambda a, b: a * b.log(), 1e-320, math.log(1e-320)),  # ∂/∂b is past a float's range
        (lambda a, b: a + b**0.5, 0.0, 1),
        (lambda a, b: a * row_without_a_partial(b), 0.25, 0.5),
    ],
)
def test_only_what_is_asked_for(f, number, slope):
    a, b = Value(3.0, label="a"), Value(number, label="b")
    y = f(a, b)
    report = gradcheck(y, a, second=True)
    report.require()
    assert [row.given for row in report.rows] == approx([slope, 0.0])
    with pytest.raises((ArithmeticError, TypeError)):
        gradcheck(y)
    with pytest.raises((ArithmeticError, TypeError)):
        gradcheck(y, [a, b])


row_without_a_partial = Op("row_without_a_partial", math.sqrt, lambda x, z: None)


@pytest.mark.parametrize("wrt", [0, 1, 2], ids=["all", "Values", "mapping"])
def test_a_base_below_zero_by_the_base_alone(wrt):
    """∂(x^n)/∂n does not exist at x = −2; ∂/∂x is 12."""
    x, n = Value(-2.0, label="x"), Value(3.0, label="n")
    y = x**n
    if wrt == 0:
        with pytest.raises(
            DomainError, match=r"derivative of pow\(x = -2.0, n = 3.0\) by y does not exist"
        ):
            gradcheck(y)
        return
    report = gradcheck(y, x if wrt == 1 else {x: 12.0})
    report.require()
    assert report.rows[0].difference == approx(12)


# rows of one's own


@pytest.mark.parametrize("kind", [np.float64, np.float32, np.int64, int, Fraction, bool, np.bool_])
def test_numbers_of_another_kind(kind):
    row = Op("row", lambda x: kind(1) * x, lambda x, z: kind(1))
    y = row(Value(0.5, label="x")) * 3
    report = gradcheck(y, second=True)
    report.require()
    assert report.because == []
    assert [row.given for row in report.rows] == [3.0, 0.0]
    assert {type(number) for row in report.rows for number in row[1:5]} == {float}


@pytest.mark.parametrize("given", [None, 2 + 0j, "2", [2.0], np.array([2.0])], ids=repr)
def test_a_partial_that_gives_no_number(given):
    row = Op("row", lambda x: 2 * x, lambda x, z: given)
    y = row(Value(0.5, label="x"))
    with pytest.raises(
        TypeError, match=r"^the derivative of row\(x = 0.5\) by x must be a real number"
    ):
        gradcheck(y)


def test_a_partial_that_is_not_made_of_operations():
    mysin = Op("mysin", math.sin, lambda x, z: math.cos(x))
    y = mysin(Value(0.5, label="x"))
    assert gradcheck(y).rows[0].difference == approx(0.8775825618903728)
    with pytest.raises(TypeError, match=r"^partial 1 of mysin is not made of operations: "):
        gradcheck(y, second=True)


def test_a_function_that_gives_no_number_elsewhere():
    """It is not defined there: a difference from one side is left."""
    row = Op("row", lambda x: x * x if x >= 1 else None, lambda x, z: 2 * x)
    report = gradcheck(row(Value(1.0, label="x")))
    report.require()
    assert report.rows[0].remark == "from the right alone: not defined to the left"


@pytest.mark.parametrize("number", [-800.0, -40.0, 0.3, 40.0])
def test_what_is_read_otherwise_is_not_to_blame(number):
    """1 − σ is computed from x too. A wrong row beside it does not make its partials wrong."""
    wrong = Op("wrong", lambda x: 2 * x, lambda x, z: 1.0)
    x = Value(number, label="x")
    [line] = gradcheck(wrong(x) * 1e3 + grad(sigmoid(x), x) + grad(x.tanh(), x)).because
    assert line.startswith(f"the partial of wrong(x = {number}) by x is given as 1, ")


# what it leaves alone, and what it takes


def test_nothing_is_changed():
    weights, E = lecture()
    weights[0].grad, E.grad = 7.0, 8.0
    before = [(v.data, v.grad) for v in (*weights, E)]
    with no_grad():
        assert gradcheck(E, second=True)
        assert not gradcheck(E, {weights[0]: 7.0})
    assert [(v.data, v.grad) for v in (*weights, E)] == before


def test_leaves_constants_and_names():
    x, unreached = Value(2.0), Value(5.0, label="v1")
    y = x * 3 + 1
    assert [(row.name, row.given) for row in gradcheck(y, [x, unreached, x]).rows] == [
        ("∂v3/∂v2", 3),
        ("∂v3/∂v1", 0),
    ]
    assert not gradcheck(y, {unreached: 1e-9})
    assert [(row.name, row.given) for row in gradcheck(x).rows] == [("∂v1/∂v1", 1)]


def test_names_are_those_of_the_derivation():
    """A recurrent cell has one label for each of its time steps."""
    cell = MLP(2, [1], activation="tanh", seed=3)
    h = Value(0.2)
    for number in (0.5, -0.4, 0.3):
        h = cell([number, h])
    hidden = [v for v in Record(h).nodes if v.label.startswith("net")]
    names = [row.name for row in gradcheck(h, hidden).rows]
    assert names == ["∂out_o1/∂net_o1", "∂out_o1/∂net_o1⁽²⁾", "∂out_o1/∂net_o1⁽³⁾"]
    assert all(
        str(chain_rule(h, v)).startswith(f"{name} = ")
        for name, v in zip(names, hidden, strict=True)
    )


def test_another_value_of_that_name():
    """A cell of a notebook was run again: E was computed from the w before."""
    w = Value(2.0, label="w")
    E = w * w
    E.label = "E"
    w = Value(3.0, label="w")
    with pytest.raises(
        ValueError, match=r"^E was computed from another Value labelled 'w', .*: compute E anew$"
    ):
        gradcheck(E, w)


def test_a_long_chain():
    x = y = Value(1.0)
    for _ in range(30_000):
        y = y * 1.00001
    start = time.perf_counter()
    assert gradcheck(y)
    assert not gradcheck(y, {x: 2.7})
    assert time.perf_counter() - start < 60


def test_the_table():
    x, y = Value(3.0, label="x"), Value(0.0, label="y")
    E = x * x + relu(y)
    E.label = "E<b>"
    report = gradcheck(E, {x: 7.0, y: 0.5})
    lines = str(report).splitlines()
    assert lines[0].split() == ["given", "difference", "rel.", "error", "tolerance", "from", "step"]
    assert lines[1].split()[:4] == ["∂(E<b>)/∂x", "7", "6", "0.14"]
    assert lines[1].endswith("WRONG")
    assert lines[2].endswith("KINK [0, 1]")
    assert (
        len({line.index(word) for line, word in zip(lines[:2], ("difference", "6  "), strict=True)})
        == 1
    )
    assert repr(report) == str(report)
    assert gradcheck(E, x).rows[0].verdict == "OK"
    assert "reverse mode" in str(gradcheck(E, x))
    page = report._repr_html_()
    assert "<td>∂(E&lt;b&gt;)/∂x</td><td>7</td><td>6</td>" in page
    assert page.count("<tr>") == 3
    with pytest.raises(
        AssertionError, match=r"^WRONG: ∂\(E<b>\)/∂x is given as 7, [^\n]+ \(and 1 more\)$"
    ):
        report.require()


x = Value(2.0, label="x")


@pytest.mark.parametrize(
    ("arguments", "named", "kind", "message"),
    [
        ((3.0,), {}, TypeError, "gradcheck takes a Value, not float"),
        (
            (x * x, 3.0),
            {},
            TypeError,
            "wrt takes Values, or a mapping from Values to gradients, not float",
        ),
        (
            (x * x, "x"),
            {},
            TypeError,
            "wrt takes Values, or a mapping from Values to gradients, not str",
        ),
        (
            (x * x, {x: "4"}),
            {},
            TypeError,
            "the gradient by x = 2.0 takes a real number, not str: '4'",
        ),
        (
            (x * x, {x: math.nan}),
            {},
            DomainError,
            "the gradient by x = 2.0 takes a finite number, not nan",
        ),
        ((x * x, []), {}, ValueError, "wrt is empty: there is nothing to check"),
        ((x * x, {x: 4.0}), {"second": True}, ValueError, "wrt must be Values without gradients"),
    ],
)
def test_errors(arguments, named, kind, message):
    with pytest.raises(kind, match=message):
        gradcheck(*arguments, **named)
