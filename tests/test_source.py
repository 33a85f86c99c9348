"""The record as Python code: what it computes, to the last bit, and what a person reads in it."""

import ast
import builtins
import functools
import keyword
import math
import operator
import re
from collections import Counter

import pytest
from expressions import ROWS, evaluate, programs
from hypothesis import given, settings

from autograd import Op, Program, Value, maximum, ops, sigmoid, sin, with_names
from autograd.record import topological_order
from autograd.replay.listing import Listing
from autograd.replay.terms import Names
from nn import MLP, binary_cross_entropy, softmax_cross_entropy
from nn.lecture import error, network


def executed(output, inputs=()):
    """What the source of a program defines, and its text."""
    text = Program(output, inputs, backend="python").source()
    namespace = {"__builtins__": builtins}
    exec(text, namespace)
    return namespace, text


def agree(output, inputs=()):
    """Every named number and every derivative in the source is that of the eager pass, and all
    leaves are there.
    """
    namespace, text = executed(output, inputs)
    leaves, nodes = topological_order(output)
    parameters = {v: None for v in leaves if v not in inputs}
    for v in leaves:
        v.grad = 0.0
    output.backward()
    names = Listing(output, parameters, Names()).names
    titles = {v: names.title(v) for v in (*leaves, *nodes) if v.label or not v.args}
    for v, title in titles.items():
        assert namespace[title] == v.data
        if v in parameters or f"d_{title}" in namespace:
            assert namespace[f"d_{title}"] == v.grad
    assert not any(f"d_{titles[v]}" in namespace for v in inputs)
    own = set(titles.values())
    results = {
        type(number) for name, number in namespace.items() if name in own or name.startswith("d_")
    }
    assert results <= {float}
    return text


def imported(text):
    """The modules that it imports from, in order."""
    return [match[1] for match in re.finditer(r"^(?:import|from) (\w+)", text, re.MULTILINE)]


def lines(text):
    return [line for line in text.splitlines() if line and not line.startswith("#")]


# to the last bit


@pytest.mark.parametrize("row", ops.TABLE, ids=lambda row: row.name)
@pytest.mark.parametrize("labelled", [True, False])
def test_every_row(row, labelled):
    for number in (0.7, 1.3, *([-0.7, -30.0, 0.0] if not row.domain else [])):
        x, w = Value(number, "x" * labelled), Value(0.6, "w" * labelled)
        pairs = [(w, x), (x, w), (w, w), (x, 1.7), (1.7, w), (x * w, 0.25), (x, 3.0)]
        terms = [
            row(*pair[: row.arity])
            for pair in (pairs if row.arity == 2 else [(w * x,), (x,), (w,)])
        ]
        output = functools.reduce(operator.add, terms) * w
        output.label = "y" * labelled
        assert set(imported(agree(output))) <= {"math"}
        agree(output, [x])


@settings(max_examples=50)
@given(programs())
def test_random_graphs(program):
    steps, point = program
    for label in ("x", ""):
        leaves = [Value(number, label=label and f"{label}{k}") for k, number in enumerate(point)]
        results = evaluate(steps, leaves, ROWS)
        for k, v in enumerate(results[len(leaves) :: 2]):
            v.label = label and f"y{k}"
        agree(results[-1])
        if leaves[0] in topological_order(results[-1])[0]:
            agree(results[-1], [leaves[0]])


@pytest.mark.parametrize(
    "loss",
    [
        lambda model, x: binary_cross_entropy(model(x), [0.0, 1.0]),
        lambda model, x: (
            softmax_cross_entropy(model(x), 1) + 1e-4 * sum(p * p for p in model.parameters())
        ),
    ],
)
def test_networks(loss):
    agree(loss(MLP(3, [4, 3, 2], seed=1, activation="tanh"), [0.5, -0.25, 2.0]))


