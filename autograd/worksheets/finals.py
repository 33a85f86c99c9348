"""One page with the numbers in which every sheet of a class ends: for a quick look."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from autograd.tables import markup
from autograd.worksheets.feedback import STYLE
from autograd.worksheets.page import document

if TYPE_CHECKING:
    from autograd.worksheets.worksheet import Sheet


def finals_page(sheets: Sequence[Sheet]) -> str:
    """Return the page of these sheets as an HTML document: a row for each student."""
    title = escape(f"{sheets[0].worksheet.title}: the final numbers")
    rows = [[sheet.student, sheet.code, *_finals(sheet).values()] for sheet in sheets]
    head = ("student", "variant", *_finals(sheets[0]))
    return document(title, STYLE, [f"<h1>{title}</h1>", markup(rows, head)])


def _finals(sheet: Sheet) -> dict[str, str]:
    """Return the value of each line, and of a derivation in full that of its last."""
    found: dict[str, str] = {}
    for step in sheet.steps(sheet.worksheet.notation):
        lines = step.lines[-1:] if step.in_full else step.lines
        for line in lines:
            found[line.title] = line.cells[-1].text
    return found
