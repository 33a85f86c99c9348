"""Gradients that are Values: recorded like any other, to be derived again, to any order."""

import math
from collections.abc import Collection, Iterable, Sequence
from typing import Any, overload

from autograd.faults import term
from autograd.op import real
from autograd.record import Record
from autograd.value import Value


@overload
def grad(y: Value, xs: Value, held: Collection[Value] = ()) -> Value: ...
@overload
def grad(y: Value, xs: Sequence[Value], held: Collection[Value] = ()) -> list[Value]: ...
def grad(
    y: Value, xs: Value | Sequence[Value], held: Collection[Value] = ()
) -> Value | list[Value]:
    """Return ∂y/∂x as a new Value for each x in `xs`, or for one: 0 where y does not depend on x.

    The gradients are recorded like any Value, so they can be derived again, to any order. No
    `.grad` is touched. The Values in `held` are held fixed: no path through them counts; best a
    set. Raises TypeError for anything but Values and for a partial that is not made of operations,
    DomainError where a derivative does not exist.

    >>> x = Value(2.0)
    >>> first = grad(x**3, x)
    >>> first, grad(first, x)
    (Value(data=12.0, grad=0.0), Value(data=12.0, grad=0.0))
    """
    wanted = list(xs) if isinstance(xs, Iterable) else [xs]
    for v in (y, *wanted):
        if not isinstance(v, Value):
            raise TypeError(f"grad takes Values, not {type(v).__name__}")
    upstream = _upstream(y, wanted, held)
    gradients = [upstream.get(x, 0.0) for x in wanted]
    # Each is a new Value, for it may be a node of the graph: naming ∂(x·y)/∂x must not rename y.
    results = [1.0 * g if isinstance(g, Value) else Value(g) for g in gradients]
    return results[0] if isinstance(xs, Value) else results


def _upstream(y: Value, wanted: list[Value], held: Collection[Value]) -> dict[Any, Any]:
    """Return the gradient of y by each Value on the way to those that are wanted.

    It is a Value or, as long as it is constant, a float.
    """
    record = Record(y, held)
    needed = record.dependents(wanted)
    upstream: dict[Any, Any] = {y: 1.0}
    for v in reversed(record.nodes):
        if v not in needed or v not in upstream:
            continue
        for place, x in enumerate(v.args):
            if x in needed:
                try:
                    part = _times(upstream[v], v.op.partials[place](*v.args, v))
                except (ArithmeticError, TypeError, ValueError) as error:
                    part = term(v, place, upstream[v], error)
                upstream[x] = upstream[x] + part if x in upstream else part
    return upstream


def _times(upstream: Any, local: Any) -> Any:
    """Return their product, but with no node for a factor of 1: most partials of a sum are 1."""
    if not isinstance(local, Value):
        local = real(local)
    if upstream.__class__ is float and upstream == 1.0:
        return local
    if local.__class__ is float and local == 1.0:
        return upstream
    part = upstream * local
    if part.__class__ is float and not math.isfinite(part):
        raise OverflowError
    return part
