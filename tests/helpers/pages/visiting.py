"""What the tests of all pages share: a page is opened, run again, pressed, and read."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button

from tests.helpers.comparing import evaluate_in, few
from tests.helpers.threshold_checkpoint import threshold_network, write_checkpoint

APP = Path(__file__).parents[3] / "app.py"
PATIENCE = 300  # s; a machine may be busy with a training


def furnish(folder: Path, dataset: Path) -> Path:
    """Put a checkpoint and a workspace into a folder, its ready data set in place, so that none is made."""
    write_checkpoint(folder / "threshold", threshold_network())
    (folder / "workspace" / "datasets").mkdir(parents=True)
    (folder / "workspace" / "datasets" / "phantoms").symlink_to(dataset)
    return folder


def furnish_evaluated(folder: Path, dataset: Path) -> Path:
    """Do as `furnish`, and add a data set of six crops on which the checkpoint is evaluated."""
    furnish(folder, dataset)
    evaluate_in(folder, few(dataset, folder / "workspace" / "datasets" / "few"))
    return folder


def use(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Let the app find what `furnish` put there."""
    patch.setenv("PAP_CHECKPOINT", str(folder / "threshold"))
    patch.setenv("PAP_WORKSPACE", str(folder / "workspace"))


def page(name: str, **address: str | list[str]) -> AppTest:
    """Open a page at an address; the names of what it keeps there begin with the page's."""
    app = AppTest.from_file(str(APP), default_timeout=PATIENCE)
    app.switch_page(f"pages/{name}.py")
    for key, value in address.items():
        app.query_params[f"{name}_{key}"] = value
    app.run()
    assert not app.exception
    return app


def ran(app: AppTest) -> AppTest:
    """Run a page again, and see that nothing failed and that whatever it regrets is one sentence."""
    app.run()
    assert not app.exception
    refusals(app)
    return app


def button(app: AppTest, label: str) -> Button:
    """Return the button of a label, one to press where there are several."""
    return min((one for one in app.button if one.label == label), key=lambda one: one.disabled)


def press(app: AppTest, label: str) -> AppTest:
    """Press the button of a label, which must not be disabled."""
    one = button(app, label)
    assert not one.disabled
    one.click()
    return ran(app)


def said(app: AppTest) -> str:
    """Return all that the page says in words, without the signs that keep Markdown away."""
    words = [*app.subheader, *app.markdown, *app.caption, *app.success, *app.info, *app.warning, *app.error]
    return "\n".join(one.value for one in words).replace("\\", "")


def refusals(app: AppTest) -> list[str]:
    """Return the sentences with which something is refused; see that each is one."""
    sentences = [one.value.replace("\\", "") for one in [*app.error, *app.warning]]
    assert not [one for one in sentences if "\n" in one or "Traceback" in one]
    return sentences
