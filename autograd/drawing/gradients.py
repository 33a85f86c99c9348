"""The gradients that a picture shows, and what there is to say of them."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from autograd.digits import exact
from autograd.graph import Graph
from autograd.notation import TEXT
from autograd.sweep import accumulated
from autograd.value import Value


class Gradients(NamedTuple):
    """The gradient of each visible Value, None before `backward()`; `note` is "" or a sentence."""

    numbers: Mapping[Value, float] | None
    note: str


def stored_gradients(root: Value, graph: Graph, shown: Collection[Value]) -> Gradients:
    """Return the `.grad` of each Value of `graph`, which is that of `root`.

    shown   the Values that are drawn: all that lead from `root` to one of them have their edges

    Where leaves have moved, the gradients are computed anew. Where they are not of one backward
    pass of `root`, the note says so.
    """
    if root.grad == 0.0:
        return Gradients(None, f"{graph.moved}; computed anew here" if graph.moved else "")
    stored = {v: v.grad for v in graph.names}
    try:
        expected = swept(graph)
    except (ArithmeticError, TypeError, ValueError) as error:
        if graph.moved:
            return Gradients(None, f"{graph.moved}; computed anew here, where {error}")
        return Gradients(stored, "")
    if graph.moved:
        return Gradients(expected, f"{graph.moved}; numbers and gradients are computed anew here")
    return Gradients(stored, _doubt(graph, shown, expected))


def _doubt(graph: Graph, shown: Collection[Value], expected: Mapping[Value, float]) -> str:
    """Return a sentence where the stored gradients are not of one backward pass of the root."""
    root, name = graph.root, graph.names[graph.root]
    other = _unexpected(shown, expected)
    if root.grad != 1.0 and _are_near(shown, root.grad, expected):
        number = TEXT.number(root.grad)
        return f"grad is that of a Value above {name}, whose derivative by {name} is {number}"
    if any(v.op is not None for v in other):
        return f"these gradients are not of one backward pass of {name}: call {name}.backward()"
    if other:
        return "the leaves have added up several backward passes: set their grad to 0 before one"
    return ""


def _unexpected(shown: Iterable[Value], expected: Mapping[Value, float]) -> list[Value]:
    """Return the Values whose stored gradient is another one."""
    return [v for v in shown if not _is_near(v.grad, expected[v])]


def _are_near(shown: Iterable[Value], times: float, expected: Mapping[Value, float]) -> bool:
    """Whether the stored gradients are as often the expected ones."""
    return all(_is_near(v.grad, times * expected[v]) for v in shown)


def _is_near(stored: float, expected: float) -> bool:
    return math.isclose(stored, expected, rel_tol=1e-6, abs_tol=1e-12)


def swept(graph: Graph) -> dict[Value, float]:
    """Return the gradient of the root by each visible Value, 0 where it does not depend on one."""
    return dict.fromkeys(graph.names, 0.0) | accumulated(graph)


def in_words(gradient: float | None) -> str:
    """Return a gradient with all its digits, or that it was not computed."""
    return "not computed" if gradient is None else exact(gradient)
