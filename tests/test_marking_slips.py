"""Each slip of the table, as it is made in a formula, in the numbers put in, and in the result."""

import math
import random
from itertools import pairwise

import pytest
from boards import named

from autograd import Value, check_derivation, log, relu, sigmoid, sin, tanh
from autograd.marking.board import Board
from autograd.marking.points import Point
from autograd.marking.slips import FACTORS, SLIPS
from autograd.marking.verdict import OPEN, RIGHT, Verdict
from nn import MLP, half_squared_error
from nn.lecture import error, network


def leaves(**numbers):
    return [Value(x, label=name) for name, x in numbers.items()]


def neuron(activation):
    """L = (a − y)², a = f(z), z = w·x + b."""
    w, x, b, y = leaves(w=0.7, x=1.3, b=0.21, y=0.4)
    a = named(activation(named(w * x + b, "z")), "a")
    return named((a - y) ** 2, "L")


def means():
    """The mean of three squares, with a bias that all share."""
    w, b = leaves(w=0.7, b=0.2)
    terms = []
    for k, (x, y) in enumerate(((1.3, 0.4), (0.6, 1.1), (-0.5, 0.3)), 1):
        p = named(w * Value(x, label=f"x{k}") + b, f"p{k}")
        terms.append(named((p - Value(y, label=f"y{k}")) ** 2, f"L{k}"))
    return named(sum(terms) / 3, "L")


def ridge():
    """A square and a penalty on the weight alone."""
    w, b, x, y, lam = leaves(w=0.7, b=0.2, x=1.3, y=0.4, lam=0.11)
    p = named(w * x + b, "p")
    return named((p - y) ** 2 + lam * w**2, "L")


def quotient():
    a, b = leaves(a=1.7, b=2.3)
    f = named(a / b, "f")
    return named(f**2, "L")


def entropy():
    p = named(sigmoid(Value(0.8, label="z")), "p")
    return named(-log(p), "L")


def wave():
    x, w = leaves(x=0.7, w=1.9)
    return named(w * sin(x), "y")


def wave_of_square():
    """y = x²·sin(x), by two paths."""
    x = Value(0.6, label="x")
    return named(named(x * x, "p") * named(sin(x), "q"), "y")


def shared():
    """One bias of three neurons."""
    x, b = leaves(x=0.6, b=0.25)
    nets = [
        named(Value(w, label=f"w{k}") * x + b, f"net{k}") for k, w in enumerate((0.4, 0.9, -0.7), 1)
    ]
    outs = [named(tanh(net), f"out{k}") for k, net in enumerate(nets, 1)]
    return named(sum(outs), "E")


