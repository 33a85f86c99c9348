"""Cases: the derivatives of one array by another, as one index form, as two, or by offsets."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import product
from typing import NamedTuple, TypeAlias

from autograd.arrays.families import Family
from autograd.arrays.forms import IndexForm, added, replaced, scaled
from autograd.arrays.lifting import Lifter
from autograd.arrays.places import Index
from autograd.arrays.subs import Sub, fitted, number_at, shifted, symbols_of
from autograd.normal import Sum

Ranges: TypeAlias = "Mapping[str, tuple[int, ...]]"  # what each symbol runs over
_MOST_OFFSETS = 4
_MOST = 50_000  # derivatives of one array by another, with those that are 0


class Equal(NamedTuple):
    """That an index of the head is one of the tail, or a sum of such: t0, t0 − 1."""

    head: str
    sub: Sub


class Case(NamedTuple):
    """One part of a block: `form` where the indices are as `equal` has them, and 0 elsewhere.

    It is 0 too where an element in the form is not there, such as x[0]. In it are the indices of
    the tail, and those of the head that `equal` does not say. The indices are h0, h1, …
    of the head and t0, t1, … of the tail; a place that has one number alone has that.
    """

    equal: tuple[Equal, ...]
    form: IndexForm


class Entry(NamedTuple):
    """One derivative of a block: the numbers of the indices, and its normal form."""

    at: Mapping[str, int]
    form: Sum


def cases_of(
    entries: Sequence[Entry], heads: Ranges, tails: Ranges, lifter: Lifter
) -> tuple[Case, ...]:
    """Return the cases that the derivatives are which are not 0; () where there are none such.

    heads, tails   what each index of the head runs over, and of the tail
    """
    if not entries:
        return ()
    reader = _Reader(lifter, heads, tails)
    equal = reader.equal(entries)
    found = reader.one(entries, equal) or reader.two(entries, equal)
    return found or reader.by_offset(entries, equal)


class _Reader:
    """Reads derivatives between two arrays; each reading is () where it is none."""

    def __init__(self, lifter: Lifter, heads: Ranges, tails: Ranges) -> None:
        self.lifter = lifter
        self.heads = heads
        self.tails = tails
        self.ranges = {**heads, **tails}

    def equal(self, entries: Sequence[Entry]) -> tuple[Equal, ...]:
        """Return what each index of the head is in all entries, where it is one of the tail or a
        sum of such, each of which stands once.
        """
        found: list[Equal] = []
        for h in self.heads:
            left = [t for t in self.tails if not any(t in symbols_of(e.sub) for e in found)]
            points = [({t: e.at[t] for t in left}, e.at[h]) for e in entries]
            subs = sorted(fitted(points), key=lambda sub: not isinstance(sub, str))
            found += [Equal(h, sub) for sub in subs[:1]]
        return tuple(found)

    def one(self, entries: Sequence[Entry], equal: tuple[Equal, ...]) -> tuple[Case, ...]:
        """Return one form for all, of which an element is not there wherever there is no entry."""
        form = self.form(entries, equal)
        if form is None or not self.is_nothing_else(form, entries, equal):
            return ()
        return (Case(equal, form),)

    def two(self, entries: Sequence[Entry], equal: tuple[Equal, ...]) -> tuple[Case, ...]:
        """Return the form of all, and what is added to it where the indices of a pair are equal."""
        if len(self.allowed(equal)) != len(entries):
            return ()
        for h, t in self.pairs(equal):
            cases = self.at_pair(h, t, entries, equal) if self.heads[h] == self.tails[t] else ()
            if cases:
                return cases
        return ()

    def at_pair(
        self, h: str, t: str, entries: Sequence[Entry], equal: tuple[Equal, ...]
    ) -> tuple[Case, ...]:
        """Return the two cases of which the second is where an index of the head is one of the
        tail.
        """
        pair = Equal(h, t)
        general = self.form([e for e in entries if not _are(pair, e)], equal)
        special = self.form([e for e in entries if _are(pair, e)], (*equal, pair))
        if general is None or special is None:
            return ()
        extra = added(special, scaled(replaced(general, {h: t}), -1.0))
        return Case(equal, general), Case((*equal, pair), extra)

    def by_offset(self, entries: Sequence[Entry], equal: tuple[Equal, ...]) -> tuple[Case, ...]:
        """Return a case for each of a few offsets between two indices."""
        for h, t in self.pairs(equal):
            offsets = sorted({e.at[h] - e.at[t] for e in entries})
            if len(offsets) <= _MOST_OFFSETS:
                pairs = [Equal(h, shifted(t, offset)) for offset in offsets]
                cases = [self.where(pair, entries, equal) for pair in pairs]
                if all(cases):
                    return tuple(case for [case] in cases)
        return ()

    def where(
        self, pair: Equal, entries: Sequence[Entry], equal: tuple[Equal, ...]
    ) -> tuple[Case, ...]:
        """Return the one case of the entries where a further pair of indices is equal."""
        return self.one([e for e in entries if _are(pair, e)], (*equal, pair))

    def pairs(self, equal: tuple[Equal, ...]) -> list[tuple[str, str]]:
        """Return each index of the head with each of the tail that stands in no equality."""
        used = {s for e in equal for s in (e.head, *symbols_of(e.sub))}
        return [(h, t) for h, t in product(self.heads, self.tails) if not used & {h, t}]

    def form(self, entries: Sequence[Entry], equal: tuple[Equal, ...]) -> IndexForm | None:
        """Return what all entries are; an index of the head that is said by others is not in it."""
        free = self.free(equal)
        pairs = [({s: at[s] for s in free}, form) for at, form in entries]
        return self.lifter.lift(pairs, self.ranges) if pairs else None

    def free(self, equal: tuple[Equal, ...]) -> list[str]:
        """Return the indices that are not said by others, in their order."""
        said = {e.head for e in equal}
        return [s for s in self.ranges if s not in said]

    def allowed(self, equal: tuple[Equal, ...]) -> list[Mapping[str, int]]:
        """Return the numbers of the free indices at which those of the head are there too; none
        where they are too many to look at.
        """
        free = self.free(equal)
        if math.prod(len(self.ranges[s]) for s in free) > _MOST:
            return []
        every = (
            dict(zip(free, numbers, strict=True))
            for numbers in product(*(self.ranges[s] for s in free))
        )
        return [
            at for at in every if all(number_at(e.sub, at) in self.heads[e.head] for e in equal)
        ]

    def is_nothing_else(
        self, form: IndexForm, entries: Sequence[Entry], equal: tuple[Equal, ...]
    ) -> bool:
        """Whether nothing of the form is there at indices that have no entry."""
        allowed = self.allowed(equal)
        if len(allowed) <= len(entries):
            return len(allowed) == len(entries)
        free = self.free(equal)
        present = {tuple(e.at[s] for s in free) for e in entries}
        absent = (at for at in allowed if tuple(at.values()) not in present)
        return not any(self.is_there(form, at) for at in absent)

    def is_there(self, form: IndexForm, at: Mapping[str, int]) -> bool:
        """Whether there is a term all of whose elements are there."""
        try:
            return bool(self.lifter.fresh.terms_there(form, at, _number))
        except ArithmeticError:
            return True


def _number(family: Family, index: Index, is_gradient: bool) -> float:
    return family.member(index).data


def _are(equal: Equal, entry: Entry) -> bool:
    """Whether an entry is one of those that an equality is about."""
    return entry.at[equal.head] == number_at(equal.sub, entry.at)
