"""What is written as numbers: the value of a term at a point, and small questions about terms."""

from __future__ import annotations

import math
from collections import ChainMap
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import accumulate
from typing import TypeGuard

from autograd import ops
from autograd.marking.board import reached
from autograd.marking.points import Point, settled
from autograd.marking.spread import Spread
from autograd.marking.syntax import (
    Call,
    Name,
    Number,
    Quotient,
    Substitution,
    Term,
    Unreadable,
    walk,
)
from autograd.op import DomainError, Op

SAME = 1e-12  # two formulas whose values are so near to one another are one
ALIKE = 1e-9  # two that are so near are one where sums that cancel may have lost as much
KEPT = 512  # terms of which the numbers are kept
NEUTRAL = {ops.add: 0.0, ops.mul: 1.0}


class _Places:
    """The places of a term, and what each of them is an argument of."""

    def __init__(self, term: Term) -> None:
        self.term = term
        self.order: dict[Term, int] = {}  # each after its arguments
        self.parents: dict[Term, list[Call]] = {}
        self._above: dict[Term, list[Call]] = {}
        for place in reversed(list(walk(term))):
            if place not in self.order:
                self.order[place] = len(self.order)
                if isinstance(place, Call):
                    for arg in place.args:
                        self.parents.setdefault(arg, []).append(place)

    def above(self, places: Collection[Term]) -> list[Call]:
        """Return all that any of these stand in, each after its arguments."""
        if len(places) == 1:
            [place] = places
            if place not in self._above:
                self._above[place] = self._found_above(places)
            return self._above[place]
        return self._found_above(places)

    def _found_above(self, places: Iterable[Term]) -> list[Call]:
        return sorted(reached(places, self.parents), key=self.order.__getitem__)


