"""Op: what an operation is. The rows of the table are made of it, and rows of one's own."""

import math
import reprlib
import sys
from collections.abc import Callable
from numbers import Complex, Number, Real
from typing import Any

# How strongly a written form binds: an argument that binds weaker than its place asks for is put
# in brackets.
SUM, NEGATIVE, PRODUCT, POWER, ATOM = 1, 2, 3, 4, 5

CO_VARARGS = 0x04  # inspect.CO_VARARGS, whose module is slow to import
RANGE = "past the range of a float, ±1.8e308"

recorded: type = type(None)  # Value, once there is one


class DomainError(ArithmeticError, ValueError):
    """A number outside a function's domain, past a float's range, or not finite.

    It is both an ArithmeticError and a ValueError, for Python raises the one for 1/0 and the other
    for log(-1).
    """


class Op:
    """One operation: a row of the table. Call it on floats for a float, on Values for a Value.

    name       its name: the variable it is bound to, and the method of `Value` in the table
    function   floats in, one float out; ArithmeticError or ValueError where it is not defined
    partials   the partial derivative by each argument: a function of the arguments and the result,
               made of operations, so that it can be derived again
    doc        what it computes, in words: what `help` shows
    symbol     what a node shows in a picture; the name unless given
    text       how it is written: a format string with a place `{:n}` for each argument, which gets
               brackets if it binds weaker than n; `{:^}` is a superscript. `name(…)` unless given
    latex      the same in LaTeX
    binding    how strongly the written form itself binds
    domain     where it is defined, as it stands in an error: "x > 0"; "" where everywhere
    smooth     where the derivative exists, if that is less than the domain
    reads      the operation as the blackboard has it, a function of the arguments made of
               operations, where `function` computes the same with more care

    Raises TypeError where a part is not a function, or takes the wrong number of arguments.

    >>> from autograd import Value
    >>> cube = Op("cube", lambda x: x**3, lambda x, z: 3 * x**2)
    >>> cube(2.0)
    8.0
    >>> x = Value(2.0)
    >>> cube(x).backward()
    >>> x.grad
    12.0
    """

    def __init__(
        self,
        name: str,
        function: Callable[..., float],
        *partials: Callable[..., Any],
        doc: str = "",
        symbol: str = "",
        text: str = "",
        latex: str = "",
        binding: int = ATOM,
        domain: str = "",
        smooth: str = "",
        reads: Callable[..., Any] | None = None,
    ) -> None:
        if not isinstance(name, str):
            raise TypeError(f"the name of an Op is a string, not {type(name).__name__}: {name!r}")
        self.name = self.__name__ = name
        self.function = function
        self.partials = partials
        self.arity = len(partials)
        self.symbol = symbol or name
        holes = ", ".join(["{:0}"] * self.arity)
        self.text = text or f"{name}({holes})"
        escaped = name.replace("_", r"\_")
        self.latex = latex or rf"\operatorname{{{{{escaped}}}}}\left({holes}\right)"
        self.binding = binding
        self.domain = domain
        self.smooth = smooth or domain
        self.reads = reads
        # code that autograd.eager generates: of what is recorded, and of the table's rows
        self.apply: Callable[..., Any] = self._first_apply
        self.pull: Callable[[Any], None] = self._pull
        self.__doc__ = self._documentation(doc)
        # where pickle looks the name up
        self.__module__ = sys._getframe(1).f_globals.get("__name__", "__main__")
        if not partials:
            raise TypeError(
                f"Op({name!r}) needs one partial derivative for each argument, and has none"
            )
        _require(f"function of Op({name!r})", function, self.arity, "the arguments")
        for place, partial in enumerate(partials, 1):
            role = f"partial {place} of Op({name!r})"
            _require(role, partial, self.arity + 1, "the arguments and then the result")

    def _documentation(self, doc: str) -> str:
        arguments = ", ".join("xyz"[: self.arity] if self.arity <= 3 else ["…"])
        lines = [f"{self.name}({arguments}): {doc or 'an operation'}."]
        if self.domain:
            lines.append(f"Defined for {self.domain}; DomainError elsewhere.")
        if self.smooth != self.domain:
            lines.append(f"Its derivative exists for {self.smooth}.")
        lines.append("A number gives a float; a Value gives a Value, which is recorded.")
        return "\n\n".join([lines[0], "\n".join(lines[1:])])

    def __call__(self, x: Any, *others: Any) -> Any:
        if x.__class__ is recorded and self.arity == 1 and not others:
            return self.apply(x)
        args = (x, *others)
        if len(args) != self.arity:
            raise TypeError(f"{self.name} takes {self.arity} argument(s), not {len(args)}")
        for x in args:
            if x.__class__ is recorded:
                return self.apply(*args)
            # what stands for a number writes the operation down
            if x.__class__ is not float and hasattr(x, "_apply"):
                return x._apply(self, args)
        return self.compute(args, [real(x, self.name) for x in args])

    def compute(self, args: Any, numbers: Any) -> float:
        """Return the function at `numbers` as a float; `args` are what an error names.

        Raises DomainError where the function is not defined, and where its result is past a float's
        range; TypeError where the result is not a real number.

        >>> from autograd import log
        >>> log.compute([-1.0], [-1.0])
        Traceback (most recent call last):
            ...
        autograd.op.DomainError: log(-1.0) is not defined: it needs x > 0
        """
        try:
            result = self.function(*numbers)
            if result.__class__ is not float:
                result = self._as_float(result)
        except OverflowError:
            result = math.inf
        except (ArithmeticError, ValueError):
            result = math.nan
        if result - result == 0.0:  # finite
            return result
        raise self._undefined(args, result)

    def _undefined(self, args: Any, result: float) -> DomainError:
        """Return the error for a result that is not finite."""
        written = f"{self.name}({described(args)})"
        if math.isinf(result):
            return DomainError(f"{written} is {RANGE}")
        if self.domain:
            return DomainError(f"{written} is not defined: it needs {self.domain}")
        return DomainError(f"{written} is not defined: its result is not a number")

    def _as_float(self, result: Any) -> float:
        """Return a result of another kind as a float, inf where it is past the range of one."""
        try:
            return real(result, f"the result of {self.name}")
        except DomainError:
            return math.nan if result != result else math.inf

    def _first_apply(self, *args: Any) -> Any:
        from autograd.eager import applied  # which needs this module

        self.apply = applied(self)
        return self.apply(*args)

    def _pull(self, v: Any) -> None:
        """Add ∂root/∂v · ∂v/∂x to the gradient of each argument x of `v`: the chain rule."""
        numbers = [x if x.__class__ is float else x._data for x in v.args]
        for x, partial in zip(v.args, self.partials, strict=True):
            if x.__class__ is not float:
                term = v._grad * partial(*numbers, v._data)
                x._grad += term if term.__class__ is float else real(term)

    def __reduce__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"<Op {self.name}>"


