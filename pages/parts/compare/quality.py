"""How good each method is against how long it takes, as a chart."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import streamlit as st

from pages.parts.compare.data import PIX2PIX, Entry
from pages.shared.charts import COLOURS, LEGEND, SYMBOLS, choose_picture, saved
from pages.shared.display import plain
from pages.shared.reading import METRICS, Reading
from pap_core.comparison.table import ALL
from pap_core.methods.catalogue import ABOUT, MEMBERS, UNTRAINED

if TYPE_CHECKING:
    import plotly.graph_objects as go

TIMES = {"milliseconds": "Time of a crop", "minutes": "Training"}
AXES = {"milliseconds": "Time of a crop by itself (ms)", "minutes": "Training, members included (minutes)"}
KINDS = ("Pix2Pix", "Other network", "Combination", "No training", "Run or checkpoint beside them")
_TICKS = [float(f"{digit}e{power}") for power in range(-1, 6) for digit in (1, 2, 5)]  # of a logarithmic axis
_LINE = 19  # px, of a label
_TOP, _BOTTOM, _RIGHT = 40, 95, 250  # px, around the chart; its labels stand on the right


def show_quality(entries: dict[str, Entry], table: pd.DataFrame, reading: Reading) -> None:
    """Show how good each method is against how long it takes."""
    st.subheader(f"{reading.title} against time, protocol {reading.protocol}", anchor=False)
    time = st.segmented_control(
        "Time",
        list(TIMES),
        format_func=TIMES.get,
        default="milliseconds",
        required=True,
        key="compare_time",
        bind="query-params",
        help="**Time of a crop**: the median, one crop by itself. "
        "**Training**: without validation; of a fine-tuned run, its own alone.",
    )
    points = against(entries, table, reading, time)
    if left_out := [plain(entry.title) for name, entry in entries.items() if name not in points.index]:
        st.caption(f"Without a point, for want of a time or of a figure: {', '.join(left_out)}.")
    if points.empty:
        return
    st.plotly_chart(
        quality(points, reading, time),
        key="compare_quality",
        config=saved(f"quality_{reading.protocol}_{reading.label_class}", choose_picture("compare")),
        alt=f"{reading.title} of {len(points)} methods against {AXES[time]}; best is "
        f"{points['title'].iloc[0]} with {points['mean'].iloc[0]:.3f}",
    )
    st.caption("Bars: 95 % interval by smear or slide. Up is better, left is faster.")


def against(entries: dict[str, Entry], table: pd.DataFrame, reading: Reading, time: str) -> pd.DataFrame:
    """Return a point for each method that has one, best first.

    Returns:
        By name: `title`, `kind` (of `KINDS`), `mean`, `low`, `high`, `time`.
    """
    chosen = table[
        (table["protocol"] == reading.protocol)
        & (table["class"] == reading.label_class)
        & (table["metric"] == reading.metric)
        & (table["category"] == ALL)
    ].set_index("method")
    points = chosen[["mean", "low", "high"]].assign(
        time=chosen[time],
        title=[entries[name].title for name in chosen.index],
        kind=[_kind(entries[name]) for name in chosen.index],
    )
    return points.dropna(subset=["mean", "time"]).sort_values("mean", ascending=False)


def _kind(entry: Entry) -> str:
    if entry.name not in ABOUT:
        return KINDS[4]
    if entry.name.startswith(PIX2PIX):
        return KINDS[0]
    if entry.name in MEMBERS:
        return KINDS[2]
    return KINDS[3] if entry.name in UNTRAINED else KINDS[1]


def quality(points: pd.DataFrame, reading: Reading, time: str) -> "go.Figure":
    """Draw points with their names on the right, none over another, a thin line from each to its name.

    Args:
        points: see `against`.
        reading: names the metric.
        time: one of `TIMES`.
    """
    import plotly.graph_objects as go

    logarithmic = time == "milliseconds"
    places = np.log10(points["time"].clip(lower=0.1)) if logarithmic else points["time"]
    span = max(float(places.max() - places.min()), 0.3 if logarithmic else 1.0)
    left, right = float(places.min()) - 0.08 * span, float(places.max()) + 0.12 * span
    low, high = points["low"].fillna(points["mean"]), points["high"].fillna(points["mean"])
    room = max(float(high.max() - low.min()), 0.02)
    bottom, top = float(low.min()) - 0.06 * room, float(high.max()) + 0.06 * room
    height = max(430, _LINE * (len(points) + 1) + _TOP + _BOTTOM)
    apart = (top - bottom) * _LINE / (height - _TOP - _BOTTOM)
    names = spread(points["mean"].to_numpy(), apart, bottom, top)
    edge, unit = (10**right, "ms") if logarithmic else (right, "min")
    figure = go.Figure()
    for (_, point), place in zip(points.iterrows(), names, strict=True):
        figure.add_scatter(
            x=[point["time"], edge],
            y=[point["mean"], place],
            mode="lines",
            line={"color": "#888888", "width": 1, "dash": "dot"},
            hoverinfo="skip",
            showlegend=False,
        )
        figure.add_annotation(
            x=1, xref="paper", xanchor="left", y=place, text=point["title"], showarrow=False, align="left"
        )
    for number, kind in enumerate(KINDS):
        part = points[points["kind"] == kind]
        if part.empty:
            continue
        figure.add_scatter(
            x=part["time"],
            y=part["mean"],
            error_y={
                "array": part["high"] - part["mean"],  # NaN, of one smear or slide, draws no bar
                "arrayminus": part["mean"] - part["low"],
                "thickness": 1.2,
                "width": 4,
            },
            mode="markers",
            name=kind,
            marker={"size": 11, "color": COLOURS[number], "symbol": SYMBOLS[number]},
            customdata=part[["title"]],
            hovertemplate="%{customdata[0]}<br>"
            f"{METRICS[reading.metric]} %{{y:.3f}}<br>%{{x:.3~g}} {unit}<extra></extra>",
        )
    figure.update_xaxes(
        title=AXES[time],
        type="log" if logarithmic else "linear",
        tickvals=_TICKS if logarithmic else None,
        range=[left, right],
        zeroline=False,
    )
    figure.update_yaxes(title=reading.title, range=[bottom, top], zeroline=False)
    return figure.update_layout(
        height=height,
        margin={"l": 10, "r": _RIGHT, "t": _TOP, "b": _BOTTOM, "autoexpand": False} | {"l": 70},
        legend=LEGEND,
    )


def spread(values: np.ndarray, apart: float, bottom: float, top: float) -> np.ndarray:
    """Move values no further than it takes for them to be apart, and within bounds where there is room.

    Args:
        values: falling.
        apart: the least distance to the next.
        bottom: of the room.
        top: of the room.

    >>> spread(np.array([5.0, 4.9, 1.0]), 1.0, 0.0, 6.0).round(2).tolist()
    [5.45, 4.45, 1.0]
    """
    heaps: list[list[float]] = []  # of neighbours that touch: sum of what their first would be, and how many
    for number, value in enumerate(values):
        heaps.append([value + apart * number, 1])
        while len(heaps) > 1 and heaps[-2][0] / heaps[-2][1] < heaps[-1][0] / heaps[-1][1]:
            total, count = heaps.pop()
            heaps[-1] = [heaps[-1][0] + total, heaps[-1][1] + count]
    firsts = (
        np.concatenate([[total / count] * int(count) for total, count in heaps]) if heaps else np.array([])
    )
    places = firsts - apart * np.arange(len(values))
    if len(places):
        places = np.minimum(places, top - apart * (0.5 + np.arange(len(values))))
        places = np.maximum(places, bottom + apart * (0.5 + np.arange(len(values))[::-1]))
    return places
