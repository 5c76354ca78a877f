"""Builds in processes of their own: started once, watched, stopped, killed, resumed."""

import io
import json
import os
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import psutil
import pytest

from pap_core.data import build_job, composition
from pap_core.data.build_job import Build
from pap_core.errors import InputError
from pap_core.jobs.job import FAILED, LOST, STOPPED
from pap_core.jobs.removal import remove
from pap_core.workspace import datasets
from tests.helpers.building import held
from tests.helpers.jobs import PATIENCE, until

OPTIONS = {"mode": "fit"}


@pytest.fixture(autouse=True)
def space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace of the test's own."""
    monkeypatch.setenv("PAP_WORKSPACE", str(tmp_path / "space"))
    return tmp_path / "space"


def state(job: Build) -> str | None:
    progress = job.progress()
    return progress and progress.state


def packed(source: Path) -> io.BytesIO:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for path in sorted(source.rglob("*")):
            file.write(path, path.relative_to(source.parent))
    buffer.seek(0)
    return buffer


def processes(job: Build) -> list[psutil.Process]:
    """Return the processes at work for a job, and their workers."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        if str(job.folder) in (process.info["cmdline"] or []):
            found += [process, *process.children(recursive=True)]
    return found


@pytest.mark.slow
def test_an_archive_becomes_a_data_set_and_nothing_else(
    phantom_source: Path, phantom_dataset: Path, space: Path
) -> None:
    job = build_job.from_archive("mine", packed(phantom_source), "my source.zip", OPTIONS)
    assert job.folder.stat().st_mode & 0o077 == 0  # what is uploaded is nobody else's
    seen = set()
    until(lambda: seen.add(state(job)) or state(job) in (None, FAILED), job)
    assert "cutting" in seen
    built, expected = (composition.read(folder) for folder in (datasets() / "mine", phantom_dataset))
    assert built.cells["source"].str.startswith("source/im_").all()
    assert built.cells.drop(columns="source").equals(expected.cells.drop(columns="source"))
    assert Path(built.described["path"]).name == "my source"
    until(lambda: not list(space.glob("builds/[!.]*")) and not list(space.glob("builds/.gone*")), job)
    assert {path.name for path in space.iterdir()} == {".devices", "builds", "datasets"}
    assert build_job.listed() == []


@pytest.mark.slow
def test_a_build_is_stopped_and_continued(phantom_source: Path) -> None:
    job = build_job.from_folder("mine", phantom_source, OPTIONS)
    with held(job, PATIENCE):
        job.stop()
    until(lambda: state(job) == STOPPED, job)
    until(lambda: not processes(job), job)
    assert not datasets().exists()
    job.start()
    until(lambda: state(job) is None, job)
    assert (datasets() / "mine" / "dataset.json").exists()


_SERVER = """
import sys
from pages.shared import datasets
datasets.SMEARS = 3
print(datasets.ready_set(), flush=True)
"""


def servers(number: int) -> list[str]:
    """Ask for the ready set in several processes at once; return what each is told."""
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", _SERVER]
    asked = [
        subprocess.Popen(command, cwd=root, env=os.environ, stdout=subprocess.PIPE, text=True)
        for _ in range(number)
    ]
    return [process.communicate(timeout=PATIENCE)[0].strip() for process in asked]


@pytest.mark.slow
def test_the_ready_set_is_made_once_and_again_when_killed() -> None:
    assert servers(3) == ["None"] * 3
    job = Build(build_job.builds() / "phantoms")
    until(lambda: state(job) == "painting" and len(processes(job)) > 1, job)
    working = processes(job)
    # not by its command line: a worker has the same one until it becomes a program of its own
    main = psutil.Process(job.read_status()["pid"])
    assert main.nice() == 19
    group = Path(f"/proc/{main.pid}/autogroup")
    assert not group.exists() or group.read_text().split()[-1] == "19"
    main.kill()
    until(lambda: not any(map(_alive, working)), job)  # no worker is left to wait for ever
    assert state(job) == LOST
    assert not datasets().exists()

    assert servers(2) == ["None"] * 2
    with pytest.raises(InputError, match="at work for it already"):
        job.start()
    until(lambda: state(job) in (None, FAILED), job)
    found = composition.read(datasets() / "phantoms")
    assert found.described["source"] == "phantom"
    assert found.described["mode"] == "window"
    assert servers(1) == [str(datasets() / "phantoms")]
    until(lambda: not processes(job), job)
    assert build_job.listed() == []


def _alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:  # it ended between the two
        return False


_WORKER = """
import sys, time
from pathlib import Path
from pap_core.data.build_job import Build
Build(Path(sys.argv[1])).tell("cutting", 1, 2)
print(flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("step", [-7200.0, 7200.0, 1e6], ids=["back", "forward", "by more than it is up"])
def test_a_clock_that_is_set_leaves_a_build_at_work(step: float) -> None:
    """As if the clock had been set by so many seconds since the process last spoke."""
    job = Build(build_job.builds() / "mine")
    job.folder.mkdir(parents=True)
    command = [sys.executable, "-c", _WORKER, job.folder]
    with subprocess.Popen(command, cwd=Path(__file__).parents[2], stdout=subprocess.PIPE) as worker:
        try:
            worker.stdout.readline()
            told = json.loads((job.folder / "status.json").read_text())
            for name in {"process_started", "boot", "heartbeat"} & told.keys():
                told[name] -= step
            (job.folder / "status.json").write_text(json.dumps(told))
            assert state(job) == "cutting"
            job.stop()
            assert worker.wait(PATIENCE) < 0
            assert state(job) == STOPPED  # as somebody wanted, though it did not say so itself
        finally:
            worker.kill()


def test_a_start_that_names_no_process_is_not_waited_for() -> None:
    job = Build(build_job.builds() / "mine")
    job.folder.mkdir(parents=True)
    (job.folder / "status.json").write_text(json.dumps({"state": "starting", "since": time.time()}))
    assert state(job) == LOST


@pytest.mark.parametrize("kind", ["folder", "archive"])
def test_a_source_of_no_use_fails_with_a_sentence_and_keeps_nothing(tmp_path: Path, kind: str) -> None:
    source = tmp_path / "holiday"
    source.mkdir()
    (source / "beach.txt").write_text("no picture")
    if kind == "folder":
        job = build_job.from_folder("mine", source, OPTIONS)
    else:
        job = build_job.from_archive("mine", packed(source), "holiday.zip", OPTIONS)
    until(lambda: state(job) == FAILED, job)
    assert "no contours, no masks and no reviews found" in job.progress().error
    assert not {path.name for path in job.folder.iterdir()} & {"upload.zip", "unpacked", "set"}
    assert (source / "beach.txt").exists()
    with pytest.raises(InputError, match="a build of that name is there already"):
        build_job.from_folder("mine", source, OPTIONS)
    job.delete()
    assert build_job.listed() == []
    build_job.check_name("mine")


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../x", "a/b", "/etc", ".hidden", "a\nb", "a" * 65, "end.", " a"]
)
def test_a_name_that_is_no_plain_folder_is_refused(phantom_source: Path, space: Path, name: str) -> None:
    with pytest.raises(InputError, match="no name for a data set"):
        build_job.from_folder(name, phantom_source, OPTIONS)
    assert not space.exists()


