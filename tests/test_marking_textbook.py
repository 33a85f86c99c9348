"""Lines of textbooks, of losses and layers that no example has: each is right, and beside it stands
one with a slip, in the same spelling, which is not.
"""

import pytest
from boards import is_wrong, named, vector

from autograd import Value, check_derivation, exp, log, maximum, relu, sigmoid, tanh


def hinge():
    """Two examples: f1 is 0 but for its rounding, 2.8e-17."""
    w, b, x, y = vector([0.5, -0.3], "w"), Value(0.1, "b"), vector([1.0, 2.0], "x"), Value(1.0, "y")
    f = named(w[0] * x[0] + w[1] * x[1] + b, "f")
    m = named(y * f, "m")
    return named(maximum(0.0, 1 - m), "l")


def adam():
    m0, g, beta = Value(0.05, "m0"), Value(0.8, "g"), Value(0.9, "beta")
    m1 = named(beta * m0 + (1 - beta) * g, "m1")
    return named(m1 / (1 - beta**2), "mhat")


def polynomial():
    """J = (e1² + e2² + e3²)/3, of the fit a0 + a1·x + a2·x²."""
    a = vector([0.5, -1.0, 0.3], "a", first=0)
    errors = []
    for i, (x, y) in enumerate(((-1.0, 1.0), (0.5, 0.2), (2.0, -0.5)), 1):
        x, y = Value(x, f"x{i}"), Value(y, f"y{i}")
        f = named(a[0] + a[1] * x + a[2] * x**2, f"f{i}")
        errors.append(named(f - y, f"e{i}"))
    return named((errors[0] ** 2 + errors[1] ** 2 + errors[2] ** 2) / 3, "J")


def hopfield():
    s = vector([0.9, -0.8, 0.7], "s")
    w12, w13, w23 = (Value(x, label) for label, x in (("w12", 0.5), ("w13", -0.4), ("w23", 0.3)))
    return named(-(w12 * s[0] * s[1] + w13 * s[0] * s[2] + w23 * s[1] * s[2]), "E")


def stride():
    """A convolution with stride 2: y1 of x1, x2, x3, and y2 of x3, x4, x5; then relu."""
    x, k = vector([0.5, -1.0, 2.0, 0.3, -0.7], "x"), vector([0.4, -0.6, 0.2], "k")
    y = [named(k[0] * x[i] + k[1] * x[i + 1] + k[2] * x[i + 2], f"y{i // 2 + 1}") for i in (0, 2)]
    a = [named(maximum(0.0, v), f"a{i}") for i, v in enumerate(y, 1)]
    return named(a[0] * a[1], "L")


def tempered():
    """Softmax with a temperature."""
    z, T = vector([1.0, 0.2, -0.5], "z"), Value(2.0, "T")
    e = [exp(v / T) for v in z]
    p = [named(v / (e[0] + e[1] + e[2]), f"p{i}") for i, v in enumerate(e, 1)]
    return named(-(0.2 * log(p[0]) + 0.5 * log(p[1]) + 0.3 * log(p[2])), "L")


def zero_bias():
    """Cross-entropy of a softmax of o = u·x + c, where the bias c2 is 0."""
    x, u, c = Value(0.9, "x"), vector([0.6, -0.3], "u"), vector([0.1, 0.0], "c")
    o = [named(a * x + b, f"o{i}") for i, (a, b) in enumerate(zip(u, c, strict=True), 1)]
    p = [named(exp(v) / (exp(o[0]) + exp(o[1])), f"p{i}") for i, v in enumerate(o, 1)]
    y = vector([1.0, 0.0], "y")
    return named(-(y[0] * log(p[0]) + y[1] * log(p[1])), "L")


def units():
    """Binary cross-entropy of two relus, of which the second is off."""
    x, y = Value(0.9, "x"), Value(1.0, "y")
    w, u = vector([0.4, -0.3], "w"), vector([0.6, -0.3], "u")
    h = [named(relu(named(v * x, f"z{i}")), f"h{i}") for i, v in enumerate(w, 1)]
    p = named(sigmoid(named(u[0] * h[0] + u[1] * h[1], "s")), "p")
    return named(-(y * log(p) + (1 - y) * log(1 - p)), "L")


def tied():
    """An autoencoder whose decoder has the encoder's weight."""
    x, w = Value(0.9, "x"), Value(0.6, "w")
    h = named(tanh(named(w * x, "a")), "h")
    return named((x - named(w * h, "r")) ** 2, "L")


