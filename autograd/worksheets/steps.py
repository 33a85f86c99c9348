"""What a worksheet asks: steps of lines, in which some cells are left blank."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from autograd.derivation import Derivation
from autograd.deriving import derive
from autograd.digits import MINUS
from autograd.formula import formula
from autograd.graph import Graph
from autograd.marking.spelling import RATE
from autograd.notation import TEXT, Notation
from autograd.value import Value

Blanks = Literal["formulas", "numbers", "both"]
Kind = Literal["given", "formula", "numbers", "value"]
ASKED: dict[Blanks, tuple[Kind, ...]] = {
    "formulas": ("formula",),
    "numbers": ("numbers", "value"),
    "both": ("formula", "numbers", "value"),
}
BLANK = "___"  # in plain text
_KINDS: dict[int, tuple[Kind, ...]] = {  # by how many cells stand behind the title
    0: (),
    1: ("given",),
    2: ("numbers", "value"),
    3: ("formula", "numbers", "value"),
}
_TIMES = re.compile(r" (?:·|\\cdot) (?!10\^)")


class Cell(NamedTuple):
    """What stands between two equals signs: its text, and whether a student has to find it.

    holes   how many numbers it is the product of, each of which gets a blank of its own
    """

    kind: Kind
    text: str
    asked: bool
    holes: int = 1


class Line(NamedTuple):
    """One equation: its left side, and the cells behind it; `depth` is how far it is indented."""

    depth: int
    title: str
    cells: tuple[Cell, ...]

    @property
    def is_asked(self) -> bool:
        return any(cell.asked for cell in self.cells)

    @property
    def key(self) -> str:
        """The equation with what is asked for, and nothing else, filled in."""
        return " = ".join([self.title, *(cell.text for cell in self.cells if cell.asked)])

    @property
    def given(self) -> str:
        """The equation with what is printed, and nothing else."""
        return " = ".join([self.title, *(cell.text for cell in self.cells if not cell.asked)])


@dataclass(frozen=True, eq=False)
class Step:
    """A part of the sheet: its title, its lines, and the points that it is worth.

    title     words, with {} for the `subject`, which is written in a notation
    in_full   whether its lines lead to the last one: who writes that one with its method has them
    """

    title: str
    subject: str
    lines: tuple[Line, ...]
    points: float
    in_full: bool = False

    @property
    def key(self) -> str:
        return "\n".join(line.key for line in self.lines if line.is_asked)


@dataclass(frozen=True)
class Plan:
    """What is asked, in names: the same for every student.

    names    what is derived by: the first in full, the others "similarly"
    steps    which of "forward", "error", "gradient", "others" and "update" there are, in order
    blanks   what is left blank in derivations: "formulas", "numbers" or "both"
    rate     the learning rate of "update"; None where there is no such step
    points   what each step is worth
    """

    names: tuple[str, ...]
    steps: tuple[str, ...]
    blanks: Blanks
    rate: float | None
    points: tuple[float, ...] = field(repr=False)

    @property
    def called(self) -> dict[str, float]:
        """What the marker is told beside the record."""
        return {} if self.rate is None else {RATE: self.rate}


def steps_of(graph: Graph, plan: Plan, notation: Notation) -> list[Step]:
    """Return the steps of one record; as text or as LaTeX they have the same lines and cells."""
    values = {name: v for v, name in graph.names.items()}
    derivations = [derive(graph, values[name], notation) for name in plan.names]
    found: list[Step] = []
    for step, points in zip(plan.steps, plan.points, strict=True):
        title, subject, lines = _STEPS[step](graph, plan, derivations, notation)
        found.append(Step(title, subject, tuple(lines), points, step == "gradient"))
    return found


Written = tuple[str, str, list[Line]]  # the title of a step, what it is about, and its lines


def _forward(graph: Graph, plan: Plan, done: Sequence[Derivation], notation: Notation) -> Written:
    nodes = [v for v in graph.names if v.op is not None and v is not graph.root]
    return "Forward pass", "", _computed(graph, nodes, notation)


def _error(graph: Graph, plan: Plan, done: Sequence[Derivation], notation: Notation) -> Written:
    root = notation.name(graph.names[graph.root])
    return "The value of {}", root, _computed(graph, [graph.root], notation)


def _gradient(graph: Graph, plan: Plan, done: Sequence[Derivation], notation: Notation) -> Written:
    lines = _in_full(done[0], ASKED[plan.blanks], notation)
    return "{} in full", _title(done[0], notation), lines


def _others(graph: Graph, plan: Plan, done: Sequence[Derivation], notation: Notation) -> Written:
    lines = [_line(0, d.result(notation), ASKED[plan.blanks]) for d in done[1:]]
    return "Similarly, the other gradients", "", lines


def _update(graph: Graph, plan: Plan, done: Sequence[Derivation], notation: Notation) -> Written:
    rate = plan.rate or 0.0
    lines = [_updated(graph, d, rate, notation) for d in done]
    return f"One step of gradient descent, at the rate {TEXT.number(rate)}", "", lines


_STEPS: dict[str, Callable[[Graph, Plan, Sequence[Derivation], Notation], Written]] = {
    "forward": _forward,
    "error": _error,
    "gradient": _gradient,
    "others": _others,
    "update": _update,
}


def _title(derivation: Derivation, notation: Notation) -> str:
    return notation.derivative(derivation.of, derivation.by)


def _computed(graph: Graph, nodes: Iterable[Value], notation: Notation) -> list[Line]:
    """Return a line for each node: the numbers put into its formula, and its number."""
    lines = []
    for v in nodes:
        numbers = formula(v, graph.names, notation).numbers
        row = [notation.name(graph.names[v]), "", numbers, notation.number(graph.data[v])]
        lines.append(_line(0, row, ("numbers", "value")))
    return lines


def _in_full(derivation: Derivation, asked: Sequence[Kind], notation: Notation) -> list[Line]:
    lines = []
    for depth, rows in derivation.blocks(notation):
        lines += [_line(depth, row, asked) for row in rows]
    return lines


def _updated(graph: Graph, derivation: Derivation, rate: float, notation: Notation) -> Line:
    """Return the line of a new weight: w⁺ = w − η ∂E/∂w, in numbers."""
    v = next(v for v, name in graph.names.items() if name == derivation.by)
    before, slope = graph.data[v], derivation.shown
    step = notation.number(slope)
    if slope < 0:
        step = f"({step})"
    minus = "-" if notation.style == "latex" else MINUS
    numbers = f"{notation.number(before)} {minus} {notation.number(rate)}{notation.times}{step}"
    row = [notation.name(f"{derivation.by}⁺"), "", numbers, notation.number(before - rate * slope)]
    return _line(0, row, ("numbers", "value"))


def _line(depth: int, row: Sequence[str], asked: Sequence[Kind]) -> Line:
    """Return a row of a derivation as a line: a quotient alone, and words, are given."""
    title, *texts = row
    cells = []
    for kind, text in zip(_KINDS[len(texts)], texts, strict=True):
        if text:
            holes = 1
            if kind == "numbers" and len(texts) == 2:  # with which a derivation ends
                holes += len(_TIMES.findall(text))
            cells.append(Cell(kind, text, kind in asked, holes))
    return Line(depth, title, tuple(cells))
