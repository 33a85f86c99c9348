"""Normal form: a Value as a sum of products, where constants are folded and equals gathered.

It is the form in which a person writes a formula. Equal factors and equal terms are gathered;
nothing is multiplied out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from autograd import ops
from autograd.op import Op
from autograd.record import Record
from autograd.symbolic import Symbolic
from autograd.value import Value

if TYPE_CHECKING:
    from autograd.record import Node

LONGEST = 500  # operations and arguments; a longer form is not made


class Base:
    """What a product is made of. Of one `Algebra`, equal bases are one object.

    value   the Value whose name it is; None for the other two kinds
    op      the operation that is called, on the sums `args`
    terms   the sum that stands in brackets
    """

    __slots__ = ("args", "op", "terms", "value")

    def __init__(
        self,
        value: Value | None = None,
        op: Op | None = None,
        args: tuple[Sum, ...] = (),
        terms: Sum = (),
    ) -> None:
        self.value = value
        self.op = op
        self.args = args
        self.terms = terms


Factors: TypeAlias = tuple[tuple[Base, float], ...]  # bases with their exponents
Product: TypeAlias = tuple[float, Factors]  # a coefficient, and what it multiplies
Sum: TypeAlias = tuple[Product, ...]


def constant(number: float) -> Sum:
    """Return a number in normal form.

    >>> constant(2.0), constant(0.0)
    (((2.0, ()),), ())
    """
    return ((number, ()),) if number else ()


def is_constant(form: Sum) -> bool:
    """Whether a form is a number."""
    return not form or (len(form) == 1 and not form[0][1])


def _value_of(form: Sum) -> Any:
    """Return the Value or the number that a form is alone; None where it is more."""
    if is_constant(form):
        return form[0][0] if form else 0.0
    values = [
        base.value
        for coefficient, factors in form
        for base, exponent in factors
        if coefficient == exponent == len(factors) == len(form) == 1.0
    ]
    return values[0] if values else None


def gathered(factors: Factors) -> Factors:
    """Return the factors with the exponents of equal bases added up."""
    exponents: dict[Base, float] = {}
    for base, exponent in factors:
        exponents[base] = exponents.get(base, 0.0) + exponent
    return tuple((base, exponent) for base, exponent in exponents.items() if exponent)


def _size(node: Node, args: Sequence[Any]) -> int:
    """Return how many operations and arguments a node is made of; of too many, one too many."""
    sizes = [1 if isinstance(x, float) else x for x in args]
    return min(1 + sum(sizes), LONGEST + 1)


class _Form(Symbolic):
    """A normal form to which the rows of the table can be applied."""

    def __init__(self, algebra: Algebra, form: Sum) -> None:
        self.algebra = algebra
        self.form = form

    def _apply(self, op: Op, args: tuple[Any, ...]) -> _Form:
        forms = [x.form if isinstance(x, _Form) else constant(float(x)) for x in args]
        return _Form(self.algebra, self.algebra.applied(op, forms))


def _ops_that_read(names: Iterable[Value]) -> Iterator[Op]:
    """Yield the operations of named Values that the blackboard has in terms of others."""
    return (v.op for v in names if v.op and v.op.reads)


def _is_past_range(p: float, q: float) -> bool:
    """Whether the product of two numbers is past a float's range, at either end."""
    return p != 0 and q != 0 and (p * q == 0 or not math.isfinite(p * q))


def _without(factors: Factors, base: Base) -> Factors:
    return tuple(pair for pair in factors if pair[0] is not base)


def _first_bracket(factors: Factors) -> Base | None:
    """Return the first factor that is a sum in brackets, of exponent 1."""
    return next((base for base, e in factors if base.terms and e == 1.0), None)


def _stands_among(factors: Factors, bases: Collection[Base]) -> bool:
    """Whether one of these bases is a factor."""
    return any(base in bases for base, _ in factors)


