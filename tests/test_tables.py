"""Tables: what stands in a cell stands there, as text and as HTML."""

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from autograd.tables import columns, markup, points_aligned

cells = st.text(st.characters(exclude_categories=["C", "M", "Z"]), min_size=1, max_size=8)
tables = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.lists(cells, min_size=width, max_size=width), min_size=1, max_size=5)
)


@given(tables)
def test_columns_begin_one_below_the_other(rows):
    lines = columns(rows)
    place = 0
    for column in zip(*rows, strict=True):
        for line, cell in zip(lines, column, strict=True):
            assert line[place : place + len(cell)] == cell
        place += max(map(len, column)) + 2
    assert all(line == line.rstrip() for line in lines)


def test_no_rows_are_no_lines():
    assert columns([]) == []
    assert points_aligned([]) == []


class Cells(HTMLParser):
    """The text of each cell, and the tags around the text."""

    def __init__(self, text):
        super().__init__()
        self.found, self.tags = [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag in ("td", "th"):
            self.found.append("")

    def handle_data(self, text):
        self.found[-1] += text


@given(tables)
def test_any_text_stands_for_itself_in_html(rows):
    read = Cells(markup(rows, ["<b>"] * len(rows[0]), ids=[f"r{k}" for k in range(len(rows))]))
    width = len(rows[0])
    assert read.found == ["<b>"] * width + [cell for row in rows for cell in row]
    assert [tag for tag, _ in read.tags if tag == "th"] == ["th"] * (width + len(rows))
    ids = [attributes["id"] for tag, attributes in read.tags if "id" in attributes]
    assert ids == [f"r{k}" for k in range(len(rows))]


def test_points_stand_one_below_the_other():
    column = points_aligned(["0.5", "−12.25", "100", "a word"])
    assert [cell.find(".") for cell in column[:2]] == [3, 3]
    assert column[2:] == ["100", "a word"]
