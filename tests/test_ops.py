"""Every row of the table, and rows that a user adds, against sympy's derivatives evaluated to 350
digits.
"""

import copy
import math
import operator
import pickle
import pydoc
from decimal import Decimal
from fractions import Fraction
from functools import cache, reduce
from itertools import product
from string import Formatter

import pytest
import sympy
from expressions import ORACLE, ROWS, SYMBOLS, t, x, y
from mpmath import mp

import autograd
from autograd import (
    DomainError,
    Op,
    Value,
    gelu,
    grad,
    leaky_relu,
    maximum,
    ops,
    sigmoid,
    softplus,
    swish,
)

approx = pytest.approx

COMPOSED = {
    "gelu": (gelu, x * (1 + sympy.erf(x / sympy.sqrt(2))) / 2),
    "swish": (swish, x / (1 + sympy.exp(-x))),
    "leaky_relu": (
        leaky_relu,
        sympy.Piecewise((x, x > 0), (x / 100, x < 0), (x * 101 / 200, True)),
    ),
}

# A user's rows, each one expression.
cube = Op("cube", lambda x: x**3, lambda x, z: 3 * x**2)
hypot = Op(
    "hypot", math.hypot, lambda x, y, z: x / z, lambda x, y, z: y / z, domain="x, y not both 0"
)
mix = Op(
    "mix",
    lambda x, y, t: x + t * (y - x),
    lambda x, y, t, z: 1 - t,
    lambda x, y, t, z: t,
    lambda x, y, t, z: y - x,
)
ceiling = Op("ceiling", math.ceil, lambda x, z: 0)  # an int, and an int

OWN = {
    "cube": (cube, x**3),
    "hypot": (hypot, sympy.sqrt(x**2 + y**2)),
    "mix": (mix, x + t * (y - x)),
}

# Where 1 − 2z or 1 + erf is taken, an ulp of 1 is lost: from this order on it is exact to 1e-14
# only.
ROUNDED_FROM = {"gelu": 0, "sigmoid": 2, "swish": 1}

LINE = [
    0.0,
    *(s * a for a in (5e-324, 1e-300, 0.5, 1.0, 3.0, 20.0, 708.0, 1000.0, 1e300) for s in (1, -1)),
    -0.0,
]
POINTS = {
    1: [(a,) for a in LINE],
    2: list(
        product(
            [-1e300, -3.0, 0.5, 1.0, 2.0, 1e-300, 1e300], [-3.0, -0.5, 0.0, 0.5, 1.0, 1e-150, 1e300]
        )
    ),
}
EDGES = {
    "div": [(0.5, 1e-300), (1e-300, 1e-300)],
    "exp": [(709.78,), (709.79,), (-745.2,)],
    "log": [(1e-308,)],
    "sqrt": [(1e-200,)],
    "tan": [(math.pi / 2,), (-math.pi / 2,)],
}
ALL = {name: (row, ORACLE[name]) for name, row in ROWS.items()} | COMPOSED | OWN
CASES = [
    *(
        (name, point)
        for name, row in ROWS.items()
        for point in POINTS[row.arity] + EDGES.get(name, [])
    ),
    *((name, point) for name in COMPOSED for point in POINTS[1]),
    *(
        (name, point[: row.arity])
        for name, (row, _) in OWN.items()
        for point in [(0.5, -3.0, 0.25), (-2.0, 2.0, -0.0)]
    ),
]


@cache
def exact(name, order):
    """The derivative of the row by the symbols in `order`, as a function of mpmath's numbers."""
    derivative = sympy.powsimp(reduce(sympy.diff, order, ALL[name][1]))
    return sympy.lambdify(SYMBOLS, derivative, "mpmath")


def truth(name, numbers, *order):
    """Its value as a float, or None where that is no finite real number."""
    with mp.workdps(350):  # so many that 1 + e^−708 is not 1
        try:
            value = mp.mpmathify(exact(name, order)(*map(mp.mpf, (*numbers, 0, 0)[:3])))
        except ZeroDivisionError:
            return None
        result = float(value) if isinstance(value, mp.mpf) else math.nan
    return result if math.isfinite(result) else None


