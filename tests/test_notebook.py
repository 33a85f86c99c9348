"""`%load_ext autograd`: what a cell binds is named at once; nothing else about the cell changes."""

import ast
import traceback

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

import autograd
from autograd import Value, chain_rule
from autograd.arrays.places import place_of
from autograd.record import Record

START = "from contextlib import nullcontext; from autograd import Value, no_grad"
START += "; x, w = Value(2.0), Value(3.0)"


@pytest.fixture
def new_shell(tmp_path, monkeypatch):
    def new_shell(*, loaded):
        shell = InteractiveShell(config=Config(HistoryManager={"enabled": False}))
        if loaded:
            shell.run_line_magic("load_ext", "autograd")
        shell.run_cell(START).raise_error()
        return shell

    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)  # IPython warns of one that it does not run in
    return new_shell


@pytest.fixture
def shell(new_shell):
    return new_shell(loaded=True)


def labels(shell):
    """The label of each Value that the cells after START bound to a variable, by its name."""
    return {
        name: v.label
        for name, v in shell.user_ns.items()
        if isinstance(v, Value) and name not in ("x", "w", "_")
    }


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("a = x * w", {"a": "a"}),
        ("σ = x * w", {"σ": "σ"}),
        ("a = b = x * w", {"a": "a", "b": "a"}),
        ("a = x", {"a": "x"}),
        ("a, b = x * w, x + w", {"a": "a", "b": "b"}),
        ("[a, (b, c)] = x * w, (x + w, x - w)", {"a": "a", "b": "b", "c": "c"}),
        ("a, *rest, b = x * w, 1, x, x + w", {"a": "a", "b": "b"}),
        ("a, things = x * w, {}; things['k'], b = x + w, x - w", {"a": "a", "b": "b"}),
        ("a: Value = x * w", {"a": "a"}),
        ("a: Value", {}),
        ("x += 1; a = x", {"a": "x"}),
        ("print(a := x * w)", {"a": "a"}),
        ("if (a := x * w) > 0: b = a * 2", {"a": "a", "b": "b"}),
        ("if x < 0: pass\nelse: a = x * w", {"a": "a"}),
        ("False and (a := x * w)", {}),
        ("for a in (x * w, x + w): b = a * 2", {"a": "a", "b": "b"}),
        ("for k, (a, b) in [(0, (x * w, x + w))]: pass", {"a": "a", "b": "b"}),
        ("for a in (): pass\nelse: b = x * w", {"b": "b"}),
        ("while x > 0 and (a := x * w): x -= 1", {"a": "a"}),
        (
            "with nullcontext(x * w) as a, no_grad(): b = x + w",
            {"a": "a", "b": "b"},
        ),
        ("with nullcontext((x, x * w)) as (a, b): pass", {"a": "x", "b": "b"}),
        ("try: a = x * w\nfinally: b = x + w", {"a": "a", "b": "b"}),
        ("match 1:\n  case 1: a = x * w", {"a": "a"}),
        (
            "async def source():\n  yield x * w\nasync for a in source(): b = x + w",
            {"a": "a", "b": "b"},
        ),
        ("async with nullcontext(x * w) as a: b = x + w", {"a": "a", "b": "b"}),
        # what is not a variable of the cell, or has a label
        ("_a = x * w", {"_a": ""}),
        ("a = Value(1.0, label='alpha')", {"a": "alpha"}),
        ("a = x * w; a.label = ''", {"a": ""}),
        ("def f():\n  a = x * w\n  return a\nfs = [f()]; b = fs[0]", {"b": "b"}),
        ("f = lambda: (a := x * w)\nb = f()", {"b": "b"}),
        ("fs = [a for a in (x * w,)]; b = fs[0]", {"b": "b"}),
        ("fs = [a := x * w for _ in range(2)]", {"a": "fs[2]"}),
        ("class C: a = x * w\nb = C.a", {"b": "b"}),
        ("class C: pass\nC.a = x * w; b = C.a", {"b": "b"}),
    ],
)
def test_what_a_cell_binds_has_the_name_of_its_variable(shell, cell, expected):
    shell.run_cell(cell).raise_error()
    assert labels(shell) == expected


