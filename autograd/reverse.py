"""Reverse mode: the chain rule, run over the record from the root to the leaves."""

from typing import Any

from autograd.faults import sweep_by_terms
from autograd.record import lock, topological_order
from autograd.value import Value


def backward(root: Value) -> None:
    """Set `.grad` of all that `root` depends on to ∂root/∂itself; a leaf adds it up.

    The partials see the data as they are now: after changing a leaf, compute `root` anew. Threads
    wait for one another. Raises DomainError where a derivative does not exist or passes a float's
    range, TypeError where a partial gives no number; every `.grad` is then as it was.

    >>> x = Value(3.0)
    >>> (x * x).backward()
    >>> x.grad
    6.0
    """
    with lock:  # two threads may share a leaf
        leaves, nodes = topological_order(root)
        values = leaves + nodes
        before = [v._grad for v in values]
        try:
            try:
                _sweep(root, leaves, nodes)
            except (ArithmeticError, TypeError, ValueError):
                _restore(values, before)
                sweep_by_terms(root, nodes)  # slower: it saves what overflows inside, or says where
        except BaseException:
            _restore(values, before)
            raise


def _restore(values: list[Value], gradients: list[float]) -> None:
    for v, gradient in zip(values, gradients, strict=True):
        v._grad = gradient


def _sweep(root: Value, leaves: list[Value], nodes: list[Any]) -> None:
    """Give every Value its gradient: the upstream gradient times the local derivative, summed."""
    for v in nodes:
        v._grad = 0.0
    root._grad += 1.0
    for v in reversed(nodes):
        pull = v.op.pull
        pull(v)
    for x in leaves:
        if x._grad - x._grad != 0.0:  # inf or nan at a node reaches a leaf, for inf·0 is nan
            raise OverflowError


Value.backward = backward
