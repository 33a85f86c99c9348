r"""What is written, taken apart: numbers, names, signs; LaTeX in the signs of text."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from autograd.marking.cases import in_pieces
from autograd.marking.elements import LONGEST
from autograd.marking.labels import BELOW, LETTER, NAME, index_letters, with_indices
from autograd.marking.names import Names
from autograd.marking.spelling import ARRAY_FUNCTIONS, FRACTIONS, FROM_RAISED, FUNCTIONS, plain
from autograd.marking.syntax import Number, Unreadable
from autograd.op import Op

MOST = 300  # characters of a number
_FARTHEST = 400  # power of ten: Decimal has an end too

_ABOVE = r"(?:\^\{?\s*[(\[]\s*\w+(?:\s*[+−-]\s*\d)?\s*[)\]]\s*\}?|⁽(?:[⁰¹²³⁴-⁹]+|[ⁿᵐ])⁾)"
_MORE = tuple(map(re.compile, (rf"{_ABOVE}{BELOW}*|\((\d)\)", rf"{_ABOVE}()")))
_NUMBERED = re.compile(r"\^\{\s*\(\s*[0-9]+\s*\)\s*\}")  # in braces it is no power
_RAISED = re.compile("[⁻⁺]?[⁰¹²³⁴-⁹]+")
_UPDATED = re.compile(
    r"⁺|\^\s*\{\s*\+\s*\}|\^\+|\((?:new|neu)\)|\^\(?new\)?"
    r"|\s*[\^_]\s*\{\s*\(?(?:new|neu|next|updated|t\+1)\)?\s*\}"
)
_PRIMES = re.compile(r"'+|\^\{\s*'+\s*\}")
_TRANSPOSED = re.compile(r"ᵀ|\^\s*\{?\s*(?:T|ᵀ|\\top)\s*\}?(?![\w])|\.T\b")
_GRAD = re.compile(r"\.grad\b")
_DOT = re.compile(r"(?<=\s)\.(?=\s)")
_POWER_OF_TEN = (
    r"\s*(?:\*|x|X|×)\s*10\s*"
    r"(?:(?:\^|\*\*)\s*[{(]?\s*([-+]?\s*[0-9]+)\s*[})]?|([⁻⁺]?[⁰¹²³⁴-⁹]+))"
)
_NUMBER = re.compile(
    rf"10(?:\^\{{?(-[0-9]+)\}}?|([⁻][⁰¹²³⁴-⁹]+))"
    rf"|(([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:(?:[eE]([-+]?[0-9]+)(?![\w]))|{_POWER_OF_TEN})?)"
    rf"(?:(?<=[0-9])(?:…|\.{{3}}))?"
)
_SIDE = r"(?:[^\[\](){}<>≤≥=]|_\{[^{}]*\})+"
_INDICATOR = re.compile(  # 1[z > 0]
    rf"(?:(?:\b[1IH]|𝟙)\s*(?P<below>_\{{(?=[\[(]))?_?|(?<!_))[\[({{]"
    rf"(?P<condition>{_SIDE}(?:[<>]=?|[≤≥]){_SIDE})[\])}}](?(below)\}})"
)
_ALIKE = re.compile(  # 1[i = j] is δ_ij
    r"(?:\b[1I]\s*|𝟙\s*)_?[\[({]\s*([ijklmn])\s*==?\s*([ijklmn])\s*[\])}]"
)
_ABOVE_TRANSPOSED = re.compile(r"\^\{\s*([(\[][^()\[\]{}]*[)\]])\s*(?:T|ᵀ)\s*\}")  # W^{(2)T}
_SUM = re.compile(r"\bsum_(?=\{?[ijklmnt]\b)")
_PRODUCT = re.compile(r"Π(?=_)")
_COMMA = re.compile(r"([0-9]+),([0-9]+)(?![0-9.,])")
_GROUPED = re.compile(r"[1-9][0-9]{0,2}(?:(?:,[0-9]{3}){2,}|,[0-9]{3}(?=\.[0-9]))(?![0-9,])")
_DECIMAL_POINT = re.compile(r"[0-9]\.[0-9]")
_DECIMAL_COMMA = re.compile(r"(?<![0-9.,])(?:0,[0-9]+|[0-9]+,(?:[0-9]{1,2}|[0-9]{4,}))(?![0-9.,])")
_SEVERAL = {  # functions of several arguments: there commas part them
    *ARRAY_FUNCTIONS,
    *(name for name, row in FUNCTIONS.items() if isinstance(row, Op) and row.arity > 1),
}
_TIMES = re.compile(r"\s*[xX]\s*(?=-?[0-9.])")
_BEFORE_X = re.compile(r"[0-9.]*\s*(?=[xX](?:_?\{?[0-9₀-₉]|\s*-))")
_PERCENT = re.compile(r"\s*%")
_SIGN = re.compile(r"[<>]=|[<>≤≥≠]|\*\*|\.\*|\\frac|\\sqrt|[-+*/^()\[\]{},|‖⊙⊗@√∂Σ∏∇=_%:]")
_BLANK = re.compile(r"\?+|…|\.{3}")


_OF = rf"(?:\(\s*(?P<inside>{NAME.pattern})\s*\)|(?P<of>{NAME.pattern}))(?![\w(])"
_OPERATOR = re.compile(  # d/dw E
    rf"(?:\\frac\s*\{{\s*[d∂]\s*\}}\s*\{{\s*[d∂]\s*(?P<below>{NAME.pattern})\s*\}}"
    rf"|(?<![\w∂)])[d∂]\s*/\s*[d∂]\s*(?P<by>{NAME.pattern}))\s*{_OF}"
)


def _applied(found: re.Match[str]) -> str:
    """Return d/dw E as ∂E/∂w."""
    return f"∂{found['inside'] or found['of']}/∂{found['below'] or found['by']} "


class Token(NamedTuple):
    """One piece of what is written.

    kind      "number", "fraction", "name" and what stands behind one ("raised", "updated",
              "primes", "transposed", "grad"), or "sign"
    text      what is written, in the signs of text
    number    of a number
    applied   of a name: whether a bracket follows without a space
    """

    kind: str
    text: str
    number: Number | None = None
    applied: bool = False


def decimal_signs(text: str) -> str:
    """Return the signs with which decimals are written here: ".", ",", both or neither.

    >>> decimal_signs("0,751·1,868"), decimal_signs("1,868·0.5"), decimal_signs("1,868")
    (',', '.', '')
    """
    point, comma = _DECIMAL_POINT.search(text), _DECIMAL_COMMA.search(text)
    return ("." if point else "") + ("," if comma else "")


@lru_cache(maxsize=1024)
def _respelled(text: str) -> str:
    """Return a side in the signs of text, whatever the names in it mean."""
    text = _INDICATOR.sub(r" (\g<condition>)", plain(in_pieces(text)))
    text = _SUM.sub("Σ_", _ALIKE.sub(r" δ_{\1\2}", text))
    return _ABOVE_TRANSPOSED.sub(r"^{\1}^T ", text)


def tokens(text: str, names: Names, notes: list[str], elsewhere: str = "") -> list[Token] | None:
    """Return the pieces of one side; None where a part of it is blank. Unreadable for other signs.

    What was read where reading was a choice is added to `notes`; `elsewhere` has the signs of
    decimals in the whole of what is written.

    >>> [token.text for token in tokens("2σ'(z₁)^2 − 0,5", Names(["z1"]), [])]
    ['2', 'σ', "'", '(', 'z₁', ')', '^', '2', '-', '0.5']
    """
    text = _respelled(text)
    if "Π" not in text or names.find("Π_1") is None:
        text = _PRODUCT.sub("∏", text)
    if "d" not in names.labels:
        text = _OPERATOR.sub(_applied, text)
    return _Scanner(text, names, notes, decimal_signs(text) or elsewhere).all()


class _Scanner:
    def __init__(self, text: str, names: Names, notes: list[str], decimals: str) -> None:
        self.text = text
        self.decimals = decimals
        self.names = names
        self.notes = notes
        self.place = 0
        self.found: list[Token] = []
        self.lists = [False]  # for each open bracket, whether commas part its items
        odd = "|".join(map(re.escape, names.odd))
        end = rf"(?!{LETTER}|[0-9₀-₉])"
        self.odd = re.compile(rf"d?(?:{odd}){end}|(?:{odd}){end}") if odd else None

    def all(self) -> list[Token] | None:
        blank = False
        while self.place < len(self.text):
            if self.text[self.place].isspace():
                self.place += 1
            elif not self.take_token():
                self.take_blank()
                blank = True
        return None if blank or not self.found else self.found

    def take_token(self) -> bool:
        return self.take_label() or self.take_number() or self.take_name() or self.take_sign()

    def take_blank(self) -> None:
        found = _BLANK.match(self.text, self.place)
        if not found:
            piece = self.text[self.place : self.place + 20]
            raise Unreadable("NOT READ", f"{piece!r} is not understood here")
        self.place = found.end()

    def take(self, pattern: re.Pattern[str], kind: str) -> bool:
        found = pattern.match(self.text, self.place)
        if found and found.end() > self.place:
            self.found.append(Token(kind, found[0].strip()))
            self.place = found.end()
            return True
        return False

    def take_label(self) -> bool:
        if not self.odd or not self.take(self.odd, "name"):
            return False
        self.take_marks()
        return True

    def take_number(self) -> bool:
        self.read_comma()
        found = _NUMBER.match(self.text, self.place, self.before_label())
        if not found:
            return False
        self.place = found.end()
        text = _as_float_reads(found)
        percent = _PERCENT.match(self.text, self.place)
        if percent:
            self.place = percent.end()
        self.found.append(Token("number", found[0], _number(text, found[0], percent is not None)))
        times = _TIMES.match(self.text, self.place)
        if times and self.before_label() == len(self.text):
            self.found.append(Token("sign", "*"))
            self.place = times.end()
        return True

    def before_label(self) -> int:
        """Return where a label begins behind the number here, as in 2x1 or 2x-1: there x is no
        sign; the end of the text where none does.
        """
        found = _BEFORE_X.match(self.text, self.place)
        name = NAME.match(self.text, found.end()) if found else None
        return name.start() if name and self.is_known(name[0]) else len(self.text)

    def read_comma(self) -> None:
        """Write a decimal comma as a point; one between thousands, beside points, is left out."""
        found = _GROUPED.match(self.text, self.place) or _COMMA.match(self.text, self.place)
        if not found or self.lists[-1]:
            return
        is_decimal = found.re is _COMMA and self.is_decimal(*found.groups())
        read = found[0].replace(",", "." if is_decimal else "")
        self.notes.append(f"{found[0]} is read as {read}")
        self.text = self.text[: found.start()] + read + self.text[found.end() :]

    def is_decimal(self, whole: str, behind: str) -> bool:
        """Whether the comma between these digits is one of decimals, and not of thousands."""
        if len(behind) != 3 or len(whole) > 3 or whole.startswith("0"):
            return True
        if self.decimals == ".,":
            reason = f"{whole},{behind} may be {whole}.{behind} or {whole}{behind}"
            raise Unreadable("NOT READ", f"{reason}: write decimals all with points")
        return self.decimals != "."

    def take_name(self) -> bool:
        found = NAME.match(self.text, self.place)
        if not found:
            return False
        text, end = found[0], found.end()
        if len(text) > LONGEST:
            raise Unreadable("NOT READ", f"{text[:20]}… is too long for a name")
        text, end = self.with_more(text, end)
        self.found.append(Token("name", text, applied=self.text.startswith("(", end)))
        self.place = end
        self.take_marks()
        return True

    def with_more(self, text: str, end: int) -> tuple[str, int]:
        """Return a name with what stands above it and below that, where this is known, else as it
        is; and where it ends.
        """
        for pattern in _MORE:
            more = pattern.match(self.text, end)
            if not more:
                continue
            longer = text + (f"^({more[1]})" if more[1] else more[0])
            is_more = index_letters(longer) != index_letters(text) or _NUMBERED.match(more[0])
            if is_more or self.is_known(longer):
                if more[1]:
                    self.notes.append(f"{text}{more[0]} is read as number {more[1]} of this label")
                return longer, more.end()
        return text, end

    def is_known(self, name: str) -> bool:
        name = with_indices(name, dict.fromkeys(index_letters(name), 1))
        try:
            return any(map(self.has_meaning, (name, name.lstrip("d"))))
        except Unreadable:
            return True

    def has_meaning(self, name: str) -> bool:
        """Whether a name is an array, an element or a row of one, or means something else."""
        names = self.names
        if names.is_array(name) or names.is_delta(name):
            return True
        ways = (names.find, names.element, names.row_above, names.weights_of_layer)
        return any(way(name) is not None for way in ways)

    def take_marks(self) -> None:
        """Take what stands raised after a name: that it is updated, transposed, or a derivative."""
        if not self.take(_UPDATED, "updated"):
            self.take(_PRIMES, "primes")
        self.take(_TRANSPOSED, "transposed")
        self.take(_GRAD, "grad")

    def take_sign(self) -> bool:
        if self.take_fraction() or self.take_dot():
            return True
        if self.take(_RAISED, "raised") or self.take(_UPDATED, "updated"):
            return True
        if self.place and self.take(_TRANSPOSED, "transposed"):
            return True
        if self.text.startswith("...", self.place) or not self.take(_SIGN, "sign"):
            return False
        self.follow_brackets(self.found[-1].text)
        return True

    def take_fraction(self) -> bool:
        sign = self.text[self.place]
        if sign not in FRACTIONS:
            return False
        self.found.append(Token("fraction", sign))
        self.place += 1
        return True

    def take_dot(self) -> bool:
        if not _DOT.match(self.text, self.place):
            return False
        self.notes.append("a dot between spaces is read as ·")
        self.found.append(Token("sign", "*"))
        self.place += 1
        return True

    def follow_brackets(self, sign: str) -> None:
        if sign in ("(", "[", "{"):
            before = self.found[-2].text if len(self.found) > 1 else ""
            self.lists.append(sign == "[" or self.takes_several(before))
        elif sign in (")", "]", "}") and len(self.lists) > 1:
            self.lists.pop()

    def takes_several(self, name: str) -> bool:
        """Whether it is a function of several arguments, between which commas stand."""
        own = self.names.functions.get(name)
        return name in _SEVERAL or (own is not None and own.arity > 1)


def _as_float_reads(found: re.Match[str]) -> str:
    """Return a number with its power of ten as float() reads it: 10⁻⁵ as 1e-5."""
    power = next(filter(None, (found[k] for k in (1, 2, 5, 6, 7))), "")
    text = found[4] or "1"
    return f"{text}e{power.translate(FROM_RAISED).replace(' ', '')}" if power else text


def _number(text: str, typed: str, percent: bool) -> Number:
    digits, _, power = text.partition("e")
    if len(text) > MOST:
        raise Unreadable("REFUSED", f"{typed[:20]} is too long for a number")
    if re.match(r"0[0-9]", digits):
        raise Unreadable("NOT READ", f"no number begins as {digits[:20]} does")
    if abs(int(power or 0)) > MOST or not _is_in_range(text, digits):  # Decimal has an end too
        raise Unreadable("REFUSED", f"{typed[:20]} is too large or too small for a float")
    if percent:
        text = f"{Decimal(text).scaleb(-2):f}"
    return Number(text, typed)


def _is_in_range(text: str, digits: str) -> bool:
    """Whether a float holds a number, and the unit in its last place."""
    vanishes = float(text) == 0 and re.search("[1-9]", digits)
    return not vanishes and math.isfinite(float(text)) and 0.0 < Number(text).unit < math.inf
