"""Record: what a Value was computed from, in order."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from threading import RLock
from typing import TYPE_CHECKING, Any

from autograd.op import DomainError, Op, described
from autograd.recording import changed_comparison, enable_grad
from autograd.value import Value

if TYPE_CHECKING:

    class Node(Value):
        """A Value that an operation computed: for type checkers alone."""

        op: Op  # pyright: ignore[reportIncompatibleVariableOverride]


class Record:
    """All that `root` was computed from, itself included.

    root     the last of them
    leaves   the Values that no operation computed, in the order of the expression
    nodes    the Values that an operation computed, each after all its arguments, `root` last
    values   both, the leaves first

    The order is that of the expression, read from left to right. The Values in `held`, best a set,
    count as leaves, but for `root`. Nothing recurses: a record may be of any depth.

    >>> a, b = Value(2.0, label="a"), Value(3.0, label="b")
    >>> record = Record(a * b + a)
    >>> [leaf.label for leaf in record.leaves], [node.op.symbol for node in record.nodes]
    (['a', 'b'], ['×', '+'])
    """

    __slots__ = ("leaves", "nodes", "root")

    def __init__(self, root: Value, held: Collection[Value] = ()) -> None:
        self.root = root
        with lock:
            self.leaves, self.nodes = topological_order(root, held)

    @property
    def values(self) -> list[Value]:
        return [*self.leaves, *self.nodes]

    def labelled(self) -> list[Value]:
        """Return the Values that have a label."""
        return [v for v in self.values if v._label]

    def dependents(self, of: Iterable[Value]) -> set[Value]:
        """Return the Values in `of`, and the nodes that depend on any of them.

        >>> a, b = Value(2.0), Value(3.0)
        >>> c = a * 2; y = c + b
        >>> Record(y).dependents([a]) == {a, c, y}
        True
        """
        found = set(of)
        for v in self.nodes:
            if not found.isdisjoint(v.args):
                found.add(v)
        return found

    def evaluate(
        self,
        numbers: Mapping[Value, Any],
        apply: Callable[[Node, list[Any]], Any] = lambda node, args: node.op(*args),
    ) -> dict[Value, Any]:
        """Return what each Value comes to at other numbers. The record itself does not change.

        numbers   what stands for a Value: a number, or what `apply` takes; for a leaf, its data
        apply     what a node is, given what its arguments are: its operation, unless given

        Raises DomainError where an operation is not defined there.

        >>> x = Value(2.0, label="x")
        >>> y = x * x + 1
        >>> Record(y).evaluate({x: 3.0})[y]
        10.0
        """
        results = {leaf: leaf._data for leaf in self.leaves} | dict(numbers)
        for v in self.nodes:
            if v not in results:
                results[v] = apply(v, [results[x] if isinstance(x, Value) else x for x in v.args])
        return results

    def copy(self, replaced: Mapping[Value, Any] | None = None) -> dict[Value, Any]:
        """Record the nodes anew, with their labels; return what stands for each Value.

        A leaf stands for itself, unless `replaced` has another Value or a constant for it. It is
        recorded inside `no_grad` too. Raises DomainError where an operation is not defined there.

        >>> x = Value(2.0, label="x"); y = x * x
        >>> Record(y).copy({x: Value(3.0)})[y]
        Value(data=9.0, grad=0.0)
        """

        def recorded(node: Node, args: list[Any]) -> Any:
            value = node.op(*args)
            if isinstance(value, Value):
                value.label = node._label
            return value

        with enable_grad():
            return self.evaluate({v: v for v in self.leaves} | dict(replaced or {}), recorded)

    def moved(self) -> str:
        """Return a sentence where leaves have moved since the root was computed, else "".

        >>> w = Value(0.5, label="w"); y = 2 * w
        >>> w.data = 1.0
        >>> Record(y).moved()
        'w has moved since this was computed: mul(2.0, w = 1.0) was 1.0'
        """
        for v in self.nodes:
            if not _is_current(v):
                leaves = [x for x in v.args if isinstance(x, Value) and x.op is None]
                labels = dict.fromkeys(x._label or "a leaf" for x in leaves)
                names = " or ".join(labels) or "a Value in it"
                was = f"{v.op.name}({described(v.args)}) was {v._data}"
                return f"{names} has moved since {self.root._label or 'this'} was computed: {was}"
        return ""

    def anew(self) -> dict[Value, Any]:
        """Return `copy()` at the numbers that the leaves have now.

        Raises ValueError where that would be another computation: an operation is not defined
        there, or a comparison, which a Python `if` may have asked, comes out otherwise.
        """
        remedy = f"{self.moved()}; compute {self.root._label or 'it'} anew"
        try:
            copies = self.copy()
        except DomainError as error:
            raise ValueError(f"{remedy}: {error}") from None
        changed = changed_comparison(self.values, lambda x: _current(x, copies))
        if changed:
            raise ValueError(f"{remedy}: {changed}; a branch may depend on it")
        return copies


def _current(x: Value, copies: Mapping[Value, Value]) -> float:
    """Return the number of `x` as its leaves are now; `copies` are those of a record."""
    if x in copies:
        return copies[x]._data
    return float(Record(x, copies).evaluate({v: copy._data for v, copy in copies.items()})[x])


def _is_current(v: Node) -> bool:
    """Whether `v` is what its operation gives for its arguments as they are now."""
    numbers = [x._data if isinstance(x, Value) else x for x in v.args]
    try:
        return v.op.compute(v.args, numbers) == v._data
    except DomainError:
        return False


lock = RLock()  # what was seen is marked, and two threads may share a Value
_latest: object = None  # a mark


def topological_order(root: Value, held: Collection[Value] = ()) -> tuple[list[Value], list[Any]]:
    """Return the leaves and the nodes of `Record(root, held)`; who asks holds `lock`."""
    global _latest
    begun, done = object(), object()
    _latest = begun
    leaves: list[Value] = []
    nodes: list[Value] = []
    todo: list[Any] = [root]  # to visit; what is begun has its arguments done when it comes again
    push, pop, leaf, node = todo.append, todo.pop, leaves.append, nodes.append
    while todo:
        v = pop()
        if v._mark is begun:
            v._mark = done
            node(v)
            continue
        while v._mark is not done:
            if v.op is None or (held and v in held and v is not root):
                v._mark = done
                leaf(v)
                break
            v._mark = begun
            push(v)
            y, v = v._y, v._x  # the first argument is next
            if y is None:
                if v.__class__ is tuple:
                    todo += [x for x in reversed(v) if x.__class__ is not float]
                    break
            elif v.__class__ is float:
                v = y
            elif y.__class__ is not float:
                push(y)
    if _latest is not begun:  # a signal handler put marks in between
        return topological_order(root, held)
    return leaves, nodes
