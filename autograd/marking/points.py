"""Points: the record at its own numbers, and at others near by, where a formula must hold too.

No `.data` and no `.grad` is touched: a point holds floats beside the Values.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from autograd import ops
from autograd.marking.board import KINKED, Board
from autograd.op import DomainError
from autograd.value import Value

if TYPE_CHECKING:
    from autograd.record import Node


ROUNDING = 1e-15  # what is lost in a step, for its size
BLUNT = 1e-3  # a sum that leaves so little of its terms has lost three digits of them
CANCELLED = 1e-13  # what a sum leaves of its terms where in truth it leaves nothing


class Point:
    """The record of a board at certain numbers.

    numbers   what leaves are, where they are not what they were recorded at
    late      what leaves are in the backward pass alone: it sees weights that were updated too
              early
    """

    def __init__(
        self,
        board: Board,
        numbers: Mapping[Value, float] | None = None,
        late: Mapping[Value, float] | None = None,
    ) -> None:
        self.board = board
        self.numbers = dict(numbers or {})
        self.data: dict[Value, float] = {
            leaf: self.numbers.get(leaf, board.data[leaf]) for leaf in board.leaves
        }
        for v in board.nodes:
            if self.numbers:
                self.data[v] = v.op.compute(v.args, self.arguments(v))
            else:
                self.data[v] = board.data[v]
        self.data.update(late or {})
        self._is_own = not self.numbers and not late
        self._slopes: dict[Node, list[tuple[Value, float]]] = {}
        self._sweeps: dict[tuple[Value, frozenset[Value]], dict[Value, float]] = {}
        self._sizes: dict[tuple[Value, frozenset[Value]], dict[Value, float]] = {}
        self._tangents: dict[Value, dict[Value, float]] = {}
        self._asked: set[Value] = set()  # of what, where it was not the root
        self._fault = ""

    def arguments(self, v: Node) -> list[float]:
        """Return the numbers that a node was computed from."""
        return [self.data[x] if isinstance(x, Value) else x for x in v.args]

    def number(self, v: Value) -> float:
        """Return what a Value is: 0 where its terms cancel, and their rounding alone is left."""
        number = self.data[v]
        if 0.0 < abs(number) < CANCELLED and abs(number) <= self.lost(v):
            return 0.0
        return number

    def derivative(self, of: Value, by: Value, held: Collection[Value] = ()) -> float:
        """Return ∂of/∂by over all paths that pass none of `held`. DomainError where it does not
        exist.
        """
        tangents = None if held else self._forward_from(of, by)
        key = of, frozenset(held)
        if tangents is not None:
            result = tangents.get(of, 0.0)
        else:
            if key not in self._sweeps:
                self._sweeps[key] = self._sweep(*key)
            result = self._sweeps[key].get(by, 0.0)
        if not math.isfinite(result):
            raise DomainError(self._fault or "the derivative is past the range of a float")
        return result

    def _forward_from(self, of: Value, by: Value) -> dict[Value, float] | None:
        """Return ∂v/∂by for each v, None where ∂of/∂v is to be found for each v.

        The first time that a derivative of a Value is asked for, all by the other one are found;
        from the second one on, all of that Value; and of the root, at its own numbers, at once.
        """
        if (of, frozenset()) in self._sweeps or (of is self.board.root and self._is_own):
            return None
        if of not in self._asked and by not in self._tangents:
            self._tangents[by] = self._forward(by)
        self._asked.add(of)
        return self._tangents.get(by)

    def _sweep(self, of: Value, held: frozenset[Value]) -> dict[Value, float]:
        """Return ∂of/∂v for each v: NaN where it does not exist, which fails no other one."""
        gradients = {of: 1.0}
        sizes: dict[Value, float] = {}  # of the terms, where there are several
        for v in reversed(self.board.nodes_of(of, held)):
            upstream = gradients.get(v)
            if upstream is None:
                continue
            if v in sizes:
                upstream = settled(upstream, sizes[v])
            for x, local in self.slopes(v):
                part = upstream * local
                if x in gradients:
                    sizes[x] = sizes.get(x, abs(gradients[x])) + abs(part)
                    part += gradients[x]
                gradients[x] = part
        return gradients | {x: settled(gradients[x], size) for x, size in sizes.items()}

    def lost(self, of: Value, by: Value | None = None, held: Collection[Value] = ()) -> float:
        """Return how far ∂of/∂by may be off by rounding, or what `of` was computed as.

        The derivative is a sum over paths, and loses by the size of each; a Value loses what each
        that it was computed from has lost.
        """
        key = of, frozenset(held)
        if key not in self._sizes:
            self._sizes[key] = self._sizes_below(*key)
        sizes = self._sizes[key]
        if by is not None:
            return ROUNDING * sizes.get(by, 0.0)
        return ROUNDING * sum(
            size * abs(self.data[v]) for v, size in sizes.items() if v.op is not None
        )

    def _sizes_below(self, of: Value, held: frozenset[Value]) -> dict[Value, float]:
        """Return the sum over the paths from `of` to each Value of the size of their products."""
        sizes = {of: 1.0}
        for v in reversed(self.board.nodes_of(of, held)):
            if v in sizes:
                for x, local in self.slopes(v):
                    sizes[x] = sizes.get(x, 0.0) + sizes[v] * abs(local)
        return sizes

    def _forward(self, by: Value) -> dict[Value, float]:
        """Return ∂v/∂by for each v that depends on `by`."""
        tangents = {by: 1.0}
        sizes = {by: 1.0}  # of the terms of a sum, in however many steps they are added up
        for v in self.board.dependents([by]):
            slopes = self._slopes_by(v, tangents)
            size = sum(sizes[x] * abs(local) for x, local in slopes)
            tangents[v] = settled(sum(tangents[x] * local for x, local in slopes), size)
            sizes[v] = size if v.op in (ops.add, ops.sub, ops.neg) else abs(tangents[v])
        return tangents

    def slopes(self, v: Node) -> list[tuple[Value, float]]:
        """Return each argument of a node that is a Value, with the local derivative by it.

        It is NaN where it does not exist.
        """
        if v not in self._slopes:
            numbers = [*self.arguments(v), self.data[v]]
            self._slopes[v] = [
                (x, self._slope(partial, numbers))
                for x, partial in zip(v.args, v.op.partials, strict=True)
                if isinstance(x, Value)
            ]
        return self._slopes[v]

    def _slopes_by(self, v: Node, wanted: Collection[Value]) -> list[tuple[Value, float]]:
        """Return what `slopes` does for these arguments alone, and keep none: a point that is
        asked once would hold objects by thousands, and the garbage collector walks them all.
        """
        if v in self._slopes:
            return [(x, local) for x, local in self._slopes[v] if x in wanted]
        numbers = [*self.arguments(v), self.data[v]]
        return [
            (x, self._slope(partial, numbers))
            for x, partial in zip(v.args, v.op.partials, strict=True)
            if isinstance(x, Value) and x in wanted
        ]

    def _slope(self, partial: Callable[..., float], numbers: list[float]) -> float:
        try:
            return float(partial(*numbers))
        except (ArithmeticError, ValueError) as error:
            self._fault = self._fault or str(error)
            return math.nan

    def edge(self, head: Value, tail: Value) -> float:
        """Return the derivative on the edge between two named Values."""
        return self.derivative(head, tail, self.board.visible)

    def updated(
        self, rate: float, trained: Iterable[str], seen: Point | None = None
    ) -> dict[Value, float]:
        """Return the leaves of these labels after one step of gradient descent.

        seen   the point whose gradient the step takes; this one unless given
        """
        slope, root = (seen or self).derivative, self.board.root
        leaves = [self.board.values[label] for label in trained]
        return {w: self.data[w] - rate * slope(root, w) for w in leaves}

    def with_values(self, values: Mapping[Value, float]) -> Point:
        """Return the point where these are so, nodes too, and all that depends on them."""
        point = Point(self.board, self.numbers, {**self.data, **values})
        for v in self.board.dependents(values):
            if v not in values:
                point.data[v] = v.op.compute(v.args, point.arguments(v))
        return point

    def at(self, numbers: Mapping[Value, float]) -> Point:
        return Point(self.board, {**self.numbers, **numbers})

    def stale(self, numbers: Mapping[Value, float]) -> Point:
        return Point(self.board, self.numbers, numbers)


def settled(total: float, size: float) -> float:
    """Return a sum of terms that are so large together: 0 where only their rounding is left."""
    return 0.0 if abs(total) < CANCELLED * size else total


def moved(board: Board, rng: random.Random, width: float = 0.1) -> dict[Value, float]:
    """Return other numbers for all labelled leaves; a leaf without a label is a constant."""
    return {
        v: board.data[v] * rng.uniform(1.0 - width, 1.0 + width) or rng.uniform(-width, width)
        for v in board.leaves
        if v in board.names
    }


def defined(board: Board, choices: Iterable[Mapping[Value, float]]) -> Iterator[Point]:
    """Yield the points at these numbers where the record is defined."""
    for numbers in choices:
        with suppress(DomainError):
            yield Point(board, numbers)


def sharp(points: Iterable[Point]) -> Iterator[Point]:
    """Yield the points where no sum has lost its digits, as 1 − p does where p is 0.9999."""
    for point in points:
        sums = (v for v in point.board.nodes if v.op in (ops.add, ops.sub))
        if not any(_is_lost(point.data[v], point.arguments(v)) for v in sums):
            yield point


def _is_lost(total: float, terms: Iterable[float]) -> bool:
    """Whether a sum has fewer digits left than two formulas are compared by."""
    return 0.0 < abs(total) < BLUNT * max(map(abs, terms))


def branch(point: Point) -> list[float]:
    """Return on which side of its kink each operation is that has one."""
    sides = []
    for v in point.board.nodes:
        if v.op in KINKED:
            sides.append(ops.sign(difference(point.arguments(v))))
    return sides


def difference(numbers: Sequence[float]) -> float:
    """Return what is 0 at the kink of an operation that is applied to these."""
    return numbers[0] - (numbers[1] if len(numbers) > 1 else 0.0)


def near(board: Board) -> list[Point]:
    """Return two points near by, where the record is defined, and on the same side of each kink."""
    rng = random.Random(0)
    here = branch(Point(board))
    found: list[Point] = []
    others: list[Point] = []
    for width in (0.1, 0.1, 0.1, 0.1, 0.02, 0.02, 0.004, 0.004):
        for point in defined(board, [moved(board, rng, width)]):
            (found if branch(point) == here else others).append(point)
        if len(found) == 2:
            return found
    return (found + others[::-1])[:2]


def far(board: Board) -> list[Point]:
    """Return points on other sides of the kinks too."""
    rng = random.Random(3)
    choices = [{v: rng.uniform(-3, 3) for v in board.leaves if v in board.names} for _ in range(60)]
    return [point for _, point in zip(range(30), sharp(defined(board, choices)), strict=False)]
