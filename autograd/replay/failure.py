"""What becomes of a replay that has come to what is not finite: an eager pass at the same numbers
says so, with the row, or comes to a number all the same.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce
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
    error = _error_in_a_row(task, table, failed, parameters, where, first, _swept)
    what = _sum_past_range(task.parameters, sums)
    return error or DomainError(f"{where}{what} is past the range of a float, ±1.8e308")


def eagerly(
    task: Task,
    table: Any,
    failed: Iterable[int],
    count: int,
    parameters: Sequence[float],
    gradients: Sequence[float],
    where: str = "",
    sums: Sequence[float] = (),
    first: int = 0,
) -> tuple[list[float], list[float]]:
    """Return the outputs, and the gradients with the derivatives of their sum over `count` added.

    Where only a factor of a term is past the range of a float, the eager pass takes the factors in
    another order, and comes to a number. Else this raises what `failure` returns: of the rows in
    `failed` before any other.
    """
    error = _error_in_a_row(task, table, failed, parameters, where, first, _swept)
    if error:
        raise error
    leaves = _leaves(task, parameters)
    for leaf, gradient in zip(leaves.values(), gradients, strict=True):
        leaf.grad = float(gradient)
    rows = range(len(table))[::-1]
    try:
        outputs = [_swept(task, leaves, table[k], count) for k in rows]
    except (ArithmeticError, ValueError, TypeError):  # the sum over the rows, or one of them
        raise failure(task, table, rows, parameters, where, sums, first) from None
    return outputs[::-1], [leaf.grad for leaf in leaves.values()]


def computed(
    task: Task, table: Any, failed: Iterable[int], parameters: Sequence[float]
) -> list[float]:
    """Return the output at each row. Raises the error of the first row that has one: of the rows in
    `failed` before any other.

    An engine may doubt what a function of one's own comes to where Python does not ask for it.
    """
    leaves, outputs = _leaves(task, parameters), []
    for rows in (failed, range(len(table))):
        error = _error_in_a_row(task, table, rows, parameters, "", 0, _computed)
        if error:
            raise error
    for row in table:
        output = _computed(task, leaves, row)
        outputs.append(output.data if isinstance(output, Value) else float(output))
    return outputs


def are_finite(numbers: Any) -> bool:
    """Whether all the numbers of a list or an array are."""
    if hasattr(numbers, "tolist"):
        return bool((abs(numbers) < math.inf).all())
    return math.isfinite(sum(numbers)) or all(map(math.isfinite, numbers))


def mean(outputs: Sequence[float], count: int) -> float:
    """Return their sum, from the first on, over `count`."""
    return reduce(operator.add, outputs) / count


def _error_in_a_row(
    task: Task,
    table: Any,
    rows: Iterable[int],
    parameters: Sequence[float],
    where: str,
    first: int,
    compute: Callable[..., Any],
) -> Exception | None:
    for k in rows:
        row = f"row {first + k}: " if task.inputs else ""
        try:
            compute(task, _leaves(task, parameters), table[k])
        except (ArithmeticError, ValueError, TypeError) as error:
            return type(error)(f"{where}{row}{error}")
    return None


def _sum_past_range(parameters: Iterable[Value], sums: Iterable[float]) -> str:
    """Return which of the sums over the rows is not finite: of the derivatives, the last."""
    what = "the sum of the outputs"
    for p, total in zip(parameters, sums, strict=False):
        if not math.isfinite(total):
            name = p.label or "a parameter"
            what = f"the sum of the derivatives by {name}, or a step along it,"
    return what


def _leaves(task: Task, parameters: Sequence[float]) -> dict[Value, Value]:
    pairs = zip(task.parameters, parameters, strict=True)
    return {p: Value(number, p.label) for p, number in pairs}


def _computed(task: Task, leaves: dict[Value, Value], row: Any) -> Any:
    """Compute the record eagerly at a row. Raises the errors of that, and of the guards."""
    inputs = dict(zip(task.inputs, map(float, row), strict=True))
    record = Record(task.output)
    copies = record.copy(leaves | {v: Value(x, v.label) for v, x in inputs.items()})
    for guard in task.guards:
        _require_outcome(guard, copies)
    # Once more with the inputs as constants, for they need no derivative.
    constants: dict[Value, Any] = {**leaves, **inputs}
    return record.copy(constants)[task.output]


def _swept(task: Task, leaves: dict[Value, Value], row: Any, count: int = 1) -> float:
    """Compute the record eagerly at a row, and add the derivatives of the output over `count` to
    the gradients of the leaves that stand for the parameters. Raises the errors of that.
    """
    output = _computed(task, leaves, row)
    if not isinstance(output, Value):
        return float(output)
    (output / count).backward()
    return output.data


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
