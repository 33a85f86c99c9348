"""Networks of scalar Values, and what trains them."""

import autograd

if not hasattr(autograd, "Value"):
    raise ImportError(
        "PyPI's autograd, another project, is imported in place of handgrad's package of the same "
        "name; keep handgrad alone: pip uninstall -y autograd handgrad && pip install handgrad"
    )

from nn import pictures as pictures  # frames neurons in every picture
from nn.attention import Attention, scaled_dot_product_attention
from nn.convolution import AvgPool2d, Conv1d, Conv2d, MaxPool2d
from nn.embedding import Dropout, Embedding
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
from nn.normalization import BatchNorm1d, LayerNorm
from nn.optimizers import SGD, Adam, AdamW, clip_grad_norm, cosine, exponential, linear
from nn.recurrent import GRU, LSTM, RNN
from nn.softmax import softmax
from nn.training import train

__all__ = [
    "GRU",
    "LSTM",
    "MLP",
    "RNN",
    "SGD",
    "Adam",
    "AdamW",
    "Attention",
    "AvgPool2d",
    "BatchNorm1d",
    "Conv1d",
    "Conv2d",
    "Dropout",
    "Embedding",
    "Layer",
    "LayerNorm",
    "MaxPool2d",
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
    "scaled_dot_product_attention",
    "softmax",
    "softmax_cross_entropy",
    "train",
]
