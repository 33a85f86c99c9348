"""Module: anything that holds parameters, its names for them, and their place in a file."""

from __future__ import annotations

import json
import operator
import os
import random
import warnings
from collections.abc import (
    Callable,
    ItemsView,
    Iterable,
    Iterator,
    KeysView,
    Mapping,
    Sequence,
    Set,
    ValuesView,
)
from dataclasses import dataclass, is_dataclass, replace
from types import MemberDescriptorType
from typing import TYPE_CHECKING, Any, NoReturn, Self, SupportsIndex, TypeAlias

from autograd import Value
from autograd.files import write_whole
from autograd.op import real

Seed: TypeAlias = SupportsIndex | random.Random | None
Buffers: TypeAlias = Mapping[str, Callable[[Any, str], float]]
_ORDERED = (Sequence, KeysView, ValuesView, ItemsView)
_WITHOUT_VALUES = (str, bytes, bytearray, memoryview, range)  # sequences that hold no objects


class Module:
    """The base of every network: its parameters are the leaf Values among its attributes.

    They are found in the order of the attributes: those of the class, its slots, then the object's
    own. Sequences, the values of dicts, arrays of objects, dataclasses and other Modules are
    searched too; a Value that is met twice counts once. A computed Value, such as an output kept
    for later, is no parameter. A subclass needs no `__init__` of its own. Raises TypeError for a
    set that holds Values or Modules, for it has no order.

    >>> class Line(Module):
    ...     def __init__(self):
    ...         self.slope, self.shifts = Value(2.0), {"low": Value(1.0), "high": Value(5.0)}
    >>> Line().state_dict()
    {'slope': 2.0, 'shifts.low': 1.0, 'shifts.high': 5.0}
    """

    training = True

    if TYPE_CHECKING:
        __call__: Callable[..., Any]  # a subclass says what its model computes

    def named_parameters(self) -> Iterator[tuple[str, Value]]:
        """Each parameter with its name, the path to it: `layers.0.w.1`.

        Raises ValueError where two have one name, such as those at the keys 1 and "1" of a dict.
        """
        owners: dict[str, Value] = {}
        for parameter, name in self._names(set()).items():
            if name in owners:
                remedy = "rename a key or an attribute"
                raise ValueError(f"two parameters have the name {name!r}: {remedy}")
            owners[name] = parameter
        return iter(owners.items())

    def parameters(self) -> list[Value]:
        return list(self._names(set()))

    def modules(self) -> list[Module]:
        """Itself, and each Module inside it, once."""
        return [item for _, item in self._parts() if isinstance(item, Module)]

    def train(self, mode: bool = True) -> Self:
        """Set `training` of itself and of each Module inside: Dropout and BatchNorm1d ask for it.

        >>> from nn import Dropout
        >>> Dropout(0.5).eval()([3.0, 4.0])
        [Value(data=3.0, grad=0.0), Value(data=4.0, grad=0.0)]
        """
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Self:
        """Set `training` to False, for the numbers of a model that is not trained any more."""
        return self.train(False)

    def zero_grad(self) -> None:
        for parameter in self.parameters():
            parameter.grad = 0.0

    def state_dict(self) -> dict[str, float]:
        """The number of each parameter by name, and then those that BatchNorm1d keeps beside.

        >>> from nn import BatchNorm1d
        >>> list(BatchNorm1d(1).state_dict())
        ['gamma.0', 'beta.0', 'running_mean.0', 'running_var.0', 'num_batches_tracked']
        """
        state = {name: parameter.data for name, parameter in self.named_parameters()}
        return state | {name: buffer.data for name, buffer in self._named_buffers()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Return each parameter, and each number beside, what `state` has under its name.

        Raises ValueError where a name is missing or unknown or a number is not real and finite;
        nothing has changed then.
        """
        if not isinstance(state, Mapping):
            raise TypeError(
                f"load_state_dict takes a dict of numbers by name, not {type(state).__name__}"
            )
        places: dict[str, Value | _Buffer] = dict(self.named_parameters())
        places.update(self._named_buffers())
        numbers: dict[Value | _Buffer, Any] = {}
        problems = [f"{name} is missing" for name in places if name not in state]
        for name, number in state.items():
            try:
                numbers[places[name]] = _read(places[name], number, name)
            except KeyError:
                problems.append(f"{name} is not a parameter of this model")
            except (TypeError, ValueError) as error:
                problems.append(str(error))
        if problems:
            more = f"; and {len(problems) - 5} more" if len(problems) > 5 else ""
            raise ValueError("; ".join(problems[:5]) + more)
        for place, number in numbers.items():
            place.data = number

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the parameters to a JSON file that a person can read and edit; every digit is kept.

        The file says which layers of this package the model is made of, with their activations.
        They go to a new file that then takes the place of the old one: a save that fails leaves the
        old one whole.
        """
        write_whole(path, self._json())

    def load(self, path: str | os.PathLike[str]) -> None:
        """Read the parameters from a file that `save` wrote.

        Raises ValueError where the file is not whole, not such a file, or of another model: other
        layers, activations or names; nothing has changed then. A file of version 1 does not say
        what model it is of: it is loaded with a UserWarning.
        """
        longest = 10_000 + 10 * len(self._json())  # a far larger file is not read into memory
        with open(path, "rb") as file:
            raw = file.read(longest + 1)
        try:
            if len(raw) > longest:
                raise ValueError("it is too large for this model")
            content = _parsed(raw)
            self._require_architecture(content)
            self.load_state_dict(content["parameters"])
        except RecursionError:
            problem = "it is nested too deeply"
            raise ValueError(f"{os.fspath(path)} does not hold this model: {problem}") from None
        except ValueError as error:
            raise ValueError(f"{os.fspath(path)} does not hold this model: {error}") from None
        if content["version"] == 1 and self._architecture():
            warnings.warn(
                f"{os.fspath(path)} is of version 1, which does not say what layers and activations"
                " it is of: save the model anew",
                stacklevel=2,
            )

    def _buffers(self) -> Buffers:
        """Return the attributes whose numbers training moves though they are no parameters.

        Each is a number or a list of numbers; it has a function that takes what a file says and its
        name there, and gives the number, or raises ValueError.
        """
        return {}

    def _named_buffers(self) -> Iterator[tuple[str, _Buffer]]:
        """Each number of the buffers of itself and of each Module inside, with its name."""
        for path, module in self._parts():
            if isinstance(module, Module):
                for name, read in module._buffers().items():
                    start = f"{path}.{name}" if path else name
                    yield from _numbers(start, getattr(module, name), _Buffer(read, module, name))

    def _json(self) -> str:
        architecture = self._architecture()
        content: dict[str, Any] = {"format": "handgrad", "version": 2 if architecture else 1}
        if architecture:
            content["architecture"] = architecture
        content["parameters"] = self.state_dict()
        return json.dumps(content, indent=2) + "\n"

    def _architecture(self) -> dict[str, str]:
        """Return what each part of this package is, by its path; the model itself is at ""."""
        parts = self._parts(_is_described)
        return {path: repr(item) for path, item in parts if _is_described(item)}

    def _parts(
        self, is_whole: Callable[[Any], bool] = lambda item: False
    ) -> Iterator[tuple[str, Any]]:
        """Itself at "", and all that it holds but Values, by path; nothing inside what is whole.

        What is met twice has the path of its parameters: the first, each part searched to its end.
        """
        todo: list[tuple[str, Any]] = [("", self)]
        seen: set[int] = set()
        while todo:
            path, item = todo.pop()
            if id(item) in seen or isinstance(item, Value):
                continue
            seen.add(id(item))
            yield path, item
            inside = () if is_whole(item) else _inside(item)
            todo += [(f"{path}.{name}" if path else name, x) for name, x in reversed([*inside])]

    def _is_described(self) -> bool:
        """Whether its repr says all that there is to know of its layers."""
        return False

    def _require_architecture(self, content: dict[str, Any]) -> None:
        version, ours = content.get("version"), self._architecture()
        if version == 1:
            return
        theirs = content.get("architecture")
        if version != 2:
            raise ValueError(f"its version is {version!r}, and must be 1 or 2")
        if not isinstance(theirs, dict):
            raise ValueError('its version is 2, and it has no "architecture": {…}')
        for path in dict.fromkeys([*ours, *theirs]):
            if ours.get(path) != theirs.get(path):
                where = f"{path} is " if path else "it is of "
                has = theirs.get(path, "not there")
                raise ValueError(f"{where}{has}, and in this model {ours.get(path, 'not there')}")

    def _names(self, seen: set[int]) -> dict[Value, str]:
        """The name of each parameter. `seen` has the id of all that was searched, for a Module may
        hold itself.
        """
        seen.add(id(self))
        return _search(_attributes(self), seen)


def _read(place: Value | _Buffer, number: Any, name: str) -> Any:
    return place.read(number, name) if isinstance(place, _Buffer) else real(number, name)


@dataclass(eq=False)
class _Buffer:
    """One number that training moves though it is no parameter: an attribute, or one of a list."""

    read: Callable[[Any, str], float]
    owner: Module
    name: str
    place: int | None = None

    @property
    def data(self) -> float:
        kept: Any = getattr(self.owner, self.name)
        return kept if self.place is None else kept[self.place]  # type: ignore[no-any-return]

    @data.setter
    def data(self, number: float) -> None:
        if self.place is None:
            setattr(self.owner, self.name, number)
        else:
            getattr(self.owner, self.name)[self.place] = number


def _numbers(path: str, kept: Any, whole: _Buffer) -> Iterator[tuple[str, _Buffer]]:
    """Each number of what a buffer keeps: of a list, or the one that it is."""
    if not isinstance(kept, list):
        yield path, whole
        return
    for place in range(len(kept)):
        yield f"{path}.{place}", replace(whole, place=place)


def _is_described(item: Any) -> bool:
    return isinstance(item, Module) and item._is_described()


def _search(items: Iterable[tuple[str, Any]], seen: set[int]) -> dict[Value, str]:
    found: dict[Value, str] = {}
    for name, item in items:
        if isinstance(item, Value):
            if item.op is None:
                found.setdefault(item, name)
        elif id(item) not in seen:
            seen.add(id(item))
            inside = item._names(seen) if isinstance(item, Module) else _search(_inside(item), seen)
            for parameter, path in inside.items():
                found.setdefault(parameter, f"{name}.{path}")
    return found


def _inside(item: Any) -> Iterable[tuple[str, Any]]:
    """Return what a container holds, by name; nothing for what is no container.

    Raises TypeError for a set of Values or Modules: it has no order.
    """
    if isinstance(item, Module) or (is_dataclass(item) and not isinstance(item, type)):
        return _attributes(item)
    if isinstance(item, Mapping):
        return ((str(key), value) for key, value in item.items())
    return ((str(k), value) for k, value in enumerate(_elements(item)))


def _elements(item: Any) -> Iterable[Any]:
    """Return what a sequence, a view of a dict or an array of objects holds; else nothing."""
    if type(item).__name__ == "ndarray" and item.dtype.kind == "O":
        return item.flat  # type: ignore[no-any-return]
    if isinstance(item, _ORDERED) and not isinstance(item, _WITHOUT_VALUES):
        return item
    if isinstance(item, Set) and any(map(_holds_parameters, item)):
        raise TypeError("a set of parameters has no order: keep them in a list, a tuple or a dict")
    return ()


def _holds_parameters(item: Any) -> bool:
    return isinstance(item, (Value, Module)) or bool(_search(_inside(item), set()))


def _attributes(item: Any) -> list[tuple[str, Any]]:
    """Return the attributes of an object: of its classes, of its slots, and its own."""
    found: dict[str, Any] = {}
    for kind in reversed(type(item).__mro__):
        for name, value in vars(kind).items():
            if name.startswith("__") or _is_of_the_class(value):
                continue
            is_slot = isinstance(value, MemberDescriptorType)  # an empty one holds nothing
            found[name] = getattr(item, name, None) if is_slot else value
    found.update(getattr(item, "__dict__", {}))
    return list(found.items())


def _is_of_the_class(value: Any) -> bool:
    """Whether this is a method or a property, and no object that is held."""
    if isinstance(value, Module):
        return False
    return callable(value) or isinstance(value, (property, staticmethod, classmethod))


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"it has {next(name for name in names if names.count(name) > 1)!r} twice")
    return content


def _parsed(raw: bytes) -> dict[str, Any]:
    """Return what a file says. ValueError where it is not of this package or has no parameters."""
    content = json.loads(raw, object_pairs_hook=_without_duplicates, parse_constant=_no_number)
    if not isinstance(content, dict) or content.get("format") != "handgrad":
        raise ValueError('it has no "format": "handgrad"')
    if not isinstance(content.get("parameters"), dict):
        raise ValueError('it has no "parameters": {…}')
    return content


def _no_number(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a finite number")


def generator(seed: Seed) -> Any:
    """Return a generator of random numbers for a seed; one that is given stays, and None too."""
    if seed is None or isinstance(seed, random.Random):
        return seed
    number: Any = operator.index(seed) if hasattr(seed, "__index__") else seed
    return random.Random(number)


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
