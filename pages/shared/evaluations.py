"""What was evaluated, read once and remembered until the files change."""

from pathlib import Path

import pandas as pd
import streamlit as st

from pages.shared.reading import Reading
from pap_core.data.described import FILE as DESCRIBED
from pap_core.errors import InputError
from pap_core.evaluation.store import Kept, TestSplit, split_of
from pap_core.export.spreadsheet import spreadsheet_csv
from pap_core.model.catalogue import WEIGHTS, digest


def read_rows(kept: Kept, reading: Reading) -> pd.DataFrame:
    """Read the rows of one protocol and class, a cell each, with the metric as `value`, 0 to 1."""
    rows = read_protocol(kept, reading.protocol)
    rows = rows[rows["class"] == reading.label_class]
    return rows.assign(value=rows[reading.metric].astype(float))


def listed_csv(rows: pd.DataFrame, order: list[str], summary: dict) -> bytes:
    """Write rows as they stand in ``per_image.csv``, in the order asked for, with what they come from."""
    listed = rows.set_index("id", drop=False).loc[order].drop(columns="value")
    origin = {"checkpoint": summary["checkpoint"]["digest"], "dataset": summary["dataset"]["digest"]}
    return spreadsheet_csv(listed.assign(**origin))


def checkpoint_digest(folder: Path) -> str:
    """Return the digest of a checkpoint's weights; raises InputError where they are gone."""
    try:
        return _digest(str(folder), _changed(folder / WEIGHTS))
    except OSError as error:
        raise InputError(
            f"{folder / WEIGHTS}: cannot be read ({error.strerror}), expected a checkpoint's weights; choose "
            "another checkpoint."
        ) from None


def test_split(folder: Path) -> TestSplit:
    """Look up the test split of a data set; raises InputError where there is none."""
    return _split(str(folder), _changed(folder / DESCRIBED))


def read_protocol(kept: Kept, protocol: str) -> pd.DataFrame:
    """Read the rows of one protocol, three a cell: one for each class."""
    return _of_protocol(str(kept.folder), _changed(kept.folder / "per_image.csv"), protocol)


def read_summary(kept: Kept) -> dict:
    """Read the summary; raises InputError where it is missing or damaged."""
    return _summary(str(kept.folder), _changed(kept.folder / "summary.json"))


def _changed(path: Path) -> int:
    return path.stat().st_mtime_ns if path.exists() else 0


@st.cache_data(max_entries=16, show_spinner=False)
def _of_protocol(folder: str, changed: int, protocol: str) -> pd.DataFrame:
    table = Kept(Path(folder)).table()
    return table[table["protocol"] == protocol].reset_index(drop=True)


@st.cache_data(max_entries=16, show_spinner=False)
def _summary(folder: str, changed: int) -> dict:
    return Kept(Path(folder)).summary()


@st.cache_data(max_entries=32, show_spinner=False)
def _digest(folder: str, changed: int) -> str:
    return digest(Path(folder, WEIGHTS).read_bytes())


@st.cache_data(max_entries=32, show_spinner=False)
def _split(folder: str, changed: int) -> TestSplit:
    return split_of(Path(folder))
