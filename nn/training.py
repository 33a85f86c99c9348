"""The training loop."""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, SupportsIndex

from autograd import DomainError, Value
from nn.module import Module, generator, whole_number
from nn.optimizers import Optimizer
from nn.replaying import Batches, is_known_to_be_pure


def train(
    model: Module,
    examples: Iterable[tuple[Any, Any]],
    loss: Callable[[Any, Any], Value],
    optimizer: Optimizer,
    *,
    epochs: int,
    batch_size: int | None = None,
    seed: SupportsIndex = 0,
    progress: bool = True,
    replay: bool | None = None,
) -> list[float]:
    """Train `model` on pairs of inputs and target; return the mean loss of each epoch, on the way.

    An epoch goes once through the examples, in a new order drawn from `seed`, with a step of the
    optimizer after each `batch_size` of them (None: after all) on the mean of their losses,
    `loss(model(inputs), target)`.

    replay   None: what is made of this package's own layers, activations and losses alone, and so
             is a pure function of its inputs, is recorded once for each shape of example, and then
             replayed (see `Program`); all else is computed anew each time. True: so is what you
             say is pure, model and loss, in the numbers of an example; an int as a target, such as
             the index of a class, may choose the graph. One example an epoch is then computed anew
             too, and ValueError says what differs. False: nothing is replayed. The numbers that
             come out are the same, to the last bit.

    While it trains, `training` is True in the model and in all that is inside it, so that Dropout
    leaves out and BatchNorm1d takes the numbers of its batch; then it is what it was before.

    Raises ValueError for no examples and for one that is not a pair, TypeError where the loss is
    not a Value, and DomainError, with the epoch, where a number is past its range: a smaller
    learning rate may help. `progress` shows a bar where tqdm is installed, the error output is a
    terminal and training takes over a second. Ctrl-C ends the training: what was learned in whole
    steps is kept, and the history of whole epochs is returned.

    >>> from nn import MLP, SGD, mean_squared_error
    >>> model = MLP(1, [1], seed=0)
    >>> history = train(model, [(x, 2 * x + 1) for x in (-1, 0, 1)], mean_squared_error,
    ...                 SGD(model.parameters(), lr=0.2), epochs=100)
    >>> len(history), f"{history[-1]:.4f} {model(10):.4f}"
    (100, '0.0000 21.0000')
    """
    examples = _checked(examples)
    batch_size = len(examples) if batch_size is None else whole_number(batch_size, "batch_size")
    epochs = whole_number(epochs, "epochs")
    rng = generator(seed)
    history: list[float] = []

    def epoch() -> float:
        """Go once through the examples; return their mean loss."""
        order = rng.sample(range(len(examples)), len(examples))
        total = 0.0
        if not pure:
            batches.check(order[0])
        for start in range(0, len(order), batch_size):
            batch = order[start : start + batch_size]
            _zero_gradients(parameters if pure else [], model, optimizer)
            total += batches.backward(batch) * len(batch)
            optimizer.step()
        return total / len(examples)

    try:
        with _in_training(model):
            batches = Batches(lambda x, target: _loss(loss, model(x), target), examples)
            pure = is_known_to_be_pure(model, loss)
            parameters = list(dict.fromkeys([*model.parameters(), *optimizer.parameters]))
            if pure if replay is None else replay:
                batches.prepare(loss, set(parameters), epochs, batch_size, pure)
            for _ in _with_bar(range(epochs), progress):
                history.append(epoch())
    except KeyboardInterrupt:
        pass
    except DomainError as error:
        raise DomainError(f"epoch {len(history) + 1}: {error}") from None
    return history


@contextmanager
def _in_training(model: Module) -> Iterator[None]:
    """Set `training` of the model and all in it to True; at the end each has its own again."""
    before = [(module, module.training) for module in model.modules()]
    model.train()
    try:
        yield
    finally:
        for module, mode in before:
            module.training = mode


def _checked(examples: Iterable[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """Return the examples as a list. ValueError where there are none, or one is not a pair."""
    pairs = list(examples)
    if not pairs:
        raise ValueError("there are no examples to train on")
    for pair in pairs:
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            shown = reprlib.repr(pair)
            raise ValueError(f"an example is a pair of inputs and target, not {shown}")
    return pairs


def _zero_gradients(known: list[Value], model: Module, optimizer: Optimizer) -> None:
    """Set the gradients to 0: of the parameters that are known, or by the model's own method.

    A model of one's own may zero more, and have other parameters than a moment ago.
    """
    if known:
        for parameter in known:
            parameter.grad = 0.0
    else:
        model.zero_grad()
        optimizer.zero_grad()


def _loss(loss: Callable[[Any, Any], Value], output: Any, target: Any) -> Value:
    value = loss(output, target)
    if not isinstance(value, Value):
        raise TypeError(f"the loss must give a Value, not {type(value).__name__}")
    return value


def _with_bar(epochs: range, progress: bool) -> Iterable[int]:
    if progress:
        with suppress(ImportError):
            from tqdm import tqdm  # type: ignore[import-untyped, import-not-found, unused-ignore]

            # disable=None: no bar where no terminal is
            bar: Iterable[int] = tqdm(epochs, unit="epoch", delay=1, disable=None)
            return bar
    return epochs
