"""Gradients against finite differences: the record is replayed at other numbers of each leaf.

No tolerance is fixed beforehand: each difference estimates its own error, and a gradient has to agree within that.
"""

from __future__ import annotations

import copy
import html
import math
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from itertools import count
from typing import Any, Literal, NamedTuple

from autograd.formula import Notation
from autograd.ops import TABLE, DomainError, Op, described, real
from autograd.reverse import collector_paused, dependents, grad, topological_order
from autograd.value import Value, enable_grad

Verdict = Literal["OK", "WRONG", "KINK", "UNSURE"]
_Function = Callable[[float], tuple[float, float]]  # to its result, and the sum of all that is rounded on the way to it

EPSILON = sys.float_info.epsilon
SAFETY = 10  # how many error estimates a gradient may be off
_LONG, _SHORT = Notation(digits=9), Notation(digits=2)


class Row(NamedTuple):
    """One derivative and its check.

    name        the derivative: "∂E/∂w5"
    given       what is checked: what reverse mode gives, or a number that was handed in
    difference  the finite difference; nan at a kink, and where none can be had
    step        the smallest step that it was taken with
    tolerance   how far the two may be apart: ten times the error estimate of the difference
    source      the larger part of that estimate: "extrapolation", the change that the last steps made; or "rounding"
    slopes      the one-sided slopes, from the left and from the right; nan where there is none
    verdict     "OK"; "WRONG"; "KINK", where the slopes differ; or "UNSURE", where no difference is exact enough
    remark      what else there is to say
    """

    name: str
    given: float
    difference: float
    step: float
    tolerance: float
    source: str
    slopes: tuple[float, float]
    verdict: Verdict
    remark: str

    @property
    def error(self) -> float:
        """How far the two are apart, relative to the larger one."""
        size = max(abs(self.difference), abs(self.given))
        return abs(self.given - self.difference) / size if size else 0.0

    def __str__(self) -> str:
        """The row in one line of words."""
        said = f"{self.name} is given as {_LONG.number(self.given)}"
        if math.isnan(self.difference) or self.verdict == "UNSURE":
            return f"{said}, and cannot be checked: {self.remark}"
        return f"{said}, and finite differences give {_LONG.number(self.difference)} ± {_SHORT.number(self.tolerance)}"


class Report:
    """What `gradcheck` finds. It prints as a table, and shows itself in a notebook.

    It is true where every row is OK: a kink, and a row that is unsure, are not checked, and so not right.

    rows      a `Row` for each derivative
    because   why rows are wrong, where the record itself is to blame: a line for each operation
    """

    def __init__(self, rows: list[Row], because: list[str], origin: str) -> None:
        self.rows = rows
        self.because = because
        self._origin = origin  # of what is checked: the title of its column

    def __bool__(self) -> bool:
        return all(row.verdict == "OK" for row in self.rows)

    def require(self) -> None:
        """Raises AssertionError, in one line, unless every row is OK."""
        failed = [row for row in self.rows if row.verdict != "OK"]
        if failed:
            failed.sort(key=lambda row: row.verdict != "WRONG")
            others = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
            raise AssertionError("; ".join([f"{failed[0].verdict}: {failed[0]}{others}", *self.because]))

    def _cells(self) -> list[list[str]]:
        table = [["", self._origin, "difference", "rel. error", "tolerance", "from", "step", ""]]
        for row in self.rows:
            said = ": ".join(filter(None, (row.verdict, row.remark)))
            if row.verdict == "KINK":
                said = f"KINK [{', '.join(map(_SHORT.number, row.slopes))}]"
            known = not math.isnan(row.difference)
            numbers = [row.difference, row.error, row.tolerance, row.step]
            difference, error, tolerance, step = (
                notation.number(x) if known else "" for x, notation in zip(numbers, [_LONG] + [_SHORT] * 3, strict=True)
            )
            cells = [row.name, _LONG.number(row.given), difference, error, tolerance, row.source, step]
            table.append([*cells, said])
        return table

    def __str__(self) -> str:
        table = self._cells()
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines = ["  ".join(map(str.ljust, cells, widths)).rstrip() for cells in table]
        return "\n".join([*lines, *self.because])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        head, *body = [[html.escape(cell) for cell in cells] for cells in self._cells()]
        rows = [f"<th>{'</th><th>'.join(head)}</th>", *(f"<td>{'</td><td>'.join(row)}</td>" for row in body)]
        paragraphs = "".join(f"<p>{html.escape(line)}</p>" for line in self.because)
        return f"<table><tr>{'</tr><tr>'.join(rows)}</tr></table>{paragraphs}"


