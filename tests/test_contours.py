"""Contour files of every kind that copies of SIPaKMeD hold, and polygons to masks and back."""

from pathlib import Path

import numpy as np
import pytest
from skimage.draw import polygon2mask

from pap_core.contours import fill, read_dat, signed_area, trace, write_dat
from pap_core.errors import InputError

SQUARE = [[10.0, 20.0], [30.5, 20.0], [30.5, 40.25], [10.0, 40.25]]


@pytest.mark.parametrize(
    "text",
    [
        "10,20\n30.5,20\n30.5,40.25\n10,40.25\n10,20\n",
        "10,20\n30.5,20\n30.5,40.25\n10,40.25\n",
        "10,20\n30.5,20\n30.5,40.25\n10,40.25",
        "10 20\n30.5\t20\n 30.5  40.25 \n10 40.25\n10 20\n",
        "10, 20\r\n30.5, 20\r\n30.5, 40.25\r\n10, 40.25\r\n",
        "\n10,20\n\n30.5,20\n   \n30.5,40.25\n10,40.25\n\n\n",
        "1.0000e+01,2.0000e+01\n3.0500e+01,20\n30.5,40.25\n10,40.25\n",
    ],
    ids=["closed", "unclosed", "no last newline", "blanks", "CRLF", "blank lines", "exponents"],
)
def test_every_form_of_a_contour_reads_the_same(tmp_path: Path, text: str) -> None:
    path = tmp_path / "001_cyt01.dat"
    path.write_bytes(text.encode())
    assert read_dat(path).tolist() == SQUARE


@pytest.mark.parametrize(
    "encoding",
    ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be", "marked utf-16-be"],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_contour_is_read_in_the_encodings_of_other_systems(tmp_path: Path, encoding: str, end: str) -> None:
    text = f" 10,20{end}30.5,20{end}{end}30.5,40.25{end}10,40.25 {end}"
    path = tmp_path / "001_cyt01.dat"
    if encoding == "utf-32-be" or encoding.startswith("marked"):
        encoding = encoding.removeprefix("marked ")
        text = f"\ufeff{text}"
    path.write_bytes(text.encode(encoding))
    assert read_dat(path).tolist() == SQUARE


@pytest.mark.parametrize(
    "text",
    [
        "10;20\n30.5;20\n30.5;40.25\n10;40.25\n",
        "10; 20\n30.5 ; 20\n30.5;40.25\n10;40.25;\n",
        "10\t20\n30.5\t20\n30.5\t40.25\n10\t40.25\n",
        "x,y\n10,20\n30.5,20\n30.5,40.25\n10,40.25\n",
        '\n"X";"Y"\n10;20\n30.5;20\n30.5;40.25\n10;40.25\n',
        "# x y\n10 20\n30.5 20\n30.5 40.25\n10 40.25\n",
    ],
    ids=["semicolons", "semicolons and blanks", "tabs", "header", "quoted header", "header as a remark"],
)
def test_what_other_programs_separate_otherwise_is_read(tmp_path: Path, text: str) -> None:
    path = tmp_path / "001_cyt01.dat"
    path.write_text(text)
    assert read_dat(path).tolist() == SQUARE


@pytest.mark.parametrize("line", ["10,5;20,5", "10,5 20,5", "10,5;20", "10;20,5", "10,5\t20,5", "1,2 3,4"])
def test_a_decimal_comma_is_refused_and_not_guessed(tmp_path: Path, line: str) -> None:
    path = tmp_path / "001_cyt01.dat"
    path.write_text(f"1;2\n{line}\n30;40\n50;60\n70;10\n")
    with pytest.raises(InputError, match=r"001_cyt01\.dat: line 2 reads .*decimal points"):
        read_dat(path)


def test_what_is_far_too_large_for_a_contour_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "001_cyt01.dat"
    path.write_bytes(b"1,2\n" * 1_500_000)
    with pytest.raises(InputError, match="too large for a contour"):
        read_dat(path)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "empty"),
        (b"\n \r\n", "empty"),
        (b"\x89PNG\r\n\x1a\n\xff\xd8", "not a text file"),
        (b"\x00\x00\x01\x00", "not a text file"),
        (b"1\n2\n3\n4\n", "line 1 reads '1'"),
        (b"1,2\n3,4,5\n6,7\n", "line 2 reads '3,4,5'"),
        (b"1,2\n3,x\n6,7\n", "line 2 reads '3,x'"),
        (b"1,2\n3,4\nNaN,7\n5,6\n", "line 3 holds 'NaN,7'"),
        (b"1,2\n3,-inf\n5,6\n", "line 2 holds '3,-inf'"),
        (b"1,2\n1e300,4\n5,6\n", "far off any picture"),
        (b"x,y\nx,y\n1,2\n3,4\n5,6\n", "line 2 reads 'x,y'"),
        (b"1,2\nx,y\n3,4\n5,6\n", "line 2 reads 'x,y'"),
        (b"1,2\n3_0,4\n5,6\n", "line 2 reads '3_0,4'"),
        (b"1,2\n3;;4\n5,6\n", "line 2 reads '3;;4'"),
        ("\ufeffä,1\n".encode(), "not a text file"),
        (b"\xff\xfe1\x00,\x00\x00\x00", "not a text file"),
        (b"1,2\n3,4\n", "2 vertices found"),
        (b"1,2\n3,4\n1,2\n", "2 vertices found"),
        (b"1,2\n1,2\n3,4\n1,2\n3,4\n", "a contour needs three"),
    ],
)
def test_a_bad_contour_is_named_with_what_was_found(tmp_path: Path, content: bytes, found: str) -> None:
    path = tmp_path / "007_nuc03.dat"
    path.write_bytes(content)
    with pytest.raises(InputError) as error:
        read_dat(path)
    assert str(path) in str(error.value)
    assert found in str(error.value)