def holds(result, name, numbers, *order):
    expected = truth(name, numbers, *order)
    if expected is None:
        with pytest.raises(DomainError):
            result()
    else:
        rounding = 1e-14 if len(order) >= ROUNDED_FROM.get(name, 3) else 1e-322
        assert result() == approx(expected, rel=1e-13, abs=rounding), (name, numbers, order)
    return expected


@pytest.mark.parametrize(
    ("name", "numbers"), CASES, ids=[f"{name}{numbers}" for name, numbers in CASES]
)
def test_function_and_derivatives(name, numbers):
    row = ALL[name][0]

    def applied(*places):
        """The result, and the arguments at these places: Values, while the others are plain
        numbers.
        """
        args = [Value(number) if i in places else number for i, number in enumerate(numbers)]
        return row(*args), *(args[i] for i in places)

    def backward(i):
        z, a = applied(i)
        z.backward()
        return a.grad

    def second(i, j):
        z, a, b = applied(i, j)
        return grad(grad(z, a), b).data

    if holds(lambda: row(*numbers), name, numbers) is None:
        return
    assert type(row(*numbers)) is float
    assert applied(*range(len(numbers)))[0].data == row(*numbers)
    for i, dx in enumerate(SYMBOLS[: len(numbers)]):
        holds(lambda i=i: backward(i), name, numbers, dx)
        if holds(lambda i=i: grad(*applied(i)).data, name, numbers, dx) is not None:
            for j, dy in enumerate(SYMBOLS[: len(numbers)]):
                holds(lambda i=i, j=j: second(i, j), name, numbers, dx, dy)


CAREFUL = {  # rows that are read otherwise than they are computed, at points where both keep their digits
    "one_minus_sigmoid": [(x, sigmoid(x)) for x in (-2.0, 0.0, 1.5)],
    "one_minus_tanh_2": [(x, math.tanh(x)) for x in (-2.0, 0.0, 1.5)],
    "larger": [(2.0, -3.0), (-3.0, 2.0), (0.5, 0.5), (3.0, 2.0)],
    "smaller": [(2.0, -3.0), (-3.0, 2.0), (0.5, 0.5), (3.0, 2.0)],
}


def test_a_row_is_computed_as_it_is_read():
    rows = {row.name: row for row in vars(ops).values() if isinstance(row, Op) and row.reads}
    assert rows.keys() == CAREFUL.keys()
    for name, points in CAREFUL.items():
        for point in points:
            assert rows[name](*point) == approx(rows[name].reads(*point), rel=1e-14)


def test_every_row_has_an_oracle():
    missing = [row.name for row in ops.TABLE if row.name not in ORACLE]
    assert not missing, (
        f"{missing[0]} has no oracle: state it in sympy, a line of ORACLE in expressions.py"
    )
    assert [name for name in ORACLE if name not in ROWS] == []


def test_a_row_is_a_function_of_the_package():
    assert [row for row in ops.TABLE if getattr(autograd, row.name) is not row] == []
    assert {*ORACLE, *COMPOSED} - set(autograd.__all__) == {"abs", "pow"}  # Python's own stay


@pytest.mark.parametrize("row", ops.TABLE, ids=repr)
def test_written_forms_have_a_hole_for_each_argument(row):
    for form in (row.text, row.latex):
        assert sum(hole is not None for _, hole, _, _ in Formatter().parse(form)) == row.arity


@pytest.mark.parametrize("name", [*(row.name for row in ops.TABLE if row.arity == 1), *COMPOSED])
def test_a_row_of_one_argument_is_a_method(name):
    assert getattr(Value(0.7), name)().data == getattr(autograd, name)(0.7)


@pytest.mark.parametrize(
    "operation", [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow]
)
@pytest.mark.parametrize("number", [3, 3.5, True, Fraction(1, 3)], ids=repr)
@pytest.mark.parametrize("side", ["left", "right"])
def test_numbers_on_either_side(operation, number, side):
    def f(a, number):
        return operation(number, a) if side == "left" else operation(a, number)

    a, expected = Value(1.5), f(x, sympy.Rational(Fraction(number)))
    z = f(a, number)
    z.backward()
    assert z.data == approx(float(expected.subs(x, 1.5)))
    assert a.grad == approx(float(sympy.diff(expected, x).subs(x, 1.5)))


