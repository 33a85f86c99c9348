"""Labels: what close variants of one have in common, their indices, the arrays that they tell."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

from autograd.arrays.array import nested
from autograd.arrays.families import indexed, indices_of
from autograd.graph import RAISED
from autograd.marking.spelling import GREEK

Rows: TypeAlias = "tuple[object, ...]"  # labels or numbers, of a matrix in a tuple for each row

LETTER = "(?:(?![²³¹⁰⁴-⁹₀-₉½⅓⅔¼¾⅕-⅞ᵀᵢⱼₖₗₘₙₜΣ])[^\\W\\d_][\u0300-\u036f\u20d7]*)"
BELOW = (
    r"(?:\s*_\s*\{(?:[^{}]|\{[^{}]*\})*\}"
    rf"|_?[₀-₉ᵢⱼₖₗₘₙₜ]+(?:[₊₋][₀-₉])?|_(?:{LETTER}|[0-9])+)"
)
NAME = re.compile(rf"{LETTER}(?:{LETTER}|[0-9])*{BELOW}*")
_SPELLED = str.maketrans(
    {sign: name for name, sign in GREEK.items() if not name.startswith("var")}
    | {"ϵ": "epsilon", "ϕ": "phi"}
)
_MARKED = str.maketrans(
    {
        "\u0302": "hat",
        "\u0304": "bar",
        "\u0305": "bar",
        "\u0303": "tilde",
        "\u0307": "dot",
        "\u0308": "ddot",
    }
)
_ABOVE = re.compile(
    r"\^\{?\s*[(\[]\s*([\w+-]+)\s*[)\]]\s*\}?|⁽([⁰¹²³⁴-⁹]+)⁾|\^\{?\s*(\w+)\s*\}?|\{\}"
)
_WRITTEN = re.compile(r"[_{}\s,\\]")
INDICES = "ijklmnt"  # one-letter indices that need no Σ
_INDEX = re.compile(
    r"_\{?\(?([ijklmntᵢⱼₖₗₘₙₜ](?:\s*,?\s*[ijklmntᵢⱼₖₗₘₙₜ0-9])*|[0-9]\s*,?\s*[ijkl]+)\)?\}?(?!\w)"
    r"|([ᵢⱼₖₗₘₙₜ]+)$"
)
_TERM = rf"(?:[2-9]\s*[*·]?\s*(?:[{INDICES}]|\([^(){{}},]*\))|[{INDICES}0-9])"  # i, 1, 2i, 2(i−1)
_MOVED = rf"{_TERM}(?:\s*[+−-]\s*{_TERM})*"  # an index with what is added to it
_SHIFTED = re.compile(  # h_{t−1}, x_{i+k−1}, x_{2(i−1)+k}, x_{i+m, j+n}
    rf"_\{{\s*(?=[^{{}}]*[+−-])({_MOVED}(?:\s*,\s*{_MOVED})*)\s*\}}|([ᵢⱼₖₗₘₙₜ][₊₋][₀-₉])$"
)
_SUMMAND = re.compile(
    rf"([+-]?)\s*(?=[0-9{INDICES}(])([0-9]?)\s*[*·]?\s*(?:\(([^()]*)\)|([{INDICES}]?))"
)
_CALL = re.compile(r"⁽([ⁿᵐ])⁾|\^\{?\s*\(([nm])\)\s*\}?")  # the number of a call
_RAISED_INDEX = re.compile(  # the number of a layer or of an example: z^{(l)}, W^{(l+1)}, x^{[i]}
    r"\^\{?\s*[(\[]\s*([ijklt]\s*(?:[+−-]\s*[0-9])?)\s*[)\]]\s*\}?"
)


@lru_cache(10_000)
def key(name: str) -> str:
    r"""Return what close variants of a name have in common.

    >>> [key(name) for name in ("out_{h1}", "out_h₁", "ŷ_1", "θ", "net_{h1}^{(2)}", "net_h1⁽²⁾")]
    ['outh1', 'outh1', 'yhat1', 'theta', 'neth1⁽2⁾', 'neth1⁽2⁾']
    """
    above = "".join(part for groups in _ABOVE.findall(name) for part in groups)
    text = unicodedata.normalize("NFD", _ABOVE.sub("", name)).translate(_MARKED)
    text = _WRITTEN.sub("", unicodedata.normalize("NFKC", text)).translate(_SPELLED)
    return f"{text}⁽{unicodedata.normalize('NFKC', above)}⁾" if above else text


def layer_of_delta(name: str) -> str | None:
    """Return what stands below a δ, None of another name.

    d2 is δ2, too.

    >>> layer_of_delta("δ_{h1}"), layer_of_delta("delta2"), layer_of_delta("d2")
    ('h1', '2', '2')
    """
    found = re.fullmatch(r"(?:δ|delta|d(?=\d+$))(?:_?\{\s*(.+?)\s*\}|_?(.+))", name)
    return (found[1] or found[2]) if found else None


def folded(name: str) -> str:
    """Return the key without capitals."""
    return key(name).casefold()


def arrays_of(labels: Iterable[str]) -> dict[str, Rows]:
    """Return the arrays that labels tell: those that end in all indices of a vector or a matrix.

    >>> arrays_of(["w11", "w12", "x1", "x2", "z2_1", "b"])
    {'w': (('w11', 'w12'),), 'x': ('x1', 'x2'), 'z2': ('z2_1',)}
    """
    stems: dict[str, dict[str, str]] = {}
    for label in labels:
        found = indexed(label)
        if found:
            stems.setdefault(found[0], {})[found[1]] = label
    arrays = {stem: _array_of(members) for stem, members in stems.items()}
    return {stem: rows for stem, rows in arrays.items() if rows}


def _array_of(members: Mapping[str, str]) -> Rows:
    """Return labels as an array, by the texts of their indices; none where these are not all."""
    keys = indices_of(members)
    is_array = len(members) > 1 or any(re.search(r"[_\[]", x) for x in members.values())
    if keys is None or not is_array:
        return ()
    named = {at: members[text] for text, at in keys.items()}
    return in_rows([named[at] for at in sorted(named)], max(named))


def in_rows(labels: Sequence[str], shape: tuple[int, ...]) -> Rows:
    """Return labels, given row by row, in this shape.

    >>> in_rows(["a", "b"], (2,)), in_rows(["a", "b"], (1, 2))
    (('a', 'b'), (('a', 'b'),))
    """
    return as_rows(nested(labels, shape))


def as_rows(entries: Sequence[Any]) -> Rows:
    """Return a list, or a list of lists, as tuples."""
    return tuple(tuple(row) if isinstance(row, (list, tuple)) else row for row in entries)


def index_letters(name: str) -> str:
    """Return the one-letter indices that stand below a name.

    >>> index_letters("w_ij"), index_letters("W1_{i,j}"), index_letters("x_j"), index_letters("x_1")
    ('ij', 'ij', 'j', '')
    >>> index_letters("net_h⁽ⁿ⁾"), index_letters("h_{t-1}"), index_letters("hₜ₋₁")
    ('n', 't', 't')
    """
    shifted = _SHIFTED.search(name)
    if shifted:
        return _indices_among(_either_group(shifted))
    call = _CALL.search(name)
    if call:
        return _either_group(call)
    raised, found = _RAISED_INDEX.search(name), _INDEX.search(name)
    letters = raised[1][0] if raised else ""
    letters += _either_group(found) if found else ""
    return _indices_among(letters)


def _either_group(found: re.Match[str]) -> str:
    """Return what either of two groups has found, in plain letters and digits."""
    return unicodedata.normalize("NFKC", found[1] or found[2])


def _indices_among(letters: str) -> str:
    """Return the letters that are indices, each once."""
    return "".join(dict.fromkeys(c for c in letters if c in INDICES))


def with_indices(name: str, numbers: Mapping[str, int]) -> str:
    """Return the name with a number in the place of each index.

    >>> with_indices("W1_{ij}", {"i": 1, "j": 2}), with_indices("x⁽ⁿ⁾", {"n": 3})
    ('W1_{12}', 'x⁽³⁾')
    >>> with_indices("h_{t-1}", {"t": 1}), with_indices("hₜ₊₁", {"t": 1})
    ('h_0', 'h_2')
    """
    shifted = _SHIFTED.search(name)
    if shifted:
        return name[: shifted.start()] + _shifted(shifted, numbers) + name[shifted.end() :]
    call = _CALL.search(name)
    if call:
        number = numbers.get(_either_group(call), 1)
        above = "" if number == 1 else f"⁽{str(number).translate(RAISED)}⁾"
        return name[: call.start()] + above + name[call.end() :]
    name = _with_raised_index(name, numbers)
    found = _INDEX.search(name)
    if not found:
        return name
    letters = unicodedata.normalize("NFKC", found[0])
    below = "".join(str(numbers.get(c, c)) for c in letters)
    return name[: found.start()] + below + name[found.end() :]


def _with_raised_index(name: str, numbers: Mapping[str, int]) -> str:
    """Return the name with a number in the place of an index above it."""
    raised = _RAISED_INDEX.search(name)
    if not raised or raised[1][0] not in numbers:
        return name
    above = f"^({_sum_of(raised[1].replace('−', '-'), numbers)})"
    return name[: raised.start()] + above + name[raised.end() :]


def _shifted(found: re.Match[str], numbers: Mapping[str, int]) -> str:
    """Return the places that indices have with what is added to them, or taken from them."""
    written = unicodedata.normalize("NFKC", found[1] or found[2]).replace("−", "-")
    return "_" + "".join(str(_sum_of(part, numbers)) for part in written.split(","))


def _sum_of(written: str, numbers: Mapping[str, int]) -> int:
    """Return what 2i+k-1 comes to."""
    total = 0
    for sign, times, inside, letter in _SUMMAND.findall(written):
        size = int(times or 1)
        if inside or letter:
            size *= _sum_of(inside, numbers) if inside else numbers.get(letter, 0)
        total += -size if sign == "-" else size
    return total
