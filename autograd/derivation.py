"""A derivation by hand, marked: which of its claims are right, and which slip gives the others.

Each line is read into a small tree, which is evaluated on copies of the record: at its own numbers, and at others near
by, so that a coincidence is told from an identity. What is wrong is explained by making the known slips on purpose, one
at a time: all are named that give what was written.
"""

from __future__ import annotations

import html
import math
import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from decimal import Context, Decimal
from functools import cached_property, partial
from itertools import accumulate, islice, product
from typing import Any, NamedTuple, TypeAlias, TypeGuard

from autograd import ops
from autograd.copying import as_read
from autograd.formula import TEXT, formula
from autograd.graph import Edge, named_graph
from autograd.reading import Call, Name, Number, Quotient, Reader, Term, Unreadable, has_names, walk, written
from autograd.reverse import dependents, recompute, topological_order
from autograd.value import Value

LONG = 60  # places in a formula, or operations in a record: in a longer one no changes and no groupings are tried
EFFORT = 200_000  # places that are evaluated to read the numbers in a formula, or to repair it

# Evaluating.


class _Point:
    """A copy of the record with other numbers at some leaves: no `.grad` and no `.data` of the user's is touched."""

    def __init__(self, source: Value, numbers: Mapping[str, float]) -> None:
        leaves, nodes = topological_order(source)
        copies = recompute(nodes, {v: Value(numbers.get(v.label, v.data), v.label) for v in leaves})
        self.source, self.numbers = source, numbers
        self.copies: list[Value] = list(copies.values())
        self.root = copies[source]
        self.root.label = source.label or "E"
        self.names = {v: v.label for v in self.copies if v.label}
        self.values = {label: v for v, label in self.names.items()}
        self.gradients: dict[str, dict[Value, float]] = {}

    @cached_property
    def edges(self) -> dict[Value, list[Edge]]:
        return named_graph(self.root).edges

    @cached_property
    def stated(self) -> set[float]:
        """The sizes of the numbers that are given: leaves and constants."""
        given = [x for v in self.copies for x in (v.args or (v.data,)) if not isinstance(x, Value)]
        return set(map(abs, given))

    def quantities(self, rate: float | None, trained: Iterable[str]) -> Iterator[float]:
        """What a number may stand for, in an order that is the same at every point of one record."""
        yield from (x for v in self.copies for x in (v.data, *v.args) if not isinstance(x, Value))
        for of in list(self.values)[-LONG:]:
            yield from (self.derivative(of, by) for by in self.values)
        for label, number in self.updated(rate or 0.0, trained).items():
            yield from (number, self.values[label].data - number)
        locals_ = [edge.derivative for edges in self.edges.values() for edge in edges]
        within = (v for root in locals_ for part in topological_order(root, self.names) for v in part)
        for v in dict.fromkeys([*self.copies, *within]):
            yield v.data
            if v.op in _NEUTRAL:  # neighbours in it, taken together
                yield from accumulate((getattr(x, "data", x) for x in _from_the_last(v, v.op)), v.op.function)

    def derivative(self, of: str, by: str) -> float:
        if of not in self.gradients:
            for v in self.copies:
                v.grad = 0.0
            self.values[of].backward()
            self.gradients[of] = {v: v.grad for v in self.copies}
        return self.gradients[of][self.values[by]]

    def updated(self, rate: float, trained: Iterable[str]) -> dict[str, float]:
        """The weights after a step of gradient descent."""
        return {w: self.values[w].data - rate * self.derivative(self.root.label, w) for w in trained}

    def at(self, numbers: Mapping[str, float]) -> _Point:
        return _Point(self.source, {**self.numbers, **numbers})

    def stale(self, numbers: Mapping[str, float]) -> _Point:
        """The results as they are, and yet these numbers at the leaves: what a late backward pass sees."""
        point = self.at({})
        for label, number in numbers.items():
            point.values[label].data = number
        return point


def _near(source: Value) -> list[_Point]:
    """Two points near by, where the record is defined there; a leaf without a label is a constant."""
    rng = random.Random(0)
    labelled = [v for v in topological_order(source)[0] if v.label]
    points: list[_Point] = []
    for _ in range(4):
        numbers = {v.label: v.data * rng.uniform(0.9, 1.1) or rng.uniform(-0.1, 0.1) for v in labelled}
        with suppress(ops.DomainError):
            points.append(_Point(source, numbers))
    return points[:2]


