"""What type checkers say of a program: they fail where an `ignore` is not needed any more."""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from typing import assert_type

from autograd import Value, grad, ops, sigmoid
from nn import MLP


def right(x: Value) -> None:
    assert_type(-x * 3 + x**2, Value)
    assert_type(x.sigmoid(), Value)
    assert_type(x.data, float)
    assert_type(grad(x * x, x), Value)
    y: Value = sigmoid(x)
    z: Value = ops.maximum(x, y)
    z.backward()


def typing_errors(x: Value, model: MLP) -> None:
    x.bakward()  # type: ignore[attr-defined]
    x.sigmiod()  # type: ignore[attr-defined]
    ops.sigmiod(x)  # type: ignore[attr-defined]
    model.zero_gard()  # type: ignore[attr-defined]
