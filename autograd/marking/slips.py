"""The slips that people make: one row each, and one function that makes each of them in a term.

The formula that is known for a subject is mutated by these rows, and so is what was typed: where
the two then agree, that slip gives what was written.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from autograd import ops
from autograd.marking.board import letters
from autograd.marking.known import Known
from autograd.marking.simplifying import ONE, ZERO
from autograd.marking.syntax import (
    Call,
    Constant,
    Name,
    Number,
    Quotient,
    Term,
    inside,
    number,
    replaced,
    walk,
    written,
)
from autograd.marking.verdict import Verdict
from autograd.op import Op
from autograd.value import Value

INSTEAD = "{} where {} belongs"
WHOLE = "of the whole"
_ANGLES = (ops.sin, ops.cos, ops.tan)
_DEGREE = Call(ops.div, (Constant("π", math.pi), number(180.0)))
_BASES = (number(10.0), number(2.0))
_OTHER_NAMES = (Verdict.SWAPPED_INDEX, Verdict.PRE, Verdict.POST)


class Spot(NamedTuple):
    """A place in a term: what stands there, and as which argument of what. The whole is in
    nothing.
    """

    term: Term
    parent: Call | None
    argument: int

    def within(self, *rows: Op) -> bool:
        return self.parent is not None and self.parent.op in rows


class Change(NamedTuple):
    """What a slip puts in a place; `where` has a hole for each of the `parts`."""

    other: Term
    where: str
    parts: tuple[Any, ...]


class Slip(NamedTuple):
    """One row: its verdict, which carries its name and its sentence, where it is made, and how."""

    verdict: Verdict
    applies_to: Callable[[Spot], bool]
    change: Callable[[Spot, Facts], Iterable[Change]]

    @property
    def name(self) -> str:
        return str(self.verdict)

    @property
    def sentence(self) -> str:
        return self.verdict.sentence


class Mutation(NamedTuple):
    """A slip made in one place of a term."""

    verdict: Verdict
    place: Term
    other: Term
    where: str
    parts: tuple[Any, ...]


def nearby(label: str, alike: Sequence[str]) -> list[str]:
    """Return the other labels of its kind; of very many only the nearest."""
    if label not in alike:
        return list(alike[:16])
    place = alike.index(label)
    return [other for other in alike[max(0, place - 8) : place + 9] if other != label]


class Facts:
    """What the slips need to know of a record: alike names, nets and outs, leaves."""

    def __init__(self, known: Known) -> None:
        self.known = known
        self.board = known.board
        self._alike: dict[str, list[str]] = {}
        self._kinds: dict[str, list[str]] = {}
        for label in self.board.values:
            self._kinds.setdefault(letters(label), []).append(label)

    def alike(self, label: str) -> list[str]:
        """Return the names that differ from this one in a number alone."""
        if label not in self._alike:
            self._alike[label] = nearby(label, self._kinds.get(letters(label), ()))
        return self._alike[label]

    def partner(self, term: Term, verdict: Verdict) -> Name | None:
        """Return the net of an out, for PRE- for POST-ACTIVATION; else the out of a net."""
        v = self.value(term)
        before, after = self.board.partners
        other = (before if verdict is Verdict.PRE else after).get(v) if v is not None else None
        return Name(self.board.names[other]) if other is not None else None

    def value(self, term: Term) -> Value | None:
        if isinstance(term, Name) and not term.updated:
            return self.board.values.get(term.label)
        return None

    def is_leaf(self, term: Term) -> bool:
        v = self.value(term)
        return v is not None and v.op is None


def _anything(spot: Spot) -> bool:
    return spot.parent is not None


def _is_factor(spot: Spot) -> bool:
    unit = isinstance(spot.term, Number) and abs(spot.term.value) == 1.0
    return spot.within(ops.mul) and not unit


def _may_divide(spot: Spot) -> bool:
    """Whether it is a factor by which one may have divided; x·x is nothing else divided by x."""
    if spot.parent is None or not _is_factor(spot) or isinstance(spot.term, Number):
        return False
    beside = spot.parent.args[1 - spot.argument]
    return written(beside) != written(spot.term)


def _is_term(spot: Spot) -> bool:
    """Whether it is a term of a sum; that of 1 − out is told as FORGOT 1 − OUT."""
    return spot.within(ops.add, ops.sub) and not (
        spot.parent and _is_one_minus(Spot(spot.parent, None, 0))
    )


def _is_divisor(spot: Spot) -> bool:
    return spot.within(ops.div) and spot.argument == 1


def _is_one_minus(spot: Spot) -> bool:
    term = spot.term
    return isinstance(term, Call) and term.op is ops.sub and isinstance(term.args[0], Number) and (
        term.args[0].value == 1.0
    )  # fmt: skip


def _is_symbol(spot: Spot) -> bool:
    return isinstance(spot.term, (Name, Quotient)) and not getattr(spot.term, "updated", False)


def _calls(*rows: Op) -> Callable[[Spot], bool]:
    return lambda spot: isinstance(spot.term, Call) and spot.term.op in rows


def _put(
    other: Callable[[Term], Term], where: str = "{}"
) -> Callable[[Spot, Facts], Iterable[Change]]:
    return lambda spot, facts: [Change(other(spot.term), where, (spot.term,))]


def _others(spot: Spot, facts: Facts) -> Iterator[Change]:
    term = spot.term
    others: list[Term] = []
    if isinstance(term, Name):
        others += [Name(label) for label in facts.alike(term.label)]
    elif isinstance(term, Quotient):
        others += [Quotient(of, term.by) for of in facts.alike(term.of)]
        others += [Quotient(term.of, by) for by in facts.alike(term.by)]
    for other in others:
        yield Change(other, INSTEAD, (other, term))


def _partner(verdict: Verdict) -> Callable[[Spot, Facts], Iterable[Change]]:
    def change(spot: Spot, facts: Facts) -> Iterator[Change]:
        other = facts.partner(spot.term, verdict)
        if other is not None:
            yield Change(other, INSTEAD, (other, spot.term))

    return change


def _other_size(spot: Spot, facts: Facts) -> Iterator[Change]:
    v = facts.value(spot.term)
    if v is not None and v.op is None:
        for factor in (0.1, 10.0):
            other = number(float(f"{factor * facts.board.data[v]:.12g}"))
            yield Change(Call(ops.mul, (number(factor), spot.term)), INSTEAD, (other, spot.term))


def _squashed(row: Op) -> Callable[[Spot, Facts], Iterable[Change]]:
    def change(spot: Spot, facts: Facts) -> Iterator[Change]:
        v = facts.value(spot.term)
        twice = isinstance(spot.term, Call) and spot.term.op is row
        if twice or (v is not None and v.op is row):
            yield Change(Call(row, (spot.term,)), "of {}", (spot.term,))

    return change


def _logarithms(spot: Spot, facts: Facts) -> Iterator[Change]:
    for base in _BASES:
        yield Change(Call(ops.div, (spot.term, Call(ops.log, (base,)))), "in {}", (spot.term,))


def _in_degrees(spot: Spot, facts: Facts) -> Iterator[Change]:
    if isinstance(spot.term, Call):
        angle = Call(ops.mul, (spot.term.args[0], _DEGREE))
        yield Change(Call(spot.term.op, (angle,)), "in {}", (spot.term,))


def _of_tanh(spot: Spot, facts: Facts) -> str:
    """Return the label of h where 1 − h² stands here, the slope of h = tanh(z); else ""."""
    if not (isinstance(spot.term, Call) and _is_one_minus(spot)):
        return ""
    out = squared(spot.term.args[1])
    v = facts.value(out) if out else None
    return out.label if out and v is not None and v.op is ops.tanh else ""


def squared(term: Term) -> Name | None:
    """Return the name whose square a term is, h² or h·h; None where it is no such square."""
    if not (isinstance(term, Call) and term.op in (ops.mul, ops.pow)):
        return None
    base, other = term.args
    return base if isinstance(base, Name) and _squares(term.op, base, other) else None


def _squares(op: Op, base: Name, other: Term) -> bool:
    """Whether a power has the exponent 2, or a product has the same name twice."""
    if op is ops.pow:
        return isinstance(other, Number) and other.value == 2.0
    return isinstance(other, Name) and other.label == base.label


def _slope_of_sigmoid(spot: Spot, facts: Facts) -> Iterator[Change]:
    out = _of_tanh(spot, facts)
    if out:
        other = Call(ops.mul, (Name(out), Call(ops.sub, (number(1.0), Name(out)))))
        yield Change(other, "{} is sigmoid's, and tanh' = {}", (other, spot.term))


def _without_square(spot: Spot, facts: Facts) -> Iterator[Change]:
    out = _of_tanh(spot, facts)
    if out:
        yield Change(Call(ops.sub, (number(1.0), Name(out))), "in {}", (spot.term,))


def _itself(spot: Spot, facts: Facts) -> Iterator[Change]:
    """Yield relu(z) for its slope, step(z), and h for 1 − h²."""
    out = _of_tanh(spot, facts)
    other: Term | None = Name(out) if out else None
    if isinstance(spot.term, Call) and spot.term.op is ops.step:
        other = Call(ops.relu, spot.term.args)
    if other is not None:
        yield Change(other, INSTEAD, (other, spot.term))


def _one_over(term: Term) -> Term:
    return Call(ops.div, (ONE, term))


def _is_left_out(spot: Spot) -> bool:
    return (_is_factor(spot) and not _is_one_minus(spot)) or _is_divisor(spot)


# fmt: off
_negated = _put(lambda term: Call(ops.neg, (term,)), "of {}")
SLIPS: tuple[Slip, ...] = (
    Slip(Verdict.SIGN,              _anything,                                      _negated),
    Slip(Verdict.FACTOR_LEFT_OUT,   _is_left_out,                                   _put(lambda term: ONE)),
    Slip(Verdict.FORGOT_ONE_MINUS,  lambda s: _is_factor(s) and _is_one_minus(s),   _put(lambda term: ONE)),
    Slip(Verdict.EXPONENT_LEFT_OUT, lambda s: s.within(ops.pow) and s.argument == 1, _put(lambda term: ONE)),
    Slip(Verdict.TERM_LEFT_OUT,     _is_term,           _put(lambda term: ZERO)),
    Slip(Verdict.SWAPPED_INDEX,     _is_symbol,                                     _others),
    Slip(Verdict.PRE,               _is_symbol,                                     _partner(Verdict.PRE)),
    Slip(Verdict.POST,              _is_symbol,                                     _partner(Verdict.POST)),
    Slip(Verdict.STANDS_FOR,        _is_symbol,                                     _other_size),
    Slip(Verdict.DIVIDED,           _may_divide,
                                                                                    _put(_one_over, "divided by {}")),
    Slip(Verdict.MULTIPLIED,        _is_divisor,                                _put(_one_over, "multiplied by {}")),
    Slip(Verdict.SIGMOID_TWICE,     lambda s: _is_symbol(s) or _calls(ops.sigmoid)(s), _squashed(ops.sigmoid)),
    Slip(Verdict.TANH_OF_RESULT,    _is_symbol,                                     _squashed(ops.tanh)),
    Slip(Verdict.SIGMOID_SLOPE,     _is_one_minus,                                  _slope_of_sigmoid),
    Slip(Verdict.NO_SQUARE,         _is_one_minus,                                  _without_square),
    Slip(Verdict.ITSELF,            lambda s: _is_one_minus(s) or _calls(ops.step)(s), _itself),
    Slip(Verdict.LOGARITHM,         _calls(ops.log),                                _logarithms),
    Slip(Verdict.DEGREES,           _calls(*_ANGLES),                               _in_degrees),
)
# fmt: on
FACTORS = (
    (Verdict.TWICE, 2.0),
    (Verdict.HALF, 1 / 2),
    (Verdict.THRICE, 3.0),
    (Verdict.THIRD, 1 / 3),
    (Verdict.FOURFOLD, 4.0),
    (Verdict.QUARTER, 1 / 4),
    (Verdict.TENFOLD, 10.0),
    (Verdict.TENTH, 0.1),
)  # fmt: skip


def spots(term: Term) -> Iterator[Spot]:
    """Yield the whole, and each argument in it."""
    yield Spot(term, None, 0)
    for place in walk(term):
        if isinstance(place, Call):
            yield from (Spot(arg, place, k) for k, arg in enumerate(place.args))


def mutations(term: Term, facts: Facts, rows: Sequence[Slip] = SLIPS) -> Iterator[Mutation]:
    """Make each slip in each place of a term, one at a time, in an order that is always the
    same.
    """
    for spot in spots(term):
        for row in rows:
            if row.applies_to(spot):
                for change in row.change(spot, facts):
                    yield Mutation(row.verdict, spot.term, *change)
    yield from _everywhere(term, facts)


def _everywhere(term: Term, facts: Facts) -> Iterator[Mutation]:
    """Yield another name in all places of one that stands in several, as in net·(1 − net)."""
    for label in _repeated(term):
        for row in SLIPS:
            if row.verdict in _OTHER_NAMES:
                for other, where, parts in row.change(Spot(Name(label), None, 0), facts):
                    typed = substituted(term, {label: other})
                    yield Mutation(row.verdict, term, typed, where, parts)


def _repeated(term: Term) -> list[str]:
    """Return the labels that stand in several places, in the order of the first."""
    counts = Counter(name.label for name in inside(term, Name) if not name.updated)
    return [label for label, count in counts.items() if count > 1]


def substituted(term: Term, others: dict[str, Term]) -> Term:
    """Return the term with other terms for names, everywhere at once."""
    names = inside(term, Name)
    return replaced(term, {name: others[name.label] for name in names if name.label in others})
