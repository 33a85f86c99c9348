"""Formulas and numbers as a person writes them: written down by hand, and read back as mathematics."""

import re
import time
from decimal import Decimal

import pytest
import sympy
from expressions import ORACLE, RAISED, ROWS, SYMBOLS, named_programs, says
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.mathtext import MathTextParser
from mpmath import mp

import autograd
from autograd import Op, Value, cos, exp, grad, sin
from autograd.formula import Formula, formula
from autograd.graph import named_graph
from autograd.notation import Notation

LATEX = Notation("latex")


def variables():
    return Value(2.0, "x"), Value(3.0, "y"), Value(-0.5, "w"), Value(0.01, "t1")


# by hand


# fmt: off
WRITTEN = [
    # sums
    ("x + y",                   "x + y",             "2 + 3",              r"x + y"),
    ("x + w",                   "x + w",             "2 + (−0.5)",         r"x + w"),
    ("w + x",                   "w + x",             "−0.5 + 2",           r"w + x"),
    ("x - (y + w)",             "x − (y + w)",       "2 − (3 + (−0.5))",   r"x - \left(y + w\right)"),
    ("(x - y) - w",             "x − y − w",         "2 − 3 − (−0.5)",     r"x - y - w"),
    ("x + (y - w)",             "x + y − w",         "2 + 3 − (−0.5)",     r"x + y - w"),
    ("-(x - y)",                "−(x − y)",          "−(2 − 3)",           r"-\left(x - y\right)"),
    ("-(-(x - y))",             "x − y",             "2 − 3",              r"x - y"),
    ("-x - y",                  "−x − y",            "−2 − 3",             r"-x - y"),
    ("3*x**2 - 4*x + 5",        "3·x² − 4·x + 5",    "3·2² − 4·2 + 5",     r"3 \cdot x^{2} - 4 \cdot x + 5"),
    ("1 - (1 - x)",             "1 − (1 − x)",       "1 − (1 − 2)",        r"1 - \left(1 - x\right)"),
    # gathered, and constants folded and put first
    ("x + x",                   "2·x",               "2·2",                r"2 \cdot x"),
    ("2 * x * 3",               "6·x",               "6·2",                r"6 \cdot x"),
    ("x * 0.1",                 "0.1·x",             "0.1·2",              r"0.1 \cdot x"),
    ("x * Value(4.0)",          "4·x",               "4·2",                r"4 \cdot x"),
    ("x * y * x",               "x²·y",              "2²·3",               r"x^{2} \cdot y"),
    ("-x * y * -w",             "x·y·w",             "2·3·(−0.5)",         r"x \cdot y \cdot w"),
    ("x - x",                   "0",                 "0",                  "0"),
    ("0 * x + 1",               "1",                 "1",                  "1"),
    ("x**0",                    "1",                 "1",                  "1"),
    ("x / x + 1",               "2",                 "2",                  "2"),
    ("Value(3.0) * 2",          "6",                 "6",                  "6"),
    ("x + y - x",               "y",                 "3",                  "y"),
    ("x / 49 * 49",             "x",                 "2",                  "x"),
    # one half
    ("x / 2",                   "½·x",               "½·2",                r"\frac{1}{2} \cdot x"),
    ("(t - x)**2 / 2",          "½(t1 − x)²",        "½(0.01 − 2)²",       r"\frac{1}{2}\left(t_1 - x\right)^{2}"),
    ("-(x * y) / 2",            "−½·x·y",            "−½·2·3",             r"-\frac{1}{2} \cdot x \cdot y"),
    ("0.5 * w**2",              "½·w²",              "½(−0.5)²",           r"\frac{1}{2} \cdot w^{2}"),
    ("x + 0.5",                 "x + 0.5",           "2 + 0.5",            r"x + 0.5"),
    ("0.5 / x",                 "1/(2·x)",           "1/(2·2)",            r"\frac{1}{2 \cdot x}"),
    # products, quotients, powers
    ("(x + y) * (x - y)",       "(x + y)·(x − y)",   "(2 + 3)·(2 − 3)",
                                r"\left(x + y\right) \cdot \left(x - y\right)"),
    ("x / y",                   "x/y",               "2/3",                r"\frac{x}{y}"),
    ("-x / y",                  "−x/y",              "−2/3",               r"-\frac{x}{y}"),
    ("x / (y / w)",             "x·w/y",             "2·(−0.5)/3",         r"\frac{x \cdot w}{y}"),
    ("x / y / t",               "x/(y·t1)",          "2/(3·0.01)",         r"\frac{x}{y \cdot t_1}"),
    ("x / (y + t)",             "x/(y + t1)",        "2/(3 + 0.01)",       r"\frac{x}{y + t_1}"),
    ("(x + y) / (x - y)",       "(x + y)/(x − y)",   "(2 + 3)/(2 − 3)",    r"\frac{x + y}{x - y}"),
    ("x / w",                   "x/w",               "2/(−0.5)",           r"\frac{x}{w}"),
    ("x / 3",                   "x/3",               "2/3",                r"\frac{x}{3}"),
    ("(x + y) / 3",             "(x + y)/3",         "(2 + 3)/3",          r"\frac{x + y}{3}"),
    ("2 / x**2",                "2/x²",              "2/2²",               r"\frac{2}{x^{2}}"),
    ("w**-2",                   "1/w²",              "1/(−0.5)²",          r"\frac{1}{w^{2}}"),
    ("x**w",                    "x^w",               "2^(−0.5)",           r"x^{w}"),
    ("2**x",                    "2^x",               "2²",                 r"2^{x}"),
    ("x**12",                   "x¹²",               "2¹²",                r"x^{12}"),
    ("x**0.5",                  "x^0.5",             "2^0.5",              r"x^{0.5}"),
    ("(w * w)**0.5",            "(w²)^0.5",          "((−0.5)²)^0.5",      r"\left(w^{2}\right)^{0.5}"),
    ("(x**y)**w",               "(x^y)^w",           "(2³)^(−0.5)",        r"\left(x^{y}\right)^{w}"),
    ("x**(y * w)",              "x^(y·w)",           "2^(3·(−0.5))",       r"x^{y \cdot w}"),
    ("(x + y)**2 * x",          "(x + y)²·x",        "(2 + 3)²·2",         r"\left(x + y\right)^{2} \cdot x"),
    ("-(x * y)**2",             "−x²·y²",            "−2²·3²",             r"-x^{2} \cdot y^{2}"),
    # functions
    ("exp(-x)",                 "e^(−x)",            "e^(−2)",             r"e^{-x}"),
    ("exp(x) * exp(y)",         "e^x·e^y",           "e²·e³",              r"e^{x} \cdot e^{y}"),
    ("exp(x)**2",               "(e^x)²",            "(e²)²",              r"\left(e^{x}\right)^{2}"),
    ("exp(exp(x))",             "e^(e^x)",           "e^(e²)",             r"e^{e^{x}}"),
    ("log(x / y)",              "ln(x/y)",           "ln(2/3)",            r"\ln\left(\frac{x}{y}\right)"),
    ("sqrt(x * y)",             "√(x·y)",            "√(2·3)",             r"\sqrt{x \cdot y}"),
    ("abs(w - x)",              "|w − x|",           "|−0.5 − 2|",         r"\left|w - x\right|"),
    ("sigmoid(x + y)**2",       "σ(x + y)²",         "σ(2 + 3)²",          r"\sigma\left(x + y\right)^{2}"),
    ("sin(x) * cos(-x)",        "sin(x)·cos(−x)",    "sin(2)·cos(−2)",
                                r"\sin\left(x\right) \cdot \cos\left(-x\right)"),
    ("maximum(x, -y)",          "max(x, −y)",        "max(2, −3)",         r"\max\left(x, -y\right)"),
    ("gaussian(x)",             "e^(−x²)",           "e^(−2²)",            r"e^{-x^2}"),
    ("gaussian(w)",             "e^(−w²)",           "e^(−(−0.5)²)",       r"e^{-w^2}"),
    ("gaussian(x + y)",         "e^(−(x + y)²)",     "e^(−(2 + 3)²)",      r"e^{-\left(x + y\right)^2}"),
    ("gaussian(x**2)",          "e^(−(x²)²)",        "e^(−(2²)²)",         r"e^{-\left(x^{2}\right)^2}"),
    ("gaussian(exp(x))",        "e^(−(e^x)²)",       "e^(−(e²)²)",         r"e^{-\left(e^{x}\right)^2}"),
    ("swish(x)",                "x·σ(x)",            "2·σ(2)",             r"x \cdot \sigma\left(x\right)"),
    ("relu(x) + softplus(w)",   "relu(x) + softplus(w)","relu(2) + softplus(−0.5)",
                                r"\operatorname{relu}\left(x\right) + \operatorname{softplus}\left(w\right)"),
    # numbers out of the ordinary
    ("1e7 * x",                 "10⁷·x",             "10⁷·2",              r"10^{7} \cdot x"),
    ("3e-9 / x",                "3·10⁻⁹/x",          "3·10⁻⁹/2",           r"\frac{3 \cdot 10^{-9}}{x}"),
    ("t**1e7",                  "t1^(10⁷)",          "0.01^(10⁷)",         r"t_1^{10^{7}}"),
    ("1e-310 * x",              "10⁻³¹⁰·x",          "10⁻³¹⁰·2",           r"10^{-310} \cdot x"),
]
# fmt: on


