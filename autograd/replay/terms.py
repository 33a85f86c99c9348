"""Operations as terms, and terms as Python code: what every engine is written with."""

from __future__ import annotations

import ast
import builtins
import keyword
import linecache
import math
import operator
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from itertools import count, product
from types import CodeType, FunctionType
from typing import Any

from autograd import ops
from autograd.formula import Written
from autograd.op import ATOM, NEGATIVE, POWER, PRODUCT, SUM, Op
from autograd.symbolic import Symbolic
from autograd.value import Value

_FUNCTIONS = (ast.Lambda, ast.FunctionDef)


class Term(Symbolic):
    """An operation that is written and not computed: given these for its arguments, a partial
    writes itself down.

    op    the operation; None where the term stands for `args[0]`, something that has a name
    args  terms and numbers

    >>> x = Value(3.0, label="x")
    >>> written(ops.mul.partials[1](Term(None, (x,)), 2.0, None) + 1, Names()).text
    'x + 1'
    """

    __slots__ = ("args", "op")

    def __init__(self, op: Op | None, args: tuple[Any, ...]) -> None:
        self.op = op
        self.args = args

    @classmethod
    def _apply(cls, op: Op, args: tuple[Any, ...]) -> Any:
        if op is ops.mul:  # by ±1 it is exact
            for factor, other in (args, args[::-1]):
                if _is_one_of(factor, (1, -1)):
                    return other if factor == 1 else cls(ops.neg, (other,))
        if op in (ops.pow, power_of_floats) and _is_one_of(args[1], (1,)):
            return args[0]
        return cls(op, args)

    def __ne__(self, other: object) -> Any:
        return Term(_differs, (self, other))

    def _ask(self, *other: object) -> bool:
        raise TypeError("it asks for the number of an argument")

    __eq__ = __bool__ = __float__ = __lt__ = __le__ = __gt__ = __ge__ = _ask


class OfFloats(Term):
    """A term in a function or a partial of one's own, which the eager pass gives floats: there `**`
    is Python's, and a square is what C's pow gives.
    """

    __slots__ = ()

    def __pow__(self, other: Any) -> Any:
        return self._apply(power_of_floats, (self, other))

    def __rpow__(self, other: Any) -> Any:
        return self._apply(power_of_floats, (other, self))


def _is_one_of(number: Any, numbers: tuple[int, ...]) -> bool:
    return not isinstance(number, Term) and number in numbers


# What pow's partial asks of its exponent, and what `**` is to floats. They are no rows: nothing is
# derived through them.
_differs = Op("differs", operator.ne, lambda x, y, z: 0.0, lambda x, y, z: 0.0)
power_of_floats = Op("power", math.pow, *ops.pow.partials, reads=lambda x, y: x**y)

# How Python writes what is not a call, and how strongly that binds.
FORMS: dict[Any, tuple[str, int]] = {
    operator.add: ("{:1} + {:2}", SUM),
    operator.sub: ("{:1} - {:2}", SUM),
    operator.mul: ("{:3} * {:4}", PRODUCT),
    operator.truediv: ("{:3} / {:4}", PRODUCT),
    operator.neg: ("-{:3}", NEGATIVE),
    operator.ne: ("({:1} != {:1})", ATOM),
}


def slope_of(op: Op, place: int, args: Sequence[Any], result: Any) -> Any:
    """The partial derivative by the argument at `place`, written in terms; a number where it is
    constant.

    TypeError where it is not made of operations.
    """
    terms = (*args, result)
    if op.__module__ != ops.__name__:
        terms = tuple(OfFloats(x.op, x.args) if isinstance(x, Term) else x for x in terms)
    try:
        return op.partials[place](*terms)
    except (TypeError, AttributeError) as error:
        raise TypeError(
            f"partial {place + 1} of {op.name} must be made of operations, without a Python if or a"
            " function of "
            f"math, to be replayed: {error}"
        ) from None


def written(term: Any, names: Names) -> Written:
    """A term or a number as Python code; `names` holds how each thing and each operation is
    called.
    """
    if not isinstance(term, Term):
        return names.constant(term)
    if term.op is None:
        return names[term.args[0]]
    parts = [written(x, names) for x in term.args]
    form, binding = FORMS.get(term.op.function, ("", ATOM))
    if term.op in (ops.pow, power_of_floats) and _is_whole(term.args[1]):
        form, binding = _form_of_power(term.op, parts[0], term.args[1])
    if form:
        return Written(form.format(*parts), binding, "text")
    # As floats, for max(x, 0) may be 0.
    args = [
        part.text if isinstance(x, Term) else repr(float(x))
        for part, x in zip(parts, term.args, strict=True)
    ]
    return names.called(term.op, args)


