"""The training loop."""

import random
import reprlib
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from autograd import Value
from nn.losses import mean
from nn.module import Module, whole_number
from nn.optimizers import Optimizer


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

    Raises ValueError for no examples and for one that is not a pair, TypeError where the loss is not a Value.
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
    rng = random.Random(seed)
    history: list[float] = []
    try:
        for _ in _with_bar(range(whole_number(epochs, "epochs")), progress):
            order = rng.sample(examples, len(examples))
            total = 0.0
            for start in range(0, len(order), batch_size):
                losses = [_loss(loss, model(inputs), target) for inputs, target in order[start : start + batch_size]]
                model.zero_grad()
                optimizer.zero_grad()
                mean(losses).backward()
                optimizer.step()
                total += sum(value.data for value in losses)
            history.append(total / len(examples))
    except KeyboardInterrupt:
        pass
    return history


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
