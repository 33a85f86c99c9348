"""Losses: each takes outputs and targets, a list or one alone, and gives one Value.

A target that is a number becomes a Value, and one without a label gets its name: t1, t2, …
"""

import operator
from functools import reduce
from typing import Any

from autograd import Value, relu, softplus
from nn.layers import as_values


def half_squared_error(outputs: Any, targets: Any) -> Value:
    """E = Σ ½(t − o)², the error of a lecture, named as there: E_o1, E_o2, … for each output, and E
    for their sum.

    The error of a single output is E itself.

    >>> E = half_squared_error([Value(0.75), Value(0.5)], [0.25, 1.0])
    >>> E, E.args[0]
    (Value(data=0.25, grad=0.0, label='E'), Value(data=0.125, grad=0.0, label='E_o1'))
    """
    errors = [(t - o) ** 2 / 2 for o, t in _pairs(outputs, targets)]
    for k, error in enumerate(errors, 1):
        error.label = f"E_o{k}"
    total: Value = reduce(operator.add, errors)
    total.label = "E"
    return total


def mean_squared_error(outputs: Any, targets: Any) -> Value:
    """The mean of (o − t)².

    >>> mean_squared_error([Value(1.0), Value(2.0)], [0.0, 4.0])
    Value(data=2.5, grad=0.0)
    """
    return mean([(o - t) ** 2 for o, t in _pairs(outputs, targets)])


def hinge(scores: Any, targets: Any) -> Value:
    """The mean of max(0, 1 − t·s), the margin loss of micrograd's demo, for targets −1 and 1.

    Raises ValueError for any other target.

    >>> hinge([Value(0.5), Value(3.0)], [-1, 1])
    Value(data=0.75, grad=0.0)
    """
    pairs = _pairs(scores, targets)
    for _, t in pairs:
        if abs(t.data) != 1:
            raise ValueError(f"hinge takes targets −1 and 1, not {t.data}")
    return mean([relu(1 - t * s) for s, t in pairs])


def binary_cross_entropy(logits: Any, targets: Any) -> Value:
    """The mean of −t·ln σ(z) − (1 − t)·ln(1 − σ(z)), for logits z (before the sigmoid) and targets
    from 0 to 1.

    As −ln σ(z) = softplus(−z), it is exact for logits of any size. Raises ValueError for any other
    target.

    >>> binary_cross_entropy([Value(1000.0), Value(1000.0)], [1, 0])
    Value(data=500.0, grad=0.0)
    """
    pairs = _pairs(logits, targets)
    for _, t in pairs:
        if not 0 <= t.data <= 1:
            raise ValueError(f"binary_cross_entropy takes targets from 0 to 1, not {t.data}")
    return mean([t * softplus(-z) + (1 - t) * softplus(z) for z, t in pairs])


def softmax_cross_entropy(logits: Any, target_index: int) -> Value:
    """−ln of the softmax of `logits` at `target_index`, counted from 0: ln Σⱼ e^zⱼ − z_target.

    It is softplus(ln Σ e^zⱼ − z_target), the sum over all but the target, where ln(e^a + e^b) = a +
    softplus(b − a): exact for logits of any size. Raises ValueError for fewer than two logits, and
    for an index that is not theirs.

    >>> softmax_cross_entropy([Value(-1000.0), Value(0.0), Value(1000.0)], 1)
    Value(data=1000.0, grad=0.0)
    """
    others = as_values(logits)
    if len(others) < 2:
        raise ValueError(f"softmax_cross_entropy takes at least two logits, not {len(others)}")
    try:
        index = range(len(others))[target_index] if target_index >= 0 else None
    except (TypeError, IndexError):
        index = None
    if index is None:
        raise ValueError(
            f"target_index is a whole number from 0 to {len(others) - 1}, not {target_index!r}"
        )
    target = others.pop(index)
    loss: Value = softplus(reduce(lambda a, b: a + softplus(b - a), others) - target)
    return loss


def _pairs(outputs: Any, targets: Any) -> list[tuple[Value, Value]]:
    outputs, targets = as_values(outputs), as_values(targets)
    if len(outputs) != len(targets) or not outputs:
        raise ValueError(
            f"a loss takes one target for each output, not {len(targets)} for {len(outputs)}"
        )
    for k, target in enumerate(targets, 1):
        if not target.label:
            target.label = f"t{k}"
    return list(zip(outputs, targets, strict=True))


def mean(losses: list[Value]) -> Value:
    """Their sum over their number; of one, itself.

    >>> mean([Value(1.0), Value(2.0)])
    Value(data=1.5, grad=0.0)
    """
    total = reduce(operator.add, losses)
    return total / len(losses) if len(losses) > 1 else total
