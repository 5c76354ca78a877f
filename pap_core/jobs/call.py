"""Work that a page asks for and that is done in a process of its own, within a time.

What it takes of memory goes when it ends, it can be ended, and the pages stay quick meanwhile.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable

from pap_core.errors import InputError
from pap_core.files import parse_as_written
from pap_core.jobs.background import HOME
from pap_core.workspace import workspace


def call(module: str, order: dict, patience: float) -> dict:
    """Run a module that ends in `answer` and return what it answers.

    Args:
        module: its full name.
        order: plain values, for JSON; paths among them are absolute, for it runs in `HOME`.
        patience: s, after which it is ended.

    Raises:
        InputError: what the work itself refuses; that it died, or took too long.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-m", module],
            input=json.dumps(order),
            capture_output=True,
            text=True,
            timeout=patience,
            cwd=HOME,
            env=os.environ | {"PAP_WORKSPACE": str(workspace().resolve())},
        )
    except subprocess.TimeoutExpired:
        raise InputError(
            f"{module}: not done after {patience:.0f} s, so it was ended; try again when less else is at "
            "work on this machine."
        ) from None
    lines = done.stdout.splitlines()
    if done.returncode or not lines:
        said = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise InputError(f"{module}: ended without an answer ({said[-1]}); is there memory enough?")
    # libraries may have printed before
    answered = parse_as_written(lines[-1], dict, "try again", f"{module}: its answer")
    if "refused" in answered:
        raise InputError(answered["refused"])
    return answered


def answer(work: Callable[[dict], dict]) -> None:
    """Do the work that standard input orders, and print what it answers, as the last thing a module does."""
    try:
        answered = work(json.load(sys.stdin))
    except InputError as error:
        answered = {"refused": str(error)}
    print(f"\n{json.dumps(answered)}")
