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
from collections.abc import Mapping, Sequence
from itertools import pairwise

from autograd import ops
from autograd.arrays.families import Family
from autograd.arrays.forms import Atom, Bracket, Call, Element, IndexForm, Term, elements, symbols
from autograd.formula import Writer, Written
from autograd.notation import Notation
from autograd.op import ATOM, POWER, PRODUCT

_LETTERS = "ijklmpqr"  # of what is summed over, or free, in index form
_CALL_LETTERS = "nm"
_RAISED_LETTERS = {"n": "ⁿ", "m": "ᵐ"}


class NotMatrixError(Exception):
    """A term that has no matrix form."""


class MatrixWriter:
    """Writes index forms in one notation.

    gradients   what stands below the δ of the gradient by each family
    """

    def __init__(self, notation: Notation, gradients: Mapping[Family, str]) -> None:
        self.notation = notation
        self.is_latex = notation.style == "latex"
        self.gradients = gradients
        self.writer = Writer({}, notation, {})
        self.letters: dict[str, str] = {}  # of the symbols that stand for calls
        self.single: set[str] = set()  # the free symbols that have one value alone

    def written(self, form: IndexForm, free: Sequence[str], family: Family) -> Written:
        """Return the form of the element of `family` with the `free` indices."""
        self.letters = {free[0]: "n"} if family.calls else {}
        letter = "m" if self.letters else "n"
        self.single = {s for s, r in zip(free, family.ranges, strict=True) if len(r) == 1}
        for term in form:
            for element in (e for atom, _ in term.factors for e in elements(atom)):
                if element.family.calls and isinstance(element.subs[0], str):
                    self.letters.setdefault(element.subs[0], letter)
        try:
            return self.form(form, tuple(s for s in free if s not in self.letters))
        except NotMatrixError:
            return self.index_form(form, free)

    def gradient(self, family: Family) -> Written:
        """Return the name of the gradient by a family."""
        return self.piece(self.named(self.delta(family), "n" if family.calls else ""), ATOM)

    def array(self, family: Family) -> Written:
        """Return the name of a family."""
        name = self.notation.name(family.name)
        return self.piece(self.named(name, "n" if family.calls else ""), ATOM)

    def delta(self, family: Family) -> str:
        """Return the name of the gradient by a family, without the number of a call."""
        of = self.notation.name(self.gradients[family])
        return rf"\delta_{{{of}}}" if self.is_latex else f"δ_{of}"

    # Matrix form.

    def form(self, form: IndexForm, free: tuple[str, ...]) -> Written:
        if not form:
            return self.writer.number(0.0, self.writer.constants)
        common = self.common(form, free)
        if common:
            rest = tuple(
                term._replace(factors=tuple(f for f in term.factors if f not in common))
                for term in form
            )
            inner = self.form(rest, free)
            return self.hadamard([*(self.power(*f) for f in common), inner])
        terms = []
        for term in form:
            written = self.term(term, free, alone=len(form) == 1)
            terms.append((term.coefficient, written))
        first = next((k for k, (sign, _) in enumerate(terms) if sign > 0), 0)
        return self.writer.joined([terms.pop(first), *terms])

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

    def term(self, term: Term, free: tuple[str, ...], alone: bool) -> Written:
        """Return a term without its sign; one that is not `alone` is spread over what it lacks."""
        scalars: list[Written] = []
        below: list[Written] = []
        groups: dict[tuple[str, ...], list[tuple[Atom, float]]] = {}
        for atom, e in term.factors:
            key = self.key(atom)
            if key:
                groups.setdefault(key, []).append((atom, e))
            elif e > 0:
                scalars.append(self.power(atom, e))
            else:
                below.append(self.power(atom, -e))
        calls = [s for s in term.summed if s in self.letters]
        product = _Product(self, groups, [s for s in term.summed if s not in calls])
        parts = product.contracted(free, alone)
        above = [*scalars, *product.scalars]
        if parts:
            above.append(self.hadamard(parts))
        result = self.with_constant(math.fabs(term.coefficient), above, below)
        for s in calls:
            result = self.summed(s, result)
        return result

    def with_constant(
        self, coefficient: float, above: list[Written], below: list[Written]
    ) -> Written:
        if coefficient == 0.5 and above:
            return self.writer.over(self.writer.halved(above), below)
        return self.writer.with_constant(coefficient, above, below)

    def summed(self, symbol: str, body: Written) -> Written:
        letter = self.letters[symbol]
        sign = rf"\sum_{{{letter}}} " if self.is_latex else f"Σ_{letter} "
        return self.piece(f"{sign}{body:{PRODUCT}}", PRODUCT)

    def key(self, atom: Atom) -> tuple[str, ...]:
        """Return the indices of an atom that is taken element by element, calls left out."""
        if isinstance(atom, Element):
            key = tuple(s for s in atom.subs if isinstance(s, str) and s not in self.letters)
            if len(set(key)) != len(key):
                raise NotMatrixError
            return key
        free = tuple(s for s in symbols(atom) if s not in self.letters)
        if len(free) > 2:
            raise NotMatrixError
        orders = [self.key(part) for part in elements(atom)]
        return next((key for key in orders if set(key) == set(free)), free)

    def power(self, atom: Atom, exponent: float) -> Written:
        if isinstance(atom, Call) and atom.op is ops.sqrt and exponent % 2 == 0:
            return self.power(Bracket(atom.args[0]), exponent / 2)
        return self.writer.power(self.atom(atom), exponent)

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
        fixed = [s for s in subs if isinstance(s, int)]
        if not is_gradient and fixed and len(fixed) == len(subs):
            return self.writer.name(family.members[tuple(fixed)].label)
        name = self.delta(family) if is_gradient else self.notation.name(family.name)
        if family.calls:
            name = self.named(name, str(self.letters.get(str(subs[0]), subs[0])))
            subs = subs[1:]
        shown = [s if isinstance(s, int) else self.letters.get(s, ":") for s in subs]
        if len(shown) == 2 and ":" in shown and shown != [":", ":"]:
            other = 0 if shown[1] == ":" else 1
            if len(family.ranges[other]) == 1:  # a matrix of one row, or of one column, is a vector
                piece = self.piece(name, ATOM)
                return self.transposed(piece) if other == 0 else piece
        if all(s == ":" for s in shown):
            return self.piece(name, ATOM)
        return self.piece(f"{name}[{','.join(map(str, shown))}]", ATOM)

    def named(self, name: str, call: str) -> str:
        """Return a name with the number of its call above it."""
        if not call:
            return name
        return f"{{{name}}}^{{({call})}}" if self.is_latex else f"{name}⁽{_raised(call)}⁾"

    def piece(self, text: str, binding: int) -> Written:
        return Written(text, binding, self.notation.style)

    def hadamard(self, pieces: Sequence[Written]) -> Written:
        """Return the product element by element."""
        if len(pieces) == 1:
            return pieces[0]
        sign = r" \odot " if self.is_latex else " ⊙ "
        return self.piece(
            sign.join(f"{p:{ATOM if ' ' in p.text else PRODUCT}}" for p in pieces), PRODUCT
        )

    def matmul(self, pieces: Sequence[Written]) -> Written:
        """Return the product of matrices and vectors."""
        sign = r"\, " if self.is_latex else " "
        return self.piece(sign.join(f"{p:{POWER}}" for p in pieces), POWER)

    def transposed(self, piece: Written) -> Written:
        if self.is_latex:
            return self.piece(f"{{{piece:{ATOM}}}}^{{\\top}}", POWER)
        return self.piece(f"{piece:{ATOM}}ᵀ", POWER)

    def called(self, name: str, piece: Written) -> Written:
        if self.is_latex:
            return self.piece(rf"\operatorname{{{name}}}\left({piece.text}\right)", ATOM)
        return self.piece(f"{name}({piece.text})", ATOM)

    def ones(self) -> Written:
        return self.piece(r"\mathbf{1}" if self.is_latex else "1", ATOM)

    # Index form.

    def index_form(self, form: IndexForm, free: Sequence[str]) -> Written:
        """Return the form with every index written."""
        letters = iter(_LETTERS)
        names = {s: self.letters.get(s) or next(letters) for s in free}
        return self.indexed(form, names)

    def indexed(self, form: IndexForm, names: Mapping[str, str]) -> Written:
        terms = []
        for term in form:
            letters = (c for c in _LETTERS if c not in names.values())
            here = {**names, **{s: self.letters.get(s) or next(letters) for s in term.summed}}
            above = [self.writer.power(self.at(a, here), e) for a, e in term.factors if e > 0]
            below = [self.writer.power(self.at(a, here), -e) for a, e in term.factors if e < 0]
            result = self.with_constant(math.fabs(term.coefficient), above, below)
            if term.summed:
                over = ",".join(here[s] for s in term.summed)
                sign = rf"\sum_{{{over}}} " if self.is_latex else f"Σ_{over} "
                result = self.piece(f"{sign}{result:{PRODUCT}}", PRODUCT)
            terms.append((term.coefficient, result))
        return (
            self.writer.joined(terms) if terms else self.writer.number(0.0, self.writer.constants)
        )

    def at(self, atom: Atom, names: Mapping[str, str]) -> Written:
        if isinstance(atom, Element):
            family = atom.family
            name = self.delta(family) if atom.is_gradient else self.notation.name(family.name)
            index = ",".join(names[s] if isinstance(s, str) else str(s) for s in atom.subs)
            return self.piece(f"{name}[{index}]" if index else name, ATOM)
        if isinstance(atom, Call):
            return self.writer.apply(atom.op, *(self.indexed(x, names) for x in atom.args))
        return self.indexed(atom.terms, names)


