"""Lines in vectors and matrices: read, marked element by element, their slips named."""

import random
import re

import pytest
from array_records import BLACKBOARDS, attention, lecture, random_record, softmax_regression

from autograd import DomainError, Value, chain_rule, check_derivation
from autograd.record import Record
from nn.lecture import error, network


def marks(root, text):
    return [(line.verdict, line.claim) for line in check_derivation(root, text).lines]


# What handgrad prints is right, and what is falsified is not.


@pytest.mark.parametrize("rounding", ["round", "cut"])
@pytest.mark.parametrize("board", BLACKBOARDS, ids=lambda board: board.__name__)
def test_what_is_printed_is_right(board, rounding):
    root, leaves = board()
    for x in leaves:
        for digits in (3, 4, 6):
            derivation = chain_rule(root, x, digits=digits, rounding=rounding)
            for text in (str(derivation), derivation.latex()):
                wrong = [line for line in check_derivation(root, text).lines if not line.right]
                assert not wrong, text


def test_what_is_printed_of_random_records_is_right(campaign):
    rng = random.Random(1)
    for _ in range(campaign(25)):
        try:
            root, leaves = random_record(rng)
        except DomainError:
            continue
        x = rng.choice(leaves)
        if Record(root).dependents(x.values) == set(x.values):
            continue
        text = str(chain_rule(root, x))
        if re.search("Σ_|ones|= 0$", text, re.MULTILINE):  # index form; a sum that cancels
            continue
        wrong = [
            line
            for line in check_derivation(root, text).lines
            if not line.right and "…" not in line.claim
        ]
        assert not wrong, (text, wrong)


@pytest.mark.parametrize("board", BLACKBOARDS, ids=lambda board: board.__name__)
def test_a_falsified_number_is_not_right(board, campaign):
    rng = random.Random(2)
    root, leaves = board()
    for x in leaves:
        lines = str(chain_rule(root, x, digits=5)).splitlines()
        for _ in range(campaign(4)):
            places = [
                (k, found)
                for k, line in enumerate(lines)
                for found in re.finditer(r"(?<=[\[ ])−?\d\.\d{2,}(?=[,\] ])", line)
            ]
            k, found = rng.choice(places)
            digit = found[0].index(".") + 2  # far beyond what rounding does to a result
            other = (int(found[0][digit]) + rng.randint(3, 7)) % 10
            changed = f"{found[0][:digit]}{other}{found[0][digit + 1 :]}"
            line = lines[k][: found.start()] + changed + lines[k][found.end() :]
            text = "\n".join([*lines[:k], line, *lines[k + 1 :]])
            assert any(not line.right for line in check_derivation(root, text).lines), (
                line,
                lines[k],
            )


