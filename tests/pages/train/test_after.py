"""The page that trains: what comes of a run."""

from collections.abc import Callable
from pathlib import Path

from pages.shared.model import IN_USE
from pap_core.evaluation.store import evaluate_and_keep, split_of
from pap_core.inference.segmenter import Segmenter
from pap_core.model.checkpoint import read
from pap_core.training.card import card
from tests.helpers.pages.training_page import buttons, charts, opened
from tests.helpers.pages.training_runs import LOSSES
from tests.helpers.pages.visiting import press, ran, said


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
