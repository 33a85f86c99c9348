"""Any Value as a formula in the names of the Values it was computed from, as text or as LaTeX.

The record is brought into normal form, and that is written: the table says how each operation is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import partial, reduce
from typing import NamedTuple

from autograd import ops
from autograd.constants import LATEX, recognised
from autograd.graph import RAISED, told_apart
from autograd.normal import Algebra, Base, Factors, Sum
from autograd.notation import RAISED_ENDS, TEXT, Notation, Style, is_plain
from autograd.op import ATOM, NEGATIVE, POWER, PRODUCT, Op
from autograd.record import Record
from autograd.value import Value


class Formula(NamedTuple):
    """A formula in names, and the same with their numbers put in."""

    names: str
    numbers: str


def formula(
    value: Value,
    names: Mapping[Value, str] | None = None,
    notation: Notation = TEXT,
    data: Mapping[Value, float] | None = None,
) -> Formula:
    """Return what `value` was computed as, in terms of `names`.

    names      the Values that it is written in, and what each is called: unless given, the labelled
               ones that it depends on; of several with one label the second has it with ⁽²⁾
    notation   text, unless given
    data       the numbers to put in for the names, unless those that they have now

    It is an ellipsis where it would be longer than anybody reads. Raises ValueError where two
    Values in it are given one name.

    >>> t, out = Value(0.01, label="t1"), Value(0.7513650695523157, label="out_o1")
    >>> formula((t - out) ** 2 / 2)
    Formula(names='½(t1 − out_o1)²', numbers='½(0.01 − 0.7514)²')
    """
    if names is None:
        names = told_apart([(v, v.label) for v in Record(value).labelled()], value)
    algebra = Algebra()
    form = algebra.normal_form(value, names)
    if form is None:
        ellipsis = notation.words("…")
        return Formula(ellipsis, ellipsis)
    _require_told_apart(algebra.bases, names)
    writer = Writer(names, notation, data or {})
    writer.read(algebra.bases)
    return Formula(*(writer.written(form, view).text for view in _VIEWS))


def _require_told_apart(bases: Iterable[Base], names: Mapping[Value, str]) -> None:
    """Raise ValueError where two Values have one name."""
    seen: dict[str, Value] = {}
    for value in (base.value for base in bases if base.value is not None):
        name = names[value]
        if seen.setdefault(name, value) is not value:
            raise ValueError(f"two Values are named {name!r}: give each a label of its own")


_VIEWS = (0, 1)  # in names, in numbers


class Written(NamedTuple):
    """A piece of a formula; `{:n}` in a row's form puts it in brackets if it binds weaker
    than n.
    """

    text: str
    binding: int
    style: Style

    def __format__(self, spec: str) -> str:
        if spec == "^":
            digits = self.text.isascii() and self.text.isdecimal()
            return self.text.translate(RAISED) if digits else f"^{self:5}"
        if self.binding >= int(spec or 0):
            return self.text
        return rf"\left({self.text}\right)" if self.style == "latex" else f"({self.text})"


class Writer:
    """Writes what an algebra has made: in names (view 0), and in numbers (view 1)."""

    def __init__(
        self,
        names: Mapping[Value, str],
        notation: Notation,
        data: Mapping[Value, float],
    ) -> None:
        self.names = names
        self.data = data
        self.notation = notation
        self.constants = notation._replace(digits=max(6, notation.digits), rounding="round")
        self.half = r"\frac{1}{2}" if notation.style == "latex" else "½"
        self.pieces: tuple[dict[Base, Written], ...] = ({}, {})

    def read(self, bases: Iterable[Base]) -> None:
        """Write each base, which comes after those that it is made of."""
        for base in bases:
            for view in _VIEWS:
                self.pieces[view][base] = self.of_base(base, view)

    def of_base(self, base: Base, view: int) -> Written:
        if base.value is not None:
            if view == 0:
                return self.name(self.names[base.value])
            return self.number(self.data.get(base.value, base.value.data), self.notation)
        if base.op is not None:
            args = [self.written(x, view) for x in base.args]
            return self.piece(self.form_of(base.op).format(*args), base.op.binding)
        return self.written(base.terms, view)

    def piece(self, text: str, binding: int) -> Written:
        return Written(text, binding, self.notation.style)

    def name(self, name: str) -> Written:
        binding = ATOM
        if self.notation.style != "latex" and not is_plain(name):
            binding = 0
        elif name.endswith(RAISED_ENDS):
            binding = POWER
        return self.piece(self.notation.name(name), binding)

    def number(self, x: float, notation: Notation) -> Written:
        text = notation.number(x)
        if x < 0:
            return self.piece(text, NEGATIVE)
        has_power_of_ten = "^" in text or not text.isascii()
        return self.piece(text, PRODUCT if has_power_of_ten else ATOM)

    def apply(self, op: Op, *args: Written) -> Written:
        return self.piece(self.form_of(op).format(*args), op.binding)

    def form_of(self, op: Op) -> str:
        return op.latex if self.notation.style == "latex" else op.text

    def written(self, form: Sum, view: int) -> Written:
        if not form:
            return self.number(0.0, self.constants)
        return self.joined(
            [(c, self.written_product(math.fabs(c), factors, view)) for c, factors in form]
        )

    def joined(self, terms: Iterable[tuple[float, Written]]) -> Written:
        """Return the sum of terms, each with the sign of the number beside it."""
        result: Written | None = None
        for sign, term in terms:
            if result is None:
                result = self.apply(ops.neg, term) if sign < 0 else term
            else:
                result = self.apply(ops.sub if sign < 0 else ops.add, result, term)
        assert result is not None
        return result

    def written_product(self, coefficient: float, factors: Factors, view: int) -> Written:
        above = [self.power(self.pieces[view][base], e) for base, e in factors if e > 0]
        below = [self.power(self.pieces[view][base], -e) for base, e in factors if e < 0]
        return self.with_constant(coefficient, above, below)

    def with_constant(
        self, coefficient: float, above: list[Written], below: list[Written]
    ) -> Written:
        """Return a product with its coefficient as a person writes it: ⅔·x as 2·x/3."""
        if coefficient == 0.5 and above:
            return self.over(self.halved(above), below)
        only_below = bool(below) and not above
        constant = recognised(coefficient, over_names=only_below)
        if constant.below:
            below.insert(0, self.irrational(constant.below))
        if constant.denominator != 1.0:
            below.insert(0, self.number(constant.denominator, self.constants))
        if constant.above:
            above.insert(0, self.irrational(constant.above))
        if constant.numerator != 1.0 or not above:
            above.insert(0, self.number(constant.numerator, self.constants))
        return self.over(self.chain(above), below)

    def halved(self, above: list[Written]) -> Written:
        result = self.chain(above)
        text = f"{result:{PRODUCT}}"
        if text.startswith(("(", r"\left(")):
            return self.piece(self.half + text, PRODUCT)
        return self.chain([self.piece(self.half, ATOM), result])

    def over(self, above: Written, below: list[Written]) -> Written:
        return self.apply(ops.div, above, self.chain(below)) if below else above

    def irrational(self, sign: str) -> Written:
        return self.piece(LATEX[sign] if self.notation.style == "latex" else sign, ATOM)

    def chain(self, pieces: list[Written]) -> Written:
        return reduce(partial(self.apply, ops.mul), pieces)

    def power(self, base: Written, exponent: float) -> Written:
        return (
            base
            if exponent == 1.0
            else self.apply(ops.pow, base, self.number(exponent, self.constants))
        )
