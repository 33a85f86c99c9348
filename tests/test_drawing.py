"""The picture: SVG, DOT and text are read back, and say what the graph says; engines that fail; labels that would break."""

import hashlib
import json
import math
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations
from types import ModuleType
from xml.etree import ElementTree

import graphviz
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_graph import named

import autograd.drawing as drawing
from autograd import Op, Value, draw_dot, exp, gelu, maximum, sigmoid, sin
from autograd.drawing import _COLOURS, EngineError
from autograd.graph import named_graph
from autograd.reverse import topological_order
from nn import MLP, half_squared_error
from nn.lecture import error, network

approx = pytest.approx
ENGINES = ["embedded", "dot"]
SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")


def lecture():
    return error(network())


def deep_network():
    model = MLP(3, [4, 4, 2], activation="tanh", seed=1)
    return half_squared_error(model([0.1, 0.2, 0.3]), [0.5, -0.5])


def neuron(activation=sigmoid):
    w5, w6, b2 = Value(0.4, "w5"), Value(0.45, "w6"), Value(0.6, "b2")
    net = named("net_o1", w5 * Value(0.5933, "out_h1") + w6 * Value(0.5969, "out_h2") + b2)
    return named("out_o1", activation(net))


def diamond():
    x = Value(2.0, "x")
    u = named("u", x * x)
    return named("y", named("v", sin(u)) * named("s", exp(u)))


def chain():
    v = Value(0.5, "x0")
    for k in range(1, 30):
        v = named(f"x{k}", sin(v) * 1.1)
    return v


def extremes():
    a, b, c = Value(1e-6, "a"), Value(1e6, "b"), Value(-3.0, "c")
    return named("p", a * 1e-12 - b * 1e6 + c * 0.0)


def ties():
    x = Value(-2.0, "x")
    return maximum(x, named("same", x * 1.0)) + maximum(x * x, 4.0)  # the root has no label


def unlabelled():
    a = Value(2.0)
    return a * Value(-3.0) + a


GRAPHS = [lecture, deep_network, neuron, diamond, chain, extremes, ties, unlabelled]


def backward(root):
    root.backward()
    return root


def by_label(root):
    return {v.label: v for part in topological_order(root) for v in part if v.label}


def number(text):
    """The number that a picture shows, read back."""
    text = text.replace("−", "-").replace("\u2007", "").strip()
    mantissa, _, power = text.partition("10") if re.search("[⁰¹²³⁴-⁹⁻]", text) else (text, "", "0")
    mantissa = mantissa.rstrip("·")
    return float(mantissa + "1" * (mantissa in ("", "+", "-"))) * 10.0 ** int(power.translate(SUPERSCRIPTS))


def digits(x):
    """What `x` is to four significant digits."""
    return approx(x, rel=5.01e-4, abs=0)


def decimals(x):
    """What `x` is to four decimals where these show it, else to four digits."""
    return approx(x, rel=0, abs=5.01e-5) if 1e-3 <= math.fabs(x) < 1e4 else digits(x)


def elements(svg):
    """The nodes and the edges of an SVG: {id: (title, lines of text, classes)}."""
    root = ElementTree.fromstring(svg.replace(' xmlns="http://www.w3.org/2000/svg"', ""))
    found = {}
    for group in root.iter("g"):
        kind, *classes = group.get("class").split()
        if kind in ("node", "edge"):
            lines = ["".join(text.itertext()).replace("\xa0", " ") for text in group.iter("text")]
            found[group.get("id").split("-")[1]] = group.findtext("title"), lines, classes
    return found


def dot_json(picture):
    """The DOT as graphviz's own parser reads it: its nodes and edges, and the names of each cluster's nodes."""
    command = ["dot", "-Tdot_json"]
    graph = json.loads(subprocess.run(command, input=picture.source.encode(), capture_output=True, check=True).stdout)
    names = [thing["name"] for thing in graph["objects"]]
    clusters = {
        thing["label"]: [names[k] for k in thing.get("nodes", [])]
        for thing in graph["objects"]
        if re.fullmatch(r"cluster_\d+", thing["name"])
    }
    nodes = {thing["name"]: thing for thing in graph["objects"] if re.fullmatch(r"n\d+", thing["name"])}
    edges = {edge["id"]: (names[edge["tail"]], names[edge["head"]], edge) for edge in graph["edges"] if "id" in edge}
    return nodes, edges, clusters


