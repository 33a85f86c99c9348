"""Reads a board: each line an equation in the labels of a record, each side of it a tree.

Nothing that is typed is run.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import Any

from autograd.marking.applied import copied
from autograd.marking.boards import LONGEST, Written, equations_of
from autograd.marking.names import Names, index_letters
from autograd.marking.parser import Parser
from autograd.marking.quotients import NeedsIndex
from autograd.marking.spelling import RATES
from autograd.marking.syntax import (
    ArrayCall,
    ArrayName,
    Line,
    Name,
    Number,
    Quotient,
    Side,
    Term,
    Unreadable,
    has_names,
)
from autograd.marking.tokens import tokens
from autograd.op import Op

COMBINATIONS = 400  # of the numbers that one-letter indices may have


class Reader:
    """Reads what is written in these labels.

    labels      the labels of the Values
    root        the label of what is derived
    nets        the label of the pre-activation of each that has one: what δ is about
    names       what the writer calls labels, numbers, and lists or matrices of labels
    functions   operations of the record by their names

    >>> from autograd.marking.syntax import written
    >>> [[subject, claim]] = Reader(["E", "w5", "out"]).equations(["∂E/∂w₅ = 2out(1 − out)"])
    >>> written(subject.term), written(claim.term)
    ('∂E/∂w5', '2·out·(1 − out)')
    """

    def __init__(
        self,
        labels: Iterable[str],
        *,
        root: str = "E",
        nets: Mapping[str, str] | None = None,
        names: Mapping[str, Any] | None = None,
        functions: Mapping[str, Op] | None = None,
    ) -> None:
        self.names = Names(labels, root, nets, names, functions)

    def equations(self, lines: Iterable[str]) -> list[list[Side]]:
        """Return the sides of each equation, its subject first: alone, and Unreadable, where it cannot be read."""
        return [line.sides for line in self.lines(lines) if line.sides]

    def lines(self, lines: Iterable[str]) -> list[Line]:
        """Return each equation that is written; prose is left out.

        A definition of a new name has no sides, unless something more is claimed of it.
        """
        found: list[Line] = []
        for equation in equations_of(lines, self.names):
            found += self.line(equation)
        return found

    def line(self, equation: Written) -> Iterator[Line]:
        if len(equation.text) > LONGEST:
            reason = f"an equation has at most {LONGEST} characters, not {len(equation.text)}"
            yield self.unread(equation, Unreadable("REFUSED", reason))
            return
        if len(equation.sides) == 1:
            yield self.unread(equation, Unreadable("NOT READ", "there is no equals sign"))
            return
        try:
            yield from self.with_indices(equation)
        except Unreadable as error:
            yield self.unread(equation, error)

    def unread(self, equation: Written, error: Unreadable) -> Line:
        return Line(equation.number, equation.text, [Side(_cut(equation.text), error)])

    def with_indices(self, equation: Written) -> Iterator[Line]:
        """Yield the equation once for all numbers that its one-letter indices have."""
        try:
            yield self.sides(equation, {})
            return
        except NeedsIndex as error:
            letters = _letters(equation.sides[0])
            if not letters or len(letters) > 3:
                raise
            missing = error
        count = 0
        for numbers in product(range(10), repeat=len(letters)):
            indices = dict(zip(letters, numbers, strict=True))
            try:
                line = self.sides(equation, indices)
            except Unreadable:
                continue
            count += 1
            if count <= COMBINATIONS:
                said = ", ".join(f"{letter} = {k}" for letter, k in indices.items())
                yield line._replace(read=(f"for {said}", *line.read))
        if not count:
            raise missing

    def sides(self, equation: Written, indices: Mapping[str, int]) -> Line:
        """Return the equation read. Unreadable where its subject is not."""
        notes: list[str] = []
        texts = list(equation.sides)
        defined = None if indices else self.definition(equation, notes)
        if defined is not None:
            texts = [f"{texts[0]} = {texts[1]}", *texts[2:]]
            first = Side(_cut(texts[0]), defined)
            if len(texts) == 1:
                return Line(equation.number, equation.text, [], tuple(notes))
        else:
            first = self.side(texts[0], notes, indices)
        rest = [self.side(text, notes, indices) for text in texts[1:]]
        sides = [first, *rest]
        if not has_names(first.term) and has_names(sides[-1].term):
            sides = sides[::-1]
        elif isinstance(first.term, Unreadable):
            raise first.term
        if equation.becomes and isinstance(first.term, Name):
            notes.append(f"{first.term.label} on the left is read as its new value")
            sides[0] = Side(first.text, Name(first.term.label, updated=True))
        return Line(equation.number, equation.text, sides, tuple(dict.fromkeys(notes)))

    def side(self, text: str, notes: list[str], indices: Mapping[str, int]) -> Side:
        try:
            return Side(_cut(text), self.read(text, notes, indices))
        except NeedsIndex:
            if not indices:
                raise
            return Side(_cut(text), Unreadable("UNKNOWN NAME", "an index has no number"))
        except Unreadable as error:
            return Side(_cut(text), error)

    def read(self, text: str, notes: list[str], indices: Mapping[str, int] | None = None) -> Term | None:
        """Return the tree of one side, None if it has a blank. Unreadable where it cannot be read."""
        found = tokens(text, self.names, notes)
        if found is None:
            return None
        tree = Parser(found, self.names, notes, indices).side()
        if isinstance(tree, (ArrayName, ArrayCall)):
            raise Unreadable("NOT READ", "vectors and matrices are not marked: write it for one entry", tree)
        if isinstance(tree, Quotient) and tree.order > 1:
            raise Unreadable("NOT READ", "second derivatives are not marked", tree)
        return tree

    def definition(self, equation: Written, notes: list[str]) -> Term | None:
        """Return what a new name on the left is defined as; None where it is no new name."""
        name = re.sub(r"\s*\(.*\)$", "", equation.sides[0]).strip()
        found = self.new_name(name)
        if found is None:
            return None
        term = self.read(equation.sides[1], notes)
        if term is None or (isinstance(term, Number) and self.names.is_near(found) and found not in RATES):
            return None
        self.names.defined[found] = term
        notes.append(f"{found} is taken as a name of your own, for {equation.sides[1].strip()}")
        copy: Term = copied(term)
        return copy

    def new_name(self, text: str) -> str | None:
        """Return the name that stands alone in `text` and means nothing yet; None where there is none."""
        found = None
        try:
            found = tokens(text, self.names, [])
            if found is None or len(found) != 1 or found[0].kind != "name":
                return None
            name = found[0].text
            known = self.names.defined.get(name)
            if isinstance(known, Number) or (name in RATES and self.names.find(name) is None):
                return name
            Parser(found, self.names, []).side()
        except NeedsIndex:
            return None
        except Unreadable as error:
            if error.verdict == "UNKNOWN NAME" and found and " may be " not in str(error):
                return found[0].text
        return None


def _letters(text: str) -> str:
    """Return the one-letter indices of the names in a text, in their order."""
    names = re.findall(r"[^\W_]+_\{?[\w,]+\}?|[^\W_]+[ᵢⱼₖₗₘₙ]+", text)
    return "".join(dict.fromkeys("".join(map(index_letters, names))))


def _cut(line: str) -> str:
    return line if len(line) <= 100 else line[:99] + "…"
