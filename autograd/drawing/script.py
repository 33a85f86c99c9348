"""A graph in DOT as it is written, line by line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import graphviz

Attributes = dict[str, str]

_WORD = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*|-?(\.[0-9]+|[0-9]+(\.[0-9]*)?)")  # needs no quotes
_KEYWORDS = ("node", "edge", "graph", "digraph", "subgraph", "strict")


class Script:
    """The statements of a graph, as a graphviz.Digraph would write them.

    They are written here, for the import of graphviz takes longer than a small picture. A text in
    which a backslash stands before a quotation mark has it doubled, as `escaped` does.

    format     what `dot` makes of it, unless told otherwise
    defaults   attributes of the graph, of all nodes and of all edges
    """

    def __init__(self, format: str, defaults: Mapping[str, Attributes]) -> None:
        self.format = format
        self.defaults = defaults
        self.lines: list[str] = []

    def node(self, key: str, label: str | None = None, **attributes: str) -> None:
        self._add(_quoted(key) + _bracketed(label, attributes))

    def edge(self, tail: str, head: str, label: str | None = None, **attributes: str) -> None:
        self._add(f"{_quoted(tail)} -> {_quoted(head)}{_bracketed(label, attributes)}")

    def attr(self, **attributes: str) -> None:
        """Set attributes of the graph, or of the group inside whose block this is."""
        self._add(_listed(None, attributes))

    @contextmanager
    def subgraph(self, name: str = "") -> Iterator[Script]:
        """A block that writes a group."""
        part = Script(self.format, {})
        yield part
        head = f"subgraph {_quoted(name)} {{\n" if name else "{\n"
        self.lines += [f"\t{line}" for line in (head, *part.lines, "}\n")]

    def _add(self, statement: str) -> None:
        self.lines.append(f"\t{statement}\n")

    @property
    def source(self) -> str:
        defaults = [f"\t{kind}{_bracketed(None, a)}\n" for kind, a in self.defaults.items()]
        return "".join(["digraph {\n", *defaults, *self.lines, "}\n"])

    def digraph(self) -> graphviz.Digraph:
        """Return it as an object of the package graphviz."""
        import graphviz

        defaults = {f"{kind}_attr": attributes for kind, attributes in self.defaults.items()}
        return graphviz.Digraph(format=self.format, body=self.lines, **defaults)


def _bracketed(label: str | None, attributes: Attributes) -> str:
    listed = _listed(label, attributes)
    return f" [{listed}]" if listed else ""


def _listed(label: str | None, attributes: Attributes) -> str:
    pairs = sorted(attributes.items())
    if label is not None:
        pairs = [("label", label), *pairs]
    return " ".join(f"{_quoted(name)}={_quoted(text)}" for name, text in pairs)


def _quoted(text: str) -> str:
    if _WORD.fullmatch(text) and text.lower() not in _KEYWORDS:
        return text
    return '"' + text.replace('"', '\\"') + '"'
