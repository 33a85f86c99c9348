"""Gradients held to finite differences, at other numbers of each leaf.

No tolerance is fixed beforehand: each difference estimates its own error, and a gradient has to
agree within that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from autograd.graph import require_known
from autograd.op import described, real
from autograd.record import Record
from autograd.recording import collector_paused, enable_grad
from autograd.value import Value

if TYPE_CHECKING:
    from autograd.verdicts import Report


def gradcheck(
    root: Value,
    wrt: Value | Iterable[Value] | Mapping[Value, float] | None = None,
    *,
    second: bool = False,
) -> Report:
    """Hold the gradients of `root`, as `backward()` finds them, to finite differences.

    wrt      by which Values: all leaves that `root` depends on, unless given. A mapping gives the
             gradients that are to be checked instead of those of reverse mode:
             `{w: w.grad for w in model.weights()}`
    second   the second derivatives too, each pair of these Values in both orders: `grad` of `grad`,
             against differences of what `backward()` finds

    No `.grad` is touched, and no derivative is computed but by these Values. All is checked at the
    numbers that the leaves have now; where they have moved since `root` was computed, it is
    recorded anew, on a copy, and the report says so.

    Raises TypeError for anything but Values and real numbers, and for a partial that gives none;
    ValueError for an empty `wrt`, for a mapping together with `second`, for a Value that is not in
    the record though another of its label is, and where leaves have moved so that `root` would be
    another computation; DomainError where a derivative does not exist or a
    gradient handed in is not finite.

    >>> x = Value(3.0, label="x")
    >>> y = x**2 + x; y.label = "y"
    >>> report = gradcheck(y)
    >>> bool(report), report.rows[0].given
    (True, 7.0)
    >>> gradcheck(y, {x: 14.0}).require()  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    AssertionError: WRONG: ∂y/∂x is given as 14, and finite differences give 7 ± ...
    """
    from autograd.checking import Checker  # when it is asked for: `import autograd` stays quick

    if not isinstance(root, Value):
        raise TypeError(f"gradcheck takes a Value, not {type(root).__name__}")
    if second and isinstance(wrt, Mapping):
        raise ValueError("second=True checks reverse mode: wrt must be Values without gradients")
    record = Record(root)
    wanted = _wanted(wrt, record)
    given = _given(wrt)
    with collector_paused(), enable_grad():
        because = []
        if moved := record.moved():
            because.append(f"{moved}; all is checked at the numbers of now")
            copies = record.anew()
            record = Record(copies[root])
            wanted = [copies.get(v, v) for v in wanted]
        return Checker(record, wanted).report(given, because, second)


def _given(wrt: Any) -> list[float]:
    """Return the gradients that are handed in: none unless `wrt` is a mapping."""
    claims = wrt if isinstance(wrt, Mapping) else {}
    return [real(number, f"the gradient by {described((v,))}") for v, number in claims.items()]


def _wanted(wrt: Any, record: Record) -> list[Value]:
    """Return the Values by which is derived, each once."""
    if wrt is None:
        return record.leaves
    wanted = [wrt] if isinstance(wrt, Value) else wrt
    kinds = "Values, or a mapping from Values to gradients"
    if not isinstance(wanted, Iterable):
        raise TypeError(f"wrt takes {kinds}, not {type(wrt).__name__}")
    wanted = list(wanted)
    for v in wanted:
        if not isinstance(v, Value):
            raise TypeError(f"wrt takes {kinds}, not {type(v).__name__}")
        require_known(record, v)
    if not wanted:
        raise ValueError("wrt is empty: there is nothing to check")
    return list(dict.fromkeys(wanted))
