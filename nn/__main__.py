"""`python -m nn`: a network worked through as on the blackboard; without arguments, the lecture's.

`report` computes everything as one dict, which `--json` prints as it is; a section is one function that writes a part
of it for a reader, and `document` writes its derivations in LaTeX.
"""

import argparse
import json
import math
import os
import re
import sys
from collections.abc import Callable, Collection, Iterable, Sequence
from copy import deepcopy
from decimal import Decimal
from difflib import get_close_matches
from textwrap import wrap
from typing import Any, NoReturn
from unicodedata import normalize

from autograd import DomainError, Value, check_derivation, draw_dot
from autograd.chain_rule import Derivation, Factor, derive
from autograd.drawing import EngineError
from autograd.files import write_whole
from autograd.formula import Notation
from autograd.graph import named_graph
from autograd.marking.marks import Marks
from autograd.reverse import topological_order
from autograd.stepping import MOST, step_through
from nn import lecture
from nn.layers import ACTIVATIONS, MLP, as_values
from nn.losses import half_squared_error
from nn.optimizers import SGD, Optimizer

WIDTH = 80
LINES = 250  # of derivations, unless --derive asks for more
ASCII = str.maketrans(
    {
        "∂": "d",
        "−": "-",
        "·": "*",
        "–": "-",
        "⁺": "+",
        "Σ": "sum of",
        "½": "1/2 ",
        "σ": "sigmoid",
        "π": "pi",
        "√": "sqrt",
    }
)
NEGATIVE = re.compile(r"-(\.?\d|inf|nan)")

