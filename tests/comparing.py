"""What the tests of evaluations and comparisons share: a data set of a few crops."""

import json
import shutil
from pathlib import Path

import pandas as pd

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
    for path in folder.glob("images/*.png"):
        if path.stem not in set(rows["id"]):
            path.unlink()
    described = json.loads((folder / "dataset.json").read_text())
    described["sides"] = rows["split"].value_counts().to_dict()
    (folder / "dataset.json").write_text(json.dumps(described | {"digest": DIGEST}))
    return folder
