"""Arrays: what they take and refuse, and derivations in vectors and matrices."""

import gc
import math
import random
import re
import time

import numpy as np
import pytest
from array_records import BLACKBOARDS, as_column, in_numpy, lecture, random_record

import autograd
from autograd import (
    Array,
    DomainError,
    Value,
    array,
    chain_rule,
    check_derivation,
    concat,
    draw_dot,
    maximum,
    relu,
    sigmoid,
    softmax,
)
from autograd.arrays.derivation import ArrayDerivation, arrays_in
from autograd.record import Record
from nn import MLP
from nn.command.examples import EXAMPLES
from nn.lecture import error, network
from nn.losses import half_squared_error, mean, mean_squared_error, softmax_cross_entropy


def arrays_of(root):
    """Each name of the record and its numbers: those of arrays as arrays."""
    found, alone, numbered = {}, {}, {}
    for v in Record(root).labelled():
        name, _, index = v.label.partition("[")
        if index:
            found.setdefault(name, {})[tuple(map(int, index[:-1].split(",")))] = v
            continue
        alone[name] = np.float64(v.data)
        stem, number = re.fullmatch(r"(.*?)(\d*)", name).groups()
        if number:  # m1, m2 are an array m too
            numbered.setdefault(stem, {})[int(number),] = v
    rows = numbered | found
    return {name: as_column(shaped(members, "data")) for name, members in rows.items()} | alone


def shaped(members, what):
    shape = tuple(map(max, zip(*members, strict=True)))
    data = np.zeros(shape)
    for index, v in members.items():
        data[tuple(k - 1 for k in index)] = getattr(v, what)
    return data


def backward(root):
    for leaf in Record(root).leaves:
        leaf.grad = 0.0
    root.backward()


def gradient(root, name):
    backward(root)
    members = {}
    for v in Record(root).labelled():
        stem, _, index = v.label.partition("[")
        if stem == name:
            members[tuple(map(int, index[:-1].split(","))) if index else ()] = v
    return as_column(shaped(members, "grad")) if () not in members else members[()].grad


def check(root, x):
    derivation = chain_rule(root, x)
    backward(root)
    assert np.allclose(derivation.value, x.grad, rtol=1e-10, atol=1e-12)
    names = arrays_of(root)
    for line in derivation.lines:
        expected = gradient(root, line.by)
        assert np.allclose(as_column(line.value), expected, rtol=1e-10, atol=1e-12)
        names[line.name] = as_column(line.value)
        if "Σ_" in line.formula:  # index form is not read here
            continue
        found = in_numpy(line.formula, names)
        assert np.allclose(np.broadcast_to(found, np.shape(expected)), expected, rtol=1e-9, atol=1e-12), (
            str(derivation), line.formula, found, expected,
        )  # fmt: skip
        names[line.name] = as_column(line.value)
    return derivation


@pytest.mark.parametrize("board", BLACKBOARDS, ids=lambda board: board.__name__)
def test_each_line_of_a_blackboard_is_what_numpy_computes(board):
    root, leaves = board()
    for x in leaves:
        derivation = check(root, x)
        assert derivation.lines
        assert len(str(derivation).splitlines()) <= 16


def test_random_records_are_what_numpy_computes(campaign):
    rng = random.Random(0)
    formed = 0
    total = campaign(60)
    for _ in range(total):
        try:
            root, leaves = random_record(rng)
            root.backward()
        except autograd.DomainError:
            continue
        for x in leaves:
            if Record(root).dependents(x.values) == set(x.values):
                continue
            formed += bool(check(root, x).lines)
    assert formed > total


LECTURE = """\
∂E/∂W1 = δ_h xᵀ

  δ_o  = ∂E/∂net_o   = −(t − out_o) ⊙ out_o ⊙ (1 − out_o)  = [0.1385, −0.0381]
  δ_h  = ∂E/∂net_h   = (W2ᵀ δ_o) ⊙ out_h ⊙ (1 − out_h)     = [0.008771, 0.009954]

∂E/∂W1 = [0.0004386  0.0008771]
         [0.0004977  0.0009954]"""


def test_the_lecture_in_matrices():
    E, [W1, *_] = lecture()
    assert str(chain_rule(E, W1)) == LECTURE
    assert str(chain_rule(E, W1[0, 1], detail="arrays")) == LECTURE + "\n\n∂E/∂W1[1,2] = 0.0008771"


