"""The well-known step-by-step example of backpropagation: two inputs, two hidden neurons, two
outputs.

>>> model = network()
>>> print(f"{error(model):.9f}")
0.298371109
"""

from autograd import Value
from nn.layers import MLP
from nn.losses import half_squared_error

INPUTS = [0.05, 0.10]
TARGETS = [0.01, 0.99]
WEIGHTS = [0.15, 0.20, 0.25, 0.30, 0.40, 0.45, 0.50, 0.55]
BIASES = [0.35, 0.60]  # of the hidden layer, and of the output layer
LEARNING_RATE = 0.5


def network(bias: str | None = "shared") -> MLP:
    """The lecture's network with its numbers: sigmoid everywhere, and one bias for each layer.

    The lecture trains only the weights, `network().weights()`. `bias="neuron"` gives a bias to each
    neuron instead.

    >>> network().state_dict()["w8"]
    0.55
    """
    model = MLP(2, [2, 2], activation="sigmoid", bias=bias, seed=0)
    for weight, number in zip(model.weights(), WEIGHTS, strict=True):
        weight.data = number
    for layer, number in zip(model.layers, BIASES, strict=True):
        for b in layer.biases():
            b.data = number
    return model


def error(model: MLP) -> Value:
    """E of the model's outputs for the lecture's inputs and targets."""
    return half_squared_error(model(INPUTS), TARGETS)
