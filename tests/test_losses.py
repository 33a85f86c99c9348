import pickle

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import DomainError, Value, chain_rule, check_derivation, draw_dot, gradcheck
from autograd.record import topological_order
from nn import (
    MLP,
    binary_cross_entropy,
    cross_entropy,
    half_squared_error,
    hinge,
    mean_squared_error,
    softmax,
    softmax_cross_entropy,
)


def ln_sigmoid(z):
    return -mpmath.log(1 + mpmath.exp(-z))


# Each loss a second time: its textbook formula, on mpmath's numbers.
# All but the last take pairs of output and target.
REFERENCE = {
    half_squared_error: lambda pairs: sum((o - t) ** 2 for o, t in pairs) / 2,
    mean_squared_error: lambda pairs: sum((o - t) ** 2 for o, t in pairs) / len(pairs),
    hinge: lambda pairs: sum(max(0, 1 - o * t) for o, t in pairs) / len(pairs),
    binary_cross_entropy: lambda pairs: (
        -sum(t * ln_sigmoid(o) + (1 - t) * ln_sigmoid(-o) for o, t in pairs) / len(pairs)
    ),
    softmax_cross_entropy: lambda logits, t: (
        -mpmath.log(mpmath.exp(logits[t]) / sum(map(mpmath.exp, logits)))
    ),
}
PAIRED = [loss for loss in REFERENCE if loss is not softmax_cross_entropy]
TARGETS = {hinge: st.sampled_from([-1, 1]), binary_cross_entropy: st.floats(0, 1)}


def check(loss, numbers, targets, tolerance, digits=50):
    """The loss and its gradients against the reference, to 1e-13 or an absolute `tolerance`."""
    outputs = [Value(number) for number in numbers]
    result = loss(outputs, targets)
    result.backward()

    def reference(*point):
        if loss is softmax_cross_entropy:
            return REFERENCE[loss](point, targets)
        return REFERENCE[loss](list(zip(point, targets, strict=True)))

    with mpmath.workdps(digits):
        point = [mpmath.mpf(number) for number in numbers]
        assert result.data == pytest.approx(float(reference(*point)), rel=1e-13, abs=tolerance)
        for k, v in enumerate(outputs):
            slope = mpmath.diff(lambda x, k=k: reference(*point[:k], x, *point[k + 1 :]), point[k])
            assert v.grad == pytest.approx(float(slope), rel=1e-13, abs=tolerance)


@pytest.mark.parametrize("loss", PAIRED)
@given(data=st.data())
def test_a_loss_and_its_gradient(loss, data):
    outputs = data.draw(
        st.lists(st.floats(-4, 4).filter(lambda x: abs(x) != 1), min_size=1, max_size=3)
    )
    targets = data.draw(st.tuples(*[TARGETS.get(loss, st.floats(-2, 2))] * len(outputs)))
    check(loss, outputs, targets, 1e-15)


@given(data=st.data())
def test_softmax_cross_entropy_and_its_gradient(data):
    logits = data.draw(st.lists(st.floats(-30, 30), min_size=2, max_size=4))
    check(softmax_cross_entropy, logits, data.draw(st.integers(0, len(logits) - 1)), 1e-14)


@pytest.mark.parametrize("target", [0, 1])
@pytest.mark.parametrize("logit", [-1000.0, -40.0, 0.0, 40.0, 1000.0])
def test_binary_cross_entropy_is_exact_for_logits_of_any_size(logit, target):
    check(binary_cross_entropy, [logit], [target], 1e-300, digits=900)  # e^-1000 counts beside 1


@pytest.mark.parametrize("target", [0, 1, 2])
@pytest.mark.parametrize(
    "logits", [[1000, -1000, 0], [-1000, 1000, 1000], [0, -40, -1000], [40, 0, 1000], [0, 0, 0]]
)
def test_softmax_cross_entropy_is_exact_for_logits_of_any_size(logits, target):
    check(softmax_cross_entropy, logits, target, 1e-14, digits=900)


@pytest.mark.parametrize("loss", PAIRED)
def test_one_alone_is_a_list_of_one(loss):
    assert (
        loss(Value(0.25), 1).data
        == loss([Value(0.25)], [1]).data
        == loss((0.25,), np.array([1])).data
    )


def names(root):
    return {v.label for part in topological_order(root) for v in part}


def test_the_names_of_the_lecture():
    outputs = [Value(0.5, label="out_o1"), Value(0.25, label="out_o2")]
    E = half_squared_error(outputs, [0.0, Value(1.0, label="mine")])
    assert names(E) == {"out_o1", "out_o2", "t1", "mine", "E_o1", "E_o2", "E", ""}
    assert [v.label for v in E.args] == ["E_o1", "E_o2"]
    square, two = E.args[0].args
    difference, power = square.args
    assert (difference.op.name, difference.args[1], power, two) == (
        "sub",
        outputs[0],
        2.0,
        2.0,
    )  # (t − o)²/2


