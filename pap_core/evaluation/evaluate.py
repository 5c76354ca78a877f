"""Measures a checkpoint on a data set: a table by image, and summaries computed from that table alone."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd

from pap_core.data.dataset import Crops, load
from pap_core.data.described import describe
from pap_core.data.extent import Extent
from pap_core.data.split import TRAIN
from pap_core.errors import InputError
from pap_core.evaluation.crop_nuclei import matched_nuclei
from pap_core.evaluation.intervals import LEVEL, RESAMPLES
from pap_core.evaluation.measured import NUCLEI, OF_OBJECTS, OUTLINES, SUMMARY, TABLE
from pap_core.evaluation.measured import PROTOCOL as STRICT
from pap_core.evaluation.metrics import METRICS, compare, scores
from pap_core.evaluation.published import DOI, PUBLISHED, TOGETHER
from pap_core.evaluation.summaries import summarise
from pap_core.files import write_whole
from pap_core.labels import CLASSES, NUCLEUS, PROTOCOLS


class Predictor(Protocol):
    """What can be evaluated: a checkpoint, or any method of the comparison."""

    @property
    def name(self) -> str: ...
    @property
    def digest(self) -> str: ...  # what tells it from any other, 16 hex digits
    @property
    def parameters(self) -> int: ...  # how many numbers it has learnt

    def generate(self, images: np.ndarray) -> np.ndarray:
        """Return the colour maps, ``(N, S, S, 3)`` uint8, of crops of that shape."""
        ...


# id, (H, W, 3) crop, veiled where it is no picture, (H, W, 3) generated colours, background there
Keep = Callable[[str, np.ndarray, np.ndarray], None]
BOTH = "both"  # nucleus and cytoplasm together, as in the paper's Table 5: their counts added

_BATCH = 16
_WHITE = 255  # of all channels: background


def evaluate(
    predictor: Predictor,
    folder: Path,
    out: Path,
    split: str = "test",
    progress: Callable[[int, int], None] | None = None,
    keep: Keep | None = None,
) -> dict:
    """Measure a checkpoint on one side of a data set, under every protocol.

    Each crop is predicted once, without dropout, and all protocols read that one prediction, so that
    they differ in nothing else. Every mean comes from the table by image. Where a crop is no picture, nothing
    is found and nothing counts.

    Args:
        predictor: a checkpoint's `pap_core.inference.segmenter.Segmenter`, used just as in `predict`,
            or a method.
        folder: a data set folder.
        out: where ``per_image.csv``, ``nuclei.csv`` and ``summary.json`` go; made if missing.
        split: side of the data set, "test" or "train".
        progress: called with crops done and crops in all.
        keep: called with each crop and the colours generated for it.

    Returns:
        The content of ``summary.json``: what was measured, then `summarise` of the table.

    Raises:
        InputError: no finished data set, no crop on that side, or `out` cannot be written.
    """
    described = describe(folder, ("source", "digest", "split", "seed"))
    crops = load([folder], split)
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
    table, nuclei = measure(predictor, crops, progress, keep)
    summary = {
        "checkpoint": {"folder": predictor.name, "digest": predictor.digest},
        # names, not paths: a summary may be published
        "dataset": {
            "folder": folder.resolve().name,
            **{key: described[key] for key in ("source", "digest", "split", "seed")},
            "side": split,
            **({"pseudo_labels": True} if split == TRAIN and "pseudo_labels" in described else {}),
        },
        **summarise(table, nuclei),
    }
    with writing(out):
        (out / SUMMARY).unlink(missing_ok=True)  # of another evaluation: its table is replaced first
        for name, rows in ((TABLE, table), (NUCLEI, nuclei)):
            write_whole(out / name, rows.to_csv(index=False, lineterminator="\n").encode())
        write_whole(out / SUMMARY, json.dumps(summary, indent=2, allow_nan=False).encode())
    return summary


def measure(
    predictor: Predictor,
    crops: Crops,
    progress: Callable[[int, int], None] | None = None,
    keep: Keep | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Predict crops and count them.

    Args:
        predictor: generates the colour maps.
        crops: with columns `id`, `category` and `group` in their table.
        progress: called with crops done and crops in all.
        keep: called with each crop and the colours generated for it.

    Returns:
        Pixels: a row by crop, protocol and class, in that order; columns `id`, `category`, `group`,
        `protocol`, `class` (nucleus, cytoplasm, `BOTH`), `tp`, `fp`, `fn`, `tn` (pixels), the `METRICS` (0 to
        1, NaN where undefined) and `nucleus_area` (pixels of the crop that the expert marked as nucleus).
        Nuclei: a row by crop; columns `id`, `category`, `group` and those of `matched_nuclei`.
    """
    frames, nuclei = [], []
    for start in range(0, len(crops), _BATCH):
        batch = slice(start, start + _BATCH)
        labels = crops.labels[batch].numpy()
        images = crops.images[batch].permute(0, 2, 3, 1).numpy()
        extents = [Extent.of(row, images.shape[1:]) for row in crops.table.iloc[batch].to_dict("records")]
        # the mirrored edge is there for the network to see, not for cells to be found in
        generated = zip(predictor.generate(images), extents, strict=True)
        colours = np.stack([extent.cleared(one, _WHITE) for one, extent in generated])
        named = crops.table.iloc[batch][["id", "category", "group"]]
        area = (labels == NUCLEUS).sum(axis=(-2, -1))
        for protocol in PROTOCOLS:
            counts = compare(colours, labels, protocol)
            counts[BOTH] = {
                part: np.sum([counts[name][part] for name in CLASSES], axis=0) for part in counts["nucleus"]
            }
            for name, found in counts.items():
                row = {"protocol": protocol, "class": name, **found, **scores(found), "nucleus_area": area}
                frames.append(named.assign(**row))
        for row, found, label in zip(named.to_dict("records"), colours, labels, strict=True):
            nuclei.append(row | matched_nuclei(found, label))
        if keep:
            for identifier, image, found, extent in zip(named["id"], images, colours, extents, strict=True):
                keep(identifier, extent.veiled(image), found)
        if progress:
            progress(min(batch.stop, len(crops)), len(crops))
    return pd.concat(frames).sort_index(kind="stable").reset_index(drop=True), pd.DataFrame(nuclei)


