"""Small drawn cells to train on in seconds."""

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from small_runs import tiny
from watching import processes

from pap_core.data.dataset import Crops, load
from pap_core.images import write_png
from pap_core.labels import CYTOPLASM, NUCLEUS
from pap_core.training.loop import Trainer, train
from pap_core.training.run import Run, new_folder

SIDE = 64
GROUPS, PER_GROUP = 13, 5  # one group is held out: 61 crops are left to train on, no multiple of any batch


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """Sums depend on how many threads share them: a run in a subprocess must find the same."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def draw_cell(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw one cell of 64 px in the colours of a smear, and its label."""
    rows, columns = np.mgrid[:SIDE, :SIDE] + 0.5

    def ellipse(x: float, y: float, a: float, b: float) -> np.ndarray:
        return ((columns - x) / a) ** 2 + ((rows - y) / b) ** 2 <= 1

    x, y = random.uniform(24, 40, 2)
    label = np.zeros((SIDE, SIDE), dtype=np.uint8)
    label[ellipse(x, y, *random.uniform(14, 26, 2))] = CYTOPLASM
    label[ellipse(*(np.array([x, y]) + random.uniform(-4, 4, 2)), *random.uniform(5, 10, 2))] = NUCLEUS
    colours = np.array([(230, 225, 220), (130, 165, 195), (65, 45, 95)]) + random.normal(0, 12, (3, 3))
    image = colours[label] + random.normal(0, 6, (SIDE, SIDE, 3))
    return image.round().clip(0, 255).astype(np.uint8), label


def write_dataset(folder: Path, seed: int = 0) -> Path:
    """Write a finished data set folder of drawn cells."""
    random = np.random.default_rng(seed)
    for name in ("images", "labels"):
        (folder / name).mkdir(parents=True)
    rows = []
    for group in range(GROUPS + 2):
        for number in range(PER_GROUP + (group == 0)):
            name = f"smear{group:02d}_{number}"
            image, label = draw_cell(random)
            write_png(folder / "images" / f"{name}.png", image)
            write_png(folder / "labels" / f"{name}.png", label)
            side = "train" if group < GROUPS else "test"
            rows.append({"id": name, "category": "drawn", "group": f"smear{group:02d}", "split": side})
    pd.DataFrame(rows).to_csv(folder / "manifest.csv", index=False)
    described = {
        "source": "drawn",
        "mode": "window",
        "split": "grouped",
        "seed": seed,
        "size": SIDE,
        "crops": len(rows),
        "sides": {side: sum(row["split"] == side for row in rows) for side in ("train", "test")},
        "digest": hashlib.sha256((folder / "manifest.csv").read_bytes()).hexdigest(),
    }
    (folder / "dataset.json").write_text(json.dumps(described))
    return folder


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
