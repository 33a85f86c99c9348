"""Marks in a notebook: a table in which what was read is set."""

from xml.etree import ElementTree

import pytest

from autograd import Value, check_derivation, exp
from autograd.marking.mathml import mathml
from autograd.marking.verdict import Verdict
from nn.lecture import error, network

E = error(network())


def cells(marks):
    """The rows of the table, each cell an element."""
    html = marks._repr_html_()
    table = ElementTree.fromstring(html[html.index("<table>") :])
    return [list(row) for row in table.iter("tr")]


def test_what_was_read_is_set_and_what_was_not_stands_as_it_is_typed():
    lines = ["dE/dw5 = δ_o1·out_h1 = 8.2167e-2", "<script> = 1", "w5+ = ?", "foo = 2 w5"]
    formula, number, unread, blank, defined = cells(check_derivation(E, lines))
    assert "".join(formula[1].itertext()) == "∂E∂w5=∂E∂neto1·outh1"
    assert "".join(number[1].itertext()) == "∂E∂w5=8.2167·10−2"
    assert [len(list(row[1].iter("mfrac"))) for row in (formula, number)] == [2, 1]
    assert [row[1].text for row in (unread, blank, defined)] == [
        "<script> = 1",
        "w5+ = ?",
        "foo = 2 w5",
    ]


def test_a_formula_that_is_cut_is_not_set():
    long = " + ".join(["w5"] * 60)
    [line] = check_derivation(E, f"E = {long}").lines
    assert line.claim.endswith("…")
    assert line.latex == ""


def test_a_claim_in_latex():
    w, x = Value(0.5, label="w^[1]"), Value(2.0, label="x<y")
    root = exp(w * x)
    root.label = "50 %"
    marks = check_derivation(root, "d(50 %)/d(x<y) = e^(w^[1]·x<y)·w^[1] = 1.4\nw^[1]+ = -1")
    assert [line.latex for line in marks.lines] == [
        r"\frac{\partial \mathrm{50\ \%}}{\partial \mathrm{x< y}}"
        r" = e^{w^{[1]} \cdot \mathrm{x< y}} \cdot w^{[1]}",
        r"\frac{\partial \mathrm{50\ \%}}{\partial \mathrm{x< y}} = 1.4",
        r"{w^{[1]}}^{+} = -1",
    ]
    assert "x<y" in "".join(cells(marks)[0][1].itertext())


@pytest.mark.parametrize(
    ("latex", "shown"),
    [
        (r"\sqrt{x_1} - \hat{y}", "<msqrt><mrow><msub><mi>x</mi><mn>1</mn></msub></mrow></msqrt><mo>−</mo>"
         '<mover accent="true"><mi>y</mi><mo>^</mo></mover>'),
        (r"\left|z_1^{[2]}\right|", "<mrow><mo>|</mo><msubsup><mi>z</mi><mn>1</mn>"
         "<mrow><mo>[</mo><mn>2</mn><mo>]</mo></mrow></msubsup><mo>|</mo></mrow>"),
        (r"\left.a\right|_{b}", "<msub><mrow><mi>a</mi><mo>|</mo></mrow><mi>b</mi></msub>"),
        (r"\operatorname{my\_row}\left(\alpha \right)", '<mi mathvariant="normal">my_row</mi>'
         '<mrow><mo stretchy="false">(</mo><mi>α</mi><mo stretchy="false">)</mo></mrow>'),
        (r"\frac{a", "<mfrac><mi>a</mi><mo></mo></mfrac>"),
    ],
)  # fmt: skip
def test_latex_as_mathml(latex, shown):
    assert mathml(latex) == f"<math>{shown}</math>"


def test_a_verdict_is_derived_from_the_verdicts():
    [line] = check_derivation(E, "dE/dw5 = -0.0821670").lines
    assert line.verdicts == (Verdict.SIGN,)
    assert line.verdict == "SIGN"
