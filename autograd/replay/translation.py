"""Terms and the functions of operations as LLVM's assembly: what Python computes, or nothing."""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping, Sequence
from functools import cache
from types import FunctionType
from typing import Any, NamedTuple, TypeAlias

from autograd import ops
from autograd.op import Op
from autograd.replay.assembly import OF_C, Assembly
from autograd.replay.terms import Term, definition, origin

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
