"""Writes the mean of checkpoints."""

import argparse

from pap_core.cli.arguments import command, named, path


def add(commands: "argparse._SubParsersAction") -> None:
    """Add the command and what it takes."""
    one = command(
        commands,
        "average",
        run,
        "Write the mean of the weights of checkpoints that have come of one another.",
    )
    one.add_argument(
        "checkpoint",
        type=named,
        nargs="+",
        help="two or more: folders, run folders, or names of shipped ones; the card is that of the last",
    )
    one.add_argument("--output", type=path, required=True, metavar="DIR", help="a new checkpoint folder")


def run(options: argparse.Namespace) -> int:
    """Run the command; returns the exit status."""
    from pap_core.model.averaging import average
    from pap_core.model.catalogue import resolve
    from pap_core.model.checkpoint import read

    average([read(resolve(one)) for one in options.checkpoint], options.output)
    print(f"Checkpoint: {options.output}, digest {read(options.output).digest}")
    return 0
