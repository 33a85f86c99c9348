"""Judges the claims of a derivation: the formulas, the numbers put in, the number that comes out."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property, partial

from autograd.marking.accuracy import SAID, agreement, worst
from autograd.marking.align import Pair, matched
from autograd.marking.explain import Explainer, Found, explained
from autograd.marking.follow import Entry, Own, credited, rounding
from autograd.marking.known import Known
from autograd.marking.points import KINKED, Board, GivenData, Point, far, near
from autograd.marking.readings import Read, Reader
from autograd.marking.repair import Repairs
from autograd.marking.syntax import Call, Number, Quotient, Term, Unreadable, has_names, walk, written
from autograd.marking.terms import Evaluator
from autograd.marking.verdict import OPEN, RIGHT, Verdict
from autograd.op import DomainError

RATES = (0.5, 1.0, 0.1, 0.05, 0.01)
FAR_FETCHED = (
    Verdict.STANDS_FOR,
    Verdict.DIVIDED,
    Verdict.MULTIPLIED,
    Verdict.RECIPROCAL,
    Verdict.LOGARITHM,
    Verdict.DEGREES,
    Verdict.SIGMOID_TWICE,
    Verdict.TANH_OF_RESULT,
    Verdict.WRONG_PLACE,
)
HELD = "the formula holds"
STANDS = "each number stands for its symbol"


@dataclass(frozen=True)
class Outcome:
    """What a claim is found to be.

    expected   the number that the left side is, None where the claim was not understood
    because    why, in a sentence
    read       how it was read, where that was a choice
    places     where the slips are
    follows    the wrong line that it follows from
    """

    verdicts: tuple[Verdict, ...]
    expected: float | None
    because: str
    read: str = ""
    places: tuple[str, ...] = ()
    follows: int | None = None

    @property
    def right(self) -> bool:
        return self.verdicts[0] in RIGHT


@dataclass
class Equation:
    """One equation while it is judged: what has stood in it so far, as it was found to be."""

    subject: Term
    line: int
    formula: Entry | None = None
    put_in: Entry | None = None


class Judge:
    """Judges one derivation, line by line.

    rate      the learning rate that the lines state, None where none does
    trained   the labels of the leaves that a step of gradient descent changes
    """

    def __init__(self, board: Board, rate: float | None, trained: Sequence[str]) -> None:
        self.board = board
        self.evaluator = Evaluator(rate, trained)
        self.here = Point(board)
        self.known = Known(board)
        self.own = Own(self.here, self.evaluator)
        self.reader = Reader(self.known, self.evaluator, self.here, self.own)
        self.explainer = Explainer(self.known, self.evaluator, RATES if rate is None else (rate,))
        self.repairs = Repairs(self.explainer)
        self._runs: dict[Term, float] = {}

    @cached_property
    def points(self) -> list[Point]:
        return [self.here, *near(self.board)]

    @cached_property
    def far(self) -> list[Point]:
        return far(self.board)

    @cached_property
    def data(self) -> GivenData:
        return GivenData(self.board, self.evaluator.trained)

    @cached_property
    def data_points(self) -> list[Point]:
        return self.data.points() if self.data else []

    def equation(self, subject: Term, line: int) -> Equation:
        return Equation(subject, line)

    def claim(self, equation: Equation | None, side: Term | Unreadable | None) -> Outcome:
        """Return what the claim is that the equation's subject is equal to this side."""
        if isinstance(side, Unreadable):
            return Outcome((Verdict(side.verdict),), None, str(side))
        if side is None or equation is None:
            return Outcome((Verdict.NOT_ANSWERED,), None, "not answered yet")
        true = None
        self._runs.clear()
        try:
            true = self.value(equation.subject)
            if isinstance(side, Number):
                outcome = self.result(equation, side, true)
            elif has_names(side):
                outcome = self.formula(equation, side, true)
            else:
                outcome = self.numbers(equation, side, true)
        except Unreadable as error:
            return Outcome((Verdict(error.verdict),), true, str(error))
        except DomainError as error:
            return Outcome((Verdict.NOT_DEFINED,), true, str(error))
        self.note(equation, side, outcome)
        return outcome

    def note(self, equation: Equation, side: Term, outcome: Outcome) -> None:
        """Keep what is stated, for the lines that follow from it."""
        verdict = outcome.verdicts[0]
        if verdict in OPEN:
            return
        entry = Entry(equation.subject, side, outcome.follows or equation.line, outcome.right)
        if isinstance(side, Number):
            self.own.state(equation.subject, side, entry.line, outcome.right)
            return
        named = has_names(side)
        numbers = any(map(self.evaluator.is_decimal, walk(side)))
        if named and not (numbers and outcome.right and verdict is not Verdict.EXACT):
            equation.formula = entry
            self.own.state(equation.subject, side, entry.line, outcome.right)
        if numbers or not named:
            equation.put_in = entry

    def value(self, term: Term) -> float:
        return self.evaluator.value(term, self.here)

    def run(self, term: Term) -> float:
        """Return the value of a run of neighbours, from that of the run without its last."""
        if term not in self._runs:
            if isinstance(term, Call) and term.args[0] in self._runs:
                self._runs[term] = term.op(self._runs[term.args[0]], *map(self.value, term.args[1:]))
            else:
                self._runs[term] = self.value(term)
        return self._runs[term]

    # What numbers are held to.

    def stands(self, symbol: Term, number: Number) -> Verdict | None:
        """Return how well a number stands for a symbol: for what it is, or what the writer said it is."""
        with suppress(DomainError):
            verdict = agreement(number.text, self.run(symbol))
            if verdict:
                return verdict
        if not self.own.numbers:
            return None
        entry = self.own.numbers.get(written(symbol))
        if entry and isinstance(entry.term, Number) and entry.term.text == number.text:
            return Verdict.FOLLOWS_ROUNDED if entry.right else Verdict.FOLLOWS
        with suppress(DomainError):
            numbers, entries = self.own.put_in(symbol)
            if numbers and agreement(number.text, self.evaluator.value(symbol, self.here, numbers)):
                return Verdict.FOLLOWS_ROUNDED if all(e.right for e in entries) else Verdict.FOLLOWS
        return None

    def stands_typed(self, symbol: Term, number: Number) -> Verdict | None:
        """The same where the symbol is arithmetic that the writer typed before."""
        with suppress(DomainError):
            verdict = agreement(number.text, self.value(symbol))
            return verdict and worst([verdict, Verdict.FOLLOWS_ROUNDED])
        return None

    def alignments(self, equation: Equation, side: Term) -> Iterator[tuple[Entry, list[Pair]]]:
        """Yield the formulas that this side is written like, each number with its symbol."""
        sources = [equation.formula, self.own.formulas.get(written(equation.subject))]
        if isinstance(equation.subject, Call):
            sources.append(Entry(equation.subject, equation.subject, equation.line, True))
        seen: list[Term] = []
        for entry in sources:
            if entry is not None and entry.term not in seen:
                seen.append(entry.term)
                pairs = matched(entry.term, side, self.stands)
                if pairs:
                    yield entry, pairs

    def known_alignment(self, subject: Term, side: Term) -> list[Pair]:
        """Return the same for the formula that the record has."""
        formula = self.known.of(subject)
        return (formula is not None and matched(formula, side, self.stands)) or []

    # A formula.

    def formula(self, equation: Equation, side: Term, true: float) -> Outcome:
        subject = equation.subject
        if self.agrees(subject, side):
            return self.holds(Read(Verdict.EXACT, {}, False), true)
        aligned = list(self.alignments(equation, side))
        for entry, pairs in aligned:
            if not entry.right and all(pair.verdict for pair in pairs) and len(pairs):
                return self.follows(entry.line, true)
        in_chain = [pairs for entry, pairs in aligned if entry.right]
        pairs = in_chain[0] if in_chain else self.known_alignment(subject, side)
        tried: list[Read] = [Read(Verdict.EXACT, {}, False)]
        doubtful = None
        for read in self.reader.readings(subject, side, pairs):
            if read.verdict is Verdict.FOLLOWS:
                continue
            tried.append(read)
            if self.agrees(subject, side, read.instead):
                if not read.doubtful:
                    return self.holds(read, true)
                doubtful = doubtful or read
        given = self.for_given_data(subject, side, tried)
        if given:
            return self.holds(given, true, self.data.told())
        if doubtful:
            told = f"right if {doubtful.told()}; as typed it gives {self.value(side):.6g}, and it is {true:.6g}"
            return Outcome((Verdict.UNSURE,), true, f"UNSURE, {told}", doubtful.told())
        return self.formula_not_so(equation, side, true, pairs if in_chain else [], tried)

    def agrees(self, subject: Term, side: Term, instead: Mapping[Term, Term] | None = None) -> bool:
        """Whether they are equal near by; across the kinks too, where one is typed."""
        if not self.evaluator.agree(subject, side, self.points, instead):
            return False
        kinked = any(isinstance(place, Call) and place.op in KINKED for place in walk(side))
        return not kinked or self.evaluator.agree(subject, side, self.far, instead)

    def holds(self, read: Read, true: float, data: str = "") -> Outcome:
        because = HELD + ", at other numbers too" * (len(self.points) > 1)
        if data:
            because = f"{HELD} {data}"
        if read.verdict is not Verdict.EXACT:
            because += f"; {STANDS}{SAID[read.verdict]}"
        return Outcome((read.verdict,), true, because, read.told())

    def for_given_data(self, subject: Term, side: Term, tried: Iterable[Read]) -> Read | None:
        """Return the reading in which it holds while the given data move within what they are."""
        if len(self.data_points) < 3:
            return None
        for read in tried:
            if not read.doubtful and self.evaluator.agree(subject, side, self.data_points, read.instead):
                return read
        return None

    def formula_not_so(
        self, equation: Equation, side: Term, true: float, pairs: Sequence[Pair], tried: Sequence[Read]
    ) -> Outcome:
        subject = equation.subject
        if self.evaluator.agree(subject, side, [self.here]):
            reason = self.repairs.held_by_targets(subject, side, self.data)
            if reason:
                return Outcome((Verdict.UNSURE,), true, f"UNSURE, {reason}")
            because = "COINCIDENCE, the formula holds at these numbers, and not at others"
            return Outcome((Verdict.COINCIDENCE,), true, because)
        for entry in reversed(self.own.formulas.values()):
            if not entry.right and self.follows_formula(subject, side, entry):
                return self.follows(entry.line, true)
        so = f"the formula gives {self.value(side):.6g}, and it is {true:.6g}"
        fits = self.misput(pairs or self.known_alignment(subject, side))
        fits = fits or self.repairs.of_formula(subject, side, self.points, tried)
        return self.wrong(fits, so, true)

    def follows_formula(self, subject: Term, side: Term, entry: Entry) -> bool:
        with suppress(DomainError, Unreadable):
            for point in self.points:
                predicted = self.own.formula_follows(subject, entry, point)
                if not math.isclose(predicted, self.evaluator.value(side, point), rel_tol=1e-9):
                    return False
            return True
        return False

    def follows(self, line: int, true: float) -> Outcome:
        because = f"it follows from line {line}, and loses nothing again; it is {true:.6g}"
        return Outcome((Verdict.FOLLOWS,), true, because, follows=line)

    def wrong(self, fits: Sequence[Found], so: str, true: float) -> Outcome:
        verdicts, because, places = explained(fits, so)
        return Outcome(verdicts, true, because, places=places)

    # Numbers put in.

    def numbers(self, equation: Equation, side: Term, true: float) -> Outcome:
        subject = equation.subject
        aligned = list(self.alignments(equation, side))
        for entry, pairs in aligned:
            if all(pair.verdict for pair in pairs):
                return self.all_stand(entry, pairs, true)
        value = self.value(side)
        outcome = self.goes_on(equation, side, true)
        if outcome:
            return outcome
        exact = math.isclose(value, true, rel_tol=1e-12, abs_tol=0.0)
        strange = [pair.number for _, pairs in aligned for pair in pairs if pair.verdict is None]
        if exact and not any(self.is_idle(side, place) for place in strange):
            return Outcome((Verdict.EXACT,), true, "it is so")
        in_chain = [pairs for entry, pairs in aligned if entry.right]
        pairs = in_chain[0] if in_chain else self.known_alignment(subject, side)
        if not in_chain and pairs and all(pair.verdict in RIGHT for pair in pairs):
            return Outcome((Verdict.FOLLOWS_ROUNDED,), true, Verdict.FOLLOWS_ROUNDED.sentence)
        for read in self.reader.readings(subject, side, [] if in_chain else pairs):
            if self.agrees(subject, side, read.instead) and self.all_put_in(side, read):
                return Outcome((Verdict.FOLLOWS_ROUNDED,), true, Verdict.FOLLOWS_ROUNDED.sentence, read.told())
        return self.numbers_not_so(equation, side, true, pairs)

    def all_put_in(self, side: Term, read: Read) -> bool:
        """Whether each decimal stands for something, and none for itself."""
        decimals = [place for place in walk(side) if self.evaluator.is_decimal(place)]
        if any(self.is_idle(side, place) for place in decimals):
            return False
        return bool(decimals) and all(read.instead.get(place, place) is not place for place in decimals)

    def all_stand(self, entry: Entry, pairs: Sequence[Pair], true: float) -> Outcome:
        """Return the outcome where each number is what its symbol is, or what the writer said it is."""
        wrong = [self.own.numbers.get(written(p.symbol)) for p in pairs if p.verdict is Verdict.FOLLOWS]
        if not entry.right or wrong:
            lines = [entry.line] if not entry.right else []
            lines += [own.line for own in wrong if own]
            silly = any(own.is_silly for own in wrong if own)
            return self.follows(min(lines or [entry.line]), true) if not silly else self.wrong([], "", true)
        verdict = worst(pair.verdict for pair in pairs)
        for symbol, number, how in pairs:
            if how is not Verdict.EXACT and written(symbol) not in self.own.numbers:
                self.own.state(symbol, number, entry.line, True)
        return Outcome((verdict,), true, f"{STANDS}{SAID[verdict]}")

    def goes_on(self, equation: Equation, side: Term, true: float) -> Outcome | None:
        """Return the outcome where arithmetic that was typed before is taken one step further."""
        before = equation.put_in
        pairs = before and matched(before.term, side, self.stands_typed)
        if before is None or not pairs or not all(pair.verdict for pair in pairs):
            return None
        if not before.right:
            return self.follows(before.line, true)
        return Outcome((Verdict.FOLLOWS_ROUNDED,), true, Verdict.FOLLOWS_ROUNDED.sentence)

    def is_idle(self, side: Term, place: Number) -> bool:
        """Whether a number changes nothing, as a factor beside 0 does."""
        other = Number(repr(1.001 * place.value + place.unit))
        return self.evaluator.value(side, self.here, {place: other}) == self.value(side)

    def numbers_not_so(self, equation: Equation, side: Term, true: float, pairs: Sequence[Pair]) -> Outcome:
        subject, value = equation.subject, self.value(side)
        off = self.evaluator.spread(side, self.here)
        so = f"as written it gives {value:.6g}, and it is {true:.6g}"
        fits = self.misput(pairs)
        joined = any(pair.verdict is None and isinstance(pair.symbol, Call) for pair in pairs)
        if joined or not fits:
            fits = self.repairs.of_numbers(equation.formula, subject, side, self.stands) or fits
        if fits:
            return self.wrong(fits, so, true)
        if off > abs(true) / 2:
            told = f"TOO FEW DIGITS to tell: as written it is {value:.6g}, give or take {off:.1g}"
            return Outcome((Verdict.TOO_FEW_DIGITS,), true, told)
        if abs(value - true) <= off:
            return self.unknown_numbers(subject, side, true)
        fits = []
        if isinstance(subject, Quotient):
            fits += self.repairs.misread_number(side, self.here, true, off)
        fits += self.rivals(subject, partial(_near, value, off), sharp=off <= abs(value) / 100)
        return self.wrong(fits, so, true)

    def unknown_numbers(self, subject: Term, side: Term, true: float) -> Outcome:
        """Return the outcome of numbers that come to what is so, though some stand for nothing known."""
        known = [value for _, value in self.reader.values(subject)]
        strange = [
            place.text
            for place in walk(side)
            if self.evaluator.is_decimal(place) and not any(agreement(place.text, x) for x in known)
        ]
        words = ", ".join(strange) or "the numbers"
        told = f"it comes to {true:.6g} as it should, but it is not told what {words} stand for"
        return Outcome((Verdict.UNSURE,), true, f"UNSURE, {told}")

    def misput(self, pairs: Sequence[Pair]) -> list[Found]:
        """Return what is wrong with the numbers that are not what their symbols are."""
        wrong = [pair for pair in pairs if pair.verdict is None]
        if 2 * len(wrong) > len(pairs) + 1:  # it was not put into this formula
            return []
        return [slip for pair in wrong for slip in self.repairs.of_number(pair.symbol, pair.number, self.here)]

    # The number that comes out.

    def result(self, equation: Equation, side: Number, true: float) -> Outcome:
        text, subject = side.text, equation.subject
        so = f"it is {true:.{max(6, len(text) - 2)}g}"
        verdict = agreement(text, true)
        before = equation.put_in
        given = self.value(before.term) if before else side.value
        follows = agreement(text, given)
        if before and before.right and follows and not verdict:
            verdict = Verdict.FOLLOWS_ROUNDED
        if not verdict:
            line = self.predicted(equation, side)
            if line == 0:
                verdict = Verdict.FOLLOWS_ROUNDED
            elif line:
                return self.follows(line, true)
        if verdict:
            notes = [so + SAID[verdict]]
            if before and not before.right and not follows:
                notes.append(f"what is written before gives {given:.6g}")
            notes += self.not_told_apart(subject, side, verdict)
            return Outcome((verdict,), true, "; ".join(notes))
        if "." in text and not side.value and abs(true) < side.unit:
            return Outcome((Verdict.TOO_FEW_DIGITS,), true, f"TOO FEW DIGITS, {so}")
        return self.result_not_so(equation, side, true, so)

    def predicted(self, equation: Equation, side: Number) -> int | None:
        """Return the wrong line that the number follows from, 0 for rounded numbers, None for neither."""
        subject = equation.subject
        true = self.value(subject)
        before, formula = equation.put_in, equation.formula
        if before and not before.right and agreement(side.text, self.value(before.term)):
            return before.line if side.value else None
        if before and before.right:  # it is to follow from these numbers, and from no others
            return None
        candidates = []
        with suppress(DomainError):
            if formula:
                numbers, entries = self.own.put_in(formula.term)
                sources = entries if formula.right else [formula, *entries]
                candidates.append((self.evaluator.value(formula.term, self.here, numbers), sources))
                if not formula.right:
                    candidates.append((self.value(formula.term), [formula]))
        with suppress(Unreadable):
            for value, entries in [*candidates, *self.own.predictions(subject)]:
                if all(entry.right for entry in entries):
                    if entries and agreement(side.text, value):
                        return 0
                    continue
                off = side.unit + rounding(value, entries)
                near = abs(value - side.value) <= off < abs(value - true) / 3
                line = credited(entries) if near or agreement(side.text, value) else None
                if line is not None:
                    return line
        return None

    def not_told_apart(self, subject: Term, side: Number, verdict: Verdict) -> list[str]:
        digits = len(Decimal(side.text).as_tuple().digits)
        if digits > 2 or verdict is Verdict.EXACT:
            return []
        fits = self.rivals(subject, partial(agreement, side.text), sharp=False)
        names = dict.fromkeys(str(slip.verdict) for slip in fits)
        return [f"{digits} digit(s) do not tell it from " + ", ".join(names)] if fits else []

    def result_not_so(self, equation: Equation, side: Number, true: float, so: str) -> Outcome:
        text, before = side.text, equation.put_in
        right = before.right if before else True
        given = self.value(before.term) if before else side.value
        off = self.evaluator.spread(before.term, self.here) if before else 0.0
        digits = len(Decimal(text).as_tuple().digits)
        fits = self.rivals(equation.subject, partial(agreement, text), sharp=digits > 2)
        end = len(text.lower().partition("e")[0])
        longer = (text[:k] + digit + text[k:] for k in range(2, end) for digit in "0123456789")
        if len(text) > 6 and any(agreement(number, true) for number in longer):
            fits.append(Found(Verdict.DIGIT_LEFT_OUT, lambda point: true))
        aside = f"what is written before gives {given:.6g}"
        if before and not agreement(text, given) and (right or abs(side.value - given) > off + side.unit):
            if right or not fits:
                fits.append(Found(Verdict.ARITHMETIC, lambda point: true, aside))
            else:
                so = f"{so}; {aside}"
        return self.wrong(fits, so, true)

    def rivals(self, subject: Term, fits: Callable[[float], Verdict | None], sharp: bool) -> list[Found]:
        """Return the slips that fit what is written: if any fits exactly, only those.

        Some are far-fetched here, as STANDS FOR, for nobody wrote that number: they take digits that are `sharp`.
        """
        found = self.explainer.fitting(subject, self.here, fits)
        if not found and isinstance(subject, Quotient) and sharp:
            labelled = self.board.values
            found = self.explainer.late(labelled[subject.of], labelled[subject.by], self.here, fits)
        exact = [slip for slip in found if fits(slip.at(self.here)) is Verdict.EXACT]
        return exact or [slip for slip in found if sharp or slip.verdict not in FAR_FETCHED]


def _near(value: float, off: float, x: float) -> Verdict | None:
    if math.isclose(x, value, rel_tol=1e-12):
        return Verdict.EXACT
    return Verdict.ROUNDED if abs(x - value) <= off else None
