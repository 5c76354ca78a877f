"""What a status says is not believed where the process it names is gone, or another has its id."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator

import psutil
import pytest

from pap_core.errors import InputError
from pap_core.jobs import liveness
from pap_core.training import process
from pap_core.training.process import state, status
from pap_core.training.run import Run
from tests.helpers.jobs import until

pytestmark = pytest.mark.usefixtures("space")


@pytest.fixture
def other() -> Iterator[psutil.Process]:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as other:
        yield psutil.Process(other.pid)
        other.kill()


def say(run: Run, one: psutil.Process, **changes: float | str) -> None:
    run.write_status(one.pid, state="running")
    path = run.folder / "status.json"
    content = json.loads(path.read_text())
    moved = {name: content[name] + by for name, by in changes.items()}
    path.write_text(json.dumps(content | moved))


def test_a_living_process(new, other: psutil.Process) -> None:
    run = new()
    say(run, other)
    assert state(run) == "running"


def test_a_process_id_used_again(new, other: psutil.Process) -> None:
    run = new()
    say(run, other, process_started=-5)
    assert state(run) == "lost"
    with pytest.raises(InputError, match="nothing to stop"):
        process.stop(run)
    assert other.is_running()


def test_a_clock_that_was_set(new, other: psutil.Process) -> None:
    run = new()
    say(run, other, process_started=-3600, boot=-3600, heartbeat=-5)
    assert state(run) == "running"


BEFORE_THIS_BOOT = psutil.boot_time() - time.time() - 3600


def test_another_boot(new, other: psutil.Process) -> None:
    run = new()
    say(run, other, heartbeat=BEFORE_THIS_BOOT, boot_id="-another")
    assert state(run) == "lost"


def test_another_boot_where_boots_have_no_names(new, other: psutil.Process) -> None:
    run = new()
    say(run, other, heartbeat=BEFORE_THIS_BOOT)
    path = run.folder / "status.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"boot_id": None}))
    assert state(run) == "lost"


def test_a_clock_that_was_set_forward_by_more_than_the_machine_is_up(new, other: psutil.Process) -> None:
    run = new()
    say(run, other, process_started=-1e6, boot=-1e6, heartbeat=-1e6)
    assert state(run) == "running"


def test_a_zombie(new, other: psutil.Process) -> None:
    run = new()
    say(run, other)
    other.kill()
    until(lambda: other.status() == psutil.STATUS_ZOMBIE, run)
    assert state(run) == "lost"
    process.delete(run)
    assert process.listed() == {}


@pytest.mark.parametrize(("age", "expected"), [(5.0, "running"), (2 * liveness.SILENT, "lost")])
def test_another_machine_by_its_heartbeat(new, age: float, expected: str) -> None:
    run = new()
    run.write_status(state="running")
    path = run.folder / "status.json"
    there = {"host": "elsewhere", "heartbeat": time.time() - age}
    path.write_text(json.dumps(json.loads(path.read_text()) | there))
    assert state(run) == expected


@pytest.mark.parametrize("content", [b"", b'{"state": "runn', bytes(200)])
def test_a_status_torn_as_the_power_failed(new, content: bytes) -> None:
    run = new()
    (run.folder / "status.json").write_bytes(content)
    assert state(run) == "lost"
    assert status(run).step == 0
