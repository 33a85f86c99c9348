"""What the tests share: every row stated a second time, in sympy, random expressions built of rows,
and formulas read back as mathematics.
"""

import operator
import re
from functools import reduce

import sympy
from hypothesis import strategies as st
from mpmath import mp
from sympy import Piecewise, exp

from autograd import DomainError, Op, Value, ops
from autograd.record import topological_order
from nn.losses import mean

x, y, t = SYMBOLS = sympy.symbols("x y t", real=True)

ORACLE = {  # where a function has a kink or a jump, its own branch says what holds there
    "add": x + y,
    "sub": x - y,
    "mul": x * y,
    "div": x / y,
    "pow": x**y,
    "neg": -x,
    "exp": exp(x),
    "log": sympy.log(x),
    "sqrt": sympy.sqrt(x),
    "sin": sympy.sin(x),
    "cos": sympy.cos(x),
    "tan": sympy.tan(x),
    "tanh": sympy.tanh(x),
    "sigmoid": 1 / (1 + exp(-x)),
    "softplus": sympy.log(1 + exp(x)),
    "gaussian": exp(-(x**2)),
    "erf": sympy.erf(x),
    "step": Piecewise((1, x > 0), (0, True)),
    "sign": Piecewise((1, x > 0), (-1, x < 0), (0, True)),
    "relu": Piecewise((x, x > 0), (0, True)),
    "abs": Piecewise((x, x > 0), (-x, x < 0), (0, True)),
    "maximum": Piecewise((x, x > y), (y, x < y), ((x + y) / 2, True)),
    "minimum": Piecewise((x, x < y), (y, x > y), ((x + y) / 2, True)),
}
ROWS = {row.name: row for row in ops.TABLE}
# The same on mpmath's numbers, which know as many digits as are asked for.
REFERENCE = {
    name: sympy.lambdify(SYMBOLS[: ROWS[name].arity], ORACLE[name], "mpmath") for name in ROWS
}
KINKED = {"step", "sign", "relu", "abs", "maximum", "minimum"}

# A row of one's own, of three arguments.
blend = Op(
    "blend",
    lambda x, y, s: s * x + (1 - s) * y,
    lambda x, y, s, z: s,
    lambda x, y, s, z: 1 - s,
    lambda x, y, s, z: x - y,
)


def named(label, value):
    value.label = label
    return value


def evaluate(steps, leaves, rows):
    """All results of a program, the leaves first and its root last, on whatever numbers the `rows`
    take.
    """
    results = list(leaves)
    for name, operands in steps:
        results.append(rows[name](*(results[i] if isinstance(i, int) else i for i in operands)))
    return results


@st.composite
def programs(draw):
    """Steps `(row, operands)`, where an int is the place of an earlier result and a float is a
    constant, and the numbers of the leaves: there every step is smooth and well-conditioned, so
    that rounding errors stay small.
    """
    constants = st.floats(-4, 4).map(
        lambda x: round(x, 6)
    )  # not so small that the oracle runs out of digits
    point = draw(st.lists(constants, min_size=1, max_size=3))
    results = [Value(number) for number in point]
    steps = []
    for _ in range(draw(st.integers(2, 15))):
        places = st.sampled_from(range(len(results))[::-1])
        operands = draw(st.tuples(places, places | constants) | st.tuples(constants, places))
        args = [results[i] if isinstance(i, int) else i for i in operands]
        row = draw(st.sampled_from([row for row in ops.TABLE if _tame(row, args[: row.arity])]))
        steps.append((row.name, operands[: row.arity]))
        results.append(row(*args[: row.arity]))
    return steps, point


@st.composite
def named_programs(draw):
    """A program, its results as Values, and the places of those that have a name: r0, r1, …, the
    root among them.
    """
    steps, point = draw(programs())
    results = evaluate(steps, [Value(number) for number in point], ROWS)
    visible = draw(st.sets(st.sampled_from(range(len(results))))) | {len(results) - 1}
    for place in visible:
        results[place].label = f"r{place}"
    return steps, results, visible


TAILS = [0.0, 1e-100, 6.0, 20.0, 26.5, 37.0, 40.0, 350.0, 700.0]


def random_number(rng):
    """Near 1, or of any size, or in the tail of some row."""
    any_size = rng.uniform(1, 10) * 10.0 ** rng.randint(-12, 12)
    return rng.choice([1.0, -1.0]) * rng.choice([rng.uniform(0, 4), any_size, rng.choice(TAILS)])


