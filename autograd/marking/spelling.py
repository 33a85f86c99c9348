r"""How things are spelled: tables of signs, LaTeX commands, functions and words, a row for each.

`plain` brings LaTeX into the signs of text; what it leaves are \frac, \sqrt, braces and scripts.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from autograd import functions, latex, ops

# fmt: off
SIGNS = str.maketrans({  # one character for one, so that a label is mapped as what is typed is
    **dict.fromkeys("−–—‐‑", "-"), **dict.fromkeys("·⋅∙×∗⨯•", "*"), **dict.fromkeys("÷∕⁄", "/"),
    **dict.fromkeys("\u00a0\u2002\u2003\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\t", " "),
    "∑": "Σ", "𝜕": "∂", "ꝺ": "∂", "∥": "‖", "’": "'", "′": "'", "∣": "|", "∘": "⊙", "⊤": "ᵀ",
})
GREEK = {name: sign for sign, name in latex.GREEK.items()} | {"epsilon": "ε", "phi": "φ", "vartheta": "θ"}
COMMANDS = GREEK | {  # a command that is a sign
    "cdot": "*", "times": "*", "ast": "*", "star": "*", "div": "/", "odot": "⊙", "circ": "⊙", "otimes": "⊗",
    "partial": "∂", "nabla": "∇", "sum": "Σ", "prod": "∏", "ldots": "…", "dots": "…", "cdots": "…", "prime": "'",
    "lvert": "|", "rvert": "|", "vert": "|", "mid": "|", "Vert": "‖", "lVert": "‖", "rVert": "‖", "|": "‖",
    "top": "ᵀ", "intercal": "ᵀ", "{": "(", "}": ")", "lbrace": "(", "rbrace": ")", "langle": "(", "rangle": ")",
    "lparen": "(", "rparen": ")", "lbrack": "[", "rbrack": "]", "%": "%", "_": "_", "#": "#", "&": " ",
    "backslash": "\\", "wedge": "^", "sim": "~", "lt": "<", "gt": ">",
    "le": "≤", "leq": "≤", "ge": "≥", "geq": "≥", "leqslant": "≤", "geqslant": "≥", "ne": "≠", "neq": "≠",
}
IGNORED = """
    left right middle big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr Biggl Biggr displaystyle
    textstyle scriptstyle limits nolimits quad qquad enspace thinspace nonumber notag hline hfill
    centering boxed underline mathstrut strut small large it rm bf tt sf em mathop mathbin mathrel
"""
WRAPPERS = """
    mathrm mathit mathbf mathsf mathtt mathcal mathbb mathfrak text textit textrm textbf textsf
    texttt textnormal operatorname boldsymbol bm mbox hbox emph pmb symbf symbfit
