"""Judges a formula: it must hold at other numbers too."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress

from autograd.marking.accuracy import SAID
from autograd.marking.align import Pair
from autograd.marking.bench import Bench, Equation, has_kink
from autograd.marking.follow import Entry
from autograd.marking.interpretations import Interpretation
from autograd.marking.marks import Outcome
from autograd.marking.points import Point
from autograd.marking.syntax import Number, Term, Unreadable, walk
from autograd.marking.terms import ALIKE
from autograd.marking.verdict import Verdict
from autograd.op import DomainError

HELD = "the formula holds"
STANDS = "each number stands for its symbol"


class Formulas:
    """Judges formulas on a bench."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench

    def formula(self, equation: Equation, side: Term, true: float) -> Outcome:
        """Return what a formula in names is found to be."""
        subject = equation.subject
        if self.bench.agrees(subject, side):
            return self.holds(equation, side, Interpretation(Verdict.EXACT, {}, False), true)
        aligned = list(self.bench.alignments(equation, side))
        line = _line_gone_on_with(aligned)
        if line is not None:
            return self.bench.follows(line, true)
        in_chain = next((found for entry, found in aligned if entry.right), [])
        return self.with_numbers_read(equation, side, true, in_chain)

    def with_numbers_read(
        self, equation: Equation, side: Term, true: float, in_chain: Sequence[Pair]
    ) -> Outcome:
        """Return what a formula is found to be when its numbers may stand for symbols."""
        pairs = in_chain or self.bench.known_alignment(equation.subject, side)
        tried = [Interpretation(Verdict.EXACT, {}, False)]
        doubtful: list[Interpretation] = []
        outcome = self.in_a_reading(equation, side, true, pairs, tried, doubtful)
        outcome = outcome or self.for_given_data(equation, side, true, tried)
        if outcome:
            return outcome
        if doubtful:
            return self.unsure(doubtful[0], side, true)
        return self.formula_not_so(equation, side, true, in_chain, tried)

    def in_a_reading(
        self,
        equation: Equation,
        side: Term,
        true: float,
        pairs: Sequence[Pair],
        tried: list[Interpretation],
        doubtful: list[Interpretation],
    ) -> Outcome | None:
        """Return the outcome where it holds with its numbers read as symbols.

        All readings that were tried are added to `tried`, and to `doubtful` those that would hold.
        """
        for read in self.readings_that_hold(equation.subject, side, pairs, tried):
            if read.verdict is Verdict.FOLLOWS:
                line = self.bench.wrong_line(read)
                if line is not None:
                    return self.bench.follows(line, true)
            elif not read.doubtful:
                return self.holds(equation, side, read, true)
            else:
                doubtful.append(read)
        return None

    def readings_that_hold(
        self, subject: Term, side: Term, pairs: Sequence[Pair], tried: list[Interpretation]
    ) -> Iterator[Interpretation]:
        """Yield the interpretations in which it holds; all that were tried are added to `tried`."""
        for read in self.bench.interpreter.interpretations(subject, side, pairs):
            tried.append(read)
            if self.bench.agrees(subject, side, read.instead):
                yield read

    def unsure(self, read: Interpretation, side: Term, true: float) -> Outcome:
        typed = f"as typed it gives {self.bench.value(side):.6g}, and it is {true:.6g}"
        told = f"right if {read.told()}; {typed}"
        return Outcome((Verdict.UNSURE,), true, f"UNSURE, {told}", read.told())

    def holds(
        self, equation: Equation, side: Term, read: Interpretation, true: float, data: str = ""
    ) -> Outcome:
        because = f"{HELD} {data}" if data else HELD
        if not data and len(self.bench.points) > 1:
            because += ", at other numbers too"
            only = self.bench.crossings.condition(equation.subject, side, read.instead)
            because += only and f", while {only}"
        if read.verdict is not Verdict.EXACT:
            because += f"; {STANDS}{SAID[read.verdict]}"
        return Outcome((read.verdict,), true, because, read.told())

    def for_given_data(
        self, equation: Equation, side: Term, true: float, tried: Iterable[Interpretation]
    ) -> Outcome | None:
        """Return the outcome where it holds while the given data move within what they are."""
        subject = equation.subject
        points = self.bench.data_points(subject, side)
        if len(points) < 3:
            return None
        for read in tried:
            if read.doubtful or not self.bench.evaluator.agree(subject, side, points, read.instead):
                continue
            if not self.has_vanishing(side, points, read):
                return self.holds(equation, side, read, true, self.bench.data.told())
        return None

    def has_vanishing(self, side: Term, points: Sequence[Point], read: Interpretation) -> bool:
        """Whether a place is 0 for the given data alone: then they do not tell whether it is
        right.
        """
        places = [place for place in walk(side) if not isinstance(place, Number)]
        zeros = [x for x in places if not self.is_alive(x, points, read)]
        return any(self.is_alive(x, self.bench.points[1:], read) for x in zeros)

    def is_alive(self, place: Term, points: Sequence[Point], read: Interpretation) -> bool:
        """Whether a part of a formula is not 0 at some of these points."""
        return any(self.bench.evaluator.value(place, point, read.instead) for point in points)

    def formula_not_so(
        self,
        equation: Equation,
        side: Term,
        true: float,
        pairs: Sequence[Pair],
        tried: Sequence[Interpretation],
    ) -> Outcome:
        subject = equation.subject
        if self.holds_in_its_case(subject, side, tried):
            told = "it holds here; in the other case it is not so, or the record does not tell"
            return Outcome((Verdict.UNSURE,), true, f"UNSURE, {told}")
        if not has_kink(side) and self.bench.evaluator.agree(subject, side, self.bench.points):
            return self.holds_on_this_side(subject, side, true, tried)
        if math.isclose(self.bench.value(side), true, rel_tol=ALIKE):
            return self.holds_here_alone(subject, side, true)
        line = self.wrong_line_before(subject, side)
        if line is not None:
            return self.bench.follows(line, true)
        so = f"the formula gives {self.bench.value(side) + 0.0:.6g}, and it is {true:.6g}"
        fits = self.bench.misput(pairs or self.bench.known_alignment(subject, side))
        fits = fits or self.bench.repairs.of_formula(subject, side, self.bench.points, tried)
        return self.bench.wrong(fits, so, true)

    def holds_in_its_case(self, subject: Term, side: Term, tried: Iterable[Interpretation]) -> bool:
        """Whether a formula with a condition holds on this side of all else, or near by where the
        record does not go by that condition.
        """
        crossings, points = self.bench.crossings, self.bench.points
        if not crossings.beyond(side, self.bench.far):
            return False
        if not crossings.has_condition_of_its_own(side):
            points = [*points, *crossings.across(side, self.bench.far)]
        agree = self.bench.evaluator.agree
        return any(agree(subject, side, points, read.instead) for read in tried)

    def wrong_line_before(self, subject: Term, side: Term) -> int | None:
        """Return the line of the first wrong formula that this one follows from."""
        entries = self.bench.own.wrong_formulas()
        return next((e.line for e in entries if self.follows_formula(subject, side, e)), None)

    def holds_on_this_side(
        self, subject: Term, side: Term, true: float, tried: Sequence[Interpretation]
    ) -> Outcome:
        """Return the outcome of a formula in which something is 0 on this side of a kink alone."""
        points = self.bench.crossings.telling(subject, side)
        so = f"it is {true:.6g} here, whatever stands beside the 0"
        if points:
            given, due = (self.bench.evaluator.value(x, points[0]) for x in (side, subject))
            only = self.bench.crossings.condition(subject, side)
            so = f"the two agree while {only}: elsewhere it gives {given:.6g}, and is {due:.6g}"
        fits = self.bench.repairs.of_formula(subject, side, points, tried) if points else []
        if not fits:
            return Outcome((Verdict.COINCIDENCE,), true, f"COINCIDENCE, {so}")
        return self.bench.wrong(fits, so, true)

    def holds_here_alone(self, subject: Term, side: Term, true: float) -> Outcome:
        """Return the outcome of a formula that holds at these numbers, and not at others."""
        reason = self.bench.repairs.held_by_targets(subject, side, self.bench.data)
        if reason:
            return Outcome((Verdict.UNSURE,), true, f"UNSURE, {reason}")
        because = "COINCIDENCE, the formula holds at these numbers, and not at others"
        return Outcome((Verdict.COINCIDENCE,), true, because)

    def follows_formula(self, subject: Term, side: Term, entry: Entry) -> bool:
        with suppress(DomainError, Unreadable):
            for point in self.bench.points:
                predicted = self.bench.own.formula_follows(subject, entry, point)
                if not math.isclose(
                    predicted, self.bench.evaluator.value(side, point), rel_tol=1e-9
                ):
                    return False
            return True
        return False


def _line_gone_on_with(aligned: Iterable[tuple[Entry, list[Pair]]]) -> int | None:
    """Return the wrong line into which all the numbers of a formula are put, if there is one."""
    for entry, pairs in aligned:
        if not entry.right and all(pair.verdict for pair in pairs):
            return entry.line
    return None
