"""Terms and Python functions as LLVM's assembly, for one number or for several abreast."""

from __future__ import annotations

import ast
import math
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from types import FunctionType
from typing import Any, NamedTuple, TypeAlias

from autograd import ops
from autograd.op import Op
from autograd.replay.terms import Term, definition, origin

# What of C's library is the same as Python's: Python has functions of its own for the others.
OF_C = {
    "acos": 1, "acosh": 1, "asin": 1, "asinh": 1, "atan": 1, "atanh": 1, "atan2": 2, "copysign": 2,
    "cos": 1, "cosh": 1, "erf": 1, "erfc": 1, "exp": 1, "expm1": 1, "fabs": 1, "fmod": 2, "log": 1,
    "log10": 1, "log1p": 1, "log2": 1, "pow": 2, "sin": 1, "sinh": 1, "sqrt": 1, "tan": 1,
    "tanh": 1,
}  # fmt: skip
_INLINE = {"fabs": "fabs", "sqrt": "sqrt", "copysign": "copysign"}  # exact, so LLVM's own will do
_ARITHMETIC = {
    "_operator.add": "fadd", "_operator.sub": "fsub", "_operator.mul": "fmul",
    "_operator.truediv": "fdiv",
}  # fmt: skip
_OPERATORS: dict[type, str] = {
    ast.Add: "fadd", ast.Sub: "fsub", ast.Mult: "fmul", ast.Div: "fdiv", ast.Pow: "pow",
}  # fmt: skip
_COMPARISONS: dict[type, str] = {
    ast.Lt: "olt", ast.LtE: "ole", ast.Gt: "ogt", ast.GtE: "oge", ast.Eq: "oeq", ast.NotEq: "une",
}  # fmt: skip
EXACT = 2**53  # up to here, every int is a float


class Untranslatable(Exception):
    """Why a function is left to Python."""


class Assembly:
    """A function of LLVM's assembly in the making: a number, or `lanes` of them, is a register."""

    def __init__(self, lanes: int) -> None:
        self.lanes = lanes
        self.type = "double" if lanes == 1 else f"<{lanes} x double>"
        self.truth = "i1" if lanes == 1 else f"<{lanes} x i1>"
        self.lines: list[str] = []
        self.needed: dict[str, None] = {}  # functions of C
        self.locals: list[str] = []
        self._fresh = 0

    def fresh(self) -> str:
        self._fresh += 1
        return f"%t{self._fresh}"

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

    def finite(self, x: str) -> str:
        return self.compared("oeq", self.arithmetic("fsub", x, x), self.constant(0.0))

    def call(self, name: str, args: Sequence[str]) -> str:
        """Return what a function of C gives in each lane."""
        if name in _INLINE:
            suffix = "f64" if self.lanes == 1 else f"v{self.lanes}f64"
            name = f"llvm.{_INLINE[name]}.{suffix}"
            self.needed[f"declare {self.type} @{name}({', '.join([self.type] * len(args))})"] = None
        else:
            self.needed[name] = None
            if self.lanes > 1:
                name += f".{self.lanes}"
            name = f"hg.{name}"
        return self.set(f"call {self.type} @{name}({', '.join(f'{self.type} {x}' for x in args)})")

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


Shape: TypeAlias = Any  # a term: (op, shapes…), a float, or an int: the place of an operand


def computed(code: Assembly, shape: Shape, operands: Sequence[str]) -> str:
    """Return the register that a term comes to."""
    if isinstance(shape, int):
        return operands[shape]
    if isinstance(shape, float):
        return code.constant(shape)
    op, *args = shape
    return applied(code, op, [computed(code, x, operands) for x in args])


def applied(code: Assembly, op: Op, args: list[str]) -> str:
    """Return what an operation gives. Raises Untranslatable for a function that only Python can
    run.
    """
    function: Any = op.function
    name = getattr(function, "__name__", "")
    spelled = f"{origin(op)}.{name}"
    if spelled in _ARITHMETIC:
        return code.arithmetic(_ARITHMETIC[spelled], *args)
    if spelled == "_operator.neg":
        return code.negative(args[0])
    if spelled == "_operator.ne":
        differ = code.compared("une", *args)
        return code.either(differ, code.constant(1.0), code.constant(0.0))
    if spelled == "math.pow":  # x¹ is x, as in the derivative of a square
        power = code.call("pow", args)
        return code.either(code.compared("oeq", args[1], code.constant(1.0)), args[0], power)
    trusted = op.__module__ == ops.__name__
    translation = _Translation(code, trusted)
    if origin(op) == "math":
        return translation.called(name, [_Number(x, True) for x in args]).text
    if origin(op) == "builtins":
        return translation.builtin(name, [_Number(x, True) for x in args]).text
    if _is_made_of_operations(function):
        shape = _shape(function(*(Term(None, (k,)) for k in range(op.arity))))
        result = translation.text(translation.of_shape(shape, args))
        return code.either(translation.bad, code.constant(math.nan), result)
    body = _body(op)
    names = dict(zip(body[0], (_Number(x, True) for x in args), strict=True))
    result = translation.text(translation.block(body[1], names))
    if trusted:
        return result
    return code.either(translation.bad, code.constant(math.nan), result)


