"""All that the command computes, as one dict: `--json` prints it as it is."""

import argparse
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from copy import deepcopy
from difflib import get_close_matches
from itertools import chain
from typing import Any, TypeAlias

from autograd import Array, Value, check_derivation
from autograd.arrays.derivation import ArrayDerivation, arrays_in, derive_in_arrays
from autograd.derivation import Derivation, Factor
from autograd.deriving import derive
from autograd.formula import formula
from autograd.graph import Graph, named_graph
from autograd.marking.marks import Marks
from autograd.notation import Notation
from autograd.record import Record
from nn.command import slips
from nn.command.options import example, parser, setting
from nn.command.pictures import pictures
from nn.command.rounds import numbers_of, training
from nn.losses import half_squared_error

LINES = 250  # of derivations, unless --derive asks for more
FORM = dict.fromkeys(
    ("digits", "derive", "detail", "latex", "out", "json")
)  # the options that do not change the example
Derived: TypeAlias = Derivation | ArrayDerivation


def derivations(
    E: Value, parameters: Iterable[str], options: argparse.Namespace
) -> dict[str, Derived]:
    """That of ∂E by each name in --derive, else by the parameters, as far as LINES goes. An error
    for another name.

    In arrays, that of each array is in place of those of its elements.
    """
    graph = named_graph(E)
    values = {name: value for value, name in graph.names.items()}
    notation = Notation(digits=options.digits or 4)
    if options.detail == "arrays":
        return _derived_in_arrays(E, values, parameters, options.derive, notation)
    if not options.derive:
        return _derived_first(graph, values, parameters, notation)
    _require_names(options.derive, values.keys())
    return {name: derive(graph, values[name], notation) for name in options.derive}


def _derived_in_arrays(
    E: Value,
    values: Mapping[str, Value],
    parameters: Iterable[str],
    wanted: Sequence[str] | None,
    notation: Notation,
) -> dict[str, Derived]:
    """Return the derivation by each wanted name, else by the arrays of the parameters."""
    arrays = arrays_in(E)
    _require_names(wanted or (), values.keys() | arrays.keys())
    whole: dict[str, Value | Array] = {**values, **arrays}
    names = wanted or _arrays_of(parameters, values, arrays)
    return {name: derive_in_arrays(E, whole[name], notation) for name in names}


def _derived_first(
    graph: Graph, values: Mapping[str, Value], parameters: Iterable[str], notation: Notation
) -> dict[str, Derived]:
    """Return the derivations by the first parameters, as far as LINES goes."""
    result: dict[str, Derived] = {}
    lines = 0
    for name in parameters:
        if lines < LINES:
            result[name] = derive(graph, values[name], notation)
            lines += str(result[name]).count("\n")
    return result


def _require_names(wanted: Iterable[str], known: Collection[str]) -> None:
    """Raise an error for the first name that is not known; it says which is near."""
    for name in wanted:
        if name not in known:
            near = "".join(f"; {n!r} is near" for n in get_close_matches(name, known, 1, 0.5))
            raise argparse.ArgumentTypeError(
                f"--derive: nothing is named {name!r}{near}; there are {listed(known)}"
            )


def _arrays_of(
    names: Iterable[str], values: Mapping[str, Value], arrays: Mapping[str, Array]
) -> list[str]:
    """Return each name, or that of the array in which it is; each once."""
    holders = {v: name for name, x in arrays.items() for v in x.values}
    return list(dict.fromkeys(holders.get(values[name], name) for name in names))


def marks(options: argparse.Namespace) -> Marks:
    """The marks for what stands in the file that --check names. An error where it cannot be
    read.
    """
    root = _root(options)
    try:
        with open(options.check, encoding="utf-8") as file:
            claims = file.read()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise argparse.ArgumentTypeError(
            f"--check: {options.check!r} cannot be read: {reason}"
        ) from None
    try:
        return check_derivation(root, claims, names=called(options.names))
    except (TypeError, ValueError) as problem:
        if options.names is None:
            raise
        raise argparse.ArgumentTypeError(f"--names: {problem}") from None


def _root(options: argparse.Namespace) -> Value:
    """The Value that is derived: of the example, or the error of the network."""
    if options.example is not None:
        return example(options).root
    model, inputs, targets = setting(options)
    return half_squared_error(model(inputs), targets)


