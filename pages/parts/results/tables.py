"""The figures of an evaluation as tables: beside the published ones, and by category."""

import pandas as pd
import streamlit as st

from pages.shared.reading import CLASSES, METRICS, Reading
from pages.shared.tables import HIGH, LOW, SHARE, as_csv
from pap_core.categories import in_order, written
from pap_core.evaluation.intervals import RESAMPLES
from pap_core.evaluation.published import DOI, PUBLISHED, TOGETHER

NOTE = (
    f"**Published**: the paper's Tables 3 and 4, and Table 5 where both classes are taken together, there "
    f"with two digits ([doi {DOI}](https://doi.org/{DOI})), its model on its own data (SIPaKMeD). Figures of "
    "different data sets are not comparable. The paper does not name its protocol; its figures fit "
    "channel-200 best.\n\n"
    f"**Intervals**: bootstrap of the mean over smears or slides, {RESAMPLES} resamples. **sd**: standard "
    "deviation over the crops. **Left out**: crops for which the metric is undefined (0/0)."
)
_MEASURED, _PUBLISHED = "Measured", "Published"


def show_tables(summary: dict, reading: Reading) -> None:
    """Show the measured figures beside the published ones, then those of each category."""
    of = CLASSES[reading.label_class].lower()
    st.subheader(f"Measured and published, protocol {reading.protocol}", anchor=False)
    beside = against_published(summary, reading.protocol)
    st.dataframe(
        beside,
        hide_index=True,
        height="content",
        placeholder="–",
        column_config=dict.fromkeys((_MEASURED, "sd", LOW, HIGH, _PUBLISHED, "Published sd"), SHARE),
        alt=f"Metrics of nucleus, cytoplasm and both, measured under {reading.protocol} and published",
    )
    as_csv(beside, f"figures_{reading.protocol}")
    st.markdown(NOTE)
    st.subheader(f"By category: {of}, protocol {reading.protocol}", anchor=False)
    st.dataframe(
        by_category(summary, reading),
        hide_index=True,
        height="content",
        placeholder="–",
        column_config=dict.fromkeys((*METRICS.values(), "sd", LOW, HIGH), SHARE),
        alt=f"Metrics of {of} by category under protocol {reading.protocol}",
    )
    as_csv(
        all_by_category(summary, reading.protocol),
        f"categories_{reading.protocol}",
        "All by category (CSV)",
        "A row for each category, class and metric, with its interval.",
    )
    st.caption(
        f"Means over the crops; of the {METRICS[reading.metric]} with interval and standard deviation. "
        "Another **Metric**, above, has its own."
    )


def against_published(summary: dict, protocol: str) -> pd.DataFrame:
    """Tabulate a summary (of `pap_core.evaluation.evaluate`) beside the published figures, as shares."""
    rows = []
    for name, found in summary["protocols"][protocol].items():
        for metric, figures in found.items():
            mean, sd = published(name, metric)
            rows.append(
                {
                    "Class": CLASSES[name],
                    "Metric": METRICS[metric],
                    _MEASURED: figures["mean"],
                    LOW: figures["low"],
                    HIGH: figures["high"],
                    "sd": figures["sd"],
                    "Left out": figures["undefined"],
                    _PUBLISHED: mean,
                    "Published sd": sd,
                }
            )
    return pd.DataFrame(rows).astype(
        dict.fromkeys((_MEASURED, LOW, HIGH, "sd", _PUBLISHED, "Published sd"), float)
    )


def by_category(summary: dict, reading: Reading) -> pd.DataFrame:
    """Tabulate the metrics of one class for each category and for all, the one chosen first and in full."""
    rows = []
    for category, part in _parts(summary):
        found = part["protocols"][reading.protocol][reading.label_class]
        chosen = found[reading.metric]
        rows.append(
            {
                "Category": category,
                "Crops": part["crops"],
                METRICS[reading.metric]: chosen["mean"],
                LOW: chosen["low"],
                HIGH: chosen["high"],
                "sd": chosen["sd"],
                "Left out": chosen["undefined"],
                **{
                    name: found[metric]["mean"]
                    for metric, name in METRICS.items()
                    if metric != reading.metric
                },
            }
        )
    return pd.DataFrame(rows).astype(dict.fromkeys((*METRICS.values(), LOW, HIGH, "sd"), float))


def all_by_category(summary: dict, protocol: str) -> pd.DataFrame:
    """Tabulate every class and metric of a protocol: a row for each category, class and metric."""
    rows = [
        {"category": category, "class": name, "metric": metric, "crops": part["crops"], **figures}
        for category, part in _parts(summary)
        for name, found in part["protocols"][protocol].items()
        for metric, figures in found.items()
    ]
    return pd.DataFrame(rows)


def _parts(summary: dict) -> list[tuple[str, dict]]:
    """Return the categories, as people write them and in their order, then all."""
    categories = summary["categories"]
    return [*((written(name), categories[name]) for name in in_order(categories)), ("All", summary)]


def published(name: str, metric: str) -> tuple[float | None, float | None]:
    """Return the published mean and standard deviation as shares, None for what the paper does not have.

    It has no Dice, and no deviation where both classes are taken together.
    """
    if metric not in TOGETHER:
        return None, None
    if name not in PUBLISHED:
        return TOGETHER[metric] / 100, None
    mean, sd = PUBLISHED[name][metric]
    return mean / 100, sd / 100
