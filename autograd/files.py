"""Files that are written whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
import uuid
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
