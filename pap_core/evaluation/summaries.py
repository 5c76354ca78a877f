"""Summaries of a table by image: means over images with their intervals, of all and by category."""

import pandas as pd

from pap_core.evaluation.intervals import figures
from pap_core.evaluation.measured import METRICS
from pap_core.evaluation.object_figures import added_up, of_objects


def summarise(table: pd.DataFrame, nuclei: pd.DataFrame) -> dict:
    """Summarise what `measure` counted.

    Args:
        table: pixels, by image, protocol and class.
        nuclei: matched, by image; without a row where they were not.

    Returns:
        `crops`, `groups` and `protocols`: by protocol, class and metric the `mean` over images, `sd` (the
        sample's, n - 1), `low` and `high` (95 % interval by slide, see `figures`) and `undefined`, the
        number of images left out because the metric is 0/0 there. A figure that does not exist is None.
        Where nuclei were matched, `nuclei`: the same by metric of objects, and `nuclei_together`: of all
        images added up. Under `categories` the same for each category.
    """
    categories = {
        name: _summary(rows, nuclei[nuclei["category"] == name]) for name, rows in table.groupby("category")
    }
    return {**_summary(table, nuclei), "categories": categories}


def _summary(table: pd.DataFrame, nuclei: pd.DataFrame) -> dict:
    protocols: dict[str, dict] = {}
    for (protocol, name), rows in table.groupby(["protocol", "class"], sort=False):
        groups = rows["group"].to_numpy()
        protocols.setdefault(protocol, {})[name] = {
            metric: figures(rows[metric].to_numpy(), groups) for metric in METRICS
        }
    summary: dict = {
        "crops": table["id"].nunique(),
        "groups": table["group"].nunique(),
        "protocols": protocols,
    }
    if len(nuclei):
        summary |= {"nuclei": of_objects(nuclei, "nuclei"), "nuclei_together": added_up(nuclei, "nuclei")}
    return summary
