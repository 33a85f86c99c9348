"""Neuron, Layer and MLP: a network built of Values alone, which names what it computes."""

from __future__ import annotations

import math
import operator
import random
from collections.abc import Callable, Sequence
from itertools import count, pairwise
from typing import Any, TypeAlias

from autograd import Value, gelu, leaky_relu, swish
from autograd.arrays.places import remember
from autograd.ops import TABLE
from autograd.recording import collector_paused
from nn.module import Module, Seed, generator, whole_number
from nn.values import as_values

Activation: TypeAlias = str | Callable[[Value], Value]


def linear(x: Value) -> Value:
    """No activation: x itself."""
    return x


ACTIVATIONS: dict[str, Callable[..., Any]] = {
    **{f.__name__: f for f in (linear, leaky_relu, gelu, swish)},
    **{row.name: row for row in TABLE if row.arity == 1},
}

# Each weight is drawn uniformly between ∓ this bound, from the number of inputs and outputs of its
# layer.
INITS: dict[str, Callable[[int, int], float]] = {
    "uniform": lambda nin, nout: 1.0,
    "xavier": lambda nin, nout: math.sqrt(6 / (nin + nout)),
    "he": lambda nin, nout: math.sqrt(6 / nin),
}


class _Network(Module):
    """What Neuron, Layer and MLP have in common: inputs to check, and parameters of two kinds."""

    nin: int

    def _neurons(self) -> list[Neuron]:
        raise NotImplementedError

    def _is_described(self) -> bool:
        return type(self).__module__ == __name__

    def weights(self) -> list[Value]:
        return [w for neuron in self._neurons() for w in neuron.w]

    def biases(self) -> list[Value]:
        return list(dict.fromkeys(neuron.b for neuron in self._neurons() if neuron.b is not None))

    def _inputs(self, x: Any) -> list[Value]:
        inputs = as_values(x)
        if len(inputs) != self.nin:
            raise ValueError(f"{type(self).__name__} takes {self.nin} input(s), not {len(inputs)}")
        return inputs


class Neuron(_Network):
    """activation(w1·x1 + w2·x2 + … + b), for `nin` inputs x; relu, or linear where `nonlin` is
    false.

    activation  instead of relu: the name of a function of one argument in `autograd`, "linear", or
                any function
    bias        "neuron" for its own, which begins at 0; None for none; or a Value, which others may
                share
    init        how the weights are drawn: "uniform" between −1 and 1, as in micrograd; "xavier"
                between ∓√(6/(nin + nout)), Glorot and Bengio 2010, eq. 16; "he" between ∓√(6/nin),
                which is the variance 2/nin of He et al. 2015, arXiv 1502.01852, eq. 10
    nout        the number of neurons in its layer, which "xavier" asks for
    seed        of the weights; None draws from Python's `random`, as micrograd does

    A call takes a list of `nin` Values or numbers, or one alone, and gives a Value. Raises
    ValueError for another number of inputs, and for a name that is not known.

    >>> neuron = Neuron(2, activation="tanh", seed=0)
    >>> print(neuron, f"{neuron([1.0, -2.0]):.4f}")
    TanhNeuron(2) -0.3301
    """

    def __init__(
        self,
        nin: int,
        nonlin: bool = True,
        *,
        activation: Activation | None = None,
        bias: str | Value | None = "neuron",
        init: str = "uniform",
        nout: int = 1,
        seed: Seed = None,
    ) -> None:
        _require_known(init, bias)
        self.nin = whole_number(nin, "the number of inputs")
        bound = INITS[init](self.nin, nout)
        uniform = (generator(seed) or random).uniform
        self.w = [Value(uniform(-bound, bound)) for _ in range(self.nin)]
        self.b = Value(0.0) if isinstance(bias, str) else bias
        self.activation = _activation(
            activation if activation is not None else "relu" if nonlin else "linear"
        )
        self.labels: tuple[str, str] = ("", "")  # of the sum and of the output

    def __call__(self, x: Any) -> Value:
        return self._output(self._inputs(x))

    def _output(self, inputs: list[Value]) -> Value:
        net: Any = sum(map(operator.mul, self.w, inputs))
        if self.b is not None:
            net = net + self.b
        if self.labels[0]:
            net.label = self.labels[0]
        out = self.activation(net)
        if not isinstance(out, Value):
            raise TypeError(
                f"the activation {_name(self.activation)} must give a Value, not"
                f" {type(out).__name__}"
            )
        is_named_leaf = out.op is None and out is not net and out.label != ""
        if self.labels[1] and not is_named_leaf:  # that one keeps the name that its owner gave it
            out.label = self.labels[1]  # a linear neuron's sum is its output, and gets this name
        return out

    def _neurons(self) -> list[Neuron]:
        return [self]

    def __repr__(self) -> str:
        title = "".join(part[:1].upper() + part[1:] for part in _name(self.activation).split("_"))
        return f"{title.replace('Relu', 'ReLU')}Neuron({self.nin})"


