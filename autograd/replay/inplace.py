"""Names for code that Python alone reads: what takes it time is written in another way."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from autograd import ops
from autograd.formula import Written
from autograd.op import ATOM, Op
from autograd.replay.reading import Untranslatable, body_of
from autograd.replay.terms import Names
from autograd.value import Value


class InPlace(Names):
    """Numbers are floats, which Python multiplies faster than whole ones, and what a row of the
    table computes stands in place of a call.
    """

    def constant(self, number: float) -> Written:
        code = super().constant(number)
        is_whole = code.text.lstrip("-").isdecimal()
        return code._replace(text=f"{code.text}.0") if is_whole else code

    def called(self, op: Op, args: Sequence[str]) -> Written:
        body = _body(op)
        if body is None:
            return super().called(op, args)
        known = {x: self._named(arg) for x, arg in zip(body.parameters, args, strict=True)}
        for name, text in body.assigned:
            known[name] = self._named(_with_names(text, known))
        return Written(f"({_with_names(body.result, known)})", ATOM, "text")

    def _named(self, text: str) -> str:
        """Return the name that a line before gives to what an expression comes to."""
        if text.isidentifier():
            return text
        name = self.title(Value(0.0))  # one that is free
        self.before[name] = Written(text, ATOM, "text")
        return name


class _Body(NamedTuple):
    """What a function assigns, by name, and what it returns."""

    parameters: list[str]
    assigned: list[tuple[str, str]]
    result: str


@cache
def _body(op: Op) -> _Body | None:
    """Return the body of a row of the table; None where it is not to be had, or has an `if`."""
    if op.__module__ != ops.__name__:
        return None
    try:
        parameters, statements = body_of(op)
    except Untranslatable:
        return None
    body: list[Any] = [*statements]
    *first, last = body
    if not all(isinstance(statement, ast.Assign) for statement in first):
        return None
    assigned = [(ast.unparse(x.targets[0]), ast.unparse(x.value)) for x in first]
    return _Body(parameters, assigned, ast.unparse(last.value))


def _with_names(text: str, known: Mapping[str, str]) -> str:
    return re.sub(rf"(?<![.\w])({'|'.join(known)})\b", lambda word: known[word[0]], text)
