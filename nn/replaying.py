"""What `train` records once and replays: which models, and the batches of them.

A model is replayed where it is known to be a pure function of its inputs, or where the caller says
so. The numbers of an example are the inputs of a `Program`; an example of another shape, such as
one with another class for its target, has a program of its own.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from autograd import Value
from autograd.op import real
from autograd.record import Record
from autograd.recording import collector_paused, compared
from nn import losses
from nn.layers import ACTIVATIONS, MLP, Layer, Neuron

if TYPE_CHECKING:
    from autograd import Program

WORTH_MACHINE_CODE = 8e6  # operations: with fewer, to load it takes longer than it saves
WORTH_A_CALL = 1000  # operations: with fewer at a time, Python is as fast
COMPILING = 600  # operations: in that time Python compiles one, which machine code does sooner
WORTH_RECORDING = 100  # examples of a shape: fewer are computed sooner than recorded for a replay
_LOSSES = (
    losses.half_squared_error,
    losses.mean_squared_error,
    losses.hinge,
    losses.binary_cross_entropy,
    losses.softmax_cross_entropy,
)


def is_known_to_be_pure(model: Any, loss: Any) -> bool:
    """Whether model and loss are this package's own, with activations of its own, and so pure.

    A subclass may do anything in its `__call__`: it is not known.
    """
    if type(model) not in (MLP, Layer, Neuron) or loss not in _LOSSES:
        return False
    layers = model.layers if type(model) is MLP else [model]
    if any(type(layer) not in (Layer, Neuron) for layer in layers):
        return False
    return all(map(_is_known_to_be_pure, model._neurons()))


def _is_known_to_be_pure(neuron: Neuron) -> bool:
    """Whether its activation is this package's, and its parameters are leaves.

    A weight computed from others keeps its number when they move: a replay would compute it anew.
    """
    if type(neuron) is not Neuron or not any(neuron.activation is f for f in ACTIVATIONS.values()):
        return False
    return all(isinstance(p, Value) and p.op is None for p in (*neuron.w, *neuron.biases()))


class _Recording(NamedTuple):
    """The loss of one example, and the Values that are the inputs of its program."""

    record: Record
    inputs: list[Value]
    places: list[int]  # of the inputs, among the numbers of an example


class _Replay(NamedTuple):
    """A program, and which of an example's numbers are its inputs."""

    program: Program
    places: list[int]


