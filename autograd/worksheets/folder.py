"""A folder of answers, marked: a page for each student, one for the teacher, and a table."""

from __future__ import annotations

import csv
import io
import multiprocessing
import os
import re
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from hashlib import sha256
from html import unescape
from importlib.metadata import version
from os import PathLike
from pathlib import Path
from typing import NamedTuple

from autograd.files import write_whole
from autograd.recording import collector_paused
from autograd.worksheets.answers import Answer, Unusable, called, composed, files_in, read
from autograd.worksheets.feedback import feedback_page
from autograd.worksheets.overview import overview_page
from autograd.worksheets.result import Result, from_json, result_of
from autograd.worksheets.scoring import shown
from autograd.worksheets.variants import code_of
from autograd.worksheets.worksheet import Worksheet

_KEPT = re.compile(r'<meta name="handgrad" content="(\w+) ([^"]*)">')
# with which a cell begins that a spreadsheet would compute
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Marking(NamedTuple):
    """How a folder is marked.

    out      the folder for what comes out
    hashed   whether the code of a variant stands for the student's id in it
    by       the version that marks
    """

    worksheet: Worksheet
    out: Path
    hashed: bool
    by: str

    def name(self, student: str) -> str:
        """Return what a student is called in what comes out."""
        return code_of(self.worksheet.fingerprint, student) if self.hashed else student

    def shown(self, result: Result) -> Result:
        """Return a result as it stands in what comes out."""
        if self.hashed and result.student:
            return replace(result, student=self.name(result.student), file="")
        return result

    def page(self, student: str) -> Path:
        return self.out / "feedback" / f"{self.name(student)}.html"


def mark_folder(
    worksheet: Worksheet,
    answers: str | PathLike[str],
    students: Sequence[str],
    out: str | PathLike[str],
    *,
    jobs: int = 1,
    hashed: bool = False,
) -> list[Result]:
    """Mark the files in a folder, one for each student; return a result for each student and file.

    answers    .txt, .md, .tex and .ipynb files; a line "student: …" in it says whose one is, or its
               name
    students   the ids of the class
    out        gets marks.csv, class.html, and feedback/ with a page for each student
    jobs       by how many processes; needs a system that can fork
    hashed     whether codes stand for the students' ids in what comes out

    What cannot be marked is told in its row, and stops nothing. Where a run was stopped, another
    one goes on: an answer that has its page, and has not changed, is not marked again. Raises
    OSError where the folder cannot be read, or `out` not be written.
    """
    marking = Marking(worksheet, Path(out), hashed, version("handgrad"))
    (marking.out / "feedback").mkdir(parents=True, exist_ok=True)
    problems, usable = _sorted_out(Path(answers), students, marking.out)
    results = [*problems, *_all_marked(marking, usable, jobs)]
    handed_in = {result.student for result in results}
    results += [Result(s, "", "no file") for s in students if s not in handed_in]
    place = {student: k for k, student in enumerate(students)}
    results.sort(key=lambda r: (place.get(r.student, len(place)), r.file))
    shown_as = [marking.shown(result) for result in results]
    write_whole(marking.out / "marks.csv", marks_csv(shown_as))
    write_whole(marking.out / "class.html", overview_page(worksheet.title, shown_as))
    return results


def _sorted_out(
    folder: Path, students: Sequence[str], out: Path
) -> tuple[list[Result], list[tuple[str, Answer]]]:
    """Return what is wrong with files, and the others with what they hold."""
    problems: list[Result] = []
    found: dict[str, list[tuple[str, Answer]]] = {}
    known = frozenset(students)
    for path in files_in(folder, out):
        try:
            answer = read(path, known)
            found.setdefault(answer.student, []).append((called(path), answer))
        except Unusable as problem:
            stem = composed(path.stem)
            student = stem if stem in known else ""
            problems.append(Result(student, called(path), str(problem)))
    usable: list[tuple[str, Answer]] = []
    for student, files in found.items():
        if len(files) == 1:
            usable += files
        else:
            names = ", ".join(name for name, _ in files)
            problems.append(Result(student, names, "more than one file: keep one of them"))
    return problems, usable


_marking: Marking  # of a process that marks


def _set_marking(marking: Marking) -> None:
    global _marking
    _marking = marking
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End this process when the one that started it is no more: it would wait for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _marked_here(file: tuple[str, Answer]) -> Result:
    return marked(_marking, *file)


def _all_marked(
    marking: Marking, files: Sequence[tuple[str, Answer]], jobs: int
) -> Iterator[Result]:
    if jobs == 1:
        yield from (marked(marking, *file) for file in files)
        return
    # what builds a record may be any function, which only a fork hands on
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(jobs, context, _set_marking, (marking,)) as pool:
        yield from pool.map(_marked_here, files, chunksize=8)


def marked(marking: Marking, name: str, answer: Answer) -> Result:
    """Mark one answer and write its page, or take the result from the page that it has."""
    worksheet, student = marking.worksheet, answer.student
    code = code_of(worksheet.fingerprint, student)
    if answer.variant not in ("", code):
        other = (
            f"it is of variant {answer.variant}, and {student} has {code}:"
            " are the seed and the options those of the sheets?"
        )
        return Result(student, name, other)
    page = marking.page(student)
    parts = (marking.by, worksheet.scheme, worksheet.plan.points, code, name, answer.text)
    digest = sha256(repr(parts).encode()).hexdigest()
    kept = _kept(page, digest)
    if kept is not None:
        return kept
    try:
        with collector_paused():
            score = worksheet.variant(student).mark(answer.text)
    except Exception as problem:  # a fault of the marker's own must not stop the others
        return Result(student, name, f"it cannot be marked: {type(problem).__name__}: {problem}")
    result = result_of(score, name)
    data = f"{digest} {result.to_json()}"
    write_whole(page, feedback_page(score, worksheet.title, marking.name(student), data))
    return result


def _kept(page: Path, digest: str) -> Result | None:
    """Return the result that a page holds, where it is of the same answer."""
    try:
        found = _KEPT.search(page.read_text("utf-8"))
        if found and found[1] == digest:
            return from_json(unescape(found[2]))
    except (OSError, KeyError, TypeError, ValueError):
        pass
    return None


def marks_csv(results: Sequence[Result]) -> str:
    """Return the table of marks: a row for each student and file, a column for each step."""
    titles = [step.title for step in next((r.steps for r in results if r.steps), ())]
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["student", "file", "points", "of", *titles, "first slip", "note"])
    for r in results:
        row = _row(r, len(titles))
        writer.writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in row])
    return file.getvalue()


def _row(r: Result, steps: int) -> list[str]:
    """Return the cells of a student and file; what was not marked has none for points and steps."""
    of_steps = [shown(step.points) for step in r.steps] or [""] * steps
    points = ["", ""] if r.note else [shown(r.points), shown(r.of)]
    return [r.student, r.file, *points, *of_steps, r.first, r.note]
