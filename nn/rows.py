"""Rows of this package that are made for a number of arguments: how pickle finds them again."""

import re
from collections.abc import Callable, Mapping

from autograd import Op


def found_by_name(module: str, makers: Mapping[str, Callable[..., Op]]) -> Callable[[str], Op]:
    """A `__getattr__` for the module, by which pickle finds a row: `mean_of_3` is what the maker of
    "mean" gives for 3.
    """

    def row(name: str) -> Op:
        found = re.fullmatch(r"(\w+?)(?:_(\d+))?_of_(\d+)", name)
        if found is None or found[1] not in makers:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        return makers[found[1]](*(int(number) for number in found.groups()[1:] if number))

    return row