LINES = [  # the network, a line that is right, and one that is not
    # A sum that leaves nothing is 0, whatever floats leave of it.
    (hinge, "f = 0.5·1 + (−0.3)·2 + 0.1 = 0", "f = 0.5·1 + (−0.3)·2 + 0.1 = 0.001"),
    (hinge, "m = y·f = 1·0 = 0", "m = y·f = 1·0 = 1"),
    # One digit alone is rounded, and not cut off: 0.1 is 1 − 0.9, and not 1 − 0.9² = 0.19.
    (adam, "mhat = 0.125/0.2 = 0.625", "mhat = 0.125/0.1 = 1.25"),
    (adam, "mhat = m1/(1 − beta²) = 0.125/0.19", "mhat = m1/(1 − beta²) = 0.125/0.1 = 1.25"),
    # An index times a number, and an index as a number.
    (stride, "y_i = Σ_m k_m x_{2i+m-2}", "y_i = Σ_m k_m x_{i+m-1}"),
    (stride, r"y_i = \sum_{m=1}^{3} k_m x_{2(i-1)+m}", r"y_i = \sum_{m=1}^{2} k_m x_{2(i-1)+m}"),
    (stride, "∂L/∂k_m = Σ_i ∂L/∂y_i x_{2 i + m - 2}", "∂L/∂k_m = Σ_i ∂L/∂a_i x_{2 i + m - 1}"),
    (polynomial, "f_i = Σ_{k=0}^{2} a_k x_i^k", "f_i = Σ_{k=0}^{2} a_k x_i^{k+1}"),
    (
        polynomial,
        "∂J/∂a_k = 2/3 Σ_{i=1}^{3} e_i x_i^k",
        "∂J/∂a_k = 2/3 Σ_{i=1}^{3} e_i k x_i^{k-1}",
    ),
    # A sum over pairs.
    (hopfield, "E = −Σ_{i<j} w_ij s_i s_j", "E = −½ Σ_{i<j} w_ij s_i s_j"),
    (hopfield, "E = −Σ_{j>i} w_ij s_i s_j", "E = −Σ_{j>i} w_ij s_i"),
    (hopfield, "∂E/∂s_3 = −Σ_{j<3} w_{j3} s_j", "∂E/∂s_3 = −Σ_{j<2} w_{j3} s_j"),
    (tempered, r"dp_i/dz_i = \frac{p_i}{T} \sum_{j \neq i} p_j", "dp_i/dz_i = p_i/T Σ_{j} p_j"),
    (tempered, "Σ_i p_i² + Σ_{i≠j} p_i p_j = 1", "Σ_i p_i² + Σ_{i<j} p_i p_j = 1.0"),
    (tempered, "Σ_{i,j} p_i p_j = 1", "Σ_{i,j} p_i p_j = 2"),
    # Pieces.
    (stride, "a_i = y_i if y_i > 0 else 0", "a_i = y_i if y_i < 0 else 0"),
    (stride, "∂a_i/∂y_i = 1 if y_i > 0, 0 otherwise", "∂a_i/∂y_i = 0 if y_i > 0, 1 otherwise"),
    (stride, "∂a_1/∂y_1 = 1[y_1 ≥ 0]", "∂a_1/∂y_1 = 1[y_1 ≤ 0]"),
    (stride, r"∂a_1/∂y_1 = \mathbb{1}_{\{y_1 > 0\}}", r"∂a_1/∂y_1 = \mathbb{1}_{\{y_1 < 0\}}"),
    (stride, "dL/dy1 = a2 * np.where(y1 > 0, 1, 0)", "dL/dy1 = a2 * np.where(y1 > 0, 0, 1)"),
    (
        stride,
        r"a_i = \begin{cases} y_i & y_i > 0 \\ 0 & y_i \le 0 \end{cases}",
        r"a_i = \begin{cases} y_i & y_i > 0 \\ 1 & y_i \le 0 \end{cases}",
    ),
    (
        stride,
        "\\frac{\\partial a_1}{\\partial y_1} = \\begin{cases}\n1, & \\text{if } y_1 > 0,\\\\\n"
        "0, & \\text{otherwise.}\n\\end{cases}",
        "\\frac{\\partial a_1}{\\partial y_1} = \\begin{cases}\ny_1, & \\text{if } y_1 > 0,\\\\\n"
        "0, & \\text{otherwise.}\n\\end{cases}",
    ),
    (
        hinge,
        r"\frac{\partial l}{\partial f} = \left\{\begin{array}{ll} -y & y f < 1 \\ 0 & y f \ge 1 "
        r"\end{array}\right.",
        r"\frac{\partial l}{\partial f} = \left\{\begin{array}{ll} -y & y f > 1 \\ 0 & y f \le 1 "
        r"\end{array}\right.",
    ),
    (
        tempered,
        r"∂p_i/∂z_j = \begin{cases} p_i(1-p_i)/T & i = j \\ -p_i p_j/T & i \neq j \end{cases}",
        r"∂p_i/∂z_j = \begin{cases} p_i(1-p_i)/T & i = j \\ p_i p_j/T & i \neq j \end{cases}",
    ),
    (
        tempered,
        "dp_i/dz_j = p_i*(1-p_j)/T if i == j else -p_i*p_j/T",
        "dp_i/dz_j = p_i*(1-p_j)/T if i != j else -p_i*p_j/T",
    ),
    (
        stride,
        "a_1 = \\left\\{\\begin{array}{ll}\n y_1 & y_1 > 0 \\\\\n 0 & y_1 \\le 0\n\\end{array}\\right.",
        "a_1 = \\left\\{\\begin{array}{ll}\n y_1 & y_1 > 0 \\\\\n 1 & y_1 > 0\n\\end{array}\\right.",
    ),
    # What a name means stands behind it; e is no constant where it is said to be another thing.
    (
        tied,
        "dL/dw = −2(x − r) h + δ x, where δ = ∂L/∂a",
        "dL/dw = −2(x − r) h + δ x, where δ = ∂L/∂h",
    ),
    (
        tied,
        "dL/dw = −2(x − r) h + δ x\nwhere δ = ∂L/∂a",
        "dL/dw = −2(x − r) h − δ x\nwhere δ = ∂L/∂a",
    ),
    (tied, "e = x − r\ndL/dr = −2e", "e = x − r\ndL/dr = 2e"),
    (
        tied,
        "e = x − r\nh = (e^a − e^{-a})/(e^a + e^{-a})",
        "e = x − r\nh = (e^a + e^{-a})/(e^a − e^{-a})",
    ),
    # ∂_x y
    (tied, r"\partial_h L = -2(x - r) w", r"\partial_h L = 2(x - r) w"),
    (tied, "∂_{h} r = w", "∂_{w} r = w"),
    # A step of descent with the numbers of its steps.
    (tied, "w^{(t+1)} = w^{(t)} − 0.1 ∂L/∂w", "w^{(t+1)} = w^{(t)} + 0.1 ∂L/∂w"),
    (tied, r"w_{k+1} = w_k - 0.1 \nabla_w L", r"w_{k+1} = w_k + 0.1 \nabla_w L"),
    (tied, "w_{n+1} = w_n - 0.1 L'(w_n)", "w_{n+1} = w_n + 0.1 L'(w_n)"),
    (tied, "w^{(1)} = w^{(0)} − 0.1 ∂L/∂w", "w^{(1)} = w^{(0)} − 0.1 ∂L/∂r"),
    (tied, "η = 0.1\nw_{new} = w_{old} − η ∂L/∂w", "η = 0.1\nw_{new} = w_{old} − 2η ∂L/∂w"),
    (units, "w^{(t+1)} = w^{(t)} − 0.1 ∇_w L", "w^{(t+1)} = w^{(t)} + 0.1 ∇_w L"),
    (
        units,
        "w_1^{(t+1)} = w_1^{(t)} − 0.1 (p − y) u_1 x",
        "w_1^{(t+1)} = w_1^{(t)} − 0.1 (p − y) u_2 x",
    ),
    # New names with an index.
    (polynomial, "r_i = y_i − f_i\nJ = 1/3 Σ_i r_i²", "r_i = y_i − f_i\nJ = 1/3 Σ_i r_i"),
    (
        polynomial,
        "Let r_i = y_i − f_i. So J = 1/3 Σ_i r_i²",
        "Let r_i = y_i − f_i. So J = Σ_i r_i²",
    ),
    (polynomial, "J = 1/3 Σ_i r_i², where r_i = y_i − f_i", "J = Σ_i r_i², where r_i = y_i − f_i"),
    (polynomial, "r_i = y_i − f_i = −e_i", "r_i = y_i − f_i = e_i"),
    # A heading.
    (
        polynomial,
        "Mean over examples: J = (e1² + e2² + e3²)/3",
        "Mean over examples: J = e1² + e2²",
    ),
    # A derivative by a bias that is 0, for targets that are one-hot.
    (zero_bias, "∂L/∂c = p − y", "∂L/∂c = y − p"),
    (zero_bias, "∂L/∂c2 = p2 − y2", "∂L/∂c2 = p2 − y1"),
    # At far points, where a kink is crossed, p is 1 but for a millionth: that refutes nothing.
    (units, "∂L/∂w_i = (p − y) u_i 1[z_i > 0] x", "∂L/∂w_i = (p − y) u_i x"),
    (units, "∂L/∂x = (p − y) Σ_i u_i 1[z_i > 0] w_i", "∂L/∂x = (p − y) Σ_i u_i w_i"),
    # Words before a conclusion, and a reason behind it.
    (
        units,
        "The second unit is off, hence dL/dw2 = 0",
        "The second unit is off, hence dL/dw1 = 0.0",
    ),
    (units, "dL/dw2 = 0, because z2 = −0.27", "dL/dw2 = 0, because z2 = 0.27"),
]


