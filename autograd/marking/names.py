"""Names: what a writer calls a Value, and which one is meant."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any, TypeAlias

from autograd.arrays.array import flattened
from autograd.graph import TOLD_APART
from autograd.marking.board import ACTIVATIONS
from autograd.marking.elements import LONGEST, Elements, parts_of
from autograd.marking.labels import NAME, Rows, as_rows, folded, key, layer_of_delta
from autograd.marking.spelling import CONSTANTS, COUNTS, RATES, SIGNS, plain
from autograd.marking.syntax import ArrayName, Tree, Unreadable
from autograd.notation import Notation
from autograd.op import Op
from autograd.value import Value

Meaning: TypeAlias = "str | float | Tree"  # a label, a number, an array, a definition

_LATEX = Notation("latex")
_LAYERS = ("net_{}", "z{}", "z_{}", "z^({})", "net{}", "out_{}", "a{}", "a_{}", "{}")


@lru_cache(10_000)
def _in_latex(label: str) -> str:
    """Return a label as LaTeX has it, in the signs of text."""
    return plain(_LATEX.name(label)).strip()


@lru_cache(10_000)
def _loose(name: str) -> str:
    """Return the key with what stands above before what stands below, as in z^{(1)}_2 for z1_2.

    Small and capital letters are told apart in names of one letter alone.
    """
    text = "".join(parts_of(name))
    return text.casefold() if text[1:2].isalpha() else text


def _spellings(name: str) -> tuple[str, str, str]:
    """Return how a name is looked up: as it is, by its key, and loosely."""
    return name, key(name), _loose(name)


class Names(Elements):
    """What names mean.

    labels      the labels of the Values
    root        the label of what is derived
    nets        the label of the pre-activation of each that has one
    given       what the writer calls labels, numbers, and lists or matrices of labels
    functions   operations of the record by their names
    arrays      the labels of the elements of arrays that have a name, in rows
    computed    the labels of what was computed, each with its operation: L(w) is L, as a function
                of w
    said        what is told where one of these names is read
    weights     the arrays that are matrices of weights, in the order of the layers
    """

    def __init__(
        self,
        labels: Iterable[str],
        root: str = "E",
        nets: Mapping[str, str] | None = None,
        given: Mapping[str, Any] | None = None,
        functions: Mapping[str, Op] | None = None,
        arrays: Mapping[str, Rows] | None = None,
        computed: Mapping[str, Op] | None = None,
        said: Mapping[str, str] | None = None,
        weights: Sequence[str] = (),
    ) -> None:
        super().__init__(labels, arrays)
        self.computed = dict(computed or {})
        self.weights = tuple(weights)
        self.said = {key(name): told for name, told in (said or {}).items()}
        self.root = root
        self.nets = dict(nets or {})
        self.functions = dict(functions or {})
        self._defined: dict[str, Tree] = {}
        self._levels: tuple[dict[str, dict[str, Meaning]], ...] = ({}, {}, {})
        for label in self.labels:
            self._add(label, label)
        for name, meaning in (given or {}).items():
            self._give(name, meaning)
        self._suggestions = [*self.labels, *(given or {})]
        self.odd = _odd_spellings(self._suggestions)

    def _add(self, name: str, meaning: Meaning) -> None:
        for level, spelling in zip(self._levels, _spellings(name.translate(SIGNS)), strict=True):
            level.setdefault(spelling, {})[str(meaning)] = meaning
        self._levels[0].setdefault(_in_latex(name), {})[str(meaning)] = meaning

    def _give(self, name: str, meaning: Any) -> None:
        """Take in what the writer calls by `name`; an entry of an array is name_1, or name_12."""
        if isinstance(meaning, (list, tuple)):
            self._add(name, ArrayName(name, as_rows(meaning)))
            for place, entry in _entries(meaning):
                self._add(f"{name}_{place}", entry)
            return
        if isinstance(meaning, str) and meaning not in self.labels:
            meaning = self.find(meaning) or _refuse(name, meaning)
        for level, spelling in zip(self._levels, _spellings(name.translate(SIGNS)), strict=True):
            level[spelling] = {str(meaning): meaning}

    def define(self, name: str, term: Tree) -> None:
        """Let a new name, and close variants of it, mean a term."""
        self._defined[key(name)] = term

    def definition(self, name: str) -> Tree | None:
        """Return what a line above defines a name as; None where none does."""
        return self._defined.get(key(name))

    def find(self, name: str) -> Meaning | None:
        """Return what a name means, None where it means nothing.

        Raises Unreadable where it means several things.
        """
        if len(name) > LONGEST:
            return None
        defined = self.definition(name)
        return self._found(name) if defined is None else defined

    def _found(self, name: str) -> Meaning | None:
        """Return what a name means that the writer has not defined."""
        *exact, loose = zip(self._levels, _spellings(name), strict=True)
        found = _at_first_level(exact)
        if found is None and "⁽" in key(name) and self.is_array(name):
            return ArrayName(name)  # net_h⁽²⁾, and not net_h2
        if found is None:
            found = loose[0].get(loose[1])
        return None if found is None else self._one_of(name, found)

    def _one_of(self, name: str, found: Mapping[str, Meaning]) -> Meaning:
        """Return the one meaning of a name. Raises Unreadable where it has several."""
        if len(found) > 1:
            several = " or ".join(found)
            reason = f"{name} may be {several}: type the one that is meant"
            raise Unreadable("UNKNOWN NAME", reason)
        [meaning] = found.values()
        if isinstance(meaning, str) and self.labels[meaning] > 1:
            reason = f"two Values are labelled {meaning}: give each a label of its own"
            raise Unreadable("UNKNOWN NAME", reason)
        return meaning

    def arguments_of(self, op: Op) -> tuple[str, ...]:
        """Return the label of what the one Value that this operation computed was computed of, or
        the labels of a vector of such; none where it computed several.
        """
        outs = tuple(label for label, row in self.computed.items() if row is op)
        if any(label not in self.nets for label in outs):
            return ()
        is_one = len(outs) == 1 or outs in self._by_name[key].values()
        return tuple(self.nets[label] for label in outs) if is_one else ()

    def activation_at(self, name: str) -> Op | None:
        """Return the activation of a pre-activation, or of all in an array; None of others."""
        found = self.find(name)
        array = self.array(name)
        labels = [found] if isinstance(found, str) else flattened(array)[0] if array else []
        rows = [self._activations.get(label) for label in labels]
        return rows[0] if rows and rows.count(rows[0]) == len(rows) else None

    @cached_property
    def _activations(self) -> dict[str, Op | None]:
        """The activation that each pre-activation has; None where it has several."""
        found: dict[str, Op | None] = {}
        for out, net in self.nets.items():
            row = self.computed.get(out)
            if row in ACTIVATIONS or row in self.functions.values():
                found[net] = row if found.get(net, row) is row else None
        return found

    def weights_of_layer(self, name: str) -> str | None:
        """Return the name of the matrix that W2 is, where no label and no array is called so: that
        of the second layer with weights. None of another name.
        """
        found = re.fullmatch(r"W⁽?([1-9])⁾?", key(name))
        place = int(found[1]) - 1 if found else len(self.weights)
        is_taken = found and any(folded(label) == f"w{found[1]}" for label in self.labels)
        return None if is_taken or place >= len(self.weights) else self.weights[place]

    def layer(self, name: str) -> Rows | None:
        """Return the labels of the units that δ_name is about, of a layer; None where none are."""
        return next(filter(None, (self.array(form.format(name)) for form in _LAYERS)), None)

    def is_past_the_calls(self, name: str) -> bool:
        """Whether the number above a name, as in δ_h⁽³⁾, is of a call that there is not.

        Where there are calls, it is not the third unit.
        """
        above = TOLD_APART.search(name)
        return above is not None and bool(self._calls) and above[0] not in self._calls

    @cached_property
    def _calls(self) -> frozenset[str]:
        """The numbers ⁽²⁾, ⁽³⁾, … that tell labels apart."""
        found = map(TOLD_APART.search, self.labels)
        return frozenset(number[0] for number in found if number)

    def is_delta(self, name: str) -> bool:
        """Whether it is a δ with a Value or an array below it: δ_m1 has no index m."""
        rest = layer_of_delta(name)
        return rest is not None and (self.net(rest) is not None or self.layer(rest) is not None)

    def net(self, name: str) -> str | None:
        """Return the label of the pre-activation that δ_name is about; None where there is none.

        δ2 is about the one unit of layer 2, z2_1, where it has one alone.
        """
        if name.isdecimal():
            unit = re.compile(rf"(?:z|net)_?{name}(?:_\d+)?")
            units = list(filter(unit.fullmatch, self.labels)) or self._numbered_nets(name)
            return units[0] if len(units) == 1 else None
        for prefix in ("", "out_", "a_", "net_", "z_", "o_", "h_"):
            found = self.find(prefix + name)
            if isinstance(found, str):
                return self.nets.get(found) or found
        return None

    def _numbered_nets(self, number: str) -> list[str]:
        """Return the labels with this number that a result was computed from alone, and that are
        no such results themselves.
        """
        numbered = re.compile(rf"[^\W\d]+?_?{number}")
        nets = dict.fromkeys(self.nets.values())
        return [net for net in nets if numbered.fullmatch(net) and net not in self.nets]

    def derivative_named(self, name: str, of_root: bool) -> tuple[str, str] | None:
        """Return the two labels that a name like dE_dw5 is made of; E_w5 only `of_root`."""
        text = re.sub(r"[{}\s]", "", name)
        pairs = _ends_of_derivative(text)
        if of_root and text.startswith(f"{self.root}_"):
            pairs.append((self.root, text.removeprefix(f"{self.root}_")))
        return next((pair for pair in pairs if all(self.labels[x] == 1 for x in pair)), None)

    def derivative_meant(self, name: str, is_number: bool) -> str:
        """Return the derivative that a name like dEdw, gradw or dW is likely meant as, else "";
        E_w only where it is said to be a number.
        """
        labels = {folded(label): label for label in self.labels}
        found = re.fullmatch(r"(?:grad|d|∂)(.+)", folded(name))
        rest = found[1] if found else ""
        if rest in labels:
            return f"∂{self.root}/∂{labels[rest]}"
        between = _derivative_between(rest, labels)
        if between:
            return between
        below = self._below_root(name) if is_number else ""
        return f"∂{self.root}/∂{labels[below]}" if below and below in labels else ""

    def _below_root(self, name: str) -> str:
        """Return what stands below the name of the root, as in E_w; "" in any other name."""
        below = folded(name).removeprefix(folded(self.root))
        return below if "_" in name and below != folded(name) else ""

    def split(self, name: str) -> list[str] | None:
        """Return the labels and arrays that stand side by side, as in wx for w·x; None where none
        do. One of them at least is no constant, as e is in xe.
        """
        pieces = re.findall(r"[^\W\d_](?:_?\d+)?", name)
        if not 2 <= len(pieces) <= 4 or "".join(pieces) != name:
            return None
        labels = [label for label in map(self._piece, pieces) if label is not None]
        is_whole = len(labels) == len(pieces)
        return labels if is_whole and not all(map(self._is_constant, labels)) else None

    def _is_constant(self, name: str) -> bool:
        """Whether it is a constant or the learning rate, and no label."""
        return name not in self.labels and (name in CONSTANTS or name in RATES)

    def _piece(self, piece: str) -> str | None:
        """Return the label that a piece of a name is, or itself if it is an array or a constant."""
        found = self.find(piece)
        if found is not None:
            return found if isinstance(found, str) else piece
        is_other = piece in CONSTANTS or piece in RATES or self.array(piece) is not None
        return piece if is_other else None

    def unknown(self, name: str) -> Unreadable:
        """Return the error that says so, with the names that are nearest."""
        near = sorted(difflib.get_close_matches(name[:60], self._suggestions[:1000], 2, 0.5))
        hint = f": did you mean {' or '.join(near)}?" if near else ""
        if name in COUNTS and not near:
            hint = f": write in a line above what it is, as in {name} = 2"
        return Unreadable("UNKNOWN NAME", f"nothing is labelled {name[:60]}{hint}")

    def is_near(self, name: str) -> bool:
        """Whether it is likely a slip of the pen for a label."""
        return bool(difflib.get_close_matches(name, self._suggestions[:1000], 1, 0.8))


def _at_first_level(
    levels: Iterable[tuple[Mapping[str, dict[str, Meaning]], str]],
) -> dict[str, Meaning] | None:
    """Return the meanings of a name at the first level that has its spelling there."""
    return next((level[spelling] for level, spelling in levels if spelling in level), None)


def _ends_of_derivative(text: str) -> list[tuple[str, str]]:
    """Return what may be the two ends of a derivative that is written dE_dw5."""
    if text[:1] not in ("d", "∂"):
        return []
    return [(text[1 : k.start()], text[k.end() :]) for k in re.finditer("_[d∂]", text)]


def _derivative_between(text: str, labels: Mapping[str, str]) -> str:
    """Return ∂E/∂w for the text edw, by the labels of folded names; "" where it is no such one."""
    for of, label in labels.items():
        by = text.removeprefix(of)[1:]
        if text.startswith((f"{of}d", f"{of}∂")) and by in labels:
            return f"∂{label}/∂{labels[by]}"
    return ""


def _entries(rows: Sequence[Any]) -> Iterator[tuple[str, Any]]:
    """Yield each entry of a list or a matrix with its place, from 1."""
    for i, row in enumerate(rows, 1):
        if isinstance(row, (list, tuple)):
            yield from ((f"{i}{j}", entry) for j, entry in enumerate(row, 1))
        else:
            yield str(i), row


def _refuse(name: str, meaning: str) -> str:
    raise ValueError(f"names[{name!r}] is {meaning!r}, and nothing is labelled so")


def _odd_spellings(labels: Iterable[str]) -> list[str]:
    """Return the spellings that would not be read as one name, the longest first."""
    odd = {spelling for label in labels for spelling in _odd(label)}
    return sorted(odd, key=lambda spelling: (-len(spelling), spelling))


def _odd(label: str) -> Iterable[str]:
    """Yield the spellings of a label that would not be read as one name."""
    text = label.translate(SIGNS)
    if not NAME.fullmatch(text) and not re.fullmatch(r"[\d.]*", text):
        yield text
        yield text.replace("*", "·")
    if text and not NAME.fullmatch(text):
        yield _in_latex(label)


def labels_of(names: Mapping[str, Any]) -> tuple[dict[Value, str], dict[str, Any]]:
    """Return a label for each Value in `names`, and the same names with labels for Values.

    A Value is called by its label, and where it has none by what the writer calls it. Raises
    TypeError for what is no Value, number, label, or list of them.

    >>> E, w = Value(1.0, label="E"), Value(2.0)
    >>> found, given = labels_of({"E_total": E, "W": [[w, 0.5]]})
    >>> list(found.values()), given
    (['E', 'W_11'], {'E_total': 'E', 'W': [['W_11', 0.5]]})
    """
    labels: dict[Value, str] = {}

    def called(name: str, meaning: Any, place: str = "") -> Any:
        if isinstance(meaning, Value):
            return labels.setdefault(
                meaning, meaning.label or (f"{name}_{place}" if place else name)
            )
        if isinstance(meaning, (list, tuple)) or hasattr(meaning, "tolist"):
            return [called(name, item, f"{place}{k}") for k, item in enumerate(list(meaning), 1)]
        if isinstance(meaning, (str, int, float)):
            return meaning
        kind = type(meaning).__name__
        raise TypeError(
            f"names[{name!r}] is a Value, a label, a number, or lists of them, not {kind}"
        )

    return labels, {name: called(name, meaning) for name, meaning in names.items()}
