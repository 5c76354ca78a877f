"""Reviews for other programs: what each export is called, holds, and how it is made."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pap_core.errors import InputError
from pap_core.files import write_whole
from pap_core.folders import whole_folder
from pap_core.reviews import exchange
from pap_core.reviews.exports import audit
from pap_core.reviews.store import Reviews

__all__ = ["FORMATS", "Format", "write"]

Files = Iterator[tuple[str, bytes]]
Damaged = list[str]  # a sentence for each cell that is left out because its picture cannot be read


@dataclass(frozen=True)
class Format:
    """A way in which reviews go out: one file, or several in a folder or a ZIP archive."""

    title: str
    file: str  # name to offer for a download
    says: str  # what it holds
    single: Callable[[Reviews], bytes] | None = None
    several: Callable[[Reviews, Damaged], Files] | None = None

    def content(self, reviews: Reviews) -> bytes:
        """Return it as one file; raises InputError where the database cannot be read."""
        if self.single:
            return self.single(reviews)
        from pap_core.export.archive import zipped

        return zipped(self.files(reviews, []))  # what is left out is in its table of that

    def files(self, reviews: Reviews, damaged: Damaged) -> Files:
        """Return the files of a format of several; see `write` of `damaged`."""
        assert self.several is not None
        return self.several(reviews, damaged)


# what makes an export needs torch, which takes seconds to import; to offer one does not


def _contours(reviews: Reviews, damaged: Damaged) -> Files:
    from pap_core.reviews.exports import contours

    return contours.files(reviews, damaged)


def _coco(reviews: Reviews, damaged: Damaged) -> Files:
    from pap_core.reviews.exports import shapes

    return shapes.coco_files(reviews, damaged)


def _geojson(reviews: Reviews, damaged: Damaged) -> Files:
    from pap_core.reviews.exports import shapes

    return shapes.geojson_files(reviews, damaged)


def _table(reviews: Reviews) -> bytes:
    from pap_core.reviews.exports import table

    return table.decisions_csv(reviews)


def _log(reviews: Reviews) -> bytes:
    return audit.audit_log(reviews)


FORMATS = {
    "reviews": Format(
        "Folder to build from",
        "reviews.zip",
        "All that a data set is built from: pictures, outlines before and after, what was predicted around",
        several=exchange.files,
    ),
    "sipakmed": Format(
        "SIPaKMeD layout",
        "reviews_sipakmed.zip",
        "A picture a cell with its contours in .dat files, as SIPaKMeD's cropped cells",
        several=_contours,
    ),
    "coco": Format(
        "COCO",
        "reviews_coco.zip",
        "Cells and nuclei as annotations, with the pictures",
        several=_coco,
    ),
    "geojson": Format(
        "GeoJSON",
        "reviews_geojson.zip",
        "Cells with their nuclei for QuPath, a file a picture",
        several=_geojson,
    ),
    "csv": Format(
        "Decisions (CSV)",
        "reviews.csv",
        "A row a decision, earlier ones and rejections too, with areas and N/C ratio before and after",
        single=_table,
    ),
    "audit": Format(
        "Audit log",
        "reviews_audit.jsonl",
        "Every decision in order, each line holding the digest of the one before, so that a change shows",
        single=_log,
    ),
}


def write(reviews: Reviews, kind: str, out: Path) -> Damaged:
    """Write reviews to a new file, or to a new or empty folder where they are several files.

    Killed at any moment, it leaves `out` as it was.

    Returns:
        What is left out because its picture in the database is damaged, a sentence for each cell.

    Raises:
        InputError: `out` is there already or cannot be written, or the database cannot be read.
    """
    chosen = FORMATS[kind]
    if out.is_file() or (out.is_dir() and (chosen.single or any(out.iterdir()))):
        raise InputError(f"{out}: is there already, expected a new {_place(chosen)}; choose another name.")
    damaged: Damaged = []
    try:
        if chosen.single:
            content = chosen.single(reviews)
            out.parent.mkdir(parents=True, exist_ok=True)
            write_whole(out, content)
            return damaged
        with whole_folder(out) as aside:
            for name, content in chosen.files(reviews, damaged):
                (aside / name).parent.mkdir(parents=True, exist_ok=True)
                write_whole(aside / name, content)
    except OSError as error:
        raise InputError(
            f"{out}: could not be written ({error.strerror}); make room there, or choose another "
            f"{_place(chosen)}."
        ) from error
    return damaged


def _place(chosen: Format) -> str:
    return "file" if chosen.single else "folder"
