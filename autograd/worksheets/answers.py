"""A folder of answers: whose each file is, and what is written in it."""

from __future__ import annotations

import csv
import io
import json
import re
import stat
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from os.path import realpath
from pathlib import Path
from typing import NamedTuple
from unicodedata import normalize

ENDINGS = (".txt", ".md", ".tex", ".ipynb")
LARGEST = 20_000_000  # bytes, of a notebook with its pictures
LONGEST = 1_000  # lines
_STATED = r"^\W*(?:{})\W*[:=]\s*([^\n]+?)\W*$"
_STUDENT = re.compile(_STATED.format("student|id|name"), re.IGNORECASE | re.MULTILINE)
_VARIANT = re.compile(_STATED.format("variant"), re.IGNORECASE | re.MULTILINE)
_NAME = re.compile(r"\w[\w@.+ -]*")
_HEADS = ("student", "id", "name", "email")


def composed(name: str) -> str:
    """Return a name with one sign for each letter: some systems part ä into a and its dots.

    >>> composed("a\u0308") == "\u00e4"
    True
    """
    return normalize("NFC", name)


class Unusable(Exception):
    """Why a file cannot be marked, in a sentence."""


class Answer(NamedTuple):
    """What one file holds: whose it is, the code of its variant ("" where none stands in it)."""

    student: str
    variant: str
    text: str


def roster(path: Path) -> list[str]:
    """Return the ids in a CSV file: its column student, id, name or email, else its first one.

    Raises ValueError for a file without ids, with one that stands there twice, or with one that
    can be no file's name.
    """
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{path.name} is not UTF-8 text: save it as CSV in UTF-8") from None
    table = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    rows = [[composed(cell.strip()) for cell in row] for row in table if "".join(row).strip()]
    ids = _ids(rows)
    _require_usable(ids, path.name)
    return ids


def _require_usable(ids: Sequence[str], file: str) -> None:
    """Raise ValueError for no ids, one that stands there twice, and one that names no file."""
    if not ids:
        raise ValueError(f"{file} has no students")
    spelled: dict[str, str] = {}
    for student in ids:
        other = spelled.setdefault(student.casefold(), student)
        if other != student:
            raise ValueError(f"{file}: {other!r} and {student!r} name one file on many systems")
    for student, times in Counter(ids).items():
        if times > 1:
            raise ValueError(f"{file} has the id {student!r} {times} times")
        if not _NAME.fullmatch(student):
            raise ValueError(f"{file}: {student!r} cannot be the name of a file")


def _delimiter(text: str) -> str:
    """Return what parts the cells of a table: in many countries a spreadsheet writes semicolons."""
    first = text.partition("\n")[0]
    return max(",;\t", key=first.count)


def _ids(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the ids in the rows of a table, which has a head or none."""
    heads = [cell.lower() for cell in rows[0]] if rows else []
    for head in _HEADS:
        if head in heads:
            return _column(rows[1:], heads.index(head))
    return [row[0] for row in rows]


def _column(rows: Iterable[Sequence[str]], column: int) -> list[str]:
    """Return a column of a table, whose rows may be too short for it."""
    return [row[column] if column < len(row) else "" for row in rows]


def files_in(folder: Path, out: Path) -> Iterator[Path]:
    """Yield what is in a folder by name, but what is hidden, and the folder for what comes out."""
    for path in sorted(folder.iterdir()):
        if not path.name.startswith(".") and realpath(path) != realpath(out):  # links may go round
            yield path


def called(path: Path) -> str:
    """Return the name of a file as it can be written on a line: any bytes may be one."""
    name = path.name.encode("utf-8", "replace").decode()
    return "".join(c if c.isprintable() else "?" for c in name)


def read(path: Path, students: Collection[str]) -> Answer:
    """Return what a file holds. Raises Unusable where it cannot be marked."""
    if path.suffix.lower() not in ENDINGS:
        raise Unusable(f"it is no {', '.join(ENDINGS)} file")
    text = _decoded(_bytes(path))
    if path.suffix.lower() == ".ipynb":
        text = _cells(text)
    if "\0" in text:
        raise Unusable("it is no text: there are zero bytes in it")
    if not text.strip():
        raise Unusable("it is empty")
    if text.count("\n") >= LONGEST:
        raise Unusable(f"it has more than {LONGEST:,} lines")
    return Answer(_whose(path, text, students), _stated(_VARIANT, text), text)


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError:
        raise Unusable("it is not UTF-8 text") from None


def _bytes(path: Path) -> bytes:
    """Return what is in a file; a link may lead anywhere, and a pipe has no end."""
    try:
        about = path.lstat()
        if not stat.S_ISREG(about.st_mode):
            raise Unusable("it is a link, a folder or a device, and no file")
        if about.st_size > LARGEST:
            raise Unusable(f"it has more than {LARGEST:,} bytes")
        return path.read_bytes()
    except OSError as error:
        raise Unusable(f"it cannot be read: {error.strerror}") from None


def _cells(text: str) -> str:
    """Return the sources of all cells of a notebook, and none of their outputs."""
    try:
        cells = json.loads(text)["cells"]
        return "\n".join("".join(cell["source"]) for cell in cells)
    except (KeyError, TypeError, ValueError, RecursionError):
        raise Unusable("it is no notebook") from None


def _whose(path: Path, text: str, students: Collection[str]) -> str:
    """Return the student that a file is of: by the line that says so, else by its name."""
    stated, stem = composed(_stated(_STUDENT, text)), composed(path.stem)
    by_name = stem if stem in students else ""
    if stated in students:
        if by_name not in ("", stated):
            raise Unusable(f"its name says {by_name}, and a line in it {stated}")
        return stated
    named = by_name or _student_in_name(stem, students)
    if named:
        return named
    raise Unusable(f"no student of the roster is named by it{f': {stated!r}' if stated else ''}")


def _student_in_name(stem: str, students: Collection[str]) -> str:
    """Return the one student who is a word in the name of a file; "" where it is not one."""
    words = [word for word in re.split(r"[\s_.()-]+", stem) if word in students]
    return words[0] if len(words) == 1 else ""


def _stated(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[1].strip() if found else ""
