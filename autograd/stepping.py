"""The page with the slider: the forward and the backward pass, one step at a time."""

from __future__ import annotations

import math
import re
from copy import deepcopy
from typing import TYPE_CHECKING, NamedTuple

from autograd.digits import rounded
from autograd.drawing import COLOURS, WIDTHS, Engine, EngineError, Figure, Picture
from autograd.files import write_whole
from autograd.formula import checked_notation, formula
from autograd.graph import named_graph
from autograd.ops import DomainError, described
from autograd.reverse import topological_order
from autograd.value import Value

if TYPE_CHECKING:
    from pathlib import Path

MOST = 300  # Values: a page with more is slow, and nobody steps through it


class Step(NamedTuple):
    """One step: what is asked, what comes out, and what it changes in the picture.

    phase    "forward", "seed" or "backward"
    asked    the name of the number that comes out
    given    the lines that say how; the last one lacks its result
    answer   the number itself, and `result` as it is written
    by_hand  what comes out of the numbers as they are written, with so many digits
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
    by_hand: float
    node: str
    sets: dict[str, str]
    lit: list[str]
    after: tuple[str, ...] = ()
    slips: tuple[tuple[str, float], ...] = ()
    edge: str = ""
    shade: str = "plain"


def step_through(root: Value, *, digits: int = 4, engine: Engine | None = None) -> Page:
    """A page that steps through the forward pass, a Value a step, and the backward pass below `root`, an edge a step.

    digits   how many digits are shown
    engine   what draws the picture, as in `draw_dot`

    It shows the numbers as they are now; it needs no `backward()`, and touches no `.grad`. TypeError for anything but a
    Value; ValueError for an unknown option, and for more than 300 labelled Values; DomainError where a derivative does
    not exist or passes a float's range.

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
        raise ValueError(f"{len(graph.names)} Values are too many to step through, which takes {MOST}: {remedy}")
    moved = graph.moved
    root, *visible = deepcopy([graph.root, *graph.names])  # so that the page shows the numbers as they are now
    for v, name in zip(visible, graph.names.values(), strict=True):
        v.label = name
    graph = named_graph(root)
    gradients = dict.fromkeys(graph.names, 0.0)
    gradients[root] = 1.0
    for head in reversed(graph.names):
        if not math.isfinite(gradients[head]):
            raise DomainError(f"the gradient by {described((head,))} is past the range of a float, ±1.8e308")
        for edge in graph.edges[head]:
            gradients[edge.tail] += gradients[head] * edge.derivative.data
    note = f"{moved}; computed anew here" if moved else ""
    figure = Figure(graph, None, notation, gradients, note=note)
    figure.legend = " "  # the page has its own
    return Page(figure, engine)


class Page:
    """A page that stands alone. It shows itself in a notebook, in a frame of its own, and prints as a list of steps.

    figure   what its picture shows
    steps    what it steps through, as data
    """

    def __init__(self, figure: Figure, engine: Engine | None) -> None:
        self.figure = figure
        self.steps = [*_forward(figure), *_backward(figure)]
        self._picture = Picture(figure, "LR", "svg", engine)

    def html(self) -> str:
        """The page: one HTML document that asks for nothing from outside. EngineError where no engine draws it."""
        import json
        from html import escape
        from pathlib import Path

        here = Path(__file__)
        template, style, script = (here.with_suffix(kind).read_text("utf-8") for kind in (".html", ".css", ".js"))
        figure, root = self.figure, self.figure.graph.root
        name = figure.graph.names[root]
        note = f" ({figure.note})" if figure.note else ""
        picture = self._picture.svg()
        opening = picture[: picture.index(">")]
        width = re.search(r' width="([^"]*)"', opening)
        style += _themes() + (f".figure {{ --width: {width[1]}; }}\n" if width else "")
        picture = re.sub(' (width|style)="[^"]*"', "", opening) + picture[len(opening) :]
        styles = [style, *re.findall("<style>(.*?)</style>", picture, flags=re.DOTALL)]
        policy = f"default-src 'none'; style-src {_hashes(styles)}; script-src {_hashes([script])}"
        data = {
            "nodes": [
                {"key": node.key, "data": _data(figure, v) if v.op is None else "—"} for v, node in figure.nodes.items()
            ],
            "steps": [step._asdict() for step in self.steps],
            "colours": {name: colour.lower() for name, colour in COLOURS["light"].items()},  # as the engines write them
            "widths": WIDTHS,
        }
        parts = {
            "policy": f"{policy}; base-uri 'none'; form-action 'none'",
            "title": escape(f"{name}, step by step"),
            "style": style,
            "final": escape(f"{name} = {figure.notation.number(root.data)}, and every gradient{note}"),
            "figure": picture.replace("</svg>", _MARKERS + "</svg>"),
            "rows": "".join(map(self._row, figure.nodes)),
            "steps": json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c"),
            "script": script,
        }
        return re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], template)

    def _row(self, v: Value) -> str:
        from html import escape

        node = self.figure.nodes[v]
        name = " = ".join(filter(None, (node.name, node.formula)))
        cells = f"<td>{_data(self.figure, v)}</td><td>{_number(self.figure.grad(v))}</td>"
        return f'<tr id="row-{node.key}"><th scope="row">{escape(name)}</th>{cells}</tr>'

    def save(self, path: str | Path) -> Path:
        """Writes the page to `path` and returns it. EngineError where no engine draws it."""
        from pathlib import Path

        path = Path(path)
        write_whole(path, self.html())
        return path

    def __str__(self) -> str:
        lines = ("; ".join([f"{step.given[-1]} = {step.result}", *step.after]) for step in self.steps)
        numbered = [f"{k}. {line}" for k, line in enumerate(lines, 1)]
        return "\n".join([*numbered, f"({self.figure.note})"] if self.figure.note else numbered)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from html import escape

        try:
            page = self.html()
        except EngineError as error:
            return f"<pre>{escape(str(self))}\n\n{escape(str(error))}</pre>"
        frame = 'title="step by step" sandbox="allow-scripts" width="100%" height="760" frameborder="0"'
        return f'<iframe {frame} srcdoc="{escape(page)}"></iframe>'


