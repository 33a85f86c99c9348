"""Functions composed of rows, and every function of one argument as a method of Value."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from autograd.eager import applied
from autograd.op import DomainError, Op, real
from autograd.ops import TABLE, erf, maximum, sigmoid

if TYPE_CHECKING:
    from autograd.value import Value

__all__ = ["gelu", "leaky_relu", "swish"]


def leaky_relu(x: Any, slope: float = 0.01) -> Any:
    """Return x where it is positive, else slope·x, for a slope between 0 and 1.

    At 0 the derivative is (1 + slope)/2. Raises DomainError for another slope.

    >>> leaky_relu(-2.0)
    -0.02
    """
    if not 0 <= real(slope, "the slope of leaky_relu") <= 1:
        raise DomainError(f"leaky_relu takes a slope between 0 and 1, not {slope}")
    return maximum(x, slope * x)


def gelu(x: Any) -> Any:
    """Return x·Φ(x), with Φ the normal distribution function: not the approximation by tanh.

    Source: Hendrycks and Gimpel, arXiv 1606.08415.

    >>> round(gelu(1.0), 6)
    0.841345
    """
    return x * ((1 + erf(x * math.sqrt(0.5))) / 2)


def swish(x: Any) -> Any:
    """Return x·σ(x), also known as SiLU (arXiv 1702.03118).

    >>> round(swish(1.0), 6)
    0.731059
    """
    return x * sigmoid(x)


class Methods:
    """The functions of one argument as methods: `Value` inherits them."""

    __slots__ = ()

    if TYPE_CHECKING:  # so that a slip of the pen is a type error; they are bound below
        # fmt: off
        def __radd__(self, other: Any) -> Value: ...  # in autograd.sums
        def abs(self) -> Value: ...
        def cos(self) -> Value: ...
        def erf(self) -> Value: ...
        def exp(self) -> Value: ...
        def gaussian(self) -> Value: ...
        def gelu(self) -> Value: ...
        def leaky_relu(self, slope: float = 0.01) -> Value: ...
        def log(self) -> Value: ...
        def neg(self) -> Value: ...
        def relu(self) -> Value: ...
        def sigmoid(self) -> Value: ...
        def sign(self) -> Value: ...
        def sin(self) -> Value: ...
        def softplus(self) -> Value: ...
        def sqrt(self) -> Value: ...
        def step(self) -> Value: ...
        def swish(self) -> Value: ...
        def tan(self) -> Value: ...
        def tanh(self) -> Value: ...
        # fmt: on


def _method(op: Op) -> Callable[[Value], Value]:
    """Return `op` as a method, with the name and the words of its row."""
    method = applied(op)
    method.__name__ = op.name
    method.__qualname__ = f"Value.{op.name}"
    method.__doc__ = op.__doc__
    return method


for _row in TABLE:
    if _row.arity == 1:
        setattr(Methods, _row.name, _method(_row))
for _name in __all__:
    setattr(Methods, _name, globals()[_name])
