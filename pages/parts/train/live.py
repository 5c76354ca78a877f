"""A run as it goes: how far it is, its curves, what it paints, the end of its log."""

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from pages.parts.train.actions import actions, ask_of_deletion
from pages.parts.train.charts import Line, show_chart
from pages.parts.train.costs import share_of_peak
from pages.parts.train.gpu import gpus
from pages.parts.train.outcome import outcome
from pages.parts.train.runs import data_of, settings, state_words
from pages.shared.display import plain
from pages.shared.model import IN_USE
from pages.shared.words import duration, size
from pap_core.training import process
from pap_core.training.curves import Curves
from pap_core.training.run import METRICS, Run

if TYPE_CHECKING:
    from pap_core.training.process import Status

_EVERY = 2.0  # s
_LOG = 6000  # characters of the log's end
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


def live(run: Run, others: list[Run]) -> None:
    """Show a run, anew every few seconds while it or one of those beside it is at work."""
    ask_of_deletion(run)
    alive = _alive([run, *others])
    used = st.session_state.get(IN_USE)
    st.fragment(_live, run_every=_EVERY if any(alive) else None)(run, others, alive, used)


def _alive(runs: list[Run]) -> list[bool]:
    return [process.state(run) in process.LIVE for run in runs]


def _live(run: Run, others: list[Run], alive: list[bool], used: str | None) -> None:
    if not run.folder.is_dir() or _alive([run, *others]) != alive:
        st.rerun()  # deleted, or it has ended: the whole page has something to say to that
    if st.session_state.get(IN_USE) != used:
        st.rerun()  # what is in use stands above the page
    status, curves = process.status(run), _curves(run)
    _state(run, status)
    _progress(run, status, curves)
    _figures(run, status, curves)
    if status.state not in process.LIVE:
        outcome(run)
    _charts([run, *others])
    if curves.damaged:
        lines = "1 line" if curves.damaged == 1 else f"{curves.damaged} lines"
        st.caption(f"{lines} of metrics.jsonl cannot be read: left out of the curves.")
    _samples(run)
    _log(run)


def _curves(run: Run) -> Curves:
    return _shared(str(run.folder / METRICS)).update()


@st.cache_resource(max_entries=32, show_spinner=False)
def _shared(path: str) -> Curves:
    return Curves(Path(path))


def _state(run: Run, status: "Status") -> None:
    data = ", ".join(map(plain, data_of(run)))
    preset = plain(str(settings(run)["config"].get("preset", "?")))
    device = f" · {plain(status.device)}" if status.device else ""
    actions(run, status)  # above all whose height changes
    st.markdown(f"**{state_words(status).capitalize()}** · preset {preset} on {data}{device}")
    if status.state == "failed":
        st.error(plain(status.error or "The run failed; the end of its log may say why."))
    elif status.state == "lost":
        st.warning(plain(status.error), icon=":material/link_off:")
    elif status.queue_place:
        st.info("It waits for the device, and begins by itself when the runs before it are done.")
    elif status.state == "stopping":
        st.info("It writes a checkpoint and ends after this step. **End now** does not wait for that.")
    if status.silent:
        st.warning(f"Its process lives, and has said nothing for {duration(time.time() - status.silent)}.")
    if status.note:
        st.info(plain(status.note), icon=":material/info:")


def _progress(run: Run, status: "Status", curves: Curves) -> None:
    if status.phase == "evaluating":
        share = status.done / status.total if status.total else 0.0
        st.progress(share, f"Evaluating on the test split: {status.done:,} of {status.total:,} crops")
        return
    if not status.steps:
        if status.state in process.LIVE:
            st.progress(0.0, "Not begun yet" if status.state == "queued" else "Reading the data")
        return
    words = f"Epoch {status.epoch} of {status.epochs} · step {status.step:,} of {status.steps:,}"
    _, rates = curves.points("step", "images_per_second")
    if status.state == "running" and len(rates):
        batch = settings(run)["config"].get("batch", 1)
        left = (status.steps - status.step) * batch / max(float(np.median(rates[-10:])), 1e-9)
        words += f" · about {duration(left)} of steps left"
    st.progress(min(1.0, status.step / status.steps), words)


