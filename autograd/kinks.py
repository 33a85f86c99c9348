"""The derivative of a maximum or a minimum at a glance: 1 where the argument was chosen, else 0."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from autograd import ops
from autograd.record import Record
from autograd.recording import enable_grad
from autograd.value import Value

_WORDS = {
    ops.maximum: ("larger", "largest"),
    ops.minimum: ("smaller", "smallest"),
}
_CHOICES = (ops.larger, ops.smaller)


def decided(
    head: Value, derivative: Value, names: Collection[Value]
) -> tuple[Value, Value | float | None, str]:
    """Return a derivative of `head` with each choice of a maximum or minimum put in as 1 or 0.

    With it come the argument that was chosen, and in words what it is: "largest". Where there is no
    such choice, or two arguments are equal, the derivative is as it was, and the words are "".
    """
    choices = [v for v in Record(derivative, names).nodes if v.op in _CHOICES]
    if not choices or any(v.data == 0.5 for v in choices):
        return derivative, None, ""

    return _with_choices(derivative, names), *_chosen(head, {v.args for v in choices}, names)


def _with_choices(derivative: Value, names: Collection[Value]) -> Value:
    """Return a derivative recorded anew, with 1 or 0 for each choice."""

    def applied(node: Any, args: list[Any]) -> Any:
        return node.data if node.op in _CHOICES else node.op(*args)

    record = Record(derivative, names)
    with enable_grad():
        simple = record.evaluate({leaf: leaf for leaf in record.leaves}, applied)[derivative]
    return simple if isinstance(simple, Value) else Value(simple)


def _chosen(
    head: Value, compared: Collection[tuple[Any, ...]], names: Collection[Value]
) -> tuple[Value | float | None, str]:
    """Return which argument was chosen, and the word for it; "" where both kinds are there."""
    tops = _extremes(head, compared, names)
    if len({v.op for v in tops}) != 1:
        return None, ""
    kind = tops[-1].op
    rivals = _rivals(tops[-1], names)
    chosen = (max if kind is ops.maximum else min)(rivals, key=_number)
    of_two, of_more = _WORDS[kind]
    return chosen, of_more if len(rivals) > 2 else of_two


def _extremes(
    head: Value, compared: Collection[tuple[Any, ...]], names: Collection[Value]
) -> list[Any]:
    """Return the maxima and minima of these arguments that `head` is computed from."""
    return [v for v in Record(head, names).nodes if v.args in compared and v.op in _WORDS]


def _rivals(top: Value, names: Collection[Value]) -> list[Value | float]:
    """Return what a maximum of maxima, or a minimum of minima, chooses from."""
    rivals: list[Value | float] = []
    todo: list[Value | float] = [top]
    while todo:
        x = todo.pop()
        inside = isinstance(x, Value) and x.op is top.op and (x is top or x not in names)
        if isinstance(x, Value) and inside:
            todo += reversed(x.args)
        else:
            rivals.append(x)
    return rivals


def _number(x: Value | float) -> float:
    return x.data if isinstance(x, Value) else x
