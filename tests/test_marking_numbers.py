"""Numbers put in, on random networks that are computed by plain Python beside the record."""

import math
import random
import re
from decimal import ROUND_DOWN, ROUND_HALF_UP, Context

import pytest

from autograd import Value, check_derivation, sigmoid, tanh
from nn.lecture import error, network

SIGMOID = (sigmoid, lambda x: 1 / (1 + math.exp(-x)), "{0}*(1 - {0})", lambda y: y * (1 - y))
TANH = (tanh, math.tanh, "1 - {0}^2", lambda y: 1 - y * y)


class Network:
    """Two inputs, two hidden neurons, one or two outputs; and each number by plain Python."""

    def __init__(self, rng):
        self.row, self.function, self.slope, self.slope_of = rng.choice([SIGMOID, TANH])
        self.numbers, self.values = {}, {}
        self.outputs = rng.randint(1, 2)
        self.long = rng.random() < 0.5
        for name in ("i1", "i2", "w1", "w2", "w3", "w4", "b1", "b2"):
            self.leaf(rng, name)
        for name in [f"v{k}" for k in range(11, 11 + 2 * self.outputs)]:
            self.leaf(rng, name)
        for k in range(1, self.outputs + 1):
            self.leaf(rng, f"t{k}")
        self.neurons()

    def leaf(self, rng, name):
        """Draw a leaf, with two digits or with all."""
        x = rng.choice((-1, 1)) * rng.uniform(0.05, 0.99)
        x = x if self.long else round(x, 2)
        self.numbers[name], self.values[name] = x, Value(x, label=name)

    def node(self, name, value, number):
        value.label = name
        self.values[name], self.numbers[name] = value, number

    def neurons(self):
        n, v = self.numbers, self.values
        for k, (a, b) in enumerate([("w1", "w2"), ("w3", "w4")], 1):
            net = n[a] * n["i1"] + n[b] * n["i2"] + n["b1"]
            self.node(f"n{k}", v[a] * v["i1"] + v[b] * v["i2"] + v["b1"], net)
            self.node(f"h{k}", self.row(v[f"n{k}"]), self.function(net))
        for k in range(1, self.outputs + 1):
            a, b = f"v{9 + 2 * k}", f"v{10 + 2 * k}"
            net = n[a] * n["h1"] + n[b] * n["h2"] + n["b2"]
            self.node(f"z{k}", v[a] * v["h1"] + v[b] * v["h2"] + v["b2"], net)
            self.node(f"o{k}", self.row(v[f"z{k}"]), self.function(net))
            error = (n[f"t{k}"] - n[f"o{k}"]) ** 2 / 2
            self.node(f"E{k}", (v[f"t{k}"] - v[f"o{k}"]) ** 2 / 2, error)
        if self.outputs == 2:
            self.node("E", v["E1"] + v["E2"], n["E1"] + n["E2"])
        else:
            self.node("E", v["E1"] * 1, n["E1"])

    def lines(self):
        """Yield each line: its left side, a formula of which names and numbers are in braces, and
        what each of them is.
        """
        n = dict(self.numbers)
        for k, (a, b) in enumerate([("w1", "w2"), ("w3", "w4")], 1):
            yield f"n{k}", f"{{{a}}}*{{i1}} + {{{b}}}*{{i2}} + {{b1}}", n
        for k in range(1, self.outputs + 1):
            a, b = f"v{9 + 2 * k}", f"v{10 + 2 * k}"
            yield f"z{k}", f"{{{a}}}*{{h1}} + {{{b}}}*{{h2}} + {{b2}}", n
            n[f"dE/do{k}"] = n[f"o{k}"] - n[f"t{k}"]
            n[f"do{k}/dz{k}"] = self.slope_of(n[f"o{k}"])
            n[f"dE/dz{k}"] = n[f"dE/do{k}"] * n[f"do{k}/dz{k}"]
            n[f"dz{k}/d{a}"] = n["h1"]
            n[f"dE/d{a}"] = n[f"dE/dz{k}"] * n["h1"]
            yield f"dE/do{k}", f"-({{t{k}}} - {{o{k}}})", n
            yield f"do{k}/dz{k}", self.slope.format(f"{{o{k}}}"), n
            product = f"{{dE/do{k}}}*{{do{k}/dz{k}}}*{{dz{k}/d{a}}}"
            yield f"dE/d{a}", product, n
            n[f"{a}+"] = n[a] - 0.5 * n[f"dE/d{a}"]
            yield f"{a}+", f"{{{a}}} - 0.5*{{dE/d{a}}}", n
        n["dE/dh1"] = sum(n[f"dE/dz{k}"] * n[f"v{9 + 2 * k}"] for k in range(1, self.outputs + 1))
        terms = [f"{{dE/dz{k}}}*{{v{9 + 2 * k}}}" for k in range(1, self.outputs + 1)]
        yield "dE/dh1", " + ".join(terms), n
        n["dh1/dn1"] = self.slope_of(n["h1"])
        yield "dh1/dn1", self.slope.format("{h1}"), n
        n["dE/dw1"] = n["dE/dh1"] * n["dh1/dn1"] * n["i1"]
        yield "dE/dw1", "{dE/dh1}*{dh1/dn1}*{i1}", n