def judged(text: str, value: float) -> str:
    """How the digits typed agree with the value: "exact", "ROUNDED", "CUT", or "" where they do not.

    >>> [judged(text, 0.08217) for text in ("0.08217", "0.0822", "0.0821", "0.0820")]
    ['exact', 'ROUNDED', 'CUT', '']
    """
    if not math.isfinite(value):
        return ""
    if math.isclose(float(text), value, rel_tol=1e-13):
        return "exact"
    typed, true = Decimal(text), Context(prec=15).create_decimal(repr(value))  # 15 digits: then 0.1 + 0.2 is 0.3
    unit = Decimal(1).scaleb(int(typed.as_tuple().exponent))
    if typed and 2 * abs(typed - true) <= unit:
        return "ROUNDED"
    return "CUT" if typed and 0 <= (true - typed if typed > 0 else typed - true) < unit else ""


# Explaining: the known slips, made on purpose.

_LEFT_OUT, _TERM, _SIGN, _SWAPPED, _STANDS = "FACTOR LEFT OUT", "TERM LEFT OUT", "SIGN", "SWAPPED INDEX", "STANDS FOR"
_PRE, _POST, _OTHER = "PRE- for POST-ACTIVATION", "POST- for PRE-ACTIVATION", "WRONG NAME"
_WHOLE, _INSTEAD = "of the whole", "{} where {} belongs"
_FACTORS = {"2": 2.0, "1/2": 1 / 2, "3": 3.0, "1/3": 1 / 3, "4": 4.0, "1/4": 1 / 4, "10": 10.0, "1/10": 0.1}
_SLIPS: dict[ops.Op | None, tuple[tuple[str, int, Callable[..., float]], ...]] = {  # verdict, which argument, the slip
    ops.mul: ((_LEFT_OUT, 0, lambda x, y: y), (_LEFT_OUT, 1, lambda x, y: x)),
    ops.div: ((_LEFT_OUT, 1, lambda x, y: x),),
    ops.pow: (("EXPONENT LEFT OUT", 1, lambda x, y: x),),
    ops.add: ((_TERM, 0, lambda x, y: y), (_TERM, 1, lambda x, y: x), (_SIGN, 1, lambda x, y: x - y)),
    ops.sub: ((_TERM, 0, lambda x, y: -y), (_TERM, 1, lambda x, y: x), (_SIGN, 1, lambda x, y: x + y)),
    ops.neg: ((_SIGN, 0, lambda x: x),),
}


class _Slip(NamedTuple):
    """What a slip gives; `where` has a hole for each of the `parts`."""

    verdict: str
    number: float
    where: str = ""
    parts: tuple[Any, ...] = ()


def _alike(item: Any, items: Iterable[Any], kind: Callable[[Any], Any]) -> list[Any]:
    """The others of its kind; of very many only the nearest."""
    same = [other for other in items if kind(other) == kind(item)]
    place = same.index(item)
    return [other for other in same[max(0, place - 8) : place + 9] if other is not item]


def _letters(label: str) -> str:
    return re.sub(r"\d+", "#", label)


