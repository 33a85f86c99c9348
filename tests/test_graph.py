"""The graph at the level of names: what is visible, and every edge against that one segment alone."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sympy
from expressions import ORACLE, REFERENCE, ROWS, SYMBOLS, named, named_programs
from hypothesis import given, settings
from mpmath import mp

import autograd
from autograd import Value, cos, exp, sigmoid, sin
from autograd.graph import named_graph, told_apart
from autograd.record import topological_order

approx = pytest.approx


def leaves(*labels):
    return [Value(number, label) for number, label in zip((2.0, 3.0, 5.0), labels, strict=False)]


def view(root, **options):
    """The edges as names and numbers: {head: {tail: ∂head/∂tail}}."""
    names, edges = named_graph(root, **options)[1:3]
    return {names[head]: {names[tail]: d.data for _, tail, d in edges[head]} for head in names}


def segments(steps, values, visible, rows):
    """Each result of a program, as a function of the visible ones it is computed from: these have
    the `values`.
    """
    results = values[: len(values) - len(steps)]
    for name, operands in steps:
        args = [
            i if isinstance(i, float) else values[i] if i in visible else results[i]
            for i in operands
        ]
        results.append(rows[name](*args))
    return results


# what is visible


def test_an_unnamed_value_is_folded_into_what_it_leads_to():
    x, y, z = leaves("x", "y", "z")
    u = named("u", (x + 1) * (x * y))
    root = named("root", sin(u - z) * x + u**2)
    sine, cosine = float(mp.sin(13)), float(mp.cos(13))
    assert view(root) == {
        "x": {},
        "y": {},
        "z": {},
        "u": {"x": approx(15.0), "y": approx(6.0)},  # ∂(x² + x)y
        "root": {"u": approx(36 + 2 * cosine), "z": approx(-2 * cosine), "x": approx(sine)},
    }


@pytest.mark.parametrize(
    ("build", "edges"),
    [
        (lambda x, y: x * x, {"x": 4.0}),
        (lambda x, y: x + x, {"x": 2.0}),
        (lambda x, y: x - x, {"x": 0.0}),
        (lambda x, y: 0 * x, {"x": 0.0}),
        (lambda x, y: x**3, {"x": 12.0}),
        (lambda x, y: y - x, {"y": 1.0, "x": -1.0}),
        (lambda x, y: (x * y) * (x + y), {"x": 21.0, "y": 16.0}),
        (lambda x, y: Value(7.0) * x + 4, {"x": 7.0}),  # an unnamed leaf is a constant
        (lambda x, y: Value(7.0), {}),
    ],
)
def test_one_edge_for_all_paths(build, edges):
    x, y = leaves("x", "y")
    assert view(named("z", build(x, y)))["z"] == edges


def test_a_leaf_is_a_graph_of_one():
    [x] = leaves("x")
    graph = named_graph(x)
    assert (graph.root, graph.names, graph.edges, graph.detail) == (x, {x: "x"}, {x: []}, "names")


def test_every_value_at_the_level_of_operations():
    x, y = leaves("x", "y")
    root = named("z", sigmoid(x * x - y) / y)
    graph = named_graph(root, detail="operations")
    assert graph.detail == "operations"
    s = 1 / (1 + float(mp.e) ** -1)
    assert view(root, detail="operations") == {
        "x": {},
        "y": {},
        "v1": {"x": 4.0},
        "v2": {"v1": 1.0, "y": -1.0},
        "v3": {"v2": approx(s * (1 - s))},
        "z": {"v3": approx(1 / 3), "y": approx(-s / 9)},
    }


def test_what_else_is_to_be_visible():
    [x] = leaves("x")
    hidden, unused = 3 * x, Value(1.0)
    root = named("y", hidden**2)
    assert view(root, also=(hidden, unused)) == {"x": {}, "v1": {"x": 3.0}, "y": {"v1": 12.0}}
    assert hidden.label == ""


@pytest.mark.parametrize("detail", ["names", "operations"])
def test_where_nothing_has_a_name_every_operation_is_visible(detail):
    x = Value(2.0)
    root = exp(x * x)
    assert named_graph(root, detail=detail).detail == "operations"
    assert view(root, detail=detail) == {
        "v1": {},
        "v2": {"v1": 4.0},
        "v3": {"v2": approx(float(mp.exp(4)))},
    }


@pytest.mark.parametrize("taken", [("v1", "v2"), ("v2", "v4"), ("v3", "v1")])
def test_a_name_that_is_given_out_is_no_label(taken):
    x, y = leaves(*taken)
    root = (x * y + x) * y
    names = named_graph(root, detail="operations").names
    assert [names[x], names[y]] == list(taken)
    free = (name for name in map("v{}".format, range(1, 9)) if name not in taken)
    assert sorted(set(names.values()) - set(taken)) == [next(free), next(free), next(free)]


def test_the_order_is_that_of_the_formula():
    c, a, b = leaves("c", "a", "b")
    root = named("y", b * c + a * b)
    graph = named_graph(root)
    assert list(graph.names.values()) == ["b", "c", "a", "y"]
    assert [edge.tail.label for edge in graph.edges[root]] == ["b", "c", "a"]


def test_the_order_is_the_same_in_another_process():
    program = """
