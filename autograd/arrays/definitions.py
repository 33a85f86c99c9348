"""How an array was computed, as one index form for all its elements."""

from __future__ import annotations

from autograd import ops
from autograd.arrays.families import Family
from autograd.arrays.forms import Bracket, Call, IndexForm, Term, replaced
from autograd.arrays.gradients import Reading
from autograd.arrays.matrix import MatrixWriter


def defined(family: Family, reading: Reading, writer: MatrixWriter) -> str:
    """Return how an array was computed, as it is written: W1 x + b1.

    "" of leaves, and where its elements have no form in common.
    """
    form = _form(family, reading)
    if form is None:
        return ""
    argument = _softmax_argument(form, family)
    if argument is None:
        return writer.written(form, family).text
    return writer.called("softmax", writer.written(argument, family)).text


def _form(family: Family, reading: Reading) -> IndexForm | None:
    """Return the form of an element at the `free` indices; None where there is none for all."""
    forms = []
    for index, v in family.members.items():
        form = reading.lifter.algebra.normal_form(v, reading.seats) if v.op else None
        if form is None:
            return None
        forms.append((family.symbols("f", index), form))
    return reading.lifter.lift(forms, family.symbols("f", family.ranges))


def _softmax_argument(form: IndexForm, family: Family) -> IndexForm | None:
    """Return x where the form is e^x/Σ e^x, of a vector or of each row; else None."""
    match form:
        case (
            Term(
                1.0,
                (
                    (Call(op, (x,)), 1.0),
                    (Bracket((Term(1.0, ((Call(below, (y,)), 1.0),), (s,)),)), -1.0),
                ),
                (),
            ),
        ) if op is ops.exp and below is ops.exp and replaced(y, {s: family.free[-1]}) == x:
            return x
    return None
