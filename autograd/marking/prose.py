"""Words around equations: what is prose, and what of a side is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, TypeAlias

from autograd.marking.labels import LETTER, NAME
from autograd.marking.names import Names
from autograd.marking.spelling import ARRAY_FUNCTIONS, CONSTANTS, FUNCTIONS, GREEK, RATES
from autograd.marking.syntax import Unreadable

Kind: TypeAlias = Literal["plain", "either", "article", "function", "known"]

_ABOUT = {  # words before a name, and what they make of it
    re.compile(r"\b(?:grad|gradient|derivative|slope|sensitivity)\b", re.I): "∂{root}/∂{name}",
    re.compile(r"\b(?:new|updated|next)\b", re.I): "{name}⁺",
}
_CHANGING = re.compile(  # words before or behind a formula that make something else of it
    r"\b(?:change|step|difference|increase|decrease|ratio|percentage|square|half|twice|minus|plus"
    r"|times|product|divided|over|squared|cubed|per|or|not|negative|log|logarithm|root)\b"
    r"(?! rules?\b)",
    re.I,
)
_CONCLUDED = re.compile(r"([^,]*), (?:and )?(?:so|thus|hence|therefore|then) (.*)")
_LINKING = re.compile(r"\b(?:over|per|or|not)\b", re.I)  # words that change nothing in a heading
_CONDITION = re.compile(r"\(?(?:if|when|for|where|while)\b.*(?:[<>≤≥]|\\(?:[lg]eq?|[lg]t)\b)")
_NOTE = re.compile(
    r"\(derived above\)$| is the (?:larger|largest|smaller|smallest)\)$|: .* does not depend on .*$"
)
_LATEX_TEXT = re.compile(
    r"\\(?:text(?:bf|it|rm)?|emph|(?:sub)*section|paragraph|caption|frametitle)\*?\{([^{}]*)\}"
)
_OPERATING = re.compile(  # the same as the first word of a remark
    r"\W*(?:plus|minus|times|multiplied|divided|over|squared|cubed|per|or|not|negative)\b", re.I
)
_OPERATORS = tuple("+-−*/·×^=(")
_SHORT = """
    an as at be by do he if in is it me my no of ok on or so to up us we all and any are but can did
    few for get got had has her his how its let may new not now old one our out own per put see set
    she the too two use via was way who why yes yet you also done each from have here into just last
    left less like more most much next only over same some such than that them then they this thus
    what when with your
