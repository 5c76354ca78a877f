"""The page that trains: what a person sees of a run in every state."""

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pap_core.training.curves import MOST
from pap_core.training.run import Run
from tests.helpers.pages.training_page import buttons, charts, figures, opened
from tests.helpers.pages.training_runs import LOSSES, lose
from tests.helpers.pages.visiting import button, press, ran, said


def test_a_running_one_shows_how_far_it_is(new_run: Callable) -> None:
    now = time.time()
    paced = {"since": now - 9, "since_step": 10, "stepped": now - 6.5}
    new_run(state="running", step=20, steps=40, epoch=2, phase="training", **paced)
    app = opened()
    assert "**Running** · preset tiny on phantoms · cpu" in said(app)
    (bar,) = app.get("progress")
    assert bar.proto.text == "Epoch 2 of 3 · step 20 of 40 · about 5 s left"
    assert "Heartbeat " in said(app)
    assert "The time left is an estimate, at the pace of its 10 steps so far" in said(app)
    assert figures(app) == {
        "Jaccard, nucleus": "0.600",
        "Jaccard, cytoplasm": "0.900",
        "Best so far": "0.750",
        "Images per second": "8",
        "Share of peak": "–",
    }
    assert "Best checkpoint" not in [one.value for one in app.subheader]
    assert len(charts(app)) == len(LOSSES) + 3
    assert "all is well" in app.get("code")[0].value


def test_the_states_are_told_apart(new_run: Callable) -> None:
    new_run("failed", state="failed", error="a: the losses are no numbers; start anew.")
    lose(new_run("lost"))
    new_run("stopping", state="running")
    Run(new_run("stopping_now", state="running").folder).ask_to_stop()
    app = opened(train_run="failed")
    assert [one.value for one in app.error] == ["a: the losses are no numbers; start anew."]
    assert {"Resume", "Delete"} <= buttons(app)
    assert "Stop" not in buttons(app)
    app = opened(train_run="lost")
    assert "its process ended without a word" in app.warning[0].value
    assert {"Resume", "Delete"} <= buttons(app)
    app = opened(train_run="stopping_now")
    assert "End now" in buttons(app)
    assert not buttons(app) & {"Stop", "Resume", "Delete"}
    states = dict(zip(app.dataframe[0].value["Run"], app.dataframe[0].value["State"], strict=True))
    assert states == {"failed": "failed", "lost": "lost", "stopping": "running", "stopping_now": "stopping"}


PLACES = ["Resume", "Stop", "End now", "Delete"]


def test_every_button_has_its_place_in_every_state(new_run: Callable) -> None:
    """A second click on one can meet no other; and what ends or destroys is never the blue one."""
    new_run("finished")
    new_run("failed", state="failed", error="a: the losses are no numbers; start anew.")
    new_run("queued", state="queued")
    new_run("running", state="running")
    new_run("stopping", state="running").ask_to_stop()
    enabled = {
        "finished": {"Delete"},
        "failed": {"Resume", "Delete"},
        "queued": {"Stop"},
        "running": {"Stop"},
        "stopping": {"End now"},
    }
    for name, expected in enabled.items():
        app = opened(train_run=name)
        places = [one for one in app.button if one.label in PLACES]
        assert [one.label for one in places] == PLACES
        assert {one.label for one in places if not one.disabled} == expected
        assert [one.label for one in places if one.proto.type == "primary"] == ["Resume"]


def test_who_starts_is_not_told_to_wait_for_others(new_run: Callable) -> None:
    new_run("starting", state="queued", queue_place=0)
    new_run("waiting", state="queued", queue_place=2)
    app = opened(train_run="starting")
    assert "**Starting**" in said(app)
    assert "runs before it" not in said(app)
    app = opened(train_run="waiting")
    assert "**Waiting, number 2**" in said(app)
    assert "begins by itself when the runs before it are done" in said(app)
    states = dict(zip(app.dataframe[0].value["Run"], app.dataframe[0].value["State"], strict=True))
    assert states == {"starting": "starting", "waiting": "waiting, number 2"}


def test_a_run_that_is_not_there_is_said_and_another_shown(new_run: Callable) -> None:
    new_run()
    app = opened(train_run="other_run")
    assert "other_run was not found" in said(app)
    assert app.query_params["train_run"] == "first"


def test_a_run_deleted_while_it_is_open(new_run: Callable, space: Path) -> None:
    new_run("first")
    new_run("second")
    app = opened(train_run="first")
    shutil.rmtree(space / "runs" / "first")
    ran(app)
    assert "first was not found" in said(app)
    assert app.query_params["train_run"] == "second"
    shutil.rmtree(space / "runs" / "second")
    assert "There is no run yet" in said(ran(app))


