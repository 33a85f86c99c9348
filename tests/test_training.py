import gc
import math
import random
import subprocess
import sys
from contextlib import nullcontext
from types import SimpleNamespace

import numpy as np
import pytest

from autograd import DomainError, Value, log, no_grad
from nn import (
    MLP,
    SGD,
    Adam,
    Dropout,
    Layer,
    Module,
    Neuron,
    binary_cross_entropy,
    half_squared_error,
    hinge,
    mean_squared_error,
    softmax_cross_entropy,
    train,
)
from nn.replaying import Batches

XOR = [([0, 0], 0), ([0, 1], 1), ([1, 0], 1), ([1, 1], 0)]
LINE = [(-1.0, -1.0), (0.0, 1.0), (2.0, 5.0)]  # y = 2x + 1


def line(seed=0):
    model = MLP(1, [1], seed=seed)
    return model, SGD(model.parameters(), lr=0.1)


def looking(output, target):
    """The same loss from the eager pass alone: Python looks at a number, and could do anything with
    it.
    """
    assert output.data is not None
    return mean_squared_error(output, target)


def test_xor_is_learned():
    model = MLP(2, [4, 1], activation=["tanh", "linear"], seed=0)
    history = train(
        model, XOR, binary_cross_entropy, Adam(model.parameters(), lr=0.1), epochs=200, batch_size=2
    )
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
    assert train(model, LINE, mean_squared_error, optimizer, epochs=5) == pytest.approx(
        losses, rel=1e-12
    )
    assert [p.data for p in model.parameters()] == pytest.approx(theta, rel=1e-12)


@pytest.mark.parametrize(
    ("batch_size", "steps"), [(None, 1), (1, 5), (2, 3), (3, 2), (5, 1), (9, 1)]
)
def test_an_epoch_sees_each_example_once_in_batches(batch_size, steps):
    model, _ = line()
    seen = []

    def loss(output, target):
        seen.append(target)
        return looking(output, target)

    optimizer = SGD(
        model.parameters(), lr=0
    )  # nothing moves: every epoch has the same loss, in whatever batches
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
        return train(
            model, LINE, mean_squared_error, optimizer, epochs=5, batch_size=1, seed=seed
        ), model.state_dict()

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
    train(
        model,
        LINE,
        lambda output, target: mean_squared_error(output + shift, target),
        optimizer,
        epochs=300,
    )
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
            return looking(output, target)

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
    code = "import nn, sys; print(*{'numpy', 'llvmlite', 'tqdm', 'IPython', 'graphviz'}.intersection(sys.modules))"
    assert (
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout
        == "\n"
    )


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
        (
            {"batch_size": 1.5},
            ValueError,
            "batch_size must be a whole number of at least 1, not 1.5",
        ),
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
    upper, lower = (
        np.c_[np.cos(angle), np.sin(angle)],
        np.c_[1 - np.cos(angle), 0.5 - np.sin(angle)],
    )
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
        isinstance(part, kind)
        for part, kind in [(model.layers[0], Layer), (model.layers[0].neurons[0], Neuron)]
    )

    Xmesh = np.c_[np.array([-1.0, 0.0, 2.0]), np.array([0.5, 1.0, -0.5])]
    inputs = [list(map(Value, xrow)) for xrow in Xmesh]
    scores = list(map(model, inputs))
    Z = np.array([s.data > 0 for s in scores])
    assert list(Z) == [False, False, True]


# Replay: the same as the eager pass, to the last bit, wherever it is taken.
def trained(loss, model=None, examples=LINE, optimizer=SGD, epochs=4, batch_size=2, replay=None):
    """History, state and gradients, and how often the loss was called."""
    model = model or MLP(1, [3, 1], activation="tanh", bias="shared", seed=2)
    calls = []

    def counted(output, target):
        calls.append(target)
        return loss(output, target)

    history = train(
        model,
        examples,
        loss if replay is None else counted,
        optimizer(model.parameters(), lr=0.05),
        epochs=epochs,
        batch_size=batch_size,
        replay=replay,
    )
    return history, model.state_dict(), [p.grad for p in model.parameters()], len(calls)


PLANE = [
    ([0.5, -1.0], [1.0, 0.0]),
    ([1.5, 2.0], [0.0, 1.0]),
    ([-0.25, 0.125], [0.5, 0.5]),
    ([3.0, 1.0], [1.0, 1.0]),
]
CLASSES = [(x, k % 3) for k, (x, _) in enumerate(PLANE)]


