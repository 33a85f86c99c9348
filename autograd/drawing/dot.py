"""A figure in DOT, graphviz's language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise

from autograd.drawing.figure import Arrow, Figure, Frame, Node
from autograd.drawing.labels import definition, printable, wrapped
from autograd.drawing.script import Attributes as Attributes
from autograd.drawing.script import Script
from autograd.drawing.theme import LIGHT, SMALLEST, Shade


def script_of(
    figure: Figure, rankdir: str, format: str, more: Mapping[str, Attributes] | None = None
) -> Script:
    """Return the figure for graphviz: from left to right ("LR"), or from top to bottom ("TB").

    more   further attributes of nodes and arrows, by their keys: these win
    """
    graph = _empty(figure, rankdir, format)
    heading = [*figure.heading, ""] if figure.lit else figure.heading
    with graph.subgraph(name="cluster_figure") as everything:
        everything.attr(
            label=escaped(heading, "\\l"), labelloc="t", labeljust="l", fontsize="17",
            fontcolor=LIGHT["text"], pencolor="none", bgcolor="transparent", margin="0",
            id="heading",
        )  # fmt: skip
        _draw_parts(everything, figure, more or {})
    for column in figure.columns:
        _put_side_by_side(graph, column[::-1] if rankdir == "LR" else column)
    return graph


def _empty(figure: Figure, rankdir: str, format: str) -> Script:
    """Return a picture with the look and the legend of a figure, and nothing in it."""
    defaults = {
        "graph": {
            "rankdir": rankdir, "nodesep": "0.16", "ranksep": _ranksep(figure),
            "splines": "true", "newrank": "true", "pad": "0.06", "fontname": "Arial",
            "fontsize": "12", "fontcolor": LIGHT["muted"], "bgcolor": LIGHT["plain"],
            "label": escaped(["", *figure.legend]), "labelloc": "b",
        },
        "node": {
            "shape": "box", "fontname": "Arial", "fontsize": SMALLEST, "margin": "0.08,0.05",
        },
        "edge": {
            "fontname": "Arial", "fontsize": SMALLEST, "arrowsize": "0.65", "color": LIGHT["line"],
        },
    }  # fmt: skip
    return Script(format, defaults)


def _draw_parts(everything: Script, figure: Figure, more: Mapping[str, Attributes]) -> None:
    """Draw the nodes, the frames around some of them, and the arrows."""
    for node in figure.nodes.values():
        _draw_node(everything, figure, node, more.get(node.key, {}))
    for number, frame in enumerate(figure.frames):
        _draw_frame(everything, number, frame)
    for arrow in figure.arrows:
        _draw_arrow(everything, figure, arrow, more.get(arrow.key, {}))


def _draw_frame(everything: Script, number: int, frame: Frame) -> None:
    with everything.subgraph(name=f"cluster_{number}") as cluster:
        cluster.attr(
            label=escaped([frame.title]), style="rounded,filled",
            fillcolor=LIGHT["cluster"], pencolor=LIGHT["frame"], margin="6",
            labeljust="r", fontsize=SMALLEST, fontcolor=LIGHT["muted"], id=f"c{number}",
        )  # fmt: skip
        for key in frame.keys:
            cluster.node(key)


def _ranksep(figure: Figure) -> str:
    """Return the room between columns: boxes of arrays have wide arrows between them."""
    if any(node.cells for node in figure.nodes.values()):
        return "0.1"
    return "0.2" if figure.lit else "0.3"


def _put_side_by_side(graph: Script, keys: list[str]) -> None:
    with graph.subgraph() as column:
        column.attr(rank="same")
        for pair in pairwise(keys):
            column.edge(*pair, style="invis")


def _classes(shade: Shade, *, lit: bool, muted: bool) -> str:
    """Return the classes of a node or an edge, which say what shows its gradient."""
    if muted:
        return "muted"
    classes = [shade.sign] if shade.fill == shade.sign else [shade.sign, shade.fill]
    return " ".join([*classes, "lit"] if lit else classes)


def _draw_node(graph: Script, figure: Figure, node: Node, more: Attributes) -> None:
    muted = figure.lit and not node.lit
    fill = "plain" if muted or node.cells else node.shade.fill
    look = {
        "style": _outline(node),
        "fillcolor": LIGHT[fill],
        "color": LIGHT["line" if muted else node.shade.line],
        "fontcolor": LIGHT["muted" if muted else "text"],
        "penwidth": "2.6" if node.lit else "1.2",
        "id": node.key,
        "class": _classes(node.shade, lit=node.lit, muted=muted),
    }
    graph.node(node.key, escaped(_lines_of(figure, node)), **look | more)


def _lines_of(figure: Figure, node: Node) -> list[str]:
    """Return what stands in a node: its definition, and below it its numbers."""
    name = node.name if node.value.label or figure.lit else ""
    lines = wrapped(definition(name, node.formula))
    if node.cells:
        return lines + node.cells.lines
    return [*lines, f"data {node.data}", f"grad {node.grad}"] if node.data else lines


def _outline(node: Node) -> str:
    """Return graphviz's style of a node: what is computed is rounded, dashed is negative."""
    style = ["filled"]
    if node.value.op is not None:
        style.append("rounded")
    if node.shade.sign == "neg":
        style.append("dashed")
    return ",".join(style)


def _draw_arrow(graph: Script, figure: Figure, arrow: Arrow, more: Attributes) -> None:
    muted = figure.lit and not arrow.lit
    signed = arrow.shade.sign != "plain" and not muted
    lines: list[str] = []
    style: Attributes = {}
    if arrow.lit:
        lines = _factor(figure, arrow)
        style = _lit(figure)
    elif not figure.lit:
        lines = list(arrow.lines) or [arrow.local]
        style = {"fontcolor": LIGHT[arrow.shade.sign if signed else "muted"]}
        style |= {"penwidth": arrow.shade.width}
    if signed:
        style |= _signed(arrow.shade)
    style |= {"id": arrow.key, "class": _classes(arrow.shade, lit=arrow.lit, muted=muted)}
    graph.edge(arrow.tail, arrow.head, escaped(lines), **style | more)


def _signed(shade: Shade) -> Attributes:
    """Return the look of an arrow that adds to a gradient, or takes away from it: dashed."""
    dashes = "dashed" if shade.sign == "neg" else "solid"
    return {"color": LIGHT[shade.line], "style": dashes}


def _lit(figure: Figure) -> Attributes:
    """Return the look of an arrow that is lit."""
    style = {"dir": "back", "penwidth": "3", "arrowsize": "0.85", "weight": "100"}
    style |= {"fontcolor": LIGHT["text"]}
    # larger, further off other paths
    return style | {"fontsize": "12"} if figure.parting else style


def _factor(figure: Figure, arrow: Arrow) -> list[str]:
    """Return the lines at an edge that is lit: its number and name, and what it is."""
    if arrow.lines:
        return [*arrow.lines, ""]
    if not arrow.number:
        return []
    values = [f"= {value}" for value in dict.fromkeys((arrow.formula, arrow.local))]
    lines = [f"{arrow.number} {arrow.name}", *values, ""]  # "" lifts it off its own edge,
    return ["", *lines] if figure.parting else lines  # and off that of another path above it


def escaped(lines: Iterable[str], end: str = "\\n") -> str:
    """Return lines of plain text as a DOT label, in which no character has another meaning.

    No line is left empty: where a long one follows it, the embedded engine breaks down.
    """
    label = ""
    for line in lines:
        plain = printable(line) or " "
        label += plain.replace("\\", "\\\\").replace("&", "&amp;") + end
    return label
