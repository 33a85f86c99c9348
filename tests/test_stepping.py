"""The page of step_through: its steps against the lecture and the sweep, and the page itself in a
real browser.
"""

import base64
import hashlib
import json
import math
import random
import re
from decimal import Decimal
from html.parser import HTMLParser

import pytest
from agreements import AGREEMENTS
from expressions import ROWS, evaluate, programs
from hypothesis import given, settings
from lecture_numbers import DATA, GRADIENTS, LOCAL, near

from autograd import DomainError, Value, sigmoid
from autograd.digits import judge, significant
from autograd.drawing import COLOURS, EngineError
from autograd.drawing.theme import PLAIN as PLAIN_SHADE
from autograd.graph import named_graph
from autograd.record import Record
from autograd.stepping import step_through
from nn import MLP, half_squared_error
from nn.lecture import error, network

PLAIN = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
HOSTILE = [
    "</script><script>hacked=1</script>",
    "<img src=x onerror=hacked=1>",
    "</style><svg onload=hacked=1>",
    "</title></desc></svg><script>hacked=1</script>",
    "<!--<script>",
    "]]>",
    "{{steps}} {{script}}",
    '" onmouseover="hacked=1" \'',
    "`${hacked=1}`",
    "&lt;b&gt; &amp;",
    "a\\\\N\\n\\",
    "line\u2028one\u2029two\nthree\x00\x0b",
    "\ud800",
    "👩‍🔬🧮",
    "מתמטיקה",
    "   ",
    "x" * 10_000,
    "</title><img src=x onerror=hacked=1>{{steps}}",
]


def lecture():
    return error(network())


def line_of(labels):
    """A sum of Values with these labels."""
    total = Value(1.0, label=labels[0])
    for label in labels[1:]:
        total = total + 0.5 * Value(2.0, label=label)
        total.label = label
    return total


def network_of_two_layers():
    model = MLP(3, [4, 4, 2], activation="tanh", seed=1)
    return half_squared_error(model([0.1, 0.2, 0.3]), [0.5, -0.5])


def row_of(count):
    """A chain of so many labelled Values."""
    v = Value(1.0, label="c0")
    for k in range(1, count):
        v = 0.99 * v
        v.label = f"c{k}"
    return v


# The steps as data.


def backward_steps(page):
    """Each backward step with the names of its head and its tail, and of ∂E/∂tail."""
    for step in page.steps:
        if step.phase == "backward":
            yield step, step.head.translate(PLAIN), step.tail.translate(PLAIN)


def test_the_lectures_numbers_are_the_answers():
    page = step_through(lecture())
    forward = {
        step.asked.translate(PLAIN): step.answer for step in page.steps if step.phase == "forward"
    }
    assert forward == {name: near(number) for name, number in DATA.items()}
    gradients = {}
    for step, _, tail in backward_steps(page):
        gradients[tail] = gradients.get(tail, 0.0) + step.answer
        assert step.answer == pytest.approx(
            math.prod(number for _, number in step.slips), rel=1e-15
        )
        _, local = step.slips[1]
        head = step.asked.split("/")[0].removeprefix("∂").translate(PLAIN)
        if (head, tail) in LOCAL:
            assert local == near(LOCAL[head, tail])
    assert {name: gradients[name] for name in GRADIENTS} == {
        name: near(number) for name, number in GRADIENTS.items()
    }


def test_a_step_of_the_lecture_says_what_comes_from_where():
    step = next(
        step
        for step, head, tail in backward_steps(step_through(lecture()))
        if (head, tail) == ("net_o1", "w5")
    )
    assert step.given == [
        "∂E/∂w₅ += ∂net_o₁/∂w₅ × ∂E/∂net_o₁",
        "∂net_o₁/∂w₅ = out_h₁ = 0.5933",
        "∂E/∂w₅ += 0.5933 × 0.1385",
    ]
    assert (step.result, step.after) == ("0.08217", ("∂E/∂w₅: 0 before, 0.08217 after",))
    paths = next(line for line in str(step_through(lecture())).splitlines() if "paths add" in line)
    assert paths.endswith(
        "∂E/∂out_h₁ += 0.4 × 0.1385 = 0.0554; ∂E/∂out_h₁: −0.01905 before, 0.03635 after: paths add"
    )


