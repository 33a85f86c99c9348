"""Scalar autograd for people who derive gradients by hand."""

from importlib import import_module
from os.path import exists
from typing import TYPE_CHECKING, Any

if exists(f"{__path__[0]}/numpy"):
    raise ImportError(
        "PyPI's autograd, another project, has been installed into handgrad's package of the same "
        "name; keep handgrad alone: pip uninstall -y autograd handgrad && pip install handgrad"
    )

from autograd import ops
from autograd import reverse as reverse  # which binds Value.backward
from autograd import sums as sums  # and Value.__radd__
from autograd.chain_rule import chain_rule
from autograd.formula import formula
from autograd.functions import gelu, leaky_relu, swish
from autograd.gradcheck import gradcheck
from autograd.gradients import grad
from autograd.naming import with_names
from autograd.op import DomainError, Op
from autograd.ops import *  # noqa: F403
from autograd.recording import enable_grad, no_grad
from autograd.value import Value

if TYPE_CHECKING:
    from autograd.arrays.array import Array, array, concat, softmax
    from autograd.drawing import draw_dot
    from autograd.marking.check import check_derivation
    from autograd.replay.program import Program
    from autograd.stepping import step_through
    from autograd.worksheets.worksheet import Worksheet

_LATER = {
    "Array": "arrays.array",
    "array": "arrays.array",
    "check_derivation": "marking.check",
    "concat": "arrays.array",
    "draw_dot": "drawing",
    "Program": "replay.program",
    "load_ipython_extension": "notebook",
    "softmax": "arrays.array",
    "step_through": "stepping",
    "unload_ipython_extension": "notebook",
    "Worksheet": "worksheets.worksheet",
}

# `from autograd import *` leaves Python's own abs and pow alone.
__all__ = [
    "Array",
    "DomainError",
    "Op",
    "Program",
    "Value",
    "Worksheet",
    "array",
    "chain_rule",
    "check_derivation",
    "concat",
    "draw_dot",
    "enable_grad",
    "formula",
    "gelu",
    "grad",
    "gradcheck",
    "leaky_relu",
    "no_grad",
    "softmax",
    "step_through",
    "swish",
    "with_names",
]
__all__ += [name for name in ops.__all__ if name not in ("abs", "pow")]


def __getattr__(name: str) -> Any:
    """Import what is only needed later when it is first asked for: `import autograd` stays
    quick.
    """
    if name not in _LATER:
        raise AttributeError(f"module 'autograd' has no attribute {name!r}")
    globals()[name] = value = getattr(import_module(f"autograd.{_LATER[name]}"), name)
    return value