LECTURE = error(network())
N = neuron(sigmoid)
T = neuron(tanh)
R = neuron(relu)
z, a, t = 0.7 * 1.3 + 0.21, 1 / (1 + math.exp(-1.12)), math.tanh(1.12)
CASES = [
    ("SIGN", N, "dL/da = -2*(a - y)", f"dL/da = 2*(a - y) = -2*({a:.6f} - 0.4)", f"dL/da = {-2 * (a - 0.4):.6f}"),
    ("FACTOR LEFT OUT", N, "dL/dw = 2*(a - y)*a*(1 - a)", f"dL/dw = 2*({a:.5f} - 0.4)*{a:.5f}*(1 - {a:.5f})",
     f"dL/dw = {2 * (a - 0.4) * a * (1 - a):.6f}"),
    ("FORGOT 1 − OUT", N, "da/dz = a", f"dL/dz = 2*(a - y)*a*(1 - a) = 2*({a:.5f} - 0.4)*{a:.5f}",
     f"dL/dw = {2 * (a - 0.4) * a * 1.3:.6f}"),
    ("EXPONENT LEFT OUT", N, "L = a - y", f"L = (a - y)^2 = {a:.5f} - 0.4", f"L = {a - 0.4:.6f}"),
    ("TERM LEFT OUT", N, "z = w*x", "z = w*x + b = 0.7*1.3", "z = 0.91"),
    ("SWAPPED INDEX", LECTURE, "dE/dw5 = dE/dnet_o1*out_h2", "dE/dw5 = dE/dnet_o1*out_h1 = 0.138499*0.596884",
     "dE/dw5 = 0.0826676"),
    ("PRE- for POST-ACTIVATION", LECTURE, "dE/dw5 = dE/dnet_o1*net_h1",
     "dE/dw5 = dE/dnet_o1*out_h1 = 0.138499*0.3775", "dE/dw5 = 0.0522832"),
    ("POST- for PRE-ACTIVATION", N, "a = σ(a)", f"a = σ(z) = σ({a:.6f})", f"a = {1 / (1 + math.exp(-a)):.6f}"),
    ("STANDS FOR", N, "z = 0.07*x + b", "z = w*x + b = 0.07*1.3 + 0.21", "z = 0.301"),
    ("DIVIDED INSTEAD OF MULTIPLIED", N, "dL/dw = dL/da*da/dz/x", f"dL/dw = 2*(a - y)*a*(1 - a)*x = "
     f"2*({a:.5f} - 0.4)*{a:.5f}*(1 - {a:.5f})/1.3", f"dL/dw = {2 * (a - 0.4) * a * (1 - a) / 1.3:.6f}"),
    ("MULTIPLIED INSTEAD OF DIVIDED", quotient(), "f = a*b", "f = a/b = 1.7*2.3", "f = 3.91"),
    ("RECIPROCAL", quotient(), "f = b/a", "f = a/b = 2.3/1.7", "f = 1.35294"),
    ("ACTIVATION'S DERIVATIVE LEFT OUT", T, "dL/dw = 2*(a - y)*x", f"dL/dw = 2*({t:.5f} - 0.4)*1.3",
     f"dL/dw = {2 * (t - 0.4) * 1.3:.6f}"),
    ("DERIVATIVE AT THE WRONG PLACE", N, "da/dz = σ(a)*(1 - σ(a))", None,
     f"da/dz = {1 / (1 + math.exp(-a)) * (1 - 1 / (1 + math.exp(-a))):.6f}"),
    ("SIGMOID TWICE", N, "a = σ(σ(z))", f"a = σ(z) = σ(σ({z:.4f}))", f"a = {1 / (1 + math.exp(-a)):.6f}"),
    ("1 − tanh(z)² OF a", T, "da/dz = 1 - tanh(a)^2", None, f"da/dz = {1 - math.tanh(t) ** 2:.6f}"),
    ("MISSING PATH", LECTURE, "dE/dout_h1 = dE_o1/dout_h1", "dE/dout_h1 = 0.0553994", "dE/dout_h1 = 0.0553994"),
    ("SUM OVER PATHS NOT TAKEN", shared(), "dE/dx = dE/dnet1*w1", None,
     f"dE/dx = {(1 - math.tanh(0.49) ** 2) * 0.4:.6f}"),
    ("BIAS NOT SUMMED", shared(), "dE/db = 1 - out1^2", None, f"dE/db = {1 - math.tanh(0.49) ** 2:.6f}"),
    ("SUM OVER EXAMPLES", means(), "dL/dw = 1/3*2*(p1 - y1)*x1", None, f"dL/dw = {2 / 3 * (1.11 - 0.4) * 1.3:.6f}"),
    ("1/m LEFT OUT", means(), "dL/db = 2*(p1 - y1) + 2*(p2 - y2) + 2*(p3 - y3)", None,
     f"dL/db = {2 * (1.11 - 0.4 + 0.62 - 1.1 - 0.15 - 0.3):.6f}"),
    ("1/m TWICE", means(), "dL/db = (2*(p1 - y1) + 2*(p2 - y2) + 2*(p3 - y3))/9", None,
     f"dL/db = {2 * (1.11 - 0.4 + 0.62 - 1.1 - 0.15 - 0.3) / 9:.7f}"),
    ("UPDATE ADDED", LECTURE, "w5+ = w5 + 0.5*dE/dw5", "w5+ = w5 - 0.5*dE/dw5 = 0.4 + 0.5*0.082167",
     "w6+ = w6 - 0.5*dE/dw6\nw5+ = 0.441084"),
    ("REGULARISER LEFT OUT", ridge(), "dL/dw = 2*(p - y)*x", None, f"dL/dw = {2 * (1.11 - 0.4) * 1.3:.6f}"),
    ("REGULARISER ON THE BIAS", ridge(), "dL/db = 2*(p - y) + 2*lam*b", None,
     f"dL/db = {2 * (1.11 - 0.4) + 0.044:.6f}"),
    ("REGULARISER WITHOUT 2", ridge(), "dL/dw = 2*(p - y)*x + lam*w", None,
     f"dL/dw = {2 * (1.11 - 0.4) * 1.3 + 0.077:.6f}"),
    ("LOGARITHM OF ANOTHER BASE", entropy(), "L = -ln(p)/ln(10)", None, f"L = {math.log10(1 + math.exp(-0.8)):.6f}"),
    ("SIGMOID'S SLOPE FOR tanh", T, "da/dz = a*(1 - a)",
     f"dL/dz = 2*(a - y)*(1 - a^2) = 2*({t:.5f} - 0.4)*{t:.5f}*(1 - {t:.5f})",
     f"dL/dw = {2 * (t - 0.4) * t * (1 - t) * 1.3:.6f}"),
    ("SQUARE LEFT OUT", T, "da/dz = 1 - a", f"dL/dz = 2*(a - y)*(1 - a^2) = 2*({t:.5f} - 0.4)*(1 - {t:.5f})",
     f"dL/dw = {2 * (t - 0.4) * (1 - t) * 1.3:.6f}"),
    ("FUNCTION FOR ITS SLOPE", R, "da/dz = a", "dL/dw = 2*(a - y)*a*x", f"dL/dw = {2 * 0.72 * 1.12 * 1.3:.6f}"),
    ("FUNCTION FOR ITS SLOPE", T, "da/dz = a", None, f"dL/dw = {2 * (t - 0.4) * t * 1.3:.6f}"),
    ("PATHS MULTIPLIED", wave_of_square(), "dy/dx = dy/dp*dp/dx*dy/dq*dq/dx", None,
     f"dy/dx = {math.sin(0.6) * 1.2 * 0.36 * math.cos(0.6):.6f}"),
    ("DERIVATIVE BY A WEIGHT", T, "dz/db = x", "dL/db = 2*(a - y)*(1 - a^2)*x",
     f"dL/db = {2 * (t - 0.4) * (1 - t * t) * 1.3:.6f}"),
    ("DEGREES", wave(), None, None, f"y = {1.9 * math.sin(math.radians(0.7)):.7f}"),
]  # fmt: skip
ROWS = [(slip, root, claim) for slip, root, *claims in CASES for claim in claims if claim]