def gradcheck(
    root: Value, wrt: Value | Iterable[Value] | Mapping[Value, float] | None = None, *, second: bool = False
) -> Report:
    """The gradients of `root`, as `backward()` finds them, against finite differences. No `.grad` is touched.

    wrt      by which Values: all leaves that `root` depends on, unless given. A mapping gives the gradients that are
             to be checked instead of those of reverse mode: `{w: w.grad for w in model.weights()}`
    second   the second derivatives too, each pair of Values in both orders: `grad` of `grad`, against differences of
             what `backward()` finds

    The leaves have the numbers that they have now; where those are not the ones that `root` was computed from, the
    report says so. Raises TypeError for anything but Values and real numbers; ValueError for an empty `wrt`, and
    for a mapping together with `second`; DomainError where a derivative does not exist or a gradient handed in is not
    finite.

    >>> x = Value(3.0, label="x")
    >>> y = x**2 + x; y.label = "y"
    >>> report = gradcheck(y)
    >>> bool(report), report.rows[0].given
    (True, 7.0)
    >>> gradcheck(y, {x: 14.0}).require()  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    AssertionError: WRONG: ∂y/∂x is given as 14, and finite differences give 7 ± ...
    """
    if not isinstance(root, Value):
        raise TypeError(f"gradcheck takes a Value, not {type(root).__name__}")
    if second and isinstance(wrt, Mapping):
        raise ValueError("second=True checks what reverse mode gives: wrt must be Values without gradients")
    wanted = topological_order(root)[0] if wrt is None else [wrt] if isinstance(wrt, Value) else wrt
    if not isinstance(wanted, Iterable):
        raise TypeError(f"wrt takes Values, or a mapping from Values to gradients, not {type(wrt).__name__}")
    wanted = list(wanted)
    for v in wanted:
        if not isinstance(v, Value):
            raise TypeError(f"wrt takes Values, or a mapping from Values to gradients, not {type(v).__name__}")
    if not wanted:
        raise ValueError("wrt is empty: there is nothing to check")
    claims = wrt if isinstance(wrt, Mapping) else {}
    given = [real(number, f"the gradient by {described((v,))}") for v, number in claims.items()]
    with collector_paused(), enable_grad():
        return _Checker(root, wanted).report(given, second)


