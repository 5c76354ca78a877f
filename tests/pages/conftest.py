"""What all tests of the pages need."""

from pathlib import Path

import pytest
import torch

from pap_core.evaluation.store import Kept
from pap_core.reviewing.split_queue import SplitQueue, split_queue
from pap_core.reviews.store import Reviews, sqlite_engine
from tests.helpers.comparing import evaluate_in, few
from tests.helpers.pages.visiting import use
from tests.helpers.threshold_checkpoint import threshold_network, write_checkpoint


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    """Leave the other cores to whoever else works on this machine."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def review_place(tmp_path_factory: pytest.TempPathFactory, phantom_dataset: Path) -> Path:
    """For the page that reviews: a checkpoint, and a workspace with six crops that are evaluated."""
    folder = tmp_path_factory.mktemp("place")
    write_checkpoint(folder / "threshold", threshold_network())
    evaluate_in(folder, few(phantom_dataset, folder / "workspace" / "datasets" / "phantoms"))
    return folder


@pytest.fixture
def space(review_place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace of the test's own to review in, nothing reviewed yet."""
    (tmp_path / "workspace").mkdir()
    (tmp_path / "threshold").symlink_to(review_place / "threshold")
    for name in ("datasets", "evaluations"):
        (tmp_path / "workspace" / name).symlink_to(review_place / "workspace" / name)
    use(tmp_path, monkeypatch)
    return tmp_path / "workspace"


@pytest.fixture
def queue(space: Path) -> SplitQueue:
    """What the page offers at first."""
    (folder,) = (space / "evaluations").iterdir()
    return split_queue(Kept(folder), space / "datasets" / "phantoms")


@pytest.fixture
def reviews(space: Path) -> Reviews:
    """The database that the page writes, seen from elsewhere."""
    return Reviews(sqlite_engine(space / "reviews.db"))
