import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath import fsum, mpf, sqrt

from autograd import DomainError, Value, chain_rule, check_derivation, formula, gradcheck
from autograd.record import Record
from nn import MLP, SGD, Adam, AdamW, clip_grad_norm, cosine, exponential, linear


# The update rules of torch.optim a second time, on mpmath's numbers and not step by step: a running
# mean is a weighted sum over all steps so far. Each gives the new x from the gradients so far, the
# xs so far, and the settings.
def sgd(gs, xs, lr, momentum=0, weight_decay=0):
    gs = [g + weight_decay * x for g, x in zip(gs, xs, strict=True)]
    return xs[-1] - lr * fsum(mpf(momentum) ** k * g for k, g in enumerate(reversed(gs)))


def adam(gs, xs, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0):
    gs = [g + weight_decay * x for g, x in zip(gs, xs, strict=True)]
    means = []
    for power, beta in enumerate(map(mpf, betas), 1):
        weights = [beta**k for k in reversed(range(len(gs)))]
        means.append(fsum(w * g**power for w, g in zip(weights, gs, strict=True)) / fsum(weights))
    return xs[-1] - lr * means[0] / (sqrt(means[1]) + eps)


def adamw(gs, xs, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2):
    return adam(gs, xs, lr, betas, eps) - lr * weight_decay * xs[-1]


RULES = [
    (SGD, sgd, {"lr": 0.1}),
    (SGD, sgd, {"lr": 0.1, "momentum": 0.9}),
    (SGD, sgd, {"lr": 0.1, "momentum": 0.5, "weight_decay": 0.25}),
    (Adam, adam, {}),
    (Adam, adam, {"lr": 0.1, "betas": (0.5, 0.75), "eps": 1e-3, "weight_decay": 0.25}),
    (Adam, adam, {"betas": (0.0, 0.0)}),
    (AdamW, adamw, {}),
    (AdamW, adamw, {"lr": 0.1, "betas": (0.5, 0.75), "eps": 1e-3, "weight_decay": 0.25}),
]
GRADIENT = st.floats(-10, 10).map(lambda g: g if abs(g) > 1e-6 else 0.0)


@pytest.mark.parametrize(("optimizer", "rule", "settings"), RULES)
@given(start=st.floats(-10, 10), gradients=st.lists(GRADIENT, min_size=1, max_size=6))
def test_the_update_rules_of_torch(optimizer, rule, settings, start, gradients):
    x, still = Value(start), Value(1.0)
    steps = optimizer([still, x], **settings)
    xs, gs = [mpf(start)], []
    for gradient in gradients:
        x.grad = gradient
        steps.step()
        gs.append(mpf(gradient))
        xs.append(rule(gs, xs, **settings))
        assert x.data == pytest.approx(float(xs[-1]), rel=1e-12, abs=1e-13)


def test_a_learning_rate_may_be_a_function_of_the_step():
    x = Value(0.0)
    optimizer = SGD([x], lr=[1.0, 0.5, 0.25].__getitem__)
    for expected in (-1.0, -1.5, -1.75):
        x.grad = 1.0
        optimizer.step()
        assert x.data == expected


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        (linear(1.0, 0.1, 100), {0: 1.0, 25: 0.775, 100: 0.1, 101: 0.1, 10**9: 0.1}),
        (linear(0.0, 0.5, 2), {0: 0.0, 1: 0.25, 2: 0.5}),
        (
            cosine(1.0, 0.1, 100),
            {0: 1.0, 25: 0.55 + 0.45 * math.sqrt(0.5), 50: 0.55, 100: 0.1, 10**9: 0.1},
        ),
        (exponential(0.5, 0.9), {0: 0.5, 1: 0.45, 2: 0.405}),
    ],
)
def test_schedules(schedule, expected):
    assert {step: schedule(step) for step in expected} == pytest.approx(expected, rel=1e-14)


def test_zero_grad():
    x = Value(1.0)
    x.grad = 2.0
    SGD([x], lr=1).zero_grad()
    assert x.grad == 0.0


