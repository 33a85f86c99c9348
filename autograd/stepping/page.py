"""Page: one HTML document that asks for nothing from outside."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

from autograd.drawing import COLOURS, WIDTHS, Engine, EngineError, Figure, Picture
from autograd.drawing.figure import Node
from autograd.drawing.notebook import LEAST_SCALE
from autograd.drawing.svg import Svg
from autograd.files import write_folder_whole, write_whole
from autograd.stepping.steps import Step, at_the_start
from autograd.tables import markup

if TYPE_CHECKING:
    from os import PathLike
    from pathlib import Path


class Page:
    """A page that stands alone. It prints as a list of steps.

    In a notebook it shows itself in a frame of its own.

    figure   what its picture shows
    steps    what it steps through, as data
    """

    def __init__(self, figure: Figure, steps: list[Step], engine: Engine | None) -> None:
        self.figure = figure
        self.steps = steps
        self._picture = Picture(
            figure._replace(legend=[" "]), "LR", "svg", engine
        )  # the page has it below

    def html(self) -> str:
        """Return the page as one HTML document. Raises EngineError where no engine draws it."""
        from html import escape
        from pathlib import Path

        here = Path(__file__).parent
        files = ("page.html", "page.css", "digits.js", "page.js")
        template, style, *scripts = [(here / name).read_text("utf-8") for name in files]
        script = "".join(scripts)
        figure, root = self.figure, self.figure.graph.root
        name = figure.graph.names[root]
        picture = self._picture.drawn()
        style += f"{_themes()}.figure {{ {_size(picture)} }}\n"
        styles = _hashes(style, picture.stylesheet)
        final = f"{name} = {figure.notation.number(figure.graph.data[root])}, and every gradient"
        parts = {
            "policy": f"default-src 'none'; style-src {styles}; script-src {_hashes(script)};"
            " base-uri 'none'; form-action 'none'",
            "title": escape(f"{name}, step by step"),
            "style": style,
            "final": escape(f"{final} ({figure.note})" if figure.note else final),
            "figure": picture.inner.replace("</svg>", _MARKERS + "</svg>"),
            "legend": " ".join(f"<span>{escape(line)}</span>" for line in figure.legend[1:]),
            "table": self._table(),
            "steps": self._data(),
            "script": script,
        }
        return re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], template)

    def _data(self) -> str:
        """Return the steps, and what the picture begins with, as the script reads them."""
        import json

        data = {
            "nodes": [_known(at_the_start(node)) for node in self.figure.nodes.values()],
            "steps": [step._asdict() for step in self.steps],
            "colours": {
                name: colour.lower() for name, colour in COLOURS["light"].items()
            },  # as the engines write them
            "widths": WIDTHS,
        }
        return json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")

    def _table(self) -> str:
        nodes = self.figure.nodes.values()
        rows = [(node.definition, node.data, node.grad) for node in nodes]
        return markup(rows, ("value", "data", "grad"), ids=[f"row-{node.key}" for node in nodes])

    def save(self, path: str | PathLike[str]) -> Path:
        """Write the page to `path`, whole or not at all, and return it; .gif writes an animation.

        A GIF needs the program `dot`, and the package Pillow, which matplotlib brings along. Raises
        EngineError where it cannot be drawn; OSError where the file cannot be written.
        """
        from pathlib import Path

        path = Path(path)
        if path.suffix.lower() == ".gif":
            from autograd.stepping.frames import animated

            write_whole(path, animated(self._frames("png")))
        else:
            write_whole(path, self.html())
        return path

    def frames(
        self, folder: str | PathLike[str], format: Literal["png", "svg"] = "png"
    ) -> list[Path]:
        """Write a picture a step, for slides: step-001.png, step-002.png, …; return the paths.

        Each says what the step does, and shows what is known after it; all have one layout. They
        are written together or not at all, and take the place of frames that are there. PNG needs
        the program `dot`; SVG does not. Raises EngineError where no engine draws them; ValueError
        for another format; FileExistsError where the folder holds other files, and OSError where
        it cannot be written.

        >>> from autograd import Value, step_through
        >>> x = Value(3.0, label="x")
        >>> y = x * x; y.label = "y"
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     [path.name for path in step_through(y).frames(folder, "svg")]
        ['step-001.svg', 'step-002.svg', 'step-003.svg']
        """
        from pathlib import Path

        if format not in ("png", "svg"):
            raise ValueError(f"format must be 'png' or 'svg', not {format!r}")
        frames = self._frames(format)
        digits = max(3, len(str(len(frames))))
        names = [f"step-{k:0{digits}}.{format}" for k in range(1, len(frames) + 1)]
        write_folder_whole(folder, dict(zip(names, frames, strict=True)), r"step-\d+\.(png|svg)")
        return [Path(folder) / name for name in names]

    def _frames(self, format: Literal["png", "svg"]) -> list[bytes]:
        from autograd.stepping.frames import frames_of

        engine = "dot" if format == "png" else self._picture.engine
        return frames_of(self.figure, self.steps, self._picture.drawn(), format, engine)

    def __str__(self) -> str:
        lines = [f"{k}. {step}" for k, step in enumerate(self.steps, 1)]
        if self.figure.note:
            lines.append(f"({self.figure.note})")
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from html import escape

        try:
            page = self.html()
        except EngineError as error:
            return f"<pre>{escape(str(self))}\n\n{escape(str(error))}</pre>"
        frame = (
            'title="step by step" sandbox="allow-scripts" width="100%" height="760" frameborder="0"'
        )
        return f'<iframe {frame} srcdoc="{escape(page)}"></iframe>'


def _known(node: Node) -> dict[str, Any]:
    """Return what is known of a node, as the script reads it."""
    known: dict[str, Any] = {"key": node.key, "words": node.words, "data": node.data}
    return known | ({"data_cells": node.cells.flat["data"]} if node.cells else {})


def _size(picture: Svg) -> str:
    """Return the width of the picture as it is drawn, its ratio to the height, the least scale."""
    [(width, height)] = re.findall(r'^<svg viewBox="\S+ \S+ (\S+) (\S+)"', picture.inner)
    ratio = float(width) / float(height)
    return f"--width: {picture.width}; --ratio: {ratio:.4f}; --least: {LEAST_SCALE:.4f};"


def _themes() -> str:
    """Return the colours of the whole page: by preference, by its own switch, light on paper."""
    light, dark = (
        "".join(f"--{name}:{colour}!important;" for name, colour in colours.items())
        for colours in COLOURS.values()
    )
    preferred, switched = _dark(":not([data-theme=light])", dark), _dark("[data-theme=dark]", dark)
    return (
        f":root,svg{{color-scheme:light;{light}}}\n"
        f"@media screen and (prefers-color-scheme:dark){{{preferred}}}\n"
        f"@media screen{{{switched}}}\n"
    )


def _dark(which: str, colours: str) -> str:
    return f":root{which},:root{which} svg{{color-scheme:dark;{colours}}}"


def _hashes(*texts: str) -> str:
    """Return the texts as a Content-Security-Policy names what may stand in the page."""
    from base64 import b64encode
    from hashlib import sha256

    return " ".join(
        f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" for text in texts
    )


# For the backward pass: an arrowhead at the beginning of an edge, and a line where its head was.
_MARKERS = (
    '<defs><marker id="backward" viewBox="0 0 10 10" refX="10" refY="5" markerWidth="11"'
    ' markerHeight="11" markerUnits="userSpaceOnUse" orient="auto-start-reverse">'
    '<path d="M0 1L10 5L0 9z"/></marker><marker id="onward" refY="2" markerWidth="7"'
    ' markerHeight="4" markerUnits="userSpaceOnUse" orient="auto">'
    '<path d="M0 .2H6.5V3.8H0z"/></marker></defs>'
)