def typed(x, digits, cut):
    """The number as a person writes it, to so many significant digits."""
    context = Context(prec=digits, rounding=ROUND_DOWN if cut else ROUND_HALF_UP)
    text = f"{context.create_decimal(f'{x:.13g}'):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def bracketed(text):
    return f"({text})" if text.startswith("-") else text


def board(network, digits, cut, more=0):
    """The lines as they are written: a formula, the numbers put in, the result."""
    lines = []
    for left, formula, numbers in network.lines():
        names = re.sub(r"[{}]", "", formula)
        texts = {name: bracketed(typed(x, digits, cut)) for name, x in numbers.items()}
        put_in = re.sub(r"\{([^}]*)\}", lambda m, texts=texts: texts[m[1]], formula)
        lines.append([left, names, put_in, typed(numbers[left], digits + more, cut)])
    return lines


def written(lines):
    return "\n".join(" = ".join(line) for line in lines)


def drawn(rng):
    digits = rng.randint(2, 9)
    network = Network(rng)
    more = rng.choice((0, 2)) if digits < 8 else 0
    return network, board(network, digits, rng.random() < 0.5, more)


NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?![\w.])")


def replaced(line, side, place, text):
    other = list(line)
    other[side] = line[side][: place.start()] + text + line[side][place.end() :]
    return other


def places(line, side):
    """The numbers in a side, without the constants of the formula."""
    own = line[1] if side == 2 else ""
    found = list(NUMBER.finditer(line[side]))
    constants = [m[0] for m in NUMBER.finditer(own)]
    return [m for m in found if m[0] not in constants]


def units(rng, lines):
    """One number of one line, 2 to 12 units of its last place off."""
    k, side = rng.randrange(len(lines)), rng.choice((2, 3))
    found = places(lines[k], side)
    if not found:
        return None
    place = rng.choice(found)
    after = len(place[0].partition(".")[2])
    changed = float(place[0]) + rng.choice((-1, 1)) * rng.randint(2, 12) * 10.0**-after
    return (k, replaced(lines[k], side, place, f"{changed:.{after}f}")) if changed > 0 else None


def another(rng, lines):
    """One number replaced by 0, by 1, or by that of another Value."""
    k = rng.randrange(len(lines))
    side = rng.choice((2, 3))
    found = places(lines[k], side)
    if not found:
        return None
    place = rng.choice(found)
    pool = [m[0] for line in lines for s in (2, 3) for m in places(line, s)]
    text = rng.choice(["0", "1", rng.choice(pool)])
    if are_near(text, place[0]):
        return None  # both may be the same number, rounded and cut off
    return k, replaced(lines[k], side, place, text)