class Evaluator:
    """The value of terms.

    rate      the learning rate that the lines state, None where none does
    trained   the labels of the leaves that a step of gradient descent changes
    """

    def __init__(self, rate: float | None, trained: Sequence[str]) -> None:
        self.rate = rate
        self.trained = trained
        self._moved: dict[Point, Point] = {}
        self._places = _Places(Number("0"))
        self._numbers: dict[tuple[Term, Point], dict[Term, float]] = {}

    def values(
        self, term: Term, point: Point, instead: Substitution | None = None
    ) -> dict[Term, float]:
        """Return the number of each place in the term, with some places replaced by other terms."""
        numbers, changed = self._parted(term, point, instead)
        return {**numbers, **changed}

    def value(self, term: Term, point: Point, instead: Substitution | None = None) -> float:
        if not isinstance(term, Call):
            other = instead.get(term) if instead else None
            return self.leaf(term, point) if other is None else self.value(other, point)
        numbers, changed = self._parted(term, point, instead)
        return changed[term] if term in changed else numbers[term]

    def _parted(
        self, term: Term, point: Point, instead: Substitution | None
    ) -> tuple[Mapping[Term, float], Mapping[Term, float]]:
        """Return the numbers of the places that stay as they are, and those of all others.

        What stays is kept, for many slips are made in one term, one after the other.
        """
        if not instead:
            return {}, self._own(term, point)
        if self._places.term is not term:
            self._places = _Places(term)
        try:
            numbers = self._own(term, point)
        except DomainError:  # what is not defined may be among what is replaced
            return {}, self._evaluated(term, point, instead)
        return numbers, self._changed(numbers, point, instead)

    def _own(self, term: Term, point: Point) -> dict[Term, float]:
        """Return the number of each place as it is written; those of the last terms are kept."""
        key = term, point
        if key not in self._numbers:
            if len(self._numbers) >= KEPT:
                self._numbers.clear()
            self._numbers[key] = self._evaluated(term, point, {})
        return self._numbers[key]

    def _evaluated(self, term: Term, point: Point, instead: Substitution) -> dict[Term, float]:
        numbers: dict[Term, float] = {}
        for place in reversed(list(walk(term))):
            if place in instead:
                numbers[place] = self.value(instead[place], point)
            elif isinstance(place, Call):
                args = [numbers[arg] for arg in place.args]
                numbers[place] = place.op.compute(args, args)
            else:
                numbers[place] = self.leaf(place, point)
        return numbers

    def _changed(
        self, numbers: Mapping[Term, float], point: Point, instead: Substitution
    ) -> dict[Term, float]:
        """Return the numbers of the places that are replaced, and of those that they stand in."""
        changed = {place: self.value(other, point) for place, other in instead.items()}
        for place in self._places.above(instead):
            if place not in instead:
                args = [changed[arg] if arg in changed else numbers[arg] for arg in place.args]
                changed[place] = place.op.compute(args, args)
        return changed

    def leaf(self, place: Term, point: Point) -> float:
        if isinstance(place, Quotient):
            labelled = point.board.values
            held = [labelled[label] for label in place.held]
            return point.derivative(labelled[place.of], labelled[place.by], held)
        if isinstance(place, Name):
            return self.named(place, point)
        return place.value  # type: ignore[union-attr]

    def named(self, name: Name, point: Point) -> float:
        labelled = point.board.values
        if not name.updated and name.label in labelled:
            return point.number(labelled[name.label])
        if self.rate is None:
            raise Unreadable(
                "NO RATE", "no line states the learning rate, as w5+ = w5 - 0.5*dE/dw5 does"
            )
        return self.updated(point).data[labelled[name.label]] if name.updated else self.rate

    def updated(self, point: Point) -> Point:
        """Return the point after one step of gradient descent."""
        if point not in self._moved:
            self._moved[point] = point.at(point.updated(self.rate or 0.0, self.trained))
        return self._moved[point]

    def agree(
        self,
        subject: Term,
        side: Term,
        points: Sequence[Point],
        instead: Substitution | None = None,
    ) -> bool:
        """Whether the two are equal at each point, where both are defined there."""
        with suppress(DomainError):
            return all(self._is(side, point, instead or {}, subject) for point in points)
        return False

    def _is(self, side: Term, point: Point, instead: Substitution, subject: Term) -> bool:
        aim = self.value(subject, point)
        numbers: Mapping[Term, float] = {}
        changed: Mapping[Term, float] = {}
        if isinstance(side, Call):
            numbers, changed = self._parted(side, point, instead)
        else:
            changed = {side: self.value(side, point, instead)}
        given = changed[side] if side in changed else numbers[side]
        if math.isclose(given, aim, rel_tol=SAME):
            return True
        if aim == 0.0 and settled(given, _largest(numbers, changed)) == 0.0:
            return True
        error = partial(self._error, side, ChainMap(dict(changed), dict(numbers)), point, instead)
        off = abs(given - aim)
        if aim == 0.0 or math.isclose(given, aim, rel_tol=ALIKE):
            return off <= 100 * (error() + self._lost(subject, point))
        if off > 1e-15 * _largest(numbers, changed):
            return False
        # where nothing is left, something has cancelled that is not in the term
        return given == 0.0 or off <= error()

    def _error(
        self, term: Term, numbers: Mapping[Term, float], point: Point, instead: Substitution
    ) -> float:
        """Return how far the value may be off by rounding.

        A product hands the error on that its factors have; a sum adds one, by its largest term.
        """
        errors: dict[Term, float] = {}
        for place in reversed(list(walk(term))):
            if place in instead or not isinstance(place, Call):
                errors[place] = self._lost(instead.get(place, place), point)
                continue
            sizes = [abs(numbers[arg]) for arg in place.args]
            own = [errors[arg] for arg in place.args]
            if place.op in (ops.add, ops.sub):
                errors[place] = sum(own) + 1e-15 * max(sizes)
            else:
                errors[place] = abs(numbers[place]) * _relative(own, sizes)
        return errors[term]

    def _lost(self, place: Term, point: Point) -> float:
        """Return how far a derivative may be off by rounding, or the number of a Value."""
        labelled = point.board.values
        if isinstance(place, Quotient):
            held = [labelled[label] for label in place.held]
            return point.lost(labelled[place.of], labelled[place.by], held)
        if isinstance(place, Name) and not place.updated and place.label in labelled:
            return point.lost(labelled[place.label])
        return 0.0

    def spread(self, term: Term, point: Point, exact: Collection[Number] = ()) -> float:
        """Return how far the value may be off because decimals in the term are rounded or cut
        off; those that are `exact` are not.
        """
        numbers = self.values(term, point)
        spread = Spread(term, numbers)
        total = 1e-12 * max(map(abs, numbers.values()))
        for place in numbers:
            is_stated = place in exact or abs(numbers[place]) in point.board.stated
            if self.is_decimal(place) and not is_stated:
                total += spread.of(place)
        return total

    def is_decimal(self, place: Term) -> TypeGuard[Number]:
        """Whether it is a number that no formula in names has of itself."""
        return (
            isinstance(place, Number)
            and not place.value.is_integer()
            and place.value not in (0.5, self.rate)
        )


def _largest(*numbers: Mapping[Term, float]) -> float:
    return max(max(map(abs, part.values())) for part in numbers if part)


def _relative(errors: Iterable[float], sizes: Iterable[float]) -> float:
    return sum(error / size for error, size in zip(errors, sizes, strict=True) if size)


def neutral(term: Term, op: Op) -> bool:
    """Whether the term changes nothing: 0 in a sum, 1 in a product."""
    return isinstance(term, Number) and term.value == NEUTRAL.get(op)


def flat(term: Term, op: Op) -> list[Term]:
    """Return the terms of a sum, or the factors of a product, in whatever brackets."""
    parts: list[Term] = []
    todo = [term]
    while todo:
        part = todo.pop()
        if isinstance(part, Call) and part.op is op:
            todo += part.args
        else:
            parts.append(part)
    return parts[::-1]


def runs(term: Term) -> Iterator[Term]:
    """Yield each place in the term, and neighbours in a sum or a product taken together."""
    for place in walk(term):
        yield place
        if isinstance(place, Call) and place.op in NEUTRAL:
            parts = flat(place, place.op)
            for start in range(min(len(parts), 12)):
                grown = accumulate(
                    parts[start : start + 12], lambda *args, op=place.op: Call(op, args)
                )
                yield from list(grown)[1:]