@pytest.mark.parametrize(
    "cell",
    [
        "a = x * w; seen = a.label",
        "for a in (x * w,): seen = a.label",
        "with nullcontext(x * w) as a: seen = a.label",
        "if (a := x * w).label: seen = a.label",
        "seen = (a := x * w).label",
    ],
)
def test_it_is_named_at_the_assignment(shell, cell):
    shell.run_cell(cell).raise_error()
    assert shell.user_ns["seen"] == "a"


def test_a_name_moves_on_to_the_newest_value(shell):
    shell.run_cell(
        "h = w * x\nfor k in range(3): h = w * h + x\nE = h - 1; E += h * h; E *= 2"
    ).raise_error()
    names = shell.user_ns
    found = [v.label for v in Record(names["E"]).labelled()]
    assert sorted(found) == ["E", "h", "w", "x"]
    assert "∂E/∂w = ∂E/∂h · ∂h/∂w" in str(chain_rule(names["E"], names["w"]))


NET = "W = [[Value(0.1), Value(0.2)], [Value(0.3), Value(0.4)]]; v = [Value(1.0), Value(2.0)]"


def test_lists_of_values_are_arrays(shell):
    shell.run_cell(NET).raise_error()
    cell = "h = [sum(a * b for a, b in zip(row, v)).tanh() for row in W]; E = (h[0] + h[1]) ** 2"
    shell.run_cell(cell).raise_error()
    W, v, E = (shell.user_ns[name] for name in ("W", "v", "E"))
    assert [x.label for x in (*W[0], *W[1], *v)] == [
        "W[1,1]",
        "W[1,2]",
        "W[2,1]",
        "W[2,2]",
        "v[1]",
        "v[2]",
    ]
    derivation = chain_rule(E, W[0][1], detail="arrays")
    assert str(derivation).startswith("∂E/∂W = (δ_h ⊙ (1 − h²)) vᵀ")
    E.backward()
    assert derivation.lines[-1].value == [[pytest.approx(x.grad) for x in row] for row in W]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("y = array('A', [[1.0, 2.0]]) @ array('b', [1.0, 2.0]); first = y[0]", "y[1]"),
        ("y = [w, w * 2]; first = w", "w"),
        ("y = [w * 2, 3.0]; first = w", "w"),
        ("y = [[w * 2], [w * 2, w]]; _first = first = y[0][0]", "first"),
        ("y = [[[w * 2]]]; first = y[0][0][0]", "first"),
        ("y = [[1.0, 2.0]]; first = w * 2", "first"),
        ("y = []; first = w * 2", "first"),
        ("y = [[w * 2, w * 3]] ; first = y[0][0]", "y[1,1]"),
        ("_y = [w * 2, w * 3]; first = _y[0]", "first"),
    ],
)
def test_what_is_an_array_and_what_is_none(shell, cell, expected):
    shell.run_cell("from autograd import array; " + cell).raise_error()
    assert shell.user_ns["first"].label == expected


def test_the_name_of_an_array_moves_on_to_the_newest(shell):
    shell.run_cell("h = [x * 1, w * 2]; old = h").raise_error()
    shell.run_cell("h = [v.tanh() for v in h]; E = h[0] * h[1]").raise_error()
    assert [v.label for v in shell.user_ns["old"]] == ["", ""]
    assert [v.label for v in shell.user_ns["h"]] == ["h[1]", "h[2]"]
    assert [place_of(v) for v in shell.user_ns["old"]] == [None, None]


def test_a_label_set_by_hand_does_not_move(shell):
    shell.run_cell("a = x * w; a.label = 'first'; b = a; a = b * x").raise_error()
    assert labels(shell) == {"a": "a", "b": "first"}


def test_a_cell_run_again_is_told(shell):
    shell.run_cell("v = Value(3.0)\nz = v * x").raise_error()
    shell.run_cell("v = Value(4.0)").raise_error()
    names = shell.user_ns
    with pytest.raises(
        ValueError, match=r"^z was computed from another Value labelled 'v', which is 3"
    ):
        chain_rule(names["z"], names["v"])


