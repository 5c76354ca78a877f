"""The curves of a run: read while they grow, whatever is wrong in the file, and thinned for a picture."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from pap_core.training.curves import MOST, Curves, thin


def step(number: int, **values: float) -> str:
    return json.dumps({"kind": "step", "step": number, "epoch": 1, "l1": 1 / number, **values}) + "\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "metrics.jsonl"


def append(path: Path, text: str) -> None:
    with open(path, "a") as file:
        file.write(text)


def test_what_is_appended_is_read_once_and_only_as_whole_lines(path: Path) -> None:
    curves = Curves(path)
    assert curves.update().points("step", "l1")[0].tolist() == []
    append(path, step(20) + step(40)[:15])
    assert curves.update().points("step", "l1")[0].tolist() == [20]
    append(path, step(40)[15:] + '{"kind": "validation", "step": 40, "epoch": 1, "nucleus": 0.5}\n')
    curves.update()
    curves.update()
    assert curves.points("step", "l1")[0].tolist() == [20, 40]
    assert curves.points("validation", "nucleus")[1].tolist() == [0.5]
    assert curves.last("step", "l1") == 1 / 40
    assert curves.last("validation", "cytoplasm") is None
    assert curves.damaged == 0


def test_damaged_lines_are_counted_and_left_out(path: Path) -> None:
    append(path, step(20) + '{"kind": "step", "st\n[1, 2]\n\x00\x00\n{"kind": "step"}\n' + step(40))
    curves = Curves(path).update()
    assert curves.points("step", "l1")[0].tolist() == [20, 40]
    assert curves.damaged == 4


def test_a_replaced_file_is_read_anew(path: Path) -> None:
    append(path, step(20) + step(40) + step(60))
    curves = Curves(path).update()
    new = path.with_name("new")
    new.write_text(step(20) + step(30) + step(40) + step(50))  # longer than it was, as a resumed run's may be
    os.replace(new, path)
    assert curves.update().points("step", "l1")[0].tolist() == [20, 30, 40, 50]
    path.unlink()
    assert curves.update().points("step", "l1")[0].tolist() == []


def test_a_value_that_only_some_rows_have_is_a_shorter_curve(path: Path) -> None:
    append(path, step(20) + step(40, dice=0.5) + step(60, dice=float("nan")))
    steps, values = Curves(path).update().points("step", "dice")
    assert steps.tolist() == [40, 60]
    assert values[0] == 0.5
    assert np.isnan(values[1])


def test_thinned_curves_keep_their_extremes_and_ends() -> None:
    random = np.random.default_rng(0)
    for count in (MOST + 1, 9_999, 10_000, 123_457):
        x = np.arange(count, dtype=float)
        y = random.normal(size=count)
        y[count // 3], y[count // 2], y[7] = 50.0, -50.0, np.nan
        few_x, few_y = thin(x, y)
        assert len(few_x) <= MOST
        assert (np.diff(few_x) > 0).all()
        assert (few_x[0], few_x[-1]) == (0, count - 1)
        assert (np.nanmax(few_y), np.nanmin(few_y)) == (50.0, -50.0)
        np.testing.assert_array_equal(few_y, y[few_x.astype(int)])


def test_a_short_curve_is_left_as_it_is() -> None:
    x, y = np.arange(MOST, dtype=float), np.ones(MOST)
    assert thin(x, y)[0] is x
