"""Every method on one data set, with the same time to train: fitted, measured, and kept one after another.

A comparison is a folder of the workspace, named by the data set's digest and the minutes: ``comparison.json``
and a ``<method>.json`` for each that is done. What was predicted is kept where all evaluations are.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Literal, TypedDict

import msgspec

from pap_core.data.described import located
from pap_core.errors import InputError
from pap_core.evaluation.store import Kept, TestSplit, evaluate_and_keep, find, split_of
from pap_core.files import Count, Damaged, FileName, PathText, read_json, write_whole
from pap_core.jobs import status
from pap_core.jobs.glance import Stamp, stamp
from pap_core.jobs.job import Job
from pap_core.methods.catalogue import MEMBERS, NAMES, available, make
from pap_core.methods.network import run_folder
from pap_core.training.run import Run
from pap_core.workspace import comparisons, runs

Progress = Callable[[str, str, int, int], None]  # method, what is done, done, of

LONGEST = 1e6  # minutes of training, two years

_SUMMARY = "comparison.json"


class Said(TypedDict):
    """The content of ``comparison.json``."""

    dataset: PathText
    digest: FileName
    minutes: Annotated[float, msgspec.Meta(gt=0, le=LONGEST)]


@dataclass(frozen=True)
class Done:
    """A method that is fitted and measured: the content of ``<method>.json``."""

    name: str
    digest: FileName  # its evaluation is called by it
    milliseconds: float  # for one crop, by itself: the median
    parameters: Count | float  # NaN where it is not known
    minutes: float  # of training, its members' included
    epochs: Count  # of training, 0 where there are none of its own


class Told(status.Told, total=False):
    """The content of ``status.json``."""

    state: Literal["starting", "working", "stopped", "failed", "finished"]
    methods: tuple[str, ...]  # asked for
    method: str  # at hand
    what: str  # "planning", "training" or "measuring"; "" before the first word on it


class Comparison(Job):
    """A comparison in the workspace, begun or done."""

    NOUN = "comparison"
    ACTIVE = ("starting", "working")
    LOG = "compare.log"
    TOLD = Told
    REMEDY = "start it again"

    @property
    def dataset(self) -> Path:
        """The data set's folder."""
        said = self._said()
        return located(Path(said["dataset"]), said["digest"])

    @property
    def minutes(self) -> float:
        """The time that each trained method has."""
        return self._said()["minutes"]

    @property
    def place(self) -> Path:
        """Where its run folders are, see `pap_core.methods.method.Method.fit`."""
        return runs() / f"compare-{self.folder.name}"

    def split(self) -> TestSplit:
        """Return the test split.

        Raises:
            InputError: the data set is gone, or another is there.
        """
        split = split_of(self.dataset)
        if split.digest != self._said()["digest"]:
            raise InputError(
                f"{self.dataset}: another data set than the comparison's (digest {split.digest[:12]}, "
                f"expected {self._said()['digest'][:12]}); compare it anew."
            )
        return split

    def done(self) -> dict[str, Done]:
        """Return the methods that are done, in the catalogue's order."""
        return self._read()[0]

    def stamps(self) -> tuple[Stamp | None, ...]:
        """Return what changes as a method is done, without reading what was kept of it."""
        return tuple(stamp(self.folder / f"{name}.json") for name in NAMES)

    def damaged(self) -> dict[str, str]:
        """Return why what was kept of methods cannot be read, by name; they are to be measured again."""
        return self._read()[1]

    def evaluation(self, done: Done) -> Kept | None:
        """Return what was measured of a method, None if it was removed."""
        return find(done.digest, self.split())

    def _read(self) -> tuple[dict[str, Done], dict[str, str]]:
        done, damaged = {}, {}
        for name in NAMES:
            try:
                found = read_json(self.folder / f"{name}.json", Done, "measure it again", f"{name}.json")
                if found.name != name:
                    raise Damaged(f"{name}.json", f"it is of {found.name}", "measure it again")
                done[name] = found
            except FileNotFoundError:
                continue
            except InputError as error:
                damaged[name] = str(error)
        return done, damaged

    def _said(self) -> Said:
        path = self.folder / _SUMMARY
        try:
            return read_json(path, Said, "compare anew")
        except FileNotFoundError:
            reason = "there is no such file"
        except Damaged as error:
            reason = error.reason
        raise InputError(f"{path}: missing or damaged ({reason}), expected a comparison; compare anew.")


