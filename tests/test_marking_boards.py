"""Lines as textbooks and lectures write them, of many networks: each is right, and beside it stands
one with a slip, in the same spelling, which is not.
"""

import time

import pytest
from boards import is_wrong, named, vector

import nn
from autograd import Value, check_derivation, log, relu, sigmoid, tanh
from autograd.op import Op
from nn.command.examples import EXAMPLES


def two_layers():
    """Two sigmoid units, one sigmoid output, cross-entropy: W1_ij, z1_i, a1_i, W2_1j, z2_1, yhat."""
    x, y = vector([1.0, 0.5], "x"), Value(1.0, label="y")
    rows = [[0.5, -0.3], [0.2, 0.4]]
    W1 = [
        [Value(w, label=f"W1_{i}{j}") for j, w in enumerate(row, 1)]
        for i, row in enumerate(rows, 1)
    ]
    W2 = [Value(w, label=f"W2_1{j}") for j, w in enumerate([0.7, -0.6], 1)]
    a = []
    for i, (u, v) in enumerate(W1, 1):
        a.append(named(sigmoid(named(u * x[0] + v * x[1], f"z1_{i}")), f"a1_{i}"))
    p = named(sigmoid(named(W2[0] * a[0] + W2[1] * a[1], "z2_1")), "yhat")
    return named(-(y * log(p) + (1 - y) * log(1 - p)), "L")


def softmax_of_three():
    z = vector([0.5, -0.3, 0.8], "z")
    return nn.cross_entropy(nn.softmax(z), [0, 1, 0])


def class_one():
    """L = −ln p1, where p2 and p3 were not computed."""
    return named(-log(nn.softmax(vector([0.5, -0.3, 0.8], "z"))[0]), "L")


def other_names():
    """A hidden layer of relus, weights v and w: the writer calls them W1 and W2."""
    x = vector([1.0, 2.0], "x")
    v = [
        [Value(c, label=f"v{i}{j}") for j, c in enumerate(row, 1)]
        for i, row in ((1, [0.1, 0.2]), (2, [-0.3, 0.1]))
    ]
    w = [
        [Value(c, label=f"w{i}{j}") for j, c in enumerate(row, 1)]
        for i, row in ((1, [0.5, 0.1]), (2, [-0.2, 0.3]))
    ]
    h = [named(relu(named(a * x[0] + b * x[1], f"a{i}")), f"h{i}") for i, (a, b) in enumerate(v, 1)]
    z = [named(a * h[0] + b * h[1], f"z{i}") for i, (a, b) in enumerate(w, 1)]
    return nn.cross_entropy(nn.softmax(z), [1, 0])


def examples():
    """Logistic regression on two examples, the rows of x."""
    w, b, y = vector([0.3, -0.2], "w"), Value(0.1, label="b"), vector([1.0, 0.0], "y")
    rows = [[1.0, 2.0], [0.5, -1.0]]
    X = [
        [Value(v, label=f"x{i}{j}") for j, v in enumerate(row, 1)] for i, row in enumerate(rows, 1)
    ]
    losses = []
    for i, row in enumerate(X):
        z = named(w[0] * row[0] + w[1] * row[1] + b, f"z{i + 1}")
        a = named(sigmoid(z), f"a{i + 1}")
        losses.append(y[i] * log(a) + (1 - y[i]) * log(1 - a))
    return named(-(losses[0] + losses[1]) / 2, "J")


def recurrent():
    w, u, b, h = (Value(v, label=s) for v, s in ((0.5, "Wx"), (0.8, "Wh"), (0.1, "b"), (0.0, "h0")))
    for t, x in enumerate(vector([1.0, 0.5, -1.0], "x"), 1):
        h = named(tanh(w * x + u * h + b), f"h{t}")
    return named((h - Value(0.3, label="y")) ** 2 / 2, "L")


