"""Evaluations that are kept in the workspace, with their predictions, so that they are made once.

An evaluation is known by the checkpoint's and the data set's digests, so one of an older checkpoint or of
a data set built anew is never taken for the current one. It is made in a hidden folder beside its place
and moved there whole: what a killed process leaves is never taken for finished.
"""

import io
import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import psutil
from PIL import Image

from pap_core.data import described, manifest, places
from pap_core.errors import InputError
from pap_core.evaluation import cost
from pap_core.evaluation.cost import Cost
from pap_core.evaluation.measured import NUCLEI, PROTOCOL, SUMMARY, TABLE, MatchedRow, Row, Summary
from pap_core.evaluation.metrics import scores
from pap_core.evaluation.summaries import summarise
from pap_core.files import Damaged, read_as_written, write_whole
from pap_core.images import png_bytes, read_image
from pap_core.jobs import liveness
from pap_core.labels import decode
from pap_core.overlay import draw_edges
from pap_core.tables import read_table
from pap_core.workspace import evaluations

# torch takes seconds to import: what was kept is found and read without it
if TYPE_CHECKING:
    from pap_core.evaluation.evaluate import Predictor

SIDE = "test"
THUMBNAIL = 192  # px


@dataclass(frozen=True)
class Kept:
    """A finished evaluation."""

    folder: Path

    def summary(self) -> Summary:
        """Read ``summary.json``; raises InputError where it is missing or damaged.

        What was evaluated before Dice was measured is summarised again, by its table.
        """
        found = self._read(read_as_written, SUMMARY, Summary)
        if any(PROTOCOL not in part["protocols"] for part in (found, *found["categories"].values())):
            raise self._damaged(SUMMARY, f"no protocol {PROTOCOL}")
        if "dice" not in found["protocols"][PROTOCOL]["nucleus"]:
            found |= summarise(self.table(), self.nuclei())
        return found

    def table(self) -> pd.DataFrame:
        """Read ``per_image.csv``: a row by crop, protocol and class; metrics 0 to 1, NaN where undefined.

        Raises:
            InputError: it is missing or damaged.
        """
        table = self._read(read_table, TABLE, Row)
        if "dice" not in table:  # of before it was measured
            table.insert(table.columns.get_loc("jaccard") + 1, "dice", scores(table)["dice"])
        return table

    def nuclei(self) -> pd.DataFrame:
        """Read ``nuclei.csv``, a row by crop; without a row where nuclei were not matched yet.

        Raises:
            InputError: it is damaged.
        """
        if not (self.folder / NUCLEI).exists():
            return pd.DataFrame(columns=list(MatchedRow.__annotations__))
        return self._read(read_table, NUCLEI, MatchedRow)

    def match_nuclei(self, split: "TestSplit", progress: Callable[[int, int], None] | None = None) -> None:
        """Match the nuclei of an evaluation made before they were, by the predictions that it keeps.

        Args:
            split: on which it was made.
            progress: called with crops done and crops in all.

        Raises:
            InputError: a prediction is missing or damaged, a crop was changed since, or there is no room.
        """
        from pap_core.data.dataset import load  # with torch
        from pap_core.evaluation.crop_nuclei import matched_nuclei  # with scikit-image

        summary, crops = self.summary(), load([split.folder], SIDE)
        named = crops.table[["id", "category", "group"]].to_dict("records")
        rows = []
        for crop, label in zip(named, crops.labels.numpy(), strict=True):
            rows.append(crop | matched_nuclei(read_image(self.prediction(crop["id"])), label))
            if progress:
                progress(len(rows), len(named))
        nuclei = pd.DataFrame(rows)
        try:
            write_whole(self.folder / NUCLEI, nuclei.to_csv(index=False, lineterminator="\n").encode())
            told = json.dumps(summary | summarise(self.table(), nuclei), indent=2, allow_nan=False)
            write_whole(self.folder / SUMMARY, told.encode())
        except OSError as error:
            raise _no_room(self.folder, error) from error

    def cost(self) -> Cost:
        """Read what a crop takes."""
        return cost.read(self.folder)

    def prediction(self, crop: str) -> Path:
        """Return the path of the colour map generated for a crop."""
        return self.folder / "predictions" / f"{crop}.png"

    def thumbnail(self, crop: str) -> Path:
        """Return the path of a small JPEG of a crop with the predicted edges over it."""
        return self.folder / "thumbnails" / f"{crop}.jpg"

    def _read(self, read: Callable, name: str, schema: type):
        try:
            return read(self.folder / name, schema, "evaluate again")
        except FileNotFoundError:
            raise self._damaged(name, "there is no such file") from None
        except Damaged as error:
            raise self._damaged(name, error.reason) from None

    def _damaged(self, name: str, reason: str) -> InputError:
        return InputError(
            f"{self.folder / name}: missing or damaged ({reason}), expected the evaluation as it was "
            f"written; remove the folder {self.folder.name} and evaluate again."
        )


