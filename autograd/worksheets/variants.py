"""Other numbers for each student: a function of the seed and the student's id, never stored."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Collection, Iterable, Iterator
from decimal import Decimal

from autograd.digits import as_read
from autograd.op import DomainError
from autograd.record import Record
from autograd.value import Value

_KEPT = (0.0, 1.0)  # what a one-hot target, or a switch, is made of
_SPREAD = (0.4, 2.5)  # what a number is multiplied by, at most


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


def drawn(x: float, rng: random.Random) -> float:
    """Return another number of two significant digits, of the same sign and about the same size.

    A number between 0 and 1 stays between them.

    >>> [drawn(0.15, random.Random(k)) for k in range(3)], drawn(-2.0, random.Random(0))
    ([0.32, 0.09, 0.36], -4.4)
    """
    size = abs(x)
    unit = Decimal(1).scaleb(as_read(size).adjusted() - 1)
    least, most = (int(Decimal(size * factor) / unit) for factor in _SPREAD)
    if size < 1.0:
        most = min(most, int(1 / unit) - 1)
    # random() alone is promised to be the same in every Python
    count = least + int(rng.random() * (most - least + 1))
    found = float(f"{count * unit:.2g}")
    return found if x > 0 else -found


class Variants:
    """Draws the numbers of a student.

    build    returns the root of a record that nobody else has
    fixed    the labels of leaves that keep their numbers
    """

    def __init__(self, build: Callable[[], Value], fixed: Collection[str], seed: int) -> None:
        self.build = build
        self.fixed = fixed
        self.seed = seed

    def roots(self, student: str) -> Iterator[tuple[Value, str]]:
        """Yield the root at numbers of one student, again and again, always in the same order; and
        what is wrong with these numbers, "" for nothing.
        """
        rng = seeded(self.seed, student)
        while True:
            root = self.build()
            fault = self._repeated(Record(root).leaves, rng)
            try:
                yield root if fault else Record(root).anew()[root], fault
            except (DomainError, ValueError) as error:
                yield root, str(error)

    def _repeated(self, leaves: Iterable[Value], rng: random.Random) -> str:
        """Draw a number for each leaf, and return which leaf has one that will not do."""
        fault = ""
        seen = set(_KEPT)
        for leaf in leaves:
            if self.varies(leaf):
                leaf.data = drawn(leaf.data, rng)
                if abs(leaf.data) in seen:
                    fault = f"{leaf.label} = {leaf.data:g} is 0, 1 or the number of another"
                seen.add(abs(leaf.data))
        return fault

    def varies(self, leaf: Value) -> bool:
        """Whether a leaf has another number for each student."""
        return bool(leaf.label) and leaf.label not in self.fixed and abs(leaf.data) not in _KEPT
