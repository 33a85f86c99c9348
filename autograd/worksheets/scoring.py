"""The points of one answer: what each step asks for, and what of it was answered."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from autograd.marking.check import check_derivation
from autograd.marking.marks import FULL, Line, Marks, Scheme
from autograd.marking.syntax import (
    ArrayCall,
    ArrayName,
    Number,
    Quotient,
    Side,
    Term,
    Unreadable,
    has_names,
    written,
)
from autograd.tables import columns
from autograd.value import Value
from autograd.worksheets.steps import Step

Kind = Literal["formula", "numbers", "value"]
Asked = tuple[str, Kind]
Mark = Literal["right", "follows", "implied", "open", "WRONG", "missing"]
_BEST: tuple[Mark, ...] = ("right", "follows", "open", "WRONG")
_CREDITED: tuple[Mark, ...] = ("right", "follows", "implied")


class Item(NamedTuple):
    """One thing that is asked: of a subject its formula, the numbers put in, or its value.

    subject   what is asked about, as the marker writes it, and `term` as it reads it
    """

    subject: str
    kind: Kind
    term: Term


class ItemScore(NamedTuple):
    """What an item was answered with: its mark, the line where there is one, and the points."""

    item: Item
    mark: Mark
    line: Line | None
    points: float
    of: float


class StepScore(NamedTuple):
    """The items of one step."""

    title: str
    items: tuple[ItemScore, ...]

    @property
    def points(self) -> float:
        return sum(score.points for score in self.items)

    @property
    def of(self) -> float:
        return sum(score.of for score in self.items)


class Score:
    """What `Sheet.mark` finds: the points of each step, and the marks of each line.

    student   whose sheet it is
    steps     a StepScore for each step
    marks     what `check_derivation` found
    """

    def __init__(self, student: str, steps: Sequence[StepScore], marks: Marks) -> None:
        self.student = student
        self.steps = tuple(steps)
        self.marks = marks

    @property
    def points(self) -> float:
        return sum(step.points for step in self.steps)

    @property
    def of(self) -> float:
        return sum(step.of for step in self.steps)

    def to_dict(self) -> dict[str, Any]:
        """Return all of it for a program."""
        steps = [{"title": s.title, "points": s.points, "of": s.of} for s in self.steps]
        own = {"student": self.student, "points": self.points, "of": self.of, "steps": steps}
        return own | {"marks": self.marks.to_dict()}

    def __str__(self) -> str:
        rows = [(f"{shown(s.points)} of {shown(s.of)}", s.title) for s in self.steps]
        head = f"{self.student}: {shown(self.points)} of {shown(self.of)} points"
        return "\n".join([head, *columns(rows), "", str(self.marks)])

    __repr__ = __str__


def shown(points: float) -> str:
    """Return points as a reader sees them.

    >>> shown(4.0), shown(1 / 3)
    ('4', '0.33')
    """
    return f"{points:.2f}".rstrip("0").rstrip(".")


def items_of(
    root: Value, step: Step, names: Mapping[str, float], printed: Collection[tuple[str, str]]
) -> list[Item]:
    """Return what a step asks for, each once: what the marker reads in its key.

    names     what the marker is told beside: the learning rate
    printed   the claims that the sheet itself prints

    Raises ValueError where the marker does not find all of the key right.
    """
    found: dict[Asked, Item] = {}
    for line in check_derivation(root, step.key, names).lines:
        if not line.right:
            raise ValueError(
                f"its own key would not be right: {line.claim} is marked {line.verdict}."
                " Ask for more digits, or for other steps"
            )
        subject, side = _terms(line)
        if subject is not None and side is not None and claim_of(line) not in printed:
            key: Asked = written(subject), _kind(side)
            found.setdefault(key, Item(key[0], key[1], subject))
    return list(found.values())


def claim_of(line: Line) -> tuple[str, str]:
    """Return a claim as the marker read it, so that one spelling is as good as another."""
    subject, side = _terms(line)
    if subject is None or side is None:
        return line.left, line.side
    return written(subject), written(side)


def _terms(line: Line) -> tuple[Term | None, Term | None]:
    """Return both sides of a claim, None for one that was not read."""
    if len(line.sides) != 2:
        return None, None
    subject, side = map(_scalar, line.sides)
    if isinstance(subject, Quotient):
        subject = Quotient(subject.of, subject.by, order=subject.order)
    return subject, side


def _scalar(side: Side) -> Term | None:
    """Return what stands on a side; None where it was not read, or is an array."""
    if isinstance(side.term, (Unreadable, ArrayName, ArrayCall)):
        return None
    return side.term


def _kind(side: Term) -> Kind:
    if isinstance(side, Number):
        return "value"
    return "formula" if has_names(side) else "numbers"


class _Answers:
    """What was answered, by what it answers."""

    def __init__(self, marks: Marks) -> None:
        self.lines: dict[Asked, list[Line]] = {}
        for line in marks.lines:
            subject, side = _terms(line)
            if subject is not None and side is not None:
                self.lines.setdefault((written(subject), _kind(side)), []).append(line)

    def best(self, subject: str, kind: Kind) -> tuple[Mark, Line | None]:
        """Return the best answer; numbers that are not put in are implied by formula and value."""
        lines = self.lines.get((subject, kind), [])
        for mark in _BEST:
            for line in lines:
                if line.mark == mark:
                    return mark, line
        if kind == "numbers" and self.is_right(subject, "formula", "value"):
            return "implied", None
        return "missing", None

    def is_right(self, subject: str, *kinds: Kind) -> bool:
        return all(self.best(subject, kind)[0] == "right" for kind in kinds)


def scored(
    student: str, steps: Mapping[Step, Sequence[Item]], marks: Marks, scheme: Scheme = FULL
) -> Score:
    """Return the points for an answer.

    Of several answers to one item the best counts. What leads to the end of a derivation, and is
    not there, is implied where that end is right.
    """
    answers = _Answers(marks)
    parts = [_step(step, items, answers, scheme) for step, items in steps.items()]
    return Score(student, parts, marks)


def _step(step: Step, items: Sequence[Item], answers: _Answers, scheme: Scheme) -> StepScore:
    weights = [scheme.accuracy if item.kind == "value" else scheme.method for item in items]
    unit = step.points / (sum(weights) or 1.0)
    implied = step.in_full and _is_end_right(items, answers)
    scores = []
    for item, weight in zip(items, weights, strict=True):
        mark, line = answers.best(item.subject, item.kind)
        if mark == "missing" and implied:
            mark = "implied"
        share = _share(mark, scheme)
        scores.append(ItemScore(item, mark, line, share * weight * unit, weight * unit))
    return StepScore(step.title.format(step.subject), tuple(scores))


def _share(mark: Mark, scheme: Scheme) -> float:
    """Return the part of the points that an answer with this mark gets."""
    return scheme.follow_through if mark == "follows" else float(mark in _CREDITED)


def _is_end_right(items: Sequence[Item], answers: _Answers) -> bool:
    """Whether all that is asked of the last subject is answered right."""
    end = items[-1].subject
    asked: list[Kind] = [item.kind for item in items if item.subject == end]
    return answers.is_right(end, *asked)
