"""The page that trains: what a person sees of a run in every state, orders, and is refused."""

import dataclasses
import json
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import streamlit as st
from segmenting import APP, furnish, use
from streamlit.testing.v1 import AppTest
from training_runs import LOSSES, config, logged, lose

from pages.shared.model import IN_USE
from pages.shared.train_costs import _Work
from pages.shared.train_fields import FIELDS, changed, flat
from pages.shared.train_words import duration, size
from pap_core.inference import Segmenter
from pap_core.model.checkpoint import read
from pap_core.results import evaluate_and_keep, find, split_of
from pap_core.training import process
from pap_core.training.card import card
from pap_core.training.config import PRESETS
from pap_core.training.curves import MOST
from pap_core.training.run import Run

RUNS, NEW = "Runs", "New run"
PATIENCE = 240  # s; a machine may be busy with a training


@pytest.fixture
def space(tmp_path: Path, phantom_dataset: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with the ready set, and no run."""
    use(furnish(tmp_path, phantom_dataset), monkeypatch)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # of the processes that the page starts
    st.cache_data.clear()
    return tmp_path / "workspace"


@pytest.fixture
def new_run(space: Path) -> Callable[..., Run]:
    """Return `make(name, **status)`: a run of the workspace that has logged some steps."""

    def make(name: str = "first", rows: int = 30, every: int = 1, **status: object) -> Run:
        return logged(space / "runs" / name, space / "datasets" / "phantoms", rows, every, **status)

    return make


def opened(tab: str = RUNS, **address: str) -> AppTest:
    app = AppTest.from_file(str(APP), default_timeout=PATIENCE)
    app.session_state["train_tab"] = tab
    app.switch_page("pages/train.py")
    for name, value in address.items():
        app.query_params[name] = value
    return ran(app)


def ran(app: AppTest) -> AppTest:
    app.run()
    assert not app.exception
    for one in [*app.error, *app.warning]:
        assert "\n" not in one.value
        assert "Traceback" not in one.value
    return app


def until(app: AppTest, ready: Callable[[AppTest], bool]) -> AppTest:
    """Run the page again and again, as its timer does in a browser."""
    for _ in range(4 * PATIENCE):
        if ready(ran(app)):
            return app
        time.sleep(0.25)
    raise AssertionError(said(app))


def said(app: AppTest) -> str:
    words = [*app.markdown, *app.caption, *app.success, *app.warning, *app.info, *app.error]
    return "\n".join(one.value for one in words).replace("\\", "")


def buttons(app: AppTest) -> set[str]:
    return {one.label for one in app.button if not one.disabled}


def press(app: AppTest, label: str) -> AppTest:
    next(one for one in app.button if one.label == label and not one.disabled).click()
    return ran(app)


def figures(app: AppTest) -> dict[str, str]:
    return {one.label: one.value for one in app.metric}


def setting(app: AppTest, name: str, preset: str = "tiny"):
    """Return the input of a setting."""
    every = [*app.number_input, *app.selectbox, *app.toggle]
    return next(one for one in every if one.key == f"train_set_{preset}_{name}")


def choose(app: AppTest, preset: str) -> AppTest:
    next(one for one in app.get("segmented_control") if one.key == "train_preset").set_value(preset)
    return ran(app)


@dataclasses.dataclass
class Drawn:
    """A chart as the browser gets it."""

    option: dict
    sources: list[pd.DataFrame]

    @property
    def names(self) -> list[str]:
        return [one["name"] for one in self.option["series"]]

    def looks(self, what: str) -> list[str]:
        return [str(one["lineStyle"].get(what, one.get(what))) for one in self.option["series"]]


def charts(app: AppTest) -> dict[str, Drawn]:
    """Return what is drawn, by the charts' titles."""
    found = {}
    for one in app.get("echarts_chart"):
        option = json.loads(one.proto.spec)
        title = option["title"]["text"]
        tables = {part.name: pa.ipc.open_stream(part.data.data).read_pandas() for part in one.proto.datasets}
        found[title] = Drawn(option, [tables[part["source"]["name"]] for part in option["dataset"]])
        assert one.proto.alt.startswith(title)
    return found


# Planning


def test_without_runs_or_data_the_page_says_what_to_do(space: Path) -> None:
    assert "There is no run yet. Open **New run**" in said(opened())
    app = opened(NEW)
    assert "Start" in buttons(app)
    app.multiselect[0].set_value([])
    assert "Choose one data set or more" in said(ran(app))
    assert "Start" not in buttons(app)


@pytest.mark.parametrize("preset", list(PRESETS))
def test_every_setting_has_an_input_with_help_and_the_presets_value(space: Path, preset: str) -> None:
    app = choose(opened(NEW), preset)
    for name, value in flat(PRESETS[preset]).items():
        names = [f"{name}_least", f"{name}_greatest"] if isinstance(value, tuple) else [name]
        values = value if isinstance(value, tuple) else [value]
        for one, expected in zip(names, values, strict=True):
            found = setting(app, one, preset)
            assert found.value == expected, one
            assert found.help, one
    assert {name.partition("_")[0] for name in flat(PRESETS[preset])} <= {
        name.partition("_")[0] for name in FIELDS
    }


def test_settings_become_a_configuration() -> None:
    values = {"epochs": 3, "generator.width": 4, "jitter.zoom": (0.5, 1.0), "discriminator.layers": 2}
    made = changed(PRESETS["tiny"], flat(PRESETS["tiny"]) | values)
    assert (made.epochs, made.generator.width, made.jitter.zoom, made.discriminator.layers) == (
        *(3, 4, (0.5, 1.0)),
        2,
    )
    assert (
        dataclasses.replace(
            made,
            epochs=PRESETS["tiny"].epochs,
            generator=PRESETS["tiny"].generator,
            jitter=PRESETS["tiny"].jitter,
            discriminator=PRESETS["tiny"].discriminator,
        )
        == (PRESETS["tiny"])
    )


def test_settings_that_exclude_each_other_are_told_and_cannot_be_started(space: Path) -> None:
    app = choose(opened(NEW), "tiny")
    setting(app, "border").set_value(2)
    ran(app)
    assert [one.value for one in app.error] == [
        "training configuration: a palette head cannot paint a border, set border to 0."
    ]
    assert "Start" not in buttons(app)


def test_what_is_typed_stays_when_another_preset_is_looked_at(space: Path) -> None:
    app = choose(opened(NEW), "tiny")
    setting(app, "epochs").set_value(7)
    app = choose(choose(ran(app), "isola"), "tiny")
    assert setting(app, "epochs").value == 7


@pytest.mark.slow
def test_parameters_memory_and_time_are_said_before_the_start(space: Path) -> None:
    app = choose(opened(NEW), "tiny")
    until(app, lambda app: "Measured on this machine (CPU)" in said(app))
    assert figures(app)["Parameters"] == "371 k + 12 k"
    assert figures(app)["Memory"].endswith(" MB")
    assert figures(app)["Time"].rpartition(" ")[2] in ("s", "min")
    assert not app.warning


def test_days_on_this_machine_are_warned_of_before_anything_is_measured(space: Path) -> None:
    app = choose(opened(NEW), "paper")
    setting(app, "epochs", "paper").set_value(1_000_000)
    until(app, lambda app: bool(app.warning))
    assert "this run would take at the very least, were this machine always at its best" in said(app)
    assert "days" in app.warning[-1].value
    assert figures(app)["Time"] == "not measured"
    assert "Measure it" in buttons(app)


def test_a_fine_tuning_takes_the_checkpoints_network(space: Path) -> None:
    app = choose(opened(NEW), "tiny")
    box = next(one for one in app.selectbox if one.label == "Start from")
    box.set_value("threshold")
    ran(app)
    width = next(one for one in app.number_input if one.label == "Width")
    assert (width.value, width.disabled) == (2, True)
    assert "Start" in buttons(app)


def test_a_data_set_deleted_while_the_form_is_open(space: Path, phantom_dataset: Path) -> None:
    shutil.copytree(phantom_dataset, space / "datasets" / "second")
    app = opened(NEW)
    app.multiselect[0].set_value(["second"])
    ran(app)
    shutil.rmtree(space / "datasets" / "second")
    press_start = next(one for one in app.button if one.label == "Start")
    press_start.click()
    ran(app)
    assert "second" in app.error[0].value
    assert not process.listed()


# A run from its start to its end


@pytest.mark.slow
def test_a_run_is_started_stopped_resumed_and_finished(space: Path) -> None:
    app = choose(opened(NEW), "tiny")
    for name, value in {"epochs": 2, "generator.width": 2, "discriminator.width": 2}.items():
        setting(app, name).set_value(value)
    ran(app)
    press(app, "Start")
    (name,) = process.listed()
    run = Run(space / "runs" / name)
    try:
        assert app.session_state["train_tab"] == RUNS
        assert app.query_params["train_run"] == name
        assert buttons(app) >= {"Stop"}
        assert not buttons(app) & {"Resume", "Delete"}
        press(app, "Stop")
        until(app, lambda app: "Resume" in buttons(app))
        assert "**Stopped**" in said(app)
        press(app, "Resume")
        until(app, lambda app: "**Finished**" in said(app))
    finally:
        if process.state(run) in process.LIVE:
            process.stop(run)
    assert run.read_status()["step"] == run.read_status()["steps"] > 0
    assert set(charts(app)) >= {"Validation Jaccard index", "L1, of colours in [−1, 1]", "Learning rate"}
    best = read(run.folder / "checkpoints" / "best")
    summary = find(best.digest, split_of(space / "datasets" / "phantoms")).summary()
    jaccard = summary["protocols"]["strict"]["nucleus"]["jaccard"]["mean"]
    assert f"nucleus **{jaccard:.3f}**" in said(app)
    link = next(one for one in app.get("page_link") if one.proto.label == "Results")
    assert f"results_checkpoint=run+{name}" in link.proto.query_string
    assert "results_data=phantoms" in link.proto.query_string


# Watching


def test_a_running_one_shows_how_far_it_is(new_run: Callable) -> None:
    new_run(state="running", step=20, steps=40, epoch=2, phase="training")
    app = opened()
    assert "**Running** · preset tiny on phantoms · cpu" in said(app)
    (bar,) = app.get("progress")
    assert bar.proto.text == "Epoch 2 of 3 · step 20 of 40 · about 5 s of steps left"
    assert figures(app) == {
        "Jaccard, nucleus": "0.600",
        "Jaccard, cytoplasm": "0.900",
        "Best so far": "0.750",
        "Images a second": "8",
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


def test_a_run_that_is_not_there_is_said_and_another_shown(new_run: Callable) -> None:
    new_run()
    app = opened(train_run="other_run")
    assert "other_run is not there, or no longer" in said(app)
    assert app.query_params["train_run"] == "first"


def test_a_run_deleted_while_it_is_open(new_run: Callable, space: Path) -> None:
    new_run("first")
    new_run("second")
    app = opened(train_run="first")
    shutil.rmtree(space / "runs" / "first")
    ran(app)
    assert "first is not there, or no longer" in said(app)
    assert app.query_params["train_run"] == "second"
    shutil.rmtree(space / "runs" / "second")
    assert "There is no run yet" in said(ran(app))


def test_a_run_is_deleted_only_when_asked_twice(new_run: Callable, space: Path) -> None:
    new_run()
    app = press(opened(), "Delete")
    assert (space / "runs" / "first").exists()
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


# What comes of it


def test_the_best_checkpoint_is_measured_used_and_taken_away(new_run: Callable, space: Path) -> None:
    run = new_run()
    app = opened()
    assert "Test split of **phantoms**: not evaluated yet." in said(app)
    kept = evaluate_and_keep(
        Segmenter(read(run.folder / "checkpoints" / "best"), "cpu"), split_of(space / "datasets" / "phantoms")
    )
    mean = kept.summary()["protocols"]["strict"]["cytoplasm"]["jaccard"]["mean"]
    assert f"cytoplasm **{mean:.3f}**" in said(ran(app))
    assert [one.proto.label for one in app.get("download_button")] == ["Weights", "Configuration", "Card"]
    press(app, "Use it")
    assert app.session_state[IN_USE] == "run first"
    assert "Use it" not in buttons(app)

    text = card(run, [kept.summary()])
    assert "--preset tiny --set generator.levels=3" in text
    assert f"| {mean:.3f} ±" in text
    assert "Not a medical device" in text


def test_without_its_data_set_a_run_still_shows_what_it_has(new_run: Callable, space: Path) -> None:
    new_run()
    (space / "datasets" / "phantoms").unlink()  # it led to a set of another name
    app = opened()
    assert "phantom is not in the workspace any more" in said(app)
    assert "Export to ONNX" not in buttons(app)
    assert len(charts(app)) == len(LOSSES) + 3


# Parts


def test_questions_that_nobody_began_to_answer_are_let_go() -> None:
    work, waits = _Work(), threading.Event()
    first = work.ask(("first",), waits.wait)
    second = work.ask(("second",), waits.wait)
    work.let_go([("first",), ("second",), ("unknown",)])
    waits.set()
    assert first.result(10)  # it was being answered
    assert second.cancelled()
    assert work.ask(("second",), lambda: 5).result(10) == 5
    work.pool.shutdown()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.4, "0 s"), (59, "59 s"), (120, "2.0 min"), (3600, "60 min"), (36000, "10 h"), (9e5, "10 days")],
)
def test_lengths_of_time_are_said(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_amounts_of_memory_are_said() -> None:
    assert (size(2.51e9), size(43e6)) == ("2.5 GB", "43 MB")


def test_the_tests_own_configuration_is_one_that_trains(space: Path) -> None:
    assert config().generator.head == "palette"
