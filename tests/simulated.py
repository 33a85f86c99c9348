"""A class that works the lecture's network out in plain floats, and writes what a student would.

How an answer is made says what it is worth: the oracle of the worksheets.
"""

import math
import re

from nn import lecture

NAMES = ["w5", "w6", "w1"]
WEIGHTS = ["w5", "w6", "w7", "w8", "w1", "w2", "w3", "w4"]
RATE = 0.5


def lecture_error():
    return lecture.error(lecture.network())


def squashed(x):
    return 1 / (1 + math.exp(-x))


class Student:
    """Works the sheet out with the numbers that stand on it, and rounds each that is written.

    slips   {name of a quantity: what is done to its value}, after which all goes on from there
    """

    def __init__(self, numbers, digits=4, cut=False, slips=None, comma=False):
        self.n = dict(numbers)
        self.digits, self.cut, self.comma = digits, cut, comma
        self.slips = slips or {}
        self.lines = []
        self.work()

    def shown(self, x):
        if x == 0:
            return "0"
        places = self.digits - 1 - math.floor(math.log10(abs(x)))
        scaled = abs(x) * 10**places
        units = math.floor(scaled + 1e-9) if self.cut else math.floor(scaled + 0.5)
        text = f"{units / 10**places:.{max(places, 0)}f}".rstrip("0").rstrip(".")
        return ("-" if x < 0 else "") + (text.replace(".", ",") if self.comma else text)

    def as_written(self, x):
        return float(self.shown(x).replace(",", "."))

    def put(self, x):
        return f"({self.shown(x)})" if x < 0 else self.shown(x)

    def write(self, name, formula, numbers, value):
        """Write a line, and keep what was written, as a student goes on with it."""
        value = self.slips.get(name, lambda x: x)(value)
        self.lines.append(" = ".join(filter(None, [name, formula, numbers, self.shown(value)])))
        self.n[name] = self.as_written(value)

    def work(self):
        n, put = self.n, self.put
        for head, (a, x), (b, y), bias in (
            ("h1", ("w1", "i1"), ("w2", "i2"), "b1"),
            ("h2", ("w3", "i1"), ("w4", "i2"), "b1"),
            ("o1", ("w5", "out_h1"), ("w6", "out_h2"), "b2"),
            ("o2", ("w7", "out_h1"), ("w8", "out_h2"), "b2"),
        ):
            numbers = f"{put(n[a])}*{put(n[x])} + {put(n[b])}*{put(n[y])} + {put(n[bias])}"
            self.write(f"net_{head}", "", numbers, n[a] * n[x] + n[b] * n[y] + n[bias])
            net = n[f"net_{head}"]
            self.write(f"out_{head}", "", f"sigmoid({self.shown(net)})", squashed(net))
        for k in "12":
            t, out = n[f"t{k}"], n[f"out_o{k}"]
            self.write(f"E_o{k}", "", f"1/2*({put(t)} - {put(out)})^2", (t - out) ** 2 / 2)
        self.write("E", "", f"{put(n['E_o1'])} + {put(n['E_o2'])}", n["E_o1"] + n["E_o2"])
        t, out = n["t1"], n["out_o1"]
        self.write("dE/dout_o1", "-(t1 - out_o1)", f"-({put(t)} - {put(out)})", out - t)
        self.write(
            "dout_o1/dnet_o1",
            "out_o1*(1 - out_o1)",
            f"{put(out)}*(1 - {put(out)})",
            out * (1 - out),
        )
        self.write("dnet_o1/dw5", "out_h1", "", n["out_h1"])
        for w, h in (("w5", "out_h1"), ("w6", "out_h2")):
            factors = [n["dE/dout_o1"], n["dout_o1/dnet_o1"], n[h]]
            self.write(f"dE/d{w}", "", "*".join(map(put, factors)), math.prod(factors))
        out1, out2, h = n["out_o1"], n["out_o2"], n["out_h1"]
        delta1 = (out1 - n["t1"]) * out1 * (1 - out1)
        delta2 = (out2 - n["t2"]) * out2 * (1 - out2)
        upper = delta1 * n["w5"] + delta2 * n["w7"]
        self.write("dE/dout_h1", "", "", upper)
        factors = [self.as_written(x) for x in (n["dE/dout_h1"], h * (1 - h), n["i1"])]
        self.write("dE/dw1", "", "*".join(map(put, factors)), math.prod(factors))
        for w in NAMES:
            step = n[f"dE/d{w}"]
            self.write(f"{w}+", "", f"{put(n[w])} - {put(RATE)}*{put(step)}", n[w] - RATE * step)

    @property
    def text(self):
        return "\n".join(self.lines)


