"""The gradient of the root by each visible Value, from the numbers on the edges."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from autograd.cancelling import sum_cancels
from autograd.derivation import edge_number
from autograd.graph import Edge, Graph
from autograd.op import RANGE, DomainError, described
from autograd.value import Value


def accumulated(graph: Graph, edges: Iterable[Edge] | None = None) -> dict[Value, float]:
    """Return ∂root/∂v of each Value that the edges lead to: 0 where it is a sum that cancels.

    edges   those that count, a head after all that it depends on; all of the graph unless given

    Raises the error of an edge whose derivative does not exist, and DomainError past the range.

    >>> from autograd.graph import named_graph
    >>> x = Value(3.0, label="x")
    >>> y = x * x; y.label = "y"
    >>> accumulated(named_graph(y))[x]
    6.0
    """
    if edges is None:
        edges = [edge for into in graph.edges.values() for edge in into]
    parts: dict[Value, list[float]] = {}
    totals = {graph.root: 1.0}
    for edge in reversed(list(edges)):
        head, tail, _ = edge
        if head not in totals:
            totals[head] = _total(parts[head])
        part = totals[head] * edge_number(edge, graph)
        if not math.isfinite(part):
            by = described((tail,))
            raise DomainError(f"the gradient by {by} is {RANGE}")
        parts.setdefault(tail, []).append(part)
    return {v: _total(found) for v, found in parts.items()} | {graph.root: 1.0}


def _total(parts: Sequence[float]) -> float:
    total = sum(parts)
    return 0.0 if sum_cancels(total, parts) else total
