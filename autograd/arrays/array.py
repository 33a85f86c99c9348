"""Array: Values in a vector or a matrix, with a name."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from autograd import ops
from autograd.arrays.places import Shape, indices, remember, size
from autograd.op import Op
from autograd.recording import collector_paused
from autograd.value import Value


class Array:
    """Values in a vector or a matrix: a thin holder, whose elements are recorded one by one.

    shape   (n,) of a vector, (m, n) of a matrix
    name    what it is called in formulas, pictures and errors; "" for none

    It takes `+ − * / **`, `@`, every function of the table and `softmax`, element by element, with
    another Array of its shape, a list or a numpy array of numbers, a Value or a number; a vector
    goes with each row of a matrix. Indices count from 0, as in Python: `W[0, 1]` is the Value that
    formulas call W[1,2]; `W[0]` is a row, `W[:, 1]` a column. Raises ValueError where shapes do
    not fit, with both names and shapes.

    >>> W, x = array("W", [[1.0, 2.0], [3.0, 4.0]]), array("x", [1.0, -1.0])
    >>> y = (W @ x).named("y")
    >>> y, y[1]
    (Array y (2,): [-1.0, -1.0], Value(data=-1.0, grad=0.0, label='y[2]'))
    """

    __slots__ = ("name", "shape", "values")
    __array_ufunc__ = None  # so that numpy leaves its array * Array to Array

    def __init__(self, values: Iterable[Value], shape: Shape, name: str = "") -> None:
        self.values = list(values)
        self.shape = shape
        self.name = name
        if len(self.values) != size(shape):
            raise ValueError(f"an Array of shape {shape} does not have {len(self.values)} elements")

    def named(self, name: str) -> Array:
        """Name it, and each element that has no label: `name[1]`, or `name[1,2]`. Return it."""
        if not isinstance(name, str) or not name:
            raise TypeError(f"the name of an array is a string that is not empty, not {name!r}")
        self.name = name
        for label, value in zip(self.labels(name), self.values, strict=True):
            if not value.label:
                value.label = label
        remember(name, self.shape, self.values)
        return self

    def labels(self, name: str) -> list[str]:
        """What its elements are called where it is called `name`: `name[1]`, or `name[1,2]`."""
        return [f"{name}[{','.join(map(str, index))}]" for index in indices(self.shape)]

    @property
    def T(self) -> Array:
        """The transpose of a matrix; of a vector, itself."""
        if len(self.shape) == 1:
            return self
        rows, columns = self.shape
        values = [self.values[i * columns + j] for j in range(columns) for i in range(rows)]
        return Array(values, (columns, rows))

    @property
    def data(self) -> Any:
        """The numbers, as a list or a list of rows."""
        return nested([v.data for v in self.values], self.shape)

    @property
    def grad(self) -> Any:
        """The gradients, as a list or a list of rows."""
        return nested([v.grad for v in self.values], self.shape)

    def __len__(self) -> int:
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        if len(self.shape) == 1:
            return iter(self.values)
        return (Array(row, self.shape[1:]) for row in _in_rows(self.values, self.shape[1]))

    def __getitem__(self, key: Any) -> Any:
        picked: Any = range(len(self.values))
        if len(self.shape) == 2:
            picked = list(_in_rows(picked, self.shape[1]))
        first, *others = key if isinstance(key, tuple) else (key,)
        if len(others) > len(self.shape) - 1:
            raise IndexError(f"{self._described()} takes at most {len(self.shape)} indices")
        picked = _picked(picked, first, others)
        if isinstance(picked, int):
            return self.values[picked]
        flat, shape = flattened(picked)
        return Array([self.values[k] for k in flat], shape)

    def sum(self, axis: int | None = None) -> Any:
        """Return the sum of all elements, a Value; or of each column (axis 0) or row (axis 1)."""
        return self._reduced(axis, sum)

    def mean(self, axis: int | None = None) -> Any:
        """Return the mean of all elements, a Value; or of each column (axis 0) or row (axis 1)."""
        return self._reduced(axis, lambda values: sum(values) / len(values))

    def softmax(self) -> Array:
        """Return e^x/Σ e^x, of each row of a matrix. Beyond ±700 e^x leaves a float's range."""
        with collector_paused():
            if len(self.shape) == 2:
                rows = [row.softmax() for row in self]
                return Array([v for row in rows for v in row.values], self.shape)
            powers = [ops.exp(v) for v in self.values]
            total = sum(powers)
            return Array([power / total for power in powers], self.shape)

    def _reduced(self, axis: int | None, reduction: Callable[[list[Value]], Any]) -> Any:
        if axis is not None and axis not in range(len(self.shape)):
            raise ValueError(f"{self._described()} has no axis {axis}")
        with collector_paused():
            if axis is None or len(self.shape) == 1:
                return reduction(self.values)
            lines = self if axis == 1 else self.T
            return Array([reduction(line.values) for line in lines], (len(lines),))

    def _apply(self, op: Op, args: tuple[Any, ...]) -> Array:
        """Return what an operation makes of arrays and numbers, element by element."""
        operands = [x if isinstance(x, Value) else as_array(x) for x in args]
        arrays = [x for x in operands if isinstance(x, Array)]
        largest = max(arrays, key=lambda x: len(x.shape))
        columns = [_spread(x, largest, op) for x in operands]
        with collector_paused():
            return Array(map(op, *columns), largest.shape)

    elementwise = _apply  # an operation of a Value with an Array is asked for here

    # fmt: off
    def __add__(self, other: Any) -> Array: return self._apply(ops.add, (self, other))
    def __radd__(self, other: Any) -> Array: return self._apply(ops.add, (other, self))
    def __sub__(self, other: Any) -> Array: return self._apply(ops.sub, (self, other))
    def __rsub__(self, other: Any) -> Array: return self._apply(ops.sub, (other, self))
    def __mul__(self, other: Any) -> Array: return self._apply(ops.mul, (self, other))
    def __rmul__(self, other: Any) -> Array: return self._apply(ops.mul, (other, self))
    def __truediv__(self, other: Any) -> Array: return self._apply(ops.div, (self, other))
    def __rtruediv__(self, other: Any) -> Array: return self._apply(ops.div, (other, self))
    def __pow__(self, other: Any) -> Array: return self._apply(ops.pow, (self, other))
    def __rpow__(self, other: Any) -> Array: return self._apply(ops.pow, (other, self))
    def __neg__(self) -> Array: return self._apply(ops.neg, (self,))
    def __abs__(self) -> Array: return self._apply(ops.abs, (self,))
    def __matmul__(self, other: Any) -> Any: return _matmul(self, as_array(other))
    def __rmatmul__(self, other: Any) -> Any: return _matmul(as_array(other), self)
    # fmt: on

    def __getattr__(self, name: str) -> Any:
        """Return a function of the table as a method: `x.tanh()`."""
        row = next((row for row in ops.TABLE if row.arity == 1 and row.name == name), None)
        if row is None:
            raise AttributeError(f"Array has no attribute {name!r}")
        return lambda: self._apply(row, (self,))

    def _described(self) -> str:
        return f"{self.name or 'an array'} {self.shape}"

    def __repr__(self) -> str:
        return f"Array {f'{self.name} ' if self.name else ''}{self.shape}: {self.data}"


