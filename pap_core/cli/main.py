"""The program: ``pap COMMAND``, or ``python -m pap_core COMMAND``."""

import argparse
import io
import os
import signal
import sys
from contextlib import suppress

from pap_core.cli import (
    average,
    build,
    compare,
    evaluate,
    phantom,
    predict,
    pseudo_label,
    publish,
    reviews,
    train,
)
from pap_core.errors import InputError
from pap_core.training import processes

_COMMANDS = (phantom, build, pseudo_label, train, average, evaluate, compare, publish, reviews, predict)


def program() -> None:
    """Run a command of this process, and end it with its status."""
    for closed in [name for name in ("stdout", "stderr") if getattr(sys, name) is None]:
        setattr(sys, closed, open(os.devnull, "w"))  # noqa: SIM115
    if isinstance(sys.stdout, io.TextIOWrapper):  # a name may be any bytes, as it always could on stderr
        sys.stdout.reconfigure(errors="backslashreplace")
    status = main()
    if processes.count() > 1:
        processes.leave(status)
    sys.exit(status)


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        status = options.run(options)
        print(end="", flush=True)  # here, where what it stumbles over is told
        return status
    except InputError as error:
        print(f"pap_core: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # whoever read the answer has enough of it
        _leave_unsaid()
        return 128 + signal.SIGPIPE
    except OSError as error:
        if not error.filename:
            _leave_unsaid()
        place = error.filename or "standard output"
        print(f"pap_core: {place}: {error.strerror}; fix that, or name another place.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("pap_core: interrupted", file=sys.stderr)
        return 130


def _leave_unsaid() -> None:
    """Let nobody stumble again over what could not be written to standard output."""
    with suppress(OSError):  # it is no file
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m pap_core", description="Pap smear segmentation.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for one in _COMMANDS:
        one.add(commands)
    return parser
