"""Contraction: one term of an index form as a product of matrices and vectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from autograd.arrays.forms import Atom
from autograd.formula import Written
from autograd.op import ATOM, POWER

if TYPE_CHECKING:
    from autograd.arrays.matrix import MatrixWriter


class NotMatrixError(Exception):
    """A term that has no matrix form."""


class Part(NamedTuple):
    """A factor of a term; `matrix` is the one whose rows or columns it adds up, if it does."""

    written: Written
    matrix: Written | None = None


class Contraction:
    """One term on its way to matrix form: what stands at each symbol, and between two.

    What is summed over is eliminated, the symbol with the fewest neighbours first: the vector v at
    s and the matrix M between a and s become the vector M v at a; two matrices become their
    product.

    vectors   the factors at each symbol
    matrices  the factors between two, of which the first is that of the rows
    scalars   what comes of the parts that reach no free index
    """

    def __init__(
        self,
        writer: MatrixWriter,
        groups: Mapping[tuple[str, ...], Sequence[tuple[Atom, float]]],
        summed: Sequence[str],
        free: tuple[str, ...],
    ) -> None:
        self.writer = writer
        self.free = free
        self.scalars: list[Written] = []
        self.vectors: dict[str, list[Part]] = {}
        self.matrices: dict[tuple[str, str], list[Part]] = {}
        for key, factors in groups.items():
            parts = [Part(written) for written in self.written(factors)]
            if len(key) == 1:
                self.vectors[key[0]] = parts
            else:
                self.matrices[key[0], key[1]] = parts
        waiting = list(summed)
        while waiting:
            s = min(waiting, key=lambda s: len(self.neighbours(s)))
            waiting.remove(s)
            self.eliminate(s)

    def written(self, factors: Sequence[tuple[Atom, float]]) -> list[Written]:
        """Return factors of the same indices, what is below in one with the last above."""
        above, below = self.writer.sides(factors, self.writer.atom)
        if not below:
            return above
        top = above.pop() if above else self.writer.piece("1", ATOM)
        return [*above, self.writer.writer.over(top, below)]

    def neighbours(self, s: str) -> list[str]:
        """Return the symbols that a matrix joins with `s`."""
        return list(dict.fromkeys(a if b == s else b for a, b in self.matrices if s in (a, b)))

    def eliminate(self, s: str) -> None:
        """Sum over a symbol."""
        neighbours = self.neighbours(s)
        if not neighbours:
            if s in self.vectors:
                self.scalars.append(self.total(self.vectors.pop(s)))
        elif len(neighbours) == 1:
            self.vectors.setdefault(neighbours[0], []).insert(0, self.contracted(neighbours[0], s))
        elif len(neighbours) == 2:
            self.joined(neighbours[0], neighbours[1], s)
        else:
            raise NotMatrixError

    def contracted(self, a: str, s: str) -> Part:
        """Return the vector at `a` that comes of the matrix to `s` and the vector there."""
        vector = self.vectors.pop(s, [])
        if vector:
            matrix = self.matrix(a, s)
            return Part(self.writer.matmul([matrix, self.hadamard(vector)]))
        by_columns = (a, s) not in self.matrices
        matrix = self.matrix(s, a) if by_columns else self.matrix(a, s)
        return Part(self.writer.called("colsum" if by_columns else "rowsum", matrix), matrix)

    def joined(self, a: str, b: str, s: str) -> None:
        """Replace the matrices from `a` to `s` and from `s` to `b` by their product."""
        if (b, a) in self.matrices or self.free[:1] == (b,) or self.free[1:] == (a,):
            a, b = b, a
        pieces = [self.matrix(a, s), self.matrix(s, b)]
        vector = self.vectors.pop(s, [])
        if vector:
            pieces.insert(1, self.writer.called("diag", self.hadamard(vector)))
        self.matrices.setdefault((a, b), []).insert(0, Part(self.writer.matmul(pieces)))

    def matrix(self, rows: str, columns: str) -> Written:
        """Take the matrix between two symbols."""
        parts = [part.written for part in self.matrices.pop((rows, columns), [])]
        turned = [part.written for part in self.matrices.pop((columns, rows), [])]
        return self.writer.hadamard([*parts, *map(self.writer.transposed, turned)])

    def hadamard(self, parts: Sequence[Part]) -> Written:
        return self.writer.hadamard([part.written for part in parts])

    def total(self, parts: Sequence[Part]) -> Written:
        """Return the sum of all elements of a vector, of two as an inner product."""
        if len(parts) == 1:
            return self.writer.called("sum", parts[0].matrix or parts[0].written)
        if len(parts) == 2 and all(part.written.binding >= POWER for part in parts):
            return self.inner(*(part.written for part in parts))
        return self.writer.called("sum", self.hadamard(parts))

    def inner(self, a: Written, b: Written) -> Written:
        """Return the inner product of two vectors."""
        row, column = self.row_first(a, b)
        return self.writer.matmul([self.writer.transposed(row), column])

    def row_first(self, a: Written, b: Written) -> tuple[Written, Written]:
        """Return two vectors, first the one that is easier to transpose."""
        is_product = b.binding == POWER and not self.writer.is_product(a)
        return (a, b) if a in self.writer.turned or is_product else (b, a)

    def factors(self, alone: bool) -> list[Written]:
        """Return the factors, element by element, of a scalar, a vector or a matrix."""
        free = self.free
        if len(free) > 2:
            raise NotMatrixError
        if len(free) == 2:
            return self.of_matrix(*free, alone)
        return [part.written for s in free for part in self.vectors.get(s, [])]

    def of_matrix(self, a: str, b: str, alone: bool) -> list[Written]:
        """Return the factors of a matrix with rows `a` and columns `b`."""
        writer = self.writer
        left, right = self.vectors.get(a, []), self.vectors.get(b, [])
        if not self.neighbours(a):
            return self.outer(left, right, alone)
        pieces = [self.matrix(a, b)]
        if left:
            pieces.insert(0, writer.called("diag", self.hadamard(left)))
        if right:
            pieces.append(writer.called("diag", self.hadamard(right)))
        return [writer.matmul(pieces) if len(pieces) > 1 else pieces[0]]

    def outer(self, left: list[Part], right: list[Part], alone: bool) -> list[Written]:
        """Return the outer product; in a sum, one side alone goes with each row or column."""
        writer = self.writer
        if not left and not right:
            return []
        if not right and not alone and all(part.matrix for part in left):
            return [self.hadamard(left)]
        return [writer.matmul([self.vector(left), writer.transposed(self.vector(right))])]

    def vector(self, parts: list[Part]) -> Written:
        """Return the product of vectors element by element; of none, a vector of ones."""
        return self.hadamard(parts) if parts else self.writer.ones()
