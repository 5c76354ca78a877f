"""Summaries of a table by image: means over images with their intervals, of all and by category."""

import pandas as pd

from pap_core.evaluation.intervals import figures
from pap_core.evaluation.measured import METRICS


def summarise(table: pd.DataFrame) -> dict:
    """Summarise a table by image, as `measure` makes it.

    Returns:
        `crops`, `groups` and `protocols`: by protocol, class and metric the `mean` over images, `sd` (the
        sample's, n - 1), `low` and `high` (95 % interval by slide, see `figures`) and `undefined`, the
        number of images left out because the metric is 0/0 there. A figure that does not exist is None.
        Under `categories` the same for each category.
    """
    categories = {name: _summary(rows) for name, rows in table.groupby("category")}
    return {**_summary(table), "categories": categories}


def _summary(table: pd.DataFrame) -> dict:
    protocols: dict[str, dict] = {}
    for (protocol, name), rows in table.groupby(["protocol", "class"], sort=False):
        groups = rows["group"].to_numpy()
        protocols.setdefault(protocol, {})[name] = {
            metric: figures(rows[metric].to_numpy(), groups) for metric in METRICS
        }
    return {"crops": table["id"].nunique(), "groups": table["group"].nunique(), "protocols": protocols}
