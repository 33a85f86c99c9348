"""Numbers of arrays as text and as LaTeX: a vector in a line, a matrix as a grid."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autograd.notation import Notation

_MOST = 8  # numbers in a row, and rows; what is between is an ellipsis
_MOST_IN_A_LINE = 9  # numbers of a matrix that is written in one line


def in_a_line(value: Any, notation: Notation) -> str:
    """Return numbers in one line; of a matrix with many of them, nothing.

    >>> in_a_line([0.5, -1.0], Notation()), in_a_line([[1.0, 2.0], [3.0, 4.0]], Notation())
    ('[0.5, −1]', '[[1, 2], [3, 4]]')
    """
    if not isinstance(value, list):
        return notation.number(value)
    if value and isinstance(value[0], list):
        return _matrix_in_a_line(value, notation)
    return f"[{', '.join(_few([notation.number(x) for x in value], '…'))}]"


def _matrix_in_a_line(rows: list[Any], notation: Notation) -> str:
    """Return the rows of a matrix in one line; of many numbers, nothing."""
    numbers = sum(len(_flat(row)) for row in rows)
    if numbers > _MOST_IN_A_LINE:
        return ""
    return f"[{', '.join(in_a_line(row, notation) for row in rows)}]"


def grid(value: Any, notation: Notation) -> list[str]:
    """Return the lines of a matrix, with its columns one below the other; else one line.

    >>> grid([[1.0, 20.0], [3.0, 4.0]], Notation())
    ['[1  20]', '[3   4]']
    """
    if not _is_matrix(value):
        return [in_a_line(value, notation)]
    rows = _cells(value, notation, "…", "…")
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        f"[{'  '.join(cell.rjust(w) for cell, w in zip(row, widths, strict=True))}]" for row in rows
    ]


def in_rows(items: Sequence[Any], width: int, ellipsis: Any) -> list[list[Any]]:
    """Return items in rows of so many; what is between many, an ellipsis.

    >>> in_rows([1, 2, 3, 4], 2, "…"), in_rows(range(10), 10, "…")
    ([[1, 2], [3, 4]], [[0, 1, 2, 3, 4, 5, '…', 9]])
    """
    rows = [items[k : k + width] for k in range(0, len(items), width)]
    return _few([_few(row, ellipsis) for row in rows], [ellipsis] * min(width, _MOST))


def matrix_in_latex(value: Any, notation: Notation) -> str:
    """Return a column or a matrix of numbers in LaTeX, a number as it is.

    >>> print(matrix_in_latex([0.5, -1.0], Notation("latex")))
    \\begin{pmatrix} 0.5 \\\\ -1 \\end{pmatrix}
    """
    if not isinstance(value, list):
        return notation.number(value)
    rows = value if _is_matrix(value) else [[x] for x in value]
    if not _is_matrix(rows):
        return ""
    cells = _cells(rows, notation, r"\cdots", r"\vdots")
    body = r" \\ ".join(map(" & ".join, cells))
    return rf"\begin{{pmatrix}} {body} \end{{pmatrix}}"


def _cells(rows: Any, notation: Notation, across: str, down: str) -> list[list[str]]:
    """Return the numbers of a matrix, with an ellipsis for what is left out of many."""
    cells = [_few([notation.number(x) for x in row], across) for row in rows]
    return _few(cells, [down] * len(cells[0]))


def _is_matrix(value: Any) -> bool:
    return (
        isinstance(value, list)
        and isinstance(value[0], list)
        and not any(isinstance(x, list) for x in value[0])
    )


def _flat(value: Any) -> list[float]:
    if not isinstance(value, list):
        return [value]
    return [x for part in value for x in _flat(part)]


def _few(items: Sequence[Any], ellipsis: Any) -> list[Any]:
    """Return the items, or the first and the last of many."""
    if len(items) <= _MOST:
        return list(items)
    return [*items[: _MOST - 2], ellipsis, items[-1]]
