"""The state a run resumes from: a file that is there whole, or as it was before."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from pickle import UnpicklingError

from pap_core.errors import InputError

STATE = "state.pt"


def write(folder: Path, values: dict) -> None:
    """Replace the state in a folder; OSError where there is no room, and then the one before is kept."""
    import torch

    part = folder / f".{STATE}.part"
    try:
        with open(part, "wb") as file:
            torch.save(values, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, folder / STATE)
    finally:
        part.unlink(missing_ok=True)  # on a full disk the status needs the room


def read(folder: Path) -> dict | None:
    """Return the state in a folder, None where there is none.

    Raises:
        InputError: the file is damaged.
    """
    import torch

    path = folder / STATE
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        return None
    except (OSError, RuntimeError, EOFError, UnpicklingError) as error:
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise InputError(
            f"{path}: the state to resume from is damaged ({reason}); copy it back, or start a new run from "
            f"{folder.with_name('best')} by --from."
        ) from None


@contextmanager
def room(folder: Path) -> Iterator[None]:
    """Turn a full disk into a sentence; `folder` is the run's.

    Raises:
        InputError: a checkpoint could not be written.
    """
    try:
        yield
    except OSError as error:
        raise InputError(
            f"{folder}: the checkpoint could not be written ({error.strerror}), the one before it is kept; "
            "make room there and resume the run."
        ) from error
