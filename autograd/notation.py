"""Notation: how formulas, names and numbers are written, as text or as LaTeX."""

from __future__ import annotations

import operator
import re
from functools import lru_cache
from typing import Literal, NamedTuple
from unicodedata import combining

from autograd.digits import MINUS, Rounding, mantissa_and_power
from autograd.graph import RAISED, TOLD_APART
from autograd.latex import latex_name, latex_words

Style = Literal["text", "latex"]
_INDEX = re.compile(r"\[\d+(?:,\d+)*\]$")  # of an element of an array
RAISED_ENDS = ("σ²", "⁺")  # of the names of a variance and of a new weight
_JOINING = "_.'′,₀₁₂₃₄₅₆₇₈₉"  # what stands in a name beside letters and digits


class Notation(NamedTuple):
    """How formulas, names and numbers are written.

    style      "text" or "latex"
    digits     significant digits of a number
    rounding   "round", or "cut", as many lectures do
    """

    style: Style = "text"
    digits: int = 4
    rounding: Rounding = "round"

    def number(self, x: float) -> str:
        """Return `x` to so many digits, without trailing zeros and with a real minus sign.

        Far from 1 it has a power of ten.

        >>> TEXT.number(-0.082167), Notation(rounding="cut").number(0.082167), TEXT.number(3.51e-05)
        ('−0.08217', '0.08216', '3.51·10⁻⁵')
        """
        mantissa, power = mantissa_and_power(x, self.digits, self.rounding)
        sign = "-" if self.style == "latex" else MINUS
        sign = sign if x < 0 and mantissa != "0" else ""
        if not power:
            return sign + mantissa
        ten = f"10^{{{power}}}" if self.style == "latex" else f"10{str(power).translate(RAISED)}"
        return sign + (ten if mantissa == "1" else mantissa + self.times + ten)

    def name(self, label: str) -> str:
        r"""Return `label` as it stands in a formula.

        >>> print(TEXT.name("out_h1"), Notation("latex").name("out_h1"))
        out_h1 \mathrm{out}_{h1}
        """
        if self.style == "text":
            line = re.sub(r"\s+", " ", label)
            return "".join(c if c.isprintable() else "?" for c in line)
        return latex_name(label)

    @property
    def times(self) -> str:
        """The dot of a product, set tight in text."""
        return r" \cdot " if self.style == "latex" else "·"

    def words(self, words: str) -> str:
        """Return plain words as they stand beside a formula."""
        return latex_words(words) if self.style == "latex" else words

    def derivative(self, of: str, by: str, held: tuple[str, ...] = ()) -> str:
        """Return ∂of/∂by, with the names that are held fixed.

        >>> Notation().derivative("y", "x", ("f",))
        '∂y/∂x|f'
        """
        fixed = ",".join(map(self.name, held))
        if self.style == "text":
            quotient = f"∂{self._bracketed(of)}/∂{self._bracketed(by)}"
            return f"{quotient}|{fixed}" if held else quotient
        fraction = rf"\frac{{\partial {self.name(of)}}}{{\partial {self.name(by)}}}"
        return rf"\left.{fraction}\right|_{{{fixed}}}" if held else fraction

    def _bracketed(self, name: str) -> str:
        return self.name(name) if is_plain(name) else f"({self.name(name)})"


@lru_cache(maxsize=4096)
def is_plain(name: str) -> bool:
    """Whether it reads as one name in a formula, and needs no brackets.

    >>> is_plain("net_h1⁽²⁾"), is_plain("W1[1,2]"), is_plain("x̂"), is_plain("σ²"), is_plain("50 %")
    (True, True, True, True, False)
    """
    letters = _INDEX.sub("", TOLD_APART.sub("", name))
    for end in RAISED_ENDS:
        letters = letters.removesuffix(end)
    if letters[:1].isdecimal():
        return False
    return all(map(_stands_in_name, letters))


def _stands_in_name(c: str) -> bool:
    return c.isalpha() or c.isdecimal() or c in _JOINING or combining(c) != 0


TEXT = Notation()


def checked_notation(digits: int, rounding: Rounding = "round") -> Notation:
    """Return the notation of text that a user asks for.

    Raises ValueError for digits below 1 and for an unknown rounding.

    >>> checked_notation(6).number(2 / 3)
    '0.666667'
    """
    try:
        number = 0 if isinstance(digits, bool) else operator.index(digits)  # numpy's integers too
    except TypeError:
        number = 0
    if number < 1:
        raise ValueError(f"digits must be a whole number from 1 up, not {digits!r}")
    if rounding not in ("round", "cut"):
        raise ValueError(f"rounding must be 'round' or 'cut', not {rounding!r}")
    return Notation("text", number, rounding)
