"""Derivation: ∂y/∂x as a product of factors, and how it is written on a blackboard."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

from autograd.cancelling import cancels, sum_cancels
from autograd.closing import Closing, closing
from autograd.formula import Formula, formula
from autograd.graph import Edge, Graph
from autograd.kinks import decided
from autograd.notation import Notation
from autograd.record import Record
from autograd.tables import padded, width
from autograd.value import Value

_DEEPEST = 12  # how far a term in a term is indented
_GAPS = (2, 3, 2, 0)  # after the quotient, its formula, the numbers, the value


class Quotient(NamedTuple):
    """∂of/∂by, in names; `held` are held fixed where the edge is not the only path between both."""

    of: str
    by: str
    held: tuple[str, ...] = ()


def edge_formula(edge: Edge, graph: Graph, notation: Notation) -> Formula:
    """Return the derivative on an edge in names and in numbers, and why a kink has the one it has.

    Raises the error of an edge whose derivative does not exist.
    """
    names, data = graph.names, graph.data
    derivative, chosen, word = decided(edge.head, edge.derivative, names)
    found = formula(derivative, names, notation, data)
    if not word:
        return found
    if isinstance(chosen, Value):
        winner = formula(chosen, names, notation, data).names
    else:
        winner = notation.number(chosen or 0.0)
    reason = f"{notation.words(' (')}{winner}{notation.words(f' is the {word})')}"
    return Formula(found.names + reason, found.numbers)


def edge_number(edge: Edge, graph: Graph) -> float:
    """Return the derivative on an edge: 0 where it is a sum that cancels but for rounding."""
    return 0.0 if cancels(edge.derivative, graph.names) else edge.derivative.data


class Factor:
    """One factor of a derivation: the derivative on an edge, or the sum over several paths.

    name     the quotient that it is; `of` and `by` are its names
    value    its number
    terms    what it is the sum of; empty for an edge
    edges    the edge, after those of derivative 1 that it took in
    """

    def __init__(
        self,
        name: Quotient,
        edges: tuple[Edge, ...],
        terms: tuple[Derivation, ...],
        graph: Graph,
        notation: Notation,
    ) -> None:
        self.name = name
        self.edges = edges
        self.terms = terms
        self.value = sum(t.value for t in terms) if terms else edges[-1].derivative.data
        self._graph = graph
        self._notation = notation
        self._closings: dict[Notation, Closing | None] = {}

    @property
    def of(self) -> str:
        return self.name.of

    @property
    def by(self) -> str:
        return self.name.by

    def __repr__(self) -> str:
        return " = ".join(cell for cell in self.row(self._notation) if cell)

    @property
    def formula(self) -> str:
        """The factor in names, such as `−(t1 − out_o1)`."""
        return self.written(self._notation).names

    @property
    def numbers(self) -> str:
        """The factor with the numbers put in, such as `−(0.01 − 0.7514)`."""
        return self.written(self._notation).numbers

    @cached_property
    def shown(self) -> float:
        """The number as it is printed: 0 where it is a sum that cancels."""
        if not self.terms:
            return edge_number(self.edges[-1], self._graph)
        terms = [term.value for term in self.terms]
        return 0.0 if sum_cancels(self.value, terms) else self.value

    def written(self, notation: Notation) -> Formula:
        """Return the factor in names and in numbers."""
        if not self.terms:
            return edge_formula(self.edges[-1], self._graph, notation)
        if len(self.terms) == 1:  # a product that several derivations share
            factors = self.terms[0].factors
            names = product([factor.name for factor in factors], notation)
            return Formula(names, joined_numbers(factors, notation.times, notation))
        titles = " + ".join(product(term.names, notation) for term in self.terms)
        return Formula(titles, joined_numbers(self.terms, " + ", notation))

    def closing(self, notation: Notation) -> Closing | None:
        """Return the formula that a sum comes to, where all its terms are products of edges."""
        if len(self.terms) < 2 or not self._is_of_edges():
            return None
        if notation not in self._closings:
            terms = [[f.edges[-1].derivative for f in term.factors] for term in self.terms]
            self._closings[notation] = closing(terms, self._graph, notation)
        return self._closings[notation]

    def _is_of_edges(self) -> bool:
        """Whether all its terms are products of edges alone."""
        return not any(f.terms for term in self.terms for f in term.factors)

    def closed_rows(self, closed: Closing, notation: Notation) -> list[list[str]]:
        """Return a row for each term: its names, its formula, the numbers put in, and the value."""
        return [
            [product(term.names, notation), *line, notation.number(term.shown)]
            for term, line in zip(self.terms, closed.terms, strict=True)
        ]

    def names_in_formula(self) -> list[str]:
        """Return the names that its formula is made of; those of a sum stand in its terms."""
        if self.terms:
            return []
        names = self._graph.names
        leaves = Record(self.edges[-1].derivative, names).leaves
        return [names[v] for v in leaves if v in names]

    def row(self, notation: Notation) -> list[str]:
        """Return the quotient, its formula, the numbers put in, and the value.

        What would only say the next again is left empty.
        """
        names, numbers = self.written(notation)
        value = notation.number(self.shown)
        closed = self.closing(notation)
        if closed is not None:
            names, numbers = f"{names} = {closed.total.names}", closed.total.numbers
        if numbers in (names, value):
            numbers = ""
        if names == value:
            names = ""
        return [notation.derivative(*self.name), names, numbers, value]


class Derivation:
    """∂y/∂x as a product of factors.

    It prints as on a blackboard, and shows itself as LaTeX in a notebook.

    names     what is derived: one quotient, or for a term of a sum the product of two; `of` and
              `by` are its ends
    value     its number: the product of the factors' values
    factors   from y to x; none where y does not depend on x, or is x
    note      what is said below it of how it was derived; "" for nothing
    """

    def __init__(
        self,
        names: tuple[Quotient, ...],
        value: float,
        factors: tuple[Factor, ...],
        graph: Graph,
        notation: Notation,
        note: str = "",
    ) -> None:
        self.names = names
        self.value = value
        self.factors = factors
        self.note = note
        self._graph = graph
        self._notation = notation

    @property
    def of(self) -> str:
        return self.names[0].of

    @property
    def by(self) -> str:
        return self.names[-1].by

    @cached_property
    def shown(self) -> float:
        """The number as it is printed: 0 where a factor is a sum that cancels."""
        return 0.0 if any(factor.shown == 0 for factor in self.factors) else self.value

    def __str__(self) -> str:
        return "\n\n".join(aligned(*block) for block in self.blocks(self._notation))

    __repr__ = __str__

    def latex(self) -> str:
        """Return the lines of the text in LaTeX, as they stand in an `aligned` environment."""
        lines = []
        for _, rows in self.blocks(self._notation._replace(style="latex")):
            for title, *cells in rows:
                sides = " = ".join(cell for cell in cells if cell)
                lines.append(f"{title} &= {sides}" if sides else title)
        return " \\\\[1ex]\n".join(lines)

    def _repr_latex_(self) -> str:
        return f"$$\\begin{{aligned}}\n{self.latex()}\n\\end{{aligned}}$$"

    def blocks(self, notation: Notation) -> Iterator[tuple[int, list[list[str]]]]:
        """Yield groups of lines, and how deep each is indented.

        A line is a list of what stands between its equals signs: of a factor its quotient, its
        formula, the numbers put in and its value; of the end of a derivation the quotient, the
        numbers and the value.
        """
        done: dict[Derivation, None] = {}
        todo: list[tuple[int, Derivation | list[list[str]]]] = [(0, self)]
        while todo:
            depth, item = todo.pop()
            if isinstance(item, list):
                yield depth, item
                continue
            if item in done:
                again = notation.number(item.shown) + notation.words(" (derived above)")
                yield depth, [[product(item.names, notation), again]]
                continue
            done[item] = None
            blocks, last = item._own_lines(notation)
            for deeper, rows in blocks:
                yield depth + deeper, rows
            todo += [(depth, [row]) for row in reversed(last)]
            todo += [(depth + 1, below) for below in item._below(notation)]
        for note in self._notes(done):
            yield 0, [[notation.words(f"({note})")]]

    def _below(self, notation: Notation) -> Iterator[Derivation | list[list[str]]]:
        """Yield what the factors are made of, from the last: the terms, or their formula alone."""
        for factor in reversed(self.factors):
            closed = factor.closing(notation)
            if closed is None:
                yield from reversed(factor.terms)
            else:
                yield factor.closed_rows(closed, notation)

    def _own_lines(
        self, notation: Notation
    ) -> tuple[list[tuple[int, list[list[str]]]], list[list[str]]]:
        """Return the lines before those of the terms of its factors, and the lines after them."""
        title, value = product(self.names, notation), notation.number(self.shown)
        rows = [factor.row(notation) for factor in self.factors]
        if not rows:
            return [(0, [[title, value + self._reason(notation)]])], []
        if len(rows) == 1 and not self.factors[0].terms:
            return [(0, [[title, *rows[0][1:]]])], []
        if len(rows) == 1:
            terms, numbers = self.factors[0].written(notation)
            return [(0, [[title, terms]])], [[title, numbers, value], *self._end(notation)]
        return self._lines_of_factors(rows, notation)

    def _lines_of_factors(
        self, rows: list[list[str]], notation: Notation
    ) -> tuple[list[tuple[int, list[list[str]]]], list[list[str]]]:
        """Return the lines of several factors, and below them that of their product."""
        title, value = product(self.names, notation), notation.number(self.shown)
        times = f" {notation.times.strip()} "
        blocks = [(1, rows)]
        if self.names != tuple(factor.name for factor in self.factors):
            blocks.insert(0, (0, [[title, times.join(row[0] for row in rows)]]))
        last = [title, joined_numbers(self.factors, times, notation), value]
        return blocks, [last, *self._end(notation)]

    def _reason(self, notation: Notation) -> str:
        """Return why a derivative without factors is 0; "" where it is 1, for y is x."""
        if self.value != 0:
            return ""
        of, by = notation.name(self.of), notation.name(self.by)
        return f"{notation.words(': ')}{of}{notation.words(' does not depend on ')}{by}"

    def result(self, notation: Notation) -> list[str]:
        """Return the line in which it ends, as `blocks` has it."""
        blocks, last = self._own_lines(notation)
        return (last or blocks[-1][1])[-1]

    def closing(self, notation: Notation) -> Closing | None:
        """Return the formula that it comes to: that of its sum, or of its product of edges."""
        if len(self.factors) == 1:
            return self.factors[0].closing(notation)
        if any(factor.terms for factor in self.factors):
            return None
        edges = [factor.edges[-1].derivative for factor in self.factors]
        return closing([edges], self._graph, notation)

    def _end(self, notation: Notation) -> list[list[str]]:
        """Return the line in names in which it ends, where it is closed."""
        closed = self.closing(notation)
        if closed is None:
            return []
        title = product(self.names, notation)
        return [[title, *closed.total, notation.number(self.shown)]]

    def _notes(self, shown: Iterable[Derivation]) -> Iterator[str]:
        """Yield what there is to say about the names, and about the numbers."""
        graph = self._graph
        if not any(v.label for v in graph.names):
            yield "nothing has a label: v1, v2, … are all the Values, in order"
        shared = _label_of_several(shown, graph)
        if shared:
            way = "told apart by ⁽²⁾, ⁽³⁾, …, in the order of the computation"
            yield f"several Values are labelled {shared}: {way}"
        for weights in dict.fromkeys(_weights(shown, self._notation)):
            yield f"where {', '.join(weights)} sum to 1"
        if graph.moved:
            yield f"{graph.moved}; computed anew here"
        if self.note:
            yield self.note


def _label_of_several(shown: Iterable[Derivation], graph: Graph) -> str:
    """Return the first label in these derivations that several Values have; "" for none."""
    return next((graph.shared[name] for name in _names(shown) if name in graph.shared), "")


def _names(parts: Iterable[Derivation]) -> Iterator[str]:
    """Yield every name in these derivations: in the quotients, and in the formulas."""
    for part in parts:
        for of, by, held in (*part.names, *(factor.name for factor in part.factors)):
            yield from (of, by, *held)
        for factor in part.factors:
            yield from factor.names_in_formula()


def _weights(parts: Iterable[Derivation], notation: Notation) -> Iterator[tuple[str, ...]]:
    """Yield the names that are taken to sum to 1."""
    for part in parts:
        for closed in (item.closing(notation) for item in part.factors):
            if closed is not None and closed.weights:
                yield closed.weights


def product(names: Sequence[Quotient], notation: Notation) -> str:
    """Return the product of the quotients."""
    return notation.times.join(notation.derivative(*name) for name in names)


def joined_numbers(parts: Sequence[Factor | Derivation], sign: str, notation: Notation) -> str:
    """Return the values with the sign between them; a negative one after a sign in brackets."""
    first, *others = [notation.number(part.shown) for part in parts]
    return sign.join([first, *(f"({n})" if n[0] in "-−" else n for n in others)])


def aligned(depth: int, rows: list[list[str]]) -> str:
    """Return the rows as text, with their equals signs one below the other."""
    columns = [column for column in zip(*rows, strict=True) if any(column)]
    widths = [max(map(width, column)) + gap for column, gap in zip(columns, _GAPS, strict=False)]
    indent = "  " * min(depth, _DEEPEST)
    lines = []
    for cells in zip(*columns, strict=True):
        line = " = ".join(cells) if len(rows) == 1 else _in_columns(cells, widths)
        lines.append((indent + line).rstrip())
    return "\n".join(lines)


def _in_columns(cells: Sequence[str], widths: Sequence[int]) -> str:
    """Return the cells of a line, each in its column, with an equals sign before all but one."""
    line = padded(cells[0], widths[0])
    for cell, wide in zip(cells[1:], widths[1:], strict=False):
        line += ("= " if cell else "  ") + padded(cell, wide)
    return line
