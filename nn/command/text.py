"""The report as a reader sees it: a section is one function that writes a part of it."""

import argparse
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from textwrap import wrap
from typing import Any
from unicodedata import normalize

from autograd.digits import rounded, with_minus
from autograd.tables import columns, points_aligned
from nn.command.slips import SLIPS

WIDTH = 80
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

# A section is a title and its lines, from the report and a function that writes a number.
Section = tuple[str, list[str]]
Show = Callable[[float], str]
BIASES = {
    "shared": "one bias for each layer",
    "neuron": "one bias for each neuron",
    "none": "no biases",
}


def written(x: float, digits: int) -> str:
    """x to so many significant digits, with a real minus sign; in full where that is short.

    >>> written(-0.0000351018778, 4)
    '−0.0000351'
    """
    text = f"{rounded(x, digits) + 0.0:.{digits}g}"  # −0.0 + 0.0 is 0.0
    return with_minus(f"{Decimal(text):f}" if 1e-5 <= abs(x) < 1e6 else text)


def table(rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the rows as lines of columns: the points of numbers stand below each other."""
    by_column = [points_aligned(column) for column in zip(*rows, strict=True)]
    return [f"  {line}" for line in columns(list(zip(*by_column, strict=True)))]


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
        lines += paragraph(
            f"{name:7}", ", ".join(f"{k}\xa0=\xa0{show(x)}" for k, x in r[name].items())
        )
    kind = "The lecture: network" if "lecture" in r else "Network"
    return f"{kind} {'-'.join(map(str, r['layers']))}", lines


def forward_section(r: dict[str, Any], show: Show) -> Section:
    """The sum and the output of each neuron, a line each."""
    forward = r["forward"]
    neurons = [("net" + name[3:], name) for name in forward if name.startswith("out_")]
    rows = [
        [cell for name in neuron if name in forward for cell in (name, show(forward[name]))]
        for neuron in neurons
    ]
    return "Forward pass", table(rows)


def error_section(r: dict[str, Any], show: Show) -> Section:
    """The error of each output, and E."""
    return "Error: E = Σ ½(t − out)²", table(
        (k, show(x)) for k, x in r["forward"].items() if k.startswith("E")
    )


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


SECTIONS = (
    network_section,
    forward_section,
    error_section,
    gradient_section,
    training_section,
)


def example_section(r: dict[str, Any], show: Show) -> Section:
    """What an example is; the number of each name, and how it was computed."""
    rows = [(k, show(x), r["formulas"].get(k, "")) for k, x in r["forward"].items()]
    return f"{r['example']}: {r['title']}", table(rows)


def derivation_section(r: dict[str, Any], options: argparse.Namespace) -> Section:
    """The derivations, word for word as `chain_rule` prints them."""
    lines = ["", *"\n\n\n".join(map(str, r["derivations"].values())).split("\n")]
    done = len(r["derivations"])
    names = list(r.get("gradients", r["derivations"]))
    if not options.derive and options.detail == "names" and done < len(names):
        lines += [
            "",
            "",
            f"That was {done} of {len(names)} gradients; for the others:"
            f" --derive {names[done]} ...",
        ]
    return "Derivations", lines


def page(r: dict[str, Any], options: argparse.Namespace, bold: bool) -> str:
    """The whole report as a reader sees it; but for the derivations, at most 80 columns wide."""
    sections = (example_section,) if "example" in r else SECTIONS
    parts = [section(r, lambda x: written(x, options.digits or 9)) for section in sections]
    if "lecture" in r:
        parts.append(
            lecture_section(r, lambda x: written(x, 9))
        )  # as many digits as the lecture prints
    parts.append(derivation_section(r, options))
    if "pictures" in r:
        parts.append(("Pictures", [f"  {file}" for file in r["pictures"]]))
    return "\n\n".join(_headed(title, lines, bold) for title, lines in parts)


def _headed(title: str, lines: Iterable[str], bold: bool) -> str:
    """Return lines below a title."""
    return "\n".join([f"\033[1m{title}\033[0m" if bold else title, *lines])


def put(text: str) -> None:
    """Print the text; where the terminal cannot show its signs, in ASCII."""
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = re.sub("[⁻⁰¹²³⁴-⁹⁽⁾]+", lambda raised: "^" + normalize("NFKC", raised[0]), text)
        text = text.translate(ASCII)
    print(text)
