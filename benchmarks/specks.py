"""What the rules for specks, threads and crumbs do: nuclei found with and without them, beside the truth.

python benchmarks/specks.py CHECKPOINT DATA_SET [--side train] [--every 2]

Of a data set of fields, whole pictures are segmented as predict does it, and their nuclei matched with the
truth's. Of one of crops, each is segmented, and told is in how many one nucleus is found.
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from pap_core.data.dataset import load
from pap_core.data.described import describe
from pap_core.data.split import FIELDS
from pap_core.evaluation.fields import fields_of, measure_fields, summarise_fields
from pap_core.inference.segmenter import Segmentation, Segmenter, fit_scale
from pap_core.labels import IGNORE, NUCLEUS, decode
from pap_core.model.catalogue import resolve
from pap_core.model.checkpoint import read
from pap_core.nuclei import nuclei_of


class AsGenerated(Segmenter):
    """Segments as generated: what is smaller than any nucleus is none, and nothing else is taken away."""

    def segment(self, image: np.ndarray, kind: str, scale: float) -> Segmentation:
        """Segment a picture; see `Segmenter.segment`."""
        found = super().segment(image, kind, scale)
        return replace(found, label=decode(found.colours))


def of_fields(segmenter: Segmenter, folder: Path, side: str, every: int) -> None:
    """Print the figures of nuclei in whole pictures."""
    found = summarise_fields(measure_fields(segmenter, fields_of(folder, side)[::every]))
    figures = {name: found["nuclei"][name]["mean"] for name in ("f1", "precision", "recall", "aji")}
    told = ", ".join(f"{name} {value:.3f}" for name, value in figures.items())
    print(f"{type(segmenter).__name__}: {found['fields']} fields, {told}")


def of_crops(segmenter: Segmenter, folder: Path, side: str, every: int) -> None:
    """Print in how many crops one nucleus is found, and the Jaccard index of nucleus."""
    data = load([folder], side)
    one, indices = [], []
    for image, truth in list(zip(data.images.numpy(), data.labels.numpy(), strict=True))[::every]:
        pixels = image.transpose(1, 2, 0)
        label = segmenter.segment(pixels, "crop", fit_scale(pixels)).label
        one.append(nuclei_of(label).max() == 1)
        found, true = (np.where(truth == IGNORE, 0, each) == NUCLEUS for each in (label, truth))
        indices.append((found & true).sum() / max(1, (found | true).sum()))
    name = type(segmenter).__name__
    print(f"{name}: {len(one)} crops, one nucleus in {np.mean(one):.3f}, Jaccard {np.mean(indices):.4f}")


def main() -> None:
    """Run both ways."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--side", default="train", choices=("train", "test"))
    parser.add_argument("--every", type=int, default=1)
    options = parser.parse_args()
    of = of_fields if describe(options.dataset)["source"] == FIELDS else of_crops
    checkpoint = read(resolve(options.checkpoint))
    for kind in (AsGenerated, Segmenter):
        of(kind(checkpoint), options.dataset, options.side, options.every)


if __name__ == "__main__":
    main()
