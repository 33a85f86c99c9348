"""One side of an equation as a tree: a parser by binding strengths (Pratt, 1973)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import ClassVar

from autograd import ops
from autograd.marking.cursor import CLOSING, END, MOST, SIGNED, is_array
from autograd.marking.spelling import CONSTANTS, FRACTIONS, FROM_RAISED
from autograd.marking.sums import SUM, Sums
from autograd.marking.syntax import (
    ArrayCall,
    ArrayName,
    Call,
    Constant,
    Name,
    Number,
    Quotient,
    Tree,
    Unreadable,
)
from autograd.op import Op

DEEPEST = 60  # brackets and signs inside one another
COMPARED = 5  # how strongly signs bind; in brackets alone: z > 0 is a condition, and no formula
PRODUCT, POWER, POSTFIX = 20, 30, 40  # a sign before binds SIGNED
INFIX: Mapping[str, tuple[int, Op | str]] = {  # how strongly a sign binds, and what it means
    "+": (SUM, ops.add),
    "-": (SUM, ops.sub),
    "*": (PRODUCT, ops.mul),
    "/": (PRODUCT, ops.div),
    "⊙": (PRODUCT, "elementwise"),
    "⊗": (PRODUCT, "elementwise"),
    ".*": (PRODUCT, "elementwise"),
    "@": (PRODUCT, "matmul"),
    "^": (POWER, ops.pow),
    "**": (POWER, ops.pow),
    **dict.fromkeys(("<", ">", "≤", "≥", "<=", ">="), (COMPARED, "compared")),
}


class Parser(Sums):
    """Read the tokens of one side."""

    def side(self) -> Tree:
        """Return the tree of all tokens."""
        tree = self.expression(COMPARED)
        if self.next is not END:
            raise self.not_read(f"{self.next.text[:20]!r} is not understood here")
        return tree

    def expression(self, least: int) -> Tree:
        """Return what stands here, up to a sign that binds no stronger than `least`."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise Unreadable("REFUSED", "the formula is nested too deep")
        tree = self.continued(self.prefix(), least)
        self.depth -= 1
        return tree

    def continued(self, left: Tree, least: int) -> Tree:
        """Return an operand with all that follows and binds stronger than `least`."""
        while True:
            binding, read = self.continuation(left)
            if read is None or binding <= least:
                return left
            left = read(left)

    def continuation(self, left: Tree) -> tuple[int, Callable[[Tree], Tree] | None]:
        """Return how strongly what comes next binds, and what reads it; None where nothing
        goes on.
        """
        token = self.next
        if token.kind in self.MARKS:
            return self.MARKS[token.kind], getattr(self, f"read_{token.kind}")
        if token.kind == "number":
            raise self.not_read(f"a sign is missing before {token.text[:20]}")
        if token.kind == "sign":
            return self.after_sign(token.text, left)
        if token.kind in ("name", "fraction"):
            return PRODUCT, self.read_juxtaposed
        return 0, None

    def after_sign(self, sign: str, left: Tree) -> tuple[int, Callable[[Tree], Tree] | None]:
        """Return what `continuation` does, before a sign."""
        if sign == "+" and isinstance(left, (Name, ArrayName)) and self.ends_after_next():
            return POSTFIX, self.read_updated
        if sign in INFIX:
            return INFIX[sign][0], self.read_infix
        if sign == "|" and isinstance(left, Quotient) and not self.bars:
            return POSTFIX, self.read_held
        return (PRODUCT, self.read_juxtaposed) if self.opens(sign) else (0, None)

    def opens(self, sign: str) -> bool:
        """Whether an operand begins with a sign, and no bar is closed by it."""
        closes = self.bars and sign in ("|", "‖")
        return sign in self.OPENING and not closes

    def ends_after_next(self) -> bool:
        """Whether an operand ends here: w5+ is the new w5, where nothing is added to it."""
        return self.ahead(1).text in (END.text, ")", ",", "=")

    @cached_property
    def is_numpy(self) -> bool:
        """Whether it is written as programs have it: there * is element by element."""
        return any(token.text in ("@", ".T") for token in self.tokens)

    # Signs after an operand.

    def read_infix(self, left: Tree) -> Tree:
        before, sign = self.tokens[self.place - 1].text, self.take().text
        binding = INFIX[sign][0]
        if binding == COMPARED:
            return self.compared(sign, left, self.expression(binding))
        is_power = binding == POWER
        right = self.expression(POWER - 1 if is_power else binding)
        if is_power and before == "e" and not isinstance(left, Constant):
            left = self.base(left, right)
        return self.operation(self.meaning_of(sign, left, right), left, right)

    def meaning_of(self, sign: str, left: Tree, right: Tree) -> Op | str:
        """Return what a sign between two operands means: * and ⊗ have several meanings."""
        meaning = INFIX[sign][1]
        if meaning is ops.mul and self.is_numpy and (is_array(left) or is_array(right)):
            return "elementwise"
        if sign != "⊗" or not (is_array(left) and is_array(right)):
            return meaning
        outer = self.choose("⊗ is read as the outer product", "⊗ is read element by element")
        return "outer" if outer else meaning

    def compared(self, sign: str, left: Tree, right: Tree) -> Tree:
        """Return 1 where a condition holds, else 0: at a tie that of > and < is 0."""
        high, low = (left, right) if sign in (">", "≤", "<=") else (right, left)
        is_0 = isinstance(low, Number) and low.value == 0.0
        step = self.call(ops.step, high if is_0 else self.operation(ops.sub, high, low))
        return step if sign in ("<", ">") else self.operation(ops.sub, Number("1"), step)

    def base(self, e: Tree, exponent: Tree) -> Tree:
        """Return what e is, where something is called so: that where it is squared."""
        if isinstance(exponent, Number) and exponent.value.is_integer():
            return e
        euler, label = (f"e with this exponent is read as {x}" for x in ("Euler's number", "e"))
        if isinstance(e, ArrayName):
            self.notes.append(euler)
        elif not self.choose(euler, label):
            return e
        return Constant("e", CONSTANTS["e"])

    def operation(self, meaning: Op | str, left: Tree, right: Tree) -> Tree:
        if isinstance(meaning, str):
            if is_array(left) or is_array(right):
                return ArrayCall(meaning, (left, right))
            self.notes.append("the elementwise product of two numbers is read as their product")
            meaning = ops.mul
        if meaning is ops.mul and (is_array(left) or is_array(right)):
            return ArrayCall("mul", (left, right))
        return self.call(meaning, left, right)

    def read_raised(self, left: Tree) -> Tree:
        return self.call(ops.pow, left, Number(self.take().text.translate(FROM_RAISED).lstrip("+")))

    def read_updated(self, left: Tree) -> Tree:
        self.take()
        if isinstance(left, ArrayName):
            return ArrayCall("updated", (left,))
        if not isinstance(left, Name) or left.updated or left.label not in self.names.labels:
            raise self.not_read("⁺ stands after the name of a Value, as in w5⁺")
        return Name(left.label, updated=True)

    def read_transposed(self, left: Tree) -> Tree:
        self.take()
        return ArrayCall("transpose", (left,)) if is_array(left) else left

    def read_grad(self, left: Tree) -> Tree:
        """∂E/∂w5, as programs call it: w5.grad."""
        self.take()
        if isinstance(left, ArrayName):
            return ArrayCall("gradient", (left,))
        if not isinstance(left, Name) or left.label not in self.names.labels:
            raise self.not_read(".grad stands behind the name of a Value, as in w5.grad")
        return Quotient(self.names.root, left.label)

    def read_juxtaposed(self, left: Tree) -> Tree:
        """A product without a sign."""
        if self.next.text == "[" and self.ahead(1).kind == "number" and self.ahead(2).text == "]":
            raise self.not_read("one entry is written with its number below, as in w_1")
        before = self.tokens[self.place - 1]
        if isinstance(left, Call) and left.op is ops.div and before.kind == "number":
            self.notes.append(
                f"…/{before.text}{self.next.text} is read as (…/{before.text})·{self.next.text}"
            )
        return self.operation(ops.mul, left, self.expression(PRODUCT))

    def read_held(self, left: Tree) -> Tree:
        """The names after the bar of ∂E/∂x|f: they are held fixed."""
        assert isinstance(left, Quotient)
        self.expect("|")
        self.accept("_")
        brace = self.accept("{")
        held = [self.label()]
        while self.accept(","):
            held.append(self.label())
        if brace:
            self.expect("}")
        return Quotient(left.of, left.by, tuple(held), left.order)

    def label(self) -> str:
        bracket = self.accept("(")
        token = self.take()
        meaning = self.names.find(token.text) if token.kind == "name" else None
        if not isinstance(meaning, str):
            raise self.not_read("behind the bar stand the names that are held fixed, as in ∂E/∂x|f")
        if bracket:
            self.expect(")")
        return meaning

    # Operands.

    def prefix(self) -> Tree:
        self.left_to_read -= 1
        if self.left_to_read < 0:
            raise Unreadable("REFUSED", f"a formula has at most {MOST} names and numbers")
        token = self.next
        if token.kind == "number":
            self.take()
            assert token.number is not None
            return Number(token.number.text, token.number.typed)
        if token.kind == "fraction":
            self.take()
            above, below = FRACTIONS[token.text]
            return Call(ops.div, (Number(above), Number(below)))
        if token.kind == "name":
            return self.name()
        read = self.PREFIX.get(token.text) if token.kind == "sign" else None
        if read is None:
            raise self.not_read(
                f"a name, a number or a bracket is missing before {token.text[:20]}"
            )
        return read(self)

    def negative(self) -> Tree:
        self.take()
        inner = self.expression(SIGNED)
        if isinstance(inner, Number):
            text = inner.text[1:] if inner.text.startswith("-") else f"-{inner.text}"
            return Number(text, f"-{inner.typed}")
        return self.call(ops.neg, inner)

    def positive(self) -> Tree:
        self.take()
        return self.expression(SIGNED)

    def group(self) -> Tree:
        quotient = self.bracketed_quotient()
        if quotient is not None:
            return quotient
        opening = self.next.text
        items = self.bracketed()
        if len(items) > 1 or (opening == "[" and is_array(items[0])):
            return ArrayCall("vector", tuple(items))
        return items[0]

    def absolute(self) -> Tree:
        sign = self.take().text
        self.bars += 1
        inner = self.expression(0)
        self.bars -= 1
        self.expect(CLOSING[sign])
        if self.next.text == "_" and self.ahead(1).text in ("2", "F"):
            self.place += 2
        return ArrayCall("norm", (inner,)) if is_array(inner) else self.call(ops.abs, inner)

    def root(self) -> Tree:
        self.take()
        if self.accept("["):
            raise self.not_read("a root of a higher order is written as a power, x^(1/3)")
        bracketed = self.next.text in ("(", "{")
        return self.call(ops.sqrt, self.group() if bracketed else self.expression(SIGNED))

    def fraction(self) -> Tree:
        start = self.place
        self.take()
        quotient = self.latex_quotient()
        if quotient is not None:
            return quotient
        self.place = start + 1
        above = self.braced()
        return self.operation(ops.div, above, self.braced())

    def braced(self) -> Tree:
        if self.next.text != "{":
            return self.prefix()
        return self.group()

    def derivative_sign(self) -> Tree:
        """Return what begins with ∂: ∂y/∂x, or ∂_x y, which is ∇_x y."""
        return self.gradient() if self.ahead(1).text == "_" else self.partial()

    def gradient(self) -> Tree:
        self.take()
        is_below = self.accept("_")
        by = self.bracketed_name()
        if by is None:
            raise self.not_read("a gradient is written ∇_w E")
        return self.gradient_by(by, is_below)

    MARKS: ClassVar[dict[str, int]] = {  # what stands behind a name, and how strongly it binds
        "raised": POWER,
        "transposed": POWER,
        "updated": POSTFIX,
        "grad": POSTFIX,
    }
    OPENING = ("(", "[", "{", "|", "‖", "√", "\\frac", "\\sqrt", "∂", "Σ", "∏", "∇")
    PREFIX: ClassVar[dict[str, Callable[[Parser], Tree]]] = {
        "-": negative,
        "+": positive,
        "(": group,
        "[": group,
        "{": group,
        "|": absolute,
        "‖": absolute,
        "√": root,
        "\\sqrt": root,
        "\\frac": fraction,
        "∂": derivative_sign,
        "Σ": Sums.sum_over,
        "∏": Sums.product_over,
        "∇": gradient,
    }
