"""The derivation of a gradient in arrays, from the root down.

Between two arrays stands a block of derivatives. The gradient by an array is the sum, over the
blocks into it, of the upstream gradient times the block; all in index form.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

from autograd.arrays.array import nested
from autograd.arrays.blocks import Block, NoIndexFormError, blocks_of
from autograd.arrays.cases import Case
from autograd.arrays.families import Family, Seat, in_order, read_families
from autograd.arrays.forms import (
    Atom,
    Element,
    IndexForm,
    Symbols,
    Term,
    added,
    cost,
    is_left_out,
    multiplied,
    replaced,
    symbols,
)  # fmt: skip
from autograd.arrays.lifting import Lifter
from autograd.arrays.places import Index, size
from autograd.arrays.subs import Sub, number_at, substituted, symbols_of
from autograd.graph import Edge, Graph
from autograd.normal import Algebra
from autograd.value import Value

_LONGEST_FOLDED = 8  # factors of a gradient that gets no line of its own


class Reading(NamedTuple):
    """A graph read in arrays.

    root    the Value that is derived
    seats   where each visible Value stands
    blocks  the derivatives between two families
    lifter  which has read them
    """

    root: Value
    seats: Mapping[Value, Seat]
    blocks: Sequence[Block]
    lifter: Lifter

    @property
    def fresh(self) -> Symbols:
        """Names for symbols that nothing in the blocks has."""
        return self.lifter.fresh


def gradients_of(
    graph: Graph,
    edges: Sequence[Edge],
    data: Mapping[Value, float],
) -> Gradients | None:
    """Return the gradients by the arrays of a part of the graph; None where it has no such form.

    data   the numbers of the gradients, by Value
    """
    alone: set[Value] = set()
    stacked = True
    while True:
        seats = read_families(graph, stacked=stacked, alone=alone)
        lifter = Lifter(seats, Algebra())
        try:
            for family in partly_known(seats, data):
                raise NoIndexFormError(family, family)
            blocks = blocks_of(edges, seats, lifter)
            return Gradients(Reading(graph.root, seats, blocks, lifter), data)
        except NoIndexFormError as error:
            culprit = _by_label(error)
            if culprit:
                alone |= set(culprit.members.values())
            elif stacked:
                stacked = False
            else:
                return None


def partly_known(seats: Mapping[Value, Seat], data: Mapping[Value, float]) -> list[Family]:
    """Return the families of which some elements have a gradient in `data`, and others have not."""
    families = dict.fromkeys(seats[v].family for v in data)
    return [f for f in families if not all(v in data for v in f.members.values())]


def _by_label(error: NoIndexFormError) -> Family | None:
    """Return the array at fault of which labels alone tell that it is one."""
    return next((f for f in (error.tail, error.head) if f.by_label), None)


def shaped(family: Family, data: Mapping[Value, float]) -> Any:
    """Return the numbers of a family, in its shape; of several calls, one for each."""
    flat = [data.get(v, 0.0) for v in family.members.values()]
    if not family.calls:
        return nested(flat, family.shape) if len(flat) == size(family.shape) else flat
    step = len(flat) // len(family.ranges[0])
    return [nested(flat[k : k + step], family.shape) for k in range(0, len(flat), step)]


def edges_towards(graph: Graph, wanted: Collection[Value]) -> list[Edge]:
    """Return the edges on the way from the root to the wanted Values."""
    leading = set(wanted)
    edges = []
    for head, into in graph.edges.items():
        found = [edge for edge in into if edge.tail in leading]
        if found:
            leading.add(head)
            edges += found
    return edges


def is_elementwise(block: Block) -> bool:
    """Whether each element of the tail leads to the one at its place alone."""
    head, tail, cases = block
    places = [sum(isinstance(s, str) for s in family.free) for family in (head, tail)]
    return places[0] == places[1] and all(
        len(case.equal) == places[0] and all(isinstance(e.sub, str) for e in case.equal)
        for case in cases
    )


def _by_tail(blocks: Iterable[Block]) -> dict[Family, list[Block]]:
    """Return the blocks that lead to each tail."""
    into: dict[Family, list[Block]] = {}
    for block in blocks:
        into.setdefault(block.tail, []).append(block)
    return into


def _from_the_root(into: Mapping[Family, Sequence[Block]]) -> list[Family]:
    """Return the tails, each after the heads of its blocks. NoIndexFormError where none is so."""
    heads = {tail: [block.head for block in blocks] for tail, blocks in into.items()}
    order = in_order(into, heads)
    if len(order) < len(into):
        waiting = [family for family in into if family not in order]
        raise NoIndexFormError(waiting[0], waiting[-1])
    return order


def _is_data_that_sums_to_1(family: Family, place: int) -> bool:
    """Whether an array is given, and its sums over one place of its index are all 1."""
    if any(v.op is not None for v in family.members.values()):
        return False
    return all(math.isclose(total, 1.0) for total in _sums_along(family, place))


def _is_constant(form: IndexForm) -> bool:
    return not any(term.factors for term in form)


def _sums_along(family: Family, place: int) -> Collection[float]:
    """Return the sums of the numbers of an array over one place of its index."""
    totals: dict[Index, float] = {}
    for index, v in family.members.items():
        rest = index[:place] + index[place + 1 :]
        totals[rest] = totals.get(rest, 0.0) + v.data
    return totals.values()


def _require_nothing_beyond(block: Block, case: Case, part: IndexForm) -> None:
    """Raise NoIndexFormError unless the gradient through a case is nothing where it asks for an
    index that the head has not.
    """
    heads = block.head.symbols("h", block.head.ranges)
    tails = block.tail.symbols("t", block.tail.ranges)
    free = block.tail.symbols("t", block.tail.free)
    for head, sub in case.equal:
        symbols_there = symbols_of(sub)
        for numbers in product(*(tails[s] for s in symbols_there)):
            at = dict(zip(symbols_there, numbers, strict=True))
            if number_at(sub, at) in heads[head]:
                continue
            named = {str(free[s]): n for s, n in at.items()}
            if not all(is_left_out(term, named) for term in part):
                raise NoIndexFormError(block.head, block.tail)


class Gradients:
    """∂root/∂family for each family on the way, in index form, from the root down.

    forms   by family: an element at its `free` symbols, in terms of gradients that have a line
    folded  the families whose gradient has no line, for it is written out where it is used
    data    the numbers, by Value
    notes   what was used of the data
    """

    def __init__(self, reading: Reading, data: Mapping[Value, float]) -> None:
        self.reading = reading
        self.root = reading.seats[reading.root].family
        self.notes: dict[str, None] = {}
        self.uses = Counter(block.head for block in reading.blocks)
        self.data = data
        self.forms: dict[Family, IndexForm] = {self.root: (Term(1.0, ()),)}
        self.folded: set[Family] = {self.root}
        into = _by_tail(reading.blocks)
        for family in _from_the_root(into):
            self.forms[family] = added(*(self.part(block) for block in into[family]))
            self.check(family)
        del self.forms[self.root]

    def check(self, family: Family) -> None:
        """Raise NoIndexFormError unless the form is, at each element, the number that it has, and
        nothing at an element that the root does not depend on.
        """
        form = self.forms[family]
        every = self.reading.fresh.number_of_terms(form)
        for index, v in family.members.items():
            at = family.symbols("f", index)
            try:
                there = self.reading.fresh.terms_there(form, at, self.number)
            except (ArithmeticError, KeyError):
                raise NoIndexFormError(self.root, family) from None
            if len(there) < every:
                self.notes["a term with an index that its array has not is left out"] = None
            if not math.isclose(sum(there), self.data[v], rel_tol=1e-9, abs_tol=1e-12):
                raise NoIndexFormError(self.root, family)
        for index in family.missing():
            self.notes["a term with an index that its array has not is left out"] = None
            if self.is_there(form, family.symbols("f", index)):
                raise NoIndexFormError(self.root, family)

    def is_there(self, form: IndexForm, at: Mapping[str, int]) -> bool:
        """Whether a form is more than nothing; a gradient that is not in the record is 0."""
        try:
            return bool(self.reading.fresh.terms_there(form, at, self.number))
        except ArithmeticError:
            return True

    def number(self, family: Family, index: Index, is_gradient: bool) -> float:
        """Return the number of an element, or of the gradient by it; see `Family.member`."""
        v = family.members[index] if is_gradient else family.member(index)
        return self.data[v] if is_gradient else v.data

    def numbers(self, family: Family) -> Any:
        """Return the gradient by a family, in its shape; of several calls, one for each."""
        return shaped(family, self.data)

    def part(self, block: Block) -> IndexForm:
        """Return what the paths through `block` add to the gradient by its tail."""
        head = block.head
        short = self.share(block)
        upstream = self.forms[head]
        is_constant = _is_constant(upstream)
        if self.uses[head] > 1 and not is_constant:
            return short
        names = self.indices(head)
        renamed = replaced(upstream, head.symbols("f", names))
        whole = self.simplified(self.through(block, renamed, names))
        longest = max(cost(short), _LONGEST_FOLDED if is_elementwise(block) else 0)
        if is_constant or cost(whole) <= longest:
            self.folded.add(head)
            return whole
        return short

    def share(self, block: Block) -> IndexForm:
        """Return what `part` does, in terms of the gradient by the head of the block."""
        names = self.indices(block.head)
        factors = () if block.head is self.root else ((Element(block.head, names, True), 1.0),)
        named: IndexForm = (Term(1.0, factors),)
        return self.simplified(self.through(block, named, names))

    def indices(self, family: Family) -> tuple[Sub, ...]:
        """Return new symbols for the indices of an element."""
        return tuple(
            self.reading.fresh(r) if isinstance(s, str) else s
            for s, r in zip(family.free, family.ranges, strict=True)
        )

    def through(self, block: Block, upstream: IndexForm, names: Sequence[Sub]) -> IndexForm:
        """Return the product of the upstream gradient, whose indices are `names`, and a block."""
        heads = block.head.symbols("h", names)
        tails: dict[str, Sub] = block.tail.symbols("t", block.tail.free)
        parts = []
        for case in block.cases:
            part = self.through_case(case, upstream, heads, tails)
            _require_nothing_beyond(block, case, part)
            parts.append(part)
        return added(*parts)

    def through_case(
        self,
        case: Case,
        upstream: IndexForm,
        heads: Mapping[str, Sub],
        tails: Mapping[str, Sub],
    ) -> IndexForm:
        """Return the product of the upstream gradient and one case, summed over the head's own.

        heads, tails  what stands for each index of the head, and for each of the tail
        """
        subs = {**tails, **heads}
        subs |= {e.head: substituted(e.sub, tails) for e in case.equal}
        at_head = {s: subs[h] for h, s in heads.items() if isinstance(s, str)}
        summed = tuple(s for s in at_head if at_head[s] == s)
        fresh = self.reading.fresh
        local = replaced(fresh.sums(case.form), subs)
        above = replaced(fresh.sums(upstream), at_head)
        product = multiplied(above, local)
        return tuple(term._replace(summed=(*term.summed, *summed)) for term in product)

    def simplified(self, form: IndexForm) -> IndexForm:
        """Return the form where the sum over given data that add up to 1 is 1, and that of equal
        terms their number times one of them.
        """
        terms = []
        for term in form:
            for s in term.summed:
                term = self.without_sum(term, s)
            terms.append(term)
        return added(tuple(terms))

    def without_sum(self, term: Term, symbol: str) -> Term:
        """Return the term without its sum over a symbol, where that comes to a number."""
        holders = [f for f in term.factors if symbol in symbols(f[0])]
        summed = tuple(s for s in term.summed if s != symbol)
        if not holders:
            number = term.coefficient * len(self.reading.fresh.ranges[symbol])
            return Term(number, term.factors, summed)
        if len(holders) == 1 and self.adds_up_to_one(*holders[0], symbol):
            return term.without(holders)._replace(summed=summed)
        return term

    def adds_up_to_one(self, atom: Atom, exponent: float, symbol: str) -> bool:
        """Whether it is given data, such as a one-hot target, whose sum over the symbol is 1."""
        if not isinstance(atom, Element) or atom.is_gradient or exponent != 1.0:
            return False
        family = atom.family
        if symbol not in atom.subs:
            return False
        place = atom.subs.index(symbol)
        is_whole = self.reading.fresh.ranges[symbol] == family.ranges[place]
        if not is_whole or not _is_data_that_sums_to_1(family, place):
            return False
        self.notes[f"for these data: the elements of {family.name} add up to 1"] = None
        return True
