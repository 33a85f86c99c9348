"""Records written in arrays: those of the blackboard, random ones, and their formulas in numpy."""

import math
import re

import numpy as np

from autograd import Value, array, exp, relu, sigmoid, softmax, sqrt, tanh


def lecture():
    """The 2-2-2 network of the lecture, in three lines of matrices."""
    W1, W2 = array("W1", [[0.15, 0.20], [0.25, 0.30]]), array("W2", [[0.40, 0.45], [0.50, 0.55]])
    x, b1, b2 = array("x", [0.05, 0.10]), Value(0.35, label="b1"), Value(0.60, label="b2")
    out_h = sigmoid((W1 @ x + b1).named("net_h")).named("out_h")
    out_o = sigmoid((W2 @ out_h + b2).named("net_o")).named("out_o")
    E = ((array("t", [0.01, 0.99]) - out_o) ** 2 / 2).sum()
    E.label = "E"
    return E, [W1, W2, x]


def softmax_regression():
    x, W, b = (
        array("x", [1.0, 2.0]),
        array("W", [[0.1, 0.2], [0.3, -0.1], [0.2, 0.4]]),
        array("b", [0.1, 0.2, 0.3]),
    )
    p = softmax((W @ x + b).named("z")).named("p")
    L = -(array("y", [0, 1, 0]) * p.log()).sum()
    L.label = "L"
    return L, [W, b, x]


def batch_with_l2():
    X = array("X", [[0.1, 0.2], [0.3, -0.4], [0.5, 0.6], [-0.7, 0.8], [0.9, 1.0]])
    W1, b1 = array("W1", [[0.1, 0.2], [0.3, 0.4], [0.5, -0.6]]), array("b1", [0.1, 0.2, 0.3])
    W2, λ = array("W2", [[0.1, 0.2, 0.3], [0.3, 0.4, 0.5]]), Value(0.01, label="λ")
    H = tanh((X @ W1.T + b1).named("Z1")).named("H")
    P = (H @ W2.T).named("P")
    L = ((P - array("Y", [[1, 0], [0, 1], [1, 1], [0, 0], [1, 0]])) ** 2).mean()
    L = L + λ * ((W1**2).sum() + (W2**2).sum())
    L.label = "L"
    return L, [W1, W2, b1, X]


def rnn():
    Wx, Wh, b = (
        array("W_x", [[0.1, 0.2], [0.3, 0.4]]),
        array("W_h", [[0.5, -0.6], [0.7, 0.8]]),
        array("b", [0.1, 0.2]),
    )
    h = array("h0", [0.0, 0.1])
    for t in (1, 2, 3):
        x = array(f"x{t}", [0.1 * t, 0.2 * t])
        h = tanh((Wx @ x + Wh @ h + b).named(f"a{t}")).named(f"h{t}")
    L = ((h - array("y", [1.0, -1.0])) ** 2 / 2).sum()
    L.label = "L"
    return L, [Wx, Wh, b]


def attention():
    X = array("X", [[0.1, 0.2], [0.3, -0.4]])
    weights = [
        array("W_q", [[0.1, 0.2], [0.3, 0.4]]), array("W_k", [[0.5, 0.6], [0.7, -0.8]]), array("W_v", [[0.5, 0.1], [0.2, -0.8]]),
    ]  # fmt: skip
    Q, K, V = ((X @ W).named(name) for W, name in zip(weights, "QKV", strict=True))
    P = softmax((Q @ K.T / math.sqrt(2)).named("S")).named("P")
    L = ((P @ V).named("O") ** 2).sum()
    L.label = "L"
    return L, [*weights, X]


def batch_norm():
    x, γ, β = array("x", [1.0, 2.0, 4.0]), Value(1.5, label="γ"), Value(0.2, label="β")
    μ = x.mean()
    μ.label = "μ"
    variance = ((x - μ) ** 2).mean()
    variance.label = "σ²"
    y = (γ * ((x - μ) / sqrt(variance + 1e-5)).named("x̂") + β).named("y")
    L = ((y - array("t", [1.0, 0.0, 2.0])) ** 2).sum()
    L.label = "L"
    return L, [x]


BLACKBOARDS = [lecture, softmax_regression, batch_with_l2, rnn, attention, batch_norm]


def numbers(rng, *shape):
    return np.array([round(rng.uniform(-1, 1), 2) for _ in range(math.prod(shape))]).reshape(shape)


