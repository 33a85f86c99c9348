"""The reader of boards: each syntax a row, then trees written in several dialects, then strangers'
text.
"""

import random
import time
from timeit import repeat

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd import Value, ops
from autograd.marking.names import labels_of
from autograd.marking.reader import Reader
from autograd.marking.syntax import (
    ArrayCall,
    Call,
    Name,
    Number,
    Quotient,
    Unreadable,
    walk,
    written,
)
from autograd.notation import Notation

LABELS = [
    *(
        "E",
        "E_o1",
        "E_o2",
        "t1",
        "t2",
        "b1",
        "b2",
        "i1",
        "i2",
        "x",
        "y",
        "θ",
        "yhat",
        "W1_11",
        "W1_12",
        "a b",
        "50 %",
    ),
    *("net_h1", "net_h2", "net_o1", "net_o2", "out_h1", "out_h2", "out_o1", "out_o2", "net_h1⁽²⁾"),
    *(f"w{k}" for k in range(1, 9)),
]
NETS = {label.replace("net", "out"): label for label in LABELS if label.startswith("net_")}
GIVEN = {
    "E_total": "E",
    "target_o1": "t1",
    "target_o2": 0.99,
    "W": [["w1", "w2"], ["w3", "w4"]],
    "o": "out_o1",
}


def reader():
    return Reader(LABELS, nets=NETS, names=GIVEN)


def test_delta_of_a_layer_with_one_unit():
    assert shown(Reader(["L", "z2_1"], root="L").lines(["δ2 = 1"])[0].sides[0].term) == "∂L/∂z2_1"


def shown(term):
    if term is None:
        return "blank"
    return term.verdict if isinstance(term, Unreadable) else written(term)


