"""Where the picture comes from: files dropped, an example, the camera, or a data set's crop."""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from pages.parts.segment.example_cards import example_cards
from pages.shared.datasets import listed
from pages.shared.display import plain
from pages.shared.examples import SEEDS, picture_file
from pages.shared.model import Picture
from pap_core.data import places
from pap_core.data.extent import Extent
from pap_core.data.manifest import FILE as MANIFEST
from pap_core.data.manifest import cells, extent_of
from pap_core.images import png_bytes, read_image
from pap_core.masks import read_label
from pap_core.pictures.file import READABLE

FILE, EXAMPLE, CAMERA, CROP = "file", "example", "camera", "crop"
ELSEWHERE = {CAMERA: "Camera", CROP: "Data set"}
HELP = (
    "Up to 50 megapixels each; several at once to choose among. They stay in the memory of the server, until "
    "later ones take their place, and are never written to disk."
)
ELSEWHERE_HELP = (
    "**Camera** takes a picture, once you allow it. **Data set** opens a crop of a data set that was built, "
    "and compares with its label."
)


@dataclass(frozen=True)
class OwnLabel:
    """The truth that a crop of a data set comes with."""

    path: Path
    extent: Extent  # what of it is picture

    def read(self) -> bytes:
        """Return the label map of what is picture, as a PNG file; InputError where it cannot be read."""
        return png_bytes(self.extent.cut(read_label(self.path, self.path.name)))


@dataclass(frozen=True)
class Chosen:
    """The picture to segment."""

    picture: Picture
    label: OwnLabel | None = None  # its truth, where a data set has it


def choose_picture() -> Chosen:
    """Offer all sources; return the picture chosen last, an example at first and where it is gone."""
    st.session_state.setdefault("segment_source", EXAMPLE)
    st.session_state.setdefault("segment_example", next(iter(SEEDS)))
    found = {FILE: _files()}
    elsewhere = st.pills(
        "Or take one from",
        list(ELSEWHERE),
        format_func=ELSEWHERE.get,
        key="segment_elsewhere",
        help=ELSEWHERE_HELP,
    )
    if elsewhere == CAMERA:
        found[CAMERA] = _camera()
    elif elsewhere == CROP:
        found[CROP] = _crop()
    chosen = found.get(st.session_state.segment_source)
    category = st.session_state.segment_example
    example_cards(None if chosen else category, _take_example)
    if chosen:
        return chosen
    file = picture_file(category)
    return Chosen(Picture(file.name, file.read_bytes()))


def _files() -> Chosen | None:
    files = st.file_uploader(  # of any type: read_image tells what is wrong with a file, and names it
        f"Drop pictures here: {READABLE}",
        accept_multiple_files=True,
        key="segment_upload",
        on_change=_take_newest,
        help=HELP,
    )
    if not files:
        return None
    by_id = {file.file_id: file for file in files}
    identifier = st.selectbox(
        f"Picture, one of your {len(files)}" if len(files) > 1 else "Your picture",
        list(by_id),
        format_func=lambda one: by_id[one].name,
        placeholder="Choose",
        key="segment_file",
        on_change=_take,
        args=(FILE,),
        help="What was found in each is remembered: going back to one is quick.",
    )
    file = by_id.get(identifier)
    return Chosen(Picture(file.name, file.getvalue())) if file else None


def _camera() -> Chosen | None:
    shot = st.camera_input(
        "Take a picture",
        key="segment_camera",
        on_change=_take,
        args=(CAMERA,),
        resolution="1080p",
        help="Through the eyepiece of a microscope, say. It stays in memory and is never written to disk.",
    )
    return Chosen(Picture("camera.jpg", shot.getvalue())) if shot else None


def _crop() -> Chosen | None:
    folders = listed()
    if not folders:
        st.info("No data set is there yet: build one on the page **Data sets**, then come back.")
        return None
    name = st.selectbox(
        "Data set", list(folders), key="segment_dataset", help="Those of this workspace, once they are built"
    )
    folder = folders[name]
    try:
        identifier = st.selectbox(
            "Crop",
            _crops(str(folder), (folder / MANIFEST).stat().st_mtime_ns),
            index=None,
            placeholder="Choose",
            key=f"segment_crop_{name}",
            on_change=_take,
            args=(CROP,),
            help="By its id, as the data set's manifest has it",
        )
        if identifier is None:
            return None
        image, manifest = places.image(folder, identifier), folder / MANIFEST
        changed = (image.stat().st_mtime_ns, manifest.stat().st_mtime_ns)
        content, extent = _real_part(str(folder), identifier, changed)
    except (OSError, ValueError):  # deleted by someone else, or in the middle of that
        st.error(f"{plain(name)}: the data set is no longer whole; choose another, or build it again.")
        return None
    label = OwnLabel(places.label(folder, identifier), extent)
    return Chosen(Picture(f"{identifier}.png", content), label)


@st.cache_data(max_entries=8, show_spinner=False)
def _crops(folder: str, changed: int) -> list[str]:
    return cells(Path(folder))["id"].tolist()


@st.cache_data(max_entries=8, show_spinner=False)
def _real_part(folder: str, identifier: str, changed: tuple[int, int]) -> tuple[bytes, Extent]:
    """Return as a PNG file what of a crop is picture, not filled by mirroring, and where that lies."""
    pixels = read_image(places.image(folder, identifier))
    extent = extent_of(Path(folder), identifier, pixels.shape)
    return png_bytes(extent.cut(pixels)), extent


def _take(source: str) -> None:
    st.session_state.segment_source = source
    if source != FILE:
        st.session_state.segment_file = None


def _take_newest() -> None:
    """Show a file just dropped; where files were taken away, stay with one that is left."""
    identifiers = [file.file_id for file in st.session_state.segment_upload]
    new = [one for one in identifiers if one not in st.session_state.get("segment_seen", ())]
    st.session_state.segment_seen = identifiers
    if new:
        st.session_state.segment_file = new[0]
        st.session_state.segment_source = FILE
    elif st.session_state.get("segment_file") not in identifiers:
        st.session_state.segment_file = next(iter(identifiers), None)


def _take_example(category: str) -> None:
    st.session_state.segment_example = category
    _take(EXAMPLE)
