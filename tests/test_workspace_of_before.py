"""A workspace made before the code was moved to its layout opens still: all that people have is in it.

``workspace_2026_11.tar.xz`` was made once, by commit 78a0819 (2026-11-29) and the commands of the ``made.py``
in it, from phantoms. It must never be made again by later code: what that writes is not what people have.
Its records name ``/tmp/fixture/pap`` as their place.
"""

import hashlib
import json
import tarfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy import ndimage

# all that is taken from the package, for a module that moves to be named once
from pap_core.__main__ import main
from pap_core.comparison.compare import listed as comparisons
from pap_core.data.build_job import listed as builds
from pap_core.data.dataset import load
from pap_core.data.described import describe
from pap_core.evaluation.store import find, split_of
from pap_core.labels import NUCLEUS
from pap_core.training.process import listed as runs
from pap_core.training.process import state
from tests.helpers.pages.datasets_page import BUILD, opened
from tests.helpers.pages.visiting import PATIENCE, page, ran, said

ARCHIVE = Path(__file__).with_name("workspace_2026_11.tar.xz")
PLACE = "/tmp/fixture/pap"
PAGES = {  # by name, a word that each says of what is in the workspace
    "segment": "",
    "results": "crops",
    "compare": "Otsu",
    "dataset": "crops",
    "train": "phantoms",
    "review": "",
}
FORMATS = ("reviews", "sipakmed", "coco", "geojson", "csv", "audit")


def unpacked(folder: Path, moved: bool) -> Path:
    """Unpack the archive; unless it is to be one that was moved, its records name where it lies now."""
    with tarfile.open(ARCHIVE) as file:
        file.extractall(folder, filter="data")
    for path in [] if moved else folder.rglob("*.json"):
        path.write_text(path.read_text().replace(PLACE, str(folder)))
    return folder


@pytest.fixture(scope="module", params=["in place", "moved"])
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of before, not to be changed."""
    return unpacked(tmp_path_factory.mktemp("before"), request.param == "moved")


@pytest.fixture
def before(shared: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same, in use."""
    return use(shared, monkeypatch)


