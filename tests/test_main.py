import contextlib
import doctest
import io
import json
import math
import os
import pty
import re
import signal
import subprocess
import sys
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from autograd import chain_rule, check_derivation
from autograd.record import Record, topological_order
from nn import MLP, half_squared_error
from nn.command import main, options
from nn.command import results as results_module
from nn.command import text as text_module
from nn.command.examples import EXAMPLES
from nn.layers import ACTIVATIONS
from nn.lecture import error, network

ROOT = Path(__file__).parent.parent
COMMAND = [sys.executable, "-m", "nn"]

# The lecture's example in 40-digit arithmetic: the value of each name, and ∂E by each parameter.
FORWARD = {
    "net_h1": 0.3775, "out_h1": 0.593269992107, "net_h2": 0.3925, "out_h2": 0.596884378260,
    "net_o1": 1.105905967060, "out_o1": 0.751365069552, "net_o2": 1.224921404096, "out_o2": 0.772928465321,
    "E_o1": 0.274811083176, "E_o2": 0.023560025584, "E": 0.298371108760,
}  # fmt: skip
GRADIENTS = {
    "w1": 0.000438567734, "w2": 0.000877135469, "w3": 0.000497712735, "w4": 0.000995425471,
    "w5": 0.082167040564, "w6": 0.082667627848, "w7": -0.022602540477, "w8": -0.022740242216,
    "b1": 0.018725609395, "b2": 0.100400325112,
}  # fmt: skip
UPDATED = {
    "w1": 0.149780716133, "w2": 0.199561432266, "w3": 0.249751143632, "w4": 0.299502287265,
    "w5": 0.358916479718, "w6": 0.408666186076, "w7": 0.511301270239, "w8": 0.561370121108,
}  # fmt: skip
AFTER_1 = {"E": 0.291027773694}
AFTER_ALL = {"E": 3.510187783e-5, "out_o1": 0.015913620444, "out_o2": 0.984064273515}

# What the lecture prints otherwise: name, rounds, the true value, its figure, what its slip gives.
SLIPS = [
    ("E", 1, 0.291027773694, "0.291027924", 0.291027923905),
    ("E", 10_000, 3.510187783e-5, "0.0000351085", 3.510854812e-5),
    ("out_o1", 10_000, 0.015913620444, "0.015912196", 0.015912196326),
    ("out_o2", 10_000, 0.984064273515, "0.984065734", 0.984065734486),
]


def run(arguments=""):
    """The status and what is printed."""
    with contextlib.redirect_stdout(io.StringIO()) as out:
        status = main(arguments.split())
    return status, out.getvalue()


def as_json(arguments=""):
    status, out = run(f"{arguments} --json")
    assert status == 0
    return json.loads(out)


@pytest.fixture(scope="module")
def report():
    return as_json()


@pytest.fixture(scope="module")
def page():
    status, out = run()
    assert status == 0
    return out


@pytest.fixture(scope="module")
def derive():
    """`chain_rule` on the lecture's network, by name."""
    E = error(network())
    values = {v.label: v for part in topological_order(E) for v in part}
    return lambda name, **options: chain_rule(E, values[name], **options)


def tables(page):
    return page.split("\nDerivations\n")[0]


def derived(page):
    """The derivations as they are printed."""
    return page.split("\nDerivations\n\n")[1].removesuffix("\n").split("\n\n\n")


def numbers(page, name):
    """The numbers that follow `name` in each line where some do."""
    runs = re.findall(rf"\b{name}((?: +−?[\d.]+(?=\s))+)", page)
    return [[float(word.replace("−", "-")) for word in run.split()] for run in runs]


def test_json_holds_the_true_values(report):
    # the truth has 12 decimals, and E after all rounds 10 significant digits
    assert report["forward"] == pytest.approx(FORWARD, rel=0, abs=5.1e-13)
    assert report["gradients"] == pytest.approx(GRADIENTS, rel=0, abs=5.1e-13)
    start, one, last = report["training"]
    assert (start["rounds"], one["rounds"], last["rounds"]) == (0, 1, 10_000)
    for state, truth in ((start, {"E": FORWARD["E"]}), (one, UPDATED | AFTER_1), (last, AFTER_ALL)):
        assert {name: state[name] for name in truth} == pytest.approx(truth, rel=2e-10, abs=5.1e-13)
    assert last["E"] == pytest.approx(AFTER_ALL["E"], rel=2e-10, abs=0)