@pytest.mark.parametrize("x", [-1000.0, -708.0, -1.0, 1.0, 708.0, 1000.0])
def test_sigmoid_and_softplus_are_exact_in_their_tails(x):
    with mp.workdps(350):
        assert sigmoid(x) == approx(float(1 / (1 + mp.exp(-x))), rel=1e-15, abs=0)
        assert softplus(x) == approx(float(mp.log1p(mp.exp(x))), rel=1e-15, abs=0)


# C's pow is off in the last bit of the square of each, in glibc 2.36
SQUARED = [0.5544049551926724, 0.8042815876014766, -0.758167964574444]


@pytest.mark.parametrize("number", [*SQUARED, 0.1, -3.0, 1e-200, -0.0])
def test_a_square_is_rounded_once(number):
    square, slope = float(Fraction(number) ** 2), 2 * number
    for exponent in (2, 2.0, Value(2.0)):
        assert (Value(number) ** exponent).data == square
    a = Value(number)
    (a**2 + a**3).backward()
    assert a.grad == 3 * square + slope
    assert grad(a**2, a).data == slope
    assert grad(a**3, a).data == 3 * square
    assert ops.pow(number, 2) == square


def test_the_square_of_a_large_number():
    for a in (1e200, -1e200):
        with pytest.raises(
            DomainError, match=r"pow\(.*1e\+200, 2.0\) is past the range of a float"
        ):
            Value(a) ** 2
        with pytest.raises(DomainError, match=r"pow\(.*1e\+200, 2\) is past the range of a float"):
            ops.pow(a, 2)


@pytest.mark.parametrize("x", [0.0, 1e-200, 0.3, -1.7, 5.1, -18.7, 26.4, 27.2, -30.0, 1e300])
def test_gaussian_is_exact_in_its_tails(x):
    with mp.workdps(60):
        assert autograd.gaussian(x) == approx(
            float(mp.exp(-(mp.mpf(x) ** 2))), rel=1e-15, abs=5e-324
        )


def test_a_maximum_with_itself_has_slope_one():
    for row in (maximum, autograd.minimum):
        a = Value(3.0)
        row(a, a).backward()
        assert a.grad == 1.0


@pytest.mark.parametrize("number", [-3.0, -0.0, 0.0, 1e-300, 2.0])
@pytest.mark.parametrize("exponent", [0, 1, 2, 3])
def test_a_whole_power_has_derivatives_of_every_order(number, exponent):
    a, exactly = Value(number), x**exponent
    derivative = a**exponent
    derivative.backward()  # and never takes log(−3)
    for order in range(1, exponent + 3):
        derivative, exactly = grad(derivative, a), sympy.diff(exactly, x)
        assert derivative.data == approx(float(exactly.subs(x, sympy.Rational(number))), abs=0)
        assert order > 1 or a.grad == derivative.data


def test_a_user_row_may_give_an_int():
    a = Value(1.5)
    z = ceiling(a) * a
    z.backward()
    assert (z.data, type(z.data), a.grad, type(a.grad)) == (3.0, float, 2.0, float)
    assert (ceiling(1.5), type(ceiling(1.5))) == (2.0, float)
    assert grad(z, a).data == 2.0
    assert grad(grad(z, a), a).data == 0.0


class Scale:
    def times(self, x):
        return 2 * x