"""
ACCENTS = {
    "hat": "\u0302", "widehat": "\u0302", "bar": "\u0304", "overline": "\u0304", "tilde": "\u0303",
    "widetilde": "\u0303", "dot": "\u0307", "ddot": "\u0308", "vec": "\u20d7", "overrightarrow": "\u20d7",
}
FRACTIONS = {
    "½": ("1", "2"), "⅓": ("1", "3"), "⅔": ("2", "3"), "¼": ("1", "4"), "¾": ("3", "4"), "⅕": ("1", "5"),
    "⅖": ("2", "5"), "⅗": ("3", "5"), "⅘": ("4", "5"), "⅙": ("1", "6"), "⅚": ("5", "6"), "⅛": ("1", "8"),
    "⅜": ("3", "8"), "⅝": ("5", "8"), "⅞": ("7", "8"),
}
FROM_RAISED = str.maketrans("⁻⁺⁰¹²³⁴⁵⁶⁷⁸⁹", "-+0123456789")
CONSTANTS = {"e": math.e, "π": math.pi, "pi": math.pi}
RATE = "η"  # the learning rate, where no line defines it
RATES = (RATE, "eta", "lr", "learning_rate", "rate", "α", "alpha")
COUNTS = ("m", "n", "N", "M", "B", "T", "K")  # what the number of examples or classes is called
RELATION = re.compile(
    r"(?P<becomes>:=|←|<-(?=\s)|\\(?:gets|leftarrow|coloneqq)(?![a-zA-Z]))"
    r"|(?P<equals>(?<![<>])==?|[≈≃≅≐≡→↦≙∼]|\\(?:approx|simeq|cong|doteq|equiv|to|rightarrow|longrightarrow|mapsto|triangleq)(?![a-zA-Z]))"
)
FUNCTIONS: dict[str, Callable[..., Any]] = {
    row.name: row for row in ops.TABLE if row not in (ops.add, ops.sub, ops.mul, ops.div, ops.pow)
} | {
    "σ": ops.sigmoid, "sigma": ops.sigmoid, "sig": ops.sigmoid, "logistic": ops.sigmoid, "sgm": ops.sigmoid,
    "ln": ops.log, "sgn": ops.sign, "signum": ops.sign, "max": ops.maximum, "min": ops.minimum, "tg": ops.tan,
    "th": ops.tanh, "ReLU": ops.relu, "Relu": ops.relu, "Tanh": ops.tanh, "heaviside": ops.step,
    **dict.fromkeys(("log10", "log_10", "lg"), lambda x: ops.log(x) / ops.log(10.0)),
    **dict.fromkeys(("log2", "log_2", "ld"), lambda x: ops.log(x) / ops.log(2.0)),
    "cosh": lambda x: (ops.exp(x) + ops.exp(-x)) / 2.0, "sinh": lambda x: (ops.exp(x) - ops.exp(-x)) / 2.0,
    "sech": lambda x: 2.0 / (ops.exp(x) + ops.exp(-x)),
    "gelu": functions.gelu, "swish": functions.swish, "silu": functions.swish,
    "leaky_relu": functions.leaky_relu, "square": lambda x: x * x,
    "where": lambda c, x, y: c * x + (1.0 - c) * y,
}
ACTIVATION_NAMES = ("f", "g", "h", "φ", "phi", "ϕ", "ψ", "psi")  # what an activation is called
ARRAY_FUNCTIONS = {
    "diag": "diag", "rowsum": "rowsum", "softmax": "softmax", "outer": "outer",
    "dot": "matmul", "matmul": "matmul", "sum": "sum", "mean": "mean", "colsum": "colsum",
}
# fmt: on
_WRAPPED = re.compile(
    rf"\\(?:{'|'.join(WRAPPERS.split())})(?![a-zA-Z])\*?\s*"
    r"(?:\{((?:[^{}\\]|\\[\\ ,;:!{}%&#_$])*)\}|([^\W\d_](?![a-zA-Z])))"
)
_ACCENTED = re.compile(
    rf"\\({'|'.join(ACCENTS)})(?![a-zA-Z])\s*(?:\{{\s*([^{{}}\\]*)\}}|([^\W\d_]))"
)
_IGNORED = re.compile(
    rf"\\(?:{'|'.join(IGNORED.split())})(?![a-zA-Z])\s*\.?|\\[,;:! \n]|\$|(?<!\\)&|~"
)
_COMMAND = re.compile(r"\\([a-zA-Z]+|[|{}%_#&])\s*")
_BRACES = re.compile(r"\\(?:under|over)brace\s*(?=\{)")


_LIBRARY = re.compile(r"\b(?:np|numpy|torch|jnp)\.(?=[a-z])")


def plain(text: str) -> str:
    r"""Return LaTeX in the signs of text.

    >>> print(plain(r"\frac12 \left(t_1 - \mathrm{out}_{h1}\right) \cdot \theta"))
    \frac{1}{2} (t_1 - out_{h1} ) *θ
    """
    text = _LIBRARY.sub("", text)
    if "\\" not in text and "{" not in text and "$" not in text:
        return text.translate(SIGNS)
    text = re.sub(r"\{,\}", ".", _without_braces(text))
    text = re.sub(r"\\left\s*\.|\\right\s*\.(?!\d)", "", text)
    text = _IGNORED.sub(" ", _without_wrappings(text))
    text = re.sub(r"\\[dtc]?frac(?![a-zA-Z])\s*", r"\\frac", text)
    text = re.sub(r"\\frac([0-9a-zA-Z])\s*(?=[0-9a-zA-Z{])", r"\\frac{\1}", text)
    text = re.sub(r"(\\frac\{[^{}]*\})\s*([0-9a-zA-Z])", r"\1{\2}", text)
    text = re.sub(r"\s+", " ", _COMMAND.sub(_sign, text))
    return re.sub(r"\{([^\W\d_]+)\}(?=\s*_)", r"\1", text).translate(SIGNS)


def _without_wrappings(text: str) -> str:
    """Return LaTeX without the commands around names, which may stand inside one another."""
    before = None
    for _ in range(6):
        if text == before:
            break
        before = text
        text = _WRAPPED.sub(_unwrapped, text)
        text = _ACCENTED.sub(lambda m: _accented(m[2] or m[3] or "", ACCENTS[m[1]]), text)
        text = re.sub(
            r"\\(alpha|beta|gamma|delta|theta|phi|mu|sigma|eta)(?![a-zA-Z])\s*(?=\})",
            lambda m: GREEK[m[1]],
            text,
        )
    return text


def _unwrapped(match: re.Match[str]) -> str:
    inside = match[1] if match[1] is not None else match[2]
    before, after = match.string[: match.start()][-1:], match.string[match.end() :][:1]
    apart = before.isalnum() or before == "}"
    return (" " if apart else "") + inside + (" " if after.isalnum() or after == "\\" else "")


def _accented(inside: str, mark: str) -> str:
    inside = inside.strip()
    return f" {inside[:1]}{mark}{inside[1:]}" if inside else ""


def _sign(match: re.Match[str]) -> str:
    command = match[1]
    if command in ("frac", "sqrt"):
        return "\\" + command
    sign = COMMANDS.get(command, command)
    after = match.string[match.end() :][:1]
    before = match.string[: match.start()][-1:]
    left = " " if sign[:1].isalpha() and before.isalnum() else ""
    return left + sign + (" " if sign[-1:].isalpha() and after.isalnum() else "")


def _without_braces(text: str) -> str:
    r"""Return the text with what stands at an \underbrace or \overbrace left out."""
    for _ in range(20):
        found = _BRACES.search(text)
        if not found:
            break
        end = closing(text, found.end())
        rest = text[end:]
        note = re.match(r"\s*[_^]\s*(?=\{)", rest)
        if note:
            rest = rest[closing(rest, note.end()) :]
        text = f"{text[: found.start()]}{text[found.end() : end]} {rest}"
    return text


def closing(text: str, start: int) -> int:
    """Return where the group ends that the brace at `start` opens; the end of the text where it
    does not.

    >>> closing("{a{b}}c", 0)
    6
    """
    depth = 0
    for place in range(start, len(text)):
        if text[place] == "{":
            depth += 1
        elif text[place] == "}":
            depth -= 1
            if depth == 0:
                return place + 1
    return len(text)
