"""The page with the slider: the forward and the backward pass, one step at a time."""

from __future__ import annotations

import hashlib
import html
import json
import re
from base64 import b64encode
from pathlib import Path
from typing import NamedTuple

from autograd.drawing import _COLOURS as COLOURS
from autograd.drawing import _WIDTHS as WIDTHS
from autograd.drawing import Engine, Figure, Picture
from autograd.formula import Notation, formula
from autograd.graph import named_graph
from autograd.value import Value

MOST = 300  # named Values: a page with more is slow, and nobody steps through it


class Step(NamedTuple):
    """One step: what is asked, what comes out, and what it changes in the picture.

    phase    "forward", "seed" or "backward"
    asked    the name of the number that comes out
    given    the lines that say how; the last one lacks its result
    answer   the number itself, and `result` as it is written
    after    what there is to say when it is known
    slips    numbers that come from well-known slips, each with the words that name it
    node     the node whose data or grad `sets` changes
    lit      the nodes and the edge that the step is about
    """

    phase: str
    asked: str
    given: list[str]
    answer: float
    result: str
    after: list[str]
    slips: list[tuple[str, float]]
    node: str
    sets: dict[str, str]
    lit: list[str]
    edge: str = ""
    sign: str = "plain"


def step_through(root: Value, *, digits: int = 4, engine: Engine | None = None) -> Page:
    """A page that steps through the forward pass, a Value a step, and the backward pass below `root`, an edge a step.

    digits   how many digits are shown
    engine   what draws the picture, as in `draw_dot`

    It needs no `backward()`, and touches no `.grad`. TypeError for anything but a Value; ValueError for more than 300
    named Values; DomainError where a derivative does not exist.

    >>> x = Value(3.0, label="x")
    >>> y = x * x; y.label = "y"
    >>> for step in step_through(y).steps:
    ...     print(step.phase, step.given, step.result)
    forward ['y = x²', 'y = 3²'] 9
    seed ['∂y/∂y'] 1
    backward ['∂y/∂x += ∂y/∂x × ∂y/∂y', '∂y/∂x += 6 × 1'] 6
    """
    if not isinstance(root, Value):
        raise TypeError(f"step_through takes a Value, not {type(root).__name__}")
    graph = named_graph(root)
    if len(graph.names) > MOST:
        remedy = "label fewer Values, or step through a smaller part of the graph"
        raise ValueError(f"{len(graph.names)} Values are too many to step through, which takes {MOST}: {remedy}")
    gradients = dict.fromkeys(graph.names, 0.0)
    gradients[root] = 1.0
    for head in reversed(graph.names):
        for edge in graph.edges[head]:
            gradients[edge.tail] += gradients[head] * edge.derivative.data
    figure = Figure(graph, None, Notation(digits=digits), gradients)
    figure.legend = " "  # the page has its own
    return Page(figure, engine)


class Page:
    """A page that stands alone. It shows itself in a notebook, in a frame of its own.

    steps   what it steps through, as data
    """

    def __init__(self, figure: Figure, engine: Engine | None) -> None:
        self.figure = figure
        self.steps = [*_forward(figure), *_backward(figure)]
        self._picture = Picture(figure, "LR", "svg", engine)

    def html(self) -> str:
        """The page: one HTML document that asks for nothing from outside."""
        folder = Path(__file__).parent
        template, style, script = ((folder / f"stepping.{kind}").read_text("utf-8") for kind in ("html", "css", "js"))
        style += _themes()
        figure = re.sub(' style="[^"]*"', "", self._picture.svg(), count=1).replace("</svg>", _ARROW + "</svg>")
        styles = [style, *re.findall("<style>(.*?)</style>", figure, flags=re.DOTALL)]
        policy = f"default-src 'none'; style-src {_hashes(styles)}; script-src {_hashes([script])}"
        root = self.figure.graph.root
        name, number = self.figure.graph.names[root], self.figure.notation.number(root.data)
        parts = {
            "policy": policy + "; base-uri 'none'; form-action 'none'",
            "title": html.escape(f"{name}, step by step"),
            "style": style,
            "final": html.escape(f"{name} = {number}, and every gradient"),
            "figure": figure,
            "rows": "".join(map(self._row, self.figure.nodes)),
            "steps": self._data().replace("<", "\\u003c"),
            "script": script,
        }
        return re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], template)

    def _row(self, v: Value) -> str:
        node = self.figure.nodes[v]
        name = html.escape(" = ".join(filter(None, (node.name, node.formula))))
        cells = [f"<td>{_number(text)}</td>" for text in (self.figure.data(v), self.figure.grad(v))]
        return f'<tr id="row-{node.key}"><th scope="row">{name}</th>{"".join(cells)}</tr>'

    def _data(self) -> str:
        """What the script needs, as JSON."""
        nodes = [
            {"key": node.key, "leaf": v.op is None, "data": _number(self.figure.data(v))}
            for v, node in self.figure.nodes.items()
        ]
        steps = [step._asdict() for step in self.steps]
        colours = {name: colour.lower() for name, colour in COLOURS["light"].items()}  # as the engine writes them
        data = {"nodes": nodes, "steps": steps, "colours": colours, "widths": WIDTHS}
        return json.dumps(data, ensure_ascii=False)

    def save(self, path: str | Path) -> Path:
        """Writes the page to `path` and returns it."""
        path = Path(path)
        path.write_text(self.html(), encoding="utf-8")
        return path

    def _repr_html_(self) -> str:
        frame = 'title="step by step" sandbox="allow-scripts" width="100%" height="760" frameborder="0"'
        return f'<iframe {frame} srcdoc="{html.escape(self.html())}"></iframe>'

    def __str__(self) -> str:
        return "\n".join(f"{k}. {' '.join(step.given[-1:])} = {step.result}" for k, step in enumerate(self.steps, 1))


