"""The numbers in the box of an array: as lines of text, and cell by cell."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any, Literal, NamedTuple

from autograd.drawing.labels import BLANK
from autograd.drawing.theme import PLAIN, Shade

GAP = 2  # blanks between two columns


class Cell(NamedTuple):
    """A number in a box, padded to the width of its column; a title stands alone in its line."""

    role: Literal["data", "grad", "title"]
    text: str
    shade: Shade = PLAIN


class Cells(NamedTuple):
    """The numbers of an array, row by row, and the shade of each gradient.

    A vector has each gradient beside its number, a matrix has one grid below the other.
    """

    data: list[list[str]]
    grad: list[list[str]]
    shades: list[list[Shade]]

    @property
    def rows(self) -> list[list[Cell]]:
        """The cells, line by line."""
        data = [_cells("data", row) for row in _padded(self.data)]
        grad = [_cells("grad", *pair) for pair in zip(_padded(self.grad), self.shades, strict=True)]
        if all(len(row) == 1 for row in data):
            return [[*numbers, *gradients] for numbers, gradients in zip(data, grad, strict=True)]
        return [[Cell("title", "data")], *data, [Cell("title", "grad")], *grad]

    @property
    def lines(self) -> list[str]:
        """The cells as lines of text, with room for a frame around each."""
        texts = [(GAP * BLANK).join(cell.text for cell in row) for row in self.rows]
        return [BLANK + text + BLANK for text in texts]

    @property
    def flat(self) -> dict[str, list[str]]:
        """The numbers in the order of their cells."""
        return {"data": list(chain(*self.data)), "grad": list(chain(*self.grad))}

    @property
    def plain(self) -> Cells:
        """The same without shades."""
        return self._replace(shades=[[PLAIN] * len(row) for row in self.shades])


def _cells(role: Literal["data", "grad"], *columns: Sequence[Any]) -> list[Cell]:
    """Return a row of cells, of their texts and, if they have any, their shades."""
    return [Cell(role, *parts) for parts in zip(*columns, strict=True)]


def _padded(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [[text.ljust(w, BLANK) for text, w in zip(row, widths, strict=True)] for row in rows]
