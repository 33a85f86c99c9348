"""An engine of a program: its plan in machine code, which llvmlite makes while the program runs.

It does what the eager pass does, in the same order, and comes to the same numbers, to the last bit.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import llvmlite.binding as llvm
import numpy as np

from autograd.replay.engine import Run, Task
from autograd.replay.kernel import Loop, text_of
from autograd.replay.planning import Plan
from autograd.replay.straight import Straight
from autograd.value import Value

SMALL = 500  # terms of a plan that are straight-line code where there is one row
LANES = (1, 8, 32)  # rows abreast
LARGEST = 4_000_000  # numbers of rows in memory
PACE = 2e8  # terms in one call, about 0.1 s: after each call Python may notice Ctrl-C


class Machine:
    """The steps of a task in machine code, for the gradients by the parameters in `moving`."""

    def __init__(self, task: Task, moving: Sequence[Value]) -> None:
        self.plan = Plan(task, moving)
        self.inputs = len(task.inputs)
        self.moving = len(moving)
        steps = len(self.plan.forward) + len(self.plan.backward)
        terms = sum(
            len(getattr(s, "summands", "1")) for s in self.plan.forward + self.plan.backward
        )
        self.is_small = steps + terms < 2 * SMALL
        self.pace = PACE / (terms + sum(map(len, self.plan.uses)) + 20)
        self._codes: dict[int, _Code] = {}

    def table(self, rows: Any) -> Any:
        """The rows as an array, with a column for each input."""
        return np.asarray(rows, None if hasattr(rows, "dtype") else float).reshape(
            len(rows), self.inputs
        )

    def outputs(self, table: Any, parameters: Sequence[float]) -> tuple[list[float], range]:
        outputs = np.empty(len(table))
        code = self._code(len(table))
        with code.memory(parameters) as memory:
            for part in self._parts(table, code):
                start = code.evaluate(memory, _plain(table[part]), outputs[part])
                if start >= 0:
                    start += part.start
                    return [], range(start, min(start + code.lanes, part.stop))
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
        return self._swept(table, rounds, rate, count, parameters, gradients)[0]

    def accumulate(
        self, table: Any, count: int, parameters: Sequence[float], gradients: Sequence[float]
    ) -> tuple[list[float], Sequence[float], range]:
        """Return the outputs, the gradients with what each row adds, and the rows that failed."""
        (_, _, sums, failed), outputs = self._swept(table, 1, 0.0, count, parameters, gradients)
        return outputs.tolist(), sums, failed

    def _swept(
        self,
        table: Any,
        rounds: int,
        rate: float,
        count: int,
        parameters: Sequence[float],
        gradients: Sequence[float],
    ) -> tuple[Run, Any]:
        """What `run` gives, and the outputs in the last round."""
        code = self._code(len(table))
        sums, moving = np.zeros(code.moving), code.order[: self.moving]
        if len(gradients):
            sums[code.position[: self.moving]] = np.array(gradients)[moving]
        outputs, means = np.empty(len(table)), np.empty(rounds)
        done, failed = 0, range(0)
        with code.memory(parameters) as memory:
            for part in reversed(self._parts(table, code)):  # several where there is one round
                rows = _plain(table[part])
                done, start = code.run(
                    memory, rows, part.start, rounds, rate, count, sums, outputs, means
                )
                if start >= 0:
                    first = part.start + start
                    failed = range(min(first + code.lanes, part.stop) - 1, first - 1, -1)
                    break
            after = code.parameters(memory)
        found: Any = np.empty(len(gradients))
        if len(gradients):
            found[moving] = sums[code.position[: self.moving]]
        return (means[:done].tolist(), after, found, failed), outputs

    def _code(self, count: int) -> _Code:
        fitting = [n for n in LANES if self.plan.rows * n <= LARGEST] or LANES[:1]
        lanes = next((n for n in fitting if count <= n), fitting[-1])
        if lanes not in self._codes:
            self._codes[lanes] = _Code(self.plan, lanes, self.is_small)
        return self._codes[lanes]

    def _parts(self, table: Any, code: _Code) -> list[slice]:
        """Slices of the rows, whole blocks each, for one call each."""
        size = max(int(self.pace) // code.lanes, 1) * code.lanes
        return [slice(start, min(start + size, len(table))) for start in range(0, len(table), size)]


class _Code:
    """A plan's machine code for so many rows abreast, with the memory that it works on."""

    def __init__(self, plan: Plan, lanes: int, is_small: bool) -> None:
        form: Loop | Straight = Straight(plan) if is_small and lanes == 1 else Loop(plan, lanes)
        self.lanes = lanes
        self.moving = form.moving
        self.position = np.array([form.position[k] for k in range(len(form.position))], int)
        self.order = np.array(plan.parameters, int)
        self.numbers = plan.numbers
        self.size = form.size
        self.code = np.array(form.code, np.int32)
        self.header = np.array(
            [
                plan.inputs, form.scalars, form.at(plan.output), form.at(plan.seed),
                form.forward, len(form.code), form.moving,
            ],
            np.int64,
        )  # fmt: skip
        self._evaluate, self._run = _compiled(*text_of(form))
        self._free: list[Any] = []

    @contextmanager
    def memory(self, parameters: Sequence[float]) -> Iterator[Any]:
        """Memory with these parameters, which no other thread uses."""
        try:
            memory = self._free.pop()
        except IndexError:
            memory = np.zeros(self.size)
            memory[self.position[len(self.order) :]] = self.numbers
        memory[self.position[: len(self.order)]] = np.array(parameters)[self.order]
        yield memory
        self._free.append(memory)

    def parameters(self, memory: Any) -> Any:
        found = np.empty(len(self.order))
        found[self.order] = memory[self.position[: len(self.order)]]
        return found

    def evaluate(self, memory: Any, rows: Any, outputs: Any) -> int:
        arrays = (a.ctypes.data for a in (self.code, self.header, memory, rows))
        return int(self._evaluate(*arrays, len(rows), outputs.ctypes.data))

    def run(
        self,
        memory: Any,
        rows: Any,
        before: int,
        rounds: int,
        rate: float,
        count: int,
        sums: Any,
        outputs: Any,
        means: Any,
    ) -> tuple[int, int]:
        done = np.zeros(2, np.int64)
        arrays = (a.ctypes.data for a in (self.code, self.header, memory, rows))
        self._run(
            *arrays, len(rows), before, rounds, rate, count, sums.ctypes.data,
            outputs.ctypes.data, len(outputs), means.ctypes.data, done.ctypes.data,
        )  # fmt: skip
        return int(done[0]), int(done[1])


