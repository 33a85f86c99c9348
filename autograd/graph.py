"""The graph as a person sees it: named Values, and between them edges that carry the derivative."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import count
from typing import Any, Literal, NamedTuple

from autograd.gradients import grad
from autograd.op import Op
from autograd.record import Record
from autograd.recording import enable_grad
from autograd.symbolic import Symbolic
from autograd.value import Value

Detail = Literal["names", "operations"]

RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
TOLD_APART = re.compile("⁽[⁰¹²³⁴-⁹]+⁾$")  # what tells Values of one label apart


class Edge(NamedTuple):
    """∂head/∂tail, summed over all paths between the two that pass no other visible Value.

    found   the derivative, as a Value: its data is the number, and what it is made of is the
            formula. A constant one is a leaf. Where it does not exist, the error that says so
    """

    head: Value
    tail: Value
    found: Value | Exception

    @property
    def derivative(self) -> Value:
        """The derivative. Raises the error that says why, where it does not exist."""
        if isinstance(self.found, Exception):
            raise self.found
        return self.found


class Graph(NamedTuple):
    """What `named_graph` finds.

    names      each visible Value and its name; arguments come before results
    edges      for each visible Value its edges, in the order of its formula
    detail     "operations" where every Value is visible, which is so too where none had a label
    data       the number of each visible Value; a later change does not show
    moved      a sentence where leaves have moved since the root was computed; else ""
    stand_ins  then, what was computed anew in the place of each Value of the record
    shared     for each name that stands for a label which several visible Values have: that label
    """

    root: Value
    names: dict[Value, str]
    edges: dict[Value, list[Edge]]
    detail: Detail
    data: dict[Value, float]
    moved: str
    stand_ins: Mapping[Value, Value]
    shared: Mapping[str, str]

    def current(self, value: Value) -> Value:
        """Return what stands for `value` here: itself, unless the record was computed anew."""
        return self.stand_ins.get(value, value)


def named_graph(
    root: Value,
    *,
    also: Collection[Value] = (),
    towards: Collection[Value] = (),
    detail: Detail = "names",
) -> Graph:
    """Return the graph below `root` at the level of names.

    Visible are the Values with a label, `root`, and those in `also`; every other one is folded into
    the visible Values that it leads to. `detail="operations"` makes all visible. With `towards`,
    which are visible too, only the edges on the way to them are found.

    A visible Value has its label for a name, else v1, v2, …. Of several with one label the first
    has the label, the second has it with ⁽²⁾, and so on, in the order of the computation: by
    example or by time step, where a network is called again and again. The root keeps its label.

    Where leaves have moved since `root` was computed, all is computed anew at the numbers of now,
    and the graph says so. Raises ValueError for another detail, for a `towards` that is not in the
    record though a Value with its label is, and where the record cannot be computed anew.

    >>> x = Value(3.0, label="x")
    >>> y = 2 * x + x * x
    >>> y.label = "y"
    >>> [edge] = named_graph(y).edges[y]
    >>> edge.tail.label, edge.derivative.data
    ('x', 8.0)
    """
    detail = checked_detail(detail)
    record = Record(root)
    for v in towards:
        require_known(record, v)
    moved = record.moved()
    stand_ins: Mapping[Value, Value] = record.anew() if moved else {}
    if moved:
        root = stand_ins[root]
        record = Record(root)
        also = {stand_ins.get(v, v) for v in also}
        towards = {stand_ins.get(v, v) for v in towards}
    if not record.labelled():
        detail = "operations"
    shown = _visible(record, {root, *towards, *also}, detail)
    names = told_apart([(v, v.label) for v in shown], root)
    edges = _edges(names, towards)
    data = {v: v.data for v in names}
    return Graph(root, names, edges, detail, data, moved, stand_ins, _shared(names))


def checked_detail(detail: str) -> Detail:
    """Return a detail that a user asks for. ValueError for an unknown one."""
    if detail == "operations":
        return "operations"
    if detail == "names":
        return "names"
    raise ValueError(f"detail must be 'names', 'operations' or 'arrays', not {detail!r}")


def _shared(names: Mapping[Value, str]) -> dict[str, str]:
    """Return the label behind each name whose label several Values have."""
    uses = Counter(v.label for v in names)
    return {name: v.label for v, name in names.items() if v.label and uses[v.label] > 1}


def _visible(record: Record, chosen: Collection[Value], detail: Detail) -> list[Value]:
    """Return the Values of the record that are chosen, or have a label; or all of them."""
    if detail == "operations":
        return record.values
    return [v for v in record.values if v.label or v in chosen]


def require_known(record: Record, value: Value) -> None:
    """Raise ValueError where `value` is not in the record, and another with its label is."""
    if value.label and value not in record.values:
        for other in record.labelled():
            if other.label == value.label:
                root = record.root.label or "this"
                raise ValueError(
                    f"{root} was computed from another Value labelled {value.label!r}, which is"
                    f" {other.data:g}, and this one is {value.data:g}: compute {root} anew"
                )


def told_apart(labels: Iterable[tuple[Value, str]], root: Value | None = None) -> dict[Value, str]:
    """Return a name for each Value: its label, or v1, v2, …; no two have the same.

    `root` has its label whatever the others have; these are then numbered from ⁽¹⁾ on.

    >>> told_apart([(Value(1.0), "w"), (Value(2.0), "w"), (Value(3.0), "")]).values()
    dict_values(['w', 'w⁽²⁾', 'v1'])
    """
    pairs = list(labels)
    given = {label for _, label in pairs}
    free = free_names(given)
    of_root = next((label for v, label in pairs if v is root), "")
    taken = {of_root}
    uses = {of_root: 0}
    names: dict[Value, str] = {}
    for v, label in pairs:
        name = label or next(free)
        while v is not root and (name in taken or (name != label and name in given)):
            uses[label] = uses.get(label, 1) + 1
            name = f"{label}⁽{str(uses[label]).translate(RAISED)}⁾"
        taken.add(name)
        names[v] = name
    return names


def free_names(given: Collection[str]) -> Iterator[str]:
    """Yield the names of Values without a label, v1, v2, …: those that are not given."""
    return (name for k in count(1) if (name := f"v{k}") not in given)


def _edges(names: Mapping[Value, str], towards: Collection[Value]) -> dict[Value, list[Edge]]:
    leading = set(towards)  # and the Values that depend on them
    edges = {}
    for head in names:
        ends = tails_of(head, names)
        if towards:
            ends = [x for x in ends if x in leading]
            if ends:
                leading.add(head)
        found = _derivatives(head, ends, names)
        edges[head] = [Edge(head, *pair) for pair in zip(ends, found, strict=True)]
    return edges


def tails_of(head: Value, names: Collection[Value]) -> list[Value]:
    """Return the named Values in the formula of another one, in the order of its computation.

    What an operation takes to keep digits alone, as the row of 1 − σ(z) takes z beside σ(z), is
    not in the formula.
    """
    record = Record(head, names)
    reached = {head}
    for v in reversed(record.nodes):
        if v in reached:
            reached.update(_read_arguments(v.op, v.args))
    return [x for x in record.leaves if x in names and x in reached and x is not head]


def _read_arguments(op: Op, args: Sequence[Any]) -> Iterator[Value]:
    """Yield the Values among the arguments that the blackboard's formula of an operation has."""
    places = _places_read(op) if op.reads else range(len(args))
    return (args[k] for k in places if isinstance(args[k], Value))


@cache
def _places_read(op: Op) -> list[int]:
    assert op.reads is not None
    read = op.reads(*(_Places({k}) for k in range(op.arity)))
    return sorted(read.places) if isinstance(read, _Places) else []


class _Places(Symbolic):
    """The places of the arguments that a formula has."""

    def __init__(self, places: Iterable[int]) -> None:
        self.places = frozenset(places)

    def _apply(self, op: Op, args: tuple[Any, ...]) -> _Places:
        found = [x.places for x in args if isinstance(x, _Places)]
        return _Places(frozenset().union(*found))


def _derivatives(
    head: Value, tails: Sequence[Value], names: Collection[Value]
) -> Sequence[Value | Exception]:
    """Return the derivative by each tail, or the error that says why it does not exist."""
    with enable_grad():
        try:
            return grad(head, tails, names)
        except (ArithmeticError, TypeError, ValueError) as error:
            if len(tails) == 1:
                return [error]
        return [found for tail in tails for found in _derivatives(head, [tail], names)]