def regularised():
    w, x, y = vector([0.3, -0.2], "w"), vector([1.0, 2.0], "x"), Value(1.0, label="y")
    yhat = named(w[0] * x[0] + w[1] * x[1], "yhat")
    return named((yhat - y) ** 2 + Value(0.1, label="lambda") * (w[0] ** 2 + w[1] ** 2), "L")


LINES = [  # the network, or the name of an example, a line that is right, and one that is not
    # An activation without its argument, or called f.
    (two_layers, "δ1 = W2ᵀ δ2 ⊙ f'(z1)", "δ1 = W2ᵀ δ2 ⊙ f(z1)"),
    (two_layers, "a1 = f(z1)", "a1 = f'(z1)"),
    (two_layers, "f'(z1) = a1 ⊙ (1 − a1)", "f'(z1) = a1 ⊙ (1 + a1)"),
    (two_layers, "f(z2_1) = 1/(1 + e^{-z2_1})", "f(z2_1) = 1/(1 + e^{z2_1})"),
    (two_layers, "dL/dz2_1 = φ(z2_1) − y", "dL/dz2_1 = φ'(z2_1) − y"),
    # The number of a layer stands above.
    (two_layers, "z^{(1)} = W^{(1)}x", "z^{(1)} = W^{(1)T}x"),
    (two_layers, "z^{[2]} = W^{[2]} a^{[1]}", "z^{[2]} = W^{[2]} z^{[1]}"),
    (two_layers, "δ^{(2)} = ŷ − y", "δ^{(2)} = y − ŷ"),
    (
        two_layers,
        r"\delta^{(1)} = (W^{(2)})^T \delta^{(2)} \odot \sigma'(z^{(1)})",
        r"\delta^{(1)} = (W^{(2)})^T \delta^{(2)} \odot \sigma'(a^{(1)})",
    ),
    (
        two_layers,
        "δ^{[1]} = W^{[2]T} δ^{[2]} * g'(z^{[1]})",
        "δ^{[1]} = W^{[2]T} δ^{[2]} * g(z^{[1]})",
    ),
    (two_layers, "∂L/∂W^{(2)} = δ^{(2)} (a^{(1)})^T", "∂L/∂W^{(2)} = δ^{(2)} (z^{(1)})^T"),
    (two_layers, r"\nabla_{W^{(1)}} L = \delta^{(1)} x^T", r"\nabla_{W^{(1)}} L = x \delta^{(1)T}"),
    (two_layers, "∂L/∂w_{ij}^{(1)} = δ_i^{(1)} x_j", "∂L/∂w_{ij}^{(1)} = δ_j^{(1)} x_i"),
    (two_layers, "∂L/∂w^{(2)}_j = (ŷ − y) a^{(1)}_j", "∂L/∂w^{(2)}_j = (ŷ − y) z^{(1)}_j"),
    (
        two_layers,
        "∂L/∂w^{(1)}_{12} = (ŷ − y) w^{(2)}_{11} a^{(1)}_1 (1 − a^{(1)}_1) x_2",
        "∂L/∂w^{(1)}_{12} = (ŷ − y) w^{(2)}_{12} a^{(1)}_1 (1 − a^{(1)}_1) x_2",
    ),
    (
        two_layers,
        "δ^{(l)} = (W^{(l+1)})^T δ^{(l+1)} ⊙ σ'(z^{(l)})",
        "δ^{(l)} = (W^{(l+1)})^T δ^{(l+1)} ⊙ σ'(a^{(l)})",
    ),
    (
        two_layers,
        r"\delta_j^{(l)} = \sum_k w_{kj}^{(l+1)} \delta_k^{(l+1)} \sigma'(z_j^{(l)})",
        r"\delta_j^{(l)} = -\sum_k w_{kj}^{(l+1)} \delta_k^{(l+1)} \sigma'(z_j^{(l)})",
    ),
    (
        two_layers,
        "∂L/∂w^{(l)}_{jk} = a^{(l-1)}_k δ^{(l)}_j",
        "∂L/∂w^{(l)}_{jk} = z^{(l-1)}_k δ^{(l)}_j",
    ),
    (two_layers, "W^{(1)} := W^{(1)} - 0.1 δ^{(1)} x^T", "W^{(1)} := W^{(1)} + 0.1 δ^{(1)} x^T"),
    (two_layers, "η = 0.1; W1_new = W1 - η dL/dW1", "η = 0.1; W1_new = W1 - 2η dL/dW1"),
    # Products.
    (two_layers, "z1 = W1x", "z1 = W1xᵀx"),
    (two_layers, "∂L/∂W1 = δ1 ⊗ x", "∂L/∂W1 = x ⊗ δ1"),
    (two_layers, "δ1 = (W2ᵀ δ2) ⊗ a1 ⊗ (1 − a1)", "δ1 = (W2ᵀ δ2) ⊗ a1 ⊗ (1 + a1)"),
    # Softmax.
    (softmax_of_three, "L = -Σ y_k log p_k", "L = Σ y_k log p_k"),
    (softmax_of_three, "L = -Σ y log p", "L = -Σ p log y"),
    (softmax_of_three, "∂p_i/∂z_j = p_i(δ_{ij} − p_j)", "∂p_i/∂z_j = p_i(δ_{ij} + p_j)"),
    (softmax_of_three, "dp_i/dz_j = p_i(1[i=j] - p_j)", "dp_i/dz_j = p_j(1[i=j] - p_j)"),
    (softmax_of_three, "dp_i/dz_j = p_i(1 - p_j) if i = j", "dp_i/dz_j = p_i(1 - p_j) if i ≠ j"),
    (softmax_of_three, "dp_i/dz_j = -p_i p_j, i != j", "dp_i/dz_j = -p_i p_j, i = j"),
    (softmax_of_three, "dp/dz = diag(p) − ppᵀ", "dp/dz = diag(p) + ppᵀ"),
    (softmax_of_three, "p_k = exp(z_k) / sum_j exp(z_j)", "p_k = exp(z_k) / sum_j exp(-z_j)"),
    (softmax_of_three, "z.grad = p - y", "z.grad = y - p"),
    (class_one, "dL/dz = p − y", "dL/dz = p + y"),
    (class_one, "dL/dz2 = p2", "dL/dz2 = p3"),
    (class_one, "dL/dz1 = p1 − y1", "dL/dz1 = p1 − y2"),
    (class_one, "p3 = e^{z3}/Σ_j e^{z_j}", "p3 = e^{z2}/Σ_j e^{z_j}"),
    # Weights under names of the writer's own, and rows for vectors.
    (other_names, "dL/dW2 = h^T (p-y)", "dL/dW2 = h^T (y-p)"),
    (other_names, "dL/dW2 = (p-y) h^T", "dL/dW2 = p h^T"),
    (other_names, "z = h W2", "z = a W2"),
    (other_names, "dL/dh = (p-y) W2^T", "dL/dh = (p+y) W2^T"),
    (other_names, "dL/dW1 = x^T ((p-y) W2^T * relu'(a))", "dL/dW1 = x^T ((p-y) W1^T * relu'(a))"),
    (other_names, "dL/dw = (p-y) h^T", "dL/dw = h (p-y)^T"),
    # Examples.
    (examples, "z^{(i)} = w^T x^{(i)} + b", "z^{(i)} = w^T x^{(i)} - b"),
    (
        examples,
        "∂J/∂w = 1/2 Σ_i (a^{(i)} − y^{(i)}) x^{(i)}",
        "∂J/∂w = Σ_i (a^{(i)} − y^{(i)}) x^{(i)}",
    ),
    (examples, "m = 2; dw = (1/m) X^T (a - y)", "m = 2; dw = (1/m) X (a - y)"),
    (examples, "dJ/db = mean(a - y)", "dJ/db = mean(y - a)"),
    (
        examples,
        r"J = -\frac12 \sum_{i=1}^{2} y_i \log a_i + (1-y_i) \log(1-a_i)",
        r"J = -\frac12 \sum_{i=1}^{2} y_i \log a_i - (1-y_i) \log(1-a_i)",
    ),
    (examples, "w := w - 0.1 X^T(a-y)/2", "w := w - 0.1 X^T(y-a)/2"),
    # Labels with brackets, as the layers of nn have them.
    ("layernorm", "x̂_i = (x_i − μ)/√(σ² + 1e-5)", "x̂_i = (x_i + μ)/√(σ² + 1e-5)"),
    (
        "layernorm",
        r"\sigma^2 = \frac{1}{3}\sum_{i=1}^{3} (x_i - \mu)^2",
        r"\sigma^2 = \sum_{i=1}^{3} (x_i - \mu)^2",
    ),
    ("batchnorm", "∂E/∂γ = Σ_i ∂E/∂y_i x̂_i", "∂E/∂γ = Σ_i ∂E/∂y_i x_i"),
    (
        "batchnorm",
        "∂E/∂x_i = γ/√(σ²+1e-5) (∂E/∂y_i − 1/3 Σ_j ∂E/∂y_j − x̂_i/3 Σ_j ∂E/∂y_j x̂_j)",
        "∂E/∂x_i = γ/√(σ²+1e-5) (∂E/∂y_i − 1/3 Σ_j ∂E/∂y_j − x̂_i Σ_j ∂E/∂y_j x̂_j)",
    ),
    ("attention", "o_{21} = Σ_j a_{2j} v_{j1}", "o_{21} = Σ_j a_{2j} k_{j1}"),
    (
        "attention",
        "∂E/∂s_{2i} = a_{2i} (∂E/∂a_{2i} - Σ_j a_{2j} ∂E/∂a_{2j})",
        "∂E/∂s_{2i} = a_{2i} ∂E/∂a_{2i} - Σ_j a_{2j} ∂E/∂a_{2j}",
    ),
    ("conv1d", "y_i = Σ_k K_k x_{i+k-1} + b", "y_i = Σ_k K_k x_{i+k-1} - b"),
    ("conv1d", "∂E/∂K_k = Σ_i ∂E/∂y_i x_{i+k-1}", "∂E/∂K_k = Σ_i ∂E/∂y_i x_i"),
    ("conv2d", "y_{11} = Σ_m Σ_n K_{mn} x_{mn}", "y_{11} = Σ_m Σ_n K_{nm} x_{mn}"),
    (
        "conv2d",
        "∂E/∂K_{mn} = Σ_j ∂E/∂y_{1j} x_{m, n+j-1}",
        "∂E/∂K_{mn} = Σ_j ∂E/∂y_{1j} x_{n, m+j-1}",
    ),
    (
        "maxpool",
        "y_{11} = max(x_{11}, x_{12}, x_{21}, x_{22})",
        "y_{11} = min(x_{11}, x_{12}, x_{21}, x_{22})",
    ),
    ("lstm", "c_t = f_t ⊙ c_{t-1} + i_t ⊙ g_t", "c_t = i_t ⊙ c_{t-1} + f_t ⊙ g_t"),
    # Through time, and a regulariser.
    (
        recurrent,
        r"∂h_3/∂h_1 = \prod_{t=2}^{3} (1 - h_t^2) W_h",
        r"∂h_3/∂h_1 = \prod_{t=1}^{3} (1 - h_t^2) W_h",
    ),
    (regularised, "L = (ŷ-y)^2 + λ||w||_2^2", "L = (ŷ-y)^2 + λ||x||_2^2"),
    (regularised, "dL/dw_j = 2(ŷ-y)x_j + 2λw_j", "dL/dw_j = 2(ŷ-y)x_j + λw_j"),
    (regularised, "η = 0.5; w ← (1 - 2ηλ) w - 2η(ŷ - y)x", "η = 0.5; w ← (1 - ηλ) w - 2η(ŷ - y)x"),
]


