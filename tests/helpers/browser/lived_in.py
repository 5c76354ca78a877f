"""A workspace in which people have worked: every page has something to show, and pages to turn."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from pap_core.comparison.compare import begin, compare
from pap_core.data.digests import of_rows
from pap_core.evaluation.store import Kept
from pap_core.reviewing.split_queue import split_queue
from pap_core.reviews.records import Decision
from pap_core.reviews.store import Reviews, sqlite_engine
from tests.helpers.comparing import evaluate_in
from tests.helpers.pages.training_runs import logged
from tests.helpers.threshold_checkpoint import threshold_network, write_checkpoint

METHODS = ("k-means", "otsu")
TIMES = 5  # that each crop of the test side is there
REVIEWERS = {"Ada": ("accepted", "rejected"), "Bo": ("accepted", "accepted")}  # verdicts, cell by cell


def furnish_lived_in(place: Path, dataset: Path) -> Path:
    """Fill a folder with a checkpoint, and a workspace with something of each kind; return the checkpoint.

    Args:
        place: new, of which `place/workspace` becomes the workspace.
        dataset: a finished data set; it is copied.
    """
    checkpoint = write_checkpoint(place / "threshold", threshold_network())
    data = _many(dataset, place / "workspace" / "datasets" / "phantoms")
    shutil.copytree(dataset, data.parent / "small")
    kept = evaluate_in(place, data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PAP_WORKSPACE", str(place / "workspace"))
        for _ in compare(begin(data, 1), METHODS):
            pass
    for name in ("first", "second"):
        logged(place / "workspace" / "runs" / name, data)
    _review(place / "workspace", kept, data)
    return checkpoint


def _many(dataset: Path, folder: Path) -> Path:
    """Copy a data set, each crop of its test side several times: galleries then have pages to turn."""
    shutil.copytree(dataset, folder)
    manifest = pd.read_csv(folder / "manifest.csv", dtype=str)
    test = manifest[manifest["split"] == "test"]
    more = []
    for turn in range(1, TIMES):
        for name in test["id"]:
            for kind in ("images", "labels", "targets"):
                shutil.copy(folder / kind / f"{name}.png", folder / kind / f"{name}-{turn}.png")
        more.append(test.assign(id=test["id"] + f"-{turn}"))
    rows = pd.concat([manifest, *more]).fillna("")
    rows.to_csv(folder / "manifest.csv", index=False)
    described = json.loads((folder / "dataset.json").read_text())
    described["sides"] = rows["split"].value_counts().to_dict()
    (folder / "dataset.json").write_text(json.dumps(described | {"digest": of_rows(rows.to_dict("records"))}))
    return folder


def _review(workspace: Path, kept: Kept, data: Path) -> None:
    reviews = Reviews(sqlite_engine(workspace / "reviews.db"))
    reviews.prepare()
    queue = split_queue(kept, data)
    for reviewer, verdicts in REVIEWERS.items():
        for number, verdict in enumerate(verdicts):
            cell = queue.cell(number)
            seen = reviews.history(cell.id)
            reason = "other" if verdict == "rejected" else ""
            given = {"before": cell.before, "after": cell.before, "checkpoint": cell.checkpoint}
            decision = Decision(cell.id, reviewer, verdict, reason=reason, **given)
            reviews.save(cell, decision, seen[-1].number if seen else None)
