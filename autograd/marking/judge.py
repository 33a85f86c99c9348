"""Judges the claims of a derivation: the formulas, the numbers put in, the number that comes
out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from autograd.marking.accuracy import LEAST, agreement
from autograd.marking.bench import Bench, Equation
from autograd.marking.follow import Entry
from autograd.marking.formulas import Formulas
from autograd.marking.known import Known
from autograd.marking.marks import Outcome
from autograd.marking.numbers_in import NumbersIn
from autograd.marking.results import Results
from autograd.marking.syntax import Number, Term, Unreadable, has_names, inside, walk
from autograd.marking.verdict import OPEN, Verdict
from autograd.op import DomainError


class Judge:
    """Judges one derivation, claim by claim.

    rate      the learning rate that the lines state, None where none does
    trained   the labels of the leaves that a step of gradient descent changes
    """

    def __init__(self, known: Known, rate: float | None, trained: Sequence[str]) -> None:
        self.bench = Bench(known, rate, trained)
        self.formulas = Formulas(self.bench)
        self.arithmetic = NumbersIn(self.bench)
        self.results = Results(self.bench)

    def claim(
        self,
        equation: Equation | None,
        side: Term | Unreadable | None,
        result: Number | None = None,
    ) -> Outcome:
        """Return what the claim is that the equation's subject is equal to this side; `result` is
        the number that comes next in the equation.
        """
        if isinstance(side, Unreadable):
            return Outcome((Verdict(side.verdict),), None, str(side))
        if side is None or equation is None:
            return Outcome((Verdict.NOT_ANSWERED,), None, "not answered yet")
        true = None
        self.bench.runs.clear()
        self.bench.precision.shown = shown(side, result)
        self.bench.precision.least = LEAST
        self.bench.precision.beside = max(LEAST, most_digits(side))
        try:
            true = self.bench.value(equation.subject) + 0.0  # −0 is 0
            outcome = self.outcome(equation, side, true, result)
        except Unreadable as error:
            return Outcome((Verdict(error.verdict),), true, str(error))
        except DomainError as error:
            return Outcome((Verdict.NOT_DEFINED,), true, str(error))
        outcome = self.at_kink(equation.subject, side, true, outcome)
        self.note(equation, side, outcome)
        return outcome

    def outcome(
        self, equation: Equation, side: Term, true: float, result: Number | None
    ) -> Outcome:
        """Return what a number, a formula in names or arithmetic is found to be."""
        if isinstance(side, Number):
            return self.results.result(equation, side, true)
        if has_names(side):
            return self.formulas.formula(equation, side, true)
        if result is not None and agreement(result.text, self.bench.value(side)):
            self.bench.precision.least = 1
        return self.arithmetic.numbers(equation, side, true)

    def at_kink(self, subject: Term, side: Term, true: float, outcome: Outcome) -> Outcome:
        """Return the outcome where a derivative is taken at a kink: one that lies between the
        slopes on its sides is another choice.
        """
        kink = "" if outcome.right else self.bench.crossings.at_kink(subject)
        if not kink:
            return outcome
        told = f"at the kink {kink} the derivative is a choice: here it is {true:.6g}"
        slopes = self.bench.crossings.one_sided(subject)
        between = slopes and not has_names(side)
        if between and min(slopes) - 1e-5 <= self.bench.value(side) <= max(slopes) + 1e-5:
            return Outcome((Verdict.UNSURE,), true, f"UNSURE, {told}")
        return replace(outcome, because=f"{outcome.because}; {told}")

    def note(self, equation: Equation, side: Term, outcome: Outcome) -> None:
        """Keep what is stated, for the lines that follow from it."""
        if outcome.verdicts[0] in OPEN:
            return
        entry = Entry(equation.subject, side, outcome.follows or equation.line, outcome.right)
        if isinstance(side, Number):
            computed = outcome.follows is not None and equation.put_in is not None
            self.bench.own.state(equation.subject, side, entry.line, outcome.right, computed)
        else:
            self.note_formula(equation, entry, _is_rounded(outcome))

    def note_formula(self, equation: Equation, entry: Entry, is_rounded: bool) -> None:
        """Keep a formula, or the numbers that are put into one, or both where it has both."""
        side = entry.term
        named = has_names(side)
        numbers = any(map(self.bench.evaluator.is_decimal, walk(side)))
        if named and not (numbers and is_rounded):
            equation.formula = entry
            self.bench.own.state(equation.subject, side, entry.line, entry.right)
        if numbers or not named:
            equation.put_in = entry


def _is_rounded(outcome: Outcome) -> bool:
    return outcome.right and outcome.verdicts[0] is not Verdict.EXACT


def shown(side: Term, result: Number | None) -> int:
    """Return how many digits numbers have to show: as many as their result does, or, where that
    is not told, as those beside them, and two are enough.
    """
    beside = min(LEAST, most_digits(side) or LEAST)
    if result is None or "." not in result.text or has_names(side):
        return max(beside, LEAST)
    return max(beside, result.digits)


def most_digits(side: Term) -> int:
    """Return how many digits the most exact of its decimals has, 0 where it has none."""
    return max((n.digits for n in inside(side, Number) if "." in n.text), default=0)
