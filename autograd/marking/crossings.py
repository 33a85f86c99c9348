"""The other sides of the kinks: points where units that are off here are on, and the reverse."""

from __future__ import annotations

import math
import random
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from autograd import ops
from autograd.marking.board import KINKED, Board
from autograd.marking.known import Known
from autograd.marking.points import Point, branch, defined, difference, sharp
from autograd.marking.syntax import (
    Call,
    Name,
    Quotient,
    Substitution,
    Term,
    Unreadable,
    inside,
    walk,
    written,
)
from autograd.marking.terms import Evaluator
from autograd.op import DomainError, Op
from autograd.value import Value

if TYPE_CHECKING:
    from autograd.record import Node

CHOOSING = (ops.maximum, ops.minimum)
EFFORT = 20_000  # nodes that are computed on the way to other sides, in one of eight steps
MOST = 24  # points at which a formula is tried
SHORT = 30  # characters of what a condition names


class Crossing(NamedTuple):
    """A point, and the nodes that are on another side of their kink there."""

    crossed: tuple[Node, ...]
    point: Point


class Crossings:
    """What formulas are on the other sides of the kinks of a record.

    near   points on this side
    """

    def __init__(self, known: Known, evaluator: Evaluator, near: Sequence[Point]) -> None:
        self.known = known
        self.board = known.board
        self.evaluator = evaluator
        self.near = near

    @cached_property
    def kinked(self) -> list[Node]:
        return [v for v in self.board.nodes if v.op in KINKED]

    def slopes_of_0(self) -> list[Quotient]:
        """Return the derivatives of named units that are 0 on this side."""
        names, point = self.board.names, self.near[0]
        edges = [(v, tail) for v in self.kinked if v in names for tail in self.board.tails[v]]
        return [Quotient(names[v], names[x]) for v, x in edges[:MOST] if not point.edge(v, x)]

    @cached_property
    def all(self) -> list[Crossing]:
        """The points on other sides, those where few kinks are crossed first."""
        here = branch(self.near[0])
        found: dict[tuple[Node, ...], list[Point]] = {}
        for point in sharp(defined(self.board, _walks(self.board))) if self.kinked else ():
            crossed = self._crossed(here, branch(point))
            points = found.setdefault(crossed, [])
            if crossed and len(points) < 2:
                points.append(point)
        crossings = [Crossing(crossed, point) for crossed in found for point in found[crossed]]
        return sorted(crossings, key=lambda crossing: len(crossing.crossed))

    def _crossed(self, here: Sequence[float], there: Sequence[float]) -> tuple[Node, ...]:
        """Return the nodes whose kinks lie between two points, of which these are the branches."""
        sides = zip(self.kinked, here, there, strict=True)
        return tuple(v for v, side, other in sides if side != other)

    def lively(self, side: Term, instead: Substitution | None = None) -> Iterator[list[Point]]:
        """Yield, for each symbol in a formula that a unit makes 0 on this side, points where it is
        not.
        """
        if not self.kinked:
            return
        for symbol in _symbols([side, *(instead or {}).values()]):
            points = self._brought_to_life(symbol)
            if points:
                yield points[:MOST]

    def _brought_to_life(self, symbol: Term) -> list[Point]:
        """Return the points on other sides where a symbol is not 0 that is 0 on this one."""
        if any(self._value(symbol, point) for point in self.near):
            return []
        return [at.point for at in self.all if self._value(symbol, at.point)]

    def refutes(self, subject: Term, side: Term, instead: Substitution | None = None) -> bool:
        """Whether a formula that holds on this side is not so wherever what is 0 here is not.

        It is not refuted where there are no such points, or both are 0 at them too.
        """
        return bool(self.telling(subject, side, instead))

    def telling(
        self, subject: Term, side: Term, instead: Substitution | None = None
    ) -> list[Point]:
        """Return the points that refute a formula."""
        for points in self.lively(side, instead):
            told = [point for point in points if self._tells(subject, side, point, instead)]
            agree = (self.evaluator.agree(subject, side, [point], instead) for point in told)
            if told and not any(agree):
                return told[:3]
        return []

    def _tells(self, subject: Term, side: Term, point: Point, instead: Substitution | None) -> bool:
        values = self._value(subject, point), self._value(side, point, instead)
        return not any(map(math.isnan, values)) and any(values)

    def _value(self, term: Term, point: Point, instead: Substitution | None = None) -> float:
        """Return the value, NaN where there is none."""
        with suppress(DomainError, Unreadable):
            return self.evaluator.value(term, point, instead)
        return math.nan

    def across(
        self, side: Term, points: Iterable[Point], instead: Substitution | None = None
    ) -> list[Point]:
        """Return which of these points, and of those on other sides, lie across no kink but those
        that are typed in a formula; all of them, where it has a kink that the record has not.

        A maximum stays what it is here: which argument is chosen is told beside its derivative,
        unless a condition is typed that says so.
        """
        points = [*points, *(at.point for at in self.all)]
        crossed = self._crossed_by(side, instead)
        return (points if crossed is None else self._crossing(points, crossed))[:MOST]

    def beyond(
        self, side: Term, points: Iterable[Point], instead: Substitution | None = None
    ) -> list[Point]:
        """Return points where a condition that is typed is not what it is here, or where kinks of
        what it is about are crossed: z > 0 says what a formula is for all z.
        """
        points = [*points, *(at.point for at in self.all)]
        found: list[Point] = []
        for condition in _calls_of(side, (ops.step,)):
            found += self._turned(condition, points)[:MOST]
            found += self._crossing(points, self._about(condition, instead))[:MOST]
        return found

    def _about(self, condition: Call, instead: Substitution | None) -> set[Node]:
        """Return the nodes whose kinks lie where what a condition is about has some number."""
        typed = [self._difference(condition, point, instead) for point in self.near]
        return {v for v, own in self._differences.items() if _is_moved(own, typed)}

    def _crossing(self, points: Sequence[Point], crossed: Collection[Node]) -> list[Point]:
        """Return the points that lie across no kinks but some."""
        kept = [k for k, v in enumerate(self.kinked) if v not in crossed]
        return self._on_this_side(points, kept)

    def _turned(self, condition: Term, points: Iterable[Point]) -> list[Point]:
        """Return the points at which a condition is not what it is here."""
        here = self._value(condition, self.near[0])
        return [point for point in points if self._value(condition, point) != here]

    def _crossed_by(self, side: Term, instead: Substitution | None) -> set[Node] | None:
        """Return the nodes across whose kinks a formula says what it is; None where it has a kink
        that the record has not.
        """
        typed = self._typed_in(_calls_of(side, KINKED), instead)
        told = self._typed_in(_calls_of(side, (ops.step,)), instead)
        if typed is None or told is None:
            return None
        return {v for v in typed if v.op not in CHOOSING} | told

    def _on_this_side(self, points: Sequence[Point], kinks: Sequence[int]) -> list[Point]:
        """Return the points that lie on this side of some of the kinks."""
        here = branch(self.near[0])
        return [
            point
            for point, other in zip(points, map(branch, points), strict=True)
            if all(here[k] == other[k] for k in kinks)
        ]

    def _typed_in(
        self, calls: Iterable[Call], instead: Substitution | None = None
    ) -> set[Node] | None:
        """Return the nodes that have their kink where an operation that is typed has its own;
        None where one has it elsewhere.
        """
        own = self._differences
        found = set()
        for call in calls:
            typed = [self._difference(call, point, instead) for point in self.near]
            same = _with_differences(own, typed)
            if not same:
                return None
            found |= same
        return found

    @cached_property
    def _differences(self) -> dict[Node, list[float]]:
        """What is 0 at the kink of each node, at the points on this side."""
        return {v: [difference(point.arguments(v)) for point in self.near] for v in self.kinked}

    def has_condition_of_its_own(self, side: Term) -> bool:
        """Whether a condition is typed that the record does not go by."""
        return self._typed_in(_calls_of(side, (ops.step,))) is None

    def _difference(self, place: Call, point: Point, instead: Substitution | None) -> float:
        return difference([self._value(arg, point, instead) for arg in place.args])

    def condition(self, subject: Term, side: Term, instead: Substitution | None = None) -> str:
        """Return on which side of a kink alone a formula holds, as "z < 0"; "" where on all."""
        for crossed, point in self.all[:MOST]:
            if not self._tells(subject, side, point, instead):
                continue
            if not self.evaluator.agree(subject, side, [point], instead):
                return " and ".join(dict.fromkeys(map(self._side, crossed[:2])))
        return ""

    def at_kink(self, subject: Term) -> str:
        """Return at which kink a derivative is taken, as "z = 0"; "" where at none."""
        if not (isinstance(subject, Quotient) and self.known.is_named(subject)):
            return ""
        values = self.board.values
        above = {values[subject.of], *self.board.nodes_of(values[subject.of], frozenset())}
        below = {*self.board.dependents([values[subject.by]])}
        sides = zip(self.kinked, branch(self.near[0]), strict=True)
        return next((self._side(v) for v, x in sides if x == 0.0 and v in above and v in below), "")

    def one_sided(self, subject: Term) -> list[float]:
        """Return what a derivative is very near by, on all sides of the kinks that are met here."""
        rng = random.Random(6)
        choices = [_close_by(self.board, rng) for _ in range(16)]
        values = [self._value(subject, point) for point in defined(self.board, choices)]
        return [value for value in values if not math.isnan(value)]

    def _side(self, v: Node) -> str:
        """Return on which side of its kink a node is here, in names."""
        sign = branch(self.near[0])[self.kinked.index(v)]
        ends = [self.known.argument(v, k) for k in range(len(v.args))]
        told = [written(end) if end else "" for end in ends] + ["0"]
        if not all(told) or len("".join(told)) > SHORT:
            name = self.board.names.get(v)
            return f"{name} is on this side of its kink" if name else "on this side of the kink"
        return f"{told[0]} {_relation(sign)} {told[1]}"


