"""Convolution and pooling, in one and two dimensions: one kernel, at every place."""

from __future__ import annotations

import math
import operator
import random
from collections.abc import Callable, Sequence
from functools import reduce
from itertools import product
from typing import Any

from autograd import Value, maximum
from nn.module import Module, Seed, generator, whole_number
from nn.values import flattened, indexed, mean

Place = tuple[int, ...]
Map = dict[Place, Value]  # the Values of one channel, by their places from 0 on


def _map(name: str, data: Any, dimensions: int, channel: str = "") -> Map:
    """Return one channel as Values by their places, named from 1 on."""
    found: Map = {}
    for place, value in flattened(data, dimensions):
        index = ",".join(str(k + 1) for k in place)
        found[place] = _labelled(value, f"{name}[{channel}{index}]")
    if not found:
        raise ValueError(f"{name} has no numbers")
    shape = _shape(found)
    if len(found) != math.prod(shape):
        raise ValueError(f"the rows of {name} are not of one length")
    return found


def _labelled(number: Any, label: str) -> Value:
    """Return a number as a Value; it has the label unless it has one of its own."""
    value = number if isinstance(number, Value) else Value(number)
    if not value.label:
        value.label = label
    return value


def _shape(of: Map) -> Place:
    return tuple(max(axis) + 1 for axis in zip(*of, strict=True))


def _nested(of: Map) -> Any:
    """Return the Values of a channel as a list, or as a list of rows."""
    shape = _shape(of)
    if len(shape) == 1:
        return [of[k,] for k in range(shape[0])]
    return [[of[i, j] for j in range(shape[1])] for i in range(shape[0])]


def _corners(shape: Place, size: Place, stride: int, padding: int) -> list[tuple[Place, Place]]:
    """Return each place of the output, and where its window begins. ValueError where none fits."""
    counts = [(n + 2 * padding - k) // stride + 1 for n, k in zip(shape, size, strict=True)]
    if min(counts) < 1:
        raise ValueError(f"a window of {size} is larger than the input of {shape}")
    places = product(*map(range, counts))
    return [(place, tuple(k * stride - padding for k in place)) for place in places]


def _window(x: Map, corner: Place, size: Place) -> list[tuple[Place, Value]]:
    """Return what of x is in a window, by its place in it; in the padding is nothing."""
    found = []
    for offset in product(*map(range, size)):
        place = tuple(map(operator.add, corner, offset))
        if place in x:
            found.append((offset, x[place]))
    return found


class _Convolution(Module):
    """What both convolutions have in common."""

    dimensions: int

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: int = 1,
        padding: int = 0,
        *,
        bias: bool = True,
        seed: Seed = None,
    ) -> None:
        self.in_channels = whole_number(in_channels, "in_channels")
        self.out_channels = whole_number(out_channels, "out_channels")
        self.size = _size(kernel_size, self.dimensions)
        self.stride = whole_number(stride, "stride")
        self.padding = _at_least_zero(padding)
        bound = 1 / math.sqrt(self.in_channels * math.prod(self.size))
        numbers = generator(seed) or random

        def draw() -> float:
            return float(numbers.uniform(-bound, bound))

        channels = (self.out_channels, self.in_channels)
        if channels == (1, 1):
            self.K: Any = indexed("K", self.size, draw)
        else:
            self.K = indexed("K", (*channels, *self.size), draw)
        self.b = indexed("b", (self.out_channels,), draw) if bias else []

    def __call__(self, x: Any) -> Any:
        channels = self._channels(x)
        outputs = [_nested(self._output(channel, channels)) for channel in range(self.out_channels)]
        return outputs[0] if len(outputs) == 1 else outputs

    def _channels(self, x: Any) -> list[Map]:
        if self.in_channels == 1:
            return [_map("x", x, self.dimensions)]
        parts = list(x)
        if len(parts) != self.in_channels:
            name = type(self).__name__
            raise ValueError(f"{name} takes {self.in_channels} channels, not {len(parts)}")
        return [_map("x", part, self.dimensions, f"{c},") for c, part in enumerate(parts, 1)]

    def _kernel(self, out: int, channel: int) -> dict[Place, Value]:
        kernel = self.K if (self.out_channels, self.in_channels) == (1, 1) else self.K[out][channel]
        return dict(flattened(kernel, self.dimensions))

    def _output(self, out: int, channels: list[Map]) -> Map:
        """Return one channel of the output, named y[…]."""
        kernels = [self._kernel(out, c) for c in range(len(channels))]
        shape, result = _shape(channels[0]), {}
        for place, corner in _corners(shape, self.size, self.stride, self.padding):
            products = [
                kernel[offset] * value
                for kernel, x in zip(kernels, channels, strict=True)
                for offset, value in _window(x, corner, self.size)
            ]
            total: Value = reduce(operator.add, products)
            if self.b:
                total = total + self.b[out]
            total.label = self._label(out, place)
            result[place] = total
        return result

    def _label(self, out: int, place: tuple[int, ...]) -> str:
        """Return the name of an output: y[1,2], of one of several channels y[3,1,2]."""
        numbers = [k + 1 for k in place]
        if self.out_channels > 1:
            numbers.insert(0, out + 1)
        return f"y[{','.join(map(str, numbers))}]"

    def __repr__(self) -> str:
        size = ", ".join(map(str, (self.in_channels, self.out_channels)))
        return f"{type(self).__name__}({size}, {'×'.join(map(str, self.size))})"


