"""What the numbers of a sheet truly are, and how far from them an answer may be."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from decimal import ROUND_UP, Context
from math import prod
from typing import NamedTuple

from autograd.derivation import Derivation, Factor, Quotient, product
from autograd.deriving import derive
from autograd.digits import as_read, last_place
from autograd.graph import Graph
from autograd.marking.board import Board
from autograd.marking.points import Point
from autograd.notation import Notation
from autograd.op import DomainError
from autograd.value import Value
from autograd.worksheets.steps import Plan

_UPWARDS = Context(prec=3, rounding=ROUND_UP)


class Truth(NamedTuple):
    """A true number to 15 digits, and how far an answer may be from it."""

    value: float
    tolerance: float


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
    result is rounded or cut too; but one unit of the number's own last digit is always allowed.
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
        for v, name in nodes.items():
            change = self._change(self._number(v))
            self._state(notation.name(name), graph.data[v], change)
        for name in plan.names:
            derivation = derive(graph, self._values[name], notation)
            off = self._derivation(derivation) + self._change(self._slope(derivation.names))
            if plan.rate is not None:
                after = graph.data[self._values[name]] - plan.rate * derivation.shown
                off = plan.rate * off + self._unit(after)
                self._state(notation.name(f"{name}⁺"), after, off)

    def _unit(self, x: float) -> float:
        return last_place(x, self._notation.digits)

    def _state(self, title: str, value: float, off: float) -> None:
        unit = self._unit(value)
        if title in self._nearest:
            off = min(off, self._nearest[title] - unit)
        tolerance = float(_UPWARDS.create_decimal(as_read(max(unit, off))))
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
            self._state(title, derivation.shown, off + change)
        return self._own[title]

    def _factor(self, factor: Factor) -> float:
        title = self._notation.derivative(*factor.name)
        if title not in self._own:
            off = self._unit(factor.shown) + sum(map(self._derivation, factor.terms))
            self._own[title] = off
            self._state(title, factor.shown, off + self._change(self._slope([factor.name])))
        return self._own[title]

    def factors(self, title: str) -> list[Truth]:
        """Return the numbers of the factors of a product."""
        return [self.of[self._notation.derivative(*name)] for name in self.names[title]]
