"""A sheet as a notebook: a cell of text for each step, which is filled in and handed in."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from autograd.worksheets.scoring import shown
from autograd.worksheets.text import equation

if TYPE_CHECKING:
    from autograd.worksheets.worksheet import Sheet


_QUAD = ",\\quad "
# without one, a program asks which it is to start
_KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def as_notebook(sheet: Sheet) -> str:
    """Return the sheet as a notebook in JSON, format 4."""
    plain = sheet.worksheet.notation
    latex = plain._replace(style="latex")
    rows = [[f"{name} = {number}" for name, number in row] for row in sheet.given(latex)]
    given = "\n\n".join(f"${_QUAD.join(row)}$" for row in rows)
    formulas = "\n\n".join(f"${name} = {text}$" for name, text in sheet.definitions(latex))
    cells = [
        _cell(f"# {sheet.heading}\n\nstudent: {sheet.student}\n\nvariant: {sheet.code}"),
        _cell(f"## Given\n\n{given}\n\n## Computed from these\n\n{formulas}"),
        _cell(sheet.instruction),
    ]
    for number, step in enumerate(sheet.steps(plain), 1):
        points = f"{shown(step.points)} points"
        lines = "\n".join(equation(line, sheet.filled) for line in step.lines)
        heading = f"## {number}. {step.title.format(step.subject)} ({points})"
        cells += [_cell(heading), _cell(f"```\n{lines}\n```")]
    for k, cell in enumerate(cells):
        cell["id"] = f"{sheet.code}-{k}"
    return json.dumps(
        {"cells": cells, "metadata": {"kernelspec": _KERNEL}, "nbformat": 4, "nbformat_minor": 5},
        ensure_ascii=False,
        indent=1,
    )


def _cell(text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": text.splitlines(keepends=True)}
