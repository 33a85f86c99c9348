"""A record as a plan: few steps, most of them sums of products, forward and backward.

    SUM    z = ±a·b ± c·d ± e …   in the order in which the record adds, from the left
    APPLY  z = any other operation, or an upstream gradient times a local derivative
    GUARD  a comparison that must come out as it did
    uses   the gradient of a parameter is a sum over the rows, from the last to the first, and in
           each row over what it is used for, in the order of the sweep: again ±a·b ± c·d ± e …

A chain w₁·x₁ + w₂·x₂ + b is three additions and two multiplications in the record, and one SUM
here; and the slope of what is used three times is a SUM of three products. A sum is kept in its
order, for rounding makes (a + b) + c another number than a + (b + c): so all comes out as it does
eagerly, to the last bit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple, TypeAlias

from autograd import ops
from autograd.op import Op
from autograd.record import Record
from autograd.replay.engine import Task
from autograd.replay.listing import Guard, compared
from autograd.replay.terms import Term, hidden, references, shows, slope_of
from autograd.value import Value

# What a step works on. A number of at least 0 is a place that has another number in each row; below
# 0 it is ~k for the k-th scalar, a parameter or a constant.
Place: TypeAlias = int
# ±a, or ±a·b: whether it is added, a, and b.
Summand: TypeAlias = tuple[bool, Place, Place | None]


class Sum(NamedTuple):
    """Put the sum of the summands, from the left, in `to`."""

    to: Place
    summands: list[Summand]


class Apply(NamedTuple):
    """Put what a term of the operands comes to in `to`; the places in `checked` must be finite.

    shape  the term: (operation, shapes…), a number, or as an int the place of an operand
    """

    to: Place
    shape: Any
    operands: tuple[Place, ...]
    checked: tuple[Place, ...]


class Compare(NamedTuple):
    """Require that left > right comes out so."""

    left: Place
    right: Place
    outcome: bool


APPLIED = 10  # summands that take as long as a function

Step: TypeAlias = Sum | Apply | Compare


class Plan:
    """The steps of a task, for the gradients by the parameters in `moving`.

    scalars   the parameters, those that move first, and the constants
    rows      how many places there are that have a number in each row; the inputs are the first
    output    the place of the output
    seed      the place of ∂total/∂output
    forward, backward  the steps
    uses      what is added to the gradient of each parameter that moves, in each row
    """

    def __init__(self, task: Task, moving: Sequence[Value]) -> None:
        self.moving = len(moving)
        self.inputs = len(task.inputs)
        rest = set(moving)
        ordered = [*moving, *(p for p in task.parameters if p not in rest)]
        place = {p: k for k, p in enumerate(task.parameters)}
        self.parameters = [place[p] for p in ordered]  # where each stands in the task
        self._constants: dict[str, int] = {}
        self._applied: dict[tuple[Op, tuple[Place, ...]], Place] = {}
        self.numbers: list[float] = []
        self._places: dict[Any, Place] = {v: k for k, v in enumerate(task.inputs)}
        self._places |= {p: ~k for k, p in enumerate(ordered)}
        self._scalars = len(ordered)
        self.rows = len(task.inputs)
        self.forward: list[Step] = []
        self.backward: list[Step] = []
        self.uses: list[list[Summand]] = [[] for _ in moving]
        record = Record(task.output)
        self._plan_forward(record, compared(task.guards) | {task.output})
        self.output = self._place(task.output)
        if self.output < 0:  # a parameter
            self.output = self._sum(self.forward, [(True, self.output, None)])
        self.forward += map(self._compare, task.guards)
        self.seed = self._new()
        self._plan_backward(record, moving)

    @property
    def work(self) -> int:
        """How many summands are computed for a row; an applied term costs as much as many."""
        steps = [*self.forward, *self.backward]
        summands = sum(len(s.summands) if isinstance(s, Sum) else APPLIED for s in steps)
        return summands + sum(map(len, self.uses))

    def _new(self) -> Place:
        self.rows += 1
        return self.rows - 1

    def _place(self, x: Any) -> Place:
        return self.constant(x) if x.__class__ is float else self._places[x]

    def constant(self, x: float) -> Place:
        """Return the place of a number that never changes."""
        key = x.hex()  # 0.0 and -0.0 are equal, and not the same
        if key not in self._constants:
            self._constants[key] = ~(self._scalars + len(self.numbers))
            self.numbers.append(x)
        return self._constants[key]

    def _sum(self, steps: list[Step], summands: list[Summand]) -> Place:
        place = self._new()
        steps.append(Sum(place, summands))
        return place

    def _compare(self, guard: Guard) -> Compare:
        left, right = self._place(guard.left), self._place(guard.right)
        if guard.symbol in ("<", ">="):
            left, right = right, left
        return Compare(left, right, guard.outcome == (guard.symbol in "<>"))

    def _plan_forward(self, record: Record, kept: set[Value]) -> None:
        absorbed = _absorbed(record, kept)
        for v in record.nodes:
            if v in absorbed:
                continue
            if v.op in (ops.add, ops.sub):
                place = self._sum(self.forward, self._summands(v, absorbed))
            elif v.op is ops.mul:
                place = self._sum(self.forward, [self._product(v, True)])
            elif v.op is ops.neg:
                place = self._sum(self.forward, [(False, self._place(v._x), None)])
            else:
                operands = tuple(map(self._place, v.args))
                checked = tuple(dict.fromkeys(map(self._place, hidden(v))))
                place = self._new()
                shape = (v.op, *range(len(operands)))
                self.forward.append(Apply(place, shape, operands, checked))
                self._applied[v.op, operands] = place
            self._places[v] = place

    def _product(self, v: Any, added: bool) -> Summand:
        return added, self._place(v._x), self._place(v._y)

    def _summands(self, v: Any, absorbed: set[Value]) -> list[Summand]:
        """What a chain of additions and subtractions adds, from the left."""
        found = []
        while True:
            found.append(self._summand(v._y, v.op is ops.add, absorbed))
            left = v._x
            if left not in absorbed or left.op is ops.mul:
                found.append(self._summand(left, True, absorbed))
                return found[::-1]
            v = left

    def _summand(self, x: Any, added: bool, absorbed: set[Value]) -> Summand:
        if x in absorbed:
            return self._product(x, added)
        return added, self._place(x), None

    def _plan_backward(self, record: Record, moving: Sequence[Value]) -> None:
        active = record.dependents(moving)
        parts: dict[Value, list[Summand]] = {record.root: [(True, self.seed, None)]}
        for p, uses in zip(moving, self.uses, strict=True):
            parts.setdefault(p, uses)
        if record.root in moving:
            self.uses[list(moving).index(record.root)] = parts[record.root]
        for v in reversed(record.nodes):
            if v not in active:
                continue
            added, slope = self._slope(parts.pop(v))
            for k, x in enumerate(v.args):
                if x in active:
                    part = self._pulled(v, k, added, slope)
                    parts.setdefault(x, []).append(part)

    def _slope(self, parts: list[Summand]) -> tuple[bool, Place]:
        if len(parts) == 1 and parts[0][2] is None:
            return parts[0][0], parts[0][1]
        return True, self._sum(self.backward, parts)

    def _pulled(self, v: Any, k: int, added: bool, slope: Place) -> Summand:
        """The part in the gradient of the k-th argument of `v`: slope times local derivative."""
        constants = v.args[1] if v.op is ops.pow and v.args[1].__class__ is float else None
        kind, sign, shape, asked = _pullback(v.op, k, constants)
        if kind == "same":
            return added == sign, slope, None
        places = [self._place(v if which < 0 else v.args[which]) for which in asked]
        if kind == "product":
            return added, slope, places[0]
        operands = [slope, *places]
        checked: list[Place] = []
        shape = self._shared(shape, operands, checked)
        if v.op.__module__ != ops.__name__:
            shape = self._watched(shape, operands, checked)
        place = self._new()
        self.backward.append(Apply(place, shape, tuple(operands), tuple(checked)))
        return added, place, None

    def _shared(self, shape: Any, operands: list[Place], checked: list[Place]) -> Any:
        """The shape with an operand for each row of one's own in it, which is computed but once."""
        if not isinstance(shape, tuple):
            return shape
        op, *parts = (shape[0], *(self._shared(x, operands, checked) for x in shape[1:]))
        if op.__module__ == ops.__name__ or not all(isinstance(x, int) for x in parts):
            return (op, *parts)
        of = tuple(operands[k] for k in parts)
        if (op, of) not in self._applied:
            self._applied[op, of] = place = self._new()
            self.backward.append(Apply(place, (op, *range(len(of))), of, ()))
        operands.append(self._applied[op, of])
        checked.append(self._applied[op, of])
        return len(operands) - 1

    def _watched(self, shape: Any, operands: list[Place], checked: list[Place]) -> Any:
        """The shape with an operand for each term in it whose not being finite may be hidden."""
        if not isinstance(shape, tuple):
            return shape
        op, *parts = (shape[0], *(self._watched(x, operands, checked) for x in shape[1:]))
        for k, part in enumerate(parts):
            if isinstance(part, tuple) and not shows(op, parts, k):
                place = self._new()
                self.backward.append(Apply(place, part, tuple(operands), ()))
                parts[k] = len(operands)
                operands.append(place)
                checked.append(place)
        return (op, *parts)


