"""The graph as a person sees it: named Values, and between them edges that carry the exact derivative."""

from collections.abc import Collection
from itertools import count
from typing import Literal, NamedTuple

from autograd.reverse import grad, topological_order
from autograd.value import Value, enable_grad

Detail = Literal["names", "operations"]


class Edge(NamedTuple):
    """∂head/∂tail, summed over all paths between the two that pass no other visible Value.

    `derivative` is a Value: its data is the number, and what it is made of is the formula. A constant one is a leaf.
    """

    head: Value
    tail: Value
    derivative: Value


class Graph(NamedTuple):
    """What `named_graph` finds.

    names   each visible Value and its name: its label, else v1, v2, …; arguments before results
    edges   for each visible Value its edges, in the order of its formula
    detail  "operations" where every Value is visible, which is so too where none had a label
    data    the number of each visible Value; a later change does not show
    """

    root: Value
    names: dict[Value, str]
    edges: dict[Value, list[Edge]]
    detail: Detail
    data: dict[Value, float]


def named_graph(
    root: Value, *, also: Collection[Value] = (), towards: Value | None = None, detail: Detail = "names"
) -> Graph:
    """The graph below `root` at the level of names.

    Visible are the Values with a label, `root`, and those in `also`; every other one is folded into the visible
    Values that it leads to. `detail="operations"` makes all visible. With `towards`, which is visible too, only the
    edges on the way to it are found. ValueError for another detail.

    >>> x = Value(3.0, label="x")
    >>> y = 2 * x + x * x
    >>> y.label = "y"
    >>> [edge] = named_graph(y).edges[y]
    >>> edge.tail.label, edge.derivative.data
    ('x', 8.0)
    """
    if detail not in ("names", "operations"):
        raise ValueError(f"detail must be 'names' or 'operations', not {detail!r}")
    order = [v for part in topological_order(root) for v in part]
    labels = {v.label for v in order if v.label}
    if not labels:
        detail = "operations"
    free = (name for k in count(1) if (name := f"v{k}") not in labels)
    names: dict[Value, str] = {}
    for v in order:
        if v.label or v is root or v is towards or v in also or detail == "operations":
            names[v] = v.label or next(free)
    leading = {towards}  # the Values that depend on it
    edges = {}
    for head in names:
        tails = [x for x in topological_order(head, names)[0] if x in names and x is not head]
        if towards is not None:
            tails = [x for x in tails if x in leading and head is not towards]
            if tails:
                leading.add(head)
        with enable_grad():
            derivatives = grad(head, tails, names)
        edges[head] = [Edge(head, *pair) for pair in zip(tails, derivatives, strict=True)]
    return Graph(root, names, edges, detail, {v: v.data for v in names})
