"""Feeds damaged files to whatever reads files: nothing may come of it but success or one sentence.

    python benchmarks/fuzz.py --count 10000 --seed 0

Each input is a function of its target, the seed and its number, so what is found can be made again with
``--only``. It is read in another process, of bounded memory, so that a crash and a hang are seen; whatever
is written must lie within the input's folder. The exit status is 1 if anything else came of one.
"""

import argparse
import io
import logging
import multiprocessing
import os
import resource
import shutil
import sys
import tempfile
import time
import traceback
import zlib
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import fuzz_inputs as inputs
from pap_core.errors import InputError

HANG = 10.0  # s that one input may take
MEMORY = 6 * 2**30  # bytes of address space that a process may have, torch's own included
SUCCESS, SENTENCE = "success", "sentence"  # what may come of an input


@dataclass(frozen=True)
class Found:
    """What came of an input."""

    number: int
    outcome: str  # SUCCESS, SENTENCE, or what else
    told: str = ""


def images(number: int, seed: int, place: Path) -> None:
    """Read a damaged picture, from memory or from a file."""
    from pap_core.images import read_picture

    chance = _chance("images", seed, number)
    name, content = _one("images", chance)
    if number % 2:
        path = place / name
        path.write_bytes(content)
        read_picture(path)
    else:
        read_picture(io.BytesIO(content), name)


def truth(number: int, seed: int, place: Path) -> None:
    """Read a damaged truth; contours beside an honest counterpart."""
    from pap_core.data.truth.read import read_truth

    chance = _chance("truth", seed, number)
    name, content = _one("truth", chance)
    files = [(name, content)]
    if name.endswith(".dat"):
        other = name.replace("cyt", "nuc") if "cyt" in name else name.replace("nuc", "cyt")
        files.append((other, _seeds("truth")[other]))
    read_truth(files, (inputs.SIDE, inputs.SIDE), "picture.png")


def readers(number: int, seed: int, place: Path) -> None:
    """Build a data set from a folder in which one file or two are damaged, renamed or gone."""
    from pap_core.data.build import BuildOptions, build

    chance = _chance("readers", seed, number)
    sources = _seeds("readers")
    files = dict(sources[int(chance.integers(len(sources)))])
    for _ in range(int(chance.integers(1, 3))):
        name = sorted(files)[int(chance.integers(len(files)))]
        what = chance.random()
        if what < 0.8:
            files[name] = inputs.damaged(files[name], name, chance)
        elif what < 0.9 and len(files) > 1:
            del files[name]
        else:
            folder, _, last = name.rpartition("/")
            files[f"{folder}/{'= ' if what < 0.95 else '..'}{last}"] = files[name]
    for name, content in files.items():
        path = place / "source" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    build(place / "source", place / "set", BuildOptions(mode="fit"))


def archive(number: int, seed: int, place: Path) -> None:
    """Check and unpack a damaged archive."""
    from pap_core.data.archive import unpack

    name, content = _one("archive", _chance("archive", seed, number))
    unpack(io.BytesIO(content), name, place / "unpacked")


TARGETS: dict[str, Callable[[int, int, Path], None]] = {
    one.__name__: one for one in (images, truth, readers, archive)
}


def main() -> int:
    """Run what the command line asks for; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--targets", nargs="+", choices=TARGETS, default=list(TARGETS))
    parser.add_argument("--count", type=int, default=10_000, help="inputs a target")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int, nargs="+", metavar="NUMBER", help="these inputs alone")
    options = parser.parse_args()
    wrong = 0
    for target in options.targets:
        numbers = options.only or list(range(options.count))
        outcomes: Counter[str] = Counter()
        begun = time.monotonic()
        with tqdm(total=len(numbers), unit="input", desc=target, disable=None) as bar:
            for found in _tried(target, options.seed, numbers):
                outcomes[found.outcome] += 1
                bar.update()
                if found.outcome not in (SUCCESS, SENTENCE):
                    wrong += 1
                    bar.write(f"{target} {found.number}: {found.outcome}\n{found.told}", file=sys.stdout)
        counted = ", ".join(f"{number} {outcome}" for outcome, number in outcomes.most_common())
        took = time.monotonic() - begun
        print(f"{target}: {len(numbers)} inputs, seed {options.seed}, {took:.0f} s: {counted}", flush=True)
    return 1 if wrong else 0


def _tried(target: str, seed: int, numbers: list[int]):
    """Yield what came of each input; a process that hangs or crashes is replaced."""
    left = list(numbers)
    while left:
        here, there = multiprocessing.get_context("spawn").Pipe()
        process = multiprocessing.get_context("spawn").Process(target=_work, args=(target, seed, left, there))
        process.start()
        there.close()
        try:
            here.recv()  # it has imported everything
            while left:
                if not here.poll(HANG):
                    yield Found(left.pop(0), "hang", f"over {HANG:.0f} s")
                    break
                found = here.recv()
                left.remove(found.number)
                yield found
        except EOFError:
            process.join()
            yield Found(left.pop(0), "crash", f"exit status {process.exitcode}")
        finally:
            process.kill()
            process.join()


def _work(target: str, seed: int, numbers: list[int], pipe: Connection) -> None:
    import torch

    torch.set_num_threads(1)
    logging.disable()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # libraries complain of every damaged file
    _one_try(target, seed, -1)  # what is imported, painted and compiled on the way takes no input's time
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    pipe.send(None)
    for number in numbers:
        pipe.send(_one_try(target, seed, number))


def _one_try(target: str, seed: int, number: int) -> Found:
    around = Path(tempfile.mkdtemp(prefix="fuzz."))
    place = around / "place"
    place.mkdir()
    outcome, told = SUCCESS, ""
    before = os.getcwd()
    os.chdir(place)
    try:
        TARGETS[target](abs(number), seed, place)
    except InputError as error:
        outcome, told = (SENTENCE, "") if _is_sentence(str(error)) else ("no sentence", str(error))
    except BaseException as error:
        outcome, told = type(error).__name__, traceback.format_exc(limit=-4)
    finally:
        os.chdir(before)
        if strangers := [path.name for path in around.iterdir() if path != place]:
            outcome, told = "wrote outside", ", ".join(strangers)
        with suppress(OSError):
            shutil.rmtree(around)
    return Found(number, outcome, told)


def _is_sentence(text: str) -> bool:
    return text.endswith(".") and "\n" not in text and "Traceback" not in text and len(text) < 2000


def _chance(target: str, seed: int, number: int) -> np.random.Generator:
    return np.random.default_rng([seed, zlib.crc32(target.encode()), number])


def _one(target: str, chance: np.random.Generator) -> tuple[str, bytes]:
    files = _seeds(target)
    name = sorted(files)[int(chance.integers(len(files)))]
    return name, inputs.damaged(files[name], name, chance)


_made: dict[str, object] = {}


def _seeds(target: str):
    if target not in _made:
        _made[target] = inputs.sources() if target == "readers" else inputs.SEEDS[target]()
    return _made[target]


if __name__ == "__main__":
    sys.exit(main())
