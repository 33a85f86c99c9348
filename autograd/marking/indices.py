"""What an equation says of its one-letter indices: which it has, and which numbers they have."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from autograd.marking.equations import Written
from autograd.marking.labels import index_letters
from autograd.marking.spelling import plain
from autograd.marking.syntax import Unreadable

_FOR = re.compile(  # behind an equation: for t = 1, 2; if i = j
    r"(.*?)(?:,|[,;]?\s+\(?(?:for|if|when|where))\s+([ijklmnt])\s*(!)?"
)
_PAIR = re.compile(  # behind it: if i ≠ j
    r"(.*?)[,;]?\s+\(?(?:(?:for|if|when|where)\s+)?([ijklmn])\s*(?:≠|\\neq?(?![a-z]))\s*([ijklmn])\)?"
)
_INDEXED = re.compile(  # a name with what stands below and above it
    r"(?:[^\W_][\u0300-\u036f]*)+(?:_\{[^{}]*\}|_\w+|\^\{?[(\[][^()\[\]]+[)\]]\}?"
    r"|⁽[ⁿᵐ]⁾|[ᵢⱼₖₗₘₙₜ]+(?:[₊₋][₀-₉])?)+"
)
_RECURSION = re.compile(  # h_{t−1}, W^{(l+1)}, w_{4+j}
    r"[_^]\{?[(\[]?(?:[0-9]?[ijklmnt]\s*[+-]\s*[0-9]|[0-9]\s*\+\s*[ijklmnt])"
)
_LETTER = re.compile(r"([ijklmn])\)?")
_NUMBERS = re.compile(r"\d(?:\s*(?:,|and)\s*\d)*")
_AT_STEP = re.compile(r"(\d)\s*:\s*(.+)")  # before it: t = 2: …


class StatedIndices(NamedTuple):
    """What an equation states of its indices.

    numbers   the numbers that an index has
    pair      two indices that are alike, or that are not
    alike     which of both it is
    """

    numbers: Mapping[str, Sequence[int]] = {}
    pair: tuple[str, str] | None = None
    alike: bool = False

    def allow(self, indices: Mapping[str, int]) -> bool:
        """Whether the indices may have these numbers."""
        if self.pair is None:
            return True
        i, j = (indices.get(letter) for letter in self.pair)
        return (i == j) is self.alike


def stated_indices(equation: Written) -> tuple[Written, StatedIndices]:
    """Return the equation without what it states of the indices of its left side, and this: as in
    "… for t = 1, 2", "t = 2: …" and "… if i ≠ j". Unreadable where it has no such index.
    """
    sides = equation.sides
    pair = _PAIR.fullmatch(sides[-1])
    if pair and len(sides) > 1:
        kept = equation._replace(sides=[*sides[:-1], pair[1]])
        return kept, StatedIndices({}, (pair[2], pair[3]))
    if len(sides) < 3:
        return equation, StatedIndices()
    before = _AT_STEP.fullmatch(sides[1])
    if before and sides[0] in tuple(letters_of(before[2])):
        kept = equation._replace(sides=[before[2], *sides[2:]])
        return kept, StatedIndices({sides[0]: [int(before[1])]})
    behind = _FOR.fullmatch(sides[-2])
    return _stated_behind(equation, behind) if behind else (equation, StatedIndices())


def _stated_behind(equation: Written, behind: re.Match[str]) -> tuple[Written, StatedIndices]:
    """Return the equation without "for t = 1, 2" or "if i = j" behind it, and what this states."""
    *sides, last = equation.sides
    kept = equation._replace(sides=[*sides[:-1], behind[1]])
    other = _LETTER.fullmatch(last)
    if other:
        is_other = behind[3] is not None
        return kept, StatedIndices({}, (behind[2], other[1]), alike=not is_other)
    if behind[3] or not _NUMBERS.fullmatch(last):
        return equation, StatedIndices()
    if behind[2] not in letters_of(sides[0]):
        reason = f"for {behind[2]} = {last}: no name on the left has the index {behind[2]}"
        raise Unreadable("NOT READ", reason)
    return kept, StatedIndices({behind[2]: [int(k) for k in re.findall(r"\d", last)]})


def letters_of(text: str) -> str:
    """Return the one-letter indices of the names in a text, in their order."""
    return "".join(dict.fromkeys("".join(map(index_letters, _INDEXED.findall(plain(text))))))


def is_recursion(text: str) -> bool:
    """Whether an index stands with a number added to it, or taken from it."""
    return _RECURSION.search(plain(text)) is not None
