"""Who trains: each prepares a problem, and gives a function that trains from the start and returns
time and losses.
"""

import ctypes
import math
import os
from collections.abc import Callable, Iterable
from functools import partial
from itertools import chain
from types import SimpleNamespace
from typing import Any

from . import c
from .problems import Problem, flat, layers, mapped
from .racing import Contestants, LeftOut, Run, timed


def measured(train: Callable[[], Iterable[Any]]) -> tuple[list[float], list[float]]:
    """The seconds of a step, and the loss of each, which is made a float when time has been taken."""
    seconds, losses = timed(train)
    losses = list(map(float, losses))
    return [seconds / len(losses)], losses


def each_step(problem: Problem, batches: list[Any]) -> list[Any]:
    """The batch of each step."""
    return [batch for batch in batches for _ in range(problem.rounds)]


# A graph of scalars, built anew for each step.
def scalars(
    problem: Problem, Value: Any, f: Any, MLP: Any = None, row: Any = None, zero: float | None = 0.0
) -> Run:
    """`row` makes what is computed with of a number in a row: a Value unless given; `zero` clears a
    gradient.
    """
    if MLP and problem.sizes:
        network = MLP(problem.sizes[0], problem.sizes[1:])
        parameters = network.parameters()
        neurons = (
            neuron for W, b in layers(problem.parameters) for neuron in zip(W, b, strict=True)
        )
        numbers = [x for w, bias in neurons for x in (*w, bias)]
    else:
        network = mapped(Value, problem.parameters)
        parameters = list(flat(network))
        numbers = list(flat(problem.parameters))
    few = mapped(row or Value, problem.batches[: problem.steps_of_scalars])
    batches = each_step(problem, few)[: problem.steps_of_scalars]

    def train() -> Iterable[Any]:
        losses = []
        for batch in batches:
            loss = sum(problem.example(network, x, f) for x in batch) * (1 / len(batch))
            if problem.l2:
                loss = loss + problem.l2 * sum(p * p for p in parameters)
            for p in parameters:
                p.grad = zero
            loss.backward()
            for p in parameters:
                p.data -= problem.lr * p.grad
            losses.append(loss.data)
        return losses

    def run() -> tuple[list[float], list[float]]:
        for p, number in zip(parameters, numbers, strict=True):
            p.data = Value(number).data
        return measured(train)

    return run


def eager(problem: Problem) -> Run:
    import autograd
    import nn

    return scalars(problem, autograd.Value, autograd, nn.MLP)


def micrograd(problem: Problem, composed: bool = False) -> Run:
    """Its user adds what it has not, each as a closure; or composes σ of exp, as its author does in
    his lecture.
    """
    from micrograd.engine import Value
    from micrograd.nn import MLP

    def added(
        function: Callable[[float], float], slope: Callable[[float, float], float]
    ) -> Callable[[Any], Any]:
        def apply(x: Any) -> Any:
            out = Value(function(x.data), (x,))

            def _backward() -> None:
                x.grad += slope(x.data, out.data) * out.grad

            out._backward = _backward
            return out

        return apply

    exp = added(math.exp, lambda x, z: z)
    log = added(math.log, lambda x, z: 1 / x)
    sigmoid = added(lambda x: 1 / (1 + math.exp(-x)), lambda x, z: z * (1 - z))
    if composed:
        sigmoid = lambda x: 1 / (1 + exp(-x))
    return scalars(
        problem, Value, SimpleNamespace(exp=exp, log=log, sigmoid=sigmoid, relu=Value.relu), MLP
    )


def torch_scalars(problem: Problem) -> Run:
    import torch

    Value = partial(torch.tensor, dtype=torch.float64, requires_grad=True)
    return scalars(problem, Value, torch, row=float, zero=None)


# A graph of scalars, recorded once on one row.
def program(problem: Problem, backend: str) -> Run:
    import autograd

    network = mapped(autograd.Value, problem.parameters)
    parameters = list(flat(network))
    inputs = mapped(autograd.Value, problem.batches[0][0])
    loss = problem.example(network, inputs, autograd)
    if problem.l2:
        loss = loss + problem.l2 * sum(p * p for p in parameters)
    replay = autograd.Program(loss, inputs, backend=backend)
    batches = problem.batches
    if backend == "llvmlite":
        import numpy

        batches = [numpy.array(batch) for batch in batches]

    size = len(problem.batches[0])
    whole = [row for batch in problem.batches for row in batch]
    if backend == "llvmlite":
        whole = numpy.array(whole)

    def train() -> Iterable[float]:
        if problem.rounds == 1:
            return replay.descend(problem.lr, 1, whole, batch_size=size)
        return chain.from_iterable(
            [replay.descend(problem.lr, problem.rounds, batch) for batch in batches]
        )

    def run() -> tuple[list[float], list[float]]:
        for p, number in zip(parameters, flat(problem.parameters), strict=True):
            p.data = number
        return measured(train)

    return run


