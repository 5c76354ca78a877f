"""The command line: ``python -m pap_core COMMAND``, a thin layer over the package."""

import argparse
import dataclasses
import json
import math
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from tqdm import tqdm

from pap_core.cli.bars import Bar, Methods, Steps
from pap_core.errors import InputError
from pap_core.files import content_of
from pap_core.training import processes

_NAMED = 5  # of the files that are passed over for one reason


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
        print(f"pap_core: {place}: {error.strerror}; mend that, or name another place.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("pap_core: interrupted", file=sys.stderr)
        return 130


def _leave_unsaid() -> None:
    """Let nobody stumble again over what could not be written to standard output."""
    with suppress(OSError):  # it is no file
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _phantom(options: argparse.Namespace) -> int:
    from pap_core.data.phantom import smear

    with Bar("smears") as progress:
        smear.write(options.out, options.smears, options.seed, progress)
    return 0


def _build(options: argparse.Namespace) -> int:
    from pap_core.data.build import BuildOptions, build, summary

    fields = {field.name: getattr(options, field.name) for field in dataclasses.fields(BuildOptions)}
    with Bar("pictures") as progress:
        described = build(options.source, options.out, BuildOptions(**fields), progress)
    print(json.dumps(described, indent=2) if options.json else summary(described))
    return 0


def _train(options: argparse.Namespace) -> int:
    from pap_core.training.run import Run
    from pap_core.training.work import work

    if options.resume and (options.dataset or options.set or options.run_folder or options.initial):
        raise InputError("train: --resume goes on with the run's own data and settings; name none beside it.")
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


def _evaluate(options: argparse.Namespace) -> int:
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


def _compare(options: argparse.Namespace) -> int:
    from pap_core.comparison import compare, job
    from pap_core.comparison.pairs import markdown_pairs
    from pap_core.comparison.table import long_table, markdown
    from pap_core.export.spreadsheet import spreadsheet_csv
    from pap_core.files import write_whole

    names = compare.chosen([name.strip() for name in options.methods.split(",") if name.strip()])
    begun = compare.begin(options.dataset, options.budget)
    known = [*dict.fromkeys([*names, *begun.done()])]
    if options.against not in (None, *known):
        raise InputError(
            f"{options.against}: not among the methods to compare; choose of {', '.join(known)}."
        )
    bar = Methods()
    for done in job.work(begun, names, bar.report):
        bar.say(f"{done.name}: {done.minutes:.1f} minutes of training, {done.milliseconds:.0f} ms a crop")
    bar.close()
    table = long_table(begun)
    write_whole(begun.folder / "comparison.csv", spreadsheet_csv(table))
    if options.json:
        print(table.to_json(orient="records", indent=2))
    else:
        print(markdown(table, options.protocol))
        print(f"\n{markdown_pairs(begun, table, options.protocol, options.against)}")
        print(f"\nTables of all protocols: {begun.folder}/comparison.csv")
    return 0


def _publish(options: argparse.Namespace) -> int:
    from pap_core.training.publish import publish
    from pap_core.training.run import Run

    commands, notes = (_text(path) if path else "" for path in (options.commands, options.notes))
    publish(Run(options.run_folder), options.out, options.evaluation, commands, notes)
    return 0


def _text(path: Path) -> str:
    try:
        return content_of(path, "check the path", str(path)).decode()
    except (FileNotFoundError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{path}: cannot be read as text ({reason}); check the path.") from None


def _reviews(options: argparse.Namespace) -> int:
    from pap_core.reviews.exchange import open_reviews
    from pap_core.reviews.exports import write
    from pap_core.reviews.exports.audit import last_digest, verify
    from pap_core.workspace import reviews_file

    if options.verify:
        try:
            log = content_of(options.out, "check the path", str(options.out))
        except FileNotFoundError:
            raise InputError(f"{options.out}: there is no such file; check the path.") from None
        count = verify(log, str(options.out), options.last)
        print(f"{options.out}: {count} decisions, as they were written; last line {last_digest(log)}")
        return 0
    for left_out in write(open_reviews(options.database or reviews_file()), options.format, options.out):
        print(f"pap_core: {left_out}", file=sys.stderr)
    return 0


def _predict(options: argparse.Namespace) -> int:
    from pap_core.images import SUFFIXES
    from pap_core.inference.predict import find_pictures, predict, readable
    from pap_core.inference.segmenter import Segmenter
    from pap_core.jobs.signals import interrupted_when_asked
    from pap_core.model.catalogue import default, resolve
    from pap_core.model.checkpoint import read

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
        outcomes = predict(
            segmenter, found.pictures, options.output, options.scale, options.uncertainty, progress
        )
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
    return 1 if any(one.error for one in outcomes) else 0


def _passed_over(files: Sequence[tuple[Path, str]]) -> Iterator[str]:
    """Yield a line for each reason: how many, and the first of them."""
    from pap_core.inference.predict import readable

    reasons = dict.fromkeys(reason for _, reason in files)
    for reason in reasons:
        names = [readable(path) for path, why in files if why == reason]
        more = ", …" if len(names) > _NAMED else ""
        yield f"passed over, {reason}: {len(names)} ({', '.join(names[:_NAMED])}{more})"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m pap_core", description="Pap smear segmentation.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: Callable, text: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text)
        added.set_defaults(run=run)
        return added

    one = command("phantom", _phantom, "Write synthetic smears in the official SIPaKMeD layout.")
    one.add_argument("out", type=_path, help="new folder")
    one.add_argument("--smears", type=int, default=10)
    one.add_argument("--seed", type=int, default=0)

    one = command("build", _build, "Build a data set folder from SIPaKMeD, Herlev, phantoms or reviews.")
    one.add_argument(
        "source",
        nargs="+",
        type=_named,
        help="folder with contours, masks or exported reviews, or a database of reviews, as a file or by its "
        "URL; its kind is recognised, and several become one data set",
    )
    one.add_argument("out", type=_path, help="new data set folder, or one left unfinished")
    one.add_argument("--mode", choices=["window", "field", "fit", "whole"], help="default: by the source")
    one.add_argument("--form", choices=["smear", "cropped"], help="SIPaKMeD only; default: by the mode")
    one.add_argument(
        "--mask-form",
        choices=["labels", "colours", "herlev"],
        help="of the -d masks: numbers 0, 1, 2; white, red, blue; or Herlev's colours; default: recognised, "
        "and refused where it may be read in two ways",
    )
    one.add_argument("--split", choices=["grouped", "paper"], default="grouped")
    one.add_argument("--test-share", type=float, default=0.3, metavar="SHARE")
    one.add_argument("--seed", type=int, default=0, help="of the split")
    one.add_argument(
        "--beside",
        action="append",
        default=[],
        type=_named,
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

    one = command("train", _train, "Train a network, or go on with a run.")
    one.add_argument("dataset", type=_path, nargs="*", help="data set folders, used together")
    one.add_argument("--preset", choices=["paper", "isola", "compact", "tiny"], default="compact")
    one.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="override a setting, as epochs=10 or generator.width=32; may be repeated",
    )
    one.add_argument(
        "--from", dest="initial", type=_named, metavar="CHECKPOINT", help="start from its generator"
    )
    one.add_argument("--run-folder", type=_path, help="new folder; default: one in the workspace")
    one.add_argument("--resume", type=_path, metavar="RUN", help="go on with this run folder")
    one.add_argument("--cpu", action="store_true", help="leave a GPU alone")
    one.add_argument(
        "--evaluate",
        action="store_true",
        help="when it is trained, measure it on the test sides and keep that for the Results page",
    )
    one.add_argument("--json", action="store_true")

    one = command("evaluate", _evaluate, "Measure a checkpoint on a data set's test side.")
    one.add_argument("checkpoint", type=_named, help="folder, run folder, or the name of a shipped one")
    one.add_argument("dataset", type=_path)
    one.add_argument("--side", choices=["test", "train"], default="test")
    one.add_argument("--protocol", choices=["strict", "colour-200", "channel-200"], default="strict")
    one.add_argument("--output", type=_path, help="default: evaluation/<checkpoint>_<data set>")
    one.add_argument("--json", action="store_true")

    one = command("compare", _compare, "Fit and measure every method of the paper's Table 5 on one data set.")
    one.add_argument("dataset", type=_path)
    one.add_argument("--methods", default="all", metavar="NAMES", help="all, or names with commas between")
    one.add_argument(
        "--budget", type=float, default=20.0, metavar="MINUTES", help="of training for each (default: 20)"
    )
    one.add_argument("--protocol", choices=["strict", "colour-200", "channel-200"], default="strict")
    one.add_argument("--against", metavar="NAME", help="pair all others with it (default: with the best)")
    one.add_argument("--json", action="store_true")

    one = command("publish", _publish, "Copy a run's best checkpoint to a folder of its own, with a card.")
    one.add_argument("run_folder", type=_path, metavar="RUN")
    one.add_argument("out", type=_path, help="as checkpoints/NAME")
    one.add_argument("--evaluation", type=_path, action="append", default=[], help="output of evaluate")
    one.add_argument("--commands", type=_path, help="file with the commands that made the data and the run")
    one.add_argument("--notes", type=_path, help="file with Markdown for the card")

    one = command("reviews", _reviews, "Export what clinicians reviewed, or verify an exported audit log.")
    one.add_argument("out", type=_path, help="new file, or new folder where the format has several files")
    one.add_argument(
        "--format",
        choices=["reviews", "sipakmed", "coco", "geojson", "csv", "audit"],
        default="reviews",
        help="default: the folder that build reads",
    )
    one.add_argument(
        "--database", type=_named, metavar="FILE_OR_URL", help="default: reviews.db of the workspace"
    )
    one.add_argument("--verify", action="store_true", help="see that OUT, an audit log, is as it was written")
    one.add_argument("--last", metavar="SHA256", help="of the log's last line, as --verify printed it before")

    one = command("predict", _predict, "Segment pictures: crops, folders of them, or whole smears.")
    formats = "PNG, JPEG, BMP, TIFF, WebP, GIF or JPEG 2000, and folders of them"
    one.add_argument("pictures", type=_path, nargs="+", metavar="IMAGE_OR_FOLDER", help=formats)
    one.add_argument("--output", type=_path, required=True, metavar="DIR")
    one.add_argument("--checkpoint", type=_named, metavar="NAME_OR_PATH", help="default: the shipped one")
    one.add_argument(
        "--scale",
        type=_scale,
        default=None,
        metavar="auto|S",
        help="auto, or the factor that brings a smear to the size of a 2048 × 1536 one's cells",
    )
    one.add_argument("--recursive", action="store_true", help="go into sub-folders, too; mirrored in DIR")
    one.add_argument("--uncertainty", action="store_true", help="also sample the dropout")
    one.add_argument("--json", action="store_true")
    return parser


def _path(text: str) -> Path:
    return Path(_named(text))


def _named(text: str) -> str:
    """Take no empty text for the current folder, or for what is used where nothing is named."""
    if not text:
        raise argparse.ArgumentTypeError("found nothing, expected a name or path; is a variable not set?")
    return text


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


if __name__ == "__main__":
    for closed in [name for name in ("stdout", "stderr") if getattr(sys, name) is None]:
        setattr(sys, closed, open(os.devnull, "w"))  # noqa: SIM115
    sys.stdout.reconfigure(errors="backslashreplace")  # a name may be any bytes, as it always could on stderr
    status = main()
    if processes.count() > 1:
        processes.leave(status)
    sys.exit(status)
