"""The pictures of the network and of its gradients, and the page that steps through them."""

import argparse
import os
from collections.abc import Iterable
from typing import Any

from autograd import Value, draw_dot
from autograd.arrays.derivation import arrays_in
from autograd.drawing import EngineError
from autograd.files import write_whole
from autograd.graph import named_graph
from autograd.record import Record
from autograd.stepping import MOST, step_through


def pictures(E: Value, names: Iterable[str], options: argparse.Namespace) -> list[str]:
    """Draw the graph and ∂E by each name, and the page that steps through them; returns the files.

    An error where no engine draws, or a file cannot be written.
    """
    folder = options.out
    try:
        os.makedirs(folder, exist_ok=True)
        return _drawn(E, names, folder, options.detail)
    except OSError as error:
        raise argparse.ArgumentTypeError(
            f"--out: {folder!r} cannot be written: {error.strerror}"
        ) from None
    except (EngineError, ValueError) as error:
        raise argparse.ArgumentTypeError(f"--out: {error}") from None


def _drawn(E: Value, names: Iterable[str], folder: str, detail: Any) -> list[str]:
    """Write the pictures, and the page unless it would be too large; return the files."""
    values = _values_by_name(E, detail)
    files = []
    for name in ("all", *names):
        wrt = None if name == "all" else values[name]
        picture = draw_dot(E, wrt=wrt, detail=detail, force=name == "all")
        files.append(os.path.join(folder, f"{name}.svg"))
        write_whole(files[-1], picture.svg())
    if len(named_graph(E).names) <= MOST or detail == "arrays":
        files.append(os.path.join(folder, "steps.html"))
        write_whole(files[-1], step_through(E, detail=detail).html())
    return files


def _values_by_name(E: Value, detail: str) -> dict[str, Value]:
    """Return the labelled Values by their labels; in arrays, the first of each by its name too."""
    values = {v.label: v for v in Record(E).labelled()}
    if detail == "arrays":
        values |= {name: x.values[0] for name, x in arrays_in(E).items()}
    return values
