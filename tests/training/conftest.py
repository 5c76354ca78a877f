"""Small drawn cells to train on in seconds."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from pap_core.data.dataset import Crops, load
from pap_core.training.loop import Trainer, train
from pap_core.training.run import Run, new_folder
from tests.helpers.training.drawn_cells import write_dataset
from tests.helpers.training.small_runs import tiny
from tests.helpers.training.watching import processes


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """Sums depend on how many threads share them: a run in a subprocess must find the same."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def drawn_dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished data set of small drawn cells. Not to be changed."""
    return write_dataset(tmp_path_factory.mktemp("drawn") / "dataset")


@pytest.fixture(scope="session")
def drawn_crops(drawn_dataset: Path) -> Crops:
    """Its training side in memory."""
    return load([drawn_dataset], "train")


@pytest.fixture
def new_run(tmp_path: Path, drawn_dataset: Path) -> Callable[..., Run]:
    """Return `create(*settings)`: a small run, not begun."""

    def create(*settings: str) -> Run:
        return Run.create(tmp_path / "run", tiny(*settings), [drawn_dataset])

    return create


@pytest.fixture(scope="session")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory, drawn_dataset: Path) -> Run:
    """A small run that went through in one piece, on one thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    run = Run.create(tmp_path_factory.mktemp("uninterrupted") / "run", tiny(), [drawn_dataset])
    assert train(run, cpu=True)["state"] == "finished"
    torch.set_num_threads(threads)
    return run


@pytest.fixture
def trainer(drawn_crops: Crops) -> Trainer:
    """Both networks of a small run, before the first step."""
    return Trainer(tiny(), drawn_crops, cpu=True)


@pytest.fixture
def space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace of the test's own, for processes that compute on one thread of the CPU."""
    monkeypatch.setenv("PAP_WORKSPACE", str(tmp_path / "space"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    return tmp_path / "space"


@pytest.fixture
def new(space: Path, drawn_dataset: Path) -> Iterator[Callable[..., Run]]:
    """Return `new(*settings)`: a run of the workspace; what is left of its process is ended afterwards."""
    made = []

    def create(*settings: str) -> Run:
        made.append(Run.create(new_folder("tiny"), tiny(*settings), [drawn_dataset]))
        return made[-1]

    yield create
    for run in made:
        for one in processes(run):
            one.kill()