@pytest.mark.parametrize(("network", "right", "wrong"), LINES, ids=[right for _, right, _ in LINES])
def test_a_line_of_a_textbook_is_read(network, right, wrong):
    root = network()
    marks = check_derivation(root, right)
    assert marks, f"\n{marks}"
    assert is_wrong(root, wrong), f"\n{check_derivation(root, wrong)}"


def test_what_comes_to_another_number_is_not_said_to_be_as_it_should():
    [line] = check_derivation(polynomial(), "∂J/∂a_1 = 2/3(0.8·(−1) − 0.125·0.25 + 0.2·2)").lines
    assert not line.right
    assert "it gives -0.2875, and it is -0.308333" in line.because


def test_a_condition_that_the_record_does_not_go_by_is_told():
    x = Value(1.5, "x")
    y = named(x - 0.5, "y")  # Huber's loss, recorded where x is more than 1
    [line] = check_derivation(y, "y = x²/2 if x < 1 else x − 0.5").lines
    assert line.verdict == "UNSURE"
    assert "in the other case it is not so, or the record does not tell" in line.because
    [line] = check_derivation(y, "y = x²/2 if x > 1 else x − 0.5").lines
    assert line.wrong


@pytest.mark.parametrize("formula", ["u if u > 1 else 0", "0 if u < 1 else u", "2u·1[u > 1]"])
def test_a_condition_is_about_all_that_its_quantity_may_be(formula):
    """r is u from 0 on, and u is less: a limit of 1, where c has its kink, is not found out here."""
    u = named(Value(-0.5, "x") * 1.0, "u")
    r, c = named(relu(u), "r"), named(maximum(u, 1.0), "c")
    F = named(r * c, "F")
    assert check_derivation(F, "r = u if u > 0 else 0")
    assert not check_derivation(F, f"r = {formula}")