def report(summary: dict, protocol: str) -> str:
    """Write out the paper's Tables 3 and 4 for one protocol, measured beside published, then by category.

    Args:
        summary: as `evaluate` returns it, or as read from ``summary.json``.
        protocol: one of `PROTOCOLS`. Protocols are never mixed in one table.
    """
    dataset, checkpoint = summary["dataset"], summary["checkpoint"]
    measured = summary["protocols"][protocol]
    lines = [
        f"Protocol {protocol}: {checkpoint['folder']} ({checkpoint['digest']}) on {dataset['folder']}",
        f"{summary['crops']} crops of {summary['groups']} smears or slides, {dataset['side']} side, "
        f"source {dataset['source']}, split {dataset['split']} with seed {dataset['seed']}",
        *(["Pseudo-labels are taken for truth here."] if dataset.get("pseudo_labels") else []),
        "",
        f"{'%':<14}{f'measured: mean ± sd [{LEVEL} % interval]':<46}published: mean ± sd",
    ]
    for name in (*CLASSES, BOTH):
        lines.append(name)
        for metric in METRICS:
            lines.append(f"  {metric:<12}{_measured(measured[name][metric]):<46}{_published(name, metric)}")
    lines += ["", f"Mean Jaccard index by category, %, protocol {protocol} (n images)"]
    lines += [f"{'':<28}{'nucleus':<20}cytoplasm"]
    for category, part in summary["categories"].items():
        cells = [_with_number(part, protocol, name) for name in CLASSES]
        lines.append(f"  {category:<26}{cells[0]:<20}{cells[1]}")
    if protocol == STRICT and "nuclei" in summary:
        lines += _of_nuclei(summary)
    lines += [
        "",
        f"Published: the paper's Tables 3, 4 and 5 (doi {DOI}), its model on its own data (SIPaKMeD).",
        "Figures of different data sets are not comparable. The paper does not name its protocol; its",
        "figures fit channel-200 best.",
        f"Intervals: bootstrap of the mean over smears or slides, {RESAMPLES} resamples.",
    ]
    return "\n".join(lines)


def _measured(figures: dict) -> str:
    mean, sd, low, high = (_percent(figures[name]) for name in ("mean", "sd", "low", "high"))
    left_out = f" ({figures['undefined']} undefined)" if figures["undefined"] else ""
    return f"{mean} ± {sd} [{low}, {high}]{left_out}"


def _of_nuclei(summary: dict) -> list[str]:
    lines = ["", "Nuclei one by one: mean over images [interval], then all added up"]
    for metric in OF_OBJECTS:
        found = summary["nuclei"][metric]
        mean, low, high = (_share(found[name]) for name in ("mean", "low", "high"))
        left_out = f" ({found['undefined']} undefined)" if found["undefined"] else ""
        added = _share(summary["nuclei_together"][metric]) if metric not in OUTLINES else ""
        name = metric.replace("_", " ") + (" (px)" if metric in OUTLINES else "")
        lines.append(f"  {name:<20}{f'{mean} [{low}, {high}]{left_out}':<40}{added}".rstrip())
    return lines


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _published(name: str, metric: str) -> str:
    if metric not in TOGETHER:
        return "–"
    if name == BOTH:
        return f"{TOGETHER[metric]:.0f}"
    mean, sd = PUBLISHED[name][metric]
    return f"{mean:.2f} ± {sd:.2f}"


def _with_number(part: dict, protocol: str, name: str) -> str:
    figures = part["protocols"][protocol][name]["jaccard"]
    return f"{_percent(figures['mean'])} (n {part['crops'] - figures['undefined']})"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.2f}"


@contextmanager
def writing(out: Path) -> Iterator[None]:
    """Tell in a sentence what comes in the way of writing to a folder."""
    try:
        yield
    except OSError as error:
        raise InputError(
            f"{out}: could not be written ({error.strerror}); expected a folder with room, make some or "
            "choose another."
        ) from error