@pytest.mark.parametrize(
    ("function", "partial"),
    [
        (
            lambda x, factor=2: factor * x,
            lambda x, z, factor=2.0: factor,
        ),  # the idiom for a row made in a loop
        (Scale().times, lambda x, z: 2.0),
        (lambda *args: 2 * args[0], lambda *args: 2.0),
        ((2.0).__mul__, lambda x, z: 2.0),
    ],
    ids=["default", "method", "variadic", "builtin"],
)
def test_any_function_that_takes_the_arguments_makes_a_row(function, partial):
    a = Value(3)
    Op("twice", function, partial)(a).backward()
    assert a.grad == 2.0


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ((math.sin,), r"Op\('f'\) needs one partial derivative for each argument, and has none"),
        ((3, math.cos), r"function of Op\('f'\) must be a function, not int"),
        ((math.sin, 1.0), r"partial 1 of Op\('f'\) must be a function, not float"),
        (
            (math.hypot, lambda x, y, z: 1.0, None),
            r"partial 2 of Op\('f'\) must be a function, not NoneType",
        ),
        (
            (lambda x, y: x, lambda x, z: 1.0),
            r"function of Op\('f'\) takes 2 argument.s., and must take 1",
        ),
        (
            (lambda x: x, lambda x: 1.0),
            r"partial 1 of Op\('f'\) takes 1 argument.s., and must take 2",
        ),
    ],
)
def test_a_wrong_definition_is_refused(parts, message):
    with pytest.raises(TypeError, match=message):
        Op("f", *parts)


@pytest.mark.parametrize("result", ["1.0", None, 1j, [1.0]], ids=repr)
def test_a_row_whose_result_is_not_a_real_number_is_refused(result):
    odd = Op("odd", lambda x: result, lambda x, z: 1.0)
    for argument in (2.0, Value(2.0)):
        with pytest.raises(TypeError, match=f"odd .*real number, not {type(result).__name__}"):
            odd(argument)


@pytest.mark.parametrize("row", ops.TABLE, ids=repr)
def test_no_row_swallows_a_nan(row):
    for place in range(row.arity):
        with pytest.raises(DomainError, match="nan"):
            row(*(math.nan if i == place else 1.0 for i in range(row.arity)))


def test_the_number_of_arguments_is_checked():
    with pytest.raises(TypeError, match=r"mix takes 3 argument\(s\), not 2"):
        mix(Value(1.0), 2.0)


@pytest.mark.parametrize(
    ("slope", "a", "expected"),
    [(0.2, -3.0, 0.2), (0.2, 3.0, 1.0), (0, -3.0, 0.0), (1, -3.0, 1.0), (0.5, 0.0, 0.75)],
)
def test_the_slope_of_leaky_relu(slope, a, expected):
    assert grad(leaky_relu(v := Value(a), slope), v).data == expected


@pytest.mark.parametrize("slope", [-0.1, 1.5])
def test_leaky_relu_refuses_a_slope_outside_0_to_1(slope):
    with pytest.raises(DomainError, match=f"slope between 0 and 1, not {slope}"):
        leaky_relu(Value(1.0), slope)


@pytest.mark.parametrize("row", ops.TABLE, ids=repr)
def test_help_speaks_of_the_row(row):
    assert row.__doc__.startswith(f"{row.name}(")
    assert "an operation." not in row.__doc__
    assert row.__doc__.splitlines()[0] in pydoc.render_doc(row, renderer=pydoc.plaintext)
    assert row.domain in row.__doc__
    assert row.smooth in row.__doc__
    if row.arity == 1:
        method = getattr(Value, row.name)
        assert (method.__name__, method.__doc__) == (row.name, row.__doc__)


@pytest.mark.parametrize("slip", ["bakward", "sigmiod"])
def test_a_slip_of_the_pen_is_an_error(slip):
    assert not hasattr(Value(1.0), slip)


@pytest.mark.parametrize("row", [*ops.TABLE, cube, hypot, mix], ids=repr)
def test_a_row_is_pickled_and_copied_by_its_name(row):
    assert pickle.loads(pickle.dumps(row)) is row
    assert copy.copy(row) is row
    assert copy.deepcopy([row])[0] is row


@pytest.mark.parametrize("result", [10**400, -(10**400), Decimal("Infinity")])
def test_a_result_past_the_range_is_told_so_whatever_its_kind(result):
    big = Op("big", lambda x: result, lambda x, z: 1.0, domain="x > 0")
    with pytest.raises(DomainError, match="is past the range of a float"):
        big(2.0)
