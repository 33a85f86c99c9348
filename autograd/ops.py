"""The table of operations: each is stated once, here, as one row.

A row says what the operation computes, its partial derivative by each argument, how it is written,
and where it is defined (see `Op`). All else comes from the row: the function and the method, the
backward pass, derivatives of any order, formulas, pictures, replays and checks.

A partial is a plain function of the arguments and the result, `(x, z)` or `(x, y, z)`, made of
operations. Given floats it gives a float; given Values, a Value; given formulas, a formula. It
holds no Python `if`: the second derivative, or the formula, would keep that one branch. The rows
with `reads=` are what partials are made of, and are not public.

At a kink the derivative is a choice: relu and abs have slope 0 at 0; maximum and minimum give each
of two equal arguments half; step(0) and sign(0) are 0, and both are flat everywhere.
"""

import math
import operator

from autograd import exact
from autograd.op import NEGATIVE, POWER, PRODUCT, SUM, Op

log: Op
cos: Op
sign: Op

# fmt: off
# arithmetic
add = Op("add", operator.add,     lambda x, y, z: 1.0,
                                  lambda x, y, z: 1.0,
         doc="the sum", symbol="+", text="{:1} + {:3}", latex="{:1} + {:3}", binding=SUM)

sub = Op("sub", operator.sub,     lambda x, y, z: 1.0,
                                  lambda x, y, z: -1.0,
         doc="the difference", symbol="−", text="{:1} − {:3}", latex="{:1} - {:3}", binding=SUM)

mul = Op("mul", operator.mul,     lambda x, y, z: y,
                                  lambda x, y, z: x,
         doc="the product", symbol="×", text="{:3}·{:3}", latex=r"{:3} \cdot {:3}", binding=PRODUCT)

div = Op("div", operator.truediv, lambda x, y, z: 1 / y,
                                  lambda x, y, z: -z / y,
         doc="the quotient", symbol="÷", text="{:3}/{:4}", latex=r"\frac{{{:0}}}{{{:0}}}",
         binding=PRODUCT, domain="y ≠ 0")

pow = Op("pow", exact.power,      lambda x, y, z: y * x ** (y - (y != 0)),  # a float 0 stays: 0**-1
                                  lambda x, y, z: z * log(x),
         doc="x to the power y", symbol="**", text="{:5}{:^}", latex="{:5}^{{{:0}}}", binding=POWER,
         domain="x > 0, or x < 0 with a whole y, or x = 0 with y ≥ 0",
         smooth="x > 0, or a constant y: whole, or at least 1 where x = 0")

neg = Op("neg", operator.neg,     lambda x, z: -1.0,  # pyright: ignore[reportArgumentType]
         doc="the negative of x", symbol="−", text="−{:3}", latex="-{:3}", binding=NEGATIVE)

# what the slopes of sigmoid and tanh are made of. y is sigmoid(x) already: all that depends on x
# does so through y, and x only serves to keep the digits in the tails
one_minus_sigmoid = Op("one_minus_sigmoid", exact.one_minus_sigmoid, lambda x, y, z: 0.0,
                                                                     lambda x, y, z: -1.0,
                       doc="1 − y for y = sigmoid(x)", symbol="1 −", reads=lambda x, y: 1 - y)
one_minus_tanh_2  = Op("one_minus_tanh_2",  exact.one_minus_tanh_2,  lambda x, y, z: 0.0,
                                                                     lambda x, y, z: -2 * y,
                       doc="1 − y² for y = tanh(x)",   reads=lambda x, y: 1 - y * y)

# the slopes of maximum and minimum
larger  = Op("larger",  lambda x, y: 1.0 if x > y else 0.5 if x == y else 0.0, lambda x, y, z: 0.0,
                                                                               lambda x, y, z: 0.0,
             doc="1 for x > y, ½ for x = y, else 0", reads=lambda x, y: (1 + sign(x - y)) / 2)
