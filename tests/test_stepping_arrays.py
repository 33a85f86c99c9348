"""The page of step_through in arrays: its steps against numpy, and the page in a real browser."""

import re

import numpy as np
import pytest
from array_records import BLACKBOARDS, as_column, in_numpy, lecture

from autograd import Value, array, sigmoid, step_through
from autograd.record import Record
from nn import MLP
from nn.losses import half_squared_error, mean_squared_error

LECTURE = """\
1. net_h = W1 x + b1 = [0.3775, 0.3925]
2. out_h = σ(net_h) = [0.5933, 0.5969]
3. net_o = W2 out_h + b2 = [1.106, 1.225]
4. out_o = σ(net_o) = [0.7514, 0.7729]
5. E = ½·sum((t − out_o)²) = 0.2984
6. ∂E/∂E = 1
7. ∂E/∂t = t − out_o = [−0.7414, 0.2171]
8. δ_out_o = ∂E/∂out_o = −(t − out_o) = [0.7414, −0.2171]
9. δ_o = ∂E/∂net_o = δ_out_o ⊙ out_o ⊙ (1 − out_o) = [0.1385, −0.0381]
10. ∂E/∂W2 = δ_o out_hᵀ = [[0.08217, 0.08267], [−0.0226, −0.02274]]
11. δ_out_h = ∂E/∂out_h = W2ᵀ δ_o = [0.03635, 0.04137]
12. ∂E/∂b2 = sum(δ_o) = 0.1004
13. δ_h = ∂E/∂net_h = δ_out_h ⊙ out_h ⊙ (1 − out_h) = [0.008771, 0.009954]
14. ∂E/∂W1 = δ_h xᵀ = [[0.0004386, 0.0008771], [0.0004977, 0.0009954]]
15. ∂E/∂x = W1ᵀ δ_h = [0.003804, 0.004741]
16. ∂E/∂b1 = sum(δ_h) = 0.01873"""


def test_the_lecture_is_stepped_through_in_matrices():
    assert str(step_through(lecture()[0], detail="arrays")) == LECTURE


def members(root):
    """Each name of the record with its Values, by index."""
    found = {}
    for v in Record(root).labelled():
        name, _, index = v.label.partition("[")
        key = tuple(int(k) - 1 for k in index[:-1].split(",")) if index else ()
        found.setdefault(name, {})[key] = v
    return found


def numbers_of(values, what):
    shape = tuple(k + 1 for k in max(values))
    data = np.zeros(shape)
    for index, v in values.items():
        data[index] = getattr(v, what)
    return as_column(data) if shape else data.item()


@pytest.mark.parametrize("board", BLACKBOARDS, ids=lambda board: board.__name__)
def test_each_step_is_what_numpy_computes(board):
    root, _ = board()
    root.backward()
    arrays = members(root)
    known = {name: numbers_of(values, "data") for name, values in arrays.items()}
    page = step_through(root, detail="arrays", digits=9)
    assert not page.figure.note
    seen = set()
    for step in page.steps:
        if step.phase == "seed":
            continue
        name = step.tail or page.figure.nodes[value_of(page, step.node)].name
        expected = numbers_of(arrays[name], "grad" if step.phase == "backward" else "data")
        title, formula = re.split(" = ", step.given[0])[-2:]
        found = np.broadcast_to(in_numpy(formula, known), np.shape(expected))
        assert np.allclose(found, expected, rtol=1e-9, atol=1e-12), step.given
        if step.phase == "backward":
            known[title] = known[re.split(" = ", step.given[0])[0]] = expected
        index = re.search(r"\[([\d,]+)\]$", step.asked)
        key = tuple(int(k) - 1 for k in index[1].split(",")) if index else ()
        asked = arrays[name][key]
        assert step.answer == pytest.approx(
            asked.grad if step.phase == "backward" else asked.data, rel=1e-9
        )
        assert step.by_hand == pytest.approx(step.answer, rel=1e-6, abs=1e-9)
        seen.add((step.phase, name))
    assert {name for phase, name in seen if phase == "backward"} == {*arrays} - {root.label}


def value_of(page, key):
    return next(v for v, node in page.figure.nodes.items() if node.key == key)


def network():
    model = MLP(2, [4, 4, 1], activation="tanh", seed=1)
    return half_squared_error(model([1.0, 0.5]), [1.0])


def batch():
    model = MLP(2, [3, 1], activation="tanh", seed=1)
    rows = [[1.0, 0.5], [0.2, -0.3], [0.7, 0.1]]
    L = mean_squared_error([model(row) for row in rows], [0, 1, 1])
    L.label = "L"
    return L


