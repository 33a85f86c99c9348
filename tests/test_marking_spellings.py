"""One formula in many spellings: adjacent factors, powers, brackets, commas, remarks. What is true
is known from algebra by hand.
"""

import pytest

from autograd import Value, check_derivation, exp, sigmoid


def label(name, value):
    value.label = name
    return value


def neuron():
    x1, w1, b, y = (Value(v, n) for v, n in ((0.5, "x1"), (0.3, "w1"), (0.1, "b"), (1.0, "y")))
    z = label("z", w1 * x1 + b)
    a = label("a", sigmoid(z))
    return label("L", (a - y) ** 2 / 2)


def products():
    a, b, c, x = (Value(v, n) for v, n in ((1.3, "a"), (0.7, "b"), (2.1, "c"), (0.9, "x")))
    q = label("q", a * c * b**2)
    return label("r", q * x + c * x)


def accented():
    c, t = Value(0.7, "c"), Value(0.3, "t")
    return label("E", (label("ŷ", c * 1) - t) ** 2)


def powers():
    lam, w, a, b = (Value(v, n) for v, n in ((0.1, "λ"), (1.5, "w"), (2.0, "a"), (3.0, "b")))
    return label("E", label("R", lam * w**2) + label("f", a**b))


def commas():
    p, q, n = Value(1.751, "p"), Value(2.186, "q"), Value(1751.0, "n")
    return label("E", label("r", p * q) + label("s", n * q))


def numbered_e():
    e1, e2, z1 = Value(0.3, "e1"), Value(0.5, "e2"), Value(0.2, "z1")
    return label("E", exp(z1) * e1 + e2)


def perceptron():
    w, x = (
        [Value(v, f"{n}{k}") for k, v in enumerate(values, 1)]
        for n, values in (("w", (0.3, -0.4)), ("x", (0.5, 0.7)))
    )
    z = label("z", w[0] * x[0] + w[1] * x[1] + Value(0.1, "b"))
    a = label("a", sigmoid(z))
    return label("L", (a - Value(1.0, "y")) ** 2 / 2)


def outcome(root, line):
    """Whether each claim is right, wrong or open."""
    lines = check_derivation(root, line).lines
    return {"right" if x.right else "open" if x.open else "wrong" for x in lines}


def scaled():
    s, m, x = Value(2.0, "σ"), Value(0.5, "μ"), Value(1.5, "x")
    y = label("y", s * (x - m))
    return label("E", y * sigmoid(x))


def letters():
    d, e, alpha, delta, x = (
        Value(v, n) for v, n in ((2.0, "d"), (3.0, "e"), (0.1, "α"), (0.7, "δ"), (0.3, "x"))
    )
    f = label("f", d * x)
    return label("g", f * e * alpha + delta * x**2 + e**x)


