"""The settings of runs side by side, and in what they differ."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from pages.shared.display import plain
from pap_core.errors import InputError
from pap_core.training.config import flat

if TYPE_CHECKING:
    from pap_core.training.run import Run

ALIKE = "They are set alike, and learn from the same data: they differ in nothing that decides a run."


def show_settings(runs: list["Run"]) -> None:
    """Show the frozen settings of a run, or of several with what differs between them."""
    several = len(runs) > 1
    expander = st.expander(
        "What differs between their settings" if several else "Settings",
        icon=":material/tune:",
        expanded=several,
        key=f"train_settings_{several}",
        on_change="rerun",
    )
    if not expander.open:
        return
    with expander:
        found = {}
        for run in runs:
            try:
                found[run.folder.name] = settings_of(run)
            except InputError as error:
                st.warning(plain(str(error)))
        table = compared(found)
        if several and not st.toggle("All settings", key="train_settings_all"):
            table = table[table.nunique(axis=1) > 1]
            if table.empty:
                st.info(ALIKE)
                return
        height = "auto" if len(table) < 12 else 440
        st.dataframe(table, height=height, placeholder="–", alt=f"Settings of {', '.join(found)}")


def settings_of(run: "Run") -> dict[str, str]:
    """Return every setting of a run as a word, and what it learns from.

    Raises:
        InputError: as `pap_core.training.run.Run.read_config`.
    """
    config, described = run.read_config()
    data = [f"{one['folder'].rpartition('/')[2]} ({one['digest'][:12]})" for one in described]
    weights = [f"{one['weight']:g}" for one in described if "weight" in one]
    words = {"preset": config.preset, "data": ", ".join(data), "weights of the data": " : ".join(weights)}
    words["starts from a checkpoint"] = "yes" if run.initial.exists() else "no"
    return words | {name: _word(value) for name, value in flat(config).items()}


def compared(found: Mapping[str, Mapping[str, str]]) -> pd.DataFrame:
    """Return a row for each setting, a column for each run; "" where a run has no such setting."""
    return pd.DataFrame({name: pd.Series(words) for name, words in found.items()}).fillna("")


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return " to ".join(map(_word, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
