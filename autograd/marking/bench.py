"""What the judge works with: the record at several numbers, what is known of it, the writer's own
numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

from autograd.marking.accuracy import agreement, worst
from autograd.marking.align import Pair, matched
from autograd.marking.board import KINKED, Board
from autograd.marking.crossings import Crossings
from autograd.marking.explain import Explainer
from autograd.marking.follow import Entry, Own
from autograd.marking.found import Found, explained
from autograd.marking.given import GivenData
from autograd.marking.interpretations import Interpreter
from autograd.marking.known import Known
from autograd.marking.marks import Outcome
from autograd.marking.points import Point, far, near
from autograd.marking.repair import Repairs
from autograd.marking.syntax import Call, Number, Term, Unreadable, walk, written
from autograd.marking.terms import Evaluator
from autograd.marking.verdict import Verdict
from autograd.op import DomainError

RATES = (0.5, 1.0, 0.1, 0.05, 0.01)
FAR_FETCHED = (
    Verdict.STANDS_FOR,
    Verdict.DIVIDED,
    Verdict.MULTIPLIED,
    Verdict.RECIPROCAL,
    Verdict.LOGARITHM,
    Verdict.DEGREES,
    Verdict.SIGMOID_TWICE,
    Verdict.TANH_OF_RESULT,
    Verdict.WRONG_PLACE,
)


@dataclass
class Equation:
    """One equation while it is judged: what has stood in it so far, as it was found to be."""

    subject: Term
    line: int
    formula: Entry | None = None
    put_in: Entry | None = None


class Bench:
    """What one derivation is judged with.

    rate      the learning rate that the lines state, None where none does
    trained   the labels of the leaves that a step of gradient descent changes
    """

    def __init__(self, board: Board, rate: float | None, trained: Sequence[str]) -> None:
        self.board = board
        self.evaluator = Evaluator(rate, trained)
        self.here = Point(board)
        self.known = Known(board)
        self.own = Own(self.here, self.evaluator)
        self.interpreter = Interpreter(self.known, self.evaluator, self.here, self.own)
        self.explainer = Explainer(self.known, self.evaluator, RATES if rate is None else (rate,))
        self.repairs = Repairs(self.explainer)
        self.runs: dict[Term, float] = {}

    @cached_property
    def points(self) -> list[Point]:
        return [self.here, *near(self.board)]

    @cached_property
    def far(self) -> list[Point]:
        return far(self.board)

    @cached_property
    def crossings(self) -> Crossings:
        return Crossings(self.known, self.evaluator, self.points)

    @cached_property
    def data(self) -> GivenData:
        return GivenData(self.board, self.evaluator.trained)

    @cached_property
    def data_points(self) -> list[Point]:
        return self.data.points() if self.data else []

    def value(self, term: Term) -> float:
        return self.evaluator.value(term, self.here)

    def run(self, term: Term) -> float:
        """Return the value of a run of neighbours, from that of the run without its last."""
        if term not in self.runs:
            if isinstance(term, Call) and term.args[0] in self.runs:
                self.runs[term] = term.op(self.runs[term.args[0]], *map(self.value, term.args[1:]))
            else:
                self.runs[term] = self.value(term)
        return self.runs[term]

    def stands(self, symbol: Term, number: Number) -> Verdict | None:
        """Return how well a number stands for a symbol: for what it is, or what the writer said it
        is.
        """
        with suppress(DomainError):
            verdict = agreement(number.text, self.run(symbol))
            if verdict:
                return verdict
        return self.stands_by_own(symbol, number) if self.own.numbers else None

    def stands_by_own(self, symbol: Term, number: Number) -> Verdict | None:
        """Return how well a number stands for what the writer said that its symbol is."""
        entry = self.own.numbers.get(written(symbol))
        if entry and isinstance(entry.term, Number) and entry.term.text == number.text:
            return _following([entry])
        with suppress(DomainError):
            numbers, entries = self.own.put_in(symbol)
            if numbers and agreement(number.text, self.evaluator.value(symbol, self.here, numbers)):
                return _following(entries)
        return None

    def stands_typed(self, symbol: Term, number: Number) -> Verdict | None:
        """The same where the symbol is arithmetic that the writer typed before."""
        with suppress(DomainError):
            verdict = agreement(number.text, self.value(symbol))
            return verdict and worst([verdict, Verdict.FOLLOWS_ROUNDED])
        return None

    def alignments(self, equation: Equation, side: Term) -> Iterator[tuple[Entry, list[Pair]]]:
        """Yield the formulas that this side is written like, each number with its symbol."""
        sources = [equation.formula, self.own.formulas.get(written(equation.subject))]
        if isinstance(equation.subject, Call):
            sources.append(Entry(equation.subject, equation.subject, equation.line, True))
        seen: list[Term] = []
        for entry in sources:
            if entry is not None and entry.term not in seen:
                seen.append(entry.term)
                pairs = matched(entry.term, side, self.stands)
                if pairs:
                    yield entry, pairs

    def known_alignment(self, subject: Term, side: Term) -> list[Pair]:
        """Return the same for the formula that the record has."""
        formula = self.known.of(subject)
        return (formula is not None and matched(formula, side, self.stands)) or []

    def agrees(self, subject: Term, side: Term, instead: Mapping[Term, Term] | None = None) -> bool:
        """Whether they are equal near by; across the kinks too, where one is typed, or where what
        is 0 on this side alone stands in the formula.
        """
        if not self.evaluator.agree(subject, side, self.points, instead):
            return False
        if has_kink(side):
            return self.evaluator.agree(subject, side, self.far, instead)
        return not self.crossings.refutes(subject, side, instead)

    def holds(self, subject: Term, side: Term) -> bool:
        """Whether a formula is right as it is read."""
        with suppress(Unreadable):
            return self.agrees(subject, side)
        return False

    def follows(self, line: int, true: float) -> Outcome:
        because = (
            f"consistent with your slip in line {line}: nothing more is deducted; it is {true:.6g}"
        )
        return Outcome((Verdict.FOLLOWS,), true, because, follows=line)

    def wrong(self, fits: Sequence[Found], so: str, true: float) -> Outcome:
        verdicts, because, places = explained(fits, so)
        return Outcome(verdicts, true, because, places=places)

    def misput(self, pairs: Sequence[Pair]) -> list[Found]:
        """Return what is wrong with the numbers that are not what their symbols are."""
        wrong = [pair for pair in pairs if pair.verdict is None]
        if 2 * len(wrong) > len(pairs) + 1:  # it was not put into this formula
            return []
        return [
            slip
            for pair in wrong
            for slip in self.repairs.of_number(pair.symbol, pair.number, self.here)
        ]

    def rivals(
        self, subject: Term, fits: Callable[[float], Verdict | None], sharp: bool
    ) -> list[Found]:
        """Return the slips that fit what is written: if any fits exactly, only those.

        Some are far-fetched here, as STANDS FOR, for nobody wrote that number: they take digits
        that are `sharp`.
        """
        found = self.explainer.fitting(subject, self.here, fits)
        if sharp and not found:
            found = self.explainer.late(subject, self.here, fits)
        exact = [slip for number, slip in found if fits(number) is Verdict.EXACT]
        return exact or [slip for _, slip in found if sharp or slip.verdict not in FAR_FETCHED]


def has_kink(term: Term) -> bool:
    """Whether an operation with a kink is typed in it."""
    return any(isinstance(place, Call) and place.op in KINKED for place in walk(term))


def _following(entries: Sequence[Entry]) -> Verdict:
    """Return what follows from these: from rounded numbers, or from a wrong line among them."""
    return Verdict.FOLLOWS_ROUNDED if all(e.right for e in entries) else Verdict.FOLLOWS
