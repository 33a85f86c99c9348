"""Losses: each takes outputs and targets, a list or one alone, and gives one Value.

A target that is a number becomes a Value, and one without a label gets its name: t1, t2, …, or in a
cross-entropy y1, y2, ….
"""

import math
import operator
from collections.abc import Iterable
from functools import reduce
from typing import Any

from autograd import DomainError, Op, Value, log, relu, sigmoid, softplus
from nn.softmax import log_of, softmax, with_rest
from nn.values import as_values, index_below, name_each
from nn.values import mean as mean


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
    """The mean of −y·ln σ(z) − (1 − y)·ln(1 − σ(z)), for logits z (before the sigmoid) and targets
    y from 0 to 1. `torch.nn.functional` names it binary_cross_entropy_with_logits.

    It and its slope, σ(z) − y, are exact for logits of any size. Raises ValueError for any other
    target. For a probability ŷ = σ(z) with a name, see `cross_entropy`.

    >>> binary_cross_entropy([Value(1000.0), Value(1000.0)], [1, 0])
    Value(data=500.0, grad=0.0)
    """
    pairs = _pairs(logits, targets, "y")
    for _, t in pairs:
        if not 0 <= t.data <= 1:
            raise ValueError(f"binary_cross_entropy takes targets from 0 to 1, not {t.data}")
    return mean([_logistic_loss(z, t) for z, t in pairs])


def cross_entropy(probabilities: Any, targets: Any) -> Value:
    """L = −Σ y_k·ln p_k, for the probabilities that `softmax` gives, and named as there.

    probabilities  a list of them, or one alone, ŷ: then L is −(y·ln ŷ + (1 − y)·ln(1 − ŷ))
    targets        a probability for each, which sum to 1, or the index of the class, from 0 on:
                   then y1, y2, … are 0, and 1 at the index. For ŷ alone, y

    A class with p = 0 and y = 0 adds nothing. Raises ValueError for targets that do not fit;
    DomainError for a p of 0 where y is not: `softmax_cross_entropy` and `binary_cross_entropy` know
    what it was before it was rounded.

    >>> p = [Value(0.25, label="p1"), Value(0.75, label="p2")]
    >>> L = cross_entropy(p, 1)
    >>> L.backward()
    >>> L, p[1].grad
    (Value(data=0.2876820724517809, grad=1.0, label='L'), -1.3333333333333333)
    """
    p = as_values(probabilities)
    if len(p) == 1:
        [y] = as_values(targets)
        y.label = y.label or "y"
        if not 0 <= y.data <= 1:
            raise ValueError(f"cross_entropy takes a target from 0 to 1, not {y.data}")
        p[0].label = p[0].label or "ŷ"
        return _cross_entropy(with_rest(p[0]), [y, 1 - y])
    return _cross_entropy(name_each("p", p), _distribution("cross_entropy", targets, len(p)))


def _cross_entropy(p: list[Value], y: list[Value]) -> Value:
    for q, target in zip(p, y, strict=True):
        if target.data and not q.data:
            raise DomainError(
                f"cross_entropy needs p > 0 where y is not 0, and {q.label or '1 − p'} is {q.data}:"
                " softmax_cross_entropy and binary_cross_entropy take the logits, and know what it"
                " was before it was rounded"
            )
    pairs = enumerate(zip(p, y, strict=True))
    terms = [target * log_of(k, p) for k, (q, target) in pairs if target.data or q > 0]
    return _loss(-reduce(operator.add, terms))


def _loss(value: Value) -> Value:
    value.label = "L"
    return value


