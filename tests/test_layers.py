import gc
import itertools
import math
import random

import mpmath
import numpy as np
import pytest

import autograd
from autograd import DomainError, Value, no_grad
from autograd.record import topological_order
from nn import MLP, Layer, Neuron
from nn.layers import ACTIVATIONS

SIZES = [(2, [16, 16, 1]), (3, [2]), (1, [4, 3, 2, 2])]


@pytest.mark.parametrize(("nin", "nouts"), SIZES)
def test_the_initial_numbers_are_those_of_micrograd(nin, nouts):
    random.seed(1337)
    expected = []
    for n, m in itertools.pairwise([nin, *nouts]):
        for _ in range(m):
            expected += [random.uniform(-1, 1) for _ in range(n)] + [0]
    random.seed(1337)
    assert [p.data for p in MLP(nin, nouts).parameters()] == expected


@pytest.mark.parametrize(
    ("model", "text"),
    [
        (Neuron(3), "ReLUNeuron(3)"),
        (Neuron(3, nonlin=False), "LinearNeuron(3)"),
        (Neuron(1, activation="leaky_relu"), "LeakyReLUNeuron(1)"),
        (Layer(2, 2), "Layer of [ReLUNeuron(2), ReLUNeuron(2)]"),
        (Layer(2, 1, nonlin=False), "Layer of [LinearNeuron(2)]"),
        (
            MLP(2, [2, 1]),
            "MLP of [Layer of [ReLUNeuron(2), ReLUNeuron(2)], Layer of [LinearNeuron(2)]]",
        ),
        (
            MLP(1, [1, 1], activation="sigmoid"),
            "MLP of [Layer of [SigmoidNeuron(1)], Layer of [SigmoidNeuron(1)]]",
        ),
        (
            MLP(1, [1, 1], activation=["tanh", math.sin]),
            "MLP of [Layer of [TanhNeuron(1)], Layer of [SinNeuron(1)]]",
        ),
    ],
)
def test_repr(model, text):
    assert repr(model) == text


def labels(root):
    return [v.label for part in topological_order(root) for v in part if v.label]


def test_the_names_of_the_lecture():
    model = MLP(2, [2, 2], activation="sigmoid", bias="shared")
    out_o1, out_o2 = model([0.05, 0.10])
    hidden = ["net_h1", "out_h1", "net_h2", "out_h2"]
    first = ["w1", "i1", "w2", "i2", "b1"]
    assert labels(out_o1) == ["w5", *first, "w6", "w3", "w4", "b2", *hidden, "net_o1", "out_o1"]
    assert labels(out_o2) == ["w7", *first, "w8", "w3", "w4", "b2", *hidden, "net_o2", "out_o2"]
    assert list(model.state_dict()) == ["w1", "w2", "b1", "w3", "w4", "w5", "w6", "b2", "w7", "w8"]
    assert [p.label for p in model.weights()] == [f"w{k}" for k in range(1, 9)]


def test_the_names_in_a_deeper_network():
    model = MLP(1, [2, 1, 1], seed=0)
    assert [p.label for p in model.parameters()] == [
        "w1",
        "b1",
        "w2",
        "b2",
        "w3",
        "w4",
        "b3",
        "w5",
        "b4",
    ]
    computed = [label for label in labels(model(1.0)) if label[0] in "no"]
    hidden = ["net_h1_1", "out_h1_1", "net_h1_2", "out_h1_2", "net_h2_1", "out_h2_1"]
    assert computed == [*hidden, "out_o1"]  # a linear neuron's sum is its output


def test_a_label_that_is_given_is_kept():
    mine, plain = Value(1.0, label="mine"), Value(2.0)
    MLP(3, [1])([mine, plain, 3])
    assert (mine.label, plain.label) == ("mine", "i2")


def test_a_neuron_or_layer_alone_names_nothing():
    x = [Value(1.0), Value(2.0)]
    assert labels(Neuron(2)(x)) == labels(Layer(2, 1)(x)) == []


def test_the_sum_is_recorded_as_the_lecture_writes_it():
    model = MLP(2, [1], activation="sigmoid")
    w1, w2, b1 = model.parameters()
    i1, i2 = Value(0.05), Value(0.10)
    out = model([i1, i2])
    (net,) = out.args
    total, bias = net.args
    first, second = total.args
    assert (first.args, second.args, bias) == ((w1, i1), (w2, i2), b1)
    assert [v.op.name for v in (first, second, total, net, out)] == [
        "mul",
        "mul",
        "add",
        "add",
        "sigmoid",
    ]


