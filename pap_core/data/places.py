"""Where the crops of a data set folder lie."""

from pathlib import Path

FOLDERS = IMAGES, LABELS, TARGETS = "images", "labels", "targets"


def image(folder: str | Path, crop: str) -> Path:
    """Return the path of a crop's picture."""
    return Path(folder, IMAGES, f"{crop}.png")


def label(folder: str | Path, crop: str) -> Path:
    """Return the path of a crop's label map."""
    return Path(folder, LABELS, f"{crop}.png")


def target(folder: str | Path, crop: str) -> Path:
    """Return the path of a crop's colour map."""
    return Path(folder, TARGETS, f"{crop}.png")
