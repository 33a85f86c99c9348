"""Lists of Values: made of what a caller gives, and named."""

from collections.abc import Iterable
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


def name_each(letter: str, values: list[Value], ending: str = "") -> list[Value]:
    """Give those without a label the letter and their number: x1, x2, …; return them.

    >>> [v.label for v in name_each("x", [Value(1.0), Value(2.0, label="mine")])]
    ['x1', 'mine']
    """
    for place, value in enumerate(values, 1):
        if not value.label:
            value.label = f"{letter}{place}{ending}"
    return values
