r"""LaTeX's math as MathML, which browsers set by themselves.

JupyterLab has MathJax for $…$ in HTML, and VS Code has nothing for it; both show MathML.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape
from typing import ClassVar

from autograd.latex import GREEK

_TOKEN = re.compile(r"\\[a-zA-Z]+|\\.|[0-9]+(?:\.[0-9]+)?|\S")
_SIGNS = {name: sign for sign, name in GREEK.items()} | {
    "partial": "∂",
    "cdot": "·",
    "ell": "ℓ",
    "prime": "′",
    "dots": "…",
    "sim": "~",
    "wedge": "∧",
    "lt": "<",
    "gt": ">",
    "vert": "|",
    "backslash": "\\",
    "varepsilon": "ε",
    "epsilon": "ϵ",
}
_ACCENTS = {"hat": "^", "bar": "¯", "tilde": "~", "dot": "˙", "ddot": "¨", "vec": "→"}
_WORDS = ("mathrm", "operatorname", "text", "mathbf", "mathbb", "mathcal", "mathfrak")


def mathml(latex: str) -> str:
    r"""Return LaTeX as a `math` element; what is no part of `Notation`'s LaTeX stands as it is.

    >>> mathml(r"\frac{1}{2} x^2")
    '<math><mfrac><mn>1</mn><mn>2</mn></mfrac><msup><mi>x</mi><mn>2</mn></msup></math>'
    """
    return f"<math>{_Translator(latex).row('')}</math>"


class _Translator:
    def __init__(self, latex: str) -> None:
        self.tokens = _TOKEN.findall(latex)
        self.place = 0

    def take(self) -> str:
        token = self.tokens[self.place] if self.place < len(self.tokens) else ""
        self.place += 1
        return token

    def accept(self, token: str) -> bool:
        if self.tokens[self.place : self.place + 1] != [token]:
            return False
        self.place += 1
        return True

    def row(self, end: str) -> str:
        """Return what stands here up to a token, which is taken."""
        items = []
        while self.place < len(self.tokens) and not self.accept(end):
            items.append(self.scripted())
        return "".join(items)

    def scripted(self) -> str:
        """Return an item with what stands below and above it."""
        base = self.item()
        scripts = {"_": "", "^": ""}
        while self.place < len(self.tokens) and self.tokens[self.place] in scripts:
            place = self.take()
            scripts[place] = self.item()
        below, above = scripts.values()
        tag = ("sub" if below else "") + ("sup" if above else "")
        return f"<m{tag}>{base}{below}{above}</m{tag}>" if tag else base

    def item(self) -> str:
        token = self.take()
        if token.startswith("\\"):
            return self.command(token[1:])
        if token == "{":
            return _grouped(self.row("}"))
        if token[:1].isdigit():
            return f"<mn>{token}</mn>"
        return _sign("−" if token == "-" else token)

    def command(self, name: str) -> str:
        if name in self.READ:
            return self.READ[name](self)
        if name in _WORDS:
            return f'<mi mathvariant="normal">{escape(self.words())}</mi>'
        if name in _ACCENTS:
            return f'<mover accent="true">{self.item()}<mo>{_ACCENTS[name]}</mo></mover>'
        return _sign(_SIGNS.get(name, name))

    def words(self) -> str:
        """Take what stands in braces, as plain text."""
        self.accept("{")
        words = []
        while self.place < len(self.tokens) and not self.accept("}"):
            token = self.take()
            words.append(_SIGNS.get(token[1:], token[1:]) if token.startswith("\\") else token)
        return "".join(words)

    def fraction(self) -> str:
        return f"<mfrac>{self.item()}{self.item()}</mfrac>"

    def root(self) -> str:
        return f"<msqrt>{self.item()}</msqrt>"

    def bracketed(self) -> str:
        opening = self.take()
        inside = self.row("\\right")
        is_tall = "<mfrac>" in inside or "<msqrt>" in inside
        return f"<mrow>{_bracket(opening, is_tall)}{inside}{_bracket(self.take(), is_tall)}</mrow>"

    READ: ClassVar[dict[str, Callable[[_Translator], str]]] = {
        "frac": fraction,
        "sqrt": root,
        "left": bracketed,
    }


def _grouped(items: str) -> str:
    """Return a row of items as one."""
    single = re.fullmatch(r"<(m[ino])[^>]*>[^<]*</\1>", items)
    return items if single else f"<mrow>{items}</mrow>"


def _bracket(sign: str, is_tall: bool) -> str:
    """Return a bracket; a round one that may stretch is set with gaps beside it."""
    if sign in (".", ""):
        return ""
    if sign in ("(", ")") and not is_tall:
        return f'<mo stretchy="false">{sign}</mo>'
    return f"<mo>{escape(sign)}</mo>"


def _sign(sign: str) -> str:
    tag = "mi" if sign.isalpha() or sign == "∂" else "mo"
    return f"<{tag}>{escape(sign)}</{tag}>"
