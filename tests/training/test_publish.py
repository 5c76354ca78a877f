"""A run's best checkpoint as a folder of its own: whole, or as it was before."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from pap_core.__main__ import main
from pap_core.data.split import MIXED, REVIEWS
from pap_core.images import write_png
from pap_core.model.catalogue import CARD, CONFIG, SHIPPED, WEIGHTS
from pap_core.model.checkpoint import read, write_weights
from pap_core.model.generator import Generator
from pap_core.training.publish import write_card

SETTINGS = ("epochs=1", "generator.width=4", "discriminator.width=4", "validation=0.2", "precision=fp32")


@pytest.fixture(scope="module")
def trained(phantom_dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("publish") / "run"
    small = [part for setting in SETTINGS for part in ("--set", setting)]
    command = ["train", str(phantom_dataset), "--preset", "tiny", "--cpu", "--run-folder", str(folder)]
    assert main([*command, *small]) == 0
    return folder


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_new_folder_and_one_that_is_replaced(trained: Path, tmp_path: Path) -> None:
    best = read(trained / "checkpoints" / "best")
    out = tmp_path / "out"
    for _ in range(2):
        assert main(["publish", str(trained), str(out)]) == 0
        assert names(tmp_path) == ["out"]
        assert names(out) == sorted([CARD, CONFIG, WEIGHTS])
        found = read(out)
        assert found.digest == found.config["digest"] == best.digest
        assert best.digest in (out / CARD).read_text()
        write_weights(out, Generator(best.generator.config))  # another is there when it is published again


def test_the_mean_of_checkpoints_has_a_card_that_says_so(trained: Path, tmp_path: Path) -> None:
    mean = tmp_path / "mean"
    assert main(["average", str(trained), str(trained), "--output", str(mean)]) == 0
    assert main(["publish", str(mean), str(tmp_path / "out")]) == 0
    card = (tmp_path / "out" / CARD).read_text()
    digest = read(trained / "checkpoints" / "best").digest
    assert f"- The mean of these weights and those of generator `{digest}`: preset tiny, 1 epoch" in card
    assert "- Trained in" not in card
    assert read(tmp_path / "out").config == read(mean).config


def test_scores_of_an_evaluation_are_on_the_card(
    trained: Path, phantom_dataset: Path, tmp_path: Path, capsys
) -> None:
    measured = tmp_path / "measured"
    assert main(["evaluate", str(trained), str(phantom_dataset), "--output", str(measured)]) == 0
    assert main(["publish", str(trained), str(tmp_path / "out"), "--evaluation", str(measured)]) == 0
    mean = json.loads((measured / "summary.json").read_text())["protocols"]["strict"]["nucleus"]["jaccard"][
        "mean"
    ]
    card = (tmp_path / "out" / CARD).read_text()
    assert f"{mean:.3f} ±" in card
    assert "- 1 epoch, batch" in card
    text = (measured / "summary.json").read_text()
    (measured / "summary.json").write_text(text.replace(read(tmp_path / "out").digest, "0123456789abcdef"))
    assert main(["publish", str(trained), str(tmp_path / "new"), "--evaluation", str(measured)]) == 1
    assert "measures checkpoint 0123456789abcdef, expected" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_what_a_truth_of_cells_and_of_points_tells_is_on_the_card(trained: Path, tmp_path: Path) -> None:
    away = np.hypot(*(axis - 160 for axis in np.mgrid[:320, :330]))
    words = ["publish", str(trained), str(tmp_path / "out")]
    for kind in ("cells", "points"):
        folder = tmp_path / kind
        folder.mkdir()
        write_png(folder / "1.png", np.stack([np.where(away < 20, 60, 200)] * 3, -1).astype(np.uint8))
        if kind == "cells":
            write_png(folder / "1_cells.png", np.where(away < 60, 255, 128).astype(np.uint8))
        else:
            (folder / "points.csv").write_text("image,x,y\n1.png,160,160\n")
        assert (
            main(["evaluate", "compact", str(folder), "--whole", "--output", str(tmp_path / "of" / kind)])
            == 0
        )
        words += ["--whole", str(tmp_path / "of" / kind)]
    assert main(words) == 0
    of_cells, of_points = (
        line.split(" | ")[2:]
        for line in (tmp_path / "out" / CARD).read_text().splitlines()
        if line.startswith("| compact (")
    )
    found = json.loads((tmp_path / "of" / "cells" / "fields.json").read_text())
    assert of_cells[0] == f"{found['cell']['sensitivity']['mean']:.3f} [–, –]"
    assert of_cells[1].startswith(f"{found['nuclei_of_cells']['one']['mean']:.3f}")
    assert (of_cells[4], of_points[:4]) == ("– |", ["–"] * 4)


def test_figures_of_whole_pictures_are_on_the_card_beside_those_of_other_weights(
    trained: Path, tmp_path: Path, capsys
) -> None:
    fields = tmp_path / "fields"
    fields.mkdir()
    away = np.hypot(*(axis - 160 for axis in np.mgrid[:320, :320]))
    for number in range(2):
        painted = np.stack([np.where(away < 20 + number, 60, 200)] * 3, -1).astype(np.uint8)
        write_png(fields / f"{number}.png", painted)
        write_png(fields / f"{number}_nucleus.png", (255 * (away < 20 + number)).astype(np.uint8))
    words = ["publish", str(trained), str(tmp_path / "out")]
    for weights in (trained, "compact"):
        out = tmp_path / "whole" / Path(weights).name
        assert main(["evaluate", str(weights), str(fields), "--whole", "--output", str(out)]) == 0
        words += ["--whole", str(out)]
    assert main(words) == 0
    card = (tmp_path / "out" / CARD).read_text()
    lines = [line for line in card.splitlines() if "on fields | 2, 2 |" in line]
    assert len(lines) == 2  # none of what this truth tells nothing of
    assert lines[0].startswith("| these on")
    assert lines[1].startswith(f"| compact (`{read(SHIPPED / 'compact').digest}`) on")
    found = json.loads((out / "fields.json").read_text())
    for metric in ("f1", "recall", "aji"):
        assert f"{found['nuclei'][metric]['mean']:.3f} [" in lines[1]
    (out / "fields.json").write_text("{}")
    assert main(words) == 1
    assert "fields.json: damaged" in capsys.readouterr().err
    (out / "fields.json").unlink()
    assert main(words) == 1
    assert "no fields.json, expected a folder written by evaluate --whole" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "summary.json: missing or damaged"),
        (b"", "damaged"),
        (b"\xff\xfe\x00", "damaged"),
        (b"[" * 100_000, "damaged"),
        (b"[]", "damaged"),
        (b'{"checkpoint": {"digest": 7}}', "damaged"),
    ],
)
def test_an_evaluation_that_cannot_be_used_is_told(
    trained: Path, tmp_path: Path, capsys, content: bytes | None, told: str
) -> None:
    (tmp_path / "measured").mkdir()
    if content is not None:
        (tmp_path / "measured" / "summary.json").write_bytes(content)
    out = tmp_path / "out"
    assert main(["publish", str(trained), str(out), "--evaluation", str(tmp_path / "measured")]) == 1
    assert told in capsys.readouterr().err
    assert names(tmp_path) == ["measured"]


def test_what_is_no_checkpoint_is_never_replaced(trained: Path, tmp_path: Path, capsys) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.tex").write_text("precious")
    (tmp_path / "file").write_text("precious")
    assert main(["publish", str(trained), str(tmp_path / "out")]) == 1
    assert "holds thesis.tex, expected a checkpoint or nothing" in capsys.readouterr().err
    assert main(["publish", str(trained), str(tmp_path / "file")]) == 1
    assert "could not be written" in capsys.readouterr().err
    assert names(tmp_path) == ["file", "out"]
    assert names(tmp_path / "out") == ["thesis.tex"]
    assert main(["publish", str(trained), str(tmp_path / "new"), "--notes", str(tmp_path / "none")]) == 1
    assert "none: cannot be read as text" in capsys.readouterr().err


def terms_of(card: str) -> set[str]:
    """Return the lines of a card's sources that say under which terms each is."""
    sources = card.partition("## Sources")[2]
    return {line for line in sources.splitlines() if re.search(r"Open for research|Under ", line)}


