"""What the workbench asks of Python: each question and each answer is JSON.

>>> import json
>>> opened = json.loads(answer('{"ask": "open", "source": "example", "example": "softmax"}'))
>>> opened["root"], opened["by"], opened["title"]
('L', 'z1', 'softmax with cross-entropy: ∂L/∂z = p − y')
>>> json.loads(answer('{"ask": "mark", "working": "dL/dz1 = p1"}'))["right"]
False
"""

import json
import math
import traceback
from typing import Any

import nn
from autograd import DomainError, Value, chain_rule, check_derivation, draw_dot, step_through
from autograd.arrays.array import Array
from autograd.arrays.derivation import arrays_in
from autograd.drawing import EngineError
from autograd.graph import named_graph
from autograd.record import Record
from nn.command.examples import EXAMPLES
from nn.command.options import parser, setting
from nn.layers import ACTIVATIONS

MOST = 8  # neurons in a layer, and layers: a larger network is no exercise


class Problem(Exception):
    """What is wrong with what a person asks for, in a sentence."""


class Bench:
    """The network that stands on the workbench."""

    root: Value
    labelled: dict[str, Value]
    arrays: dict[str, Array]

    def open(self, question: dict[str, Any]) -> dict[str, Any]:
        """Take a network. Return its title, names and arrays, and the numbers of its leaves."""
        opener = {"example": _example, "network": _network, "python": _python}[question["source"]]
        title, root, by = opener(question)
        labelled = {name: v for v, name in named_graph(root).names.items() if v is not root}
        if not labelled:
            raise Problem("root depends on nothing that has a label: Value(0.5, label='w')")
        self.root, self.labelled, self.arrays = root, labelled, arrays_in(root)
        return {
            "title": title,
            "root": named_graph(root).names[root],
            "by": by or next(iter(labelled)),
            "names": list(labelled),
            "arrays": list(self.arrays),
            "numbers": {v.label: v.data for v in Record(root).leaves if v.label},
        }

    def show(self, question: dict[str, Any]) -> dict[str, Any]:
        """Return the derivation by a name, and the picture; of "" the picture of all gradients."""
        name, detail = question["by"], question["detail"]
        wrt = None if name == "" else (self.labelled | self.arrays).get(name)
        if wrt is None and name:
            raise Problem(f"nothing here is named {name!r}")
        derivation = wrt if wrt is None else chain_rule(self.root, wrt, detail=detail)
        return {
            "latex": "" if derivation is None else derivation._repr_latex_().strip("$"),
            "text": "" if derivation is None else str(derivation),
            **_drawn(self.root, wrt, detail),
        }

    def step(self, question: dict[str, Any]) -> dict[str, Any]:
        """Return the stepping page."""
        return {"html": step_through(self.root, detail=question["detail"]).html()}

    def mark(self, question: dict[str, Any]) -> dict[str, Any]:
        """Return how the working is read, line by line, and the marks."""
        marks = check_derivation(self.root, question["working"])
        return {
            "read": [
                {"line": line.number, "claim": line.claim, "latex": line.latex}
                for line in marks.lines
            ],
            "html": marks._repr_html_(),
            "right": bool(marks),
        }


def _drawn(root: Value, wrt: Any, detail: str) -> dict[str, str]:
    try:
        return {"svg": draw_dot(root, wrt=wrt, detail=detail).svg(), "picture": ""}
    except (ValueError, EngineError) as error:
        return {"svg": "", "picture": str(error)}


def _example(question: dict[str, Any]) -> tuple[str, Value, str]:
    name = question["example"]
    if name not in EXAMPLES:
        raise Problem(f"there is no example {name!r}: there are {', '.join(EXAMPLES)}")
    title, root, by = EXAMPLES[name]()
    root.backward()
    return title, root, by[0]


def _network(question: dict[str, Any]) -> tuple[str, Value, str]:
    """A network of these sizes; numbers that are not given are those of `python -m nn`."""
    sizes, activation = question["layers"], question["activation"]
    if not 2 <= len(sizes) <= MOST or not all(type(n) is int and 1 <= n <= MOST for n in sizes):
        raise Problem(f"sizes are 2 to {MOST} whole numbers from 1 to {MOST}: 2 2 2")
    if activation not in ACTIVATIONS:
        raise Problem(f"there is no activation {activation!r}: there are {', '.join(ACTIVATIONS)}")
    words = ["--layers", *map(str, sizes), "--activation", activation]
    model, inputs, targets = setting(parser().parse_args(words))
    numbers = {name: _number(name, x) for name, x in question.get("numbers", {}).items()}
    for parameter in model.parameters():
        parameter.data = numbers.get(parameter.label, parameter.data)
    for letter, row in (("i", inputs), ("t", targets)):
        row[:] = [numbers.get(f"{letter}{k}", x) for k, x in enumerate(row, 1)]
    root = nn.half_squared_error(model(inputs), targets)
    root.backward()
    return f"a network of {'-'.join(map(str, sizes))}, {activation}", root, "w1"


def _number(name: str, number: Any) -> float:
    if not isinstance(number, (int, float)) or not math.isfinite(number):
        raise Problem(f"{name} takes a number, as 0.25, not {number!r}")
    return float(number)


def _python(question: dict[str, Any]) -> tuple[str, Value, str]:
    names: dict[str, Any] = {"__name__": "__main__"}
    try:
        exec(compile(question["python"], "your Python", "exec"), names)
    except BaseException as error:  # an exit is an error here, too
        *_, last = traceback.format_exception_only(error)
        frames = traceback.extract_tb(error.__traceback__)
        lines = [frame.lineno for frame in frames if frame.filename == "your Python"]
        where = f"line {lines[-1]}: " if lines else ""
        raise Problem(where + last.splitlines()[0]) from None
    root = names.get("root")
    if not isinstance(root, Value):
        raise Problem("your Python names no Value root: root = (w * x - t) ** 2 / 2")
    return "your Python", root, ""


_bench = Bench()


def answer(question: str) -> str:
    """Return what is asked, or {"error": a sentence}."""
    asked = json.loads(question)
    ask = {
        "open": _bench.open,
        "show": _bench.show,
        "step": _bench.step,
        "mark": _bench.mark,
    }[asked["ask"]]
    try:
        return json.dumps(ask(asked))
    except (Problem, DomainError, ValueError, TypeError, EngineError) as error:
        return json.dumps({"error": str(error)})
    except Exception as error:
        problem = f"{type(error).__name__}: {error}; please report it"
        return json.dumps({"error": problem})
