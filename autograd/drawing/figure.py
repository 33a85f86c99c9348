"""What a picture shows, before an engine lays it out: nodes, arrows, groups and words."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from autograd.derivation import edge_formula, edge_number
from autograd.deriving import derive
from autograd.digits import MINUS, decimals, exact
from autograd.drawing.cells import Cells
from autograd.drawing.equation import Equation, equation
from autograd.drawing.gradients import Gradients, in_words
from autograd.drawing.labels import BLANK, definition, filled, one_line, operation, shown_names
from autograd.drawing.theme import PLAIN, Shade, shade
from autograd.formula import formula
from autograd.graph import Edge, Graph
from autograd.groups import found_groups
from autograd.notation import Notation
from autograd.tables import columns
from autograd.value import Value

NO_DERIVATIVE = "does not exist"
_NODES = "node: blue, solid: grad > 0      orange, dashed: grad < 0      darker: larger |grad|"
_EDGES = (
    "edge: likewise, by what it adds to the grad at its tail: its number × the grad at its head"
)
_LONGEST_LABEL = 1000  # in a tooltip
_LONGEST_NOTE = 400
_WIDEST_LEGEND = 110


class Node(NamedTuple):
    """A Value as it is drawn.

    key       its id
    formula   its name says what it is, and this how it was computed; "" for a leaf
    words     its whole label and its formula; `title` has the numbers too, with all their digits
    data      the number as it is written, and so is `grad`; "" where it is not shown
    lit       whether it is on the way of the one gradient that is shown
    cells     the numbers of an array, in place of `data` and `grad`
    """

    key: str
    value: Value
    name: str
    formula: str
    words: str
    title: str
    data: str
    grad: str
    shade: Shade
    lit: bool
    cells: Cells | None = None

    @property
    def definition(self) -> str:
        return definition(self.name, self.formula)


class Arrow(NamedTuple):
    """An edge as it is drawn, from the node `tail` to the node `head`, which are keys.

    name      the derivative, and `formula` what it is
    value     its number, nan where it does not exist, and `local` as it is written
    title     all three, the number with all its digits
    number    that of its factor, where one gradient is lit: ①, ②, …
    lines     what stands at an arrow between arrays, in place of these
    """

    key: str
    edge: Edge
    head: str
    tail: str
    name: str
    formula: str
    value: float
    local: str
    title: str
    shade: Shade
    lit: bool
    number: str
    lines: tuple[str, ...] = ()


class Frame(NamedTuple):
    """The frame around a group, with the keys of its nodes."""

    title: str
    keys: list[str]


class Figure(NamedTuple):
    """What a picture shows. It prints as a table of the same numbers.

    graph      what is shown, by the names of the picture
    title      what the picture is of
    heading    the lines above: what is shown, or the equation of the gradient that is lit
    legend     the lines below
    note       "" or a sentence about the numbers, which is part of the legend
    lit        whether one gradient is lit, and `parting` whether more than one path of it is
    nodes      by their Values, arguments before results
    columns    the keys of leaves that stand side by side, in the order of what they lead to
    largest    the largest gradient but that of the root: what the shades are measured by
    """

    graph: Graph
    notation: Notation
    title: str
    heading: list[str]
    legend: list[str]
    note: str
    lit: bool
    parting: bool
    nodes: dict[Value, Node]
    arrows: list[Arrow]
    frames: list[Frame]
    columns: list[list[str]]
    largest: float

    def signed(self, gradient: float) -> str:
        """Return a gradient as a node shows it."""
        return aligned(gradient, self.notation, "+")

    def shade(self, gradient: float) -> Shade:
        """Return the shade of a gradient."""
        return shade(gradient, self.largest)

    def __str__(self) -> str:
        rows = [(n.definition, f"data {n.data}", f"grad {n.grad}") for n in self.nodes.values()]
        lines = [*(self.heading if self.lit else ()), *columns(rows)]
        for arrow in self.arrows:
            lines.append(" = ".join(dict.fromkeys((arrow.name, arrow.formula, arrow.local))))
        if self.note:
            lines.append(f"({self.note})")
        return "\n".join(lines).replace(BLANK, " ")


def figure_of(
    graph: Graph,
    notation: Notation,
    gradients: Gradients,
    *,
    wrt: Value | None = None,
    shown: Collection[Value] | None = None,
) -> Figure:
    """Return what a picture of `graph` shows.

    wrt     the Value whose gradient is lit; None for all
    shown   the Values that are drawn, if not all; arguments come before results
    """
    graph = graph._replace(names=shown_names(graph.names, graph.root))
    above = Equation([], {}) if wrt is None else equation(derive(graph, wrt, notation), notation)
    builder = _Builder(graph, notation, gradients, above, wrt)
    for v in graph.names if shown is None else shown:
        builder.add(v)
    title, heading, legend = builder.words()
    note = _cut_off(one_line(gradients.note), _LONGEST_NOTE)  # in which labels stand
    if note:
        legend += filled(note, "(?= )", _WIDEST_LEGEND)
    keys = {v: node.key for v, node in builder.nodes.items()}
    return Figure(
        graph=graph,
        notation=notation,
        title=title,
        heading=heading,
        legend=legend,
        note=note,
        lit=wrt is not None,
        parting=builder.paths_part(),
        nodes=builder.nodes,
        arrows=builder.arrows,
        frames=builder.frames(),
        columns=drawn_columns(keys, builder.heads),
        largest=builder.largest,
    )


def _cut_off(text: str, longest: int) -> str:
    """Return a text that is not too long; where it was, it ends in an ellipsis."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


