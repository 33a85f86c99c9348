"""The derivation of one gradient: the chain rule as a person writes it, along the named Values.

A cut point is a Value that every path from y to x passes: a dominator of x. Between one cut point
and the next lies a single edge, and the factor is its derivative; or there are several paths, and
the factor is a sum, whose terms are derived in the same form.

Every quotient that is written is that derivative, over all paths between its two names but those
through what is said to be held.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from autograd.derivation import Derivation, Factor, Quotient, product
from autograd.graph import Edge, Graph, free_names
from autograd.notation import Notation
from autograd.op import RANGE, DomainError
from autograd.value import Value


def derive(graph: Graph, x: Value, notation: Notation, note: str = "") -> Derivation:
    """Return what `chain_rule` does, from a graph that stands already and in its names.

    A `note` is printed below it.
    """
    return _Deriver(graph, x, notation, note).derivation()


class _Deriver:
    """The derivation of ∂root/∂x on the part of the graph that leads to x, from the root down."""

    def __init__(self, graph: Graph, x: Value, notation: Notation, note: str) -> None:
        self.graph = graph
        self.note = note
        self.x = x = graph.current(x)
        self.notation = notation
        # for each Value that depends on x, and for x: the edges into it; and, as bits, it and all
        # that it depends on
        self.into: dict[Value, list[Edge]] = {x: []}
        self.below = {x: 1}
        # its immediate dominator: the last cut point before it, on the way from the root; and the
        # factor from there to it
        self.cut: dict[Value, Value] = {}
        self.steps: dict[Value, Factor] = {}
        self.derived: dict[tuple[Value, Value], Derivation] = {}
        # by how many terms the way between two Values is taken
        self.uses: Counter[tuple[Value, Value]] = Counter()

    def derivation(self) -> Derivation:
        """Return the derivation of ∂root/∂x."""
        root, x = self.graph.root, self.x
        if root is x or x not in self.graph.names:
            return self.without_factors()
        self.find_ways()
        self.find_cut_points()
        below_root = list(self.into)[-2::-1]
        starts = self.starts(below_root)
        shared = self.shared()
        for v in below_root:
            self.steps[v] = self.step(v, starts)
            for start in shared.get(v, ()):
                self.derive(start, v)  # now, so that none is derived inside another
        whole = self.derive(root, x)
        whole.note = self.note
        return whole

    def without_factors(self) -> Derivation:
        """Return the derivation by the root itself, 1; or by what is not in the graph, 0."""
        root, x, names = self.graph.root, self.x, self.graph.names
        by = names.get(x) or x.label or next(free_names(names.values()))
        value = 1.0 if root is x else 0.0
        title = Quotient(names[root], by)
        return Derivation((title,), value, (), self.graph, self.notation, self.note)

    def shared(self) -> dict[Value, list[Value]]:
        """Return where the derivations begin that are used several times, by where they end."""
        shared: dict[Value, list[Value]] = {}
        for (start, v), uses in self.uses.items():
            if uses > 1:
                shared.setdefault(v, []).append(start)
        return shared

    def starts(self, values: Sequence[Value]) -> dict[Edge, Value]:
        """Return where the term of each edge begins, where several meet; count the ways to it."""
        starts = {}
        for v in values:
            if len(self.into[v]) > 1:
                for edge in self.into[v]:
                    starts[edge] = self.start(edge)
        for edge, start in starts.items():
            self.count(start, edge.head)
        return starts

    def step(self, v: Value, starts: Mapping[Edge, Value]) -> Factor:
        """Return the factor from the cut point before `v` to it: an edge, or a sum of terms."""
        name = self.quotient(self.cut[v], v)
        edges = self.into[v]
        if len(edges) == 1:
            return self.factor(name, *edges)
        return self.factor(name, terms=tuple(self.term(starts[edge], edge) for edge in edges))

    def find_ways(self) -> None:
        """Find the edges on the way to x."""
        for place, head in enumerate(self.graph.names):
            edges = [edge for edge in self.graph.edges[head] if edge.tail in self.into]
            if edges and head is not self.x:
                self.into[head] = []
                self.below[head] = 2 << place
                for edge in edges:
                    self.into[edge.tail].append(edge)
                    self.below[head] |= self.below[edge.tail]

    def find_cut_points(self) -> None:
        """Find the immediate dominator of each Value: where the ways to its heads meet."""
        depth = {self.graph.root: 0}
        for v in list(self.into)[-2::-1]:
            meeting = self.into[v][0].head
            for head, _, _ in self.into[v]:
                while meeting is not head:
                    if depth[meeting] >= depth[head]:
                        meeting = self.cut[meeting]
                    else:
                        head = self.cut[head]
            self.cut[v], depth[v] = meeting, depth[meeting] + 1

    def start(self, edge: Edge) -> Value:
        """Return where the term that ends with `edge` begins.

        That is the cut point, or a summand of it that leads here by this edge alone.
        """
        top, v = self.cut[edge.tail], edge.head
        while v is not top and len(self.into[v]) == 1:
            [above] = self.into[v]
            if above.head is top and _is_one(above):
                return top if self.leads_to_others(v, edge) else v
            v = above.head
        return top

    def leads_to_others(self, v: Value, edge: Edge) -> bool:
        """Whether `v` is, or depends on, the head of another edge into the tail of `edge`."""
        heads = [head for head, _, _ in self.into[edge.tail] if head is not edge.head]
        return any(self.leads(v, head) for head in heads)

    def leads(self, v: Value, down: Value) -> bool:
        """Whether `v` is `down`, or depends on it."""
        return self.below[v] & self.below[down] == self.below[down]

    def count(self, start: Value, v: Value) -> None:
        """Count one more term whose way goes from `start` to `v`."""
        while v is not start:
            self.uses[start, v] += 1
            if self.uses[start, v] > 1:  # from here up both share the way, and one derivation of it
                break
            v = self.cut[v]

    def term(self, start: Value, edge: Edge) -> Derivation:
        """Return what the paths that end with `edge` add to the sum at its tail."""
        head, tail, _ = edge
        last = self.factor(self.quotient(head, tail, self.rivals(head, tail)), edge)
        if head is start:
            names = [last.name]
        elif start is self.cut[tail]:
            names = [self.quotient(start, head), last.name]
        else:
            names = [self.quotient(start, tail)]
        return self.product(names, self.factors(start, head, last))

    def rivals(self, head: Value, tail: Value) -> list[Value]:
        """Return the other arguments of a head that lead to its tail as well."""
        arguments = [v for _, v, _ in self.graph.edges[head] if v is not tail and v in self.below]
        return [v for v in arguments if self.leads(v, tail)]

    def derive(self, start: Value, v: Value) -> Derivation:
        """Return the derivation between two cut points, which is made once."""
        if (start, v) not in self.derived:
            self.derived[start, v] = self.product([self.quotient(start, v)], self.factors(start, v))
        return self.derived[start, v]

    def factors(self, start: Value, v: Value, *last: Factor) -> list[Factor]:
        """Return the factors from start to v, and the last.

        A factor of 1 joins the one after it, where the two are all that lies between their ends.
        """
        factors: list[Factor] = []
        for factor in reversed(self.upward(start, v, last)):
            if factors and self.is_one_before(factors[-1], factor, last):
                joined = factors.pop()
                name = factor.name._replace(of=joined.of)
                factor = self.factor(name, *joined.edges, *factor.edges, terms=factor.terms)
            factors.append(factor)
        return factors

    def upward(self, start: Value, v: Value, last: Sequence[Factor]) -> list[Factor]:
        """Return the last factors, and before them those from v up to start: one where it is the
        derivation that others use too.
        """
        upward = list(last)
        while v is not start:
            if upward and self.uses[start, v] > 1:
                whole = self.derive(start, v)
                if len(whole.factors) == 1:
                    return [*upward, whole.factors[0]]
                return [*upward, self.factor(whole.names[0], terms=(whole,))]
            upward.append(self.steps[v])
            v = self.cut[v]
        return upward

    def is_one_before(self, one: Factor, factor: Factor, last: Sequence[Factor]) -> bool:
        """Whether `one` is 1, and its product with `factor` the whole derivative between their
        ends.

        Between cut points it is. The last factor of a term is one edge of several that lead to its
        tail: the head of `one` must lead to none of the others.
        """
        if one.terms or not _is_one(one.edges[-1]):
            return False
        if factor not in last:
            return True
        [edge] = factor.edges
        return not self.leads_to_others(one.edges[0].head, edge)

    def factor(self, name: Quotient, *edges: Edge, terms: tuple[Derivation, ...] = ()) -> Factor:
        return Factor(name, edges, terms, self.graph, self.notation)

    def product(self, names: list[Quotient], factors: list[Factor]) -> Derivation:
        value = math.prod(factor.value for factor in factors)
        if not math.isfinite(value):
            raise DomainError(f"{product(names, self.notation)} is {RANGE}")
        return Derivation(tuple(names), value, tuple(factors), self.graph, self.notation)

    def quotient(self, of: Value, by: Value, held: Sequence[Value] = ()) -> Quotient:
        names = self.graph.names
        return Quotient(names[of], names[by], tuple(names[v] for v in held))


def _is_one(edge: Edge) -> bool:
    return edge.derivative.op is None and edge.derivative.data == 1.0