def test_a_batch_of_calls_is_one_array_with_a_number_for_each():
    model = MLP(2, [3, 1], activation="tanh", seed=1)
    rows = [[1.0, 0.5], [0.2, -0.3], [0.7, 0.1], [-0.4, 0.9], [0.3, 0.3]]
    L = mean_squared_error([model(row) for row in rows], [0, 1, 1, 0, 1])
    L.label = "L"
    L.backward()
    w = model.parameters()[0]
    derivation = chain_rule(L, w, detail="arrays")
    assert [line.formula for line in derivation.lines] == [
        "0.4·(out_o1⁽ⁿ⁾ − t[n])·(1 − out_o1⁽ⁿ⁾²)",
        "δ_o1⁽ⁿ⁾·W2ᵀ ⊙ (1 − out_h⁽ⁿ⁾²)",
        "Σ_n δ_h⁽ⁿ⁾ i⁽ⁿ⁾ᵀ",
    ]
    assert derivation.value == pytest.approx(w.grad, rel=1e-12)
    weights = [v.grad for v in model.layers[0].weights()]
    assert np.allclose(np.ravel(derivation.lines[-1].value), weights, rtol=1e-12)


def test_a_batch_in_its_own_lines_is_marked_right():
    model = MLP(2, [3, 1], activation="tanh", seed=1)
    rows = [[1.0, 0.5], [0.2, -0.3], [0.7, 0.1]]
    L = sum(half_squared_error(model(row), [t]) for row, t in zip(rows, [0, 1, 1], strict=True)) / 3
    L.label = "L"
    for w in model.parameters()[::3]:
        lines = check_derivation(L, str(chain_rule(L, w, detail="arrays"))).lines
        assert len(lines) > 6
        assert all(line.right for line in lines)


def test_no_array_has_the_name_of_a_value():
    model = MLP(2, [3, 2], activation="tanh", seed=1)
    outputs = [out for x in ([1.0, 0.5], [0.2, -0.3]) for out in model(x)]
    L = mean_squared_error(
        outputs, [Value(float(k % 2), label=name) for k, name in enumerate("abcd")]
    )
    L.label = "L"
    text = str(chain_rule(L, model.parameters()[0], detail="arrays"))
    assert "∂L/∂net_o1⁽²⁾" in text
    wrong = [line for line in check_derivation(L, text).lines if not line.right]
    assert {line.verdict for line in wrong} <= {"NOT READ"}


def test_a_network_knows_its_arrays():
    E = error(network())
    first, *_ = (v for v in Record(E).leaves if v.label == "w1")
    assert (
        str(chain_rule(E, first, detail="arrays"))
        == LECTURE.replace("x", "i") + "\n\n∂E/∂w1 = 0.0004386"
    )


def test_a_moved_record_is_computed_anew_and_says_so():
    E, [W1, *_] = lecture()
    W1[0, 0].data = 0.5
    derivation = chain_rule(E, W1)
    assert "W1[1,1]" in str(derivation)
    assert "computed anew" in str(derivation)
    again, [W1_again, *_] = lecture_at(0.5)
    assert derivation.value == chain_rule(again, W1_again).value


def lecture_at(w11):
    E, [W1, W2, x] = lecture()
    W1[0, 0].data = w11
    copies = Record(E).anew()
    return copies[E], [W1, W2, x]


def test_what_has_no_form_in_arrays_is_derived_in_names_and_says_so():
    x = array("x", [1.0, 2.0, 3.0])
    y = x[0] * x[1] + sigmoid(x[2])
    y.label = "y"
    by_element = str(chain_rule(y, x[0], detail="arrays"))
    assert by_element == "∂y/∂x[1] = x[2] = 2\n\n(y has no form in arrays: derived in names)"
    whole = chain_rule(y, x)
    assert whole.value == [2.0, 1.0, pytest.approx(0.045176659730912)]
    assert "y has no form in arrays" in str(whole)


def test_what_a_root_does_not_depend_on_has_the_gradient_0():
    E, _ = lecture()
    derivation = chain_rule(E, array("Q", [[1.0, 2.0]]))
    assert derivation.value == [[0.0, 0.0]]
    assert "E does not depend on Q" in str(derivation)


def test_arrays_of_a_thousand_elements_take_two_seconds():
    rng = random.Random(0)
    x, h, leaves = array("x", [rng.uniform(-1, 1) for _ in range(32)]), None, []
    h = x
    for k, (m, n) in enumerate([(16, 32), (10, 16)], 1):
        W = array(f"W{k}", [[rng.uniform(-1, 1) for _ in range(n)] for _ in range(m)])
        leaves.append(W)
        h = sigmoid((W @ h).named(f"z{k}")).named(f"a{k}")
    E = ((h - array("t", [0.5] * 10)) ** 2 / 2).sum()
    E.label = "E"
    start = time.perf_counter()
    assert "δ_z1 xᵀ" in str(chain_rule(E, leaves[0]))
    assert time.perf_counter() - start < 2


