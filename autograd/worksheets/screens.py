"""Which numbers will do for a worksheet: nothing is saturated, and every slip can be seen."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from math import inf, isclose, isfinite, isnan
from operator import attrgetter, sub
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from autograd import ops
from autograd.digits import last_place
from autograd.marking.bench import has_kink
from autograd.marking.board import ACTIVATIONS, KINKED, Board
from autograd.marking.known import Known
from autograd.marking.points import Point, branch
from autograd.marking.slips import FACTORS, Facts, mutations
from autograd.marking.syntax import Call, Term, copied, number, size, written
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
_BLOCK = 60  # steps of the terms that are run together
_LONGEST = 400  # places of a formula in which slips are made


class Undefined(NamedTuple):
    """Looks whether the record is not defined."""

    nodes: dict[str, int]

    @property
    def stop(self) -> int:
        """How much of the terms it needs."""
        return max(self.nodes.values()) + 1

    def fault(self, values: Sequence[float], notation: Notation) -> Fault | None:
        for name, at in self.nodes.items():
            if isnan(values[at]):
                return 0.0, f"{name} is not defined"
        return None


class OtherSide(NamedTuple):
    """Looks whether an operation is on the other side of its kink."""

    at: int
    side: float

    @property
    def stop(self) -> int:
        """How much of the terms it needs."""
        return self.at + 1

    def fault(self, values: Sequence[float], notation: Notation) -> Fault | None:
        if ops.sign(values[self.at]) == self.side:
            return None
        return 0.0, "an operation is on the other side of its kink"


class Small(NamedTuple):
    """Looks whether a number is too near to 0, which a sentence says.

    least    what it is at least, of the largest of those `beside` it where there are any
    """

    at: int
    least: float
    reason: str
    beside: Sequence[int] = ()

    @property
    def stop(self) -> int:
        """How much of the terms it needs."""
        return max(self.at, *self.beside) + 1 if self.beside else self.at + 1

    def fault(self, values: Sequence[float], notation: Notation) -> Fault | None:
        least = self.least
        if self.beside:
            least *= max(abs(values[at]) for at in self.beside)
        return (0.0, self.reason) if abs(values[self.at]) < least else None


def _is_difference(v: Node) -> bool:
    """Whether a Value is taken from another one, as an output is from its target."""
    left, right = v.args[0], v.args[-1]
    is_of_values = isinstance(left, Value) and isinstance(right, Value)
    return v.op is ops.sub and left is not right and is_of_values


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
            if -limit < values[at] - true < limit:
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
        unit = 10.0 ** (1 - notation.digits)
        defined = sorted(filter(isfinite, [values[at] for _, at in self.slips]))
        for x, y in pairwise(defined):
            if y - x <= unit * (y if y > 0.0 else -x) and (
                x == y or notation.number(x) == notation.number(y)
            ):
                made = {slip.made.verdict for slip, at in self.slips if values[at] in (x, y)}
                if len(made) > 1:
                    both = " prints as ".join(sorted(made)[:2])
                    return 0.0, f"{both}, in {written(self.slips[0].slip.term)}"
        return None


Check: TypeAlias = Undefined | OtherSide | Small | Hidden | Alike


class Screens:
    """What numbers are held to, in this order: the record is defined there, each operation is on
    the side of its kink that it was recorded on; and, once there are samples, far from it, nothing
    is saturated, no error is small, and every slip of the table, made in every formula that a sheet
    asks for, is seen.

    What comes of a slip must be told from the truth; and in a short formula print otherwise than
    another row's slip there, but where it has a kink: whichever loser of a maximum is another one,
    the maximum is the same. What is no slip in this record is left aside: what cannot be seen in
    any of the samples, gives what another slip does in all of them, or the truth itself in one.

    board      of the record
    notation   the digits that are asked for
    rate       the learning rate of a step, None where there is none
    """

    def __init__(self, board: Board, notation: Notation, rate: float | None) -> None:
        self.notation = notation
        self.slips: list[Slip] = []
        self._board = board
        self._terms = SharedTerms(board, rate)
        self._true: dict[str, int] = {}
        self._hidden: list[Hidden] = []
        self._checks: list[tuple[int, Check]] = []
        self._ends: dict[int, int] = {}  # how far the terms are run where so many are needed
        at = self._terms.at
        self._look([Undefined({v.label or f"{v.op.name} {at[v]}": at[v] for v in board.nodes})])
        kinked = [v for v in board.nodes if v.op in KINKED]
        sides = zip(kinked, branch(Point(board)), strict=True)
        self._look(OtherSide(self._kink(v), side) for v, side in sides)

    def _look(self, checks: Iterable[Check]) -> None:
        self._checks += [(check.stop, check) for check in checks]
        stops = sorted({stop for stop, _ in self._checks})
        self._ends = {stop: stops[bisect_right(stops, stop + _BLOCK) - 1] for stop in stops}

    def _kink(self, v: Node) -> int:
        """Add what is 0 at the kink of an operation; return its place."""
        args = self._terms.arguments(v)
        return self._terms.step(sub, *args) if len(args) > 1 else args[0]

    def sample(self, samples: Sequence[Sequence[float]], subjects: Iterable[Term]) -> None:
        """Hold numbers to all of it.

        samples    the numbers of the leaves of several students
        subjects   the names and quotients that are asked for
        """
        self._look(self._flat())
        facts = Facts(Known(self._board))
        for subject in subjects:
            term = facts.known.of(subject)
            if term is not None and size(term) <= _LONGEST:
                self.slips += self._told_apart(written(subject), term, facts, samples)
        self.slips.sort(key=_when)
        placed = list(self._placed())
        groups: dict[tuple[float, str], list[Placed]] = {}
        for each in placed:
            key = min(1.0, each.slip.margin), each.slip.subject
            groups.setdefault(key, []).append(each)
        self._hidden = [Hidden(self._true[name], slips) for (_, name), slips in groups.items()]
        checks: list[Check] = [*self._hidden, *_alike(placed)]
        self._look(sorted(checks, key=attrgetter("stop")))

    def _flat(self) -> Iterator[Small]:
        """Yield what looks whether activations are saturated, or near their kink, and errors small.

        Few digits are left of an error where an output is nearly its target.
        """
        for v in self._board.nodes:
            name = v.label or v.op.name
            if v.op in KINKED:
                yield Small(self._kink(v), _NEAREST, f"{name} is taken near its kink")
            elif _is_difference(v):
                both = " and ".join(map(_called, v.args))
                args = self._terms.arguments(v)
                yield Small(self._terms.at[v], _LEAST, f"{both} are nearly alike", args)
            elif v.op in ACTIVATIONS:
                yield Small(self._terms.slope(v, 0), FLATTEST, f"{name} is saturated")

    def _placed(self) -> Iterator[Placed]:
        """Add the slips to the terms."""
        formulas: dict[str, dict[Term, int]] = {}
        for slip in self.slips:
            if slip.subject not in formulas:
                formulas[slip.subject] = self._terms.places_of(slip.term)
                self._true[slip.subject] = formulas[slip.subject][slip.term]
            places = formulas[slip.subject]
            yield Placed(slip, self._terms.changed(places, slip.made.place, slip.made.other))

    def faults(self, numbers: Sequence[float]) -> Iterator[Fault]:
        """Yield what is wrong with these numbers of the leaves."""
        values = list(numbers)
        for k, (stop, check) in enumerate(self._checks):
            if stop > len(values):
                self._terms.run(values, self._ends[stop])
            fault = check.fault(values, self.notation)
            if fault is not None:
                share, reason = fault
                yield k + share, reason

    def nearest(self, numbers: Sequence[float]) -> dict[str, float]:
        """Return how far the nearest slip is from the truth, by what is asked for."""
        values = self._terms.values(numbers)
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
        self, subject: str, term: Term, facts: Facts, samples: Iterable[Sequence[float]]
    ) -> Iterator[Slip]:
        """Yield the slips that are ones in this record."""
        digits = self.notation.digits
        terms = SharedTerms(self._board, self._terms.rate)
        places = terms.places_of(term)
        found = [(made, terms.changed(places, *made[1:])) for made in _slips(term, facts)]
        rows = [terms.values(numbers) for numbers in samples]
        true = [values[places[term]] for values in rows]
        seen: set[tuple[str, ...]] = set()
        for made, at in found:
            numbers = [values[at] for values in rows]
            margin = _margin(numbers, true, digits)
            printed, exact = (tuple(f"{x + 0.0:.{n}g}" for x in numbers) for n in (digits, _SAME))
            if margin is not None and exact not in seen:
                yield Slip(subject, term, made, margin, printed not in seen)
                seen |= {printed, exact}


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
