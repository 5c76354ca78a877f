"""Copies a data set with pseudo-labels."""

import argparse
import json

from pap_core.cli.arguments import command, named, path
from pap_core.cli.bars import Bar


def add(commands: "argparse._SubParsersAction") -> None:
    """Add the command and what it takes."""
    one = command(
        commands,
        "pseudo-label",
        run,
        "Copy a data set; where its training side leaves a class open, what a checkpoint is sure of is told.",
    )
    one.add_argument("dataset", type=path, help="data set folder")
    one.add_argument("out", type=path, help="new data set folder")
    one.add_argument(
        "--checkpoint", type=named, default="compact", help="folder, run folder, or the name of a shipped one"
    )
    one.add_argument(
        "--sure",
        type=float,
        default=0.9,
        help="what the classes that are left have of the probability at least, in the mean over views",
    )
    one.add_argument("--json", action="store_true")


def run(options: argparse.Namespace) -> int:
    """Run the command; returns the exit status."""
    from pap_core.data.summary import summary
    from pap_core.inference.pseudo_labels import pseudo_label
    from pap_core.inference.segmenter import Segmenter
    from pap_core.model.catalogue import resolve
    from pap_core.model.checkpoint import read

    segmenter = Segmenter(read(resolve(options.checkpoint)))
    with Bar("crops") as progress:
        described = pseudo_label(segmenter, options.dataset, options.out, options.sure, progress)
    print(json.dumps(described, indent=2) if options.json else summary(described))
    return 0