@pytest.mark.parametrize("name", FORWARD)
def test_prints_the_forward_pass(page, name):
    assert numbers(page, name)[0] == [pytest.approx(FORWARD[name], rel=5e-9)]


@pytest.mark.parametrize("name", GRADIENTS)
def test_prints_every_gradient_and_the_new_weights(page, report, name):
    start = {**report["weights"], **report["biases"]}[name]
    [row] = numbers(page, name)
    assert row == pytest.approx(
        [start, GRADIENTS[name], *([UPDATED[name]] if name in UPDATED else [])], rel=5e-9
    )


@pytest.mark.parametrize("name", AFTER_ALL)
def test_prints_the_training(page, name):
    rows = [row for row in numbers(page, name) if len(row) == 3]
    truth = [FORWARD[name], AFTER_1.get(name, rows[0][1]), AFTER_ALL[name]]
    assert rows == [pytest.approx(truth, rel=1e-8)]


@pytest.mark.parametrize(("name", "rounds", "true", "figure", "computed"), SLIPS)
def test_each_slip_gives_the_figure_of_the_lecture(
    report, page, name, rounds, true, figure, computed
):
    [entry] = [
        entry for entry in report["lecture"] if (entry["name"], entry["rounds"]) == (name, rounds)
    ]
    assert entry["printed"] == float(figure)
    assert entry["true"] == pytest.approx(true, rel=2e-10)
    assert entry["computed"] == pytest.approx(computed, rel=2e-10)
    decimals = len(figure) - 2
    assert f"{entry['computed']:.{decimals}f}" == figure != f"{entry['true']:.{decimals}f}"
    [row] = [row for row in map(str.split, page.splitlines()) if figure in row]
    assert [float(word) for word in row[-4:-1]] == pytest.approx(
        [true, float(figure), computed], rel=1e-8
    )


def test_another_network_against_numpy():
    weights, biases = np.sin(np.arange(20)), np.cos(np.arange(6))
    r = as_json(
        "--layers 3 4 2 --bias neuron --activation tanh --lr 0.1 --rounds 1 --inputs 1 -2 -3e-1 --targets 0.5 -.25"
        f" --weights {' '.join(map(str, weights))} --biases {' '.join(map(str, biases))}"
    )

    def error(p):
        hidden = np.tanh(p[:12].reshape(4, 3) @ [1, -2, -0.3] + p[20:24])
        return (
            (np.array([0.5, -0.25]) - np.tanh(p[12:20].reshape(2, 4) @ hidden + p[24:])) ** 2
        ).sum() / 2

    start = np.concatenate([weights, biases])
    gradient = np.array([(error(start + h) - error(start - h)) / 2e-6 for h in np.eye(26) * 1e-6])
    assert list(r["gradients"].values()) == pytest.approx(gradient, abs=1e-8)
    assert [r["training"][1][f"w{k}"] for k in range(1, 21)] == pytest.approx(
        weights - 0.1 * gradient[:20], abs=1e-9
    )
    step = np.append(0.1 * gradient[:20], np.zeros(6))
    assert [s["E"] for s in r["training"]] == pytest.approx(
        [error(start), error(start - step)], abs=1e-9
    )
    assert r["biases"] == dict(zip([f"b{k}" for k in range(1, 7)], biases, strict=True))
    assert "lecture" not in r


