"""What newcomers type: each row with what it is to be read as, or asked back."""

import pytest
from boards import named

from autograd import Value, check_derivation, tanh


def recurrent():
    """E = (h2 − 1)²/2 of two steps h = tanh(w·h + u·x)."""
    w, u, h, x1, x2 = (
        Value(x, label=n)
        for n, x in (("w", 0.5), ("u", 0.8), ("h0", 0.1), ("x1", 1.0), ("x2", 0.3))
    )
    for k, x in ((1, x1), (2, x2)):
        a = named(w * h + u * x, f"a{k}")
        h = named(tanh(a), f"h{k}")
    return named((h - 1) ** 2 / 2, "E"), a, h


E, A2, H2 = recurrent()


@pytest.mark.parametrize("name", ["E_w", "E_{w}", "dE_dw"])
def test_a_derivative_that_is_spelled_as_a_name_is_read_and_told(name):
    true = check_derivation(E, "dE/dw = 99").lines[0].expected
    lines = check_derivation(E, f"{name} = {true:.6f}\nw+ = w - 0.5*{name}").lines
    assert all(line.right for line in lines), lines
    assert f"{name} is read as ∂E/∂w" in lines[0].read
    [wrong] = check_derivation(E, f"{name} = 99").lines
    assert wrong.wrong
    assert f"{name} is read as ∂E/∂w" in wrong.read


def test_a_name_that_begins_with_the_root_may_be_ones_own():
    lines = check_derivation(E, "E_w = 2*w\na1 = E_w/2*h0 + u*x1").lines
    assert lines[-1].right


@pytest.mark.parametrize("name", ["dEdw", "gradw", "grad_w", "dW"])
def test_a_derivative_that_is_mistyped_is_no_name_of_ones_own(name):
    marks = check_derivation(E, f"{name} = 99")
    [line] = marks.lines
    assert line.open
    assert "did you mean ∂E/∂w?" in line.because
    assert not marks


def test_definitions_alone_are_not_right():
    assert not check_derivation(E, "foo = 2*w")
    assert check_derivation(E, "foo = 2*w\na1 = foo/2*h0 + u*x1")


@pytest.mark.parametrize("space", [r"\,", r"\;", r"\:", r"\!"])
def test_a_space_of_latex_parts_nothing(space):
    [line, number] = check_derivation(E, rf"a_1 = w{space} h_0 + u{space} x_1 = 0.85").lines
    assert line.right
    assert number.right


def test_delta_with_a_number_is_about_the_pre_activation_with_it():
    true = (H2.data - 1) * (1 - H2.data**2)
    assert check_derivation(E, f"delta2 = {true:.6f}")
    [line] = check_derivation(E, "delta2 = 7.5").lines
    assert "∂E/∂a2" in line.read


@pytest.mark.parametrize("text", ["", "The gradient of E w.r.t. w is -0.5"])
def test_where_nothing_is_claimed_it_is_told_so(text):
    assert str(check_derivation(E, text)) == "nothing to mark: no line has an ="


def test_a_colon_is_an_equals_sign():
    E.backward()
    assert check_derivation(E, f"dE / da2 : {A2.grad:.4f}")


def test_the_frame_of_a_latex_file_is_not_marked():
    text = r"""\documentclass[a4paper,fontsize=11]{article}
\usepackage[margin=1in]{geometry}
\begin{document}
$a_1 = 0.85$
\end{document}"""
    [line] = check_derivation(E, text).lines
    assert line.right
    assert line.number == 4


def test_a_sentence_names_at_most_three_slips_and_none_twice():
    [line] = check_derivation(E, f"dE/da2 = {H2.data - 1:.7f}").lines
    assert "ACTIVATION'S DERIVATIVE LEFT OUT" in line.because
    assert "FACTOR LEFT OUT" not in line.because
    assert len(line.because.split("; ")) <= 4


def test_what_follows_from_a_slip_is_consistent_with_it():
    lines = check_derivation(
        E, f"dE/dh2 = 0.5\ndE/da2 = dE/dh2*(1 - h2^2) = {0.5 * (1 - H2.data**2):.6f}"
    ).lines
    assert lines[-1].mark == "follows"
    assert "consistent with your slip in line 1: nothing more is deducted" in lines[-1].because


