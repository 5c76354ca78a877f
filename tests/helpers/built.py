"""The tables of a data set folder, as a person would read them."""

import csv
from pathlib import Path


def rows(folder: Path, name: str = "manifest.csv") -> list[dict[str, str]]:
    """Return a table of a data set folder."""
    with open(folder / name, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def reasons(folder: Path) -> dict[str, str]:
    """Return the reason by id of what a build listed."""
    return {row["id"]: row["reason"] for row in rows(folder, "skipped.csv")}
