"""Vectors and matrices as they are written, element by element: each a term of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import reduce
from itertools import chain
from typing import Any, ClassVar, NamedTuple

from autograd import ops
from autograd.marking.grid import Grid, fitted, matrix, scalar, spread, squeezed
from autograd.marking.labels import key, layer_of_delta
from autograd.marking.names import Names
from autograd.marking.syntax import (
    ArrayCall,
    ArrayName,
    Call,
    Name,
    Number,
    Quotient,
    Term,
    Tree,
    Unreadable,
    copied,
    written,
)
from autograd.marking.syntax import number as number_term
from autograd.op import Op

_ROWS: Mapping[str, Op] = {row.name: row for row in ops.TABLE}


class Products(NamedTuple):
    """How the products of two vectors are read.

    inner   whether w x is their inner product, where neither is transposed; else it is element by
            element
    rows    whether vectors are rows: then xᵀ y is an outer product, and x yᵀ an inner one
    """

    inner: bool = False
    rows: bool = False


READINGS = (Products(), Products(inner=True), Products(rows=True), Products(True, True))


class Expander:
    """Expands trees into grids.

    names       what the names mean
    notes       what was read where reading was a choice is added to these
    products    how the products of two vectors are read
    is_choice   whether there was one that may be read in another way
    """

    def __init__(self, names: Names, notes: list[str], products: Products = READINGS[0]) -> None:
        self.names = names
        self.notes = notes
        self.products = products
        self.is_choice = False

    def grid(self, tree: Tree) -> Grid:
        """Return the elements of a tree. Raises Unreadable where shapes do not fit."""
        if isinstance(tree, ArrayName):
            return self.named(tree)
        if not isinstance(tree, ArrayCall):
            return scalar(tree)
        operation = self.OPERATIONS.get(tree.kind)
        if operation is not None:
            return operation(self, tree)
        args = [squeezed(self.grid(arg)) for arg in tree.args]
        if tree.function is not None:
            return self.elementwise(tree.function, args)
        if tree.kind in _ROWS and len(args) == _ROWS[tree.kind].arity:
            return self.elementwise(_applied(_ROWS[tree.kind]), args)
        raise Unreadable("NOT READ", f"{tree.kind} is not read of vectors and matrices", tree)

    # What a name stands for.

    def named(self, tree: ArrayName) -> Grid:
        rows = tree.labels or self.names.array(tree.name)
        if rows:
            return self.of_labels(rows)
        found = self.delta(tree)
        if found is None:
            raise self.names.unknown(tree.name)
        return found

    def of_labels(self, rows: Sequence[object]) -> Grid:
        if isinstance(rows[0], (list, tuple)):
            return matrix([[self.entry(x) for x in row] for row in rows])  # type: ignore[attr-defined]
        return Grid((len(rows),), tuple(self.entry(x) for x in rows))

    def entry(self, entry: object) -> Term:
        if not isinstance(entry, str):
            return number_term(float(entry))  # type: ignore[arg-type]
        if key(entry) in self.names.said:
            self.note(self.names.said[key(entry)])
        return Name(entry)

    def delta(self, tree: ArrayName) -> Grid | None:
        """∂root/∂net of all units of a layer; None of another name."""
        rest = layer_of_delta(tree.name)
        rows = self.names.layer(rest) if rest else None
        if rows is None:
            return None
        of = self.of_labels(rows)
        nets = [self.names.nets.get(_label(term), _label(term)) for term in of.terms]
        self.note(f"{tree.name} is read as ∂{self.names.root}/∂{_stem(nets)}")
        return of._replace(terms=tuple(Quotient(self.names.root, net) for net in nets))

    def updated(self, tree: ArrayCall) -> Grid:
        """What an array is after one step of gradient descent."""
        of = self.grid(tree.args[0])
        return of._replace(terms=tuple(Name(_label(term), updated=True) for term in of.terms))

    def gradient(self, tree: ArrayCall) -> Grid:
        by = self.grid(tree.args[-1])
        labels = [_label(term) for term in by.terms]
        return by._replace(terms=tuple(Quotient(self.names.root, label) for label in labels))

    def quotient(self, tree: ArrayCall) -> Grid:
        """∂of/∂by: of a scalar in the shape of by; of a vector by a vector, a row for each of."""
        of, by = (self.end(arg) for arg in tree.args)
        if not of.shape:
            label = _label(of.terms[0])
            return by._replace(terms=tuple(Quotient(label, _label(x)) for x in by.terms))
        if len(by.shape) > 1 or len(of.shape) > 1:
            raise Unreadable("NOT READ", "a derivative by a matrix is read of a number alone", tree)
        if not by.shape:
            return of._replace(
                terms=tuple(Quotient(_label(y), _label(by.terms[0])) for y in of.terms)
            )
        return matrix([[Quotient(_label(y), _label(x)) for x in by.terms] for y in of.terms])

    def end(self, arg: Tree) -> Grid:
        """Return an end of a quotient: a label, or an array."""
        if isinstance(arg, ArrayName) and not arg.labels and self.names.array(arg.name) is None:
            found = self.names.find(arg.name)
            if isinstance(found, str):
                return scalar(Name(found))
        return self.grid(arg)

    # Operations.

    def vector(self, tree: ArrayCall) -> Grid:
        items = [self.grid(arg) for arg in tree.args]
        if not any(item.shape for item in items):
            return Grid((len(items),), tuple(item.terms[0] for item in items))
        if len({item.shape for item in items}) > 1 or len(items[0].shape) > 1:
            raise Unreadable("NOT READ", "the rows of a matrix are of one length", tree)
        return matrix([item.terms for item in items])

    def transpose(self, tree: ArrayCall) -> Grid:
        grid = self.grid(tree.args[0])
        if len(grid.shape) == 1:
            return grid._replace(is_row=not grid.is_row)
        if not grid.shape:
            return grid
        return matrix([grid.column(j) for j in range(grid.shape[1])])

    def matmul(self, tree: ArrayCall) -> Grid:
        left, right = (self.grid(arg) for arg in tree.args)
        if not squeezed(left).shape or not squeezed(right).shape:
            return self.elementwise(_times, [squeezed(left), squeezed(right)])
        if len(left.shape) == len(right.shape) == 1:
            return self.product_of_vectors(tree, left, right)
        is_plain = len(left.shape) == 1 and not left.is_row
        left, right = fitted(left, right)
        if left.size(1) != right.size(0):
            return self.product_of_misfits(tree, left, right)
        result = squeezed(_multiplied(left, right))
        if is_plain and len(result.shape) == 1:  # a vector without a direction gives one
            return result._replace(is_row=False)
        return result

    def product_of_misfits(self, tree: ArrayCall, left: Grid, right: Grid) -> Grid:
        """Return the product element by element where two have one shape; else Unreadable."""
        if tree.kind == "mul" and squeezed(left).shape == squeezed(right).shape:
            self.note("a product of two matrices of one shape is read element by element")
            return self.elementwise(_times, [left, right])
        raise self.misfit(tree, left, right)

    def product_of_vectors(self, tree: ArrayCall, left: Grid, right: Grid) -> Grid:
        if left.is_row != right.is_row:
            self.is_choice = True
            if self.products.rows:
                self.note("vectors are read as rows")
            if right.is_row != self.products.rows:
                return self.outer(tree)
        elif tree.kind == "mul":
            if left.shape != right.shape:
                self.note("a product of two vectors is read as their outer product")
                return self.outer(tree)
            self.is_choice = True
            if not self.products.inner:
                self.note("a product of two vectors is read element by element")
                return self.elementwise(_times, [left, right])
            self.note("a product of two vectors is read as their inner product")
        if left.shape != right.shape:
            raise self.misfit(tree, left, right)
        return scalar(_inner(left.terms, right.terms))

    def product(self, tree: ArrayCall) -> Grid:
        left, right = (squeezed(self.grid(arg)) for arg in tree.args)
        return self.elementwise(_times, [left, right])

    def outer(self, tree: ArrayCall) -> Grid:
        left, right = (squeezed(self.grid(arg)) for arg in tree.args)
        if len(left.shape) > 1 or len(right.shape) > 1:
            raise Unreadable("NOT READ", "an outer product is one of two vectors", tree)
        rows = [[_times(copied(y), copied(x)) for x in right.terms] for y in left.terms]
        return squeezed(matrix(rows))

    def line(self, tree: ArrayCall) -> Grid:
        """Return one row or one column of a matrix, as a vector; they are counted from 1."""
        grid, (_, number) = self.grid(tree.args[0]), tree.args
        assert isinstance(number, Number)
        k = int(number.value)
        if not 1 <= k <= grid.size(0 if tree.kind == "row" else 1):
            raise Unreadable("NOT READ", f"{written(tree)} is not there: they are counted from 1")
        terms = grid.row(k - 1) if tree.kind == "row" else grid.column(k - 1)
        return Grid((len(terms),), tuple(terms))

    def diag(self, tree: ArrayCall) -> Grid:
        grid = squeezed(self.grid(tree.args[0]))
        if len(grid.shape) == 2:
            if grid.shape[0] != grid.shape[1]:
                raise Unreadable("NOT READ", "diag is of a vector, or of a square matrix", tree)
            return Grid((grid.shape[0],), tuple(grid.at(i, i) for i in range(grid.shape[0])))
        size = range(len(grid.terms))
        return matrix([[grid.at(i) if i == j else number_term(0.0) for j in size] for i in size])

    def total(self, tree: ArrayCall) -> Grid:
        return scalar(_summed([copied(term) for term in self.grid(tree.args[0]).terms]))

    def mean(self, tree: ArrayCall) -> Grid:
        total = self.total(tree)
        count = number_term(float(len(self.grid(tree.args[0]).terms)))
        return total._replace(terms=(Call(ops.div, (total.terms[0], count)),))

    def rowsum(self, tree: ArrayCall) -> Grid:
        grid = self.grid(tree.args[0])
        if len(grid.shape) < 2:
            return self.total(tree)
        return Grid((grid.shape[0],), tuple(_summed(grid.row(i)) for i in range(grid.shape[0])))

    def colsum(self, tree: ArrayCall) -> Grid:
        grid = self.grid(tree.args[0])
        if len(grid.shape) < 2:
            return self.total(tree)
        return Grid((grid.shape[1],), tuple(_summed(grid.column(j)) for j in range(grid.shape[1])))

    def norm(self, tree: ArrayCall) -> Grid:
        terms = [_times(copied(t), copied(t)) for t in self.grid(tree.args[0]).terms]
        return scalar(Call(ops.sqrt, (_summed(terms),)))

    def softmax(self, tree: ArrayCall) -> Grid:
        grid = self.grid(tree.args[0])
        rows = (
            [list(grid.terms)]
            if len(grid.shape) < 2
            else [grid.row(i) for i in range(grid.shape[0])]
        )
        return grid._replace(terms=tuple(chain.from_iterable(map(_softmax, rows))))

    def elementwise(self, function: Callable[..., Term], args: Sequence[Grid]) -> Grid:
        """Return a function of terms element by element; a vector goes with each row of a matrix,
        else with each column.
        """
        largest = max(args, key=lambda grid: len(grid.shape))
        if len(largest.shape) == 1 and len({x.is_row for x in args if x.shape}) > 1:
            self.note("a vector and a transposed one are taken element by element")
        columns = [spread(grid, largest) for grid in args]
        terms = tuple(function(*terms) for terms in zip(*columns, strict=True))
        return largest._replace(terms=terms)

    def misfit(self, tree: ArrayCall, left: Grid, right: Grid) -> Unreadable:
        """Return the error that says what does not fit, and which transpose would."""
        sides = [written(arg) for arg in tree.args]
        sizes = [f"{grid.size(0)}×{grid.size(1)}" for grid in (left, right)]
        words = " and ".join(f"{side} is {size}" for side, size in zip(sides, sizes, strict=True))
        hint = ""
        if left.size(0) == right.size(0):
            hint = f"; {sides[0]} transposed would fit"
        elif left.size(1) == right.size(1):
            hint = f"; {sides[1]} transposed would fit"
        return Unreadable("NOT READ", f"this product cannot be: {words}{hint}", tree)

    def note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)

    OPERATIONS: ClassVar[Mapping[str, Callable[[Any, ArrayCall], Grid]]] = {
        "vector": vector,
        "transpose": transpose,
        "matmul": matmul,
        "elementwise": product,
        "mul": matmul,
        "outer": outer,
        "row": line,
        "column": line,
        "diag": diag,
        "rowsum": rowsum,
        "colsum": colsum,
        "sum": total,
        "mean": mean,
        "norm": norm,
        "softmax": softmax,
        "gradient": gradient,
        "quotient": quotient,
        "updated": updated,
    }


def _softmax(row: Sequence[Term]) -> Iterator[Term]:
    """Yield e^t/Σ e^x for each term of a row."""
    for t in row:
        below = _summed([Call(ops.exp, (copied(x),)) for x in row])
        yield Call(ops.div, (Call(ops.exp, (copied(t),)), below))


def _label(term: Term) -> str:
    if not isinstance(term, Name):
        raise Unreadable("NOT READ", "a derivative is taken by names")
    return term.label


def _stem(labels: Sequence[str]) -> str:
    """Return what stands for labels in a note: the first, and the last."""
    return labels[0] if len(labels) == 1 else f"{labels[0]}, …, {labels[-1]}"


def _applied(op: Op) -> Callable[..., Term]:
    return lambda *args: Call(op, args)


def _times(a: Term, b: Term) -> Term:
    return Call(ops.mul, (a, b))


def _multiplied(left: Grid, right: Grid) -> Grid:
    """Return the product of two matrices whose sizes fit."""
    columns = [right.column(j) for j in range(right.size(1))]
    rows = [left.row(i) for i in range(left.size(0))]
    return matrix([[_inner(row, column) for column in columns] for row in rows])


def _inner(row: Sequence[Term], column: Sequence[Term]) -> Term:
    return _summed([_times(copied(x), copied(y)) for x, y in zip(row, column, strict=True)])


def _summed(terms: Sequence[Term]) -> Term:
    return reduce(lambda a, b: Call(ops.add, (a, b)), terms)
