"""What is written as numbers: the value of a term at a point, and small questions about terms."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import accumulate
from typing import TypeGuard

from autograd import ops
from autograd.marking.points import Point
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

NEUTRAL = {ops.add: 0.0, ops.mul: 1.0}


class Evaluator:
    """The value of terms.

    rate      the learning rate that the lines state, None where none does
    trained   the labels of the leaves that a step of gradient descent changes
    """

    def __init__(self, rate: float | None, trained: Sequence[str]) -> None:
        self.rate = rate
        self.trained = trained
        self._moved: dict[Point, Point] = {}

    def values(
        self, term: Term, point: Point, instead: Substitution | None = None
    ) -> dict[Term, float]:
        """Return the number of each place in the term, with some places replaced by other terms."""
        numbers: dict[Term, float] = {}
        for place in reversed(list(walk(term))):
            other = instead.get(place) if instead else None
            if other is not None:
                numbers[place] = self.value(other, point)
            elif isinstance(place, Call):
                numbers[place] = place.op(*[numbers[arg] for arg in place.args])
            else:
                numbers[place] = self.leaf(place, point)
        return numbers

    def value(self, term: Term, point: Point, instead: Substitution | None = None) -> float:
        if not isinstance(term, Call) and not instead:
            return self.leaf(term, point)
        return self.values(term, point, instead)[term]

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
            return point.data[labelled[name.label]]
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
            for point in points:
                aim = self.value(subject, point)
                given = self.values(side, point, instead)
                if not math.isclose(given[side], aim, rel_tol=1e-9) and abs(
                    given[side] - aim
                ) > slack(side, given, aim):
                    return False
            return True
        return False

    def spread(self, term: Term, point: Point) -> float:
        """Return how far the value may be off because decimals in the term are rounded or cut
        off.
        """
        numbers = self.values(term, point)
        total = 1e-12 * max(map(abs, numbers.values()))
        for place in numbers:
            if self.is_decimal(place) and abs(numbers[place]) not in point.board.stated:
                off = [0.0]
                for units in (1.1, -1.1):
                    with suppress(DomainError):
                        moved = Number(repr(numbers[place] + units * place.unit))
                        off.append(abs(self.value(term, point, {place: moved}) - numbers[term]))
                total += max(off)
        return total

    def is_decimal(self, place: Term) -> TypeGuard[Number]:
        """Whether it is a number that no formula in names has of itself."""
        return (
            isinstance(place, Number)
            and not place.value.is_integer()
            and place.value not in (0.5, self.rate)
        )


def slack(term: Term, numbers: Mapping[Term, float], aim: float) -> float:
    """Return how far the value may be off from `aim` because terms cancel in its sums.

    A product hands the error on that its factors have; a sum adds one, by its largest term. Where
    one of the two is 0, something has cancelled that is not in the term.
    """
    largest = 1e-15 * max(map(abs, numbers.values()))
    if numbers[term] == 0.0 or aim == 0.0:
        return largest
    errors: dict[Term, float] = {}
    for place in reversed(list(walk(term))):
        if not isinstance(place, Call) or place not in numbers:
            errors[place] = 0.0
            continue
        sizes = [abs(numbers[arg]) for arg in place.args]
        own = [errors[arg] for arg in place.args]
        if place.op in (ops.add, ops.sub):
            errors[place] = sum(own) + 1e-15 * max(sizes)
        else:
            relative = sum(error / size for error, size in zip(own, sizes, strict=True) if size)
            errors[place] = abs(numbers[place]) * relative
    return min(errors[term], largest)


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
