"""Functions and partials applied to terms, as they are to numbers."""

from __future__ import annotations

from typing import Any

from autograd.marking.syntax import Call, Name, Number, Quotient, Term, parts, walk
from autograd.op import Op
from autograd.symbolic import Symbolic


class Applied(Symbolic):
    """A term to which the rows of the table can be applied, as they are to numbers."""

    __slots__ = ("term",)

    def __init__(self, term: Term) -> None:
        self.term = term

    def _apply(self, op: Op, args: tuple[Any, ...]) -> Any:
        if op.reads:
            return op.reads(*args)
        terms = tuple(x.term if isinstance(x, Applied) else constant(float(x)) for x in args)
        return Applied(Call(op, terms))


def constant(x: float) -> Number:
    """Return a number as a formula has it.

    >>> constant(2.0).text, constant(0.25).text
    ('2', '0.25')
    """
    return Number(repr(int(x)) if x.is_integer() and abs(x) < 1e15 else repr(x))


def copied(tree: Any) -> Any:
    """Return the same tree in places of its own."""
    done: dict[Any, Any] = {}
    for place in reversed(list(walk(tree))):
        if parts(place):
            whole: Any = place
            head = whole.op if isinstance(place, Call) else whole.kind
            done[place] = type(whole)(head, tuple(done[arg] for arg in parts(place)))
        elif isinstance(place, Number):
            done[place] = Number(place.text, place.typed)
        elif isinstance(place, Name):
            done[place] = Name(place.label, place.updated)
        elif isinstance(place, Quotient):
            done[place] = Quotient(place.of, place.by, place.held, place.order)
        else:
            done[place] = place
    return done[tree]
