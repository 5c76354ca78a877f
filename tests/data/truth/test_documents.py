"""The same two nuclei in their cells, told by each kind of file: all draw the same label map."""

import json

import numpy as np
import pytest

from pap_core.data.truth import documents
from pap_core.data.truth.read import read_truth
from pap_core.errors import InputError
from pap_core.labels import BACKGROUND, CYTOPLASM, IGNORE, NOT_NUCLEUS, NUCLEUS, OF_CELL
from pap_core.mask_forms import CELLS, NUCLEI

SHAPE = (60, 90)
CELL_BOXES = [(5, 5, 40, 45), (50, 10, 80, 50)]  # left, top, right, bottom
CATEGORIES = {"Cell": 1, "Nucleus": 2, "LSIL": 3}
NUCLEUS_BOXES = [(15, 15, 25, 30), (60, 20, 70, 35)]


def corners(box: tuple[int, int, int, int]) -> list[list[float]]:
    left, top, right, bottom = box
    return [[left, top], [right, top], [right, bottom], [left, bottom]]


def expected(cells: bool = True, nuclei: bool = True) -> np.ndarray:
    if not cells:
        label = np.full(SHAPE, NOT_NUCLEUS, dtype=np.uint8)
    else:
        label = np.full(SHAPE, BACKGROUND if nuclei else IGNORE, dtype=np.uint8)
    for boxes, value, drawn in (
        (CELL_BOXES, CYTOPLASM if nuclei else OF_CELL, cells),
        (NUCLEUS_BOXES, NUCLEUS, nuclei),
    ):
        for left, top, right, bottom in boxes if drawn else ():
            label[top:bottom, left:right] = value
    return label


def named(cells: bool, nuclei: bool, words: tuple[str, str] = ("Cell", "Nucleus")) -> list:
    return [
        *((words[0], box) for box in CELL_BOXES if cells),
        *((words[1], box) for box in NUCLEUS_BOXES if nuclei),
    ]


def runs(box: tuple[int, int, int, int]) -> list[int]:
    left, top, right, bottom = box
    mask = np.zeros(SHAPE, dtype=bool)
    mask[top:bottom, left:right] = True
    flat = mask.T.ravel()
    edges = np.flatnonzero(np.diff(flat)) + 1
    return np.diff([0, *edges, flat.size]).tolist()


def coco(areas: list, lengths: bool = False) -> bytes:
    return json.dumps(
        {
            "images": [{"id": 7, "file_name": "a/x.png"}, {"id": 8, "file_name": "y.png"}],
            "categories": [{"id": number, "name": word} for word, number in CATEGORIES.items()],
            "annotations": [
                {
                    "id": number,
                    "image_id": 7,
                    "category_id": CATEGORIES[word],
                    "segmentation": {"size": list(SHAPE), "counts": runs(box)}
                    if lengths
                    else [np.ravel(corners(box)).tolist()],
                }
                for number, (word, box) in enumerate(areas)
            ],
        }
    ).encode()


def labelme(areas: list) -> bytes:
    shapes = [
        {"label": word, "points": corners(box), "shape_type": "polygon"}
        if number % 2
        else {"label": word, "points": [box[:2], box[2:]], "shape_type": "rectangle"}
        for number, (word, box) in enumerate(areas)
    ]
    return json.dumps({"imagePath": "C:\\pictures\\x.png", "shapes": shapes}).encode()


def geojson(areas: list) -> bytes:
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Polygon", "coordinates": [corners(box)]},
            "properties": {"objectType": "annotation", "classification": {"name": word}},
        }
        for word, box in areas
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def cvat(areas: list) -> bytes:
    shapes = []
    for number, (word, box) in enumerate(areas):
        left, top, right, bottom = box
        points = ";".join(f"{x},{y}" for x, y in corners(box))
        size = f'left="{left}" top="{top}" width="{right - left}" height="{bottom - top}"'
        shapes.append(
            [
                f'<polygon label="{word}" points="{points}"/>',
                f'<box label="{word}" xtl="{left}" ytl="{top}" xbr="{right}" ybr="{bottom}"/>',
                f'<mask label="{word}" {size} rle="0, {(right - left) * (bottom - top)}"/>',
            ][number % 3]
        )
    image = f'<image name="b/x.png">{"".join(shapes)}<tag label="ASC"/></image>'
    return f"<annotations>{image}</annotations>".encode()