def on_one_core(problem: Problem) -> Run:
    """Machine code in a process that may use one core only."""
    if not hasattr(os, "sched_setaffinity"):
        raise LeftOut("no process can be kept to one core here")
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    return program(problem, "llvmlite")


def straight_c(problem: Problem) -> Run:
    import autograd

    network = mapped(autograd.Value, problem.parameters)
    inputs = mapped(autograd.Value, problem.batches[0][0])
    loss = problem.example(network, inputs, autograd)
    n = len(problem.batches[0])
    descend = c.compiled(c.source(loss, list(flat(network)), inputs, n, problem.lr, problem.l2))

    def doubles(numbers: Any) -> Any:
        numbers = list(flat(numbers))
        return (ctypes.c_double * len(numbers))(*numbers)

    batches = list(map(doubles, problem.batches))

    def train(p: Any) -> Iterable[float]:
        losses = [(ctypes.c_double * problem.rounds)() for _ in batches]
        for batch, some in zip(batches, losses, strict=True):
            descend(p, batch, ctypes.c_long(problem.rounds), some)
        # as Python's floats, which other engines of scalars return too
        return list(chain.from_iterable(some[:] for some in losses))

    return lambda: measured(partial(train, doubles(problem.parameters)))


def casadi(problem: Problem, whole_loop: bool) -> Run:
    """SX of one row, mapped over the rows of a batch, and the update in MX."""
    from casadi import DM, MX, SX, Function, dot, exp, fmax, gradient, horzcat, log

    numbers = DM(list(flat(problem.parameters)))
    p = SX.sym("p", numbers.numel())
    row = SX.sym("row", len(problem.batches[0][0]))
    f = SimpleNamespace(
        exp=exp, log=log, sigmoid=lambda x: 1 / (1 + exp(-x)), relu=lambda x: fmax(x, 0)
    )
    symbols = iter(p.elements())
    loss = problem.example(mapped(lambda _: next(symbols), problem.parameters), row.elements(), f)
    n = len(problem.batches[0])
    example = Function("example", [p, row], [loss, gradient(loss, p)])
    batch = example.map("batch", "serial", n, [0], [0, 1])

    P = MX.sym("P", *p.shape)
    X = MX.sym("X", row.numel(), n)
    loss, slope = batch(P, X)
    loss = loss / n + problem.l2 * dot(P, P)
    step = Function("step", [P, X], [P - problem.lr * (slope / n + 2 * problem.l2 * P), loss])
    batches = each_step(problem, [DM(batch).T for batch in problem.batches])
    if whole_loop:
        loop = step.mapaccum(len(batches))
        rows = horzcat(*batches)
        return lambda: measured(lambda: loop(numbers, rows)[1].elements())

    def train() -> list[float]:
        P, losses = numbers, []
        for X in batches:
            P, loss = step(P, X)
            losses.append(loss)
        return losses

    return lambda: measured(train)


# Matrices, a whole batch at once.
def torch_matrices(problem: Problem) -> Run:
    """With nothing between the user and the matrices: no modules, no optimizer."""
    import torch

    def start() -> tuple[Any, list[Any], Callable[[], None]]:
        parameters = [
            torch.tensor(p, dtype=torch.float64, requires_grad=True) for p in problem.parameters
        ]

        def step() -> None:
            with torch.no_grad():
                for p in parameters:
                    p.sub_(p.grad, alpha=problem.lr)
                    p.grad = None

        return parameters, parameters, step

    return torch_training(problem, start)


def torch_modules(problem: Problem) -> Run:
    """As PyTorch is used: nn.Sequential and optim.SGD."""
    import torch

    def start() -> tuple[Any, list[Any], Callable[[], None]]:
        double = partial(torch.tensor, dtype=torch.float64)
        modules: list[Any] = []
        for W, b in layers(problem.parameters):
            modules += [torch.nn.Linear(len(W[0]), len(W), dtype=torch.float64), torch.nn.ReLU()]
            modules[-2].load_state_dict({"weight": double(W), "bias": double(b)})
        model = torch.nn.Sequential(*modules[:-1])
        optimizer = torch.optim.SGD(model.parameters(), lr=problem.lr)

        def step() -> None:
            optimizer.step()
            optimizer.zero_grad()

        return model, list(model.parameters()), step

    return torch_training(problem, start)


