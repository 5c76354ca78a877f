"""A workspace with an evaluation, to look at or to change."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st

from pap_core.evaluation.store import Kept
from tests.helpers.pages.results_page import kept_of
from tests.helpers.pages.visiting import furnish_evaluated, use


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, phantom_dataset: Path) -> Path:
    """A checkpoint, and a workspace with two data sets; the smaller one, of six crops, is evaluated."""
    st.cache_data.clear()
    return furnish_evaluated(tmp_path_factory.mktemp("place"), phantom_dataset)


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
