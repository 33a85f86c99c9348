"""A sweep over the rows by two threads, as LLVM's assembly.

The blocks of rows are parted into lots. The threads take them in turn, from the last block on, and
each does all but OUTER of its lot at once. OUTER adds to the gradients, for which the order of the
rows counts: so a lot waits for its turn.

    thread 0    lot 0          OUTER   lot 2          OUTER   …
    thread 1    lot 1                  OUTER   lot 3          OUTER   …

`turn` is 2·k where lot k is to be added next, 2·k + 1 while it is being added, and below 0 when the
other thread has nothing more to do. Thread 0 has only so much patience: where the other one has no
core, it does that lot too, and all that are left.
"""

from __future__ import annotations

from autograd.replay.assembly import Assembly
from autograd.replay.driver import (
    BACKWARD,
    MOVING,
    NARROW,
    OUTERS,
    SEED,
    begin,
    blocks_of,
    live_rows,
    load_rows,
    output_is_finite,
    store_outputs,
    store_seed,
)

_POLLS = 1024  # of the turn, before a thread lets others have its core


def share(lanes: int) -> Assembly:
    """The lots of thread %share; puts in `done` where the block began that failed."""
    code = Assembly(1)
    blocks = blocks_of(code, lanes)
    lot, step, bad = (code.local("i64") for _ in range(3))
    code.do(f"store i64 %share, ptr {lot}", f"store i64 2, ptr {step}")
    more = code.set(f"add i64 {blocks}, {code.set('sub i64 %lot, 1')}")
    lots = code.set(f"sdiv i64 {more}, %lot")
    code.label("next")
    k = code.set(f"load i64, ptr {lot}")
    go_on = code.set(f"icmp slt i64 {k}, {lots}")
    code.do(f"br i1 {go_on}, label %compute, label %end", "compute:")
    first = code.set(f"mul i64 {k}, %lot")
    after = code.set(f"add i64 {first}, %lot")
    fewer = code.set(f"icmp slt i64 {blocks}, {after}")
    stop = code.set(f"select i1 {fewer}, i64 {blocks}, i64 {after}")
    _compute(code, lanes, blocks, (first, stop), bad)
    alone = code.set(f"icmp eq i64 {code.set(f'load i64, ptr {step}')}, 1")
    code.do(f"br i1 {alone}, label %add, label %await")
    _wait(code, k, lot, step)
    code.do("add:")
    _add(code, lanes, blocks, (first, stop), bad)
    code.do(f"br i1 {alone}, label %added, label %pass", "pass:")
    code.do(f"store atomic i64 {_turn(code, k, 2)}, ptr %turn release, align 8", "br label %added")
    code.do("added:")
    step_ = code.set(f"load i64, ptr {step}")
    code.do(f"store i64 {code.set(f'add i64 {k}, {step_}')}, ptr {lot}", "br label %next")
    code.do("end:", "ret void")
    return code


def _turn(code: Assembly, lot: str, more: int) -> str:
    return code.set(f"add i64 {code.set(f'mul i64 {lot}, 2')}, {more}")


def _place(code: Assembly, lanes: int, blocks: str, behind: str, first: str) -> tuple[str, ...]:
    """Where a block begins, how many rows it has, and the memory for it."""
    block = code.set(f"sub i64 {code.set(f'sub i64 {blocks}, 1')}, {behind}")
    start = code.set(f"mul i64 {block}, {lanes}")
    offset = code.set(f"mul i64 {code.set(f'sub i64 {behind}, {first}')}, %size")
    return start, live_rows(code, start, lanes), code.at("%m", offset)


def _compute(code: Assembly, lanes: int, blocks: str, lot: tuple[str, str], bad: str) -> None:
    """All of a lot but OUTER; `bad` is the first block that fails, counted from the last."""
    first, stop = lot
    seed = code.load("%header", str(SEED), "i64")
    outers = code.load("%header", str(OUTERS), "i64")
    number = code.set("fdiv double 1.0, %count")
    # the blocks of a thread's first lot are first in its memory
    is_first = code.set(f"icmp eq i64 {first}, {code.set('mul i64 %share, %lot')}")
    from_ = begin(code, is_first)
    code.do(f"store i64 -1, ptr {bad}")
    with code.loop(stop, first) as behind:
        start, live, m = _place(code, lanes, blocks, behind, first)
        load_rows(code, start, live, m)
        store_seed(code, seed, number, live, lanes, m)
        fine = _steps(code, from_, outers, live, m)
        fine = code.both("and", fine, output_is_finite(code, lanes, m))
        store_outputs(code, start, live, m)
        none_before = code.set(f"icmp slt i64 {code.set(f'load i64, ptr {bad}')}, 0")
        failed = code.both("and", none_before, code.both("xor", fine, "true"))
        with code.when(failed):
            code.do(f"store i64 {behind}, ptr {bad}")


