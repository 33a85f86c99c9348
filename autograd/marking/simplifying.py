"""Terms as a person writes them: constants folded, and put first; 1·x and x + 0 are x."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import reduce

from autograd import ops
from autograd.marking.applied import Applied
from autograd.marking.syntax import Call, Number, Term, number, written
from autograd.op import Op
from autograd.value import Value

ZERO, ONE = number(0.0), number(1.0)


def _is(term: Term, value: float) -> bool:
    return isinstance(term, Number) and term.value == value


def _negative(term: Term) -> Term:
    if isinstance(term, Number):
        return number(-term.value)
    if isinstance(term, Call) and term.op is ops.neg:
        return term.args[0]
    return Call(ops.neg, (term,))


def times(a: Term, b: Term) -> Term:
    """Return a product with its constant first, and its sign on its first factor."""
    todo = [b]
    while todo:
        factor = todo.pop()
        if isinstance(factor, Call) and factor.op is ops.mul:
            todo += reversed(factor.args)
        elif isinstance(factor, Call) and factor.op is ops.neg:
            a = _negative(a)
            todo.append(factor.args[0])
        elif isinstance(a, Number):
            a = _scaled(a, factor)
        else:
            a = _scaled(factor, a) if isinstance(factor, Number) else Call(ops.mul, (a, factor))
    return a


def _scaled(constant: Number, term: Term) -> Term:
    """Return a constant times a term that is no constant, or is one too."""
    if isinstance(term, Number):
        return number(constant.value * term.value)
    if constant.value in (0.0, 1.0):
        return term if constant.value else ZERO
    if constant.value == -1.0:
        return _negative(term)
    if isinstance(term, Call) and term.op is ops.mul and isinstance(term.args[0], Number):
        return Call(ops.mul, (number(constant.value * term.args[0].value), term.args[1]))
    return Call(ops.mul, (constant, term))


def sum_over(
    heads: Iterable[Value], upstream: Mapping[Value, Term], local: Mapping[Value, Term]
) -> Term:
    """Return the sum of the upstream gradient by each head times the derivative on its edge."""
    return _added([times(upstream[head], local[head]) for head in heads])


def simplified(op: Op, args: tuple[Term, ...]) -> Term:
    """Return the operation on terms as a person writes it: constants folded, 1·x and x + 0
    are x.
    """
    numbers = [x.value for x in args if isinstance(x, Number)]
    if len(numbers) == len(args):
        return _folded(op, args, numbers)
    if op is ops.mul:
        return times(*args)
    if op is ops.neg:
        return _negative(args[0])
    if op in (ops.add, ops.sub):
        return _sum(op, *args)
    if op in (ops.div, ops.pow):
        return _quotient_or_power(op, *args)
    return Call(op, args)


def _quotient_or_power(op: Op, a: Term, b: Term) -> Term:
    if _is(b, 1.0):
        return a
    if op is ops.div and _is(a, 0.0):
        return ZERO
    return Call(op, (a, b))


def _folded(op: Op, args: tuple[Term, ...], numbers: list[float]) -> Term:
    try:
        return number(op(*numbers))
    except ArithmeticError:
        return Call(op, args)


def _sum(op: Op, a: Term, b: Term) -> Term:
    if _is(b, 0.0):
        return a
    if _is(a, 0.0):
        return b if op is ops.add else _negative(b)
    return Call(op, (a, b))


def coefficients(form: Term) -> Iterator[float]:
    """Yield the constant that each summand comes to have where its constants are gathered."""
    for summand in _summands(form):
        with suppress(ArithmeticError):
            yield _coefficient(summand)


def _summands(form: Term) -> Iterator[Term]:
    """Yield the summands of a form, their signs aside."""
    todo = [form]
    while todo:
        term = todo.pop()
        if isinstance(term, Call) and term.op in (ops.add, ops.sub, ops.neg):
            todo += reversed(term.args)
        else:
            yield term


def _coefficient(product: Term) -> float:
    """Return the product of the constants among the factors and the divisors of a product.

    That of a sum of equal terms, as x·x leads to, is their number times one's.
    """
    result = 1.0
    todo = [(product, 1)]
    while todo:
        term, exponent = todo.pop()
        if isinstance(term, Number):
            result *= term.value**exponent
        elif isinstance(term, Call) and term.op in (ops.mul, ops.neg):
            todo += [(x, exponent) for x in term.args]
        elif isinstance(term, Call) and term.op is ops.div:
            above, below = term.args
            todo += [(above, exponent), (below, -exponent)]
        elif isinstance(term, Call) and term.op is ops.add:
            first, *others = _summands(term)
            if all(written(other) == written(first) for other in others):
                result *= (1 + len(others)) ** exponent
                todo.append((first, exponent))
    return result


def _added(terms: Sequence[Term]) -> Term:
    return reduce(lambda *args: simplified(ops.add, args), terms)


class Simplified(Applied):
    """A term that is simplified at each operation."""

    __slots__ = ()

    def call(self, op: Op, args: tuple[Term, ...]) -> Term:
        return simplified(op, args)
