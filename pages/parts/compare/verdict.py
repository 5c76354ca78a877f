"""Which of all those shown is best, and where Pix2Pix stands: in a sentence, with how sure that is."""

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from pages.parts.compare.data import PIX2PIX, Entry, pair
from pages.shared.display import plain
from pages.shared.reading import Reading
from pap_core.comparison.pairs import difference
from pap_core.comparison.table import wide_table, with_interval

if TYPE_CHECKING:
    from pap_core.evaluation.paired import Paired


def verdict(
    methods: dict[str, Entry], shown: dict[str, Entry], table: pd.DataFrame, reading: Reading
) -> None:
    """Say which of all those shown is best: the one that leads the table below, by the same figure.

    Args:
        methods: all of the comparison that have a result.
        shown: those in the table, runs and checkpoints beside them included.
        table: figures of those shown.
        reading: protocol and class of the table, which is in the order of the mean Jaccard index.
    """
    ranked = wide_table(table, reading.protocol, reading.label_class).dropna(subset="jaccard")
    if ranked.empty:
        return
    lead, sentences = ranked.index[0], [_best(shown, ranked, reading)]
    if lead not in methods:
        sentences.append("It stands beside the methods, and was trained for another time than they.")
    sentences.append(_pix2pix(methods, shown, ranked, reading))
    st.info(" ".join(filter(None, sentences)), icon=":material/balance:")


def _best(shown: dict[str, Entry], ranked: pd.DataFrame, reading: Reading) -> str:
    """Say which is best of all, and how far ahead of the next."""
    of = "both classes together" if reading.label_class == "both" else reading.label_class
    by = f"by the mean Jaccard index of {of} under {reading.protocol}"
    lead, *others = ranked.index
    if not others:
        return f"**{_title(shown, lead)}** alone is shown; {by}: {with_interval(ranked.loc[lead])}."
    return (
        f"**{_title(shown, lead)}** is best of the {len(ranked)} shown {by}: "
        f"{with_interval(ranked.loc[lead])}, beside {with_interval(ranked.loc[others[0]])} of "
        f"{_title(shown, others[0])}{_ahead(shown, lead, others[0], reading)}."
    )


def _pix2pix(
    methods: dict[str, Entry], shown: dict[str, Entry], ranked: pd.DataFrame, reading: Reading
) -> str:
    """Say where Pix2Pix stands, unless that is said of the first two."""
    places = [place for place, name in enumerate(ranked.index) if name.startswith(PIX2PIX)]
    if not places:
        measured = any(name.startswith(PIX2PIX) for name in methods)
        return "Pix2Pix is not among them." if measured else "Pix2Pix has no result yet."
    if places[0] < 2:
        return ""
    lead, ours = ranked.index[0], ranked.index[places[0]]
    return (
        f"{_title(shown, ours)} is in place {places[0] + 1}, {with_interval(ranked.loc[ours])}"
        f"{_ahead(shown, lead, ours, reading)}."
    )


def _ahead(shown: dict[str, Entry], lead: str, other: str, reading: Reading) -> str:
    """Say by how much the first is ahead of another cell by cell, and whether that may be chance."""
    _, found = pair(shown[lead], shown[other], Reading(reading.protocol, reading.label_class, "jaccard"))
    if not found.crops:
        return ""
    return (
        f"; on the same {found.crops:,} cells {_title(shown, lead)} is ahead by "
        f"{difference(found)}{chance(found)}"
    )


def chance(found: "Paired") -> str:
    """Say what the interval of a difference says of chance."""
    if pd.isna(found.low):
        return ", and with one smear or slide nothing says how sure that is"
    if found.low <= 0 <= found.high:
        return ", which may be chance: the interval has 0 in it"
    return ""


def _title(shown: dict[str, Entry], name: str) -> str:
    return plain(shown[name].title)
