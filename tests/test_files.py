"""Files are written whole or not at all, whoever writes them and whatever goes wrong."""

import errno
import os
import stat
import subprocess
import sys

import pytest

from autograd import Value, draw_dot, step_through
from autograd.files import write_whole
from nn import MLP

CONTENT = "new \u2202E/\u2202w\n" * 2_000


def old_file(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")
    return path


def alone(path):
    return [other.name for other in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("content", [CONTENT, CONTENT.encode()], ids=["text", "bytes"])
def test_the_new_content_takes_the_place_of_the_old(tmp_path, content):
    path = old_file(tmp_path)
    write_whole(path, content)
    assert path.read_bytes() == CONTENT.encode()
    write_whole(tmp_path / "new", content)
    assert (tmp_path / "new").read_bytes() == CONTENT.encode()
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o664, 0o755])
def test_permissions_stay(tmp_path, mode):
    path = old_file(tmp_path)
    path.chmod(mode)
    write_whole(path, CONTENT)
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_symbolic_link_stays(tmp_path):
    (tmp_path / "there").mkdir()
    target = tmp_path / "there" / "file"
    link = tmp_path / "link"
    link.symlink_to(target)
    for _ in range(2):  # first it points nowhere
        write_whole(link, CONTENT)
        assert link.is_symlink()
        assert target.read_text("utf-8") == CONTENT
        assert alone(target)


def test_a_name_may_be_as_long_as_the_system_has_it(tmp_path):
    path = tmp_path / ("x" * 255)
    write_whole(path, CONTENT)
    assert path.read_text("utf-8") == CONTENT


@pytest.mark.parametrize("failing", ["fsync", "replace", "chmod"])
@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()]
)
def test_whatever_fails_the_old_file_stays(monkeypatch, tmp_path, failing, error):
    path = old_file(tmp_path)

    def fail(*_):
        raise error

    monkeypatch.setattr(os, failing, fail)
    with pytest.raises(type(error)):
        write_whole(path, CONTENT)
    assert path.read_text() == "old"
    assert alone(path)


def test_an_error_names_the_file(monkeypatch, tmp_path):
    path = tmp_path / "missing" / "file.svg"
    with pytest.raises(FileNotFoundError) as caught:
        write_whole(path, CONTENT)
    assert caught.value.filename == str(path)

    def refuse(name, *_, **__):
        raise PermissionError(errno.EACCES, "Permission denied", name)

    monkeypatch.setattr("builtins.open", refuse)  # as a directory does that cannot be written to
    with pytest.raises(PermissionError) as caught:
        write_whole(tmp_path / "file.svg", CONTENT)
    assert caught.value.filename == str(tmp_path / "file.svg")


@pytest.mark.skipif(
    os.name != "posix" or os.geteuid() == 0, reason="the superuser may write to any file"
)
def test_a_write_protected_file_stays(tmp_path):
    path = old_file(tmp_path)
    path.chmod(0o444)
    with pytest.raises(PermissionError):
        write_whole(path, CONTENT)
    assert path.read_text() == "old"


@pytest.mark.parametrize("what", ["directory", "pipe"])
def test_what_is_no_file_is_refused(tmp_path, what):
    path = tmp_path / what
    path.mkdir() if what == "directory" else os.mkfifo(path)
    with pytest.raises(OSError, match="Not a regular file") as caught:
        write_whole(path, CONTENT)
    assert caught.value.filename == str(path)


def square():
    x = Value(2.0, "x")
    y = x * x
    y.label = "y"
    y.backward()
    return y


SAVES = {
    "picture.svg": lambda path: draw_dot(square()).save(path),
    "picture.dot": lambda path: draw_dot(square()).save(path),
    "page.html": lambda path: step_through(square()).save(path),
    "model.json": lambda path: MLP(20, [20]).save(path),
}


@pytest.mark.skipif(sys.platform == "win32", reason="there is no limit to a file's size")
@pytest.mark.parametrize("name", SAVES)
def test_on_a_full_disk_the_old_file_stays(tmp_path, name):
    path = tmp_path / name
    SAVES[name](path)
    before = path.read_bytes()
    code = f"""
import os, resource, signal
from test_files import SAVES
first = {str(tmp_path / f"first-{name}")!r}
SAVES[{name!r}](first)  # so that an engine that draws in this process has begun
os.remove(first)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (256, 256))
try:
    SAVES[{name!r}]({str(path)!r})
except OSError as error:
    assert error.filename == {str(path)!r}, error
    print("refused")
"""
    tests = os.path.dirname(__file__)
    env = os.environ | {"PYTHONPATH": os.pathsep.join([tests, os.path.dirname(tests)])}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    assert (run.stdout, run.stderr) == ("refused\n", "")
    assert path.read_bytes() == before
    assert alone(path)
