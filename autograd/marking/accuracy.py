"""How the digits of a number that is written agree with what it should be."""

from __future__ import annotations

import math
from collections.abc import Iterable
from decimal import Context, Decimal

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
    if not math.isfinite(value):
        return None
    if math.isclose(float(text), value, rel_tol=1e-13):
        return Verdict.EXACT
    typed = Decimal(text)
    true = Context(prec=15).create_decimal(repr(value))  # 15 digits: then 0.1 + 0.2 is 0.3
    unit = Decimal(1).scaleb(int(typed.as_tuple().exponent))
    if typed and 2 * abs(typed - true) <= unit:
        return Verdict.ROUNDED
    further = true - typed if typed > 0 else typed - true
    return Verdict.CUT if typed and 0 <= further < unit else None


def worst(verdicts: Iterable[Verdict | None]) -> Verdict:
    """Return the last of these in the order of RIGHT; of none, EXACT."""
    return max((v for v in verdicts if v is not None), key=RIGHT.index, default=Verdict.EXACT)