# LaTeX

COMMANDS = {
    "frac", "partial", "delta", "mathrm", "text", "top", "odot", "cdot", "sum", "sqrt", "operatorname", "left",
    "right", "begin", "end", "mathbf", "cdots", "vdots", "ln", "lambda", "mu", "sigma", "gamma", "eta", "beta", "max", "hat", "tanh", ",", "\\",
}  # fmt: skip


def ends_of_groups(latex):
    """The places of the braces that close, each after what it closes."""
    open_, closed = [], {}
    for place, c in enumerate(latex):
        if c == "{":
            open_.append(place)
        elif c == "}":
            closed[place] = open_.pop()
    assert not open_
    return closed


def require_well_formed(latex):
    """What a typesetter refuses: braces and brackets that do not match, powers of powers."""
    assert set(re.findall(r"\\([A-Za-z]+|.)", latex)) <= COMMANDS
    closed = ends_of_groups(latex)
    assert latex.count(r"\left") == latex.count(r"\right")
    assert latex.count(r"\begin{") == latex.count(r"\end{")
    for found in re.finditer(r"\}\^", latex):
        assert latex[closed[found.start()] - 1] != "^", latex[found.start() - 40 :][:60]
    for row in latex.split(" \\\\[1ex]\n"):
        signs = len(re.findall("(?<!.)&|(?<= )&(?== )", row))
        assert signs == (0 if row.startswith(r"\text{(") else 1)  # a note is no equation
        ends_of_groups(row)


@pytest.mark.parametrize("board", BLACKBOARDS, ids=lambda board: board.__name__)
def test_latex_is_well_formed(board):
    root, leaves = board()
    for x in leaves:
        require_well_formed(chain_rule(root, x).latex())


@pytest.mark.parametrize("detail", ["names", "arrays"])
@pytest.mark.parametrize("name", EXAMPLES)
def test_latex_of_an_example_is_well_formed(name, detail):
    """KaTeX 0.19 and pdflatex have set each of these."""
    example = EXAMPLES[name]()
    values = {v.label: v for v in Record(example.root).labelled()}
    for label in example.by:
        require_well_formed(chain_rule(example.root, values[label], detail=detail).latex())


def test_latex_of_several_calls_is_well_formed():
    model = MLP(2, [3, 1], activation="tanh", seed=1)
    L = mean_squared_error([model([1.0, 0.5]), model([0.2, -0.3]), model([0.7, 0.1])], [0, 1, 1])
    L.label = "L"
    latex = chain_rule(L, model.parameters()[0], detail="arrays").latex()
    require_well_formed(latex)
    assert r"{{\mathrm{out}_h}^{(n)}}^{2}" in latex


def test_latex_has_the_brackets_of_the_text():
    E, [W1, *_] = lecture()
    assert (
        r"\left({W_2}^{\top}\,\delta_{o}\right) \odot \mathrm{out}_h" in chain_rule(E, W1).latex()
    )


# the Array itself


def test_operations_are_those_of_numpy():
    rng = np.random.default_rng(0)
    a, b, v = rng.uniform(0.5, 2, (2, 3)), rng.uniform(0.5, 2, (2, 3)), rng.uniform(0.5, 2, 3)
    A, B, V = array("A", a), array("B", b), array("V", v)
    pairs = [
        (A + B, a + b), (A - v, a - v), (2 * A, 2 * a), (1 - A, 1 - a), (A / B, a / b), (A**2, a**2),
        (2**A, 2**a), (-A, -a), (A * V, a * v), (V + A, v + a), (A @ V, a @ v), (A @ B.T, a @ b.T),
        (V @ B.T, v @ b.T), (A.T, a.T), (A.sum(0), a.sum(0)), (A.sum(1), a.sum(1)), (A.mean(0), a.mean(0)),
        (A.log(), np.log(a)), (sigmoid(A), 1 / (1 + np.exp(-a))), (maximum(A, 1.0), np.maximum(a, 1)),
        (softmax(A), np.exp(a) / np.exp(a).sum(1, keepdims=True)), (A[0], a[0]), (A[:, 1], a[:, 1]),
        (A[0:1], a[0:1]), (concat(V, 1.0), [*v, 1.0]), (Value(2.0) * A, 2 * a), (v @ B.T, v @ b.T),
    ]  # fmt: skip
    for found, expected in pairs:
        assert isinstance(found, Array)
        assert np.shape(expected) == found.shape
        assert np.allclose(found.data, expected, rtol=1e-14)
    assert (V @ V).data == pytest.approx(v @ v)
    assert A.sum().data == pytest.approx(a.sum())
    assert A.mean().data == pytest.approx(a.mean())


