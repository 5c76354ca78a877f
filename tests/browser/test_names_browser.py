"""Names that look like Markdown or like addresses, in a real browser: text, nowhere a link."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers.browser import names_app
from tests.helpers.browser.browsing import serving, settle
from tests.helpers.browser.names_app import NAMES

pytestmark = pytest.mark.browser


def test_no_name_becomes_a_link_or_anything_else(visit: Callable, tmp_path: Path) -> None:
    with serving(tmp_path, tmp_path, app=Path(names_app.__file__)) as address:
        page = visit(address)
        page.get_by_test_id("stDataFrame").wait_for()
        settle(page)
        made = "[data-testid=stMarkdownContainer] :is(a, img, li, h1, .katex), [data-testid=stDataFrame] a"
        found = f"[...document.querySelectorAll('{made}')].map(one => one.outerHTML)"
        assert page.evaluate(found) == []
        shown = page.get_by_test_id("stMarkdownContainer").all_inner_texts()
        shown = [one.replace("\u2060", "") for one in shown]
        for name in NAMES:
            assert [name, name, f"The file {name} cannot be read."] == shown[:3]
            del shown[:3]
        page.close()
