"""Unpacks a ZIP archive that a stranger may have packed."""

import re
import shutil
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from pap_core.errors import InputError

MAX_FILES = 100_000
MAX_BYTES = 20 * 2**30  # unpacked
MAX_RATIO = 50  # unpacked over packed, of the whole archive; photographs stay far below
SMALL = 256 * 2**20  # bytes unpacked up to which the ratio does not matter
_CHUNK = 2**20  # bytes
_SIGNATURE = b"PK\x01\x02"  # that each entry of an archive's directory begins with
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # the others cannot be unpacked a little at a time
_ENCRYPTED = 0x1 | 0x40  # flag bits
_DRIVE = re.compile(r"[A-Za-z]:")
_LONGEST, _LONGEST_PART = 1000, 255  # bytes of a path
_ARCHIVES = (".zip", ".7z", ".rar", ".tar", ".gz", ".tgz", ".bz2", ".xz")
_CLUTTER = ("__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini", "Icon\r")  # that systems leave in folders
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, struct.error, ValueError, NotImplementedError)
_AGAIN = "pack the folder anew as a plain ZIP archive"

Progress = Callable[[int, int], None]


def check(file: BinaryIO, name: str) -> None:
    """See that an archive can be unpacked, as far as its directory tells; raises as `unpack`."""
    with _opened(file, name) as archive:
        _entries(archive, name, _allowed(file))


def unpack(file: BinaryIO, name: str, folder: Path, progress: Progress | None = None) -> None:
    """Unpack a ZIP archive into a new folder, whole or not at all.

    What systems leave behind in folders (``__MACOSX``, ``.DS_Store``) is passed over.

    Args:
        file: the archive, open for reading.
        name: what to call it in a message.
        folder: new; nothing is written anywhere else.
        progress: called with the bytes unpacked and the bytes in all.

    Raises:
        InputError: no ZIP archive; damaged, encrypted, too large once unpacked, of too many files; with
            names that lead out of the folder, links, names that fall together, or archives in it. Also
            when the disk is full.
    """
    with _opened(file, name) as archive:
        allowed = _allowed(file)
        files = _entries(archive, name, allowed)
        try:
            folder.mkdir(mode=0o700)
        except OSError as error:
            raise _unwritable(name, folder, error) from error
        try:
            for done, total in _written(archive, files, folder):
                if done > allowed:  # whatever sizes the directory tells
                    raise _too_large(name)
                if progress:
                    progress(done, total)
        except BaseException as error:
            shutil.rmtree(folder, ignore_errors=True)
            if isinstance(error, OSError):
                raise _unwritable(name, folder, error) from error
            if isinstance(error, _DAMAGE) and not isinstance(error, InputError):
                said = str(error)[:120].rstrip() or type(error).__name__  # it may quote what is in the file
                raise InputError(f"{name}: the archive is damaged ({said}); {_AGAIN}.") from None
            raise


def _opened(file: BinaryIO, name: str) -> zipfile.ZipFile:
    _count(file, name)
    try:
        return zipfile.ZipFile(file)
    except _DAMAGE:
        raise InputError(f"{name}: no ZIP archive, or one cut short; {_AGAIN}.") from None


def _count(file: BinaryIO, name: str) -> None:
    """Refuse too many files before they are listed: the number an archive gives of itself may be a lie."""
    file.seek(0)
    found, before = 0, b""
    while chunk := file.read(_CHUNK):
        found += (before + chunk).count(_SIGNATURE)
        before = chunk[1 - len(_SIGNATURE) :]
    if found > MAX_FILES:
        raise InputError(
            f"{name}: {found:,} files found in it, at most {MAX_FILES:,} expected; unpack it under the data "
            "root instead, and build from there."
        )


