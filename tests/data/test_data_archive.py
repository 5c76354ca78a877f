"""Archives that attack, lie, or are simply broken: refused in one sentence, and nothing left behind."""

import io
import stat
import struct
import subprocess
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest

from pap_core.data import archive
from pap_core.data.archive import MAX_FILES, check, unpack
from pap_core.errors import InputError

Entry = tuple[str | zipfile.ZipInfo, bytes]
NAME = "slides.zip"


def packed(entries: Iterable[Entry], method: int = zipfile.ZIP_DEFLATED) -> io.BytesIO:
    """Return a real ZIP archive of these entries."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as file:
        for entry, content in entries:
            file.writestr(entry, content)
    return buffer


def refused(file: io.BytesIO, folder: Path) -> str:
    """Return the sentence an archive is refused with; see that it left nothing."""
    before = sorted(folder.parent.rglob("*"))
    with pytest.raises(InputError) as error:
        unpack(file, NAME, folder)
    assert sorted(folder.parent.rglob("*")) == before
    assert str(error.value).startswith(f"{NAME}: ")
    assert "\n" not in str(error.value)
    return str(error.value)


def special(name: str, mode: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.create_system = 3
    entry.external_attr = (mode | 0o777) << 16
    return entry


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where to unpack to, with a file beside it that is to stay as it is."""
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "kept.txt").write_text("kept")
    return tmp_path / "inside" / "unpacked"


def test_what_was_packed_is_unpacked(folder: Path) -> None:
    files = {
        "im_A/im_A/001.bmp": b"\x00\x01" * 900_000,
        "im_A/Größe 1.dat": b"1,2\n",
        "./im_B\\002.bmp": b"x",
    }
    steps: list[tuple[int, int]] = []
    unpack(
        packed([("im_A/", b""), *files.items()]),
        NAME,
        folder,
        lambda done, total: steps.append((done, total)),
    )
    found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.*")}
    assert found == {name.removeprefix("./").replace("\\", "/"): content for name, content in files.items()}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    total = sum(map(len, files.values()))
    assert steps[-1] == (total, total)
    assert [done for done, _ in steps] == sorted({done for done, _ in steps})


def test_clutter_is_passed_over(folder: Path) -> None:
    clutter = ["__MACOSX/im_A/._001.bmp", "im_A/._001.bmp", "im_A/.DS_Store", "im_A/Thumbs.db", "im_A/Icon\r"]
    unpack(packed([("im_A/001.bmp", b"picture"), *((name, b"clutter") for name in clutter)]), NAME, folder)
    assert [path.name for path in folder.rglob("*") if path.is_file()] == ["001.bmp"]


@pytest.mark.parametrize(
    "name",
    [
        "../x",
        "im_A/../../x",
        "..\\..\\x",
        "/etc/x",
        "\\\\server\\share\\x",
        "C:\\x",
        "c:x",
        "im_A/..",
    ],
)
def test_a_name_that_leads_out_is_refused(folder: Path, name: str) -> None:
    assert "leads out of the folder" in refused(packed([("001.bmp", b"x"), (name, b"x")]), folder)


@pytest.mark.parametrize(
    "name", ["im_A/a\nb.bmp", "a\x1b[31m.bmp", "a" * 256 + ".bmp", "/".join(["ab"] * 400)]
)
def test_a_name_of_no_use_is_refused(folder: Path, name: str) -> None:
    assert "is no name for a file" in refused(packed([(name, b"x")]), folder)


def test_a_name_with_a_zero_byte_is_refused(folder: Path) -> None:
    content = packed([("im_A/001Zbmp", b"x")]).getvalue().replace(b"001Zbmp", b"001\0bmp")
    assert "is no name for a file" in refused(io.BytesIO(content), folder)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("im_A/001.bmp", "im_A/001.bmp"),
        ("im_A/001.bmp", "im_A/001.BMP"),
        ("im_A/001.bmp", "IM_A/002.bmp"),
        ("im_A/é.bmp", "im_A/e\u0301.bmp"),
        ("im_A/001", "im_A/001/002.bmp"),
        ("im_A/001/002.bmp", "im_A/001"),
        ("im_A/001.bmp", "./im_A//001.bmp"),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_names_that_fall_together_are_refused(folder: Path, first: str, second: str) -> None:
    assert "have the same name" in refused(packed([(first, b"1"), (second, b"2")]), folder)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFBLK, stat.S_IFSOCK])
def test_links_and_devices_are_refused(folder: Path, kind: int) -> None:
    entries = [("001.bmp", b"x"), (special("im_A/002.bmp", kind), b"/etc/passwd")]
    assert "im_A/002.bmp is a link or a device" in refused(packed(entries), folder)


def test_a_file_through_a_link_is_refused(folder: Path) -> None:
    entries = [(special("out", stat.S_IFLNK), str(folder.parent).encode()), ("out/kept.txt", b"changed")]
    refused(packed(entries), folder)
    assert (folder.parent / "kept.txt").read_text() == "kept"


@pytest.mark.parametrize("bit", [0x1, 0x40])
def test_an_encrypted_file_is_refused(folder: Path, bit: int) -> None:
    content = bytearray(packed([("001.bmp", b"x"), ("002.bmp", b"y")]).getvalue())
    entry = content.rindex(b"PK\x01\x02")
    content[entry + 8] |= bit
    content[content.rindex(b"PK\x03\x04") + 6] |= bit
    assert "002.bmp is encrypted; pack it anew without a password" in refused(io.BytesIO(content), folder)


