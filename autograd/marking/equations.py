r"""A board, a deck or an answer file, taken apart into equations; prose is left out."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile
from typing import NamedTuple

from autograd.marking.cases import is_begun, with_cases
from autograd.marking.names import Names
from autograd.marking.prose import (
    is_prose,
    without_note,
    without_words_before,
    without_words_behind,
)
from autograd.marking.spelling import RELATION

MOST_JOINED = 12  # lines that a brace may go on over
LONGEST = 20_000  # characters of a line that is taken apart


class Written(NamedTuple):
    """An equation as it is written: the number of its line, its text, its sides.

    becomes   whether it says that a new value takes the place of an old one: w := w − …
    """

    number: int
    text: str
    sides: list[str]
    becomes: bool = False


_ENVIRONMENT = re.compile(
    r"\\(?:begin|end)\s*\{(?:aligned|align|alignat|gather|gathered|equation|multline|split|cases"
    r"|eqnarray|array|math|displaymath|itemize|enumerate|center|flalign)\*?\}(?:\{[lcr|@ ]*\})?"
    r"|(?<!\\)\\[\[\](),;:!]|\$\$|\\item\b|\\hline|\\maketitle\b"
    r"|\\(?:documentclass|usepackage)\s*(?:\[[^\]]*\])?\s*\{[^}]*\}|\\(?:begin|end)\s*\{document\}"
)
_MATRIX = re.compile(r"\\begin\s*\{([pbvBV]?matrix)\}(.*?)\\end\s*\{\1\}", re.DOTALL)
_CELL = r"(?:…|[−-]?[0-9.]+(?:[eE][-+]?[0-9]+|·10[⁻⁰¹²³⁴-⁹]+)?)"
_LISTED = re.compile(rf"\[\s*{_CELL}(?:\s+{_CELL})+\s*\]")  # numbers with spaces between
_GRID = re.compile(rf"\s*(.*=\s*)?(\[\s*{_CELL}(?:\s+{_CELL})*\s*\])\s*")
_GRID_OF_LISTS = re.compile(rf"(.*=\s*)(\[{_CELL}(?:, {_CELL})*\])\s*")
_ROWS = re.compile(r"\\\\(?:\s*\[[^\]]*\])?|\\newline\b|\\tag\{[^}]*\}")
_NUMBERED = re.compile(  # the number of an equation, far to its right
    r"(?:\\q?quad(?![a-zA-Z])\s*\([1-9]\d?(?:\.\d{1,3})?[a-z]?\)|(?:\s{3,}|\t\s*)\([1-9]\d?[a-z]?\))\s*$"
)
_PARTS = re.compile(r"(?<!\\);")
_BULLET = re.compile(
    r"\s*(?:[-*•‣▪–]\s+(?=\S)|\(?(?:\d{1,2}|[a-z]|[ivx]+)[.)]\s+"
    r"|(?:Step|Line|Q|Eq\.?)\s*\d+\s*[:.)]\s*)"
)
_COMMENT = re.compile(
    r"\s*(?:(?<!\\)#|//|<--|←--|%%|[←<]-?\s+[^\W\d_]{2,}\s+[^\W\d_]{2,}(?=[\s.,]|$)).*"
    r"|\s*[✓✔✗☑`]+\s*$"
    r"|\s+\(\d+ ?(?:d\.?p\.?|s\.?f\.?|digits|(?:decimal )?places|decimals|significant digits)\)\s*$"
)
_MARKED_UP = re.compile(r"^\s*(?:\*\*|__)(.+?)(?:\*\*|__)(?=\s|$)|`")
_BOLD = re.compile(r"(?<![\w)\]}*])\*\*(?=[^\s*])([^*]+?)(?<!\s)\*\*(?![\w(*])")
_COLON = re.compile(
    r"((?=\S*[\d_∂⁺/]|d\S+\s*/\s*d)[^\s:=]+(?:\s*/\s*[^\s:=]+)?)\s*:\s+(?=[-+−(.]?\s*[\d.(])"
)
_TABLE = re.compile(r"\s*\|\s.*\s\|\s*$")
_VALUED = re.compile(r".*[^\W\d].*[*·/(+−-].* \| [-−+]?[\d.,]+")  # a formula, and its value
_RULE = re.compile(r"\s*\|?[-:| ]{3,}\|?\s*")  # below the head of a table
_ALIKE = r"\(?[ijklmn]\s*(?:!?=|≠|\\neq?(?![a-z]))\s*[ijklmn]\b"  # i = j, i ≠ j
_TURN = re.compile(  # where one equation ends and the next begins on the same line
    r"\s*(?:⇒|⟹|∴|∵|\\(?:Rightarrow|Longrightarrow|implies|therefore)(?![a-zA-Z])"
    r"|[,.;]?\s+(?:and|so|thus|hence|therefore|then|with|since|because|which gives|giving"
    r"|(?:so |thus |hence )?we (?:have|get|find|obtain|see)(?: that)?|it follows that)\s+"
    rf"|[,.;]?\s+where\s+(?!{_ALIKE})"
    rf"|,\s+(?!for\s+[ijklmnt]\s*=|(?:(?:for|if|when|where)\s+)?{_ALIKE})"
    r"|\\q?quad(?![a-zA-Z])|(?<=\S)\.\s+(?=\S))\s*"
)
_COMPARED = re.compile(r"(?<![-<])[<>≤≥](?![-<])|\\(?:[lg]eq?|[lg]t)(?![a-zA-Z])")
_REASON = re.compile("since|because")
_CONTINUED = re.compile(r"[&\s]*(?:[=≈≃≅]|\\(?:approx|simeq)\b)")
_WHERE = re.compile(r"[\s,;]*(?:\\text\{)?\s*(?:where|with|here)\b", re.I)
_WHERE_FIRST = re.compile(
    rf"^(?:{_WHERE.pattern}|\s*(?:let|define|denote)\b)[\s,:}}]+(?=[^\s=]+\s*:?=)", re.I
)
_OPENING, _CLOSING = "([{", ")]}"


def equations_of(lines: Iterable[str], names: Names) -> Iterator[Written]:
    """Yield the equations that the lines state, each before the next is looked at.

    >>> board = ["Backward pass:", "1. so we get y = 2x = 4, and z = 3."]
    >>> [(found.number, found.sides) for found in equations_of(board, Names(["x", "y", "z"]))]
    [(2, ['y', '2x', '4']), (2, ['z', '3'])]
    """
    last: Written | None = None
    for number, text in _rows(lines):
        if last and len(text) <= LONGEST and _CONTINUED.match(text):
            last = _continued(last, text, names)
            continue
        if last:
            yield last
        last = _equation(number, text, names)
    if last:
        yield last


def is_explained(equation: Written, later: Sequence[Written], lines: Sequence[str]) -> bool:
    """Whether what stands behind an equation may say what its names mean: it stands on the same
    line, or its line begins with where.
    """
    numbers = [other.number for other in later[:1]]
    return any(k == equation.number or _WHERE.match(lines[k - 1]) for k in numbers)


def _equation(number: int, text: str, names: Names) -> Written | None:
    """Return what a row states; None where it is prose."""
    if len(text) > LONGEST:
        return Written(number, text, [text, ""])
    relations = _relations(text)
    if not relations and is_prose(text, names):
        return None
    becomes = bool(relations) and relations[0]["becomes"] is not None
    return Written(number, text, _sides(text, names), becomes)


def _continued(last: Written, text: str, names: Names) -> Written:
    """Return the equation with the sides of a row that begins with an equals sign."""
    kept = last.sides
    if len(kept) > 1 and not kept[-1]:
        kept = kept[:-1]
    return last._replace(text=f"{last.text} {text}", sides=[*kept, *_sides(text, names)[1:]])


def _rows(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Yield each row with the number of its line: a line may hold several."""
    for number, line in _with_matrices(list(lines)):
        if len(line) > LONGEST:
            yield number, line
            continue
        line = _NUMBERED.sub("", _ENVIRONMENT.sub(" ", line).replace("$", " "))
        line = re.sub(r"\s+", " ", line)
        for row in _ROWS.split(line):
            yield from ((number, text) for text in _statements(row))


