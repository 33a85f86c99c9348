"""Arrays: what they take and refuse, and derivations in vectors and matrices."""

import random

import numpy as np
import pytest
from array_records import BLACKBOARDS, as_column, in_numpy, lecture, random_record

import autograd
from autograd import chain_rule
from autograd.record import Record


def arrays_of(root):
    """Each name of the record and its numbers: those of arrays as arrays."""
    found, alone = {}, {}
    for v in Record(root).labelled():
        name, _, index = v.label.partition("[")
        if index:
            found.setdefault(name, {})[tuple(map(int, index[:-1].split(",")))] = v
        else:
            alone[name] = np.float64(v.data)
    return {name: as_column(shaped(members, "data")) for name, members in found.items()} | alone


def shaped(members, what):
    shape = tuple(map(max, zip(*members, strict=True)))
    data = np.zeros(shape)
    for index, v in members.items():
        data[tuple(k - 1 for k in index)] = getattr(v, what)
    return data


def backward(root):
    for leaf in Record(root).leaves:
        leaf.grad = 0.0
    root.backward()


def gradient(root, name):
    backward(root)
    members = {}
    for v in Record(root).labelled():
        stem, _, index = v.label.partition("[")
        if stem == name:
            members[tuple(map(int, index[:-1].split(","))) if index else ()] = v
    return as_column(shaped(members, "grad")) if () not in members else members[()].grad


def check(root, x):
    derivation = chain_rule(root, x)
    backward(root)
    assert np.allclose(derivation.value, x.grad, rtol=1e-10, atol=1e-12)
    names = arrays_of(root)
    for line in derivation.lines:
        expected = gradient(root, line.by)
        assert np.allclose(as_column(line.value), expected, rtol=1e-10, atol=1e-12)
        found = in_numpy(line.formula, names)
        assert np.allclose(np.broadcast_to(found, np.shape(expected)), expected, rtol=1e-9, atol=1e-12), (
            str(derivation), line.formula, found, expected,
        )  # fmt: skip
        names[line.name] = as_column(line.value)
    return derivation


@pytest.mark.parametrize("board", BLACKBOARDS, ids=lambda board: board.__name__)
def test_each_line_of_a_blackboard_is_what_numpy_computes(board):
    root, leaves = board()
    for x in leaves:
        derivation = check(root, x)
        assert derivation.lines
        assert len(str(derivation).splitlines()) <= 16


def test_random_records_are_what_numpy_computes(campaign):
    rng = random.Random(0)
    formed = 0
    total = campaign(60)
    for _ in range(total):
        try:
            root, leaves = random_record(rng)
            root.backward()
        except autograd.DomainError:
            continue
        for x in leaves:
            if Record(root).dependents(x.values) == set(x.values):
                continue
            formed += bool(check(root, x).lines)
    assert formed > total


LECTURE = """\
∂E/∂W1 = δ_h xᵀ

  δ_o  = ∂E/∂net_o   = −(t − out_o) ⊙ out_o ⊙ (1 − out_o)  = [0.1385, −0.0381]
  δ_h  = ∂E/∂net_h   = (W2ᵀ δ_o) ⊙ out_h ⊙ (1 − out_h)     = [0.008771, 0.009954]

∂E/∂W1 = [0.0004386  0.0008771]
         [0.0004977  0.0009954]"""


def test_the_lecture_in_matrices():
    E, [W1, *_] = lecture()
    assert str(chain_rule(E, W1)) == LECTURE
    assert str(chain_rule(E, W1[0, 1], detail="arrays")) == LECTURE + "\n\n∂E/∂W1[1,2] = 0.0008771"
