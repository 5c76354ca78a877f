"""Pseudo-labels: what a checkpoint is sure of, where the truth leaves it open, for training alone."""

from pathlib import Path

import numpy as np
import pytest

from pap_core.data.build import BuildOptions, build
from pap_core.data.dataset import load
from pap_core.data.described import describe
from pap_core.errors import InputError
from pap_core.images import write_png
from pap_core.inference.pseudo_labels import pseudo_label
from pap_core.inference.segmenter import Segmenter
from pap_core.inference.teachers import Teachers
from pap_core.labels import BACKGROUND, CYTOPLASM, IGNORE, NOT_NUCLEUS, NUCLEUS, OF_CELL
from pap_core.masks import read_label
from pap_core.model.checkpoint import Checkpoint
from pap_core.model.generator import Generator
from pap_core.settings.networks import GeneratorConfig
from tests.helpers.built import rows
from tests.helpers.threshold_checkpoint import threshold_network

SIDE = 512
GREYS = {BACKGROUND: 235, CYTOPLASM: 170, NUCLEUS: 60}  # by darkness 0.16, 0.67 and 1.53


@pytest.fixture(scope="module")
def segmenter() -> Segmenter:
    return Segmenter(Checkpoint(Path("darkness"), threshold_network(0.4, 1.1).eval(), {}, "d" * 16), "cpu")


def true_label(side: int = SIDE, shift: int = 0) -> np.ndarray:
    ys, xs = np.mgrid[:side, :side]
    away = np.hypot(xs - side / 2 - shift, ys - side / 2)
    label = np.full((side, side), BACKGROUND, np.uint8)
    label[away < side / 4] = CYTOPLASM
    label[away < side / 10] = NUCLEUS
    return label


