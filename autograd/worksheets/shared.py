"""Many terms as one list of operations, in which none stands twice: thousands of slips made in
the same few formulas are mostly these formulas, and all begin with the same record.
"""

from __future__ import annotations

import operator
from collections import ChainMap, Counter
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from math import fabs, isfinite, nan
from typing import Any, TypeAlias

from autograd.marking.board import Board
from autograd.marking.points import settled
from autograd.marking.syntax import Call, Name, Quotient, Term, walk
from autograd.value import Value

# a constant; or a function, and where its arguments are
Step: TypeAlias = float | tuple[Callable[..., float], list[int]]
Run: TypeAlias = Callable[[list[float]], list[float]]

_SIGNS = {operator.add: "+", operator.sub: "-", operator.mul: "*"}
_OFTEN = 20  # runs of the same steps after which a function is generated for them


class SharedTerms:
    """Terms to be evaluated together at numbers of the leaves; each is known by its place in the
    list, in which the leaves and the nodes of the record come first.

    board   of the record that the terms are about
    rate    the learning rate of a step, None where there is none

    >>> from autograd import ops
    >>> from autograd.marking.syntax import number
    >>> x = Value(3.0, label="x")
    >>> two, terms = number(2.0), SharedTerms(Board(x * x))
    >>> terms.add(Call(ops.mul, (two, Call(ops.add, (number(2.0), two)))))
    4
    >>> slope = terms.add(Quotient("E", "x"))
    >>> terms.values([5.0])[4], terms.values([5.0])[slope]
    (8.0, 10.0)
    """

    def __init__(self, board: Board, rate: float | None = None) -> None:
        self.board = board
        self.rate = rate
        self.steps: list[Step] = [nan] * len(board.leaves)
        self._places: dict[Hashable, int] = {}
        self._runs: Counter[tuple[int, int]] = Counter()
        self._code: dict[tuple[int, int], Run] = {}
        self._slopes: dict[tuple[Value, frozenset[Value]], dict[Value, int]] = {}
        self.at = self._record({leaf: k for k, leaf in enumerate(board.leaves)})
        self._updated: dict[Value, int] = {}

    def add(self, term: Term) -> int:
        """Add a term and return its place."""
        return self.places_of(term)[term]

    def places_of(self, term: Term) -> dict[Term, int]:
        """Add a term and return where each part of it is, each after its arguments."""
        found: dict[Term, int] = {}
        for part in reversed(list(walk(term))):
            if part not in found:
                found[part] = self._part(part, found)
        return found

    def changed(self, places: Mapping[Term, int], part: Term, other: Term) -> int:
        """Add a term, of which the places are given, with another one in the place of a part;
        return its place.
        """
        now = {part: self.add(other)}
        both = ChainMap(now, dict(places))
        last = part
        for last in places:
            if isinstance(last, Call) and last not in now and not now.keys().isdisjoint(last.args):
                now[last] = self._part(last, both)
        return now[last]

    def arguments(self, v: Value) -> list[int]:
        """Return where the arguments of a node are."""
        return [self.at[x] if isinstance(x, Value) else self._constant(x) for x in v.args]

    def slope(self, v: Value, k: int) -> int:
        """Add the local derivative of a node by one of its arguments; return its place."""
        assert v.op is not None
        return self.step(v.op.partials[k], *self.arguments(v), self.at[v])

    def step(self, function: Callable[..., float], *args: int) -> int:
        """Add a function of what is at some places; return the place of the result."""
        return self._place((function, *args), (function, list(args)))

    def _constant(self, x: float) -> int:
        return self._place(repr(x), x)

    def _place(self, key: Hashable, step: Step) -> int:
        if key not in self._places:
            self._places[key] = len(self.steps)
            self.steps.append(step)
        return self._places[key]

    def _part(self, part: Term, found: Mapping[Term, int]) -> int:
        if isinstance(part, Call):
            return self.step(part.op.function, *(found[arg] for arg in part.args))
        if isinstance(part, Quotient):
            labelled = self.board.values
            held = [labelled[label] for label in part.held]
            return self._derivative(labelled[part.of], labelled[part.by], held)
        if isinstance(part, Name):
            return self._named(part)
        return self._constant(part.value)

    def _named(self, name: Name) -> int:
        v = self.board.values.get(name.label)
        if v is not None and not name.updated:
            return self.at[v]
        if v is None or self.rate is None:
            return self._constant(nan if self.rate is None else self.rate)
        return self._after_a_step()[v]

    def _after_a_step(self) -> dict[Value, int]:
        """Return where each Value is after a step of gradient descent."""
        if not self._updated and self.rate is not None:
            places = {leaf: self.at[leaf] for leaf in self.board.leaves}
            for w in (leaf for leaf in places if leaf in self.board.names):
                slope = self._derivative(self.board.root, w)
                change = self.step(operator.mul, self._constant(self.rate), slope)
                places[w] = self.step(operator.sub, places[w], change)
            self._updated = self._record(places)
        return self._updated

    def _record(self, places: dict[Value, int]) -> dict[Value, int]:
        """Add the nodes of the record for leaves at these places; return where each Value is."""
        for v in self.board.nodes:
            args = [places[x] if isinstance(x, Value) else self._constant(x) for x in v.args]
            places[v] = self.step(v.op.function, *args)
        return places

    def _derivative(self, of: Value, by: Value, held: Collection[Value] = ()) -> int:
        """Add ∂of/∂by over all paths that pass none of `held`; return its place."""
        key = of, frozenset(held)
        if key not in self._slopes:
            self._slopes[key] = self._sweep(*key)
        return self._slopes[key].get(by, self._constant(0.0))

    def _sweep(self, of: Value, held: frozenset[Value]) -> dict[Value, int]:
        """Add ∂of/∂v for each v, as a point of the marker computes it: return their places."""
        gradients = {of: self._constant(1.0)}
        sizes: dict[Value, int] = {}  # of the terms, where there are several
        nodes = self.board.nodes_of(of, held)
        for v in reversed(nodes):
            if v not in gradients:
                continue
            upstream = self._settled(v, gradients, sizes)
            for k, x in enumerate(v.args):
                if isinstance(x, Value):
                    part = self.step(operator.mul, upstream, self.slope(v, k))
                    if x in gradients:
                        before = sizes.get(x, self.step(fabs, gradients[x]))
                        sizes[x] = self.step(operator.add, before, self.step(fabs, part))
                        part = self.step(operator.add, part, gradients[x])
                    gradients[x] = part
        return {x: self._settled(x, gradients, sizes) for x in gradients}

    def _settled(self, v: Value, gradients: Mapping[Value, int], sizes: Mapping[Value, int]) -> int:
        return self.step(settled, gradients[v], sizes[v]) if v in sizes else gradients[v]

    def values(self, numbers: Sequence[float]) -> list[float]:
        """Return all of it at these numbers of the leaves: NaN where one is not defined."""
        found = list(numbers)
        self.run(found, len(self.steps))
        return found

    def run(self, values: list[float], stop: int) -> None:
        """Add the numbers up to a place to those before it: NaN where one is not defined."""
        generated = self._generated(len(values), stop)
        try:
            numbers = generated(values) if generated else [nan]
        except (ArithmeticError, ValueError):
            numbers = [nan]
        if all(map(isfinite, numbers)):
            values += numbers
        else:
            self._run_each(values, stop)

    def _run_each(self, values: list[float], stop: int) -> None:
        """Do what `run` does, each step with care: one may be undefined, and others not."""
        value = values.__getitem__
        for step in self.steps[len(values) : stop]:
            try:
                x = step[0](*map(value, step[1])) if isinstance(step, tuple) else step
            except (ArithmeticError, ValueError):
                x = nan
            values.append(x if isfinite(x) else nan)

    def _generated(self, start: int, stop: int) -> Run | None:
        """Return the steps between two places as a function; None where they are not run often."""
        part = start, stop
        if part not in self._code:
            self._runs[part] += 1
            if self._runs[part] <= _OFTEN:
                return None
            self._code[part] = _as_function(self.steps[start:stop], start)
        return self._code[part]


def _as_function(steps: Sequence[Step], start: int) -> Run:
    """Return steps as a function; it raises where one of them is not defined."""
    known: dict[str, Any] = {}
    lines = []
    for k, step in enumerate(steps, start):
        written = f"t{k}"
        known[written] = step
        if isinstance(step, tuple):
            known[f"t{k}"], places = step
            args = [f"x{place}" if place >= start else f"x[{place}]" for place in places]
            sign = _SIGNS.get(step[0])
            written = f" {sign} ".join(args) if sign else f"t{k}({', '.join(args)})"
        lines.append(f"    x{k} = {written}")
    found = ", ".join(f"x{k}" for k in range(start, start + len(steps)))
    exec("\n".join(["def run(x):", *lines, f"    return [{found}]"]), known)
    return known["run"]  # type: ignore[no-any-return]
