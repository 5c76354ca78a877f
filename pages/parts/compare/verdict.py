"""Which method is best, and whether it is Pix2Pix: said in a sentence, with how sure that is."""

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
    """Say which of those shown is best: the one that leads the table below, by the same figure.

    Args:
        methods: all of the comparison that have a result.
        shown: those in the table, runs and checkpoints beside them included.
        table: figures of those shown.
        reading: protocol and class of the table, which is in the order of the mean Jaccard index.
    """
    ranked = wide_table(table, reading.protocol, reading.label_class).dropna(subset="jaccard")
    if ranked.empty:
        return
    of = "both classes together" if reading.label_class == "both" else reading.label_class
    by = f"by the mean Jaccard index of {of} under {reading.protocol}"
    lead, sentences = ranked.index[0], []
    if lead not in methods:
        sentences.append(
            f"**{_title(shown, lead)}** leads {by}, {with_interval(ranked.loc[lead])}; it stands beside the "
            "methods, and had another time to learn than they."
        )
    if of_methods := [name for name in ranked.index if name in methods]:
        sentences.append(_of_methods(methods, ranked.loc[of_methods], by, reading))
    st.info(" ".join(sentences), icon=":material/balance:")


def _of_methods(methods: dict[str, Entry], ranked: pd.DataFrame, by: str, reading: Reading) -> str:
    """Say which of the methods shown is best, and how far ahead of or behind Pix2Pix."""
    best = ranked.index[0]
    part = "" if len(ranked) == len(methods) else "Of the methods shown, "
    ours = [name for name in ranked.index if name.startswith(PIX2PIX)]
    if not ours:
        measured = any(name.startswith(PIX2PIX) for name in methods)
        return (
            f"{part}**{_title(methods, best)}** is best so far {by}: {with_interval(ranked.loc[best])}. "
            + ("Pix2Pix is not among them." if measured else "Pix2Pix has no result yet.")
        )
    other = ours[0] if best != ours[0] else next((name for name in ranked.index if name != best), None)
    if other is None:
        return f"**{_title(methods, best)}** alone " + ("is shown." if part else "has a result yet.")
    wins = "wins" if best == ours[0] else "wins, not Pix2Pix,"
    _, found = pair(methods[best], methods[other], Reading(reading.protocol, reading.label_class, "jaccard"))
    return (
        f"{part}**{_title(methods, best)} {wins}** {by}: {with_interval(ranked.loc[best])}, beside "
        f"{with_interval(ranked.loc[other])} of {_title(methods, other)}; on the same {found.crops:,} cells "
        f"it is ahead by {difference(found)}{chance(found)}."
    )


def chance(found: "Paired") -> str:
    """Say what the interval of a difference says of chance."""
    if pd.isna(found.low):
        return ", and with one smear or slide nothing says how sure that is"
    if found.low <= 0 <= found.high:
        return ", which may be chance: the interval has 0 in it"
    return ""


def _title(methods: dict[str, Entry], name: str) -> str:
    return plain(methods[name].title)
