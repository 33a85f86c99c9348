"""The record that a derivation is about, at the level of names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from autograd import ops
from autograd.graph import tails_of, told_apart
from autograd.marking.classes import classes_beside
from autograd.record import Record
from autograd.value import Value

if TYPE_CHECKING:
    from autograd.record import Node

T = TypeVar("T")
ACTIVATIONS = (ops.sigmoid, ops.tanh, ops.relu, ops.softplus)
KINKED = (ops.relu, ops.abs, ops.maximum, ops.minimum, ops.step, ops.sign)
_RAISED = re.compile(r"⁽|\^\{\(\d")
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
    data     the number of each Value
    names    each named Value and its name, as derivations have it; `root` is E where it has none
    classes  the classes of a softmax beside the one that the record has
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
        beside = {self.stands_for.get(v, v): label for v, label in (beside or {}).items()}
        self._take_in(beside)
        self.names = {**self._named(text), **beside}
        self.classes = classes_beside(self.nodes, self.names)
        if self.classes:
            self._take_in(self.classes.beside)
            self.names |= self.classes.beside
        self.values = {label: v for v, label in self.names.items()}
        for head, net in self.unnamed_nets().items():
            self.values.setdefault(f"net of {self.names[head]}", net)
        self.labels = self._called(text)
        self.data = {v: v.data for v in (*self.leaves, *self.nodes)}
        self._below: dict[Value, set[Value]] = {}
        self._between: dict[Edge, list[Edge]] = {}
        self._orders: dict[tuple[Value, frozenset[Value]], list[Node]] = {}

    def at(self, numbers: Sequence[float]) -> Board:
        """Return the board at other numbers of its leaves; what depends on none is shared.

        Raises DomainError where an operation is not defined there.
        """
        _ = self.order, self.visible, self.tails, self.edges, self.uses, self.partners
        other = copy(self)
        other.__dict__.pop("stated", None)
        other.data = dict(zip(self.leaves, numbers, strict=True))
        for v in self.nodes:
            args = [other.data[x] if isinstance(x, Value) else x for x in v.args]
            other.data[v] = v.op.compute(v.args, args)
        return other

    def _called(self, text: str) -> list[str]:
        if _RAISED.search(text):  # the lines tell Values of one label apart
            return list(self.names.values())
        return [v.label or name for v, name in self.names.items()]

    def _take_in(self, beside: Iterable[Value]) -> None:
        """Add what Values beside the root were computed from."""
        seen = {*self.leaves, *self.nodes}
        for other in beside:
            if other not in seen:
                part = Record(other, seen)
                self.leaves += [v for v in part.leaves if v not in seen]
                self.nodes += [v for v in part.nodes if v not in seen]
                seen.update(part.values)

    def _named(self, text: str) -> dict[Value, str]:
        """Return the names of the labelled Values; of all, where the lines speak of v1, v2, …"""
        values = [*self.leaves, *self.nodes]
        labels = [v.label for v in values]
        invented = _invented(text).difference(labels)
        if invented and (self.root.label or f"v{labels.count('')}" in invented):
            return told_apart(zip(values, labels, strict=True), self.root)
        named = [(v, v.label) for v in values if v.label or v is self.root]
        names = told_apart(named, self.root)
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
        return {abs(x) for x in (*given, *(self.data[leaf] for leaf in self.leaves))}

    @cached_property
    def visible(self) -> frozenset[Value]:
        return frozenset(self.names)

    @cached_property
    def tails(self) -> dict[Value, list[Value]]:
        """The named Values in the formula of each named node."""
        return {head: tails_of(head, self.visible) for head in self.nodes if head in self.names}

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

    def down(self, of: Value, by: Value) -> list[Value]:
        """Return the named Values on the paths from `of` down to `by`, without `of`, each after
        what it stands in.
        """
        tails = {tail for _, tail in self.between(of, by)}
        return sorted(tails, key=self.order.__getitem__, reverse=True)

    def below(self, of: Value) -> set[Value]:
        """Return the named Values that `of` depends on, itself included."""
        if of not in self._below:
            self._below[of] = {of, *reached([of], self.tails)}
        return self._below[of]

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
        return sorted(reached(of, self.uses), key=self.order.__getitem__)

    @cached_property
    def partners(self) -> tuple[dict[Value, Value], dict[Value, Value]]:
        """The net from which alone each out was computed, and the out of each net."""
        before = {head: tails[0] for head, tails in self.tails.items() if len(tails) == 1}
        return before, {tail: head for head, tail in before.items()}


def reached(start: Iterable[Any], following: Mapping[Any, Iterable[T]]) -> set[T]:
    """Return all that is reached from `start`, which itself counts where it is reached again.

    >>> sorted(reached([1], {1: [2, 3], 2: [3]}))
    [2, 3]
    """
    found: set[T] = set()
    todo = list(start)
    while todo:
        for v in following.get(todo.pop(), ()):
            if v not in found:
                found.add(v)
                todo.append(v)
    return found


def speaks_of_labels(text: str) -> bool:
    """Whether a text calls Values by their labels, and none v1, or tells those of one label apart.

    >>> speaks_of_labels("∂E/∂w1 = v"), speaks_of_labels("v2 = 3")
    (True, False)
    """
    return not _invented(text) and not _RAISED.search(text)


def _invented(text: str) -> set[str]:
    """Return which of the names v1, v2, … stand in a text."""
    found = re.findall(r"(?<![A-Za-z_])v_?\{?([0-9]+)", text.translate(_LOWERED))
    return {f"v{k}" for k in found}
