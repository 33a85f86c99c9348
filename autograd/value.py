"""Value: a number that remembers how it was computed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from autograd import eager, ops
from autograd.eager import applied, both_sides
from autograd.functions import Methods
from autograd.op import Op, real
from autograd.recording import comparison


class Value(Methods):
    """One float64 that remembers how it was computed.

    data    the number; any real number may be assigned to it, a numpy scalar too
    grad    the gradient: a leaf adds up what each `backward()` brings, any other Value is set anew
    label   its name in formulas, pictures and errors; "" for none
    op      the operation that computed it; None for a leaf
    args    what the operation was applied to, in order: Values, and a float for each plain number,
            which is a constant

    Arithmetic takes a Value or a real number on either side. Each row of the table with one
    argument is a method too: `x.relu()`. Equality and hash are identity. `<` and `>` compare data,
    `if x` asks whether it is not 0; outside `no_grad` the outcome is kept, and a replay by a
    `Program` must come out the same. Raises TypeError for anything but a real number; DomainError
    for nan and inf, and for a result that is not finite.

    >>> x = Value(3, label="x")
    >>> y = 2 * x**2
    >>> y.backward()
    >>> y, x
    (Value(data=18.0, grad=1.0), Value(data=3.0, grad=12.0, label='x'))
    """

    __slots__ = ("__weakref__", "_data", "_grad", "_label", "_mark", "_x", "_y", "op")
    __array_ufunc__ = None  # so that numpy leaves np.float64(2) * x to Value

    _data: float
    _grad: float
    _label: str
    _mark: object  # of the last traversal that came by
    _x: Any  # the first argument; where there are more than two, the tuple of them
    _y: Any  # the second argument
    op: Op | None
    backward: ClassVar[Callable[[Value], None]]  # bound in autograd.reverse

    def __init__(self, data: Any, label: str = "") -> None:
        self._data = real(data)
        self._label = ""
        if label:
            self.label = label
        self._grad = 0.0
        self.op = self._x = self._y = self._mark = None

    @property
    def args(self) -> tuple[Value | float, ...]:
        if self.op is None:
            return ()
        if self.op.arity == 1:
            return (self._x,)
        if self.op.arity == 2:
            return (self._x, self._y)
        return self._x  # type: ignore[no-any-return]

    @property
    def data(self) -> float:
        return self._data

    @data.setter
    def data(self, number: Any) -> None:
        if number.__class__ is not float or number - number != 0.0:
            number = real(number, f"{self._label or 'Value'}.data")
        self._data = number

    @property
    def grad(self) -> float:
        return self._grad

    @grad.setter
    def grad(self, number: Any) -> None:
        if number.__class__ is not float or number - number != 0.0:
            number = real(number, f"{self._label or 'Value'}.grad")
        self._grad = number

    @property
    def label(self) -> str:
        return self._label

    @label.setter
    def label(self, name: str) -> None:
        if not isinstance(name, str):
            raise TypeError(f"a label is a string, not {type(name).__name__}: {name!r}")
        self._label = name

    # fmt: off
    # each applies a row and records it, by code that autograd.eager generates
    __add__                   = applied(ops.add, "x, y")
    __sub__,     __rsub__     = both_sides(ops.sub)
    __mul__,     __rmul__     = both_sides(ops.mul)
    __truediv__, __rtruediv__ = both_sides(ops.div)
    __pow__,     __rpow__     = both_sides(ops.pow)
    __neg__ = applied(ops.neg)
    __abs__ = applied(ops.abs)

    __lt__ = comparison("<")
    __le__ = comparison("<=")
    __gt__ = comparison(">")
    __ge__ = comparison(">=")
    # fmt: on

    def __pos__(self) -> Value:
        return 1.0 * self

    def __bool__(self) -> bool:
        return self > 0 or self < 0

    def detach(self) -> Value:
        """Return a leaf with the same number and label: no gradient flows through it.

        >>> x = Value(3.0)
        >>> (x * x.detach()).backward()
        >>> x.grad
        3.0
        """
        return Value(self.data, self._label)

    @staticmethod
    def _apply(op: Op, args: tuple[Any, ...]) -> Value:
        return op.apply(*args)  # type: ignore[no-any-return]

    def __reduce__(self) -> tuple[Any, ...]:
        from autograd.copying import reduced  # which needs this module

        return reduced(self)

    def __repr__(self) -> str:
        name = f", label={self._label!r}" if self._label else ""
        return f"Value(data={self._data}, grad={self._grad}{name})"

    def __format__(self, spec: str) -> str:
        return format(self._data, spec) if spec else repr(self)


eager.records(Value)
