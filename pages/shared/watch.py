"""What goes on by itself, watched: a page looks every few seconds, and draws only what has changed.

A timer in the browser asks, and not while its page is hidden. To look takes the times and sizes of files, so
that a page that watches costs its server next to nothing (``benchmarks/watching.py``).
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

_TIMER = """
export default function ({ data, parentElement, setTriggerValue }) {
  clearInterval(parentElement.timer);
  parentElement.timer = setInterval(() => document.hidden || setTriggerValue("due", true), data.every);
  return () => clearInterval(parentElement.timer);
}
"""
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
        if changed:
            st.rerun([key, *changed])

    def beat() -> None:
        pulse()
        if every:
            _timer(key=f"{key}_timer", data={"every": 1000 * every}, height=1, on_due_change=look)

    st.fragment(beat, key=key)()


def _draw(part: Part) -> None:
    st.session_state[f"{part.key}_seen"] = part.look(), time.monotonic()
    part.draw()


def _changed(part: Part) -> bool:
    seen, drawn = st.session_state.get(f"{part.key}_seen", (None, float("-inf")))
    return time.monotonic() - drawn >= part.pause and part.look() != seen
