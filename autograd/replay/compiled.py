"""A plan in machine code that loops over its steps, and the memory that it works on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from autograd.replay.compiling import compiled
from autograd.replay.engine import Batch
from autograd.replay.kernel import header_of, text_of
from autograd.replay.loop import Loop
from autograd.replay.planning import Plan


class Steps(NamedTuple):
    """Steps of descent, as one call of machine code takes them.

    rows     floats, one row after the other
    batch    which of them each step takes
    before   how many rows of the step come before these, where other calls take some of them
    divisor  what the sum of the outputs is divided by
    """

    rows: Any
    batch: Batch
    before: int
    rounds: int
    rate: float
    divisor: int


class Code:
    """A plan's machine code for so many rows abreast, with the memory that it works on."""

    threads = 1  # that share the rows

    def __init__(self, plan: Plan, lanes: int) -> None:
        form = Loop(plan, lanes)
        self.scalars = form.scalars
        self.lanes = lanes
        self.moving = form.moving
        self.position = np.array([form.position[k] for k in range(len(form.position))], int)
        self.order = np.array(plan.parameters, int)
        self.slots = np.empty_like(self.order)  # where each parameter of the task stands
        self.slots[self.order] = self.position[: len(self.order)]
        self.numbers = plan.numbers
        self.size = form.size
        self.code = np.array(form.code, np.int32)
        self.header = np.array(header_of(plan, form), np.int64)
        self._plan = self.code.ctypes.data, self.header.ctypes.data
        self._functions = compiled(*text_of(form, self.threads > 1))
        self._free: list[Any] = []

    @contextmanager
    def memory(self, parameters: Sequence[float]) -> Iterator[Any]:
        """Memory with these parameters, which no other thread uses."""
        try:
            memory = self._free.pop()
        except IndexError:
            memory = np.zeros(self.size)
            memory[self.position[len(self.order) :]] = self.numbers
        memory[self.slots] = parameters
        yield memory
        self._free.append(memory)

    def parameters(self, memory: Any) -> Any:
        return memory[self.slots]

    def evaluate(self, memory: Any, rows: Any, outputs: Any) -> int:
        arrays = memory.ctypes.data, rows.ctypes.data
        return int(self._functions.evaluate(*self._plan, *arrays, len(rows), outputs.ctypes.data))

    def run(
        self, memory: Any, steps: Steps, sums: Any, outputs: Any, means: Any
    ) -> tuple[int, int]:
        """Return how many steps were taken, and where in its batch the block began that failed, or
        −1.
        """
        rows, batch, *rest = steps
        done = np.zeros(2, np.int64)
        self._functions.run(
            *self._plan, memory.ctypes.data, rows.ctypes.data, len(rows), batch.size,
            batch.start(rows, 0), *rest, sums.ctypes.data, outputs.ctypes.data, len(outputs),
            means.ctypes.data, done.ctypes.data,
        )  # fmt: skip
        return int(done[0]), int(done[1])


def plain(rows: Any) -> Any:
    """The rows as floats, one after the other."""
    return np.require(rows, float, ["C", "A"])
