"""The derivation: word for word, every quotient in it against its own finite difference, its size,
its errors.
"""

import math
import random
import re
import time

import pytest
from expressions import REFERENCE, named, named_programs, says
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp

from autograd import (
    DomainError,
    Op,
    Value,
    cos,
    exp,
    grad,
    maximum,
    minimum,
    no_grad,
    relu,
    sigmoid,
    sin,
    sqrt,
    tanh,
)
from autograd import chain_rule as derive
from autograd.graph import named_graph
from autograd.record import Record, topological_order
from nn import MLP, half_squared_error
from nn.lecture import error, network

approx = pytest.approx


def everything(derivation):
    """All derivations and factors of it, each once."""
    found, todo = {}, [derivation]
    while todo:
        part = todo.pop()
        if part not in found:
            found[part] = None
            todo += part.terms if hasattr(part, "terms") else part.factors
    return list(found)


def quotients(part):
    return part.names if hasattr(part, "factors") else (part.name,)


def by_label(root):
    return {v.label: v for group in topological_order(root) for v in group if v.label}


# word for word


def test_the_output_neuron():
    w5, w6, b2 = Value(0.40, label="w5"), Value(0.45, label="w6"), Value(0.60, label="b2")
    out_h1, out_h2 = Value(0.593269992, label="out_h1"), Value(0.596884378, label="out_h2")
    net_o1 = named("net_o1", w5 * out_h1 + w6 * out_h2 + b2)
    out_o1 = named("out_o1", sigmoid(net_o1))
    E = named("E", (0.01 - out_o1) ** 2 / 2)
    assert str(derive(E, w5)) == (
        """\
∂E/∂w5 = ∂E/∂out_o1 · ∂out_o1/∂net_o1 · ∂net_o1/∂w5

  ∂E/∂out_o1       = −(0.01 − out_o1)      = −(0.01 − 0.7514)     = 0.7414
  ∂out_o1/∂net_o1  = out_o1·(1 − out_o1)   = 0.7514·(1 − 0.7514)  = 0.1868
  ∂net_o1/∂w5      = out_h1                                       = 0.5933

∂E/∂w5 = 0.7414 · 0.1868 · 0.5933 = 0.08217"""
    )


W5 = """\
∂E/∂w5 = ∂E/∂out_o1 · ∂out_o1/∂net_o1 · ∂net_o1/∂w5

  ∂E/∂out_o1       = −(t1 − out_o1)        = −(0.01 − 0.7514)     = 0.7414
  ∂out_o1/∂net_o1  = out_o1·(1 − out_o1)   = 0.7514·(1 − 0.7514)  = 0.1868
  ∂net_o1/∂w5      = out_h1                                       = 0.5933

∂E/∂w5 = 0.7414 · 0.1868 · 0.5933 = 0.08217"""

W1 = """\
∂E/∂w1 = ∂E/∂out_h1 · ∂out_h1/∂net_h1 · ∂net_h1/∂w1

  ∂E/∂out_h1       = ∂E_o1/∂out_h1 + ∂E_o2/∂out_h1   = 0.0554 + (−0.01905)  = 0.03635
  ∂out_h1/∂net_h1  = out_h1·(1 − out_h1)             = 0.5933·(1 − 0.5933)  = 0.2413
  ∂net_h1/∂w1      = i1                                                     = 0.05

  ∂E_o1/∂out_h1 = ∂E_o1/∂out_o1 · ∂out_o1/∂net_o1 · ∂net_o1/∂out_h1

    ∂E_o1/∂out_o1    = −(t1 − out_o1)        = −(0.01 − 0.7514)     = 0.7414
    ∂out_o1/∂net_o1  = out_o1·(1 − out_o1)   = 0.7514·(1 − 0.7514)  = 0.1868
    ∂net_o1/∂out_h1  = w5                                           = 0.4

  ∂E_o1/∂out_h1 = 0.7414 · 0.1868 · 0.4 = 0.0554

  ∂E_o2/∂out_h1 = ∂E_o2/∂out_o2 · ∂out_o2/∂net_o2 · ∂net_o2/∂out_h1

    ∂E_o2/∂out_o2    = −(t2 − out_o2)        = −(0.99 − 0.7729)     = −0.2171
    ∂out_o2/∂net_o2  = out_o2·(1 − out_o2)   = 0.7729·(1 − 0.7729)  = 0.1755
    ∂net_o2/∂out_h1  = w7                                           = 0.5

  ∂E_o2/∂out_h1 = −0.2171 · 0.1755 · 0.5 = −0.01905

∂E/∂w1 = 0.03635 · 0.2413 · 0.05 = 0.0004386"""


@pytest.mark.parametrize(("name", "text"), [("w5", W5), ("w1", W1)])
def test_the_lecture_word_for_word(name, text):
    model = network()
    E = error(model)
    derivation = derive(E, by_label(E)[name])
    assert str(derivation) == repr(derivation) == text