def softmax_cross_entropy(logits: Any, targets: Any) -> Value:
    """L = −Σ y_k·ln p_k of p = softmax(logits): `torch.nn.functional` names it cross_entropy.

    targets    as in `cross_entropy`: the index of the class, or a list that sums to 1

    It is exact for logits of any size. Where a p is too small for a float, below 1e-100, it is
    computed as ln Σⱼ e^zⱼ − Σ y_k·z_k, without the p. Raises ValueError for fewer than two logits,
    and for targets that do not fit them.

    >>> softmax_cross_entropy([Value(-1000.0), Value(0.0), Value(1000.0)], 1)
    Value(data=1000.0, grad=0.0, label='L')
    """
    z = as_values(logits)
    if len(z) < 2:
        raise ValueError(f"softmax_cross_entropy takes at least two logits, not {len(z)}")
    y = _distribution("softmax_cross_entropy", targets, len(z))
    p = softmax(z)
    return _cross_entropy(p, y) if all(q > 1e-100 for q in p) else _loss(_from_logits(z, y))


def _from_logits(z: list[Value], y: list[Value]) -> Value:
    """−Σ y_k·ln p_k without the p: Σ y_k·softplus(ln Σ e^zⱼ − z_k), the sum over all but k.

    There ln(e^a + e^b) = a + softplus(b − a).
    """
    losses = []
    for k, target in enumerate(y):
        others = z[:k] + z[k + 1 :]
        rest = reduce(lambda a, b: a + softplus(b - a), others)
        losses.append(target * softplus(rest - z[k]))
    total: Value = reduce(operator.add, losses)
    return total


# Both are written out, in what can be made machine code; no power of e is above 0.
def _loss_of_logit(z: float, y: float) -> float:
    rest = math.log1p(math.exp(-math.fabs(z)))
    return y * (max(-z, 0.0) + rest) + (1.0 - y) * (max(z, 0.0) + rest)


def _slope_of_logit(z: float, y: float) -> float:
    e = math.exp(-math.fabs(z))
    return ((1.0 - y) * (1.0 if z >= 0.0 else e) - y * (e if z >= 0.0 else 1.0)) / (1.0 + e)


_logistic_slope = Op(
    "_logistic_slope",
    _slope_of_logit,
    lambda z, y, _: sigmoid.partials[0](z, sigmoid(z)),
    lambda z, y, _: -1.0,
    doc="σ(z) − y, exact where σ(z) is near y = 1",
    reads=lambda z, y: sigmoid(z) - y,
)
_logistic_loss = Op(
    "_logistic_loss",
    _loss_of_logit,
    lambda z, y, _: _logistic_slope(z, y),
    lambda z, y, _: -z,
    doc="−y·ln σ(z) − (1 − y)·ln(1 − σ(z)), exact for every z",
    symbol="cross-entropy",
    reads=lambda z, y: -y * log(sigmoid(z)) - (1 - y) * log(1 - sigmoid(z)),
)


def _distribution(loss: str, targets: Any, count: int) -> list[Value]:
    """A target for each of the classes, named y1, y2, …: what is given, or 1 at an index.

    Raises ValueError where they are not from 0 to 1 or do not sum to 1, and for an index that is
    no class.
    """
    if isinstance(targets, Iterable) and not isinstance(targets, str):
        y = as_values(targets)
        _require_distribution(loss, [v.data for v in y], count)
        return name_each("y", y)
    index = index_below(targets, count, "the index of a class")
    return name_each("y", [Value(float(k == index)) for k in range(count)])


def _require_distribution(loss: str, numbers: list[float], count: int) -> None:
    is_whole = abs(math.fsum(numbers) - 1) <= 1e-9
    if len(numbers) != count or min(numbers) < 0 or not is_whole:
        given = ", ".join(map(str, numbers))
        raise ValueError(f"{loss} takes {count} targets of at least 0 that sum to 1, not {given}")


def _pairs(outputs: Any, targets: Any, letter: str = "t") -> list[tuple[Value, Value]]:
    outputs, targets = as_values(outputs), as_values(targets)
    if len(outputs) != len(targets) or not outputs:
        raise ValueError(
            f"a loss takes one target for each output, not {len(targets)} for {len(outputs)}"
        )
    return list(zip(outputs, name_each(letter, targets), strict=True))