@dataclass(frozen=True)
class TestSplit:
    """The test side of a data set folder: what names it, and how much there is to evaluate."""

    __test__ = False  # no test, though pytest goes by the name

    folder: Path
    digest: str
    crops: int


def split_of(folder: Path) -> TestSplit:
    """Look up the test side of a data set folder.

    Raises:
        InputError: the folder is gone, or no finished data set.
    """
    expected = "expected a finished data set; choose another or build it again"
    try:
        digest = described.read(folder, ("digest",))["digest"]
        cells = manifest.read(folder)
    except FileNotFoundError as error:
        missing = Path(error.filename).name
        found = f"there is no {missing} in it" if folder.is_dir() else "there is no such folder any more"
        raise InputError(f"{folder}: {found}, {expected}.") from None
    except Damaged as error:
        raise InputError(f"{folder}: cannot be read ({error.file}: {error.reason}), {expected}.") from None
    return TestSplit(folder, digest, int((cells["split"] == SIDE).sum()))


def find(checkpoint: str, split: TestSplit) -> Kept | None:
    """Return the kept evaluation of the checkpoint of that digest on a test split, None if there is none."""
    kept = Kept(evaluations() / f"{checkpoint}_{split.digest}")
    return kept if (kept.folder / SUMMARY).is_file() else None


def evaluate_and_keep(
    predictor: "Predictor", split: TestSplit, progress: Callable[[int, int], None] | None = None
) -> Kept:
    """Evaluate a checkpoint or a method on a test split by every protocol, and keep all that a page shows.

    Several at once do not clash: the first to finish is kept, the others take that.

    Args:
        predictor: a checkpoint, or a method.
        split: see `split_of`.
        progress: called with crops done and crops in all; what it raises ends the evaluation.

    Raises:
        InputError: the data set changed or is gone, no crop is on that side, or there is no room.
    """
    from pap_core.evaluation.evaluate import evaluate

    digest = predictor.digest
    final = evaluations() / f"{digest}_{split.digest}"
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        _sweep(final.parent)
        unfinished = Kept(Path(tempfile.mkdtemp(prefix=_mark(psutil.Process()), dir=final.parent)))
    except OSError as error:
        raise _no_room(final, error) from error
    try:
        for path in (unfinished.prediction(""), unfinished.thumbnail("")):
            path.parent.mkdir()

        def keep(crop: str, image: np.ndarray, colours: np.ndarray) -> None:
            unfinished.prediction(crop).write_bytes(png_bytes(colours))
            unfinished.thumbnail(crop).write_bytes(_small(image, colours))

        summary = evaluate(predictor, split.folder, unfinished.folder, SIDE, progress, keep)
        cost.write(unfinished.folder, cost.measure(predictor, _some_crops(split)))
        if summary["dataset"]["digest"] != split.digest or split_of(split.folder) != split:
            raise InputError(
                f"{split.folder}: was built anew during the evaluation, expected it to stay; evaluate again."
            )
        if not find(digest, split):
            shutil.rmtree(final, ignore_errors=True)  # a kept one that lost its summary
            unfinished.folder.chmod(0o755)  # others of this machine may read what is kept
            try:
                unfinished.folder.rename(final)
            except OSError:
                if not find(digest, split):  # else another was first
                    raise
    except OSError as error:
        raise _no_room(final, error) from error
    finally:
        shutil.rmtree(unfinished.folder, ignore_errors=True)
    return Kept(final)


def _some_crops(split: TestSplit) -> np.ndarray:
    paths = sorted((split.folder / places.IMAGES).glob("*.png"))[: cost.TIMED]
    return np.stack([read_image(path) for path in paths])


def _small(image: np.ndarray, colours: np.ndarray) -> bytes:
    """Return a JPEG of a crop with its predicted edges, small enough for a gallery."""
    drawn = Image.fromarray(draw_edges(image, decode(colours), width=2))
    drawn.thumbnail((THUMBNAIL, THUMBNAIL))
    buffer = io.BytesIO()
    drawn.save(buffer, format="JPEG", quality=85)
    return buffer.getvalue()


def _sweep(folder: Path) -> None:
    """Remove what killed processes left: where the one named is gone, or another has its id now."""
    for path in folder.glob(".*.*"):
        try:
            alive = path.name.startswith(_mark(psutil.Process(int(path.name.split(".")[1]))))
        except (ValueError, psutil.Error):
            alive = False
        if not alive:
            shutil.rmtree(path, ignore_errors=True)


def _mark(process: psutil.Process) -> str:
    """Name a process in the name of its folder, by its id and when it began, whatever the clock says."""
    return f".{process.pid}.{1000 * liveness.since_boot(process):.0f}."


def _no_room(final: Path, error: OSError) -> InputError:
    return InputError(
        f"{final.parent}: the evaluation could not be written ({error.strerror}); expected a folder with "
        "room, make some and evaluate again."
    )