smaller = Op("smaller", lambda x, y: 1.0 if x < y else 0.5 if x == y else 0.0, lambda x, y, z: 0.0,
                                                                               lambda x, y, z: 0.0,
             doc="1 for x < y, ½ for x = y, else 0", reads=lambda x, y: (1 - sign(x - y)) / 2)

# functions of one argument
exp      = Op("exp",      math.exp,  lambda x, z: z,
              doc="e to the power x", text="e{:^}", latex="e^{{{:0}}}", binding=POWER)
log      = Op("log",      math.log,  lambda x, z: 1 / x,
              doc="the natural logarithm", text="ln({:0})", latex=r"\ln\left({:0}\right)",
              domain="x > 0")
sqrt     = Op("sqrt",     math.sqrt, lambda x, z: 1 / (2 * z),
              doc="the square root", symbol="√", text="√({:0})", latex=r"\sqrt{{{:0}}}",
              domain="x ≥ 0", smooth="x > 0")
sin      = Op("sin",      math.sin,  lambda x, z: cos(x),
              doc="the sine of x, in radians", latex=r"\sin\left({:0}\right)")
cos      = Op("cos",      math.cos,  lambda x, z: -sin(x),
              doc="the cosine of x, in radians", latex=r"\cos\left({:0}\right)")
tan      = Op("tan",      math.tan,  lambda x, z: 1 + z * z,
              doc="the tangent of x, in radians", latex=r"\tan\left({:0}\right)")
tanh     = Op("tanh",     math.tanh, lambda x, z: one_minus_tanh_2(x, z),
              doc="the hyperbolic tangent; its slope is 1 − tanh(x)²",
              latex=r"\tanh\left({:0}\right)")
sigmoid  = Op("sigmoid",  exact.sigmoid,  lambda x, z: z * one_minus_sigmoid(x, z),
              doc="the logistic sigmoid σ(x) = 1/(1 + e^−x); its slope is σ(x)·(1 − σ(x))",
              symbol="σ", text="σ({:0})", latex=r"\sigma\left({:0}\right)")
softplus = Op("softplus", exact.softplus, lambda x, z: sigmoid(x),
              doc="ln(1 + e^x), exact for every x; its slope is sigmoid(x)")
gaussian = Op("gaussian", exact.gaussian, lambda x, z: -2 * (x * z),
              doc="e^(−x²)", text="e^(−{:5}²)", latex="e^{{-{:5}^2}}", binding=POWER)
erf      = Op("erf",      math.erf,  lambda x, z: 2 / math.sqrt(math.pi) * gaussian(x),
              doc="the error function")

# with a kink or a jump: there the derivative is the one stated here
step     = Op("step",     lambda x: 1.0 if x > 0.0 else 0.0, lambda x, z: 0.0,
              doc="1 for x > 0, else 0; flat everywhere")
sign     = Op("sign",     lambda x: math.copysign(1.0, x) if x else 0.0, lambda x, z: 0.0,
              doc="1, 0 or −1, as x is positive, 0 or negative; flat everywhere")
relu     = Op("relu",     lambda x: max(x, 0.0), lambda x, z: step(x),
              doc="the larger of x and 0; its slope at 0 is 0")
abs      = Op("abs",      math.fabs, lambda x, z: sign(x),
              doc="the absolute value; its slope at 0 is 0",
              text="|{:0}|", latex=r"\left|{:0}\right|")
maximum  = Op("maximum",  max,       lambda x, y, z: larger(x, y),
                                     lambda x, y, z: smaller(x, y),
              doc="the larger argument; each of two equal ones gets half the slope",
              text="max({:0}, {:0})", latex=r"\max\left({:0}, {:0}\right)")
minimum  = Op("minimum",  min,       lambda x, y, z: smaller(x, y),
                                     lambda x, y, z: larger(x, y),
              doc="the smaller argument; each of two equal ones gets half the slope",
              text="min({:0}, {:0})", latex=r"\min\left({:0}, {:0}\right)")
# fmt: on

_rows = [row for row in globals().values() if isinstance(row, Op)]
TABLE: tuple[Op, ...] = tuple(row for row in _rows if row.reads is None)
__all__ = [row.name for row in TABLE]
