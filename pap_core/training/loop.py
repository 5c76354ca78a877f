"""A run from its folder to its end: resumable at any checkpoint to the same curve."""

import math
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

from pap_core.data.dataset import Crops, load, training_and_validation
from pap_core.data.described import describe, located
from pap_core.errors import InputError
from pap_core.model.checkpoint import read
from pap_core.training import processes
from pap_core.training.run import Run
from pap_core.training.share import share_out
from pap_core.training.tensorboard import Events
from pap_core.training.trainer import Trainer
from pap_core.training.validation import samples, validate

LOG_EVERY = 20  # steps from one row of the curve to the next; only there the loop waits for the device
SAVE_EVERY = 180.0  # seconds between checkpoints within an epoch
TELL_EVERY = 5.0  # seconds after which the step is told, should there be no row of the curve before


class Divergence(RuntimeError):
    """A loss or a weight is no finite number any more; the last good checkpoint is kept."""


def train(run: Run, progress: Callable[[dict], None] | None = None, cpu: bool = False) -> dict:
    """Run or resume the training that a run folder describes, to its end or until asked to stop.

    Where `torchrun` started several processes, each of them calls this. They share every batch and the
    validation; the main one alone writes, and all need to see the run folder and the data sets.

    Args:
        run: a run folder made by `Run.create`; resumed when it holds a checkpoint.
        progress: called in the main process with each row that goes into ``metrics.jsonl``.
        cpu: do not use an accelerator.

    Returns:
        The last content of ``status.json``.

    Raises:
        InputError: the data set is gone or has changed, another process is training here, the memory is too
            small, or the processes cannot share the batch evenly.
        Divergence: a loss or a weight is NaN or infinite.
    """
    config, datasets = run.read_config()
    main = processes.is_main()
    with run.held() if main else nullcontext():
        try:
            processes.on_main(lambda: share_out(config.batch, 0, processes.count()), cpu)
            folders = _checked(datasets)
            crops = load(folders, "train")
            training, validation = training_and_validation(crops, config.validation, config.seed)
            initial = read(run.initial).generator if run.initial.exists() else None
            weights = {
                str(at): one["weight"] for at, one in zip(folders, datasets, strict=True) if "weight" in one
            }
            trainer = Trainer(config, training, cpu, initial, weights)
            state = run.load_last()
            if state:
                trainer.load_state(state)
            records = _Records(run, trainer, progress) if main else None
            with records.events if records else nullcontext():
                _to_the_end(run, trainer, validation, records)
            if processes.count() > 1:
                trainer.accelerator.end_training()
        except BaseException as error:
            if main:
                run.fail(error)
            raise
    return run.read_status()


def _to_the_end(run: Run, trainer: Trainer, validation: Crops, records: "_Records | None") -> None:
    """Train; `records` is None but in the main process."""

    def stop_asked() -> bool:
        return processes.on_main(lambda: run.stop_asked)

    saved = time.monotonic()
    for losses in trainer.steps(LOG_EVERY):
        if losses:
            _see_finite(run, trainer, losses)
            if records:
                records.steps(losses)
        ended = not trainer.validated
        if ended:
            _validate(trainer, validation, records, stop_asked)
        # several GPUs would have to wait for each other to agree, so these look as they wait anyway
        looks = losses or ended or trainer.device.type == "cpu" or processes.count() == 1
        stop = not trainer.validated or (looks and stop_asked())
        if stop and trainer.mean_losses.steps:
            _see_finite(run, trainer, trainer.mean_losses.read())
        due = ended or (losses and time.monotonic() - saved > SAVE_EVERY)
        if records and (due or stop):
            run.save_last(trainer.state(), trainer.averaged)
            saved = time.monotonic()
        if stop:
            if records:
                records.report("stopped")
                run.forget_stop()
            return
        if records and (losses or ended or records.silent):
            records.report("running")
    if records:
        records.report("finished")


def _validate(
    trainer: Trainer, validation: Crops, records: "_Records | None", stop_asked: Callable[[], bool]
) -> None:
    """Validate an epoch; where a stop is asked for it is given up, and a resumed run makes it."""
    found = validate(trainer.averaged, validation, trainer.autocast, trainer.accelerator, stop_asked)
    if found:
        better = found["mean"] > trainer.best
        trainer.best = max(trainer.best, found["mean"])
        trainer.validated = True
        if records:
            records.epoch(found, better, validation)


def _see_finite(run: Run, trainer: Trainer, losses: dict[str, float]) -> None:
    """Raise Divergence where a mean loss or a weight is no finite number; waits for the device."""
    if not all(math.isfinite(value) for value in losses.values()):
        raise Divergence(f"{run.folder}: a loss is not finite at step {trainer.step}: {losses}")
    if not trainer.finite():  # the losses were taken before the last update
        raise Divergence(f"{run.folder}: a weight is not finite after step {trainer.step}")


class _Records:
    """What a run leaves in its folder as it goes on."""

    def __init__(self, run: Run, trainer: Trainer, progress: Callable[[dict], None] | None):
        self.run, self.trainer, self.progress = run, trainer, progress
        run.drop_metrics_after(trainer.step)
        self.events = Events(run.folder, trainer.step)
        self.since, self.since_step = time.time(), trainer.step
        self.report("running")
        if trainer.step == 0:
            run.record_machine(trainer.device, trainer.precision)

    def steps(self, losses: dict[str, float]) -> None:
        """Write down the steps since the last time."""
        notes = self.trainer.accumulation.notes
        while notes:
            note = notes.pop(0)
            self._row("note", {"text": note})
            self.run.note(note)
        self._row("step", losses)

    def epoch(self, found: dict[str, float], better: bool, validation: Crops) -> None:
        """Write down an epoch: how well it does, its weights if they are the best, its samples."""
        trainer = self.trainer
        if better:
            self.run.save_best(trainer.averaged)
        self._row("validation", found)
        if trainer.config.samples:
            pixels = samples(trainer.averaged, validation, trainer.autocast, trainer.config)
            self.run.write_sample(trainer.epoch, pixels)
            self.events.picture(trainer.step, pixels)

    @property
    def silent(self) -> bool:
        """Whether the step was not told for a while."""
        return time.monotonic() - self.told > TELL_EVERY

    def report(self, state: str) -> None:
        """Say how far the run is, and since when, so that its pace is known from the first steps on."""
        trainer = self.trainer
        self.told = time.monotonic()
        self.run.write_status(
            state=state,
            epoch=trainer.epoch,
            epochs=trainer.config.epochs,
            step=trainer.step,
            steps=trainer.total,
            best=trainer.best,
            since=self.since,
            since_step=self.since_step,
            stepped=time.time(),
            error=None,
        )

    def _row(self, kind: str, values: dict) -> None:
        row = {"kind": kind, "step": self.trainer.step, "epoch": self.trainer.epoch, **values}
        self.run.append_metrics(row)
        self.events.row(row)
        if self.progress:
            self.progress(row)


def _checked(datasets: list[dict]) -> list[Path]:
    """Return the folders of the data sets, or say which has changed since the run began."""
    folders = [located(Path(dataset["folder"]), dataset["digest"]) for dataset in datasets]
    for folder, dataset in zip(folders, datasets, strict=True):
        found = describe(folder, ("digest",))["digest"]
        if found != dataset["digest"]:
            raise InputError(
                f"{folder}: the data set has changed since the run began (digest {found[:12]}, "
                f"expected {dataset['digest'][:12]}); build it again as it was, or start a new run."
            )
    return folders
