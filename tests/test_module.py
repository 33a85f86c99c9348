import json
import math
import os
import pickle
import subprocess
import sys
import warnings
from collections import UserList, deque
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
from autograd import Value
from nn import MLP, Layer, Module, Neuron


class Line(Module):
    def __init__(self):
        self.slope = Value(2.0)
        self.shift = Value(1.0)


class Nested(Module):
    def __init__(self):
        self.title = "not a parameter"
        self.lines = [Line(), (Line(), Value(7.0))]
        self.first = self.lines[0].slope  # met before: counts once
        self.output = self.first * 2  # computed: no parameter
        self.a = MLP(1, [2, 1], bias="shared", seed=0)
        self.b = MLP(1, [1], bias=None, seed=1)
        self.owner = self  # ends the search, and does not repeat it
        self.lines.append(self.lines)


NAMES = [
    *("lines.0.slope", "lines.0.shift", "lines.1.0.slope", "lines.1.0.shift", "lines.1.1"),
    *("a.w1", "a.b1", "a.w2", "a.w3", "a.w4", "a.b2", "b.w1"),
]


def test_parameters_are_found_in_order_once_with_their_paths():
    model = Nested()
    assert [name for name, _ in model.named_parameters()] == NAMES
    assert model.parameters() == [p for _, p in model.named_parameters()]
    assert model.parameters()[4].data == 7.0
    assert model.state_dict() == {name: p.data for name, p in model.named_parameters()}


def test_a_subclass_of_mlp_may_have_more_parameters():
    class Scaled(MLP):
        def __init__(self):
            super().__init__(1, [1])
            self.scale = Value(3.0)
            self.same = self.layers[0].neurons[0].b

    assert [name for name, _ in Scaled().named_parameters()] == ["w1", "b1", "scale"]


@dataclass
class Pair:
    left: Value
    right: Value


class Everywhere(Module):
    shared = Value(0.5)
    __slots__ = ("slot",)

    def __init__(self):
        self.slot = Value(1.0)
        self.by_name = {"h": Layer(2, 1, seed=0), 2: Value(2.0)}
        self.queue = deque([Value(3.0)])
        self.array = np.array([[Value(4.0), Value(5.0)]], dtype=object)
        self.pair = Pair(Value(6.0), Value(7.0))
        self.numbers = np.ones(3)


def test_parameters_are_found_in_any_container_that_has_an_order():
    names = [name for name, _ in Everywhere().named_parameters()]
    assert names == [
        *(
            "shared",
            "slot",
            "by_name.h.neurons.0.w.0",
            "by_name.h.neurons.0.w.1",
            "by_name.h.neurons.0.b",
        ),
        *("by_name.2", "queue.0", "array.0", "array.1", "pair.left", "pair.right"),
    ]


@pytest.mark.parametrize("kind", [set, frozenset])
def test_a_set_of_parameters_is_refused(kind):
    class Bag(Module):
        def __init__(self):
            self.bag = kind([Value(1.0)])

    with pytest.raises(TypeError, match="a set of parameters has no order: keep them in a list"):
        Bag().parameters()


@pytest.mark.parametrize(
    "bag", [{(Value(1.0),)}, {frozenset([Value(1.0)])}, {("h", (Layer(1, 1),))}]
)
def test_a_set_of_what_holds_parameters_is_refused(bag):
    model = Module()
    model.bag = bag
    with pytest.raises(TypeError, match="a set of parameters has no order"):
        model.parameters()


def test_sets_without_parameters_and_long_sequences_of_numbers_are_no_matter():
    model = Module()
    model.words, model.numbers, model.text = {"a", ("b", 1)}, range(10**15), "x" * 10
    model.w = Value(1.0)
    assert model.state_dict() == {"w": 1.0}