def _require_known(init: str, bias: object) -> None:
    if init not in INITS:
        raise ValueError(f"unknown init {init!r}: it must be one of {', '.join(INITS)}")
    if bias is not None and bias != "neuron" and not isinstance(bias, Value):
        raise ValueError(
            f"unknown bias {bias!r}: it must be 'neuron', 'shared' (in a layer) or None"
        )


class Layer(_Network):
    """`nout` neurons on the same `nin` inputs; what else it takes goes to each Neuron.

    `bias="shared"` gives all of them one bias. A call gives the list of their outputs; of one
    neuron, its output.

    >>> layer = Layer(2, 2, activation="sigmoid", bias="shared", seed=0)
    >>> layer, len(layer.weights()), len(layer.biases())
    (Layer of [SigmoidNeuron(2), SigmoidNeuron(2)], 4, 1)
    """

    def __init__(
        self,
        nin: int,
        nout: int,
        *,
        bias: str | Value | None = "neuron",
        seed: Seed = None,
        **kwargs: Any,
    ) -> None:
        self.nin = nin
        nout = whole_number(nout, "the number of neurons")
        options = {
            "bias": Value(0.0) if bias == "shared" else bias,
            "seed": generator(seed),
            "nout": nout,
            **kwargs,
        }
        self.neurons = [Neuron(nin, **options) for _ in range(nout)]

    def __call__(self, x: Any) -> Any:
        inputs = self._inputs(x)
        out = [neuron._output(inputs) for neuron in self.neurons]
        return out[0] if len(out) == 1 else out

    def _neurons(self) -> list[Neuron]:
        return self.neurons

    def __repr__(self) -> str:
        return f"Layer of [{', '.join(map(str, self.neurons))}]"