class _Slips:
    """All single slips at one point, in an order that is the same at every point of one record."""

    def __init__(self, point: _Point, rates: Sequence[float], trained: Sequence[str]) -> None:
        self.point, self.rates, self.trained = point, rates, trained
        self.names = point.names
        self.found: dict[str, list[_Slip]] = {}

    def of(self, term: Term, true: float) -> list[_Slip]:
        key = written(term)
        if key not in self.found:
            slips = [_Slip(_SIGN, -true, _WHOLE)]
            slips += [_Slip(f"FACTOR {k}", factor * true) for k, factor in _FACTORS.items()]
            if isinstance(term, Quotient):
                slips += self.of_quotient(term.of, term.by, true)
            elif isinstance(term, Name) and term.updated:
                slips += self.of_update(term.label)
            elif isinstance(term, Name) and term.label in self.point.values:
                v = self.point.values[term.label]
                slips += [*self.others(v, "it is {}"), *self.in_formula(v)]
            self.found[key] = slips
        return self.found[key]

    def said(self, slip: _Slip) -> str:
        return slip.where.format(*map(self.part, slip.parts))

    def part(self, part: Any) -> str:
        if isinstance(part, Edge):
            return TEXT.derivative(self.names[part.head], self.names[part.tail])
        if isinstance(part, Value):
            return self.names.get(part) or formula(part, self.names).names
        return part if isinstance(part, str) else TEXT.number(part)

    @cached_property
    def partners(self) -> dict[str, dict[Value, Value]]:
        """The net from which alone an out was computed, and the out of each net."""
        before = {head: edges[0].tail for head, edges in self.point.edges.items() if len(edges) == 1}
        return {_PRE: before, _POST: {tail: head for head, tail in before.items()}}

    def others(self, v: Value, where: str) -> Iterator[_Slip]:
        """Other Values that may be taken for `v`."""
        for other in _alike(v, self.names, lambda x: _letters(self.names[x])):
            yield _Slip(_SWAPPED, other.data, where, (other, v))
        for verdict, partner in self.partners.items():
            if v in partner:
                yield _Slip(verdict, partner[v].data, where, (partner[v], v))

    def in_formula(self, root: Value) -> Iterator[_Slip]:
        """`root` with one thing changed in the formula that gives it from named Values."""
        if root not in self.names:
            root = as_read(root, self.names)
        leaves, nodes = topological_order(root, self.names)
        if len(nodes) > LONG:
            return

        def run(changed: Value, instead: Callable[..., float]) -> float:
            numbers: dict[Any, float] = {x: instead() if x is changed else x.data for x in leaves}
            try:
                for v in nodes:
                    op: Any = instead if v is changed else v.op
                    numbers[v] = op(*[numbers.get(x, x) for x in v.args])
            except (ArithmeticError, ValueError):
                return math.nan
            return numbers[root]

        for x in leaves:
            if x in self.names:
                swaps = [_Slip(_SIGN, -x.data, "of {}", (x,)), *self.others(x, _INSTEAD)]
                if not x.args:
                    swaps += [_Slip(_STANDS, k * x.data, _INSTEAD, (k * x.data, x)) for k in (0.1, 10.0)]
                for slip in swaps:
                    yield slip._replace(number=run(x, lambda slip=slip: slip.number))
        for v in nodes:
            if v.op is ops.mul and (1.0 in v.args or -1.0 in v.args):
                continue
            for verdict, place, change in _SLIPS.get(v.op, ()):
                arg = v.args[place]
                one_minus = verdict == _LEFT_OUT and isinstance(arg, Value) and arg.op is ops.sub and arg.args[0] == 1.0
                yield _Slip("FORGOT 1 − OUT" if one_minus else verdict, run(v, change), "{}", (arg,))

    def of_quotient(self, of: str, by: str, true: float) -> Iterator[_Slip]:
        """The derivative is linear in that of each edge: a change of one comes in times what goes through there."""
        point = self.point
        for other in _alike(by, point.values, _letters):
            yield _Slip(_SWAPPED, point.derivative(of, other), "it is {}", (TEXT.derivative(of, other),))
        leaves, nodes = topological_order(point.values[of])
        below, above = {*leaves, *nodes}, dependents(nodes, [point.values[by]])
        edges = [edge for edges in point.edges.values() for edge in edges]
        for edge in reversed(edges):
            head, tail, local = edge.head, edge.tail, edge.derivative
            if head not in below or tail not in above:
                continue
            through = point.derivative(of, self.names[head]) * point.derivative(self.names[tail], by)
            slips = [
                _Slip(_SIGN, -local.data, "of {}", (edge,)),
                _Slip(_LEFT_OUT, 1.0, "{}", (edge,)),
                _Slip("MISSING PATH", 0.0, "through {}", (edge,)),
                _Slip("FACTOR 2", local.data * 2, "in {}", (edge,)),
                _Slip("FACTOR 1/2", local.data / 2, "in {}", (edge,)),
            ]
            for other in _alike(edge, edges, lambda e: (_letters(self.names[e.head]), _letters(self.names[e.tail]))):
                slips.append(_Slip(_SWAPPED, other.derivative.data, _INSTEAD, (other, edge)))
            for slip in self.in_formula(local):
                slips.append(slip._replace(where=slip.where + " (in {})", parts=(*slip.parts, edge)))
            yield from (slip._replace(number=true + through * (slip.number - local.data)) for slip in slips)
        for rate in self.rates:
            numbers = point.updated(rate, self.trained)
            for moved in (point.stale(numbers), point.at(numbers)):
                where = "the weights were updated before, at the rate {}"
                yield _Slip("STALE", moved.derivative(of, by), where, (rate,))

    def of_update(self, label: str) -> Iterator[_Slip]:
        point, rate = self.point, self.rates[0]
        before, root = point.values[label], point.root.label
        if not before.args:
            gradient = point.derivative(root, label)
            yield _Slip(_LEFT_OUT, before.data - gradient, "the learning rate")
            for slip in self.of(Quotient(root, label), gradient):
                number, parts = before.data - rate * slip.number, (*slip.parts, TEXT.derivative(root, label))
                yield _Slip(slip.verdict, number, f"{slip.where} (in {{}})".strip(), parts)
        else:
            seen = point.stale(point.updated(rate, self.trained))
            late = {w: point.values[w].data - rate * seen.derivative(root, w) for w in self.trained}
            where = "each gradient was taken after the weights above it had been updated"
            yield _Slip("STALE", point.at(late).values[label].data, where)


# Marking.

_RIGHT = {"exact": "", "ROUNDED": ", rounded", "CUT": ", cut off", "CARRIED": "; this follows from the rounded numbers"}
_NEUTRAL = {ops.add: 0.0, ops.mul: 1.0}
_BY_RANK = list(_RIGHT).index


