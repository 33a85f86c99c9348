"""A derivation in arrays, as it is written: δ_o = …, δ_h = …, ∂E/∂W1 = δ_h xᵀ."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from autograd.arrays.array import Array, nested
from autograd.arrays.families import Family, read_families, siblings
from autograd.arrays.gradients import Gradients, edges_towards, gradients_of, partly_known
from autograd.arrays.grids import grid, in_a_line, matrix_in_latex
from autograd.arrays.matrix import MatrixWriter
from autograd.arrays.places import size
from autograd.derivation import Derivation, aligned
from autograd.deriving import derive
from autograd.graph import Graph, named_graph
from autograd.notation import Notation
from autograd.record import Record
from autograd.sweep import accumulated
from autograd.value import Value


def derive_in_arrays(
    y: Value, x: Value | Array, notation: Notation
) -> Derivation | ArrayDerivation:
    """Return what `chain_rule` does with `detail="arrays"`."""
    if isinstance(x, Value):
        return _by_element(y, x, notation)
    if not x.name:
        raise ValueError("an array is derived by under its name: x.named('x')")
    towards = _towards(y, [*x.values, *siblings(x.values[0], Record(y))])
    value = nested([towards.number(v) for v in x.values], x.shape)
    return ArrayDerivation(towards, x.name, value, notation)


def _by_element(y: Value, x: Value, notation: Notation) -> Derivation | ArrayDerivation:
    """Return the derivation by the array that an element is in, or else by itself."""
    whole = siblings(x, Record(y))
    towards = _towards(y, [x, *whole])
    if not towards.is_one_array(whole):
        towards = _towards(y, [x])
    graph = towards.graph
    if towards.gradients is None:
        root = graph.names[graph.root]
        return derive(graph, x, notation, f"{root} has no form in arrays: derived in names")
    label = graph.names.get(graph.current(x)) or x.label or "x"
    return ArrayDerivation(towards, label, towards.number(x), notation)


class Towards(NamedTuple):
    """The part of a graph on the way to some Values, and its gradients in arrays, if it has any."""

    graph: Graph
    gradients: Gradients | None
    data: Mapping[Value, float]

    def number(self, v: Value) -> float:
        """Return the gradient by a Value; 0 where the root does not depend on it."""
        return self.data.get(self.graph.current(v), 0.0)

    def is_one_array(self, values: Sequence[Value]) -> bool:
        """Whether these Values are read as one array."""
        if self.gradients is None:
            return False
        seats = self.gradients.reading.seats
        return len({seats[self.graph.current(v)].family for v in values}) <= 1


def _towards(y: Value, values: Sequence[Value]) -> Towards:
    """Return the part of the record of `y` on the way to some Values, and to all of each named
    array that is on the way.
    """
    wanted = dict.fromkeys(values)
    while True:
        graph = named_graph(y, towards=list(wanted))
        edges = edges_towards(graph, [graph.current(v) for v in wanted])
        data = accumulated(graph, edges)
        beside = _beside(graph, data)
        if not beside:
            return Towards(graph, gradients_of(graph, edges, data), data)
        wanted |= beside


def _beside(graph: Graph, data: Mapping[Value, float]) -> dict[Value, None]:
    """Return what was named in one array with a Value of known gradient, and has none.

    They are Values of the record itself, where the graph was computed anew.
    """
    of_record = {copy: v for v, copy in graph.stand_ins.items()}
    partly = partly_known(read_families(graph, stacked=False), data)
    named = [v for f in partly if not f.by_label for v in f.members.values()]
    return {of_record.get(v, v): None for v in named if v not in data}


def arrays_in(root: Value) -> dict[str, Array]:
    """Return the arrays that a record is read in, by name; none where it has no such form."""
    return {
        family.name: Array(family.members.values(), family.shape, family.name)
        for family in families_of(root)
        if family.shape and len(family.members) == size(family.shape)
    }


def families_of(root: Value) -> list[Family]:
    """Return the arrays and the scalars that a record is read in; none where it has no such
    form.
    """
    graph = named_graph(root)
    edges = [edge for into in graph.edges.values() for edge in into]
    gradients = gradients_of(graph, edges, accumulated(graph, edges))
    seats = [] if gradients is None else gradients.reading.seats.values()
    return list(dict.fromkeys(seat.family for seat in seats))


class Line(NamedTuple):
    """One gradient of a derivation in arrays.

    name     what it is called: δ_h; the last is called by its quotient alone
    of, by   what is derived, and by which array
    formula  in arrays: (W2ᵀ δ_o) ⊙ out_h ⊙ (1 − out_h)
    value    its numbers: a float, a list, or a list of rows; of several calls, one for each
    calls    whether it is of several calls: then its numbers are not printed
    element  the one that the formula is of, as [i,j]; "" where it is of the whole array
    """

    name: str
    of: str
    by: str
    formula: str
    value: Any
    calls: bool
    element: str = ""


class ArrayDerivation:
    """∂y/∂x for an array x, or for one element of it, with a line for each array on the way.

    It prints as on a blackboard, and shows itself as LaTeX in a notebook.

    of, by  what is derived, and by what
    value   the numbers: a list or a list of rows, in the shape of x; of an element, a float
    lines   from y to x: the last is the gradient by the whole array. None where y does not depend
            on x, and where it has no form in arrays
    """

    def __init__(self, towards: Towards, by: str, value: Any, notation: Notation) -> None:
        self._graph = towards.graph
        self._gradients = towards.gradients
        self._notation = notation
        self.of = self._graph.names[self._graph.root]
        self.by = by
        self.value = value

    @property
    def lines(self) -> list[Line]:
        return self._lines(self._notation)

    def __str__(self) -> str:
        notation = self._notation
        lines = self._lines(notation)
        blocks = []
        if lines:
            last = lines.pop()
            title = _quotient(last, notation)
            blocks.append(f"{_quotient(last, notation, last.element)} = {last.formula}")
            rows = [
                row for line in lines for row in _rows(line, _in_a_line(line, notation), notation)
            ]
            blocks += [aligned(1, rows)] if rows else []
            if last.by != self.by:
                blocks.append(_with_grid(title, last.value, notation))
        blocks.append(_with_grid(notation.derivative(self.of, self.by), self.value, notation))
        blocks += [f"({note})" for note in self._notes()]
        return "\n\n".join(blocks)

    __repr__ = __str__

    def latex(self) -> str:
        """Return the lines of the text in LaTeX, as they stand in an `aligned` environment."""
        notation = self._notation._replace(style="latex")
        lines = self._lines(notation)
        written = []
        if lines:
            last = lines.pop()
            title = _quotient(last, notation)
            written.append(f"{_quotient(last, notation, last.element)} &= {last.formula}")
            for line in lines:
                written += _in_latex(line, notation)
            if last.by != notation.name(self.by):
                written.append(f"{title} &= {matrix_in_latex(last.value, notation)}")
        title = notation.derivative(self.of, self.by)
        written.append(f"{title} &= {matrix_in_latex(self.value, notation)}")
        written += [f"& {notation.words(f'({note})')}" for note in self._notes()]
        return " \\\\[1ex]\n".join(written)

    def _repr_latex_(self) -> str:
        return f"$$\\begin{{aligned}}\n{self.latex()}\n\\end{{aligned}}$$"

    def _lines(self, notation: Notation) -> list[Line]:
        gradients = self._gradients
        if gradients is None:
            return []
        shown = [f for f in gradients.forms if f not in gradients.folded]
        writer = MatrixWriter(notation, self.of, gradient_names(shown))
        lines = []
        for family in shown:
            formula = writer.written(gradients.forms[family], family).text
            name, by = writer.gradient(family).text, writer.array(family).text
            value = gradients.numbers(family)
            index = writer.index(gradients.forms[family], family)
            lines.append(
                Line(name, notation.name(self.of), by, formula, value, family.calls, index)
            )
        return lines

    def _notes(self) -> Iterator[str]:
        if self._gradients is None:
            yield f"{self.of} has no form in arrays: by an element it is derived in names"
        else:
            yield from self._gradients.notes
            if not self._gradients.forms:
                yield f"{self.of} does not depend on {self.by}"
        if self._graph.moved:
            yield f"{self._graph.moved}; computed anew here"


def _quotient(line: Line, notation: Notation, element: str = "") -> str:
    """Return the quotient that a gradient is, or of an element; its ends are in this notation
    already.
    """
    if notation.style == "latex":
        return rf"\frac{{\partial {line.of}}}{{\partial {line.by}{element}}}"
    return f"∂{line.of}/∂{line.by}{element}"


def _rows(line: Line, numbers: str, notation: Notation) -> list[list[str]]:
    """Return the name of a gradient, the quotient that it is, its formula and its numbers: those in
    a row of their own where the formula is that of an element.
    """
    quotient = _quotient(line, notation)
    is_named = line.name != quotient
    if not line.element:
        return [[line.name, quotient if is_named else "", line.formula, numbers]]
    of_element = _quotient(line, notation, line.element)
    first = [line.name + line.element, of_element] if is_named else [of_element, ""]
    return [[*first, line.formula, ""], *([[line.name, "", "", numbers]] if numbers else [])]


def _in_latex(line: Line, notation: Notation) -> Iterator[str]:
    """Yield the rows of a line in LaTeX."""
    numbers = "" if line.calls else matrix_in_latex(line.value, notation)
    for name, *sides in _rows(line, numbers, notation):
        yield f"{name} &= {' = '.join(filter(None, sides))}"


def _in_a_line(line: Line, notation: Notation) -> str:
    return "" if line.calls else in_a_line(line.value, notation)


def _with_grid(title: str, value: Any, notation: Notation) -> str:
    """Return `title = numbers`, a matrix with a line for each row."""
    first, *others = grid(value, notation)
    margin = " " * len(f"{title} = ")
    return "\n".join([f"{title} = {first}", *(margin + row for row in others)])


def gradient_names(families: Sequence[Family]) -> Mapping[Family, str]:
    """Return what stands below the δ of the gradient by each family: its name without net_.

    "" stands for none: below δ stands a name of letters and digits alone.
    """
    plain = {f: f.name if re.fullmatch(_PLAIN, f.name) else "" for f in families}
    names = {f: name.removeprefix("net_") for f, name in plain.items()}
    given = [name for name in names.values() if name]
    return names if len(set(given)) == len(given) else plain


_PLAIN = r"(?:[^\W\d_²³¹⁰-₉][\u0300-\u036f]*)(?:[^\W²³¹⁰-₉]|[\u0300-\u036f])*"
