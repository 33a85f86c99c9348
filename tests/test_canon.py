"""Layers against PyTorch 2.13.0, whose numbers stand in torch_numbers.json.

Parameters and then inputs are ½·sin 1, ½·sin 2, …, in the order of `parameters()` (torch's weights
are gathered in that order, and its bias_hh is 0), and the gradients are those of Σ k·out_k²/2.
"""

import json
import math
import pickle
import re
from itertools import count
from pathlib import Path

import pytest

from autograd import Value, chain_rule, check_derivation, draw_dot, gradcheck
from autograd.record import Record
from nn import (
    GRU,
    LSTM,
    RNN,
    Attention,
    AvgPool2d,
    BatchNorm1d,
    Conv1d,
    Conv2d,
    Dropout,
    Embedding,
    LayerNorm,
    MaxPool2d,
    Module,
    scaled_dot_product_attention,
)

TORCH = json.loads((Path(__file__).parent / "torch_numbers.json").read_text(encoding="utf-8"))


def nested(shape, numbers):
    if not shape:
        return Value(next(numbers))
    return [nested(shape[1:], numbers) for _ in range(shape[0])]


def flat(data):
    if isinstance(data, Value):
        return [data]
    return [v for part in data for v in flat(part)]


def loss_of(outputs):
    loss = sum(k * v * v / 2 for k, v in enumerate(flat(outputs), 1))
    loss.label = "L"
    return loss


def setting(make, call, shape):
    """The model, its inputs and its outputs, at the numbers of the oracle."""
    numbers = (math.sin(k) / 2 for k in count(1))
    model = make()
    for p in model.parameters():
        p.data = next(numbers)
    x = nested(shape, numbers)
    return model, flat(x), flat(call(model, x))


LAYERS = {
    "RNN": (lambda: RNN(2, 2), lambda m, x: m(x), (3, 2)),
    "LSTM": (lambda: LSTM(2, 2), lambda m, x: m(x)[0], (3, 2)),
    "GRU": (lambda: GRU(2, 2), lambda m, x: m(x), (3, 2)),
    "LayerNorm": (lambda: LayerNorm(3), lambda m, x: m(x), (3,)),
    "BatchNorm1d": (lambda: BatchNorm1d(2), lambda m, x: m(x), (3, 2)),
    "Attention": (lambda: Attention(2, 2), lambda m, x: m(x), (3, 2)),
    "causal": (lambda: Attention(2, 2), lambda m, x: m(x, mask="causal"), (3, 2)),
    "Conv1d": (lambda: Conv1d(2, 2, 3, stride=2, padding=1), lambda m, x: m(x), (2, 5)),
    "Conv2d": (lambda: Conv2d(2, 1, 2, stride=2, padding=1), lambda m, x: m(x), (2, 3, 4)),
    "MaxPool2d": (lambda: MaxPool2d(2, 1), lambda m, x: m(x), (3, 4)),
    "AvgPool2d": (lambda: AvgPool2d(2), lambda m, x: m(x), (4, 5)),
}


@pytest.mark.parametrize("name", LAYERS)
def test_outputs_and_gradients_are_those_of_torch(name):
    model, x, outputs = setting(*LAYERS[name])
    expected = TORCH[name]
    assert [v.data for v in outputs] == pytest.approx(expected["outputs"], rel=1e-12, abs=1e-14)
    loss_of(outputs).backward()
    found = [v.grad for v in (*model.parameters(), *x)]
    assert found == pytest.approx(expected["gradients"], rel=1e-12, abs=1e-14)


@pytest.mark.parametrize("name", LAYERS)
def test_both_derivatives_are_those_of_finite_differences(name):
    model, x, outputs = setting(*LAYERS[name])
    leaves = [*model.parameters()[:2], *model.parameters()[-2:], *x[:2]]
    loss = loss_of(outputs)
    known = set(Record(loss).leaves)
    gradcheck(loss, [v for v in dict.fromkeys(leaves) if v in known], second=True).require()


