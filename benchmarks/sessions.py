"""Many browser sessions at once: time to the first page, time to a result, to an answer, memory each.

    python benchmarks/sessions.py --sessions 20

Starts the app as a person does, opens it once so that the model is loaded, then all sessions at the same
moment, each in a browser profile of its own. Every session uploads a smear that no other has, so that no
result is shared. The browsers draw on the same cores: the server's own share is told beside. Needs
Debian's chromium.
"""

import argparse
import asyncio
import io
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import psutil
from PIL import Image
from playwright.async_api import Browser, Page, async_playwright

sys.path.insert(0, str(Path(__file__).parents[1]))

from pap_core.data.phantom.smear import smear

ROOT = Path(__file__).parents[1]
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync")
FIELD = (1024, 768)
PATIENCE = 600_000  # ms
MB = 2**20


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sessions", type=int, default=20)
    options = parser.parse_args()
    chromium = shutil.which("chromium")
    if not chromium:
        sys.exit("no chromium found; install Debian's package 'chromium'")
    pictures = [_picture(seed) for seed in range(options.sessions)]
    with tempfile.TemporaryDirectory() as workspace, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        command = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}"]
        server = subprocess.Popen(
            [*command, "--server.address=127.0.0.1"],
            cwd=ROOT, env=os.environ | {"PAP_WORKSPACE": workspace}, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            ready = Path(workspace, "datasets", "phantoms", "dataset.json")
            asyncio.run(_measure(f"http://127.0.0.1:{port}", server, chromium, pictures, ready))
        finally:
            server.terminate()
            server.wait()


async def _measure(
    url: str, server: subprocess.Popen, chromium: str, pictures: list[bytes], ready: Path
) -> None:
    memory = psutil.Process(server.pid).memory_info
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        began = time.perf_counter()
        await _until_there(url)
        page, _ = await _open(browser, url)
        print(f"start, load, first result        {time.perf_counter() - began:8.1f} s")
        while not ready.exists():  # the first data set, painted in the background at the first start
            await asyncio.sleep(1)
        print(f"a control answers, one session   {1000 * await _answer(page):8.0f} ms")
        before = memory().rss
        print(f"memory of the server             {before / MB:8.0f} MB")

        opened = await asyncio.gather(*(_open(browser, url) for _ in pictures))
        together = f"of {len(pictures)} at once: median, slowest"
        _row(f"first page, {together}", [seconds for _, seconds in opened])
        uploads = enumerate(zip(opened, pictures, strict=True))
        spent = _processor_time(server)
        found = await asyncio.gather(*(_upload(page, number, one) for number, ((page, _), one) in uploads))
        _row(f"a result, {together}", found)
        spent = (_processor_time(server) - spent) / len(pictures)
        print(f"processor time of the server a result            {spent:8.1f} s")
        after = memory().rss
        print(f"memory a session                 {(after - before) / len(pictures) / MB:8.1f} MB")
        for one, _ in opened:
            await one.context.close()
        again = await asyncio.gather(*(_open(browser, url) for _ in pictures))
        print(f"memory after as many more        {memory().rss / MB:8.0f} MB, {after / MB:.0f} before")
        for one in (page, *(one for one, _ in again)):
            await one.context.close()
        await browser.close()


async def _until_there(url: str) -> None:
    while True:
        try:
            await asyncio.to_thread(lambda: urllib.request.urlopen(f"{url}/_stcore/health").close())
            return
        except OSError:
            await asyncio.sleep(0.1)


async def _open(browser: Browser, url: str) -> tuple[Page, float]:
    """Open the app in a profile of its own; returns the page and seconds until its example is segmented."""
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    page = await context.new_page()
    page.set_default_timeout(PATIENCE)
    began = time.perf_counter()
    await page.goto(url)
    await page.get_by_text("taken for").first.wait_for()
    return page, time.perf_counter() - began


async def _upload(page: Page, number: int, content: bytes) -> float:
    """Upload a smear; returns seconds until it is segmented and shown."""
    name = f"session{number}.png"
    began = time.perf_counter()
    await page.locator("input[type=file]").first.set_input_files(
        {"name": name, "mimeType": "image/png", "buffer": content}
    )
    await page.get_by_role("heading", name=name).wait_for()
    await page.get_by_text("taken for").first.wait_for()
    return time.perf_counter() - began


async def _answer(page: Page) -> float:
    """Switch what stands beside the picture back and forth; returns the median of the seconds it takes."""
    pane = await page.locator("[data-pane=beside]").element_handle()
    seconds = []
    for _ in range(5):
        for choice, shown in (("Nothing", False), ("Colour map", True)):
            began = time.perf_counter()
            await page.get_by_text(choice, exact=True).first.click()
            await page.wait_for_function(  # at each frame; a locator looks twice a second
                "([pane, shown]) => (pane.offsetParent !== null) === shown", arg=[pane, shown], polling="raf"
            )
            seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


def _processor_time(server: subprocess.Popen) -> float:
    times = psutil.Process(server.pid).cpu_times()
    return times.user + times.system


def _picture(seed: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(smear("Parabasal", 1000 + seed, FIELD).image).save(buffer, format="PNG")
    return buffer.getvalue()


def _row(name: str, seconds: list[float]) -> None:
    print(f"{name:<50}{statistics.median(seconds):8.1f} s{max(seconds):8.1f} s")


if __name__ == "__main__":
    main()
