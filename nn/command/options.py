"""The options of the command, and the network that they ask for."""

import argparse
import math
import re
from collections.abc import Callable, Iterable
from typing import NoReturn

from nn import lecture
from nn.command.examples import EXAMPLES, Example
from nn.layers import ACTIVATIONS, MLP

NEGATIVE = re.compile(r"-(\.?\d|inf|nan)")

EPILOG = """\
What is not given is as in the lecture. In another network, inputs and targets
go on as they begin there, the weights are drawn from --seed, and the biases
are 0. Only the weights are updated, as in the lecture.

--example NAME works through a layer, a loss or an optimizer in place of the
network, and takes --derive, --detail, --digits, --out, --check, --names and
--json:
  softmax, logistic, rnn, lstm, gru, attention, layernorm, batchnorm, conv1d,
  conv2d, maxpool, avgpool, embedding, dropout, momentum, adam, adamw
With --json it prints {"example": ..., "title": ..., "forward": ...,
"formulas": {"p1": ..., ...}, "derivations": ..., "pictures": ...}, as below.

--derive takes the name of anything in the network: w5, b1, i1, out_h1, ...
Without it, every weight and bias is derived; of a large network, the first.
With --detail arrays each derivation is of an array, W1, B1, ..., in a few
lines, and --derive takes the name of an array too.
--out draws the whole graph, all.svg, and each gradient that is derived:
w1.svg, w2.svg, ...

--check takes lines such as  dE/dw5 = dE/dout_o1 * dout_o1/dnet_o1 * out_h1 =
0.7413*0.1868*0.5932 = 0.0821  and says of each side whether it is right, or
which slip gives it. The exit status is 0 if all is right and nothing open.
--names tells what the writer calls a name, a list or a matrix of names:
{"E_total": "E", "target_o1": "t1", "W1": [["w1", "w2"], ["w3", "w4"]]}.
With --json it prints {"right": ..., "counts": ..., "first_slip": ...,
"lines": [{"line": ..., "verdict": [...], "because": ..., ...}, ...]}.

--json prints one object:
  layers, activation, bias, lr, rounds, seed   as the options
  inputs, targets, weights, biases             {"i1": ..., ...}, at the start
  forward     {"net_h1": ..., "out_h1": ..., ..., "E": ...}
  gradients   of E, {"w1": ..., ..., "b1": ...}
  derivations {"w1": [...], ...}, as --derive has them. Each is a list: it
              comes first, then what the sums in it are made of, each once:
              {"of": "E", "by": "w1", "value": ..., "factors":
              [{"of": "E", "by": "out_h1", "formula": ..., "numbers": ...,
              "value": ..., "terms": [1, 2]}, ...]}; terms are the places in
              the list of what the factor is the sum of, if it is one.
              With --detail arrays each is {"of": ..., "by": "W1", "value":
              [[...], ...], "lines": [{"name": "δ_h", "of": "E", "by": "net_h",
              "formula": ..., "value": [...], "calls": false}, ...]}
  training    a list, after 0, 1 and all rounds:
              {"rounds": 0, "E": ..., "out_o1": ..., ..., "w1": ..., ...}
  pictures    only with --out, the files that it wrote
  lecture     only in its own example, a list of what it prints otherwise:
              {"name": "E", "rounds": 1, "true": ..., "printed": ...,
              "computed": ..., "slip": ...}; computed with the slip made
"""


class Parser(argparse.ArgumentParser):
    """Its errors are one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: error: {' '.join(message.split())}\n")


def arguments(words: Iterable[str]) -> list[str]:
    """Return words as argparse is given them: it takes "-1e-3" for an option, " -1e-3" not."""
    return [f" {word}" if NEGATIVE.match(word) else word for word in words]


def number(text: str) -> float:
    """A finite number, as an option takes it."""
    try:
        x = float(text)
    except ValueError:
        x = math.nan
    if not math.isfinite(x):
        raise argparse.ArgumentTypeError(f"expected a finite number, not {text.strip()!r}")
    return x


def positive(text: str) -> float:
    """A finite number above 0."""
    if (x := number(text)) <= 0:
        raise argparse.ArgumentTypeError(f"expected a number above 0, not {text.strip()!r}")
    return x


def whole(least: int, most: int | None = None) -> Callable[[str], int]:
    """What makes a whole number of an option's text, from `least` to `most`."""
    limits = f"of at least {least}" if most is None else f"from {least} to {most}"

    def convert(text: str) -> int:
        try:
            n = int(text)
        except ValueError:
            n = least - 1
        if n < least or (most is not None and n > most):
            raise argparse.ArgumentTypeError(
                f"expected a whole number {limits}, not {text.strip()!r}"
            )
        return n

    return convert


