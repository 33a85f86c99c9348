"""A sheet as a notebook: a cell of text for each step, which is filled in and handed in."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from autograd.worksheets.scoring import shown
from autograd.worksheets.text import equation

if TYPE_CHECKING:
    from autograd.worksheets.worksheet import Sheet


def as_notebook(sheet: Sheet) -> str:
    """Return the sheet as a notebook in JSON, format 4."""
    plain = sheet.worksheet.notation
    latex = plain._replace(style="latex")
    given = "\n\n".join(
        ",\\quad ".join(f"${name} = {number}$" for name, number in row)
        for row in sheet.given(latex)
    )
    formulas = "\n\n".join(f"${name} = {text}$" for name, text in sheet.definitions(latex))
    cells = [
        _cell(
            "markdown", f"# {sheet.heading}\n\nstudent: {sheet.student}\n\nvariant: {sheet.code}"
        ),
        _cell("markdown", f"## Given\n\n{given}\n\n## Computed from these\n\n{formulas}"),
        _cell("markdown", sheet.instruction),
    ]
    for number, step in enumerate(sheet.steps(plain), 1):
        points = f"{shown(step.points)} points"
        lines = "\n".join(equation(line, sheet.filled) for line in step.lines)
        heading = f"## {number}. {step.title.format(step.subject)} ({points})"
        cells += [_cell("markdown", heading), _cell("raw", lines)]
    for k, cell in enumerate(cells):
        cell["id"] = f"{sheet.code}-{k}"
    return json.dumps(
        {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5},
        ensure_ascii=False,
        indent=1,
    )


def _cell(kind: str, text: str) -> dict[str, Any]:
    return {"cell_type": kind, "metadata": {}, "source": text.splitlines(keepends=True)}
