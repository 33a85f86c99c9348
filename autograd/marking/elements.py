"""The arrays of a record by their names, and their elements, however these are spelled."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any

from autograd.arrays.array import flattened
from autograd.arrays.families import indexed
from autograd.marking.labels import Rows, arrays_of, folded, key
from autograd.marking.syntax import Unreadable

_ENTRY = re.compile(r"(.+)_([0-9]{2})")
LONGEST = 300  # characters of a name


def parts_of(name: str) -> tuple[str, str, str]:
    """Return the letters of a name, what stands above them, and what stands below."""
    spelled, _, above = key(name).partition("⁽")
    if not above:
        return spelled, "", ""
    digit = re.search(r"\d", spelled)
    end = digit.start() if digit else len(spelled)
    return spelled[:end], above.removesuffix("⁾"), spelled[end:]


def _folded_loose(name: str) -> str:
    return "".join(parts_of(name)).casefold()


_ARRAYS_SPELLED = (key, folded, _folded_loose)


class Elements:
    """The arrays that have a name, or that labels tell, and what their elements are called.

    labels   the labels of the Values
    arrays   the labels of the elements of arrays that have a name, in rows
    """

    def __init__(self, labels: Iterable[str], arrays: Mapping[str, Rows] | None = None) -> None:
        self.labels = Counter(labels)
        self._arrays = dict(arrays or {})

    @cached_property
    def _stems(self) -> Counter[str]:
        """How many labels each name with numbers behind it has."""
        stems: Counter[str] = Counter()
        for label in self.labels:
            spelled = key(label)
            end = len(spelled)
            while end > 1 and spelled[end - 1].isdecimal():
                end -= 1
                stems[spelled[:end]] += 1
        return stems

    def is_array_like(self, name: str) -> bool:
        """Whether an array has this name, or several labels are it with numbers behind it."""
        return self._stems[key(name)] > 1 or self.array(name) is not None

    def array(self, name: str) -> Rows | None:
        """Return the labels of the elements of an array, in rows; None where there is none.

        W is also the name of w11, w12, …, where nothing else has it.
        """
        for spell in _ARRAYS_SPELLED:
            found = self._by_name[spell].get(spell(name))
            if found is not None:
                return found
        return None

    def is_array(self, name: str) -> bool:
        """Whether an array has this very name."""
        if "⁽" in key(name) and _folded_loose(name) in self._by_name[_folded_loose]:
            return True
        return key(name) in self._by_name[key]

    def element(self, name: str) -> str | None:
        """Return the label of an element that is spelled in another way: W_12 is W[1,2] or w12, and
        w^{(1)}_{12} is W1_12. None elsewhere; Unreadable where it may be several.
        """
        array, below = _array_and_index(name) if len(name) <= LONGEST else ("", "")
        found = self._elements.get((array, below), [])
        if len(found) > 1:
            raise Unreadable("UNKNOWN NAME", f"{name} may be {' or '.join(found)}")
        if found or not below:
            return found[0] if found else None
        return self._element_of(array, below, is_layer="⁽" in key(name))

    def _element_of(self, array: str, below: str, is_layer: bool) -> str | None:
        """Return the label of an element of an array that may have other capital letters."""
        rows = self.array(array)
        if rows is None or not (is_layer or isinstance(rows[0], tuple)):
            return None  # W_2 may be another matrix, where w2 is an element of w
        return _with_digits(flattened(rows)[0], below)

    @cached_property
    def _elements(self) -> dict[tuple[str, str], list[str]]:
        """The labels with an index, by the name of the array and the digits of the index."""
        found: dict[tuple[str, str], list[str]] = {}
        for label in self.labels:
            index = indexed(label)
            if index:
                found.setdefault((key(index[0]), _digits(index[1])), []).append(label)
        return found

    def find_entry(self, name: str) -> str | None:
        """Return the label that a name with one index means where the labels have two.

        The other index has one number alone: with W2_11 and W2_12, W2_2 is W2_12; with a1_1 and
        a1_2, and no other layer, a_2 is a1_2. None elsewhere.
        """
        letters, above, below = parts_of(name)
        if above and not below:
            return None  # a^{(2)} is a layer
        spelled = letters + above + below
        stem, number = spelled[:-1], spelled[-1:]
        entries = self._entries_of(stem) or self._entries_of(stem, folded)
        for fixed, form in ((0, "{0}{1}"), (1, "{1}{0}")):
            numbers = {entry[fixed] for entry in entries}
            if len(numbers) == 1:
                return entries.get(form.format(numbers.pop(), number))
        return self._unit_of_one_layer(stem, number)

    def _entries_of(self, stem: str, spell: Callable[[str], str] = key) -> dict[str, str]:
        """Return the labels of the entries of a matrix, each by its two numbers: 12 for W2_12."""
        found = filter(None, map(_ENTRY.fullmatch, self.labels))
        return {entry[2]: entry[0] for entry in found if spell(entry[1]) == spell(stem)}

    def _unit_of_one_layer(self, stem: str, number: str) -> str | None:
        """Return the label of a unit where one layer alone has this stem: a1_2 for 2 of a."""
        layer = re.compile(rf"{re.escape(stem)}(\d+)_(\d)")
        units = list(filter(None, map(layer.fullmatch, self.labels)))
        if len({unit[1] for unit in units}) != 1:
            return None
        return next((unit[0] for unit in units if unit[2] == number), None)

    def row_above(self, name: str) -> tuple[str, int] | None:
        """Return the matrix and the number of the row that x^{(2)} is; None of another name."""
        letters, above, below = parts_of(name)
        rows = self._by_name[key].get(letters) if above.isdecimal() and not below else None
        if rows is None or not isinstance(rows[0], tuple) or not 0 < int(above) <= len(rows):
            return None
        return letters, int(above)

    @cached_property
    def _by_name(self) -> dict[Any, dict[str, Rows]]:
        """The arrays: those that have a name, then those that their labels tell."""
        arrays = {**arrays_of(self.labels), **self._arrays}
        return {
            spell: {spell(name): rows for name, rows in arrays.items()} for spell in _ARRAYS_SPELLED
        }


def _with_digits(labels: Iterable[object], digits: str) -> str | None:
    """Return the first label whose index has these digits."""
    for label in labels:
        index = indexed(label) if isinstance(label, str) else None
        if index and _digits(index[1]) == digits:
            return str(label)
    return None


def _digits(index: str) -> str:
    """Return an index without what parts its numbers: 12 of 1,2."""
    return re.sub(r"\D", "", index)


def _array_and_index(name: str) -> tuple[str, str]:
    """Return the name of an array and the digits below it; no digits where none stand there."""
    letters, above, below = parts_of(name)
    if above:
        return letters + above, below
    array = letters.rstrip("0123456789")
    return array, key(name).removeprefix(array)