class _Checker:
    """A copy of the record, in which numbers and gradients may be changed."""

    def __init__(self, root: Value, wanted: list[Value]) -> None:
        self.root = copy.deepcopy(root)
        originals, copies = topological_order(root), topological_order(self.root)
        self.nodes: list[Any] = copies[1]
        same = dict(zip(originals[0] + originals[1], copies[0] + copies[1], strict=True))
        self.wanted = [same[v] if v in same else v.detach() for v in dict.fromkeys(wanted)]
        labels = {v.label for v in (self.root, *self.wanted)}
        free = (name for k in count(1) if (name := f"v{k}") not in labels)
        self.names = {v: _LONG.name(v.label or next(free)) for v in dict.fromkeys((*self.wanted, self.root))}

    def report(self, claims: list[float], second: bool) -> Report:
        gradients, usual = _gradients(self.root), _usual(self.root)
        because = self.outdated()
        rows: list[Row] = []
        suspects: set[Value] = set()
        for v, given in zip(self.wanted, claims or [gradients.get(v, 0.0) for v in self.wanted], strict=True):
            number, nodes = v.data, self.dependents(v)
            reverse = gradients.get(v, 0.0)
            difference = _difference(self.function(v, nodes, gradients), number, reverse)
            _replay(nodes, v, number)
            name = _LONG.derivative(self.names[self.root], self.names[v])
            rows.append(_judged(name, given, difference, usual))
            if _judged(name, reverse, difference, usual).verdict == "WRONG":
                suspects.update(nodes)
        because += _wrong_partials([v for v in self.nodes if v in suspects])
        if second:
            rows += self.second()
        return Report(rows, because, "given" if claims else "reverse mode")

    def outdated(self) -> list[str]:
        """Computes the nodes anew, and names the first that changes."""
        recorded = [v.data for v in self.nodes]
        _replay(self.nodes)
        for v, before in zip(self.nodes, recorded, strict=True):
            if v.data != before:
                now = f"{_called(v)} = {v.data!r} was computed as {before!r}, from other numbers"
                return [f"{now}: compute {self.names[self.root]} anew after its leaves are changed"]
        return []

    def dependents(self, x: Value) -> list[Any]:
        """The nodes that depend on x, arguments first."""
        reached = dependents(self.nodes, [x])
        return [v for v in self.nodes if v in reached and v is not x]

    def function(self, x: Value, nodes: list[Any], gradients: dict[Value, float]) -> _Function:
        """The root as a function of x. Every number on the way is rounded, and matters as much as its gradient."""
        weights = [(v, gradients.get(v, 0.0), _least(v.op)) for v in (x, *nodes)]

        def function(number: float) -> tuple[float, float]:
            _replay(nodes, x, number)
            return self.root.data, sum(abs(weight) * max(abs(v._data), least) for v, weight, least in weights)

        return function

    def swept(self, x: Value, nodes: list[Any]) -> Callable[[float], dict[Value, float]]:
        """All gradients of the root as a function of x, which many rows ask at the same places."""

        @cache
        def swept(number: float) -> dict[Value, float]:
            _replay(nodes, x, number)
            return _gradients(self.root)

        return swept

    def second(self) -> Iterator[Row]:
        """Reverse mode twice, against differences of reverse mode."""
        twice = []
        for v in self.wanted:
            first = grad(self.root, v)
            gradients = _gradients(first)
            twice.append((v, gradients, _usual(first), sum(abs(g * u.data) for u, g in gradients.items())))
        for x in self.wanted:
            number, nodes = x.data, self.dependents(x)
            swept = self.swept(x, nodes)
            for v, gradients, usual, size in twice:
                given = gradients.get(x, 0.0)
                difference = _difference(_second(swept, v, x, given, size), number, given)
                below = f"∂{self.names[x]}²" if v is x else f"∂{self.names[x]}∂{self.names[v]}"
                yield _judged(f"∂²{self.names[self.root]}/{below}", given, difference, usual)
            _replay(nodes, x, number)


def _replay(nodes: list[Any], x: Value | None = None, number: float = 0.0) -> None:
    """Gives x this number, and computes the nodes anew."""
    if x is not None:
        x.data = number
    for v in nodes:
        v._data = v.op.compute(v.args, _numbers(v))


def _gradients(root: Value) -> dict[Value, float]:
    """What `backward` gives to each Value that `root` depends on."""
    leaves, nodes = topological_order(root)
    for v in leaves:
        v.grad = 0.0
    root.backward()
    return {v: v.grad for v in leaves + nodes}


def _usual(root: Value) -> float:
    """The largest gradient by a leaf, were no two paths to cancel: one that is far smaller may be checked against 0."""
    leaves, nodes = topological_order(root)
    total: dict[Any, float] = {root: 1.0}
    for v in reversed(nodes):
        for place, slope in _partials(v).items():
            total[v.args[place]] = total.get(v.args[place], 0.0) + total[v] * abs(slope)
    return max(filter(math.isfinite, (total[leaf] for leaf in leaves)), default=0.0)


