"""Checkpoint folders: weights as safetensors, the configuration that rebuilds the network, a card."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from pap_core.errors import InputError
from pap_core.files import write_whole
from pap_core.model.catalogue import CONFIG, WEIGHTS, digest
from pap_core.model.generator import ColourNetwork, GeneratorConfig
from pap_core.model.networks import build

FORMAT = 1


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
    content = {"format": FORMAT, "generator": asdict(generator), "training": training}
    write_whole(folder / CONFIG, json.dumps(content, indent=2).encode())


def write_weights(folder: Path, generator: torch.nn.Module) -> None:
    """Write the generator's weights into a checkpoint folder, whole or not at all."""
    state = {name: value.detach().cpu().contiguous() for name, value in generator.state_dict().items()}
    write_whole(folder / WEIGHTS, save(state))


def read(folder: Path) -> Checkpoint:
    """Rebuild the generator of a checkpoint folder.

    Raises:
        InputError: a file is missing or damaged, or weights and configuration do not fit each other.
    """
    try:
        config = json.loads((folder / CONFIG).read_text())
        content = (folder / WEIGHTS).read_bytes()
        generator = build(GeneratorConfig(**config["generator"]))
        generator.load_state_dict(load(content))
    except FileNotFoundError as error:
        missing = Path(error.filename).name
        raise InputError(f"{folder}: {missing} is missing; copy the checkpoint again.") from None
    except (OSError, ValueError, LookupError, TypeError, SafetensorError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{folder}: the checkpoint cannot be loaded ({reason}); copy it again.") from None
    return Checkpoint(folder, generator.eval(), config, digest(content))