@pytest.mark.parametrize(("expression", "text", "numbers", "latex"), WRITTEN)
def test_as_a_person_writes_it(expression, text, numbers, latex):
    x, y, w, t = variables()
    root = eval(expression, vars(autograd), {"x": x, "y": y, "w": w, "t": t})
    assert formula(root) == Formula(text, numbers)
    assert formula(root, notation=LATEX).names == latex


# fmt: off
PARTIALS = {  # of z by x and by y, in names; a new row is held to its oracle alone
    "add": ("1", "1"),  "sub": ("1", "−1"),  "mul": ("y", "x"),  "div": ("1/y", "−z/y"),  "neg": ("−1",),
    "pow": ("y·x^(y − 1)", "z·ln(x)"),
    "exp": ("z",),  "log": ("1/x",),  "sqrt": ("1/(2·z)",),
    "sin": ("cos(x)",),  "cos": ("−sin(x)",),  "tan": ("1 + z²",),
    "tanh": ("1 − z²",),  "sigmoid": ("z·(1 − z)",),  "softplus": ("σ(x)",),
    "gaussian": ("−2·x·z",),  "erf": ("2·e^(−x²)/√π",),
    "step": ("0",),  "sign": ("0",),  "relu": ("step(x)",),  "abs": ("sign(x)",),
    "maximum": ("½(1 + sign(x − y))", "½(1 − sign(x − y))"),
    "minimum": ("½(1 − sign(x − y))", "½(1 + sign(x − y))"),
}
# fmt: on


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_the_partials_of_every_row(row):
    args = [Value(0.75, "x"), Value(1.25, "y")][: row.arity]
    z = row(*args)
    names = dict(zip([*args, z], ["x", "y", "z"] if row.arity == 2 else ["x", "z"], strict=True))
    point = {name: v.data for v, name in names.items()}
    expected = PARTIALS.get(row.name, (None,) * row.arity)
    for arg, symbol, known in zip(args, SYMBOLS, expected, strict=False):
        written = formula(grad(z, arg), names).names
        assert known in (None, written)
        exactly = sympy.diff(ORACLE[row.name], symbol).subs(
            dict(zip(SYMBOLS, (0.75, 1.25), strict=False))
        )
        assert says(written, point, float(exactly))


