"""Build the workbench, a page that needs no server of its own, into a folder.

    python notebooks/workbench/build.py OUT
    python -m http.server --directory OUT

It takes Python (Pyodide), graphviz (viz-js) and KaTeX from npm, at these versions and with these
hashes, and handgrad's wheel from this clone. npm is a part of Node.js; pip builds the wheel.
"""

import argparse
import base64
import hashlib
import importlib.util
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
CLONE = HERE.parent.parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "handgrad-workbench"
GRAPHVIZ = "graphviz==0.21"  # the Python package that writes DOT
FILES = ("index.html", "style.css", "page.js", "link.js", "worker.js", "offline.js", "workbench.py")


class Package(NamedTuple):
    """A package of npm: its version, the hash of its archive, and the files that are taken."""

    name: str
    version: str
    integrity: str
    files: tuple[str, ...]


PACKAGES = (
    Package(
        "pyodide",
        "314.0.7",
        "sha512-0YvXxEhfEdpLfb/XkM2BFAeMROq0iMUX2bzzH9pOttyMcWkwq+HbE5uyuGD82LN7y2q+SNvi/6V5JEsOlD2R1A==",
        (
            "pyodide.mjs",
            "pyodide.asm.mjs",
            "pyodide.asm.wasm",
            "python_stdlib.zip",
            "pyodide-lock.json",
        ),
    ),
    Package(
        "@viz-js/viz",
        "3.31.0",
        "sha512-r7zlQdRvcwvIpjHGgs+KNWHeE/P5/Dq7k8ZAKaMCbZqomxCBJV78gVuQYaHzFVca+kB0mX0fMW9UFevCOBG50A==",
        ("dist/viz.js",),
    ),
    Package(
        "katex",
        "0.19.1",
        "sha512-jG8uKntjSEcm2EpQOh0XturpPuuC9r3Sq5HLHdsFdWZT27E672SF19QEi+of0/YeOy15lDgRhKvr5614uRrEfA==",
        ("dist/katex.mjs",),
    ),
)


def taken(package: Package) -> dict[str, bytes]:
    """Return the files that are taken of a package, by name; its archive is kept for next time."""
    archive = CACHE / f"{package.name.strip('@').replace('/', '-')}-{package.version}.tgz"
    if not archive.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as work:
            _run(_npm(), "pack", "--silent", f"{package.name}@{package.version}", cwd=work)
            [packed] = Path(work).glob("*.tgz")
            packed.replace(archive)
    content = archive.read_bytes()
    digest = base64.b64encode(hashlib.sha512(content).digest()).decode()
    if f"sha512-{digest}" != package.integrity:
        archive.unlink(missing_ok=True)
        raise SystemExit(f"{package.name} {package.version} is not what it was: sha512-{digest}")
    with tarfile.open(fileobj=io.BytesIO(content)) as files:
        members = {name: files.extractfile(f"package/{name}") for name in package.files}
        return {Path(name).name: file.read() for name, file in members.items() if file}


def _npm() -> str:
    npm = shutil.which("npm")
    if npm is None:
        raise SystemExit("npm is needed to fetch Pyodide: install Node.js, which brings npm along")
    return npm


def _run(*command: str, cwd: str | Path = CLONE) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    if done.returncode:
        problem = (done.stderr or done.stdout).strip()
        raise SystemExit(f"{' '.join(command)} failed:\n{problem}")


def wheels(out: Path) -> list[str]:
    """Put handgrad's wheel, and that of the package which writes DOT, in a folder; return names."""
    if importlib.util.find_spec("pip") is None:
        raise SystemExit("pip is needed to build the wheel: python -m ensurepip")
    _run(
        *(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"),
        *("--disable-pip-version-check", "--wheel-dir", str(out), str(CLONE), GRAPHVIZ),
    )
    return sorted(path.name for path in out.glob("*.whl"))


def policy() -> str:
    """Return the Content-Security-Policy: this host alone; of scripts in a page, the stepping one.

    The frame with the stepping page has the policy of the page around it beside its own.
    """
    stepping = CLONE / "autograd/stepping"
    script = "".join((stepping / name).read_text("utf-8") for name in ("digits.js", "page.js"))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        f"default-src 'none'; script-src 'self' 'wasm-unsafe-eval' 'sha256-{digest}';"
        " connect-src 'self'; style-src 'self' 'unsafe-inline'; img-src data:;"
        " worker-src 'self' blob:; base-uri 'none'; form-action 'none'"
    )


def build(out: Path) -> None:
    """Build the page into a folder, which is made, or whose files are written anew."""
    out.mkdir(parents=True, exist_ok=True)
    for old in out.glob("*.whl"):
        old.unlink()
    files = [*FILES]
    for package in PACKAGES:
        for name, content in taken(package).items():
            (out / name).write_bytes(content)
            files.append(name)
    names = wheels(out)
    for file in FILES:
        shutil.copyfile(HERE / file, out / file)
    index = out / "index.html"
    index.write_text(index.read_text("utf-8").replace("{{policy}}", policy()), "utf-8")
    (out / "wheels.json").write_text(json.dumps(names), "utf-8")
    files += [*names, "wheels.json"]
    version = hashlib.sha256(b"".join((out / name).read_bytes() for name in files)).hexdigest()
    offline = out / "offline.js"
    script = offline.read_text("utf-8").replace("{{version}}", version[:16])
    offline.write_text(script.replace('"{{files}}"', json.dumps(["./", *files])), "utf-8")
    size = sum((out / name).stat().st_size for name in files) / 1e6
    print(f"{out}: {size:.1f} MB; python -m http.server --directory {out}")


def main() -> None:
    """Build it into the folder that the command names."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("out", type=Path, help="the folder for the page")
    build(parser.parse_args().out)


if __name__ == "__main__":
    main()