SMALL = {  # of one unit, for a derivation that a person reads
    "RNN": (lambda: RNN(1, 1), lambda m, x: m(x), (3,)),
    "LSTM": (lambda: LSTM(1, 1), lambda m, x: m(x)[0], (2,)),
    "GRU": (lambda: GRU(1, 1), lambda m, x: m(x), (2,)),
    "LayerNorm": (lambda: LayerNorm(3), lambda m, x: m(x), (3,)),
    "BatchNorm1d": (lambda: BatchNorm1d(1), lambda m, x: m(x), (3,)),
    "Attention": (lambda: Attention(1, 1), lambda m, x: m(x, "causal"), (2,)),
    "Conv1d": (lambda: Conv1d(1, 1, 2), lambda m, x: m(x), (3,)),
    "Conv2d": (lambda: Conv2d(1, 1, 2), lambda m, x: m(x), (2, 3)),
    "MaxPool2d": (lambda: MaxPool2d(2, 1), lambda m, x: m(x), (2, 3)),
    "AvgPool2d": (lambda: AvgPool2d(2), lambda m, x: m(x), (2, 2)),
}


@pytest.mark.parametrize("name", SMALL)
def test_its_own_derivations_are_right_and_its_picture_is_drawn(name):
    model, x, outputs = setting(*SMALL[name])
    loss = loss_of(outputs)
    for leaf in (*model.parameters()[:2], x[0]):
        marks = check_derivation(loss, str(chain_rule(loss, leaf)))
        assert [line for line in marks.lines if not line.right] == []
    names = {v.label for v in Record(loss).labelled()}
    assert len(names) == len(Record(loss).labelled())  # each name stands for one
    assert "<svg" in draw_dot(loss).svg()


def last_line(root, x):
    return str(chain_rule(root, x)).split("\n")[-1]


def lines(root, x):
    return [line.strip() for line in str(chain_rule(root, x)).split("\n") if line]


def test_the_gradient_of_an_rnn_is_a_sum_over_its_steps():
    model, _, outputs = setting(*SMALL["RNN"])
    h3 = outputs[-1]
    text = str(chain_rule(h3, model.parameters()[1]))
    assert "∂a3/∂W_h  = ∂a3/∂a1·∂a1/∂W_h + ∂a3/∂a2·∂a2/∂W_h|h1 + ∂a3/∂W_h|h2" in text
    assert "∂h2/∂a2  = 1 − h2²" in text


def test_what_a_cell_keeps_is_carried_by_its_forget_gate():
    model, _, _ = setting(*SMALL["LSTM"])
    _, (c1, c2) = model([0.5, -1.0])
    held = [v for v in Record(c2).nodes if v.label in ("f2", "i2", "g2")]
    assert [line for line in lines(c2, c1) if "|" in line][-1].startswith("∂c2/∂c1|f2,i2,g2 = f2 =")
    assert len(held) == 3


def test_batch_norm_has_three_terms():
    _, x, outputs = setting(*SMALL["BatchNorm1d"])
    loss = loss_of(outputs)
    first = lines(loss, x[0])[0]
    assert first == ("∂L/∂x[1] = ∂L/∂μ·∂μ/∂x[1] + ∂L/∂σ²·∂σ²/∂x[1] + ∂L/∂x̂[1]·∂x̂[1]/∂x[1]|μ,σ²")
    text = str(chain_rule(loss, x[0]))
    assert "∂σ²/∂x[1]  = 2·(x[1] − μ)/3" in text
    assert "∂x̂[1]/∂σ²  = −½·x̂[1]/(σ² + 10⁻⁵)" in text


def test_the_slopes_of_attention_are_those_of_softmax():
    _, _, outputs = setting(*SMALL["Attention"])
    s = {v.label: v for v in Record(outputs[1]).labelled()}
    assert lines(s["a[2,1]"], s["s[2,1]"]) == [
        f"∂a[2,1]/∂s[2,1] = a[2,1]·(1 − a[2,1]) = {s['a[2,1]']:.4g}·(1 − {s['a[2,1]']:.4g})"
        f" = {s['a[2,1]'] * (1 - s['a[2,1]']):.4g}"
    ]
    assert "∂a[2,2]/∂s[2,1]  = −a[2,2]·a[2,1]" in str(chain_rule(outputs[1], s["s[2,1]"]))


