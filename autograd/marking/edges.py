"""What a slip makes of the derivative on an edge, and of a formula in one place."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial

from autograd import ops
from autograd.marking.board import ACTIVATIONS, KINKED, letters
from autograd.marking.found import Found
from autograd.marking.known import Known
from autograd.marking.points import Point
from autograd.marking.slips import INSTEAD, Facts, mutations, squared, substituted
from autograd.marking.syntax import Call, Quotient, Term, inside
from autograd.marking.terms import Evaluator
from autograd.marking.verdict import Verdict
from autograd.op import DomainError
from autograd.value import Value

WHOLLY = (  # of a whole formula too
    Verdict.SIGMOID_TWICE,
    Verdict.LOGARITHM,
    Verdict.DEGREES,
    Verdict.SIGMOID_SLOPE,
    Verdict.NO_SQUARE,
)


class Edges:
    """The slips on the edges of a board; `at` of each gives what it makes of the derivative there.

    They are the same for all gradients whose paths take the edge.
    """

    def __init__(self, known: Known, facts: Facts, evaluator: Evaluator) -> None:
        self.known = known
        self.board = known.board
        self.facts = facts
        self.evaluator = evaluator
        self._slips: dict[tuple[Value, Value], list[Found]] = {}
        self._numbers: dict[tuple[Value, Value, Point], list[float]] = {}

    def slips(self, head: Value, tail: Value) -> list[Found]:
        """Return the slips on an edge."""
        key = head, tail
        if key not in self._slips:
            symbol = Quotient(self.board.names[head], self.board.names[tail])
            edge = self.known.edge(head, tail)
            # a step is 0 or 1, whatever it is taken of: told as the slope left out, or put in
            one_step = isinstance(edge, Call) and edge.op is ops.step
            formula = self.in_term(edge, whole=one_step)
            within = [slip.within("{}", symbol) for slip in formula]
            self._slips[key] = [*self._instead(head, tail), *within]
        return self._slips[key]

    def numbers(self, head: Value, tail: Value, point: Point) -> list[float]:
        """Return the number of each slip on an edge at a point."""
        key = head, tail, point
        if key not in self._numbers:
            self._numbers[key] = [slip.number(point) for slip in self.slips(head, tail)]
        return self._numbers[key]

    def in_term(self, term: Term, whole: bool = False) -> Iterator[Found]:
        """Yield the slips made in one place of a term, or of the whole alone."""
        for verdict, place, other, where, parts in mutations(term, self.facts):
            if whole and place is not term:
                continue
            at = self._at(term, place, other)
            if place is not term or where == INSTEAD or verdict in WHOLLY:
                yield Found(verdict, at, where, parts)

    def _at(self, term: Term, place: Term, other: Term) -> Callable[[Point], float]:
        def at(point: Point) -> float:
            try:
                return self.evaluator.value(term, point, {place: other})
            except DomainError:
                return math.nan

        return at

    def _instead(self, head: Value, tail: Value) -> Iterator[Found]:
        """Yield what may stand for the derivative on an edge."""
        names = self.board.names
        symbol = Quotient(names[head], names[tail])

        def local(point: Point) -> float:
            return point.edge(head, tail)

        yield Found(Verdict.SIGN, lambda point: -local(point), "of {}", (symbol,))
        yield Found(Verdict.FACTOR_LEFT_OUT, lambda point: 1.0, "{}", (symbol,))
        yield Found(Verdict.MISSING_PATH, lambda point: 0.0, "through {}", (symbol,))
        yield Found(Verdict.TWICE, lambda point: 2 * local(point), "in {}", (symbol,))
        yield Found(Verdict.HALF, lambda point: local(point) / 2, "in {}", (symbol,))
        yield Found(
            Verdict.DIVIDED, lambda point: over(1.0, local(point)), "divided by {}", (symbol,)
        )
        yield from self._other_edges(head, tail, symbol)
        if head.op in ACTIVATIONS and len(self.board.tails[head]) == 1:
            yield from self._in_activation(head, tail, symbol)
        if self._has_logarithm(head):
            for base in (10.0, 2.0):
                at = lambda point, base=base: local(point) / math.log(base)
                yield Found(Verdict.LOGARITHM, at, "in {}", (symbol,))
        if self.is_penalty(head, tail):
            yield Found(Verdict.REGULARISER_LEFT_OUT, lambda point: 0.0, "{}", (symbol,))
            yield Found(
                Verdict.REGULARISER_WITHOUT_2, lambda point: local(point) / 2, "in {}", (symbol,)
            )

    def _other_edges(self, head: Value, tail: Value, symbol: Quotient) -> Iterator[Found]:
        """Yield the derivatives on other edges that may stand for the one on this."""
        names = self.board.names
        for other in self._alike(head, tail):
            at = lambda point, other=other: point.edge(*other)
            parts = Quotient(names[other[0]], names[other[1]]), symbol
            yield Found(Verdict.SWAPPED_INDEX, at, INSTEAD, parts)
        for weight in self._weights_beside(head, tail):
            at = lambda point, weight=weight: point.edge(head, weight)
            parts = Quotient(names[head], names[weight]), symbol
            yield Found(Verdict.BY_WEIGHT, at, INSTEAD, parts)

    def _weights_beside(self, head: Value, tail: Value) -> list[Value]:
        """Return the weights in the formula of a node, beside a bias."""
        names = self.board.names
        if tail.op is not None or not names[tail].startswith("b"):
            return []
        ends = self.board.tails[head]
        return [v for v in ends if v.op is None and names[v][:1] in ("w", "W", "θ", "v", "u")][:16]

    def _has_logarithm(self, head: Value) -> bool:
        calls = inside(self.known.formula(head), Call)
        return any(call.op is ops.log for call in calls)

    def _in_activation(self, head: Value, tail: Value, symbol: Quotient) -> Iterator[Found]:
        """Yield its slope left out, and its slope taken at its result."""
        yield Found(Verdict.NO_ACTIVATION, lambda point: 1.0, "{}", (symbol,))
        net, out = self.known.name(tail), self.known.name(head)
        assert head.op is not None
        others: dict[str, Term] = {net.label: out, out.label: Call(head.op, (out,))}
        twice = substituted(self.known.edge(head, tail), others)
        at = partial(self.evaluator.value, twice)
        yield Found(Verdict.WRONG_PLACE, at, "{} is taken at {}, not at {}", (symbol, out, net))
        if head.op is ops.sigmoid:
            yield Found(Verdict.SIGMOID_TWICE, at, "in {}", (symbol,))
        if head.op is ops.tanh:
            yield Found(Verdict.TANH_OF_RESULT, at, "in {}", (symbol,))

    def _alike(self, head: Value, tail: Value) -> list[tuple[Value, Value]]:
        """Return the edges whose derivative may stand for it; a 1 of another kink's slope is told
        as the slope left out.
        """
        if head.op in KINKED:
            return []
        names = self.board.names
        found = []
        for label in [names[head], *self.facts.alike(names[head])]:
            other = self.board.values[label]
            for end in self.board.tails.get(other, ()):
                if (other, end) != (head, tail) and letters(names[end]) == letters(names[tail]):
                    found.append((other, end))
        return found[:16]

    def is_penalty(self, head: Value, tail: Value) -> bool:
        """Whether the square of a weight stands in the formula of a cost, beside other terms."""
        if tail.op is not None:
            return False
        label = self.board.names[tail]
        bases = map(squared, inside(self.known.formula(head), Call))
        return any(base is not None and base.label == label for base in bases)


def over(x: float, y: float) -> float:
    """Return the quotient, NaN where it is none."""
    return x / y if y else math.nan