@pytest.mark.parametrize("shape", [(5,), (3, 4)])
def test_indices_are_those_of_numpy(shape):
    x = array("x", np.arange(math.prod(shape)).reshape(shape).tolist())
    theirs = np.array(x.data)
    keys = [0, -1, 2, slice(None), slice(1, None, 2), slice(None, None, -1)]
    keys += [(k, *others) for k in keys for others in [[]] + [[k] for k in keys] * (len(shape) - 1)]
    for key in keys:
        found = x[key]
        assert found.data == theirs[key].tolist()
        assert isinstance(found, Value) == (np.ndim(theirs[key]) == 0)
    assert [part.data for part in x] == theirs.tolist()
    for beyond in (shape[0], -shape[0] - 1):
        with pytest.raises(IndexError):
            x[beyond]


def test_an_element_of_a_large_product_takes_no_longer_than_one_of_a_small():
    def seconds(n):
        W, x = array("W", np.ones((n, n))), array("x", np.ones(n))
        start = time.process_time()
        product = W @ x
        taken = time.process_time() - start
        assert product.data == [n] * n
        return taken / n**2

    assert seconds(500) < 5 * min(seconds(40) for _ in range(5))


@pytest.mark.parametrize(
    "make",
    [lambda x: x @ x, lambda x: x * x, lambda x: x.sum(), lambda x: x.softmax()],
    ids=["@", "*", "sum", "softmax"],
)
def test_the_collector_rests_while_elements_are_made_and_not_after(make, monkeypatch):
    rests, disable = [], gc.disable
    monkeypatch.setattr(gc, "disable", lambda: rests.append(disable()))
    make(array("x", [0.5, 0.5]))
    assert rests
    assert gc.isenabled()
    with pytest.raises(DomainError):
        make(array("x", [1.7e308] * 2))
    assert gc.isenabled()


def test_gradients_of_elements_are_those_of_an_array():
    E, [W1, *_] = lecture()
    E.backward()
    assert np.allclose(W1.grad, chain_rule(E, W1).value, rtol=1e-12)


# fmt: off
REFUSED = [
    (lambda: array("W", [[1, 2], [3, 4]]) @ array("x", [1, 2, 3]), ValueError, "W (2, 2) @ x (3,) does not fit"),
    (lambda: array("W", [[1, 2, 3]]) @ array("x", [1]), ValueError, "W (1, 3) @ x (1,) does not fit; W transposed would fit"),
    (lambda: array("a", [1, 2]) + array("b", [1, 2, 3]), ValueError, "+ takes arrays of one shape"),
    (lambda: array("W", [[1, 2], [3]]), ValueError, "W must have rows of one length"),
    (lambda: array("W", []), ValueError, "W has no elements"),
    (lambda: array("W", 3.0), ValueError, "W is a vector or a matrix"),
    (lambda: array("W", [[[1]]]), ValueError, "W must be a vector or a matrix"),
    (lambda: array("W", ["a"]), TypeError, "takes a real number, not str: 'a'"),
    (lambda: array("", [1.0]), TypeError, "the name of an array is a string that is not empty"),
    (lambda: array("x", [1.0]).sum(1), ValueError, "x (1,) has no axis 1"),
    (lambda: array("x", [1.0])[0, 0], IndexError, "x (1,) takes at most 1 ind"),
    (lambda: array("x", [1.0]).sigmiod(), AttributeError, "Array has no attribute 'sigmiod'"),
    (lambda: array("x", [1.0]) @ 2.0, TypeError, "@ takes two arrays, not float: 2.0"),
    (lambda: array("x", [-1.0]).log(), DomainError, "log(x[1] = -1.0) is not defined"),
    (lambda: chain_rule(Value(1.0), relu(array("x", [1.0]))), ValueError, "an array is derived by under its name"),
]
# fmt: on


@pytest.mark.parametrize(("attempt", "kind", "words"), REFUSED)
def test_a_refusal_says_what_was_wrong(attempt, kind, words):
    with pytest.raises(kind) as caught:
        attempt()
    assert words in str(caught.value)


