"""The page that a student gets back: the first slip first, then what was asked, line by line."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from autograd.marking.marks import Line
from autograd.marking.mathml import mathml
from autograd.marking.verdict import Verdict
from autograd.tables import Html, markup
from autograd.worksheets.page import document
from autograd.worksheets.scoring import ItemScore, Score, StepScore, shown

STYLE = """\
@page { margin: 16mm }
:root { color-scheme: light dark }
body { font: 11pt/1.45 "Helvetica Neue", Arial, sans-serif; max-width: 190mm; margin: 0 auto;
  padding: 0 4mm; color: CanvasText; background: Canvas }
h1 { font-size: 17pt } h2 { font-size: 12.5pt; margin: 6mm 0 1.5mm; break-after: avoid }
h2 small { font-weight: normal; float: right }
.first { border-left: 3pt solid #A8480A; padding: 1mm 3mm; background: #A8480A1F }
.well { border-left: 3pt solid #0B5A94; padding: 1mm 3mm; background: #0B5A941F }
table { border-collapse: collapse; width: 100% }
td, th { text-align: left; vertical-align: baseline; padding: .8mm 3mm .8mm 0;
  border-bottom: .5pt solid #80808066 }
tr { break-inside: avoid } td:first-child { width: 34% } td:last-child { width: 48% }
.WRONG, .missing { font-weight: bold } math { font-size: 12.5pt }
"""
_ASKED = {"formula": "formula", "numbers": "numbers put in", "value": "value"}
_MARKS = {"implied": "right: it follows from what you wrote", "missing": "not found"}


def feedback_page(score: Score, heading: str, whose: str, data: str = "") -> str:
    """Return the page of one answer as an HTML document.

    heading   what stands above it, and `whose` it is
    data      what is kept in it for a program
    """
    parts = [
        f"<h1>{escape(heading)}</h1>",
        f"<p>{escape(whose)}: <b>{shown(score.points)} of {shown(score.of)} points</b></p>",
        _first_slip(score),
        *(_step(step) for step in score.steps),
        *_others(score),
    ]
    return document(f"{heading}: {whose}", STYLE, parts, data=data)


def _first_slip(score: Score) -> str:
    first = score.marks.first_slip
    if first is not None:
        return (
            f'<p class="first">The first slip is in line {first.number}: {_claim(first)}'
            f"<br>{escape(first.because)}</p>"
        )
    if score.points == score.of:
        return '<p class="well">Everything is right.</p>'
    if not any(line.right for line in score.marks.lines):
        return '<p class="well">Nothing that is asked for was found.</p>'
    return '<p class="well">Nothing is wrong; not all was answered.</p>'


def _step(step: StepScore) -> str:
    points = f"<small>{shown(step.points)} of {shown(step.of)} points</small>"
    found = "<p>Not answered.</p>"
    if any(item.mark != "missing" for item in step.items):
        found = markup([_row(item) for item in step.items])
    return f"<h2>{escape(step.title)} {points}</h2>{found}"


def _row(score: ItemScore) -> list[str]:
    asked = f"{score.item.subject}: {_ASKED[score.item.kind]}"
    mark = Html(f'<span class="{score.mark}">{_MARKS.get(score.mark, score.mark)}</span>')
    if score.line is None:
        return [asked, mark, ""]
    because = "" if score.mark == "right" else score.line.because + score.line.told
    return [asked, mark, Html(f"{_claim(score.line)} {escape(because)}")]


def _others(score: Score) -> Iterable[str]:
    """Yield the lines that are wrong, or were not read, and answer nothing that is asked."""
    lines = list(filter(_is_faulty, _beside(score)))
    if lines:
        rows = [[line.mark, Html(_claim(line)), line.because + line.told] for line in lines]
        yield f"<h2>Other lines</h2>{markup(rows)}"


def _beside(score: Score) -> list[Line]:
    """Return the lines that answer nothing that is asked."""
    used = {item.line for step in score.steps for item in step.items}
    return [line for line in score.marks.lines if line not in used]


def _is_faulty(line: Line) -> bool:
    return not line.right and Verdict.NOT_ANSWERED not in line.verdicts


def _claim(line: Line) -> str:
    return mathml(line.latex) if line.latex else f"<code>{escape(line.claim)}</code>"
