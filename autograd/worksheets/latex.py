r"""A sheet as a LaTeX document, for pdflatex."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from autograd.latex import latex_words
from autograd.worksheets.scoring import shown
from autograd.worksheets.steps import Cell, Line

if TYPE_CHECKING:
    from autograd.worksheets.worksheet import Sheet

_HEAD = r"""\documentclass[11pt,fleqn]{article}
\usepackage[margin=2cm]{geometry}
\usepackage{amsmath}
\setlength{\parindent}{0pt}\setlength{\parskip}{1ex}\setlength{\mathindent}{1em}
\newcommand{\hole}[1]{\underline{\hspace{#1}}}
\newcommand{\answer}[1]{\underline{#1}}
\begin{document}
"""
_LONG = "8cm"  # of numbers put in where no formula stands before them
_WIDTHS = {"formula": "3.5cm", "numbers": "3cm", "value": "1.8cm", "given": "2cm"}


def as_latex(sheet: Sheet) -> str:
    """Return the sheet as a LaTeX document."""
    notation = sheet.worksheet.notation._replace(style="latex")
    title = latex_words(sheet.heading)
    lines = [
        rf"\textbf{{\Large {title}}}\hfill {latex_words(sheet.student)}, variant {sheet.code}",
        r"\par\hrule",
        r"\subsection*{Given}",
    ]
    for row in sheet.given(notation):
        lines.append(",\\quad\n".join(f"${name} = {number}$" for name, number in row) + "\n")
    lines.append(r"\subsection*{Computed from these}")
    lines += [f"${name} = {formula}$\n" for name, formula in sheet.definitions(notation)]
    lines += [sheet.instruction, ""]
    for number, step in enumerate(sheet.steps(notation), 1):
        title = step.title.format(f"${step.subject}$")
        points = rf"\hfill\normalfont {shown(step.points)} points"
        lines.append(rf"\subsection*{{{number}. {title}{points}}}")
        lines += [f"\\[{_equation(line, sheet.filled)}\\]" for line in step.lines]
    return _HEAD + "\n".join(lines) + "\n\\end{document}\n"


def _equation(line: Line, filled: bool) -> str:
    has_formula = any(cell.kind == "formula" for cell in line.cells)
    widths = _WIDTHS if has_formula else _WIDTHS | {"numbers": _LONG}
    return " = ".join([line.title, *(_cell(cell, filled, widths) for cell in line.cells)])


def _cell(cell: Cell, filled: bool, widths: Mapping[str, str]) -> str:
    if not cell.asked:
        return cell.text
    if filled:
        return rf"\answer{{{cell.text}}}"
    width = widths[cell.kind] if cell.holes == 1 else _WIDTHS[cell.kind]
    return r" \cdot ".join([rf"\hole{{{width}}}"] * cell.holes)
