"""RNN, LSTM and GRU: one cell, with the same weights at each step."""

from __future__ import annotations

import math
import operator
import random
from collections.abc import Sequence
from functools import reduce
from typing import Any, ClassVar

from autograd import Value, sigmoid, tanh
from nn.module import Module, Seed, generator, whole_number
from nn.values import as_values, indexed, numbered

States = list[Any]  # of each step: a list of Values, or of one unit its Value


class _Recurrent(Module):
    """What the three have in common: weights for each gate, and a call step by step."""

    gates: ClassVar[tuple[str, ...]]

    def __init__(self, input_size: int, hidden_size: int, *, seed: Seed = None) -> None:
        self.input_size = whole_number(input_size, "input_size")
        self.hidden_size = whole_number(hidden_size, "hidden_size")
        bound = 1 / math.sqrt(self.hidden_size)
        uniform = (generator(seed) or random).uniform

        def drawn(name: str, *shape: int) -> Any:
            return indexed(name, shape, lambda: uniform(-bound, bound))

        for gate in self.gates:
            setattr(self, f"W_x{gate}", drawn(f"W_x{gate}", self.hidden_size, self.input_size))
            setattr(self, f"W_h{gate}", drawn(f"W_h{gate}", self.hidden_size, self.hidden_size))
            bias = f"b_{gate}" if gate else "b"
            setattr(self, bias, drawn(bias, self.hidden_size))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.input_size}, {self.hidden_size})"

    def _steps(self, steps: Any) -> list[list[Value]]:
        """Return the inputs of each step, named x1, x2, …. ValueError for another number."""
        found = []
        for t, x in enumerate(steps, 1):
            inputs = as_values(x)
            if len(inputs) != self.input_size:
                name, size = type(self).__name__, self.input_size
                raise ValueError(f"{name} takes {size} input(s) at each step, not {len(inputs)}")
            found.append(numbered(f"x{t}", inputs))
        if not found:
            raise ValueError(f"{type(self).__name__} takes at least one step")
        return found

    def _start(self, state: Any, letter: str) -> list[Value]:
        """Return the state before the first step, named h0: zeros unless given."""
        values = as_values([0.0] * self.hidden_size if state is None else state)
        if len(values) != self.hidden_size:
            name, size = type(self).__name__, self.hidden_size
            raise ValueError(f"{name} begins with {size} number(s) as {letter}, not {len(values)}")
        return numbered(f"{letter}0", values)

    def _net(self, gate: str, x: Sequence[Value], h: Sequence[Value]) -> list[Value]:
        """Return W_x·x + W_h·h + b of a gate."""
        nets = []
        rows = zip(
            getattr(self, f"W_x{gate}"),
            getattr(self, f"W_h{gate}"),
            getattr(self, f"b_{gate}" if gate else "b"),
            strict=True,
        )
        for of_x, of_h, b in rows:
            products = [*map(operator.mul, of_x, x), *map(operator.mul, of_h, h)]
            nets.append(reduce(operator.add, products) + b)
        return nets


def _alone(state: list[Value]) -> Any:
    return state[0] if len(state) == 1 else state


class RNN(_Recurrent):
    """h_t = tanh(a_t) with a_t = W_x·x_t + W_h·h_(t−1) + b: Elman's network, as `torch.nn.RNN`.

    torch has two biases, of which this one is the sum. The weights are drawn uniformly between
    ∓1/√hidden_size. A call takes a list of steps, each a list of `input_size` Values or numbers or
    one alone, and the state before, zeros unless given; it gives the state of each step. Of one
    unit a state is a Value. All are named: x1, a1, h1 of the first step, with h1[1], h1[2], … where
    there are several units. Raises ValueError for another number of inputs or states.

    >>> rnn = RNN(1, 1, seed=0)
    >>> [h.label for h in rnn([0.5, -1.0])], [w.label for w in rnn.parameters()]
    (['h1', 'h2'], ['W_x', 'W_h', 'b'])
    """

    gates = ("",)

    def __call__(self, steps: Any, h0: Any = None) -> States:
        h = self._start(h0, "h")
        states = []
        for t, x in enumerate(self._steps(steps), 1):
            a = numbered(f"a{t}", self._net("", x, h))
            h = numbered(f"h{t}", [tanh(net) for net in a])
            states.append(_alone(h))
        return states