@pytest.mark.parametrize(
    "number",
    [2.0, -2.0, 0.5, -0.5, 1.0, -1.0, 0.0, -0.0, 3.0, 1e-300, 1e300, 1 / 3, 1e16, 94906267.0],
)
def test_constants(number):
    x = Value(1.5, "x")
    for compute in (
        lambda: x * number + 1,
        lambda: number - x - 0.5,
        lambda: -x * number - -x,
        lambda: x / (number or 1.0) / x,
        lambda: number / x,
        lambda: maximum(x, number) - maximum(number, x),
        lambda: abs(x - number) * 3,
        lambda: x**number if abs(number) < 99 else x,
        lambda: -(x**2) + (-x) ** 2,
        lambda: abs(number + 0.25) ** x if abs(number) < 1e9 else x,
    ):
        agree(compute())


def test_a_whole_constant_is_a_float_where_it_is_computed_with():
    x = Value(1.0, "x")
    most = maximum(x, 94906267.0)
    most.label = "most"
    agree(most * most - 9007199515875288.0)


# what a person reads


def test_the_lecture_by_hand():
    text = agree(error(network()), [])
    weights = [
        f"w{k} = {number}"
        for k, number in enumerate([0.15, 0.2, 0.25, 0.3, 0.4, 0.45, 0.5, 0.55], 1)
    ]
    leaves = [*weights, "b1 = 0.35", "b2 = 0.6", "i1 = 0.05", "i2 = 0.1", "t1 = 0.01", "t2 = 0.99"]
    head, numbers, forward, backward = re.split("# the leaves|# forward|# backward", text)
    assert head.startswith("import math\n\ndef sigmoid(x):\n")
    assert sorted(lines(numbers)) == sorted(leaves)
    assert lines(forward) == [
        "net_h1 = w1 * i1 + w2 * i2 + b1",
        "out_h1 = sigmoid(net_h1)",
        "net_h2 = w3 * i1 + w4 * i2 + b1",
        "out_h2 = sigmoid(net_h2)",
        "net_o1 = w5 * out_h1 + w6 * out_h2 + b2",
        "out_o1 = sigmoid(net_o1)",
        "v1 = t1 - out_o1",
        "E_o1 = v1 * v1 / 2",
        "net_o2 = w7 * out_h1 + w8 * out_h2 + b2",
        "out_o2 = sigmoid(net_o2)",
        "v2 = t2 - out_o2",
        "E_o2 = v2 * v2 / 2",
        "E = E_o1 + E_o2",
    ]
    by_hand = {
        "d_E = 1.0",
        "d_E_o1 = d_E",
        "d_E_o2 = d_E",
        "d_net_o1 = d_out_o1 * (out_o1 * one_minus_sigmoid(net_o1, out_o1))",
        "d_net_o2 = d_out_o2 * (out_o2 * one_minus_sigmoid(net_o2, out_o2))",
        "d_w5 = d_net_o1 * out_h1",
        "d_w6 = d_net_o1 * out_h2",
        "d_w7 = d_net_o2 * out_h1",
        "d_w8 = d_net_o2 * out_h2",
        "d_b2 = d_net_o1 + d_net_o2",
        "d_out_h1 = d_net_o1 * w5 + d_net_o2 * w7",
        "d_out_h2 = d_net_o1 * w6 + d_net_o2 * w8",
        "d_net_h1 = d_out_h1 * (out_h1 * one_minus_sigmoid(net_h1, out_h1))",
        "d_net_h2 = d_out_h2 * (out_h2 * one_minus_sigmoid(net_h2, out_h2))",
        "d_w1 = d_net_h1 * i1",
        "d_w2 = d_net_h1 * i2",
        "d_w3 = d_net_h2 * i1",
        "d_w4 = d_net_h2 * i2",
        "d_b1 = d_net_h1 + d_net_h2",
        "d_i1 = d_net_h1 * w1 + d_net_h2 * w3",
        "d_i2 = d_net_h1 * w2 + d_net_h2 * w4",
    }
    rest = [line for line in lines(backward) if line not in by_hand]
    assert len(lines(backward)) == len(by_hand) + len(rest)
    assert {line.split(" = ")[0] for line in rest} <= {
        "d_out_o1",
        "d_out_o2",
        "d_t1",
        "d_t2",
        "d_v1",
        "d_v2",
    }


