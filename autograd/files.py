"""Files that are written whole or not at all."""

import errno
import os
import stat
import uuid
from contextlib import suppress


def write_whole(path: str | os.PathLike[str], content: str | bytes) -> None:
    """Write a file all or not at all: a new file takes the place of the old one when complete.

    Text is written as UTF-8. The permissions of the old file are kept. Raises OSError where that
    cannot be, and leaves the old file as it was.
    """
    target = os.path.realpath(path)
    if os.path.exists(target) and not os.path.isfile(target):
        raise OSError(errno.EINVAL, "Not a regular file", os.fspath(path))
    temporary = f"{target}.{uuid.uuid4().hex}.tmp"
    try:
        with open(temporary, "xb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileNotFoundError):
            os.chmod(temporary, stat.S_IMODE(os.stat(target).st_mode))
        os.replace(temporary, target)
    except BaseException:
        with suppress(OSError):
            os.remove(temporary)
        raise