def _figures(run: Run, status: "Status", curves: Curves) -> None:
    jaccard = {name: curves.last("validation", name) for name in ("nucleus", "cytoplasm")}
    rate = curves.last("step", "images_per_second")
    share = share_of_peak(run, rate) if rate else None
    with st.container(horizontal=True, gap="medium"):
        for name, value in jaccard.items():
            words = "–" if value is None else f"{value:.3f}"
            st.metric(
                f"Jaccard, {name}", words, help="Strict, over the validation crops, after the last epoch"
            )
        best = "–" if status.best is None else f"{status.best:.3f}"
        st.metric("Best so far", best, help="Mean of both classes; the weights of that epoch are kept")
        st.metric("Images per second", f"{rate:.3g}" if rate else "–", help="Training crops, jitter included")
        st.metric(
            "Share of peak",
            "–" if share is None else f"{share:.1%}",
            help="The arithmetic of its steps, of what a large matrix product reaches on this machine at the "
            "same precision. The peak is measured where a new run is planned while none computes.",
        )
        if status.device.startswith("cuda"):
            _gpu(status.device)


def _gpu(device: str) -> None:
    number = device.rpartition("-")[2]
    found = gpus()
    if number.isdecimal() and int(number) < len(found):
        gpu = found[int(number)]
        used = "–" if np.isnan(gpu.utilisation) else f"{gpu.utilisation:.0%}"
        st.metric("GPU at work", used, help=f"{gpu.name}: share of the last moment in which it computed")
        st.metric("GPU memory", f"{size(gpu.used)} of {size(gpu.total)}", help="Of all that runs on it")


def _charts(runs: list[Run]) -> None:
    over = st.segmented_control(
        "Curves over",
        [STEPS, EPOCHS],
        default=STEPS,
        required=True,
        key="train_over",
        help="Steps suit one run; epochs, runs of unlike batches or data sets",
    )
    all_curves = [_curves(run) for run in runs]
    logged = set().union(*(curves.names("step") for curves in all_curves))
    if not logged:
        st.caption("The curves begin with the first steps logged.")
        return
    panels = {SCORE: _validation(runs, all_curves, over)}
    for name, title in (LOSSES | PACE).items():
        if name in logged:
            panels[title] = _lines(runs, all_curves, name, over)
    with st.grid(3, min_column_width=330, gap="small"):
        for title, lines in panels.items():
            show_chart(title, lines, over, named=title == SCORE)


def _lines(runs: list[Run], all_curves: list[Curves], name: str, over: str) -> list[Line]:
    return [
        Line(run.folder.name, _over(run, curves.points("step", name), over), number, number)
        for number, (run, curves) in enumerate(zip(runs, all_curves, strict=True))
    ]


def _validation(runs: list[Run], all_curves: list[Curves], over: str) -> list[Line]:
    lines = []
    for number, (run, curves) in enumerate(zip(runs, all_curves, strict=True)):
        for kind, name in enumerate(("nucleus", "cytoplasm")):
            points = _over(run, curves.points("validation", name), over)
            label = name if len(runs) == 1 else f"{run.folder.name}, {name}"
            lines.append(Line(label, points, kind if len(runs) == 1 else number, kind))
    return lines


def _over(run: Run, points, over: str):
    if over == STEPS:
        return points
    status = process.status(run)
    return points[0] * (status.epochs / status.steps if status.steps else 1), points[1]


def _samples(run: Run) -> None:
    """Show what the network paints, of the latest epoch until the slider is moved back."""
    found = {
        int(match[1]): path
        for path in (run.folder / "samples").glob("epoch_*.png")
        if (match := re.fullmatch(r"epoch_(\d+)\.png", path.name))
    }
    if not found:
        return
    st.subheader("Samples", anchor=False)
    epochs = sorted(found)
    key, latest = f"train_epoch_{run.folder.name}", f"train_latest_{run.folder.name}"
    if (
        st.session_state.get(key) in (None, st.session_state.get(latest))
        or st.session_state[key] not in found
    ):
        st.session_state[key] = epochs[-1]
    st.session_state[latest] = epochs[-1]
    epoch = epochs[-1]
    if len(epochs) > 1:
        epoch = st.select_slider(
            "Epoch", epochs, key=key, width=480, help="Arrow keys step. At its right end it follows the run."
        )
    path = found[epoch]
    try:
        picture = _picture(str(path), path.stat().st_mtime_ns)
    except OSError:
        st.caption("The samples of this epoch are missing.")
        return
    st.caption("Validation crops, a row each: the input, the target, what the generator paints.")
    st.image(picture, width=480, alt=f"Samples of epoch {epoch}: rows of input, target and output")


@st.cache_data(max_entries=64, show_spinner=False)
def _picture(path: str, changed: int) -> bytes:
    return Path(path).read_bytes()


def _log(run: Run) -> None:
    try:
        with open(run.folder / run.LOG, "rb") as file:
            file.seek(max(0, file.seek(0, 2) - _LOG))
            text = file.read().decode(errors="replace")
    except OSError:
        return
    with st.expander("End of the log", icon=":material/article:"):
        st.code(text.strip() or "Nothing has been logged.", language=None, height=240, wrap_lines=True)
