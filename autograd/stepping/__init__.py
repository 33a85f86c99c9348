"""The page with the slider: the forward and the backward pass, one step at a time.

steps   the steps as data
page    the document, made of page.html, page.css and page.js
"""

from __future__ import annotations

from copy import deepcopy

from autograd.drawing import Engine
from autograd.drawing.figure import figure_of
from autograd.drawing.gradients import Gradients, swept
from autograd.graph import Graph, named_graph
from autograd.notation import checked_notation
from autograd.stepping.page import Page as Page
from autograd.stepping.steps import Step as Step
from autograd.value import Value

MOST = 300  # Values: a page with more is slow, and nobody steps through it


def step_through(root: Value, *, digits: int = 4, engine: Engine | None = None) -> Page:
    """Return a page that steps through the forward and the backward pass below `root`.

    digits   how many digits are shown
    engine   what draws the picture, as in `draw_dot`

    A forward step is a Value, a backward step an edge. The page shows the numbers as they are now,
    and says where leaves have moved; it needs no `backward()`, and touches no `.grad`. Raises
    TypeError for anything but a Value; ValueError for an unknown option, and for more than 300
    labelled Values; DomainError where a derivative does not exist or passes a float's range.

    >>> x = Value(3.0, label="x")
    >>> y = x * x; y.label = "y"
    >>> print(step_through(y))
    1. y = 3² = 9
    2. ∂y/∂y = 1
    3. ∂y/∂x += 6 × 1 = 6; ∂y/∂x: 0 before, 6 after
    """
    if not isinstance(root, Value):
        raise TypeError(f"step_through takes a Value, not {type(root).__name__}")
    notation = checked_notation(digits)
    graph = named_graph(root)
    if len(graph.names) > MOST:
        remedy = "label only those that matter, or step through a smaller part of the graph"
        raise ValueError(
            f"{len(graph.names)} Values are too many to step through, which takes {MOST}: {remedy}"
        )
    note = f"{graph.moved}; computed anew here" if graph.moved else ""
    graph = _of_this_moment(graph)
    return Page(figure_of(graph, notation, Gradients(swept(graph), note)), engine)


def _of_this_moment(graph: Graph) -> Graph:
    """Return the graph of a copy, which later changes do not reach."""
    root, *visible = deepcopy([graph.root, *graph.names])
    for v, name in zip(visible, graph.names.values(), strict=True):
        v.label = name
    return named_graph(root)
