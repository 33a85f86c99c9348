"""Index form with offsets: convolutions, slices and what is put side by side, in their own indices."""

import random
import re
from itertools import product

import numpy as np
import pytest
from array_records import in_numpy, numbers

from autograd import Array, Value, array, chain_rule, check_derivation, concat, sigmoid, tanh
from autograd.record import Record
from nn import AvgPool2d, Conv1d, Conv2d, half_squared_error


class OutsideError(Exception):
    """An element that an array has not."""


def element(arrays, name, index):
    if name not in arrays:
        raise NameError(name)
    if index not in arrays[name]:
        raise OutsideError
    return arrays[name][index]


def summands(text):
    """The terms of a sum, each with its sign: what stands in brackets is not parted."""
    depth, start, sign, found = 0, 0, 1, []
    if text.startswith("−"):
        start, sign = 1, -1
    for place, c in enumerate(text):
        depth += (c in "([") - (c in ")]")
        if depth == 0 and text[place : place + 3] in (" + ", " − "):
            found.append((sign, text[start:place]))
            start, sign = place + 3, 1 if text[place + 1] == "+" else -1
    return [*found, (sign, text[start:])]


def inside(text, arrays, at):
    """What a formula in brackets comes to: an element outside leaves the whole term out."""
    return sum(sign * product_of(term, arrays, at, nested=True) for sign, term in summands(text))


def value_of(text, arrays, at):
    """What a printed index form comes to: a term with an element outside is left out."""
    total = 0.0
    for sign, term in summands(text):
        try:
            total += sign * product_of(term, arrays, at, nested=False)
        except OutsideError:
            continue
    return total


def product_of(text, arrays, at, *, nested):
    summed = re.match(r"Σ_(\w(?:,\w)*) ", text)
    if not summed:
        return factors(text, arrays, at)
    letters, total = summed[1].split(","), 0.0
    for places in product(range(1, 13), repeat=len(letters)):
        try:
            total += factors(
                text[summed.end() :], arrays, {**at, **dict(zip(letters, places, strict=True))}
            )
        except OutsideError:
            continue
    return total


def factors(text, arrays, at):
    while found := re.search(r"\(([^()]*)\)", text):  # from the innermost outwards
        text = f"{text[: found.start()]}⟨{inside(found[1], arrays, at)!r}⟩{text[found.end() :]}"
    text = re.sub(r"(?<=\d)(?=[ijklmn]\b)", "*", text)

    def number(found):
        index = re.sub(r"(\d)([a-z])", r"\1*\2", found[2].replace("−", "-"))
        places = tuple(eval(part, {}, dict(at)) for part in index.split(","))
        return f"⟨{element(arrays, found[1], places)!r}⟩"

    text = re.sub(r"(\w+)\[([^\]]*)\]", number, text)
    return float(in_numpy(text.replace("⟨", "(").replace("⟩", ")"), {}))


def arrays_of(root, what="data"):
    found = {}
    for v in Record(root).labelled():
        name, index = re.fullmatch(r"(.*?)(?:\[([\d,]+)\]|(\d*))", v.label).groups()[:2]
        digits = index or re.sub(r".*?(\d*)$", r"\1", v.label)
        if digits:
            found.setdefault(name, {})[tuple(map(int, digits.split(",")))] = getattr(v, what)
    return found


def require_each_element(root, derivation):
    """Each line of a derivation, at each element, is the gradient that the scalars have."""
    root.backward()
    data, slopes = arrays_of(root), arrays_of(root, "grad")
    for line in derivation.lines:
        data[line.name] = slopes.get(line.by)
        if line.element:
            letters = line.element[1:-1].split(",")
            for index, expected in slopes[line.by].items():
                at = dict(zip(letters, index, strict=True))
                assert value_of(line.formula, data, at) == pytest.approx(
                    expected, rel=1e-9, abs=1e-12
                ), line


def squared(outputs, seed=9):
    rng = random.Random(seed)
    targets = [Value(rng.uniform(-1, 1), label=f"t{k}") for k in range(1, len(outputs) + 1)]
    return half_squared_error(outputs, targets)


def labelled(root, label):
    return next(v for v in Record(root).labelled() if v.label == label)


def conv1d(rng, **how):
    layer = Conv1d(1, 1, 3, seed=rng.randrange(99), **how)
    return squared(layer(numbers(rng, 7)))


