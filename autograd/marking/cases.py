r"""Formulas in pieces: \begin{cases} … \end{cases}, and a if z > 0 else b.

Each piece is multiplied by its condition, which is 1 where it holds, and 0 elsewhere.
"""

from __future__ import annotations

import re
from itertools import pairwise

from autograd.marking.syntax import Unreadable

MOST_CASES = 4  # words like if on one side
_CASES = re.compile(
    r"\\begin\s*\{([dr]?cases)\*?\}(.*?)\\end\s*\{\1\*?\}"
    r"|\\left\s*\\(?:\{|lbrace)\s*\\begin\s*\{array\}\s*\{[lcr@{} ]*\}(.*?)"
    r"\\end\s*\{array\}\s*\\right\s*\.",
    re.DOTALL,
)
_BEGUN = re.compile(r"\\begin\s*\{[dr]?cases\*?\}|\\left\s*\\(?:\{|lbrace)\s*\\begin\s*\{array\}")
_ENDED = re.compile(r"\\end\s*\{[dr]?cases\*?\}|\\end\s*\{array\}\s*\\right")
_ROW = re.compile(r"\\\\(?:\s*\[[^\]]*\])?|\\cr(?![a-z])")
_BETWEEN_ROWS = r" \cr "
_LISTED = re.compile(r"\\cases\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}")
_ALIKE_OR_ELSE = re.compile(r"\bif\s+([ijklmn]\s*(?:==?|!=)\s*[ijklmn])\s+else\b")
_IF = re.compile(r"\s(?:if|when|for)\s")
_ELSE = re.compile(r"(.*\S),?\s+if\s+(.+?),?\s+(?:else|otherwise)\s+(.+)")
_OTHERWISE = re.compile(
    r"(.*\S?),?\s+(?:if|when|for)\s+(.+?)\s*[,;]\s*(?:and\s+)?(.+?),?\s+(?:otherwise|else)\s*\.?\s*"
)
_ALONE = re.compile(r"(.*\S),?\s+\(?(?:if|when|for)\s+([^()]+?[<>≤≥][^()]+)\)?")
_TEXT = re.compile(r"\\(?:text|textrm|textit|mathrm|mbox|hbox)\s*\{([^{}]*)\}")
_WORD = re.compile(r"^[\s,&]*(?:if|for|when|where|falls)?\s+|[\s,.;]+$")
_REST = re.compile(r"\W*(?:otherwise|else|sonst)?\W*")
_SAME = re.compile(r"\s*([ijklmn])\s*(==?|!=|≠|\\neq?)\s*([ijklmn])\s*")
_COMPARED = re.compile(r"(<=?|>=?|≤|≥|\\(?:leq?|geq?|lt|gt)(?![a-z]))")


def is_begun(line: str) -> bool:
    """Whether cases begin in a line, and end in another."""
    return len(_BEGUN.findall(line)) > len(_ENDED.findall(line))


def with_cases(line: str) -> str:
    r"""Return a line with \cases{a & b \cr c & d} for cases in rows.

    >>> print(with_cases(r"y = \begin{cases} x & x > 0 \\ 0 & \text{else} \end{cases}"))
    y = \cases{x & x > 0 \cr 0 & \text{else}}
    """
    line = _ALIKE_OR_ELSE.sub(r"if {\1} else", line)
    return _CASES.sub(_listed, line)


def _listed(found: re.Match[str]) -> str:
    rows = [row.strip() for row in _ROW.split(found[2] or found[3]) if row.strip()]
    return rf"\cases{{{_BETWEEN_ROWS.join(rows)}}}"


def in_pieces(text: str) -> str:
    r"""Return a side as the sum of its pieces; as it is where it has none. Unreadable where a case
    is not understood, or where it says what it is in one case alone.

    >>> in_pieces("x if x > 0 else 0")
    '((x)*((x > 0)) + (0)*(1 - (x > 0)))'
    >>> in_pieces(r"\cases{p & i = j \cr q & i \neq j}")
    '((p)*( δ_{ij} ) + (q)*((1 - δ_{ij} )))'
    """
    if "\\cases" in text or not 1 <= len(_IF.findall(text)) <= MOST_CASES:
        return _LISTED.sub(_summed, text)
    found = _ELSE.fullmatch(text) or _OTHERWISE.fullmatch(text)
    if found:
        return _sum_of([(found[1], found[2]), (found[3], "")]) or text
    alone = _ALONE.fullmatch(text)
    if alone:
        reason = f"what is it elsewhere? write {alone[1]} if {alone[2]} else …"
        raise Unreadable("NOT READ", reason)
    return text


def _summed(found: re.Match[str]) -> str:
    pieces = []
    for row in _ROW.split(found[1]):
        formula, sign, condition = row.partition("&")
        if not sign:
            formula, _, condition = row.partition(r"\text")
            condition = rf"\text{condition}"
        pieces.append((formula.strip(" ,"), condition))
    summed = _sum_of(pieces)
    if not summed:
        conditions = " or ".join(condition.strip() for _, condition in pieces)
        raise Unreadable("NOT READ", f"which case it is is not understood: {conditions}")
    return summed


def _sum_of(pieces: list[tuple[str, str]]) -> str:
    """Return formulas, each times its condition; "" where a condition is not read. The last may be
    for the rest.
    """
    conditions: list[str] = []
    for _, text in pieces:
        rest = "1" if not conditions else f"1 - {' - '.join(conditions)}"
        is_rest = _REST.fullmatch(_TEXT.sub(r" \1", text)) is not None
        conditions.append(rest if is_rest else _condition(text))
    if not all(conditions) or conditions[0] == "1":
        return ""
    rows = zip(pieces, conditions, strict=True)
    return f"({' + '.join(f'({formula})*({condition})' for (formula, _), condition in rows)})"


def _condition(text: str) -> str:
    """Return a condition as it is read: 1 where it holds, else 0; "" where it is not read."""
    text = _WORD.sub("", " " + _TEXT.sub(r" \1 ", text)).strip("{} ")
    alike = _SAME.fullmatch(text)
    if alike:
        same = f" δ_{{{alike[1]}{alike[3]}}} "
        return same if alike[2].startswith("=") else f"(1 -{same})"
    parts = _COMPARED.split(text)
    if len(parts) < 3 or "=" in "".join(parts[::2]):
        return ""
    ends = zip(pairwise(parts[::2]), parts[1::2], strict=True)
    compared = [f"({a} {sign} {b})" for (a, b), sign in ends]
    return "*".join(" ".join(part.split()) for part in compared)
