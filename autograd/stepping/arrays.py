"""The steps of a picture in arrays, as data: each is an array."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from autograd.arrays.families import Family
from autograd.arrays.forms import added
from autograd.arrays.gradients import shaped
from autograd.arrays.grids import in_a_line
from autograd.derivation import edge_formula
from autograd.digits import rounded
from autograd.drawing.arrays import Drawing
from autograd.drawing.figure import Node
from autograd.formula import formula
from autograd.graph import Edge
from autograd.stepping.steps import Step, bracketed, by_hand, seed_step
from autograd.value import Value

_LONGEST = 120  # characters of an element's formula in numbers
_MOST_PATHS = 6  # that are written out for an element
_MOST_OTHERS = 32  # elements of an array, each of which may be taken for another


class _Asked(NamedTuple):
    """The element of an array that a step asks for, and the array.

    name      of the element, and `title` that of the array
    names     of each element
    line      the element in numbers, without its result; "" where that is too long
    formula   the array in arrays; "" where it has no such form
    """

    value: Value
    names: Mapping[Value, str]
    title: str
    line: str
    formula: str

    @property
    def name(self) -> str:
        return self.names[self.value]

    @property
    def given(self) -> list[str]:
        """The formula of the array, and that of the element."""
        whole = f"{self.title} = {self.formula}" if self.formula else ""
        element = f"{self.name} = {self.line}" if self.line else self.name
        return [line for line in (whole, element) if line]


def array_steps(drawing: Drawing) -> list[Step]:
    """Return the forward pass, an array a step, the seed, and the backward pass likewise."""
    return list(_Steps(drawing).steps())


class _Steps:
    """Make the steps of a drawing in arrays."""

    def __init__(self, drawing: Drawing) -> None:
        self.drawing = drawing
        self.graph = drawing.graph
        self.notation = drawing.notation
        self.nodes = {node.key: node for node in drawing.figure.nodes.values()}
        self.above: dict[Value, list[Edge]] = {}
        for edge in (edge for edges in self.graph.edges.values() for edge in edges):
            self.above.setdefault(edge.tail, []).append(edge)

    def steps(self) -> Iterator[Step]:
        for family in self.drawing.families:
            if self.node(family).value.op is not None:
                yield self.forward(family)
        yield self.seed()
        for family in self.swept():
            yield self.backward(family)

    def swept(self) -> Iterator[Family]:
        """Yield the families from the root down, each when all that leads to it is done."""
        tails: dict[Family, list[Family]] = {}
        for block in self.drawing.blocks:
            tails.setdefault(block.head, []).append(block.tail)
        waiting = Counter(block.tail for block in self.drawing.blocks)
        for head in reversed(self.drawing.families):
            for tail in tails.get(head, ()):
                waiting[tail] -= 1
                if not waiting[tail]:
                    yield tail

    def node(self, family: Family) -> Node:
        return self.nodes[self.drawing.keys[family]]

    def forward(self, family: Family) -> Step:
        node, data = self.node(family), self.graph.data
        asked = _largest(family, data)
        others = {v: n for v, n in self.graph.names.items() if v is not asked}
        numbers = formula(asked, others, self.notation).numbers
        question = _Asked(
            value=asked,
            names=self.names(family),
            title=node.name,
            line=numbers if len(numbers) <= _LONGEST else "",
            formula=node.formula,
        )
        step = self.step("forward", family, question, data)
        return step._replace(by_hand=by_hand(asked, self.graph, self.notation.digits))

    def backward(self, family: Family) -> Step:
        data = self.drawing.gradients.data
        asked = _largest(family, data)
        names = {v: self.partial(name) for v, name in self.names(family).items()}
        into = self.arrows_into(family)
        title, whole = self.gradient(family)
        edges = self.above[asked]
        few = len(edges) <= _MOST_PATHS
        line = self.paths(edges) if few else ""
        question = _Asked(value=asked, names=names, title=title, line=line, formula=whole)
        step = self.step("backward", family, question, data)
        return step._replace(
            by_hand=self.sum_by_hand(edges, data),
            lit=[*step.lit, *(key for pair in into for key in pair)],
            slips=(*self.left_out(edges), *step.slips),
            head=", ".join(self.nodes[head].name for _, head in into),
            tail=self.node(family).name,
            edges=tuple(key for key, _ in into),
        )

    def arrows_into(self, family: Family) -> list[tuple[str, str]]:
        """Return the keys of the arrows that lead to an array, and of the arrays they come from."""
        drawing = self.drawing
        return [
            (arrow.key, drawing.keys[block.head])
            for block, arrow in zip(drawing.blocks, drawing.figure.arrows, strict=True)
            if block.tail is family
        ]

    def sum_by_hand(self, edges: Sequence[Edge], data: Mapping[Value, float]) -> float:
        """Return the sum over the paths to a Value of the numbers as they are shown."""
        digits = self.notation.digits
        parts = [(edge.derivative.data, data[edge.head]) for edge in edges]
        return math.fsum(rounded(a, digits) * rounded(b, digits) for a, b in parts)

    def step(
        self,
        phase: Literal["forward", "backward"],
        family: Family,
        asked: _Asked,
        data: Mapping[Value, float],
    ) -> Step:
        """Return what both passes have in common."""
        key = self.drawing.keys[family]
        answer = data[asked.value]
        result = self.notation.number(answer)
        several = len(family.members) > 1
        whole = shaped(family, data) if several or family.shape else answer
        numbers = in_a_line(whole, self.notation)
        return Step(
            phase=phase,
            asked=asked.name,
            given=asked.given,
            answer=answer,
            result=result,
            by_hand=answer,
            node=key,
            sets=self.sets(family, "data" if phase == "forward" else "grad"),
            lit=[key],
            after=(f"{asked.title} = {numbers}",) if several and numbers else (),
            slips=_others(family, asked, data),
            whole=" = ".join(filter(None, (asked.title, asked.formula, numbers))),
        )

    def seed(self) -> Step:
        root = self.drawing.gradients.root
        key = self.drawing.keys[root]
        return seed_step(key, self.partial(self.drawing.root), self.sets(root, "grad"))

    def names(self, family: Family) -> dict[Value, str]:
        """Return the name of each element, as the array has it: W1[1,2]."""
        if len(family.members) == 1:
            return {v: self.node(family).name for v in family.members.values()}
        return {v: family.element(index) for index, v in family.members.items()}

    def partial(self, name: str) -> str:
        return f"∂{self.drawing.root}/∂{name}"

    def gradient(self, family: Family) -> tuple[str, str]:
        """Return the name of the gradient by a family, and its formula in arrays."""
        drawing = self.drawing
        blocks = [block for block in drawing.blocks if block.tail is family]
        whole = drawing.writer.written(added(*map(drawing.gradients.share, blocks)), family).text
        title = self.partial(self.node(family).name)
        is_named = self.node(family).value.op is not None and drawing.names[family]
        return f"{drawing.writer.gradient(family).text} = {title}" if is_named else title, whole

    def paths(self, edges: Sequence[Edge]) -> str:
        """Return the sum over edges in numbers; a negative term after the first in brackets."""
        first, *others = map(self.product, edges)
        return " + ".join([first, *(bracketed(term) for term in others)])

    def product(self, edge: Edge) -> str:
        """Return the local derivative times the upstream gradient, in numbers."""
        number = self.notation.number
        if edge.head is self.graph.root:
            return edge_formula(edge, self.graph, self.notation).numbers
        local, upstream = edge.derivative.data, self.drawing.gradients.data[edge.head]
        if local == 1.0:
            return number(upstream)
        return f"{bracketed(number(local))}·{bracketed(number(upstream))}"

    def left_out(self, edges: Sequence[Edge]) -> Iterator[tuple[str, float]]:
        """Yield what comes out where one of several paths is forgotten."""
        data = self.drawing.gradients.data
        parts = [(edge.head, edge.derivative.data * data[edge.head]) for edge in edges]
        if 1 < len(parts) <= _MOST_PATHS:
            for head, part in parts:
                rest = math.fsum(number for _, number in parts) - part
                yield f"the path through {self.graph.names[head]} is left out", rest

    def sets(self, family: Family, role: Literal["data", "grad"]) -> dict[str, Any]:
        """Return what a step changes in the box of an array."""
        node = self.node(family)
        assert node.cells is not None
        changed: dict[str, Any] = {f"{role}_cells": node.cells.flat[role]}
        if role == "data":
            return changed | {"data": node.data}
        shades = [shade for row in node.cells.shades for shade in row]
        return changed | {"grad": node.grad, "shade": node.shade, "shades": shades}


def _others(
    family: Family, asked: _Asked, data: Mapping[Value, float]
) -> tuple[tuple[str, float], ...]:
    """Return the numbers of the other elements, where they are few, and what each of them is."""
    answer = data[asked.value]
    others = {v: data[v] for v in family.members.values() if data[v] != answer}
    if len(others) > _MOST_OTHERS:
        return ()
    return tuple((f"that is {asked.names[v]}", number) for v, number in others.items())


def _largest(family: Family, data: Mapping[Value, float]) -> Value:
    """Return the largest element, whose number tells most."""
    return max(family.members.values(), key=lambda v: math.fabs(data[v]))