@pytest.mark.parametrize("seed", range(3))
def test_a_named_value_has_one_line_and_one_for_its_derivative(seed):
    model = MLP(2, [3, 2], seed=seed)
    E = binary_cross_entropy(model([0.5, -0.25]), [0.0, 1.0])
    E.label = "E"
    text = agree(E)
    defined = Counter(
        line.split(" = ")[0] for line in lines(text) if " = " in line and not line.startswith(" ")
    )
    named = [v.label for part in topological_order(E) for v in part if v.label]
    assert len(named) == len(set(named)) > 20
    assert all(defined[name] == defined[f"d_{name}"] == 1 for name in named)
    unnamed = {
        name for name in defined if name not in named and name.removeprefix("d_") not in named
    }
    assert all(re.fullmatch(r"(d_)?v\d+", name) for name in unnamed)


def test_the_numbers_are_those_of_now_and_inputs_have_no_derivative():
    x, w = Value(2.0, "x"), Value(3.0, "w")
    y = w * x
    y.label = "y"
    replay = Program(y, [x], backend="python")
    x.data, w.data = 5.0, -0.0
    assert lines(replay.source()) == [
        "w = -0.0",
        "x = 5.0",
        "y = w * x",
        "d_y = 1.0",
        "d_w = d_y * x",
    ]


@pytest.mark.parametrize(
    ("compute", "expected"),
    [
        (lambda x: x, ["x = 2.0", "d_x = 1.0"]),
        (lambda x: x + x, ["x = 2.0", "y = x + x", "d_y = 1.0", "d_x = d_y + d_y"]),
        (lambda x: x - 3, ["x = 2.0", "y = x - 3", "d_y = 1.0", "d_x = d_y"]),
        (lambda x: 3 - x, ["x = 2.0", "y = 3 - x", "d_y = 1.0", "d_x = -d_y"]),
        (lambda x: x * 3, ["x = 2.0", "y = x * 3", "d_y = 1.0", "d_x = d_y * 3"]),
        (lambda x: x**2, ["x = 2.0", "y = x * x", "d_y = 1.0", "d_x = d_y * (2 * x)"]),
        (
            lambda x: -(x**3),
            ["x = 2.0", "y = -x ** 3", "d_y = 1.0", "d_x = (-d_y) * (3 * (x * x))"],
        ),
    ],
)
def test_short_sources(compute, expected):
    x = Value(2.0, "x")
    y = compute(x)
    y.label = y.label or "y"
    assert lines(agree(y)) == expected


def test_what_has_no_label_is_written_where_it_is_used():
    x, w, b = (Value(number, name) for number, name in ((2.0, "x"), (3.0, "w"), (4.0, "b")))
    y = sigmoid(w * x + b) * (1 - (w - x))
    y.label = "y"
    assert "y = sigmoid(w * x + b) * (1 - (w - x))" in agree(y) or "v2 = sigmoid(v1)" in agree(y)


# names

LABELS = [
    ["lambda", "None", "class", "sum", "print", "float", "int"],
    ["math", "exp", "sigmoid", "max", "pow", "log", "__builtins__", "sin"],
    ["x", "x", "x"],
    ["x", "d_x", "d_d_x"],
    ["d_x", "x", "x_"],
    ["d_", "_", "__", "d"],
    ["v1", "", "v2", "d_v1", ""],
    ["50 %", "a b", "a-b", "1st", "a.b", "'", "\n", "#", '"""', "\\"],
    [
        "∂E/∂w5",
        "σ",
        "θ₁",
        "x²",
        "ﬁ",
        "fi",
        "Å",
        "Å",
        "µ",
        "μ",
        "变量",
        "é",
        "é",
        "℮",
        "·",
        "a·b",
        "😀",
    ],
    [
        "seed",
        "rows",
        "r",
        "run",
        "evaluate",
        "outputs",
        "count",
        "rate",
        "means",
        "upstream",
        "INPUTS",
        "FORWARD",
    ],
    ["a" * 2000, "a" * 2000, "if x: raise ValueError"],
    [*keyword.softkwlist, "type", "match", "async", "nonlocal"],
]


