"""The mean of checkpoints that have come of one another: what each of them is good at, in one network.

What a training learnt, and what it forgot, lies on the line from the weights it began with to those it ended
with: between the two, a network may keep most of both (M. Wortsman et al., *Robust fine-tuning of zero-shot
models*, CVPR 2022; *Model soups*, ICML 2022). Weights that were trained apart have no such line.
"""

from collections.abc import Sequence
from pathlib import Path

import torch

from pap_core.errors import InputError
from pap_core.folders import whole_folder
from pap_core.model.checkpoint import Checkpoint, write_config, write_weights
from pap_core.model.networks import build


def average(checkpoints: Sequence[Checkpoint], folder: Path) -> None:
    """Write the mean of the weights of checkpoints as a checkpoint of its own.

    Its configuration is that of the last, and names the others under ``mean_of``.

    Args:
        checkpoints: two or more, of networks that are built alike.
        folder: new.

    Raises:
        InputError: fewer than two, networks that differ, or a folder that is there already or cannot be
            written.
    """
    *others, last = checkpoints
    if not others:
        raise InputError(f"{last.folder}: one checkpoint has no mean with others; name two or more.")
    for one in others:
        if one.generator.config != last.generator.config:
            raise InputError(
                f"{one.folder}: its network is built otherwise than that of {last.folder}; expected "
                "checkpoints that have come of one another."
            )
    if folder.exists():
        raise InputError(f"{folder}: is there already; name a new folder.")
    mean = build(last.generator.config)
    mean.load_state_dict(_mean([one.generator.state_dict() for one in checkpoints]))
    before = [{"digest": one.digest, "training": one.config["training"]} for one in others]
    try:
        with whole_folder(folder) as aside:
            write_config(aside, last.generator.config, last.config["training"] | {"mean_of": before})
            write_weights(aside, mean)
    except OSError as error:
        raise InputError(
            f"{folder}: could not be written ({error.strerror}); make room there or choose another folder."
        ) from error


def _mean(states: Sequence[dict[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    """Return the mean of each weight; counts, which have none, are those of the last."""
    return {
        name: torch.stack([state[name] for state in states]).mean(0) if last.is_floating_point() else last
        for name, last in states[-1].items()
    }