@pytest.mark.parametrize(
    ("arguments", "biases"),
    [
        ("--bias shared", [0.35, 0.60]),
        ("--bias neuron", [0.35, 0.35, 0.60, 0.60]),
        ("--bias none", []),
        ("--seed 3", [0, 0]),
        ("--layers 2 3 1", [0, 0]),
    ],
)
def test_what_is_not_given_is_as_in_the_lecture(arguments, biases):
    r = as_json(f"{arguments} --rounds 1")
    assert list(r["biases"].values()) == biases
    assert list(r["inputs"].values()) == [0.05, 0.10]
    assert list(r["targets"].values()) == [0.01, 0.99][: r["layers"][-1]]
    assert (r["weights"]["w1"] == 0.15) == (len(r["weights"]) == 8 and r["seed"] is None)


def test_seed_draws_the_weights():
    first, again, other = (as_json(f"--rounds 0 --seed {seed}")["weights"] for seed in "112")
    assert first == again != other


@pytest.mark.parametrize("rounds", [0, 1, 2])
def test_few_rounds(rounds):
    r = as_json(f"--rounds {rounds}")
    assert [state["rounds"] for state in r["training"]] == sorted({0, 1, rounds})
    assert f"after {rounds} round" in run(f"--rounds {rounds}")[1]


def test_digits():
    assert numbers(run("--digits 3 --rounds 1")[1], "net_o1") == [[1.11]]
    assert numbers(run("--digits 15 --rounds 1")[1], "net_o1") == [
        [pytest.approx(1.105905967060, abs=5.1e-13)]
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        "--digits 15",
        "--layers 12 11 10 3 --digits 15 --rounds 0 --bias neuron",
        "--layers 2 1 --activation linear --inputs -1e-200 1e5 --targets -1e9 --rounds 0 --weights 1 -1e-200",
        "--layers 1 3 3 --activation relu --bias none --rounds 2",
    ],
)
def test_lines_fit_a_terminal(arguments):
    status, out = run(arguments)
    assert status == 0
    assert [
        line for line in tables(out).splitlines() if len(line) > 80 or line != line.rstrip()
    ] == []


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("--weights 1 2", "--weights takes 8 number(s) for --layers 2 2 2 --bias shared, not 2"),
        ("--inputs 1 2 3", "--inputs takes 2 number(s)"),
        ("--targets 1", "--targets takes 2 number(s)"),
        ("--biases 1 2 3", "--biases takes 2 number(s)"),
        ("--biases 1 2 3 --bias neuron", "--biases takes 4 number(s)"),
        ("--biases 1 --bias none", "--biases takes 0 number(s)"),
        ("--layers 2", "--layers takes the number of inputs, then of neurons in each layer"),
        ("--layers 2 0 1", "expected a whole number of at least 1, not '0'"),
        ("--layers 2 2.5", "expected a whole number of at least 1, not '2.5'"),
        ("--layers", "--layers: expected at least one argument"),
        ("--inputs 1 x", "--inputs: expected a finite number, not 'x'"),
        ("--inputs nan 1", "--inputs: expected a finite number, not 'nan'"),
        ("--targets -inf 1", "--targets: expected a finite number, not '-inf'"),
        ("--weights 1e999", "--weights: expected a finite number, not '1e999'"),
        ("--biases 1 -", "--biases: expected a finite number, not '-'"),
        ("--rounds -1", "--rounds: expected a whole number of at least 0, not '-1'"),
        ("--rounds 1e3", "--rounds: expected a whole number of at least 0, not '1e3'"),
        ("--digits 0", "--digits: expected a whole number from 1 to 15, not '0'"),
        ("--digits 16", "--digits: expected a whole number from 1 to 15, not '16'"),
        ("--seed x", "--seed: expected a whole number of at least 0, not 'x'"),
        ("--lr 0", "--lr: expected a number above 0, not '0'"),
        ("--lr inf", "--lr: expected a finite number, not 'inf'"),
        ("--bias both", "invalid choice: 'both' (choose from"),
        ("--activation sigmoidal", "invalid choice: 'sigmoidal' (choose from"),
        ("--derive", "--derive: expected at least one argument"),
        (
            "--derive w5 w9",
            "--derive: nothing is named 'w9'; 'w8' is near; there are E, b1 b2, i1 i2, t1 t2, w1 ... w8, ",
        ),
        ("--derive w5,", "nothing is named 'w5,'; 'w5' is near"),
        ("--derive ∂E", "nothing is named '∂E'; 'E' is near"),
        (
            "--derive zzz --layers 3 9 9 1",
            "nothing is named 'zzz'; there are E, b1 ... b3, i1 ... i3, t1, w1 ... w117, ",
        ),
        ("--derive b1 --bias none", "nothing is named 'b1'"),
        ("--latex", "--latex: expected one argument"),
        (
            "--rounds 0 --latex no/such/folder/a.tex",
            "--latex: 'no/such/folder/a.tex' cannot be written: No such file or directory",
        ),
        (f"--rounds 0 --latex {ROOT}", f"--latex: '{ROOT}' cannot be written: Not a regular file"),
        (f"--rounds 0 --latex {__file__}/a.tex", "a.tex' cannot be written: Not a directory"),
        ("--out", "--out: expected one argument"),
        (f"--rounds 0 --out {__file__}/a", "test_main.py/a' cannot be written: Not a directory"),
        ("--colour", "unrecognized arguments: --colour"),
        ("3", "unrecognized arguments: 3"),
        ("--activation log --biases -1 0", "log(net_h1 = -0.9725) is not defined: it needs x > 0"),
        (
            "--activation linear --lr 100 --rounds 99",
            "past the range of a float, ±1.8e308; a smaller --lr may help",
        ),
    ],
)
def test_an_error_is_one_line_and_status_2(capsys, arguments, expected):
    with pytest.raises(SystemExit) as stop:
        main(arguments.split())
    out, err = capsys.readouterr()
    assert (stop.value.code, out) == (2, "")
    assert err.startswith("handgrad: error: ")
    assert expected in err
    assert err.count("\n") == 1


