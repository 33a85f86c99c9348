"""The numbers that a sheet asks for, as data: what the questions of a learning platform are.

Only numbers can be asked there. A formula is printed; the numbers put into one are left out, for
they would tell what is asked above.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape
from itertools import count
from math import gcd
from typing import TYPE_CHECKING, NamedTuple

from autograd.derivation import product
from autograd.marking.mathml import mathml
from autograd.notation import Notation
from autograd.worksheets.scoring import shown
from autograd.worksheets.steps import Cell, Line, Step
from autograd.worksheets.tolerance import Truth, Truths
from autograd.worksheets.variants import leaves_of

if TYPE_CHECKING:
    from autograd.worksheets.worksheet import Sheet

_FINENESS = 10_000  # the sum of weights, at most: Moodle keeps marks below 100,000


class Blank(NamedTuple):
    """One number that is asked for.

    number      its place among all, from 1 up
    value       the true one, and `tolerance` how far an answer may be from it
    points      what it is worth
    """

    number: int
    value: float
    tolerance: float
    points: float

    @property
    def ends(self) -> tuple[float, float]:
        """The least and the greatest answer that is right."""
        return self.value - self.tolerance, self.value + self.tolerance


Piece = str | Blank  # HTML, or what stands between it


class Row(NamedTuple):
    """One equation: what it is about as text, how far it is indented, and its pieces."""

    subject: str
    depth: int
    pieces: tuple[Piece, ...]

    @property
    def blanks(self) -> list[Blank]:
        return [piece for piece in self.pieces if isinstance(piece, Blank)]


class Part(NamedTuple):
    """A step of the sheet: its title in HTML, and its rows."""

    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Paper:
    """A sheet as questions.

    title   what the whole is called, as text; `name` tells it from those of other students
    intro   in HTML what is given, and how numbers are to be written
    """

    title: str
    name: str
    code: str
    intro: str
    parts: tuple[Part, ...]

    @property
    def blanks(self) -> list[Blank]:
        return [blank for part in self.parts for row in part.rows for blank in row.blanks]

    @property
    def weights(self) -> dict[int, int]:
        """The points of each blank, by its number, in the smallest whole numbers that have their
        ratio, to a ten-thousandth of the whole; at least 1.
        """
        blanks = self.blanks
        unit = _FINENESS / (sum(blank.points for blank in blanks) or 1.0)
        whole = {blank.number: max(1, round(blank.points * unit)) for blank in blanks}
        common = gcd(*whole.values())
        return {number: weight // common for number, weight in whole.items()}


def papers_of(sheets: Iterable[Sheet]) -> list[Paper]:
    """Return the sheets of a class as questions. Raises ValueError where there are none, or one
    asks for no number.
    """
    papers = [sheet.paper for sheet in sheets]
    if not papers:
        raise ValueError("no sheets")
    return papers


def paper_of(sheet: Sheet) -> Paper:
    """Return a sheet as questions. Raises ValueError where it asks for no number."""
    worksheet = sheet.worksheet
    latex = worksheet.notation._replace(style="latex")
    nearest = worksheet.screen.nearest(leaves_of(sheet.root))
    truths = Truths(sheet.graph, worksheet.plan, worksheet.notation, nearest)
    writer = _Writer(truths, latex)
    pairs = zip(sheet.steps(worksheet.notation), sheet.steps(latex), strict=True)
    scheme = worksheet.scheme
    shares = {"value": scheme.accuracy, "numbers": scheme.method}
    parts = tuple(writer.part(k, *pair, shares) for k, pair in enumerate(pairs, 1))
    name = f"{worksheet.title}, {sheet.student}, variant {sheet.code}"
    paper = Paper(worksheet.title, name, sheet.code, _intro(sheet), parts)
    if not paper.blanks:
        raise ValueError(f"{worksheet.title!r} asks for no number, and nothing else can be asked")
    return paper


def _intro(sheet: Sheet) -> str:
    latex = sheet.worksheet.notation._replace(style="latex")
    picture = b64encode(sheet.worksheet.picture.encode()).decode()
    return "\n".join(
        [
            *_paragraphs("Given", sheet.given(latex)),
            *_paragraphs("Computed from these", [[pair] for pair in sheet.definitions(latex)]),
            '<p><img alt="What is computed from what"'
            f' src="data:image/svg+xml;base64,{picture}"/></p>',
            f"<p><strong>{escape(sheet.precision)} Go on with what you wrote down.</strong></p>",
        ]
    )


def _paragraphs(title: str, rows: Iterable[Iterable[tuple[str, str]]]) -> Iterator[str]:
    yield f"<h4>{title}</h4>"
    for row in rows:
        yield f"<p>{', '.join(mathml(f'{name} = {text}') for name, text in row)}</p>"


class _Writer:
    """Writes the parts of one sheet; each number is asked once."""

    def __init__(self, truths: Truths, latex: Notation) -> None:
        self.truths = truths
        self.latex = latex
        self.numbers = count(1)
        self.asked: set[tuple[str, str]] = set()

    def part(self, k: int, step: Step, printed: Step, shares: dict[str, float]) -> Part:
        """Return a step, its points shared among its blanks as a marker would.

        printed   the same step in LaTeX
        shares    what a value is worth, and the numbers put in
        """
        lines = [
            (line, other, self.found(line))
            for line, other in zip(step.lines, printed.lines, strict=True)
        ]
        total = sum(shares[kind] for _, _, found in lines for kind in found)
        points = {kind: step.points * share / (total or 1.0) for kind, share in shares.items()}
        title = f"{k}. {escape(printed.title).format(mathml(printed.subject))}"
        if total:
            title += f" ({shown(step.points)} points)"
        rows = [self.row(*line, points) for line in lines]
        return Part(title, tuple(row for row in rows if row.pieces))

    def found(self, line: Line) -> dict[str, list[Truth]]:
        """Return what is asked in a line and was not asked before, by kinds of cells."""
        found: dict[str, list[Truth]] = {}
        for cell in line.cells:
            truths = self.truths_of(line, cell)
            if truths and (line.title, cell.kind) not in self.asked:
                self.asked.add((line.title, cell.kind))
                found[cell.kind] = truths
        return found

    def truths_of(self, line: Line, cell: Cell) -> list[Truth]:
        if cell.asked and cell.kind == "value":
            return [self.truths.of[line.title]]
        if cell.asked and cell.holes > 1:
            return self.truths.factors(line.title)
        return []

    def row(
        self, line: Line, printed: Line, found: dict[str, list[Truth]], points: dict[str, float]
    ) -> Row:
        pieces: list[Piece] = []
        for cell in printed.cells:
            if not cell.asked or cell.kind == "formula":
                pieces += [" = ", mathml(cell.text)]
                continue
            if cell.kind in found and cell.kind == "numbers":  # which is which
                names = product(self.truths.names[line.title], self.latex)
                pieces += [" = ", mathml(names)]
            for k, truth in enumerate(found.get(cell.kind, ())):
                share = points[cell.kind] / len(found[cell.kind])
                pieces += [" · " if k else " = ", Blank(next(self.numbers), *truth, share)]
        if pieces:
            pieces.insert(0, mathml(printed.title))
        return Row(line.title, line.depth, tuple(pieces))
