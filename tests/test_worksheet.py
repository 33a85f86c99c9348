"""Worksheets: numbers that will do, keys that are true, points that are due and no others.

The oracle is a class that works the lecture's network out in plain floats, and writes what a
student would.
"""

import csv
import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
from html.parser import HTMLParser
from itertools import chain, repeat
from pathlib import Path

import nbformat
import pytest
from simulated import NAMES, RATE, Student, lecture_error, squashed

from autograd import Value, Worksheet, sigmoid
from autograd.worksheets.answers import roster
from autograd.worksheets.finals import finals_page
from autograd.worksheets.folder import mark_folder
from nn import lecture
from nn.command import main
from nn.command.examples import EXAMPLES


@pytest.fixture(scope="module")
def worksheet():
    return Worksheet(lecture_error, names=NAMES, rate=RATE, seed=7, title="Backpropagation")


# the numbers


def test_a_variant_is_a_function_of_seed_and_student(worksheet):
    code = (
        "from autograd import Worksheet; from nn import lecture;"
        "build = lambda: lecture.error(lecture.network());"
        "sheet = Worksheet(build, names=['w5', 'w6', 'w1'], rate=0.5, seed=7, "
        "title='Backpropagation').variant('ann');"
        "print(sheet.code, sheet.numbers)"
    )
    env = {**os.environ, "PYTHONHASHSEED": "5"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env
    )
    sheet = worksheet.variant("ann")
    assert done.stdout == f"{sheet.code} {sheet.numbers}\n"
    assert worksheet.variant("bob").numbers != sheet.numbers
    other = Worksheet(lecture_error, names=NAMES, rate=RATE, seed=8).variant("ann")
    assert other.numbers != sheet.numbers
    assert other.code != sheet.code


@pytest.mark.parametrize("student", ["ann", "bob", "zoë", "4711", "a b"])
def test_numbers_are_fit_to_work_with(worksheet, student):
    numbers = worksheet.variant(student).numbers
    assert len(set(map(abs, numbers.values()))) == len(numbers)
    for name, x in numbers.items():
        assert float(f"{x:.2g}") == x
        assert x not in (0.0, 1.0)
        before = {v.label: v.data for v in lecture.network().parameters()}.get(name)
        assert before is None or 0.19 * before < x < 4.1 * before
    worked = Student(numbers, digits=9).n
    for out in ("out_h1", "out_h2", "out_o1", "out_o2"):
        assert worked[out] * (1 - worked[out]) >= 0.05


def test_the_classical_slips_print_otherwise_than_the_truth(worksheet):
    for k in range(20):
        numbers = worksheet.variant(f"s{k}").numbers
        n = Student(numbers, digits=12).n
        t, out = n["t1"], n["out_o1"]
        true = (out - t) * out * (1 - out) * n["out_h1"]
        slips = [
            -true,
            2 * true,
            true / 2,
            (out - t) * out * n["out_h1"],
            (out - t) * (1 - out) * n["out_h1"],
            (out - t) * n["out_h1"],
            (out - t) * out * (1 - out) * n["out_h2"],
            (out - t) * out * (1 - out),
            (n["out_o2"] - t) * out * (1 - out) * n["out_h1"],
            (out - n["t2"]) * out * (1 - out) * n["out_h1"],
            (out - t) * n["net_o1"] * (1 - n["net_o1"]) * n["out_h1"],
            (out - t) * out * (1 - out) * n["w5"],
        ]
        assert f"{true:.4g}" not in [f"{slip:.4g}" for slip in slips]


def test_fixed_leaves_and_those_that_are_0_or_1_keep_their_numbers():
    def build():
        w, x, y, s = (Value(v, n) for v, n in ((0.4, "w"), (0.7, "x"), (1.0, "y"), (2.5, "s")))
        a = sigmoid(w * x)
        a.label = "a"
        E = s * (y - a) ** 2
        E.label = "E"
        return E

    numbers = Worksheet(build, names=["w"], fixed=["s"]).variant("ann").numbers
    assert (numbers["y"], numbers["s"]) == (1.0, 2.5)
    assert numbers["w"] != 0.4
    assert numbers["x"] != 0.7


