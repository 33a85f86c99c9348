"""Sheets for PrairieLearn: the files of a question that has the sheets as its variants."""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from uuid import UUID

from autograd.worksheets.questions import Blank, Paper, Piece, papers_of

if TYPE_CHECKING:
    from autograd.worksheets.worksheet import Sheet

_QUESTION = """\
<pl-question-panel>
{{{params.intro}}}
</pl-question-panel>
{{#params.parts}}
<h4>{{{title}}}</h4>
{{#rows}}
<p style="margin-left:{{indent}}em">{{#pieces}}{{{html}}}{{#blank}}<pl-number-input
  answers-name="{{name}}" comparison="relabs" rtol="0" atol="{{atol}}" weight="{{weight}}"
  size="12" allow-fractions="false" show-help-text="false"
  show-placeholder="false"></pl-number-input>{{/blank}}{{/pieces}}</p>
{{/rows}}
{{/params.parts}}
"""
_SERVER = '''\
"""Takes one of the variants in variants.json."""

import json
import pathlib


def generate(data):
    folder = pathlib.Path(data["options"]["question_path"])
    variants = json.loads((folder / "variants.json").read_text(encoding="utf-8"))
    variant = variants[int(data["variant_seed"]) % len(variants)]
    data["params"].update(variant["params"])
    data["correct_answers"].update(variant["correct_answers"])
'''


def prairielearn(sheets: Sequence[Sheet]) -> dict[str, str]:
    """Return the files of a question folder, by their names; no student is named in them.

    Raises ValueError where there are no sheets, or one asks for no number.

    >>> from autograd import Value
    >>> from autograd.worksheets.worksheet import Worksheet
    >>> def build():
    ...     w, x = Value(0.4, label="w"), Value(0.7, label="x")
    ...     y = w * x; y.label = "y"
    ...     return y
    >>> sheet = Worksheet(build, names=["w"], steps=["error"]).variant("ann")
    >>> list(prairielearn([sheet]))
    ['info.json', 'question.html', 'server.py', 'variants.json']
    """
    papers = papers_of(sheets)
    variants = _json([_variant(paper) for paper in papers])
    info = {
        "uuid": str(UUID(bytes=sha256(variants.encode()).digest()[:16], version=4)),
        "title": papers[0].title,
        "topic": "Backpropagation",
        "type": "v3",
    }
    return {
        "info.json": _json(info),
        "question.html": _QUESTION,
        "server.py": _SERVER,
        "variants.json": variants,
    }


def _json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, indent=1) + "\n"


def _variant(paper: Paper) -> dict[str, Any]:
    weights = paper.weights
    parts = []
    for part in paper.parts:
        rows = [
            {
                "indent": min(row.depth, 6),
                "pieces": [_piece(piece, weights) for piece in row.pieces],
            }
            for row in part.rows
        ]
        parts.append({"title": part.title, "rows": rows})
    return {
        "params": {"intro": paper.intro, "parts": parts},
        "correct_answers": {_name(blank): blank.value for blank in paper.blanks},
    }


def _piece(piece: Piece, weights: dict[int, int]) -> dict[str, Any]:
    if not isinstance(piece, Blank):
        return {"html": piece}
    atol, weight = repr(piece.tolerance), weights[piece.number]
    return {"blank": {"name": _name(piece), "atol": atol, "weight": weight}}


def _name(blank: Blank) -> str:
    return f"x{blank.number}"