@pytest.mark.parametrize(
    "line",
    [
        "dE/da2 (w) = (h2-1)*(1-h2^2)",
        "dE/da2(w, u) = (h2-1)*(1-h2^2)",
        r"\frac{\partial E}{\partial a_2}(w) = (h_2-1)(1-h_2^2)",
        r"dE/da2 = (h2-1)*(1-h2^2) \quad (3)",
        r"dE/da2 = (h2-1)*(1-h2^2) \qquad (2.13)",
        "dE/da2 = (h2-1)*(1-h2^2)     (3)",
        r"dE/da2 = (h2-1)*(1-h2^2) \tag{3}",
    ],
)
def test_what_it_is_a_function_of_and_the_number_of_an_equation_are_no_factors(line):
    assert check_derivation(E, line)


def test_a_number_in_brackets_that_is_put_in_is_a_factor():
    h, a = H2.data, 1 - H2.data**2
    assert check_derivation(E, f"dE/da2 = (h2-1)*(1-h2^2) = ({h - 1:.4f}) ({a:.4f})")
    assert not check_derivation(E, f"dE/da2 = (h2-1)*(1-h2^2) = ({h - 1:.4f}) ({a:.4f}) (3)")


@pytest.mark.parametrize(
    ("line", "steps"),
    [
        ("a_t = w*h_{t-1} + u*x_t", [1, 2]),
        ("h_{t+1} = tanh(w h_t + u x_{t+1})", [0, 1]),
        ("h_t = tanh(a_t)", [1, 2]),
        ("dE/dh_t = dE/da_{t+1} w", [0, 1]),
        ("∂E/∂hₜ₋₁ = w ∂E/∂aₜ", [1, 2]),
        ("δ_t = w δ_{t+1} (1 - h_t^2)", [1]),
        (r"\frac{dE}{dw} = \sum_{t=1}^{2} \frac{dE}{da_t} h_{t-1}", []),
        ("dE/dw = Σ_t dE/da_t h_{t-1}", []),
    ],
)
def test_a_recursion_is_read_for_each_of_its_steps(line, steps):
    marks = check_derivation(E, line)
    assert marks
    assert [found.read.partition(";")[0] for found in marks.lines] == (
        [f"for t = {k}" for k in steps] or [marks.lines[0].read.partition(";")[0]]
    )


@pytest.mark.parametrize(
    "line", ["a_t = w*h_t + u*x_t", "dE/dh_t = dE/da_{t+1} u", "δ_t = w δ_{t+1} (1 - h_{t+1}^2)"]
)
def test_a_recursion_with_a_slip_is_wrong_at_each_of_its_steps(line):
    lines = check_derivation(E, line).lines
    assert lines
    assert all(found.wrong for found in lines)


def test_a_square_is_not_divided_by_its_base():
    [_, line] = check_derivation(E, "da_t/dw = h_{t-1}").lines
    assert str(line.verdicts[0]) == "MISSING PATH"
    assert "DIVIDED" not in line.because


@pytest.mark.parametrize(
    ("line", "steps"),
    [
        ("dE/dh_t = h_t - 1 for t = 2", [2]),  # at the last step alone it is so
        ("a_t = w*h_{t-1} + u*x_t for t = 1, 2", [1, 2]),
        ("dE/dh_t = dE/da_{t+1} w, for t = 0 and 1", [0, 1]),
        ("t = 2: dE/dh_{t-1} = dE/da_t w", [2]),
    ],
)
def test_steps_that_are_stated_are_those_that_are_meant(line, steps):
    lines = check_derivation(E, line).lines
    assert [found.read.partition(";")[0] for found in lines] == [f"for t = {k}" for k in steps]
    assert all(found.right for found in lines)


def test_a_step_that_is_stated_is_judged_or_not_read():
    assert check_derivation(E, "dE/dh_t = h_t - 1 for t = 1").lines[0].wrong
    assert check_derivation(E, "t = 1: dE/dh_t = h_t - 1").lines[0].wrong
    for line in ("dE/dh_2 = h_2 - 1 for t = 2", "dE/dh_t = h_t - 1 for t = 7"):
        lines = check_derivation(E, line).lines
        assert not any(found.wrong or found.right for found in lines)