from autograd import *; from autograd.graph import named_graph, told_apart
x = [Value(k, f"x{k}") for k in range(1, 9)]
h = [sigmoid(sum(a * b for a, b in zip(x, x[k:]))) for k in range(7)]
for k in range(0, 7, 2): h[k].label = f"h{k}"
graph = named_graph(sum(a * b for a, b in zip(h, reversed(x))), also=h)
print([(graph.names[head], [(graph.names[e.tail], e.derivative.data) for e in es]) for head, es in graph.edges.items()])
"""
    root = str(Path(autograd.__file__).parents[1])
    printed = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": root},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in "123"
    }
    assert len(printed) == 1


def test_another_detail_is_an_error():
    with pytest.raises(
        ValueError, match="detail must be 'names', 'operations' or 'arrays', not 'all'"
    ):
        named_graph(Value(1.0), detail="all")


def test_the_graph_itself_is_left_as_it_is():
    x, y = leaves("x", "y")
    root = sin(x * y) * x
    root.backward()
    everywhere = [v for part in topological_order(root) for v in part]
    before = [(v.grad, v.label, v.data, v.args) for v in everywhere]
    named_graph(root, detail="operations")
    assert [(v.grad, v.label, v.data, v.args) for v in everywhere] == before


# edges are exact


@given(named_programs())
def test_an_edge_is_the_derivative_of_its_segment_with_all_else_held(program):
    steps, results, visible = program
    graph = named_graph(results[-1])
    place = {v: i for i, v in enumerate(results)}
    numbers = [mp.mpf(v.data) for v in results]
    for edge in (edge for edges in graph.edges.values() for edge in edges):
        head, tail = place[edge.head], place[edge.tail]

        def segment(t, head=head, tail=tail):
            return segments(steps, [*numbers[:tail], t, *numbers[tail + 1 :]], visible, REFERENCE)[
                head
            ]

        size = abs(edge.tail.data) or 1.0
        with mp.workdps(
            60 + max(0, -int(mp.log10(size)))
        ):  # a step within the domain, however near its edge
            expected = mp.diff(segment, numbers[tail], h=size * mp.mpf(10) ** -25)
        assert edge.derivative.data == approx(float(expected), rel=1e-12, abs=1e-12)


@given(named_programs())
def test_an_edge_for_each_visible_value_that_the_head_is_computed_from(program):
    steps, results, visible = program

    def union(*args):
        return frozenset().union(*(arg for arg in args if isinstance(arg, frozenset)))

    tails = segments(steps, [frozenset({v}) for v in results], visible, dict.fromkeys(ROWS, union))
    graph = named_graph(results[-1])
    is_visible = set(map(results.__getitem__, visible))
    for head, edges in graph.edges.items():
        place = results.index(head)
        expected = tails[place] & is_visible - {head} if head.op else set()
        assert [edge.head for edge in edges] == [head] * len(expected)
        assert {edge.tail for edge in edges} == expected


@settings(max_examples=40)
@given(named_programs())
def test_an_edge_is_what_sympy_derives(program):
    steps, results, visible = program
    rows = {name: sympy.Lambda(SYMBOLS[: ROWS[name].arity], ORACLE[name]) for name in ROWS}
    symbols = sympy.symbols(f"r:{len(results)}", real=True)
    place = {v: i for i, v in enumerate(results)}
    values = [
        s if i in visible else sympy.Float(v.data, 30)
        for i, (s, v) in enumerate(zip(symbols, results, strict=True))
    ]
    expressions = segments(steps, values, visible, rows)
    for edge in (edge for edges in named_graph(results[-1]).edges.values() for edge in edges):
        derivative = sympy.diff(expressions[place[edge.head]], symbols[place[edge.tail]])
        with mp.workdps(30):
            exactly = sympy.lambdify(symbols, derivative, "mpmath", cse=True)(
                *(mp.mpf(v.data) for v in results)
            )
        assert edge.derivative.data == approx(float(exactly), rel=1e-11, abs=1e-11)


# cost


def chain(length):
    [x] = leaves("x")
    y = x
    for _ in range(length):
        y = y * 1.0001 + 1e-4
    return x, named("y", y), 1.0001**length


def diamonds(length):
    [x] = leaves("x")
    y = x
    for _ in range(length):
        y = sin(y) + cos(y)
    return x, named("y", y), None


def named_diamonds(length):
    x, y, _ = diamonds(length)
    for k, v in enumerate(topological_order(y)[1]):
        v.label = v.label or f"n{k}"
    return x, y, None


@pytest.mark.parametrize(
    ("build", "length", "edges"),
    [
        (chain, 10_000, 1),
        (diamonds, 60, 1),
        (diamonds, 5000, 1),
        (named_diamonds, 60, 240),
        (named_diamonds, 2000, 8000),
    ],
)
def test_the_cost_is_that_of_the_graph_not_of_its_paths(build, length, edges):
    x, y, slope = build(length)
    start = time.perf_counter()
    graph = named_graph(y)
    assert time.perf_counter() - start < 10
    assert sum(map(len, graph.edges.values())) == edges
    if edges == 1:
        [edge] = graph.edges[y]
        y.backward()
        assert edge.derivative.data == approx(x.grad if slope is None else slope, rel=1e-10)


def test_the_root_keeps_its_label_and_the_others_are_numbered_from_one():
    values = [Value(1.0), Value(2.0), Value(3.0), Value(4.0)]
    labels = ["w", "x", "w", "w"]
    names = told_apart(zip(values, labels, strict=True), values[3])
    assert list(names.values()) == ["w⁽¹⁾", "x", "w⁽²⁾", "w"]


def test_a_name_that_is_made_is_no_label_that_is_given():
    x = Value(0.5, "h")
    second = named("h", cos(x))
    other = named("h⁽²⁾", second * x)
    assert list(told_apart((v, v.label) for v in (x, second, other)).values()) == [
        "h",
        "h⁽³⁾",
        "h⁽²⁾",
    ]
