"""A class of simulated answers: no point is lost that was due, and none given that was not.

How an answer was made says what it is worth.
"""

import random

import pytest
from simulated import NAMES, RATE, STYLES, WEIGHTS, Student, Whole, lecture_error

from autograd import Worksheet

SLIPPED = [
    "net_h1", "out_h2", "net_o1", "out_o1", "E_o1", "dE/dout_o1", "dout_o1/dnet_o1", "dE/dw6"
]  # fmt: skip
NOISE = [
    "My answer, 12 May", "", "---", "# part two", "I am not sure about the next one", "see page 3",
    "Let me start with the hidden layer.", "(rounded to 4 digits)",
]  # fmt: skip


@pytest.fixture(scope="module")
def worksheet():
    return Worksheet(lecture_error, names=NAMES, rate=RATE, seed=7, title="Backpropagation")


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("student", ["ann", "bob"])
def test_a_right_answer_in_any_notation_gets_every_point(worksheet, style, student):
    sheet = worksheet.variant(student)
    score = sheet.mark(STYLES[style](Student(sheet.numbers).lines))
    assert score.points == pytest.approx(20.0), str(score)


@pytest.fixture(scope="module")
def whole():
    return Worksheet(lecture_error, names=WEIGHTS, rate=RATE, seed=7)


@pytest.mark.parametrize("slipped", ["out_h1", "net_h2", "out_h2", "dE/dout_h2", "dE/dw3"])
def test_a_slip_in_a_whole_sheet_costs_its_own_value_alone(whole, slipped):
    """A factor that it changes may be joined in one number that stands in no line of its own."""
    sheet = whole.variant("s1")
    answer = Whole(sheet.numbers, slips={slipped: lambda x: x * 1.3})
    score = sheet.mark(answer.text)
    due = 20.0 - worth(score, {slipped})
    assert score.points == pytest.approx(due), str(score)


def answered(rng, sheet):
    """An answer, and what in it is wrong and what is missing, by left sides."""
    slipped = rng.sample(SLIPPED, rng.choice([0, 0, 1, 1, 2]))
    factor = rng.choice([1.3, 0.7, -1.1])
    style = rng.choice([*STYLES, *["ascii"] * 10])
    answer = Student(
        sheet.numbers,
        digits=rng.choice([4, 4, 5, 6]),
        cut=rng.random() < 0.3,
        comma=style == "ascii" and rng.random() < 0.3,
        slips=dict.fromkeys(slipped, lambda x: x * factor),
    )
    lines = answer.lines
    missing = rng.sample(range(len(lines)), rng.choice([0, 0, 2]))
    if not slipped and not missing and rng.random() < 0.5:
        rng.shuffle(lines)
    gone = {lines[k].split(" = ")[0] for k in missing}
    kept = [line for line in lines if line.split(" = ")[0] not in gone]
    text = STYLES[style](kept)
    if style in ("ascii", "unicode", "crosses", "LaTeX") and rng.random() < 0.5:
        rows = text.split("\n")
        for noise in NOISE:
            rows.insert(rng.randrange(len(rows) + 1), noise)
        text = "\n".join(rows)
    return text, set(slipped) - gone, gone, style


def wrong_values(score):
    return {
        item.item.subject.replace("∂", "d")
        for step in score.steps
        for item in step.items
        if item.mark in ("WRONG", "open") and item.item.kind == "value"
    }


def worth(score, subjects):
    return sum(
        item.of
        for step in score.steps
        for item in step.items
        if item.item.kind == "value" and item.item.subject.replace("∂", "d") in subjects
    )


@pytest.mark.slow
def test_simulated_answers_get_the_points_that_are_due(worksheet, campaign):
    failed = []
    for case in range(campaign(60)):
        rng = random.Random(case)
        sheet = worksheet.variant(f"student {case % 300}")
        text, slipped, gone, style = answered(rng, sheet)
        score = sheet.mark(text)
        wrong = wrong_values(score)
        if gone:
            fine = wrong >= slipped
        else:
            due = 20.0 - worth(score, slipped)
            fine = wrong == slipped and score.points == pytest.approx(due)
        if not fine:
            failed.append((case, style, slipped, gone, text, str(score)))
    assert not failed, (len(failed), failed[0])


@pytest.mark.slow
def test_simulated_whole_sheets_get_the_points_that_are_due(whole, campaign):
    anywhere = [*SLIPPED, "out_h1", "net_h2", "net_o2", "out_o2", "dE/dout_h1", "dE/dw1", "dE/dw3"]
    for case in range(campaign(30)):
        rng = random.Random(case)
        sheet = whole.variant(f"student {case % 200}")
        slipped = set(rng.sample(anywhere, rng.choice([0, 1, 1, 2])))
        factor = rng.choice([1.3, 0.7, -1.1, 2, 0.5])
        cut, digits = rng.random() < 0.3, rng.choice([4, 4, 5])
        slips = dict.fromkeys(slipped, lambda x, by=factor: x * by)
        score = sheet.mark(Whole(sheet.numbers, digits=digits, cut=cut, slips=slips).text)
        due = 20.0 - worth(score, slipped)
        assert score.points == pytest.approx(due), (case, slipped, str(score))
