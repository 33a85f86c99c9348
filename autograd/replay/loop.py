"""A plan as a list of numbers that machine code loops over, and the cases that it has to know."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, TypeAlias

from autograd.replay.driver import NARROW
from autograd.replay.planning import Apply, Compare, Place, Plan, Summand
from autograd.replay.schedule import SCALAR, Group, Schedule, Sums, parted

WIDE = 32  # parameters abreast, at most
UNROLLED = 4  # uses of a parameter in one row for which OUTER has code of its own
AT_ONCE = 16  # vectors of NARROW numbers that are summed up at once, at most: registers are few
MOST = 4  # and sums, at most

# Whether a summand is added, how many of its factors are scalars, and how many are of rows.
Kind: TypeAlias = tuple[bool, int, int]


class Use(NamedTuple):
    """What neighbouring parameters are used for: ±slope·vector is added to their gradients.

    is_turned  whether each row has a vector of its own
    times      how often, one after the other: w·w is used twice
    """

    added: bool
    slope: int
    vector: int
    is_turned: bool
    times: int


class Outer(NamedTuple):
    """The gradients of neighbouring parameters: where they begin, and all that is added to them."""

    to: int
    width: int
    uses: list[Use]

    @property
    def likeness(self) -> Any:
        """What those have in common that are done at once; None for any with many uses."""
        if sum(use.times for use in self.uses) > UNROLLED:
            return None
        vectors = ((x.added, x.is_turned, x.times, x.is_turned and x.vector) for x in self.uses)
        return self.width, *vectors


class Loop:
    """A plan as a list of numbers.

    code      the steps, one after the other
    once      where those end in it that need be done only for the first block of rows
    forward   where the backward pass begins in it
    outers    where OUTER begins, which adds to the gradients
    cases     the kinds of steps there are, each with its number
    kinds     the kinds of summands there are in sums of which so many are done at once
    position  where the k-th scalar stands: parameters of one OUTER are neighbours
    moving    how many numbers the gradients take
    scalars   how many numbers all scalars take
    size      how many numbers all take
    """

    def __init__(self, plan: Plan, lanes: int) -> None:
        self.lanes = lanes
        self.cases: dict[Any, int] = {}
        self.kinds: dict[int, dict[Kind, int]] = {}
        self.code: list[int] = []
        one = plan.constant(1.0)
        chunks = _chunks(plan.uses)
        self.position: dict[int, int] = {}
        self.moving = self.scalars = 0
        self._place_scalars(chunks, len(plan.parameters) + len(plan.numbers))
        self.turned = self.scalars + plan.rows * lanes
        schedule = Schedule(plan)
        self._add_all(schedule.once)
        self.once = len(self.code)
        self._add_all(schedule.forward)
        self.forward = len(self.code)
        self._add_all(schedule.backward)
        self._columns: list[Place] = []
        self._turns: dict[tuple[Place, ...], int] = {}
        self._add_outers([self._outer(plan, x, one) for x in chunks if plan.uses[x[0]]])
        self.size = self.turned + len(self._columns) * lanes + WIDE

    def _place_scalars(self, chunks: Sequence[list[int]], count: int) -> None:
        """The parameters of a chunk are neighbours; the other scalars follow behind all chunks."""
        for chunk in chunks:
            self.position |= {parameter: self.moving + k for k, parameter in enumerate(chunk)}
            self.moving += _rounded(len(chunk))
        others = [k for k in range(count) if k not in self.position]
        self.position |= {k: self.moving + place for place, k in enumerate(others)}
        self.scalars = self.moving + len(others)

    def at(self, place: Place) -> int:
        """Where a scalar stands, or the first lane of a place."""
        return self.position[~place] if place < 0 else self.scalars + place * self.lanes

    def _case(self, *case: Any) -> int:
        return self.cases.setdefault(case, len(self.cases))

    def _add_all(self, groups: Iterable[Group]) -> None:
        at_once = min(max(AT_ONCE * NARROW // self.lanes, 1), MOST)
        for group in groups:
            if isinstance(group, Sums):
                for members in parted(group.members, at_once):
                    self._add_sums(group.summands, members)
            elif isinstance(group, Apply):
                self._add_apply(group)
            else:
                self._add_compare(group)

    def _add_apply(self, step: Apply) -> None:
        rows = tuple(place >= 0 for place in step.operands)
        checked = tuple(step.operands.index(place) for place in step.checked)
        case = self._case("apply", step.shape, rows, checked)
        self.code += [case, self.at(step.to), *map(self.at, step.operands)]

    def _add_compare(self, step: Compare) -> None:
        rows = step.left >= 0, step.right >= 0
        case = self._case("compare", rows, step.outcome)
        self.code += [case, self.at(step.left), self.at(step.right)]

    def _add_sums(
        self, summands: Sequence[Summand], members: Sequence[tuple[Place, list[Place]]]
    ) -> None:
        """Runs of one kind, so that the loop over a run asks for nothing."""
        self.code += [self._case("sums", len(members)), *(self.at(to) for to, _ in members), 0]
        runs = len(self.code) - 1
        kinds = self.kinds.setdefault(len(members), {})
        scalars = zip(*(map(self.at, scalars) for _, scalars in members), strict=True)
        last, length = -1, 0
        for added, a, b in summands:
            rows = [self.at(x) for x in (a, b) if x is not None and x != SCALAR]
            count = (a, b).count(SCALAR)
            kind = kinds.setdefault((added, count, len(rows)), len(kinds))
            if kind != last:
                self.code += [kind, 0]
                self.code[runs] += 1
                last, length = kind, len(self.code) - 1
            self.code[length] += 1
            self.code += rows
            for _ in range(count):
                self.code += next(scalars)

    def _outer(self, plan: Plan, chunk: list[int], one: Place) -> Outer:
        uses: list[Use] = []
        for k, (added, slope, _) in enumerate(plan.uses[chunk[0]]):
            factors = []
            for parameter in chunk:
                factor = plan.uses[parameter][k][2]
                factors.append(one if factor is None else factor)
            use = Use(added, self.at(slope), *self._vector(tuple(factors)), 1)
            if uses and use == uses[-1]._replace(times=1):
                use = use._replace(times=uses.pop().times + 1)
            uses.append(use)
        return Outer(self.position[chunk[0]], _rounded(len(chunk)), uses)

    def _vector(self, factors: tuple[Place, ...]) -> tuple[int, bool]:
        """Where the factors of neighbouring parameters stand abreast, and whether there is a vector
        for each row: scalars may stand so already.
        """
        places = [self.at(x) for x in factors]
        if all(x < 0 for x in factors) and places == [places[0] + k for k in range(len(places))]:
            return places[0], False
        if factors not in self._turns:
            self._turns[factors] = len(self._columns)
            self._columns += factors
            self._columns += [factors[-1]] * (_rounded(len(factors)) - len(factors))
        return self.turned + self._turns[factors], True

    def _add_outers(self, outers: Sequence[Outer]) -> None:
        """What they read is turned first, at once."""
        if self._columns:
            sources = [n for x in self._columns for n in (self.at(x), int(x >= 0))]
            self.code += [self._case("turn"), len(self._columns), self.turned, *sources]
        self.outers = len(self.code)
        groups: dict[Any, list[Outer]] = {}
        for k, outer in enumerate(outers):
            groups.setdefault(outer.likeness or k, []).append(outer)
        for group in groups.values():
            at_once = min(AT_ONCE * NARROW // group[0].width, MOST)
            for some in parted(group, at_once):
                self._add_outer(some)

    def _add_outer(self, outers: Sequence[Outer]) -> None:
        _, width, uses = outers[0]
        if not outers[0].likeness:
            every = [use for use in uses for _ in range(use.times)]
            self.code += [self._case("outer_of_many", width), outers[0].to, len(every)]
            for use in every:
                self.code += [int(use.added), use.slope, *self._factors(use)]
            return
        kinds = tuple((use.added, use.is_turned, use.times) for use in uses)
        self.code += [self._case("outers", width, kinds, len(outers)), *(x.to for x in outers)]
        for k, use in enumerate(uses):
            if use.is_turned:
                self.code += self._factors(use)
                self.code += [outer.uses[k].slope for outer in outers]
            else:
                for outer in outers:
                    self.code += [outer.uses[k].slope, outer.uses[k].vector]

    def _factors(self, use: Use) -> tuple[int, int]:
        """Where the first vector stands, and how far it is to that of the next row."""
        return use.vector, len(self._columns) if use.is_turned else 0


def _rounded(count: int) -> int:
    return -(-count // NARROW) * NARROW


def _chunks(uses: Sequence[list[Summand]]) -> list[list[int]]:
    """The parameters in groups whose gradients are sums of the same slopes, times other factors."""
    groups: dict[Any, list[int]] = {}
    for parameter, summands in enumerate(uses):
        groups.setdefault(tuple((added, a) for added, a, _ in summands), []).append(parameter)
    return [g[k : k + WIDE] for g in groups.values() for k in range(0, len(g), WIDE)]
