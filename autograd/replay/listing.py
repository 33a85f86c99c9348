"""A record as Python code: the forward pass, and the backward pass in the order of the sweep, in
the graph's names.

It is exact: what the code computes agrees with the record, and with `backward()`, to the last bit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from autograd import ops
from autograd.formula import Written
from autograd.op import ATOM, NEGATIVE, Op
from autograd.record import Record
from autograd.recording import comparisons_of, saturated
from autograd.replay.terms import (
    FORMS,
    Names,
    Term,
    definition,
    hidden,
    hiding,
    origin,
    references,
    slope_of,
    written,
)
from autograd.value import Value

WIDEST = 8  # summands of a derivative in one line

_UPSTREAM = Term(None, ("upstream",))


class Listing:
    """The statements that compute `output`, and its derivatives by the leaves in `parameters`.

    names     how Values and operations are called
    seed      what stands for ∂output/∂output
    kept      further Values of the record that are to have a line

    A labelled Value has a line; what has no label is written where it is used, unless it is used
    again elsewhere.
    """

    def __init__(
        self,
        output: Value,
        parameters: Collection[Value],
        names: Names,
        *,
        seed: str = "1.0",
        kept: Collection[Value] = (),
    ) -> None:
        self.leaves: list[Value]
        self.nodes: list[Any]
        record = Record(output)
        self.leaves, self.nodes = record.leaves, list(record.nodes)
        self.forward: list[str] = []
        # By name, what each is the sum of, in the order of the sweep.
        self.derivatives: dict[str, list[Written]] = {}
        # What must be finite, for an operation may hide that it is not: forward, and backward.
        self.delicate: dict[Written, None] = {}
        self.watched: dict[Written, None] = {}
        self.names = names
        for v in (*self.leaves, *self.nodes):
            if v.label or not v.args:
                self.names.title(v)
        active = record.dependents(parameters)
        partials = {v: list(_partials(v, active)) for v in self.nodes if v in active}
        self._list_forward(partials, {output, *kept, *self._labelled_or_used_again()})
        self.delicate[self.names[output]] = None
        if output in active:
            self._list_backward(partials, output, Written(seed, ATOM, "text"))

    def _labelled_or_used_again(self) -> Iterator[Value]:
        uses = Counter(x for v in self.nodes for x in _written_for(v))
        return (v for v in self.nodes if v.label or uses[v] > 1)

    def _list_forward(
        self, partials: dict[Value, list[tuple[Value, Any]]], kept: Collection[Value]
    ) -> None:
        again = _asked_of_backward(partials.values())
        for v in self.nodes:
            code = written(Term(v.op, tuple(map(_reference, v.args))), self.names)
            self.forward += [f"{name} = {x.text}" for name, x in self._before()]
            self.delicate |= dict.fromkeys(self.names[x] for x in hidden(v))
            is_asked_again = v in again and not self._is_quick(v)
            if v in kept or is_asked_again or not _is_short(code):
                self.forward.append(f"{self.names.title(v)} = {code.text}")
            else:
                self.names[v] = code

    def _before(self) -> Iterator[tuple[str, Written]]:
        """Yield what is to be computed before the code that was written last."""
        yield from self.names.before.items()
        self.names.before.clear()

    def _is_quick(self, v: Any) -> bool:
        """Whether it is as quick to compute again as to keep."""
        return v.op.function in FORMS and all(
            x.__class__ is float or _is_name(self.names[x]) for x in v.args
        )

    def _list_backward(
        self, partials: dict[Value, list[tuple[Value, Any]]], output: Value, seed: Written
    ) -> None:
        sums: dict[Value, list[Written]] = {output: [seed]}
        for v in reversed(partials):
            terms = sums.pop(v)
            if v is output or v.label or not _is_used_once(terms, len(partials[v])):
                name = f"d_{self.names.title(v)}"
                self.derivatives[name] = terms
                terms = [Written(name, ATOM, "text")]
            self.names["upstream"] = terms[0]
            for x, term in partials[v]:
                code = written(Term._apply(ops.mul, (_UPSTREAM, term)), self.names)
                self._watch(v, term)
                self.derivatives |= {name: [x] for name, x in self._before()}
                if x in partials:
                    sums.setdefault(x, []).append(code)
                else:  # of a leaf, which is complete when the last has come
                    name = f"d_{self.names.title(x)}"
                    self.derivatives[name] = [*self.derivatives.pop(name, []), code]
        if not partials:
            self.derivatives[f"d_{self.names.title(output)}"] = [seed]

    def _watch(self, v: Any, term: Any) -> None:
        """Look at what a derivative of one's own may hide."""
        if v.op.__module__ != ops.__name__:
            self.watched |= {written(part, self.names): None for part in hiding(term)}

    def backward(self, leaves: Collection[Value] = ()) -> Iterator[str]:
        """The lines of the backward pass. What is a sum for the leaves in `leaves` is added to what
        is there.
        """
        begun = {f"d_{self.names.title(v)}" for v in leaves}
        for name, terms in self.derivatives.items():
            yield from _sum_in_lines(name, terms, name in begun)