def _plain(rows: Any) -> Any:
    """The rows as floats, one after the other."""
    return np.require(rows, float, ["C", "A"])


@cache
def _target() -> Any:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.Target.from_default_triple()


@cache
def _library() -> Any:
    if os.name == "nt":
        return ctypes.CDLL("ucrtbase")
    return ctypes.CDLL(None)  # Python's own: `math` calls the same functions


@cache
def _address(name: str) -> int:
    return ctypes.cast(getattr(_library(), name), ctypes.c_void_p).value or 0


@cache
def _compiled(text: str, functions: Sequence[str]) -> tuple[Any, Any]:
    """The functions `evaluate` and `run` of an assembly, as Python can call them."""
    machine = _target().create_target_machine(
        opt=2, cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten()
    )
    module = llvm.parse_assembly(text)
    module.verify()
    passes = llvm.create_new_function_pass_manager()
    passes.add_sroa_pass()
    passes.add_instruction_combine_pass()
    passes.add_simplify_cfg_pass()
    passes.add_loop_rotate_pass()
    builder = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options())
    for function in module.functions:
        if not function.is_declaration:
            passes.run(function, builder)
    for name in functions:
        llvm.add_symbol(f"hg.{name}", _address(name))
    engine = llvm.create_mcjit_compiler(module, machine)
    engine.finalize_object()
    pointer, integer, double = ctypes.c_void_p, ctypes.c_int64, ctypes.c_double
    evaluate = ctypes.CFUNCTYPE(integer, *[pointer] * 4, integer, pointer)
    run = ctypes.CFUNCTYPE(
        None, *[pointer] * 4, integer, integer, integer, double, double, pointer, pointer,
        integer, pointer, pointer,
    )  # fmt: skip
    _kept.append(engine)
    address = engine.get_function_address
    return evaluate(address("evaluate")), run(address("run"))


_kept: list[Any] = []  # the machine code lives as long as its engine
