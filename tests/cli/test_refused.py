"""What the command line says where a word of a person, a file or the system is in its way."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pap_core.__main__ import main
from pap_core.files import read_json
from pap_core.images import read_image
from pap_core.model.checkpoint import read
from pap_core.training.config import PRESETS, override
from tests.helpers.threshold_checkpoint import threshold_network, write_checkpoint

LONG = "x" * 300  # no system has a file of that name


@pytest.mark.parametrize(
    "words",
    [
        ("predict", "a.png", "--output", ""),
        ("predict", "", "--output", "out"),
        ("predict", "a.png", "--output", "out", "--checkpoint", ""),
        ("train", "set", "--run-folder", ""),
        ("train", "--resume", ""),
        ("train", "set", "--from", ""),
        ("evaluate", "", "set"),
        ("evaluate", "compact", "set", "--output", ""),
        ("build", "", "set"),
        ("build", "source", ""),
        ("reviews", ""),
        ("reviews", "out", "--database", ""),
    ],
)
def test_an_empty_word_is_no_folder(words: tuple[str, ...], capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*words])
    assert ended.value.code == 2
    assert "found nothing, expected a name or path" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["word", "nan", "0", "1e999", ""])
def test_a_scale_that_is_none_is_named(text: str, capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit):
        main(["predict", "a.png", "--output", "out", f"--scale={text}"])
    assert f"found {text!r}, expected auto or a number between" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ("predict", __file__, "--output", "out", "--checkpoint", LONG),
        ("train", "--resume", LONG),
        ("phantom", LONG, "--smears", "1"),
        ("reviews", LONG, "--verify"),
        ("publish", LONG, "out"),
    ],
)
def test_what_the_system_refuses_is_a_sentence(
    words: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([*words]) == 1
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith("pap_core: ")
    assert LONG in line
    assert "File name too long" in line


def say(target: str, length: int) -> subprocess.CompletedProcess:
    """Run a command that writes a long answer, its standard output as the shell's `target` has it."""
    script = (
        "import sys; from pap_core.cli import main, reviews\n"
        f"reviews.run = lambda options: print('x' * {length}) or 0\n"
        "sys.exit(main.main(['reviews', 'out']))"
    )
    line = f'{sys.executable} -c "$SCRIPT" {target}; exit ${{PIPESTATUS[0]}}'
    return subprocess.run(
        ["bash", "-c", line],
        capture_output=True,
        text=True,
        env=os.environ | {"SCRIPT": script, "PYTHONPATH": str(Path(__file__).parents[2])},
    )


@pytest.mark.parametrize("length", [10, 1_000_000])
def test_an_answer_that_cannot_be_written_is_told(length: int) -> None:
    found = say("> /dev/full", length)
    assert found.returncode == 1
    assert found.stderr.startswith("pap_core: standard output: No space left on device; ")
    assert len(found.stderr.splitlines()) == 1


def test_who_reads_the_beginning_alone_is_told_nothing() -> None:
    found = say("| head -c 1", 1_000_000)
    assert (found.returncode, found.stdout, found.stderr) == (141, "x", "")


def test_a_pipe_is_never_waited_for(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    os.mkfifo(tmp_path / "pipe")
    waiting = os.open(tmp_path / "pipe", os.O_RDWR)  # so that a fault ends, with what is written here
    os.write(waiting, b"{}\n")
    with pytest.raises(ValueError, match="pipe: cannot be read \\(no regular file\\); copy it again"):
        read_json(tmp_path / "pipe", dict, "copy it again")
    with pytest.raises(ValueError, match=r"pipe: cannot be read \(no regular file\)"):
        read_image(tmp_path / "pipe")
    assert main(["reviews", str(tmp_path / "pipe"), "--verify"]) == 1
    assert "no regular file" in capsys.readouterr().err
    os.close(waiting)


def test_a_checkpoint_of_a_later_format_is_not_guessed_at(tmp_path: Path) -> None:
    folder = write_checkpoint(tmp_path / "later", threshold_network())
    content = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(content | {"format": 2}))
    with pytest.raises(ValueError, match=r"Invalid enum value 2 - at `\$.format`"):
        read(folder)


def test_the_preset_of_a_run_is_no_setting() -> None:
    with pytest.raises(ValueError, match="no setting 'preset'; expected one of generator"):
        override(PRESETS["tiny"], ["preset=paper"])


@pytest.mark.parametrize("minutes", ["1e10", "nan", "0", "-1", "1e999"])
def test_minutes_that_no_comparison_is_read_with_are_refused(
    minutes: str, capsys: pytest.CaptureFixture
) -> None:
    assert main(["compare", "set", "--methods", "otsu", f"--budget={minutes}"]) == 1
    assert "minutes of training: expected a number above 0, of 1e+06 at most" in capsys.readouterr().err
