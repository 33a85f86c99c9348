"""The engine's SVG as an element for any page: with words, roles, and colours for the dark."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, NamedTuple

from autograd.drawing.cells import GAP, Cell, Cells
from autograd.drawing.figure import Arrow, Figure, Node
from autograd.drawing.theme import COLOURS, LIGHT, SMALLEST, Shade

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_SVG = "http://www.w3.org/2000/svg"
_HALO = {
    "stroke": LIGHT["plain"].lower(),
    "stroke-width": "3",
    "stroke-linejoin": "round",
    "paint-order": "stroke",
}
_DIGIT = 0.556  # of the font size: how wide a digit of Arial is
_LONGEST_BOLD = 20  # characters: a longer name in bold would leave its box
_LAYERS = ("cluster", "edge muted", "edge", "node", "title", "local")
_FLUID = "max-width:100%;height:auto"  # as wide as drawn, but no wider than the page


class Svg(NamedTuple):
    """A picture as SVG.

    key          the id of its element, with which all its other ids begin
    width        as it was drawn, in points: "1234pt"
    stylesheet   the text of its `<style>`
    inner        the element without a width: who puts it into a page says how wide it is
    """

    key: str
    width: str
    stylesheet: str
    inner: str

    def __str__(self) -> str:
        """Return the element as it stands alone."""
        return self.inner.replace("<svg ", f'<svg width="{self.width}" style="{_FLUID}" ', 1)


def decorated(svg: bytes, figure: Figure, unlabelled: Collection[str] = ()) -> Svg:
    """Return the engine's SVG with the figure's words, and with roles by which a script finds them.

    unlabelled   the keys of arrows that are shown without their labels

    Its ids begin with a hash of all it shows, so that two pictures in one page do not collide.
    """
    from hashlib import sha256
    from xml.etree import ElementTree

    markup = svg.decode()
    markup = markup[markup.index("<svg") :].replace(f' xmlns="{_SVG}"', "", 1)
    root = ElementTree.fromstring(markup)
    _name_parts(root, figure, unlabelled)
    width = root.attrib.pop("width")
    root.attrib.pop("height", None)
    root.set("font-family", "Arial, Helvetica, sans-serif")
    title, description, style = (ElementTree.Element(tag) for tag in ("title", "desc", "style"))
    title.text, description.text = figure.title, str(figure)
    title.set("id", "title")
    description.set("id", "desc")
    root[:0] = [title, description, style]
    key = "g" + sha256(ElementTree.tostring(root)).hexdigest()[:10]
    for element in root.iter():
        if "id" in element.attrib:
            element.set("id", f"{key}-{element.get('id')}")
    style.text = _stylesheet(key)
    root.attrib |= {"xmlns": _SVG, "id": key, "role": "img"}
    root.attrib |= {"aria-labelledby": f"{key}-title", "aria-describedby": f"{key}-desc"}
    return Svg(key, width, style.text, ElementTree.tostring(root, encoding="unicode") + "\n")


def _name_parts(root: Element, figure: Figure, unlabelled: Collection[str]) -> None:
    """Give nodes and edges their titles, and each line of text its role, its look and its layer."""
    [graph] = root
    nodes = {node.key: node for node in figure.nodes.values()}
    arrows = {arrow.key: arrow for arrow in figure.arrows}
    for group in list(root.iter("g")):
        key = group.get("id", "")
        texts = _stripped(group)
        if key in nodes:
            _put_title(group, nodes[key].title)
            _set_node(group, texts, nodes[key], muted=figure.lit and not nodes[key].lit)
        elif key in arrows:
            _set_arrow(graph, group, texts, arrows[key], key in unlabelled)
        elif group.get("class") == "cluster" and key != "heading":
            _give_halo(texts, {"stroke": LIGHT["cluster"].lower()})
            _lifted(graph, group, texts, "title")
    graph[:] = sorted(graph, key=_layer)


def _set_arrow(
    graph: Element, group: Element, texts: list[Element], arrow: Arrow, is_hidden: bool
) -> None:
    """Give an edge its title, and its label a layer of its own; what is hidden keeps its room."""
    if texts:
        label = _lifted(graph, group, texts, "local")
        label[:] = [] if is_hidden else texts
        _put_title(label, arrow.title)
    _put_title(group, arrow.title)
    _give_halo(texts, {"data-role": "local"})


def _stripped(group: Element) -> list[Element]:
    """Take the engine's titles and fonts out of a group, and return its texts."""
    texts = group.findall("text")
    for text in texts:
        text.attrib.pop("font-family", None)
    for words in group.findall("title"):
        group.remove(words)
    return texts