def test_other_sequences_and_views_of_dicts_are_searched():
    model = Module()
    kept = {"a": Value(1.0), "b": Value(2.0)}
    model.queue, model.user, model.view = (
        deque([Value(0.5)]),
        UserList([Value(0.25)]),
        kept.values(),
    )
    assert model.state_dict() == {"queue.0": 0.5, "user.0": 0.25, "view.0": 1.0, "view.1": 2.0}


@pytest.mark.parametrize(
    ("kept", "name"),
    [
        ({1: Value(1.0), "1": Value(2.0)}, "kept.1"),
        ({"a.b": Value(1.0), "a": {"b": Value(2.0)}}, "kept.a.b"),
    ],
)
def test_two_parameters_of_one_name_are_told_before_one_is_lost(tmp_path, kept, name):
    model = Module()
    model.kept = kept
    assert len(model.parameters()) == 2
    with pytest.raises(ValueError, match=f"two parameters have the name '{name}'"):
        model.save(tmp_path / "model.json")
    assert not list(tmp_path.iterdir())


def test_parameters_may_be_overridden_as_in_micrograd():
    class Own(Module):
        def __init__(self):
            self.p = Value(1.0)
            self.frozen = Value(2.0)

        def parameters(self):
            return [self.p]

    model = Own()
    (model.p * model.frozen).backward()
    model.zero_grad()
    assert (model.p.grad, model.frozen.grad) == (0.0, 1.0)


def test_zero_grad():
    model = Nested()
    sum(p * p for p in model.parameters()).backward()
    model.zero_grad()
    assert [p.grad for p in model.parameters()] == [0.0] * len(NAMES)


@pytest.mark.parametrize(
    "copy", [deepcopy, lambda model: pickle.loads(pickle.dumps(model))], ids=["deepcopy", "pickle"]
)
def test_a_copy_is_apart_and_keeps_its_sharing(copy):
    model = MLP(2, [2, 2], activation=["tanh", "linear"], bias="shared", seed=0)
    twin = copy(model)
    assert twin.state_dict() == model.state_dict()
    assert [out.data for out in twin([1, 2])] == [out.data for out in model([1, 2])]
    first, second = twin.layers[0].neurons
    assert first.b is second.b
    first.b.data = 9.0
    assert model.layers[0].neurons[0].b.data == 0.0
    assert len(twin.biases()) == 2


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=2, max_size=2))
def test_a_file_keeps_every_digit(tmp_path_factory, numbers):
    path = tmp_path_factory.getbasetemp() / "line.json"
    model, other = Line(), Line()
    model.slope.data, model.shift.data = numbers
    model.save(path)
    other.load(path)
    assert [math.copysign(1, x) for x in other.state_dict().values()] == [
        math.copysign(1, x) for x in numbers
    ]
    assert other.state_dict() == model.state_dict()


def test_a_file_is_readable(tmp_path):
    Line().save(tmp_path / "line.json")
    assert (tmp_path / "line.json").read_text() == (
        '{\n  "format": "handgrad",\n  "version": 1,\n  "parameters": {\n    "slope": 2.0,\n    "shift": 1.0\n  }\n}\n'
    )


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"slope": 1.0}, "shift is missing"),
        ({"slope": 1.0, "shift": 2.0, "bend": 3.0}, "bend is not a parameter"),
        ({"slope": 1.0, "shift": "2"}, "shift takes a real number, not str: '2'"),
        ({"slope": 1.0, "shift": None}, "shift takes a real number, not NoneType"),
        ({"slope": math.nan, "shift": 2.0}, "slope takes a finite number, not nan"),
        ({"slope": 1.0, "shift": -math.inf}, "shift takes a finite number, not -inf"),
        ({"slope": 1.0, "shift": 10**400}, "shift takes a number in the range of a float"),
        ({"slope": "x", "bend": 1.0}, "shift is missing; slope takes a real number.*; bend is not"),
        ({str(k): 1.0 for k in range(99)}, "and 96 more$"),
    ],
)
def test_a_wrong_state_changes_nothing(state, message):
    model = Line()
    with pytest.raises(ValueError, match=message):
        model.load_state_dict(state)
    assert model.state_dict() == {"slope": 2.0, "shift": 1.0}