@pytest.mark.parametrize("backend", ["python", "llvmlite"])
@pytest.mark.parametrize("labels", LABELS, ids=lambda labels: labels[0][:20])
def test_labels_of_any_kind(labels, backend):
    leaves = [Value(k + 0.5, label) for k, label in enumerate(labels)]
    y = sigmoid(leaves[0])
    for k, (x, label) in enumerate(zip(leaves, reversed(labels), strict=True)):
        y = y * sin(x) + x / (k + 2)
        y.label = label
    text = agree(y)
    names = [node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)]
    assert not {"exec", "raise"}.intersection(names)
    for x in leaves:
        x.grad = 0.0
    Program(y, leaves[1:], backend=backend).backward([[x.data for x in leaves[1:]]])
    first = leaves[0].grad
    leaves[0].grad = 0.0
    y.backward()
    assert first == leaves[0].grad


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("w5", "w5"),
        ("net_o1", "net_o1"),
        ("σ", "σ"),
        ("lambda", "lambda_"),
        ("sum", "sum_"),
        ("50 %", "_50__"),
    ],
)
def test_a_label_stays_as_near_as_it_can(label, name):
    assert lines(executed(Value(2.0, label))[1]) == [f"{name} = 2.0", f"d_{name} = 1.0"]


# size


@pytest.mark.parametrize("labelled", [True, False])
def test_a_chain_of_20_000_operations(labelled):
    x = y = Value(1.0, "x")
    for k in range(10_000):
        y = y * 0.999999 + x
        y.label = f"y{k}" * labelled
    assert max(map(len, agree(y).splitlines())) < 3000


@pytest.mark.slow
def test_a_sum_of_10_000_terms_and_a_leaf_used_1_000_times():
    terms = [Value(0.1 * k) for k in range(10_000)]
    assert max(map(len, agree(sum(v * v for v in terms)).splitlines())) < 3000
    x = Value(0.1, "x")
    for y in (sum(x * (k + 0.3) for k in range(1000)), sum([x] * 1000)):
        assert max(map(len, agree(y).splitlines())) < 3000


def test_deeply_nested_formulas():
    x = Value(0.5, "x")
    for nest in (
        sin,
        sigmoid,
        operator.neg,
        lambda y: 1 / (1 + y),
        lambda y: 2 - (3 - y),
        lambda y: (y * 0.5) ** 2 + 1,
    ):
        y = x
        for _ in range(300):
            y = nest(y)
        agree(y)


# rows of one's own


def _cubed(x):
    square = x * x  # with a comment, and two lines

    return square * x


def _scaled(factor):
    return lambda x: factor * x


CONSTANT = 3.0
cubed = Op("cubed", _cubed, lambda x, z: 3 * x**2)
square = Op("square", lambda x: x * x, lambda x, z: 2 * x)
one, two = (
    Op("one", lambda x: x + 1, lambda x, z: 1.0),
    Op("two", lambda x: x + 2, lambda x, z: 1.0),
)  # in one line
naive = Op("naive", lambda x: 1 / (1 + math.exp(-x)), lambda x, z: z * (1 - z))
closure = Op("closure", _scaled(2.5), lambda x, z: 2.5)
of_a_global = Op("of_a_global", lambda x: x * CONSTANT, lambda x, z: CONSTANT)
of_the_table = Op("of_the_table", lambda x: ops.sin(x) + 1, lambda x, z: ops.cos(x))
with_default = Op("with_default", lambda x, factor=4.0: factor * x, lambda x, z: 4.0)
bound = Op("bound", functools.partial(operator.mul, 5.0), lambda x, z: 5.0)


