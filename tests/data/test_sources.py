"""Folders to build from: those under the data root, and no other."""

from pathlib import Path

import pytest

from pap_core.data import sources
from pap_core.data.sources import subfolders, within
from pap_core.errors import InputError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A data root beside a folder that is nobody's business, with links in and out."""
    for name in ("data/sipakmed/im_A/im_A/CROPPED", "data/Herlev", "data/.hidden", "secret/deep"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "data" / "out").symlink_to(tmp_path / "secret")
    (tmp_path / "data" / "in").symlink_to(tmp_path / "data" / "Herlev")
    (tmp_path / "data" / "loop").symlink_to(tmp_path / "data" / "loop")
    (tmp_path / "data" / "notes.txt").write_text("")
    return tmp_path / "data"


def test_folders_are_listed_and_links_out_are_not(root: Path) -> None:
    assert subfolders(root) == [".", "Herlev", "in", "sipakmed", "sipakmed/im_A"]


def test_a_root_with_nothing_in_it_lists_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "empty").mkdir()
    for name in ("missing", "file", "empty"):
        assert subfolders(tmp_path / name) == []


def test_no_more_are_listed_than_a_person_can_choose_of(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MOST", 3)
    assert len(subfolders(root)) == 3


@pytest.mark.parametrize("name", [".", "Herlev", "in", "sipakmed/im_A/im_A", "sipakmed/../Herlev"])
def test_what_is_inside_is_returned(root: Path, name: str) -> None:
    assert within(root, name) == (root / name).resolve()


@pytest.mark.parametrize("name", ["..", "../secret", "out", "out/deep", "/etc", "sipakmed/../../secret"])
def test_what_leads_out_is_refused(root: Path, name: str) -> None:
    with pytest.raises(InputError, match="lies outside the data root"):
        within(root, name)


@pytest.mark.parametrize("name", ["missing", "notes.txt", "loop", "a\0b"])
def test_what_is_no_folder_is_refused(root: Path, name: str) -> None:
    with pytest.raises(InputError, match="no folder under the data root"):
        within(root, name)