def test_numbers_that_cannot_be_found_are_told():
    def build():
        x, y = Value(0.0, "x"), Value(1.0, "y")
        E = x * y
        E.label = "E"
        return E

    sheet = Worksheet(build, names=["y"])
    with pytest.raises(ValueError, match="no numbers for 'ann' in 10,000 tries"):
        Worksheet(lambda: relu_at_its_kink(), names=["w"]).variant("ann")
    assert sheet.variant("ann").numbers == {"x": 0.0, "y": 1.0}


def relu_at_its_kink():
    w = Value(0.3, "w")
    y = (w - w).relu() + w
    y.label = "y"
    return y


# the key, and the points


def test_the_key_is_what_plain_arithmetic_gives(worksheet):
    for student in ("ann", "bob"):
        sheet = worksheet.variant(student)
        exact = Student(sheet.numbers, digits=15).n
        found = {}
        for step in sheet.steps(worksheet.notation):
            for line in step.lines:
                found[line.title.replace("∂", "d").replace("⁺", "+")] = line.cells[-1].text
        for name, x in exact.items():
            if name not in sheet.numbers and name != "dE/dout_h1":
                assert float(found[name].replace("−", "-")) == float(f"{x:.4g}"), name
        assert sheet.mark(sheet.key().text()).points == 20.0


@pytest.mark.parametrize("style", ["rounded", "cut", "six digits", "comma"])
def test_a_right_answer_gets_every_point(worksheet, style):
    sheet = worksheet.variant("ann")
    options = {"rounded": {}, "cut": {"cut": True}, "six digits": {"digits": 6}}
    answer = Student(sheet.numbers, **options.get(style, {"comma": True}))
    score = sheet.mark(answer.text)
    assert score.points == pytest.approx(20.0), str(score)


def test_an_empty_sheet_gets_nothing(worksheet):
    sheet = worksheet.variant("ann")
    assert sheet.mark(sheet.text()).points == 0.0
    assert sheet.mark("").points == 0.0


def test_lines_in_any_order_and_with_noise_between(worksheet):
    sheet = worksheet.variant("ann")
    lines = Student(sheet.numbers).lines
    random.Random(1).shuffle(lines)
    noise = ["# my answer", "so we get the following:", "", "---", "thanks for reading"]
    text = "\n".join(line for pair in zip(lines, noise * 10, strict=False) for line in pair)
    assert sheet.mark(text).points == pytest.approx(20.0)


@pytest.mark.parametrize("student", ["ann", "bob"])  # what ann goes on with comes to 1 once
def test_one_slip_costs_its_own_item_alone(worksheet, student):
    sheet = worksheet.variant(student)
    answer = Student(sheet.numbers, slips={"net_h1": lambda x: x + 0.1})
    score = sheet.mark(answer.text)
    lost = [item for step in score.steps for item in step.items if item.points < item.of]
    assert [(item.item.subject, item.item.kind) for item in lost] == [("net_h1", "value")]
    assert score.marks.first_slip.claim.startswith("net_h1 = ")


def test_the_whole_implies_what_leads_to_it(worksheet):
    sheet = worksheet.variant("ann")
    leading = ("dE/dout_o1", "dout_o1/dnet_o1", "dnet_o1/dw5")
    lines = [line for line in Student(sheet.numbers).lines if not line.startswith(leading)]
    assert sheet.mark("\n".join(lines)).points == pytest.approx(20.0)
    without = [line for line in lines if not line.startswith("dE/dw5")]
    score = sheet.mark("\n".join(without))
    assert score.steps[2].points == 0.0


def test_what_the_sheet_prints_earns_nothing(worksheet):
    sheet = worksheet.variant("ann")
    score = sheet.mark(
        "net_h1 = w1*i1 + w2*i2 + b1\n∂E/∂w5 = ∂E/∂out_o1·∂out_o1/∂net_o1·∂net_o1/∂w5"
    )
    assert score.points == 0.0


# the options