def test_a_state_is_a_dict():
    with pytest.raises(TypeError, match="takes a dict of numbers by name, not list"):
        Line().load_state_dict([1.0, 2.0])


GOOD = json.dumps({"format": "handgrad", "version": 1, "parameters": {"slope": 5.0, "shift": 6.0}})


def test_the_good_file_is_good(tmp_path):  # so that each bad one below is bad for one reason
    (tmp_path / "line.json").write_text(GOOD)
    model = Line()
    model.load(tmp_path / "line.json")
    assert model.state_dict() == {"slope": 5.0, "shift": 6.0}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "Expecting value"),
        (GOOD[:-2].encode(), "delimiter"),
        (GOOD.encode() + b"}", "Extra data"),
        (b"\x80\xff" + GOOD.encode(), "codec can't decode"),
        (b"\x89PNG\r\n\x1a\n", "codec can't decode"),
        (b"slope,shift\n5.0,6.0\n", "Expecting value"),
        (b"[5.0, 6.0]", 'no "format"'),
        (b"{}", 'no "format"'),
        (GOOD.replace("handgrad", "other").encode(), 'no "format"'),
        (GOOD.replace("1,", "2,").encode(), "its version is 2"),
        (b'{"format": "handgrad", "version": 1}', 'no "parameters"'),
        (GOOD.replace('"shift": 6.0', '"slope": 6.0').encode(), "'slope' twice"),
        (GOOD.replace(', "shift": 6.0', "").encode(), "shift is missing"),
        (GOOD.replace("5.0", "NaN").encode(), "NaN is not a finite number"),
        (GOOD.replace("5.0", "-Infinity").encode(), "-Infinity is not a finite number"),
        (GOOD.replace("5.0", "1e999").encode(), "slope takes a finite number"),
        (GOOD.replace("5.0", "1" + "0" * 400).encode(), "slope takes a number in the range"),
        (GOOD.replace("5.0", "1" * 5000).encode(), "digits"),
        (GOOD.replace("5.0", '"5.0"').encode(), "slope takes a real number, not str"),
        (
            GOOD.replace("5.0", "[" * 9000).encode(),
            "(it is nested too deeply|Expecting value)",
        ),  # as Python can read
        (GOOD.encode() + b" " * 100_000, "too large"),
    ],
)
def test_a_bad_file_is_one_clear_error_and_changes_nothing(tmp_path, content, message):
    path = tmp_path / "line.json"
    path.write_bytes(content)
    model = Line()
    with pytest.raises(
        ValueError, match=rf"line\.json does not hold this model: .*{message}"
    ) as caught:
        model.load(path)
    assert type(caught.value) is ValueError
    assert model.state_dict() == {"slope": 2.0, "shift": 1.0}


def test_brackets_deeper_than_any_python_reads_are_one_clear_error(tmp_path):
    class Long(Module):
        def __init__(self):
            self.w = [Value(0.0) for _ in range(2000)]

    path = tmp_path / "long.json"
    model = Long()
    model.save(path)
    path.write_text(path.read_text().replace("0.0", "[" * 200_000, 1))
    with pytest.raises(
        ValueError, match=r"long\.json does not hold this model: it is nested too deeply$"
    ):
        model.load(path)


class Composed(Module):
    def __init__(self, activation="tanh"):
        self.parts = {"body": MLP(2, [2, 1], activation=activation, seed=0)}
        self.scale = Value(1.0)


