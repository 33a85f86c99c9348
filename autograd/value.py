"""Value: a number that remembers how it was computed."""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar
from weakref import WeakKeyDictionary

from autograd import ops
from autograd.ops import Op, described, real

_paused = ContextVar("no_grad", default=False)
_blocks: list[None] = []  # one entry for each such block open in any thread: all that an operation has to look at


def no_grad() -> AbstractContextManager[None]:
    """Inside the block nothing is recorded: results are leaves. A decorator too. Other threads go on recording.

    >>> x = Value(2.0)
    >>> with no_grad():
    ...     y = x * x
    >>> y.op is None
    True
    """
    return _pausing(True)


def enable_grad() -> AbstractContextManager[None]:
    """Inside the block results are recorded, even inside `no_grad`.

    >>> x = Value(2.0)
    >>> with no_grad(), enable_grad():
    ...     y = x * x
    >>> y.op
    <Op mul>
    """
    return _pausing(False)


@contextmanager
def _pausing(paused: bool) -> Iterator[None]:
    token = _paused.set(paused)
    _blocks.append(None)
    try:
        yield
    finally:
        _blocks.pop()
        _paused.reset(token)


_watching: list[list[Value]] = []


@contextmanager
def looked_at() -> Iterator[list[Value]]:
    """The Values whose numbers left the record inside the block: read, compared, detached, or used inside `no_grad`.

    >>> x = Value(2.0)
    >>> with looked_at() as values:
    ...     y = x * (3 if x.data > 0 else 5) + x
    >>> values
    [Value(data=2.0, grad=0.0)]
    """
    log: list[Value] = []
    _watching.append(log)
    try:
        yield log
    finally:
        _watching[:] = [other for other in _watching if other is not log]


@cache
def _applied(op: Op) -> Callable[..., Value]:
    """The function that applies `op` to Values and real numbers, and records it.

    One and two arguments are spelled out, which takes half the time of the general loop.
    """
    function, compute = op.function, op.compute

    def unary(x: Any) -> Value:
        try:
            z = function(x._data)
        except (ArithmeticError, ValueError):
            z = None
        if z.__class__ is not float or z - z != 0.0:
            z = compute((x,), (x._data,))  # raises the error that names the operation and its argument
        return _recorded(op, (x,), z)

    def binary(x: Any, y: Any) -> Value:
        if x.__class__ is Value:
            a = x._data
        else:
            x, a = _operand(op, (x, y), 0)
        if y.__class__ is Value:
            b = y._data
        else:
            y, b = _operand(op, (x, y), 1)
        try:
            z = function(a, b)
        except (ArithmeticError, ValueError):
            z = None
        if z.__class__ is not float or z - z != 0.0:
            z = compute((x, y), (a, b))
        return _recorded(op, (x, y), z)

    def general(*args: Any) -> Value:
        pairs = [_operand(op, args, place) for place in range(len(args))]
        return _recorded(op, tuple(x for x, _ in pairs), compute(args, [a for _, a in pairs]))

    return unary if op.arity == 1 else binary if op.arity == 2 else general


def _operand(op: Op, args: tuple[Any, ...], place: int) -> tuple[Value | float, float]:
    """What is recorded of an argument, and its number: a Value and its data, or a constant twice."""
    x = args[place]
    if isinstance(x, Value):
        return x, x._data
    if (x.__class__ is float or x.__class__ is int) and -_LARGEST <= x <= _LARGEST:
        x = float(x)
    else:
        x = real(x, f"{op.name}({described(args)})")
    return x, x


def _recorded(op: Op, args: tuple[Value | float, ...], data: float) -> Value:
    value = _new(Value)
    value._data = data
    value._label = ""
    value.grad = 0.0
    if _blocks and _paused.get():
        value.op, value.args = None, ()
        for log in _watching:
            log += [x for x in args if isinstance(x, Value)]
    else:
        value.op = op
        value.args = args
    return value


def _operator(op: Op) -> tuple[Callable[[Value, Any], Value], Callable[[Value, Any], Value]]:
    apply = _applied(op)
    return apply, lambda self, other: apply(other, self)


# What comparisons of a Value with a number, or with another Value, came to, and the number then: a Python `if` may have
# asked, and the record holds only the branch that it took.
Outcomes = dict[tuple[str, float], bool]
comparisons: WeakKeyDictionary[Value, tuple[Outcomes, WeakKeyDictionary[Value, Outcomes]]] = WeakKeyDictionary()


RELATIONS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


