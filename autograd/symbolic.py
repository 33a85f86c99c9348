"""Symbolic: the base of what stands for a number in a partial that is read rather than computed."""

from typing import Any

from autograd import ops


class Symbolic:
    """Something that the rows of the table can be applied to: code, a term, a formula.

    Its operators are rows, and a subclass says in `_apply(op, args)` what an operation gives. A
    partial asked for the truth or the order of such a thing raises TypeError.
    """

    __slots__ = ()

    # fmt: off
    def __add__(self, other: Any) -> Any: return ops.add(self, other)
    def __radd__(self, other: Any) -> Any: return ops.add(other, self)
    def __sub__(self, other: Any) -> Any: return ops.sub(self, other)
    def __rsub__(self, other: Any) -> Any: return ops.sub(other, self)
    def __mul__(self, other: Any) -> Any: return ops.mul(self, other)
    def __rmul__(self, other: Any) -> Any: return ops.mul(other, self)
    def __truediv__(self, other: Any) -> Any: return ops.div(self, other)
    def __rtruediv__(self, other: Any) -> Any: return ops.div(other, self)
    def __pow__(self, other: Any) -> Any: return ops.pow(self, other)
    def __rpow__(self, other: Any) -> Any: return ops.pow(other, self)
    def __neg__(self) -> Any: return ops.neg(self)
    def __abs__(self) -> Any: return ops.abs(self)
    # fmt: on

    def __bool__(self) -> bool:
        raise TypeError("a partial derivative must not ask for the number of an argument")