# pictures in arrays


def test_a_network_is_drawn_as_one_box_for_each_array():
    model = MLP(2, [4, 4, 1], seed=1)
    E = half_squared_error(model([1.0, 0.5]), [1.0])
    E.backward()
    picture = draw_dot(E, detail="arrays")
    names = [node.name for node in picture.figure.nodes.values()]
    assert sorted(names) == sorted(
        [
            "t1",
            "W1",
            "W2",
            "W3",
            "i",
            "B1",
            "B2",
            "B3",
            "net_h1",
            "out_h1",
            "net_h2",
            "out_h2",
            "out_o1",
            "E",
        ]
    )
    assert len(picture.figure.arrows) == 13
    assert "net_h2 = W2 out_h1 + B2" in picture.source
    assert "δ_h2 out_h1ᵀ" in picture.svg()
    assert picture.svg() == draw_dot(E, detail="arrays").svg()


def test_one_array_is_lit_with_its_formula():
    E, [W1, *_] = lecture()
    E.backward()
    figure = draw_dot(E, wrt=W1[0, 1], detail="arrays").figure
    assert draw_dot(E, wrt=W1).svg() == draw_dot(E, wrt=W1[0, 1], detail="arrays").svg()
    assert figure.heading == ["∂E/∂W1 = δ_h xᵀ"]
    lit = [node.name for node in figure.nodes.values() if node.lit]
    assert lit == ["W1", "net_h", "out_h", "net_o", "out_o", "E"]


def test_the_numbers_in_a_box_are_data_and_grad():
    E, [W1, *_] = lecture()
    assert "grad —" in str(draw_dot(E, detail="arrays"))
    E.backward()
    [box] = [
        node for node in draw_dot(E, detail="arrays").figure.nodes.values() if node.name == "W1"
    ]
    numbers = [
        float(n.replace("−", "-")) for n in re.findall(r"[−+]?\d\.\d+", " ".join(box.cells.lines))
    ]
    expected = [*np.ravel(W1.data), *np.ravel(W1.grad)]
    assert numbers == pytest.approx(expected, abs=5e-5)


def test_a_record_without_arrays_is_drawn_in_names_and_says_so():
    x = array("x", [1.0, 2.0, 3.0])
    y = x[0] * x[1] + sigmoid(x[2])
    y.label = "y"
    assert "y has no form in arrays: drawn in names" in str(draw_dot(y, detail="arrays"))


@pytest.mark.parametrize("board", BLACKBOARDS, ids=lambda board: board.__name__)
def test_every_blackboard_is_drawn_in_arrays(board):
    root, leaves = board()
    root.backward()
    figure = draw_dot(root, detail="arrays").figure
    assert not figure.note
    for arrow in figure.arrows:
        assert arrow.formula
    assert (
        "<svg"
        in draw_dot(
            root,
            wrt=leaves[0][0] if len(leaves[0].shape) == 1 else leaves[0][0, 0],
            detail="arrays",
        ).svg()
    )


def layers(activation, inputs, sizes):
    rng = random.Random(4)
    model = MLP(inputs, sizes, activation=activation, seed=1)
    x, t = ([rng.uniform(-1, 1) for _ in range(n)] for n in (inputs, sizes[-1]))
    return half_squared_error(model(x), t)


@pytest.mark.parametrize("board", BLACKBOARDS, ids=lambda board: board.__name__)
def test_a_blackboard_is_derived_in_few_lines(board):
    root, leaves = board()
    for x in leaves:
        lines = [line for line in str(chain_rule(root, x)).splitlines() if "=" in line]
        assert len(lines) <= 8


@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize(("inputs", "sizes"), [(3, [4, 4, 2]), (20, [24, 16, 4])])
def test_a_network_of_three_layers_is_derived_in_few_lines_and_soon(activation, inputs, sizes):
    E = layers(activation, inputs, sizes)
    start = time.process_time()
    for name in ("W1", "W2", "W3"):
        derivation = chain_rule(E, arrays_in(E)[name], detail="arrays")
        assert isinstance(derivation, ArrayDerivation)
        lines = [line for line in str(derivation).splitlines() if "=" in line]
        assert len(lines) <= 8
        assert "Σ" not in lines[0]
    assert time.process_time() - start < 6.0


