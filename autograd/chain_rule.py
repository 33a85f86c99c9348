"""The derivation of one gradient: the chain rule as a person writes it, along the named Values.

A cut point is a Value that every path from y to x passes. Between one cut point and the next lies a single edge, and
the factor is its derivative; or there are several paths, and the factor is a sum, whose terms are derived in the same
form. In the words of graph theory, the cut points of a Value are its dominators.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

from autograd.cancelling import cancels, sum_cancels
from autograd.digits import Rounding
from autograd.formula import Formula, Notation, checked_notation, formula
from autograd.graph import TOLD_APART, Detail, Edge, Graph, named_graph
from autograd.kinks import decided
from autograd.op import DomainError
from autograd.value import Value


class Quotient(NamedTuple):
    """∂of/∂by, in names; `held` are held fixed, where the edge is not the only path between the two."""

    of: str
    by: str
    held: tuple[str, ...] = ()


class Factor:
    """One factor of a derivation: the derivative on an edge, or the sum over several paths.

    name     the quotient that it is; `of` and `by` are its names
    value    its number
    terms    what it is the sum of; empty for an edge
    edges    the edge, after those of derivative 1 that it took in
    """

    def __init__(
        self, name: Quotient, edges: tuple[Edge, ...], terms: tuple[Derivation, ...], graph: Graph, notation: Notation
    ) -> None:
        self.name = name
        self.edges = edges
        self.terms = terms
        self.value = sum(term.value for term in terms) if terms else edges[-1].derivative.data
        self._graph = graph
        self._notation = notation

    @property
    def of(self) -> str:
        return self.name.of

    @property
    def by(self) -> str:
        return self.name.by

    def __repr__(self) -> str:
        return " = ".join(cell for cell in _row(self, self._notation) if cell)

    @property
    def formula(self) -> str:
        """It in names, such as `−(t1 − out_o1)`."""
        return self.written(self._notation).names

    @property
    def numbers(self) -> str:
        """It with the numbers put in, such as `−(0.01 − 0.7514)`."""
        return self.written(self._notation).numbers

    @cached_property
    def shown(self) -> float:
        """Its number as it is printed: 0 where it is a sum that cancels."""
        if self.terms:
            terms = [term.value for term in self.terms]
            return 0.0 if sum_cancels(self.value, terms) else self.value
        return 0.0 if cancels(self.edges[-1].derivative, self._graph.names) else self.value

    def written(self, notation: Notation) -> Formula:
        """Return it in names and in numbers."""
        if not self.terms:
            return self._of_edge(self.edges[-1], notation)
        if len(self.terms) == 1:  # a product that several derivations share
            factors = self.terms[0].factors
            return Formula(
                _product([f.name for f in factors], notation), joined_numbers(factors, notation.times, notation)
            )
        titles = " + ".join(_product(term.names, notation) for term in self.terms)
        return Formula(titles, joined_numbers(self.terms, " + ", notation))

    def _of_edge(self, edge: Edge, notation: Notation) -> Formula:
        names, data = self._graph.names, self._graph.data
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


class Derivation:
    """∂y/∂x as a product of factors. It prints as on a blackboard, and shows itself as LaTeX in a notebook.

    names     what is derived: one quotient, or for a term of a sum the product of two; `of` and `by` are its ends
    value     its number: the product of the factors' values
    factors   from y to x; none where y does not depend on x, or is x
    """

    def __init__(
        self, names: tuple[Quotient, ...], value: float, factors: tuple[Factor, ...], graph: Graph, notation: Notation
    ) -> None:
        self.names = names
        self.value = value
        self.factors = factors
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
        """Its number as it is printed: 0 where a factor is a sum that cancels."""
        return 0.0 if any(factor.shown == 0 for factor in self.factors) else self.value

    def __str__(self) -> str:
        return "\n\n".join(_aligned(depth, rows) for depth, rows in self._blocks(self._notation))

    __repr__ = __str__

    def latex(self) -> str:
        """The lines of the text in LaTeX, as they stand in an `aligned` environment."""
        blocks = self._blocks(self._notation._replace(style="latex"))
        lines = [[cell for cell in row if cell] for _, rows in blocks for row in rows]
        return " \\\\[1ex]\n".join(title + " &= " * bool(cells) + " = ".join(cells) for title, *cells in lines)

    def _repr_latex_(self) -> str:
        return f"$$\\begin{{aligned}}\n{self.latex()}\n\\end{{aligned}}$$"

    def _blocks(self, notation: Notation) -> Iterator[tuple[int, list[list[str]]]]:
        """Groups of lines, and how deep each is indented; a line is what stands between its equals signs."""
        told: dict[Derivation, None] = {}
        todo: list[tuple[int, Derivation | list[str]]] = [(0, self)]
        while todo:
            depth, item = todo.pop()
            if isinstance(item, list):
                yield depth, [item]
                continue
            title, value = _product(item.names, notation), notation.number(item.shown)
            rows = [_row(factor, notation) for factor in item.factors]
            if item in told:
                yield depth, [[title, value + notation.words(" (derived above)")]]
            elif not rows:
                of, by = notation.name(item.of), notation.name(item.by)
                reason = f"{notation.words(': ')}{of}{notation.words(' does not depend on ')}{by}"
                yield depth, [[title, value + reason * (item.value == 0)]]
            elif len(rows) == 1 and not item.factors[0].terms:
                yield depth, [[title, *rows[0][1:]]]
            elif len(rows) == 1:
                terms, numbers = item.factors[0].written(notation)
                yield depth, [[title, terms]]
                todo.append((depth, [title, numbers, value]))
            else:
                times = f" {notation.times.strip()} "
                if item.names != tuple(factor.name for factor in item.factors):
                    yield depth, [[title, times.join(row[0] for row in rows)]]
                yield depth + 1, rows
                todo.append((depth, [title, joined_numbers(item.factors, times, notation), value]))
            if item not in told:
                told[item] = None
                todo += [(depth + 1, term) for factor in reversed(item.factors) for term in reversed(factor.terms)]
        for note in self._notes(told):
            yield 0, [[notation.words(f"({note})")]]

    def _notes(self, shown: Iterable[Derivation]) -> Iterator[str]:
        """What there is to say about the names, and about the numbers."""
        graph = self._graph
        if not any(v.label for v in graph.names):
            yield "nothing has a label: v1, v2, … are all the Values, in order"
        quotients = [q for part in shown for q in (*part.names, *(f.name for f in part.factors))]
        again = [name for of, by, held in quotients for name in (of, by, *held) if TOLD_APART.search(name)]
        if again:
            label = TOLD_APART.sub("", again[0])
            yield f"several Values are labelled {label}: told apart by ⁽²⁾, ⁽³⁾, …, in the order of the computation"
        if graph.moved:
            yield f"{graph.moved}; computed anew here"


def _row(factor: Factor, notation: Notation) -> list[str]:
    """The factor, its formula, its numbers and its value; what would only say the next again is left empty."""
    names, numbers = factor.written(notation)
    value = notation.number(factor.shown)
    return [
        notation.derivative(*factor.name),
        names * (names != value),
        numbers * (numbers not in (names, value)),
        value,
    ]


def _product(names: Sequence[Quotient], notation: Notation) -> str:
    return notation.times.join(notation.derivative(*name) for name in names)


def joined_numbers(parts: Sequence[Factor | Derivation], sign: str, notation: Notation) -> str:
    """The values with the sign between them; a negative one after a sign stands in brackets."""
    first, *others = [notation.number(part.shown) for part in parts]
    return sign.join([first, *(f"({number})" if number[0] in "-−" else number for number in others)])


def _aligned(depth: int, rows: list[list[str]]) -> str:
    """The rows as text, with their equals signs one below the other."""
    columns = [column for column in zip(*rows, strict=True) if any(column)]
    widths = [max(map(len, column)) + gap for column, gap in zip(columns, (2, 3, 2, 0), strict=False)]
    lines = []
    for cells in zip(*columns, strict=True):
        if len(rows) == 1:
            lines.append(" = ".join(cells))
        else:
            spaced = [cell.ljust(width) for cell, width in zip(cells, widths, strict=True)]
            lines.append(spaced[0] + "".join(("= " if cell.strip() else "  ") + cell for cell in spaced[1:]))
    return "\n".join(("  " * min(depth, 12) + line).rstrip() for line in lines)


def chain_rule(
    y: Value, x: Value, *, digits: int = 4, rounding: Rounding = "round", detail: Detail = "names"
) -> Derivation:
    """The derivation of ∂y/∂x. It needs no `backward()`, and touches no `.grad`.

    digits     significant digits of the numbers that are printed; the arithmetic itself is never rounded
    rounding   "round", or "cut" to cut the digits off, as many lectures do
    detail     "names" derives through the labelled Values; "operations" through every operation. So it is, too, where
               nothing has a label. Values without a label are then called v1, v2, …

    Where leaves have moved since y was computed, it is the derivation at the numbers of now, and
    says so. Raises TypeError for anything but Values; ValueError for digits below 1, for an unknown
    rounding or detail, for an x that y was not computed from though another Value with its label
    was, and where y cannot be computed anew; DomainError where a derivative does not exist.

    >>> x = Value(2.0, label="x")
    >>> u = x**2 + 1; u.label = "u"
    >>> y = 1 / u; y.label = "y"
    >>> chain_rule(y, x)
    ∂y/∂x = ∂y/∂u · ∂u/∂x
    <BLANKLINE>
      ∂y/∂u  = −y/u   = −0.2/5  = −0.04
      ∂u/∂x  = 2·x    = 2·2     = 4
    <BLANKLINE>
    ∂y/∂x = −0.04 · 4 = −0.16
    """
    for value in (y, x):
        if not isinstance(value, Value):
            raise TypeError(f"chain_rule takes two Values, not {type(value).__name__}")
    notation = checked_notation(digits, rounding)
    return derive(named_graph(y, towards=x, detail=detail), x, notation)


def derive(graph: Graph, x: Value, notation: Notation) -> Derivation:
    """What `chain_rule` does, on a graph that stands already and in its names."""
    return _Deriver(graph, x, notation).derivation()


class _Deriver:
    """Derives ∂root/∂x on the part of the graph that leads to x, from the root down."""

    def __init__(self, graph: Graph, x: Value, notation: Notation) -> None:
        self.graph = graph
        self.x = x = graph.current(x)
        self.notation = notation
        self.into: dict[Value, list[Edge]] = {x: []}  # the edges into each Value that depends on x, or is x
        self.below = {x: 1}  # each of them and what it depends on, as bits
        self.cut: dict[Value, Value] = {}  # the last cut point before it, on the way from the root: its dominator
        self.steps: dict[Value, Factor] = {}  # from that cut point to it
        self.derived: dict[tuple[Value, Value], Derivation] = {}
        self.uses: Counter[tuple[Value, Value]] = Counter()  # by how many terms a way between two Values is taken

    def derivation(self) -> Derivation:
        root, x, names = self.graph.root, self.x, self.graph.names
        if root is x or x not in names:
            title = Quotient(names[root], names.get(x) or x.label or ("v2" if names[root] == "v1" else "v1"))
            return Derivation((title,), float(root is x), (), self.graph, self.notation)
        self.find_ways()
        self.find_cut_points()
        below_root = list(self.into)[-2::-1]
        starts = {edge: self.start(edge) for v in below_root if len(self.into[v]) > 1 for edge in self.into[v]}
        for edge, start in starts.items():
            self.count(start, edge.head)
        shared: dict[Value, list[Value]] = {}
        for (start, v), uses in self.uses.items():
            if uses > 1:
                shared.setdefault(v, []).append(start)
        for v in below_root:
            edges = self.into[v]
            terms = tuple(self.term(starts[edge], edge) for edge in edges) if len(edges) > 1 else ()
            self.steps[v] = self.factor(self.quotient(self.cut[v], v), *edges[: not terms], terms=terms)
            for start in shared.get(v, ()):
                self.derive(start, v)  # now, so that none is derived inside another
        return self.derive(root, x)

    def find_ways(self) -> None:
        for place, head in enumerate(self.graph.names):
            edges = [edge for edge in self.graph.edges[head] if edge.tail in self.into]
            if edges and head is not self.x:
                self.into[head] = []
                self.below[head] = 2 << place
                for edge in edges:
                    self.into[edge.tail].append(edge)
                    self.below[head] |= self.below[edge.tail]

    def find_cut_points(self) -> None:
        depth = {self.graph.root: 0}
        for v in list(self.into)[-2::-1]:
            meeting = self.into[v][0].head
            for head, _, _ in self.into[v]:
                while meeting is not head:
                    if depth[meeting] >= depth[head]:
                        meeting = self.cut[meeting]
                    else:
                        head = self.cut[head]
            self.cut[v], depth[v] = meeting, depth[meeting] + 1

    def start(self, edge: Edge) -> Value:
        """Where the term that ends with `edge` begins: the cut point, or a summand of it that leads here alone."""
        top, v = self.cut[edge.tail], edge.head
        while v is not top and len(self.into[v]) == 1:
            [above] = self.into[v]
            if above.head is top and _is_one(above):
                others = [head for head, _, _ in self.into[edge.tail] if head is not edge.head]
                return top if any(self.leads(v, head) for head in others) else v
            v = above.head
        return top

    def leads(self, v: Value, down: Value) -> bool:
        return self.below[v] & self.below[down] == self.below[down]

    def count(self, start: Value, v: Value) -> None:
        while v is not start:
            self.uses[start, v] += 1
            if self.uses[start, v] > 1:  # from here up both take the same way, and refer to one derivation of it
                break
            v = self.cut[v]

    def term(self, start: Value, edge: Edge) -> Derivation:
        """What the paths that end with `edge` add to the sum at its tail."""
        head, tail, _ = edge
        arguments = [v for _, v, _ in self.graph.edges[head] if v is not tail and v in self.below]
        rivals = [v for v in arguments if self.leads(v, tail)]
        last = self.factor(self.quotient(head, tail, rivals), edge)
        names = [last.name]
        if head is not start:
            whole = start is self.cut[tail]
            names = [self.quotient(start, head), last.name] if whole else [self.quotient(start, tail)]
        return self.product(names, self.factors(start, head, last))

    def derive(self, start: Value, v: Value) -> Derivation:
        if (start, v) not in self.derived:
            self.derived[start, v] = self.product([self.quotient(start, v)], self.factors(start, v))
        return self.derived[start, v]

    def factors(self, start: Value, v: Value, *last: Factor) -> list[Factor]:
        """The factors from start to v, and the last.

        A factor of 1 joins the one after it, where the two are all that lies between their ends.
        """
        upward = list(last)
        while v is not start:
            if upward and self.uses[start, v] > 1:
                whole = self.derive(start, v)
                one = len(whole.factors) == 1
                upward.append(whole.factors[0] if one else self.factor(whole.names[0], terms=(whole,)))
                break
            upward.append(self.steps[v])
            v = self.cut[v]
        factors: list[Factor] = []
        for factor in reversed(upward):
            if factors and self.is_one_before(factors[-1], factor, last):
                joined = factors.pop()
                name = factor.name._replace(of=joined.of)
                factor = self.factor(name, *joined.edges, *factor.edges, terms=factor.terms)
            factors.append(factor)
        return factors

    def is_one_before(self, one: Factor, factor: Factor, last: Sequence[Factor]) -> bool:
        """Whether `one` is 1, and its product with `factor` the whole derivative between their ends.

        Between cut points it is. The last factor of a term is one edge of several that lead to its
        tail: the head of `one` must lead to none of the others.
        """
        if one.terms or not _is_one(one.edges[-1]):
            return False
        if factor not in last:
            return True
        top, [edge] = one.edges[0].head, factor.edges
        return not any(self.leads(top, v) for v, _, _ in self.into[edge.tail] if v is not edge.head)

    def factor(self, name: Quotient, *edges: Edge, terms: tuple[Derivation, ...] = ()) -> Factor:
        return Factor(name, edges, terms, self.graph, self.notation)

    def product(self, names: list[Quotient], factors: list[Factor]) -> Derivation:
        value = math.prod(factor.value for factor in factors)
        if not math.isfinite(value):
            raise DomainError(f"{_product(names, self.notation)} is past the range of a float, ±1.8e308")
        return Derivation(tuple(names), value, tuple(factors), self.graph, self.notation)

    def quotient(self, of: Value, by: Value, held: Sequence[Value] = ()) -> Quotient:
        names = self.graph.names
        return Quotient(names[of], names[by], tuple(names[v] for v in held))


def _is_one(edge: Edge) -> bool:
    return edge.derivative.op is None and edge.derivative.data == 1.0
