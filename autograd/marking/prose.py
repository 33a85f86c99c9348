"""Words around equations: what is prose, and what of a side is."""

from __future__ import annotations

import re

from autograd.marking.names import Names
from autograd.marking.spelling import ARRAY_FUNCTIONS, FUNCTIONS, RATES
from autograd.marking.syntax import Unreadable

_ABOUT = {  # words before a name, and what they make of it
    re.compile(r"\b(?:grad|gradient|derivative|slope|sensitivity)\b", re.I): "∂{root}/∂{name}",
    re.compile(r"\b(?:new|updated|next)\b", re.I): "{name}⁺",
}
_CHANGING = re.compile(  # words before or behind a formula that make something else of it
    r"\b(?:change|step|difference|increase|decrease|ratio|percentage|square|half|twice|minus|plus"
    r"|times|product|divided|over|squared|cubed|per|or|not|negative|log|logarithm|root)\b",
    re.I,
)
_NOTE = re.compile(
    r"\(derived above\)$| is the (?:larger|largest|smaller|smallest)\)$|: .* does not depend on .*$"
)
_LATEX_TEXT = re.compile(
    r"\\(?:text(?:bf|it|rm)?|emph|(?:sub)*section|paragraph|caption|frametitle)\*?\{([^{}]*)\}"
)
_WORD = re.compile(r"(?<![\\\w{^∂/])[^\W\d_][\w'’-]*(?![\w}^(/'’-])")
_WORDS_BEFORE = re.compile(r"\s*(?:[(]?[^\W\d_][\w'’-]*[)]?[,:.;]?|\d+[.):]|:)(?=\s)")
_WORD_BEHIND = re.compile(r"[,.;:]?\s+([^\W\d_][\w'’-]*)")


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
    end = _end_of_words(text, names)
    before, rest = text[:end].rstrip(), text[end:].strip()
    if _CHANGING.search(before) or rest.startswith("/"):
        return text
    if not before.endswith(":") and re.fullmatch(r"\S+", rest):
        for words, form in _ABOUT.items():
            if words.search(before):
                return form.format(root=names.root, name=rest)
    return rest


def _end_of_words(text: str, names: Names) -> int:
    """Return where the words end with which a text begins; names at their end are no words."""
    place = end = 0
    while found := _WORDS_BEFORE.match(text, place):
        place = found.end()
        word = found[0].strip()
        if word[-1:] in ":." or not _is_known(word.strip("(),:.;"), names):
            end = place
    return end


def without_words_behind(text: str, names: Names) -> str:
    """Return a side without the words behind it.

    >>> without_words_behind("0.08, which is small.", Names(["E"]))
    '0.08'
    """
    text = re.sub(r"(?<!\.)[.,;]\s*$", "", text.rstrip())
    text = _without_bracket_behind(text, names)
    cut = next((found for found in _words_behind(text) if _is_word(found[1], names)), None)
    if cut is None:
        return text
    before, behind = text[: cut.start()].rstrip(), text[cut.start() :]
    is_cut = before and before[-1] not in "+-−*/·×^=(" and not _CHANGING.search(behind)
    return before if is_cut else text


def _without_bracket_behind(text: str, names: Names) -> str:
    note = re.search(r"\s+\(([^()]*)\)$", text)
    is_note = note and note.start() and is_prose(note[1], names)
    return text[: note.start()] if note and is_note else text


def _is_word(text: str, names: Names) -> bool:
    return len(text) > 1 and not _is_known(text, names)


def _words_behind(text: str) -> list[re.Match[str]]:
    """Return the words with which the text ends, each with what stands before it."""
    found: list[re.Match[str]] = []
    for word in _WORD_BEHIND.finditer(text):
        if found and found[-1].end() != word.start():
            found.clear()
        found.append(word)
    return found if found and text[found[-1].end() :] in ("", ".", "!") else []


def _is_known(word: str, names: Names) -> bool:
    """Whether it may be a part of a formula."""
    if re.search(r"[\d_]", word) or (len(word) == 1 and word not in "aAI"):
        return True
    stem = word.removesuffix("ᵀ").removeprefix("δ").removeprefix("d")
    if names.is_array_like(stem) or names.layer(stem):
        return True
    try:
        is_named = word in FUNCTIONS or word in ARRAY_FUNCTIONS or word in names.functions
        is_named = is_named or word in RATES
        return is_named or names.find(word) is not None
    except Unreadable:
        return True


def is_prose(text: str, names: Names) -> bool:
    """Whether it is words: at least two that are no names, or one and no sign of a formula."""
    text = _LATEX_TEXT.sub(r"\1", text).strip()
    plain = [word for word in _WORD.findall(text) if _is_word(word, names)]
    if len(plain) >= 2:
        return True
    return bool(plain) and re.fullmatch(r"(?:[^\W_]|[\s,.:;()'’#*-])*", text) is not None