def test_a_card_tells_pseudo_labels_from_truth() -> None:
    config = read(SHIPPED / "compact").config
    first_told = {"of": "0", "checkpoints": {"1a": "a", "2b": "b"}, "sure": 0.9, "nuclei_only": True}
    told = {"of": "1", "checkpoints": {"3c": "c"}, "sure": 0.8, "only": "background", "before": first_told}
    first, *others = config["training"]["datasets"]
    config |= {"training": config["training"] | {"datasets": [first | {"pseudo_labels": told}, *others]}}
    card = write_card("one", config, "0123", "a minute", [], "commands", "")
    assert f"Nuclei that the training side of {first['folder']} leaves open are pseudo-labels" in card
    assert "a (`1a`), b (`2b`) has at least 0.9" in card
    assert (
        card.index("has at least 0.9")
        < card.index("Background that")
        < card.index("c (`3c`) has at least 0.8")
    )


@pytest.mark.parametrize("source", ["sipakmed", "herlev", "phantom", REVIEWS, MIXED])
def test_a_card_states_the_terms_of_its_weights_and_of_each_source(source: str) -> None:
    config = read(SHIPPED / "compact").config
    datasets = [one | {"source": source} for one in config["training"]["datasets"]]
    config |= {"training": config["training"] | {"datasets": datasets}}
    card = write_card("one", config, "0123", "a minute", [], "commands", "")
    assert "The weights are under the terms of the data they learnt from" in card
    assert len(terms_of(card)) == 1


@pytest.mark.parametrize(
    "folder", [path.parent for path in SHIPPED.glob(f"*/{CARD}")], ids=lambda one: one.name
)
def test_a_shipped_card_states_the_terms_of_its_weights_and_of_each_source(folder: Path) -> None:
    card = (folder / CARD).read_text(encoding="utf-8")
    assert "The weights are under the terms of the data they learnt from" in card
    training = read(folder).config["training"]
    assert len(terms_of(card)) == len({one["source"] for one in training["datasets"]})