# read back


def as_text(latex):
    """LaTeX in the notation of the text; what stands in braces gets brackets."""
    latex = re.sub(
        r"\^\{(\d+)\}|\^(\d)",
        lambda m: (m[1] or m[2]).translate({v: k for k, v in RAISED.items()}),
        latex,
    )
    latex = re.sub(r"_(?:\{(\d+)\}|(\d))", r"\1\2", latex)
    latex = re.sub(r"\\operatorname\{(\w+)\}", r"\1", latex).replace(
        r"\frac{1}{2}\left", r"\frac{1}{2}\cdot\left"
    )
    for command, sign in (
        ("cdot", "·"),
        ("sigma", "σ"),
        ("sqrt", "√"),
        ("pi", "π"),
        ("frac", ""),
        ("left", ""),
        ("right", ""),
    ):
        latex = latex.replace("\\" + command, sign)
    return latex.replace("}{", ")/(").translate(str.maketrans("{}-", "()−", "\\ "))


@given(named_programs())
def test_what_is_written_is_the_value(program):
    _, results, _ = program
    names = {v.label: mp.mpf(v.data) for v in results if v.label}
    graph = named_graph(results[-1])
    edges = [edge.derivative for edges in graph.edges.values() for edge in edges]
    for value, known in [
        (results[-1], {v: v.label for v in results[:-1] if v.label}),
        *((d, graph.names) for d in edges),
    ]:
        text, latex = (formula(value, known, Notation(style, 6)) for style in ("text", "latex"))
        assert says(text.names, names, value.data)
        assert says(text.numbers, {}, value.data)
        assert says(as_text(latex.names), names, value.data)
        assert says(as_text(latex.numbers), {}, value.data)


