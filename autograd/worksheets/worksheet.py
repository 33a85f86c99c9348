"""Worksheet: the same questions for a class, with other numbers for each student."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from copy import copy
from functools import cached_property
from os import PathLike
from pathlib import Path
from re import split
from typing import TYPE_CHECKING

from autograd.digits import Rounding
from autograd.files import write_whole
from autograd.formula import formula
from autograd.graph import Graph, named_graph
from autograd.marking.board import Board, letters, speaks_of_labels
from autograd.marking.check import check_derivation, marks_of
from autograd.marking.known import Known
from autograd.marking.marks import FULL, Marks, Scheme
from autograd.notation import Notation, checked_notation
from autograd.record import Record
from autograd.value import Value
from autograd.worksheets.picture import blank_picture
from autograd.worksheets.scoring import Item, Score, claim_of, items_of, scored
from autograd.worksheets.screens import Screens
from autograd.worksheets.steps import ASKED, BLANK, Blanks, Plan, Step, steps_of
from autograd.worksheets.variants import Variants, code_of, leaves_of

if TYPE_CHECKING:
    from autograd.worksheets.questions import Paper

SAMPLES = 16
POINTS = {"forward": 4.0, "error": 2.0, "gradient": 6.0, "others": 6.0, "update": 2.0}


class Worksheet:
    """The same questions for a class, with other numbers for each student.

    build      returns the root of a record whose leaves have labels; it is called for each student
    names      what is derived by: the first in full, the others "similarly"; unless given, each
               leaf that has a label
    steps      what is asked, in order, of "forward", "error", "gradient", "others" and "update";
               or these with their points: {"forward": 4, "gradient": 8}
    blanks     what is left blank in a derivation: "formulas", "numbers" or "both"
    seed       of the numbers: a variant is a function of the seed and the student's id
    fixed      the labels of leaves that keep their numbers; 0, 1 and −1 stay in any case
    rate       the learning rate of "update", which is asked only where there is one
    digits     how many significant digits are asked for
    rounding   "round", or "cut"
    scheme     what a method, a result, and what follows from a slip above are worth
    title      what stands above the sheet

    Its `fingerprint` differs where the numbers may. Raises TypeError where `build`
    returns no Value, or another record each time; ValueError for a name, a step or an option that
    is not known.

    >>> def build():
    ...     w, x = Value(0.4, label="w"), Value(0.7, label="x")
    ...     y = w * x; y.label = "y"
    ...     E = (1 - y) ** 2; E.label = "E"
    ...     return E
    >>> sheet = Worksheet(build, names=["w"], seed=7).variant("ann")
    >>> sheet.mark(sheet.key().text()).points
    12.0
    """

    def __init__(
        self,
        build: Callable[[], Value],
        *,
        names: Sequence[str] = (),
        steps: Sequence[str] | Mapping[str, float] = (),
        blanks: Blanks = "both",
        seed: int = 0,
        fixed: Collection[str] = (),
        rate: float | None = None,
        digits: int = 4,
        rounding: Rounding = "round",
        scheme: Scheme = FULL,
        title: str = "Worksheet",
    ) -> None:
        self.title = title
        self.seed = seed
        self.scheme = scheme
        self.notation = checked_notation(digits, rounding)
        root = build()
        if not isinstance(root, Value):
            raise TypeError(f"build must return a Value, not {type(root).__name__}")
        graph = named_graph(root)
        leaves = [v.label for v in Record(root).leaves if v.label]
        by = tuple(names) or tuple(leaves)
        _require_known("names", by, graph.names.values())
        _require_known("fixed", fixed, leaves)
        self.plan = _plan(by, steps, blanks, rate)
        self.fingerprint = repr((seed, self.plan, self.notation, sorted(fixed), _described(graph)))
        self._sample = sample = Sheet(self, "", root)
        self.printed = sample.printed()
        self.items = sample.items()
        subjects = {item.subject: item.term for items in self.items.values() for item in items}
        board = Board(root)
        self.known = Known(board)
        self._variants = Variants(build, board, fixed, seed)
        self.screen = Screens(board, self.notation, rate)
        samples = [leaves_of(sample) for sample in self._samples()] or [leaves_of(root)]
        self.screen.sample(samples, subjects.values())

    def variant(self, student: str) -> Sheet:
        """Return the sheet of one student. Raises ValueError where no numbers will do."""
        return Sheet(self, student, self._variants.root(student, self.screen.faults))

    def _samples(self) -> Iterator[Value]:
        """Yield the root at other numbers, on the same side of each kink."""
        for k in range(SAMPLES):
            with suppress(ValueError):
                yield self._variants.root(f"\n{k}", self.screen.faults)

    @cached_property
    def picture(self) -> str:
        """The picture of every sheet, in names alone, as SVG."""
        return blank_picture(named_graph(self._sample.root), self.notation).svg()

    @property
    def slips(self) -> int:
        """How many slips print otherwise than the truth, in every variant."""
        return self.screen.count


def _plan(
    names: tuple[str, ...],
    steps: Sequence[str] | Mapping[str, float],
    blanks: Blanks,
    rate: float | None,
) -> Plan:
    _require_known("blanks", [blanks], ASKED)
    if not steps:
        steps = [step for step in POINTS if _has_something(step, names, rate)]
    _require_known("steps", steps, POINTS)
    _require_something(steps, names, rate)
    points = steps if isinstance(steps, Mapping) else {step: POINTS[step] for step in steps}
    return Plan(names, tuple(points), blanks, rate, tuple(map(float, points.values())))


def _require_something(steps: Iterable[str], names: tuple[str, ...], rate: float | None) -> None:
    """Raise ValueError for a step in which nothing could be asked."""
    for step in steps:
        if not _has_something(step, names, rate):
            lacks = "a rate" if step == "update" else "more than one name"
            raise ValueError(f"steps: {step!r} needs {lacks}")


def _has_something(step: str, names: Sequence[str], rate: float | None) -> bool:
    if step == "update":
        return rate is not None
    return step != "others" or len(names) > 1


def _described(graph: Graph) -> list[tuple[str, str]]:
    """Return each name, with its number where it is a leaf, else with its formula."""
    names = graph.names
    return [
        (name, repr(v.data) if v.op is None else formula(v, names).names)
        for v, name in names.items()
    ]


def _natural(label: str) -> list[tuple[int, str]]:
    """Return what sorts w2 before w10."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in split(r"(\d+)", label)]