def painted(label: np.ndarray) -> np.ndarray:
    grey = np.zeros(label.shape, np.uint8)
    for code, value in GREYS.items():
        grey[label == code] = value
    return np.stack([grey] * 3, axis=-1)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Return a folder of four pictures of two slides."""
    for number in range(4):
        path = tmp_path / "pictures" / "Metaplastic" / f"{number // 2}_{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_png(path, painted(true_label(shift=5 * number)))
    return tmp_path / "pictures"


def without_truth(source: Path, out: Path) -> Path:
    options = BuildOptions(truth="none", groups=r"([^/]+/\d+)_", test_share=0.5)
    return build(source, out, options) and out


def test_pictures_without_truth_become_tiles_of_which_nothing_is_known(pictures: Path, tmp_path: Path):
    write_png(pictures / "Metaplastic" / "2_4.png", painted(true_label(200)))
    described = build(
        pictures, tmp_path / "data", BuildOptions(truth="none", groups=r"([^/]+/\d+)_", test_share=0.4)
    )
    table = rows(tmp_path / "data")
    assert {row["group"] for row in table} == {"Metaplastic_0", "Metaplastic_1", "Metaplastic_2"}
    assert {row["ignore"] for row in table} == {str(256 * 256)}
    assert "5 pictures without truth" in " ".join(described["notes"])
    (small,) = (row for row in table if row["group"] == "Metaplastic_2")
    assert float(small["scale"]) == pytest.approx(256 / 200)  # one cell, as a crop is seen
    assert {row["scale"] for row in table if row is not small} == {"1.0"}


def test_what_the_checkpoint_is_sure_of_is_told_on_the_training_side(
    pictures: Path, tmp_path: Path, segmenter: Segmenter
):
    data = without_truth(pictures, tmp_path / "data")
    described = pseudo_label(Teachers([segmenter]), data, tmp_path / "told")
    assert described["pseudo_labels"] == {
        "of": describe(data)["digest"],
        "checkpoints": {"d" * 16: "darkness"},
        "sure": 0.9,
        "only": None,
        "one_cell": False,
    }
    train, test = load([tmp_path / "told"], "train"), load([tmp_path / "told"], "test")
    assert (test.labels == IGNORE).all()
    labels, grey = train.labels.numpy(), train.images.numpy()[:, 0]
    known = np.isin(labels, list(GREYS))
    assert 0.8 < known.mean() < 1  # at the edges it is not sure
    for code, value in GREYS.items():
        assert (grey[labels == code] == value).mean() > 0.99
        assert (labels == code).any()
    for row in rows(tmp_path / "told"):
        label = read_label(tmp_path / "told" / "labels" / f"{row['id']}.png")
        assert int(row["nucleus"]) == (label == NUCLEUS).sum()
        assert (tmp_path / "told" / "targets" / f"{row['id']}.png").exists()


def test_the_truth_is_never_contradicted(tmp_path: Path, segmenter: Segmenter):
    source = tmp_path / "source"
    source.mkdir()
    for number in range(2):
        label = true_label(shift=30 * number)
        mask = np.zeros(label.shape, np.uint8)
        mask[:60, :60] = 255  # a nucleus, says the expert, on the glass; and the dark one is none
        write_png(source / f"{number}.png", painted(label))
        write_png(source / f"{number}_nucleus.png", mask)
    build(source, tmp_path / "data", BuildOptions(scale=1.0, test_share=0.5))
    pseudo_label(Teachers([segmenter]), tmp_path / "data", tmp_path / "told")
    before, after = (load([tmp_path / name], "train") for name in ("data", "told"))
    grey = before.images.numpy()[:, 0]
    truth, found = before.labels.numpy(), after.labels.numpy()
    assert set(np.unique(truth)) == {NUCLEUS, NOT_NUCLEUS}
    assert (found[truth == NUCLEUS] == NUCLEUS).all()
    assert (found[(truth == NOT_NUCLEUS) & (grey == GREYS[NUCLEUS])] != NUCLEUS).all()
    assert (found[(truth == NOT_NUCLEUS) & (grey == GREYS[CYTOPLASM])] == CYTOPLASM).mean() > 0.9


def test_a_cell_that_lies_in_a_part_of_its_crop_is_seen_fitted(tmp_path: Path, segmenter: Segmenter):
    """Its picture is 160 by 120 px of a tile; what was mirrored around it stays unknown."""
    for number in range(2):
        path = tmp_path / "cells" / f"{number}.png"
        path.parent.mkdir(exist_ok=True)
        write_png(path, painted(true_label(320, shift=number))[40:280])
    build(tmp_path / "cells", tmp_path / "data", BuildOptions(truth="none", scale=0.5, test_share=0.5))
    seen: list[tuple[int, ...]] = []
    hook = segmenter.generator.register_forward_hook(lambda module, given, said: seen.append(said.shape[-2:]))
    pseudo_label(Teachers([segmenter]), tmp_path / "data", tmp_path / "told")
    hook.remove()
    assert seen == [(192, 192), (256, 256), (320, 320)]
    told = load([tmp_path / "told"], "train")
    label, grey = told.labels[0].numpy(), told.images[0, 0].numpy()
    inside = np.zeros(label.shape, bool)
    inside[68:188, 48:208] = True
    assert (label[~inside] == IGNORE).all()
    for code, value in GREYS.items():
        painted_so = abs(grey.astype(int) - value) < 30
        assert (label[inside & painted_so] == code).mean() > 0.8
        assert painted_so[label == code].mean() > 0.95


def test_nuclei_alone_are_told_where_that_is_asked(pictures: Path, tmp_path: Path, segmenter: Segmenter):
    data = without_truth(pictures, tmp_path / "data")
    pseudo_label(Teachers([segmenter], only="nuclei"), data, tmp_path / "told")
    labels = load([tmp_path / "told"], "train").labels.numpy()
    grey = load([data], "train").images.numpy()[:, 0]
    assert set(np.unique(labels)) == {NUCLEUS, NOT_NUCLEUS, IGNORE}
    assert (labels[grey == GREYS[NUCLEUS]] == NUCLEUS).mean() > 0.9
    assert (labels[grey == GREYS[BACKGROUND]] == NOT_NUCLEUS).mean() > 0.9


def test_background_alone_is_told_and_a_copy_is_copied_again(
    pictures: Path, tmp_path: Path, segmenter: Segmenter
):
    data = without_truth(pictures, tmp_path / "data")
    first = pseudo_label(Teachers([segmenter], only="background"), data, tmp_path / "glass")
    labels = load([tmp_path / "glass"], "train").labels.numpy()
    grey = load([data], "train").images.numpy()[:, 0]
    assert set(np.unique(labels)) == {BACKGROUND, IGNORE}
    assert (labels[grey == GREYS[BACKGROUND]] == BACKGROUND).mean() > 0.9
    second = pseudo_label(Teachers([segmenter], only="nuclei"), tmp_path / "glass", tmp_path / "told")
    assert second["pseudo_labels"]["before"] == first["pseudo_labels"]
    assert second["pseudo_labels"]["of"] == first["digest"]
    after = load([tmp_path / "told"], "train").labels.numpy()
    assert (after[labels == BACKGROUND] == BACKGROUND).all()
    assert (after[grey == GREYS[NUCLEUS]] == NUCLEUS).mean() > 0.9
    assert (after[grey == GREYS[CYTOPLASM]] == NOT_NUCLEUS).mean() > 0.9


def outlined(folder: Path) -> np.ndarray:
    """Write pictures with a small cell that is outlined whole, a grain over it; return the cell's mask."""
    ys, xs = np.mgrid[:SIDE, :SIDE]
    away = np.hypot(xs - 130, ys - 120)
    label = np.where(away < 12, NUCLEUS, np.where(away < 40, CYTOPLASM, BACKGROUND)).astype(np.uint8)
    label[np.hypot(xs - 152, ys - 120) < 5] = NUCLEUS
    label[np.hypot(xs - 240, ys - 120) < 30] = CYTOPLASM  # a neighbour that nobody outlined
    for number in range(2):
        write_png(folder / f"{number}.png", painted(label))
        write_png(folder / f"{number}_cells.png", np.where(away < 40, 255, 128).astype(np.uint8))
    return away < 40


