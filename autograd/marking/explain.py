"""Which slips give what was written: each is made on purpose, and those are named that fit."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import product
from typing import NamedTuple

from autograd import ops
from autograd.marking.board import letters
from autograd.marking.edges import Edges, over
from autograd.marking.found import Found
from autograd.marking.known import Known
from autograd.marking.points import Point
from autograd.marking.slips import FACTORS, WHOLE, Facts, substituted
from autograd.marking.syntax import Call, Name, Number, Quotient, Term, inside, written
from autograd.marking.terms import Evaluator, flat
from autograd.marking.verdict import Verdict
from autograd.op import DomainError
from autograd.value import Value

SMALL = (
    300  # nodes of a record: in a larger one a late update is tried only where nothing else fits
)


class Tried(NamedTuple):
    """Slips that belong together: their numbers at a point, and what makes the slip of each."""

    numbers: list[float]
    slip: Callable[[int], Found]


class Explainer:
    """All single slips in what a subject is.

    rates   the learning rates that are tried for a late update
    """

    def __init__(self, known: Known, evaluator: Evaluator, rates: Sequence[float]) -> None:
        self.known = known
        self.board = known.board
        self.facts = Facts(known)
        self.evaluator = evaluator
        self.rates = rates
        self.edges = Edges(known, self.facts, evaluator)
        self._last: tuple[tuple[str, Point] | None, list[Tried]] = None, []
        self._stale: dict[tuple[Point, float], tuple[Point, ...]] = {}
        self._through: dict[
            tuple[Point, Value, Value], tuple[dict[Value, float], dict[Value, float]]
        ] = {}

    def fitting(
        self, subject: Term, point: Point, fits: Callable[[float], object]
    ) -> list[tuple[float, Found]]:
        """Return the slips whose number fits what is written, and is not the true one."""
        true = self.evaluator.value(subject, point)
        return [
            (number, tried.slip(k))
            for tried in self._tried(subject, point)
            for k, number in enumerate(tried.numbers)
            if math.isfinite(number) and fits(number)
            if not math.isclose(number, true, rel_tol=1e-9)
        ]

    def _tried(self, subject: Term, point: Point) -> list[Tried]:
        """Return all slips in what a subject is; those in the last one are kept."""
        key = written(subject), point
        if key != self._last[0]:
            self._last = key, list(self._slips(subject, point))
        return self._last[1]

    def _slips(self, subject: Term, point: Point) -> Iterator[Tried]:
        yield _each(self._of_whole(subject), point)
        labelled = self.board.values
        if not self.known.is_named(subject):
            return
        if isinstance(subject, Quotient):
            yield from self._in_gradient(labelled[subject.of], labelled[subject.by], point)
            yield _each(self._mean(subject), point)
        elif isinstance(subject, Name) and subject.updated:
            yield from self._in_update(subject.label, point)
        elif isinstance(subject, Name) and subject.label in labelled:
            yield _each(self._other_values(subject), point)
            formula = self.known.formula(labelled[subject.label])
            yield _each(self.edges.in_term(formula), point)

    def _in_gradient(self, of: Value, by: Value, point: Point) -> Iterator[Tried]:
        order = self.board.order
        edges = sorted(self.board.between(of, by), key=lambda e: order[e[0]], reverse=True)
        yield _each(self._alike(of, by), point)
        yield _each(self._in_paths(of, by, edges), point)
        yield from self._on_edges(of, by, edges, point)
        if len(self.board.nodes) <= SMALL:
            yield _each(self.stale(of, by), point)

    def _of_whole(self, subject: Term) -> Iterator[Found]:
        value = self.evaluator.value
        yield Found(Verdict.SIGN, lambda point: -value(subject, point), WHOLE)
        for verdict, factor in FACTORS:
            yield Found(verdict, partial(self._times, factor, subject))
        yield Found(Verdict.RECIPROCAL, lambda point: over(1.0, value(subject, point)), WHOLE)

    def _times(self, factor: float, subject: Term, point: Point) -> float:
        return factor * self.evaluator.value(subject, point)

    def _other_values(self, subject: Name) -> Iterator[Found]:
        value = self.evaluator.value
        others = [(Verdict.SWAPPED_INDEX, Name(label)) for label in self.facts.alike(subject.label)]
        for verdict in (Verdict.PRE, Verdict.POST):
            partner = self.facts.partner(subject, verdict)
            if partner is not None:
                others.append((verdict, partner))
        for verdict, other in others:
            yield Found(verdict, partial(value, other), "it is {}", (other,))

    # In a gradient: it is linear in the derivative on each edge.

    def _alike(self, of: Value, by: Value) -> Iterator[Found]:
        names, value = self.board.names, self.evaluator.value
        for label in self.facts.alike(names[by]):
            other = Quotient(names[of], label)
            yield Found(Verdict.SWAPPED_INDEX, partial(value, other), "it is {}", (other,))

    def _on_edges(
        self, of: Value, by: Value, edges: Sequence[tuple[Value, Value]], point: Point
    ) -> Iterator[Tried]:
        try:
            above, below = self.through(point, of, by)
        except DomainError:
            return
        true = point.derivative(of, by)
        for head, tail in edges:
            passes = above.get(head, 0.0) * below.get(tail, 0.0)
            local = point.edge(head, tail)
            numbers = self.edges.numbers(head, tail, point)
            yield Tried(
                [true + passes * (changed - local) for changed in numbers],
                partial(self._on_edge, of, by, head, tail),
            )

    def _on_edge(self, of: Value, by: Value, head: Value, tail: Value, k: int) -> Found:
        """Return what a slip on an edge makes of a gradient."""
        slip = self.edges.slips(head, tail)[k]

        def at(point: Point) -> float:
            above, below = self.through(point, of, by)
            passes = above.get(head, 0.0) * below.get(tail, 0.0)
            return point.derivative(of, by) + passes * (slip.at(point) - point.edge(head, tail))

        return slip._replace(at=at)

    def through(
        self, point: Point, of: Value, by: Value
    ) -> tuple[dict[Value, float], dict[Value, float]]:
        """Return ∂of/∂v and ∂v/∂by for each v on the paths between the two."""
        key = point, of, by
        if key not in self._through:
            edges = self.board.between(of, by)
            below = {by: 1.0}
            for head, tail in sorted(edges, key=lambda edge: self.board.order[edge[0]]):
                if tail in below:
                    below[head] = below.get(head, 0.0) + point.edge(head, tail) * below[tail]
            above = {v: point.derivative(of, v) for v in below}
            self._through[key] = above, below
        return self._through[key]

    def _in_paths(
        self, of: Value, by: Value, edges: Sequence[tuple[Value, Value]]
    ) -> Iterator[Found]:
        """Yield what several paths give multiplied, and one of them taken for their sum."""
        for tail, heads in _heads_by_tail(edges).items():
            bias = tail is by and self._is_bias(tail)
            if 1 < len(heads) <= 4:
                symbol = Quotient(self.board.names[of], self.board.names[tail])
                at = self._multiplied(of, by, tail, heads)
                yield Found(Verdict.PATHS_MULTIPLIED, at, "in {}", (symbol,))
            if _may_stand_for_sum(len(heads), bias):
                for head in heads:
                    yield from self._on_path(of, by, tail, head, bias)

    def _is_bias(self, v: Value) -> bool:
        return v.op is None and letters(self.board.names[v]).startswith("b")

    def _on_path(
        self, of: Value, by: Value, tail: Value, head: Value, bias: bool
    ) -> Iterator[Found]:
        symbol = Quotient(self.board.names[head], self.board.names[tail])
        at = self._one_path(of, by, tail, head)
        yield Found(Verdict.PATHS_NOT_SUMMED, at, "only through {}", (symbol,))
        if bias:
            yield Found(Verdict.BIAS_NOT_SUMMED, at, "only through {}", (symbol,))

    def _multiplied(
        self, of: Value, by: Value, tail: Value, heads: Sequence[Value]
    ) -> Callable[[Point], float]:
        def at(point: Point) -> float:
            above, below = self.through(point, of, by)
            parts = math.prod(above.get(head, 0.0) * point.edge(head, tail) for head in heads)
            return point.derivative(of, by) + (parts - above.get(tail, 0.0)) * below.get(tail, 0.0)

        return at

    def _one_path(self, of: Value, by: Value, tail: Value, head: Value) -> Callable[[Point], float]:
        def at(point: Point) -> float:
            above, below = self.through(point, of, by)
            part = above.get(head, 0.0) * point.edge(head, tail)
            return point.derivative(of, by) + (part - above.get(tail, 0.0)) * below.get(tail, 0.0)

        return at

    def _mean(self, subject: Quotient) -> Iterator[Found]:
        """Yield 1/m left out, and taken twice, where what is derived is a mean over m examples."""
        formula = self.known.formula(self.board.values[subject.of])
        count = examples(formula)
        value = self.evaluator.value
        if count > 1:
            yield Found(
                Verdict.MEAN_LEFT_OUT, lambda point: count * value(subject, point), f"m = {count}"
            )
            yield Found(
                Verdict.MEAN_TWICE, lambda point: value(subject, point) / count, f"m = {count}"
            )
            of, by = self.board.values[subject.of], self.board.values[subject.by]
            for tail in self.board.tails.get(of, ())[:16]:
                at = self._one_example(of, by, tail)
                yield Found(Verdict.EXAMPLES_NOT_SUMMED, at, "only {}", (self.known.name(tail),))
        yield from self._penalty_on_bias(subject)

    def _one_example(self, of: Value, by: Value, tail: Value) -> Callable[[Point], float]:
        return lambda point: point.edge(of, tail) * point.derivative(tail, by)

    def _penalty_on_bias(self, subject: Quotient) -> Iterator[Found]:
        labelled = self.board.values
        of, by = labelled[subject.of], labelled[subject.by]
        if not self._is_bias(by):
            return
        for tail in self.board.tails.get(of, ()):
            if self.edges.is_penalty(of, tail):
                other = substituted(
                    self.known.edge(of, tail), {self.board.names[tail]: Name(subject.by)}
                )
                at = lambda point, other=other: (
                    point.derivative(of, by) + self.evaluator.value(other, point)
                )
                yield Found(Verdict.REGULARISER_ON_BIAS, at, "{}", (other,))
                return

    # Updates.

    def _late(self, point: Point, rate: float) -> tuple[Point, ...]:
        key = point, rate
        if key not in self._stale:
            numbers = point.updated(rate, self.evaluator.trained)
            self._stale[key] = point.stale(numbers), point.at(numbers)
        return self._stale[key]

    def stale(self, of: Value, by: Value) -> Iterator[Found]:
        """Yield the derivative where the weights had been updated before it was taken."""
        if not self.evaluator.trained:
            return
        where = "the weights were updated before, at the rate {}"
        for rate in self.rates:
            for k in (0, 1):
                at = lambda point, rate=rate, k=k: self._late(point, rate)[k].derivative(of, by)
                yield Found(Verdict.STALE, at, where, (rate,))

    def late(
        self, subject: Term, point: Point, fits: Callable[[float], object]
    ) -> list[tuple[float, Found]]:
        """Return what a late update gives in a large record, where nothing else fits."""
        if len(self.board.nodes) <= SMALL or not isinstance(subject, Quotient):
            return []
        of, by = self.board.values[subject.of], self.board.values[subject.by]
        tried = [(slip.at(point), slip) for slip in self.stale(of, by)]
        return [(number, slip) for number, slip in tried if fits(number)]

    def _in_update(self, label: str, point: Point) -> Iterator[Tried]:
        rate, before = self.rates[0], self.board.values[label]
        if before.op is not None:
            where = "each gradient was taken after the weights above it had been updated"
            at = lambda point: self._updated_late(point, rate).data[before]
            yield _each([Found(Verdict.STALE, at, where)], point)
            return
        gradient = Quotient(self.board.names[self.board.root], label)
        yield _each(self._in_step(before, gradient), point)
        for tried in self._slips(gradient, point):
            yield Tried(
                [point.data[before] - rate * number for number in tried.numbers],
                partial(self._stepped, before, gradient, tried.slip),
            )

    def _in_step(self, before: Value, gradient: Quotient) -> Iterator[Found]:
        """Yield the slips in the step itself."""
        rate, slope = self.rates[0], partial(self.evaluator.value, gradient)
        without = lambda point: point.data[before] - slope(point)
        uphill = lambda point: point.data[before] + rate * slope(point)
        yield Found(Verdict.FACTOR_LEFT_OUT, without, "the learning rate")
        yield Found(Verdict.UPDATE_ADDED, uphill, "it is subtracted")

    def _stepped(
        self, before: Value, gradient: Quotient, slip_of: Callable[[int], Found], k: int
    ) -> Found:
        """Return what a slip in its gradient makes of an updated leaf."""
        slip = slip_of(k)
        at = lambda point: point.data[before] - self.rates[0] * slip.at(point)
        return slip._replace(at=at).within("{}", gradient)

    def _updated_late(self, point: Point, rate: float) -> Point:
        seen, _ = self._late(point, rate)
        return point.at(point.updated(rate, self.evaluator.trained, seen))


def _may_stand_for_sum(paths: int, is_bias: bool) -> bool:
    """Whether one of so many paths is likely taken for their sum: of two, by a bias alone."""
    return paths > 2 or (is_bias and paths == 2)


def _heads_by_tail(edges: Iterable[tuple[Value, Value]]) -> dict[Value, list[Value]]:
    """Return the heads of the edges that end in each tail."""
    heads: dict[Value, list[Value]] = {}
    for head, tail in edges:
        heads.setdefault(tail, []).append(head)
    return heads


def examples(formula: Term) -> int:
    """Return over how many examples the formula is a mean, 0 where it is none.

    It is one where a sum of m terms is divided by m, or by 2m.
    """
    for call in inside(formula, Call):
        if call.op in (ops.div, ops.mul):
            count = _averaged(call)
            if count:
                return count
    return 0


def _averaged(quotient: Call) -> int:
    """Return how many terms the sum has that is divided by as many, or by twice as many; else 0."""
    for count, divisor in product(_lengths_of_sums(quotient), _divisors(quotient)):
        if math.isclose(divisor, count) or math.isclose(divisor, 2 * count):
            return count
    return 0


def _lengths_of_sums(call: Call) -> list[int]:
    """Return how many terms each argument has that is a sum."""
    sums = [flat(_unsigned(term), ops.add) for term in call.args]
    return [len(terms) for terms in sums if len(terms) > 1]


def _unsigned(term: Term) -> Term:
    is_negated = isinstance(term, Call) and term.op is ops.neg
    return term.args[0] if is_negated and isinstance(term, Call) else term


def _divisors(place: Call) -> Iterator[float]:
    """Yield what a product or a quotient is divided by: its numbers, or one over its factors."""
    for x in place.args:
        if isinstance(x, Number):
            yield abs(x.value if place.op is ops.div else over(1.0, x.value))


def _each(slips: Iterable[Found], point: Point) -> Tried:
    made = list(slips)
    return Tried([slip.number(point) for slip in made], made.__getitem__)
