"""Where this installation keeps what people make: data sets, runs, reviews."""

import os
from pathlib import Path


def workspace() -> Path:
    """Return ``$PAP_WORKSPACE``, by default ``workspace`` in the current folder."""
    return Path(os.environ.get("PAP_WORKSPACE") or "workspace")


def datasets() -> Path:
    """Return the folder of data set folders."""
    return workspace() / "datasets"


def evaluations() -> Path:
    """Return the folder of evaluations that are kept."""
    return workspace() / "evaluations"


def data_root() -> Path:
    """Return the folder that sources may be built from: ``$PAP_DATA``, by default ``data``."""
    return Path(os.environ.get("PAP_DATA") or "data")


def reviews_file() -> Path:
    """Return the file of the reviews' database, where no other is configured."""
    return workspace() / "reviews.db"


def runs() -> Path:
    """Return the folder of run folders."""
    return workspace() / "runs"


def comparisons() -> Path:
    """Return the folder of comparisons of methods."""
    return workspace() / "comparisons"
