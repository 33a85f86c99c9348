"""Lines in vectors and matrices: a claim for each element, and one line of marks for all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

from autograd.marking.bench import Equation
from autograd.marking.cursor import is_array
from autograd.marking.grids import Expander, Grid, index_of, squeezed
from autograd.marking.marks import Outcome
from autograd.marking.names import Names
from autograd.marking.syntax import (
    ArrayCall,
    ArrayName,
    Name,
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
    """

    statement: Statement
    subject: Grid
    claims: list[Grid | Unreadable | None]
    names: Names

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


def in_arrays(statement: Statement, names: Names) -> Statement | ArrayStatement:
    """Return the equation element by element, where it is one of vectors or matrices."""
    if not any(is_array(side.term) for side in statement.sides):
        return statement
    notes = list(statement.read)
    expander = Expander(names, notes)
    first, *others = statement.sides
    try:
        claims = [_claim(side.term, expander) for side in others]
        subject = _subject(first.term, expander, claims)
    except Unreadable as error:
        return statement._replace(sides=[Side(statement.text, error)])
    fitting = [_fitted(grid, subject) for grid in claims]
    return ArrayStatement(statement._replace(read=tuple(notes)), subject, fitting, names)


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
    if subject.shape or not any(isinstance(c, Grid) and c.shape for c in claims):
        return subject
    if isinstance(tree, Quotient) and expander.names.array(tree.by):
        expander.note(f"{tree.by} is read as the array of this name")
        return squeezed(expander.grid(ArrayCall("quotient", (Name(tree.of), ArrayName(tree.by)))))
    return subject


def _fitted(grid: Grid | Unreadable | None, subject: Grid) -> Grid | Unreadable | None:
    """Return a claim if it has the shape of the subject, else the error that says so."""
    if not isinstance(grid, Grid) or grid.shape == subject.shape:
        return grid
    if not grid.shape:
        return Grid(subject.shape, tuple(grid.terms[0] for _ in subject.terms))
    left, right = ("×".join(map(str, g.shape)) or "1" for g in (subject, grid))
    return Unreadable("NOT READ", f"the left side has the shape {left}, and this has {right}")


_MOST_WRONG = 32
Claim = Callable[[Equation | None, Term | Unreadable | None], Outcome]


def outcomes(claim: Claim, line: ArrayStatement) -> Iterator[Outcome]:
    """Yield what each side of an equation is found to be, all its elements taken together."""
    number = line.statement.number
    equations = [Equation(term, number) for term in line.subject.terms]
    for side, grid in zip(line.statement.sides[1:], line.claims, strict=True):
        if not isinstance(grid, Grid):
            slip = _slip(claim, line, side.term)
            yield slip or claim(equations[0], grid)
            continue
        together = _together(_judged(claim, equations, grid), grid)
        if not together.right and together.verdicts[0] not in OPEN and not together.follows:
            together = _slip(claim, line, side.term) or together
        yield together


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
    wrong = [k for k, o in enumerate(found) if not o.right and o.verdicts[0] not in OPEN]
    new = [k for k in wrong if found[k].follows is None]
    unread = [k for k, o in enumerate(found) if o.verdicts[0] in OPEN]
    for places in (new, wrong, unread):
        if places:
            first = found[places[0]]
            because = f"element {index_of(grid, places[0])}: {first.because}"
            return Outcome(first.verdicts, None, because, first.read, first.places, first.follows)
    inexact = next((o for o in found if o.verdicts[0] is not Verdict.EXACT), found[0])
    read = "; ".join(dict.fromkeys(o.read for o in found if o.read))
    because = f"each of {len(found)} elements: {inexact.because}"
    if inexact.expected is not None and inexact.because.startswith("it is"):
        because = f"each of {len(found)} elements is so, as far as its digits tell"
    return Outcome(inexact.verdicts, None, because, read)


# Slips of vectors and matrices: each is a change of the tree that makes it right.


def _slip(claim: Claim, line: ArrayStatement, tree: object) -> Outcome | None:
    """Return the slip of the matrix kind that a side is, or None."""
    if not isinstance(tree, ArrayCall):
        return None
    for verdict, because, changed in _changes(tree):
        expander = Expander(line.names, [])
        try:
            grid = _fitted(squeezed(expander.grid(changed)), line.subject)
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


def _with(tree: ArrayCall, place: ArrayCall, other: ArrayCall) -> Tree:
    return _renamed(tree, lambda part: other if part is place else None)


def _is_outer(tree: ArrayCall) -> bool:
    last = tree.args[-1]
    is_row = isinstance(last, ArrayCall) and last.kind == "transpose"
    return tree.kind == "outer" or (tree.kind == "matmul" and is_row)


def _renamed(tree: Tree, change: Callable[[Tree], Tree | None]) -> Tree:
    """Return an array tree with some places changed: those of which `change` gives another."""
    other = change(tree)
    if other is not None:
        return other
    if isinstance(tree, ArrayCall):
        return replace(tree, args=tuple(_renamed(arg, change) for arg in tree.args))
    return tree