def test_prints_every_derivation_word_for_word(page, derive):
    assert derived(page) == [str(derive(name)) for name in GRADIENTS]


@pytest.mark.parametrize(
    ("arguments", "names", "options"),
    [
        ("--rounds 1 --derive w5 w1", ["w5", "w1"], {}),
        ("--derive b2 --rounds 0 --derive i1 b2", ["b2", "i1"], {}),
        (
            "--rounds 0 --derive out_h1 E t1 --digits 7 --lr 0.1",
            ["out_h1", "E", "t1"],
            {"digits": 7},
        ),
    ],
)
def test_derive(derive, arguments, names, options):
    status, out = run(arguments)
    assert status == 0
    assert derived(out) == [str(derive(name, **options)) for name in names]
    assert list(as_json(arguments)["derivations"]) == names


def test_a_large_network_is_derived_in_part():
    _, out = run("--layers 3 9 9 2 --rounds 0")
    *texts, last = derived(out)
    model = MLP(3, [9, 9, 2], activation="sigmoid", bias="shared", seed=0)
    E = half_squared_error(model([0.05, 0.10, 0.15]), [0.01, 0.99])
    weights = model.weights()
    assert texts == [str(chain_rule(E, w)) for w in weights[: len(texts)]]
    assert 0 < len(texts) < 10
    assert (
        last
        == f"That was {len(texts)} of 129 gradients; for the others: --derive w{len(texts) + 1} ..."
    )
    assert derived(run("--layers 3 9 9 2 --rounds 0 --derive w126")[1]) == [
        str(chain_rule(E, weights[125]))
    ]


@pytest.mark.parametrize(
    "arguments", ["", "--layers 2 3 3 2 --activation tanh --derive w1 w12 b1 i2"]
)
def test_json_holds_the_derivations(arguments):
    r = as_json(f"{arguments} --rounds 0")
    for name, parts in r["derivations"].items():
        assert (parts[0]["of"], parts[0]["by"]) == ("E", name)
        assert parts[0]["value"] == pytest.approx(
            r["gradients"].get(name, parts[0]["value"]), rel=1e-12
        )
        reached = {0}
        for place, part in enumerate(parts):
            assert math.prod(factor["value"] for factor in part["factors"]) == pytest.approx(
                part["value"], rel=1e-12
            )
            for factor in part["factors"]:
                assert all(term > place or term in reached for term in factor["terms"])
                reached.update(factor["terms"])
                if factor["terms"]:
                    assert sum(parts[term]["value"] for term in factor["terms"]) == pytest.approx(
                        factor["value"]
                    )
        assert reached == set(range(len(parts)))


