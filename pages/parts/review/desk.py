"""How the page that reviews is laid out: tools left, the cell in the middle, decisions right."""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

TOOLS, DECISIONS = 184, 312  # px
_DESK, _TOOLS, _CELL, _DECISIONS = (f"review_{one}" for one in ("desk", "tools", "cell_column", "decisions"))
# Beside each other the columns stay in view while the page scrolls, and scroll by themselves where they are
# longer than the window; on a narrow window they stand below each other. keys.js knows the same width.
_STYLE = f"""<style>
[data-testid="stMainBlockContainer"] {{ padding-inline: 1.5rem; }}
@media (min-width: 1024px) {{
    .st-key-{_DESK} {{ flex-wrap: nowrap; align-items: flex-start; }}
    .st-key-{_DESK} > :has(> .st-key-{_CELL}) {{ flex: 1 1 0; min-width: 0; }}
    .st-key-{_DESK} > :has(> .st-key-{_TOOLS}), .st-key-{_DESK} > :has(> .st-key-{_DECISIONS}) {{
        flex-shrink: 0; position: sticky; top: 0; max-height: calc(100vh - 5rem); overflow-y: auto;
    }}
}}
@media (max-width: 1023.98px) {{
    .st-key-{_DESK} > * {{ width: 100%; flex: 1 1 100%; }}
    .st-key-{_TOOLS} {{ flex-flow: row wrap; align-items: flex-end; }}
    .st-key-{_TOOLS} > * {{ width: auto; }}
}}
</style>"""


def furnish() -> None:
    """Lay the page out; outside of fragments, whose reruns would take the styles away."""
    st.html(_STYLE)


@contextmanager
def desk() -> Iterator[None]:
    """Put what is shown within, which is the three columns, beside each other."""
    with st.container(horizontal=True, gap="small", key=_DESK):
        yield


def tools_column() -> DeltaGenerator:
    """Return the place of the tools."""
    return st.container(width=TOOLS, gap="small", key=_TOOLS)


def cell_column() -> DeltaGenerator:
    """Return the place of the cell, as wide as there is room."""
    return st.container(gap="xsmall", key=_CELL)


def decisions_column() -> DeltaGenerator:
    """Return the place where one decides."""
    return st.container(width=DECISIONS, gap="small", key=_DECISIONS)
