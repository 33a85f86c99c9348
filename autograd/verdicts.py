"""What gradcheck finds: a verdict on each derivative, and the report."""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

from autograd.differences import SMALLEST, Difference, Limit
from autograd.notation import Notation
from autograd.tables import columns, markup

Verdict = Literal["OK", "WRONG", "KINK", "UNSURE"]

SAFETY = 10  # how many error estimates a gradient may be off
LONG, _SHORT = Notation(digits=9), Notation(digits=2)


class Row(NamedTuple):
    """One derivative and its check.

    name        the derivative: "∂E/∂w5"
    given       what is checked: what reverse mode gives, or a number that was handed in
    difference  the finite difference; nan at a kink, and where none can be had
    step        the smallest step that it was taken with
    tolerance   how far the two may be apart: ten times the error estimate of the difference
    source      the larger part of that estimate: "extrapolation", the change that the last steps
                made; or "rounding"
    slopes      the one-sided slopes, from the left and from the right; nan where there is none
    verdict     "OK"; "WRONG"; "KINK", where the slopes differ; or "UNSURE", where no difference is
                exact enough
    remark      what else there is to say
    """

    name: str
    given: float
    difference: float
    step: float
    tolerance: float
    source: str
    slopes: tuple[float, float]
    verdict: Verdict
    remark: str

    @property
    def error(self) -> float:
        """How far the two are apart, relative to the larger one."""
        size = max(abs(self.difference), abs(self.given))
        return abs(self.given - self.difference) / size if size else 0.0

    def __str__(self) -> str:
        """Return the row as a line of words."""
        start = f"{self.name} is given as {LONG.number(self.given)}"
        if math.isnan(self.difference) or self.verdict == "UNSURE":
            return f"{start}, and cannot be checked: {self.remark}"
        found = f"{LONG.number(self.difference)} ± {_SHORT.number(self.tolerance)}"
        return f"{start}, and finite differences give {found}"


class Report:
    """What `gradcheck` finds. It prints as a table, and shows itself in a notebook.

    It is true where every row is OK: what is at a kink, or unsure, is not known to be right.

    rows      a `Row` for each derivative
    because   what is to be said of the record, a line each: that its leaves have moved; and which
              operations have a wrong partial
    """

    def __init__(self, rows: list[Row], because: list[str], origin: str) -> None:
        self.rows = rows
        self.because = because
        self._origin = origin  # of what is checked: the title of its column

    def __bool__(self) -> bool:
        return all(row.verdict == "OK" for row in self.rows)

    def require(self) -> None:
        """Raise AssertionError, in one line, unless every row is OK."""
        failed = [row for row in self.rows if row.verdict != "OK"]
        if failed:
            failed.sort(key=lambda row: row.verdict != "WRONG")
            others = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
            worst = f"{failed[0].verdict}: {failed[0]}{others}"
            raise AssertionError("; ".join([worst, *self.because]))

    @property
    def _head(self) -> list[str]:
        return ["", self._origin, "difference", "rel. error", "tolerance", "from", "step", ""]

    def __str__(self) -> str:
        table = columns([self._head, *map(_cells, self.rows)])
        return "\n".join([*table, *self.because])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from html import escape

        paragraphs = [f"<p>{escape(line)}</p>" for line in self.because]
        return "".join([markup(map(_cells, self.rows), self._head), *paragraphs])


def _cells(row: Row) -> list[str]:
    """Return the row as cells of the report's table."""
    numbers = [""] * 4
    if not math.isnan(row.difference):
        numbers = [LONG.number(row.difference)]
        numbers += map(_SHORT.number, (row.error, row.tolerance, row.step))
    difference, error, tolerance, step = numbers
    outcome = f"{row.verdict}: {row.remark}" if row.remark else row.verdict
    if row.verdict == "KINK":
        outcome = f"KINK [{', '.join(map(_SHORT.number, row.slopes))}]"
    given = LONG.number(row.given)
    return [row.name, given, difference, error, tolerance, row.source, step, outcome]


def judged(name: str, given: float, found: Difference, usual: float) -> Row:
    """Return the row of a derivative that is given, and of the difference that was found.

    `usual` is how large a gradient may be here: what is far smaller may be checked against 0.
    """
    best, remark = _best(found)
    tolerance, slopes = SAFETY * best.error, (found.left.value, found.right.value)
    source = "extrapolation" if best.change > best.rounding else "rounding"
    row = Row(name, given, best.value, best.step, tolerance, source, slopes, "OK", remark)
    if best.error == math.inf:
        remark = "it is not defined beside this number"
        return row._replace(verdict="UNSURE", source="", remark=remark)
    agrees = abs(given - best.value) <= tolerance + SMALLEST
    enough = max(1e-3 * max(abs(given), abs(best.value)), 1e-6 * (usual or found.change))
    if _is_hidden(row, found, agrees, enough):
        return row._replace(verdict="UNSURE", remark="it is lost in the rounding")
    if _has_kink(found, enough if agrees else 0.0):
        return _at_kink(row, found)
    if tolerance > enough:
        remark = "the slope does not settle as the step shrinks"
        return row._replace(verdict="UNSURE", remark=remark)
    return row if agrees else row._replace(verdict="WRONG")


def _is_hidden(row: Row, found: Difference, agrees: bool, enough: float) -> bool:
    """Whether rounding hides the slope, or shows one that may be of another place."""
    if found.cancelled or (found.coarse and not agrees):
        return True
    return row.source == "rounding" and row.tolerance > enough


def _best(found: Difference) -> tuple[Limit, str]:
    """Return the limit to judge by, and what is to be said of it."""
    central, left, right = found.central, found.left, found.right
    if central.error == math.inf:
        if left.error < math.inf:
            return left, "from the left alone: not defined to the right"
        if right.error < math.inf:
            return right, "from the right alone: not defined to the left"
    return central, ""


def _has_kink(found: Difference, least: float) -> bool:
    """Whether the one-sided slopes differ: by more than `least`, and than their errors explain."""
    gap = abs(found.right.value - found.left.value)
    return gap > SAFETY * (found.left.error + found.right.error) and gap > least


def _at_kink(row: Row, found: Difference) -> Row:
    """Return the row where the slopes differ: right is neither of them, nor any number between."""
    left, right = row.slopes
    tolerance = SAFETY * max(found.left.error, found.right.error)
    between = min(left, right) - tolerance <= row.given <= max(left, right) + tolerance
    sides = f"{_SHORT.number(left)} on the left and {_SHORT.number(right)} on the right"
    return row._replace(
        difference=math.nan,
        tolerance=tolerance,
        source="",
        verdict="KINK" if between else "WRONG",
        remark=f"the slopes are {sides}",
    )
