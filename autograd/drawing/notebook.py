"""A picture in the page of a notebook: large enough to read, and in the colours of its theme."""

from __future__ import annotations

import math
import re

from autograd.drawing.theme import SMALLEST

LEAST_SCALE = 9 / (float(SMALLEST) * 96 / 72)  # then no text is smaller than 9 pixels

# How a page says that its theme is light or dark, whatever the system prefers.
_THEMES = {
    "JupyterLab, nbconvert": '[data-jp-theme-light="{is_light}"]',
    "VS Code": '[data-vscode-theme-kind="vscode-{theme}"]',
    "VS Code, high contrast": '[data-vscode-theme-kind="vscode-high-contrast{contrast}"]',
    "Colab": '[theme="{theme}"]',
    "Sphinx, marimo": '[data-theme="{theme}"]',
    "Quarto": ".quarto-{theme}",
}


def image(svg: str, alt: str) -> str:
    """Return an SVG as HTML for a notebook: as wide as it was drawn, or as the column is.

    svg   an `<svg>` element that says its width in points
    alt   what it shows, in words

    No text in it is smaller than 9 pixels: in a narrow column the picture is scrolled; on paper it
    fits the column. Its colours are those for the theme of the page, and where this does not say
    its theme, for that of the system. An output of type image/svg+xml would lose the words, and
    its right end; an `<svg>` in HTML would be taken out where the notebook is not trusted.
    """
    from base64 import b64encode
    from html import escape

    [points] = re.findall(r'<svg [^>]*?\bwidth="([\d.]+)pt"', svg)
    width = float(points) * 96 / 72
    narrowest = math.ceil(LEAST_SCALE * width)
    style = f"max-width:100%;min-width:{narrowest}px;height:auto"
    data = b64encode(svg.encode()).decode()
    size = f'width="{width:.0f}" style="{style}"'
    picture = f'<img alt="{escape(alt)}" {size} src="data:image/svg+xml;base64,{data}">'
    return (
        f'<style>{_BY_THEME}</style><div class="handgrad" style="overflow-x:auto">{picture}</div>'
    )


def _rule(theme: str) -> str:
    is_light = theme == "light"
    known = {
        "theme": theme,
        "is_light": str(is_light).lower(),
        "contrast": "-light" if is_light else "",
    }
    pages = ",".join(selector.format(**known) for selector in _THEMES.values())
    return f":is({pages}) .handgrad{{color-scheme:{theme}}}"


_PAPER = "@media print{.handgrad img{min-width:0!important}}"  # it cannot be scrolled
_BY_THEME = f"@media screen{{{_rule('light')}{_rule('dark')}}}{_PAPER}"
