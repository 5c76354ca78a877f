"""Several processes of one run, as ``torchrun`` starts them: which one writes, and how others hear of it."""

import os
import sys
from collections.abc import Callable
from typing import NoReturn, TypeVar

Outcome = TypeVar("Outcome")


def count() -> int:
    """How many processes the run has; 1 where no launcher says otherwise."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def is_main() -> bool:
    """Whether this is the one process that writes to the run folder and speaks to people."""
    return int(os.environ.get("RANK", "0")) == 0


def on_this_machine() -> int:
    """How many of the run's processes share this machine's cores."""
    return int(os.environ.get("LOCAL_WORLD_SIZE", "1"))


def on_main(function: Callable[[], Outcome], cpu: bool = False) -> Outcome:
    """Run a function in the main process alone.

    Args:
        function: called there; what it returns can be pickled.
        cpu: the run leaves an accelerator alone.

    Returns:
        In every process what the main one's call returned.

    Raises:
        SystemExit: in the others, where the main one's call failed: that one says why.
    """
    if count() == 1:
        return function()
    from accelerate import PartialState
    from accelerate.utils import broadcast_object_list

    PartialState(cpu=cpu)  # meets the other processes
    told: list = [False, None]  # whether it went well, and what came of it
    failure = None
    if is_main():
        try:
            told = [True, function()]
        except Exception as error:
            failure = error
    broadcast_object_list(told)
    if failure:
        raise failure
    well, outcome = told
    if not well:
        raise SystemExit(1)
    return outcome


def leave(status: int) -> NoReturn:
    """End this process at once: one that winds down is now and then aborted by torch's own threads."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
