"""Built-in examples: a phantom of each category, painted on this machine at the first start."""

from collections.abc import Callable

import streamlit as st

from pages.shared.display import thumbnail
from pap_core.data.phantom.smear import smear
from pap_core.files import write_whole
from pap_core.images import png_bytes
from pap_core.workspace import workspace

FIELD = (1024, 768)
SEEDS = {  # of fields in which the category shows well
    "Parabasal": 11,
    "Superficial-Intermediate": 6,
    "Koilocytotic": 4,
    "Metaplastic": 19,
    "Dyskeratotic": 12,
}
# the picture becomes part of its button: a click on it counts, and the focus is seen around both
_CARDS = """<style>
[class*="st-key-card_"] { position: relative; border-radius: 0.5rem; }
[class*="st-key-card_chosen"] { outline: 3px solid #5b8fe8; outline-offset: 3px; }
[class*="st-key-card_"] [class*="st-key-example_"] { position: static; }
[class*="st-key-example_"] button { min-height: 3.25rem; }
[class*="st-key-card_"] [data-testid="stElementToolbar"] { display: none; }
[class*="st-key-example_"] button::after { content: ""; position: absolute; inset: 0; border-radius: 0.5rem; }
[class*="st-key-example_"] button:focus-visible::after { outline: 3px solid currentColor; }
</style>"""


@st.cache_data(max_entries=len(SEEDS), show_spinner="Painting the examples…")
def example(category: str) -> bytes:
    """Return the example of a category as a PNG file, kept in the workspace once painted."""
    seed = SEEDS[category]
    path = workspace() / "examples" / f"{category}_{seed}_{FIELD[0]}x{FIELD[1]}.png"
    try:
        return path.read_bytes()
    except OSError:
        content = png_bytes(smear(category, seed, FIELD).image)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, content)
    except OSError:
        pass  # where nothing may be written, it is painted anew at each start
    return content


def example_cards(chosen: str | None, take: Callable[[str], None]) -> None:
    """Offer the examples as a row of pictures to click.

    Args:
        chosen: the category to mark, if any.
        take: called with the category of a click.
    """
    st.html(_CARDS)
    st.markdown("Or click an example", help="Synthetic smears, painted by this program: nobody's cells.")
    grid = st.grid(2, min_column_width=100, gap="small")
    for category in SEEDS:
        state = "chosen" if category == chosen else "other"
        with grid.container(key=f"card_{state}_{category}", gap="xsmall"):
            st.image(_small(category), width="stretch", alt=f"Synthetic smear with {category} cells")
            st.button(
                f":small[{category}]",
                key=f"example_{category}",
                width="stretch",
                on_click=take,
                args=(category,),
            )


@st.cache_data(max_entries=len(SEEDS), show_spinner=False)
def _small(category: str) -> bytes:
    return thumbnail(example(category))
