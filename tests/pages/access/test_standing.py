"""What a server holds on to while the file of its secrets is torn, emptied, moved, or another."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import streamlit as st
from streamlit import config
from streamlit.runtime.secrets import Secrets

from pages.shared.rules import Standing

AUTH = """
[auth]
redirect_uri = "http://localhost:8501/oauth2callback"
cookie_secret = "0123456789abcdef0123456789abcdef"
client_id = "pap"
"""
ROLES = """
[roles]
"rita@clinic.example" = "{}"
"""
CONNECTION = '[connections.reviews]\nurl = "sqlite:///reviews.db"\n'
WHOLE = AUTH + ROLES.format("trainer")

Save = Callable[[str | bytes | None], None]


@pytest.fixture
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Save:
    """Return `secrets(content)`: saves the file of secrets; None takes it away."""
    path, usual = tmp_path / "secrets.toml", config.get_option("secrets.files")
    monkeypatch.setattr(st, "secrets", Secrets())
    config.set_option("secrets.files", [str(tmp_path / "none.toml"), str(path)])

    def save(content: str | bytes | None) -> None:
        if content is None:
            path.unlink()
        else:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())

    yield save
    config.set_option("secrets.files", usual)


def torn() -> list:
    """What a file of secrets may be found as, None for gone."""
    half = WHOLE.index("client_id") + 14
    return [
        pytest.param(b"", id="empty"),
        pytest.param(b" \n\n", id="blank"),
        pytest.param(b"# all of it is gone\n", id="only a remark"),
        pytest.param(WHOLE[:half], id="torn"),
        pytest.param(b"\xff\xfe[auth]", id="not UTF-8"),
        pytest.param("a = " + "[" * 5000, id="nested deep"),
        pytest.param(CONNECTION, id="neither table"),
        pytest.param(ROLES.format("trainer"), id="roles without auth"),
        pytest.param(None, id="moved away"),
    ]


@pytest.mark.parametrize("content", torn())
def test_a_server_with_sign_in_never_becomes_one_for_whoever_comes(
    secrets: Save, content: str | bytes | None
) -> None:
    secrets(WHOLE)
    standing = Standing()
    assert (standing.rules().sign_in, standing.rules().trouble) == (True, "")
    secrets(content)
    for _ in range(2):
        found = standing.rules()
        assert found.sign_in
        assert found.trouble.startswith(".streamlit/secrets.toml: ")
        assert found.trouble.count(". ") == 0
        assert not found.roles
    secrets(ROLES.format("viewer") + AUTH)
    found = standing.rules()
    assert (found.trouble, found.roles) == ("", {"rita@clinic.example": "viewer"})


@pytest.mark.parametrize("content", [b"", WHOLE[:80], b"\xff\xfe"])
def test_a_server_that_begins_with_secrets_nobody_can_read_lets_nobody_in(
    secrets: Save, content: str | bytes
) -> None:
    secrets(content)
    standing = Standing()
    assert standing.rules().trouble
    for then in (CONNECTION, None):
        secrets(then)
        assert standing.rules().trouble
    assert not Standing().rules().sign_in  # another start says otherwise
    secrets(WHOLE)
    assert not standing.rules().trouble


def test_sign_in_that_comes_later_applies_and_stays(secrets: Save) -> None:
    standing = Standing()
    assert not standing.rules().sign_in
    secrets(WHOLE)
    assert standing.rules().roles == {"rita@clinic.example": "trainer"}
    secrets(None)
    assert standing.rules().trouble


def test_one_person_stays_one_person_once_secrets_without_sign_in_are_right_again(secrets: Save) -> None:
    secrets(CONNECTION)
    standing = Standing()
    assert not standing.rules().sign_in
    secrets(CONNECTION[:-4])
    assert standing.rules().trouble  # sign-in may be what comes
    secrets(CONNECTION)
    assert not standing.rules().sign_in


def test_roles_of_the_same_stamp_are_read(secrets: Save, tmp_path: Path) -> None:
    secrets(AUTH + ROLES.format("trainer"))
    standing, path = Standing(), tmp_path / "secrets.toml"
    assert standing.rules().roles == {"rita@clinic.example": "trainer"}
    stamp = path.stat().st_mtime_ns
    secrets(AUTH + ROLES.format("viewer "))
    os.utime(path, ns=(stamp, stamp))
    assert standing.rules().roles == {"rita@clinic.example": "viewer "}


@pytest.mark.parametrize(
    "other",
    [
        AUTH.replace("0123", "3210"),
        AUTH.replace("0123456789abcdef" * 2, "guess"),
        AUTH + 'server_metadata_url = "https://evil.example"\n',
        AUTH + '[auth.everybody]\nclient_id = "pap"\n',
        "auth = 1\n",
    ],
)
def test_another_table_to_sign_in_by_lets_nobody_in_until_a_restart(secrets: Save, other: str) -> None:
    """Who signed in by it meanwhile is signed in still, when the first table is back."""
    secrets(WHOLE)
    standing = Standing()
    assert not standing.rules().trouble
    secrets(other + ROLES.format("trainer"))
    assert standing.rules().trouble
    secrets(WHOLE)
    assert "start it again" in standing.rules().trouble


def test_streamlit_signs_in_by_the_same_table_though_its_own_watcher_missed_it(secrets: Save) -> None:
    secrets(CONNECTION)
    assert "auth" not in st.secrets.to_dict()  # as it is once its watcher has ended
    secrets(WHOLE)
    assert not Standing().rules().trouble
    assert st.secrets.to_dict()["auth"]["client_id"] == "pap"
    assert st.secrets.to_dict()["connections"]["reviews"]


def test_streamlit_signing_in_by_an_older_table_lets_nobody_in(secrets: Save) -> None:
    secrets(AUTH.replace("0123", "3210"))
    assert st.secrets.to_dict()["auth"]
    secrets(WHOLE)
    assert "start it again" in Standing().rules().trouble