def test_a_missing_contour_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_dat(tmp_path / "nothing.dat")


def test_written_contours_are_closed_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "001_cyt01.dat"
    write_dat(path, np.array([[1234.56, 3.14159], [200.04, 0.5], [7, 1500]]))
    assert path.read_text() == "1234.6,3.1416\n200.04,0.5\n7,1500\n1234.6,3.1416\n"  # five digits
    assert read_dat(path).tolist() == [[1234.6, 3.1416], [200.04, 0.5], [7, 1500]]


@pytest.mark.parametrize("turn", [1, -1], ids=["clockwise", "counter-clockwise"])
def test_filling_does_not_depend_on_the_winding(turn: int) -> None:
    rough = np.random.default_rng(3).uniform(18, 30, 24)
    turns = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    polygon = np.stack([40 + rough * np.cos(turns), 35 + rough * np.sin(turns)], axis=1)
    mask = fill(polygon[::turn], (70, 80))
    inside = polygon2mask((70, 80), polygon[:, ::-1] - 0.5)  # another implementation: pixel centres
    assert mask[inside].mean() > 0.995
    # beyond those centres only the pixels on the line: about a pixel's breadth of the perimeter
    perimeter = np.hypot(*(polygon - np.roll(polygon, 1, axis=0)).T).sum()
    assert (mask & ~inside).sum() < perimeter


def test_the_line_itself_is_inside() -> None:
    mask = fill(np.array([[2.2, 3.7], [6.9, 3.1], [6.5, 5.5], [2.0, 5.0]]), (10, 12))
    expected = np.zeros((10, 12), dtype=bool)
    expected[3:6, 2:7] = True
    np.testing.assert_array_equal(mask, expected)


def test_what_reaches_beyond_the_image_is_cut_off() -> None:
    beyond = np.array([[-50.0, -50], [5, -50], [5, 4], [-50, 4]])
    assert np.argwhere(fill(beyond, (10, 10))).max(axis=0).tolist() == [4, 5]
    assert fill(beyond, (10, 10)).sum() == 30
    assert not fill(beyond + 200, (10, 10)).any()
    assert fill(np.array([[-1e6, -1e6], [1e6, -1e6], [1e6, 1e6], [-1e6, 1e6]]), (10, 10)).all()


def test_tracing_undoes_filling() -> None:
    mask = fill(np.array([[5, 5], [30, 9], [25, 30], [12, 22]]), (40, 40))
    mask[0:3, 30:39] = True  # a second region, at the frame
    polygons = trace(mask)
    assert len(polygons) == 2
    assert len(polygons[0]) >= len(polygons[1])
    np.testing.assert_array_equal(fill(polygons[0], mask.shape) | fill(polygons[1], mask.shape), mask)
    assert all(signed_area(polygon) > 0 for polygon in polygons)


def test_the_area_has_the_sign_of_the_winding() -> None:
    assert signed_area(np.array(SQUARE)) == pytest.approx(20.5 * 20.25)
    assert signed_area(np.array(SQUARE)[::-1]) == pytest.approx(-20.5 * 20.25)
