"""TensorBoard event files beside a run, for those who use it: ``tensorboard --logdir RUN``."""

from contextlib import suppress
from pathlib import Path

import numpy as np

_PLACE = {"step": "training", "validation": "validation"}  # of a row, by its kind


class Events:
    """The scalars and sample pictures of a run, one more file each time that it is resumed."""

    def __init__(self, folder: Path, step: int):
        """
        Args:
            folder: of the run.
            step: where it starts or goes on; what was written of later ones is not shown any more.
        """
        from torch.utils.tensorboard import SummaryWriter

        self._writer = SummaryWriter(str(folder / "tensorboard"), purge_step=step + 1 if step else None)

    def row(self, row: dict) -> None:
        """Write the numbers of a row of ``metrics.jsonl``."""
        place = _PLACE.get(row["kind"])
        for name, value in row.items():
            if place and name not in ("kind", "step", "epoch"):
                self._writer.add_scalar(f"{place}/{name}", value, row["step"])
        self._writer.flush()

    def picture(self, step: int, pixels: np.ndarray) -> None:
        """Write the samples of an epoch, ``(H, W, 3)`` uint8."""
        self._writer.add_image("samples", pixels, step, dataformats="HWC")

    def __enter__(self) -> "Events":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_) -> None:
        """End the file; a disk without room for the rest is told of by the run's own files.

        Interrupted in the midst of a write, the writer's thread may wait for ever, and whoever waits for it
        with it: then the file is left as it is, all rows before being in it.
        """
        if kind is KeyboardInterrupt:
            return
        with suppress(OSError):
            self._writer.close()