def _calls_of(side: Term, operations: Collection[Op]) -> list[Call]:
    """Return where some operations are typed in a formula."""
    return [call for call in inside(side, Call) if call.op in operations]


def _relation(sign: float) -> str:
    """Return how a number of this sign stands to 0."""
    if sign < 0:
        return "<"
    return ">" if sign > 0 else "="


def _close_by(board: Board, rng: random.Random) -> dict[Value, float]:
    """Return numbers of the named leaves, each on one side of its own, and very near it."""
    return {
        v: board.data[v] + 1e-7 * rng.choice((-1, 1)) * rng.uniform(0.5, 1.0)
        for v in board.leaves
        if v in board.names
    }


def _with_differences(own: Mapping[Node, list[float]], typed: list[float]) -> set[Node]:
    """Return the nodes whose arguments differ by as much at each point."""
    return {v for v in own if _is_same(own[v], typed)}


def _symbols(terms: Iterable[Term]) -> list[Term]:
    """Return the names, the derivatives and the operations with a kink in some terms, each once."""
    places = [place for term in terms for place in walk(term) if _is_symbol(place)]
    return list({written(place): place for place in places}.values())


def _is_symbol(place: Term) -> bool:
    """Whether it is a name, a derivative, or an operation that has a kink."""
    kinked = isinstance(place, Call) and place.op in KINKED
    return kinked or isinstance(place, (Name, Quotient))


