"""Terms and the functions of operations as LLVM's assembly: what Python computes, or nothing."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial, reduce
from itertools import pairwise
from typing import Any, NamedTuple, TypeAlias

from autograd import ops
from autograd.op import Op
from autograd.replay.assembly import OF_C, Assembly
from autograd.replay.reading import (
    Untranslatable,
    body_of,
    is_documentation,
    is_made_of_operations,
    is_math,
    known,
)
from autograd.replay.terms import OfFloats, Term, origin, power_of_floats

_OPERATORS: dict[type, str] = {
    ast.Add: "fadd", ast.Sub: "fsub", ast.Mult: "fmul", ast.Div: "fdiv", ast.Pow: "pow",
}  # fmt: skip
_COMPARISONS: dict[type, str] = {
    ast.Lt: "olt", ast.LtE: "ole", ast.Gt: "ogt", ast.GtE: "oge", ast.Eq: "oeq", ast.NotEq: "une",
}  # fmt: skip
EXACT = 2**53  # up to here, every int is a float


_NAMED = ("pi", "e", "tau", "inf", "nan")  # numbers of `math`


def _differ(code: Assembly, x: str, y: str) -> str:
    return code.either(code.compared("une", x, y), code.constant(1.0), code.constant(0.0))


# What Python's own functions are in machine code, by module and name.
_OF_PYTHON: dict[str, Callable[..., str]] = {
    "_operator.add": lambda code, x, y: code.arithmetic("fadd", x, y),
    "_operator.sub": lambda code, x, y: code.arithmetic("fsub", x, y),
    "_operator.mul": lambda code, x, y: code.arithmetic("fmul", x, y),
    "_operator.truediv": lambda code, x, y: code.arithmetic("fdiv", x, y),
    "_operator.neg": lambda code, x: code.negative(x),
    "_operator.ne": _differ,
}


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
    spelled = _spelled(op)
    if spelled in _OF_PYTHON:
        return _OF_PYTHON[spelled](code, *args)
    translation = _Translation(code, trusted=op.__module__ == ops.__name__)
    result = translation.text(translation.function(op, [_Number(x, True) for x in args]))
    if translation.trusted or origin(op) in ("math", "builtins"):
        return result
    return code.either(translation.bad, code.constant(math.nan), result)


def _spelled(op: Op) -> str:
    """The module and the name of the function that computes `op`."""
    return f"{origin(op)}.{getattr(op.function, '__name__', '')}"


def _shape(term: Any) -> Shape:
    if not isinstance(term, Term):
        return float(term)
    if term.op is None:
        return term.args[0]
    return (term.op, *map(_shape, term.args))


class _Number(NamedTuple):
    """A register, and whether Python would have a float there in any case, and not an int."""

    text: str
    is_float: bool


class _Side(NamedTuple):
    """One side of a branch: where it is taken, what it comes to, and the lines for that."""

    condition: str
    number: Any
    text: str
    lines: list[str]

    @property
    def has_calls(self) -> bool:
        """Whether it calls a function of C."""
        return any("@hg." in line for line in self.lines)


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

    def function(self, op: Op, args: Sequence[_Number]) -> Any:
        """What the function of an operation gives."""
        function: Any = op.function
        if origin(op) == "math":
            return self.called(function.__name__, args)
        if origin(op) == "builtins":
            return self.builtin(function.__name__, args)
        if is_made_of_operations(function):
            kind = Term if self.trusted else OfFloats
            shape = _shape(function(*(kind(None, (k,)) for k in range(op.arity))))
            return self.of_shape(shape, args)
        names, statements = body_of(op)
        return self.block(statements, dict(zip(names, args, strict=True)))

    def of_shape(self, shape: Shape, args: Sequence[_Number]) -> Any:
        """What a term of operations on floats comes to; Python raises an error in some of them."""
        if isinstance(shape, int):
            return args[shape]
        if isinstance(shape, float):
            return shape
        op, *parts = shape
        texts = [self.text(self.of_shape(part, args)) for part in parts]
        result = applied(self.code, op, texts)
        if _spelled(op) == "_operator.truediv":
            self._raise(self.code.compared("oeq", texts[1], self.code.constant(0.0)))
        elif op is power_of_floats:
            self._raise(self._refused(result, texts))
        elif origin(op) != "_operator":
            for x in (*texts, result):  # it takes and gives finite numbers alone
                self._raise(self._not(self.code.finite(x)))
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
            elif not is_documentation(statement):
                raise Untranslatable
        raise Untranslatable

    def _chosen(self, condition: str, first: Any, second: Any) -> _Number:
        otherwise = self._not(condition)
        x, y = self._side(condition, first), self._side(otherwise, second)
        is_float = _is_float(x.number) and _is_float(y.number)
        if self.trusted and (x.has_calls or y.has_calls):
            return _Number(self._branched(x, y), is_float)
        self.code.do(*x.lines, *y.lines)
        return _Number(self.code.either(condition, x.text, y.text), is_float)

    def _side(self, condition: str, side: Any) -> _Side:
        """What is computed where the condition holds; its lines are to be written yet."""
        taken, start = self.taken, len(self.code.lines)
        self.taken = self.code.both("and", taken, condition)
        number = side()
        text = self.text(number)
        self.taken = taken
        lines = self.code.lines[start:]
        del self.code.lines[start:]
        return _Side(condition, number, text, lines)

    def _branched(self, *sides: _Side) -> str:
        """The sides, one with calls only where a lane needs it: such a call may take long."""
        code = self.code
        result = code.local(code.type)
        for place, side in enumerate(sorted(sides, key=lambda side: side.has_calls)):
            with code.when(code.anywhere(side.condition) if side.has_calls else "true"):
                code.do(*side.lines)
                after = side.text
                if place and code.lanes > 1:  # the lanes of the other side stay
                    before = code.set(f"load {code.type}, ptr {result}, align 8")
                    after = code.either(side.condition, side.text, before)
                code.do(f"store {code.type} {after}, ptr {result}, align 8")
        return code.set(f"load {code.type}, ptr {result}, align 8")

    def asked(self, test: ast.expr, names: Mapping[str, Any]) -> str:
        """Whether a condition holds."""
        if isinstance(test, ast.Compare):
            return self._all_compared(test, names)
        if isinstance(test, ast.BoolOp):
            return self._any_or_all(test, names)
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            return self._not(self.asked(test.operand, names))
        number = self.text(self.value(test, names))
        return self.code.compared("une", number, self.code.constant(0.0))

    def _all_compared(self, test: ast.Compare, names: Mapping[str, Any]) -> str:
        """Whether each side of a chain of comparisons stands so to the next."""
        sides = [self.text(self.value(x, names)) for x in (test.left, test.comparators[0])]
        before = self.bad
        sides += [self.text(self.value(x, names)) for x in test.comparators[1:]]
        if self.bad != before:  # what stands behind might not be asked, and so may not raise
            raise Untranslatable
        hows = [known(_COMPARISONS, how) for how in test.ops]
        truths = [
            self.code.compared(how, *pair) for how, pair in zip(hows, pairwise(sides), strict=True)
        ]
        return reduce(partial(self.code.both, "and"), truths)

    def _any_or_all(self, test: ast.BoolOp, names: Mapping[str, Any]) -> str:
        first = self.asked(test.values[0], names)
        before = self.bad
        others = [self.asked(x, names) for x in test.values[1:]]
        if self.bad != before:  # what stands behind might not be asked, and so may not raise
            raise Untranslatable
        how = "or" if isinstance(test.op, ast.Or) else "and"
        return reduce(partial(self.code.both, how), others, first)

    def value(self, node: ast.expr, names: Mapping[str, Any]) -> Any:
        """A number that Python knows, or a register."""
        read = getattr(self, f"_read_{type(node).__name__}", None)
        if read is None:
            raise Untranslatable
        return read(node, names)

    def _read_Constant(self, node: ast.Constant, names: Mapping[str, Any]) -> Any:
        if type(node.value) not in (int, float):
            raise Untranslatable
        return node.value

    def _read_Name(self, node: ast.Name, names: Mapping[str, Any]) -> Any:
        if node.id not in names:
            raise Untranslatable
        return names[node.id]

    def _read_Attribute(self, node: ast.Attribute, names: Mapping[str, Any]) -> Any:
        if not is_math(node.value) or node.attr not in _NAMED:
            raise Untranslatable
        return getattr(math, node.attr)

    def _read_UnaryOp(self, node: ast.UnaryOp, names: Mapping[str, Any]) -> Any:
        if not isinstance(node.op, (ast.USub, ast.UAdd)):
            raise Untranslatable
        x = self.value(node.operand, names)
        if isinstance(node.op, ast.UAdd):
            return x
        if not isinstance(x, _Number):
            return -x
        if not x.is_float:  # −0 is 0 where it is an int
            raise Untranslatable
        return _Number(self.code.negative(x.text), True)

    def _read_BinOp(self, node: ast.BinOp, names: Mapping[str, Any]) -> Any:
        name = known(_OPERATORS, node.op)
        x, y = self.value(node.left, names), self.value(node.right, names)
        if not _is_float(x) and not _is_float(y):  # ints have more digits than floats
            raise Untranslatable
        if name == "pow":
            return self.called("pow", [x, y])
        a, b = self.text(x), self.text(y)
        if name == "fdiv":
            self._raise(self.code.compared("oeq", b, self.code.constant(0.0)))
        return _Number(self.code.arithmetic(name, a, b), True)

    def _read_IfExp(self, node: ast.IfExp, names: Mapping[str, Any]) -> Any:
        return self._chosen(
            self.asked(node.test, names),
            lambda: self.value(node.body, names),
            lambda: self.value(node.orelse, names),
        )

    def _read_Call(self, node: ast.Call, names: Mapping[str, Any]) -> Any:
        args = [self.value(x, names) for x in node.args]
        if isinstance(node.func, ast.Attribute) and is_math(node.func.value):
            call, name = self.called, node.func.attr
        elif isinstance(node.func, ast.Name):
            call, name = self.builtin, node.func.id
        else:
            raise Untranslatable
        if node.keywords:
            raise Untranslatable
        return call(name, args)

    def called(self, name: str, args: Sequence[Any]) -> _Number:
        """What a function of `math` gives."""
        if OF_C.get(name) != len(args):
            raise Untranslatable
        texts = [self.text(x) for x in args]
        result = self.code.call(name, texts)
        if name not in ("fabs", "copysign"):
            self._raise(self._refused(result, texts))
        return _Number(result, True)

    def _refused(self, result: str, args: Sequence[str]) -> str:
        """Whether Python raises an error for what a function of C gives: what is not finite of
        finite numbers, and what is no number of numbers.
        """
        code = self.code
        finite = reduce(partial(code.both, "and"), map(code.finite, args))
        numbers = reduce(partial(code.both, "and"), (code.compared("ord", x, x) for x in args))
        no_number = code.both("and", numbers, code.compared("uno", result, result))
        past_range = code.both("and", finite, self._not(code.finite(result)))
        return code.both("or", no_number, past_range)

    def _not(self, truth: str) -> str:
        return self.code.both("xor", truth, self._truth(True))

    def builtin(self, name: str, args: Sequence[Any]) -> _Number:
        """What a function of Python's own gives."""
        texts = [self.text(x) for x in args]
        if name in ("max", "min") and len(args) > 1:
            return _Number(self._extreme(name, texts), all(map(_is_float, args)))
        if name == "abs" and len(args) == 1:
            return _Number(self.code.call("fabs", texts), _is_float(args[0]))
        if name == "float" and len(args) == 1:
            return _Number(texts[0], True)
        raise Untranslatable

    def _extreme(self, name: str, texts: Sequence[str]) -> str:
        """The largest or the smallest: of equal ones the first, as in Python."""
        best = texts[0]
        for x in texts[1:]:
            better = self.code.compared("ogt" if name == "max" else "olt", x, best)
            best = self.code.either(better, x, best)
        return best

    def _raise(self, condition: str) -> None:
        if not self.trusted:  # a row of the table gives what is not finite where it raises
            self.bad = self.code.both("or", self.bad, self.code.both("and", self.taken, condition))


def _is_float(x: Any) -> bool:
    return x.is_float if isinstance(x, _Number) else isinstance(x, float)


@cache
def translates(op: Op) -> bool:
    """Whether a row of one's own can be machine code."""
    code = Assembly(1)
    try:
        applied(code, op, [f"%x{k}" for k in range(op.arity)])
    except (Untranslatable, ArithmeticError, RecursionError, TypeError):
        return False
    return True
