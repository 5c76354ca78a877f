"""Measures methods side by side."""

import argparse
import sys

from pap_core.cli.arguments import command, path
from pap_core.cli.bars import Methods
from pap_core.errors import InputError


def add(commands: "argparse._SubParsersAction") -> None:
    """Add the command and what it takes."""
    one = command(
        commands, "compare", run, "Fit and measure every method of the paper's Table 5 on one data set."
    )
    one.add_argument("dataset", type=path)
    one.add_argument("--methods", default="all", metavar="NAMES", help="all, or names with commas between")
    one.add_argument(
        "--budget", type=float, default=20.0, metavar="MINUTES", help="of training for each (default: 20)"
    )
    one.add_argument("--protocol", choices=["strict", "colour-200", "channel-200"], default="strict")
    one.add_argument("--against", metavar="NAME", help="pair all others with it (default: with the best)")
    one.add_argument("--json", action="store_true")


def run(options: argparse.Namespace) -> int:
    """Run the command; returns the exit status."""
    from pap_core.comparison import compare, job
    from pap_core.comparison.nuclei import markdown_nuclei, nuclei_table
    from pap_core.comparison.pairs import markdown_pairs
    from pap_core.comparison.table import long_table, markdown
    from pap_core.export.spreadsheet import spreadsheet_csv
    from pap_core.files import write_whole
    from pap_core.methods import catalogue

    asked = [name.strip() for name in options.methods.split(",") if name.strip()]
    names = compare.chosen(asked)
    for name in catalogue.NAMES if "all" in asked else ():
        if name not in names:
            print(f"pap_core: {name} is left out: {catalogue.unavailable(name)}.", file=sys.stderr)
    begun = compare.begin(options.dataset, options.budget)
    known = [*dict.fromkeys([*names, *begun.done()])]
    if options.against not in (None, *known):
        raise InputError(
            f"{options.against}: not among the methods to compare; choose of {', '.join(known)}."
        )
    bar = Methods()
    for done in job.work(begun, names, bar.report):
        bar.say(f"{done.name}: {done.minutes:.1f} minutes of training, {done.milliseconds:.0f} ms per crop")
    bar.close()
    table = long_table(begun)
    of_nuclei = nuclei_table(begun)
    write_whole(begun.folder / "comparison.csv", spreadsheet_csv(table))
    write_whole(begun.folder / "nuclei.csv", spreadsheet_csv(of_nuclei))
    if options.json:
        print(table.to_json(orient="records", indent=2))
    else:
        print(markdown(table, options.protocol))
        if options.protocol == "strict":
            print(f"\n{markdown_nuclei(of_nuclei)}")
        print(f"\n{markdown_pairs(begun, table, options.protocol, options.against)}")
        print(f"\nTables of all protocols: {begun.folder}/comparison.csv, {begun.folder}/nuclei.csv")
    return 0
