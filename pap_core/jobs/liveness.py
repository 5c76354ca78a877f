"""Whether the process that a status names is alive: by its id, its start since the boot, its heartbeat."""

import platform
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import psutil

SILENT = 60.0  # s without a heartbeat, after which a process is not counted on
_SAME = 0.05  # s, by which two readings of one process's start may differ
_BOOT = 60.0  # s, by which the time of a boot may be off
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")  # of Linux


def identity(pid: int | None = None) -> dict:
    """Return what tells a process from every other one, and the time: the part of a status about it."""
    process = psutil.Process(pid)
    return {
        "host": platform.node(),
        "pid": process.pid,
        "process_started": process.create_time(),
        "boot": psutil.boot_time(),
        "boot_id": _boot_id(),
        "heartbeat": time.time(),
    }


def since_boot(process: psutil.Process) -> float:
    """Return when a process began, in s since the boot: the same however the clock is set."""
    return psutil.Process(process.pid).create_time() - psutil.boot_time()


def process_of(status: Mapping[str, Any]) -> psutil.Process | None:
    """Return the process that a status names, None if it is gone, or another has its id now.

    Its start is compared as time since the boot: a clock that is set moves both. After another boot the
    same id and the same time since it mean nothing.
    """
    try:
        if status["host"] != platform.node() or _another_boot(status):
            return None
        process = psutil.Process(status["pid"])
        same = abs(since_boot(process) - (status["process_started"] - status["boot"])) < _SAME
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None
    except (KeyError, TypeError, psutil.Error):
        return None


def _another_boot(status: Mapping[str, Any]) -> bool:
    told, here = status.get("boot_id"), _boot_id()
    if told and here:
        return told != here
    return status["heartbeat"] < psutil.boot_time() - _BOOT


@cache
def _boot_id() -> str | None:
    """Name this boot whatever the clock says; None where the system has no name for it."""
    try:
        return _BOOT_ID.read_text().strip() or None
    except OSError:
        return None


def living(status: Mapping[str, Any]) -> bool:
    """Whether the process that a status names is at work; of another machine's, its heartbeat tells."""
    if status.get("host", platform.node()) != platform.node():
        return fresh(status)
    return process_of(status) is not None


def fresh(status: Mapping[str, Any]) -> bool:
    """Whether the process was heard of lately."""
    return abs(time.time() - status.get("heartbeat", 0.0)) < SILENT
