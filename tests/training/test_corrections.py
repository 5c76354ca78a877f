"""Corrections mend a fault: the shipped checkpoint, fine-tuned on them, keeps what else it knew."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from pap_core.__main__ import main
from pap_core.data.build import BuildOptions, build
from pap_core.data.dataset import load
from pap_core.evaluation.evaluate import measure
from pap_core.inference.segmenter import Segmenter
from pap_core.model.catalogue import resolve
from pap_core.model.checkpoint import read
from pap_core.reviews.store import Reviews, sqlite_engine
from pap_core.training.keeping import FINE_TUNING
from tests.helpers.training.pigment import correct, write_source

pytestmark = pytest.mark.slow

GAIN, LOSS = 0.15, 0.01  # Jaccard index


def scores(segmenter: Segmenter, dataset: Path, most: int = 10_000) -> pd.Series:
    """Return the mean strict Jaccard by class on a test side, or on so many crops spread over it."""
    crops = load([dataset], "test")
    crops = crops.subset((pd.RangeIndex(len(crops)) * most) % len(crops) < most)
    table, _ = measure(segmenter, crops)
    return table[table["protocol"] == "strict"].groupby("class")["jaccard"].mean()


@pytest.fixture(scope="module")
def unseen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Data sets that nothing is trained on: phantoms with the fault and without."""
    folder = tmp_path_factory.mktemp("unseen")
    for name, seeds, faulty in (("faulty", range(2000, 2004), True), ("sound", range(3000, 3006), False)):
        source = write_source(folder / f"{name} source", seeds, faulty)
        build(source, folder / name, BuildOptions(mode="window", test_share=1.0))
    return {name: folder / name for name in ("faulty", "sound")}


def test_corrections_of_a_systematic_fault_mend_it_and_cost_nothing_elsewhere(
    unseen: dict[str, Path], shared_herlev: Path | None, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    before = Segmenter(read(resolve("compact")), "cpu")
    reviews = Reviews(sqlite_engine(tmp_path / "reviews.db"))
    reviews.prepare()
    assert 40 <= correct(reviews, before, range(1, 8)) <= 60
    command(tmp_path, "build", tmp_path / "reviews.db", tmp_path / "corrections", "--test-share", "0")
    sound = write_source(tmp_path / "sound", range(101, 109), faulty=False)
    command(tmp_path, "build", sound, tmp_path / "others", "--mode", "window", "--test-share", "0")
    settings = [f"--set={name}={json.dumps(value)}" for name, value in FINE_TUNING.items()]
    run = tmp_path / "run"
    words = ("train", tmp_path / "corrections", tmp_path / "others", "--from", "compact", "--cpu")
    command(tmp_path, *words, *settings, "--run-folder", run)

    after = Segmenter(read(resolve(str(run))), "cpu")
    kept = unseen | ({"herlev": shared_herlev} if shared_herlev else {})
    table = pd.DataFrame(
        {
            (name, when): scores(segmenter, folder, 80)
            for name, folder in kept.items()
            for when, segmenter in (("before", before), ("after", after))
        }
    ).T
    with capsys.disabled():
        print(f"\n{table.round(4)}")
    change = table.xs("after", level=1) - table.xs("before", level=1)
    assert change.loc["faulty", "nucleus"] > GAIN
    assert change.loc["faulty", "cytoplasm"] > 0
    for name in kept.keys() - {"faulty"}:
        for part in ("nucleus", "cytoplasm"):
            assert change.loc[name, part] > -LOSS, (name, part)


@pytest.fixture(scope="module")
def shared_herlev(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path | None:
    """Every third cell of the real Herlev, where it is there."""
    try:
        folder = request.getfixturevalue("shared_data") / "herlev"
    except pytest.skip.Exception:
        return None
    place = tmp_path_factory.mktemp("herlev")
    for mask in sorted(folder.glob("*/*-d.png"))[::3]:
        below = place / "source" / mask.parent.name
        below.mkdir(parents=True, exist_ok=True)
        for path in (mask, mask.with_name(mask.name.replace("-d.png", ".png"))):
            shutil.copy(path, below)
    build(place / "source", place / "set")
    return place / "set"


def command(folder: Path, *words: object) -> None:
    """Run a command, which must not fail."""
    assert main([str(word) for word in words]) == 0