def test_a_run_is_deleted_only_when_asked_twice(new_run: Callable, space: Path) -> None:
    new_run()
    app = press(opened(), "Delete")
    assert (space / "runs" / "first").exists()
    assert button(app, "Delete it").proto.type == "secondary"
    press(app, "Delete it")
    assert not (space / "runs" / "first").exists()
    assert "There is no run yet" in said(ran(app))


def test_damaged_lines_are_left_out_and_counted(new_run: Callable) -> None:
    run = new_run()
    path = run.folder / "metrics.jsonl"
    lines = path.read_text().splitlines()
    lines[5] = lines[5][:20]
    path.write_text("\n".join(lines) + "\n")
    app = opened()
    assert "1 line of metrics.jsonl cannot be read:" in said(app)
    assert len(charts(app)["Adversarial loss"].sources[0]) == 29


def test_ten_thousand_steps_are_drawn_from_a_thousand_points(new_run: Callable) -> None:
    run = new_run(rows=10_000, every=20)
    path = run.folder / "metrics.jsonl"
    lines = path.read_text().splitlines()
    spike = json.loads(lines[4321]) | {"l1": 77.0}
    lines[4321] = json.dumps(spike)
    path.write_text("\n".join(lines) + "\n")
    app = opened()
    values = charts(app)["L1, of colours in [−1, 1]"].sources[0]["first"]
    assert len(values) <= MOST
    assert values.max() == 77.0
    assert sum(one.proto.ByteSize() for one in app.get("echarts_chart")) < 250_000  # to send
    times = []
    for _ in range(3):
        began = time.monotonic()
        ran(app)
        times.append(time.monotonic() - began)
    assert min(times) < 2  # s; far less on a machine that is not busy


def test_runs_are_drawn_over_one_another(new_run: Callable) -> None:
    new_run("first")
    new_run("second", rows=60)
    app = opened(train_run="first")
    assert charts(app)["Adversarial loss"].names == ["first"]
    app.multiselect(key="train_compared").set_value(["second"])
    ran(app)
    losses = charts(app)["Adversarial loss"]
    assert losses.names == ["first", "second"]
    assert [len(set(losses.looks(what))) for what in ("color", "type")] == [2, 2]  # not by colour alone
    scores = charts(app)["Validation Jaccard index"]
    assert scores.names == [
        f"{run}, {name}" for run in ("first", "second") for name in ("nucleus", "cytoplasm")
    ]
    assert scores.option["legend"]["show"]
    app.selectbox(key="train_run").set_value("second")
    ran(app)
    assert charts(app)["Adversarial loss"].names == ["second"]


def test_epochs_may_be_what_curves_go_over(new_run: Callable) -> None:
    new_run()
    app = opened()
    assert charts(app)["Dice loss"].sources[0]["Steps"].iloc[-1] == 30
    next(one for one in app.get("segmented_control") if one.key == "train_over").set_value("Epochs")
    ran(app)
    assert charts(app)["Validation Jaccard index"].sources[0]["Epochs"].tolist() == pytest.approx([1, 2, 3])


def test_a_smoothed_curve_has_the_logged_one_behind_it(new_run: Callable) -> None:
    new_run()
    app = opened()
    logged = charts(app)["Dice loss"].sources[0]["first"]
    app.slider(key="train_smoothing").set_value(0.6)
    app.toggle(key="train_logarithmic").set_value(True)
    drawn = charts(ran(app))
    loss = drawn["Dice loss"]
    assert loss.names == ["first, as logged", "first"]
    assert loss.sources[0].iloc[:, 1].tolist() == logged.tolist()
    expected = logged.ewm(alpha=0.4).mean()
    assert loss.sources[1]["first"].tolist() == pytest.approx(expected.tolist())
    assert [float(one) for one in loss.looks("opacity")] == [0.25, 1]
    assert loss.option["yAxis"]["type"] == "log"
    score = drawn["Validation Jaccard index"]
    assert score.names == ["nucleus", "cytoplasm"]
    assert score.option["yAxis"]["type"] == "value"


def test_the_samples_follow_the_run_until_the_slider_is_moved(new_run: Callable) -> None:
    run = new_run()
    app = opened()
    slider = app.select_slider[0]
    assert (slider.value, slider.options) == (3, ["1", "2", "3"])
    run.write_sample(4, np.zeros((32, 96, 3), dtype=np.uint8))
    assert ran(app).select_slider[0].value == 4
    app.select_slider[0].set_value(2)
    ran(app)
    run.write_sample(5, np.zeros((32, 96, 3), dtype=np.uint8))
    assert ran(app).select_slider[0].value == 2
    assert "epoch 2" in app.image[0].proto.imgs[0].alt
