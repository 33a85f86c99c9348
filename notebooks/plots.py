"""How the lessons show a matplotlib figure: as SVG, with words for those who do not see it, the same in every run."""

import io
from html import escape

import matplotlib.pyplot as plt
from IPython.display import display
from matplotlib.figure import Figure

plt.rcParams.update(
    {
        "figure.figsize": (6.4, 3.6),  # inches, which makes 614 pixels wide
        "figure.constrained_layout.use": True,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "savefig.facecolor": "white",  # black on opaque white is readable in a dark notebook too
        "svg.fonttype": "none",  # text stays text
        "svg.hashsalt": "handgrad",
    }
)


def show(figure: Figure, alt: str) -> None:
    """Displays `figure` as an SVG that says `alt` to a screen reader, and closes it, so that it is shown once.

    figure   any matplotlib figure; the same figure gives the same bytes
    alt      what is to be seen, in a sentence or two; it is the plain-text output too

    >>> figure, axes = plt.subplots()
    >>> show(figure, "Empty axes.")
    Empty axes.
    """
    file = io.StringIO()
    figure.savefig(file, format="svg", metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))
    plt.close(figure)
    _, start, rest = file.getvalue().partition("<svg ")
    attributes, _, body = rest.partition(">")
    words = escape(alt)
    svg = f'{start}role="img" aria-label="{words}" {attributes}>\n <title>{words}</title>{body}'
    display({"image/svg+xml": svg, "text/plain": alt}, raw=True)
