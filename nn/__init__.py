"""Neural networks of scalar Values, with names that micrograd and PyTorch users know."""

from nn.layers import MLP, Layer, Neuron
from nn.losses import (
    binary_cross_entropy,
    half_squared_error,
    hinge,
    mean_squared_error,
    softmax_cross_entropy,
)
from nn.module import Module

__all__ = [
    "MLP",
    "Layer",
    "Module",
    "Neuron",
    "binary_cross_entropy",
    "half_squared_error",
    "hinge",
    "mean_squared_error",
    "softmax_cross_entropy",
]
