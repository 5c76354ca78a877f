"""Pictures and tables: what is written is unchanged by what is said about it."""

import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy.ndimage import binary_fill_holes
from skimage.measure import label as connected
from skimage.measure import regionprops

from pap_core.contours import fill, signed_area
from pap_core.export import (
    NOTICE,
    Origin,
    cells_csv,
    cells_table,
    label_png,
    map_png,
    outlines,
    overlay_png,
    table_csv,
)
from pap_core.labels import NUCLEUS, colour_map
from pap_core.overlay import CELL_EDGE, NUCLEUS_EDGE, draw_edges


def opened(content: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(content))
    assert picture.format == "PNG"
    picture.load()
    return picture


def test_the_label_map_is_8_bit_grey_of_the_labels(one, origin) -> None:
    picture = opened(label_png(one.label, origin))
    assert picture.mode == "L"
    np.testing.assert_array_equal(np.array(picture), one.label)


def test_colour_map_and_overlay_are_as_drawn(hard, origin) -> None:
    np.testing.assert_array_equal(np.array(opened(map_png(hard.label, origin))), colour_map(hard.label))
    drawn = np.array(opened(overlay_png(hard.image, hard.label, origin)))
    np.testing.assert_array_equal(drawn, draw_edges(hard.image, hard.label))


@pytest.mark.parametrize(("nucleus", "cell"), [(True, False), (False, True), (False, False)])
def test_edges_that_are_off_are_not_drawn(nucleus: bool, cell: bool, hard, origin) -> None:
    drawn = np.array(opened(overlay_png(hard.image, hard.label, origin, nucleus=nucleus, cell=cell)))
    assert (drawn == NUCLEUS_EDGE).all(axis=-1).any() == nucleus
    assert (drawn == CELL_EDGE).all(axis=-1).any() == cell


def test_every_picture_says_where_it_comes_from(hard, origin) -> None:
    for content in (
        label_png(hard.label, origin),
        map_png(hard.label, origin),
        overlay_png(hard.image, hard.label, origin),
    ):
        assert opened(content).text == {
            "Picture": "smär 7.bmp",
            "Checkpoint": "compact",
            "Digest": origin.digest,
            "Disclaimer": NOTICE,
        }


def test_a_name_in_any_script_is_kept(hard) -> None:
    origin = Origin("塗抹標本 7.bmp", "компакт", "ab")
    assert opened(label_png(hard.label, origin)).text["Picture"] == "塗抹標本 7.bmp"


def test_the_table_has_the_file_first_and_the_notice_last(hard, origin) -> None:
    read = pd.read_csv(io.BytesIO(cells_csv(hard.table, origin)), dtype={"checkpoint": str})
    assert read.columns.tolist() == ["file", *hard.table.columns, "checkpoint", "notice"]
    assert set(read["file"]) == {origin.picture}
    assert set(read["checkpoint"]) == {origin.digest}
    assert set(read["notice"]) == {NOTICE}
    pd.testing.assert_frame_equal(
        read[hard.table.columns], hard.table, rtol=1e-4, check_dtype=False, check_exact=False
    )


def test_tables_of_several_pictures_are_one(hard, origin) -> None:
    other = Origin("8.bmp", origin.checkpoint, origin.digest)
    content = table_csv(pd.concat([cells_table(hard.table, origin), cells_table(hard.table, other)]))
    first, second = cells_csv(hard.table, origin), cells_csv(hard.table, other)
    assert content == first + second.split(b"\n", 1)[1]


def test_a_picture_without_cells_has_a_table_of_no_rows(origin, hard) -> None:
    lines = cells_csv(hard.table[:0], origin).decode().splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("file,cell,")


def test_outlines_are_those_of_the_cells_in_order(one) -> None:
    found = outlines(one.label, one.cells)
    assert [outline.number for outline in found] == one.table["cell"].tolist()
    for outline in found:
        cell = one.cells == outline.number
        for mask, polygons in ((cell, outline.cell), (cell & (one.label == NUCLEUS), outline.nucleus)):
            areas = [signed_area(polygon) for polygon in polygons]
            assert areas == sorted(areas, reverse=True)
            drawn = np.any([fill(polygon, mask.shape) for polygon in polygons], axis=0)
            left_out = regionprops(connected(mask & ~drawn, connectivity=2))
            assert all(min(piece.image.shape) <= 2 for piece in left_out)  # no area within three vertices
            solid = mask | binary_fill_holes(mask)
            assert not (drawn & ~solid).any()


def test_outlines_lie_where_the_cells_do(hard) -> None:
    first, second, third = outlines(hard.label, hard.cells)
    assert first.cell[0].min(axis=0).tolist() == [0.5, 0.5]
    rows, columns = np.nonzero(hard.cells == 1)
    assert first.cell[0].max(axis=0).tolist() == [columns.max() + 0.5, rows.max() + 0.5]
    assert second.nucleus[0].min(axis=0).tolist() == [70.5, 12.5]
    assert [len(one.nucleus) for one in (first, second, third)] == [1, 2, 1]
    assert third.cell[0].max(axis=0).tolist() == [149.5, 119.5]


def test_numbers_that_are_missing_are_passed_over() -> None:
    cells = np.zeros((20, 20), dtype=np.int32)
    cells[2:8, 2:8], cells[10:18, 10:18] = 5, 2
    label = (cells > 0).astype(np.uint8)
    assert [one.number for one in outlines(label, cells)] == [2, 5]
    assert outlines(label, np.zeros_like(cells)) == []


def test_a_file_called_like_a_formula_is_a_text_in_a_spreadsheet(hard) -> None:
    named = Origin('=HYPERLINK("http:example.org").png', "compact", "ab")
    read = pd.read_csv(io.BytesIO(cells_csv(hard.table, named)))
    assert set(read["file"]) == {f"'{named.picture}"}