def test_a_cell_that_is_outlined_whole_is_seen_by_itself_with_one_nucleus(
    tmp_path: Path, segmenter: Segmenter
):
    (tmp_path / "source").mkdir()
    outlined(tmp_path / "source")
    build(tmp_path / "source", tmp_path / "data", BuildOptions(scale=1.0, test_share=0.5))
    before = load([tmp_path / "data"], "train")
    whole = [number for number, one in enumerate(before.labels.numpy()) if (one == OF_CELL).sum() > 4900]
    assert whole
    seen: list[int] = []
    hook = segmenter.generator.register_forward_hook(lambda module, given, said: seen.append(len(said)))
    pseudo_label(Teachers([segmenter]), tmp_path / "data", tmp_path / "told")
    hook.remove()
    assert sum(seen) == 3 * (len(before) + len(whole))  # at three sizes
    after = load([tmp_path / "told"], "train")
    for number in whole:
        truth, label = before.labels[number].numpy(), after.labels[number].numpy()
        grey = before.images[number, 0].numpy()
        rows, columns = np.nonzero(truth == OF_CELL)
        ys, xs = np.mgrid[:256, :256]
        away = np.hypot(xs - columns.mean(), ys - rows.mean())
        assert (label[away < 9] == NUCLEUS).all()
        grain = (np.hypot(xs - columns.mean() - 22, ys - rows.mean()) < 4) & (truth == OF_CELL)
        assert (grey[grain] == GREYS[NUCLEUS]).all()
        assert (label[grain] == CYTOPLASM).all()
        assert np.isin(label[truth == OF_CELL], (NUCLEUS, CYTOPLASM, OF_CELL)).all()
        assert (label[(truth == IGNORE) & (grey == GREYS[CYTOPLASM])] == CYTOPLASM).any()


