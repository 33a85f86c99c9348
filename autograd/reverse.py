"""Reverse mode: the chain rule, run over the record from the root to the leaves."""

import gc
from collections.abc import Collection, Iterable, Iterator, Sequence
from threading import local
from typing import Any, overload

from autograd.ops import DomainError, Op, described
from autograd.value import Value, enable_grad


def topological_order(root: Value, held: Collection[Value] = ()) -> tuple[list[Value], list[Value]]:
    """The leaves and the computed nodes that `root` depends on, itself included: each node after all its arguments.

    Both are in the order of the expression, read from left to right: the same in every run. The Values in `held` count
    as leaves.

    >>> a, b = Value(2.0, label="a"), Value(3.0, label="b")
    >>> leaves, nodes = topological_order(a * b + a)
    >>> [leaf.label for leaf in leaves], [node.op.symbol for node in nodes]
    (['a', 'b'], ['×', '+'])
    """
    if not root.args:
        return [root], []
    leaves: dict[Value, None] = {}
    nodes: list[Value] = []
    seen = {root}
    path: list[tuple[Value, Iterator[Any]]] = []  # the nodes on the way to `node`, and the arguments each has left
    node: Value = root
    rest: Iterator[Any] = iter(root.args)
    while True:
        for x in rest:
            if x.__class__ is not float:
                if not x.args or (held and x in held):
                    leaves[x] = None
                elif x not in seen:
                    seen.add(x)
                    path.append((node, rest))
                    node, rest = x, iter(x.args)
                    break
        else:
            nodes.append(node)
            if not path:
                return list(leaves), nodes
            node, rest = path.pop()


def dependents(nodes: Iterable[Value], of: Iterable[Value]) -> set[Value]:
    """Those of the computed `nodes`, in topological order, that depend on any Value in `of`; and these themselves."""
    found = set(of)
    for v in nodes:
        if not found.isdisjoint(v.args):
            found.add(v)
    return found


def recompute(nodes: Iterable[Any], values: dict[Any, Any]) -> dict[Any, Any]:
    """The record computed anew, with its labels: `values`, to which the result of each node is added.

    nodes   what is computed, in topological order
    values  what stands for a leaf: a Value, or a float for a constant; any other leaf stands for itself

    It is recorded inside `no_grad` too. Raises DomainError where an operation is not defined there.

    >>> x = Value(2.0, label="x")
    >>> y = x * x + 1
    >>> y.label = "y"
    >>> leaves, nodes = topological_order(y)
    >>> recompute(nodes, {x: Value(3.0)})[y], recompute(nodes, {x: 3.0})[y]
    (Value(data=10.0, grad=0.0, label='y'), 10.0)
    """
    with enable_grad():
        for v in nodes:
            values[v] = v.op(*[values.get(x, x) for x in v.args])
            if isinstance(values[v], Value):
                values[v].label = v.label
    return values


class collector_paused:
    """Inside the block Python's garbage collector rests: a record has no cycles, and it would walk it for nothing."""

    def __enter__(self) -> None:
        self.was_enabled = gc.isenabled()
        gc.disable()

    def __exit__(self, *exception: object) -> None:
        if self.was_enabled:
            gc.enable()


def backward(root: Value) -> None:
    """Sets the `.grad` of every node that `root` depends on to ∂root/∂node; a leaf adds it to what it has.

    The partials see the data as they are now: after changing a leaf, compute `root` anew. Raises DomainError where a
    derivative does not exist or passes a float's range; every `.grad` is then as it was.

    >>> x = Value(3.0)
    >>> (x * x).backward()
    >>> x.grad
    6.0
    """
    with collector_paused():
        leaves, nodes = topological_order(root)
        everywhere = leaves + nodes
        before = [v.grad for v in everywhere]
        try:
            _sweep(root, leaves, nodes)
        except BaseException:
            for v, grad in zip(everywhere, before, strict=True):
                v.grad = grad
            raise


def _sweep(root: Value, leaves: list[Value], nodes: list[Any]) -> None:
    for v in nodes:
        v.grad = 0.0
    root.grad += 1.0
    try:
        for v in reversed(nodes):
            upstream = v.grad
            args = v.args
            partials = v.op.partials
            if len(args) == 2:  # one and two arguments are spelled out, for speed, as in the forward pass
                x, y = args
                if x.__class__ is float:
                    y.grad += upstream * partials[1](x, y._data, v._data)
                elif y.__class__ is float:
                    x.grad += upstream * partials[0](x._data, y, v._data)
                else:
                    a, b, z = x._data, y._data, v._data
                    x.grad += upstream * partials[0](a, b, z)
                    y.grad += upstream * partials[1](a, b, z)
            elif len(args) == 1:
                x = args[0]
                x.grad += upstream * partials[0](x._data, v._data)
            else:
                numbers = [x if x.__class__ is float else x._data for x in args]
                for x, partial in zip(args, partials, strict=True):
                    if x.__class__ is not float:
                        x.grad += upstream * partial(*numbers, v._data)
    except (ArithmeticError, ValueError) as error:
        raise _explained(error, v) from None
    for leaf in leaves:
        if leaf.grad - leaf.grad != 0.0:  # what is not finite stays so, down to the leaves
            raise _overflow(next(v for v in (*reversed(nodes), *leaves) if v.grad - v.grad != 0.0))


