"""The table of operations: each is stated once, here, as one row.

A row says what the operation computes, its partial derivative for each argument, how it is written, and where it
is defined. All else is derived from the row: the eager step, the backward pass, derivatives of any order, formulas.

A partial is a plain function of the arguments and the result, `(x, z)` or `(x, y, z)`, made of operations. Given
floats it gives a float; given Values, a Value; given formulas, a formula. It holds no Python `if`: a branch would be
frozen into whatever is derived from it.

At a kink the derivative is a choice: relu and abs have slope 0 at 0; maximum and minimum give each of two equal
arguments half; step(0) and sign(0) are 0, and both are flat everywhere.
"""

import math
import operator
import reprlib
import sys
from collections.abc import Callable
from numbers import Complex, Number, Real
from typing import Any

# How strongly a written form holds together: an argument that binds weaker than its place asks for gets brackets.
SUM, NEGATIVE, PRODUCT, POWER, ATOM = 1, 2, 3, 4, 5


class DomainError(ArithmeticError, ValueError):
    """A number outside a function's domain, past a float's range, or not finite at all.

    It is both an ArithmeticError and a ValueError, for Python raises the one for 1/0 and the other for log(-1).
    """


class Op:
    """One operation: a row of the table. Call it on floats for a float, on Values for a Value.

    name       the name under which it is found: the variable it is bound to, and the method of `Value` in the table
    function   floats in, one float out; ArithmeticError or ValueError where it is not defined
    partials   one function for each argument, made of operations: `(*arguments, result)` to the partial derivative
    symbol     what a node shows in a picture; the name unless given
    text       how it is written: a format string with a hole `{:n}` for each argument, which gets brackets if it
               binds weaker than n; `{:^}` is a raised hole. `name(…)` unless given
    latex      the same in LaTeX
    binding    how strongly the written form itself binds
    domain     where it is defined, as it stands in an error: "x > 0"; "" where everywhere
    smooth     where the derivative exists, if that is less than the domain

    Raises TypeError where a part is not a function, or a Python function takes the wrong number of arguments.

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
        symbol: str = "",
        text: str = "",
        latex: str = "",
        binding: int = ATOM,
        domain: str = "",
        smooth: str = "",
    ) -> None:
        if not isinstance(name, str):
            raise TypeError(f"the name of an Op is a string, not {type(name).__name__}: {name!r}")
        self.name = name
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
        self.__module__ = sys._getframe(1).f_globals.get("__name__", "__main__")  # where pickle looks the name up
        if not partials:
            raise TypeError(f"Op({name!r}) needs one partial derivative for each argument, and has none")
        self._require("function", function, self.arity)
        for place, partial in enumerate(partials, 1):
            self._require(f"partial {place}", partial, self.arity + 1)

    def _require(self, role: str, function: Callable[..., Any], arguments: int) -> None:
        if not callable(function):
            raise TypeError(f"{role} of Op({self.name!r}) must be a function, not {type(function).__name__}")
        code = getattr(function, "__code__", None)
        if code is None or code.co_flags & 0x04:  # built in, or it takes *args
            return
        most = code.co_argcount - hasattr(function, "__self__")
        if not most - len(getattr(function, "__defaults__", None) or ()) <= arguments <= most:
            what = "the arguments and then the result" if role != "function" else "the arguments"
            raise TypeError(f"{role} of Op({self.name!r}) takes {most} argument(s), and must take {arguments}: {what}")

    def __call__(self, *args: Any) -> Any:
        if len(args) != self.arity:
            raise TypeError(f"{self.name} takes {self.arity} argument(s), not {len(args)}")
        for x in args:
            if x.__class__ is not float and hasattr(x, "_apply"):  # a Value knows how to apply a row, and record it
                return x._apply(self, args)
        return self.compute(args, [x if x.__class__ is float and x == x else real(x, self.name) for x in args])

    def compute(self, args: Any, numbers: Any) -> float:
        """The function at `numbers`, as a float; `args` are what an error names.

        Raises DomainError where the function is not defined, or its result is past a float's range; TypeError where
        the result is not a real number.

        >>> log.compute([-1.0], [-1.0])
        Traceback (most recent call last):
            ...
        autograd.ops.DomainError: log(-1.0) is not defined: it needs x > 0
        """
        try:
            result = self.function(*numbers)
            if result.__class__ is not float:
                result = real(result, f"the result of {self.name}")
        except OverflowError:
            result = math.inf
        except (ArithmeticError, ValueError):
            result = math.nan
        if result - result == 0.0:
            return result
        written = f"{self.name}({described(args)})"
        if math.isinf(result):
            raise DomainError(f"{written} is past the range of a float, ±1.8e308")
        needs = f"it needs {self.domain}" if self.domain else "its result is not a number"
        raise DomainError(f"{written} is not defined: {needs}")

    def __reduce__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"<Op {self.name}>"


def real(x: Any, what: str = "Value") -> float:
    """`x` as a float. TypeError where it is not a real number, DomainError where it is not finite; `what` takes it.

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
            raise DomainError(f"{what} takes a number in the range of a float, ±1.8e308; this one is larger") from None
        except ValueError:
            x = math.nan
    if x - x != 0.0:
        raise DomainError(f"{what} takes a finite number, not {x}")
    return float(x)


