"""A process that keeps what it frees does not ask the system for it again."""

import subprocess
import sys

import pytest

SCRIPT = """
import resource
import sys
import numpy as np
from pap_core.training.allocation import keep_freed

def pages(times):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(times):
        np.ones(50_000_000, dtype=np.uint8)  # a page is 4096 bytes, or more
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

if sys.argv[1] == "keep":
    keep_freed()
pages(2)
print(pages(10))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="it is glibc's allocator that is told")
def test_what_is_freed_is_used_again() -> None:
    given_back, kept = (
        int(
            subprocess.run(
                [sys.executable, "-c", SCRIPT, how], capture_output=True, text=True, check=True
            ).stdout
        )
        for how in ("as it is", "keep")
    )
    assert kept < given_back / 10
