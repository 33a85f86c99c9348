"""Networks of scalar Values, and what trains them."""

import autograd

if not hasattr(autograd, "Value"):
    raise ImportError(
        "PyPI's autograd, another project, is imported in place of handgrad's package of the same "
        "name; keep handgrad alone: pip uninstall -y autograd handgrad && pip install handgrad"
    )

from nn import pictures as pictures  # frames neurons in every picture
from nn.layers import MLP, Layer, Neuron
from nn.losses import (
    binary_cross_entropy,
    cross_entropy,
    half_squared_error,
    hinge,
    mean_squared_error,
    softmax_cross_entropy,
)
from nn.module import Module
from nn.optimizers import SGD, Adam, AdamW, clip_grad_norm, cosine, exponential, linear
from nn.softmax import softmax
from nn.training import train

__all__ = [
    "MLP",
    "SGD",
    "Adam",
    "AdamW",
    "Layer",
    "Module",
    "Neuron",
    "binary_cross_entropy",
    "clip_grad_norm",
    "cosine",
    "cross_entropy",
    "exponential",
    "half_squared_error",
    "hinge",
    "linear",
    "mean_squared_error",
    "softmax",
    "softmax_cross_entropy",
    "train",
]
