"""From the first page to every other one, and back."""

from pathlib import Path

from streamlit.testing.v1 import AppTest

from tests.helpers.pages.segmenting import figures
from tests.helpers.pages.segmenting import opened as front
from tests.helpers.pages.visiting import ran, said

# the workspace's data set has a test side alone, and Train opens on a new run where there is none
REGRETS = {"train": ["phantoms: no crop on its training side; choose another data set."]}


def open_page(app: AppTest, name: str) -> AppTest:
    app.switch_page(f"pages/{name}.py")
    return ran(app)


def test_every_page_opens_from_the_first_and_that_again(space: Path) -> None:
    app = front()
    before = figures(app)
    seen = set()
    for name in ("review", "train", "results", "compare", "dataset"):
        open_page(app, name)
        assert [one.value for one in app.error] == REGRETS.get(name, []), name
        seen.add(said(app))
    assert len(seen) == 5  # each is another page
    assert figures(open_page(app, "segment")) == before
