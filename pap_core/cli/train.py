"""Trains a network, or resumes a run."""

import argparse
import json
import math
import sys
from collections.abc import Sequence
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
        "--source-weight",
        action="append",
        default=[],
        metavar="DATASET=W",
        help="share the draws of an epoch among the data sets by weights, 1 where none is given; may be "
        "repeated (default: each crop is drawn once an epoch)",
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

    own = (options.dataset, options.set, options.source_weight, options.run_folder, options.initial)
    if options.resume and any(own):
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
    weights = _weights(options.source_weight, options.dataset)
    return Run.create(folder, config, options.dataset, initial, weights).folder


def _weights(given: Sequence[str], datasets: Sequence[Path]) -> list[float] | None:
    """Return the weight of each data set, None where none is given; a path or a name says which it is."""
    weights: dict[Path, float] = {}
    for text in given:
        name, _, value = text.rpartition("=")
        found = [one for one in dict.fromkeys(datasets) if name in (one.name, str(one))]
        names = ", ".join(dict.fromkeys(one.name for one in datasets))
        if len(found) != 1:
            raise InputError(
                f"--source-weight {text:.60}: {'two data sets are' if found else 'no data set is'} named "
                f"{name!r:.60}, expected DATASET=W with one of {names}; two of one name go by their paths."
            )
        if found[0] in weights:
            raise InputError(f"--source-weight {text:.60}: {name:.60} has a weight already; give it once.")
        try:
            weights[found[0]] = float(value)
        except ValueError:
            weights[found[0]] = math.nan
        if not 0 < weights[found[0]] <= 1e6:
            raise InputError(
                f"--source-weight {text:.60}: found {value!r:.60}, expected a number above 0 and up "
                "to 1000000."
            )
    return [weights.get(one, 1.0) for one in datasets] if weights else None
