"""Optimizers with the update rules, names and defaults of `torch.optim`; learning-rate schedules;
gradient clipping.

A learning rate is a number of at least 0, or a function of the step, 0, 1, 2, …: a schedule is
nothing else.
"""

import math
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from autograd import DomainError, Value, enable_grad, sqrt
from autograd.op import described, real
from nn.module import whole_number

Schedule = Callable[[int], float]


class Optimizer:
    """What all optimizers have: `step()` moves each parameter by its gradient, `zero_grad()` sets
    the gradients to 0.

    A step is whole or it is none: where a new number would not be finite (a DomainError), and where
    it is interrupted, all parameters are as they were. Raises ValueError for an empty list, for a
    parameter that is given twice or is computed from others, and for a setting out of its range;
    TypeError for anything but Values.
    """

    _kept: ClassVar[tuple[str, ...]]  # the letters of what is kept for each parameter, 0 at first

    def __init__(self, parameters: Iterable[Value], lr: float | Schedule) -> None:
        self.parameters = _checked(parameters)
        self.lr = lr if callable(lr) else _at_least_zero("lr", lr)
        self.steps = 0
        self.state = [(0.0,) * len(self._kept)] * len(self.parameters)

    def zero_grad(self) -> None:
        for parameter in self.parameters:
            parameter.grad = 0.0

    def recorded_step(self) -> list[Value]:
        """What `step()` would make of each parameter, as a record; no parameter moves.

        It is named as in the papers: w1⁺ for the new w1, η for the learning rate, in step 1 g1 for
        the gradient, m0 and m1 for what is kept before and after, and m̂1. So it is derived, drawn
        and marked like any Value. Raises DomainError where a new number would not be finite.

        >>> w = Value(3.0, label="w")
        >>> (w * w).backward()
        >>> from autograd import formula
        >>> [new] = SGD([w], lr=0.125).recorded_step()
        >>> new, formula(new).names
        (Value(data=2.25, grad=0.0, label='w⁺'), 'w − η·g1')
        """
        lr, t = self._rate(), self.steps + 1
        moved = []
        with enable_grad():
            for parameter, numbers in zip(self.parameters, self.state, strict=True):
                kept = [
                    Value(number, f"{letter}{t - 1}")
                    for letter, number in zip(self._kept, numbers, strict=True)
                ]
                gradient = Value(parameter.grad, f"g{t}")
                new = self._update(parameter, gradient, Value(lr, "η"), *kept)[0]
                new.label = f"{parameter.label or 'w'}⁺"
                moved.append(new)
        return moved

    def _named(self, letter: str, x: Any) -> Any:
        """Return x; where it is recorded, named by the letter and the step."""
        if isinstance(x, Value) and not x.label:
            x.label = f"{letter}{self.steps + 1}"
        return x

    def _rate(self) -> float:
        return _at_least_zero("lr", self.lr(self.steps) if callable(self.lr) else self.lr)

    def step(self) -> None:
        lr = self._rate()
        updates = [
            self._finite_update(p, lr, state)
            for p, state in zip(self.parameters, self.state, strict=True)
        ]
        before = [parameter.data for parameter in self.parameters], self.state, self.steps
        try:
            self._move_to([update[0] for update in updates])
            self.state = [update[1:] for update in updates]
            self.steps += 1
        except BaseException:
            numbers, self.state, self.steps = before
            self._move_to(numbers)
            raise

    def _move_to(self, numbers: Iterable[float]) -> None:
        for parameter, number in zip(self.parameters, numbers, strict=True):
            parameter.data = number

    def _finite_update(
        self, parameter: Value, lr: float, state: Iterable[float]
    ) -> tuple[float, ...]:
        try:
            update = self._update(parameter.data, parameter.grad, lr, *state)
        except ArithmeticError:
            update = (math.nan,)
        if not all(map(math.isfinite, update)):
            written = f"{described([parameter])}, with gradient {parameter.grad} and lr {lr}"
            raise DomainError(f"the {type(self).__name__} step has no finite result for {written}")
        return update

    def _update(self, x: Any, g: Any, lr: Any, *state: Any) -> tuple[Any, ...]:
        """The new number of a parameter x with gradient g, and the new state to keep for it.

        All are floats, or all Values.
        """
        raise NotImplementedError


class SGD(Optimizer):
    """x ← x − lr·m, where m ← momentum·m + g + weight_decay·x begins at 0.

    >>> x = Value(3.0)
    >>> (x * x).backward()
    >>> SGD([x], lr=0.125).step()
    >>> x.data
    2.25
    """

    _kept = ("m",)

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: float | Schedule,
        momentum: float = 0,
        weight_decay: float = 0,
    ) -> None:
        super().__init__(parameters, lr)
        self.momentum = _at_least_zero("momentum", momentum)
        self.weight_decay = _at_least_zero("weight_decay", weight_decay)

    def _update(self, x: Any, g: Any, lr: Any, *state: Any) -> tuple[Any, ...]:
        if self.weight_decay:
            g = g + self.weight_decay * x
        if not self.momentum:
            return x - lr * g, g
        m = self._named("m", self.momentum * state[0] + g)
        return x - lr * m, m


