"""Sheets for Canvas: a package in QTI 1.2 with a quiz for each student."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256
from io import BytesIO
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from autograd.worksheets.questions import Blank, Paper, Part, Row, papers_of
from autograd.worksheets.xml import document, element

if TYPE_CHECKING:
    from autograd.worksheets.worksheet import Sheet

_DATE = (1980, 1, 1, 0, 0, 0)  # the first that a zip can hold: the same sheets, the same bytes
_QTI = "http://www.imsglobal.org/xsd/ims_qtiasiv1p2"
_CONTENT = "http://www.imsglobal.org/xsd/imsccv1p1/imscp_v1p1"
_CANVAS = "http://canvas.instructure.com/xsd/cccv1p0"
_META = "associatedcontent/imscc_xmlv1p1/learning-application-resource"
_ANSWER = "response1"


def qti(sheets: Sequence[Sheet]) -> bytes:
    """Return a zip file that Canvas imports, with a quiz for each sheet.

    A quiz begins with what is given; then each number is a question. Raises ValueError where there
    are no sheets, or one asks for no number.

    >>> from autograd import Value
    >>> from autograd.worksheets.worksheet import Worksheet
    >>> def build():
    ...     w, x = Value(0.4, label="w"), Value(0.7, label="x")
    ...     y = w * x; y.label = "y"
    ...     return y
    >>> sheet = Worksheet(build, names=["w"], steps=["error"]).variant("ann")
    >>> from zipfile import ZipFile
    >>> ZipFile(BytesIO(qti([sheet]))).namelist()[0]
    'imsmanifest.xml'
    """
    idents = [_ident("quiz", sheet.student, sheet.code) for sheet in sheets]
    papers = dict(zip(idents, papers_of(sheets), strict=True))
    files = {"imsmanifest.xml": _manifest(papers)}
    for ident, paper in papers.items():
        files[f"{ident}/{ident}.xml"] = _assessment(ident, paper)
        files[f"{ident}/assessment_meta.xml"] = _about(ident, paper)
    stream = BytesIO()
    with ZipFile(stream, "w") as archive:
        for name, root in files.items():
            entry = ZipInfo(name, _DATE)
            entry.compress_type = ZIP_DEFLATED
            archive.writestr(entry, document(root))
    return stream.getvalue()


def _ident(*parts: object) -> str:
    return "g" + sha256("\n".join(map(str, parts)).encode()).hexdigest()[:32]


def _manifest(papers: dict[str, Paper]) -> Element:
    resources = element("resources")
    for ident in papers:
        about, meta = _ident("meta", ident), f"{ident}/assessment_meta.xml"
        resources.append(
            element(
                "resource",
                element("file", href=f"{ident}/{ident}.xml"),
                element("dependency", identifierref=about),
                identifier=ident,
                type="imsqti_xmlv1p2",
            )
        )
        resources.append(
            element("resource", element("file", href=meta), identifier=about, type=_META, href=meta)
        )
    return element(
        "manifest",
        element(
            "metadata",
            element("schema", "IMS Content"),
            element("schemaversion", "1.1.3"),
        ),
        element("organizations"),
        resources,
        identifier=_ident("manifest", *papers),
        xmlns=_CONTENT,
    )


def _about(ident: str, paper: Paper) -> Element:
    points = sum(blank.points for blank in paper.blanks)
    return element(
        "quiz",
        element("title", paper.name),
        element("description"),
        element("shuffle_answers", "false"),
        element("scoring_policy", "keep_highest"),
        element("quiz_type", "assignment"),
        element("points_possible", repr(round(points, 9))),
        element("allowed_attempts", "1"),
        element("available", "false"),
        identifier=ident,
        xmlns=_CANVAS,
    )


def _assessment(ident: str, paper: Paper) -> Element:
    section = element("section", ident="root_section")
    section.append(_given(_ident(ident, "given"), paper))
    for part in paper.parts:
        for row in part.rows:
            for blank in row.blanks:
                section.append(_item(_ident(ident, blank.number), part, row, blank))
    attempts = _fields(cc_maxattempts="1")
    assessment = element("assessment", attempts, section, ident=ident, title=paper.name)
    return element("questestinterop", assessment, xmlns=_QTI)


def _fields(**fields: str) -> Element:
    return element(
        "qtimetadata",
        *(
            element("qtimetadatafield", element("fieldlabel", key), element("fieldentry", value))
            for key, value in fields.items()
        ),
    )


def _material(html: str) -> Element:
    return element("material", element("mattext", html, texttype="text/html"))


def _given(ident: str, paper: Paper) -> Element:
    fields = _fields(question_type="text_only_question", points_possible="0")
    return element(
        "item",
        element("itemmetadata", fields),
        element("presentation", _material(paper.intro)),
        ident=ident,
        title="Given",
    )


def _item(ident: str, part: Part, row: Row, blank: Blank) -> Element:
    fields = _fields(
        question_type="numerical_question", points_possible=repr(round(blank.points, 9))
    )
    score = element("decvar", maxvalue="100", minvalue="0", varname="SCORE", vartype="Decimal")
    field = element("render_fib", element("response_label", ident="answer1"), fibtype="Decimal")
    return element(
        "item",
        element("itemmetadata", fields),
        element(
            "presentation",
            _material(f"<h4>{part.title}</h4>\n<p>{''.join(_shown(row, blank))}</p>"),
            element("response_str", field, ident=_ANSWER, rcardinality="Single"),
        ),
        element(
            "resprocessing",
            element("outcomes", score),
            element(
                "respcondition",
                element("conditionvar", _condition(blank)),
                element("setvar", "100", action="Set", varname="SCORE"),
                **{"continue": "No"},
            ),
        ),
        ident=ident,
        title=f"{blank.number}. {row.subject}",
    )


def _shown(row: Row, asked: Blank) -> Iterator[str]:
    """Yield the pieces of an equation, with a question mark for what is asked for."""
    for piece in row.pieces:
        if isinstance(piece, Blank):
            yield "<strong>?</strong>" if piece is asked else "…"
        else:
            yield piece


def _condition(blank: Blank) -> Element:
    """Return the exact number, or a range: Canvas takes the margin from it."""
    least, most = map(repr, blank.ends)
    return element(
        "or",
        element("varequal", repr(blank.value), respident=_ANSWER),
        element(
            "and",
            element("vargte", least, respident=_ANSWER),
            element("varlte", most, respident=_ANSWER),
        ),
    )
