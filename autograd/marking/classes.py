"""The classes of a softmax that stand beside a record: p2 and p3, where L = −ln p1 was computed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
    found = _only_share(v for v in nodes if v in names)
    if found is None:
        return None
    v, share = found
    labels = _labels_like(names[v], share)
    others = {k: label for k, label in enumerate(labels) if k != share.place}
    if not labels or set(others.values()) & set(names.values()):
        return None
    target = [float(k == share.place) for k in range(len(labels))]
    said = {label: f"{label} is read as {_at(share, k, names)}" for k, label in others.items()}
    return Classes(
        {share.of(k): label for k, label in others.items()}, target, said | _told(target, names[v])
    )


def _only_share(values: Iterable[Value]) -> tuple[Value, _Share] | None:
    """Return the one of these Values that is a class of a softmax; None of several."""
    found = [(v, share) for v in values for share in _shares(v)]
    return found[0] if len(found) == 1 else None


def _told(target: Sequence[float], name: str) -> dict[str, str]:
    """Return what is told of y, and of y1, y2, …"""
    told = f"y is read as ({', '.join(f'{y:g}' for y in target)}), the class of {name}"
    return dict.fromkeys(["y", *(f"y{k}" for k in range(1, len(target) + 1))], told)


def _labels_like(label: str, share: _Share) -> list[str]:
    """Return the labels of all classes, where that of one ends in its number; else none."""
    numbered = _NUMBERED.fullmatch(label)
    first = int(numbered[2]) - share.place if numbered else -1
    if numbered is None or first not in (0, 1):
        return []
    return [f"{numbered[1]}{k + first}" for k in range(len(share.terms))]


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
    match _fraction(v):
        case Value(op=ops.div, args=(Value(op=ops.exp, args=(z,)), Value() as total)):
            terms = list(_added(total))
            if len(terms) > 1 and all(term.op is ops.exp for term in terms):
                places = [k for k, term in enumerate(terms) if term.args[0] is z]
                yield from (_Share(terms, total, k) for k in places)


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
    z = share.terms[k].args[0]
    return f"the softmax at {names.get(z, 'its logit') if isinstance(z, Value) else f'{z:g}'}"
