"""The writer's own earlier numbers and formulas, and what follows from them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple, TypeAlias

from autograd.marking.points import Point
from autograd.marking.syntax import Call, Name, Number, Quotient, Term, walk, written
from autograd.marking.terms import Evaluator
from autograd.op import DomainError
from autograd.value import Value

Stated: TypeAlias = tuple[dict[Value, float], dict[tuple[Value, Value], float]]
COARSEST = 0.02
KEPT = 64  # points at which the record is what the writer says


class Entry(NamedTuple):
    """What an earlier line says a subject is: a number or a formula.

    computed   whether it is a number that the arithmetic before it gives
    """

    subject: Term
    term: Term
    line: int
    right: bool
    computed: bool = False

    @property
    def is_silly(self) -> bool:
        """Whether it is wrong, and 0, 1 or −1: then almost anything follows from it."""
        stated = not self.right and not self.computed
        return stated and isinstance(self.term, Number) and self.term.value in (0.0, 1.0, -1.0)


class Own:
    """What the writer has stated so far: for each subject the last number, and the last formula."""

    def __init__(self, point: Point, evaluator: Evaluator) -> None:
        self.point = point
        self.board = point.board
        self.evaluator = evaluator
        self.numbers: dict[str, Entry] = {}
        self.formulas: dict[str, Entry] = {}
        self._points: dict[frozenset[tuple[Value, float]], Point] = {}
        self._named = frozenset(self.board.names.values())
        self._is_of_formulas = False  # whether a number is said to be what a formula is
        self._about: dict[str, Entry] = {}  # the numbers of named Values
        self._followed: dict[str, list[tuple[float, list[Entry]]]] = {}
        self._latest: tuple[list[Entry], Stated] = [], ({}, {})

    def state(
        self, subject: Term, term: Term, line: int, right: bool, computed: bool = False
    ) -> None:
        key, entry = written(subject), Entry(subject, term, line, right, computed)
        if not isinstance(term, Number):
            self.formulas[key] = entry
            return
        self.numbers[key] = entry
        self._is_of_formulas |= isinstance(subject, Call)
        if self._is_named(subject):
            self._about[key] = entry
            self._followed.clear()

    def put_in(self, term: Term) -> tuple[dict[Term, Term], list[Entry]]:
        """Return the writer's numbers for what stands in a term, and whose they are."""
        found: dict[Term, Term] = {}
        entries: dict[str, Entry] = {}
        for place in walk(term):
            if place is term or isinstance(place, Number):
                continue
            if isinstance(place, Call) and not self._is_of_formulas:
                continue
            key = written(place)
            if key in self.numbers:
                found[place] = self.numbers[key].term
                entries[key] = self.numbers[key]
        return found, list(entries.values())

    def predictions(self, subject: Term) -> Iterator[tuple[float, list[Entry]]]:
        """Yield what a number follows as, and from which entries: of the right ones, then
        of all.
        """
        key = written(subject)
        if key in self.formulas:
            yield from self.by_formula(self.formulas[key])
        if self._is_named(subject):
            for entry in reversed(self._others(key)):
                yield from self._with(subject, [entry])
            yield from self.by_all(subject)
            yield from self._by_wrong_formulas(subject, key)

    def by_all(self, subject: Term) -> Iterator[tuple[float, list[Entry]]]:
        """Yield what a subject follows as from all other numbers of the writer."""
        if self._is_named(subject):
            key = written(subject)
            if key not in self._followed:
                self._followed[key] = list(self._with(subject, self._others(key)))
            yield from self._followed[key]

    def behind(self, subject: Term) -> list[Entry]:
        """Return the writer's wrong numbers each of which changes what a subject follows as."""
        reach = self._reach(subject)
        wrong = [entry for entry in self._others(written(subject)) if not entry.right]
        near = [entry for entry in wrong if reach is None or self._value_of(entry) in reach]
        return [entry for entry in near if any(self._with(subject, [entry]))]

    def _reach(self, subject: Term) -> set[Value] | None:
        """Return the Values whose numbers a formula in names depends on; None where derivatives or
        new values stand in it.
        """
        reach: set[Value] = set()
        for place in walk(subject):
            if isinstance(place, Quotient) or (isinstance(place, Name) and place.updated):
                return None
            if isinstance(place, Name) and place.label in self.board.values:
                reach |= self.board.below(self.board.values[place.label])
        return reach

    def _value_of(self, entry: Entry) -> Value | None:
        """Return the Value that a number is about; None of that of a derivative."""
        subject = entry.subject
        is_number = isinstance(subject, Name) and not subject.updated
        return self.board.values.get(subject.label) if is_number else None  # type: ignore[union-attr]

    def _others(self, key: str) -> list[Entry]:
        """Return the writer's numbers for named Values, but for one subject."""
        return [entry for own, entry in self._about.items() if own != key]

    def _by_wrong_formulas(self, subject: Term, key: str) -> Iterator[tuple[float, list[Entry]]]:
        for entry in self.wrong_formulas():
            if written(entry.subject) != key:
                with suppress(DomainError):
                    yield self.formula_follows(subject, entry, self.point), [entry]

    def wrong_formulas(self) -> list[Entry]:
        """Return the wrong formulas that were stated, the last first."""
        return [entry for entry in reversed(self.formulas.values()) if not entry.right]

    def by_formula(self, formula: Entry) -> Iterator[tuple[float, list[Entry]]]:
        """Yield what a formula of the writer gives with the writer's numbers in it."""
        with suppress(DomainError):
            numbers, entries = self.put_in(formula.term)
            sources = entries if formula.right else [formula, *entries]
            if sources:
                yield self.evaluator.value(formula.term, self.point, numbers), sources

    def _is_named(self, subject: Term) -> bool:
        """Whether it is about named Values alone."""
        if isinstance(subject, Quotient):
            both = subject.of in self._named and subject.by in self._named
            return both and not subject.held
        return isinstance(subject, Name)

    def _with(self, subject: Term, entries: list[Entry]) -> Iterator[tuple[float, list[Entry]]]:
        if not entries:
            return
        with suppress(DomainError):
            predicted = self._predicted(subject, entries)
            if math.isfinite(predicted) and predicted != self.evaluator.value(subject, self.point):
                yield predicted, entries

    def _predicted(self, subject: Term, entries: list[Entry]) -> float:
        """Return what the subject is where these numbers stand for what the record has."""
        values, slopes = self._stated(entries)
        point = self._at(values)
        if isinstance(subject, Quotient):
            return self._gradient(point, subject, slopes)
        if isinstance(subject, Name) and subject.updated:
            leaf, rate = self.board.values[subject.label], self.evaluator.rate
            root = self.board.names[self.board.root]
            if leaf.op is None and rate is not None:
                slope = self._gradient(point, Quotient(root, subject.label), slopes)
                return point.data[leaf] - rate * slope
        return self.evaluator.value(subject, point)

    def _stated(self, entries: list[Entry]) -> Stated:
        """Return what entries say of Values, and of the slopes between two; the last is kept."""
        if self._latest[0] != entries:
            self._latest = entries, self._found_stated(entries)
        return self._latest[1]

    def _found_stated(self, entries: list[Entry]) -> Stated:
        values: dict[Value, float] = {}
        slopes: dict[tuple[Value, Value], float] = {}
        labelled = self.board.values
        for entry in entries:
            subject, term = entry.subject, entry.term
            if isinstance(subject, Quotient) and isinstance(term, Number):
                slopes[labelled[subject.of], labelled[subject.by]] = term.value
            elif isinstance(subject, Name) and subject.label in labelled and not subject.updated:
                values[labelled[subject.label]] = self.evaluator.value(term, self.point)
        return values, slopes

    def _at(self, values: dict[Value, float]) -> Point:
        """Return the point where nodes too are what the writer says; the last ones are kept."""
        if not values:
            return self.point
        key = frozenset(values.items())
        if key not in self._points:
            if len(self._points) >= KEPT:
                del self._points[next(iter(self._points))]
            self._points[key] = self.point.with_values(values)
        return self._points[key]

    def _gradient(
        self, point: Point, subject: Quotient, slopes: dict[tuple[Value, Value], float]
    ) -> float:
        of, by = self.board.values[subject.of], self.board.values[subject.by]
        if not slopes:
            return point.derivative(of, by)
        above = {of: 1.0}
        for tail in self.board.down(of, by):
            if tail is not by and (of, tail) in slopes:
                above[tail] = slopes[of, tail]
                continue
            heads = [head for head, _ in self.board.edges[tail] if head in above]
            local = [self._edge(point, head, tail, of, by, slopes) for head in heads]
            above[tail] = sum(above[head] * x for head, x in zip(heads, local, strict=True))
            above[tail] += self._over_edges(point, tail, above, {of, *heads}, slopes)
        return above.get(by, 0.0)

    def _over_edges(
        self,
        point: Point,
        tail: Value,
        above: dict[Value, float],
        taken: set[Value],
        slopes: dict[tuple[Value, Value], float],
    ) -> float:
        """Return what slopes over several edges add where they end."""
        return sum(
            above[top] * (slope - point.derivative(top, tail))
            for (top, bottom), slope in slopes.items()
            if bottom is tail and top in above and top not in taken
        )

    def _edge(
        self,
        point: Point,
        head: Value,
        tail: Value,
        of: Value,
        by: Value,
        slopes: dict[tuple[Value, Value], float],
    ) -> float:
        """Return the derivative on an edge, as the writer has it; not of what is asked for
        itself.
        """
        if (head, tail) in slopes and (head, tail) != (of, by):
            return slopes[head, tail]
        return point.edge(head, tail)

    def formula_follows(self, subject: Term, entry: Entry, point: Point) -> float:
        """Return what the subject is where a derivative on its way is what an entry says: it is
        linear in it.
        """
        if not (isinstance(subject, Quotient) and isinstance(entry.subject, Quotient)):
            return math.nan
        labelled = self.board.values
        of, by = labelled[subject.of], labelled[subject.by]
        top, bottom = labelled[entry.subject.of], labelled[entry.subject.by]
        passes = point.derivative(of, top) * point.derivative(bottom, by)
        if not passes:
            return math.nan
        change = self.evaluator.value(entry.term, point) - point.derivative(top, bottom)
        return point.derivative(of, by) + passes * change


def credited(entries: list[Entry]) -> int | None:
    """Return the line of the first wrong entry, None where there is none, or a silly one among
    them.
    """
    wrong = [entry for entry in entries if not entry.right]
    is_told = wrong and not any(entry.is_silly for entry in wrong)
    return min(entry.line for entry in wrong) if is_told else None


def rounding(value: float, entries: list[Entry]) -> float:
    """Return how far what follows from these may be off, for the writer had more digits than are
    written.

    It is 0 where that would be more than COARSEST: then almost anything would follow.
    """
    relative = sum(map(_relative_unit, entries))
    return abs(value) * relative if relative < COARSEST else 0.0


def _relative_unit(entry: Entry) -> float:
    """Return the unit in the last place of a decimal over its number; 0 of anything else."""
    number = entry.term
    if not isinstance(number, Number) or number.value == 0 or number.unit >= 1.0:
        return 0.0
    return number.unit / abs(number.value)
