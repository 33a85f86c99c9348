"""Numbers as they are written: rounded or cut, judged, and with a real minus sign.

Every number is first taken to 15 significant digits, as a person reads it: then 0.1 + 0.2 is 0.3,
and is cut to 0.3; a 5 at the end is rounded away from zero, as it is taught.
"""

from __future__ import annotations

import math
from decimal import ROUND_DOWN, ROUND_HALF_UP, Context, Decimal
from typing import Literal

Rounding = Literal["round", "cut"]
Agreement = Literal["exact", "ROUNDED", "CUT", ""]

MINUS = "−"
_WHOLE_DIGITS = 7  # a number with no more digits before the point is written with all of them
_MODES = {"round": ROUND_HALF_UP, "cut": ROUND_DOWN}
_AS_READ = Context(prec=15)


def as_read(x: float) -> Decimal:
    """Return `x` to 15 significant digits.

    >>> as_read(0.1 + 0.2)
    Decimal('0.300000000000000')
    """
    return _AS_READ.create_decimal(repr(float(x)))


def significant(x: float, digits: int, rounding: Rounding = "round") -> Decimal:
    """Return `x` to so many significant digits, but with all that stand before the point.

    >>> significant(0.082167, 4), significant(0.082167, 4, "cut"), significant(12345.6, 4)
    (Decimal('0.08217'), Decimal('0.08216'), Decimal('12346'))
    """
    number = as_read(x)
    precision = _precision(number, digits)
    return Context(prec=precision, rounding=_MODES[rounding]).create_decimal(number)


def _precision(number: Decimal, digits: int) -> int:
    whole = number.adjusted() + 1
    return max(digits, whole) if whole <= _WHOLE_DIGITS else digits


def last_place(x: float, digits: int) -> float:
    """Return one unit of the last of so many significant digits; of 0, of as many decimals.

    >>> last_place(0.5, 4), last_place(-12.3, 4), last_place(12345.6, 4), last_place(0.0, 4)
    (0.0001, 0.01, 1.0, 0.0001)
    """
    number = as_read(x)
    power = number.adjusted() + 1 - _precision(number, digits) if number else -digits
    return float(Decimal(1).scaleb(power))


def rounded(x: float, digits: int, rounding: Rounding = "round") -> float:
    """Return `x` as it is written with so many digits, as a number again.

    >>> rounded(2 / 3, 4)
    0.6667
    """
    return float(significant(x, digits, rounding))


def mantissa_and_power(x: float, digits: int, rounding: Rounding = "round") -> tuple[str, int]:
    """Return |x| to so many digits without trailing zeros, and the power of ten that goes with it.

    The power is 0 where the number is neither tiny nor huge.

    >>> mantissa_and_power(-0.0820, 4), mantissa_and_power(3.51e-05, 4)
    (('0.082', 0), ('3.51', -5))
    """
    number = abs(significant(x, digits, rounding)).normalize()
    power = number.adjusted() if number and not -5 < number.adjusted() < 7 else 0
    return f"{number.scaleb(-power):f}", power


def decimals(x: float, places: int) -> str:
    """Return |x| with so many digits after the point, so that points align in a column.

    >>> decimals(-1.00005, 4), decimals(3.0, 2)
    ('1.0001', '3.00')
    """
    if x == 0.0:
        return f"{0.0:.{places}f}"
    number = abs(as_read(x))
    precise = Context(prec=max(places + number.adjusted() + 2, 1), rounding=ROUND_HALF_UP)
    return f"{number.quantize(Decimal(1).scaleb(-places), context=precise):f}"


def exact(x: float) -> str:
    """Return `x` with all its digits.

    >>> exact(-3.0), exact(0.1)
    ('−3', '0.1')
    """
    return with_minus(repr(float(x)).removesuffix(".0"))


def with_minus(text: str) -> str:
    """Return the text with real minus signs in place of hyphens."""
    return text.replace("-", MINUS)


def judge(text: str, value: float) -> Agreement:
    """Return how the digits that were typed agree with `value`; "" where they do not.

    text    the number as float() reads it; the place of its last digit is what it claims
    value   what it should be

    >>> [judge(text, 0.08217) for text in ("0.08217", "0.0822", "0.0821", "0.0820")]
    ['exact', 'ROUNDED', 'CUT', '']
    """
    if not math.isfinite(value):
        return ""
    if math.isclose(float(text), value, rel_tol=1e-13):
        return "exact"
    typed, true = Decimal(text), as_read(value)
    if not typed:
        return ""
    unit = Decimal(1).scaleb(int(typed.as_tuple().exponent))
    if 2 * abs(typed - true) <= unit:
        return "ROUNDED"
    missing = true - typed if typed > 0 else typed - true
    return "CUT" if 0 <= missing < unit else ""
