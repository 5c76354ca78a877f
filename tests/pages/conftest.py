"""What all tests of the pages need."""

import pytest
import torch


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    """Leave the other cores to whoever else works on this machine."""
    torch.set_num_threads(1)
