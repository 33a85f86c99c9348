"""The source of a row's function, as what is translated."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import cache
from types import FunctionType
from typing import Any

from autograd.op import Op
from autograd.replay.terms import definition


class Untranslatable(Exception):
    """Why a function is left to Python."""


@cache
def body_of(op: Op) -> tuple[list[str], list[ast.stmt]]:
    """Return the arguments and the statements of what computes a row. Raises Untranslatable where
    its text is not to be had.
    """
    text = definition(op, "f")
    if text is None:
        raise Untranslatable
    function: Any = ast.parse(text).body[0]
    return [x.arg for x in function.args.args], function.body


def is_made_of_operations(function: Any) -> bool:
    """Whether a function asks for nothing but operations, so that terms show what it computes."""
    if not isinstance(function, FunctionType) or function.__defaults__ or function.__closure__:
        return False
    names = function.__code__.co_names
    return bool(names) and all(isinstance(function.__globals__.get(x), Op) for x in names)


def is_math(node: ast.expr) -> bool:
    """Whether it is the module `math`."""
    return isinstance(node, ast.Name) and node.id == "math"


def is_documentation(statement: ast.stmt) -> bool:
    """Whether it is a constant by itself, such as a docstring."""
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def known(table: Mapping[type, str], node: Any) -> str:
    """Return what the table has for a node. Raises Untranslatable where that is nothing."""
    if type(node) not in table:
        raise Untranslatable
    return table[type(node)]
