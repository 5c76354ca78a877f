"""Processes of runs: found, and whether they wait."""

import os
from contextlib import suppress

import psutil

from pap_core.training.run import Run


def processes(run: Run) -> list[psutil.Process]:
    """Return the processes at work for a run, without their workers.

    A killed one has no command line while its memory is given back, which takes a moment: until it is gone,
    the run's status tells.
    """
    found = []
    told = run.read_status().get("pid")
    for one in psutil.process_iter(["cmdline", "status"]):
        at_work = str(run.folder.resolve()) in (one.info["cmdline"] or []) or one.pid == told
        with suppress(ProcessLookupError):  # it ended just now
            if at_work and one.info["status"] != psutil.STATUS_ZOMBIE and os.getsid(one.pid) == one.pid:
                found.append(one)
    return found


def waits(run: Run, place: int) -> bool:
    """Whether the process of a run has said that it waits, and at which place."""
    return run.read_status().get("queue_place") == place
