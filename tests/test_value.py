"""Value: what it takes, what it refuses, what it keeps, and that a refusal changes nothing."""

import copy
import gc
import math
import operator
import pickle
import threading
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from expressions import ROWS, evaluate, programs
from hypothesis import given
from hypothesis import strategies as st

from autograd import (
    DomainError,
    Op,
    Program,
    Value,
    exp,
    gaussian,
    grad,
    log,
    maximum,
    no_grad,
    sqrt,
    with_names,
)
from autograd.record import topological_order

cube = Op("cube", lambda x: x**3, lambda x, z: 3 * x**2)

NUMPY = [
    np.float16,
    np.float32,
    np.float64,
    np.longdouble,
    np.int8,
    np.int32,
    np.int64,
    np.uint8,
    np.uint64,
    np.bool_,
]
NUMBERS = [
    3,
    -7,
    2.5,
    -0.0,
    True,
    False,
    10**300,
    Fraction(1, 3),
    Decimal("0.1"),
    *(kind(1) for kind in NUMPY),
]
NOT_NUMBERS = [
    "3",
    b"3",
    None,
    1j,
    np.complex128(1),
    [1.0],
    (1.0,),
    np.array([1.0, 2.0]),
    np.array(1.0),
    object,
]
NOT_FINITE = [
    math.nan,
    math.inf,
    -math.inf,
    np.float64("nan"),
    np.float32("-inf"),
    Decimal("nan"),
    Decimal("1e400"),
]
TOO_LARGE = [10**400, -(10**400), 10**5000]
OPERATORS = [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow]


def record(*roots):
    """All that is kept of the graphs of `roots`, each node by its place: alike for one structure."""
    place = {}
    for root in roots:
        leaves, nodes = topological_order(root)
        for v in leaves + nodes:
            place.setdefault(v, len(place))
    nodes = [(v.data, v.grad, v.label, v.op, [place.get(x, x) for x in v.args]) for v in place]
    return nodes, [place[root] for root in roots]


# construction


@pytest.mark.parametrize("number", NUMBERS, ids=repr)
def test_any_real_number_makes_a_value(number):
    v = Value(number)
    assert v.data == float(number)
    assert type(v.data) is float
    assert (v.grad, v.label, v.op, v.args) == (0.0, "", None, ())
    v.data = number
    assert type(v.data) is float


@pytest.mark.parametrize("number", [n for n in NUMBERS if 0 < n < 10], ids=repr)
@pytest.mark.parametrize("apply", OPERATORS)
def test_any_real_number_may_stand_on_either_side(apply, number):
    x = Value(1.5)
    for z, expected in (
        (apply(x, number), apply(1.5, float(number))),
        (apply(number, x), apply(float(number), 1.5)),
    ):
        assert type(z) is Value
        assert z.data == expected
        assert {type(arg) for arg in z.args} == {float, Value}


def test_a_value_has_no_other_attributes():
    with pytest.raises(AttributeError):
        Value(1.0).gradient = 2.0


# bad input


@pytest.mark.parametrize("bad", NOT_NUMBERS, ids=repr)
def test_what_is_no_real_number_is_a_type_error(bad):
    x = Value(2.0, label="w5")
    before = record(x)
    name = type(bad).__name__
    with pytest.raises(TypeError, match=f"^Value takes a real number, not {name}: "):
        Value(bad)
    with pytest.raises(TypeError, match=rf"^w5\.data takes a real number, not {name}: "):
        x.data = bad
    for op in OPERATORS:
        row = {"truediv": "div"}.get(op.__name__, op.__name__)
        with pytest.raises(
            TypeError, match=rf"^{row}\(w5 = 2\.0, .*\) takes a real number, not {name}: "
        ):
            op(x, bad)
        with pytest.raises(
            TypeError, match=rf"^{row}\(.*, w5 = 2\.0\) takes a real number, not {name}: "
        ):
            op(bad, x)
    with pytest.raises(
        TypeError, match=rf"^maximum\(w5 = 2\.0, .*\) takes a real number, not {name}: "
    ):
        maximum(x, bad)
    with pytest.raises(TypeError, match=f"^exp takes a real number, not {name}: "):
        exp(bad)
    with pytest.raises(TypeError, match=f"^a comparison takes a real number, not {name}: "):
        x < bad  # noqa: B015
    assert record(x) == before