def test_json_writes_a_factor_as_a_person_does(report):
    [part] = report["derivations"]["w5"]
    assert [part["value"], *(factor.pop("value") for factor in part["factors"])] == pytest.approx(
        [GRADIENTS["w5"], 0.741365069552, 0.186815601809, FORWARD["out_h1"]], abs=5.1e-13
    )
    keys = ("of", "by", "formula", "numbers", "terms")
    assert [tuple(factor[key] for key in keys) for factor in part["factors"]] == [
        ("E", "out_o1", "−(t1 − out_o1)", "−(0.01 − 0.7514)", []),
        ("out_o1", "net_o1", "out_o1·(1 − out_o1)", "0.7514·(1 − 0.7514)", []),
        ("net_o1", "w5", "out_h1", "0.5933", []),
    ]


def test_json_of_a_deep_network():
    r = as_json(f"--layers {'2 ' * 200} --rounds 0 --derive w1")
    [parts] = r["derivations"].values()
    assert parts[0]["value"] == r["gradients"]["w1"]
    assert 200 < len(parts) < 2000


@pytest.mark.parametrize(
    "arguments",
    ["", "--layers 2 3 1 --bias none --activation leaky_relu --digits 5 --derive w9 i1"],
)
def test_latex(tmp_path, arguments):
    file = tmp_path / "derivations.tex"
    file.write_text("an older one")
    status, out = run(f"--rounds 0 --latex {file} {arguments}")
    assert (status, out) == run(f"--rounds 0 {arguments}")
    assert list(tmp_path.iterdir()) == [file]
    document = file.read_text()
    assert document.isascii()
    assert max(map(len, document.splitlines())) < 1000

    depth = 0
    for brace in re.findall(r"(?<!\\)[{}]", document):
        depth += 1 if brace == "{" else -1
        assert depth >= 0
    assert depth == 0
    open_environments = []
    for kind, name in re.findall(r"\\(begin|end)\{(.*?)\}", document):
        if kind == "begin":
            open_environments.append(name)
        else:
            assert open_environments.pop() == name
    assert open_environments == []

    # line by line what is printed, with the same numbers
    bodies = re.findall(r"(?s)\\begin\{align\*\}\n(.*?)\n\\end\{align\*\}", document)
    texts = derived(out)
    assert len(bodies) == len(texts) == document.count(r"\section*{$\partial E/")
    for body, text in zip(bodies, texts, strict=True):
        rows, lines = body.split(" \\\\[1ex]\n"), [line for line in text.splitlines() if line]
        assert len(rows) == len(lines)
        for row, line in zip(rows, lines, strict=True):
            decimals = [re.findall(r"-?\d*\.\d+", x.replace("−", "-")) for x in (row, line)]
            assert decimals[0] == decimals[1]
            assert row.count("=") == line.count("=")
            assert row.count(r"\frac{\partial") == line.count("/∂")


def test_latex_is_the_derivation_itself(tmp_path, derive):
    run(f"--rounds 0 --latex {tmp_path / 'a.tex'} --derive w5 w1")
    document = re.sub(
        r"\\fit\{(.*)\}( \\\\\[1ex\])?$",
        r"\1\2",
        (tmp_path / "a.tex").read_text(),
        flags=re.MULTILINE,
    )
    for name in ("w5", "w1"):
        assert f"\\begin{{align*}}\n{derive(name).latex()}\n\\end{{align*}}" in document
    for number in (
        "i_1 = 0.05",
        "t_2 = 0.99",
        "w_8 = 0.55",
        "b_1 = 0.35",
        r"\mathrm{out}_{h1} = 0.593269992",
    ):
        assert f"${{{number}}}$" in document


