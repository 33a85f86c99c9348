"""Functions and partials applied to terms, as they are to numbers."""

from __future__ import annotations

from typing import Any

from autograd.marking.syntax import Call, Term, number
from autograd.op import Op
from autograd.symbolic import Symbolic


class Applied(Symbolic):
    """A term to which the rows of the table can be applied, as they are to numbers."""

    __slots__ = ("term",)

    def __init__(self, term: Term) -> None:
        self.term = term

    def call(self, op: Op, args: tuple[Term, ...]) -> Term:
        """Return the operation on terms as a term; a subclass may simplify it."""
        return Call(op, args)

    def _apply(self, op: Op, args: tuple[Any, ...]) -> Any:
        if op.reads:
            return op.reads(*args)
        return type(self)(self.call(op, tuple(map(as_term, args))))


def as_term(x: Any) -> Term:
    """Return the term of what a function gave: an Applied, or a number."""
    return x.term if isinstance(x, Applied) else number(float(x))
