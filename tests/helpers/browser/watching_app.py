"""A page of which everything watched changes all the time, and that takes a while to run as a whole."""

import time

import streamlit as st

from pages.shared import watch

LOOKS = 0.05  # s


def begin() -> None:
    """Count the whole runs, and draw what is above the watched parts; to open a popover takes a whole run."""
    st.session_state["whole"] = st.session_state.get("whole", 0) + 1
    popover = st.popover("More", key="watching_more", on_change="rerun")
    if popover.open:
        popover.write("There is more.")
    time.sleep(0.1)  # other parts of the page


def draw() -> None:
    """Say when this was drawn, which takes longer than from one look to the next."""
    time.sleep(2 * LOOKS)
    st.write(f"Drawn at {time.time_ns()} ns")


begin()
part = watch.show(watch.Part("watching_part", time.time_ns, draw))
watch.watch("watching_pulse", [part], LOOKS, lambda: st.write(f"Pulse at {time.time_ns()} ns"))
time.sleep(0.1)
st.write(f"Whole run {st.session_state['whole']}, to its end")
