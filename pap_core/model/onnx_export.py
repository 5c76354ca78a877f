"""A checkpoint as an ONNX file, for programs without torch; offered only once it is proved to agree."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypedDict

import msgspec

from pap_core.errors import InputError
from pap_core.files import Count, read_json, write_whole
from pap_core.jobs.call import answer, call

TOLERANCE = 1 / 255  # of colours in [-1, 1]: half a grey level, what rounding to pixels takes anyway
OPSET = 18
CROPS = 8  # real ones, compared
_PATIENCE = 600.0  # s, for the largest network on a busy machine
NOTICE = (
    "Research use only, not a medical device. Input 'image': (N, 3, S, S) float32, RGB in [-1, 1]. Output "
    "'colours': the colour map alike, background white, cytoplasm red, nucleus blue."
)


@dataclass(frozen=True)
class Exported:
    """An ONNX file, and how far it agreed with torch on real crops."""

    path: Path
    crops: int
    difference: float  # the largest, of colours in [-1, 1]


class Said(TypedDict):
    """What is kept beside an ONNX file."""

    crops: Count
    difference: Annotated[float, msgspec.Meta(ge=0, le=2)]


def find(folder: Path, digest: str) -> Exported | None:
    """Return the export of the weights of that digest kept in a folder, None if there is none."""
    path = folder / f"{digest}.onnx"
    if not path.is_file():
        return None
    try:
        said = read_json(path.with_suffix(".json"), Said, "export it again")
    except (FileNotFoundError, InputError):
        return None
    return Exported(path, **said)


def export(checkpoint: Path, dataset: Path, folder: Path, card: str = "") -> Exported:
    """Export a checkpoint's generator in a process of its own, and compare it with torch on real crops.

    Args:
        checkpoint: its folder.
        dataset: whose test side gives the crops.
        folder: where to keep it, named by the digest of the weights.
        card: travels with it, in its metadata.

    Raises:
        InputError: the checkpoint or the data set cannot be read, the network draws polygons, or the file
            and torch disagree by more than `TOLERANCE`.
    """
    places = {"checkpoint": checkpoint, "dataset": dataset, "folder": folder}
    order = {name: str(path.resolve()) for name, path in places.items()} | {"card": card}
    found = call(__name__, order, _PATIENCE)
    return Exported(Path(found.pop("path")), **found)


def _work(order: dict) -> dict:
    import numpy as np
    import onnx
    import onnxruntime
    import torch

    from pap_core.data.dataset import load
    from pap_core.model.checkpoint import read

    checkpoint = read(Path(order["checkpoint"]))
    if checkpoint.generator.config.network == "star":
        raise InputError(
            f"{checkpoint.folder.name}: draws polygons outside of the network, which ONNX has no word for; "
            "expected a network that says colours, use the weights."
        )
    crops = load([Path(order["dataset"])], "test")
    chosen = torch.linspace(0, len(crops) - 1, min(CROPS, len(crops))).long()
    images = crops.images[chosen].float() / 127.5 - 1

    folder = Path(order["folder"])
    folder.mkdir(parents=True, exist_ok=True)
    final = folder / f"{checkpoint.digest}.onnx"
    part = folder / f".{os.getpid()}.onnx"
    try:
        _write(checkpoint.generator, images, part)
        model = onnx.load(part)
        for one in (*model.graph.node, *model.graph.input, *model.graph.output, *model.graph.value_info):
            del one.metadata_props[:]  # the exporter's notes, with paths of this machine
        onnx.helper.set_model_props(
            model,
            {
                "notice": NOTICE,
                "digest": checkpoint.digest,
                "config": json.dumps(checkpoint.config),
                "card": order["card"],
            },
        )
        onnx.save(model, part)
        session = onnxruntime.InferenceSession(part, providers=["CPUExecutionProvider"])
        with torch.inference_mode():
            expected = checkpoint.generator.generate(images).numpy()
        found = np.concatenate(
            [session.run(["colours"], {"image": image[None]})[0] for image in images.numpy()]
        )
        difference = float(np.abs(found - expected).max())
        if not difference <= TOLERANCE:
            raise InputError(
                f"{checkpoint.folder.name}: the ONNX file gives colours that differ from torch's by "
                f"{difference:.2g}, expected at most {TOLERANCE:.2g}; it is not offered, use the weights."
            )
        os.replace(part, final)
    finally:
        part.unlink(missing_ok=True)
    said = {"crops": len(images), "difference": difference}
    write_whole(final.with_suffix(".json"), json.dumps(said).encode())
    return {"path": str(final)} | said


def _write(generator, images, path: Path) -> None:
    import torch

    class Colours(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.generator = generator

        def forward(self, image):
            return self.generator.generate(image)

    torch.onnx.export(
        Colours().eval(),
        (images[:2],),
        path,
        input_names=["image"],
        output_names=["colours"],
        dynamic_shapes={"image": {0: torch.export.Dim("crops", min=1)}},
        opset_version=OPSET,
        dynamo=True,
        external_data=False,
        verbose=False,
    )


if __name__ == "__main__":
    answer(_work)
