"""What tests in a real browser do: serve the app as a person serves it, and wait until a page rests."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).parents[3]
PATIENCE = 60  # s; a machine may be busy with a training
RESTS = '[data-testid="stApp"][data-test-script-state="notRunning"]'


@contextmanager
def serving(
    place: Path,
    checkpoint: Path,
    end: signal.Signals = signal.SIGTERM,
    options: Sequence[str] = (),
    app: str | Path = "app.py",
) -> Iterator[str]:
    """Run the app on a workspace `place/workspace` and a data root `place/data`; yield its address.

    Args:
        place: where these are.
        checkpoint: the one in use.
        end: how the server is ended.
        options: of ``streamlit run``, beyond the port and the address.
        app: another program than the dashboard, by its path from `ROOT`.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {
        "PAP_WORKSPACE": str(place / "workspace"),
        "PAP_DATA": str(place / "data"),
        "PAP_CHECKPOINT": str(checkpoint),
    }
    command = [sys.executable, "-m", "streamlit", "run", str(app), f"--server.port={port}"]
    with open(place / "server.log", "wb") as log:
        server = subprocess.Popen(
            [*command, "--server.address=127.0.0.1", *options],
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait_for(f"http://127.0.0.1:{port}/_stcore/health", server, place / "server.log")
            yield f"http://127.0.0.1:{port}"
        finally:
            server.send_signal(end)
            try:
                server.wait(60)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _wait_for(url: str, server: subprocess.Popen, log: Path) -> None:
    for _ in range(4 * PATIENCE):
        assert server.poll() is None, log.read_text()
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except OSError:
            time.sleep(0.25)
    pytest.fail(f"the app did not start: {log.read_text()}")


def settle(page: "Page") -> None:
    """Wait until the page has rested a while: a click while it runs goes to a button about to be replaced."""
    page.wait_for_timeout(500)  # it may not have begun to run yet
    page.evaluate("window.ranLast = performance.now()")
    page.wait_for_function(
        """rests => {
            if (!document.querySelector(rests)) window.ranLast = performance.now()
            return performance.now() - window.ranLast > 400
        }""",
        arg=RESTS,
    )
