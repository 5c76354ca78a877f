"""The page that segments, as a person meets it: a real browser, clicks, an upload, a download."""

import io
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from PIL import Image

from pap_core.model.checkpoint import write_config, write_weights
from pap_core.model.generator import Generator, GeneratorConfig

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE = 60_000  # ms; a machine may be busy with a training


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app, run as a person runs it, with a small untrained checkpoint and a workspace of its own."""
    place = tmp_path_factory.mktemp("app")
    torch.manual_seed(2)
    network = Generator(GeneratorConfig(levels=4, width=8, kernel=4, last="transposed", head="palette"))
    write_config(place / "untrained", network.config, {})
    write_weights(place / "untrained", network)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {
        "PAP_WORKSPACE": str(place / "workspace"),
        "PAP_CHECKPOINT": str(place / "untrained"),
    }
    command = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}"]
    with open(place / "server.log", "wb") as log:
        server = subprocess.Popen(
            [*command, "--server.address=127.0.0.1", "--server.fileWatcherType=none"],
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait_for(f"http://127.0.0.1:{port}/_stcore/health", server, place / "server.log")
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            try:
                server.wait(60)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _wait_for(url: str, server: subprocess.Popen, log: Path) -> None:
    for _ in range(PATIENCE // 250):
        assert server.poll() is None, log.read_text()
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except OSError:
            time.sleep(0.25)
    pytest.fail(f"the app did not start: {log.read_text()}")


@pytest.fixture(scope="module")
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


@pytest.fixture
def page(browser: "Browser", address: str) -> Iterator["Page"]:
    """The app, opened and done with its first picture."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.set_default_timeout(PATIENCE)
    page.goto(address)
    page.get_by_role("heading", name="Parabasal.png").wait_for()
    page.get_by_role("button", name="Label map (PNG)").wait_for()
    yield page
    page.close()


def uploaded(page: "Page", name: str, content: bytes) -> None:
    page.locator("input[type=file]").set_input_files({"name": name, "mimeType": "", "buffer": content})


def encoded(size: tuple[int, int]) -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise(size, 60).convert("RGB").save(buffer, format="PNG")
    return buffer.getvalue()


def test_an_example_is_chosen_by_its_picture(page: "Page") -> None:
    page.get_by_role("img", name="Synthetic smear with Koilocytotic cells").scroll_into_view_if_needed()
    box = page.get_by_role("img", name="Synthetic smear with Koilocytotic cells").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.get_by_role("heading", name="Koilocytotic.png").wait_for()


def test_an_example_is_chosen_with_the_keyboard(page: "Page") -> None:
    page.get_by_role("button", name="Metaplastic", exact=True).focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Metaplastic.png").wait_for()


def test_a_picture_goes_in_and_its_label_map_comes_out(page: "Page", tmp_path: Path) -> None:
    uploaded(page, "my slide.png", encoded((300, 200)))
    page.get_by_role("heading", name="my slide.png").wait_for()
    page.get_by_role("img", name="Colour map of my slide.png").wait_for()
    page.wait_for_timeout(1000)  # a click while the page still runs goes to a button about to be replaced
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Label map (PNG)").click()
    assert waiting.value.suggested_filename == "my slide_label.png"
    waiting.value.save_as(tmp_path / "label.png")
    with Image.open(tmp_path / "label.png") as label:
        assert label.size == (300, 200)
        assert set(np.unique(label)) <= {0, 1, 2}


def test_a_broken_file_gives_one_sentence(page: "Page") -> None:
    uploaded(page, "broken.png", encoded((300, 200))[:500])
    alert = page.get_by_role("alert")
    alert.wait_for()
    assert alert.count() == 1
    assert alert.inner_text().startswith("broken.png: the picture is damaged or cut short")
    assert "Traceback" not in page.content()


def test_nothing_is_fetched_from_elsewhere(page: "Page", address: str) -> None:
    elsewhere = []
    page.on("request", lambda request: elsewhere.append(request.url))
    page.reload()
    page.get_by_role("button", name="Label map (PNG)").wait_for()
    strange = [url for url in elsewhere if not url.startswith((address, "data:", "blob:"))]
    assert not strange
