"""What a derivation comes to in names: its products multiplied out, where terms cancel.

So ∂L/∂z, through each of the probabilities that softmax gives, ends in p − y.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from itertools import chain
from typing import NamedTuple, TypeAlias

from autograd import ops
from autograd.formula import Formula, Writer
from autograd.graph import Graph
from autograd.normal import Algebra, Base, Factors, Product, Sum, constant, gathered
from autograd.notation import Notation
from autograd.value import Value

MOST = 40  # factors, and products; of more, nothing is multiplied out

# The coefficient of each product of bases, whatever their order.
Terms: TypeAlias = dict[frozenset[tuple[Base, float]], float]


class Closing(NamedTuple):
    """The formula in which a derivation ends.

    total    the formula of the whole
    terms    the formula of each term of the sum; a product is one term
    weights  the names of which the total takes for granted that they sum to 1
    """

    total: Formula
    terms: tuple[Formula, ...]
    weights: tuple[str, ...]


def closing(terms: Sequence[Sequence[Value]], graph: Graph, notation: Notation) -> Closing | None:
    """Return the formula of a sum of products; None unless it has two terms, where more cancel.

    terms   for each term the derivatives that it is the product of

    Where leaves that sum to 1, such as the targets of a cross-entropy, have one factor in each
    product, what all of these have in common is taken out of the sum.
    """
    algebra = Algebra()
    factors = _forms(algebra, terms, graph)
    products = [reduce(algebra.mul, forms, constant(1.0)) for forms in factors]
    pieces = _multiplied_out(algebra, list(chain.from_iterable(products)))
    total, weights = _averaged(_summed(pieces), graph.data)
    if len(total) != 2 or len(pieces) < 3:
        return None
    form = _in_brackets(algebra, total)
    writer = Writer(graph.names, notation, graph.data)
    writer.read(algebra.bases)
    lines = [_line(writer, *pair) for pair in zip(factors, products, strict=True)]
    names = tuple(graph.names[base.value] for base in weights if base.value is not None)
    return Closing(_formula(writer, form), tuple(lines), names)


def _forms(algebra: Algebra, terms: Sequence[Sequence[Value]], graph: Graph) -> list[list[Sum]]:
    """Return the derivatives of each term in normal form; nothing where none could cancel.

    So it is where nothing divides, where a derivative is 0 or too long, and where there are many.
    """
    if sum(map(len, terms)) > MOST:
        return []
    found: list[list[Sum]] = []
    for term in terms:
        forms = _known_forms(algebra, term, graph)
        if forms is None:
            return []
        found.append(forms)
    return found if any(map(_divides, chain.from_iterable(found))) else []


def _known_forms(algebra: Algebra, term: Sequence[Value], graph: Graph) -> list[Sum] | None:
    """Return the derivatives of a term in normal form; None where one is 0 or too long."""
    forms = [algebra.normal_form(factor, graph.names) for factor in term]
    known = [form for form in forms if form]
    return known if len(known) == len(forms) else None


def _formula(writer: Writer, form: Sum) -> Formula:
    return Formula(writer.written(form, 0).text, writer.written(form, 1).text)


def _line(writer: Writer, factors: Sequence[Sum], product: Sum) -> Formula:
    """Return the factors side by side, and what they come to."""
    first, *others = factors
    is_negative = len(first) == 1 and first[0][0] < 0
    if is_negative:
        first = ((-first[0][0], first[0][1]),)
    side_by_side = writer.chain([writer.written(form, 0) for form in (first, *others)])
    if is_negative:
        side_by_side = writer.apply(ops.neg, side_by_side)
    total = _formula(writer, product)
    if total.names == side_by_side.text:
        return total
    return Formula(f"{side_by_side.text} = {total.names}", total.numbers)


def _multiplied_out(algebra: Algebra, pieces: Sequence[Product]) -> list[Product]:
    """Return the pieces without brackets in them; nothing where there would be too many.

    The outer brackets come first, for what is inside may cancel with the rest of the product.
    """
    depth = {base: place for place, base in enumerate(algebra.bases)}
    todo, done = list(reversed(pieces)), []
    while todo:
        coefficient, factors = todo.pop()
        outer = max(_open_brackets(factors), key=depth.__getitem__, default=None)
        if outer is None:
            done.append((coefficient, factors))
        else:
            rest = gathered((*factors, (outer, -1.0)))
            todo += [(coefficient * c, gathered(rest + f)) for c, f in reversed(outer.terms)]
        if len(todo) + len(done) > MOST:
            return []
    return done


def _open_brackets(factors: Factors) -> Iterator[Base]:
    """Yield the brackets that can be multiplied out: their exponents are positive and whole."""
    return (base for base, e in factors if base.terms and e > 0 and e.is_integer())


def _divides(form: Sum) -> bool:
    """Whether a quotient stands in this sum."""
    return any(e < 0 for _, factors in form for _, e in factors)


def _summed(pieces: Sequence[Product]) -> Terms:
    total: Terms = {}
    for coefficient, factors in pieces:
        key = frozenset(factors)
        total[key] = total.get(key, 0.0) + coefficient
    return {key: coefficient for key, coefficient in total.items() if coefficient}


def _averaged(total: Terms, data: Mapping[Value, float]) -> tuple[Terms, list[Base]]:
    """Return the total less what all of the weights multiply, which stands alone; and the weights.

    Weights are leaves that sum to 1, of which each term has one. Where there are none, or they have
    nothing in common, it is the total itself.
    """
    by_weight = _by_leaf(total)
    if not _are_weights([data[base.value] for base in by_weight if base.value is not None]):
        return total, []
    average = _in_common(by_weight.values())
    if not average:
        return total, []
    shared = set(average)
    for weight, terms in by_weight.items():
        for factors, coefficient in terms.items():
            if factors not in shared:
                average[factors | {(weight, 1.0)}] = coefficient
    return average, list(by_weight)


def _are_weights(numbers: Sequence[float]) -> bool:
    """Whether these are several numbers, none of them negative, that sum to 1."""
    return len(numbers) > 1 and min(numbers) >= 0 and math.isclose(math.fsum(numbers), 1.0)


def _in_common(several: Iterable[Terms]) -> Terms:
    """Return the terms that stand in each of several sums, with one coefficient."""
    first, *others = several
    return {
        factors: coefficient
        for factors, coefficient in first.items()
        if all(terms.get(factors) == coefficient for terms in others)
    }


def _by_leaf(total: Terms) -> dict[Base, Terms]:
    """Return what each leaf multiplies; nothing where a term has none, several, or a power."""
    found: dict[Base, Terms] = {}
    for factors, coefficient in total.items():
        leaves = [(b, e) for b, e in factors if b.value is not None and b.value.op is None]
        if len(leaves) != 1 or leaves[0][1] != 1.0:
            return {}
        found.setdefault(leaves[0][0], {})[factors - {leaves[0]}] = coefficient
    return found


def _in_brackets(algebra: Algebra, total: Terms) -> Sum:
    """Return the sum as a person writes it: what all terms have in common is outside brackets."""
    common = frozenset.intersection(*total)
    order = {base: place for place, base in enumerate(algebra.bases)}

    def form(factors: frozenset[tuple[Base, float]]) -> tuple[tuple[Base, float], ...]:
        return tuple(sorted(factors, key=lambda pair: order[pair[0]]))

    inside = tuple((coefficient, form(factors - common)) for factors, coefficient in total.items())
    positive_first = tuple(sorted(inside, key=lambda term: term[0] < 0))
    return algebra.mul(positive_first, ((1.0, form(common)),))
