"""Which slips give what was written: each is made on purpose, and those are named that fit."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial

from autograd import ops
from autograd.marking.found import Found
from autograd.marking.known import Known
from autograd.marking.points import ACTIVATIONS, Point, letters
from autograd.marking.slips import FACTORS, INSTEAD, WHOLE, Facts, mutations, substituted
from autograd.marking.syntax import Call, Name, Number, Quotient, Term, walk, written
from autograd.marking.terms import Evaluator, flat
from autograd.marking.verdict import Verdict
from autograd.op import DomainError
from autograd.value import Value

WHOLLY = (Verdict.SIGMOID_TWICE, Verdict.LOGARITHM, Verdict.DEGREES)  # of a whole formula too
SMALL = (
    300  # nodes of a record: in a larger one a late update is tried only where nothing else fits
)


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
        self._found: dict[str, list[Found]] = {}
        self._stale: dict[tuple[Point, float], tuple[Point, ...]] = {}
        self._through: dict[
            tuple[Point, Value, Value], tuple[dict[Value, float], dict[Value, float]]
        ] = {}

    def of(self, subject: Term) -> list[Found]:
        """Return the slips in what the subject is."""
        key = written(subject)
        if key not in self._found:
            self._found[key] = list(self._slips(subject))
        return self._found[key]

    def _slips(self, subject: Term) -> Iterator[Found]:
        value = self.evaluator.value
        yield Found(Verdict.SIGN, lambda point: -value(subject, point), WHOLE)
        for verdict, factor in FACTORS:
            yield Found(verdict, partial(self._times, factor, subject))
        yield Found(Verdict.RECIPROCAL, lambda point: _over(1.0, value(subject, point)), WHOLE)
        labelled = self.board.values
        if not self.known.is_named(subject):
            return
        if isinstance(subject, Quotient):
            yield from self._in_gradient(labelled[subject.of], labelled[subject.by])
            yield from self._mean(subject)
        elif isinstance(subject, Name) and subject.updated:
            yield from self._in_update(subject.label)
        elif isinstance(subject, Name) and subject.label in labelled:
            yield from self._other_values(subject)
            yield from self._in_term(self.known.formula(labelled[subject.label]))

    def _times(self, factor: float, subject: Term, point: Point) -> float:
        return factor * self.evaluator.value(subject, point)

    def _in_term(self, term: Term) -> Iterator[Found]:
        """Yield the slips made in one place of a term."""
        for verdict, place, other, where, parts in mutations(term, self.facts):
            at = self._at(term, place, other)
            if place is not term or where == INSTEAD or verdict in WHOLLY:
                yield Found(verdict, at, where, parts)

    def _at(self, term: Term, place: Term, other: Term) -> Callable[[Point], float]:
        def at(point: Point) -> float:
            try:
                return self.evaluator.value(term, point, {place: other})
            except DomainError:
                return math.nan

        return at

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

    def _in_gradient(self, of: Value, by: Value) -> Iterator[Found]:
        names, board = self.board.names, self.board
        for label in self.facts.alike(names[by]):
            other = Quotient(names[of], label)
            yield Found(
                Verdict.SWAPPED_INDEX, partial(self.evaluator.value, other), "it is {}", (other,)
            )
        edges = board.between(of, by)
        edges.sort(key=lambda edge: board.order[edge[0]], reverse=True)
        yield from self._in_paths(of, by, edges)
        for head, tail in edges:
            symbol = Quotient(names[head], names[tail])
            for found in self._in_edge(head, tail):
                at = self._edge_changed(of, by, head, tail, found.at)
                yield found._replace(at=at)
            for found in self._in_term(self.known.edge(head, tail)):
                at = self._edge_changed(of, by, head, tail, found.at)
                yield found._replace(at=at).within("{}", symbol)
        if len(board.nodes) <= SMALL:
            yield from self.stale(of, by)

    def _in_edge(self, head: Value, tail: Value) -> Iterator[Found]:
        """Yield what may stand for the derivative on an edge."""
        names = self.board.names
        symbol = Quotient(names[head], names[tail])

        def local(point: Point) -> float:
            return point.edge(head, tail)

        yield Found(Verdict.SIGN, lambda point: -local(point), "of {}", (symbol,))
        yield Found(Verdict.FACTOR_LEFT_OUT, lambda point: 1.0, "{}", (symbol,))
        yield Found(Verdict.MISSING_PATH, lambda point: 0.0, "through {}", (symbol,))
        yield Found(Verdict.TWICE, lambda point: 2 * local(point), "in {}", (symbol,))
        yield Found(Verdict.HALF, lambda point: local(point) / 2, "in {}", (symbol,))
        yield Found(
            Verdict.DIVIDED, lambda point: _over(1.0, local(point)), "divided by {}", (symbol,)
        )
        for other in self._alike_edges(head, tail):
            at = partial(_edge, other)
            parts = Quotient(names[other[0]], names[other[1]]), symbol
            yield Found(Verdict.SWAPPED_INDEX, at, INSTEAD, parts)
        if head.op in ACTIVATIONS and len(self.board.tails[head]) == 1:
            yield from self._in_activation(head, tail, symbol)
        if any(
            isinstance(place, Call) and place.op is ops.log
            for place in walk(self.known.formula(head))
        ):
            for base in (10.0, 2.0):
                at = partial(self._times, 1.0 / math.log(base), symbol)
                yield Found(Verdict.LOGARITHM, at, "in {}", (symbol,))
        if self._is_penalty(head, tail):
            yield Found(Verdict.REGULARISER_LEFT_OUT, lambda point: 0.0, "{}", (symbol,))
            yield Found(
                Verdict.REGULARISER_WITHOUT_2, lambda point: local(point) / 2, "in {}", (symbol,)
            )

    def _in_activation(self, head: Value, tail: Value, symbol: Quotient) -> Iterator[Found]:
        """Yield its slope left out, and its slope taken at its result."""
        yield Found(Verdict.NO_ACTIVATION, lambda point: 1.0, "{}", (symbol,))
        net, out = self.known.name(tail), self.known.name(head)
        assert head.op is not None
        others: dict[str, Term] = {net.label: out, out.label: Call(head.op, (out,))}
        twice = substituted(self.known.edge(head, tail), others)
        at = partial(self.evaluator.value, twice)
        yield Found(Verdict.WRONG_PLACE, at, "{} is taken at {}, not at {}", (symbol, out, net))
        if head.op is ops.sigmoid:
            yield Found(Verdict.SIGMOID_TWICE, at, "in {}", (symbol,))
        if head.op is ops.tanh:
            yield Found(Verdict.TANH_OF_RESULT, at, "in {}", (symbol,))

    def _edge_changed(
        self, of: Value, by: Value, head: Value, tail: Value, changed: Callable[[Point], float]
    ) -> Callable[[Point], float]:
        def at(point: Point) -> float:
            above, below = self.through(point, of, by)
            passes = above.get(head, 0.0) * below.get(tail, 0.0)
            return point.derivative(of, by) + passes * (changed(point) - point.edge(head, tail))

        return at

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

    def _alike_edges(self, head: Value, tail: Value) -> list[tuple[Value, Value]]:
        names = self.board.names
        found = []
        for label in [names[head], *self.facts.alike(names[head])]:
            other = self.board.values[label]
            for end in self.board.tails.get(other, ()):
                if (other, end) != (head, tail) and letters(names[end]) == letters(names[tail]):
                    found.append((other, end))
        return found[:16]

    def _in_paths(
        self, of: Value, by: Value, edges: Sequence[tuple[Value, Value]]
    ) -> Iterator[Found]:
        """Yield one of several paths taken for their sum."""
        shared: dict[Value, list[Value]] = {}
        for head, tail in edges:
            shared.setdefault(tail, []).append(head)
        for tail, heads in shared.items():
            bias = (
                tail is by and tail.op is None and letters(self.board.names[tail]).startswith("b")
            )
            if len(heads) < 2 or (len(heads) < 3 and not bias):
                continue
            for head in heads:
                symbol = Quotient(self.board.names[head], self.board.names[tail])
                at = self._one_path(of, by, tail, head)
                yield Found(Verdict.PATHS_NOT_SUMMED, at, "only through {}", (symbol,))
                if bias:
                    yield Found(Verdict.BIAS_NOT_SUMMED, at, "only through {}", (symbol,))

    def _one_path(self, of: Value, by: Value, tail: Value, head: Value) -> Callable[[Point], float]:
        def at(point: Point) -> float:
            above, below = self.through(point, of, by)
            part = above.get(head, 0.0) * point.edge(head, tail)
            return point.derivative(of, by) + (part - above.get(tail, 0.0)) * below.get(tail, 0.0)

        return at

    def _is_penalty(self, head: Value, tail: Value) -> bool:
        """Whether the square of a weight stands in the formula of a cost, beside other terms."""
        if tail.op is not None:
            return False
        label = self.board.names[tail]
        for place in walk(self.known.formula(head)):
            if isinstance(place, Call) and place.op in (ops.pow, ops.mul):
                base, other = place.args
                square = isinstance(other, Number) and other.value == 2.0 and place.op is ops.pow
                same = isinstance(other, Name) and other.label == label and place.op is ops.mul
                if isinstance(base, Name) and base.label == label and (square or same):
                    return True
        return False

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
        if by.op is not None or not letters(subject.by).startswith("b"):
            return
        for tail in self.board.tails.get(of, ()):
            if self._is_penalty(of, tail):
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
        where = "the weights were updated before, at the rate {}"
        for rate in self.rates:
            for k in (0, 1):
                at = lambda point, rate=rate, k=k: self._late(point, rate)[k].derivative(of, by)
                yield Found(Verdict.STALE, at, where, (rate,))

    def late(
        self, of: Value, by: Value, point: Point, fits: Callable[[float], object]
    ) -> list[Found]:
        """Return what a late update gives in a large record, where nothing else fits."""
        if len(self.board.nodes) <= SMALL:
            return []
        return [slip for slip in self.stale(of, by) if fits(slip.at(point))]

    def _in_update(self, label: str) -> Iterator[Found]:
        rate, root = self.rates[0], self.board.root
        before = self.board.values[label]
        if before.op is None:
            gradient = Quotient(self.board.names[root], label)
            slope = partial(self.evaluator.value, gradient)
            yield Found(
                Verdict.FACTOR_LEFT_OUT, lambda p: p.data[before] - slope(p), "the learning rate"
            )
            yield Found(
                Verdict.UPDATE_ADDED, lambda p: p.data[before] + rate * slope(p), "it is subtracted"
            )
            for found in self.of(gradient):
                at = lambda point, found=found: point.data[before] - rate * found.at(point)
                yield found._replace(at=at).within("{}", gradient)
        else:
            where = "each gradient was taken after the weights above it had been updated"
            yield Found(
                Verdict.STALE, lambda point: self._updated_late(point, rate).data[before], where
            )

    def _updated_late(self, point: Point, rate: float) -> Point:
        seen, _ = self._late(point, rate)
        return point.at(point.updated(rate, self.evaluator.trained, seen))

    # Which of them fit.

    def fitting(self, subject: Term, point: Point, fits: Callable[[float], object]) -> list[Found]:
        """Return the slips whose number fits what is written, and is not the true one."""
        true = self.evaluator.value(subject, point)
        found = []
        for slip in self.of(subject):
            with suppress(ArithmeticError, ValueError):
                number = slip.at(point)
                if (
                    math.isfinite(number)
                    and fits(number)
                    and not math.isclose(number, true, rel_tol=1e-9)
                ):
                    found.append(slip)
        return found


def examples(formula: Term) -> int:
    """Return over how many examples the formula is a mean, 0 where it is none.

    It is one where a sum of m terms is divided by m, or by 2m.
    """
    for place in walk(formula):
        if isinstance(place, Call) and place.op in (ops.div, ops.mul):
            sums, constants = list(place.args), [x for x in place.args if isinstance(x, Number)]
            for term in sums:
                count = (
                    len(flat(term, ops.add)) if isinstance(term, Call) and term.op is ops.add else 0
                )
                for constant in constants:
                    divisor = constant.value if place.op is ops.div else _over(1.0, constant.value)
                    if count > 1 and any(math.isclose(divisor, k * count) for k in (1, 2)):
                        return count
    return 0


def _edge(edge: tuple[Value, Value], point: Point) -> float:
    return point.edge(*edge)


def _over(x: float, y: float) -> float:
    return x / y if y else math.nan
