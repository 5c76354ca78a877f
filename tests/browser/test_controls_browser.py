"""Every control of every page is reached by a mouse that aims at its middle: nothing unseen lies over it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.helpers.browser.browsing import serving, settle
from tests.helpers.browser.lived_in import furnish_lived_in

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

FIND = (Path(__file__).parent / "controls.js").read_text()
# each state: an address, then what is pressed there, one after another, a role and the beginning of a name
STATES = {
    "segment": ("", []),
    "segment, a truth": ("", [("text", "Compare with a truth")]),
    "checkpoint": ("", [("button", "Checkpoint:")]),
    "results": ("results", []),
    "results, charts": ("results?results_view=Charts", []),
    "results, cells": ("results?results_view=Cells", []),
    "results, a cell": ("results?results_view=Cells", [("card", "cell_open_")]),
    "compare": ("compare", []),
    "compare, time": ("compare?compare_tab=Quality+and+time", []),
    "compare, two": ("compare?compare_tab=Two+methods", [("text", "All the others against")]),
    "compare, a cell": ("compare?compare_tab=Two+methods", [("card", "pair_open_")]),
    "compare, the methods": ("compare?compare_tab=The+methods", []),
    "compare, a new one": ("compare", [("button", "New comparison")]),
    "compare, methods left": ("compare", [("text", "16 methods are without a result")]),
    "data sets": ("dataset", []),
    "data sets, build": ("dataset", [("tab", "Build one")]),
    "train": ("train", []),
    "train, a new run": ("train", [("tab", "New run")]),
    "review": ("review", [("name", "Ada")]),
    "review, what to review": ("review", [("name", "Ada"), ("button", "What to review")]),
    "review, agreement": ("review", [("name", "Ada"), ("text", "Agreement between reviewers")]),
}
AIM = """number => {
    window.pressed = null
    const target = window.aimed[number]
    target.scrollIntoView({block: "center", inline: "center", behavior: "instant"})
    const box = target.getBoundingClientRect()
    return [box.x + box.width / 2, box.y + box.height / 2]
}"""
HIT = """number => {
    const target = window.aimed[number]
    const path = window.pressed ?? []
    const reached = path.includes(target) || path.includes(target.closest("label"))
    return reached ? "" : (path[0]?.outerHTML ?? "nothing")
}"""


@pytest.fixture(scope="module")
def address(phantom_dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    place = tmp_path_factory.mktemp("app")
    with serving(place, furnish_lived_in(place, phantom_dataset)) as address:
        yield address


def opened(visit: Callable, address: str, state: str) -> "Page":
    path, steps = STATES[state]
    page = visit(f"{address}/{path}")
    page.get_by_test_id("stHeading").first.wait_for()
    settle(page)
    for kind, name in steps:
        if kind == "name":
            page.get_by_role("textbox", name="Your name").fill(name)
            page.keyboard.press("Enter")
            page.get_by_role("img", name="The cell under review").wait_for()
        elif kind == "card":
            page.locator(f'[class*="st-key-{name}"] button:visible').first.click()
            page.get_by_role("dialog").wait_for()
        elif kind == "text":
            page.get_by_text(name).first.click()
        else:
            page.get_by_role(kind, name=name).first.click()
        settle(page)
    return page


@pytest.mark.parametrize("state", STATES)
def test_a_mouse_reaches_every_control(visit: Callable, address: str, state: str) -> None:
    page = opened(visit, address, state)
    # help that opens where the mouse passes is not under test
    page.add_style_tag(content="[role=tooltip], [data-testid=stTooltipContent] { display: none !important }")
    names = page.evaluate(FIND)
    assert len(names) > 1
    missed = {}
    for number, name in enumerate(names):
        page.mouse.click(*page.evaluate(AIM, number))
        if hit := page.evaluate(HIT, number):
            missed[name] = hit[:160]
    assert not missed
