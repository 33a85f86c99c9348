"""A plan in machine code, over blocks of rows: numpy has their numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.replay.compiled import Code, Steps, plain
from autograd.replay.engine import Batch, Run, Sweeping
from autograd.replay.planning import Plan
from autograd.replay.sharing import Shared, has_two_cores

LANES = (1, 8, 32)  # rows abreast
LARGEST = 4_000_000  # numbers of rows in memory
SHARED = 1e8  # terms in all rows: with fewer, a second thread costs more than it saves


class Blocks(Sweeping):
    """A plan that runs over tables of rows.

    work   how many terms there are for a row
    pace   how many rows one call takes
    """

    def __init__(self, plan: Plan, work: int, pace: float) -> None:
        self.plan = plan
        self.work = work
        self.pace = pace
        self._codes: dict[tuple[int, type[Code]], Code] = {}

    def table(self, rows: Any) -> Any:
        """The rows as an array, with a column for each input."""
        return np.asarray(rows, None if hasattr(rows, "dtype") else float).reshape(
            len(rows), self.plan.inputs
        )

    def outputs(self, table: Any, parameters: Sequence[float]) -> tuple[list[float], range]:
        outputs = np.empty(len(table))
        code = self._code(len(table))
        with code.memory(parameters) as memory:
            for part in self._parts(table, code):
                start = code.evaluate(memory, plain(table[part]), outputs[part])
                if start >= 0:
                    start += part.start
                    return [], range(start, min(start + code.lanes, part.stop))
        return outputs.tolist(), range(0)

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
        if rounds == 1:  # which may take several calls
            table = batch.rows(table, 0)
            count = count if len(table) == batch.size else len(table)
            batch = Batch(len(table))
        code = self._code(batch.size)
        sums, moving = np.zeros(code.moving), code.order[: self.plan.moving]
        if len(gradients):
            sums[code.position[: self.plan.moving]] = np.array(gradients)[moving]
        outputs, means = np.empty(batch.size), np.empty(rounds)
        done, failed = 0, range(0)
        parts = self._parts(table, code) if rounds == 1 else [slice(0, len(table))]
        with code.memory(parameters) as memory:
            for part in reversed(parts):
                steps = Steps(plain(table[part]), batch, part.start, rounds, rate, count)
                done, start = code.run(memory, steps, sums, outputs, means)
                if start >= 0:
                    first = part.start + start
                    end = len(batch.rows(table, done))
                    failed = range(min(first + code.lanes, end) - 1, first - 1, -1)
                    break
            after = code.parameters(memory)
        found: Any = np.empty(len(gradients))
        if len(gradients):
            found[moving] = sums[code.position[: self.plan.moving]]
        return (means[:done].tolist(), after, found, failed), outputs

    def _code(self, count: int) -> Code:
        """Return the code for so many rows."""
        fitting = [n for n in LANES if self.plan.rows * n <= LARGEST] or LANES[:1]
        lanes = next((n for n in fitting if count <= n), fitting[-1])
        is_much = count > lanes and count * self.work > SHARED
        kind = Shared if is_much and has_two_cores() else Code
        if (lanes, kind) not in self._codes:
            self._codes[lanes, kind] = kind(self.plan, lanes)
        return self._codes[lanes, kind]

    def _parts(self, table: Any, code: Code) -> list[slice]:
        """Slices of the rows, whole blocks each, for one call each."""
        size = max(int(self.pace * code.threads) // code.lanes, 1) * code.lanes
        return [slice(start, min(start + size, len(table))) for start in range(0, len(table), size)]
