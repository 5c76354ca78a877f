"""Truth that tells a part: nuclei alone in some crops, whole cells in others; all classes are learnt."""

import pytest
import torch

from pap_core.data.dataset import Crops
from pap_core.labels import BACKGROUND, CYTOPLASM, NOT_NUCLEUS, NUCLEUS, OF_CELL
from pap_core.training.trainer import Trainer
from pap_core.training.validation import validate
from tests.helpers.training.small_runs import tiny

SETTINGS = [
    *("generator.head=palette", "border=0", "cross_entropy=100.0", "dice=100.0", "average=0.9"),
    *("epochs=26", "batch=4", "learning_rate=5e-3", "decay=0.5", "jitter.zoom=[1,1]", "jitter.colour=0"),
]


def partial(labels: torch.Tensor) -> torch.Tensor:
    """Leave nuclei alone in every second label map, and whole cells in the others."""
    nuclei = torch.where(labels <= CYTOPLASM, NOT_NUCLEUS, labels)
    cells = torch.where((labels == CYTOPLASM) | (labels == NUCLEUS), OF_CELL, labels)
    every_second = torch.arange(len(labels))[:, None, None] % 2 == 0
    return torch.where(every_second, nuclei, cells).to(torch.uint8)


@pytest.mark.slow
def test_nuclei_in_some_and_cells_in_others_teach_all_three_classes(drawn_crops: Crops) -> None:
    known = Crops(drawn_crops.table, drawn_crops.images, partial(drawn_crops.labels))
    assert set(known.labels.unique().tolist()) >= {BACKGROUND, NUCLEUS, NOT_NUCLEUS, OF_CELL}
    assert CYTOPLASM not in known.labels  # nowhere is it said to be cytoplasm
    trainer = Trainer(tiny(*SETTINGS), known, cpu=True)
    for _ in trainer.steps(every=100):
        pass
    found = validate(trainer.averaged, drawn_crops, trainer.autocast)
    assert found["nucleus"] > 0.6
    assert found["cytoplasm"] > 0.6
