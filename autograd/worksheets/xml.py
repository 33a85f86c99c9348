"""XML that is built, not written: so every string is escaped."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, tostring

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def element(tag: str, *children: Element | str, **attributes: str) -> Element:
    """Return an element with a text, or with elements, in it; what XML cannot hold becomes "?".

    >>> tostring(element("a", element("b", "x < 1"), k='"'))
    b'<a k="&quot;"><b>x &lt; 1</b></a>'
    """
    made = Element(tag, {key: _possible(value) for key, value in attributes.items()})
    for child in children:
        if isinstance(child, str):
            made.text = (made.text or "") + _possible(child)
        else:
            made.append(child)
    return made


def _possible(text: str) -> str:
    return _NO_XML.sub("?", text)


def document(root: Element) -> str:
    """Return a whole document, as UTF-8 is declared in it."""
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'
