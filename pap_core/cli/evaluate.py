"""Measures a checkpoint on a data set."""

import argparse
import json
from pathlib import Path

from pap_core.cli.arguments import command, named, path
from pap_core.cli.bars import Bar


def add(commands: "argparse._SubParsersAction") -> None:
    """Add the command and what it takes."""
    one = command(commands, "evaluate", run, "Measure a checkpoint on a data set's test side.")
    one.add_argument("checkpoint", type=named, help="folder, run folder, or the name of a shipped one")
    one.add_argument("dataset", type=path)
    one.add_argument("--side", choices=["test", "train"], default="test")
    one.add_argument("--protocol", choices=["strict", "colour-200", "channel-200"], default="strict")
    one.add_argument("--output", type=path, help="default: evaluation/<checkpoint>_<data set>")
    one.add_argument("--json", action="store_true")


def run(options: argparse.Namespace) -> int:
    """Run the command; returns the exit status."""
    from pap_core.evaluation.evaluate import evaluate, report
    from pap_core.inference.segmenter import Segmenter
    from pap_core.model.catalogue import resolve, run_of
    from pap_core.model.checkpoint import read

    folder = resolve(options.checkpoint)
    name = (run_of(folder) or folder.resolve()).name  # each run's best checkpoint is called "best"
    out = options.output or Path("evaluation") / f"{name}_{options.dataset.resolve().name}"
    with Bar("crops") as progress:
        summary = evaluate(Segmenter(read(folder)), options.dataset, out, options.side, progress)
    if options.json:
        print(json.dumps(summary, indent=2))
    else:
        print(report(summary, options.protocol))
        print(f"\nTables of all protocols: {out}/per_image.csv, {out}/summary.json")
    return 0
