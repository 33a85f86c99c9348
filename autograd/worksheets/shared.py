"""Many terms as one list of operations, in which none stands twice: thousands of slips made in
the same few formulas are mostly these formulas.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Hashable, Mapping
from math import nan
from typing import TypeAlias

from autograd.marking.points import Point
from autograd.marking.syntax import Call, Term, walk
from autograd.marking.terms import Evaluator

# a leaf; or a function, and where its arguments are
Step: TypeAlias = Term | tuple[Callable[..., float], list[int]]


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
            values.append(x if x - x == 0.0 else nan)  # a number that is finite
