"""check_derivation: a derivation by hand, marked."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from autograd import ops
from autograd.arrays.array import flattened
from autograd.arrays.places import Index, Title, indices, place_of, size
from autograd.marking import reader
from autograd.marking.array_lines import ArrayStatement
from autograd.marking.board import Board, letters
from autograd.marking.claims import marked
from autograd.marking.classes import Classes
from autograd.marking.judge import Judge
from autograd.marking.known import Known
from autograd.marking.labels import arrays_of, in_rows
from autograd.marking.marks import Marks
from autograd.marking.names import labels_of
from autograd.marking.spelling import RATES
from autograd.marking.syntax import (
    Call,
    Name,
    Number,
    Side,
    Statement,
    Term,
    has_names,
)
from autograd.op import Op
from autograd.value import Value


def check_derivation(
    root: Value,
    claims: str | Iterable[str] | Mapping[str, Any],
    names: Mapping[str, Any] | None = None,
) -> Marks:
    """Mark a derivation by hand of `root`'s gradients, as a person types it: lines of the form `… =
    … = …`.

    claims  one string of many lines, a list of lines, or a mapping from left sides to right sides
    names   what the writer calls a Value, a number, a list or a matrix of Values; the Values may
            stand beside `root`, and a label may stand for its Value

    Names are the labels of the Values that `root` depends on (E is `root` where it has none). dA/dB
    is the derivative over all paths. w5+ is w5 after a step of gradient descent, at the rate that
    the lines or `names` state, as in {"η": 0.5}. Each side after the first is a claim. A formula
    must hold at other numbers too. A result may be rounded or cut off at any digit, and a number
    that is put in at its second or a later one; what is given, and a short constant, are written in
    full. A claim with ? or … for a part of it, or with nothing on a side, is open: neither right
    nor wrong; so is what is not understood, and what is claimed of itself. A claim that is not so,
    and follows from a wrong line above, is told to. What is written is never run as Python, and no
    `.grad` is touched. Raises TypeError for what is not a Value, and not text.

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
    labels, called = labels_of(names or {})
    return marks_of(Known(Board(root, labels, "\n".join(lines))), lines, called)


def marks_of(known: Known, lines: Sequence[str], called: Mapping[str, Any]) -> Marks:
    """Mark lines by the formulas of a record, with what the writer calls labels and numbers."""
    board = known.board
    reading = _reader(board, called)
    statements = list(reading.lines(lines))
    stated, trained = _descent(board, statements)
    defined = _defined_rate(reading, called)
    judge = Judge(known, stated if defined is None else defined, trained)
    return Marks(marked(judge, statements), board.moved)


def _lines(claims: str | Iterable[str] | Mapping[str, Any]) -> list[str]:
    if isinstance(claims, str):
        return claims.lstrip("\n").splitlines()  # line 1 is the first that has anything
    if isinstance(claims, Mapping):
        return [f"{left} = {_claimed(right)}" for left, right in claims.items()]
    lines: list[Any] = list(claims) if isinstance(claims, Iterable) else [claims]
    for line in lines:
        if not isinstance(line, str):
            raise TypeError(f"a claim is a string, not {type(line).__name__}")
    return lines


def _claimed(right: Any) -> Any:
    return "" if right is None or right is ... else right


def _reader(board: Board, called: Mapping[str, Any]) -> reader.Reader:
    before, _ = board.partners
    nets = {board.names[out]: board.names[net] for out, net in before.items()}
    nets |= {board.names[out]: f"net of {board.names[out]}" for out in board.unnamed_nets()}
    functions = _own_functions(board)
    said: dict[str, str] = {}
    if board.classes:
        said = board.classes.said
        called = {**_target(board, board.classes), **called}
    root = board.names[board.root]
    return reader.Reader(
        board.labels,
        root=root,
        nets=nets,
        names=called,
        said=said,
        weights=_weights(board),
        functions=functions,
        arrays=_named_arrays(board),
        computed={board.names[v]: v.op for v in board.nodes if v in board.names},
    )


def _weights(board: Board) -> list[str]:
    """Return the names of the matrices of leaves, each before those that are used after it."""
    leaves = {board.names[v]: v for v in board.leaves if v in board.names}
    first: dict[str, int] = {}
    for name, rows in arrays_of(leaves).items():
        if isinstance(rows[0], tuple):
            uses = [board.uses.get(leaves[str(label)], []) for label in flattened(rows)[0]]
            first[name] = min((board.order[v] for nodes in uses for v in nodes), default=0)
    return sorted(first, key=first.__getitem__)


def _target(board: Board, classes: Classes) -> dict[str, list[float]]:
    """Return y as the one-hot vector of the class that a loss takes, where y is no name."""
    if {"y", "y#", "y_#"} & set(map(letters, board.labels)):
        return {}
    return {"y": classes.target}


def _named_arrays(board: Board) -> dict[str, tuple[object, ...]]:
    """Return the labels of the arrays that a network or the user has named, in rows."""
    arrays: dict[Title, dict[Index, str]] = {}
    for v, name in board.names.items():
        place = place_of(v)
        if place is not None:
            arrays.setdefault(place.title, {})[place.at] = name
    return {
        title.name: in_rows([labels[at] for at in indices(title.shape)], title.shape)
        for title, labels in arrays.items()
        if len(labels) == size(title.shape)
    }


def _own_functions(board: Board) -> dict[str, Op]:
    """Return the operations of the record that are no rows of the table, by their names."""
    functions: dict[str, Op] = {}
    for v in board.nodes:
        if v.op not in ops.TABLE and re.fullmatch(r"\w+'*", v.op.name):
            functions.setdefault(v.op.name, v.op)
    return functions


def _descent(
    board: Board, lines: Sequence[Statement | ArrayStatement]
) -> tuple[float | None, list[str]]:
    """Return the learning rate that the lines state, and the labels of the leaves that are
    updated.
    """
    updates = list(_updates(board, lines))
    rate = _stated_rate(side for _, claims in updates for side in claims)
    kinds = {letters(label) for label, _ in updates} or {"w#"}
    return rate, _leaves_called(board, kinds)


def _leaves_called(board: Board, kinds: Collection[str]) -> list[str]:
    """Return the names of the leaves that have such letters."""
    return [name for v, name in board.names.items() if v.op is None and letters(name) in kinds]


def _updates(
    board: Board, lines: Sequence[Statement | ArrayStatement]
) -> Iterator[tuple[str, list[Side]]]:
    """Yield the label of each leaf that a line updates, and what is claimed of it."""
    for line in lines:
        match line.first_sides() if isinstance(line, ArrayStatement) else line.sides:
            case [Side(term=Name(label=label, updated=True)), *claims]:
                if board.values[label].op is None:
                    yield label, claims


def _defined_rate(reading: reader.Reader, called: Mapping[str, Any]) -> float | None:
    """Return what a line, or `names`, says that the learning rate is; None where nothing does."""
    for name in RATES:
        term = reading.names.definition(name)
        if isinstance(term, Number):
            return term.value
        if isinstance(called.get(name), (int, float)):
            return float(called[name])
    return None


def _stated_rate(sides: Iterable[Side]) -> float | None:
    """Return the factor before the gradient in these updates; where they differ, that of most."""
    rates: Counter[float] = Counter()
    for side in sides:
        term = side.term
        if isinstance(term, Call) and term.op in (ops.sub, ops.add):
            rate = _first_number(term.args[1])
            if rate is not None:
                rates[rate] += 1
    return rates.most_common(1)[0][0] if rates else None


def _first_number(step: Term) -> float | None:
    """Return the number at the head of a product, or behind the names in it; None where it is no
    product. What the product is divided by is a part of the gradient; a sum has the number that all
    its terms have.
    """
    if not isinstance(step, Call) or step.op not in (ops.mul, ops.div, ops.add):
        return None
    first, last = step.args
    if step.op is ops.add:
        return _common_number(first, last)
    if step.op is ops.mul and isinstance(last, Number) and has_names(first):
        return last.value
    return first.value if isinstance(first, Number) else _first_number(first)


def _common_number(*terms: Term) -> float | None:
    """Return the number that all terms of a sum have; None where they have others."""
    numbers = {_first_number(term) for term in terms}
    return numbers.pop() if len(numbers) == 1 else None
