"""The frames of step_through for slides: read back as SVG, PNG and GIF, and written all or none."""

import os
import re
import struct
import sys
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from autograd import Value, step_through
from autograd.drawing import COLOURS, EngineError
from autograd.files import write_folder_whole
from nn import MLP, half_squared_error
from nn.lecture import error, network

HOSTILE = ["<b>", "a\\N\n", "&lt;", "👩‍🔬", "   ", "x" * 300, 'q"]; evil ->']


def lecture():
    return error(network())


def hostile():
    total = Value(1.0, label=HOSTILE[0])
    for label in HOSTILE[1:]:
        total = total * Value(2.0, label=label)
        total.label = f"{label} and more"
    return total


def square():
    x = Value(3.0, label="x")
    y = x * x
    y.label = "y"
    return y


def two_layers():
    return half_squared_error(MLP(2, [2, 1], seed=1)([0.5, -1.0]), 1.0)


def frames(page, folder, format="svg"):
    return [path.read_bytes() for path in page.frames(folder, format)]


def parts(frame):
    """The groups of an SVG by their keys: n0, n1, e0, e0-local, …"""
    text = frame.decode().replace(' xmlns="http://www.w3.org/2000/svg"', "")
    groups = {}
    for group in ElementTree.fromstring(text).iter("g"):
        groups[group.get("id", "").partition("-")[2]] = group
    return groups


def lines(group):
    return ["".join(text.itertext()) for text in group.iter("text")]


def places(groups):
    """Where each node stands, and each neuron's frame."""
    shapes = {}
    for key, group in groups.items():
        if re.fullmatch(r"[nc]\d+", key):
            [shape, *_] = [e for e in group if e.tag in ("path", "polygon")]
            shapes[key] = shape.get("d") or shape.get("points")
    return shapes


@pytest.mark.parametrize("engine", ["embedded", "dot"])
@pytest.mark.parametrize("root", [lecture, square, hostile, lambda: Value(1.0, label="x")])
def test_a_frame_shows_what_is_known_after_its_step_and_nothing_moves(tmp_path, root, engine):
    page = step_through(root(), engine=engine)
    drawn = [parts(frame) for frame in frames(page, tmp_path / "slides")]
    assert len(drawn) == len(page.steps)
    known = {node.key: {"data": "—", "grad": "—"} for node in page.figure.nodes.values()}
    for node in page.figure.nodes.values():
        known[node.key] |= {"data": node.data} if node.value.op is None else {}
    passed = set()
    for step, groups in zip(page.steps, drawn, strict=True):
        known[step.node] |= {k: v for k, v in step.sets.items() if k in ("data", "grad")}
        passed |= set(step.edges)
        for key, numbers in known.items():
            assert lines(groups[key])[-2:] == [f"{what} {x}" for what, x in numbers.items()]
        for arrow in page.figure.arrows:
            label = lines(groups[f"{arrow.key}-local"])
            assert label == [arrow.local] * (arrow.key in passed)
        caption = "".join("".join(lines(groups["heading"])).split())
        said = [step.phase, *step.given, step.result, *step.after]
        assert all("".join(line.split())[:80] in caption for line in said)
        now = COLOURS["light"]["now"].lower()
        lit = {
            key
            for key, group in groups.items()
            if group.get("class", "")[:4] in ("node", "edge")
            and any(e.get("stroke") == now for e in group)
        }
        assert lit == set(step.lit)
    assert all(places(one) == places(other) for one, other in pairwise(drawn))


def test_in_arrays_too(tmp_path):
    page = step_through(two_layers(), detail="arrays", engine="embedded")
    drawn = [parts(frame) for frame in frames(page, tmp_path)]
    assert all(places(one) == places(other) for one, other in pairwise(drawn))
    final = parts(page._picture.drawn().inner.encode())
    for key in places(final):
        if key[0] == "n":
            assert lines(drawn[-1][key]) == lines(final[key])
            assert any("—" in line for line in lines(drawn[0][key]))


def test_the_embedded_engine_draws_the_same_bytes_each_time(tmp_path):
    first, second = (
        frames(step_through(two_layers(), engine="embedded"), tmp_path / name) for name in "ab"
    )
    assert first == second
    assert sorted(os.listdir(tmp_path / "a")) == [
        f"step-{k:03}.svg" for k in range(1, len(first) + 1)
    ]


