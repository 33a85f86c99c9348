"""Lines in vectors and matrices: a claim for each element, and one line of marks for all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial, reduce
from itertools import islice, permutations, product
from typing import NamedTuple

from autograd.marking.bench import Equation
from autograd.marking.cursor import is_array
from autograd.marking.grid import Grid, index_of, squeezed
from autograd.marking.grids import READINGS, Expander, Products
from autograd.marking.known import LONG
from autograd.marking.marks import Outcome
from autograd.marking.names import Names
from autograd.marking.syntax import (
    ArrayCall,
    ArrayName,
    Name,
    Number,
    Quotient,
    Side,
    Statement,
    Term,
    Tree,
    Unreadable,
)
from autograd.marking.verdict import OPEN, Verdict


class ArrayStatement(NamedTuple):
    """An equation between vectors or matrices.

    statement  the equation, with its sides as they were read
    subject    the elements of its left side
    claims     those of the others; Unreadable where the shape is another
    names      what names mean
    products   how products of two vectors were read
    others     the equation, with these read in other ways
    """

    statement: Statement
    subject: Grid
    claims: list[Grid | Unreadable | None]
    names: Names
    products: Products = READINGS[0]
    others: tuple[ArrayStatement, ...] = ()

    @property
    def sides(self) -> list[Side]:
        """The sides as they were read."""
        return self.statement.sides

    def first_sides(self) -> list[Side]:
        """Return the sides of the equation of the first elements."""
        grids = [self.subject, *self.claims]
        terms = [grid.terms[0] if isinstance(grid, Grid) else grid for grid in grids]
        texts = [side.text for side in self.statement.sides]
        return [Side(*pair) for pair in zip(texts, terms, strict=True)]


MOST_READINGS = 16  # of one equation


def in_arrays(statement: Statement, names: Names) -> Statement | ArrayStatement:
    """Return the equation element by element, where it is one of vectors or matrices."""
    if not any(is_array(side.term) for side in statement.sides):
        return statement
    found: list[ArrayStatement] = []
    errors: list[Unreadable] = []
    for read in _readings(statement):
        for products in READINGS:
            expander = Expander(names, list(statement.read), products)
            try:
                found.append(_expanded(read, expander))
            except Unreadable as error:
                errors.append(error)
            if not expander.is_choice:
                break
    if not found:
        return statement._replace(sides=[Side(statement.text, errors[0])])
    return found[0]._replace(others=tuple(found[1:]))


def _readings(statement: Statement) -> Iterator[Statement]:
    """Yield the equation in each way that its sides read."""
    ways = product(*[(side, *side.others) for side in statement.sides])
    for sides in islice(ways, MOST_READINGS):
        yield statement._replace(sides=list(sides))


def _expanded(statement: Statement, expander: Expander) -> ArrayStatement:
    """Return the equation element by element. Raises Unreadable where its left side is not."""
    first, *others = statement.sides
    claims = [_claim(side.term, expander) for side in others]
    subject = _subject(first.term, expander, claims)
    trees = [side.term for side in others]
    fitting = [_fitted(*pair, subject) for pair in zip(claims, trees, strict=True)]
    read = statement._replace(read=tuple(expander.notes))
    return ArrayStatement(read, subject, fitting, expander.names, expander.products)


def _claim(tree: Tree | Unreadable | None, expander: Expander) -> Grid | Unreadable | None:
    if tree is None or isinstance(tree, Unreadable):
        return tree
    try:
        return squeezed(expander.grid(tree))
    except Unreadable as error:
        return error


def _subject(
    tree: Tree | Unreadable | None, expander: Expander, claims: list[Grid | Unreadable | None]
) -> Grid:
    """Return the elements of the left side; a name that a Value and an array have is the array
    where arrays are claimed of it.
    """
    if tree is None or isinstance(tree, Unreadable):
        raise tree or Unreadable("NOT ANSWERED", "the left side is blank")
    subject = squeezed(expander.grid(tree))
    if subject.shape or not any(map(_is_of_arrays, claims)):
        return subject
    if isinstance(tree, Quotient) and expander.names.array(tree.by):
        expander.note(f"{tree.by} is read as the array of this name")
        return squeezed(expander.grid(ArrayCall("quotient", (Name(tree.of), ArrayName(tree.by)))))
    return subject


def _is_of_arrays(claim: Grid | Unreadable | None) -> bool:
    return isinstance(claim, Grid) and claim.shape != ()


def _fitted(
    grid: Grid | Unreadable | None, tree: Tree | Unreadable | None, subject: Grid
) -> Grid | Unreadable | None:
    """Return a claim if it has the shape of the subject, or is a number for each of its elements;
    else the error that says so.
    """
    if not isinstance(grid, Grid) or grid.shape == subject.shape:
        return grid
    if not grid.shape and not is_array(tree):
        return Grid(subject.shape, tuple(grid.terms[0] for _ in subject.terms))
    left, right = ("×".join(map(str, g.shape)) or "1" for g in (subject, grid))
    return Unreadable("NOT READ", f"the left side has the shape {left}, and this has {right}")


_MOST_WRONG = 32
Claim = Callable[[Equation | None, Term | Unreadable | None], Outcome]
Holds = Callable[[Term, Term], bool]


def outcomes(
    claim: Claim, holds: Holds, line: ArrayStatement
) -> Iterator[tuple[Statement, Outcome]]:
    """Yield the equation as it was read and what each of its sides is found to be, all elements
    taken together.
    """
    equations: dict[tuple[Products, Side], list[Equation]] = {}
    for k in range(len(line.claims)):
        read = _that_holds(holds, line, k)
        way = read.products, read.sides[0]
        if way not in equations:
            number = line.statement.number
            equations[way] = [Equation(term, number) for term in read.subject.terms]
        yield read.statement, _outcome(claim, equations[way], read, k)


def _that_holds(holds: Holds, line: ArrayStatement, k: int) -> ArrayStatement:
    """Return the reading in which a claim holds, else one in which its shape fits."""
    fitting = [read for read in (line, *line.others) if isinstance(read.claims[k], Grid)]
    for read in fitting[: len(fitting) if line.others else 0]:
        grid = read.claims[k]
        assert isinstance(grid, Grid)
        if all(map(holds, read.subject.terms, grid.terms)):
            return read
    return fitting[0] if fitting else line


def _outcome(claim: Claim, equations: list[Equation], line: ArrayStatement, k: int) -> Outcome:
    grid, tree = line.claims[k], line.sides[k + 1].term
    if not isinstance(grid, Grid):
        return _slip(claim, line, tree) or claim(equations[0], grid)
    together = _together(_judged(claim, equations, grid), grid)
    if not together.right and together.verdicts[0] not in OPEN and not together.follows:
        together = _slip(claim, line, tree) or together
    return together


def _judged(claim: Claim, equations: list[Equation], grid: Grid) -> list[Outcome]:
    """Return what the elements are found to be: of a large array not all after one that is wrong,
    for to find a slip takes time.
    """
    found: list[Outcome] = []
    wrong = 0
    for equation, term in zip(equations, grid.terms, strict=True):
        found.append(claim(equation, term))
        if not found[-1].right:
            wrong += 1
        if wrong > _MOST_WRONG:
            break
    return found


def _together(found: list[Outcome], grid: Grid) -> Outcome:
    """Return the outcomes of all elements as one: the first that is wrong, else open, else that of
    the least exact.
    """
    if not grid.shape:
        return found[0]
    place = _telling(found)
    if place is not None:
        first = found[place]
        because = f"element {index_of(grid, place)}: {first.because}"
        return Outcome(first.verdicts, None, because, first.read, first.places, first.follows)
    return _all_right(found)


def _all_right(found: list[Outcome]) -> Outcome:
    """Return the outcomes of elements that are all right as one: that of the least exact."""
    inexact = next((o for o in found if o.verdicts[0] is not Verdict.EXACT), found[0])
    read = "; ".join(dict.fromkeys(o.read for o in found if o.read))
    because = f"each of {len(found)} elements: {inexact.because}"
    if inexact.expected is not None and inexact.because.startswith("it is"):
        because = f"each of {len(found)} elements is so, as far as its digits tell"
    return Outcome(inexact.verdicts, None, because, read)


def _telling(found: list[Outcome]) -> int | None:
    """Return the place of the first element with a slip of its own, else of one that is wrong, else
    of one that is not judged; None where all are right.
    """
    if all(outcome.right for outcome in found):
        return None
    ranks = [_rank(outcome) for outcome in found]
    return ranks.index(min(ranks))


def _rank(outcome: Outcome) -> int:
    """Return 0 for a slip of an element's own, 1 for what is wrong, 2 for what is not judged, and 3
    for what is right.
    """
    if outcome.verdicts[0] in OPEN:
        return 2
    if outcome.right:
        return 3
    return 0 if outcome.follows is None else 1


# Slips of vectors and matrices: each is a change of the tree that makes it right.


def _slip(claim: Claim, line: ArrayStatement, tree: object) -> Outcome | None:
    """Return the slip of the matrix kind that a side is, or None."""
    if not isinstance(tree, ArrayCall) or sum(1 for _ in _places(tree)) > LONG:
        return None
    for verdict, because, changed in _changes(tree):
        expander = Expander(line.names, [], line.products)
        try:
            grid = _fitted(squeezed(expander.grid(changed)), changed, line.subject)
        except Unreadable:
            continue
        if isinstance(grid, Grid) and _is_right(claim, line, grid):
            return Outcome((verdict,), None, f"{verdict}: {because}")
    return None


def _is_right(claim: Claim, line: ArrayStatement, grid: Grid) -> bool:
    pairs = zip(line.subject.terms, grid.terms, strict=True)
    return all(claim(Equation(x, line.statement.number), term).right for x, term in pairs)


def _changes(tree: ArrayCall) -> Iterator[tuple[Verdict, str, Tree]]:
    """Yield each slip that a tree may be: what it is called, a sentence, and what is right."""
    whole = "it is the transpose of what the left side is"
    verdict = Verdict.OUTER_SWAPPED if _is_outer(tree) else Verdict.TRANSPOSED
    yield verdict, whole, ArrayCall("transpose", (tree,))
    for place in _places(tree):
        if isinstance(place, ArrayName):
            because = f"{place.name} must be transposed here, or must not"
            yield Verdict.TRANSPOSED, because, _turned(tree, place)
        elif place.kind == "elementwise":
            matmul = ArrayCall("matmul", place.args)
            because = "a matrix product belongs where ⊙ stands"
            yield Verdict.ELEMENTWISE, because, _with(tree, place, matmul)
            turned = ArrayCall("matmul", (ArrayCall("transpose", place.args[:1]), place.args[1]))
            yield Verdict.ELEMENTWISE, because, _with(tree, place, turned)
        if isinstance(place, ArrayCall):
            for x, whole_jacobian in _jacobians(place):
                because = f"{x}(1 − {x}) is the diagonal alone of diag({x}) − {x} {x}ᵀ"
                yield Verdict.DIAGONAL_ONLY, because, _with(tree, place, whole_jacobian)


def _jacobians(place: ArrayCall) -> Iterator[tuple[str, Tree]]:
    """Yield, for a product with x(1 − x) in it, what the whole Jacobian of softmax makes of it."""
    is_diagonal = place.kind == "diag"
    for x, rest in _beside_slopes(list(_factors(place.args[0] if is_diagonal else place))):
        if not rest:
            yield x.name, _call("sub", _call("diag", x), _call("outer", x, x))
        elif not is_diagonal:
            above = reduce(partial(_call, "elementwise"), rest)
            mean = _call("rowsum", _call("elementwise", x, above))
            yield x.name, _call("elementwise", x, _call("sub", above, mean))


def _beside_slopes(factors: list[Tree]) -> Iterator[tuple[ArrayName, list[Tree]]]:
    """Yield each x that stands in a product with 1 − x, and the factors beside these two."""
    for x, other in permutations(factors, 2):
        if isinstance(x, ArrayName) and _is_one_minus(other, x):
            yield x, [f for f in factors if f is not x and f is not other]


def _factors(tree: Tree) -> Iterator[Tree]:
    """Yield the factors of a product; that of two vectors is read element by element."""
    if isinstance(tree, ArrayCall) and tree.kind in ("elementwise", "matmul", "mul"):
        for arg in tree.args:
            yield from _factors(arg)
    else:
        yield tree


def _is_one_minus(tree: Tree, x: ArrayName) -> bool:
    match tree:
        case ArrayCall(kind="sub", args=(Number(value=1.0), ArrayName(name=name))):
            return name == x.name
    return False


def _call(kind: str, *args: Tree) -> ArrayCall:
    return ArrayCall(kind, args)


def _places(tree: Tree) -> Iterator[ArrayName | ArrayCall]:
    if isinstance(tree, (ArrayName, ArrayCall)):
        yield tree
    if isinstance(tree, ArrayCall):
        for arg in tree.args:
            yield from _places(arg)


def _turned(tree: ArrayCall, place: ArrayName) -> Tree:
    """Return the tree with a name transposed, or not any more where it is."""

    def change(part: Tree) -> Tree | None:
        if isinstance(part, ArrayCall) and part.kind == "transpose" and part.args[0] is place:
            return place
        return ArrayCall("transpose", (part,)) if part is place else None

    return _renamed(tree, change)


def _with(tree: ArrayCall, place: ArrayCall, other: Tree) -> Tree:
    return _renamed(tree, lambda part: other if part is place else None)


def _is_outer(tree: ArrayCall) -> bool:
    last = tree.args[-1]
    is_row = isinstance(last, ArrayCall) and last.kind == "transpose"
    return tree.kind == "outer" or (tree.kind in ("matmul", "mul") and is_row)


def _renamed(tree: Tree, change: Callable[[Tree], Tree | None]) -> Tree:
    """Return an array tree with some places changed: those of which `change` gives another."""
    other = change(tree)
    if other is not None:
        return other
    if isinstance(tree, ArrayCall):
        return replace(tree, args=tuple(_renamed(arg, change) for arg in tree.args))
    return tree