class Batches:
    """The mean loss of a batch of examples, and its gradient: computed anew, or replayed."""

    def __init__(self, loss: Callable[[Any, Any], Value], examples: Sequence[Any]) -> None:
        self.loss = loss
        self.examples = examples
        self.replays: dict[Hashable, _Replay] = {}
        self.touched: list[Value] = []  # all to whose gradients a replay adds
        self.keys: list[Hashable] = []  # the shape of each example
        self.rows: list[list[float]] = []  # the numbers in it that are inputs

    def backward(self, batch: list[int]) -> float:
        """Add the gradient of the mean loss of these examples to the parameters; return the
        loss.
        """
        if self.replays:
            try:
                return self._replayed(batch)
            except (ArithmeticError, ValueError):
                self.replays = {}  # computed anew, it has the error that names what is wrong
        with collector_paused():  # or it walks what is recorded of a batch as that grows
            loss = losses.mean([self.loss(*self.examples[k]) for k in batch])
            loss.backward()
            return loss.data

    def _replayed(self, batch: list[int]) -> float:
        """Sweep as the eager pass does: from the last example to the first, each with 1/count."""
        outputs: list[float] = []
        numbers, gradients = next(iter(self.replays.values())).program.numbers()
        for key, group in groupby(reversed(batch), key=lambda k: self.keys[k]):
            rows = [self.rows[k] for k in group][::-1]
            program = self.replays[key].program
            some, gradients = program.accumulate(rows, len(batch), numbers, gradients)
            outputs = some + outputs
        for parameter, gradient in zip(self.touched, map(float, gradients), strict=True):
            parameter.grad = gradient
        total = outputs[0]
        for output in outputs[1:]:
            total += output
        return total / len(batch) if len(batch) > 1 else total

    def prepare(
        self, loss: Any, parameters: set[Value], epochs: int, batch_size: int, known: bool
    ) -> None:
        """Record an example of each shape, where all examples are numbers alone."""
        parts = self._in_numbers(loss)
        if parts is None:
            return  # Values, or what is no number: computed anew, it is told or is right
        self.keys = [(x.key, target.key) for x, target in parts]
        if epochs == 1 and len(parts) < WORTH_RECORDING * len(set(self.keys)):
            return
        try:
            with _generators_put_back():
                recordings = self._recorded_by_shape(parts, parameters)
                if known:
                    self._require_fitting_targets(loss)
            replays = self._programs(recordings, epochs, batch_size)
        except Exception:
            return  # computed anew, it has the error when the example's turn comes
        if replays:
            self._keep(replays)
            self.rows = [self._row(key, *part) for key, part in zip(self.keys, parts, strict=True)]

    def _in_numbers(self, loss: Any) -> list[tuple[_Numbers, _Numbers]] | None:
        """Return the inputs and the target of each example; None where they are no numbers."""
        is_index = loss is losses.softmax_cross_entropy or loss not in _LOSSES
        try:
            return [(_Numbers(x), _Numbers(t, is_index)) for x, t in self.examples]
        except (TypeError, ValueError):
            return None

    def _row(self, key: Hashable, x: _Numbers, target: _Numbers) -> list[float]:
        """Return the numbers of an example that are inputs of its program."""
        numbers = [*x.numbers, *target.numbers]
        return [numbers[k] for k in self.replays[key].places]

    def _keep(self, replays: dict[Hashable, _Replay]) -> None:
        """Replay from now on; all programs have one order, so that they share their gradients."""
        self.replays = replays
        programs = [replay.program for replay in replays.values()]
        self.touched = list(dict.fromkeys(p for program in programs for p in program.parameters))
        for program in programs:
            program.parameters = tuple(self.touched)

    def _recorded_by_shape(
        self, parts: list[tuple[_Numbers, _Numbers]], parameters: set[Value]
    ) -> dict[Hashable, _Recording]:
        """Return a recording for each shape of example; none where one depends on no parameter."""
        recordings: dict[Hashable, _Recording] = {}
        for key, (x, target) in zip(self.keys, parts, strict=True):
            if key not in recordings:
                recording = self._recorded(x, target)
                record = recording.record
                if not record.nodes or not parameters.intersection(record.leaves):
                    return {}
                recordings[key] = recording
        return recordings

    def _recorded(self, x: _Numbers, target: _Numbers) -> _Recording:
        """Record an example. ValueError where it compares what is not in the record: with other
        numbers the record might be another one, and a replay cannot know.
        """
        values = [*x.values, *target.values]
        with compared() as sides:
            record = Record(self.loss(x.rebuilt(), target.rebuilt()))
        if not {v for v in sides if isinstance(v, Value)}.issubset(record.values):
            raise ValueError("a comparison of what is not in the record")
        leaves = set(record.leaves)
        places = [k for k, v in enumerate(values) if v in leaves]
        return _Recording(record, [values[k] for k in places], places)

    def _programs(
        self, recordings: dict[Hashable, _Recording], epochs: int, batch_size: int
    ) -> dict[Hashable, _Replay]:
        """Return a program for each shape, all of them by the backend that is done first."""
        from autograd import Program  # now, so that `import nn` stays quick

        examples = Counter(self.keys)
        sizes = {key: len(recording.record.nodes) for key, recording in recordings.items()}
        in_all = sum((epochs * examples[key] + COMPILING) * size for key, size in sizes.items())
        rows_in_a_call = batch_size if len(sizes) == 1 else 1  # shapes follow one another shuffled
        in_a_call = rows_in_a_call * max(sizes.values(), default=0)
        backend: Literal["python"] | None = "python"
        if in_all >= WORTH_MACHINE_CODE and in_a_call >= WORTH_A_CALL:
            backend = None
        replays: dict[Hashable, _Replay] = {}
        for key, (record, inputs, places) in recordings.items():
            replays[key] = _Replay(Program(record.root, inputs, backend=backend), places)
        return replays

    def _require_fitting_targets(self, loss: Any) -> None:
        """Raise the error of the loss for a target that it does not take."""
        for _, target in self.examples:
            if loss in (losses.hinge, losses.binary_cross_entropy):
                targets = target if isinstance(target, Sequence) else [target]
                loss([0.0] * len(targets), targets)

    def check(self, k: int) -> None:
        """Compute an example anew: ValueError where the replay gives another loss."""
        if not self.replays:
            return
        with _generators_put_back():
            anew = self.loss(*self.examples[k]).data
        replayed = self.replays[self.keys[k]].program(self.rows[k])
        if anew != replayed:
            raise ValueError(
                f"replay=True, and example {k} has the loss {anew!r} when it is computed anew and"
                f" {replayed!r} when it is replayed: the model or the loss depends on more than"
                " the numbers of an example"
            )


class _Numbers:
    """The inputs or the target of an example: its numbers, and what else there is to it.

    key      the same for examples of one shape
    numbers  the numbers that may be other ones in another example
    values   a Value for each of them

    Raises TypeError for anything but numbers, or lists of numbers.
    """

    def __init__(self, part: Any, is_index: bool = False) -> None:
        self.part = part
        self.alone = not hasattr(part, "__len__")
        self.is_index = is_index and self.alone and hasattr(part, "__index__")
        if self.is_index:
            self.key: Hashable = ("index", part.__index__())
            self.numbers: list[float] = []
        else:
            items = [part] if self.alone else list(part)
            self.numbers = [real(x) for x in items]
            self.key = "one" if self.alone else len(items)
        self.values = [Value(x) for x in self.numbers]

    def rebuilt(self) -> Any:
        """Return the part with Values for its numbers."""
        if self.is_index:
            return self.part
        return self.values[0] if self.alone else self.values


@contextmanager
def _generators_put_back() -> Iterator[None]:
    """Leave Python's and NumPy's random numbers as they were."""
    state = random.getstate()
    numpy = sys.modules.get("numpy")
    of_numpy = numpy.random.get_state() if numpy else None
    try:
        yield
    finally:
        random.setstate(state)
        if numpy:
            numpy.random.set_state(of_numpy)
