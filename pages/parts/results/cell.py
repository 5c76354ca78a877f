"""One cell as the paper's Figure 5 shows it: edges, target, prediction, and where these differ."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from pages.parts.results.view import CELL, open_cell
from pages.shared import cards
from pages.shared.display import fitted, jpeg_bytes, plain
from pages.shared.reading import CLASSES, METRICS, Reading
from pap_core.categories import written
from pap_core.comparison.table import share
from pap_core.data import places
from pap_core.data.manifest import extent_of
from pap_core.errors import InputError
from pap_core.evaluation.error_map import (
    COLOURS,
    FALSE_ALARM,
    HIT,
    MISS,
    NEITHER,
    draw_errors,
    error_map,
)
from pap_core.evaluation.store import Kept, TestSplit
from pap_core.images import png_bytes, read_image
from pap_core.labels import BACKGROUND, IGNORE, decode
from pap_core.labels import CLASSES as CODES
from pap_core.masks import read_label
from pap_core.overlay import draw_edges

_SWATCH = (
    '<span style="display:inline-block;width:0.9em;height:0.9em;border:1px solid #8888;'
    'margin-right:0.35em;vertical-align:-0.1em;background:rgb{}"></span>{}'
)


@dataclass(frozen=True)
class Pictures:
    """The four pictures of a cell, encoded for the page."""

    edges: bytes
    target: bytes
    prediction: bytes
    errors: bytes
    unknown: int  # px of the picture that the expert left open
    veiled: bool  # whether a part of the crop is no picture


def cell_dialog(
    kept: Kept, split: TestSplit, table: pd.DataFrame, order: list[str], reading: Reading
) -> None:
    """Show the cell that the address names, over the page; step through the order given.

    Args:
        kept: the evaluation.
        split: the data set it is of.
        table: rows of the protocol for all classes.
        order: ids to step through; the named one is among them.
        reading: the protocol, and the class that the error map begins with.
    """
    show = st.dialog("Cell", width="large", on_dismiss=partial(open_cell, None))(_show)
    show(kept, split, table, order, reading)


def _show(kept: Kept, split: TestSplit, table: pd.DataFrame, order: list[str], reading: Reading) -> None:
    crop = st.query_params.get(CELL)
    if crop not in order:
        st.info("This cell is not listed any more: close this, and choose another.")
        return
    rows = table[table["id"] == crop].set_index("class")
    with st.container(horizontal=True, vertical_alignment="center"):
        cards.steps(crop, order, "results", open_cell)
        label_class = st.segmented_control(
            "Errors of",
            ["nucleus", "cytoplasm"],
            format_func=lambda name: f"Errors of the {name}",
            default="nucleus" if reading.label_class == "both" else reading.label_class,
            required=True,
            key="results_errors",
            label_visibility="collapsed",
            help="The class whose hits, misses and false alarms the last picture shows.",
        )
    st.markdown(
        f"**{plain(written(rows['category'].iloc[0]))}** · crop {plain(crop)} · smear or slide "
        f"{plain(rows['group'].iloc[0])} · protocol {reading.protocol}"
    )
    try:
        drawn = _drawn(str(kept.folder), str(split.folder), split.digest, crop, label_class, reading.protocol)
    except InputError as error:
        st.error(plain(str(error)))
        return
    _pictures(drawn, crop, rows.loc[label_class], label_class)
    _metrics(rows, crop)


def _pictures(drawn: Pictures, crop: str, counts: pd.Series, name: str) -> None:
    pictures = (
        (drawn.edges, "Predicted edges: nucleus blue, cell orange", "Crop with the predicted edges"),
        (drawn.target, "Target: the reference", "Target colour map"),
        (drawn.prediction, "Prediction: the generated colours", "Generated colour map"),
        (drawn.errors, f"Errors of the {name}", f"Error map of the {name}"),
    )
    for place, pair in zip(st.columns(2), (pictures[:2], pictures[2:]), strict=True):
        with place, st.grid(2, min_column_width=200):  # four in a row, or two and two
            for content, caption, alt in pair:
                st.image(content, caption=caption, alt=f"{alt} of {crop}", width="stretch")
    legend(counts, drawn.unknown, name)
    if drawn.veiled:
        st.caption("Behind the grey veil the picture has ended: nothing is found there, and nothing counts.")


def legend(counts: pd.Series, unknown: int, name: str) -> None:
    """Say what the colours of the error map mean, and how many pixels each has."""
    words = {
        HIT: f"hit {counts['tp']:,} px",
        MISS: f"miss {counts['fn']:,} px",
        FALSE_ALARM: f"false alarm {counts['fp']:,} px",
        NEITHER: f"rightly left out {counts['tn']:,} px",
    }
    if unknown:
        words[IGNORE] = f"left open by the expert {unknown:,} px"
    st.html(
        f"Errors of the {name}: "
        + " &ensp; ".join(_SWATCH.format(COLOURS[code], text) for code, text in words.items())
    )


def _metrics(rows: pd.DataFrame, crop: str) -> None:
    shown = pd.DataFrame(
        {
            name: ["undefined" if pd.isna(value) else share(value) for value in rows[metric]]
            for metric, name in METRICS.items()
        },
        index=[CLASSES[name] for name in rows.index],
    )
    st.table(shown, alt=f"Metrics of crop {crop} for nucleus, cytoplasm and both")


@st.cache_data(max_entries=256, max_size="128MB", show_spinner=False)
def _drawn(kept: str, dataset: str, digest: str, crop: str, label_class: str, protocol: str) -> Pictures:
    image = read_image(places.image(dataset, crop))
    label = read_label(places.label(dataset, crop))
    target = read_image(places.target(dataset, crop))
    colours = read_image(Kept(Path(kept)).prediction(crop))
    if not image.shape == target.shape == colours.shape or label.shape != image.shape[:2]:
        raise InputError(
            f"{Path(dataset).name}: crop {crop} has another size than when it was evaluated, expected the "
            "same data set; build it anew and evaluate again."
        )
    extent = extent_of(Path(dataset), crop, image.shape)
    found = extent.cleared(decode(colours), BACKGROUND)
    errors = error_map(colours, label, CODES[label_class], protocol)
    return Pictures(
        jpeg_bytes(draw_edges(fitted(extent.veiled(image)), fitted(found, exact=True), width=4)),
        *(_framed(extent.veiled(one)) for one in (target, colours, draw_errors(errors))),
        int((extent.cut(label) == IGNORE).sum()),
        extent.cut(label).size < label.size,
    )


def _framed(pixels: np.ndarray) -> bytes:
    """Encode a colour map at a size for the page, in a thin grey frame: white on white has no end."""
    large = fitted(pixels, exact=True)
    framed = np.full_like(large, (190, 197, 208))
    framed[2:-2, 2:-2] = large[2:-2, 2:-2]
    return png_bytes(framed)