def _picked(rows: Any, first: Any, others: Sequence[Any]) -> Any:
    """Return what stands at an index of a list, or at the two of a list of rows."""
    picked = rows[first]
    if not others:
        return picked
    return [row[others[0]] for row in picked] if isinstance(first, slice) else picked[others[0]]


def array(name: str, data: Any) -> Array:
    """Return a named Array of a list, a list of rows or a numpy array, of numbers or Values.

    Raises TypeError for an element that is no number, ValueError for rows of several lengths and
    for anything but a vector or a matrix.

    >>> array("W1", [[0.15, 0.20], [0.25, 0.30]])[0, 1]
    Value(data=0.2, grad=0.0, label='W1[1,2]')
    """
    given = as_array(data, name)
    return Array(given.values, given.shape).named(name)


def as_array(data: Any, name: str = "") -> Any:
    """Return data as an Array; a number as it is."""
    if isinstance(data, Array):
        return data
    listed = data.tolist() if hasattr(data, "tolist") else data
    if _is_list(listed):
        return _of_list(listed, name)
    if name:
        raise ValueError(f"{name} is a vector or a matrix: a list or a list of rows, not {data!r}")
    return listed


def _of_list(listed: Sequence[Any], name: str) -> Array:
    try:
        flat, shape = flattened(listed)
    except ValueError as error:
        raise ValueError(f"{name or 'an array'} {error}") from None
    return Array([v if isinstance(v, Value) else Value(v) for v in flat], shape)


