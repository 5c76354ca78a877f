"""A comparison as tables: every figure of every method, or one protocol's, for people to read or to print."""

import re
from collections.abc import Mapping
from typing import Protocol, cast

import numpy as np
import pandas as pd

from pap_core.comparison.compare import Done
from pap_core.evaluation.measured import METRICS, Figures, Metrics
from pap_core.evaluation.published import DOI, PUBLISHED, TABLE_5
from pap_core.evaluation.store import Kept
from pap_core.methods.catalogue import ABOUT

CLASSES = ("both", "nucleus", "cytoplasm")
OTHERS = tuple(one for one in METRICS if one != "jaccard")
_PUBLISHED = ("jaccard", *(one for one in PUBLISHED["nucleus"] if one != "jaccard"))
ALL = "(all)"  # in place of a category
_LATEX = {sign: f"\\{sign}" for sign in "_&%#{}$"} | {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}
NAMES = {"both": "Nucleus and cytoplasm together", "nucleus": "Nucleus", "cytoplasm": "Cytoplasm"}


class Measured(Protocol):
    """What a table is made of: a comparison, or one with other evaluations beside it."""

    def done(self) -> Mapping[str, Done]:
        """Return what is measured, by name; figures that are not known are NaN."""
        ...

    def evaluation(self, done: Done) -> Kept | None:
        """Return what was measured, None if it was removed."""
        ...


def title(name: str) -> str:
    """Return how people call a method; a run or a checkpoint is called by its own name."""
    return ABOUT[name].title if name in ABOUT else name


def long_table(comparison: Measured) -> pd.DataFrame:
    """Return every figure: a row by method, protocol, class, category and metric.

    Returns:
        Columns `method`, `protocol`, `class`, `category` (`ALL` for all), `metric`, `mean`, `sd`, `low`,
        `high` (shares; NaN where there is none), `crops`, `groups`, `undefined`, then `milliseconds`,
        `parameters`, `minutes` and `epochs` of the method.

    Raises:
        InputError: the data set is gone, or an evaluation is damaged.
    """
    rows = []
    for name, done in comparison.done().items():
        kept = comparison.evaluation(done)
        if kept is None:
            continue
        summary = kept.summary()
        for category, part in {ALL: summary, **summary["categories"]}.items():
            for protocol, classes in part["protocols"].items():
                for label_class, metrics in cast(dict[str, Metrics], classes).items():
                    for metric, figures in cast(dict[str, Figures], metrics).items():
                        rows.append(
                            {
                                "method": name,
                                "protocol": protocol,
                                "class": label_class,
                                "category": category,
                                "metric": metric,
                                **figures,
                                "crops": part["crops"],
                                "groups": part["groups"],
                                "milliseconds": done.milliseconds,
                                "parameters": done.parameters,
                                "minutes": done.minutes,
                                "epochs": done.epochs,
                            }
                        )
    shares = ["mean", "sd", "low", "high"]
    columns = ["method", "protocol", "class", "category", "metric", *shares, "undefined", "crops", "groups"]
    table = pd.DataFrame(rows, columns=[*columns, "milliseconds", "parameters", "minutes", "epochs"])
    return table.astype(dict.fromkeys(shares, float))


def wide_table(table: pd.DataFrame, protocol: str, label_class: str, category: str = ALL) -> pd.DataFrame:
    """Return one protocol and class of `long_table`: a row a method, best Jaccard index first.

    Returns:
        By method name: the means of the metrics, `low` and `high` of the Jaccard index,
        `milliseconds`, `parameters`, `minutes`.
    """
    chosen = table[
        (table["protocol"] == protocol) & (table["class"] == label_class) & (table["category"] == category)
    ]
    means = chosen.pivot(index="method", columns="metric", values="mean").reindex(columns=list(METRICS))
    of_jaccard = chosen[chosen["metric"] == "jaccard"].set_index("method")
    costs = ["low", "high", "milliseconds", "parameters", "minutes"]
    return means.join(of_jaccard[costs]).sort_values("jaccard", ascending=False)