@pytest.mark.parametrize(
    ("slip", "root", "claim"), ROWS, ids=lambda x: x if isinstance(x, str) else ""
)
def test_a_slip_is_refused_and_named(slip, root, claim):
    line = check_derivation(root, claim).lines[-1]
    assert line.wrong
    assert slip in line.verdict.split(", "), line.because


def test_each_slip_has_a_test_and_each_verdict_a_sentence():
    tested = {slip for slip, *_ in CASES}
    assert {str(row.verdict) for row in SLIPS} <= tested
    assert all(verdict.sentence for verdict in Verdict)
    assert not set(RIGHT) & set(OPEN)
    assert {verdict for verdict, _ in FACTORS} <= set(Verdict)


def chains(rng, count):
    """Random networks, each with the factors of one gradient as edges: names and numbers."""
    while count:
        sizes = [rng.randint(1, 3)] * rng.randint(0, 1) + [1]
        model = MLP(2, sizes, activation=rng.choice(["sigmoid", "tanh"]), seed=rng.randrange(10**6))
        root = half_squared_error(model([rng.uniform(0.2, 1), rng.uniform(0.2, 1)]), [0.3])
        point = Point(Board(root))
        labelled = point.board.values
        layer = len(sizes)
        if layer == 1:
            path = ["E", "out_o1", "net_o1", rng.choice([w.label for w in model.parameters()])]
        else:
            unit = rng.randint(1, sizes[0])
            path = [
                "E",
                "out_o1",
                "net_o1",
                f"out_h{unit}",
                f"net_h{unit}",
                f"w{2 * unit - rng.randint(0, 1)}",
            ]
        edges = list(pairwise(path))
        numbers = [point.derivative(labelled[of], labelled[by]) for of, by in edges]
        if min(map(abs, numbers)) > 1e-3 and 1.0 not in numbers:
            count -= 1
            yield root, path, edges, numbers


