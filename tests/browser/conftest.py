"""A real browser, and a workspace for the app."""

import shutil
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.helpers.browser.browsing import profile

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


_people: list["BrowserContext"] = []  # whose browsers are open


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add to the report of a failure what the person saw."""
    report = yield
    if report.failed:
        for page in [page for opened in _people for page in opened.pages]:
            with suppress(Exception):  # the page or its browser is gone
                seen = page.locator("body").inner_text(timeout=10_000)
                report.sections.append((f"{page.url} of {item.name}", seen[-4000:]))
    return report


@pytest.fixture(scope="module")
def space(phantom_dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace whose ready data set took no making."""
    folder = tmp_path_factory.mktemp("app") / "workspace"
    shutil.copytree(phantom_dataset, folder / "datasets" / "phantoms")
    return folder


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    """A real Chromium."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("chromium is not installed")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def person(browser: "Browser") -> Iterator["BrowserContext"]:
    """The browser of one person, who need not load the program of the pages for each of them."""
    opened = profile(browser)
    _people.append(opened)
    yield opened
    _people.remove(opened)
    opened.close()


@pytest.fixture
def visit(person: "BrowserContext") -> Iterator[Callable[[str], "Page"]]:
    """Return `visit(address)`: a page of that person; all are closed at the end."""
    pages = []

    def open_page(address: str) -> "Page":
        pages.append(person.new_page())
        pages[-1].goto(address)
        return pages[-1]

    yield open_page
    for page in pages:
        page.close()