def conv2d(rng, **how):
    layer = Conv2d(1, 1, 2, seed=rng.randrange(99), **how)
    return squared([v for row in layer(numbers(rng, 3, 4).tolist()) for v in row])


CONVOLUTIONS = [
    (conv1d, {}, "K[1]", "∂E/∂K[i] = Σ_j δ_y[j]·x[i+j−1]"),
    (conv1d, {}, "x[2]", "∂E/∂x[i] = Σ_j δ_y[j]·K[i−j+1]"),
    (conv1d, {"padding": 1}, "K[1]", "∂E/∂K[i] = Σ_j δ_y[j]·x[i+j−2]"),
    (conv1d, {"padding": 1}, "x[1]", "∂E/∂x[i] = Σ_j δ_y[j]·K[i−j+2]"),
    (conv1d, {"stride": 2}, "K[2]", "∂E/∂K[i] = Σ_j δ_y[j]·x[i+2j−2]"),
    (conv1d, {"stride": 2}, "x[1]", "∂E/∂x[i] = Σ_j δ_y[j]·K[i−2j+2]"),
    (conv1d, {}, "b", "∂E/∂b = sum(δ_y)"),
    (conv2d, {}, "K[1,1]", "∂E/∂K[i,j] = Σ_k,l δ_y[k,l]·x[i+k−1,j+l−1]"),
    (conv2d, {}, "x[2,2]", "∂E/∂x[i,j] = Σ_k,l δ_y[k,l]·K[i−k+1,j−l+1]"),
    (conv2d, {"padding": 1}, "K[2,1]", "∂E/∂K[i,j] = Σ_k,l δ_y[k,l]·x[i+k−2,j+l−2]"),
]


@pytest.mark.parametrize(("make", "how", "by", "first"), CONVOLUTIONS)
def test_a_convolution_is_derived_in_index_form_with_an_offset(make, how, by, first):
    for seed in (1, 2):  # the same formula, at two points
        root = make(random.Random(seed), **how)
        derivation = chain_rule(root, labelled(root, by), detail="arrays")
        assert str(derivation).splitlines()[0] == first
        assert len(str(derivation).splitlines()) <= 14
        require_each_element(root, derivation)
        check_derivation(root, str(derivation)).require()


@pytest.mark.parametrize(
    "line",
    [
        "∂E/∂K[i] = Σ_j δ_y[j]·x[i+j]",
        "∂E/∂K[i] = Σ_j δ_y[i]·x[i+j−1]",
        "∂E/∂K[i] = −Σ_j δ_y[j]·x[i+j−1]",
        "∂E/∂x[i] = Σ_j δ_y[j]·K[j−i+1]",
        "∂E/∂y[i] = t[i] − y[i]",
    ],
)
def test_a_wrong_index_form_is_marked_wrong(line):
    root = conv1d(random.Random(1))
    assert {str(found.verdict) for found in check_derivation(root, line).lines}.isdisjoint(
        ["NOT READ", "UNKNOWN NAME"]
    )
    assert not check_derivation(root, line)


@pytest.mark.parametrize(
    "line",
    [
        "∂E/∂K[i] = " + "(" * 500 + "x[i]" + ")" * 500,
        "∂E/∂K[i] = " + "(x[i])" * 200,
        "∂E/∂K[i] = Σ_j,k,l,m δ_y[j]·x[i+j−1]",
        "∂E/∂K[i,j] = x[i]",
        "∂E/∂K[i] = q[i]",
        "∂E/∂K[i] = x[k]",
        "∂E/∂K[i] = Σ_j (x[i+j",
    ],
)
def test_an_index_form_that_cannot_be_read_is_open(line):
    for found in check_derivation(conv1d(random.Random(1)), line).lines:
        assert str(found.verdict) in ("NOT READ", "UNKNOWN NAME", "REFUSED", "WRONG")
        assert not found.right


def test_what_lies_outside_is_said_to_be_left_out():
    note = "(a term with an index that its array has not is left out)"
    root = conv1d(random.Random(1))
    assert note not in str(chain_rule(root, labelled(root, "K[1]"), detail="arrays"))
    assert note in str(chain_rule(root, labelled(root, "x[1]"), detail="arrays"))


def sliced(rng):
    x = array("x", numbers(rng, 6))
    return [x], tanh(x[1:4] * x[2:5]).named("y")


