"""What would repair a claim that is not so: the slip that was made in it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice

from autograd import ops
from autograd.marking.accuracy import agreement
from autograd.marking.align import Stands, matched
from autograd.marking.board import ACTIVATIONS
from autograd.marking.explain import Explainer
from autograd.marking.follow import Entry
from autograd.marking.found import Found
from autograd.marking.given import GivenData
from autograd.marking.interpretations import Interpretation
from autograd.marking.known import LONG
from autograd.marking.points import Point
from autograd.marking.slips import FACTORS, INSTEAD, WHOLE, Mutation, mutations
from autograd.marking.syntax import (
    Call,
    Name,
    Number,
    Quotient,
    Term,
    Unreadable,
    inside,
    number,
    replaced,
    size,
    walk,
    written,
)
from autograd.marking.verdict import Verdict
from autograd.op import DomainError
from autograd.value import Value

MOST = 100  # names that are tried in the place of a number, or of a name
TRIED = 40  # readings of the numbers in a formula in which slips are looked for
_INVERSE = {  # the repair of one slip is the other
    Verdict.PRE: Verdict.POST,
    Verdict.POST: Verdict.PRE,
    Verdict.DIVIDED: Verdict.MULTIPLIED,
    Verdict.MULTIPLIED: Verdict.DIVIDED,
}
_REPAIRS = {Verdict.SIGN, Verdict.SWAPPED_INDEX, *_INVERSE}


class Repairs:
    """Looks for the slip in what was typed, and in what is known for its subject."""

    def __init__(self, explainer: Explainer) -> None:
        self.explainer = explainer
        self.facts = explainer.facts
        self.evaluator = explainer.evaluator
        self.labels = list(explainer.board.values)[:MOST]

    def of_formula(
        self, subject: Term, side: Term, points: Sequence[Point], tried: Sequence[Interpretation]
    ) -> list[Found]:
        """Return the slips after whose repair the formula holds, and those that give it."""
        places = size(side)
        if places > LONG:
            return []
        fits: list[Found] = []
        read = [replaced(side, r.instead) for r in tried[: max(2, TRIED * 10 // places)]]
        for typed in read:
            fits += self._repaired(subject, typed, points)
        fits += self._misread(subject, side, points)
        for typed in read:
            fits += self._made(subject, typed, points)
        return fits or self._renamed(subject, side, points)

    def _repaired(self, subject: Term, typed: Term, points: Sequence[Point]) -> Iterator[Found]:
        for slip in mutations(typed, self.facts):
            is_whole = slip.place is typed and slip.where != INSTEAD
            if is_whole or slip.verdict not in _REPAIRS:
                continue
            if self.evaluator.agree(subject, typed, points, {slip.place: slip.other}):
                yield _undone(slip)

    def _misread(self, subject: Term, side: Term, points: Sequence[Point]) -> Iterator[Found]:
        """Yield a decimal that does not stand for its symbol, where any other number in it may
        stand for itself.
        """
        for place, name in self._decimals_as_names(walk(side)):
            if self.evaluator.agree(subject, side, points, {place: name}):
                yield _stands(place, name, self.evaluator.value(name, points[0]))

    def _decimals_as_names(self, places: Iterable[Term]) -> Iterator[tuple[Number, Name]]:
        """Yield each decimal with each name that it may have been put in for."""
        for place in places:
            if self.evaluator.is_decimal(place):
                yield from ((place, Name(label)) for label in self.labels)

    def _made(self, subject: Term, typed: Term, points: Sequence[Point]) -> Iterator[Found]:
        with suppress(DomainError, Unreadable):
            given = [self.evaluator.value(typed, point) for point in points]
            for _, slip in self.explainer.fitting(
                subject, points[0], lambda x: math.isclose(x, given[0], rel_tol=1e-9)
            ):
                with suppress(ArithmeticError, ValueError):
                    numbers = [slip.at(point) for point in points]
                    if all(
                        math.isclose(x, y, rel_tol=1e-9)
                        for x, y in zip(numbers, given, strict=True)
                    ):
                        yield slip

    def _renamed(self, subject: Term, side: Term, points: Sequence[Point]) -> list[Found]:
        """Return any other name in the place of one."""
        fits = []
        for place in walk(side):
            for other in self._other_names(place):
                if self.evaluator.agree(subject, side, points, {place: other}):
                    fits.append(Found(Verdict.WRONG_NAME, _never, INSTEAD, (place, other)))
        return fits

    def _other_names(self, place: Term) -> Iterator[Term]:
        if isinstance(place, Name) and not place.updated:
            yield from map(Name, self._labels_but(place.label))
        elif isinstance(place, Quotient):
            yield from (Quotient(place.of, by) for by in self._labels_but(place.by))
            yield from (Quotient(of, place.by) for of in self._labels_but(place.of))

    def _labels_but(self, label: str) -> list[str]:
        """Return the labels of the other Values."""
        return [other for other in self.labels if other != label]

    def of_number(self, symbol: Term, typed: Number, here: Point) -> list[Found]:
        """Return what is wrong with a number that is not what its symbol is."""
        true = self.evaluator.value(symbol, here)
        if agreement(typed.text, -true):
            return [Found(Verdict.SIGN, _never, INSTEAD, (typed.text, _valued(symbol, true)))]
        fits = [_stands(typed, symbol, true)]
        for verdict, place, other, where, parts in mutations(symbol, self.facts):
            if place is symbol and verdict in (Verdict.SWAPPED_INDEX, Verdict.PRE, Verdict.POST):
                with suppress(DomainError):
                    if (
                        agreement(typed.text, self.evaluator.value(other, here))
                        and len(typed.text) > 4
                    ):
                        fits.append(Found(verdict, _never, where, parts))
        return fits

    def of_numbers(
        self, formula: Entry | None, subject: Term, side: Term, stands: Stands
    ) -> list[Found]:
        """Return the slips that were made in the formula into which these numbers were put."""
        known = self.explainer.known.of(subject)
        for term in [formula.term if formula else None, known]:
            fits = self._in_source(term, side, stands) if term is not None else []
            if fits:
                return [*fits, *self._without_activation(subject, side, stands)]
        return list(self._without_activation(subject, side, stands))

    def _in_source(self, term: Term, side: Term, stands: Stands) -> list[Found]:
        """Return the slips in this formula after which the numbers stand for its symbols."""
        places = size(term)
        if places > LONG:
            return []
        tries = 20_000 // (places * size(side))
        return [
            found
            for found, other in islice(self._changed(term), tries)
            if _all_stand(other, side, stands)
        ]

    def _changed(self, term: Term) -> Iterator[tuple[Found, Term]]:
        """Yield each slip that one may make in a formula, and the formula with it."""
        for verdict, factor in FACTORS:
            yield Found(verdict, _never), Call(ops.mul, (number(factor), term))
        for verdict, place, other, where, parts in mutations(term, self.facts):
            if verdict is not Verdict.STANDS_FOR and (
                where != WHOLE or verdict is Verdict.RECIPROCAL
            ):
                yield Found(verdict, _never, where, parts), replaced(term, {place: other})

    def _without_activation(self, subject: Term, side: Term, stands: Stands) -> Iterator[Found]:
        """Yield the activations whose slope was left out of a product of numbers."""
        if not isinstance(subject, Quotient) or not self.explainer.known.is_named(subject):
            return
        known, board = self.explainer.known, self.explainer.board
        of, by = board.values[subject.of], board.values[subject.by]
        for head, tail in board.between(of, by):
            slope = head.op in ACTIVATIONS and len(board.tails[head]) == 1
            if slope and _all_stand(known.without(of, by, (head, tail)), side, stands):
                symbol = Quotient(board.names[head], board.names[tail])
                yield Found(Verdict.FACTOR_LEFT_OUT, _never, "{}", (symbol,))
                yield Found(Verdict.NO_ACTIVATION, _never, "{}", (symbol,))

    def misread_number(self, side: Term, here: Point, true: float, off: float) -> Iterator[Found]:
        """Yield a decimal that does not stand for its symbol, where that would come to what
        is so.
        """
        places = list(walk(side))
        for place, name in self._decimals_as_names(places if len(places) <= LONG else ()):
            with suppress(DomainError):
                if abs(self.evaluator.value(side, here, {place: name}) - true) <= off:
                    yield _stands(place, name, self.evaluator.value(name, here))

    def held_by_targets(self, subject: Term, side: Term, data: GivenData) -> str:
        """Return why a formula that holds here alone may be meant for the given data, else ""."""
        fixed = self._not_in(subject, side, data)
        targets = [v for v in fixed if v not in data.zeros]
        for held in (targets, fixed):
            points = data.points_with(held) if held else []
            if len(points) == 3 and self.evaluator.agree(subject, side, points):
                board = self.explainer.board
                told = " and ".join(f"{board.names[v]} = {board.data[v]:.6g}" for v in held[:3])
                return f"it holds for {told}, and not for others: write the name"
        return ""

    def _not_in(self, subject: Term, side: Term, data: GivenData) -> list[Value]:
        """Return the given data that are 0 or 1, or add up to 1, and do not stand in a formula, nor
        below its derivative.
        """
        named = {name.label for name in inside(side, Name)}
        named |= {quotient.by for quotient in inside(subject, Quotient)}
        return [v for v in data.fixed() if self.explainer.board.names[v] not in named]


def _undone(slip: Mutation) -> Found:
    """Return the slip that was made where this one repairs it."""
    verdict = _INVERSE.get(slip.verdict, slip.verdict)
    if slip.where == INSTEAD:
        return Found(verdict, _never, INSTEAD, (slip.parts[1], slip.parts[0]))
    where = {Verdict.DIVIDED: "divided by {}", Verdict.MULTIPLIED: "multiplied by {}"}
    return Found(verdict, _never, where.get(verdict, slip.where), slip.parts)


def _stands(place: Number, symbol: Term, value: float) -> Found:
    return Found(Verdict.STANDS_FOR, _never, INSTEAD, (place.text, _valued(symbol, value)))


def _valued(symbol: Term, value: float) -> str:
    name = written(symbol)
    return name if isinstance(symbol, Number) else f"{name} = {value:.6g}"


def _all_stand(term: Term, side: Term, stands: Stands) -> bool:
    pairs = matched(term, side, stands)
    return bool(pairs) and all(pair.verdict for pair in pairs or ())


def _never(point: Point) -> float:
    return math.nan
