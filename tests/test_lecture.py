"""Every number of the lecture's example, as 40-digit arithmetic has it."""

from functools import cache

import pytest
from lecture_numbers import DATA, GRADIENTS, LOCAL, near

from autograd import grad
from autograd.record import topological_order
from nn import SGD, half_squared_error, train
from nn.lecture import INPUTS, LEARNING_RATE, TARGETS, error, network

WEIGHTS_AFTER_ONE_ROUND = {
    "w1": 0.149780716133,
    "w2": 0.199561432266,
    "w3": 0.249751143632,
    "w4": 0.299502287265,
    "w5": 0.358916479718,
    "w6": 0.408666186076,
    "w7": 0.511301270239,
    "w8": 0.561370121108,
}


@cache
def computed():
    """Every value of the forward pass by its name, after a backward pass."""
    E = error(network())
    E.backward()
    return {v.label: v for part in topological_order(E) for v in part if v.label}


def test_the_network_is_the_lectures():
    names = ["w1", "w2", "w3", "w4", "w5", "w6", "w7", "w8", "b1", "b2"]
    numbers = [0.15, 0.20, 0.25, 0.30, 0.40, 0.45, 0.50, 0.55, 0.35, 0.60]
    assert network().state_dict() == dict(zip(names, numbers, strict=True))
    assert [computed()[name].data for name in ("i1", "i2", "t1", "t2")] == [0.05, 0.10, 0.01, 0.99]


@pytest.mark.parametrize("name", DATA)
def test_the_forward_pass(name):
    assert computed()[name].data == near(DATA[name])


@pytest.mark.parametrize("name", GRADIENTS)
def test_the_gradients(name):
    assert computed()[name].grad == near(GRADIENTS[name])


@pytest.mark.parametrize(("head", "tail"), LOCAL)
def test_the_derivatives_between_named_values(head, tail):
    assert grad(computed()[head], computed()[tail]).data == near(LOCAL[head, tail])


@pytest.mark.parametrize("name", WEIGHTS_AFTER_ONE_ROUND)
def test_the_weights_after_one_round(name):
    model = network()
    train(
        model,
        [(INPUTS, TARGETS)],
        half_squared_error,
        SGD(model.weights(), LEARNING_RATE),
        epochs=1,
    )
    assert model.state_dict()[name] == near(WEIGHTS_AFTER_ONE_ROUND[name])


def all_at_once(model, rounds, parameters):
    train(
        model,
        [(INPUTS, TARGETS)],
        half_squared_error,
        SGD(parameters, LEARNING_RATE),
        epochs=rounds,
    )


def biases_fixed(model, rounds):
    all_at_once(model, rounds, model.weights())


def biases_trained(model, rounds):
    all_at_once(model, rounds, model.parameters())


def output_layer_first(model, rounds):
    """The lecture's slip: the hidden gradients are taken when w5 … w8 have moved already."""
    hidden, output = (SGD(layer.weights(), LEARNING_RATE) for layer in model.layers)
    for _ in range(rounds):
        E = error(model)
        for optimizer in (output, hidden):
            model.zero_grad()
            E.backward()  # over the same record, but its partials see the weights as they are now
            optimizer.step()


@pytest.mark.parametrize(
    ("rule", "bias", "after_1", "after_10_000", "out_o1", "out_o2"),
    [
        (biases_fixed, "shared", 0.291027773694, 3.510187783e-5, 0.015913620444, 0.984064273515),
        (
            output_layer_first,
            "shared",
            0.291027923905,
            3.508478630e-5,
            0.015912196326,
            0.984065734486,
        ),
        (biases_trained, "shared", 0.285750886699, 4.355321066e-6, 0.012102159123, 0.987928389720),
        (biases_trained, "neuron", 0.280471446791, 2.447562236e-6, 0.011587527391, 0.988458935026),
    ],
)
def test_four_update_rules(rule, bias, after_1, after_10_000, out_o1, out_o2):
    model = network(bias)
    rule(model, 1)
    assert error(model).data == near(after_1)
    rule(model, 9_999)
    assert error(model).data == pytest.approx(
        after_10_000, rel=1.5e-10
    )  # to the 10 digits that are written
    assert [out.data for out in model(INPUTS)] == [near(out_o1), near(out_o2)]


def test_the_error_after_9_999_rounds():
    model = network()
    biases_fixed(model, 9_999)
    assert error(model).data == pytest.approx(3.510854812e-5, rel=1.5e-10)