def test_what_comes_out_by_hand_is_what_the_line_says():
    python = {"−": "-", "·": "*", "×": "*", "½": "0.5*", "²": "**2", "σ": "sigmoid"}
    for step in step_through(lecture()).steps:
        if step.phase != "seed":
            line = re.split(" \\+?= ", step.given[-1])[1]
            for sign, operator in python.items():
                line = line.replace(sign, operator)
            assert step.by_hand == pytest.approx(eval(line, {"sigmoid": sigmoid}), rel=1e-12)


def test_the_order_is_that_of_the_sweep():
    E = lecture()
    labelled = [v for v in Record(E).nodes if v.label]
    page = step_through(E)
    assert [step.asked.translate(PLAIN) for step in page.steps if step.phase == "forward"] == [
        v.label for v in labelled
    ]
    edges = named_graph(E).edges
    assert [(head, tail) for _, head, tail in backward_steps(page)] == [
        (head.label, edge.tail.label) for head in reversed(labelled) for edge in edges[head]
    ]
    assert [step.phase for step in page.steps] == ["forward"] * 11 + ["seed"] + ["backward"] * 30


@settings(max_examples=30)
@given(programs())
def test_the_answers_add_up_to_what_backward_finds(program):
    steps, point = program
    leaves = [Value(number, label=f"x{k}") for k, number in enumerate(point)]
    results = evaluate(steps, leaves, ROWS)
    for k, v in enumerate(results[::2]):
        v.label = v.label or f"a{k}"
    root = results[-1]
    page = step_through(root)
    assert all(v.grad == 0.0 for v in results)
    found = dict.fromkeys((v.label for v in leaves), 0.0)
    for step, _, tail in backward_steps(page):
        found[tail] = found.get(tail, 0.0) + step.answer
    root.backward()
    assert [found[leaf.label] for leaf in leaves if leaf is not root] == [
        pytest.approx(leaf.grad, rel=1e-9, abs=1e-9) for leaf in leaves if leaf is not root
    ]


def unlabelled_root():
    return Value(2.0, label="x") * 3


def two_alike():
    return Value(2.0, label="x") * Value(5.0, label="x")


def nothing_labelled():
    return Value(2.0) * Value(5.0) + 1


def cancelling():
    x = Value(2.0, label="x")
    left, right = x * 3, x * -3
    left.label, right.label = "left", "right"
    return left + right


def test_where_a_leaf_has_moved_the_page_steps_through_the_numbers_of_now():
    w, x = Value(0.5, "w"), Value(2.0, "x")
    z = w * x
    z.label = "z"
    w.data = 1.0
    page = step_through(z)
    assert "z = 1·2 = 2" in str(page)
    assert str(page).endswith("was 1.0; computed anew here)")
    assert "w or x has moved since z was computed" in page.html()