def read(text):
    return [
        [shown(side.term) for side in line.sides]
        for line in reader().lines(text.splitlines())
        if line.sides
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # numbers
        ("0.25", "0.25"),
        ("−0.25", "-0.25"),
        ("0,2222", "0.2222"),
        (r"0{,}04", "0.04"),
        ("8.2 x 10^-2", "8.2e-2"),
        ("0.4 x 0.5", "0.4·0.5"),
        ("1,106", "1.106"),
        ("1,106·0.5", "1106·0.5"),
        ("0·0821", "NOT READ"),
        (r"8.2 \times 10^{-2}", "8.2e-2"),
        ("3.51·10⁻⁵", "3.51e-5"),
        ("10⁻⁵", "1e-5"),
        ("4e-3", "4e-3"),
        ("5 %", "0.05"),
        (r"5\,\%", "0.05"),
        ("2/9", "2/9"),
        ("½x", "1/2·x"),
        ("⅓", "1/3"),
        (r"\frac12 x", "1/2·x"),
        (r"\dfrac{1}{3}", "1/3"),
        ("0.0821…", "0.0821"),
        ("0.08.", "0.08"),
        ("0.08 # by hand", "0.08"),
        ("0.08 (by hand)", "0.08"),
        ("0.08, rounded to two places", "0.08"),
        # products without a sign, brackets, powers
        ("2x", "2·x"),
        ("2(x-y)x(1-x)", "2·(x − y)·x·(1 − x)"),
        ("2[x - y]", "2·(x − y)"),
        ("xy", "x·y"),
        ("w5x", "w5·x"),
        ("x⋅y × 2 ∗ x", "x·y·2·x"),
        ("x² − x⁻¹", "x^2 − x^(-1)"),
        ("x**2^3", "x^(2^3)"),
        ("-x^2", "−x^2"),
        ("|3x|", "|3·x|"),
        ("|x||y|", "|x|·|y|"),
        (r"\left| x \right|", "|x|"),
        (r"\underbrace{x}_{\text{the input}} y", "x·y"),
        # functions
        ("σ(x)(1-σ(x))", "σ(x)·(1 − σ(x))"),
        ("σ'(x)", "σ(x)·(1 − σ(x))"),
        ("2 σ'(x)", "2·σ(x)·(1 − σ(x))"),
        ("sigmoid'(x)", "σ(x)·(1 − σ(x))"),
        (r"\sigma'(x)", "σ(x)·(1 − σ(x))"),
        ("tanh'(x)", "1 − tanh(x)·tanh(x)"),
        ("tanh²(x)", "tanh(x)^2"),
        (r"\tanh^2(x)", "tanh(x)^2"),
        (r"\ln x", "ln(x)"),
        ("ln(x)y", "ln(x)·y"),
        ("√x", "√(x)"),
        (r"\sqrt{x + 1}", "√(x + 1)"),
        ("2/√π", "2/√(π)"),
        ("1/(1+e^{−x})", "1/(1 + e^(−x))"),
        ("max(0, x)", "max(0, x)"),
        ("max(0,2)", "max(0, 2)"),
        ("σ(0,3775)", "σ(0.3775)"),
        ("log10(x)", "ln(x)/2.302585092994046"),
        ("1[x > 0]", "step(x)"),
        (r"\mathbb{1}\{x > 0\} y", "step(x)·y"),
        ("w5[x>0]", "w5·step(x)"),
        ("sech²(x)", "(2/(e^x + e^(−x)))^2"),
        ("y e^{xy}", "y·e^(x·y)"),
        ("3x^2y", "3·x^2·y"),
        # names
        ("out_{h1}", "out_h1"),
        ("outh1", "out_h1"),
        ("out_h₁", "out_h1"),
        (r"\mathrm{out}_{h1}", "out_h1"),
        (r"\textit{out}_{h_1}", "out_h1"),
        (r"2\mathrm{out}_{h1}", "2·out_h1"),
        (r"\hat{y}", "yhat"),
        (r"\hat y", "yhat"),
        ("ŷ", "yhat"),
        (r"\theta", "θ"),
        ("theta", "θ"),
        ("W_{1,12}", "W1_12"),
        ("W^{(1)}_{12}", "W1_12"),
        ("net_h1⁽²⁾", "net_h1⁽²⁾"),
        ("net_h1(2)", "net_h1⁽²⁾"),
        (r"\mathrm{net}_{h1}^{(2)}", "net_h1⁽²⁾"),
        ("a b + 50 %", "a b + 50 %"),
        ("target_{o1}", "t1"),
        (r"\text{target}_{o1}", "t1"),
        ("target_o2", "0.99"),
        ("W_{12}", "w2"),
        ("w_5^+", "w5⁺"),
        ("w5+", "w5⁺"),
        ("w_{5}^{new}", "w5⁺"),
        ("w5_new", "w5⁺"),
        ("w5'", "w5⁺"),
        # derivatives
        ("∂E/∂w5", "∂E/∂w5"),
        ("dE/dw5", "∂E/∂w5"),
        ("d E / d w5", "∂E/∂w5"),
        (r"\frac{\partial E_{total}}{\partial w_5}", "∂E/∂w5"),
        (r"\frac{\mathrm{d}E}{\mathrm{d}w_5}", "∂E/∂w5"),
        ("∂E/∂x|y", "∂E/∂x|y"),
        ("∂E/∂x|_{y,θ}·2", "∂E/∂x|y,θ·2"),
        (r"\left.\frac{\partial E}{\partial x}\right|_{y}", "∂E/∂x|y"),
        ("2 ∂E/∂x²", "2·∂E/∂x^2"),
        (r"\left(\frac{\partial E}{\partial x}\right)^2", "∂E/∂x^2"),
        ("∂(50 %)/∂(a b)", "∂(50 %)/∂(a b)"),
        ("δ_o1", "∂E/∂net_o1"),
        ("δo", "∂E/∂net_o1"),
        (r"\delta_{h2}", "∂E/∂net_h2"),
        ("dw5", "∂E/∂w5"),
        (r"\bar{x}", "∂E/∂x"),
        # sums over an index
        ("Σ_{k=1}^{3} w_k", "w1 + w2 + w3"),
        (r"\sum_{k=5} w_k·2", "w5·2 + w6·2 + w7·2 + w8·2"),
        ("Σ_i Σ_j W_ij", "w1 + w2 + (w3 + w4)"),
        ("Σ_o ∂E/∂out_o·∂out_o/∂net_o", "∂E/∂out_o1·∂out_o1/∂net_o1 + ∂E/∂out_o2·∂out_o2/∂net_o2"),
        ("½ Σ_k (t_k − out_ok)²", "1/2·((t1 − out_o1)^2 + (t2 − out_o2)^2)"),
        (r"\sum\limits_{o}{\delta_{o} net_o}", "∂E/∂net_o1·net_o1 + ∂E/∂net_o2·net_o2"),
        # what is not known
        ("w55", "UNKNOWN NAME"),
        ("dE/dw55", "UNKNOWN NAME"),
        ("", "blank"),
        ("?", "blank"),
        ("2·… + x", "blank"),
        (r"$\dots$", "blank"),
        # what is not marked
        ("x_1 2", "UNKNOWN NAME"),
        ("1 2", "NOT READ"),
        ("(1", "NOT READ"),
        ("max(1)", "NOT READ"),
        ("exp()", "NOT READ"),
        ("x.__class__", "NOT READ"),
        ("x[0]", "NOT READ"),
        ("'a'", "NOT READ"),
        ("sin 2x", "NOT READ"),
        ("tanh⁻¹(x)", "NOT READ"),
        ("W^T x", "Wᵀ x"),
        ("W @ x", "W @ x"),
        ("[x, y] ⊙ [y, x]", "[x, y] ⊙ [y, x]"),
        ("d²E/dx²", "NOT READ"),
        ("x·d²E/dx²", "NOT READ"),
        (r"\frac{\partial^2 E}{\partial x^2}", "NOT READ"),
        ("1e999", "REFUSED"),
        ("(" * 500 + "1" + ")" * 500, "REFUSED"),
        ("+".join(["x"] * 900), "REFUSED"),
    ],
)
def test_a_side(text, expected):
    assert read(f"E = {text}") == [["E", expected]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("so we get ∂E/∂w5 = 0.08.", [["∂E/∂w5", "0.08"]]),
        ("The gradient of w5: dE/dw5 ≈ 0.08, which is small.", [["∂E/∂w5", "0.08"]]),
        (
            "1. E = 0.3\n2) E ≃ 0.3\n- E := 0.3\n• E == 0.3",
            [["E", "0.3"]] * 2 + [["E⁺", "0.3"], ["E", "0.3"]],
        ),
        ("Backward pass:\nNow we go on\n## Layer 2\ngood morning", []),
        (r"\section*{The backward pass}", []),
        (r"Consider $w_5$: how much does it affect $\frac{\partial E}{\partial w_5}$, we ask", []),
        (
            "E = 0.3 and w5 = 0.4; w6 = 0.45, w7 = 0.5",
            [["E", "0.3"], ["w5", "0.4"], ["w6", "0.45"], ["w7", "0.5"]],
        ),
        ("E = 0.3\n  = 2x\n &≈ y \\\\", [["E", "0.3", "2·x", "y"]]),
        (
            r"\begin{aligned} E &= 0.04 \\[1ex] \frac{\partial E}{\partial x} &= -0.8 \end{aligned}",
            [["E", "0.04"], ["∂E/∂x", "-0.8"]],
        ),
        (r"\[ E = 0.04 \]", [["E", "0.04"]]),
        (r"$$\displaystyle E \approx 0.04$$", [["E", "0.04"]]),
        ("| quantity | value |\n|---|---|\n| ∂E/∂w5 | 0.0822 |", [["∂E/∂w5", "0.0822"]]),
        ("∂E/∂w1 = 0: E does not depend on w1", [["∂E/∂w1", "0"]]),
        ("∂E/∂w1 = 1 (w2 is the largest) = 1", [["∂E/∂w1", "1", "1"]]),
        (
            r"\frac{\partial E}{\partial x} &= 0.3\text{ (derived above)} \\[1ex]",
            [["∂E/∂x", "0.3"]],
        ),
        ("(x has moved since E was computed: mul(2.0, x = 1.0) was 1.0; computed anew here)", []),
        ("(nothing has a label: v1, v2, … are all the Values, in order)", []),
        (
            "**∂E/∂w5** = 0.08\n`dE/dw5 = 0.08` ✓\n∴ dE/dw5 = 0.08 (2 d.p.)",
            [["∂E/∂w5", "0.08"]] * 3,
        ),
        (
            "dE/dw5: 0.08\ngrad of w5 = 0.08\nw5.grad = 0.08\n∇_w5 E = 0.08",
            [["∂E/∂w5", "0.08"]] * 4,
        ),
        (
            "new w5 = 0.36\nw5(new) = 0.36\nw5⁺: 0.4 − 0.04 = 0.36",
            [["w5⁺", "0.36"]] * 2 + [["w5⁺", "0.4 − 0.04", "0.36"]],
        ),
        ("E'(w5) = (dE)/(dw5) = 0.7 . 0.2  ← chain rule", [["∂E/∂w5", "∂E/∂w5", "0.7·0.2"]]),
        ("change in w5 = 0.1\nE = 0.3 times x", [["UNKNOWN NAME"], ["E", "UNKNOWN NAME"]]),
        ("dE = 3", [["NOT READ"]]),
        (
            "If w5 = 0.4 then net_o1 = 1.1, where x = 2",
            [["w5", "0.4"], ["net_o1", "1.1"], ["x", "2"]],
        ),
        ("0.3 = E", [["E", "0.3"]]),
        ("= 0.0827", [["blank", "0.0827"]]),
        ("dE/dw55 = 1", [["UNKNOWN NAME"]]),
        ("E", [["NOT READ"]]),
        ("w5 := w5 - 0.5 dE/dw5", [["w5⁺", "w5 − 0.5·∂E/∂w5"]]),
        ("w5 ← w5 - η dE/dw5", [["w5⁺", "w5 − η·∂E/∂w5"]]),
        ("η = 0.1\nw5+ = w5 - η*dE/dw5 = 0.6", [["w5⁺", "w5 − 0.1·∂E/∂w5", "0.6"]]),
        ("let foo = w5*x\nE = 2 foo", [["E", "2·w5·x"]]),
        ("foo = w5*x = 3", [["w5·x", "3"]]),
        ("W_ij = 2·W_ij", [[f"w{k}", f"2·w{k}"] for k in (1, 2, 3, 4)]),
    ],
)
def test_a_board(text, expected):
    assert read(text) == expected


