"""A plan in machine code, which llvmlite makes while the program runs."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache, lru_cache
from typing import Any, NamedTuple

import llvmlite.binding as llvm
import numpy as np

from autograd.replay.kernel import Loop, text_of
from autograd.replay.planning import Plan
from autograd.replay.straight import Straight

KEPT = 64  # texts whose machine code is kept for programs to come


class Code:
    """A plan's machine code for so many rows abreast, with the memory that it works on."""

    threads = 1  # that share the rows

    def __init__(self, plan: Plan, lanes: int, is_small: bool) -> None:
        is_straight = is_small and lanes == 1 and self.threads == 1
        form: Loop | Straight = Straight(plan) if is_straight else Loop(plan, lanes)
        self.scalars = form.scalars
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
                form.forward, len(form.code), form.moving, form.outers,
            ],
            np.int64,
        )  # fmt: skip
        self._functions = _compiled(*text_of(form, self.threads > 1))
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
        return int(self._functions.evaluate(*arrays, len(rows), outputs.ctypes.data))

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
        self._functions.run(
            *arrays, len(rows), before, rounds, rate, count, sums.ctypes.data,
            outputs.ctypes.data, len(outputs), means.ctypes.data, done.ctypes.data,
        )  # fmt: skip
        return int(done[0]), int(done[1])


def plain(rows: Any) -> Any:
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


class _Functions(NamedTuple):
    """The functions of an assembly, as Python can call them: they live as long as the engine."""

    engine: Any
    evaluate: Any
    run: Any
    share: Any


@lru_cache(KEPT)
def _compiled(text: str, functions: Sequence[str]) -> _Functions:
    """The functions of an assembly, which calls these functions of C."""
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
    share = ctypes.CFUNCTYPE(
        None, *[pointer] * 4, integer, double, pointer, pointer, *[integer] * 4, pointer, pointer
    )
    kinds = {"evaluate": evaluate, "run": run, "share": share}
    found = {name: kind(engine.get_function_address(name)) for name, kind in kinds.items()}
    return _Functions(engine, **found)
