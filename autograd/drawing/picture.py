"""Picture: a figure that draws, saves and shows itself."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from autograd.drawing.dot import script_of
from autograd.drawing.engines import Engine, EngineError, rendered
from autograd.drawing.figure import Figure
from autograd.drawing.notebook import image
from autograd.drawing.svg import Svg, decorated

if TYPE_CHECKING:
    from os import PathLike
    from pathlib import Path

    import graphviz

    from autograd.drawing.script import Script


class Picture:
    """A drawn graph. It shows itself in a notebook, and prints as a table of the same numbers.

    figure    what it shows
    digraph   the graphviz.Digraph, for those who want to go on with it
    """

    def __init__(self, figure: Figure, rankdir: str, format: str, engine: Engine | None) -> None:
        _require("rankdir", rankdir, ("LR", "TB"))
        _require("format", format, ("svg", "png"))
        _require("engine", engine, (None, "dot", "embedded"))
        self.figure = figure
        self.format = format
        self.engine: Engine | None = engine
        self._script = script_of(figure, rankdir, format)

    @cached_property
    def digraph(self) -> graphviz.Digraph:
        return self._script.digraph()

    @property
    def _graph(self) -> Script | graphviz.Digraph:
        """What is drawn: once `digraph` was asked for, it, for it may have been changed."""
        return self.digraph if "digraph" in vars(self) else self._script

    @property
    def source(self) -> str:
        """The picture in DOT, graphviz's language."""
        return str(self._graph.source)

    def drawn(self) -> Svg:
        """Return the picture as an engine draws it. Raises EngineError where none can."""
        return decorated(rendered(self._graph, "svg", self.engine), self.figure)

    def svg(self) -> str:
        """Return the picture as one `<svg>` element that stands alone.

        Raises EngineError where no engine draws it.
        """
        return str(self.drawn())

    def save(self, path: str | PathLike[str]) -> Path:
        """Write the picture as .svg, .png, .pdf or .dot, whichever `path` ends in; return the path.

        The file is written whole or not at all. PNG and PDF need the program `dot`: raises
        EngineError where it is missing; ValueError for another ending; OSError where the file
        cannot be written.
        """
        from pathlib import Path

        from autograd.files import write_whole

        path = Path(path)
        kind = path.suffix.lower()
        if kind == ".svg":
            write_whole(path, self.svg())
        elif kind == ".dot":
            write_whole(path, self.source)
        elif kind in (".png", ".pdf"):
            write_whole(path, rendered(self._graph, kind[1:], "dot"))
        else:
            endings = ".svg, .png, .pdf or .dot"
            raise ValueError(f"a picture is saved as {endings}, not as {path.name!r}")
        return path

    def render(self, name: str) -> str:
        """Write `name`.svg, or .png where that is the format, as in micrograd; return the path."""
        return str(self.save(f"{name}.{self.format}"))

    def __str__(self) -> str:
        return str(self.figure)

    __repr__ = __str__

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        text = str(self)
        try:
            if self.format == "png":
                return {"image/png": rendered(self._graph, "png", "dot"), "text/plain": text}
            html = image(self.svg(), f"{self.figure.title}\n{text}")
        except EngineError as error:
            return {"text/plain": f"{text}\n\n{error}\n\n{self.source}"}
        return {"text/html": html, "text/plain": text}


def _require(option: str, choice: Any, allowed: tuple[Any, ...]) -> None:
    if choice not in allowed:
        raise ValueError(f"{option} must be one of {allowed}, not {choice!r}")