def test_the_gradient_of_a_kernel_is_a_sum_over_places():
    model, _, outputs = setting(*SMALL["Conv1d"])
    loss = loss_of(outputs)
    assert lines(loss, model.parameters()[0])[0] == (
        "∂L/∂K[1] = ∂L/∂y[1]·∂y[1]/∂K[1] + ∂L/∂y[2]·∂y[2]/∂K[1]"
    )


def test_the_winner_of_a_maximum_has_the_slope_1():
    x = [[Value(1.0), Value(2.0)], [Value(4.0), Value(3.0)]]
    [[y]] = MaxPool2d(2)(x)
    assert last_line(y, x[1][0]) == "∂y[1,1]/∂x[2,1] = 1 (x[2,1] is the largest) = 1"
    assert last_line(y, x[0][0]) == "∂y[1,1]/∂x[1,1] = 0 (x[2,1] is the largest) = 0"


def test_running_numbers_are_those_of_torch_and_take_the_place_of_a_batch():
    model, x, _ = setting(*LAYERS["BatchNorm1d"])
    mean, variance = TORCH["running"]
    assert model.running_mean == pytest.approx(mean, rel=1e-12)
    assert model.running_var == pytest.approx(variance, rel=1e-12)
    model.training = False
    [[y1, _]] = model([x[:2]])
    gamma, beta = (row[0].data for row in (model.gamma, model.beta))
    expected = (x[0].data - mean[0]) / math.sqrt(variance[0] + 1e-5) * gamma + beta
    assert y1.data == pytest.approx(expected, rel=1e-12)
    assert model.running_mean == pytest.approx(mean, rel=1e-12)


def test_the_state_of_batch_norm_has_its_running_numbers(tmp_path):
    model, x, _ = setting(*LAYERS["BatchNorm1d"])
    names = ["gamma", "beta", "running_mean", "running_var"]  # those of torch, element by element
    state = model.state_dict()
    assert list(state) == [*(f"{n}.{k}" for n in names for k in (0, 1)), "num_batches_tracked"]
    mean, variance = TORCH["running"]
    assert [state[f"running_mean.{k}"] for k in (0, 1)] == pytest.approx(mean, rel=1e-12)
    assert [state[f"running_var.{k}"] for k in (0, 1)] == pytest.approx(variance, rel=1e-12)
    assert state["num_batches_tracked"] == 1
    model.save(tmp_path / "norm.json")
    other = BatchNorm1d(2)
    other.load(tmp_path / "norm.json")
    assert other.state_dict() == state
    assert type(other.num_batches_tracked) is int
    rows = [x[:2], x[2:4]]
    evaluated = [[v.data for v in flat(m.eval()(rows))] for m in (model, other)]
    assert evaluated[0] == evaluated[1]


class _Deep(Module):
    def __init__(self):
        self.blocks = [BatchNorm1d(1), {"last": BatchNorm1d(1)}]
        self.again = self.blocks[0]


def test_the_running_numbers_inside_a_model_are_named_by_their_paths():
    names = [name for name in _Deep().state_dict() if "running_mean" in name]
    assert names == ["blocks.0.running_mean.0", "blocks.1.last.running_mean.0"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"running_mean.0": None}, "running_mean.0 is missing"),  # a file of before they were kept
        ({"running_var.0": -1.0}, "running_var.0 is a variance, and must be at least 0, not -1.0"),
        ({"running_mean.0": math.inf}, "running_mean.0 takes a finite number, not inf"),
        ({"num_batches_tracked": 0.5}, "must be a whole number of at least 0, not 0.5"),
        ({"running_mean.1": 0.0}, "running_mean.1 is not a parameter of this model"),
    ],
)
def test_running_numbers_that_do_not_fit_change_nothing(change, message):
    model = BatchNorm1d(1)
    model([1.0, 4.0])
    before = model.state_dict()
    state = {k: v for k, v in {**before, "gamma.0": 2.0, **change}.items() if v is not None}
    with pytest.raises(ValueError, match=re.escape(message)):
        model.load_state_dict(state)
    assert model.state_dict() == before


def test_a_batch_that_cannot_be_normalized_moves_no_running_number():
    model = BatchNorm1d(2)
    before = model.state_dict()
    with pytest.raises(ArithmeticError):
        model([[1.0, 1e200], [2.0, -1e200]])
    assert model.state_dict() == before