"""  # words that may be read as a product of labels, too
_HYPHENED = rf"{LETTER}+(?:['’-]{LETTER}+)*"
_WORD = re.compile(rf"(?<![\\\w{{^∂/'’-]){_HYPHENED}(?![\w}}^(/'’-])")
_WORD_BEFORE = re.compile(rf"\(?({_HYPHENED}|{NAME.pattern})\)?[,:.;]?|\d+[.):]|:")
_WORD_BEHIND = re.compile(rf"[(\"“]?({_HYPHENED})[,.;:!?\"”]*\)?")

_NUMBER_AND_REMARK = re.compile(  # behind a number a sentence may have names in it
    rf"([\W\d_]*[\d%])[,.;:]?\s+(\(?({_HYPHENED})(?![\w(])[^+*/·×^=²³−]*)"
)


def without_note(text: str) -> str:
    """Return a side without what a derivation says behind it, such as (derived above)."""
    bare = _LATEX_TEXT.sub(r"\1", text).rstrip("$ \t")
    found = _NOTE.search(bare)
    if not found:
        return text
    if not bare.endswith(")") or found[0].startswith((":", "(")):
        return bare[: found.start()]
    start = _bracket_at_end(bare)
    return text if start is None else bare[:start]


def _bracket_at_end(text: str) -> int | None:
    """Return where the bracket begins with whose end the text ends."""
    depth = 0
    for place in range(len(text) - 1, -1, -1):
        if text[place] in ")]}":
            depth += 1
        elif text[place] in "([{":
            depth -= 1
        if depth == 0:
            return place
    return None


def without_words_before(text: str, names: Names) -> str:
    """Return a side without the words before it; they may make a derivative of a name.

    >>> names = Names(["E", "w5"])
    >>> without_words_before("so we get w5", names), without_words_before(
    ...     "the gradient of w5", names
    ... )
    ('w5', '∂E/∂w5')
    """
    concluded = _CONCLUDED.fullmatch(text)
    if concluded and is_prose(concluded[1], names):
        return without_words_before(concluded[2], names)
    end = _end_of_words(text, names)
    before, rest = text[:end].rstrip(), text[end:].strip()
    saying = _LINKING.sub("", before) if before.endswith(":") else before
    if _CHANGING.search(saying) or rest.startswith("/"):
        return text
    if not before.endswith(":") and re.fullmatch(r"[^\s/]+", rest):
        return _derived(before, rest, names)
    return rest


def _derived(words: str, name: str, names: Names) -> str:
    """Return what words and a name behind them are: ∂E/∂w5 of the gradient of w5; else the name."""
    for about, form in _ABOUT.items():
        if about.search(words):
            return form.format(root=names.root, name=name)
    return name


def _end_of_words(text: str, names: Names) -> int:
    """Return where the words end with which a text begins; names at their end are no words, and
    a name alone before them is a factor.
    """
    end = 0
    kinds: list[Kind] = []
    for chunk in re.finditer(r"\S+", text):
        found = _WORD_BEFORE.fullmatch(chunk[0])
        if not found or chunk.end() == len(text):
            break
        kind = _kind(found[1], names) if found[1] else "plain"
        kinds.append(kind)
        if (kind == "plain" and _are_prose(kinds)) or chunk[0][-1] in ":.":
            end = chunk.end()
    return end


def _are_prose(kinds: Sequence[Kind]) -> bool:
    """Whether words are no factors: they begin with none that may be one, or several are plain."""
    return kinds[0] not in ("known", "either") or kinds.count("plain") > 1


def without_words_behind(text: str, names: Names) -> str:
    """Return a side without the words behind it: nothing is left out that may be a factor.

    >>> names = Names(["E", "a", "b"])
    >>> without_words_behind("0.08, which is small.", names)
    '0.08'
    >>> without_words_behind("a b (chain rule)", names), without_words_behind("a (b-a)", names)
    ('a b', 'a (b-a)')
    """
    text = re.sub(r"(?<!\.)[.,;]\s*$", "", text.rstrip())
    bare = _LATEX_TEXT.sub(r" \1", text)
    number = _NUMBER_AND_REMARK.fullmatch(bare)
    if number and _is_sentence(number[2], number[3], names):
        return number[1]
    before = _before_remark(bare, names)
    return text if before is None else before


def _before_remark(text: str, names: Names) -> str | None:
    """Return what stands before the words at the end of a text; None where they may be factors."""
    words = _words_at_end(text, names)
    while words:
        start, kind = words[0]
        before, remark = text[:start].rstrip(), text[start:]
        is_apart = before.endswith((",", ".", ";", ":"))
        if is_apart or remark.startswith("("):
            kind = "plain"
        if kind == "function" or before.endswith(_OPERATORS):
            del words[0]  # it is a part of the formula
            continue
        before = before.rstrip(",.;:")
        count = _count_of_prose(words)
        is_remark = kind != "either" and _is_remark(before, remark, count, is_apart)
        return before if is_remark else None
    return None


def _count_of_prose(words: Sequence[tuple[int, Kind]]) -> int:
    """Return how many of these words may be no part of a formula."""
    return sum(kind in ("plain", "either") for _, kind in words)


def _is_sentence(text: str, first: str, names: Names) -> bool:
    """Whether words say something, with names among them: none is the first, which is a factor."""
    begins = _kind(first, names) == "plain" and not _CONDITION.match(text)
    return begins and _plain_words(text, names) >= 2 and not _CHANGING.search(text)


def _is_remark(before: str, remark: str, count: int, is_apart: bool) -> bool:
    """Whether words behind a formula say something about it, and are no part of it: one word alone
    may be the name of a factor.
    """
    if not before or _is_changing(remark, is_apart):
        return False
    is_number = not re.search(LETTER, before)
    least = 1 if is_number or is_apart else 2
    return count >= least


def _is_changing(remark: str, is_apart: bool) -> bool:
    """Whether the words of a remark say that something is done with the formula before it."""
    if is_apart or remark[0] == "(":
        return _OPERATING.match(remark) is not None
    return _CHANGING.search(remark) is not None


def _words_at_end(text: str, names: Names) -> list[tuple[int, Kind]]:
    """Return the words with which a text ends, behind all that may be a part of a formula: where
    each begins, and its kind.
    """
    words: list[tuple[int, Kind]] = []
    for chunk in re.finditer(r"\S+", text):
        found = _WORD_BEHIND.fullmatch(chunk[0])
        kind = _kind(found[1], names) if found else "known"
        if kind == "known":
            words.clear()
        else:
            words.append((chunk.start(), kind))
    return words


def _kind(word: str, names: Names) -> Kind:
    """Return what a word may be: plain, of a remark; known, as a part of a formula; or either, as
    by where b and y are labels.
    """
    if word in ("a", "A", "I") and not _is_named(word, names):
        return "article"
    if any(_is_known(part, names) for part in word.split("-")):
        return "known"
    if word.lower() in _SHORT.split() and names.split(word):
        return "either"
    return "function" if _is_function(word, names) else "plain"


def _is_function(word: str, names: Names) -> bool:
    if word == "where":  # that of arrays has a bracket behind it
        return False
    return word in FUNCTIONS or word in ARRAY_FUNCTIONS or word in names.functions


def _is_known(word: str, names: Names) -> bool:
    """Whether it may be a factor: a single letter, or a name of any kind."""
    if re.fullmatch(rf"{LETTER}|.*[\d_].*", word) or word in (*RATES, *CONSTANTS, *GREEK):
        return True
    stem = word.removesuffix("ᵀ").removeprefix("δ").removeprefix("d")
    if names.is_array_like(stem) or names.layer(stem) or _is_named(word, names):
        return True
    return word.lower() not in _SHORT.split() and names.split(word) is not None


def _is_named(word: str, names: Names) -> bool:
    try:
        return names.find(word) is not None
    except Unreadable:
        return True


def _plain_words(text: str, names: Names) -> int:
    """Return how many words are no names."""
    return sum(_kind(word, names) == "plain" for word in _WORD.findall(text))


def is_prose(text: str, names: Names) -> bool:
    """Whether it is words: at least two that are no names, or one and no sign of a formula."""
    text = _LATEX_TEXT.sub(r"\1", text).strip()
    count = _plain_words(text, names)
    if count >= 2:
        return True
    return count == 1 and re.fullmatch(r"(?:[^\W_]|[\s,.:;()'’#*-])*", text) is not None
