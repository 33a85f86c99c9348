"""Judges numbers that were put into a formula: each is held to the symbol in its place."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial

from autograd import ops
from autograd.marking.accuracy import SAID, agreement, worst
from autograd.marking.align import Pair, matched
from autograd.marking.bench import Bench, Equation, factors_of_0, products_in
from autograd.marking.follow import Entry
from autograd.marking.formulas import STANDS
from autograd.marking.found import Found
from autograd.marking.interpretations import Interpretation
from autograd.marking.marks import Outcome
from autograd.marking.syntax import (
    Call,
    Number,
    Quotient,
    Substitution,
    Term,
    inside,
    walk,
    written,
)
from autograd.marking.verdict import RIGHT, Verdict

NOTHING: Substitution = {}


class NumbersIn:
    """Judges arithmetic on a bench."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench

    def numbers(self, equation: Equation, side: Term, true: float) -> Outcome:
        """Return what arithmetic is found to be that is claimed to give the subject."""
        aligned = list(self.bench.alignments(equation, side))
        standing = _all_standing(aligned)
        if standing is not None:
            return self.all_stand(*standing, true)
        outcome = self.goes_on(equation, side, true)
        if outcome:
            return outcome
        idle = self.has_idle(equation.subject, side, aligned)
        is_so = math.isclose(self.bench.value(side), true, rel_tol=1e-12, abs_tol=0.0)
        if is_so and not idle and not self.hides_numbers(side):
            return Outcome((Verdict.EXACT,), true, "it is so")
        for entry, pairs in aligned:
            if entry.right:
                return self.put_in(equation, side, true, pairs, idle, [])
        return self.known_put_in(equation, side, true, idle)

    def known_put_in(self, equation: Equation, side: Term, true: float, idle: bool) -> Outcome:
        """Return the outcome where the numbers are held to what the record has."""
        pairs = self.bench.known_alignment(equation.subject, side)
        if pairs and all(pair.verdict in RIGHT for pair in pairs):
            if worst(pair.verdict for pair in pairs) is Verdict.EXACT:
                return Outcome((Verdict.EXACT,), true, STANDS)
            return Outcome((Verdict.FOLLOWS_ROUNDED,), true, Verdict.FOLLOWS_ROUNDED.sentence)
        return self.put_in(equation, side, true, pairs, idle, pairs)

    def put_in(
        self,
        equation: Equation,
        side: Term,
        true: float,
        pairs: Sequence[Pair],
        idle: bool,
        known: Sequence[Pair],
    ) -> Outcome:
        """Return the outcome where the numbers may stand for something, or else the slip."""
        found = None if idle else self.read(equation, side, true, known)
        return found or self.numbers_not_so(equation, side, true, pairs, idle)

    def has_idle(
        self, subject: Term, side: Term, aligned: Sequence[tuple[Entry, list[Pair]]]
    ) -> bool:
        """Whether a number stands for nothing, and its line would not tell: it is beside a 0."""
        strange = [pair.number for _, pairs in aligned for pair in pairs if pair.verdict is None]
        if not aligned:
            strange = self.strange_beside_0(subject, side)
        return any(self.is_idle(side, place) for place in strange)

    def strange_beside_0(self, subject: Term, side: Term) -> list[Number]:
        """Return the numbers that stand for nothing known, where a part of a side is 0."""
        values = self.bench.evaluator.values(side, self.bench.here)
        if 0.0 not in values.values():
            return []
        numbers = [place for place in values if isinstance(place, Number)]
        return [place for place in numbers if self.is_strange(subject, place)]

    def hides_numbers(self, side: Term) -> bool:
        """Whether a number changes nothing, beside a 0: then it does not tell that the whole is
        right.
        """
        numbers = self.beside_0(side)
        if self.bench.value(side) == 0.0:
            numbers += [n for n in inside(side, Number) if n.value]
        return any(self.is_idle(side, place) for place in numbers)

    def beside_0(self, side: Term) -> list[Number]:
        """Return the numbers in products that are 0."""
        zeros = [product for product in products_in(side) if self.bench.value(product) == 0.0]
        return [place for zero in zeros for place in inside(zero, Number)]

    def is_strange(self, subject: Term, place: Number) -> bool:
        """Whether a number stands for nothing in the formulas of a subject."""
        return not self.bench.interpreter.fitting(subject, place)

    def decimals(self, side: Term) -> list[Number]:
        return [place for place in walk(side) if self.bench.evaluator.is_decimal(place)]

    def read(
        self, equation: Equation, side: Term, true: float, pairs: Sequence[Pair]
    ) -> Outcome | None:
        """Return the outcome where all numbers stand for something, in whatever order."""
        for read in self.bench.interpreter.interpretations(equation.subject, side, pairs):
            holds = self.bench.agrees(equation.subject, side, read.instead)
            if not holds or not self.all_put_in(side, read):
                continue
            if read.verdict is not Verdict.FOLLOWS:
                told = Verdict.FOLLOWS_ROUNDED.sentence
                return Outcome((Verdict.FOLLOWS_ROUNDED,), true, told, read.told())
            line = self.bench.wrong_line(read)
            if line is not None:
                return self.bench.follows(line, true)
        return None

    def all_put_in(self, side: Term, read: Interpretation) -> bool:
        """Whether numbers stand for something, and no decimal for itself; beside a 0 that stands
        for itself each must tell something.
        """
        if _hides_in_0(side, read):
            return False
        if any(self.is_idle(side, place, read.instead) for place in self.telling(side, read)):
            return False
        return bool(read.instead) and all(place in read.instead for place in self.decimals(side))

    def telling(self, side: Term, read: Interpretation) -> list[Number]:
        """Return the numbers that must tell something: decimals, and those beside a 0 that stands
        for itself.
        """
        if all(zero in read.instead for zero in factors_of_0(side)):
            return self.decimals(side)
        return [*self.decimals(side), *self.beside_0(side)]

    def all_stand(self, entry: Entry, pairs: Sequence[Pair], true: float) -> Outcome:
        """Return the outcome where each number is what its symbol is, or what the writer said it
        is.
        """
        wrong = self.wrong_entries(entry, pairs)
        if any(own.is_silly for own in wrong):
            told = f"almost anything would follow from line {wrong[0].line}; it is {true:.6g}"
            return Outcome((Verdict.WRONG,), true, told)
        if wrong:
            return self.bench.follows(min(own.line for own in wrong), true)
        verdict = worst(pair.verdict for pair in pairs)
        self.state(entry, pairs)
        if verdict is Verdict.FOLLOWS:
            return self.bench.follows(entry.line, true)
        return Outcome((verdict,), true, f"{STANDS}{SAID[verdict]}")

    def wrong_entries(self, entry: Entry, pairs: Sequence[Pair]) -> list[Entry]:
        """Return the writer's wrong numbers among these, and the formula where that is wrong."""
        numbers = self.bench.own.numbers
        wrong = [numbers[written(pair.symbol)] for pair in pairs if self.rests_on_wrong(pair)]
        return wrong if entry.right else [*wrong, entry]

    def state(self, entry: Entry, pairs: Sequence[Pair]) -> None:
        """Keep each rounded number as what the writer says of its symbol, unless that was said."""
        for symbol, number, how in pairs:
            if how is not Verdict.EXACT and written(symbol) not in self.bench.own.numbers:
                self.bench.own.state(symbol, number, entry.line, True)

    def rests_on_wrong(self, pair: Pair) -> bool:
        """Whether the number is the writer's own for that symbol, from a wrong line."""
        return pair.verdict is Verdict.FOLLOWS and written(pair.symbol) in self.bench.own.numbers

    def goes_on(self, equation: Equation, side: Term, true: float) -> Outcome | None:
        """Return the outcome where arithmetic that was typed before is taken one step further."""
        before = equation.put_in
        pairs = before and matched(before.term, side, self.bench.stands_typed)
        if before is None or not pairs or not all(pair.verdict for pair in pairs):
            return None
        if not before.right:
            return self.bench.follows(before.line, true)
        return Outcome((Verdict.FOLLOWS_ROUNDED,), true, Verdict.FOLLOWS_ROUNDED.sentence)

    def is_idle(self, side: Term, place: Number, instead: Substitution = NOTHING) -> bool:
        """Whether a number changes nothing, as a factor beside 0 does; in a reading, where that 0
        is a name's, it is no 0 at other numbers.
        """
        evaluator, point = self.bench.evaluator, self.bench.points[-1 if instead else 0]
        other = Number(repr(1.001 * place.value + place.unit))
        changed = evaluator.value(side, point, {**instead, place: other})
        return changed == evaluator.value(side, point, instead)

    def numbers_not_so(
        self, equation: Equation, side: Term, true: float, pairs: Sequence[Pair], idle: bool
    ) -> Outcome:
        subject, value = equation.subject, self.bench.value(side)
        exact = [pair.number for pair in pairs if pair.verdict is Verdict.EXACT]
        off = self.bench.evaluator.spread(side, self.bench.here, exact)
        so = f"as written it gives {value:.6g}, and it is {true:.6g}"
        few = f"TOO FEW DIGITS to tell: as written it is {value:.6g}, give or take {off:.1g}"
        if abs(value - true) <= off:
            if idle or self.hides_numbers(side):
                return self.beside_zero(equation, side, true, pairs)
            if off > abs(true) / 2:
                return Outcome((Verdict.UNSURE,), true, f"UNSURE, {few}")
            return self.unknown_numbers(subject, side, true)
        fits = self.misput(equation, side, pairs)
        if fits:
            return self.bench.wrong(fits, so, true)
        if off > abs(true) / 2 and off > abs(value) / 2:
            return Outcome((Verdict.TOO_FEW_DIGITS,), true, few)
        return self.bench.wrong(self.misread(subject, side, true, off), so, true)

    def misread(self, subject: Term, side: Term, true: float, off: float) -> list[Found]:
        """Return the slips by which arithmetic that may be off by so much comes to what it does."""
        fits: list[Found] = []
        value = self.bench.value(side)
        if isinstance(subject, Quotient):
            fits += self.bench.repairs.misread_number(side, self.bench.here, true, off)
        is_sharp = off <= abs(value) / 100
        fits += self.bench.rivals(subject, partial(_near, value, off), value, sharp=is_sharp)
        return fits

    def beside_zero(
        self, equation: Equation, side: Term, true: float, pairs: Sequence[Pair]
    ) -> Outcome:
        """Return the outcome where a number is wrong that changes nothing."""
        so = f"it is {true:.6g} whatever stands beside the 0"
        fits = self.misput(equation, side, pairs)
        if fits:
            return self.bench.wrong(fits, so, true)
        return Outcome((Verdict.UNSURE,), true, f"UNSURE, {so}")

    def misput(self, equation: Equation, side: Term, pairs: Sequence[Pair]) -> list[Found]:
        """Return the slips that were made where the numbers were put in, or before that."""
        fits = self.bench.misput(pairs)
        joined = any(pair.verdict is None and isinstance(pair.symbol, Call) for pair in pairs)
        if fits and not joined:
            return fits
        return (
            self.bench.repairs.of_numbers(
                equation.formula, equation.subject, side, self.bench.stands
            )
            or fits
        )

    def unknown_numbers(self, subject: Term, side: Term, true: float) -> Outcome:
        """Return the outcome of numbers that come to what is so, though some stand for nothing
        known.
        """
        coarse = [p.text for p in self.decimals(side) if self.is_strange(subject, p)]
        strange = self.unlike_all(subject, coarse)
        words = ", ".join(strange or coarse) or "the numbers"
        given = self.bench.value(side)
        if coarse and not strange:
            told = f"{words} has too few digits: it gives {given:.6g}, not {true:.6g}"
        else:
            verb = "stands" if len(strange) == 1 else "stand"
            told = f"it is not told what {words} {verb} for: {_beside(given, true)}"
        return Outcome((Verdict.UNSURE,), true, f"UNSURE, {told}")

    def unlike_all(self, subject: Term, texts: Sequence[str]) -> list[str]:
        """Return the numbers that have the digits of nothing in the formulas of the subject."""
        known = [value for _, value in self.bench.interpreter.values(subject)]
        return [text for text in texts if not any(agreement(text, x) for x in known)]


