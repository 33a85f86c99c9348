"""Embedding and Dropout: rows that are looked up, and Values that are left out."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any

from autograd import Value
from autograd.op import real
from nn.module import Module, Seed, generator, whole_number
from nn.values import as_values, index_below, indexed


class Embedding(Module):
    """A row of `size` numbers for each of `count` words: W[3,1] is the first of the word 2.

    As `torch.nn.Embedding`: the numbers are drawn from the standard normal distribution. A call
    takes the index of a word, from 0 on, and gives its row, or a list of such and gives their rows.
    Raises ValueError for an index that is no word's.

    >>> embedding = Embedding(3, 2, seed=0)
    >>> [w.label for w in embedding(2)], len(embedding([0, 0]))
    (['W[3,1]', 'W[3,2]'], 2)
    """

    def __init__(self, count: int, size: int, *, seed: Seed = None) -> None:
        self.count, self.size = whole_number(count, "count"), whole_number(size, "size")
        numbers = generator(seed) or random
        self.W = indexed("W", (self.count, self.size), lambda: numbers.gauss(0.0, 1.0))

    def __call__(self, words: Any) -> list[Any]:
        if isinstance(words, Iterable) and not isinstance(words, str):
            return [self(word) for word in words]
        return list(self.W[index_below(words, self.count, "a word")])

    def __repr__(self) -> str:
        return f"Embedding({self.count}, {self.size})"


class Dropout(Module):
    """Leave each Value out with probability p, and divide the others by 1 − p.

    Srivastava et al. 2014, as `torch.nn.Dropout`: where `training` is False, all stay as they are.
    A call takes a list of Values or numbers, and may take a mask, 1 for each that stays and 0 for
    each that is left out; unless given, it is drawn by `seed`. What is left out is 0·x, so that it
    still stands in the record. Raises ValueError for a p that is not from 0 to below 1, and for a
    mask of another size.

    >>> Dropout(0.5)([3.0, 4.0], mask=[1, 0])
    [Value(data=6.0, grad=0.0), Value(data=0.0, grad=0.0)]
    """

    def __init__(self, p: float = 0.5, *, seed: Seed = None) -> None:
        self.p = real(p, "p")
        if not 0 <= self.p < 1:
            raise ValueError(f"p is from 0 to below 1, not {p!r}")
        self._numbers = generator(seed) or random

    def __call__(self, x: Any, mask: Any = None) -> list[Value]:
        values = as_values(x)
        if not self.training:
            return values
        if mask is None:
            mask = [self._numbers.random() >= self.p for _ in values]
        kept = _checked_mask(mask, len(values))
        return [m / (1 - self.p) * v for m, v in zip(kept, values, strict=True)]

    def __repr__(self) -> str:
        return f"Dropout({self.p})"


def _checked_mask(mask: Any, count: int) -> list[float]:
    kept = [real(m, "mask") for m in mask]
    if len(kept) != count or any(m not in (0.0, 1.0) for m in kept):
        raise ValueError(f"a mask has a 0 or a 1 for each of {count} Values")
    return kept
