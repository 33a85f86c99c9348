"""LLVM's assembly in the making: registers, loops and calls, for one number or several abreast."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count

# What of C's library is the same as Python's: Python has functions of its own for the others.
OF_C = {
    "acos": 1, "acosh": 1, "asin": 1, "asinh": 1, "atan": 1, "atanh": 1, "atan2": 2, "copysign": 2,
    "cos": 1, "cosh": 1, "erf": 1, "erfc": 1, "exp": 1, "expm1": 1, "fabs": 1, "fmod": 2, "log": 1,
    "log10": 1, "log1p": 1, "log2": 1, "pow": 2, "sin": 1, "sinh": 1, "sqrt": 1, "tan": 1,
    "tanh": 1,
}  # fmt: skip
_INLINE = {"fabs": "fabs", "sqrt": "sqrt", "copysign": "copysign"}  # exact, so LLVM's own will do


class Assembly:
    """A function of LLVM's assembly in the making: a number, or `lanes` of them, is a register."""

    def __init__(self, lanes: int) -> None:
        self.lanes = lanes
        self.type = "double" if lanes == 1 else f"<{lanes} x double>"
        self.truth = "i1" if lanes == 1 else f"<{lanes} x i1>"
        self.lines: list[str] = []
        self.of_c: dict[str, None] = {}  # functions of C that it calls
        self.declared: dict[str, None] = {}  # declarations of LLVM's own functions
        self.locals: list[str] = []
        self._numbers = count(1)

    def widened(self, lanes: int) -> Assembly:
        """Return the same function, to go on with so many numbers abreast."""
        wide = Assembly(lanes)
        wide.lines, wide.locals, wide._numbers = self.lines, self.locals, self._numbers
        wide.of_c, wide.declared = self.of_c, self.declared
        return wide

    def fresh(self) -> str:
        return f"%t{next(self._numbers)}"

    def set(self, expression: str) -> str:
        """Return the register that holds what the expression gives."""
        name = self.fresh()
        self.lines.append(f"{name} = {expression}")
        return name

    def do(self, *statements: str) -> None:
        self.lines += statements

    def local(self, kind: str) -> str:
        """Return a pointer to a variable of the function."""
        name = self.fresh()
        self.locals.append(f"{name} = alloca {kind}")
        return name

    def label(self, name: str) -> None:
        self.do(f"br label %{name}", f"{name}:")

    @contextmanager
    def loop(self, stop: str, start: str = "0") -> Iterator[str]:
        """A loop over the whole numbers from `start` to before `stop`."""
        name, counter = self.fresh()[1:], self.local("i64")
        self.do(f"store i64 {start}, ptr {counter}")
        self.label(f"{name}.head")
        k = self.set(f"load i64, ptr {counter}")
        more = self.set(f"icmp slt i64 {k}, {stop}")
        self.do(f"br i1 {more}, label %{name}.body, label %{name}.end", f"{name}.body:")
        yield k
        after = self.set(f"add i64 {k}, 1")
        self.do(f"store i64 {after}, ptr {counter}", f"br label %{name}.head", f"{name}.end:")

    @contextmanager
    def when(self, condition: str) -> Iterator[None]:
        name = self.fresh()[1:]
        self.do(f"br i1 {condition}, label %{name}.then, label %{name}.end", f"{name}.then:")
        yield
        self.label(f"{name}.end")

    def at(self, base: str, place: str, kind: str = "double") -> str:
        """Return a pointer to what stands at a place of an array."""
        return self.set(f"getelementptr {kind}, ptr {base}, i64 {place}")

    def load(self, base: str, place: str, kind: str = "") -> str:
        kind = kind or self.type
        element = kind if kind[0] == "i" else "double"
        align = 4 if kind == "i32" else 8
        return self.set(f"load {kind}, ptr {self.at(base, place, element)}, align {align}")

    def store(self, number: str, base: str, place: str, kind: str = "") -> None:
        self.do(f"store {kind or self.type} {number}, ptr {self.at(base, place)}, align 8")

    def abreast(self, number: str, kind: str = "double", lanes: int = 0) -> str:
        """Return a register with this number in each lane."""
        lanes = lanes or self.lanes
        if lanes == 1:
            return number
        one = self.set(f"insertelement <{lanes} x {kind}> poison, {kind} {number}, i64 0")
        return self.set(
            f"shufflevector <{lanes} x {kind}> {one}, <{lanes} x {kind}> poison,"
            f" <{lanes} x i32> zeroinitializer"
        )

    def constant(self, x: float) -> str:
        return self.abreast(literal(x))

    def arithmetic(self, name: str, x: str, y: str) -> str:
        return self.set(f"{name} {self.type} {x}, {y}")

    def negative(self, x: str) -> str:
        return self.set(f"fneg {self.type} {x}")

    def compared(self, how: str, x: str, y: str) -> str:
        return self.set(f"fcmp {how} {self.type} {x}, {y}")

    def either(self, condition: str, x: str, y: str) -> str:
        return self.set(f"select {self.truth} {condition}, {self.type} {x}, {self.type} {y}")

    def both(self, how: str, x: str, y: str) -> str:
        """Return `and` or `or` of two truths."""
        return self.set(f"{how} {self.truth} {x}, {y}")

    def anywhere(self, truth: str) -> str:
        """Return whether it holds in any lane."""
        return self._over_lanes("or", truth)

    def everywhere(self, truth: str) -> str:
        """Return whether it holds in every lane."""
        return self._over_lanes("and", truth)

    def _over_lanes(self, how: str, truth: str) -> str:
        if self.lanes == 1:
            return truth
        name = f"llvm.vector.reduce.{how}.v{self.lanes}i1"
        self.declare(f"i1 @{name}({self.truth})")
        return self.set(f"call i1 @{name}({self.truth} {truth})")

    def finite(self, x: str) -> str:
        return self.compared("oeq", self.arithmetic("fsub", x, x), self.constant(0.0))

    def call(self, name: str, args: Sequence[str]) -> str:
        """Return what a function of C gives in each lane."""
        if name in _INLINE:
            suffix = "f64" if self.lanes == 1 else f"v{self.lanes}f64"
            name = f"llvm.{_INLINE[name]}.{suffix}"
            self.declare(f"{self.type} @{name}({', '.join([self.type] * len(args))})")
        else:
            self.of_c[name] = None
            if self.lanes > 1:
                name += f".{self.lanes}"
            name = f"hg.{name}"
        return self.set(f"call {self.type} @{name}({', '.join(f'{self.type} {x}' for x in args)})")

    def transposed(self, rows: Sequence[str]) -> list[str]:
        """Return the columns of a square of 2, 4, 8, … rows: pairs of rows change numbers first,
        then pairs of pairs, and so on.
        """
        found, size, distance = list(rows), len(rows), 1
        while distance < size:
            keeps = [not k & distance for k in range(size)]
            low = [k if keeps[k] else size + k - distance for k in range(size)]
            high = [k + distance if keeps[k] else size + k for k in range(size)]
            for k in (k for k in range(size) if keeps[k]):
                pair = found[k], found[k + distance]
                found[k], found[k + distance] = self._mixed(pair, low), self._mixed(pair, high)
            distance *= 2
        return found

    def _mixed(self, pair: tuple[str, str], lanes: Sequence[int]) -> str:
        kind = f"<{len(lanes)} x double>"
        chosen = ", ".join(f"i32 {lane}" for lane in lanes)
        return self.set(
            f"shufflevector {kind} {pair[0]}, {kind} {pair[1]}, <{len(lanes)} x i32> <{chosen}>"
        )

    def declare(self, head: str) -> None:
        self.declared[f"declare {head}"] = None

    def function(self, head: str) -> str:
        return "\n".join([f"define {head} {{", *self.locals, *self.lines, "}"])


