"""Checkpoint folders: weights as safetensors, the configuration that rebuilds the network, a card.

``config.json`` holds the digest of the weights beside it, so that a change of them shows. Both files cannot
be replaced at once. So the configuration is written first, and names the digest of what is to be replaced as
well, until they are: whenever a process is killed, the weights that lie there are one of the two.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, NotRequired, TypedDict

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load, save

from pap_core.errors import InputError
from pap_core.files import read_json, write_whole
from pap_core.model.catalogue import CONFIG, WEIGHTS, digest, digest_of
from pap_core.model.generator import ColourNetwork
from pap_core.model.networks import build
from pap_core.settings.networks import GeneratorConfig

FORMAT = 1

_DTYPES = {torch.float32: "F32", torch.int64: "I64"}  # of what networks are made, as safetensors call them


class _Config(TypedDict):
    """The content of ``config.json``."""

    generator: dict
    training: dict
    format: NotRequired[Literal[1]]  # `FORMAT`; a later one may mean something else
    digest: NotRequired[str]  # of the weights; checkpoints of before it was kept have none
    replaces: NotRequired[str]  # of the weights before them, which lie there until these are written


@dataclass(frozen=True)
class Checkpoint:
    """A generator ready for use, and where it comes from."""

    folder: Path
    generator: ColourNetwork  # in eval mode, on the CPU
    config: dict  # the content of config.json
    digest: str  # sha256 of the weights file, 16 hex digits


def write_config(folder: Path, generator: GeneratorConfig, training: dict) -> None:
    """Write ``config.json``: what rebuilds the network, and how it was trained."""
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder, {"format": FORMAT, "generator": asdict(generator), "training": training})


def write_weights(folder: Path, generator: torch.nn.Module) -> None:
    """Replace the weights in a checkpoint folder that has its ``config.json``, and their digest there.

    Killed at any moment, it leaves a checkpoint that can be read: the one before, or this one.

    Raises:
        InputError: ``config.json`` is damaged.
    """
    state = {name: value.detach().cpu().contiguous() for name, value in generator.state_dict().items()}
    content = save(state)
    config = _read_config(folder, str(folder / CONFIG))
    config["digest"] = digest(content)
    config.pop("replaces", None)
    if (folder / WEIGHTS).exists():
        _write(folder, config | {"replaces": digest_of(folder / WEIGHTS)})
    write_whole(folder / WEIGHTS, content)
    _write(folder, config)


def copy(checkpoint: Checkpoint, folder: Path) -> None:
    """Write a checkpoint as it is to a new folder.

    Raises:
        InputError: it was replaced since it was read, as by the run that trains it.
    """
    content = (checkpoint.folder / WEIGHTS).read_bytes()
    if digest(content) != checkpoint.digest:
        raise InputError(f"{checkpoint.folder}: was replaced just now; do it again, or stop the run first.")
    config = {name: value for name, value in checkpoint.config.items() if name != "replaces"}
    _write(folder, config | {"digest": checkpoint.digest})
    write_whole(folder / WEIGHTS, content)


def read(folder: Path) -> Checkpoint:
    """Rebuild the generator of a checkpoint folder.

    The folder may come from anywhere: no memory is taken for a network before the weights' table of contents
    is found to be that network's.

    Raises:
        InputError: a file is missing or damaged, weights and configuration do not fit each other, or a weight
            is no finite number.
    """
    refused = f"{folder}: the checkpoint cannot be loaded"
    try:
        config, described, content = _read_both(folder, f"{refused}, {CONFIG}")
        generator = build(described)
        weights = load(content)
        generator.load_state_dict(weights)
        for name, value in weights.items():
            if not value.isfinite().all():
                raise ValueError(f"weight {name} is not finite: its training failed")
    except FileNotFoundError as error:
        missing = Path(error.filename).name
        raise InputError(f"{folder}: {missing} is missing; copy the checkpoint again.") from None
    except InputError:
        raise
    except (OSError, ValueError, LookupError, TypeError, SafetensorError, RuntimeError) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise InputError(f"{refused} ({reason}); copy it again.") from None
    return Checkpoint(folder, generator.eval(), dict(config), digest(content))


def _read_both(folder: Path, name: str) -> tuple[_Config, GeneratorConfig, bytes]:
    """Return configuration and weights that belong together, though a run may be replacing them just now.

    Weights that change lie between two changes of the configuration: where that stayed the same, so did they.
    """
    config = _read_config(folder, name)
    while True:
        described = _generator(config)
        _fit(folder / WEIGHTS, described)
        content = (folder / WEIGHTS).read_bytes()
        found, named = digest(content), _digests(config)
        if not named or found in named:
            return config, described, content
        before, config = config, _read_config(folder, name)
        if config == before:
            raise ValueError(f"{WEIGHTS} has digest {found}, expected {' or '.join(sorted(named))}")


def _read_config(folder: Path, name: str) -> _Config:
    return read_json(folder / CONFIG, _Config, "copy the checkpoint again", name)


def _digests(config: _Config) -> set[str]:
    return {config[name] for name in ("digest", "replaces") if name in config}


def _write(folder: Path, config: dict | _Config) -> None:
    write_whole(folder / CONFIG, json.dumps(config, indent=2).encode())


def _generator(config: _Config) -> GeneratorConfig:
    """Return what a configuration describes; raises TypeError or ValueError where nobody can build that."""
    described = GeneratorConfig(**config["generator"])
    if faults := described.faults():
        raise ValueError("; ".join(faults))
    return described


def _fit(weights: Path, described: GeneratorConfig) -> None:
    """See that a file's table of contents is that of a network, without taking memory for either."""
    with torch.device("meta"):
        network = build(described)
    expected = {
        name: (_DTYPES[value.dtype], list(value.shape)) for name, value in network.state_dict().items()
    }
    with open(weights, "rb"):  # for a missing file the library names none
        pass
    with safe_open(weights, "pt") as file:
        parts = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118
        found = {name: (part.get_dtype(), part.get_shape()) for name, part in parts.items()}
    for name in [*expected, *found]:
        if found.get(name) != expected.get(name):
            raise ValueError(
                f"weight {name} is {_told(found.get(name))}, {_told(expected.get(name))} by {CONFIG}"
            )


def _told(weight: tuple[str, list[int]] | None) -> str:
    return f"{weight[0]} {weight[1]}" if weight else "not there"