@pytest.fixture(params=[pytest.param("in place", marks=pytest.mark.slow), "moved"])
def own(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of before in use, to be changed by the test."""
    return use(unpacked(tmp_path, request.param == "moved"), monkeypatch)


def use(folder: Path, patch: pytest.MonkeyPatch) -> Path:
    patch.setenv("PAP_WORKSPACE", str(folder / "workspace"))
    patch.setenv("PAP_CHECKPOINT", str(folder / "published"))
    patch.setenv("PAP_DATA", str(folder / "data"))
    return folder


@pytest.fixture
def command(capsys: pytest.CaptureFixture) -> Callable[..., str]:
    """Return `command(*words)`: what a command that succeeds prints."""

    def give(*words: object) -> str:
        status = main([str(word) for word in words])
        printed = capsys.readouterr()
        assert status == 0, printed.err
        return printed.out

    return give


def rows(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_the_crops_of_the_data_set_are_those_that_were_cut(before: Path) -> None:
    folder = before / "workspace" / "datasets" / "phantoms"
    described = describe(folder, ("digest", "sides"))
    for side in ("train", "test"):
        crops = load([folder], side)
        assert len(crops) == described["sides"][side] > 0
        for image, label, digest in zip(crops.images, crops.labels, crops.table["digest"], strict=True):
            content = image.permute(1, 2, 0).numpy().tobytes() + label.numpy().tobytes()
            assert hashlib.sha256(content).hexdigest()[:16] == digest


def test_the_runs_are_in_their_states(before: Path) -> None:
    found = {name: state(run) for name, run in runs().items()}
    assert found == {"finished": "finished", "stopped": "stopped", "killed": "lost"}


def test_the_builds_are_in_their_states(before: Path) -> None:
    found = {job.name: job.progress().state for job in builds()}
    assert found == {"empty": "failed", "uploaded": "lost"}


@pytest.mark.parametrize("name", ["killed", pytest.param("stopped", marks=pytest.mark.slow)])
def test_a_run_is_resumed_to_its_end(own: Path, command, name: str) -> None:
    folder = own / "workspace" / "runs" / name
    begun = rows(folder / "metrics.jsonl")
    status = json.loads(command("train", "--resume", folder, "--cpu", "--json"))
    assert (status["state"], status["step"]) == ("finished", status["steps"])
    ended = rows(folder / "metrics.jsonl")
    first = [row for row in begun if row["epoch"] == 1]
    assert first
    assert ended[: len(first)] == first  # of before
    if name == "killed":
        same_curve(ended, rows(own / "resumed.jsonl"))


def test_another_data_set_of_the_name_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    space = use(unpacked(tmp_path, moved=True), monkeypatch) / "workspace"
    path = space / "datasets" / "phantoms" / "dataset.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"digest": "f3f3"}))
    before = (space / "runs" / "killed" / "metrics.jsonl").read_bytes()
    assert main(["train", "--resume", str(space / "runs" / "killed"), "--cpu"]) == 1
    assert f"pap_core: {PLACE}/workspace/datasets/phantoms: no dataset.json" in capsys.readouterr().err
    assert (space / "runs" / "killed" / "metrics.jsonl").read_bytes() == before


def same_curve(found: list[dict], expected: list[dict]) -> None:
    """See that a curve is the one that the code of before went on with, up to another machine's rounding."""
    for row in (*found, *expected):
        row.pop("images_per_second", None)
    assert [row.keys() for row in found] == [row.keys() for row in expected]
    for one, other in zip(found, expected, strict=True):
        assert one.pop("kind") == other.pop("kind")
        assert one == pytest.approx(other, rel=0.02, abs=0.02)


def test_the_evaluation_is_found_and_still_right(before: Path, command, tmp_path: Path) -> None:
    data = before / "workspace" / "datasets" / "phantoms"
    run = before / "workspace" / "runs" / "finished"
    summary = json.loads(command("evaluate", run, data, "--output", tmp_path / "again", "--json"))
    split = split_of(data)
    kept = find(summary["checkpoint"]["digest"], split)
    found = kept.summary()
    for part in (found, *found["categories"].values()):
        for classes in part["protocols"].values():
            for figures in classes.values():
                del figures["dice"]  # which was not measured then
    assert found == json.loads((before / "evaluation" / "summary.json").read_text())
    table = kept.table()
    assert table["id"].nunique() == split.crops
    again = pd.read_csv(tmp_path / "again" / "per_image.csv")
    assert list(again) == list(table)
    assert again["jaccard"].to_numpy() == pytest.approx(table["jaccard"].to_numpy(), abs=0.02, nan_ok=True)
    for crop in table["id"].unique():
        assert Image.open(kept.prediction(crop)).size == (256, 256)
        assert kept.thumbnail(crop).is_file()


def test_nuclei_of_the_evaluation_are_matched_now(own: Path) -> None:
    data = own / "workspace" / "datasets" / "phantoms"
    split = split_of(data)
    digest = json.loads((own / "evaluation" / "summary.json").read_text())["checkpoint"]["digest"]
    kept = find(digest, split)
    assert "nuclei" not in kept.summary()
    kept.match_nuclei(split)
    crops = load([data], "test")
    matched = kept.nuclei().set_index("id")
    assert list(matched.index) == list(crops.table["id"])
    for crop, label in zip(crops.table["id"], crops.labels.numpy(), strict=True):
        assert matched.loc[crop, "nuclei_true"] == ndimage.label(label == NUCLEUS, np.ones((3, 3)))[1]
    assert kept.summary()["nuclei"]["f1"]["undefined"] < split.crops


def test_the_comparison_has_nothing_left_to_measure(own: Path, command) -> None:
    (comparison,) = comparisons()
    files = {path: path.read_bytes() for path in comparison.folder.glob("*.json")}
    kept = {name: comparison.evaluation(done).table() for name, done in comparison.done().items()}
    assert list(kept) == ["k-means", "otsu"]
    data = own / "workspace" / "datasets" / "phantoms"
    words = ("compare", data, "--methods", "otsu,k-means", "--budget", 1, "--json")
    table = pd.DataFrame(json.loads(command(*words)))
    for name in kept:
        path = comparison.folder / f"{name}.json"
        assert path.read_bytes() == files[path]
        chosen = (kept[name]["protocol"] == "strict") & (kept[name]["class"] == "both")
        told = table[(table["method"] == name) & (table["protocol"] == "strict")]
        told = told[(told["class"] == "both") & (told["category"] == "(all)")].set_index("metric")["mean"]
        assert told["jaccard"] == pytest.approx(kept[name]["jaccard"][chosen].mean())


@pytest.mark.parametrize("kind", FORMATS)
def test_the_reviews_are_exported(before: Path, command, tmp_path: Path, kind: str) -> None:
    command("reviews", tmp_path / "out", "--format", kind)
    assert (tmp_path / "out").exists()


def test_the_reviews_are_what_was_decided(before: Path, command, tmp_path: Path) -> None:
    command("reviews", tmp_path / "audit.jsonl", "--format", "audit")
    assert (tmp_path / "audit.jsonl").read_bytes() == (before / "audit.jsonl").read_bytes()
    assert "5 decisions, as they were written" in command("reviews", before / "audit.jsonl", "--verify")
    decisions = rows(before / "audit.jsonl")
    found = [(one["reviewer"], one["verdict"]) for one in decisions if "verdict" in one]
    assert found == [
        *(("Ada", "corrected"), ("Ada", "rejected"), ("Ada", "corrected")),
        *(("Ben", "corrected"), ("Ben", "accepted")),
    ]


@pytest.mark.parametrize("checkpoint", ["published", "workspace/runs/finished"])
def test_a_picture_is_predicted_as_before(own: Path, command, checkpoint: str) -> None:
    """Into the folder of before, whose table it is added to."""
    out, crop = own / "predicted", min((own / "workspace" / "datasets" / "phantoms" / "images").iterdir())
    before = pd.read_csv(out / "cells.csv")
    label = np.array(Image.open(out / f"{crop.stem}_label.png"))
    (own / "another.png").write_bytes(crop.read_bytes())
    for picture in (crop, own / "another.png"):
        command("predict", picture, "--checkpoint", own / checkpoint, "--output", out)
        found = np.array(Image.open(out / f"{picture.stem}_label.png"))
        assert (found == label).mean() > 0.99  # up to another machine's rounding
    after = pd.read_csv(out / "cells.csv")
    assert len(before)
    pd.testing.assert_frame_equal(after[after["file"].isin(before["file"])], before)


@pytest.mark.parametrize("name", PAGES)
def test_every_page_opens(before: Path, name: str) -> None:
    app = page(name)
    assert not app.error
    assert PAGES[name] in said(app)


@pytest.mark.slow
def test_a_build_that_was_killed_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its upload is there, its process is not."""
    space = use(unpacked(tmp_path, moved=False), monkeypatch) / "workspace"
    app = opened(BUILD)
    next(one for one in app.button if one.label == "Continue" and not one.disabled).click()
    deadline = time.monotonic() + PATIENCE
    while not (space / "datasets" / "uploaded" / "dataset.json").exists():
        assert time.monotonic() < deadline
        time.sleep(0.2)
        ran(app)
    assert len(load([space / "datasets" / "uploaded"], "train")) > 0
