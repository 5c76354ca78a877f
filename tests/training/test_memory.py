"""Too little memory: the same update in smaller parts, told to people; and no way on, told in a sentence."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
import torch

from pap_core.data.dataset import Crops
from pap_core.errors import InputError
from pap_core.model import memory, objective
from pap_core.training.share import MicroBatch, micro_batches
from pap_core.training.trainer import Trainer
from pap_core.training.whole_batch import WholeBatch
from tests.helpers.training.small_runs import examples, tiny

PROJECT = Path(__file__).parents[2]
ROOM = 20  # MB, less than the batch takes
CLASSES = ["generator.head=palette", "border=0", "cross_entropy=100.0", "dice=100.0"]


@pytest.fixture(scope="module")
def curve(drawn_crops: Crops) -> Callable[..., list[dict[str, float]]]:
    """Return `curve(parts, *settings, frozen)`: the losses of some steps, each taken in so many parts."""

    @cache
    def taken(parts: int, *settings: str, frozen: bool = True) -> list[dict[str, float]]:
        trainer = Trainer(tiny("batch=4", "learning_rate=2e-4", *settings), drawn_crops, cpu=True)
        trainer.accumulation.micro_batches = parts
        if frozen:  # parts that follow one another cannot know each other's means
            for network in (trainer.generator, trainer.discriminator):
                for module in network.modules():
                    if isinstance(module, torch.nn.BatchNorm2d):
                        module.eval()
        losses = []
        for step, (images, labels) in enumerate(examples(trainer, 8)):
            trainer.step, labels = step, labels.clone()
            labels[0, :40] = 255  # parts know different numbers of pixels
            found = trainer.take_step(images, labels)
            losses.append({name: value.item() for name, value in found.items()})
        return losses

    return taken


class TestParts:
    @pytest.mark.parametrize("settings", [[], CLASSES, ["objective=l1"]], ids=["paper", "classes", "l1"])
    @pytest.mark.parametrize("parts", [2, 3, 4])
    def test_the_same_update_with_frozen_norms(self, curve, settings, parts):
        """Dropout included: the masks are those of the whole batch."""
        whole, cut = (curve(number, *settings) for number in (1, parts))
        for found, expected in zip(cut, whole, strict=True):
            assert found == pytest.approx(expected, rel=2e-4)

    def test_nearly_the_same_update_with_norms_of_the_parts(self, curve):
        whole, cut = (curve(number, *CLASSES, frozen=False) for number in (1, 2))
        for found, expected in zip(cut, whole, strict=True):
            assert found["l1"] == pytest.approx(expected["l1"], rel=0.1)

    def test_running_means_move_as_far_as_in_one_part(self):
        features = torch.randn(4, 3, 2, 2)
        features = torch.cat([features, features])  # both halves have the means of the whole
        whole, halves, unmoved = (torch.nn.BatchNorm2d(3) for _ in range(3))
        whole(features)
        for half in micro_batches(8, 2):
            with WholeBatch(half):
                halves(features[half.rows])
                with torch.no_grad():  # to be repeated with gradients
                    unmoved(features[half.rows])
        assert torch.allclose(halves.running_mean, whole.running_mean)
        assert torch.equal(unmoved.running_mean, torch.zeros(3))

    @pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
    def test_dropout_of_the_parts_is_that_of_the_whole(self, layout):
        features = torch.randn(6, 5, 4, 4).contiguous(memory_format=layout)
        dropout = torch.nn.Dropout(0.5)
        torch.manual_seed(1)
        whole = dropout(features)
        assert 0.3 < (whole == 0).float().mean() < 0.7
        for process in range(2):
            own = features[3 * process : 3 * process + 3]
            for part in micro_batches(3, 2, process, 2):
                torch.manual_seed(1)
                with WholeBatch(part):
                    found = dropout(own[part.rows])
                assert torch.equal(found, whole[3 * process : 3 * process + 3][part.rows])

    def test_cross_entropy_of_the_parts_adds_up(self):
        """One part has no pixel that the expert knows."""
        logits = torch.randn(4, 3, 8, 8)
        labels = torch.randint(0, 3, (4, 8, 8), dtype=torch.uint8)
        labels[:2] = 255
        labels[2, :3] = 255
        pixels = (labels != 255).sum()
        parts = (slice(0, 2), slice(2, 4))
        found = sum(objective.cross_entropy(logits[rows], labels[rows], pixels) for rows in parts)
        assert found.item() == pytest.approx(objective.cross_entropy(logits, labels).item(), rel=1e-6)

    def test_parts_cover_all_once(self):
        assert [part.rows for part in micro_batches(5, 2)] == [slice(0, 2), slice(2, 5)]
        assert sum(part.weight for part in micro_batches(5, 3)) == pytest.approx(1)
        assert MicroBatch(slice(0, 5), 5).whole


class TestShortage:
    def test_torch_asked_for_more_than_there_is(self):
        with pytest.raises(RuntimeError) as caught:
            torch.empty(2**50)
        assert memory.is_short(caught.value)
        assert memory.is_short(torch.OutOfMemoryError("CUDA out of memory."))

    def test_another_failure_is_not_taken_for_it(self, trainer):
        with pytest.raises(RuntimeError) as caught:
            torch.ones(2) @ torch.ones(3)
        assert not memory.is_short(caught.value)
        with pytest.raises(RuntimeError, match="channels"):
            trainer.take_step(torch.zeros(2, 4, 64, 64), torch.zeros(2, 64, 64, dtype=torch.uint8))
        assert (trainer.accumulation.micro_batches, trainer.accumulation.notes) == (1, [])

    @pytest.mark.slow
    def test_a_batch_too_large_is_taken_in_parts(self):
        """In a process that may take no more than so many MB beyond what it has."""
        found = short_of_memory(ROOM)
        assert found["parts"] in (2, 4, 8, 16)
        note = found["notes"][-1]
        assert "Out of memory at step 1: " in note
        assert f"its 16 crops are taken in {found['parts']} parts" in note
        losses, expected = found["losses"], found["expected"]
        for name in ("l1", "cross_entropy", "dice"):
            assert losses[name] == pytest.approx(expected[name], rel=1e-5)
        for name in ("discriminator", "adversarial"):  # judging takes less memory: perhaps in fewer parts
            assert losses[name] == pytest.approx(expected[name], rel=2e-2)

    def test_nothing_is_smaller_than_a_crop_and_no_process_halves_alone(self):
        assert memory.more_micro_batches(6, 4, 1) == 6
        with pytest.raises(InputError, match="not even one crop"):
            memory.more_micro_batches(6, 6, 1)
        with pytest.raises(InputError, match=r"one of 2 processes .* 6 crops"):
            memory.more_micro_batches(6, 1, 2)


WORK = """
import json, resource, sys
import pandas as pd
import torch
from pap_core.data.dataset import Crops
from pap_core.training.config import PRESETS, override
from pap_core.training.trainer import Trainer