@pytest.mark.parametrize(
    ("bad", "what"),
    [(bad, "finite number, not -?(nan|inf)") for bad in NOT_FINITE]
    + [(bad, "number in the range of a float, ±1.8e308; this one is larger") for bad in TOO_LARGE],
    ids=lambda argument: type(argument).__name__,
)
def test_what_is_not_finite_or_too_large_is_a_domain_error(bad, what):
    x = Value(2.0, label="w5")
    before = record(x)
    with pytest.raises(DomainError, match=f"^Value takes a {what}"):
        Value(bad)
    with pytest.raises(DomainError, match=rf"^w5\.data takes a {what}"):
        x.data = bad
    for op in OPERATORS:
        with pytest.raises(DomainError, match=rf"\(w5 = 2\.0, .*\) takes a {what}"):
            op(x, bad)
        with pytest.raises(DomainError, match=rf"\(.*, w5 = 2\.0\) takes a {what}"):
            op(bad, x)
    assert record(x) == before


@pytest.mark.parametrize(
    ("compute", "number", "message"),
    [
        (lambda x: x.log(), -1.0, "log(q = -1.0) is not defined: it needs x > 0"),
        (lambda x: log(x), 0.0, "log(q = 0.0) is not defined: it needs x > 0"),
        (lambda x: 1 / x, 0.0, "div(1.0, q = 0.0) is not defined: it needs y ≠ 0"),
        (lambda x: x / 0, 1.0, "div(q = 1.0, 0.0) is not defined: it needs y ≠ 0"),
        (lambda x: x**-1, 0.0, "pow(q = 0.0, -1.0) is not defined: it needs x > 0, or"),
        (
            lambda x: x ** (1 / 3),
            -8.0,
            "pow(q = -8.0, 0.3333333333333333) is not defined: it needs x > 0, or",
        ),
        (lambda x: x.sqrt(), -2.0, "sqrt(q = -2.0) is not defined: it needs x ≥ 0"),
        (lambda x: x.exp(), 1000.0, "exp(q = 1000.0) is past the range of a float, ±1.8e308"),
        (
            lambda x: x * x,
            1e200,
            "mul(q = 1e+200, q = 1e+200) is past the range of a float, ±1.8e308",
        ),
        (
            lambda x: x - 1e308,
            -1e308,
            "sub(q = -1e+308, 1e+308) is past the range of a float, ±1.8e308",
        ),
        (lambda x: x**1000, 10.0, "pow(q = 10.0, 1000.0) is past the range of a float, ±1.8e308"),
        (lambda x: sqrt(2 * x), -1.0, "sqrt(-2.0) is not defined: it needs x ≥ 0"),
    ],
)
def test_a_result_that_does_not_exist_is_a_domain_error(compute, number, message):
    x = Value(number, label="q")
    before = record(x)
    with pytest.raises(DomainError) as error:
        compute(x)
    assert str(error.value).startswith(message)
    assert isinstance(error.value, ArithmeticError)
    assert isinstance(error.value, ValueError)
    assert record(x) == before


def test_an_unlabelled_value_is_named_as_such():
    x = Value(2.0)
    with pytest.raises(TypeError, match=r"^Value\.data takes a real number, not str: 'a'$"):
        x.data = "a"
    assert x.data == 2.0


@pytest.mark.parametrize("apply", [operator.matmul, operator.mod, operator.floordiv, operator.and_])
def test_other_operators_are_not_defined(apply):
    with pytest.raises(TypeError, match="unsupported operand"):
        apply(Value(1.0), 2)


@pytest.mark.parametrize("convert", [float, int, math.exp, np.float64, round])
def test_nothing_detaches_silently(convert):
    with pytest.raises(TypeError):
        convert(Value(1.0))


# labels, text, comparison


@pytest.mark.parametrize("bad", [3, 1.5, b"x", ["x"]], ids=repr)
def test_a_label_is_a_string(bad):
    x = Value(1.0, label="x")
    for assign in (lambda: setattr(x, "label", bad), lambda: Value(1.0, label=bad)):
        with pytest.raises(TypeError, match=f"a label is a string, not {type(bad).__name__}"):
            assign()
    assert x.label == "x"


