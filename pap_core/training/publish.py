"""Publishes a checkpoint: weights, configuration, and a card that says what it is."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pap_core.data.split import FIELDS, MIXED, REVIEWS
from pap_core.errors import InputError
from pap_core.evaluation.fields import read_fields
from pap_core.evaluation.store import Kept
from pap_core.folders import whole_folder
from pap_core.labels import CLASSES
from pap_core.model.catalogue import CARD, CONFIG, WEIGHTS
from pap_core.model.checkpoint import copy, read
from pap_core.training.run import Run

_LIMITS = """\
## Limits

- For research and teaching. **Not a medical device**: no diagnosis may rest on it, and no person's smear
  should be reported from it.
- The weights are under the terms of the data they learnt from, which stand under Sources: for research. The
  code is under Apache-2.0.
- It has seen what is listed under Data, and nothing else: other stains, scanners, magnifications and
  preparations may lower every figure above without a warning.
- Crops are read as one cell: neighbours are background. Smears are read at the scale that the nuclei found
  vote for; a wrong scale spoils the result, and white blood cells, debris and dense clusters are at times
  taken for nuclei.
- Herlev's masks are soft to 2 to 3 pixels, so scores above about 0.9 say little.
"""

_SOURCES = {
    "herlev": "Herlev: J. Jantzen, J. Norup, G. Dounias, B. Bjerregaard, *Pap-smear benchmark data for "
    "pattern classification*, NiSIS 2005. Open for research; its images are not part of this repository.",
    "sipakmed": "SIPaKMeD: M. E. Plissiti et al., *SIPAKMED: a new dataset for feature and image based "
    "classification of normal and pathological cervical cells in Pap smear images*, ICIP 2018, "
    "doi 10.1109/ICIP.2018.8451588. Open for research; its images are not part of this repository.",
    "phantom": "Phantoms: synthetic smears painted by `pap_core.data.phantom`, in SIPaKMeD's layout and "
    "after its five categories. Under Apache-2.0, as the code.",
    FIELDS: "Fields with masks, outlines or points beside them. Under the terms of whoever holds them.",
    REVIEWS: "Reviews: cells that reviewers accepted or corrected. Under the terms of whoever holds the "
    "pictures.",
    MIXED: "Several sources in one data set. Under the terms of each of them together.",
}
_PAPER = (
    "Method: F. J. Castro Cortés et al., *Pix2Pix Generative Adversarial Network for Cellular Nuclei and "
    "Cytoplasm Segmentation on Pap Smear Images*, Rev. Mex. Ing. Biomédica 46(2), 2025, "
    "doi 10.17488/RMIB.46.2.1462; P. Isola et al., *Image-to-Image Translation with Conditional Adversarial "
    "Networks*, CVPR 2017."
)


_NUCLEI_TOLD = {  # columns of whole pictures whose truth tells nuclei
    "nucleus Jaccard": ("nucleus", "jaccard"),
    "Dice": ("nucleus", "dice"),
    "nuclei F1": ("nuclei", "f1"),
    "precision": ("nuclei", "precision"),
    "recall": ("nuclei", "recall"),
    "AJI": ("nuclei", "aji"),
    "PQ": ("nuclei", "panoptic_quality"),
}
_LESS_TOLD = {  # of those whose truth tells cells without their nuclei, or points
    "cell area found": ("cell", "sensitivity"),
    "cells with one nucleus": ("nuclei_of_cells", "one"),
    "with none": ("nuclei_of_cells", "none"),
    "with several": ("nuclei_of_cells", "several"),
    "marked nuclei found": ("marked_nuclei", "found"),
}


def publish(
    source: Path,
    folder: Path,
    evaluations: Sequence[Path],
    commands: str,
    notes: str = "",
    whole: Sequence[Path] = (),
) -> None:
    """Copy a checkpoint to a folder of its own, with a card.

    Args:
        source: a run's folder, for its best checkpoint, or a checkpoint's.
        folder: new, or a checkpoint folder to replace whole.
        evaluations: folders written by `evaluate` for this very checkpoint.
        commands: the commands that made the data and the weights, as one would type them.
        notes: Markdown put after the scores.
        whole: folders written by ``evaluate --whole``, for this checkpoint or for others beside it.

    Raises:
        InputError: no best checkpoint, an evaluation of another checkpoint, something damaged, a folder that
            holds anything else, or no room.
    """
    run = None if (source / WEIGHTS).is_file() else Run(source)
    checkpoint = read(run.folder / "checkpoints" / "best" if run else source)
    summaries = [Kept(one).summary() for one in evaluations]
    for one, summary in zip(evaluations, summaries, strict=True):
        measured = summary["checkpoint"]["digest"]
        if measured != checkpoint.digest:
            raise InputError(
                f"{one}: measures checkpoint {measured}, expected {checkpoint.digest}; evaluate it."
            )
    of_fields = [read_fields(one) for one in whole]
    foreign = sorted({path.name for path in folder.glob("*")} - {WEIGHTS, CONFIG, CARD})
    if foreign:
        raise InputError(f"{folder}: holds {foreign[0]}, expected a checkpoint or nothing; name a new one.")
    config = checkpoint.config
    try:
        trained = f"{run.minutes():.0f} minutes on {run.read_machine()}" if run else ""
        card = write_card(
            folder.name, config, checkpoint.digest, trained, summaries, commands, notes, of_fields
        )
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise InputError(
            f"{source}: how it was trained cannot be told ({error}); copy the run's folder again."
        ) from None
    try:
        with whole_folder(folder) as aside:
            copy(checkpoint, aside)
            (aside / CARD).write_text(card, encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"{folder}: could not be written ({error.strerror}); make room there or choose another folder."
        ) from error


def write_card(
    name: str,
    config: dict,
    digest: str,
    trained: str,
    summaries: Sequence[Mapping[str, Any]],
    commands: str,
    notes: str,
    whole: Sequence[Mapping[str, Any]] = (),
) -> str:
    """Return a checkpoint's card as Markdown; see `publish`.

    Args:
        name: of the checkpoint.
        config: the content of its ``config.json``.
        digest: of its weights.
        trained: for how long, and on what; "" where that is of no run.
        summaries: of the evaluations.
        commands: see `publish`.
        notes: see there.
        whole: what was found on whole pictures.
    """
    training, datasets = config["training"]["config"], config["training"]["datasets"]
    generator = config["generator"]
    terms = [f"{training['l1_weight']:g} · L1"]
    if training["objective"] == "pix2pix":
        terms.insert(0, "conditional GAN (log loss)")
    terms += [
        f"{training[key]:g} · {text}"
        for key, text in (("cross_entropy", "cross-entropy"), ("dice", "Dice"))
        if training[key]
    ]
    lines = [
        f"# {name}",
        "",
        f"Turns a Pap smear cell image into a map of nucleus, cytoplasm and background. Digest `{digest}`.",
        "",
        f"- Generator: encoder {generator['encoder']}, {generator['levels']} levels, width "
        f"{generator['width']}, head {generator['head']}.",
        f"- Objective: {' + '.join(terms)}.",
        f"- {_epochs(training)}, batch {training['batch']}, Adam {training['learning_rate']:g}, seed "
        f"{training['seed']}; `config.json` holds every setting.",
        *([f"- Trained in {trained}."] if trained else []),
        *_before(config["training"]),
        "",
        "## Data",
        "",
        "| data set | source | mode | split, seed | training / test crops | digest |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {one['folder']} | {one['source']} | {one['mode']} | {one['split']}, {one['seed']} | "
        f"{one['sides']['train']} / {one['sides']['test']} | `{one['digest'][:16]}` |"
        for one in {one["digest"]: one for one in datasets}.values()  # a set named twice counts double
    ]
    weights = [f"{one['folder']} {one['weight']:g}" for one in datasets if "weight" in one]
    if weights:
        lines += ["", f"The draws of an epoch are shared by weight: {', '.join(weights)}."]
    lines += [line for one in datasets if "pseudo_labels" in one for line in _pseudo_labels(one)]
    lines += [
        "",
        f"{training['validation']:.0%} of the training side, whole slides, chose the best epoch; no "
        "setting was chosen by the test side.",
        "",
        "```",
        commands.strip(),
        "```",
        "",
        "## Scores",
        "",
        "Strict protocol, Jaccard index, mean over images ± standard deviation [95 % interval of the mean, "
        "bootstrap by slide].",
        "",
        "| test side of | crops, slides | nucleus | cytoplasm | nuclei one by one, F1 |",
        "|---|---|---|---|---|",
    ]
    lines += [_scores(summary) for summary in summaries]
    if whole:
        lines += ["", *_of_fields(whole, digest)]
    lines += ["", notes.strip(), "", _LIMITS, "## Sources", ""]
    lines += [f"- {_SOURCES[source]}" for source in dict.fromkeys(one["source"] for one in datasets)]
    lines += [f"- {_PAPER}"]
    if training["pretrained"]:
        lines.append(
            "- Encoder: EfficientNet-Lite0 (M. Tan and Q. V. Le, ICML 2019), ImageNet weights, Apache 2.0."
        )
    return "\n".join(lines) + "\n"


def _pseudo_labels(dataset: dict) -> list[str]:
    """Say whose word a data set is where its truth says nothing, the first that was asked first."""
    told: dict | None = dataset["pseudo_labels"]
    lines: list[str] = []
    while told:
        of = told.get("only") or ("nuclei" if told.get("nuclei_only") else "classes")
        names = ", ".join(f"{name} (`{digest}`)" for digest, name in told["checkpoints"].items())
        lines.insert(
            0,
            f"\n{of.capitalize()} that the training side of {dataset['folder']} leaves open "
            f"{'is' if of == 'background' else 'are'} pseudo-labels: what the mean over {names} has at least "
            f"{told['sure']:g} of the probability for."
            + (
                " Each crop was taken for one cell, with the nucleus that stands out."
                * told.get("one_cell", False)
            ),
        )
        told = told.get("before")
    return lines


def _before(training: dict) -> list[str]:
    """Say what the weights are the mean of, and of each run that another started from, the latest first."""
    lines = [_of_run("The mean of these weights and those of", one) for one in training.get("mean_of", ())]
    if initial := training.get("initial"):
        lines += [_of_run("Started from", initial), *_before(initial["training"])]
    return lines


def _of_run(said: str, one: dict) -> str:
    config = one["training"]["config"]
    names = ", ".join(dict.fromkeys(dataset["folder"] for dataset in one["training"]["datasets"]))
    return (
        f"- {said} generator `{one['digest']}`: preset {config['preset']}, {_epochs(config)}, "
        f"Adam {config['learning_rate']:g}, on {names}."
    )


def _epochs(config: Mapping[str, Any]) -> str:
    return f"{config['epochs']} epoch{'s' * (config['epochs'] != 1)}"


def _scores(summary: Mapping[str, Any]) -> str:
    cells = []
    for name in CLASSES:
        found = summary["protocols"]["strict"][name]["jaccard"]
        deviation = "–" if found["sd"] is None else f"{found['sd']:.3f}"  # of one crop there is none
        cells.append(_mean(found, f" ± {deviation}"))
    cells.append(_mean(summary["nuclei"]["f1"]) if "nuclei" in summary else "–")
    dataset = summary["dataset"]["folder"]
    return f"| {dataset} | {summary['crops']}, {summary['groups']} | {' | '.join(cells)} |"


def _of_fields(summaries: Sequence[Mapping[str, Any]], digest: str) -> list[str]:
    lines = [
        "Whole pictures, as `predict` reads them, by pixels and by nuclei one by one: mean over pictures "
        "[95 % interval of the mean, bootstrap by slide].",
    ]
    for columns in (_NUCLEI_TOLD, _LESS_TOLD):
        rows = [(one, [_of(one, *where) for where in columns.values()]) for one in summaries]
        rows = [(one, found) for one, found in rows if any(each["mean"] is not None for each in found)]
        if rows:
            lines += [
                "",
                f"| weights | pictures, slides | {' | '.join(columns)} |",
                "|---" * (2 + len(columns)) + "|",
            ]
        for one, found in rows:
            of, dataset = one["checkpoint"], one["dataset"]
            name = "these" if of["digest"] == digest else f"{of['folder']} (`{of['digest']}`)"
            side = f", {dataset['side']} side" if dataset["side"] else ""
            lines.append(
                f"| {name} on {dataset['folder']}{side} | {one['fields']}, {one['groups']} | "
                f"{' | '.join(map(_mean, found))} |"
            )
    return lines


def _of(summary: Mapping[str, Any], part: str, metric: str) -> Mapping[str, float | None]:
    """Return the figures of a metric; measured before it was, it has none."""
    return summary.get(part, {}).get(metric) or {"mean": None, "low": None, "high": None}


def _mean(found: Mapping[str, float | None], deviation: str = "") -> str:
    """Write a mean and its interval; a dash stands for what is undefined on all images."""
    if found["mean"] is None:
        return "–"
    mean, low, high = ("–" if found[key] is None else f"{found[key]:.3f}" for key in ("mean", "low", "high"))
    return f"{mean}{deviation} [{low}, {high}]"
