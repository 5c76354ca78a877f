"""A comparison on its way: begun, watched while its process is at work, stopped, resumed."""

from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

import streamlit as st

from pages.parts.compare.choosing import choose_methods
from pages.parts.compare.view import OF
from pages.shared import access, datasets, watch
from pages.shared.display import plain
from pages.shared.evaluations import test_split
from pap_core.comparison import job
from pap_core.comparison.compare import Comparison, begin
from pap_core.comparison.job import Progress
from pap_core.errors import InputError
from pap_core.jobs.job import FAILED, LOST, STOPPED, STOPPING
from pap_core.methods.catalogue import ABOUT, available
from pap_core.training import process

MINUTES = 20.0  # of training for each, unless the person says otherwise
_EVERY = 2.0  # s
MEASURE = "Measure"
NEW = "compare_new"  # key of the popover with the form: whether it is open
DATA_HELP = "Methods train on its training side and are measured on its test side."
MINUTES_HELP = (
    "For each method that learns, on this machine. The number of its epochs is set by the pace of a few "
    "steps, so that all train equally long. A combination has what its members have."
)


def begin_form(sets: dict[str, Path]) -> None:
    """Ask for a data set, the minutes and the methods, and start a comparison of them."""
    name = st.selectbox(
        "Data set", list(sets), index=first_with_test(sets), key="compare_new_data", help=DATA_HELP
    )
    minutes = st.number_input(
        "Minutes of training each",
        min_value=0.1,
        max_value=10_000.0,
        value=MINUTES,
        step=5.0,
        format="%g",
        key="compare_new_minutes",
        help=MINUTES_HELP,
    )
    chosen = choose_methods("compare_new_methods", available(), minutes)
    st.caption(
        "One method after another, in a process of its own: it continues when you leave the page, and when "
        "the server ends. A comparison with the same data set and minutes is resumed."
    )
    st.button(
        "Start",
        key="compare_start",
        type="primary",
        icon=":material/play_arrow:",
        disabled=not access.may("trainer"),
        on_click=datasets.attempt,
        args=(access.act, "trainer", _begin, sets[name], minutes, chosen),
        help="Begins at once; training waits for the runs before it",
    )


def first_with_test(sets: dict[str, Path]) -> int:
    """Return the place of the first data set that has test crops to measure on, 0 where none has."""
    for place, folder in enumerate(sets.values()):
        with suppress(InputError):  # damaged, which is told where it is chosen
            if test_split(folder).crops:
                return place
    return 0


def _begin(folder: Path, minutes: float, names: Sequence[str]) -> None:
    comparison = begin(folder, minutes)
    st.query_params[OF] = comparison.folder.name
    job.start(comparison, names)
    st.session_state[NEW] = False


def new_comparison(sets: dict[str, Path]) -> None:
    """Offer to begin another comparison."""
    popover = st.popover(
        "New comparison",
        icon=":material/add:",
        key=NEW,
        on_change="rerun",
        help="On another data set, or with another time to learn",
    )
    if popover.open:
        with popover:
            begin_form(sets)


def work_left(comparison: Comparison, missing: list[str]) -> None:
    """Show how far a comparison is, anew every few seconds while its process is at work.

    Args:
        comparison: begun or done.
        missing: the methods without a result that can be used.
    """
    told = job.progress(comparison)
    if told is not None and told.at_work:
        _at_work(comparison)
        return
    left = _left(told, missing)
    if left and told.state in (STOPPED, FAILED, LOST):
        _go_on(comparison, told, left)
    if missing:
        _offer(comparison, missing)


def _left(told: Progress | None, missing: Sequence[str]) -> list[str]:
    """Return the methods asked for that have no result yet."""
    return [name for name in told.methods if name in missing] if told else []


def _buttons(comparison: Comparison, left: Sequence[str], stoppable: bool, at_work: bool) -> bool:
    """Offer to stop and to resume, each in a place of its own: a second click on one never meets the other.

    Returns:
        Whether one was pressed.
    """
    allowed = access.may("trainer")
    with st.container(horizontal=True):
        stopped = st.button(
            "Stop",
            key="compare_stop",
            icon=":material/stop:",
            disabled=not (stoppable and allowed),
            on_click=datasets.attempt,
            args=(access.act, "trainer", comparison.stop),
            help="A run writes a checkpoint first; what is done stays, and it can be resumed",
        )
        gone_on = st.button(
            "Resume",
            key="compare_resume",
            icon=":material/play_arrow:",
            disabled=at_work or not allowed,
            on_click=datasets.attempt,
            args=(access.act, "trainer", job.start, comparison, left),
            help="Measures those that are left; a run that was begun resumes from its last checkpoint",
        )
    return stopped or gone_on


