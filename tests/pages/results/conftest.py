"""A workspace with an evaluation, to look at or to change."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from comparing import few
from results_page import kept_of
from visiting import furnish, use

from pap_core.inference import Segmenter
from pap_core.model.checkpoint import read
from pap_core.results import Kept, evaluate_and_keep, split_of


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, phantom_dataset: Path) -> Path:
    """A checkpoint, and a workspace with two data sets; the smaller one, of six crops, is evaluated."""
    st.cache_data.clear()
    folder = furnish(tmp_path_factory.mktemp("place"), phantom_dataset)
    dataset = few(phantom_dataset, folder / "workspace" / "datasets" / "few")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PAP_WORKSPACE", str(folder / "workspace"))
        evaluate_and_keep(Segmenter(read(folder / "threshold"), "cpu"), split_of(dataset))
    return folder


@pytest.fixture
def here(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The place, found by the app; not to be changed."""
    use(place, monkeypatch)
    return place


@pytest.fixture
def own(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the place, to change."""
    shutil.copytree(place, tmp_path / "own", symlinks=True)
    use(tmp_path / "own", monkeypatch)
    return tmp_path / "own"


@pytest.fixture
def kept(here: Path) -> Kept:
    """What is kept of the evaluation."""
    return kept_of(here)


@pytest.fixture(autouse=True)
def _nothing_left_running() -> Iterator[None]:
    yield
    st.cache_resource.clear()  # evaluations under way are of one test