def test_cut_as_the_lecture_cuts():
    E = error(network())
    values = by_label(E)
    w5, w1 = (str(derive(E, values[name], rounding="cut")) for name in ("w5", "w1"))
    assert "∂E/∂out_o1       = −(t1 − out_o1)        = −(0.01 − 0.7513)     = 0.7413\n" in w5
    assert w5.endswith("∂E/∂w5 = 0.7413 · 0.1868 · 0.5932 = 0.08216")
    assert (
        "∂out_h1/∂net_h1  = out_h1·(1 − out_h1)             = 0.5932·(1 − 0.5932)   = 0.2413\n"
        in w1
    )
    assert w1.endswith("= 0.0004385")
    assert str(derive(E, values["w1"], rounding="cut", digits=3)).endswith(
        "= 0.000438"
    )  # the lecture's own figure
    assert str(derive(E, values["w5"], rounding="cut", digits=3)).endswith("= 0.0821")


# fmt: off
LECTURE = {  # ∂E/∂name, and its factors, or the terms where it is a sum
    "w1": (0.000438567734,  "∂E/∂out_h1 ∂out_h1/∂net_h1 ∂net_h1/∂w1"),
    "w2": (0.000877135469,  "∂E/∂out_h1 ∂out_h1/∂net_h1 ∂net_h1/∂w2"),
    "w3": (0.000497712735,  "∂E/∂out_h2 ∂out_h2/∂net_h2 ∂net_h2/∂w3"),
    "w4": (0.000995425471,  "∂E/∂out_h2 ∂out_h2/∂net_h2 ∂net_h2/∂w4"),
    "w5": (0.082167040564,  "∂E/∂out_o1 ∂out_o1/∂net_o1 ∂net_o1/∂w5"),
    "w6": (0.082667627848,  "∂E/∂out_o1 ∂out_o1/∂net_o1 ∂net_o1/∂w6"),
    "w7": (-0.022602540477, "∂E/∂out_o2 ∂out_o2/∂net_o2 ∂net_o2/∂w7"),
    "w8": (-0.022740242216, "∂E/∂out_o2 ∂out_o2/∂net_o2 ∂net_o2/∂w8"),
    "b1": (0.018725609395,  "∂E/∂net_h1·∂net_h1/∂b1 + ∂E/∂net_h2·∂net_h2/∂b1"),
    "b2": (0.100400325112,  "∂E_o1/∂b2 + ∂E_o2/∂b2"),
}
FACTORS = {
    "∂E/∂out_o1": 0.741365069552,       "∂E/∂out_o2": -0.217071534679,
    "∂E_o1/∂out_o1": 0.741365069552,    "∂E_o2/∂out_o2": -0.217071534679,
    "∂out_o1/∂net_o1": 0.186815601809,  "∂out_o2/∂net_o2": 0.175510052817,
    "∂E_o1/∂out_h1": 0.055399424651,    "∂E_o2/∂out_h1": -0.019049118258,
    "∂E_o1/∂out_h2": 0.062324352733,    "∂E_o2/∂out_h2": -0.020954030084,
    "∂E/∂out_h1": 0.036350306393,       "∂E/∂out_h2": 0.041370322649,
    "∂out_h1/∂net_h1": 0.241300708572,  "∂out_h2/∂net_h2": 0.240613417249,
}
# fmt: on


@pytest.mark.parametrize("name", LECTURE)
def test_all_ten_gradients_of_the_lecture(name):
    value, form = LECTURE[name]
    E = error(network())
    derivation = derive(E, by_label(E)[name])
    assert (derivation.of, derivation.by) == ("E", name)
    assert derivation.value == approx(value, abs=1e-12)
    if "+" in form:
        [total] = derivation.factors
        assert total.formula == form
        assert sum(term.value for term in total.terms) == approx(value, abs=1e-12)
    else:
        assert " ".join(f"∂{factor.of}/∂{factor.by}" for factor in derivation.factors) == form
    seen = 0
    for part in everything(derivation):
        title = "·".join(f"∂{q.of}/∂{q.by}" for q in quotients(part))
        if title in FACTORS:
            seen += 1
            assert part.value == approx(FACTORS[title], abs=1e-12)
    assert seen >= 2


# true


