"""Labels in LaTeX's math mode: w5, out_h1, ŷ, σ², z^[1]_1, gamma, x_hat."""

import re
import unicodedata

# fmt: off
GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "varepsilon", "ζ": "zeta",
    "η": "eta", "θ": "theta", "ι": "iota", "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu",
    "ξ": "xi", "π": "pi", "ρ": "rho", "σ": "sigma", "τ": "tau", "υ": "upsilon", "φ": "varphi",
    "χ": "chi", "ψ": "psi", "ω": "omega", "ϵ": "epsilon", "ϕ": "phi",
    "Γ": "Gamma", "Δ": "Delta", "Θ": "Theta", "Λ": "Lambda", "Ξ": "Xi", "Π": "Pi",
    "Σ": "Sigma", "Φ": "Phi", "Ψ": "Psi", "Ω": "Omega",
}
# by the mark that Unicode combines with a letter
_ACCENTS = {
    "\u0302": "hat", "\u0304": "bar", "\u0305": "bar", "\u0303": "tilde", "\u0307": "dot",
    "\u0308": "ddot", "\u20d7": "vec",
}
_COMMANDS = GREEK | {"\\": "backslash", "^": "wedge", "~": "sim", "|": "vert", '"': "prime"}
# fmt: on
# by the word in a letter's name in Unicode
_FONTS = {"BOLD": "mathbf", "DOUBLE-STRUCK": "mathbb", "SCRIPT": "mathcal", "FRAKTUR": "mathfrak"}
_SPELLED = {*GREEK.values(), "epsilon", "phi"}
_WORDS = ("hat", "bar", "tilde")
_PRIMES = "'′"
_INSIDE = r"[^\W_]+(?:[,+-][^\W_]+)*|[*+-]|\[[^\W_]+\]|\([^\W_]+\)"  # i, 1,2, t-1, +, [l], (2)
_BRACKETS = {"[": "]", "(": ")", "{": "}"}


def latex_name(label: str) -> str:
    r"""Return `label` as LaTeX: what stands below and above it is set so, all else as it is typed.

    Digits at the end of a word, and what follows `_`, stand below; primes, raised digits, what
    follows `^`, and the number that tells two Values of one label apart, above.

    >>> labels = "w5", "net_h1_2", "ŷ", "σ²", "z^[1]_1", "x_hat", "W1[1,2]", "out_h1⁽²⁾", "50 %"
    >>> for label in labels:
    ...     print(latex_name(label))
    w_5
    \mathrm{net}_{h1,2}
    \hat{y}
    \sigma ^2
    z_1^{[1]}
    \hat{x}
    W_1[1,2]
    \mathrm{out}_{h1}^{(2)}
    \mathrm{50\ \%}
    """
    element = re.fullmatch(r"(.*[^\^_])(\[\d+(?:,\d+)*\])", label)
    if element:
        return latex_name(element[1]).rstrip() + element[2]
    parts = _parts_with_accents(label)
    if parts is None:
        return rf"\mathrm{{{''.join(map(escaped, label))}}}"
    base, below, above = parts
    if below and below[0] in _WORDS and len(base) == 1:
        base += below.pop(0)
    return _base(base) + _script("_", ",".join(below)) + _script("^", "".join(above))


def _parts_with_accents(label: str) -> tuple[str, list[str], list[str]] | None:
    """Return the parts of a label, with the accents above one letter apart from it."""
    parts = _parts(unicodedata.normalize("NFD", label))
    if parts and sum(c not in _ACCENTS for c in parts[0]) > 1:  # ö in a word is a letter, no accent
        return _parts(label)
    return parts


def latex_words(words: str) -> str:
    r"""Return plain words as they stand beside a formula; labels in them may hold anything.

    >>> print(latex_words("several are labelled net_h1: σ, 50 %, a⁽²⁾, …"))
    \text{several are labelled net\_h1: $\sigma$, 50 \%, a(2), \dots}
    """
    return rf"\text{{{''.join(map(_in_words, words))}}}"


def _in_words(c: str) -> str:
    if c == "…":
        return r"\dots"
    if c in "{}$&#_%":
        return "\\" + c
    if not c.isprintable():
        return " "
    if _is_small(c):
        return _plain(c)
    if (c.isascii() and c not in '\\^~<>|"') or _is_latin(c):
        return c
    return f"${escaped(c).strip()}$"


def _parts(label: str) -> tuple[str, list[str], list[str]] | None:
    """Return the base of a label, what stands below and what above; None for any other label."""
    base = _base_of(label)
    if not base:
        return None
    below: list[str] = []
    above: list[str] = []
    rest = label.removeprefix(base)
    while rest:
        part, rest = _next_part(rest)
        if part is None:
            return None
        place, text = part
        (below if place == "_" else above).append(text)
    return base, below, above