def literal(x: float) -> str:
    """The number as LLVM writes it, to the last bit.

    >>> literal(1.0)
    '0x3FF0000000000000'
    """
    return f"0x{struct.unpack('>Q', struct.pack('>d', x))[0]:016X}"


def of_c(name: str, lanes: int) -> str:
    """The text of a function of C for so many lanes: `hg.name`, for LLVM is to know nothing of it
    and so may not replace it by another that rounds otherwise.
    """
    arity = OF_C[name]
    text = f"declare double @hg.{name}({', '.join(['double'] * arity)})"
    if lanes == 1:
        return text
    code = Assembly(lanes)
    arrays = []
    for k in range(arity):
        array = code.local(code.type)
        code.store(f"%x{k}", array, "0")
        arrays.append(array)
    with code.loop(str(lanes)) as lane:
        args = [code.load(array, lane, "double") for array in arrays]
        result = code.set(f"call double @hg.{name}({', '.join(f'double {x}' for x in args)})")
        code.store(result, arrays[0], lane, "double")
    code.do(f"ret {code.type} {code.load(arrays[0], '0')}")
    parameters = ", ".join(f"{code.type} %x{k}" for k in range(arity))
    head = f"internal {code.type} @hg.{name}.{lanes}({parameters}) noinline"
    return f"{text}\n{code.function(head)}"
