"""Groups: Values that a picture draws in one frame, such as those of a neuron.

Who knows what belongs together says so: a package registers a function that finds its groups.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from autograd.value import Value


class Group(NamedTuple):
    """Values that belong together, and the title of the frame around them."""

    title: str
    members: list[Value]


# From each Value of a picture to its name there, arguments before results, and to the Values that
# were computed from it, as far as they are shown.
Finder = Callable[[Mapping["Value", str], Mapping["Value", Sequence["Value"]]], list[Group]]

_finders: list[Finder] = []


def register(finder: Finder) -> Finder:
    """Let every picture show the groups that `finder` finds. Return it, as a decorator does."""
    _finders.append(finder)
    return finder


def found_groups(names: Mapping[Value, str], heads: Mapping[Value, Sequence[Value]]) -> list[Group]:
    """Return all groups; a Value that several finders claim is in the first."""
    taken: set[Value] = set()
    groups = []
    for finder in _finders:
        for title, members in finder(names, heads):
            free = [v for v in members if v not in taken]
            taken.update(free)
            if free:
                groups.append(Group(title, free))
    return groups