def test_what_is_left_blank(worksheet):
    def cells(blanks):
        sheet = Worksheet(lecture_error, names=["w5"], blanks=blanks, steps=["gradient"])
        return sheet.variant("ann").text().split("1. ")[1]

    assert "∂out_o1/∂net_o1 = ___ = ___ = ___" in cells("both")
    assert "∂out_o1/∂net_o1 = out_o1·(1 − out_o1) = ___ = ___" in cells("numbers")
    assert "∂out_o1/∂net_o1 = ___ = " in cells("formulas")
    assert "∂E/∂w5 = ___ · ___ · ___ = ___" in cells("both")


def test_points_by_step():
    sheet = Worksheet(lecture_error, names=["w5"], steps={"error": 1, "gradient": 9})
    score = sheet.variant("ann").mark("")
    assert [(step.title, step.of) for step in score.steps] == [
        ("The value of E", pytest.approx(1)),
        ("∂E/∂w5 in full", pytest.approx(9)),
    ]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"names": ["w9"]}, "names: 'w9' is not among"),
        ({"fixed": ["out_h1"]}, "fixed: 'out_h1' is not among"),
        ({"steps": ["forwards"]}, "steps: 'forwards' is not among forward, error"),
        ({"steps": ["update"]}, "steps: 'update' needs a rate"),
        ({"steps": ["others"], "names": ["w5"]}, "steps: 'others' needs more than one name"),
        ({"blanks": "all"}, "blanks: 'all' is not among formulas, numbers, both"),
        ({"digits": 0}, "digits must be"),
    ],
)
def test_options_that_are_not_known(options, told):
    with pytest.raises(ValueError, match=told):
        Worksheet(lecture_error, **options)


def test_a_key_that_the_marker_would_not_find_right_is_refused():
    with pytest.raises(ValueError, match=r"its own key would not be right: .* Ask for more digits"):
        Worksheet(lecture_error, digits=1)


def test_a_class_is_refused_as_a_whole(tmp_path, capsys):
    students = tmp_path / "roster.csv"
    students.write_text("ann\nbob\n", "utf-8")
    script = tmp_path / "kink.py"
    script.write_text(
        "from autograd import Value\n"
        "def build():\n"
        "    w = Value(0.3, 'w')\n"
        "    y = (w - w).relu() + w; y.label = 'y'\n"
        "    return y\n",
        "utf-8",
    )
    out = tmp_path / "sheets"
    with pytest.raises(SystemExit) as ended:
        main(["sheet", "--build", str(script), "--students", str(students), "--out", str(out)])
    assert ended.value.code == 2
    assert "near its kink. Ask for more digits, for other steps" in capsys.readouterr().err
    assert not out.exists()


def test_numbers_are_found_where_few_will_do(tmp_path, capsys):
    students = tmp_path / "roster.csv"
    students.write_text("s0\ns1\ns2\n", "utf-8")  # s1 takes more than 1000 tries
    words = ["--layers", "3", "2", "1", "--seed", "7", "--formats", "txt"]
    out = tmp_path / "sheets"
    assert main(["sheet", *words, "--students", str(students), "--out", str(out)]) == 0
    assert "3 sheets in" in capsys.readouterr().out


def test_what_builds_another_record_each_time_is_refused():
    rates = chain([0.5], repeat(0.25))

    def build():
        w, x = Value(0.4, label="w"), Value(0.7, label="x")
        y = sigmoid(w * x)
        y.label = "y"
        E = next(rates) * (1.0 - y) ** 2
        E.label = "E"
        return E

    with pytest.raises(TypeError, match="the same record each time"):
        Worksheet(build, names=["w"], seed=7)


def test_an_answer_is_marked_by_the_numbers_of_its_own_sheet():
    """The formulas are shared between sheets, and no number is; a leaf that moved is seen."""
    worksheet = Worksheet(lecture_error, names=NAMES, rate=RATE, seed=7)
    ann, bob = worksheet.variant("ann"), worksheet.variant("bob")
    answers = {sheet: Student(sheet.numbers).text for sheet in (ann, bob)}
    for sheet in (ann, bob, ann):
        assert sheet.mark(answers[sheet]).points == pytest.approx(20.0)
        [other] = {ann, bob} - {sheet}
        assert sheet.mark(answers[other]).points < 17.0
    next(v for v in ann.graph.names if v.label == "w1").data += 0.5
    assert ann.mark(answers[ann]).points < 19.9


