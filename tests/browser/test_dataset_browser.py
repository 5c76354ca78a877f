"""The page of data sets, as a person meets it: an archive uploaded, built, looked into."""

import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import torch

from pap_core.model.generator import Generator
from pap_core.settings.networks import GeneratorConfig
from tests.helpers.browser.browsing import serving, settle
from tests.helpers.threshold_checkpoint import write_checkpoint

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address(space: Path) -> Iterator[str]:
    """The app with a small untrained checkpoint."""
    torch.manual_seed(2)
    network = Generator(GeneratorConfig(levels=4, width=8, kernel=4, last="transposed", head="palette"))
    with serving(space.parent, write_checkpoint(space.parent / "untrained", network)) as address:
        yield address


@pytest.fixture
def page(visit: Callable, address: str) -> "Page":
    """The page, opened from another and at rest."""
    page = visit(address)
    page.get_by_role("link", name="Data sets").click()
    page.get_by_role("heading", name="Data sets").wait_for()
    page.get_by_role("img", name="Crop of cell").wait_for()
    settle(page)
    return page


def packed(source: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for path in sorted(source.rglob("*")):
            file.write(path, path.relative_to(source.parent))
    return buffer.getvalue()


def upload(page: "Page", name: str, content: bytes) -> None:
    page.get_by_role("tab", name="Build one").click()
    page.get_by_text("ZIP archive", exact=True).first.click()
    page.locator("input[type=file]").set_input_files(
        {"name": name, "mimeType": "application/zip", "buffer": content}
    )


def test_an_archive_is_uploaded_built_looked_into_and_deleted(
    page: "Page", phantom_source: Path, space: Path
) -> None:
    upload(page, "my smears.zip", packed(phantom_source))
    page.get_by_role("textbox", name="Name").wait_for()
    assert page.get_by_role("textbox", name="Name").input_value() == "my smears"
    settle(page)
    page.get_by_role("button", name="Build", exact=True).click()
    page.get_by_text("my smears is built.").wait_for()
    assert not list((space / "builds").glob("[!.]*"))  # nothing of the upload is left
    settle(page)
    page.get_by_role("button", name="Look into it").click()
    page.get_by_text("No smear stands on both sides").wait_for()
    settle(page)

    first = page.get_by_role("img", name="Crop of cell").get_attribute("alt")
    page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "first => document.querySelector('img[alt^=\"Crop of cell\"]')?.alt !== first", arg=first
    )
    shown = page.get_by_role("img", name="Crop of cell")
    assert shown.evaluate("image => image.decode().then(() => image.naturalWidth)") >= 256
    settle(page)
    assert "dataset_cell=" in page.url  # can be sent to a colleague
    assert "dataset_open=my" in page.url

    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("button", name="Delete it").click()
    page.get_by_role("button", name="Delete it").wait_for(state="detached")
    kept = page.locator("button:disabled:visible", has_text="Delete")  # the ready set is shown, and it stays
    kept.first.wait_for()
    settle(page)
    assert kept.count() == 1
    assert [path.name for path in (space / "datasets").iterdir()] == ["phantoms"]


def test_a_hostile_archive_gives_one_sentence(page: "Page", space: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("../../evil.bmp", b"x")
    upload(page, "evil.zip", buffer.getvalue())
    alert = page.get_by_role("alert")
    alert.wait_for()
    assert alert.count() == 1
    assert alert.inner_text().startswith("evil.zip: '../../evil.bmp' leads out of the folder")
    assert "Traceback" not in page.content()
    assert not list(space.parent.rglob("evil.bmp"))
