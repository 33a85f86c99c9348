"""Build the site: `python notebooks/site/build.py OUT`, with `pip install -e '.[site]'`; or ask
every link to another host whether it is there: `python notebooks/site/build.py --links OUT`.

Lessons and examples are shown as they stand in their files; the API comes from the docstrings; the
tables of operations, slips and verdicts from the tables themselves. A warning is an error.
"""

from __future__ import annotations

import inspect
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

HERE = Path(__file__).parent
NOTEBOOKS = HERE.parent
ROOT = NOTEBOOKS.parent
sys.path.insert(0, str(ROOT))

import autograd  # noqa: E402
import nn  # noqa: E402
from autograd import ops  # noqa: E402
from autograd.marking.slips import SLIPS  # noqa: E402
from autograd.marking.verdict import OPEN, RIGHT, Verdict  # noqa: E402
from autograd.op import Op  # noqa: E402

IN_THE_REPOSITORY = {  # what README links to, and where the site has it
    ".github/CONTRIBUTING.md": "contributing.md",
    ".github/CODE_OF_CONDUCT.md": "conduct.md",
    ".github/CHANGELOG.md": "changes.md",
}


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table in Markdown. A | in a cell stays one."""
    lines = [list(head), *map(list, rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    cells = [[cell.replace("|", r"\|") for cell in line] for line in lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in cells) + "\n"


def code(text: str) -> str:
    """Return it as code in Markdown; nothing stays nothing."""
    return f"`{text}`" if text else ""


def operations() -> str:
    """Return the page of the table of operations, in Markdown."""
    rows = []
    for name in sorted(ops.__all__):
        op = getattr(ops, name)
        if not isinstance(op, Op):
            continue
        holes = "xyzuvw"[: op.arity]
        written = re.sub(r"\{:\^\}", "^y" if op.arity > 1 else "^x", op.text)
        written = re.sub(r"\{:\d\}", "{}", written).format(*holes)
        domain, smooth = op.domain or "everywhere", op.smooth or "everywhere"
        what = (op.__doc__ or "").partition("\n")[0].partition(": ")[2]
        rows.append([code(name), what, code(written), domain, smooth])
    kinks = " ".join((ops.__doc__ or "").split("\n\n")[-1].split())
    head = ["name", "what it computes", "written", "defined", "derivative"]
    return (
        "# Operations\n\nEach is a row of `autograd/ops.py`: a function, and a method of `Value` if"
        f" it takes one argument. {kinks}\n\n" + table(head, rows)
    )


def slips() -> str:
    """Return the page of the marker's verdicts, in Markdown."""
    named = list(dict.fromkeys(slip.verdict for slip in SLIPS))
    rest = [v for v in Verdict if v not in RIGHT + OPEN and v not in named]
    rest = [v for v in rest if v is not Verdict.FOLLOWS]
    text = "# Slips and verdicts\n\nWhat a report of `check_derivation` says of a line.\n"
    for title, verdicts in [
        ("Slips that are sought by making them", named),
        ("Other wrong lines", rest),
        ("Right", RIGHT),
        ("A slip above", [Verdict.FOLLOWS]),
        ("Open: neither right nor wrong", OPEN),
    ]:
        rows = ([f"**{verdict.value}**", verdict.sentence] for verdict in verdicts)
        text += f"\n## {title}\n\n{table(['verdict', 'what it means'], rows)}"
    return text


def about() -> str:
    """Return README's section on whom it is for, with its links as the site has them."""
    title = "# Who it is for, and what else there is\n"
    text = (ROOT / "README.md").read_text("utf-8").partition(f"#{title}")[2]
    for path, page in IN_THE_REPOSITORY.items():
        text = text.replace(f"({path})", f"({page})")
    elsewhere = re.compile(r"\[([^]]+)\]\((?:LICENSE|\.github/CITATION\.cff)\)")
    return title + elsewhere.sub(r"\1", text.partition("\n## ")[0])


