"""Segments pictures."""

import argparse
import dataclasses
import json
import math
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from tqdm import tqdm

from pap_core.cli.arguments import command, named, path
from pap_core.errors import InputError
from pap_core.pictures.pixel_size import from_sides

OUTPUT = Path("found")
_KINDS = {"crop": "crop", "field": "smear"}
_NAMED = 5  # of the files that are passed over for one reason


def add(commands: "argparse._SubParsersAction") -> None:
    """Add the command and what it takes."""
    one = command(commands, "predict", run, "Segment pictures: crops, folders of them, or whole smears.")
    formats = "PNG, JPEG, BMP, TIFF, WebP, GIF or JPEG 2000, and folders of them"
    one.add_argument("pictures", type=path, nargs="+", metavar="IMAGE_OR_FOLDER", help=formats)
    one.add_argument("--output", type=path, default=OUTPUT, metavar="DIR", help=f"default: {OUTPUT}")
    one.add_argument("--checkpoint", type=named, metavar="NAME_OR_PATH", help="default: the shipped one")
    one.add_argument(
        "--scale",
        type=_scale,
        default=None,
        metavar="auto|S",
        help="auto, or the factor that brings a smear to the size of a 2048 × 1536 one's cells",
    )
    one.add_argument(
        "--read-as", choices=list(_KINDS), help="one cell, or a field of many (default: by the picture)"
    )
    one.add_argument(
        "--pixel-size",
        type=_pixel_size,
        metavar="UM",
        help="µm per pixel, which tells a field's scale (default: as the file says)",
    )
    one.add_argument(
        "--export",
        default="",
        metavar="FORM,…",
        help="also write geojson, coco, dat, zip: the files of the Segment page",
    )
    one.add_argument("--recursive", action="store_true", help="go into sub-folders, too; mirrored in DIR")
    one.add_argument("--uncertainty", action="store_true", help="also sample the dropout")
    one.add_argument("--json", action="store_true")


def run(options: argparse.Namespace) -> int:
    """Run the command; returns the exit status."""
    from pap_core.images import SUFFIXES
    from pap_core.inference.predict import Wishes, find_pictures, predict, readable
    from pap_core.inference.segmenter import Segmenter
    from pap_core.jobs.signals import interrupted_when_asked
    from pap_core.model.catalogue import default, resolve
    from pap_core.model.checkpoint import read

    if options.read_as == "crop" and (options.scale or options.pixel_size):
        raise InputError(
            "predict: a crop is fitted to the network, whatever its scale; leave --scale and --pixel-size "
            "out, or give --read-as field."
        )
    if options.scale and options.pixel_size:
        raise InputError("predict: --scale and --pixel-size both tell the scale; give one of them.")
    exports = _exports(options.export)
    found = find_pictures(options.pictures, options.recursive, options.output)
    for line in _passed_over(found.passed_over):
        print(line, file=sys.stderr)
    if not found.pictures:
        raise InputError(
            f"{readable(options.pictures[0])}: no picture in this folder; expected files ending in "
            f"{', '.join(SUFFIXES)}."
        )
    segmenter = Segmenter(read(resolve(options.checkpoint) if options.checkpoint else default()))
    bar = tqdm(total=len(found.pictures), unit="picture", disable=None)

    def progress(outcome) -> None:
        bar.update()
        for remark in outcome.remarks:
            bar.write(f"{readable(outcome.path)}: {remark}", file=sys.stderr)
        if outcome.error:
            bar.write(f"pap_core: {outcome.error}", file=sys.stderr)

    with interrupted_when_asked(), bar:
        wishes = Wishes(
            _KINDS.get(options.read_as),
            options.scale,
            options.pixel_size,
            options.uncertainty,
            exports,
        )
        outcomes = predict(segmenter, found.pictures, options.output, wishes, progress)
    if options.json:
        rows = [
            dataclasses.asdict(one) | {"path": readable(one.path), "passed_over": None} for one in outcomes
        ]
        rows += [
            {"path": readable(path), "passed_over": reason, "error": None}
            for path, reason in found.passed_over
        ]
        print(json.dumps(rows, indent=2))
    else:
        for one in outcomes:
            if not one.error:
                print(f"{readable(one.path)}: {one.kind} at scale {one.scale:.3g}, {one.cells} cells")
        print(f"Results: {readable(options.output)}")
    return 1 if any(one.error for one in outcomes) else 0


def _passed_over(files: Sequence[tuple[Path, str]]) -> Iterator[str]:
    """Yield a line for each reason: how many, and the first of them."""
    from pap_core.inference.predict import readable

    reasons = dict.fromkeys(reason for _, reason in files)
    for reason in reasons:
        names = [readable(path) for path, why in files if why == reason]
        more = ", …" if len(names) > _NAMED else ""
        yield f"passed over, {reason}: {len(names)} ({', '.join(names[:_NAMED])}{more})"


def _scale(text: str) -> float | None:
    if text == "auto":
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0.01 <= value <= 100:
        raise argparse.ArgumentTypeError(
            f"found {text!r:.60}, expected auto or a number between 0.01 and 100"
        )
    return value


def _pixel_size(text: str) -> float:
    size, _ = from_sides(text, text)
    if size is None:
        raise argparse.ArgumentTypeError(f"found {text!r:.60}, expected µm per pixel, 0.02 to 20, as 0.25")
    return size


def _exports(text: str) -> tuple[str, ...]:
    """Return the forms that are asked for; raises InputError where there is no such one."""
    from pap_core.export.formats import FORMATS

    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    for name in names:
        if name not in FORMATS:
            raise InputError(f"--export {text:.60}: found {name!r:.60}, expected of {', '.join(FORMATS)}.")
    return names
