"""Matrix form: an index form as a person writes it with vectors and matrices.

    Σ_i δ_o[i]·W2[i,k]·out_h[k]      (W2ᵀ δ_o) ⊙ out_h
    δ_h[i]·x[j]                      δ_h xᵀ
    Σ_n δ[n,i]·X[n,j]                δᵀ X

The symbols of a term are the nodes of a graph, in which a vector stands at a node, and a matrix on
an edge. What is summed over is contracted along the edges. A term that has no such form stays in
index form.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import starmap

from autograd import ops
from autograd.arrays.contraction import Contraction, NotMatrixError
from autograd.arrays.families import Family
from autograd.arrays.forms import (
    Atom,
    Bracket,
    Call,
    Element,
    IndexForm,
    Term,
    elements,
    elements_of,
    scaled,
    symbols,
)
from autograd.arrays.subs import Affine, Sub
from autograd.formula import Writer, Written
from autograd.graph import RAISED
from autograd.notation import Notation
from autograd.op import ATOM, POWER, PRODUCT

_LETTERS = "ijklmpqr"  # of what is summed over, or free, in index form
_RAISED = RAISED | str.maketrans("nm", "ⁿᵐ")


class MatrixWriter:
    """Writes index forms in one notation.

    root        the name of what is derived
    gradients   what stands below the δ of the gradient by each family; "" for a quotient
    """

    def __init__(self, notation: Notation, root: str, gradients: Mapping[Family, str]) -> None:
        self.root = root
        self.notation = notation
        self.is_latex = notation.style == "latex"
        self.beside = r"\," if self.is_latex else " "  # between two matrices
        self.gradients = gradients
        self.writer = Writer({}, notation, {})
        self.letters: dict[str, str] = {}  # of the symbols that stand for calls
        self.ranges: dict[str, tuple[int, ...]] = {}  # what each symbol runs over
        self.turned: dict[Written, Written] = {}  # what each transpose is the transpose of

    def written(self, form: IndexForm, family: Family) -> Written:
        """Return the form of an element of a family at its `free` indices."""
        return self.in_matrices(form, family) or self.index_form(form, family.free)

    def index(self, form: IndexForm, family: Family) -> str:
        """Return the index [i,j] of the element that `written` gives; "" where it gives all."""
        if self.in_matrices(form, family):
            return self.row_of_call(family)
        names = self.lettered([s for s in family.free if isinstance(s, str)], ())
        subs = [self.sub(s, names) for s in family.free]
        return f"[{','.join(subs[1:] if family.calls else subs)}]" if subs else ""

    def row_of_call(self, family: Family) -> str:
        """Return [n,:] where the form in matrices is of the row that a call is; else ""."""
        free = [self.letters.get(str(s), ":") for s in family.free]
        return f"[{','.join(free)}]" if not family.calls and set(free) != {":"} and free else ""

    def in_matrices(self, form: IndexForm, family: Family) -> Written | None:
        """Return the form of all elements in vectors and matrices; None where it has none."""
        free = family.free
        self.letters = {str(free[0]): "n"} if family.calls else {}
        self.ranges = family.symbols("f", family.ranges)
        self.name_calls(form)
        if family.is_part:
            return None
        shown = tuple(s for s in free if isinstance(s, str) and s not in self.letters)
        is_row = len(family.shape) == 2 and not isinstance(free[-2], str)
        try:
            return self.form(form, shown, turned=is_row and len(shown) == 1)
        except NotMatrixError:
            return None

    def name_calls(self, form: IndexForm) -> None:
        """Give a letter to each symbol that stands for a call."""
        letter = "m" if self.letters else "n"
        for family, subs, _ in elements_of(form):
            if family.calls and isinstance(subs[0], str):
                self.letters.setdefault(subs[0], letter)

    def gradient(self, family: Family) -> Written:
        """Return the name of the gradient by a family."""
        return self.piece(self.named(self.delta(family), "n" if family.calls else ""), ATOM)

    def array(self, family: Family) -> Written:
        """Return the name of a family."""
        name = self.notation.name(family.name)
        return self.piece(self.named(name, "n" if family.calls else ""), ATOM)

    def delta(self, family: Family) -> str:
        """Return the name of the gradient by a family, without the number of a call."""
        if not self.gradients[family]:
            return self.notation.derivative(self.root, family.name)
        of = self.notation.name(self.gradients[family])
        return rf"\delta_{{{of}}}" if self.is_latex else f"δ_{of}"

    # Matrix form.

    def form(self, form: IndexForm, free: tuple[str, ...], turned: bool = False) -> Written:
        """Return a form with these indices; `turned`, a vector as a row."""
        if not form:
            return self.writer.number(0.0, self.writer.constants)
        common = self.common(form, free)
        if common:
            product = self.factored(form, common, free)
            return self.transposed(product) if turned else product
        size = _size_of_all(form)
        if size != 1.0:
            rest = self.form(scaled(form, 1.0 / size), free, turned)
            return self.writer.with_constant(size, [rest], [])
        terms = [(term.coefficient, self.term(term, free, len(form) == 1, turned)) for term in form]
        first = next((k for k, (sign, _) in enumerate(terms) if sign > 0), 0)
        return self.writer.joined([terms.pop(first), *terms])

    def factored(
        self, form: IndexForm, common: list[tuple[Atom, float]], free: tuple[str, ...]
    ) -> Written:
        """Return the product of common factors and what is left of the terms."""
        rest = tuple(term.without(common) for term in form)
        pieces = [*self.sides(common, self.atom)[0], self.form(rest, free)]
        return self.hadamard(pieces) if free else self.writer.chain(pieces)

    def common(self, form: IndexForm, free: tuple[str, ...]) -> list[tuple[Atom, float]]:
        """Return the factors that all of several terms have, element by element."""
        if len(form) < 2:
            return []
        return [
            (atom, e)
            for atom, e in form[0].factors
            if e > 0
            and self.key(atom) == free
            and all((atom, e) in term.factors for term in form[1:])
        ]

    def term(self, term: Term, free: tuple[str, ...], alone: bool, turned: bool = False) -> Written:
        """Return a term without its sign; one that is not `alone` is spread over what it lacks."""
        within = [s for s in term.summed if s not in self.letters]
        result = self.contracted(term, within, free, alone, turned)
        for call in (s for s in term.summed if s in self.letters):
            result = self.summed(self.letters[call], result)
        return result

    def contracted(
        self, term: Term, within: Sequence[str], free: tuple[str, ...], alone: bool, turned: bool
    ) -> Written:
        """Return a term without its sign and its sums over calls; `within` are its other sums."""
        scalars, groups = self.by_indices(term)
        product = Contraction(self, groups, within, free)
        parts = product.factors(alone)
        above, below = self.sides(scalars, self.atom)
        above += product.scalars
        if parts:
            vector = self.hadamard(parts)
            above.append(self.transposed(vector) if turned else vector)
        return self.writer.with_constant(math.fabs(term.coefficient), above, below)

    def by_indices(
        self, term: Term
    ) -> tuple[list[tuple[Atom, float]], dict[tuple[str, ...], list[tuple[Atom, float]]]]:
        """Return the factors of a term that have no index, and the others by their indices."""
        groups: dict[tuple[str, ...], list[tuple[Atom, float]]] = {}
        for atom, e in term.factors:
            groups.setdefault(self.key(atom), []).append((atom, e))
        return groups.pop((), []), groups

    def summed(self, letters: str, body: Written) -> Written:
        sign = rf"\sum_{{{letters}}} " if self.is_latex else f"Σ_{letters} "
        return self.piece(f"{sign}{body:{PRODUCT}}", PRODUCT)

    def key(self, atom: Atom) -> tuple[str, ...]:
        """Return the indices of an atom that is taken element by element, calls left out."""
        if isinstance(atom, Element):
            return self.key_of_element(atom)
        free = self.without_calls(symbols(atom))
        if len(free) > 2:
            raise NotMatrixError
        orders = map(self.key_of_element, elements(atom))
        return next((key for key in orders if set(key) == set(free)), free)

    def key_of_element(self, element: Element) -> tuple[str, ...]:
        key = self.without_calls(s for s in element.subs if isinstance(s, str))
        if len(set(key)) != len(key) or any(isinstance(s, Affine) for s in element.subs):
            raise NotMatrixError
        if element.family.is_part:
            raise NotMatrixError
        self.require_one_range(element)
        return key

    def require_one_range(self, element: Element) -> None:
        """Raise NotMatrixError where a symbol runs over other numbers than it does elsewhere."""
        for sub, numbers in zip(element.subs, element.family.ranges, strict=True):
            if isinstance(sub, str) and self.ranges.setdefault(sub, numbers) != numbers:
                raise NotMatrixError

    def without_calls(self, names: Iterable[str]) -> tuple[str, ...]:
        return tuple(s for s in names if s not in self.letters)

    def sides(
        self, factors: Iterable[tuple[Atom, float]], write: Callable[[Atom], Written]
    ) -> tuple[list[Written], list[Written]]:
        """Return factors as powers: those above the line, and those below it."""
        above: list[Written] = []
        below: list[Written] = []
        for atom, exponent in starmap(_without_root, factors):
            side = above if exponent > 0 else below
            side.append(self.writer.power(write(atom), abs(exponent)))
        return above, below

    def atom(self, atom: Atom) -> Written:
        """Return an atom, whose indices are understood."""
        if isinstance(atom, Element):
            return self.element(atom)
        free = self.key(atom)
        if isinstance(atom, Call):
            return self.writer.apply(atom.op, *(self.form(x, free) for x in atom.args))
        return self.form(atom.terms, free)

    def element(self, element: Element) -> Written:
        """Return the name of an array, whose indices are understood, and the one of its call."""
        family, subs, is_gradient = element
        if len(family.members) == 1:
            return self.gradient(family) if is_gradient else self.array(family)
        fixed = tuple(s for s in subs if isinstance(s, int))
        if not is_gradient and len(fixed) == len(subs):
            return self.writer.name(family.members[fixed].label)
        name = self.name_of(element)
        ranges = family.ranges
        if family.calls:
            name, subs, ranges = self.named(name, self.shown(subs[0])), subs[1:], ranges[1:]
        sizes = tuple(map(len, ranges))
        return self.with_index(name, tuple(map(self.shown, subs)), sizes)

    def name_of(self, element: Element) -> str:
        """Return the name of an array, or of the gradient by it, without an index."""
        family = element.family
        return self.delta(family) if element.is_gradient else self.notation.name(family.name)

    def shown(self, sub: Sub) -> str:
        """Return an index as it is written; that of a whole row or column is understood, ":"."""
        return self.letters.get(sub, ":") if isinstance(sub, str) else str(sub)

    def with_index(self, name: str, shown: tuple[str, ...], sizes: tuple[int, ...]) -> Written:
        """Return the name of an array; a matrix of one row, or of one column, is a vector."""
        match shown, sizes:
            case ((":",) | (":", ":") | (), _) | ((":", _), (_, 1)):
                return self.piece(name, ATOM)
            case ((_, ":"), (1, _)):
                return self.transposed(self.piece(name, ATOM))
        return self.piece(f"{name}[{','.join(shown)}]", ATOM)

    def named(self, name: str, call: str) -> str:
        """Return a name with the number of its call above it."""
        if not call:
            return name
        if self.is_latex:
            return f"{{{{{name}}}^{{({call})}}}}"  # in braces of its own, for a power may follow
        return f"{name}⁽{call.translate(_RAISED)}⁾"

    def piece(self, text: str, binding: int) -> Written:
        return Written(text, binding, self.notation.style)

    def hadamard(self, pieces: Sequence[Written]) -> Written:
        """Return the product element by element."""
        if len(pieces) == 1:
            return pieces[0]
        sign = r" \odot " if self.is_latex else " ⊙ "
        return self.piece(sign.join(map(self.in_hadamard, pieces)), PRODUCT)

    def in_hadamard(self, piece: Written) -> str:
        """Return a factor of a product element by element: one of matrices in parentheses."""
        return f"{piece:{ATOM if self.is_product(piece) else PRODUCT}}"

    def matmul(self, pieces: Sequence[Written]) -> Written:
        """Return the product of matrices and vectors."""
        return self.piece(self.beside.join(f"{p:{POWER}}" for p in pieces), POWER)

    def is_product(self, piece: Written) -> bool:
        """Whether it is, or holds, a product of matrices."""
        return self.beside in piece.text

    def transposed(self, piece: Written) -> Written:
        if piece in self.turned:
            return self.turned[piece]
        text = f"{{{piece:{ATOM}}}}^{{\\top}}" if self.is_latex else f"{piece:{ATOM}}ᵀ"
        result = self.piece(text, ATOM)
        self.turned[result] = piece
        return result

    def called(self, name: str, piece: Written) -> Written:
        if self.is_latex:
            return self.piece(rf"\operatorname{{{name}}}\left({piece.text}\right)", ATOM)
        return self.piece(f"{name}({piece.text})", ATOM)

    def ones(self) -> Written:
        return self.piece(r"\mathbf{1}" if self.is_latex else "ones", ATOM)

    # Index form.

    def index_form(self, form: IndexForm, free: Sequence[Sub]) -> Written:
        """Return the form with every index written."""
        return self.indexed(form, self.lettered([s for s in free if isinstance(s, str)], ()))

    def lettered(self, names: Iterable[str], taken: Collection[str]) -> dict[str, str]:
        """Return a letter for each symbol: that of its call, or the next that is not taken."""
        letters = (c for c in _LETTERS if c not in taken)
        return {s: self.letters.get(s) or next(letters) for s in names}

    def indexed(self, form: IndexForm, names: Mapping[str, str]) -> Written:
        if not form:
            return self.writer.number(0.0, self.writer.constants)
        return self.writer.joined(
            (term.coefficient, self.indexed_term(term, names)) for term in form
        )

    def indexed_term(self, term: Term, names: Mapping[str, str]) -> Written:
        """Return a term without its sign, with every index written."""
        here = {**names, **self.lettered(term.summed, names.values())}
        above, below = self.sides(term.factors, lambda atom: self.at(atom, here))
        result = self.writer.with_constant(math.fabs(term.coefficient), above, below)
        if not term.summed:
            return result
        return self.summed(",".join(here[s] for s in term.summed), result)

    def at(self, atom: Atom, names: Mapping[str, str]) -> Written:
        if isinstance(atom, Element):
            name, subs = self.name_of(atom), [self.sub(sub, names) for sub in atom.subs]
            if atom.family.calls:
                name = self.named(name, subs.pop(0))
            return self.piece(f"{name}[{','.join(subs)}]" if subs else name, ATOM)
        if isinstance(atom, Call):
            return self.writer.apply(atom.op, *(self.indexed(x, names) for x in atom.args))
        return self.indexed(atom.terms, names)

    def sub(self, sub: Sub, names: Mapping[str, str]) -> str:
        """Return an index as it is written: i+k−1, 2i, 3."""
        if isinstance(sub, str):
            return names[sub]
        if isinstance(sub, int):
            return str(sub)
        parts = [(names[s], times) for s, times in sub.parts]
        parts.sort(key=lambda part: (part[1] < 0, part[0]))  # what is added stands first
        minus = "-" if self.is_latex else "−"
        parts.insert(len(parts) if parts[0][1] > 0 else 0, ("", sub.constant))  # i−1, and 6−i
        return "".join(_summand(times, name, minus) for name, times in parts).removeprefix("+")


def _size_of_all(form: IndexForm) -> float:
    """Return what the coefficients of several terms are, their signs aside; 1 if they differ."""
    sizes = [math.fabs(term.coefficient) for term in form]
    return sizes[0] if len(sizes) > 1 and sizes.count(sizes[0]) == len(sizes) else 1.0


def _summand(times: int, name: str, minus: str) -> str:
    """Return a whole number times a symbol, or alone, with the sign before it; "" for 0 alone."""
    if not name and not times:
        return ""
    size = "" if name and times in (1, -1) else str(abs(times))
    return f"{minus if times < 0 else '+'}{size}{name}"


def _without_root(atom: Atom, exponent: float) -> tuple[Atom, float]:
    """Return a power with x for √x to an even one."""
    if isinstance(atom, Call) and atom.op is ops.sqrt and exponent % 2 == 0:
        return Bracket(atom.args[0]), exponent / 2
    return atom, exponent
