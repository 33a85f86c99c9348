"""Run the lessons and the worked examples again, in place: `python -m tests.lessons`, or some:
`python -m tests.lessons 1 4 examples/xor`.
"""

import asyncio
import copy
import os
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "notebooks"


def _read(folder):
    """Return the notebooks of a folder by name, such as `1_a_slope`; those with a number by it."""
    names = [path.relative_to(FOLDER).with_suffix("").as_posix() for path in folder.glob("*.ipynb")]
    names.sort(key=lambda name: (int(number(name)) if number(name).isdigit() else 0, name))
    return {name: nbformat.read(FOLDER / f"{name}.ipynb", as_version=4) for name in names}


def number(name):
    """By what a notebook is asked for: a lesson by its number, an example by its name."""
    return name.partition("_")[0] if name[0].isdigit() else name


LESSONS = _read(FOLDER)
EXAMPLES = _read(FOLDER / "examples")
NOTEBOOKS = LESSONS | EXAMPLES


def run(names, folder, profile):
    """Return the lessons as they are after a run in `folder`, by name; two processors run two at a
    time.

    Pictures are drawn by the graphviz in a Python package, and not by a `dot` on the path, so that
    they are alike everywhere.
    """
    path = str(Path(sys.executable).parent)
    environment = os.environ | {"PYTHONPATH": str(ROOT), "IPYTHONDIR": str(profile), "PATH": path}
    places = asyncio.Semaphore(os.cpu_count() or 1)

    async def run_one(name):
        lesson = copy.deepcopy(NOTEBOOKS[name])
        client = NotebookClient(
            lesson,
            timeout=120,
            allow_errors=True,
            record_timing=False,
            resources={"metadata": {"path": str(folder)}},
        )
        async with places:
            await client.async_execute(env=environment)
        lesson.metadata = NOTEBOOKS[name].metadata  # without the version of this Python
        return name, without_pages(lesson)

    async def run_all():
        return dict(await asyncio.gather(*map(run_one, names)))

    return asyncio.run(run_all())


def without_pages(lesson):
    """Leave a page's words, and drop its script: where a lesson is only read, none runs."""
    for cell in lesson.cells:
        for output in cell.get("outputs", ()):
            if "<iframe" in output.get("data", {}).get("text/html", ""):
                del output.data["text/html"]
    return lesson


def main(numbers):
    names = [name for name in NOTEBOOKS if not numbers or number(name) in numbers]
    with tempfile.TemporaryDirectory() as profile:
        for name, lesson in run(names, FOLDER, profile).items():
            nbformat.write(lesson, FOLDER / f"{name}.ipynb")


if __name__ == "__main__":
    main(sys.argv[1:])