@pytest.mark.parametrize(
    ("saved", "loading", "said"),
    [
        (
            lambda: MLP(2, [2, 1], activation="sigmoid"),
            lambda: MLP(2, [2, 1], activation="tanh"),
            "SigmoidNeuron",
        ),
        (lambda: MLP(2, [2, 1]), lambda: MLP(2, [2, 1], activation="relu"), "LinearNeuron"),
        (lambda: Composed("relu"), Composed, "parts.body is MLP"),
        (lambda: Layer(2, 1), lambda: Neuron(2), "Layer of"),
        (lambda: Neuron(2), lambda: Layer(2, 1), "Neuron"),
        (Line, lambda: MLP(2, [2, 1]), "does not hold this model"),
    ],
)
def test_a_file_of_another_model_is_refused(tmp_path, saved, loading, said):
    path = tmp_path / "model.json"
    saved().save(path)
    model = loading()
    before = model.state_dict()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(ValueError, match=said):
            model.load(path)
    assert model.state_dict() == before


@pytest.mark.parametrize(
    "make", [Composed, lambda: MLP(2, [3, 1], activation=["gelu", "linear"]), lambda: Neuron(1)]
)
def test_a_file_of_the_same_model_is_loaded(tmp_path, make):
    model, other = make(), make()
    for k, p in enumerate(model.parameters()):
        p.data = k / 7
    model.save(tmp_path / "model.json")
    other.load(tmp_path / "model.json")
    assert other.state_dict() == model.state_dict()


def test_an_old_file_is_loaded_with_a_warning(tmp_path):
    model = MLP(1, [1], seed=0)
    old = {"format": "handgrad", "version": 1, "parameters": {"w1": 5.0, "b1": 6.0}}
    (tmp_path / "old.json").write_text(json.dumps(old))
    with pytest.warns(
        UserWarning, match=r"old\.json is of version 1, which does not say what layers"
    ):
        model.load(tmp_path / "old.json")
    assert model.state_dict() == {"w1": 5.0, "b1": 6.0}


def test_a_file_keeps_its_permissions(tmp_path):
    path = tmp_path / "line.json"
    Line().save(path)
    path.chmod(0o640)
    Line().save(path)
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_full_disk_leaves_the_old_file():
    code = """
import os, resource, signal, sys, tempfile
from autograd import Value, draw_dot, step_through
from nn import MLP
x = Value(3.0, label="x"); y = x * x; y.label = "y"; y.backward()
folder = tempfile.mkdtemp()
saved = [(draw_dot(y), "a.svg"), (draw_dot(y), "a.dot"), (step_through(y), "a.html"), (MLP(9, [9, 9]), "m.json")]
for thing, name in saved:
    thing.save(os.path.join(folder, name))
before = [open(os.path.join(folder, name)).read() for _, name in saved]
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (256, 256))
for thing, name in saved:
    try:
        thing.save(os.path.join(folder, name))
    except OSError:
        continue
    raise AssertionError(name)
assert before == [open(os.path.join(folder, name)).read() for _, name in saved]
assert sorted(os.listdir(folder)) == sorted(name for _, name in saved)
"""
    root = Path(autograd.__file__).parents[1]
    subprocess.run(
        [sys.executable, "-c", code], check=True, env=os.environ | {"PYTHONPATH": str(root)}
    )


def test_a_file_that_is_not_there():
    with pytest.raises(FileNotFoundError, match="nowhere"):
        Line().load("nowhere.json")
    with pytest.raises(FileNotFoundError, match="nowhere"):
        Line().save("nowhere/line.json")


@pytest.mark.parametrize("step", ["fsync", "replace"])
@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_an_interrupted_save_leaves_the_old_file_and_no_litter(tmp_path, monkeypatch, step, error):
    def fail(*_):
        raise error

    path = tmp_path / "line.json"
    path.write_text(GOOD)
    monkeypatch.setattr(os, step, fail)
    with pytest.raises(error):
        Line().save(path)
    assert path.read_text() == GOOD
    assert os.listdir(tmp_path) == ["line.json"]


def test_a_save_through_a_link_keeps_the_link(tmp_path):
    link = tmp_path / "link.json"
    link.symlink_to(tmp_path / "line.json")
    Line().save(link)
    assert link.is_symlink()
    assert json.loads((tmp_path / "line.json").read_text())["parameters"] == {
        "slope": 2.0,
        "shift": 1.0,
    }
