"""The machine code of a plan: straight-line code, or one loop over its steps.

A small plan on one row at a time is straight-line code, its numbers in registers. Any other is a
list of numbers that a loop reads, and each step is done for `lanes` rows abreast. What the loop
does, for w₁·x₁ + w₂·x₂ + b and its gradients:

    SUM     z   [········] = w₁·x₁[········] + w₂·x₂[········] + b        a row in each lane
    TURN    row 0: x₁ x₂ 1    row 1: x₁ x₂ 1    …                         a parameter in each lane
    OUTER   ∂w₁ ∂w₂ ∂b  +=  ∂z[7]·(x₁ x₂ 1)[7],  ∂z[6]·(x₁ x₂ 1)[6],  …   from the last row on

A scalar, such as a weight, is one number for all lanes. In OUTER neighbouring parameters stand
abreast and the rows come one after the other, for the order of each sum is to be kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from autograd.replay import driver, turns
from autograd.replay.assembly import Assembly, of_c
from autograd.replay.driver import NARROW
from autograd.replay.planning import Apply, Place, Plan, Sum, Summand
from autograd.replay.straight import Straight
from autograd.replay.translation import computed

WIDE = 32  # and at most
UNROLLED = 4  # uses of a parameter in one row for which OUTER has code of its own
_NEIGHBOURS = f"<{NARROW} x double>"


class Loop:
    """A plan as a list of numbers, and the cases that the loop over it has to know.

    code      the steps, one after the other
    forward   where the backward pass begins in it
    outers    where OUTER begins, which adds to the gradients
    position  where the k-th scalar stands: parameters of one OUTER are neighbours
    moving    how many numbers the gradients take
    scalars   how many numbers all scalars take
    size      how many numbers all take
    """

    def __init__(self, plan: Plan, lanes: int) -> None:
        self.lanes = lanes
        self.cases: dict[Any, int] = {("sum",): 0}
        self.code: list[int] = []
        one = plan.constant(1.0)
        chunks = _chunks(plan.uses)
        self.position: dict[int, int] = {}
        self.moving = self.scalars = 0
        self._place_scalars(chunks, len(plan.parameters) + len(plan.numbers))
        self.turned = self.scalars + plan.rows * lanes
        for step in plan.forward:
            self._add(step)
        self.forward = len(self.code)
        for step in plan.backward:
            self._add(step)
        self._columns: list[Place] = []
        self._turns: dict[tuple[Place, ...], int] = {}
        self._add_outers([self._outer(plan, x, one) for x in chunks if plan.uses[x[0]]])
        self.size = self.turned + len(self._columns) * lanes + WIDE

    def _place_scalars(self, chunks: Sequence[list[int]], count: int) -> None:
        """The parameters of a chunk are neighbours; the other scalars follow behind all chunks."""
        for chunk in chunks:
            self.position |= {parameter: self.moving + k for k, parameter in enumerate(chunk)}
            self.moving += _rounded(len(chunk))
        others = [k for k in range(count) if k not in self.position]
        self.position |= {k: self.moving + place for place, k in enumerate(others)}
        self.scalars = self.moving + len(others)

    def at(self, place: Place) -> int:
        """Where a scalar stands, or the first lane of a place."""
        return self.position[~place] if place < 0 else self.scalars + place * self.lanes

    def _case(self, case: Any) -> int:
        return self.cases.setdefault(case, len(self.cases))

    def _add(self, step: Any) -> None:
        if isinstance(step, Sum):
            self._add_sum(step)
        elif isinstance(step, Apply):
            rows = tuple(place >= 0 for place in step.operands)
            checked = tuple(step.operands.index(place) for place in step.checked)
            case = self._case(("apply", step.shape, rows, checked))
            self.code += [case, self.at(step.to), *map(self.at, step.operands)]
        else:
            rows = step.left >= 0, step.right >= 0
            case = self._case(("compare", rows, step.outcome))
            self.code += [case, self.at(step.left), self.at(step.right)]

    def _add_sum(self, step: Sum) -> None:
        """Runs of one kind, so that the loop over a run asks for nothing."""
        start = len(self.code)
        self.code += [0, self.at(step.to), 0]
        last = count = -1
        for added, a, b in step.summands:
            if b is not None and a >= 0 > b:
                a, b = b, a
            kind = KINDS.index((added, a >= 0, None if b is None else b >= 0))
            if kind != last:
                self.code += [kind, 0]
                self.code[start + 2] += 1
                count, last = len(self.code) - 1, kind
            self.code[count] += 1
            self.code.append(self.at(a))
            if b is not None:
                self.code.append(self.at(b))

    def _add_outers(self, outers: list[tuple[Any, list[Any]]]) -> None:
        """What they read is turned first, at once."""
        if self._columns:
            sources = [n for x in self._columns for n in (self.at(x), int(x >= 0))]
            self.code += [self._case(("turn",)), len(self._columns), self.turned, *sources]
        self.outers = len(self.code)
        for case, outer in outers:
            self.code += [self._case(case), *self._placed(outer)]

    def _outer(self, plan: Plan, chunk: list[int], one: Place) -> tuple[Any, list[Any]]:
        width = _rounded(len(chunk))
        count = len(plan.uses[chunk[0]])
        outer: list[Any] = [self.position[chunk[0]], count]
        for k in range(count):
            added, slope, _ = plan.uses[chunk[0]][k]
            factors = []
            for parameter in chunk:
                factor = plan.uses[parameter][k][2]
                factors.append(one if factor is None else factor)
            outer += [int(added), self.at(slope), self._vector(tuple(factors))]
        signs = tuple(added for added, _, _ in plan.uses[chunk[0]])
        return ("outer", width, signs if count <= UNROLLED else None), outer

    def _vector(self, factors: tuple[Place, ...]) -> Any:
        """Where the factors of neighbouring parameters stand abreast: scalars may do so already."""
        places = [self.at(x) for x in factors]
        if all(x < 0 for x in factors) and places == [places[0] + k for k in range(len(places))]:
            return (places[0],)
        if factors not in self._turns:
            self._turns[factors] = len(self._columns)
            self._columns += factors
            self._columns += [factors[-1]] * (_rounded(len(factors)) - len(factors))
        return (self.turned + self._turns[factors], None)

    def _placed(self, outer: list[Any]) -> Iterator[int]:
        for x in outer:
            if isinstance(x, int):
                yield x
            else:  # the first, and how far it is to that of the next row
                yield x[0]
                yield len(self._columns) if len(x) == 2 else 0


def _rounded(count: int) -> int:
    return -(-count // NARROW) * NARROW


def _chunks(uses: Sequence[list[Summand]]) -> list[list[int]]:
    """The parameters in groups whose gradients are sums of the same slopes, times other factors."""
    groups: dict[Any, list[int]] = {}
    for parameter, summands in enumerate(uses):
        groups.setdefault(tuple((added, a) for added, a, _ in summands), []).append(parameter)
    return [g[k : k + WIDE] for g in groups.values() for k in range(0, len(g), WIDE)]


# The kinds of a summand: whether it is added, whether its first factor is one for each row, and
# the same of the second; None where there is no second.
KINDS = [
    (added, first, second)
    for added in (True, False)
    for first, second in (
        (True, None), (False, None), (True, True), (False, True), (False, False),
    )
]  # fmt: skip


def _interpreter(cases: Sequence[Any], lanes: int) -> Assembly:
    """`steps(code, start, stop, m, g, live)`: whether all went well."""
    code = Assembly(lanes)
    counter, fine = code.local("i64"), code.local(code.truth)
    code.do(f"store i64 %start, ptr {counter}")
    code.do(f"store {code.truth} {code.abreast('true', 'i1')}, ptr {fine}", "br label %next")
    code.do("next:")
    pc = code.set(f"load i64, ptr {counter}")
    more = code.set(f"icmp slt i64 {pc}, %stop")
    code.do(f"br i1 {more}, label %choose, label %done", "choose:")
    reader = _Reader(code, counter, fine)
    chosen = reader.read()
    targets = " ".join(f"i64 {k}, label %case{k}" for k in range(len(cases)))
    code.do(f"switch i64 {chosen}, label %done [{targets}]")
    for k, (kind, *rest) in enumerate(cases):
        code.do(f"case{k}:")
        getattr(reader, kind)(*rest)
        code.do("br label %next")
    code.do("done:")
    code.do(f"ret i1 {code.everywhere(code.set(f'load {code.truth}, ptr {fine}'))}")
    return code


class _Reader:
    """The cases of the loop. Each reads its numbers from the code as it goes."""

    def __init__(self, code: Assembly, counter: str, fine: str) -> None:
        self.code = code
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

    def sum(self) -> None:
        code = self.code
        to, runs, total = self.read(), self.read(), code.local(code.type)
        # −0, for −0 + x is x, whatever x is
        code.do(f"store {code.type} {code.constant(-0.0)}, ptr {total}")
        with code.loop(runs):
            kind, count = self.read(), self.read()
            name = code.fresh()[1:]
            targets = " ".join(f"i64 {k}, label %{name}.{k}" for k in range(len(KINDS)))
            code.do(f"switch i64 {kind}, label %{name}.end [{targets}]")
            for k, (added, first, second) in enumerate(KINDS):
                code.do(f"{name}.{k}:")
                with code.loop(count):
                    x = self.operand(first)
                    if second is not None:
                        x = code.arithmetic("fmul", x, self.operand(second))
                    before = code.set(f"load {code.type}, ptr {total}")
                    after = code.arithmetic("fadd" if added else "fsub", before, x)
                    code.do(f"store {code.type} {after}, ptr {total}")
                code.do(f"br label %{name}.end")
            code.do(f"{name}.end:")
        code.store(code.set(f"load {code.type}, ptr {total}"), "%m", to)

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
        """Columns of the rows, turned so that those of one row stand abreast."""
        code = self.code
        count, to = self.read(), self.read()
        with code.loop(count) as column:
            source, step = self.read(), self.read()
            first = code.set(f"add i64 {to}, {column}")
            with code.loop("%live") as row:
                at = code.set(f"add i64 {source}, {code.set(f'mul i64 {row}, {step}')}")
                target = code.set(f"add i64 {first}, {code.set(f'mul i64 {row}, {count}')}")
                code.store(code.load("%m", at, "double"), "%m", target, "double")

    def outer(self, width: int, signs: tuple[bool, ...] | None) -> None:
        """The gradients of parameters that stand abreast, over the rows from last to first."""
        code = self.code
        to, count = self.read(), self.read()
        start = code.set(f"load i64, ptr {self.counter}")
        with self._gradients(to, width) as totals:
            uses = [(added, self._outer_operands()) for added in signs or ()]
            last = code.set("sub i64 %live, 1")
            with code.loop("%live") as behind:
                row = code.set(f"sub i64 {last}, {behind}")
                for added, operands in uses:
                    self._add_outer(totals, row, operands, added)
                if signs is None:
                    code.do(f"store i64 {start}, ptr {self.counter}")
                    with code.loop(count):
                        self._add_outer(totals, row, self._outer_operands())

    @contextmanager
    def _gradients(self, first: str, width: int) -> Iterator[list[str]]:
        """Variables with the gradients that stand abreast, which are put back in the end."""
        code = self.code
        places = [code.set(f"add i64 {first}, {k}") for k in range(0, width, NARROW)]
        totals = [code.local(_NEIGHBOURS) for _ in places]
        for place, total in zip(places, totals, strict=True):
            code.do(f"store {_NEIGHBOURS} {code.load('%g', place, _NEIGHBOURS)}, ptr {total}")
        yield totals
        for place, total in zip(places, totals, strict=True):
            number = code.set(f"load {_NEIGHBOURS}, ptr {total}")
            code.store(number, "%g", place, _NEIGHBOURS)

    def _outer_operands(self) -> list[str]:
        return [self.read() for _ in range(4)]

    def _add_outer(
        self,
        totals: Sequence[str],
        row: str,
        operands: Sequence[str],
        is_added: bool | None = None,
    ) -> None:
        code = self.code
        added, slope, factors, step = operands
        one = code.load("%m", code.set(f"add i64 {slope}, {row}"), "double")
        if is_added is None:
            truth = code.set(f"icmp ne i64 {added}, 0")
            negative = code.set(f"fneg double {one}")
            one = code.set(f"select i1 {truth}, double {one}, double {negative}")
        one = code.abreast(one, lanes=NARROW)
        first = code.set(f"add i64 {factors}, {code.set(f'mul i64 {row}, {step}')}")
        for k, total in enumerate(totals):
            factor = code.load("%m", code.set(f"add i64 {first}, {NARROW * k}"), _NEIGHBOURS)
            product = code.set(f"fmul {_NEIGHBOURS} {one}, {factor}")
            before = code.set(f"load {_NEIGHBOURS}, ptr {total}")
            how = "fsub" if is_added is False else "fadd"
            after = code.set(f"{how} {_NEIGHBOURS} {before}, {product}")
            code.do(f"store {_NEIGHBOURS} {after}, ptr {total}")


_ARGUMENTS = "ptr noalias %code, ptr noalias %header, ptr noalias %m, ptr noalias %g, i64 %live"
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
        form.forward, len(form.code), form.moving, form.outers,
    ]  # fmt: skip


def text_of(form: Loop | Straight, is_shared: bool) -> tuple[str, tuple[str, ...]]:
    """The assembly of a kernel, and the functions of C that it calls; with `share`, or without."""
    parts = _straight_line(form) if isinstance(form, Straight) else _loop(form)
    few = form.moving if isinstance(form, Straight) else None
    parts += [(_EVALUATE, driver.evaluate(form.lanes)), (_RUN, driver.run(form.lanes, few))]
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
    parts = [(f"internal i1 @steps({head})", _interpreter(list(form.cases), form.lanes))]
    for name, stop in (("forward", driver.FORWARD), ("both", driver.BACKWARD)):
        code = Assembly(1)
        end = code.load("%header", str(stop), "i64")
        arguments = f"ptr %code, i64 0, i64 {end}, ptr %m, ptr %g, i64 %live"
        code.do(f"%r = call i1 @steps({arguments})", "ret i1 %r")
        parts.append((f"internal i1 @{name}({_ARGUMENTS})", code))
    return parts