# fmt: off
LECTURE = [
    ("δ_o = (out_o - t)*out_o*(1-out_o)", "exact"),
    ("δ_o = −(t − out_o) ⊙ σ'(net_o) = [0.1385, -0.0381]", "exact ROUNDED"),
    ("dW1 = δ_h x^T", "exact"),
    (r"\frac{\partial E}{\partial W_1} = \delta_h \, x^{\top}", "exact"),
    ("dE/dW2 = np.outer(δ_o, out_h)", "exact"),
    ("dE/dW2 = δ_o @ out_h.T", "exact"),
    ("dW1 = (δ_o @ W2 * out_h * (1 - out_h)) x^T", "exact"),
    (r"\delta_h = (W_2^{T} \delta_o) \odot out_h \odot (1 - out_h)", "exact"),
    ("δ_h = W2ᵀ δ_o .* σ'(net_h)", "exact"),
    ("δ_h = diag(out_h ⊙ (1 − out_h)) W2ᵀ δ_o", "exact"),
    ("net_h = W1 x + b1", "exact"),
    ("out_h = σ(net_h)", "exact"),
    ("dE/db1 = sum(δ_h)", "exact"),
    ("∇W1 = [[0.00044, 0.00088], [0.0005, 0.001]]", "ROUNDED"),
    (r"dW1 = \begin{pmatrix} 0.00044 & 0.00088 \\ 0.0005 & 0.001 \end{pmatrix}", "ROUNDED"),
    ("W1+ = W1 - 0.5*dE/dW1", "exact"),
    ("dE/dout_o = out_o - t", "exact"),
    ("dE/dW1[1,2] = 0.000877", "ROUNDED"),
    # slips
    ("dW1 = x δ_hᵀ", "OUTER PRODUCT SWAPPED"),
    ("δ_h = (W2 δ_o) ⊙ out_h ⊙ (1 − out_h)", "TRANSPOSED"),
    ("δ_h = (W2ᵀ ⊙ δ_o) ⊙ out_h ⊙ (1 − out_h)", "ELEMENTWISE FOR MATRIX PRODUCT"),
    ("δ_h = (W2ᵀ δ_o) ⊙ out_h", "FORGOT 1 − OUT"),
    ("δ_o = [0.1385, 0.0381]", "SIGN"),
    ("dW1 = 2 δ_h xᵀ", "FACTOR 2"),
    ("net_h = W1 x", "TERM LEFT OUT"),
    ("dW1 = [[0.00044, 0.00088], [0.9, 0.001]]", "WRONG"),
    # what cannot be
    ("dW1 = δ_h", "NOT READ"),
    ("dE/dW1 = dE/dnet_h @ net_q", "UNKNOWN NAME"),
    ("dW1 = x + [1, 2, 3]", "NOT READ"),
]
# fmt: on


DIAGONALS = [
    "dL/dz = dL/dp ⊙ p ⊙ (1 − p)",
    "dL/dz = p * (1 - p) * dL/dp",
    "δ_z = p(1 − p) ⊙ (−y/p)",
    "δ_z = diag(p ⊙ (1 − p)) δ_p",
    "dp/dz = diag(p * (1 - p))",
    r"\frac{\partial p}{\partial z} = p \odot (1 - p)",
    "dL/dW = (p ⊙ (1 − p) ⊙ δ_p) xᵀ",
]


@pytest.mark.parametrize("text", DIAGONALS)
def test_the_diagonal_of_softmax_alone(text):
    root, _ = softmax_regression()
    assert [verdict for verdict, _ in marks(root, text)] == ["DIAGONAL ONLY"]


def test_the_whole_jacobian_of_softmax_is_right():
    root, _ = softmax_regression()
    for text in ("dL/dz = (diag(p) − p pᵀ) dL/dp", "dp/dz = diag(p) − p pᵀ"):
        assert [verdict for verdict, _ in marks(root, text)] == ["exact"]


def test_the_diagonal_of_softmax_in_rows():
    root, _ = attention()
    assert marks(root, "dS = P ⊙ (1 − P) ⊙ dP")[0][0] == "DIAGONAL ONLY"


def test_the_slope_of_a_sigmoid_is_no_slip():
    root, _ = lecture()
    assert marks(root, "δ_o = dE/dout_o ⊙ out_o ⊙ (1 − out_o)")[0][0] == "exact"
    assert marks(root, "δ_o = dE/dout_o ⊙ out_h ⊙ (1 − out_h)")[0][0] != "DIAGONAL ONLY"


@pytest.mark.parametrize(("text", "verdicts"), LECTURE)
def test_a_line_of_the_lecture(text, verdicts):
    root, _ = lecture()
    assert " ".join(verdict for verdict, _ in marks(root, text)) == verdicts


def test_softmax_as_it_is_written():
    root, _ = softmax_regression()
    for text in (
        "dz = p - y",
        "δ_z = p − y",
        "dL/dW = (p - y) x^T",
        "dL/db = p - y",
        "∇b = dL/dz",
        "p = softmax(z)",
    ):
        assert marks(root, text) == [("exact", text)]
    [(verdict, _)] = marks(root, "dz = p - y/p")
    assert verdict not in ("exact", "ROUNDED", "CUT")


