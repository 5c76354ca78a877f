"""Folders that are there whole or not at all, also when the process that writes them is killed."""

import subprocess
import sys
from pathlib import Path

import pytest

from pap_core.folders import whole_folder

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
