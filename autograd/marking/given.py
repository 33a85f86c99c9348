"""The given data of a record, and points where they have moved within what they are."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Collection, Iterable

from autograd.marking.board import Board, letters
from autograd.marking.points import Point, defined, moved
from autograd.value import Value

_TRAINED = re.compile(r"(b|w|bias|weight|theta|θ)[\W_\d]*\w{0,3}$", re.IGNORECASE)


class GivenData:
    """The given data of a record: targets that are one-hot or 0 or 1, probabilities, a first state
    of 0.

    hot    groups of leaves with alike labels that are 0 but for one that is 1
    whole  leaves in groups whose numbers are from 0 to 1, and add up to 1
    binary leaves that are 0 or 1, and are no parameters
    zeros  other leaves that are 0, and are no parameters
    """

    def __init__(self, board: Board, trained: Iterable[str] = ()) -> None:
        self.board = board
        self.hot: list[list[Value]] = []
        self.whole: list[list[Value]] = []
        self.binary: list[Value] = []
        self.zeros: list[Value] = []
        kinds = {letters(label) for label in trained}
        for kind, group in self._groups().items():
            if kind not in kinds and not _TRAINED.match(kind.replace("#", "")):
                self._take(group)

    def _groups(self) -> dict[str, list[Value]]:
        """Return the named leaves by their labels without numbers."""
        groups: dict[str, list[Value]] = {}
        for v in self.board.leaves:
            if v in self.board.names:
                groups.setdefault(letters(self.board.names[v]), []).append(v)
        return groups

    def _take(self, group: list[Value]) -> None:
        self.binary += [v for v in group if self.board.data[v] in (0.0, 1.0)]
        if not any(map(self._take_targets, ([group], self._rows(group)))):
            self.zeros += [v for v in group if self.board.data[v] == 0.0]

    def _take_targets(self, parts: list[list[Value]]) -> bool:
        """Take parts in that are one-hot, or add up to 1; return whether all of them do."""
        hot = [part for part in parts if _is_hot(self._data(part))]
        whole = [part for part in parts if _is_whole(self._data(part)) and part not in hot]
        if len(hot) + len(whole) < len(parts):
            return False
        self.hot += hot
        self.whole += whole
        return True

    def _data(self, part: list[Value]) -> list[float]:
        return [self.board.data[v] for v in part]

    def _rows(self, group: list[Value]) -> list[list[Value]]:
        """Return the rows of a matrix: what has the same label but for its last number."""
        rows: dict[str, list[Value]] = {}
        for v in group:
            rows.setdefault(re.sub(r"\d+(?=\D*$)", "#", self.board.names[v]), []).append(v)
        return list(rows.values())

    def __bool__(self) -> bool:
        return bool(self.hot or self.whole or self.zeros)

    def fixed(self) -> list[Value]:
        """Return all that are given, each once: those in groups first."""
        grouped = [v for group in (*self.hot, *self.whole) for v in group]
        return list(dict.fromkeys([*grouped, *self.binary, *self.zeros]))

    def points(self, named: Collection[Value] = ()) -> list[Point]:
        """Return points where the data have moved within what they are; those that are `named`
        wherever they are.
        """
        rng = random.Random(1)
        shifts = max([2, *(len(group) for group in self.hot)])
        zeros = [v for v in self.zeros if v not in named]
        choices = [self._numbers(rng, shift, zeros) for shift in range(shifts)]
        return [Point(self.board), *defined(self.board, choices)]

    def points_with(self, fixed: list[Value]) -> list[Point]:
        """Return points where these alone are what they are."""
        rng = random.Random(2)
        given = {v: self.board.data[v] for v in fixed}
        choices = [moved(self.board, rng) | given for _ in range(2)]
        return [Point(self.board), *defined(self.board, choices)]

    def _numbers(
        self, rng: random.Random, shift: int, zeros: Iterable[Value]
    ) -> dict[Value, float]:
        numbers = moved(self.board, rng)
        for group in self.hot:
            hot = [self.board.data[v] for v in group].index(1.0) + shift
            numbers.update({v: float(k == hot % len(group)) for k, v in enumerate(group)})
        for group in self.whole:
            total = math.fsum(numbers[v] for v in group)
            numbers.update({v: numbers[v] / total for v in group})
        return numbers | dict.fromkeys(zeros, 0.0)

    def told(self) -> str:
        """Return for which data a formula holds that holds for such alone."""
        if self.hot or self.whole:
            return "for these targets"
        return "where " + " and ".join(f"{self.board.names[v]} is 0" for v in self.zeros)


def _is_hot(data: list[float]) -> bool:
    return len(data) > 1 and sorted(data) == [0.0] * (len(data) - 1) + [1.0]


def _is_whole(data: list[float]) -> bool:
    return len(data) > 1 and min(data) >= 0.0 and math.isclose(sum(data), 1.0)