@given(named_programs(), st.data())
def test_every_quotient_is_its_own_finite_difference(program, data):
    steps, results, visible = program
    x = data.draw(st.sampled_from(sorted(visible)))
    place = {f"r{i}": i for i in visible}
    numbers = [mp.mpf(v.data) for v in results]
    leaves = len(results) - len(steps)

    def difference(of, by, held):
        """∂of/∂by through all paths but those through what is held."""
        of, by, held = place[of], place[by], {place[name] for name in held}

        def segment(t):
            moved = [t if i == by else number for i, number in enumerate(numbers[:leaves])]
            for i, (name, operands) in enumerate(steps, leaves):
                args = [moved[j] if isinstance(j, int) else j for j in operands]
                fixed = {by: t} | {j: numbers[j] for j in held}
                moved.append(fixed[i] if i in fixed else REFERENCE[name](*args))
            return moved[of]

        with mp.workdps(60):
            return mp.diff(segment, numbers[by])

    for part in everything(derive(results[-1], results[x])):
        exactly = mp.fprod(difference(*quotient) for quotient in quotients(part))
        assert part.value == approx(float(exactly), rel=1e-10, abs=1e-10)
        if hasattr(part, "factors") and part.factors:
            assert part.value == approx(
                float(mp.fprod(factor.value for factor in part.factors)), rel=1e-14
            )
        elif getattr(part, "terms", ()):
            assert part.value == approx(
                float(mp.fsum(term.value for term in part.terms)), rel=1e-14, abs=1e-14
            )


def slope(of, by, held):
    """∂of/∂by through all paths but those through what is held: forward mode over the record."""
    tangents = dict.fromkeys(held, 0.0) | {by: 1.0}
    for v in Record(of).nodes:
        if v not in tangents:
            numbers = [x.data if isinstance(x, Value) else x for x in v.args]
            tangents[v] = sum(
                partial(*numbers, v.data) * tangents[x]
                for x, partial in zip(v.args, v.op.partials, strict=True)
                if x in tangents
            )
    return tangents.get(of, 0.0)


def tangled(rng):
    """A record of named sums and products that share what they are made of, below something that is
    not linear, beside other paths: as in a regulariser, a recurrent network, a skip connection.
    """
    values = [
        Value(rng.choice([-1.5, -0.5, 0.5, 1.0, 2.0]), f"x{k}") for k in range(rng.randint(1, 3))
    ]
    shapes = [
        lambda a, b: a + b,
        lambda a, b: a + b + a,
        lambda a, b: a - b,
        lambda a, b: 2 * a + b,
        lambda a, b: a * b,
        lambda a, b: a * a,
        lambda a, b: (a + b) ** 2,
        lambda a, b: sigmoid(a) + b,
        lambda a, b: sin(a * b),
        lambda a, b: a / 2,
        lambda a, b: (a + b) / 4 - b,
    ]
    for k in range(rng.randint(2, 7)):
        recent = values[-4:]
        v = rng.choice(shapes)(rng.choice(recent), rng.choice(recent))
        if rng.random() < 0.75:
            v.label = f"n{k}"
        values.append(v)
    root = (
        values[-1] ** 2 + rng.choice(values) if rng.random() < 0.5 else sum(values[1:], values[0])
    )
    root.label = "E"
    return root


def elsewhere(root, rng):
    """The same record at other numbers: its Values by their labels."""
    leaves = Record(root).leaves
    numbers = {leaf: Value(rng.uniform(-1.5, 1.5), leaf.label) for leaf in leaves}
    return by_label(Record(root).copy(numbers)[root])


@pytest.mark.slow
def test_what_is_written_of_a_tangled_record_is_its_derivative_at_other_numbers_too(campaign):
    rng = random.Random(1)
    checked = 0
    while checked < campaign(100):
        root = tangled(rng)
        others = elsewhere(root, rng)
        numbers = {label: mp.mpf(v.data) for label, v in others.items()}
        for x in Record(root).leaves:
            derivation = derive(root, x, digits=12)
            checked += 1
            for factor in everything(derivation):
                if hasattr(factor, "factors") or factor.terms or factor.formula == "…":
                    continue
                of, by, held = factor.name
                there = slope(others[of], others[by], [others[name] for name in held])
                assert says(factor.formula, numbers, there), (str(derivation), factor)
                assert says(factor.numbers, {}, factor.value, 6e-12), (str(derivation), factor)
            last = str(derivation).split(" = ")[-1].split("\n")[0]
            if derivation.factors and "(" not in last:
                assert says(last, {}, grad(root, x).data, 6e-12), str(derivation)


@pytest.mark.slow
def test_every_quotient_of_a_tangled_record_is_what_its_name_says(campaign):
    rng = random.Random(0)
    checked = 0
    while checked < campaign(300):
        root = tangled(rng)
        if rng.random() < 0.2:  # labels that stand twice
            for v in Record(root).labelled():
                v.label = rng.choice("abc")
        for x in Record(root).leaves:
            detail = rng.choice(["names", "names", "names", "operations"])
            derivation = derive(root, x, detail=detail)
            names = named_graph(root, towards=[x], detail=detail).names
            values = {name: v for v, name in names.items()}
            assert len(values) == len(names)
            checked += 1
            for part in everything(derivation):
                exactly = math.prod(
                    slope(values[of], values[by], [values[name] for name in held])
                    for of, by, held in quotients(part)
                )
                assert part.value == approx(exactly, rel=1e-9, abs=1e-9), (str(derivation), part)


