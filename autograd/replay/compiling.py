"""LLVM's assembly made into functions that Python can call."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any, NamedTuple

import llvmlite.binding as llvm

KEPT = 64  # texts whose machine code is kept for programs to come


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


class Functions(NamedTuple):
    """The functions of an assembly, as Python can call them: they live as long as the engine."""

    engine: Any
    evaluate: Any
    run: Any
    share: Any


@lru_cache(KEPT)
def compiled(text: str, functions: Sequence[str]) -> Functions:
    """The functions of an assembly, which calls these functions of C."""
    machine = _target().create_target_machine(
        opt=2, cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten()
    )
    module = llvm.parse_assembly(text)
    module.verify()
    passes = llvm.create_new_module_pass_manager()
    passes.add_always_inliner_pass()
    passes.add_sroa_pass()
    passes.add_instruction_combine_pass()
    passes.add_simplify_cfg_pass()
    passes.add_loop_rotate_pass()
    options = llvm.create_pipeline_tuning_options()
    passes.run(module, llvm.create_pass_builder(machine, options))
    for name in functions:
        llvm.add_symbol(f"hg.{name}", _address(name))
    engine = llvm.create_mcjit_compiler(module, machine)
    engine.finalize_object()
    pointer, integer, double = ctypes.c_void_p, ctypes.c_int64, ctypes.c_double
    evaluate = ctypes.CFUNCTYPE(integer, *[pointer] * 4, integer, pointer)
    run = ctypes.CFUNCTYPE(
        None, *[pointer] * 4, *[integer] * 5, double, double, pointer, pointer, integer, pointer,
        pointer,
    )  # fmt: skip
    share = ctypes.CFUNCTYPE(
        None, *[pointer] * 4, integer, double, pointer, pointer, *[integer] * 4, pointer, pointer
    )
    kinds = {"evaluate": evaluate, "run": run, "share": share}
    found = {name: kind(engine.get_function_address(name)) for name, kind in kinds.items()}
    return Functions(engine, **found)