def test_no_error_is_small_beside_what_it_is_made_of():
    worksheet = Worksheet(lecture_error, seed=7)
    for k in range(60):
        n = worksheet.variant(f"student {k}").numbers
        hidden = [
            squashed(n[a] * n["i1"] + n[b] * n["i2"] + n["b1"])
            for a, b in (("w1", "w2"), ("w3", "w4"))
        ]
        for t, a, b in (("t1", "w5", "w6"), ("t2", "w7", "w8")):
            out = squashed(n[a] * hidden[0] + n[b] * hidden[1] + n["b2"])
            assert abs(n[t] - out) > 0.09 * max(n[t], out)


@pytest.mark.skipif(not shutil.which("pdflatex"), reason="pdflatex is not installed")
@pytest.mark.parametrize("name", ["lecture", "lstm", "softmax", "layernorm"])
def test_pdflatex_takes_the_sheets_and_the_keys(name, tmp_path):
    build = lecture_error if name == "lecture" else lambda: EXAMPLES[name]().root
    names = NAMES if name == "lecture" else EXAMPLES[name]().by
    sheet = Worksheet(build, names=names, title="50 % of #1 & {a_b}").variant("zoë_1")
    for each in (sheet, sheet.key()):
        each.save(tmp_path / "sheet.tex")
        command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "sheet.tex"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout[-900:]


def test_what_builds_no_value():
    with pytest.raises(TypeError, match="build must return a Value, not float"):
        Worksheet(lambda: 3.0)


# the forms


