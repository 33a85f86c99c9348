"""The rounds of training that the command shows."""

from collections.abc import Collection, Iterable

from autograd import DomainError, Program, Value
from nn.layers import MLP
from nn.losses import half_squared_error
from nn.optimizers import SGD, Optimizer
from nn.values import as_values

States = dict[int, dict[str, float]]  # after so many rounds, a number by its name


def training(
    model: MLP, inputs: list[float], targets: list[float], lr: float, rounds: Collection[int]
) -> States:
    """Train the weights; return E, the outputs and the weights by name, after so many rounds.

    Raises DomainError, which says in which round, where a number is past a float's range.
    """
    weights = model.weights()
    E = half_squared_error(model(inputs), targets)
    program = Program(E, backend="python")
    states: States = {}
    done = 0
    for stop in sorted(rounds):
        try:
            program.descend(lr, stop - done, wrt=weights)
        except DomainError:
            return _computed_anew(model, inputs, targets, SGD(weights, lr), rounds, states, done)
        done = stop
        states[done] = state(model, inputs, targets)
    return states


def state(model: MLP, inputs: list[float], targets: list[float]) -> dict[str, float]:
    """E, the outputs and the weights by name."""
    outputs = as_values(model(inputs))
    E = half_squared_error(outputs, targets)
    return numbers_of([E, *outputs, *model.weights()])


def numbers_of(values: Iterable[Value]) -> dict[str, float]:
    """Return the number of each by its name."""
    return {v.label: v.data for v in values}


def _computed_anew(
    model: MLP,
    inputs: list[float],
    targets: list[float],
    optimizer: Optimizer,
    rounds: Collection[int],
    states: States,
    done: int,
) -> States:
    """Train round by round from round `done` on, for the error that names what is wrong."""
    last = max(rounds)
    for k in range(done, last + 1):
        try:
            if k in rounds:
                states[k] = state(model, inputs, targets)
            if k < last:
                optimizer.zero_grad()
                half_squared_error(model(inputs), targets).backward()
                optimizer.step()
        except DomainError as error:
            problem = f"round {k + 1} of training: {error}; a smaller --lr may help"
            raise DomainError(problem) from None
    return states
