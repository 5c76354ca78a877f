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
        "Copy a data set; where its training side leaves a class open, what checkpoints are sure of is told.",
    )
    one.add_argument("dataset", type=path, help="data set folder")
    one.add_argument("out", type=path, help="new data set folder")
    one.add_argument(
        "--checkpoint",
        action="append",
        type=named,
        required=True,
        help="folder, run folder, or the name of a shipped one; of several it is the mean; repeatable",
    )
    one.add_argument(
        "--sure",
        type=float,
        default=0.9,
        help="what the classes that are left have of the probability at least, in the mean over views",
    )
    one.add_argument(
        "--only",
        choices=["nuclei", "background"],
        help="tell nuclei, and what is no nucleus, and nothing of cytoplasm; or tell background alone",
    )
    one.add_argument(
        "--one-cell",
        action="store_true",
        help="each crop is of one cell, as SIPaKMeD's are: where several pieces may be its nucleus, the one "
        "that stands out is told",
    )
    one.add_argument("--json", action="store_true")


def run(options: argparse.Namespace) -> int:
    """Run the command; returns the exit status."""
    from pap_core.data.summary import summary
    from pap_core.inference.pseudo_labels import pseudo_label
    from pap_core.inference.segmenter import Segmenter
    from pap_core.inference.teachers import Teachers
    from pap_core.model.catalogue import resolve
    from pap_core.model.checkpoint import read

    segmenters = [Segmenter(read(resolve(one))) for one in options.checkpoint]
    with Bar("crops") as progress:
        teachers = Teachers(segmenters, options.sure, options.only, options.one_cell)
        described = pseudo_label(teachers, options.dataset, options.out, progress)
    print(json.dumps(described, indent=2) if options.json else summary(described))
    return 0
