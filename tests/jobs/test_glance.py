"""Jobs looked at every few seconds: read again where a file has changed, or a process is silent."""

import os
import time
from pathlib import Path

import pytest

from pap_core.jobs import status
from pap_core.jobs.glance import Glances, stamp
from pap_core.training.run import Run


def test_a_job_is_read_again_only_where_its_files_have_changed(tmp_path: Path) -> None:
    reads = []

    def read(run: Run) -> dict:
        reads.append(run)
        return run.read_status()

    glances, run = Glances(read), Run(tmp_path)
    assert glances.of(run) == {}
    run.write_status(state="running", step=1)
    assert [glances.of(run)["step"] for _ in range(3)] == [1, 1, 1]
    assert len(reads) == 2
    run.write_status(step=2)
    assert glances.of(run)["step"] == 2
    run.ask_to_stop()
    glances.of(run)
    assert len(reads) == 4


def test_a_silent_one_is_read_again_the_less_often_the_longer_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that died writes nothing: only a look at whether it lives can tell."""
    reads: list[float] = []
    now = time.time()
    glances, run = Glances(lambda _: reads.append(time.time() - now)), Run(tmp_path)
    run.write_status(state="running")
    os.utime(tmp_path / status.NAME, (now, now))
    for age in range(200):
        monkeypatch.setattr(time, "time", lambda age=age: now + age + 0.01)
        glances.of(run)
    assert [round(one) for one in reads] == [0, 5, 15, 35, 75, 155]


def test_a_file_that_is_not_there_has_no_stamp(tmp_path: Path) -> None:
    assert stamp(tmp_path / "none") is None
    (tmp_path / "one").write_text("a")
    first = stamp(tmp_path / "one")
    (tmp_path / "one").write_text("ab")
    assert stamp(tmp_path / "one") != first
