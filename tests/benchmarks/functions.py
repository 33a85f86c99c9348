"""`Program.function` beside the eager pass: the numbers that other engines make of it, and their
gradients.
"""

import sys
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

from .problems import flat, lecture, mapped
from .racing import close

NUMBERS = [-1000.0, -2.5, -1.0, -0.3, 0.0, 0.4, 1.0, 3.0, 1000.0]

Point = tuple[float, ...]
Expression = Callable[..., Any]  # of Values
Answer = tuple[list[float], list[Any]]  # the values at points, and the gradients there


# Each takes the function of `Program.function`, of the list of all leaves, and points to take it
# at.
def numpy(function: Callable[[Any], Callable[[Any], Any]], points: list[Point]) -> Answer:
    import numpy

    return function(numpy)(numpy.array(points).T).tolist(), []


def jax(function: Callable[[Any], Callable[[Any], Any]], points: list[Point]) -> Answer:
    import jax

    values, gradients = jax.vmap(jax.value_and_grad(function(jax.numpy)))(jax.numpy.array(points))
    return values.tolist(), gradients.tolist()


def torch(function: Callable[[Any], Callable[[Any], Any]], points: list[Point]) -> Answer:
    import torch

    leaves = torch.tensor(points, dtype=torch.float64, requires_grad=True)
    values = function(torch)(leaves.T)
    (values.sum() + 0 * leaves.sum()).backward()  # a step alone has no gradient in torch
    return values.tolist(), leaves.grad.tolist()


def cases() -> Iterator[tuple[str, Expression, int, list[Point]]]:
    """A title, an expression, the number of its inputs, which come last, and points."""
    import autograd

    for op in autograd.ops.TABLE:
        yield op.name, op, op.arity - 1, list(product(NUMBERS, repeat=op.arity))
    problem = lecture()
    parameters, [row] = list(flat(problem.parameters)), problem.batches[0]

    def error(*leaves: Any) -> Any:
        numbers = iter(leaves)
        return problem.example(
            mapped(lambda _: next(numbers), problem.parameters), list(numbers), autograd
        )

    yield (
        "the lecture",
        error,
        len(row),
        [tuple(x * k for x in (*parameters, *row)) for k in (1, -2, 30)],
    )


def eager(expression: Expression, points: list[Point]) -> dict[Point, list[float]]:
    """The value and the gradient at each point where they are defined."""
    from autograd import DomainError, Value

    answers = {}
    for point in points:
        leaves = list(map(Value, point))
        try:
            value = expression(*leaves)
            value.backward()
        except DomainError:
            continue
        answers[point] = [value.data, *(leaf.grad for leaf in leaves)]
    return answers


def check() -> None:
    """Ends the program where a number differs. What is not installed is left out, with a line that
    says so.
    """
    from autograd import Program, Value

    print(
        "\nProgram.function beside the eager pass: every row of the table, and the lecture",
        flush=True,
    )
    for engine in (numpy, jax, torch):
        count = 0
        try:
            for title, expression, inputs, points in cases():
                answers = eager(expression, points)
                leaves = list(map(Value, next(iter(answers))))
                program = Program(expression(*leaves), leaves[len(leaves) - inputs :])
                order = list(map(leaves.index, (*program.parameters, *program.inputs)))

                def function(
                    namespace: Any, program: Program = program, order: list[int] = order
                ) -> Any:
                    f, n = program.function(namespace), len(program.parameters)
                    return lambda x: f([x[k] for k in order[:n]], [x[k] for k in order[n:]])

                values, gradients = engine(function, list(answers))
                for k, (point, answer) in enumerate(answers.items()):
                    other = [values[k], *(gradients[k] if gradients else [])]
                    if not all(map(close, answer, other)):
                        sys.exit(
                            f"{title} at {point}: value and gradient are {answer}, and {engine.__name__} has {other}"
                        )
                    count += len(other)
        except ModuleNotFoundError as reason:
            print(f"{engine.__name__} is left out: {reason}")
        else:
            print(f"{engine.__name__:8}{count:,} values and derivatives agree")
