"""A start that is refused says what would help, and leaves nothing: the same name is free for the next."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from pap_core.__main__ import main
from pap_core.data.validation import held_out
from pap_core.errors import InputError
from tests.helpers.training.drawn_cells import write_dataset

pytestmark = pytest.mark.usefixtures("space")
SMALL = ("epochs=1", "generator.width=2", "discriminator.width=2")


def start(dataset: Path, folder: Path, *settings: str) -> int:
    """Type a training."""
    given = [word for setting in (*SMALL, *settings) for word in ("--set", setting)]
    return main(
        ["train", str(dataset), "--preset", "tiny", *given, "--run-folder", str(folder), "--cpu", "--json"]
    )


@pytest.fixture
def few_slides(tmp_path: Path) -> Path:
    """A data set of four slides of five cells to train on, and one cell more."""
    folder = write_dataset(tmp_path / "few")
    table = pd.read_csv(folder / "manifest.csv")
    table[table["group"].isin(["smear00", "smear01", "smear02", "smear03", "smear13"])].to_csv(
        folder / "manifest.csv", index=False
    )
    return folder


def test_too_few_slides_name_the_share_that_would_do(
    few_slides: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    assert start(few_slides, tmp_path / "run") == 1
    said = capsys.readouterr().err
    assert "4 smears or slides on the training side are too few to hold one out" in said
    assert "set validation=0.12, which holds 1 out" in said
    assert not (tmp_path / "run").exists()
    assert start(few_slides, tmp_path / "run", "validation=0.11") == 1  # the smallest, to two figures
    assert start(few_slides, tmp_path / "run", "validation=0.12") == 0


@pytest.mark.slow
def test_the_real_slides_that_are_too_few(
    shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    assert main(["build", str(shared_data / "faults" / "11"), str(tmp_path / "set")]) == 0
    for settings, sentence in (
        ((), "set validation=0.13, which holds 1 out"),
        (("validation=0.3", "learning_rate=-1"), "learning_rate is -1.0, expected 1e-09 to 1"),
        (("validation=0.3", "beta1=2"), "beta1 is 2.0, expected 0 to 0.9999"),
        (("validation=0.99",), "would all be held out"),
    ):
        assert start(tmp_path / "set", tmp_path / "run", *settings) == 1
        (line,) = capsys.readouterr().err.splitlines()
        assert sentence in line
        assert not (tmp_path / "run").exists()
    assert start(tmp_path / "set", tmp_path / "run", "validation=0.13", "samples=0") == 0


@pytest.mark.parametrize("groups", [{"only": 3}, {"small": 1, "large": 9}, {"a": 5, "b": 5, "c": 1}])
@pytest.mark.parametrize("share", [0.001, 0.1, 0.5, 0.99])
@pytest.mark.parametrize("seed", range(3))
def test_what_is_named_does(groups: dict[str, int], share: float, seed: int) -> None:
    slides = [name for name, count in groups.items() for _ in range(count)]
    table = pd.DataFrame({"group": slides, "slide": slides, "folder": "somewhere"})
    try:
        chosen = held_out(table, share, seed)
    except InputError as error:
        named = str(error).partition("set validation=")[2].partition(",")[0]
    else:
        assert 0 < chosen.sum() < len(table)
        return
    if len(groups) == 1:
        assert not named
        return
    assert 0 < held_out(table, float(named), seed).sum() < len(table)


def test_one_slide_is_too_few_whatever_the_share() -> None:
    table = pd.DataFrame({"group": ["only"] * 4, "slide": ["only"] * 4, "folder": "somewhere"})
    with pytest.raises(InputError, match=r"whatever the share; build from at least 1 more\.$"):
        held_out(table, 0.1, 0)


def spoilt(dataset: Path, tmp_path: Path, name: str, content: bytes | None) -> Path:
    copy = shutil.copytree(dataset, tmp_path / "copy")
    if content is None:
        (copy / name).unlink()
    else:
        (copy / name).write_bytes(content)
    return copy


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("images/smear05_3.png", None, "smear05_3.png: there is no such file"),
        ("labels/smear05_3.png", None, "smear05_3.png: there is no such file"),
        ("images/smear05_3.png", b"no picture", "smear05_3.png: not a picture"),  # seen as it is decoded
        ("manifest.csv", None, "manifest.csv is missing"),
        ("dataset.json", None, "no dataset.json"),
    ],
)
def test_data_that_cannot_be_read(
    drawn_dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture, name: str, content, sentence: str
) -> None:
    assert start(spoilt(drawn_dataset, tmp_path, name, content), tmp_path / "run") == 1
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
    assert start(drawn_dataset, tmp_path / "run") == 0


def test_a_folder_in_use_is_refused_and_left_alone(
    drawn_dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "thesis.txt").write_text("years of work")
    assert start(drawn_dataset, tmp_path / "run") == 1
    assert "not empty; choose a new folder" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_a_place_where_no_folder_can_be(
    drawn_dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture, place: str
) -> None:
    (tmp_path / "file").write_text("")
    assert start(drawn_dataset, tmp_path / place) == 1
    assert "the run folder cannot be made (Not a directory)" in capsys.readouterr().err
    assert (tmp_path / "file").read_text() == ""


def test_a_run_that_began_and_failed_is_kept(
    drawn_dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    settings = ("learning_rate=1", "beta1=0.9999", "beta2=0", "generator.head=colour", "border=2")
    assert start(drawn_dataset, tmp_path / "run", *settings, "cross_entropy=0", "dice=0") == 1
    assert "not finite" in capsys.readouterr().err
    assert (tmp_path / "run" / "config.json").exists()
