"""Places: which Value stands where in which named array."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import product
from typing import NamedTuple
from weakref import WeakKeyDictionary

from autograd.value import Value

Shape = tuple[int, ...]  # () of a scalar
Index = tuple[int, ...]  # counted from 1, as on the blackboard


class Title:
    """The name and the shape of one array; its identity tells arrays of one name apart."""

    __slots__ = ("name", "shape")

    def __init__(self, name: str, shape: Shape) -> None:
        self.name = name
        self.shape = shape


class Place(NamedTuple):
    """Where a Value stands: in the array of this title, at this index."""

    title: Title
    at: Index


_places: WeakKeyDictionary[Value, Place] = WeakKeyDictionary()


def indices(shape: Shape) -> list[Index]:
    """Return all indices of an array, row by row.

    >>> indices((2, 2)), indices(())
    ([(1, 1), (1, 2), (2, 1), (2, 2)], [()])
    """
    return list(product(*(range(1, n + 1) for n in shape)))


def size(shape: Shape) -> int:
    """Return the number of elements."""
    return math.prod(shape)


def remember(name: str, shape: Shape, values: Iterable[Value]) -> None:
    """Note that `values`, row by row, are the array `name`. A Value stays where it stood before."""
    title = Title(name, shape)
    for index, value in zip(indices(shape), values, strict=True):
        _places.setdefault(value, Place(title, index))


def forget(value: Value) -> None:
    """Let a Value stand in no array."""
    _places.pop(value, None)


def place_of(value: Value) -> Place | None:
    """Return where a Value stands, or None."""
    return _places.get(value)