def parser() -> Parser:
    """The options; without any, the lecture's example."""
    p = Parser(
        prog="handgrad",
        description="Works a network through: forward pass, error, every gradient, update, "
        "training.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_network(p)
    add = p.add_argument
    add(
        "--lr",
        type=positive,
        default=lecture.LEARNING_RATE,
        metavar="X",
        help="learning rate (%(default)s)",
    )
    add("--rounds", type=whole(0), default=10_000, metavar="N", help="of training (%(default)s)")
    add(
        "--example",
        choices=list(EXAMPLES),
        metavar="NAME",
        help="work this example through: see below",
    )
    add("--digits", type=whole(1, 15), metavar="N", help="significant digits (9; in derivations 4)")
    add("--seed", type=whole(0), metavar="N", help="draws the weights")
    add(
        "--derive",
        nargs="+",
        action="extend",
        metavar="NAME",
        help="derive only the gradients by these",
    )
    add(
        "--detail",
        choices=["names", "arrays"],
        default="names",
        metavar="HOW",
        help="names, or arrays: derive, draw and step in vectors and matrices",
    )
    add("--latex", metavar="FILE", help="write the derivations to a LaTeX document too")
    add(
        "--out",
        metavar="DIR",
        help="draw the graph and each gradient into this folder, and a page to step through",
    )
    add("--check", metavar="FILE", help="mark a file of lines derived by hand, instead of all else")
    add(
        "--names",
        metavar="FILE",
        help='with --check: JSON of what the writer calls things, {"E_total": "E"}',
    )
    add("--json", action="store_true", help="print everything as JSON")
    return p


def add_network(p: argparse.ArgumentParser) -> None:
    """Add the options that say which network there is."""
    add = p.add_argument
    add(
        "--layers",
        nargs="+",
        type=whole(1),
        default=[2, 2, 2],
        metavar="N",
        help="inputs, neurons in each layer",
    )
    add("--inputs", nargs="+", type=number, metavar="X", help="i1 i2 ...")
    add("--targets", nargs="+", type=number, metavar="X", help="t1 t2 ..., one for each output")
    add(
        "--weights",
        nargs="+",
        type=number,
        metavar="X",
        help="w1 w2 ..., neuron by neuron, layer by layer",
    )
    add(
        "--biases",
        nargs="+",
        type=number,
        metavar="X",
        help="b1 b2 ..., one for each layer (or neuron)",
    )
    add(
        "--bias",
        choices=["neuron", "shared", "none"],
        default="shared",
        help="what has a bias; shared: each layer",
    )
    add(
        "--activation",
        choices=list(ACTIVATIONS),
        default="sigmoid",
        metavar="NAME",
        help=", ".join(ACTIVATIONS),
    )


OF_A_NETWORK = (
    *("layers", "inputs", "targets", "weights", "biases", "bias", "activation"),
    *("lr", "rounds", "seed", "latex"),
)


def example(options: argparse.Namespace) -> Example:
    """The example that the options ask for. An error for an option that is of a network."""
    for name in OF_A_NETWORK:
        if getattr(options, name) != parser().get_default(name):
            raise argparse.ArgumentTypeError(
                f"--example {options.example} has its own numbers: leave out --{name}"
            )
    return EXAMPLES[options.example]()


def setting(options: argparse.Namespace) -> tuple[MLP, list[float], list[float]]:
    """The model, inputs and targets that the options ask for. An error where a count does not fit
    the layers.
    """
    model = _network(options)
    for option, parameters in (("weights", model.weights()), ("biases", model.biases())):
        numbers = _given(options, option, [p.data for p in parameters])
        for parameter, x in zip(parameters, numbers, strict=True):
            parameter.data = x
    inputs = [k / 20 for k in range(1, options.layers[0] + 1)]
    targets = [(0.01, 0.99)[k % 2] for k in range(options.layers[-1])]
    return model, _given(options, "inputs", inputs), _given(options, "targets", targets)


def _network(options: argparse.Namespace) -> MLP:
    """Return the network at its start: the lecture's, or drawn."""
    nin, *nouts = options.layers
    if not nouts:
        raise argparse.ArgumentTypeError(
            "--layers takes the number of inputs, then of neurons in each layer: at least two"
            " numbers"
        )
    bias = None if options.bias == "none" else options.bias
    model = MLP(nin, nouts, activation=options.activation, bias=bias, seed=options.seed or 0)
    if options.layers == [2, 2, 2] and options.seed is None:
        model.load_state_dict(lecture.network(bias).state_dict())
    return model


def _given(options: argparse.Namespace, name: str, start: list[float]) -> list[float]:
    """Return the numbers of an option, else those at the start. An error for another count."""
    numbers = getattr(options, name)
    if numbers is not None and len(numbers) != len(start):
        layers = " ".join(map(str, options.layers))
        network = f"--layers {layers} --bias {options.bias}"
        needed = f"--{name} takes {len(start)} number(s) for {network}"
        raise argparse.ArgumentTypeError(f"{needed}, not {len(numbers)}")
    return start if numbers is None else list(numbers)
