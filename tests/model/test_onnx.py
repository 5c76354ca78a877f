"""A checkpoint as an ONNX file: it says what it is, and gives the colours that torch gives."""

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from pap_core.data.dataset import load
from pap_core.errors import InputError
from pap_core.extras import missing
from pap_core.model import onnx_export
from pap_core.model.checkpoint import read
from pap_core.model.networks import build
from pap_core.model.onnx_export import CROPS, TOLERANCE, Exported, export, find
from pap_core.settings.networks import NEEDS, GeneratorConfig
from tests.helpers.threshold_checkpoint import threshold_network, write_checkpoint


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp("onnx") / "threshold", threshold_network())


@pytest.fixture(scope="module")
def exported(checkpoint: Path, phantom_dataset: Path) -> Exported:
    return export(checkpoint, phantom_dataset, checkpoint.parent / "export", "# the card")


@pytest.mark.slow
def test_it_agrees_with_torch_on_real_crops_of_any_number(
    exported: Exported, checkpoint: Path, phantom_dataset: Path
) -> None:
    assert exported.difference <= TOLERANCE
    assert exported.crops == min(CROPS, len(load([phantom_dataset], "test")))
    session = onnxruntime.InferenceSession(exported.path, providers=["CPUExecutionProvider"])
    images = load([phantom_dataset], "test").images[:3].float() / 127.5 - 1
    with torch.inference_mode():
        expected = read(checkpoint).generator.generate(images).numpy()
    assert len(np.unique(expected.round(2))) > 2  # the network says something
    for part in (slice(0, 1), slice(0, 3)):
        (found,) = session.run(["colours"], {"image": images[part].numpy()})
        np.testing.assert_allclose(found, expected[part], atol=TOLERANCE)


@pytest.mark.slow
def test_it_carries_its_card_and_its_notice_and_no_paths(exported: Exported, checkpoint: Path) -> None:
    model = onnx.load(exported.path)
    onnx.checker.check_model(model)
    said = {one.key: one.value for one in model.metadata_props}
    assert said["card"] == "# the card"
    assert "not a medical device" in said["notice"]
    assert said["digest"] == read(checkpoint).digest
    assert json.loads(said["config"])["generator"] == read(checkpoint).config["generator"]
    assert str(Path(onnx_export.__file__).parents[2]).encode() not in exported.path.read_bytes()


@pytest.mark.slow
def test_it_is_found_by_the_weights_digest(exported: Exported, checkpoint: Path) -> None:
    folder = exported.path.parent
    assert find(folder, read(checkpoint).digest) == exported
    assert find(folder, "0123") is None
    assert sorted(path.suffix for path in folder.iterdir()) == [".json", ".onnx"]  # nothing half made


@pytest.mark.slow
def test_a_network_that_does_not_agree_is_not_offered(
    checkpoint: Path, phantom_dataset: Path, tmp_path: Path
) -> None:
    network = threshold_network()
    network.last.weight.data.fill_(3e38)  # finite, and yet the colours are no numbers
    broken = write_checkpoint(tmp_path / "broken", network)
    with pytest.raises(InputError, match=r"broken: the ONNX file gives colours that differ .* not offered"):
        export(broken, phantom_dataset, tmp_path / "export")
    assert not list((tmp_path / "export").iterdir())


@pytest.mark.slow
def test_a_checkpoint_or_data_set_that_is_gone_is_told(
    checkpoint: Path, phantom_dataset: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=r"nowhere: .* is missing"):
        export(tmp_path / "nowhere", phantom_dataset, tmp_path / "export")
    with pytest.raises(InputError, match=r"no dataset\.json found"):
        export(checkpoint, tmp_path / "nothing", tmp_path / "export")


@pytest.mark.skipif(bool(missing(NEEDS["star"])), reason=missing(NEEDS["star"]))
def test_polygons_are_refused_in_words(tmp_path: Path, phantom_dataset: Path) -> None:
    polygons = write_checkpoint(tmp_path / "polygons", build(GeneratorConfig(network="star", width=4)))
    places = {"checkpoint": polygons, "dataset": phantom_dataset, "folder": tmp_path / "export"}
    with pytest.raises(InputError, match="polygons: draws polygons outside of the network"):
        onnx_export._work({name: str(path) for name, path in places.items()} | {"card": ""})
    assert not (tmp_path / "export").exists()
