"""What the tests of the page that reviews share: to open it, to press, and what it then says."""

import numpy as np
from streamlit.testing.v1 import AppTest

from pap_core.outlines import Outlines
from pap_core.reviewing.queue import ordered
from pap_core.reviewing.split_queue import SplitQueue
from pap_core.reviews.handles import MOST, handles
from pap_core.reviews.records import ReviewCell
from tests.helpers.pages.visiting import APP, PATIENCE

CELL, NUCLEUS = 0, 1  # of the shapes on the canvas
FIT = 640 / 256  # px of the canvas for one of a crop


def opened(name: str = "Ada", **address: str) -> AppTest:
    """Open the page in a session of its own, and say who one is."""
    app = AppTest.from_file(str(APP), default_timeout=PATIENCE)
    app.switch_page("pages/review.py")
    for key, value in address.items():
        app.query_params[f"review_{key}"] = value
    app.run()
    if name:
        app.text_input(key="review_name").set_value(name)
        app.run()
    assert not app.exception
    return app


def press(app: AppTest, key: str) -> AppTest:
    app.button(key=f"review_{key}").click().run()
    assert not app.exception
    return app


def reject(app: AppTest, reason: str) -> AppTest:
    (pills,) = [one for one in app.get("pills") if one.label == "Reason to reject"]
    pills.set_value(reason).run()
    return press(app, "rejected")


def see(app: AppTest) -> AppTest:
    """Read the queue with everything told, not blind."""
    app.toggle(key="review_blind").set_value(False).run()
    assert not app.exception
    return app


def at(app: AppTest) -> str:
    """Return the first signs of the id of the cell that is open."""
    return address(app, "cell")


def address(app: AppTest, key: str) -> str:
    value = app.query_params[f"review_{key}"]
    return value if isinstance(value, str) else value[0]


def told(app: AppTest) -> list[str]:
    return [one.value.replace("\\", "") for one in (*app.error, *app.warning, *app.info)]


def middle(outlines: Outlines) -> np.ndarray:
    """Return the middle of the nucleus's box."""
    return (outlines.nucleus[0].min(axis=0) + outlines.nucleus[0].max(axis=0)) / 2


def middle_shown(outlines: Outlines) -> np.ndarray:
    """Return the middle of the box of the handles that the nucleus is shown by."""
    (ring,) = outlines.nucleus
    shown = ring[handles(ring, MOST)]
    return (shown.min(axis=0) + shown.max(axis=0)) / 2


def by_id(queue: SplitQueue, identifier: str) -> ReviewCell:
    (number,) = [n for n, entry in enumerate(queue.entries) if entry.id.startswith(identifier)]
    return queue.cell(number)


def counted(app: AppTest) -> str:
    (progress,) = app.get("progress")
    return progress.proto.text.replace("*", "")


def ids(queue: SplitQueue, order: str) -> list[str]:
    return [queue.entries[number].id[:16] for number in ordered(queue.entries, order)]