def _with_matrices(lines: list[str]) -> Iterator[tuple[int, str]]:
    """Yield each line with its number, and matrices as lists of rows: those of LaTeX, and those of
    which each row has a line.
    """
    k = 0
    while k < len(lines):
        number = k + 1
        line, k = _whole(lines, k)
        if len(line) > LONGEST:
            yield number, line
            continue
        line = _LISTED.sub(_with_commas, _MATRIX.sub(_as_list, with_cases(line)))
        line, taken = _with_rows_below(line, map(lines.__getitem__, range(k, len(lines))))
        k += taken
        yield number, line


def _with_rows_below(line: str, below: Iterable[str]) -> tuple[str, int]:
    """Return a line with the rows of its matrix that stand in lines below it, and how many these
    are.
    """
    first = _GRID.fullmatch(line) or _GRID_OF_LISTS.fullmatch(line)
    if not first or not first[1]:
        return line, 0
    rows = [f"[{_commas(row)}]" for row in takewhile(_is_grid_row, below)]
    if rows:
        line = f"{first[1]}[[{_commas(first[2])}], {', '.join(rows)}]"
    return line, len(rows)


def _whole(lines: list[str], k: int) -> tuple[str, int]:
    r"""Return a line with those that go on in its braces, as in a \frac over several lines; and
    which one is next.
    """
    line = lines[k]
    end = k + 1
    while "\\" in line and end < min(len(lines), k + MOST_JOINED):
        is_open = _open_braces(line) > 0 or is_begun(line)
        if not is_open and not lines[end].lstrip().startswith("{"):
            return line, end
        line = f"{line} {lines[end]}"
        end += 1
        if len(line) > LONGEST:
            break
    return (line, end) if _open_braces(line) == 0 else (lines[k], k + 1)