@pytest.mark.parametrize(("network", "right", "wrong"), LINES, ids=[right for _, right, _ in LINES])
def test_a_line_of_a_board_is_read(network, right, wrong):
    root = EXAMPLES[network]().root if isinstance(network, str) else network()
    marks = check_derivation(root, right)
    assert marks, f"\n{marks}"
    assert is_wrong(root, wrong), f"\n{check_derivation(root, wrong)}"


def test_a_function_alone_is_that_of_what_it_computed():
    w, x, y = Value(0.5, label="w"), Value(2.0, label="x"), Value(1.0, label="y")
    a = named(sigmoid(w * x + 0.1), "a")
    L = named((a - y) ** 2, "L")
    for line in ("dL/dw = 2(a-y) σ' x", "dL/dw = 2(σ − y)·σ(1-σ)·x", "da/dw = x*σ'"):
        assert check_derivation(L, line), line
    for line in ("dL/dw = 2(a-y) σ x", "dL/dw = 2(σ − y)·σ(1+σ)·x", "da/dw = x*σ'*σ'"):
        assert is_wrong(L, line), line
    [line] = check_derivation(L, "da/dw = σ' x").lines
    assert line.read == "σ' is read as σ'(net of a)"


def test_a_function_of_several_layers_does_not_stand_alone():
    a1 = named(sigmoid(Value(0.5, label="x")), "a1")
    L = named(sigmoid(a1), "a2")
    assert not is_wrong(L, "da2/da1 = σ'")  # of which? it is not read


