"""Colours and line widths: what shows the sign and the size of a gradient."""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

# Fills for four half-decades of |grad| below the largest, from faint to strong. Those of one rank
# are nearly equally light, so that the magnitude survives a grey print.
COLOURS = {
    "light": {
        "pos0": "#EDF4FA", "pos1": "#CFE3F3", "pos2": "#A3CBE8", "pos3": "#72ADD9",
        "pos": "#0B5A94",
        "neg0": "#FDF1E6", "neg1": "#FBDDC0", "neg2": "#F6BF8C", "neg3": "#EE9C53",
        "neg": "#A8480A",
        "plain": "#FFFFFF", "line": "#808A94", "text": "#1B1F24", "muted": "#5E6670",
        "cluster": "#F4F6F8", "frame": "#C9D0D7", "now": "#7B3F9D",
    },
    "dark": {
        "pos0": "#13222F", "pos1": "#173450", "pos2": "#1A466E", "pos3": "#1F5A8C",
        "pos": "#8CC4EC",
        "neg0": "#2C1E12", "neg1": "#452B13", "neg2": "#5F3A14", "neg3": "#7C4B14",
        "neg": "#F2AE73",
        "plain": "#14181D", "line": "#7D8791", "text": "#F2F4F6", "muted": "#A9B2BB",
        "cluster": "#1B2027", "frame": "#3A434D", "now": "#D5A6F0",
    },
}  # fmt: skip
LIGHT = COLOURS["light"]
WIDTHS = ("1.0", "1.5", "2.2", "3.0")
SMALLEST = "11"  # points: no text of a picture is smaller


class Shade(NamedTuple):
    """What shows a gradient: its sign, and its size in four ranks from 0 to 3.

    A zero, and a gradient that was not computed, is "plain".
    """

    sign: Literal["pos", "neg", "plain"]
    rank: int = 0

    @property
    def fill(self) -> str:
        """The name of the colour inside a node."""
        return self.sign if self.sign == "plain" else f"{self.sign}{self.rank}"

    @property
    def line(self) -> str:
        """The name of the colour of outlines and edges."""
        return "line" if self.sign == "plain" else self.sign

    @property
    def width(self) -> str:
        """The width of an edge."""
        return "1" if self.sign == "plain" else WIDTHS[self.rank]


PLAIN = Shade("plain")


def shade(grad: float, largest: float) -> Shade:
    """Return the shade of a gradient in a picture where the largest is `largest`.

    >>> shade(-0.2, 1.0), shade(0.0, 1.0).fill
    (Shade(sign='neg', rank=2), 'plain')
    """
    if not grad:
        return PLAIN
    half_decades = 2 * (math.log10(largest) - math.log10(math.fabs(grad))) if largest else 0.0
    rank = 3 - int(min(3.0, max(0.0, half_decades)))
    return Shade("pos" if grad > 0 else "neg", rank)