def test_attention_as_it_is_written():
    root, _ = attention()
    for text in (
        "dS = P ⊙ (dP - rowsum(P ⊙ dP))",
        "dP = dO V^T",
        "dQ = dS @ K / sqrt(2)",
        "dV = P.T @ dO",
        "dW_q = X.T @ dQ",
    ):
        assert marks(root, text) == [("exact", text)]
    [(verdict, _)] = marks(root, "dS = P ⊙ (1 - P) ⊙ dP")
    assert verdict not in ("exact", "ROUNDED", "CUT")


def test_a_network_is_marked_in_its_own_arrays():
    E = error(network())
    text = "δ_o = (out_o - t) ⊙ out_o ⊙ (1 - out_o)\ndE/dW2 = δ_o out_h^T\nδ_h = W2^T δ_o ⊙ out_h ⊙ (1-out_h)\ndE/dW1 = δ_h i^T"
    assert [verdict for verdict, _ in marks(E, text)] == ["exact"] * 4


def test_arrays_that_labels_tell():
    W = [[Value(0.1 * i + 0.2 * j, f"w{i}{j}") for j in (1, 2)] for i in (1, 2)]
    x = [Value(0.5, "x1"), Value(-1.0, "x2")]
    z = [W[i][0] * x[0] + W[i][1] * x[1] for i in (0, 1)]
    for k, v in enumerate(z, 1):
        v.label = f"z{k}"
    a = [v.tanh() for v in z]
    for k, v in enumerate(a, 1):
        v.label = f"a{k}"
    L = (a[0] ** 2 + a[1] ** 2) / 2
    L.label = "L"
    for text in ("dz = a ⊙ (1 - a ⊙ a)", "dL/dW = dz x^T", "z = W x", "dL/dx = W^T dz"):
        assert marks(L, text) == [("exact", text)]


def test_what_follows_from_a_wrong_vector_costs_nothing_more():
    root, _ = lecture()
    text = "δ_o = [0.1385, 0.0381]\ndE/dW2 = δ_o out_h^T = [[0.0822, 0.0827], [0.0226, 0.0227]]"
    verdicts = [verdict for verdict, _ in marks(root, text)]
    assert verdicts[0] == "SIGN"
    assert verdicts[2] == "FOLLOWS FROM LINE"


def test_a_name_of_ones_own_may_be_a_vector():
    root, _ = lecture()
    text = "s = out_o ⊙ (1 - out_o)\nδ_o = (out_o - t) ⊙ s"
    assert [verdict for verdict, _ in marks(root, text)][-1] == "exact"


@pytest.mark.parametrize(
    ("claim", "mark", "read"),
    [
        ("dL/dW = (p - y) x", "right", "outer product"),
        ("dL/dW = (p - y)ᵀ x", "right", "vectors are read as rows"),
        ("δ_z = pᵀ − y", "right", "a vector and a transposed one"),
        ("dL/dW = (p - y) @ x.T", "right", ""),
        ("dL/dW = (p - y) ⊙ x", "open", ""),
        ("dL/dW = x (p - y)ᵀ", "WRONG", ""),
    ],
)
def test_a_product_of_vectors_says_how_it_is_read(claim, mark, read):
    [line] = check_derivation(softmax_regression()[0], claim).lines
    assert line.mark == mark
    assert read in line.read


def test_the_sign_of_a_matrix_product_is_none_of_elements():
    root, _ = next(board for board in BLACKBOARDS if board.__name__ == "batch_with_l2")()
    assert check_derivation(root, "δ_Z1 = (δ_P W2) ⊙ (1 − H²)")
    [line] = check_derivation(root, "δ_Z1 = (δ_P W2) @ (1 − H²)").lines
    assert not line.right
    assert "cannot be" in line.because
