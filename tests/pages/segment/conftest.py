"""A checkpoint and a workspace to segment with."""

from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.helpers.pages.segmenting import opened
from tests.helpers.pages.visiting import furnish, use


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, phantom_dataset: Path) -> Path:
    """A checkpoint and a workspace, for the whole module: what was seen once is remembered."""
    st.cache_data.clear()
    folder = furnish(tmp_path_factory.mktemp("place"), phantom_dataset)
    return folder


@pytest.fixture
def app(place: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The app, opened for the first time in a session."""
    use(place, monkeypatch)
    return opened()