def test_only_the_given_parameters_move():
    model = MLP(2, [2, 1], seed=0, activation="tanh")
    biases, weights = ([p.data for p in part] for part in (model.biases(), model.weights()))
    model([1, 2]).backward()
    SGD(iter(model.weights()), lr=0.1).step()
    assert [b.data for b in model.biases()] == biases
    assert all(w.data != before for w, before in zip(model.weights(), weights, strict=True))


@pytest.mark.parametrize(
    ("make", "gradient"),
    [
        (lambda xs: SGD(xs, lr=10.0), 1e308),
        (lambda xs: Adam(xs), 1e200),  # its square overflows, and would hold w5 still for ever
        (lambda xs: Adam(xs, betas=(0.0, 0.0), eps=0.0), 0.0),  # 0/0
    ],
)
def test_a_step_without_a_finite_result_changes_nothing(make, gradient):
    parameters = Value(1.0, label="x"), Value(0.5, label="w5")
    optimizer = make(parameters)
    for p in parameters:
        p.grad = 0.25
    optimizer.step()
    before = [p.data for p in parameters], optimizer.state, optimizer.steps
    parameters[1].grad = gradient
    with pytest.raises(
        DomainError,
        match=rf"no finite result for w5 = \S+, with gradient {re.escape(str(gradient))}",
    ):
        optimizer.step()
    assert ([p.data for p in parameters], optimizer.state, optimizer.steps) == before


class Interrupting(Value):
    """Its second assignment is interrupted."""

    assignments = 0

    @property
    def data(self):
        return super().data

    @data.setter
    def data(self, number):
        self.assignments += 1
        if self.assignments == 2:
            raise KeyboardInterrupt
        Value.data.fset(self, number)


@pytest.mark.parametrize("optimizer", [SGD, Adam])
def test_an_interrupted_step_is_no_step(optimizer):
    parameters = [Value(1.0), Interrupting(2.0), Value(3.0)]
    optimizer = optimizer(parameters, lr=0.5)
    for p in parameters:
        p.grad = 1.0
    optimizer.step()
    before = [p.data for p in parameters], optimizer.state, optimizer.steps
    with pytest.raises(KeyboardInterrupt):
        optimizer.step()
    assert ([p.data for p in parameters], optimizer.state, optimizer.steps) == before
    optimizer.step()
    assert [p.data for p in parameters] != before[0]


