"""What a page that watches costs its server: the Train page with a run, the Compare page with a comparison.

    python benchmarks/watching.py --seconds 60
    python benchmarks/watching.py --against ../before      # another checkout, in the same run: the ratio

Serves the app on a workspace where this process writes what a training and a comparison do: their hearts beat
every 2 s, and a row of curves comes every 13 s after 300 that are there. Told is the processor time of
the server over that while, as a share of one core, with a browser at the page, and without one. Where the
machine is busy a server answers less often: how many messages the page sent is told beside. Needs Debian's
chromium.
"""

import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil
from playwright.sync_api import Browser, Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1]))

from pap_core.comparison.compare import Comparison, begin
from pap_core.training.config import PRESETS
from pap_core.training.run import Run

ROOT = Path(__file__).parents[1]
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync")
PATIENCE = 600_000  # ms
LOSSES = ("generator", "adversarial", "l1", "discriminator", "cross_entropy", "dice")
ROWS, EVERY, STEPS = 300, 13.0, 40_000  # rows that are there, s between two, steps of the run
PAGES = {"train?train_run=watched": "Images per second", "compare": "It continues when you leave the page."}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--against", type=Path, help="another checkout of the project, measured as well")
    parser.add_argument("--data", type=Path, help="a finished data set; one is painted unless given")
    options = parser.parse_args()
    chromium = shutil.which("chromium")
    if not chromium:
        sys.exit("no chromium found; install Debian's package 'chromium'")
    with tempfile.TemporaryDirectory() as place, ExitStack() as stack:
        os.environ["PAP_WORKSPACE"] = place
        run, comparison = _furnish(Path(place), options.data)
        stack.enter_context(run.beating())
        stack.enter_context(comparison.beating())
        threading.Thread(target=_train, args=(run,), daemon=True).start()
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        here = _measure(ROOT, browser, options.seconds)
        if options.against:
            before = _measure(options.against.resolve(), browser, options.seconds)
            for page in PAGES:
                print(f"{page.partition('?')[0]:<10} {before[page] / here[page]:6.1f} × as dear before")
        browser.close()


def _furnish(place: Path, data: Path | None) -> tuple[Run, Comparison]:
    """Put a data set, a run and a comparison into a workspace."""
    ready = place / "datasets" / "phantoms"
    ready.parent.mkdir()
    if data is None:
        painted = str(place / "painted")
        for command in (["phantom", painted, "--smears", "6"], ["build", painted, str(ready)]):
            subprocess.run([sys.executable, "-m", "pap_core", *command], cwd=ROOT, check=True)
    else:
        shutil.copytree(data, ready)
    run = Run.create(place / "runs" / "watched", PRESETS["tiny"], [ready])
    for number in range(1, ROWS + 1):
        run.append_metrics(_row(number))
    run.write_status(state="running", phase="training", device="cpu", started=time.time(), steps=STEPS)
    comparison = begin(ready, 20.0)
    told = {"methods": ["k-means", "otsu"], "method": "otsu", "what": "measuring", "done": 7, "total": 900}
    comparison.write_status(state="working", **told)
    return run, comparison


def _row(number: int) -> dict:
    values = {name: 1 + 1 / number for name in LOSSES}
    return {"kind": "step", "step": 20 * number, "epoch": 1, **values, "lr": 2e-3, "images_per_second": 8.0}


def _train(run: Run) -> None:
    """Write what a training does, until the program ends."""
    number = ROWS
    while run.folder.exists():
        number += 1
        run.append_metrics(_row(number))
        run.write_status(step=20 * number, epoch=1, epochs=12)
        time.sleep(EVERY)


def _measure(root: Path, browser: Browser, seconds: float) -> dict[str, float]:
    """Serve a checkout; return the server's share of a core by the page that is open."""
    found = {}
    with _served(root) as (url, server):
        print(f"{root}", flush=True)
        for address, there in PAGES.items():
            page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
            page.set_default_timeout(PATIENCE)
            sent: list[object] = []
            page.on(
                "websocket",
                lambda channel, sent=sent: channel.on("framesent", lambda frame: sent.append(frame)),
            )
            page.goto(f"{url}/{address}")
            page.get_by_text(there).first.wait_for()
            page.wait_for_timeout(10_000)
            sent.clear()
            found[address] = _share(server, page, seconds)
            name = address.partition("?")[0]
            print(f"  {name:<10} {found[address]:7.2%} of a core, {len(sent)} messages", flush=True)
            page.context.close()
        blank = browser.new_page()
        print(f"  no page    {_share(server, blank, seconds):7.2%} of a core", flush=True)
        blank.close()
    return found


def _share(server: psutil.Process, page: Page, seconds: float) -> float:
    """Return the processor time that a server takes in a while, as a share of one core."""
    before, began = server.cpu_times(), time.monotonic()
    page.wait_for_timeout(1000 * seconds)
    after = server.cpu_times()
    spent = after.user + after.system - before.user - before.system
    return spent / (time.monotonic() - began)


@contextmanager
def _served(root: Path) -> Iterator[tuple[str, psutil.Process]]:
    """Run the app of a checkout; yields its address and its process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}"]
    server = psutil.Popen(
        [*command, "--server.address=127.0.0.1"],
        cwd=root, env=os.environ | {"PYTHONPATH": str(root)}, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        url = f"http://127.0.0.1:{port}"
        while True:
            try:
                urllib.request.urlopen(f"{url}/_stcore/health").close()
                break
            except OSError:
                time.sleep(0.1)
        yield url, server
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
