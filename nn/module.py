"""Module: anything that holds parameters, its names for them, and their place in a file."""

from __future__ import annotations

import errno
import json
import operator
import os
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn

from autograd import Value
from autograd.ops import real


class Module:
    """The base of every network: its parameters are the leaf Values found among its attributes, in their order.

    Lists, tuples and other Modules are searched too; a Value that is met twice counts once. A computed Value, such as
    an output kept for later, is no parameter. A subclass needs no `__init__` of its own.

    >>> class Line(Module):
    ...     def __init__(self):
    ...         self.slope, self.shifts = Value(2.0), [Value(1.0), Value(5.0)]
    >>> Line().state_dict()
    {'slope': 2.0, 'shifts.0': 1.0, 'shifts.1': 5.0}
    """

    if TYPE_CHECKING:
        __call__: Callable[..., Any]  # a subclass says what its model computes

    def named_parameters(self) -> Iterator[tuple[str, Value]]:
        """Each parameter with its name, the path to it: `layers.0.w.1`."""
        return ((name, parameter) for parameter, name in self._names(set()).items())

    def parameters(self) -> list[Value]:
        return list(self._names(set()))

    def zero_grad(self) -> None:
        for parameter in self.parameters():
            parameter.grad = 0.0

    def state_dict(self) -> dict[str, float]:
        """The number of each parameter, by name."""
        return {name: parameter.data for name, parameter in self.named_parameters()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Gives each parameter the number that `state` has under its name.

        Raises ValueError where a name is missing or unknown or a number is not real and finite; nothing has changed
        then.
        """
        if not isinstance(state, Mapping):
            raise TypeError(f"load_state_dict takes a dict of numbers by name, not {type(state).__name__}")
        parameters = dict(self.named_parameters())
        numbers = {}
        problems = [f"{name} is missing" for name in parameters if name not in state]
        for name, number in state.items():
            try:
                numbers[parameters[name]] = real(number, name)
            except KeyError:
                problems.append(f"{name} is not a parameter of this model")
            except (TypeError, ValueError) as error:
                problems.append(str(error))
        if problems:
            more = f"; and {len(problems) - 5} more" if len(problems) > 5 else ""
            raise ValueError("; ".join(problems[:5]) + more)
        for parameter, number in numbers.items():
            parameter.data = number

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the parameters to a JSON file that a person can read and edit; every digit is kept.

        They go to a new file that then takes the place of the old one: a save that fails leaves the old one whole.
        """
        write_whole(path, self._json())

    def load(self, path: str | os.PathLike[str]) -> None:
        """Reads the parameters from a file that `save` wrote.

        Raises ValueError where the file is not whole, not such a file, or does not fit this model; nothing has changed
        then.
        """
        longest = 10_000 + 10 * len(self._json())  # a file by far larger than this model is not read into memory
        with open(path, "rb") as file:
            raw = file.read(longest + 1)
        try:
            if len(raw) > longest:
                raise ValueError("it is too large for this model")
            content = json.loads(raw, object_pairs_hook=_without_duplicates, parse_constant=_no_number)
            if not isinstance(content, dict) or content.get("format") != "handgrad":
                raise ValueError('it has no "format": "handgrad"')
            if content.get("version") != 1:
                raise ValueError(f"its version is {content.get('version')!r}, and must be 1")
            if not isinstance(content.get("parameters"), dict):
                raise ValueError('it has no "parameters": {…}')
            self.load_state_dict(content["parameters"])
        except (ValueError, RecursionError) as error:
            problem = "it is nested too deeply" if isinstance(error, RecursionError) else error
            raise ValueError(f"{os.fspath(path)} does not hold this model: {problem}") from None

    def _json(self) -> str:
        return json.dumps({"format": "handgrad", "version": 1, "parameters": self.state_dict()}, indent=2) + "\n"

    def _names(self, seen: set[int]) -> dict[Value, str]:
        """The name of each parameter. `seen` has the id of all that was searched, for a Module may hold itself."""
        seen.add(id(self))
        return _search(vars(self).items(), seen)


def _search(items: Iterable[tuple[Any, Any]], seen: set[int]) -> dict[Value, str]:
    found: dict[Value, str] = {}
    for name, item in items:
        if isinstance(item, Value):
            if item.op is None:
                found.setdefault(item, str(name))
        elif isinstance(item, (Module, list, tuple)) and id(item) not in seen:
            if isinstance(item, Module):
                inside = item._names(seen)
            else:
                seen.add(id(item))
                inside = _search(enumerate(item), seen)
            for parameter, path in inside.items():
                found.setdefault(parameter, f"{name}.{path}")
    return found


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"it has {next(name for name in names if names.count(name) > 1)!r} twice")
    return content


def _no_number(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a finite number")


def write_whole(path: str | os.PathLike[str], text: str) -> None:
    """Writes a file all or not at all: a new file takes the place of the old one when it is complete.

    Raises OSError where that cannot be, and leaves the old file as it was.
    """
    target = os.path.realpath(path)
    if os.path.exists(target) and not os.path.isfile(target):
        raise OSError(errno.EINVAL, "Not a regular file", os.fspath(path))
    temporary = f"{target}.{uuid.uuid4().hex}.tmp"
    try:
        with open(temporary, "x", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException:
        with suppress(OSError):
            os.remove(temporary)
        raise


def whole_number(n: Any, what: str) -> int:
    """`n` as an int of at least 1; `what` is its name in the error.

    >>> whole_number(0, "epochs")
    Traceback (most recent call last):
        ...
    ValueError: epochs must be a whole number of at least 1, not 0
    """
    try:
        number = operator.index(n)
    except TypeError:
        number = 0
    if number < 1:
        raise ValueError(f"{what} must be a whole number of at least 1, not {n!r}")
    return number