EPILOG = """\
What is not given is as in the lecture. In another network, inputs and targets
go on as they begin there, the weights are drawn from --seed, and the biases
are 0. Only the weights are updated, as in the lecture.

--derive takes the name of anything in the network: w5, b1, i1, out_h1, ...
Without it, every weight and bias is derived; of a large network, the first.
--out draws the whole graph, all.svg, and each gradient that is derived:
w1.svg, w2.svg, ...

--check takes lines such as  dE/dw5 = dE/dout_o1 * dout_o1/dnet_o1 * out_h1 =
0.7413*0.1868*0.5932 = 0.0821  and says of each side whether it is right, or
which slip gives it. The exit status is 0 if all is right and nothing open.

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
              the list of what the factor is the sum of, if it is one
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
            raise argparse.ArgumentTypeError(f"expected a whole number {limits}, not {text.strip()!r}")
        return n

    return convert


def parser() -> Parser:
    """The options; without any, the lecture's example."""
    p = Parser(
        prog="handgrad",
        description="Works a network through: forward pass, error, every gradient, update, training.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = p.add_argument
    add("--layers", nargs="+", type=whole(1), default=[2, 2, 2], metavar="N", help="inputs, neurons in each layer")
    add("--inputs", nargs="+", type=number, metavar="X", help="i1 i2 ...")
    add("--targets", nargs="+", type=number, metavar="X", help="t1 t2 ..., one for each output")
    add("--weights", nargs="+", type=number, metavar="X", help="w1 w2 ..., neuron by neuron, layer by layer")
    add("--biases", nargs="+", type=number, metavar="X", help="b1 b2 ..., one for each layer (or neuron)")
    add("--bias", choices=["neuron", "shared", "none"], default="shared", help="what has a bias; shared: each layer")
    add("--activation", choices=list(ACTIVATIONS), default="sigmoid", metavar="NAME", help=", ".join(ACTIVATIONS))
    add("--lr", type=positive, default=lecture.LEARNING_RATE, metavar="X", help="learning rate (%(default)s)")
    add("--rounds", type=whole(0), default=10_000, metavar="N", help="of training (%(default)s)")
    add("--digits", type=whole(1, 15), metavar="N", help="significant digits (9; in derivations 4)")
    add("--seed", type=whole(0), metavar="N", help="draws the weights")
    add("--derive", nargs="+", action="extend", metavar="NAME", help="derive only the gradients by these")
    add("--latex", metavar="FILE", help="write the derivations to a LaTeX document too")
    add("--out", metavar="DIR", help="draw the graph and each gradient into this folder, and a page to step through")
    add("--check", metavar="FILE", help="mark a file of lines derived by hand, instead of all else")
    add("--json", action="store_true", help="print everything as JSON")
    return p


def setting(options: argparse.Namespace) -> tuple[MLP, list[float], list[float]]:
    """The model, inputs and targets that the options ask for. An error where a count does not fit the layers."""
    nin, *nouts = options.layers
    if not nouts:
        raise argparse.ArgumentTypeError(
            "--layers takes the number of inputs, then of neurons in each layer: at least two numbers"
        )
    bias = None if options.bias == "none" else options.bias
    model = MLP(nin, nouts, activation=options.activation, bias=bias, seed=options.seed or 0)
    if options.layers == [2, 2, 2] and options.seed is None:
        model.load_state_dict(lecture.network(bias).state_dict())

    def given(option: str, start: list[float]) -> list[float]:
        numbers = getattr(options, option)
        if numbers is not None and len(numbers) != len(start):
            layers = " ".join(map(str, options.layers))
            network = f"--layers {layers} --bias {options.bias}"
            needed = f"--{option} takes {len(start)} number(s) for {network}"
            raise argparse.ArgumentTypeError(f"{needed}, not {len(numbers)}")
        return start if numbers is None else list(numbers)

    for option, parameters in (("weights", model.weights()), ("biases", model.biases())):
        for parameter, x in zip(parameters, given(option, [p.data for p in parameters]), strict=True):
            parameter.data = x
    inputs = given("inputs", [k / 20 for k in range(1, nin + 1)])
    return model, inputs, given("targets", [(0.01, 0.99)[k % 2] for k in range(nouts[-1])])


# What is computed.
FORM = dict.fromkeys(("digits", "derive", "latex", "out", "json"))  # the options that do not change the example
States = dict[int, dict[str, float]]  # after so many rounds, a number by its name


def training(
    model: MLP, inputs: list[float], targets: list[float], optimizers: Sequence[Optimizer], rounds: Collection[int]
) -> States:
    """E, the outputs and the weights by name, after each number of rounds in `rounds`; it trains the model.

    In a round the optimizers take turns, each with gradients of its own; there is one, where all is right. Raises
    DomainError, which says in which round, where a number is past a float's range.
    """
    states: States = {}
    last = max(rounds)
    for done in range(last + 1):
        try:
            outputs = as_values(model(inputs))
            E = half_squared_error(outputs, targets)
            if done in rounds:
                states[done] = {v.label: v.data for v in (E, *outputs, *model.weights())}
            if done < last:
                for optimizer in optimizers:
                    optimizer.zero_grad()
                    E.backward()
                    optimizer.step()
        except DomainError as error:
            raise DomainError(f"round {done + 1} of training: {error}; a smaller --lr may help") from None
    return states


def derivations(E: Value, parameters: Iterable[str], options: argparse.Namespace) -> dict[str, Derivation]:
    """That of ∂E by each name in --derive, else by the parameters, as far as LINES goes. An error for another name."""
    graph = named_graph(E)
    values = {name: value for value, name in graph.names.items()}
    for name in options.derive or ():
        if name not in values:
            near = "".join(f"; {known!r} is near" for known in get_close_matches(name, values, 1, 0.5))
            raise argparse.ArgumentTypeError(f"--derive: nothing is named {name!r}{near}; there are {listed(values)}")
    notation = Notation(digits=options.digits or 4)
    result: dict[str, Derivation] = {}
    lines = 0
    for name in options.derive or parameters:
        if options.derive or lines < LINES:
            result[name] = derive(graph, values[name], notation)
            lines += str(result[name]).count("\n")
    return result


def pictures(E: Value, names: Iterable[str], folder: str) -> list[str]:
    """Draws the graph and ∂E by each name, and the page that steps through them; returns the files.

    An error where no engine draws, or a file cannot be written.
    """
    values = {v.label: v for part in topological_order(E) for v in part}
    files = []
    try:
        os.makedirs(folder, exist_ok=True)
        for name in ("all", *names):
            picture = draw_dot(E, force=True) if name == "all" else draw_dot(E, wrt=values[name])
            files.append(os.path.join(folder, f"{name}.svg"))
            write_whole(files[-1], picture.svg())
        if len(named_graph(E).names) <= MOST:
            files.append(os.path.join(folder, "steps.html"))
            write_whole(files[-1], step_through(E).html())
    except OSError as error:
        raise argparse.ArgumentTypeError(f"--out: {folder!r} cannot be written: {error.strerror}") from None
    except (EngineError, ValueError) as error:
        raise argparse.ArgumentTypeError(f"--out: {error}") from None
    return files


def marks(options: argparse.Namespace) -> Marks:
    """The marks for what stands in the file that --check names. An error where it cannot be read."""
    model, inputs, targets = setting(options)
    try:
        with open(options.check, encoding="utf-8") as file:
            claims = file.read()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise argparse.ArgumentTypeError(f"--check: {options.check!r} cannot be read: {reason}") from None
    return check_derivation(half_squared_error(model(inputs), targets), claims)


def listed(names: Iterable[str]) -> str:
    """The names, those in a row by the first and the last.

    >>> listed(["w10", "i1", "w9", "i2", "w11", "E"])
    'E, i1 i2, w9 ... w11'
    """
    rows: dict[str, list[str]] = {}
    for name in sorted(names, key=lambda name: (len(name), name)):
        rows.setdefault(name.rstrip("0123456789"), []).append(name)
    return ", ".join(f"{row[0]} ... {row[-1]}" if len(row) > 2 else " ".join(row) for row in rows.values())


def data(derivation: Derivation) -> list[dict[str, Any]]:
    """A derivation, then all that its sums are made of, each once; a factor's terms are places in the list."""
    parts = [derivation]
    places = {derivation: 0}
    for part in parts:
        for term in (term for factor in part.factors for term in factor.terms if term not in places):
            places[term] = len(parts)
            parts.append(term)

    def fields(item: Derivation | Factor, *names: str) -> dict[str, Any]:
        return {name: getattr(item, name) for name in names}

    return [
        fields(part, "of", "by", "value")
        | {
            "factors": [
                fields(factor, "of", "by", "formula", "numbers", "value")
                | {"terms": [places[term] for term in factor.terms]}
                for factor in part.factors
            ]
        }
        for part in parts
    ]


def report(options: argparse.Namespace) -> dict[str, Any]:
    """All that is printed, by the names that `--help` explains."""
    model, inputs, targets = setting(options)
    E = half_squared_error(model(inputs), targets)
    E.backward()
    _, nodes = topological_order(E)
    result: dict[str, Any] = {
        name: getattr(options, name) for name in ("layers", "activation", "bias", "lr", "rounds", "seed")
    }
    result["inputs"] = {f"i{k}": x for k, x in enumerate(inputs, 1)}
    result["targets"] = {f"t{k}": x for k, x in enumerate(targets, 1)}
    result["weights"] = {w.label: w.data for w in model.weights()}
    result["biases"] = {b.label: b.data for b in model.biases()}
    result["forward"] = {v.label: v.data for v in nodes if v.label}
    result["gradients"] = {p.label: p.grad for p in (*model.weights(), *model.biases())}
    result["derivations"] = derivations(E, result["gradients"], options)
    trained = deepcopy(model)  # for what is drawn and derived shows the numbers as they are
    states = training(trained, inputs, targets, [SGD(trained.weights(), options.lr)], {0, 1, options.rounds})
    result["training"] = [{"rounds": rounds, **state} for rounds, state in states.items()]
    if vars(options) | FORM == vars(parser().parse_args([])) | FORM:
        result["lecture"] = slips(states)
    if options.out is not None:
        result["pictures"] = pictures(E, result["derivations"], options.out)
    return result


# What the lecture prints otherwise, and the two slips that it comes of.
SLIPS = {
    "a": "w5–w8 move before the gradients of w1–w4 are taken through them",
    "b": "one round too few: the right rule after 9,999",
}
FIGURES = (
    ("E", 1, 0.291027924, "a"),
    ("E", 10_000, 0.0000351085, "b"),
    ("out_o1", 10_000, 0.015912196, "a"),
    ("out_o2", 10_000, 0.984065734, "a"),
)


def slips(right: States) -> list[dict[str, Any]]:
    """Each figure that the lecture prints otherwise, the true one, and what comes out where its slip is made."""

    def made(rounds: Collection[int], by_layers: bool) -> States:
        model = lecture.network()
        # Before the second optimizer, the record already has the new weights of the first: the last layer's.
        parts = [layer.weights() for layer in reversed(model.layers)] if by_layers else [model.weights()]
        optimizers = [SGD(weights, lecture.LEARNING_RATE) for weights in parts]
        return training(model, lecture.INPUTS, lecture.TARGETS, optimizers, rounds)

    computed = {"a": made({1, 10_000}, by_layers=True), "b": {10_000: made({9_999}, by_layers=False)[9_999]}}
    return [
        {
            "name": name,
            "rounds": rounds,
            "true": right[rounds][name],
            "printed": printed,
            "computed": computed[slip][rounds][name],
            "slip": SLIPS[slip],
        }
        for name, rounds, printed, slip in FIGURES
    ]


# What is printed: a section is a title and its lines, from the report and a function that writes a number.
Section = tuple[str, list[str]]
Show = Callable[[float], str]
BIASES = {"shared": "one bias for each layer", "neuron": "one bias for each neuron", "none": "no biases"}


def written(x: float, digits: int) -> str:
    """x to so many significant digits, with a real minus sign; in full where that is short.

    >>> written(-0.0000351018778, 4)
    '−0.0000351'
    """
    text = f"{x + 0.0:.{digits}g}"  # −0.0 + 0.0 is 0.0
    return (f"{Decimal(text):f}" if 1e-5 <= abs(x) < 1e6 else text).replace("-", "−")


def table(rows: Iterable[Sequence[str]]) -> list[str]:
    """The rows as lines of columns: words begin at the left, the points of numbers stand below each other."""
    columns = []
    for cells in zip(*rows, strict=True):
        before = [len(cell) - len(cell.lstrip("−0123456789")) for cell in cells]  # the point; 0 for a word
        texts = [" " * (n and max(before) - n) + cell for n, cell in zip(before, cells, strict=True)]
        columns.append([text.ljust(max(map(len, texts))) for text in texts])
    return ["  " + "  ".join(line).rstrip() for line in zip(*columns, strict=True)]


def paragraph(head: str, text: str) -> list[str]:
    """`head` and the text after it, wrapped; what a no-break space joins stays on one line."""
    start = f"  {head}  "
    lines = wrap(text, WIDTH, initial_indent=start, subsequent_indent=" " * len(start))
    return [line.replace("\xa0", " ") for line in lines]


def counted(rounds: int) -> str:
    """`1 round`, `10,000 rounds`."""
    return f"{rounds:,} round{'s' * (rounds != 1)}"


def network_section(r: dict[str, Any], show: Show) -> Section:
    """The network and its data."""
    lines = [f"  {r['activation']}, {BIASES[r['bias']]}, learning rate {show(r['lr'])}"]
    for name in ("inputs", "targets"):
        lines += paragraph(f"{name:7}", ", ".join(f"{k}\xa0=\xa0{show(x)}" for k, x in r[name].items()))
    return f"{'The lecture: network' if 'lecture' in r else 'Network'} {'-'.join(map(str, r['layers']))}", lines


def forward_section(r: dict[str, Any], show: Show) -> Section:
    """The sum and the output of each neuron, a line each."""
    forward = r["forward"]
    neurons = [("net" + name[3:], name) for name in forward if name.startswith("out_")]
    rows = [[cell for name in neuron if name in forward for cell in (name, show(forward[name]))] for neuron in neurons]
    return "Forward pass", table(rows)


def error_section(r: dict[str, Any], show: Show) -> Section:
    """The error of each output, and E."""
    return "Error: E = Σ ½(t − out)²", table((k, show(x)) for k, x in r["forward"].items() if k.startswith("E"))


def gradient_section(r: dict[str, Any], show: Show) -> Section:
    """Each parameter, the gradient of E by it, and what the first round makes of it."""
    new = next(state for state in r["training"] if state["rounds"] == 1)
    rows = [("", "w", "∂E/∂w", "w⁺")]
    rows += [(k, show(x), show(r["gradients"][k]), show(new[k])) for k, x in r["weights"].items()]
    rows += [(k, show(x), show(r["gradients"][k]), "fixed") for k, x in r["biases"].items()]
    return f"Gradients, and the first round: w⁺ = w − {show(r['lr'])}·∂E/∂w", table(rows)


def training_section(r: dict[str, Any], show: Show) -> Section:
    """E and the outputs before, after one round and after all."""
    states = r["training"]
    names = [k for k in states[0] if k == "E" or k.startswith("out_")]
    rows = [["", *(f"after {counted(state['rounds'])}" for state in states)]]
    rows += [[k, *(show(state[k]) for state in states)] for k in names]
    return "Training", table(rows)


def lecture_section(r: dict[str, Any], show: Show) -> Section:
    """The figures that the lecture prints otherwise, and what its slips give."""
    letters = {slip: f"({letter})" for letter, slip in SLIPS.items()}
    rows = [["", "after", "true", "the lecture", "its slip gives", ""]]
    for f in r["lecture"]:
        numbers = (show(f[key]) for key in ("true", "printed", "computed"))
        rows.append([f["name"], counted(f["rounds"]), *numbers, letters[f["slip"]]])
    lines = table(rows)
    for slip, letter in letters.items():
        lines += paragraph(letter, slip)
    return "Where the lecture prints another number", lines


SECTIONS = (network_section, forward_section, error_section, gradient_section, training_section)


def derivation_section(r: dict[str, Any], options: argparse.Namespace) -> Section:
    """The derivations, word for word as `chain_rule` prints them."""
    lines = ["", *"\n\n\n".join(map(str, r["derivations"].values())).split("\n")]
    done = len(r["derivations"])
    if not options.derive and done < len(r["gradients"]):
        names = list(r["gradients"])
        lines += ["", "", f"That was {done} of {len(names)} gradients; for the others: --derive {names[done]} ..."]
    return "Derivations", lines


def page(r: dict[str, Any], options: argparse.Namespace, bold: bool) -> str:
    """The whole report as a reader sees it; but for the derivations, at most 80 columns wide."""
    parts = [section(r, lambda x: written(x, options.digits or 9)) for section in SECTIONS]
    if "lecture" in r:
        parts.append(lecture_section(r, lambda x: written(x, 9)))  # as many digits as the lecture prints
    parts.append(derivation_section(r, options))
    if "pictures" in r:
        parts.append(("Pictures", [f"  {file}" for file in r["pictures"]]))
    return "\n\n".join("\n".join([f"\033[1m{title}\033[0m" if bold else title, *lines]) for title, lines in parts)


# The document. A line that is too long for the page is broken at its signs.
LATEX = r"""\documentclass[fleqn]{article}
\usepackage[a4paper, margin=2cm]{geometry}
\usepackage{amsmath}
\allowdisplaybreaks
\providecommand{\lt}{<}\providecommand{\gt}{>}
\setlength{\parskip}{1ex}
\newcommand{\fit}[1]{\sbox0{$\displaystyle #1$}\ifdim\wd0<.7\linewidth\usebox0\else
  \parbox[t]{.7\linewidth}{\raggedright\lineskip1ex\lineskiplimit1ex$\displaystyle #1$}\fi}
\begin{document}\raggedright
"""


def document(r: dict[str, Any], digits: int) -> str:
    """The network's numbers and the derivations, in LaTeX."""
    latex = Notation("latex", digits)
    title, (kind, *_) = network_section(r, lambda x: f"${latex.number(x)}$")
    lines = [rf"\section*{{{title}}}", kind.strip().replace("_", r"\_")]
    for part in ("inputs", "targets", "weights", "biases", "forward"):
        numbers = ",\n".join(f"${{{latex.name(name)} = {latex.number(x)}}}$" for name, x in r[part].items())
        lines += ["", numbers]
    for name, derivation in r["derivations"].items():
        rows = [row.replace("&= ", r"&= \fit{", 1) + "}" for row in derivation.latex().split(" \\\\[1ex]\n")]
        lines += ["", rf"\section*{{$\partial E/\partial {latex.name(name)}$}}"]
        lines += [r"\begin{align*}", " \\\\[1ex]\n".join(rows), r"\end{align*}"]
    return LATEX + "\n".join([*lines, r"\end{document}", ""])


def put(text: str) -> None:
    """Prints the text; where the terminal cannot show its signs, in ASCII."""
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = re.sub("[⁻⁰¹²³⁴-⁹⁽⁾]+", lambda raised: "^" + normalize("NFKC", raised[0]), text)
        text = text.translate(ASCII)
    print(text)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command and returns its exit status."""
    words = sys.argv[1:] if arguments is None else arguments
    p = parser()
    try:
        try:
            # argparse takes "-1e-3" for an option, but not " -1e-3"
            options = p.parse_args([f" {word}" if NEGATIVE.match(word) else word for word in words])
            try:
                if options.check is not None:
                    marked = marks(options)
                    put(str(marked))
                    return 0 if marked else 1
                r = report(options)
            except (argparse.ArgumentTypeError, DomainError) as error:
                p.error(str(error))
            if options.latex is not None:
                try:
                    write_whole(options.latex, document(r, options.digits or 9))
                except OSError as error:
                    p.error(f"--latex: {options.latex!r} cannot be written: {error.strerror}")
            bold = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
            put(json.dumps(r, indent=2, default=data) if options.json else page(r, options, bold))
        finally:
            sys.stdout.flush()
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for the flush when Python ends
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
