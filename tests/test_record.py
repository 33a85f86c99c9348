"""Record: order, evaluation at other numbers, copies, and whether leaves have moved."""

import sys
import threading

import pytest
from expressions import REFERENCE, ROWS, evaluate, programs
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp

from autograd import DomainError, Op, Value, log, maximum, no_grad, sigmoid, sqrt
from autograd.record import Record

blend = Op("blend", lambda x, y, s: s * x + (1 - s) * y, *[lambda x, y, s, z: s] * 3)


def test_the_leaves_and_nodes_of_an_expression_are_in_its_order():
    a, b, c, s = (Value(k, label=name) for k, name in enumerate("abcs", 1))
    record = Record(blend(b * c - 2, c, s) + a)
    assert [v.label for v in record.leaves] == ["b", "c", "s", "a"]
    assert [v.op.name for v in record.nodes] == ["mul", "sub", "blend", "add"]
    assert record.values == [*record.leaves, *record.nodes]
    assert record.nodes[-1] is record.root
    assert Record(a).values == [a]


@given(programs())
def test_each_node_comes_after_its_arguments_and_none_twice(program):
    steps, point = program
    root = evaluate(steps, [Value(number) for number in point], ROWS)[-1]
    place = {v: k for k, v in enumerate(Record(root).values)}
    assert len(place) == len(Record(root).values)
    for v, k in place.items():
        assert all(place[x] < k for x in v.args if isinstance(x, Value))


def test_what_is_held_counts_as_a_leaf():
    a, b = Value(2.0), Value(3.0)
    product = a * b
    root = product + b
    record = Record(root, {product})
    assert (record.leaves, record.nodes) == ([product, b], [root])
    assert Record(product, {product}).nodes == [product]  # the root itself is what is asked for


def shared(count):
    """A root of so many nodes, each of which is used twice."""
    v = Value(1.0)
    for _ in range(count):
        v = v + v
        v = v * 0.5
    return v


def test_a_record_that_is_asked_for_while_another_is_ordered():
    root = shared(5)
    expected = Record(root).values
    asked = []

    class Held:
        """Looked at on the way, as if a signal came in."""

        def __bool__(self):
            return True

        def __contains__(self, v):
            if len(asked) < 3:
                asked.append(Record(root).values)
            return False

    assert Record(root, Held()).values == expected
    assert asked == [expected] * 3


def test_threads_that_order_one_graph():
    root = shared(300)
    expected = Record(root).values
    found, interval = [], sys.getswitchinterval()
    threads = [
        threading.Thread(target=lambda: found.extend(Record(root).values for _ in range(30)))
        for _ in range(4)
    ]
    sys.setswitchinterval(1e-6)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert found == [expected] * 120


def test_what_depends_on_a_value():
    a, b = Value(2.0), Value(3.0)
    left, right = a * 2, b * 2
    root = left + right
    assert Record(root).dependents([a]) == {a, left, root}
    assert Record(root).dependents([a, b]) == {a, b, left, right, root}
    assert Record(root).dependents([]) == set()


@given(programs(), st.data())
def test_evaluation_at_other_numbers_is_that_of_the_functions(program, data):
    steps, point = program
    leaves = [Value(number) for number in point]
    root = evaluate(steps, leaves, ROWS)[-1]
    numbers = {v: data.draw(st.floats(-2, 2).map(lambda x: round(x, 3))) for v in leaves}
    try:
        found = Record(root).evaluate(numbers)[root]
    except DomainError:
        return
    with mp.workdps(60):
        try:
            exact = evaluate(steps, [mp.mpf(numbers[v]) for v in leaves], REFERENCE)
        except (ZeroDivisionError, TypeError):
            return
    if all(isinstance(x, mp.mpf) and abs(x) < 1e6 for x in exact):
        assert found == pytest.approx(float(exact[-1]), rel=1e-6, abs=1e-6)
    assert [v.data for v in leaves] == point


def test_a_node_may_be_given_a_number_too():
    x = Value(2.0)
    u = x * x
    y = u * x
    assert Record(y).evaluate({u: 10.0})[y] == 20.0


