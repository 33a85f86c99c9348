"""Worksheets for Moodle, Canvas and PrairieLearn: read back by readers that are not ours, their
numbers computed here by hand."""

import io
import json
import math
import re
import zipfile
from decimal import ROUND_DOWN, ROUND_HALF_UP, Context
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from autograd import Value
from autograd.digits import last_place
from autograd.worksheets.moodle import moodle
from autograd.worksheets.prairielearn import prairielearn
from autograd.worksheets.qti import qti
from autograd.worksheets.questions import paper_of
from autograd.worksheets.variants import leaves_of
from autograd.worksheets.worksheet import Worksheet
from nn import lecture

STUDENTS = ["ann", "bob", "eve"]
LABELS = ["& co", "<b>", "</math>", "]]>", "{1:NUMERICAL:=3}", "~", "'", '"', "{{a}}"]
HOSTILE = "".join(LABELS) + "#$&lt;\\"
TAGS = {"div", "h4", "p", "img", "strong"} | {
    "math", "mrow", "mi", "mn", "mo", "mfrac", "msub", "msup", "msubsup", "msqrt", "mover"
}  # fmt: skip
QTI = "{http://www.imsglobal.org/xsd/ims_qtiasiv1p2}"


def chain():
    """E = (out·v − 0.5)² of out = σ(w·x + b)."""
    x, w, b, v = (
        Value(number, label=k) for k, number in zip("xwbv", (0.6, 0.4, 0.3, 0.8), strict=True)
    )
    net = w * x + b
    net.label = "net"
    out = net.sigmoid()
    out.label = "out"
    E = (out * v - 0.5) ** 2
    E.label = "E"
    return E


def worksheet(**options):
    return Worksheet(chain, names=["w", "v"], rate=0.5, seed=3, **options)


def solved(given, write=lambda x: x):
    """What a person writes down for each blank, in order, and goes on with."""
    x, w, b, v = (given[name] for name in "xwbv")
    net = write(w * x + b)
    out = write(1 / (1 + math.exp(-net)))
    E = write((out * v - 0.5) ** 2)
    to_out = write(2 * (out * v - 0.5) * v)
    to_net = write(out * (1 - out))
    to_w = write(x)
    by_w = write(to_out * to_net * to_w)
    by_v = write(2 * (out * v - 0.5) * out)
    new = [write(w - 0.5 * by_w), write(v - 0.5 * by_v)]
    return [net, out, E, to_out, to_net, to_w, to_out, to_net, to_w, by_w, by_v, *new]


def writer(digits, mode):
    context = Context(prec=digits, rounding=mode)
    return lambda x: float(context.create_decimal(f"{x:.15g}"))


def lecture_sheets(students=STUDENTS, **options):
    names = ["w5", "w1", "w2", "w3", "w4", "w6", "w7", "w8"]
    options = {"names": names, "rate": 0.5, "seed": 7, **options}
    sheets = Worksheet(lambda: lecture.error(lecture.network()), **options)
    return [sheets.variant(student) for student in students]


def hostile(label):
    """A sheet whose title, student and labels are made to break a format."""

    def build():
        w, x = Value(0.4, label=f"w{label}"), Value(0.7, label=f"x{label}")
        y = w * x
        y.label = f"y{label}"
        E = (0.9 - y) ** 2
        E.label = "E"
        return E

    return Worksheet(build, names=[f"w{label}"], title=f"{HOSTILE}\x00/").variant(HOSTILE)


# what Moodle's question/type/multianswer reads as a blank
NUMBER = r"-?(?:[0-9]+[.,]?[0-9]*|[.,][0-9]+)(?:[eE][-+]?[0-9]+)?"
CLOZE = re.compile(rf"\{{([0-9]*):NUMERICAL:=({NUMBER}):({NUMBER})\}}")


def cloze(text):
    return [(int(w), float(value), float(off)) for w, value, off in CLOZE.findall(text)]


def canvas_items(package):
    """The numerical questions of each quiz in a package: exact, least, most, points."""
    archive = zipfile.ZipFile(io.BytesIO(package))
    assert archive.testzip() is None
    manifest = ElementTree.fromstring(archive.read("imsmanifest.xml"))
    hrefs = [file.get("href") for file in manifest.iter() if file.tag.endswith("}file")]
    assert sorted(hrefs) == sorted(set(archive.namelist()) - {"imsmanifest.xml"})
    quizzes = []
    for href in hrefs:
        root = ElementTree.fromstring(archive.read(href))
        if root.tag == f"{QTI}questestinterop":
            quizzes.append([numerical(item) for item in root.iter(f"{QTI}item")][1:])
    return quizzes


