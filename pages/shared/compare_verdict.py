"""Which method is best, and whether it is Pix2Pix: said in a sentence, with how sure that is."""

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from pages.shared.compare_data import PIX2PIX, Entry, pair
from pages.shared.display import plain
from pages.shared.reading import Reading
from pap_core.comparison_pairs import difference
from pap_core.comparison_table import wide_table, with_interval

if TYPE_CHECKING:
    from pap_core.paired import Paired


def verdict(methods: dict[str, Entry], table: pd.DataFrame, protocol: str) -> None:
    """Say which method has the best mean Jaccard index of both classes together.

    Args:
        methods: all of the comparison that have a result.
        table: their figures.
        protocol: by which they are measured.
    """
    ranked = wide_table(table, protocol, "both").dropna(subset="jaccard")
    if ranked.empty:
        return
    best = ranked.index[0]
    ours = [name for name in ranked.index if name.startswith(PIX2PIX)]
    by = f"by the mean Jaccard index of both classes together under {protocol}"
    if not ours:
        st.info(
            f"**{_title(methods, best)}** is best so far {by}: {with_interval(ranked.loc[best])}. Pix2Pix "
            "has no result yet.",
            icon=":material/balance:",
        )
        return
    other = ours[0] if best != ours[0] else next((name for name in ranked.index if name != best), None)
    if other is None:
        st.info(f"**{_title(methods, best)}** alone has a result yet.", icon=":material/balance:")
        return
    wins = "wins" if best == ours[0] else "wins, not Pix2Pix,"
    _, found = pair(methods[best], methods[other], Reading(protocol, "both", "jaccard"))
    st.info(
        f"**{_title(methods, best)} {wins}** {by}: {with_interval(ranked.loc[best])}, beside "
        f"{with_interval(ranked.loc[other])} of {_title(methods, other)}; on the same {found.crops:,} cells "
        f"it is ahead by {difference(found)}{chance(found)}.",
        icon=":material/balance:",
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