class Algebra:
    """What operations make of sums in normal form.

    bases   all that were made, each after those it is made of

    >>> algebra = Algebra()
    >>> x = algebra.name(Value(3.0, label="x"))
    >>> algebra.sub(algebra.mul(x, x), algebra.pow(x, constant(2.0)))
    ()
    """

    def __init__(self) -> None:
        self.bases: list[Base] = []
        self._made: dict[Any, Base] = {}
        self._computed: dict[Any, Value] = {}
        self._rows: dict[Op, Callable[..., Sum]] = {
            ops.add: self.add, ops.sub: self.sub, ops.mul: self.mul,
            ops.div: self.div, ops.pow: self.pow, ops.neg: self.neg,
        }  # fmt: skip

    def normal_form(self, value: Value, names: Collection[Value]) -> Sum | None:
        """Return `value` as a sum of products of `names`; None where it would be too long to read.

        A leaf that is not among the names is a constant. A function of the arguments that a named
        Value is that function of has its name.
        """
        record = Record(value, names)
        sizes = record.evaluate(dict.fromkeys(record.leaves, 1), _size)
        if sizes[value] > LONGEST:
            return None
        leaves = {
            leaf: self.name(leaf) if leaf in names else constant(leaf.data)
            for leaf in record.leaves
        }
        self._computed = self._calls(record, names)
        form: Sum = record.evaluate(leaves, self._node_form)[value]
        return form

    def _calls(self, record: Record, names: Collection[Value]) -> dict[Any, Value]:
        """Return the named Values but the root that are functions, by these and the arguments."""
        called = {node.op for node in record.nodes}.difference(self._rows)
        if not called:
            return {}
        if any(op.reads for op in called):  # which may call others
            called.update(_ops_that_read(names))
        return {(v.op, v.args): v for v in names if v.op in called and v is not record.root}

    def _node_form(self, node: Node, args: Sequence[Any]) -> Sum:
        """Return what a node is in the forms of its arguments, of which numbers are constants."""
        forms = [constant(x) if isinstance(x, float) else x for x in args]
        if all(map(is_constant, forms)):
            return constant(node.data)
        return self.applied(node.op, forms)

    def applied(self, op: Op, args: Sequence[Sum]) -> Sum:
        """Return what an operation makes of its arguments: as the blackboard has it, where its row
        says so.
        """
        if op in self._rows:
            return self._rows[op](*args)
        named = self._computed.get((op, tuple(map(_value_of, args))))
        if named is not None:
            return self.name(named)
        if op.reads:
            read = op.reads(*(_Form(self, form) for form in args))
            return read.form if isinstance(read, _Form) else constant(float(read))
        return self.call(op, *args)

    def name(self, value: Value) -> Sum:
        return self._single(value, lambda: Base(value=value))

    def call(self, op: Op, *args: Sum) -> Sum:
        return self._single((op, args), lambda: Base(op=op, args=args))

    def bracket(self, form: Sum) -> Base:
        return self._base(form, lambda: Base(terms=form))

    def _single(self, key: Any, make: Callable[[], Base]) -> Sum:
        return ((1.0, ((self._base(key, make), 1.0),)),)

    def _base(self, key: Any, make: Callable[[], Base]) -> Base:
        if key not in self._made:
            self._made[key] = make()
            self.bases.append(self._made[key])
        return self._made[key]

    def add(self, a: Sum, b: Sum) -> Sum:
        terms: dict[Any, float] = {}
        for coefficient, factors in a + b:
            terms[factors] = terms.get(factors, 0.0) + coefficient
        return tuple(
            (coefficient, factors) for factors, coefficient in terms.items() if coefficient
        )

    def sub(self, a: Sum, b: Sum) -> Sum:
        return self.add(a, self.neg(b))

    def neg(self, a: Sum) -> Sum:
        return self.mul(constant(-1.0), a)

    def mul(self, a: Sum, b: Sum) -> Sum:
        (p, left), (q, right) = self.product(a), self.product(b)
        if _is_past_range(p, q):  # left unfolded
            q, right = 1.0, ((self.bracket(constant(q)), 1.0), *right)
        factors = self._without_squared_roots(gathered(left + right))
        if p * q == 1.0 and len(factors) == 1 and factors[0][1] == 1.0 and factors[0][0].terms:
            return factors[0][0].terms  # a sum that stands alone needs no brackets
        return ((p * q, factors),) if p * q else ()

    def _without_squared_roots(self, factors: Factors) -> Factors:
        """Return the factors with x for √(x)²: where the root is defined, it is that."""
        for base, exponent in factors:
            if base.op is ops.sqrt and exponent % 2 == 0:
                others = _without(factors, base)
                coefficient, inside = self.product(base.args[0])
                if coefficient == 1.0:
                    return gathered(others + tuple((b, e * exponent / 2) for b, e in inside))
        return factors

    def div(self, a: Sum, b: Sum) -> Sum:
        return self.mul(a, self.pow(b, constant(-1.0)))

    def pow(self, a: Sum, b: Sum) -> Sum:
        if not is_constant(b):
            return self.call(ops.pow, a, b)
        exponent = b[0][0] if b else 0.0
        coefficient, factors = self._base_of_power(a, exponent)
        powers = tuple((base, e * exponent) for base, e in factors)
        try:
            if not all(math.isfinite(e) for _, e in powers):
                raise OverflowError
            return self.mul(constant(coefficient**exponent), ((1.0, powers),))
        except (OverflowError, ZeroDivisionError):
            return self.call(ops.pow, a, b)

    def _base_of_power(self, a: Sum, exponent: float) -> Product:
        """Return a sum as factors that can be raised one by one: √(x·x) is not x."""
        coefficient, factors = self.product(a)
        is_one_base = coefficient == 1.0 and [e for _, e in factors] == [1.0]
        if exponent.is_integer() or is_one_base:
            return coefficient, factors
        return 1.0, ((self.bracket(a), 1.0),)

    def product(self, form: Sum) -> Product:
        """Return a form as one product: a sum of several terms stands in brackets."""
        if not form:
            return 0.0, ()
        if len(form) == 1:
            return form[0]
        return 1.0, ((self.bracket(form), 1.0),)

    def recognised(self, form: Sum, definitions: Mapping[Base, Factors]) -> Sum:
        """Return the form with names for the products that they were computed as.

        definitions   names, and what each is the product of

        A bracket is multiplied out where that lets a name be recognised: of p = e^z/S, e^z·(1/S −
        p/S) is p − p².
        """
        by_base: dict[Base, list[Base]] = {}
        for name, factors in definitions.items():
            for base, _ in factors:
                by_base.setdefault(base, []).append(name)
        total: Sum = ()
        for product in form:
            found: Sum = ()
            for term in self._multiplied_out(product, by_base):
                found = self.add(found, (_renamed(term, definitions, by_base),))
            total = self.add(total, found)
        return total

    def _multiplied_out(self, product: Product, by_base: Mapping[Base, object]) -> Sum:
        """Return the product, as a sum where it has a bracket, and a base that is asked for."""
        coefficient, factors = product
        bracket = _first_bracket(factors)
        if bracket is None or not _stands_among(factors, by_base):
            return (product,)
        others = _without(factors, bracket)
        form = tuple((coefficient * c, gathered(others + inside)) for c, inside in bracket.terms)
        return form if any(_stands_among(term, by_base) for _, term in form) else (product,)


def _renamed(
    product: Product, definitions: Mapping[Base, Factors], by_base: Mapping[Base, Sequence[Base]]
) -> Product:
    """Return the product with each definition in it replaced by its name."""
    coefficient, factors = product
    powers = dict(factors)
    for base, _ in factors:
        for name in by_base.get(base, ()):
            wanted = definitions[name]
            times = _times_in(powers, wanted)
            if times:
                for b, e in wanted:
                    powers[b] -= times * e
                powers[name] = powers.get(name, 0.0) + times
    return coefficient, tuple((base, e) for base, e in powers.items() if e)


def _times_in(powers: Mapping[Base, float], wanted: Factors) -> int:
    """Return how often a product has all of these factors."""
    times = min(powers.get(base, 0.0) / e for base, e in wanted)
    return int(times) if times >= 1.0 else 0