class _Builder:
    """Make nodes and arrows, each Value once, arguments before results."""

    def __init__(
        self,
        graph: Graph,
        notation: Notation,
        gradients: Gradients,
        above: Equation,
        wrt: Value | None,
    ) -> None:
        self.graph = graph
        self.notation = notation
        self.gradients = gradients.numbers
        self.above = above
        self.wrt = wrt
        self.largest = _largest(gradients.numbers, graph.root)
        self.nodes: dict[Value, Node] = {}
        self.arrows: list[Arrow] = []
        self.heads: dict[Value, list[Value]] = {}

    def add(self, v: Value) -> None:
        edges = [edge for edge in self.graph.edges[v] if edge.tail in self.nodes]
        on_the_way = any(self.nodes[edge.tail].lit for edge in edges)
        node = self.nodes[v] = self.node(v, lit=v is self.wrt or on_the_way)
        self.heads[v] = []
        for edge in edges:
            self.arrows.append(self.arrow(edge, node.key))
            self.heads[edge.tail].append(v)

    def node(self, v: Value, lit: bool) -> Node:
        name, data = self.graph.names[v], self.graph.data[v]
        computed = self.computed(v)
        words = definition(one_line(v.label)[:_LONGEST_LABEL] or name, computed)
        gradient = None if self.gradients is None else self.gradients[v]
        return Node(
            key=f"n{len(self.nodes)}",
            value=v,
            name=name,
            formula=computed,
            words=words,
            title=f"{words}: data {exact(data)}, gradient {in_words(gradient)}",
            data=aligned(data, self.notation, BLANK),
            grad="—" if gradient is None else aligned(gradient, self.notation, "+"),
            shade=PLAIN if gradient is None else shade(gradient, self.largest),
            lit=lit,
        )

    def computed(self, v: Value) -> str:
        """Return what a Value was computed as: its operation, or its formula; "" of a leaf."""
        if v.op is None:
            return ""
        if self.graph.detail == "operations":
            return operation(v, self.notation)
        return formula(v, self.graph.names, self.notation).names

    def arrow(self, edge: Edge, head: str) -> Arrow:
        names, notation = self.graph.names, self.notation
        name = notation.derivative(names[edge.head], names[edge.tail])
        tail = self.nodes[edge.tail]
        colour = PLAIN
        value = math.nan
        if isinstance(edge.found, Exception):
            written = local = NO_DERIVATIVE
            title = f"{name}: {one_line(str(edge.found))[:_LONGEST_LABEL]}"
        else:
            value = edge_number(edge, self.graph)
            written, local = edge_formula(edge, self.graph, notation).names, notation.number(value)
            title = " = ".join(dict.fromkeys((name, written, exact(value))))
            if self.gradients is not None:
                colour = shade(self.gradients[edge.head] * value, self.largest)
        return Arrow(
            key=f"e{len(self.arrows)}",
            edge=edge,
            head=head,
            tail=tail.key,
            name=name,
            formula=written,
            value=value,
            local=local,
            title=title,
            shade=colour,
            lit=tail.lit,
            number=self.above.marks.get(edge, ""),
        )

    def paths_part(self) -> bool:
        """Whether more than one path is lit: a single one has fewer edges than nodes."""
        nodes = sum(node.lit for node in self.nodes.values())
        return nodes > 0 and sum(arrow.lit for arrow in self.arrows) >= nodes

    def frames(self) -> list[Frame]:
        groups = found_groups({v: node.name for v, node in self.nodes.items()}, self.heads)
        return [Frame(title, [self.nodes[v].key for v in members]) for title, members in groups]

    def words(self) -> tuple[str, list[str], list[str]]:
        """Return the title, the heading and the legend."""
        names = self.graph.names
        root = names[self.graph.root]
        if self.wrt is not None:
            title = f"{self.notation.derivative(root, names[self.wrt])} by the chain rule"
            arrows = "thin →: forward pass      thick ←: backward pass, along the chain rule"
            signs = [] if self.gradients is None else [_NODES]
            return title, self.above.lines, [*signs, arrows]
        heading = "every node: data and grad      every edge: local derivative ∂head/∂tail"
        legend = [_NODES, _EDGES]
        if self.gradients is None:
            legend = ["grad —: backward() was not called"]
        return f"Every gradient of {root}", [heading], legend


