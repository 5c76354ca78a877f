"""Which checkpoints there are and where, without loading any: quick, and without torch."""

import hashlib
import os
from contextlib import suppress
from pathlib import Path

from pap_core.errors import InputError
from pap_core.folders import put_all_back
from pap_core.workspace import runs

WEIGHTS, CONFIG, CARD = "generator.safetensors", "config.json", "card.md"
_INSTALLED = Path(__file__).parents[1] / "checkpoints"  # where they travel in the package
SHIPPED = _INSTALLED if _INSTALLED.is_dir() else Path(__file__).parents[2] / "checkpoints"
_BEST = Path("checkpoints", "best")  # of a run folder
_DEFAULT = "fields"  # of the shipped ones: good on cells, and on liquid-based fields by far the best


def resolve(name: str | Path) -> Path:
    """Find a checkpoint by its path, by a run's folder, or by the name of a shipped one.

    Raises:
        InputError: there is none.
    """
    put_all_back(SHIPPED)
    for folder in (Path(name), Path(name) / _BEST, SHIPPED / name):
        if (folder / WEIGHTS).is_file():
            return folder
    known = ", ".join(sorted(path.parent.name for path in SHIPPED.glob(f"*/{WEIGHTS}"))) or "none"
    raise InputError(
        f"{name}: no checkpoint found there; expected a folder with {WEIGHTS}, a run, or a shipped name "
        f"({known})."
    )


def default() -> Path:
    """Return the checkpoint in use unless another is chosen: ``$PAP_CHECKPOINT``, else a shipped one."""
    chosen = os.environ.get("PAP_CHECKPOINT")
    if chosen:
        return resolve(chosen)
    put_all_back(SHIPPED)
    shipped = sorted(SHIPPED.glob(f"*/{WEIGHTS}"), key=lambda one: (one.parent.name != _DEFAULT, one))
    if not shipped:
        raise InputError(f"{SHIPPED}: no checkpoint there; train one and name it by $PAP_CHECKPOINT.")
    return shipped[0].parent


def available() -> dict[str, Path]:
    """List the checkpoints to choose from by name: the default first, the shipped ones, the runs' best."""
    found: dict[str, Path] = {}
    put_all_back(SHIPPED)
    with suppress(InputError):  # told where it is to be loaded
        found[display_name(default())] = default()
    for weights in sorted(SHIPPED.glob(f"*/{WEIGHTS}")):
        found.setdefault(weights.parent.name, weights.parent)
    newest_first = sorted(runs().glob(f"*/{_BEST}/{WEIGHTS}"), key=lambda path: -path.stat().st_mtime)
    for weights in newest_first:
        found.setdefault(display_name(weights.parent), weights.parent)
    return found


def display_name(folder: Path) -> str:
    """Name a checkpoint folder: "run NAME" for the best of a run, else the folder's own name."""
    run = run_of(folder)
    return f"run {run.name}" if run else folder.resolve().name


def run_of(folder: Path) -> Path | None:
    """Return the folder of the run whose best checkpoint a folder is, None for other checkpoints."""
    folder = folder.resolve()
    return folder.parents[1] if folder.parts[-2:] == _BEST.parts else None


def digest(content: bytes) -> str:
    """Return what identifies the weights: sha256 of their file, 16 hex digits."""
    return hashlib.sha256(content).hexdigest()[:16]


def digest_of(weights: Path) -> str:
    """Return `digest` of a file, however large."""
    with open(weights, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]