@pytest.mark.parametrize("name", ["inner.zip", "im_A/inner.TAR", "inner.7z", "inner.tar.gz"])
def test_an_archive_in_the_archive_is_refused(folder: Path, name: str) -> None:
    inner = packed([("001.bmp", b"x")]).getvalue()
    assert f"an archive in the archive, {name}" in refused(packed([("1.bmp", b""), (name, inner)]), folder)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_method_that_unpacks_in_one_go_is_refused(folder: Path, method: int) -> None:
    assert "by a method that is not read" in refused(packed([("001.bmp", bytes(9999))], method), folder)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> int:
    """Let the ratio matter from 2 MB on, so that a bomb need not be large."""
    monkeypatch.setattr(archive, "SMALL", 2_000_000)
    return 2_000_000


def test_a_bomb_is_refused_by_what_it_tells(folder: Path, small: int) -> None:
    bomb = packed([("001.bmp", bytes(small + 1))])
    assert len(bomb.getvalue()) < small / 100
    assert "over 50 times its size" in refused(bomb, folder)
    with pytest.raises(InputError, match="over 50 times its size"):
        check(bomb, NAME)


def test_a_bomb_is_refused_while_it_is_unpacked(
    folder: Path, small: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = archive._entries
    # as if the directory had told of small files
    monkeypatch.setattr(archive, "_entries", lambda opened, name, allowed: honest(opened, name, 10**12))
    written: list[int] = []
    with pytest.raises(InputError, match="over 50 times its size"):
        unpack(
            packed([(f"{number}.bmp", bytes(1_500_000)) for number in range(4)]),
            NAME,
            folder,
            lambda done, total: written.append(done),
        )
    assert written
    assert max(written) <= small
    assert not folder.exists()


def test_what_packs_well_but_is_small_is_unpacked(folder: Path) -> None:
    unpack(packed([("001-d.bmp", bytes(5_000_000))]), NAME, folder)
    assert (folder / "001-d.bmp").stat().st_size == 5_000_000


def test_a_size_that_is_too_small_is_damage(folder: Path) -> None:
    content = bytearray(packed([("001.bmp", bytes(5_000_000))]).getvalue())
    struct.pack_into("<L", content, content.rindex(b"PK\x01\x02") + 24, 100)
    assert "the archive is damaged" in refused(io.BytesIO(content), folder)


def test_a_hundred_thousand_files_are_the_most(folder: Path) -> None:
    many = packed(((f"{number}.dat", b"") for number in range(MAX_FILES + 1)), zipfile.ZIP_STORED)
    assert f"{MAX_FILES + 1:,} files found in it" in refused(many, folder)


def test_files_are_counted_whatever_the_archive_says(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_FILES", 10)
    content = bytearray(
        packed(((f"{number}.dat", b"") for number in range(11)), zipfile.ZIP_STORED).getvalue()
    )
    struct.pack_into("<HH", content, content.rindex(b"PK\x05\x06") + 8, 1, 1)
    assert "11 files found in it" in refused(io.BytesIO(content), folder)


def test_a_signature_across_two_reads_is_counted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_FILES", 10)
    for chunk in (5, 7, 64):
        monkeypatch.setattr(archive, "_CHUNK", chunk)
        many = packed(((f"{number}.dat", b"") for number in range(11)), zipfile.ZIP_STORED)
        assert "11 files found in it" in refused(many, folder)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "no ZIP archive"),
        (b"not an archive at all" * 99, "no ZIP archive"),
        (b"7z\xbc\xaf\x27\x1c" + bytes(500), "no ZIP archive"),
        (packed([("001.bmp", bytes(range(256)) * 99)]).getvalue()[:-30], "no ZIP archive"),
        (packed([]).getvalue(), "the archive is empty"),
        (packed([("im_A/", b"")]).getvalue(), "the archive is empty"),
        (packed([("__MACOSX/x", b"x")]).getvalue(), "the archive is empty"),
    ],
)
def test_what_is_no_archive_or_holds_nothing_is_refused(folder: Path, content: bytes, told: str) -> None:
    assert told in refused(io.BytesIO(content), folder)


@pytest.mark.parametrize("where", ["data", "local header", "directory"])
def test_damage_is_told(folder: Path, where: str) -> None:
    noise = bytes(range(256)) * 40
    content = bytearray(packed([("1.bmp", noise), ("2.bmp", noise[::-1])]).getvalue())
    second = content.rindex(b"PK\x03\x04")
    if where == "data":
        content[second + 60 : second + 90] = bytes(30)
    elif where == "local header":
        content[second + 30 : second + 35] = b"3.bmp"
    else:
        content[content.rindex(b"PK\x01\x02")] = 0
    told = refused(io.BytesIO(content), folder)
    assert "damaged" in told or "no ZIP archive" in told


def test_a_folder_that_is_there_is_left_alone(folder: Path) -> None:
    folder.mkdir()
    (folder / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="could not be unpacked"):
        unpack(packed([("mine.txt", b"theirs")]), NAME, folder)
    assert (folder / "mine.txt").read_text() == "mine"


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    mount = ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(tmp_path)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("a small disk cannot be mounted here: that needs root on Linux")
    try:
        told = refused(packed([(f"{number}.bmp", bytes(100_000)) for number in range(9)]), tmp_path / "new")
        assert "No space left" in told
        assert "make room" in told
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


def test_a_check_reads_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    file = packed([("001.bmp", b"x")])

    def never(*_: object) -> None:
        raise AssertionError("a check unpacks nothing")

    monkeypatch.setattr(zipfile.ZipFile, "open", never)
    check(file, NAME)
