"""A workspace to look at data sets in, and a data root beside it."""

import shutil
from pathlib import Path

import pytest

from tests.helpers.threshold_checkpoint import threshold_network, write_checkpoint


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint for the rest of the app."""
    return write_checkpoint(tmp_path_factory.mktemp("checkpoint") / "threshold", threshold_network())


@pytest.fixture
def space(checkpoint: Path, phantom_dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with a ready set that took no making, and beside it a data root that is empty."""
    monkeypatch.setenv("PAP_CHECKPOINT", str(checkpoint))
    monkeypatch.setenv("PAP_WORKSPACE", str(tmp_path / "space"))
    monkeypatch.setenv("PAP_DATA", str(tmp_path / "data"))
    shutil.copytree(phantom_dataset, tmp_path / "space" / "datasets" / "phantoms")
    (tmp_path / "data").mkdir()
    return tmp_path / "space"


@pytest.fixture
def root(space: Path, phantom_source: Path) -> Path:
    """The data root, with a source in it."""
    (space.parent / "data" / "smears").symlink_to(phantom_source)  # out of it: not to be offered
    shutil.copytree(phantom_source, space.parent / "data" / "source")
    return space.parent / "data"
