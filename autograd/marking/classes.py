"""The classes of a softmax that stand beside a record: p2 and p3, where L = −ln p1 was computed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import NamedTuple

from autograd import ops
from autograd.op import DomainError
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
    found = [(v, share) for v in nodes if v in names for share in _shares(v)]
    numbered = _NUMBERED.fullmatch(names[found[0][0]]) if len(found) == 1 else None
    if numbered is None:
        return None
    [(v, share)] = found
    first = int(numbered[2]) - share.place
    labels = [f"{numbered[1]}{k + first}" for k in range(len(share.terms))]
    others = [k for k in range(len(labels)) if k != share.place]
    if first not in (0, 1) or any(labels[k] in names.values() for k in others):
        return None
    target = [float(k == share.place) for k in range(len(labels))]
    written = ", ".join(f"{y:g}" for y in target)
    said = {
        labels[k]: f"{labels[k]} is read as the softmax at {_at(share, k, names)}" for k in others
    }
    told = f"y is read as ({written}), the class of {names[v]}"
    said |= dict.fromkeys(["y", *(f"y{k}" for k in range(1, len(labels) + 1))], told)
    return Classes({share.of(k): labels[k] for k in others}, target, said)


class _Share(NamedTuple):
    """A fraction e^z/Σ e^z: the terms of its sum, the sum, and which of the terms is above."""

    terms: list[Value]
    total: Value
    place: int

    def of(self, k: int) -> Value:
        """Return the share of another term."""
        return self.terms[k] / self.total


def _shares(v: Value) -> Iterator[_Share]:
    """Yield the fraction e^z/Σ e^z that a Value is, if it is one."""
    fraction = _fraction(v)
    if fraction.op is not ops.div:
        return
    above, total = fraction.args
    if not isinstance(above, Value) or not isinstance(total, Value):
        return
    terms = list(_added(total))
    if above.op is ops.exp and len(terms) > 1 and all(term.op is ops.exp for term in terms):
        arguments = [term.args[0] for term in terms]
        yield from (_Share(terms, total, k) for k, x in enumerate(arguments) if x is above.args[0])


def _fraction(v: Value) -> Value:
    """Return a Value as the blackboard has it, where its operation says how that is."""
    if v.op is None or v.op.reads is None:
        return v
    with suppress(DomainError):
        read = v.op.reads(*v.args)
        return read if isinstance(read, Value) else v
    return v


def _added(total: Value) -> Iterator[Value]:
    """Yield the Values that were added, in their order; a 0 at the start of a sum is left out."""
    todo: list[Value | float] = [total]
    while todo:
        term = todo.pop()
        if isinstance(term, Value) and term.op is ops.add:
            todo += reversed(term.args)
        elif isinstance(term, Value):
            yield term


def _at(share: _Share, k: int, names: Mapping[Value, str]) -> str:
    argument = share.terms[k].args[0]
    return names.get(argument, "its logit") if isinstance(argument, Value) else f"{argument:g}"