def _is_whole(exponent: Any) -> bool:
    """Whether `**` does what `math.pow` does; of −1, any other makes a complex number."""
    return not isinstance(exponent, Term) and exponent == int(exponent)


def _form_of_power(op: Op, base: Written, exponent: float) -> tuple[str, int]:
    """How a power is written: a square as a product, but for a base that is long."""
    if exponent != 2 or op is power_of_floats:
        return "{:5} ** {:5}", POWER
    return ("", ATOM) if "(" in base.text else ("{0:3} * {0:4}", PRODUCT)


def definition(op: Op, name: str) -> str | None:
    """The text `def name(x): …` of a row's function that needs nothing but `math`; None where there
    is no such text.

    >>> print(definition(ops.step, "step"))
    def step(x):
        return 1.0 if x > 0.0 else 0.0
    """
    function: Any = op.function
    if not isinstance(function, FunctionType) or function.__defaults__ or function.__closure__:
        return None
    for node in _at_its_line(function):
        plain = _without_annotations(node, name)
        if _same(_compiled(plain), function.__code__) and _asks_for_math_alone(plain, function):
            return ast.unparse(plain)
    return None


def _at_its_line(function: Any) -> Iterator[ast.Lambda | ast.FunctionDef]:
    """Yield what is defined on the line of a function in its file."""
    code = function.__code__
    with suppress(SyntaxError):
        module = ast.parse("".join(linecache.getlines(code.co_filename, function.__globals__)))
        for node in ast.walk(module):
            if isinstance(node, _FUNCTIONS) and node.lineno == code.co_firstlineno:
                yield node


def _without_annotations(node: ast.Lambda | ast.FunctionDef, name: str) -> ast.FunctionDef:
    """Return the function as a `def`, with this name."""
    body: list[ast.stmt] = [ast.Return(node.body)] if isinstance(node, ast.Lambda) else node.body
    arguments = [ast.arg(x.arg) for x in node.args.args]
    return ast.FunctionDef(name, ast.arguments([], arguments, None, [], [], None, []), body, [])


def _compiled(function: ast.FunctionDef) -> CodeType:
    # Python compiles the call of a function of an imported module in its own way.
    module = ast.Module([*ast.parse("import math").body, function], [])
    found: dict[str, Any] = {}
    exec(compile(ast.fix_missing_locations(module), "", "exec"), found)
    code: CodeType = found[function.name].__code__
    return code


def _asks_for_math_alone(plain: ast.FunctionDef, function: FunctionType) -> bool:
    """Whether all names but its own are `math`, or Python's own."""
    names = {x.id for x in ast.walk(plain) if isinstance(x, ast.Name)}
    others = names.difference(function.__code__.co_varnames)
    return all(_is_plain(x, function.__globals__) for x in others)


def _same(one: CodeType, other: CodeType) -> bool:
    """Whether two functions do the same: several may stand in one line."""
    parts = ("co_code", "co_consts", "co_names", "co_varnames")
    return all(getattr(one, part) == getattr(other, part) for part in parts)


def _is_plain(name: str, known: Mapping[str, Any]) -> bool:
    return (
        known.get(name) is math if name == "math" else name not in known and hasattr(builtins, name)
    )


