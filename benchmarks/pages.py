"""How soon the pages are there, and how far they jump meanwhile, in Chromium; each beside its limit.

    python benchmarks/pages.py [--times 5] [--page segment …]

The first row is of a server just started, on an empty workspace, as in a demo: from the browser's first paint
until the picture, its edges and its measures are drawn. The next are of the pages of that server: from the
navigation until each rests, and its layout shift (CLS, as browsers count it). Medians. Needs chromium.
"""

import argparse
import os
import shutil
import statistics
import sys
import tempfile
from contextlib import AbstractContextManager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1]))

from pap_core.model.catalogue import default
from tests.helpers.browser.browsing import RESTS, serving

FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync")
PAGES = ("segment", "results", "compare", "dataset", "train", "review")
PATIENCE = 240_000  # ms
FIRST, SHIFT = 3.0, 0.1  # s, and CLS: the limits
QUIET = 1500  # ms that a page may still shift after it rests
WATCH = """
window.shifts = 0;
new PerformanceObserver(list => {
    for (const one of list.getEntries()) if (!one.hadRecentInput) window.shifts += one.value;
}).observe({type: "layout-shift", buffered: true});
"""
PAINTED = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
SEGMENTED = '[data-testid="stMetricValue"]'  # the measures stand below the picture and are the last to come


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--page", choices=PAGES, nargs="*", default=PAGES)
    options = parser.parse_args()
    chromium = shutil.which("chromium")
    if not chromium:
        sys.exit("no chromium found; install Debian's package 'chromium'")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        first = [_first(browser) for _ in range(options.times)]
        print(f"{'':<34}{'s':>7}{'limit':>7}{'CLS':>7}{'limit':>7}")
        _tell("first smear, from first paint", first, FIRST)
        with tempfile.TemporaryDirectory() as place, _served(Path(place)) as url:
            _opened(browser, url, "segment")
            for name in options.page:
                _tell(name, [_opened(browser, url, name) for _ in range(options.times)], None)
        browser.close()


def _served(place: Path) -> AbstractContextManager[str]:
    """Serve the app on an empty workspace, by the command that a person gives."""
    (place / "data").mkdir()
    os.environ.pop("PAP_CHECKPOINT", None)
    return serving(place, default(), fresh=True)


def _first(browser: Browser) -> tuple[float, float]:
    """Return how long a demo waits for its first smear, in s, and the layout shift."""
    with tempfile.TemporaryDirectory() as place, _served(Path(place)) as url:
        page = _new(browser)
        page.goto(url)
        page.locator(SEGMENTED).last.wait_for()
        page.locator("svg path").first.wait_for(state="attached")
        done, painted = page.evaluate("performance.now()"), page.evaluate(PAINTED)
        page.wait_for_timeout(QUIET)
        shift = page.evaluate("window.shifts")
        page.context.close()
    return (done - painted) / 1000, shift


def _opened(browser: Browser, url: str, name: str) -> tuple[float, float]:
    """Return how long a page takes until it rests, in s, and the layout shift."""
    page = _new(browser)
    page.goto(url if name == "segment" else f"{url}/{name}")
    page.wait_for_selector(RESTS, state="attached")
    done = page.evaluate("performance.now()")
    page.wait_for_timeout(QUIET)
    shift = page.evaluate("window.shifts")
    page.context.close()
    return done / 1000, shift


def _new(browser: Browser) -> Page:
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.set_default_timeout(PATIENCE)
    page.add_init_script(WATCH)
    return page


def _tell(name: str, found: list[tuple[float, float]], limit: float | None) -> None:
    seconds, shift = (statistics.median(values) for values in zip(*found, strict=True))
    told = "" if limit is None else f"{limit:.1f}"
    print(f"{name:<34}{seconds:>7.2f}{told:>7}{shift:>7.3f}{SHIFT:>7.1f}", flush=True)


if __name__ == "__main__":
    main()
