"""Evaluations that are kept: found again, made once, never half; and the error map."""

import json
import os
import shutil
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from pap_core.errors import InputError
from pap_core.evaluation import measured
from pap_core.evaluation.evaluate import evaluate
from pap_core.evaluation.metrics import METRICS, compare
from pap_core.evaluation.store import Kept, TestSplit, evaluate_and_keep, find, split_of
from pap_core.images import write_png
from pap_core.inference.segmenter import Segmenter
from pap_core.labels import CYTOPLASM, IGNORE, NUCLEUS, PROTOCOLS
from pap_core.model.checkpoint import read, write_config, write_weights
from pap_core.model.generator import Generator
from pap_core.settings.networks import GeneratorConfig
from pap_core.workspace import evaluations

SIDE = 96  # px, of a crop
GLASS, CELL, NUCLEUS_COLOUR = (230, 225, 220), (120, 160, 200), (60, 40, 90)


@pytest.fixture(scope="module")
def segmenter(tmp_path_factory: pytest.TempPathFactory) -> Segmenter:
    folder = tmp_path_factory.mktemp("checkpoints") / "untrained"
    torch.manual_seed(0)
    network = Generator(GeneratorConfig(levels=3, width=4, kernel=4, last="transposed", head="palette"))
    write_config(folder, network.config, {})
    write_weights(folder, network)
    return Segmenter(read(folder), "cpu")


