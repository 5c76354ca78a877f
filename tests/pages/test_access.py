"""Who may do what: told on the page, and refused by the server where a button is pressed all the same."""

import importlib
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import streamlit as st
from segmenting import APP, furnish, use
from streamlit import config
from streamlit.runtime.secrets import Secrets
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button
from training_runs import logged

from pages.shared.access import ROLES
from pap_core.training import process

AUTH = {"client_id": "pap", "cookie_secret": "0123456789abcdef" * 2}
TABLE = {"Vera@clinic.example": "viewer", "rita@clinic.example": "reviewer", "tom@clinic.example": "trainer"}
PEOPLE = dict(zip(ROLES, ("vera@clinic.example", "rita@clinic.example", "tom@clinic.example"), strict=True))


@pytest.fixture(autouse=True)
def _main_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put back what a page's run takes the place of: workers begin by running the main module."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


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


def signed_in(mail: str, **claims: object) -> dict:
    return {"is_logged_in": True, "email": mail} | claims


# Who somebody is


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


# The pages


@pytest.fixture
def space(tmp_path: Path, phantom_dataset: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with the ready set, and a data root."""
    use(furnish(tmp_path, phantom_dataset), monkeypatch)
    monkeypatch.setenv("PAP_DATA", str(tmp_path / "data"))
    st.cache_data.clear()
    return tmp_path / "workspace"


@pytest.fixture
def visit(space: Path) -> Callable[..., AppTest]:
    """Return `visit(page, mail, roles, **state)`: a page as somebody who is signed in meets it."""

    def opened(page: str, mail: str = PEOPLE["viewer"], roles: dict = TABLE, **state: object) -> AppTest:
        app = AppTest.from_file(str(APP), default_timeout=240)
        app.secrets, app.user = {"auth": AUTH, "roles": roles}, signed_in(mail)
        for key, value in state.items():
            app.session_state[key] = value
        app.switch_page(f"pages/{page}.py")
        return ran(app)

    return opened


def ran(app: AppTest) -> AppTest:
    app.run()
    assert not app.exception
    return app


def button(app: AppTest, label: str) -> Button:
    return next(one for one in app.button if one.label == label)


def press(app: AppTest, label: str) -> AppTest:
    button(app, label).click()
    return ran(app)


def demote(app: AppTest, role: str = "viewer") -> None:
    """Take a role away after the page was drawn, its buttons enabled."""
    app.secrets = {"auth": AUTH, "roles": {PEOPLE["trainer"]: role}}


def refusals(app: AppTest) -> list[str]:
    return [one.value.replace("\\", "") for one in app.error]


def refused(app: AppTest, role: str = "trainer", own: str = "viewer") -> bool:
    told = f"tom@clinic.example: this takes the role {role}, and yours is {own}; ask whoever runs this server"
    return any(one.startswith(told) for one in refusals(app))


def test_nobody_sees_a_page_before_signing_in(space: Path) -> None:
    app = AppTest.from_file(str(APP), default_timeout=240)
    app.secrets, app.user = {"auth": AUTH, "roles": TABLE}, {"is_logged_in": False}
    for page in ("segment", "results", "dataset", "train"):
        app.switch_page(f"pages/{page}.py")
        ran(app)
        assert [one.label for one in app.button] == ["Sign in"]
        assert [one.value for one in app.title] == ["Pap smear segmentation"]


def test_providers_have_a_button_each(space: Path) -> None:
    app = AppTest.from_file(str(APP), default_timeout=240)
    named = {"google": {"client_id": "g"}, "microsoft": {"client_id": "m"}}
    app.secrets = {"auth": {"cookie_secret": AUTH["cookie_secret"]} | named, "roles": TABLE}
    app.user = {"is_logged_in": False}
    ran(app)
    assert [one.label for one in app.button] == ["Sign in with google", "Sign in with microsoft"]


def test_the_unlisted_are_told_who_they_are(visit: Callable) -> None:
    app = visit("train", "sam@clinic.example")
    assert refusals(app) == [
        "sam@clinic.example: you are not among those who may enter; ask whoever runs this server."
    ]
    assert [one.label for one in app.button] == ["Sign out"]
    press(app, "Sign out")
    assert [one.label for one in ran(app).button] == ["Sign in"]


def test_the_account_says_what_one_may(visit: Callable) -> None:
    app = visit("train", PEOPLE["reviewer"])
    assert "Signed in as `rita@clinic.example`, role **reviewer**." in [one.value for one in app.markdown]
    app = visit("train", PEOPLE["trainer"], {PEOPLE["trainer"]: "triner"})
    assert "tom@clinic.example has the role 'triner'" in app.warning[0].value


@pytest.mark.parametrize("role", ["viewer", "reviewer"])
def test_only_a_trainer_starts_a_run(visit: Callable, role: str) -> None:
    app = visit("train", PEOPLE[role], train_tab="New run", train_preset="tiny")
    start = button(app, "Start")
    assert start.disabled
    assert start.help.startswith(f"This takes the role trainer, and yours is {role}")
    assert not app.metric  # to count and measure what a run would cost is work, too

    app = visit("train", PEOPLE["trainer"], train_tab="New run", train_preset="tiny")
    demote(app, role)
    assert refused(press(app, "Start"), own=role)
    assert not process.listed()


@pytest.mark.parametrize(
    ("state", "label"), [("running", "Stop"), ("stopping", "End now"), ("stopped", "Resume")]
)
def test_a_viewer_neither_stops_nor_resumes(visit: Callable, space: Path, state: str, label: str) -> None:
    asked = state == "stopping"
    told = "running" if asked else state
    run = logged(space / "runs" / "first", space / "datasets" / "phantoms", state=told)
    if asked:
        run.ask_to_stop()
    assert process.state(run) == state
    assert button(visit("train"), label).disabled
    app = visit("train", PEOPLE["trainer"])
    demote(app)
    assert refused(press(app, label))
    assert process.state(run) == state


def test_a_viewer_deletes_no_run(visit: Callable, space: Path) -> None:
    run = logged(space / "runs" / "first", space / "datasets" / "phantoms")
    assert button(visit("train"), "Delete").disabled
    app = press(visit("train", PEOPLE["trainer"]), "Delete")
    demote(app)
    press(app, "Delete it")
    assert refused(app)
    assert run.folder.exists()


def test_a_viewer_exports_no_network(visit: Callable, space: Path) -> None:
    run = logged(space / "runs" / "first", space / "datasets" / "phantoms")
    assert button(visit("train"), "Export to ONNX").disabled
    app = visit("train", PEOPLE["trainer"])
    demote(app)
    press(app, "Export to ONNX")
    assert button(app, "Export to ONNX").disabled
    assert not (run.folder / "export").exists()


def test_a_reviewer_evaluates_and_a_viewer_does_not(visit: Callable, space: Path) -> None:
    label = next(one.label for one in visit("results").button if one.label.startswith("Evaluate on"))
    assert button(visit("results"), label).disabled
    assert not button(visit("results", PEOPLE["reviewer"]), label).disabled
    app = visit("results", PEOPLE["trainer"])
    demote(app)
    assert button(press(app, label), label).disabled
    assert not (space / "evaluations").exists()


def test_only_a_trainer_deletes_a_data_set(visit: Callable, space: Path, phantom_dataset: Path) -> None:
    second = space / "datasets" / "second"
    shutil.copytree(phantom_dataset, second)
    assert button(visit("dataset", dataset_open="second"), "Delete").disabled
    app = press(visit("dataset", PEOPLE["trainer"], dataset_open="second"), "Delete")
    demote(app)
    assert refused(press(app, "Delete it"))
    assert second.exists()
    app = press(visit("dataset", PEOPLE["trainer"], dataset_open="second"), "Delete")
    press(app, "Delete it")
    assert not second.exists()


def test_a_viewer_builds_nothing(visit: Callable, space: Path, phantom_source: Path) -> None:
    shutil.copytree(phantom_source, space.parent / "data")
    app = visit("dataset", dataset_tab="Build one")
    assert button(app, "Build").disabled
    next(one for one in app.get("segmented_control") if one.key == "build_kind").set_value("ZIP archive")
    assert ran(app).file_uploader[0].disabled
    app = visit("dataset", PEOPLE["trainer"], dataset_tab="Build one")
    demote(app)
    assert button(press(app, "Build"), "Build").disabled
    assert not (space / "builds").exists()


@pytest.mark.parametrize("label", ["Continue", "Delete"])
def test_a_viewer_leaves_the_builds_of_others_alone(visit: Callable, space: Path, label: str) -> None:
    folder = space / "builds" / "other"
    folder.mkdir(parents=True)
    (folder / "order.json").write_text(json.dumps({"out": str(space / "x"), "options": {}, "smears": 1}))
    status = json.dumps({"state": "stopped", "done": 1, "total": 2, "since": 0})
    (folder / "status.json").write_text(status)

    def one(app: AppTest) -> Button:
        return next(one for one in app.button if one.key == f"{label.lower()}_other")

    assert one(visit("dataset", dataset_tab="Build one")).disabled
    app = visit("dataset", PEOPLE["trainer"], dataset_tab="Build one")
    demote(app)
    one(app).click()
    assert refused(ran(app))
    assert (folder / "status.json").read_text() == status


def do_what_acts() -> None:
    """A page that calls what acts, whatever its buttons would say."""
    import streamlit as st

    from pages.shared import datasets, results_job
    from pap_core.errors import InputError

    for act in (lambda: datasets.delete("second"), lambda: results_job.start(None, None)):
        try:
            act()
        except InputError as error:
            st.error(str(error))


def test_what_acts_asks_for_itself(space: Path, phantom_dataset: Path) -> None:
    (space / "datasets" / "second").symlink_to(phantom_dataset)
    app = AppTest.from_function(do_what_acts, default_timeout=60)
    app.secrets = {"auth": AUTH, "roles": {PEOPLE["trainer"]: "viewer"}}
    app.user = signed_in(PEOPLE["trainer"])
    ran(app)
    assert refused(app, "trainer")
    assert refused(app, "reviewer")
    assert (space / "datasets" / "second").exists()


def test_signed_out_the_next_click_does_nothing(visit: Callable, space: Path) -> None:
    run = logged(space / "runs" / "first", space / "datasets" / "phantoms", state="running")
    app = visit("train", PEOPLE["trainer"])
    app.user = {"is_logged_in": False}
    press(app, "Stop")
    assert process.state(run) == "running"
    assert [one.label for one in app.button] == ["Sign in"]


# Without sign-in


def local(space: Path, url: str | None = None) -> AppTest:
    app = AppTest.from_file(str(APP), default_timeout=240)
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
