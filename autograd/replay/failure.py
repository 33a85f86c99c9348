"""The error of a replay: that of an eager pass at the same numbers, with the row."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from autograd.op import DomainError
from autograd.record import Record
from autograd.recording import RELATIONS
from autograd.replay.engine import Task
from autograd.replay.listing import Guard
from autograd.value import Value


def failure(
    task: Task,
    table: Any,
    failed: Iterable[int],
    parameters: Sequence[float],
    where: str = "",
    sums: Sequence[float] = (),
    first: int = 0,
) -> Exception:
    """Return the error that the first of the rows in `failed` raises when it is computed eagerly;
    where none does, that a sum over the rows is past the range of a float.

    where  what the error begins with
    sums   the gradient by each parameter, or the parameters after a step
    first  which row of the data the table begins with
    """
    numbers = dict(zip(task.parameters, parameters, strict=True))
    for k in failed:
        row = f"row {first + k}: " if task.inputs else ""
        try:
            _replay(task, numbers, dict(zip(task.inputs, map(float, table[k]), strict=True)))
        except (ArithmeticError, ValueError, TypeError) as error:
            return type(error)(f"{where}{row}{error}")
    what = _sum_past_range(task.parameters, sums)
    return DomainError(f"{where}{what} is past the range of a float, ±1.8e308")


def _sum_past_range(parameters: Iterable[Value], sums: Iterable[float]) -> str:
    """Return which of the sums over the rows is not finite: of the derivatives, the last."""
    what = "the sum of the outputs"
    for p, total in zip(parameters, sums, strict=False):
        if not math.isfinite(total):
            name = p.label or "a parameter"
            what = f"the sum of the derivatives by {name}, or a step along it,"
    return what


def _replay(task: Task, parameters: dict[Value, float], inputs: dict[Value, float]) -> None:
    """Compute the record and its gradients eagerly at other numbers, for the errors it raises."""
    record = Record(task.output)
    copies = record.copy({v: Value(x, v.label) for v, x in (parameters | inputs).items()})
    for guard in task.guards:
        _require_outcome(guard, copies)
    # Once more with the inputs as constants, for they need no derivative.
    leaves = {v: Value(number, v.label) for v, number in parameters.items()} | inputs
    output = record.copy(leaves)[task.output]
    if isinstance(output, Value):
        output.backward()


def _require_outcome(guard: Guard, copies: Mapping[Value, Any]) -> None:
    """Raise ValueError where a comparison comes out otherwise at other numbers."""
    left, right = (copies[x].data if isinstance(x, Value) else x for x in (guard.left, guard.right))
    if RELATIONS[guard.symbol](left, right) is not guard.outcome:
        raise ValueError(
            f"{guard} was {guard.outcome} when this was recorded, and is"
            f" {not guard.outcome} here, with {left} and {right}: the record holds only one"
            " branch of an if. Let maximum, relu or step choose; where "
            f"nothing in the record depends on the comparison, make it inside no_grad()"
        )
