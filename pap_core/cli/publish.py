"""Copies a run's best checkpoint, or one that is no run's, to a folder of its own."""

import argparse
from pathlib import Path

from pap_core.cli.arguments import command, path
from pap_core.errors import InputError
from pap_core.files import content_of


def add(commands: "argparse._SubParsersAction") -> None:
    """Add the command and what it takes."""
    one = command(
        commands, "publish", run, "Copy a checkpoint, as a run's best, to a folder of its own, with a card."
    )
    one.add_argument(
        "source", type=path, metavar="RUN", help="a run's folder, or that of a checkpoint that average wrote"
    )
    one.add_argument("out", type=path, help="as checkpoints/NAME")
    one.add_argument("--evaluation", type=path, action="append", default=[], help="output of evaluate")
    one.add_argument(
        "--whole",
        type=path,
        action="append",
        default=[],
        help="output of evaluate --whole, of this checkpoint or of another to stand beside it; repeatable",
    )
    one.add_argument("--commands", type=path, help="file with the commands that made the data and the run")
    one.add_argument("--notes", type=path, help="file with Markdown for the card")


def run(options: argparse.Namespace) -> int:
    """Run the command; returns the exit status."""
    from pap_core.training.publish import publish

    commands, notes = (_text(path) if path else "" for path in (options.commands, options.notes))
    publish(options.source, options.out, options.evaluation, commands, notes, options.whole)
    return 0


def _text(path: Path) -> str:
    try:
        return content_of(path, "check the path", str(path)).decode()
    except (FileNotFoundError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{path}: cannot be read as text ({reason}); check the path.") from None
