"""What people say of a run: kept whole, checked where it enters, and read again."""

import json
from pathlib import Path

import pytest

from pap_core.errors import InputError
from pap_core.training import about
from pap_core.training.about import FILE, About
from pap_core.training.run import Run
from tests.helpers.damages import FEW


@pytest.fixture
def run(tmp_path: Path) -> Run:
    (tmp_path / "one").mkdir()
    return Run(tmp_path / "one")


def test_what_is_said_is_read_again_without_spaces_around(run: Run) -> None:
    assert about.read(run) == About()
    about.write(run, " Wider λ ", "first line\nsecond\tline ", [" herlev", "", "herlev", "slow"])
    assert about.read(run) == About("Wider λ", "first line\nsecond\tline", ("herlev", "slow"))
    assert [path.name for path in run.folder.iterdir()] == [FILE]  # nothing half written is left


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (("n" * 81, "", []), "name: 81 characters, expected 80 at most; shorten it."),
        (("", "n" * 4001, []), "notes: 4,001 characters, expected 4,000 at most; shorten it."),
        (("", "", ["t" * 31]), "31 characters, expected 30 at most; shorten it."),
        (("", "", [str(one) for one in range(13)]), "13 tags, expected 12 at most; remove some."),
        (("two\nlines", "", []), "a control character was found"),
        (("", "a\0b", []), "a control character was found"),
        (("", "", ["a\tb"]), "a control character was found"),
    ],
)
def test_what_is_too_long_or_no_text_is_refused_and_the_last_kept(
    run: Run, said: tuple, sentence: str
) -> None:
    about.write(run, "kept", "", [])
    with pytest.raises(InputError, match=sentence.replace("(", r"\(")):
        about.write(run, *said)
    assert about.read(run) == About("kept")


def test_of_a_run_that_is_gone_nothing_is_kept(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="gone: the run is not there any more"):
        about.write(Run(tmp_path / "gone"), "name", "", [])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "content", [*FEW.values(), json.dumps({"name": "n" * 81}).encode(), b'{"tags": ["a\\nb"]}']
)
def test_a_damaged_file_is_one_sentence(run: Run, content: bytes) -> None:
    (run.folder / FILE).write_bytes(content)
    with pytest.raises(InputError, match=r"one/about\.json: damaged .*; write them anew"):
        about.read(run)