@pytest.mark.parametrize("bias", ["neuron", "shared", None])
@pytest.mark.parametrize(("nin", "nouts"), [(2, [3, 2]), (3, [2]), (1, [2, 1, 2])])
def test_a_forward_pass_is_a_product_of_matrices(nin, nouts, bias):
    rng = np.random.default_rng(0)
    model = MLP(nin, nouts, activation="tanh", bias=bias)
    for p in model.parameters():
        p.data = rng.normal()
    x = rng.normal(size=nin)
    expected = x
    for layer in model.layers:
        matrix = np.array([[w.data for w in neuron.w] for neuron in layer.neurons])
        shift = np.array([neuron.b.data if neuron.b else 0.0 for neuron in layer.neurons])
        expected = np.tanh(matrix @ expected + shift)
    for given in (x, list(x), tuple(x), map(Value, x), (float(number) for number in x)):
        assert [v.data for v in model(given)] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("bias", "count"),
    [("neuron", 5), ("shared", 2), (None, 0)],
)
def test_weights_and_biases_are_the_parameters(bias, count):
    model = MLP(2, [3, 2], bias=bias)
    assert len(model.weights()) == 2 * 3 + 3 * 2
    assert len(model.biases()) == count
    assert sorted(map(id, model.weights() + model.biases())) == sorted(map(id, model.parameters()))
    for part in (model.layers[1], model.layers[1].neurons[0]):
        assert part.weights() + part.biases() == sorted(
            part.parameters(), key=lambda p: p.label[0] == "b"
        )


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_is_its_function(name):
    neuron = Neuron(1, activation=name, bias=None)
    neuron.w[0].data = 0.75
    expected = 0.75 if name == "linear" else getattr(autograd, name)(0.75)
    assert neuron(1.0).data == pytest.approx(expected, rel=1e-15)


def test_an_activation_may_be_any_function():
    neuron = Neuron(1, activation=lambda x: x**2 + 1, bias=None)
    out = neuron(3)
    assert out.data == pytest.approx(9 * neuron.w[0].data ** 2 + 1)


def test_one_output_is_a_value_and_one_input_may_stand_alone():
    assert isinstance(Layer(2, 1)([1, 2]), Value)
    assert isinstance(Layer(1, 2)(Value(1.0)), list)
    assert Neuron(1, nonlin=False, seed=0)(2).data == Neuron(1, nonlin=False, seed=0)([2]).data


def test_without_recording_the_names_stay():
    with no_grad():
        out = MLP(1, [1])(1.0)
    assert (out.label, out.args) == ("out_o1", ())


def test_a_seed_gives_the_same_numbers_and_leaves_random_alone():
    random.seed(1)
    before = random.getstate()
    first, second, other = (MLP(2, [3, 1], seed=seed).state_dict() for seed in (5, 5, 6))
    assert first == second != other
    assert random.getstate() == before
    generator = random.Random(5)
    assert MLP(2, [3, 1], seed=generator).state_dict() == first
    assert MLP(2, [3, 1], seed=generator).state_dict() != first


