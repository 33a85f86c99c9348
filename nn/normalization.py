"""LayerNorm and BatchNorm1d: numbers less their mean, over their deviation."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from functools import cache, reduce
from typing import Any, NamedTuple

from autograd import Op, Value, sqrt
from autograd.op import real
from nn.module import Buffers, Module, whole_number
from nn.rows import found_by_name
from nn.values import as_values, indexed, numbered


@cache
def _mean(count: int) -> Op:
    return Op(
        f"mean_of_{count}",
        lambda *x: math.fsum(x) / count,
        *[lambda *_: 1 / count] * count,
        doc="the arithmetic mean",
        symbol="mean",
        reads=lambda *x: reduce(operator.add, x) / count,
    )


@cache
def _variance(count: int) -> Op:
    """Return the mean square of what the arguments are off their mean.

    It is one row, for its slope by the mean is 0 where the arguments stay: they sum to 0.
    """

    def function(*x: float) -> float:
        mu = math.fsum(x) / count
        return math.fsum((v - mu) ** 2 for v in x) / count

    def partial(place: int) -> Callable[..., Any]:
        return lambda *xz: 2 * (xz[place] - _mean(count)(*xz[:-1])) / count

    def read(*x: Any) -> Any:
        mu = _mean(count)(*x)
        return reduce(operator.add, [(v - mu) ** 2 for v in x]) / count

    return Op(
        f"variance_of_{count}",
        function,
        *map(partial, range(count)),
        doc="the mean square of what the arguments are off their mean",
        symbol="variance",
        reads=read,
    )


__getattr__ = found_by_name(__name__, {"mean": _mean, "variance": _variance})


def _normalized(x: list[Value], eps: float, ending: str) -> tuple[list[Value], Value, Value]:
    """Return x̂ = (x − μ)/√(σ² + ε), the mean μ, and the mean square σ² of what x is off it."""
    mu = _mean(len(x))(*x)
    mu.label = f"μ{ending}"
    variance = _variance(len(x))(*x)
    variance.label = f"σ²{ending}"
    deviation = sqrt(variance + eps)
    return [(v - mu) / deviation for v in x], mu, variance


class LayerNorm(Module):
    """y = γ·x̂ + β with x̂ = (x − μ)/√(σ² + ε): mean and variance are of one example.

    Ba et al. 2016, arXiv 1607.06450, as `torch.nn.LayerNorm`: the variance is over their number,
    not over one less. A call takes a list of `size` Values or numbers, and gives one of Values. All
    are named: μ, σ², x̂[1], …, γ[1], …, β[1], …, y[1], …. Raises ValueError for another number.

    >>> norm = LayerNorm(2)
    >>> [f"{y.label} = {y:.3f}" for y in norm([1.0, 3.0])]
    ['y[1] = -1.000', 'y[2] = 1.000']
    """

    def __init__(self, size: int, eps: float = 1e-5) -> None:
        self.size = whole_number(size, "size")
        self.eps = real(eps, "eps")
        self.gamma = indexed("γ", (self.size,), lambda: 1.0)
        self.beta = indexed("β", (self.size,), lambda: 0.0)

    def __call__(self, x: Any) -> list[Value]:
        values = numbered("x", as_values(x))
        if len(values) != self.size or len(values) < 2:
            raise ValueError(
                f"LayerNorm takes {self.size} input(s), and at least two, not {len(values)}"
            )
        scaled, _, _ = _normalized(values, self.eps, "")
        numbered("x̂", scaled)
        products = map(operator.mul, self.gamma, scaled)
        return numbered("y", list(map(operator.add, products, self.beta)))

    def __repr__(self) -> str:
        return f"LayerNorm({self.size})"


class _Column(NamedTuple):
    """A feature of all examples, normalized, and the mean and variance that it came from."""

    outputs: list[Value]
    mean: float
    variance: float


def _not_negative(number: Any, name: str) -> float:
    if real(number, name) < 0:
        raise ValueError(f"{name} is a variance, and must be at least 0, not {number}")
    return real(number, name)


def _count_from_0(number: Any, name: str) -> int:
    count = real(number, name)
    if count < 0 or not count.is_integer():
        raise ValueError(f"{name} must be a whole number of at least 0, not {number}")
    return int(count)


class BatchNorm1d(Module):
    """y = γ·x̂ + β with x̂ = (x − μ)/√(σ² + ε): mean and variance are of one feature, in a batch.

    Ioffe and Szegedy 2015, arXiv 1502.03167, algorithm 1, as `torch.nn.BatchNorm1d`. A call takes a
    list of at least two examples, each a list of `size` Values or numbers or one alone, and gives
    one of the same form. Each call moves `running_mean` and `running_var`, lists of numbers, by
    `momentum` to those of its batch, the variance over one less than their number, and counts in
    `num_batches_tracked`; where `training` is False these are taken for μ and σ², for one example
    too, and stay. `state_dict` and `save` have the three beside the parameters. Of one feature, all
    are named μ, σ², x̂[1], γ, β, y[1], …; the second of several has μ[2], and in example 1 x̂[1,2].
    Raises ValueError for another number of features, and for fewer examples.

    >>> norm = BatchNorm1d(1)
    >>> [f"{y.label} = {y:.3f}" for y in norm([1.0, 3.0])]
    ['y[1] = -1.000', 'y[2] = 1.000']
    """

    def __init__(self, size: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        self.size = whole_number(size, "size")
        self.eps = real(eps, "eps")
        self.momentum = real(momentum, "momentum")
        self.gamma = indexed("γ", (self.size,), lambda: 1.0)
        self.beta = indexed("β", (self.size,), lambda: 0.0)
        self.running_mean = [0.0] * self.size
        self.running_var = [1.0] * self.size
        self.num_batches_tracked = 0

    def __call__(self, batch: Any) -> list[Any]:
        examples = self._examples(batch)
        columns = [self._column(k, [example[k] for example in examples]) for k in range(self.size)]
        if self.training:
            self._run([(column.mean, column.variance) for column in columns])
        outputs = [column.outputs for column in columns]
        if self.size == 1:
            return outputs[0]
        return [list(row) for row in zip(*outputs, strict=True)]

    def _buffers(self) -> Buffers:
        return {
            "running_mean": real,
            "running_var": _not_negative,
            "num_batches_tracked": _count_from_0,
        }

    def _examples(self, batch: Any) -> list[list[Value]]:
        examples = [as_values(example) for example in batch]
        if any(len(example) != self.size for example in examples):
            raise ValueError(f"BatchNorm1d takes {self.size} feature(s) in each example")
        if len(examples) < 2 and self.training:
            raise ValueError(f"BatchNorm1d takes at least two examples, not {len(examples)}")
        return examples

    def _column(self, k: int, x: list[Value]) -> _Column:
        """Return a feature of all examples, normalized."""
        ending = "" if self.size == 1 else f"[{k + 1}]"
        self._named("x", k, x)
        if self.training:
            scaled, mu, squares = _normalized(x, self.eps, ending)
            mean, variance = mu.data, squares.data * len(x) / (len(x) - 1)
        else:
            mean, variance = self.running_mean[k], self.running_var[k]
            deviation = (variance + self.eps) ** 0.5
            scaled = [(v - mean) / deviation for v in x]
        self._named("x̂", k, scaled)
        outputs = self._named("y", k, [self.gamma[k] * v + self.beta[k] for v in scaled])
        return _Column(outputs, mean, variance)

    def _named(self, letter: str, k: int, values: list[Value]) -> list[Value]:
        if self.size == 1:
            return numbered(letter, values)
        for place, value in enumerate(values, 1):
            value.label = value.label or f"{letter}[{place},{k + 1}]"
        return values

    def _run(self, moments: Sequence[tuple[float, float]]) -> None:
        """Move the running numbers towards the mean and the variance of each feature."""
        for k, (mean, variance) in enumerate(moments):
            self.running_mean[k] += self.momentum * (mean - self.running_mean[k])
            self.running_var[k] += self.momentum * (variance - self.running_var[k])
        self.num_batches_tracked += 1

    def __repr__(self) -> str:
        return f"BatchNorm1d({self.size})"