def test_a_loop_of_a_thousand_steps_is_named_in_no_time(shell):
    shell.run_cell("h = x * 1.0\nfor k in range(1000): h = h * 0.999 + w").raise_error()
    assert [v.label for v in Record(shell.user_ns["h"]).labelled()] == ["x", "w", "h"]


def test_a_picture_in_the_same_cell_has_the_names(shell):
    result = shell.run_cell("from autograd import draw_dot\nnet = w * x; draw_dot(net)").result
    assert "net = w·x" in str(result)


CELLS = [
    "a = 1; a + 1",
    "(a := 2)",
    "a = 1",
    "a = 1;",
    "for a in range(3): a",
    "def f():\n    return 1 / 0\n\na = 1\nb, c = 2, 3\nf()",
    "a = (\n    1\n    / 0\n)",
    "for a in [1]:\n    b = 2\n    with no_grad() as c:\n        d = 1 / 0",
    "a = 1\n(b := 1,\n b / 0)",
]


@pytest.mark.parametrize("cell", CELLS)
def test_nothing_else_about_a_cell_changes(new_shell, capsys, cell):
    """Not what it displays, not the variables there are, not the lines that a traceback tells."""
    seen = []
    for loaded in (False, True):
        shell = new_shell(loaded=loaded)
        result = shell.run_cell(cell)
        frames = traceback.extract_tb(result.error_in_exec and result.error_in_exec.__traceback__)
        lines = [(frame.lineno, frame.end_lineno, frame.colno, frame.end_colno) for frame in frames]
        seen.append(
            (
                result.result,
                capsys.readouterr().out,
                [name for name in shell.user_ns if name != "_"],
                lines,
            )
        )
    assert seen[0] == seen[1]


@pytest.mark.parametrize("cell", CELLS)
def test_a_debugger_stops_at_no_other_lines(shell, cell):
    [naming] = shell.ast_transformers
    trees = ast.parse(f"\n{cell}"), naming.visit(ast.parse(f"\n{cell}"))
    lines = [{part.lineno for part in ast.walk(tree) if hasattr(part, "lineno")} for tree in trees]
    assert lines[0] == lines[1]


def test_it_is_loaded_once_and_taken_away(shell):
    [naming] = shell.ast_transformers
    autograd.load_ipython_extension(shell)
    assert shell.ast_transformers == [naming]
    shell.run_line_magic("reload_ext", "autograd")
    assert shell.ast_transformers == [naming]
    shell.run_line_magic("unload_ext", "autograd")
    autograd.unload_ipython_extension(shell)
    assert shell.ast_transformers == []
    shell.run_cell("a = x * w").raise_error()
    assert labels(shell) == {"a": ""}


def test_an_array_and_its_elements_are_named(shell):
    shell.run_cell("from autograd import array, sigmoid; W = array('W', [[1.0, 2.0], [3.0, 4.0]])")
    shell.run_cell("net = W @ [x, w]; out = sigmoid(net); row = W[0]; also = out").raise_error()
    net, out, row = (shell.user_ns[name] for name in ("net", "out", "row"))
    assert (net.name, out.name) == ("net", "out")
    assert [v.label for v in (*net, *out)] == ["net[1]", "net[2]", "out[1]", "out[2]"]
    assert [v.label for v in row] == ["W[1,1]", "W[1,2]"]  # these have a name already


def test_the_name_of_an_array_moves_on_in_a_loop(shell):
    shell.run_cell("from autograd import array, tanh; W = array('W', [[1.0, 2.0], [3.0, 4.0]])")
    shell.run_cell("h = tanh(W @ [x, w])\nfor _ in range(2): h = tanh(W @ h)").raise_error()
    h = shell.user_ns["h"]
    labels = [v.label for v in Record(h[0]).nodes if v.label]
    assert [label for label in labels if label.startswith("h")] == ["h[1]"]
