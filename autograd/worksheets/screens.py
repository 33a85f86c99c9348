"""Which numbers will do for a worksheet: nothing is saturated, and every slip can be seen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from math import inf
from typing import NamedTuple

from autograd import ops
from autograd.marking.board import ACTIVATIONS, KINKED, Board
from autograd.marking.known import Known
from autograd.marking.points import Point, difference
from autograd.marking.slips import FACTORS, Facts, mutations
from autograd.marking.syntax import (
    Call,
    Substitution,
    Term,
    copied,
    number,
    size,
    written,
)
from autograd.marking.terms import Evaluator
from autograd.marking.verdict import Verdict
from autograd.notation import Notation
from autograd.op import DomainError
from autograd.value import Value

FLATTEST = 0.05  # the least slope of an activation
_NEAREST = 0.05  # the least distance from a kink
_SHORT = 15  # places of a formula in which slips are told from each other too
_LONGEST = 400  # places of a formula in which slips are made


def saturated(here: Point) -> str:
    """Return which activation is saturated, or near its kink; "" for none."""
    for v in here.board.nodes:
        numbers = here.arguments(v)
        name = v.label or v.op.name
        if v.op in KINKED:
            if abs(difference(numbers)) < _NEAREST:
                return f"{name} is taken near its kink"
        elif v.op in ACTIVATIONS and abs(v.op.partials[0](*numbers, here.data[v])) < FLATTEST:
            return f"{name} is saturated"
    return ""


class Made(NamedTuple):
    """A slip: in one place of a formula something else."""

    verdict: Verdict
    place: Term
    other: Term


class Formula(NamedTuple):
    """The formula of what is asked for, and the slips that can be made in it."""

    subject: Term
    term: Term
    slips: list[Made]
    is_short: bool


Result = tuple[Verdict, float]  # a slip, and the number that it gives


class SlipScreen:
    """Every slip of the table, made in every formula that a sheet asks for.

    What comes of it must print otherwise than the truth; and in a short formula otherwise than
    another row's slip there. What is no slip in this record, as a factor 1 left out, is left
    aside: it agrees with the truth, or with another slip, in all of the samples, to the digits
    that are asked for.

    samples    the record at numbers of several students
    subjects   the names and quotients that are asked for
    notation   the digits that are asked for
    rate       the learning rate of a step, None where there is none
    """

    def __init__(
        self,
        samples: Sequence[Value],
        subjects: Iterable[Term],
        notation: Notation,
        rate: float | None,
    ) -> None:
        self.notation = notation
        self.rate = rate
        boards = [Board(root) for root in samples]
        board = boards[0]
        facts = Facts(Known(board))
        points = [(self._evaluator(sample), Point(sample)) for sample in boards]
        self.formulas: list[Formula] = []
        for subject in subjects:
            term = facts.known.of(subject)
            if term is not None and size(term) <= _LONGEST:
                made = list(_told_apart(term, _slips(term, facts), points, notation.digits))
                self.formulas.append(Formula(subject, term, made, size(term) <= _SHORT))
        self.formulas.sort(key=lambda formula: size(formula.term))  # the quick ones first

    def __call__(self, here: Point) -> str:
        """Return which slip cannot be seen at these numbers; "" where every one can."""
        for formula, true, slips in self._results(here):
            seen: dict[str, str] = {self.notation.number(true): "the truth"}
            for verdict, value in slips:
                printed = self.notation.number(value)
                if seen.get(printed, verdict) != verdict:
                    return f"{verdict} prints as {seen[printed]}, in {written(formula.term)}"
                if formula.is_short:
                    seen[printed] = verdict
        return ""

    def nearest(self, here: Point) -> dict[str, float]:
        """Return how far the nearest slip is from the truth, by what is asked for."""
        return {
            written(formula.subject): min((abs(x - true) for _, x in slips), default=inf)
            for formula, true, slips in self._results(here)
        }

    def _results(self, here: Point) -> Iterator[tuple[Formula, float, Iterator[Result]]]:
        """Yield each formula, what it is, and what it is with each of its slips."""
        evaluator = self._evaluator(here.board)
        for formula in self.formulas:
            slips = _results(formula, evaluator, here)
            yield formula, evaluator.value(formula.term, here), slips

    def _evaluator(self, board: Board) -> Evaluator:
        leaves = [name for v, name in board.names.items() if v.op is None]
        return Evaluator(self.rate, leaves)

    @property
    def count(self) -> int:
        """How many slips are told from the truth."""
        return sum(len(formula.slips) for formula in self.formulas)


def _results(formula: Formula, evaluator: Evaluator, here: Point) -> Iterator[Result]:
    for verdict, place, other in formula.slips:
        with suppress(DomainError):
            yield verdict, evaluator.value(formula.term, here, {place: other})


def _slips(term: Term, facts: Facts) -> Iterator[Made]:
    """Yield each slip that can be made in a formula."""
    for verdict, factor in FACTORS:
        yield Made(verdict, term, Call(ops.mul, (number(factor), copied(term))))
    for slip in mutations(term, facts):
        yield Made(slip.verdict, slip.place, copied(slip.other))


def _told_apart(
    term: Term, slips: Iterable[Made], points: Sequence[tuple[Evaluator, Point]], digits: int
) -> Iterator[Made]:
    """Yield the slips that are not the truth, and not one before it, at all of the points."""

    def values(instead: Substitution) -> tuple[str, ...]:
        try:
            numbers = [evaluator.value(term, at, instead) for evaluator, at in points]
        except DomainError:
            return ()
        return tuple(f"{x + 0.0:.{digits}g}" for x in numbers)  # −0.0 + 0.0 is 0.0

    seen = {values({}), ()}
    for made in slips:
        found = values({made.place: made.other})
        if found not in seen:
            seen.add(found)
            yield made
