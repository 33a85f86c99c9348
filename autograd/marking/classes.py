"""The classes of a softmax that stand beside a record: p2 and p3, where L = −ln p1 was computed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from autograd import ops
from autograd.value import Value

_NUMBERED = re.compile(r"(.*?)([0-9])")


class Classes(NamedTuple):
    """The classes of one softmax of which the record has one alone.

    beside   the others, each with its label
    target   the one-hot vector of the class that the record has
    said     what is told where one of these names is read, by the name
    """

    beside: dict[Value, str]
    target: list[float]
    said: dict[str, str]


def classes_beside(nodes: Iterable[Value], names: Mapping[Value, str]) -> Classes | None:
    """Return the classes beside the one named class of a softmax; None where there are none.

    >>> z = [Value(0.5, label="z1"), Value(1.0, label="z2")]
    >>> p = ops.exp(z[0]) / (ops.exp(z[0]) + ops.exp(z[1]))
    >>> found = classes_beside([p], {p: "p1", z[0]: "z1", z[1]: "z2"})
    >>> list(found.beside.values()), found.target, found.said["p2"]
    (['p2'], [1.0, 0.0], 'p2 is read as the softmax at z2')
    """
    found = [(v, *part) for v in nodes if v in names for part in _parts_of_softmax(v)]
    if len(found) != 1:
        return None
    [(v, terms, place)] = found
    numbered = _NUMBERED.fullmatch(names[v])
    first = int(numbered[2]) - place if numbered else None
    if numbered is None or first not in (0, 1):
        return None
    beside: dict[Value, str] = {}
    said: dict[str, str] = {}
    for k, term in enumerate(terms):
        label = f"{numbered[1]}{k + first}"
        if k != place:
            beside[term / v.args[1]] = label
            said[label] = f"{label} is read as the softmax at {_told(term, names)}"
    target = [float(k == place) for k in range(len(terms))]
    said["y"] = f"y is read as ({', '.join(f'{y:g}' for y in target)}), the class of {names[v]}"
    if set(beside.values()) & set(names.values()):
        return None
    return Classes(beside, target, said)


def _parts_of_softmax(v: Value) -> Iterator[tuple[list[Value], int]]:
    """Yield the terms e^z of the sum below a fraction e^z/Σ e^z, and which of them is above."""
    match v.args if v.op is ops.div else ():
        case (Value() as above, Value() as below) if above.op is ops.exp:
            terms = list(_added(below))
            arguments = [term.args[0] for term in terms if term.op is ops.exp]
            if len(arguments) == len(terms) > 1:
                yield from ((terms, k) for k, x in enumerate(arguments) if x is above.args[0])


def _added(total: Value) -> Iterator[Value]:
    """Yield the Values that were added, in their order; a 0 at the start of a sum is left out."""
    todo: list[Value | float] = [total]
    while todo:
        term = todo.pop()
        if isinstance(term, Value) and term.op is ops.add:
            todo += reversed(term.args)
        elif isinstance(term, Value):
            yield term


def _told(term: Value, names: Mapping[Value, str]) -> str:
    argument = term.args[0]
    return names.get(argument, "its logit") if isinstance(argument, Value) else f"{argument:g}"
