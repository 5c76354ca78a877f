"""Trains a network, or resumes a run."""

import argparse
import json
import sys
from pathlib import Path

from pap_core.cli.arguments import command, named, path
from pap_core.cli.bars import Steps
from pap_core.errors import InputError
from pap_core.training import processes


def add(commands: "argparse._SubParsersAction") -> None:
    """Add the command and what it takes."""
    one = command(commands, "train", run, "Train a network, or resume a run.")
    one.add_argument("dataset", type=path, nargs="*", help="data set folders, used together")
    one.add_argument("--preset", choices=["paper", "isola", "compact", "tiny"], default="compact")
    one.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="override a setting, as epochs=10 or generator.width=32; may be repeated",
    )
    one.add_argument(
        "--from", dest="initial", type=named, metavar="CHECKPOINT", help="start from its generator"
    )
    one.add_argument("--run-folder", type=path, help="new folder; default: one in the workspace")
    one.add_argument("--resume", type=path, metavar="RUN", help="resume this run")
    one.add_argument("--cpu", action="store_true", help="leave a GPU alone")
    one.add_argument(
        "--evaluate",
        action="store_true",
        help="when it is trained, measure it on the test sides and keep that for the Results page",
    )
    one.add_argument("--json", action="store_true")


def run(options: argparse.Namespace) -> int:
    """Run the command; returns the exit status."""
    from pap_core.training.run import Run
    from pap_core.training.work import work

    if options.resume and (options.dataset or options.set or options.run_folder or options.initial):
        raise InputError("train: --resume uses the run's own data and settings; name none beside it.")
    if not (options.resume or options.dataset):
        raise InputError("train: no data set named; give its folder, or --resume with a run's folder.")
    run = Run(options.resume or processes.on_main(lambda: _new_run(options), options.cpu))
    if not processes.is_main():
        work(run, options.cpu)
        return 0
    print(f"run folder: {run.folder}", file=sys.stderr)
    try:
        with Steps(run) as progress:
            status = work(run, options.cpu, options.evaluate, progress)
    except InputError:
        if not (options.resume or run.begun):  # refused before its first step: the name is free again
            run.remove()
        raise
    print(json.dumps(status, indent=2) if options.json else f"{status['state']}: {run.folder}")
    return 0


def _new_run(options: argparse.Namespace) -> Path:
    from pap_core.model.catalogue import resolve
    from pap_core.training.config import PRESETS, override
    from pap_core.training.run import Run, new_folder

    config = override(PRESETS[options.preset], options.set)
    initial = resolve(options.initial) if options.initial else None
    folder = options.run_folder or new_folder(options.preset)
    return Run.create(folder, config, options.dataset, initial).folder
