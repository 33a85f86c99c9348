"""Numbers as they are written: against the definition, in fractions, and against the page's own
script.
"""

import math
from fractions import Fraction

import numpy as np
import pytest
from agreements import AGREEMENTS
from hypothesis import assume, given
from hypothesis import strategies as st

from autograd import Value, draw_dot
from autograd.digits import (
    decimals,
    exact,
    judge,
    mantissa_and_power,
    rounded,
    significant,
    with_minus,
)

numbers = st.floats(allow_nan=False, allow_infinity=False)
as_typed = st.builds(
    lambda m, e: float(f"{m}e{e}"), st.integers(1 - 10**15, 10**15 - 1), st.integers(-300, 290)
)


@pytest.mark.parametrize(("typed", "value", "agreement"), AGREEMENTS)
def test_judge(typed, value, agreement):
    assert judge(typed, value) == agreement


def fifteen(x):
    """x to 15 significant digits, as a fraction."""
    return Fraction(f"{x:.14e}") if x else Fraction(0)


@given(as_typed, st.integers(1, 12), st.sampled_from(["round", "cut"]))
def test_significant_is_the_nearest_or_the_next_towards_zero(x, digits, rounding):
    found, true = Fraction(significant(x, digits, rounding)), fifteen(x)
    if not true:
        assert found == 0
        return
    power = (
        math.floor(math.log10(abs(true.numerator))) - math.floor(math.log10(true.denominator)) + 1
    )
    while abs(true) < Fraction(10) ** power:
        power -= 1
    shown = max(digits, power + 1) if power + 1 <= 7 else digits
    unit = Fraction(10) ** (power - shown + 1)
    assert (found / unit).denominator == 1
    missing = abs(true) - abs(found)
    assert 0 <= missing < unit if rounding == "cut" else -unit / 2 <= missing < unit / 2


@given(st.floats(-1e6, 1e6), st.integers(1, 9))
def test_decimals_are_the_nearest(x, places):
    text = decimals(x, places)
    assert len(text.partition(".")[2]) == places
    error = abs(fifteen(x)) - Fraction(text)
    assert -(Fraction(10) ** -places) / 2 <= error < Fraction(10) ** -places / 2


@given(numbers, st.integers(1, 15), st.sampled_from(["round", "cut"]))
def test_mantissa_and_power_are_that_number(x, digits, rounding):
    mantissa, power = mantissa_and_power(x, digits, rounding)
    assert Fraction(mantissa) * Fraction(10) ** power == abs(
        Fraction(significant(x, digits, rounding))
    )
    assert "." not in mantissa or mantissa[-1] != "0"


@given(numbers, st.integers(2, 12))
def test_what_is_written_is_judged_to_be_so(x, digits):
    assume(x and math.isfinite(rounded(x, digits)))
    assert judge(str(significant(x, digits)), x) in ("exact", "ROUNDED")
    assert judge(str(significant(x, digits, "cut")), x) in ("exact", "ROUNDED", "CUT")


@given(numbers)
def test_exact_has_every_digit(x):
    assert float(exact(x).replace("−", "-")) == x
    assert "-" not in exact(x)


def test_minus():
    assert with_minus("-1.5e-07") == "−1.5e−07"


def test_a_tie_is_rounded_alike_wherever_it_is_shown():
    x = Value(1.00005, "x")
    assert "data  1.0001" in str(draw_dot(x))
    assert rounded(1.00005, 5) == 1.0001


def test_digits_may_be_an_integer_of_numpy():
    x = Value(1 / 3, "x")
    assert str(draw_dot(x, digits=np.int64(2))) == str(draw_dot(x, digits=2))
    with pytest.raises(
        ValueError, match=r"digits must be a whole number from 1 up, not np\.float64"
    ):
        draw_dot(x, digits=np.float64(2.0))