def test_another_algebra():
    x, y = Value(2.0, "x"), Value(3.0, "y")
    z = (x + 1) * y
    said = Record(z).evaluate({x: "x", y: "y"}, lambda v, args: f"{v.op.name}{tuple(args)}")
    assert said[z] == "mul(\"add('x', 1.0)\", 'y')"


def test_a_copy_has_the_labels_and_leaves_the_record_alone():
    x, w = Value(2.0, "x"), Value(3.0, "w")
    y = w * x
    y.label = "y"
    with no_grad():
        copies = Record(y).copy({x: Value(5.0, "x")})
    assert (copies[y].data, copies[y].label, copies[w], y.data) == (15.0, "y", w, 6.0)
    copies[y].backward()
    assert (w.grad, x.grad) == (5.0, 0.0)


# moved leaves


def moved():
    w, x = Value(0.5, "w"), Value(2.0, "x")
    z = w * x
    z.label = "z"
    E = z**2
    E.label = "E"
    assert Record(E).moved() == ""
    w.data = 1.0
    return w, z, E


def test_a_leaf_that_stands_twice_in_an_operation_is_told_once():
    w = Value(2.0, "w")
    y = w * w
    w.data = 3.0
    assert Record(y).moved().startswith("w has moved since this was computed: ")


def test_a_leaf_that_has_moved_is_told_and_all_is_computed_anew():
    w, z, E = moved()
    assert Record(E).moved() == (
        "w or x has moved since E was computed: mul(w = 1.0, x = 2.0) was 1.0"
    )
    copies = Record(E).anew()
    assert (copies[z].data, copies[E].data, copies[w], E.data) == (2.0, 4.0, w, 1.0)
    w.data = 0.5
    assert Record(E).moved() == ""


def test_a_record_that_is_another_computation_now_is_not_computed_anew():
    w = Value(2.0, "w")
    y = sqrt(w) if w > 1 else w
    y.label = "y"
    w.data = 0.5
    with pytest.raises(ValueError, match=r"^w has moved .*; compute y anew: w > 1 is False now"):
        Record(y).anew()
    w, z = Value(2.0, "w"), Value(1.0)
    y = log(w * z)
    w.data = -1.0
    with pytest.raises(
        ValueError, match=r"^w or a leaf has moved .*; compute it anew: log\(.*-1.0\)"
    ):
        Record(y).anew()


def test_a_comparison_with_what_moved_too_is_asked_at_the_numbers_of_now():
    a, b = Value(1.0, "a"), Value(2.0, "b")
    c = a + b
    assert a < c
    y = maximum(c * 2, sigmoid(a))
    a.data = 5.0
    assert Record(y).anew()[y].data == 14.0


def test_a_comparison_with_a_value_beside_the_record_is_asked_at_the_numbers_of_now():
    def relative(threshold, is_left):
        t, x = threshold, Value(2.0, "x")
        asked = t < x if is_left else x > t
        y = sqrt(x) if asked else x
        y.label = "y"
        return x, y

    for is_left, symbol in ((True, "<"), (False, ">")):
        a = Value(0.5, "a")
        threshold = 2 * a  # no part of y
        threshold.label = "t"
        x, y = relative(threshold, is_left)
        x.data = 3.0
        assert Record(y).anew()[x].data == 3.0
        a.data = 5.0  # the threshold is 10 now, though its own data is still 1
        with pytest.raises(ValueError, match=r"(x > 10|t < 3)\.0 is False now") as error:
            Record(y).anew()
        assert f" {symbol} " in str(error.value)


def test_a_comparison_that_came_out_both_ways_may_have_taken_either_branch():
    w = Value(2.0, "w")
    y = sqrt(w) if w > 1 else w * 3
    y.label = "y"
    w.data = 0.5
    assert not w > 1  # asked once more: the record still holds the other branch
    with pytest.raises(ValueError, match=r"compute y anew: w > 1 is False now"):
        Record(y).anew()
    w.data = 2.0
    assert not Record(y).moved()
