"""Each lesson, run again, shows what its file holds. After a change: `python -m tests.lessons`."""

import base64
import re
import shutil
from collections import defaultdict
from difflib import unified_diff
from html.parser import HTMLParser
from xml.etree import ElementTree

import lessons
import nbformat
import pytest
from lessons import EXAMPLES, LESSONS, NOTEBOOKS, ROOT

ANEW = "python -m tests.lessons"

each_lesson = pytest.mark.parametrize("name", LESSONS)
each_example = pytest.mark.parametrize("name", EXAMPLES)
each_notebook = pytest.mark.parametrize("name", NOTEBOOKS)


class Words(HTMLParser):
    """The texts in HTML or SVG, and in the frames and pictures inside it, but no styles or scripts."""

    def __init__(self, source):
        super().__init__()
        self.tag, self.texts = "", []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tag, attributes = tag, dict(attributes)
        self.texts += [attributes["alt"]] if attributes.get("alt") else []
        self.texts += Words(attributes.get("srcdoc") or "").texts
        self.texts += Words(svg_of(attributes.get("src") or "")).texts

    def handle_endtag(self, tag):
        self.tag = ""

    def handle_data(self, data):
        if data.strip() and self.tag not in ("script", "style"):
            self.texts.append(" ".join(data.split()))


def svg_of(source):
    """The SVG in a `data:` address."""
    _, marked, data = source.partition("data:image/svg+xml;base64,")
    return base64.b64decode(data).decode() if marked else ""


def shown(cell):
    """What a cell shows: texts by their kind; of a cell tagged `varies` only what went wrong."""
    texts = defaultdict(str)
    for output in cell.get("outputs", ()):
        if output.output_type == "stream":  # it may come in pieces
            texts[output.name] += output.text
        elif output.output_type == "error":
            texts["error"] += re.sub(r"\x1b\[[\d;]*m", "", "\n".join(output.traceback))
        else:
            for kind, data in output.data.items():
                texts[kind] += (
                    "\n".join(Words(data).texts) if kind == "text/html" else str(data)
                ) + "\n"
    wrong = {"error", "stderr"}
    return {kind: texts[kind] for kind in texts if kind in wrong or "varies" not in tags(cell)}


def tags(cell):
    return cell.metadata.get("tags", ())


def code(name):
    return [cell for cell in NOTEBOOKS[name].cells if cell.cell_type == "code"]


def prose(name):
    return "\n\n".join(
        cell.source for cell in NOTEBOOKS[name].cells if cell.cell_type == "markdown"
    )


@pytest.fixture(scope="session")
def again(request, tmp_path_factory):
    """The notebooks that are tested, run again in a copy of their folder."""
    folder = tmp_path_factory.mktemp("lessons")
    shutil.copytree(lessons.FOLDER, folder / "notebooks")
    tested = {
        item.callspec.params["name"]
        for item in request.session.items
        if "again" in item.fixturenames
    }
    return lessons.run(
        [name for name in NOTEBOOKS if name in tested], folder / "notebooks", folder / "ipython"
    )


@pytest.mark.slow
@each_notebook
def test_a_notebook_run_again_shows_what_its_file_holds(name, again):
    for place, cells in enumerate(zip(NOTEBOOKS[name].cells, again[name].cells, strict=True), 1):
        before, now = map(shown, cells)
        for kind in sorted(before | now):
            texts = (side.get(kind, "").splitlines() for side in (before, now))
            if lines := list(
                unified_diff(*texts, f"{kind} in the file", f"{kind} run again", lineterm="")
            ):
                what = f"notebooks/{name}.ipynb is stale in cell {place}; run `{ANEW} {lessons.number(name)}`"
                pytest.fail("\n".join([what, "", cells[0].source, "", *lines]), pytrace=False)


@each_lesson
def test_a_lesson_has_one_heading_and_ends_with_three_questions(name):
    text = prose(name)
    assert re.findall("^# .*", text, re.M) == [LESSONS[name].cells[0].source.splitlines()[0]]
    assert 20 <= len(LESSONS[name].cells) <= 40
    assert re.findall("^## .*", text, re.M)[-2:] == ["## Three questions", "## Read on"]


@each_notebook
def test_a_notebook_was_run_from_top_to_bottom_without_a_complaint(name):
    assert [cell.execution_count for cell in code(name)] == list(range(1, len(code(name)) + 1))
    for cell in code(name):
        assert not {"error", "stderr"} & set(shown(cell)), cell.source


@each_notebook
def test_a_picture_has_words_for_those_who_do_not_see_it(name):
    for data in (output.get("data", {}) for cell in code(name) for output in cell.outputs):
        assert not [kind for kind in data if kind.startswith("image/")], (
            "a notebook shows it without its words"
        )
        page = data.get("text/html", "")
        assert all(
            re.search(r'\balt="[^"]{10}', picture) for picture in re.findall("<img [^>]*>", page)
        )
        assert all(
            re.search(r'\btitle="[^"]{5}', frame) for frame in re.findall("<iframe [^>]*>", page)
        )
    assert not re.search(r"!\[\s*\]", prose(name))


@each_notebook
def test_a_picture_stays_in_a_column_of_1024_pixels_less_the_margins(name):
    if name == "4_the_lecture_by_hand":
        pytest.skip("the whole network of the lecture is wider, and is scrolled")
    html = [o.data.get("text/html", "") for c in code(name) for o in c.outputs if "data" in o]
    widths = [int(width) for page in html for width in re.findall(r"min-width:(\d+)px", page)]
    assert max(widths, default=0) <= 830