ACTIVATIONS = [
    "sigmoid",
    "tanh",
    "relu",
    "softplus",
    "swish",
    "gelu",
    "leaky_relu",
    "linear",
    "sin",
]


@pytest.mark.parametrize("seed", range(40))
def test_random_networks_with_random_names_removed(seed):
    rng = random.Random(seed)
    sizes = [rng.randint(1, 4) for _ in range(rng.randint(1, 5))]
    activations = [rng.choice(ACTIVATIONS) for _ in sizes]
    model = MLP(
        2, sizes, activation=activations, bias=rng.choice(["shared", "neuron", None]), seed=seed
    )
    outputs = model([rng.uniform(-1, 1), rng.uniform(-1, 1)])
    E = half_squared_error(outputs, [rng.uniform(-1, 1) for _ in range(sizes[-1])])
    E.backward()
    parameters = model.parameters()
    for v in topological_order(E)[1]:
        if rng.random() < seed % 4 / 4:
            v.label = ""
    values = by_label(E)
    for x in rng.sample(parameters, min(5, len(parameters))):
        derivation = derive(E, x)
        assert derivation.value == approx(x.grad, rel=1e-12, abs=1e-300)
        for part in everything(derivation):
            exactly = 1.0
            for of, by, held in quotients(part):
                top = E if of == derivation.of else values[of]
                exactly *= grad(top, values[by], {values[name] for name in held}).data
            assert part.value == approx(exactly, rel=1e-9, abs=1e-14)


# sums


def test_a_direct_edge_beside_a_path_through_a_name():
    x = Value(2.0, "x")
    f = named("f", sin(x))
    y = named("y", x * f)
    derivation = derive(y, x)
    [total] = derivation.factors
    through, direct = total.terms
    assert total.formula == "∂y/∂f·∂f/∂x + ∂y/∂x|f"
    assert through.value == approx(2 * float(mp.cos(2)))
    assert direct.value == approx(float(mp.sin(2)))
    assert [(factor.of, factor.by, factor.formula) for factor in through.factors] == [
        ("y", "f", "x"),
        ("f", "x", "cos(x)"),
    ]
    assert [factor.formula for factor in direct.factors] == ["f"]
    assert direct.names == (("y", "x", ("f",)),)


def test_two_paths_through_one_summand():
    x = Value(0.7, "x")
    a, b = named("a", sin(x)), named("b", cos(x))
    E1, E2 = named("E1", a * b), named("E2", x**2)
    derivation = derive(named("E", E1 + E2), x)
    for part in everything(derivation):
        if quotients(part) == (("E1", "x", ()),):
            assert part.value == approx(float(mp.cos(1.4)))  # E1 = ½ sin 2x
    lines = str(derivation).splitlines()
    titles = [line.split(" = ")[0].strip() for line in lines if line]
    assert titles.count("∂E1/∂x") <= 2  # what it is made of, and its value


def ladder(length):
    """Each of its Values depends on the one before and on x."""
    x = Value(0.9, "x")
    y = named("f0", sin(x))
    for k in range(1, length):
        y = named(f"f{k}", sin(y) * x)
    return y, x


def chain(length):
    x = Value(0.5, "x")
    y = x
    for k in range(length):
        y = named(f"f{k}", sin(y))
    return y, x


def diamonds(length):
    x = Value(0.5, "x")
    y = x
    for k in range(length):
        a, b = named(f"a{k}", sin(y)), named(f"b{k}", cos(y))
        y = named(f"f{k}", a + b)
    return y, x


def triangles(length):
    x = Value(0.5, "x")
    before, y = x, named("f0", sin(x))
    for k in range(1, length):
        before, y = y, named(f"f{k}", sin(before) + cos(y))
    return y, x


def recurrent(length):
    """A network that is fed back its state: two ways go down from each step."""
    x = Value(0.5, "x")
    h, y = x, named("y", Value(1.0) * x)
    for k in range(length):
        h = named(f"h{k}", sin(h))
        y = named(f"y{k}", sin(y) + h)
    return y, x


SHAPES = [chain, ladder, diamonds, triangles, recurrent]


@pytest.mark.parametrize("build", SHAPES)
def test_the_derivation_grows_with_the_edges_not_with_the_paths(build):
    def size(length):
        parts = everything(derive(*build(length)))
        return len(parts) + sum(
            len(part.terms if hasattr(part, "terms") else part.factors) for part in parts
        )

    assert size(80) <= 2.1 * size(40)


@pytest.mark.parametrize("build", SHAPES)
def test_the_text_grows_with_the_edges_not_with_the_paths(build):
    def size(length):
        return sum(len(line.strip()) for line in str(derive(*build(length))).splitlines())

    assert size(200) <= 2.4 * size(100)


