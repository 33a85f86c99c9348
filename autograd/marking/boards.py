r"""A board, a deck or an answer file, taken apart into equations; prose is left out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from autograd.marking.names import Names
from autograd.marking.spelling import FUNCTIONS, RATES, RELATION
from autograd.marking.syntax import Unreadable

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
    r"\\(?:begin|end)\s*\{(?:aligned|align|alignat|gather|gathered|equation|multline|split|cases|eqnarray|array|math"
    r"|displaymath|itemize|enumerate|center|flalign)\*?\}(?:\{[lcr|@ ]*\})?|(?<!\\)\\[\[\]()]|\$\$|\\item\b|\\hline"
)
_ROWS = re.compile(r"\\\\(?:\s*\[[^\]]*\])?|\\newline\b|\\tag\{[^}]*\}")
_BULLET = re.compile(
    r"\s*(?:[-*•‣▪–]\s+(?=\S)|\(?(?:\d{1,2}|[a-z]|[ivx]+)[.)]\s+|(?:Step|Line|Q|Eq\.?)\s*\d+\s*[:.)]\s*)"
)
_COMMENT = re.compile(
    r"\s*(?:(?<!\\)#|//|<--|←--|%%|[←<]-?\s+[^\W\d_]{2,}\s+[^\W\d_]{2,}(?=[\s.,]|$)).*|\s*[✓✔✗☑`]+\s*$"
    r"|\s+\(\d+ ?(?:d\.?p\.?|s\.?f\.?|digits|decimals|places|decimal places|significant digits)\)\s*$"
)
_MARKED_UP = re.compile(r"^\s*(?:\*\*|__)(.+?)(?:\*\*|__)(?=\s|$)|`")
_COLON = re.compile(r"((?=\S*[\d_∂⁺/])[^\s:=]+(?:\s*/\s*[^\s:=]+)?)\s*:\s+(?=[-+−(.]?\s*[\d.(])")
_ABOUT = {  # words before a name, and what they make of it
    re.compile(r"\b(?:grad|gradient|derivative|slope|sensitivity)\b", re.I): "∂{root}/∂{name}",
    re.compile(r"\b(?:new|updated|next)\b", re.I): "{name}⁺",
}
_CHANGING = re.compile(  # words before or behind a formula that make something else of it
    r"\b(?:change|step|difference|increase|decrease|ratio|percentage|square|half|twice|minus|plus|times|product"
    r"|divided|over|squared|cubed|per|or|not|negative|log|logarithm|root)\b",
    re.I,
)
_TABLE = re.compile(r"\s*\|\s.*\s\|\s*$")
_NOTE = re.compile(r"\(derived above\)$| is the (?:larger|largest|smaller|smallest)\)$|: .* does not depend on .*$")
_LATEX_TEXT = re.compile(r"\\(?:text(?:bf|it|rm)?|emph|(?:sub)*section|paragraph|caption|frametitle)\*?\{([^{}]*)\}")
_TURNS = re.compile(  # where one equation ends and the next begins on the same line
    r"\s*(?:⇒|⟹|∴|∵|\\(?:Rightarrow|Longrightarrow|implies|therefore)(?![a-zA-Z])|[,.;]?\s+(?:and|so|thus|hence|therefore"
    r"|then|where|with|which gives|giving)\s+|,\s+|\\q?quad(?![a-zA-Z])|(?<=\S)\.\s+(?=\S))\s*"
)
_WORD = re.compile(r"(?<![\\\w{^∂/])[^\W\d_][\w'’-]*(?![\w}^(/'’-])")
_WORDS_BEFORE = re.compile(r"\s*(?:[(]?[^\W\d_][\w'’-]*[)]?[,:.;]?|\d+[.):]|:)(?=\s)")
_CONTINUED = re.compile(r"[&\s]*(?:[=≈≃≅]|\\(?:approx|simeq)\b)")
_OPENING, _CLOSING = "([{", ")]}"


def equations_of(lines: Iterable[str], names: Names) -> Iterator[Written]:
    """Yield the equations that the lines state, each before the next is looked at.

    >>> found = equations_of(["Backward pass:", "1. so we get y = 2x = 4, and z = 3."], Names(["x", "y", "z"]))
    >>> [(written.number, written.sides) for written in found]
    [(2, ['y', '2x', '4']), (2, ['z', '3'])]
    """
    last: Written | None = None
    for number, text in _rows(lines):
        is_long = len(text) > LONGEST
        if last and not is_long and _CONTINUED.match(text):
            kept = last.sides[:-1] if last.sides[-1] == "" and len(last.sides) > 1 else last.sides
            sides = [*kept, *_sides(text, names)[1:]]
            last = last._replace(text=f"{last.text} {text}", sides=sides)
            continue
        if last:
            yield last
            last = None
        if is_long:
            last = Written(number, text, [text, ""])
        elif _relations(text) or not _is_prose(text, names):
            becomes = RELATION.search(text)
            last = Written(number, text, _sides(text, names), bool(becomes and becomes["becomes"]))
    if last:
        yield last


def _rows(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Yield each row with the number of its line: a line may hold several."""
    for number, line in enumerate(lines, 1):
        if len(line) > LONGEST:
            yield number, line
            continue
        line = re.sub(r"\s+", " ", _ENVIRONMENT.sub(" ", line).replace("$", " "))
        for row in _ROWS.split(line):
            if re.fullmatch(r"\s*\|?[-:| ]{3,}\|?\s*", row):
                continue
            if _TABLE.match(row) and row.count("|") >= 3:
                yield from ((number, text) for text in _cells(row))
                continue
            for part in _split(row, re.compile(r"(?<!\\);")):
                text = _COMMENT.sub("", part) if not part.lstrip().startswith("#") else ""
                bullet = _BULLET.match(text)
                text = _MARKED_UP.sub(r"\1", text[bullet.end() if bullet else 0 :]).strip()
                if ":" in text[:200] and _COLON.match(text[:200]):
                    text = _COLON.sub(r"\1 = ", text, count=1)
                if text.strip("&$ ."):
                    yield from ((number, turn) for turn in _turns(text))


