"""An engine of a program: its plan in machine code, which llvmlite makes while the program runs.

It does what the eager pass does, in the same order, and comes to the same numbers, to the last bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from autograd.replay.engine import Batch, Engine, Run, Task
from autograd.replay.planning import Plan, Sum
from autograd.replay.single import Single
from autograd.value import Value

SMALL = 1000  # steps and terms of a plan that are straight-line code where there is one row
PACE = 2e8  # terms in one call, about 0.1 s: after each call Python may notice Ctrl-C


class Machine:
    """The steps of a task in machine code, for the gradients by the parameters in `moving`.

    A small plan on one row is straight-line code, and needs no numpy, whose import would take
    longer than all else. Any other is a loop over its steps, for blocks of rows.
    """

    def __init__(self, task: Task, moving: Sequence[Value]) -> None:
        self.plan = Plan(task, moving)
        steps = self.plan.forward + self.plan.backward
        terms = sum(len(s.summands) if isinstance(s, Sum) else 1 for s in steps)
        self.is_small = len(steps) + terms < SMALL
        self.work = terms + sum(map(len, self.plan.uses)) + 20
        self.pace = PACE / self.work

    @cached_property
    def _single(self) -> Engine:
        return Single(self.plan)

    @cached_property
    def _blocks(self) -> Engine:
        from autograd.replay.blocks import Blocks  # now, for it imports numpy

        return Blocks(self.plan, self.work, self.pace)

    def _for(self, rows: int) -> Engine:
        return self._single if self.is_small and rows == 1 else self._blocks

    def table(self, rows: Any) -> Any:
        """The rows as the engine for so many takes them."""
        return self._for(len(rows)).table(rows)

    def outputs(self, table: Any, parameters: Sequence[float]) -> tuple[list[float], range]:
        return self._for(len(table)).outputs(table, parameters)

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
        engine = self._for(len(table))
        return engine.run(table, rounds, rate, count, parameters, gradients, batch)

    def accumulate(
        self, table: Any, count: int, parameters: Sequence[float], gradients: Sequence[float]
    ) -> tuple[list[float], Sequence[float], range]:
        """Return the outputs, the gradients with what each row adds, and the rows that failed."""
        return self._for(len(table)).accumulate(table, count, parameters, gradients)