# labels

HOSTILE = [
    'say "x"', "it's", "a\\b", "$", "a & b", "#1", "50 %", "{", "}", "}{", "x^2", "_", "x_", "x__1", "~", "a\nb",
    "<script>", "\t", "😀", "größe", "é", "θ", "ς", "σ1", "x٣", "E²", "w₅", "∂E/∂x", "1", "007", " ", "a b", "a+b",
    "-x", "x·y", "a|b", "[1ex]", r"\\", r"\end{aligned}", "%comment", "×", "ħ", "\x00", "\u2028", "n" * 10_000,
]  # fmt: skip


@pytest.mark.parametrize("label", HOSTILE, ids=lambda label: ascii(label[:20]))
def test_a_label_is_escaped_in_latex(label):
    x = Value(0.5, label)
    written = formula(sin(x) * x**2 / (x + 1), notation=LATEX).names
    letter = r"\\text\{(?![ĦħĸĿŀŉŦŧſ])[^\W\d_]\}"  # one that pdflatex has
    assert re.fullmatch(r"[ -~]*", re.sub(letter, "", written))
    bare = re.sub(r"\\[^A-Za-z]", "", written)  # without \{ and \}
    depth = 0
    for character in bare:
        depth += (character == "{") - (character == "}")
        assert depth >= 0
    assert depth == 0
    assert not re.search(r"[$&#%~]", bare)
    commands = set(re.findall(r"\\[A-Za-z]+", bare))
    assert commands <= {
        r"\frac", r"\left", r"\right", r"\cdot", r"\sin", r"\mathrm", r"\text", r"\backslash", r"\wedge", r"\sim",
        r"\vert", r"\prime", r"\theta", r"\sigma",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("label", "latex"),
    [
        ("w5", "w_5"),
        ("w12", "w_{12}"),
        ("x", "x"),
        ("out_h1", r"\mathrm{out}_{h1}"),
        ("net_h1_2", r"\mathrm{net}_{h1,2}"),
        ("E_o1", "E_{o1}"),
        ("total", r"\mathrm{total}"),
        ("50 %", r"\mathrm{50\ \%}"),
        ("{", r"\mathrm{\{}"),
        ("größe", r"\mathrm{gr\text{ö}\text{ß}e}"),
        ("ŷ", r"\hat{y}"),
        ("y\u0302", r"\hat{y}"),
        ("ŷ1", r"\hat{y}_1"),
        ("ȳ", r"\bar{y}"),
        ("x̄_2", r"\bar{x}_2"),
        ("ẋ", r"\dot{x}"),
        ("yhat", r"\hat{y}"),
        ("y_hat", r"\hat{y}"),
        ("yhat_1", r"\hat{y}_1"),
        ("x_hat_1", r"\hat{x}_1"),
        ("gamma", r"\gamma "),
        ("mu_1", r"\mu _1"),
        ("sigma2", r"\sigma _2"),
        ("sigmahat", r"\hat{\sigma}"),
        ("σ²", r"\sigma ^2"),
        ("σ₁²", r"\sigma _1^2"),
        ("w₁₂", "w_{12}"),
        ("x¹", "x^1"),
        ("x⁻¹", "x^{-1}"),
        ("w⁺", "w^+"),
        ("w5⁺", "w_5^+"),
        ("w'", r"w^{\prime}"),
        ("w′′", r"w^{\prime\prime}"),
        ("z^[1]_1", "z_1^{[1]}"),
        ("z_1^[1]", "z_1^{[1]}"),
        ("x^(2)", "x^{(2)}"),
        ("x^2", "x^2"),
        ("net_h1⁽²⁾", r"\mathrm{net}_{h1}^{(2)}"),
        ("out⁽¹²⁾", r"\mathrm{out}^{(12)}"),
        ("∂L", r"\mathrm{U{+}2202L}"),
        ("target_{o1}", r"\mathrm{target}_{o1}"),
        ("x_{1,2}", "x_{1,2}"),
        ("h_{t-1}", "h_{t-1}"),
        ("a^{[l]}", "a^{[l]}"),
        ("x_{i}^{(2)}", "x_i^{(2)}"),
        ("w^{*}", "w^*"),
        ("x^{θ}", r"x^{\theta }"),
        ("x^{a__b}", r"\mathrm{x\wedge \{a\_\_b\}}"),
        ("ℓ", r"\ell "),
        ("ℒ_1", r"\mathcal{L}_1"),
        ("𝐱", r"\mathbf{x}"),
        ("ℝ", r"\mathbb{R}"),
    ],
)
def test_a_name_in_latex(label, latex):
    assert LATEX.name(label) == latex


