"""Exports reviews, or verifies an audit log."""

import argparse
import sys

from pap_core.cli.arguments import command, named, path
from pap_core.errors import InputError
from pap_core.files import content_of


def add(commands: "argparse._SubParsersAction") -> None:
    """Add the command and what it takes."""
    one = command(
        commands, "reviews", run, "Export what clinicians reviewed, or verify an exported audit log."
    )
    one.add_argument("out", type=path, help="new file, or new folder where the format has several files")
    one.add_argument(
        "--format",
        choices=["reviews", "sipakmed", "coco", "geojson", "csv", "audit"],
        default="reviews",
        help="default: the folder that build reads",
    )
    one.add_argument(
        "--database", type=named, metavar="FILE_OR_URL", help="default: reviews.db of the workspace"
    )
    one.add_argument("--verify", action="store_true", help="see that OUT, an audit log, is as it was written")
    one.add_argument("--last", metavar="SHA256", help="of the log's last line, as --verify printed it before")


def run(options: argparse.Namespace) -> int:
    """Run the command; returns the exit status."""
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
