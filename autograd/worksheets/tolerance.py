"""What the numbers of a sheet truly are, and how far from them an answer may be."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from decimal import ROUND_UP, Context
from math import prod
from typing import NamedTuple, TypeAlias

from autograd.derivation import Derivation, Factor, Quotient, product
from autograd.deriving import derive
from autograd.digits import as_read, last_place, rounded
from autograd.graph import Graph
from autograd.marking.board import Board
from autograd.marking.points import Point
from autograd.notation import Notation
from autograd.op import DomainError
from autograd.value import Value
from autograd.worksheets.steps import Plan

Write: TypeAlias = Callable[[float], float]
_UPWARDS = Context(prec=3, rounding=ROUND_UP)


class Truth(NamedTuple):
    """A true number to 15 digits, and how far an answer may be from it."""

    value: float
    tolerance: float


class _Worker:
    """Who writes each number in one way, and goes on with what is written.

    here    the record at its own numbers
    nodes   the named ones, each after what it is computed from
    slope   how quotients are evaluated at a point
    write   returns a number as it is written
    """

    def __init__(
        self,
        here: Point,
        nodes: Iterable[Value],
        slope: Callable[[Sequence[Quotient]], Callable[[Point], float]],
        write: Write,
    ) -> None:
        self.write = write
        self._slope = slope
        values: dict[Value, float] = {}
        for v in nodes:
            values[v] = write(here.with_values(values).data[v])
        self.point = here.with_values(values)
        self._found: dict[tuple[Quotient, ...], float] = {}

    def factor(self, factor: Factor) -> float:
        if not factor.terms:
            return self.write(self._slope([factor.name])(self.point))
        return self.write(sum(map(self.derivation, factor.terms)))

    def derivation(self, derivation: Derivation) -> float:
        names = derivation.names
        if names not in self._found:
            self._found[names] = self.write(prod(map(self.factor, derivation.factors)))
        return self._found[names]

    def step(self, before: float, rate: float, derivation: Derivation) -> float:
        return self.write(before - rate * self.derivation(derivation))


class Truths:
    """The true number of each left side of a sheet, and its tolerance.

    graph      the record
    plan       what is asked
    notation   the digits that are asked for
    nearest    how far the nearest slip is from some of them

    of         the numbers, by left side
    names      by left side the factors that it is the product of

    Each number that a student writes down is less than one unit of its last digit off what it was
    computed from, whether it is rounded or cut; and the next one is computed from it. So a
    tolerance is the sum, over all numbers that are written down on the way, of what one unit of
    their last digit makes of the result: to first order the worst that any mix of rounding,
    cutting and carrying more digits can do. It ends one unit short of the nearest slip, whose
    result is rounded or cut too; but what who rounds all numbers, or cuts all, comes to is always
    allowed, and one unit of the number's own last digit.
    """

    def __init__(
        self, graph: Graph, plan: Plan, notation: Notation, nearest: Mapping[str, float]
    ) -> None:
        self.of: dict[str, Truth] = {}
        self.names: dict[str, list[Quotient]] = {}
        self._notation = notation
        self._nearest = nearest
        self._own: dict[str, float] = {}
        self._values = {name: v for v, name in graph.names.items()}
        self._here = Point(Board(graph.root))
        nodes = {v: name for v, name in graph.names.items() if v.op is not None}
        self._moved = [
            self._here.with_values({v: graph.data[v] + self._unit(graph.data[v])}) for v in nodes
        ]
        self._workers = [_Worker(self._here, nodes, self._slope, w) for w in self._ways()]
        for v, name in nodes.items():
            change = self._change(self._number(v))
            worked = [worker.point.data[v] for worker in self._workers]
            self._state(notation.name(name), graph.data[v], change, worked)
        for name in plan.names:
            self._name(graph, name, plan.rate)

    def _name(self, graph: Graph, name: str, rate: float | None) -> None:
        """State the derivation by a name, and what it is after a step."""
        derivation = derive(graph, self._values[name], self._notation)
        off = self._derivation(derivation) + self._change(self._slope(derivation.names))
        if rate is not None:
            before = graph.data[self._values[name]]
            after = before - rate * derivation.shown
            off = rate * off + self._unit(after)
            worked = [w.step(before, rate, derivation) for w in self._workers]
            self._state(self._notation.name(f"{name}⁺"), after, off, worked)

    def _ways(self) -> Iterator[Write]:
        """Yield how numbers are written: rounded, and cut."""
        digits = self._notation.digits
        yield lambda x: rounded(x, digits)
        yield lambda x: rounded(x, digits, "cut")

    def _unit(self, x: float) -> float:
        return last_place(x, self._notation.digits)

    def _state(self, title: str, value: float, off: float, worked: Iterable[float]) -> None:
        unit = self._unit(value)
        if title in self._nearest:
            off = min(off, self._nearest[title] - unit)
        off = max(unit, off, *(abs(x - value) for x in worked))
        tolerance = float(_UPWARDS.create_decimal(as_read(off)))
        self.of[title] = Truth(float(as_read(value)), tolerance)

    def _change(self, quantity: Callable[[Point], float]) -> float:
        """Return how much a quantity changes where each named node is one unit off."""
        true, total = quantity(self._here), 0.0
        for point in self._moved:
            with suppress(DomainError):
                total += abs(quantity(point) - true)
        return total

    def _number(self, v: Value) -> Callable[[Point], float]:
        return lambda point: point.data[v]

    def _slope(self, names: Sequence[Quotient]) -> Callable[[Point], float]:
        values = self._values
        ends = [(values[q.of], values[q.by], [values[h] for h in q.held]) for q in names]
        return lambda point: prod(point.derivative(*end) for end in ends)

    def _derivation(self, derivation: Derivation) -> float:
        """State a derivation and its factors; return how far off they put it, and its own digits.

        What the numbers of the forward pass do comes beside.
        """
        title = product(derivation.names, self._notation)
        factors = derivation.factors
        offs = [self._factor(factor) for factor in factors]
        self.names[title] = [factor.name for factor in factors]
        if title not in self._own:
            numbers = [factor.shown for factor in factors]
            off = self._unit(derivation.shown)
            for k, of_factor in enumerate(offs):
                off += of_factor * abs(prod(numbers[:k] + numbers[k + 1 :]))
            self._own[title] = off
            change = self._change(self._slope(derivation.names))
            worked = [worker.derivation(derivation) for worker in self._workers]
            self._state(title, derivation.shown, off + change, worked)
        return self._own[title]

    def _factor(self, factor: Factor) -> float:
        title = self._notation.derivative(*factor.name)
        if title not in self._own:
            off = self._unit(factor.shown) + sum(map(self._derivation, factor.terms))
            self._own[title] = off
            off += self._change(self._slope([factor.name]))
            self._state(title, factor.shown, off, [w.factor(factor) for w in self._workers])
        return self._own[title]

    def factors(self, title: str) -> list[Truth]:
        """Return the numbers of the factors of a product."""
        return [self.of[self._notation.derivative(*name)] for name in self.names[title]]