class MLP(_Network):
    """A multi-layer perceptron: `nin` inputs, then a layer of each size in `nouts`; the last gives
    the output.

    activation  one for all layers, or a list with one for each (see Neuron); without it relu, and
                linear at the end
    bias        "neuron" gives one bias to each neuron, "shared" one to each layer, None none
    init, seed  how the weights are drawn (see Neuron)

    It names its values as they are named on the blackboard: inputs i1 i2, weights w1 w2 … row by
    row through all layers, biases b1 b2 …, then net_h1 out_h1 … in the hidden layer (net_h2_1 in
    the second of several) and net_o1 out_o1 … in the output layer. An input that has a label keeps
    it. A call gives a list of Values, or one alone.

    >>> model = MLP(2, [2, 1], activation="sigmoid", bias="shared", seed=0)
    >>> out = model([0.05, 0.10])
    >>> print(out.label, f"{out:.4f}")
    out_o1 0.4799
    >>> list(model.state_dict())
    ['w1', 'w2', 'b1', 'w3', 'w4', 'w5', 'w6', 'b2']
    """

    def __init__(
        self,
        nin: int,
        nouts: Sequence[int],
        *,
        activation: Activation | Sequence[Activation] | None = None,
        bias: str | None = "neuron",
        init: str = "uniform",
        seed: Seed = None,
    ) -> None:
        nouts = _listed(nouts)
        activations = _activations(activation, nouts)
        self.nin = nin
        seed = generator(seed)
        self.layers = [
            Layer(n, m, activation=_activation(f), bias=bias, init=init, seed=seed)
            for (n, m), f in zip(pairwise([nin, *nouts]), activations, strict=True)
        ]
        self.input_labels = [f"i{k}" for k in range(1, nin + 1)]
        for name, parameter in self.named_parameters():
            parameter.label = name
        for place, layer in enumerate(self.layers, 1):
            self._name(layer, place)

    def _name(self, layer: Layer, place: int) -> None:
        """Name what the neurons of a layer compute, and the arrays of its parameters."""
        depth = len(self.layers)
        row = "o" if place == depth else "h" if depth == 2 else f"h{place}_"
        for k, neuron in enumerate(layer.neurons, 1):
            neuron.labels = (f"net_{row}{k}", f"out_{row}{k}")
        shape = (len(layer.neurons), layer.nin)
        remember(f"W{place}", shape, layer.weights())
        if len(layer.biases()) == len(layer.neurons):
            remember(f"B{place}", shape[:1], layer.biases())

    def __call__(self, x: Any) -> Any:
        x = self._inputs(x)
        for value, label in zip(x, self.input_labels, strict=True):
            if not value.label:
                value.label = label
        with collector_paused():
            for layer in self.layers:
                x = layer(x)
        return x

    def _neurons(self) -> list[Neuron]:
        return [neuron for layer in self.layers for neuron in layer.neurons]

    def _names(self, seen: set[int]) -> dict[Value, str]:
        names = self._numbered()
        seen.add(id(self.layers))  # searched already
        others = super()._names(seen)  # a subclass may have more
        return names | {
            parameter: path for parameter, path in others.items() if parameter not in names
        }

    def _numbered(self) -> dict[Value, str]:
        """Return the names of the weights and the biases, each of which has one: w1, w2, …, b1."""
        names: dict[Value, str] = {}
        numbers = {"w": count(1), "b": count(1)}
        for neuron in self._neurons():
            for kind, parameters in (("w", neuron.w), ("b", neuron.biases())):
                for parameter in parameters:
                    if parameter not in names:
                        names[parameter] = f"{kind}{next(numbers[kind])}"
        return names

    def __repr__(self) -> str:
        return f"MLP of [{', '.join(map(str, self.layers))}]"


def _listed(nouts: Any) -> list[int]:
    """Return the sizes of the layers, of a list or an array. ValueError for anything else."""
    sizes = nouts.tolist() if hasattr(nouts, "tolist") else nouts
    if not isinstance(sizes, Sequence) or not sizes:
        wanted = "a list with the number of neurons in each layer"
        raise ValueError(f"an MLP takes {wanted}, not {nouts!r}")
    return list(sizes)


def _activations(which: Any, nouts: Sequence[int]) -> list[Any]:
    """Return one activation for each layer. ValueError where there is another number of them."""
    depth = len(nouts)
    if which is None:
        return ["relu"] * (depth - 1) + ["linear"]
    if isinstance(which, str) or callable(which):
        return [which] * depth
    if not isinstance(which, Sequence) or len(which) != depth:
        raise ValueError(
            f"{depth} layer(s) take one activation, or a list of {depth}, not {which!r}"
        )
    return list(which)


def _activation(which: Any) -> Callable[[Value], Value]:
    if callable(which):
        return which  # type: ignore[no-any-return]
    if not isinstance(which, str) or which not in ACTIVATIONS:
        raise ValueError(
            f"unknown activation {which!r}: it must be a function, or one of"
            f" {', '.join(ACTIVATIONS)}"
        )
    return ACTIVATIONS[which]


def _name(activation: Any) -> str:
    return str(
        getattr(activation, "name", None)
        or getattr(activation, "__name__", type(activation).__name__)
    )
