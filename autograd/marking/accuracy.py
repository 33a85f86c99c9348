"""How the digits of a number that is written agree with what it should be."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from autograd.digits import judge
from autograd.marking.syntax import Number
from autograd.marking.verdict import RIGHT, Verdict

SAID = {
    Verdict.EXACT: "",
    Verdict.ROUNDED: ", rounded",
    Verdict.CUT: ", cut off",
    Verdict.FOLLOWS_ROUNDED: "; this follows from the rounded numbers",
}


def agreement(text: str, value: float) -> Verdict | None:
    """Return how the digits typed agree with the value, None where they do not.

    >>> [str(agreement(text, 0.08217)) for text in ("0.08217", "0.0822", "0.0821", "0.0820")]
    ['exact', 'ROUNDED', 'CUT', 'None']
    """
    if abs(float(text) - value) > 1.1 * _unit(text) + 1e-12 * abs(value):
        return None  # far off, as most numbers are that are tried: no Decimal is made of them
    found = judge(text, value)
    return Verdict(found) if found else None


@lru_cache(maxsize=4096)
def _unit(text: str) -> float:
    return Number(text).unit


def worst(verdicts: Iterable[Verdict | None]) -> Verdict:
    """Return the last of these in the order of RIGHT; of none, EXACT."""
    return max((v for v in verdicts if v is not None), key=RIGHT.index, default=Verdict.EXACT)
