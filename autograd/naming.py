"""Names for Values: those of the variables that hold them."""

from collections.abc import Mapping

from autograd.value import Value


def with_names(names: Mapping[str, object]) -> None:
    """Label each Value in `names` that has no label with its name there.

    Names that begin with `_` are left out.

    >>> x = Value(2.0); y = x * 3
    >>> with_names({"x": x, "y": y})
    >>> y
    Value(data=6.0, grad=0.0, label='y')
    """
    for name, value in names.items():
        if isinstance(value, Value) and not value.label and not name.startswith("_"):
            value.label = name
