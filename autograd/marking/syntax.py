"""What is written, as trees: the terms of a formula, the sides of an equation, the statements
of a board.

A term is one place in what was written, equal only to itself, so that one place can be changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import NamedTuple, TypeAlias, overload

from autograd.graph import RAISED
from autograd.notation import TEXT
from autograd.op import POWER, PRODUCT, SUM, Op


@dataclass(eq=False, frozen=True)
class Number:
    """A number with its digits: `text` as Python and Decimal read it, `typed` as it was written.

    >>> Number("0.05", "5 %").value, Number("0.05").unit
    (0.05, 0.01)
    """

    text: str
    typed: str = ""

    @property
    def value(self) -> float:
        return float(self.text)

    @property
    def unit(self) -> float:
        """The unit in the last place."""
        return 10.0 ** int(Decimal(self.text).as_tuple().exponent)

    @property
    def digits(self) -> int:
        """How many digits it has, without zeros before them."""
        return len(Decimal(self.text).as_tuple().digits)


def number(x: float) -> Number:
    """Return a number as a formula has it.

    >>> number(2.0).text, number(0.25).text
    ('2', '0.25')
    """
    return Number(repr(int(x)) if x.is_integer() and abs(x) < 1e15 else repr(x))


@dataclass(eq=False, frozen=True)
class Constant:
    """e, π or pi, where no Value is labelled so."""

    symbol: str
    value: float


@dataclass(eq=False, frozen=True)
class Name:
    """A Value by its label; `updated` is what it is after one step of gradient descent.

    The learning rate, where no line defines it, is Name("η").
    """

    label: str
    updated: bool = False


@dataclass(eq=False, frozen=True)
class Quotient:
    """∂of/∂by over all paths that pass none of the labels in `held`, derived `order` times."""

    of: str
    by: str
    held: tuple[str, ...] = ()
    order: int = 1


@dataclass(eq=False, frozen=True)
class Call:
    """An operation, applied."""

    op: Op
    args: tuple[Term, ...]


@dataclass(eq=False, frozen=True)
class ArrayName:
    """A list or a matrix of Values: their labels, in a tuple for each row."""

    name: str
    labels: tuple[object, ...] = ()


@dataclass(eq=False, frozen=True)
class ArrayCall:
    """An operation on arrays: a key of ARRAY_OPERATIONS, or the name of a row, applied."""

    kind: str
    args: tuple[Tree, ...]


Term: TypeAlias = Number | Constant | Name | Quotient | Call
Tree: TypeAlias = Term | ArrayName | ArrayCall
Substitution: TypeAlias = Mapping[Term, Term]  # what stands instead of places in a term

ARRAY_OPERATIONS = {  # how each is written, with a hole for each argument
    "vector": "[{}]",
    "transpose": "{}ᵀ",
    "matmul": "{} @ {}",
    "elementwise": "{} ⊙ {}",
    "outer": "outer({}, {})",
    "diag": "diag({})",
    "rowsum": "rowsum({})",
    "softmax": "softmax({})",
    "norm": "‖{}‖",
    "gradient": "∇{}",
    "quotient": "∂{}/∂{}",
}


def parts(tree: Tree) -> tuple[Tree, ...]:
    """Return the arguments of a tree; none where it is not applied to any."""
    return tree.args if isinstance(tree, (Call, ArrayCall)) else ()


@overload
def walk(tree: Term) -> Iterator[Term]: ...
@overload
def walk(tree: Tree) -> Iterator[Tree]: ...
def walk(tree: Tree) -> Iterator[Tree]:
    """Yield the tree and all inside it, each after what it is an argument of."""
    todo = [tree]
    while todo:
        place = todo.pop()
        yield place
        todo += parts(place)


def size(term: Term) -> int:
    """Return how many places the term has; it may be kept as a graph, with far fewer objects."""
    sizes: dict[Term, int] = {}
    todo = [term]
    while todo:
        args = todo[-1].args if isinstance(todo[-1], Call) else ()
        missing = [arg for arg in args if arg not in sizes]
        todo += missing
        if not missing:
            sizes[todo.pop()] = 1 + sum(sizes[arg] for arg in args)
    return sizes[term]


def replaced(term: Term, instead: Substitution) -> Term:
    """Return the term with other terms in some places, and an object of its own in each other one.

    >>> from autograd import ops
    >>> x = Name("x")
    >>> written(replaced(Call(ops.neg, (x,)), {x: Name("y")}))
    '−y'
    """
    done: list[Term] = []
    for place in reversed(list(walk(term))):
        args: tuple[Term, ...] = ()
        if isinstance(place, Call):
            args = tuple(done[-len(place.args) :])
            del done[-len(place.args) :]
        if place in instead:
            done.append(instead[place])
        elif isinstance(place, Call):
            done.append(Call(place.op, args))
        else:
            done.append(replace(place))
    return done[0]


def copied(term: Term) -> Term:
    """Return the term with an object of its own in each place, so that one place can be changed."""
    return replaced(term, {})


def written(tree: Tree, least: int = 0) -> str:
    """Return the tree as a message shows it, in brackets if it binds weaker than `least`.

    >>> from autograd import ops
    >>> x = Name("x")
    >>> written(Call(ops.mul, (Number("2"), Call(ops.add, (x, Number("-1"))))))
    '2·(x + (-1))'
    """
    done: dict[Tree, tuple[str, int]] = {}
    for place in reversed(list(walk(tree))):
        done[place] = _composed(place, done) if parts(place) else _leaf(place)
    return _bracketed(*done[tree], least)


def _bracketed(text: str, binding: int, least: int) -> str:
    return f"({text})" if binding < least else text


def _leaf(place: Tree) -> tuple[str, int]:
    if isinstance(place, Number):
        return place.text, SUM if place.text.startswith("-") else POWER + 1
    if isinstance(place, Name):
        return place.label + ("⁺" if place.updated else ""), POWER + 1
    if isinstance(place, Constant):
        return place.symbol, POWER + 1
    if isinstance(place, Quotient):
        return _quotient(place), POWER + 1
    return place.name if isinstance(place, ArrayName) else "[]", POWER + 1


def _quotient(place: Quotient) -> str:
    text = TEXT.derivative(place.of, place.by, place.held)
    if place.order == 1:
        return text
    raised = str(place.order).translate(RAISED)
    above, below = text.split("/", 1)
    return f"∂{raised}{above[1:]}/{below}{raised}"


def _composed(place: Tree, done: dict[Tree, tuple[str, int]]) -> tuple[str, int]:
    args = [done[arg] for arg in parts(place)]
    if isinstance(place, ArrayCall):
        texts = [_bracketed(*arg, PRODUCT) for arg in args]
        if place.kind == "vector":
            return f"[{', '.join(texts)}]", POWER + 1
        form = ARRAY_OPERATIONS.get(place.kind) or f"{place.kind}({', '.join(['{}'] * len(texts))})"
        return form.format(*texts), PRODUCT
    assert isinstance(place, Call)
    waiting = iter(args)
    form = place.op.text.replace("{:^}", "^{:5}")
    text = re.sub(r"\{:(\d)\}", lambda hole: _bracketed(*next(waiting), int(hole[1])), form)
    return text, place.op.binding


class Unreadable(ValueError):
    """What cannot be marked; `verdict` says why in a word or two, and the message in a sentence.

    tree   what was read all the same: a formula of arrays
    """

    def __init__(self, verdict: str, because: str, tree: Tree | None = None) -> None:
        super().__init__(f"{verdict}, {because}")
        self.verdict = verdict
        self.tree = tree


class Side(NamedTuple):
    """What stands between two equals signs, and how it reads: None where it is blank."""

    text: str
    term: Term | Unreadable | None


class Statement(NamedTuple):
    """An equation of a board, its subject first, or a definition, which has no sides.

    number   the number of the line on which it begins, from 1
    text     that line
    sides    the subject, then each claim; one Unreadable alone where nothing can be claimed of it
    read     what was read where reading was a choice, a sentence each
    """

    number: int
    text: str
    sides: list[Side]
    read: tuple[str, ...] = ()


def has_names(term: Term | Unreadable | None) -> bool:
    """Whether it is readable, and not of numbers alone."""
    if term is None or isinstance(term, Unreadable):
        return False
    return any(isinstance(place, (Name, Quotient)) for place in walk(term))
