"""Where nothing is recorded, and what a replay must know of the recording: comparisons."""

from __future__ import annotations

import gc
import math
import operator
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from contextvars import ContextVar
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

from autograd.op import DomainError, real

if TYPE_CHECKING:
    from autograd.value import Value

paused = ContextVar("no_grad", default=False)
# One entry for each no_grad or enable_grad block that is open in any thread. An operation looks at
# this list first, for it is quicker to read than a context variable.
blocks: list[None] = []


def no_grad() -> AbstractContextManager[None]:
    """Return a block in which nothing is recorded: results are leaves.

    It is a decorator too. Other threads go on recording.

    >>> from autograd import Value
    >>> x = Value(2.0)
    >>> with no_grad():
    ...     y = x * x
    >>> y.op is None
    True
    """
    return _recording(False)


def enable_grad() -> AbstractContextManager[None]:
    """Return a block in which results are recorded, even inside `no_grad`.

    >>> from autograd import Value
    >>> x = Value(2.0)
    >>> with no_grad(), enable_grad():
    ...     y = x * x
    >>> y.op
    <Op mul>
    """
    return _recording(True)


@contextmanager
def _recording(enabled: bool) -> Iterator[None]:
    token = paused.set(not enabled)
    blocks.append(None)
    try:
        yield
    finally:
        blocks.pop()
        paused.reset(token)


def is_paused() -> bool:
    """Whether this thread is inside a `no_grad` block."""
    return bool(blocks) and paused.get()


RELATIONS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Comparison(NamedTuple):
    """A comparison of a Value with a number, or with another Value, and how it came out.

    A Python `if` may have asked, and the record holds only the branch that it took.
    """

    left: Value
    symbol: str
    right: Value | float
    number: float  # of the right side, then
    outcomes: tuple[bool, ...]  # each way in which it came out, the last one last


_Outcomes = dict[tuple[str, float], tuple[bool, ...]]
comparisons: WeakKeyDictionary[Value, tuple[_Outcomes, WeakKeyDictionary[Value, _Outcomes]]]
comparisons = WeakKeyDictionary()
_lock = Lock()
_watched: ContextVar[list[Any] | None] = ContextVar("compared", default=None)


@contextmanager
def compared() -> Iterator[list[Any]]:
    """Return a block that lists what is compared in it.

    Of a Value that nothing else keeps, no comparison is kept either.

    >>> from autograd import Value
    >>> with compared() as sides:
    ...     Value(2.0) * 3 > 5
    True
    >>> sides
    [Value(data=6.0, grad=0.0), 5]
    """
    sides: list[Any] = []
    token = _watched.set(sides)
    try:
        yield sides
    finally:
        _watched.reset(token)


def note_comparison(
    left: Value, symbol: str, right: Value | float, number: float, outcome: bool
) -> None:
    """Keep a comparison for as long as its Values live; inside `no_grad` it is not kept."""
    if is_paused():
        return
    sides = _watched.get()
    if sides is not None:
        sides += [left, right]
    with _lock:
        with_numbers, with_values = comparisons.setdefault(left, ({}, WeakKeyDictionary()))
        if isinstance(right, (float, int)):
            outcomes = with_numbers
        else:
            outcomes = with_values.setdefault(right, {})
        before = outcomes.get((symbol, number))
        if before is None:
            outcomes[symbol, number] = (outcome,)
        elif before[-1] is not outcome:  # a leaf has moved, and it was asked once more
            outcomes[symbol, number] = (not outcome, outcome)


def comparisons_of(values: Iterable[Value]) -> list[Comparison]:
    """Return the comparisons of `values`: those with one of them on the left, in their order, and
    then those of another Value with one of them.
    """
    known = dict.fromkeys(values)
    with _lock:
        found = [asked for left in known for asked in _asked_of(left)]
        others = [left for left in comparisons if left not in known]
        found += _asked_with(others, known)
    return found


def _asked_with(others: Iterable[Value], known: Collection[Any]) -> list[Comparison]:
    """Return the comparisons of other Values with one of those that are known."""
    return [asked for left in others for asked in _asked_of(left) if asked.right in known]


def _asked_of(left: Value) -> Iterator[Comparison]:
    with_numbers, with_values = comparisons.get(left, ({}, {}))
    for (symbol, number), outcomes in with_numbers.items():
        yield Comparison(left, symbol, number, number, outcomes)
    for right, by_number in with_values.items():
        for (symbol, number), outcomes in by_number.items():
            yield Comparison(left, symbol, right, number, outcomes)


def changed_comparison(values: Iterable[Value], now: Callable[[Value], float]) -> str:
    """Return how a comparison of `values` comes out by the numbers of now, where it once came out
    otherwise; "" where none does.
    """
    for left, symbol, right, _, outcomes in comparisons_of(values):
        number = right if isinstance(right, (float, int)) else now(right)
        outcome = RELATIONS[symbol](now(left), number)
        if {outcome} != set(outcomes):
            return f"{left._label or 'a Value'} {symbol} {number} is {outcome} now"
    return ""


def saturated(number: Any) -> float:
    """Return a real number as a float; an infinite one where it is past the range of a float.

    Raises DomainError for nan, TypeError for what is no real number.
    """
    try:
        return real(number, "a comparison")
    except DomainError:
        with suppress(ArithmeticError):  # Decimal's nan raises it
            if number > 0 or number < 0:
                return math.inf if number > 0 else -math.inf
        raise


def comparison(symbol: str) -> Callable[[Value, Any], bool]:
    """Return the method of `Value` that compares data and keeps what came out.

    DomainError where the other side is nan; TypeError where it is not a real number. One that is
    infinite, or past the range of a float, is larger or smaller than all data.
    """
    relation = RELATIONS[symbol]

    def compare(self: Value, other: Any) -> bool:
        right, number = other, other
        if hasattr(other, "_data"):
            number = other._data
        elif isinstance(other, (float, int)):
            if number != number:
                raise DomainError(f"a comparison takes a number, not {number}")
        else:
            right = number = saturated(other)
        outcome = relation(self._data, number)
        note_comparison(self, symbol, right, number, outcome)
        return outcome

    return compare


class collector_paused:
    """Inside the block Python's garbage collector rests.

    A record has no cycles: the collector would walk it for nothing.
    """

    def __enter__(self) -> None:
        self.was_enabled = gc.isenabled()
        gc.disable()

    def __exit__(self, *exception: object) -> None:
        if self.was_enabled:
            gc.enable()
