"""What the process of a run does: wait for its turn, train, evaluate, and tell how it is meanwhile."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from pap_core.data.described import located
from pap_core.errors import InputError
from pap_core.jobs.queue import QUEUED
from pap_core.jobs.throttle import Throttle
from pap_core.training import processes
from pap_core.training.allocation import keep_freed
from pap_core.training.device import turn
from pap_core.training.planning.machine import CPU
from pap_core.training.run import Run


class _Stopped(Exception):
    """The evaluation is not wanted any more."""


def work(
    run: Run,
    cpu: bool = False,
    evaluate: bool = False,
    progress: Callable[[dict], None] | None = None,
) -> dict:
    """Do all of a run in this process, from its queue to its end.

    SIGTERM or Ctrl-C makes it write a checkpoint and end, a second one ends it at once. Where `torchrun`
    started several processes, it has dealt out the devices: there is no queue, and only the first of them
    writes.

    Args:
        run: begun or not.
        cpu: leave the GPUs alone.
        evaluate: measure the best checkpoint on the test sides of the run's data sets when it is trained.
        progress: see `pap_core.training.loop.train`.

    Returns:
        The last status.

    Raises:
        InputError: another process is at it, the data are gone, the disk is full, the losses are no numbers.
    """
    run.read_settings()  # that it is one
    with ExitStack() as stack:
        processes.on_main(lambda: stack.enter_context(run.held()), cpu)
        if not processes.is_main():
            for signum in (signal.SIGTERM, signal.SIGINT):  # the main one decides, for all to end together
                signal.signal(signum, signal.SIG_IGN)
            return _train(run, cpu, None)
        stack.enter_context(_stops_when_asked(run))
        try:
            _queue(run, evaluate)
            with run.beating():
                if processes.count() > 1:
                    return _all(run, "", cpu, evaluate, progress)
                with turn(run, cpu, _say) as device:
                    if device is None:
                        run.write_status(state="stopped", queue_place=0)
                        run.forget_stop()
                        return run.read_status()
                    return _all(run, device, cpu, evaluate, progress)
        except BaseException as error:
            if run.read_status().get("state") in Run.ACTIVE:  # not told by the loop
                run.fail(error)
            if isinstance(error, OSError):
                raise InputError(run.told(error)) from error
            raise


def _queue(run: Run, evaluate: bool) -> None:
    """Write down that the run is queued: since it was started, where a page did that."""
    before = run.read_status()
    here = before.get("state") == QUEUED and before.get("pid") == os.getpid()
    run.write_status(
        state=QUEUED,
        queued=before.get("queued", time.time()) if here else time.time(),
        queue_place=0,
        device="",
        phase="",
        note="",
        error=None,
        to_evaluate=evaluate,
        done=0,
        total=0,
    )


def _all(run: Run, device: str, cpu: bool, evaluate: bool, progress: Callable[[dict], None] | None) -> dict:
    if device == CPU:
        keep_freed()
    started = run.read_status().get("started") or time.time()  # a run that is resumed began before
    run.write_status(state="running", phase="training", device=device, queue_place=0, started=started)
    status = _train(run, cpu, progress)
    if status["state"] == "finished" and evaluate:
        run.write_status(phase="evaluating")
        _evaluate(run, cpu)
    run.write_status(phase="", to_evaluate=False)
    return run.read_status()


def _train(run: Run, cpu: bool, progress: Callable[[dict], None] | None) -> dict:
    from pap_core.training.loop import Divergence, train

    try:
        return train(run, progress, cpu)
    except Divergence as error:
        raise InputError(str(error)) from error


def _evaluate(run: Run, cpu: bool) -> None:
    """Measure the best checkpoint; whatever comes in the way of that is a note on a finished run."""
    try:
        _evaluate_all(run, cpu)
    except (_Stopped, KeyboardInterrupt):
        run.forget_stop()
        run.note("The evaluation was stopped; the Results page can make it.")
    except Exception as error:
        run.note(f"The evaluation failed: {run.told(error)}")


def _evaluate_all(run: Run, cpu: bool) -> None:
    from pap_core.evaluation.store import evaluate_and_keep, find, split_of
    from pap_core.inference.segmenter import Segmenter
    from pap_core.model.checkpoint import read

    checkpoint = read(run.folder / "checkpoints" / "best")
    splits = [split_of(located(Path(one["folder"]), one["digest"])) for one in run.read_config()[1]]
    # corrections may have been given to learn from alone
    splits = [split for split in splits if split.crops and not find(checkpoint.digest, split)]
    if not splits:
        return
    segmenter = Segmenter(checkpoint, "cpu" if cpu else None)
    total, before, throttle = sum(split.crops for split in splits), 0, Throttle()

    def progress(done: int, _: int) -> None:
        if run.stop_asked:
            raise _Stopped
        if throttle.due():
            run.write_status(done=before + done, total=total)

    for split in splits:
        evaluate_and_keep(segmenter, split, progress)
        before += split.crops


@contextmanager
def _stops_when_asked(run: Run) -> Iterator[None]:
    """Make SIGTERM and Ctrl-C ask the run to stop with a checkpoint; a second one ends it at once."""
    here = os.getpid()

    def stop(signum: int, frame) -> None:
        if os.getpid() != here:  # a worker that loads data: Ctrl-C reaches it too
            return
        if not run.ask_to_stop():
            raise KeyboardInterrupt
        _say("stopping after a checkpoint; once more ends it at once")

    before = {signum: signal.signal(signum, stop) for signum in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)


def _say(text: str) -> None:
    with suppress(OSError):  # nobody listens, or the log has no room
        os.write(sys.stderr.fileno(), f"{text}\n".encode())
