"""What the numbers in a formula may stand for: themselves first, and then what they were put in
for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from heapq import heappop, heappush
from itertools import islice
from typing import NamedTuple

from autograd import ops
from autograd.marking.accuracy import Precision, worst
from autograd.marking.align import Pair
from autograd.marking.follow import COARSEST, Own, rounding
from autograd.marking.known import LONG, Known
from autograd.marking.points import Point
from autograd.marking.syntax import (
    Call,
    Name,
    Number,
    Quotient,
    Term,
    Unreadable,
    has_names,
    number,
    size,
    walk,
    written,
)
from autograd.marking.terms import Evaluator
from autograd.marking.verdict import RIGHT, Verdict
from autograd.op import DomainError

STANDING = (*RIGHT, Verdict.FOLLOWS)  # how a number stands for the symbol in its place
MOST = 150  # interpretations that are tried
EFFORT = 6000  # places that are evaluated to find one
LIKELY = 5  # candidates for a number that are tried
FRACTIONS = (3, 6, 7, 9, 11, 12)  # 0.333 may be 1/3


class Candidate(NamedTuple):
    """What a number may stand for, and how well its digits say so."""

    verdict: Verdict
    symbol: Term


class Interpretation(NamedTuple):
    """A formula in which numbers are read as symbols."""

    verdict: Verdict
    instead: Mapping[Term, Term]
    # whether a symbol that stands there by its name is also read out of a number
    doubtful: bool

    def told(self) -> str:
        """Return how the numbers were read, in a sentence's part."""
        rows = {}
        for place, symbol in self.instead.items():
            if isinstance(place, Number) and not isinstance(symbol, Number):
                rows[place.text] = f"{place.text} as {written(symbol)}"
        return ", ".join(rows.values())


