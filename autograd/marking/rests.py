"""Whether what one line states may bear on another one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from autograd.marking.array_lines import ArrayStatement
from autograd.marking.board import Board
from autograd.marking.syntax import (
    Name,
    Number,
    Quotient,
    Statement,
    Tree,
    Unreadable,
    walk,
    written,
)
from autograd.value import Value


def may_rest_on(
    board: Board,
    statement: Statement | ArrayStatement,
    others: Iterable[Statement | ArrayStatement],
) -> bool:
    """Whether any of the others may bear on a statement.

    That is so where they are about what it names, or state a number that stands in it; where they
    are about a Value that what it names was computed from; and where they are about a derivative
    on the way of one of its own. Lines in vectors and matrices may always.
    """
    if isinstance(statement, ArrayStatement):
        return True
    reach = _Reach(board, statement)
    return any(isinstance(other, ArrayStatement) or reach.holds(other) for other in others)


class _Reach:
    """What a statement may rest on.

    said      its names and derivatives, as they are written
    numbers   the sizes of the numbers that stand in it
    values    what its names were computed from, itself included
    ends      what is on the way of its derivatives, by which they are taken included
    """

    def __init__(self, board: Board, statement: Statement) -> None:
        self.board = board
        self.said: set[str] = set()
        self.numbers: set[float] = set()
        self.values: set[Value] = set()
        self.ends: set[Value] = set()
        for place in _places(statement):
            if isinstance(place, Number):
                self.numbers.add(abs(place.value))
            elif isinstance(place, (Name, Quotient)):
                self.said.add(written(place))
                self._add_place(place)

    def _add_place(self, place: Name | Quotient) -> None:
        if isinstance(place, Quotient):
            self._add(place.of, place.by)
        elif place.updated:
            self._add(self.board.names[self.board.root], place.label)
        elif place.label in self.board.values:
            self.values |= self.board.below(self.board.values[place.label])

    def _add(self, of: str, by: str) -> None:
        top, bottom = self.board.values[of], self.board.values[by]
        self.values |= self.board.below(top)
        self.ends |= {bottom, *self.board.down(top, bottom)}

    def holds(self, other: Statement) -> bool:
        """Whether what another statement is about is among it."""
        subject = other.sides[0].term if other.sides else None
        if subject is None or isinstance(subject, Unreadable):
            return False
        return self._has_a_result_of(other) or any(self._has(place) for place in walk(subject))

    def _has_a_result_of(self, other: Statement) -> bool:
        """Whether a number that another statement comes to stands here."""
        stated = [side.term for side in other.sides[1:] if isinstance(side.term, Number)]
        return any(abs(number.value) in self.numbers for number in stated)

    def _has(self, place: Tree) -> bool:
        labelled = self.board.values
        if isinstance(place, Quotient) and labelled.get(place.by) in self.ends:
            return True
        if (
            isinstance(place, Name)
            and not place.updated
            and labelled.get(place.label) in self.values
        ):
            return True
        return isinstance(place, (Name, Quotient)) and written(place) in self.said


def _places(statement: Statement) -> Iterator[Tree]:
    for side in statement.sides:
        if side.term is not None and not isinstance(side.term, Unreadable):
            yield from walk(side.term)