@overload
def grad(y: Value, xs: Value, held: Collection[Value] = ()) -> Value: ...
@overload
def grad(y: Value, xs: Sequence[Value], held: Collection[Value] = ()) -> list[Value]: ...
def grad(y: Value, xs: Value | Sequence[Value], held: Collection[Value] = ()) -> Value | list[Value]:
    """∂y/∂x as a new Value for each x in `xs` (a list), or for one Value (a Value): 0 where y does not depend on x.

    The gradients are recorded like any Value, so they can be derived again, to any order. No `.grad` is touched. The
    Values in `held` are held fixed: no path through them counts; best a set. Raises TypeError for anything but Values,
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
    nodes: list[Any] = topological_order(y, held)[1]
    needed = dependents(nodes, wanted)
    upstream: dict[Any, Any] = {y: 1.0}  # a Value or, as long as it is constant, a float
    for v in reversed(nodes):
        if v not in needed or v not in upstream:
            continue
        for x, partial in zip(v.args, v.op.partials, strict=True):
            if x in needed:
                try:
                    term = _times(upstream[v], partial(*v.args, v))
                except (ArithmeticError, ValueError) as error:
                    raise _explained(error, v) from None
                upstream[x] = upstream[x] + term if x in upstream else term
    # Each a new Value, for it may be a node of the graph itself: naming ∂(x·y)/∂x must not rename y.
    results = [1.0 * g if isinstance(g, Value) else Value(g) for g in (upstream.get(x, 0.0) for x in wanted)]
    return results[0] if isinstance(xs, Value) else results


def _times(upstream: Any, local: Any) -> Any:
    """Their product, but with no node for a factor of 1: most partials of a sum are."""
    for factor, other in ((upstream, local), (local, upstream)):
        if factor.__class__ is float and factor == 1.0:
            return other
    return upstream * local


def _overflow(v: Value) -> DomainError:
    return DomainError(f"the gradient by {described((v,))} is past the range of a float, ±1.8e308")


def _explained(error: Exception, v: Any) -> Exception:
    """The error to raise where the chain rule failed at `v`: it names the partial that does not exist."""
    numbers = [x if x.__class__ is float else x.data for x in v.args]
    for place, (x, partial) in enumerate(zip(v.args, v.op.partials, strict=True)):
        if x.__class__ is not float:
            try:
                partial(*numbers, v.data)
            except (ArithmeticError, ValueError) as failure:
                which = "xyz"[place] if v.op.arity <= 3 else f"argument {place + 1}"
                reason = "does not exist" + (f": it needs {v.op.smooth}" if v.op.smooth else "")
                if isinstance(failure, OverflowError):
                    reason = "is past the range of a float, ±1.8e308"
                return DomainError(f"the derivative of {v.op.name}({described(v.args)}) by {which} {reason}")
    return error


# Copying and pickling follow references, and would recurse as deep as the graph. So the first Value that a pickle or a
# copy meets lists all that it depends on, arguments first; while the list is written, each Value on it needs no list.
_listed = local()


class _Ancestors:
    def __init__(self, root: Value) -> None:
        self.root = root

    def __reduce__(self) -> tuple[Any, ...]:
        return list, (), None, self._values()

    def _values(self) -> Iterator[Value]:
        leaves, nodes = topological_order(self.root)
        _listed.values = set(leaves).union(nodes)
        try:
            yield from leaves
            yield from nodes[:-1]
        finally:
            _listed.values = ()


def _reduce(self: Value) -> tuple[Any, ...]:
    ancestors = () if not self.args or self in getattr(_listed, "values", ()) else _Ancestors(self)
    return _restored, (ancestors, type(self), self._data, self.grad, self._label, self.op, self.args)


def _restored(_: Any, kind: type[Value], data: float, grad: float, label: str, op: Op | None, args: Any) -> Value:
    value = kind(data, label)
    value.grad, value.op, value.args = grad, op, args
    return value


Value.backward = backward
Value.__reduce__ = _reduce  # type: ignore[method-assign, assignment]