def test_with_names_labels_what_has_no_label_yet():
    a, b, c, d = Value(1.0), Value(2.0, label="beta"), Value(3.0), Value(4.0)
    with_names({"a": a, "b": b, "_c": c, "number": 3.0, "again": a, "module": math, "d": d})
    assert [v.label for v in (a, b, c, d)] == ["a", "beta", "", "d"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (repr(Value(2)), "Value(data=2.0, grad=0.0)"),
        (repr(Value(-0.5, label="w5")), "Value(data=-0.5, grad=0.0, label='w5')"),
        (str(Value(2)), "Value(data=2.0, grad=0.0)"),
        (f"{Value(2)}", "Value(data=2.0, grad=0.0)"),
        (f"{Value(math.pi):.4f}", "3.1416"),
        (f"{Value(1234.5):>+12,.1e}", "    +1.2e+03"),
    ],
)
def test_text(text, expected):
    assert text == expected


@pytest.mark.parametrize("compare", [operator.lt, operator.le, operator.gt, operator.ge])
@pytest.mark.parametrize(
    "other",
    [1.0, 2.0, 3, Fraction(5, 2), Decimal(2), np.float64(1), np.int64(2), math.inf, -math.inf],
    ids=repr,
)
def test_order_is_by_data(compare, other):
    x = Value(2.0)
    assert compare(x, other) == compare(2.0, float(other))
    assert compare(other, x) == compare(float(other), 2.0)
    if math.isfinite(other):
        assert compare(x, Value(other)) == compare(2.0, float(other))


def test_equality_and_hash_are_identity():
    a, b = Value(2.0), Value(2.0)
    assert a == a
    assert a != b
    assert a != 2.0
    assert np.float64(2.0) != a
    assert len({a, b, a}) == 2
    assert max([a, Value(3.0), b]).data == 3.0


# sums, constants, detached values


def test_a_sum_begins_with_its_first_term():
    x, y = Value(1.0), Value(2.0)
    product = x * y
    assert 0 + product is product
    assert sum([product]) is product
    assert sum([x, y]).args == (x, y)
    assert sum([x, y, product]).args[0].args == (x, y)


@pytest.mark.parametrize(
    "same", [lambda x: 0 + x, lambda x: sum([x]), lambda x: +x], ids=["0 + x", "sum", "+x"]
)
@pytest.mark.parametrize("named", [Value(3.0, "b"), 2 * Value(1.5)], ids=["leaf", "node"])
def test_a_label_for_what_equals_x_does_not_fall_on_x(same, named):
    named.label = "b"
    z = same(named)
    z.label = "z"
    total = z + 1.0
    assert (named.label, z.data, total.args) == ("b", 3.0, (z, 1.0))
    assert grad(total, named).data == 1.0
    assert copy.deepcopy(z).args[-1].label == pickle.loads(pickle.dumps(z)).args[-1].label == "b"


@pytest.mark.parametrize("bad", ["1", None, 1j, [1.0]], ids=repr)
def test_a_gradient_is_a_float(bad):
    x = Value(1.0, label="w5")
    x.grad = np.float32(0.5)
    assert (x.grad, type(x.grad)) == (0.5, float)
    with pytest.raises(
        TypeError, match=rf"^w5\.grad takes a real number, not {type(bad).__name__}"
    ):
        x.grad = bad
    for number in (math.nan, math.inf):
        with pytest.raises(DomainError, match=r"^w5\.grad takes a finite number"):
            x.grad = number
    assert x.grad == 0.5


@pytest.mark.parametrize(
    ("number", "truth"), [(0.0, False), (-0.0, False), (5e-324, True), (-0.5, True), (-2.0, True)]
)
def test_the_truth_of_a_value_is_that_of_its_number(number, truth):
    assert bool(Value(number)) is truth


def test_a_comparison_with_nan_is_refused():
    for compare in (operator.lt, operator.ge):
        for nan in (math.nan, np.float64("nan"), np.float32("nan")):
            with pytest.raises(DomainError, match="nan"):
                compare(Value(1.0), nan)
    for nan in (Decimal("NaN"), Decimal("sNaN")):
        with pytest.raises(DomainError, match="nan"):
            assert Value(1.0) < nan


@pytest.mark.parametrize(
    "large",
    [
        math.inf,
        np.float32("inf"),
        Decimal("Infinity"),
        Decimal("1e400"),
        10**400,
        Fraction(10**400),
    ],
)
def test_what_no_float_reaches_is_larger_or_smaller_than_all_data(large):
    x = Value(1.7e308, "x")
    assert x < large
    assert not x >= large
    assert x > -large
    assert Program(x * 1, [x]).outputs([[2.0], [-1.7e308]]) == [2.0, -1.7e308]


def test_a_number_is_a_constant():
    x = Value(3.0)
    z = 2 * x
    assert z.args == (2.0, x)
    assert type(z.args[0]) is float


