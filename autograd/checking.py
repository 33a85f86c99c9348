"""What gradcheck does: a record at other numbers of one Value, and its gradients there."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from autograd import ops
from autograd.differences import SMALLEST, Function, difference
from autograd.gradients import grad
from autograd.graph import told_apart
from autograd.op import Op, described
from autograd.record import Record
from autograd.value import Value
from autograd.verdicts import LONG, Report, Row, judged

if TYPE_CHECKING:
    from autograd.record import Node

    _Gradients = Callable[[float], Mapping[Value, float]]


class _Part:
    """The part of a record that depends on some Values. All else in it is constant.

    dependent  these Values, and the nodes that depend on them
    fixed      the Values whose numbers do not change with those of others
    record     what is computed of the fixed ones, up to the root
    """

    def __init__(self, whole: Record, wanted: Iterable[Value]) -> None:
        self.root = whole.root
        self.dependent = whole.dependents(wanted)
        self.fixed = {v for v in whole.values if self.dependent.isdisjoint(v.args)}
        self.record = Record(self.root, self.fixed)

    def copy(self, x: Value | None = None, number: float = 0.0) -> dict[Value, Any]:
        """Return what stands for each Value, recorded anew; for x, if it is given, at this number.

        What is constant is a float there, so that no derivative by it is computed.
        """

        def recorded(node: Node, args: list[Any]) -> Value:
            value: Value = node.op(*args)
            value.label = node.label
            if node is x:
                value.data = number
            return value

        numbers: dict[Value, Any] = {}
        for v in self.record.values:
            if v in self.fixed:
                numbers[v] = number if v is x else v.data
                if v in self.dependent or v is self.root:
                    numbers[v] = Value(numbers[v], v.label)
        return self.record.evaluate(numbers, recorded)

    def gradients(self, copies: Mapping[Value, Any]) -> dict[Value, float]:
        """Return the gradients that the copies of the dependent Values have."""
        return {v: copies[v].grad for v in self.record.values if v in self.dependent}


class _First(NamedTuple):
    """The gradient by v, and what is known of its own gradients.

    gradients  by each Value
    usual      the largest of them by a leaf, without cancellation between paths
    size       the sizes of all numbers that are rounded on the way to the gradient by v, summed
    """

    v: Value
    gradients: dict[Value, float]
    usual: float
    size: float

    def function(self, x: Value, slope: float, gradients: _Gradients) -> Function:
        """Return the gradient by v as a function of x, where x changes the `gradients`."""

        def function(number: float) -> tuple[float, float]:
            value = gradients(number).get(self.v, 0.0)
            return value, self.size + abs(value) + abs(slope * (number - x.data))

        return function


class Checker:
    """What checks the derivatives of a record's root by the Values in `wanted`."""

    def __init__(self, record: Record, wanted: list[Value]) -> None:
        self.record, self.root, self.wanted = record, record.root, wanted
        self.part = _Part(record, wanted)
        asked = {*wanted, record.root}
        shown = dict.fromkeys([v for v in record.values if v.label or v in asked] + wanted)
        self.names = told_apart([(v, LONG.name(v.label)) for v in shown], record.root)

    def report(self, claims: list[float], because: list[str], second: bool) -> Report:
        """Return the report on the claims; where there are none, on what reverse mode gives."""
        copies = self.part.copy()
        copies[self.root].backward()
        gradients, usual = self.part.gradients(copies), _usual(Record(copies[self.root]))
        rows: list[Row] = []
        suspects: set[Value] = set()
        for place, v in enumerate(self.wanted):
            reverse = gradients.get(v, 0.0)
            given = claims[place] if claims else reverse
            part = _Part(self.record, [v])
            found = difference(self._function(v, part, gradients), v.data, reverse)
            name = LONG.derivative(self.names[self.root], self.names[v])
            rows.append(judged(name, given, found, usual))
            if judged(name, reverse, found, usual).verdict == "WRONG":
                suspects |= part.dependent
        because += self._wrong_partials(suspects)
        if second:
            rows += self._second()
        return Report(rows, because, "given" if claims else "reverse mode")

    def _function(self, x: Value, part: _Part, gradients: Mapping[Value, float]) -> Function:
        """Return the root as a function of x.

        Every number on the way is rounded, which counts as much as its gradient.
        """
        nodes = [v for v in part.record.nodes if v in part.dependent and v is not x]
        weights = [(v, abs(gradients.get(v, 0.0)), _least(v.op)) for v in (x, *nodes)]

        def function(number: float) -> tuple[float, float]:
            numbers = part.record.evaluate({x: number}, _computed)
            size = sum(weight * max(abs(numbers[v]), least) for v, weight, least in weights)
            return numbers[self.root], size

        return function

    def _second(self) -> Iterator[Row]:
        """Yield the check of reverse mode twice, against differences of reverse mode."""
        firsts = [self._first(v) for v in self.wanted]
        for x in self.wanted:
            yield from self._second_by(x, firsts)

    def _first(self, v: Value) -> _First:
        copies = self.part.copy()
        gradient = grad(copies[self.root], copies.get(v, v))
        gradient.backward()
        record = Record(gradient)
        size = sum(abs(u.grad) * max(abs(u.data), SMALLEST) for u in record.values)
        return _First(v, self.part.gradients(copies), _usual(record), size)

    def _second_by(self, x: Value, firsts: list[_First]) -> Iterator[Row]:
        @cache  # the rows ask at the same numbers
        def gradients(number: float) -> dict[Value, float]:
            copies = self.part.copy(x, number)
            copies[self.root].backward()
            return self.part.gradients(copies)

        for first in firsts:
            below = f"∂{self.names[x]}∂{self.names[first.v]}"
            if first.v is x:
                below = f"∂{self.names[x]}²"
            name = f"∂²{self.names[self.root]}/{below}"
            given = first.gradients.get(x, 0.0)
            found = difference(first.function(x, given, gradients), x.data, given)
            yield judged(name, given, found, first.usual)

    def _wrong_partials(self, suspects: set[Value]) -> list[str]:
        """Return a line for each wrong partial by one of these: of the first node that shows it."""
        lines: dict[tuple[Op, int], str] = {}
        for v in self.record.nodes:
            for place, x in enumerate(v.args):
                if x in suspects and (v.op, place) not in lines:
                    row = _check_of_partial(v, place)
                    if row.verdict == "WRONG":
                        lines[v.op, place] = str(row)
        return list(lines.values())