def concat(*parts: Any) -> Array:
    """Return the elements of vectors, Values and numbers, one after the other, as one vector.

    >>> concat(array("h", [0.1, 0.2]), 1.0).data
    [0.1, 0.2, 1.0]
    """
    values: list[Value] = []
    for part in parts:
        values += as_array(part if isinstance(part, Array | Sequence) else [part]).values
    return Array(values, (len(values),))


def softmax(x: Any) -> Array:
    """Return e^x/Σ e^x of a vector, or of each row of a matrix (see `Array.softmax`)."""
    return as_array(x).softmax()  # type: ignore[no-any-return]


def nested(flat: Sequence[Any], shape: Shape) -> Any:
    """Return elements as a list, or as a list of rows; of a scalar, the one.

    >>> nested([1, 2, 3, 4], (2, 2))
    [[1, 2], [3, 4]]
    """
    if not shape:
        return flat[0]
    if len(shape) == 1:
        return list(flat)
    return [list(row) for row in _in_rows(flat, shape[1])]


def _in_rows(flat: Sequence[Any], columns: int) -> Iterator[Sequence[Any]]:
    return (flat[k : k + columns] for k in range(0, len(flat), columns))


def flattened(rows: Iterable[Any]) -> tuple[list[Any], Shape]:
    """Return the elements of a list or of a list of rows, and the shape; a row may be an Array."""
    rows = [row.values if isinstance(row, Array) else row for row in rows]
    if not rows:
        raise ValueError("has no elements")
    if not any(map(_is_list, rows)):
        return rows, (len(rows),)
    width = _width(rows)
    flat = [v for row in rows for v in row]
    if any(map(_is_list, flat)):
        raise ValueError("must be a vector or a matrix, with two indices at most")
    return flat, (len(rows), width)


def _width(rows: Sequence[Any]) -> int:
    """Return how many elements each row has. ValueError where they do not have as many."""
    lengths = {len(row) if _is_list(row) else 0 for row in rows}
    if len(lengths) != 1 or 0 in lengths:
        raise ValueError("must have rows of one length, with an element at least")
    return lengths.pop()


def _is_list(data: Any) -> bool:
    return isinstance(data, Sequence) and not isinstance(data, str)


def _spread(x: Any, largest: Array, op: Op) -> list[Any]:
    """Return an operand element by element, as the largest one has them."""
    if not isinstance(x, Array):
        return [x] * len(largest.values)
    if x.shape == largest.shape:
        return x.values
    if len(x.shape) == 1 and x.shape == largest.shape[1:]:
        return x.values * largest.shape[0]
    raise ValueError(
        f"{op.symbol} takes arrays of one shape, or a vector with each row of a matrix, not"
        f" {largest._described()} and {x._described()}"
    )


def _matmul(a: Any, b: Any) -> Any:
    """Return the product of matrices and vectors; of two vectors, a Value."""
    _require_factors(a, b)
    rows = list(a) if len(a.shape) == 2 else [a]
    columns = list(b.T) if len(b.shape) == 2 else [b]
    with collector_paused():
        values: list[Any] = [
            sum(map(operator.mul, row.values, column.values)) for row in rows for column in columns
        ]
    shape = a.shape[:-1] + b.shape[1:]
    return Array(values, shape) if shape else values[0]


def _require_factors(a: Any, b: Any) -> None:
    """Raise TypeError for anything but arrays, and ValueError where the shapes do not fit."""
    for x in (a, b):
        if not isinstance(x, Array):
            raise TypeError(f"@ takes two arrays, not {type(x).__name__}: {x!r}")
    if a.shape[-1] != b.shape[0]:
        raise ValueError(f"{a._described()} @ {b._described()} does not fit{_remedy(a, b)}")


def _remedy(a: Array, b: Array) -> str:
    """Return which factor would fit if it were transposed; "" for none."""
    if len(a.shape) == 2 and a.shape[0] == b.shape[0]:
        return f"; {a.name or 'the first'} transposed would fit"
    if len(b.shape) == 2 and a.shape[-1] == b.shape[1]:
        return f"; {b.name or 'the second'} transposed would fit"
    return ""
