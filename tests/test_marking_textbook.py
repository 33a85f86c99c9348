"""Lines of textbooks, of losses and layers that no example has: each is right, and beside it stands
one with a slip, in the same spelling, which is not.
"""

import pytest

from autograd import Value, check_derivation, maximum


def named(value, label):
    value.label = label
    return value


def vector(data, label, first=1):
    return [Value(x, label=f"{label}{i}") for i, x in enumerate(data, first)]


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


LINES = [  # the network, a line that is right, and one that is not
    # A sum that leaves nothing is 0, whatever floats leave of it.
    (hinge, "f = 0.5·1 + (−0.3)·2 + 0.1 = 0", "f = 0.5·1 + (−0.3)·2 + 0.1 = 0.001"),
    (hinge, "m = y·f = 1·0 = 0", "m = y·f = 1·0 = 1"),
    # One digit alone is rounded, and not cut off: 0.1 is 1 − 0.9, and not 1 − 0.9² = 0.19.
    (adam, "mhat = 0.125/0.2 = 0.625", "mhat = 0.125/0.1 = 1.25"),
    (adam, "mhat = m1/(1 − beta²) = 0.125/0.19", "mhat = m1/(1 − beta²) = 0.125/0.1 = 1.25"),
]


@pytest.mark.parametrize(("network", "right", "wrong"), LINES, ids=[right for _, right, _ in LINES])
def test_a_line_of_a_textbook_is_read(network, right, wrong):
    root = network()
    marks = check_derivation(root, right)
    assert marks, f"\n{marks}"
    marks = check_derivation(root, wrong)
    assert any(line.wrong for line in marks.lines), f"\n{marks}"


def test_what_comes_to_another_number_is_not_said_to_be_as_it_should():
    [line] = check_derivation(polynomial(), "∂J/∂a_1 = 2/3(0.8·(−1) − 0.125·0.25 + 0.2·2)").lines
    assert not line.right
    assert "it gives -0.2875, and it is -0.308333" in line.because