@pytest.mark.slow
@pytest.mark.parametrize("build", SHAPES)
def test_five_hundred_names(build):
    y, x = build(500)
    start = time.perf_counter()
    derivation = derive(y, x)
    assert str(derivation)
    assert derivation.latex()
    assert time.perf_counter() - start < 10
    y.backward()
    assert derivation.value == approx(x.grad, rel=1e-12, abs=1e-200)


def test_a_long_chain():
    y, x = chain(3000)
    start = time.perf_counter()
    derivation = derive(y, x)
    text = str(derivation)
    assert time.perf_counter() - start < 10
    assert (len(derivation.factors), text.count("\n")) == (3000, 3003)


@pytest.mark.parametrize("build", SHAPES[1:])
def test_what_was_derived_once_is_referred_to(build):
    lines = str(derive(*build(12))).splitlines()
    derived = [line.strip() for line in lines if " · ∂" in line]
    assert len(derived) == len(set(derived))


# the ends


@pytest.mark.parametrize(
    ("build", "text", "value"),
    [
        (lambda x, y: (x, y), "∂x/∂y = 0: x does not depend on y", 0.0),
        (lambda x, y: (x, x), "∂x/∂x = 1", 1.0),
        (lambda x, y: (named("z", sin(x)), y), "∂z/∂y = 0: z does not depend on y", 0.0),
        (lambda x, y: (x, named("z", sin(x))), "∂x/∂z = 0: x does not depend on z", 0.0),
        (lambda x, y: (named("z", 0 * x), x), "∂z/∂x = 0", 0.0),
        (lambda x, y: (named("z", x + 1), x), "∂z/∂x = 1", 1.0),
        (lambda x, y: (named("z", x * y), x), "∂z/∂x = y = 3", 3.0),
        (lambda x, y: (named("z", x**2), x), "∂z/∂x = 2·x = 2·2 = 4", 4.0),
        (lambda x, y: (sin(0 * x) + y**2, y), "∂v1/∂y = 2·y = 2·3 = 6", 6.0),
        (lambda x, y: (sin(x), Value(1.0)), "∂v1/∂v2 = 0: v1 does not depend on v2", 0.0),
        (lambda x, y: (named("z", sin(x)), Value(1.0)), "∂z/∂v1 = 0: z does not depend on v1", 0.0),
    ],
)
def test_one_step_or_none(build, text, value):
    x, y = Value(2.0, "x"), Value(3.0, "y")
    root, by = build(x, y)
    derivation = derive(root, by)
    assert str(derivation) == text
    assert derivation.value == value


def test_an_x_without_a_name_takes_one_that_is_free():
    leaf = Value(2.0)
    derivation = derive(leaf * leaf, Value(3.0))  # v1 is the leaf, and v2 its square
    assert str(derivation).startswith("∂v2/∂v3 = 0: v2 does not depend on v3\n")


def test_an_x_between():
    x = Value(2.0, "x")
    u = named("u", x**2)
    y = named("y", exp(-u) * u)
    derivation = derive(y, u)
    assert (derivation.of, derivation.by, len(derivation.factors)) == ("y", "u", 1)
    assert derivation.value == approx(-3 * float(mp.exp(-4)))


def test_an_x_without_a_name():
    x = Value(2.0)
    y = named("y", named("u", 3 * x) ** 2)
    derivation = derive(y, x)
    assert [(f.of, f.by, f.value) for f in derivation.factors] == [
        ("y", "u", 12.0),
        ("u", derivation.by, 3.0),
    ]


@pytest.mark.parametrize("taken", ["", "v1"])
def test_nothing_named(taken):
    x = Value(2.0)
    z = sigmoid(x * 3) * x
    derivation = derive(z, x)
    s = 1 / (1 + float(mp.exp(-6)))
    assert derivation.value == approx(s + 6 * s * (1 - s))
    assert "v1, v2, …" in str(derivation)
    assert not re.search(r"&=\s*(\\\\|$)", derivation.latex())  # the note is no equation


def test_detail_operations():
    x, y = Value(2.0, "x"), Value(3.0, "y")
    z = named("z", (x * y + 1) ** 2)
    first, second = derive(z, x, detail="operations").factors
    assert (first.of, first.by, first.formula, first.value) == ("z", "v2", "2·v2", 14.0)
    assert (second.of, second.by, second.formula, second.value) == ("v2", "x", "y", 3.0)
    assert [edge.derivative.data for edge in second.edges] == [1.0, 3.0]


def test_kinks_and_ties():
    x = Value(0.0, "x")
    for f, slope in (
        (relu, 0.0),
        (lambda v: maximum(v, 0.0), 0.5),
        (lambda v: maximum(v, v), 1.0),
        (lambda v: v**2, 0.0),
    ):
        assert derive(named("y", 2 * named("u", f(x))), x).value == 2 * slope


