"""The machine code of a plan: straight-line code, or one loop over its steps.

A small plan on one row at a time is straight-line code, its numbers in registers. Any other is a
list of numbers that a loop reads, and each step is done for `lanes` rows abreast. What the loop
does for two units of a layer, z = w₁·x₁ + w₂·x₂ + b and y = v₁·x₁ + v₂·x₂ + c, and for the
gradients of their parameters:

    SUM     z   [········] = w₁·x₁[········] + w₂·x₂[········] + b        a row in each lane,
            y   [········] = v₁·x₁[········] + v₂·x₂[········] + c        and x₁ is read once
    TURN    row 0: x₁ x₂ 1    row 1: x₁ x₂ 1    …                         a parameter in each lane
    OUTER   ∂w₁ ∂w₂ ∂b  +=  ∂z[7]·(x₁ x₂ 1)[7],  ∂z[6]·(x₁ x₂ 1)[6],  …   from the last row on,
            ∂v₁ ∂v₂ ∂c  +=  ∂y[7]·(x₁ x₂ 1)[7],  ∂y[6]·(x₁ x₂ 1)[6],  …   as the eager pass adds
    APPLY   a   [········] = tanh z[········]                             any other operation

A scalar, such as a weight, is one number for all lanes. Each sum is added up in the order of the
record, and each gradient from the last row to the first: rounding makes another order another
number. So what goes abreast, or at once, are rows, parameters and units, and never parts of a sum.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

from autograd.replay import driver, turns
from autograd.replay.assembly import Assembly, of_c
from autograd.replay.driver import NARROW
from autograd.replay.loop import Kind, Loop
from autograd.replay.planning import Plan
from autograd.replay.straight import Straight
from autograd.replay.translation import computed

_NEIGHBOURS = f"<{NARROW} x double>"


def _interpreter(form: Loop) -> Assembly:
    """`steps(code, start, stop, m, g, live)`: whether all went well."""
    code = Assembly(form.lanes)
    counter, fine = code.local("i64"), code.local(code.truth)
    code.do(f"store i64 %start, ptr {counter}")
    code.do(f"store {code.truth} {code.abreast('true', 'i1')}, ptr {fine}", "br label %next")
    code.do("next:")
    pc = code.set(f"load i64, ptr {counter}")
    more = code.set(f"icmp slt i64 {pc}, %stop")
    code.do(f"br i1 {more}, label %choose, label %done", "choose:")
    reader = _Reader(code, form.kinds, counter, fine)
    chosen = reader.read()
    targets = " ".join(f"i64 {k}, label %case{k}" for k in range(len(form.cases)))
    code.do(f"switch i64 {chosen}, label %done [{targets}]")
    for k, (kind, *rest) in enumerate(form.cases):
        code.do(f"case{k}:")
        getattr(reader, kind)(*rest)
        code.do("br label %next")
    code.do("done:")
    code.do(f"ret i1 {code.everywhere(code.set(f'load {code.truth}, ptr {fine}'))}")
    return code


class _Reader:
    """The cases of the loop. Each reads its numbers from the code as it goes."""

    def __init__(
        self, code: Assembly, kinds: Mapping[int, Iterable[Kind]], counter: str, fine: str
    ) -> None:
        self.code = code
        self.kinds = {count: list(some) for count, some in kinds.items()}
        self.counter = counter
        self.fine = fine

    def read(self) -> str:
        """Return the next number of the code."""
        code = self.code
        pc = code.set(f"load i64, ptr {self.counter}")
        number = code.set(f"sext i32 {code.load('%code', pc, 'i32')} to i64")
        code.do(f"store i64 {code.set(f'add i64 {pc}, 1')}, ptr {self.counter}")
        return number

    def operand(self, is_row: bool) -> str:
        place = self.read()
        if is_row:
            return self.code.load("%m", place)
        return self.code.abreast(self.code.load("%m", place, "double"))

    def require(self, truth: str) -> None:
        code = self.code
        before = code.set(f"load {code.truth}, ptr {self.fine}")
        code.do(f"store {code.truth} {code.both('and', before, truth)}, ptr {self.fine}")

    def sums(self, count: int) -> None:
        code = self.code
        to, runs = [self.read() for _ in range(count)], self.read()
        totals = [code.local(code.type) for _ in to]
        for total in totals:  # −0, for −0 + x is x, whatever x is
            code.do(f"store {code.type} {code.constant(-0.0)}, ptr {total}")
        with code.loop(runs):
            kind, length = self.read(), self.read()
            name = code.fresh()[1:]
            targets = " ".join(f"i64 {k}, label %{name}.{k}" for k in range(len(self.kinds[count])))
            code.do(f"switch i64 {kind}, label %{name}.end [{targets}]")
            for k, (added, scalars, rows) in enumerate(self.kinds[count]):
                code.do(f"{name}.{k}:")
                with code.loop(length):
                    self._add_summand(totals, added, scalars, rows)
                code.do(f"br label %{name}.end")
            code.do(f"{name}.end:")
        for place, total in zip(to, totals, strict=True):
            code.store(code.set(f"load {code.type}, ptr {total}"), "%m", place)

    def _add_summand(self, totals: Sequence[str], added: bool, scalars: int, rows: int) -> None:
        """Add the next summand of each sum: factors of the rows are the same for all of them."""
        code = self.code
        shared = [self.operand(True) for _ in range(rows)]
        own = [[self.operand(False) for _ in totals] for _ in range(scalars)]
        for k, total in enumerate(totals):
            first, *others = [*(factors[k] for factors in own), *shared]
            for x in others:
                first = code.arithmetic("fmul", first, x)
            before = code.set(f"load {code.type}, ptr {total}")
            after = code.arithmetic("fadd" if added else "fsub", before, first)
            code.do(f"store {code.type} {after}, ptr {total}")

    def apply(self, shape: Any, rows: tuple[bool, ...], checked: tuple[int, ...]) -> None:
        to = self.read()
        operands = [self.operand(is_row) for is_row in rows]
        for k in checked:
            self.require(self.code.finite(operands[k]))
        self.code.store(computed(self.code, shape, operands), "%m", to)

    def compare(self, rows: tuple[bool, bool], outcome: bool) -> None:
        left, right = (self.operand(is_row) for is_row in rows)
        self.require(self.code.compared("ogt" if outcome else "ule", left, right))

    def turn(self) -> None:
        """Columns of the rows, turned so that those of one row stand abreast: in squares."""
        code = self.code
        count, to = self.read(), self.read()
        side = min(code.lanes, driver.SQUARE)
        with code.loop(code.set(f"sdiv i64 {count}, {side}")) as square:
            sources = [(self.read(), self.read()) for _ in range(side)]
            first = code.set(f"add i64 {to}, {code.set(f'mul i64 {square}, {side}')}")
            with code.loop(str(code.lanes // side)) as group:
                lane = code.set(f"mul i64 {group}, {side}")
                columns = [self._column(lane, *source) for source in sources]
                for k, number in enumerate(code.transposed(columns)):
                    row = code.set(f"add i64 {lane}, {k}")
                    place = code.set(f"add i64 {first}, {code.set(f'mul i64 {row}, {count}')}")
                    code.store(number, "%m", place, f"<{side} x double>")

    def _column(self, lane: str, source: str, step: str) -> str:
        """The numbers of the rows from a lane on; a scalar, whose step is 0, for each of them."""
        code = self.code
        side = min(code.lanes, driver.SQUARE)
        place = code.set(f"add i64 {source}, {code.set(f'mul i64 {lane}, {step}')}")
        kind = f"<{side} x double>"
        column = code.load("%m", place, kind)
        is_scalar = code.set(f"icmp eq i64 {step}, 0")
        scalar = code.set(
            f"shufflevector {kind} {column}, {kind} poison, <{side} x i32> zeroinitializer"
        )
        return code.set(f"select i1 {is_scalar}, {kind} {scalar}, {kind} {column}")

    def outers(self, width: int, kinds: Sequence[tuple[bool, bool, int]], count: int) -> None:
        """The gradients of several groups of neighbours, over the rows from last to first.

        `kinds` says of each use whether it is added, whether it is turned, and how many times it is
        added. Of what is turned, the vectors of the rows are the same for all groups.
        """
        to = [self.read() for _ in range(count)]
        uses = [self._uses(is_turned, count) for _, is_turned, _ in kinds]
        with self._gradients(to, width) as totals, self._rows() as row:
            for (added, _, times), vectors in zip(kinds, uses, strict=True):
                how = "fadd" if added else "fsub"
                for vector, step, slopes in vectors:
                    factors = self._factors(row, vector, step, width)
                    for k, slope in slopes:
                        number = self._slope(row, slope)
                        self._add_products(totals[k], number, factors, how, times)

    def _uses(self, is_turned: bool, count: int) -> list[_Use]:
        if is_turned:
            vector, step = self.read(), self.read()
            return [(vector, step, [(k, self.read()) for k in range(count)])]
        uses: list[_Use] = []
        for k in range(count):
            slope, vector = self.read(), self.read()
            uses.append((vector, "0", [(k, slope)]))
        return uses

    def outer_of_many(self, width: int) -> None:
        """The gradients of neighbours that a row uses often: a loop over these uses."""
        code = self.code
        to, count = self.read(), self.read()
        start = code.set(f"load i64, ptr {self.counter}")
        with self._gradients([to], width) as totals, self._rows() as row:
            code.do(f"store i64 {start}, ptr {self.counter}")
            with code.loop(count):
                added, slope, vector, step = (self.read() for _ in range(4))
                number = self._slope(row, slope)
                truth = code.set(f"icmp ne i64 {added}, 0")
                negative = code.set(f"fneg double {number}")
                number = code.set(f"select i1 {truth}, double {number}, double {negative}")
                factors = self._factors(row, vector, step, width)
                self._add_products(totals[0], number, factors, "fadd", 1)

    @contextmanager
    def _rows(self) -> Iterator[str]:
        code = self.code
        last = code.set("sub i64 %live, 1")
        with code.loop("%live") as behind:
            yield code.set(f"sub i64 {last}, {behind}")

    @contextmanager
    def _gradients(self, firsts: Sequence[str], width: int) -> Iterator[list[list[str]]]:
        """Variables with the gradients of each group, which are put back in the end."""
        code = self.code
        places = [
            code.set(f"add i64 {first}, {k}") for first in firsts for k in range(0, width, NARROW)
        ]
        totals = [code.local(_NEIGHBOURS) for _ in places]
        for place, total in zip(places, totals, strict=True):
            code.do(f"store {_NEIGHBOURS} {code.load('%g', place, _NEIGHBOURS)}, ptr {total}")
        size = width // NARROW
        yield [totals[k : k + size] for k in range(0, len(totals), size)]
        for place, total in zip(places, totals, strict=True):
            number = code.set(f"load {_NEIGHBOURS}, ptr {total}")
            code.store(number, "%g", place, _NEIGHBOURS)

    def _slope(self, row: str, slope: str) -> str:
        return self.code.load("%m", self.code.set(f"add i64 {slope}, {row}"), "double")

    def _factors(self, row: str, vector: str, step: str, width: int) -> list[str]:
        code = self.code
        first = code.set(f"add i64 {vector}, {code.set(f'mul i64 {row}, {step}')}")
        places = [code.set(f"add i64 {first}, {k}") for k in range(0, width, NARROW)]
        return [code.load("%m", place, _NEIGHBOURS) for place in places]

    def _add_products(
        self, totals: Sequence[str], slope: str, factors: Sequence[str], how: str, times: int
    ) -> None:
        """Add slope·factor to the gradients of neighbours, or subtract it, so many times."""
        code = self.code
        slope = code.abreast(slope, lanes=NARROW)
        for total, factor in zip(totals, factors, strict=True):
            product = code.set(f"fmul {_NEIGHBOURS} {slope}, {factor}")
            number = code.set(f"load {_NEIGHBOURS}, ptr {total}")
            for _ in range(times):
                number = code.set(f"{how} {_NEIGHBOURS} {number}, {product}")
            code.do(f"store {_NEIGHBOURS} {number}, ptr {total}")


# What is added: where the vector stands, how far it is to that of the next row, and for which of
# the groups, with their slopes.
_Use: TypeAlias = tuple[str, str, list[tuple[int, str]]]

_ARGUMENTS = (
    "ptr noalias %code, ptr noalias %header, ptr noalias %m, ptr noalias %g, i64 %live, i64 %start"
)
_LOAD = (
    "internal void @load(ptr noalias %header, ptr noalias %m, ptr noalias %rows, i64 %first,"
    " i64 %live)"
)
_EVALUATE = (
    "i64 @evaluate(ptr noalias %code, ptr noalias %header, ptr noalias %m, ptr noalias %rows,"
    " i64 %n, ptr noalias %outputs)"
)
_RUN = (
    "void @run(ptr noalias %code, ptr noalias %header, ptr noalias %m, ptr noalias %rows,"
    " i64 %n, i64 %size, i64 %start, i64 %before, i64 %rounds, double %rate, double %count,"
    " ptr noalias %g, ptr noalias %outputs, i64 %total, ptr noalias %means, ptr noalias %done)"
)
_SHARE = (
    "void @share(ptr noalias %code, ptr noalias %header, ptr noalias %m, ptr noalias %rows,"
    " i64 %n, double %count, ptr %g, ptr %outputs, i64 %share, i64 %lot, i64 %size, i64 %patience,"
    " ptr %turn, ptr %done)"
)


def header_of(plan: Plan, form: Loop | Straight) -> list[int]:
    """What the functions of a kernel ask for, in the order of `driver`."""
    return [
        plan.inputs, form.scalars, form.at(plan.output), form.at(plan.seed),
        form.forward, len(form.code), form.moving, form.outers, form.once,
    ]  # fmt: skip


def text_of(form: Loop | Straight, is_shared: bool) -> tuple[str, tuple[str, ...]]:
    """The assembly of a kernel, and the functions of C that it calls; with `share`, or without."""
    parts = _straight_line(form) if isinstance(form, Straight) else _loop(form)
    few = form.moving if isinstance(form, Straight) else None
    parts += [
        (_LOAD, driver.load(form.lanes)), (_EVALUATE, driver.evaluate(form.lanes)),
        (_RUN, driver.run(form.lanes, few)),
    ]  # fmt: skip
    if is_shared:
        parts.append((_SHARE, turns.share(form.lanes)))
    declarations = dict.fromkeys(text for _, code in parts for text in code.declared)
    functions = tuple(dict.fromkeys(name for _, code in parts for name in code.of_c))
    texts = [code.function(head) for head, code in parts]
    texts += [*declarations, *(of_c(name, form.lanes) for name in functions)]
    return "\n".join(texts), functions + ("sched_yield",) * is_shared


def _straight_line(form: Straight) -> list[tuple[str, Assembly]]:
    """The functions `forward` and `both`, with their heads."""
    return [
        (f"internal i1 @{name}({_ARGUMENTS}) alwaysinline", code) for name, code in form.functions()
    ]


def _loop(form: Loop) -> list[tuple[str, Assembly]]:
    """The loop `steps`, and `forward` and `both`, which call it, with their heads."""
    head = "ptr noalias %code, i64 %start, i64 %stop, ptr noalias %m, ptr noalias %g, i64 %live"
    parts = [(f"internal i1 @steps({head})", _interpreter(form))]
    for name, stop in (("forward", driver.FORWARD), ("both", driver.BACKWARD)):
        code = Assembly(1)
        end = code.load("%header", str(stop), "i64")
        arguments = f"ptr %code, i64 %start, i64 {end}, ptr %m, ptr %g, i64 %live"
        code.do(f"%r = call i1 @steps({arguments})", "ret i1 %r")
        parts.append((f"internal i1 @{name}({_ARGUMENTS})", code))
    return parts
