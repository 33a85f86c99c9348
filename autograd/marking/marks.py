"""Marks: what a student and a program are given back, a line for each claim."""

from __future__ import annotations

import html
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from autograd.marking.mathml import mathml
from autograd.marking.syntax import Side, Unreadable, written
from autograd.marking.verdict import OPEN, RIGHT, Verdict
from autograd.notation import Notation
from autograd.tables import Html, markup

LATEX = Notation("latex")


@dataclass(frozen=True)
class Outcome:
    """What a claim is found to be.

    verdicts   what it is; where it is wrong, each slip that gives it
    expected   the number that the left side is; None where the claim was not understood
    because    why, in a sentence
    read       how it was read, where that was a choice
    places     where the slips are
    follows    the number of the wrong line that it follows from
    """

    verdicts: tuple[Verdict, ...]
    expected: float | None
    because: str
    read: str = ""
    places: tuple[str, ...] = ()
    follows: int | None = None

    @property
    def right(self) -> bool:
        return self.verdicts[0] in RIGHT


@dataclass(frozen=True, kw_only=True)
class Line(Outcome):
    """One claim, marked.

    claim    what is claimed to be equal: the left side of the equation, and one of the others
    number   the number of its line
    left     the left side alone, as it is written
    side     the other
    sides    both, as they were read; none where the left one was not
    """

    claim: str
    number: int = 0
    left: str = ""
    side: str = ""
    sides: tuple[Side, ...] = field(default=(), repr=False, compare=False)

    @property
    def latex(self) -> str:
        """The claim in LaTeX, as it was read; "" where it was not, or is too long to be shown."""
        if self.claim.endswith("…"):
            return ""
        shown = [
            written(side.term, notation=LATEX)
            for side in self.sides
            if side.term is not None and not isinstance(side.term, Unreadable)
        ]
        return " = ".join(shown) if len(shown) == 2 else ""

    @property
    def verdict(self) -> str:
        """All verdicts: "exact", "ROUNDED", "CUT" or "FOLLOWS FROM ROUNDED" where it is right; an
        open one, as "NOT ANSWERED"; "FOLLOWS FROM LINE" where a wrong line above is its only fault;
        else each slip that gives it, or what is wrong.
        """
        return ", ".join(map(str, self.verdicts))

    @property
    def is_formula(self) -> bool:
        """Whether names stand in what is claimed, and not numbers alone."""
        return any(c.isalpha() for c in self.side)

    @property
    def open(self) -> bool:
        return self.verdicts[0] in OPEN

    @property
    def wrong(self) -> bool:
        return not (self.right or self.open or self.follows)

    @property
    def mark(self) -> str:
        if self.right:
            return "right"
        if self.open:
            return "open"
        return "WRONG" if self.wrong else "follows"

    @property
    def told(self) -> str:
        """How it was read, where that was a choice, as the end of a sentence."""
        return f" (read: {self.read})" if self.read and not self.right else ""

    def to_dict(self) -> dict[str, Any]:
        """Return the line for a program."""
        return {
            "line": self.number,
            "left": self.left,
            "side": self.side,
            "mark": self.mark,
            "verdict": [str(verdict) for verdict in self.verdicts],
            "sentence": [verdict.sentence for verdict in self.verdicts],
            "because": self.because,
            "read": self.read,
            "true": self.expected,
            "slip": list(self.places),
            "follows": self.follows,
        }


class Scheme(NamedTuple):
    """What a claim is worth: a formula, a number, and the part of it that one gets which
    follows.
    """

    method: float = 1.0
    accuracy: float = 1.0
    follow_through: float = 1.0

    def worth(self, line: Line) -> float:
        """Return the points of a claim that is right."""
        return self.method if line.is_formula else self.accuracy


FULL = Scheme()


class Points(NamedTuple):
    """Points given: for formulas, for numbers, for what follows from a wrong line; and how many
    there are.
    """

    method: float
    accuracy: float
    follow_through: float
    of: float

    @property
    def total(self) -> float:
        return self.method + self.accuracy + self.follow_through


class Marks:
    """What `check_derivation` finds: a `Line` for each claim. True where there are claims beside
    definitions, and all are right.
    """

    def __init__(self, lines: Iterable[Line], moved: str = "") -> None:
        self.lines = tuple(lines)
        self.moved = moved

    def __bool__(self) -> bool:
        claims = [line for line in self.lines if line.verdicts[0] is not Verdict.DEFINED]
        return bool(claims) and all(line.right for line in self.lines)

    def require(self) -> None:
        """Raise AssertionError, in one line, unless every claim is right."""
        if self:
            return
        wrong = [f"{line.claim}: {line.because}" for line in self.lines if not line.right] or [
            "there are no claims"
        ]
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        raise AssertionError(wrong[0] + more)

    @property
    def first_slip(self) -> Line | None:
        """The first line that is wrong."""
        return next((line for line in self.lines if line.wrong), None)

    @property
    def counts(self) -> dict[str, int]:
        """How many claims are right, follow from a wrong one, are open and are wrong."""
        marks = [line.mark for line in self.lines]
        return {mark: marks.count(mark) for mark in ("right", "follows", "open", "WRONG")}

    def points(self, scheme: Scheme = FULL) -> Points:
        """Return the points by a scheme, in which an open claim is worth none, and counts in
        `of`.
        """
        method = accuracy = following = most = 0.0
        for line in self.lines:
            if line.verdicts[0] is Verdict.DEFINED:
                continue
            worth = scheme.worth(line)
            most += worth
            if line.mark == "follows":
                following += scheme.follow_through * worth
            elif line.right and line.is_formula:
                method += worth
            elif line.right:
                accuracy += worth
        return Points(method, accuracy, following, most)

    def to_dict(self) -> dict[str, Any]:
        """Return all of it for a program; the schema is stable."""
        first = self.first_slip
        return {
            "schema": 1,
            "right": bool(self),
            "moved": self.moved,
            "counts": self.counts,
            "first_slip": first.number if first else None,
            "lines": [line.to_dict() for line in self.lines],
        }

    def _head(self) -> list[str]:
        first = self.first_slip
        head = [self.moved] if self.moved else []
        if not self.lines:
            head.append("nothing to mark: no line has an =")
        if first and len(self.lines) > 1:
            head.append(f"the first slip is in line {first.number}: {first.claim}")
        return head

    def __str__(self) -> str:
        rows = [f"{line.mark:5}  {line.claim}: {line.because}{line.told}" for line in self.lines]
        return "\n".join([*self._head(), *rows])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = [
            (
                line.mark,
                Html(mathml(line.latex)) if line.latex else line.claim,
                line.because + line.told,
            )
            for line in self.lines
        ]
        head = "".join(f"<p>{html.escape(sentence)}</p>" for sentence in self._head())
        return head + markup(rows)
