"""What a prediction takes: timed crop by crop, kept, and read again."""

import time
from pathlib import Path

import numpy as np
import pytest

from pap_core.evaluation.cost import FILE, Cost, measure, read, write
from pap_core.methods.catalogue import make

CROPS = np.zeros((5, 256, 256, 3), dtype=np.uint8)


class Slow:
    """Takes long for the first crop, 20 ms for most, and long again for one."""

    name, digest, parameters = "slow", "0" * 16, 7

    def __init__(self):
        self.asked: list[tuple[int, ...]] = []

    def generate(self, images: np.ndarray) -> np.ndarray:
        self.asked.append(images.shape)
        time.sleep(0.3 if len(self.asked) in (1, 3) else 0.02)
        return images


def test_the_median_crop_counts_by_itself_and_the_first_does_not():
    slow = Slow()
    cost = measure(slow, CROPS)
    assert slow.asked == [(1, 256, 256, 3)] * 6
    assert 20 <= cost.milliseconds < 250
    assert cost.parameters == 7


def test_a_method_that_learns_nothing_has_no_parameters():
    cost = measure(make("otsu"), CROPS[:1])
    assert cost.milliseconds > 0
    assert cost.parameters == 0


def test_a_cost_comes_back_as_it_was_kept(tmp_path: Path):
    write(tmp_path, Cost(57.25, 5_243_587))
    assert read(tmp_path) == Cost(57.25, 5_243_587)
    assert isinstance(read(tmp_path).parameters, int)


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"milliseconds": 3.0}', '{"milliseconds": "x", "parameters": 1}']
)
def test_what_is_damaged_was_not_measured(tmp_path: Path, content: str):
    (tmp_path / FILE).write_text(content)
    assert np.isnan([read(tmp_path).milliseconds, read(tmp_path).parameters]).all()
    assert np.isnan(read(tmp_path / "gone").milliseconds)