torch.set_num_threads(1)
torch.backends.mkldnn.enabled = False  # where it lacks memory for its programs it says something else
size, batch = 64, 16
random = torch.Generator().manual_seed(0)
images = torch.rand(batch, 3, size, size, generator=random) * 2 - 1
labels = torch.randint(0, 3, (batch, size, size), dtype=torch.uint8, generator=random)
config = override(PRESETS["tiny"], [f"batch={batch}", "precision=fp32", "generator.width=8"])
crops = Crops(pd.DataFrame({"id": range(batch)}), images[:1], labels[:1])

def numbers(trainer):
    return {name: value.item() for name, value in trainer.take_step(images, labels).items()}

def trainer(parts):
    one = Trainer(config, crops, cpu=True)
    one.accumulation.micro_batches = parts
    return one

numbers(trainer(16))  # what a first step sets up is there
limited = trainer(1)
with open("/proc/self/statm") as file:
    now = int(file.read().split()[0]) * resource.getpagesize()
before = resource.getrlimit(resource.RLIMIT_AS)
resource.setrlimit(resource.RLIMIT_AS, (now + int(sys.argv[1]) * 2**20, before[1]))
losses = numbers(limited)
resource.setrlimit(resource.RLIMIT_AS, before)
parts, notes = limited.accumulation.micro_batches, limited.accumulation.notes
found = {"losses": losses, "parts": parts, "notes": notes}
print(json.dumps(found | {"expected": numbers(trainer(parts))}))
"""


def short_of_memory(room: int) -> dict:
    environment = os.environ | {"OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1", "PYTHONPATH": str(PROJECT)}
    done = subprocess.run(
        [sys.executable, "-c", WORK, str(room)], env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
