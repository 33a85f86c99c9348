"""A sheet as a page that prints on A4 and on Letter, and asks for nothing from outside."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING

from autograd.marking.mathml import mathml
from autograd.notation import Notation
from autograd.worksheets.scoring import shown
from autograd.worksheets.steps import Cell, Line, Step

if TYPE_CHECKING:
    from autograd.worksheets.worksheet import Sheet

STYLE = """\
@page { margin: 16mm }
:root { color-scheme: light }
body { font: 11pt/1.45 "Helvetica Neue", Arial, sans-serif; color: #1B1F24; background: #fff;
  max-width: 178mm; margin: 0 auto; padding: 0 4mm }
header { display: flex; justify-content: space-between; align-items: baseline; gap: 0 1em;
  flex-wrap: wrap; border-bottom: 1.5pt solid #1B1F24; margin-bottom: 4mm }
h1 { font-size: 17pt; margin: 0 }
h2 { font-size: 12.5pt; margin: 6mm 0 1.5mm; break-after: avoid }
h2 small { font-weight: normal; color: #5E6670; float: right }
p { margin: 1mm 0 }
.instruction { border-left: 2.5pt solid #0B5A94; padding-left: 3mm; margin: 4mm 0 }
.row { display: flex; flex-wrap: wrap; gap: 0 1.6em }
.two { columns: 70mm 2; column-gap: 8mm }
.line { display: flex; flex-wrap: wrap; align-items: baseline; gap: .1em .45em; margin: 1.8mm 0;
  break-inside: avoid }
math { font-size: 12pt; math-style: normal }
h2 math { math-style: compact }
.blank { height: 6.5mm; border-bottom: 1pt solid #1B1F24; flex: 3 1 22mm }
.formula { flex: 5 1 36mm }
.value { flex: 0 1 24mm }
.answer { background: #CFE3F3; border-radius: 2pt; padding: 0 1mm }
svg { max-width: 100%; max-height: 92mm; height: auto; display: block; margin: 2mm auto }
"""


def as_html(sheet: Sheet) -> str:
    """Return the sheet as one HTML document; its formulas are MathML, which a browser sets."""
    latex = sheet.worksheet.notation._replace(style="latex")
    parts = [
        f"<header><h1>{escape(sheet.heading)}</h1>"
        f"<span>{escape(sheet.student)} · variant {sheet.code}</span></header>",
        *_described(sheet, latex),
        f'<p class="instruction">{escape(sheet.instruction)}</p>',
        *(_step(k, step, sheet.filled) for k, step in enumerate(sheet.steps(latex), 1)),
    ]
    return document(sheet.heading, STYLE, parts)


def document(title: str, style: str, parts: Iterable[str], *, data: str = "") -> str:
    """Return an HTML document that may load nothing; `data` is kept in its head for a program."""
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return "\n".join(
        [
            '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f'<meta name="handgrad" content="{escape(data)}">',
            f"<title>{escape(title)}</title>",
            f"<style>{style}</style></head><body>",
            *parts,
            "</body></html>\n",
        ]
    )


def _described(sheet: Sheet, latex: Notation) -> list[str]:
    """Return the numbers, the formulas and the picture."""
    rows = []
    for row in sheet.given(latex):
        cells = "".join(f"<span>{mathml(f'{name} = {number}')}</span>" for name, number in row)
        rows.append(f'<div class="row">{cells}</div>')
    formulas = [f"<p>{mathml(f'{name} = {text}')}</p>" for name, text in sheet.definitions(latex)]
    return [
        "<section><h2>Given</h2>", *rows, "</section>",
        '<section><h2>Computed from these</h2><div class="two">', *formulas, "</div></section>",
        sheet.worksheet.picture,
    ]  # fmt: skip


def _step(number: int, step: Step, filled: bool) -> str:
    title = f"{number}. {escape(step.title).format(mathml(step.subject))}"
    points = f"<small>{shown(step.points)} points</small>"
    lines = "\n".join(_line(line, filled) for line in step.lines)
    return f"<section><h2>{title} {points}</h2>\n{lines}</section>"


def _line(line: Line, filled: bool) -> str:
    sides = [mathml(line.title), *(_cell(cell, filled) for cell in line.cells)]
    indent = f' style="margin-left:{min(line.depth, 6) * 5}mm"' if line.depth else ""
    return f'<div class="line"{indent}>{" <span>=</span> ".join(sides)}</div>'


def _cell(cell: Cell, filled: bool) -> str:
    if not cell.asked:
        return mathml(cell.text)
    if filled:
        return f'<span class="answer">{mathml(cell.text)}</span>'
    hole = f'<span class="blank {cell.kind}"></span>'
    return " · ".join([hole] * cell.holes)
