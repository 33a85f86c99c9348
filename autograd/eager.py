"""How an operation is applied and recorded, and how its gradient is pulled back: as generated code.

`apply` and `pull` of most operations are written out here as Python functions, without loops and
without calls that can be spared. For `mul` they come to this:

    def apply(x, y):                            def pull(v):
        a = …the number of x                        g, x, y = v._grad, v._x, v._y
        b = …the number of y                        a, b = …the numbers of x and y
        z = a * b                                   if x is a Value: x._grad += g * b
        return …a Value with z, op, x and y         if y is a Value: y._grad += g * a
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Collection, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from autograd import op as module_of_op
from autograd import ops
from autograd.op import Op, described, real
from autograd.recording import blocks, paused
from autograd.symbolic import Symbolic

if TYPE_CHECKING:
    from autograd.value import Value

_LARGEST = sys.float_info.max
_SIGNS = {ops.add: "+", ops.sub: "-", ops.mul: "*", ops.div: "/"}


def operand(op: Op, args: tuple[Any, ...], place: int) -> tuple[Any, Any]:
    """Return what is recorded of an argument, a Value or a constant, and its number.

    The number of an Array, to which operations are applied element by element, is None.
    """
    x = args[place]
    if hasattr(x, "_data"):
        return x, x._data
    if (x.__class__ is float or x.__class__ is int) and -_LARGEST <= x <= _LARGEST:
        x = float(x)
    elif hasattr(x, "elementwise"):
        return x, None
    else:
        x = real(x, f"{op.name}({described(args)})")
    return x, x


# What generated code refers to.
namespace: dict[str, Any] = {
    "blocks": blocks, "operand": operand, "paused": paused,
}  # fmt: skip


def records(kind: type[Value]) -> None:
    """Take note of Value, which needs this module."""
    namespace["Value"] = module_of_op.recorded = kind
    namespace["new"] = partial(object.__new__, kind)


_APPLY = """
def made(op, function, compute):
    def apply(PARAMETERS):
        READ
        try:
            z = FUNCTION
        except (ArithmeticError, ValueError):
            z = None
        if FAILED:
            z = compute((ARGUMENTS,), (NUMBERS,))  # raises the error that names the arguments
        value = new()
        value._data = z
        value._label = ""
        value._grad = 0.0
        value._mark = None
        if blocks and paused.get():
            value.op = value._x = value._y = None
        else:
            value.op = op
            value._x = x
            value._y = SECOND
        return value
    return apply
"""
# An int of one digit of Python's is compared, and made a float, in less time than any other.
_READ = """
        if {x}.__class__ is Value:
            {a} = {x}._data
        elif {x}.__class__ is float and {x} - {x} == 0.0:
            {a} = {x}
        elif {x}.__class__ is int and -(2**29) < {x} < 2**29:
            {x} = {a} = {x} + 0.0
        else:
            {x}, {a} = operand(op, (x, y), {place})
            if {a} is None:
                return {x}.elementwise(op, (x, y))
