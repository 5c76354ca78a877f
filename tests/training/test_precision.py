"""A run computes in bf16 where the machine is quick at it, and says in what it did."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from pap_core.training.loop import train
from pap_core.training.planning.timing import seconds
from pap_core.training.precision import computed_in
from pap_core.training.run import Run
from pap_core.training.trainer import Trainer
from tests.helpers.training.small_runs import tiny


def test_what_is_asked_for_is_what_a_gpu_computes_in_and_fp32_is_always_fp32() -> None:
    assert computed_in("bf16", "cuda") == "bf16"
    assert computed_in("fp32", "cuda") == computed_in("fp32", "cpu") == "fp32"


@pytest.mark.slow
def test_a_processor_with_avx2_alone_computes_in_fp32() -> None:
    code = "from pap_core.training.precision import computed_in; print(computed_in('bf16', 'cpu'))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        env=os.environ | {"ATEN_CPU_CAPABILITY": "avx2"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "fp32\n"


@pytest.mark.slow
def test_this_machine_is_not_slower_in_what_was_chosen_for_it() -> None:
    layer, images = torch.nn.Conv2d(64, 64, 4, 2, 1), torch.randn(4, 64, 64, 64)

    def took(precision: str) -> float:
        def step() -> None:
            with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
                layer(images).sum().backward()

        return min(seconds(step, torch.device("cpu"), 0.1) for _ in range(3))

    chosen = computed_in("bf16", "cpu")
    other = {"bf16": "fp32", "fp32": "bf16"}[chosen]
    assert took(chosen) < 1.5 * took(other)


def test_a_run_computes_in_it_and_says_so(tmp_path: Path, drawn_dataset: Path, drawn_crops) -> None:
    config = tiny("epochs=1", "precision=bf16")
    run = Run.create(tmp_path / "run", config, [drawn_dataset])
    train(run, cpu=True)
    chosen = computed_in("bf16", "cpu")
    assert run.read_machine().endswith(f"torch {torch.__version__}, {chosen}")
    with Trainer(config, drawn_crops, cpu=True).autocast():
        assert torch.is_autocast_enabled("cpu") == (chosen == "bf16")