def _partials(v: Any) -> dict[int, float]:
    """The partial for each argument that is a Value, by its place."""
    numbers = _numbers(v)
    return {k: v.op.partials[k](*numbers, v.data) for k, x in enumerate(v.args) if x.__class__ is not float}


def _numbers(v: Any) -> list[float]:
    return [x if x.__class__ is float else x._data for x in v.args]


def _second(swept: Callable[[float], dict[Value, float]], v: Value, x: Value, slope: float, size: float) -> _Function:
    """The gradient by v as a function of x."""
    start = x.data

    def function(number: float) -> tuple[float, float]:
        value = swept(number).get(v, 0.0)
        return value, size + abs(value) + abs(slope * (number - start))

    return function


def _least(op: Op | None) -> float:
    """A row of the table is exact to its last digits. Inside a function of a user there may be numbers of size 1."""
    return 0.0 if op is None or op in TABLE else 1.0


def _alone(op: Op, numbers: list[float], place: int, slope: float) -> _Function:
    """The function of an operation, as one of its argument alone."""

    def function(number: float) -> tuple[float, float]:
        args = [*numbers[:place], number, *numbers[place + 1 :]]
        z = op.compute(args, args)
        return z, max(abs(z), _least(op)) + abs(slope * number)

    return function


def _wrong_partials(nodes: list[Any]) -> list[str]:
    """For each operation with a wrong partial, the first node that shows it."""
    found: dict[tuple[Op, int], str] = {}
    for v in nodes:
        numbers, partials = _numbers(v), _partials(v)
        for place, given in partials.items():
            if (v.op, place) in found:
                continue
            which = "xyz"[place] if v.op.arity <= 3 else f"argument {place + 1}"
            difference = _difference(_alone(v.op, numbers, place, given), numbers[place], given)
            row = _judged(f"the partial of {_called(v)} by {which}", given, difference, abs(given))
            if row.verdict == "WRONG":
                found[v.op, place] = str(row)
    return list(found.values())


def _called(v: Any) -> str:
    call = f"{v.op.name}({described(v.args)})"
    return f"{v.label} = {call}" if v.label else call


class _Limit:
    """What slopes tend to as their step goes to 0, and how far that is sure: Ridders' tableau (Adv. Eng. Software 4,
    1982, p. 75). Each step is a fourth of the one before; `factor` is how much the first error term shrinks with it.
    """

    def __init__(self, factor: int) -> None:
        self.factor = factor
        self.row: list[float] = []
        self.value = self.step = math.nan
        self.error = self.change = self.rounding = math.inf

    def add(self, slope: float, rounding: float, step: float) -> None:
        row = [slope]
        for k, before in enumerate(self.row, 1):
            row.append(row[-1] + (row[-1] - before) / (self.factor**k - 1))
            change = max(abs(row[-1] - row[-2]), abs(row[-1] - before))
            if change + rounding < self.error:
                self.value, self.step, self.error = row[-1], step, change + rounding
                self.change, self.rounding = change, rounding
        self.row = row if math.isfinite(slope) else []


class _Difference(NamedTuple):
    """The derivative and the one-sided slopes; how far the function changed, with all that is rounded in it, over its
    argument; and whether it is `lost`, all rounding, for its argument itself is too coarse.
    """

    central: _Limit
    left: _Limit
    right: _Limit
    change: float
    lost: bool
    coarse: bool  # the slope shows only in steps as large as the argument: another slope may be one of far away