def _require(role: str, function: Callable[..., Any], takes: int, what: str) -> None:
    """Raise TypeError unless `function` can take so many arguments."""
    if not callable(function):
        raise TypeError(f"{role} must be a function, not {type(function).__name__}")
    code = getattr(function, "__code__", None)
    takes_any_number = code is not None and code.co_flags & CO_VARARGS
    if code is None or takes_any_number:  # a built-in function does not say
        return
    least, most = _counts(function, code.co_argcount)
    if not least <= takes <= most:
        raise TypeError(f"{role} takes {most} argument(s), and must take {takes}: {what}")


def _counts(function: Callable[..., Any], arguments: int) -> tuple[int, int]:
    """Return how many arguments a function takes at least, and at most."""
    most = arguments - 1 if hasattr(function, "__self__") else arguments
    return most - len(getattr(function, "__defaults__", None) or ()), most


def real(x: Any, what: str = "Value") -> float:
    """Return `x` as a float; `what` is the part that takes it, as an error names it.

    Raises TypeError where it is not a real number, DomainError where it is not finite.

    >>> real(3)
    3.0
    >>> real("3")
    Traceback (most recent call last):
        ...
    TypeError: Value takes a real number, not str: '3'
    """
    if x.__class__ is not float:
        if not isinstance(x, Real) and not _is_like_real(x):
            raise TypeError(f"{what} takes a real number, not {type(x).__name__}: {_short(x)}")
        try:
            x = float(x)
        except OverflowError:
            limit = "a number in the range of a float, ±1.8e308; this one is larger"
            raise DomainError(f"{what} takes {limit}") from None
        except ValueError:
            x = math.nan
    if x - x != 0.0:
        raise DomainError(f"{what} takes a finite number, not {x}")
    return float(x)


def _is_like_real(x: Any) -> bool:
    """Whether it is a real number though no Real: Decimal is a Number only, numpy's bool
    neither.
    """
    decimal = isinstance(x, Number) and not isinstance(x, Complex)
    return decimal or (type(x).__module__ == "numpy" and type(x).__name__ in ("bool", "bool_"))


def _short(x: Any) -> str:
    try:
        return reprlib.repr(x)
    except ValueError:  # Python does not print integers of thousands of digits
        return type(x).__name__


def described(args: Any) -> str:
    """Return the arguments as an error names them: each Value by its label and its number.

    >>> from autograd import Value
    >>> described([Value(0.4, label="w5"), 2.0])
    'w5 = 0.4, 2.0'
    """
    words = []
    for x in args:
        label = getattr(x, "label", None)
        if not isinstance(label, str):
            words.append(_short(x))
        elif label:
            words.append(f"{label} = {x.data!r}")
        else:
            words.append(repr(x.data))
    return ", ".join(words)
