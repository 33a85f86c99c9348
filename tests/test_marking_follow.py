"""Follow-through, points, and what programs get: a slip costs once."""

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd import Value, check_derivation, sigmoid
from autograd.marking.marks import Scheme
from nn.lecture import error, network

E = error(network())


def marks_of(text, root=E):
    return [line.mark for line in check_derivation(root, text).lines]


SOLUTION = """dE/dout_o1 = out_o1 - t1 = 0.741365
dout_o1/dnet_o1 = {slope}
dE/dnet_o1 = {delta}
dE/dw5 = dE/dnet_o1 * out_h1 = {w5}
dE/dw6 = {w6}
w5+ = w5 - 0.5*dE/dw5 = {moved}"""


def solution(slope):
    delta = float(f"{0.741365 * slope:.6f}")
    w5 = delta * 0.59327
    return SOLUTION.format(
        slope=f"{slope:.6f}",
        delta=f"{delta:.6f}",
        w5=f"{w5:.7f}",
        w6=f"{delta * 0.596884:.7f}",
        moved=f"{0.4 - 0.5 * w5:.6f}",
    )


def test_what_follows_from_a_wrong_line_loses_nothing_again():
    marks = check_derivation(E, solution(0.251365))
    assert [line.mark for line in marks.lines if line.side[:1].isdigit()] == [
        "right", "WRONG", "follows", "follows", "follows", "follows",
    ]  # fmt: skip
    assert marks.first_slip.number == 2
    assert {line.follows for line in marks.lines if line.mark == "follows"} == {2}
    assert str(marks).startswith("the first slip is in line 2: dout_o1/dnet_o1 = 0.251365")
    assert not marks
    assert marks.points().total == marks.points().of - 1
    assert marks.points(Scheme(follow_through=0.5)).follow_through == 2
    assert check_derivation(E, solution(0.186816))


@pytest.mark.parametrize("silly", ["0", "1", "-1"])
def test_a_silly_value_from_which_all_follows_is_not_credited(silly):
    marks = marks_of(f"dout_o1/dnet_o1 = {silly}\ndE/dnet_o1 = {0.741365 * float(silly):.6f}")
    assert marks == ["WRONG", "WRONG"]


def test_a_chain_of_sides_is_a_chain():
    marks = check_derivation(E, "dE/dw5 = dE/dnet_o1 * out_h2 = 0.138499*0.596884 = 0.0826676")
    assert [line.mark for line in marks.lines] == ["WRONG", "follows", "follows"]


def test_for_programs():
    marks = check_derivation(E, "dE/dw5 = 0.0821\ndE/dw6 = -0.0827\ndE/dw7 = ?\nnet_h1 = w_55")
    report = json.loads(json.dumps(marks.to_dict()))
    assert report["counts"] == {"right": 1, "follows": 0, "open": 2, "WRONG": 1}
    assert report["first_slip"] == 2
    assert set(report["lines"][0]) == {
        "line", "left", "side", "mark", "verdict", "sentence", "because", "read", "true", "slip", "follows",
    }  # fmt: skip
    assert report["lines"][1]["verdict"] == ["SIGN"]
    assert report["lines"][1]["sentence"] == ["a sign is the other way round"]
    assert report["lines"][1]["true"] == pytest.approx(0.0826676278)


def test_names_of_the_writer_and_values_beside_the_root():
    z = Value(0.8, label="z")
    p = sigmoid(z)
    other = 1 - p
    loss = p * p
    loss.label = "L"
    check_derivation(
        loss,
        "dJ/dz = 2*p1*p1*(1 - p1)\np2 = 1 - p1 = 0.31",
        names={"J": loss, "p1": p, "p2": other},
    ).require()


def test_moved_leaves_are_told():
    w, x = Value(0.5, label="w"), Value(2.0, label="x")
    y = w * x
    y.label = "y"
    w.data = 1.0
    marks = check_derivation(y, "y = w*x = 2")
    assert marks
    assert "w" in str(marks).splitlines()[0]
    assert "moved" in str(marks).splitlines()[0]


@pytest.mark.slow
def test_one_early_slip_costs_once(campaign):
    rng = random.Random(6)
    for _ in range(campaign(20)):
        n = rng.randint(4, 7)
        x = Value(rng.uniform(0.5, 1.5), label="x")
        chain = [x]
        for k in range(1, n + 1):
            v = sigmoid(chain[-1] * Value(rng.uniform(0.5, 2.0), label=f"w{k}"))
            v.label = f"h{k}"
            chain.append(v)
        root = chain[-1]
        slopes = [
            h.data * (1 - h.data) * w.args[0].args[1].data
            for h, w in zip(chain[1:], chain[1:], strict=True)
        ]
        wrong = rng.randint(1, n - 1)
        lines, product = [], 1.0
        for k in range(n, 0, -1):
            slope = slopes[k - 1] * (1.37 if k == wrong else 1.0)
            slope = float(f"{slope:.6g}")
            lines.append(f"dh{k}/d{chain[k - 1].label} = {slope:.6g}")
            product = float(f"{product * slope:.6g}")
            lines.append(f"dh{n}/d{chain[k - 1].label} = {product:.6g}")
        if wrong == n:
            continue
        marks = check_derivation(root, lines)
        assert [line.mark for line in marks.lines].count("WRONG") == 1, str(marks)
        assert f"dh{wrong}/" in marks.first_slip.claim
        assert marks.lines[-1].mark == "follows", str(marks)