@pytest.mark.parametrize("batch_size", [None, 1, 2, 3])
@pytest.mark.parametrize("optimizer", [SGD, Adam])
@pytest.mark.parametrize(
    ("loss", "sizes", "examples", "activation"),
    [
        (mean_squared_error, [3, 1], LINE, "tanh"),
        (half_squared_error, [3, 2], PLANE, "sigmoid"),
        (binary_cross_entropy, [4, 1], XOR, ["relu", "linear"]),
        (hinge, [4, 1], [(x, 2 * y - 1) for x, y in XOR], ["leaky_relu", "linear"]),
        (softmax_cross_entropy, [4, 3], CLASSES, ["swish", "linear"]),
        (
            lambda output, target: (1 + -target * output).relu() + output**2 * 1e-3,
            [2, 1],
            LINE,
            "gelu",
        ),
    ],
)
def test_a_replay_gives_what_the_eager_pass_gives(
    loss, sizes, examples, activation, optimizer, batch_size
):
    def run(replay):
        nin = np.size(examples[0][0])
        model = MLP(nin, sizes, activation=activation, bias="shared", seed=3)
        return trained(loss, model, examples, optimizer, batch_size=batch_size, replay=replay)

    *eager, calls_of_eager = run(False)
    *known, _ = run(None)  # recorded once where model and loss are known, else computed anew
    *asked, calls = run(True)
    assert known == eager == asked
    shapes = len({target if isinstance(target, int) else 0 for _, target in examples})  # by class
    assert calls == shapes + 4 < calls_of_eager  # and one example an epoch


def test_what_compares_values_beside_the_record_is_not_replayed():
    """With so small a p as that of the first example, the loss is computed in another way."""
    examples = [([-3000.0, 1.0], 0), ([0.5, 1.0], 0), ([3000.0, 0.5], 0), ([-0.25, 2.0], 1)]

    def run(replay, loss=softmax_cross_entropy):
        model = MLP(2, [2], activation="linear", seed=3)
        return trained(loss, model, examples, batch_size=1, replay=replay)[:3]

    def branching(output, target):
        difference = (output[0] - target) * (output[1] + 1)
        return sum(output) ** 2 * (0.1 if difference > 1 else 0.3)

    assert run(None) == run(False) == run(True)
    assert run(True, branching) == run(False, branching)


def test_one_epoch_of_many_examples_is_replayed(monkeypatch):
    called = []
    whole = MLP.__call__
    monkeypatch.setattr(MLP, "__call__", lambda self, x: (called.append(x), whole(self, x))[1])
    losses = []
    for count, calls in ((100, 1), (99, 99)):
        called.clear()
        model = MLP(1, [2, 1], activation="tanh", seed=2)
        examples = [(k / 50, k / 30) for k in range(count)]
        optimizer = SGD(model.parameters(), lr=0.1)
        losses += train(model, examples, mean_squared_error, optimizer, epochs=1, progress=False)
        assert len(called) == calls
        model = MLP(1, [2, 1], activation="tanh", seed=2)
        eager = [mean_squared_error(model(x), t).data for x, t in examples]
        assert losses[-1] == pytest.approx(sum(eager) / count, rel=1e-14)


def test_what_is_known_to_be_pure_is_not_called_for_each_example(monkeypatch):
    called = []
    model = MLP(1, [3, 1], activation="tanh", seed=2)
    whole = MLP.__call__
    monkeypatch.setattr(MLP, "__call__", lambda self, x: (called.append(x), whole(self, x))[1])
    train(
        model, LINE, mean_squared_error, SGD(model.parameters(), lr=0.1), epochs=50, progress=False
    )
    assert len(called) == 1


@pytest.mark.parametrize("target", [0.5, 3])
def test_a_target_that_a_loss_does_not_take_is_refused_wherever_it_stands(target):
    model = MLP(1, [1], seed=0)
    optimizer = SGD(model.parameters(), lr=0.1)
    examples = [(0.5, 1), (0.25, -1), (0.75, target)]
    with pytest.raises(ValueError, match="hinge takes targets −1 and 1"):
        train(model, examples, hinge, optimizer, epochs=3, progress=False)


def test_random_numbers_are_where_they_were_after_a_trial():
    random.seed(3)
    np.random.seed(3)
    states = random.getstate(), np.random.get_state()[1].tolist()

    def noisy(output, target):
        return mean_squared_error(output + 0.0 * random.random() * np.random.random(), target)

    model = MLP(1, [1], seed=0)
    optimizer = SGD(model.parameters(), lr=0.1)
    train(model, LINE, noisy, optimizer, epochs=3, replay=True, progress=False)
    assert (random.getstate(), np.random.get_state()[1].tolist()) == states


