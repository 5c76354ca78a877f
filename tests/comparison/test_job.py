"""Comparisons in processes of their own: started once, watched, stopped, killed, resumed."""

import json
import subprocess
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from pap_core.comparison import job
from pap_core.comparison.compare import Comparison, begin
from pap_core.comparison.job import FINISHED
from pap_core.errors import InputError
from pap_core.jobs import background
from pap_core.jobs import job as jobs
from pap_core.jobs.job import FAILED, LOST, STOPPED
from pap_core.training import process as runs
from tests.helpers.comparing import few
from tests.helpers.jobs import PATIENCE, until


@pytest.fixture
def comparison(phantom_dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Comparison:
    """One that is begun in a workspace of the test's own."""
    monkeypatch.setenv("PAP_WORKSPACE", str(tmp_path / "space"))
    return begin(few(phantom_dataset, tmp_path / "few", train=4), 0.1)


def state(comparison: Comparison) -> str:
    return job.progress(comparison).state


def process_at_work(comparison: Comparison) -> psutil.Process:
    told = json.loads((comparison.folder / "status.json").read_text())
    process = psutil.Process(told["pid"])
    # it has no command line while it becomes another program
    until(lambda: str(comparison.folder.resolve()) in process.cmdline(), comparison)
    return process


def test_a_process_measures_what_was_asked_and_says_how_far_it_is(comparison: Comparison) -> None:
    assert job.progress(comparison) is None
    job.start(comparison, ["otsu", "k-means"])
    with pytest.raises(InputError, match="at work for it already"):
        job.start(comparison, ["otsu"])
    assert process_at_work(comparison).pid != 0
    seen = set()

    def over() -> bool:
        told = job.progress(comparison)
        seen.add((told.state, told.method, told.what))
        return not told.at_work

    until(over, comparison)
    assert state(comparison) == FINISHED
    assert ("working", "k-means", "measuring") in seen
    assert job.progress(comparison).methods == ("k-means", "otsu")
    assert list(comparison.done()) == ["k-means", "otsu"]
    assert all(comparison.evaluation(done) for done in comparison.done().values())


@pytest.mark.slow
def test_one_that_was_killed_goes_on_where_it_was(comparison: Comparison) -> None:
    job.start(comparison, ["k-means", "mean-shift"])
    until(lambda: "k-means" in comparison.done(), comparison)
    process_at_work(comparison).kill()
    until(lambda: state(comparison) == LOST, comparison)
    assert job.progress(comparison).methods == ("k-means", "mean-shift")
    first = (comparison.folder / "k-means.json").stat().st_mtime_ns
    job.start(comparison, ["k-means", "otsu"])
    until(lambda: state(comparison) == FINISHED, comparison)
    assert (comparison.folder / "k-means.json").stat().st_mtime_ns == first
    assert "otsu" in comparison.done()


@pytest.mark.slow
def test_the_word_of_a_process_stands_whoever_started_it_comes_late(
    comparison: Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = []

    def start(*arguments: object) -> subprocess.Popen:
        process = background.start(*arguments)
        started.append(process)
        with suppress(subprocess.TimeoutExpired):
            process.wait(3)  # by now it would have spoken
        return process

    monkeypatch.setattr(jobs, "background", SimpleNamespace(start=start))
    for _ in range(2):
        job.start(comparison, ["otsu"])
        assert started[-1].wait(PATIENCE) == 0
        assert state(comparison) == FINISHED


@pytest.mark.parametrize("early", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_one_that_is_stopped_says_so(comparison: Comparison, early: bool) -> None:
    job.start(comparison, ["mean-shift"])
    until(lambda: early or job.progress(comparison).what == "measuring", comparison)
    comparison.stop()
    until(lambda: state(comparison) == STOPPED, comparison)
    assert comparison.done() == {}
    with pytest.raises(InputError, match="nothing to stop"):
        comparison.stop()


def test_what_goes_wrong_is_one_sentence(comparison: Comparison) -> None:
    described = comparison.dataset / "dataset.json"
    described.write_text(described.read_text().replace("f3f3", "0ther"))
    job.start(comparison, ["otsu"])
    until(lambda: not comparison.at_work, comparison)
    assert state(comparison) == FAILED
    assert "another data set than the comparison's" in job.progress(comparison).error


def test_two_in_one_comparison_do_not_meet(comparison: Comparison) -> None:
    working = job.work(comparison, ["otsu", "k-means"])
    assert next(working).name == "otsu"
    assert job.progress(comparison).method == "k-means"
    with pytest.raises(InputError, match="at work for it already"):
        list(job.work(comparison, ["k-means"]))
    working.close()
    assert state(comparison) == STOPPED
    assert [done.name for done in job.work(comparison, ["otsu", "k-means"])] == ["k-means"]
    assert state(comparison) == FINISHED


def test_a_method_that_is_none_is_refused(comparison: Comparison) -> None:
    with pytest.raises(InputError, match="no such method"):
        job.start(comparison, ["guessing"])
    assert job.progress(comparison) is None


def test_a_status_torn_by_a_crash_is_no_obstacle(comparison: Comparison) -> None:
    (comparison.folder / "status.json").write_text('{"state": "work')
    assert job.progress(comparison) is None
    assert [done.name for done in job.work(comparison, ["otsu"])] == ["otsu"]


@pytest.mark.slow
def test_training_is_stopped_with_a_checkpoint_and_gone_on_with(comparison: Comparison) -> None:
    longer = begin(comparison.dataset, 2)
    job.start(longer, ["superpixel-cnn"])
    until(lambda: job.progress(longer).what == "training" or not longer.at_work, longer)
    run = job.run_at_hand(longer, "superpixel-cnn")
    longer.stop()
    with suppress(InputError):  # it may have ended just now
        longer.stop()  # by a second person
    until(lambda: not longer.at_work, longer)
    assert state(longer) == STOPPED
    assert runs.state(run) == "stopped"
    step = run.read_status()["step"]
    assert 0 < step < run.read_status()["steps"]
    assert run.load_last()["step"] == step
    job.start(longer, ["superpixel-cnn"])
    until(lambda: run.read_status()["step"] > step, longer)
    longer.stop()
    until(lambda: state(longer) == STOPPED, longer)
