"""The figures of a comparison as tables: of all, beside the published ones, by category; and to take away."""

from functools import partial

import pandas as pd
import streamlit as st

from pages.parts.compare.by_category import METHOD, in_columns, show_by_category
from pages.parts.compare.data import PIX2PIX, Entry
from pages.shared.reading import METRICS, Reading
from pages.shared.tables import HIGH, LOW, SHARE
from pap_core.comparison.table import NAMES, latex, markdown, wide_table
from pap_core.evaluation.intervals import LEVEL, RESAMPLES
from pap_core.evaluation.published import DOI, PUBLISHED, TABLE_5
from pap_core.export.spreadsheet import spreadsheet_csv
from pap_core.methods.catalogue import ABOUT

COSTS = {"milliseconds": "ms per crop", "parameters": "Parameters", "minutes": "Minutes"}
NOTE = (
    f"Means over the test crops, from 0 to 1, best first. **Interval**: {LEVEL} %, of the mean Jaccard "
    f"index, bootstrap over smears or slides, {RESAMPLES} resamples. **ms per crop**: the median, one crop "
    "by itself, when it was measured; other work on the machine makes it longer. **Minutes**: of training, "
    "its members' included. What is empty was not measured."
)
PUBLISHED_NOTE = (
    f"**Published**: the paper's figures ([doi {DOI}](https://doi.org/{DOI})). Each row of its Table 5 is of "
    "another work and another data set than this one, and not comparable; they stand here to be seen beside "
    "what the same method does on these crops. The paper does not name its protocol; its own figures fit "
    "channel-200 best."
)


def show_tables(entries: dict[str, Entry], table: pd.DataFrame, reading: Reading, stem: str) -> None:
    """Show what was measured of all, then beside what is published, then by category.

    Args:
        entries: at least one.
        table: their figures, see `pap_core.comparison.table.long_table`.
        reading: protocol and class of all three, metric of the last.
        stem: how the names of the files begin that take them away.
    """
    of, protocol = NAMES[reading.label_class], reading.protocol
    st.subheader(f"{of}, protocol {protocol}", anchor=False)
    st.dataframe(
        all_metrics(entries, table, reading),
        hide_index=True,
        height="content",
        placeholder="–",
        column_config={name: SHARE for name in (*METRICS.values(), LOW, HIGH)}
        | {
            "Method": METHOD,
            COSTS["milliseconds"]: st.column_config.NumberColumn(format="%.0f"),
            COSTS["parameters"]: st.column_config.NumberColumn(format="localized"),
            COSTS["minutes"]: st.column_config.NumberColumn(format="%.1f"),
        },
        alt=f"Metrics of {of.lower()} under {protocol} and what each method takes, best Jaccard first",
    )
    downloads(table, reading, stem)
    st.markdown(NOTE)
    st.subheader(f"Measured and published: {of.lower()}, protocol {protocol}", anchor=False)
    beside = beside_published(entries, table, reading)
    if beside.empty:
        st.caption("The paper has no figure for those shown.")
    else:
        st.dataframe(
            beside,
            hide_index=True,
            height="content",
            placeholder="–",
            # by place, the index being 0: columns of two heads have no name
            column_config={1: METHOD} | dict.fromkeys(range(2, beside.shape[1] + 1), SHARE),
            alt=f"Metrics of {of.lower()} measured here under {protocol}, beside those the paper prints",
        )
    st.markdown(PUBLISHED_NOTE)
    st.subheader(f"By category: {reading.title}, protocol {protocol}", anchor=False)
    show_by_category(
        by_category(entries, table, reading),
        f"{stem}_{protocol}_{reading.label_class}_{reading.metric}",
        f"{reading.title} by category under {protocol}, a row for each method",
    )
    st.caption("Means; rows in the order of the first table, by the Jaccard index.")


def all_metrics(entries: dict[str, Entry], table: pd.DataFrame, reading: Reading) -> pd.DataFrame:
    """Tabulate all metrics of one protocol and class, with the costs; best Jaccard index first."""
    wide = wide_table(table, reading.protocol, reading.label_class)
    shown = pd.DataFrame({"Method": [entries[name].title for name in wide.index]})
    shown[METRICS["jaccard"]] = wide["jaccard"].to_numpy()
    shown[LOW], shown[HIGH] = wide["low"].to_numpy(), wide["high"].to_numpy()
    for metric, name in METRICS.items():
        shown[name] = wide[metric].to_numpy()  # the Jaccard index keeps its place, in front
    for cost, name in COSTS.items():
        shown[name] = wide[cost].to_numpy()
    return shown


def beside_published(entries: dict[str, Entry], table: pd.DataFrame, reading: Reading) -> pd.DataFrame:
    """Tabulate what the paper prints beside the same measured here; only methods that it has.

    Returns:
        Columns of two heads: the metric, then "here" and "published"; the first is "", "Method".
    """
    wide = wide_table(table, reading.protocol, reading.label_class)
    printed = {name: published(name, reading.label_class) for name in wide.index}
    printed = {name: found for name, found in printed.items() if found}
    shown: dict[tuple[str, str], list] = {("", "Method"): [entries[name].title for name in printed]}
    for metric in ("jaccard", *(one for one in METRICS if one != "jaccard")):
        if any(metric in found for found in printed.values()):
            shown[METRICS[metric], "here"] = wide.loc[list(printed), metric].tolist()
            shown[METRICS[metric], "published"] = [
                found.get(metric, float("nan")) for found in printed.values()
            ]
    return pd.DataFrame(shown)


def published(name: str, label_class: str) -> dict[str, float]:
    """Return what the paper prints of a method, as shares; of single classes it has its own Pix2Pix only."""
    if label_class == "both":
        return TABLE_5.get(ABOUT[name].row, {}) if name in ABOUT else {}
    if not name.startswith(PIX2PIX):
        return {}
    return {metric: mean / 100 for metric, (mean, _) in PUBLISHED[label_class].items()}


def by_category(entries: dict[str, Entry], table: pd.DataFrame, reading: Reading) -> pd.DataFrame:
    """Tabulate the metric chosen for each category and for all; see `in_columns`."""
    order = wide_table(table, reading.protocol, reading.label_class).index
    chosen = table[
        (table["protocol"] == reading.protocol)
        & (table["class"] == reading.label_class)
        & (table["metric"] == reading.metric)
    ]
    return in_columns(entries, chosen, list(order))


def downloads(table: pd.DataFrame, reading: Reading, stem: str) -> None:
    """Offer the figures shown, to work on or to print.

    Args:
        table: figures of those shown.
        reading: protocol of what is to be printed, and class of the LaTeX table.
        stem: how the files' names begin.
    """
    name = f"{stem}_{reading.protocol}"
    with st.container(horizontal=True):
        st.download_button(
            "All figures (CSV)",
            partial(spreadsheet_csv, table),
            f"{stem}.csv",
            "text/csv",
            on_click="ignore",
            icon=":material/download:",
            help="A row for each of those shown, by protocol, class, category and metric, with its interval.",
        )
        st.download_button(
            "Tables (Markdown)",
            partial(markdown, table, reading.protocol),
            f"{name}.md",
            "text/markdown",
            on_click="ignore",
            icon=":material/download:",
            help="The methods shown, under this protocol: three tables, and the Jaccard index by category.",
        )
        st.download_button(
            "Table (LaTeX)",
            partial(latex, table, reading.protocol, reading.label_class),
            f"{name}_{reading.label_class}.tex",
            "text/x-tex",
            on_click="ignore",
            icon=":material/download:",
            help="The methods shown, under this protocol and class, for the package booktabs.",
        )
