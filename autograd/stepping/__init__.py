"""The page with the slider: the forward and the backward pass, one step at a time.

steps   the steps as data
page    the document, made of page.html, page.css and page.js
"""

from __future__ import annotations

from typing import Literal

from autograd.drawing import NO_FORM, Engine, wants_arrays
from autograd.drawing.figure import figure_of
from autograd.drawing.gradients import Gradients, swept
from autograd.graph import Graph, checked_detail, named_graph
from autograd.notation import Notation, checked_notation
from autograd.stepping.page import Page as Page
from autograd.stepping.steps import Step as Step
from autograd.stepping.steps import steps_of
from autograd.value import Value

MOST = 300  # Values: a page with more is slow, and nobody steps through it


def step_through(
    root: Value,
    *,
    detail: Literal["names", "operations", "arrays"] | None = None,
    digits: int = 4,
    engine: Engine | None = None,
) -> Page:
    """Return a page that steps through the forward and the backward pass below `root`.

    detail   as in `draw_dot`: what a step is; None steps in arrays where that draws them
    digits   how many digits are shown
    engine   what draws the picture, as in `draw_dot`

    A forward step is a Value, a backward step an edge; with detail="arrays" each is an array. The
    page shows the numbers as they are now, and says where leaves have moved; it needs no
    `backward()`, and touches no `.grad`. Raises TypeError for anything but a Value; ValueError for
    an unknown option, and for more than 300 labelled Values, or arrays; DomainError where a
    derivative does not exist or passes a float's range.

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
    if detail is None:
        detail = "arrays" if wants_arrays(root) else "names"
    graph = named_graph(root, detail="names" if detail == "arrays" else checked_detail(detail))
    note = f"{graph.moved}; computed anew here" if graph.moved else ""
    if detail == "arrays":
        page = _in_arrays(graph, notation, note, engine)
        if page is not None:
            return page
        note = "; ".join(filter(None, (note, f"{graph.names[graph.root]} {NO_FORM}")))
    _require_few(len(graph.names), "Values", "label only those that matter")
    figure = figure_of(graph, notation, Gradients(swept(graph), note))
    return Page(figure, steps_of(figure), engine)


def _in_arrays(graph: Graph, notation: Notation, note: str, engine: Engine | None) -> Page | None:
    """Return the page in arrays; None where the record has no such form."""
    from autograd.drawing.arrays import drawing_of
    from autograd.stepping.arrays import array_steps

    drawing = drawing_of(graph, notation, Gradients(swept(graph), note))
    if drawing is None:
        return None
    _require_few(len(drawing.families), "arrays", "name only those that matter")
    return Page(drawing.figure, array_steps(drawing), engine)


def _require_few(count: int, what: str, remedy: str) -> None:
    if count > MOST:
        raise ValueError(
            f"{count} {what} are too many to step through, which takes {MOST}: {remedy}, or step"
            " through a smaller part of the graph"
        )
