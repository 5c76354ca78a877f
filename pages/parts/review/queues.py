"""Which cells are reviewed: a test split as it was predicted, a picture, or earlier predictions."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from pages.shared import model as models
from pages.shared.datasets import listed
from pages.shared.display import plain
from pages.shared.evaluations import checkpoint_digest, test_split
from pages.shared.model import Model, Picture
from pap_core.data.readers.sipakmed import OFFICIAL
from pap_core.errors import InputError
from pap_core.evaluation.store import Kept, find
from pap_core.pictures.file import READABLE
from pap_core.reviewing.picture_queue import picture_queue, predicted_queue
from pap_core.reviewing.split_queue import split_queue

if TYPE_CHECKING:
    from pap_core.reviewing.queue import Queue

SPLIT, PICTURE, PREDICTIONS = "split", "picture", "predictions"
SOURCES = {SPLIT: "A test split", PICTURE: "A picture", PREDICTIONS: "Earlier predictions"}
SOURCE_HELP = (
    "**A test split**: the crops of a data set that a checkpoint was evaluated on, whose truth tells how bad "
    "each prediction is. **A picture**: the cells that the checkpoint in use finds in it now. **Earlier "
    "predictions**: pictures with the label maps that were written for them."
)
PICTURE_HELP = (
    f"{READABLE}, up to 50 megapixels. It stays in memory; of a cell that you decide on, what is "
    "cut out around it is kept."
)
PREDICTIONS_HELP = (
    "Pictures, and for each its label map `<name>_label.png`, as **Segment** offers it or `predict` "
    "writes it, all at once."
)
FROM, PREDICTED, GIVEN = "review_from", "review_predictions", "review_picture"  # in the address
_FILES = "review_files"  # of the session: by source, the files given, so that they outlast a look elsewhere


@dataclass(frozen=True)
class Chosen:
    """The queue to go through."""

    queue: "Queue"
    key: str  # what tells it from others
    words: str  # what it is
    categories: list[str]  # that its cells may have


def choose_queue() -> Chosen | None:
    """Let the person choose; None, with what to do next, while there is nothing to review.

    Raises:
        InputError: the files given are no pictures, or what is kept of an evaluation is damaged.
    """
    source = st.segmented_control(
        "Review",
        list(SOURCES),
        format_func=SOURCES.get,
        default=SPLIT,
        required=True,
        key=FROM,
        bind="query-params",
        help=SOURCE_HELP,
    )
    return {SPLIT: _split, PICTURE: _picture, PREDICTIONS: _predictions}[source]()


def _split() -> Chosen | None:
    found = _evaluated()
    if not found:
        st.info(
            "No test split has been evaluated yet: open **Results** and evaluate a checkpoint on a data set, "
            "then come back; or review **A picture** of your own.",
            icon=":material/info:",
        )
        st.page_link("pages/results.py", label="Evaluate on a test split", icon=":material/monitoring:")
        return None
    name = _remembered(
        "Predictions", found, PREDICTED, "Which checkpoint's predictions of which data set's test split"
    )
    kept, folder = found[name]
    with st.spinner("Looking at the crops…", show_time=True):
        queue = _split_queue(str(kept.folder), str(folder), test_split(folder).digest)
    categories = sorted({entry.category for entry in queue.entries if entry.category})
    return Chosen(queue, f"{SPLIT} {kept.folder} {folder}", f"test split of {name}", categories)


def _picture() -> Chosen | None:
    given = st.file_uploader(
        "A smear, or a crop of one cell",
        key="review_upload",
        on_change=_let_go,
        args=(PICTURE, "review_upload"),
        help=PICTURE_HELP,
    )
    files = _given(PICTURE, [given] if given else [])
    if not files:
        return None
    picture = Picture(*files[0])
    with st.spinner("Segmenting…", show_time=True):
        model = models.load()
        queue, key = _found_queue(picture, model)
    words = f"{picture.name}, segmented by {model.name}"
    if not queue.entries:
        st.warning(
            f"{plain(picture.name)}: no cell was found in it, so there is none to review; give another "
            "picture."
        )
        return None
    return Chosen(queue, key, words, list(OFFICIAL))


def _predictions() -> Chosen | None:
    given = st.file_uploader(
        "Pictures with their label maps",
        accept_multiple_files=True,
        key="review_predicted",
        on_change=_let_go,
        args=(PREDICTIONS, "review_predicted"),
        help=PREDICTIONS_HELP,
    )
    files = _given(PREDICTIONS, given)
    if not files:
        return None
    pictures = [Picture(*file) for file in files]
    digest = " ".join(sorted(f"{one.name} {one.digest}" for one in pictures))
    with st.spinner("Measuring the cells…", show_time=True):
        queue = _predicted_queue(digest, pictures)
    if not queue.entries:
        st.warning("No cell was found in these label maps; give others.")
        return None
    words = ", ".join(dict.fromkeys(entry.name for entry in queue.entries))
    return Chosen(queue, f"{PREDICTIONS} {digest}", f"earlier predictions of {words}", list(OFFICIAL))


def _remembered(label: str, names: Iterable[str], key: str, explained: str) -> str:
    """Offer names; the address holds the one chosen, the first too, so that a link stays what it was."""
    names = list(names)
    asked = st.query_params.get(key, names[0])
    if asked not in names:
        st.toast("The predictions that the address names are missing.", icon=":material/info:")
    st.session_state[key] = asked if asked in names else names[0]

    def take() -> None:
        st.query_params[key] = st.session_state[key]

    chosen = st.selectbox(label, names, key=key, help=explained, on_change=take, width=200)
    st.query_params[key] = chosen
    return chosen


def _let_go(source: str, key: str) -> None:
    """Forget the files of a source that the person has taken away."""
    if not st.session_state[key]:
        st.session_state.get(_FILES, {}).pop(source, None)
        st.query_params.pop(GIVEN, None)


def _given(source: str, uploads: list) -> list[tuple[str, bytes]]:
    """Return the files given now, else those given before; say which ones the address waits for."""
    held = st.session_state.setdefault(_FILES, {})
    if uploads:
        held[source] = [(file.name, file.getvalue()) for file in uploads]
    files = held.get(source, [])
    asked = st.query_params.get(GIVEN)
    if files:
        st.query_params[GIVEN] = min(Picture(*file).digest for file in files)[:12]
        if not uploads:
            names = ", ".join(name for name, _ in files)
            st.caption(f"Still at hand: {plain(names)}. It is dropped when you close this page.")
    elif asked:
        st.info(
            f"You were at a picture that is not here any more (digest `{plain(asked)}`): give it again "
            "to go on. What you decided is kept.",
            icon=":material/info:",
        )
    else:
        st.info("Give a picture to begin: its cells become a queue.", icon=":material/info:")
    return files


def _evaluated() -> dict[str, tuple[Kept, Path]]:
    """Return what was evaluated, by the names of data set and checkpoint."""
    found = {}
    for data, folder in listed().items():
        for name, checkpoint in models.checkpoints().items():
            with suppress(InputError):  # told on the page of results
                kept = find(checkpoint_digest(checkpoint), test_split(folder))
                if kept:
                    found[f"{data} · {name}"] = kept, folder
    return found


@st.cache_resource(max_entries=4, show_spinner=False)
def _split_queue(kept: str, folder: str, digest: str) -> "Queue":
    return split_queue(Kept(Path(kept)), Path(folder))


def _found_queue(picture: Picture, model: Model) -> tuple["Queue", str]:
    kind, scale = models.choose(model, picture)
    key = f"{PICTURE} {picture.digest} {model.digest} {kind} {scale:g}"
    return _segmented_queue(key, picture.name, picture, model, kind, scale), key


@st.cache_resource(max_entries=2, show_spinner=False)
def _segmented_queue(
    key: str, name: str, _picture: Picture, _model: Model, kind: str, scale: float
) -> "Queue":
    found = models.segment(_model, _picture, kind, scale)
    pixels = _picture.pixels()
    return picture_queue(
        pixels, found.label, found.cells, found.cells_map, found.colours, _model.digest, name
    )


@st.cache_resource(max_entries=2, show_spinner=False)
def _predicted_queue(digest: str, _pictures: list[Picture]) -> "Queue":
    return predicted_queue([(one.name, one.content) for one in _pictures])
