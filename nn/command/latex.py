"""The derivations as a LaTeX document."""

from typing import Any

from autograd.notation import Notation
from nn.command.text import network_section

# The document. A line that is too long for the page is broken at its signs.
LATEX = r"""\documentclass[fleqn]{article}
\usepackage[a4paper, margin=2cm]{geometry}
\usepackage{amsmath}
\allowdisplaybreaks
\setlength{\parskip}{1ex}
\newcommand{\fit}[1]{\sbox0{$\displaystyle #1$}\ifdim\wd0<.7\linewidth\usebox0\else
  \parbox[t]{.7\linewidth}{\raggedright\lineskip1ex\lineskiplimit1ex$\displaystyle #1$}\fi}
\begin{document}\raggedright
"""


def document(r: dict[str, Any], digits: int) -> str:
    """The network's numbers and the derivations, in LaTeX."""
    latex = Notation("latex", digits)
    title, (kind, *_) = network_section(r, lambda x: f"${latex.number(x)}$")
    lines = [rf"\section*{{{title}}}", kind.strip().replace("_", r"\_")]
    for part in ("inputs", "targets", "weights", "biases", "forward"):
        numbers = ",\n".join(
            f"${{{latex.name(name)} = {latex.number(x)}}}$" for name, x in r[part].items()
        )
        lines += ["", numbers]
    for name, derivation in r["derivations"].items():
        rows = [
            row.replace("&= ", r"&= \fit{", 1) + "}" if "&= " in row else row
            for row in derivation.latex().split(" \\\\[1ex]\n")
        ]
        lines += ["", rf"\section*{{$\partial E/\partial {latex.name(name)}$}}"]
        lines += [r"\begin{align*}", " \\\\[1ex]\n".join(rows), r"\end{align*}"]
    return LATEX + "\n".join([*lines, r"\end{document}", ""])
