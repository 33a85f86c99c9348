"""Lifting: the normal forms of all elements of a block, read as one index form."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from itertools import count, islice, product
from typing import NamedTuple, TypeAlias, TypeVar

from autograd.arrays.families import NotRecordedError, Seat
from autograd.arrays.forms import (
    Atom,
    Bracket,
    Call,
    Element,
    IndexForm,
    Powers,
    Symbols,
    Term,
    gathered,
)
from autograd.arrays.subs import Sub, fitted
from autograd.normal import Algebra, Base, Factors, Sum, constant
from autograd.op import Op
from autograd.value import Value

T = TypeVar("T")
Places: TypeAlias = "Mapping[int, str | tuple[Sub, ...]]"  # what a number is, or may be
_MOST_OF_A_PART = 8
_MOST_READINGS = 64  # ways to read fixed numbers as symbols, before it is given up


class _Number(NamedTuple):
    """One index of a name in a form, and what that place of an index runs over."""

    number: int
    range: tuple[int, ...]


class Lifter:
    """Reads normal forms of elements as one index form.

    seats    where each Value stands
    algebra  which has made the normal forms
    """

    def __init__(self, seats: Mapping[Value, Seat], algebra: Algebra) -> None:
        self.seats = seats
        self.algebra = algebra
        self.fresh = Symbols()
        self.allowed: Mapping[str, tuple[int, ...]] = {}
        self.skeleton = cache(self._skeleton)
        self.canonical = cache(self._canonical)
        self.numbers = cache(self._numbers)
        self.rank = cache(self._rank)
        self._ranks = count()

    def lift(
        self,
        forms: Sequence[tuple[Mapping[str, int], Sum]],
        ranges: Mapping[str, tuple[int, ...]],
    ) -> IndexForm | None:
        """Return the index form that is each of `forms` at its numbers for the symbols, or None.

        ranges   what each symbol runs over: it stands only where an index runs over the same
        """
        self.allowed = ranges
        at, form = max(forms, key=lambda pair: len(set(pair[0].values())))
        readings = self._lifted(form, at, self._likely(form, at, forms))
        for _, reading in zip(range(_MOST_READINGS), readings, strict=False):
            if all(self._is(reading, other, there) for there, other in forms):
                return reading
        return None

    def _likely(
        self, form: Sum, at: Mapping[str, int], forms: Sequence[tuple[Mapping[str, int], Sum]]
    ) -> Places:
        """Return the symbols that each number of `form` may be, where all forms are built alike."""
        own = self._numbers_of_form(form)
        found = {}
        for k, (n, place) in enumerate(zip(own, self._points(len(own), forms), strict=False)):
            subs = [s for s in (*self._fitting(n, at), n.number) if _is_at(s, place)]
            found[k] = tuple(subs or fitted(place))
        return {k: subs for k, subs in found.items() if subs}

    def _points(
        self, count: int, forms: Sequence[tuple[Mapping[str, int], Sum]]
    ) -> list[list[tuple[Mapping[str, int], int]]]:
        """Return what each number is in all forms; nothing where one has not so many."""
        points: list[list[tuple[Mapping[str, int], int]]] = [[] for _ in range(count)]
        for there, other in forms:
            numbers = self._numbers_of_form(other)
            if len(numbers) != count:
                return []
            for place, n in zip(points, numbers, strict=True):
                place.append((there, n.number))
        return points

    def _fitting(self, n: _Number, at: Mapping[str, int]) -> list[Sub]:
        """Return the symbols that a number may be: they have it, and run over the same."""
        return [s for s in at if at[s] == n.number and self.allowed.get(s) == n.range]

    def _is(self, reading: IndexForm, form: Sum, at: Mapping[str, int]) -> bool:
        try:
            return bool(self.canonical(self.expand(reading, at)) == self.canonical(form))
        except NotRecordedError:
            return False

    # From one element's form to index forms. The numbers of a form are counted through it: those of
    # each name in it, in an order that is the same in all that differ in indices alone. `fixed`
    # says of some of them which symbol they are, or which ones they may be.

    def _lifted(self, form: Sum, at: Mapping[str, int], fixed: Places) -> Iterator[IndexForm]:
        groups: dict[tuple[float, object], list[tuple[Factors, Places]]] = {}
        place = 0
        for coefficient, factors in form:
            key = (coefficient, self._skeleton_of_product(factors))
            size = sum(len(self.numbers(base)) for base, _ in factors)
            groups.setdefault(key, []).append((factors, _shifted(fixed, place, size)))
            place += size
        options = [
            _some(self._lifted_group(coefficient, group, at))
            for (coefficient, _), group in groups.items()
        ]
        for choice in product(*options):
            yield tuple(term for terms in choice for term in terms)

    def _lifted_group(
        self, coefficient: float, group: list[tuple[Factors, Places]], at: Mapping[str, int]
    ) -> Iterator[tuple[Term, ...]]:
        """Yield the readings of terms that differ in indices alone: a sum, or each by itself."""
        if len(group) > 1:
            for term in self._lifted_sum(coefficient, group, at):
                yield (term,)
        each = [
            _some(Term(coefficient, powers) for powers in self._read_product(factors, at, fixed))
            for factors, fixed in group
        ]
        yield from product(*each)

    def _lifted_sum(
        self, coefficient: float, group: list[tuple[Factors, Places]], at: Mapping[str, int]
    ) -> Iterator[Term]:
        """Yield the readings of a group of terms as a sum over one symbol, or over two."""
        first, fixed = group[0]
        numbers = zip(*(self._numbers_of_product(factors) for factors, _ in group), strict=True)
        columns = {k: column for k, column in enumerate(numbers) if _varies(column, fixed.get(k))}
        varying = list(dict.fromkeys(columns.values()))
        if not 1 <= len(varying) <= 2 or not _are_all(varying):
            return
        names = {column: self.fresh(column[0].range) for column in varying}
        symbols_there = {**fixed, **{k: names[column] for k, column in columns.items()}}
        for powers in self._read_product(first, at, symbols_there):
            yield Term(coefficient, powers, tuple(names.values()))

    def _read_product(
        self, factors: Factors, at: Mapping[str, int], fixed: Places
    ) -> Iterator[Powers]:
        places = {}
        place = 0
        for base, _ in self._ordered(factors):
            places[base] = place
            place += len(self.numbers(base))
        options = []
        for base, exponent in factors:
            here = _shifted(fixed, places[base], len(self.numbers(base)))
            options.append(_some((atom, exponent) for atom in self._read(base, at, here)))
        for choice in product(*options):
            yield gathered(choice)

    def _read(self, base: Base, at: Mapping[str, int], fixed: Places) -> Iterator[Atom]:
        if base.value is not None:
            yield from self._read_name(base, at, fixed)
        elif base.op is not None:
            yield from self._read_call(base, base.op, at, fixed)
        else:
            for terms in self._lifted(base.terms, at, fixed):
                yield Bracket(terms)

    def _read_name(self, base: Base, at: Mapping[str, int], fixed: Places) -> Iterator[Atom]:
        subs: list[Sequence[Sub]] = []
        for k, n in enumerate(self.numbers(base)):
            known = fixed.get(k) or (*self._fitting(n, at), n.number)
            subs.append((known,) if isinstance(known, str) else known)
        assert base.value is not None
        for choice in product(*subs):
            yield Element(self.seats[base.value].family, choice)

    def _read_call(
        self, base: Base, op: Op, at: Mapping[str, int], fixed: Places
    ) -> Iterator[Atom]:
        options = []
        place = 0
        for x in base.args:
            size = len(self._numbers_of_form(x))
            options.append(_some(self._lifted(x, at, _shifted(fixed, place, size))))
            place += size
        for args in product(*options):
            yield Call(op, args)

    def _numbers(self, base: Base) -> list[_Number]:
        """Return the indices of all names in a base."""
        if base.value is not None:
            family, index = self.seats[base.value]
            return [_Number(*pair) for pair in zip(index, family.ranges, strict=True)]
        return [n for form in (*base.args, base.terms) for n in self._numbers_of_form(form)]

    def _numbers_of_form(self, form: Sum) -> list[_Number]:
        return [n for _, factors in form for n in self._numbers_of_product(factors)]

    def _numbers_of_product(self, factors: Factors) -> list[_Number]:
        return [n for base, _ in self._ordered(factors) for n in self.numbers(base)]

    def _ordered(self, factors: Factors) -> list[tuple[Base, float]]:
        return sorted(factors, key=lambda pair: (self.rank(self.skeleton(pair[0])), pair[1]))

    def _rank(self, skeleton: object) -> int:
        """Return a number for each skeleton, in the order in which they are first met."""
        return next(self._ranks)

    def _skeleton(self, base: Base) -> object:
        """Return what is left of a base without its indices."""
        if base.value is not None:
            return ("name", id(self.seats[base.value].family))
        if base.op is not None:
            return (base.op.name, *map(self._skeleton_of_sum, base.args))
        return ("bracket", self._skeleton_of_sum(base.terms))

    def _skeleton_of_sum(self, form: Sum) -> object:
        return frozenset((c, self._skeleton_of_product(factors)) for c, factors in form)

    def _skeleton_of_product(self, factors: Factors) -> object:
        return frozenset((self.skeleton(base), e) for base, e in factors)

    # And back.

    def expand(self, form: IndexForm, at: Mapping[str, int]) -> Sum:
        """Return the normal form of an index form at numbers for its symbols.

        A term of it with an element that is not there is left out, as `Symbols.evaluate` has it.
        """
        total: Sum = ()
        for term in form:
            for here in self.fresh.runs(term.summed, at):
                with suppress(KeyError):
                    total = self.algebra.add(total, self._product(term, here))
        return total

    def _product(self, term: Term, here: Mapping[str, int]) -> Sum:
        result = constant(term.coefficient)
        for atom, exponent in term.factors:
            power = self.algebra.pow(self._expanded(atom, here), constant(exponent))
            result = self.algebra.mul(result, power)
        return result

    def _expanded(self, atom: Atom, at: Mapping[str, int]) -> Sum:
        if isinstance(atom, Element):
            return self.algebra.name(atom.family.member(atom.at(at)))
        if isinstance(atom, Call):
            return self.algebra.call(atom.op, *(self._inside(x, at) for x in atom.args))
        return self._inside(atom.terms, at)

    def _inside(self, form: IndexForm, at: Mapping[str, int]) -> Sum:
        """Return the normal form of a part of a term; KeyError as `Symbols.evaluate` has it."""
        total = self.expand(tuple(term for term in form if term.summed), at)
        for term in form:
            if not term.summed:
                total = self.algebra.add(total, self._product(term, at))
        return total

    def _canonical(self, form: Sum) -> object:
        """Return what two forms have in common that differ in the order of their parts alone."""
        return frozenset(
            (c, frozenset((self._canonical_base(b), e) for b, e in factors)) for c, factors in form
        )

    def _canonical_base(self, base: Base) -> object:
        if base.value is not None:
            return base
        if base.op is not None:
            return (base.op.name, *map(self.canonical, base.args))
        return self.canonical(base.terms)


def _some(readings: Iterator[T]) -> list[T]:
    """Return the first readings of a part; the likeliest come first."""
    return list(islice(readings, _MOST_OF_A_PART))


def _is_at(sub: Sub, points: Iterable[tuple[Mapping[str, int], int]]) -> bool:
    """Whether an index is the number at each of these points."""
    return all(at.get(str(sub), sub) == number for at, number in points)


def _varies(column: Sequence[_Number], fixed: str | tuple[Sub, ...] | None) -> bool:
    """Whether an index is not the same in all terms, nor known to be one symbol."""
    return not isinstance(fixed, str) and len(set(column)) > 1


def _are_all(columns: Sequence[Sequence[_Number]]) -> bool:
    """Whether the numbers of these columns, row by row, are all that they run over together."""
    rows = sorted(zip(*([n.number for n in column] for column in columns), strict=True))
    return rows == list(product(*(column[0].range for column in columns)))


def _shifted(fixed: Places, place: int, size: int) -> Places:
    """Return the symbols of the numbers from a place on, counted from there."""
    return {k - place: s for k, s in fixed.items() if place <= k < place + size}
