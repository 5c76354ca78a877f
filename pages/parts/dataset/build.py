"""The form to order a data set."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from pages.parts.dataset.fields import of_fields
from pages.shared import access
from pages.shared.builds import WATCHED
from pages.shared.datasets import listed
from pages.shared.display import plain
from pap_core.data import archive, build_job
from pap_core.data.sources import subfolders, within
from pap_core.errors import InputError
from pap_core.workspace import data_root

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

FOLDER, UPLOAD = "Folder on this machine", "ZIP archive"
MODES = {"Automatic": None, "Window": "window", "Field": "field", "Fit": "fit", "Whole": "whole"}
MASKS = {"Automatic": None, "Labels": "labels", "Colours": "colours", "Herlev": "herlev"}
MASKS_HELP = (
    "Of masks beside pictures. **Labels**: the numbers 0, 1, 2. **Colours**: white, red, blue. **Herlev**: "
    "red, dark blue, blue. **Automatic** recognises each, and leaves out what may be read in two ways."
)
SPLITS = {"Grouped": "grouped", "Paper": "paper"}
LAYOUTS = (
    "What it holds is recognised: SIPaKMeD (contours in `.dat` files beside smears or crops), Herlev (masks "
    "named like the image with `-d`), phantoms, exported reviews, or pictures with truth beside them: masks, "
    "outlines (GeoJSON, COCO, CVAT, labelme) or points."
)
MODE_HELP = (
    "**Window**: 256 × 256 pixels around the nucleus, at the smear's own resolution, as in the paper. "
    "**Field**: the same around some pixel of the cell. **Fit**: the whole cell with a margin, resized. "
    "**Whole**: all of a picture of 256 × 256, of a larger one a window within it; a smaller one is fitted. "
    "**Automatic**: window for smears, fit for pictures of one cell, whole for reviewed cells."
)
SPLIT_HELP = (
    "**Grouped** keeps all cells of a smear or slide on one side: figures on the test side are honest. "
    "**Paper** draws at random within each category, as the paper did: cells of one smear stand on both "
    "sides."
)
GET = (
    "Get SIPaKMeD (Plissiti et al., ICIP 2018) or Herlev (Jantzen et al., 2005) from where these "
    "publications say, and unpack it there; or name another folder in the environment variable PAP_DATA and "
    "start the program again; or upload a ZIP archive."
)
HELD = (
    "The archive and what it unpacks to are kept in a folder of the workspace that only this program's user "
    "may read, and are removed once the data set is built or the build deleted."
)


@dataclass(frozen=True)
class Source:
    """What a person chose to build from: a folder, or an upload."""

    folder: str | None = None  # from the data root
    upload: "UploadedFile | None" = None

    @property
    def title(self) -> str:
        """A name to call the data set by, unless the person knows a better one."""
        path = Path(self.upload.name).stem if self.upload else within(data_root(), self.folder).name
        name = "".join(sign if sign.isascii() and (sign.isalnum() or sign in " _-") else "-" for sign in path)
        name = name.strip(" -_")[:50] or "set"
        taken = {one.casefold() for one in [*listed(), *(job.name for job in build_job.listed())]}
        numbered = (name if not number else f"{name}-{number + 1}" for number in range(len(taken) + 1))
        return next(one for one in numbered if one.casefold() not in taken)


def build_form() -> None:
    """Let the person choose a source and options, and start a build."""
    kind = st.segmented_control(
        "Build from",
        [FOLDER, UPLOAD],
        default=FOLDER,
        required=True,
        key="build_kind",
        help=LAYOUTS,
    )
    try:
        source = _folder() if kind == FOLDER else _upload()
        if source is not None:
            _order(source)
    except InputError as error:
        st.error(plain(str(error)))


def _folder() -> Source | None:
    root = data_root()
    names = subfolders(root)
    if not names:
        st.info(
            f"There is nothing to build from under the data root, {plain(str(root.absolute()))}. {GET}",
            icon=":material/folder_off:",
        )
        return None
    chosen = st.selectbox(
        "Folder",
        names,
        index=min(1, len(names) - 1),
        format_func=lambda name: f"{root.name} (all of it)" if name == "." else name,
        key="build_folder",
        help=f"A folder under the data root, {plain(str(root.absolute()))}. {LAYOUTS}",
    )
    return Source(folder=chosen)


def _upload() -> Source | None:
    file = st.file_uploader(  # of any type: `archive.check` tells what is wrong with a file, and names it
        "ZIP archive",
        key=f"build_upload_{st.session_state.setdefault('build_uploads', 0)}",
        disabled=not access.may("trainer"),
        help=access.hint(
            "trainer",
            f"{LAYOUTS} A larger source is better unpacked under the data root and built from there.",
        ),
    )
    st.caption(HELD)
    if file is None:
        return None
    _check(file.file_id, file)
    return Source(upload=file)


@st.cache_data(max_entries=64, show_spinner="Looking into the archive…")
def _check(identifier: str, _file: "UploadedFile") -> None:
    archive.check(_file, _file.name)


def _order(source: Source) -> None:
    title = source.title
    with st.form("build_options", border=True):
        name = st.text_input(
            "Name",
            title,
            max_chars=64,
            key=f"build_name_{title}",
            help="Of the data set: letters, digits, blanks, and . _ -",
        )
        first, second = st.columns(2, gap="medium")
        with first:
            mode = st.segmented_control(
                "Crops", list(MODES), default="Automatic", required=True, help=MODE_HELP
            )
        with second:
            split = st.segmented_control(
                "Split", list(SPLITS), default="Grouped", required=True, help=SPLIT_HELP
            )
        with st.container(horizontal=True, vertical_alignment="bottom"):
            share = st.number_input(
                "Test share", 0.0, 1.0, 0.3, 0.05, width=150, help="Of all crops, for the test side"
            )
            seed = st.number_input(
                "Seed", 0, 2**31 - 1, 0, width=150, help="Of the split: the same seed gives the same sides"
            )
            border = st.number_input(
                "Border (px)", 0, 64, 2, width=150, help="Of the black border in the target colour maps"
            )
            masks = st.selectbox("Masks", list(MASKS), width=150, help=MASKS_HELP)
            neighbours = st.toggle(
                "Neighbours", True, help="Draw other annotated cells that reach into a crop as cells, too"
            )
        fields = of_fields()
        if not st.form_submit_button(
            "Build",
            type="primary",
            icon=":material/construction:",
            disabled=not access.may("trainer"),
            help=access.hint("trainer", "Runs in the background, whether this page is open or not"),
        ):
            return
    access.require("trainer")
    options = {
        "mode": MODES[mode],
        "mask_form": MASKS[masks],
        "split": SPLITS[split],
        "test_share": share,
        "seed": seed,
        "border": border,
        "neighbours": neighbours,
        **fields,
    }
    if source.upload is not None:
        source.upload.seek(0)
        build_job.from_archive(name.strip(), source.upload, source.upload.name, options)
        st.session_state.build_uploads += 1  # an uploader of another key is an empty one
    else:
        build_job.from_folder(name.strip(), within(data_root(), source.folder), options)
    st.session_state.setdefault(WATCHED, []).append(name.strip())
    st.rerun()