# fmt: off
LINES = [
    # a hyphen in a bracket at the end is a minus, and no part of a word
    (neuron, "dL/dw1 = x1 a (1-a) (a-y)", "right"),
    (neuron, "dL/dw1 = x1 (a-y)", "wrong"),
    (neuron, "dL/dw1 = x1 * (a-y)", "wrong"),
    (neuron, "dz/dw1 = x1 (a-y)", "wrong"),
    (neuron, "dL/dz = (a-y) a (1-a) (by the chain-rule)", "right"),
    (neuron, "dL/da = (a-y), by the chain-rule", "right"),
    (accented, "dE/dŷ = 2 (ŷ-t)", "right"),
    (accented, "dE/dc = 2 (ŷ-t)", "right"),
    (accented, "dE/dc = 2 (t-ŷ)", "wrong"),
    # what may be a factor is no remark
    (products, "q = a c b²", "right"),
    (products, "a c b² = q", "right"),
    (products, "dq/da = c b²", "right"),
    (products, "dq/da = c", "wrong"),
    (products, "b² dq/da = c", "wrong"),
    (products, "for b² dq/da = c", "wrong"),
    (products, "dr/dq = x b²", "wrong"),
    (products, "dr/dq = x (b²)", "wrong"),
    (products, "dr/dq = x ab", "wrong"),
    (products, "dr/dq = x and b", "open"),
    (products, "dr/dq = x, b", "open"),
    (products, "dr/dq = x (and also b)", "open"),
    (products, "dr/dq = x error", "open"),
    (products, "dr/dq = x (error)", "open"),
    (products, "dr/dq = x lambda", "open"),
    (products, "dr/dq = x (times the error)", "open"),
    (products, "dr/dq = x (the other factor)", "right"),
    (products, "dr/dq = x by the product rule", "right"),
    (products, "dr/dq = x, as it should be", "right"),
    (products, "dr/dq = 0.9 exactly", "right"),
    (products, r"dr/dq = x \text{ (by the product rule)}", "right"),
    (neuron, "dL/da = a - 1·y (the well-known form)", "right"),
    (neuron, "dL/da = a a y - by (the well-known form)", "wrong"),
    (neuron, "dL/da = a − 1 y by the chain rule", "open"),  # times b·y, or a remark
    (neuron, "dL/da = (a − y), by the chain rule", "right"),
    (neuron, "dL/da = (a − y) (by the chain rule)", "right"),
    (neuron, "by dL/da = (a − y) by", "right"),
    # x before a digit is a label, where one is called so
    (neuron, "z = 3 x1 w1 − 2x1 w1 + b", "right"),
    (neuron, "z = 3 x 0.5 w1 − 2x1 w1 + b", "wrong"),
    (letters, "f = 3x-1 − x + 1 + dx − 2x", "right"),
    (letters, "f = d x 3 / 3", "open"),
    (letters, "f = 2 x -0.3", "wrong"),
    (products, "dr/dq = 0.9 because x is a constant", "right"),
    (products, "dr/dq = 0.9 (rounded to 2 places)", "right"),
    (products, "dr/dq = 0.9 x", "wrong"),
    (products, "dr/dc = 1,0 q x/c + 1 x, as it should be", "right"),
    (products, "dq/da = 1 c b b by hand and by heart", "right"),
    (products, "dr/dq = 0.9 b, as it should be", "wrong"),
    (products, "dr/dq = 0.9 b by hand and by heart", "wrong"),
    (products, "dr/dq = 0.9 and b", "open"),
    (products, "the derivative of r with respect to q is dr/dq = 0.9", "right"),
    # what was computed may be written as a function
    (neuron, "L(a) = (a-y)²/2", "right"),
    (neuron, "z(w1, b) = w1 x1 + b", "right"),
    (neuron, "dL/da = a(z) − y", "right"),
    (neuron, "L = (a(z) − y)²/2", "right"),
    (neuron, "dL/dw1 = x1(a) (a−y) (1−a)", "right"),
    (neuron, "dz/dw1 = x1(b)", "wrong"),
    (neuron, "dL/da = a (z) − y", "wrong"),
    (perceptron, "∇_w L(w) = (a-y) a (1-a) x", "right"),
    # a power is that of the last label of a run
    (powers, "R = λw²", "right"),
    (powers, "R = λw^2", "right"),
    (powers, "R = λw**2", "right"),
    (powers, r"R = \lambda w^{2}", "right"),
    (powers, "R = (λw)²", "wrong"),
    (powers, "R = λ²w", "wrong"),
    (powers, "df/da = ba^(b−1)", "right"),
    (powers, "df/da = ba^{b-1}", "right"),
    (powers, "df/da = (ba)^(b-1)", "wrong"),
    (powers, "f = ae^{(b-1) ln(a)}", "right"),
    (numbered_e, "E = e1e^{z1} + e2", "right"),
    # a comma is that of decimals, or of thousands, in all of a line
    (commas, "r = 1,751 · 2,186 = 3,828", "right"),
    (commas, "s = 1,751 · 2.186 = 3,827.686", "right"),
    (commas, "s = 1751 · 2,186 = 3827,686", "right"),
    (commas, "r = 1,751 · 2,100", "wrong"),
    (commas, "r = 1,751 · 2,18 + 0.0", "open"),
    (commas, "dE/dq = 2.186\nn = 1,751", "wrong right"),
    # e to a power is Euler's number where e1, e2 are labels
    (numbered_e, "dE/dz1 = e^z1 e1", "right"),
    (numbered_e, "dE/dz1 = e^{z1}", "wrong"),
    # gradients by vectors
    (perceptron, "∇_w L = (a-y) a (1-a) x", "right"),
    (perceptron, r"\nabla_{w} L = (a-y) a (1-a) x", "right"),
    (perceptron, r"\nabla_{\mathbf{w}} L = (a-y) a (1-a) \mathbf{x}", "right"),
    (perceptron, "∇_{w}L = (a−y) x", "wrong"),
    (perceptron, "grad_w L = (a-y) a (1-a) x", "right"),
    (perceptron, "∇_w z = x", "right"),
    (perceptron, "∇_b L = (a-y) a (1-a)", "right"),
    # products of two vectors
    (perceptron, "z = w·x + b", "right"),
    (perceptron, "z = w x + b", "right"),
    (perceptron, "z = w @ x + b", "right"),
    (perceptron, "z = np.dot(w, x) + b", "right"),
    (perceptron, "z = wᵀx + b", "right"),
    (perceptron, "z = x wᵀ + b", "right"),
    (perceptron, "z = sum(w ⊙ x) + b", "right"),
    (perceptron, "z = w·x − b", "wrong"),
    (perceptron, "z = w @ w + b", "wrong"),
    (perceptron, "z = w ⊙ x + b", "wrong"),
    (perceptron, "z = np.outer(w, x) + b", "open"),
    (perceptron, "dL/dw = (σ(w·x + b) − y) a (1−a) x", "right"),
    (perceptron, "dL/dw = (σ(w·x) − y) a (1−a) x", "wrong"),
    # a label is preferred to a function, a derivative, a number of the same name
    (scaled, "y = σ(x−μ)", "right"),
    (scaled, "y = σ (x-μ)", "right"),
    (scaled, r"y = \sigma(x - \mu)", "right"),
    (scaled, "y = σ(μ−x)", "wrong"),
    (scaled, "E = y σ(x)", "right"),
    (scaled, "E = σ(x−μ) · σ(x)", "right"),
    (scaled, "dE/dy = σ(x)", "right"),
    (letters, "f = dx", "right"),
    (letters, "f = d(x)", "right"),
    (letters, "f = dx²", "wrong"),
    (letters, "df/dx = d", "right"),
    (letters, "df/dd = x", "right"),
    (letters, "dg/dα = ef", "right"),
    (letters, "dg/df = α(e)", "right"),
    (letters, "dg/dx = α(d e) + 2δx + e^x ln(e)", "right"),
    (letters, "dg/dx = α(d e) + 2δx", "wrong"),
    (letters, "g = feα + δx² + e^x", "right"),
    # what no function takes
    *((perceptron, f"z = {call}", "open") for call in (
        "np.dot(w)", "outer(w)", "np.outer(w, x, w)", "sum(w, x)", "softmax(w, x)", "diag(w, x)",
        "dot()", "sum()", "tanh(w, x)", "max(w)", "log10(w, x)", "rowsum(w, w)", "∇", "∇_",
    )),
    *((perceptron, f"z = {number}", "open") for number in ("0.e4855", "1e99999", "0e400", "[1e99999]")),
    # δ with an index is asked of the units that are there
    (perceptron, "δ_k = 1", "open"),
]
# fmt: on


@pytest.mark.parametrize(("record", "line", "expected"), LINES)
def test_a_spelling(record, line, expected):
    assert outcome(record(), line) == set(expected.split())