def test_latex_is_written_whole_or_not_at_all(tmp_path, monkeypatch, capsys):
    def full(*_):
        raise OSError(28, "No space left on device")

    file = tmp_path / "a.tex"
    file.write_text("an older one")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SystemExit) as stop:
        main(["--rounds", "0", "--latex", str(file)])
    assert stop.value.code == 2
    assert capsys.readouterr() == (
        "",
        f"handgrad: error: --latex: {str(file)!r} cannot be written: No space left on device\n",
    )
    assert list(tmp_path.iterdir()) == [file]
    assert file.read_text() == "an older one"


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_derivations_in_plain_ascii(activation):
    raw = io.BytesIO()
    with contextlib.redirect_stdout(io.TextIOWrapper(raw, "ascii")) as terminal:
        weights = "1e-7 2e9" if activation == "linear" else "0.3 0.4"
        main(
            f"--layers 2 1 --activation {activation} --rounds 0 --biases 0.5 --weights {weights}".split()
        )
    terminal.detach()
    out = raw.getvalue().decode("ascii")
    assert "dE/dw1 = dE/dout_o1" in out
    assert ("*10^" in out) == (activation == "linear")


def test_plain_ascii_where_the_terminal_has_no_more(page):
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    result = subprocess.run(COMMAND, cwd=ROOT, env=environment, capture_output=True, check=True)
    out = result.stdout.decode("ascii")
    assert result.stderr == b""
    assert "?" not in out
    assert "dE/dw" in out
    assert "-0.0226025405" in out
    assert max(map(len, tables(out).splitlines())) <= 80