def are_near(*texts):
    """Whether two numbers are no further apart than a unit of the coarser one's last digit."""
    units = [10.0 ** -len(text.partition(".")[2]) for text in texts if "." in text]
    return abs(float(texts[0]) - float(texts[1])) <= 1.001 * max(units, default=0.0)


def carried(rng, lines):
    """One number put in replaced by that of another Value, and the result computed from it."""
    k = rng.randrange(len(lines))
    found = places(lines[k], 2)
    if not found:
        return None
    place = rng.choice(found)
    text = rng.choice(["0.1", "0.5", *(m[0] for line in lines for m in places(line, 2))])
    if are_near(text, place[0]):
        return None
    line = replaced(lines[k], 2, place, text)
    digits = max(2, len(lines[k][3].replace("-", "").replace(".", "").strip("0")))
    return k, [*line[:3], typed(eval(line[2].replace("^", "**")), digits, False)]


def factors(rng, lines):
    """A factor dropped or doubled, in names or in numbers."""
    k, side = rng.randrange(len(lines)), rng.choice((1, 2))
    found = list(re.finditer(r"\*[^*+ ()]+(?!\^)", lines[k][side]))
    if not found:
        return None
    place = rng.choice(found)
    line = replaced(lines[k], side, place, "" if rng.random() < 0.5 else 2 * place[0])
    if side == 2 and (gives_its_result(line) or is_near_one(place[0], line)):
        return None  # a number beside it may stand for its product with the factor
    return k, line


def is_near_one(factor, line):
    """Whether a number times this factor is no other number, as far as its digits tell."""
    factor = abs(eval(factor.strip("*")))
    return any(
        abs(float(m[0]) * (1 - factor)) <= 2 * 10.0 ** -len(m[0].partition(".")[2])
        for m in places(line, 2)
    )


def names(rng, lines):
    """A name swapped for another."""
    k = rng.randrange(len(lines))
    found = list(re.finditer(r"(?<![\w/])[a-zA-Z]\d*(?![\w/(])", lines[k][1]))
    if not found:
        return None
    place = rng.choice(found)
    pool = ["i1", "i2", "w1", "w2", "w3", "w4", "b1", "b2", "n1", "h1", "h2", "o1", "z1", "t1"]
    text = rng.choice([name for name in pool if name != place[0]])
    return k, replaced(lines[k], 1, place, text)


def follows(line, original):
    """Whether a changed result still follows from the rounded numbers beside it."""
    return line[:3] == original[:3] and gives_its_result(line)


def gives_its_result(line):
    """Whether the numbers put in come to the result, as far as its digits tell."""
    after = len(line[3].partition(".")[2])
    given = eval(line[2].replace("^", "**"))
    return abs(given - float(line[3])) < 10.0**-after


FALSE = {
    "units": units,
    "another": another,
    "carried": carried,
    "factors": factors,
    "names": names,
}


@pytest.mark.slow
def test_right_lines_of_random_networks_are_right(campaign):
    rng = random.Random(11)
    for _ in range(campaign(30)):
        network, lines = drawn(rng)
        wrong = [
            line
            for line in check_derivation(network.values["E"], written(lines)).lines
            if not line.right
        ]
        assert not wrong, [f"{line.claim}: {line.because}" for line in wrong]


@pytest.mark.slow
@pytest.mark.parametrize("kind", FALSE)
def test_what_is_falsified_is_not_right(campaign, kind):
    rng = random.Random(12)
    for _ in range(campaign(30)):
        while True:
            network, lines = drawn(rng)
            changed = FALSE[kind](rng, lines)
            if changed and not follows(changed[1], lines[changed[0]]):
                break
        k, line = changed
        other = [*lines[:k], line, *lines[k + 1 :]]
        marks = check_derivation(network.values["E"], written(other))
        assert not marks, (" = ".join(lines[k]), " = ".join(line))


LECTURE = error(network())


def marks_of(root, text):
    return [line.mark for line in check_derivation(root, text).lines]


