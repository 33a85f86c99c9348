"""A record as a flat tape: numbers in slots and a list of steps, run by machine code that numba makes of the table.

One kernel serves every graph: it is compiled once on a machine, and kept on disk. It takes several rows at a time, in
lanes. It does what the eager pass does, in the same order, and comes to the same numbers, to the last bit.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache, partial
from itertools import accumulate
from types import FunctionType
from typing import TYPE_CHECKING, Any

import numba
import numpy as np

from autograd import ops
from autograd.formula import Written
from autograd.ops import ATOM, TABLE, Op
from autograd.reverse import dependents, topological_order
from autograd.source import Guard, Names, Term, definition, filled, origin, shows, slope_of, written
from autograd.value import Value

if TYPE_CHECKING:
    from autograd.program import Run

WIDE = 32  # lanes; a single row goes through alone
PACE = 2e7  # steps in one call, about 0.1 s: after each call Python may notice Ctrl-C

_KERNEL = """
@njit
def power(x, y):
    return x if y == 1.0 else math.pow(x, y)  # which is the same, and saves its cost in the derivative of a square


@njit
def evaluate(tape, plan, rows, memory, outputs):
    for start in range(0, rows.shape[0], LANES):
        stop = min(start + LANES, rows.shape[0])
        FORWARD
        if not fine:
            return start
        for l in range(stop - start):
            outputs[start + l] = memory[plan[3] + l]
    return -1


@njit
def run(tape, plan, rows, rounds, rate, count, memory, gradients, outputs, means):
    for r in range(rounds):
        for p in range(gradients.size if r else 0):
            gradients[p] = 0.0
        for stop in range(rows.shape[0], 0, -LANES):
            start = max(stop - LANES, 0)
            FORWARD
            if not fine:
                return r, start
            for l in range(stop - start):
                outputs[start + l] = memory[plan[3] + l]
            for l in range(LANES):
                memory[plan[4] + l] = 1.0 / count
            BACKWARD
            for first in range(0, gradients.size, 16):  # several sums at a time, for each has to wait for itself
                for l in range(stop - start - 1, -1, -1):
                    for p in range(first, min(first + 16, gradients.size)):
                        for k in range(tape[plan[2] + p, 1], tape[plan[2] + p, 2], LANES):
                            gradients[p] += memory[k + l]
        total = outputs[0]
        for k in range(1, outputs.size):
            total += outputs[k]
        means[r] = total / count
        for p in range(gradients.size):
            for l in range(LANES):
                memory[tape[plan[2] + p, 3] + l] -= rate * gradients[p]
    return rounds, -1
"""

_FORWARD = """
fine = True
for c in range(rows.shape[1]):
    for l in range(LANES):
        memory[LANES * c + l] = rows[min(start + l, stop - 1), c]
for k in range(plan[0]):
    READ
    CHOOSE
for k in range(plan[0], plan[1]):
    for l in range(LANES):
        fine &= (memory[tape[k, 1] + l] > memory[tape[k, 2] + l]) == (tape[k, 0] == 1)
for l in range(LANES):
    fine &= memory[plan[3] + l] - memory[plan[3] + l] == 0.0
"""

_BACKWARD = """
for k in range(plan[1], plan[2]):
    READ
    CHOOSE
