"""What is compared: the methods that have a result, runs beside them, their figures, read once."""

from contextlib import suppress
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from pages.shared.evaluations import checkpoint_digest, read_protocol, test_split
from pages.shared.model import checkpoints
from pages.shared.reading import Reading
from pap_core.comparison.compare import Comparison, Done
from pap_core.comparison.nuclei import nuclei_table
from pap_core.comparison.table import long_table, title
from pap_core.errors import InputError
from pap_core.evaluation.paired import differences, paired
from pap_core.evaluation.store import Kept, TestSplit, find
from pap_core.model.catalogue import run_of
from pap_core.training.run import METRICS, Run
from pap_core.workspace import evaluations

if TYPE_CHECKING:
    from pap_core.evaluation.paired import Paired

PIX2PIX = "pix2pix"  # how the names of its presets begin
_NOT_MEASURED = float("nan")


@dataclass(frozen=True)
class Entry:
    """A method, a run or a shipped checkpoint, with what was measured of it on the test split."""

    name: str
    title: str
    done: Done
    kept: Kept


@dataclass(frozen=True)
class _Chosen:
    """Entries as `pap_core.comparison.table.Measured`."""

    entries: dict[str, Entry]

    def done(self) -> dict[str, Done]:
        return {name: entry.done for name, entry in self.entries.items()}

    def evaluation(self, done: Done) -> Kept:
        return self.entries[done.name].kept


def split_of(comparison: Comparison) -> TestSplit:
    """Return the test split; raises InputError where the data set is gone, or is another by now."""
    split = test_split(comparison.dataset)
    if not comparison.folder.name.startswith(split.digest[:12]):
        return comparison.split()  # which says so
    return split


def measured(comparison: Comparison, split: TestSplit) -> dict[str, Entry]:
    """Return the methods that have a result, in the catalogue's order."""
    found = {}
    for name, done in comparison.done().items():
        if kept := find(done.digest, split):
            found[name] = Entry(name, title(name), done, kept)
    return found


def beside(comparison: Comparison, split: TestSplit, methods: dict[str, Entry]) -> dict[str, Entry]:
    """Return the runs and checkpoints that were evaluated on the same test split, by name.

    Args:
        comparison: its own runs are left out: they are the methods'.
        split: see `split_of`.
        methods: see `measured`.
    """
    taken = {entry.done.digest for entry in methods.values()}
    kept = {path.name.partition("_")[0] for path in evaluations().glob(f"*_{split.digest}")}
    if not kept - taken:
        return {}  # to tell a checkpoint's digest takes reading it
    found = {}
    for name, folder in checkpoints().items():
        run = run_of(folder)
        if run and run.name.startswith(f"{comparison.place.name}-"):
            continue
        with suppress(InputError):  # its weights have just gone
            digest = checkpoint_digest(folder)
            if digest in kept - taken:
                one = Kept(evaluations() / f"{digest}_{split.digest}")
                done = Done(name, digest, *astuple(one.cost()), *_training(run))
                found[name] = Entry(name, title(name), done, one)
    return found


def _training(run: Path | None) -> tuple[float, int]:
    """Return minutes and epochs of a run; of a checkpoint without one nothing is known."""
    if run is None:
        return _NOT_MEASURED, 0
    metrics = run / METRICS
    try:
        return _minutes(str(run), metrics.stat().st_mtime_ns if metrics.exists() else 0)
    except InputError:  # its configuration is damaged; what was measured of it is not
        return _NOT_MEASURED, 0


@st.cache_data(max_entries=64, show_spinner=False)
def _minutes(folder: str, changed: int) -> tuple[float, int]:
    run = Run(Path(folder))
    return run.minutes(), run.read_config()[0].epochs


def figures(entries: dict[str, Entry]) -> pd.DataFrame:
    """Return every figure of entries, see `pap_core.comparison.table.long_table`."""
    changed = [(entry.done, _changed(entry.kept, "summary.json")) for entry in entries.values()]
    return _figures(tuple(changed), _Chosen(entries))


def nuclei(entries: dict[str, Entry]) -> pd.DataFrame:
    """Return the figures of nuclei of entries, see `pap_core.comparison.nuclei.nuclei_table`."""
    changed = [(entry.done, _changed(entry.kept, "summary.json")) for entry in entries.values()]
    return _nuclei(tuple(changed), _Chosen(entries))


def rows_of(entry: Entry, reading: Reading) -> pd.DataFrame:
    """Return the rows by cell of one protocol and class."""
    rows = read_protocol(entry.kept, reading.protocol)
    return rows[rows["class"] == reading.label_class]


def pair(first: Entry, second: Entry, reading: Reading) -> tuple[pd.DataFrame, "Paired"]:
    """Return the differences cell by cell, and their sum; see `pap_core.evaluation.paired`."""
    changed = tuple(_changed(entry.kept, "per_image.csv") for entry in (first, second))
    return _pair(first, second, reading, changed)


def _changed(kept: Kept, name: str) -> tuple[str, int]:
    path = kept.folder / name
    return str(path), path.stat().st_mtime_ns if path.exists() else 0


@st.cache_data(max_entries=32, show_spinner=False)
def _nuclei(changed: tuple, _chosen: _Chosen) -> pd.DataFrame:
    return nuclei_table(_chosen)


@st.cache_data(max_entries=32, show_spinner=False)
def _figures(changed: tuple, _chosen: _Chosen) -> pd.DataFrame:
    return long_table(_chosen)


@st.cache_data(max_entries=64, show_spinner=False)
def _pair(_first: Entry, _second: Entry, reading: Reading, changed: tuple) -> tuple[pd.DataFrame, "Paired"]:
    table = differences(rows_of(_first, reading), rows_of(_second, reading), reading.metric)
    return table, paired(table)
