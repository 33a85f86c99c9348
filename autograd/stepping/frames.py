"""A picture for each step, for slides: one layout, in which the known numbers grow."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Literal
from xml.etree import ElementTree

from autograd.drawing.cells import Cells
from autograd.drawing.dot import Attributes, script_of
from autograd.drawing.engines import Engine, EngineError, rendered
from autograd.drawing.figure import Figure, Node
from autograd.drawing.labels import filled
from autograd.drawing.svg import Svg, decorated
from autograd.drawing.theme import LIGHT, PLAIN, Shade
from autograd.stepping.steps import Step, at_the_start

Format = Literal["png", "svg"]

_WIDEST = 90  # characters in a line of a caption
_MILLISECONDS = 2000  # that a frame stands
_NOW = {"color": LIGHT["now"], "penwidth": "3.6"}


def frames_of(
    figure: Figure, steps: Sequence[Step], drawn: Svg, format: Format, engine: Engine | None
) -> list[bytes]:
    """Return a picture for each step: what it says, and below it what is known then.

    drawn   the picture of them all, which has the size of each node

    Raises EngineError where no engine draws it.
    """
    captions = _captions(steps)
    sizes = _sizes(drawn, figure)
    frames = []
    for step, caption, (nodes, shades) in zip(steps, captions, _states(figure, steps), strict=True):
        state = _at_step(figure, nodes.values(), shades)._replace(title=str(step), heading=caption)
        ahead = [arrow.key for arrow in figure.arrows if arrow.key not in shades]
        script = script_of(state, "LR", format, _look(step, sizes, ahead))
        picture = rendered(script, format, engine)
        if format == "svg":
            picture = str(decorated(picture, state, unlabelled=ahead)).encode()
        frames.append(picture)
    return frames


def _at_step(figure: Figure, nodes: Iterable[Node], shades: Mapping[str, Shade]) -> Figure:
    """Return the figure with the nodes and the shades of the arrows that are known at a step."""
    arrows = [arrow._replace(shade=shades.get(arrow.key, PLAIN)) for arrow in figure.arrows]
    return figure._replace(nodes={node.value: node for node in nodes}, arrows=arrows)


def _look(
    step: Step, sizes: Mapping[str, Attributes], ahead: Collection[str]
) -> dict[str, Attributes]:
    """Return what nodes and arrows look like in a step.

    ahead   the arrows that are yet to be passed: their labels keep their room, and are not seen
    """
    look = {key: dict(size) for key, size in sizes.items()}
    look |= {key: {"fontcolor": "transparent"} for key in ahead}
    for key in step.lit:
        look[key] = look.get(key, {}) | _NOW
    for key in step.edges:
        look[key] |= {"dir": "back", "fontcolor": LIGHT["now"]}
    return look


def animated(frames: Sequence[bytes]) -> bytes:
    """Return PNGs as a GIF that shows one after the other. Raises EngineError without Pillow."""
    from io import BytesIO

    try:
        from PIL import Image
    except ImportError as error:
        raise EngineError("GIF needs the package pillow, which is not installed") from error
    first, *others = [Image.open(BytesIO(frame)).convert("RGB").quantize(64) for frame in frames]
    gif = BytesIO()
    first.save(gif, "GIF", save_all=True, append_images=others, duration=_MILLISECONDS, loop=0)
    return gif.getvalue()


def _states(
    figure: Figure, steps: Sequence[Step]
) -> Iterator[tuple[dict[str, Node], dict[str, Shade]]]:
    """Yield the nodes, and the shades of the arrows that have been passed, after each step."""
    final = {node.key: node for node in figure.nodes.values()}
    nodes = {key: at_the_start(node) for key, node in final.items()}
    shades: dict[str, Shade] = {}
    for step in steps:
        nodes[step.node] = _after(step, nodes[step.node], final[step.node])
        shades |= dict.fromkeys(step.edges, step.shade)
        yield nodes, shades


def _after(step: Step, node: Node, final: Node) -> Node:
    """Return a node after a step that sets its data or its gradient; an array is set as a whole."""
    sets = step.sets
    known = {name: sets[name] for name in ("data", "grad", "shade") if name in sets}
    return node._replace(**known, cells=_cells_after(step, node.cells, final.cells))


def _cells_after(step: Step, cells: Cells | None, final: Cells | None) -> Cells | None:
    """Return the numbers of an array after a step that sets its data or its gradient."""
    if cells is None or final is None:
        return cells
    if "data" in step.sets:
        return cells._replace(data=final.data)
    return cells._replace(grad=final.grad, shades=final.shades)


def _captions(steps: Sequence[Step]) -> list[list[str]]:
    """Return what each step says, all in as many lines and as wide."""
    captions = [_caption(step, k, len(steps)) for k, step in enumerate(steps, 1)]
    most = max(map(len, captions))
    widest = max(len(line) for caption in captions for line in caption)
    ruler = "\u2007" * round(1.1 * widest)
    return [[*caption, *[""] * (most - len(caption)), ruler] for caption in captions]


def _caption(step: Step, place: int, count: int) -> list[str]:
    """Return what a step says: what it computes, and what comes after it."""
    *above, line = step.given
    lines = [f"{step.phase} · step {place} of {count}", *above, f"{line} = {step.result}"]
    return [part for text in [*lines, *step.after] for part in _broken(text)]


def _broken(text: str) -> list[str]:
    return filled(text, r"(?= )", _WIDEST)


def _sizes(drawn: Svg, figure: Figure) -> dict[str, Attributes]:
    """Return the size of each node as it was drawn with all its numbers, to which it is held."""
    sizes = {}
    root = ElementTree.fromstring(re.sub(' xmlns="[^"]*"', "", drawn.inner, count=1))
    groups = {group.get("id"): group for group in root.iter("g")}
    for node in figure.nodes.values():
        outline = next(e for e in groups[f"{drawn.key}-{node.key}"] if e.tag in ("path", "polygon"))
        sizes[node.key] = _size(outline)
    return sizes


def _size(outline: ElementTree.Element) -> Attributes:
    """Return the width and the height of an outline, as a node has them."""
    points = re.findall(r"-?[\d.]+", outline.get("d") or outline.get("points") or "")
    xs, ys = map(float, points[::2]), map(float, points[1::2])
    width, height = (f"{_length(side) / 72:.4f}" for side in (xs, ys))
    return {"width": width, "height": height, "fixedsize": "true"}


def _length(side: Iterable[float]) -> float:
    places = list(side)
    return max(places) - min(places)
