"""What the judge works with: the record at several numbers, what is known of it, the writer's own
numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

from autograd import ops
from autograd.marking.accuracy import Precision, worst
from autograd.marking.align import Pair, matched
from autograd.marking.board import KINKED
from autograd.marking.crossings import Crossings
from autograd.marking.explain import Explainer
from autograd.marking.follow import Entry, Own, credited
from autograd.marking.found import Found, explained
from autograd.marking.given import GivenData
from autograd.marking.interpretations import Interpretation, Interpreter
from autograd.marking.known import Known
from autograd.marking.marks import Outcome
from autograd.marking.points import Point, far, near
from autograd.marking.repair import Repairs
from autograd.marking.slips import FACTORS
from autograd.marking.syntax import (
    Call,
    Name,
    Number,
    Quotient,
    Substitution,
    Term,
    Unreadable,
    inside,
    written,
)
from autograd.marking.terms import Evaluator
from autograd.marking.verdict import Verdict
from autograd.op import DomainError
from autograd.value import Value

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

    def __init__(self, known: Known, rate: float | None, trained: Sequence[str]) -> None:
        self.known = known
        self.board = board = known.board
        self.evaluator = Evaluator(rate, trained)
        self.here = Point(board)
        self.own = Own(self.here, self.evaluator)
        self.precision = Precision([board.names[v] for v in board.leaves if v in board.names])
        self.interpreter = Interpreter(
            self.known, self.evaluator, self.here, self.own, self.precision
        )
        self.explainer = Explainer(self.known, self.evaluator, RATES if rate is None else (rate,))
        self.repairs = Repairs(self.explainer)
        self.runs: dict[Term, float] = {}
        self._data_points: dict[frozenset[Value], list[Point]] = {}

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

    def data_points(self, subject: Term, side: Term) -> list[Point]:
        """Return points where the given data are what they are; a 0 moves where it is named, or
        where the subject is a derivative by it.
        """
        if not self.data:
            return []
        labels = {name.label for name in inside(side, Name)}
        labels |= {quotient.by for quotient in inside(subject, Quotient)}
        named = frozenset(v for v in self.data.zeros if self.board.names[v] in labels)
        if named not in self._data_points:
            self._data_points[named] = self.data.points(named)
        return self._data_points[named]

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
            verdict = self.precision.agreement(number, symbol, self.run(symbol))
            if verdict:
                return verdict
        return self.stands_by_own(symbol, number) if self.own.numbers else None

    def stands_by_own(self, symbol: Term, number: Number) -> Verdict | None:
        """Return how well a number stands for what the writer said that its symbol is."""
        entry = self.own.numbers.get(written(symbol))
        if entry and isinstance(entry.term, Number) and entry.term.value == number.value:
            return _following([entry])
        if not isinstance(symbol, Call):
            return None
        with suppress(DomainError):
            numbers, entries = self.own.put_in(symbol)
            value = self.evaluator.value(symbol, self.here, numbers) if numbers else math.nan
            if self.precision.agreement(number, symbol, value):
                return _following(entries)
        return None

    def stands_typed(self, symbol: Term, number: Number) -> Verdict | None:
        """The same where the symbol is arithmetic that the writer typed before."""
        with suppress(DomainError):
            verdict = self.precision.agreement(number, symbol, self.value(symbol))
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
        """Whether they are equal near by; across the kinks too that are typed, or where what is 0
        on this side alone stands in the formula.
        """
        if not self.evaluator.agree(subject, side, self.points, instead):
            return False
        if has_kink(side):
            across = self.crossings.across(side, self.far, instead)
            beyond = self.crossings.beyond(side, self.far, instead)
            if not self.evaluator.agree(subject, side, [*across, *beyond], instead):
                return False
        if self.crossings.refutes(subject, side, instead):
            return False
        return not self.hides(subject, side, instead or {})

    def hides(self, subject: Term, side: Term, instead: Substitution) -> bool:
        """Whether a factor of 0 is typed, and what stands beside it would not be so on the other
        side of a kink, whatever that is 0 on this side it stands for.
        """
        zeros = [place for place in factors_of_0(side) if place not in instead]
        if not zeros or not self.crossings.kinked:
            return False
        told = self.telling_readings(subject, side, instead, zeros)
        return bool(told) and all(self.crossings.refutes(subject, side, read) for read in told)

    def telling_readings(
        self, subject: Term, side: Term, instead: Substitution, zeros: Sequence[Term]
    ) -> list[Substitution]:
        """Return what zeros may be read as, where that is not 0 on the other side of a kink."""
        readings = [
            {**instead, **dict.fromkeys(zeros, symbol)} for symbol in self.symbols_of_0(subject)
        ]
        return [read for read in readings if any(self.crossings.lively(side, read))]

    def symbols_of_0(self, subject: Term) -> list[Term]:
        """Return what a 0 may stand for in a formula of a subject."""
        found = [symbol for symbol, value in self.interpreter.values(subject) if value == 0.0]
        symbols = [symbol for symbol in found if isinstance(symbol, (Name, Quotient))]
        return [*symbols, *self.crossings.slopes_of_0()]

    def holds(self, subject: Term, side: Term) -> bool:
        """Whether a formula is right as it is read, if only for what the given data are."""
        with suppress(Unreadable):
            if self.agrees(subject, side):
                return True
            points = self.data_points(subject, side)
            return len(points) >= 3 and self.evaluator.agree(subject, side, points)
        return False

    def wrong_line(self, read: Interpretation) -> int | None:
        """Return the line of the first wrong number of the writer's own that a reading rests on;
        None where there is none, or a silly one.
        """
        found: list[Entry] = []
        for symbol in read.instead.values():
            entry = self.own.numbers.get(written(symbol))
            found += self.own.behind(symbol) if entry is None else [entry]
        return credited(found)

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
        self, subject: Term, fits: Callable[[float], Verdict | None], typed: float, sharp: bool
    ) -> list[Found]:
        """Return the slips that fit what is written: if any fits exactly, only those; of several
        factors the nearest.

        Some are far-fetched here, as STANDS FOR, for nobody wrote that number: they take digits
        that are `sharp`.
        """
        found = _with_one_factor(self.fitting(subject, fits, sharp), typed)
        exact = [slip for number, slip in found if fits(number) is Verdict.EXACT]
        return exact or [slip for _, slip in found if sharp or slip.verdict not in FAR_FETCHED]

    def fitting(
        self, subject: Term, fits: Callable[[float], Verdict | None], sharp: bool
    ) -> list[tuple[float, Found]]:
        """Return each slip whose number fits; where none does, of late updates too."""
        found = self.explainer.fitting(subject, self.here, fits)
        return self.explainer.late(subject, self.here, fits) if sharp and not found else found


def _with_one_factor(found: list[tuple[float, Found]], typed: float) -> list[tuple[float, Found]]:
    """Return the slips without the factors that explain a number less well than another does."""
    factors = {verdict for verdict, _ in FACTORS}
    rows = [(abs(number - typed), slip.verdict) for number, slip in found]
    others = factors - {min((row for row in rows if row[1] in factors), default=(0.0, None))[1]}
    return [row for row in found if row[1].verdict not in others]


def factors_of_0(term: Term) -> list[Number]:
    """Return the zeros that are typed as factors."""
    factors = [factor for product in products_in(term) for factor in product.args]
    return [factor for factor in factors if isinstance(factor, Number) and factor.value == 0.0]


def products_in(term: Term) -> list[Call]:
    """Return the products that are typed in a term."""
    return [call for call in inside(term, Call) if call.op is ops.mul]


def has_kink(term: Term) -> bool:
    """Whether an operation with a kink is typed in it."""
    return any(call.op in KINKED for call in inside(term, Call))


def _following(entries: Sequence[Entry]) -> Verdict:
    """Return what follows from these: from rounded numbers, or from a wrong line among them."""
    return Verdict.FOLLOWS_ROUNDED if all(e.right for e in entries) else Verdict.FOLLOWS
