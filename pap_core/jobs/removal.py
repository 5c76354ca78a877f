"""Removes folders of the workspace so that they are gone at once, whatever their size."""

import os
import shutil
import time
from pathlib import Path

from pap_core.errors import InputError
from pap_core.workspace import workspace

_GONE = ".gone-"


def remove(folder: Path) -> None:
    """Remove a folder of the workspace so that it is gone at once, whatever its size.

    Raises:
        InputError: the workspace cannot be written.
    """
    try:
        gone = folder.rename(folder.with_name(f"{_GONE}{os.getpid()}-{time.monotonic_ns()}"))
    except FileNotFoundError:  # somebody else did it
        return
    except OSError as error:
        raise unwritable(error) from error
    _discard(gone)


def sweep(*places: Path) -> None:
    """Remove what killed processes left of a `remove` in these folders."""
    for place in places:
        for left in place.glob(f"{_GONE}*"):
            _discard(left)


def unwritable(error: OSError) -> InputError:
    """Return what to say where the workspace cannot be written."""
    return InputError(
        f"{workspace()}: the workspace cannot be written ({error.strerror}); make room there, or name "
        "another folder in the environment variable PAP_WORKSPACE and start the program again."
    )


def _discard(folder: Path) -> None:
    if folder.is_symlink():  # what it leads to is not the workspace's
        folder.unlink()
    else:
        shutil.rmtree(folder, ignore_errors=True)
