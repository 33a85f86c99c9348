"""What the lecture prints otherwise, and what comes out where its slips are made."""

from collections.abc import Sequence
from typing import Any

from autograd import Program, Value, grad
from autograd.record import Record
from nn import lecture
from nn.command.rounds import States, state, training

SLIPS = {
    "a": "w5–w8 move before the gradients of w1–w4 are taken through them",
    "b": "one round too few: the right rule after 9,999",
}
FIGURES = (
    ("E", 1, 0.291027924, "a"),
    ("E", 10_000, 0.0000351085, "b"),
    ("out_o1", 10_000, 0.015912196, "a"),
    ("out_o2", 10_000, 0.984065734, "a"),
)


def figures(right: States) -> list[dict[str, Any]]:
    """Each figure that the lecture prints otherwise, the true one, and what comes out where its
    slip is made.
    """
    data = lecture.INPUTS, lecture.TARGETS
    short = training(lecture.network(), *data, lecture.LEARNING_RATE, {9_999})
    computed = {"a": _moved_early((1, 10_000)), "b": {10_000: short[9_999]}}
    return [
        {
            "name": name,
            "rounds": rounds,
            "true": right[rounds][name],
            "printed": printed,
            "computed": computed[slip][rounds][name],
            "slip": SLIPS[slip],
        }
        for name, rounds, printed, slip in FIGURES
    ]


def _moved_early(rounds: Sequence[int]) -> States:
    """Train the lecture's network, the last layer first; return the state after so many rounds.

    A round is recorded once, and its new weights are replayed at those of the round before. A
    program has one output: Σ uₖ·wₖ⁺, and its derivative by uₖ is the k-th new weight.
    """
    model = lecture.network()
    layers = [layer.weights() for layer in reversed(model.layers)]
    moved = moved_in_turn(lecture.error(model), layers, lecture.LEARNING_RATE)
    weights = list(moved)
    units = [Value(1.0, f"u{k}") for k in range(len(weights))]
    total = sum((u * new for u, new in zip(units, moved.values(), strict=True)), Value(0.0))
    fixed = [v for v in Record(total).leaves if v not in moved and v not in units]
    program = Program(total, [*weights, *fixed], backend="python")
    constants, ones = [v.data for v in fixed], [1.0] * len(units)
    states: States = {}
    numbers = [w.data for w in weights]
    for k in range(1, rounds[-1] + 1):
        _, numbers = program.accumulate([[*numbers, *constants]], 1, ones, [0.0] * len(units))
        if k in rounds:
            for w, number in zip(weights, numbers, strict=True):
                w.data = number
            states[k] = state(model, lecture.INPUTS, lecture.TARGETS)
    return states


def moved_in_turn(E: Value, groups: Sequence[list[Value]], lr: float) -> dict[Value, Value]:
    """Return each weight after a step of gradient descent, recorded: the groups move in turn.

    The gradient by a group is taken through the weights of the groups before it as they are by
    then, and through a forward pass with the weights as they were: no Value in it is computed anew.

    >>> v, w, x = Value(2.0), Value(3.0), Value(1.0)
    >>> moved = moved_in_turn(w * (v * x), [[w], [v]], 0.5)
    >>> moved[w].data, moved[v].data  # 3 − 0.5·2 = 2, and 2 − 0.5·2, where 2 − 0.5·3 is right
    (2.0, 1.0)
    """
    forward = set(Record(E).nodes)
    moved: dict[Value, Value] = {}
    for group in groups:
        slopes = [Record(slope, forward).copy(moved)[slope] for slope in grad(E, group)]
        moved |= {w: w - lr * slope for w, slope in zip(group, slopes, strict=True)}
    return moved
