"""Sheets for Moodle: a file of Cloze questions, one for each student, to be imported as XML."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element

from autograd.worksheets.questions import Blank, Paper, papers_of
from autograd.worksheets.xml import document, element

if TYPE_CHECKING:
    from autograd.worksheets.worksheet import Sheet

_BRACES = str.maketrans({"{": "&#123;", "}": "&#125;"})


def moodle(sheets: Sequence[Sheet]) -> str:
    """Return a Moodle XML file with a category, and in it a Cloze question for each sheet.

    Raises ValueError where there are no sheets, or one asks for no number.

    >>> from autograd import Value
    >>> from autograd.worksheets.worksheet import Worksheet
    >>> def build():
    ...     w, x = Value(0.4, label="w"), Value(0.7, label="x")
    ...     y = w * x; y.label = "y"
    ...     return y
    >>> sheet = Worksheet(build, names=["w"], steps=["error"]).variant("ann")
    >>> "{1:NUMERICAL:=" in moodle([sheet])
    True
    """
    papers = papers_of(sheets)
    return document(element("quiz", _category(papers[0].title), *map(_question, papers)))


def _category(title: str) -> Element:
    path = "$course$/top/" + title.replace("/", "//")
    return element("question", element("category", element("text", path)), type="category")


def _question(paper: Paper) -> Element:
    return element(
        "question",
        element("name", element("text", paper.name)),
        element("questiontext", element("text", _text(paper)), format="html"),
        element("generalfeedback", element("text"), format="html"),
        element("penalty", "0"),
        element("hidden", "0"),
        element("idnumber", paper.code),
        type="cloze",
    )


def _text(paper: Paper) -> str:
    """Return the HTML, with Cloze's blanks in it; no brace stands in it elsewhere."""
    weights = paper.weights
    parts = [paper.intro.translate(_BRACES)]
    for part in paper.parts:
        parts.append(f"<h4>{part.title.translate(_BRACES)}</h4>")
        for row in part.rows:
            pieces = [
                _cloze(piece, weights[piece.number])
                if isinstance(piece, Blank)
                else piece.translate(_BRACES)
                for piece in row.pieces
            ]
            parts.append(f'<p style="margin-left:{min(row.depth, 6)}em">{"".join(pieces)}</p>')
    return "\n".join(parts)


def _cloze(blank: Blank, weight: int) -> str:
    return f"{{{weight}:NUMERICAL:={blank.value!r}:{blank.tolerance!r}}}"