class Names(dict[Any, Written]):
    """How each Value and each operation is written where it is used: by its name, unless it was
    given other code.

    functions  the operations that were asked for, by name
    before     what the code that was written last needs: expressions by the names they are to have
    """

    def __init__(self, reserved: Iterable[str] = ()) -> None:
        self.functions: dict[str, Op] = {}
        self.before: dict[str, Written] = {}
        self._titles: dict[Value, str] = {}
        self._unlabelled = count(1)
        # What each name stands for: the table's functions have theirs from the beginning.
        self._taken: dict[str, Any] = dict.fromkeys(
            ("math", *reserved, *keyword.kwlist, *dir(builtins))
        )
        self._taken.update((_spelling(op), op.function) for op in ops.TABLE)

    def __missing__(self, key: Value | Op) -> Written:
        if isinstance(key, Value):
            name = self.title(key)
        else:
            name = _spelling(key)
            while self._taken.setdefault(name, key.function) is not key.function:
                name += "_"
            self.functions[name] = key
        self[key] = Written(name, ATOM, "text")
        return self[key]

    def constant(self, number: float) -> Written:
        text = repr(number).removesuffix(".0")
        if text == "-0":
            text = "-0.0"
        return Written(text, NEGATIVE if text[0] == "-" else ATOM, "text")

    def called(self, op: Op, args: Sequence[str]) -> Written:
        """An operation that has no sign of its own."""
        return Written(f"{self[op].text}({', '.join(args)})", ATOM, "text")

    def title(self, v: Value) -> str:
        """Its label as Python takes it, or v1, v2, …: no other has this name, nor the derivative of
        another, `d_name`.

        >>> Names().title(Value(1.0, label="50 %"))
        '_50__'
        """
        if v not in self._titles:
            name = _identifier(v.label) if v.label else f"v{next(self._unlabelled)}"
            while name in self._taken or f"d_{name}" in self._taken:
                name = name + "_" if v.label else f"v{next(self._unlabelled)}"
            self._taken[name] = self._taken[f"d_{name}"] = v
            self._titles[v] = name
        return self._titles[v]


def origin(op: Op) -> str:
    """The module of the function that computes `op`: "math" and "builtins" are Python's own."""
    return getattr(op.function, "__module__", None) or ""


def _spelling(op: Op) -> str:
    return op.function.__name__ if origin(op) in ("math", "builtins") else _identifier(op.name)


def _identifier(words: str) -> str:
    """The words as a name that Python takes."""
    letters = unicodedata.normalize("NFKC", words)  # as Python reads a name
    name = "".join(c if f"a{c}".isidentifier() else "_" for c in letters)
    return name if name.isidentifier() else f"_{name}"


def references(term: Any) -> Iterator[Any]:
    """What a term refers to by name."""
    if isinstance(term, Term):
        for x in term.args:
            if term.op is None:
                yield x
            else:
                yield from references(x)


def shows(op: Op, args: Sequence[Any], place: int) -> bool:
    """Whether infinity or nan for the argument at `place` shows in the result, and is not hidden as
    in 1/∞ or σ(∞).

    What is not a float among `args` may have any number; of a row of one's own little is known
    then.

    >>> shows(ops.div, "xy", 0), shows(ops.div, "xy", 1)
    (True, False)
    """
    return _shows(op, tuple(x if isinstance(x, float) else None for x in args), place)


def hidden(v: Any) -> list[Value]:
    """Return the arguments of a node that may be infinite or nan without its showing that."""
    return [
        x
        for place, x in enumerate(v.args)
        if isinstance(x, Value) and not shows(v.op, v.args, place)
    ]


def hiding(term: Any) -> Iterator[Term]:
    """Yield the terms in a term that may be infinite or nan without its showing that."""
    if isinstance(term, Term) and term.op is not None:
        for place, x in enumerate(term.args):
            yield from hiding(x)
            if isinstance(x, Term) and x.op is not None and not shows(term.op, term.args, place):
                yield x


@cache
def _shows(op: Op, args: tuple[float | None, ...], place: int) -> bool:
    if op not in ops.TABLE and op.arity > 1:
        return False
    for bad, other in product((math.inf, -math.inf, math.nan), (0.5, -0.5)):
        numbers = [other if x is None else x for x in args]
        numbers[place] = bad
        if _is_finite_at(op, numbers):
            return False
    return True


def _is_finite_at(op: Op, numbers: Sequence[float]) -> bool:
    with suppress(Exception):  # a function of one's own may raise any
        return math.isfinite(op.function(*numbers))
    return False


def filled(template: str, **parts: str | list[str]) -> str:
    """The template with each of its words in capitals replaced: by a word, or a line that it fills
    by lines.

    >>> filled("if x:\\n    THEN", THEN=["y = 1", "z = 2"])
    'if x:\\n    y = 1\\n    z = 2'
    """
    lines = []
    for line in template.splitlines():
        part = parts.get(line.strip())
        if isinstance(part, list):
            lines += [line.replace(line.strip(), statement) for statement in part or ["pass"]]
        else:
            lines.append(re.sub("[A-Z]{3,}", lambda word: str(parts.get(word[0], word[0])), line))
    return "\n".join(lines)