x = Value(1.0, label="x")


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: SGD([], lr=1), ValueError, "no parameters"),
        (lambda: SGD([x, x], lr=1), ValueError, "given twice: x = 1.0"),
        (lambda: SGD([x * 2], lr=1), ValueError, "must be a leaf, not computed from others: 2.0"),
        (lambda: SGD([1.0], lr=1), TypeError, "float is not one"),
        (lambda: SGD(MLP(1, [1]).named_parameters(), lr=1), TypeError, "tuple is not one"),
        (lambda: SGD(MLP(1, [1]), lr=1), TypeError, "a list of Values, not MLP"),
        (lambda: SGD([x], lr=-1), ValueError, "lr must be at least 0, not -1.0"),
        (lambda: SGD([x], lr=math.nan), ValueError, "lr takes a finite number, not nan"),
        (lambda: SGD([x], lr="0.1"), TypeError, "lr takes a real number, not str"),
        (
            lambda: SGD([x], lr=lambda step: -step - 1).step(),
            ValueError,
            "lr must be at least 0, not -1.0",
        ),
        (
            lambda: SGD([x], lr=1, momentum=-0.5),
            ValueError,
            "momentum must be at least 0, not -0.5",
        ),
        (lambda: Adam([x], weight_decay=-1), ValueError, "weight_decay must be at least 0"),
        (
            lambda: Adam([x], betas=(0.9, 1.0)),
            ValueError,
            r"betas are two numbers from 0 to below 1, not \(0.9, 1.0\)",
        ),
        (lambda: AdamW([x], betas=(0.9,)), ValueError, "betas are two numbers"),
        (lambda: AdamW([x], eps=-1e-8), ValueError, "eps must be at least 0"),
        (lambda: linear(1, 0, 0), ValueError, "steps must be a whole number of at least 1, not 0"),
        (
            lambda: cosine(1, 0, 2.5),
            ValueError,
            "steps must be a whole number of at least 1, not 2.5",
        ),
        (lambda: clip_grad_norm([], 1.0), ValueError, "no parameters"),
        (lambda: clip_grad_norm([x], -1.0), ValueError, "max_norm must be at least 0"),
    ],
)
def test_a_wrong_setting_is_a_clear_error(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize(
    ("gradients", "max_norm", "norm", "clipped"),
    [
        ([3.0, -4.0], 10.0, 5.0, [3.0, -4.0]),
        ([3.0, -4.0], 5.0, 5.0, [3.0, -4.0]),
        ([3.0, -4.0], 2.5, 5.0, [1.5, -2.0]),
        ([3e200, -4e200], 1.0, 5e200, [0.6, -0.8]),
        ([3e-200, 4e-200], 1.0, 5e-200, [3e-200, 4e-200]),
        ([0.0, 0.0], 1.0, 0.0, [0.0, 0.0]),
    ],
)
def test_clip_grad_norm(gradients, max_norm, norm, clipped):
    parameters = [Value(0.0) for _ in gradients]
    for p, gradient in zip(parameters, gradients, strict=True):
        p.grad = gradient
    assert clip_grad_norm(iter(parameters), max_norm) == pytest.approx(norm, rel=1e-15)
    assert [p.grad for p in parameters] == pytest.approx(clipped, rel=1e-15)


@pytest.mark.parametrize("gradient", [1.7e308, -1.7e308])
def test_a_norm_past_the_range_of_a_float_clips_nothing(gradient):
    parameters = [Value(0.0), Value(0.0)]
    for p in parameters:
        p.grad = gradient
    with pytest.raises(DomainError, match="clip_grad_norm takes a finite number"):
        clip_grad_norm(parameters, 1.0)
    assert [p.grad for p in parameters] == pytest.approx([gradient] * 2, nan_ok=True)


@pytest.mark.parametrize(("optimizer", "rule", "settings"), RULES)
def test_a_recorded_step_is_the_step_and_moves_nothing(optimizer, rule, settings):
    w = Value(0.5, label="w1")
    steps = optimizer([w], **settings)
    for gradient in (0.25, -2.0, 0.125):
        w.grad = gradient
        before = w.data, steps.state, steps.steps
        [new] = steps.recorded_step()
        assert (w.data, steps.state, steps.steps) == before
        assert new.label == "w1⁺"
        gradcheck(new, second=True).require()
        [g] = [leaf for leaf in Record(new).leaves if leaf.label[0] == "g"]
        marks = check_derivation(new, str(chain_rule(new, g)))
        assert [line for line in marks.lines if not line.right] == []
        steps.step()
        assert new.data == w.data


def test_a_recorded_step_is_written_as_in_the_papers():
    w = Value(0.5, label="w1")
    w.grad = 2.0
    [new] = SGD([w], lr=0.1, momentum=0.9).recorded_step()
    assert formula(new).names == "w1 − η·m1"
    assert formula(new.args[1].args[1]).names == "0.9·m0 + g1"
    [new] = Adam([w], lr=0.1).recorded_step()
    assert formula(new) == ("w1 − η·m̂1/(√(v̂1) + 10⁻⁸)", "0.5 − 0.1·2/(√(4) + 10⁻⁸)")
    assert check_derivation(
        new,
        "m1 = 0.9·m0 + 0.1·g1 = 0.2\nm̂1 = m1/0.1 = 2\nv1 = 0.999·v0 + 0.001·g1² = 0.004\nw1⁺ = 0.4",
    )
    assert "w1 − η·" in formula(AdamW([w], lr=0.1).recorded_step()[0]).names
