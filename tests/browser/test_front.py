"""What stands around the pages is there whichever is opened first."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers.browser.browsing import serving
from tests.helpers.threshold_checkpoint import threshold_network, write_checkpoint

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("path", "title"), [("results", "Results"), ("train", "Train")])
def test_the_first_address_of_a_fresh_server(visit: Callable, space: Path, path: str, title: str) -> None:
    checkpoint = write_checkpoint(space.parent / "threshold", threshold_network())
    with serving(space.parent, checkpoint, fresh=True) as address:
        page = visit(f"{address}/{path}")
        page.get_by_role("heading", name=title, exact=True).wait_for()
        page.get_by_role("button", name="Checkpoint: threshold").wait_for()
        assert page.get_by_role("heading", name=title, exact=True).count() == 1
        assert page.get_by_role("link", name="Segment").count() == 1
        page.get_by_role("link", name="Segment").click()
        page.get_by_role("heading", name="Parabasal.jpg").wait_for()
        assert page.get_by_role("button", name="Checkpoint: threshold").count() == 1
        page.close()
    assert "arning" not in (space.parent / "server.log").read_text()
