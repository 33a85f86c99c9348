"""The page for the teacher: which slips, how often, at which step; and who has how many points."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape
from statistics import mean, median
from urllib.parse import quote

from autograd.tables import Html, markup
from autograd.worksheets.feedback import STYLE
from autograd.worksheets.page import document
from autograd.worksheets.result import Result
from autograd.worksheets.scoring import shown

_BARS = """\
.bar { display: inline-block; height: 3.2mm; background: #0B5A94; vertical-align: middle }
.slips .bar { background: #A8480A } td:first-child, td:last-child { width: auto }
"""
_WIDEST = 60  # millimetres of a bar
_GROUPS = 10  # of points


def overview_page(title: str, results: Sequence[Result]) -> str:
    """Return the page of a class as an HTML document."""
    marked = [r for r in results if not r.note]
    parts = [f"<h1>{escape(title)}: the class</h1>", *_problems(results)]
    if marked:
        parts += [_points(marked), _slips(marked), _steps(marked)]
    parts.append(_students(results))
    return document(f"{title}: the class", STYLE + _BARS, parts)


def _problems(results: Iterable[Result]) -> Iterable[str]:
    rows = [[r.file or r.student, r.note] for r in results if r.note]
    if rows:
        yield f'<section class="first"><h2>Not marked: {len(rows)}</h2>{markup(rows)}</section>'


def _points(marked: Sequence[Result]) -> str:
    """Return how many students have how many points, in tenths of all."""
    points = [r.points for r in marked]
    of = max(r.of for r in marked)
    groups = Counter(min(int(_GROUPS * x / of), _GROUPS - 1) if of else 0 for x in points)
    most = max(groups.values())
    rows = []
    for k in range(_GROUPS):
        span = f"{shown(of * k / _GROUPS)} – {shown(of * (k + 1) / _GROUPS)}"
        rows.append([span, str(groups[k]), _bar(groups[k], most)])
    said = f"{len(marked)} answers; mean {shown(mean(points))}, median {shown(median(points))}"
    return f"<h2>Points <small>{said} of {shown(of)}</small></h2>{markup(rows)}"


def _slips(marked: Iterable[Result]) -> str:
    """Return which slips were made, by how many students, and in which steps."""
    by: dict[tuple[str, str], Counter[str]] = {}
    for r in marked:
        for slip in dict.fromkeys(r.slips):  # in one step by one student: once
            by.setdefault((slip.verdict, slip.sentence), Counter())[slip.step] += 1
    totals = {named: sum(steps.values()) for named, steps in by.items()}
    most = max(totals.values(), default=1)
    rows = []
    for named, total in sorted(totals.items(), key=lambda pair: (-pair[1], pair[0])):
        where = ", ".join(f"{step} ({n})" for step, n in by[named].most_common())
        rows.append([*named, where, str(total), _bar(total, most)])
    if not rows:
        return "<h2>Slips</h2><p>None.</p>"
    head = ("slip", "what it means", "where", "how often", "")
    return f'<section class="slips"><h2>Slips</h2>{markup(rows, head)}</section>'


def _steps(marked: Sequence[Result]) -> str:
    """Return the mean of the points of each step."""
    rows = []
    for k, step in enumerate(marked[0].steps):
        average = mean(r.steps[k].points for r in marked)
        rows.append([step.title, f"{shown(average)} of {shown(step.of)}", _bar(average, step.of)])
    return f"<h2>Steps, in the mean</h2>{markup(rows)}"


def _students(results: Iterable[Result]) -> str:
    rows: list[list[str]] = []
    for r in results:
        if r.note:
            rows.append([r.student, r.note, r.file])
        else:
            link = f'<a href="feedback/{quote(r.student)}.html">{escape(r.student)}</a>'
            rows.append([Html(link), f"{shown(r.points)} of {shown(r.of)}", r.first])
    return f"<h2>Students</h2>{markup(rows, ('student', 'points', 'first slip'))}"


def _bar(x: float, most: float) -> Html:
    width = _WIDEST * x / most if most else 0.0
    return Html(f'<span class="bar" style="width:{width:.1f}mm"></span>')
