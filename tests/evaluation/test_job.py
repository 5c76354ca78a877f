"""Evaluations in processes of their own: started once, queued, watched, stopped, killed, done."""

from pathlib import Path

import psutil
import pytest

from pap_core.errors import InputError
from pap_core.evaluation import job
from pap_core.evaluation.job import Evaluation
from pap_core.evaluation.store import TestSplit, find, split_of
from pap_core.model.checkpoint import read, write_weights
from tests.helpers.comparing import few
from tests.helpers.jobs import busy, until
from tests.helpers.threshold_checkpoint import threshold_network, write_checkpoint


@pytest.fixture(autouse=True)
def space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace of the test's own."""
    monkeypatch.setenv("PAP_WORKSPACE", str(tmp_path / "space"))
    return tmp_path / "space"


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    return write_checkpoint(tmp_path / "threshold", threshold_network())


@pytest.fixture
def split(phantom_dataset: Path, tmp_path: Path) -> TestSplit:
    return split_of(few(phantom_dataset, tmp_path / "few"))


def waits(evaluation: Evaluation, place: int) -> bool:
    told = evaluation.progress()
    return told is not None and (told.state, told.queue_place) == ("queued", place)


def process_of(evaluation: Evaluation) -> psutil.Process:
    process = psutil.Process(evaluation.read_status()["pid"])
    assert str(evaluation.folder.resolve()) in process.cmdline()
    return process


@pytest.mark.slow
def test_one_that_was_killed_is_told_and_made_anew_and_then_kept(
    checkpoint: Path, split: TestSplit, space: Path
) -> None:
    digest = read(checkpoint).digest
    evaluation = job.of(digest, split)
    assert evaluation.progress() is None
    with busy(space, "evaluation"):
        assert job.start(checkpoint, digest, split) == evaluation
        assert evaluation.progress().state == "starting"
        with pytest.raises(InputError, match="at work for it already"):
            job.start(checkpoint, digest, split)
        until(lambda: waits(evaluation, 1), evaluation)
        process_of(evaluation).kill()
        until(lambda: evaluation.state() == "lost", evaluation)
        assert "evaluate again" in evaluation.progress().error
    job.start(checkpoint, digest, split)
    assert evaluation.progress().error == ""
    until(lambda: evaluation.progress() is None, evaluation)
    assert find(digest, split).summary()["crops"] == split.crops
    until(lambda: not list((space / "evaluating").iterdir()), evaluation)


def test_one_that_is_stopped_leaves_nothing_and_the_next_has_its_turn(
    checkpoint: Path, split: TestSplit, phantom_dataset: Path, space: Path
) -> None:
    digest = read(checkpoint).digest
    others = split_of(phantom_dataset)
    with busy(space, "evaluation"):
        first = job.start(checkpoint, digest, split)
        until(lambda: waits(first, 1), first)
        second = job.start(checkpoint, digest, others)
        until(lambda: waits(second, 2), second)
        first.stop()
        until(lambda: first.progress() is None and not first.folder.exists(), first)
        with pytest.raises(InputError, match="nothing to stop"):
            first.stop()
        until(lambda: waits(second, 1), second)
        second.stop()
        until(lambda: not second.folder.exists(), second)
    assert not (space / "evaluations").exists()


@pytest.mark.slow
def test_a_checkpoint_that_was_replaced_meanwhile_is_told(
    checkpoint: Path, split: TestSplit, space: Path
) -> None:
    digest = read(checkpoint).digest
    with busy(space, "evaluation"):
        evaluation = job.start(checkpoint, digest, split)
        write_weights(checkpoint, threshold_network(0.5, 1.0))
    until(lambda: evaluation.state() == "failed", evaluation)
    assert "replaced the checkpoint since the evaluation was asked for" in evaluation.progress().error
    assert find(digest, split) is None


def test_a_workspace_that_cannot_be_written_is_told(
    checkpoint: Path, split: TestSplit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PAP_WORKSPACE", str(tmp_path / "file" / "space"))
    with pytest.raises(InputError, match=r"the workspace cannot be written .* PAP_WORKSPACE"):
        job.start(checkpoint, "d", split)
