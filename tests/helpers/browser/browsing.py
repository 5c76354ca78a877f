"""What tests in a real browser do: serve the app as a person serves it, and wait until a page rests."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.helpers.browser.forked_server import fork

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

ROOT = Path(__file__).parents[3]
PATIENCE = 240  # s; a machine may be busy, and what works in the background is the last to have it
QUIET = 320  # ms
WIRE = Path(__file__).with_name("wire.js")
# what is there while a page runs, or waits for a part of its program
RESTS = 'html:has([data-testid="stApp"][data-test-script-state="notRunning"])'
WORKS = f'html:not({RESTS}), [data-testid="stSkeleton"]'


@contextmanager
def serving(
    place: Path,
    checkpoint: Path,
    end: signal.Signals = signal.SIGTERM,
    options: Sequence[str] = (),
    app: str | Path = "app.py",
    fresh: bool = False,
) -> Iterator[str]:
    """Run the app on a workspace `place/workspace` and a data root `place/data`; yield its address.

    Args:
        place: where these are.
        checkpoint: the one in use.
        end: how the server is ended.
        options: of ``streamlit run``, beyond the port and the address.
        app: another program than the dashboard, by its path from `ROOT`.
        fresh: by the command that a person gives, with nothing imported yet, instead of forked.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {
        "PAP_WORKSPACE": str(place / "workspace"),
        "PAP_DATA": str(place / "data"),
        "PAP_CHECKPOINT": str(checkpoint),
    }
    arguments = ["run", str(app), f"--server.port={port}", "--server.address=127.0.0.1", *options]
    log = place / "server.log"
    server = (_started if fresh else fork)(arguments, environment, ROOT, log)
    try:
        _wait_for(f"http://127.0.0.1:{port}/_stcore/health", server, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        with suppress(psutil.NoSuchProcess):
            server.send_signal(end)
        try:
            server.wait(60)
        except psutil.TimeoutExpired:
            server.kill()
            server.wait()


def _started(
    arguments: Sequence[str], environment: Mapping[str, str], folder: Path, log: Path
) -> psutil.Process:
    """Run `streamlit` as a person does; see `tests.helpers.browser.forked_server.fork`."""
    command = [sys.executable, "-m", "streamlit", *arguments]
    with open(log, "wb") as file:
        return psutil.Popen(command, cwd=folder, env=environment, stdout=file, stderr=subprocess.STDOUT)


def _wait_for(url: str, server: psutil.Process, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        assert not _ended(server), log.read_text()
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except OSError:
            time.sleep(0.05)
    pytest.fail(f"the app did not start: {log.read_text()}")


def _ended(server: psutil.Process) -> bool:
    try:
        return server.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def profile(browser: "Browser") -> "BrowserContext":
    """Open what a person's browser remembers, empty; its pages have a laptop's screen and can `settle`."""
    opened = browser.new_context(viewport={"width": 1280, "height": 800})
    opened.set_default_timeout(1000 * PATIENCE)
    opened.add_init_script(path=WIRE)
    return opened


def settle(page: "Page") -> None:
    """Wait until the page has rested a while: a click while it runs goes to a button about to be replaced.

    What a person did is sent within 200 ms: the canvas and the tables wait that long for more. So the page
    rests once it has been quiet for `QUIET`, with nothing sent that is not answered. Of a time in which the
    page could not look at itself only a moment counts: what was due within it comes after.
    """
    page.evaluate("[window.rested, window.looked] = [0, performance.now()]")
    page.wait_for_function(
        """([working, quiet]) => {
            const now = performance.now()
            const before = window.looked ?? now
            const waits = window.asked && now - window.asked < 5000
            const busy = waits || window.stirred > before || document.querySelector(working)
            window.rested = busy ? 0 : (window.rested ?? 0) + Math.min(now - before, 60)
            window.looked = now
            return window.rested > quiet
        }""",
        arg=[WORKS, QUIET],
        polling=40,
    )
