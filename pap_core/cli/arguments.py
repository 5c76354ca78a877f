"""How a command and its arguments are declared."""

import argparse
from collections.abc import Callable
from pathlib import Path


def command(
    commands: "argparse._SubParsersAction", name: str, run: Callable[[argparse.Namespace], int], text: str
) -> argparse.ArgumentParser:
    """Add a command.

    Args:
        commands: of the program.
        name: of the command.
        run: does it, and returns the exit status.
        text: what it does, in a sentence.
    """
    added = commands.add_parser(name, help=text, description=text)
    added.set_defaults(run=run)
    return added


def path(text: str) -> Path:
    """Take a path; no empty text."""
    return Path(named(text))


def named(text: str) -> str:
    """Take no empty text for the current folder, or for what is used where nothing is named."""
    if not text:
        raise argparse.ArgumentTypeError("found nothing, expected a name or path; is a variable not set?")
    return text