def test_a_derivative_of_a_derivative():
    x = Value(0.7, "x")
    u = named("u", x**3)
    first = named("slope", grad(named("y", sin(u)), x))
    assert derive(first, x).value == approx(grad(first, x).data, rel=1e-14)
    assert derive(first, x).value == approx(
        float(mp.diff(lambda t: mp.sin(t**3), 0.7, 2)), rel=1e-12
    )


def test_a_row_of_a_user():
    three = Op(
        "three",
        lambda a, b, c: a * b + c,
        *[lambda a, b, c, z: b, lambda a, b, c, z: a, lambda a, b, c, z: 1.0],
    )
    x, y = Value(2.0, "x"), Value(3.0, "y")
    derivation = derive(named("z", three(named("u", x**2), y, x)), x)
    assert derivation.value == 13.0
    assert "∂z/∂u·∂u/∂x + ∂z/∂x|u" in str(derivation)


# labels


@pytest.mark.parametrize(
    ("build", "name"),
    [
        (lambda a, b: named("y", a * b), "rate⁽²⁾"),
        (lambda a, b: named("y", named("u", a * b) ** 2), "rate⁽²⁾"),
        (lambda a, b: named("y", sin(named("u", a * 2)) * b), "rate⁽²⁾"),
    ],
)
def test_values_with_one_label_are_told_apart(build, name):
    a, b = Value(2.0, "rate"), Value(3.0, "rate")
    y = build(a, b)
    derivation = derive(y, b)
    assert (derivation.by, derivation.value) == (name, grad(y, b).data)
    assert derive(y, a).by == "rate"
    assert "several Values are labelled rate: told apart by ⁽²⁾" in str(derivation)
    assert r"\mathrm{rate}^{(2)}" in derivation.latex()


def test_a_label_that_looks_told_apart_is_nobody_elses():
    x = Value(2.0, "x⁽²⁾")
    assert str(derive(named("y", x * x), x)) == "∂y/∂x⁽²⁾ = 2·x⁽²⁾ = 2·2 = 4"


@pytest.mark.parametrize("own", [0, 1])
def test_a_label_that_stands_twice_is_told_where_any_of_the_two_is_written(own):
    rates = Value(2.0, "rate_1"), Value(3.0, "rate_1")
    derivation = derive(named("y", rates[0] * rates[1]), rates[own])
    said = "several Values are labelled rate_1: told apart by ⁽²⁾"
    assert said in str(derivation)
    x = Value(5.0, "x")
    assert said in str(derive(named("z", rates[0] * rates[1] * x), x))
    latex = derivation.latex()
    assert r"\text{(several Values are labelled rate\_1: told apart by (2)" in latex


def test_a_network_called_on_several_examples_on_its_own_output_and_beside_another():
    model = MLP(2, [2, 1], activation="tanh", seed=0)
    other = MLP(2, [1], activation="sigmoid", seed=1)
    losses = [half_squared_error(model(x), [0.3]) for x in ([0.1, 0.2], [0.4, -0.3], [0.2, 0.9])]
    batch = named("E", sum(losses) / 3)
    recurrent = model([model([0.1, 0.2]), 0.5])
    recurrent.label = "h2"
    pair = named("both", model([0.5, 1.0]) * other([0.2, 0.1]))
    for root in (batch, recurrent, pair):
        for w in Record(root).leaves:
            derivation = derive(root, w)
            assert derivation.value == approx(grad(root, w).data, rel=1e-12, abs=1e-15)
            assert derive(root, w, detail="operations").value == approx(
                grad(root, w).data, rel=1e-12, abs=1e-15
            )
            names = [q for part in everything(derivation) for q in quotients(part)]
            assert derivation.of == root.label
            assert len({(v, name) for v, name in named_graph(root).names.items()}) == len(
                named_graph(root).names
            )
            assert names
    assert "net_o1⁽³⁾" in str(derive(batch, model.weights()[-1]))


def test_another_value_of_that_name_is_told():
    w = Value(0.5, "w")
    E = named("E", w * w)
    again = Value(0.7, "w")
    said = "^E was computed from another Value labelled 'w', which is 0.5, and this one is 0.7: compute E anew$"
    with pytest.raises(ValueError, match=said):
        derive(E, again)
    assert "does not depend on" in str(derive(E, Value(0.7, "v")))


# numbers and constants at a glance


def test_a_sum_that_cancels_is_0_and_a_third_is_a_third():
    x = [Value(c, f"x{i}") for i, c in enumerate((1.0, 2.0, 4.0), 1)]
    mu = named("mu", sum(x) / 3)
    var = named("var", sum((a - mu) ** 2 for a in x) / 3)
    assert var.data == approx(14 / 9)
    derivation = derive(var, mu)
    assert (str(derivation).splitlines()[-1][-4:], derivation.factors[0].shown) == (" = 0", 0.0)
    assert "1/3" in str(derive(var, x[0]))
    assert r"\frac{1}{3}" in derive(mu, x[0]).latex()
    assert "0.333" not in str(derive(mu, x[0])).split(" = ")[1]


