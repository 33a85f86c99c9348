"""The rows of data that a program takes, checked before an engine sees them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from autograd.op import real
from autograd.value import Value

BLOCK = 1024  # rows that are taken out of an array at once


def checked(rows: Any, inputs: Sequence[Value]) -> Any:
    """Return the rows as a list of lists of floats, or as a two-dimensional array of finite
    numbers; None stands for the one row of the numbers that the inputs have.

    Raises TypeError for what is no table, or holds what is no number; ValueError where there are no
    rows, or rows of another width; DomainError for what is not finite.

    >>> checked([1, 2.5], [Value(0.0)])
    [[1.0], [2.5]]
    """
    if rows is None:
        return [[v.data for v in inputs]]
    if hasattr(rows, "columns"):  # a pandas frame
        rows = _columns(rows, inputs)
    if hasattr(rows, "__array__") and not hasattr(rows, "filled"):  # a masked array has gaps
        rows = _array(rows, len(inputs))
        if _is_table(rows, len(inputs)):
            count = _finite_rows(rows)
            if count == len(rows):
                return rows
            rows = rows[: count + BLOCK]  # row by row, the error names the number
    return _row_by_row(rows, inputs)


def title(inputs: Sequence[Value], place: int) -> str:
    """Return how an error names an input."""
    return inputs[place].label or f"input {place + 1}"


def _columns(frame: Any, inputs: Sequence[Value]) -> Any:
    """Return the columns with the labels of the inputs; the frame itself where it has none."""
    labels = [v.label for v in inputs]
    missing = [label for label in labels if label not in frame.columns]
    if not missing:
        return frame[labels]
    if len(missing) < len(labels):
        raise ValueError(f"the rows have no column {', '.join(map(repr, missing))}")
    return frame


def _array(rows: Any, width: int) -> Any:
    import numpy as np

    array = np.asarray(rows)
    return array[:, None] if array.ndim == 1 and width == 1 else array


def _is_table(array: Any, width: int) -> bool:
    """Whether it has rows of numbers, of this width."""
    has_shape = array.ndim == 2 and array.shape[1] == width and len(array) > 0
    return has_shape and array.dtype.kind in "biuf"


def _finite_rows(array: Any) -> int:
    """Return how many rows come before the first block that holds what is not finite."""
    import numpy as np

    with np.errstate(over="ignore", invalid="ignore"):  # of a longdouble
        if math.isfinite(array.sum(dtype=float)):  # so are all its terms
            return len(array)
        for start in range(0, len(array), BLOCK):
            block = array[start : start + BLOCK].astype(float, copy=False)
            if not np.isfinite(block).all():
                return start
    return len(array)


def _row_by_row(rows: Any, inputs: Sequence[Value]) -> list[list[float]]:
    if not isinstance(rows, Iterable) or getattr(rows, "ndim", 1) == 0:
        raise TypeError(
            f"rows must be a list of rows, an array or a frame, not {type(rows).__name__}"
        )
    table = [_row(k, row, inputs) for k, row in enumerate(rows)]
    if not table:
        raise ValueError("there are no rows")
    return table


def _row(k: int, row: Any, inputs: Sequence[Value]) -> list[float]:
    is_alone = isinstance(row, str) or not isinstance(row, Iterable) or not getattr(row, "ndim", 1)
    numbers: list[Any] = [row] if is_alone else list(row)
    _require_width(k, numbers, inputs)
    if all(x.__class__ is float and x - x == 0.0 for x in numbers):
        return numbers
    return [real(x, f"row {k}: {title(inputs, place)}") for place, x in enumerate(numbers)]


def _require_width(k: int, numbers: Sequence[Any], inputs: Sequence[Value]) -> None:
    if len(numbers) != len(inputs):
        names = ", ".join(title(inputs, place) for place in range(len(inputs)))
        wanted = f"must have {len(inputs)}: {names}" if inputs else "the program has no inputs"
        raise ValueError(f"row {k} has {len(numbers)} number(s), and {wanted}")