def test_the_error_of_one_output_is_E_itself():
    assert names(half_squared_error(Value(0.5), 0)) == {"t1", "E", ""}


@pytest.mark.parametrize(
    ("loss", "targets", "message"),
    [
        *[(loss, [1], "one target for each output, not 1 for 2") for loss in PAIRED],
        (hinge, [1, 0], "hinge takes targets −1 and 1, not 0.0"),
        (binary_cross_entropy, [1, -1], "takes targets from 0 to 1, not -1.0"),
        *[
            (softmax_cross_entropy, i, f"a whole number from 0 to 1, not {i!r}")
            for i in (2, -1, 0.5, "1", None)
        ],
        (softmax_cross_entropy, [1], "2 targets of at least 0 that sum to 1, not 1.0"),
        (softmax_cross_entropy, [1, 1], "2 targets of at least 0 that sum to 1, not 1.0, 1.0"),
        (cross_entropy, [1.5, -0.5], "2 targets of at least 0 that sum to 1, not 1.5, -0.5"),
    ],
)
def test_a_wrong_target_is_a_clear_error(loss, targets, message):
    with pytest.raises(ValueError, match=message.replace("[", r"\[")):
        loss([Value(0.5), Value(0.25)], targets)


@pytest.mark.parametrize("loss", PAIRED)
def test_no_outputs_are_a_clear_error(loss):
    with pytest.raises(ValueError, match="not 0 for 0"):
        loss([], [])


def test_one_logit_is_a_clear_error():
    with pytest.raises(ValueError, match="at least two logits, not 1"):
        softmax_cross_entropy([Value(1.0)], 0)


LOGITS = [1.0, 2.0, 0.5]
ONE_HOT = [0.0, 1.0, 0.0]


def assert_right(root, derivation):
    marks = check_derivation(root, derivation)
    assert [line for line in marks.lines if not line.right] == []


def named(letter, numbers):
    return [Value(x, label=f"{letter}{k}") for k, x in enumerate(numbers, 1)]


@pytest.mark.parametrize("logits", [LOGITS, [1000.0, -1000.0, 0.0], [138.0, 0.0, -138.0, 2.0]])
def test_softmax_is_that_of_mpmath_with_both_its_derivatives(logits):
    z = [mpmath.mpf(x) for x in logits]
    p = softmax([Value(x) for x in logits])
    assert [v.label for v in p] == [f"p{k}" for k in range(1, len(p) + 1)]
    with mpmath.workdps(900):
        powers = [mpmath.exp(x) for x in z]
        expected = [power / sum(powers) for power in powers]
        for k, v in enumerate(p):
            assert v.data == pytest.approx(float(expected[k]), rel=1e-13, abs=0)
            leaves = v.args
            for x in leaves:
                x.grad = 0.0
            v.backward()
            for j, x in enumerate(leaves):
                slope = expected[k] * ((j == k) - expected[j])
                assert x.grad == pytest.approx(float(slope), rel=1e-13, abs=1e-320)


@pytest.mark.parametrize(
    "make",
    [
        lambda z: cross_entropy(softmax(z), 1),
        lambda z: cross_entropy(softmax(z), [0.25, 0.5, 0.25]),
        lambda z: softmax_cross_entropy(z, 1),
        lambda z: softmax_cross_entropy(z, [0.25, 0.5, 0.25]),
        lambda z: binary_cross_entropy(z, [0.0, 1.0, 0.25]),
        lambda z: cross_entropy(z[0].sigmoid(), 0.25),
    ],
)
def test_the_derivatives_of_cross_entropies(make):
    z = named("z", LOGITS)
    loss = make(z)
    leaves = [v for v in topological_order(loss)[0] if v in z]
    gradcheck(loss, leaves, second=True).require()


@pytest.mark.parametrize("loss", [cross_entropy, softmax_cross_entropy])
def test_softmax_with_cross_entropy_ends_in_p_minus_y(loss):
    z = named("z", LOGITS)
    L = loss(softmax(z) if loss is cross_entropy else z, ONE_HOT)
    for k in (1, 2, 3):
        derivation = str(chain_rule(L, z[k - 1]))
        *lines, last, note = [line for line in derivation.split("\n") if line]
        assert last.startswith(f"∂L/∂z{k} = p{k} − y{k} = ")
        assert note == "(where y1, y2, y3 sum to 1)"
        assert len(lines) == 5
        assert_right(L, derivation)


def test_the_sigmoid_with_cross_entropy_ends_in_its_output_minus_y():
    [z] = named("z", [0.5])
    output = z.sigmoid()
    L = cross_entropy(output, 1)
    derivation = str(chain_rule(L, z))
    assert derivation.endswith("∂L/∂z1 = ŷ − y = 0.6225 − 1 = −0.3775")
    assert_right(L, derivation)
    logit = named("z", [0.5])
    L = binary_cross_entropy(logit, 1)
    L.label = "L"
    assert str(chain_rule(L, logit[0])) == "∂L/∂z1 = σ(z1) − y1 = σ(0.5) − 1 = −0.3775"


