"""COCO JSON: its run lengths, read by a decoder of the test's own, are the cells."""

import json

import numpy as np
import pytest

from pap_core.export import NOTICE, Origin, coco
from pap_core.labels import CYTOPLASM, NUCLEUS


def decoded(annotation: dict) -> np.ndarray:
    """Read run lengths: zeros first, in turns, down each column."""
    height, width = annotation["segmentation"]["size"]
    values, value = [], False
    for count in annotation["segmentation"]["counts"]:
        values += [value] * count
        value = not value
    return np.array(values).reshape((height, width), order="F")


def written(one, origin: Origin) -> dict:
    return json.loads(coco(one.label, one.cells, one.table, origin))


def test_every_annotation_is_its_mask(one, origin) -> None:
    content = written(one, origin)
    names = {category["id"]: category["name"] for category in content["categories"]}
    assert sorted(names.values()) == ["cell", "nucleus"]
    seen = {"cell": set(), "nucleus": set()}
    for annotation in content["annotations"]:
        name, number = names[annotation["category_id"]], annotation.get("cell", 0)
        classes = (NUCLEUS,) if name == "nucleus" else (CYTOPLASM, NUCLEUS)
        mask = (one.cells == number) & np.isin(one.label, classes)
        np.testing.assert_array_equal(decoded(annotation), mask)
        assert annotation["area"] == mask.sum()
        assert annotation["iscrowd"] == (number == 0)
        rows, columns = np.nonzero(mask)
        left, top, width, height = annotation["bbox"]
        assert (left, top) == (columns.min(), rows.min())
        assert (left + width - 1, top + height - 1) == (columns.max(), rows.max())
        seen[name].add(number)
    numbers = set(one.table["cell"])
    assert seen["cell"] - {0} == seen["nucleus"] - {0} == numbers
    loose = (one.cells == 0) & np.isin(one.label, (CYTOPLASM, NUCLEUS))
    assert (0 in seen["cell"]) == loose.any()


def test_ids_refer_to_what_is_there(hard, origin) -> None:
    content = written(hard, origin)
    (image,) = content["images"]
    assert (image["file_name"], image["width"], image["height"]) == ("smär 7.bmp", 150, 120)
    assert {one["image_id"] for one in content["annotations"]} == {image["id"]}
    ids = [one["id"] for one in content["annotations"]]
    assert ids == list(range(1, len(ids) + 1))


def test_cells_carry_their_measures(hard, origin) -> None:
    measured = [one["measures"] for one in written(hard, origin)["annotations"] if "measures" in one]
    assert [one["nucleus_area"] for one in measured] == hard.table["nucleus_area"].tolist()
    assert measured[0]["nc_ratio"] == pytest.approx(hard.table["nc_ratio"][0], rel=1e-4)
    assert "nc_ratio" not in measured[2]  # without cytoplasm there is none


def test_it_says_where_it_comes_from(hard, origin) -> None:
    said = {"checkpoint": "compact", "digest": origin.digest, "notice": NOTICE}
    assert said.items() <= written(hard, origin)["info"].items()