@pytest.mark.parametrize(
    "line",
    [
        "dout_o1/dnet_o1 = out_o1*(1 - out_o1) = 0.7514*(1 - 1) = 0.1868",
        "dout_o1/dnet_o1 = 0.7514*(1 - 1) = 0.1868",
        "dout_o1/dnet_o1 = 0.7514*(1 - 0.8) = 0.1868",
        "dE/dw5 = 1*0.1868*0.5933 = 0.0822",
        "dE/dw5 = 0.7*0.1868*0.5933 = 0.0822",
        "net_h1 = w1*i1 + w2*i2 + b1 = 0.1*0.05 + 0.2*0.1 + 0.35 = 0.3775",
        "net_h1 = w1*i1 + w2*i2 + b1 = 0.15*0.05 + 0.2*0.1 + 0.4 = 0.3775",
        "w5+ = w5 - 0.5*dE/dw5 = 0.4 - 0.5*0.1 = 0.3589",
        "w8+ = w8 - 0.5*dE/dw8 = 0.6 + 0.5*0.02274 = 0.5614",
        "net_o1 = w5*out_h1 + w6*out_h2 + b2 = 0.4*0.5933 + 0.45*0.5969 + 1 = 1.106",
    ],
)
def test_a_number_of_one_digit_beside_a_result_of_more_is_not_right(line):
    *_, numbers, result = marks_of(LECTURE, line)
    assert numbers != "right"
    assert result == "right"


@pytest.mark.parametrize(
    "line",
    [
        "dout_o1/dnet_o1 = 0.7514*(1 - 0.7514) = 0.186815602",
        "dout_o1/dnet_o1 = 0.751*(1 - 0.751) = 0.1868156",
        "dout_o1/dnet_o1 = 0.75*(1 - 0.75) = 0.19",
        "dE/dw5 = 0.7413*0.1868*0.5932 = 0.082167041",
        "dE/dw5 = 0.74*0.19*0.59 = 0.083",
        "dE/dw1 = 0.036*0.24*0.05 = 0.00044",
        "dE/dw5 = 0.7*0.2*0.6 = 0.08",
        "w1+ = w1 - 0.5*dE/dw1 = 0.15 - 0.5*0.0004 = 0.1498",
    ],
)
def test_numbers_as_good_as_their_result_are_right(line):
    assert set(marks_of(LECTURE, line)) == {"right"}


@pytest.mark.parametrize(
    ("x", "text", "mark"),
    [
        (1.12, "1", "open"),
        (1.12, "1.1", "right"),
        (0.7413, "1", "open"),
        (0.96, "1", "open"),
        (0.996, "1", "right"),
        (0.08217, "0.08", "right"),
        (12.4, "12", "right"),
    ],
)
def test_a_whole_number_of_one_digit_does_not_tell(x, text, mark):
    y = Value(x, label="x") ** 2 / 2
    y.label = "y"
    assert marks_of(y, f"dy/dx = {text}") == [mark]


@pytest.mark.parametrize(
    ("claim", "right"),
    [
        ("m = 0.999*v + 0.001*g^2", True),
        ("m = 0.99*v + 0.001*g^2", False),
        ("m = 1.0*v + 0.001*g^2", False),
        ("m = v + 0.001*g^2", False),
        ("dm/dv = 0.999", True),
        ("dm/dv = 0.99", False),
        ("dm/dv = 0.999 = 1", True),
        ("dm/dv = 1", False),
        ("v = 3.5", True),
        ("v = 4", False),
        ("dm/dg = 0.002*g", True),
        ("dm/dg = 0.0018*g", False),
        ("n = 0.3333*v", True),
        ("n = 0.33*v", True),
        ("n = 0.3*v", False),
    ],
)
def test_a_short_constant_is_written_in_full(claim, right):
    v, g = Value(3.5, label="v"), Value(1.25, label="g")
    m = 0.999 * v + 0.001 * g**2
    n = v / 3
    m.label, n.label = "m", "n"
    root = m * n
    [*_, line] = check_derivation(root, claim).lines
    assert line.right is right


