"""Machine code on two cores, where there are many rows: `turns` says how they share them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Thread
from typing import Any

import numpy as np

from autograd.replay.compiled import Code, Steps
from autograd.replay.planning import Plan

LOT = 16  # blocks in a lot, at most: the fewer, the more often the gradients go to the other core
NEAR = 80_000  # numbers in the memory of a lot, which are to stay near its core
A_POLL = 32  # numbers of the code that are done while a thread asks once whose turn it is


def has_two_cores() -> bool:
    """Whether this process may use two cores, and knows how to wait for one."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) > 1
    return os.name == "posix" and (os.cpu_count() or 1) > 1


class Shared(Code):
    """A plan's machine code, run by two threads; `memory` is that of both.

    The memory of each is for the blocks of a lot: the scalars are in it once for each block.
    """

    threads = 2

    def __init__(self, plan: Plan, lanes: int) -> None:
        super().__init__(plan, lanes)
        self.step = self.size
        self.lot = min(max(NEAR // self.step, 1), LOT)
        self.size *= self.lot
        self.patience = len(self.code) * lanes * self.lot // A_POLL

    @contextmanager
    def memory(self, parameters: Sequence[float]) -> Iterator[Any]:
        with super().memory(parameters) as one, super().memory(parameters) as other:
            self._copy_scalars(one, other)
            yield one, other

    def _copy_scalars(self, one: Any, other: Any) -> None:
        """Put the scalars that stand in the memory of the first block into that of all."""
        for memory in (one, other):
            memory.reshape(self.lot, self.step)[:, : self.scalars] = one[: self.scalars].copy()

    def parameters(self, memory: Any) -> Any:
        return super().parameters(memory[0])

    def evaluate(self, memory: Any, rows: Any, outputs: Any) -> int:
        half = -(-len(rows) // self.lanes) // 2 * self.lanes
        failed = [-1, -1]
        parts = slice(0, half), slice(half, None)

        def evaluated(k: int) -> None:
            failed[k] = Code.evaluate(self, memory[k], rows[parts[k]], outputs[parts[k]])

        _at_once(evaluated, lambda: None)
        return failed[0] if failed[0] >= 0 or failed[1] < 0 else half + failed[1]

    def run(
        self, memory: Any, steps: Steps, sums: Any, outputs: Any, means: Any
    ) -> tuple[int, int]:
        one, other = memory
        for k in range(steps.rounds):
            if k:
                sums[:] = 0.0
                self._copy_scalars(one, other)
            rows, count, total = steps.batch.rows(steps.rows, k), steps.divisor, outputs
            if len(rows) < min(steps.batch.size, len(steps.rows)):  # a smaller batch
                count, total = len(rows), outputs[: len(rows)]
            start = self._swept(memory, rows, count, sums, total[steps.before :][: len(rows)])
            if start >= 0:
                return k, start
            # the mean, and the step of the parameters
            update = steps._replace(rows=rows[:0], rounds=1, divisor=count)
            super().run(one, update, sums, total, means[k:])
        return steps.rounds, -1

    def _swept(self, memory: Any, rows: Any, count: int, sums: Any, outputs: Any) -> int:
        """Return where the block began that failed, or −1."""
        turn, failed = np.zeros(1, np.int64), np.full(1, -1, np.int64)

        def shared(k: int) -> None:
            arrays = memory[k].ctypes.data, rows.ctypes.data
            self._functions.share(
                *self._plan, *arrays, len(rows), count, sums.ctypes.data, outputs.ctypes.data, k,
                self.lot, self.step, self.patience, turn.ctypes.data, failed.ctypes.data,
            )  # fmt: skip

        _at_once(shared, lambda: turn.fill(-1))
        return int(failed[0])


def _at_once(work: Callable[[int], None], stop: Callable[[], None]) -> None:
    """Do both parts of the work, 0 here and 1 in a thread; `stop` ends the other before its end."""
    thread = Thread(target=work, args=(1,))
    try:
        thread.start()
        work(0)
    except BaseException:
        stop()
        raise
    finally:
        if thread.is_alive():
            thread.join()