def test_detach_keeps_the_number_and_the_label_and_lets_no_gradient_through():
    x = Value(3.0, label="x")
    y = (x * x).detach()
    assert (y.data, y.op, y.args) == (9.0, None, ())
    assert x.detach().label == "x"
    assert x.detach() is not x
    (x * x.detach()).backward()
    assert x.grad == 3.0


# no_grad


def test_nothing_is_recorded_in_a_no_grad_block():
    x = Value(3.0)
    with no_grad():
        assert (x * 2).op is None
        with no_grad():
            assert exp(x).args == ()
        assert maximum(x, 1.0).op is None
        assert cube(x).data == 27.0
        x.data -= 1.0
    assert (x * 2).op.name == "mul"


def test_no_grad_is_a_decorator():
    @no_grad()
    def double(x):
        return x * 2

    x = Value(3.0)
    assert double(x).op is None
    assert double(x).data == 6.0
    assert (x * 2).args == (x, 2.0)


def test_no_grad_ends_with_an_error():
    x = Value(-1.0)
    with pytest.raises(DomainError), no_grad(), no_grad():
        log(x)
    assert (x * 2).args == (x, 2.0)


def test_other_threads_go_on_recording():
    x = Value(3.0)
    results = []
    with no_grad():
        thread = threading.Thread(target=lambda: results.append(x * 2))
        thread.start()
        thread.join()
        results.append(x * 2)
    assert [z.args for z in results] == [(x, 2.0), ()]


def test_a_block_open_in_another_thread_pauses_only_that_thread():
    def hold():
        with no_grad():
            opened.set()
            seen.wait(10)

    x = Value(3.0)
    with no_grad():
        pass
    opened, seen = threading.Event(), threading.Event()
    thread = threading.Thread(target=hold)
    thread.start()
    opened.wait(10)
    z = x * 2
    seen.set()
    thread.join()
    assert z.args == (x, 2.0)


# copies and pickles


def pickled(thing, protocol=pickle.DEFAULT_PROTOCOL):
    return pickle.loads(pickle.dumps(thing, protocol))


@pytest.mark.parametrize("copied", [copy.deepcopy, pickled, lambda thing: pickled(thing, 2)])
@given(programs(), st.data())
def test_a_copy_has_the_same_graph(copied, program, data):
    steps, point = program
    results = evaluate(
        steps, [Value(number, label=f"x{i}") for i, number in enumerate(point)], ROWS
    )
    results[-1].label = "root"
    results[-1].backward()
    roots = data.draw(st.lists(st.sampled_from(results), min_size=1, max_size=3))
    copies = copied(roots)
    assert record(*copies) == record(*roots)
    assert not {*copies} & {*results}


@pytest.mark.parametrize("copied", [copy.deepcopy, pickled])
def test_a_copy_keeps_user_rows_and_is_differentiated_like_its_original(copied):
    x = Value(2.0, label="x")
    z = cube(x) * x
    for original, twin in ((x, leaf := copied(x)), (z, root := copied(z))):
        assert record(twin) == record(original)
    assert leaf is not x
    root.backward()
    leaf = topological_order(root)[0][0]
    assert (leaf.grad, x.grad) == (32.0, 0.0)
    assert grad(grad(root, leaf), leaf).data == 48.0


def test_a_shallow_copy_shares_what_it_was_computed_from():
    x = Value(2.0)
    z = x * 3
    z.label = "z"
    twin = copy.copy(z)
    assert twin is not z
    assert (twin.data, twin.label, twin.op, twin.args) == (6.0, "z", z.op, (x, 3.0))


def test_each_copy_of_a_deep_graph_starts_afresh():
    local = Op("local", lambda x: x, lambda x, z: 1.0)
    part = local(Value(1.0))
    for _ in range(5_000):
        part = part + 1.0
    root = part * part
    for _ in range(2):
        with pytest.raises(
            pickle.PicklingError, match="local"
        ):  # only what a module holds is found again by its name
            pickle.dumps(root)
        for v in (root, part):
            assert record(copy.deepcopy(v)) == record(v)


# memory


def test_a_graph_is_freed_without_the_collector():
    gc.collect()
    gc.disable()
    try:
        x = Value(1.0, label="x")
        z = gaussian(x * x + x) / x
        z.backward()
        second = grad(grad(z, x), x)
        copies = pickled(z), copy.deepcopy(second)
        with pytest.raises(DomainError):
            sqrt(z - z.data).backward()
        del x, z, second, copies
        assert gc.collect() == 0
    finally:
        gc.enable()