def listed() -> list[Comparison]:
    """Return the comparisons of the workspace, newest first."""
    found = comparisons().glob(f"*/{_SUMMARY}")
    return [Comparison(path.parent) for path in sorted(found, key=lambda path: -path.stat().st_mtime)]


def begin(dataset: Path, minutes: float) -> Comparison:
    """Return the comparison on a data set, begun now or before.

    Args:
        dataset: its folder.
        minutes: of training for each method, above 0.

    Raises:
        InputError: no finished data set, no such time, or no room.
    """
    if not 0 < minutes <= LONGEST:
        raise InputError(
            f"{minutes:g} minutes of training: expected a number above 0, of {LONGEST:g} at most; give "
            "another, as in 20."
        )
    split = split_of(dataset)
    folder = comparisons() / f"{split.digest[:12]}-{minutes:g}min"
    said = {"dataset": str(dataset.resolve()), "digest": split.digest, "minutes": minutes}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / _SUMMARY, json.dumps(said, indent=2).encode())
    except OSError as error:
        raise InputError(f"{folder}: could not be written ({error.strerror}); make room there.") from error
    return Comparison(folder)


def chosen(names: Sequence[str]) -> list[str]:
    """Return the methods asked for in the catalogue's order; "all" is all that can be used.

    Raises:
        InputError: none is asked for, or there is none of that name.
    """
    if not names:
        raise InputError(f"no method named; choose of all, {', '.join(NAMES)}.")
    if unknown := set(names) - {*NAMES, "all"}:
        raise InputError(f"{', '.join(sorted(unknown))}: no such method; choose of all, {', '.join(NAMES)}.")
    usable = available() if "all" in names else []
    return [name for name in NAMES if name in names or name in usable]


def compare(comparison: Comparison, names: Sequence[str], progress: Progress | None = None) -> Iterator[Done]:
    """Fit and measure the methods that are not done yet, one after another; yields each as it is done.

    All are planned before the first is trained, so that all have their time from the same idle machine.
    Interrupted at any moment, it goes on where it was: a run is resumed, what is done is not done again.

    Args:
        comparison: see `begin`.
        names: of methods.
        progress: called with a method, "planning", "training" or "measuring", how much is done and of how
            much.

    Raises:
        InputError: the data set changed or is gone, a package is missing, a run was stopped or fails, or
            there is no room.
    """
    split = comparison.split()
    before = comparison.done()
    missing = [name for name in names if name not in before or not find(before[name].digest, split)]
    made = {name: make(name) for name in missing}
    for number, (name, method) in enumerate(made.items()):
        if progress:
            progress(name, "planning", number, len(missing))
        method.plan([split.folder], comparison.place, comparison.minutes)
    for name, method in made.items():
        tell = (lambda what, done, of, name=name: progress(name, what, done, of)) if progress else None
        if not method.fit([split.folder], comparison.place, comparison.minutes, _steps(tell)):
            raise InputError(
                f"{run_folder(comparison.place, name)}: the run was stopped; give the same command again, "
                "and it resumes where it was."
            )
        report = (lambda done, of, tell=tell: tell("measuring", done, of)) if tell else None
        kept = evaluate_and_keep(method, split, report)
        cost, (minutes, epochs) = kept.cost(), _training(comparison, name)
        done = Done(name, method.digest, cost.milliseconds, cost.parameters, minutes, epochs)
        write_whole(comparison.folder / f"{name}.json", json.dumps(asdict(done), indent=2).encode())
        yield done


def _steps(tell: Callable[[str, int, int], None] | None) -> Callable[[dict], None] | None:
    """Turn what a run says of its steps into progress."""
    return (lambda row: tell("training", row["step"], row["steps"])) if tell else None


def _training(comparison: Comparison, name: str) -> tuple[float, int]:
    """Return the minutes of training behind a method, and the epochs of its own."""
    if name in MEMBERS:
        return sum(_training(comparison, member)[0] for member in MEMBERS[name]), 0
    run = Run(run_folder(comparison.place, name))
    if not run.folder.exists():
        return 0.0, 0
    return run.minutes(), run.read_config()[0].epochs
