"""The examples, each a picture to click."""

from collections.abc import Callable

import streamlit as st

from pages.shared.display import thumbnail
from pages.shared.examples import SEEDS, picture_file

# the picture becomes part of its button: a click on it counts, and the focus is seen around both
_CARDS = """<style>
[class*="st-key-card_"] { position: relative; border-radius: 0.5rem; }
[class*="st-key-card_chosen"] { outline: 3px solid #5b8fe8; outline-offset: 3px; }
[class*="st-key-card_"] [class*="st-key-example_"] { position: static; }
[class*="st-key-example_"] button { position: static; height: 0; min-height: 0; padding: 0; border: 0; }
[class*="st-key-example_"] button > div { position: absolute; height: 1px; clip-path: inset(50%); }
[class*="st-key-card_"] [data-testid="stElementToolbar"] { display: none; }
[class*="st-key-example_"] button::after { content: ""; position: absolute; inset: 0; border-radius: 0.5rem; }
[class*="st-key-example_"] button:focus-visible::after { outline: 3px solid currentColor; }
</style>"""


def example_cards(chosen: str | None, take: Callable[[str], None]) -> None:
    """Offer the examples as a strip of small pictures to click, each named by what the pointer rests on.

    Args:
        chosen: the category to mark, if any.
        take: called with the category of a click.
    """
    st.html(_CARDS)
    st.markdown("Or click an example", help="Synthetic smears, painted by this program: nobody's cells.")
    grid = st.grid(len(SEEDS), min_column_width=24, gap="xsmall")
    for category in SEEDS:
        state = "chosen" if category == chosen else "other"
        with grid.container(key=f"card_{state}_{category}", gap=None):
            st.image(_small(category), width="stretch", alt=f"Synthetic smear with {category} cells")
            st.button(
                category,
                key=f"example_{category}",
                width="stretch",
                help=f"{category} cells",
                on_click=take,
                args=(category,),
            )


@st.cache_data(max_entries=len(SEEDS), show_spinner=False)
def _small(category: str) -> bytes:
    return thumbnail(picture_file(category).read_bytes())
