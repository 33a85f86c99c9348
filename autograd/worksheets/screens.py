"""Which numbers will do for a worksheet: nothing is saturated, and every slip can be seen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from math import inf, isclose, isfinite
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from autograd import ops
from autograd.digits import last_place
from autograd.marking.bench import has_kink
from autograd.marking.board import ACTIVATIONS, KINKED
from autograd.marking.known import Known
from autograd.marking.points import Point, difference
from autograd.marking.slips import FACTORS, Facts, mutations
from autograd.marking.syntax import Call, Term, copied, number, size, written
from autograd.marking.terms import Evaluator
from autograd.marking.verdict import Verdict
from autograd.notation import Notation
from autograd.value import Value
from autograd.worksheets.shared import SharedTerms
from autograd.worksheets.variants import Fault

if TYPE_CHECKING:
    from autograd.record import Node

FLATTEST = 0.05  # the least slope of an activation
APART = 2.0  # units of the last digit: so far apart, what is rounded and what is cut differ too
_SAME = 12  # digits in which two slips that are one do not differ
_NEAREST = 0.05  # the least distance from a kink
_LEAST = 0.1  # what is left of the larger of two numbers, at least, where one is taken from another
_SHORT = 15  # places of a formula in which slips are told from each other too
_LONGEST = 400  # places of a formula in which slips are made


def saturated(here: Point) -> Iterator[Fault]:
    """Yield which activations are saturated, or near their kink, and which errors are small."""
    for k, v in enumerate(here.board.nodes):
        numbers = here.arguments(v)
        name = v.label or v.op.name
        if v.op in KINKED:
            if abs(difference(numbers)) < _NEAREST:
                yield k, f"{name} is taken near its kink"
        elif _is_cancelling(v, numbers):
            yield k, f"{' and '.join(map(_called, v.args))} are nearly alike"
        elif v.op in ACTIVATIONS and abs(v.op.partials[0](*numbers, here.data[v])) < FLATTEST:
            yield k, f"{name} is saturated"


def _is_cancelling(v: Node, numbers: Sequence[float]) -> bool:
    """Whether a Value is taken from another one that is nearly as large, as an output is from its
    target: few digits are left of an error then.
    """
    left, right = v.args[0], v.args[-1]
    if v.op is not ops.sub or left is right:
        return False
    is_of_values = isinstance(left, Value) and isinstance(right, Value)
    return is_of_values and abs(difference(numbers)) < _LEAST * max(map(abs, numbers))


def _called(x: Value | float) -> str:
    """Return what an argument is called: its label, else its operation."""
    if not isinstance(x, Value):
        return f"{x:g}"
    return x.label or (x.op.name if x.op else "a leaf")


class Made(NamedTuple):
    """A slip: in one place of a formula something else."""

    verdict: Verdict
    place: Term
    other: Term


class Slip(NamedTuple):
    """A slip in the formula of what is asked for.

    margin   how near to the truth it came in the samples, in what it has to be apart
    alone    whether in one of them it prints otherwise than those before it
    """

    subject: str
    term: Term
    made: Made
    margin: float
    alone: bool


class Placed(NamedTuple):
    """A slip, and where in the terms what comes of it is."""

    slip: Slip
    at: int


class Hidden(NamedTuple):
    """Looks whether slips in one formula cannot be told from the truth, which is at a place too."""

    true: int
    slips: list[Placed]

    @property
    def stop(self) -> int:
        """How much of the terms it needs."""
        return max(self.true, *(at for _, at in self.slips)) + 1

    def fault(self, values: Sequence[float], notation: Notation) -> Fault | None:
        true = values[self.true]
        limit = _limit(true, notation.digits)
        for slip, at in self.slips:
            if abs(values[at] - true) < limit:
                share = _apart(values[at], true, notation.digits)
                if share < 1:
                    return (
                        share,
                        f"{slip.made.verdict} prints as the truth, in {written(slip.term)}",
                    )
        return None


class Alike(NamedTuple):
    """Looks whether two slips in a short formula print alike."""

    slips: list[Placed]

    @property
    def stop(self) -> int:
        """How much of the terms it needs."""
        return max(at for _, at in self.slips) + 1

    def fault(self, values: Sequence[float], notation: Notation) -> Fault | None:
        found = [(values[at], slip.made.verdict) for slip, at in self.slips]
        defined = sorted(pair for pair in found if isfinite(pair[0]))
        unit = 10.0 ** (1 - notation.digits)
        for (x, verdict), (y, other) in pairwise(defined):
            near = y - x <= unit * max(y, -x)
            if near and verdict != other and notation.number(x) == notation.number(y):
                return 0.0, f"{verdict} prints as {other}, in {written(self.slips[0].slip.term)}"
        return None


class SlipScreen:
    """Every slip of the table, made in every formula that a sheet asks for.

    What comes of it must be told from the truth; and in a short formula print otherwise than
    another row's slip there, but where it has a kink: whichever loser of a maximum is another one,
    the maximum is the same. What is no slip in this record is left aside: what cannot be seen in
    any of the samples, gives what another slip does in all of them, or the truth itself in one.

    samples    the record at numbers of several students
    subjects   the names and quotients that are asked for
    notation   the digits that are asked for
    rate       the learning rate of a step, None where there is none
    """

    def __init__(
        self,
        samples: Sequence[Point],
        subjects: Iterable[Term],
        notation: Notation,
        rate: float | None,
    ) -> None:
        self.notation = notation
        board = samples[0].board
        leaves = [name for v, name in board.names.items() if v.op is None]
        self._evaluator = Evaluator(rate, leaves)
        facts = Facts(Known(board))
        self.slips: list[Slip] = []
        for subject in subjects:
            term = facts.known.of(subject)
            if term is not None and size(term) <= _LONGEST:
                self.slips += self._told_apart(written(subject), term, facts, samples)
        self.slips.sort(key=_when)
        self._terms = SharedTerms()
        self._true: dict[str, int] = {}
        placed = list(self._placed())
        groups: dict[tuple[float, str], list[Placed]] = {}
        for each in placed:
            key = min(1.0, each.slip.margin), each.slip.subject
            groups.setdefault(key, []).append(each)
        self._hidden = [Hidden(self._true[name], slips) for (_, name), slips in groups.items()]
        checks: list[Hidden | Alike] = [*self._hidden, *_alike(placed)]
        self._checks = sorted(((check.stop, check) for check in checks), key=itemgetter(0))

    def _placed(self) -> Iterator[Placed]:
        """Add the slips to the terms."""
        formulas: dict[str, dict[Term, int]] = {}
        for slip in self.slips:
            if slip.subject not in formulas:
                formulas[slip.subject] = self._terms.places_of(slip.term)
                self._true[slip.subject] = formulas[slip.subject][slip.term]
            places = formulas[slip.subject]
            yield Placed(slip, self._terms.changed(places, slip.made.place, slip.made.other))

    def faults(self, here: Point) -> Iterator[Fault]:
        """Yield which slips cannot be seen at these numbers."""
        values: list[float] = []
        for k, (stop, check) in enumerate(self._checks):
            if stop > len(values):
                self._terms.run(values, stop, here, self._evaluator)
            fault = check.fault(values, self.notation)
            if fault is not None:
                share, reason = fault
                yield k + share, reason

    def nearest(self, here: Point) -> dict[str, float]:
        """Return how far the nearest slip is from the truth, by what is asked for."""
        values = self._values(self._terms, here)
        found: dict[str, float] = {}
        for true, slips in self._hidden:
            for slip, at in slips:
                off = abs(values[at] - values[true])
                if off < found.get(slip.subject, inf):
                    found[slip.subject] = off
        return found

    @property
    def count(self) -> int:
        """How many slips are told from the truth."""
        return len(self.slips)

    def _told_apart(
        self, subject: str, term: Term, facts: Facts, samples: Iterable[Point]
    ) -> Iterator[Slip]:
        """Yield the slips that are ones in this record."""
        digits = self.notation.digits
        terms = SharedTerms()
        places = terms.places_of(term)
        found = [(made, terms.changed(places, *made[1:])) for made in _slips(term, facts)]
        rows = [self._values(terms, here) for here in samples]
        true = [values[places[term]] for values in rows]
        seen: set[tuple[str, ...]] = set()
        for made, at in found:
            numbers = [values[at] for values in rows]
            margin = _margin(numbers, true, digits)
            printed, exact = (tuple(f"{x + 0.0:.{n}g}" for x in numbers) for n in (digits, _SAME))
            if margin is not None and exact not in seen:
                yield Slip(subject, term, made, margin, printed not in seen)
                seen |= {printed, exact}

    def _values(self, terms: SharedTerms, here: Point) -> list[float]:
        values: list[float] = []
        terms.run(values, len(terms.steps), here, self._evaluator)
        return values


def _alike(placed: Iterable[Placed]) -> list[Alike]:
    """Return what looks at the slips of short formulas together."""
    short: dict[str, list[Placed]] = {}
    for each in placed:
        slip = each.slip
        if slip.alone and size(slip.term) <= _SHORT and not has_kink(slip.term):
            short.setdefault(slip.subject, []).append(each)
    return [Alike(slips) for slips in short.values()]


def _margin(numbers: Iterable[float], true: Iterable[float], digits: int) -> float | None:
    """Return how near a slip comes to the truth; None where it is no slip."""
    pairs = zip(numbers, true, strict=True)
    shares = [_apart(x, truth, digits) for x, truth in pairs if isfinite(x)]
    if not shares or 0.0 in shares or max(shares) < 1:
        return None
    return min(shares)


def _when(slip: Slip) -> tuple[int, float]:
    """Return when a slip is looked at: first what is likely hidden, then what is quick."""
    if slip.margin < 1:
        return 0, slip.margin
    return 1, float(size(slip.term))


def _apart(x: float, true: float, digits: int) -> float:
    """Return how far two numbers are apart, in what they have to be: 0.0 where they are one."""
    off = abs(x - true)
    if not off < _limit(true, digits):
        return inf
    if isclose(x, true, rel_tol=1e-12):
        return 0.0
    return off / (APART * last_place(true, digits))


def _limit(true: float, digits: int) -> float:
    """Return what a number is far enough from the truth at: no less than units of its digits."""
    return APART * abs(true) * 10.0 ** (1 - digits)


def _slips(term: Term, facts: Facts) -> Iterator[Made]:
    """Yield each slip that can be made in a formula."""
    for verdict, factor in FACTORS:
        yield Made(verdict, term, Call(ops.mul, (number(factor), copied(term))))
    for slip in mutations(term, facts):
        yield Made(slip.verdict, slip.place, copied(slip.other))