def test_a_closed_pipe_is_no_error():
    with subprocess.Popen(
        [*COMMAND, "--rounds", "1"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1


@pytest.mark.parametrize(("no_color", "bold"), [("", True), ("1", False)])
def test_bold_in_a_terminal_only(no_color, bold, page):
    reader, terminal = pty.openpty()
    subprocess.run(
        [*COMMAND, "--rounds", "1", "--derive", "w5"],
        cwd=ROOT,
        env=os.environ | {"NO_COLOR": no_color},
        stdout=terminal,
    )
    os.close(terminal)
    assert (b"\033[1m" in os.read(reader, 10_000)) == bold
    os.close(reader)
    assert "\033" not in page


def test_interrupted():
    def interrupt(*_):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        assert run("--rounds 1000000000") == (130, "")
    finally:
        signal.signal(signal.SIGALRM, before)


def test_examples():
    for module in (options, results_module, text_module):
        assert doctest.testmod(module).failed == 0
    assert doctest.testmod(text_module).attempted > 0


@pytest.mark.parametrize("fast", [False, True])
def test_readme(fast, monkeypatch):
    if not fast:
        monkeypatch.setitem(sys.modules, "llvmlite", None)
    blocks = re.findall(r"(?ms)^```python\n(.*?)^```", (ROOT / "README.md").read_text())
    # README has no <BLANKLINE>: an empty line before an output that goes on is one
    program = re.sub(r"\n\n(?!>>>|\Z)", r"\n<BLANKLINE>\n", "\n".join(blocks))
    test = doctest.DocTestParser().get_doctest(program, {}, "README.md", None, 0)
    failed, attempted = doctest.DocTestRunner().run(test)
    assert failed == 0 < attempted
    assert attempted == sum(block.count(">>>") for block in blocks)


def test_out_draws_the_graph_and_each_gradient(tmp_path):
    folder = tmp_path / "new" / "pictures"
    status, out = run(f"--rounds 0 --out {folder}")
    files = [str(folder / f"{name}.svg") for name in ("all", *GRADIENTS)] + [
        str(folder / "steps.html")
    ]
    section = "\n\nPictures\n" + "".join(f"  {file}\n" for file in files)
    assert (status, out.removesuffix(section)) == (0, run("--rounds 0")[1].removesuffix("\n"))
    assert sorted(map(str, folder.iterdir())) == sorted(files)
    title = re.compile("<title[^>]*>(.*?)</title>")
    assert title.search(Path(files[0]).read_text("utf-8"))[1] == "Every gradient of E"
    for name, file in zip(GRADIENTS, files[1:-1], strict=True):
        words = title.findall(Path(file).read_text("utf-8"))
        assert (
            words[0] == f"∂E/∂{name[0]}{chr(ord(name[1]) + ord('₀') - ord('0'))} by the chain rule"
        )
        [gradient] = [word.split("gradient ")[1] for word in words if word.startswith(f"{name}: ")]
        assert float(gradient.replace("−", "-")) == pytest.approx(GRADIENTS[name], abs=1e-12)


@pytest.mark.slow
def test_out_draws_what_derive_asks_for(tmp_path):
    status, out = run(f"--layers 3 40 40 2 --rounds 0 --derive w1 out_o1 --json --out {tmp_path}")
    assert status == 0
    assert json.loads(out)["pictures"] == [
        str(tmp_path / f"{name}.svg") for name in ("all", "w1", "out_o1")
    ]


@pytest.mark.parametrize(
    ("lines", "options", "status", "printed"),
    [
        (
            "dE/dw5 = 0.7413*0.1868*0.5932 = 0.0821",
            "",
            0,
            ["right  dE/dw5 = 0.7413*0.1868*0.5932", "right  dE/dw5 = 0.0821"],
        ),
        ("dE/dw7 = 0.0226", "", 1, ["WRONG  dE/dw7 = 0.0226: SIGN"]),
        (
            "dE/dw7 = ?\n = -0.0226",
            "",
            1,
            ["open   dE/dw7 = ?: not answered yet", "right  dE/dw7 = -0.0226"],
        ),
        ("", "", 1, [""]),
        (
            "net_o1 = w1*i1 + b1 = 1.1",
            "--layers 1 1 --weights 2 --inputs 0.5 --biases 0.1",
            0,
            ["right", "right"],
        ),
    ],
)
def test_check_marks_a_file(tmp_path, lines, options, status, printed):
    file = tmp_path / "claims"
    file.write_text(lines, encoding="utf-8")
    got, out = run(f"{options} --check {file}")
    assert got == status
    assert all(
        line.startswith(start) for line, start in zip(out.splitlines(), printed, strict=True)
    )


def test_check_of_a_file_that_cannot_be_read(tmp_path, capsys):
    (tmp_path / "raw").write_bytes(b"\xff\xfe")
    for name, reason in (("none", "No such file or directory"), ("raw", "it is not UTF-8 text")):
        with pytest.raises(SystemExit, match="2"):
            main(["--check", str(tmp_path / name)])
        assert capsys.readouterr().err.endswith(f"cannot be read: {reason}\n")


def test_check_with_the_writer_s_names_and_for_programs(tmp_path, capsys):
    claims, names = tmp_path / "claims.txt", tmp_path / "names.json"
    claims.write_text(r"\frac{\partial E_{total}}{\partial w_5} = 0.0821", encoding="utf-8")
    names.write_text('{"E_{total}": "E"}')
    assert main(["--check", str(claims), "--names", str(names), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["right"]
    assert report["lines"][0]["verdict"] == ["CUT"]
    for text, problem in (
        ("[1]", "holds no object"),
        ("{", "not JSON"),
        ('{"F": "nothing"}', "nothing is labelled so"),
    ):
        names.write_text(text)
        with pytest.raises(SystemExit):
            main(["--check", str(claims), "--names", str(names)])
        assert problem in capsys.readouterr().err


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_worked_through_and_right(name, tmp_path):
    example = EXAMPLES[name]()
    status, out = run(f"--example {name}")
    assert status == 0
    assert out.startswith(f"{name}: {example.title}\n")
    assert all(line == line.rstrip() for line in out.split("\n"))
    values = {v.label: v for part in topological_order(example.root) for v in part}
    for by in example.by:
        assert str(chain_rule(example.root, values[by])) in out
    file = tmp_path / "mine.txt"
    file.write_text("\n".join(str(chain_rule(example.root, values[by])) for by in example.by))
    status, marked = run(f"--example {name} --check {file}")
    assert status == 0, marked
    r = as_json(f"--example {name}")
    assert r["forward"] == {k: v.data for k, v in values.items() if k}
    assert list(r["derivations"]) == list(example.by)
    assert name in options.parser().format_help()


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_right_in_arrays(name):
    root = EXAMPLES[name]().root
    for v in Record(root).labelled():
        if v is not root:
            check_derivation(root, str(chain_rule(root, v, detail="arrays"))).require()


@pytest.mark.slow
@pytest.mark.parametrize("name", EXAMPLES)
def test_each_line_of_an_example_is_right_at_any_number_of_digits(name):
    example = EXAMPLES[name]()
    values = {v.label: v for part in topological_order(example.root) for v in part}
    for by, digits, rounding in product(example.by, range(2, 10), ("round", "cut")):
        written = str(chain_rule(example.root, values[by], digits=digits, rounding=rounding))
        check_derivation(example.root, written).require()


def test_an_example_takes_the_options_that_do_not_change_it(tmp_path):
    status, out = run(f"--example softmax --derive z3 --digits 6 --out {tmp_path}")
    assert status == 0
    assert "∂L/∂z3 = p3 − y3 = 0.140244 − 0 = 0.140244" in out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["all.svg", "steps.html", "z3.svg"]


@pytest.mark.parametrize("option", ["--layers 2 2", "--lr 0.1", "--seed 1", "--latex x.tex"])
def test_an_example_has_its_own_numbers(option, capsys):
    with pytest.raises(SystemExit):
        run(f"--example rnn {option}")
    name = option.split()[0]
    assert f"--example rnn has its own numbers: leave out {name}" in capsys.readouterr().err


def test_detail_arrays_derives_each_array_once():
    _, out = run("--detail arrays --rounds 0")
    derivations = out.partition("Derivations\n\n")[2].split("\n\n\n")
    E = error(network())
    parameters = {v.label: v for v in network_values(E)}
    expected = [
        str(chain_rule(E, parameters[name], detail="arrays")).removesuffix(ending)
        for name, ending in [
            ("w1", "\n\n∂E/∂w1 = 0.0004386"),
            ("w5", "\n\n∂E/∂w5 = 0.08217"),
            ("b1", ""),
            ("b2", ""),
        ]
    ]
    assert [text.strip() for text in derivations] == expected
    assert [text.split(" = ")[0].strip() for text in derivations] == [
        "∂E/∂W1", "∂E/∂W2", "∂E/∂b1", "∂E/∂b2",
    ]  # fmt: skip


def network_values(E):
    return topological_order(E)[0]


def test_detail_arrays_as_json():
    r = as_json("--detail arrays --rounds 0 --derive W1 out_h1")
    assert list(r["derivations"]) == ["W1", "out_h1"]
    found = r["derivations"]["W1"]
    assert np.ravel(found["value"]) == pytest.approx(
        [r["gradients"][f"w{k}"] for k in range(1, 5)], rel=1e-12
    )
    assert [line["formula"] for line in found["lines"]] == [
        "−(t − out_o) ⊙ out_o ⊙ (1 − out_o)",
        "(W2ᵀ δ_o) ⊙ out_h ⊙ (1 − out_h)",
        "δ_h iᵀ",
    ]


def test_detail_arrays_is_drawn_and_stepped_through(tmp_path):
    status, _ = run(f"--detail arrays --rounds 0 --derive W1 --out {tmp_path}")
    assert status == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["W1.svg", "all.svg", "steps.html"]
    assert "∂E/∂W1 = δ_h iᵀ" in (tmp_path / "W1.svg").read_text("utf-8")
    assert "net_h = W1 i + b1" in (tmp_path / "steps.html").read_text("utf-8")


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_is_derived_in_arrays(name):
    plain, arrays = (as_json(f"--example {name} --detail {how}") for how in ("names", "arrays"))
    found = [np.ravel(in_arrays(d)) for d in arrays["derivations"].values()]
    for parts in plain["derivations"].values():
        number = parts[0]["value"]
        assert any(np.isclose(numbers, number, rtol=1e-9, atol=1e-12).any() for numbers in found)


def in_arrays(derivation):
    """The numbers of a derivation in arrays, or of one that has no such form."""
    return derivation[0]["value"] if isinstance(derivation, list) else derivation["value"]
