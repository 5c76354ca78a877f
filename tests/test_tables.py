"""Tables are checked by column: what does not fit is one sentence, what is more than expected stays."""

import warnings
from pathlib import Path
from typing import Annotated, Literal, NotRequired, TypedDict

import msgspec
import numpy as np
import pandas as pd
import pytest

from pap_core.errors import InputError
from pap_core.files import Count, FileName
from pap_core.tables import read_table


class Row(TypedDict):
    id: FileName
    side: Literal["train", "test"]
    share: Annotated[float, msgspec.Meta(ge=0, le=1)] | None
    pixels: Count
    scale: NotRequired[float]


GOOD = "id,side,share,pixels\nNA,test,0.5,3\n007,train,,4\n"


def read(folder: Path, content: bytes | str, needed: tuple[str, ...] = ()) -> pd.DataFrame:
    path = folder / "rows.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_table(path, Row, "make it again", needed=needed)


def test_columns_have_their_types(tmp_path: Path) -> None:
    table = read(tmp_path, GOOD)
    assert table["id"].tolist() == ["NA", "007"]
    assert table["share"].dtype == float
    assert np.isnan(table["share"].iloc[1])
    assert table["pixels"].tolist() == [3, 4]


def test_columns_of_a_newer_version_stay(tmp_path: Path) -> None:
    table = read(tmp_path, "id,side,share,pixels,more\na,test,1,2,x\n")
    assert table["more"].tolist() == ["x"]


def test_a_spreadsheet_program_may_have_written_it(tmp_path: Path) -> None:
    assert read(tmp_path, b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())["id"].tolist() == [
        "NA",
        "007",
    ]


DAMAGES = {
    "empty": "",
    "zeros": bytes(200),
    "binary": bytes(range(256)),
    "no UTF-8": b"id,side,share,pixels\n\xff,test,0.5,3\n",
    "JSON": "[]",
    "torn in a row": "id,side,share,pixels\na,test,0.5,3\nb,te",
    "torn in a name": "id,side,share,pix",
    "torn in quotes": 'id,side,share,pixels\n"a,test,0.5,3\n',
    "a column less": "id,side,share\na,test,0.5\n",
    "a field less": "id,side,share,pixels\na,test,0.5\n",
    "a field more": "id,side,share,pixels\na,test,0.5,3,4\n",
    "a field more in one": "id,side,share,pixels\na,test,0.5,3\nb,test,0.5,3,4\n",
    "a word for a number": "id,side,share,pixels\na,test,0.5,many\n",
    "a word for a share": "id,side,share,pixels\na,test,half,3\n",
    "nothing for a number": "id,side,share,pixels\na,test,0.5,\n",
    "a word for one of two": "id,side,share,pixels\na,both,0.5,3\n",
    "NaN for a number": "id,side,share,pixels\na,test,0.5,NaN\n",
    "below zero": "id,side,share,pixels\na,test,0.5,-3\n",
    "above one": "id,side,share,pixels\na,test,1.5,3\n",
    "infinite": "id,side,share,pixels\na,test,1e999,3\n",
    "huge": f"id,side,share,pixels\na,test,0.5,{'9' * 400}\n",
    "large": "id,side,share,pixels\na,test,0.5,18446744073709551615\n",
    "leads out": "id,side,share,pixels\n../../x,test,0.5,3\n",
    "absolute": "id,side,share,pixels\n/etc/passwd,test,0.5,3\n",
    "no name": "id,side,share,pixels\n,test,0.5,3\n",
    "a NUL": "id,side,share,pixels\na\0b,test,0.5,3\n",
}


@pytest.mark.parametrize("content", DAMAGES.values(), ids=DAMAGES)
def test_what_does_not_fit_is_one_sentence(tmp_path: Path, content: bytes | str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(InputError, match=r"rows\.csv: damaged \(.+\); make it again\.$") as told:
            read(tmp_path, content)
    assert "\n" not in str(told.value)
    assert len(str(told.value)) < 400


def test_what_is_needed_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no column scale"):
        read(tmp_path, GOOD, ("scale",))


def test_the_offending_value_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"id: a text of another form .* no name of a file, got '\.\./x'"):
        read(tmp_path, "id,side,share,pixels\na,test,,3\n../x,test,,3\n")
