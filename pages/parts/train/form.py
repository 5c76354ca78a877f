"""Starting a run: what to learn from, with which network, and what that will cost."""

import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

import streamlit as st

from pages.parts.train import corrections as train_corrections
from pages.parts.train.costs import Planned, costs
from pages.parts.train.fields import FIELDS, MAIN, inputs
from pages.parts.train.runs import COMPUTING, any_of, look_into
from pages.shared import access, datasets
from pages.shared.display import plain
from pages.shared.model import checkpoints
from pap_core.data.composition import Composition
from pap_core.errors import InputError
from pap_core.files import Count, Number, read_as_written
from pap_core.model.catalogue import CONFIG
from pap_core.settings.networks import GeneratorConfig
from pap_core.training import process
from pap_core.training.config import PRESETS as CONFIGS
from pap_core.training.config import changed, flat
from pap_core.training.run import Run, new_folder

if TYPE_CHECKING:
    from pap_core.training.config import TrainConfig

PRESETS = {
    "compact": "The one that ships: a ready encoder, 5 million parameters",
    "paper": "The paper's network, 110 million parameters, for a GPU",
    "isola": "The smaller network of Isola et al. 2017, 54 million parameters",
    "tiny": "For a first look: learns phantoms in minutes on any machine",
}
SCRATCH = "Nothing: from scratch"
_STARTED, _AT_ONCE = "train_started", 2.0  # key of the moment of the last start; s
DATA_HELP = (
    "Their training sides are used together. The split is the data set's own: build another to change it."
)
PRESET_HELP = "The settings to begin with; each can be changed below."
INITIAL_HELP = (
    "Fine-tune a trained generator: its weights are where the run begins, its network is the run's. The "
    "discriminator begins from scratch."
)
MENDING = (
    "The settings below are for fixing a trained checkpoint: few epochs at a small learning rate, with "
    "frozen norms, so that it hardly forgets what else it knew. What it should keep is best among the data "
    "sets, too."
)
FROM_SCRATCH = (
    "A few corrections teach a new network little: to fix a trained one, choose it under **Start from**."
)


class Network(TypedDict, total=False):
    """A checkpoint's network, `pap_core.model.generator.GeneratorConfig` as it is written down."""

    encoder: str
    levels: Count
    width: Count
    kernel: Count
    last: str
    head: str
    dropout: Number
    network: str


class Checkpoint(TypedDict):
    """What is read of a checkpoint's ``config.json``, without torch."""

    generator: Network


@dataclass(frozen=True)
class Material:
    """The data sets chosen."""

    folders: list[Path]
    crops: int  # on their training sides
    size: int  # px, side of a crop


def new_run() -> None:
    """Let the person choose data, network and settings, say what they cost, and start."""
    found = datasets.listed()
    if not found:
        st.info("There is no data set to train on yet: build one, or wait for the ready one.")
        datasets.waiting()
        st.page_link("pages/dataset.py", label="Build a data set", icon=":material/dataset:")
        return
    sources, presets = st.columns(2, gap="large")
    with presets:
        preset = _preset()
    with sources:
        names = _data(found)
        initial = _initial()
        reviews = train_corrections.offer()
        told = st.container(gap="xsmall")
    start = st.container()  # above the settings: it is seen without scrolling past them
    if not names:
        start.info("Choose one data set or more to train on.")
        return
    try:
        with told:
            material = _material([found[name] for name in names])
            if reviews is not None:
                corrections = train_corrections.material(reviews, material.folders)
                if corrections is None:
                    return
                material = _joined(material, corrections)
        config = _settings(preset, initial, reviews is not None)
    except InputError as error:
        start.error(plain(str(error)))
        return
    with start:
        _start(Planned(config, material.folders, material.crops, material.size), initial)


def _start(planned: Planned, initial: Path | None) -> None:
    """Offer to start a run, and say beside that what it costs."""
    button, figures = st.columns((1, 5), vertical_alignment="top")
    button.button(
        "Start",
        type="primary",
        icon=":material/play_arrow:",
        width="stretch",
        disabled=not access.may("trainer"),
        on_click=datasets.attempt,
        args=(access.act, "trainer", _begin, planned.config, planned.folders, initial),
        help=access.hint(
            "trainer",
            "Begins a run that continues by itself, whoever looks; where another has the device, it waits.",
        ),
    )
    if access.may("trainer"):  # to count and to measure is work, too
        with figures:
            costs(planned, busy=any_of(process.listed(), COMPUTING))


def _preset() -> str:
    return st.radio(
        "Preset",
        list(PRESETS),
        captions=list(PRESETS.values()),
        key="train_preset",
        persist_state="session",
        help=PRESET_HELP,
    )


