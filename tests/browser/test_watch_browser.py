"""What a page watches, beside what a person does on the page meanwhile."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers.browser import watching_app
from tests.helpers.browser.browsing import serving

pytestmark = pytest.mark.browser


def test_a_look_never_cuts_short_what_a_person_asked_for(visit: Callable, tmp_path: Path) -> None:
    with serving(tmp_path, tmp_path, app=Path(watching_app.__file__)) as address:
        page = visit(address)
        for run in range(1, 21):
            page.get_by_text(f"Whole run {run}, to its end").wait_for()
            drawn = page.get_by_text(re.compile("Drawn at")).inner_text()
            page.wait_for_function("before => !document.body.innerText.includes(before)", arg=drawn)
            page.get_by_role("button", name="More").click()