def test_logits_of_any_size_in_attention():
    q, k = [[Value(1000.0)]], [[Value(1.0)], [Value(-1.0)]]
    [[o]] = scaled_dot_product_attention(q, k, [[2.0], [4.0]])
    o.backward()
    assert o.data == 2.0
    assert k[0][0].grad == 0.0


def test_an_embedding_looks_rows_up():
    embedding = Embedding(3, 2, seed=0)
    first, second, again = embedding([0, 2, 0])
    assert first == again
    loss_of([first, second, again]).backward()
    row = embedding.W[0]
    assert row[0].grad == pytest.approx((1 + 5) * row[0].data)
    assert [w.grad for w in embedding.W[1]] == [0.0, 0.0]


def test_dropout_leaves_out_and_makes_up_for_it():
    x = [Value(float(k)) for k in range(1, 1001)]
    dropout = Dropout(0.25, seed=0)
    kept = [v.data for v in dropout(x)]
    assert kept == [v.data for v in Dropout(0.25, seed=0)(x)]
    assert {round(y / v.data, 12) for y, v in zip(kept, x, strict=True)} == {0.0, round(4 / 3, 12)}
    assert 0.7 < sum(map(bool, kept)) / 1000 < 0.8
    dropout.training = False
    assert dropout(x) == x
    assert [v.data for v in Dropout(0.5)([1.0, 2.0], mask=[1, 0])] == [2.0, 0.0]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: RNN(2, 1)([1.0]), r"RNN takes 2 input\(s\) at each step, not 1"),
        (lambda: RNN(1, 1)([]), "RNN takes at least one step"),
        (lambda: LSTM(1, 2)([1.0], h0=[0.0]), r"LSTM begins with 2 number\(s\) as h, not 1"),
        (lambda: LayerNorm(2)([1.0]), r"LayerNorm takes 2 input\(s\), and at least two, not 1"),
        (lambda: BatchNorm1d(1)([1.0]), "at least two examples, not 1"),
        (lambda: BatchNorm1d(2)([[1.0], [2.0]]), r"takes 2 feature\(s\) in each example"),
        (lambda: Conv1d(1, 1, 3)([1.0, 2.0]), r"a window of \(3,\) is larger than"),
        (lambda: Conv1d(2, 1, 1)([[1.0]]), "takes 2 channels, not 1"),
        (lambda: Conv1d(1, 1, 1)([[1.0]]), "nested more deeply"),
        (lambda: Conv2d(1, 1, 1)([1.0]), "takes lists nested 1 deep"),
        (lambda: Conv2d(1, 1, 1)([[1.0, 2.0], [3.0]]), "rows of x are not of one length"),
        (lambda: Conv2d(1, 1, (1, 2, 3)), "kernel_size is one number, or 2"),
        (lambda: Attention(2, 1)([1.0]), r"Attention takes 2 input\(s\) at each place, not 1"),
        (lambda: Attention(1, 1)([1.0], mask="last"), "nested lists, or 'causal', not 'last'"),
        (lambda: Attention(1, 1)([1.0], mask=[[True, True]]), r"a mask has 1 row\(s\)"),
        (lambda: Attention(1, 1)([1.0], mask=[[False]]), "its row of the mask has no True"),
        (lambda: scaled_dot_product_attention([[1.0]], [[1.0, 2.0]], [[1.0]]), "of one size"),
        (lambda: Embedding(3, 2)(3), "a word is a whole number from 0 to 2, not 3"),
        (lambda: Embedding(3, 2)("a"), "a word is a whole number from 0 to 2, not 'a'"),
        (lambda: Dropout(1), "p is from 0 to below 1, not 1"),
        (lambda: Dropout()([1.0], mask=[2]), "a 0 or a 1 for each of 1 Values"),
    ],
)
def test_what_does_not_fit_is_a_clear_error(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_rows_made_for_a_number_of_arguments_are_pickled():
    _, _, outputs = setting(*SMALL["LayerNorm"])
    again = pickle.loads(pickle.dumps(outputs))
    assert [v.data for v in again] == [v.data for v in outputs]
    assert [v.op for v in Record(again[0]).nodes] == [v.op for v in Record(outputs[0]).nodes]
