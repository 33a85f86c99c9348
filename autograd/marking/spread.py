"""How far a value may be off because the decimals that it is computed from are rounded or cut."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress

from autograd import ops
from autograd.marking.syntax import Call, Number, Term, walk
from autograd.op import DomainError

LINEAR = {  # the arguments in which an operation is linear
    ops.add: (0, 1),
    ops.sub: (0, 1),
    ops.neg: (0,),
    ops.mul: (0, 1),
    ops.div: (0,),
}


class Spread:
    """A term with the number of each of its places, in which one place can move.

    Where the term is linear in a place, a move is multiplied by its slope; so a sum of hundreds of
    numbers is not added up anew for each of them.
    """

    def __init__(self, term: Term, numbers: Mapping[Term, float]) -> None:
        self.term = term
        self.numbers = numbers
        self.parents: dict[Term, Call] = {}
        self.tops: dict[Term, tuple[Term, float]] = {term: (term, 1.0)}
        for place in walk(term):
            if isinstance(place, Call):
                for arg, slope in self._slopes(place):
                    self.parents[arg] = place
                    top, above = self.tops[place]
                    self.tops[arg] = (arg, 1.0) if slope is None else (top, above * slope)

    def _slopes(self, place: Call) -> Iterator[tuple[Term, float | None]]:
        """Yield each argument with its slope, None where the operation is not linear in it."""
        args = [self.numbers[arg] for arg in place.args]
        linear = LINEAR.get(place.op, ())
        for k, arg in enumerate(place.args):
            slope = place.op.partials[k](*args, self.numbers[place]) if k in linear else None
            yield arg, slope

    def of(self, place: Number) -> float:
        """Return how far the value may be off where this number is 1.1 units of its last place off
        on either side.
        """
        off = [0.0]
        for units in (1.1, -1.1):
            with suppress(DomainError):
                off.append(abs(self._change(place, units * place.unit)))
        return max(off)

    def _change(self, place: Term, change: float) -> float:
        """Return how the value changes where a place does."""
        while True:
            top, slope = self.tops[place]
            change *= slope
            if top is self.term:
                return change
            place = self.parents[top]
            args = [self.numbers[arg] + (change if arg is top else 0.0) for arg in place.args]
            change = place.op.compute(args, args) - self.numbers[place]
