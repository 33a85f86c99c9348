import math
import random
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from autograd import Value
from nn import MLP, SGD, Adam, Layer, Neuron, binary_cross_entropy, mean_squared_error, train

XOR = [([0, 0], 0), ([0, 1], 1), ([1, 0], 1), ([1, 1], 0)]
LINE = [(-1.0, -1.0), (0.0, 1.0), (2.0, 5.0)]  # y = 2x + 1


def line(seed=0):
    model = MLP(1, [1], seed=seed)
    return model, SGD(model.parameters(), lr=0.1)


def test_xor_is_learned():
    model = MLP(2, [4, 1], activation=["tanh", "linear"], seed=0)
    history = train(model, XOR, binary_cross_entropy, Adam(model.parameters(), lr=0.1), epochs=200, batch_size=2)
    assert len(history) == 200
    assert history[-1] < 0.01 < 0.5 < history[0]
    assert [int(model(inputs) > 0) for inputs, _ in XOR] == [target for _, target in XOR]


def test_full_batches_are_gradient_descent():
    model, optimizer = line()
    theta = np.array([p.data for p in model.parameters()])
    X, y = np.array([[x, 1.0] for x, _ in LINE]), np.array([y for _, y in LINE])
    losses = []
    for _ in range(5):
        residual = X @ theta - y
        losses.append(np.mean(residual**2))
        theta = theta - 0.1 * 2 * X.T @ residual / len(y)
    assert train(model, LINE, mean_squared_error, optimizer, epochs=5) == pytest.approx(losses, rel=1e-12)
    assert [p.data for p in model.parameters()] == pytest.approx(theta, rel=1e-12)


@pytest.mark.parametrize(("batch_size", "steps"), [(None, 1), (1, 5), (2, 3), (3, 2), (5, 1), (9, 1)])
def test_an_epoch_sees_each_example_once_in_batches(batch_size, steps):
    model, _ = line()
    seen = []

    def loss(output, target):
        seen.append(target)
        return mean_squared_error(output, target)

    optimizer = SGD(model.parameters(), lr=0)  # nothing moves: every epoch has the same loss, in whatever batches
    examples = [(x, 3 * x) for x in range(5)]
    history = train(model, iter(examples), loss, optimizer, epochs=3, batch_size=batch_size)
    expected = np.mean([mean_squared_error(model(x), y).data for x, y in examples])
    assert history == pytest.approx([expected] * 3, rel=1e-12)
    assert optimizer.steps == 3 * steps
    epochs = [seen[k : k + 5] for k in (0, 5, 10)]
    assert [sorted(epoch) for epoch in epochs] == [[0, 3, 6, 9, 12]] * 3
    assert len(set(map(tuple, epochs))) == 3  # in a new order each time


def test_training_is_the_same_in_every_run():
    def run(seed):
        random.seed()  # nothing depends on it
        model, optimizer = line()
        return train(model, LINE, mean_squared_error, optimizer, epochs=5, batch_size=1, seed=seed), model.state_dict()

    assert run(1) == run(1) != run(2)


def test_gradients_are_those_of_the_last_batch_for_parameters_that_stay_too():
    model, _ = line()
    weight, bias = model.parameters()
    train(model, LINE, mean_squared_error, SGD(model.weights(), lr=0), epochs=7)
    residuals = [weight.data * x + bias.data - y for x, y in LINE]
    assert bias.grad == pytest.approx(2 * np.mean(residuals), rel=1e-12)


def test_a_parameter_outside_the_model_is_trained_too():
    shift = Value(0.0)
    model = MLP(1, [1], bias=None, seed=0)
    optimizer = SGD([*model.parameters(), shift], lr=0.1)
    train(model, LINE, lambda output, target: mean_squared_error(output + shift, target), optimizer, epochs=300)
    assert [model.weights()[0].data, shift.data] == pytest.approx([2, 1], abs=1e-6)


