"""How long marking takes: twice or three times what it took when these limits were set."""

import random
import time

import pytest

from autograd import check_derivation
from autograd.marking.bench import Equation
from autograd.marking.board import Board
from autograd.marking.judge import Judge
from autograd.marking.known import Known
from autograd.marking.points import Point
from autograd.marking.reader import Reader
from nn import MLP, half_squared_error
from nn.lecture import error, network


def took(function):
    """The time of a process that a call takes: the least of three."""
    times = []
    for _ in range(3):
        start = time.process_time()
        function()
        times.append(time.process_time() - start)
    return min(times)


@pytest.mark.slow
@pytest.mark.parametrize("are_trained", [False, True])
def test_a_wrong_line_about_a_network_of_482_parameters(are_trained):
    rng = random.Random(1)
    model = MLP(10, [16, 16, 2], activation="tanh", seed=3)
    board = Board(half_squared_error(model([rng.uniform(-1, 1) for _ in range(10)]), [0.3, -0.2]))
    point = Point(board)
    labelled = board.values
    w = board.names[model.parameters()[0]]
    [(net, _)] = board.edges[labelled[w]]
    h = board.names[net]
    slope = point.derivative(board.root, labelled[w])
    trained = [board.names[p] for p in model.parameters()] if are_trained else []
    reader = Reader(board.labels)

    def judged(judge, line):
        subject, claim = reader.equations([line])[0]
        return judge.claim(Equation(subject.term, 1), claim.term)

    for line in (
        f"dE/d{w} = {-slope:.6g}",
        f"dE/d{w} = {1.37 * slope:.6g}",
        f"dE/d{w} = -dE/d{h}*d{h}/d{w}",
        f"dE/d{w} = dE/d{h}*d{h}/d{w} + 1",
        f"{h} = {1.1 * net.data:.6g}",
    ):
        times = []
        for _ in range(3):
            judge = Judge(Known(board), None, trained)
            assert not judged(judge, f"dE/d{w} = {2 * slope:.6g}").right  # it warms the board
            start = time.process_time()
            assert not judged(judge, line).right
            times.append(time.process_time() - start)
        assert min(times) < 0.06, line


@pytest.mark.parametrize(
    "piece", ["0.41 + ", "0.41*", "dE/dw5 + ", "dE/dw5 = ", "0.08 = ", "w5 w6 "]
)
def test_a_line_of_thousands_of_characters(piece):
    root = error(network())
    text = "dE/dw5 = " + piece * min(570, 4000 // len(piece)) + "1"
    assert took(lambda: check_derivation(root, text)) < 0.4
