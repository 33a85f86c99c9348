"""How the lessons show a plot: as SVG, with words for those who do not see it, alike in each
run.
"""

import io

import matplotlib.pyplot as plt
from IPython.display import display
from matplotlib.figure import Figure

from autograd.drawing import image

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
    """Display `figure`, a matplotlib figure, as an SVG, and close it, so that it is shown once.

    `alt` says in a sentence or two what is to be seen: it is read by a screen reader, and shown
    where only text can be. The same figure gives the same bytes.
    """
    file = io.StringIO()
    figure.savefig(file, format="svg", metadata={"Title": alt, "Creator": None, "Date": None})
    plt.close(figure)
    display({"text/html": image(file.getvalue(), alt), "text/plain": alt}, raw=True)