def called(path: str | None) -> dict[str, Any]:
    """Return what the file that --names names says the writer calls things: {"E_total": "E", …}."""
    if path is None:
        return {}
    try:
        with open(path, encoding="utf-8") as file:
            names = json.load(file)
    except (OSError, ValueError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else f"it is not JSON: {problem}"
        raise argparse.ArgumentTypeError(f"--names: {path!r} cannot be read: {reason}") from None
    if not isinstance(names, dict):
        raise argparse.ArgumentTypeError(
            f'--names: {path!r} holds no object, as {{"E_total": "E"}} is one'
        )
    return names


def listed(names: Iterable[str]) -> str:
    """The names, those in a row by the first and the last.

    >>> listed(["w10", "i1", "w9", "i2", "w11", "E"])
    'E, i1 i2, w9 ... w11'
    """
    rows: dict[str, list[str]] = {}
    for name in sorted(names, key=lambda name: (len(name), name)):
        rows.setdefault(name.rstrip("0123456789"), []).append(name)
    return ", ".join(
        f"{row[0]} ... {row[-1]}" if len(row) > 2 else " ".join(row) for row in rows.values()
    )


def data(derivation: Derived) -> list[dict[str, Any]] | dict[str, Any]:
    """A derivation, then all that its sums are made of, each once; a factor's terms are places in
    the list. One in arrays has its lines.
    """
    if isinstance(derivation, ArrayDerivation):
        return _fields(derivation, "of", "by", "value") | {
            "lines": [line._asdict() for line in derivation.lines]
        }
    places = _places(derivation)
    return [
        _fields(part, "of", "by", "value")
        | {"factors": [_factor_data(factor, places) for factor in part.factors]}
        for part in places
    ]


def _places(derivation: Derivation) -> dict[Derivation, int]:
    """Return a derivation and all that its sums are made of, each with its place in the list."""
    places = {derivation: 0}
    todo = [derivation]
    for part in todo:  # which grows
        for term in chain.from_iterable(factor.terms for factor in part.factors):
            if term not in places:
                places[term] = len(places)
                todo.append(term)
    return places


def _factor_data(factor: Factor, places: Mapping[Derivation, int]) -> dict[str, Any]:
    fields = _fields(factor, "of", "by", "formula", "numbers", "value")
    return fields | {"terms": [places[term] for term in factor.terms]}


def _fields(item: object, *names: str) -> dict[str, Any]:
    return {name: getattr(item, name) for name in names}


def example_report(options: argparse.Namespace) -> dict[str, Any]:
    """All that is printed of an example, by the names that `--help` explains."""
    title, root, by = example(options)
    root.backward()
    result: dict[str, Any] = {"example": options.example, "title": title}
    names = named_graph(root).names
    result["forward"] = {name: v.data for v, name in names.items()}
    notation = Notation(digits=options.digits or 4)
    result["formulas"] = {
        name: formula(v, names, notation).names for v, name in names.items() if v.op is not None
    }
    result["derivations"] = derivations(root, by, options)
    if options.out is not None:
        result["pictures"] = pictures(root, result["derivations"], options)
    return result


def report(options: argparse.Namespace) -> dict[str, Any]:
    """All that is printed, by the names that `--help` explains."""
    if options.example is not None:
        return example_report(options)
    model, inputs, targets = setting(options)
    E = half_squared_error(model(inputs), targets)
    E.backward()
    result = _fields(options, "layers", "activation", "bias", "lr", "rounds", "seed")
    parameters = [*model.weights(), *model.biases()]
    result["inputs"] = _numbered("i", inputs)
    result["targets"] = _numbered("t", targets)
    result["weights"] = numbers_of(model.weights())
    result["biases"] = numbers_of(model.biases())
    result["forward"] = numbers_of(v for v in Record(E).nodes if v.label)
    result["gradients"] = {p.label: p.grad for p in parameters}
    result["derivations"] = derivations(E, result["gradients"], options)
    trained = deepcopy(model)  # for what is drawn and derived shows the numbers as they are
    states = training(trained, inputs, targets, options.lr, {0, 1, options.rounds})
    result["training"] = [{"rounds": rounds, **state} for rounds, state in states.items()]
    if vars(options) | FORM == vars(parser().parse_args([])) | FORM:
        result["lecture"] = slips.figures(states)
    if options.out is not None:
        result["pictures"] = pictures(E, result["derivations"], options)
    return result


def _numbered(letter: str, numbers: Iterable[float]) -> dict[str, float]:
    """Return numbers by a letter and their places, counted from 1."""
    return {f"{letter}{k}": x for k, x in enumerate(numbers, 1)}
