"""What the tests of evaluations and comparisons share: a data set of a few crops, and its evaluation."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from pap_core.evaluation.store import Kept, evaluate_and_keep, split_of
from pap_core.inference.segmenter import Segmenter
from pap_core.model.checkpoint import read

DIGEST = "f3f3"


def few(dataset: Path, folder: Path, train: int = 0) -> Path:
    """Copy a data set with two test crops of each category, and none besides.

    Args:
        dataset: to copy from.
        folder: new.
        train: training crops of each category to keep.
    """
    shutil.copytree(dataset, folder)
    manifest = pd.read_csv(folder / "manifest.csv", dtype=str)
    test = manifest[manifest["split"] == "test"].groupby("category").head(2)
    rows = pd.concat([test, manifest[manifest["split"] == "train"].groupby("category").head(train)])
    rows.to_csv(folder / "manifest.csv", index=False)
    for path in folder.glob("*/*.png"):
        if path.stem not in set(rows["id"]):
            path.unlink()
    described = json.loads((folder / "dataset.json").read_text())
    described["sides"] = rows["split"].value_counts().to_dict()
    (folder / "dataset.json").write_text(json.dumps(described | {"digest": DIGEST}))
    return folder


def evaluate_in(folder: Path, dataset: Path) -> Kept:
    """Evaluate the checkpoint ``threshold`` of a folder; the folder's workspace keeps what was found."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PAP_WORKSPACE", str(folder / "workspace"))
        return evaluate_and_keep(Segmenter(read(folder / "threshold"), "cpu"), split_of(dataset))