def test_what_was_read_by_choice_is_said():
    lines = reader().lines(["E = 0,25 = 1/2x = xy", "δ_o1 = 1", "foo = 2x"])
    assert lines[0].read == (
        "0,25 is read as 0.25",
        "…/2x is read as (…/2)·x",
        "xy is read as x·y",
    )
    assert lines[1].read == ("δ_o1 is read as ∂E/∂net_o1",)
    assert lines[2].read == ("foo is taken as a name of your own, for 2x",)
    assert not lines[2].sides


def test_the_number_of_a_line_is_that_of_the_text():
    found = reader().lines(["so it begins", "E = 1", "", "E = 2", "= 3", "x = 1; y = 2"])
    assert [(line.number, len(line.sides)) for line in found] == [(2, 2), (4, 3), (6, 2), (6, 2)]


def test_a_name_that_may_be_two_is_not_guessed():
    [line] = Reader(["out_h1", "outh_1"]).lines(["outh1 = 3"])
    assert shown(line.sides[0].term) == "UNKNOWN NAME"
    assert "out_h1 or outh_1" in str(line.sides[0].term)
    [line] = Reader(["a", "a"]).lines(["a = 3"])
    assert "two Values are labelled a" in str(line.sides[0].term)


def test_small_letters_are_not_capital_ones():
    assert [shown(side.term) for side in Reader(["E", "w"]).lines(["E = e^w"])[0].sides] == [
        "E",
        "e^w",
    ]


