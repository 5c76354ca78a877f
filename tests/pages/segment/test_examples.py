"""The examples that come with the program, and what the shipped checkpoint finds in them."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import streamlit as st

from pages.shared import examples
from pages.shared import model as models
from pages.shared.model import Model, Picture
from pap_core.images import read_image
from pap_core.inference.segmenter import Segmenter
from pap_core.masks import read_label
from pap_core.model.catalogue import default, digest_of
from tests.helpers.pages.segmenting import figures, opened, shown
from tests.helpers.pages.visiting import use

ROOT = Path(__file__).parents[3]
OPENS = """
import sys
from streamlit.testing.v1 import AppTest
app = AppTest.from_file("app.py", default_timeout=300).run()
assert not app.exception, app.exception
print([one.value for one in app.metric if one.label == "Cells"], "torch" in sys.modules)
"""


@pytest.fixture
def shipped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The shipped checkpoint in use, in an empty workspace."""
    monkeypatch.delenv("PAP_CHECKPOINT", raising=False)
    monkeypatch.setenv("PAP_WORKSPACE", str(tmp_path / "workspace"))
    return default()


def picture(category: str) -> Picture:
    """Return an example."""
    file = examples.picture_file(category)
    return Picture(file.name, file.read_bytes())


@pytest.mark.parametrize("category", list(examples.SEEDS))
def test_the_results_are_of_the_shipped_checkpoint(shipped: Path, category: str) -> None:
    one, checkpoint = picture(category), digest_of(shipped / "generator.safetensors")
    found, known = examples.result(one.digest, checkpoint), examples.known(one.digest, checkpoint)
    assert found is not None, "another checkpoint is the default: run checkpoints/examples.py"
    assert known is not None
    assert (known.kind, known.scale) == (found.kind, found.scale)
    assert found.label.shape == one.pixels().shape[:2]
    assert found.colours.shape == one.pixels().shape
    assert set(np.unique(found.label)) == {0, 1, 2}


@pytest.mark.slow
@pytest.mark.parametrize("category", ["Parabasal", "Koilocytotic"])
def test_the_model_says_the_same(shipped: Path, category: str) -> None:
    """Nothing is shown that the checkpoint does not find; machines differ in the last bits."""
    one, model = picture(category), models.load()
    known = examples.known(one.digest, model.digest)
    kind, scale = models._chosen.__wrapped__(one.digest, model.digest, one, model)
    assert kind == known.kind
    assert scale == pytest.approx(known.scale, rel=0.05)
    found = model.segmenter.segment(one.pixels(), kind, known.scale)
    kept = examples.result(one.digest, model.digest)
    assert (found.label == kept.label).mean() > 0.995
    assert np.abs(found.colours.astype(int) - kept.colours).mean() < 1


def test_an_example_opens_before_the_model_is_loaded(shipped: Path) -> None:
    """In a program of its own, for this one has torch."""
    told = subprocess.run(
        [sys.executable, "-c", OPENS], cwd=ROOT, capture_output=True, text=True, timeout=300, check=True
    )
    cells, loaded = told.stdout.strip().rsplit(" ", 1)
    assert int(cells.strip("[]'")) > 0
    assert loaded == "False"


def test_another_checkpoint_has_its_own_say(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(place, monkeypatch)
    st.cache_data.clear()
    looked = []
    monkeypatch.setattr(
        Segmenter,
        "segment",
        lambda self, *told, own=Segmenter.segment: looked.append(told) or own(self, *told),
    )
    app = opened()
    assert looked
    assert int(figures(app)["Cells"]) > 0


def test_a_person_may_read_an_example_otherwise(shipped: Path) -> None:
    app = opened()
    before = shown(app)["view"]
    app.segmented_control[0].set_value("One cell").run()
    assert not app.exception
    assert shown(app)["view"] != before
    assert "-crop-" in shown(app)["view"]


def test_a_lost_result_is_found_anew(shipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, checkpoint = picture("Parabasal"), digest_of(shipped / "generator.safetensors")
    for name in ("label_file", "colours_file"):
        own = getattr(examples, name)
        (tmp_path / own("Parabasal").name).write_bytes(own("Parabasal").read_bytes()[:1000])
        monkeypatch.setattr(examples, name, lambda category, own=own: tmp_path / own(category).name)
        assert examples.result(one.digest, checkpoint) is None


def test_a_checkpoint_replaced_while_it_loads_is_refused(shipped: Path) -> None:
    with pytest.raises(ValueError, match="replaced just now"):
        _ = Model(shipped, "0" * 16).segmenter


def test_files_are_as_they_should_be() -> None:
    for category in examples.SEEDS:
        assert read_image(examples.picture_file(category)).shape == (768, 1024, 3)
        assert read_label(examples.label_file(category)).shape == (768, 1024)
