"""A record as a flat tape: numbers in slots and a list of steps, run by machine code that numba
makes of the table.

One kernel serves every graph: it is compiled once on a machine, and kept on disk. It takes several
rows at a time, in lanes. It does what the eager pass does, in the same order, and comes to the same
numbers, to the last bit.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache, partial
from itertools import accumulate, count
from types import FunctionType
from typing import Any

import numba
import numpy as np
from numba.core.errors import NumbaError

from autograd import ops
from autograd.formula import Written
from autograd.op import ATOM, Op
from autograd.ops import TABLE
from autograd.record import Record
from autograd.replay.engine import Run, Task
from autograd.replay.terms import (
    Names,
    Term,
    definition,
    filled,
    origin,
    references,
    shows,
    slope_of,
    written,
)
from autograd.value import Value

WIDE = 64  # lanes at most
PACE = 2e7  # steps in one call, about 0.1 s: after each call Python may notice Ctrl-C

# A tape is a table of lines. The plan says where each part ends: [0] operations, [1] guards, [2]
# the sweep, [3] sums for parameters that are used again; the rest are the parameters that move.
# Then come [4] the slot of the output, [5] that of its slope, and [6] the lanes.
_KERNEL = """
@njit
def power(x, y):
    # x¹ is x, and saves the cost of a power in the derivative of a square
    return x if y == 1.0 else math.pow(x, y)


@njit
def evaluate(tape, plan, rows, memory, outputs):
    lanes = 1 if ALONE else plan[6]
    for start in range(0, rows.shape[0], lanes):
        stop = min(start + lanes, rows.shape[0])
        others = True
        FORWARD
        if not fine:
            return start
        for l in range(stop - start):
            outputs[start + l] = memory[plan[4] + l]
    return -1


@njit
def run(tape, plan, rows, before, rounds, rate, count, memory, gradients, outputs, means):
    lanes = 1 if ALONE else plan[6]
    for r in range(rounds):
        for p in range(gradients.size if r else 0):
            gradients[p] = 0.0
        for stop in range(rows.shape[0], 0, -lanes):
            start = max(stop - lanes, 0)
            others = r == 0 or lanes < rows.shape[0]  # than are in the memory already
            FORWARD
            if not fine:
                return r, start
            for l in range(stop - start):
                outputs[before + start + l] = memory[plan[4] + l]
            for l in range(lanes):
                memory[plan[5] + l] = 1.0 / count if l < stop - start else 0.0
            BACKWARD
            for s in range(plan[2], plan[3]):
                gradient, first, end = gradients[tape[s, 0]], tape[s, 1], tape[s, 2]
                for l in range(stop - start - 1, -1, -1):
                    for k in range(first, end, lanes):
                        gradient += memory[k + l]
                gradients[tape[s, 0]] = gradient
        if before > 0:  # rows that are yet to come
            continue
        total = outputs[0]
        for k in range(1, outputs.size):
            total += outputs[k]
        means[r] = total / count
        for p in range(gradients.size):
            for l in range(lanes):
                memory[tape[plan[3] + p, 1] + l] -= rate * gradients[p]
    return rounds, -1
"""

_FORWARD = """
fine = True
for c in range(rows.shape[1] if others else 0):
    for l in range(lanes):
        memory[lanes * c + l] = rows[min(start + l, stop - 1), c]
for k in range(plan[0]):
    READ
    CHOOSE
for k in range(plan[0], plan[1]):
    for l in range(lanes):
        fine &= (memory[tape[k, 1] + l] > memory[tape[k, 2] + l]) == (tape[k, 0] == 1)
for l in range(lanes):
    fine &= memory[plan[4] + l] - memory[plan[4] + l] == 0.0
"""

_BACKWARD = """
for k in range(plan[1], plan[2]):
    READ
    CHOOSE
"""

# What becomes of a product: it is the first for a slope, or one more, or all that a parameter gets
# of a row.
FIRST, MORE, ALL = range(3)
_WAYS = (
    """
for l in range(lanes):
    memory[below + l] = PRODUCT
""",
    """
for l in range(lanes):
    memory[below + l] += PRODUCT
""",
    """
gradient = gradients[parameter]
for l in range(lanes - 1, -1, -1):
    gradient += PRODUCT
