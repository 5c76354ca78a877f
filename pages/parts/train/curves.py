"""Which curves of which runs are drawn, over what, and how."""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from pages.parts.train.charts import Line, show_chart
from pap_core.training import process
from pap_core.training.curves import Curves, Points
from pap_core.training.run import METRICS, Run

LOSSES = {
    "generator": "Generator's loss, all terms",
    "adversarial": "Adversarial loss",
    "l1": "L1, of colours in [−1, 1]",
    "discriminator": "Discriminator's loss",
    "cross_entropy": "Cross-entropy",
    "dice": "Dice loss",
}
PACE = {"lr": "Learning rate", "images_per_second": "Images per second"}
SCORE = "Validation Jaccard index"
STEPS, EPOCHS = "Steps", "Epochs"
SMOOTHING_HELP = (
    "Weight of what was before in an exponential moving average, as in TensorBoard; the curve as it was "
    "logged stays behind it, faint. Of losses and pace, not of the validation"
)


@dataclass(frozen=True)
class _Look:
    """How curves are drawn."""

    over: str
    smoothing: float
    logarithmic: bool


def curves_of(run: Run) -> Curves:
    """Return what a run has logged, with what was appended since the last call."""
    return _shared(str(run.folder / METRICS)).update()


@st.cache_resource(max_entries=32, show_spinner=False)
def _shared(path: str) -> Curves:
    return Curves(Path(path))


def show_curves(runs: list[Run]) -> None:
    """Show the curves of one run, or of several over one another. To be called in a fragment."""
    look = _choose_look()
    all_curves = [curves_of(run) for run in runs]
    logged = set().union(*(curves.names("step") for curves in all_curves))
    if not logged:
        st.caption("The curves begin with the first steps logged.")
        return
    panels = {SCORE: _validation(runs, all_curves, look.over)}
    for name, title in (LOSSES | PACE).items():
        if name in logged:
            panels[title] = _lines(runs, all_curves, name, look)
    with st.grid(3, min_column_width=330, gap="small"):
        for title, lines in panels.items():
            score = title == SCORE
            show_chart(title, lines, look.over, named=score, logarithmic=look.logarithmic and not score)


def _choose_look() -> _Look:
    with st.container(horizontal=True, gap="large", vertical_alignment="bottom"):
        over = st.segmented_control(
            "Curves over",
            [STEPS, EPOCHS],
            default=STEPS,
            required=True,
            key="train_over",
            help="Steps suit one run; epochs, runs of unlike batches or data sets",
        )
        smoothing = st.slider(
            "Smoothing", 0.0, 0.99, 0.0, 0.01, key="train_smoothing", width=240, help=SMOOTHING_HELP
        )
        logarithmic = st.toggle(
            "Logarithmic",
            key="train_logarithmic",
            help="Of the vertical axes of losses and pace. What is 0 or less has no place there",
        )
    return _Look(over, smoothing, logarithmic)


def _lines(runs: list[Run], all_curves: list[Curves], name: str, look: _Look) -> list[Line]:
    lines = []
    for number, (run, curves) in enumerate(zip(runs, all_curves, strict=True)):
        own = run.folder.name
        if look.smoothing:
            raw = _over(run, curves.points("step", name), look.over)
            lines.append(Line(f"{own}, as logged", raw, number, number, faint=True))
        points = curves.points("step", name, smoothing=look.smoothing)
        lines.append(Line(own, _over(run, points, look.over), number, number))
    return lines


def _validation(runs: list[Run], all_curves: list[Curves], over: str) -> list[Line]:
    lines = []
    for number, (run, curves) in enumerate(zip(runs, all_curves, strict=True)):
        for kind, name in enumerate(("nucleus", "cytoplasm")):
            points = _over(run, curves.points("validation", name), over)
            label = name if len(runs) == 1 else f"{run.folder.name}, {name}"
            lines.append(Line(label, points, kind if len(runs) == 1 else number, kind))
    return lines


def _over(run: Run, points: Points, over: str) -> Points:
    if over == STEPS:
        return points
    status = process.glance(run)
    return points[0] * (status.epochs / status.steps if status.steps else 1), points[1]
