"""Constants as a person writes them: 1/3 rather than 0.333333, 2/√π rather than 1.12838."""

import math
import sys
from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple


class Constant(NamedTuple):
    """numerator·above/(denominator·below); `above` and `below` are "" or the sign of an irrational.

    The signs are "π", "√π", "√2" and "√(2π)".
    """

    numerator: float
    denominator: float = 1.0
    above: str = ""
    below: str = ""


_IRRATIONAL = {
    "√2": math.sqrt(2),
    "π": math.pi,
    "√π": math.sqrt(math.pi),
    "√(2π)": math.sqrt(2 * math.pi),
}
LATEX = {"√2": r"\sqrt{2}", "π": r"\pi", "√π": r"\sqrt{\pi}", "√(2π)": r"\sqrt{2\pi}"}
_TOLERANCE = 4 * sys.float_info.epsilon


def recognised(number: float, *, over_names: bool) -> Constant:
    """Return a positive number as a fraction, or with an irrational number, where it is that.

    It must be so within four units in the last place, and longer than six digits as a decimal.
    With `over_names` it stands above names, and 1/8 is written so too: 1/(8·x).

    >>> recognised(2 / 3, over_names=False)
    Constant(numerator=2.0, denominator=3.0, above='', below='')
    >>> recognised(2 / math.sqrt(math.pi), over_names=False)
    Constant(numerator=2.0, denominator=1.0, above='', below='√π')
    >>> recognised(0.25, over_names=False)
    Constant(numerator=0.25, denominator=1.0, above='', below='')
    """
    fraction = _fraction(number, 1000)
    short = float(f"{number:.6g}") == number
    if fraction and (fraction.denominator == 1 or (over_names and fraction.numerator == 1)):
        return Constant(float(fraction.numerator), float(fraction.denominator))
    if short:
        return Constant(number)
    if fraction:
        return Constant(float(fraction.numerator), float(fraction.denominator))
    found = _with_irrational(number)
    return min(found, key=lambda c: c.numerator + c.denominator, default=Constant(number))


def _with_irrational(number: float) -> Iterator[Constant]:
    """Yield a simple fraction times or over an irrational number, where it is that."""
    for sign, irrational in _IRRATIONAL.items():
        above, below = _fraction(number / irrational, 12), _fraction(number * irrational, 12)
        if above:
            yield Constant(float(above.numerator), float(above.denominator), above=sign)
        if below:
            yield Constant(float(below.numerator), float(below.denominator), below=sign)


def _fraction(number: float, largest: int) -> Fraction | None:
    """Return the number as a fraction with so large a denominator at most, where it is one."""
    near = Fraction(number).limit_denominator(largest)
    is_near = math.isclose(near, number, rel_tol=_TOLERANCE, abs_tol=0.0)
    return near if is_near and (near.denominator == 1 or near.numerator < 10_000) else None
