"""Blocks: the derivatives of one array by another, as one index form, or as two cases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from autograd.arrays.cases import Case, Entry, cases_of
from autograd.arrays.families import Family, Seat
from autograd.arrays.lifting import Lifter
from autograd.graph import Edge
from autograd.normal import Algebra, Base, Factors, Sum
from autograd.value import Value


class Block(NamedTuple):
    """∂head/∂tail, over the paths that pass no other array: the sum of its cases.

    There are none where it is 0.
    """

    head: Family
    tail: Family
    cases: tuple[Case, ...]


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
    return [_block(head, tail, group, lifter) for (head, tail), group in entries.items()]


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


def _block(head: Family, tail: Family, entries: Sequence[Entry], lifter: Lifter) -> Block:
    heads, tails = head.symbols("h", head.ranges), tail.symbols("t", tail.ranges)
    cases = cases_of(entries, heads, tails, lifter)
    if entries and not cases:
        raise NoIndexFormError(head, tail)
    return Block(head, tail, cases)
