"""Where the chain rule failed: which partial derivative does not exist, or passes a float's range."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from autograd.op import RANGE, DomainError, described, real
from autograd.value import Value

if TYPE_CHECKING:
    from autograd.record import Node, Record


def explained(record: Record, error: Exception) -> Exception:
    """Return the error to raise after a sweep that failed with `error`.

    It names the first term at fault, in the order of the sweep.
    """
    for v in reversed(record.nodes):
        if not _is_finite(v._grad):
            return _past_range(v)
        for place, x in enumerate(v.args):
            if isinstance(x, Value):
                found = fault_of_term(v, place, v._grad)
                if found:
                    return found
    for leaf in record.leaves:
        if not _is_finite(leaf._grad):
            return _past_range(leaf)
    return error


def fault_of_term(v: Node, place: int, upstream: Any, error: Exception | None = None) -> Exception | None:
    """Return what is wrong with the term that `v` adds to the gradient of its argument at `place`.

    `error` is what is raised by the partial, or by its product with the upstream gradient, where
    these are Values.
    """
    which = "xyz"[place] if v.op.arity <= 3 else f"argument {place + 1}"
    derivative = f"the derivative of {v.op.name}({described(v.args)}) by {which}"
    numbers = [x._data if isinstance(x, Value) else x for x in v.args]
    try:
        local = v.op.partials[place](*numbers, v._data)
        if local != local:
            raise ArithmeticError("nan")
        if not math.isinf(local):
            local = real(local, f"{derivative} must be a real number, and")
    except OverflowError:
        return DomainError(f"{derivative} is {RANGE}")
    except (ArithmeticError, ValueError):
        needs = f": it needs {v.op.smooth}" if v.op.smooth else ""
        return DomainError(f"{derivative} does not exist{needs}")
    except TypeError as problem:
        return TypeError(f"{derivative} must be a real number: {problem}")
    if isinstance(error, TypeError):
        return TypeError(f"partial {place + 1} of {v.op.name} is not made of operations: {error}")
    size = abs(upstream._data if isinstance(upstream, Value) else upstream)
    if math.isfinite(size * local):
        return error
    if math.isinf(local) and size < 1:  # the gradient itself may be finite
        return DomainError(f"{derivative} is {RANGE}")
    x = v.args[place]
    return _past_range(x) if isinstance(x, Value) else error


def _past_range(v: Value) -> DomainError:
    return DomainError(f"the gradient by {described((v,))} is {RANGE}")


def _is_finite(x: Any) -> bool:
    try:
        return math.isfinite(x)
    except TypeError:
        return False
