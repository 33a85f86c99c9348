"""Files, and folders of files, that are written whole or not at all."""

from __future__ import annotations

import errno
import os
import re
import stat
import uuid
from collections.abc import Mapping
from contextlib import suppress


def write_whole(path: str | os.PathLike[str], content: str | bytes) -> None:
    """Write a file whole or not at all: a new file takes the place of the old one when complete.

    Text is written as UTF-8. A symbolic link stays, and so do the permissions of the old file.
    Raises OSError, which names `path`, where the file cannot be written, and leaves the old one as
    it was.
    """
    target = os.path.realpath(path)
    if os.path.exists(target) and not os.path.isfile(target):
        raise OSError(errno.EINVAL, "Not a regular file", os.fspath(path))
    temporary = os.path.join(os.path.dirname(target), f".{uuid.uuid4().hex}.tmp")
    try:
        _require_writable(target)
        with open(temporary, "xb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileNotFoundError):
            os.chmod(temporary, stat.S_IMODE(os.stat(target).st_mode))
        os.replace(temporary, target)
    except BaseException as error:
        with suppress(OSError):
            os.remove(temporary)
        if isinstance(error, OSError):
            error.filename, error.filename2 = os.fspath(path), None
        raise


def _require_writable(target: str) -> None:
    """Raise OSError for a file that is write-protected: to replace it would need no right to it."""
    with suppress(FileNotFoundError):
        os.close(os.open(target, os.O_WRONLY))


def write_folder_whole(
    path: str | os.PathLike[str], files: Mapping[str, bytes], replaced: str
) -> None:
    """Write a folder of files whole or not at all: a new folder takes the place of the old one.

    replaced   a regular expression: the files of an old folder have names like these, and are lost

    Raises OSError, which names `path`, where the folder cannot be written, and FileExistsError
    where it holds anything else; the old one stays as it was.
    """
    target = os.path.realpath(path)
    beside = os.path.join(os.path.dirname(target), f".{uuid.uuid4().hex}")
    temporary, old = f"{beside}.tmp", f"{beside}.old"
    is_new = not os.path.lexists(target)
    try:
        if not is_new:
            _require_replaceable(target, replaced)
        os.mkdir(temporary)
        for name, content in files.items():
            write_whole(os.path.join(temporary, name), content)
        if not is_new:
            os.chmod(temporary, stat.S_IMODE(os.stat(target).st_mode))
            os.rename(target, old)
        _rename_or_put_back(temporary, target, old)
    except BaseException as error:
        _remove_folder(temporary)
        if isinstance(error, OSError):
            error.filename, error.filename2 = os.fspath(path), None
        raise
    _remove_folder(old)


def _rename_or_put_back(temporary: str, target: str, old: str) -> None:
    """Rename a folder; where that fails, the old one has its name again."""
    try:
        os.rename(temporary, target)
    except BaseException:
        with suppress(FileNotFoundError):
            os.rename(old, target)
        raise


def _require_replaceable(folder: str, names: str) -> None:
    others = sorted(name for name in os.listdir(folder) if not re.fullmatch(names, name))
    if not os.access(folder, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), folder)
    if others:
        raise FileExistsError(errno.EEXIST, f"The folder holds another file, {others[0]!r}", folder)


def _remove_folder(folder: str) -> None:
    from shutil import rmtree

    rmtree(folder, ignore_errors=True)
