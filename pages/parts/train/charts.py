"""The curves of one run or several, drawn.

By ECharts and not by Plotly as elsewhere: its charts take new points in where they stand, so that a curve
grows without a flicker and the part a person looks at stays. A Plotly chart is mounted anew for each point.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd
import streamlit as st

from pages.shared.charts import COLOURS
from pap_core.training.curves import Points

_DASHES = ("solid", "dashed", "dotted", [8, 3, 2, 3], [12, 4], [12, 4, 2, 4])
HEIGHT = 240  # px
_ROW = 20  # px, of a legend below one another
_FEW = 60  # points, each of which is marked
_FAINT = 0.25  # opacity


@dataclass(frozen=True)
class Line:
    """One curve: of a run, and of one of what the chart shows."""

    name: str
    points: Points
    colour: int
    dash: int
    faint: bool = False  # behind another, which is read


def show_chart(
    title: str, lines: Sequence[Line], over: str, named: bool = False, logarithmic: bool = False
) -> None:
    """Show lines over steps or epochs.

    Args:
        title: what the values are.
        lines: one of no point is left out.
        over: what the horizontal axis counts.
        named: whether the lines are named in the picture, and not only where one points at them.
        logarithmic: whether the vertical axis is; what is 0 or less is left out then.
    """
    drawn = [_positive(line) if logarithmic else line for line in lines]
    drawn = [line for line in drawn if len(line.points[0])]
    last = ", ".join(f"{line.name} {line.points[1][-1]:.3g}" for line in drawn if not line.faint)
    st.echarts_chart(
        option(title, drawn, over, named and len(drawn) > 1, logarithmic),
        key=f"train_chart_{title}_{over}",
        height=HEIGHT + (_ROW * len(drawn) if named and len(drawn) > 2 else 0),
        renderer="svg",
        alt=f"{title} over {over.lower()}, last: {last or 'none yet'}",
    )


def _positive(line: Line) -> Line:
    x, y = line.points
    return replace(line, points=(x[y > 0], y[y > 0]))


def option(title: str, lines: Sequence[Line], over: str, named: bool, logarithmic: bool = False) -> dict:
    """Return what ECharts draws; see `show_chart`."""
    sources = [{"source": pd.DataFrame({over: line.points[0], line.name: line.points[1]})} for line in lines]
    series = [
        {
            "type": "line",
            "id": line.name,
            "name": line.name,
            "datasetIndex": place,
            "encode": {"x": 0, "y": 1, "tooltip": [1]},
            "showSymbol": len(line.points[0]) <= _FEW,
            "symbolSize": 4,
            "color": COLOURS[line.colour % len(COLOURS)],
            "lineStyle": {
                "type": _DASHES[line.dash % len(_DASHES)],
                "width": 1.8,
                "opacity": _FAINT if line.faint else 1,
            },
            "itemStyle": {"opacity": _FAINT if line.faint else 1},
        }
        for place, line in enumerate(lines)
    ]
    legend = 0 if not named else 18 if len(lines) <= 2 else _ROW * len(lines)  # px
    return {
        "animation": False,
        "title": {"text": title, "left": 0, "top": 0, "textStyle": {"fontSize": 14}},
        "grid": {"left": 8, "right": 14, "top": 34, "bottom": 22 + legend, "containLabel": True},
        "legend": {
            "show": named,
            "bottom": 0,
            "left": "center" if len(lines) <= 2 else 0,
            "orient": "horizontal" if len(lines) <= 2 else "vertical",
            "itemGap": 6,
            "itemWidth": 30,
        },
        "tooltip": {"trigger": "axis", "valueFormatter": "%.4g", "confine": True},
        "toolbox": {
            "right": 0,
            "top": -4,
            "itemSize": 12,
            "feature": {
                "dataZoom": {"yAxisIndex": "none", "title": {"zoom": "Enlarge a part", "back": "Back"}},
                "restore": {"title": "Show all"},
            },
        },
        "dataZoom": [{"type": "inside", "zoomOnMouseWheel": "shift", "moveOnMouseMove": "shift"}],
        "xAxis": {
            "type": "value",
            "min": 0,
            "max": "dataMax",
            "splitLine": {"show": False},
            "splitNumber": 4,
        },
        "yAxis": {"type": "log" if logarithmic else "value", "scale": True, "splitNumber": 4},
        "dataset": sources,
        "series": series,
    }
