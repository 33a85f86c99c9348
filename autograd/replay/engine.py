"""What a program asks of an engine, and an engine of a program."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol, TypeAlias

from autograd.replay.listing import Guard
from autograd.value import Value

# What `run` gives: the mean of the outputs in each round, the parameters and the gradients after
# the last, and the rows of which one failed, in the order in which they were run; none where all
# went well.
Run: TypeAlias = tuple[list[float], Sequence[float], Sequence[float], range]


class Task(NamedTuple):
    """What an engine computes.

    output      the root of a record
    inputs      the leaves that each row of data gives numbers to
    parameters  the other leaves
    guards      the comparisons that must come out as they did
    """

    output: Value
    inputs: tuple[Value, ...]
    parameters: tuple[Value, ...]
    guards: list[Guard]


class Batch(NamedTuple):
    """Which rows of a table each step takes: `size` of them, one batch after the other, and again
    from the first. The first step takes the batch with the number `first`; the last batch of a
    table may be smaller.
    """

    size: int
    first: int = 0

    def count(self, table: Any) -> int:
        """Return how many batches the table has; one, where it has no rows."""
        return -(-len(table) // self.size) or 1

    def start(self, table: Any, step: int) -> int:
        """Return the row with which the batch of a step begins."""
        return (self.first + step) % self.count(table) * self.size

    def rows(self, table: Any, step: int) -> Any:
        """Return the rows of a step."""
        start = self.start(table, step)
        return table[start : start + self.size]


class Engine(Protocol):
    """A record, made ready to be computed on rows of numbers.

    `pace` is how many rows one call may take, so that Python notices Ctrl-C.
    """

    pace: float

    def table(self, rows: Any) -> Any:
        """Return the rows as the other methods take them."""
        raise NotImplementedError

    def outputs(self, table: Any, parameters: Sequence[float]) -> tuple[list[float], range]:
        """Return the output at each row, and the rows of which one failed."""
        raise NotImplementedError

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
        """Descend on the outputs' sum over `count`, from these parameters and gradients.

        A step takes all rows, or a batch; one that is smaller has the number of its own rows for
        `count`.
        """
        raise NotImplementedError

    def accumulate(
        self, table: Any, count: int, parameters: Sequence[float], gradients: Sequence[float]
    ) -> tuple[list[float], Sequence[float], range]:
        """Return the outputs, the gradients with what each row adds, and the rows that failed."""
        raise NotImplementedError


class Sweeping:
    """An engine that does a descent, and sums up gradients, by sweeps over its rows."""

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
        batch = batch or Batch(len(table))
        return self._swept(table, batch, rounds, rate, count, parameters, gradients)[0]

    def accumulate(
        self, table: Any, count: int, parameters: Sequence[float], gradients: Sequence[float]
    ) -> tuple[list[float], Sequence[float], range]:
        """Return the outputs, the gradients with what each row adds, and the rows that failed."""
        (_, _, sums, failed), outputs = self._swept(
            table, Batch(len(table)), 1, 0.0, count, parameters, gradients
        )
        return outputs.tolist(), sums, failed

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
        """Return what `run` gives, and an array of the outputs in the last round."""
        raise NotImplementedError
