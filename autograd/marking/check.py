"""check_derivation: a derivation by hand, marked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from autograd import ops
from autograd.marking.judge import Judge
from autograd.marking.marks import Line, Marks
from autograd.marking.points import Board, letters
from autograd.marking.syntax import Call, Name, Number, Side, Term, Unreadable, has_names
from autograd.marking.verdict import Verdict
from autograd.reading import Reader
from autograd.value import Value


def check_derivation(root: Value, claims: str | Iterable[str] | Mapping[str, Any]) -> Marks:
    """Mark a derivation by hand of `root`'s gradients, as a person types it: lines of the form `… = … = …`.

    claims  one string of many lines, a list of lines, or a mapping from left sides to right sides

    Names are the labels of the Values that `root` depends on (E is `root` where it has none). dA/dB is the
    derivative over all paths. w5+ is w5 after a step of gradient descent, at the rate that the lines state. Each
    side after the first is a claim. A formula must hold at other numbers too; a number may be rounded or cut off at
    any digit. A claim with ? or … for a part of it, or with nothing on a side, is open: neither right nor wrong. What
    is written is never run as Python, and no `.grad` is touched. Raises TypeError for what is not a Value, and not
    text.

    >>> w, x = Value(0.4, label="w"), Value(0.5933, label="x")
    >>> print(check_derivation((1 - w * x) ** 2, "dE/dw = -2*(1 - w*x)*x = -0.90 = 0.905"))
    the first slip is in line 1: dE/dw = 0.905
    right  dE/dw = -2*(1 - w*x)*x: the formula holds, at other numbers too
    right  dE/dw = -0.90: it is -0.904996, rounded
    WRONG  dE/dw = 0.905: SIGN, of the whole; it is -0.904996
    """
    if not isinstance(root, Value):
        raise TypeError(f"check_derivation takes a Value, not {type(root).__name__}")
    lines = _lines(claims)
    board = Board(root, text="\n".join(lines))
    equations = Reader(board.labels).equations(lines)
    return Marks(_marked(board, equations), board.moved)


def _lines(claims: str | Iterable[str] | Mapping[str, Any]) -> list[str]:
    if isinstance(claims, str):
        claims = claims.splitlines()
    elif isinstance(claims, Mapping):
        claims = [f"{left} = {'' if right is None or right is ... else right}" for left, right in claims.items()]
    lines: list[Any] = list(claims) if isinstance(claims, Iterable) else [claims]
    for line in lines:
        if not isinstance(line, str):
            raise TypeError(f"a claim is a string, not {type(line).__name__}")
    return lines


def _marked(board: Board, equations: Sequence[Sequence[Side]]) -> Iterator[Line]:
    rate, trained = _descent(board, equations)
    judge = Judge(board, rate, trained)
    for number, ((left, subject), *claims) in enumerate(equations, 1):
        if isinstance(subject, Unreadable):
            verdict = Verdict(subject.verdict)
            yield Line(left, str(verdict), None, str(subject), number, left, "", (verdict,))
            continue
        equation = judge.equation(subject, number) if subject is not None else None
        for text, side in claims:
            outcome = judge.claim(equation, side if subject is not None else None)
            yield Line(
                f"{left} = {text}",
                ", ".join(map(str, outcome.verdicts)),
                outcome.expected,
                outcome.because,
                number,
                left,
                text,
                outcome.verdicts,
                outcome.read,
                outcome.places,
                outcome.follows,
            )


def _descent(board: Board, equations: Sequence[Sequence[Side]]) -> tuple[float | None, list[str]]:
    """Return the learning rate that the lines state, and the labels of the leaves that are updated."""
    updates = [
        (subject.label, claims)
        for (_, subject), *claims in equations
        if isinstance(subject, Name) and subject.updated and board.values[subject.label].op is None
    ]
    rate = _stated_rate(side.term for _, claims in updates for side in claims)
    kinds = {letters(label) for label, _ in updates} or {"w#"}
    return rate, [board.names[v] for v in board.leaves if v in board.names and letters(board.names[v]) in kinds]


def _stated_rate(sides: Iterable[Term | Unreadable | None]) -> float | None:
    """Return the factor before the gradient in these updates; where they differ, that of most."""
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
