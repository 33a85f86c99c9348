"""Index form in brackets, as in ∂E/∂K[i] = Σ_j δ_y[j]·x[i+j−1], written out for each element."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import product

from autograd.arrays.families import indexed
from autograd.arrays.places import Index
from autograd.marking.equations import Written
from autograd.marking.syntax import Unreadable

_LETTER = "[ijklmnpqr]"
_ELEMENT = re.compile(r"(δ_)?((?:\w|[\u0300-\u036f])+)\[([^\[\]]*)\]")
_HAS_LETTER = re.compile(rf"\w\[[0-9+−,\s-]*{_LETTER}[^\[\]]*\]")
_SUM = re.compile(rf"Σ_({_LETTER}(?:,{_LETTER})*) ")
_SUMMAND = re.compile(rf"\s*([+−-]?)\s*(\d*)\s*({_LETTER}?)")
_NAME = r"((?:\w|[\u0300-\u036f])+)"
_DELTA = re.compile(rf"δ_{_NAME}\[[^\[\]]*\]\s*=\s*∂{_NAME}/∂{_NAME}(?![⁽\w])")
_MOST = 5_000  # summands of all elements: more are not written out
_DEEPEST = 20  # brackets inside each other


class _OutsideError(Exception):
    """An element that its array has not: the term that it stands in is left out."""


class IndexForm:
    """Writes equations in index form out.

    labels  what the Values are called
    root    what is derived
    nets    the pre-activations of Values: what δ is of such a one is not clear
    """

    def __init__(self, labels: Iterable[str], root: str, nets: Mapping[str, str]) -> None:
        self.root = root
        self.nets = nets
        self.arrays: dict[str, dict[Index, str]] = {}
        for label in labels:
            found = indexed(label)
            if found:
                index = tuple(map(int, found[1].split(",")))
                self.arrays.setdefault(found[0], {})[index] = label
        self.said: set[str] = set()
        self.most = max((max(index) for rows in self.arrays.values() for index in rows), default=0)

    def define_deltas(self, lines: Iterable[str]) -> list[str]:
        """Let δ_y be ∂E/∂y where a line says so of an element, and not of what y was computed from;
        return these names.
        """
        found = [match for line in lines for match in _DELTA.findall(line)]
        names = [name for name, of, by in found if name == by and of == self.root]
        self.said.update(names)
        return list(dict.fromkeys(names))

    def lines(self, equation: Written) -> list[tuple[dict[str, int], Written]]:
        """Return the equation for each element on its left side, with the numbers of its indices;
        none where it is not in index form, or where it is not clear what a name means.

        >>> form = IndexForm(["E", "w[1]", "w[2]", "y[1]", "x[1]", "x[2]"], "E", {})
        >>> text = "∂E/∂w[i] = Σ_j δ_y[j]·x[i+j−1]"
        >>> form.lines(Written(1, text, text.split(" = ")))[1][1].sides
        ['∂E/∂w[2]', '(∂E/∂y[1]·x[2])']
        """
        if not _HAS_LETTER.search(equation.sides[0]) or _depth(equation.text) > _DEEPEST:
            return []
        try:
            return list(self._lines(equation))
        except (Unreadable, ValueError):
            return []

    def _lines(self, equation: Written) -> Iterator[tuple[dict[str, int], Written]]:
        [*_, left] = _ELEMENT.finditer(equation.sides[0])
        letters = [part.strip() for part in left[3].split(",")]
        elements = self.array(left[2], is_delta=bool(left[1]))
        places = max((len(found.split(",")) for found in _SUM.findall(equation.text)), default=0)
        if len(elements) * self.most**places > _MOST:
            raise Unreadable("NOT READ", "sums over so many elements are not read")
        for index in sorted(elements):
            numbers = dict(zip(letters, index, strict=True))
            if all(name.isalpha() or int(name) == k for name, k in numbers.items()):
                sides = [self.written_out(side, numbers) or "0" for side in equation.sides]
                yield numbers, equation._replace(sides=list(dict.fromkeys(sides)))

    def array(self, name: str, is_delta: bool) -> Mapping[Index, str]:
        """Return the labels of an array, by their places. Unreadable where it is not clear."""
        net = self.arrays.get(f"net_{name}") if is_delta and name not in self.arrays else None
        found = net or self.arrays.get(name)
        is_said = not is_delta or name in self.said
        if not found or not (is_said or self.nets.keys().isdisjoint(found.values())):
            raise Unreadable("UNKNOWN NAME", f"nothing is labelled {name}")
        return found

    def written_out(self, text: str, numbers: Mapping[str, int], is_inside: bool = False) -> str:
        """Return a sum with numbers for its indices; a term with an element outside is left out:
        "" where all are.
        """
        written = ""
        for sign, term in _summands(text):
            summed = _SUM.match(term)
            try:
                if summed:
                    body = self.summed(summed[1].split(","), term[summed.end() :], numbers)
                else:
                    body = self.product(term, numbers)
            except _OutsideError:
                if is_inside:
                    raise
                continue
            if body:
                written += f" {sign} {body}" if written else f"{sign.strip('+')}{body}"
        return written

    def summed(self, letters: list[str], body: str, numbers: Mapping[str, int]) -> str:
        terms = []
        for places in product(range(1, self.most + 1), repeat=len(letters)):
            try:
                terms.append(
                    self.product(body, {**numbers, **dict(zip(letters, places, strict=True))})
                )
            except _OutsideError:
                continue
        return f"({' + '.join(terms)})" if terms else ""

    def product(self, text: str, numbers: Mapping[str, int]) -> str:
        """Return a product with numbers for its indices. _OutsideError where it is left out."""
        written = ""
        while bracket := _first_bracket(text):
            start, end = bracket
            inside = self.written_out(text[start + 1 : end], numbers, is_inside=True) or "0"
            written += f"{self.elements(text[:start], numbers)}({inside})"
            text = text[end + 1 :]
        return written + self.elements(text, numbers)

    def elements(self, text: str, numbers: Mapping[str, int]) -> str:
        return _ELEMENT.sub(lambda found: self.element(found, numbers), text)

    def element(self, found: re.Match[str], numbers: Mapping[str, int]) -> str:
        labels = self.array(found[2], is_delta=bool(found[1]))
        index = tuple(_number(part, numbers) for part in found[3].split(","))
        if index not in labels:
            raise _OutsideError
        return f"∂{self.root}/∂{labels[index]}" if found[1] else labels[index]


def _summands(text: str) -> Iterator[tuple[str, str]]:
    """Yield the terms of a sum with their signs; what stands in brackets is not parted."""
    text = text.strip()
    sign, start, depth = "+", 0, 0
    if text[:1] in ("−", "-"):
        sign, start = "−", 1
    for place, c in enumerate(text):
        depth += (c in "([") - (c in ")]")
        if depth == 0 and text[place : place + 3] in (" + ", " − ", " - "):
            yield sign, text[start:place].strip()
            sign, start = text[place + 1].replace("-", "−"), place + 3
    yield sign, text[start:].strip()


def _depth(text: str) -> int:
    """Return how many brackets stand inside each other, at most."""
    depth, deepest = 0, 0
    for c in text:
        depth += (c == "(") - (c == ")")
        deepest = max(deepest, depth)
    return deepest


def _first_bracket(text: str) -> tuple[int, int] | None:
    """Return where the first bracket opens and closes; None where there is none."""
    start = text.find("(")
    depth = 0
    for place in range(start, len(text)) if start >= 0 else ():
        depth += (text[place] == "(") - (text[place] == ")")
        if depth == 0:
            return start, place
    return None


def _number(text: str, numbers: Mapping[str, int]) -> int:
    """Return what i+2j−1 comes to. Unreadable where a letter has no number."""
    total = 0
    for sign, times, letter in _SUMMAND.findall(text):
        if letter and letter not in numbers:
            raise Unreadable("UNKNOWN NAME", f"{letter} has no number")
        if times or letter:
            size = int(times or 1) * (numbers[letter] if letter else 1)
            total += size if sign in ("", "+") else -size
    return total
