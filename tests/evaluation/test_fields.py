"""Whole pictures are measured as `predict` segments them: by pixels and by nuclei."""

import json
import math
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile

from pap_core.__main__ import main
from pap_core.data.build import build
from pap_core.data.options import BuildOptions
from pap_core.evaluation.field_source import field_source
from pap_core.evaluation.fields import measure_fields, summarise_fields
from pap_core.evaluation.objects import match
from pap_core.images import read_image, write_png
from pap_core.inference.scale import PER_MICROMETRE
from pap_core.inference.segmenter import Segmenter
from pap_core.labels import NUCLEUS
from pap_core.model.checkpoint import read
from pap_core.nuclei import nuclei_of
from tests.helpers.threshold_checkpoint import threshold_network, write_checkpoint

SHAPE = (400, 700)  # no crop, by its size


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp("checkpoint") / "threshold", threshold_network())


def disc(x: float, y: float, radius: float) -> np.ndarray:
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]] + 0.5
    return (columns - x) ** 2 + (rows - y) ** 2 < radius**2


def painted(*nuclei: tuple[float, float, float]) -> np.ndarray:
    """Paint cells of grey with dark nuclei, which the threshold network finds to the pixel."""
    pixels = np.full((*SHAPE, 3), 255, np.uint8)
    for x, y, radius in nuclei:
        pixels[disc(x, y, 3 * radius)] = 120
    for x, y, radius in nuclei:
        pixels[disc(x, y, radius)] = 10
    return pixels


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Two pictures, of slides a and b, of three cells each; the truth of b lacks one and has one more."""
    folder = tmp_path / "source"
    folder.mkdir()
    for name, extra in (("a_1", False), ("b_1", True)):
        cells = [(120, 120, 20), (350, 150, 21), (560, 300 if extra else 100, 22)]
        write_png(folder / f"{name}.png", painted(*cells))
        mask = np.zeros(SHAPE, dtype=np.uint8)
        for x, y, radius in cells[1:] if extra else cells:
            mask[disc(x, y, radius)] = 255
        if extra:
            mask[disc(200, 330, 20)] = 255
        mask[:10] = 128  # unknown
        write_png(folder / f"{name}_nucleus.png", mask)
    return folder


def test_pixels_and_nuclei_are_counted_by_picture(checkpoint: Path, source: Path) -> None:
    table = measure_fields(Segmenter(read(checkpoint)), field_source(source))[0]
    first, second = table.to_dict("records")
    assert (first["picture"], second["picture"]) == ("a_1", "b_1")
    assert (first["nuclei_predicted"], first["nuclei_true"], first["nuclei_pairs"]) == (3, 3, 3)
    assert (second["nuclei_predicted"], second["nuclei_true"], second["nuclei_pairs"]) == (3, 3, 2)
    assert sum(second[f"nucleus_{part}"] for part in ("tp", "fp", "fn", "tn")) == SHAPE[0] * SHAPE[1] - 7000
    # truth of nuclei alone tells nothing of cytoplasm and of cells
    assert math.isnan(first["cytoplasm_tp"])
    assert math.isnan(first["cell_tp"])


def test_the_summary_follows_from_the_table(checkpoint: Path, source: Path, tmp_path: Path) -> None:
    words = ["evaluate", str(checkpoint), str(source), "--whole", "--output", str(tmp_path / "out")]
    assert main(words) == 0
    table = pd.read_csv(tmp_path / "out" / "per_field.csv")
    summary = json.loads((tmp_path / "out" / "fields.json").read_text())
    assert summary["fields"] == summary["groups"] == 2
    f1 = 2 * table["nuclei_pairs"] / (table["nuclei_predicted"] + table["nuclei_true"])
    assert summary["nuclei"]["f1"]["mean"] == pytest.approx(f1.mean())
    assert summary["together"]["nuclei"]["f1"] == pytest.approx(2 * 5 / 12)
    assert summary["nuclei"]["count_error"]["mean"] == 0
    jaccard = table["nucleus_tp"] / (table["nucleus_tp"] + table["nucleus_fp"] + table["nucleus_fn"])
    assert summary["nucleus"]["jaccard"]["mean"] == pytest.approx(jaccard.mean())
    dice = 2 * table["nucleus_tp"] / (2 * table["nucleus_tp"] + table["nucleus_fp"] + table["nucleus_fn"])
    assert summary["nucleus"]["dice"]["mean"] == pytest.approx(dice.mean())
    assert summary["cytoplasm"]["jaccard"] == {
        "mean": None,
        "sd": None,
        "low": None,
        "high": None,
        "undefined": 2,
    }


def test_what_is_printed_are_the_figures(
    checkpoint: Path, source: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    assert main(["evaluate", str(checkpoint), str(source), "--whole", "--output", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    assert "2 pictures of 2 smears or slides" in said
    assert "nuclei: f1" in said
    assert "cytoplasm" not in said  # of which the truth tells nothing


def test_of_a_data_set_the_pictures_of_its_side_are_measured(
    checkpoint: Path, source: Path, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    build(source, data, BuildOptions(groups="^(.)_", test_share=0.5))
    sides = {side: {one.id for one in field_source(data, side).fields} for side in ("train", "test")}
    assert sorted(map(len, sides.values())) == [1, 1]
    assert set.union(*sides.values()) == {"a_1", "b_1"}
    words = ["evaluate", str(checkpoint), str(data), "--whole", "--output", str(tmp_path / "out")]
    assert main(words) == 0
    assert set(pd.read_csv(tmp_path / "out" / "per_field.csv")["picture"]) == sides["test"]


def test_a_truth_of_cells_alone_tells_nothing_of_nuclei(checkpoint: Path, tmp_path: Path) -> None:
    write_png(tmp_path / "1.png", painted((300, 200, 20)))
    write_png(tmp_path / "1_cells.png", disc(300, 200, 60).astype(np.uint8) * 255)
    table = measure_fields(Segmenter(read(checkpoint)), field_source(tmp_path))[0]
    (row,) = table.to_dict("records")
    assert math.isnan(row["nuclei_true"])
    assert row["cell_tp"] == pytest.approx(math.pi * 60**2, rel=0.02)
    summary = summarise_fields(table)
    assert summary["nuclei"]["f1"]["mean"] is None
    assert summary["together"]["nuclei"]["f1"] is None
    assert summary["cell"]["jaccard"]["mean"] == pytest.approx(1.0, abs=0.02)
    mask = np.where(disc(300, 200, 60), 255, 128).astype(np.uint8)  # nothing but what was marked is known
    write_png(tmp_path / "1_cells.png", mask)
    summary = summarise_fields(measure_fields(Segmenter(read(checkpoint)), field_source(tmp_path))[0])
    assert summary["cell"]["jaccard"]["mean"] is None
    assert summary["cell"]["sensitivity"]["mean"] == pytest.approx(1.0, abs=0.02)


def test_a_picture_that_cannot_be_read_is_named_and_the_others_are_measured(
    checkpoint: Path, source: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    (source / "a_1.png").write_bytes((source / "a_1.png").read_bytes()[:500])
    write_png(source / "c_1.png", painted((300, 200, 20)))  # without truth
    out = tmp_path / "out"
    assert main(["evaluate", str(checkpoint), str(source), "--whole", "--output", str(out)]) == 1
    assert pd.read_csv(out / "per_field.csv")["picture"].tolist() == ["b_1"]
    said = capsys.readouterr().err
    assert "a_1.png" in said
    assert "c_1.png: no truth found" in said


def test_a_picture_without_any_nucleus_is_measured(checkpoint: Path, tmp_path: Path) -> None:
    write_png(tmp_path / "1.png", painted((300, 200, 20)))
    write_png(tmp_path / "1_nucleus.png", np.zeros(SHAPE, dtype=np.uint8))
    (row,) = measure_fields(Segmenter(read(checkpoint)), field_source(tmp_path))[0].to_dict("records")
    assert (row["nuclei_predicted"], row["nuclei_true"], row["nuclei_pairs"]) == (1, 0, 0)
    assert row["nucleus_fp"] > 1000


@pytest.mark.parametrize("what", ["picture", "truth", "gone"])
def test_what_was_changed_since_the_build_is_refused(
    what: str, checkpoint: Path, source: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    build(source, tmp_path / "data", BuildOptions(groups="^(.)_", test_share=0.5))
    (picture,) = (one.image for one in field_source(tmp_path / "data").fields)
    path = picture.with_name(f"{picture.stem}_nucleus.png") if what == "truth" else picture
    if what == "gone":
        path.unlink()
    else:
        pixels = np.roll(read_image(path), 30, axis=1)
        write_png(path, pixels[..., 0] if what == "truth" else pixels)
    words = ["evaluate", str(checkpoint), str(tmp_path / "data"), "--whole"]
    assert main([*words, "--output", str(tmp_path / "out")]) == 1
    said = capsys.readouterr().err
    assert path.name in said
    assert ("gone" if what == "gone" else "changed since data was built from it") in said


@pytest.mark.parametrize("words", [["--side", "test"], ["--protocol", "strict"]])
def test_what_has_no_meaning_is_refused(words: list[str], checkpoint: Path, source: Path, capsys) -> None:
    assert main(["evaluate", str(checkpoint), str(source), "--whole", *words]) == 1
    assert "leave" in capsys.readouterr().err


def test_of_cells_alone_it_is_told_how_many_have_one_nucleus(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    """A nucleus in the middle, two, none, and one that lies half outside."""
    pixels = painted((110, 110, 20), (350, 90, 18), (350, 170, 19), (110, 300, 20), (620, 300, 20))
    pixels[disc(110, 300, 20)] = 120
    write_png(tmp_path / "1.png", pixels)
    cells = [(110, 110, 60), (350, 130, 90), (110, 300, 55), (550, 300, 60)]
    mask = np.full(SHAPE, 128, dtype=np.uint8)
    for cell in cells:
        mask[disc(*cell)] = 255
    write_png(tmp_path / "1_cells.png", mask)
    assert main(["evaluate", str(checkpoint), str(tmp_path), "--whole", "--output", str(tmp_path / "o")]) == 0
    (row,) = pd.read_csv(tmp_path / "o" / "per_field.csv").to_dict("records")
    assert [row[f"cells_with_{name}"] for name in ("one", "none", "several")] == [1, 2, 1]
    together = json.loads((tmp_path / "o" / "fields.json").read_text())["together"]["nuclei_of_cells"]
    assert together == {"one": 0.25, "none": 0.5, "several": 0.25}
    said = capsys.readouterr().out
    assert re.search(r"^cells with just one nucleus +0.250 +0.250$", said, re.MULTILINE)


def test_of_marked_nuclei_the_share_that_was_found_is_told(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    """Points tell neither where nuclei end nor of others: two lie in one nucleus, one in none."""
    write_png(tmp_path / "1.png", painted((120, 120, 20), (350, 150, 21), (560, 300, 22)))
    points = [(120, 120), (345, 150), (355, 150), (200, 330)]
    lines = [f"1.png,{x}.4,{y}.6" for x, y in points]
    (tmp_path / "points.csv").write_text("\n".join(["image,x,y", *lines]) + "\n")
    assert main(["evaluate", str(checkpoint), str(tmp_path), "--whole", "--output", str(tmp_path / "o")]) == 0
    (row,) = pd.read_csv(tmp_path / "o" / "per_field.csv").to_dict("records")
    assert (row["marked"], row["marked_found"]) == (4, 2)
    summary = json.loads((tmp_path / "o" / "fields.json").read_text())
    assert summary["together"]["marked_nuclei"] == {"found": 0.5}
    for part, metric in (
        ("nucleus", "jaccard"),
        ("cytoplasm", "jaccard"),
        ("nuclei", "f1"),
        ("cell", "dice"),
    ):
        assert summary[part][metric]["mean"] is None, part
    figures = [line for line in capsys.readouterr().out.splitlines() if "0.5" in line]
    assert [line.split("  ")[0] for line in figures] == ["marked nuclei: found"]


def test_cells_whose_nucleus_the_truth_tells_are_matched_instead(checkpoint: Path, source: Path) -> None:
    for picture in ("a_1", "b_1"):
        write_png(source / f"{picture}_cells.png", disc(350, 150, 63).astype(np.uint8) * 255)
    table = measure_fields(Segmenter(read(checkpoint)), field_source(source))[0]
    assert table["nuclei_true"].tolist() == [3, 3]
    assert table["cells_with_one"].isna().all()


def test_pixels_and_nuclei_are_those_of_the_segmented_picture(checkpoint: Path, source: Path) -> None:
    segmenter = Segmenter(read(checkpoint))
    table = measure_fields(segmenter, field_source(source))[0]
    row = table.iloc[1]
    label = segmenter.segment(read_image(source / "b_1.png"), row["kind"], row["scale"]).label
    mask = read_image(source / "b_1_nucleus.png")[..., 0]
    matched = match(
        nuclei_of(label, row["scale"]), nuclei_of((mask == 255).astype(np.uint8) * NUCLEUS), mask != 128
    )
    for name in ("predicted", "true", "pairs", "intersection", "union", "boundary_mean"):
        assert row[f"nuclei_{name}"] == pytest.approx(getattr(matched, name))
    found, true = (label == NUCLEUS)[10:], (mask == 255)[10:]
    assert row["nucleus_tp"] == (found & true).sum()
    assert row["nucleus_fp"] == (found & ~true).sum()
    assert row["nucleus_fn"] == (~found & true).sum()


@pytest.mark.parametrize("what", ["no folder", "source gone", "nothing"])
def test_what_is_no_field_is_told(what: str, checkpoint: Path, source: Path, tmp_path: Path, capsys) -> None:
    folder, reason = tmp_path / "empty", "there is no such folder"
    if what == "source gone":
        folder, reason = source.parent / "data", "its source"
        build(source, folder, BuildOptions())
        source.rename(tmp_path / "moved")
    elif what == "nothing":
        folder.mkdir()
        reason = "the folder is empty"
    words = ["evaluate", str(checkpoint), str(folder), "--whole", "--output", str(tmp_path / "out")]
    assert main(words) == 1
    assert reason in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_scale_is_the_one_that_the_file_tells(checkpoint: Path, tmp_path: Path) -> None:
    density = {"resolution": (25_000.0, 25_000.0), "resolutionunit": "CENTIMETER"}  # 0.4 µm a pixel
    tifffile.imwrite(tmp_path / "1.tif", painted((300, 200, 20)), photometric="rgb", **density)
    write_png(tmp_path / "1_nucleus.png", disc(300, 200, 20).astype(np.uint8) * 255)
    table = measure_fields(Segmenter(read(checkpoint)), field_source(tmp_path))[0]
    assert table["scale"].item() == pytest.approx(0.4 * PER_MICROMETRE, rel=1e-3)