def _is_same(x: Sequence[float], y: Sequence[float]) -> bool:
    """Whether two differences have their 0 in the same places: one is a multiple of the other."""
    times = x[0] / y[0] if y[0] else 0.0
    pairs = zip(x, y, strict=True)
    return times != 0.0 and all(math.isclose(a, times * b, rel_tol=1e-9) for a, b in pairs)


def _is_moved(x: Sequence[float], y: Sequence[float]) -> bool:
    """Whether two differences, or one and the other with its sign turned, differ by a constant."""
    pairs = list(zip(x, y, strict=True))
    by = [[a - b for a, b in pairs], [a + b for a, b in pairs]]
    return any(math.isclose(min(moved), max(moved), rel_tol=1e-9, abs_tol=1e-12) for moved in by)


def _walks(board: Board) -> Iterator[dict[Value, float]]:
    """Yield the numbers of the leaves on straight ways to far points."""
    rng = random.Random(4)
    leaves = [v for v in board.leaves if v in board.names]
    for _ in range(max(1, min(12, EFFORT // max(1, len(board.nodes))))):
        aims = [rng.uniform(-3, 3) for _ in leaves]
        for step in range(1, 9):
            pairs = zip(leaves, aims, strict=True)
            yield {v: board.data[v] + (aim - board.data[v]) * step / 8 for v, aim in pairs}
