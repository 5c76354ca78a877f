"""Who may do what: told on the page, and refused by the server where a button is pressed all the same."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button

from pap_core.training import process
from tests.helpers.pages.people import AUTH, PEOPLE, TABLE, demote, refused, signed_in
from tests.helpers.pages.training_runs import logged
from tests.helpers.pages.visiting import APP, PATIENCE, button, press, ran, refusals


def test_nobody_sees_a_page_before_signing_in(space: Path) -> None:
    app = AppTest.from_file(str(APP), default_timeout=PATIENCE)
    app.secrets, app.user = {"auth": AUTH, "roles": TABLE}, {"is_logged_in": False}
    for page in ("segment", "results", "dataset", "train"):
        app.switch_page(f"pages/{page}.py")
        ran(app)
        assert [one.label for one in app.button] == ["Sign in"]
        assert [one.value for one in app.title] == ["Pap smear segmentation"]


def test_providers_have_a_button_each(space: Path) -> None:
    app = AppTest.from_file(str(APP), default_timeout=PATIENCE)
    named = {"google": {"client_id": "g"}, "microsoft": {"client_id": "m"}}
    app.secrets = {"auth": {"cookie_secret": AUTH["cookie_secret"]} | named, "roles": TABLE}
    app.user = {"is_logged_in": False}
    ran(app)
    assert [one.label for one in app.button] == ["Sign in with google", "Sign in with microsoft"]


def test_the_unlisted_are_told_who_they_are(visit: Callable) -> None:
    app = visit("train", "sam@clinic.example")
    assert refusals(app) == [
        "sam@clinic.example: you are not among those who may enter; ask the server's administrator."
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

    from pages.parts.results import job
    from pages.shared import datasets
    from pap_core.errors import InputError

    for act in (lambda: datasets.delete("second"), lambda: job.start(None, None, None)):
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
