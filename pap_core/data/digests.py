"""What a data set's digests are of, so that one that was changed after its build is not taken for it."""

import csv
import hashlib
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from pap_core.errors import InputError

COLUMNS = (  # of the manifest: crops, truth and split
    *("id", "category", "group", "split", "source", "x0", "y0", "scale"),
    *("background", "cytoplasm", "nucleus", "ignore", "digest"),
)
_DIGITS = re.compile("[0-9a-f]+")  # other programs may call theirs as they like


def of_crop(image: np.ndarray, label: np.ndarray) -> str:
    """Return that of a crop, ``(S, S, 3)`` uint8, and its label map, ``(S, S)`` uint8."""
    return hashlib.sha256(image.tobytes() + label.tobytes()).hexdigest()[:16]


def of_rows(rows: Iterable[Mapping[str, object]]) -> str:
    """Return that of a data set, by the rows of its manifest."""
    return hashlib.sha256(as_csv(COLUMNS, rows)).hexdigest()


def as_csv(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> bytes:
    """Write some columns of rows as UTF-8."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def check_crop(image: np.ndarray, label: np.ndarray, digest: str, path: Path) -> None:
    """See that a crop at `path` and its label map are those that were built, where a digest tells them."""
    found = of_crop(image, label)
    if _contradicts(found, digest):
        raise InputError(
            f"{path}: another crop or label map than was built (digest {found}, expected {digest}); "
            "build the data set again."
        )


def check_manifest(path: Path, digest: str) -> None:
    """See that a manifest has the cells, the truth and the split that were built; it is readable."""
    with open(path, encoding="utf-8-sig", newline="") as file:  # spreadsheets begin it with a mark
        reader = csv.DictReader(file)
        rows = list(reader)
    if not set(COLUMNS) <= set(reader.fieldnames or ()):  # another program's
        return
    found = of_rows(rows)
    if _contradicts(found, digest):
        raise InputError(
            f"{path}: other cells or another split than was built (digest {found[:12]}, expected "
            f"{digest[:12]}); build the data set again."
        )


def _contradicts(found: str, told: str) -> bool:
    return len(told) == len(found) and bool(_DIGITS.fullmatch(told)) and found != told