"""


@cache
def applied(op: Op, method: str = "") -> Callable[..., Value]:
    """Return the function that applies `op` to Values and real numbers, and records it.

    method  its parameters where it is a method of Value, of which the first is one: "x, y" or
            "y, x"
    """
    if op.arity > 2:
        return lambda *args: _applied_to_many(op, args)
    failed = "z - z != 0.0"
    if op not in (ops.add, ops.sub, ops.mul):  # which give a float
        failed = f"z.__class__ is not float or {failed}"
    parts = {"FAILED": failed} | (_OF_ONE if op.arity == 1 else _of_two(op, method))
    text = re.sub("[A-Z]{4,}", lambda word: parts.get(word[0], word[0]).strip(), _APPLY)
    return _defined(text)["made"](op, op.function, op.compute)  # type: ignore[no-any-return]


_OF_ONE = {
    "PARAMETERS": "x", "ARGUMENTS": "x", "SECOND": "None",
    "READ": "a = x._data", "NUMBERS": "a", "FUNCTION": "function(a)",
}  # fmt: skip


def _of_two(op: Op, method: str) -> dict[str, str]:
    """Return the parts of the code of an operation of two arguments."""
    first = _READ.format(x="x", a="a", place=0)
    second = _READ.format(x="y", a="b", place=1)
    if method == "x, y":
        first = "\n        a = x._data"
    elif method == "y, x":
        second = "\n        b = y._data"
    return {
        "PARAMETERS": method or "x, y", "ARGUMENTS": "x, y", "SECOND": "y",
        "READ": first + second, "NUMBERS": "a, b",
        "FUNCTION": f"a {_SIGNS[op]} b" if op in _SIGNS else "function(a, b)",
    }  # fmt: skip


@cache
def _defined(text: str) -> dict[str, Any]:
    """Return the functions that `text` defines; most rows share one text."""
    functions: dict[str, Any] = {}
    exec(text, namespace, functions)
    return functions


def both_sides(op: Op) -> tuple[Callable[[Value, Any], Value], Callable[[Value, Any], Value]]:
    """Return the methods that apply `op` to a Value on its left, and to one on its right."""
    return applied(op, "x, y"), applied(op, "y, x")


def _applied_to_many(op: Op, args: tuple[Any, ...]) -> Value:
    operands = [operand(op, args, place) for place in range(len(args))]
    for x, number in operands:
        if number is None:
            return x.elementwise(op, args)  # type: ignore[no-any-return]
    value: Value = namespace["Value"](op.compute(args, [number for _, number in operands]))
    if not (blocks and paused.get()):
        value.op, value._x = op, tuple(x for x, _ in operands)
    return value


class _Code(Symbolic):
    """An expression as Python code: a partial that is given such for its arguments writes
    itself.
    """

    def __init__(self, text: str) -> None:
        self.text = text

    @staticmethod
    def _apply(op: Op, args: tuple[Any, ...]) -> _Code:
        written = [x.text if isinstance(x, _Code) else repr(float(x)) for x in args]
        if op in _SIGNS:
            return _Code(f"({written[0]} {_SIGNS[op]} {written[1]})")
        if op is ops.neg:
            return _Code(f"(-{written[0]})")
        namespace[op.name] = op.function
        return _Code(f"{op.name}({', '.join(written)})")

    def __ne__(self, other: Any) -> Any:
        return _Code(f"({self.text} != {float(other)!r})")


def _pulled(op: Op) -> Callable[[Value], None]:
    """Return `pull` for a row of the table of one or two arguments."""
    numbers = "ab"[: op.arity]
    terms = [_term(derivative, numbers) for derivative in op.partials]
    used = {name for term in terms for name in re.findall(r"\b[abz]\b", term)}
    lines = ["def pull(v):", "    g = v._grad"]
    if "z" in used:
        lines.append("    z = v._data")
    if op.arity == 1:
        lines += ["    x = v._x", "    a = x._data", f"    x._grad += {terms[0]}"]
    else:
        lines += _lines_of_two(terms, used)
    return _defined("\n".join(lines))["pull"]  # type: ignore[no-any-return]


def _lines_of_two(terms: Sequence[str], used: Collection[str]) -> list[str]:
    """Return the lines that add the terms of two arguments, of which one may be a number."""
    first, second = f"x._grad += {terms[0]}", f"y._grad += {terms[1]}"
    lines = ["x = v._x", "y = v._y"]
    for condition, a, b, adding in (
        ("if y.__class__ is float:", "x._data", "y", [first]),
        ("elif x.__class__ is float:", "x", "y._data", [second]),
        ("else:", "x._data", "y._data", [first, second]),
    ):
        reading = [f"{name} = {text}" for name, text in (("a", a), ("b", b)) if name in used]
        lines += [condition, *[f"    {line}" for line in reading + adding]]
    return [f"    {line}" for line in lines]


def _term(derivative: Callable[..., Any], numbers: str) -> str:
    """Return the code of the upstream gradient g times a local derivative."""
    local = derivative(*map(_Code, numbers), _Code("z"))
    if isinstance(local, _Code):
        return f"g * {local.text}"
    return {1.0: "g", -1.0: "-g"}.get(local, f"g * {local!r}")


def _first_pull(op: Op, v: Value) -> None:
    """Pull for the first time: from then on it is done by the code that is generated here."""
    op.pull = _pulled(op)
    op.pull(v)


for _row in ops.TABLE:
    _row.pull = partial(_first_pull, _row)