def test_arrays_are_read_into_a_tree():
    [line] = reader().lines(["E = W^T x ⊙ [x, y]"])
    tree = line.sides[1].term
    assert isinstance(tree, ArrayCall)
    assert written(tree) == "Wᵀ x ⊙ [x, y]"


def test_an_operation_of_the_record_is_read_by_its_name():
    square = ops.Op("g", lambda x: x * x, lambda x, z: 2 * x)
    [line] = Reader(["E", "x"], functions={"g": square}).lines(["E = g(x) + g'(x)"])
    assert shown(line.sides[1].term) == "g(x) + 2·x"


def test_names_for_values_beside_the_record():
    e, w, p = Value(1.0, label="E"), Value(2.0), Value(3.0, label="p1")
    labels, given_names = labels_of({"E_total": e, "W": [[w, p]], "rate": 0.5})
    assert labels == {e: "E", w: "W_11", p: "p1"}
    found = Reader(labels.values(), names=given_names).lines(["E_{total} = W_12 + W_{11}·rate"])
    assert [shown(side.term) for side in found[0].sides] == ["E", "p1 + W_11·0.5"]
    with pytest.raises(TypeError, match=r"names\['x'\] is a Value, a label, a number"):
        labels_of({"x": object()})
    with pytest.raises(ValueError, match="nothing is labelled so"):
        Reader(["E"], names={"x": "nowhere"})