EVERY = {
    "coco.json": coco,
    "lengths.json": lambda areas: coco(areas, lengths=True),
    "labelme.json": labelme,
    "qupath.geojson": geojson,
    "cvat.xml": cvat,
}


@pytest.mark.parametrize("file", EVERY)
@pytest.mark.parametrize(("cells", "nuclei"), [(True, True), (True, False), (False, True)])
def test_every_kind_draws_the_same(file: str, cells: bool, nuclei: bool) -> None:
    content = EVERY[file](named(cells, nuclei))
    assert np.array_equal(read_truth([(file, content)], SHAPE, "x.png"), expected(cells, nuclei))


def test_each_kind_is_recognised() -> None:
    kinds = {name: documents.parse(write(named(True, True)), name).kind for name, write in EVERY.items()}
    assert list(kinds.values()) == ["COCO", "COCO", "labelme", "GeoJSON", "CVAT"]
    assert documents.parse(b"image,x,y\nx.png,3,4\n", "points.csv").kind == "points"
    assert documents.parse(b"image,slide\nx.png,4\n", "slides.csv") is None
    assert documents.parse(b'{"some": "settings"}', "settings.json") is None


@pytest.mark.parametrize("file", ["coco.json", "qupath.geojson"])
@pytest.mark.parametrize(("form", "cells"), [(CELLS, True), (NUCLEI, False)])
def test_classes_that_do_not_tell_are_what_a_person_says(form: str, cells: bool, file: str) -> None:
    content = EVERY[file]([("LSIL", box) for box in (CELL_BOXES if cells else NUCLEUS_BOXES)])
    with pytest.raises(InputError, match=r"has the class 'LSIL', expected .*[Nn]ucleus"):
        read_truth([(file, content)], SHAPE, "x.png")
    label = read_truth([(file, content)], SHAPE, "x.png", form)
    assert np.array_equal(label, expected(cells, not cells))


@pytest.mark.parametrize("file", EVERY)
def test_of_cells_with_nuclei_those_without_one_are_of_a_cell(file: str) -> None:
    content = EVERY[file](named(True, True)[:-1])
    label = expected()
    left, top, right, bottom = CELL_BOXES[1]
    label[top:bottom, left:right] = OF_CELL
    assert np.array_equal(read_truth([(file, content)], SHAPE, "x.png"), label)


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("coco.json", b'"file_name": "a/x.png"', b'"file_name": "a/x.png", "width": %d, "height": %d'),
        ("labelme.json", b'"shapes"', b'"imageWidth": %d, "imageHeight": %d, "shapes"'),
        ("cvat.xml", b'name="b/x.png"', b'name="b/x.png" width="%d" height="%d"'),
    ],
)
def test_outlines_in_a_picture_of_another_size_are_refused(file: str, old: bytes, new: bytes) -> None:
    content = EVERY[file](named(True, True))
    same = content.replace(old, new % SHAPE[::-1])
    assert same != content
    assert np.array_equal(read_truth([(file, same)], SHAPE, "x.png"), expected())
    with pytest.raises(InputError, match="a picture of 180 × 120 pixels found, this one is 90 × 60"):
        read_truth([(file, content.replace(old, new % (180, 120)))], SHAPE, "x.png")


@pytest.mark.parametrize("shape", ["box", "ellipse"])
def test_what_cvat_turned_is_drawn_turned(shape: str) -> None:
    """Clockwise: the middle of its right side comes to lie below."""
    where = 'xtl="25" ytl="25" xbr="65" ybr="35"' if shape == "box" else 'cx="45" cy="30" rx="20" ry="5"'
    turned = f'<{shape} label="nucleus" {where} rotation="%d"/>'
    content = f'<annotations><image name="x.png">{turned}</image></annotations>'
    flat, steep, leaning = (
        read_truth([("c.xml", (content % angle).encode())], SHAPE, "x.png") == NUCLEUS
        for angle in (0, 90, 45)
    )
    assert np.array_equal(flat[20:40, 35:55], steep[20:40, 35:55].T)
    assert flat[30, 27]
    assert not steep[30, 27]
    assert leaning[40, 55]
    assert not leaning[20, 55]


def test_a_file_of_two_pictures_of_a_name_is_not_guessed_from() -> None:
    content = b"image,x,y\na/x.png,20,30\nb/x.png,40,30\n"
    with pytest.raises(InputError, match=r"p.csv: 2 pictures that may be x.png found \(a/x.png, b/x.png\)"):
        read_truth([("p.csv", content)], SHAPE, "x.png")


