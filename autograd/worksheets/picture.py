"""The picture of a worksheet: what is computed from what, and no number that is asked for."""

from __future__ import annotations

from autograd.drawing.figure import Figure, figure_of
from autograd.drawing.gradients import Gradients
from autograd.drawing.picture import Picture
from autograd.graph import Graph
from autograd.notation import Notation


def blank_picture(graph: Graph, notation: Notation) -> Picture:
    """Return the picture of a record in names alone."""
    return Picture(
        _without_numbers(figure_of(graph, notation, Gradients(None, ""))), "LR", "svg", None
    )


def _without_numbers(figure: Figure) -> Figure:
    nodes = {}
    for v, node in figure.nodes.items():
        nodes[v] = node._replace(formula="", title=node.words, data="", grad="")
    arrows = [arrow._replace(local="", formula="", title=arrow.name) for arrow in figure.arrows]
    return figure._replace(
        title="What is computed from what", heading=[], legend=[" "], nodes=nodes, arrows=arrows
    )
