"""Judges the number that comes out: by its digits, and by what it follows from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import partial

from autograd.marking.accuracy import (
    EXACT,
    LEAST,
    SAID,
    SHORT,
    agreement,
    as_written,
    has_a_digit,
    own_digits,
)
from autograd.marking.bench import Bench, Equation
from autograd.marking.follow import Entry, credited, rounding
from autograd.marking.found import Found
from autograd.marking.marks import Outcome
from autograd.marking.syntax import Number, Quotient, Term, Unreadable, written
from autograd.marking.verdict import Verdict
from autograd.op import DomainError


class Results:
    """Judges results on a bench."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench

    def result(self, equation: Equation, side: Number, true: float) -> Outcome:
        """Return what a number is found to be that stands for the subject."""
        so = f"it is {true:.{max(6, len(side.text) - 2)}g}"
        verdict = agreement(side.text, true)
        if not verdict:
            line = self.predicted(equation, side, true)
            if line:
                return self.bench.follows(line, true)
            verdict = None if line is None else Verdict.FOLLOWS_ROUNDED
        if verdict:
            return self.agreeing(equation, side, true, so, verdict)
        if _is_0_by_rounding(side, true):
            return Outcome((Verdict.TOO_FEW_DIGITS,), true, f"TOO FEW DIGITS, {so}")
        return self.result_not_so(equation, side, true, so)

    def agreeing(
        self, equation: Equation, side: Number, true: float, so: str, verdict: Verdict
    ) -> Outcome:
        """Return what a number is found to be whose digits are right, but may be too few."""
        if self.tells(equation, side, true):
            return self.right(equation, side, true, so, verdict)
        if equation.put_in and self.goes_on(equation.put_in, side):
            return self.bench.follows(equation.put_in.line, true)
        return Outcome((Verdict.UNSURE,), true, f"UNSURE, {side.text} has too few digits: {so}")

    def tells(self, equation: Equation, side: Number, true: float) -> bool:
        """Whether a number has digits enough: a whole one has two, and what is given or a constant
        is written in full where it is first written.
        """
        subject = equation.subject
        if agreement(side.text, true) in (None, Verdict.EXACT):
            return True
        if _is_too_short(side, true):
            return False
        own = self.bench.own
        stated = equation.put_in or written(subject) in {**own.numbers, **own.formulas}
        if stated or own_digits(true) > EXACT:
            return True
        return self.is_written_in_full(subject, side, true)

    def is_written_in_full(self, subject: Term, side: Number, true: float) -> bool:
        """Whether a number has all its digits, where what it is has to be written so."""
        formula = self.bench.known.of(subject) or subject
        precision = self.bench.precision
        in_full = precision.in_full(formula, true)
        return not in_full or bool(precision.agreement(side, formula, true))

    def goes_on(self, before: Entry, side: Number) -> bool:
        """Whether the wrong arithmetic before a number gives it: 1.0003 is 1, without its zeros."""
        return not before.right and side.value in as_written(self.bench.value(before.term), SHORT)

    def right(
        self, equation: Equation, side: Number, true: float, so: str, verdict: Verdict
    ) -> Outcome:
        notes = [so + SAID[verdict], *self.given_before(equation, side)]
        notes += self.not_told_apart(equation.subject, side, verdict)
        if isinstance(equation.subject, Quotient) and self.bench.agrees(equation.subject, side):
            only = self.bench.crossings.condition(equation.subject, side)
            notes[0] += only and f", while {only}"
        return Outcome((verdict,), true, "; ".join(notes))

    def given_before(self, equation: Equation, side: Number) -> Iterator[str]:
        """Yield what a wrong side before a right number gives, where that is another number."""
        before = equation.put_in
        if before and not before.right:
            given = self.bench.value(before.term)
            if not agreement(side.text, given):
                yield f"what is written before gives {given:.6g}"

    def predicted(self, equation: Equation, side: Number, true: float) -> int | None:
        """Return the wrong line that the number follows from, 0 for rounded numbers, None for
        neither.
        """
        if equation.put_in:
            follows = agreement(side.text, self.bench.value(equation.put_in.term))
            if equation.put_in.right:  # it is to follow from these numbers, and from no others
                return 0 if follows else None
            if follows:
                return equation.put_in.line if side.value else None
        stated = self.bench.own.numbers.get(written(equation.subject))
        if stated and stated.right and not equation.formula:  # it is only said again
            return 0 if written(stated.term) == written(side) else None
        return self.rests_on_lines(equation, side, true)

    def rests_on_lines(self, equation: Equation, side: Number, true: float) -> int | None:
        """Return the line that a number rests on, by what the writer has stated."""
        with suppress(Unreadable):
            lines = (self.rests_on(side, true, *found) for found in self.candidates(equation))
            return next((line for line in lines if line is not None), None)
        return None

    def candidates(self, equation: Equation) -> Iterator[tuple[float, list[Entry]]]:
        """Yield what the subject would be by what the writer has stated, and by which lines."""
        formula = equation.formula
        if formula:
            yield from self.bench.own.by_formula(formula)
            if not formula.right:
                with suppress(DomainError):
                    yield self.bench.value(formula.term), [formula]
        yield from self.bench.own.predictions(equation.subject)

    def rests_on(self, side: Number, true: float, value: float, entries: list[Entry]) -> int | None:
        """Return the line that a number rests on if it is this value, 0 where they are all
        right.
        """
        agrees = agreement(side.text, value)
        if all(entry.right for entry in entries):
            return 0 if entries and agrees else None
        off = side.unit + rounding(value, entries)
        near = abs(value - side.value) <= off < abs(value - true) / 3
        return credited(entries) if near or agrees else None

    def not_told_apart(self, subject: Term, side: Number, verdict: Verdict) -> list[str]:
        if side.digits > 2 or verdict is Verdict.EXACT:
            return []
        fits = self.bench.rivals(subject, partial(agreement, side.text), side.value, sharp=False)
        names = dict.fromkeys(str(slip.verdict) for slip in fits)
        return [f"{side.digits} digit(s) do not tell it from " + ", ".join(names)] if fits else []

    def result_not_so(self, equation: Equation, side: Number, true: float, so: str) -> Outcome:
        """Return the slips that give the number."""
        text, before = side.text, equation.put_in
        fits = self.bench.rivals(
            equation.subject, partial(agreement, text), side.value, sharp=side.digits > 2
        )
        if _lacks_a_digit(text, true):
            fits.append(Found(Verdict.DIGIT_LEFT_OUT, lambda point: true))
        if before and self.departs(side, before):
            aside = f"what is written before gives {self.bench.value(before.term):.6g}"
            if before.right or not fits:
                fits.append(Found(Verdict.ARITHMETIC, lambda point: true, aside))
            else:
                so = f"{so}; {aside}"
        return self.bench.wrong(fits, so, true)

    def departs(self, side: Number, before: Entry) -> bool:
        """Whether the number is not what is written before it gives."""
        given = self.bench.value(before.term)
        if agreement(side.text, given):
            return False
        off = self.bench.evaluator.spread(before.term, self.bench.here)
        return before.right or abs(side.value - given) > off + side.unit


def _is_0_by_rounding(side: Number, true: float) -> bool:
    """Whether a number is 0 with decimals, and so may be a small one that has too few of them."""
    return "." in side.text and side.value == 0.0 and abs(true) < side.unit


def _is_too_short(side: Number, true: float) -> bool:
    """Whether a number has too few digits, and is not the true one without its zeros."""
    is_short = side.digits < LEAST and (side.unit >= 1.0 or not has_a_digit(side, true))
    return is_short and side.value not in as_written(true, LEAST)


def _lacks_a_digit(text: str, true: float) -> bool:
    end = len(text.lower().partition("e")[0])
    longer = (text[:k] + digit + text[k:] for k in range(2, end) for digit in "0123456789")
    return len(text) > 6 and any(agreement(number, true) for number in longer)
