"""A workspace in which methods are compared, to look at or to change."""

import shutil
from pathlib import Path

import pytest
import streamlit as st

from pap_core.comparison.compare import Comparison, begin, compare
from tests.helpers.comparing import DIGEST
from tests.helpers.pages.visiting import furnish_evaluated, use


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, phantom_dataset: Path) -> Path:
    """A workspace with two methods measured on six crops, and a checkpoint evaluated on the same."""
    st.cache_data.clear()
    folder = furnish_evaluated(tmp_path_factory.mktemp("place"), phantom_dataset)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PAP_WORKSPACE", str(folder / "workspace"))
        comparison = begin(folder / "workspace" / "datasets" / "few", 1)
        assert [done.name for done in compare(comparison, ["k-means", "otsu"])] == ["k-means", "otsu"]
    return folder


@pytest.fixture
def here(place: Path, monkeypatch: pytest.MonkeyPatch) -> Comparison:
    """The comparison, found by the app; not to be changed."""
    use(place, monkeypatch)
    return Comparison(place / "workspace" / "comparisons" / f"{DIGEST}-1min")


@pytest.fixture
def own(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Comparison:
    """A copy of it, to change."""
    shutil.copytree(place, tmp_path / "own", symlinks=True)
    use(tmp_path / "own", monkeypatch)
    comparison = Comparison(tmp_path / "own" / "workspace" / "comparisons" / f"{DIGEST}-1min")
    return begin(tmp_path / "own" / "workspace" / "datasets" / "few", comparison.minutes)
