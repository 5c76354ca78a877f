"""Builds that run by themselves: a process each, which a page starts, watches and stops through a folder.

A job folder lies in the workspace's ``builds``. It holds the order, an uploaded archive and what it
unpacks to, the data set as far as it is, and how far that is; once the data set is finished it moves to
``datasets`` in one step, and the job folder goes. So a build outlives the browser, the server and a
restart of both, and half a data set is never seen.
"""

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal

from pap_core.errors import InputError
from pap_core.files import Count, PathText, read_json, write_whole
from pap_core.jobs import status
from pap_core.jobs.job import STOPPING, Job
from pap_core.jobs.queue import QUEUED
from pap_core.jobs.removal import remove, unwritable
from pap_core.workspace import datasets, workspace

if TYPE_CHECKING:
    from pap_core.reviews.store import Reviews

STARTING = "starting"
ORDER, UPLOAD, UNPACKED, PAINTED, EXPORTED, RESULT = (
    *("order.json", "upload.zip", "unpacked", "painted", "reviews", "set"),
)
_PATIENT = 19  # niceness of a build that nobody waits for
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 _.-]{0,62}[A-Za-z0-9_-])?")


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
    """How far a build is."""

    state: str  # of `Build.ACTIVE`, or stopping, stopped, failed, lost
    done: int = 0
    total: int = 0  # 0 while unknown
    error: str = ""
    heartbeat: float = 0.0  # s since the epoch, of the last word

    @property
    def at_work(self) -> bool:
        """Whether a process is at it."""
        return self.state in (*Build.ACTIVE, STOPPING)


class Told(status.Told, total=False):
    """The content of ``status.json``."""

    state: Literal[
        "starting", "queued", "waiting", "unpacking", "painting", "reading", "cutting", "stopped", "failed"
    ]
    bringing: bool  # the process told of is a server, which brings what is to be built


class Build(Job):
    """One build, by its folder, which is called as the data set to come."""

    NOUN = "build"
    # "waiting" is what versions before 1.0 say for "queued"
    ACTIVE = (STARTING, QUEUED, "waiting", "unpacking", "painting", "reading", "cutting")
    LOG = "log.txt"
    TOLD = Told
    REMEDY = "continue the build, or delete it"

    def order(self) -> Order:
        """Return what was ordered; FileNotFoundError once the build is done or deleted.

        Raises:
            InputError: it is damaged.
        """
        return read_json(self.folder / ORDER, Order, "delete the build and start a new one")

    def tell(self, state: str, done: int = 0, total: int = 0) -> None:
        """Write down how far this process is."""
        self.write_status(state=state, done=done, total=total, error=None)

    def progress(self) -> Progress | None:
        """Return how far the build is, None once it is done or deleted."""
        told = self.read_status()
        if not told and not self.folder.is_dir():
            return None
        error = told.get("error") or self.status_damage()
        numbers = {name: told.get(name, 0) for name in ("done", "total", "heartbeat")}
        return Progress(self.state_in(told), error=error, **numbers)

    def start(self) -> None:
        """Start a process for the build, and return at once: it begins, or goes on where it was.

        Raises:
            InputError: one is at work, the workspace cannot be written, or the order never arrived whole.
        """
        with self.shut():
            self._start()

    def stop(self) -> None:
        """Ask the process to end; see `pap_core.jobs.job.Job.stop`.

        Raises:
            InputError: also while a server brings what is to be built, for it would end the server.
        """
        if self.at_work and self.read_status().get("bringing"):
            raise InputError(f"{self.name}: what it is built from is still being copied; stop it after that.")
        super().stop()

    def begin(self, order: Order, bring: Callable[[Path], object] | None = None) -> None:
        """Bring what is to be built into the new folder, and start; raises as `start`."""
        with self.shut():
            self.write_status(state=STARTING, bringing=True)  # which may be large
            if bring is not None:
                bring(self.folder)
            write_whole(self.folder / ORDER, json.dumps(asdict(order), indent=2).encode())
            self._start()

    def _start(self) -> None:
        try:
            patient = self.order().smears is not None
        except (FileNotFoundError, InputError):
            raise InputError(
                f"{self.name}: the build was broken off before it began; start a new one."
            ) from None
        self.launch(
            ["pap_core.data.build_process", str(self.folder.resolve())],
            {"state": STARTING, "bringing": False, "done": 0, "total": 0, "error": None},
            {"OMP_NUM_THREADS": "1"},
            _PATIENT if patient else None,
        )


def from_folder(name: str, source: Path, options: dict) -> Build:
    """Start to build a data set of the workspace from a folder; raises as `from_archive`."""
    return _create(name, options, folder=str(source.resolve()))


def from_archive(name: str, file: BinaryIO, archive: str, options: dict) -> Build:
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


def phantoms(name: str, smears: int) -> Build:
    """Start to paint phantom smears and to build a data set of them; raises as `from_archive`."""
    return _create(name, {"mode": "window"}, smears=smears)


def from_reviews(name: str, reviews: "Reviews", options: dict) -> Build:
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


def listed() -> list[Build]:
    """Return the jobs that are not done, by name."""
    try:
        found = [path for path in builds().iterdir() if path.is_dir() and not path.name.startswith(".")]
    except OSError:
        return []
    return [Build(path) for path in sorted(found)]


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
    name: str,
    options: dict,
    bring: Callable[[Path], object] | None = None,
    folder: str | None = None,
    archive: str | None = None,
    smears: int | None = None,
) -> Build:
    order = Order(str((datasets() / name).absolute()), options, folder, archive, smears)
    place = (builds() / name).absolute()
    try:
        check_name(name)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.mkdir(mode=0o700)  # what is uploaded is nobody else's
    except FileExistsError:
        raise InputError(f"{name}: a build of that name is there already; choose another name.") from None
    except OSError as error:
        raise unwritable(error) from error
    build = Build(place)
    try:
        build.begin(order, bring)
    except BaseException:
        remove(place)
        raise
    return build
