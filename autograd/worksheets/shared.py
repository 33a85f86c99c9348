"""Many terms as one list of operations, in which none stands twice: thousands of slips made in
the same few formulas are mostly these formulas.
"""

from __future__ import annotations

import operator
from collections import ChainMap, Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from math import isfinite, nan
from typing import Any, TypeAlias

from autograd.marking.points import Point
from autograd.marking.syntax import Call, Term, walk
from autograd.marking.terms import Evaluator

# a leaf; or a function, and where its arguments are
Step: TypeAlias = Term | tuple[Callable[..., float], list[int]]
Run: TypeAlias = Callable[[list[float], Point, Callable[[Term, Point], float]], list[float]]

_SIGNS = {operator.add: "+", operator.sub: "-", operator.mul: "*"}
_OFTEN = 20  # runs of the same steps after which a function is generated for them


class SharedTerms:
    """Terms to be evaluated together; each is known by its place in the list.

    >>> from autograd.marking.syntax import number
    >>> from autograd import ops
    >>> two, terms = number(2.0), SharedTerms()
    >>> terms.add(Call(ops.mul, (two, Call(ops.add, (number(2.0), two)))))
    2
    """

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._places: dict[Hashable, int] = {}
        self._runs: Counter[tuple[int, int]] = Counter()
        self._code: dict[tuple[int, int], Run] = {}

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

    def _part(self, part: Term, found: Mapping[Term, int]) -> int:
        step: Step = part
        key: Hashable = (type(part), *vars(part).values())
        if isinstance(part, Call):
            args = [found[arg] for arg in part.args]
            step, key = (part.op.function, args), (part.op, *args)
        if key not in self._places:
            self._places[key] = len(self.steps)
            self.steps.append(step)
        return self._places[key]

    def run(self, values: list[float], stop: int, here: Point, evaluator: Evaluator) -> None:
        """Add the numbers up to a place to those before it: NaN where one is not defined."""
        generated = self._generated(len(values), stop)
        try:
            numbers = generated(values, here, evaluator.leaf) if generated else [nan]
        except (ArithmeticError, ValueError):
            numbers = [nan]
        if all(map(isfinite, numbers)):
            values += numbers
        else:
            self._run_each(values, stop, here, evaluator)

    def _run_each(self, values: list[float], stop: int, here: Point, evaluator: Evaluator) -> None:
        """Do what `run` does, each step with care: one may be undefined, and others not."""
        value = values.__getitem__
        for step in self.steps[len(values) : stop]:
            try:
                if isinstance(step, tuple):
                    function, args = step
                    x = function(*map(value, args))
                else:
                    x = evaluator.leaf(step, here)
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
    known: dict[str, Any] = {f"t{k}": step for k, step in enumerate(steps, start)}
    lines = []
    for k, step in enumerate(steps, start):
        written = f"leaf(t{k}, here)"
        if isinstance(step, tuple):
            known[f"t{k}"], places = step
            args = [f"x{place}" if place >= start else f"x[{place}]" for place in places]
            sign = _SIGNS.get(step[0])
            written = f" {sign} ".join(args) if sign else f"t{k}({', '.join(args)})"
        lines.append(f"    x{k} = {written}")
    found = ", ".join(f"x{k}" for k in range(start, start + len(steps)))
    exec("\n".join(["def run(x, here, leaf):", *lines, f"    return [{found}]"]), known)
    return known["run"]  # type: ignore[no-any-return]
