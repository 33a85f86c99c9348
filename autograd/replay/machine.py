"""An engine of a program: its plan in machine code, which llvmlite makes while the program runs.

It does what the eager pass does, in the same order, and comes to the same numbers, to the last bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.replay.compiled import Code, plain
from autograd.replay.engine import Run, Task
from autograd.replay.planning import Plan
from autograd.replay.sharing import Shared, has_two_cores
from autograd.value import Value

SMALL = 500  # terms of a plan that are straight-line code where there is one row
LANES = (1, 8, 32)  # rows abreast
LARGEST = 4_000_000  # numbers of rows in memory
PACE = 2e8  # terms in one call, about 0.1 s: after each call Python may notice Ctrl-C
SHARED = 1e8  # terms in all rows: with fewer, a second thread costs more than it saves


class Machine:
    """The steps of a task in machine code, for the gradients by the parameters in `moving`."""

    def __init__(self, task: Task, moving: Sequence[Value]) -> None:
        self.plan = Plan(task, moving)
        self.inputs = len(task.inputs)
        self.moving = len(moving)
        steps = len(self.plan.forward) + len(self.plan.backward)
        terms = sum(
            len(getattr(s, "summands", "1")) for s in self.plan.forward + self.plan.backward
        )
        self.is_small = steps + terms < 2 * SMALL
        self.work = terms + sum(map(len, self.plan.uses)) + 20
        self.pace = PACE / self.work
        self._codes: dict[tuple[int, type[Code]], Code] = {}

    def table(self, rows: Any) -> Any:
        """The rows as an array, with a column for each input."""
        return np.asarray(rows, None if hasattr(rows, "dtype") else float).reshape(
            len(rows), self.inputs
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

    def run(
        self,
        table: Any,
        rounds: int,
        rate: float,
        count: int,
        parameters: Sequence[float],
        gradients: Sequence[float] = (),
    ) -> Run:
        return self._swept(table, rounds, rate, count, parameters, gradients)[0]

    def accumulate(
        self, table: Any, count: int, parameters: Sequence[float], gradients: Sequence[float]
    ) -> tuple[list[float], Sequence[float], range]:
        """Return the outputs, the gradients with what each row adds, and the rows that failed."""
        (_, _, sums, failed), outputs = self._swept(table, 1, 0.0, count, parameters, gradients)
        return outputs.tolist(), sums, failed

    def _swept(
        self,
        table: Any,
        rounds: int,
        rate: float,
        count: int,
        parameters: Sequence[float],
        gradients: Sequence[float],
    ) -> tuple[Run, Any]:
        """What `run` gives, and the outputs in the last round."""
        code = self._code(len(table))
        sums, moving = np.zeros(code.moving), code.order[: self.moving]
        if len(gradients):
            sums[code.position[: self.moving]] = np.array(gradients)[moving]
        outputs, means = np.empty(len(table)), np.empty(rounds)
        done, failed = 0, range(0)
        with code.memory(parameters) as memory:
            for part in reversed(self._parts(table, code)):  # several where there is one round
                rows = plain(table[part])
                done, start = code.run(
                    memory, rows, part.start, rounds, rate, count, sums, outputs, means
                )
                if start >= 0:
                    first = part.start + start
                    failed = range(min(first + code.lanes, part.stop) - 1, first - 1, -1)
                    break
            after = code.parameters(memory)
        found: Any = np.empty(len(gradients))
        if len(gradients):
            found[moving] = sums[code.position[: self.moving]]
        return (means[:done].tolist(), after, found, failed), outputs

    def _code(self, count: int) -> Code:
        """Return the code for so many rows."""
        fitting = [n for n in LANES if self.plan.rows * n <= LARGEST] or LANES[:1]
        lanes = next((n for n in fitting if count <= n), fitting[-1])
        is_much = count > lanes and count * self.work > SHARED
        kind = Shared if is_much and has_two_cores() else Code
        if (lanes, kind) not in self._codes:
            self._codes[lanes, kind] = kind(self.plan, lanes, self.is_small)
        return self._codes[lanes, kind]

    def _parts(self, table: Any, code: Code) -> list[slice]:
        """Slices of the rows, whole blocks each, for one call each."""
        size = max(int(self.pace * code.threads) // code.lanes, 1) * code.lanes
        return [slice(start, min(start + size, len(table))) for start in range(0, len(table), size)]
