"""Where this installation keeps what people make: data sets, runs, reviews."""

import os
from pathlib import Path


def workspace() -> Path:
    """Return ``$PAP_WORKSPACE``, by default ``workspace`` in the current folder."""
    return Path(os.environ.get("PAP_WORKSPACE") or "workspace")


def runs() -> Path:
    """Return the folder of run folders."""
    return workspace() / "runs"
