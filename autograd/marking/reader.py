"""Read a board: each line an equation in the labels of a record, each side of it a tree.

Nothing that is typed is run.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import product
from typing import Any

from autograd.marking.array_lines import ArrayStatement, in_arrays
from autograd.marking.cursor import is_array
from autograd.marking.equations import LONGEST, Written, equations_of, is_explained
from autograd.marking.index_form import IndexForm
from autograd.marking.indices import StatedIndices, is_recursion, letters_of, stated_indices
from autograd.marking.iterates import without_steps
from autograd.marking.labels import NAME, Rows, layer_of_delta, with_indices
from autograd.marking.names import Names
from autograd.marking.parser import Parser
from autograd.marking.quotients import NeedsIndex
from autograd.marking.sides import (
    cut,
    has_unknown,
    is_derivative,
    mentions_delta,
    of_known,
    other_choices,
    subject_first,
    updated,
)
from autograd.marking.spelling import CONSTANTS, RATE, RATES, plain
from autograd.marking.syntax import (
    ArrayCall,
    ArrayName,
    Constant,
    Name,
    Number,
    Quotient,
    Side,
    Statement,
    Tree,
    Unreadable,
    copied,
    has_names,
    walk,
)
from autograd.marking.tokens import Token, decimal_signs, tokens
from autograd.op import Op

_APPLIED = re.compile(rf"(.+?)\s*\(\s*{NAME.pattern}(?:\s*,\s*{NAME.pattern})*\s*\)")
_AT_NUMBER = re.compile(r"(.+?)\s*\(\s*([-−+]?[\d.,]+)\s*\)")
_DIFFERENCE = re.compile(r"(?<!\w)(\w+)\s?\(([^()]*)\)\s*-\s*\1\s?\(")  # E(w + h) − E(w)
TIME = "t"  # the index of a time step


class Reader:
    """Read what is written in these labels.

    labels      the labels of the Values
    root        the label of what is derived
    nets        the label of the pre-activation of each that has one: what δ is about
    names       what the writer calls labels, numbers, and lists or matrices of labels
    functions   operations of the record by their names
    arrays      the labels of the elements of arrays that have a name, in rows
    computed    the labels of what was computed, each with its operation
    said        what is told where one of these names is read
    weights     the arrays that are matrices of weights, in the order of the layers

    >>> from autograd.marking.syntax import written
    >>> reader = Reader(["E", "w5", "out"])
    >>> [[subject, claim]] = reader.equations(["∂E/∂w₅ = 2out(1 − out)"])
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
        arrays: Mapping[str, Rows] | None = None,
        computed: Mapping[str, Op] | None = None,
        said: Mapping[str, str] | None = None,
        weights: Sequence[str] = (),
    ) -> None:
        self.names = Names(labels, root, nets, names, functions, arrays, computed, said, weights)
        self.decimals = ""
        self.index_form = IndexForm(self.names.labels, root, self.names.nets)

    def equations(self, lines: Iterable[str]) -> list[list[Side]]:
        """Return the sides of each equation, its subject first.

        The subject is alone, and Unreadable, where it cannot be read.
        """
        return [line.sides for line in self.lines(lines) if line.sides]

    def lines(self, lines: Iterable[str]) -> list[Statement | ArrayStatement]:
        """Return each equation that is written; prose is left out.

        A definition of a new name has no sides, unless something more is claimed of it.
        """
        lines = list(lines)
        self.decimals = decimal_signs("\n".join(lines))
        self.define_deltas(lines)
        equations, found = [], []
        for equation in equations_of(lines, self.names):
            equations.append(equation)
            found.append(list(self.line(equation)))
        for k, equation in enumerate(equations):
            if any(map(has_unknown, found[k])) and is_explained(
                equation, equations[k + 1 :], lines
            ):
                found[k] = list(self.line(equation))
        return [in_arrays(statement, self.names) for read in found for statement in read]

    def define_deltas(self, lines: list[str]) -> None:
        """Let each δ that a line says to be a derivative be that, in the lines above it too."""
        for name in self.index_form.define_deltas(lines):
            with suppress(Unreadable):
                tree = self.read(f"∂{self.names.root}/∂{name}", [])
                if tree is not None:
                    self.names.define(f"δ_{name}", tree)
        of_deltas = list(filter(mentions_delta, lines))
        for equation in equations_of(of_deltas, self.names):
            found = self.single_name(equation.sides[0])
            if found and len(equation.sides) > 1 and layer_of_delta(found[0].text) is not None:
                self.define_delta(found[0].text, equation.sides[1])

    def define_delta(self, name: str, side: str) -> None:
        """Let a name be a derivative where it is said to be one."""
        with suppress(Unreadable):
            tree = self.read(side, [])
            if tree is not None and is_derivative(tree):
                self.names.define(name, tree)

    def line(self, equation: Written) -> Iterator[Statement]:
        if len(equation.text) > LONGEST:
            reason = f"an equation has at most {LONGEST} characters, not {len(equation.text)}"
            yield self.unread(equation, Unreadable("REFUSED", reason))
            return
        if len(equation.sides) == 1:
            yield self.unread(equation, Unreadable("NOT READ", "there is no equals sign"))
            return
        try:
            yield from self.with_indices(without_steps(equation, self.names))
        except Unreadable as error:
            yield self.unread(equation, error)

    def unread(self, equation: Written, error: Unreadable) -> Statement:
        return Statement(equation.number, equation.text, [Side(cut(equation.text), error)])

    def with_indices(self, equation: Written) -> Iterator[Statement]:
        """Yield the equation once for all numbers that its one-letter indices have."""
        written_out = self.index_form.lines(equation)
        if written_out:
            yield from (self.element(numbers, written) for numbers, written in written_out)
            return
        equation, stated = stated_indices(equation)
        try:
            yield self.sides(equation, {})
            return
        except NeedsIndex as error:
            missing = error
        letters = letters_of(equation.sides[0])
        lines = list(self.numbered(equation, letters, stated))
        lines = lines or self.family(equation, letters, stated)
        if not lines:
            raise missing
        ends = TIME in letters or is_recursion(equation.text)
        yield from of_known(lines) if ends and not stated.numbers else lines

    def numbered(
        self, equation: Written, letters: str, stated: StatedIndices
    ) -> Iterator[Statement]:
        """Yield the equation for each number of each of these indices that its left side has, or
        that is stated.
        """
        if not 0 < len(letters) <= 3:
            return
        for numbers in product(*(stated.numbers.get(letter, range(10)) for letter in letters)):
            indices = dict(zip(letters, numbers, strict=True))
            if not stated.allow(indices):
                continue
            with suppress(Unreadable):
                yield self.element(indices, equation, indices)

    def family(self, equation: Written, letters: str, stated: StatedIndices) -> list[Statement]:
        """Return what new names with an index are defined as, as in r_i = t_i − y_i; what more is
        claimed of them is claimed of each.
        """
        if len(letters) != 1 or not self.single_name(equation.sides[0]):
            return []
        lines: list[Statement] = []
        for k in range(10):
            with suppress(Unreadable):
                lines += self.member(equation, letters, k)
        return list(self.numbered(equation, letters, stated)) if equation.sides[2:] else lines

    def member(self, equation: Written, letter: str, k: int) -> Iterator[Statement]:
        """Define a name with this number, where it is none yet, and say so."""
        left, right, *_ = equation.sides
        name, notes = with_indices(left, {letter: k}), [f"for {letter} = {k}"]
        found = tokens(right, self.names, notes, self.decimals)
        term = self.tree(Parser(found, self.names, notes, {letter: k})) if found else None
        if term is not None and has_names(term) and self.names.find(name) is None:
            self.names.define(name, term)
            notes.append(f"{name} is taken as a name of your own")
            yield Statement(equation.number, equation.text, [], tuple(notes))

    def element(
        self, said: Mapping[str, int], equation: Written, indices: Mapping[str, int] = {}
    ) -> Statement:
        """Return the equation read, and for which indices it is."""
        line = self.sides(equation, indices)
        numbers = ", ".join(f"{letter} = {k}" for letter, k in said.items())
        return line._replace(read=(f"for {numbers}", *line.read))

    def sides(self, equation: Written, indices: Mapping[str, int]) -> Statement:
        """Return the equation read. Raises Unreadable where its subject is not."""
        notes: list[str] = []
        first, texts = self.subject(equation, notes, indices)
        if indices and isinstance(first.term, Unreadable):
            raise first.term
        sides = subject_first([first, *(self.side(text, notes, indices) for text in texts)])
        if equation.becomes and isinstance(first.term, (Name, ArrayName)):
            notes.append(f"{first.text} on the left is read as its new value")
            sides[0] = Side(first.text, updated(first.term))
        claimed = sides if len(sides) > 1 else []
        return Statement(equation.number, equation.text, claimed, tuple(dict.fromkeys(notes)))

    def subject(
        self, equation: Written, notes: list[str], indices: Mapping[str, int]
    ) -> tuple[Side, list[str]]:
        """Return what something is claimed of, and the texts of the claims."""
        left, *claims = equation.sides
        left = self.without_arguments(left, notes)
        defined = None if indices else self.definition(equation, notes)
        if defined is None:
            side = self.side(left, notes, indices)
            if side.others and self.single_name(left):
                side = side.others[0]._replace(others=())  # dx alone is a derivative
            elif side.others and not is_array(side.term):
                reason = f"the left side may be else: {'; '.join(side.read)}"
                side = Side(side.text, Unreadable("NOT READ", reason))
            return side, claims
        return Side(cut(f"{left} = {claims[0]}"), defined), claims[1:]

    def without_arguments(self, text: str, notes: list[str]) -> str:
        """Return the name of what was computed, or its derivative, without what it is a function
        of, as in L(w) and ∂L/∂w (w).
        """
        found = _APPLIED.fullmatch(plain(text).strip())
        if not found:
            return self.not_at_a_point(text)
        with suppress(Unreadable):
            of = found[1]
            is_name = NAME.fullmatch(of) is not None
            if self.is_computed(of) if is_name else isinstance(self.read(of, []), Quotient):
                notes.append(f"{text} is read as {of}")
                return of
        return text

    def not_at_a_point(self, text: str) -> str:
        """Return the text; Unreadable where a number in brackets stands behind a derivative."""
        found = _AT_NUMBER.fullmatch(plain(text).strip())
        of = None
        with suppress(Unreadable):
            of = self.read(found[1], []) if found else None
        if found and isinstance(of, Quotient):
            reason = f"{text} may be a product or {found[1]} at {found[2]}: write {found[1]} alone"
            raise Unreadable("NOT READ", reason)
        return text

    def is_computed(self, name: str) -> bool:
        return self.names.find(name) in self.names.computed

    def side(self, text: str, notes: list[str], indices: Mapping[str, int]) -> Side:
        """Return a side, with how else it reads where a label may be a function, too."""
        try:
            self.refuse_difference(text)
            found = tokens(text, self.names, notes, self.decimals)
        except Unreadable as error:
            return Side(cut(text), error)
        if found is None:
            return Side(cut(text), None)
        parser = Parser(found, self.names, notes, indices)
        side = self.parsed(text, parser)
        sides = [side]
        for choices in other_choices(len(parser.choices)):
            sides.append(self.parsed(text, Parser(found, self.names, [], indices, choices)))
        readable = [side for side in sides if not isinstance(side.term, Unreadable)]
        return readable[0]._replace(others=tuple(readable[1:])) if readable else side

    def refuse_difference(self, text: str) -> None:
        """Raise Unreadable where a Value is taken at two places, as in (E(w + h) − E(w))/h."""
        for name, at in _DIFFERENCE.findall(plain(text)):
            if re.search("[+-]", at) and name not in at and self.is_computed(name):
                reason = f"what {name} is at {at.strip()} is not computed: a product is written ·"
                raise Unreadable("NOT READ", reason)

    def parsed(self, text: str, parser: Parser) -> Side:
        """Return a side in one reading; NeedsIndex where its indices are not known yet."""
        tree: Tree | Unreadable
        try:
            tree = self.tree(parser)
        except NeedsIndex:
            if not parser.indices:
                raise
            tree = Unreadable("UNKNOWN NAME", "an index has no number")
        except Unreadable as error:
            tree = error
        return Side(cut(text), tree, tuple(dict.fromkeys(parser.choices)))

    def tree(self, parser: Parser) -> Tree:
        tree = parser.side()
        if any(isinstance(place, Quotient) and place.order > 1 for place in walk(tree)):
            raise Unreadable("NOT READ", "second derivatives are not marked", tree)
        return tree

    def read(self, text: str, notes: list[str]) -> Tree | None:
        """Return the tree of one side, None if it has a blank. Raises Unreadable."""
        found = tokens(text, self.names, notes, self.decimals)
        return None if found is None else self.tree(Parser(found, self.names, notes))

    def definition(self, equation: Written, notes: list[str]) -> Tree | None:
        """Return what a new name on the left is defined as; None where it is no new name."""
        left, right = equation.sides[:2]
        name = self.new_name(re.sub(r"\s*\([^()]*\)$", "", left).strip())
        if name is None or self.is_activation(left):
            return None
        term = self.read(right, notes)
        named = self.names.derivative_named(name, of_root=not has_names(term))
        if named:
            self.names.define(name, Quotient(*named))
            notes.append(f"{name} is read as ∂{named[0]}/∂{named[1]}")
            return None
        if term is None or (isinstance(term, Number) and self.is_no_new_name(name)):
            return None
        meant = self.names.derivative_meant(name, isinstance(term, Number))
        if meant and not isinstance(term, (Quotient, ArrayCall)):
            reason = f"nothing is labelled {name}: did you mean {meant}?"
            raise Unreadable("UNKNOWN NAME", reason)
        self.names.define(name, term)
        notes.append(f"{name} is taken as a name of your own, for {right}")
        return copied(term)

    def is_no_new_name(self, name: str) -> bool:
        """Whether a name is a constant's, or near one that is known, and is no learning rate's."""
        return name in CONSTANTS or (name not in RATES and self.names.is_near(name))

    def is_activation(self, text: str) -> bool:
        """Whether it is f(z), of a pre-activation z that has an activation."""
        found = tokens(text, self.names, []) or []
        words = [token.text for token in found]
        return Parser(found[1:], self.names, []).activation(words[0], 0) is not None

    def new_name(self, text: str) -> str | None:
        """Return the name that stands alone in `text` and means nothing yet, or a number."""
        found = self.single_name(text)
        if not found or isinstance(self.names.definition(found[0].text), Number):
            return found[0].text if found else None
        try:
            tree = Parser(found, self.names, []).side()
        except NeedsIndex:
            return None
        except Unreadable as error:
            is_unknown = error.verdict == "UNKNOWN NAME" and " may be " not in str(error)
            return found[0].text if is_unknown else None
        return found[0].text if self.is_rate(tree) or isinstance(tree, Constant) else None

    def is_rate(self, tree: Tree | None) -> bool:
        """Whether it is the learning rate, and no Value of that name."""
        return isinstance(tree, Name) and tree.label == RATE and RATE not in self.names.labels

    def single_name(self, text: str) -> list[Token]:
        """Return the token of a name that stands alone; none where anything else does."""
        if ("/" in text or "\\frac" in text) and not self.names.odd:
            return []
        with suppress(Unreadable):
            found = tokens(text, self.names, []) or []
            return found if [token.kind for token in found] == ["name"] else []
        return []
