"""Words on the progress: the first, those on another part, and then one in a while."""

import pytest

from pap_core.jobs import throttle
from pap_core.jobs.throttle import PAUSE, Throttle


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, to be set."""
    now = [100.0]
    monkeypatch.setattr(throttle.time, "monotonic", lambda: now[0])
    return now


def test_a_word_is_due_at_once_and_then_after_a_pause(clock: list[float]) -> None:
    one = Throttle()
    assert one.due()
    assert not one.due()
    clock[0] += PAUSE / 2
    assert not one.due()
    clock[0] += PAUSE
    assert one.due()
    assert not one.due()


def test_another_part_is_told_at_once(clock: list[float]) -> None:
    one = Throttle()
    assert [one.due(part) for part in ("a", "a", "b", "b", "a")] == [True, False, True, False, True]