def _forward(figure: Figure) -> list[Step]:
    steps = []
    for v, node in figure.nodes.items():
        if v.op is None:
            continue
        name = figure.graph.names[v]
        written = formula(v, {u: label for u, label in figure.graph.names.items() if u is not v}, figure.notation)
        given = [f"{name} = {written.names}", f"{name} = {written.numbers}"]
        data = figure.notation.number(v.data)
        sets = {"data": _number(figure.data(v))}
        steps.append(Step("forward", name, given, v.data, data, [], _slips(v.data), node.key, sets, [node.key]))
    return steps


def _backward(figure: Figure) -> list[Step]:
    """The seed, then each edge in the order of the sweep: from the root down, the arguments of each Value in order."""
    number = figure.notation.number
    root = figure.graph.root
    total = dict.fromkeys(figure.nodes, 0.0)
    names = {v: figure.notation.derivative(figure.graph.names[root], name) for v, name in figure.graph.names.items()}

    def sets(v: Value) -> dict[str, str]:
        return {"grad": figure.signed(total[v]), "shade": figure.shade(total[v])}

    total[root] = 1.0
    key = figure.nodes[root].key
    why = ["the seed: every gradient is that of this Value"]
    steps = [Step("seed", names[root], [names[root]], 1.0, "1", why, _slips(1.0), key, sets(root), [key])]
    arrows = {arrow.edge: arrow for arrow in figure.arrows}
    for head in reversed(figure.nodes):
        for edge in figure.graph.edges[head]:
            arrow, tail = arrows[edge], edge.tail
            local, upstream = edge.derivative.data, total[head]
            product = local * upstream
            before, total[tail] = total[tail], total[tail] + product
            given = [
                f"{names[tail]} += {arrow.name} × {names[head]}",
                f"{names[tail]} += {number(local)} × "
                + (number(upstream) if upstream >= 0 else f"({number(upstream)})"),
            ]
            after = [f"{arrow.name} = {arrow.formula}"]
            if before:
                after.append(f"{names[tail]} was {number(before)} and is now {number(total[tail])}: paths add")
            slips = [
                *_slips(product),
                (f"the local derivative {arrow.name} is left out", upstream),
                (f"the upstream gradient {names[head]} is left out", local),
            ]
            keys = [figure.nodes[tail].key, figure.nodes[head].key, arrow.key]
            asked = f"{arrow.name} × {names[head]}"
            step = Step("backward", asked, given, product, number(product), after, slips, keys[0], sets(tail), keys)
            steps.append(step._replace(edge=arrow.key, sign=figure.shade(product)))
    return steps


def _number(line: str) -> str:
    """What stands behind "data" or "grad" in a line of the picture."""
    return line.split(" ", 1)[1]


def _themes() -> str:
    """The picture's colours, as the page's own switch sets them; they go before those of the picture."""
    rules = (
        f'[data-theme="{theme}"] svg{{'
        + "".join(f"--{name}:{colour}!important;" for name, colour in colours.items())
        + "}"
        for theme, colours in COLOURS.items()
    )
    return "\n".join(rules)


def _slips(x: float) -> list[tuple[str, float]]:
    return [("the sign is wrong", -x), ("it is twice too large", 2 * x), ("it is half of what it should be", x / 2)]


def _hashes(texts: list[str]) -> str:
    """The texts as a Content-Security-Policy names what may stand in the page."""
    digests = [b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in texts]
    return " ".join(f"'sha256-{digest}'" for digest in digests)


# Drawn at the beginning of an edge, for the backward pass.
_ARROW = (
    '<defs><marker id="backward" viewBox="0 0 10 10" refX="10" refY="5" markerWidth="11" markerHeight="11" '
    'markerUnits="userSpaceOnUse" orient="auto-start-reverse"><path d="M0 1L10 5L0 9z"/></marker></defs>'
)