def _add(code: Assembly, lanes: int, blocks: str, lot: tuple[str, str], bad: str) -> None:
    """OUTER of a lot, up to the block that failed."""
    first, stop = lot
    _fetch_gradients(code)
    outers = code.load("%header", str(OUTERS), "i64")
    end = code.load("%header", str(BACKWARD), "i64")
    with code.loop(stop, first) as behind:
        start, live, m = _place(code, lanes, blocks, behind, first)
        _steps(code, outers, end, live, m)
        failed = code.set(f"icmp eq i64 {code.set(f'load i64, ptr {bad}')}, {behind}")
        with code.when(failed):
            code.do(
                f"store i64 {start}, ptr %done",
                "store atomic i64 -1, ptr %turn release, align 8",
                "br label %end",
                "unreached:",
            )


def _fetch_gradients(code: Assembly) -> None:
    """Ask for all that the other core has added to at once: one by one, it would take long."""
    head = "void @llvm.prefetch.p0(ptr, i32, i32, i32)"
    code.declare(head)
    moving = code.load("%header", str(MOVING), "i64")
    with code.loop(code.set(f"sdiv i64 {moving}, {NARROW}")) as group:
        place = code.at("%g", code.set(f"mul i64 {group}, {NARROW}"))
        code.do(f"call void @llvm.prefetch.p0(ptr {place}, i32 1, i32 3, i32 1)")


def _steps(code: Assembly, start: str, stop: str, live: str, m: str) -> str:
    arguments = f"ptr %code, i64 {start}, i64 {stop}, ptr {m}, ptr %g, i64 {live}"
    return code.set(f"call i1 @steps({arguments})")


def _wait(code: Assembly, k: str, lot: str, step: str) -> None:
    """Go to `add` when it is the turn of lot k, and to `end` when there is nothing more to do."""
    polls = code.local("i64")
    code.do("await:", f"store i64 0, ptr {polls}")
    mine, others = _turn(code, k, 0), _turn(code, k, -2)
    code.label("poll")
    now = code.set("load atomic i64, ptr %turn acquire, align 8")
    code.do(f"br i1 {code.set(f'icmp eq i64 {now}, {mine}')}, label %claim, label %later")
    code.do("claim:")
    _exchange(code, mine, code.set(f"or i64 {mine}, 1"), "add")
    code.do("later:")
    code.do(f"br i1 {code.set(f'icmp slt i64 {now}, 0')}, label %end, label %polled")
    code.do("polled:")
    count = code.set(f"add i64 {code.set(f'load i64, ptr {polls}')}, 1")
    code.do(f"store i64 {count}, ptr {polls}")
    is_long = code.set(f"icmp sgt i64 {count}, %patience")
    code.do(f"br i1 {is_long}, label %impatient, label %poll", "impatient:")
    is_computed = code.set(f"icmp eq i64 {now}, {others}")
    is_left = code.both("and", is_computed, code.set("icmp eq i64 %share, 0"))
    code.do(f"br i1 {is_left}, label %abandon, label %rest", "abandon:")
    _exchange(code, others, "-1", "alone")
    code.do("alone:")
    code.do(f"store i64 {code.set(f'sub i64 {k}, 1')}, ptr {lot}")
    code.do(f"store i64 1, ptr {step}", "br label %next", "rest:")
    left = code.set(f"urem i64 {count}, {_POLLS}")
    code.do(f"br i1 {code.set(f'icmp eq i64 {left}, 0')}, label %yield, label %poll", "yield:")
    code.declare("i32 @hg.sched_yield()")
    code.set("call i32 @hg.sched_yield()")
    code.do("br label %poll")


def _exchange(code: Assembly, before: str, after: str, target: str) -> None:
    """Set the turn, and go on there; poll again where it is another by now."""
    pair = code.set(f"cmpxchg ptr %turn, i64 {before}, i64 {after} acq_rel acquire")
    done = code.set(f"extractvalue {{ i64, i1 }} {pair}, 1")
    code.do(f"br i1 {done}, label %{target}, label %poll")
