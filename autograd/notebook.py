"""`%load_ext autograd` in IPython: a Value or an Array gets the name of the variable that a cell
binds it to, at the assignment.
"""

from __future__ import annotations

import ast
from collections import deque
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from autograd.arrays.array import Array, flattened
from autograd.arrays.places import forget
from autograd.value import Value

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_SCOPES = (
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda),
    *(ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp),
)


class _Naming(ast.NodeTransformer):
    """Has `name_variables` called wherever a cell binds variables of its own, outside of the
    `_SCOPES` in it.
    """

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, _SCOPES):
            return node
        self.generic_visit(node)
        match node:
            case ast.Assign(targets=targets):
                return [node, _naming(node, targets)]
            case ast.AugAssign(target=target) | ast.AnnAssign(target=target, value=ast.expr()):
                return [node, _naming(node, [target])]
            case ast.For(target=target) | ast.AsyncFor(target=target):
                node.body.insert(0, _naming(node, [target]))
            case ast.With(items=items) | ast.AsyncWith(items=items):
                node.body.insert(
                    0, _naming(node, [item.optional_vars for item in items if item.optional_vars])
                )
            case ast.NamedExpr(target=target):  # (y := x) becomes (y := x, with_names({"y": y}))[0]
                pair = ast.Tuple([node, _naming(node, [target]).value], ast.Load())
                return ast.copy_location(ast.Subscript(pair, ast.Constant(0), ast.Load()), node)
        return node


def _naming(node: ast.AST, targets: list[ast.expr]) -> ast.Expr:
    """The statement that names what `node` binds by its `targets`; in a traceback it stands at the
    line of `node`.
    """
    named = ", ".join(f"{name!r}: {name}" for name in _bound_by(targets))
    module = "__import__('autograd.notebook').notebook"
    call = ast.Expr(ast.parse(f"{module}.name_variables({{{named}}})", mode="eval").body)
    for part in ast.walk(call):
        ast.copy_location(part, node)
    return call


def _bound_by(targets: list[ast.expr]) -> Iterator[str]:
    """Yield the names that an assignment to these targets binds."""
    for part in chain.from_iterable(map(ast.walk, targets)):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            yield part.id


_NAMING = _Naming()
_named: WeakValueDictionary[str, Value] = WeakValueDictionary()  # what has its name from here


def name_variables(variables: Mapping[str, object]) -> None:
    """Label each Value, and each element of an Array, with the variable that it was just bound to,
    unless it has a label.

    A list or a list of rows, of two Values at least, is named as an Array is: W[1,2]; none of them
    may have a label. A name that was given so moves on: where the new
    Value was computed from the one that has it, that one loses it. A label that was set by hand
    stays.
    """
    for name, bound in variables.items():
        if name.startswith("_"):
            continue
        if isinstance(bound, Value):
            if not bound.label:
                _name(bound, name)
        elif isinstance(bound, list | Array):
            _name_array(bound, name)


def _name_array(bound: list[Any] | Array, name: str) -> None:
    """Name the elements of an array; nothing where it is none, or has a label already."""
    array = bound if isinstance(bound, Array) else _array_of(bound)
    if array is None or any(v.label for v in array.values):
        return
    for label, v in zip(array.labels(name), array.values, strict=True):
        _name(v, label)
    array.named(name)


def _array_of(rows: list[Any]) -> Array | None:
    """Return the array that a list is, of two Values at least, or of rows; None for any other."""
    try:
        flat, shape = flattened(rows)
    except ValueError:  # it is empty, its rows are of several lengths, or it has three indices
        return None
    is_array = len(flat) > 1 and all(isinstance(v, Value) for v in flat)
    return Array(flat, shape) if is_array else None


def _name(value: Value, label: str) -> None:
    before = _named.get(label)
    if before is not None and before.label == label and _is_made_of(value, before):
        before.label = ""
        forget(before)
    value.label = label
    _named[label] = value


def _is_made_of(value: Value, part: Value) -> bool:
    """Whether `value` was computed from `part`; nearest first, so that a loop finds it at once."""
    seen = {value}
    todo = deque([value])
    while todo:
        for x in todo.popleft().args:
            if x is part:
                return True
            if isinstance(x, Value) and x not in seen:
                seen.add(x)
                todo.append(x)
    return False


def load_ipython_extension(shell: InteractiveShell) -> None:
    """What `%load_ext autograd` does."""
    if _NAMING not in shell.ast_transformers:
        shell.ast_transformers.append(_NAMING)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """What `%unload_ext autograd` does."""
    if _NAMING in shell.ast_transformers:
        shell.ast_transformers.remove(_NAMING)
