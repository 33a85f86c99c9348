"""Any Value as a formula in the names of the Values it was computed from, as text or as LaTeX.

The record is brought into the form in which a person writes it: sums of products, where constants
are folded and equal factors and equal terms gathered. Nothing is multiplied out. The table says how
each operation is written.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial, reduce
from typing import TYPE_CHECKING, Any, NamedTuple

from autograd import ops
from autograd.constants import LATEX, recognised
from autograd.graph import RAISED, told_apart
from autograd.notation import TEXT, Notation, Style, is_plain
from autograd.op import ATOM, NEGATIVE, PRODUCT, Op
from autograd.record import Record
from autograd.symbolic import Symbolic
from autograd.value import Value

if TYPE_CHECKING:
    from autograd.record import Node

LONGEST = 500  # operations and arguments; a longer formula is an ellipsis


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
    writer = _Writer(names, notation, data or {})
    form = writer.normal_form(value)
    ellipsis = notation.words("…")
    if form is None:
        return Formula(ellipsis, ellipsis)
    return Formula(*(writer.written(form, view).text for view in _VIEWS[1:]))


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


class _Base:
    """What a product is made of: a name, the call of an operation, or a sum in brackets, whose
    terms are kept.

    views are three writings of it: a key that no other base has, in names, and in numbers.
    """

    def __init__(self, views: tuple[Written, ...], terms: _Sum = ()) -> None:
        self.views = views
        self.terms = terms

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Base) and self.views[0].text == other.views[0].text

    def __hash__(self) -> int:
        return hash(self.views[0].text)


# The normal form: a sum of products, each a coefficient and bases with their exponents.
_Factors = tuple[tuple[_Base, float], ...]
_Product = tuple[float, _Factors]
_Sum = tuple[_Product, ...]
_VIEWS = (0, 1, 2)  # key, names, numbers


def _constant(number: float) -> _Sum:
    return ((number, ()),) if number else ()


def _gathered(factors: _Factors) -> _Factors:
    """Return the factors with the exponents of equal bases added up."""
    exponents: dict[_Base, float] = {}
    for base, exponent in factors:
        exponents[base] = exponents.get(base, 0.0) + exponent
    return tuple((base, exponent) for base, exponent in exponents.items() if exponent)


def _size(node: Node, args: Sequence[Any]) -> int:
    """Return how many operations and arguments a node is made of; of too many, one too many."""
    sizes = [1 if isinstance(x, float) else x for x in args]
    return min(1 + sum(sizes), LONGEST + 1)


def _is_constant(form: _Sum) -> bool:
    return not form or (len(form) == 1 and not form[0][1])


class _Form(Symbolic):
    """A normal form to which the rows of the table can be applied."""

    def __init__(self, writer: _Writer, form: _Sum) -> None:
        self.writer = writer
        self.form = form

    def _apply(self, op: Op, args: tuple[Any, ...]) -> _Form:
        forms = [x.form if isinstance(x, _Form) else _constant(float(x)) for x in args]
        return _Form(self.writer, self.writer.applied(op, forms))


class _Writer:
    def __init__(
        self, names: Mapping[Value, str], notation: Notation, data: Mapping[Value, float]
    ) -> None:
        self.names = names
        self.data = data
        self.notation = notation
        self.constants = notation._replace(digits=max(6, notation.digits), rounding="round")
        self.half = r"\frac{1}{2}" if notation.style == "latex" else "½"
        self.algebra: dict[Op, Callable[..., _Sum]] = {
            ops.add: self.add, ops.sub: self.sub, ops.mul: self.mul,
            ops.div: self.div, ops.pow: self.pow, ops.neg: self.neg,
        }  # fmt: skip

    def normal_form(self, value: Value) -> _Sum | None:
        """Return `value` as a sum of products; None where that would be too long to read."""
        record = Record(value, self.names)
        sizes = record.evaluate(dict.fromkeys(record.leaves, 1), _size)
        if sizes[value] > LONGEST:
            return None
        form: _Sum = record.evaluate(self.leaf_forms(record.leaves), self.node_form)[value]
        return form

    def leaf_forms(self, leaves: Sequence[Value]) -> dict[Value, _Sum]:
        """Return each leaf as its name, or as a constant where it has none."""
        forms: dict[Value, _Sum] = {}
        seen: dict[str, Value] = {}
        for leaf in leaves:
            if leaf not in self.names:
                forms[leaf] = _constant(leaf.data)
                continue
            name = self.names[leaf]
            if seen.setdefault(name, leaf) is not leaf:
                raise ValueError(f"two Values are named {name!r}: give each a label of its own")
            key = self.piece(f"\0{len(seen)}\0", ATOM)  # two names may be written alike
            number = self.number(self.data.get(leaf, leaf.data), self.notation)
            forms[leaf] = self.base(key, self.name(name), number)
        return forms

    def node_form(self, node: Node, args: Sequence[Any]) -> _Sum:
        """Return what a node is in the forms of its arguments, of which numbers are constants."""
        forms = [_constant(x) if isinstance(x, float) else x for x in args]
        if all(map(_is_constant, forms)):
            return _constant(node.data)
        return self.applied(node.op, forms)

    def applied(self, op: Op, args: Sequence[_Sum]) -> _Sum:
        """What an operation makes of its arguments; as the blackboard has it, where its row says
        so.
        """
        if op in self.algebra:
            return self.algebra[op](*args)
        if op.reads:
            read = op.reads(*(_Form(self, form) for form in args))
            return read.form if isinstance(read, _Form) else _constant(float(read))
        return self.call(op, *args)

    # What an operation makes of sums in normal form.

    def add(self, a: _Sum, b: _Sum) -> _Sum:
        terms: dict[Any, float] = {}
        for coefficient, factors in a + b:
            terms[factors] = terms.get(factors, 0.0) + coefficient
        return tuple(
            (coefficient, factors) for factors, coefficient in terms.items() if coefficient
        )

    def sub(self, a: _Sum, b: _Sum) -> _Sum:
        return self.add(a, self.neg(b))

    def neg(self, a: _Sum) -> _Sum:
        return self.mul(_constant(-1.0), a)

    def mul(self, a: _Sum, b: _Sum) -> _Sum:
        (p, left), (q, right) = self.product(a), self.product(b)
        if p and q and not (p * q and math.isfinite(p * q)):  # past a float's range: left unfolded
            q, right = 1.0, ((self.bracket(_constant(q)), 1.0), *right)
        factors = _gathered(left + right)
        if p * q == 1.0 and len(factors) == 1 and factors[0][1] == 1.0 and factors[0][0].terms:
            return factors[0][0].terms  # a sum that stands alone needs no brackets
        return ((p * q, factors),) if p * q else ()

    def div(self, a: _Sum, b: _Sum) -> _Sum:
        return self.mul(a, self.pow(b, _constant(-1.0)))

    def pow(self, a: _Sum, b: _Sum) -> _Sum:
        if not _is_constant(b):
            return self.call(ops.pow, a, b)
        exponent = b[0][0] if b else 0.0
        coefficient, factors = self.product(a)
        if not exponent.is_integer() and (
            coefficient != 1.0 or [e for _, e in factors] != [1.0]
        ):  # √(x·x) is not x
            coefficient, factors = 1.0, ((self.bracket(a), 1.0),)
        powers = tuple((base, e * exponent) for base, e in factors)
        try:
            if not all(math.isfinite(e) for _, e in powers):
                raise OverflowError
            return self.mul(_constant(coefficient**exponent), ((1.0, powers),))
        except (OverflowError, ZeroDivisionError):
            return self.call(ops.pow, a, b)

    def call(self, op: Op, *args: _Sum) -> _Sum:
        form = self.form_of(op)
        texts = (form.format(*[self.written(x, view) for x in args]) for view in _VIEWS)
        return self.base(*(self.piece(text, op.binding) for text in texts))

    # Pieces.

    def piece(self, text: str, binding: int) -> Written:
        return Written(text, binding, self.notation.style)

    def base(self, *views: Written) -> _Sum:
        return ((1.0, ((_Base(views), 1.0),)),)

    def bracket(self, form: _Sum) -> _Base:
        return _Base(tuple(self.written(form, view) for view in _VIEWS), form)

    def product(self, form: _Sum) -> _Product:
        return (
            form[0]
            if len(form) == 1
            else (1.0, ((self.bracket(form), 1.0),))
            if form
            else (0.0, ())
        )

    def name(self, name: str) -> Written:
        plain = self.notation.style == "latex" or is_plain(name)
        return self.piece(self.notation.name(name), ATOM if plain else 0)

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

    # How a form is written, in one of the views.

    def written(self, form: _Sum, view: int) -> Written:
        if not form:
            return self.number(0.0, self.constants)
        result: Written | None = None
        for coefficient, factors in form:
            term = self.written_product(math.fabs(coefficient), factors, view)
            if result is None:
                result = self.apply(ops.neg, term) if coefficient < 0 else term
            else:
                result = self.apply(ops.sub if coefficient < 0 else ops.add, result, term)
        assert result is not None
        return result

    def written_product(self, coefficient: float, factors: Any, view: int) -> Written:
        above = [self.power(base.views[view], e) for base, e in factors if e > 0]
        below = [self.power(base.views[view], -e) for base, e in factors if e < 0]
        if coefficient == 0.5 and above:
            return self.over(self.halved(above), below)
        return self.with_constant(coefficient, above, below)

    def with_constant(
        self, coefficient: float, above: list[Written], below: list[Written]
    ) -> Written:
        """Return a product with its coefficient as a person writes it: ⅔·x as 2·x/3."""
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