@pytest.mark.dot
def test_png_and_gif(tmp_path):
    image = pytest.importorskip("PIL.Image")
    page = step_through(square())
    pictures = frames(page, str(tmp_path / "slides"), "png")
    sizes = {struct.unpack(">II", png[16:24]) for png in pictures}
    assert len(pictures) == len(page.steps) == 3
    assert {png[:8] for png in pictures} == {b"\x89PNG\r\n\x1a\n"}
    path = page.save(tmp_path / "steps.gif")
    with image.open(path) as gif:
        assert (gif.format, gif.n_frames, {gif.size}) == ("GIF", 3, sizes)
        seen = []
        for k in range(3):
            gif.seek(k)
            seen.append(gif.convert("RGB").tobytes())
    assert len(set(seen)) == 3
    again = path.read_bytes()
    assert page.save(path).read_bytes() == again


def test_what_cannot_be_drawn_writes_nothing(tmp_path, monkeypatch):
    page = step_through(square(), engine="embedded")
    with pytest.raises(ValueError, match="format must be 'png' or 'svg', not 'jpg'"):
        page.frames(tmp_path / "slides", "jpg")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineError, match="PNG needs graphviz's program `dot`"):
        page.frames(tmp_path / "slides")
    with pytest.raises(EngineError, match="PNG needs graphviz's program `dot`"):
        page.save(tmp_path / "steps.gif")
    assert list(tmp_path.iterdir()) == []
    assert len(page.frames(tmp_path / "slides", "svg")) == 3


@pytest.mark.dot
def test_without_pillow_a_sentence_says_so(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(EngineError, match="GIF needs the package pillow"):
        step_through(square()).save(tmp_path / "steps.gif")
    assert list(tmp_path.iterdir()) == []


# The folder.

NEW = {"step-001.svg": b"new", "step-002.svg": b"new"}
NAMES = r"step-\d+\.svg"


def held(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_new_frames_take_the_place_of_all_old_ones(tmp_path):
    old = tmp_path / "slides"
    old.mkdir(mode=0o700)
    for k in range(5):
        (old / f"step-{k:03}.svg").write_text("old")
    write_folder_whole(old, NEW, NAMES)
    assert held(old) == NEW
    assert old.stat().st_mode & 0o777 == 0o700
    assert os.listdir(tmp_path) == ["slides"]


def test_other_files_are_not_lost(tmp_path):
    (tmp_path / "step-001.svg").write_text("old")
    (tmp_path / "thesis.tex").write_text("mine")
    before = held(tmp_path)
    with pytest.raises(FileExistsError, match=r"another file, 'thesis.tex'") as failure:
        write_folder_whole(tmp_path, NEW, NAMES)
    assert failure.value.filename == str(tmp_path)
    assert held(tmp_path) == before
    with pytest.raises(NotADirectoryError):
        write_folder_whole(tmp_path / "thesis.tex", NEW, NAMES)
    with pytest.raises(FileNotFoundError) as failure:
        write_folder_whole(tmp_path / "nowhere" / "slides", NEW, NAMES)
    assert failure.value.filename == str(tmp_path / "nowhere" / "slides")


@pytest.mark.parametrize("failing", [1, 2, 3, 4])
def test_whatever_fails_the_old_frames_stay(tmp_path, monkeypatch, failing):
    old = tmp_path / "slides"
    old.mkdir()
    (old / "step-001.svg").write_text("old")
    calls = []

    def fails_at(function):
        def call(*args, **options):
            calls.append(function)
            if len(calls) == failing:
                raise OSError(28, "No space left on device")
            return function(*args, **options)

        return call

    monkeypatch.setattr(os, "fsync", fails_at(os.fsync))  # twice, and then
    monkeypatch.setattr(os, "rename", fails_at(os.rename))
    with pytest.raises(OSError, match="No space left"):
        write_folder_whole(old, NEW, NAMES)
    assert held(old) == {"step-001.svg": b"old"}
    assert os.listdir(tmp_path) == ["slides"]