class _Wellformed(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.urls = [], []

    def handle_starttag(self, tag, attrs):
        self.urls += [value for name, value in attrs if name in ("src", "href") and value]
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_is_whole_and_asks_for_nothing(worksheet):
    sheet = worksheet.variant("<ann>")
    for page in (sheet.html(), sheet.key().html(), finals_page([sheet])):
        parser = _Wellformed()
        parser.feed(page)
        assert parser.open == []
        assert [url for url in parser.urls if not url.startswith("#")] == []
        assert "&lt;ann&gt;" in page


def test_no_answer_stands_on_the_sheet(worksheet):
    sheet = worksheet.variant("ann")
    answers = [
        line.cells[-1].text
        for step in sheet.steps(worksheet.notation)
        for line in step.lines
        if line.cells[-1].asked
    ]
    assert len(answers) > 15
    for text in (sheet.text(), sheet.html(), sheet.latex(), sheet.notebook()):
        assert not [answer for answer in answers if answer in text and len(answer) > 5]
    for answer in answers:
        assert answer in sheet.key().text()


def test_the_notebook_is_one_and_can_be_handed_in(worksheet, tmp_path):
    sheet = worksheet.variant("ann")
    for each in (sheet, sheet.key()):
        nbformat.validate(nbformat.reads(each.notebook(), as_version=4))
    sheet.key().save(tmp_path / "somebody.ipynb")
    [result] = mark_folder(worksheet, tmp_path, ["ann"], tmp_path / "out")
    assert (result.student, result.points) == ("ann", 20.0)


def test_the_notebook_shows_its_formulas_and_a_line_for_each_answer(worksheet):
    notebook = nbformat.reads(worksheet.variant("ann").notebook(), as_version=4)
    assert notebook.metadata.kernelspec.name == "python3"
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    assert len(cells) == len(notebook.cells)
    for cell in cells:
        assert not [part for part in cell.split("$")[::2] if "\\" in part]  # beside the formulas
    blocks = [re.fullmatch(r"```\n(.*)\n```", cell, re.DOTALL) for cell in cells]
    assert [block[1].count("\n") + 1 for block in blocks if block] == [10, 1, 5, 2, 3]


def test_an_ending_that_is_not_known(worksheet, tmp_path):
    with pytest.raises(ValueError, match=r"saved as \.txt, \.html, \.tex, \.ipynb"):
        worksheet.variant("ann").save(tmp_path / "sheet.docx")


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_can_be_a_worksheet(name):
    example = EXAMPLES[name]
    by = example().by
    sheet = Worksheet(lambda: example().root, names=by).variant("ann")
    score = sheet.mark(sheet.key().text())
    assert score.points == pytest.approx(score.of), str(score)


# a folder


@pytest.fixture
def answers(worksheet, tmp_path):
    folder = tmp_path / "answers"
    folder.mkdir()
    for student in ("ann", "bob", "cem"):
        worksheet.variant(student).key().save(folder / f"{student}.txt")
    sheet = worksheet.variant("bob")
    (folder / "bob.txt").write_text(
        Student(sheet.numbers, slips={"E": lambda x: 2 * x}).text, "utf-8"
    )
    return folder


STUDENTS = ["ann", "bob", "cem", "dee"]


def rows_of(out):
    with open(out / "marks.csv", encoding="utf-8", newline="") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


def test_a_folder(worksheet, answers, tmp_path):
    out = tmp_path / "marks"
    mark_folder(worksheet, answers, STUDENTS, out)
    rows = rows_of(out)
    assert rows["ann"]["points"] == "20"
    assert rows["bob"]["The value of E"] == "1"
    assert rows["bob"]["first slip"].startswith("line 11: E = ")
    assert rows["dee"]["note"] == "no file"
    page = (out / "feedback" / "bob.html").read_text("utf-8")
    assert "The first slip is in line 11" in page
    overview = (out / "class.html").read_text("utf-8")
    assert "FACTOR 2" in overview
    assert "feedback/bob.html" in overview


BROKEN = {
    "dee.txt": (b"\xff\xfa\x00", "it is not UTF-8 text"),
    "x.docx": (b"PK", "it is no .txt"),
    "who.txt": (b"E = 3", "no student of the roster is named by it"),
    "empty dee.md": (b" \n", "it is empty"),
    "dee-2.ipynb": (b'{"cells": 3}', "it is no notebook"),
    "dee.tex": (b"student: dee\nvariant: 00000000\nE = 3", "it is of variant 00000000"),
    "other.txt": (b"student: eve\n", "no student of the roster is named by it: 'eve'"),
    "zero dee.txt": (b"E = 3\0", "there are zero bytes in it"),
    "huge dee.txt": (b"x" * 20_000_001, "more than 20,000,000 bytes"),
    "latin dee.txt": ("größe".encode("latin-1"), "it is not UTF-8 text"),
    "deep dee.ipynb": (b"[" * 100_000, "it is no notebook"),
    "long dee.txt": (b"E = 3\n" * 2000, "more than 1,000 lines"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_file_that_cannot_be_marked_stops_nothing(worksheet, answers, tmp_path, name):
    content, told = BROKEN[name]
    (answers / name).write_bytes(content)
    results = mark_folder(worksheet, answers, STUDENTS, tmp_path / "marks")
    [broken] = [result for result in results if result.file == name]
    assert told in broken.note
    assert [r.points for r in results if r.student == "ann"] == [20.0]


def _link(path):
    path.symlink_to("/etc/hostname")


STRANGE = {
    "folder": Path.mkdir,
    "link": _link,
    "lost link": lambda path: path.symlink_to("/no/where"),
    "link to itself": lambda path: path.symlink_to(path.name),
}
if hasattr(os, "mkfifo"):
    STRANGE["pipe"] = os.mkfifo


@pytest.mark.parametrize("kind", STRANGE)
def test_what_is_no_file_is_told_and_never_opened(worksheet, answers, tmp_path, kind):
    STRANGE[kind](answers / "dee.txt")
    results = mark_folder(worksheet, answers, STUDENTS, tmp_path / "marks")
    [dee] = [result for result in results if result.student == "dee"]
    assert dee.note == "it is a link, a folder or a device, and no file"
    assert len([result for result in results if not result.note]) == 3


def test_a_blank_sheet_handed_in_is_told_shortly(worksheet, answers, tmp_path):
    worksheet.variant("dee").save(answers / "dee.txt")
    mark_folder(worksheet, answers, STUDENTS, tmp_path / "marks")
    page = (tmp_path / "marks" / "feedback" / "dee.html").read_text("utf-8")
    assert "Nothing that is asked for was found" in page
    assert page.count("Not answered.") == 5
    assert "NOT READ" not in page
    assert "Other lines" not in page


HOSTILE = {
    "deep": "$" + r"\frac{" * 5000 + "1" + "}{2}" * 5000 + " = E$",
    "deep brackets": "E = " + "(" * 9000 + "1" + ")" * 9000,
    "long": "E = " + "1+" * 500_000 + "1",
    "powers": "E = 10^(10^(10^10))\nnet_h1 = 2**9999999\nE = 1e99999\nE = " + "9" * 10_000,
    "signs": "\u202e\u200b\u2028\x0c\r" * 500 + " = E",
    "markup": "<script>alert(1)</script> = E\nE = <img src=x onerror=alert(1)>",
    "names": "E = " + "w1" * 5000,
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_answer_is_marked_and_earns_nothing(worksheet, answers, tmp_path, kind):
    (answers / "dee.txt").write_text(HOSTILE[kind], "utf-8")
    began = time.process_time()
    results = mark_folder(worksheet, answers, STUDENTS, tmp_path / "marks")
    assert time.process_time() - began < 20
    points = {result.student: (result.points, result.note) for result in results}
    assert points["dee"] == (0.0, "")
    assert points["ann"] == (20.0, "")
    page = (tmp_path / "marks" / "feedback" / "dee.html").read_text("utf-8")
    assert "<script" not in page
    assert "<img" not in page


@pytest.mark.skipif(os.name == "nt", reason="a name has no such signs there")
@pytest.mark.parametrize("name", ["x\n=cmd()\n.txt", "\x1b[31m.txt", "\t=1+1.txt", 'a;b,c"d.txt'])
def test_a_name_with_any_signs_stays_on_its_line(worksheet, answers, tmp_path, capsys, name):
    (answers / name).write_text("E = 3", "utf-8")
    students = tmp_path / "roster.csv"
    students.write_text("\n".join(STUDENTS), "utf-8")
    options = ["--students", str(students), "--seed", "7", "--derive", *NAMES, "--lr", "0.5"]
    main(["mark", str(answers), *options, "--out", str(tmp_path / "marks")])
    printed = capsys.readouterr().out
    assert printed.count("\n") == 3  # what was marked, dee, and this one
    assert printed.replace("\n", "").isprintable()
    with open(tmp_path / "marks" / "marks.csv", encoding="utf-8", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_letters_may_be_parted_in_the_names_of_files(worksheet, tmp_path):
    folder = tmp_path / "answers"
    folder.mkdir()
    students = tmp_path / "roster.csv"
    students.write_text("id\nJu\u0308rgen\nZo\u00eb\n", "utf-8")
    ids = roster(students)
    assert ids == ["J\u00fcrgen", "Zo\u00eb"]
    for student, name in zip(ids, ["J\u00fcrgen", "Zoe\u0308"], strict=True):
        worksheet.variant(student).key().save(folder / f"{name}.txt")
    results = mark_folder(worksheet, folder, ids, tmp_path / "marks")
    assert [(r.student, r.points) for r in results] == [(student, 20.0) for student in ids]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes need a system that can fork")
def test_no_process_is_left_behind_one_that_is_killed(answers, tmp_path):
    students = tmp_path / "roster.csv"
    students.write_text("\n".join(STUDENTS), "utf-8")
    code = (
        "import sys, time\n"
        "from autograd.worksheets import folder\n"
        "from nn.command import main\n"
        "folder.marked = lambda *file: print('marking', flush=True) or time.sleep(600)\n"
        "main(sys.argv[1:])\n"
    )
    words = ["mark", str(answers), "--students", str(students), "--out", str(tmp_path / "marks")]
    command = [sys.executable, "-c", code, *words, "--jobs", "2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as started:
        assert started.stdout.readline() == b"marking\n"
        started.kill()
        started.communicate(timeout=60)  # as long as a process of its own could still print


@pytest.mark.skipif(os.name == "nt" or sys.platform == "darwin", reason="a name is text there")
def test_a_name_may_be_any_bytes(worksheet, answers, tmp_path):
    (answers / os.fsdecode(b"\xff\xfe.txt")).write_text("E = 3", "utf-8")
    results = mark_folder(worksheet, answers, STUDENTS, tmp_path / "marks")
    assert [r.file for r in results if "named by it" in r.note] == ["??.txt"]


def test_two_files_of_one_student(worksheet, answers, tmp_path):
    (answers / "second.txt").write_text("student: ann\nE = 3", "utf-8")
    results = mark_folder(worksheet, answers, STUDENTS, tmp_path / "marks")
    [ann] = [result for result in results if result.student == "ann"]
    assert ann.note == "more than one file: keep one of them"


def test_a_run_that_was_stopped_goes_on(worksheet, answers, tmp_path, monkeypatch):
    out = tmp_path / "marks"
    first = mark_folder(worksheet, answers, STUDENTS, out)
    (out / "feedback" / "cem.html").unlink()
    marked = []
    variant = Worksheet.variant
    monkeypatch.setattr(Worksheet, "variant", lambda w, s: marked.append(s) or variant(w, s))
    assert mark_folder(worksheet, answers, STUDENTS, out) == first
    assert marked == ["cem"]
    (answers / "ann.txt").write_text("E = 3", "utf-8")
    assert mark_folder(worksheet, answers, STUDENTS, out)[0].points == 0.0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes need a system that can fork")
def test_processes_come_to_the_same(worksheet, answers, tmp_path):
    alone = mark_folder(worksheet, answers, STUDENTS, tmp_path / "alone")
    assert mark_folder(worksheet, answers, STUDENTS, tmp_path / "two", jobs=2) == alone
    for name in ("marks.csv", "class.html", "feedback/bob.html"):
        assert (tmp_path / "two" / name).read_bytes() == (tmp_path / "alone" / name).read_bytes()


def test_ids_can_be_hashed_by_the_command(worksheet, answers, tmp_path):
    students = tmp_path / "roster.csv"
    students.write_text("id\n" + "\n".join(STUDENTS), "utf-8")
    options = ["--students", str(students), "--seed", "7", "--example", "lecture", "--derive"]
    common = [*options, *NAMES, "--lr", "0.5"]
    sheets, out = tmp_path / "sheets", tmp_path / "marks"
    assert main(["sheet", *common, "--out", str(sheets), "--formats", "txt"]) == 0
    for path in (sheets / "keys").glob("*.html"):
        path.unlink()
    for _ in range(2):  # the second time from the pages
        words = ["mark", str(sheets / "keys"), *common, "--out", str(out), "--hash-ids"]
        assert main(words) == 0
        rows = rows_of(out)
        assert [row["points"] for row in rows.values()] == ["20"] * len(STUDENTS)
        assert not set(rows) & set(STUDENTS)


def test_ids_can_be_hashed(worksheet, answers, tmp_path):
    out = tmp_path / "marks"
    mark_folder(worksheet, answers, STUDENTS, out, hashed=True)
    code = worksheet.variant("ann").code
    assert rows_of(out)[code]["points"] == "20"
    for path in out.rglob("*"):
        assert not [s for s in STUDENTS if s in path.name]
        assert path.is_dir() or not [s for s in STUDENTS if f">{s}<" in path.read_text("utf-8")]


def test_no_cell_is_a_formula_for_a_spreadsheet(worksheet, answers, tmp_path):
    (answers / "=cmd.txt").write_text("E = 3", "utf-8")
    mark_folder(worksheet, answers, STUDENTS, tmp_path / "marks")
    text = (tmp_path / "marks" / "marks.csv").read_text("utf-8")
    assert ",'=cmd.txt," in text


def test_a_roster(tmp_path):
    path = tmp_path / "roster.csv"
    path.write_text("name,id\nAnn,a1\nBob,b2\n", "utf-8")
    assert roster(path) == ["a1", "b2"]
    path.write_text("a1\nb2\n", "utf-8")
    assert roster(path) == ["a1", "b2"]
    path.write_text("name;id\nAnn;a1\nBob, jr;b2\n", "utf-8")
    assert roster(path) == ["a1", "b2"]
    path.write_bytes("id\nzoë\n".encode("latin-1"))
    with pytest.raises(ValueError, match="is not UTF-8 text"):
        roster(path)
    for text, told in (
        ("", "has no students"),
        ("id\na\na\n", "the id 'a' 2 times"),
        ("id\n../a\n", "cannot be the name of a file"),
        ("id\nann\nAnn\n", "'ann' and 'Ann' name one file"),
    ):
        path.write_text(text, "utf-8")
        with pytest.raises(ValueError, match=told):
            roster(path)


# the command


def test_from_a_roster_to_marks(tmp_path, capsys):
    students = tmp_path / "roster.csv"
    students.write_text("student\nann\nbob\n", "utf-8")
    common = ["--students", str(students), "--seed", "7", "--example", "lecture"]
    sheets, marks = str(tmp_path / "sheets"), str(tmp_path / "marks")
    assert main(["sheet", *common, "--out", sheets, "--formats", "html", "txt"]) == 0
    assert "2 sheets in" in capsys.readouterr().out
    files = sorted(str(p.relative_to(sheets)) for p in Path(sheets).rglob("*.*"))
    assert files == [
        *("ann.html", "ann.txt", "bob.html", "bob.txt"),
        *("keys/ann.html", "keys/ann.txt", "keys/bob.html", "keys/bob.txt"),
        "keys/final-numbers.html",
    ]
    platforms = ["--formats", "txt", "--for", "moodle", "qti", "prairielearn"]
    assert main(["sheet", *common, "--out", str(tmp_path / "more"), *platforms]) == 0
    for name in ("moodle.xml", "qti.zip", "prairielearn/server.py"):
        assert (tmp_path / "more" / name).stat().st_size > 300
    capsys.readouterr()
    keys = Path(sheets) / "keys"
    for path in keys.glob("*.html"):
        path.unlink()
    assert main(["mark", str(keys), *common, "--out", marks]) == 0
    assert {row["points"] for row in rows_of(Path(marks)).values()} == {"20"}
    (keys / "eve.txt").write_text("E = 3", "utf-8")
    assert main(["mark", str(keys), *common, "--out", marks]) == 1
    assert "not marked: eve.txt: no student" in capsys.readouterr().out


def test_a_file_that_builds_the_root(tmp_path, capsys):
    students = tmp_path / "roster.csv"
    students.write_text("ann\n", "utf-8")
    script = tmp_path / "neuron.py"
    script.write_text(
        "from autograd import Value, sigmoid\n"
        "def build():\n"
        "    w, x = Value(0.4, 'w'), Value(0.7, 'x')\n"
        "    a = sigmoid(w * x); a.label = 'a'\n"
        "    return a\n",
        "utf-8",
    )
    common = ["--students", str(students), "--build", str(script), "--derive", "w"]
    assert main(["sheet", *common, "--out", str(tmp_path / "s"), "--formats", "txt"]) == 0
    assert "∂a/∂w = ___ = ___ = ___" in (tmp_path / "s" / "ann.txt").read_text("utf-8")
    for text, told in (("x = 1", "defines no function build()"), ("1/0", "ZeroDivisionError")):
        script.write_text(text, "utf-8")
        with pytest.raises(SystemExit) as ended:
            main(["sheet", *common, "--out", str(tmp_path / "s")])
        assert ended.value.code == 2
        assert told in capsys.readouterr().err


def test_scores_are_data(worksheet):
    sheet = worksheet.variant("ann")
    data = json.loads(json.dumps(sheet.mark("net_h1 = 3").to_dict()))
    assert data["student"] == "ann"
    assert data["of"] == pytest.approx(20.0)
    assert data["marks"]["schema"] == 1
