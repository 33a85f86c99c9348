import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import Value
from autograd.record import topological_order
from nn import (
    binary_cross_entropy,
    half_squared_error,
    hinge,
    mean_squared_error,
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
            for i in (2, -1, 0.5, "1", None, [1])
        ],
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
