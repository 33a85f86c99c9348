"""The steps of a plan in the order in which a loop does them: what is alike, at once.

Sums that differ in their scalars alone, as those of the units of a layer do, are alike. They are
done at once, so that what they read of the rows is read once for all. Steps may change places, for
each has a place of its own for its number; the order within a sum is never another one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, TypeAlias, TypeVar

from autograd.replay.planning import Apply, Compare, Place, Plan, Step, Sum, Summand

T = TypeVar("T")
SCALAR = -1  # in place of any scalar


class Sums(NamedTuple):
    """Sums that are alike.

    summands  of each: SCALAR stands for the scalars, which are the first factors of products
    members   of each: where it goes, and its scalars in the order of the summands
    """

    summands: tuple[Summand, ...]
    members: list[tuple[Place, list[Place]]]


def parted(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Yield the items in groups of so many; what is left in groups of half as many, a quarter, …

    >>> list(parted("abcdefg", 4))
    ['abcd', 'ef', 'g']
    """
    start = 0
    while start < len(items):
        while size > len(items) - start:
            size //= 2
        yield items[start : start + size]
        start += size


Group: TypeAlias = Sums | Apply | Compare


class Schedule:
    """The steps of a plan.

    once      steps forward that read scalars alone: what they come to is the same in all rows
    forward   the other steps forward
    backward  the steps backward
    """

    def __init__(self, plan: Plan) -> None:
        same: set[Place] = set()
        once: list[Step] = []
        forward: list[Step] = []
        for step in plan.forward:
            if all(place < 0 or place in same for place in _read(step)):
                once.append(step)
                same.update(_written(step))
            else:
                forward.append(step)
        self.once, self.forward, self.backward = map(_grouped, (once, forward, plan.backward))


def _read(step: Step) -> Iterator[Place]:
    if isinstance(step, Sum):
        for _, a, b in step.summands:
            yield a
            if b is not None:
                yield b
    elif isinstance(step, Apply):
        yield from step.operands
    else:
        yield from (step.left, step.right)


def _written(step: Step) -> tuple[Place, ...]:
    return () if isinstance(step, Compare) else (step.to,)


def _grouped(steps: Iterable[Step]) -> list[Group]:
    """Return the steps by their depth, which is one more than that of the deepest that they read;
    sums of one depth that are alike become one.
    """
    depths: dict[Place, int] = {}
    levels: dict[int, list[Group]] = {}
    alike: dict[tuple[int, tuple[Summand, ...]], Sums] = {}
    for step in steps:
        depth = 1 + max((depths.get(place, 0) for place in _read(step)), default=0)
        depths.update((place, depth) for place in _written(step))
        level = levels.setdefault(depth, [])
        if isinstance(step, Sum):
            summands, scalars = _without_scalars(step)
            if (depth, summands) not in alike:
                alike[depth, summands] = Sums(summands, [])
                level.append(alike[depth, summands])
            alike[depth, summands].members.append((step.to, scalars))
        else:
            level.append(step)
    return [group for depth in sorted(levels) for group in levels[depth]]


def _without_scalars(step: Sum) -> tuple[tuple[Summand, ...], list[Place]]:
    """Return what a sum has in common with those that are alike, and its scalars."""
    summands: list[Summand] = []
    scalars: list[Place] = []
    for added, a, b in step.summands:
        if b is not None and b < 0 <= a:
            a, b = b, a
        scalars += [x for x in (a, b) if x is not None and x < 0]
        summands.append((added, max(a, SCALAR), b if b is None else max(b, SCALAR)))
    return tuple(summands), scalars