# what is shown


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("detail", ["names", "operations"])
@pytest.mark.parametrize("build", GRAPHS)
def test_svg_and_dot_say_what_the_graph_says(build, detail, engine):
    root = backward(build())
    graph = named_graph(root, detail=detail)
    picture = draw_dot(root, detail=detail, engine=engine)
    shown = elements(picture.svg())
    nodes, edges, _ = dot_json(picture)
    keys = {v: f"n{k}" for k, v in enumerate(graph.names)}
    assert set(shown) == set(nodes) | set(edges)
    assert set(nodes) == set(keys.values())
    for v, key in keys.items():
        title, lines, _ = shown[key]
        assert lines == [line for line in nodes[key]["label"].split("\\n") if line]
        (data_word, data), (grad_word, gradient) = (re.split("[ \u2007]", line, maxsplit=1) for line in lines[-2:])
        assert (data_word, grad_word) == ("data", "grad")
        assert (number(data), number(gradient)) == (decimals(v.data), decimals(v.grad))
        exact = re.fullmatch(r".*: data (.*), gradient (.*)", title)
        assert [float(x.replace("−", "-")) for x in exact.groups()] == [v.data, v.grad]
        assert ("rounded" in nodes[key]["style"]) == (v.op is not None)
        assert ("dashed" in nodes[key]["style"]) == (v.grad < 0)
    expected = [edge for head in graph.names for edge in graph.edges[head]]
    for k, edge in enumerate(expected):
        title, [label], _ = shown[f"e{k}"]
        assert edges[f"e{k}"][:2] == (keys[edge.tail], keys[edge.head])
        assert number(label) == digits(edge.derivative.data)
        assert float(title.rpartition(" = ")[2].replace("−", "-")) == edge.derivative.data
    assert len(edges) == len(expected)


def test_the_text_says_the_same_numbers():
    root = backward(lecture())
    table = {line.split()[0]: line for line in str(draw_dot(root)).splitlines()}
    for v in named_graph(root).names:
        name = re.sub(r"(?<=[a-z])\d$", lambda m: "₁₂₃₄₅₆₇₈"[int(m[0]) - 1], v.label)
        data, gradient = re.search(r"data (.*)  grad (.*)$", table[name]).groups()
        assert (number(data), number(gradient)) == (decimals(v.data), decimals(v.grad))
    assert table["∂out_o₁/∂net_o₁"] == "∂out_o₁/∂net_o₁ = out_o₁·(1 − out_o₁) = 0.1868"
    assert "∂net_h₁/∂b₁ = 1" in table.values()  # not = 1 = 1


def test_gradients_are_absent_before_backward_and_zero_is_zero():
    assert set(re.findall("grad (.*)", str(draw_dot(lecture())))) == {"—"}
    shown = elements(draw_dot(lecture(), engine="embedded").svg())
    assert {tuple(classes) for _, _, classes in shown.values()} == {("plain",)}
    root = backward(extremes())
    title, lines, classes = elements(draw_dot(root, engine="embedded").svg())["n2"]
    assert (title, lines[-1], classes) == ("c: data −3, gradient 0", "grad \u20070.0000", ["plain"])


@pytest.mark.parametrize("number", [1, 2, 6, 12])
def test_digits(number):
    x = Value(1 / 3, "x")
    root = backward(named("y", x * 2.0 / 3.0))
    text = str(draw_dot(root, digits=number))
    assert f"{1 / 3:.{number}f}  grad +{2 / 3:.{number}f}" in text
    assert text.splitlines()[-1].endswith(f" = {2 / 3:.{number}f}")