def _cells(row: str) -> Iterator[str]:
    """Yield what a row of a table states: its equations, or its first two cells as one."""
    cells = [cell.strip() for cell in row.strip().strip("|").split("|")]
    if all(re.fullmatch(r"[-:= ]*", cell) for cell in cells):
        return
    stated = [cell for cell in cells if _relations(cell)]
    if stated:
        yield from stated
    elif len(cells) >= 2 and re.search(r"\d", cells[1]):
        yield f"{cells[0]} = {cells[1]}"


def _without_note(text: str) -> str:
    """Return a side without what a derivation says behind it, such as (derived above)."""
    bare = _LATEX_TEXT.sub(r"\1", text).rstrip("$ \t")
    found = _NOTE.search(bare)
    if not found:
        return text
    if not bare.endswith(")") or found[0].startswith((":", "(")):
        return bare[: found.start()]
    depth = 0
    for place in range(len(bare) - 1, -1, -1):
        depth += (bare[place] in _CLOSING) - (bare[place] in _OPENING)
        if depth == 0:
            return bare[:place]
    return text


def _turns(text: str) -> list[str]:
    """Return the equations of a row that words or commas part."""
    parts: list[str] = []
    for part in _split(text, _TURNS):
        if not part.strip() and not parts:
            continue
        if parts and not (_relations(part) and _relations(parts[-1]) and not _CONTINUED.match(part)):
            start = text.find(part, len(parts[-1]))
            joint = text[text.find(parts[-1]) :][: start + len(part) - text.find(parts[-1])]
            parts[-1] = joint if joint.startswith(parts[-1]) else f"{parts[-1]}, {part}"
        else:
            parts.append(part)
    return parts


def _relations(text: str) -> list[re.Match[str]]:
    """Return the equals signs that stand in no bracket."""
    return list(_outside(text, RELATION.finditer(text)))


def _outside(text: str, found: Iterable[re.Match[str]]) -> Iterator[re.Match[str]]:
    """Yield what was found that begins in no bracket."""
    depth = place = 0
    for match in found:
        for c in text[place : match.start()]:
            if c in _OPENING:
                depth += 1
            elif c in _CLOSING and depth:
                depth -= 1
        place = match.start()
        if depth == 0:
            yield match


def _split(text: str, pattern: re.Pattern[str]) -> list[str]:
    """Return the text parted where the pattern stands in no bracket."""
    parts, start = [], 0
    for found in _outside(text, pattern.finditer(text)):
        parts.append(text[start : found.start()])
        start = found.end()
    return [*parts, text[start:]]


def _sides(text: str, names: Names) -> list[str]:
    """Return the sides of an equation, without the words around it."""
    sides, start = [], 0
    for found in _relations(text):
        sides.append(text[start : found.start()])
        start = found.end()
    sides.append(text[start:])
    sides = [_without_note(side).replace("$", "").strip("& \t") for side in sides]
    sides[0] = _without_words_before(sides[0], names)
    if len(sides) > 1:
        sides[-1] = _without_words_behind(sides[-1], names)
    return [side.strip() for side in sides]


def _without_words_before(text: str, names: Names) -> str:
    place = end = 0
    while found := _WORDS_BEFORE.match(text, place):
        place = found.end()
        word = found[0].strip()
        if word[-1:] in ":." or not _is_known(word.strip("(),:.;"), names):
            end = place
    before, rest = text[:end], text[end:].strip()
    if _CHANGING.search(before):
        return text
    for words, form in _ABOUT.items():
        if words.search(before) and re.fullmatch(r"\S+", rest) and not before.rstrip().endswith(":"):
            return form.format(root=names.root, name=rest)
    return rest


def _without_words_behind(text: str, names: Names) -> str:
    text = re.sub(r"(?<!\.)[.,;]\s*$", "", text.rstrip())
    note = re.search(r"\s+\(([^()]*)\)$", text)
    if note and note.start() and _is_prose(note[1], names):
        text = text[: note.start()]
    words = re.search(r"(?:[,.;:]?\s+[^\W\d_][\w'’-]*)+[.!]?$", text)
    if not words:
        return text
    for found in re.finditer(r"[,.;:]?\s+([^\W\d_][\w'’-]*)", words[0]):
        if not _is_known(found[1], names) and len(found[1]) > 1:
            before = text[: words.start() + found.start()].rstrip()
            changes = _CHANGING.search(text, len(before))
            return before if before and before[-1] not in "+-−*/·×^=(" and not changes else text
    return text


def _is_known(word: str, names: Names) -> bool:
    if re.search(r"[\d_]", word) or (len(word) == 1 and word not in "aAI"):
        return True
    try:
        return word in FUNCTIONS or word in RATES or word in names.functions or names.find(word) is not None
    except Unreadable:
        return True


def _is_prose(text: str, names: Names) -> bool:
    """Whether it is words: two of them at least that are no names, or one and no sign of a formula."""
    text = _LATEX_TEXT.sub(r"\1", text).strip()
    words = [word for word in _WORD.findall(text) if len(word) > 1]
    plain = [word for word in words if not _is_known(word, names)]
    if len(plain) >= 2:
        return True
    return bool(plain) and re.fullmatch(r"[\w\s,.:;()'’#*-]*", text) is not None and "_" not in text