@settings(max_examples=60)
@given(st.text(alphabet="w5E∂d/=*+-()^{}_\\.e1 ²⁺½σΣδ|[],;'", max_size=200))
def test_hostile_text_is_no_fault(text):
    for line in check_derivation(E, text).lines:
        assert line.verdict
        assert line.mark in ("right", "follows", "open", "WRONG")


def test_a_record_of_any_depth():
    x = Value(0.3, label="x")
    y = x
    for _ in range(2000):
        y = sigmoid(1.1 * y)
    y.label = "y"
    assert marks_of("dy/dx = 0.2\ny = 0.3\ny = σ(x)", y) == ["WRONG"] * 3


# numbers put in, where no formula stands in the line

FORWARD = """net_h1 = 0.15*0.05 + 0.20*0.10 + 0.35 = 0.4775
out_h1 = sigmoid(0.4775) = 0.6172
net_o1 = 0.40*0.6172 + 0.45*0.5969 + 0.60 = 1.1155
out_o1 = sigmoid(1.1155) = 0.7532"""  # 0.3775 is right; all after it is worked out rightly


def test_a_wrong_number_that_is_put_in_costs_nothing_again():
    marks = check_derivation(E, FORWARD)
    assert [line.mark for line in marks.lines if line.wrong] == ["WRONG"]
    assert marks.first_slip.side == "0.4775"
    assert {line.follows for line in marks.lines if line.mark == "follows"} == {1}


@pytest.mark.parametrize("seed", range(6))
def test_lines_may_be_in_any_order(seed):
    lines = FORWARD.split("\n")
    random.Random(seed).shuffle(lines)
    marks = check_derivation(E, lines)
    [wrong] = [line for line in marks.lines if line.wrong]
    assert wrong.side == "0.4775"
    right = FORWARD.replace("0.4775", "0.3775").replace("0.6172", "0.5933")
    lines = right.replace("1.1155", "1.1059").replace("0.7532", "0.7514").split("\n")
    random.Random(seed).shuffle(lines)
    assert check_derivation(E, lines)


@pytest.mark.parametrize(
    "text",
    [
        "net_h1 = 0.4775\nout_h1 = sigmoid(0.5775)",  # not what was written above
        "net_h1 = 0.4775\nout_h1 = sigmoid(0.4775) = 0.6405",  # nor what it comes to
        "net_h1 = 0.4775\nout_h2 = sigmoid(0.4775)",  # put in where another belongs
        "out_h1 = sigmoid(0.5775)\nnet_h1 = 0.4775",
    ],
)
def test_what_does_not_follow_is_wrong_again(text):
    marks = check_derivation(E, text)
    assert sum(line.wrong for line in marks.lines) == 2


def test_a_wrong_line_does_not_follow_from_what_was_made_of_it():
    for text in ("net_h1 = 0.4775\nout_h1 = 0.6172", "out_h1 = 0.6172\nnet_h1 = 0.4775"):
        [wrong] = [line for line in check_derivation(E, text).lines if line.wrong]
        assert wrong.left == "net_h1"


def test_a_number_that_was_never_written_is_followed():
    marks = check_derivation(
        E,
        """out_h1 = 0.6933
dout_h1/dnet_h1 = 0.6933*(1 - 0.6933)
dnet_o1/dw5 = 0.6933
dE/dw5 = 0.7414*0.1868*0.6933""",
    )
    assert [line.mark for line in marks.lines] == ["WRONG", "follows", "follows", "follows"]


# whole numbers, halves, and constants put in


def test_whole_numbers_and_halves_stand_for_what_is_given():
    t, x, a = Value(0.5, "t"), Value(3.0, "x"), Value(2.0, "a")
    y = a * x
    y.label = "y"
    loss = (t - y) ** 2 / 2
    loss.label = "L"
    assert check_derivation(loss, "y = 2*3 = 6\nL = 1/2*(0.5 - 6)^2 = 15.125")
    assert marks_of("y = 2*4", loss) == ["WRONG"]
    assert marks_of("L = 1/2*(1.5 - 6)^2", loss) == ["WRONG"]


# the learning rate by name


@pytest.mark.parametrize("line", ["w5+ = w5 - 0.05*0.08217", "w5+ = w5 - 0.05*0.08217 = 0.3959"])
def test_a_rate_that_is_told_by_name_wins(line):
    right = line.replace("0.05*", "0.5*").replace("0.3959", "0.3589")
    for names in ({"η": 0.5}, {"lr": 0.5}):
        assert check_derivation(E, right, names)
        assert not check_derivation(E, line, names)
    assert check_derivation(E, f"η = 0.5\n{right}")
    assert not check_derivation(E, f"η = 0.5\n{line}")
    assert check_derivation(E, "w5+ = 0.3589", {"η": 0.5})