def made(rng, edges, numbers):
    """A slip in a product of derivatives: its name, and the factors with it, as names and as
    numbers.
    """
    k = rng.randrange(len(edges))
    names = [f"d{of}/d{by}" for of, by in edges]
    slip = rng.choice(["SIGN", "FACTOR LEFT OUT", "DIVIDED INSTEAD OF MULTIPLIED", "FACTOR 2"])
    if slip == "SIGN":
        return (
            slip,
            ["-" + names[0], *names[1:]],
            [-numbers[0], *numbers[1:]],
            math.prod(numbers) * -1,
        )
    if slip == "FACTOR LEFT OUT":
        rest = [x for i, x in enumerate(numbers) if i != k]
        return slip, [x for i, x in enumerate(names) if i != k], rest, math.prod(rest)
    if slip == "FACTOR 2":
        return slip, ["2", *names], [2.0, *numbers], 2 * math.prod(numbers)
    k = max(k, 1)
    divided = math.prod(numbers) / numbers[k] ** 2
    return slip, [*(x for i, x in enumerate(names) if i != k), f"/{names[k]}"], None, divided


@pytest.mark.slow
def test_slips_in_random_networks_are_refused_and_named(campaign):
    rng = random.Random(5)
    refused = named_right = count = 0
    for root, path, edges, numbers in chains(rng, campaign(30)):
        slip, names, factors, result = made(rng, edges, numbers)
        subject = f"dE/d{path[-1]}"
        right = "*".join(f"d{of}/d{by}" for of, by in edges)
        claims = [f"{subject} = {'*'.join(names).replace('*/', '/')}", f"{subject} = {result:.6g}"]
        if factors:
            claims.append(f"{subject} = {right} = {'*'.join(f'({x:.6g})' for x in factors)}")
        for claim in claims:
            line = check_derivation(root, claim).lines[-1]
            count += 1
            refused += line.wrong
            named_right += slip in line.verdict.split(", ")
        two = check_derivation(
            root, f"{subject} = {-2 * result if slip != 'FACTOR 2' else -1.37 * result:.6g}"
        )
        refused += two.lines[0].wrong
        count += 1
        named_right += 1
    assert refused == count
    assert named_right >= 0.95 * count


def told(root, line):
    """What is said of the last claim of a line."""
    return check_derivation(root, line).lines[-1].because


def test_a_mean_with_a_minus_before_it_is_a_mean():
    terms = [log(Value(x, label=f"p{k}")) for k, x in enumerate((0.5, 0.25, 0.8), 1)]
    loss = named(-sum(terms[1:], terms[0]) / 3, "L")
    assert "1/m LEFT OUT, m = 3" in told(loss, "dL/dp1 = -2.000")  # −1/0.5, and not −1/(3·0.5)
    assert "1/m LEFT OUT, m = 3" in told(loss, "dL/dp2 = -4.000")


def test_a_constant_is_told_as_a_person_writes_it():
    q, k = leaves(q=0.5, k=0.7)
    s = named(q * k / math.sqrt(2), "s")
    root = named(s**2, "L")
    assert "FACTOR LEFT OUT, √2" in told(root, "s = q*k")
    assert told(root, "dL/dq = 2*s*k").startswith("STANDS FOR, 2 where √2 belongs;")
    z = named((q * k + 0.3 * q**2) / math.sqrt(2), "z")
    assert "FACTOR LEFT OUT, 1/√2" in told(named(z**2, "E"), "dE/dk = dE/dz*q")


def test_the_slope_of_relu_left_out_has_one_name():
    w, x, y, u = leaves(w=0.6, x=1.2, y=-0.7, u=0.5)
    h = [named(relu(named(w * at, f"z{k}")), f"h{k}") for k, at in enumerate((x, y), 1)]
    root = named(u * h[0] + 2 * u * h[1], "L")
    line = check_derivation(root, "dL/dw = u*x + 2*u*y").lines[-1]
    assert Verdict.NO_ACTIVATION in line.verdicts
    assert Verdict.SWAPPED_INDEX not in line.verdicts
    line = check_derivation(root, "dL/dw = u*relu'(z2)*x + 2*u*relu'(z2)*y").lines[-1]
    assert not line.right  # 0 where it is u·x


def test_a_derivative_at_a_number_is_a_product_or_not_and_never_wrong():
    w, x = leaves(w=0.4, x=0.7)
    root = named((w * x) ** 2 / 2, "L")  # ∂L/∂w = w·x² = 0.196
    for line in ("dL/dw(0.4) = 0.196", r"\frac{dL}{dw} (0.4) = w*x^2", "dL/dw(1) = 0.49"):
        (claim,) = check_derivation(root, line).lines
        assert claim.verdicts[0] in OPEN, str(claim)
        assert "may be a product" in str(claim)
    assert check_derivation(root, "dL/dw (w, x) = w*x^2").lines[0].right
