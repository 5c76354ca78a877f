"""Tests of how long a step is said to take."""

import time

import pytest
import torch

from pap_core.training.planning.timing import seconds


def test_slow_first_steps_do_not_count():
    taken = iter([0.2, 0.2, 0.1, 0.1])
    found = seconds(lambda: time.sleep(next(taken, 0.01)), torch.device("cpu"), enough=0.4)
    assert found == pytest.approx(0.01, rel=0.9)


def test_a_step_that_takes_long_is_not_waited_for_often():
    steps = []
    seconds(lambda: (steps.append(1), time.sleep(0.2)), torch.device("cpu"), enough=0.1)
    assert len(steps) == 2
