"""Indices of an element: a symbol, a number, or a sum of them such as i + k − 1."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TypeAlias


@dataclass(frozen=True)
class Affine:
    """A sum of symbols, each times a whole number that is not 0, and a constant.

    It is neither one symbol alone nor a constant alone.
    """

    parts: tuple[tuple[str, int], ...]
    constant: int


Sub: TypeAlias = "str | int | Affine"  # an index: a symbol, one that is fixed, or a sum


def symbols_of(sub: Sub) -> tuple[str, ...]:
    """Return the symbols in an index."""
    if isinstance(sub, str):
        return (sub,)
    return tuple(s for s, _ in sub.parts) if isinstance(sub, Affine) else ()


def number_at(sub: Sub, numbers: Mapping[str, int]) -> int:
    """Return an index where its symbols are these numbers.

    >>> number_at(Affine((("i", 1), ("k", 1)), -1), {"i": 2, "k": 3})
    4
    """
    if isinstance(sub, str):
        return numbers[sub]
    if isinstance(sub, int):
        return sub
    return sub.constant + sum(times * numbers[s] for s, times in sub.parts)


def substituted(sub: Sub, subs: Mapping[str, Sub]) -> Sub:
    """Return an index with symbols replaced.

    >>> substituted(Affine((("i", 1), ("k", 1)), -1), {"k": 1})
    'i'
    """
    if isinstance(sub, str):
        return subs.get(sub, sub)
    if isinstance(sub, int):
        return sub
    return total([(sub.constant, 1), *((subs.get(s, s), times) for s, times in sub.parts)])


def shifted(sub: Sub, offset: int) -> Sub:
    """Return an index and a constant more."""
    return total([(sub, 1), (offset, 1)])


def total(summands: Iterable[tuple[Sub, int]]) -> Sub:
    """Return the sum of indices, each times a whole number."""
    parts: dict[str, int] = {}
    constant = 0
    for sub, times in summands:
        inside = _as_sum(sub)
        constant += times * inside.constant
        for s, n in inside.parts:
            parts[s] = parts.get(s, 0) + times * n
    return _simplest(tuple((s, n) for s, n in parts.items() if n), constant)


def _simplest(parts: tuple[tuple[str, int], ...], constant: int) -> Sub:
    """Return a sum as a number or as a symbol, where it is one."""
    if not parts:
        return constant
    is_symbol = constant == 0 and len(parts) == 1 and parts[0][1] == 1
    return parts[0][0] if is_symbol else Affine(parts, constant)


def _as_sum(sub: Sub) -> Affine:
    """Return an index as a sum, be it a symbol or a constant alone."""
    if isinstance(sub, Affine):
        return sub
    return Affine((), sub) if isinstance(sub, int) else Affine(((sub, 1),), 0)


def fitted(points: Sequence[tuple[Mapping[str, int], int]]) -> list[Sub]:
    """Return the sums of one symbol or two, and a constant, that are the number at each point.

    >>> fitted([({"i": i, "k": k}, i + k - 1) for i in (1, 2) for k in (1, 2)])
    [Affine(parts=(('i', 1), ('k', 1)), constant=-1)]
    """
    symbols = list(points[0][0])
    for count in (1, 2):
        found = [_through(points, chosen) for chosen in combinations(symbols, count)]
        if any(sub is not None for sub in found):
            return [sub for sub in found if sub is not None]
    return []


def _through(points: Sequence[tuple[Mapping[str, int], int]], chosen: Sequence[str]) -> Sub | None:
    """Return the sum of these symbols and a constant that is the number at each point, or None."""
    slopes = [(s, _slope(points, s, chosen)) for s in chosen]
    at, number = points[0]
    constant = number - sum(slope * at[s] for s, slope in slopes)
    sub = total([(constant, 1), *slopes])
    fits = all(number_at(sub, at) == number for at, number in points)
    return sub if fits and len(symbols_of(sub)) == len(chosen) else None


def _slope(
    points: Sequence[tuple[Mapping[str, int], int]], symbol: str, chosen: Sequence[str]
) -> int:
    """Return by how much the number grows with a symbol, where the others chosen stay."""
    first: dict[tuple[int, ...], tuple[int, int]] = {}
    for at, number in points:
        others = tuple(at[s] for s in chosen if s != symbol)
        place, before = first.setdefault(others, (at[symbol], number))
        if at[symbol] != place:
            step, rest = divmod(number - before, at[symbol] - place)
            return 0 if rest else step
    return 0