def _data(found: dict[str, Path]) -> list[str]:
    key = "train_data"
    default = datasets.READY if datasets.READY in found else next(iter(found))
    chosen = st.session_state.get(key, [default])
    st.session_state[key] = [name for name in chosen if name in found]  # some may have been deleted since
    return st.multiselect("Data sets", list(found), key=key, persist_state="session", help=DATA_HELP)


def _initial() -> Path | None:
    key = "train_initial"
    found = checkpoints()
    names = [SCRATCH, *found]
    if st.session_state.get(key, SCRATCH) not in names:
        del st.session_state[key]
    name = st.selectbox("Start from", names, key=key, persist_state="session", help=INITIAL_HELP)
    return found.get(name)


def _material(folders: list[Path]) -> Material:
    crops, sizes = 0, set()
    for folder in folders:
        one = datasets.composition(folder)
        sides = one.cells.groupby("split")
        count, groups = sides.size(), sides["group"].nunique()
        if not count.get("train"):
            raise InputError(f"{folder.name}: no crop on its training side; choose another data set.")
        crops += int(count["train"])
        sizes.add(one.described.get("size", 256))
        word = one.group_word
        st.caption(
            f"**{plain(folder.name)}**: split {one.described['split']} with seed {one.described['seed']}; "
            f"{count['train']:,} crops of {groups['train']:,} {word}s to learn from, "
            f"{count.get('test', 0):,} of {groups.get('test', 0):,} kept for the test."
        )
    if len(sizes) > 1:
        raise InputError(
            f"{', '.join(folder.name for folder in folders)}: crops of different sizes {sorted(sizes)} "
            "cannot be trained on together; build them alike."
        )
    return Material(folders, crops, sizes.pop())


def _joined(material: Material, corrections: Composition) -> Material:
    """Return what was chosen with the data set of the corrections beside it."""
    crops = int((corrections.cells["split"] == "train").sum())
    return Material([*material.folders, corrections.folder], material.crops + crops, material.size)


def _settings(preset: str, initial: Path | None, corrected: bool) -> "TrainConfig":
    with st.spinner("Loading the presets…"):
        from pap_core.training.keeping import FINE_TUNING

    config = CONFIGS[preset]
    given = _network(initial) if initial else {}
    defaults = flat(config) | given
    if given:
        defaults |= {"pretrained": False} | _fitting(defaults)
    key = f"train_set_{preset}" + (f"_{initial}" if initial else "")
    if given and corrected:
        st.caption(MENDING)
        defaults |= FINE_TUNING
        key += "_corrected"
    elif corrected:
        st.info(FROM_SCRATCH)
    fixed = [*given, "pretrained"] if given else []
    values = inputs(MAIN, defaults, key, fixed)
    jitter = [name for name in defaults if name.startswith("jitter.")]
    with st.expander("Jitter: how crops are bent while training", icon=":material/transform:"):
        values |= inputs(jitter, defaults, key)
    rest = [name for name in FIELDS if name in defaults and name not in values]
    rest += [name for name in defaults if name not in FIELDS and name not in values]
    with st.expander("Advanced: every other setting", icon=":material/tune:"):
        values |= inputs(rest, defaults, key, fixed)
    return changed(config, values)


def _network(initial: Path) -> dict[str, Any]:
    """Return a checkpoint's network as settings."""
    try:
        found = read_as_written(initial / CONFIG, Checkpoint, "choose another")["generator"]
        generator = GeneratorConfig(**found)
        wrong = generator.faults()
    except (FileNotFoundError, InputError, TypeError):
        wrong = ["missing or damaged"]
    if wrong:
        raise InputError(
            f"{initial / CONFIG}: {'; '.join(wrong)}; expected a checkpoint's configuration; choose another "
            "to start from."
        )
    return {f"generator.{name}": value for name, value in asdict(generator).items()}


def _fitting(values: dict[str, Any]) -> dict[str, Any]:
    """Return what a network's head asks of the objective, where the preset's is for the other head."""
    if values["generator.head"] == "palette":
        return {"border": 0}
    return {"cross_entropy": 0.0, "dice": 0.0}


def _begin(config: "TrainConfig", folders: list[Path], initial: Path | None) -> None:
    """Make a run, start it, and open it; a double click is one."""
    if time.monotonic() - st.session_state.get(_STARTED, -_AT_ONCE) < _AT_ONCE:
        return
    st.session_state[_STARTED] = time.monotonic()

    run = Run.create(new_folder(config.preset), config, folders, initial)
    try:
        process.start(run)
    except InputError:
        run.remove()  # nothing is left of a start that was refused
        raise
    look_into(run.folder.name)
