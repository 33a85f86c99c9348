"""What is kept of one answer: its points, its slips, or why it was not marked."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from autograd.worksheets.scoring import Score

ELSEWHERE = "elsewhere"  # of a slip in a line that answers no step


@dataclass(frozen=True)
class StepResult:
    """The points of one step."""

    title: str
    points: float
    of: float


@dataclass(frozen=True)
class Slip:
    """A slip that was made: its name and what it means, and in which step."""

    verdict: str
    sentence: str
    step: str


@dataclass(frozen=True)
class Result:
    """What is kept of one answer.

    student   whose it is; "" where that is not known
    file      the name of its file; "" where there is none
    note      why it was not marked; "" where it was
    points    and `of` how many
    first     the first slip, in a sentence
    """

    student: str
    file: str
    note: str = ""
    points: float = 0.0
    of: float = 0.0
    steps: tuple[StepResult, ...] = ()
    slips: tuple[Slip, ...] = ()
    first: str = ""

    def to_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)


def from_json(text: str) -> Result:
    """Return the result again. Raises KeyError, TypeError or ValueError where it is none."""
    data = json.loads(text)
    steps = tuple(StepResult(**step) for step in data.pop("steps"))
    slips = tuple(Slip(**slip) for slip in data.pop("slips"))
    return Result(**data, steps=steps, slips=slips)


def result_of(score: Score, file: str) -> Result:
    """Return what is kept of a score."""
    steps = tuple(StepResult(s.title, s.points, s.of) for s in score.steps)
    answered = _steps_by_claim(score)
    slips = [
        Slip(str(line.verdicts[0]), line.verdicts[0].sentence, answered.get(line.claim, ELSEWHERE))
        for line in score.marks.lines
        if line.wrong
    ]
    first = score.marks.first_slip
    told = f"line {first.number}: {first.claim}: {first.because}" if first else ""
    return Result(
        score.student,
        file,
        points=score.points,
        of=score.of,
        steps=steps,
        slips=tuple(slips),
        first=told,
    )


def _steps_by_claim(score: Score) -> dict[str, str]:
    """Return the title of the step that each claim answers."""
    return {item.line.claim: step.title for step in score.steps for item in step.items if item.line}
