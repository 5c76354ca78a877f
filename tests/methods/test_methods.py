"""Every method of the comparison, by one set of tests."""

from pathlib import Path

import numpy as np
import pytest

from pap_core.data.dataset import Crops, load
from pap_core.errors import InputError
from pap_core.evaluation.metrics import compare, scores
from pap_core.evaluation.published import TABLE_5
from pap_core.labels import BACKGROUND, CYTOPLASM, NUCLEUS, PALETTE
from pap_core.methods.catalogue import ABOUT, MEMBERS, NAMES, UNTRAINED, make, unavailable
from pap_core.methods.catalogue import load as load_method
from pap_core.methods.combination import Combination
from pap_core.methods.method import Method
from pap_core.methods.network import Network
from pap_core.training.config import override

# what makes a moment of training enough on phantoms that are all alike
MOMENT = ["epochs=5", "batch=2", "warmup=0", "average=0.5", "decay=0.3", "learning_rate=0.002", "samples=1"]
NARROW = {
    "superpixel-cnn": ["generator.width=8", "epochs=10"],
    "patch-cnn": ["generator.width=8", "epochs=10"],
    "convnet": ["generator.width=8", "epochs=10"],
    "pix2pix-paper": ["generator.width=8", "discriminator.width=4", "cross_entropy=0", "learning_rate=0.001"],
    "pix2pix-compact": ["generator.width=8", "discriminator.width=4"],
    "star-convex": ["generator.width=8", "epochs=14", "jitter.zoom=[1,1]", "jitter.shift=0"],
    "fcn-8": ["generator.width=8", "epochs=8"],
    "fcn-16": ["generator.width=8", "epochs=8"],
    "u-net": ["generator.width=8", "epochs=3"],
    "efficientnet-fpn": ["generator.width=16", "epochs=3"],
    "efficientnet-fpn-scratch": ["generator.width=16"],
}

QUICK = ("k-means", "otsu")

# those that can be used here: a package of theirs may be missing
EVERY = [
    pytest.param(name, marks=pytest.mark.skipif(bool(unavailable(name)), reason=unavailable(name)))
    for name in NAMES
]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the runs are; members are fitted once."""
    return tmp_path_factory.mktemp("runs") / "moment"


@pytest.fixture(scope="module")
def seen(phantom_dataset: Path) -> Crops:
    """What the methods are tried on: that they have learnt anything is what is asked."""
    crops = load([phantom_dataset], "train")
    return crops.subset(np.arange(len(crops)) < 12)


def quick(method: Method) -> Method:
    """Make a method learn for a moment instead of minutes."""
    if isinstance(method, Combination):
        for member in method.members:
            quick(member)
    elif isinstance(method, Network):
        settings = [*MOMENT, *NARROW.get(method.name, ["generator.width=8"])]
        config = override(method.config, settings)
        method.within = lambda minutes, folders: config
    return method


def jaccard(colours: np.ndarray, crops: Crops) -> float:
    counts = compare(colours, crops.labels.numpy(), "strict")
    return float(np.mean([np.nan_to_num(scores(one)["jaccard"]).mean() for one in counts.values()]))


def images(crops: Crops) -> np.ndarray:
    return crops.images.permute(0, 2, 3, 1).numpy()


def _each() -> list:
    return [
        name if name in QUICK else pytest.param(*one.values, marks=[*one.marks, pytest.mark.slow])
        for name, one in zip(NAMES, EVERY, strict=True)
    ]


@pytest.mark.parametrize("name", _each())
def test_learns_repeats_itself_and_comes_back(
    name: str, phantom_dataset: Path, place: Path, seen: Crops, tmp_path: Path
):
    method = quick(make(name))
    assert method.fit([phantom_dataset], place, minutes=0.1)
    if name in UNTRAINED:
        seen = seen.subset(np.arange(len(seen)) < 2)
    pictures = images(seen)
    found = method.generate(pictures)

    trivial = [np.broadcast_to(PALETTE[value], found.shape) for value in (BACKGROUND, CYTOPLASM, NUCLEUS)]
    assert jaccard(found, seen) > max(jaccard(one, seen) for one in trivial) + 0.02

    assert np.array_equal(found, method.generate(pictures))
    label = method.predict(pictures[0])
    assert label.shape == (256, 256)
    assert label.dtype == np.uint8
    assert set(np.unique(label)) <= {BACKGROUND, CYTOPLASM, NUCLEUS}

    method.save(tmp_path / "saved")
    again = load_method(tmp_path / "saved")
    assert again.name == name
    assert again.digest == method.digest
    assert again.parameters == method.parameters
    assert np.array_equal(again.generate(pictures), found)


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((200, 256, 3), dtype=np.uint8),
        np.zeros((256, 256), dtype=np.uint8),
        np.zeros((256, 256, 3), dtype=np.float32),
        np.zeros((256, 256, 4), dtype=np.uint8),
    ],
    ids=["size", "grey", "float", "alpha"],
)
def test_refuses_what_is_no_crop(name: str, wrong: np.ndarray):
    with pytest.raises(InputError, match="expected crops of 256 × 256 × 3"):
        make(name).predict(wrong)


@pytest.mark.parametrize("name", [one for one in EVERY if one.values[0] not in UNTRAINED])
def test_says_that_it_is_not_fitted(name: str):
    with pytest.raises(InputError, match="not fitted yet"):
        make(name).predict(np.zeros((256, 256, 3), dtype=np.uint8))


def test_every_row_of_table_5_has_a_method():
    assert {about.row for about in ABOUT.values()} - {""} == set(TABLE_5)


def test_says_what_is_cited_and_simplified():
    for about in ABOUT.values():
        assert about.citation, about.name
        assert about.simplified, about.name


def test_members_are_methods_of_their_own():
    assert {name for members in MEMBERS.values() for name in members} <= set(NAMES) - set(MEMBERS)


def test_unknown_names_and_folders_are_refused(tmp_path: Path):
    with pytest.raises(InputError, match=r"watershed: no such method; choose of k-means"):
        make("watershed")
    with pytest.raises(InputError, match=r"method.json: missing or damaged"):
        load_method(tmp_path)
    (tmp_path / "method.json").write_text("[]")
    with pytest.raises(InputError, match=r"method.json: missing or damaged"):
        load_method(tmp_path)