def test_a_small_number_that_is_no_cancelled_sum_is_printed():
    x = Value(1e-17, "x")
    assert str(derive(named("y", x * x), x)) == "∂y/∂x = 2·x = 2·10⁻¹⁷"
    big = Value(2.0**53, "b")
    y = named("y", x * ((big + 1) - big))  # 0 in floats: 2⁵³ + 1 is rounded
    assert str(derive(y, x)).endswith("= 0")
    y = named("y", x * ((big + 2) - big))
    assert str(derive(y, x)).endswith("= 2")


@pytest.mark.parametrize("k", range(4))
def test_a_maximum_is_read_at_a_glance(k):
    a = [Value(c, f"a{i}") for i, c in zip((11, 12, 21, 22), (3.0, 9.0, 1.0, 4.0), strict=True)]
    top = named("m", maximum(maximum(a[0], a[1]), maximum(a[2], a[3])))
    low = named("n", minimum(2 * a[0], a[1]))
    assert (
        str(derive(top, a[k]))
        == f"∂m/∂a{(11, 12, 21, 22)[k]} = {int(k == 1)} (a12 is the largest) = {int(k == 1)}"
    )
    assert grad(top, a[k]).data == float(k == 1)
    if k < 2:
        assert f"= {2 - 2 * k} (2·a11 is the smaller)" in str(derive(low, a[k]))


def test_a_tie_shows_how_the_halves_come_out():
    a, b = Value(1.0, "a"), Value(1.0, "b")
    assert str(derive(named("m", maximum(a, b)), a)).endswith("= 0.5")
    assert "sign" in str(derive(named("m", maximum(a, b)), a))


# leaves that have moved


def test_where_a_leaf_has_moved_it_is_the_derivation_at_the_numbers_of_now():
    w, x = Value(0.5, "w"), Value(2.0, "x")
    E = named("E", named("z", w * x) ** 2)
    E.backward()
    w.data = 1.0
    derivation = derive(E, w)
    assert derivation.value == 8.0
    assert "w or x has moved since E was computed" in str(derivation)
    assert (E.data, w.grad) == (1.0, 4.0)
    y = named("y", sqrt(w) if w > 0.5 else w)
    w.data = 0.2
    with pytest.raises(ValueError, match=r"compute y anew: w > 0\.5 is False now"):
        derive(y, w)


def test_a_derivative_that_nobody_asked_for_does_not_fail():
    a, b = Value(3.0, "a"), Value(0.0, "b")
    E = named("E", 2 * a + sqrt(b))
    assert derive(E, a).value == 2.0
    with pytest.raises(DomainError, match=r"the derivative of sqrt\(b = 0.0\) by x does not exist"):
        derive(E, b)


def test_two_labels_outside_the_derivation_are_no_error():
    x, c1, c2 = Value(2.0, "x"), Value(3.0, "c"), Value(4.0, "c")
    constant = named("k", c1 * c2)
    assert str(derive(named("y", x * constant), x)) == "∂y/∂x = k = 12"


# what it leaves alone


def test_it_needs_no_backward_and_touches_no_grad():
    E = error(network())
    everywhere = [v for group in topological_order(E) for v in group]
    before = [(v.grad, v.label, v.data) for v in everywhere]
    text = str(derive(E, by_label(E)["w1"]))
    assert [(v.grad, v.label, v.data) for v in everywhere] == before
    E.backward()
    before = [(v.grad, v.label, v.data) for v in everywhere]
    assert str(derive(E, by_label(E)["w1"])) == text
    assert [(v.grad, v.label, v.data) for v in everywhere] == before


def test_within_no_grad():
    E = error(network())
    w5 = by_label(E)["w5"]
    with no_grad():
        assert str(derive(E, w5)) == W5


def test_only_what_leads_to_x_has_to_have_a_derivative():
    x, z = Value(1.0, "x"), Value(0.0, "z")
    assert derive(named("y", 2 * x + sqrt(z)), x).value == 2.0


# as data, and as LaTeX


def test_the_parts_are_data():
    E = error(network())
    derivation = derive(E, by_label(E)["w1"], digits=3)
    first, second, third = derivation.factors
    assert (first.of, first.by, first.edges) == ("E", "out_h1", ())
    assert (first.formula, first.numbers) == ("∂E_o1/∂out_h1 + ∂E_o2/∂out_h1", "0.0554 + (−0.019)")
    assert [(term.of, term.by, len(term.factors)) for term in first.terms] == [
        ("E_o1", "out_h1", 3),
        ("E_o2", "out_h1", 3),
    ]
    assert (second.formula, second.numbers, second.terms) == (
        "out_h1·(1 − out_h1)",
        "0.593·(1 − 0.593)",
        (),
    )
    assert second.value == approx(0.241300708572, abs=1e-12)
    assert (third.formula, third.numbers, third.value) == ("i1", "0.05", 0.05)
    [edge] = third.edges
    assert (edge.head.label, edge.tail.label, edge.derivative.data) == ("net_h1", "w1", 0.05)
    assert repr(second) == "∂out_h1/∂net_h1 = out_h1·(1 − out_h1) = 0.593·(1 − 0.593) = 0.241"


