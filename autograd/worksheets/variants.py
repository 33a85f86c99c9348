"""Other numbers for each student: a function of the seed and the student's id, never stored."""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from decimal import Decimal
from functools import lru_cache

from autograd.digits import as_read
from autograd.marking.board import Board
from autograd.op import DomainError
from autograd.record import Record
from autograd.value import Value

_KEPT = (0.0, 1.0)  # what a one-hot target, or a switch, is made of
TRIES = 10_000
_DRAWS = 10  # of one number, until no other one is like it
_PATIENCE = 100  # tries after which all numbers are drawn anew
_SPREAD = (0.25, 4.0)  # what a number is multiplied by, at most


def seeded(seed: int, student: str) -> random.Random:
    """Return the random numbers of one student: the same on every machine.

    >>> seeded(7, "ann").random() == seeded(7, "ann").random() != seeded(7, "bob").random()
    True
    """
    digest = hashlib.sha256(f"{seed}\n{student}".encode()).digest()
    return random.Random(int.from_bytes(digest, "big"))


def code_of(worksheet: str, student: str) -> str:
    """Return what tells this variant from others on a page.

    >>> len(code_of("7", "ann"))
    8
    """
    return hashlib.sha256(f"{worksheet}\n{student}".encode()).hexdigest()[:8]


def leaves_of(root: Value) -> list[float]:
    """Return the numbers of the leaves of a record, in its order."""
    return [leaf.data for leaf in Record(root).leaves]


def shape_of(record: Record, varying: Collection[str] = ()) -> list[tuple[object, ...]]:
    """Return all that a record is, but for the numbers of some leaves: labels, operations, and
    what they are applied to.

    >>> w = Value(2.0, label="w")
    >>> shape_of(Record(w * 3.0), ["w"])
    [('w', None), ('', 'mul', 0, (3.0,))]
    """
    place = {v: k for k, v in enumerate(record.values)}
    rows: list[tuple[object, ...]] = [
        (leaf.label, None if leaf.label in varying else leaf.data) for leaf in record.leaves
    ]
    for v in record.nodes:
        args = (place[x] if isinstance(x, Value) else (x,) for x in v.args)
        rows.append((v.label, v.op.name, *args))
    return rows


def drawn(x: float, rng: random.Random) -> float:
    """Return another number of two significant digits, of the same sign and about the same size.

    A number between 0 and 1 stays between them.

    >>> [drawn(0.15, random.Random(k)) for k in range(3)], drawn(-2.0, random.Random(0))
    ([0.51, 0.1, 0.57], -6.9)
    """
    unit, least, most = _span(abs(x))
    # random() alone is promised to be the same in every Python
    count = least + int(rng.random() * (most - least + 1))
    found = float(f"{count * unit:.2g}")
    return found if x > 0 else -found


@lru_cache(maxsize=1024)
def _span(size: float) -> tuple[Decimal, int, int]:
    """Return the unit of two digits, and the least and the most of it that a number has."""
    unit = Decimal(1).scaleb(as_read(size).adjusted() - 1)
    least, most = (int(Decimal(size * factor) / unit) for factor in _SPREAD)
    if size < 1.0:
        most = min(most, int(1 / unit) - 1)
    return unit, least, most


Fault = tuple[float, str]  # how far all is right before it, and what is wrong
Faults = Callable[[Sequence[float]], Iterable[Fault]]
Numbers = dict[Value, float]


class Variants:
    """Draws the numbers of a student.

    build    returns the root of a record that nobody else has
    board    that of one such record
    fixed    the labels of leaves that keep their numbers
    """

    def __init__(
        self, build: Callable[[], Value], board: Board, fixed: Collection[str], seed: int
    ) -> None:
        self.build = build
        self.board = board
        self.seed = seed
        self.varying = [
            leaf
            for leaf in board.leaves
            if leaf.label and leaf.label not in fixed and abs(leaf.data) not in _KEPT
        ]
        self._labels = {leaf.label for leaf in self.varying}
        self._shape = shape_of(Record(board.root), self._labels)

    def root(self, student: str, faults: Faults) -> Value:
        """Return the root at numbers of one student with which nothing is wrong.

        faults   yields what is wrong with numbers of the leaves

        Every number is drawn, then one at a time anew, which is kept where no less is right before
        the first thing that is wrong. Raises ValueError where no numbers will do.
        """
        rng = seeded(self.seed, student)
        reasons: Counter[str] = Counter()
        kept: Numbers = {}
        most = 0, 0.0
        for k in range(TRIES):
            if k % _PATIENCE == 0:
                kept, most = {}, (0, 0.0)
            numbers = self._redrawn(kept, rng)
            right, fault = next(self._faults(numbers, faults), (most, ""))
            if not fault:
                try:
                    return self._built(numbers)
                except (DomainError, ValueError) as error:
                    right, fault = (1, 0.0), str(error)
            reasons[fault] += 1
            if right >= most:
                kept, most = numbers, right
        [(reason, times)] = reasons.most_common(1)
        raise ValueError(
            f"no numbers for {student!r} in {TRIES:,} tries: in {times}, {reason}. Ask for more"
            " digits, for other steps or names, or about a smaller record"
        )

    def _redrawn(self, kept: Numbers, rng: random.Random) -> Numbers:
        """Return numbers of which one is another; all of them where there are none yet."""
        leaves = self.varying
        if kept:
            leaves = [leaves[int(rng.random() * len(leaves))]]
        numbers = {**kept}
        for leaf in leaves:
            taken = {abs(x) for other, x in numbers.items() if other is not leaf}
            taken.add(abs(leaf.data))
            for _ in range(_DRAWS):
                numbers[leaf] = drawn(leaf.data, rng)
                if abs(numbers[leaf]) not in taken:
                    break
        return numbers

    def _faults(self, numbers: Numbers, faults: Faults) -> Iterator[tuple[tuple[int, float], str]]:
        """Yield how far all is right before something is wrong, and what it is."""
        seen = set(_KEPT)
        for k, (leaf, x) in enumerate(numbers.items()):
            if abs(x) in seen:
                yield (0, k), f"{leaf.label} = {x:g} is 0, 1 or the number of another"
            seen.add(abs(x))
        for right, fault in faults([numbers.get(leaf, leaf.data) for leaf in self.board.leaves]):
            yield (1, right), fault

    def _built(self, numbers: Numbers) -> Value:
        """Return a root at these numbers.

        Raises ValueError where it is not what it was, TypeError where `build` builds another one.
        """
        root = self.build()
        record = Record(root)
        if shape_of(record, self._labels) != self._shape:
            raise TypeError("build must return the same record each time that it is called")
        for leaf, own in zip(record.leaves, self.board.leaves, strict=True):
            leaf.data = numbers.get(own, leaf.data)
        found: Value = Record(root).anew()[root]
        return found