@given(
    st.text(st.sampled_from("xwyzσμℒ𝐱ŷȳ\u0302²₁¹⁽⁾_^[](){},-12hatbr'′ é"), min_size=1, max_size=8)
)
def test_a_reader_of_latex_sets_every_name(label):
    sets = MathTextParser("path").parse
    sets(f"${LATEX.name(label).replace(chr(92) + 'text{', chr(92) + 'mathrm{')}$")
    assert Notation().name(label) == re.sub(" +", " ", label)


@given(st.text(st.sampled_from("w1_^~\\{}$&#% \n…⁽²⁾σéℒ<"), max_size=8))
def test_words_in_latex_hold_any_label(label):
    text = LATEX.words(f"{label} has moved")
    inside = re.sub(r"\\[{}$&#_%]", "", text.removeprefix(r"\text{").removesuffix("}"))
    outside_math = "".join(inside.split("$")[::2])
    assert inside.count("$") % 2 == 0
    assert not re.search(r"[\\{}&#_%^~\n]", outside_math.replace(r"\dots", ""))


@pytest.mark.parametrize("label", ["a+b", "a b", "-x", "∂E/∂x", "x·y", "E²", "x⁻¹", "a/b"])
def test_a_label_that_is_no_plain_name_stands_in_brackets(label):
    x, y = Value(2.0, label), Value(3.0, "y")
    assert formula(x**2 - y * x).names == f"({label})² − y·({label})"
    assert formula(sin(x)).names == f"sin({label})"