class LSTM(_Recurrent):
    """c_t = f·c_(t−1) + i·g and h_t = o·tanh(c_t), with the gates i, f, o = σ(…) and g = tanh(…).

    Hochreiter and Schmidhuber 1997 with the forget gate of Gers et al. 2000, as `torch.nn.LSTM`;
    see `RNN` for the rest. A gate is named by its letter and step: i1, f1, g1, o1. A call gives the
    states h of all steps, and the cells c of all steps.

    >>> lstm = LSTM(1, 1, seed=0)
    >>> hs, cs = lstm([0.5, -1.0])
    >>> [v.label for v in hs + cs]
    ['h1', 'h2', 'c1', 'c2']
    """

    gates = ("i", "f", "g", "o")

    def __call__(self, steps: Any, h0: Any = None, c0: Any = None) -> tuple[States, States]:
        h, c = self._start(h0, "h"), self._start(c0, "c")
        states, cells = [], []
        for t, x in enumerate(self._steps(steps), 1):
            i, f, g, o = (
                numbered(
                    f"{gate}{t}",
                    [tanh(net) if gate == "g" else sigmoid(net) for net in self._net(gate, x, h)],
                )
                for gate in self.gates
            )
            kept = map(operator.mul, f, c)
            added = map(operator.mul, i, g)
            c = numbered(f"c{t}", list(map(operator.add, kept, added)))
            h = numbered(f"h{t}", [gate * tanh(cell) for gate, cell in zip(o, c, strict=True)])
            states.append(_alone(h))
            cells.append(_alone(c))
        return states, cells


class GRU(_Recurrent):
    """h_t = (1 − z)·n + z·h_(t−1), with the gates r, z = σ(…), and n = tanh(W_x·x + b + r·(W_h·h +
    b_h)).

    Cho et al. 2014, arXiv 1406.1078, with the reset gate after the product, as `torch.nn.GRU`; see
    `RNN` for the rest. The gates are named r1, z1, n1.

    >>> gru = GRU(1, 1, seed=0)
    >>> [h.label for h in gru([0.5, -1.0])]
    ['h1', 'h2']
    """

    gates = ("r", "z", "n")

    def __init__(self, input_size: int, hidden_size: int, *, seed: Seed = None) -> None:
        numbers: Any = generator(seed)
        super().__init__(input_size, hidden_size, seed=numbers)
        bound = 1 / math.sqrt(self.hidden_size)
        uniform = (numbers or random).uniform
        self.b_h = indexed("b_h", (self.hidden_size,), lambda: uniform(-bound, bound))

    def __call__(self, steps: Any, h0: Any = None) -> States:
        h = self._start(h0, "h")
        states = []
        for t, x in enumerate(self._steps(steps), 1):
            r = numbered(f"r{t}", [sigmoid(net) for net in self._net("r", x, h)])
            z = numbered(f"z{t}", [sigmoid(net) for net in self._net("z", x, h)])
            n = numbered(f"n{t}", self._candidates(x, h, r))
            old = map(operator.mul, z, h)
            new = [(1 - gate) * candidate for gate, candidate in zip(z, n, strict=True)]
            h = numbered(f"h{t}", list(map(operator.add, new, old)))
            states.append(_alone(h))
        return states

    def _candidates(
        self, x: Sequence[Value], h: Sequence[Value], r: Sequence[Value]
    ) -> list[Value]:
        candidates = []
        parameters: Any = self
        rows = zip(parameters.W_xn, parameters.W_hn, parameters.b_n, self.b_h, r, strict=True)
        for of_x, of_h, b, b_h, gate in rows:
            before = reduce(operator.add, map(operator.mul, of_h, h)) + b_h
            candidates.append(
                tanh(reduce(operator.add, map(operator.mul, of_x, x)) + b + gate * before)
            )
        return candidates
