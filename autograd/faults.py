"""The chain rule term by term, where it cannot be taken at one go.

A local derivative may not exist; it may be no number, or not made of operations; or it may pass a
float's range. In the last case the term may still be finite: upstream·(a/b) is (upstream·a)/b.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any

from autograd import ops
from autograd.op import RANGE, DomainError, Op, described, real
from autograd.symbolic import Symbolic
from autograd.value import Value

if TYPE_CHECKING:
    from autograd.record import Node


def sweep_by_terms(root: Value, nodes: Sequence[Node]) -> None:
    """Give every Value its gradient, as the sweep of `backward` does, and look at each term.

    Raises DomainError or TypeError, which names the first term at fault.
    """
    for v in nodes:
        v._grad = 0.0
    root._grad += 1.0
    for v in reversed(nodes):
        _pull_by_terms(v)


def _pull_by_terms(v: Node) -> None:
    """Add its terms to the gradients of the arguments of a node. Raises as above."""
    for place, x in enumerate(v.args):
        if isinstance(x, Value):
            x._grad += term(v, place, v._grad)
    for x in v.args:
        if isinstance(x, Value) and not math.isfinite(x._grad):
            raise _past_range(x)


def term(v: Node, place: int, upstream: Any, error: Exception | None = None) -> Any:
    """Return upstream · ∂v/∂x for the argument x of `v` at `place`.

    upstream   the gradient by `v`: a float, or a Value for a term that is recorded
    error      what was raised when the term was first taken

    Raises DomainError where the derivative does not exist, or the term is past a float's range;
    TypeError where the partial gives no number, or is not made of operations.
    """
    local = _local_derivative(v, place)
    if isinstance(error, TypeError):
        name = f"partial {place + 1} of {v.op.name}"
        raise TypeError(f"{name} is not made of operations: {error}")
    size = upstream._data if isinstance(upstream, Value) else upstream
    is_finite = math.isfinite(size * local)
    if error is None and is_finite:
        return size * local
    found = _rescued(v, place, upstream)
    if found is not None:
        return found
    if is_finite:
        if RANGE not in str(error):  # the number exists; of it as a function nothing is known
            raise _no_derivative(v, place) from None
        return upstream * local  # what overflowed inside is too large to move it: 1/(1 + x²)
    if math.isinf(local) and not abs(size) >= 1:  # the gradient itself may be finite
        raise DomainError(f"{_derivative(v, place)} is {RANGE}")
    x: Any = v.args[place]
    raise _past_range(x)


def _rescued(v: Node, place: int, upstream: Any) -> Any:
    """Return the term taken in another order, where that is finite; else None."""
    try:
        found = _divided_last(v, place, upstream)
    except (ArithmeticError, TypeError, ValueError):
        return None
    return found if isinstance(found, Value) or math.isfinite(found) else None


def _local_derivative(v: Node, place: int) -> float:
    """Return the partial derivative as a number; infinite where a division passes the range."""
    numbers = [x._data if isinstance(x, Value) else x for x in v.args]
    derivative = _derivative(v, place)
    try:
        return _finite_or_infinite(v.op.partials[place](*numbers, v._data), derivative)
    except OverflowError:
        local = _saturated(v.op.partials[place](*map(_leaf, (*numbers, v._data))))
        if math.isfinite(local):
            return local
        raise DomainError(f"{derivative} is {RANGE}") from None
    except (ArithmeticError, ValueError):
        raise _no_derivative(v, place) from None
    except TypeError as error:
        raise TypeError(f"{derivative} must be a real number: {error}") from None


def _finite_or_infinite(local: Any, derivative: str) -> float:
    if local != local:
        raise ArithmeticError("nan")
    if isinstance(local, Real) and math.isinf(local):
        return math.copysign(math.inf, local)
    return real(local, derivative)


class _Tree(Symbolic):
    """A partial derivative as a tree of operations; `op` is None for an argument, its only arg."""

    def __init__(self, op: Op | None, args: tuple[Any, ...]) -> None:
        self.op = op
        self.args = args

    @staticmethod
    def _apply(op: Op, args: tuple[Any, ...]) -> _Tree:
        return _Tree(op, args)


def _divided_last(v: Node, place: int, upstream: Any) -> Any:
    """Return the term where the partial is a quotient a/b: as (upstream·a)/b."""
    args = [
        x if isinstance(upstream, Value) or not isinstance(x, Value) else x._data for x in v.args
    ]
    result = v if isinstance(upstream, Value) else v._data
    tree = v.op.partials[place](*map(_leaf, (*args, result)))
    if not isinstance(tree, _Tree) or tree.op is not ops.div:
        raise OverflowError
    above, below = map(_evaluated, tree.args)
    return upstream * above / below


def _leaf(x: Any) -> _Tree:
    return _Tree(None, (x,))


def _saturated(tree: Any) -> float:
    """Return what a tree of numbers comes to, where what is past a float's range is infinite."""
    if not isinstance(tree, _Tree):
        return float(tree)
    if tree.op is None:
        return float(tree.args[0])
    try:
        return float(tree.op.function(*map(_saturated, tree.args)))
    except (ArithmeticError, ValueError):
        return math.inf


def _evaluated(tree: Any) -> Any:
    if not isinstance(tree, _Tree):
        return tree
    if tree.op is None:
        return tree.args[0]
    return tree.op(*map(_evaluated, tree.args))


def _derivative(v: Node, place: int) -> str:
    which = "xyz"[place] if v.op.arity <= 3 else f"argument {place + 1}"
    return f"the derivative of {v.op.name}({described(v.args)}) by {which}"


def _no_derivative(v: Node, place: int) -> DomainError:
    needs = f": it needs {v.op.smooth}" if v.op.smooth else ""
    return DomainError(f"{_derivative(v, place)} does not exist{needs}")


def _past_range(v: Value) -> DomainError:
    return DomainError(f"the gradient by {described((v,))} is {RANGE}")
