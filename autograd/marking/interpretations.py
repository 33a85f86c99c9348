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
    inside,
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
        options = self._options(subject, side, pairs)
        if len(inside(side, Number)) <= LONG and _is_any_read(options):
            yield from self._chosen(list(walk(side)), options)

    def _options(
        self, subject: Term, side: Term, pairs: Sequence[Pair]
    ) -> Mapping[Number, list[Candidate]]:
        """Return what each number of a side may stand for."""
        aligned = {pair.number: pair for pair in pairs}
        places = inside(side, Number)
        options = {p: self.candidates(subject, p, aligned.get(p)) for p in places}
        return options if has_names(side) else self.put_in(subject, side, options)

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
        found = [] if pair is None else _standing(pair)
        if not self.evaluator.is_decimal(place):
            return [itself, *found]
        found += [*self._own(place), *self.fitting(subject, place), *self._from(subject, place)]
        named = [candidate for candidate in found if candidate.verdict is Verdict.EXACT]
        return [*found[: len(named)], itself, *found[len(named) :]]

    def put_in(
        self, subject: Term, side: Term, options: Mapping[Number, list[Candidate]]
    ) -> dict[Number, list[Candidate]]:
        """Return the candidates where no name is typed: then a number stands for a name, but for an
        exponent, a divisor, and the 1 of 1/2.
        """
        constants = set(_constants(inside(side, Call)))
        return {
            place: self._put_in(subject, place, others, place in constants)
            for place, others in options.items()
        }

    def _put_in(
        self, subject: Term, place: Number, others: list[Candidate], is_constant: bool
    ) -> list[Candidate]:
        """Return what one number may stand for where no name is typed, the likeliest first."""
        if self.evaluator.is_decimal(place):
            return [c for c in others if c.symbol is not place] or list(others)
        fitting = self.fitting(subject, place)
        names = [fit for fit in fitting if fit.verdict is Verdict.EXACT]
        names += self._own(place)
        return [*others, *names] if is_constant else [*names, *others]

    def _own(self, place: Number) -> Iterator[Candidate]:
        """Yield what the writer said this number is, in a right line or in a wrong one."""
        for entry in self.own.numbers.values():
            if isinstance(entry.term, Number) and abs(entry.term.value) == abs(place.value):
                verdict = Verdict.FOLLOWS_ROUNDED if entry.right else Verdict.FOLLOWS
                yield Candidate(verdict, _signed(entry.subject, entry.term.value == place.value))

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
                        yield Candidate(Verdict.FOLLOWS, _signed(term, place.value * value >= 0))

    def fitting(self, subject: Term, place: Number) -> list[Candidate]:
        """Return what in the formulas of the subject has these digits, the simplest first."""
        fits: list[Candidate] = []
        size_of, unit = abs(place.value), place.unit
        for term, value in self.values(subject):
            if value and abs(size_of - abs(value)) > 1.2 * unit + 1e-9 * abs(value):
                continue  # far off, as most are
            fits += self._with_sign(place, term, value)
        fits += self._fractions(place)
        fits.sort(key=lambda fit: (fit.verdict is not Verdict.EXACT, _size(fit.symbol)))
        return fits[:LIKELY]

    def _with_sign(self, place: Number, term: Term, value: float) -> Iterator[Candidate]:
        """Yield a term, and what is less than 0 by as much, where a number has its digits."""
        for sign in (1.0, -1.0) if value else (1.0,):  # a sign beside a 0 is not lost
            verdict = self.precision.agreement(place, term, sign * value)
            if verdict:
                yield Candidate(verdict, _signed(term, sign > 0))

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


def _signed(term: Term, is_positive: bool) -> Term:
    """Return a term, or minus it."""
    return term if is_positive else Call(ops.neg, (term,))


def _standing(pair: Pair) -> list[Candidate]:
    """Return the symbol in the place of a number, where the number stands for it."""
    if pair.verdict is None or pair.verdict not in STANDING:
        return []
    return [Candidate(pair.verdict, pair.symbol)]


def _is_any_read(options: Mapping[Number, Sequence[Candidate]]) -> bool:
    """Whether a number may stand for something else than itself."""
    return any(c.symbol is not place for place, found in options.items() for c in found)


def _constants(calls: Iterable[Call]) -> Iterator[Term]:
    """Yield the exponents, the divisors, and what they divide where that is a number too."""
    for call in calls:
        if call.op in (ops.pow, ops.div):
            yield call.args[1]
        if call.op is ops.div and isinstance(call.args[0], Number):
            yield call.args[0]


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
        for further in _further(ranks, options):
            if further not in seen:
                seen.add(further)
                heappush(todo, (total + 1, further))


def _further(
    ranks: tuple[int, ...], options: Sequence[Sequence[Candidate]]
) -> Iterator[tuple[int, ...]]:
    """Yield the ranks of which one is the next of its number, and the others are the same."""
    for place, choices in enumerate(options):
        if ranks[place] + 1 < len(choices):
            yield (*ranks[:place], ranks[place] + 1, *ranks[place + 1 :])


def _size(term: Term) -> int:
    return 0 if isinstance(term, (Name, Quotient)) else size(term)