@pytest.fixture(autouse=True)
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PAP_WORKSPACE", str(tmp_path / "workspace"))
    return tmp_path / "workspace"


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set folder of six drawn test crops of three slides and two categories, and one to train on."""
    folder = tmp_path_factory.mktemp("few") / "few"
    (folder / "images").mkdir(parents=True)
    (folder / "labels").mkdir()
    y, x = np.mgrid[:SIDE, :SIDE]
    rows = []
    for number in range(7):
        away = np.hypot(x - 40 - number, y - 50)
        label = np.where(away < 10 + number, NUCLEUS, np.where(away < 36, CYTOPLASM, 0)).astype(np.uint8)
        label[: 2 * number] = IGNORE
        image = np.array([GLASS, CELL, NUCLEUS_COLOUR], dtype=np.uint8)[np.where(label == IGNORE, 0, label)]
        write_png(folder / "images" / f"c{number}.png", image)
        write_png(folder / "labels" / f"c{number}.png", label)
        category = ("Parabasal", "Dyskeratotic")[number % 2]
        rows.append((f"c{number}", category, f"s{number % 3}", "test" if number < 6 else "train"))
    columns = ["id", "category", "group", "split"]
    pd.DataFrame(rows, columns=columns).to_csv(folder / "manifest.csv", index=False)
    described = {"format": 1, "source": "phantom", "split": "grouped", "seed": 0, "digest": "d1"}
    (folder / "dataset.json").write_text(json.dumps(described))
    return folder


def test_what_is_kept_is_the_evaluation_with_its_predictions(
    segmenter: Segmenter, few: Path, tmp_path: Path
) -> None:
    calls: list[tuple[int, int]] = []
    kept = evaluate_and_keep(segmenter, split_of(few), lambda *counts: calls.append(counts))
    assert calls[-1] == (6, 6)
    summary = evaluate(segmenter, few, tmp_path / "plain")
    assert kept.summary() == summary
    assert kept.cost().milliseconds > 0
    assert kept.cost().parameters == segmenter.parameters > 0
    assert (kept.folder / "per_image.csv").read_bytes() == (tmp_path / "plain/per_image.csv").read_bytes()
    table = kept.table()
    for crop, rows in table.groupby("id"):
        colours = np.array(Image.open(kept.prediction(crop)))
        label = np.array(Image.open(few / "labels" / f"{crop}.png"))
        found = rows.set_index(["protocol", "class"])
        for protocol in PROTOCOLS:
            for name, counts in compare(colours, label, protocol).items():
                assert found.loc[(protocol, name), "tp"] == counts["tp"]
                assert found.loc[(protocol, name), "fp"] == counts["fp"]
        with Image.open(kept.thumbnail(crop)) as small:
            assert (small.format, small.size) == ("JPEG", (SIDE, SIDE))


def test_the_table_is_read_as_it_was_measured(segmenter: Segmenter, few: Path, tmp_path: Path) -> None:
    kept = evaluate_and_keep(segmenter, split_of(few))
    text = (kept.folder / "per_image.csv").read_text().replace("Parabasal,", "NA,")
    lines = text.splitlines()
    fields = lines[1].split(",")
    fields[lines[0].split(",").index("precision")] = ""
    (kept.folder / "per_image.csv").write_text("\n".join([lines[0], ",".join(fields), *lines[2:]]))
    table = kept.table()
    assert set(METRICS) == set(measured.METRICS)
    assert "NA" in set(table["category"])
    assert np.isnan(table["precision"].iloc[0])
    assert not table["jaccard"].isna().any()


def test_what_was_evaluated_before_dice_was_measured_has_it_by_its_counts(
    segmenter: Segmenter, few: Path
) -> None:
    kept = evaluate_and_keep(segmenter, split_of(few))
    table = kept.table().drop(columns="dice").assign(fp=3, fn=1)
    table["tp"] = range(len(table))
    table.to_csv(kept.folder / "per_image.csv", index=False)
    older = json.loads((kept.folder / "summary.json").read_text())
    for part in (older, *older["categories"].values()):
        for classes in part["protocols"].values():
            for found in classes.values():
                del found["dice"]
    (kept.folder / "summary.json").write_text(json.dumps(older))
    expected = 2 * table["tp"] / (2 * table["tp"] + 4)
    assert kept.table()["dice"].tolist() == pytest.approx(expected.tolist())
    strict = (table["protocol"] == "strict") & (table["class"] == "nucleus")
    figures = kept.summary()["protocols"]["strict"]["nucleus"]["dice"]
    assert figures["mean"] == pytest.approx(expected[strict].mean())


def test_nuclei_of_an_evaluation_of_before_are_matched_by_what_it_keeps(
    segmenter: Segmenter, few: Path
) -> None:
    split = split_of(few)
    kept = evaluate_and_keep(segmenter, split)
    summary, matched = kept.summary(), (kept.folder / "nuclei.csv").read_bytes()
    (kept.folder / "nuclei.csv").unlink()
    older = json.loads(json.dumps(summary))
    for part in (older, *older["categories"].values()):
        del part["nuclei"], part["nuclei_together"]
    (kept.folder / "summary.json").write_text(json.dumps(older))
    assert kept.summary() == older
    assert kept.nuclei().empty
    calls: list[tuple[int, int]] = []
    kept.match_nuclei(split, lambda *counts: calls.append(counts))
    assert calls == [(number, 6) for number in range(1, 7)]
    assert (kept.folder / "nuclei.csv").read_bytes() == matched
    assert kept.summary() == summary
    assert kept.nuclei()["nuclei_true"].tolist() == [1] * 6


def test_nuclei_are_not_matched_by_a_prediction_that_is_gone(segmenter: Segmenter, few: Path) -> None:
    split = split_of(few)
    kept = evaluate_and_keep(segmenter, split)
    kept.prediction("c3").unlink()
    before = {path: path.read_bytes() for path in kept.folder.iterdir() if path.is_file()}
    with pytest.raises(InputError, match=r"c3\.png"):
        kept.match_nuclei(split)
    assert before == {path: path.read_bytes() for path in kept.folder.iterdir() if path.is_file()}


def test_a_damaged_table_of_nuclei_is_named(segmenter: Segmenter, few: Path) -> None:
    kept = evaluate_and_keep(segmenter, split_of(few))
    table = pd.read_csv(kept.folder / "nuclei.csv")
    table.assign(nuclei_true=-1).to_csv(kept.folder / "nuclei.csv", index=False)
    with pytest.raises(InputError, match=r"nuclei\.csv.*nuclei_true"):
        kept.nuclei()


def test_a_kept_evaluation_is_found_again_by_both_digests(segmenter: Segmenter, few: Path) -> None:
    split = split_of(few)
    digest = segmenter.checkpoint.digest
    assert find(digest, split) is None
    kept = evaluate_and_keep(segmenter, split)
    assert find(digest, split) == kept
    assert kept.folder.parent == evaluations()
    assert find("0" * 16, split) is None
    assert find(digest, TestSplit(few, "another", 6)) is None


def test_an_evaluation_that_fails_leaves_nothing(segmenter: Segmenter, few: Path) -> None:
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evaluate_and_keep(segmenter, split_of(few), stop)
    assert list(evaluations().iterdir()) == []


KILLED = """
import os, sys
from pathlib import Path
from pap_core.images import write_png
from pap_core.inference.segmenter import Segmenter
from pap_core.model.checkpoint import read
from pap_core.evaluation.store import evaluate_and_keep, split_of

def die(done, total):
    os._exit(9)