def test_a_class_without_probability_adds_nothing_unless_it_is_the_target():
    p = named("p", [0.0, 1.0])
    assert cross_entropy(p, 1).data == 0.0
    with pytest.raises(
        DomainError, match=r"p1 is 0\.0: softmax_cross_entropy and binary_cross_ent"
    ):
        cross_entropy(p, 0)


@pytest.mark.parametrize("target", [0.0, 0.25, 1.0])
@pytest.mark.parametrize("size", [0.5, 30.0, 37.0, 50.0, 700.0])
@pytest.mark.parametrize("sign", [-1, 1])
def test_the_cross_entropy_of_a_sigmoid_keeps_its_digits(target, size, sign):
    z = Value(sign * size, label="z")
    L = cross_entropy(z.sigmoid(), target)
    L.backward()
    with mpmath.workdps(400):
        p = 1 / (1 + mpmath.exp(-z.data))
        value, slope = -target * mpmath.log(p) - (1 - target) * mpmath.log(1 - p), p - target
    assert L.data == pytest.approx(float(value), rel=1e-15, abs=0)
    assert z.grad == pytest.approx(float(slope), rel=1e-14, abs=0)


def test_the_cross_entropy_of_a_sigmoid_that_is_rounded_to_0_or_1():
    right = cross_entropy(Value(1000.0).sigmoid(), 1)
    assert right.data == 0.0  # it is e^-1000
    for z, target in ((1000.0, 0), (-1000.0, 1)):
        with pytest.raises(DomainError, match=r"is 0\.0: .* take the logits"):
            cross_entropy(Value(z).sigmoid(), target)
        loss = binary_cross_entropy(Value(z), target)
        assert loss.data == 1000.0


def test_what_keeps_the_digits_of_a_sigmoid_is_not_in_its_derivation():
    z = Value(1.5, label="z")
    L = cross_entropy(z.sigmoid(), 1)
    L.label = "L"
    assert str(chain_rule(L, z)).splitlines()[0] == "∂L/∂z = ∂L/∂ŷ · ∂ŷ/∂z"
    assert str(draw_dot(L)).splitlines()[-3:] == [
        "∂ŷ/∂z = ŷ·(1 − ŷ) = 0.1491",
        "∂L/∂y = ln(1 − ŷ) − ln(ŷ) = −1.5",
        "∂L/∂ŷ = −y/ŷ + (1 − y)/(1 − ŷ) = −1.223",
    ]


def test_a_softmax_is_pickled_whole():
    L = softmax_cross_entropy(named("z", LOGITS), 1)
    again = pickle.loads(pickle.dumps(L))
    assert [v.op for v in topological_order(again)[1]] == [v.op for v in topological_order(L)[1]]


def test_the_gradients_of_a_network_and_of_a_batch_end_in_p_minus_y_too():
    model = MLP(2, [2, 3], activation=["tanh", "linear"], seed=1)
    L = softmax_cross_entropy(model([0.5, -1.0]), 2)
    derivation = str(chain_rule(L, model.weights()[0]))
    for k in (1, 2, 3):
        assert f" = p{k} − y{k}  " in derivation
    assert_right(L, derivation)
    w = Value(0.5, label="w")
    J = softmax_cross_entropy([3 * w, 0.0], 0) + softmax_cross_entropy([2 * w, 1.0], 1)
    J.label = "J"
    derivation = str(chain_rule(J, w))
    assert "(where y1⁽²⁾, y2⁽²⁾ sum to 1)" in derivation
    assert_right(J, derivation)


def test_targets_that_do_not_sum_to_1_end_in_no_p_minus_y():
    z = named("z", LOGITS)
    y = named("y", [0.5, 0.25, 0.125])
    L = -sum(target * p.log() for target, p in zip(y, softmax(z), strict=True))
    L.label = "L"
    derivation = str(chain_rule(L, z[0]))
    assert "sum to 1" not in derivation
    assert "p1 − y1" not in derivation
    assert_right(L, derivation)


@pytest.mark.parametrize("loss", [softmax_cross_entropy, lambda z, k: cross_entropy(softmax(z), k)])
@pytest.mark.parametrize("logits", [(0.0, 138.0, 1.0), (138.0, 0.0, -5.0), (-138.2, 0.0, 138.3)])
@pytest.mark.parametrize("index", range(3))
def test_a_probability_of_1e_60_keeps_its_digits(loss, logits, index):
    with mpmath.workdps(200):
        powers = [mpmath.exp(z) for z in logits]
        p = [power / sum(powers) for power in powers]
        expected = -mpmath.log(p[index]), *(q - (k == index) for k, q in enumerate(p))
    z = [Value(x) for x in logits]
    L = loss(z, index)
    L.backward()
    assert [L.data, *(v.grad for v in z)] == pytest.approx([float(x) for x in expected], rel=1e-13)
