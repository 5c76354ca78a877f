"""What the program wrote is read against a schema, and what does not fit is one sentence."""

from pathlib import Path
from typing import TypedDict

import msgspec
import pytest

from pap_core.errors import InputError
from pap_core.files import FileName, parse_json, read_json, read_rows

REMEDY = "build it again"


class Row(TypedDict):
    id: FileName
    x0: int
    scale: float


@pytest.mark.parametrize(
    "content", ["", "[]", "null", '{"id": 1}', '{"id": "a"}', "[" * 100_000, "{" * 9, "\udcff", "\0"]
)
def test_json_that_does_not_fit_is_one_sentence(tmp_path: Path, content: str) -> None:
    path = tmp_path / "row.json"
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(InputError, match=r"row\.json: damaged \(.+\); build it again\.$"):
        read_json(path, Row, REMEDY)


def test_json_that_fits_comes_back() -> None:
    assert parse_json('{"id": "a b", "x0": 3, "scale": 2, "more": 1}', Row, REMEDY, "row") == {
        "id": "a b",
        "x0": 3,
        "scale": 2.0,
    }


def test_rows_take_the_types_of_their_schema(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text('id,x0,scale\n"a, b",1,0.5\nNA,-2,2\n')
    assert read_rows(path, Row, REMEDY) == [
        {"id": "a, b", "x0": 1, "scale": 0.5},
        {"id": "NA", "x0": -2, "scale": 2.0},
    ]


@pytest.mark.parametrize(
    "content",
    ["id,x0,scale\na,b,1\n", "id,x0,scale\na,1\n", "id,x0,scale\na,1,2,3\n", "id,x0\na,1\n", "id\n\xff\n"],
)
def test_rows_that_do_not_fit_name_their_line(tmp_path: Path, content: str) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(InputError, match=r"rows\.csv: damaged at line \d+ \(.+\); build it again\.$"):
        read_rows(path, Row, REMEDY)


@pytest.mark.parametrize("name", ["../a", "a/b", "a\\b", "..", ".", "", "a\0", "a\n", "n" * 201])
def test_no_way_out_of_a_folder_is_a_files_name(name: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(name, FileName)


@pytest.mark.parametrize("name", ["a", "..a", "a b=c+d", "n" * 200, "é"])
def test_an_honest_name_is_taken(name: str) -> None:
    assert msgspec.convert(name, FileName) == name
