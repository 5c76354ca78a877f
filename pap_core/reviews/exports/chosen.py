"""What of the reviews goes out as shapes: each cell once, as its latest decision has it."""

import csv
import io
import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pap_core.export import safe_stem
from pap_core.export.cells import CellMask, cell_masks
from pap_core.export.spreadsheet import harmless, spreadsheet_csv
from pap_core.labels import BACKGROUND
from pap_core.reviews import exchange
from pap_core.reviews.comparison import areas
from pap_core.reviews.exchange import UNKNOWN
from pap_core.reviews.records import REJECTED, Decision
from pap_core.reviews.store import Reviews, StoredCell

SKIPPED = exchange.SKIPPED


@dataclass(frozen=True)
class Chosen:
    """A cell that was accepted or corrected."""

    cell: StoredCell
    decision: Decision  # the latest

    @property
    def category(self) -> str:
        """As the reviewer has it, where he disagreed."""
        return self.decision.category or self.cell.category or UNKNOWN

    @property
    def shape(self) -> tuple[int, int]:
        """``(H, W)`` of its picture."""
        return self.cell.height, self.cell.width

    @property
    def label(self) -> np.ndarray:
        """``(H, W)`` uint8: the cell alone, as the reviewer left it."""
        return self.decision.after.label(self.shape)

    @property
    def mask(self) -> CellMask:
        """The cell and its nucleus in the smallest box; the store keeps none that covers no pixel."""
        label = self.label
        return next(cell_masks(label, (label != BACKGROUND).astype(np.int32)))

    @property
    def measures(self) -> dict[str, float]:
        """Areas and N/C ratio as reviewed, what is not defined left out."""
        found = areas(self.decision.after, self.shape).items()
        return {name: float(f"{value:.5g}") for name, value in found if math.isfinite(value)}


def chosen(reviews: Reviews) -> tuple[list[Chosen], bytes]:
    """Return the cells to export, in the order of their ids, and a table of the rejected with the reason."""
    cells, latest = reviews.cells(), reviews.latest()
    found, rejected = [], []
    for name in sorted(latest):
        if latest[name].verdict == REJECTED:
            rejected.append((name, f"rejected: {latest[name].reason}"))
        else:
            found.append(Chosen(cells[name], latest[name]))
    return found, spreadsheet_csv(pd.DataFrame(rejected, columns=["id", "reason"], dtype=object))


def intact(reviews: Reviews, cells: list[Chosen], damaged: list[str]) -> tuple[list[Chosen], bytes]:
    """Return the cells whose picture can be read, and what to add to the table of those left out.

    Args:
        reviews: that hold the pictures.
        cells: whose picture goes out with them.
        damaged: takes a sentence for each cell that is left out.
    """
    faults = {digest: exchange.fault(reviews, digest) for digest in {one.cell.picture for one in cells}}
    text = io.StringIO(newline="")
    rows = csv.writer(text, lineterminator="\n")
    for one in cells:
        if fault := faults[one.cell.picture]:
            rows.writerow((harmless(one.cell.id), harmless(fault)))
            damaged.append(f"cell {one.cell.id} of {one.cell.name}: {fault}")
    return [one for one in cells if not faults[one.cell.picture]], text.getvalue().encode()


def unique(name: str, taken: set[str]) -> str:
    """Return a name for a file or folder that none of `taken` has, whatever a person typed; takes it."""
    stem = found = safe_stem(name)
    number = 1
    while found.casefold() in taken:
        number += 1
        found = f"{stem} {number}"
    taken.add(found.casefold())
    return found