@pytest.mark.parametrize("label", ["a\nb", "a\tb", "a \r\n b", "a\u2028b"])
def test_a_formula_is_one_line(label):
    assert formula(Value(2.0, label) + 1).names == "(a b) + 1"


@pytest.mark.parametrize(
    "labels",
    [("x1", "x_1"), ("x1_2", "x_1_2"), ("a b", "a  b"), ("a b", "a\nb"), ("\x00", "\x01")],
)
@pytest.mark.parametrize("style", ["text", "latex"])
def test_two_values_are_never_taken_for_one(labels, style):
    a, b = (Value(number, label) for number, label in zip((2.0, 3.0), labels, strict=True))
    try:
        numbers = formula(a * b, notation=Notation(style)).numbers
    except ValueError:
        return
    assert numbers in ("2·3", r"2 \cdot 3")


@pytest.mark.parametrize(
    "build", [lambda a, b: a * b, lambda a, b: sin(a) - b, lambda a, b: a**2 + exp(b)]
)
def test_two_values_with_one_name_are_an_error(build):
    a, b = Value(2.0, "rate"), Value(3.0, "rate")
    with pytest.raises(
        ValueError, match="two Values are named 'rate': give each a label of its own"
    ):
        formula(build(a, b), {a: "rate", b: "rate"})


def test_values_with_one_label_are_told_apart():
    a, b = Value(2.0, "rate"), Value(3.0, "rate")
    assert formula(a * b) == Formula("rate·rate⁽²⁾", "2·3")
    assert formula(a * b, notation=LATEX).names == r"\mathrm{rate} \cdot \mathrm{rate}^{(2)}"
    total = Value(1.0, "E") + a
    total.label = "E"
    assert formula(total).names == "E⁽¹⁾ + rate"


def test_names_may_be_given():
    a, b = Value(2.0, "rate"), Value(3.0, "rate")
    assert formula(a * b, {a: "rate1", b: "rate2"}) == Formula("rate1·rate2", "2·3")
    assert formula(a * b, {a: "a"}) == Formula("3·a", "3·2")  # what has no name is a constant
    assert formula(a * b, {}) == Formula("6", "6")


# rows of a user

THREE = Op(
    "three",
    lambda a, b, c: a * b + c,
    *[lambda a, b, c, z: b, lambda a, b, c, z: a, lambda a, b, c, z: 1.0],
)
PAIR = Op(
    "p_q",
    lambda a, b: a * b,
    lambda a, b, z: b,
    lambda a, b, z: a,
    text="{:3} ∘ {:4}",
    latex=r"{:3} \circ {:4}",
    binding=3,
)


def test_rows_of_a_user():
    x, y, _, _ = variables()
    root = THREE(x, -y, x + 1) * PAIR(x + y, x * y)
    assert formula(root) == Formula(
        "three(x, −y, x + 1)·(x + y) ∘ (x·y)", "three(2, −3, 2 + 1)·(2 + 3) ∘ (2·3)"
    )
    assert formula(root, notation=LATEX).names == (
        r"\operatorname{three}\left(x, -y, x + 1\right) \cdot \left(x + y\right) \circ \left(x \cdot y\right)"
    )
    assert formula(Op("my_row", lambda a: a, lambda a, z: 1.0)(x), notation=LATEX).names == (
        r"\operatorname{my\_row}\left(x\right)"
    )


# length


def chain(x):
    for _ in range(100_000):
        x = sin(x)
    return x


def diamond(x):
    for _ in range(60):
        x = sin(x) + cos(x)
    return x


def long_sum(x):
    return sum(x**k for k in range(2, 2000))


@pytest.mark.parametrize("build", [chain, diamond, long_sum])
def test_what_is_too_long_is_an_ellipsis(build):
    root = build(Value(0.5, "x"))
    start = time.perf_counter()
    assert formula(root) == Formula("…", "…")
    assert formula(root, notation=LATEX) == Formula(r"\text{\dots}", r"\text{\dots}")
    assert time.perf_counter() - start < 5


