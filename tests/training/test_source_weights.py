"""Data sets that share the draws of an epoch by weights."""

import json
from collections import Counter
from pathlib import Path

import pytest

from pap_core.__main__ import main
from pap_core.data.draws import Draws
from pap_core.training import loop
from pap_core.training.card import command
from pap_core.training.loop import Trainer, train
from pap_core.training.run import Run
from tests.helpers.training.drawn_cells import write_dataset
from tests.helpers.training.small_runs import tiny


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dataset(tmp_path_factory.mktemp("another") / "other", seed=1)


def draws_of(trainer: Trainer, epoch: int) -> Counter:
    """Count the draws of an epoch by data set."""
    length = len(trainer.crops)
    draws = Draws(trainer.order, epoch * length, (epoch + 1) * length)
    return Counter(Path(trainer.crops.table["folder"][index]).name for index, _ in draws)


def test_a_run_draws_by_its_weights_and_tells_them(
    tmp_path: Path, drawn_dataset: Path, other: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Trainer] = []
    monkeypatch.setattr(loop, "Trainer", lambda *words: made.append(Trainer(*words)) or made[-1])
    folder = tmp_path / "run"
    words = ["train", str(drawn_dataset), str(other), "--preset", "tiny", "--set", "epochs=1", "--cpu"]
    words += ["--set", "generator.width=4", "--set", "discriminator.width=4", "--run-folder", str(folder)]
    assert main([*words, "--source-weight", f"{other}=3"]) == 0

    for epoch in range(2):
        drawn = draws_of(made[0], epoch)
        assert abs(drawn["other"] - 3 * drawn["dataset"]) <= 3
    run = Run(folder)
    assert [one["weight"] for one in run.read_config()[1]] == [1.0, 3.0]
    assert "--source-weight dataset=1 --source-weight other=3" in command(*run.read_config())


@pytest.mark.slow
def test_a_stopped_run_of_weights_resumes_to_the_same_curve(
    tmp_path: Path, drawn_dataset: Path, other: Path
) -> None:
    whole, parts = (
        Run.create(tmp_path / name, tiny("epochs=2"), [drawn_dataset, other], weights=[1.0, 2.5])
        for name in ("whole", "parts")
    )
    train(whole, cpu=True)
    train(parts, lambda row: parts.ask_to_stop() if row["step"] == 20 else None, cpu=True)
    assert parts.read_status()["state"] == "stopped"
    train(parts, cpu=True)
    rows = [
        [(row["step"], row["generator"]) for row in run.read_metrics() if row["kind"] == "step"]
        for run in (whole, parts)
    ]
    assert dict(rows[0]).items() <= dict(rows[1]).items()


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (["another=3"], "no data set is named 'another', expected DATASET=W with one of dataset, other"),
        (["3"], "no data set is named ''"),
        (["other"], "no data set is named ''"),
        (["other=0"], "found '0', expected a number above 0"),
        (["other=-1"], "found '-1', expected a number above 0"),
        (["other=nan"], "found 'nan', expected a number above 0"),
        (["other=1e7"], "found '1e7', expected a number above 0 and up to 1000000"),
        (["other=much"], "found 'much', expected a number above 0"),
        (["other=1", "other=2"], "other has a weight already; give it once"),
        (["other=1e-5"], "with weight 1e-05 none of the 122 draws of an epoch falls to it"),
    ],
)
def test_a_weight_that_is_none_is_refused_before_there_is_a_run(
    given: list[str],
    reason: str,
    tmp_path: Path,
    drawn_dataset: Path,
    other: Path,
    capsys: pytest.CaptureFixture,
) -> None:
    words = [
        "train",
        str(drawn_dataset),
        str(other),
        "--run-folder",
        str(tmp_path / "run"),
        "--preset",
        "tiny",
    ]
    for one in given:
        words += ["--source-weight", one]
    assert main(words) == 1
    assert reason in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_two_data_sets_of_one_name_go_by_their_paths(
    tmp_path: Path, drawn_dataset: Path, capsys: pytest.CaptureFixture
) -> None:
    twin = write_dataset(tmp_path / drawn_dataset.name, seed=2)
    words = [
        "train",
        str(drawn_dataset),
        str(twin),
        "--run-folder",
        str(tmp_path / "run"),
        "--preset",
        "tiny",
    ]
    assert main([*words, "--source-weight", f"{twin.name}=3"]) == 1
    assert "two data sets are named" in capsys.readouterr().err


def test_weights_are_none_of_a_resumed_run(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["train", "--resume", str(tmp_path), "--source-weight", "a=1"]) == 1
    assert "--resume uses the run's own data and settings" in capsys.readouterr().err


def test_a_record_of_weights_is_read_as_it_was_written(tmp_path: Path, drawn_dataset: Path) -> None:
    run = Run.create(tmp_path / "run", tiny(), [drawn_dataset], weights=[2.0])
    content = json.loads((run.folder / "config.json").read_text())
    content["datasets"][0]["weight"] = -1
    (run.folder / "config.json").write_text(json.dumps(content))
    with pytest.raises(ValueError, match="so this is no run folder"):
        run.read_settings()