def markdown(table: pd.DataFrame, protocol: str) -> str:
    """Return one protocol of `long_table` as Markdown: three tables, then the Jaccard index by category.

    The first, of both classes together, has the paper's Table 5 beside it, marked as published.
    """
    lines = [f"## Protocol `{protocol}`", ""]
    for label_class in CLASSES:
        wide = wide_table(table, protocol, label_class)
        head = ["method", "Jaccard [95 % interval]", *OTHERS]
        together = label_class == "both"
        head += ["published¹: " + ", ".join(_PUBLISHED).capitalize()] if together else []
        head += ["ms per crop", "parameters", "minutes"] if together else []
        lines += [f"### {NAMES[label_class]}", "", markdown_row(head), markdown_row(["---"] * len(head))]
        for name, one in wide.iterrows():
            cells = [markdown_title(name), with_interval(one)]
            cells += [share(one[metric]) for metric in OTHERS]
            if together:
                cells += [published(name)]
                costs = ("milliseconds", ".0f"), ("parameters", ",.0f"), ("minutes", ".1f")
                cells += ["–" if np.isnan(one[cost]) else format(one[cost], kind) for cost, kind in costs]
            lines.append(markdown_row(cells))
        lines.append("")
    lines += [f"### Jaccard index by category, `{protocol}`: nucleus / cytoplasm", ""]
    lines += _by_category(table, protocol)
    lines += [
        "",
        f"¹ The paper's Table 5 (doi {DOI}): other data sets than these, each row another. Not comparable.",
    ]
    return "\n".join(lines)


def latex(table: pd.DataFrame, protocol: str, label_class: str) -> str:
    """Return one protocol and class of `long_table` as a LaTeX table (booktabs)."""
    wide = wide_table(table, protocol, label_class)
    lines = [
        rf"% protocol {protocol}, {NAMES[label_class].lower()}; Jaccard index with its 95\,\% interval",
        rf"\begin{{tabular}}{{l{'r' * len(METRICS)}}}",
        r"\toprule",
        " & ".join(["Method", "Jaccard", *(metric.capitalize() for metric in OTHERS)]) + r" \\",
        r"\midrule",
    ]
    for name, one in wide.iterrows():
        cells = [_escaped(title(name)), with_interval(one), *(share(one[metric]) for metric in OTHERS)]
        lines.append(" & ".join(cells).replace("–", "--") + r" \\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", ""])


def published(name: str) -> str:
    """Return what the paper's Table 5 says of a method, "–" where it says nothing.

    >>> published("u-net")
    '0.63, –, –, 0.95, 0.75'
    """
    row = TABLE_5.get(ABOUT[name].row) if name in ABOUT else None
    if not row:
        return "–"
    found = (row.get(metric) for metric in _PUBLISHED)
    return ", ".join("–" if value is None else f"{value:.2f}" for value in found)


def with_interval(row: pd.Series) -> str:
    """Return a Jaccard index with its interval, where it has one.

    >>> with_interval(pd.Series({"jaccard": 0.8, "low": 0.75, "high": 0.9}))
    '0.800 [0.750, 0.900]'
    >>> with_interval(pd.Series({"jaccard": 0.8, "low": float("nan"), "high": float("nan")}))
    '0.800'
    """
    return with_ends(row["jaccard"], row["low"], row["high"])


def with_ends(mean: float, low: float, high: float) -> str:
    """Return a share with its interval, where it has one."""
    return share(mean) + ("" if np.isnan(low) else f" [{share(low)}, {share(high)}]")


def markdown_title(name: str) -> str:
    """Return `title` as Markdown: the name of a run or a checkpoint may hold signs that mean much there."""
    return title(name) if name in ABOUT else escaped_markdown(name)


def escaped_markdown(text: str) -> str:
    """Return a text in one line in which Markdown sees no sign of its own.

    >>> escaped_markdown("a|b [c](http://d)")
    'a\\\\|b \\\\[c\\\\](http://d)'
    """
    return re.sub(r"([\\`*_\[\]$~<>#|!&])", r"\\\1", " ".join(text.split()))


def markdown_row(cells: list[str]) -> str:
    """Return cells as a line of a Markdown table."""
    return "| " + " | ".join(cells) + " |"


def share(value: float) -> str:
    """Return a measured share with three digits, "–" where there is none.

    >>> share(0.87512), share(float("nan"))
    ('0.875', '–')
    """
    return "–" if np.isnan(value) else f"{value:.3f}"


def _by_category(table: pd.DataFrame, protocol: str) -> list[str]:
    chosen = table[(table["protocol"] == protocol) & (table["metric"] == "jaccard")]
    categories = [name for name in chosen["category"].unique() if name != ALL]
    order = wide_table(table, protocol, "both").index
    lines = [
        markdown_row(["method", *map(escaped_markdown, categories)]),
        markdown_row(["---"] * (len(categories) + 1)),
    ]
    for name in order:
        of_method = chosen[chosen["method"] == name].set_index(["category", "class"])["mean"]
        cells = [
            f"{share(of_method[category, 'nucleus'])} / {share(of_method[category, 'cytoplasm'])}"
            for category in categories
        ]
        lines.append(markdown_row([markdown_title(name), *cells]))
    return lines


def _escaped(text: str) -> str:
    return "".join(_LATEX.get(sign, sign) for sign in " ".join(text.split()))