def test_a_replay_that_was_asked_for_and_is_not_the_same_is_told():
    model = Odd(counted)
    optimizer = SGD(model.parameters(), lr=0.05)
    with pytest.raises(
        ValueError, match=r"^replay=True, and example \d has the loss .* computed anew"
    ):
        train(model, LINE, mean_squared_error, optimizer, epochs=6, replay=True, progress=False)


class Odd(MLP):
    """A network whose graph is not the same for each example, or not each time."""

    def __init__(self, twist):
        super().__init__(1, [2, 1], activation="tanh", seed=1)
        self.twist = twist

    def __call__(self, x):
        return self.twist(self, super().__call__(x))


def chosen(self, out):
    return out if out > 0 else 0.1 * out


def chosen_by_a_node_of_its_own(self, out):
    return out if out * 2 > 0.5 else 0.1 * out


def chosen_by_data(self, out):
    return out if self.layers[0].neurons[0].w[0].data > 0 else 0.1 * out


def scaled_by_data(self, out):
    return out * self.layers[0].neurons[0].w[0].data


def scaled_by_a_detached_value(self, out):
    return out * out.detach()


def scaled_without_a_record(self, out):
    with no_grad():
        scale = self.layers[0].neurons[0].w[0] * 2
    return out * scale


def dropped_out(self, out):
    return out * random.choice([0.0, 2.0])


def counted(self, out):
    self.count = getattr(self, "count", 0) + 1
    return out * self.count


TABLE_OF_ODDITIES = [
    chosen,
    chosen_by_a_node_of_its_own,
    chosen_by_data,
    scaled_by_data,
    scaled_by_a_detached_value,
    scaled_without_a_record,
    dropped_out,
]


@pytest.mark.parametrize("twist", [*TABLE_OF_ODDITIES, counted], ids=lambda twist: twist.__name__)
def test_where_the_graph_may_change_nothing_is_replayed(twist):
    def run(replay):
        random.seed(5)
        return trained(mean_squared_error, Odd(twist), epochs=6, replay=replay)

    assert run(None)[:3] == run(False)[:3]
    assert run(False)[3] == 6 * len(LINE)


def test_examples_that_are_parameters_or_computed_beforehand_are_not_replayed():
    def run(make, replay):
        embeddings = [Value(x) for x, _ in LINE]
        shared = embeddings[0] * 2
        examples = [(make(v, shared), y) for v, (_, y) in zip(embeddings, LINE, strict=True)]
        model = MLP(1, [1], seed=0)
        model.embeddings = embeddings
        return trained(mean_squared_error, model, examples, replay=replay)[:3]

    for make in (lambda v, shared: v, lambda v, shared: shared + v):
        assert run(make, None) == run(make, True) == run(make, False)


def trained_with_a_computed_parameter(place, replay):
    a = Value(0.3, label="a")
    model = MLP(1, [2, 1], activation="tanh", seed=1)
    neuron = model.layers[0].neurons[0]
    if place == "bias":
        neuron.b = a * 2
    else:
        neuron.w[0] = a * 2
    parameters = [*(p for p in model.parameters() if p.op is None), a]
    optimizer = SGD(parameters, lr=0.1)
    history = train(
        model, LINE, mean_squared_error, optimizer, epochs=5, replay=replay, progress=False
    )
    return history, [p.data for p in parameters]


@pytest.mark.parametrize("place", ["bias", "weight"])
def test_a_parameter_that_is_computed_from_others_is_not_replayed(place):
    eager = trained_with_a_computed_parameter(place, False)
    assert trained_with_a_computed_parameter(place, None) == eager


def test_gradients_are_not_added_twice_where_a_shape_cannot_be_replayed():
    class Kinked(Module):
        def __init__(self):
            self.w = Value(0.5)

        def __call__(self, x):
            scaled = self.w * x
            return scaled * 3 if scaled > 0 else scaled * 0.1

    def loss(output, kind):  # two kinds of examples, and so two programs
        return output**2 if kind == 0 else (output - 1) ** 2

    def run(replay):
        model = Kinked()
        optimizer = SGD([model.w], lr=0.001)
        # the last of the batch is swept first, by its program; then -1 takes the other branch
        examples = [(1.0, 0), (-1.0, 0), (2.0, 1), (3.0, 1), (1.5, 1), (2.5, 1)]
        history = train(
            model, examples, loss, optimizer, epochs=3, seed=0, replay=replay, progress=False
        )
        return history, model.w.data

    assert run(True) == run(False)