def _go_on(comparison: Comparison, told: Progress, left: list[str]) -> None:
    _buttons(comparison, left, stoppable=False, at_work=False)
    asked = (
        f"{len(left)} of the {len(told.methods)} methods asked for are" if len(left) > 1 else "1 method is"
    )
    if told.state == FAILED:
        st.error(plain(told.error or "The comparison broke off; the end of its log may say why."))
        _log(comparison)
    elif told.state == LOST:
        st.warning(
            "The comparison's process ended without a word (it was killed, or the machine went down): "
            f"{asked} left. **Resume** continues where it was.",
            icon=":material/link_off:",
        )
    else:
        st.info(f"The comparison was stopped: {asked} left.", icon=":material/pause_circle:")


def _offer(comparison: Comparison, missing: list[str]) -> None:
    done = comparison.done()
    without = f"{len(missing)} methods are without a result" if done else "No method has a result yet"
    with st.expander(f"{without}: measure them", icon=":material/play_arrow:", expanded=not done):
        st.markdown(", ".join(ABOUT[name].title for name in missing) + ".")
        chosen = choose_methods("compare_missing_methods", missing, comparison.minutes)
        st.button(
            f"{MEASURE} {len(chosen)} methods" if len(chosen) > 1 else f"{MEASURE} {ABOUT[chosen[0]].title}",
            key="compare_measure",
            type="primary",
            icon=":material/play_arrow:",
            disabled=not access.may("trainer"),
            on_click=datasets.attempt,
            args=(access.act, "trainer", job.start, comparison, chosen),
            help=f"Trains each for {comparison.minutes:g} minutes, if it learns, and measures it on the test "
            "split; what was begun and stopped is resumed",
        )


def _at_work(comparison: Comparison) -> None:
    """Show how far the process of a comparison is, as it goes on."""
    draw = partial(_work, comparison, _news(comparison))
    work = watch.show(watch.Part("compare_work", partial(_look, comparison), draw))
    watch.watch("compare_pulse", [work], _EVERY, partial(_pulse, comparison))
    st.caption("It continues when you leave the page. What is done appears below as it comes.")


def _news(comparison: Comparison) -> object:
    """What changes as there is something new in the tables, or something to go on with."""
    told = job.glance(comparison)
    return told is not None and told.at_work, comparison.stamps()


def _look(comparison: Comparison) -> object:
    told = job.glance(comparison)
    return _news(comparison), told and (_stopping(comparison, told), told.methods)


def _stopping(comparison: Comparison, told: Progress) -> bool:
    status = _training(comparison, told)
    return STOPPING in (told.state, status and status.state)


def _work(comparison: Comparison, before: object) -> None:
    told = job.glance(comparison)
    if told is None or _news(comparison) != before:
        st.rerun(scope="app")
    stopping = _stopping(comparison, told)
    if _buttons(comparison, told.methods, stoppable=not stopping, at_work=True):
        st.rerun(scope="app")  # there may be something to refuse


def _pulse(comparison: Comparison) -> None:
    if told := job.glance(comparison):
        st.progress(*_share(told, _training(comparison, told)))


def _training(comparison: Comparison, told: Progress) -> process.Status | None:
    """Return how the run of the method at hand is, None where none is at work."""
    run = job.run_at_hand(comparison, told.method) if told.method else None
    status = process.glance(run) if run else None
    return status if status and status.state in process.LIVE else None


def _share(told: Progress, status: process.Status | None) -> tuple[float, str]:
    """Return how much of the method at hand is done, and all of it in words."""
    if not told.method:
        return 0.0, "Comparing: the process starts"
    place = told.methods.index(told.method) + 1 if told.method in told.methods else 1
    words = f"Method {place} of {len(told.methods)}, {ABOUT[told.method].title}"
    share = min(1.0, told.done / told.total) if told.total else 0.0
    if status and status.state == STOPPING:
        return share, f"{words}: it writes a checkpoint and ends"
    if told.state == STOPPING:
        return share, f"{words}: stopping"
    if status and status.queue_place:
        return 0.0, f"{words}: it waits for the device, behind another run"
    if told.what == "measuring":
        return share, f"{words}: measuring, {told.done:,} of {told.total:,} crops"
    if told.what == "training":
        return share, f"{words}: training, step {told.done:,} of {told.total:,}"
    if told.what == "planning":
        return share, f"{words}: a few steps of each method are timed, {told.done} of {told.total}"
    return 0.0, f"{words}: preparing"


def _log(comparison: Comparison) -> None:
    try:
        text = (comparison.folder / comparison.LOG).read_text(errors="replace")[-6000:]
    except OSError:
        return
    with st.expander("End of the log", icon=":material/article:"):
        st.code(text.strip() or "Nothing has been logged.", language=None, height=240, wrap_lines=True)
