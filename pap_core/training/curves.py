"""The curves of a run, read from its metrics file while that grows."""

import os
import threading
from pathlib import Path

import numpy as np

from pap_core.errors import InputError
from pap_core.training.written import parse_row

MOST = 1000  # points of a curve in a picture

Points = tuple[np.ndarray, np.ndarray]  # x and y


class Curves:
    """What a run has logged; each `update` reads only what is new. May be shared by threads."""

    def __init__(self, path: Path):
        self.path = path
        self.damaged = 0  # lines that cannot be read
        self.rows: dict[str, list[dict]] = {}  # by kind: "step", "validation", …
        self._read: tuple[int, int] = (0, 0)  # the file by its inode, and bytes of it
        self._lock = threading.Lock()

    def update(self) -> "Curves":
        """Read what was appended since; all anew where the file was replaced, as a resume does."""
        with self._lock:
            try:
                with open(self.path, "rb") as file:
                    self._take(file)
            except FileNotFoundError:
                self._forget(0)
        return self

    def _take(self, file) -> None:
        found = os.fstat(file.fileno())
        inode, offset = self._read
        if inode != found.st_ino or found.st_size < offset:
            self._forget(found.st_ino)
            offset = 0
        file.seek(offset)
        whole = file.read().rpartition(b"\n")[0]  # a line that is being written comes next time
        if whole:
            self._read = (found.st_ino, offset + len(whole) + 1)
            for line in whole.split(b"\n"):
                self._add(line)

    def _add(self, line: bytes) -> None:
        try:
            row = parse_row(line)
        except InputError:
            self.damaged += 1
            return
        self.rows.setdefault(row["kind"], []).append(row)

    def _forget(self, inode: int) -> None:
        self.rows, self.damaged, self._read = {}, 0, (inode, 0)

    def last(self, kind: str, name: str) -> float | None:
        """Return the value logged last, None before the first."""
        return next((row[name] for row in reversed(self.rows.get(kind, [])) if name in row), None)

    def names(self, kind: str) -> set[str]:
        """Return what is logged with some kind of row."""
        return {name for row in self.rows.get(kind, [])[-1:] for name in row} - {"kind", "step", "epoch"}

    def points(self, kind: str, name: str, most: int = MOST, smoothing: float = 0.0) -> Points:
        """Return a curve over steps, smoothed and thinned for a picture; see `smoothed` and `thin`."""
        rows = [row for row in self.rows.get(kind, []) if isinstance(row.get(name), int | float)]
        steps = np.array([row["step"] for row in rows], dtype=float)
        values = np.array([row[name] for row in rows], dtype=float)
        return thin(steps, smoothed(values, smoothing) if smoothing else values, most)


def smoothed(y: np.ndarray, weight: float) -> np.ndarray:
    """Return the exponential moving average of a curve, as TensorBoard has it: its start is not biased.

    Args:
        y: ``(N,)``; where one is no finite number, the average before it stands.
        weight: of what was before, 0 to below 1.

    >>> smoothed(np.array([1.0, 3.0, 3.0]), 0.5).round(3).tolist()
    [1.0, 2.333, 2.714]
    """
    import pandas as pd

    finite = pd.Series(np.where(np.isfinite(y), y, np.nan))
    return finite.ewm(alpha=1 - weight, ignore_na=True).mean().to_numpy()


def thin(x: np.ndarray, y: np.ndarray, most: int = MOST) -> Points:
    """Leave out points of a curve such that it looks the same: the extremes of each part stay.

    Args:
        x: ``(N,)`` ascending.
        y: ``(N,)``.
        most: points to keep, the first and the last among them.

    >>> x, y = thin(np.arange(9.0), np.array([0, 1, 0, 0, 9, 0, 0, 0, 2.0]), 6)
    >>> x.tolist(), y.tolist()
    ([0.0, 4.0, 5.0, 8.0], [0.0, 9.0, 0.0, 2.0])
    """
    if len(x) <= most:
        return x, y
    parts = (most - 2) // 2
    length = -(-len(x) // parts)
    places = np.minimum(np.arange(parts * length), len(x) - 1).reshape(parts, length)
    values = y[places]
    least = np.where(np.isnan(values), np.inf, values).argmin(axis=1)
    greatest = np.where(np.isnan(values), -np.inf, values).argmax(axis=1)
    rows = np.arange(parts)
    kept = np.concatenate([places[rows, least], places[rows, greatest], [0, len(x) - 1]])
    kept = np.unique(kept)
    return x[kept], y[kept]
