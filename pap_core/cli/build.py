"""Builds a data set folder."""

import argparse
import dataclasses
import json

from pap_core.cli.arguments import command, named, path
from pap_core.cli.bars import Bar


def add(commands: "argparse._SubParsersAction") -> None:
    """Add the command and what it takes."""
    one = command(commands, "build", run, "Build a data set folder from cells, fields, phantoms or reviews.")
    one.add_argument(
        "source",
        nargs="+",
        type=named,
        help="folder of SIPaKMeD, Herlev, phantoms, of pictures with masks or outlines beside them, or of "
        "exported reviews, or a database of reviews, as a file or by its URL; its kind is recognised, and "
        "several become one data set",
    )
    one.add_argument("out", type=path, help="new data set folder, or one left unfinished")
    one.add_argument("--mode", choices=["window", "field", "fit", "whole"], help="default: by the source")
    one.add_argument("--form", choices=["smear", "cropped"], help="SIPaKMeD only; default: by the mode")
    one.add_argument(
        "--mask-form",
        choices=["labels", "colours", "herlev"],
        help="of the -d masks: numbers 0, 1, 2; white, red, blue; or Herlev's colours; default: recognised, "
        "and refused where it may be read in two ways",
    )
    one.add_argument(
        "--truth",
        choices=["nucleus", "cell", "none"],
        help="of fields: what masks and outlines are of that do not tell it; none: pictures without any, of "
        "which pseudo-label will tell something",
    )
    one.add_argument(
        "--groups",
        metavar="REGEX",
        help="of fields: its first group in a picture's name is the slide, with a slash in it that in its "
        "path from the source; default: by a table or a folder",
    )
    one.add_argument(
        "--scale", type=float, help="of fields: network px per image px; default: chosen by the nuclei drawn"
    )
    one.add_argument(
        "--glass",
        action="store_true",
        help="of liquid-based fields: what is as clear as the glass is background, what is clearly stained "
        "and no nucleus is cytoplasm",
    )
    one.add_argument("--split", choices=["grouped", "paper"], default="grouped")
    one.add_argument("--test-share", type=float, default=0.3, metavar="SHARE")
    one.add_argument("--seed", type=int, default=0, help="of the split")
    one.add_argument(
        "--beside",
        action="append",
        default=[],
        type=named,
        metavar="DATASET",
        help="data set folder to be used with this one: its smears and slides keep their side; repeatable",
    )
    one.add_argument("--border", type=int, default=2, help="px of the target's black border")
    one.add_argument(
        "--neighbours",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="draw other annotated cells that reach into a crop",
    )
    one.add_argument("--json", action="store_true")


def run(options: argparse.Namespace) -> int:
    """Run the command; returns the exit status."""
    from pap_core.data.build import BuildOptions, build
    from pap_core.data.summary import summary

    fields = {field.name: getattr(options, field.name) for field in dataclasses.fields(BuildOptions)}
    with Bar("pictures") as progress:
        described = build(options.source, options.out, BuildOptions(**fields), progress)
    print(json.dumps(described, indent=2) if options.json else summary(described))
    return 0
