"""Without sign-in: whoever reaches the server may do everything, and is told so."""

import importlib
from pathlib import Path

import pytest
from streamlit import config
from streamlit.testing.v1 import AppTest

from tests.helpers.pages.visiting import APP, PATIENCE, ran


def local(space: Path, url: str | None = None) -> AppTest:
    app = AppTest.from_file(str(APP), default_timeout=PATIENCE)
    app.context = {"url": url} if url else {}
    app.switch_page("pages/train.py")
    return ran(app)


def test_without_sign_in_the_account_says_so_and_takes_a_name(space: Path) -> None:
    app = local(space)
    assert any("this is for one person, on the machine it runs on" in one.value for one in app.caption)
    assert not app.warning
    app.text_input(key="account_name").set_value("  Dr. Ann Lee ")
    ran(app)
    assert app.session_state["reviewer_name"] == "Dr. Ann Lee"


@pytest.mark.parametrize(
    "url", ["http://192.0.2.7:8501/train", "https://pap.clinic.example/", "http://0.0.0.0/"]
)
def test_a_server_that_others_reach_without_sign_in_warns(space: Path, url: str) -> None:
    assert "whoever reaches it may do everything" in local(space, url).warning[0].value


@pytest.mark.parametrize(
    "url", ["http://localhost:8501/", "http://127.0.0.1:8501/", "http://[::1]:8501/train"]
)
def test_a_server_for_this_machine_does_not_warn(space: Path, url: str) -> None:
    assert not local(space, url).warning


def test_a_server_that_listens_to_everybody_warns(space: Path) -> None:
    before = config.get_option("server.address")
    try:
        for address in (None, "0.0.0.0", "192.0.2.7"):
            config.set_option("server.address", address)
            assert "whoever reaches it may do everything" in local(space).warning[0].value
    finally:
        config.set_option("server.address", before)


def test_the_server_listens_to_this_machine_only_unless_told() -> None:
    import tomllib

    settings = tomllib.loads((APP.parent / ".streamlit" / "config.toml").read_text())
    assert settings["server"]["address"] == "localhost"
    assert importlib.util.find_spec("authlib")  # without it st.login says no more than that it is missing
