"""Each claim of a text, judged in order; and again, where it rests on a line below."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from autograd.marking.array_lines import ArrayStatement, outcomes
from autograd.marking.bench import Equation
from autograd.marking.judge import Judge
from autograd.marking.marks import Line, Outcome
from autograd.marking.rests import may_rest_on
from autograd.marking.syntax import (
    ArrayCall,
    ArrayName,
    Call,
    Name,
    Number,
    Quotient,
    Side,
    Statement,
    Unreadable,
    walk,
)
from autograd.marking.verdict import Verdict

PASSES = 3


def marked(judge: Judge, statements: Sequence[Statement | ArrayStatement]) -> Iterator[Line]:
    """Mark the claims of each statement.

    A number may rest on a line below, as in an answer whose lines are in any order. So what is not
    right, and may rest on one, is judged again, when all lines are known, until nothing changes.
    """
    found = [list(_claims(judge, statement)) for statement in statements]
    for k in range(PASSES if len(statements) > 1 else 0):
        if not _judged_again(judge, statements, found, is_first=k == 0):
            break
    for lines in found:
        yield from lines


def _judged_again(
    judge: Judge,
    statements: Sequence[Statement | ArrayStatement],
    found: list[list[Line]],
    is_first: bool,
) -> bool:
    """Judge again what is not right, and return whether anything is better now.

    The first time, as long as nothing is, what no line below bears on is as it was.
    """
    changed = False
    for k, statement in enumerate(statements):
        if not any(map(_is_to_judge_again, found[k])):
            continue
        below = statements[k + 1 :]
        if is_first and not changed and not may_rest_on(judge.bench.board, statement, below):
            continue
        again = list(_claims(judge, statement))
        wrong = {line.number for lines in found for line in lines if line.wrong}
        changed = _keep_better(found[k], again, wrong) or changed
    return changed


def _keep_better(lines: list[Line], again: Sequence[Line], wrong: set[int]) -> bool:
    """Put what is better now in the place of what it was; return whether anything is."""
    changed = False
    for place, (new, old) in enumerate(zip(again, lines, strict=True)):
        if _is_better(new, old, wrong):
            lines[place] = new
            changed = True
    return changed


def _is_to_judge_again(line: Line) -> bool:
    return not line.right and (not line.open or line.verdicts[0] is Verdict.UNSURE)


def _is_better(new: Line, old: Line, wrong: set[int]) -> bool:
    """Whether a claim is right after all, or follows from another line that is still wrong."""
    if old.right or new.right:
        return not old.right
    if old.follows in wrong:
        return False
    return new.follows in wrong and new.follows != new.number


def _claims(judge: Judge, line: Statement | ArrayStatement) -> Iterator[Line]:
    """Yield each claim of a statement, marked."""
    if isinstance(line, ArrayStatement):
        yield from _array_claims(judge, line)
    elif not line.sides:
        outcome = Outcome((Verdict.DEFINED,), None, "; ".join(line.read))
        yield _line(line, Side(line.text, None), None, outcome)
    elif isinstance(unread := line.sides[0].term, Unreadable):
        outcome = Outcome((Verdict(unread.verdict),), None, str(unread))
        yield _line(line, line.sides[0], None, outcome)
    else:
        yield from _sides(judge, line)


def _array_claims(judge: Judge, line: ArrayStatement) -> Iterator[Line]:
    """Yield each claim about whole arrays, marked."""
    found = outcomes(judge.claim, judge.bench.holds, line)
    for k, (statement, outcome) in enumerate(found, 1):
        yield _line(statement, statement.sides[0], statement.sides[k], outcome)


def _sides(judge: Judge, line: Statement) -> Iterator[Line]:
    """Yield what each side of an equation after the first is found to be."""
    left, *claims = line.sides
    subject = left.term
    assert not isinstance(subject, (ArrayName, ArrayCall, Unreadable))
    equation = Equation(subject, line.number) if subject is not None else None
    for k, side in enumerate(claims):
        if equation:
            side = _that_holds(judge, equation, side)
        assert not isinstance(side.term, (ArrayName, ArrayCall))
        result = _first_result(claims[k + 1 :])
        outcome = judge.claim(equation, side.term if equation else None, result)
        yield _line(line, left, side, outcome)


def _that_holds(judge: Judge, equation: Equation, side: Side) -> Side:
    """Return the reading of a side in which it holds, else the first."""
    for other in (side, *side.others) if side.others else ():
        assert not isinstance(other.term, (ArrayName, ArrayCall, Unreadable, type(None)))
        if judge.bench.holds(equation.subject, other.term):
            return other
    return side


def _first_result(sides: Iterable[Side]) -> Number | None:
    """Return the first number that stands alone on a side."""
    return next((side.term for side in sides if isinstance(side.term, Number)), None)


def _line(line: Statement, left: Side, side: Side | None, outcome: Outcome) -> Line:
    """Return the claim that the left side is equal to this one, with what it is found to be."""
    if side and outcome.right and _says_nothing(line, left, side):
        sentence = Verdict.SAYS_NOTHING.sentence
        outcome = Outcome((Verdict.SAYS_NOTHING,), outcome.expected, sentence)
    read = (*line.read, *left.read, *(side.read if side else ()), outcome.read)
    return Line(
        outcome.verdicts,
        outcome.expected,
        outcome.because,
        "; ".join(dict.fromkeys(filter(None, read))),
        outcome.places,
        outcome.follows,
        claim=left.text if side is None else f"{left.text} = {side.text}",
        number=line.number,
        left=left.text,
        side=side.text if side else "",
        sides=(left, side) if side else (),
    )


def _says_nothing(line: Statement, left: Side, side: Side) -> bool:
    """Whether a subject is claimed to be itself, as in x = x, or to be made of itself, as in
    x = 1·x; not where it was read as something else, as δ is, which that defines.
    """
    if _plain(left.text) == _plain(side.text):
        return True
    subject = left.term
    read = line.read or left.read
    if read or not (isinstance(subject, (Name, Quotient)) and isinstance(side.term, Call)):
        return False
    return any(_is_same(x, subject) for x in walk(side.term))


def _is_same(place: object, subject: object) -> bool:
    return type(place) is type(subject) and vars(place) == vars(subject)


def _plain(text: str) -> str:
    return text.replace("∂", "d").replace(" ", "")
