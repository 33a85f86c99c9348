"""The loops about a kernel, over rounds and blocks of rows, as LLVM's assembly."""

from __future__ import annotations

from collections.abc import Iterator

from autograd.replay.assembly import Assembly

NARROW = 8  # parameters abreast, at least
SQUARE = 4  # rows, and columns, that are turned at once

# In the header that a kernel is given.
INPUTS, SCALARS, OUTPUT, SEED, FORWARD, BACKWARD, MOVING, OUTERS, ONCE = range(9)


def blocks_of(code: Assembly, lanes: int, rows: str = "%n") -> str:
    """How many blocks the rows fill."""
    return code.set(f"sdiv i64 {code.set(f'add i64 {rows}, {lanes - 1}')}, {lanes}")


def load(lanes: int) -> Assembly:
    """Put the numbers of the inputs in their places, in squares of rows and columns; those of the
    last row again in lanes that are left over.
    """
    code = Assembly(1)
    last = code.set("sub i64 %live, 1")
    width = code.load("%header", str(INPUTS), "i64")
    scalars = code.load("%header", str(SCALARS), "i64")

    def source(lane: str, column: str) -> str:
        within = code.set(f"icmp slt i64 {lane}, {last}")
        row = code.set(f"select i1 {within}, i64 {lane}, i64 {last}")
        row = code.set(f"mul i64 {code.set(f'add i64 %first, {row}')}, {width}")
        return code.set(f"add i64 {row}, {column}")

    def target(lane: str, column: str) -> str:
        first = code.set(f"add i64 {scalars}, {code.set(f'mul i64 {column}, {lanes}')}")
        return code.set(f"add i64 {first}, {lane}")

    side = min(lanes, SQUARE)
    kind = f"<{side} x double>"
    squares = code.set(f"sdiv i64 {width}, {side}")
    with code.loop(squares) as square, code.loop(str(lanes // side)) as group:
        column = code.set(f"mul i64 {square}, {side}")
        lane = code.set(f"mul i64 {group}, {side}")
        places = [code.set(f"add i64 {lane}, {k}") for k in range(side)]
        rows = [code.load("%rows", source(place, column), kind) for place in places]
        for k, number in enumerate(code.transposed(rows)):
            code.store(number, "%m", target(lane, code.set(f"add i64 {column}, {k}")), kind)
    rest = code.set(f"mul i64 {squares}, {side}")
    with code.loop(width, rest) as column, code.loop(str(lanes)) as lane:
        code.store(code.load("%rows", source(lane, column)), "%m", target(lane, column))
    code.do("ret void")
    return code


def load_rows(code: Assembly, start: str, live: str, m: str = "%m") -> None:
    """The numbers of the inputs for the block that begins at row `start`."""
    code.do(f"call void @load(ptr %header, ptr {m}, ptr %rows, i64 {start}, i64 {live})")


def store_seed(code: Assembly, place: str, seed: str, live: str, lanes: int, m: str = "%m") -> None:
    """∂total/∂output: 0 in lanes that are left over."""
    with code.loop(str(lanes)) as lane:
        counts = code.set(f"icmp slt i64 {lane}, {live}")
        number = code.set(f"select i1 {counts}, double {seed}, double 0.0")
        code.store(number, m, code.set(f"add i64 {place}, {lane}"), "double")


def live_rows(code: Assembly, start: str, lanes: int | str, rows: str = "%n") -> str:
    """How many rows there are from there on: at most as many as there are lanes."""
    left = code.set(f"sub i64 {rows}, {start}")
    fewer = code.set(f"icmp slt i64 {left}, {lanes}")
    return code.set(f"select i1 {fewer}, i64 {left}, i64 {lanes}")


def store_outputs(code: Assembly, first: str, live: str, m: str = "%m") -> None:
    """Put the outputs of a block behind those of the rows before it."""
    output = code.load("%header", str(OUTPUT), "i64")
    with code.loop(live) as lane:
        number = code.load(m, code.set(f"add i64 {output}, {lane}"), "double")
        code.store(number, "%outputs", code.set(f"add i64 {first}, {lane}"), "double")


def output_is_finite(code: Assembly, lanes: int, m: str = "%m") -> str:
    """Whether the outputs of a block are finite."""
    output = code.load("%header", str(OUTPUT), "i64")
    wide = code.widened(lanes)
    return wide.everywhere(wide.finite(wide.load(m, output)))


def begin(code: Assembly, is_first: str) -> str:
    """Where the steps for a block begin: what is the same in all rows is done for the first alone,
    whose memory the others have.
    """
    once = code.load("%header", str(ONCE), "i64")
    return code.set(f"select i1 {is_first}, i64 0, i64 {once}")


def steps(code: Assembly, name: str, block: str, live: str, gradients: str) -> str:
    """Whether all went well in the steps for a block."""
    start = begin(code, code.set(f"icmp eq i64 {block}, 0"))
    arguments = f"ptr %code, ptr %header, ptr %m, ptr {gradients}, i64 {live}, i64 {start}"
    return code.set(f"call i1 @{name}({arguments})")


def evaluate(lanes: int) -> Assembly:
    """The output at each row; returns where the block began that failed, or −1."""
    code = Assembly(1)
    with code.loop(blocks_of(code, lanes)) as block:
        start = code.set(f"mul i64 {block}, {lanes}")
        live = live_rows(code, start, lanes)
        load_rows(code, start, live)
        fine = steps(code, "forward", block, live, "null")
        fine = code.both("and", fine, output_is_finite(code, lanes))
        end_unless(code, fine, f"ret i64 {start}")
        store_outputs(code, start, live)
    code.do("ret i64 -1")
    return code


def end_unless(code: Assembly, fine: str, *statements: str) -> None:
    """Do the statements, the last of which returns, unless all went well."""
    name = code.fresh()[1:]
    code.do(f"br i1 {fine}, label %{name}.fine, label %{name}.failed", f"{name}.failed:")
    code.do(*statements, f"{name}.fine:")


def run(lanes: int, parameters: int | None = None) -> Assembly:
    """Steps of gradient descent, each on `size` rows: the first from `start` on, and after the last
    rows again from the first. Puts in `done` how many, and where in its batch the block began that
    failed, or −1. Code for so many parameters that move, or for any number of them.
    """
    code = Assembly(1)
    moving = code.load("%header", str(MOVING), "i64") if parameters is None else parameters
    seed = code.load("%header", str(SEED), "i64")
    is_last_part = code.set("icmp eq i64 %before, 0")
    next_ = code.local("i64")
    code.do(f"store i64 %start, ptr {next_}")
    whole = live_rows(code, "0", "%size")
    bad = code.at("%done", "1", "i64")
    with code.loop("%rounds") as round_:
        first, rows = _batch(code, next_)
        is_whole = code.set(f"icmp eq i64 {rows}, {whole}")
        own = code.set(f"sitofp i64 {rows} to double")
        count = code.set(f"select i1 {is_whole}, double %count, double {own}")
        total = code.set(f"select i1 {is_whole}, i64 %total, i64 {rows}")
        first_seed = code.set(f"fdiv double 1.0, {count}")
        blocks = blocks_of(code, lanes, rows)
        several = code.set(f"icmp sgt i64 {blocks}, 1")
        several = code.both("or", several, code.set("icmp slt i64 %size, %n"))
        later = code.set(f"icmp sgt i64 {round_}, 0")
        with code.when(later):
            for k, kind in _each(code, moving):
                code.store("zeroinitializer", "%g", k, kind)
        with code.loop(blocks) as behind:
            block = code.set(f"sub i64 {code.set(f'sub i64 {blocks}, 1')}, {behind}")
            start = code.set(f"mul i64 {block}, {lanes}")
            live = live_rows(code, start, lanes, rows)
            # The rows of one block that is all the table stand there after the first round.
            with code.when(code.both("or", several, code.both("xor", later, "true"))):
                load_rows(code, code.set(f"add i64 {first}, {start}"), live)
                store_seed(code, seed, first_seed, live, lanes)
            fine = steps(code, "both", behind, live, "%g")
            fine = code.both("and", fine, output_is_finite(code, lanes))
            end_unless(
                code, fine, f"store i64 {round_}, ptr %done", f"store i64 {start}, ptr {bad}",
                "ret void",
            )  # fmt: skip
            store_outputs(code, code.set(f"add i64 %before, {start}"), live)
        with code.when(is_last_part):
            _update(code, round_, moving, count, total)
    code.do("store i64 %rounds, ptr %done", f"store i64 -1, ptr {bad}", "ret void")
    return code


def _each(code: Assembly, count: str | int) -> Iterator[tuple[str, str]]:
    """Where the parameters stand, and as what they are taken: each in lines of its own, or in a
    loop as many abreast as there are in each group of neighbours.
    """
    if isinstance(count, int):
        yield from ((str(k), "double") for k in range(count))
    else:
        with code.loop(code.set(f"sdiv i64 {count}, {NARROW}")) as group:
            yield code.set(f"mul i64 {group}, {NARROW}"), f"<{NARROW} x double>"


def _batch(code: Assembly, next_: str) -> tuple[str, str]:
    """Where the batch begins whose turn it is, and how many rows it has."""
    first = code.set(f"load i64, ptr {next_}")
    after = code.set(f"add i64 {first}, %size")
    more = code.set(f"icmp slt i64 {after}, %n")
    code.do(f"store i64 {code.set(f'select i1 {more}, i64 {after}, i64 0')}, ptr {next_}")
    return first, live_rows(code, first, "%size")


def _update(code: Assembly, round_: str, moving: str | int, count: str, rows: str) -> None:
    """The mean of the outputs, and a step along the gradients."""
    total = code.local("double")
    code.do(f"store double {code.load('%outputs', '0')}, ptr {total}")
    with code.loop(rows, "1") as k:
        before = code.set(f"load double, ptr {total}")
        after = code.arithmetic("fadd", before, code.load("%outputs", k))
        code.do(f"store double {after}, ptr {total}")
    mean = code.arithmetic("fdiv", code.set(f"load double, ptr {total}"), count)
    code.store(mean, "%means", round_)
    for k, kind in _each(code, moving):
        rate = "%rate" if kind == "double" else code.abreast("%rate", lanes=NARROW)
        step = code.set(f"fmul {kind} {rate}, {code.load('%g', k, kind)}")
        after = code.set(f"fsub {kind} {code.load('%m', k, kind)}, {step}")
        code.store(after, "%m", k, kind)