def _is_made_of_operations(function: Any) -> bool:
    """Whether a function asks for nothing but operations, so that terms show what it computes."""
    if not isinstance(function, FunctionType) or function.__defaults__ or function.__closure__:
        return False
    names = function.__code__.co_names
    return bool(names) and all(isinstance(function.__globals__.get(x), Op) for x in names)


def _shape(term: Any) -> Shape:
    if not isinstance(term, Term):
        return float(term)
    if term.op is None:
        return term.args[0]
    return (term.op, *map(_shape, term.args))


@cache
def _body(op: Op) -> tuple[list[str], list[ast.stmt]]:
    text = definition(op, "f")
    if text is None:
        raise Untranslatable
    function: Any = ast.parse(text).body[0]
    return [x.arg for x in function.args.args], function.body


class _Number(NamedTuple):
    """A register, and whether Python would have a float there in any case, and not an int."""

    text: str
    is_float: bool


class _Translation:
    """A function's statements as assembly. Both sides of a branch are computed, and one is taken.

    bad  where Python would raise an error
    """

    def __init__(self, code: Assembly, trusted: bool) -> None:
        self.code = code
        self.trusted = trusted
        self.bad = self._truth(False)
        self.taken = self._truth(True)

    def _truth(self, value: bool) -> str:
        return self.code.abreast(str(value).lower(), "i1")

    def text(self, value: Any) -> str:
        if isinstance(value, _Number):
            return value.text
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            if isinstance(value, int) and abs(value) > EXACT:
                raise Untranslatable
            return self.code.constant(float(value))
        raise Untranslatable

    def of_shape(self, shape: Shape, args: Sequence[str]) -> Any:
        """What a term of operations on floats comes to; Python raises an error in some of them."""
        if isinstance(shape, int):
            return _Number(args[shape], True)
        if isinstance(shape, float):
            return shape
        op, *parts = shape
        texts = [self.text(self.of_shape(part, args)) for part in parts]
        result = applied(self.code, op, texts)
        if f"{origin(op)}.{getattr(op.function, '__name__', '')}" == "_operator.truediv":
            self._raise(self.code.compared("oeq", texts[1], self.code.constant(0.0)))
        elif origin(op) != "_operator":
            fine = self.code.finite(result)
            self._raise(self.code.both("xor", fine, self._truth(True)))
        return _Number(result, True)

    def block(self, statements: Sequence[ast.stmt], names: Mapping[str, Any]) -> Any:
        """What the statements return."""
        names = dict(names)
        for place, statement in enumerate(statements):
            if isinstance(statement, ast.Return) and statement.value:
                return self.value(statement.value, names)
            if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
                if len(statement.targets) > 1:
                    raise Untranslatable
                names[statement.targets[0].id] = self.value(statement.value, names)
            elif isinstance(statement, ast.If):
                rest = list(statements[place + 1 :])
                return self._chosen(
                    self.asked(statement.test, names),
                    lambda body=[*statement.body, *rest]: self.block(body, names),
                    lambda body=[*statement.orelse, *rest]: self.block(body, names),
                )
            elif not _is_documentation(statement):
                raise Untranslatable
        raise Untranslatable

    def _chosen(self, condition: str, first: Any, second: Any) -> _Number:
        taken = self.taken
        self.taken = self.code.both("and", taken, condition)
        x = first()
        otherwise = self.code.both("xor", condition, self._truth(True))
        self.taken = self.code.both("and", taken, otherwise)
        y = second()
        self.taken = taken
        return _Number(
            self.code.either(condition, self.text(x), self.text(y)), _is_float(x) and _is_float(y)
        )

    def asked(self, test: ast.expr, names: Mapping[str, Any]) -> str:
        """Whether a condition holds."""
        if isinstance(test, ast.Compare):
            sides = [self.text(self.value(x, names)) for x in (test.left, *test.comparators)]
            truths = [
                self.code.compared(_known(_COMPARISONS, how), *sides[k : k + 2])
                for k, how in enumerate(test.ops)
            ]
        elif isinstance(test, ast.BoolOp):
            truths = [self.asked(x, names) for x in test.values[:1]]
            if len(test.values) > 1:  # what stands behind might not be asked, and so may not raise
                before = self.bad
                truths = [self.asked(x, names) for x in test.values]
                if self.bad != before:
                    raise Untranslatable
        elif isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            return self.code.both("xor", self.asked(test.operand, names), self._truth(True))
        else:
            number = self.text(self.value(test, names))
            return self.code.compared("une", number, self.code.constant(0.0))
        result = truths[0]
        for truth in truths[1:]:
            how = "or" if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or) else "and"
            result = self.code.both(how, result, truth)
        return result

    def value(self, node: ast.expr, names: Mapping[str, Any]) -> Any:
        """A number that Python knows, or a register."""
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            return node.value
        if isinstance(node, ast.Name) and node.id in names:
            return names[node.id]
        if isinstance(node, ast.Attribute) and _is_math(node.value):
            if node.attr in ("pi", "e", "tau", "inf", "nan"):
                return getattr(math, node.attr)
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
            return self._signed(node.op, self.value(node.operand, names))
        elif isinstance(node, ast.BinOp):
            name = _known(_OPERATORS, node.op)
            return self._combined(name, self.value(node.left, names), self.value(node.right, names))
        elif isinstance(node, ast.IfExp):
            return self._chosen(
                self.asked(node.test, names),
                lambda: self.value(node.body, names),
                lambda: self.value(node.orelse, names),
            )
        elif isinstance(node, ast.Call) and not node.keywords:
            args = [self.value(x, names) for x in node.args]
            if isinstance(node.func, ast.Attribute) and _is_math(node.func.value):
                return self.called(node.func.attr, args)
            if isinstance(node.func, ast.Name):
                return self.builtin(node.func.id, args)
        raise Untranslatable

    def _signed(self, op: ast.unaryop, x: Any) -> Any:
        if not isinstance(x, _Number):
            return -x if isinstance(op, ast.USub) else x
        if isinstance(op, ast.UAdd):
            return x
        if not x.is_float:  # −0 is 0 where it is an int
            raise Untranslatable
        return _Number(self.code.negative(x.text), True)

    def _combined(self, name: str, x: Any, y: Any) -> Any:
        if not _is_float(x) and not _is_float(y):  # ints have more digits than floats
            raise Untranslatable
        if name == "pow":
            return self.called("pow", [x, y])
        a, b = self.text(x), self.text(y)
        if name == "fdiv":
            self._raise(self.code.compared("oeq", b, self.code.constant(0.0)))
        return _Number(self.code.arithmetic(name, a, b), True)

    def called(self, name: str, args: Sequence[Any]) -> _Number:
        """What a function of `math` gives."""
        if OF_C.get(name) != len(args):
            raise Untranslatable
        texts = [self.text(x) for x in args]
        result = self.code.call(name, texts)
        if name not in ("fabs", "copysign"):
            fine = self.code.finite(result)
            self._raise(self.code.both("xor", fine, self._truth(True)))
        return _Number(result, True)

    def builtin(self, name: str, args: Sequence[Any]) -> _Number:
        """What a function of Python's own gives."""
        texts = [self.text(x) for x in args]
        if name in ("max", "min") and len(args) > 1:
            best = texts[0]
            for x in texts[1:]:
                better = self.code.compared("ogt" if name == "max" else "olt", x, best)
                best = self.code.either(better, x, best)
            return _Number(best, all(map(_is_float, args)))
        if name == "abs" and len(args) == 1:
            return _Number(self.code.call("fabs", texts), _is_float(args[0]))
        if name == "float" and len(args) == 1:
            return _Number(texts[0], True)
        raise Untranslatable

    def _raise(self, condition: str) -> None:
        if not self.trusted:  # a row of the table gives what is not finite where it raises
            self.bad = self.code.both("or", self.bad, self.code.both("and", self.taken, condition))


def _is_float(x: Any) -> bool:
    return x.is_float if isinstance(x, _Number) else isinstance(x, float)


def _is_math(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "math"


def _is_documentation(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _known(table: Mapping[type, str], node: Any) -> str:
    if type(node) not in table:
        raise Untranslatable
    return table[type(node)]


@cache
def translates(op: Op) -> bool:
    """Whether a row of one's own can be machine code."""
    code = Assembly(1)
    try:
        applied(code, op, [f"%x{k}" for k in range(op.arity)])
    except (Untranslatable, ArithmeticError, RecursionError, TypeError):
        return False
    return True