def _largest(gradients: Mapping[Value, float] | None, root: Value) -> float:
    if gradients is None:
        return 0.0
    others = (math.fabs(g) for g in gradients.values() if g != gradients[root])
    return max(others, default=0.0)


def drawn_columns(keys: Mapping[Value, str], heads: Mapping[Value, list[Value]]) -> list[list[str]]:
    """Return the keys of the leaves that lead to the same depth first, for each depth."""
    depth = _depths(heads)
    place = {v: k for k, v in enumerate(keys)}
    leaves = _leaves_in_use(heads)
    found: dict[int, list[str]] = {}
    for v in sorted(leaves, key=lambda leaf: _mean_place(heads[leaf], place)):
        found.setdefault(min(depth[head] for head in heads[v]), []).append(keys[v])
    return [column for column in found.values() if len(column) > 1]


def _leaves_in_use(heads: Mapping[Value, Sequence[Value]]) -> list[Value]:
    """Return the leaves that others are computed from."""
    return [v for v in heads if v.op is None and heads[v]]


def _mean_place(values: Sequence[Value], place: Mapping[Value, int]) -> float:
    return sum(place[v] for v in values) / len(values)


def _depths(heads: Mapping[Value, list[Value]]) -> dict[Value, int]:
    """Return the length of the longest way to each Value; in `heads` arguments come first."""
    depth = dict.fromkeys(heads, 0)
    for tail, above in heads.items():
        for head in above:
            depth[head] = max(depth[head], depth[tail] + 1)
    return depth


def aligned(x: float, notation: Notation, plus: str) -> str:
    """Return a number with a sign in front, and with all its decimals, so that points align.

    A tiny or huge one is written as in a formula.
    """
    if x == 0.0 or 10.0 ** (1 - notation.digits) <= math.fabs(x) < 1e4:
        text = decimals(x, notation.digits)
    else:
        text = notation.number(math.fabs(x))
    if x == 0.0:
        return BLANK + text
    return (MINUS if x < 0 else plus) + text
