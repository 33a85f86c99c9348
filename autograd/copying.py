"""Copies and pickles of Values, of a graph of any depth.

Copying and pickling follow references, and would recurse as deep as the graph. So the first Value
that a copy or a pickle meets lists all that it depends on, arguments first; while that list is
written, each Value on it needs no list of its own.
"""

from collections.abc import Iterator
from threading import local
from typing import Any

from autograd.record import Record
from autograd.value import Value

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
    return value