@pytest.mark.parametrize("name", LECTURE)
@pytest.mark.parametrize("rounding", ["round", "cut"])
def test_latex_says_the_same_numbers(name, rounding):
    E = error(network())
    derivation = derive(E, by_label(E)[name], rounding=rounding)
    latex = derivation.latex()
    assert derivation._repr_latex_() == f"$$\\begin{{aligned}}\n{latex}\n\\end{{aligned}}$$"
    for brace in ("{}", ("\\left", "\\right")):
        assert latex.count(brace[0]) == latex.count(brace[1])
    lines, rows = (re.split(r"\n+", part) for part in (latex, str(derivation)))
    assert len(lines) == len(rows)
    for line, row in zip(lines, rows, strict=True):
        assert re.findall(r"(?<![\w.])\d+\.\d+", line) == re.findall(r"(?<![\w.])\d+\.\d+", row)
        assert len(re.findall("=", line)) == len(re.findall("=", row))
        assert line.count("&") == 1


# errors


@pytest.mark.parametrize(
    ("args", "options", "error", "message"),
    [
        ((1.0, "x"), {}, TypeError, "chain_rule takes two Values, not float"),
        (("y", "w"), {}, TypeError, "chain_rule takes two Values, not str"),
        (("y", "x"), {"digits": 0}, ValueError, "digits must be a whole number from 1 up, not 0"),
        (
            ("y", "x"),
            {"digits": 2.5},
            ValueError,
            "digits must be a whole number from 1 up, not 2.5",
        ),
        (("y", "x"), {"rounding": "up"}, ValueError, "rounding must be 'round' or 'cut', not 'up'"),
        (
            ("y", "x"),
            {"detail": "all"},
            ValueError,
            "detail must be 'names', 'operations' or 'arrays', not 'all'",
        ),
    ],
)
def test_wrong_arguments(args, options, error, message):
    x = Value(2.0, "x")
    values = {"x": x, "y": named("y", x * x)}
    with pytest.raises(error, match=message):
        derive(*(values.get(arg, arg) for arg in args), **options)


def test_a_derivative_that_does_not_exist():
    x = Value(0.0, "x")
    y = named("y", 2 * named("u", sqrt(x)))
    with pytest.raises(
        DomainError, match=r"the derivative of sqrt\(x = 0.0\) by x does not exist: it needs x > 0"
    ):
        derive(y, x)


def test_a_product_past_the_range_of_a_float():
    x = Value(1e-300, "x")
    y = named("y", 1e200 * named("u", 1e200 * x))
    with pytest.raises(DomainError, match="range of a float"):
        derive(y, x)


def test_a_sum_after_a_factor_of_one_is_kept():
    x = Value(0.7, "x")
    u = named("u", sin(x))
    product = named("p", named("a", cos(u)) * named("b", u**2))
    derivation = derive(named("E", product + 1), x)
    assert [(f.of, f.by, len(f.terms)) for f in derivation.factors] == [
        ("E", "u", 2),
        ("u", "x", 0),
    ]
    assert derivation.value == pytest.approx(grad(product, x).data, rel=1e-14)


def test_a_derivation_shows_the_numbers_it_was_made_from():
    x = Value(3.0, "x")
    derivation = derive(named("y", sin(named("u", x**2))), x)
    before = str(derivation), derivation.latex()
    x.data = 5.0
    assert (str(derivation), derivation.latex()) == before


def with_a_shared_way(between):
    """The derivation of y = f(v)·t1·t2, with v = t1·t2, by what t1 and t2 are computed from."""
    x = Value(0.3, label="x")
    t1, t2 = named("t1", tanh(x)), named("t2", x * x)
    y = named("y", between(named("v", t1 * t2)) * t1 * t2)
    return str(derive(y, x))


def test_a_way_that_terms_share_is_one_chain():
    text = with_a_shared_way(lambda v: named("p", exp(named("q", sin(v)))))
    assert text.count("∂y/∂v = ∂y/∂p · ∂p/∂q · ∂q/∂v") == 1
    assert text.count("(derived above)") == 1
    assert "∂y/∂q" not in text


def test_a_way_of_one_step_that_terms_share_is_a_factor_of_each():
    text = with_a_shared_way(sin)
    assert text.count("∂y/∂v   = t2·t1·cos(v)") == 2
    assert "derived above" not in text
