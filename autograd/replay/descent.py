"""Gradient descent: by an engine, or by the eager pass where an engine comes to no number."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import takewhile
from math import isfinite
from typing import Any, NamedTuple

from autograd.replay.engine import Batch, Engine, Task
from autograd.replay.failure import are_finite, eagerly, failure, mean
from autograd.value import Value


class Descent(NamedTuple):
    """Descent on the mean of a task's outputs over the rows of a table.

    moving   the parameters that move
    rate     by how many times their derivative
    """

    task: Task
    engine: Engine
    table: Any
    moving: Collection[Value]
    rate: float

    def taken(
        self, batch: Batch, todo: int, numbers: Sequence[float]
    ) -> tuple[list[float], Sequence[float]]:
        """Take at most `todo` steps from these parameters: the means, and the parameters after.

        The first is on this batch, whose number says how many steps were taken before. Raises the
        error of the first step that cannot be taken, with its round.
        """
        means, after, failed = self._run(batch, todo, numbers)
        # that of one row is its output, at which an engine has looked
        if batch.size > 1 and not are_finite(means):
            done = len(list(takewhile(isfinite, means)))
            raise failure(self.task, self.table, (), numbers, self._round(batch, done))
        if not failed and are_finite(after):
            return means, after
        sums = after
        if not are_finite(after):  # by the gradient of the last whole step
            means, after, failed = self._run(batch, len(means) - 1, numbers)
        last, after = self._step(batch, len(means), after, failed, sums)
        return [*means, last], after

    def _run(
        self, batch: Batch, steps: int, numbers: Sequence[float]
    ) -> tuple[list[float], Sequence[float], range]:
        means, after, _, failed = self.engine.run(
            self.table, steps, self.rate, batch.size, numbers, batch=batch
        )
        return means, after, failed

    def _round(self, batch: Batch, done: int) -> str:
        return f"round {(batch.first + done) // batch.count(self.table)}: "

    def _step(
        self,
        batch: Batch,
        done: int,
        numbers: Sequence[float],
        failed: range,
        sums: Sequence[float],
    ) -> tuple[float, list[float]]:
        """Take the step after so many by the eager pass. Raises an error where that has one."""
        rows, where = batch.rows(self.table, done), self._round(batch, done)
        first, count = batch.start(self.table, done), len(rows)
        outputs, gradients = eagerly(
            self.task, rows, failed, count, numbers, [0.0] * len(numbers), where, sums, first
        )
        after = [
            float(x - self.rate * gradient) if p in self.moving else float(x)
            for p, x, gradient in zip(self.task.parameters, numbers, gradients, strict=True)
        ]
        total = mean(outputs, count)
        if not (isfinite(total) and are_finite(after)):
            raise failure(self.task, rows, (), numbers, where, after)
        return total, after
