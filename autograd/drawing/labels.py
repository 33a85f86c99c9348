"""Labels and formulas as a picture shows them: on one line, short, told apart."""

from __future__ import annotations

import re
from collections.abc import Mapping

from autograd.digits import MINUS
from autograd.graph import told_apart
from autograd.notation import Notation
from autograd.value import Value

BLANK = "\u2007"  # a space as wide as a digit
_JOINER = "\u200d"  # inside an emoji
_LONGEST_NAME = 40
_LONGEST_TERM = 40
_WIDEST_LINE = 24
_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_INDEX = re.compile(r"(?<=[^\W\d_])[0-9]+(_[0-9]+)?(?=(⁽[⁰¹²³⁴-⁹]+⁾)?$)")
_SIGN = r"(?= [+−] )"


def printable(text: str) -> str:
    """Return the text on one line, without what cannot stand in XML."""
    return "".join(c if c.isprintable() or c in (_JOINER, BLANK) else " " for c in text)


def one_line(label: str) -> str:
    """Return a label on one line, with single spaces.

    >>> one_line(" out\\n h1")
    'out h1'
    """
    return " ".join(printable(label).split())


def shown_names(names: Mapping[Value, str], root: Value) -> dict[Value, str]:
    """Return the names as a picture shows them: short, an index set low, no two alike.

    >>> v = Value(1.0)
    >>> shown_names({v: "net_h1_2"}, v)[v]
    'net_h₁,₂'
    """
    shown = []
    for v, name in names.items():
        short = one_line(name) or "␣"
        if len(short) > _LONGEST_NAME:
            short = short[: _LONGEST_NAME - 1] + "…"
        shown.append((v, _INDEX.sub(_set_low, short)))
    return told_apart(shown, root)


def _set_low(index: re.Match[str]) -> str:
    return index[0].replace("_", ",").translate(_SUBSCRIPTS)


def operation(v: Value, notation: Notation) -> str:
    """Return the operation of a Value: its symbol, and the plain numbers that it was applied to.

    >>> from autograd.notation import TEXT
    >>> operation(Value(3.0) ** 2, TEXT), operation(1 / Value(3.0), TEXT)
    ('** 2', '1 ÷')
    """
    symbol = v.op.symbol if v.op else ""
    numbers = _plain_numbers(v, notation)
    if not any(numbers):
        return symbol
    if len(numbers) > 2 or symbol.isidentifier():
        return f"{symbol}({', '.join(number or '·' for number in numbers)})"
    return _between(symbol, *numbers)


def _plain_numbers(v: Value, notation: Notation) -> list[str]:
    """Return the numbers among the arguments of a Value, and "" for each Value."""
    return ["" if isinstance(x, Value) else notation.number(x) for x in v.args]


def _between(symbol: str, left: str, right: str) -> str:
    """Return an operation between two numbers, one of which may be "": what is negative on the
    right stands in parentheses.
    """
    if right.startswith(MINUS):
        right = f"({right})"
    return f"{left} {symbol} {right}".strip()


def definition(name: str, formula: str) -> str:
    """Return `name = formula`, or the one of them that there is."""
    return " = ".join(text for text in (name, formula) if text)


def wrapped(text: str) -> list[str]:
    """Return a formula in lines of even length, broken before + and −.

    A long term ends in an ellipsis, and so does what would take more than four lines.
    """
    terms = re.split(_SIGN, text)
    short = [t if len(t) <= _LONGEST_TERM else t[: _LONGEST_TERM - 1] + "…" for t in terms]
    lines = _even_lines("".join(short))
    return lines if len(lines) <= 4 else [*lines[:3], "+ …"]


def _even_lines(text: str) -> list[str]:
    """Return a formula in as few lines as it takes, and these as narrow as so many can be."""
    lines = filled(text, _SIGN, _WIDEST_LINE)
    for width in range(_WIDEST_LINE - 1, -1, -1):
        narrower = filled(text, _SIGN, width) if len(lines) > 1 else []
        if len(narrower) != len(lines):
            break
        lines = narrower
    return lines


def filled(text: str, before: str, width: int) -> list[str]:
    """Return the text in lines of at most `width`, if its parts are no longer.

    before   a regular expression: lines are broken there
    """
    lines = [""]
    for part in re.split(before, text):
        if lines[-1] and len(lines[-1] + part) > width:
            lines.append("")
        lines[-1] += part
    return [line.strip(" ") for line in lines if line]
