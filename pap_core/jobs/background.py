"""Processes that a page starts: nothing ends them with the server, and they give way to who waits at a page.

A step of training needs all cores at once, and so does a prediction. Side by side on the same cores they wait
for each other, and a smear of 3 s then takes a minute (``benchmarks/beside_training.py``). So whoever
waits at a page comes first, and what runs by itself takes the rest.
"""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from pap_core.workspace import workspace

NICE = 10
_TIME_TO_END = 3.0  # s between asking a process to end at once and ending it
HOME = Path(__file__).parents[2]  # holds this package: there ``python -m`` finds it, and no other one


def start(
    module: Sequence[str],
    log: Path,
    environment: Mapping[str, str] | None = None,
    niceness: int | None = None,
) -> subprocess.Popen:
    """Start ``python -m MODULE …`` with the workspace of this process, and return at once.

    Args:
        module: its name, then its arguments; paths among them are absolute, for it runs in `HOME`.
        log: the file that what it prints is added to.
        environment: what it gets beside this process's.
        niceness: from 0, as all others, to 19, only what nobody else wants; `NICE` by default.

    Raises:
        OSError: the log cannot be written, or the system has no room for another process.
    """
    here = {"PAP_WORKSPACE": str(workspace().resolve())}
    with open(log, "ab") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", *module],
            cwd=HOME,
            env={**os.environ, **here, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,  # a signal to the server is none to it
        )
    _give_way(process.pid, NICE if niceness is None else niceness)
    return process


def _give_way(pid: int, niceness: int) -> None:
    """Let a process, and what it will start, take only the time that others leave.

    Linux may share the time between sessions before it looks at niceness within one; then a session's own
    niceness counts (``man 7 sched``, "The autogroup feature").
    """
    with suppress(psutil.Error):  # it has ended
        process = psutil.Process(pid)
        process.nice(max(niceness, process.nice()))
    for _ in range(5):
        try:
            Path(f"/proc/{pid}/autogroup").write_text(str(max(niceness, niceness_of_session())))
            return
        except BlockingIOError:  # all but root may change one in a tenth of a second
            time.sleep(0.1)
        except OSError:  # no such file here
            return


def niceness_of_session() -> int:
    """Return how far the session of this process gives way to others, 0 where nothing tells."""
    try:
        return int(Path("/proc/self/autogroup").read_text().rsplit(maxsplit=1)[-1])
    except (OSError, ValueError, IndexError):  # no such file here
        return 0


def end(process: psutil.Process) -> None:
    """End a process and those it started: it is asked first, and made to when it does not."""
    try:
        family = [process, *process.children(recursive=True)]
        process.terminate()
    except psutil.Error:
        return
    for one in psutil.wait_procs(family, timeout=_TIME_TO_END)[1]:
        with suppress(psutil.Error):  # it ended just now
            one.kill()