def test_an_error_in_training_is_that_of_the_eager_pass():
    def run(replay):
        model = MLP(1, [1], seed=0)
        with pytest.raises(DomainError, match=r"^epoch \d+: log\(") as error:
            trained(
                lambda output, target: (output + 5).log() + output**3 * 1e3,
                model,
                replay=replay,
                epochs=50,
            )
        return str(error.value), model.state_dict()

    assert run(True) == run(False) == run(None)


def test_a_loss_that_depends_on_nothing_is_trained_on_in_vain():
    model, optimizer = line()
    before = model.state_dict()
    assert train(model, LINE, lambda output, target: Value(1.5), optimizer, epochs=3) == [
        1.5,
        1.5,
        1.5,
    ]
    assert model.state_dict() == before


class Left(Module):
    """A line behind a Dropout; it notes whether it was in training."""

    def __init__(self):
        self.line, self.parts = MLP(1, [1], seed=0), {"dropout": [Dropout(0.5, seed=0)]}
        self.seen = []

    def __call__(self, x):
        self.seen.append(self.parts["dropout"][0].training)
        return self.line(self.parts["dropout"][0]([x]))


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("rate", [0.1, 1e300])
def test_what_is_trained_is_in_training_and_then_as_it_was_before(before, rate):
    model = Left()
    model.parts["dropout"][0].training = before  # the others are in training
    failing = rate > 1
    optimizer = SGD(model.parameters(), lr=rate)
    with pytest.raises(DomainError) if failing else nullcontext():
        train(model, LINE, mean_squared_error, optimizer, epochs=3, batch_size=1)
    assert set(model.seen) == {True}
    assert [m.training for m in model.modules() if isinstance(m, Dropout)] == [before]
    assert all(m.training for m in model.modules() if not isinstance(m, Dropout))


def test_eval_and_train_reach_all_that_is_inside():
    model = Left()
    dropout, kinds = model.parts["dropout"][0], {type(m) for m in model.modules()}
    assert kinds == {Left, MLP, Layer, Neuron, Dropout}
    assert model.eval() is model
    assert not any(m.training for m in model.modules())
    assert [v.data for v in dropout([2.0] * 9)] == [2.0] * 9
    assert model.train() is model
    assert {v.data for v in dropout([2.0] * 9)} == {0.0, 4.0}
    assert "training" not in str(model.state_dict())


@pytest.mark.parametrize(
    ("sizes", "classes", "examples", "epochs", "backend"),
    [
        ([2, 1], 2, 4, 1000, "python"),  # it is done before machine code is loaded
        ([2, 1], 2, 4, 1_000_000, "python"),  # a call costs more than what it computes
        ([40, 20, 10], 10, 1000, 1, "llvmlite"),  # ten graphs, each soon compiled
        ([40, 20, 10], 1, 100, 1, "python"),
        ([40, 20, 10], 1, 100, 100, "llvmlite"),
    ],
)
def test_the_backend_that_is_done_first(sizes, classes, examples, epochs, backend):
    pytest.importorskip("llvmlite")
    model = MLP(sizes[0], sizes[1:])
    data = [([0.5] * sizes[0], k % classes) for k in range(examples)]
    if sizes[-1] == 1:
        data = [(x, [float(target)]) for x, target in data]
    loss = mean_squared_error if sizes[-1] == 1 else softmax_cross_entropy
    batches = Batches(lambda x, target: loss(model(x), target), data)
    batches.prepare(loss, set(model.parameters()), epochs, len(data), True)
    assert {replay.program.backend for replay in batches.replays.values()} == {backend}


@pytest.mark.parametrize("enabled", [True, False])
@pytest.mark.parametrize("target", [1.0, -1.0])
def test_the_collector_rests_while_a_batch_is_recorded_and_not_after(enabled, target):
    w, collects = Value(0.5), []

    def loss(x, t):
        collects.append(gc.isenabled())
        return log(w * x * t)

    before = gc.isenabled()
    (gc.enable if enabled else gc.disable)()
    try:
        with nullcontext() if target > 0 else pytest.raises(DomainError):
            Batches(loss, [(1.0, target)]).backward([0])
        assert gc.isenabled() == enabled
    finally:
        (gc.enable if before else gc.disable)()
    assert collects == [False]