class Interpreter:
    """Find the readings of a formula for a subject."""

    def __init__(
        self,
        known: Known,
        evaluator: Evaluator,
        here: Point,
        own: Own,
        precision: Precision,
    ) -> None:
        self.known = known
        self.evaluator = evaluator
        self.here = here
        self.own = own
        self.precision = precision
        self._values: dict[str, list[tuple[Term, float]]] = {}

    def interpretations(
        self, subject: Term, side: Term, pairs: Sequence[Pair]
    ) -> Iterator[Interpretation]:
        """Yield the likeliest first: numbers written alike stand for one thing, then each
        for itself.
        """
        yield from self._as_aligned(pairs)
        everything = list(walk(side))
        places = [place for place in everything if isinstance(place, Number)]
        aligned = {pair.number: pair for pair in pairs}
        options = {p: self.candidates(subject, p, aligned.get(p)) for p in places}
        if not has_names(side):
            options = self.put_in(subject, everything, options)
        read = any(c.symbol is not place for place, found in options.items() for c in found)
        if read and len(places) <= LONG:
            yield from self._chosen(everything, options)

    def _chosen(
        self, everything: Sequence[Term], options: Mapping[Number, Sequence[Candidate]]
    ) -> Iterator[Interpretation]:
        """Yield the interpretations in which each number is one of its candidates."""
        typed = {place.label for place in everything if isinstance(place, Name)}
        most = min(MOST, EFFORT // len(everything))
        for groups in _groupings(list(options)):
            likeliest = _likeliest([options[group[0]] for group in groups])
            for choice in islice(likeliest, most):
                yield self._read(groups, choice, typed)

    def candidates(self, subject: Term, place: Number, pair: Pair | None) -> list[Candidate]:
        """Return what a number may stand for: a whole one beside names stands for itself."""
        itself = Candidate(Verdict.EXACT, place)
        known = pair is not None and pair.verdict in STANDING
        found = [Candidate(pair.verdict, pair.symbol)] if known and pair and pair.verdict else []
        if not self.evaluator.is_decimal(place):
            return [itself, *found]
        found += [*self._own(place), *self.fitting(subject, place), *self._from(subject, place)]
        named = [candidate for candidate in found if candidate.verdict is Verdict.EXACT]
        return [*found[: len(named)], itself, *found[len(named) :]]

    def put_in(
        self,
        subject: Term,
        everything: Sequence[Term],
        options: Mapping[Number, list[Candidate]],
    ) -> dict[Number, list[Candidate]]:
        """Return the candidates where no name is typed: then a number stands for a name, but for an
        exponent, a divisor, and the 1 of 1/2.
        """
        constants = set(_constants(everything))
        found: dict[Number, list[Candidate]] = {}
        for place, others in options.items():
            if self.evaluator.is_decimal(place):
                found[place] = [c for c in others if c.symbol is not place] or list(others)
                continue
            fitting = self.fitting(subject, place)
            names = [fit for fit in fitting if fit.verdict is Verdict.EXACT]
            names += self._own(place)
            found[place] = [*others, *names] if place in constants else [*names, *others]
        return found

    def _own(self, place: Number) -> Iterator[Candidate]:
        """Yield what the writer said this number is, in a right line or in a wrong one."""
        for entry in self.own.numbers.values():
            if isinstance(entry.term, Number) and abs(entry.term.value) == abs(place.value):
                verdict = Verdict.FOLLOWS_ROUNDED if entry.right else Verdict.FOLLOWS
                is_same = entry.term.value == place.value
                yield Candidate(verdict, entry.subject if is_same else _minus(entry.subject))

    def _from(self, subject: Term, place: Number) -> Iterator[Candidate]:
        """Yield what has these digits where a wrong number of the writer's is gone on with."""
        if all(entry.right for entry in self.own.numbers.values()):
            return
        for term, _ in self.values(subject):
            if isinstance(term, (Name, Quotient)) and written(term) not in self.own.numbers:
                for value, entries in self.own.by_all(term):
                    off = abs(abs(place.value) - abs(value)) - place.unit
                    # rounding() takes long, and is no more than this
                    if off <= abs(value) * COARSEST and off <= rounding(value, entries):
                        is_same = place.value * value >= 0
                        yield Candidate(Verdict.FOLLOWS, term if is_same else _minus(term))

    def fitting(self, subject: Term, place: Number) -> list[Candidate]:
        """Return what in the formulas of the subject has these digits, the simplest first."""
        fits = []
        size_of, unit = abs(place.value), place.unit
        for term, value in self.values(subject):
            if value and abs(size_of - abs(value)) > 1.2 * unit + 1e-9 * abs(value):
                continue  # far off, as most are
            for sign in (1.0, -1.0) if value else (1.0,):  # a sign beside a 0 is not lost
                verdict = self.precision.agreement(place, term, sign * value)
                if verdict:
                    fits.append(Candidate(verdict, term if sign > 0 else _minus(term)))
        fits += self._fractions(place)
        fits.sort(key=lambda fit: (fit.verdict is not Verdict.EXACT, _size(fit.symbol)))
        return fits[:LIKELY]

    def _fractions(self, place: Number) -> Iterator[Candidate]:
        """Yield the simple fractions with these digits."""
        for value in dict.fromkeys(round(place.value * below) / below for below in FRACTIONS):
            fraction = number(value)
            verdict = self.precision.agreement(place, fraction, fraction.value)
            if verdict and verdict is not Verdict.EXACT:
                yield Candidate(verdict, fraction)

    def values(self, subject: Term) -> list[tuple[Term, float]]:
        """Return what stands in the formulas of a subject, and its numbers."""
        key = written(subject)
        if key not in self._values:
            found = []
            for term in self.known.ingredients(subject):
                with suppress(DomainError, Unreadable):
                    found.append((term, self.evaluator.value(term, self.here)))
                    factor = _as_factor(term)
                    if factor:
                        found.append((factor, factor.value))
            self._values[key] = found
        return self._values[key]

    def _as_aligned(self, pairs: Sequence[Pair]) -> Iterator[Interpretation]:
        """Yield the reading in which each number is the symbol in its place, if all stand so."""
        verdicts = [pair.verdict for pair in pairs]
        if pairs and all(verdict in STANDING for verdict in verdicts):
            instead: dict[Term, Term] = {pair.number: pair.symbol for pair in pairs}
            yield Interpretation(worst(verdicts), instead, False)

    def _read(
        self,
        groups: Sequence[Sequence[Number]],
        choice: Sequence[Candidate],
        typed: Collection[str],
    ) -> Interpretation:
        """Return the interpretation in which each group stands for what was chosen."""
        instead: dict[Term, Term] = {}
        doubtful = False
        for group, (_, symbol) in zip(groups, choice, strict=True):
            if symbol is group[0]:
                continue
            instead.update(dict.fromkeys(group, symbol))
            twice = isinstance(symbol, Name) and symbol.label in typed
            doubtful = doubtful or twice
        return Interpretation(worst(candidate.verdict for candidate in choice), instead, doubtful)


def _minus(term: Term) -> Call:
    return Call(ops.neg, (term,))


def _constants(everything: Iterable[Term]) -> Iterator[Term]:
    """Yield the exponents, the divisors, and what they divide where that is a number too."""
    for place in everything:
        if isinstance(place, Call) and place.op in (ops.pow, ops.div):
            yield place.args[1]
            if place.op is ops.div and isinstance(place.args[0], Number):
                yield place.args[0]


def _as_factor(term: Term) -> Number | None:
    """Return one over the constant that a term is divided by, as it is written before it too."""
    below = term.args[1] if isinstance(term, Call) and term.op is ops.div else None
    return number(1.0 / below.value) if isinstance(below, Number) and below.value else None


def _groupings(places: Sequence[Number]) -> list[list[list[Number]]]:
    """Return two ways to group numbers: those that are written alike together, and each alone."""
    alike: dict[str, list[Number]] = {}
    for place in places:
        alike.setdefault(place.text, []).append(place)
    together = list(alike.values())
    return [together] if len(together) == len(places) else [together, [[place] for place in places]]


def _likeliest(options: Sequence[Sequence[Candidate]]) -> Iterator[tuple[Candidate, ...]]:
    """Yield each choice of one candidate for each number, the smallest sums of ranks first."""
    todo: list[tuple[int, tuple[int, ...]]] = [(0, (0,) * len(options))]
    seen = {todo[0][1]}
    while todo:
        total, ranks = heappop(todo)
        yield tuple(choices[k] for choices, k in zip(options, ranks, strict=True))
        for place, choices in enumerate(options):
            if ranks[place] + 1 < len(choices):
                further = (*ranks[:place], ranks[place] + 1, *ranks[place + 1 :])
                if further not in seen:
                    seen.add(further)
                    heappush(todo, (total + 1, further))


def _size(term: Term) -> int:
    return 0 if isinstance(term, (Name, Quotient)) else size(term)
