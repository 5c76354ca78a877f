"""A workspace to train in."""

from collections.abc import Callable
from pathlib import Path

import pytest
import streamlit as st

from pap_core.training.run import Run
from tests.helpers.pages.training_runs import logged
from tests.helpers.pages.visiting import furnish, use


@pytest.fixture
def space(
    tmp_path_factory: pytest.TempPathFactory, phantom_dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A workspace with the ready set, and no run. It outlasts the test, as does what is measured in it."""
    folder = furnish(tmp_path_factory.mktemp("space"), phantom_dataset)
    use(folder, monkeypatch)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # of the processes that the page starts
    st.cache_data.clear()
    return folder / "workspace"


@pytest.fixture
def new_run(space: Path) -> Callable[..., Run]:
    """Return `make(name, **status)`: a run of the workspace that has logged some steps."""

    def make(name: str = "first", rows: int = 30, every: int = 1, **status: object) -> Run:
        return logged(space / "runs" / name, space / "datasets" / "phantoms", rows, every, **status)

    return make
