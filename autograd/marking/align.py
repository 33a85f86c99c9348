"""Numbers held beside the formula into which they were put: each to the symbol in its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import NamedTuple

from autograd import ops
from autograd.marking.known import LONG
from autograd.marking.simplifying import ONE
from autograd.marking.syntax import Call, Number, Term, written
from autograd.marking.terms import NEUTRAL, flat, neutral
from autograd.marking.verdict import Verdict
from autograd.op import Op


class Pair(NamedTuple):
    """A symbol, the number in its place, and how well that stands there: None where it does not."""

    symbol: Term
    number: Number
    verdict: Verdict | None


Stands = Callable[[Term, Number], Verdict | None]
Match = list[Pair]


def matched(symbols: Term, numbers: Term, stands: Stands) -> Match | None:
    """Return each number with its symbol; None where the two are not written alike.

    Neighbours in a sum or a product may be joined in one number, in whatever grouping leaves the
    fewest wrong.
    """
    if isinstance(numbers, Number):
        return [Pair(symbols, numbers, stands(symbols, numbers))]
    if not isinstance(numbers, Call):
        return [] if written(symbols) == written(numbers) else None
    symbols = _as_quotient(symbols) if numbers.op is ops.div else symbols
    op = _joining(symbols, numbers)
    if op is not None:
        return _neighbours(symbols, numbers, op, stands)
    if not (isinstance(symbols, Call) and symbols.op is numbers.op):
        return None
    return _arguments(symbols, numbers, stands)


def _as_quotient(term: Term) -> Term:
    """Return a sigmoid as it is spelled out, 1/(1 + e^−x); any other term as it is."""
    if isinstance(term, Call) and term.op is ops.sigmoid:
        return _spelled_out(term.args[0])
    return term


def _spelled_out(x: Term) -> Call:
    """Return σ(x) as 1/(1 + e^(−x))."""
    below = Call(ops.add, (ONE, Call(ops.exp, (Call(ops.neg, (x,)),))))
    return Call(ops.div, (ONE, below))


def _joining(*terms: Term) -> Op | None:
    """Return the sum or the product that one of these is; None where none is."""
    ops_of = [term.op for term in terms if isinstance(term, Call)]
    return next((op for op in NEUTRAL if op in ops_of), None)


def _arguments(symbols: Call, numbers: Call, stands: Stands) -> Match | None:
    match: Match = []
    for symbol, place in zip(symbols.args, numbers.args, strict=True):
        pairs = matched(symbol, place, stands)
        if pairs is None:
            return None
        match += pairs
    return match


def _factors(term: Term, op: Op) -> list[Term]:
    """Return the parts of a sum or a product; the sign of a whole product goes to its first factor.

    What a product is divided by is a factor too: one over it.
    """
    if op is not ops.mul or not isinstance(term, Call):
        return flat(term, op)
    if term.op is ops.neg:
        first, *rest = flat(term.args[0], op)
        return [Call(ops.neg, (first,)), *rest] if rest else [term]
    factors: list[Term] = []
    for part in flat(term, op):
        if isinstance(part, Call) and part.op is ops.div and part.args[0] is not ONE:
            factors += [*_factors(part.args[0], op), Call(ops.div, (ONE, part.args[1]))]
        else:
            factors.append(part)
    return factors


def _without_neutral(parts: list[Term], op: Op) -> list[Term]:
    """Return the parts that change a sum or a product; of none, the first."""
    return [part for part in parts if not neutral(part, op)] or parts[:1]


def _neighbours(symbols: Term, numbers: Term, op: Op, stands: Stands) -> Match | None:
    """Match the parts of a sum or a product with its places, in order, with the fewest wrong."""
    parts, places = _without_neutral(_factors(symbols, op), op), _factors(numbers, op)
    spare = [neutral(place, op) for place in places]
    if not spare.count(False) <= len(parts) <= max(LONG, len(places)):
        return None
    best: dict[int, Match] = {0: []}  # for so many of the parts, the match with the fewest wrong
    for k, place in enumerate(places):
        end = len(parts) - spare[k + 1 :].count(False)
        hides = any(spare) and _is_zero(place)  # what the number beside that 0 stands for
        may_join = isinstance(place, Number) and not hides
        longer = list(_longer(best, parts[:end], place, op if may_join else None, stands))
        if spare[k]:
            longer += best.items()
        best = dict(sorted(longer, key=_worst_first))
    return best.get(len(parts))


def _longer(
    best: dict[int, Match], parts: list[Term], place: Term, joining: Op | None, stands: Stands
) -> Iterator[tuple[int, Match]]:
    """Yield each match with one place more, and how many of the parts it has then."""
    for start, match in best.items():
        for used, run in enumerate(_runs(parts[start:], joining), start + 1):
            pairs = matched(run, place, stands)
            if pairs is not None:
                yield used, match + pairs


def _runs(parts: list[Term], joining: Op | None) -> Iterator[Term]:
    """Yield the first part, the first two joined, and on; the first alone where none may be."""
    if joining is None:
        return iter(parts[:1])
    return accumulate(parts, lambda *args: Call(joining, args))


def _is_zero(place: Term) -> bool:
    return isinstance(place, Number) and place.value == 0.0


def _worst_first(row: tuple[int, Match]) -> tuple[int, int]:
    wrong = sum(1 for pair in row[1] if pair.verdict is None)
    return -wrong, len(row[1])
