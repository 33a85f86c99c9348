"""What a sum begins with, so that naming the sum names nothing else."""

from typing import Any

from autograd import ops
from autograd.recording import is_paused
from autograd.value import Value


def added(self: Value, other: Any) -> Value:
    """Return `other + self`; but `0 + self`, with which `sum` begins, is no operation.

    That is the Value itself where it is a node without a label; else a node of its own, so that a
    label for the sum does not fall on a leaf, or on what has a label.

    >>> b = Value(1.0, label="b")
    >>> total = sum([b]); total.label = "total"
    >>> b.label, sum([b, b]).args == (b, b)
    ('b', True)
    """
    if other.__class__ is not int or other != 0:
        return ops.add(other, self)  # type: ignore[no-any-return]
    if self.op is not None and not self._label:
        return self
    return Value(self._data) if is_paused() else _FirstTerm(self)


class _FirstTerm(Value):
    """0 + x: adding y to it gives x + y, so that a sum draws clean."""

    __slots__ = ()

    def __init__(self, x: Value) -> None:
        super().__init__(x._data)
        self.op, self._x, self._y = ops.add, 0.0, x

    def __add__(self, other: Any) -> Value:
        first = self if self._label else self._y
        return ops.add(first, other)  # type: ignore[no-any-return]


Value.__radd__ = added  # type: ignore[assignment, method-assign]
