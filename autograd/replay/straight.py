"""A small plan on one row at a time as straight-line code."""

from __future__ import annotations

from typing import Any

from autograd.replay.assembly import Assembly, literal
from autograd.replay.planning import Apply, Place, Plan, Step, Sum, Summand
from autograd.replay.translation import computed


class Straight:
    """A plan as straight-line code for one row: the numbers of its places are registers."""

    lanes = 1

    def __init__(self, plan: Plan) -> None:
        plan.constant(1.0)
        self.plan = plan
        self.cases: dict[Any, int] = {}
        self.code: list[int] = []
        self.once = self.forward = self.outers = 0
        self.moving = plan.moving
        self.scalars = len(plan.parameters) + len(plan.numbers)
        self.position = {k: k for k in range(self.scalars)}
        self.size = self.scalars + plan.rows

    def at(self, place: Place) -> int:
        return ~place if place < 0 else self.scalars + place

    def functions(self) -> list[tuple[str, Assembly]]:
        return [(name, self._function(name == "both")) for name in ("forward", "both")]

    def _function(self, backward: bool) -> Assembly:
        code = Assembly(1)
        self.registers: dict[Place, str] = {}
        self.zero = literal(0.0)
        fine = self._steps(code, self.plan.forward, "true")
        if backward:
            fine = self._steps(code, self.plan.backward, fine)
            for k, uses in enumerate(self.plan.uses):
                total = self._sum(code, uses, code.load("%g", str(k)))
                code.store(total, "%g", str(k))
        code.store(self._register(code, self.plan.output), "%m", str(self.at(self.plan.output)))
        fine = code.both("and", fine, code.compared("oeq", self.zero, literal(0.0)))
        code.do(f"ret i1 {fine}")
        return code

    def _steps(self, code: Assembly, steps: list[Step], fine: str) -> str:
        """Write the steps; return whether all went well, before and in them."""
        for step in steps:
            if isinstance(step, Sum):
                self.registers[step.to] = self._sum(code, step.summands)
            elif isinstance(step, Apply):
                self._apply(code, step)
            else:
                pair = [self._register(code, x) for x in (step.left, step.right)]
                truth = code.compared("ogt" if step.outcome else "ule", *pair)
                fine = code.both("and", fine, truth)
        return fine

    def _apply(self, code: Assembly, step: Apply) -> None:
        for place in step.checked:
            x = self._register(code, place)
            self.zero = code.arithmetic("fadd", self.zero, code.arithmetic("fsub", x, x))
        operands = [self._register(code, x) for x in step.operands]
        self.registers[step.to] = computed(code, step.shape, operands)

    def _register(self, code: Assembly, place: Place) -> str:
        if place not in self.registers:
            self.registers[place] = self._loaded(code, place)
        return self.registers[place]

    def _loaded(self, code: Assembly, place: Place) -> str:
        constant = ~place - len(self.plan.parameters)
        if constant >= 0:
            return literal(self.plan.numbers[constant])
        return code.load("%m", str(self.at(place)))

    def _sum(self, code: Assembly, summands: list[Summand], total: str = "") -> str:
        for added, a, b in summands:
            x = self._register(code, a)
            if b is not None:
                x = code.arithmetic("fmul", x, self._register(code, b))
            if total:
                total = code.arithmetic("fadd" if added else "fsub", total, x)
            else:
                total = x if added else code.negative(x)
        return total
