"""An engine of a program: its record as generated Python."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Literal

from autograd.formula import Written
from autograd.op import Op
from autograd.ops import TABLE
from autograd.replay.engine import Batch, Run, Task
from autograd.replay.inplace import InPlace
from autograd.replay.listing import Guard, Listing, compared
from autograd.replay.rows import BLOCK
from autograd.replay.terms import Names, filled
from autograd.value import Value

PACE = 1e6  # operations in one call of generated code, about 0.1 s: as much as a Ctrl-C may undo

_CODE = """
def evaluate(rows, parameters):
    PARAMETERS = parameters
    outputs = []
    try:
        for INPUTS in rows:
            FORWARD
            outputs.append(OUTPUT)
    except (ArithmeticError, ValueError, TypeError):
        pass
    return outputs


def run(rows, rounds, rate, count, parameters, gradients):
    PARAMETERS = parameters
    GRADIENTS = gradients
    means, outputs, seed = [], [], 1 / count
    try:
        for r in range(rounds):
            if r:
                ZERO
            for INPUTS in rows:
                FORWARD
                BACKWARD
                outputs.append(OUTPUT)
            if rate is None:
                break
            total = outputs.pop()
            while outputs:
                total += outputs.pop()
            means.append(total / count)
            UPDATE
    except (ArithmeticError, ValueError, TypeError):
        return means, PARAMETERS, GRADIENTS, len(outputs), outputs
    return means, PARAMETERS, GRADIENTS, None, outputs
"""
_RESERVED = set(re.findall("[a-z]+", _CODE))


class Generated:
    """An engine: the record as generated Python. `moving` are the parameters that want
    a gradient.
    """

    def __init__(self, task: Task, moving: Sequence[Value]) -> None:
        listing = Listing(
            task.output, moving, InPlace(_RESERVED), seed="seed", kept=compared(task.guards)
        )
        names = listing.names
        moved = [names.title(v) for v in moving]
        text = filled(
            _CODE,
            FORWARD=[
                *listing.forward,
                *_finite(listing.delicate),
                *_as_recorded(names, task.guards),
            ],
            BACKWARD=[*listing.backward(moving), *_finite(listing.watched)],
            ZERO=[f"d_{name} = 0.0" for name in moved],
            UPDATE=[f"{name} -= rate * d_{name}" for name in moved],
            PARAMETERS=_pattern(map(names.title, task.parameters)),
            GRADIENTS=_pattern(f"d_{name}" for name in moved),
            INPUTS=_pattern(map(names.title, task.inputs)),
            OUTPUT=names[task.output].text,
        )
        namespace: dict[str, Any] = {name: _called(op) for name, op in names.functions.items()}
        namespace["math"] = math
        exec(text, namespace)
        self._evaluate, self._run = namespace["evaluate"], namespace["run"]
        self.pace = PACE / (len(listing.nodes) + 1)
        self.moving = len(moving)

    def table(self, rows: Any) -> Any:
        """The rows as a list; of an array too large for that, blocks become lists when their turn
        comes.
        """
        return (
            rows.astype(float).tolist() if hasattr(rows, "dtype") and len(rows) <= BLOCK else rows
        )

    def outputs(self, table: Any, parameters: Sequence[float]) -> tuple[list[float], range]:
        outputs: list[float] = self._evaluate(_InBlocks(table, 1), parameters)
        return outputs, range(len(outputs), min(len(outputs) + 1, len(table)))

    def run(
        self,
        table: Any,
        rounds: int,
        rate: float,
        count: int,
        parameters: Sequence[float],
        gradients: Sequence[float] = (),
        batch: Batch | None = None,
    ) -> Run:
        if batch is not None and batch.size < len(table):
            return self._over_batches(table, batch, rounds, rate, parameters)
        gradients = gradients or [0.0] * self.moving
        means, parameters, gradients, done, _ = self._run(
            _from_the_last(table), rounds, rate, count, parameters, gradients
        )
        return means, parameters, gradients, _failed(done, len(table))

    def _over_batches(
        self, table: Any, batch: Batch, rounds: int, rate: float, parameters: Sequence[float]
    ) -> Run:
        means: list[float] = []
        gradients: Sequence[float] = ()
        failed = range(0)
        while len(means) < rounds and not failed:
            rows = batch.rows(table, len(means))
            mean, parameters, gradients, failed = self.run(rows, 1, rate, len(rows), parameters)
            means += mean
        return means, parameters, gradients, failed

    def accumulate(
        self, table: Any, count: int, parameters: Sequence[float], gradients: Sequence[float]
    ) -> tuple[list[float], Sequence[float], range]:
        """Return the outputs, the gradients with what each row adds, and the rows that failed."""
        _, _, gradients, done, outputs = self._run(
            _from_the_last(table), 1, None, count, parameters, gradients
        )
        return outputs[::-1], gradients, _failed(done, len(table))


def _finite(codes: Iterable[Written]) -> Iterator[str]:
    """The lines that raise an error where a number is not finite."""
    delicate = list(codes)
    for k in range(0, len(delicate), 50):
        some = delicate[k : k + 50]
        yield f"total = {' + '.join(f'{x:2}' for x in some)}"  # which may be infinite by itself
        zero = " + ".join(f"{x:2} - {x:2}" for x in some)
        yield f"if total - total != 0.0 and not {zero} == 0.0: raise ArithmeticError"


def _as_recorded(names: Names, guards: Iterable[Guard]) -> Iterator[str]:
    """The lines that raise an error where a comparison comes out otherwise."""
    for left, symbol, right, outcome in guards:
        other = names[right].text if isinstance(right, Value) else repr(right)
        yield f"if ({names[left].text} {symbol} {other}) is not {outcome}: raise ValueError"


def _called(op: Op) -> Callable[..., Any]:
    """What stands for an operation. One's own is called with all that an Op makes sure of,
    whatever its function gives.
    """
    return op.function if op in TABLE or op.reads else op


def _failed(done: int | None, rows: int) -> range:
    """Return the row at which a sweep from the last row on stopped after so many; None is well."""
    return range(0) if done is None else range(rows - done - 1, rows - done)


def _from_the_last(table: Any) -> Iterable[Any]:
    return table[::-1] if isinstance(table, list) else _InBlocks(table, -1)


class _InBlocks:
    """The rows of a table, from the first to the last or the other way round; only a block at a
    time is a list.
    """

    def __init__(self, table: Any, direction: Literal[1, -1]) -> None:
        self.table = table
        self.direction = direction

    def __iter__(self) -> Iterator[Any]:
        for start in range(0, len(self.table), BLOCK)[:: self.direction]:
            block = self.table[start : start + BLOCK]
            yield from (block if isinstance(block, list) else block.astype(float).tolist())[
                :: self.direction
            ]


def _pattern(names: Iterable[str]) -> str:
    return f"({''.join(f'{name}, ' for name in names)})"