def test_an_element_is_written_out_and_others_are_slips():
    steps = {step.asked: step for step in step_through(lecture()[0], detail="arrays").steps}
    step = steps["∂E/∂out_h[2]"]
    assert step.given == [
        "δ_out_h = ∂E/∂out_h = W2ᵀ δ_o",
        "∂E/∂out_h[2] = 0.45·0.1385 + 0.55·(−0.0381)",
    ]
    assert step.after == ("δ_out_h = ∂E/∂out_h = [0.03635, 0.04137]",)
    assert dict(step.slips) == {
        "the path through net_o[1] is left out": pytest.approx(-0.55 * 0.038098236, rel=1e-6),
        "the path through net_o[2] is left out": pytest.approx(0.45 * 0.138498562, rel=1e-6),
        "that is ∂E/∂out_h[1]": pytest.approx(0.03635031, rel=1e-6),
    }
    assert steps["out_o[2]"].given == ["out_o = σ(net_o)", "out_o[2] = σ(1.225)"]


def test_several_calls_are_one_array():
    names = [step.asked for step in step_through(batch(), detail="arrays").steps]
    assert sum(name.startswith("∂L/∂W") for name in names) == 2
    assert any(re.fullmatch(r"∂L/∂out_h⁽[¹²³]⁾\[[123]\]", name) for name in names)


def test_what_has_no_form_in_arrays_is_stepped_through_in_names_and_says_so():
    x = array("x", [1.0, 2.0, 3.0])
    y = x[0] * x[1] + sigmoid(x[2])
    y.label = "y"
    page = step_through(y, detail="arrays")
    assert str(page).endswith("(y has no form in arrays: drawn in names)")
    assert [step.phase for step in page.steps].count("backward") == 3


def test_a_detail_that_is_none_is_refused():
    with pytest.raises(ValueError, match="detail must be 'names', 'operations' or 'arrays'"):
        step_through(Value(1.0), detail="array")


def test_every_operation_is_a_step_where_that_is_asked_for():
    x = Value(3.0, label="x")
    y = x * x + 1
    y.label = "y"
    asked = [step.phase for step in step_through(y, detail="operations").steps]
    assert asked.count("forward") == 2


# In a browser.

CELLS = """() => Object.fromEntries([...document.querySelectorAll(".figure .node")].map(node => {
    const texts = role => [...node.querySelectorAll(`[data-role=${role}]`)].map(t => t.textContent);
    const dashed = [...node.querySelectorAll("rect")].map(r => r.hasAttribute("stroke-dasharray"));
    return [node.id.split("-")[1], [texts("data"), texts("grad"), dashed]];
}))"""


def expected(page, k):
    """The cells of each box after k steps."""
    found = {}
    for v, node in page.figure.nodes.items():
        flat = node.cells.flat
        unknown = ["—"] * len(flat["data"])
        found[node.key] = [unknown if v.op else flat["data"], unknown, [False] * len(unknown)]
    for step in page.steps[:k]:
        box = found[step.node]
        box[0] = step.sets.get("data_cells", box[0])
        if "grad_cells" in step.sets:
            grad = step.sets["grad_cells"]
            box[1:] = [grad, [cell.startswith("−") for cell in grad]]
    return found


@pytest.mark.parametrize("engine", ["dot", "embedded"])
@pytest.mark.parametrize("root", [lambda: lecture()[0], network, batch])
def test_every_step_forward_and_back_fills_the_cells_of_an_array(show, root, engine):
    tab = show(root(), engine=engine, detail="arrays")
    page = step_through(root(), engine=engine, detail="arrays")
    for k in range(len(page.steps) + 1):
        assert tab.evaluate(CELLS) == expected(page, k)
        tab.keyboard.press("ArrowRight")
    tab.keyboard.press("Home")
    assert tab.evaluate(CELLS) == expected(page, 0)


@pytest.mark.parametrize(
    ("guess", "words"),
    [
        ("0.0414", "right"),
        ("−0.0414", "the sign is wrong"),
        ("0.03635", "that is ∂E/∂out_h[1]"),
        ("0.0623", "the path through net_o[2] is left out"),
    ],
)
def test_an_element_is_guessed(show, guess, words):
    tab = show(lecture()[0], detail="arrays")
    tab.check("#predict")
    tab.fill("#slider", "11")
    assert tab.inner_text("#asked") == "∂E/∂out_h[2] ="
    tab.fill("#number", guess)
    tab.press("#number", "Enter")
    assert tab.inner_text("#verdict") == words
    known = "δ_out_h = ∂E/∂out_h = [0.03635, 0.04137]" in tab.inner_text("#caption")
    assert known == (words == "right")
