"""A picture in arrays: a box for each with its numbers, an arrow for each block of derivatives."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cached_property

from autograd.arrays.blocks import Block
from autograd.arrays.definitions import defined
from autograd.arrays.derivation import gradient_names
from autograd.arrays.families import Family, in_order
from autograd.arrays.gradients import Gradients, gradients_of
from autograd.arrays.grids import in_rows
from autograd.arrays.matrix import MatrixWriter
from autograd.arrays.places import size
from autograd.drawing.cells import Cells
from autograd.drawing.figure import Arrow, Figure, Node, aligned
from autograd.drawing.gradients import Gradients as Stored
from autograd.drawing.labels import BLANK, filled
from autograd.drawing.theme import PLAIN, Shade, shade
from autograd.graph import Graph
from autograd.notation import Notation
from autograd.sweep import accumulated
from autograd.value import Value

_WIDEST_FORMULA = 13
_BREAK = "\0"  # where a line may end


def drawing_of(
    graph: Graph, notation: Notation, stored: Stored, wrt: Value | None = None
) -> Drawing | None:
    """Return the picture of the graph in arrays; None where it has no such form.

    wrt   the Value whose gradient is lit, or that of the array that it stands in
    """
    edges = [edge for into in graph.edges.values() for edge in into]
    gradients = gradients_of(graph, edges, accumulated(graph, edges))
    if gradients is None:
        return None
    return Drawing(graph, notation, stored, gradients, wrt)


class Drawing:
    """A node for each family, arguments first, and an arrow for each block.

    gradients   what stands on the arrows; `stored` is what stands in the boxes
    families    the arrays and the scalars that have a name
    keys        the id of each one's node
    writer      writes forms of them
    lit         those on the way to the one that is lit
    """

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
        self.names = gradient_names(self.families)
        self.writer = MatrixWriter(notation, self.root, self.names)
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

    @cached_property
    def figure(self) -> Figure:
        """What the picture shows."""
        nodes = {first(family): self.node(family) for family in self.families}
        title, heading, legend = self.words()
        return Figure(
            graph=self.graph,
            notation=self.notation,
            title=title,
            heading=[heading],
            legend=[line for line in (*legend, self.stored.note) if line],
            note=self.stored.note,
            lit=self.wrt is not None,
            parting=True,
            nodes=nodes,
            arrows=[self.arrow(block, f"e{k}") for k, block in enumerate(self.blocks)],
            frames=[],
            columns=self.columns,
            largest=self.largest,
        )

    @cached_property
    def columns(self) -> list[list[str]]:
        """Return what stands one below the other: an array, and a function of it alone."""
        pairs: dict[Family, Family] = {}
        for head, tail in self.functions():
            if not {tail, head} & {*pairs, *pairs.values()}:
                pairs[tail] = head
        return [[self.keys[family] for family in pair] for pair in pairs.items()]

    def functions(self) -> Iterator[tuple[Family, Family]]:
        """Yield each array that is computed from one alone, of its shape; and that one."""
        into = Counter(block.head for block in self.blocks)
        for head, tail, _ in self.blocks:
            if into[head] == 1 and into[tail] > 0 and head.shape == tail.shape:
                yield head, tail

    def words(self) -> tuple[str, str, list[str]]:
        """Return the title, the heading and the legend."""
        legend = self.legend()
        if self.wrt is None:
            heading = "every array: data and grad      every arrow: its part in the gradient"
            return f"Every gradient of {self.root}, in arrays", heading, legend
        formula = self.writer.written(self.gradients.forms[self.wrt], self.wrt).text
        heading = f"∂{self.root}/∂{self.writer.array(self.wrt).text} = {formula}"
        return f"{heading}, in arrays", heading, legend

    def legend(self) -> list[str]:
        """Return what the colours say, and what δ is."""
        legend = ["grad —: backward() was not called"]
        if self.stored.numbers is not None:
            signs = "solid, blue: grad > 0      dashed, orange: grad < 0"
            legend = [f"{signs}      darker: larger |grad|      a box: its largest |grad|"]
        named = [f for f in self.families if f.shape and self.names[f]]
        if named:
            example = max(named, key=lambda f: self.names[f] != f.name)
            delta, name = self.writer.delta(example), self.writer.array(example).text
            legend.append(f"{delta} is the grad of {name}, and so for each array")
        return legend

    def node(self, family: Family) -> Node:
        name = self.writer.array(family).text
        shape = shape_of(family)
        formula = defined(family, self.gradients.reading, self.writer)
        cells = self.cells(family)
        flat = {role: ", ".join(numbers) for role, numbers in cells.flat.items()}
        strongest = self.strongest(family)
        return Node(
            key=self.keys[family],
            value=first(family),
            name=name,
            formula=formula,
            words=f"{name}, {shape}" if shape else name,
            title=f"{name}, {shape}" if shape else name,
            data=flat["data"],
            grad=flat["grad"] if self.stored.numbers else "—",
            shade=strongest,
            lit=family in self.lit,
            cells=cells,
        )

    def strongest(self, family: Family) -> Shade:
        """Return the shade of the largest gradient in a family."""
        if self.stored.numbers is None:
            return PLAIN
        numbers = [self.stored.numbers[v] for v in family.members.values()]
        return shade(max(numbers, key=math.fabs), self.largest)

    def cells(self, family: Family) -> Cells:
        """Return the numbers of a family, a line for each row, or for each element of a vector."""
        width = _width(family)
        members = list(family.members.values())
        data = [aligned(self.graph.data[v], self.notation, BLANK) for v in members]
        numbers: Mapping[Value, float] | None = self.stored.numbers
        grad = ["—" if numbers is None else self.signed(numbers[v]) for v in members]
        shades = [PLAIN if numbers is None else shade(numbers[v], self.largest) for v in members]
        return Cells(
            in_rows(data, width, "…"), in_rows(grad, width, "…"), in_rows(shades, width, PLAIN)
        )

    def signed(self, gradient: float) -> str:
        """Return a gradient as a cell shows it."""
        return aligned(gradient, self.notation, "+")

    def arrow(self, block: Block, key: str) -> Arrow:
        formula = self.writer.written(self.gradients.share(block), block.tail).text
        head, tail = self.writer.array(block.head).text, self.writer.array(block.tail).text
        name = f"∂{self.root}/∂{tail} through {head}"
        return Arrow(
            key=key,
            edge=self.graph.edges[first(block.head)][0],
            head=self.keys[block.head],
            tail=self.keys[block.tail],
            name=name,
            formula=formula,
            value=math.nan,
            local=formula,
            title=f"{name}: {formula}",
            shade=PLAIN,
            lit=block.head in self.lit and block.tail in self.lit,
            number="",
            lines=tuple(broken(formula)),
        )


def _width(family: Family) -> int:
    """Return how many numbers stand in a line of the box of an array."""
    if not family.shape:
        return 1
    is_row = family.calls and len(family.shape) == 1
    return size(family.shape if is_row else family.shape[1:])


def broken(formula: str) -> list[str]:
    """Return a formula in short lines, none of which begins inside brackets.

    >>> broken("δ_h ⊙ out_h ⊙ (1 − out_h)")
    ['δ_h ⊙ out_h', '⊙ (1 − out_h)']
    """
    depth = 0
    marked = ""
    for c in formula:
        depth += {"(": 1, ")": -1}.get(c, 0)
        marked += _BREAK + c if c in "⊙+−" and depth == 0 and marked.endswith(" ") else c
    return filled(marked, _BREAK, _WIDEST_FORMULA)


def first(family: Family) -> Value:
    """Return the element of a family that stands for it: the first that was computed."""
    members = list(family.members.values())
    return next((v for v in members if v.op is not None), members[0])


def shape_of(family: Family) -> str:
    """Return the shape of a family in words; "" of a scalar.

    >>> shape_of(Family("W", (2, 3), {(1, 1): Value(1.0)}))
    '2×3'
    """
    shape = "×".join(map(str, family.shape))
    if family.calls:
        return f"{len(family.ranges[0])} calls of {shape or 'one number'}"
    return shape