def test_pictures_of_several_cells_that_are_outlined_as_one_may_have_several_nuclei(
    tmp_path: Path, segmenter: Segmenter
):
    (tmp_path / "source").mkdir()
    ys, xs = np.mgrid[:256, :256]
    away = np.minimum(np.hypot(xs - 80, ys - 128), np.hypot(xs - 170, ys - 128))
    label = np.where(away < 14, NUCLEUS, np.where(away < 50, CYTOPLASM, BACKGROUND)).astype(np.uint8)
    for number in range(2):
        write_png(tmp_path / "source" / f"{number}.png", painted(label))
        mask = np.where(away < 50, 255, 128).astype(np.uint8)
        write_png(tmp_path / "source" / f"{number}_cells.png", mask)
    build(tmp_path / "source", tmp_path / "data", BuildOptions(scale=1.0, test_share=0.5))
    pseudo_label(Teachers([segmenter]), tmp_path / "data", tmp_path / "told")
    after = load([tmp_path / "told"], "train").labels[0].numpy()
    assert (after[away < 11] == NUCLEUS).all()


def build_without_truth(folder: Path, label: np.ndarray) -> None:
    """Build `data` in a folder from two pictures of a label map, one for each side."""
    (folder / "cells").mkdir()
    for number in range(2):
        write_png(folder / "cells" / f"{number}.png", painted(label))
    build(folder / "cells", folder / "data", BuildOptions(truth="none", test_share=0.5))


def test_a_ragged_or_tiny_piece_is_no_nucleus_however_sure_all_of_it_is(tmp_path: Path, segmenter: Segmenter):
    ys, xs = np.mgrid[:256, :256]
    label = np.where(np.hypot(xs - 60, ys - 60) < 30, NUCLEUS, BACKGROUND).astype(np.uint8)
    star = (abs(xs - 180) < 8) & (abs(ys - 180) < 60) | (abs(ys - 180) < 8) & (abs(xs - 180) < 60)
    label[star] = NUCLEUS
    speck = np.hypot(xs - 200, ys - 40) < 4
    label[speck] = NUCLEUS
    build_without_truth(tmp_path, label)
    pseudo_label(Teachers([segmenter]), tmp_path / "data", tmp_path / "told")
    told = load([tmp_path / "told"], "train").labels[0].numpy()
    assert (told[np.hypot(xs - 60, ys - 60) < 25] == NUCLEUS).all()
    inner = (abs(xs - 180) < 4) & (abs(ys - 180) < 50) | (abs(ys - 180) < 4) & (abs(xs - 180) < 50)
    assert (told[inner] == OF_CELL).all()
    assert not (told[speck] == NUCLEUS).any()


def test_a_crop_of_one_cell_has_the_nucleus_that_stands_out(tmp_path: Path, segmenter: Segmenter):
    """What lies near it is none; what lies far off may be a neighbour's."""
    ys, xs = np.mgrid[:256, :256]
    away = np.hypot(xs - 110, ys - 128)
    label = np.where(away < 30, NUCLEUS, np.where(away < 90, CYTOPLASM, BACKGROUND)).astype(np.uint8)
    for x, y, radius in ((150, 128, 6), (240, 128, 9)):
        label[np.hypot(xs - x, ys - y) < radius] = NUCLEUS
    build_without_truth(tmp_path, label)
    pseudo_label(Teachers([segmenter]), tmp_path / "data", tmp_path / "all")
    pseudo_label(Teachers([segmenter], one_cell=True), tmp_path / "data", tmp_path / "told")
    every, told = (load([tmp_path / name], "train").labels[0].numpy() for name in ("all", "told"))
    grain, neighbour = np.hypot(xs - 150, ys - 128) < 4, np.hypot(xs - 240, ys - 128) < 6
    assert (every[grain] == NUCLEUS).all()
    assert np.isin(told[grain], (CYTOPLASM, NOT_NUCLEUS)).all()
    for found in (every, told):
        assert (found[away < 25] == NUCLEUS).all()
        assert (found[neighbour] == NUCLEUS).all()


