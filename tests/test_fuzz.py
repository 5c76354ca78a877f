"""Damaged files: nothing comes of reading them but success or one sentence. More by `benchmarks/fuzz.py`."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "fuzz.py"


@pytest.mark.parametrize(
    ("target", "count"),
    [
        ("images", 60),
        *(
            pytest.param(*one, marks=pytest.mark.slow)
            for one in [("images", 400), ("truth", 300), ("readers", 120), ("archive", 200)]
        ),
    ],
)
def test_nothing_but_success_or_a_sentence_comes_of_damaged_files(target: str, count: int) -> None:
    command = [sys.executable, str(SCRIPT), "--targets", target, "--count", str(count), "--seed", "7"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{target}: {count} inputs" in done.stdout
