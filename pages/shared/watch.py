"""What goes on by itself, watched: a page looks every few seconds, and draws only what has changed.

A timer in the browser asks, and not while its page is hidden. To look takes the times and sizes of files, so
that a page that watches costs its server next to nothing (``benchmarks/watching.py``).
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

# Nothing is asked while a person is at something: Streamlit would send both as one, and run the pulse alone
# (`scheduleFlush` in its frontend), so that what the person did showed nothing.
_TIMER = """
const ACTS = ["pointerdown", "pointerup", "keydown", "input"];
export default function ({ data, parentElement, setTriggerValue }) {
  parentElement.ended?.abort();
  parentElement.ended = new AbortController();
  const { signal } = parentElement.ended;
  parentElement.acted ??= -Infinity;
  const note = () => (parentElement.acted = performance.now());
  for (const act of ACTS) addEventListener(act, note, { capture: true, signal });
  const ask = () => {
    const rests = performance.now() - parentElement.acted > data.rest;
    if (rests && !signal.aborted) setTriggerValue("due", true);
  };
  const idle = window.requestIdleCallback ?? setTimeout; // what is asked then is sent at once
  const timer = setInterval(() => document.hidden || idle(ask), data.every);
  signal.addEventListener("abort", () => clearInterval(timer));
  return () => parentElement.ended.abort();
}
"""
_REST = 500.0  # ms after what a person did; what they type or draw is sent within 200
_timer = st.components.v2.component("pap_timer", js=_TIMER)


@dataclass(frozen=True)
class Part:
    """A part of a page, drawn again once what it shows has changed."""

    key: str
    look: Callable[[], object]  # cheap: what differs wherever what is drawn does
    draw: Callable[[], None]
    pause: float = 0.0  # s, at least, from one drawing to the next


def show(part: Part) -> Part:
    """Draw a part, for `watch` to draw it again; returns it."""
    st.fragment(_draw, key=part.key)(part)
    return part


def watch(key: str, parts: Sequence[Part], every: float | None, pulse: Callable[[], None]) -> None:
    """Draw a pulse, and look from time to time at what else is shown.

    Args:
        key: of the pulse.
        parts: shown; each that has changed is drawn again.
        every: s between two looks; None to look at nothing, since nothing goes on.
        pulse: draws what moves at every look; it has to be cheap.
    """

    def look() -> None:
        changed = [part.key for part in parts if _changed(part)]
        if changed and _nothing_else_asked():
            st.rerun([key, *changed])

    def beat() -> None:
        pulse()
        if every:
            pauses = {"every": 1000 * every, "rest": _REST}
            _timer(key=f"{key}_timer", data=pauses, height=1, on_due_change=look)

    st.fragment(beat, key=key)()


def _nothing_else_asked() -> bool:
    """Whether the pulse alone is to run.

    While the server is busy, a look waits and goes with what a person does meanwhile. To run parts would then
    take the place of that; and where the whole page runs, they are drawn anyway.
    """
    context = get_script_run_ctx()
    return context is not None and len(context.fragment_ids_this_run or ()) == 1


def _draw(part: Part) -> None:
    st.session_state[f"{part.key}_seen"] = part.look(), time.monotonic()
    part.draw()


def _changed(part: Part) -> bool:
    seen, drawn = st.session_state.get(f"{part.key}_seen", (None, float("-inf")))
    return time.monotonic() - drawn >= part.pause and part.look() != seen
