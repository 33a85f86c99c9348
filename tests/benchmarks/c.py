"""A recorded loss as straight-line C: its value and its gradient, and the loop of gradient descent
about them.
"""

import ctypes
import os
import shutil
import subprocess
import tempfile
from typing import Any

from .racing import LeftOut

FORMS = {
    "add": "{} + {}",
    "sub": "{} - {}",
    "mul": "{} * {}",
    "div": "{} / {}",
    "pow": "pow({}, {})",
    "neg": "-({})",
    "exp": "exp({})",
    "log": "log({})",
    "sigmoid": "1 / (1 + exp(-({})))",
    "one_minus_sigmoid": "({1} < 0.9 ? 1 - {1} : {1} * exp(-({0})))",
    "relu": "({0} > 0 ? {0} : 0)",
    "step": "({} > 0)",
}

LOOP = """
void descend(double *restrict p, const double *rows, long rounds, double *losses) {{
    for (long round = 0; round < rounds; round++) {{
        double g[{parameters}] = {{0}}, loss = 0;
        for (long row = 0; row < {n}; row++) loss += example(p, rows + row * {inputs}, g);
        loss /= {n};
        for (long i = 0; i < {parameters}; i++) g[i] /= {n};
        {penalty}
        for (long i = 0; i < {parameters}; i++) p[i] -= {lr} * g[i];
        losses[round] = loss;
    }}
}}
"""
PENALTY = (
    "for (long i = 0; i < {parameters}; i++) loss += {l2} * p[i] * p[i], g[i] += 2 * {l2} * p[i];"
)


def source(
    loss: Any, parameters: list[Any], inputs: list[Any], n: int, lr: float, l2: float
) -> str:
    """C that descends on the mean of `loss` over `n` rows, and l2 times the sum of the squares of
    the parameters.
    """
    from autograd import grad
    from autograd.record import topological_order

    gradient = grad(loss, parameters)
    _, nodes = topological_order(sum(gradient, loss))
    names = {v: f"p[{i}]" for i, v in enumerate(parameters)} | {
        v: f"x[{i}]" for i, v in enumerate(inputs)
    }

    def written(x: Any) -> str:
        return names[x] if x in names else repr(x if isinstance(x, float) else x.data)

    lines = [
        "#include <math.h>",
        "static double example(const double *p, const double *x, double *restrict g) {",
    ]
    for k, v in enumerate(nodes):
        names[v] = f"v{k}"
        lines.append(f"const double v{k} = {FORMS[v.op.name].format(*map(written, v.args))};")
    lines += [f"g[{i}] += {written(v)};" for i, v in enumerate(gradient)]
    numbers = {"parameters": len(parameters), "inputs": len(inputs), "n": n, "lr": lr, "l2": l2}
    loop = LOOP.format(penalty=PENALTY.format(**numbers) if l2 else "", **numbers)
    return "\n".join([*lines, f"return {written(loss)};", "}", loop])


def compiled(text: str) -> Any:
    """The function `descend` of this C. Raises LeftOut without a compiler: $CC, or cc."""
    compiler = os.environ.get("CC", "cc")
    if not shutil.which(compiler):
        raise LeftOut(f"there is no C compiler {compiler}")
    with tempfile.TemporaryDirectory() as folder:
        library = f"{folder}/descend.so"
        command = [compiler, "-O3", "-shared", "-fPIC", "-x", "c", "-", "-o", library, "-lm"]
        subprocess.run(command, input=text, text=True, check=True)
        descend = ctypes.CDLL(library).descend
    descend.restype = None
    return descend
