"""The examples that `--example` works through: one of each layer, loss and optimizer.

>>> EXAMPLES["softmax"]().root.label
'L'
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from autograd import Value
from nn.attention import Attention
from nn.convolution import AvgPool2d, Conv1d, Conv2d, MaxPool2d
from nn.embedding import Dropout, Embedding
from nn.losses import cross_entropy, half_squared_error, softmax_cross_entropy
from nn.module import Module
from nn.normalization import BatchNorm1d, LayerNorm
from nn.optimizers import SGD, Adam, AdamW, Optimizer
from nn.recurrent import GRU, LSTM, RNN
from nn.values import name_each, numbered


class Example(NamedTuple):
    """What is worked through.

    title  what it is, in a line
    root   what is derived
    by     the names by which it is derived, unless --derive asks for others
    """

    title: str
    root: Value
    by: tuple[str, ...]


def _softmax() -> Example:
    z = name_each("z", [Value(1.0), Value(2.0), Value(0.5)])
    return Example(
        "softmax with cross-entropy: ∂L/∂z = p − y",
        softmax_cross_entropy(z, 1),
        ("z1", "z2", "z3"),
    )


def _logistic() -> Example:
    w, x, b = Value(0.5, "w"), Value(2.0, "x"), Value(-0.25, "b")
    z = w * x + b
    z.label = "z"
    output = z.sigmoid()
    output.label = "ŷ"
    return Example(
        "a sigmoid with binary cross-entropy: ∂L/∂z = ŷ − y",
        cross_entropy(output, Value(1.0, "y")),
        ("z", "w", "b"),
    )


def _with_numbers(model: Module, numbers: Iterable[float]) -> None:
    for parameter, number in zip(model.parameters(), numbers, strict=True):
        parameter.data = number


def _rnn() -> Example:
    rnn = RNN(1, 1)
    _with_numbers(rnn, [0.5, 0.8, 0.1])
    E = half_squared_error(rnn([1.0, 0.5, -1.0])[-1], 0.5)
    return Example("an RNN of one unit, three steps", E, ("W_h", "W_x", "b"))


def _lstm() -> Example:
    lstm = LSTM(1, 1)
    _with_numbers(lstm, [0.5, 0.1, 0.0, 0.3, 0.2, 1.0, 0.7, -0.4, 0.0, 0.6, 0.2, 0.0])
    states, _ = lstm([1.0, 0.5])
    E = half_squared_error(states[-1], 0.5)
    return Example("an LSTM of one unit, two steps", E, ("c1", "W_xf", "W_xi"))


def _gru() -> Example:
    gru = GRU(1, 1)
    _with_numbers(gru, [0.5, 0.1, 0.0, 0.3, 0.2, 0.0, 0.7, -0.4, 0.0, 0.1])
    E = half_squared_error(gru([1.0, 0.5])[-1], 0.5)
    return Example("a GRU of one unit, two steps", E, ("h1", "W_xz"))


def _attention() -> Example:
    head = Attention(1, 1)
    _with_numbers(head, [1.0, 0.5, 2.0])
    o = head([1.0, -1.0])[1][0]
    E = half_squared_error(o, 1.0)
    return Example("one head of attention over two places", E, ("s[2,1]", "W_q", "W_k", "W_v"))


def _layer_norm() -> Example:
    y = LayerNorm(3)([1.0, 2.0, 4.0])
    E = half_squared_error(y, [0.0, 0.0, 1.0])
    return Example("layer norm of three numbers", E, ("x[1]", "γ[1]", "β[1]"))


def _batch_norm() -> Example:
    y = BatchNorm1d(1)([1.0, 2.0, 4.0])
    E = half_squared_error(y, [0.0, 0.0, 1.0])
    return Example("batch norm of one feature in three examples", E, ("x[1]", "γ", "β"))


def _conv1d() -> Example:
    conv = Conv1d(1, 1, 2)
    _with_numbers(conv, [0.5, -1.0, 0.1])
    E = half_squared_error(conv([1.0, 2.0, 4.0]), [0.0, 1.0])
    return Example("a convolution: one kernel, two places", E, ("K[1]", "x[2]", "b"))


def _conv2d() -> Example:
    conv = Conv2d(1, 1, 2, bias=False)
    _with_numbers(conv, [0.5, -1.0, 0.25, 1.0])
    rows = conv([[1.0, 2.0, 0.0], [0.0, 1.0, 3.0]])
    E = half_squared_error(rows[0], [0.0, 1.0])
    return Example("a convolution of an image", E, ("K[1,1]", "x[1,2]"))


def _max_pool() -> Example:
    rows = MaxPool2d(2)([[1.0, 5.0, 2.0, 0.0], [3.0, 4.0, 1.0, 7.0]])
    return Example("max pooling: the winner", half_squared_error(rows[0], [4.0, 6.0]), ("x[1,2]",))


def _average_pool() -> Example:
    rows = AvgPool2d(2)([[1.0, 5.0, 2.0, 0.0], [3.0, 4.0, 1.0, 7.0]])
    return Example("average pooling", half_squared_error(rows[0], [4.0, 6.0]), ("x[1,2]",))


def _embedding() -> Example:
    embedding = Embedding(3, 1)
    _with_numbers(embedding, [0.5, -1.0, 2.0])
    rows = embedding([0, 2, 0])
    outputs = [row[0] for row in rows]
    return Example(
        "an embedding, two words", half_squared_error(outputs, [1.0, 1.0, 0.0]), ("W[1,1]",)
    )


def _dropout() -> Example:
    x = numbered("x", [Value(1.0), Value(2.0)])
    kept = numbered("y", Dropout(0.5)(x, mask=[1, 0]))
    return Example(
        "dropout with a given mask", half_squared_error(kept, [1.0, 1.0]), ("x[1]", "x[2]")
    )


def _step(optimizer: Callable[[list[Value]], Optimizer], title: str) -> Example:
    """The second step on w²/2, from w = 3."""
    w = Value(3.0, "w")
    steps = optimizer([w])
    for _ in range(2):
        steps.zero_grad()
        (w * w / 2).backward()
        if not steps.steps:
            steps.step()
    return Example(title, steps.recorded_step()[0], ("g2", "η"))


EXAMPLES: dict[str, Callable[[], Example]] = {
    "softmax": _softmax,
    "logistic": _logistic,
    "rnn": _rnn,
    "lstm": _lstm,
    "gru": _gru,
    "attention": _attention,
    "layernorm": _layer_norm,
    "batchnorm": _batch_norm,
    "conv1d": _conv1d,
    "conv2d": _conv2d,
    "maxpool": _max_pool,
    "avgpool": _average_pool,
    "embedding": _embedding,
    "dropout": _dropout,
    "momentum": lambda: _step(lambda w: SGD(w, 0.1, momentum=0.9), "a step with momentum"),
    "adam": lambda: _step(lambda w: Adam(w, 0.1), "a step of Adam"),
    "adamw": lambda: _step(lambda w: AdamW(w, 0.1, weight_decay=0.5), "a step of AdamW"),
}
