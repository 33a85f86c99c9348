"""The equation above a picture of one gradient, whose factors are numbered as its edges are."""

from __future__ import annotations

from typing import NamedTuple

from autograd.derivation import Derivation, Factor, joined_numbers
from autograd.drawing.labels import BLANK, filled
from autograd.graph import Edge
from autograd.notation import Notation

_WIDEST = 130  # characters of products in a line
_WIDEST_WITH_NUMBERS = 90
_MOST_LINES = 20


class Equation(NamedTuple):
    """Its lines, and the number of each edge that is a factor: ①, ②, …"""

    lines: list[str]
    marks: dict[Edge, str]


def equation(derivation: Derivation, notation: Notation) -> Equation:
    """Return the derivation as an equation; a sum over paths is an equation of its own below."""
    title = notation.derivative(*derivation.names[0])
    if not derivation.factors:
        return Equation([f"{title} = {notation.number(derivation.value)}"], {})
    numbering = _Numbering(notation)
    numbering.todo.append((title, _top_terms(derivation)))
    lines: list[str] = []
    for title, terms in numbering.todo:  # which grows
        products = [numbering.product(term) for term in terms]
        lines += _set(title, products, _numbers(terms, notation))
    if len(lines) > _MOST_LINES:
        lines = [*lines[:_MOST_LINES], "…"]
    return Equation(lines, numbering.of_edges)


def _top_terms(derivation: Derivation) -> tuple[Derivation, ...]:
    """Return the terms of a derivative that is a sum over paths; else it is its only one."""
    if len(derivation.factors) == 1 and derivation.factors[0].terms:
        return derivation.factors[0].terms
    return (derivation,)


class _Numbering:
    """Numbers factors as they come; a sum that several terms share has one number.

    todo   the equations to set: a title and the terms of its sum
    """

    def __init__(self, notation: Notation) -> None:
        self.notation = notation
        self.todo: list[tuple[str, tuple[Derivation, ...]]] = []
        self.of_edges: dict[Edge, str] = {}
        self.of_sums: dict[tuple[Derivation, ...], str] = {}

    def product(self, term: Derivation) -> str:
        """Return a term as the product of its numbered factors."""
        quotients = (self.notation.derivative(*factor.name) for factor in term.factors)
        numbers = map(self.number, term.factors)
        return " × ".join(f"{mark} {name}" for mark, name in zip(numbers, quotients, strict=True))

    def number(self, factor: Factor) -> str:
        """Return the number of a factor; a sum that is new has an equation of its own."""
        new = _circled(len(self.of_edges) + len(self.of_sums) + 1)
        if not factor.terms:
            return self.of_edges.setdefault(factor.edges[-1], new)
        if factor.terms not in self.of_sums:
            self.of_sums[factor.terms] = new
            self.todo.append((new, factor.terms))
        return self.of_sums[factor.terms]


def _circled(number: int) -> str:
    return chr(ord("①") + number - 1) if number <= 10 else f"({number})"  # fonts often end with ⑩


def _numbers(terms: tuple[Derivation, ...], notation: Notation) -> str:
    """Return the right side of an equation in numbers."""
    if len(terms) == 1:
        values = joined_numbers(terms[0].factors, " × ", notation)
        total = notation.number(terms[0].value)
    else:
        values = joined_numbers(terms, " + ", notation)
        total = notation.number(sum(term.value for term in terms))
    return f" = {values}" if values == total else f" = {values} = {total}"


def _set(title: str, products: list[str], numbers: str) -> list[str]:
    """Return an equation in lines; what follows the first stands below its right side."""
    first, *others = filled(f"{title} = {' + '.join(products)}", r"(?= [+×] )", _WIDEST)
    indent = BLANK * len(title)
    lines = [first, *(f"{indent} {line}" for line in others)]
    if len(lines[-1] + numbers) <= _WIDEST_WITH_NUMBERS:
        lines[-1] += numbers
    else:
        lines.append(indent + numbers)
    return lines