def torch_training(
    problem: Problem, start: Callable[[], tuple[Any, list[Any], Callable[[], None]]]
) -> Run:
    """`start` gives what `problem.losses` takes, the parameters, and a step that leaves no gradient
    behind.
    """
    import torch
    from torch.nn.functional import cross_entropy, linear

    f = SimpleNamespace(
        linear=linear,
        relu=torch.relu,
        sigmoid=torch.sigmoid,
        tanh=torch.tanh,
        softmax=partial(torch.softmax, dim=-1),
        cross_entropy=partial(cross_entropy, reduction="none"),
    )
    batches = each_step(
        problem, [torch.tensor(batch, dtype=torch.float64) for batch in problem.batches]
    )

    def train(network: Any, parameters: list[Any], step: Callable[[], None]) -> Iterable[Any]:
        losses = []
        for batch in batches:
            loss = problem.losses(network, batch, f).mean()
            if problem.l2:
                loss = loss + problem.l2 * sum((p * p).sum() for p in parameters)
            loss.backward()
            step()
            losses.append(loss.detach())
        return losses

    return lambda: measured(partial(train, *start()))


def jax_matrices(problem: Problem, whole_loop: bool) -> Run:
    import jax
    from jax import numpy as jnp

    f = SimpleNamespace(
        linear=lambda X, W, b: X @ W.T + b,
        relu=jax.nn.relu,
        sigmoid=jax.nn.sigmoid,
        tanh=jnp.tanh,
        softmax=jax.nn.softmax,
        cross_entropy=lambda Z, T: jax.nn.logsumexp(Z, 1) - (Z * T).sum(1),
    )

    def loss(parameters: list[Any], batch: Any) -> Any:
        return problem.losses(parameters, batch, f).mean() + problem.l2 * sum(
            (p * p).sum() for p in parameters
        )

    @jax.jit
    def step(parameters: list[Any], batch: Any) -> Any:
        value, gradient = jax.value_and_grad(loss)(parameters, batch)
        return jax.tree.map(lambda p, g: p - problem.lr * g, parameters, gradient), value

    parameters = [jnp.array(p) for p in problem.parameters]
    batches = each_step(problem, [jnp.array(batch) for batch in problem.batches])
    if whole_loop:
        loop = jax.jit(lambda parameters, batches: jax.lax.scan(step, parameters, batches))
        stacked = jnp.array(each_step(problem, problem.batches))
        return lambda: measured(lambda: jax.block_until_ready(loop(parameters, stacked)[1]))

    def train() -> list[float]:
        new, losses = parameters, []
        for batch in batches:
            new, value = step(new, batch)
            losses.append(value)
        return jax.block_until_ready(losses)

    return lambda: measured(train)


CONTESTANTS: Contestants = {
    "micrograd":                ("micrograd.nn", micrograd),
    "eager":                    ("nn", eager),
    "generated Python":         ("autograd", partial(program, backend="python")),
    "machine code":             ("autograd llvmlite.binding", partial(program, backend="llvmlite")),
    "PyTorch, scalars":         ("torch", torch_scalars),
    "PyTorch, matrices":        ("torch", torch_matrices),
    "JAX, a jitted step":       ("jax", partial(jax_matrices, whole_loop=False)),
    "JAX, the loop in scan":    ("jax", partial(jax_matrices, whole_loop=True)),
    "CasADi, a call a step":    ("casadi", partial(casadi, whole_loop=False)),
    "CasADi, mapaccum":         ("casadi", partial(casadi, whole_loop=True)),
    "C, -O3":                   ("autograd", straight_c),
}  # fmt: skip

# More than micrograd as it is installed: its user may compose σ of exp, as its author does in his
# lecture.
OF_THE_LECTURE: Contestants = {
    "micrograd": CONTESTANTS["micrograd"],
    "micrograd, σ by exp": ("micrograd.nn", partial(micrograd, composed=True)),
    **CONTESTANTS,
}
OF_NETWORKS: Contestants = {**CONTESTANTS, "PyTorch, nn.Sequential": ("torch", torch_modules)}
# Graphs of tens of thousands of nodes: scalars that are built anew for each step, and C that is
# compiled, would take minutes.
OF_LARGE_GRAPHS: Contestants = {
    name: CONTESTANTS[name]
    for name in ("generated Python", "machine code", "PyTorch, matrices", "JAX, the loop in scan")
}

OF_MANY_ROWS: Contestants = {
    "one core": ("autograd llvmlite.binding", on_one_core),
    "two cores": CONTESTANTS["machine code"],
}
