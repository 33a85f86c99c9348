"""A table as lines of text, and as HTML."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence


def width(text: str) -> int:
    """Return how many columns a text takes: a mark above a letter takes none.

    >>> width("x\u0302"), width("ŷ")
    (1, 1)
    """
    return sum(not unicodedata.combining(c) for c in text)


def padded(text: str, columns: int) -> str:
    """Return the text with spaces after it, as wide as so many columns."""
    return text + " " * (columns - width(text))


def columns(rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the rows as lines whose columns begin one below the other.

    >>> print("\\n".join(columns([("w", "0.5"), ("net_h1", "0.3775")])))
    w       0.5
    net_h1  0.3775
    """
    table = list(rows)
    widths = [max(map(width, column)) for column in zip(*table, strict=True)]
    return ["  ".join(map(padded, row, widths)).rstrip() for row in table]


def points_aligned(cells: Sequence[str]) -> list[str]:
    """Return the cells of a column with the points of numbers one below the other.

    >>> points_aligned(["0.5", "−12.25", "a word"])
    ['  0.5', '−12.25', 'a word']
    """
    before = [len(cell) - len(cell.lstrip("−0123456789")) for cell in cells]  # 0 for a word
    widest = max(before, default=0)
    return [
        " " * (widest - width) + cell if width else cell
        for width, cell in zip(before, cells, strict=True)
    ]


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def markup(
    rows: Iterable[Sequence[str]], head: Sequence[str] = (), *, ids: Sequence[str] = ()
) -> str:
    """Return the rows as an HTML table, in which any text but Html stands for itself.

    head   the title of each column
    ids    the id of each row, whose first cell is then its title

    >>> markup([("w < x", "0.5")])
    '<table><tbody><tr><td>w &lt; x</td><td>0.5</td></tr></tbody></table>'
    """
    from html import escape

    titles = "".join(f'<th scope="col">{escape(title)}</th>' for title in head)
    above = f"<thead><tr>{titles}</tr></thead>" if head else ""
    lines = [_row(row, ids[number] if ids else None) for number, row in enumerate(rows)]
    return f"<table>{above}<tbody>{''.join(lines)}</tbody></table>"


def _row(row: Sequence[str], name: str | None) -> str:
    """Return a row in HTML; with an id, its first cell is its title."""
    from html import escape

    texts = [cell if isinstance(cell, Html) else escape(cell) for cell in row]
    cells = [f"<td>{text}</td>" for text in texts]
    if name is None:
        return f"<tr>{''.join(cells)}</tr>"
    cells[0] = f'<th scope="row">{escape(row[0])}</th>'
    return f'<tr id="{escape(name)}">{"".join(cells)}</tr>'