# Trees, written in several dialects, are read back as they were.

NAMES = ["x", "y", "θ", "net_h1", "out_o2", "w5"]


def tree(rng, size):
    if size <= 1:
        kind = rng.randrange(4)
        if kind == 0:
            return Number(rng.choice(["2", "0.25", "13", "0.0821"]))
        return Quotient("E", rng.choice(NAMES)) if kind == 1 else Name(rng.choice(NAMES))
    row = rng.choice(
        [
            ops.add,
            ops.sub,
            ops.mul,
            ops.div,
            ops.pow,
            ops.neg,
            ops.sigmoid,
            ops.tanh,
            ops.log,
            ops.sqrt,
            ops.maximum,
            ops.abs,
        ]
    )
    if row.arity == 1:
        inner = tree(rng, size - 1)
        products = (ops.mul, ops.div, ops.neg)  # −a·b is read as (−a)·b, and −0.5 as one number
        ambiguous = row is ops.neg and (
            isinstance(inner, Number) or getattr(inner, "op", None) in products
        )
        return tree(rng, size) if ambiguous else Call(row, (inner,))
    first = rng.randint(1, size - 1)
    return Call(row, (tree(rng, first), tree(rng, size - first)))


LATEX_NAMES = {
    "x": "x",
    "y": "{y}",
    "θ": r"\theta",
    "net_h1": r"\mathrm{net}_{h1}",
    "out_o2": r"\textit{out}_{o_2}",
    "w5": "w_{5}",
}
TYPED_NAMES = {"θ": "theta", "net_h1": "neth1", "out_o2": "out_{o2}", "w5": "w₅"}
FORMS = {  # how each operation is typed, and how it is set in LaTeX
    "add": ("({}) + ({})", r"\left({}\right) + \left({}\right)"),
    "sub": ("({}) - ({})", r"\left({}\right) - \left({}\right)"),
    "mul": ("({})*({})", r"({}) \cdot ({})"),
    "div": ("({})/({})", r"\frac{{{}}}{{{}}}"),
    "pow": ("({})**({})", r"\left({}\right)^{{{}}}"),
    "neg": ("(-({}))", r"\left(-\left({}\right)\right)"),
    "sigmoid": ("sigmoid({})", r"\sigma\left({}\right)"),
    "tanh": ("tanh({})", r"\tanh({})"),
    "log": ("log({})", r"\ln\!\left({}\right)"),
    "sqrt": ("sqrt({})", r"\sqrt{{{}}}"),
    "maximum": ("max({}, {})", r"\max\left({},\, {}\right)"),
    "abs": ("abs({})", r"\left|{}\right|"),
}


