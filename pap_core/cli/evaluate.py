"""Measures a checkpoint on a data set."""

import argparse
import json
import sys
from pathlib import Path

from pap_core.cli.arguments import command, named, path
from pap_core.cli.bars import Bar
from pap_core.errors import InputError

_NAMED = 8  # of what is passed over


def add(commands: "argparse._SubParsersAction") -> None:
    """Add the command and what it takes."""
    one = command(commands, "evaluate", run, "Measure a checkpoint on a data set's test side.")
    one.add_argument("checkpoint", type=named, help="folder, run folder, or the name of a shipped one")
    one.add_argument("dataset", type=path, help="data set folder; with --whole also a folder of fields")
    one.add_argument("--side", choices=["test", "train"], help="of a data set; default: test")
    one.add_argument(
        "--protocol",
        choices=["strict", "colour-200", "channel-200"],
        help="of what is printed; default: strict",
    )
    one.add_argument(
        "--whole",
        action="store_true",
        help="measure whole fields as predict segments them, by pixels and by nuclei, in place of tiles",
    )
    one.add_argument(
        "--truth",
        choices=["nucleus", "cell"],
        help="with --whole, of a folder of fields: what masks and outlines are of that do not tell it",
    )
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
    if options.whole:
        return _whole(options, folder, out)
    if options.truth:
        raise InputError("evaluate: --truth is of whole pictures; give --whole, too, or leave it out.")
    with Bar("crops") as progress:
        summary = evaluate(Segmenter(read(folder)), options.dataset, out, options.side or "test", progress)
    if options.json:
        print(json.dumps(summary, indent=2))
    else:
        print(report(summary, options.protocol or "strict"))
        print(f"\nTables of all protocols: {out}/per_image.csv, {out}/summary.json")
    return 0


def _whole(options: argparse.Namespace, checkpoint: Path, out: Path) -> int:
    from pap_core.evaluation.field_source import field_source
    from pap_core.evaluation.fields import SUMMARY, TABLE, evaluate_fields, report_fields
    from pap_core.inference.segmenter import Segmenter
    from pap_core.model.checkpoint import read

    if options.protocol:
        raise InputError("evaluate: --protocol is of tiles and crops; leave it out, or --whole.")
    source = field_source(options.dataset, options.side, options.truth)
    for one in source.skipped[:_NAMED]:
        print(f"pap_core: passed over: {one.reason}", file=sys.stderr)
    if len(source.skipped) > _NAMED:
        print(f"pap_core: passed over: {len(source.skipped) - _NAMED} more", file=sys.stderr)
    with Bar("pictures") as progress:
        summary, failed = evaluate_fields(Segmenter(read(checkpoint)), source, out, progress)
    for one in failed:
        print(f"pap_core: {one.reason}", file=sys.stderr)
    print(json.dumps(summary, indent=2) if options.json else report_fields(summary))
    if not options.json:
        print(f"Tables: {out / TABLE}, {out / SUMMARY}")
    return 1 if failed else 0
