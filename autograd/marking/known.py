"""The formulas that are known for a subject, as terms: of a name, of an edge, of a gradient.

A partial is applied to terms as it is applied to numbers, so the table of operations is the one
source of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from itertools import islice, permutations
from typing import TYPE_CHECKING, Any

from autograd import ops
from autograd.marking.applied import as_term
from autograd.marking.board import Board
from autograd.marking.simplifying import (
    ONE,
    ZERO,
    Simplified,
    coefficients,
    simplified,
    sum_over,
    times,
)
from autograd.marking.spelling import RATE
from autograd.marking.syntax import (
    Call,
    Name,
    Quotient,
    Term,
    copied,
    number,
    size,
    walk,
    written,
)
from autograd.marking.terms import runs
from autograd.record import Record
from autograd.value import Value

if TYPE_CHECKING:
    from autograd.record import Node

LONG = 60  # places in a formula: a longer one is not expanded further
LONGEST = 500  # places in a formula: of a longer one nothing is known but its name
MOST = 400  # places of a formula that a number may stand for


class Known:
    """The formulas of one board; each is made once, when it is asked for."""

    def __init__(self, board: Board) -> None:
        self.board = board
        self._formulas: dict[Value, dict[Value, Term]] = {}
        self._edges: dict[tuple[Value, Value], Term] = {}
        self._derived: dict[Value, dict[Value, Term]] = {}
        self._gradients: dict[tuple[Value, Value], Term] = {}
        self._without: dict[tuple[Value, Value, tuple[Value, Value]], Term] = {}
        self._ingredients: dict[str, list[Term]] = {}

    def at(self, numbers: Sequence[float]) -> Known:
        """Return the formulas where the leaves of the board have other numbers, but for those
        without a label: they are the same, and shared.
        """
        other = copy(self)
        other.board = self.board.at(numbers)
        return other

    def name(self, v: Value) -> Name:
        return Name(self.board.names[v])

    def formula(self, v: Value) -> Term:
        """Return what `v` was computed as, in the names of the Values it was computed from."""
        if v.op is None:
            return self.name(v)
        return self._parts(v)[v]

    def _parts(self, head: Value) -> dict[Value, Term]:
        if head not in self._formulas:
            terms: dict[Any, Term] = {}
            record = Record(head, self.board.visible)
            for leaf in record.leaves:
                terms[leaf] = self._leaf(leaf)
            for v in record.nodes:
                args = tuple(number(x) if isinstance(x, float) else terms[x] for x in v.args)
                terms[v] = simplified(v.op, args)
            short = size(terms[head]) <= LONGEST
            terms[head] = copied(terms[head]) if short else self.name(head)
            self._formulas[head] = terms
        return self._formulas[head]

    def _leaf(self, leaf: Value) -> Term:
        named = leaf in self.board.names
        return self.name(leaf) if named else number(self.board.data[leaf])

    def argument(self, v: Node, k: int) -> Term | None:
        """Return an argument of a node in names, None where no formula has the node."""
        x = v.args[k]
        if not isinstance(x, Value):
            return number(x)
        if x in self.board.names:
            return self.name(x)
        heads = [head for head in (v, *self.board.dependents([v])) if head in self.board.names]
        return next((self._parts(head)[x] for head in heads if x in self._parts(head)), None)

    def edge(self, head: Value, tail: Value) -> Term:
        """Return the derivative on the edge between two named Values, in names."""
        key = head, tail
        if key not in self._edges:
            found = self._derivatives(head).get(tail)
            if found and size(found) <= LONGEST:
                self._edges[key] = copied(found)
            else:
                self._edges[key] = Quotient(self.board.names[head], self.board.names[tail])
        return self._edges[key]

    def _derivatives(self, head: Value) -> dict[Value, Term]:
        if head not in self._derived:
            try:
                self._derived[head] = self._chained_down(head)
            except TypeError:  # a row of one's own, whose partial is not made of operations
                self._derived[head] = {}
        return self._derived[head]

    def _chained_down(self, head: Value) -> dict[Value, Term]:
        """Return the derivative of a named Value by all that its formula is made of."""
        terms = dict(self._parts(head))
        terms[head] = self.name(head)  # out·(1 − out), as on the blackboard
        upstream: dict[Value, Term] = {head: ONE}
        for v in reversed(Record(head, self.board.visible).nodes):
            if v not in upstream:
                continue
            args = [Simplified(terms[x]) if isinstance(x, Value) else x for x in v.args]
            for x, partial in zip(v.args, v.op.partials, strict=True):
                if isinstance(x, Value):
                    local = as_term(partial(*args, Simplified(terms[v])))
                    part = times(upstream[v], local)
                    upstream[x] = (
                        simplified(ops.add, (upstream[x], part)) if x in upstream else part
                    )
        del upstream[head]
        return upstream

    def gradient(self, of: Value, by: Value) -> Term:
        """Return ∂of/∂by along the named Values: a product, with a sum where paths meet."""
        key = of, by
        if key not in self._gradients:
            self._gradients[key] = copied(self._chained(of, by))
        return self._gradients[key]

    def without(self, of: Value, by: Value, edge: tuple[Value, Value]) -> Term:
        """Return ∂of/∂by where the factor of one edge is left out."""
        key = of, by, edge
        if key not in self._without:
            self._without[key] = copied(self._chained(of, by, edge))
        return self._without[key]

    def _chained(self, of: Value, by: Value, left_out: tuple[Value, Value] | None = None) -> Term:
        """Sum what each named Value gets from the heads above it, from `of` down to `by`."""
        if of is by:
            return ONE
        upstream: dict[Value, Term] = {of: ONE}
        sizes: dict[Value, int] = {of: 1}
        for tail in self.board.down(of, by):
            heads = [head for head, _ in self.board.edges[tail] if head in upstream]
            local = self._edges_to(tail, heads, left_out)
            sizes[tail] = sum(sizes[head] + size(local[head]) for head in heads)
            if sizes[tail] > LONG and tail is not by:
                upstream[tail] = Quotient(self.board.names[of], self.board.names[tail])
                sizes[tail] = 1
            else:
                upstream[tail] = sum_over(heads, upstream, local)
        return upstream.get(by, ZERO)

    def _edges_to(
        self, tail: Value, heads: Iterable[Value], left_out: tuple[Value, Value] | None
    ) -> dict[Value, Term]:
        """Return the derivative on the edge from each head; 1 on the edge that is left out."""
        local = {head: self.edge(head, tail) for head in heads}
        if left_out and left_out[1] is tail:
            local[left_out[0]] = ONE
        return local

    def of(self, subject: Term) -> Term | None:
        """Return the formula that is known for a subject, None where it is not a name or a
        derivative.
        """
        if not self.is_named(subject):
            return None
        values = self.board.values
        if isinstance(subject, Quotient):
            return self.gradient(values[subject.of], values[subject.by])
        return self._of_name(subject) if isinstance(subject, Name) else None

    def _of_name(self, subject: Name) -> Term | None:
        v = self.board.values[subject.label]
        if not subject.updated:
            return self.formula(v) if v.op is not None else None
        if v.op is not None:
            return None
        step = Call(ops.mul, (Name(RATE), self._root_by(subject.label)))
        return Call(ops.sub, (Name(subject.label), step))

    def is_named(self, subject: Term) -> bool:
        """Whether the formulas of named Values say something of it."""
        labels = [subject.of, subject.by] if isinstance(subject, Quotient) else []
        labels += [subject.label] if isinstance(subject, Name) else []
        held = isinstance(subject, Quotient) and bool(subject.held)
        return not held and all(
            self.board.values.get(label) in self.board.names for label in labels
        )

    def _root_by(self, label: str) -> Quotient:
        return Quotient(self.board.names[self.board.root], label)

    def ingredients(self, subject: Term) -> list[Term]:
        """Return what a number in a formula for this subject may stand for, each once."""
        key = written(subject)
        if key not in self._ingredients:
            found = {written(term): term for term in islice(self._places(subject), MOST)}
            if len(found) > 1:
                found.pop(key, None)
            self._ingredients[key] = list(found.values())
        return self._ingredients[key]

    def _places(self, subject: Term) -> Iterator[Term]:
        if not self.is_named(subject):
            return
        values = self.board.values
        if isinstance(subject, Quotient):
            yield from self._places_of_gradient(values[subject.of], values[subject.by])
        elif isinstance(subject, Name):
            yield from self._places_of_name(subject)
        elif isinstance(subject, Call):
            for place in walk(subject):
                if isinstance(place, (Name, Quotient)):
                    yield from self._places(place)

    def _places_of_name(self, subject: Name) -> Iterator[Term]:
        v = self.board.values[subject.label]
        if not subject.updated or v.op is not None:
            yield from self._places_of_value(v, subject)
            return
        gradient = self._root_by(subject.label)
        yield from (Name(subject.label), gradient, Call(ops.mul, (Name(RATE), gradient)))
        yield from self._places(gradient)

    def _places_of_value(self, v: Value, subject: Term) -> Iterator[Term]:
        """Yield what stands in the formula of a named Value, and then in those of the names
        in it.
        """
        todo = [v] if v.op is not None else []
        if not todo:
            yield subject
        for head in todo:
            yield from runs(self.formula(head))
            nodes = [tail for tail in self.board.tails[head] if tail.op is not None]
            todo += [tail for tail in nodes if tail not in todo]

    def _places_of_gradient(self, of: Value, by: Value) -> Iterator[Term]:
        names = self.board.names
        edges = self.board.between(of, by)
        on_path = list(dict.fromkeys(v for edge in edges for v in edge))
        for head, tail in edges:
            yield Quotient(names[head], names[tail])
            yield from runs(self.edge(head, tail))
        for v in on_path:
            yield Quotient(names[of], names[v])
            yield Quotient(names[v], names[by])
        whole = self.gradient(of, by)
        yield from runs(whole)
        yield from map(number, coefficients(whole))
        for v, u in permutations(on_path[:12], 2):
            yield Quotient(names[v], names[u])
