"""What comes of a run: its best checkpoint, to be measured, used, and taken away."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from pages.parts.train.runs import data_of
from pages.shared import access
from pages.shared.display import plain
from pages.shared.evaluations import checkpoint_digest, read_summary, test_split
from pages.shared.model import IN_USE
from pages.shared.words import size
from pap_core.errors import InputError
from pap_core.evaluation.published import PUBLISHED
from pap_core.evaluation.store import Kept, find
from pap_core.model import onnx_export
from pap_core.model.catalogue import CONFIG, WEIGHTS, display_name

if TYPE_CHECKING:
    from pap_core.training.run import Run

RESULTS_HELP = "Opens the Results page on this run: the paper's tables, charts, every cell of the test split"
ONNX_HELP = (
    "For programs without torch. It is run in ONNX Runtime on real crops first, and offered only if its "
    "colours agree with torch's within half a grey level."
)


def outcome(run: "Run") -> None:
    """Show what to do with the best checkpoint of a run that is not at work. To be called in a fragment."""
    best = run.folder / "checkpoints" / "best"
    if not (best / WEIGHTS).is_file():
        return
    st.subheader("Best checkpoint", anchor=False)
    try:
        digest = checkpoint_digest(best)
        kept = _measured(run, best, digest)
        with st.container(horizontal=True, vertical_alignment="bottom"):
            _use(best)
            _take_away(run, best, kept)
            _onnx(run, best, digest, kept)
    except InputError as error:
        st.error(plain(str(error)))


def _measured(run: "Run", best: Path, digest: str) -> list[Kept]:
    """Say how it does on the test sides of the run's data sets; returns the evaluations there are."""
    kept = []
    for name, folder in data_of(run).items():
        if folder is None:
            st.caption(
                f"The data set {plain(name)} is not in the workspace any more: its test split "
                "cannot be shown."
            )
            continue
        found = find(digest, test_split(folder))
        words = f"Test split of **{plain(name)}**: not evaluated yet."
        if found:
            kept.append(found)
            strict = read_summary(found)["protocols"]["strict"]
            means = {one: strict[one]["jaccard"]["mean"] for one in PUBLISHED}
            scores = ", ".join(
                f"{one} **{'–' if mean is None else format(mean, '.3f')}**" for one, mean in means.items()
            )
            words = f"Test split of **{plain(name)}**, strict Jaccard index: {scores}."
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"{words} Digest `{digest}`.", width="content")
            st.page_link(
                "pages/results.py",
                label="Results" if found else "Evaluate",
                icon=":material/monitoring:",
                query_params={"results_checkpoint": display_name(best), "results_data": name},
                help=RESULTS_HELP,
            )
    return kept


def _use(best: Path) -> None:
    name = display_name(best)
    used = st.session_state.get(IN_USE) == name

    def use() -> None:
        st.session_state[IN_USE] = name

    st.button(
        "In use" if used else "Use it",
        type="secondary" if used else "primary",
        icon=":material/check:" if used else ":material/neurology:",
        disabled=used,
        on_click=use,
        help="Makes it the checkpoint in use on every page, in this session",
    )


def _take_away(run: "Run", best: Path, kept: list[Kept]) -> None:
    name = run.folder.name
    weights = best / WEIGHTS
    st.download_button(
        "Weights",
        weights.read_bytes,
        f"{name}.safetensors",
        "application/octet-stream",
        on_click="ignore",
        icon=":material/download:",
        help=f"The generator as safetensors, {size(weights.stat().st_size)}; holds no code",
    )
    st.download_button(
        "Configuration",
        (best / CONFIG).read_bytes,
        f"{name}.json",
        "application/json",
        on_click="ignore",
        icon=":material/download:",
        help="Rebuilds the network, and says how it was trained. A folder with both, named "
        "generator.safetensors and config.json, is a checkpoint",
    )
    st.download_button(
        "Card",
        partial(_card, run, kept),
        f"{name}.md",
        "text/markdown",
        on_click="ignore",
        icon=":material/download:",
        help="What it was trained on, what it scores, what it must not be used for",
    )


def _card(run: "Run", kept: list[Kept]) -> str:
    from pap_core.training.card import card

    return card(run, [read_summary(one) for one in kept])


def _onnx(run: "Run", best: Path, digest: str, kept: list[Kept]) -> None:
    folder = run.folder / "export"
    found = onnx_export.find(folder, digest)
    if found:
        st.download_button(
            "ONNX",
            found.path.read_bytes,
            f"{run.folder.name}.onnx",
            "application/octet-stream",
            on_click="ignore",
            icon=":material/download:",
            help=f"{size(found.path.stat().st_size)}. {ONNX_HELP} On {found.crops} crops the largest "
            f"difference was {found.difference:.1g}, of colours from −1 to 1.",
        )
        return
    data = [folder for folder in data_of(run).values() if folder]
    if st.button(
        "Export to ONNX",
        icon=":material/output:",
        disabled=not data or not access.may("trainer"),
        help=access.hint(
            "trainer",
            ONNX_HELP if data else "Its data sets are gone: there are no crops to compare it with torch on",
        ),
    ):
        access.require("trainer")
        with st.spinner("Exporting, and comparing it with torch on real crops…", show_time=True):
            onnx_export.export(best, data[0], folder, _card(run, kept))
        st.rerun()
