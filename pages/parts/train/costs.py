"""What a run will cost, said before it is started; found out aside, so that the form stays quick."""

import json
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import streamlit as st

from pages.parts.train.gpu import gpus
from pages.shared import access
from pages.shared.display import plain
from pages.shared.words import duration, parameters, size
from pap_core.data.described import describe
from pap_core.errors import InputError
from pap_core.training.planning import estimate, peak

if TYPE_CHECKING:
    from pap_core.training.config import TrainConfig
    from pap_core.training.planning.estimate import Costs
    from pap_core.training.run import Run

_SMALL_STEP, _SMALL_MEMORY = 500e9, 1.5e9  # FLOP and bytes up to which the pace is measured unasked
_DAY = 86400.0  # s
_KEPT = 64  # answers
_ASKED = "train_asked"  # key of what this session asked last
_EVERY = 0.7  # s between looks at what is not answered yet
TIME_HELP = (
    "Epochs times training crops, at the pace of a few real steps on this machine; validation, saving and "
    "the evaluation at the end come on top."
)
MEMORY_HELP = (
    "Weights, gradients, Adam's two moments and the moving average, and what waits for the backward pass at "
    "this batch; what libraries work in comes on top."
)


@dataclass(frozen=True)
class Planned:
    """A run before it is started."""

    config: "TrainConfig"
    folders: list[Path]
    crops: int  # on the data sets' training sides
    side: int  # px of a crop

    @property
    def shown(self) -> float:
        """Crops the networks will be shown in all."""
        return self.config.epochs * self.crops * (1 - self.config.validation)


@dataclass
class _Work:
    """What was asked, shared by all sessions; done one after the other, for the measure's sake."""

    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))
    asked: dict[tuple, Future] = field(default_factory=dict)

    def ask(self, key: tuple, work: Callable, *arguments: object) -> Future:
        """Return the answer of that key, and ask for it if nobody has."""
        if key not in self.asked:
            while len(self.asked) >= _KEPT:
                self.asked.pop(next(iter(self.asked)), None)
            self.asked[key] = self.pool.submit(work, *arguments)
        return self.asked[key]

    def let_go(self, keys: Iterable[tuple]) -> None:
        """Drop questions that nobody began to answer: settings were changed again meanwhile."""
        for key in keys:
            if key in self.asked and self.asked[key].cancel():
                del self.asked[key]


@st.cache_resource(show_spinner=False)
def _work() -> _Work:
    return _Work()


def costs(planned: Planned, busy: bool) -> None:
    """Say what a run takes of memory and time, as soon as it is known.

    Args:
        planned: the run.
        busy: a run computes on this machine now, so that nothing is measured unasked.
    """
    config, work = planned.config, _work()
    alike = json.dumps([estimate.to_dict(estimate.comparable(config)), planned.side], sort_keys=True)
    count, pace = ("costs", alike), ("pace", alike)
    work.let_go(key for key in st.session_state.get(_ASKED, ()) if key not in (count, pace))
    st.session_state[_ASKED] = (count, pace)
    asked = {"costs": work.ask(count, estimate.costs, config, planned.side)}

    def measure() -> Future:
        return work.ask(pace, estimate.measure, config, planned.folders)

    def again() -> None:
        work.asked.pop(pace, None)
        measure()

    if pace in work.asked or (not busy and _small(asked["costs"], config)):
        asked["pace"] = measure()
    if not busy:
        asked["peak"] = work.ask(("peak", config.precision), peak.measure, config.precision)
    st.fragment(_say, run_every=None if _answered(asked) else _EVERY)(planned, asked, again, _answered(asked))


def _small(costs: Future, config: "TrainConfig") -> bool:
    found = _result(costs)
    return found is not None and found.flops * config.batch <= _SMALL_STEP and found.memory <= _SMALL_MEMORY


def _answered(asked: dict[str, Future]) -> bool:
    return all(one.done() for one in asked.values())


def _result(asked: Future | None):
    answered = asked is not None and asked.done() and not asked.cancelled()
    return asked.result() if answered and not asked.exception() else None


def _say(planned: Planned, asked: dict[str, Future], measure: Callable[[], None], answered: bool) -> None:
    if _answered(asked) and not answered:
        st.rerun()  # there may be more to ask now, and nothing to wait for
    found: Costs | None = _result(asked["costs"])
    pace, best = _result(asked.get("pace")), _result(asked.get("peak"))
    seconds = planned.shown / pace.crops_per_second if pace else None
    with st.container(horizontal=True, gap="large", vertical_alignment="bottom"):
        st.metric(
            "Parameters",
            f"{parameters(found.states.generator)} + {parameters(found.states.discriminator)}"
            if found
            else "…",
            help="Of the generator, and of the discriminator that only training needs",
        )
        st.metric("Memory", size(found.memory) if found else "…", help=MEMORY_HELP)
        unknown = "…" if "pace" in asked and not asked["pace"].done() else "not measured"
        st.metric("Time", duration(seconds) if seconds else unknown, help=TIME_HELP)
        if answered and st.button(
            "Measure again" if "pace" in asked else "Measure it",
            icon=":material/timer:",
            disabled=not access.may("trainer"),
            help="Takes a few real steps in a process of its own: some seconds, for `paper` on a CPU "
            "a minute or two. Other work at the same time makes it slower.",
        ):
            if access.may("trainer"):
                measure()
            st.rerun()
    if not answered:
        st.caption(":material/hourglass_top: Counting, and measuring a few steps on this machine…")
    if pace:
        where = f"{'CPU' if pace.device == 'cpu' else 'GPU'}, {pace.precision}"
        st.caption(
            f"Measured on this machine ({where}): {pace.crops_per_second:.3g} crops per second, the process "
            f"at {size(pace.memory)} when it had the most. {planned.shown:,.0f} crops in all."
        )
    _warn(planned, asked, found, seconds, best)


def _warn(
    planned: Planned,
    asked: dict[str, Future],
    found: "Costs | None",
    seconds: float | None,
    best: float | None,
) -> None:
    for one in asked.values():
        if one.done() and not one.cancelled() and (error := one.exception()):
            if not isinstance(error, InputError):
                raise error
            st.error(plain(str(error)))
    if found and found.memory > (room := _room()):
        st.warning(
            f"This run needs about {size(found.memory)}, and {size(room)} are free on this machine: choose a "
            "smaller batch or width, or another machine."
        )
    if seconds is None and found and best:
        seconds = found.flops * planned.shown / best
        least = "at the very least, were this machine always at its best, "
    else:
        least = "about "
    if seconds and seconds > _DAY:
        st.warning(
            f"On this machine this run would take {least}**{duration(seconds)}**. Choose fewer epochs, a "
            "smaller width or the preset compact; or train on a machine with a GPU.",
            icon=":material/hourglass_bottom:",
        )


def _room() -> int:
    """Bytes that are free where the run will compute."""
    found = gpus()
    return max(one.total - one.used for one in found) if found else psutil.virtual_memory().available


def share_of_peak(run: "Run", crops_per_second: float) -> float | None:
    """Return the share of its machine's peak at which a run computes, None while it is not known."""
    try:
        best = peak.read()[run.read_machine()]
    except (OSError, KeyError, InputError):
        return None
    found = _result(_work().ask(("flops", run.folder.name), _flops, run))
    return found * crops_per_second / best if found else None


def _flops(run: "Run") -> float:
    """Count the arithmetic of a step, for one crop."""
    config, datasets = run.read_config()
    return estimate.costs(config, describe(Path(datasets[0]["folder"])).get("size", 256)).flops
