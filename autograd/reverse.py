"""Reverse mode: the chain rule, run over the record from the root to the leaves."""

from threading import RLock

from autograd.faults import sweep_by_terms
from autograd.record import Record
from autograd.recording import collector_paused
from autograd.value import Value

_lock = RLock()  # a backward pass adds to `.grad`, and two threads may share a leaf


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
    with _lock, collector_paused():
        record = Record(root)
        before = [v._grad for v in record.values]
        try:
            try:
                _sweep(record)
            except (ArithmeticError, TypeError, ValueError):
                _restore(record, before)
                sweep_by_terms(record)  # slower: it saves what overflows inside, or says where
        except BaseException:
            _restore(record, before)
            raise


def _restore(record: Record, gradients: list[float]) -> None:
    for v, gradient in zip(record.values, gradients, strict=True):
        v._grad = gradient


def _sweep(record: Record) -> None:
    """Give every Value its gradient: the upstream gradient times the local derivative, summed."""
    for v in record.nodes:
        v._grad = 0.0
    record.root._grad += 1.0
    for v in reversed(record.nodes):
        pull = v.op.pull
        pull(v)
    for x in record.leaves:
        if x._grad - x._grad != 0.0:  # inf or nan at a node reaches a leaf, for inf·0 is nan
            raise OverflowError


Value.backward = backward
