"""Small questions about the sides of an equation that were read."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from autograd.marking.syntax import (
    ArrayCall,
    ArrayName,
    Name,
    Quotient,
    Side,
    Statement,
    Tree,
    Unreadable,
    has_names,
)

MOST_CHOICES = 3  # on one side: of more, all are taken alike


def mentions_delta(line: str) -> bool:
    """Whether a δ stands in a line."""
    return "δ" in line or "\\delta" in line


def other_choices(count: int) -> Iterator[tuple[bool, ...]]:
    """Yield what else may be chosen than the first meaning each time; of many choices, once."""
    for firsts in product((True, False), repeat=count if count <= MOST_CHOICES else 1):
        if not all(firsts):
            yield firsts


def updated(tree: Name | ArrayName) -> Tree:
    """Return what a name means after a step of gradient descent."""
    if isinstance(tree, ArrayName):
        return ArrayCall("updated", (tree,))
    return Name(tree.label, updated=True)


def is_derivative(tree: Tree) -> bool:
    """Whether a tree is one quotient, of Values or of whole arrays."""
    if isinstance(tree, ArrayCall):
        return tree.kind == "quotient"
    return isinstance(tree, Quotient)


def subject_first(sides: list[Side]) -> list[Side]:
    """Return the sides the other way round where the last is what something is claimed of.

    Raises Unreadable where the first one is, and cannot be read.
    """
    first, last = sides[0].term, sides[-1].term
    if not has_names(first) and has_names(last):
        return sides[::-1]
    if isinstance(first, Unreadable):
        raise first
    return sides


def of_known(lines: list[Statement]) -> list[Statement]:
    """Return those of which every name exists, if any: a recursion ends at the last one."""
    return [line for line in lines if not has_unknown(line)] or lines


def has_unknown(line: Statement) -> bool:
    """Whether a name in an equation stands for nothing that is known."""
    return any(map(is_unknown, line.sides))


def is_unknown(side: Side) -> bool:
    """Whether a name on a side stands for nothing that is known."""
    return isinstance(side.term, Unreadable) and side.term.verdict == "UNKNOWN NAME"


def cut(line: str) -> str:
    """Return a line, or its beginning where it is long."""
    return line if len(line) <= 100 else line[:99] + "…"
