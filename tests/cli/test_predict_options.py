"""How `predict` is told to read a picture, and what it writes for other programs."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile
from PIL import Image

from pap_core import export
from pap_core.__main__ import main
from pap_core.export.formats import FORMATS
from pap_core.images import read_image, write_png
from pap_core.inference.scale import PER_MICROMETRE
from pap_core.inference.segmenter import Segmenter
from pap_core.measurement import measure
from pap_core.model.checkpoint import read
from tests.helpers.threshold_checkpoint import threshold_network, write_checkpoint


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp("checkpoint") / "threshold", threshold_network())


def picture() -> np.ndarray:
    """Three cells in a row, the nuclei of the last two touching."""
    pixels = np.full((100, 400, 3), 255, np.uint8)
    rows, columns = np.mgrid[:100, :400]
    pixels[(np.abs(rows - 50) < 40) & (np.abs(columns - 200) < 180)] = 120
    for x in (80, 220, 256):
        pixels[np.hypot(rows - 50, columns - x) < 20] = 10
    return pixels


@pytest.fixture
def pictured(tmp_path: Path) -> Path:
    write_png(tmp_path / "smear 7.png", picture())
    return tmp_path / "smear 7.png"


def predicted(checkpoint: Path, path: Path, *words: str, capsys: pytest.CaptureFixture) -> dict:
    """Return the outcome of one picture."""
    out = path.parent / "out"
    assert (
        main(["predict", str(path), "--output", str(out), "--checkpoint", str(checkpoint), "--json", *words])
        == 0
    )
    return json.loads(capsys.readouterr().out)[0]


def test_a_picture_is_read_as_a_person_says(
    checkpoint: Path, pictured: Path, capsys: pytest.CaptureFixture
) -> None:
    found = predicted(checkpoint, pictured, "--read-as", "crop", capsys=capsys)
    assert (found["kind"], found["scale"]) == ("crop", 256 / 400)
    small = pictured.with_name("small.png")
    write_png(small, picture()[:, 40:120])
    assert predicted(checkpoint, small, capsys=capsys)["kind"] == "crop"
    assert predicted(checkpoint, small, "--read-as", "field", capsys=capsys)["kind"] == "smear"


@pytest.mark.parametrize("told", ["by the file", "by a person", "by both"])
def test_the_size_of_pixels_tells_the_scale(
    told: str, checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    """A person is believed before the file."""
    path, words, size = tmp_path / "field.tif", [], 0.4
    in_file = 0.0 if told == "by a person" else 0.4
    density = {"resolution": (10_000 / in_file,) * 2, "resolutionunit": "CENTIMETER"} if in_file else {}
    tifffile.imwrite(path, np.tile(picture(), (4, 2, 1)), photometric="rgb", **density)
    if told != "by the file":
        words, size = ["--pixel-size", "0.3"], 0.3
    found = predicted(checkpoint, path, *words, capsys=capsys)
    assert found["kind"] == "smear"
    assert found["scale"] == pytest.approx(size * PER_MICROMETRE, rel=1e-3)
    assert found["pixel_size"] == pytest.approx(size, rel=1e-3)


def test_objects_have_the_numbers_of_the_table(
    checkpoint: Path, pictured: Path, capsys: pytest.CaptureFixture
) -> None:
    predicted(checkpoint, pictured, "--scale", "1", capsys=capsys)
    out = pictured.parent / "out"
    label, nuclei, cells = (stored(out / f"smear 7_{part}.png") for part in ("label", "nuclei", "cells"))
    table = pd.read_csv(out / "cells.csv")
    assert nuclei.dtype == cells.dtype == np.uint16
    assert len(table) == nuclei.max() == cells.max() == 3  # those that touch are two
    np.testing.assert_array_equal(nuclei > 0, label == 2)
    np.testing.assert_array_equal(np.where(label == 2, cells, 0), nuclei)
    assert np.bincount(nuclei.ravel())[1:].tolist() == table["nucleus_area"].tolist()
    for row in table.itertuples():
        assert nuclei[int(row.y), int(row.x)] == row.cell


def stored(path: Path) -> np.ndarray:
    """Return a grey picture as it is stored."""
    with Image.open(path) as content:
        return np.array(content)


def test_exports_are_the_bytes_of_the_page(
    checkpoint: Path, pictured: Path, capsys: pytest.CaptureFixture
) -> None:
    predicted(checkpoint, pictured, "--scale", "1", "--export", "geojson, coco,dat,zip", capsys=capsys)
    out, loaded = pictured.parent / "out", read(checkpoint)
    image = read_image(pictured)
    label = Segmenter(loaded).segment(image, "smear", 1.0).label
    table, cells = measure(image, label)
    origin = export.Origin("smear 7.png", checkpoint.name, loaded.digest)
    wanted = {
        ".geojson": export.geojson(label, cells, table, origin),
        "_coco.json": export.coco(label, cells, table, origin),
        "_dat.zip": export.dat_bundle(label, cells, origin, "smear 7"),
        ".zip": export.bundle(image, label, cells, table, origin, "smear 7"),
    }
    assert [ending for ending, _ in FORMATS.values()] == list(wanted)
    for ending, content in wanted.items():
        assert (out / f"smear 7{ending}").read_bytes() == content, ending


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (
            ["--export", "geojson,word"],
            "--export geojson,word: found 'word', expected of geojson, coco, dat, zip",
        ),
        (["--read-as", "crop", "--scale", "2"], "a crop is fitted to the network"),
        (["--read-as", "crop", "--pixel-size", "0.2"], "a crop is fitted to the network"),
        (["--scale", "2", "--pixel-size", "0.2"], "both tell the scale"),
    ],
)
def test_words_that_exclude_each_other_are_refused(
    words: list[str], reason: str, checkpoint: Path, pictured: Path, capsys: pytest.CaptureFixture
) -> None:
    out = pictured.parent / "out"
    assert (
        main(["predict", str(pictured), "--output", str(out), "--checkpoint", str(checkpoint), *words]) == 1
    )
    assert reason in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize("text", ["word", "nan", "0", "-1", "0.001", "300"])
def test_a_pixel_size_that_is_none_is_named(text: str, capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit):
        main(["predict", "a.png", f"--pixel-size={text}"])
    assert f"found {text!r}, expected µm per pixel, 0.02 to 20" in capsys.readouterr().err


def test_the_help_names_every_form(capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit):
        main(["predict", "--help"])
    assert ", ".join(FORMATS) in " ".join(capsys.readouterr().out.split())
