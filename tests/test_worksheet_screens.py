"""Every slip of the table stays visible: held by plain recursion over the formulas, at numbers that
are printed with Decimal, and beside no screen.
"""

import math
from decimal import ROUND_DOWN, ROUND_HALF_UP, Context, Decimal

import pytest
from simulated import lecture_error

from autograd import Worksheet, ops
from autograd.marking.board import Board
from autograd.marking.known import Known
from autograd.marking.points import Point
from autograd.marking.slips import FACTORS, Facts, mutations
from autograd.marking.syntax import Call, Name, Number, Quotient, copied, size, written
from autograd.op import DomainError
from nn.command.examples import EXAMPLES

RATE = 0.5
WEIGHTS = ["w5", "w6", "w7", "w8", "w1", "w2", "w3", "w4"]


def a_worksheet(name):
    if name == "lecture":
        return Worksheet(lecture_error, names=WEIGHTS, rate=RATE, seed=7)
    example = EXAMPLES[name]
    return Worksheet(lambda: example().root, names=example().by)


def number(term, here, instead, rate):
    """The number of a formula, with another one in the place of a part of it."""
    if term in instead:
        return number(instead[term], here, {}, rate)
    if isinstance(term, Call):
        return term.op.function(*(number(x, here, instead, rate) for x in term.args))
    values = here.board.values
    if isinstance(term, Quotient):
        held = [values[x] for x in term.held]
        return here.derivative(values[term.of], values[term.by], held)
    if not isinstance(term, Name):
        return term.value
    if term.label not in values:
        return rate
    before = here.data[values[term.label]]
    slope = here.derivative(here.board.root, values[term.label]) if term.updated else 0.0
    return before - rate * slope if term.updated else before


def slipped(term, here, instead, rate):
    try:
        x = number(term, here, instead, rate)
    except (ArithmeticError, ValueError, DomainError):
        return math.nan
    return x if math.isfinite(x) else math.nan


def as_printed(x, digits):
    """Whatever a person may write for a number: rounded, and cut."""
    exact = Decimal(f"{x:.13g}")
    ways = (ROUND_HALF_UP, ROUND_DOWN)
    return {Context(prec=digits, rounding=way).create_decimal(exact) for way in ways}


def slips_of(worksheet, probes):
    """The slips in each formula that a sheet asks for: not the truth at any of the probes."""
    facts = Facts(Known(probes[0].board))
    subjects = {item.subject: item.term for items in worksheet.items.values() for item in items}
    found = []
    for subject in subjects.values():
        term = facts.known.of(subject)
        if term is None or size(term) > 400:
            continue
        made = [(term, Call(ops.mul, (Number(repr(x)), copied(term)))) for _, x in FACTORS]
        made += [(slip.place, slip.other) for slip in mutations(term, facts)]
        true = [number(term, here, {}, RATE) for here in probes]
        for place, other in made:
            results = [slipped(term, here, {place: other}, RATE) for here in probes]
            pairs = [(x, t) for x, t in zip(results, true, strict=True) if x == x]
            seen = [not as_printed(x, 4) & as_printed(t, 4) for x, t in pairs]
            same = [math.isclose(x, t, rel_tol=1e-9) for x, t in pairs]
            if pairs and not any(same) and sum(seen) > len(seen) / 2:
                found.append((term, place, other))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", ["lecture", "logistic", "maxpool", "conv1d", "rnn"])
def test_no_slip_of_the_table_can_be_taken_for_the_truth(name, campaign):
    worksheet = a_worksheet(name)
    probes = [
        Point(Board(worksheet.variant(f"probe {k}").root))
        for k in range(40 if name == "maxpool" else 6)
    ]
    slips = slips_of(worksheet, probes)
    assert len(slips) > 50
    for k in range(campaign(15)):
        here = Point(Board(worksheet.variant(f"student {k}").root))
        true = {}
        for term, place, other in slips:
            if term not in true:
                true[term] = as_printed(number(term, here, {}, RATE), 4)
            x = slipped(term, here, {place: other}, RATE)
            told = (k, written(place), written(other), written(term))
            assert x != x or not as_printed(x, 4) & true[term], told


@pytest.mark.slow
@pytest.mark.parametrize("name", ["lecture", *EXAMPLES])
def test_numbers_are_found_for_every_student(name, campaign):
    worksheet = a_worksheet(name)
    for k in range(campaign(20)):
        worksheet.variant(f"s{k}")