def _asked_of_backward(partials: Iterable[Sequence[tuple[Value, Any]]]) -> set[Any]:
    """Return what the local derivatives need of the forward pass."""
    return {x for terms in partials for _, term in terms for x in references(term)}


def _sum_in_lines(name: str, terms: list[Written], is_begun: bool) -> Iterator[str]:
    """Yield the lines that make a name a sum; what is begun already is added to."""
    # a + b is b + a, and reads better
    rest = terms if is_begun or len(terms) > 2 else terms[::-1]
    for k in range(0, len(rest), WIDEST):
        first = [Written(name, ATOM, "text")] if k or is_begun else []
        yield f"{name} = {_joined(first + rest[k : k + WIDEST])}"


def _joined(terms: list[Written]) -> str:
    """Their sum, with a minus sign where one is negative."""
    rest = (f" - {t.text[1:]}" if t.binding == NEGATIVE else f" + {t:2}" for t in terms[1:])
    return f"{terms[0]:1}" + "".join(rest)


def _written_for(v: Any) -> tuple[Any, ...]:
    """Return what the code of a node has in it: of a square, its argument twice."""
    return (v._x, v._x) if v.op is ops.pow and v._y == 2.0 else v.args


def _is_name(code: Written) -> bool:
    return code.text.isidentifier()


def _is_used_once(terms: list[Written], times: int) -> bool:
    """Whether a derivative can be written where it is used, so many times, in place of a line."""
    return len(terms) == 1 and (_is_name(terms[0]) or times == 1) and _is_short(terms[0])


def _is_short(code: Written) -> bool:
    """Whether a person, and Python's parser, can still read it."""
    return len(code.text) <= 1500 and code.text.count("(") <= 50


def _reference(x: Any) -> Any:
    return x if x.__class__ is float else Term(None, (x,))


def _partials(v: Any, active: Collection[Value]) -> Iterator[tuple[Value, Any]]:
    """Each argument of `v` that is active, with the partial derivative by it."""
    args = tuple(map(_reference, v.args))
    for place, x in enumerate(v.args):
        if x in active:
            yield x, slope_of(v.op, place, args, _reference(v))


class Guard(NamedTuple):
    """A comparison that was made while recording. A Python `if` may have asked: the record holds
    only one branch.
    """

    left: Value
    symbol: str
    right: Value | float
    outcome: bool

    def __str__(self) -> str:
        right = repr(self.right).removesuffix(".0")
        if isinstance(self.right, Value):
            right = self.right.label or "a Value"
        return f"{self.left.label or 'a Value'} {self.symbol} {right}"


def compared(guards: Iterable[Guard]) -> set[Value]:
    """Return the Values that the guards compare."""
    return {x for guard in guards for x in guard[::2] if isinstance(x, Value)}


def guards(values: Collection[Value]) -> list[Guard]:
    """The comparisons that were made of `values`, with one another or with a number that stays as
    it was. One that was made again counts as it came out last.
    """
    found = []
    for left, symbol, right, number, outcomes in comparisons_of(values):
        if left in values:
            other = right if isinstance(right, Value) and right in values else saturated(number)
            found.append(Guard(left, symbol, other, outcomes[-1]))
    return found


def script(listing: Listing) -> str:
    """The listing as a program that runs on its own, with the numbers that the leaves have now."""
    leaves = [f"{listing.names.title(v)} = {v.data!r}" for v in listing.leaves]
    parts = _functions(listing.names) + [
        "\n".join([f"# {title}", *lines])
        for title, lines in (
            ("the leaves", leaves),
            ("forward", listing.forward),
            ("backward", list(listing.backward())),
        )
        if lines
    ]
    return "\n\n".join(parts)


def _functions(names: Names) -> list[str]:
    """The imports of the operations that were asked for, and the definitions of others."""
    known = {name: definition(op, name) for name, op in names.functions.items()}
    texts = [text for text in known.values() if text]
    imports = _imports({name: names.functions[name] for name, text in known.items() if not text})
    if any("math." in text for text in texts):
        imports.insert(0, "import math")
    return ["\n".join(imports), *texts] if imports else texts


def _imports(functions: Mapping[str, Op]) -> list[str]:
    """Return the lines that import these operations, by the names that they are to have."""
    found: dict[str, list[str]] = {"math": [], "builtins": []}  # by module
    for name, op in functions.items():
        module, spelled = _import(op, name)
        if (module, spelled) != ("builtins", name):
            found.setdefault(module, []).append(spelled)
    return [f"from {module} import {', '.join(of)}" for module, of in found.items() if of]


def _import(op: Op, name: str) -> tuple[str, str]:
    """Return the module that has the function of an operation, and what to import from it."""
    module, there = op.__module__, op.name
    if origin(op) in ("math", "builtins"):
        module, there = origin(op), op.function.__name__
    return module, there if name == there else f"{there} as {name}"
