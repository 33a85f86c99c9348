"""Program: a recorded graph, replayed on other numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from importlib.util import find_spec
from numbers import Integral
from typing import Any, Literal

from autograd.op import real
from autograd.ops import TABLE
from autograd.record import Record
from autograd.replay.arrays import over_arrays
from autograd.replay.descent import Descent
from autograd.replay.engine import Batch, Engine, Task
from autograd.replay.failure import are_finite, computed, eagerly, failure, mean
from autograd.replay.generated import Generated
from autograd.replay.listing import Guard, Listing, guards, script
from autograd.replay.rows import checked, title
from autograd.replay.terms import Names
from autograd.value import Value


class Program:
    """The recorded graph of `output`, to be run on other numbers, fast.

    inputs    the leaves that each row of data gives numbers to, in this order
    backend   "llvmlite": machine code, `pip install 'handgrad[fast]'`; "python": generated Python.
              Unless given, llvmlite where it is installed and knows every operation of the graph:
              a row of your own is machine code where its source is to be had and needs nothing but
              arithmetic, `if` and `math`

    The other leaves are the parameters: their numbers are read from the Values, and gradients are
    added to their `.grad`. Inputs get none. All comes out as it does eagerly, to the last bit, with
    the same errors.

    A row is a sequence of numbers, one for each input, or a number where there is one input. Rows
    are a list of them, a NumPy array, or a pandas frame, whose columns are found by the labels of
    the inputs, else by place. Without rows, the inputs have the numbers of their Values.

    A Python `if` that was taken while recording is not in the record. So a comparison of Values in
    the graph that comes out otherwise than it did then raises ValueError. One of a Value that only
    the `if` has seen is not known here, nor is an `if` on `.data`.

    Raises TypeError for anything but Values, and for rows of anything but numbers; ValueError for
    an input that is no leaf of the graph, for rows of another width and for an unknown backend;
    DomainError, with the row and the Value, for nan, and where an operation is not defined. No
    `.grad` and no parameter is then changed. Several threads may ask one program for outputs;
    `backward` and `descend` are for one at a time.

    >>> w, x, t = Value(1.0, label="w"), Value(0.0, label="x"), Value(0.0, label="t")
    >>> program = Program((w * x - t) ** 2, inputs=[x, t])
    >>> rows = [[1.0, 3.0], [2.0, 6.0]]
    >>> program.outputs(rows), program.backward(rows), w.grad
    ([4.0, 16.0], 10.0, -10.0)
    >>> losses = program.descend(0.1, 100, rows)
    >>> print(f"{w:.6f}")
    3.000000
    """

    def __init__(
        self,
        output: Value,
        inputs: Iterable[Value] = (),
        *,
        backend: Literal["llvmlite", "python"] | None = None,
    ) -> None:
        self.output = output
        self.inputs = (inputs,) if isinstance(inputs, Value) else tuple(inputs)
        for v in (output, *self.inputs):
            if not isinstance(v, Value):
                raise TypeError(f"Program takes Values, not {type(v).__name__}")
        if backend not in (None, "llvmlite", "python"):
            raise ValueError(f"unknown backend {backend!r}: it must be 'llvmlite' or 'python'")
        self._nodes: list[Any]
        record = Record(output)
        leaves, self._nodes = record.leaves, record.nodes
        self.parameters = self._without_inputs(leaves)
        self.guards = guards(dict.fromkeys((*leaves, *self._nodes)))
        self._engines: dict[tuple[Value, ...], Engine] = {}
        self.backend = self._chosen(backend)

    def _without_inputs(self, leaves: Iterable[Value]) -> tuple[Value, ...]:
        """Return the other leaves. ValueError for an input that is none, or stands twice."""
        others = dict.fromkeys(leaves)
        for place, v in enumerate(self.inputs):
            if v not in others:
                problem = (
                    "stands twice among the inputs"
                    if v in self.inputs[:place]
                    else "is not a leaf of the graph"
                )
                raise ValueError(
                    f"{title(self.inputs, place)} {problem}, of which"
                    f" {self.output.label or 'this'} is the output"
                )
            del others[v]
        return tuple(others)

    def _chosen(
        self, backend: Literal["llvmlite", "python"] | None
    ) -> Literal["llvmlite", "python"]:
        """Return the backend that was asked for, or the fastest that can run the graph."""
        if backend == "python":
            return "python"
        try:
            self._require_machine_code()
        except (ImportError, ValueError):
            if backend is not None:
                raise
            return "python"
        return "llvmlite"

    def _require_machine_code(self) -> None:
        if not (find_spec("llvmlite") and find_spec("numpy")):
            raise ImportError("llvmlite is not installed: pip install 'handgrad[fast]'")
        translates = import_module("autograd.replay.translation").translates
        for op in dict.fromkeys(v.op for v in self._nodes):
            if op not in TABLE and not translates(op):
                raise ValueError(
                    f"machine code cannot be made of the function of {op.name}: backend='python'"
                    " runs it"
                )

    def __call__(self, row: Any = None) -> float:
        """The output at one row of numbers."""
        return self.outputs(None if row is None else [row])[0]

    def outputs(self, rows: Any = None) -> list[float]:
        """The output at each row."""
        # each engine computes the outputs; threads add more
        any_engine = next(iter(tuple(self._engines)), ())
        engine, table, parameters = self._prepared(any_engine, rows)
        outputs, failed = engine.outputs(table, parameters)
        if failed:
            return computed(self._task, table, failed, parameters)
        return outputs

    def backward(self, rows: Any = None, reduce: Literal["mean", "sum"] = "mean") -> float:
        """The mean of the outputs at the rows, or their sum; its derivatives are added to the
        parameters' `.grad`.
        """
        if reduce not in ("mean", "sum"):
            raise ValueError(f"reduce must be 'mean' or 'sum', not {reduce!r}")
        engine, table, parameters = self._prepared(self.parameters, rows)
        count = len(table) if reduce == "mean" else 1
        before = [p.grad for p in self.parameters]
        loss, _, gradients, failed = engine.run(table, 1, 0.0, count, parameters, before)
        if failed or not (are_finite(loss) and are_finite(gradients)):
            outputs, gradients = eagerly(
                self._task, table, failed, count, parameters, before, sums=gradients
            )
            loss = [mean(outputs, count)]
            if not are_finite(loss):
                raise failure(self._task, table, (), parameters)
        for p, gradient in zip(self.parameters, list(gradients), strict=True):
            p.grad = float(gradient)
        return float(loss[0])

    def numbers(self) -> tuple[Any, Any]:
        """Return the parameters' numbers and their gradients, as `accumulate` takes them."""
        parts: list[Any] = [[p._data for p in self.parameters], [p._grad for p in self.parameters]]
        if self.backend == "llvmlite":
            import numpy as np

            parts = [np.array(part, float) for part in parts]
        return parts[0], parts[1]

    def accumulate(
        self, rows: Any, count: int, numbers: Any, gradients: Any
    ) -> tuple[list[float], Any]:
        """Return the output at each row, and the gradients with the derivatives of the outputs'
        sum over `count` added.

        Several programs with the same parameters so share a batch: of all its rows, each takes its
        own, from the last on.
        """
        engine, table = self._engine(self.parameters), checked(rows, self.inputs)
        table = engine.table(table)
        outputs, sums, failed = engine.accumulate(table, count, numbers, gradients)
        if failed or not are_finite(sums):
            return eagerly(self._task, table, failed, count, numbers, gradients, sums=sums)
        return outputs, sums

    def descend(
        self,
        lr: float,
        rounds: int,
        rows: Any = None,
        *,
        wrt: Iterable[Value] | None = None,
        batch_size: int | None = None,
    ) -> list[float]:
        """Gradient descent on the mean of the outputs: the mean before each step.

        A round is a step on all rows, or one after each `batch_size` of them. `wrt` are the
        parameters that move, by `lr` times their derivative; all, unless given. No `.grad` is
        touched. After Ctrl-C the parameters keep what whole steps have learned.
        """
        rate = real(lr, "lr")
        _require_whole(rounds, "rounds", 0)
        moving = self.parameters if wrt is None else self._moving(wrt)
        engine, table, numbers = self._prepared(moving, rows)
        size = len(table)
        if batch_size is not None:
            _require_whole(batch_size, "batch_size", 1)
            size = min(size, int(batch_size))
        steps, at_once = rounds * Batch(size).count(table), max(1, int(engine.pace / size))
        descent = Descent(self._task, engine, table, set(moving), rate)
        losses: list[float] = []
        try:
            while len(losses) < steps:
                todo = min(at_once, steps - len(losses))
                batch = Batch(size, len(losses))
                means, numbers = descent.taken(batch, todo, numbers)
                if losses:
                    losses += means
                else:  # many, where all steps were one call
                    losses = means
        except KeyboardInterrupt:
            self._set(numbers)
            raise
        self._set(numbers)
        return losses

    def _moving(self, wrt: Iterable[Value]) -> tuple[Value, ...]:
        known = set(self.parameters)
        moving = tuple(dict.fromkeys([wrt] if isinstance(wrt, Value) else wrt))
        for v in moving:
            if v not in known:
                raise ValueError(
                    "wrt takes parameters of the graph, and"
                    f" {getattr(v, 'label', '') or v!r} is none"
                )
        return moving

    def source(self) -> str:
        """The graph as straight-line Python: the numbers of the leaves, the forward pass, and the
        backward pass.

        It runs on its own, with `math` alone, and comes to the same numbers to the last bit. A
        derivative is called `d_` and the name of its Value.

        >>> x = Value(2.0, label="x")
        >>> y = x**2 + 1; y.label = "y"
        >>> print(Program(y).source())
        # the leaves
        x = 2.0
        <BLANKLINE>
        # forward
        y = x * x + 1
        <BLANKLINE>
        # backward
        d_y = 1.0
        d_x = d_y * (2 * x)
        """
        return script(Listing(self.output, self.parameters, Names()))

    def function(self, namespace: Any) -> Callable[..., Any]:
        """The forward pass as a plain function of arrays: `f(parameters, inputs=())`, each a
        sequence of them.

        `namespace` is `numpy`, `jax.numpy` or `torch`; the arrays broadcast. So a graph that was
        built here can be differentiated, mapped and compiled there. ValueError where the graph
        holds comparisons.

        >>> import numpy
        >>> x, w = Value(1.0, label="x"), Value(2.0, label="w")
        >>> f = Program(w * x + 1, inputs=[x]).function(numpy)
        >>> f([2.0], [numpy.array([1.0, 2.0, 3.0])]).tolist()
        [3.0, 5.0, 7.0]
        """
        if self.guards:
            raise ValueError(
                f"the graph holds the comparison {self.guards[0]}, which a function of arrays"
                " cannot make"
            )
        leaves = (*self.parameters, *self.inputs)
        slots: dict[Any, int] = {v: k for k, v in enumerate((*leaves, *self._nodes))}
        steps = [
            (over_arrays(namespace, v.op), [slots.get(x, x) for x in v.args]) for v in self._nodes
        ]

        def function(parameters: Sequence[Any], inputs: Sequence[Any] = ()) -> Any:
            given = len(parameters), len(inputs)
            if given != (len(self.parameters), len(self.inputs)):
                wanted = f"{len(self.parameters)} parameters and {len(self.inputs)} inputs"
                raise ValueError(f"the function takes {wanted}, not {given[0]} and {given[1]}")
            numbers = [*parameters, *inputs]
            for compute, args in steps:
                numbers.append(compute(*(numbers[x] if isinstance(x, int) else x for x in args)))
            return numbers[slots[self.output]]

        return function

    def _prepared(
        self, moving: tuple[Value, ...], rows: Any
    ) -> tuple[Engine, Any, Sequence[float]]:
        """The engine for these gradients, the rows as it takes them, and the parameters'
        numbers.
        """
        table = checked(rows, self.inputs)
        engine = self._engine(moving)
        return engine, engine.table(table), [p._data for p in self.parameters]

    def _engine(self, moving: tuple[Value, ...]) -> Engine:
        if moving not in self._engines:
            kind: Any = Generated
            if self.backend == "llvmlite":
                kind = import_module("autograd.replay.machine").Machine
            self._engines[moving] = kind(self._task, moving)
        return self._engines[moving]

    @property
    def _task(self) -> Task:
        return Task(self.output, self.inputs, self.parameters, self.guards)

    def _set(self, numbers: Any) -> None:
        if hasattr(numbers, "tolist"):
            numbers = numbers.tolist()
        for p, number in zip(self.parameters, numbers, strict=True):
            p._data = number

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (self.output, self.inputs, self.backend, self.guards)


def _require_whole(number: Any, name: str, least: int) -> None:
    if not isinstance(number, Integral) or number < least:
        raise ValueError(f"{name} must be a whole number of at least {least}, not {number!r}")


def _restored(
    output: Value, inputs: tuple[Value, ...], backend: Any, guards: list[Guard]
) -> Program:
    program = Program(output, inputs, backend=backend)
    program.guards = guards
    return program
