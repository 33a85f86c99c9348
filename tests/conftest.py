import os
import shutil

import pytest
from hypothesis import settings

settings.register_profile("handgrad", derandomize=True, deadline=None, max_examples=100)
settings.load_profile("handgrad")


def pytest_addoption(parser):
    parser.addoption(
        "--campaign",
        type=int,
        metavar="N",
        help="run N cases of each test that has a campaign, in place of its few",
    )


@pytest.fixture(scope="session")
def campaign(request):
    """How many cases to run: `campaign(200)` is 200, or N under `pytest --campaign N`."""
    asked = request.config.getoption("campaign")
    return lambda default: default if asked is None else asked


def pytest_collection_modifyitems(items):
    """Skip what needs graphviz's program `dot` where a person has none; in CI that is a failure."""
    if shutil.which("dot") or os.environ.get("CI"):
        return
    for item in items:
        parameters = item.callspec.params.values() if hasattr(item, "callspec") else ()
        words = {p for p in parameters if isinstance(p, str)}
        if item.get_closest_marker("dot") or words & {"dot", "png", "pdf"}:
            item.add_marker(pytest.mark.skip(reason="graphviz's program dot is not installed"))
