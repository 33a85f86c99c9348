"""`%load_ext autograd` in IPython: a Value gets the name of the variable that a cell binds it to, at the assignment."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_SCOPES = (
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda),
    *(ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp),
)


class _Naming(ast.NodeTransformer):
    """Has `with_names` called wherever a cell binds variables of its own, outside of the `_SCOPES` in it."""

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
                node.body.insert(0, _naming(node, [item.optional_vars for item in items if item.optional_vars]))
            case ast.NamedExpr(target=target):  # (y := x) becomes (y := x, with_names({"y": y}))[0]
                pair = ast.Tuple([node, _naming(node, [target]).value], ast.Load())
                return ast.copy_location(ast.Subscript(pair, ast.Constant(0), ast.Load()), node)
        return node


def _naming(node: ast.AST, targets: list[ast.expr]) -> ast.Expr:
    """The statement that names what `node` binds by its `targets`; in a traceback it stands at the line of `node`."""
    parts = [part for target in targets for part in ast.walk(target)]
    names = [part.id for part in parts if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)]
    named = ", ".join(f"{name!r}: {name}" for name in names)
    call = ast.Expr(ast.parse(f"__import__('autograd').with_names({{{named}}})", mode="eval").body)
    for part in ast.walk(call):
        ast.copy_location(part, node)
    return call


_NAMING = _Naming()


def load_ipython_extension(shell: InteractiveShell) -> None:
    """What `%load_ext autograd` does."""
    if _NAMING not in shell.ast_transformers:
        shell.ast_transformers.append(_NAMING)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """What `%unload_ext autograd` does."""
    if _NAMING in shell.ast_transformers:
        shell.ast_transformers.remove(_NAMING)
