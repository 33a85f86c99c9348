"""Sums and products over an index: Σ_k p_k, ∏_{t=2}^{3} ∂h_t/∂h_{t−1}."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import reduce

from autograd import ops
from autograd.marking.calls import Calls
from autograd.marking.cursor import CLOSING, is_array
from autograd.marking.labels import INDICES, index_letters, key
from autograd.marking.spelling import FROM_RAISED
from autograd.marking.syntax import ArrayCall, Tree, Unreadable
from autograd.marking.tokens import Token
from autograd.op import Op

SUM = 10  # how strongly a plus binds
_BETWEEN = ("<", ">", "≠", ",")  # what stands between two indices below a Σ
_OPEN = 10**6  # the last number of an index whose end is not told


class Sums(Calls):
    """Read sums and products over an index, beside what `Calls` reads."""

    goes_on = False  # whether the body of the last Σ has terms that stand behind it

    def operation(self, meaning: Op | str, left: Tree, right: Tree) -> Tree:
        """Return an operation on two operands."""
        raise NotImplementedError

    def read_infix(self, left: Tree) -> Tree:
        """Return an operand with the sign and the operand that follow."""
        raise NotImplementedError

    def sum_over(self) -> Tree:
        """Σ over an index: the body is read once for each of its numbers."""
        start = self.place
        self.take()
        pair = self.pair_below()
        if pair:
            return self.over_pair(start, *pair)
        letters = [] if self.next.text == "_" else self.letters_below()
        if self.next.text != "_" and not letters:
            return self.sum_of_elements()
        letter, first, last = (letters[0], 0, _OPEN) if letters else self.index_range()
        return self.over_range(ops.add, letter, first, last)

    def pair_below(self) -> tuple[str, str, str] | None:
        """Take the two indices below a Σ, as in Σ_{i<j}, and the sign between them; None where
        there are none.
        """
        below = [self.ahead(k).text for k in range(6)]
        if below[:2] != ["_", "{"] or below[5] != "}" or below[3] not in _BETWEEN:
            return None
        self.place += 6
        return below[2], below[3], below[4]

    def over_pair(self, start: int, first: str, sign: str, second: str) -> Tree:
        """Return the sum over two indices, or over that of them which has no number yet.

        start   where the Σ stands: it is read again for each number of the smaller index
        """
        low, high = (second, first) if sign == ">" else (first, second)
        below, above = self.number_of(low), self.number_of(high)
        if below is None and above is None:
            self.place = start
            return self.over_index(ops.add, low, range(100), is_open=True)
        letter, k = (high, below) if above is None else (low, above)
        if k is None or letter.isdecimal():
            raise self.not_read(f"{letter} is an index already")
        numbers = _beside(k, sign, is_above=letter == high)
        return self.over_index(ops.add, letter, numbers, is_open=True)

    def number_of(self, index: str) -> int | None:
        """Return the number that stands below a Σ, or that a letter there has."""
        return int(index) if index.isdecimal() else self.indices.get(index)

    def product_over(self) -> Tree:
        """∏ over an index with a range, as in ∏_{t=2}^{3} ∂h_t/∂h_{t−1}."""
        self.take()
        letter, first, last = self.index_range()
        if last == _OPEN:
            raise self.not_read("∏ needs the range of its index, as in ∏_{t=2}^{3}")
        return self.over_range(ops.mul, letter, first, last)

    def over_range(self, op: Op, letter: str, first: int, last: int) -> Tree:
        """Return the sum, or the product, of what follows for each number in a range."""
        numbers = range(first, min(last, first + 99) + 1)
        return self.over_index(op, letter, numbers, is_open=last > first + 99)

    def over_index(self, op: Op, letter: str, numbers: Iterable[int], is_open: bool) -> Tree:
        """Return the sum, or the product, of what follows for each number of an index; as far as
        there are names, where the end is open.
        """
        if letter in self.indices:
            raise self.not_read(f"{letter} is an index already")
        notes, self.goes_on = list(self.notes), False
        start = self.place
        terms = self.summed(letter, numbers, is_open)
        if is_open:
            self.refuse_without(letter, start)
        self.notes[:] = notes
        if self.goes_on:
            self.notes.append(f"Σ over {letter} is read to go over all that has this index")
        if is_open:
            self.notes.append(f"Σ over {letter} goes as far as there are names")
        return reduce(lambda *args: self.operation(op, *args), terms)

    def refuse_without(self, letter: str, start: int) -> None:
        """Raise Unreadable where no name behind a place has an index."""
        body = [token.text for token in self.tokens[start : self.place] if token.kind == "name"]
        if not any(_has_index(name, letter) for name in body):
            raise self.not_read(f"nothing has the index {letter}")

    def letters_below(self) -> list[str]:
        """Return the index of a Σ that has none below it: the first that the names after it have,
        and that has no number yet.
        """
        names = [token.text for token in self.tokens[self.place :] if token.kind == "name"]
        letters = [c for name in names for c in index_letters(name)]
        return [c for c in letters if c not in self.indices]

    def sum_of_elements(self) -> Tree:
        """Return the sum of all elements of what follows a Σ without an index."""
        body = self.expression(SUM)
        if not is_array(body):
            raise self.not_read("Σ needs its index below, as in Σ_k p_k")
        return ArrayCall("sum", (body,))

    def summed(self, letter: str, numbers: Iterable[int], is_open: bool) -> list[Tree]:
        """Return the body for each number of its index; from 0 or 1 on, where the end is open."""
        start, depth, end = self.place, self.depth, self.place
        terms: list[Tree] = []
        for k in numbers:
            self.place, self.depth = start, depth
            try:
                terms.append(self.with_index(letter, k))
            except Unreadable as error:
                if error.verdict == "REFUSED" or not is_open or (k and not terms):
                    raise
                if terms:
                    break
                continue  # names begin at 1
            end = self.place
        if not terms:
            raise self.not_read(f"nothing has the index {letter}")
        self.place, self.depth = end, depth
        return terms

    def with_index(self, letter: str, k: int) -> Tree:
        self.indices[letter] = k
        try:
            body = self.expression(SUM)
            while self.next.text in ("+", "-") and letter in self.letters_of_next_term():
                body = self.read_infix(body)
                self.goes_on = True
            return body
        finally:
            del self.indices[letter]

    def letters_of_next_term(self) -> list[str]:
        """Return the indices in the term behind the plus or the minus here; none of another Σ."""
        tokens = list(self.tokens_of_next_term())
        if any(token.text in ("Σ", "∏") for token in tokens):
            return []
        names = [token.text for token in tokens if token.kind == "name"]
        return [letter for name in names for letter in index_letters(name)]

    def tokens_of_next_term(self) -> Iterator[Token]:
        """Yield the tokens behind the one here, up to a sign in no bracket that ends a term."""
        depth = 0
        for token in self.tokens[self.place + 1 :]:
            if token.text in CLOSING and token.text not in "|‖":
                depth += 1
            elif token.text in (")", "]", "}"):
                depth -= 1
            if depth < 0 or (depth == 0 and token.text in ("+", "-", ",")):
                return
            yield token

    def index_range(self) -> tuple[str, int, int]:
        self.expect("_")
        bracket = self.opening()
        letter, first, last = self.take().text, 0, _OPEN
        if self.accept("="):
            first = self.whole()
        self.close(bracket)
        if self.accept("^"):
            bracket = self.opening()
            if self.next.kind == "number":
                last = self.whole()
            else:
                self.take()
            self.close(bracket)
        elif self.next.kind == "raised":
            last = int(self.take().text.translate(FROM_RAISED))
        return letter, first, last


def _beside(k: int, sign: str, is_above: bool) -> Iterable[int]:
    """Return the numbers of an index that has this sign between it and another one."""
    if sign == ",":
        return range(100)
    if sign == "≠":
        return [n for n in range(100) if n != k]
    return range(k + 1, 100) if is_above else range(k)


def _has_index(name: str, letter: str) -> bool:
    """Whether a name has an index, as w_ij has; out_o has the index o, for o1, o2, …"""
    return letter in index_letters(name) or (letter not in INDICES and key(name).endswith(letter))
