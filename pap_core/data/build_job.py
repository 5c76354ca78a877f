"""Builds that run by themselves: a process each, which a page starts, watches and stops through a folder.

A job folder lies in the workspace's ``builds``. It holds the order, an uploaded archive and what it
unpacks to, the data set as far as it is, and how far that is; once the data set is finished it moves to
``datasets`` in one step, and the job folder goes. So a build outlives the browser, the server and a
restart of both, and half a data set is never seen.
"""

import json
import re
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, Literal, NotRequired, TypedDict

import msgspec

from pap_core.errors import InputError
from pap_core.files import Count, Moment, Number, PathText, read_as_written, read_json, write_whole
from pap_core.jobs import background, liveness
from pap_core.jobs.removal import remove, unwritable
from pap_core.workspace import datasets, workspace

if TYPE_CHECKING:
    from pap_core.reviews.store import Reviews

ACTIVE = ("starting", "waiting", "unpacking", "painting", "reading", "cutting")
INTERRUPTED, STOPPED, FAILED = "interrupted", "stopped", "failed"
ORDER, STATUS, UPLOAD, UNPACKED, PAINTED, EXPORTED, RESULT = (
    *("order.json", "status.json", "upload.zip", "unpacked", "painted", "reviews", "set"),
)
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 _.-]{0,62}[A-Za-z0-9_-])?")
_STARTS_WITHIN = 60.0  # s, from the start of a process to its first word


@dataclass(frozen=True)
class Order:
    """What to build, from one of three: a folder, the uploaded archive, or phantoms painted for it."""

    out: PathText  # where the data set goes
    options: dict  # of `pap_core.data.build.BuildOptions`
    folder: PathText | None = None
    archive: str | None = None  # the name the upload came with
    smears: Count | None = None  # of phantoms; they are painted with all patience, when nobody else computes


@dataclass(frozen=True)
class Progress:
    """How far a job is."""

    state: str  # of `ACTIVE`, or interrupted, stopped, failed
    done: int = 0
    total: int = 0  # 0 while unknown
    error: str = ""
    since: float = 0.0  # seconds since the epoch, of the last word


class Told(TypedDict):
    """The content of ``status.json``."""

    state: Literal[(*ACTIVE, INTERRUPTED, STOPPED, FAILED)]
    since: Moment
    done: NotRequired[Count]
    total: NotRequired[Count]
    error: NotRequired[str]
    pid: NotRequired[Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]]
    process_started: NotRequired[Number]


@dataclass(frozen=True)
class Job:
    """One build, by its folder."""

    folder: Path

    @property
    def name(self) -> str:
        """The name of the data set to come."""
        return self.folder.name

    def order(self) -> Order:
        """Return what was ordered; FileNotFoundError once the job is done or deleted.

        Raises:
            InputError: it is damaged.
        """
        return read_json(self.folder / ORDER, Order, "delete the build and start a new one")

    def tell(self, state: str, done: int = 0, total: int = 0, error: str = "") -> None:
        """Write down how far this process is with the job."""
        told = {"state": state, "done": done, "total": total, "error": error}
        self._write(told | liveness.identity())

    def progress(self) -> Progress | None:
        """Return how far the job is, None once it is done or deleted."""
        error = ""
        try:
            status = self._status()
            since = status["since"]
        except (FileNotFoundError, InputError) as damage:
            error = "" if isinstance(damage, FileNotFoundError) else str(damage)
            try:
                status, since = {"state": "starting"}, self.folder.stat().st_mtime
            except OSError:
                return None
        found = Progress(**{name: status[name] for name in asdict(Progress("")) if name in status})
        fresh = found.state == "starting" and abs(time.time() - since) < _STARTS_WITHIN
        if found.state in ACTIVE and not fresh and not liveness.living(status):
            return Progress(INTERRUPTED, found.done, found.total, error, since)
        return found

    def start(self) -> None:
        """Start a process for the job. Where one is at work already, the new one ends at once.

        Raises:
            InputError: the workspace cannot be written, or the order never arrived whole.
        """
        try:
            patient = self.order().smears is not None
        except (FileNotFoundError, InputError):
            raise InputError(
                f"{self.name}: the build was broken off before it began; start a new one."
            ) from None
        niceness = 19 if patient else background.NICE
        command = ["pap_core.data.build_process", str(self.folder.resolve())]
        try:
            self._write({"state": "starting"})
            background.start(command, self.folder / "log.txt", {"OMP_NUM_THREADS": "1"}, niceness)
        except OSError as error:
            raise unwritable(error) from error

    def stop(self) -> None:
        """Ask the process to end; what is done stays, and `start` goes on from there."""
        try:
            process = liveness.process_of(self._status())
        except (FileNotFoundError, InputError):
            return
        if process is not None:
            process.terminate()

    def delete(self) -> None:
        """Remove the job and all it holds; the data set, once finished, is elsewhere."""
        remove(self.folder)

    def _status(self) -> dict:
        remedy = "continue the build, or delete it"
        return read_as_written(self.folder / STATUS, Told, remedy, f"{self.name}/{STATUS}")

    def _write(self, status: dict) -> None:
        content = json.dumps(status | {"since": time.time()})
        write_whole(self.folder / STATUS, content.encode())