def _require_known(option: str, given: Collection[str], known: Collection[str]) -> None:
    for name in given:
        if name not in known:
            raise ValueError(f"{option}: {name!r} is not among {', '.join(known)}")


class Sheet:
    """The sheet of one student, or with `key()` the same with everything filled in.

    worksheet   what it is a variant of
    student     whose it is
    root        the record, at the student's numbers
    filled      whether it is the key
    code        eight characters that tell this variant from others
    """

    def __init__(
        self, worksheet: Worksheet, student: str, root: Value, filled: bool = False
    ) -> None:
        self.worksheet = worksheet
        self.student = student
        self.root = root
        self.filled = filled
        self.code = code_of(worksheet.fingerprint, student)
        self._steps: dict[Notation, list[Step]] = {}

    @cached_property
    def graph(self) -> Graph:
        return named_graph(self.root)

    @property
    def heading(self) -> str:
        """What stands above the sheet."""
        return f"{self.worksheet.title}: key" if self.filled else self.worksheet.title

    def key(self) -> Sheet:
        """Return the sheet with everything filled in.

        Raises ValueError where the marker does not find all of it right.
        """
        self.items()
        key = copy(self)
        key.filled = True
        return key

    @cached_property
    def numbers(self) -> dict[str, float]:
        """The numbers that are given, by their labels."""
        return {v.label: v.data for v in Record(self.root).leaves if v.label}

    @property
    def precision(self) -> str:
        """The sentence that says how numbers are to be written."""
        notation = self.worksheet.notation
        way = "cut off" if notation.rounding == "cut" else "rounded"
        return f"Write every number with {notation.digits} significant digits, {way}."

    @property
    def instruction(self) -> str:
        """What is to be done."""
        return (
            f"{self.precision} Show the numbers that you put in, and go on with what you"
            " wrote down."
        )

    def given(self, notation: Notation) -> list[list[tuple[str, str]]]:
        """Return the numbers that are given, names and numbers: those of one kind in a row."""
        rows: dict[str, list[tuple[str, str]]] = {}
        exact = notation._replace(digits=15)
        for label in sorted(self.numbers, key=_natural):
            pair = notation.name(label), exact.number(self.numbers[label])
            rows.setdefault(letters(label), []).append(pair)
        return list(rows.values())

    def definitions(self, notation: Notation) -> list[tuple[str, str]]:
        """Return how each named Value is computed: its name, and its formula in names."""
        names = self.graph.names
        return [
            (notation.name(name), formula(v, names, notation).names)
            for v, name in names.items()
            if v.op is not None
        ]

    def steps(self, notation: Notation) -> list[Step]:
        """Return what is asked, in a notation."""
        if notation not in self._steps:
            self._steps[notation] = steps_of(self.graph, self.worksheet.plan, notation)
        return self._steps[notation]

    @cached_property
    def paper(self) -> Paper:
        """The sheet as questions. Raises ValueError where it asks for no number."""
        from autograd.worksheets.questions import paper_of

        return paper_of(self)

    def items(self) -> dict[Step, list[Item]]:
        """Return what each step asks for, as the marker reads the key: alike for all students.

        Raises ValueError where the marker does not find the key right.
        """
        worksheet = self.worksheet
        steps = self.steps(worksheet.notation)
        told = worksheet.plan.called, worksheet.printed
        return {step: items_of(self.root, step, *told) for step in steps}

    def printed(self) -> set[tuple[str, str]]:
        """Return the claims that every sheet itself prints, which earn nothing."""
        notation = self.worksheet.notation
        lines = [f"{name} = {text}" for name, text in self.definitions(notation)]
        for step in self.steps(notation):
            lines += [line.given for line in step.lines]
        return {claim_of(line) for line in check_derivation(self.root, lines).lines}

    def mark(self, text: str) -> Score:
        """Return the points for an answer: text, LaTeX or Markdown, its lines in any order."""
        answered = text.replace(BLANK, "…")  # what the marker knows as a blank
        lines = answered.lstrip("\n").splitlines()
        marks = marks_of(self._known(answered), lines, self.worksheet.plan.called)
        own = [
            line
            for line in marks.lines
            if claim_of(line) not in self.worksheet.printed and line.left not in self.numbers
        ]
        return scored(self.student, self.worksheet.items, Marks(own), self.worksheet.scheme)

    def _known(self, text: str) -> Known:
        """Return the formulas of the record: those of the worksheet, where the text calls Values
        by their labels, and no leaf has moved.
        """
        if speaks_of_labels(text) and not Record(self.root).moved():
            return self.worksheet.known.at(leaves_of(self.root))
        return Known(Board(self.root, text=text))

    def text(self) -> str:
        """Return the sheet as plain text."""
        from autograd.worksheets.text import as_text

        return as_text(self)

    def html(self) -> str:
        """Return the sheet as a page that prints on A4 and Letter."""
        from autograd.worksheets.page import as_html

        return as_html(self)

    def latex(self) -> str:
        """Return the sheet as a LaTeX document."""
        from autograd.worksheets.latex import as_latex

        return as_latex(self)

    def notebook(self) -> str:
        """Return the sheet as a notebook, in JSON."""
        from autograd.worksheets.notebook import as_notebook

        return as_notebook(self)

    def save(self, path: str | PathLike[str]) -> Path:
        """Write the sheet as .txt, .html, .tex or .ipynb, whichever `path` ends in.

        Raises ValueError for another ending, OSError where the file cannot be written.
        """
        path = Path(path)
        writers = {
            ".txt": self.text, ".html": self.html, ".tex": self.latex, ".ipynb": self.notebook
        }  # fmt: skip
        if path.suffix not in writers:
            raise ValueError(f"a sheet is saved as {', '.join(writers)}, not as {path.name!r}")
        write_whole(path, writers[path.suffix]())
        return path
