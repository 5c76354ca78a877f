"""Processes that a page starts, as the system sees them."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

import pap_core
from pap_core.jobs import background

PROJECT = Path(__file__).parents[2]
NICE = background.NICE  # of people, not of tests


@pytest.fixture
def busy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[subprocess.Popen]:
    """A process started with a relative workspace, on one core, which it keeps busy."""
    (tmp_path / "busy.py").write_text(
        "import os, sys\n"
        "print(os.environ['PAP_WORKSPACE'], sys.argv[1], sys.stdin.read() == '', flush=True)\n"
        "while True: pass\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PAP_WORKSPACE", "space")
    monkeypatch.setattr(background, "NICE", NICE)
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    process = background.start(["busy", "argument"], tmp_path / "log", {"PYTHONPATH": str(tmp_path)})
    try:
        yield process
    finally:
        os.sched_setaffinity(0, before)
        process.kill()
        process.wait()


def test_it_has_the_workspace_and_its_own_session_and_its_words_are_kept(
    busy: subprocess.Popen, tmp_path: Path
) -> None:
    log, deadline = tmp_path / "log", time.monotonic() + 30
    while not log.read_text().endswith("\n") and time.monotonic() < deadline:
        time.sleep(0.05)
    assert log.read_text() == f"{tmp_path / 'space'} argument True\n"
    assert os.getsid(busy.pid) == busy.pid != os.getsid(0)
    busy.send_signal(signal.SIGTERM)
    assert busy.wait(timeout=30) == -signal.SIGTERM


def test_it_is_nicer_than_those_who_wait_at_a_page_as_a_process_and_as_a_session(
    busy: subprocess.Popen,
) -> None:
    assert psutil.Process(busy.pid).nice() == background.NICE > psutil.Process().nice()
    group = Path(f"/proc/{busy.pid}/autogroup")
    if group.exists():
        expected = max(background.NICE, background.niceness_of_session())
        assert re.search(r"nice (-?\d+)", group.read_text())[1] == str(expected)


@pytest.mark.skipif(not Path("/proc/self/autogroup").exists(), reason="needs sessions that share the time")
def test_it_never_comes_before_the_session_that_started_it(tmp_path: Path) -> None:
    starter = (
        "import pathlib, sys\n"
        "from pap_core.jobs import background\n"
        "pathlib.Path('/proc/self/autogroup').write_text('15')\n"
        "sleep = ['timeit', '-n1', '-r1', 'import time; time.sleep(60)']\n"
        "one = background.start(sleep, pathlib.Path(sys.argv[1]))\n"
        "print(pathlib.Path(f'/proc/{one.pid}/autogroup').read_text())\n"
        "one.kill()\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", starter, str(tmp_path / "log")],
        capture_output=True,
        text=True,
        check=True,
        cwd=PROJECT,
        start_new_session=True,
    )
    assert said.stdout.strip().endswith("nice 15")


def test_on_a_core_that_two_want_it_takes_the_smaller_part(busy: subprocess.Popen) -> None:
    if background.niceness_of_session() >= background.NICE:
        pytest.skip("the session of this test gives way as much as what it starts")
    other = psutil.Process(busy.pid)
    time.sleep(1)  # its interpreter has started
    began, its, mine = time.monotonic(), sum(other.cpu_times()[:2]), time.process_time()
    while time.monotonic() - began < 3:
        pass
    assert time.process_time() - mine > 1.5 * (sum(other.cpu_times()[:2]) - its)


@pytest.mark.skipif(
    not Path("/proc/self/autogroup").exists() or os.geteuid() != 0 or not shutil.which("setpriv"),
    reason="needs sessions that share the time, and a root who can give up the right to change them at will",
)
def test_of_several_started_at_once_all_give_way_without_root_s_rights(tmp_path: Path) -> None:
    starter = (
        "import sys\n"
        "from pathlib import Path\n"
        "from pap_core.jobs import background\n"
        "log = Path(sys.argv[1], 'log')\n"
        "sleep = ['timeit', '-n1', '-r1', 'import time; time.sleep(60)']\n"
        "started = [background.start(sleep, log) for _ in range(4)]\n"
        "print([Path(f'/proc/{one.pid}/autogroup').read_text().split()[-1] for one in started])\n"
        "[one.kill() for one in started]\n"
    )
    command = ["setpriv", "--bounding-set=-sys_admin", sys.executable, "-c", starter, str(tmp_path)]
    told = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    assert told == f"{[str(max(NICE, background.niceness_of_session()))] * 4}\n"


def test_it_has_this_package_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    (tmp_path / "pap_core").mkdir()  # another one
    (tmp_path / "pap_core" / "__init__.py").write_text("raise RuntimeError")
    told = "import os, pap_core; print(os.environ.get('PYTHONPATH'), pap_core.__file__)"
    process = background.start(["timeit", "-n1", "-r1", told], tmp_path / "log")
    assert process.wait(timeout=60) == 0, (tmp_path / "log").read_text()
    assert (tmp_path / "log").read_text().splitlines()[0] == f"None {pap_core.__file__}"