class Conv1d(_Convolution):
    """y_t = b + Σ_i K_i·x_(t·stride + i − padding), summed over the channels too.

    As `torch.nn.Conv1d`: the kernel is not turned around, and outside x is 0. The weights are drawn
    uniformly between ∓1/√(in_channels·kernel_size). A call takes a list of Values or numbers, of
    several channels a list of such lists, and gives the same for the output channels. Of one
    channel all are named x[1], K[1], b, y[1], …; of several K[2,1,3] is for output 2 and input 1.
    Raises ValueError for another number of channels, and for a kernel larger than x.

    >>> conv = Conv1d(1, 1, 2, seed=0)
    >>> [y.label for y in conv([1.0, 2.0, 3.0])], [p.label for p in conv.parameters()]
    (['y[1]', 'y[2]'], ['K[1]', 'K[2]', 'b'])
    """

    dimensions = 1


class Conv2d(_Convolution):
    """y_ij = b + Σ_kl K_kl·x_(i·stride + k − padding, j·stride + l − padding): see `Conv1d`.

    As `torch.nn.Conv2d`; `kernel_size` is one number, or the numbers of rows and columns.

    >>> conv = Conv2d(1, 1, 2, seed=0)
    >>> conv([[1, 2], [3, 4]])[0][0].label, [p.label for p in conv.parameters()]
    ('y[1,1]', ['K[1,1]', 'K[1,2]', 'K[2,1]', 'K[2,2]', 'b'])
    """

    dimensions = 2


class _Pool2d(Module):
    """What both poolings have in common."""

    def __init__(self, kernel_size: Any, stride: int | None = None) -> None:
        self.size = _size(kernel_size, 2)
        self.stride = whole_number(self.size[0] if stride is None else stride, "stride")

    def _pooled(self, x: Any, pool: Callable[[Sequence[Value]], Value]) -> Any:
        values = _map("x", x, 2)
        result = {}
        for place, corner in _corners(_shape(values), self.size, self.stride, 0):
            pooled = pool([value for _, value in _window(values, corner, self.size)])
            if pooled.op is not None:
                pooled.label = pooled.label or f"y[{place[0] + 1},{place[1] + 1}]"
            result[place] = pooled
        return _nested(result)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({'×'.join(map(str, self.size))})"


class MaxPool2d(_Pool2d):
    """The largest number in each window, which do not overlap unless `stride` is smaller.

    As `torch.nn.MaxPool2d`, but where two are equally large each gets half of the slope, as
    `maximum` has it. A call takes rows of Values or numbers, and gives rows of Values, y[1,1], ….
    Raises ValueError for a window larger than x.

    >>> MaxPool2d(2)([[1, 2], [4, 3]])
    [[Value(data=4.0, grad=0.0, label='y[1,1]')]]
    """

    def __call__(self, x: Any) -> list[list[Value]]:
        return self._pooled(x, lambda values: reduce(maximum, values))  # type: ignore[no-any-return]


class AvgPool2d(_Pool2d):
    """The mean of each window, as `torch.nn.AvgPool2d`: see `MaxPool2d`.

    >>> AvgPool2d(2)([[1, 2], [4, 3]])
    [[Value(data=2.5, grad=0.0, label='y[1,1]')]]
    """

    def __call__(self, x: Any) -> list[list[Value]]:
        return self._pooled(x, mean)  # type: ignore[no-any-return]


def _size(size: Any, dimensions: int) -> Place:
    sizes = list(size) if hasattr(size, "__len__") else [size] * dimensions
    if len(sizes) != dimensions:
        raise ValueError(f"kernel_size is one number, or {dimensions}, not {size!r}")
    return tuple(whole_number(n, "kernel_size") for n in sizes)


def _at_least_zero(padding: Any) -> int:
    return 0 if padding == 0 else whole_number(padding, "padding")
