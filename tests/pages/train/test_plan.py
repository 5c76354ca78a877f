"""The page that trains: a run is planned, its cost said, and begun."""

import dataclasses
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts.train.fields import FIELDS
from pap_core.errors import InputError
from pap_core.evaluation.store import find, split_of
from pap_core.model.checkpoint import read
from pap_core.training import process
from pap_core.training.config import EVERY_RANGE, PRESETS, changed, flat
from pap_core.training.precision import computed_in
from pap_core.training.run import Run
from tests.helpers.pages.training_page import (
    NEW,
    RUNS,
    buttons,
    charts,
    choose,
    figures,
    opened,
    setting,
    until,
)
from tests.helpers.pages.visiting import APP, PATIENCE, press, ran, refusals, said


def test_without_runs_or_data_the_page_says_what_to_do(space: Path) -> None:
    assert "There is no run yet. Open **New run**" in said(opened())
    app = opened(NEW)
    assert "Start" in buttons(app)
    app.multiselect[0].set_value([])
    assert "Choose one data set or more" in said(ran(app))
    assert "Start" not in buttons(app)


def test_the_page_opens_on_what_there_is_to_do(space: Path, new_run: Callable) -> None:
    app = AppTest.from_file(str(APP), default_timeout=PATIENCE)
    app.switch_page("pages/train.py")
    assert ran(app).session_state["train_tab"] == NEW
    assert app.radio(key="train_preset").value == "compact"
    new_run()
    app = AppTest.from_file(str(APP), default_timeout=PATIENCE)
    app.switch_page("pages/train.py")
    assert ran(app).session_state["train_tab"] == RUNS


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


@pytest.mark.slow
def test_a_number_beyond_its_range_is_kept_as_typed_and_refused(space: Path) -> None:
    """An input that enforced it would keep the number before, and a run would start with that."""
    app = choose(opened(NEW), "tiny")
    for name, (least, most) in EVERY_RANGE.items():
        one = setting(app, f"{name}_least" if name == "jitter.zoom" else name)
        assert f"From {least:g} to {most:g}." in one.help
        before = one.value
        one.set_value(type(before)(most * 2 + 1))
        ran(app)
        (sentence,) = refusals(app)
        assert sentence.startswith("training configuration: ")
        assert name in sentence
        assert "Start" not in buttons(app)
        setting(app, f"{name}_least" if name == "jitter.zoom" else name).set_value(before)
        ran(app)
        assert not refusals(app), name


def test_a_value_out_of_range_is_told_and_cannot_be_started(space: Path) -> None:
    app = choose(opened(NEW), "tiny")
    setting(app, "jitter.zoom_least").set_value(2.0)
    ran(app)
    assert refusals(app) == [
        "training configuration: jitter.zoom is the least factor, then the greatest: exchange them."
    ]
    assert "Start" not in buttons(app)
    with pytest.raises(InputError, match="epochs is 0, expected 1 to 1000000"):
        changed(PRESETS["tiny"], flat(PRESETS["tiny"]) | {"epochs": 0})


def test_a_start_that_is_refused_leaves_no_run(space: Path) -> None:
    app = choose(opened(NEW), "tiny")
    setting(app, "validation").set_value(0.99)
    ran(app)
    press(app, "Start")
    (sentence,) = refusals(app)
    assert "would all be held out for validation at a share of 0.99; set validation=0." in sentence
    assert not list((space / "runs").glob("*"))
    assert not process.listed()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"width": 2**20}, "generator.width is 1048576, expected 1 to 1024"),
        ({"encoder": "resnet"}, "generator.encoder is 'resnet', expected one of"),
        ({"depth": 5}, "missing or damaged"),
    ],
)
def test_a_checkpoint_of_a_network_that_there_is_not(space: Path, changes: dict, sentence: str) -> None:
    path = space.parent / "threshold" / "config.json"
    content = json.loads(path.read_text())
    path.write_text(json.dumps(content | {"generator": content["generator"] | changes}))
    app = choose(opened(NEW), "tiny")
    next(one for one in app.selectbox if one.label == "Start from").set_value("threshold")
    ran(app)
    assert any(sentence in one for one in refusals(app))
    assert "Start" not in buttons(app)


def test_what_is_typed_stays_when_another_preset_is_looked_at(space: Path) -> None:
    app = choose(opened(NEW), "tiny")
    setting(app, "epochs").set_value(7)
    app = choose(choose(ran(app), "isola"), "tiny")
    assert setting(app, "epochs").value == 7


@pytest.mark.slow
def test_parameters_memory_and_time_are_said_before_the_start(space: Path) -> None:
    app = choose(opened(NEW), "tiny")
    until(app, lambda app: f"Measured on this machine (CPU, {computed_in('bf16', 'cpu')})" in said(app))
    assert figures(app)["Parameters"] == "371 k + 12 k"
    assert figures(app)["Memory"].endswith(" MB")
    assert figures(app)["Time"].rpartition(" ")[2] in ("s", "min")
    assert not app.warning


@pytest.mark.slow
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
