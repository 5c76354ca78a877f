"""The figures of an evaluation as tables: beside the published ones, and by category."""

import pandas as pd
import streamlit as st

from pages.shared.reading import CLASSES, METRICS, Reading
from pap_core.evaluation.intervals import LEVEL, RESAMPLES
from pap_core.evaluation.published import DOI, PUBLISHED, TOGETHER

NOTE = (
    f"**Published**: the paper's Tables 3 and 4, and Table 5 where both classes are taken together "
    f"([doi {DOI}](https://doi.org/{DOI})), its model on its own data (SIPaKMeD). Figures of different data "
    "sets are not comparable. The paper does not name its protocol; its figures fit channel-200 best.\n\n"
    f"**Intervals**: bootstrap of the mean over smears or slides, {RESAMPLES} resamples. **Left out**: "
    "crops for which the metric is undefined (0/0)."
)


def show_tables(summary: dict, reading: Reading) -> None:
    """Show the measured figures beside the published ones, then those of each category."""
    of = CLASSES[reading.label_class].lower()
    st.subheader(f"Measured and published, protocol {reading.protocol}", anchor=False)
    st.dataframe(
        against_published(summary, reading.protocol),
        hide_index=True,
        height="content",
        placeholder="–",
        alt=f"Metrics of nucleus, cytoplasm and both, measured under {reading.protocol} and published",
    )
    st.markdown(NOTE)
    st.subheader(f"By category: {of}, protocol {reading.protocol}", anchor=False)
    st.dataframe(
        by_category(summary, reading),
        hide_index=True,
        height="content",
        placeholder="–",
        alt=f"Metrics of {of} by category under protocol {reading.protocol}",
    )
    st.caption(
        f"%, mean ± standard deviation over the crops [{LEVEL} % interval of the mean, where there is more "
        "than one smear or slide]."
    )


def against_published(summary: dict, protocol: str) -> pd.DataFrame:
    """Tabulate a summary (of `pap_core.evaluation.evaluate`) beside the published figures, in %."""
    rows = []
    for name, found in summary["protocols"][protocol].items():
        for metric, figures in found.items():
            rows.append(
                {
                    "Class": CLASSES[name],
                    "Metric": METRICS[metric],
                    "Measured (%, mean ± sd)": spread(figures),
                    f"{LEVEL} % interval": between(figures),
                    "Left out": figures["undefined"],
                    "Published (%, mean ± sd)": published(name, metric),
                }
            )
    return pd.DataFrame(rows)


def by_category(summary: dict, reading: Reading) -> pd.DataFrame:
    """Tabulate the metrics of one class for each category and for all."""
    parts = {**summary["categories"], "All": summary}
    rows = []
    for category, part in parts.items():
        found = part["protocols"][reading.protocol][reading.label_class]
        row = {"Category": category, "Crops": part["crops"]}
        for metric, name in METRICS.items():
            left_out = f", {found[metric]['undefined']} left out" if found[metric]["undefined"] else ""
            row[name] = f"{spread(found[metric])} {between(found[metric])}".rstrip() + left_out
        rows.append(row)
    return pd.DataFrame(rows)


def spread(figures: dict) -> str:
    """Write a mean and its standard deviation in %."""
    return f"{_percent(figures['mean'])} ± {_percent(figures['sd'])}"


def between(figures: dict) -> str:
    """Write an interval in %; one smear or slide has none."""
    if figures["low"] is None:
        return ""
    return f"[{_percent(figures['low'])}, {_percent(figures['high'])}]"


def published(name: str, metric: str) -> str:
    """Write the published figure: two digits and no deviation where both classes are taken together.

    The paper has no Dice.
    """
    if metric not in TOGETHER:
        return "–"
    if name not in PUBLISHED:
        return f"{TOGETHER[metric]:.0f}"
    mean, sd = PUBLISHED[name][metric]
    return f"{mean:.2f} ± {sd:.2f}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.2f}"