def test_points_are_nuclei_of_which_only_the_middle_is_known() -> None:
    table = b"\xef\xbb\xbfImage,X,Y,class\nx.png,20,30.5,LSIL\ny.png,1,1,LSIL\nx,89.5,0.2,\n"
    label = read_truth([("points.csv", table)], SHAPE, "x.png")
    assert set(np.unique(label)) == {NUCLEUS, IGNORE}
    assert label[30, 20] == label[0, 89] == NUCLEUS
    assert (label == NUCLEUS).sum() < 30
    assert label[1, 1] == IGNORE  # a point of another picture


def test_areas_that_are_unclear_are_unknown() -> None:
    content = labelme([*named(True, True), ("ignore", (0, 0, 90, 20))])
    label = read_truth([("l.json", content)], SHAPE, "x.png")
    assert (label[:20] == IGNORE).all()
    assert np.array_equal(label[20:], expected()[20:])


@pytest.mark.parametrize(
    ("file", "content", "sentence"),
    [
        ("c.json", b"{", "c.json: no JSON"),
        ("c.json", coco(named(True, True)).replace(b'"image_id": 7', b'"image_id": 9'), "is of no picture"),
        ("c.json", coco(named(True, True)).replace(b"file_name", b"f"), "no id or name"),
        ("c.json", coco(named(True, False), True).replace(b"[60, 90]", b"[60, 91]"), "has no area"),
        (
            "c.json",
            json.dumps(
                json.loads(coco([]))
                | {"annotations": [{"image_id": 7, "category_id": 1, "segmentation": {"counts": "a"}}]}
            ).encode(),
            "compressed run lengths",
        ),
        ("c.json", coco([("Cell", (5, 5, 400, 45))]), "x.png is 90 × 60 pixels"),
        (
            "l.json",
            b'{"shapes": [{"label": "cell", "points": [[1, 2]], "shape_type": "line"}]}',
            "is a 'line'",
        ),
        ("l.json", b'{"shapes": [{"label": "cell", "points": [["a", 2]]}]}', "no points of any picture"),
        ("l.json", b'{"shapes": [7]}', "shape 1 is none"),
        ("c.xml", b"<annotations>", "c.xml: no XML"),
        ("c.xml", b"<html/>", "XML of another kind"),
        ("c.xml", b'<!DOCTYPE a [<!ENTITY b "c">]><annotations/>', "a document type"),
        ("c.xml", cvat([]).replace(b"<tag", b"<skeleton"), "is a 'skeleton'"),
        ("c.xml", cvat(named(True, True)).replace(b'rle="0,', b'rle="1,'), "another size than its box"),
        ("p.csv", b"image,x,y\nx.png,1,none\n", "line 2 has x '1' and y 'none'"),
        ("p.csv", b"image,x,y\n\nx.png,1,nan\n", "line 3 has x '1' and y 'nan'"),
        ("p.csv", b"image,x,y\n,1,1\n", "line 2 names no picture"),
        ("p.csv", b"image;x;y\nx.png;1,5;1\n", "line 2 has x '1,5' and y '1'"),
        ("c.json", coco(named(True, True)).replace(b'"image_id": 7', b'"image_id": [7]'), "is of no picture"),
        ("c.json", coco(named(True, True)).replace(b'"category_id": 1', b'"category_id": [1]'), "the class"),
        ("c.json", coco(named(True, True), True).replace(b"[60, 90]", b"[Infinity, 2]"), "has no area"),
        ("c.json", coco(named(True, True)).replace(b"a/x.png", b""), "no id or name"),
        ("c.xml", cvat(named(True, True)).replace(b"b/x.png", b""), "a picture without a name"),
        ("c.xml", b"<annotations><track/></annotations>", "tracks through a video"),
        ("p.csv", b"image,x,y\ny.png,1,1\n", "no pixel of a nucleus"),
        ("p.csv", b"image,slide\nx.png,1\n", "a table without x and y found"),
    ],
)
def test_what_is_damaged_is_one_sentence(file: str, content: bytes, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence) as told:
        read_truth([(file, content)], SHAPE, "x.png")
    assert "\n" not in str(told.value)
    assert str(told.value).startswith(file)
