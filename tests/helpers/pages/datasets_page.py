"""What the tests of the page of data sets share: to open it, and what to meet there."""

import io
import json
import shutil
import zipfile
from pathlib import Path

from streamlit.testing.v1 import AppTest

from pap_core.data.build_job import Build
from pap_core.jobs import liveness
from tests.helpers.pages.visiting import APP, PATIENCE

LOOK, BUILD = "Look into one", "Build one"


def opened(tab: str = LOOK, **state: str) -> AppTest:
    app = AppTest.from_file(APP, default_timeout=PATIENCE)
    app.session_state["dataset_tab"] = tab
    for key, value in state.items():
        app.session_state[key] = value
    app.switch_page("pages/dataset.py").run()
    assert not app.exception
    return app


def box(app: AppTest, label: str):
    return next(one for one in app.selectbox if one.label == label)


def box_named(app: AppTest):
    """Return the input of the name of a data set to build."""
    return next(one for one in app.text_input if one.label == "Name")


def second_set(space: Path, name: str = "second", **changed: object) -> Path:
    """Another data set, a copy of the ready one with changes in its description."""
    folder = shutil.copytree(space / "datasets" / "phantoms", space / "datasets" / name)
    path = folder / "dataset.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changed))
    return folder


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, content in files.items():
            file.writestr(name, content)
    return buffer.getvalue()


def begun(space: Path, **status: object) -> Build:
    """A job for the ready set, at work in this very process."""
    job = Build(space / "builds" / "phantoms")
    job.folder.mkdir(parents=True)
    (job.folder / "order.json").write_text("{}")
    (job.folder / "status.json").write_text(json.dumps(liveness.identity() | status))
    return job
