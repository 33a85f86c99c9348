"""Points: the record at its own numbers, and at others near by, where a formula must hold too.

No `.data` and no `.grad` is touched: a point holds floats beside the Values.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, TypeAlias

from autograd import ops
from autograd.graph import told_apart
from autograd.op import DomainError
from autograd.record import Record
from autograd.value import Value

if TYPE_CHECKING:
    from autograd.record import Node

_TRAINED = re.compile(r"(b|w|bias|weight|theta|θ)[\W_\d]*\w{0,3}$", re.IGNORECASE)


ACTIVATIONS = (ops.sigmoid, ops.tanh, ops.relu, ops.softplus)
KINKED = (ops.relu, ops.abs, ops.maximum, ops.minimum, ops.step, ops.sign)
_LOWERED = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")


@lru_cache(maxsize=4096)
def letters(label: str) -> str:
    """Return the label without its numbers: what alike names have in common.

    >>> letters("out_h1"), letters("w12")
    ('out_h#', 'w#')
    """
    return re.sub(r"\d+", "#", label)


Edge: TypeAlias = tuple[Value, Value]  # the head, and the tail in its formula


class Board:
    """The record that a derivation is about, with the names of its Values.

    root     what is derived; computed anew where its leaves have moved
    moved    the sentence that tells so, else ""
    names    each named Value and its name, as derivations have it; `root` is E where it has none
    labels   what they are called in the lines: two may be called the same
    values   the same the other way round, and what an unnamed pre-activation is called
    """

    def __init__(
        self, root: Value, beside: Mapping[Value, str] | None = None, text: str = ""
    ) -> None:
        record = Record(root)
        self.moved = record.moved()
        self.stands_for: dict[Value, Value] = {}
        if self.moved:
            self.stands_for = record.anew()
            root = self.stands_for[root]
            record = Record(root)
        self.root = root
        self.leaves = list(record.leaves)
        self.nodes = list(record.nodes)
        seen = {*self.leaves, *self.nodes}
        beside = {self.stands_for.get(v, v): label for v, label in (beside or {}).items()}
        for other in beside:
            if other in seen:
                continue
            part = Record(other, seen)
            self.leaves += [v for v in part.leaves if v not in seen]
            self.nodes += [v for v in part.nodes if v not in seen]
            seen.update(part.values)
        self.names = {**self._named(text), **beside}
        self.values = {label: v for v, label in self.names.items()}
        for head, net in self.unnamed_nets().items():
            self.values.setdefault(f"net of {self.names[head]}", net)
        self.labels = [v.label or name for v, name in self.names.items()]
        if re.search(r"⁽|\^\{\(\d", text):  # the lines tell Values of one label apart
            self.labels = list(self.names.values())
        self._between: dict[Edge, list[Edge]] = {}
        self._orders: dict[tuple[Value, frozenset[Value]], list[Node]] = {}

    def _named(self, text: str) -> dict[Value, str]:
        """Return the names of the labelled Values; of all, where the lines speak of v1, v2, …"""
        values = [*self.leaves, *self.nodes]
        labels = {v.label for v in values if v.label}
        invented = {
            f"v{k}" for k in re.findall(r"(?<![A-Za-z_])v_?\{?([0-9]+)", text.translate(_LOWERED))
        } - labels
        unlabelled = sum(1 for v in values if not v.label)
        if invented and (self.root.label or f"v{unlabelled}" in invented):
            return told_apart([(v, v.label) for v in values], self.root)
        names = told_apart([(v, v.label) for v in values if v.label or v is self.root], self.root)
        if not self.root.label:
            names[self.root] = "v1" if invented else "E"
        return names

    def unnamed_nets(self) -> dict[Value, Value]:
        """Return the pre-activation of each named activation, where it has no name."""
        return {
            head: head.args[0]
            for head in self.nodes
            if head in self.names and head.op in ACTIVATIONS
            if isinstance(head.args[0], Value) and head.args[0] not in self.names
        }

    def nodes_of(self, of: Value, held: frozenset[Value]) -> list[Node]:
        """Return what `of` was computed through, each after its arguments; what is held is a leaf.

        Where nothing is held there may be others among them, which are no part of it.
        """
        if not held:
            return self.nodes[: max(0, self.order[of] + 1 - len(self.leaves))]
        key = of, held
        if key not in self._orders:
            self._orders[key] = list(Record(of, held).nodes)
        return self._orders[key]

    @cached_property
    def order(self) -> dict[Value, int]:
        """The place of each Value: leaves come first, and each node after its arguments."""
        return {v: place for place, v in enumerate([*self.leaves, *self.nodes])}

    @cached_property
    def stated(self) -> set[float]:
        """The sizes of the numbers that are given: leaves and constants."""
        given = [x for v in self.nodes for x in v.args if not isinstance(x, Value)]
        return {abs(x) for x in (*given, *(leaf.data for leaf in self.leaves))}

    @cached_property
    def visible(self) -> frozenset[Value]:
        return frozenset(self.names)

    @cached_property
    def tails(self) -> dict[Value, list[Value]]:
        """The named Values in the formula of each named node."""
        return {
            head: [v for v in Record(head, self.visible).leaves if v in self.visible]
            for head in self.nodes
            if head in self.names
        }

    @cached_property
    def edges(self) -> dict[Value, list[Edge]]:
        """For each named Value an edge from each named node whose formula it stands in."""
        found: dict[Value, list[Edge]] = {}
        for head, tails in self.tails.items():
            for tail in tails:
                found.setdefault(tail, []).append((head, tail))
        return found

    def between(self, of: Value, by: Value) -> list[Edge]:
        """Return the edges (head, tail) on the paths from `of` down to `by`, those near `by`
        first.
        """
        if (of, by) not in self._between:
            self._between[of, by] = self._found_between(of, by)
        return self._between[of, by]

    def _found_between(self, of: Value, by: Value) -> list[Edge]:
        reached, todo = {by}, [by]
        edges: list[Edge] = []
        below = self.below(of)
        while todo:
            tail = todo.pop(0)
            for edge in self.edges.get(tail, ()):
                head = edge[0]
                if head in below:
                    edges.append(edge)
                    if head not in reached:
                        reached.add(head)
                        todo.append(head)
        return edges

    def below(self, of: Value) -> set[Value]:
        """Return the named Values that `of` depends on, itself included."""
        found, todo = {of}, [of]
        while todo:
            for tail in self.tails.get(todo.pop(), ()):
                if tail not in found:
                    found.add(tail)
                    todo.append(tail)
        return found

    @cached_property
    def uses(self) -> dict[Value, list[Node]]:
        """The nodes that each Value is an argument of."""
        found: dict[Value, list[Node]] = {}
        for v in self.nodes:
            for x in v.args:
                if isinstance(x, Value):
                    found.setdefault(x, []).append(v)
        return found

    def dependents(self, of: Iterable[Value]) -> list[Node]:
        """Return the nodes that depend on any of these, each after its arguments."""
        found: set[Node] = set()
        todo = list(of)
        while todo:
            for v in self.uses.get(todo.pop(), ()):
                if v not in found:
                    found.add(v)
                    todo.append(v)
        return sorted(found, key=self.order.__getitem__)

    @cached_property
    def partners(self) -> tuple[dict[Value, Value], dict[Value, Value]]:
        """The net from which alone each out was computed, and the out of each net."""
        before = {head: tails[0] for head, tails in self.tails.items() if len(tails) == 1}
        return before, {tail: head for head, tail in before.items()}


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
            leaf: self.numbers.get(leaf, leaf.data) for leaf in board.leaves
        }
        for v in board.nodes:
            if self.numbers:
                self.data[v] = v.op.compute(v.args, self.arguments(v))
            else:
                self.data[v] = v.data
        self.data.update(late or {})
        self._slopes: dict[Node, list[tuple[Value, float]]] = {}
        self._sweeps: dict[tuple[Value, frozenset[Value]], dict[Value, float]] = {}
        self._tangents: dict[Value, dict[Value, float]] = {}
        self._asked: set[Value] = set()  # of what, where it was not the root
        self._fault = ""

    def arguments(self, v: Node) -> list[float]:
        """Return the numbers that a node was computed from."""
        return [self.data[x] if isinstance(x, Value) else x for x in v.args]

    def derivative(self, of: Value, by: Value, held: Collection[Value] = ()) -> float:
        """Return ∂of/∂by over all paths that pass none of `held`. DomainError where it does not
        exist.
        """
        key = of, frozenset(held)
        if key not in self._sweeps and not held and by in self._tangents:
            result = self._tangents[by].get(of, 0.0)
        elif key not in self._sweeps and not held and self._is_first(of):
            self._tangents[by] = self._forward(by)
            result = self._tangents[by].get(of, 0.0)
        else:
            if key not in self._sweeps:
                self._sweeps[key] = self._sweep(*key)
            result = self._sweeps[key].get(by, 0.0)
        if not math.isfinite(result):
            raise DomainError(self._fault or "the derivative is past the range of a float")
        return result

    def _is_first(self, of: Value) -> bool:
        """Whether a derivative of this Value is asked for by one other Value so far.

        Then all derivatives by that one are found at once; from the second on, all of this one.
        """
        if of is self.board.root or of in self._asked:
            return False
        self._asked.add(of)
        return True

    def _sweep(self, of: Value, held: frozenset[Value]) -> dict[Value, float]:
        """Return ∂of/∂v for each v: NaN where it does not exist, which fails no other one."""
        gradients = {of: 1.0}
        for v in reversed(self.board.nodes_of(of, held)):
            upstream = gradients.get(v)
            if upstream is None:
                continue
            for x, local in self.slopes(v):
                gradients[x] = gradients.get(x, 0.0) + upstream * local
        return gradients

    def _forward(self, by: Value) -> dict[Value, float]:
        """Return ∂v/∂by for each v that depends on `by`."""
        tangents = {by: 1.0}
        for v in self.board.dependents([by]):
            tangents[v] = sum(tangents[x] * local for x, local in self.slopes(v) if x in tangents)
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


def _moved(board: Board, rng: random.Random, width: float = 0.1) -> dict[Value, float]:
    """Return other numbers for all labelled leaves; a leaf without a label is a constant."""
    return {
        v: v.data * rng.uniform(1.0 - width, 1.0 + width) or rng.uniform(-width, width)
        for v in board.leaves
        if v in board.names
    }


def _defined(board: Board, choices: Iterable[Mapping[Value, float]]) -> Iterator[Point]:
    for numbers in choices:
        with suppress(DomainError):
            yield Point(board, numbers)


def _branch(point: Point) -> list[float]:
    """Return on which side of its kink each operation is that has one."""
    sides = []
    for v in point.board.nodes:
        if v.op in KINKED:
            numbers = point.arguments(v)
            sides.append(ops.sign(numbers[0] - (numbers[1] if len(numbers) > 1 else 0.0)))
    return sides


def near(board: Board) -> list[Point]:
    """Return two points near by, where the record is defined, and on the same side of each kink."""
    rng = random.Random(0)
    here = _branch(Point(board))
    found: list[Point] = []
    others: list[Point] = []
    for width in (0.1, 0.1, 0.1, 0.1, 0.02, 0.02, 0.004, 0.004):
        for point in _defined(board, [_moved(board, rng, width)]):
            (found if _branch(point) == here else others).append(point)
        if len(found) == 2:
            return found
    return (found + others[::-1])[:2]


def far(board: Board) -> list[Point]:
    """Return points on other sides of the kinks too."""
    rng = random.Random(3)
    choices = [{v: rng.uniform(-3, 3) for v in board.leaves if v in board.names} for _ in range(60)]
    return [point for _, point in zip(range(30), _defined(board, choices), strict=False)]


class GivenData:
    """The given data of a record: targets that are one-hot or 0 or 1, probabilities, a first state
    of 0.

    hot    groups of leaves with alike labels that are 0 but for one that is 1
    whole  leaves in groups whose numbers are from 0 to 1, and add up to 1
    binary leaves that are 0 or 1, and are no parameters
    zeros  other leaves that are 0, and are no parameters
    """

    def __init__(self, board: Board, trained: Iterable[str] = ()) -> None:
        self.board = board
        self.hot: list[list[Value]] = []
        self.whole: list[list[Value]] = []
        self.binary: list[Value] = []
        self.zeros: list[Value] = []
        kinds = {letters(label) for label in trained}
        for kind, group in self._groups().items():
            if kind not in kinds and not _TRAINED.match(kind.replace("#", "")):
                self._take(group)

    def _groups(self) -> dict[str, list[Value]]:
        """Return the named leaves by their labels without numbers."""
        groups: dict[str, list[Value]] = {}
        for v in self.board.leaves:
            if v in self.board.names:
                groups.setdefault(letters(self.board.names[v]), []).append(v)
        return groups

    def _take(self, group: list[Value]) -> None:
        data = [v.data for v in group]
        self.binary += [v for v in group if v.data in (0.0, 1.0)]
        if len(group) > 1 and sorted(data) == [0.0] * (len(data) - 1) + [1.0]:
            self.hot.append(group)
        elif len(group) > 1 and min(data) >= 0.0 and math.isclose(sum(data), 1.0):
            self.whole.append(group)
        else:
            self.zeros += [v for v in group if v.data == 0.0]

    def __bool__(self) -> bool:
        return bool(self.hot or self.whole or self.zeros)

    def points(self) -> list[Point]:
        """Return points where the data have moved within what they are."""
        rng = random.Random(1)
        shifts = max([2, *(len(group) for group in self.hot)])
        choices = [self._numbers(rng, shift) for shift in range(shifts)]
        return [Point(self.board), *_defined(self.board, choices)]

    def points_with(self, fixed: list[Value]) -> list[Point]:
        """Return points where these alone are what they are."""
        rng = random.Random(2)
        given = {v: v.data for v in fixed}
        choices = [_moved(self.board, rng) | given for _ in range(2)]
        return [Point(self.board), *_defined(self.board, choices)]

    def _numbers(self, rng: random.Random, shift: int) -> dict[Value, float]:
        numbers = _moved(self.board, rng)
        for group in self.hot:
            hot = [v.data for v in group].index(1.0) + shift
            numbers.update({v: float(k == hot % len(group)) for k, v in enumerate(group)})
        for group in self.whole:
            total = math.fsum(numbers[v] for v in group)
            numbers.update({v: numbers[v] / total for v in group})
        return numbers | dict.fromkeys(self.zeros, 0.0)

    def told(self) -> str:
        """Return for which data a formula holds that holds for such alone."""
        if self.hot or self.whole:
            return "for these targets"
        return "where " + " and ".join(f"{self.board.names[v]} is 0" for v in self.zeros)
