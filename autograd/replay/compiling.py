"""LLVM's assembly made into functions that Python can call."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from functools import cache, cached_property, lru_cache
from typing import Any

import llvmlite.binding as llvm

KEPT = 64  # texts whose machine code is kept for programs to come
_POINTER, _INTEGER, _DOUBLE = ctypes.c_void_p, ctypes.c_int64, ctypes.c_double


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


class Functions:
    """The functions of an assembly, as Python can call them: they live as long as this does.

    are_apart   whether each is compiled by itself when it is first asked for, with what it calls
    """

    def __init__(self, text: str, called: Sequence[str], are_apart: bool) -> None:
        self.text = text
        self.called = called
        self.are_apart = are_apart
        self._engines: list[Any] = []

    @cached_property
    def evaluate(self) -> Any:
        return self._function("evaluate", _INTEGER, *[_POINTER] * 4, _INTEGER, _POINTER)

    @cached_property
    def run(self) -> Any:
        return self._function(
            "run", None, *[_POINTER] * 4, *[_INTEGER] * 5, _DOUBLE, _DOUBLE, _POINTER, _POINTER,
            _INTEGER, _POINTER, _POINTER,
        )  # fmt: skip

    @cached_property
    def share(self) -> Any:
        return self._function(
            "share", None, *[_POINTER] * 4, _INTEGER, _DOUBLE, _POINTER, _POINTER, *[_INTEGER] * 4,
            _POINTER, _POINTER,
        )  # fmt: skip

    def _function(self, name: str, *types: Any) -> Any:
        engine = _engine(self.text, self.called, name) if self.are_apart else self._whole
        self._engines.append(engine)
        return ctypes.CFUNCTYPE(*types)(engine.get_function_address(name))

    @cached_property
    def _whole(self) -> Any:
        return _engine(self.text, self.called, "")


@lru_cache(KEPT)
def compiled(text: str, called: Sequence[str], are_apart: bool = False) -> Functions:
    """Return the functions of an assembly, which calls these functions of C."""
    return Functions(text, called, are_apart)


def _engine(text: str, called: Sequence[str], only: str) -> Any:
    """Compile an assembly; of the functions that are not internal, `only` this one, or all."""
    machine = _target().create_target_machine(
        opt=2, cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten()
    )
    module = llvm.parse_assembly(text)
    module.verify()
    passes = llvm.create_new_module_pass_manager()
    if only:
        for function in module.functions:
            if not function.is_declaration and function.name != only:
                function.linkage = "internal"
        passes.add_global_dead_code_eliminate_pass()
    passes.add_always_inliner_pass()
    passes.add_sroa_pass()
    passes.add_instruction_combine_pass()
    passes.add_simplify_cfg_pass()
    passes.add_loop_rotate_pass()
    options = llvm.create_pipeline_tuning_options()
    passes.run(module, llvm.create_pass_builder(machine, options))
    for name in called:
        llvm.add_symbol(f"hg.{name}", _address(name))
    engine = llvm.create_mcjit_compiler(module, machine)
    engine.finalize_object()
    return engine
