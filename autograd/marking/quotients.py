"""Names and derivatives: w5, w_ij, ∂E/∂w5, dE/dw5, δ_o1, x̄."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from typing import Any

from autograd import ops
from autograd.marking.cursor import SIGNED, Cursor
from autograd.marking.labels import INDICES, index_letters, key, layer_of_delta, with_indices
from autograd.marking.spelling import CONSTANTS, RATE, RATES
from autograd.marking.syntax import (
    ArrayCall,
    ArrayName,
    Constant,
    Name,
    Number,
    Quotient,
    Tree,
    Unreadable,
    copied,
    number,
)
from autograd.marking.tokens import Token

_PREFIXED = re.compile("d|δ")
_DIFFERENTIAL = re.compile(r"d(?=[^\W\d_])")


def _barred_or_after_d(text: str) -> str:
    """Return the name that has a bar above it, or a d before it; "" where none has."""
    bar = re.fullmatch("(.*?)[\u0304\u0305](.*)", text)
    if bar:
        return bar[1] + bar[2]
    return text[1:] if _DIFFERENTIAL.match(text) else ""


def _readings(text: str, labels: Sequence[str]) -> tuple[str, str]:
    """Return how labels that stand side by side are read, and how else they may be."""
    return f"{text} is read as {'·'.join(labels)}", f"{text} is read as a derivative"


def _first_meaning(text: str, readings: Iterable[Callable[[str], Any]]) -> Any:
    """Return what the first reading that has a meaning for a text makes of it; None for none."""
    for read in readings:
        found = read(text)
        if found is not None:
            return found
    return None


class NeedsIndex(Unreadable):
    """A name with a one-letter index, such as w_ij, that has no number."""


class Quotients(Cursor):
    """Read what stands for a Value, or for a derivative."""

    def meaning(self, text: str) -> Any:
        """Return what a name is: a label, a number, a tree; None where it is none of these."""
        readings = (
            self.names.find,
            self.numbered,
            self.whole_array,
            self.names.element,
            self.row_above,
            self.weights_of_layer,
        )
        found = _first_meaning(text, readings)
        if found is None and index_letters(text) and not self.names.is_delta(text):
            return self.indexed(text)
        return found

    def weights_of_layer(self, text: str) -> ArrayName | None:
        """Return the matrix of weights that W2 is where it is a name of the writer's own: his may
        have the units in columns, where vectors are rows.
        """
        name = self.names.weights_of_layer(text)
        rows = self.names.array(name) if name else None
        if rows is None:
            return None
        if self.choose(f"{text} is read as {name}", f"{text} is read as {name}ᵀ"):
            return ArrayName(text, rows)
        return ArrayName(text, tuple(zip(*rows, strict=True)))

    def whole_array(self, text: str) -> ArrayName | None:
        """Return an array whose name ends in no index that has a number here."""
        is_array = self.names.is_array(text) and self.with_number(key(text)) == key(text)
        return ArrayName(text) if is_array else None

    def indexed(self, text: str) -> Any:
        """Return what a name means whose indices have numbers. NeedsIndex where one has none."""
        if any(c not in self.indices for c in index_letters(text)):
            raise NeedsIndex("UNKNOWN NAME", str(self.names.unknown(text)).partition(", ")[2])
        name = with_indices(text, self.indices)
        if self.names.is_past_the_calls(name):
            raise self.names.unknown(name)
        readings = (
            self.names.find,
            self.names.element,
            self.names.find_entry,
            self.array,
            self.row_above,
            self.delta_of_layer,
        )
        found = _first_meaning(name, readings)
        if found is None:
            found = self.kronecker(text)
        if found is None and not (self.names.split(name) or _barred_or_after_d(name)):
            raise self.names.unknown(name)
        return found

    def array(self, name: str) -> ArrayName | None:
        return ArrayName(name) if self.names.is_array(name) else None

    def delta_of_layer(self, name: str) -> Tree | None:
        return self.delta(name) if self.names.is_delta(name) else None

    def row_above(self, text: str) -> Tree | None:
        """Return the row that an example is, as in x^{(2)}, where the examples are a matrix."""
        row = self.names.row_above(text)
        if row is None:
            return None
        self.notes.append(f"{text} is read as row {row[1]} of {row[0]}")
        return ArrayCall("row", (ArrayName(row[0]), Number(str(row[1]))))

    def kronecker(self, text: str) -> float | None:
        """Return what δ_ij is, which is no δ of a layer here: 1 where i = j, else 0."""
        letters = index_letters(text)
        if len(letters) != 2 or layer_of_delta(text) is None:
            return None
        i, j = letters[0], letters[1]
        self.notes.append(f"{text} is read as 1 where {i} = {j}, else 0")
        return 1.0 if self.indices[i] == self.indices[j] else 0.0

    def numbered(self, text: str) -> Any:
        """Return what out_o means where o is an index that runs over o1, o2, …"""
        spelled = key(text)
        numbered = self.with_number(spelled)
        return self.names.find(numbered) if numbered != spelled else None

    def meant(self, meaning: Any, text: str) -> Tree:
        if key(text) in self.names.said:
            self.notes.append(self.names.said[key(text)])
        if isinstance(meaning, str):
            return self.labelled(meaning, text)
        if isinstance(meaning, (int, float)):
            return number(float(meaning))
        return copied(meaning)  # type: ignore[no-any-return]

    def labelled(self, label: str, text: str) -> Tree:
        """Return a name, its new value or its derivative; what it is a function of is passed."""
        if self.next.kind == "primes":
            return self.primed(label)
        end = self.end_of_arguments() if self.tokens[self.place - 1].applied else 0
        if end and label in self.names.computed:
            product, function = (f"{text}(…) is read as {x}" for x in (f"{text}·(…)", label))
            self.place = self.place if self.choose(product, function) else end
        return Name(label)

    def end_of_arguments(self) -> int:
        """Return the place behind a bracket that holds names alone, as in L(w, b); 0 where none
        stands here.
        """
        count, sign = 0, "("
        while self.ahead(count).text == sign:
            if self.ahead(count + 1).kind != "name":
                return 0
            count, sign = count + 2, ","
        is_closed = count and self.ahead(count).text == ")"
        return self.place + count + 1 if is_closed else 0

    def primed(self, label: str) -> Tree:
        """Return w' as the new value of w, and E'(w) as ∂E/∂w."""
        self.take()
        if self.next.text != "(":
            return Name(label, updated=True)
        if self.ahead(1).kind != "name" or self.ahead(2).text != ")":
            raise self.not_read(f"the derivative of {label} is written ∂{label}/∂x")
        by = self.variable(self.ahead(1).text)
        self.place += 3
        return Quotient(label, by) if isinstance(by, str) else ArrayCall("gradient", (by,))

    def other_name(self, text: str) -> Tree:
        """Return what a name means that no Value has."""
        if text in CONSTANTS:
            return Constant(text, CONSTANTS[text])
        if text in RATES:
            return Name(RATE)
        if text in self.indices:
            return Number(str(self.indices[text]))
        text = with_indices(text, self.indices)
        readings = (self.preferred_product, self.updated, self.delta, self.short_gradient)
        found = _first_meaning(text, readings)
        if found is not None:
            return found  # type: ignore[no-any-return]
        labels = self.names.split(text)
        if labels:
            self.notes.append(_readings(text, labels)[0])
            return self.side_by_side(labels)
        if self.is_array(text) or self.next.kind == "transposed":
            return ArrayName(text)
        raise self.names.unknown(text)

    def preferred_product(self, text: str) -> Tree | None:
        """Return d·x for dx, and δ·x for δx, where these are labels and it is read so."""
        labels = self.names.split(text) if _PREFIXED.match(text) else None
        if labels and self.choose(*_readings(text, labels)):
            return self.side_by_side(labels)
        return None

    def updated(self, text: str) -> Tree | None:
        """Return what w5_new is short for."""
        updated = re.fullmatch(r"(.+?)_?\{?(?:new|neu|updated)\}?", text)
        found = self.names.find(updated[1]) if updated else None
        if updated and found is None and self.names.is_array(updated[1]):
            return ArrayCall("updated", (ArrayName(updated[1]),))
        return Name(found, updated=True) if isinstance(found, str) else None

    def is_array(self, text: str) -> bool:
        """Whether it is a list or a matrix by its labels, and not one of its entries under a Σ."""
        spelled = key(text)
        return self.with_number(spelled) == spelled and self.names.is_array_like(text)

    def delta(self, text: str) -> Tree | None:
        rest = layer_of_delta(text)
        if rest is None:
            return None
        net = self.names.net(self.with_number(rest))
        if net is None:
            return ArrayName(text) if self.names.layer(rest) or rest.isdecimal() else None
        self.notes.append(f"{text} is read as ∂{self.names.root}/∂{net}")
        return Quotient(self.names.root, net)

    def with_number(self, text: str) -> str:
        """Return the name with the number of the index that it ends with, as in δ_o under Σ_o."""
        for letter, k in self.indices.items():
            if letter in INDICES and text[1:].endswith(letter):
                return f"{text[:-1]}{k}"
            if letter not in INDICES and text.endswith(letter):
                return f"{text}{k}"
        return text

    def short_gradient(self, text: str) -> Tree | None:
        """Return what x̄ or dx is short for."""
        below = re.fullmatch(r"(?:grad|nabla)_\{?(.+?)\}?", text)
        if below and self.next.kind == "name":
            return self.gradient_by(below[1], True)
        by = _barred_or_after_d(text)
        return self.gradient_of_root(text, by) if by else None

    def gradient_of_root(self, text: str, by: str) -> Tree | None:
        """Return the derivative by a name that x̄ or dx is; None where it is none that is known."""
        meaning = self.meaning(by)
        if meaning == self.names.root:
            raise self.not_read(f"{text} stands alone: a derivative is written d{meaning}/dx")
        if isinstance(meaning, str):
            self.notes.append(f"{text} is read as ∂{self.names.root}/∂{meaning}")
            return Quotient(self.names.root, meaning)
        if isinstance(meaning, ArrayName) or self.names.is_array_like(by):
            return ArrayCall("gradient", (ArrayName(by),))
        return None

    def side_by_side(self, labels: Sequence[str]) -> Tree:
        """Return the product of labels that stand side by side; a power is that of the last."""
        *before, last = map(self.piece, labels)
        factors = [*before, self.continued(last, SIGNED)]
        return reduce(lambda *args: self.call(ops.mul, *args), factors)

    def piece(self, text: str) -> Tree:
        meaning = self.names.find(text)
        if meaning is not None:
            return self.meant(meaning, text)
        if text in RATES:
            return Name(RATE)
        return Constant(text, CONSTANTS[text]) if text in CONSTANTS else ArrayName(text)

    def gradient_by(self, by: str, is_below: bool) -> Tree:
        """Return the derivative by what stands below ∇: of the name behind it, else of the root."""
        of: str | ArrayName = self.names.root
        bracket = self.next.text == "(" and self.ahead(2).text == ")"
        token = self.ahead(1) if bracket else self.next
        if token.kind == "name" and (is_below or self.names.find(token.text) == of):
            of = self.variable(token.text)
            self.place += 3 if bracket else 1
            self.place = (not bracket and self.end_of_arguments()) or self.place
        return self.derivative_of(of, self.variable(by))

    def quotient(self) -> Tree | None:
        """Return ∂y/∂x where it stands here; None, at the same place, where it does not."""
        start = self.place
        above = self.differential()
        if above is not None and self.accept("/"):
            below = self.denominator(above)
            if below is not None:
                return self.derivative(above, below)
        self.place = start
        return None

    def bracketed_quotient(self) -> Tree | None:
        """Return (dy)/(dx) where it stands here; None, at the same place, where it does not."""
        start = self.place
        ends: list[tuple[str, int]] = []
        while self.accept("("):
            found = self.differential()
            if found is None or not self.accept(")"):
                break
            ends.append(found)
            if len(ends) == 2:
                return self.derivative(*ends)
            if not self.accept("/"):
                break
        self.place = start
        return None

    def partial(self) -> Tree:
        quotient = self.quotient()
        if quotient is None:
            raise self.not_read("a derivative is written ∂y/∂x")
        return quotient

    def latex_quotient(self) -> Tree | None:
        if not self.accept("{"):
            return None
        above = self.differential()
        if above is None or not self.accept("}") or not self.accept("{"):
            return None
        below = self.denominator(above)
        if below is None or not self.accept("}"):
            return None
        return self.derivative(above, below)

    def differential(self) -> tuple[str, int] | None:
        """Return the name after ∂ or d, and how often it is taken; None where there is none."""
        token = self.take()
        order = 1
        if token.text == "∂" or self.is_d(token):
            order = self.order()
            text = self.bracketed_name()
        elif token.kind == "name" and _DIFFERENTIAL.match(token.text):
            text = token.text[1:]
        else:
            text = None
        if text is None:
            return None
        return text, order

    def denominator(self, above: tuple[str, int]) -> tuple[str, int] | None:
        """Return the differential below; its power is that of a second derivative, ∂²y/∂x²."""
        below = self.differential()
        if below is not None and above[1] > 1:
            self.order()
        return below

    def is_d(self, token: Token) -> bool:
        """Whether it is a d that stands apart from its name."""
        is_followed = self.next.kind in ("name", "raised") or self.next.text in ("(", "^")
        return token.text == "d" and is_followed

    def bracketed_name(self) -> str | None:
        """Take a name, in brackets or not; None where none stands here."""
        bracket = self.accept("(", "{")
        token = self.take()
        if token.kind != "name" or (bracket and not self.accept(")", "}")):
            return None
        return token.text

    def order(self) -> int:
        if self.next.kind == "raised" and re.fullmatch("[²³]", self.next.text):
            return "²³".index(self.take().text) + 2
        if self.next.text == "^" and self.ahead(1).text in ("2", "3"):
            self.take()
            return int(self.take().text)
        if self.next.text == "^" and self.ahead(1).text == "{" and self.ahead(3).text == "}":
            self.place += 4
            return 2
        return 1

    def derivative(self, above: tuple[str, int], below: tuple[str, int]) -> Tree:
        of, by = (self.variable(text) for text, _ in (above, below))
        return self.derivative_of(of, by, above[1])

    def derivative_of(self, of: str | ArrayName, by: str | ArrayName, order: int = 1) -> Tree:
        if isinstance(of, ArrayName) or isinstance(by, ArrayName):
            ends = [Name(x) if isinstance(x, str) else x for x in (of, by)]
            return ArrayCall("quotient", tuple(ends))
        return Quotient(of, by, (), order)

    def variable(self, text: str) -> str | ArrayName:
        meaning = self.meaning(text)
        if isinstance(meaning, (str, ArrayName)):
            return meaning
        if meaning is None:
            if self.is_array(text):
                return ArrayName(text)
            raise self.names.unknown(with_indices(text, self.indices))
        raise self.not_read(f"{text} is no Value: nothing can be derived by it")