def in_dialect(term, dialect):
    if dialect in ("printed", "set"):
        return written(term, notation=Notation("latex" if dialect == "set" else "text"))
    names = LATEX_NAMES if dialect == "latex" else TYPED_NAMES
    if isinstance(term, Number):
        return term.text
    if isinstance(term, Name):
        return names.get(term.label, term.label)
    if isinstance(term, Quotient):
        by = names.get(term.by, term.by)
        return rf"\frac{{\partial E}}{{\partial {by}}}" if dialect == "latex" else f"dE/d{by}"
    return FORMS[term.op.name][dialect == "latex"].format(
        *(in_dialect(arg, dialect) for arg in term.args)
    )


@pytest.mark.parametrize("dialect", ["printed", "set", "typed", "latex"])
def test_a_tree_that_is_written_is_read_back(dialect, campaign):
    for seed in range(campaign(150)):
        term = tree(random.Random(seed), seed % 9 + 1)
        text = in_dialect(term, dialect)
        [line] = reader().lines([f"E = {text}"])
        assert shown(line.sides[1].term) == written(term), text


# Strangers' text.

WORDS = r"""\frac \sqrt \left \right \text{ \underbrace{ \sum_{k=1} \hat \begin{aligned} out_h1 net_h1(2) 0,5 10^-3 w_ij
so \\"""
PIECES = st.sampled_from(
    [*r"w5E∂d/=*+-()^{}_\.e1 ²⁺½σ,;|[]&$%'√Σ∇δ…?", *WORDS.split(), "| ", " so ", "Σ_k w_k"]
)


@settings(max_examples=400)
@given(st.lists(PIECES, max_size=40).map("".join) | st.text(max_size=40))
def test_any_text_is_read_without_an_error(text):
    for line in reader().lines(text.splitlines()):
        for side in line.sides:
            assert side.term is None or isinstance(side.term, Unreadable) or list(walk(side.term))


LONG = r"""( { [ | - x x^ \frac{ Σ_k w_ij x, = so \underbrace{x}_{y} ∂E/ 1, _{ ^{( x' √ word |x| \text{ $ & \\
; 0,5 dE/dw5* \hat e 10^ a_i .5. ½ ² x=y, => **"""


@pytest.mark.parametrize(
    "piece",
    [
        *LONG.split(),
        "a b ",
        "(x = ",
        "x = y and ",
        "word ",
        "  ",
        "x (is ",
        ": ",
        "x if ",
        "x if x < 1, ",
    ],
)
def test_a_long_line_takes_no_time(piece):
    for text in (piece * (4000 // len(piece)), "E = " + piece * (3995 // len(piece))):
        read = lambda text=text: reader().lines([text])
        assert min(repeat(read, number=1, repeat=3, timer=time.process_time)) < 0.2  # best of three


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("W_i = 2·a_i", [["W_11", "2·a_1"], ["W_12", "2·a_2"]]),
        ("W_{1j} = a_j·W_i", [["W_11", "UNKNOWN NAME"], ["W_12", "UNKNOWN NAME"]]),
        ("W_ij = a_j", [["W_11", "a_1"], ["W_12", "a_2"]]),
        ("V_k = 1", [["V_13", "1"], ["V_23", "1"]]),
        ("U_i = 1", [["UNKNOWN NAME"]]),
        ("E = Σ_i W_i·a_i", [["E", "W_11·a_1 + W_12·a_2"]]),
    ],
)
def test_an_index_may_be_left_out_that_has_one_number_alone(text, expected):
    labels = ["E", "W_11", "W_12", "V_13", "V_23", "U_11", "U_12", "U_21", "a_1", "a_2"]
    lines = Reader(labels).lines([text])
    assert [[shown(side.term) for side in line.sides] for line in lines] == expected


def test_an_index_of_numbers_that_the_writer_gave():
    lines = Reader(["E", "a_1", "a_2"], names={"y": [0.0, 1.0]}).lines(["a_i = y_i"])
    assert [shown(line.sides[1].term) for line in lines] == ["0", "1"]