def _absorbed(record: Record, kept: set[Value]) -> set[Value]:
    """The products in a sum, and the sums that it goes on from, that nothing else asks for."""
    times = Counter(x for v in record.nodes for x in v.args)
    found = set()
    for v in record.nodes:
        if v.op is ops.add or v.op is ops.sub:
            found |= {x for x in _products_and_first_sum(v) if times[x] == 1}
    return found - kept


def _products_and_first_sum(v: Any) -> Iterator[Value]:
    """Yield the summands that are products, and the first where it is a sum."""
    for x, admitted in ((v._x, (ops.mul, ops.add, ops.sub)), (v._y, (ops.mul,))):
        if x.__class__ is not float and x.op in admitted:
            yield x


@cache
def _pullback(op: Op, place: int, exponent: float | None) -> tuple[str, bool, Any, tuple[int, ...]]:
    """How an upstream gradient goes on to an argument.

    "same", and whether it keeps its sign; "product" with an argument, or the result as −1; "apply",
    with the shape of the term and the arguments that it asks for.
    """
    args: list[Any] = [Term(None, (k,)) for k in range(op.arity)]
    if exponent is not None:
        args[1] = exponent
    slope = slope_of(op, place, args, Term(None, (-1,)))
    if not isinstance(slope, Term):
        if slope in (1, -1):
            return "same", slope == 1, None, ()
        return "apply", True, (ops.mul, 0, float(slope)), ()
    if slope.op is None:
        return "product", True, None, (slope.args[0],)
    asked = tuple(dict.fromkeys(references(slope)))
    return "apply", True, (ops.mul, 0, _shape(slope, asked)), asked


def _shape(term: Any, asked: Sequence[int]) -> Any:
    if not isinstance(term, Term):
        return float(term)
    if term.op is None:
        return 1 + asked.index(term.args[0])
    return (term.op, *(_shape(x, asked) for x in term.args))
