"""The nuclei of a comparison one by one: the figures of every method, and the same as Markdown."""

from typing import cast

import pandas as pd

from pap_core.comparison.table import ALL, Measured, markdown_row, markdown_title, share, with_ends
from pap_core.evaluation.measured import OF_OBJECTS, OUTLINES, Figures

_ENDS = ["mean", "sd", "low", "high"]


def nuclei_table(comparison: Measured) -> pd.DataFrame:
    """Return the figures of nuclei: a row by method, category and metric, best F1 first.

    Returns:
        Columns `method`, `category` (`ALL` for all), `metric` (of `OF_OBJECTS`), `mean`, `sd`, `low`, `high`
        (NaN where there is none), `undefined`, `crops`, `together` (all crops added up; NaN for what is no
        sum). A method that was evaluated before nuclei were matched has no row.

    Raises:
        InputError: an evaluation is damaged.
    """
    rows = []
    for name, done in comparison.done().items():
        kept = comparison.evaluation(done)
        summary = kept.summary() if kept else None
        if summary is None or "nuclei" not in summary:
            continue
        for category, part in {ALL: summary, **summary["categories"]}.items():
            for metric in OF_OBJECTS:
                rows.append(
                    {
                        "method": name,
                        "category": category,
                        "metric": metric,
                        **cast(dict[str, Figures], part["nuclei"])[metric],
                        "crops": part["crops"],
                        "together": part["nuclei_together"].get(metric),
                    }
                )
    columns = ["method", "category", "metric", *_ENDS, "undefined", "crops", "together"]
    table = pd.DataFrame(rows, columns=columns).astype(dict.fromkeys([*_ENDS, "together"], float))
    order = table[(table["metric"] == "f1") & (table["category"] == ALL)].set_index("method")["mean"]
    rank = {name: number for number, name in enumerate(order.sort_values(ascending=False).index)}
    return table.sort_values("method", key=lambda names: names.map(rank), kind="stable", ignore_index=True)


def markdown_nuclei(table: pd.DataFrame) -> str:
    """Return `nuclei_table` as a Markdown table: a row for each method, the means over all crops."""
    names = ["F1 [95 % interval]", *(metric.replace("_", " ") for metric in OF_OBJECTS[1:])]
    head = ["method", *(name + (" (px)" if name.startswith("boundary") else "") for name in names)]
    lines = ["### Nuclei one by one, `strict`", "", markdown_row(head), markdown_row(["---"] * len(head))]
    of_all = table[table["category"] == ALL]
    for method, rows in of_all.groupby("method", sort=False):
        found = rows.set_index("metric")
        low, high = found.loc["f1", ["low", "high"]]
        cells = [with_ends(found.loc["f1", "mean"], low, high)]
        for metric in OF_OBJECTS[1:]:
            mean = found.loc[metric, "mean"]
            cells.append("–" if pd.isna(mean) else f"{mean:.1f}" if metric in OUTLINES else share(mean))
        lines.append(markdown_row([markdown_title(cast(str, method)), *cells]))
    return "\n".join(lines)
