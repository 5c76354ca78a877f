"""The card of a run's best checkpoint: what it is, before anybody has published it."""

import json
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pap_core.errors import InputError
from pap_core.model.catalogue import CARD
from pap_core.model.checkpoint import read
from pap_core.training.config import PRESETS, TrainConfig, flat
from pap_core.training.publish import write_card
from pap_core.training.run import Run


def card(run: Run, summaries: Sequence[dict]) -> str:
    """Return the card as Markdown: the one that lies beside the weights, or else one of what the run says.

    Args:
        run: one with a best checkpoint.
        summaries: of evaluations; those of other weights are left out.

    Raises:
        InputError: the checkpoint or the run's configuration cannot be read.
    """
    best = run.folder / "checkpoints" / "best"
    if (best / CARD).is_file():
        return (best / CARD).read_text(encoding="utf-8")
    config, datasets = run.read_config()
    checkpoint = read(best)
    own = [one for one in summaries if one["checkpoint"]["digest"] == checkpoint.digest]
    try:
        trained = f"{run.minutes():.1f} minutes on {run.read_machine()}"
    except (OSError, ValueError, LookupError) as error:
        raise InputError(
            f"{run.folder}: how long it trained, and on what, cannot be read ({error}); copy the run's "
            "folder again."
        ) from None
    lines = command(config, datasets)
    notes = "" if own else "It has not been evaluated on a test split yet."
    return write_card(run.folder.name, checkpoint.config, checkpoint.digest, trained, own, lines, notes)


def command(config: TrainConfig, datasets: Sequence[Mapping[str, Any]]) -> str:
    """Return the command that begins a run of that configuration, on data sets as `Run.create` records them.

    >>> import dataclasses
    >>> short = dataclasses.replace(PRESETS["tiny"], epochs=2)
    >>> command(short, [{"folder": "/data/phantoms"}])
    'python -m pap_core train phantoms --preset tiny --set epochs=2'
    """
    preset = flat(PRESETS.get(config.preset, TrainConfig()))
    settings = [
        f"{name}={value if isinstance(value, str) else json.dumps(value)}"
        for name, value in flat(config).items()
        if value != preset[name]
    ]
    names = [Path(one["folder"]).name for one in datasets]
    weights = [
        f"{name}={one['weight']:g}" for name, one in zip(names, datasets, strict=True) if "weight" in one
    ]
    words = ["python", "-m", "pap_core", "train", *names, "--preset", config.preset]
    words += [word for one in weights for word in ("--source-weight", one)]
    return shlex.join([*words, *(word for setting in settings for word in ("--set", setting))])
