"""The elements of a vector or a matrix, each a term of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from autograd.marking.syntax import Term, Unreadable, copied


class Grid(NamedTuple):
    """The elements of a scalar, a vector or a matrix, row by row.

    shape    () of a scalar, (n,) of a vector, (m, n) of a matrix
    is_row   of a vector: whether it was transposed, and is a row
    """

    shape: tuple[int, ...]
    terms: tuple[Term, ...]
    is_row: bool = False

    def at(self, *index: int) -> Term:
        """Return an element, with an object of its own in each place."""
        k = index[0] if len(index) == 1 else index[0] * self.shape[1] + index[1]
        return copied(self.terms[k])

    def size(self, axis: int) -> int:
        """Return how many rows (axis 0) or columns (axis 1) it has: a vector is a column, unless it
        is a row.
        """
        if len(self.shape) == 2:
            return self.shape[axis]
        long = 1 if self.is_row else 0
        return self.shape[0] if self.shape and axis == long else 1

    def row(self, i: int) -> list[Term]:
        """Return a row of it, as a matrix."""
        if len(self.shape) == 2:
            return [self.at(i, j) for j in range(self.shape[1])]
        return [self.at(j) for j in range(self.shape[0])] if self.is_row else [self.at(i)]

    def column(self, j: int) -> list[Term]:
        """Return a column of it, as a matrix."""
        return [self.row(i)[j] for i in range(self.size(0))]


def scalar(term: Term) -> Grid:
    """Return a term as a grid."""
    return Grid((), (term,))


def squeezed(grid: Grid) -> Grid:
    """Return a matrix of one row or one column as a vector, and of one element as a scalar."""
    if len(grid.terms) == 1:
        return scalar(grid.terms[0])
    if len(grid.shape) == 2 and 1 in grid.shape:
        return Grid((len(grid.terms),), grid.terms, is_row=grid.shape[0] == 1)
    return grid


def matrix(rows: Sequence[Sequence[Term]]) -> Grid:
    """Return rows of terms as a grid."""
    return Grid((len(rows), len(rows[0])), tuple(term for row in rows for term in row))


def index_of(grid: Grid, k: int) -> str:
    """Return the index of an element as a message has it: [2], or [1,2].

    >>> index_of(Grid((2, 2), ()), 2)
    '[2,1]'
    """
    if len(grid.shape) == 2:
        return f"[{k // grid.shape[1] + 1},{k % grid.shape[1] + 1}]"
    return f"[{k + 1}]"


def spread(grid: Grid, largest: Grid) -> list[Term]:
    """Return the terms of a grid, one for each element of the largest.

    Raises Unreadable where the shapes do not go together.
    """
    if grid.shape == largest.shape:
        return list(grid.terms)
    if not grid.shape:
        return [copied(grid.terms[0]) for _ in largest.terms]
    if len(grid.shape) == 1 and len(largest.shape) == 2:
        return _spread_over_matrix(grid, largest)
    raise _not_together(grid, largest)


def _spread_over_matrix(vector: Grid, largest: Grid) -> list[Term]:
    """Return the terms of a vector for each element of a matrix, with its rows or its columns.

    It goes with each row: in a square matrix, a transposed one alone.
    """
    rows, columns = largest.shape
    size = len(largest.terms)
    if vector.shape[0] == columns and (vector.is_row or rows != columns):
        return [vector.at(k % columns) for k in range(size)]
    if vector.shape[0] == rows:
        return [vector.at(k // columns) for k in range(size)]
    raise _not_together(vector, largest)


def _not_together(grid: Grid, largest: Grid) -> Unreadable:
    shapes = " and ".join("×".join(map(str, x.shape)) for x in (largest, grid))
    return Unreadable("NOT READ", f"shapes {shapes} do not go together element by element")


def fitted(left: Grid, right: Grid) -> tuple[Grid, Grid]:
    """Return both with a vector that stands before a matrix as a row, where that fits."""
    if len(left.shape) == 1 and len(right.shape) == 2:
        return _turned_to_fit(left, 1, right.shape[0]), right
    if len(right.shape) == 1 and len(left.shape) == 2:
        return left, _turned_to_fit(right, 0, left.shape[1])
    return left, right


def _turned_to_fit(vector: Grid, axis: int, length: int) -> Grid:
    """Return a vector as a row or a column, where only the other one has this length."""
    turned = vector._replace(is_row=not vector.is_row)
    fits = vector.size(axis) == length or turned.size(axis) != length
    return vector if fits else turned