@pytest.mark.parametrize("call", range(1, 10))
def test_an_interrupt_keeps_whole_steps_and_the_history_of_whole_epochs(call):
    def run(interrupt_at=None, epochs=3):
        calls, steps = 0, []

        def loss(output, target):
            nonlocal calls
            calls += 1
            if calls == interrupt_at:
                raise KeyboardInterrupt
            return mean_squared_error(output, target)

        model, optimizer = line()
        whole = optimizer.step
        optimizer.step = lambda: (whole(), steps.append(model.state_dict()))
        before = model.state_dict()
        history = train(model, LINE, loss, optimizer, epochs=epochs, batch_size=1)
        return history, model.state_dict(), [before, *steps]

    history, state, _ = run(interrupt_at=call)
    whole_history, _, steps = run()
    assert history == whole_history[: (call - 1) // 3]
    assert state == steps[call - 1]


@pytest.mark.parametrize(("progress", "epochs_shown"), [(True, [range(3)]), (False, [])])
def test_progress_is_shown_by_tqdm_where_it_is_installed(monkeypatch, progress, epochs_shown):
    shown = []

    def tqdm(epochs, *, delay, disable, unit):
        assert (delay, disable, unit) == (1, None, "epoch")
        shown.append(epochs)
        return epochs

    model, optimizer = line()
    monkeypatch.setitem(sys.modules, "tqdm", SimpleNamespace(tqdm=tqdm))
    assert len(train(model, LINE, mean_squared_error, optimizer, epochs=3, progress=progress)) == 3
    assert shown == epochs_shown


def test_without_tqdm_training_is_silent(monkeypatch, capsys):
    model, optimizer = line()
    monkeypatch.setitem(sys.modules, "tqdm", None)
    assert len(train(model, LINE, mean_squared_error, optimizer, epochs=3)) == 3
    assert capsys.readouterr() == ("", "")


def test_import_is_light():
    code = "import nn, sys; print(*{'numpy', 'numba', 'tqdm', 'IPython', 'graphviz'}.intersection(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "\n"


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"examples": []}, ValueError, "no examples"),
        ({"examples": [1.0, 2.0]}, ValueError, "a pair of inputs and target, not 1.0"),
        (
            {"examples": [(1.0, 2.0), (1.0, 2.0, 3.0)]},
            ValueError,
            r"a pair of inputs and target, not \(1.0, 2.0, 3.0\)",
        ),
        ({"epochs": 0}, ValueError, "epochs must be a whole number of at least 1, not 0"),
        ({"batch_size": 0}, ValueError, "batch_size must be a whole number of at least 1, not 0"),
        ({"batch_size": 1.5}, ValueError, "batch_size must be a whole number of at least 1, not 1.5"),
        ({"loss": lambda output, target: 1.0}, TypeError, "the loss must give a Value, not float"),
        ({"examples": [([1.0, 2.0], 3.0)]}, ValueError, r"MLP takes 1 input\(s\), not 2"),
    ],
)
def test_a_wrong_argument_is_a_clear_error(options, error, message):
    model, optimizer = line()
    before = model.state_dict()
    arguments = {"examples": LINE, "loss": mean_squared_error, "epochs": 3} | options
    with pytest.raises(error, match=message):
        train(model, optimizer=optimizer, **arguments)
    assert model.state_dict() == before


def test_the_demo_of_micrograd():
    """Its notebook, with only the import lines changed, and make_moons written out."""
    np.random.seed(1337)
    random.seed(1337)
    angle = np.linspace(0, math.pi, 20)
    upper, lower = np.c_[np.cos(angle), np.sin(angle)], np.c_[1 - np.cos(angle), 0.5 - np.sin(angle)]
    X = np.r_[upper, lower] + np.random.normal(scale=0.1, size=(40, 2))
    y = np.r_[np.zeros(20, int), np.ones(20, int)]

    y = y * 2 - 1  # make y be -1 or 1
    model = MLP(2, [16, 16, 1])  # 2-layer neural network
    assert len(model.parameters()) == 337
    assert repr(model).startswith("MLP of [Layer of [ReLUNeuron(2), ReLUNeuron(2), ")
    assert repr(model).endswith("ReLUNeuron(16)], Layer of [LinearNeuron(16)]]")

    def loss(batch_size=None):
        if batch_size is None:
            Xb, yb = X, y
        else:
            ri = np.random.permutation(X.shape[0])[:batch_size]
            Xb, yb = X[ri], y[ri]
        inputs = [list(map(Value, xrow)) for xrow in Xb]
        scores = list(map(model, inputs))
        losses = [(1 + -yi * scorei).relu() for yi, scorei in zip(yb, scores)]  # noqa: B905
        data_loss = sum(losses) * (1.0 / len(losses))
        alpha = 1e-4
        reg_loss = alpha * sum((p * p for p in model.parameters()))  # noqa: UP034
        total_loss = data_loss + reg_loss
        accuracy = [(yi > 0) == (scorei.data > 0) for yi, scorei in zip(yb, scores)]  # noqa: B905
        return total_loss, sum(accuracy) / len(accuracy)

    losses = []
    for k in range(20):
        total_loss, acc = loss()
        model.zero_grad()
        total_loss.backward()
        learning_rate = 1.0 - 0.9 * k / 100
        for p in model.parameters():
            p.data -= learning_rate * p.grad
        losses.append(total_loss.data)
    assert losses[-1] < 0.5 < losses[0]
    assert acc > 0.8
    assert loss(batch_size=8)[0].data > 0
    assert all(
        isinstance(part, kind) for part, kind in [(model.layers[0], Layer), (model.layers[0].neurons[0], Neuron)]
    )

    Xmesh = np.c_[np.array([-1.0, 0.0, 2.0]), np.array([0.5, 1.0, -0.5])]
    inputs = [list(map(Value, xrow)) for xrow in Xmesh]
    scores = list(map(model, inputs))
    Z = np.array([s.data > 0 for s in scores])
    assert list(Z) == [False, False, True]