def test_what_is_taken_for_a_class_beside_the_record_is_told():
    [line] = check_derivation(class_one(), "dL/dz2 = p2 − y2").lines
    assert "p2 is read as the softmax at z2" in line.read
    assert "y is read as (1, 0, 0), the class of p1" in line.read


def test_a_matrix_of_another_name_is_not_an_element():
    """Beside w1, w2 a writer's W_1 is likely a matrix of his own, and is not read as w1."""
    E = regularised()
    [line] = check_derivation(E, "dL/dW_1 = 2(ŷ-y)x_1 + 2λw_1").lines
    assert line.verdict == "UNKNOWN NAME"


def test_a_name_of_ones_own_goes_before_an_activation():
    f = Op("f", lambda x: x * x, lambda x, _: 2 * x)
    x = Value(3.0, label="x")
    y = named(f(x), "y")
    assert check_derivation(y, "y = f(x)")
    assert check_derivation(y, "dy/dx = f'(x)")
    assert is_wrong(y, "y = f'(x)")


def test_it_is_told_which_weights_are_read():
    [line] = check_derivation(other_names(), "dL/dW2 = h^T (p-y)").lines
    assert "W2 is read as wᵀ" in line.read
    [line] = check_derivation(other_names(), "dL/dW3 = h^T (p-y)").lines
    assert line.verdict == "UNKNOWN NAME"


def test_a_sum_over_an_index_that_nothing_has_is_not_read():
    [line] = check_derivation(examples(), "J = Σ_i w1").lines
    assert line.because == "NOT READ, nothing has the index i"


def test_the_learning_rate_has_no_gradient():
    [line] = check_derivation(examples(), "dJ/db = η.grad").lines
    assert line.verdict == "NOT READ"


def test_a_sum_of_many_arrays_takes_no_time():
    start = time.process_time()
    assert is_wrong(examples(), "z = Σ_{i=1}^{99} X w")
    assert time.process_time() - start < 0.5


def test_a_label_that_a_rate_may_have_stands_beside_itself():
    a = Value(0.5, label="α")
    y = named(a * a * a, "y")
    assert check_derivation(y, r"dy/d\alpha = 3\alpha \alpha")
    assert is_wrong(y, r"dy/d\alpha = 2\alpha \alpha")