def _lifted(graph: Element, group: Element, texts: list[Element], role: str) -> Element:
    """Move the texts of a group to a new one, so that no edge is painted over them."""
    from xml.etree import ElementTree

    _, *shades = group.get("class", "").split()
    look = {"id": f"{group.get('id')}-{role}", "class": " ".join([role, *shades])}
    above = ElementTree.SubElement(graph, "g", look)
    above.extend(texts)
    for text in texts:
        group.remove(text)
    return above


def _layer(child: Element) -> int:
    """Return in which layer a part of the picture stands: the lowest is painted first."""
    look = child.get("class", "")
    return next((k for k, kind in enumerate(_LAYERS) if look.startswith(kind)), -1)


def _give_halo(texts: list[Element], more: dict[str, str]) -> None:
    for text in texts:
        text.attrib |= _HALO | more


def _put_title(group: Element, words: str) -> None:
    from xml.etree import ElementTree

    title = ElementTree.Element("title")
    title.text = words
    group.insert(0, title)


def _set_node(group: Element, texts: list[Element], node: Node, muted: bool) -> None:
    """Say which lines of a node are its numbers, and set its name in bold."""
    if node.cells:
        _set_cells(group, texts, node.cells.plain if muted else node.cells)
    elif node.data:
        *_, data, grad = texts  # as dot.py writes them
        data.set("data-role", "data")
        grad.set("data-role", "grad")
    _set_in_bold(texts[0], node.name)


def _set_in_bold(line: Element, name: str) -> None:
    """Set the name in bold with which a line begins, where it is not too long."""
    from xml.etree import ElementTree

    before, found, after = (line.text or "").partition(name)
    if not before and len(found) <= _LONGEST_BOLD:
        line.text = ""
        bold = ElementTree.SubElement(line, "tspan", {"font-weight": "bold"})
        bold.text, bold.tail = found, after


def _set_cells(group: Element, texts: list[Element], cells: Cells) -> None:
    """Put each number in the box of an array into a cell of its own, those of gradients shaded.

    The engine has left a line of text for each row.
    """
    for line, row in zip(texts[len(texts) - len(cells.rows) :], cells.rows, strict=True):
        if row[0].role == "title":
            line.attrib |= {"fill": LIGHT["muted"].lower()}
        else:
            group.remove(line)
            _set_row(group, line, row)


def _set_row(group: Element, line: Element, row: Sequence[Cell]) -> None:
    """Put the cells of a row where a line of text was."""
    from xml.etree import ElementTree

    size = float(line.get("font-size", SMALLEST))
    digit = _DIGIT * size
    x, y = float(line.get("x", "0")), float(line.get("y", "0"))
    x -= digit * (sum(len(cell.text) for cell in row) + GAP * (len(row) - 1)) / 2
    for cell in row:
        width = digit * len(cell.text)
        if cell.role == "grad":
            box = _frame(x - digit / 2, y - 0.84 * size, width + digit, 1.06 * size, cell.shade)
            group.append(ElementTree.Element("rect", box))
        place = {"x": f"{x + width / 2:.2f}", "data-role": cell.role}
        text = ElementTree.SubElement(group, "text", line.attrib | place)
        text.text = cell.text
        x += width + GAP * digit


def _frame(x: float, y: float, width: float, height: float, shade: Shade) -> dict[str, str]:
    """Return the attributes of the rectangle behind a gradient."""
    place = {"x": f"{x:.2f}", "y": f"{y:.2f}", "width": f"{width:.2f}", "height": f"{height:.2f}"}
    look = {"fill": LIGHT[shade.fill].lower(), "stroke": LIGHT[shade.line].lower()}
    dashes = {"stroke-dasharray": "3,2"} if shade.sign == "neg" else {}
    return place | look | dashes | {"stroke-width": "0.8"}


def _stylesheet(key: str) -> str:
    """Return rules by which each colour of the engine is a variable, with a value for the dark."""
    schemes = []
    for colours in COLOURS.values():
        variables = ";".join(f"--{name}:{colour}" for name, colour in colours.items())
        schemes.append(f"#{key}{{{variables}}}")
    light, dark = schemes
    rules = []
    for name, colour in LIGHT.items():
        for part in ("fill", "stroke"):
            rules.append(f'#{key} [{part}="{colour.lower()}"]{{{part}:var(--{name})}}')
    return "\n".join([light, f"@media (prefers-color-scheme:dark){{{dark}}}", *rules])