def _open_braces(line: str) -> int:
    r"""Return how many braces are open at the end of a line; \{ is none."""
    bare = line.replace(r"\{", "").replace(r"\}", "")
    return bare.count("{") - bare.count("}")


def _is_grid_row(line: str) -> bool:
    found = _GRID.fullmatch(line) if len(line) <= LONGEST else None
    return found is not None and not found[1]


def _with_commas(found: re.Match[str]) -> str:
    """Return a list of numbers with commas between them."""
    return f"[{_commas(found[0])}]"


def _commas(numbers: str) -> str:
    return ", ".join(re.findall(_CELL, numbers))


def _as_list(found: re.Match[str]) -> str:
    r"""Return a matrix of LaTeX as a list of rows; one with one column, or one row, as a list."""
    rows = [row for row in re.split(r"\\\\(?:\s*\[[^\]]*\])?", found[2]) if row.strip()]
    if any("&" in row for row in rows):
        return _listed(_listed(map(str.strip, row.split("&"))) for row in rows)
    return _listed(map(str.strip, rows))


def _listed(items: Iterable[str]) -> str:
    return f"[{', '.join(items)}]"


def _statements(row: str) -> Iterator[str]:
    """Yield what a row states: the equations in the cells of a table, or those on a line."""
    if _RULE.fullmatch(row):
        return
    if _TABLE.match(row) and (row.count("|") >= 3 or _relations(row)):
        yield from _cells(row)
        return
    for part in _split(row, _PARTS):
        text = _bare(part)
        if text.strip("&$ ."):
            yield from _turns(text)


def _bare(text: str) -> str:
    """Return a line without its bullet, its comment and its marks; a colon is an equals sign."""
    if text.lstrip().startswith("#"):
        return ""
    text = _COMMENT.sub("", text)
    bullet = _BULLET.match(text)
    text = _MARKED_UP.sub(r"\1", text[bullet.end() if bullet else 0 :]).strip()
    text = _BOLD.sub(r"\1", _WHERE_FIRST.sub("", text))
    return _COLON.sub(r"\1 = ", text, count=1) if _COLON.match(text[:200]) else text


def _cells(row: str) -> Iterator[str]:
    """Yield what a row of a table states: its equations, or its first two cells as one; of three,
    with a formula in the second, all.
    """
    cells = [cell.strip() for cell in row.strip().strip("|").split("|")]
    stated = [cell for cell in cells if _relations(cell)]
    if stated:
        yield from stated
    elif len(cells) >= 2 and re.search(r"\d", cells[1]):
        is_valued = len(cells) == 3 and _VALUED.fullmatch(f"{cells[1]} | {cells[2]}")
        yield " = ".join(cells if is_valued else cells[:2])


def _turns(text: str) -> list[str]:
    """Return the equations of a line that words or commas part."""
    relations = [found.start() for found in _relations(text)]
    compared = [found.start() for found in _outside(text, _COMPARED.finditer(text))]
    claims = sorted([*relations, *compared])
    turns, start = [], 0
    cuts = list(_outside(text, _TURN.finditer(text)))
    ends = [*(cut.start() for cut in cuts[1:]), len(text)]
    for cut, end in zip(cuts, ends, strict=False):
        before = _count(claims, start, cut.start())
        behind = _count(claims if _REASON.search(cut[0]) else relations, cut.end(), end)
        if not text[start : cut.start()].strip():
            start = cut.end()
        elif before and behind and not _CONTINUED.match(text, cut.end()):
            turns.append(text[start : cut.start()])
            start = cut.end()
    return [*turns, text[start:]]


def _count(places: Sequence[int], start: int, end: int) -> int:
    """Return how many of these places, in order, lie between two others."""
    return bisect_left(places, end) - bisect_left(places, start)


def _relations(text: str) -> list[re.Match[str]]:
    """Return the equals signs that stand in no bracket."""
    return list(_outside(text, RELATION.finditer(text)))


def _outside(text: str, found: Iterable[re.Match[str]]) -> Iterator[re.Match[str]]:
    """Yield what was found that begins in no bracket."""
    depth = place = 0
    for match in found:
        depth = _depth(text[place : match.start()], depth)
        place = match.start()
        if depth == 0:
            yield match


def _depth(text: str, depth: int) -> int:
    """Return how many brackets are open behind a text, where so many were before it."""
    for c in text:
        if c in _OPENING:
            depth += 1
        elif c in _CLOSING and depth:
            depth -= 1
    return depth


def _split(text: str, pattern: re.Pattern[str]) -> list[str]:
    """Return the text parted where the pattern stands in no bracket."""
    parts, start = [], 0
    for found in _outside(text, pattern.finditer(text)):
        parts.append(text[start : found.start()])
        start = found.end()
    return [*parts, text[start:]]


def _sides(text: str, names: Names) -> list[str]:
    """Return the sides of an equation, without the words around it."""
    sides = [without_note(side).strip("& \t") for side in _split(text, RELATION)]
    sides[0] = without_words_before(sides[0], names)
    if len(sides) > 1:
        sides[-1] = without_words_behind(sides[-1], names)
    return [side.strip() for side in sides]
