import os
import shutil

import pytest
from hypothesis import settings

from autograd import Value, step_through

settings.register_profile("all", derandomize=True, deadline=None, max_examples=100)
settings.register_profile("quick", settings.get_profile("all"), max_examples=30)


def pytest_configure(config):
    """hypothesis draws fewer cases where the slow tests are left out."""
    is_quick = config.getoption("markexpr") == "not slow"
    settings.load_profile("quick" if is_quick else "all")


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


@pytest.fixture(scope="module")  # while it is open, no test in this thread can run a loop
def browser():
    """Debian's chromium; where a person has none, these tests are skipped, but never in CI."""
    executable = shutil.which("chromium")
    if not os.environ.get("CI"):
        pytest.importorskip("playwright")
        if not executable:
            pytest.skip("chromium is not installed")
    from playwright.sync_api import sync_playwright

    assert executable, "chromium is not installed"
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def show(browser, tmp_path):
    """Opens the page of a Value, or HTML; at the end nothing may have been complained of, or asked
    for elsewhere.
    """
    contexts, complaints, requests = [], [], []

    def open_page(root, *, engine="embedded", detail="names", **options):
        context = browser.new_context(
            **{"reduced_motion": "reduce", "viewport": {"width": 1400, "height": 980}} | options
        )
        contexts.append(context)
        context.set_default_timeout(5_000)
        tab = context.new_page()
        tab.on("console", lambda message: complaints.append(message.text))
        tab.on("pageerror", lambda failure: complaints.append(str(failure)))
        tab.on("request", lambda request: requests.append(request.url))
        path = tmp_path / "steps.html"
        page = step_through(root, engine=engine, detail=detail) if isinstance(root, Value) else root
        path.write_text(page if isinstance(page, str) else page.html(), "utf-8")
        tab.goto(path.as_uri())
        return tab

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []
    assert len(requests) == len(contexts)
    assert all(url.startswith("file:") for url in requests)
