"""Finite differences that estimate their own error."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import NamedTuple

EPSILON = sys.float_info.epsilon
SMALLEST = sys.float_info.min  # a float below it has fewer digits

# Of one number: to its result, and to the sum of the sizes of all numbers rounded on the way to it.
Function = Callable[[float], tuple[float, float]]


class Limit:
    """What slopes tend to as their step goes to 0, with an estimate of its error: Ridders' tableau.

    value     the limit; nan as long as there is none
    step      the smallest step that it was taken with
    error     the estimate: `change` + `rounding`
    change    how far the last extrapolations moved it
    rounding  how far rounding may move it

    Each step is a fourth of the one before, and `factor` is how much the first error term shrinks
    with it: 16 for central slopes, 4 for one-sided ones. After C. Ridders, Adv. Eng. Software 4
    (1982), p. 75.

    >>> limit = Limit(4)
    >>> for step in (1.0, 0.25, 0.0625):
    ...     limit.add((math.exp(step) - 1) / step, 1e-16, step)
    >>> round(limit.value, 2), limit.step
    (1.0, 0.0625)
    """

    def __init__(self, factor: int) -> None:
        self.factor = factor
        self.row: list[float] = []
        self.value = self.step = math.nan
        self.error = self.change = self.rounding = math.inf

    def add(self, slope: float, rounding: float, step: float) -> None:
        """Take the slope of the next smaller step."""
        row = [slope]
        for k, before in enumerate(self.row, 1):
            row.append(row[-1] + (row[-1] - before) / (self.factor**k - 1))
            change = max(abs(row[-1] - row[-2]), abs(row[-1] - before))
            if change + rounding < self.error:
                self.value, self.step, self.error = row[-1], step, change + rounding
                self.change, self.rounding = change, rounding
        self.row = row if math.isfinite(slope) else []


class Difference(NamedTuple):
    """The derivative of a function at a number, as finite differences find it.

    central    the limit of the central slopes
    left       the limit of the slopes on the left alone
    right      the limit of the slopes on the right alone
    change     how far the function was seen to change over its argument, its rounding included
    cancelled  whether cancellation leaves nothing of the slope but rounding
    coarse     whether the slope shows only in steps as large as the argument, or as the distance to
               where the function ends: then it may be the slope of another place
    """

    central: Limit
    left: Limit
    right: Limit
    change: float
    cancelled: bool
    coarse: bool


def difference(f: Function, x: float, guess: float) -> Difference:
    """Return the derivative of f at x, and its one-sided slopes.

    The guess at the derivative serves to find the first step, no more. From a step that only just
    shows the slope through the rounding, the steps grow as long as the slope stays what it was: so
    no kink or pole is stepped over. Then they shrink again, and the slopes are extrapolated.

    >>> central = difference(lambda x: (math.sin(x), 1.0), 0.5, 0.9).central
    >>> abs(central.value - math.cos(0.5)) < central.error < 1e-8
    True
    """
    reach = max(abs(x), 1.0)
    smallest = 8 * math.ulp(x)
    samples = _Samples(f, x)
    samples.slopes(reach)  # so that the change of f over its argument is known
    visible = 2**17 * EPSILON * samples.size / (abs(guess) or samples.size / reach or 1.0)
    first = _power_of_128(min(max(128 * smallest, visible), reach))
    limits = _extrapolated(samples, _grown(samples, first, reach), smallest)
    return Difference(
        *limits,
        change=(samples.variation + samples.size) / reach,
        cancelled=abs(guess) * first > max(samples.variation, 2**9 * EPSILON * samples.size),
        coarse=128 * first >= reach or _passes_an_end(samples, limits[0], smallest),
    )


class _Slopes(NamedTuple):
    """The slopes of one step, and how far rounding may move the central one."""

    central: float
    left: float
    right: float
    rounding: float


class _Samples:
    """A function, asked beside a number x.

    size       the sizes of all numbers rounded on the way to f(x), summed
    variation  how far f was seen to change
    """

    def __init__(self, f: Function, x: float) -> None:
        self.f, self.x = f, x
        self.variation = 0.0
        self.value, self.size = self._at(x)

    def slopes(self, step: float) -> _Slopes:
        """Return the slopes between x and x ± step."""
        x, value = self.x, self.value
        above, size_above = self._at(x + step)
        below, size_below = self._at(x - step)
        for other in (above, below):
            if not math.isnan(other):
                self.variation = max(self.variation, abs(other - value))
        size = max(n for n in (size_above, size_below, self.size) if not math.isnan(n))
        right, left = x + step - x, x - (x - step)
        return _Slopes(
            central=(above - below) / (right + left),
            left=(value - below) / left,
            right=(above - value) / right,
            rounding=2 * EPSILON * size / step,
        )

    def _at(self, number: float) -> tuple[float, float]:
        """Return f and its size; nan where f is not defined."""
        if not math.isfinite(number):
            return math.nan, math.nan
        try:
            value, size = self.f(number)
        except (ArithmeticError, ValueError, TypeError):  # TypeError: it may give a complex number
            return math.nan, math.nan
        return value, size + SMALLEST


def _power_of_128(step: float) -> float:
    """Return the largest that is not above `step`.

    A power of 2, so that x ± step is exact; of 128, so that several functions of x are asked at
    the same places.
    """
    return 2.0 ** (7 * math.floor(math.log2(step) / 7))


def _grown(samples: _Samples, step: float, reach: float) -> float:
    """Return the step to extrapolate from: grown until rounding is small, or the slope changes."""
    slopes = samples.slopes(step)
    side = next((k for k in range(3) if math.isfinite(slopes[k])), 0)
    while 128 * step <= reach and slopes.rounding > 1e-11 * abs(slopes[side]):
        before = slopes
        step *= 128
        slopes = samples.slopes(step)
        if not abs(slopes[side] - before[side]) <= before.rounding + slopes.rounding:
            break
    return step


def _passes_an_end(samples: _Samples, central: Limit, smallest: float) -> bool:
    """Whether every step was one past the end of the domain, and yet the end is not at x."""
    return central.error == math.inf and math.isfinite(samples.slopes(smallest).central)


def _extrapolated(samples: _Samples, step: float, smallest: float) -> tuple[Limit, Limit, Limit]:
    """Return the limits of the central slopes, of those on the left, and of those on the right."""
    central, left, right = limits = Limit(16), Limit(4), Limit(4)
    for _ in range(20):
        slopes = samples.slopes(step)
        central.add(slopes.central, slopes.rounding, step)
        left.add(slopes.left, 2 * slopes.rounding, step)
        right.add(slopes.right, 2 * slopes.rounding, step)
        step /= 4
        known = [limit.error for limit in limits if limit.error < math.inf]
        if step < smallest or (known and slopes.rounding > max(known)):
            break
    return limits
