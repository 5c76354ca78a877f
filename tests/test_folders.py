"""Folders that are there whole or not at all, also when the process that writes them is killed."""

import subprocess
import sys
from pathlib import Path

import pytest

from pap_core.folders import whole_folder
from pap_core.model import catalogue
from pap_core.model.catalogue import WEIGHTS

WRITES = """
import sys
from pathlib import Path
from pap_core.folders import whole_folder

with whole_folder(Path(sys.argv[1])) as aside:
    (aside / "first").write_text("new")
    print("half", flush=True)
    sys.stdin.read()
"""


def killed_halfway(folder: Path) -> None:
    command = [sys.executable, "-c", WRITES, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as one:
        assert one.stdout.readline() == "half\n"
        one.kill()


BETWEEN = """
import os, sys
from pathlib import Path
from pap_core import folders

rename = Path.rename

def rename_once(path, target):
    rename(path, target)
    print("between", flush=True)
    sys.stdin.read()

Path.rename = rename_once
with folders.whole_folder(Path(sys.argv[1])) as aside:
    (aside / "first").write_text("new")
"""


def killed_between_the_renames(folder: Path) -> None:
    folder.mkdir()
    (folder / WEIGHTS).write_text("old")
    command = [sys.executable, "-c", BETWEEN, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as one:
        assert one.stdout.readline() == "between\n"
        one.kill()
    assert not folder.exists()


def test_killed_between_its_renames_the_folder_before_is_put_back_by_the_next(tmp_path: Path) -> None:
    killed_between_the_renames(tmp_path / "out")
    with whole_folder(tmp_path / "out") as aside:
        assert (tmp_path / "out" / WEIGHTS).read_text() == "old"
        assert names(tmp_path) == sorted(["out", aside.name])
    assert names(tmp_path) == ["out"]


def test_killed_after_its_renames_what_was_replaced_is_removed_by_the_next(tmp_path: Path) -> None:
    killed_between_the_renames(tmp_path / "out")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / WEIGHTS).write_text("new")
    with whole_folder(tmp_path / "out") as aside:
        assert (tmp_path / "out" / WEIGHTS).read_text() == "new"
        assert names(tmp_path) == sorted(["out", aside.name])
    assert names(tmp_path) == ["out"]


@pytest.mark.parametrize("look", ["available", "default", "resolve"])
def test_killed_between_its_renames_a_checkpoint_is_listed_again(
    look: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue, "SHIPPED", tmp_path / "shipped")
    monkeypatch.setenv("PAP_WORKSPACE", str(tmp_path / "workspace"))
    monkeypatch.delenv("PAP_CHECKPOINT", raising=False)
    (tmp_path / "shipped").mkdir()
    killed_between_the_renames(tmp_path / "shipped" / "v1.2")
    found = getattr(catalogue, look)(*(["v1.2"] if look == "resolve" else []))
    expected = tmp_path / "shipped" / "v1.2"
    assert found == ({"v1.2": expected} if look == "available" else expected)
    assert (expected / WEIGHTS).read_text() == "old"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_killed_there_is_no_new_folder_and_the_next_clears_up(tmp_path: Path) -> None:
    killed_halfway(tmp_path / "out")
    (left,) = names(tmp_path)
    assert left.startswith(".out.")
    with whole_folder(tmp_path / "out") as aside:
        (aside / "second").write_text("")
        assert not (tmp_path / "out").exists()
    assert names(tmp_path) == ["out"]
    assert names(tmp_path / "out") == ["second"]


def test_killed_the_folder_before_is_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "first").write_text("old")
    killed_halfway(tmp_path / "out")
    assert (tmp_path / "out" / "first").read_text() == "old"


def test_what_is_replaced_is_replaced_with_all_that_was_in_it(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "first").write_text("old")
    with whole_folder(tmp_path / "out") as aside:
        (aside / "second").write_text("new")
    assert names(tmp_path) == ["out"]
    assert names(tmp_path / "out") == ["second"]


def test_an_error_leaves_nothing_and_the_folder_before(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "first").write_text("old")

    def fail(folder: Path) -> None:
        with whole_folder(folder) as aside:
            (aside / "first").write_text("new")
            raise ValueError("halfway")

    for name in ("old", "new"):
        with pytest.raises(ValueError, match="halfway"):
            fail(tmp_path / name)
    assert names(tmp_path) == ["old"]
    assert (tmp_path / "old" / "first").read_text() == "old"
