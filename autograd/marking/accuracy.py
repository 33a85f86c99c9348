"""How the digits of a number that is written agree with what it should be."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable

from autograd import ops
from autograd.digits import as_read, judge, rounded
from autograd.marking.syntax import Call, Name, Number, Term, unit_of
from autograd.marking.verdict import RIGHT, Verdict

LEAST = 2  # digits that a number has which is put in
SHORT = 3  # digits of what is given that nobody rounds
EXACT = 6  # digits of a constant that is written in full
SURE = 13  # digits of a float that sums leave as they are: a tie may be told by no others
RESIDUE = 1e-12  # what floats may leave where terms cancel
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
    if value == 0.0:
        return Verdict.EXACT if abs(float(text)) < RESIDUE else None
    if abs(float(text) - value) > 1.1 * unit_of(text) + 1e-12 * abs(value):
        return None  # far off, as most numbers are that are tried: no Decimal is made of them
    found = judge(text, value) or judge(text, float(f"{value:.{SURE}g}"))
    return Verdict(found) if found else None


def own_digits(value: float) -> int:
    """Return with how many digits a value is written in full.

    >>> own_digits(0.15), own_digits(1 / 3), own_digits(100.0)
    (2, 15, 1)
    """
    return len(as_read(value).normalize().as_tuple().digits)


class Precision:
    """How good a number must be that stands for a symbol.

    It has two digits at least; one alone is rounded, for cut off 0.19 would be 0.1. A constant of
    a formula is written in full where it is short, and so is what is given, unless the result
    beside it shows fewer digits.

    given   the labels of the leaves
    shown   how many digits the result beside the numbers shows
    beside  how many digits the most exact of the numbers has
    least   how many digits are enough: one after the point, where the numbers give the result
    """

    def __init__(self, given: Collection[str]) -> None:
        self.given = given
        self.shown = self.least = self.beside = LEAST

    def agreement(self, typed: Number, symbol: Term, value: float) -> Verdict | None:
        """Return how a number agrees with the value of its symbol, None where it is not as good.

        A zero at the end may be left out: 0.8 is 0.797 to two digits, beside others of two.

        >>> precision, out = Precision([]), Name("out")
        >>> [str(precision.agreement(Number("0.8"), out, x)) for x in (0.797, 0.75)]
        ['ROUNDED', 'None']
        >>> precision.beside = 4
        >>> [str(precision.agreement(Number("0.8"), out, x)) for x in (0.797, 0.79999)]
        ['None', 'ROUNDED']
        """
        verdict = agreement(typed.text, value)
        if verdict in (None, Verdict.EXACT):
            return verdict
        if verdict is Verdict.CUT and typed.digits < LEAST:
            return None
        return verdict if self.has_enough(typed, symbol, value) else None

    def has_enough(self, typed: Number, symbol: Term, value: float) -> bool:
        """Whether a number that is right as far as it goes has digits enough."""
        full = self.in_full(symbol, value)
        enough = self.least if typed.unit < 1.0 else LEAST
        least = full or min(enough, self.shown)
        has_all = typed.digits >= least
        if typed.value in as_written(value, least if has_all else max(least, self.beside)):
            return True
        return has_all and not full and has_a_digit(typed, value)

    def in_full(self, symbol: Term, value: float) -> int:
        """Return with how many digits a symbol is written, 0 where it may be rounded."""
        symbol = _without_minus(symbol)
        if isinstance(symbol, Number):
            return EXACT if own_digits(value) <= EXACT else 0
        if isinstance(symbol, Name) and symbol.label in self.given and not symbol.updated:
            own = own_digits(value)
            return min(own, self.shown) if own <= SHORT else 0
        return 0


def _without_minus(symbol: Term) -> Term:
    return symbol.args[0] if isinstance(symbol, Call) and symbol.op is ops.neg else symbol


def has_a_digit(typed: Number, value: float) -> bool:
    """Whether a number goes as far as the first digit of the value: 0.1 does not for 0.05.

    >>> has_a_digit(Number("0.1"), 0.05), has_a_digit(Number("0.1"), 0.13)
    (False, True)
    """
    return value == 0.0 or typed.unit <= 1.001 * 10.0 ** math.floor(math.log10(abs(value)))


def as_written(value: float, digits: int) -> tuple[float, float]:
    """Return the value to so many digits, rounded and cut off."""
    return rounded(value, digits), rounded(value, digits, "cut")


def worst(verdicts: Iterable[Verdict | None]) -> Verdict:
    """Return the last of these in the order of RIGHT, and then FOLLOWS; of none, EXACT."""
    order = (*RIGHT, Verdict.FOLLOWS)
    return max((v for v in verdicts if v is not None), key=order.index, default=Verdict.EXACT)