def numerical(item):
    labels = [e.text for e in item.iter(f"{QTI}fieldlabel")]
    fields = dict(zip(labels, [e.text for e in item.iter(f"{QTI}fieldentry")], strict=True))
    if fields["question_type"] != "numerical_question":
        return None
    tags = ("varequal", "vargte", "varlte")
    return *(float(next(item.iter(QTI + tag)).text) for tag in tags), float(
        fields["points_possible"]
    )


class Inputs(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.found = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        if tag == "pl-number-input":
            self.found.append(dict(attrs))


def served(files, folder, seed):
    """What PrairieLearn has after server.py ran."""
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    data = {"params": {}, "correct_answers": {}, "variant_seed": seed}
    data["options"] = {"question_path": str(folder)}
    space = {}
    exec(compile(files["server.py"], "server.py", "exec"), space)
    space["generate"](data)
    return json.loads(json.dumps(data))


def rendered(files, data):
    chevron = pytest.importorskip("chevron", reason="PrairieLearn's Mustache is not installed")
    return Inputs(chevron.render(files["question.html"], data)).found


@pytest.fixture(scope="module")
def sheets():
    made = worksheet()
    return [made.variant(student) for student in STUDENTS]


def test_moodle_asks_each_number_with_its_tolerance(sheets):
    reader = pytest.importorskip("moodle_xml_parser.parser", reason="it is not installed")
    questions = reader.parse_string(moodle(sheets))["cloze"]
    assert len(questions) == len(sheets)
    for sheet, question in zip(sheets, questions, strict=True):
        assert sheet.student in question.name
        assert sheet.code in question.name
        read = []
        for gap in question.gaps:
            assert gap.sub_type == "NUMERICAL"
            [option] = gap.options
            assert option.score == 100
            read.append(tuple(map(float, option.answer.split(":"))))
        assert [value for value, _ in read] == pytest.approx(solved(sheet.numbers), rel=1e-12)
        assert read == [(value, off) for _, value, off in cloze(question.text_pre_parse)]


def test_moodle_has_the_class_in_one_category(sheets):
    first, *others = ElementTree.fromstring(moodle(sheets))
    assert first.get("type") == "category"
    assert first.findtext("category/text") == "$course$/top/Worksheet"
    assert [q.get("type") for q in others] == ["cloze"] * len(sheets)


def test_moodle_weighs_as_the_sheet_does(sheets):
    text = ElementTree.fromstring(moodle(sheets)).findtext("question[@type='cloze']//text")
    assert text is not None
    [question, *_] = ElementTree.fromstring(moodle(sheets)).findall("question[@type='cloze']")
    weights = [weight for weight, _, _ in cloze(question.findtext("questiontext/text"))]
    points = [2, 2, 2, 6 / 5, 6 / 5, 6 / 5, 2 / 5, 2 / 5, 2 / 5, 6 / 5, 6, 1, 1]
    share = [point / sum(points) for point in points]
    assert [weight / sum(weights) for weight in weights] == pytest.approx(share, abs=1e-4)


def test_canvas_asks_each_number_with_its_range(sheets):
    quizzes = canvas_items(qti(sheets))
    assert len(quizzes) == len(sheets)
    for sheet, items in zip(sheets, quizzes, strict=True):
        values = solved(sheet.numbers)
        assert [item[0] for item in items] == pytest.approx(values, rel=1e-12)
        assert all(least < value < most for value, least, most, _ in items)
        assert sum(item[3] for item in items) == pytest.approx(20.0)


def test_canvas_gets_items_of_the_shape_that_text2qti_writes(sheets):
    quiz = pytest.importorskip("text2qti.quiz", reason="it is not installed")
    from text2qti.config import Config
    from text2qti.qti import QTI as Package

    theirs = Package(quiz.Quiz("Quiz title: A\n1.  How much?\n=   0.5 +- 0.25\n", config=Config()))
    ours = zipfile.ZipFile(io.BytesIO(qti(sheets[:1])))
    [name] = [n for n in ours.namelist() if n.count("/") and "meta" not in n]

    def shapes(text):
        """The tags and attributes of the last item, but for names that are made up."""
        *_, item = ElementTree.fromstring(text).iter(f"{QTI}item")
        fixed = {
            "respident",
            "rcardinality",
            "fibtype",
            "continue",
            "action",
            "varname",
            "texttype",
        }
        return [
            (e.tag, {k: v for k, v in e.attrib.items() if k in fixed})
            for part in ("presentation", "resprocessing")
            for e in item.find(QTI + part).iter()
        ]

    assert shapes(ours.read(name)) == shapes(theirs.assessment)


def test_prairielearn_serves_a_variant_by_its_seed(sheets, tmp_path):
    files = prairielearn(sheets)
    assert sorted(files) == ["info.json", "question.html", "server.py", "variants.json"]
    for seed in (0, 1, 5, 2**31):
        answers = served(files, tmp_path, seed)["correct_answers"]
        numbers = sheets[seed % len(sheets)].numbers
        assert list(answers.values()) == pytest.approx(solved(numbers), rel=1e-12)
    assert not any(
        student in text for text in files.values() for student in ("ann,", "bob", "eve,")
    )


def test_prairielearn_has_an_input_for_each_answer(sheets, tmp_path):
    files = prairielearn(sheets)
    data = served(files, tmp_path, 1)
    inputs = rendered(files, data)
    assert [given["answers-name"] for given in inputs] == list(data["correct_answers"])
    assert {given["rtol"] for given in inputs} == {"0"}
    blanks = paper_of(sheets[1]).blanks
    assert [float(given["atol"]) for given in inputs] == [blank.tolerance for blank in blanks]
    assert all(int(given["weight"]) > 0 for given in inputs)


def test_prairielearn_info_is_what_its_schema_asks(sheets):
    info = json.loads(prairielearn(sheets)["info.json"])
    assert set(info) == {"uuid", "title", "topic", "type"}
    assert re.fullmatch(
        r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", info["uuid"]
    )
    assert info["type"] == "v3"


@pytest.mark.parametrize("digits", [3, 4, 6])
@pytest.mark.parametrize("mode", [ROUND_HALF_UP, ROUND_DOWN])
def test_who_rounds_or_cuts_and_goes_on_is_right(digits, mode):
    made = worksheet(digits=digits, rounding="round" if mode == ROUND_HALF_UP else "cut")
    for k in range(15):
        sheet = made.variant(f"s{k}")
        blanks = paper_of(sheet).blanks
        for write in (
            writer(digits, mode),
            writer(digits, ROUND_HALF_UP),
            writer(digits + 3, mode),
        ):
            for blank, answer in zip(blanks, solved(sheet.numbers, write), strict=True):
                least, most = blank.ends
                assert least <= answer <= most, (k, blank)


def as_moodle_reads(sheet, folder):
    reader = pytest.importorskip("moodle_xml_parser.parser", reason="it is not installed")
    [question] = reader.parse_string(moodle([sheet]))["cloze"]
    return [tuple(map(float, gap.options[0].answer.split(":"))) for gap in question.gaps]


def as_canvas_reads(sheet, folder):
    [items] = canvas_items(qti([sheet]))
    return [(exact, max(most - exact, exact - least)) for exact, least, most, _ in items]


def as_prairielearn_reads(sheet, folder):
    files = prairielearn([sheet])
    data = served(files, folder, 0)
    answers = data["correct_answers"]
    inputs = rendered(files, data)
    return [(answers[given["answers-name"]], float(given["atol"])) for given in inputs]


@pytest.mark.parametrize("read", [as_moodle_reads, as_canvas_reads, as_prairielearn_reads])
def test_what_a_reader_reads_is_right_for_the_right_and_wrong_for_the_wrong(read, tmp_path):
    """Rounded and cut as the sheet's sentence allows; twice, half, and the other sign."""
    made = worksheet()
    for student in STUDENTS:
        sheet = made.variant(student)
        asked = read(sheet, tmp_path)
        for write in (writer(4, ROUND_HALF_UP), writer(4, ROUND_DOWN), writer(12, ROUND_HALF_UP)):
            answers = solved(sheet.numbers, write)
            assert all(abs(x - true) <= off for x, (true, off) in zip(answers, asked, strict=True))
        for true, off in asked:
            assert not any(abs(k * true - true) <= off for k in (-1, 0, 0.5, 2))
            assert off < 0.2 * abs(true)


def test_what_is_to_be_done_makes_sense_on_a_platform(sheets):
    files = prairielearn(sheets)
    for text in (moodle(sheets), files["variants.json"]):
        assert "Write every number with 4 significant digits, rounded. Go on with" in text
        assert "Show the numbers" not in text


def test_who_makes_a_slip_is_wrong():
    made = worksheet()
    for k in range(15):
        sheet = made.variant(f"s{k}")
        blanks = paper_of(sheet).blanks
        g = sheet.numbers
        net = g["w"] * g["x"] + g["b"]
        out = 1 / (1 + math.exp(-net))
        error = out * g["v"] - 0.5
        by_w = 2 * error * g["v"] * out * (1 - out) * g["x"]
        slips = {
            0: [g["w"] * g["x"], g["w"] * g["x"] - g["b"], g["w"] + g["x"] + g["b"]],
            1: [net, 1 / (1 + math.exp(net)), math.tanh(net)],
            2: [error, error**2 / 2],
            3: [2 * error, error * g["v"], -2 * error * g["v"]],
            4: [out, 1 - out, 1 - out**2, net * (1 - net)],
            9: [-by_w, by_w / 2, by_w / g["x"], by_w / g["v"], by_w / out, by_w / (1 - out)],
            10: [-2 * error * out, error * out, 2 * error],
            11: [g["w"] + 0.5 * by_w, g["w"] - by_w],
        }
        for number, wrong in slips.items():
            for answer in wrong:
                assert abs(answer - blanks[number].value) > blanks[number].tolerance, (k, number)


def test_no_slip_of_the_table_is_inside_a_tolerance():
    for sheet in lecture_sheets([f"s{k}" for k in range(6)]):
        nearest = sheet.worksheet.screen.nearest(leaves_of(sheet.root))
        seen = 0
        for part in paper_of(sheet).parts:
            for row in part.rows:
                if row.subject in nearest and row.blanks:
                    blank = row.blanks[-1]
                    unit = last_place(blank.value, 4)
                    assert unit <= blank.tolerance
                    assert blank.tolerance < nearest[row.subject] or nearest[row.subject] <= unit
                    seen += 1
        assert seen == len(nearest)


def test_the_lectures_sheet_has_the_records_own_numbers():
    [sheet] = lecture_sheets(["ann"])
    sheet.root.backward()
    leaves, todo = {}, [sheet.root]
    while todo:
        v = todo.pop()
        leaves[v.label] = v
        todo += [x for x in (v.args if v.op is not None else ()) if isinstance(x, Value)]
    rows = [row for part in paper_of(sheet).parts for row in part.rows if row.blanks]
    asked = {row.subject: row.blanks[-1].value for row in rows}
    for k in range(1, 9):
        assert asked[f"∂E/∂w{k}"] == pytest.approx(leaves[f"w{k}"].grad, rel=1e-9)
        after = leaves[f"w{k}"].data - 0.5 * leaves[f"w{k}"].grad
        assert asked[f"w{k}⁺"] == pytest.approx(after, rel=1e-9)
    for name in ("net_h1", "out_h2", "out_o1", "E"):
        assert asked[name] == pytest.approx(leaves[name].data, rel=1e-14)


def test_what_cannot_be_asked_is_printed_and_tells_no_answer(sheets):
    [question, *_] = ElementTree.fromstring(moodle(sheets)).findall("question[@type='cloze']")
    text = CLOZE.sub("", question.findtext("questiontext/text"))
    text = re.sub(r'src="[^"]*"', "", text)
    plain = re.sub(r"<[^>]*>", "", text)
    digits = [f"{abs(value):.3g}" for value in solved(sheets[0].numbers)[:3]]
    assert not any(number in plain for number in digits)
    assert "Computed from these" in plain


@pytest.mark.parametrize("label", LABELS)
def test_hostile_labels_break_nothing(label, tmp_path):
    sheet = hostile(label)
    count = len(paper_of(sheet).blanks)
    category, question = ElementTree.fromstring(moodle([sheet]))
    text = question.findtext("questiontext/text")
    assert len(cloze(text)) == count
    assert text.count("{") == text.count("}") == count
    assert HOSTILE in question.findtext("name/text")
    assert category.findtext("category/text").count("/") == 2 + 2 * f"{HOSTILE}/".count("/")
    page = ElementTree.fromstring(f"<div>{text}</div>")
    assert {e.tag for e in page.iter()} <= TAGS
    [items] = canvas_items(qti([sheet]))
    assert len(items) == count
    files = prairielearn([sheet])
    data = served(files, tmp_path, 4)
    assert len(data["correct_answers"]) == count


@pytest.mark.parametrize("label", LABELS)
def test_hostile_labels_are_no_part_of_a_template(label, tmp_path):
    files = prairielearn([hostile(label)])
    data = served(files, tmp_path, 0)
    assert len(rendered(files, data)) == len(data["correct_answers"])


def test_the_same_sheets_are_the_same_bytes(sheets):
    again = [worksheet().variant(student) for student in STUDENTS]
    assert qti(sheets) == qti(again)
    assert moodle(sheets) == moodle(again)
    assert prairielearn(sheets) == prairielearn(again)
    assert prairielearn(sheets)["info.json"] != prairielearn(sheets[:2])["info.json"]


@pytest.mark.parametrize("export", [moodle, qti, prairielearn])
def test_what_has_nothing_to_ask_is_refused(export):
    with pytest.raises(ValueError, match="no sheets"):
        export([])
    formulas = worksheet(blanks="formulas", steps=["gradient"]).variant("ann")
    with pytest.raises(ValueError, match="asks for no number"):
        export([formulas])
