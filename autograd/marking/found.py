"""Found: a slip that gives what was written, and how several are told in a sentence."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from autograd.marking.points import Point
from autograd.marking.slips import WHOLE
from autograd.marking.syntax import Term, written
from autograd.marking.verdict import Verdict


class Found(NamedTuple):
    """A slip, and the number that it gives at a point; `where` has a hole for each of the
    `parts`.
    """

    verdict: Verdict
    at: Callable[[Point], float]
    where: str = ""
    parts: tuple[Any, ...] = ()

    def number(self, point: Point) -> float:
        """Return the number at a point, NaN where it has none."""
        try:
            return self.at(point)
        except (ArithmeticError, ValueError):
            return math.nan

    def said(self) -> str:
        return self.where.format(*map(part, self.parts))

    def within(self, words: str, *parts: Term) -> Found:
        """Return the same slip, told to be in something."""
        return self._replace(
            where=f"{self.where} (in {words})".strip(), parts=(*self.parts, *parts)
        )


def part(item: Any) -> str:
    """Return a term, a number or a word as a sentence has it."""
    return (
        item
        if isinstance(item, str)
        else f"{item:.6g}"
        if isinstance(item, float)
        else written(item)
    )


def explained(fits: Iterable[Found], so: str) -> tuple[tuple[Verdict, ...], str, tuple[str, ...]]:
    """Return the verdicts that fit, in a sentence where, and what is so; and the places alone."""
    where = _where(fits)
    words = []
    for verdict, places in where.items():
        told = " or ".join(filter(None, places))
        words.append(f"{verdict}, {told}" if told else str(verdict))
    verdicts = tuple(where) or (Verdict.WRONG,)
    places_alone = tuple(place for places in where.values() for place in places if place)
    return verdicts, "; ".join([*words, so]), places_alone


def _where(fits: Iterable[Found]) -> dict[Verdict, dict[str, None]]:
    """Return where each slip is, in at most two places; the whole stands for all places in it."""
    where: dict[Verdict, dict[str, None]] = {}
    for slip in fits:
        places, said = where.setdefault(slip.verdict, {}), slip.said()
        if len(places) < 2 and WHOLE not in places and not any(map(said.startswith, places)):
            places[said] = None
    return where