def _difference(f: _Function, x: float, guess: float) -> _Difference:
    """The derivative of f at x, and its one-sided slopes; `guess` serves to find the first step, no more.

    From a step that only just shows the slope through the rounding, the steps grow as long as the slope stays what it
    was: so no kink or pole is stepped over. Where it changes, they shrink again, and the slopes are extrapolated.
    """

    def at(number: float) -> tuple[float, float]:
        try:
            value, size = f(number) if math.isfinite(number) else (math.nan, math.nan)
        except (DomainError, TypeError):  # TypeError: a row may give a complex number outside its domain
            return math.nan, math.nan
        return value, size + sys.float_info.min  # for results below it are less exact

    y, size = at(x)
    variation = 0.0

    def slopes(h: float) -> tuple[tuple[float, float, float], float]:
        """Central, from the left and from the right; and how far rounding may move the central one."""
        nonlocal variation
        (above, up), (below, down) = at(x + h), at(x - h)
        variation = max([variation, *(abs(z - y) for z in (above, below) if z == z)])
        rounded = max(n for n in (up, down, size) if n == n)
        right, left = x + h - x, x - (x - h)
        sides = (above - below) / (right + left), (y - below) / left, (above - y) / right
        return sides, 2 * EPSILON * rounded / h

    reach = max(abs(x), 1.0)
    slopes(reach)  # for the variation
    smallest = 8 * math.ulp(x)
    first = 2**17 * EPSILON * size / (abs(guess) or size / reach or 1.0)
    # Powers of 2, so that x ± h is exact; of 128, so that several functions of x are asked at the same places.
    h = first = 2.0 ** (7 * math.floor(math.log2(min(max(128 * smallest, first), reach)) / 7))
    sides, rounding = slopes(h)
    side = next((k for k in range(3) if math.isfinite(sides[k])), 0)
    while 128 * h <= reach and rounding > 1e-11 * abs(sides[side]):
        before, noise = sides[side], rounding
        h *= 128
        sides, rounding = slopes(h)
        if not abs(sides[side] - before) <= noise + rounding:
            break

    limits = _Limit(16), _Limit(4), _Limit(4)
    for _ in range(20):
        sides, rounding = slopes(h)
        for limit, slope, noise in zip(limits, sides, (rounding, 2 * rounding, 2 * rounding), strict=True):
            limit.add(slope, noise, h)
        known = [limit.error for limit in limits if limit.error < math.inf]
        h /= 4
        if h < smallest or (known and rounding > max(known)):
            break
    lost = abs(guess) * first > max(variation, 2**9 * EPSILON * size)
    return _Difference(*limits, (variation + size) / reach, lost, 128 * first >= reach)


def _judged(name: str, given: float, difference: _Difference, usual: float) -> Row:
    central, left, right, change, lost, coarse = difference
    best, remark = central, ""
    if central.error == math.inf and min(left.error, right.error) < math.inf:
        best, side, other = (left, "left", "right") if left.error < math.inf else (right, "right", "left")
        remark = f"from the {side} alone: not defined to the {other}"
    value, tolerance, slopes = best.value, SAFETY * best.error, (left.value, right.value)
    source = "extrapolation" if best.change > best.rounding else "rounding"
    verdict: Verdict = "OK" if abs(given - value) <= tolerance else "WRONG"
    enough = max(1e-3 * max(abs(given), abs(value)), 1e-6 * (usual or change))
    gap = abs(right.value - left.value)
    if best.error == math.inf:
        verdict, source, remark = "UNSURE", "", "it is not defined beside this number"
    elif lost or (coarse and verdict == "WRONG") or (tolerance > enough and source == "rounding"):
        verdict, remark = "UNSURE", "it is lost in the rounding"
    elif gap > SAFETY * (left.error + right.error) and (gap > enough or verdict == "WRONG"):
        value, tolerance, source = math.nan, SAFETY * max(left.error, right.error), ""
        verdict = "KINK" if min(slopes) - tolerance <= given <= max(slopes) + tolerance else "WRONG"
        remark = f"the slopes are {_SHORT.number(left.value)} on the left and {_SHORT.number(right.value)} on the right"
    elif tolerance > enough:
        verdict, remark = "UNSURE", "the slope does not settle as the step shrinks"
    return Row(name, given, value, best.step, tolerance, source, slopes, verdict, remark)