def test_a_page_is_stored_as_its_words():
    html = [
        o.data for name in NOTEBOOKS for cell in code(name) for o in cell.outputs if "data" in o
    ]
    assert not [data for data in html if "<script" in data.get("text/html", "")]
    [page] = [
        o
        for cell in code("4_the_lecture_by_hand")
        if "step_through(E)" in cell.source
        for o in cell.outputs
    ]
    assert page.data["text/plain"].startswith("1. net_h₁ = ")


@each_lesson
def test_an_exercise_is_left_open_and_its_solution_is_folded(name):
    exercises = [
        k
        for k, cell in enumerate(code(name))
        if "check_derivation(" in cell.source and "?" in cell.source
    ]
    solutions = [k for k, cell in enumerate(code(name)) if "solution" in tags(cell)]
    assert 2 <= len(exercises) <= 4
    assert [k + 1 for k in exercises] == solutions
    for exercise, solution in ((code(name)[k], code(name)[k + 1]) for k in exercises):
        assert "not answered yet" in str(shown(exercise))
        assert solution.metadata.jupyter.source_hidden
        assert re.search(r"^assert |\.require\(\)", solution.source, re.M)


@each_example
def test_an_example_has_a_picture_a_derivation_and_a_marked_solution(name):
    assert EXAMPLES[name].cells[0].source.startswith("# ")
    _, setup, picture, derivation, solution = code(name)
    assert "assert " in setup.source
    assert "draw_dot(" in picture.source
    assert "<img" in picture.outputs[0].data["text/html"]
    assert shown(derivation)["text/latex"].startswith("$")
    assert ".require()" in solution.source
    assert "right" in shown(solution)["text/plain"]


def test_the_page_of_examples_lists_each():
    page = (ROOT / "notebooks/examples/README.md").read_text("utf-8")
    titles = {name: EXAMPLES[name].cells[0].source.splitlines()[0][2:] for name in EXAMPLES}
    listed = re.findall(r"\[(.*?)\]\((\w+)\.ipynb\)", page)
    assert {f"examples/{file}": title for title, file in listed} == titles
    assert "(notebooks/examples" in (ROOT / "README.md").read_text("utf-8")


def test_a_plot_has_words_and_the_same_bytes_each_time(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "notebooks")
    import plots

    bundles = []
    monkeypatch.setattr(plots, "display", lambda bundle, raw: bundles.append(bundle))
    for _ in range(2):
        figure, axes = plots.plt.subplots()
        axes.plot([0, 1], [-0.125, 0.25], marker="o", label="a line")
        axes.set(yticks=[-0.125, 0.25])
        axes.legend()
        plots.show(figure, 'It "rises" & stays < 1.')
        assert not plots.plt.fignum_exists(figure.number)
    assert bundles[0] == bundles[1]
    [source] = re.findall('src="([^"]*)"', bundles[0]["text/html"])
    svg = ElementTree.fromstring(svg_of(source))
    space = "{http://www.w3.org/2000/svg}"
    assert svg.findtext(f"{space}title") == bundles[0]["text/plain"] == 'It "rises" & stays < 1.'
    assert {"−0.125", "0.250", "a line"} <= {text.text for text in svg.iter(f"{space}text")}


def test_readme_lists_the_lessons_and_shows_a_picture_of_the_last():
    """Where lesson 8 was changed: its picture of the two moons goes to notebooks/pictures."""
    readme = (ROOT / "README.md").read_text("utf-8")
    titles = [LESSONS[name].cells[0].source.splitlines()[0].removeprefix("# ") for name in LESSONS]
    assert re.findall(r"\[(\d+\. .*?)\]\(notebooks/(\w+)\.ipynb\)", readme) == list(
        zip(titles, LESSONS, strict=True)
    )
    html = [
        o.data["text/html"]
        for cell in code("8_train_and_look")
        for o in cell.outputs
        if "data" in o
    ]
    pictures = [svg_of(source) for page in html for source in re.findall(r'src="([^"]*)"', page)]
    assert (ROOT / "notebooks/pictures/two-moons.svg").read_text("utf-8") in pictures
    assert "(notebooks/pictures/two-moons.svg)" in readme


@pytest.mark.parametrize(
    "page",
    [
        path.relative_to(ROOT).as_posix()
        for pattern in ("README.md", ".github/*.md", "notebooks/*.md", "notebooks/**/*.ipynb")
        for path in sorted(ROOT.glob(pattern))
    ],
)
def test_every_link_to_a_file_leads_to_one(page):
    path = ROOT / page
    text = path.read_text("utf-8")
    if path.suffix == ".ipynb":
        cells = nbformat.reads(text, 4).cells
        text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if not re.match(r"[a-z]+:|#", target):
            assert (path.parent / target.partition("#")[0]).exists(), target


def test_each_lesson_has_its_row_for_teachers():
    rows = (ROOT / "notebooks/README.md").read_text("utf-8")
    for lesson in sorted((ROOT / "notebooks").glob("*.ipynb")):
        title = nbformat.read(lesson, 4).cells[0].source.partition("\n")[0].removeprefix("# ")
        assert f"| [{title}]({lesson.name}) |" in rows
