"""Writes synthetic smears."""

import argparse

from pap_core.cli.arguments import command, path
from pap_core.cli.bars import Bar


def add(commands: "argparse._SubParsersAction") -> None:
    """Add the command and what it takes."""
    one = command(commands, "phantom", run, "Write synthetic smears in the official SIPaKMeD layout.")
    one.add_argument("out", type=path, help="new folder")
    one.add_argument("--smears", type=int, default=10)
    one.add_argument("--seed", type=int, default=0)


def run(options: argparse.Namespace) -> int:
    """Run the command; returns the exit status."""
    from pap_core.data.phantom import smear

    with Bar("smears") as progress:
        smear.write(options.out, options.smears, options.seed, progress)
    return 0