def _comparison(symbol: str) -> Callable[[Value, Any], bool]:
    relation = RELATIONS[symbol]

    def compare(self: Value, other: Any) -> bool:
        is_value = isinstance(other, Value)
        number = other._data if is_value else other if isinstance(other, (float, int)) else real(other, "a comparison")
        for log in _watching:
            log.append(self)
        outcome = relation(self._data, number)
        if not (_blocks and _paused.get()):
            with_numbers, with_values = comparisons.setdefault(self, ({}, WeakKeyDictionary()))
            (with_values.setdefault(other, {}) if is_value else with_numbers)[symbol, number] = outcome
        return outcome

    return compare


class Value:
    """One float64 that remembers how it was computed.

    data    the number; any real number may be assigned to it, a numpy scalar too
    grad    the gradient by this Value: a leaf adds up what each `backward()` brings, a node between is set anew
    label   its name in formulas, pictures and errors; "" for none
    op      the operation that computed it; None for a leaf
    args    what the operation was applied to, in order: Values, and a float for each plain number, a constant

    Arithmetic takes a Value or a real number on either side. Each row of the table with one argument is a method too:
    `x.relu()`. Equality and hash are identity. `<` and `>` compare data, and a `Program` holds its replays to what came
    out; not so inside `no_grad`. TypeError for anything but a real number; DomainError for nan and inf, and for a
    result that is not a finite number.

    >>> x = Value(3, label="x")
    >>> y = 2 * x**2
    >>> y.backward()
    >>> y, x
    (Value(data=18.0, grad=1.0), Value(data=3.0, grad=12.0, label='x'))
    """

    __slots__ = ("__weakref__", "_data", "_label", "args", "grad", "op")
    __array_ufunc__ = None  # so that numpy leaves np.float64(2) * x to Value

    _data: float
    _label: str
    grad: float
    op: Op | None
    args: tuple[Value | float, ...]
    backward: ClassVar[Callable[[Value], None]]  # given by autograd.reverse

    def __init__(self, data: Any, label: str = "") -> None:
        self._data = real(data)
        self._label = ""
        if label:
            self.label = label
        self.grad = 0.0
        self.op = None
        self.args = ()

    @property
    def data(self) -> float:
        for log in _watching:
            log.append(self)
        return self._data

    @data.setter
    def data(self, number: Any) -> None:
        if number.__class__ is not float or number - number != 0.0:
            number = real(number, f"{self._label or 'Value'}.data")
        self._data = number

    @property
    def label(self) -> str:
        return self._label

    @label.setter
    def label(self, name: str) -> None:
        if not isinstance(name, str):
            raise TypeError(f"a label is a string, not {type(name).__name__}: {name!r}")
        self._label = name

    # fmt: off
    __add__,     _           = _operator(ops.add)
    __sub__,     __rsub__     = _operator(ops.sub)
    __mul__,     __rmul__     = _operator(ops.mul)
    __truediv__, __rtruediv__ = _operator(ops.div)
    __pow__,     __rpow__     = _operator(ops.pow)
    __neg__ = _applied(ops.neg)
    __abs__ = _applied(ops.abs)

    __lt__ = _comparison("<")
    __le__ = _comparison("<=")
    __gt__ = _comparison(">")
    __ge__ = _comparison(">=")
    # fmt: on

    def __radd__(self, other: Any) -> Value:
        return self if other.__class__ is int and other == 0 else ops.add(other, self)  # sum() begins with 0

    def __pos__(self) -> Value:
        return self

    def detach(self) -> Value:
        """A leaf with the same number and label: no gradient flows through it.

        >>> x = Value(3.0)
        >>> (x * x.detach()).backward()
        >>> x.grad
        3.0
        """
        return Value(self.data, self._label)

    @staticmethod
    def _apply(op: Op, args: tuple[Any, ...]) -> Value:
        return _applied(op)(*args)

    def __repr__(self) -> str:
        name = f", label={self._label!r}" if self._label else ""
        return f"Value(data={self._data}, grad={self.grad}{name})"

    def __format__(self, spec: str) -> str:
        return format(self._data, spec) if spec else repr(self)

    if TYPE_CHECKING:

        def __getattr__(self, row: str) -> Callable[[], Value]: ...  # the methods that the table gives


_new = object.__new__
_LARGEST = sys.float_info.max

for _row in ops.TABLE:
    if _row.arity == 1:
        setattr(Value, _row.name, _applied(_row))
for _function in (ops.leaky_relu, ops.gelu, ops.swish):
    setattr(Value, _function.__name__, _function)


def with_names(names: Mapping[str, object]) -> None:
    """Gives each Value in `names` that has no label yet its name there; names that begin with `_` are left out.

    >>> x = Value(2.0); y = x * 3
    >>> with_names({"x": x, "y": y})
    >>> y
    Value(data=6.0, grad=0.0, label='y')
    """
    for name, value in names.items():
        if isinstance(value, Value) and not value.label and not name.startswith("_"):
            value.label = name
