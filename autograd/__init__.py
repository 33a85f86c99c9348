"""Scalar autograd for people who derive gradients by hand."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from autograd.chain_rule import chain_rule
from autograd.formula import formula
from autograd.gradcheck import gradcheck
from autograd.ops import (
    DomainError,
    Op,
    abs,
    add,
    cos,
    div,
    erf,
    exp,
    gaussian,
    gelu,
    leaky_relu,
    log,
    maximum,
    minimum,
    mul,
    neg,
    pow,
    relu,
    sigmoid,
    sign,
    sin,
    softplus,
    sqrt,
    step,
    sub,
    swish,
    tan,
    tanh,
)
from autograd.reverse import grad
from autograd.value import Value, enable_grad, no_grad, with_names

if TYPE_CHECKING:
    from autograd.derivation import check_derivation
    from autograd.drawing import draw_dot
    from autograd.program import Program
    from autograd.stepping import step_through

_LATER = {
    "check_derivation": "derivation",
    "draw_dot": "drawing",
    "Program": "program",
    "load_ipython_extension": "notebook",
    "step_through": "stepping",
    "unload_ipython_extension": "notebook",
}

__all__ = [
    "DomainError",
    "Op",
    "Program",
    "Value",
    "abs",
    "add",
    "chain_rule",
    "check_derivation",
    "cos",
    "div",
    "draw_dot",
    "enable_grad",
    "erf",
    "exp",
    "formula",
    "gaussian",
    "gelu",
    "grad",
    "gradcheck",
    "leaky_relu",
    "log",
    "maximum",
    "minimum",
    "mul",
    "neg",
    "no_grad",
    "pow",
    "relu",
    "sigmoid",
    "sign",
    "sin",
    "softplus",
    "sqrt",
    "step",
    "step_through",
    "sub",
    "swish",
    "tan",
    "tanh",
    "with_names",
]


def __getattr__(name: str) -> Any:
    """What is imported when it is first asked for, so that `import autograd` stays quick."""
    if name not in _LATER:
        raise AttributeError(f"module 'autograd' has no attribute {name!r}")
    globals()[name] = value = getattr(import_module(f"autograd.{_LATER[name]}"), name)
    return value
