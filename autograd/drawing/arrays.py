"""A picture in arrays: a box for each with its numbers, an arrow for each block of derivatives."""

from __future__ import annotations

import math
from collections.abc import Mapping

from autograd.arrays.blocks import Block
from autograd.arrays.derivation import gradient_names
from autograd.arrays.families import Family, in_order
from autograd.arrays.gradients import Gradients, gradients_of
from autograd.arrays.grids import rows_of
from autograd.arrays.matrix import MatrixWriter
from autograd.arrays.places import size
from autograd.drawing.figure import Arrow, Figure, Node, aligned, drawn_columns
from autograd.drawing.gradients import Gradients as Stored
from autograd.drawing.labels import BLANK, filled
from autograd.drawing.theme import PLAIN, shade
from autograd.graph import Graph
from autograd.notation import Notation
from autograd.sweep import accumulated
from autograd.value import Value

_WIDEST_FORMULA = 26


def array_figure(
    graph: Graph, notation: Notation, stored: Stored, wrt: Value | None = None
) -> Figure | None:
    """Return what a picture of the graph shows in arrays; None where it has no such form.

    wrt   the Value whose gradient is lit, or that of the array that it stands in
    """
    edges = [edge for into in graph.edges.values() for edge in into]
    gradients = gradients_of(graph, edges, accumulated(graph, edges))
    if gradients is None:
        return None
    return _Builder(graph, notation, stored, gradients, wrt).figure()


class _Builder:
    """Make a node for each family, arguments first, and an arrow for each block."""

    def __init__(
        self,
        graph: Graph,
        notation: Notation,
        stored: Stored,
        gradients: Gradients,
        wrt: Value | None,
    ) -> None:
        self.graph = graph
        self.notation = notation
        self.stored = stored
        self.gradients = gradients
        self.blocks = gradients.reading.blocks
        self.seats = gradients.reading.seats
        self.families = self.ordered()
        self.root = graph.names[graph.root]
        self.writer = MatrixWriter(notation, self.root, gradient_names(self.families))
        self.largest = max(map(math.fabs, (stored.numbers or {graph.root: 0.0}).values()))
        self.wrt = None if wrt is None else self.seats[wrt].family
        self.lit = self.on_the_way()
        self.keys = {family: f"n{k}" for k, family in enumerate(self.families)}

    def ordered(self) -> list[Family]:
        """Return the families, each after all that it was computed from."""
        tails: dict[Family, list[Family]] = {seat.family: [] for seat in self.seats.values()}
        for block in self.blocks:
            tails[block.head].append(block.tail)
        return in_order(tails, tails)

    def on_the_way(self) -> set[Family]:
        """Return the families on the way from the root to the one that is lit."""
        found = set() if self.wrt is None else {self.wrt}
        for family in self.families:
            if any(block.head is family and block.tail in found for block in self.blocks):
                found.add(family)
        return found

    def figure(self) -> Figure:
        nodes = {first(family): self.node(family) for family in self.families}
        heads: dict[Value, list[Value]] = {v: [] for v in nodes}
        for block in self.blocks:
            heads[first(block.tail)].append(first(block.head))
        title = f"Every gradient of {self.root}, in arrays"
        heading = ["every array: data and grad      every arrow: its part in the gradient"]
        legend = ["outline blue: the largest grad is > 0      dashed, orange: it is < 0"]
        if self.wrt is not None:
            formula = self.writer.written(self.gradients.forms[self.wrt], self.wrt).text
            heading = [f"∂{self.root}/∂{self.writer.array(self.wrt).text} = {formula}"]
            title = f"{heading[0]}, in arrays"
        return Figure(
            graph=self.graph,
            notation=self.notation,
            title=title,
            heading=heading,
            legend=legend + ([self.stored.note] if self.stored.note else []),
            note=self.stored.note,
            lit=self.wrt is not None,
            parting=True,
            nodes=nodes,
            arrows=[self.arrow(block, f"e{k}") for k, block in enumerate(self.blocks)],
            frames=[],
            columns=drawn_columns({v: node.key for v, node in nodes.items()}, heads),
            largest=self.largest,
        )

    def node(self, family: Family) -> Node:
        numbers = self.stored.numbers
        data = self.rows(family, self.graph.data, BLANK)
        grad = ["—"] if numbers is None else self.rows(family, numbers, "+")
        shape = "×".join(map(str, family.shape))
        if family.calls:
            shape = f"{len(family.ranges[0])} calls of {shape or 'one number'}"
        name = self.writer.array(family).text
        strongest = 0.0
        if numbers is not None:
            strongest = max((numbers[v] for v in family.members.values()), key=math.fabs)
        lines = [f"{name}   {shape}" if shape else name]
        if len(data) == len(grad) and len(family.shape) < 2:
            lines += [(3 * BLANK).join(pair) for pair in zip(data, grad, strict=True)]
        else:
            lines += ["data", *data, "grad", *grad]
        return Node(
            key=self.keys[family],
            value=first(family),
            name=name,
            formula="",
            words=name,
            title=f"{name}, {shape}" if shape else name,
            data=", ".join(data),
            grad=", ".join(grad),
            shade=shade(strongest, self.largest) if numbers else PLAIN,
            lit=family in self.lit,
            lines=tuple(lines),
        )

    def rows(self, family: Family, numbers: Mapping[Value, float], plus: str) -> list[str]:
        """Return the numbers of a family, a line for each row, or for each element of a vector."""
        cells = [aligned(numbers[v], self.notation, plus) for v in family.members.values()]
        width = size(family.shape[1:]) if family.shape else 1
        return rows_of(cells, width, BLANK)

    def arrow(self, block: Block, key: str) -> Arrow:
        formula = self.writer.written(self.gradients.share(block), block.tail).text
        head, tail = self.writer.array(block.head).text, self.writer.array(block.tail).text
        name = f"∂{self.root}/∂{tail} through {head}"
        lit = block.head in self.lit and block.tail in self.lit
        return Arrow(
            key=key,
            edge=next(e for e in self.graph.edges[first(block.head)]),
            head=self.keys[block.head],
            tail=self.keys[block.tail],
            name=name,
            formula=formula,
            value=math.nan,
            local="\n".join(filled(formula, r"(?= [⊙+−] )", _WIDEST_FORMULA)),
            title=f"{name}: {formula}",
            shade=PLAIN,
            lit=lit,
            number="",
        )


def first(family: Family) -> Value:
    """Return the first element of a family, which stands for it."""
    return next(iter(family.members.values()))
