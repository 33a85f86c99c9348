"""The site: its tables hold what the package's tables hold, its links lead somewhere, and it is the
same each time.
"""

import doctest
import importlib.util
import re
from pathlib import Path

import pytest

from autograd import ops
from autograd.marking.verdict import Verdict
from autograd.op import Op

SITE = Path(__file__).parent.parent / "notebooks/site"
SPEC = importlib.util.spec_from_file_location("site_build", SITE / "build.py")
site = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(site)


def rows(text):
    """The first cells of the tables in Markdown, without the heads."""
    firsts = [line.split(" | ")[0][2:] for line in text.splitlines() if line.startswith("| ")]
    return [first.strip("`*") for first in firsts if first[0] in "`*"]


def test_every_operation_has_one_row():
    public = [name for name in ops.__all__ if isinstance(getattr(ops, name), Op)]
    assert rows(site.operations()) == sorted(public)
    widths = {len(re.split(r"(?<!\\)\|", line)) for line in site.operations().splitlines()[4:]}
    assert widths == {7}
    assert "| `div` | the quotient. | `x/y` | y ≠ 0 | y ≠ 0 |" in site.operations()


def test_every_verdict_has_one_row():
    assert sorted(rows(site.slips())) == sorted(verdict.value for verdict in Verdict)


def test_whom_it_is_for_is_taken_from_readme():
    text = site.about()
    assert "| micrograd, tinygrad |" in text
    targets = re.findall(r"\]\(([^)]*)\)", text)
    assert sorted(targets) == [
        "changes.md",
        "conduct.md",
        "contributing.md",
        "notebooks/LICENSE",
        "notebooks/README.md",
    ]


def test_a_link_that_leads_nowhere_is_found(tmp_path):
    (tmp_path / "a.html").write_text('<a href="b.html#here">b</a> <a href="c.html">c</a>')
    (tmp_path / "b.html").write_text('<p id="there"></p><a href="https://example.org/x">x</a>')
    assert list(site.broken(tmp_path)) == [
        "a.html: b.html#here has no such place",
        "a.html: c.html is not there",
    ]


def test_a_folder_with_something_in_it_is_left_alone(tmp_path):
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(SystemExit, match="is not empty: name a new folder"):
        site.build(tmp_path, None)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    for module in ("sphinx", "myst_nb", "furo", "latex2mathml"):
        pytest.importorskip(module)
    folders = [tmp_path_factory.mktemp("site") / "out" for _ in range(2)]
    for folder in folders:
        site.build(folder, None)
    return folders


@pytest.mark.slow
def test_built_twice_it_is_the_same(built):
    one, two = (
        {path.relative_to(out): path.read_bytes() for path in out.rglob("*") if path.is_file()}
        for out in built
    )
    assert [path for path in one | two if one.get(path) != two.get(path)] == []


@pytest.mark.slow
def test_it_asks_no_other_host_for_anything(built):
    for page in built[0].rglob("*.html"):
        asked = re.findall(r'(?:src|<link[^>]* href)="(?:https?:)?//[^"]*', page.read_text("utf-8"))
        assert asked == [], page


def test_the_front_page_says_what_is_so():
    block = re.search(r"(?ms)^```python\n(.*?)^```", (SITE / "index.md").read_text("utf-8"))[1]
    text = re.sub(r"\n\n(?!\Z)", r"\n<BLANKLINE>\n", block)
    test = doctest.DocTestParser().get_doctest(text, {}, "index.md", None, 0)
    assert doctest.DocTestRunner().run(test) == (0, 5)
