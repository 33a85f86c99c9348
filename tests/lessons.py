"""Run the lessons again, in place: `python -m tests.lessons`, or some: `python -m tests.lessons 1
4`.
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
LESSONS = {
    path.stem: nbformat.read(path, as_version=4)
    for path in sorted(FOLDER.glob("*.ipynb"), key=lambda path: int(path.stem.partition("_")[0]))
}


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
        lesson = copy.deepcopy(LESSONS[name])
        client = NotebookClient(
            lesson,
            timeout=120,
            allow_errors=True,
            record_timing=False,
            resources={"metadata": {"path": str(folder)}},
        )
        async with places:
            await client.async_execute(env=environment)
        lesson.metadata = LESSONS[name].metadata  # without the version of this Python
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
    names = [name for name in LESSONS if not numbers or name.partition("_")[0] in numbers]
    with tempfile.TemporaryDirectory() as profile:
        for name, lesson in run(names, FOLDER, profile).items():
            nbformat.write(lesson, FOLDER / f"{name}.ipynb")


if __name__ == "__main__":
    main(sys.argv[1:])