class Whole(Student):
    """Works the gradients by all eight weights out, and a step of each."""

    def work(self):
        super().work()
        self.lines = [x for x in self.lines if not x.startswith((*"w", "dE/dw1", "dE/dout_h1"))]
        n = self.n
        ends = [(n[f"out_o{k}"], n[f"t{k}"]) for k in "12"]
        deltas = [(out - t) * out * (1 - out) for out, t in ends]
        out, t = ends[1]
        for w, h in (("w7", "out_h1"), ("w8", "out_h2")):
            self.product(w, out - t, out * (1 - out), n[h])
        for h, weights, below in (("h1", "57", "12"), ("h2", "68", "34")):
            upper = sum(delta * n[f"w{k}"] for delta, k in zip(deltas, weights, strict=True))
            self.write(f"dE/dout_{h}", "", "", upper)
            out = n[f"out_{h}"]
            for k, i in zip(below, ("i1", "i2"), strict=True):
                self.product(f"w{k}", n[f"dE/dout_{h}"], out * (1 - out), n[i])
        for w in WEIGHTS:
            before, step = n[w], n[f"dE/d{w}"]
            numbers = f"{self.put(before)} - {self.put(RATE)}*{self.put(step)}"
            self.write(f"{w}+", "", numbers, before - RATE * step)

    def product(self, w, *factors):
        """Write a gradient as the product of what stands on paper."""
        factors = [self.as_written(x) for x in factors]
        self.write(f"dE/d{w}", "", "*".join(map(self.put, factors)), math.prod(factors))


# other notations, each a function of the lines

QUOTIENT = re.compile(r"d(E|E_o\d|out_\w+?|net_\w+?)/d(w\d|out_[oh]\d|net_[oh]\d)")
LABEL = re.compile(r"(?<![\\{\w])(?:w\d\+?|[tib]\d|(?:out|net)_\w\d|E_o\d)(?![\w}])")


def each(change):
    return lambda lines: "\n".join(map(change, lines))


def in_tex(name):
    """w5+ as w_5^+, out_o1 as \\mathrm{out}_{o1}."""
    name = re.sub(r"^w(\d)\+$", r"w_\1^+", name)
    name = re.sub(r"^([wtib])(\d)$", r"\1_\2", name)
    name = re.sub(r"^(out|net)_(\w\d)$", r"\\mathrm{\1}_{\2}", name)
    return re.sub(r"^E_(o\d)$", r"E_{\1}", name)


def tex(line, fraction=r"\frac{{\partial {}}}{{\partial {}}}"):
    line = QUOTIENT.sub(lambda m: fraction.format(in_tex(m[1]), in_tex(m[2])), line)
    line = re.sub(r"sigmoid\(([^)]*)\)", r"\\sigma\\left(\1\\right)", line)
    line = line.replace("1/2*", r"\frac{1}{2} ").replace("*", r" \cdot ")
    return LABEL.sub(lambda m: in_tex(m[0]), line)


def aligned(lines):
    rows = [tex(line).replace(" = ", " &= ", 1) for line in lines]
    body = " \\\\\n".join(rows)
    return f"\\documentclass{{article}}\n\\begin{{document}}\n\\begin{{align*}}\n{body}\n\\end{{align*}}"


def displayed(line):
    return "\\[\n" + tex(line).replace("}{", "\n}{\n").replace(" = ", "\n = ") + "\n\\]"


def unicode(line):
    line = QUOTIENT.sub(r"∂\1/∂\2", re.sub(r"^(w\d)\+", r"\1⁺", line))
    line = line.replace("1/2*", "½·").replace("*", "·").replace("-", "−")
    return line.replace("sigmoid", "σ").replace("^2", "²")


def numpy(line):
    line = re.sub(r"sigmoid\((-?)([^)]*)\)", spelled_out, QUOTIENT.sub(r"d\1_d\2", line))
    return line.replace("*", " * ").replace("^2", "**2")


def spelled_out(found):
    return f"1/(1 + np.exp({'' if found[1] else '-'}{found[2]}))"


def primed(line):
    if line.startswith("dout_o1/dnet_o1"):
        return line.replace("out_o1*(1 - out_o1)", "sigmoid'(net_o1)")
    return line


def last_side(pattern):
    """Let the last side be another: {} is what it was."""
    return each(
        lambda line: " = ".join([*line.split(" = ")[:-1], pattern.format(line.split(" = ")[-1])])
    )


STYLES = {
    "ascii": each(str),
    "unicode": each(unicode),
    "crosses": each(lambda line: line.replace("*", " × ")),
    "E_w5": each(lambda line: re.sub(r"dE/d(w\d)", r"E_\1", line)),
    "E_{w5}": each(lambda line: re.sub(r"dE/d(w\d)", r"E_{\1}", line)),
    "d(E)/d(w5)": each(lambda line: QUOTIENT.sub(r"d(\1)/d(\2)", line)),
    "d/dw5 E": each(lambda line: QUOTIENT.sub(r"d/d\2 \1", line)),
    "operators in LaTeX": each(lambda line: tex(line, r"\frac{{\partial}}{{\partial {1}}} {0}")),
    "LaTeX": each(lambda line: f"${tex(line)}$\n"),
    "aligned": aligned,
    "fractions over several lines": each(displayed),
    "sides on lines of their own": each(lambda line: line.replace(" = ", "\n  = ")),
    "NumPy": each(numpy),
    "1/(1 + e^(-x))": each(lambda line: re.sub(r"sigmoid\(([^)]*)\)", r"1/(1 + e^(-(\1)))", line)),
    "primes": each(primed),
    "list": lambda lines: "# Answer\n\n" + "\n".join(f"{k}. {x}" for k, x in enumerate(lines, 1)),
    "bold": last_side("**{}**"),
    "code": lambda lines: "\n".join(["```", *lines, "```"]),
    "table": each("| {} |".format),
    "powers of ten": each(lambda line: re.sub(r"= 0\.00(\d)(\d+)$", r"= \1.\2*10^-3", line)),
    "no zeros": each(lambda line: re.sub(r"\b0\.", ".", line)),
    "words": each("So we get {}.".format),
}
