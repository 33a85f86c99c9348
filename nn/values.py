"""Lists of Values: made of what a caller gives, and named."""

import operator
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import reduce
from typing import Any

from autograd import Value


def as_values(x: Any) -> list[Value]:
    """A list of Values, made of a list of Values and numbers, or of one alone.

    >>> as_values([1, Value(2.0)])
    [Value(data=1.0, grad=0.0), Value(data=2.0, grad=0.0)]
    """
    if isinstance(x, Value):
        return [x]
    return [
        v if isinstance(v, Value) else Value(v) for v in (x if isinstance(x, Iterable) else [x])
    ]


def name_each(letter: str, values: list[Value]) -> list[Value]:
    """Give those without a label the letter and their number: x1, x2, …; return them.

    >>> [v.label for v in name_each("x", [Value(1.0), Value(2.0, label="mine")])]
    ['x1', 'mine']
    """
    for place, value in enumerate(values, 1):
        if not value.label:
            value.label = f"{letter}{place}"
    return values


def numbered(name: str, values: list[Value]) -> list[Value]:
    """Name those without a label as the elements of a vector: h[1], h[2], …; one alone h.

    >>> [v.label for v in numbered("h", [Value(1.0), Value(2.0)])]
    ['h[1]', 'h[2]']
    """
    for place, value in enumerate(values, 1):
        if not value.label:
            value.label = name if len(values) == 1 else f"{name}[{place}]"
    return values


def indexed(name: str, shape: Sequence[int], number: Callable[[], float]) -> Any:
    """Nested lists of new leaves, named by their places: W[1,2]; where there is one alone, W.

    >>> numbers = iter([1.0, 2.0])
    >>> [row[0].label for row in indexed("W", (2, 1), lambda: next(numbers))]
    ['W[1,1]', 'W[2,1]']
    """
    is_one = all(size == 1 for size in shape)

    def built(places: tuple[int, ...]) -> Any:
        if len(places) == len(shape):
            label = name if is_one else f"{name}[{','.join(map(str, places))}]"
            return Value(number(), label)
        return [built((*places, k)) for k in range(1, shape[len(places)] + 1)]

    return built(())


def mean(values: Sequence[Value]) -> Value:
    """Their sum over their number; of one, itself.

    >>> mean([Value(1.0), Value(2.0)])
    Value(data=1.5, grad=0.0)
    """
    total = reduce(operator.add, values)
    return total / len(values) if len(values) > 1 else total


def flattened(data: Any, depth: int) -> Iterator[tuple[tuple[int, ...], Any]]:
    """What nested lists hold, each with its places from 0 on. ValueError for another depth.

    >>> list(flattened([[1.0, 2.0], [3.0, 4.0]], 2))[2]
    ((1, 0), 3.0)
    """
    if depth == 0:
        if isinstance(data, Iterable):
            raise ValueError("the lists are nested more deeply than this layer takes")
        yield (), data
        return
    if not isinstance(data, Iterable):
        raise ValueError(f"this layer takes lists nested {depth} deep, not {data!r}")
    for place, part in enumerate(data):
        for places, value in flattened(part, depth - 1):
            yield (place, *places), value


def index_below(index: Any, count: int, what: str) -> int:
    """`index` as a whole number from 0 to below `count`. ValueError, which names it, for another.

    >>> index_below(3, 3, "a word")
    Traceback (most recent call last):
        ...
    ValueError: a word is a whole number from 0 to 2, not 3
    """
    try:
        number = operator.index(index)
    except TypeError:
        number = -1
    if not 0 <= number < count:
        raise ValueError(f"{what} is a whole number from 0 to {count - 1}, not {index!r}")
    return number
