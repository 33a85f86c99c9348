"""A sheet as plain text, which can be filled in and handed in as it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from autograd.worksheets.scoring import shown
from autograd.worksheets.steps import BLANK, Cell, Line

if TYPE_CHECKING:
    from autograd.worksheets.worksheet import Sheet


def as_text(sheet: Sheet) -> str:
    """Return the sheet as text: as many lines as it has equations."""
    return "\n".join(_lines(sheet)) + "\n"


def _lines(sheet: Sheet) -> Iterator[str]:
    notation = sheet.worksheet.notation
    yield sheet.heading
    yield f"student: {sheet.student}"
    yield f"variant: {sheet.code}"
    yield ""
    yield "Given"
    for row in sheet.given(notation):
        yield "  " + ", ".join(f"{name} = {number}" for name, number in row)
    yield ""
    yield "Computed from these"
    yield from (f"  {name} = {formula}" for name, formula in sheet.definitions(notation))
    yield ""
    yield sheet.instruction
    for number, step in enumerate(sheet.steps(notation), 1):
        yield ""
        yield f"{number}. {step.title.format(step.subject)} ({shown(step.points)} points)"
        yield from (f"  {equation(line, sheet.filled)}" for line in step.lines)


def equation(line: Line, filled: bool) -> str:
    """Return a line as it stands on the sheet, or with everything filled in.

    >>> equation(Line(0, "y", (Cell("numbers", "2 · 3", True, 2), Cell("value", "6", True))), False)
    'y = ___ · ___ = ___'
    """
    cells = (cell.text if filled or not cell.asked else _blank(cell) for cell in line.cells)
    return " = ".join([line.title, *cells])


def _blank(cell: Cell) -> str:
    return " · ".join([BLANK] * cell.holes)
