"""`handgrad sheet` and `handgrad mark`: a worksheet for each student of a class, and the marks."""

from __future__ import annotations

import argparse
import runpy
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

from autograd import DomainError, Value, Worksheet
from autograd.files import write_whole
from autograd.worksheets.answers import roster
from autograd.worksheets.finals import finals_page
from autograd.worksheets.folder import mark_folder
from autograd.worksheets.moodle import moodle
from autograd.worksheets.prairielearn import prairielearn
from autograd.worksheets.qti import qti
from autograd.worksheets.steps import ASKED
from autograd.worksheets.worksheet import POINTS, Sheet
from nn import lecture
from nn.command.examples import EXAMPLES
from nn.command.options import Parser, add_network, arguments, positive, setting, whole
from nn.losses import half_squared_error

FORMATS = ("html", "txt", "tex", "ipynb")
PLATFORMS = ("moodle", "qti", "prairielearn")
_ROSTER = "CSV with the students' ids: column student, id, name or email, else the first"


def run(command: str, words: Sequence[str]) -> int:
    """Run one of the two and return its exit status."""
    p = _parser(command)
    options = p.parse_args(arguments(words))
    try:
        worksheet = _worksheet(options)
        students = roster(Path(options.students))
        if command == "sheet":
            return _write_sheets(worksheet, students, options)
        return _mark(worksheet, students, options)
    except (argparse.ArgumentTypeError, DomainError, TypeError, ValueError) as error:
        p.error(str(error))
    except OSError as error:
        p.error(f"{error.filename}: {error.strerror}")


def _parser(command: str) -> Parser:
    does = {
        "sheet": "Writes a worksheet for each student, other numbers on each, and the keys.",
        "mark": "Marks a folder of answers to the sheets of the same options and seed.",
    }
    p = Parser(prog=f"handgrad {command}", description=does[command])
    add = p.add_argument
    if command == "mark":
        add("answers", help="folder of .txt, .md, .tex and .ipynb files, one for each student")
    add("--students", required=True, metavar="FILE", help=_ROSTER)
    add("--out", required=True, metavar="DIR", help="the folder for what comes out")
    add("--seed", type=whole(0), default=0, metavar="N", help="of the numbers (%(default)s)")
    add(
        "--example",
        choices=["lecture", *EXAMPLES],
        metavar="NAME",
        help="lecture, which it is unless given, or an example of `handgrad --help`",
    )
    add("--build", metavar="FILE", help="or a Python file with build(), which returns the root")
    add_network(p)
    add("--lr", type=positive, metavar="X", help="learning rate of the step; of a network 0.5")
    add("--derive", nargs="+", default=[], metavar="NAME", help="the first in full")
    add("--steps", nargs="+", default=[], choices=list(POINTS), help="what is asked, in order")
    add("--points", nargs="+", default=[], type=positive, metavar="X", help="of each step")
    add("--blanks", choices=list(ASKED), default="both", help="what is left out")
    add("--fixed", nargs="+", default=[], metavar="NAME", help="what keeps its number")
    add("--digits", type=whole(1, 15), default=4, metavar="N", help="significant (%(default)s)")
    add("--cut", action="store_true", help="digits are cut off, and not rounded")
    add("--title", default="Worksheet", help="what stands above it")
    if command == "sheet":
        add("--formats", nargs="+", choices=FORMATS, default=["html"], help="of sheets and keys")
        add(
            "--for", nargs="+", choices=PLATFORMS, default=[], dest="platforms", help="import there"
        )
    else:
        add("--jobs", type=whole(1), default=1, metavar="N", help="processes (%(default)s)")
        add("--hash-ids", action="store_true", help="write codes in the place of ids")
    return p


def _worksheet(options: argparse.Namespace) -> Worksheet:
    build, names = _built(options)
    steps: Any = options.steps
    if options.points:
        if len(options.points) != len(steps):
            raise ValueError(f"--points takes a number for each of {len(steps)} --steps")
        steps = dict(zip(steps, options.points, strict=True))
    return Worksheet(
        build,
        names=options.derive or names,
        steps=steps,
        blanks=options.blanks,
        seed=options.seed,
        fixed=options.fixed,
        rate=options.lr,
        digits=options.digits,
        rounding="cut" if options.cut else "round",
        title=options.title,
    )


def _built(options: argparse.Namespace) -> tuple[Callable[[], Value], Sequence[str]]:
    """Return what builds the record that is asked about, and the names that it is derived by."""
    if options.build is not None:
        return _from_file(options.build), ()
    if options.example in EXAMPLES:
        example = EXAMPLES[options.example]
        return lambda: example().root, example().by
    if options.lr is None:
        options.lr = lecture.LEARNING_RATE
    model, _, _ = setting(_network(options))
    weights = [w.label for layer in reversed(model.layers) for w in layer.weights()]
    return lambda: _error(options), weights


def _network(options: argparse.Namespace) -> argparse.Namespace:
    """Return the options as the lecture's network takes them: its own numbers need no seed."""
    is_lecture = options.layers == [2, 2, 2]
    return argparse.Namespace(**{**vars(options), "seed": None if is_lecture else options.seed})


def _error(options: argparse.Namespace) -> Value:
    model, inputs, targets = setting(_network(options))
    return half_squared_error(model(inputs), targets)


def _from_file(path: str) -> Callable[[], Value]:
    try:
        build: Any = runpy.run_path(path).get("build")
    except OSError:
        raise
    except Exception as problem:  # whatever a program of the user's own may raise
        name = type(problem).__name__
        raise ValueError(f"--build: {path!r} ends in {name}: {problem}") from None
    if not callable(build):
        raise ValueError(f"--build: {path!r} defines no function build()")
    return cast("Callable[[], Value]", build)


def _write_sheets(
    worksheet: Worksheet, students: Sequence[str], options: argparse.Namespace
) -> int:
    sheets = [worksheet.variant(student) for student in students]  # all of them, or nothing
    keys = [sheet.key() for sheet in sheets]
    out = Path(options.out)
    (out / "keys").mkdir(parents=True, exist_ok=True)
    for sheet, key in zip(sheets, keys, strict=True):
        for ending in options.formats:
            sheet.save(out / f"{sheet.student}.{ending}")
            key.save(out / "keys" / f"{sheet.student}.{ending}")
    write_whole(out / "keys" / "final-numbers.html", finals_page(sheets))
    _write_for(options.platforms, sheets, out)
    print(f"{len(sheets)} sheets in {options.out}, and their keys in {out / 'keys'}")
    print(f"in each, {worksheet.slips} slips were tried: every one prints otherwise than the truth")
    return 0


def _write_for(platforms: Sequence[str], sheets: Sequence[Sheet], out: Path) -> None:
    """Write what learning platforms import: the numbers of all sheets as questions."""
    if "moodle" in platforms:
        write_whole(out / "moodle.xml", moodle(sheets))
    if "qti" in platforms:
        write_whole(out / "qti.zip", qti(sheets))
    if "prairielearn" in platforms:
        for name, text in prairielearn(sheets).items():
            path = out / "prairielearn" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, text)


def _mark(worksheet: Worksheet, students: Sequence[str], options: argparse.Namespace) -> int:
    results = mark_folder(
        worksheet,
        options.answers,
        students,
        options.out,
        jobs=options.jobs,
        hashed=options.hash_ids,
    )
    unmarked = [r for r in results if r.note]
    print(f"{len(results) - len(unmarked)} answers marked: {Path(options.out) / 'marks.csv'}")
    for r in unmarked:
        print(f"not marked: {r.file or r.student}: {r.note}")
    return 1 if any(r.file for r in unmarked) else 0
