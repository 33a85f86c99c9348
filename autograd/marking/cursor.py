"""A place in the tokens of one side, and what is known where it stands."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TypeGuard

from autograd.marking.names import Names
from autograd.marking.syntax import ArrayCall, ArrayName, Call, Term, Tree, Unreadable
from autograd.marking.tokens import Token
from autograd.op import Op

SIGNED = 25  # how strongly the argument of a function without brackets binds
MOST = 600  # names and numbers of one side
END = Token("end", "the end")
CLOSING = {"(": ")", "[": "]", "{": "}", "|": "|", "‖": "‖"}


def is_array(tree: Tree | Unreadable | None) -> TypeGuard[ArrayName | ArrayCall]:
    """Whether it is a list or a matrix."""
    return isinstance(tree, (ArrayName, ArrayCall))


class Cursor:
    """The tokens of one side, read from left to right.

    names     what the names mean
    notes     what was read where reading was a choice is added to these
    indices   the numbers that one-letter indices have
    firsts    for each place where reading is a choice whether the first way is taken: the last of
              these is for all that follow
    choices   what was read there
    """

    def __init__(
        self,
        tokens: Sequence[Token],
        names: Names,
        notes: list[str],
        indices: Mapping[str, int] | None = None,
        firsts: Sequence[bool] = (True,),
    ) -> None:
        self.tokens = tokens
        self.names = names
        self.notes = notes
        self.indices = dict(indices or {})
        self.firsts = firsts
        self.choices: list[str] = []
        self.place = 0
        self.depth = 0
        self.bars = 0  # open ones: there a bar closes
        self.left_to_read = MOST

    @property
    def next(self) -> Token:
        return self.tokens[self.place] if self.place < len(self.tokens) else END

    def ahead(self, count: int) -> Token:
        return self.tokens[self.place + count] if self.place + count < len(self.tokens) else END

    def take(self) -> Token:
        token = self.next
        self.place += 1
        return token

    def accept(self, *signs: str) -> bool:
        if self.next.kind == "sign" and self.next.text in signs:
            self.place += 1
            return True
        return False

    def expect(self, sign: str) -> None:
        if not self.accept(sign):
            raise self.not_read(f"{sign} is missing before {self.next.text}")

    def not_read(self, because: str) -> Unreadable:
        return Unreadable("NOT READ", because)

    def opening(self) -> str:
        """Take an opening bracket, if one stands here, and return what closes it."""
        found = self.next.text
        return CLOSING[found] if self.accept("{", "(") else ""

    def close(self, bracket: str) -> None:
        if bracket:
            self.expect(bracket)

    def bracketed(self) -> list[Tree]:
        """Take a bracket, what stands in it, parted by commas, and the bracket that closes it."""
        opening = self.take().text
        bars, self.bars = self.bars, 0
        items = [self.expression(0)]
        while self.accept(","):
            items.append(self.expression(0))
        self.bars = bars
        self.expect(CLOSING[opening])
        return items

    def whole(self) -> int:
        token = self.take()
        if not re.fullmatch(r"\d{1,4}", token.text):
            raise self.not_read("an index runs over whole numbers")
        return int(token.text)

    def choose(self, first: str, second: str) -> bool:
        """Whether the first of two ways to read is taken here; what is read is kept."""
        is_first = self.firsts[min(len(self.choices), len(self.firsts) - 1)]
        self.choices.append(first if is_first else second)
        return is_first

    def expression(self, least: int) -> Tree:
        """Return what stands here, up to a sign that binds no stronger than `least`."""
        raise NotImplementedError

    def continued(self, left: Tree, least: int) -> Tree:
        """Return an operand with all that follows and binds stronger than `least`."""
        raise NotImplementedError

    def prefix(self) -> Tree:
        """Return the operand that begins here."""
        raise NotImplementedError

    def call(self, op: Op, *args: Tree) -> Tree:
        terms: list[Term] = []
        for arg in args:
            if isinstance(arg, (ArrayName, ArrayCall)):
                return ArrayCall(op.name, args)
            terms.append(arg)
        return Call(op, tuple(terms))
