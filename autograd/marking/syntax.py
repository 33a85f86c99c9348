"""What is written, as trees: the terms of a formula, the sides of an equation, the statements
of a board.

A term is one place in what was written, equal only to itself, so that one place can be changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias, TypeVar, overload

from autograd import ops
from autograd.constants import LATEX, recognised
from autograd.formula import Written
from autograd.graph import RAISED
from autograd.notation import TEXT, Notation, Style
from autograd.op import ATOM, POWER, PRODUCT, SUM, Op

T = TypeVar("T")

_LONG = 12  # signs of a number that nobody typed: 0.7071067811865475 is told as 1/√2


@lru_cache(maxsize=4096)
def unit_of(text: str) -> float:
    """Return the unit in the last place of a number as it is written."""
    return float(f"1e{Decimal(text).as_tuple().exponent}")


@lru_cache(maxsize=4096)
def digits_of(text: str) -> int:
    """Return how many digits a number has as it is written, without zeros before them."""
    return len(Decimal(text).as_tuple().digits)


@dataclass(eq=False)
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
        return unit_of(self.text)

    @property
    def digits(self) -> int:
        """How many digits it has, without zeros before them."""
        return digits_of(self.text)


def number(x: float) -> Number:
    """Return a number as a formula has it.

    >>> number(2.0).text, number(0.25).text
    ('2', '0.25')
    """
    return Number(repr(int(x)) if x.is_integer() and abs(x) < 1e15 else repr(x))


@dataclass(eq=False)
class Constant:
    """e, π or pi, where no Value is labelled so."""

    symbol: str
    value: float


@dataclass(eq=False)
class Name:
    """A Value by its label; `updated` is what it is after one step of gradient descent.

    The learning rate, where no line defines it, is Name("η").
    """

    label: str
    updated: bool = False


@dataclass(eq=False)
class Quotient:
    """∂of/∂by over all paths that pass none of the labels in `held`, derived `order` times."""

    of: str
    by: str
    held: tuple[str, ...] = ()
    order: int = 1


@dataclass(eq=False)
class Call:
    """An operation, applied."""

    op: Op
    args: tuple[Term, ...]


@dataclass(eq=False)
class ArrayName:
    """A list or a matrix of Values: their labels, in a tuple for each row."""

    name: str
    labels: tuple[object, ...] = ()


@dataclass(eq=False)
class ArrayCall:
    """An operation on arrays: a key of ARRAY_OPERATIONS, or the name of a row, applied.

    function  what is applied to each element, where it is no row: f'(z), a power of a function
    """

    kind: str
    args: tuple[Tree, ...]
    function: Callable[..., Term] | None = None


Term: TypeAlias = Number | Constant | Name | Quotient | Call
Tree: TypeAlias = Term | ArrayName | ArrayCall
Substitution: TypeAlias = Mapping[Term, Term]  # what stands instead of places in a term

_ROWS = {op.name: op for op in ops.TABLE}
ARRAY_OPERATIONS = {  # how each is written, with a hole for each argument
    "vector": "[{}]",
    "transpose": "{}ᵀ",
    "matmul": "{} @ {}",
    "mul": "{} {}",
    "elementwise": "{} ⊙ {}",
    "outer": "outer({}, {})",
    "diag": "diag({})",
    "rowsum": "rowsum({})",
    "colsum": "colsum({})",
    "sum": "sum({})",
    "mean": "mean({})",
    "softmax": "softmax({})",
    "norm": "‖{}‖",
    "gradient": "∇{}",
    "quotient": "∂{}/∂{}",
    "updated": "{}⁺",
    "row": "{}[{},:]",
    "column": "{}[:,{}]",
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
        if isinstance(place, (Call, ArrayCall)):
            todo += place.args


def inside(tree: Tree, kind: type[T]) -> list[T]:
    """Return what is of one kind in a tree, itself included: its numbers, its names, its calls."""
    return [place for place in walk(tree) if isinstance(place, kind)]


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


@overload
def copied(term: Term) -> Term: ...
@overload
def copied(term: Tree) -> Tree: ...
def copied(term: Tree) -> Tree:
    """Return the term with an object of its own in each place, so that one place can be changed.

    An array has none: each of its elements is made anew where it is read.
    """
    return term if isinstance(term, (ArrayName, ArrayCall)) else replaced(term, {})


def written(tree: Tree, least: int = 0, notation: Notation = TEXT) -> str:
    r"""Return the tree as a message shows it, in brackets if it binds weaker than `least`.

    >>> from autograd import ops
    >>> x = Name("x_1")
    >>> tree = Call(ops.div, (Number("2"), Call(ops.add, (x, Number("-1")))))
    >>> print(written(tree), written(tree, notation=Notation("latex")))
    2/(x_1 + (-1)) \frac{2}{x_1 + \left(-1\right)}
    """
    if isinstance(tree, (Name, Quotient)):
        return _written_symbol(isinstance(tree, Name), tuple(vars(tree).values()), least, notation)
    return _written(tree, least, notation)


@lru_cache(maxsize=4096)
def _written_symbol(is_name: bool, fields: tuple[Any, ...], least: int, notation: Notation) -> str:
    """Return a name or a derivative as it is written: one text for all that are alike."""
    place = Name(*fields) if is_name else Quotient(*fields)
    return f"{_leaf(place, notation):{least}}"


@lru_cache(maxsize=4096)
def _written(tree: Tree, least: int, notation: Notation) -> str:
    if not parts(tree):
        return f"{_leaf(tree, notation):{least}}"
    done: dict[Tree, Written] = {}
    for place in reversed(list(walk(tree))):
        done[place] = _composed(place, done, notation) if parts(place) else _leaf(place, notation)
    return f"{done[tree]:{least}}"


def _leaf(place: Tree, notation: Notation) -> Written:
    if isinstance(place, Number):
        return _number(place.text, notation.style)
    if isinstance(place, Name):
        return _name(place, notation)
    if isinstance(place, Quotient):
        return _quotient(place, notation)
    if isinstance(place, Constant):
        return Written(notation.name(place.symbol), ATOM, notation.style)
    return Written(place.name if isinstance(place, ArrayName) else "[]", ATOM, notation.style)


def _number(text: str, style: Style) -> Written:
    if len(text) > _LONG:
        return _constant(text, style)
    binding = SUM if text.startswith("-") else ATOM
    mantissa, _, power = text.partition("e")
    if style == "latex" and power:
        return Written(rf"{mantissa} \cdot 10^{{{power}}}", min(binding, PRODUCT), style)
    return Written(text, binding, style)


def _constant(text: str, style: Style) -> Written:
    """Return a number of many digits as a person writes it, 1/√2, where it is such a one."""
    minus = "-" if text.startswith("-") else ""
    found = recognised(abs(float(text)), over_names=False)
    above = _times(found.numerator, found.above, style)
    below = _times(found.denominator, found.below, style)
    if below == "1":
        return Written(minus + above if found.above else text, SUM if minus else ATOM, style)
    if style == "latex":
        return Written(rf"{minus}\frac{{{above}}}{{{below}}}", PRODUCT, style)
    divisor = f"({below})" if "·" in below else below
    return Written(f"{minus}{above}/{divisor}", SUM if minus else PRODUCT, style)


def _times(count: float, irrational: str, style: Style) -> str:
    sign = LATEX.get(irrational, "") if style == "latex" else irrational
    if not sign:
        return f"{count:g}"
    dot = r" \cdot " if style == "latex" else "·"
    return sign if count == 1.0 else f"{count:g}{dot}{sign}"


def _name(place: Name, notation: Notation) -> Written:
    if notation.style == "text":
        return Written(place.label + ("⁺" if place.updated else ""), ATOM, "text")
    text = notation.name(place.label)
    if place.updated:
        text = f"{{{text}}}^{{+}}" if "^" in text else f"{text}^{{+}}"
    return Written(text, POWER if "^" in text else ATOM, "latex")


def _quotient(place: Quotient, notation: Notation) -> Written:
    text = notation.derivative(place.of, place.by, place.held)
    if notation.style == "latex":
        return Written(text, PRODUCT, "latex")
    if place.order > 1:
        raised = str(place.order).translate(RAISED)
        above, below = text.split("/", 1)
        text = f"∂{raised}{above[1:]}/{below}{raised}"
    return Written(text, ATOM, "text")


def _composed(place: Tree, done: dict[Tree, Written], notation: Notation) -> Written:
    args = [done[arg] for arg in parts(place)]
    op = _operation(place)
    if op is None:
        assert isinstance(place, ArrayCall)
        return _array(place.kind, [f"{arg:{PRODUCT}}" for arg in args], notation.style)
    form = op.latex
    if notation.style == "text":
        form = op.text.replace("{:^}", "^{:5}")
    return Written(form.format(*args), op.binding, notation.style)


def _operation(place: Tree) -> Op | None:
    """Return the operation of the table that is called; None for one of arrays alone."""
    if isinstance(place, Call):
        return place.op
    if isinstance(place, ArrayCall) and place.kind not in ARRAY_OPERATIONS:
        return _ROWS.get(place.kind)
    return None


def _array(kind: str, args: list[str], style: Style) -> Written:
    if kind == "vector":
        return Written(f"[{', '.join(args)}]", ATOM, style)
    form = ARRAY_OPERATIONS.get(kind) or f"{kind}({', '.join(['{}'] * len(args))})"
    return Written(form.format(*args), PRODUCT, style)


class Unreadable(ValueError):
    """What cannot be marked; `verdict` says why in a word or two, and the message in a sentence.

    tree   what was read all the same: a formula of arrays
    """

    def __init__(self, verdict: str, because: str, tree: Tree | None = None) -> None:
        super().__init__(f"{verdict}, {because}")
        self.verdict = verdict
        self.tree = tree


class Side(NamedTuple):
    """What stands between two equals signs, and how it reads: None where it is blank.

    read     how names were read that may be labels or else
    others   how else it reads
    """

    text: str
    term: Tree | Unreadable | None
    read: tuple[str, ...] = ()
    others: tuple[Side, ...] = ()


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


def has_names(term: Tree | Unreadable | None) -> bool:
    """Whether it is readable, and not of numbers alone."""
    if term is None or isinstance(term, Unreadable):
        return False
    return any(isinstance(place, (Name, Quotient, ArrayName)) for place in walk(term))
