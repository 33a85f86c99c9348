"""Rows of this package that are made for a number of arguments: how pickle finds them again."""

import linecache
import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from autograd import Op


def written_out(name: str, arguments: Iterable[str], lines: Iterable[str]) -> Callable[..., float]:
    """The function of so many arguments with these lines, which needs nothing but `math`.

    Its source can be read, so that a `Program` can make machine code of it.

    >>> written_out("double", ["x"], ["return x + x"])(2.0)
    4.0
    """
    head = f"def {name}({', '.join(arguments)}):"
    text = "\n".join(["import math", "", head, *(f"    {line}" for line in lines), ""])
    file = f"<{name} of nn>"
    linecache.cache[file] = len(text), None, text.splitlines(keepends=True), file
    namespace: dict[str, Any] = {"math": math}
    exec(compile(text, file, "exec"), namespace)
    function: Callable[..., float] = namespace[name]
    return function


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
