"""Which data set is offered first to compare on."""

import json
from pathlib import Path

from pages.parts.compare.progress import first_with_test


def made(folder: Path, *sides: str) -> Path:
    """Write of a data set what tells its sides: one crop each."""
    folder.mkdir()
    (folder / "dataset.json").write_text(json.dumps({"digest": "0" * 64}))
    rows = [f"crop{number},P,g,{side}" for number, side in enumerate(sides)]
    (folder / "manifest.csv").write_text("\n".join(["id,category,group,split", *rows, ""]))
    return folder


def test_a_data_set_without_test_crops_is_not_offered_first(tmp_path: Path) -> None:
    sets = {
        "corrections": made(tmp_path / "corrections", "train"),
        "gone": tmp_path / "gone",
        "good": made(tmp_path / "good", "train", "test"),
        "more": made(tmp_path / "more", "test"),
    }
    assert list(sets)[first_with_test(sets)] == "good"
    del sets["good"], sets["more"]
    assert first_with_test(sets) == 0