def test_a_long_formula_that_can_be_read_is_written():
    terms = [Value(float(k), f"x{k}") for k in range(1, 101)]
    assert formula(sum(terms)).names == " + ".join(f"x{k}" for k in range(1, 101))


# numbers


@pytest.mark.parametrize(
    ("x", "digits", "rounded", "cut"),
    [
        (0.751365069552, 4, "0.7514", "0.7513"),
        (-0.217071534679, 4, "−0.2171", "−0.217"),
        (0.00043856773, 4, "0.0004386", "0.0004385"),
        (3.5101877e-5, 4, "3.51·10⁻⁵", "3.51·10⁻⁵"),
        (0.1 + 0.2, 4, "0.3", "0.3"),
        (0.3, 15, "0.3", "0.3"),
        (0.1 + 0.2, 12, "0.3", "0.3"),
        (1 - 0.9, 4, "0.1", "0.1"),
        (0.99995, 4, "1", "0.9999"),
        (9999.6, 4, "10000", "9999"),
        (9999999.6, 4, "10⁷", "9999999"),
        (0.000099996, 4, "0.0001", "9.999·10⁻⁵"),
        (123456.7, 4, "123457", "123456"),  # a whole number keeps its digits
        (1234567.0, 4, "1234567", "1234567"),
        (12345678.0, 4, "1.235·10⁷", "1.234·10⁷"),
        (100.0, 1, "100", "100"),
        (0.12345, 4, "0.1235", "0.1234"),  # as a decimal and as a float the upper one is right
        (0.0, 4, "0", "0"),
        (-0.0, 4, "0", "0"),
        (1.0, 4, "1", "1"),
        (5e-324, 4, "5·10⁻³²⁴", "5·10⁻³²⁴"),
        (1e308, 4, "10³⁰⁸", "10³⁰⁸"),
        (-1.7976931348623157e308, 4, "−1.798·10³⁰⁸", "−1.797·10³⁰⁸"),
        (-1e-5, 4, "−10⁻⁵", "−10⁻⁵"),
    ],
)
def test_numbers(x, digits, rounded, cut):
    assert Notation("text", digits).number(x) == rounded
    assert Notation("text", digits, "cut").number(x) == cut
    raised = re.sub(r"10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)", lambda m: f"10^{{{m[1].translate(RAISED)}}}", rounded)
    assert Notation("latex", digits).number(x) == raised.replace("·", r" \cdot ").replace("−", "-")


@given(
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(1, 12),
    st.sampled_from(["round", "cut"]),
)
def test_a_number_is_off_by_less_than_its_last_digit(x, digits, rounding):
    text = Notation("text", digits, rounding).number(x)
    sign, mantissa, power = re.fullmatch(
        r"(−?)(?:(\d+(?:\.\d*[1-9])?)·?)??(?:10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+))?", text
    ).groups()
    shown = Decimal(mantissa or 1).scaleb(int((power or "0").translate(RAISED)))
    exactly = Decimal(x)  # every binary digit
    assert (sign == "−") == (x < 0 and shown > 0)
    if power:
        assert not Decimal("1e-4") <= shown < Decimal("1e7")
        assert 1 <= Decimal(mantissa or 1) < 10
    else:
        assert shown == 0 or Decimal("1e-4") <= shown <= Decimal("1e7")
    if x:
        size = exactly.adjusted()
        unit = Decimal(1).scaleb(min(size - digits + 1, 0) if size < 7 else size - digits + 1)
        noise = exactly.copy_abs() * Decimal("1e-15")
        difference = exactly.copy_abs() - shown
        assert (
            difference.copy_abs() <= unit / 2 + noise
            if rounding == "round"
            else -noise <= difference < unit
        )
    else:
        assert text == "0"
