"""Random formulas of random records, written as people write them: what is right is right in every
spelling, and is not with one sign, one factor or one name changed. The truth is sympy's.
"""

import random
from dataclasses import dataclass

import pytest
import sympy

from autograd import DomainError, Value, check_derivation, ops

LABELS = [
    "a",
    "b",
    "c",
    "d",
    "e",
    "t",
    "w",
    "x",
    "y",
    "w1",
    "w2",
    "x1",
    "b_2",
    "ŷ",
    "λ",
    "μ",
    "θ",
    "σ",
    "δ",
    "α",
]
COMMANDS = {"λ": "lambda", "μ": "mu", "θ": "theta", "σ": "sigma", "δ": "delta", "α": "alpha"}
HEADS = ["u", "v", "z", "h", "L"]
FUNCTIONS = {"sigmoid": lambda x: 1 / (1 + sympy.exp(-x)), "tanh": sympy.tanh, "exp": sympy.exp}

# A formula: ("number", "0.5"), ("name", "a"), ("power", formula, 2), ("call", "tanh", formula),
# ("product", [formula, …]), or ("sum", [(sign, formula), …]).


@dataclass
class Board:
    """A record, and what each of its named nodes was computed from, in names."""

    root: Value
    formulas: dict
    leaves: list


def formula(rng, names):
    """A random formula in these names, the last of them among it."""
    terms = [product(rng, names) for _ in range(rng.randint(1, 3))]
    terms[0][1].append(("name", names[-1]))
    if len(terms) == 1:
        return terms[0]
    return ("sum", [(1, terms[0]), *((rng.choice((1, -1)), term) for term in terms[1:])])


def product(rng, names):
    factors = []
    if rng.random() < 0.3:
        factors.append(("number", rng.choice(["2", "3", "0.5", "1.25"])))
    for _ in range(rng.randint(1, 2)):
        factors.append(factor(rng, names))
    return ("product", factors)


def factor(rng, names):
    kind = rng.random()
    name = ("name", rng.choice(names))
    if kind < 0.5 or len(names) < 2:
        return name
    if kind < 0.75:
        return ("power", name, rng.choice((2, 3)))
    first, second = rng.sample(names, 2)
    return ("sum", [(1, ("name", first)), (rng.choice((1, -1)), ("name", second))])


def board(rng):
    """A random record of three to five leaves and two to four named nodes."""
    leaves = rng.sample(LABELS, rng.randint(3, 5))
    sizes = lambda: rng.choice((rng.uniform(0.3, 0.7), rng.uniform(1.55, 1.95)))
    values = {name: Value(round(sizes(), 2), name) for name in leaves}  # 2 is not 2·x, rounded
    formulas = {}
    for head in HEADS[: rng.randint(2, 4)]:
        names = list(values)
        if formulas and rng.random() < 0.3:
            tree = ("call", rng.choice(list(FUNCTIONS)), ("name", names[-1]))
            if abs(values[names[-1]].data) > 3:  # flat there, as far as numbers tell
                return board(rng)
        else:
            tree = formula(rng, names)
        v = computed(tree, values)
        if v.label or not (1e-3 < abs(v.data) < 0.7 or 1.55 < abs(v.data) < 50):
            return board(rng)
        v.label = head
        values[head], formulas[head] = v, tree
    return Board(v, formulas, leaves)


def computed(tree, values):
    kind, *rest = tree
    if kind == "number":
        return Value(float(rest[0]))
    if kind == "name":
        return values[rest[0]]
    if kind == "power":
        return computed(rest[0], values) ** rest[1]
    if kind == "call":
        return getattr(ops, rest[0])(computed(rest[1], values))
    if kind == "product":
        total = float(rest[0][0][1]) if rest[0][0][0] == "number" else computed(rest[0][0], values)
        for part in rest[0][1:]:
            total = total * computed(part, values)
        return total
    total = computed(rest[0][0][1], values)
    for sign, part in rest[0][1:]:
        total = total + computed(part, values) if sign > 0 else total - computed(part, values)
    return total


def in_sympy(tree, formulas):
    """The formula in the leaves, as sympy has it."""
    kind, *rest = tree
    if kind == "number":
        return sympy.Rational(rest[0])
    if kind == "name":
        name = rest[0]
        return in_sympy(formulas[name], formulas) if name in formulas else sympy.Symbol(name)
    if kind == "power":
        return in_sympy(rest[0], formulas) ** rest[1]
    if kind == "call":
        return FUNCTIONS[rest[0]](in_sympy(rest[1], formulas))
    if kind == "product":
        return sympy.Mul(*(in_sympy(part, formulas) for part in rest[0]))
    return sympy.Add(*(sign * in_sympy(part, formulas) for sign, part in rest[0]))