def test_size_and_sign_are_colour_dash_and_width_together():
    sizes = {"pos3": 0.9, "neg3": -0.4, "pos2": 0.2, "neg1": -0.05, "pos0": 0.02, "neg0": -1e-9, "plain": 0.0}
    root = backward(named("y", sum(size * Value(1.0, name) for name, size in sizes.items())))
    nodes, edges, _ = dot_json(draw_dot(root))
    width = {}
    for shade, node, (tail, _, edge) in zip(sizes, nodes.values(), edges.values(), strict=False):
        sign = shade.rstrip("0123")
        assert node["name"] == tail
        assert node["class"] == edge["class"] == (sign if sign == shade else f"{sign} {shade}")
        assert node["fillcolor"] == _COLOURS["light"][shade]
        assert node["color"] == edge["color"] == _COLOURS["light"]["line" if sign == "plain" else sign]
        assert ("dashed" in node["style"], edge.get("style") == "dashed") == (sign == "neg", sign == "neg")
        width[shade] = float(edge["penwidth"])
    assert width["neg0"] == width["pos0"] < width["neg1"] < width["pos2"] < width["neg3"] == width["pos3"]
    assert nodes[f"n{len(sizes)}"]["class"] == "pos pos3"  # of the root, whose gradient 1 does not count


def test_the_largest_and_the_smallest_floats_have_a_shade():
    x, y = Value(1e-300, "x"), Value(5e-324, "y")
    shown = elements(draw_dot(backward(named("z", x * 1.7e308 + y * 5e-324)), engine="embedded").svg())
    assert [shown[key][2] for key in ("n0", "n1")] == [["pos", "pos3"], ["pos", "pos0"]]


# one gradient


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("wrt", ["w1", "w5", "b1", "b2", "i1", "out_h1", "net_o2", "E_o1"])
def test_one_gradient_is_lit_and_its_factors_are_numbered(wrt, engine):
    root = backward(lecture())
    graph, value = named_graph(root), by_label(root)[wrt]
    path = {value}
    for head in graph.names:
        path |= {head} & {edge.head for edge in graph.edges[head] if edge.tail in path}
    picture = draw_dot(root, wrt=value, engine=engine)
    shown = elements(picture.svg())
    _, edges, _ = dot_json(picture)
    assert {v for k, v in enumerate(graph.names) if "lit" in shown[f"n{k}"][2]} == path
    factors = {}
    for k, edge in enumerate(edge for head in graph.names for edge in graph.edges[head]):
        _, lines, classes = shown[f"e{k}"]
        assert ("lit" in classes) == (edge.tail in path) == (edges[f"e{k}"][2].get("dir") == "back")
        assert ("muted" in classes) == (edge.tail not in path)
        if lines:
            factors[lines[0].split()[0]] = edge.derivative.data
            assert number(lines[-2].removeprefix("= ")) == digits(edge.derivative.data)
            assert not lines[-1].strip()
    assert all("muted" in shown[f"n{k}"][2] for k, v in enumerate(graph.names) if v not in path)
    total, *others = equations(picture)
    marks = {mark: value for mark, value in factors.items()}
    for mark, products, _ in reversed(others):
        marks[mark] = sum(math.prod(marks[factor] for factor in product) for product in products)
    title, products, shown_value = total
    assert title == draw_dot(root, wrt=value).figure.title.split()[0]
    assert sum(math.prod(marks[factor] for factor in product) for product in products) == approx(value.grad)
    assert shown_value == digits(value.grad)


def equations(picture):
    """The lines above: (what is derived, the numbers of the factors of each term, the value at the end)."""
    found = []
    for line in picture.figure.heading:
        line = line.replace("\u2007", " ")
        if not line.startswith(" "):
            found.append([line.split(" = ")[0], line])
        else:
            found[-1][1] += line
    return [
        (
            title,
            [re.findall(r"[①-⑩]|\(\d+\)(?= ∂)", term) for term in text.split(" = ")[1].split(" + ") if "∂" in term],
            number(text.split(" = ")[-1]),
        )
        for title, text in found
    ]