@pytest.mark.parametrize(
    ("init", "variance"),
    [("uniform", 1 / 3), ("xavier", 2 / (60 + 40)), ("he", 2 / 60)],
)
def test_the_weights_have_the_variance_of_their_paper(init, variance):
    weights = [w.data for w in Layer(60, 40, init=init, seed=0).weights()]
    bound = math.sqrt(3 * variance)  # of the uniform distribution with this variance
    assert bound * 0.99 < max(map(abs, weights)) < bound
    assert np.var(weights) == pytest.approx(variance, rel=0.05)
    assert abs(np.mean(weights)) < bound * 0.05


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: MLP(2, [2, 1])([1.0]), r"MLP takes 2 input\(s\), not 1"),
        (lambda: MLP(2, [2, 1])(1.0), r"MLP takes 2 input\(s\), not 1"),
        (lambda: Layer(2, 2)([1.0, 2.0, 3.0]), r"Layer takes 2 input\(s\), not 3"),
        (lambda: Neuron(2)([]), r"Neuron takes 2 input\(s\), not 0"),
        (
            lambda: MLP(2, [2], activation="relo"),
            "unknown activation 'relo'.* linear, .*relu, .*sigmoid",
        ),
        (lambda: MLP(2, [2], activation="backward"), "unknown activation 'backward'"),
        (lambda: MLP(2, [2], activation=[None]), "unknown activation None"),
        (
            lambda: MLP(2, [2, 1], activation=["relu"]),
            r"take one activation, or a list of 2, not \['relu'\]",
        ),
        (
            lambda: MLP(2, [2, 1], activation=5),
            r"2 layer\(s\) take one activation, or a list of 2, not 5",
        ),
        (lambda: MLP(2, [2], bias="layer"), "unknown bias 'layer': it must be 'neuron', 'shared'"),
        (lambda: Neuron(2, bias="shared"), "unknown bias 'shared'"),
        (
            lambda: MLP(2, [2], init="zeros"),
            "unknown init 'zeros': it must be one of uniform, xavier, he",
        ),
        (lambda: MLP(2, []), r"number of neurons in each layer, not \[\]"),
        (lambda: MLP(2, 3), "number of neurons in each layer, not 3"),
        (
            lambda: MLP(2, [3, 0]),
            "the number of neurons must be a whole number of at least 1, not 0",
        ),
        (
            lambda: MLP(2.0, [3]),
            "the number of inputs must be a whole number of at least 1, not 2.0",
        ),
        (lambda: Neuron(0), "the number of inputs must be a whole number of at least 1, not 0"),
    ],
)
def test_a_wrong_count_or_name_is_a_clear_error(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: MLP(1, [1])("a"), "real number, not str: 'a'"),
        (lambda: MLP(1, [1])(None), "real number, not NoneType"),
        (lambda: MLP(1, [1])(np.ones((1, 1))), "real number, not ndarray"),
        (
            lambda: MLP(1, [1], activation=lambda x: x.data)(1),
            "activation <lambda> must give a Value, not float",
        ),
        (lambda: MLP(1, [1], seed=[1]), "seed types"),
    ],
)
def test_a_wrong_type_is_a_clear_error(make, message):
    with pytest.raises(TypeError, match=message):
        make()


@pytest.mark.parametrize("enabled", [True, False])
def test_the_collector_is_as_it_was_also_after_an_error(enabled):
    collecting = []

    def activation(x):
        collecting.append(gc.isenabled())
        return x.log()

    model = MLP(1, [1], activation=activation, bias=None, seed=0)
    before = gc.isenabled()
    try:
        (gc.enable if enabled else gc.disable)()
        assert isinstance(model(model.weights()[0].data), Value)
        with pytest.raises(DomainError):
            model(-model.weights()[0].data)
        assert gc.isenabled() is enabled
    finally:
        (gc.enable if before else gc.disable)()
    assert collecting == [False, False]


def test_the_gradient_of_a_network_is_that_of_mpmath():
    model = MLP(2, [2, 1], activation=["tanh", "sigmoid"], seed=3)
    x = [0.3, -0.8]
    model(x).backward()
    parameters = model.parameters()
    places = {p: k for k, p in enumerate(parameters)}

    def output(*numbers):
        h = [mpmath.mpf(number) for number in x]
        for layer, f in zip(
            model.layers, [mpmath.tanh, lambda z: 1 / (1 + mpmath.exp(-z))], strict=True
        ):
            nets = [
                mpmath.fdot([numbers[places[w]] for w in neuron.w], h) + numbers[places[neuron.b]]
                for neuron in layer.neurons
            ]
            h = [f(net) for net in nets]
        return h[0]

    point = [p.data for p in parameters]
    with mpmath.workdps(40):
        for k, p in enumerate(parameters):
            order = tuple(int(k == j) for j in range(len(point)))
            assert p.grad == pytest.approx(float(mpmath.diff(output, point, order)), rel=1e-12)


def test_sizes_and_seeds_may_be_integers_of_numpy():
    sizes, seed = [np.int64(3), np.int32(1)], np.int64(7)
    model, same = MLP(np.int64(2), sizes, seed=seed), MLP(2, [3, 1], seed=7)
    assert model.state_dict() == same.state_dict()
    assert model([1.0, 2.0]).data == same([1.0, 2.0]).data


def test_a_label_of_the_network_does_not_fall_on_a_leaf():
    constant = Value(1.0, label="mine")
    assert MLP(1, [1], activation=lambda net: constant, seed=0)(2.0) is constant
    assert constant.label == "mine"


@pytest.mark.parametrize("kind", [list, tuple, np.array])
def test_sizes_may_be_numpys(kind):
    sizes = kind([np.int64(2), np.int32(1)])
    model = MLP(np.int64(2), sizes, seed=np.int64(3))
    assert model.state_dict() == MLP(2, [2, 1], seed=3).state_dict()
