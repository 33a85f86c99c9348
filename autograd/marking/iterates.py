"""A step of gradient descent with the numbers of its steps: w_{t+1} = w_t − η ∂E/∂w."""

from __future__ import annotations

import re
from collections.abc import Sequence

from autograd.arrays.array import flattened
from autograd.marking.equations import Written
from autograd.marking.names import Names
from autograd.marking.spelling import plain
from autograd.marking.syntax import Unreadable

_ABOVE = (  # what stands above or below a name, or in brackets behind it
    r"(?:\s*(?P<mark>[\^_])\s*(?P<brace>\{)?\s*(?P<bracket>[(\[])?|\s*(?P<behind>[(\[]))\s*(?:%s)"
    r"(?(bracket)\s*[)\]])(?(behind)\s*[)\]])(?(brace)\s*\})"
)
_NEXT = r"(?P<step>[tkniτs])\s*[+]\s*1|(?P<first>1)|new|neu"
_NEW = re.compile(rf"(?P<base>[^\s=^(\[]+?){_ABOVE % _NEXT}")  # w^{(t+1)}, w_{t+1}, w(t+1), w_{new}
_NUMBERED = ("_0", "_1", "_2", "^(1)", "^(2)")
_TRAINED = re.compile(r"[wWbθ](?![a-z])|theta|bias|weight")
_STEP = re.compile(r"[∂∇ηα]|\bd\s?\w+/d|grad|\b(?:lr|eta|alpha)\b|\.grad|'")


def without_steps(equation: Written, names: Names) -> Written:
    """Return an update without the numbers of its steps, and as one; any other equation as it is.

    >>> names = Names(["E", "w"])
    >>> text = "w^{(t+1)} = w^{(t)} - 0.1 ∂E/∂w"
    >>> without_steps(Written(1, text, text.split(" = ")), names).sides
    ['w', 'w - 0.1 ∂E/∂w']
    """
    left, *claims = map(plain, equation.sides)
    found = _NEW.fullmatch(left.strip())
    if not found or not claims or not _is_step(found, claims[0]) or not _is_given(found, names):
        return equation
    base, old = found["base"], _old(found)
    if not old.search(claims[0]):
        return equation
    sides = [base, *(old.sub(lambda _: base, side) for side in claims)]
    return equation._replace(sides=sides, becomes=True)


def _is_step(found: re.Match[str], claim: str) -> bool:
    """Whether it is a step of descent that is taken: a gradient or a rate stands there, or it is a
    weight that has the number of a step above it.
    """
    is_weight = found["mark"] == "^" and _TRAINED.match(found["base"])
    return bool(is_weight or _STEP.search(claim))


def _old(found: re.Match[str]) -> re.Pattern[str]:
    """Return what the same name is written as one step before."""
    step = found["step"] or ("0" if found["first"] else "old|alt")
    return re.compile(rf"(?<!\w){re.escape(found['base'])}{_ABOVE % step}(?![\w+])")


def _is_given(found: re.Match[str], names: Names) -> bool:
    """Whether a name that is given stands there, and no label has the number of a step."""
    base = found["base"]
    numbered = () if found["mark"] == "^" and not found["first"] else _NUMBERED
    try:
        if any(names.find(base + number) is not None for number in numbered):
            return False
        labels = _labels(base, names)
    except Unreadable:
        return False
    return bool(labels) and not any(label in names.computed for label in labels)


def _labels(base: str, names: Names) -> Sequence[object]:
    """Return the label that a name is, or those of the elements of an array."""
    label = names.find(base)
    if isinstance(label, str):
        return [label]
    rows = names.array(base)
    return flattened(rows)[0] if rows else []
