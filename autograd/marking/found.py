"""Found: a slip that gives what was written, and how several are told in a sentence."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from autograd.marking.points import Point
from autograd.marking.slips import FACTORS, WHOLE
from autograd.marking.syntax import Term, written
from autograd.marking.verdict import Verdict

LIKELIEST = 3  # slips that a sentence tells of
_IN_MEANS = (Verdict.MEAN_LEFT_OUT, Verdict.MEAN_TWICE, Verdict.REGULARISER_WITHOUT_2)
_SAID_BETTER: dict[Verdict, tuple[Verdict, ...]] = {  # a slip, and other names of it that say more
    Verdict.FACTOR_LEFT_OUT: (
        Verdict.NO_ACTIVATION,
        Verdict.FORGOT_ONE_MINUS,
        Verdict.NO_SQUARE,
    ),
    Verdict.MISSING_PATH: (Verdict.REGULARISER_LEFT_OUT, Verdict.PATHS_NOT_SUMMED),
    Verdict.PATHS_NOT_SUMMED: (Verdict.BIAS_NOT_SUMMED,),
    Verdict.WRONG_PLACE: (Verdict.SIGMOID_TWICE, Verdict.TANH_OF_RESULT),
    **{verdict: _IN_MEANS for verdict, _ in FACTORS},
}
_GENERAL = (Verdict.STANDS_FOR, Verdict.WRONG_NAME, Verdict.RECIPROCAL, Verdict.DIVIDED)


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
    """Return the verdicts that fit, in a sentence the likeliest three with where they are, and
    what is so; and the places alone.
    """
    where = _where(fits)
    words = []
    for verdict in _likeliest(where):
        places = where[verdict]
        told = " or ".join(filter(None, places))
        words.append(f"{verdict}, {told}" if told else str(verdict))
    verdicts = tuple(where) or (Verdict.WRONG,)
    places_alone = tuple(place for places in where.values() for place in places if place)
    return verdicts, "; ".join([*words, so]), places_alone


def _likeliest(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """Return at most three: those first that say most, and none that another says better."""
    found = list(verdicts)
    kept = [v for v in found if not any(other in found for other in _SAID_BETTER.get(v, ()))]
    return sorted(kept, key=lambda v: v in _SAID_BETTER or v in _GENERAL)[:LIKELIEST]


def _where(fits: Iterable[Found]) -> dict[Verdict, dict[str, None]]:
    """Return where each slip is, in at most two places; the whole stands for all places in it."""
    where: dict[Verdict, dict[str, None]] = {}
    for slip in fits:
        places, said = where.setdefault(slip.verdict, {}), slip.said()
        told = [place.removeprefix("it is ") for place in places]
        if len(places) < 2 and WHOLE not in places and not any(map(said.startswith, told)):
            places[said] = None
    return where