def random_program(rng):
    """Steps and the numbers of the leaves, as `programs` gives them, but without its limits."""
    point = [random_number(rng) for _ in range(rng.randint(1, 3))]
    results = [Value(number) for number in point]
    steps = []
    for _ in range(rng.randint(2, 15)):
        newest, any_place = len(results) - 1, rng.randrange(len(results))
        first = newest if rng.random() < 0.7 else any_place
        operands = [first, rng.choice([any_place, random_number(rng)])]
        rng.shuffle(operands)
        args = [results[x] if isinstance(x, int) else x for x in operands]
        found = {row: _slopes(row, args[: row.arity]) for row in ROWS.values()}
        flat = rng.random() < 0.1
        rows = [row for row, partials in found.items() if any(partials) or (partials and flat)]
        if rows:
            row = rng.choice(rows)
            steps.append((row.name, operands[: row.arity]))
            results.append(row(*args[: row.arity]))
    return steps, point


def _slopes(row, args):
    """The partials of the row by each argument that is no constant; none where a step is not taken.

    That is at a kink, out of the domain, near the ends of a float's range, and where an error is
    multiplied by more than a thousand.
    """
    args = [v.detach() if isinstance(v, Value) else v for v in args]
    leaves = [v for v in args if isinstance(v, Value)]
    numbers = [getattr(v, "data", v) for v in args]
    from_kink = abs(numbers[0] - sum(numbers[1:]))
    if row.name in KINKED and not 1e-3 < from_kink < 100:  # far from it they do little
        return []
    try:
        z = row(*args)
        z.backward()
    except (AttributeError, DomainError):  # a float has no backward pass
        return []
    sizes = [abs(z.data), *(abs(v.grad) for v in leaves)]
    in_range = all(size == 0 or 1e-305 < size < 1e100 for size in sizes)
    if in_range and all(abs(v.data * v.grad) <= 1e3 * abs(z.data) for v in leaves):
        return [v.grad for v in leaves]
    return []


def _tame(row, args):
    args = [v.detach() if isinstance(v, Value) else v for v in args]
    leaves = [v for v in args if isinstance(v, Value)]
    numbers = [getattr(v, "data", v) for v in args]
    if not leaves or (row.name in KINKED and abs(numbers[0] - sum(numbers[1:])) < 1e-3):
        return False
    try:
        z = row(*args)
        z.backward()
    except DomainError:
        return False
    return all(abs(number) <= 10 for number in (z.data, *(v.grad for v in leaves)))


# formulas read back

RAISED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
TOKEN = re.compile(r"[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+|\d+(?:\.\d+)?|[a-z]\w*?(?=[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]|\b)|.")
MEANING = {
    "·": "*",
    "−": "-",
    "^": "**",
    "½": "half",
    "e": "E",
    "σ": "sigmoid",
    "√": "sqrt",
    "ln": "log",
}
MEANING |= {"max": "maximum", "min": "minimum", "π": "pi"}


def read(text):
    """A formula as Python, and the numbers in it, which Python finds as c[0], c[1], …"""
    code, numbers, ended = [], [], False
    text = text.replace("½(", "½·(").replace(" ", "").replace("√π", "√(π)").replace("√2", "√(2)")
    for token in TOKEN.findall(text):
        if token[0] in "⁻⁰¹²³⁴⁵⁶⁷⁸⁹":
            code.append(f"**({token.translate(RAISED)})")
        elif token[0].isdecimal():
            code.append(f"c[{len(numbers)}]")
            numbers.append(mp.mpf(token))
        elif token == "|":
            code.append(")" if ended else "abs(")
        else:
            code.append(MEANING.get(token, token))
        ended = not ended if token == "|" else token not in "(,·−+/^"
    return compile("".join(code), text, "eval"), numbers


def says(text, names, exactly, rounding=6e-6):
    """Whether a formula has this value, when each number in it may be off by half a unit of its
    sixth digit.
    """
    code, numbers = read(text)

    def value(c):
        return eval(
            code, {**REFERENCE, "E": mp.e, "half": mp.mpf(0.5), "pi": mp.pi, "c": c, **names}
        )

    with mp.workdps(40):
        result = value(numbers)
        shifted = (
            [*numbers[:k], c * (1 + rounding), *numbers[k + 1 :]] for k, c in enumerate(numbers)
        )
        slack = sum(mp.fabs(value(c) - result) for c in shifted)
        return mp.fabs(result - exactly) <= slack + 1e-11 * (1 + mp.fabs(result))


def at(output, numbers):
    """The graph of `output`, recorded anew at other numbers of some leaves; it has the other leaves
    themselves.
    """
    copies = {v: Value(number) for v, number in numbers.items()}
    for v in topological_order(output)[1]:
        copies[v] = v.op(*(x if isinstance(x, float) else copies.get(x, x) for x in v.args))
    return copies.get(output, output)


def eagerly(output, inputs, rows, reduction="mean"):
    """What `backward` has to do: the mean or the sum of the losses as one graph."""
    losses = [at(output, dict(zip(inputs, row, strict=True))) for row in rows]
    total = mean(losses) if reduction == "mean" else reduce(operator.add, losses)
    total.backward()
    return total.data