def _is_like_real(x: Any) -> bool:
    """Decimal is a Number and not a Real; numpy's bool is neither."""
    decimal = isinstance(x, Number) and not isinstance(x, Complex)
    return decimal or (type(x).__module__ == "numpy" and type(x).__name__ in ("bool", "bool_"))


def _short(x: Any) -> str:
    try:
        return reprlib.repr(x)
    except ValueError:  # Python does not print integers of thousands of digits
        return type(x).__name__


def described(args: Any) -> str:
    """The arguments as an error names them: each Value by its label and its number.

    >>> from autograd import Value
    >>> described([Value(0.4, label="w5"), 2.0])
    'w5 = 0.4, 2.0'
    """
    words = []
    for x in args:
        label = getattr(x, "label", None)
        words.append(_short(x) if not isinstance(label, str) else f"{label} = {x.data!r}" if label else repr(x.data))
    return ", ".join(words)


def _sigmoid(x: float) -> float:
    e = math.exp(-math.fabs(x))
    return (1.0 if x >= 0 else e) / (1.0 + e)


def _softplus(x: float) -> float:
    return max(x, 0.0) + math.log1p(math.exp(-math.fabs(x)))


log: Op
cos: Op

# fmt: off
# arithmetic
add = Op("add", operator.add,     lambda x, y, z: 1.0,
                                  lambda x, y, z: 1.0,
         symbol="+", text="{:1} + {:3}", latex="{:1} + {:3}", binding=SUM)

sub = Op("sub", operator.sub,     lambda x, y, z: 1.0,
                                  lambda x, y, z: -1.0,
         symbol="−", text="{:1} − {:3}", latex="{:1} - {:3}", binding=SUM)

mul = Op("mul", operator.mul,     lambda x, y, z: y,
                                  lambda x, y, z: x,
         symbol="×", text="{:3}·{:3}", latex=r"{:3} \cdot {:3}", binding=PRODUCT)

div = Op("div", operator.truediv, lambda x, y, z: 1 / y,
                                  lambda x, y, z: -z / y,
         symbol="÷", text="{:3}/{:4}", latex=r"\frac{{{:0}}}{{{:0}}}", binding=PRODUCT, domain="y ≠ 0")

pow = Op("pow", math.pow,         lambda x, y, z: y * x ** (y - (y != 0)),  # a constant y = 0 is flat, at x = 0 too
                                  lambda x, y, z: z * log(x),
         symbol="**", text="{:5}{:^}", latex="{:5}^{{{:0}}}", binding=POWER,
         domain="x > 0, or x < 0 with a whole y, or x = 0 with y ≥ 0",
         smooth="x > 0, or a constant y: whole, or at least 1 where x = 0")