def random_record(rng):
    """A record of layers, functions, shared arrays, transposes, rows and sums; and its leaves."""
    m, n = rng.randint(1, 4), rng.randint(2, 4)
    shape = (n,) if rng.random() < 0.5 else (m, n)
    leaves = [array("X", numbers(rng, *shape))]
    h = leaves[0]
    earlier = [h]
    for layer in range(1, rng.randint(2, 4) + 1):
        h = step(rng, h, layer, leaves, earlier)
        if rng.random() < 0.7:
            h = h.named(f"h{layer}")
        earlier.append(h)
    kind = rng.randint(0, 3)
    if kind == 0:
        E = (h**2).mean()
    elif kind == 1:
        leaves.append(array("Y", numbers(rng, *h.shape)))
        E = ((leaves[-1] - h) ** 2 / 2).sum()
    elif kind == 2:
        E = (h.sum() + (leaves[0] ** 2).sum()) * 0.5
    else:
        E = (softmax(h).named("P") * exp(h)).sum()
    if rng.random() < 0.3:
        E = E + 0.1 * (leaves[-1] ** 2).sum()
    E.label = "E"
    return E, leaves


def step(rng, h, layer, leaves, earlier):
    kind = rng.choice(
        ["linear", "linear", "function", "function", "product", "softmax", "norm", "skip"]
    )
    last = h.shape[-1]
    if kind == "linear":
        size = rng.randint(1, 4)
        shared = [W for W in leaves if W.name.startswith("W") and W.shape == (last, last)]
        W = rng.choice(shared) if shared and rng.random() < 0.4 else None
        if W is None:
            W = array(f"W{layer}", numbers(rng, size, last))
            leaves.append(W)
        h = W @ h if len(h.shape) == 1 else h @ W.T
        if rng.random() < 0.5:
            leaves.append(array(f"b{layer}", numbers(rng, h.shape[-1])))
            h = h + leaves[-1]
        return h
    if kind == "function":
        return rng.choice([tanh, sigmoid, relu, exp])(h)
    if kind == "product":
        leaves.append(array(f"g{layer}", numbers(rng, last)))
        return h * leaves[-1]
    if kind == "softmax":
        return softmax(h)
    if kind == "norm":
        mean = h.mean()
        mean.label = f"m{layer}"
        return h - mean
    alike = [e for e in earlier if e.shape == h.shape]
    return h + rng.choice(alike)


# A printed formula, as numpy computes it: a vector is a column.

SMALL = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")


class Ones:
    """A column of ones, of the length that its place asks for; or as many times a number."""

    __array_ufunc__ = None

    def __init__(self, number=1.0):
        self.number = number

    @property
    def T(self):
        return self

    def __matmul__(self, row):
        return self.number * row

    def __rmatmul__(self, column):
        return column

    def __rmul__(self, number):
        return Ones(number)

    def __neg__(self):
        return Ones(-self.number)


FUNCTIONS = {
    "ones": Ones(),
    "relu": lambda a: np.maximum(a, 0),
    "rowsum": lambda a: np.sum(a, axis=1, keepdims=True),
    "colsum": lambda a: np.sum(a, axis=0)[:, None],
    "sum": np.sum,
    "diag": lambda a: np.diag(np.ravel(a)),
    "root": np.sqrt,
    "E": math.e,
    "ln": np.log,
    "σ": lambda a: 1 / (1 + np.exp(-a)),
    "tanh": np.tanh,
    "step": lambda a: (a > 0) * 1.0,
    "softmax": lambda a: np.exp(a) / np.exp(a).sum(-1 if np.shape(a)[1] > 1 else 0, keepdims=True),
}
SPELLINGS = [
    ("ᵀ", ".T"),
    ("½·?", "0.5*"),
    (r"(?<![\w.])10(⁻\d?[⁰¹²³⁴-⁹]+)", r"(10.0\1)"),
    ("([⁻⁰¹²³⁴-⁹]+)", lambda m: f"**({m[1].translate(SMALL)})"),
    (r"(?<![\w])e(?=\*\*|\^)", "E"),
    (r"\^", "**"),
    (r"√(\d+(\.\d+)?)", r"root(\1)"),
    (r"√\(", "root("),
    (r" ?⊙ ?|·", "*"),
    (r" \+ ", "+"),
    (r" − |−", "-"),
    (r"(?<=[\w.)]) (?=[\w(])", "@"),
]


def in_numpy(formula, arrays):
    """What a printed formula comes to, where `arrays` says what each name is."""
    names = {}
    text = formula
    for k, name in enumerate(sorted(arrays, key=len, reverse=True)):
        names[f"N{k}_"] = np.asarray(arrays[name])
        pattern = rf"(?<![A-Za-z_δ\]\[]){re.escape(name)}(?![A-Za-z_0-9\[\u0302⁽])"
        text = re.sub(pattern, f"N{k}_", text)
    for pattern, spelling in SPELLINGS:
        text = re.sub(pattern, spelling, text)
    found = np.asarray(eval(text, FUNCTIONS, names), dtype=float)
    return found.item() if found.size == 1 else found


def as_column(value):
    """Numbers as numpy has them in these formulas: a vector as a column."""
    data = np.asarray(value, dtype=float)
    return data[:, None] if data.ndim == 1 else data