def from_folder(name: str, source: Path, options: dict) -> Job:
    """Start to build a data set of the workspace from a folder; raises as `from_archive`."""
    return _create(name, options, folder=str(source.resolve()))


def from_archive(name: str, file: BinaryIO, archive: str, options: dict) -> Job:
    """Start to build a data set of the workspace from an uploaded ZIP archive, kept until it is built.

    Args:
        name: of the data set; see `check_name`.
        file: the archive, open at its beginning.
        archive: what to call it.
        options: of `BuildOptions`.

    Raises:
        InputError: a name that cannot be used or is taken, or a workspace that cannot be written.
    """

    def keep(folder: Path) -> None:
        with open(folder / UPLOAD, "xb") as copy:
            shutil.copyfileobj(file, copy, 1 << 20)

    return _create(name, options, keep, archive=archive)


def phantoms(name: str, smears: int) -> Job:
    """Start to paint phantom smears and to build a data set of them; raises as `from_archive`."""
    return _create(name, {"mode": "window"}, smears=smears)


def from_reviews(name: str, reviews: "Reviews", options: dict) -> Job:
    """Start to build a data set of the workspace from what was reviewed up to now; raises as `from_archive`.

    The process gets it as a folder: it neither has nor needs to know the way into the database.
    """
    from pap_core.reviews.exports import write

    return _create(
        name,
        options,
        lambda folder: write(reviews, "reviews", folder / EXPORTED),
        folder=str((builds() / name / EXPORTED).absolute()),
    )


def listed() -> list[Job]:
    """Return the jobs that are not done, by name."""
    try:
        found = [path for path in builds().iterdir() if path.is_dir() and not path.name.startswith(".")]
    except OSError:
        return []
    return [Job(path) for path in sorted(found)]


def builds() -> Path:
    """Return the folder of job folders."""
    return workspace() / "builds"


def check_name(name: str) -> None:
    """See that a name can become that of a data set.

    Raises:
        InputError: it is no plain name for a folder, or it is taken.
    """
    if not _NAME.fullmatch(name):
        raise InputError(
            f"{name!r}: no name for a data set; use up to 64 letters, digits, blanks, and . _ -, "
            "with a letter or digit first and no dot or blank last."
        )
    for place, what in ((datasets(), "a data set"), (builds(), "a build")):
        taken = [path.name for path in place.iterdir()] if place.is_dir() else []
        if name.casefold() in map(str.casefold, taken):
            raise InputError(f"{name}: {what} of that name is there already; choose another name.")


def _create(
    name: str, options: dict, bring: Callable[[Path], None] | None = None, **source: str | int
) -> Job:
    folder = (builds() / name).absolute()
    order = Order(str((datasets() / name).absolute()), options, **source)
    try:
        check_name(name)
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700)  # what is uploaded is nobody else's
    except FileExistsError:
        raise InputError(f"{name}: a build of that name is there already; choose another name.") from None
    except OSError as error:
        raise unwritable(error) from error
    try:
        if bring is not None:
            bring(folder)
        write_whole(folder / ORDER, json.dumps(asdict(order), indent=2).encode())
        Job(folder).start()
    except OSError as error:
        remove(folder)
        raise unwritable(error) from error
    except InputError:
        remove(folder)
        raise
    return Job(folder)
