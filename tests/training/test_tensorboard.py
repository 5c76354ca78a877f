"""TensorBoard shows what the run's own files say, each step once, however often it was interrupted."""

from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from pap_core.training import loop
from pap_core.training.loop import train
from pap_core.training.run import Run
from pap_core.training.tensorboard import Events
from tests.helpers.training.small_runs import Crash, crash_at


def shown(run: Run) -> EventAccumulator:
    """Read the event files as TensorBoard does."""
    events = EventAccumulator(str(run.folder / "tensorboard"))
    return events.Reload()


def assert_shows_the_metrics(run: Run) -> None:
    events = shown(run)
    rows = run.read_metrics()
    for kind, tag, name in (
        ("step", "training/generator", "generator"),
        ("step", "training/lr", "lr"),
        ("validation", "validation/mean", "mean"),
    ):
        found = [(one.step, one.value) for one in events.Scalars(tag)]
        expected = [(row["step"], row[name]) for row in rows if row["kind"] == kind]
        assert [step for step, _ in found] == [step for step, _ in expected], tag
        assert [value for _, value in found] == pytest.approx([value for _, value in expected], rel=1e-6)


def test_a_run_in_one_piece(uninterrupted):
    assert_shows_the_metrics(uninterrupted)
    events = shown(uninterrupted)
    assert set(events.Tags()["scalars"]) == {
        *(f"training/{name}" for name in ("generator", "adversarial", "l1", "discriminator")),
        *("training/lr", "training/images_per_second"),
        *(f"validation/{name}" for name in ("nucleus", "cytoplasm", "mean")),
    }
    pictures = events.Images("samples")
    assert len(pictures) == 4
    assert (pictures[0].width, pictures[0].height) == (3 * 64, 4 * 64)


def test_steps_taken_again_after_a_crash_are_shown_once(new_run, monkeypatch):
    run = new_run("epochs=2")
    monkeypatch.setattr(loop, "SAVE_EVERY", 0.0)
    with pytest.raises(Crash):
        train(run, crash_at(40), cpu=True)  # logged, and not yet saved: step 40 comes again
    assert [one.step for one in shown(run).Scalars("training/l1")] == [20, 31, 40]
    assert train(run, cpu=True)["state"] == "finished"
    assert len(list((run.folder / "tensorboard").iterdir())) == 2
    assert_shows_the_metrics(run)


def test_interrupted_in_the_midst_of_a_write_nothing_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wait_for_ever(_) -> None:
        pytest.fail("waited for a thread that may never end")

    monkeypatch.setattr("torch.utils.tensorboard.SummaryWriter.close", wait_for_ever)
    events = Events(tmp_path, 0)
    with pytest.raises(KeyboardInterrupt), events:
        raise KeyboardInterrupt