def test_an_array_of_which_an_element_alone_is_on_the_way_is_whole_or_not_there():
    x = array("x", [3.0, -2.0])
    y = Array([2 * x[0], 0 * x[1]], (2,)).named("y")
    E = ((1 - y) ** 2).sum()
    E.label = "E"
    assert "[0, 0]" not in str(chain_rule(E, x[1], detail="arrays"))
    loose = [Value(3.0, label="x[1]"), Value(-2.0, label="x[2]")]
    E = (1 - 2 * loose[0]) ** 2 + 0 * loose[1]
    E.label = "E"
    assert str(chain_rule(E, loose[1], detail="arrays")) == "∂E/∂x[2] = 0\n\n∂E/∂x[2] = 0"


def test_the_rest_of_an_array_on_the_way_is_derived_too():
    a, b = Value(2.0, label="a"), Value(3.0, label="b")
    h = concat(a, b * b).named("h")
    g = sigmoid(h).named("g")
    E = (g * [1.0, 2.0]).sum() * (h**2).sum()
    E.label = "E"
    E.backward()
    for x in (a, b):
        derivation = chain_rule(E, x, detail="arrays")
        assert derivation.value == pytest.approx(x.grad, rel=1e-12)
        check_derivation(E, str(derivation)).require()


def softmax_batch(loss):
    """Two examples, the rows of Z = X Wᵀ + b, and the mean of their losses."""
    X, b = array("X", [[1.0, 2.0], [0.5, -1.0]]), array("b", [0.1, 0.2, 0.3])
    W = array("W", [[0.1, 0.2], [0.3, -0.1], [0.2, 0.4]])
    Z = (X @ W.T + b).named("Z")
    L = loss(Z)
    L.label = "L"
    L.backward()
    return L, Z, W, b


def of_rows(Z):
    return mean([softmax_cross_entropy(row, k) for k, row in enumerate(Z)])


def of_matrices(Z):
    return -(array("Y", [[1, 0, 0], [0, 1, 0]]) * softmax(Z).named("P").log()).sum() / 2


@pytest.mark.parametrize(
    ("loss", "formula"),
    [
        (of_rows, "δ_Z[n,:]  = ∂L/∂Z[n,:]   = ½(p⁽ⁿ⁾ − y⁽ⁿ⁾)"),
        (of_matrices, "δ_Z = ∂L/∂Z = ½(P − Y) = "),
    ],
)
def test_a_batch_of_softmax_with_cross_entropy_ends_in_p_minus_y(loss, formula):
    L, Z, W, b = softmax_batch(loss)
    expected = np.exp(Z.data) / np.exp(Z.data).sum(axis=1, keepdims=True)
    expected[[0, 1], [0, 1]] -= 1.0
    assert np.allclose(chain_rule(L, Z).value, expected / 2, rtol=1e-12)
    for x, last in ((W, "∂L/∂W = δ_Zᵀ X"), (b, "∂L/∂b = colsum(δ_Z)")):
        derivation = chain_rule(L, x)
        assert np.allclose(derivation.value, x.grad, rtol=1e-12)
        assert str(derivation).splitlines()[0] == last
        assert formula in str(derivation)
        lines = check_derivation(L, str(derivation)).lines
        assert [line for line in lines if not line.right and line.verdict != "UNKNOWN NAME"] == []


def test_a_bias_that_a_batch_shares_is_the_sum_over_its_examples():
    model = MLP(2, [3, 2], activation="tanh", seed=1)
    L = mean([half_squared_error(model(x), [0.0, 1.0]) for x in ([1.0, 0.5], [0.2, -0.3])])
    L.label = "L"
    L.backward()
    b1 = next(p for p in model.parameters() if p.label == "b1")
    derivation = chain_rule(L, b1, detail="arrays")
    assert str(derivation).splitlines()[0] == "∂L/∂B1 = Σ_n δ_h⁽ⁿ⁾"
    assert derivation.value == pytest.approx(b1.grad, rel=1e-12)
    check_derivation(L, str(derivation)).require()
    shared = MLP(2, [3, 2], activation="tanh", bias="shared", seed=1)
    L = mean([half_squared_error(shared(x), [0.0, 1.0]) for x in ([1.0, 0.5], [0.2, -0.3])])
    L.label = "L"
    L.backward()
    b1 = next(p for p in shared.parameters() if p.label == "b1")
    derivation = chain_rule(L, b1, detail="arrays")
    assert str(derivation).splitlines()[0] == "∂L/∂b1 = Σ_n sum(δ_h⁽ⁿ⁾)"
    assert derivation.value == pytest.approx(b1.grad, rel=1e-12)
    check_derivation(L, str(derivation)).require()
