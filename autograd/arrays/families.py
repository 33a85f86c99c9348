"""Families: the arrays of a record, as a person reads them off its names."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property, reduce
from itertools import product
from operator import or_
from typing import NamedTuple, TypeVar

from autograd.arrays.places import Index, Shape, Title, indices, place_of
from autograd.graph import RAISED, TOLD_APART, Graph
from autograd.record import Record
from autograd.value import Value

T = TypeVar("T")
_BRACKETS = re.compile(r"(.+)\[(\d+(?:,\d+)*)\]")  # W1[1,2]
_DIGITS = re.compile(r"(.+?)_?(\d+)")  # w12, W1_12, p3


class NotRecordedError(ArithmeticError):
    """An element of an array that the record does not have: its number is not known there."""


class Family:
    """An array of the record, or a scalar that has a name.

    name      what it is called
    shape     of one call; () of a scalar
    members   each Value of it that is in the record, by its index, row by row
    by_label  whether labels alone tell that it is an array
    ranges    what each place of an index runs over
    calls     whether it stands for the arrays of several calls of one network: then an index
              begins with the number of the call
    """

    def __init__(
        self,
        name: str,
        shape: Shape,
        members: Mapping[Index, Value],
        *,
        by_label: bool = False,
        calls: bool = False,
    ) -> None:
        self.name = name
        self.shape = shape
        self.members = {index: members[index] for index in sorted(members)}
        self.by_label = by_label
        self.calls = calls
        columns = zip(*self.members, strict=True)
        self.ranges = [tuple(sorted(set(column))) for column in columns]

    @property
    def free(self) -> tuple[str | int, ...]:
        """The indices of an element: f0, f1, …."""
        return self.indices("f")

    def indices(self, letter: str) -> tuple[str | int, ...]:
        """Return an index for each place: a symbol, or the one number that is there."""
        return tuple(r[0] if len(r) == 1 else f"{letter}{n}" for n, r in enumerate(self.ranges))

    def symbols(self, letter: str, values: Iterable[T]) -> dict[str, T]:
        """Return what stands for each symbol among `indices(letter)`, of a value for each place."""
        pairs = zip(self.indices(letter), values, strict=True)
        return {s: value for s, value in pairs if isinstance(s, str)}

    def member(self, index: Index) -> Value:
        """Return an element. Raises KeyError where the array has none at this index, and
        NotRecordedError where it has one that is not in the record.
        """
        if index not in self.members and self.is_inside(index):
            raise NotRecordedError(self.element(index))
        return self.members[index]

    def is_inside(self, index: Index) -> bool:
        """Whether the array has an element at an index, be it in the record or not."""
        inside = index[1:] if self.calls else index
        is_call = not self.calls or index[0] in self.ranges[0]
        return is_call and all(1 <= k <= n for k, n in zip(inside, self.shape, strict=True))

    @cached_property
    def is_part(self) -> bool:
        """Whether the record has a part of the array alone: see `missing`."""
        return bool(self.missing())

    def missing(self) -> list[Index]:
        """Return the indices of the array that no Value in the record has.

        Of a row, a column or a call that stands alone, the others are not looked at.
        """
        sizes = (len(self.ranges[0]), *self.shape) if self.calls else self.shape
        whole = [
            r if len(r) == 1 else range(1, n + 1) for r, n in zip(self.ranges, sizes, strict=True)
        ]
        return [index for index in product(*whole) if index not in self.members]

    def element(self, index: Index) -> str:
        """Return the name of an element: W1[1,2], of a call out_h⁽²⁾[1]."""
        call, inside = (index[:1], index[1:]) if self.calls else ((), index)
        raised = "".join(map(_raised, call))
        return (
            f"{self.name}{raised}[{','.join(map(str, inside))}]" if inside else self.name + raised
        )

    def __repr__(self) -> str:
        return f"<{self.name} {self.shape}>"


class Seat(NamedTuple):
    """Where a Value stands among the families."""

    family: Family
    at: Index


def read_families(
    graph: Graph, *, stacked: bool = True, alone: Collection[Value] = ()
) -> dict[Value, Seat]:
    """Return where each visible Value of the graph stands.

    An array is one that was named (`array`, `Array.named`, a network's own); else Values whose
    labels end in all the indices of a vector or a matrix, none of which depends on another: W[1,2],
    w12, W1_12, p3. What is left, and what is in `alone`, is a scalar. With `stacked`, arrays of
    one name that do not depend on each other, as of several examples, are one family, whose index
    begins with the number of the example.
    """
    named, loose, scalars = _sorted(graph, alone)
    below = _below(graph)
    found = [Family(title.name, title.shape, members) for title, members in named.items()]
    found += _by_label(loose, below, scalars)
    seats = {
        v: Seat(family, index)
        for (name, _, _), group in _of_one_name(found, scalars, graph).items()
        for family in _told_apart(group, below, stacked, name)
        for index, v in family.members.items()
    }
    return {v: seats[v] for v in graph.names}


def _of_one_name(
    arrays: Iterable[Family], scalars: Iterable[Value], graph: Graph
) -> dict[tuple[str, Shape, bool], list[Family]]:
    """Return the families of each name and shape; a scalar is called by its label there. The root
    is by itself: the losses of a batch may be called as their mean is.
    """
    groups: dict[tuple[str, Shape, bool], list[Family]] = {}
    for family in arrays:
        groups.setdefault((family.name, family.shape, False), []).append(family)
    for v in scalars:
        scalar = Family(graph.names[v], (), {(): v})
        key = (v.label or scalar.name, (), v is graph.root)
        groups.setdefault(key, []).append(scalar)
    return groups


def _sorted(
    graph: Graph, alone: Collection[Value]
) -> tuple[dict[Title, dict[Index, Value]], list[Value], list[Value]]:
    """Return the arrays that were named, what labels may tell, and what is a scalar."""
    places = {graph.current(v): place_of(v) for v in (*graph.stand_ins, *graph.names)}
    named: dict[Title, dict[Index, Value]] = {}
    loose: list[Value] = []
    scalars: list[Value] = []
    for v in graph.names:
        place = places.get(v)
        if v is graph.root or v in alone:
            scalars.append(v)
        elif place is None:
            loose.append(v)
        else:
            named.setdefault(place.title, {})[place.at] = v
    return named, loose, scalars


def in_order(
    waiting: Collection[Family], needs: Mapping[Family, Collection[Family]]
) -> list[Family]:
    """Return the families, each after those that it needs; a part of them where that cannot be."""
    order: list[Family] = []
    left = list(waiting)
    while ready := _ready(left, needs):
        order += ready
        left = [f for f in left if f not in ready]
    return order


def _ready(left: Sequence[Family], needs: Mapping[Family, Collection[Family]]) -> list[Family]:
    """Return the families that need none of those that are left."""
    return [f for f in left if set(needs[f]).isdisjoint(left)]


def siblings(value: Value, record: Record) -> list[Value]:
    """Return the Values of a record that stand in an array with `value`, by name or by label."""
    place = place_of(value)
    if place is not None:
        return [v for v in record.values if (other := place_of(v)) and other.title is place.title]
    return _of_stem(value.label, record.labelled())


def _of_stem(label: str, labelled: Iterable[Value]) -> list[Value]:
    """Return the Values whose labels have an index, and the stem of this one."""
    match = indexed(label)
    if not match:
        return []
    return [v for v in labelled if (other := indexed(v.label)) and other[0] == match[0]]


def indexed(label: str) -> tuple[str, str] | None:
    """Return the stem of a label and its index: None where it has none.

    >>> indexed("W1[1,2]"), indexed("net_h1⁽²⁾")
    (('W1', '1,2'), ('net_h⁽²⁾', '1'))
    """
    found = TOLD_APART.search(label)
    above = found[0] if found else ""
    bare = label.removesuffix(above)
    match = _BRACKETS.fullmatch(bare) or _DIGITS.fullmatch(bare)
    return (match[1] + above, match[2]) if match else None


def _below(graph: Graph) -> dict[Value, int]:
    """Return, as bits, what each visible Value depends on, itself included."""
    bits: dict[Value, int] = {}
    for place, (v, edges) in enumerate(graph.edges.items()):
        bits[v] = 1 << place
        for edge in edges:
            bits[v] |= bits[edge.tail]
    return bits


def _told_apart(
    group: list[Family], below: Mapping[Value, int], stacked: bool, name: str
) -> list[Family]:
    """Return the families of one name: as one, or each with a number; a scalar has its own."""
    if len(group) == 1:
        return group
    if stacked and _are_calls(group, below):
        return [_stacked(name, group)]
    for n, family in enumerate(group[1:] if group[0].shape else [], 2):
        family.name += _raised(n)
    return group


def _stacked(name: str, group: Sequence[Family]) -> Family:
    """Return the arrays of several calls as one, whose index begins with the number of the call."""
    members = {(n, *i): v for n, f in enumerate(group, 1) for i, v in f.members.items()}
    return Family(name, group[0].shape, members, calls=True)


def _are_calls(group: list[Family], below: Mapping[Value, int]) -> bool:
    """Whether these are the arrays of several calls: alike, and none depends on another."""
    alike = all(f.members.keys() == group[0].members.keys() for f in group)
    return alike and _are_apart([list(f.members.values()) for f in group], below)


def _raised(number: int) -> str:
    return f"⁽{str(number).translate(RAISED)}⁾"


def _are_apart(groups: Sequence[Sequence[Value]], below: Mapping[Value, int]) -> bool:
    """Whether no Value depends on one of another group."""
    reached = [reduce(or_, (below[v] for v in group)) for group in groups]
    own = [reduce(or_, (_own_bit(below[v]) for v in group)) for group in groups]
    return all(
        not above & bottom
        for m, above in enumerate(reached)
        for n, bottom in enumerate(own)
        if m != n
    )


def _own_bit(bits: int) -> int:
    """Return the bit of a Value itself: the highest, for arguments come first."""
    return 1 << (bits.bit_length() - 1)


def _by_label(
    values: Sequence[Value], below: Mapping[Value, int], scalars: list[Value]
) -> list[Family]:
    """Return the arrays that labels tell; add each other Value to the scalars."""
    found = []
    for stem, members in _by_stem(values).items():
        found += _array(stem, members, below)
    taken = {v for family in found for v in family.members.values()}
    scalars += [v for v in values if v not in taken]
    return found


def _by_stem(values: Iterable[Value]) -> dict[str, dict[str, list[Value]]]:
    """Return the Values whose labels have an index: by its stem, then by the index."""
    stems: dict[str, dict[str, list[Value]]] = {}
    for v in values:
        found = indexed(v.label)
        if found:
            stem, index = found
            stems.setdefault(stem, {}).setdefault(index, []).append(v)
    return stems


def _array(
    stem: str, members: Mapping[str, list[Value]], below: Mapping[Value, int]
) -> list[Family]:
    """Return the array whose elements have these indices, one for each time that all have it."""
    keys = indices_of(members)
    if keys is None:
        return []
    times = range(_times_of_all(members))
    arrays = [{at: members[text][n] for text, at in keys.items()} for n in times]
    if not all(_are_apart([[v] for v in array.values()], below) for array in arrays):
        return []
    shape = max(keys.values())
    return [Family(stem, shape, array, by_label=True) for array in arrays]


def _times_of_all(members: Mapping[str, Sequence[Value]]) -> int:
    """Return how many Values have each of several indices; 0 where they are not as many."""
    counts = {len(group) for group in members.values()}
    return counts.pop() if len(members) > 1 and len(counts) == 1 else 0


def indices_of(texts: Collection[str]) -> dict[str, Index] | None:
    """Return the index that each text is, where they are all of a vector or a matrix, else None.

    >>> indices_of(["11", "12"]), indices_of(["1,1", "2,1"]), indices_of(["1", "3"])
    ({'11': (1, 1), '12': (1, 2)}, {'1,1': (1, 1), '2,1': (2, 1)}, None)
    """
    in_parts = {text: text.split(",") for text in texts}
    if all(map(str.isdecimal, texts)):
        return _of_one_array(in_parts) or _of_one_array({text: list(text) for text in texts})
    return _of_one_array(in_parts)


def _of_one_array(parts: Mapping[str, Sequence[str]]) -> dict[str, Index] | None:
    """Return the numbers of each text, where they are all the indices of a vector or a matrix."""
    keys = {text: tuple(map(int, numbers)) for text, numbers in parts.items()}
    if {len(at) for at in keys.values()} not in ({1}, {2}):
        return None
    return keys if sorted(keys.values()) == indices(max(keys.values())) else None