def _computed(node: Node, args: list[float]) -> float:
    return node.op.compute(args, args)


def _alone(op: Op, numbers: list[float], place: int, slope: float) -> Function:
    """Return the function of an operation, as one of its argument at `place` alone."""

    def function(number: float) -> tuple[float, float]:
        args = [*numbers[:place], number, *numbers[place + 1 :]]
        result = op.reads(*args) if op.reads else op.compute(args, args)
        return result, max(abs(result), _least(op)) + abs(slope * number)

    return function


def _check_of_partial(v: Node, place: int) -> Row:
    """Return the check of one partial of an operation by itself."""
    given, numbers = _partial(v, place), _numbers(v)
    which = "xyz"[place] if v.op.arity <= 3 else f"argument {place + 1}"
    call = f"{v.op.name}({described(v.args)})"
    if v.label:
        call = f"{v.label} = {call}"
    slope = difference(_alone(v.op, numbers, place, given), numbers[place], given)
    return judged(f"the partial of {call} by {which}", given, slope, abs(given))


def _partial(v: Node, place: int) -> float:
    return float(v.op.partials[place](*_numbers(v), v.data))


def _numbers(v: Node) -> list[float]:
    return [x.data if isinstance(x, Value) else x for x in v.args]


def _least(op: Op | None) -> float:
    """Return how large the numbers are, at least, that are rounded inside an operation."""
    # a row of handgrad's own is exact to its last digits
    return SMALLEST if op is None or op.__module__ == ops.__name__ else 1.0


def _usual(record: Record) -> float:
    """Return the largest gradient by a leaf, without cancellation between paths."""
    total: dict[Any, float] = {record.root: 1.0}
    for v in reversed(record.nodes):
        for place, x in enumerate(v.args):
            if isinstance(x, Value):
                total[x] = total.get(x, 0.0) + total[v] * abs(_partial(v, place))
    return max(filter(math.isfinite, (total[leaf] for leaf in record.leaves)), default=0.0)
