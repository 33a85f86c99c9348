"""What a person types as expressions: each line an equation, each side of it a tree, in the labels of a record.

Nothing that is typed is run: Python's parser sees the signs alone, and a placeholder for everything else.
"""

from __future__ import annotations

import ast
import difflib
import math
import re
from collections import Counter
from collections.abc import Iterable

from autograd import ops
from autograd.marking.syntax import Call as Call
from autograd.marking.syntax import Constant as Constant
from autograd.marking.syntax import Name as Name
from autograd.marking.syntax import Number as Number
from autograd.marking.syntax import Quotient as Quotient
from autograd.marking.syntax import Side as Side
from autograd.marking.syntax import Term as Term
from autograd.marking.syntax import Unreadable as Unreadable
from autograd.marking.syntax import has_names as has_names
from autograd.marking.syntax import walk as walk
from autograd.marking.syntax import written as written

LONGEST = 4000  # characters of a line
DEEPEST = 200  # operations inside one another
MOST = 300  # names and numbers on one side

# fmt: off
_CHARACTERS = str.maketrans({
    "−": "-", "–": "-", "·": "*", "⋅": "*", "×": "*", "∗": "*", "÷": "/", "^": "**", "½": "(1/2)", "√": "sqrt",
    **{below: str(digit) for digit, below in enumerate("₀₁₂₃₄₅₆₇₈₉")},
})
_RAISED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
_COMMANDS = {"cdot": "·", "times": "×", "partial": "∂", "sigma": "σ", "eta": "η", "pi": "π", "dots": "…", "ldots": "…"}
_BINARY = {ast.Add: ops.add, ast.Sub: ops.sub, ast.Mult: ops.mul, ast.Div: ops.div, ast.Pow: ops.pow}
_FUNCTIONS = {row.name: row for row in ops.TABLE if row not in _BINARY.values()} | {
    "σ": ops.sigmoid, "ln": ops.log, "max": ops.maximum, "min": ops.minimum,
}
_CONSTANTS = {"e": math.e, "π": math.pi, "pi": math.pi}
_RATES = ("η", "eta", "lr")
_TEN = r"\s*\*\s*10\s*\*\*\s*\(?(-?[0-9]+)\)?"  # as in 3.5·10⁻⁵
# fmt: on


def _without_latex(text: str) -> str:
    """LaTeX as plain text: a fraction as a quotient, braces as brackets."""

    def fraction(match: re.Match[str]) -> str:
        above, below = match.groups()
        derivative = all(re.match(r"\s*[∂d]\s*\w", part) for part in (above, below))
        return f" {above}/{below} " if derivative else f"(({above})/({below}))"

    text = " ".join(re.sub(r"\\(left|right|quad|[,;!: ])|[$&]|\\\\", " ", text).split())
    text = re.sub(r"\\(mathrm|text|operatorname)\s*\{([^{}]*)\}", r"\2", text)
    text = re.sub(r"\\[dt]?frac\b", "\\\\", text)
    text = re.sub(r"\\(\w+)", lambda command: _COMMANDS.get(command[1], command[1]), text)
    text = re.sub(r"\^\s*(\{\s*\+\s*\}|\+)", "⁺", text)
    before = ""
    while text != before:
        before = text
        text = re.sub(r"\s*_\{([^{}]*)\}", lambda below: "_" + re.sub(r"[\s,]+", "_", below[1].strip()), text)
        text = re.sub(r"\\\s*\{([^{}]*)\}\s*\{([^{}]*)\}", fraction, text)
        text = re.sub(r"(?<![\\}] )(?<![\\}])\{([^{}]*)\}(?! ?\{)", r"(\1)", text)
    return text