class _Scale:
    def by_5(self, x):
        return 5.0 * x


method = Op("method", _Scale().by_5, lambda x, z: 5.0)
sine = Op("sine", math.sin, lambda x, z: ops.cos(x))
most = Op("most", max, lambda x, y, z: ops.step(x - y), lambda x, y, z: ops.step(y - x))
level = Op("level", lambda x: 94906267 if x > 0 else 0, lambda x, z: 0.0)
double = Op("v", lambda x: x + x, lambda x, z: 2.0)
spaced = Op("a row", lambda x: 7 * x, lambda x, z: 7.0)
lambda_ = Op("lambda", lambda x: 7 * x, lambda x, z: 7.0)


@pytest.mark.parametrize("row", [closure, of_a_global, of_the_table, with_default, bound, method])
@pytest.mark.parametrize("name", ["v", "closure", "bound"])
def test_a_row_that_cannot_be_written_down_is_imported(row, name):
    v = Value(0.75, name)
    assert "test_source" in imported(agree(row(row(v)) + sigmoid(v)))


@pytest.mark.parametrize(
    "row", [cubed, square, one, two, naive, sine, most, level, double, lambda_, spaced]
)
def test_a_row_that_can_be_written_down_is_not_imported(row):
    v, w = Value(0.75, "v"), Value(0.5, "w")
    args = (v * w, w)[: row.arity]
    assert set(imported(agree(row(*args) * sin(row(*args[::-1])) + sigmoid(w)))) == {"math"}


def test_two_rows_of_one_line_and_of_one_function():
    v = Value(0.75, "v")
    agree(
        one(v) * two(v) * sine(v) * sin(v) * most(v, 0.5) * maximum(v, 0.25)
        + level(v) * level(v)
        - 9007199515875288.0
    )


pow_of_c = Op("pow_of_c", math.pow, *ops.pow.partials)
pow_of_python = Op("pow_of_python", pow, *ops.pow.partials)
hyperbolic = Op("hyperbolic", math.cosh, lambda x, z: z)


@pytest.mark.parametrize("label", ["v", "pow", "pow_", "cosh", "hyperbolic"])
def test_functions_of_python_that_are_called_like_others(label):
    v = Value(0.75, label)
    y = pow_of_c(v, 2.0) * pow_of_python(v + 1, 1.5) + v ** Value(2.0) + hyperbolic(v)
    y.label = label
    text = agree(y)
    assert imported(text) == ["math", "math", "builtins"]


@pytest.mark.parametrize("label", ["cubed", "closure", "sine", "sin", "math", "v", "test_source"])
def test_a_value_that_is_called_like_a_row(label):
    v = Value(0.75, label)
    y = cubed(v) * closure(v) + sine(v) * sin(v) + double(v)
    y.label = label
    agree(y)
    assert Program(y, backend="python").backward() == y.data


@pytest.mark.parametrize(
    "partial",
    [
        lambda x, z: math.exp(x),
        lambda x, z: 1.0 if x > 0 else 0.0,
        lambda x, z: 1.0 if x else 0.0,
        lambda x, z: 2.0 if x == 0 else 1.0,
        lambda x, z: 2.0 if x in (0, 1) else 1.0,
        lambda x, z: max(x, 0.0),
        lambda x, z: float(x),
        lambda x, z: x % 2,
        lambda x, z: math.floor(x),
    ],
)
def test_a_partial_that_is_not_made_of_operations(partial):
    y = Op("bad", lambda x: x, partial)(Value(0.5, "v")) * 2
    with pytest.raises(TypeError, match="partial 1 of bad must be made of operations"):
        Program(y, backend="python").source()


def test_labels_come_from_names():
    i, w = Value(0.5), Value(2.0)
    net = w * i
    with_names({"i": i, "w": w, "net": net})
    assert "net = w * i" in agree(net)