def test_where_checkpoints_differ_their_mean_is_not_sure(
    pictures: Path, tmp_path: Path, segmenter: Segmenter
):
    """One takes for cytoplasm what the other takes for nucleus: of a cell is what they agree on."""
    network = threshold_network(0.4, 2.0).eval()
    other = Segmenter(Checkpoint(Path("pale"), network, {}, "c" * 16), "cpu")
    data = without_truth(pictures, tmp_path / "data")
    pseudo_label(Teachers([segmenter, other]), data, tmp_path / "told")
    labels = load([tmp_path / "told"], "train").labels.numpy()
    grey = load([data], "train").images.numpy()[:, 0]
    assert (labels[grey == GREYS[NUCLEUS]] == OF_CELL).mean() > 0.9
    assert (labels[grey == GREYS[CYTOPLASM]] == CYTOPLASM).mean() > 0.9


def test_it_resumes_where_it_was(pictures: Path, tmp_path: Path, segmenter: Segmenter):
    data = without_truth(pictures, tmp_path / "data")

    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pseudo_label(Teachers([segmenter]), data, tmp_path / "told", progress=interrupt)
    assert not (tmp_path / "told").exists()
    written = sorted(path.name for path in tmp_path.glob(".told.*.part/labels/*.png"))
    assert 0 < len(written) < len(rows(data))
    seen: list[int] = []
    hook = segmenter.generator.register_forward_hook(lambda module, given, said: seen.append(len(said)))
    pseudo_label(Teachers([segmenter]), data, tmp_path / "told")
    hook.remove()
    left = [row for row in rows(data) if row["split"] == "train" and f"{row['id']}.png" not in written]
    assert sum(seen) == 3 * len(left)  # at three sizes
    pseudo_label(Teachers([segmenter]), data, tmp_path / "at_once")
    assert (tmp_path / "told" / "manifest.csv").read_bytes() == (
        tmp_path / "at_once" / "manifest.csv"
    ).read_bytes()
    assert not list(tmp_path.glob(".*.part"))


@pytest.mark.parametrize("side", ["train", "test"])
def test_a_crop_that_was_changed_since_the_build_is_refused(
    pictures: Path, tmp_path: Path, segmenter: Segmenter, side: str
):
    data = without_truth(pictures, tmp_path / "data")
    changed = next(row["id"] for row in rows(data) if row["split"] == side)
    write_png(data / "labels" / f"{changed}.png", np.zeros((256, 256), np.uint8))
    with pytest.raises(InputError, match=f"{changed}.png: another crop or label map than was built"):
        pseudo_label(Teachers([segmenter]), data, tmp_path / "told")
    assert not (tmp_path / "told").exists()


@pytest.mark.parametrize("sure", [0.5, 1.0, float("nan")])
def test_how_sure_is_a_share_above_a_half(segmenter: Segmenter, sure: float):
    with pytest.raises(InputError, match="sure"):
        Teachers([segmenter], sure)


def test_a_folder_that_is_there_and_a_painter_of_colours_are_refused(
    pictures: Path, tmp_path: Path, segmenter: Segmenter
):
    data = without_truth(pictures, tmp_path / "data")
    (tmp_path / "told").mkdir()
    with pytest.raises(InputError, match="told: is there already"):
        pseudo_label(Teachers([segmenter]), data, tmp_path / "told")
    painter = Generator(GeneratorConfig(levels=3, width=2, head="colour"))
    with pytest.raises(InputError, match="paints colours"):
        Teachers([segmenter, Segmenter(Checkpoint(Path("painter"), painter.eval(), {}, "e"))])