neg = Op("neg", operator.neg,     lambda x, z: -1.0,
         symbol="−", text="−{:3}", latex="-{:3}", binding=NEGATIVE)

# functions of one argument
exp      = Op("exp",      math.exp,  lambda x, z: z,
              text="e{:^}", latex="e^{{{:0}}}", binding=POWER)
log      = Op("log",      math.log,  lambda x, z: 1 / x,
              text="ln({:0})", latex=r"\ln\left({:0}\right)", domain="x > 0")
sqrt     = Op("sqrt",     math.sqrt, lambda x, z: 1 / (2 * z),
              symbol="√", text="√({:0})", latex=r"\sqrt{{{:0}}}", domain="x ≥ 0", smooth="x > 0")
sin      = Op("sin",      math.sin,  lambda x, z: cos(x),      latex=r"\sin\left({:0}\right)")
cos      = Op("cos",      math.cos,  lambda x, z: -sin(x),     latex=r"\cos\left({:0}\right)")
tan      = Op("tan",      math.tan,  lambda x, z: 1 + z * z,   latex=r"\tan\left({:0}\right)")
tanh     = Op("tanh",     math.tanh, lambda x, z: 1 - z * z,   latex=r"\tanh\left({:0}\right)")
sigmoid  = Op("sigmoid",  _sigmoid,  lambda x, z: z * (1 - z),
              symbol="σ", text="σ({:0})", latex=r"\sigma\left({:0}\right)")
softplus = Op("softplus", _softplus, lambda x, z: sigmoid(x))
gaussian = Op("gaussian", lambda x: math.exp(-x * x), lambda x, z: -2 * (x * z),
              text="e^(−{:5}²)", latex="e^{{-{:5}^2}}", binding=POWER)
erf      = Op("erf",      math.erf,  lambda x, z: 2 / math.sqrt(math.pi) * gaussian(x))

# with a kink or a jump: there the derivative is the one stated here
step     = Op("step",     lambda x: 1.0 if x > 0 else 0.0, lambda x, z: 0.0)
sign     = Op("sign",     lambda x: math.copysign(1.0, x) if x else 0.0, lambda x, z: 0.0)
relu     = Op("relu",     lambda x: max(x, 0.0), lambda x, z: step(x))
abs      = Op("abs",      math.fabs, lambda x, z: sign(x),
              text="|{:0}|", latex=r"\left|{:0}\right|")
maximum  = Op("maximum",  max,       lambda x, y, z: (1 + sign(x - y)) / 2,
                                     lambda x, y, z: (1 - sign(x - y)) / 2,
              text="max({:0}, {:0})", latex=r"\max\left({:0}, {:0}\right)")
minimum  = Op("minimum",  min,       lambda x, y, z: (1 - sign(x - y)) / 2,
                                     lambda x, y, z: (1 + sign(x - y)) / 2,
              text="min({:0}, {:0})", latex=r"\min\left({:0}, {:0}\right)")
# fmt: on

TABLE: tuple[Op, ...] = tuple(row for row in list(globals().values()) if isinstance(row, Op))


# Composed of rows: no row of their own.
def leaky_relu(x: Any, slope: float = 0.01) -> Any:
    """x where it is positive, else slope·x, for a slope between 0 and 1; at 0 the derivative is (1 + slope)/2.

    >>> leaky_relu(-2.0)
    -0.02
    """
    if not 0 <= real(slope, "the slope of leaky_relu") <= 1:
        raise DomainError(f"leaky_relu takes a slope between 0 and 1, not {slope}")
    return maximum(x, slope * x)


def gelu(x: Any) -> Any:
    """x·Φ(x), with Φ the normal distribution function (Hendrycks and Gimpel, arXiv 1606.08415), not its tanh form.

    >>> round(gelu(1.0), 6)
    0.841345
    """
    return x * ((1 + erf(x * math.sqrt(0.5))) / 2)


def swish(x: Any) -> Any:
    """x·σ(x), also known as SiLU (arXiv 1702.03118).

    >>> round(swish(1.0), 6)
    0.731059
    """
    return x * sigmoid(x)