@pytest.mark.parametrize(
    ("lines", "mark"),
    [
        ("y = a*b = 0*5", "right"),
        ("y = a*b = 0*999", "WRONG"),
        ("y = a*b = 0*1", "WRONG"),
        ("y = 0*1", "WRONG"),
        ("y = 0*5", "right"),
        ("y = 5*0", "right"),
        ("y = 999*0", "open"),
        ("y = 999*0 = 0", "right"),
    ],
)
def test_a_number_beside_a_0_stands_for_its_symbol_too(lines, mark):
    a, b = Value(0.0, label="a"), Value(5.0, label="b")
    y = a * b
    y.label = "y"
    assert marks_of(y, lines)[-1] == mark


@pytest.mark.parametrize(
    ("claim", "mark"),
    [
        ("e = a*x", "right"),  # the target is 0
        ("e = a*x - y", "right"),
        ("e = a*x + 5*y", "WRONG"),
        ("p = a*x", "right"),
        ("p = a*x - y", "WRONG"),
        ("dE/da = a*x*x", "right"),
        ("dE/da = (a*x + y)*x", "WRONG"),
    ],
)
def test_a_target_of_0_moves_where_it_is_named(claim, mark):
    a, x, y = Value(2.0, label="a"), Value(3.0, label="x"), Value(0.0, label="y")
    p = a * x
    p.label = "p"
    e = p - y
    e.label = "e"
    root = e**2 / 2
    root.label = "E"
    assert marks_of(root, claim) == [mark]


@pytest.mark.parametrize(
    "line", ["dE/dw5 = dE/dw5", "∂E/∂w5 = dE/dw5", "w5 = w5", "0.3 = 0.3", "dE/dw5 = 1*dE/dw5"]
)
def test_what_is_claimed_of_itself_earns_nothing(line):
    marks = check_derivation(LECTURE, line)
    assert [line.verdict for line in marks.lines] == ["SAYS NOTHING"]
    assert marks.points().total == 0


def test_a_name_is_defined_by_what_it_is_read_as():
    assert marks_of(LECTURE, "δ_o1 = dE/dnet_o1 = dE/dout_o1*dout_o1/dnet_o1") == ["right"] * 2


def test_what_is_said_again_is_said_as_it_was():
    product = "dE/dout_o1*dout_o1/dnet_o1"
    lines = f"dE/dout_o1 = 0.74\ndout_o1/dnet_o1 = 0.19\n{product} = 0.74*0.19 = 0.14"
    assert marks_of(LECTURE, f"{lines}\n{product} = 0.14 (derived above)")[-1] == "right"
    assert marks_of(LECTURE, f"{lines}\n{product} = 0.1385 (derived above)")[-1] == "right"
    assert marks_of(LECTURE, f"{lines}\n{product} = 0.1406 (derived above)")[-1] != "right"


def test_of_several_factors_the_nearest_is_told():
    [line] = check_derivation(LECTURE, "dE/dw1 = 0.002").lines
    factors = [verdict for verdict in line.verdicts if verdict.startswith("FACTOR ")]
    assert len(set(factors) - {"FACTOR LEFT OUT"}) <= 1


def test_a_small_term_of_a_sum_is_held_to_its_factors():
    v, g = Value(1.0, label="v"), Value(1e-3, label="g")
    m = 0.999 * v + 0.001 * g**2
    m.label = "m"
    assert check_derivation(m, "m = 0.999*v + 0.001*g^2")
    assert not check_derivation(m, "m = 0.999*v + 0.001*g^2*0.0447")
    assert not check_derivation(m, "dm/dg = 0.002*g + 1e-12*v")


@pytest.mark.parametrize(
    ("claim", "mark"),
    [
        ("dE/dw = dp/dw + dq/dw", "right"),
        ("dE/dw = dp/dw - dq/dw", "open"),
        ("dE/dw = dp/dw + 3*dq/dw", "open"),
        ("dE/dw = dp/dw", "right"),
        ("dE/dw = x1 - x2", "WRONG"),
        ("E = p", "right"),
        ("E = p - q", "open"),
    ],
)
def test_a_term_that_is_0_for_the_given_data_alone_does_not_tell(claim, mark):
    w, x1, x2 = Value(0.5, label="w"), Value(2.0, label="x1"), Value(0.0, label="x2")
    p, q = w * x1, w * x2
    p.label, q.label = "p", "q"
    total = p + q
    total.label = "E"
    assert marks_of(total, claim) == [mark]


