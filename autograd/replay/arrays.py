"""The rows of the table on the arrays of numpy, jax.numpy and torch."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from importlib import import_module
from typing import Any

from autograd import ops
from autograd.op import Op
from autograd.ops import TABLE

# A row in the functions that numpy, jax.numpy and torch have in common, where these do not agree on
# it.
_COMPOSED: dict[str, Callable[[Any, Any], Any]] = {
    "abs": lambda np, x: np.maximum(x, -x),  # for jax.numpy.abs has the slope 1 at 0
    "sigmoid": lambda np, x: np.exp(-np.logaddexp(np.zeros_like(x), -x)),
    "softplus": lambda np, x: np.logaddexp(np.zeros_like(x), x),
    "gaussian": lambda np, x: np.exp(-x * x),
    "step": lambda np, x: np.where(x > 0, np.ones_like(x), np.zeros_like(x)),
    "relu": lambda np, x: np.where(x > 0, x, np.zeros_like(x)),
}


def over_arrays(namespace: Any, op: Op) -> Callable[..., Any]:
    """What computes a row of the table on the arrays of `namespace`."""
    if op is ops.pow:
        return _power
    if op not in TABLE or op.function.__module__ == "_operator":
        return op.function
    if op.name in _COMPOSED:
        return partial(_COMPOSED[op.name], namespace)
    if hasattr(namespace, op.name):
        return partial(_with_arrays, namespace, getattr(namespace, op.name))
    of_jax = namespace.__name__.startswith("jax")
    return (  # type: ignore[no-any-return]
        getattr(import_module("jax.scipy.special"), op.name)
        if of_jax
        else namespace.vectorize(op.function)
    )


def _power(x: Any, y: Any) -> Any:
    """x^y; a square as the product that it is in the table."""
    return x * x if isinstance(y, float) and y == 2.0 else x**y


def _with_arrays(namespace: Any, function: Callable[..., Any], *args: Any) -> Any:
    """Apply a function to arrays, and to floats as it takes them."""
    return function(*(_like(namespace, x, args) if isinstance(x, float) else x for x in args))


def _like(namespace: Any, number: float, args: Iterable[Any]) -> Any:
    """The number as an array of the type that the others have."""
    return namespace.asarray(
        number, dtype=next((x.dtype for x in args if hasattr(x, "dtype")), None)
    )