def _entries(archive: zipfile.ZipFile, name: str, allowed: int) -> list[tuple[zipfile.ZipInfo, str]]:
    """Return the files of an archive and where each belongs; refuse what no honest archive holds."""
    files: list[tuple[zipfile.ZipInfo, str]] = []
    seen: dict[str, str] = {}
    for entry in archive.infolist():
        parts = _parts(entry.orig_filename, name)
        if not parts or parts[0] in _CLUTTER or parts[-1] in _CLUTTER or parts[-1].startswith("._"):
            continue
        path = "/".join(parts)
        if not path.isprintable() or len(path.encode()) > _LONGEST or _longest(parts) > _LONGEST_PART:
            raise InputError(f"{name}: {path[:80]!a} is no name for a file; rename it to plain, short text.")
        _check_kind(entry, path, name)
        _claim(seen, parts, entry.is_dir(), name)
        if not entry.is_dir():
            files.append((entry, path))
    if not files:
        raise InputError(f"{name}: the archive is empty; pack the folder with the pictures into it.")
    if sum(entry.file_size for entry, _ in files) > allowed:
        raise _too_large(name)
    return files


def _parts(path: str, name: str) -> list[str]:
    """Take a path apart; Windows's separators are taken for what they mean."""
    path = path.replace("\\", "/")
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if path.startswith("/") or _DRIVE.match(path) or ".." in parts:
        raise InputError(
            f"{name}: {path[:80]!a} leads out of the folder it is unpacked to; {_AGAIN}, from the folder "
            "itself."
        )
    return parts


def _longest(parts: list[str]) -> int:
    return max(len(part.encode()) for part in parts)


def _check_kind(entry: zipfile.ZipInfo, path: str, name: str) -> None:
    if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise InputError(
            f"{name}: {path} is a link or a device, files expected; copy what it leads to in its place."
        )
    if entry.flag_bits & _ENCRYPTED:
        raise InputError(f"{name}: {path} is encrypted; pack it anew without a password.")
    if path.lower().endswith(_ARCHIVES):
        raise InputError(f"{name}: an archive in the archive, {path}; unpack it, and pack what it holds.")
    if entry.compress_type not in _METHODS:
        raise InputError(f"{name}: {path} is packed by a method that is not read here; {_AGAIN}.")


def _claim(seen: dict[str, str], parts: list[str], is_folder: bool, name: str) -> None:
    """Note a path and the folders above it; refuse what falls together where case does not matter."""
    for depth in range(1, len(parts) + 1):
        path = "/".join(parts[:depth])
        is_file = depth == len(parts) and not is_folder
        key = unicodedata.normalize("NFC", path).casefold()
        spelt = path if is_file else f"{path}/"
        if key in seen and (is_file or seen[key] != spelt):
            raise InputError(f"{name}: {seen[key]} and {spelt} have the same name; rename one of them.")
        seen[key] = spelt


def _written(
    archive: zipfile.ZipFile, files: list[tuple[zipfile.ZipInfo, str]], folder: Path
) -> Iterator[tuple[int, int]]:
    """Write the files; yields the bytes unpacked and the bytes in all, a little at a time."""
    done, total = 0, sum(entry.file_size for entry, _ in files)
    for entry, path in files:
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(entry) as packed, open(target, "xb") as unpacked:
            while chunk := packed.read(_CHUNK):
                unpacked.write(chunk)
                done += len(chunk)
                yield done, total


def _allowed(file: BinaryIO) -> int:
    """Return how many bytes an archive may unpack to."""
    return min(MAX_BYTES, max(SMALL, MAX_RATIO * file.seek(0, 2)))


def _unwritable(name: str, folder: Path, error: OSError) -> InputError:
    return InputError(
        f"{name}: could not be unpacked to {folder.parent} ({error.strerror}); make room there and try again."
    )


def _too_large(name: str) -> InputError:
    return InputError(
        f"{name}: unpacks to over {MAX_RATIO} times its size, or over {MAX_BYTES // 2**30} GiB; unpack it "
        "under the data root instead, if you trust it, and build from there."
    )