def api(package: object, names: Iterable[str], title: str) -> str:
    """Return a page that asks for the docstrings of these names, operations apart."""
    module = getattr(package, "__name__")  # noqa: B009
    text = f"{title}\n{'=' * len(title)}\n\n"
    for name in names:
        thing = getattr(package, name)
        if isinstance(thing, Op):
            continue
        kind = "autoclass" if inspect.isclass(thing) else "autofunction"
        text += f".. {kind}:: {module}.{name}\n"
        text += "   :members:\n" if kind == "autoclass" else ""
        text += "   :inherited-members:\n\n" if thing is autograd.Value else "\n"
    return text


def stage(source: Path) -> None:
    """Put the sources of the site into a folder: copies, and pages that are derived."""
    shutil.copytree(HERE, source, ignore=shutil.ignore_patterns("build.py", "__pycache__"))
    for folder in ("", "examples"):
        (source / "notebooks" / folder).mkdir(exist_ok=True, parents=True)
        for path in sorted((NOTEBOOKS / folder).glob("*.ipynb")):
            shutil.copy(path, source / "notebooks" / folder)
        shutil.copy(NOTEBOOKS / folder / "README.md", source / "notebooks" / folder)
    shutil.copy(NOTEBOOKS / "LICENSE", source / "notebooks")
    shutil.copytree(NOTEBOOKS / "pictures", source / "notebooks/pictures")
    for path, page in IN_THE_REPOSITORY.items():
        shutil.copy(ROOT / path, source / page)
    text = (source / "contributing.md").read_text()
    (source / "contributing.md").write_text(text.replace("(CHANGELOG.md)", "(changes.md)"))
    (source / "about.md").write_text(about())
    (source / "operations.md").write_text(operations())
    (source / "slips.md").write_text(slips())
    others = [name for name in autograd.__all__ if name != "Value"]
    (source / "api").mkdir()
    (source / "api/value.rst").write_text(api(autograd, ["Value"], "Value"))
    (source / "api/autograd.rst").write_text(api(autograd, others, "autograd"))
    (source / "api/nn.rst").write_text(api(nn, nn.__all__, "nn"))


class Links(HTMLParser):
    """What a page links to, and the places in it that can be linked to."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.places = {""}
        self.feed(page.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self.places.update(filter(None, (told.get("id"), told.get("name"))))
        self.links += filter(None, (told.get("href"), told.get("src")))


def broken(out: Path) -> Iterator[str]:
    """Yield each link inside the site that leads nowhere."""
    pages = {page.resolve(): Links(page) for page in sorted(out.rglob("*.html"))}
    for page, found in pages.items():
        for link in found.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            if not target.exists():
                yield f"{page.relative_to(out.resolve())}: {link} is not there"
            elif target in pages and unquote(parts.fragment) not in pages[target].places:
                yield f"{page.relative_to(out.resolve())}: {link} has no such place"


def sphinx(target: Path, builder: str, *tags: str) -> None:
    """Run Sphinx into an empty folder; SystemExit with a sentence where it warns."""
    if target.exists() and any(target.iterdir()):
        sys.exit(f"{target} is not empty: name a new folder")
    with tempfile.TemporaryDirectory() as folder:
        source, doctrees = Path(folder, "source"), Path(folder, "doctrees")
        stage(source)
        command = [sys.executable, "-m", "sphinx", "-q", "-b", builder, "-W", "--keep-going", "-n"]
        for tag in tags:
            command += ["-t", tag]
        environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "0"}
        command += ["-d", str(doctrees), str(source), str(target)]
        if subprocess.run(command, env=environment).returncode:
            sys.exit("the site was not built: see the warnings above")


def build(target: Path, workbench: Path | None) -> None:
    """Build all into an empty folder; SystemExit with a sentence where it cannot be built."""
    sphinx(target, "html", *(["workbench"] if workbench else []))
    if workbench:
        subprocess.run([sys.executable, str(workbench), str(target / "workbench")], check=True)
    (target / ".nojekyll").touch()  # Pages would leave out folders whose name begins with _
    if wrong := list(broken(target)):
        sys.exit("\n".join(wrong))


def main(arguments: list[str]) -> None:
    """Build the site, with the workbench where this clone has one; or check links elsewhere."""
    workbench = NOTEBOOKS / "workbench/build.py"
    match arguments:
        case ["--links", out]:
            sphinx(Path(out).resolve(), "linkcheck")
        case [out] if not out.startswith("-"):
            build(Path(out).resolve(), workbench if workbench.exists() else None)
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
