"""Data sets of small drawn cells."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pandas as pd

from pap_core.images import write_png
from pap_core.labels import CYTOPLASM, NUCLEUS

SIDE = 64
GROUPS, PER_GROUP = 13, 5  # one group is held out: 61 crops are left to train on, no multiple of any batch


def draw_cell(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw one cell of 64 px in the colours of a smear, and its label."""
    rows, columns = np.mgrid[:SIDE, :SIDE] + 0.5

    def ellipse(x: float, y: float, a: float, b: float) -> np.ndarray:
        return ((columns - x) / a) ** 2 + ((rows - y) / b) ** 2 <= 1

    x, y = random.uniform(24, 40, 2)
    label = np.zeros((SIDE, SIDE), dtype=np.uint8)
    label[ellipse(x, y, *random.uniform(14, 26, 2))] = CYTOPLASM
    label[ellipse(*(np.array([x, y]) + random.uniform(-4, 4, 2)), *random.uniform(5, 10, 2))] = NUCLEUS
    colours = np.array([(230, 225, 220), (130, 165, 195), (65, 45, 95)]) + random.normal(0, 12, (3, 3))
    image = colours[label] + random.normal(0, 6, (SIDE, SIDE, 3))
    return image.round().clip(0, 255).astype(np.uint8), label


def write_dataset(folder: Path, seed: int = 0) -> Path:
    """Write a finished data set folder of drawn cells."""
    random = np.random.default_rng(seed)
    for name in ("images", "labels"):
        (folder / name).mkdir(parents=True)
    rows = []
    for group in range(GROUPS + 2):
        for number in range(PER_GROUP + (group == 0)):
            name = f"smear{group:02d}_{number}"
            image, label = draw_cell(random)
            write_png(folder / "images" / f"{name}.png", image)
            write_png(folder / "labels" / f"{name}.png", label)
            side = "train" if group < GROUPS else "test"
            rows.append({"id": name, "category": "drawn", "group": f"smear{group:02d}", "split": side})
    pd.DataFrame(rows).to_csv(folder / "manifest.csv", index=False)
    described = {
        "source": "drawn",
        "mode": "window",
        "split": "grouped",
        "seed": seed,
        "size": SIDE,
        "crops": len(rows),
        "sides": {side: sum(row["split"] == side for row in rows) for side in ("train", "test")},
        "digest": hashlib.sha256((folder / "manifest.csv").read_bytes()).hexdigest(),
    }
    (folder / "dataset.json").write_text(json.dumps(described))
    return folder