@pytest.mark.parametrize(
    ("numbers", "mark"),
    [
        ("-0*(1-0.3)", "right"),
        ("0*0.7", "right"),
        ("-0*(1+0.3)", "open"),
        ("-0*(0.3-1)", "right"),  # a·(b − 1)
        ("-0*(1-0.7)", "WRONG"),
    ],
)
def test_what_stands_beside_a_0_is_held_to_the_formula(numbers, mark):
    a, b = Value(0.0, label="a"), Value(0.3, label="b")
    y = -a * (1 - b)
    y.label = "y"
    assert marks_of(y, f"y = {numbers}") == [mark]


@pytest.mark.parametrize(
    ("claim", "mark"),
    [("dE/dw5 = 0.1", "open"), ("dE/dw5 = 0.08", "right"), ("E = 0.3", "right")],
)
def test_a_result_goes_as_far_as_the_first_digit(claim, mark):
    assert marks_of(LECTURE, claim) == [mark]


@pytest.mark.parametrize("result", ["0.00088", "0.0009", "0.000878"])
def test_a_number_stands_for_none_of_which_it_has_no_digit(result):
    assert marks_of(LECTURE, f"dE/dw1 = 0.0364*0.2413*0.1 = {result}") == ["WRONG", "follows"]


HIDDEN = [  # a formula, the numbers of its names, and numbers of which one is wrong beside a 0
    ("a*b", {"a": 0.0, "b": 0.5}, "0*0"),
    ("a*b + c*d", {"a": 0.0, "b": 0.5, "c": 0.25, "d": -1.0}, "0*0 + 0.25*(-1)"),
    ("a*b + c*d", {"a": 0.0, "b": 0.25, "c": 1.0, "d": 5.0}, "0*1.5 + 1*5"),
    ("a*b + c*d", {"a": 0.0, "b": 0.4, "c": 1.0, "d": 0.5}, "0*(-1) + 1*0.5"),
    ("a*b*c", {"a": 0.0, "b": 1.0, "c": 0.0}, "0*0*0"),
    ("a*b*c", {"a": -0.35, "b": 3.0, "c": 0.0}, "(-0.35)*1*0"),
    ("a*b*c", {"a": 0.0, "b": 2.0, "c": -1.0}, "0*2*1"),
    ("a*b/c", {"a": 0.0, "b": 0.5, "c": 3.0}, "0*3/3"),
    ("-(a-b)*c*d", {"a": 3.0, "b": 5.0, "c": 0.25, "d": 0.0}, "-(3-5)*0.5*0"),
]


@pytest.mark.parametrize(("formula", "numbers", "wrong"), HIDDEN)
def test_no_number_hides_beside_a_0(formula, numbers, wrong):
    names = {name: Value(x, label=name) for name, x in numbers.items()}
    root = eval(formula, {}, names)
    root.label = "y"
    due = "".join(f"({names[c].data:g})" if c in names else c for c in formula)
    assert math.isclose(eval(wrong), root.data, abs_tol=0.0)  # the sum does not tell
    assert not check_derivation(root, f"y = {wrong}").lines[-1].right
    assert not check_derivation(root, f"y = {formula} = {wrong}").lines[-1].right
    assert check_derivation(root, f"y = {due}").lines[-1].right


def test_a_derivative_that_is_0_everywhere_may_be_put_in():
    kept = Value(2.0, label="x") * 0
    kept.label = "y"
    root = (1 - kept) ** 2 / 2
    root.label = "E"
    assert check_derivation(root, "dE/dx = -1 * 0").lines[0].right  # ∂E/∂y · ∂y/∂x
