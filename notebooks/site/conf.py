"""How Sphinx sets the site; `build.py` puts the sources beside this file and runs it."""

import re

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.util import logging

project = "handgrad"
author = "handgrad developers"
copyright = "handgrad developers; code under MIT, lessons under CC BY 4.0"
extensions = ["myst_nb", "sphinx.ext.autodoc"]
html_theme = "furo"
html_title = "handgrad"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
html_math_renderer = "mathml"  # which asks no other host for a script
nb_execution_mode = "off"
myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 3
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
default_role = None
# annotations name classes that are not public; what the prose links to is held
nitpick_ignore_regex = [("py:.*", ".*")]

_COLUMNS = re.compile(r"\S\s{3,}\S")


def _paragraph(lines):
    """Return a docstring's paragraph as reStructuredText: a table as it stands, names as code."""
    if lines[0].lstrip().startswith(">>>"):
        return [*lines, ""]
    if any(_COLUMNS.search(line) for line in lines) or lines[0].startswith(" "):
        return ["::", "", *("    " + line for line in lines), ""]
    parts = re.split(r"(`[^`]+`)", "\n".join(line.strip() for line in lines))
    words = [f"`{part}`" if part[:1] == "`" else _escaped(part) for part in parts]
    return ["".join(words), ""]


def _escaped(text):
    return re.sub(r"([\\*_|`])", r"\\\1", text)


def _docstring(app, what, name, obj, options, lines):
    """The docstrings are plain text: make reStructuredText of them."""
    paragraphs = re.split(r"\n\s*\n", "\n".join(lines).strip("\n"))
    lines[:] = []
    for paragraph in paragraphs:
        for line in _paragraph(paragraph.split("\n")):
            lines += line.split("\n")


def _mathml(self, node, display):
    text = node.astext().replace("{aligned}", "{align*}")  # the name that the converter knows
    tree = convert(text, display="block" if display else "inline")
    if left := re.findall(r"<mi>(\\.*?|&)</mi>", tree):
        logging.getLogger(__name__).warning("%s is not set in %s", left, text, location=node)
    kind = "long math" if len(text) > 40 else "math"
    tag = "div" if display else "span"
    self.body.append(f'<{tag} class="{kind}">{tree}</{tag}>')
    raise nodes.SkipNode


def setup(app):
    app.connect("autodoc-process-docstring", _docstring)
    app.add_html_math_renderer(
        "mathml",
        (lambda self, node: _mathml(self, node, False), None),
        (lambda self, node: _mathml(self, node, True), None),
    )