class Line(NamedTuple):
    """One claim, marked.

    claim     what is claimed to be equal: the left side of the equation, and one of the others
    verdict   "exact", "ROUNDED", "CUT" or "CARRIED" where it is right; "NOT ANSWERED" where it is open; else each slip
              that gives it, or what is wrong
    expected  the number that the left side is; None where the claim was not understood
    because   why, in a sentence
    """

    claim: str
    verdict: str
    expected: float | None
    because: str

    @property
    def right(self) -> bool:
        return self.verdict in _RIGHT

    @property
    def mark(self) -> str:
        return "right" if self.right else "open" if self.verdict == "NOT ANSWERED" else "WRONG"


class Marks:
    """What `check_derivation` finds: a `Line` for each claim. True where there are claims, and all are right."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self.lines = tuple(lines)

    def __bool__(self) -> bool:
        return bool(self.lines) and all(line.right for line in self.lines)

    def require(self) -> None:
        """Raises AssertionError, in one line, unless every claim is right."""
        wrong = [f"{line.claim}: {line.because}" for line in self.lines if not line.right] or ["there are no claims"]
        if not self:
            raise AssertionError(wrong[0] + f" (and {len(wrong) - 1} more)" * (len(wrong) > 1))

    def __str__(self) -> str:
        return "\n".join(f"{line.mark:5}  {line.claim}: {line.because}" for line in self.lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = ((html.escape(cell) for cell in (line.mark, line.claim, line.because)) for line in self.lines)
        cells = ("".join(f"<td style='text-align: left'>{cell}</td>" for cell in row) for row in rows)
        return f"<table>{''.join(f'<tr>{row}</tr>' for row in cells)}</table>"


def check_derivation(root: Value, claims: str | Iterable[str] | Mapping[str, Any]) -> Marks:
    """Marks a derivation by hand of `root`'s gradients, as a person types it: lines of the form `… = … = …`.

    claims  one string of many lines, a list of lines, or a mapping from left sides to right sides

    Names are the labels of the Values that `root` depends on (E is `root` where it has none). dA/dB is the derivative
    over all paths. w5+ is w5 after a step of gradient descent, at the rate that the lines state. Each side after the
    first is a claim. A formula must hold at other numbers too; a number may be rounded or cut off at any digit. A claim
    with ? or … for a part of it, or with nothing on a side, is open: neither right nor wrong. What is written is never
    run as Python, and no `.grad` is touched. Raises TypeError for what is not a Value, and not text.

    >>> w, x = Value(0.4, label="w"), Value(0.5933, label="x")
    >>> print(check_derivation((1 - w * x) ** 2, "dE/dw = -2*(1 - w*x)*x = -0.90 = 0.905"))
    right  dE/dw = -2*(1 - w*x)*x: the formula holds, at other numbers too
    right  dE/dw = -0.90: it is -0.904996, rounded
    WRONG  dE/dw = 0.905: SIGN, of the whole; it is -0.904996
    """
    if not isinstance(root, Value):
        raise TypeError(f"check_derivation takes a Value, not {type(root).__name__}")
    if isinstance(claims, str):
        claims = claims.splitlines()
    elif isinstance(claims, Mapping):
        claims = [f"{left} = {'' if right is None or right is ... else right}" for left, right in claims.items()]
    lines = list(claims) if isinstance(claims, Iterable) else [claims]
    for line in lines:
        if not isinstance(line, str):
            raise TypeError(f"a claim is a string, not {type(line).__name__}")
    return Marks(_Marker(root, lines).marks())


_Match: TypeAlias = list[tuple[Term, Number, str]]  # a symbol, the number in its place, and how well that stands there
_Reading: TypeAlias = Sequence[Mapping[Term, float]]  # at each point what the numbers in a formula stand for
_Repair: TypeAlias = tuple[_Slip, Term, Term]  # the slip, its place, and what belongs there


class _Marker:
    def __init__(self, root: Value, lines: Sequence[str]) -> None:
        self.here = _Point(root, {})
        self.points = [self.here, *_near(root)]
        self.equations = Reader(self.here.names.values()).equations(lines)
        updates = [
            (subject.label, claims)
            for (_, subject), *claims in self.equations
            if isinstance(subject, Name) and subject.updated and not self.here.values[subject.label].args
        ]
        self.rate = _stated_rate(side.term for _, claims in updates for side in claims)
        kinds = {_letters(label) for label, _ in updates} or {"w#"}
        self.trained = [v.label for v in topological_order(root)[0] if v.label and _letters(v.label) in kinds]
        rates = [0.5, 1.0, 0.1, 0.05, 0.01] if self.rate is None else [self.rate]
        self.slips = [_Slips(point, rates, self.trained) for point in self.points]
        self.known: dict[str, tuple[Term, str]] = {}  # what was marked right, and the number that was written for it
        self.formula: tuple[Term, bool] | None = None  # the last one in this equation, and whether it is right
        self.put_in: tuple[Term, bool] | None = None  # the same with numbers

    def marks(self) -> Iterator[Line]:
        for (left, subject), *claims in self.equations:
            if isinstance(subject, Unreadable):
                yield Line(left, subject.verdict, None, str(subject))
                continue
            self.formula = self.put_in = None
            for text, side in claims:
                yield Line(f"{left} = {text}", *self.mark(subject, side))

    def mark(self, subject: Term | None, side: Term | Unreadable | None) -> tuple[str, float | None, str]:
        if isinstance(side, Unreadable):
            return side.verdict, None, str(side)
        if subject is None or side is None:
            return "NOT ANSWERED", None, "not answered yet"
        true = None
        try:
            true = self.value(subject)
            if isinstance(side, Number):
                return self.marked_number(subject, side, true)
            symbols = self.formula[0] if self.formula else subject
            pairs = (isinstance(symbols, Call) and self.matched(symbols, side)) or []
            named = has_names(side)
            verdict, because = (self.marked_formula if named else self.marked_numbers)(subject, side, pairs)
            if named and verdict not in ("ROUNDED", "CUT", "CARRIED"):
                self.formula = side, verdict in _RIGHT
            if not named or any(map(self.stands_for_a_symbol, walk(side))):
                self.put_in = side, verdict in _RIGHT
        except Unreadable as error:
            return error.verdict, true, str(error)
        except ops.DomainError as error:
            return "NOT DEFINED", true, str(error)
        return verdict, true, because

    def stands_for_a_symbol(self, place: Term) -> TypeGuard[Number]:
        """Whether it is a number that no formula in names has of itself."""
        return isinstance(place, Number) and not place.value.is_integer() and place.value not in (0.5, self.rate)

    # The value of what is written.

    def values(self, term: Term, point: _Point, instead: Mapping[Term, float]) -> dict[Term, float]:
        """The number of each place in it, with some of them replaced."""
        numbers: dict[Term, float] = {}
        for place in reversed(list(walk(term))):
            if place in instead:
                numbers[place] = instead[place]
            elif isinstance(place, Call):
                numbers[place] = place.op(*[numbers[arg] for arg in place.args])
            elif isinstance(place, Quotient):
                numbers[place] = point.derivative(place.of, place.by)
            elif isinstance(place, Name):
                numbers[place] = self.named(place, point)
            else:
                numbers[place] = place.value
        return numbers

    def value(self, term: Term, instead: Mapping[Term, float] | None = None) -> float:
        return self.values(term, self.here, instead or {})[term]

    def named(self, name: Name, point: _Point) -> float:
        if not name.updated and name.label in point.values:
            return point.values[name.label].data
        if self.rate is None:
            raise Unreadable("NO RATE", "no line states the learning rate, as w5+ = w5 - 0.5*dE/dw5 does")
        return point.at(point.updated(self.rate, self.trained)).values[name.label].data if name.updated else self.rate

    def spread(self, term: Term) -> float:
        """How far the value may be off because the numbers in it are rounded or cut off."""
        numbers = self.values(term, self.here, {})
        total = 1e-12 * max(map(abs, numbers.values()))
        for place in numbers:
            if self.stands_for_a_symbol(place) and abs(numbers[place]) not in self.here.stated:
                off = [0.0]
                for units in (1.1, -1.1):
                    with suppress(ops.DomainError):
                        moved = self.value(term, {place: numbers[place] + units * place.unit})
                        off.append(abs(moved - numbers[term]))
                total += max(off)
        return total

    # The three questions: the formula, the numbers put in, the number that comes out.

    def marked_formula(self, subject: Term, side: Term, pairs: _Match) -> tuple[str, str]:
        aims = [self.values(subject, point, {})[subject] for point in self.points]
        so = f"the formula gives {self.value(side):.6g}, and it is {aims[0]:.6g}"
        most = EFFORT // sum(1 for term in (subject, side) for _ in walk(term))
        tried: list[_Reading] = []
        for verdict, reading in islice(self.readings((subject, side), pairs), most):
            if self.holds(subject, side, reading):
                held = "the formula holds" + ", at other numbers too" * (len(self.points) > 1)
                return verdict, held + f"; each number stands for its symbol{_RIGHT[verdict]}" * (verdict != "exact")
            tried.append(reading)
        if self.holds(subject, side, [{}]):
            return "COINCIDENCE", "COINCIDENCE, the formula holds at these numbers, and not at others"

        fits = self.repaired(subject, side, tried, self.repairs(side, pairs))
        rows = list(zip(*[s.of(subject, aim) for s, aim in zip(self.slips, aims, strict=True)], strict=True))
        for reading in tried[:LONG]:
            with suppress(ops.DomainError):
                given = [self.values(side, *at)[side] for at in zip(self.points, reading, strict=True)]
                same = lambda slip, x: math.isclose(slip.number, x, rel_tol=1e-9)
                fits += [row[0] for row in rows if all(map(same, row, given))]
        fits = fits or self.repaired(subject, side, tried, self.renamings(side))
        return self.explained(fits, so)

    def repaired(
        self, subject: Term, side: Term, readings: Sequence[_Reading], repairs: Iterable[_Repair]
    ) -> list[_Slip]:
        """The slips after whose repair the formula holds."""
        tries = islice(product(readings, repairs), EFFORT // sum(1 for _ in walk(side)))
        return [slip for reading, (slip, *change) in tries if self.holds(subject, side, reading, *change)]

    def holds(self, subject: Term, side: Term, reading: _Reading, *change: Term) -> bool:
        """Whether the two agree at each point, with another term in the place that is to be changed."""
        with suppress(ops.DomainError):
            for point, numbers in zip(self.points, reading, strict=False):
                if change:
                    place, other = change
                    numbers = {**numbers, place: self.values(other, point, numbers)[other]}
                aim, given = self.values(subject, point, numbers)[subject], self.values(side, point, numbers)
                scale = max(map(abs, given.values()))
                if not math.isclose(given[side], aim, rel_tol=1e-9, abs_tol=1e-15 * scale):
                    return False
            return True
        return False

    def readings(self, terms: Iterable[Term], pairs: _Match) -> Iterator[tuple[str, _Reading]]:
        """What the numbers in a formula may stand for: first themselves, and then something of the record."""
        yield "exact", [{}] * len(self.points)
        numbers = [place for term in terms for place in walk(term) if isinstance(place, Number)]
        meanings = {number: self.meanings(number, pairs) for number in numbers}
        for alike, most in ((True, 4), (False, 4), (True, EFFORT)) if numbers else ():  # first what is likeliest
            groups: dict[str | Number, list[Number]] = {}
            for number in numbers:
                groups.setdefault(number.text if alike else number, []).append(number)
            for choice in product(*(meanings[group[0]][:most] for group in groups.values())):
                verdict = max((verdict for verdict, _ in choice), key=_BY_RANK)
                columns = zip(*(row for _, row in choice), strict=True)
                yield verdict, [{n: x for ns, x in zip(groups.values(), at, strict=True) for n in ns} for at in columns]

    def meanings(self, number: Number, pairs: _Match) -> list[tuple[str, list[float]]]:
        """What a number may stand for, the likeliest first: how well it is written, and what that is at each point."""
        x, unit, here = number.value, 1.1 * number.unit, len(self.points)
        rows = [[x] * here, *([sign * y for y in row] for row in self.quantities for sign in (1, -1))]
        rows += [[round(x * below) / below] * here for below in (3, 6, 7, 9, 11, 12)]  # 0.333 may be 1/3
        fits = [(judged(number.text, row[0]), row) for row in rows if abs(row[0] - x) < unit]
        symbols = [symbol for symbol, text in self.known.values() if text == number.text]
        for symbol in [*symbols, *(symbol for symbol, place, _ in pairs if place is number)]:
            with suppress(ops.DomainError):
                row = [self.values(symbol, point, {})[symbol] for point in self.points]
                fits.append((self.stands(symbol, number), row))
        if not self.stands_for_a_symbol(number):
            fits = [(fit, row) for fit, row in fits if fit == "exact"]
        return sorted(((fit, row) for fit, row in fits if fit), key=lambda pair: pair[0] != "exact")

    @cached_property
    def quantities(self) -> list[tuple[float, ...]]:
        """All that a number may stand for, at each point, and each once."""
        rows: dict[tuple[str, ...], tuple[float, ...]] = {}
        with suppress(ops.DomainError):  # a derivative that does not exist
            for row in islice(zip(*[p.quantities(self.rate, self.trained) for p in self.points], strict=True), EFFORT):
                rows[tuple(f"{x:.9g}" for x in row)] = row
        return list(rows.values())

    def marked_numbers(self, subject: Term, side: Term, pairs: _Match) -> tuple[str, str]:
        if pairs and (not self.formula or self.formula[1]) and all(verdict for _, _, verdict in pairs):
            self.known.update((written(symbol), (symbol, number.text)) for symbol, number, _ in pairs)
            verdict = max((verdict for _, _, verdict in pairs), key=_BY_RANK)
            return verdict, f"each number stands for its symbol{_RIGHT[verdict]}"
        fits: list[_Slip] = []
        for symbol, number, verdict in pairs:
            if not verdict:
                true_number = self.value(symbol)
                kind = _SIGN if judged(number.text, -true_number) else _STANDS
                fits.append(_Slip(kind, 0.0, _INSTEAD, (number.text, f"{written(symbol)} = {true_number:.6g}")))
        value, true, near = self.value(side), self.value(subject), self.spread(side)
        if not fits:
            if math.isclose(value, true, rel_tol=1e-12):
                return "exact", "it is so"
            if near > abs(true) / 2:
                so = f"TOO FEW DIGITS to tell: as written it is {value:.6g}, give or take {near:.1g}"
                return "TOO FEW DIGITS", so
            if abs(value - true) <= near:
                return "CARRIED", "right for the rounded numbers written"
            for slip, place, other in self.repairs(side, pairs):
                with suppress(ops.DomainError):
                    if abs(self.value(side, {place: self.value(other)}) - true) <= near:
                        fits.append(slip)
            fit = lambda x: "exact" if math.isclose(x, value, rel_tol=1e-12) else "near" * (abs(x - value) <= near)
            fits += self.rivals(subject, true, fit, sharp=near <= abs(value) / 100)
        return self.explained(fits, f"as written it gives {value:.6g}, and it is {true:.6g}")

    def matched(self, symbols: Term, numbers: Term) -> _Match | None:
        """Each number with the symbol in whose place it stands, and how well; None where the two are not written alike.

        Neighbours in a sum or a product may be joined in one number, in whatever grouping leaves the fewest wrong.
        """
        if isinstance(numbers, Number):
            return [(symbols, numbers, self.stands(symbols, numbers))]
        if not isinstance(numbers, Call):
            return [] if written(symbols) == written(numbers) else None
        both = [term.op for term in (symbols, numbers) if isinstance(term, Call)]
        op = next((op for op in _NEUTRAL if op in both), numbers.op)
        if op in _NEUTRAL:
            parts, places = ([*_from_the_last(term, op)][::-1] for term in (symbols, numbers))
            parts = [part for part in parts if not _neutral(part, op)] or parts[:1]
        elif isinstance(symbols, Call) and symbols.op is op:
            parts, places = list(symbols.args), list(numbers.args)
        else:
            return None
        spare = [_neutral(place, op) for place in places]
        if not spare.count(False) <= len(parts) <= max(LONG, len(places)):
            return None
        best: dict[int, _Match] = {0: []}  # for so many of the parts, the match with the fewest wrong
        for k, place in enumerate(places):
            end = len(parts) - spare[k + 1 :].count(False)
            longer = [
                (used, match + pairs)
                for start, match in best.items()
                for used, run in enumerate(accumulate(parts[start:end], lambda *args: Call(op, args)), start + 1)
                if used == start + 1 or isinstance(place, Number)
                if (pairs := self.matched(run, place)) is not None
            ]
            longer += best.items() if spare[k] else ()
            best = dict(sorted(longer, key=lambda row: (-[fit for *_, fit in row[1]].count(""), len(row[1]))))
        return best.get(len(parts))

    def stands(self, symbol: Term, number: Number) -> str:
        _, known = self.known.get(written(symbol), (symbol, ""))
        return judged(number.text, self.value(symbol)) or "CARRIED" * (known == number.text)

    def marked_number(self, subject: Term, side: Number, true: float) -> tuple[str, float, str]:
        text, so = side.text, f"it is {true:.{max(6, len(side.text) - 2)}g}"
        verdict = judged(text, true) or "CARRIED" * self.is_carried(text)
        put_in, right = self.put_in or (side, True)
        given = self.value(put_in)
        follows, aside = judged(text, given), f"what is written before gives {given:.6g}"
        digits, fit = len(Decimal(text).as_tuple().digits), partial(judged, text)
        if verdict:
            self.known[written(subject)] = subject, text
            notes = [so + _RIGHT[verdict], *[aside] * (not follows and not right)]
            if digits < 3 and verdict != "exact" and (fits := self.rivals(subject, true, fit, sharp=False)):
                notes.append(f"{digits} digit(s) do not tell it from " + ", ".join({slip.verdict: 0 for slip in fits}))
            return verdict, true, "; ".join(notes)
        if "." in text and not side.value and abs(true) < side.unit:
            return "TOO FEW DIGITS", true, f"TOO FEW DIGITS, {so}"
        fits = self.rivals(subject, true, fit, sharp=digits > 2)
        end = len(text.lower().partition("e")[0])
        longer = (text[:k] + digit + text[k:] for k in range(2, end) for digit in "0123456789")
        if len(text) > 6 and any(judged(number, true) for number in longer):
            fits.append(_Slip("DIGIT LEFT OUT", true))
        if not follows and (right or abs(side.value - given) > self.spread(put_in) + side.unit):
            if right or not fits:
                fits.append(_Slip("ARITHMETIC", true, aside))
            else:
                so = f"{so}; {aside}"
        verdict, because = self.explained(fits, so)
        return verdict, true, because

    def rivals(self, subject: Term, true: float, fit: Callable[[float], str], sharp: bool) -> list[_Slip]:
        """The slips that fit what is written, and not the true number: if any fits exactly, only those.

        STANDS FOR is far-fetched here, for nobody wrote that number: it takes digits that are `sharp`.
        """
        slips = [s for s in self.slips[0].of(subject, true) if not math.isclose(s.number, true, rel_tol=1e-9)]
        fits = [(slip, how) for slip in slips if (how := fit(slip.number))]
        exact = [slip for slip, how in fits if how == "exact"]
        return exact or [slip for slip, _ in fits if sharp or slip.verdict != _STANDS]

    def is_carried(self, text: str) -> bool:
        """Whether it follows from what is right: the numbers put in, or the formula with the numbers written for it."""
        for source in (self.put_in, self.formula):
            if source and source[1]:
                known = {p: float(self.known[key][1]) for p in walk(source[0]) if (key := written(p)) in self.known}
                if judged(text, self.value(source[0], known)):
                    return True
        return False

    def repairs(self, side: Term, pairs: _Match) -> Iterator[_Repair]:
        """The known slips that may make it wrong."""
        labels, slips = self.here.values, self.slips[0]
        places = list(walk(side))
        for place in places if len(places) <= LONG else ():
            if place is not side:
                yield _Slip(_SIGN, 0.0, "of {}", (written(place),)), place, Call(ops.neg, (place,))
            others: list[tuple[str, Term]] = []
            if self.stands_for_a_symbol(place):
                others = [(_STANDS, Name(label)) for label in labels]
                others += [(_STANDS, symbol) for symbol, number, _ in pairs if number is place]
            elif isinstance(place, Quotient):
                others = [(_SWAPPED, Quotient(of, place.by)) for of in _alike(place.of, labels, _letters)]
                others += [(_SWAPPED, Quotient(place.of, by)) for by in _alike(place.by, labels, _letters)]
            elif isinstance(place, Name) and place.label in labels:
                others = [(_SWAPPED, Name(label)) for label in _alike(place.label, labels, _letters)]
                for verdict, partner in ((_PRE, slips.partners[_POST]), (_POST, slips.partners[_PRE])):
                    if labels[place.label] in partner:
                        others.append((verdict, Name(slips.names[partner[labels[place.label]]])))
            for verdict, other in others:
                number = f" = {self.value(other):.6g}" if isinstance(place, Number) else ""
                yield _Slip(verdict, 0.0, _INSTEAD, (written(place), written(other) + number)), place, other

    def renamings(self, side: Term) -> Iterator[_Repair]:
        """Any other name in the place of one."""
        places = list(walk(side))
        for place, label in product(places if len(places) <= LONG else (), self.here.values):
            others: list[Term] = [Name(label)] if isinstance(place, Name) else []
            if isinstance(place, Quotient):
                others = [Quotient(place.of, label), Quotient(label, place.by)]
            for other in others:
                yield _Slip(_OTHER, 0.0, _INSTEAD, (written(place), written(other))), place, other

    def explained(self, fits: Iterable[_Slip], so: str) -> tuple[str, str]:
        """The verdicts that fit, and in a sentence where, and what is so."""
        where: dict[str, dict[str, None]] = {}
        for slip in fits:
            places, said = where.setdefault(slip.verdict, {}), self.slips[0].said(slip)
            if len(places) < 2 and _WHOLE not in places and not any(map(said.startswith, places)):
                places[said] = None
        words = [", ".join(filter(None, (verdict, " or ".join(places)))) for verdict, places in where.items()]
        return ", ".join(where) or "WRONG", "; ".join([*words, so])


def _neutral(term: Term, op: ops.Op) -> bool:
    return isinstance(term, Number) and term.value == _NEUTRAL.get(op)


def _from_the_last(term: Any, op: ops.Op) -> Iterator[Any]:
    """The terms of a sum, or the factors of a product, in whatever brackets."""
    todo = [term]
    while todo:
        part = todo.pop()
        if getattr(part, "op", None) is op:
            todo += part.args
        else:
            yield part


def _stated_rate(sides: Iterable[Term | Unreadable | None]) -> float | None:
    """The factor before the gradient in these updates; where they differ, that of most."""
    rates: Counter[float] = Counter()
    for side in sides:
        if isinstance(side, Call) and side.op in (ops.sub, ops.add):
            step = side.args[1]
            while isinstance(step, Call) and step.op is ops.mul:
                last = step.args[1]
                step = last if isinstance(last, Number) and has_names(step.args[0]) else step.args[0]
            if isinstance(step, Number) and step is not side.args[1]:
                rates[step.value] += 1
    return rates.most_common(1)[0][0] if rates else None
