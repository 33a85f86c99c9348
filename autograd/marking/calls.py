"""Functions applied: σ(x), σ'(z), tanh²(x), ln 2, max(a, b)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from itertools import pairwise
from typing import Any

from autograd import ops
from autograd.marking.applied import Applied, as_term
from autograd.marking.cursor import CLOSING, SIGNED, is_array
from autograd.marking.labels import with_indices
from autograd.marking.quotients import Quotients
from autograd.marking.spelling import ACTIVATION_NAMES, ARRAY_FUNCTIONS, FROM_RAISED, FUNCTIONS
from autograd.marking.syntax import (
    ARRAY_OPERATIONS,
    ArrayCall,
    ArrayName,
    Name,
    Number,
    Tree,
    copied,
)
from autograd.op import Op


class Calls(Quotients):
    """Read functions, beside what `Quotients` reads."""

    def name(self) -> Tree:
        quotient = self.quotient()
        if quotient is not None:
            return quotient
        token = self.take()
        text = token.text
        function = self.function(text)
        if function is not None:
            return function
        meaning = self.meaning(text)
        tree = self.other_name(text) if meaning is None else self.meant(meaning, text)
        return self.item(tree) if is_array(tree) and self.next.text == "[" else tree

    def item(self, array: Tree) -> Tree:
        """Return a row or a column of a matrix, as in W[1,:], where it is asked for here."""
        words = [self.ahead(k).text for k in range(5)]
        if words[::2] != ["[", ",", "]"]:
            return array
        for kind, number, colon in (("row", words[1], words[3]), ("column", words[3], words[1])):
            if number.isdecimal() and colon == ":":
                self.place += 5
                return ArrayCall(kind, (array, Number(number)))
        return array

    def function(self, text: str) -> Tree | None:
        """Return a function applied, where `text` is one and an argument follows; None where
        not.
        """
        start = self.place
        primes = self.primes()
        found = self.called(text, primes) or self.activation(text, primes)
        kind = ARRAY_FUNCTIONS.get(text)
        if (found is None and kind is None) or self.is_label(text):
            self.place = start
            return None
        power = self.function_power()
        alone = self.own_argument(text, primes)
        args = self.arguments() if alone is None else [alone]
        if kind is not None and (found is None or any(map(is_array, args))):
            return self.array_call(kind, text, args)
        assert found is not None

        def whole(*elements: Tree) -> Any:
            tree = self.applied(found, text, elements)
            return tree if power is None else self.call(ops.pow, tree, power)

        if any(map(is_array, args)):
            return ArrayCall(f"{text}{chr(39) * primes}", tuple(args), whole)
        return whole(*args)  # type: ignore[no-any-return]

    def own_argument(self, text: str, primes: int) -> Tree | None:
        """Return what a function that stands alone is of, as in σ'·x: the one Value or the one
        vector that it was computed of. None where an argument follows, or where there are several.
        """
        row = self.names.functions.get(text) or FUNCTIONS.get(text)
        labels = self.names.arguments_of(row) if isinstance(row, Op) and row.arity == 1 else ()
        if not labels or not self.stands_alone(text, primes, f"({', '.join(labels)})"):
            return None
        return Name(labels[0]) if len(labels) == 1 else ArrayName(", ".join(labels), labels)

    def stands_alone(self, text: str, primes: int, argument: str) -> bool:
        """Whether what follows a function is not its argument: what follows σ' may be a factor."""
        name = text + "'" * primes
        alone = f"{name} is read as {name}{argument}"
        is_bracket = self.next.text in CLOSING
        if not is_bracket and self.next.kind not in ("name", "number", "fraction"):
            self.notes.append(alone)
            return True
        may_be = self.stands_in_bracket(text) or (primes > 0 and not is_bracket)
        return may_be and self.choose(alone, f"{name} is read as a function of what follows")

    def stands_in_bracket(self, text: str) -> bool:
        """Whether a bracket follows in which the same function stands alone, as in σ(1 − σ)."""
        found = [token.text for token in self.tokens[self.place :]]
        end = found.index(")") if ")" in found else 0
        inside = list(pairwise(found[: end + 1]))
        return found[0] == "(" and any(a == text and b in ("+", "-", ")") for a, b in inside)

    def is_label(self, text: str) -> bool:
        """Whether the name of a function is a label here, and is not applied."""
        if self.names.find(text) is None:
            return False
        product, call = (f"{text}(…) is read as {x}" for x in (f"{text}·(…)", "a function"))
        return self.next.text != "(" or self.choose(product, call)

    def array_call(self, kind: str, text: str, args: Sequence[Tree]) -> Tree:
        arity = ARRAY_OPERATIONS[kind].count("{}")
        if len(args) != arity:
            raise self.not_read(f"{text} takes {arity} argument(s), not {len(args)}")
        return ArrayCall(kind, tuple(args))

    def primes(self) -> int:
        """Take the primes that stand here, and return how many there are."""
        return self.take().text.count("'") if self.next.kind == "primes" else 0

    def called(self, text: str, primes: int) -> Callable[..., Any] | None:
        """Return what a function of this name, with so many primes, is applied to terms."""
        own = self.names.functions
        if text + "'" * primes in own:
            return own[text + "'" * primes]
        return self.derived(own.get(text) or FUNCTIONS.get(text), primes)

    def activation(self, text: str, primes: int) -> Callable[..., Any] | None:
        """Return what f is in f(z) or f'(z), where it is no name here: the activation at z."""
        words = [self.ahead(k).text for k in range(3)]
        if text not in ACTIVATION_NAMES or words[::2] != ["(", ")"] or self.is_known(text):
            return None
        row = self.names.activation_at(with_indices(words[1], self.indices))
        if row is not None:
            self.notes.append(f"{text} is read as {row.name}")
        return self.derived(row, primes)

    def is_known(self, text: str) -> bool:
        return self.names.find(text) is not None or self.names.is_array(text)

    def derived(
        self, function: Callable[..., Any] | None, primes: int
    ) -> Callable[..., Any] | None:
        """Return the derivative of a row of one argument as a function of it."""
        for _ in range(primes):
            if not isinstance(function, Op) or function.arity != 1:
                return None
            row = function
            function = lambda x, row=row: row.partials[0](x, row(x))
        return function

    def function_power(self) -> Tree | None:
        power: Tree | None = None
        if self.next.kind == "raised":
            power = Number(self.take().text.translate(FROM_RAISED))
        elif self.next.text in ("^", "**"):
            self.take()
            power = self.prefix()
        if isinstance(power, Number) and power.value < 0:
            raise self.not_read(
                "the inverse of a function and one over it are written alike: write 1/f(x)"
            )
        return power

    def arguments(self) -> list[Tree]:
        if self.next.text in ("(", "[", "{"):
            if self.ahead(1).text == CLOSING[self.next.text]:
                self.place += 2
                return []
            return self.bracketed()
        argument = self.expression(SIGNED)
        if self.next.kind in ("name", "number") or self.next.text in ("(", "\\frac"):
            reason = f"brackets are missing: does the argument end before {self.next.text}?"
            raise self.not_read(reason)
        return [argument]

    def applied(self, function: Callable[..., Any], text: str, args: Sequence[Tree]) -> Tree:
        if function in (ops.maximum, ops.minimum) and len(args) > 2:
            return reduce(lambda *pair: self.applied(function, text, pair), args)
        if isinstance(function, Op):
            if len(args) != function.arity:
                raise self.not_read(f"{text} takes {function.arity} argument(s), not {len(args)}")
            return self.call(function, *args)
        try:
            result = function(*[Applied(arg) for arg in args])  # type: ignore[arg-type]
        except TypeError:
            raise self.not_read(f"{text} is not read with {len(args)} argument(s)") from None
        return copied(as_term(result))
