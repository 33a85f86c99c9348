"""chain_rule: the derivation of one gradient, by a Value or by a whole array."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

from autograd.digits import Rounding
from autograd.graph import Detail, checked_detail, named_graph
from autograd.notation import checked_notation
from autograd.value import Value

if TYPE_CHECKING:
    from autograd.arrays.array import Array
    from autograd.arrays.derivation import ArrayDerivation
    from autograd.derivation import Derivation


@overload
def chain_rule(
    y: Value, x: Value, *, digits: int = ..., rounding: Rounding = ..., detail: Detail = ...
) -> Derivation: ...
@overload
def chain_rule(
    y: Value, x: Array, *, digits: int = ..., rounding: Rounding = ..., detail: str = ...
) -> ArrayDerivation: ...
@overload
def chain_rule(
    y: Value, x: Value, *, digits: int = ..., rounding: Rounding = ..., detail: Literal["arrays"]
) -> Derivation | ArrayDerivation: ...
def chain_rule(
    y: Value, x: Any, *, digits: int = 4, rounding: Rounding = "round", detail: str = "names"
) -> Derivation | ArrayDerivation:
    """Return the derivation of ∂y/∂x. It needs no `backward()`, and touches no `.grad`.

    x          a Value; or an Array, by which it is derived as a whole
    digits     significant digits of the numbers that are printed; the arithmetic is never rounded
    rounding   "round", or "cut" to cut the digits off, as many lectures do
    detail     "names" derives through the labelled Values; "operations" through every operation, as
               it is where nothing has a label. Values without one are then called v1, v2, …
               "arrays" derives in vectors and matrices, as it is for an Array

    Where leaves have moved since y was computed, it is the derivation at the numbers of now, and
    says so. Where a record has no form in arrays, it is in names, and says so. Raises TypeError for
    anything but Values and Arrays; ValueError for digits below 1, for an unknown rounding or
    detail, for an Array without a name, for an x that y was not computed from though another Value
    with its label was, and where y cannot be computed anew; DomainError where a derivative does not
    exist.

    >>> x = Value(2.0, label="x")
    >>> u = x**2 + 1; u.label = "u"
    >>> y = 1 / u; y.label = "y"
    >>> chain_rule(y, x)
    ∂y/∂x = ∂y/∂u · ∂u/∂x
    <BLANKLINE>
      ∂y/∂u  = −y/u   = −0.2/5  = −0.04
      ∂u/∂x  = 2·x    = 2·2     = 4
    <BLANKLINE>
    ∂y/∂x = −0.04 · 4 = −0.16
    """
    is_array = hasattr(x, "elementwise")
    if not isinstance(y, Value) or not (is_array or isinstance(x, Value)):
        wrong = type(y if not isinstance(y, Value) else x).__name__
        raise TypeError(f"chain_rule takes two Values, not {wrong}; or a Value and an Array")
    notation = checked_notation(digits, rounding)
    if detail == "arrays" or is_array:
        from autograd.arrays.derivation import derive_in_arrays  # which needs this module

        return derive_in_arrays(y, x, notation)
    from autograd.deriving import derive  # when it is asked for: `import autograd` stays quick

    return derive(named_graph(y, towards=[x], detail=checked_detail(detail)), x, notation)