class _Product:
    """One term on its way to matrix form: what stands at each symbol, and between two.

    groups   the factors by their indices; each is taken once
    summed   the symbols to contract
    scalars  what comes of the parts that reach no free index
    """

    def __init__(
        self,
        writer: MatrixWriter,
        groups: Mapping[tuple[str, ...], Sequence[tuple[Atom, float]]],
        summed: Sequence[str],
    ) -> None:
        self.writer = writer
        self.groups = dict(groups)
        self.summed = list(summed)
        self.scalars: list[Written] = []

    def contracted(self, free: tuple[str, ...], alone: bool) -> list[Written]:
        """Return the factors, element by element, of a scalar, a vector or a matrix."""
        if len(free) > 2:
            raise NotMatrixError
        parts = self.of_matrix(*free, alone) if len(free) == 2 else []
        if len(free) == 1:
            parts = self.at_node(free[0])
        for s in self.summed:
            if any(s in key for key in self.groups):
                self.scalars.append(self.of_scalar(s))
        if self.groups:
            raise NotMatrixError
        return parts

    def take(self, key: tuple[str, ...]) -> list[Written]:
        """Return the factors with these indices, what is below in one with the last above."""
        factors = self.groups.pop(key, [])
        above = [self.writer.power(atom, e) for atom, e in factors if e > 0]
        below = [self.writer.power(atom, -e) for atom, e in factors if e < 0]
        if not below:
            return above
        top = above.pop() if above else self.writer.piece("1", ATOM)
        return [*above, self.writer.writer.over(top, below)]

    def at_node(self, s: str) -> list[Written]:
        """Return the factors of the vector at a symbol: its own, and what is contracted to it."""
        parts = []
        for key in [key for key in self.groups if len(key) == 2 and s in key]:
            other = key[1] if key[0] == s else key[0]
            if key in self.groups and other in self.summed:
                parts.append(self.along(key, s, other))
        return [*parts, *self.take((s,))]

    def matrix(self, key: tuple[str, str], rows: str) -> Written:
        """Return the matrix between two symbols, with `rows` as the index of its rows."""
        whole = self.take(key)
        reverse = self.take((key[1], key[0]))
        if key[0] != rows:
            whole, reverse = reverse, whole
        return self.writer.hadamard([*whole, *(self.writer.transposed(p) for p in reverse)])

    def along(self, key: tuple[str, ...], s: str, other: str) -> Written:
        """Return the vector at `s` that comes of the matrix to `other`, and the vector there."""
        vector = self.vector_beyond(key, other)
        if not vector:
            name = "rowsum" if key[0] == s else "colsum"
            return self.writer.called(name, self.matrix((key[0], key[1]), rows=key[0]))
        matrix = self.matrix((key[0], key[1]), rows=s)
        return self.writer.matmul([matrix, self.writer.hadamard(vector)])

    def vector_beyond(self, key: tuple[str, ...], other: str) -> list[Written]:
        """Return the vector at the far end of a matrix, which is not taken yet."""
        ends = {k: v for k, v in self.groups.items() if set(k) == set(key)}
        self.groups = {k: v for k, v in self.groups.items() if k not in ends}
        vector = self.at_node(other)
        self.groups |= ends
        return vector

    def of_scalar(self, s: str) -> Written:
        """Return the sum over the symbols of one part, from `s` on."""
        own = self.groups.get((s,), [])
        if any(len(key) == 2 and s in key for key in self.groups):
            left = self.take((s,))
            right = self.at_node(s)
            if len(right) == 1 and left:
                turned = self.writer.transposed(self.writer.hadamard(left))
                return self.writer.matmul([turned, right[0]])
            return self.total([*left, *right])
        if len(own) == 2 and all(e == 1 for _, e in own):
            left, right = ([p] for p in self.take((s,)))
            return self.writer.matmul([self.writer.transposed(left[0]), right[0]])
        return self.total(self.take((s,)))

    def total(self, parts: Sequence[Written]) -> Written:
        """Return the sum of all elements."""
        return self.writer.called("sum", self.writer.hadamard(parts))

    def of_matrix(self, a: str, b: str, alone: bool) -> list[Written]:
        """Return the factors of a matrix with rows `a` and columns `b`."""
        writer = self.writer
        own = []
        if (a, b) in self.groups or (b, a) in self.groups:
            own = [self.matrix((a, b), rows=a)]
        path = self.path(a, b)
        left: list[Written] = []
        if not path:
            left = self.at_node(a)
        if path:
            own.insert(0, self.chain(path))
            left, right = self.at_node(a), self.at_node(b)
        else:
            right = self.at_node(b)
        if not own and not left and right and a in writer.single:
            return [writer.transposed(writer.hadamard(right))]
        if not own and left and not right and b in writer.single:
            return left
        if not own:
            return self.outer(left, right, alone)
        product = writer.hadamard(own)
        pieces = [product]
        if left:
            pieces.insert(0, writer.called("diag", writer.hadamard(left)))
        if right:
            pieces.append(writer.called("diag", writer.hadamard(right)))
        return [writer.matmul(pieces) if len(pieces) > 1 else product]

    def outer(self, left: list[Written], right: list[Written], alone: bool) -> list[Written]:
        """Return the outer product; a row that goes with each row needs no ones in a sum."""
        writer = self.writer
        if not left and not right:
            return []
        if not left and not alone:
            return right
        if not right and not alone and all("rowsum" in piece.text for piece in left):
            return left
        ones = [writer.ones()]
        column = writer.hadamard(left or ones)
        row = writer.transposed(writer.hadamard(right or ones))
        return [writer.matmul([column, row])]

    def path(self, a: str, b: str) -> list[str]:
        """Return the symbols from `a` to `b` along matrices and what is summed, or nothing."""
        todo = [[a]]
        while todo:
            way = todo.pop(0)
            for key in self.groups:
                if len(key) != 2 or way[-1] not in key:
                    continue
                following = key[1] if key[0] == way[-1] else key[0]
                if following == b and len(way) > 1:
                    return [*way, b]
                if following in self.summed and following not in way:
                    todo.append([*way, following])
        return []

    def chain(self, path: Sequence[str]) -> Written:
        """Return the product of the matrices along a path."""
        writer = self.writer
        links = list(pairwise(path))
        pieces = [self.matrix(self.key_between(*link), rows=link[0]) for link in links]
        for k in range(len(path) - 2, 0, -1):
            middle = self.at_node(path[k])
            if middle:
                pieces.insert(k, writer.called("diag", writer.hadamard(middle)))
        return writer.matmul(pieces)

    def key_between(self, a: str, b: str) -> tuple[str, str]:
        return (a, b) if (a, b) in self.groups else (b, a)


def _raised(call: str) -> str:
    return "".join(_RAISED_LETTERS.get(c) or c.translate(_RAISED_DIGITS) for c in call)


_RAISED_DIGITS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
