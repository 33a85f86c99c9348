"""A small plan in machine code, on one row."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Any

from autograd.replay.compiling import compiled
from autograd.replay.engine import Batch, Run, Sweeping
from autograd.replay.kernel import header_of, text_of
from autograd.replay.planning import Plan
from autograd.replay.straight import Straight


class Single(Sweeping):
    """A plan as straight-line code: its numbers are in arrays of Python's own."""

    pace = 1.0

    def __init__(self, plan: Plan) -> None:
        form = Straight(plan)
        self.functions = compiled(*text_of(form, False), are_apart=True)
        self.order = plan.parameters
        self.moving = plan.moving
        self.header = array("q", header_of(plan, form))
        self.rest = array("d", [*plan.numbers, *[0.0] * plan.rows])

    def table(self, rows: Any) -> Any:
        return rows

    def outputs(self, table: Any, parameters: Sequence[float]) -> tuple[list[float], range]:
        outputs, row, memory = array("d", [0.0]), array("d", table[0]), self._memory(parameters)
        arrays = map(_address, (self.header, memory, row))
        start = self.functions.evaluate(None, *arrays, 1, _address(outputs))
        return ([], range(1)) if start >= 0 else (outputs.tolist(), range(0))

    def _swept(
        self,
        table: Any,
        batch: Batch,
        rounds: int,
        rate: float,
        count: int,
        parameters: Sequence[float],
        gradients: Sequence[float],
    ) -> tuple[Run, Any]:
        memory, row, outputs = self._memory(parameters), array("d", table[0]), array("d", [0.0])
        moving = self.order[: self.moving]
        sums = array("d", [gradients[k] for k in moving] if len(gradients) else [0.0] * self.moving)
        means, done = array("d", [0.0]) * rounds, array("q", [0, 0])
        arrays = map(_address, (self.header, memory, row))
        self.functions.run(
            None, *arrays, 1, 1, 0, 0, rounds, rate, count, *map(_address, (sums, outputs)), 1,
            *map(_address, (means, done)),
        )  # fmt: skip
        after, found = [0.0] * len(self.order), [0.0] * len(gradients)
        for place, k in enumerate(self.order):
            after[k] = memory[place]
        if found:
            for k, total in zip(moving, sums, strict=True):
                found[k] = total
        failed = range(0) if done[1] < 0 else range(1)
        losses = means.tolist()
        del losses[done[0] :]
        return (losses, after, found, failed), outputs

    def _memory(self, parameters: Sequence[float]) -> array[float]:
        return array("d", [parameters[k] for k in self.order]) + self.rest


def _address(numbers: Any) -> int:
    address: int = numbers.buffer_info()[0]
    return address
