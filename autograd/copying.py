"""Copies and pickles of Values, of a graph of any depth; and a copy as the blackboard has it.

Copying and pickling follow references, and would recurse as deep as the graph. So the first Value
that a copy or a pickle meets lists all that it depends on, arguments first; while that list is
written, each Value on it needs no list of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from threading import local
from typing import TYPE_CHECKING, Any

from autograd.record import Record
from autograd.recording import enable_grad
from autograd.value import Value

if TYPE_CHECKING:
    from autograd.record import Node

_listed = local()  # .values: those on the list that is being written


class _Ancestors:
    """What `root` depends on: written as an iterator, restored as a list."""

    def __init__(self, root: Value) -> None:
        self.root = root

    def __reduce__(self) -> tuple[Any, ...]:
        return list, (), None, self._values()

    def _values(self) -> Iterator[Value]:
        *ancestors, root = Record(self.root).values
        _listed.values = {*ancestors, root}
        try:
            yield from ancestors
        finally:
            _listed.values = ()


def reduced(value: Value) -> tuple[Any, ...]:
    """Return how `value` is restored, as `__reduce__` has it."""
    needs_no_list = value.op is None or value in getattr(_listed, "values", ())
    ancestors = () if needs_no_list else _Ancestors(value)
    state = (value._data, value._grad, value._label, value.op, value._x, value._y)
    return _restored, (ancestors, type(value), *state)


def _restored(_: object, kind: type[Value], *state: Any) -> Value:
    value = kind.__new__(kind)
    value._data, value._grad, value._label, value.op, value._x, value._y = state
    value._mark = None
    return value


def as_read(value: Value, held: Collection[Value] = ()) -> Value:
    """Return `value` recorded anew as the blackboard has it: see `reads` of `Op`.

    The Values in `held` stand for themselves.

    >>> from autograd import Value, grad, sigmoid
    >>> x = Value(0.0)
    >>> slope = grad(sigmoid(x), x)
    >>> [node.op.name for node in Record(slope).nodes]
    ['sigmoid', 'one_minus_sigmoid', 'mul', 'mul']
    >>> [node.op.name for node in Record(as_read(slope)).nodes]
    ['sigmoid', 'sub', 'mul', 'mul']
    """

    def applied(node: Node, args: list[Any]) -> Any:
        return node.op.reads(*args) if node.op.reads else node.op(*args)

    record = Record(value, held)
    with enable_grad():
        read: Value = record.evaluate({leaf: leaf for leaf in record.leaves}, applied)[value]
    return read
