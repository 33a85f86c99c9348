"""Attention: each place takes a mean of all values, weighted by how its query meets their keys."""

from __future__ import annotations

import math
import operator
import random
from collections.abc import Sequence
from functools import reduce
from typing import Any

from autograd import Value
from nn.module import Module, Seed, generator, whole_number
from nn.softmax import probabilities
from nn.values import as_values, indexed

Rows = list[list[Value]]


def scaled_dot_product_attention(queries: Any, keys: Any, values: Any, mask: Any = None) -> Rows:
    """o_i = Σⱼ a_ij·v_j with a_i = softmax over j of s_ij = q_i·k_j/√d: one head.

    queries, keys  lists of vectors of d numbers or Values
    values         a vector for each key
    mask           nested lists: for each query and key whether it may take part, as in torch

    Vaswani et al. 2017, arXiv 1706.03762, eq. 1. It names what has no label: q[1,1], …, s[1,2],
    a[1,2], o[1,1], …; what may not take part has no s and no a. Raises ValueError for vectors or a
    mask of another size, and where a query may take no key.

    >>> o = scaled_dot_product_attention([[1.0]], [[1.0], [1.0]], [[2.0], [4.0]])
    >>> o[0][0]
    Value(data=3.0, grad=0.0, label='o[1,1]')
    """
    q, k, v = _rows("q", queries), _rows("k", keys), _rows("v", values)
    if len(k) != len(v) or any(len(row) != len(q[0]) for row in q + k):
        raise ValueError(
            f"attention takes a value for each key, and queries and keys of one size:"
            f" {len(k)} keys, {len(v)} values, sizes {sorted({len(row) for row in q + k})}"
        )
    allowed = _allowed(mask, len(q), len(k))
    return [_output(i, q[i], k, v, allowed[i]) for i in range(len(q))]


def _output(i: int, query: list[Value], k: Rows, v: Rows, allowed: Sequence[int]) -> list[Value]:
    """Return the output of one query, over the keys that it may take."""
    root = math.sqrt(len(query))
    scores = []
    for j in allowed:
        score = reduce(operator.add, map(operator.mul, query, k[j])) / root
        score.label = f"s[{i + 1},{j + 1}]"
        scores.append(score)
    weights = probabilities(scores) if len(scores) > 1 else [Value(1.0)]
    for j, weight in zip(allowed, weights, strict=True):
        weight.label = f"a[{i + 1},{j + 1}]"
    output = []
    for c in range(len(v[0])):
        parts = [weight * v[j][c] for j, weight in zip(allowed, weights, strict=True)]
        output.append(reduce(operator.add, parts))
        output[-1].label = f"o[{i + 1},{c + 1}]"
    return output


def _rows(name: str, rows: Any) -> Rows:
    """Return the vectors as Values, named by their places. ValueError where their sizes differ."""
    found = [as_values(row) for row in rows]
    if not found or any(len(row) != len(found[0]) for row in found):
        raise ValueError(f"{name} is a list of vectors of one size")
    _name_by_places(name, found)
    return found


def _name_by_places(name: str, rows: Rows) -> None:
    """Label each Value that has no label by its row and its place in it."""
    for i, row in enumerate(rows, 1):
        for j, value in enumerate(row, 1):
            value.label = value.label or f"{name}[{i},{j}]"


def _allowed(mask: Any, queries: int, keys: int) -> list[list[int]]:
    """Return the keys that each query may take."""
    if mask is None:
        return [list(range(keys))] * queries
    rows = _rows_of_mask(mask, queries, keys)
    allowed = [[j for j, may in enumerate(row) if may] for row in rows]
    if not all(allowed):
        raise ValueError("a query may take no key: its row of the mask has no True")
    return allowed


def _rows_of_mask(mask: Any, queries: int, keys: int) -> list[list[Any]]:
    rows = [list(row) for row in mask]
    if len(rows) != queries or any(len(row) != keys for row in rows):
        raise ValueError(f"a mask has {queries} row(s), one for each query, of {keys}")
    return rows


class Attention(Module):
    """One head of attention of a sequence to itself: q, k, v = W_q·x, W_k·x, W_v·x, without biases.

    d_in   how many numbers each place has
    d      how many q, k and v have
    seed   draws the weights, uniformly between ∓1/√d_in

    A call takes a list of places, each a list of `d_in` Values or numbers or one alone, and a mask
    as in `scaled_dot_product_attention`, or "causal": no place takes what comes after it. It gives
    the output of each place, a list of d Values. Raises ValueError for another number of inputs.

    >>> attention = Attention(1, 1, seed=0)
    >>> [row[0].label for row in attention([1.0, 2.0], mask="causal")]
    ['o[1,1]', 'o[2,1]']
    """

    def __init__(self, d_in: int, d: int, *, seed: Seed = None) -> None:
        self.d_in, self.d = whole_number(d_in, "d_in"), whole_number(d, "d")
        bound = 1 / math.sqrt(self.d_in)
        numbers = generator(seed) or random
        self.W_q, self.W_k, self.W_v = (
            indexed(name, (self.d, self.d_in), lambda: numbers.uniform(-bound, bound))
            for name in ("W_q", "W_k", "W_v")
        )

    def __call__(self, places: Any, mask: Any = None) -> Rows:
        x = _rows("x", places)
        if len(x[0]) != self.d_in:
            raise ValueError(f"Attention takes {self.d_in} input(s) at each place, not {len(x[0])}")
        if isinstance(mask, str):
            mask = _named_mask(mask, len(x))
        q, k, v = (_times_each(W, x) for W in (self.W_q, self.W_k, self.W_v))
        return scaled_dot_product_attention(q, k, v, mask)

    def __repr__(self) -> str:
        return f"Attention({self.d_in}, {self.d})"


def _named_mask(name: str, places: int) -> list[list[bool]]:
    """Return the mask "causal": each place may take those before it, and itself."""
    if name != "causal":
        raise ValueError(f"a mask is nested lists, or 'causal', not {name!r}")
    return [[j <= i for j in range(places)] for i in range(places)]


def _times_each(W: Rows, x: Rows) -> Rows:
    """Return W·x for each vector of a list."""
    return [[reduce(operator.add, map(operator.mul, w, place)) for w in W] for place in x]