def _forward(figure: Figure) -> list[Step]:
    steps = []
    names = figure.graph.names
    for v, node in figure.nodes.items():
        if v.op is None:
            continue
        written = formula(v, {u: name for u, name in names.items() if u is not v}, figure.notation)
        result = figure.notation.number(v.data)
        given = [f"{names[v]} = {line}" for line in dict.fromkeys(written) if line != result] or [names[v]]
        data = {"data": _data(figure, v)}
        steps.append(Step("forward", names[v], given, v.data, result, _by_hand(v, figure), node.key, data, [node.key]))
    return steps


def _backward(figure: Figure) -> list[Step]:
    """The seed, then each edge in the order of the sweep: from the root down, the arguments of each Value in order."""
    number = figure.notation.number
    root = figure.graph.root
    total: dict[Value, float] = {}
    names = {v: figure.notation.derivative(figure.graph.names[root], name) for v, name in figure.graph.names.items()}

    def sets(v: Value) -> dict[str, str]:
        return {"grad": figure.signed(total[v]), "shade": figure.shade(total[v])}

    total[root] = 1.0
    key = figure.nodes[root].key
    given = ["the seed, with which the sweep begins", names[root]]
    steps = [Step("seed", names[root], given, 1.0, "1", 1.0, key, sets(root), [key])]
    arrows = {arrow.edge: arrow for arrow in figure.arrows}
    for head in reversed(figure.nodes):
        for edge in figure.graph.edges[head]:
            arrow, tail = arrows[edge], edge.tail
            local, upstream = edge.derivative.data, total[head]
            product = local * upstream
            by_hand = _rounded(local, figure) * _rounded(upstream, figure)
            before = total.get(tail, 0.0)
            together = ": paths add" if tail in total else ""
            total[tail] = before + product
            factor = number(upstream) if upstream >= 0 else f"({number(upstream)})"
            given = [
                f"{names[tail]} += {arrow.name} × {names[head]}",
                " = ".join(dict.fromkeys((arrow.name, arrow.formula, number(local)))),
                f"{names[tail]} += {number(local)} × {factor}",
            ]
            step = Step(
                phase="backward",
                asked=f"{arrow.name} × {names[head]}",
                given=given,
                answer=product,
                result=number(product),
                by_hand=by_hand if math.isfinite(by_hand) else product,
                node=figure.nodes[tail].key,
                sets=sets(tail),
                lit=[figure.nodes[tail].key, figure.nodes[head].key, arrow.key],
                after=(f"{names[tail]}: {number(before)} before, {number(total[tail])} after{together}",),
                slips=(
                    (f"the local derivative {arrow.name} is left out", upstream),
                    (f"the upstream gradient {names[head]} is left out", local),
                ),
                edge=arrow.key,
                shade=figure.shade(product),
            )
            steps.append(step)
    return steps


def _rounded(x: float, figure: Figure) -> float:
    """`x` as it is written, as a number again."""
    return rounded(x, figure.notation.digits)


def _by_hand(v: Value, figure: Figure) -> float:
    """What comes out for `v` where the numbers of its formula are taken as they are written."""
    leaves, nodes = topological_order(v, figure.graph.names)
    numbers = {u: _rounded(u.data, figure) for u in leaves}
    try:
        for u in nodes:
            assert u.op is not None
            numbers[u] = u.op(*(numbers[x] if isinstance(x, Value) else x for x in u.args))
    except DomainError:
        return v.data
    return numbers[v]


def _data(figure: Figure, v: Value) -> str:
    return _number(figure.data(v))


def _number(line: str) -> str:
    """What stands behind "data" or "grad" in a line of the picture."""
    return line.split(" ", 1)[1]


def _themes() -> str:
    """The picture's colours for the whole page: by preference, by the page's own switch, and light on paper."""
    light, dark = (
        "".join(f"--{name}:{colour}!important;" for name, colour in COLOURS[mode].items()) for mode in COLOURS
    )
    return (
        f":root,svg{{color-scheme:light;{light}--now:#7B3F9D}}\n"
        f"@media screen and (prefers-color-scheme:dark){{{_dark(':not([data-theme=light])', dark)}}}\n"
        f"@media screen{{{_dark('[data-theme=dark]', dark)}}}\n"
    )


def _dark(which: str, colours: str) -> str:
    return f":root{which},:root{which} svg{{color-scheme:dark;{colours}--now:#D5A6F0}}"


def _hashes(texts: list[str]) -> str:
    """The texts as a Content-Security-Policy names what may stand in the page."""
    from base64 import b64encode
    from hashlib import sha256

    return " ".join(f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" for text in texts)


# For the backward pass: an arrowhead at the beginning of an edge, and a line where its own head was.
_MARKERS = (
    '<defs><marker id="backward" viewBox="0 0 10 10" refX="10" refY="5" markerWidth="11" markerHeight="11" '
    'markerUnits="userSpaceOnUse" orient="auto-start-reverse"><path d="M0 1L10 5L0 9z"/></marker>'
    '<marker id="onward" refY="2" markerWidth="7" markerHeight="4" markerUnits="userSpaceOnUse" orient="auto">'
    '<path d="M0 .2H6.5V3.8H0z"/></marker></defs>'
)