def test_a_table_with_a_formula_has_its_value_in_the_third_column():
    lines = check_derivation(polynomial(), "| ∂J/∂a_0 | 2/3·(e1 + e2 + e3) | 0.5833 |").lines
    assert [line.right for line in lines] == [True, True]
    lines = check_derivation(polynomial(), "| ∂J/∂a_0 | 2/3·(e1 + e2 + e3) | 0.5388 |").lines
    assert [line.right for line in lines] == [True, False]
    [line] = check_derivation(polynomial(), "| a_0 | 0.5 | 0.44 |").lines  # what it was, and is
    assert line.right


def test_a_condition_alone_does_not_hide_behind_a_number():
    for line in check_derivation(stride(), "∂a_1/∂y_1 = 1 if y_1 < 0").lines:
        assert line.open
        assert "what is it elsewhere?" in line.because


@pytest.mark.parametrize(
    "words", ["L > 0, so ", "since L = 0.754 > 0 we have ", "r < x, so we get "]
)
def test_what_follows_a_comparison_is_a_claim_of_its_own(words):
    right, wrong = (
        check_derivation(stride(), f"{words}{x}") for x in ("dL/da1 = a2", "dL/da1 = a1")
    )
    assert right.lines[-1].right
    assert wrong.lines[-1].wrong
    assert right.lines[-1].claim == "dL/da1 = a2"


def test_the_number_of_a_later_step_is_no_power():
    [line] = check_derivation(tied(), "w^{(2)} = w^{(1)} − 0.1 ∂L/∂w").lines
    assert line.verdict == "UNKNOWN NAME"


def test_of_what_is_0_only_that_is_told_which_a_formula_needs():
    [line] = check_derivation(zero_bias(), "∂L/∂o1 = p1 − 1").lines
    assert (
        line.because == "UNSURE, it holds for y1 = 1 and y2 = 0, and not for others: write the name"
    )


def test_a_case_that_is_not_understood_is_told():
    for line in check_derivation(
        stride(), r"y_i = \begin{cases} x & big \\ 0 & small \end{cases}"
    ).lines:
        assert line.because == "NOT READ, which case it is is not understood: big or small"