@pytest.mark.parametrize(
    ("root", "lines"),
    [
        (lambda: Value(3.0, label="x"), ["1. ∂x/∂x = 1"]),
        (
            unlabelled_root,
            [
                "1. v₁ = 3·2 = 6",
                "2. ∂v₁/∂v₁ = 1",
                "3. ∂v₁/∂x += 3 × 1 = 3; ∂v₁/∂x: 0 before, 3 after",
            ],
        ),
        (two_alike, ["1. v₁ = 2·5 = 10", "∂v₁/∂x += 5 × 1 = 5", "∂v₁/∂x⁽²⁾ += 2 × 1 = 2"]),
        (nothing_labelled, ["1. v₃ = 2·5 = 10", "2. v₄ = 10 + 1 = 11", "∂v₄/∂v₁ += 5 × 1 = 5"]),
        (cancelling, ["∂v₁/∂x += −3 × 1 = −3; ∂v₁/∂x: 0 before, −3 after", "0 after: paths add"]),
        (
            lambda: Value(1e-9, label="x") * -1e-9,
            ["v₁ = −10⁻⁹·10⁻⁹ = −10⁻¹⁸", "+= −10⁻⁹ × 1 = −10⁻⁹"],
        ),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_small_graphs(root, lines):
    text = str(step_through(root()))
    assert [line for line in lines if line not in text] == []


@pytest.mark.parametrize(("digits", "result"), [(2, "0.38"), (4, "0.3775"), (9, "0.596884378")])
def test_digits(digits, result):
    assert f" = {result}" in str(step_through(lecture(), digits=digits))


def overflowing():
    x = Value(1e-300, label="x")
    y = x * 1e200
    y.label = "y"
    return y * 1e200


@pytest.mark.parametrize(
    ("root", "options", "kind", "words"),
    [
        (lambda: 3.0, {}, TypeError, "takes a Value, not float"),
        (lecture, {"digits": 0}, ValueError, "digits must be a whole number from 1 up, not 0"),
        (lecture, {"digits": True}, ValueError, "not True"),
        (lecture, {"engine": "neato"}, ValueError, "not 'neato'"),
        (
            lambda: row_of(301),
            {},
            ValueError,
            "301 Values are too many .* takes 300: label only those that matter",
        ),
        (overflowing, {}, DomainError, "the gradient by x = 1e-300 is past the range"),
        (lambda: abs(Value(0.0, label="x")).sqrt(), {}, DomainError, "derivative of sqrt"),
    ],
)
def test_refused(root, options, kind, words):
    with pytest.raises(kind, match=words):
        step_through(root(), **options)


def test_no_grad_is_touched_and_the_numbers_are_those_of_the_moment():
    E = lecture()
    record = Record(E)
    page = step_through(E)
    before = page.html()
    assert {v.grad for v in record.values} == {0.0}
    for leaf in record.leaves:
        leaf.data += 1
    E.backward()
    assert page.html() == before


# The document.


class Document(HTMLParser):
    """Its elements, and the text of each script and style."""

    VOID = ("meta", "input")

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.attributes, self.inside, self.open = [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attributes]
        if tag not in self.VOID:
            self.open.append(tag)
        if tag in ("script", "style"):
            self.inside.append((tag, dict(attributes).get("type"), ""))

    def handle_startendtag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attributes]

    def handle_endtag(self, tag):
        assert tag == self.open.pop()

    def handle_data(self, text):
        if self.open and self.open[-1] in ("script", "style"):
            tag, kind, before = self.inside[-1]
            self.inside[-1] = (tag, kind, before + text)


@pytest.mark.parametrize("labels", [["x", "y"], HOSTILE], ids=["plain", "hostile"])
@pytest.mark.parametrize("engine", ["dot", "embedded"])
def test_the_document_holds_what_it_says_and_nothing_else(labels, engine):
    document = Document(step_through(line_of(labels), engine=engine).html())
    assert document.open == []
    assert document.tags.count("script") == 2
    assert {"img", "iframe", "link", "object"}.isdisjoint(document.tags)
    names = {name for _, name, _ in document.attributes}
    assert not {name for name in names if name.startswith("on")} | names & {
        "src",
        "href",
        "style",
        "xlink:href",
    }
    policy = next(
        value for tag, _, value in document.attributes if tag == "meta" and "default-src" in value
    )
    assert policy.startswith("default-src 'none'; ")
    allowed = set(re.findall("'sha256-(.*?)'", policy))
    run = [text for _, kind, text in document.inside if kind is None]
    assert allowed == {
        base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in run
    }
    [steps] = [json.loads(text) for _, kind, text in document.inside if kind]
    assert steps["steps"]


def test_its_size_is_bounded():
    assert 50_000 < len(step_through(lecture()).html().encode()) < 110_000


def test_it_is_saved_as_it_is(tmp_path):
    page = step_through(lecture(), engine="embedded")
    path = page.save(str(tmp_path / "steps.html"))
    assert (
        path.read_bytes().decode()
        == page.html()
        == step_through(lecture(), engine="embedded").html()
    )


# In a browser.


STATE = """() => {
    const text = element => element.textContent, all = (root, what) => [...root.querySelectorAll(what)];
    const seen = group => ["data", "grad"].map(role => text(group.querySelector(`[data-role=${role}]`)));
    const node = row => document.querySelector(`.figure svg [id$="-${row.id.slice(4)}"]`);
    return {
        caption: all(document, "#caption p").map(text),
        rows: all(document, "tbody tr").map(row => [...row.children].map(text)),
        picture: all(document, "tbody tr").map(row => seen(node(row))),
        tooltips: all(document, "tbody tr").map(row => text(node(row).querySelector("title")).split(": ").at(-1)),
        fills: all(document, "tbody tr").map(row => node(row).querySelector("path, polygon").getAttribute("fill")),
        backward: all(document, ".edge.backward").map(group => group.id.split("-")[1]),
        lit: all(document, ".figure :is(.node, .edge).now").map(group => group.id.split("-")[1]),
        shown: all(document, ".figure .local text").filter(text).length,
        slider: [document.querySelector("#slider").value, document.querySelector("#slider").ariaValueText],
    }
}"""


def expected(page, k):
    """What the page shows after k steps, as the steps have it."""
    rows, shades = {}, {}
    for v, node in page.figure.nodes.items():
        data = node.data if v.op is None else "—"
        rows[node.key], shades[node.key] = [node.definition, data, "—"], PLAIN_SHADE
    for step in page.steps[:k]:
        shades[step.node] = step.sets.get("shade", shades[step.node])
        rows[step.node][1] = step.sets.get("data", rows[step.node][1])
        rows[step.node][2] = step.sets.get("grad", rows[step.node][2])
    step = page.steps[k - 1]
    caption = [*step.given[:-1], f"{step.given[-1]} = {step.result}", *step.after]
    if not k:
        caption = ["The leaves have their data. Step on with → or the slider."]
    return {
        "caption": caption,
        "rows": list(rows.values()),
        "picture": [[f"data {data}", f"grad {grad}"] for _, data, grad in rows.values()],
        "tooltips": [f"data {data}, grad {grad}" for _, data, grad in rows.values()],
        "fills": [COLOURS["light"][shade.fill].lower() for shade in shades.values()],
        "backward": list(step.edges) if k else [],
        "lit": sorted(step.lit) if k else [],
        "shown": sum(step.phase == "backward" for step in page.steps[:k]),
        "slider": [
            str(k),
            "; ".join([f"step {k} of {len(page.steps)}", *caption]) if k else "start",
        ],
    }


def state(tab):
    found = tab.evaluate(STATE)
    return found | {"lit": sorted(found["lit"])}


@pytest.mark.parametrize("engine", ["dot", "embedded"])
def test_every_step_forward_and_back_says_what_python_computed(show, engine):
    tab = show(lecture(), engine=engine)
    page = step_through(lecture(), engine=engine)
    last = len(page.steps)
    assert state(tab) == expected(page, 0)
    for k in range(1, last + 1):
        tab.keyboard.press("ArrowRight")
        assert state(tab) == expected(page, k)
    for k in range(last - 1, -1, -1):
        tab.keyboard.press("ArrowLeft")
        assert state(tab) == expected(page, k)


@pytest.mark.parametrize(
    "root",
    [
        unlabelled_root,
        two_alike,
        nothing_labelled,
        cancelling,
        lambda: Value(3.0, label="x"),
        lambda: Value(1.2e308, label="x") * 1.0,
        lambda: -Value(5e-324, label="x"),
        lambda: line_of(HOSTILE),
    ],
)
def test_every_step_of_other_graphs(show, root):
    tab = show(root())
    page = step_through(root(), engine="embedded")
    for k in range(len(page.steps) + 1):
        assert state(tab) == expected(page, k)
        tab.keyboard.press("ArrowRight")
    assert tab.evaluate("typeof hacked") == "undefined"
    assert tab.title() == " ".join(
        f"{page.figure.graph.names[page.figure.graph.root]}, step by step".split()
    )


def step_of(tab):
    return int(tab.input_value("#slider"))


def test_keys_buttons_and_slider(show):
    tab = show(lecture())
    for act, place in [
        (lambda: tab.keyboard.press("End"), 42),
        (lambda: tab.keyboard.press("ArrowRight"), 42),
        (lambda: tab.keyboard.press("Control+ArrowLeft"), 42),
        (lambda: tab.click("#back"), 41),
        (lambda: tab.keyboard.press("ArrowLeft"), 40),
        (lambda: tab.fill("#slider", "17"), 17),
        (lambda: tab.focus("#slider"), 17),
        (lambda: tab.keyboard.press("ArrowRight"), 18),
        (lambda: tab.keyboard.press("ArrowUp"), 19),
        (lambda: tab.click("#next"), 20),
        (lambda: tab.keyboard.press("Home"), 0),
        (lambda: tab.click("#back", force=True), 0),
    ]:
        act()
        assert step_of(tab) == place
    tab.focus("summary")
    tab.keyboard.press("Space")
    assert tab.evaluate("document.querySelector('details').open")
    assert tab.inner_text("#play") == "▶ play"


def test_play(show):
    tab = show(lecture())
    tab.clock.install()
    tab.keyboard.press("Space")
    assert tab.inner_text("#play") == "❚❚ pause"
    tab.clock.run_for(3_700)
    assert step_of(tab) == 3
    tab.keyboard.press("Space")
    tab.clock.run_for(5_000)
    assert step_of(tab) == 3
    tab.click("#play")
    tab.clock.run_for(60_000)
    assert (step_of(tab), tab.inner_text("#play")) == (42, "▶ play")
    tab.click("#play")
    assert step_of(tab) == 0
    tab.keyboard.press("ArrowRight")
    assert tab.inner_text("#play") == "▶ play"


@pytest.mark.parametrize(
    (
        "step",
        "guess",
        "words",
    ),  # step 1: net_h1 = 0.3775; 21: ∂net_o2/∂out_h2 × ∂E/∂net_o2 = 0.55·(−0.0381) = −0.020954
    [
        (1, "0.3775", "right"),
        (1, " +.3775 ", "right"),
        (1, "0,3775", "right"),
        (1, "3.775e-1", "right"),
        (1, "0.37", "right"),
        (1, "0.38", "right"),
        (1, "0.39", "not yet"),
        (1, "0.3776", "not yet"),
        (1, "0.4", "right as far as it goes: give two digits"),
        (1, "0", "right as far as it goes: give two digits"),
        (1, "-0.3775", "the sign is wrong"),
        (1, "0.755", "it is twice too large"),
        (1, "0.18875", "it is half of what it should be"),
        (1, "", "that is no number: write it like −0.0381 or 3.81e-2"),
        (1, "0x10", "that is no number: write it like −0.0381 or 3.81e-2"),
        (1, "1e999", "that is no number: write it like −0.0381 or 3.81e-2"),
        (21, "−0.020954", "right"),
        (21, "-0.020955", "right"),
        (21, "-0.021", "right"),
        (21, "0.0210", "the sign is wrong"),
        (21, "-0.0419", "it is twice too large"),
        (21, "-0.0381", "the local derivative ∂net_o₂/∂out_h₂ is left out"),
        (21, "0.55", "the upstream gradient ∂E/∂net_o₂ is left out"),
        (
            19,
            "-0.0381",
            "it is twice too large, or the local derivative ∂net_o₂/∂out_h₁ is left out",
        ),
    ],
)
def test_a_guess_is_told_what_is_wrong_with_it(page_to_guess, step, guess, words):
    tab = page_to_guess
    tab.evaluate(
        "for (const step of steps) step.revealed = step.counted = false; asked = right = 0"
    )
    tab.fill("#slider", str(step))
    tab.fill("#number", guess)
    tab.press("#number", "Enter")
    assert tab.inner_text("#verdict") == words
    hit = words == "right"
    assert tab.inner_text("#caption").rstrip().endswith("?") != hit
    first = (
        ""
        if words.startswith(("right as", "that is"))
        else f"right at the first guess: {hit:d} of 1"
    )
    assert tab.inner_text("#score") == first


@pytest.fixture(scope="module")
def page_to_guess(browser, tmp_path_factory):
    path = step_through(lecture(), engine="embedded").save(
        tmp_path_factory.mktemp("guess") / "steps.html"
    )
    tab = browser.new_page()
    tab.goto(path.as_uri())
    tab.check("#predict")
    return tab


def test_the_script_judges_digits_as_python_does(page_to_guess):
    rng = random.Random(0)
    vectors = [pair for *pair, _ in AGREEMENTS if math.isfinite(pair[1])]
    for _ in range(2_000):
        x = rng.choice(
            [rng.uniform(-2, 2), rng.lognormvariate(0, 20), rng.randrange(10**6) / 10**5]
        )
        written = significant(x, rng.randint(1, 8), rng.choice(["round", "cut"]))
        off = written + rng.choice([0, 0, 0, 1, -1]) * Decimal(1).scaleb(
            written.as_tuple().exponent
        )
        vectors.append([f"{off:{rng.choice('fe')}}", x])
    found = page_to_guess.evaluate(
        "vectors => vectors.map(([typed, x]) => agreement(typed, x))", vectors
    )
    assert [(*pair, word) for pair, word in zip(vectors, found, strict=True)] == [
        (typed, x, judge(typed, x)) for typed, x in vectors
    ]
    assert {word for word in found if found.count(word) > 100} == {"exact", "ROUNDED", "CUT", ""}


def test_first_guesses_are_counted_and_enter_goes_on(show):
    tab = show(lecture())
    tab.check("#predict")
    assert not tab.is_visible("#guess")
    tab.click("#next")
    assert tab.inner_text("#asked") == "net_h₁ ="
    for guess, score in [("0.4775", "0 of 1"), ("0.3775", "0 of 1")]:
        tab.fill("#number", guess)
        tab.press("#number", "Enter")
        assert tab.inner_text("#score").endswith(score)
    assert tab.inner_text("#check") == "next"
    tab.press("#number", "Enter")
    assert (step_of(tab), tab.input_value("#number"), tab.inner_text("#verdict")) == (2, "", "")
    tab.fill("#number", "0.5933")
    tab.press("#number", "Enter")
    assert tab.inner_text("#score").endswith("1 of 2")
    tab.press("#number", "Enter")
    tab.click("#reveal")
    assert tab.inner_text("#score").endswith("1 of 3")
    assert "0.3925" in tab.inner_text("#caption")
    tab.keyboard.press("ArrowLeft")
    assert "0.5933" in tab.inner_text("#caption")  # what was found stays
    tab.uncheck("#predict")
    tab.keyboard.press("End")
    assert not tab.is_visible("#guess")


@pytest.mark.parametrize("k", [2, 11, 18, 28, 38])
def test_a_number_to_guess_is_nowhere_on_the_page(show, k):
    tab = show(lecture())
    step = step_through(lecture(), engine="embedded").steps[k - 1]
    digits = f"{abs(step.answer):.4g}"
    tab.keyboard.press("End")
    tab.check("#predict")
    tab.fill("#slider", str(k))
    hidden = "[...document.documentElement.children].map(part => part.outerHTML.replace(/<script[^]*?<.script>/g, ''))"
    markup = " ".join(tab.evaluate(hidden))
    assert digits not in markup
    assert "?" in tab.get_attribute("#slider", "aria-valuetext")
    tab.click("#reveal")
    assert digits in " ".join(tab.evaluate(hidden))


DARK = "rgb(20, 24, 29)"
LIGHT = "rgb(255, 255, 255)"
SHOWN_COLOURS = """() => {
    const style = (what, property) => getComputedStyle(document.querySelector(what))[property];
    return [style("body", "backgroundColor"), style(".figure svg .node text", "fill"), style("body", "color")];
}"""


def test_light_and_dark_by_preference_and_by_switch(show, tmp_path):
    pictures = {}
    for scheme, page, ink in [
        ("light", LIGHT, "rgb(27, 31, 36)"),
        ("dark", DARK, "rgb(242, 244, 246)"),
    ]:
        tab = show(lecture(), color_scheme=scheme)
        tab.fill("#slider", "27")
        assert tab.evaluate(SHOWN_COLOURS) == [page, ink, ink]
        pictures[scheme] = tab.screenshot(
            path=tmp_path / f"{scheme}.png"
        )  # for a person to look at
        tab.click("#theme")
        assert tab.evaluate(SHOWN_COLOURS)[0] == (DARK if page == LIGHT else LIGHT)
        tab.click("#theme")
        assert tab.evaluate(SHOWN_COLOURS) == [page, ink, ink]
    assert pictures["light"] != pictures["dark"]


FINAL = {name: f"{number:.4f}" for name, number in DATA.items()}


@pytest.mark.parametrize("predict", [False, True])
def test_paper_shows_the_final_state_in_light(show, predict):
    tab = show(lecture(), color_scheme="dark")
    tab.set_checked("#predict", predict)
    tab.fill("#slider", "20")
    before = tab.evaluate(STATE)
    tab.emulate_media(media="print", color_scheme="dark")
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    printed, final = tab.evaluate(STATE), expected(step_through(lecture(), engine="embedded"), 42)
    everything = ("rows", "picture", "tooltips", "fills", "shown")
    assert [printed[part] for part in everything] == [final[part] for part in everything]
    assert (printed["caption"], printed["lit"]) == (["E = 0.2984, and every gradient"], [])
    assert tab.evaluate(SHOWN_COLOURS)[0] == LIGHT
    assert [tab.is_visible(what) for what in ("table", ".controls", "#guess", ".keys")] == [
        True,
        False,
        False,
        False,
    ]
    tab.evaluate("dispatchEvent(new Event('afterprint'))")
    assert tab.evaluate(STATE) == before
    assert not tab.is_visible("table")


@pytest.mark.parametrize(
    ("motion", "seconds"), [("reduce", {"0s"}), ("no-preference", {"0s", "0.25s"})]
)
def test_nothing_moves_where_motion_is_reduced(show, motion, seconds):
    tab = show(lecture(), reduced_motion=motion)
    every = "[...document.querySelectorAll('*')].flatMap(e => getComputedStyle(e).transitionDuration.split(', '))"
    assert set(tab.evaluate(every)) == {"0s"}  # not when it opens, nor when the theme changes
    assert tab.evaluate("document.getAnimations().length") == 0
    tab.click("#theme")
    assert set(tab.evaluate(every)) == {"0s"}
    at_a_step = tab.evaluate(f"(() => {{ jump(last); return {every}; }})()")  # before it has faded
    assert set(at_a_step) == seconds
    tab.click("#theme")
    assert tab.evaluate("document.getAnimations().length") == 0
    scrolling = tab.evaluate("getComputedStyle(figure).scrollBehavior")
    assert scrolling == ("auto" if motion == "reduce" else "smooth")


@pytest.mark.parametrize(("scheme", "page"), [("light", LIGHT), ("dark", DARK)])
def test_without_javascript_the_final_state_stands(show, scheme, page):
    tab = show(lecture(), java_script_enabled=False, color_scheme=scheme)
    assert tab.locator("#caption").inner_text() == "E = 0.2984, and every gradient"
    assert "need JavaScript" in tab.locator("noscript").inner_text()
    assert not tab.locator(".controls").is_visible()
    assert not tab.locator("#guess").is_visible()
    text = tab.locator(".figure svg").text_content()
    assert all(number in text for number in FINAL.values())
    assert "grad —" not in text
    corner = {"x": 0, "y": 0, "width": 1, "height": 1}
    blank = show(f"<body style='background: {page}'>", color_scheme=scheme)
    assert tab.screenshot(clip=corner) == blank.screenshot(clip=corner)


def test_on_a_phone_only_the_picture_scrolls_and_to_where_the_step_is(show):
    tab = show(lecture(), viewport={"width": 390, "height": 800})
    inside = """() => {
        const frame = figure.getBoundingClientRect();
        return [part(steps[now - 1].node)].every(group => {
            const box = group.getBoundingClientRect();
            return ["left", "top"].every(side => box[side] >= frame[side] - 1)
                && ["right", "bottom"].every(side => box[side] <= frame[side] + 1);
        });
    }"""
    for k in (11, 12, 25, 27, 42, 1):
        tab.fill("#slider", str(k))
        assert tab.evaluate(inside)
        assert tab.evaluate("document.documentElement.scrollWidth") <= 390


PHONE = {"width": 390, "height": 800}
BOXES = """what => [...document.querySelectorAll(what)]
    .filter(element => element.checkVisibility({ visibilityProperty: true }))
    .map(element => element.getBoundingClientRect().toJSON())"""


@pytest.mark.parametrize("detail", ["names", "arrays"])
def test_on_a_phone_controls_are_large_and_the_caption_stays_in_sight(show, detail):
    tab = show(network_of_two_layers(), viewport=PHONE, detail=detail)
    tab.check("#predict")
    tab.click("#next")
    tab.click("summary")
    controls = tab.evaluate(BOXES, "button, #slider, .switch, #number, summary")
    assert len(controls) == 10
    assert min(min(box["width"], box["height"]) for box in controls) >= 40
    assert all(box["left"] >= 0 and box["right"] <= 390 for box in controls)
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390  # with the table open
    tab.evaluate("scrollTo(0, 1e6)")
    assert tab.evaluate("scrollY") > 100
    [caption] = tab.evaluate(BOXES, "#caption")
    assert 0 <= caption["top"] < caption["bottom"] <= 800
    assert tab.evaluate("document.elementFromPoint(200, 200).closest('header') !== null")


@pytest.mark.parametrize("predict", [False, True])
@pytest.mark.parametrize("viewport", [PHONE, {"width": 1400, "height": 980}])
def test_the_picture_stays_where_it_is_from_step_to_step(show, viewport, predict):
    tab = show(network_of_two_layers(), viewport=viewport)
    tab.click("#next")
    tab.set_checked("#predict", predict)
    steps = int(tab.get_attribute("#slider", "max"))
    places = set()
    for k in range(1, steps + 1, 5):
        tab.fill("#slider", str(k))
        [box] = tab.evaluate(BOXES, ".figure")
        places.add((box["top"], box["bottom"]))
    [(_, bottom)] = places
    assert bottom <= viewport["height"]


@pytest.mark.parametrize("width", [390, 768, 900, 1400, 1920])
def test_no_text_of_the_picture_is_smaller_than_nine_pixels(show, width):
    tab = show(network_of_two_layers(), viewport={"width": width, "height": 980})
    smallest = """() => {
        const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
        const sizes = [...svg.querySelectorAll("text")].map(text => text.getAttribute("font-size"));
        return scale * Math.min(...sizes);
    }"""
    assert tab.evaluate(smallest) >= 8.99


def test_a_dark_page_is_dark_before_its_style_is_read(show):
    html = step_through(lecture(), engine="embedded").html()
    [head] = re.findall("^.*?(?=<meta http-equiv)", html, re.S)
    corner = {"x": 0, "y": 0, "width": 1, "height": 1}
    tab, bare = (show(text, color_scheme="dark") for text in (head, "<!doctype html>"))
    assert tab.screenshot(clip=corner) != bare.screenshot(clip=corner)


def test_words_for_those_who_cannot_see_it(show):
    tab = show(lecture())
    tab.check("#predict")
    tab.click("#next")
    assert (
        tab.get_by_role("slider", name="step")
        .get_attribute("aria-valuetext")
        .startswith("step 1 of 42; net_h₁ = ")
    )
    for role, name in [
        ("button", "one step back"),
        ("button", "one step on"),
        ("button", "▶ play"),
    ]:
        assert tab.get_by_role(role, name=name).is_visible()
    assert tab.get_by_role("checkbox", name="predict").is_checked()
    assert tab.get_by_role("textbox", name="net_h₁ =").is_visible()
    assert tab.get_by_role("status").count() == 2
    assert tab.get_by_role("img", name="Every gradient of E").is_visible()
    tab.click("summary")
    assert tab.get_by_role("rowheader", name="w₅", exact=True).is_visible()


def test_three_hundred_values_open_within_a_second(show):
    model = MLP(3, [12, 12, 2], activation="sigmoid", bias="neuron", seed=0)
    root = half_squared_error(model([0.1, 0.2, 0.3]), [0.0, 1.0])
    assert 250 < len(named_graph(root).names) <= 300
    tab = show(root)
    opened = tab.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
    assert 0 < opened < 1000
    assert (
        tab.evaluate("{ const start = performance.now(); go(last); performance.now() - start }")
        < 250
    )


def test_a_notebook_shows_it_in_a_frame_of_its_own(show):
    frame = step_through(lecture(), engine="embedded")._repr_html_()
    assert re.match(r'<iframe [^>]*sandbox="allow-scripts"', frame)
    tab = show(f"<!doctype html><p id=caption>notebook</p>{frame}")
    inner = tab.frame_locator("iframe")
    inner.locator("#slider").fill("12")
    assert inner.locator("#phase").inner_text().lower() == "seed · step 12 of 42"
    assert tab.inner_text("#caption") == "notebook"


def test_without_an_engine_a_file_is_refused_and_a_notebook_shows_the_steps(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    page = step_through(line_of(["<b>", "y"]), engine="dot")
    with pytest.raises(EngineError, match="not on the PATH"):
        page.save(tmp_path / "steps.html")
    assert list(tmp_path.iterdir()) == []
    text = page._repr_html_()
    assert text.startswith("<pre>1. ")
    assert "<b>" not in text
    assert "not on the PATH" in text
    assert repr(page) == str(page)
