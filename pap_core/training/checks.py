"""Whether a run can begin: what its first steps would stumble over is said before its folder is made."""

from collections.abc import Sequence
from pathlib import Path

import psutil

from pap_core.data.dataset import read_pair, table_of
from pap_core.data.draws import Weighted
from pap_core.data.validation import held_out
from pap_core.errors import InputError
from pap_core.training import processes
from pap_core.training.config import TrainConfig
from pap_core.training.planning.machine import CPU, devices
from pap_core.training.planning.states import states
from pap_core.training.share import share_out


def check(config: TrainConfig, folders: Sequence[Path], weights: Sequence[float] | None = None) -> None:
    """See that data and networks fit each other, without decoding all crops and without taking memory.

    Args:
        config: of the run.
        folders: its data sets.
        weights: of each of them; see `pap_core.data.draws.Weighted`.

    Raises:
        InputError: a data set cannot be read, has too few smears or slides, crops of a size that does not go
            through the networks, or a weight that gives it no draw; the batch cannot be shared by the
            processes; the networks are larger than this machine.
    """
    share_out(config.batch, 0, processes.count())
    table = table_of(folders, "train")
    learnt = table[~held_out(table, config.validation, config.seed)]
    if weights:
        of_each = {str(folder): weight for folder, weight in zip(folders, weights, strict=True)}
        Weighted(learnt["folder"].tolist(), of_each, config.seed)
    for folder, identifier in zip(table["folder"], table["id"], strict=True):
        for path in (Path(folder, part, f"{identifier}.png") for part in ("images", "labels")):
            if not path.is_file():
                raise InputError(f"{path}: there is no such file; build the data set again.")
    firsts = table.groupby("folder").first()["id"].items()
    sizes = sorted({read_pair(folder, identifier)[1].shape for folder, identifier in firsts})
    if len(sizes) > 1:
        names = ", ".join(map(str, folders))
        raise InputError(f"{names}: crops of different sizes {sizes}; build them alike.")
    needed = states(config, sizes[0][0]).bytes
    memory = psutil.virtual_memory().total
    if devices() == [CPU] and needed > memory:
        raise InputError(
            f"training configuration: weights, gradients and moments of these networks take "
            f"{needed / 1e9:,.0f} GB, and this machine has {memory / 1e9:,.0f} GB; choose a smaller "
            "generator.width, kernel or discriminator.width."
        )
