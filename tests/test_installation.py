"""PyPI's autograd in the same environment, installed before or after: the first import says so."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import autograd
import nn

WAY_OUT = "pip uninstall -y autograd handgrad && pip install handgrad"


@pytest.fixture
def site(tmp_path):
    """A folder with both packages, as after an installation of them."""
    for package in (autograd, nn):
        source = Path(package.__file__).parent
        shutil.copytree(
            source, tmp_path / package.__name__, ignore=shutil.ignore_patterns("__pycache__")
        )
    return tmp_path


def error_of(site, statement):
    """The last line that Python prints where `statement` fails; "" where it does not."""
    environment = os.environ | {"PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", statement]
    done = subprocess.run(command, env=environment, cwd=site, capture_output=True, text=True)
    return done.stderr.strip().rpartition("\n")[2]


@pytest.mark.parametrize(
    "statement", ["import autograd", "from autograd.value import Value", "import nn"]
)
def test_handgrad_installed_last(site, statement):
    assert error_of(site, statement) == ""
    (site / "autograd/numpy").mkdir()
    (site / "autograd/numpy/__init__.py").touch()
    error = error_of(site, statement)
    assert re.match("ImportError: PyPI's autograd, another project, has been installed into", error)
    assert error.endswith(f": {WAY_OUT}")


@pytest.mark.parametrize("statement", ["import nn", "from nn import MLP", "import nn.__main__"])
def test_the_other_installed_last(site, statement):
    (site / "autograd/__init__.py").write_text("def grad(function): ...\n")
    error = error_of(site, statement)
    assert re.match("ImportError: PyPI's autograd, another project, is imported in place of", error)
    assert error.endswith(f": {WAY_OUT}")


def test_readme_says_the_same_way_out():
    assert f"`{WAY_OUT}`" in (Path(__file__).parent.parent / "README.md").read_text("utf-8")
