"""Who somebody is taken for: by their table, their claims, and secrets that are wrong."""

import json
from pathlib import Path

import pytest
import streamlit as st
from streamlit import config
from streamlit.runtime.secrets import Secrets
from streamlit.testing.v1 import AppTest

from pages.shared.access import ROLES
from tests.helpers.pages.people import AUTH, PEOPLE, TABLE, signed_in


def show_person() -> None:
    """A page that tells who is at it."""
    import streamlit as st

    from pages.shared.access import act, hint, may, person, require
    from pap_core.errors import InputError

    who = person()
    st.json([who.name, who.role, who.signed_in, who.trouble])
    st.json([role for role in ("viewer", "reviewer", "trainer") if may(role)])
    st.text(hint("reviewer", "Saves it"))
    try:
        require("reviewer")
        act("trainer", st.text, "done")
    except InputError as error:
        st.text(str(error))


def seen(secrets: dict, **user: object) -> tuple[list, list[str]]:
    """Return who somebody is taken for, and the roles whose deeds they may do."""
    app = AppTest.from_function(show_person, default_timeout=60)
    app.secrets, app.user = secrets, user
    app.run()
    assert not app.exception
    return json.loads(app.json[0].value), json.loads(app.json[1].value)


@pytest.mark.parametrize(
    ("mail", "role"),
    [
        ("vera@clinic.example", "viewer"),
        ("VERA@Clinic.Example", "viewer"),
        ("rita@clinic.example", "reviewer"),
        ("tom@clinic.example ", "trainer"),
    ],
)
def test_the_table_gives_each_their_role_whatever_the_case(mail: str, role: str) -> None:
    who, may = seen({"auth": AUTH, "roles": TABLE}, **signed_in(mail))
    assert who == [mail.lower().strip(), role, True, ""]
    assert may == list(ROLES[: ROLES.index(role) + 1])


@pytest.mark.parametrize(
    ("roles", "claims", "told"),
    [
        (TABLE, {"email": "sam@clinic.example"}, "sam@clinic.example: you are not among those who may enter"),
        (TABLE, {"email": "tom@clinic.examp\u212ae"}, "you are not among those who may enter"),
        ({"\u212aim@clinic.example": "trainer"}, {"email": "kim@clinic.example"}, "not among those"),
        ({}, {"email": "tom@clinic.example"}, "you are not among those who may enter"),
        (TABLE, {"email": "tom@clinic.example", "email_verified": False}, "has not verified this e-mail"),
        (TABLE, {"email": "tom@clinic.example", "email_verified": "false"}, "has not verified this e-mail"),
        (TABLE, {"email": None}, "came without an e-mail"),
        (TABLE, {"email": "", "name": "tom@clinic.example"}, "came without an e-mail"),
        (
            TABLE | {"default": "none"},
            {"email": "sam@clinic.example"},
            "default has the role 'none'",
        ),
        (
            TABLE | {"default": "trainer"},
            {"email": "sam@clinic.example", "email_verified": False},
            "has not verified",
        ),
    ],
)
def test_who_is_not_known_for_sure_may_not_even_look(roles: dict, claims: dict, told: str) -> None:
    who, may = seen({"auth": AUTH, "roles": roles}, is_logged_in=True, **claims)
    assert who[1] == ""
    assert told in who[3]
    assert may == []


def test_a_default_is_of_all_who_are_not_listed() -> None:
    secrets = {"auth": AUTH, "roles": TABLE | {"default": "viewer"}}
    assert seen(secrets, **signed_in("sam@clinic.example"))[0][1] == "viewer"
    assert seen(secrets, **signed_in("rita@clinic.example", email_verified=True))[0][1] == "reviewer"


def test_a_word_that_is_no_role_makes_a_viewer_who_is_told() -> None:
    who, may = seen({"auth": AUTH, "roles": {"tom@clinic.example": "triner"}}, **signed_in(PEOPLE["trainer"]))
    assert who[1] == "viewer"
    assert who[3] == (
        ".streamlit/secrets.toml: tom@clinic.example has the role 'triner', expected one of viewer, "
        "reviewer, trainer; until then you may only look."
    )
    assert may == ["viewer"]


def test_without_sign_in_there_is_one_person_who_may_do_all() -> None:
    for secrets in ({}, {"connections": {"reviews": {"url": "sqlite://"}}}):
        assert seen(secrets) == (["", "trainer", False, ""], list(ROLES))


@pytest.mark.parametrize(
    ("secrets", "told"),
    [
        ({"roles": TABLE}, "no tables [auth] and [roles]"),
        ({"auth": "on"}, "no tables [auth] and [roles]"),
        ({"auth": AUTH, "roles": ["tom@clinic.example"]}, "no tables [auth] and [roles]"),
        ({"auth": {"client_id": "pap"}, "roles": TABLE}, "fewer than 32 characters"),
        ({"auth": AUTH | {"cookie_secret": "secret"}, "roles": TABLE}, "fewer than 32 characters"),
        ({"auth": {"cookie_secret": "x" * 32, "client_kwargs": {"prompt": "login"}}}, "no provider"),
    ],
)
def test_a_sign_in_set_up_by_half_lets_nobody_in(secrets: dict, told: str) -> None:
    who, may = seen(secrets, **signed_in(PEOPLE["trainer"]))
    assert (who[1], may) == ("", [])
    assert who[3].startswith(".streamlit/secrets.toml: ")
    assert told in who[3]


@pytest.mark.parametrize("content", [b"[auth\n", b"\xff\xfe", None])
def test_secrets_that_cannot_be_read_let_nobody_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    path = tmp_path / "secrets.toml"
    path.mkdir() if content is None else path.write_bytes(content)
    before = config.get_option("secrets.files")
    monkeypatch.setattr(st, "secrets", Secrets())
    config.set_option("secrets.files", [str(path)])
    try:
        who, may = seen({}, **signed_in(PEOPLE["trainer"]))
    finally:
        config.set_option("secrets.files", before)
    assert "cannot be read, expected TOML" in who[3]
    assert may == []