def test_equation_of_the_lecture():
    root = backward(lecture())
    values = by_label(root)
    assert draw_dot(root, wrt=values["w5"]).figure.heading == [
        "∂E/∂w₅ = ① ∂E/∂out_o₁ × ② ∂out_o₁/∂net_o₁ × ③ ∂net_o₁/∂w₅",
        "\u2007" * 6 + " = 0.7414 × 0.1868 × 0.5933 = 0.08217",
    ]
    assert draw_dot(root, wrt=root).figure.heading == ["∂E/∂E = 1"]
    assert draw_dot(root, wrt=values["w5"], digits=2).figure.heading[0].endswith(" = 0.74 × 0.19 × 0.59 = 0.082")


@pytest.mark.parametrize("wrt", ["w1", "w13", "b2"])
def test_a_product_that_several_terms_share_is_numbered_once(wrt):
    root = backward(deep_network())
    value = by_label(root)[wrt]
    first, *others = equations(draw_dot(root, wrt=value))
    assert len({title for title, _, _ in others}) == len(others)
    assert first[2] == approx(value.grad, rel=6e-4, abs=1e-9)


def test_a_long_equation_ends_in_an_ellipsis():
    model = MLP(1, [6, 6, 6, 1], activation="tanh", seed=1)
    root = backward(half_squared_error(model([0.5]), [0.1]))
    heading = draw_dot(root, wrt=by_label(root)["w1"], force=True).figure.heading
    assert (len(heading), heading[-1]) == (21, "…")


def test_a_gradient_is_lit_before_backward_too():
    root = lecture()
    shown = elements(draw_dot(root, wrt=by_label(root)["w5"], engine="embedded").svg())
    assert sum(classes == ["plain", "lit"] for _, _, classes in shown.values()) == 5 + 4


# neurons


def clusters(root, **options):
    picture = draw_dot(root, **options)
    nodes, _, found = dot_json(picture)
    names = [v.label or v.op.symbol for v in picture.figure.nodes]
    return {title.removesuffix("\\n"): [names[int(key[1:])] for key in keys] for title, keys in found.items()}


def test_neurons_are_clusters():
    assert clusters(lecture()) == {
        f"{kind} neuron {row}{'₁₂'[k - 1]}": [f"net_{row}{k}", f"out_{row}{k}"]
        for kind, row in (("hidden", "h"), ("output", "o"))
        for k in (1, 2)
    }
    assert list(clusters(deep_network()))[:2] == ["hidden neuron h₁,₁", "hidden neuron h₁,₂"]
    assert clusters(neuron(), detail="operations") == {
        "output neuron o₁, expanded: 3 unnamed operations": ["×", "×", "+", "net_o1", "out_o1"]
    }
    expanded = clusters(neuron(gelu), detail="operations")
    assert [(title, len(names)) for title, names in expanded.items()] == [
        ("output neuron o₁, expanded: 7 unnamed operations", 9)
    ]
    assert clusters(diamond()) == {}
    assert clusters(named("out_o1", sigmoid(Value(1.0, "x")))) == {}
    assert clusters(named("out_x", sigmoid(named("net_x", Value(1.0, "a") * 2.0)))) == {"neuron x": ["net_x", "out_x"]}


def test_two_neurons_of_one_name_are_two_clusters():
    x = Value(1.0, "x")
    pair = [named("out_h1", sigmoid(named("net_h1", x * k))) for k in (2.0, 3.0)]
    both = ["net_h1", "out_h1"]
    assert clusters(pair[0] + pair[1]) == {"hidden neuron h₁": both, "hidden neuron h₁⁽²⁾": both}


def test_a_sum_that_is_used_elsewhere_stays_in_its_neuron():
    root = neuron() + named("penalty", by_label(neuron())["net_o1"] ** 2)
    assert clusters(root) == {"output neuron o₁": ["net_o1", "out_o1"]}
    net = named("net_h1", Value(1.0, "x") * 2.0)
    out = named("out_h1", sigmoid(net))
    assert clusters(out + net * net) == {"hidden neuron h₁": ["net_h1", "out_h1"]}
