"""Blocks: the derivatives of one array by another, as one index form, or as two cases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import NamedTuple, TypeAlias

from autograd.arrays.families import Family, Seat
from autograd.arrays.forms import IndexForm, added, replaced, scaled
from autograd.arrays.lifting import Lifter
from autograd.graph import Edge
from autograd.normal import Algebra, Base, Factors, Sum
from autograd.value import Value

Ranges: TypeAlias = "Mapping[str, tuple[int, ...]]"  # what each symbol runs over


class Case(NamedTuple):
    """One part of a block: `form` where the indices in `equal` are equal pairwise, 0 elsewhere.

    The indices are h0, h1, … of the head and t0, t1, … of the tail; a place that has one number
    alone has that.
    """

    equal: tuple[tuple[str, str], ...]
    form: IndexForm


class Block(NamedTuple):
    """∂head/∂tail, over the paths that pass no other array: the sum of its cases."""

    head: Family
    tail: Family
    cases: tuple[Case, ...]


class Entry(NamedTuple):
    """One derivative of a block: the numbers of the indices, and its normal form."""

    at: Mapping[str, int]
    form: Sum


class NoIndexFormError(Exception):
    """The derivatives of `head` by `tail` have no index form in common."""

    def __init__(self, head: Family, tail: Family) -> None:
        super().__init__(f"∂{head.name}/∂{tail.name}")
        self.head = head
        self.tail = tail


def blocks_of(edges: Iterable[Edge], seats: Mapping[Value, Seat], lifter: Lifter) -> list[Block]:
    """Return the blocks that these edges are.

    Raises NoIndexFormError, and the error of an edge whose derivative does not exist.
    """
    algebra = lifter.algebra
    entries: dict[tuple[Family, Family], list[Entry]] = {}
    definitions: dict[Family, dict[Base, Factors]] = {}
    for edge in edges:
        (head, i), (tail, k) = seats[edge.head], seats[edge.tail]
        form = algebra.normal_form(edge.derivative, seats)
        if form is None:
            raise NoIndexFormError(head, tail)
        if head not in definitions:
            definitions[head] = _definitions(head, seats, algebra)
        form = algebra.recognised(form, definitions[head])
        at = head.symbols("h", i) | tail.symbols("t", k)
        group = entries.setdefault((head, tail), [])
        if form:
            group.append(Entry(at, form))
    return [
        Block(head, tail, _cases(head, tail, group, lifter))
        for (head, tail), group in entries.items()
    ]


def _definitions(
    family: Family, seats: Mapping[Value, Seat], algebra: Algebra
) -> dict[Base, Factors]:
    """Return what each element is the product of, where calls or sums are among the factors."""
    found: dict[Base, Factors] = {}
    for v in family.members.values():
        form = algebra.normal_form(v, seats) if v.op else None
        if form is not None and _is_product_of_more_than_names(form):
            [(_, factors)] = form
            [(_, [(name, _)])] = algebra.name(v)
            found[name] = factors
    return found


def _is_product_of_more_than_names(form: Sum) -> bool:
    """Whether it is one product of several factors, with a call or a sum among them."""
    if len(form) != 1:
        return False
    [(coefficient, factors)] = form
    is_plain = all(base.value is not None for base, _ in factors)
    return coefficient == 1.0 and len(factors) > 1 and not is_plain


def _cases(
    head: Family, tail: Family, entries: Sequence[Entry], lifter: Lifter
) -> tuple[Case, ...]:
    """Return the one case that all entries are, or the two of them. Raises NoIndexFormError."""
    if not entries:
        return ()
    ranges = head.symbols("h", head.ranges) | tail.symbols("t", tail.ranges)
    pairs = list(product(head.symbols("h", head.ranges), tail.symbols("t", tail.ranges)))
    equal = _matched([pair for pair in pairs if _are_equal(pair, entries)])
    if not _is_all(entries, equal, ranges):
        raise NoIndexFormError(head, tail)
    whole = _lifted(entries, equal, ranges, lifter)
    if whole is not None:
        return (Case(equal, whole),)
    for h, t in pairs:
        if (h, t) not in equal and ranges[h] == ranges[t]:
            cases = _two_cases(entries, equal, (h, t), ranges, lifter)
            if cases is not None:
                return cases
    raise NoIndexFormError(head, tail)


def _are_equal(pair: tuple[str, str], entries: Iterable[Entry]) -> bool:
    """Whether an index of the head is that of the tail in all entries."""
    h, t = pair
    return all(e.at[h] == e.at[t] for e in entries)


def _two_cases(
    entries: Sequence[Entry],
    equal: tuple[tuple[str, str], ...],
    pair: tuple[str, str],
    ranges: Ranges,
    lifter: Lifter,
) -> tuple[Case, ...] | None:
    """Return the form of all, and what is added to it where the indices of a pair are equal."""
    h, t = pair
    apart = [e for e in entries if e.at[h] != e.at[t]]
    same = [e for e in entries if e.at[h] == e.at[t]]
    general = _lifted(apart, equal, ranges, lifter)
    special = _lifted(same, (*equal, pair), ranges, lifter)
    if general is None or special is None:
        return None
    extra = added(special, scaled(replaced(general, {t: h}), -1.0))
    return Case(equal, general), Case((*equal, pair), extra)


def _lifted(
    entries: Sequence[Entry],
    equal: tuple[tuple[str, str], ...],
    ranges: Ranges,
    lifter: Lifter,
) -> IndexForm | None:
    """Return the index form of entries; an index of the tail that equals one of the head is it."""
    dropped = {t for _, t in equal}
    pairs = [({s: n for s, n in at.items() if s not in dropped}, form) for at, form in entries]
    return lifter.lift(pairs, ranges)


def _matched(pairs: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Return pairs in which each index stands once."""
    found: list[tuple[str, str]] = []
    for pair in pairs:
        if not any(set(pair) & set(other) for other in found):
            found.append(pair)
    return tuple(found)


def _is_all(
    entries: Sequence[Entry],
    equal: tuple[tuple[str, str], ...],
    ranges: Ranges,
) -> bool:
    """Whether there is an entry for all indices that the equalities allow."""
    dropped = {t: h for h, t in equal}
    free = [s for s in ranges if s not in dropped]
    number = 1
    for s in free:
        partner = [t for t, h in dropped.items() if h == s]
        allowed = set(ranges[s]).intersection(*(ranges[t] for t in partner))
        number *= len(allowed)
    return number == len(entries)