class Adam(Optimizer):
    """x ← x − lr·m̂/(√v̂ + eps), with running means m of g and v of g², corrected for their start
    at 0.

    Kingma and Ba 2015, arXiv 1412.6980, algorithm 1; `weight_decay` adds weight_decay·x to g.

    >>> x = Value(3.0)
    >>> (x * x).backward()
    >>> Adam([x], lr=0.5).step()
    >>> round(x.data, 6)
    2.5
    """

    _kept = ("m", "v")

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: float | Schedule = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
    ) -> None:
        super().__init__(parameters, lr)
        self.betas = tuple(_at_least_zero("beta", beta) for beta in betas)
        if len(self.betas) != 2 or max(self.betas) >= 1:
            raise ValueError(f"betas are two numbers from 0 to below 1, not {betas}")
        self.eps = _at_least_zero("eps", eps)
        self.weight_decay = _at_least_zero("weight_decay", weight_decay)

    def _update(self, x: Any, g: Any, lr: Any, *state: Any) -> tuple[Any, ...]:
        if self.weight_decay:
            g = g + self.weight_decay * x
        return self._moved(x, g, lr, *state)

    def _moved(self, x: Any, g: Any, lr: Any, m: Any, v: Any) -> tuple[Any, ...]:
        (beta1, beta2), t = self.betas, self.steps + 1
        m = self._named("m", beta1 * m + (1 - beta1) * g)
        v = self._named("v", beta2 * v + (1 - beta2) * g * g)
        mean = self._named("m̂", m / (1 - beta1**t))
        square = self._named("v̂", v / (1 - beta2**t))
        return x - lr * mean / (sqrt(square) + self.eps), m, v


class AdamW(Adam):
    """Adam, but first x ← x − lr·weight_decay·x, apart from the gradient.

    Loshchilov and Hutter 2019, arXiv 1711.05101, algorithm 2, with `lr` in both places as in
    `torch.optim`.

    >>> x = Value(3.0)
    >>> (x * x).backward()
    >>> AdamW([x], lr=0.5, weight_decay=0.1).step()
    >>> round(x.data, 6)
    2.35
    """

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: float | Schedule = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
    ) -> None:
        super().__init__(parameters, lr, betas, eps, weight_decay)

    def _update(self, x: Any, g: Any, lr: Any, *state: Any) -> tuple[Any, ...]:
        return self._moved(x - lr * self.weight_decay * x, g, lr, *state)


def linear(start: float, end: float, steps: int) -> Schedule:
    """A straight line from `start` at step 0 to `end` at `steps`, and `end` from there on.

    >>> lr = linear(1.0, 0.1, 100)  # the demo of micrograd
    >>> lr(0), lr(50), lr(1000)
    (1.0, 0.55, 0.1)
    """
    steps = whole_number(steps, "steps")
    return lambda step: start + (end - start) * step / steps if step < steps else end


def cosine(start: float, end: float, steps: int) -> Schedule:
    """Half a wave from `start` at step 0 to `end` at `steps`, and `end` from there on.

    Loshchilov and Hutter 2017, arXiv 1608.03983, eq. 5, without its restarts.

    >>> lr = cosine(1.0, 0.0, 100)
    >>> lr(0), round(lr(50), 6), lr(1000)
    (1.0, 0.5, 0.0)
    """
    steps = whole_number(steps, "steps")
    return lambda step: (
        end + (start - end) * (1 + math.cos(math.pi * step / steps)) / 2 if step < steps else end
    )


def exponential(start: float, gamma: float) -> Schedule:
    """start·gamma^step.

    >>> lr = exponential(1.0, 0.5)
    >>> lr(0), lr(3)
    (1.0, 0.125)
    """
    return lambda step: start * gamma**step


def clip_grad_norm(parameters: Iterable[Value], max_norm: float) -> float:
    """Scale the gradients down so that their Euclidean norm is at most `max_norm`; gives the norm
    as it was.

    Raises DomainError where the norm is past a float's range; no gradient has changed then.

    >>> x, y = Value(3.0), Value(4.0)
    >>> (x * x / 2 + y * y / 2).backward()
    >>> clip_grad_norm([x, y], 1.0), x.grad, y.grad
    (5.0, 0.6000000000000001, 0.8)
    """
    parameters = _checked(parameters)
    max_norm = _at_least_zero("max_norm", max_norm)
    norm = real(math.hypot(*(parameter.grad for parameter in parameters)), "clip_grad_norm")
    if norm > max_norm:
        for parameter in parameters:
            parameter.grad *= max_norm / norm
    return norm


def _checked(parameters: Iterable[Value]) -> list[Value]:
    if not isinstance(parameters, Iterable):
        raise TypeError(f"parameters are a list of Values, not {type(parameters).__name__}")
    checked: dict[Value, None] = {}
    for parameter in parameters:
        _require_leaf(parameter)
        if parameter in checked:
            raise ValueError(f"a parameter is given twice: {described([parameter])}")
        checked[parameter] = None
    if not checked:
        raise ValueError("there are no parameters")
    return list(checked)


def _require_leaf(parameter: object) -> None:
    if not isinstance(parameter, Value):
        raise TypeError(f"parameters are a list of Values; {type(parameter).__name__} is not one")
    if parameter.op is not None:
        raise ValueError(
            f"a parameter must be a leaf, not computed from others: {described([parameter])}"
        )


def _at_least_zero(name: str, number: Any) -> float:
    x = real(number, name)
    if x < 0:
        raise ValueError(f"{name} must be at least 0, not {x}")
    return x