def derived(tree, name, formulas):
    """The derivative by a name, as terms that a person would write: a list of (sign, product)."""
    kind, *rest = tree
    if tree == ("name", name):
        return [(1, [])]
    if kind == "name":
        return derived(formulas[rest[0]], name, formulas) if rest[0] in formulas else []
    if kind == "power":
        base, power = rest
        outer = [("number", str(power)), base if power == 2 else ("power", base, power - 1)]
        return [(sign, outer + more) for sign, more in derived(base, name, formulas)]
    if kind == "call":
        inner = rest[1]
        outer = {
            "exp": [tree],
            "tanh": [("sum", [(1, ("number", "1")), (-1, ("power", tree, 2))])],
            "sigmoid": [tree, ("sum", [(1, ("number", "1")), (-1, tree)])],
        }[rest[0]]
        return [(sign, outer + more) for sign, more in derived(inner, name, formulas)]
    if kind == "product":
        parts = rest[0]
        return [
            (sign, parts[:k] + more + parts[k + 1 :])
            for k, part in enumerate(parts)
            for sign, more in derived(part, name, formulas)
        ]
    if kind == "sum":
        return [
            (outer * sign, more)
            for outer, part in rest[0]
            for sign, more in derived(part, name, formulas)
        ]
    return []


def as_sum(terms):
    products = [(sign, ("product", factors or [("number", "1")])) for sign, factors in terms]
    return products[0][1] if len(products) == 1 and products[0][0] > 0 else ("sum", products)


# How it is written.


class Writer:
    """One person's way to write: in LaTeX or not, with these signs."""

    def __init__(self, rng):
        self.rng = rng
        self.latex = rng.random() < 0.25
        self.times = rng.choice([" ", "·", " · ", "*", " * ", "", " "])
        if self.latex:
            self.times = rng.choice([" ", r" \cdot ", r" \times "])
        self.minus = rng.choice(["-", " - ", "−", " − "])
        self.comma = rng.random() < 0.2

    def name(self, name):
        if self.latex and name in COMMANDS:
            return rf"\{COMMANDS[name]}"
        if self.latex and name == "ŷ":
            return r"\hat{y}"
        if self.latex and len(name) > 1:
            return f"{name[0]}_{{{name[-1]}}}"
        if name in COMMANDS and self.times.strip() and self.rng.random() < 0.2:
            return COMMANDS[name]
        return name

    def __call__(self, tree, inside=False):
        kind, *rest = tree
        if kind == "number":
            return rest[0].replace(".", ",") if self.comma else rest[0]
        if kind == "name":
            return self.name(rest[0])
        if kind == "power":
            base = self(rest[0], True)
            if rest[0][0] == "call" and not self.latex:
                return f"({base})^{rest[1]}"
            forms = [f"{base}^{rest[1]}", f"{base}^{{{rest[1]}}}"]
            if not self.latex:
                forms += [f"{base}{'²³'[rest[1] - 2]}"] * 2 + [f"{base}**{rest[1]}"]
            return self.rng.choice(forms)
        if kind == "call":
            return self.call(*rest)
        if kind == "product":
            return self.product(rest[0])
        text = self.sum(rest[0])
        opening, closing = self.rng.choice(["()", "()", "[]"])
        return f"{opening}{text}{closing}" if inside else text

    def call(self, function, tree):
        forms = {
            "sigmoid": ["sigmoid", r"\sigma" if self.latex else "σ"],
            "tanh": [r"\tanh" if self.latex else "tanh"],
            "exp": [r"\exp" if self.latex else "exp"],
        }[function]
        if function == "exp" and self.rng.random() < 0.5:
            return f"e^{{{self(tree)}}}"
        return f"{self.rng.choice(forms)}({self(tree)})"

    def sum(self, terms):
        text = ""
        for k, (sign, term) in enumerate(terms):
            mark = self.minus if sign < 0 else self.minus.replace("-", "+").replace("−", "+")
            if k == 0:
                mark = mark.strip() if sign < 0 else ""
            text += mark + self(term, term[0] == "sum")
        return text

    def product(self, factors):
        written = [(self(part, True), part[0]) for part in factors]
        text, before = written[0]
        for part, kind in written[1:]:
            text += self.between(text, before, part, kind) + part
            before = kind
        return text

    def between(self, text, before, part, kind):
        if kind == "number":
            return " · "
        return self.times or ("" if self.may_join(text.split(" ")[-1], before, part, kind) else " ")

    def may_join(self, last, before, part, kind):
        """Whether two factors can stand side by side: labels of one letter, a number and what
        follows, two brackets.
        """
        if before == "number":
            return kind != "call"
        if before == kind == "sum":
            return True
        if last + part[0] in ("at", "be", "by", "we"):  # words, too: not read
            return False
        letters = len(last) == 1 and len(part.rstrip("²³")) == 1
        return before == "name" and kind in ("name", "power") and letters