def _base_of(label: str) -> str:
    """Return the letters that a label begins with, or one of them where others are set small."""
    match = re.match(r"[^\W\d_](?:[^\W\d_]|[\u0302-\u0308\u20d7])*", label)
    if not match or any(map(_is_small, match[0])):
        match = re.match(r"[^\W\d_][\u0302-\u0308\u20d7]*", label)
    return match[0] if match and not _is_small(match[0][0]) else ""


def _next_part(rest: str) -> tuple[tuple[str, str] | None, str]:
    """Return where the next part of a label stands and how it is set, and what is left of it."""
    patterns = (
        ("_", r"([0-9]+)"),
        ("_", r"_([^\W_]+)"),
        ("^", r"\^([^\W_]+)"),
        ("^", rf"([{_PRIMES}]+)"),
    )
    for place, pattern in patterns:
        match = re.match(pattern, rest)
        if match:
            return (place, _small(_with_primes(match[1]))), rest[match.end() :]
    if rest[0] in "^_" and rest[1:2] in _BRACKETS:
        return _bracketed(rest)
    return _set_small(rest)


def _with_primes(text: str) -> str:
    return r"\prime" * len(text) if text[0] in _PRIMES else text


def _bracketed(rest: str) -> tuple[tuple[str, str] | None, str]:
    """Return what stands in brackets after `^` or `_`, and what is left."""
    opening = rest[1]
    end = rest.find(_BRACKETS[opening])
    inside = rest[2:end]
    if end < 0 or not re.fullmatch(_INSIDE, inside):
        return None, rest
    shown = inside if opening == "{" else rest[1 : end + 1]
    return (rest[0], _small(shown)), rest[end + 1 :]


def _set_small(rest: str) -> tuple[tuple[str, str] | None, str]:
    """Return what Unicode sets above or below at the beginning of `rest`, and what is left."""
    for place, is_set in (("^", _raised), ("_", _lowered)):
        length = next((k for k, c in enumerate(rest) if not is_set(c)), len(rest))
        if length:
            return (place, _plain(rest[:length])), rest[length:]
    return None, rest


def _plain(small: str) -> str:
    return unicodedata.normalize("NFKC", small).replace("−", "-")


def _raised(c: str) -> bool:
    return unicodedata.decomposition(c).startswith("<super>")


def _lowered(c: str) -> bool:
    return unicodedata.decomposition(c).startswith("<sub>")


def _is_small(c: str) -> bool:
    return _raised(c) or _lowered(c)


def _is_latin(c: str) -> bool:
    """Whether it is a letter of Latin 1."""
    return c.isalpha() and c <= "ÿ"


def _small(text: str) -> str:
    return text if text.isascii() else "".join(map(escaped, text))


def _base(base: str) -> str:
    letters, accents = _accented(base)
    if letters in _SPELLED:
        text = rf"\{letters}"
    elif len(letters) == 1:
        text = escaped(letters).rstrip()
    else:
        text = rf"\mathrm{{{''.join(map(escaped, letters))}}}"
    for accent in accents:
        text = rf"\{accent}{{{text}}}"
    # a command of letters must not run into the letters that follow it
    return text + " " if re.search(r"\\[a-zA-Z]+$", text) else text


def _accented(base: str) -> tuple[str, list[str]]:
    """Return the letters, and the accents above them: typed as marks, or as words after them."""
    letters = "".join(c for c in base if c not in _ACCENTS)
    accents = [_ACCENTS[c] for c in base if c in _ACCENTS]
    return (letters, accents) if accents else _accented_by_word(letters)


def _accented_by_word(letters: str) -> tuple[str, list[str]]:
    """Return the letter before the word for an accent, and that word: x and hat of xhat."""
    for word in _WORDS:
        stem = letters.removesuffix(word)
        if stem != letters and (len(stem) == 1 or stem in _SPELLED):
            return stem, [word]
    return letters, []


def _script(place: str, text: str) -> str:
    if not text:
        return ""
    return place + (text if len(text) == 1 else f"{{{text}}}")


def escaped(character: str) -> str:
    """Return one character in math mode, in ASCII, or as text where it is a letter of Latin 1."""
    if character in "{}$&#_% ":
        return "\\" + character
    if character in _COMMANDS:
        return rf"\{_COMMANDS[character]} "
    if character in "<>":
        return f"{character} "  # with a space, it begins no tag where a page reads the formula
    if character.isascii():
        return character if character.isprintable() else r"\ "
    if unicodedata.decomposition(character).startswith("<font>"):
        return _in_font(character)
    return rf"\text{{{character}}}" if _is_latin(character) else rf"U{{+}}{ord(character):X}"


def _in_font(character: str) -> str:
    """Return a letter that Unicode has in a font of its own, such as ℓ, ℒ and 𝐱."""
    letter = unicodedata.normalize("NFKC", character)
    if character == "ℓ":
        return r"\ell "
    name = unicodedata.name(character)
    for word, font in _FONTS.items():
        if word in name and letter.isascii():
            return rf"\{font}{{{letter}}}"
    return escaped(letter)
