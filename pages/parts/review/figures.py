"""The drawing in figures: areas and N/C ratio before and after, and the metrics of the prediction."""

import pandas as pd
import streamlit as st

from pages.shared.reading import METRICS
from pap_core.outlines import Outlines
from pap_core.reviews.comparison import areas, metrics
from pap_core.reviews.records import ReviewCell

MEASURES = {  # the measure's name, and how it is written
    "nucleus_area": ("Nucleus area", "{:,.0f} px"),
    "cytoplasm_area": ("Cytoplasm area", "{:,.0f} px"),
    "nc_ratio": ("N/C ratio", "{:.3f}"),
}
METRICS_HELP = "How the model's outlines would score if yours were the truth, over the picture shown."


def figures(cell: ReviewCell, drawn: Outlines) -> None:
    """Show what the drawing changes.

    Args:
        cell: under review.
        drawn: its outlines as they are now.
    """
    shape, before, after = cell.picture.shape[:2], cell.before.to_json(), drawn.to_json()
    model, yours = _areas(shape, before), _areas(shape, after)
    st.table(
        pd.DataFrame(
            {
                "Model": [_written(name, model) for name in MEASURES],
                "Yours": [_written(name, yours) for name in MEASURES],
                "Change": [_change(model[name], yours[name]) for name in MEASURES],
            },
            index=[words for words, _ in MEASURES.values()],
        ),
        border="horizontal",
        alt="Areas and N/C ratio of the cell as the model has it and as you have it",
    )
    if after == before:
        st.caption("No outline is changed; once one is, the model's are measured against yours.")
        return
    st.markdown("The model's outlines against yours", help=METRICS_HELP)
    found = _metrics(shape, before, after)
    st.table(
        pd.DataFrame(
            {
                part.capitalize(): ["–" if pd.isna(value) else f"{value:.1%}" for value in found.loc[part]]
                for part in found.index
            },
            index=[METRICS[name] for name in found],
        ),
        border="horizontal",
        alt="Metrics of the model's nucleus and cytoplasm, yours taken for the truth",
    )


def _written(name: str, values: dict[str, float]) -> str:
    return MEASURES[name][1].format(values[name]) if pd.notna(values[name]) else "–"


def _change(before: float, after: float) -> str:
    if pd.isna(before) or pd.isna(after) or not before:
        return "–"
    return f"{after / before - 1:+.1%}" if after != before else "none"


@st.cache_data(max_entries=128, show_spinner=False)
def _areas(shape: tuple[int, int], outlines: str) -> dict[str, float]:
    return areas(Outlines.from_json(outlines), shape)


@st.cache_data(max_entries=64, show_spinner=False)
def _metrics(shape: tuple[int, int], before: str, after: str) -> pd.DataFrame:
    return metrics(Outlines.from_json(before), Outlines.from_json(after), shape)
