"""Tests of how long a network is trained in a comparison."""

from pathlib import Path

import pytest

from pap_core.data.described import describe
from pap_core.methods.catalogue import make
from pap_core.training.planning import estimate


@pytest.mark.parametrize(("epochs", "expected"), [(0.2, 1), (1.4, 1), (1.9, 2), (35.6, 36)])
def test_whole_epochs_come_nearest_to_the_time(
    epochs: float, expected: int, phantom_dataset: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(estimate, "measure", lambda config, folders: estimate.Pace(2.0, 0, "cpu", "fp32"))
    method = make("pix2pix-paper")
    learnt = describe(phantom_dataset)["sides"]["train"] * (1 - method.config.validation)
    planned = method.within(epochs * learnt / 2.0 / 60, [phantom_dataset])
    assert planned.epochs == expected