BEFORE = ["", "", "", "so we get ", "1. ", "Then ", "which gives "]
BEHIND = [
    "",
    "",
    "",
    ".",
    " (by the chain rule)",
    ", as it should be",
    " (the well-known form)",
    " which the chain rule gives",
    " ✓",
]


def line(rng, subject, tree):
    writer = Writer(rng)
    left = writer.name(subject[-1])
    if len(subject) == 2:
        forms = ["d{}/d{}", "∂{}/∂{}", r"\frac{{\partial {}}}{{\partial {}}}"]
        form = forms[-1] if writer.latex else rng.choice(forms)
        left = form.format(writer.name(subject[0]), left)
    return f"{rng.choice(BEFORE)}{left} = {writer(tree)}{rng.choice(BEHIND)}"


def changed(rng, tree, names):
    """The formula with one sign, one factor or one name changed."""
    kind, *rest = tree
    if kind == "number":
        return ("number", {"2": "3", "3": "2", "1": "2"}.get(rest[0], "0.75"))
    if kind == "name":
        return ("name", rng.choice([x for x in names if x != rest[0]]))
    if kind == "power":
        if rng.random() < 0.5:
            return ("power", changed(rng, rest[0], names), rest[1])
        return ("power", rest[0], 5 - rest[1])
    if kind == "call":
        return ("call", rest[0], changed(rng, rest[1], names))
    if kind == "product":
        parts = list(rest[0])
        k = rng.randrange(len(parts))
        if len(parts) > 1 and rng.random() < 0.3:
            del parts[k]
        elif rng.random() < 0.3:
            parts.insert(k, ("name", rng.choice(names)))
        else:
            parts[k] = changed(rng, parts[k], names)
        return ("product", parts)
    terms = list(rest[0])
    k = rng.randrange(len(terms))
    sign, part = terms[k]
    terms[k] = (-sign, part) if rng.random() < 0.5 else (sign, changed(rng, part, names))
    return ("sum", terms)


def cases(rng, count):
    """Random records, each with a true statement: of what, and its formula."""
    while count:
        try:
            found = board(rng)
        except (DomainError, OverflowError):
            continue
        head = rng.choice(list(found.formulas))
        tree = found.formulas[head]
        subject = (head,)
        if rng.random() < 0.6:
            name = rng.choice([*found.leaves, *found.formulas])
            terms = derived(tree, name, found.formulas)
            if name == head or not 0 < len(terms) < 6:
                continue
            subject, tree = (head, name), as_sum(terms)
        count -= 1
        yield found, subject, tree


def same(formulas, one, other):
    first, second = (in_sympy(tree, formulas) for tree in (one, other))
    names = sorted(first.free_symbols | second.free_symbols, key=str)
    off = sympy.lambdify(names, first - second, "math")
    rng = random.Random(5)
    try:
        return all(abs(off(*(rng.uniform(0.2, 0.8) for _ in names))) < 1e-9 for _ in range(3))
    except OverflowError:  # it is not told here
        return True


@pytest.mark.slow
def test_what_is_right_is_right_in_every_spelling(campaign):
    rng = random.Random(1)
    for found, subject, tree in cases(rng, campaign(150)):
        text = line(rng, subject, tree)
        marks = check_derivation(found.root, text)
        assert marks, (text, found.formulas, str(marks))


@pytest.mark.slow
def test_what_is_changed_is_not_right(campaign):
    rng = random.Random(2)
    for found, subject, tree in cases(rng, campaign(150)):
        other = changed(rng, tree, [*found.leaves, *found.formulas])
        if not same(found.formulas, tree, other):
            text = line(rng, subject, other)
            marks = check_derivation(found.root, text)
            assert not marks, (text, found.formulas, str(marks))