def differences(rng):
    x = array("x", numbers(rng, 6))
    return [x], (x[1:] - x[:-1]).named("y")


def turned_around(rng):
    x = array("x", numbers(rng, 4))
    return [x], sigmoid(2 * Array(x.values[::-1], (4,))).named("y")


def neighbours(rng):
    X = array("X", numbers(rng, 3, 4))
    return [X], (X[:, 1:] * X[:, :-1]).named("y")


def side_by_side(rng):
    a, b = array("a", numbers(rng, 2)), array("b", numbers(rng, 3))
    W = array("W", numbers(rng, 3, 5))
    h = concat(tanh(a), b * b).named("h")
    return [a, b, W], sigmoid(W @ h).named("y")


@pytest.mark.parametrize("make", [sliced, differences, turned_around, neighbours, side_by_side])
def test_slices_and_what_is_put_side_by_side_are_derived_in_index_form(make):
    firsts = []
    for seed in (1, 2):
        leaves, y = make(random.Random(seed))
        root = (y**3).sum()
        root.label = "E"
        for x in leaves:
            derivation = chain_rule(root, x)
            assert derivation.lines, str(derivation)
            require_each_element(root, derivation)
            firsts.append(str(derivation).splitlines()[0])
            for leaf in Record(root).leaves:
                leaf.grad = 0.0
    half = len(firsts) // 2
    assert firsts[:half] == firsts[half:]


def test_a_part_of_an_array_is_not_written_as_the_whole():
    X, v = array("X", numbers(random.Random(1), 3, 4)), array("v", [0.5, -1.0])
    root = ((tanh(X[1:, :2]) @ v) ** 2).sum()
    root.label = "E"
    derivation = chain_rule(root, X)
    root.backward()
    assert np.allclose(derivation.value, X.grad)
    assert derivation.lines == []
    assert "E has no form in arrays" in str(derivation)


def test_a_pool_has_no_offset_and_is_right_by_each_element():
    rows = AvgPool2d(2)(numbers(random.Random(1), 4, 4).tolist())
    root = squared([v for row in rows for v in row])
    text = str(chain_rule(root, labelled(root, "x[1,1]"), detail="arrays"))
    assert "[i" not in text
    check_derivation(root, text).require()


def random_row(rng):
    """A record of slices, convolutions, what is put side by side and functions, of vectors."""
    leaves = [array("x0", numbers(rng, rng.randint(4, 7)))]
    h = leaves[0]
    for layer in range(1, rng.randint(1, 3) + 1):
        kind, last = (
            rng.choice(["slice", "convolution", "beside", "function", "product", "turned"]),
            len(h),
        )
        if kind == "slice" and last > 2:
            first = rng.randint(0, 2)
            h = h[first : first + max(2, last - 2)]
        elif kind == "convolution" and last > 3:
            w = array(f"w{layer}", numbers(rng, rng.randint(2, 3)))
            leaves.append(w)
            count = last - len(w) + 1
            h = Array([sum(w[k] * h[i + k] for k in range(len(w))) for i in range(count)], (count,))
        elif kind == "beside":
            leaves.append(array(f"c{layer}", numbers(rng, rng.randint(2, 3))))
            h = concat(h * 2, sigmoid(leaves[-1]))
        elif kind == "product" and last > 2:
            h = h[1:] * h[:-1]
        elif kind == "turned":
            h = Array(h.values[::-1], h.shape) * 0.5
        h = rng.choice([tanh, sigmoid, lambda v: v * v])(h).named(f"h{layer}")
    root = (h**2).sum() if rng.random() < 0.5 else (h * array("v0", numbers(rng, len(h)))).sum()
    root.label = "E"
    return root, leaves


def test_random_slices_and_convolutions_are_what_the_scalars_are(campaign):
    rng, formed, total = random.Random(0), 0, campaign(60)
    for _ in range(total):
        root, leaves = random_row(rng)
        for x in leaves:
            if not set(x.values) & set(Record(root).leaves):
                continue
            derivation = chain_rule(root, x)
            require_each_element(root, derivation)
            assert np.allclose(derivation.value, x.grad, rtol=1e-9, atol=1e-12)
            formed += bool(derivation.lines)
            marks = str(check_derivation(root, str(derivation)))
            assert not re.search("^WRONG", marks, re.MULTILINE), marks
            for leaf in Record(root).leaves:
                leaf.grad = 0.0
    assert formed > total
