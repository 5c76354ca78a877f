"""The pages as somebody who is signed in meets them."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.helpers.pages.people import AUTH, PEOPLE, TABLE, signed_in
from tests.helpers.pages.visiting import APP, PATIENCE, furnish, ran, use


@pytest.fixture(autouse=True)
def _main_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put back what a page's run takes the place of: workers begin by running the main module."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.fixture
def space(
    tmp_path_factory: pytest.TempPathFactory, phantom_dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A workspace with the ready set, and a data root. It outlasts the test, as a measure does."""
    folder = furnish(tmp_path_factory.mktemp("space"), phantom_dataset)
    use(folder, monkeypatch)
    monkeypatch.setenv("PAP_DATA", str(folder / "data"))
    st.cache_data.clear()
    return folder / "workspace"


@pytest.fixture
def visit(space: Path) -> Callable[..., AppTest]:
    """Return `visit(page, mail, roles, **state)`: a page as somebody who is signed in meets it."""

    def opened(page: str, mail: str = PEOPLE["viewer"], roles: dict = TABLE, **state: object) -> AppTest:
        app = AppTest.from_file(str(APP), default_timeout=PATIENCE)
        app.secrets, app.user = {"auth": AUTH, "roles": roles}, signed_in(mail)
        for key, value in state.items():
            app.session_state[key] = value
        app.switch_page(f"pages/{page}.py")
        return ran(app)

    return opened