"""


@cache
def _kernel(rows: tuple[Op, ...], lanes: int) -> dict[str, Any]:
    """The functions of `_KERNEL` for these rows of the table, as machine code."""
    names = Names(reserved=re.findall("[a-z]+", _KERNEL + _FORWARD))
    arity = max(op.arity for op in rows)
    arguments = tuple(Term(None, (f"x{place}",)) for place in range(arity))
    names[ops.pow] = Written("power", ATOM, "text")
    for name in ("z", "above", *(x.args[0] for x in arguments)):
        names[name] = Written(f"memory[{name} + l]", ATOM, "text")
    result, upstream = Term(None, ("z",)), Term(None, ("above",))
    forward, backward = [], []
    for op in rows:
        statements = [f"memory[z + l] = {written(Term(op, arguments[: op.arity]), names).text}"]
        for place in range(op.arity):
            if not all(shows(op, [number] * op.arity, place) for number in (0.5, -0.5)):
                statements.append(f"fine &= memory[x{place} + l] - memory[x{place} + l] == 0.0")
            slope = slope_of(op, place, arguments[: op.arity], result)
            product = written(upstream * slope, names).text
            backward += [[f"memory[below + l] = {product}"], [f"memory[below + l] += {product}"]]
        forward.append(statements)
    columns = ["code", "z", *(x.args[0] for x in arguments), "above", "below"]
    read = [f"{name} = tape[k, {column}]" for column, name in enumerate(columns)]
    text = filled(
        _KERNEL,
        FORWARD=filled(_FORWARD, READ=read, CHOOSE=_choice(forward)).splitlines(),
        BACKWARD=filled(_BACKWARD, READ=read, CHOOSE=_choice(backward)).splitlines(),
    )
    namespace: dict[str, Any] = {"__name__": __name__, "LANES": lanes, "math": math}
    on_disk = True
    for name, op in names.functions.items():
        code = definition(op, name)
        if code:
            text = f"@njit\n{code}\n\n{text}"
        elif origin(op) in ("math", "builtins"):
            namespace[name] = op.function
        else:
            namespace[name] = _compiled(op.function)
            on_disk = False  # nobody can tell whether it is the same the next time
    digest = hashlib.sha256(f"{lanes} {text}".encode()).hexdigest()[:16]

    def njit(function: FunctionType) -> Any:
        function.__qualname__ += f"_{digest}"  # by which numba finds it again
        with suppress(RuntimeError):  # nowhere to write
            return _compiled(function, cache=on_disk and function.__name__ in ("evaluate", "run"))
        return _compiled(function)

    namespace["njit"] = njit
    exec(compile(text, __file__, "exec"), namespace)  # numba keeps what it compiles beside this file
    return namespace


_compiled: Any = partial(numba.njit, error_model="numpy", nogil=True)


def _choice(branches: list[list[str]]) -> list[str]:
    """The lines that go through the lanes with the statements that `code` says."""
    lines = []
    for code, statements in enumerate(branches):
        lines += [f"{'elif' if code else 'if'} code == {code}:", "    for l in range(LANES):"]
        lines += [f"        {statement}" for statement in statements]
    return lines


@cache
def _is_one(op: Op, place: int) -> bool:
    """Whether the partial derivative by the argument at `place` is 1, whatever the arguments are."""
    slope = slope_of(op, place, [Term(None, (k,)) for k in range(op.arity)], Term(None, ("z",)))
    return not isinstance(slope, Term) and slope == 1


def _key(x: Any) -> Any:
    return x.hex() if isinstance(x, float) else x  # 0.0 and -0.0 are equal, and not the same


class Tape:
    """An engine of `Program`, as `Generated` is: the record of `output` in machine code."""

    def __init__(
        self,
        output: Value,
        inputs: Sequence[Value],
        parameters: Sequence[Value],
        moving: Sequence[Value],
        guards: Sequence[Guard],
    ) -> None:
        nodes: list[Any] = topological_order(output)[1]
        self.rows = (*TABLE, *(op for op in dict.fromkeys(v.op for v in nodes) if op not in TABLE))
        width = max(op.arity for op in self.rows)
        constants = {_key(x): x for v in nodes for x in v.args if isinstance(x, float)}
        constants |= {_key(guard.right): guard.right for guard in guards if isinstance(guard.right, float)}
        slots = {x: k for k, x in enumerate((*inputs, *parameters, *constants, *nodes))}

        # A line of the tape is, in the forward pass, which operation, and the slots of its result and its arguments; a
        # guard's is how it came out, and what is greater than what. A step of the sweep is which partial, the slots of
        # result and arguments, the slope above, and the one to which the product is added: that of a node, or one for
        # each use of a parameter, so that these can be added up in the order of the eager pass.
        def line(code: int, v: Any, above: int = 0, below: Any = 0) -> list[Any]:
            args = [slots[_key(x)] for x in v.args]
            return [code, slots[v], *args, *[0] * (width - len(args)), above, below]

        forward = {op: code for code, op in enumerate(self.rows)}
        backward = dict(zip(self.rows, accumulate((2 * op.arity for op in self.rows), initial=0), strict=False))
        slopes = {v: k for k, v in enumerate(nodes, len(slots))}
        active = dependents(nodes, moving)
        times = Counter(x for v in nodes if v in active for x in v.args)
        steps = []
        for v in reversed(nodes):
            for place, x in enumerate(v.args if v in active else ()):
                if x in slopes and times[x] == 1 and _is_one(v.op, place):
                    slopes[x] = slopes[v]  # nothing to do: ∂output/∂x is ∂output/∂v
                elif x in active:
                    steps.append(line(backward[v.op] + 2 * place, v, slopes[v], slopes.get(x, x)))
        top = [slopes.get(output, output)]
        uses: dict[Any, list[list[Any]]] = {p: [] for p in moving}
        for step in (top, *steps):
            if step[-1] in uses:
                uses[step[-1]].append(step)
        ends = list(accumulate(map(len, uses.values()), initial=len(slots) + len(nodes)))
        for slope, step in enumerate((step for used in uses.values() for step in used), ends[0]):
            step[-1] = slope
        begun = set()
        for step in steps:
            step[0] += step[-1] in begun  # the first product for a slope is put there, the others are added
            begun.add(step[-1])
        if top[0] is output:  # a leaf that does not move
            top[0] = ends[-1]

        compared = []
        for left, symbol, right, outcome in guards:
            pair = [slots[left], slots[_key(right)]]
            compared.append([outcome == (symbol in "<>"), *(pair if symbol in (">", "<=") else pair[::-1])])
        moves = [[0, *ends[k : k + 2], slots[p]] for k, p in enumerate(moving)]
        parts = [[line(forward[v.op], v) for v in nodes], compared, steps, moves]
        lines = [[*line, *[0] * (width + 4 - len(line))] for part in parts for line in part]
        self.tape = np.array(lines, np.uint32).reshape(-1, width + 4)
        self.plan = np.array([*accumulate(map(len, parts[:3])), slots[output], top[0]])
        self.inputs = len(inputs)
        self.parameters = slice(len(inputs), len(inputs) + len(parameters))
        self.constants = np.array([*constants.values()]).reshape(-1, 1)
        self.moving = [slots[p] for p in moving]
        self.size = ends[-1] + 1
        self.pace = PACE / len(lines)
        self._tapes: dict[int, tuple[Any, Any]] = {}
        self._free: dict[int, list[Any]] = {}

    def table(self, rows: Any) -> Any:
        """The rows as an array, with a column for each input."""
        return np.ascontiguousarray(rows, float).reshape(len(rows), self.inputs)

    def outputs(self, table: Any, parameters: Sequence[float]) -> tuple[list[float], range]:
        outputs = np.empty(len(table))
        with self._ready(table, parameters) as (kernel, tape, memory):
            for part in self._parts(table):
                start = kernel["evaluate"](*tape, _writable(table[part]), memory.ravel(), outputs[part])
                if start >= 0:
                    start += part.start
                    return [], range(start, min(start + memory.shape[1], part.stop))
        return outputs.tolist(), range(0)

    def run(
        self,
        table: Any,
        rounds: int,
        rate: float,
        count: int,
        parameters: Sequence[float],
        gradients: Sequence[float],
    ) -> Run:
        sums, outputs, means = np.array(gradients), np.empty(len(table)), np.empty(rounds)
        parts = self._parts(table)  # several only where there is one round
        with self._ready(table, parameters) as (kernel, tape, memory):
            for part in reversed(parts):
                done, start = kernel["run"](
                    *tape,
                    _writable(table[part]),
                    rounds,
                    rate if len(parts) == 1 else 0.0,
                    float(count),
                    memory.ravel(),
                    sums,
                    outputs[part],
                    means,
                )
                if start >= 0:
                    break
            if len(parts) > 1:
                means[0] = np.add.accumulate(outputs)[-1] / count
                memory[self.moving] -= rate * sums[:, None]
            numbers = memory[self.parameters, 0].tolist()
            first = part.start + start
            failed = range(min(first + memory.shape[1], part.stop) - 1, first - 1, -1) if start >= 0 else range(0)
        return means[:done].tolist(), numbers, sums.tolist(), failed

    @contextmanager
    def _ready(self, table: Any, parameters: Sequence[float]) -> Iterator[tuple[dict[str, Any], Any, Any]]:
        """The kernel for so many rows, its tape and plan, and numbers for the slots, which no other thread uses."""
        lanes = WIDE if len(table) > 1 else 1
        if lanes not in self._tapes:  # with slots counted in numbers
            tape, plan = self.tape.copy(), self.plan.copy()
            tape[:, 1:] *= lanes
            plan[3:] *= lanes
            self._tapes[lanes] = tape, plan
        free = self._free.setdefault(lanes, [])
        try:
            memory = free.pop()
        except IndexError:
            memory = np.zeros((self.size, lanes))
            memory[self.parameters.stop : self.parameters.stop + len(self.constants)] = self.constants
        memory[self.parameters] = np.array(parameters).reshape(-1, 1)
        yield _kernel(self.rows, lanes), self._tapes[lanes], memory
        free.append(memory)

    def _parts(self, table: Any) -> list[slice]:
        size = max(int(self.pace), WIDE)
        return [slice(start, min(start + size, len(table))) for start in range(0, len(table), size)]


def _writable(table: Any) -> Any:
    """The rows, in memory that may be written to: for other memory numba would compile the kernel anew."""
    return table if table.flags.writeable else table.copy()


def compiles(op: Op) -> bool:
    """Whether numba understands the function of a row."""
    try:
        _compiled(op.function).compile((numba.float64,) * op.arity)
    except numba.core.errors.NumbaError:
        return False
    return True
