"""``status.json`` of a job: how far it is and which process is at it; written whole."""

import json
import threading
from pathlib import Path
from typing import Annotated, Any, TypedDict

import msgspec

from pap_core.files import Count, Moment, Number, read_as_written, write_whole
from pap_core.jobs import liveness

NAME = "status.json"
_writing = threading.Lock()  # the heart beats in a thread of its own, and both write the status


class Process(TypedDict, total=False):
    """What a status says of the process at work, see `pap_core.jobs.liveness.identity`."""

    host: str
    pid: Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
    process_started: Number
    boot: Number
    heartbeat: Moment


class Told(Process, total=False):
    """What every status says beside its state, which each sort of job names, with what is its own."""

    error: str | None  # one sentence, where it failed
    done: Count
    total: Count  # 0 while unknown
    queued: Moment  # since when it waits for its turn
    queue_place: Count  # from 1, while it waits for others; 0 while it does not
    device: str  # what it waits for, or works on


def read(folder: Path, schema: type, remedy: str) -> dict[str, Any]:
    """Return the content of a job's status, nothing where there is none.

    Args:
        folder: of the job.
        schema: a `Told`.
        remedy: what to do about a damaged one, the end of the sentence.

    Raises:
        InputError: it is damaged.
    """
    try:
        return read_as_written(folder / NAME, schema, remedy, f"{folder.name}/{NAME}")
    except FileNotFoundError:
        return {}


def write(folder: Path, content: dict[str, Any]) -> None:
    """Replace the status of a job."""
    write_whole(folder / NAME, json.dumps(content, indent=2).encode())


def change(folder: Path, before: Any, pid: int | None, values: dict[str, Any]) -> None:
    """Change values of a status, and put the process and the time to it.

    Args:
        folder: of the job.
        before: called to read the status as it is.
        pid: of the process that is at work, None for this one.
        values: to change; what the status says besides them stays.
    """
    with _writing:
        write(folder, before() | values | liveness.identity(pid))