class Reader:
    """Reads what is written in these labels.

    >>> [[subject, claim]] = Reader(["E", "w5", "out"]).equations(["∂E/∂w₅ = 2out(1 − out)"])
    >>> written(subject.term), written(claim.term)
    ('∂E/∂w5', '2·out·(1 − out)')
    """

    def __init__(self, labels: Iterable[str]) -> None:
        self.labels = Counter(labels)
        self.typed = {label.translate(_CHARACTERS): label for label in self.labels}
        self.bare = Counter(label.replace("_", "") for label in self.typed)
        known = "|".join(rf"{re.escape(label)}(?!\w)" for label in sorted(self.typed, key=len, reverse=True))
        name = rf"(?:{known}|[^\W\d]\w*)"
        above, below = (rf"[∂d]\s*(?:(?P<{k}>{name})|\(\s*(?P<{k}_>{name})\s*\))" for k in ("of", "by"))
        self.tokens = re.compile(
            rf"(?P<label>{known})|(?P<quotient>{above}\s*/\s*{below})|(?P<name>[^\W\d]\w*)"
            rf"|(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+|{_TEN})?)(?:(?<=[0-9])(?:…|\.{{3}}))?"
            r"|(?P<blank>[?…]|\.{3})|(?P<sign>\*\*|[-+*/(),])|(?P<updated>⁺)|(?P<space>\s+)|(?P<other>.)"
        )

    def equations(self, lines: Iterable[str]) -> list[list[Side]]:
        """The sides of each equation, its subject first: alone, and Unreadable, where nothing can be claimed of it."""
        equations: list[str] = []
        for part in (part.strip() for line in lines for part in (line.split(";") if len(line) <= LONGEST else [line])):
            if equations and re.match(r"[&\s]*[=≈]", part):  # the equation before goes on
                equations[-1] = f"{equations[-1].rstrip(' =≈')} {part}"
            elif part and not part.startswith("#"):
                equations.append(part)
        return [self.sides(equation) for equation in equations]

    def sides(self, equation: str) -> list[Side]:
        try:
            if len(equation) > LONGEST:
                raise Unreadable("REFUSED", f"an equation has at most {LONGEST} characters, not {len(equation)}")
            sides = [self.side(part.strip()) for part in re.split("[=≈]", equation)]
            if len(sides) == 1:
                raise Unreadable("UNREADABLE", "there is no equals sign")
            sides = sides if has_names(sides[0].term) or not has_names(sides[-1].term) else sides[::-1]
            if isinstance(sides[0].term, Unreadable):
                raise sides[0].term
        except Unreadable as error:
            return [Side(_cut(equation), error)]
        return sides

    def side(self, text: str) -> Side:
        try:
            return Side(text, self.read(text))
        except Unreadable as error:
            return Side(_cut(text), error)

    def name(self, text: str) -> str:
        """The label that is meant: an underscore may be missing, or be too many."""
        if text not in self.typed:
            bare = text.replace("_", "")
            if self.bare[bare] != 1:
                near = sorted(difflib.get_close_matches(text, self.typed, 2, 0.5))
                hint = f": did you mean {' or '.join(near)}?" if near else ""
                raise Unreadable("UNKNOWN NAME", f"nothing is labelled {text[:60]}{hint}")
            text = next(label for label in self.typed if label.replace("_", "") == bare)
        text = self.typed[text]
        if self.labels[text] > 1:
            raise Unreadable("UNKNOWN NAME", f"two Values are labelled {text}: give each a label of its own")
        return text

    def read(self, text: str) -> Term | None:
        """The tree of one side, None if it has a blank. Python's parser sees signs, and placeholders."""
        text = re.sub("[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+", lambda power: f"**({power[0].translate(_RAISED)})", _without_latex(text))
        text = re.sub(r"(?<=[^-+*/(,\s])\s*\+$", "⁺", text.translate(_CHARACTERS))
        tokens = list(self.tokens.finditer(text))
        if not tokens or any(token["blank"] for token in tokens):
            return None
        operands: list[Term | ops.Op] = []
        source: list[str] = []
        depth = 0
        for token in tokens:
            kind, word = token.lastgroup, token[0]
            last = operands[-1] if source and source[-1].startswith("_") else None
            ended = last is not None or source[-1:] == [")"]
            if kind == "updated" and isinstance(last, Name) and last.label in self.labels:
                operands[-1] = Name(last.label, updated=True)
            elif kind in ("updated", "other") or (kind == "number" and ended):
                raise Unreadable("UNREADABLE", f"{word[:20]!r} is not understood here")
            elif kind == "sign":
                depth += (word == "(") - (word == ")")
                if depth > DEEPEST // 4 or len(operands) > MOST:
                    raise Unreadable("REFUSED", "the formula is too long, or its brackets are nested too deep")
                times = word == "(" and ended and not isinstance(last, ops.Op)
                source += ["*"] * times + [word]
            elif kind != "space":
                source += ["*"] * ended + [f"_{len(operands)}"]
                operands.append(self.operand(token))
        try:
            return self.tree(ast.parse("".join(source), mode="eval").body, operands, 0)
        except (SyntaxError, RecursionError, MemoryError):
            raise Unreadable("UNREADABLE", "brackets, signs or numbers are missing") from None

    def operand(self, token: re.Match[str]) -> Term | ops.Op:
        kind = token.lastgroup or ""
        word = token[kind]
        if kind == "quotient":
            return Quotient(self.name(token["of"] or token["of_"]), self.name(token["by"] or token["by_"]))
        if kind == "number":
            text = re.sub(_TEN, r"e\1", word)
            lost = not math.isfinite(float(text)) or (float(text) == 0 and re.search("[1-9]", text))
            if lost or len(text) > MOST:
                raise Unreadable("REFUSED", f"{word[:20]} is too large, too small or too long for a float")
            return Number(text)
        if kind == "name" and word in _FUNCTIONS and re.match(r"\s*\(", token.string[token.end() :]):
            return _FUNCTIONS[word]
        if kind == "name" and word in _CONSTANTS:
            return Constant(word, _CONSTANTS[word])
        return Name("η" if kind == "name" and word in _RATES else self.name(word))

    def tree(self, node: ast.AST, operands: list[Term | ops.Op], depth: int) -> Term:
        """Python's tree as ours: arithmetic, calls of the table's rows, and placeholders; all else is refused."""
        if depth > DEEPEST:
            raise Unreadable("REFUSED", "the formula is nested too deep")
        match node:
            case ast.Name(id=name) if not isinstance(operand := operands[int(name[1:])], ops.Op):
                return operand
            case ast.BinOp(left, op, right) if type(op) in _BINARY:
                sides = self.tree(left, operands, depth + 1), self.tree(right, operands, depth + 1)
                return Call(_BINARY[type(op)], sides)
            case ast.UnaryOp(ast.USub(), inner):
                term = self.tree(inner, operands, depth + 1)
                return Number(f"-{term.text}".replace("--", "")) if isinstance(term, Number) else Call(ops.neg, (term,))
            case ast.UnaryOp(ast.UAdd(), inner):
                return self.tree(inner, operands, depth + 1)
            case ast.Call(ast.Name(id=name), args, []) if isinstance(row := operands[int(name[1:])], ops.Op):
                if len(args) == row.arity:
                    return Call(row, tuple(self.tree(arg, operands, depth + 1) for arg in args))
        raise Unreadable("UNREADABLE", "this is not arithmetic on names and numbers")


def _cut(line: str) -> str:
    return line if len(line) <= 100 else line[:99] + "…"