evaluate_and_keep(Segmenter(read(Path(sys.argv[1])), "cpu"), split_of(Path(sys.argv[2])), die)
"""


@pytest.mark.slow
def test_a_killed_evaluation_is_not_found_and_made_anew(segmenter: Segmenter, few: Path) -> None:
    command = [sys.executable, "-c", textwrap.dedent(KILLED), segmenter.checkpoint.folder, few]
    assert subprocess.run(command, check=False, cwd=Path(__file__).parents[2]).returncode == 9
    (left,) = evaluations().iterdir()
    assert any((left / "predictions").iterdir())
    split, digest = split_of(few), segmenter.checkpoint.digest
    assert find(digest, split) is None
    kept = evaluate_and_keep(segmenter, split)
    assert find(digest, split) == kept
    assert list(evaluations().iterdir()) == [kept.folder]


def test_two_at_once_do_not_clash(segmenter: Segmenter, few: Path) -> None:
    split = split_of(few)
    together = threading.Barrier(2, timeout=60)
    found: list[Kept] = []

    def one() -> None:
        found.append(evaluate_and_keep(segmenter, split, lambda done, total: together.wait()))

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert found == [find(segmenter.checkpoint.digest, split)] * 2
    assert list(evaluations().iterdir()) == [found[0].folder]
    assert len(list((found[0].folder / "predictions").iterdir())) == 6


def test_a_clock_that_is_set_does_not_take_an_evaluation_for_a_killed_one(
    segmenter: Segmenter, few: Path
) -> None:
    split = split_of(few)

    asked = []

    def progress(done: int, total: int) -> None:
        if not asked:
            asked.append(done)
            (unfinished,) = evaluations().glob(".*")
            os.utime(unfinished, (1e9, 1e9))  # as if the clock had been set forward since
            evaluate_and_keep(segmenter, split)  # which removes what killed ones left
            assert unfinished.exists()

    assert evaluate_and_keep(segmenter, split, progress) == find(segmenter.checkpoint.digest, split)


def test_one_that_lost_its_summary_is_made_anew(segmenter: Segmenter, few: Path) -> None:
    split = split_of(few)
    kept = evaluate_and_keep(segmenter, split)
    (kept.folder / "summary.json").unlink()
    assert find(segmenter.checkpoint.digest, split) is None
    assert evaluate_and_keep(segmenter, split).summary()["crops"] == 6


def test_a_data_set_built_anew_meanwhile_is_not_kept(segmenter: Segmenter, few: Path, tmp_path: Path) -> None:
    folder = tmp_path / "changing"
    shutil.copytree(few, folder)

    def change(done: int, total: int) -> None:
        described = json.loads((folder / "dataset.json").read_text())
        (folder / "dataset.json").write_text(json.dumps(described | {"digest": "new"}))

    split = split_of(folder)
    with pytest.raises(InputError, match="changing: was built anew"):
        evaluate_and_keep(segmenter, split, change)
    assert find(segmenter.checkpoint.digest, split) is None


def test_a_test_split_is_looked_up(few: Path) -> None:
    described = json.loads((few / "dataset.json").read_text())
    assert split_of(few) == TestSplit(few, described["digest"], 6)


def gone(folder: Path) -> None:
    shutil.rmtree(folder)


def unfinished(folder: Path) -> None:
    (folder / "dataset.json").unlink()


def without_manifest(folder: Path) -> None:
    (folder / "manifest.csv").unlink()


def no_json(folder: Path) -> None:
    (folder / "dataset.json").write_text("{")


def no_digest(folder: Path) -> None:
    (folder / "dataset.json").write_text("{}")


def empty_manifest(folder: Path) -> None:
    (folder / "manifest.csv").write_text("")


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (gone, "no such folder any more"),
        (unfinished, "no dataset.json in it"),
        (without_manifest, "no manifest.csv in it"),
        (no_json, "cannot be read"),
        (no_digest, "cannot be read"),
        (empty_manifest, "cannot be read"),
    ],
)
def test_a_data_set_of_no_use_gives_one_sentence(
    few: Path, tmp_path: Path, harm: Callable[[Path], None], told: str
) -> None:
    folder = tmp_path / "poor"
    shutil.copytree(few, folder)
    harm(folder)
    with pytest.raises(InputError, match=told) as caught:
        split_of(folder)
    assert str(caught.value).startswith(f"{folder}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", ["", "id,category\nx,y\n", "\0\0"])
def test_a_damaged_table_gives_one_sentence(segmenter: Segmenter, few: Path, content: str) -> None:
    kept = evaluate_and_keep(segmenter, split_of(few))
    (kept.folder / "per_image.csv").write_text(content)
    with pytest.raises(InputError, match=r"per_image\.csv: missing or damaged.*remove the folder"):
        kept.table()
    (kept.folder / "summary.json").write_text("{")
    with pytest.raises(InputError, match=r"summary\.json: missing or damaged"):
        kept.summary()


def test_no_room_gives_one_sentence(segmenter: Segmenter, few: Path, workspace: Path) -> None:
    workspace.mkdir()
    (workspace / "evaluations").write_text("in the way")
    with pytest.raises(InputError, match="the evaluation could not be written"):
        evaluate_and_keep(segmenter, split_of(few))


def test_what_was_kept_is_read_without_torch(segmenter: Segmenter, few: Path) -> None:
    evaluate_and_keep(segmenter, split_of(few))
    code = f"""
        import sys
        from pathlib import Path
        from pap_core.evaluation.store import find, split_of
        kept = find({segmenter.checkpoint.digest!r}, split_of(Path({str(few)!r})))
        assert kept.summary()["crops"] == 6 and len(kept.table()) == 54
        assert "torch" not in sys.modules
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True, cwd=Path(__file__).parents[2])
