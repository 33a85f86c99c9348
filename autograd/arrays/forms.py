"""Index form: one formula for all elements of an array, such as Σ_j W[i,j]·x[j].

It is a normal form whose names are elements of families at symbolic indices. A sum over all of an
index is a term with that index among its `summed`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import chain, product
from typing import NamedTuple, TypeAlias

from autograd.arrays.families import Family
from autograd.arrays.places import Index
from autograd.arrays.subs import Sub, number_at, substituted, symbols_of
from autograd.op import Op


class Element(NamedTuple):
    """The element of a family at an index; with `root`, the gradient of the root by it."""

    family: Family
    subs: tuple[Sub, ...]
    is_gradient: bool = False

    def at(self, numbers: Mapping[str, int]) -> Index:
        """Return its index where the symbols are these numbers."""
        return tuple(number_at(sub, numbers) for sub in self.subs)


class Call(NamedTuple):
    """The call of an operation on index forms."""

    op: Op
    args: tuple[IndexForm, ...]


class Bracket(NamedTuple):
    """An index form in brackets."""

    terms: IndexForm


Atom: TypeAlias = Element | Call | Bracket
Powers: TypeAlias = tuple[tuple[Atom, float], ...]


class Term(NamedTuple):
    """A product, summed over the symbols in `summed`."""

    coefficient: float
    factors: Powers
    summed: tuple[str, ...] = ()

    def without(self, factors: Collection[tuple[Atom, float]]) -> Term:
        """Return the term less some of its factors."""
        return self._replace(factors=tuple(f for f in self.factors if f not in factors))


IndexForm: TypeAlias = tuple[Term, ...]


def parts(atom: Call | Bracket) -> tuple[IndexForm, ...]:
    """Return the forms that an atom is made of."""
    return atom.args if isinstance(atom, Call) else (atom.terms,)


def rebuilt(atom: Call | Bracket, change: Callable[[IndexForm], IndexForm]) -> Atom:
    """Return an atom of the forms that `change` gives for its own."""
    if isinstance(atom, Call):
        return Call(atom.op, tuple(map(change, atom.args)))
    return Bracket(change(atom.terms))


def symbols(item: Atom | IndexForm) -> dict[str, None]:
    """Return the symbols in an atom or a form that are not summed inside it, in order."""
    if isinstance(item, Element):
        return dict.fromkeys(chain.from_iterable(map(symbols_of, item.subs)))
    if isinstance(item, (Call, Bracket)):
        return dict.fromkeys(chain.from_iterable(map(symbols, parts(item))))
    return dict.fromkeys(chain.from_iterable(map(symbols_of_term, item)))


def symbols_of_term(term: Term) -> dict[str, None]:
    """Return the symbols of a term that it does not sum over."""
    inside = {s: None for atom, _ in term.factors for s in symbols(atom)}
    return {s: None for s in inside if s not in term.summed}


def replaced(form: IndexForm, subs: Mapping[str, Sub]) -> IndexForm:
    """Return the form with symbols replaced; those that it sums over are its own."""
    return tuple(_replaced_term(term, subs) for term in form)


def _replaced_term(term: Term, subs: Mapping[str, Sub]) -> Term:
    inner = {old: new for old, new in subs.items() if old not in term.summed}
    factors = tuple((replaced_atom(atom, inner), e) for atom, e in term.factors)
    return Term(term.coefficient, gathered(factors), term.summed)


def replaced_atom(atom: Atom, subs: Mapping[str, Sub]) -> Atom:
    """Return the atom with symbols replaced."""
    if isinstance(atom, Element):
        renamed = tuple(substituted(sub, subs) for sub in atom.subs)
        return atom._replace(subs=renamed)
    return rebuilt(atom, lambda form: replaced(form, subs))


def gathered(factors: Iterable[tuple[Atom, float]]) -> Powers:
    """Return the factors with the exponents of equal ones added up."""
    exponents: dict[Atom, float] = {}
    for atom, exponent in factors:
        exponents[atom] = exponents.get(atom, 0.0) + exponent
    return tuple((atom, e) for atom, e in exponents.items() if e)


def elements(atom: Atom) -> Iterator[Element]:
    """Yield the elements in an atom."""
    if isinstance(atom, Element):
        yield atom
    else:
        for form in parts(atom):
            yield from elements_of(form)


def elements_of(form: IndexForm) -> Iterator[Element]:
    """Yield the elements in a form."""
    for term in form:
        for atom, _ in term.factors:
            yield from elements(atom)


def is_left_out(term: Term, at: Mapping[str, int]) -> bool:
    """Whether an element of a term is not there at these numbers, whatever the other symbols are.

    What it is made of in a sum inside it is not looked at: there a summand alone is left out.
    """
    todo = [atom for atom, _ in term.factors]
    while todo:
        atom = todo.pop()
        if isinstance(atom, Element):
            if _is_missing(atom, at):
                return True
            continue
        whole = [inner for form in parts(atom) for inner in form if not inner.summed]
        todo += [inside for inner in whole for inside, _ in inner.factors]
    return False


def _is_missing(element: Element, at: Mapping[str, int]) -> bool:
    """Whether an index of an element is known, and is none that its array has."""
    pairs = zip(element.subs, element.family.ranges, strict=True)
    return any(at.keys() >= {*symbols_of(s)} and number_at(s, at) not in r for s, r in pairs)


def cost(form: IndexForm) -> int:
    """Return how long a form is: its factors, its sums, and its terms after the first."""
    return (
        len(form)
        - 1
        + sum(len(term.summed) + sum(_cost(atom) for atom, _ in term.factors) for term in form)
    )


def _cost(atom: Atom) -> int:
    if isinstance(atom, Element):
        return 1
    return sum(map(cost, parts(atom)))


def multiplied(a: IndexForm, b: IndexForm) -> IndexForm:
    """Return the product; a sum stands in brackets in it. What both sum over has its own symbols.

    Multiplied out it is what it is, where that is shorter.
    """
    bracketed = (_merged(_as_term(a), _as_term(b)),)
    out = multiplied_out(bracketed)
    return out if cost(out) < cost(bracketed) else bracketed


def multiplied_out(form: IndexForm) -> IndexForm:
    """Return the form without brackets of exponent 1."""
    done: list[Term] = []
    todo = list(form)
    while todo:
        term = todo.pop(0)
        bracket = _first_bracket(term)
        if bracket is None:
            done.append(term)
        else:
            rest = term.without([(bracket, 1.0)])
            todo += [_merged(rest, inner) for inner in bracket.terms]
    return added(tuple(done))


def _first_bracket(term: Term) -> Bracket | None:
    """Return the first factor that is a bracket of exponent 1."""
    return next((atom for atom, e in term.factors if isinstance(atom, Bracket) and e == 1.0), None)


def _as_term(form: IndexForm) -> Term:
    if len(form) == 1:
        return form[0]
    return Term(1.0, ((Bracket(form), 1.0),)) if form else Term(0.0, ())


def _merged(a: Term, b: Term) -> Term:
    factors = gathered((*a.factors, *b.factors))
    return Term(a.coefficient * b.coefficient, factors, (*a.summed, *b.summed))


def scaled(form: IndexForm, number: float) -> IndexForm:
    """Return the form times a number."""
    return tuple(term._replace(coefficient=number * term.coefficient) for term in form)


def added(*forms: IndexForm) -> IndexForm:
    """Return the sum of forms, with equal terms gathered; they are equal if only the symbols that
    they sum over have other names.
    """
    terms: dict[object, Term] = {}
    for term in chain.from_iterable(forms):
        key = _canonical_term(term, {})
        before = terms.setdefault(key, term._replace(coefficient=0.0))
        terms[key] = before._replace(coefficient=before.coefficient + term.coefficient)
    return tuple(term for term in terms.values() if term.coefficient)


def _canonical_term(term: Term, outer: Mapping[str, str]) -> object:
    """Return what equal terms have in common: what they sum over is counted, and not named."""
    names = _counted_sums(term, outer)
    factors = Counter((_canonical_atom(atom, names), e) for atom, e in term.factors)
    return frozenset(factors.items()), len(term.summed)


def _counted_sums(term: Term, outer: Mapping[str, str]) -> Mapping[str, str]:
    """Return the outer names, and a number for each symbol that a term sums over, in its order."""
    names = dict(outer)
    for atom, _ in term.factors:
        for s in symbols(atom):
            if s in term.summed and s not in names:
                names[s] = f"σ{len(names)}"
    return names


def _canonical_atom(atom: Atom, names: Mapping[str, str]) -> object:
    if isinstance(atom, Element):
        return replaced_atom(atom, names)
    canonical = tuple(
        frozenset(Counter((t.coefficient, _canonical_term(t, names)) for t in form).items())
        for form in parts(atom)
    )
    return (atom.op.name if isinstance(atom, Call) else "", canonical)


class Symbols:
    """The symbols that forms sum over, each of which is used once.

    ranges  what each of them runs over
    """

    def __init__(self) -> None:
        self.ranges: dict[str, tuple[int, ...]] = {}

    def __call__(self, numbers: tuple[int, ...]) -> str:
        name = f"s{len(self.ranges) + 1}"
        self.ranges[name] = numbers
        return name

    def sums(self, form: IndexForm) -> IndexForm:
        """Return the form with new names for all that it sums over."""
        return self._form(form, {})

    def _form(self, form: IndexForm, outer: Mapping[str, str]) -> IndexForm:
        return tuple(self._term(term, outer) for term in form)

    def _term(self, term: Term, outer: Mapping[str, str]) -> Term:
        names = {**outer, **{s: self(self.ranges[s]) for s in term.summed}}
        factors = tuple((self._atom(atom, names), e) for atom, e in term.factors)
        return Term(term.coefficient, factors, tuple(names[s] for s in term.summed))

    def _atom(self, atom: Atom, names: Mapping[str, str]) -> Atom:
        if isinstance(atom, Element):
            return replaced_atom(atom, names)
        return rebuilt(atom, lambda form: self._form(form, names))

    def runs(self, summed: tuple[str, ...], at: Mapping[str, int]) -> Iterator[dict[str, int]]:
        """Yield the numbers of all symbols for each term of a sum over some of them."""
        for numbers in product(*(self.ranges[s] for s in summed)):
            yield {**at, **dict(zip(summed, numbers, strict=True))}

    def evaluate(
        self,
        form: IndexForm,
        at: Mapping[str, int],
        number: Callable[[Family, Index, bool], float],
    ) -> float:
        """Return what a form comes to at numbers for its symbols; `number` is that of an element,
        or of the gradient by it.

        A term of it with an element that is not there is left out.
        """
        return sum(self.terms_there(form, at, number))

    def terms_there(
        self,
        form: IndexForm,
        at: Mapping[str, int],
        number: Callable[[Family, Index, bool], float],
    ) -> list[float]:
        """Return what each term comes to, of a sum each summand, whose elements are all there."""
        found = []
        for term in form:
            for here in self.runs(term.summed, at):
                with suppress(KeyError):
                    found.append(self._product(term, here, number))
        return found

    def number_of_terms(self, form: IndexForm) -> int:
        """Return how many terms `terms_there` gives where all are there."""
        return sum(math.prod(len(self.ranges[s]) for s in term.summed) for term in form)

    def _product(
        self, term: Term, here: Mapping[str, int], number: Callable[[Family, Index, bool], float]
    ) -> float:
        result = term.coefficient
        for atom, exponent in term.factors:
            result *= self._evaluated(atom, here, number) ** exponent
        return result

    def _evaluated(
        self, atom: Atom, at: Mapping[str, int], number: Callable[[Family, Index, bool], float]
    ) -> float:
        if isinstance(atom, Element):
            return number(atom.family, atom.at(at), atom.is_gradient)
        if isinstance(atom, Call):
            return float(atom.op(*(self._inside(x, at, number) for x in atom.args)))
        return self._inside(atom.terms, at, number)

    def _inside(
        self, form: IndexForm, at: Mapping[str, int], number: Callable[[Family, Index, bool], float]
    ) -> float:
        """Return what a form inside a term comes to. KeyError where an element that it does not sum
        over is not there: then the whole term is not.
        """
        summed = tuple(term for term in form if term.summed)
        alone = [self._product(term, at, number) for term in form if not term.summed]
        return sum(alone) + self.evaluate(summed, at, number)