@pytest.mark.parametrize("name", ["taken", "TAKEN"])
def test_a_name_that_is_taken_is_refused(phantom_source: Path, name: str) -> None:
    (datasets() / "Taken").mkdir(parents=True)
    with pytest.raises(InputError, match="a data set of that name is there already"):
        build_job.from_folder(name, phantom_source, OPTIONS)


def test_a_workspace_that_cannot_be_written_is_told(
    phantom_source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PAP_WORKSPACE", str(tmp_path / "file" / "space"))
    with pytest.raises(InputError, match=r"the workspace cannot be written .* PAP_WORKSPACE"):
        build_job.from_folder("mine", phantom_source, OPTIONS)


def test_a_disk_that_is_full_is_told_and_keeps_no_upload(space: Path) -> None:
    space.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(space)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("a small disk cannot be mounted here: that needs root on Linux")
    try:
        with pytest.raises(InputError, match="No space left"):
            build_job.from_archive("mine", io.BytesIO(bytes(1_000_000)), "large.zip", OPTIONS)
        assert build_job.listed() == []
        assert not [path for path in space.rglob("*") if path.is_file()]
    finally:
        subprocess.run(["umount", str(space)], check=True)


def test_a_link_is_removed_and_not_what_it_leads_to(phantom_dataset: Path, space: Path) -> None:
    space.mkdir()
    (space / "linked").symlink_to(phantom_dataset)
    remove(space / "linked")
    assert not list(space.iterdir())
    assert (phantom_dataset / "dataset.json").exists()


@pytest.mark.parametrize("order", [None, '{"out": "da', "{}"], ids=["missing", "torn", "empty"])
def test_a_job_whose_order_is_not_whole_is_refused_in_one_sentence(order: str | None) -> None:
    job = Build(build_job.builds() / "mine")
    job.folder.mkdir(parents=True)
    if order is not None:
        (job.folder / build_job.ORDER).write_text(order)
    with pytest.raises(InputError, match=r"^mine: the build was broken off before it began; start a new one"):
        job.start()
    assert not (job.folder / "log.txt").exists()


def test_what_is_still_brought_is_not_stopped_by_ending_the_server(tmp_path: Path) -> None:
    """The process that the status names then is this one."""
    job = Build(build_job.builds() / "mine")
    job.folder.mkdir(parents=True)

    def bring(folder: Path) -> None:
        assert state(job) == "starting"
        with pytest.raises(InputError, match="still being copied"):
            job.stop()
        raise InputError("far enough")

    with pytest.raises(InputError, match="far enough"):
        job.begin(build_job.Order(str(tmp_path), OPTIONS), bring)
    assert not job.stop_asked