gradients[parameter] = gradient
""",
)


@cache
def _kernel(rows: tuple[Op, ...], alone: bool) -> dict[str, Any]:
    """The functions of `_KERNEL` for these rows of the table, as machine code; for one lane, or for
    any number.
    """
    names = Names(reserved=re.findall("[a-z]+", _KERNEL + _FORWARD))
    arity = max(op.arity for op in rows)
    arguments = tuple(Term(None, (f"x{place}",)) for place in range(arity))
    names[ops.pow] = Written("power", ATOM, "text")
    for name in ("z", "above", *(x.args[0] for x in arguments)):
        names[name] = Written(f"memory[{name} + l]", ATOM, "text")
    result, upstream = Term(None, ("z",)), Term(None, ("above",))
    forward, backward = [], []
    for op in rows:
        statements = [
            "for l in range(lanes):",
            f"    memory[z + l] = {written(Term(op, arguments[: op.arity]), names).text}",
        ]
        for place in range(op.arity):
            if not shows(op, arguments[: op.arity], place):
                statements.append(f"    fine &= memory[x{place} + l] - memory[x{place} + l] == 0.0")
            slope = slope_of(op, place, arguments[: op.arity], result)
            product = written(upstream * slope, names).text
            backward += [filled(way, PRODUCT=product).splitlines() for way in _WAYS]
        forward.append(statements)
    columns = ["code", "z", *(x.args[0] for x in arguments), "above", "below", "parameter"]
    read = [f"{name} = tape[k, {column}]" for column, name in enumerate(columns)]
    text = filled(
        _KERNEL,
        FORWARD=filled(_FORWARD, READ=read, CHOOSE=_choice(forward)).splitlines(),
        BACKWARD=filled(_BACKWARD, READ=read, CHOOSE=_choice(backward)).splitlines(),
    )
    namespace: dict[str, Any] = {"__name__": __name__, "ALONE": alone, "math": math}
    on_disk = True
    for name, op in names.functions.items():
        code = definition(op, name)
        if code:
            text = f"@njit\n{code}\n\n{text}"
        elif origin(op) in ("math", "builtins"):
            namespace[name] = op.function
        else:
            namespace[name] = _machine(op)
            on_disk = False  # nobody can tell whether it is the same the next time
    digest = hashlib.sha256(f"{alone} {text}".encode()).hexdigest()[:16]

    def njit(function: FunctionType) -> Any:
        function.__qualname__ += f"_{digest}"  # by which numba finds it again
        with suppress(RuntimeError):  # nowhere to write
            return _compiled(function, cache=on_disk and function.__name__ in ("evaluate", "run"))
        return _compiled(function)

    namespace["njit"] = njit
    exec(
        compile(text, __file__, "exec"), namespace
    )  # numba keeps what it compiles beside this file
    return namespace


_compiled: Any = partial(numba.njit, error_model="numpy", nogil=True)


def _choice(branches: list[list[str]]) -> list[str]:
    """The lines that do what `code` says."""
    lines = []
    for code, branch in enumerate(branches):
        lines += [
            f"{'elif' if code else 'if'} code == {code}:",
            *(f"    {statement}" for statement in branch),
        ]
    return lines


@cache
def _asks(op: Op, place: int) -> tuple[int, ...] | None:
    """Which arguments a partial needs, and −1 for the result; None where it is 1, whatever they
    are.
    """
    slope = slope_of(op, place, [Term(None, (k,)) for k in range(op.arity)], Term(None, (-1,)))
    return None if not isinstance(slope, Term) and slope == 1 else tuple(references(slope))


def _key(x: Any) -> Any:
    return x.hex() if isinstance(x, float) else x  # 0.0 and -0.0 are equal, and not the same


class Tape:
    """An engine of a program, as `Generated` is: its record in machine code."""

    def __init__(self, task: Task, moving: Sequence[Value]) -> None:
        output, inputs, parameters, guards = (
            task.output,
            task.inputs,
            task.parameters,
            task.guards,
        )
        record = Record(output)
        nodes: list[Any] = record.nodes
        self.rows = (*TABLE, *(op for op in dict.fromkeys(v.op for v in nodes) if op not in TABLE))
        kept = {
            output,
            *(x for guard in guards for x in (guard.left, guard.right)),
        }  # numbers that are wanted later

        # The sweep: which partial, of which node, with the slope above, goes to which slope, or to
        # the gradient of which parameter. One that is used again has a slope for each use, so that
        # they add up as in the eager pass.
        partials = dict(
            zip(self.rows, accumulate((3 * op.arity for op in self.rows), initial=0), strict=False)
        )
        active = record.dependents(moving)
        times = Counter(x for v in nodes if v in active for x in v.args)
        gradients = {p: k for k, p in enumerate(moving)}
        slopes: dict[Any, int] = {output: 0}
        fresh = count(1)
        steps: list[Any] = []
        uses: list[list[list[Any]]] = [[] for _ in moving]
        for v in reversed(nodes):
            for place, x in enumerate(v.args if v in active else ()):
                if x not in active:
                    continue
                asks = _asks(v.op, place)
                if x in gradients:
                    way = ALL if times[x] == 1 else FIRST
                elif x in slopes:
                    way = MORE
                elif times[x] == 1 and asks is None:
                    slopes[x] = slopes[v]  # nothing to do: ∂output/∂x is ∂output/∂v
                    continue
                else:
                    way, slopes[x] = FIRST, next(fresh)
                steps.append(
                    [
                        partials[v.op] + 3 * place + way,
                        v,
                        slopes[v],
                        slopes.get(x, 0),
                        gradients.get(x, 0),
                    ]
                )
                if x in gradients and way == FIRST:
                    uses[gradients[x]].append(steps[-1])
                kept.update(v if which < 0 else v.args[which] for which in asks or ())

        # A number has its slot for as long as it is wanted: the fewer slots, the nearer they are to
        # the processor.
        constants = {_key(x): x for v in nodes for x in v.args if isinstance(x, float)}
        constants |= {
            _key(guard.right): guard.right for guard in guards if isinstance(guard.right, float)
        }
        slots: dict[Any, int] = {x: k for k, x in enumerate((*inputs, *parameters, *constants))}
        last = {x: v for v in nodes for x in v.args if not isinstance(x, float) and x.args}
        free: list[int] = []
        size = len(slots)
        for v in nodes:
            if free:
                slots[v] = free.pop()
            else:
                slots[v] = size
                size += 1
            free += [slots[x] for x in dict.fromkeys(v.args) if last.get(x) is v and x not in kept]

        # In the memory there are these slots, then the slopes of nodes, then those of the uses of
        # parameters.
        top: list[Any] = [0, output, 0, 0, 0]
        if output in gradients:  # it is a leaf
            uses[gradients[output]].append(top)
        ends = list(accumulate(map(len, uses), initial=next(fresh)))
        for slope, step in enumerate((step for used in uses for step in used), ends[0]):
            step[3] = slope
        width = max(op.arity for op in self.rows)
        codes = {op: code for code, op in enumerate(self.rows)}

        def line(
            code: int, v: Any, above: int = 0, below: int = 0, parameter: int = 0
        ) -> list[int]:
            args = [slots[_key(x)] for x in v.args]
            return [
                code,
                slots[v],
                *args,
                *[0] * (width - len(args)),
                size + above,
                size + below,
                parameter,
            ]

        compared = []
        for left, symbol, right, outcome in guards:
            pair = [slots[left], slots[_key(right)]]
            compared.append(
                [outcome == (symbol in "<>"), *(pair if symbol in (">", "<=") else pair[::-1])]
            )
        sums = [[k, size + ends[k], size + ends[k + 1]] for k, used in enumerate(uses) if used]
        moves = [[0, slots[p]] for p in moving]
        parts = [
            [line(codes[v.op], v) for v in nodes],
            compared,
            [line(*step) for step in steps],
            sums,
            moves,
        ]
        tape = np.zeros((sum(map(len, parts)), width + 5), np.uint32)
        for k, row in enumerate(row for part in parts for row in part):
            tape[k, : len(row)] = row
        self.tape = tape
        self.plan = np.array([*accumulate(map(len, parts[:4])), slots[output], size + top[3], 1])
        self.inputs = len(inputs)
        self.parameters = slice(len(inputs), len(inputs) + len(parameters))
        self.constants = np.array([*constants.values()]).reshape(-1, 1)
        self.moving = len(moving)
        self.size = size + ends[-1]
        self.pace = PACE / (len(tape) + 20)
        self._tapes: dict[int, tuple[Any, Any]] = {}
        self._free: dict[int, list[Any]] = {}

    def table(self, rows: Any) -> Any:
        """The rows as an array, with a column for each input."""
        return np.asarray(rows, None if hasattr(rows, "dtype") else float).reshape(
            len(rows), self.inputs
        )

    def outputs(self, table: Any, parameters: Sequence[float]) -> tuple[list[float], range]:
        outputs = np.empty(len(table))
        with self._ready(table, parameters) as (kernel, tape, memory):
            for part in self._parts(table):
                start = kernel["evaluate"](
                    *tape, _plain(table[part]), memory.ravel(), outputs[part]
                )
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
        gradients: Sequence[float] = (),
    ) -> Run:
        sums = np.array(gradients, float) if gradients else np.zeros(self.moving)
        outputs, means, done, failed = np.empty(len(table)), np.empty(rounds), 0, range(0)
        with self._ready(table, parameters) as (kernel, tape, memory):
            for part in reversed(self._parts(table)):  # several only where there is one round
                rows, numbers = _plain(table[part]), memory.ravel()
                done, start = kernel["run"](
                    *tape,
                    rows,
                    part.start,
                    rounds,
                    rate,
                    float(count),
                    numbers,
                    sums,
                    outputs,
                    means,
                )
                if start >= 0:
                    first = part.start + start
                    failed = range(min(first + memory.shape[1], part.stop) - 1, first - 1, -1)
                    break
            after = memory[self.parameters, 0].tolist()
        return means[:done].tolist(), after, sums.tolist() if gradients else (), failed

    def accumulate(
        self, table: Any, count: int, parameters: Sequence[float], gradients: Sequence[float]
    ) -> tuple[list[float], Sequence[float], range]:
        """Return the outputs, the gradients with what each row adds, and the rows that failed."""
        outputs, failed = self.outputs(table, parameters)
        if not failed:
            _, _, gradients, failed = self.run(table, 1, 0.0, count, parameters, gradients)
        return outputs, gradients, failed

    @contextmanager
    def _ready(
        self, table: Any, parameters: Sequence[float]
    ) -> Iterator[tuple[dict[str, Any], Any, Any]]:
        """The kernel for so many rows, its tape and plan, and numbers for the slots, which no other
        thread uses.
        """
        lanes = -(
            -len(table) // -(-len(table) // WIDE)
        )  # as many as the blocks of rows need, all of one size
        if lanes not in self._tapes:  # with slots counted in numbers
            tape, plan = self.tape.copy(), self.plan.copy()
            tape[:, 1:-1] *= lanes
            plan[4:] *= lanes
            self._tapes[lanes] = tape, plan
        free = self._free.setdefault(lanes, [])
        try:
            memory = free.pop()
        except IndexError:
            memory = np.zeros((self.size, lanes))
            memory[self.parameters.stop : self.parameters.stop + len(self.constants)] = (
                self.constants
            )
        memory[self.parameters] = np.array(parameters).reshape(-1, 1)
        yield _kernel(self.rows, lanes == 1), self._tapes[lanes], memory
        free.append(memory)

    def _parts(self, table: Any) -> list[slice]:
        size = max(int(self.pace), WIDE)
        return [slice(start, min(start + size, len(table))) for start in range(0, len(table), size)]


def _plain(rows: Any) -> Any:
    """The rows as floats, one after the other, and in memory that may be written to: numba asks for
    no less.
    """
    return np.require(rows, float, ["C", "W"])


def _machine(op: Op) -> Any:
    """The function of a row as numba takes it: it knows some that are no Python, and those that it
    compiled itself.
    """
    return _compiled(op.function) if isinstance(op.function, FunctionType) else op.function


@cache
def compiles(op: Op) -> bool:
    """Whether numba understands the function of a row."""
    function = _machine(op)
    arguments: Any = numba.types.UniTuple
    try:
        _compiled(lambda args: function(*args)).compile(
            numba.float64(arguments(numba.float64, op.arity))
        )
    except NumbaError:
        return False
    return True