def _hides_in_0(side: Term, read: Interpretation) -> bool:
    """Whether a 0 is read as a product, and a number beside it as none of its factors, or as one
    again: it may be a wrong one of them.
    """
    symbols = {place: read.instead.get(place, place) for place in inside(side, Number)}
    return any(_hides_in(zero, symbols) for zero in factors_of_0(side))


def _hides_in(zero: Number, symbols: Mapping[Number, Term]) -> bool:
    """Whether a 0 is read as a product that has not what the numbers beside it are read as.

    symbols   what each number of the side is read as
    """
    if getattr(symbols[zero], "op", None) not in (ops.mul, ops.div):
        return False
    beside = [symbol for place, symbol in symbols.items() if place is not zero]
    factors = set(map(written, walk(symbols[zero])))
    return any(isinstance(x, Number) or written(x) in factors for x in beside)


def _all_standing(
    aligned: Sequence[tuple[Entry, list[Pair]]],
) -> tuple[Entry, list[Pair]] | None:
    """Return the first line of the writer's of which each number stands in its place."""
    return next((line for line in aligned if all(pair.verdict for pair in line[1])), None)


def _beside(given: float, true: float) -> str:
    """Return what arithmetic gives beside what is true, which it may be but for its rounding."""
    if math.isclose(given, true, rel_tol=1e-12):
        return f"it comes to {true:.6g} as it should"
    return f"it gives {given:.6g}, and it is {true:.6g}, which rounding may do"


def _near(value: float, off: float, x: float) -> Verdict | None:
    if math.isclose(x, value, rel_tol=1e-12):
        return Verdict.EXACT
    return Verdict.ROUNDED if abs(x - value) <= off else None
