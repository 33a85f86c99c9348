"""Softmax: logits into probabilities, exact for logits of any size."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from functools import cache, reduce
from typing import Any

from autograd import Op, Value, exp, log, sigmoid
from autograd.ops import one_minus_sigmoid
from nn.rows import found_by_name, written_out
from nn.values import as_values, name_each


def softmax(logits: Any) -> list[Value]:
    """p_k = e^z_k / Σⱼ e^zⱼ, named p1, p2, …; logits without a label are named z1, z2, ….

    Raises ValueError for fewer than two logits.

    >>> p1, p2 = softmax([Value(1000.0), Value(1000.0)])
    >>> p1
    Value(data=0.5, grad=0.0, label='p1')
    """
    z = as_values(logits)
    if len(z) < 2:
        raise ValueError(f"softmax takes at least two logits, not {len(z)}")
    return name_each("p", probabilities(name_each("z", z)))


def probabilities(z: Sequence[Value]) -> list[Value]:
    """The softmax of at least two logits, without names.

    >>> probabilities([Value(0.0), Value(0.0)])
    [Value(data=0.5, grad=0.0), Value(data=0.5, grad=0.0)]
    """
    return [_probability(place, len(z))(*z) for place in range(len(z))]


def log_of(place: int, p: Sequence[Value]) -> Value:
    """ln of one of some probabilities; where they are those of one softmax, or a sigmoid and what
    `with_rest` gives beside it, exact for a p near 1.

    >>> log_of(0, softmax([Value(0.0), Value(-100.0)]))
    Value(data=-3.720075976020836e-44, grad=0.0)
    >>> log_of(0, with_rest(sigmoid(Value(100.0))))
    Value(data=-3.720075976020836e-44, grad=0.0)
    """
    if not _are_all(p):
        return log(p[place])  # type: ignore[no-any-return]
    result: Value = _log_probability(len(p))(p[place], *p[:place], *p[place + 1 :])
    return result


def with_rest(p: Value) -> list[Value]:
    """Return a probability and 1 − p, which keeps its digits where p is a sigmoid near 1.

    >>> with_rest(sigmoid(Value(100.0)))
    [Value(data=1.0, grad=0.0), Value(data=3.720075976020836e-44, grad=0.0)]
    """
    return [p, one_minus_sigmoid(*p.args, p) if p.op is sigmoid else 1 - p]


def _are_all(p: Sequence[Value]) -> bool:
    """Whether they are what one softmax gave, or one sigmoid."""
    if p[1].op is one_minus_sigmoid:
        return p[1].args[1] is p[0]
    return all(q.op is _probability(k, len(p)) and q.args == p[0].args for k, q in enumerate(p))


def _share(count: int, places: Sequence[int]) -> list[str]:
    """The lines that give the part of e^z at these places in the sum of all. No power is above
    0.
    """
    names = _logits(count)
    return [
        f"top = max({', '.join(names)})",
        *(f"e{k} = math.exp({z} - top)" for k, z in enumerate(names)),
        *_sum("part", [f"e{k}" for k in places]),
        *_sum("total", [f"e{k}" for k in range(count)]),
        "return part / total",
    ]


def _sum(name: str, summands: Sequence[str]) -> list[str]:
    first, *others = summands
    return [f"{name} = {first}", *(f"{name} = {name} + {x}" for x in others)]


def _logits(count: int) -> list[str]:
    return [f"z{k}" for k in range(count)]


@cache
def _probability(place: int, count: int) -> Op:
    """Return the row of one probability among `count`; `place` is counted from 0."""

    def partial(j: int) -> Callable[..., Any]:
        if j == place:
            return lambda *zp: zp[-1] * _one_minus_probability(place, count)(*zp)
        return lambda *zp: -(zp[-1] * _probability(j, count)(*zp[:-1]))

    def read(*z: Any) -> Any:
        powers = [exp(x) for x in z]
        return powers[place] / reduce(operator.add, powers)

    name = f"probability_{place}_of_{count}"
    return Op(
        name,
        written_out(name, _logits(count), _share(count, [place])),
        *map(partial, range(count)),
        doc="one of the probabilities that softmax gives",
        symbol="softmax",
        reads=read,
    )


@cache
def _one_minus_probability(place: int, count: int) -> Op:
    """Return 1 − p, of the logits and then p: the sum of the others, which keeps its digits."""
    others = [j for j in range(count) if j != place]
    name = f"one_minus_probability_{place}_of_{count}"
    return Op(
        name,
        written_out(name, [*_logits(count), "p"], _share(count, others)),
        *[lambda *_: 0.0] * count,
        lambda *_: -1.0,
        doc="1 − p for a p that softmax gives",
        reads=lambda *zp: 1 - zp[-1],
    )


@cache
def _log_probability(count: int) -> Op:
    """Return ln p, of p and then the others."""
    name = f"log_probability_of_{count}"
    others = [f"p{k}" for k in range(1, count)]
    lines = ["if p < 0.5:", "    return math.log(p)", *_sum("rest", others)]
    return Op(
        name,
        written_out(name, ["p", *others], [*lines, "return math.log1p(-rest)"]),
        lambda p, *_: 1 / p,
        *[lambda *_: 0.0] * (count - 1),
        doc="ln p for a p that is 1 less the sum of the others",
        symbol="log",
        domain="p > 0",
        reads=lambda p, *_: log(p),
    )


__getattr__ = found_by_name(
    __name__,
    {
        "probability": _probability,
        "one_minus_probability": _one_minus_probability,
        "log_probability": _log_probability,
    },
)
