"""Work that outlives a page: a folder, and a process that works there.

The folder alone tells how far the work is, and is all that whoever watches it needs: ``status.json`` (state,
process, heartbeat), ``lock`` (held by the process at work), ``stop`` (somebody wants it to end), a log. So a
job outlives the browser, the server that started it, and a restart of both; and a process that was killed,
however that happened, is seen to be gone. Nothing here imports torch.
"""

import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import psutil

from pap_core.errors import InputError
from pap_core.jobs import background, liveness, lock, status
from pap_core.jobs.removal import remove, sweep

STOPPING, STOPPED, FAILED, LOST = "stopping", "stopped", "failed", "lost"
BEAT = 2.0  # s between heartbeats
_STOP = "stop"
_AT_ONCE = 2.0  # s: two people who press Stop within it have pressed once


@dataclass(frozen=True)
class Job:
    """A job by its folder; what sort of job it is, the class says."""

    folder: Path

    NOUN: ClassVar[str]  # what people call it
    ACTIVE: ClassVar[tuple[str, ...]]  # of its states: a process is at work
    LOG: ClassVar[str]  # name of the file with what its process prints
    TOLD: ClassVar[type]  # of its status, a `pap_core.jobs.status.Told`
    REMEDY: ClassVar[str]  # what to do where its status is damaged

    @property
    def name(self) -> str:
        """What it is called: its folder's name."""
        return self.folder.name

    # The status

    def read_status(self) -> dict[str, Any]:
        """Return the content of ``status.json``; nothing where it is missing, or torn as the power failed."""
        try:
            return status.read(self.folder, self.TOLD, self.REMEDY)
        except InputError:
            return {}

    def status_damage(self) -> str:
        """Say what is wrong with ``status.json``, "" where nothing is, or there is none."""
        try:
            status.read(self.folder, self.TOLD, self.REMEDY)
        except InputError as error:
            return str(error)
        return ""

    def write_status(self, pid: int | None = None, **values: Any) -> None:
        """Change values of ``status.json``, which is written whole, and put the process and the time to it.

        Only one process at a time writes: the one at work, or the one that starts it just now.

        Args:
            pid: of the process that is at work, by default this one.
            values: to change; what the status says besides them stays.
        """
        status.change(self.folder, self.read_status, pid, values)

    def state(self) -> str:
        """Return the state: what the status says, or `STOPPING`, `STOPPED`, `LOST` as the process is found.

        A process that lives but says nothing is still at work, for it may go on and must not get company. One
        that was asked to stop and is gone has stopped, even where it could not write that down.
        """
        return self.state_in(self.read_status())

    def state_in(self, told: Mapping[str, Any]) -> str:
        """Return the state by a status that was read; see `state`."""
        said = told.get("state", LOST)  # torn as the power failed
        if said not in (*self.ACTIVE, LOST):
            return said
        asked = self.stop_asked
        if liveness.living(told):
            return STOPPING if asked else said
        return STOPPED if asked else LOST

    @property
    def at_work(self) -> bool:
        """Whether a process is at work."""
        return self.state() in (*self.ACTIVE, STOPPING)

    def other_process(self) -> int | None:
        """Return the id of another process that is at work, None if there is none."""
        told = self.read_status()
        return told["pid"] if liveness.living(told) and told["pid"] != os.getpid() else None

    # From outside: whoever starts it, stops it, removes it

    @contextmanager
    def shut(self) -> Iterator[None]:
        """See that no process is at work, and that none begins while the context lasts.

        Raises:
            InputError: one is at work, or the folder cannot be written.
        """
        try:
            with lock.shut(self.folder):
                if self.at_work:
                    raise lock.Taken
                yield
        except lock.Taken:
            raise self._taken() from None
        except OSError as error:
            raise self.unwritable(error) from error

    def launch(
        self,
        command: Sequence[str],
        begun: Mapping[str, Any],
        environment: Mapping[str, str] | None = None,
        niceness: int | None = None,
    ) -> None:
        """Start a process for the job, and return at once; to be called while it is `shut`.

        Args:
            command: a module and its arguments; it calls `held`.
            begun: what the status says until the process speaks.
            environment: see `pap_core.jobs.background.start`.
            niceness: see there.
        """
        self.forget_stop()
        process = background.start(command, self.folder / self.LOG, environment, niceness)
        try:
            self.write_status(process.pid, **begun)
        except BaseException:
            process.kill()
            raise

    def stop(self) -> None:
        """Ask the process to end, so that `start` can go on from there; asked again, end it at once.

        Two requests within two seconds are one: two people pressed, or one pressed twice.

        Raises:
            InputError: no process is at work, or it is on another machine.
        """
        if not self.at_work:
            raise InputError(f"{self.name}: no process is at work for it, so there is nothing to stop.")
        try:
            if self.ask_to_stop():
                self.hasten()
                return
            # however the clock was set meanwhile
            if abs(time.time() - (self.folder / _STOP).stat().st_mtime) < _AT_ONCE:
                return
        except FileNotFoundError:  # it has just obeyed
            return
        except OSError as error:
            raise self.unwritable(error) from error
        threading.Thread(target=background.end, args=(self._process(),)).start()

    def hasten(self) -> None:
        """Interrupt a process that was asked to stop; one that looks by itself whether it was need not be."""
        try:
            process = self._process()
        except InputError:
            self.forget_stop()
            raise
        with suppress(psutil.Error):  # it ended just now
            process.terminate()

    def delete(self) -> None:
        """Remove the job and all its folder holds.

        Raises:
            InputError: a process is at work for it, or the workspace cannot be written.
        """
        if not self.folder.exists():  # somebody else did it
            return
        with self.shut():
            sweep(self.folder.parent)  # what a process left that was killed meanwhile
            remove(self.folder)

    # From within: the process at work

    @contextmanager
    def held(self) -> Iterator[bool]:
        """Keep every other process from working here while the context lasts; again within itself is fine.

        Yields:
            Whether it is anew, not within itself.

        Raises:
            InputError: another process is at it, or the folder cannot be written.
        """
        entered = False
        try:
            with lock.held(self.folder, self.other_process) as anew:
                if anew:
                    self._forget_old_stop()
                entered = True
                yield anew
        except lock.Taken as taken:
            raise self._taken(taken.pid) from None
        except OSError as error:
            if entered:  # of the work itself
                raise
            raise self.unwritable(error) from error

    @contextmanager
    def beating(self) -> Iterator[None]:
        """Renew the status while the context lasts, whatever the work is at."""
        over = threading.Event()

        def beat() -> None:
            while not over.wait(BEAT):
                with suppress(OSError):  # no room, or the folder is gone: the work will tell
                    self.write_status()

        heart = threading.Thread(target=beat, daemon=True)
        heart.start()
        try:
            yield
        finally:
            over.set()
            heart.join()

    def fail(self, error: BaseException, **values: Any) -> None:
        """Write down why the process at work ends before its time; an interruption is no failure."""
        said: dict[str, Any] = {"state": FAILED, "error": self.told(error)}
        if isinstance(error, KeyboardInterrupt):
            said = {"state": STOPPED, "error": None}
        with suppress(OSError):  # a disk without room for this much: the process is seen to be gone
            self.write_status(**said | values)

    def told(self, error: BaseException) -> str:
        """Say in one sentence why the process ended."""
        if isinstance(error, InputError):
            return str(error)
        if isinstance(error, OSError) and error.strerror:
            return f"{error.filename or self.folder}: {error.strerror}; fix that and resume the {self.NOUN}."
        return f"{type(error).__name__}: {error}"

    # The wish that it ends

    @property
    def stop_asked(self) -> bool:
        """Whether somebody asked the process to end, by a file named ``stop``."""
        return (self.folder / _STOP).exists()

    def ask_to_stop(self) -> bool:
        """Ask the process to end as soon as it may; False if it has been asked."""
        try:
            (self.folder / _STOP).touch(exist_ok=False)
        except FileExistsError:
            return False
        return True

    def forget_stop(self) -> None:
        """Take back what `ask_to_stop` asked."""
        (self.folder / _STOP).unlink(missing_ok=True)

    def _forget_old_stop(self) -> None:
        """Take back what was asked of an earlier process that ended before it could obey.

        What was asked of this one stands, be it before its first step.
        """
        path = self.folder / _STOP
        if path.exists() and path.stat().st_mtime < psutil.Process().create_time():
            self.forget_stop()

    # Words

    def unwritable(self, error: OSError) -> InputError:
        """Return what to say where the folder cannot be written."""
        return InputError(
            f"{self.folder}: the folder of the {self.NOUN} cannot be written ({error.strerror}); make room "
            "there, or make it writable, and try again."
        )

    def _taken(self, pid: int | None = None) -> InputError:
        who = f"process {pid}" if pid else "a process"
        return InputError(f"{self.name}: {who} is at work for it already; stop it first.")

    def _process(self) -> psutil.Process:
        process = liveness.process_of(self.read_status())
        if process is None:
            raise InputError(f"{self.name}: its process is on another machine; end it there.")
        return process
