"""The steps of the forward and of the backward pass, as data."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal, NamedTuple, TypeVar

from autograd.digits import MINUS, rounded
from autograd.drawing.cells import Cells
from autograd.drawing.figure import Arrow, Figure, Node, aligned
from autograd.drawing.labels import BLANK
from autograd.drawing.theme import PLAIN, Shade
from autograd.formula import formula
from autograd.graph import Graph
from autograd.op import DomainError
from autograd.record import Record
from autograd.value import Value

T = TypeVar("T")

UNKNOWN = "—"
SEED = "the seed, with which the sweep begins"


class Step(NamedTuple):
    """One step: what is asked, what comes out, and what it changes in the picture.

    phase    "forward", "seed" or "backward"
    asked    the name of the number that comes out
    given    the lines that say how; the last one lacks its result
    answer   the number itself, and `result` as it is written
    by_hand  what comes out of the numbers as they are written, with so many digits
    node     the node whose data or grad `sets` changes
    lit      the nodes and the edge that the step is about
    after    what there is to say when it is known
    slips    numbers that come from well-known slips, each with the words that name it
    head     of a backward step: the names of the Values at the ends of its edge, and `tail`
    edges    of a backward step: its edge, and the `shade` that this takes; of an array, its arrows
    whole    the line of an array, which the list of steps shows in place of its element's
    """

    phase: Literal["forward", "seed", "backward"]
    asked: str
    given: list[str]
    answer: float
    result: str
    by_hand: float
    node: str
    sets: dict[str, Any]
    lit: list[str]
    after: tuple[str, ...] = ()
    slips: tuple[tuple[str, float], ...] = ()
    head: str = ""
    tail: str = ""
    edges: tuple[str, ...] = ()
    shade: Shade = PLAIN
    whole: str = ""

    def __str__(self) -> str:
        return self.whole or "; ".join([f"{self.given[-1]} = {self.result}", *self.after])


def at_the_start(node: Node) -> Node:
    """Return a node before the first step, of which no more is known than the data of a leaf."""
    is_leaf = node.value.op is None
    cells = node.cells
    if cells:
        numbers = cells.data if is_leaf else _like(cells.data, UNKNOWN)
        cells = Cells(numbers, _like(cells.grad, UNKNOWN), _like(cells.shades, PLAIN))
    data = node.data if is_leaf else UNKNOWN
    return node._replace(data=data, grad=UNKNOWN, shade=PLAIN, cells=cells)


def _like(rows: Sequence[Sequence[object]], what: T) -> list[list[T]]:
    return [[what] * len(row) for row in rows]


def seed_step(key: str, asked: str, sets: dict[str, Any]) -> Step:
    """Return the step with which the sweep begins: the root's derivative by itself is 1.

    key, sets   the root's node, and what it shows after the step
    asked       the name of that derivative
    """
    return Step(
        phase="seed",
        asked=asked,
        given=[SEED, asked],
        answer=1.0,
        result="1",
        by_hand=1.0,
        node=key,
        sets=sets,
        lit=[key],
    )


def steps_of(figure: Figure) -> list[Step]:
    """Return the forward pass, a Value a step, the seed, and the backward pass, an edge a step."""
    return [*_forward(figure), *_Sweep(figure).steps()]


def _forward(figure: Figure) -> Iterator[Step]:
    for v, node in figure.nodes.items():
        if v.op is None:
            continue
        result = figure.notation.number(v.data)
        lines = [line for line in _written(v, figure) if line != result]
        yield Step(
            phase="forward",
            asked=node.name,
            given=[f"{node.name} = {line}" for line in lines] or [node.name],
            answer=v.data,
            result=result,
            by_hand=by_hand(v, figure.graph, figure.notation.digits),
            node=node.key,
            sets={"data": aligned(v.data, figure.notation, BLANK)},
            lit=[node.key],
        )


def _written(v: Value, figure: Figure) -> Iterable[str]:
    """Return the formula of a Value in names and in numbers; where they are the same, once."""
    others = {u: name for u, name in figure.graph.names.items() if u is not v}
    return dict.fromkeys(formula(v, others, figure.notation))


def by_hand(v: Value, graph: Graph, digits: int) -> float:
    """Return `v` as it comes out of the numbers of its formula as they are written."""
    record = Record(v, graph.names)
    try:
        return float(record.evaluate({u: rounded(u.data, digits) for u in record.leaves})[v])
    except DomainError:
        return v.data


def bracketed(number: str) -> str:
    """Return a factor, in brackets if it is negative."""
    return f"({number})" if number.startswith(MINUS) else number


class _Sweep:
    """The seed, then each edge: from the root down, the arguments of each Value in order."""

    def __init__(self, figure: Figure) -> None:
        self.figure = figure
        self.notation = figure.notation
        self.totals: dict[Value, float] = {}
        names, root = figure.graph.names, figure.graph.root
        self.partials = {
            v: self.notation.derivative(names[root], name) for v, name in names.items()
        }

    def steps(self) -> Iterator[Step]:
        yield self._seed()
        arrows = {arrow.edge: arrow for arrow in self.figure.arrows}
        for head in reversed(self.figure.nodes):
            for edge in self.figure.graph.edges[head]:
                yield self._along(arrows[edge])

    def _sets(self, v: Value) -> dict[str, Any]:
        total = self.totals[v]
        return {"grad": self.figure.signed(total), "shade": self.figure.shade(total)}

    def _seed(self) -> Step:
        root = self.figure.graph.root
        self.totals[root] = 1.0
        return seed_step(self.figure.nodes[root].key, self.partials[root], self._sets(root))

    def _along(self, arrow: Arrow) -> Step:
        number = self.notation.number
        head, tail = arrow.edge.head, arrow.edge.tail
        local, upstream = arrow.value, self.totals[head]
        product = local * upstream
        before = self.totals.get(tail)
        self.totals[tail] = product if before is None else before + product
        of_head, of_tail = self.partials[head], self.partials[tail]
        together = "" if before is None else ": paths add"
        sums = f"{number(before or 0.0)} before, {number(self.totals[tail])} after{together}"
        return Step(
            phase="backward",
            asked=f"{arrow.name} × {of_head}",
            given=[
                f"{of_tail} += {arrow.name} × {of_head}",
                " = ".join(dict.fromkeys((arrow.name, arrow.formula, arrow.local))),
                f"{of_tail} += {arrow.local} × {bracketed(number(upstream))}",
            ],
            answer=product,
            result=number(product),
            by_hand=self._product_by_hand(local, upstream),
            node=arrow.tail,
            sets=self._sets(tail),
            lit=[arrow.tail, arrow.head, arrow.key],
            after=(f"{of_tail}: {sums}",),
            slips=(
                (f"the local derivative {arrow.name} is left out", upstream),
                (f"the upstream gradient {of_head} is left out", local),
            ),
            head=self.figure.graph.names[head],
            tail=self.figure.graph.names[tail],
            edges=(arrow.key,),
            shade=self.figure.shade(product),
        )

    def _product_by_hand(self, local: float, upstream: float) -> float:
        digits = self.notation.digits
        product = rounded(local, digits) * rounded(upstream, digits)
        return product if math.isfinite(product) else local * upstream
