"""The training loop."""

from __future__ import annotations

import random
import reprlib
from collections.abc import Callable, Iterable
from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING, Any

from autograd import DomainError, Value
from autograd.reverse import topological_order
from autograd.value import looked_at
from nn.losses import mean
from nn.module import Module, whole_number
from nn.optimizers import Optimizer

if TYPE_CHECKING:
    from autograd import Program

WORTH_NUMBA = 3e7  # operations: with fewer, to load numba takes longer than it saves


def train(
    model: Module,
    examples: Iterable[tuple[Any, Any]],
    loss: Callable[[Any, Any], Value],
    optimizer: Optimizer,
    *,
    epochs: int,
    batch_size: int | None = None,
    seed: int = 0,
    progress: bool = True,
) -> list[float]:
    """Trains `model` on pairs of inputs and target; gives the mean loss of each epoch, as it was on the way.

    An epoch goes once through the examples, in a new order drawn from `seed`, with a step of the optimizer after each
    `batch_size` of them (None: after all) on the mean of their losses, `loss(model(inputs), target)`.

    Where each example gives the same graph but for its numbers, that is recorded once and replayed (see `Program`):
    `model` and `loss` are then called once or twice for each. The result is the same.

    Raises ValueError for no examples and for one that is not a pair, TypeError where the loss is not a Value, and
    DomainError, with the epoch, where a number is past its range: a smaller learning rate may help.
    `progress` shows a bar where tqdm is installed, the error output is a terminal and training takes over a second.
    Ctrl-C ends the training: what was learned in whole steps is kept, and the history of whole epochs is returned.

    >>> from nn import MLP, SGD, mean_squared_error
    >>> model = MLP(1, [1], seed=0)
    >>> history = train(model, [(x, 2 * x + 1) for x in (-1, 0, 1)], mean_squared_error,
    ...                 SGD(model.parameters(), lr=0.2), epochs=100)
    >>> len(history), f"{history[-1]:.4f} {model(10):.4f}"
    (100, '0.0000 21.0000')
    """
    examples = list(examples)
    if not examples:
        raise ValueError("there are no examples to train on")
    for example in examples:
        if not isinstance(example, (tuple, list)) or len(example) != 2:
            raise ValueError(f"an example is a pair of inputs and target, not {reprlib.repr(example)}")
    batch_size = len(examples) if batch_size is None else whole_number(batch_size, "batch_size")
    epochs = whole_number(epochs, "epochs")
    rng = random.Random(seed)
    history: list[float] = []
    try:
        batches = _Batches(lambda example: _loss(loss, model(example[0]), example[1]), examples)
        if epochs > 1:
            batches.find_program({*model.parameters(), *optimizer.parameters}, epochs)
        for _ in _with_bar(range(epochs), progress):
            order = rng.sample(range(len(examples)), len(examples))
            total = 0.0
            for start in range(0, len(order), batch_size):
                batch = order[start : start + batch_size]
                model.zero_grad()
                optimizer.zero_grad()
                total += batches.backward(batch) * len(batch)
                optimizer.step()
            history.append(total / len(examples))
    except KeyboardInterrupt:
        pass
    except DomainError as error:
        raise DomainError(f"epoch {len(history) + 1}: {error}") from None
    return history


class _Batches:
    """The mean loss of a batch of examples, and its gradient, from the eager pass or from a replay.

    A replay takes its place where each example gives the same graph, but for some numbers. All comes out the same, to
    the last bit.
    """

    def __init__(self, record: Callable[[Any], Value], examples: list[Any]) -> None:
        self.record = record
        self.examples = examples
        self.program: Program | None = None
        self.rows: list[list[float]] = []

    def backward(self, batch: list[int]) -> float:
        if self.program:
            try:
                return self.program.backward([self.rows[k] for k in batch])
            except (ArithmeticError, ValueError):
                self.program = None  # the eager pass has the error that names what is wrong
        loss = mean([self.record(self.examples[k]) for k in batch])
        loss.backward()
        return loss.data

    def find_program(self, parameters: set[Value], epochs: int) -> None:
        """Records each example, and sets the program where one serves all of them.

        So it does where all have the same operations on the same Values, and where no number that training changes has
        left the record, nor a random one been drawn.
        """
        state = random.getstate()
        records: list[_Record] = []
        for example in (self.examples[0], *self.examples):
            try:
                with looked_at() as looked:
                    loss = self.record(example)
            except Exception:
                return  # the eager pass will raise it, when the example's turn comes
            if random.getstate() != state or any(v.args or v in parameters for v in looked):
                return
            records.append(_Record(loss))
            if not records[-1].is_like(records[0]):
                return
        first, *others = records
        fresh = [k for k, v in enumerate(first.leaves) if any(record.leaves[k] is not v for record in others)]
        given = [k for k, x in enumerate(first.constants) if any(record.constants[k] != x for record in others)]
        again, *rows = (record.numbers(fresh, given) for record in records)
        if again != rows[0] or any(record.leaves[k] in parameters for record in records for k in fresh):
            return
        from autograd import Program  # now, so that `import nn` stays quick

        output, inputs = first.with_inputs(fresh, given)
        work = len(first.nodes) * len(rows) * epochs
        self.program = Program(output, inputs, backend="python" if work < WORTH_NUMBA else None)
        self.rows = rows


class _Record:
    """What was recorded of one example, in order."""

    def __init__(self, loss: Value) -> None:
        self.nodes: list[Any]
        self.leaves, self.nodes = topological_order(loss)
        places: dict[Any, int] = {v: place for place, v in enumerate((*self.leaves, *self.nodes))}
        self.shape = [(v.op, [places.get(x) for x in v.args]) for v in self.nodes]
        self.constants = [x for v in self.nodes for x in v.args if isinstance(x, float)]

    def is_like(self, other: _Record) -> bool:
        """Whether both have the same operations, and have leaves alone in common: a node would not be computed anew."""
        shared = other is not self and any(v is w for v, w in zip(self.nodes, other.nodes, strict=False))
        return self.shape == other.shape and not shared

    def numbers(self, leaves: list[int], constants: list[int]) -> list[float]:
        return [self.leaves[k].data for k in leaves] + [self.constants[k] for k in constants]

    def with_inputs(self, leaves: list[int], constants: list[int]) -> tuple[Value, list[Value]]:
        """A copy of the record, and its inputs: new leaves, in place of some leaves and of some constants."""
        values: dict[Any, Value] = {v: v for v in self.leaves}
        values.update((v, Value(v.data, v.label)) for v in map(self.leaves.__getitem__, leaves))
        given = {k: Value(self.constants[k]) for k in constants}
        place = count()
        for v in self.nodes:
            args = [given.get(next(place), x) if isinstance(x, float) else values[x] for x in v.args]
            values[v] = v.op(*args)
            values[v].label = v.label
        return values[[*self.leaves, *self.nodes][-1]], [*(values[self.leaves[k]] for k in leaves), *given.values()]


def _loss(loss: Callable[[Any, Any], Value], output: Any, target: Any) -> Value:
    value = loss(output, target)
    if not isinstance(value, Value):
        raise TypeError(f"the loss must give a Value, not {type(value).__name__}")
    return value


def _with_bar(epochs: range, progress: bool) -> Iterable[int]:
    if progress:
        with suppress(ImportError):
            from tqdm import tqdm  # type: ignore[import-untyped, import-not-found, unused-ignore]

            bar: Iterable[int] = tqdm(epochs, unit="epoch", delay=1, disable=None)  # None: off where no terminal is
            return bar
    return epochs
