"""The elements of a vector or a matrix, each a term of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from autograd.marking.syntax import Term, copied


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
